-- What a cursor outlives: it names the same place as long as the order is the same, and is refused otherwise.
SET client_min_messages = warning;
CREATE SCHEMA test_cursors;
SET search_path = test_cursors;
\pset format unaligned

-- The ids of the page behind the second row, by a cursor that was kept in "name" before "change"; or the error.
CREATE FUNCTION page(options text, cursor text) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    result json;
BEGIN
    EXECUTE format('SELECT dataloader.load_connection(%s, first => 2, after => ARRAY[$1]) -> 0', options) INTO result USING cursor;
    RETURN result;
END $$;
CREATE FUNCTION ids(page json) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(e #>> '{node,id}', ' ' ORDER BY o) FROM json_array_elements(page -> 'edges') WITH ORDINALITY x(e, o) $$;
CREATE TABLE kept (name text, options text, cursor text);
CREATE PROCEDURE keep(name text, options text) LANGUAGE sql AS $$
    INSERT INTO test_cursors.kept VALUES (name, options, page(options, NULL) #>> '{pageInfo,endCursor}') $$;
CREATE FUNCTION behind(kept) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    direct text; plan text;
BEGIN
    SET LOCAL dataloader.direct_scan = on;
    BEGIN direct := ids(page($1.options, $1.cursor)); EXCEPTION WHEN invalid_parameter_value THEN direct := sqlstate || ' ' || sqlerrm; END;
    SET LOCAL dataloader.direct_scan = off;
    BEGIN plan := ids(page($1.options, $1.cursor)); EXCEPTION WHEN invalid_parameter_value THEN plan := sqlstate || ' ' || sqlerrm; END;
    RETURN CASE WHEN direct IS NOT DISTINCT FROM plan THEN direct ELSE concat('direct: ', direct, ', plan: ', plan) END;
END $$;

-- Which of several keys completes the order does not depend on when their indexes were made
CREATE TABLE item (p int, b int NOT NULL, a int NOT NULL, id int NOT NULL, d int NOT NULL);
INSERT INTO item SELECT 1, i, 9 - i, i, i FROM generate_series(1, 5) i;
CREATE UNIQUE INDEX item_a_b ON item (a, b);
CREATE UNIQUE INDEX item_d ON item (d);
CREATE UNIQUE INDEX item_a ON item (a);
CREATE INDEX ON item (p, a);
CALL keep('key', $$'item', '[1]', by => 'p'$$);
CREATE TABLE track (id int PRIMARY KEY);
INSERT INTO track SELECT generate_series(1, 5);
CREATE TABLE listed (track_id int REFERENCES track, list int, PRIMARY KEY (list, track_id));
INSERT INTO listed SELECT i, 1 FROM generate_series(1, 5) i;
CREATE UNIQUE INDEX listed_track_list ON listed (track_id, list);
CALL keep('pairs', $$'track', '[1]', by => 'list', through => 'listed'$$);
SELECT name, behind(kept) FROM kept;
REINDEX INDEX CONCURRENTLY item_a;
REINDEX INDEX CONCURRENTLY listed_pkey;
SELECT name, behind(kept) FROM kept;
REINDEX INDEX CONCURRENTLY item_d;
REINDEX INDEX CONCURRENTLY item_a_b;
REINDEX INDEX CONCURRENTLY listed_track_list;
SELECT name, behind(kept) FROM kept;
DROP INDEX item_d, item_a_b, listed_track_list;
SELECT name, behind(kept) FROM kept;
-- another key, another order
CREATE UNIQUE INDEX ON item (b);
SELECT name, behind(kept) FROM kept;

-- The same columns in another order: of another operator, or collation; and the same order in other words
CREATE SCHEMA test_cursors_ops;
CREATE OPERATOR test_cursors_ops.< (LEFTARG = text, RIGHTARG = text, FUNCTION = text_pattern_lt);
CREATE OPERATOR test_cursors_ops.<= (LEFTARG = text, RIGHTARG = text, FUNCTION = text_pattern_le);
CREATE OPERATOR test_cursors_ops.>= (LEFTARG = text, RIGHTARG = text, FUNCTION = text_pattern_ge);
CREATE OPERATOR test_cursors_ops.> (LEFTARG = text, RIGHTARG = text, FUNCTION = text_pattern_gt);
CREATE OPERATOR CLASS test_cursors_ops.bytewise FOR TYPE text USING btree AS
    OPERATOR 1 test_cursors_ops.<, OPERATOR 2 test_cursors_ops.<=, OPERATOR 3 =, OPERATOR 4 test_cursors_ops.>=, OPERATOR 5 test_cursors_ops.>,
    FUNCTION 1 bttext_pattern_cmp(text, text);
CREATE TABLE word (id int PRIMARY KEY, p int, s text COLLATE "en-x-icu");
INSERT INTO word SELECT n, 1, s FROM unnest('{a,B,c,D,e,F}'::text[]) WITH ORDINALITY x(s, n);
TRUNCATE kept;
CREATE TABLE ordering (o text);
INSERT INTO ordering VALUES ('s'), ('s USING <'), ('s USING ~<~'), ('s USING OPERATOR(test_cursors_ops.<)'), ('s DESC'), ('s USING ~>~'), ('s USING OPERATOR(test_cursors_ops.>)');
DO $$
DECLARE
    o text;
BEGIN
    FOR o IN TABLE ordering LOOP
        CALL keep(o, format('%L, %L, by => %L, order_by => %L', 'word', '[1]', 'p', o));
    END LOOP;
END $$;
-- who takes whose
SELECT k.name, array_agg(format('%s: %s', o, behind) ORDER BY o COLLATE "C") AS takes FROM kept k, ordering,
    behind((name, format('%L, %L, by => %L, order_by => %L', 'word', '[1]', 'p', o), cursor)::kept) WHERE behind !~ '^22023' GROUP BY 1 ORDER BY name COLLATE "C";
ALTER TABLE word ALTER s TYPE text COLLATE "C";
SELECT name, behind(kept) FROM kept;
-- names that change without the relation
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'silly');
CREATE COLLATION german (provider = icu, locale = 'de');
CREATE TABLE feeling (p int, id mood PRIMARY KEY);
INSERT INTO feeling SELECT 1, unnest(enum_range(NULL::mood));
CREATE TABLE wort (p int, id text COLLATE german PRIMARY KEY);
INSERT INTO wort SELECT 1, unnest('{a,b,c,d}'::text[]);
TRUNCATE kept;
CALL keep('type', $$'feeling', '[1]', by => 'p'$$);
CALL keep('collation', $$'wort', '[1]', by => 'p'$$);
SELECT name, behind(kept) FROM kept;
ALTER TYPE mood RENAME TO state;
ALTER COLLATION german RENAME TO deutsch;
SELECT name, behind(kept) FROM kept;

-- Money is written as what is stored, not as lc_monetary has it
CREATE DOMAIN price AS money;
CREATE TABLE sold (id int PRIMARY KEY, p int, m money, d price);
INSERT INTO sold SELECT i, 1, v, v FROM unnest('{-5,1234.56,1234.57,92233720368547758.07,-92233720368547758.08}'::numeric[]::money[]) WITH ORDINALITY x(v, i);
CREATE INDEX ON sold (p, m, id);
TRUNCATE kept;
CALL keep('money', $$'sold', '[1]', by => 'p', order_by => 'm'$$);
CALL keep('domain', $$'sold', '[1]', by => 'p', order_by => 'd DESC'$$);
SELECT name, behind(kept), convert_from(decode(cursor, 'base64'), 'UTF8')::json -> 1 AS value FROM kept;

DROP SCHEMA test_cursors, test_cursors_ops CASCADE;

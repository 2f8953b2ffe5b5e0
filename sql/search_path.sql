-- A hostile search_path: operators, functions, types and tables of well-known names, planted before
-- pg_catalog, are never picked up.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE SCHEMA test_search_path;
CREATE SCHEMA test_search_path_evil;
SET search_path = test_search_path;
CREATE TABLE t (id int PRIMARY KEY, grp int, w text, v varchar(10), at date, n numeric, doc jsonb, arr int[]);
INSERT INTO t SELECT i, i % 5, 'w' || i, 'v' || i, date '2020-01-01' + i, i * 1.5, jsonb_build_object('n', i), ARRAY[i, i + 1] FROM generate_series(1, 50) i;
CREATE INDEX ON t (grp);
CREATE INDEX ON t (w);
CREATE TABLE link (t_id int REFERENCES t, tag varchar(10), rank bigint, PRIMARY KEY (tag, t_id));
INSERT INTO link SELECT i, 'tag' || i % 7, 100 - i FROM generate_series(1, 50) i;

SET search_path = test_search_path_evil, pg_catalog;
CREATE FUNCTION evil() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil code runs'; END $$;
DO $$
DECLARE l text; r text; op text;
BEGIN
    FOR l, r IN VALUES ('int4', 'int4'), ('int4', 'int8'), ('int8', 'int4'), ('int4', '_int4'), ('text', 'text'), ('varchar', 'text'), ('varchar', 'varchar'), ('date', 'date'), ('numeric', 'numeric'), ('jsonb', 'jsonb'), ('_int4', '_int4'), ('record', 'record'), ('anyarray', 'anyarray'), ('bool', 'bool'), ('int8', 'int8') LOOP
        FOREACH op IN ARRAY ARRAY['=', '<', '>', '<=', '>=', '<>'] LOOP
            BEGIN
                EXECUTE format('CREATE FUNCTION test_search_path_evil.%I(%s, %s) RETURNS bool LANGUAGE plpgsql AS ''BEGIN RAISE EXCEPTION $a$evil operator %s(%2$s, %3$s)$a$; END''', 'op' || op, l, r, op);
                EXECUTE format('CREATE OPERATOR test_search_path_evil.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = test_search_path_evil.%I)', op, l, r, 'op' || op);
            EXCEPTION WHEN insufficient_privilege OR invalid_function_definition OR duplicate_function THEN
                NULL;
            END;
        END LOOP;
    END LOOP;
END $$;
CREATE FUNCTION row_to_json(record) RETURNS json LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil row_to_json'; END $$;
CREATE FUNCTION to_json(anyelement) RETURNS json LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil to_json'; END $$;
CREATE FUNCTION unnest(anyarray) RETURNS SETOF anyelement LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil unnest'; END $$;
CREATE FUNCTION unnest(int[]) RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil unnest'; END $$;
CREATE FUNCTION array_position(anyarray, anyelement) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil array_position'; END $$;
CREATE FUNCTION generate_series(int, int) RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil generate_series'; END $$;
CREATE TABLE t (id text, grp text, w text);
CREATE TABLE pg_class (oid oid, relname name);
CREATE TABLE pg_attribute (attrelid oid);
CREATE TYPE int4 AS ENUM ('evil');
CREATE TYPE bool AS ENUM ('evil');
CREATE TYPE text AS ENUM ('evil');
CREATE DOMAIN json AS pg_catalog.json;
RESET search_path;

CREATE VIEW test_search_path.answers AS
SELECT 1 AS no, dataloader.load_one_json('test_search_path.t', ARRAY[1, 99, 2], columns => '{id,w,at,n,doc,arr}')::pg_catalog.text AS answer
UNION ALL SELECT 2, dataloader.load_one_json('test_search_path.t', ARRAY[1, 99, 2]::bigint[], columns => '{id}')::pg_catalog.text
UNION ALL SELECT 3, dataloader.load_one_json('test_search_path.t', '[1,99,2]'::pg_catalog.text, columns => '{id}')::pg_catalog.text
UNION ALL SELECT 4, dataloader.load_many_json('test_search_path.t', '{3}'::pg_catalog.text, by => 'grp', order_by => 'n DESC, w', first => 2, skip => 1, columns => '{id}')::pg_catalog.text
UNION ALL SELECT 5, dataloader.load_many_json('test_search_path.t', ARRAY[(3, 'w3'), (3, 'w8')], by => 'grp, w', columns => '{id}')::pg_catalog.text
UNION ALL SELECT 6, dataloader.load_many_json('test_search_path.t', '[[3,"w3"],[3,"w8"]]'::pg_catalog.text, by => 'grp, w', columns => '{id}')::pg_catalog.text
UNION ALL SELECT 7, dataloader.load_one_json('test_search_path.t', ARRAY['w7', 'W7'], by => 'w', columns => '{id}')::pg_catalog.text
UNION ALL SELECT 8, dataloader.load_one_json('test_search_path.t', ARRAY['v7'], by => 'v', columns => '{id}')::pg_catalog.text
UNION ALL SELECT 9, dataloader.load_one_json('test_search_path.t', ARRAY[date '2020-01-05'], by => 'at', columns => '{id}')::pg_catalog.text
UNION ALL SELECT 10, dataloader.load_one_json('test_search_path.t', ARRAY[7.5], by => 'n', columns => '{id}')::pg_catalog.text
UNION ALL SELECT 11, dataloader.load_one_json('test_search_path.t', ARRAY[1.0], columns => '{id}')::pg_catalog.text
UNION ALL SELECT 12, (SELECT pg_catalog.string_agg(l::pg_catalog.text, ' ') FROM dataloader.load_one(NULL::test_search_path.t, ARRAY[1, 99]) l)
UNION ALL SELECT 13, (SELECT pg_catalog.string_agg(l::pg_catalog.text, ' ') FROM dataloader.load_many(NULL::test_search_path.t, ARRAY[7], by => 'id') l)
UNION ALL SELECT 14, (SELECT pg_catalog.string_agg(l::pg_catalog.text, ' ') FROM dataloader.load_rows(NULL::test_search_path.t, ARRAY[7.0]) l)
UNION ALL SELECT 15, (SELECT pg_catalog.string_agg('x', '') IS NOT NULL FROM dataloader.explain('test_search_path.t', ARRAY['v7'], by => 'v') l)::pg_catalog.text
UNION ALL SELECT 16, dataloader.load_count('test_search_path.t', ARRAY[3, 99, 4]::bigint[], by => 'grp', at_most => 9)::pg_catalog.text
UNION ALL SELECT 17, dataloader.load_count('test_search_path.t', '[[3,"w3"],[4,"w3"]]'::pg_catalog.text, by => 'grp, w')::pg_catalog.text
UNION ALL SELECT 18, pg_catalog.regexp_replace(dataloader.load_connection('test_search_path.t', ARRAY[3], by => 'grp', order_by => 'n DESC, at, w', first => 2, columns => '{id}', total_count => true)::pg_catalog.text, '"[A-Za-z0-9+/=]{20,}"', 'cursor', 'g')
UNION ALL SELECT 19, pg_catalog.regexp_replace(dataloader.load_connection('test_search_path.t', ARRAY[3], by => 'grp', order_by => 'n DESC, at, w', first => 2, columns => '{id}',
    after => ARRAY[dataloader.load_connection('test_search_path.t', ARRAY[3], by => 'grp', order_by => 'n DESC, at, w', first => 2, columns => '{id}') OPERATOR(pg_catalog.->) 0 OPERATOR(pg_catalog.->) 'edges' OPERATOR(pg_catalog.->) 1 OPERATOR(pg_catalog.->>) 'cursor'])::pg_catalog.text, '"[A-Za-z0-9+/=]{20,}"', 'cursor', 'g')
UNION ALL SELECT 20, dataloader.load_many_json('test_search_path.t', ARRAY['tag3', 'tag9'], by => 'tag', through => 'test_search_path.link', order_by => 'through.rank', first => 3, columns => '{id}')::pg_catalog.text
UNION ALL SELECT 21, dataloader.load_many_json('test_search_path.t', '{tag3}'::pg_catalog.text, by => 'tag', through => 'test_search_path.link', order_by => 'n', first => 3, columns => '{id}')::pg_catalog.text;
SELECT * FROM test_search_path.answers ORDER BY no;
CREATE TABLE test_search_path.innocent AS SELECT * FROM test_search_path.answers;

-- the same, with the planted schema first, temporary objects too, and each path
CREATE TEMP TABLE pg_proc (oid oid);
SET search_path = test_search_path_evil, pg_temp, pg_catalog;
SET dataloader.direct_scan = on;
SELECT no, answer OPERATOR(pg_catalog.=) (SELECT i.answer FROM test_search_path.innocent i WHERE i.no OPERATOR(pg_catalog.=) a.no) AS ok
FROM test_search_path.answers a ORDER BY no USING OPERATOR(pg_catalog.<);
SET dataloader.direct_scan = off;
SELECT no, answer OPERATOR(pg_catalog.=) (SELECT i.answer FROM test_search_path.innocent i WHERE i.no OPERATOR(pg_catalog.=) a.no) AS ok
FROM test_search_path.answers a ORDER BY no USING OPERATOR(pg_catalog.<);
-- caches that were filled under it do no harm later
SET search_path = test_search_path;
SELECT no, answer = (SELECT i.answer FROM innocent i WHERE i.no = a.no) AS ok FROM answers a ORDER BY no;
SET dataloader.direct_scan = on;
SELECT no, answer = (SELECT i.answer FROM innocent i WHERE i.no = a.no) AS ok FROM answers a ORDER BY no;

-- a filter is the caller's own SQL: there the search_path counts, as in the caller's query
SET search_path = test_search_path_evil, test_search_path, pg_catalog;
SELECT dataloader.load_one_json('test_search_path.t', ARRAY[1], filter => 'grp = 1', columns => '{id}');
SET search_path = test_search_path;
SELECT dataloader.load_one_json('test_search_path.t', ARRAY[1], filter => 'grp = 1', columns => '{id}');
-- what it says by name it keeps, whatever stands before pg_catalog, on both paths and in kept plans
CREATE FUNCTION test_search_path_evil.lower(pg_catalog.text) RETURNS pg_catalog.text LANGUAGE sql IMMUTABLE AS $$ SELECT 'evil lower'::pg_catalog.text $$;
CREATE FUNCTION test_search_path_evil.similar_to_escape(pg_catalog.text) RETURNS pg_catalog.text LANGUAGE sql IMMUTABLE AS $$ SELECT 'evil pattern'::pg_catalog.text $$;
CREATE TABLE test_search_path.filters (no int, filter text);
INSERT INTO test_search_path.filters VALUES (1, 'pg_catalog.lower(w) OPERATOR(pg_catalog.=) ''w1'''), (2, 'v LIKE ''v1'''), (3, 'w SIMILAR TO ''w1'''), (4, 'doc ? ''n'''), (5, 'lower(w) LIKE ''evil%'''), (6, 'v::pg_catalog.text ~ ''1'''),
    (7, 'EXISTS (SELECT FROM test_search_path.link l WHERE pg_catalog.lower(l.tag) LIKE ''tag1'' AND l.t_id OPERATOR(pg_catalog.=) t.id)'), (8, 'CAST(n AS numeric(9,2)) OPERATOR(pg_catalog.=) 1.5');
CREATE FUNCTION test_search_path.ids(filter text, on_path pg_catalog.text) RETURNS pg_catalog.text LANGUAGE plpgsql AS $$
DECLARE answer pg_catalog.text;
BEGIN
    PERFORM pg_catalog.set_config('dataloader.direct_scan', on_path, true);
    FOR n IN 1 .. 8 LOOP
        answer := dataloader.load_one_json('test_search_path.t', ARRAY[1, 2], filter => filter, order_by => 'w', columns => '{id}')::pg_catalog.text;
    END LOOP;
    RETURN answer;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END $$;
SET search_path = test_search_path_evil, pg_catalog;
SELECT no, test_search_path.ids(filter, 'on') AS direct, test_search_path.ids(filter, 'off') AS plan FROM test_search_path.filters ORDER BY no USING OPERATOR(pg_catalog.<);
SET search_path = test_search_path;
SELECT no, ids(filter, 'on') AS direct, ids(filter, 'off') AS plan FROM filters ORDER BY no;
CREATE FUNCTION test_search_path.lower(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'evil later' $$;
SET search_path = test_search_path, pg_catalog;
SELECT no, ids(filter, 'on') AS direct, ids(filter, 'off') AS plan FROM filters ORDER BY no;
-- no search_path at all
SET search_path = '';
SELECT dataloader.load_one_json('test_search_path.t', ARRAY[1, 99], filter => 'grp = 1', order_by => 'w', columns => '{id}');
SELECT ord, (item).id FROM dataloader.load_rows(NULL::test_search_path.t, '[[1,"w1"]]', by => 'grp, w');

-- a check of an argument that changes search_path: the filter keeps its meaning, in a kept plan, too
CREATE SCHEMA test_search_path_other;
CREATE FUNCTION test_search_path.good(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 OPERATOR(pg_catalog.=) 2';
CREATE FUNCTION test_search_path_other.good(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 OPERATOR(pg_catalog.=) 1';
CREATE FUNCTION test_search_path.moves(int) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', 'test_search_path_other', false) WHERE $1 = 1;
    RETURN true;
END $$;
CREATE DOMAIN test_search_path.mover AS int CHECK (test_search_path.moves(value));
SET search_path = test_search_path;
SET dataloader.direct_scan = off;
PREPARE moving AS SELECT dataloader.load_one_json('test_search_path.t', ARRAY[1, 2], filter => 'good(id) AND $1::test_search_path.mover IS NOT NULL', args => $1, columns => '{id}');
EXECUTE moving('[0]');
EXECUTE moving('[1]');
SHOW search_path;
SET search_path = test_search_path;
EXECUTE moving('[0]');
EXECUTE moving('[1]');
RESET dataloader.direct_scan;

RESET search_path;
DROP SCHEMA test_search_path_other CASCADE;
DROP SCHEMA test_search_path, test_search_path_evil CASCADE;

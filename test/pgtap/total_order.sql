-- What completes the order of a connection tells any two rows of a key apart, as the order itself does:
-- pages of one row give each row once. Unique indexes whose equality is not the column's, on both paths.

\ir begin.psql
CREATE EXTENSION IF NOT EXISTS citext;
CREATE SCHEMA total_order;
SET LOCAL search_path = total_order, public;
SELECT no_plan();

CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION numbered (provider = icu, locale = 'und-u-kn-true');
CREATE TYPE pair AS (a int, b numeric);

-- The rows of a key, paged one by one, in short; the error's message if there is one.
CREATE FUNCTION walked(options text, backward bool) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    page json; cursor text; result text := ''; n int := 0;
BEGIN
    LOOP
        EXECUTE format('SELECT dataloader.load_connection(%s, %s => 1, %s => ARRAY[$1]) -> 0', options,
            CASE WHEN backward THEN 'last' ELSE 'first' END, CASE WHEN backward THEN 'before' ELSE 'after' END) INTO page USING cursor;
        EXIT WHEN json_array_length(page -> 'edges') = 0 OR n > 20;
        n := n + 1;
        cursor := page #>> '{edges,0,cursor}';
        result := concat_ws(' ', CASE WHEN NOT backward THEN nullif(result, '') END, page #>> '{edges,0,node,id}', CASE WHEN backward THEN nullif(result, '') END);
    END LOOP;
    RETURN result;
EXCEPTION WHEN undefined_object THEN
    RETURN sqlerrm;
END $$;
CREATE FUNCTION walks(options text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text[] := '{}';
BEGIN
    FOR i IN 0 .. 3 LOOP
        PERFORM set_config('dataloader.direct_scan', (i / 2)::text, true);
        result := result || walked(options, i % 2 = 1);
    END LOOP;
    RETURN (SELECT string_agg(DISTINCT r, '; ') FROM unnest(result) r);
END $$;

-- A relation with this unique index as its only key; values in the order of "id" are k's rows.
CREATE FUNCTION keyed_by(type text, index text, vals text[]) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    DROP TABLE IF EXISTS r;
    EXECUTE format('CREATE TABLE r (k int, id int, v %s NOT NULL)', type);
    EXECUTE format('INSERT INTO r SELECT 1, n, v::%s FROM unnest($1) WITH ORDINALITY x(v, n)', regexp_replace(type, ' COLLATE.*', '')) USING vals;
    EXECUTE format('CREATE UNIQUE INDEX ON r (%s)', index);
    CREATE INDEX ON r (k, v);
    RETURN walks($o$'r', '[1]', by => 'k'$o$);
END $$;
SELECT is(keyed_by(type, index, vals), coalesce(expected, 'relation "r" has no key to tell rows of the same order apart'), format('%s, unique index on %s', type, index))
FROM (VALUES
    ('citext', 'v text_ops', '{a,A,b}'::text[], NULL),
    ('citext', 'v', '{a,b,c}', '1 2 3'),
    ('text COLLATE folding', 'v COLLATE "C"', '{a,A,b}', NULL),
    ('text COLLATE folding', 'v', '{a,b,c}', '1 2 3'),
    ('pair', 'v record_image_ops', '{"(1,1.0)","(1,1.00)","(2,1)"}', NULL),
    ('pair', 'v', '{"(1,1.0)","(1,1.01)","(2,1)"}', '1 2 3'),
    -- these have the equality of the column, if in another order
    ('text', 'v COLLATE "C"', '{a,b,c}', '1 2 3'),
    ('text COLLATE numbered', 'v COLLATE "C"', '{a2,a10,a11}', '1 2 3'),
    ('text', 'v text_pattern_ops', '{a,b,c}', '1 2 3'),
    ('varchar(3) COLLATE "C"', 'v varchar_pattern_ops DESC', '{a,b,c}', '1 2 3'),
    -- coarser than the column is enough
    ('text', 'v COLLATE folding', '{a,b,c}', '1 2 3'),
    ('citext', 'v citext_pattern_ops', '{a,b,c}', '1 2 3')) t(type, index, vals, expected);

-- A NOT NULL that is not valid is no proof that there are no nulls: not of a key, nor of the end of a walk
SELECT current_setting('server_version_num')::int >= 180000 AS not_valid \gset
\if :not_valid
CREATE TABLE s (k int, id int PRIMARY KEY, v int UNIQUE);
INSERT INTO s VALUES (1, 1, 4), (1, 2, NULL), (1, 3, 5), (1, 4, NULL);
CREATE INDEX ON s (k, v, id);
ALTER TABLE s ADD CONSTRAINT filled NOT NULL v NOT VALID;
SELECT is(walks($$'s', '[1]', by => 'k', order_by => 'v'$$), '1 3 2 4', 'nulls from before a NOT NULL that is not valid');
SELECT is(walks($$'s', '[1]', by => 'k', order_by => 'v DESC'$$), '2 4 3 1', 'nulls from before a NOT NULL that is not valid, first');
ALTER TABLE s DROP CONSTRAINT s_pkey;
SELECT is(walks($$'s', '[1]', by => 'k'$$), 'relation "s" has no key to tell rows of the same order apart', 'no key without a valid NOT NULL');
DELETE FROM s WHERE v IS NULL;
ALTER TABLE s VALIDATE CONSTRAINT filled;
SELECT is(walks($$'s', '[1]', by => 'k'$$), '1 3', 'a key once it is valid');
\endif

-- Junctions (p, rid, no): which pairs may be there twice, in terms of the keys and of the relation
CREATE TABLE target (id int PRIMARY KEY);
INSERT INTO target VALUES (1), (2);
CREATE TABLE folded (c citext PRIMARY KEY, id int);
INSERT INTO folded VALUES ('a', 1), ('b', 2);
CREATE FUNCTION linked_by(columns text, index text, pairs text, to_relation text, keys text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    options text := format('%L, %s, by => ''p'', through => ''j'', link => ''rid''', to_relation, keys);
    result text;
BEGIN
    DROP TABLE IF EXISTS j;
    EXECUTE format('CREATE TABLE j (%s, no serial PRIMARY KEY)', columns);
    EXECUTE format('INSERT INTO j VALUES %s', pairs);
    EXECUTE format('CREATE UNIQUE INDEX ON j (%s)', index);
    EXECUTE format('SELECT dataloader.load_count(%s)', options) INTO result;
    RETURN format('%s: %s', result, walks(options));
END $$;
SELECT is(linked_by(columns, index, pairs, r, keys), expected, format('(%s), unique index on %s, keys %s, link to %s', columns, index, keys, r))
FROM (VALUES
    ('p text COLLATE folding, rid int', 'p COLLATE "C", rid', $$('a', 1), ('A', 1), ('a', 2), ('A', 2), ('b', 1)$$, 'target', $$'{a}'$$, '{4}: 1 1 2 2'),
    ('p citext, rid int', 'p text_ops, rid', $$('a', 1), ('A', 1), ('b', 1)$$, 'target', $$'{a}'$$, '{2}: 1 1'),
    ('p bigint, rid int', 'p, rid', $$(9007199254740992, 1), (9007199254740993, 1), (9007199254740992, 2), (9007199254740993, 2)$$, 'target', 'ARRAY[9007199254740992::float8]', '{4}: 1 1 2 2'),
    ('p bigint, rid int', 'p, rid', '(1, 1), (1, 2), (2, 1)', 'target', 'ARRAY[1::float8]', '{2}: 1 2'),
    ('p int, rid text', 'p, rid', $$(1, 'a'), (1, 'A'), (1, 'b')$$, 'folded', 'ARRAY[1]', '{3}: 1 1 2'),
    ('p int, rid citext', 'p, rid', $$(1, 'A'), (1, 'b')$$, 'folded', 'ARRAY[1]', '{2}: 1 2'),
    ('p int, rid citext', 'rid text_ops, p', $$(1, 'A'), (1, 'a'), (1, 'b')$$, 'folded', 'ARRAY[1]', '{3}: 1 1 2'),
    ('p text, rid int', 'p COLLATE "C", rid', $$('a', 1), ('a', 2), ('b', 1)$$, 'target', $$'{a}'$$, '{2}: 1 2')) t(columns, index, pairs, r, keys, expected);

SELECT * FROM finish();
ROLLBACK;

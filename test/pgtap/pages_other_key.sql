-- A cursor may be used with another key than its own, also where columns of the key are part of the
-- order: the page has the rows that stand behind the cursor (before it) in that order. Both paths.

\ir begin.psql
COMMIT;                         -- pages begin at cursors of any index where nothing has been written
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS other_key CASCADE;
CREATE SCHEMA other_key;
SET search_path = other_key, public;
SELECT no_plan();

-- rows (k, l, d, no) of a relation and of a junction; keys NULL match nothing, but a cursor may hold one
CREATE TABLE item (k bigint, l text, d int, no int PRIMARY KEY);
INSERT INTO item SELECT nullif(i % 4, 0), nullif('l' || i / 4 % 3, 'l2'), nullif(i / 12 % 4, 2), (i * 29) % 101 FROM generate_series(1, 96) i;
CREATE INDEX ON item (k, d, no);
CREATE INDEX ON item (k, l, d NULLS FIRST, no);
CREATE INDEX ON item (d, k DESC, no DESC);
CREATE TABLE track (id int PRIMARY KEY);
INSERT INTO track SELECT no FROM item;
CREATE TABLE listed (k bigint, l text, d int, no int REFERENCES track, UNIQUE (k, no), UNIQUE (l, k, no));
INSERT INTO listed TABLE item;
CREATE INDEX ON listed (k, d, no);
CREATE INDEX ON listed (k, l, d NULLS FIRST, no);
CREATE TABLE tenant (t int, u int, PRIMARY KEY (t, u));
INSERT INTO tenant SELECT t, u FROM generate_series(1, 3) t, generate_series(1, 5) u;
-- a unique index with fewer columns than the order
CREATE TABLE placed (t int, pos int NOT NULL, id int PRIMARY KEY, UNIQUE (t, pos));
INSERT INTO placed SELECT t, u, 100 - t * 10 - u FROM tenant;
ALTER TABLE placed ALTER t SET NOT NULL;

CREATE TABLE shape (relation text, keyed_by text, keys text, junction bool, ordering text, total_order text, name text, seeks bool, filtered bool DEFAULT false);
INSERT INTO shape VALUES
    ('tenant', 't', '[1,2,3,4]', false, NULL, 't, u', 'r.t * 10 + r.u', true),
    ('tenant', 't', '[1,2,3,4]', false, 't DESC', 't DESC, u', 'r.t * 10 + r.u', true),
    ('tenant', 'u', '[1,2,5]', false, 't', 't, u', 'r.t * 10 + r.u', false),
    ('placed', 't', '[1,2,3]', false, 't DESC, pos', 't DESC, pos, id', 'r.id', true),
    ('placed', 't', '[1,2,3]', false, 'pos, t', 'pos, t, id', 'r.id', true),
    ('placed', 't', '[1,2,3]', false, 'pos, id, t', 'pos, id, t', 'r.id', true),
    ('item', 'k', '[1,2,3,99]', false, 'd, k', 'd, k, no', 'r.no', true),
    ('item', 'k', '[1,2,3,99]', false, 'k, d', 'k, d, no', 'r.no', true),
    ('item', 'k', '[1,2,3]', false, 'd DESC, k, no DESC', 'd DESC, k, no DESC', 'r.no', true),
    ('item', 'k', '[1,2,3]', false, 'd, no, k DESC', 'd, no, k DESC', 'r.no', true),
    ('item', 'k, l', '[[1,"l0"],[2,"l1"],[3,"l1"]]', false, 'l DESC NULLS LAST, d NULLS FIRST, k NULLS FIRST', 'l DESC NULLS LAST, d NULLS FIRST, k NULLS FIRST, no', 'r.no', true),
    ('item', 'k, l', '[[1,"l0"],[2,"l1"],[3,"l1"]]', false, 'd NULLS FIRST, k DESC, l', 'd NULLS FIRST, k DESC, l, no', 'r.no', true),
    ('listed', 'k', '[1,2,3,99]', true, 'd, k', 'd, k, no', 'r.no', true),
    ('listed', 'k', '[1,2,3]', true, 'k DESC NULLS LAST, d', 'k DESC NULLS LAST, d, no', 'r.no', true),
    ('listed', 'k, l', '[[1,"l0"],[2,"l1"],[3,"l1"]]', true, 'd NULLS FIRST, l DESC, k', 'd NULLS FIRST, l DESC, k, no', 'r.no', true);
-- walks that give fewer rows than they read
INSERT INTO shape SELECT relation, keyed_by, keys, junction, ordering, total_order, name, seeks, true FROM shape WHERE keyed_by = 'k' AND ordering = 'd, k';

CREATE FUNCTION rows_of(s shape) RETURNS text LANGUAGE sql AS $$ SELECT 'rows_' || left(md5(s::text), 12) $$;
-- the rows of each shape in their order, the text that names them, and the values of a cursor
DO $$
DECLARE
    s shape;
BEGIN
    FOR s IN SELECT * FROM shape LOOP
        EXECUTE format('CREATE TABLE %I AS SELECT r.*, (%s)::text AS name, row_number() OVER (ORDER BY %s) AS place, json_build_array(%s) AS "values" FROM %I r',
            rows_of(s), s.name, s.total_order,
            (SELECT string_agg(format('r.%s::text', split_part(c, ' ', 1)), ', ') FROM regexp_split_to_table(s.total_order, ', ') c), s.relation);
    END LOOP;
END $$;

-- a page of each key at one cursor
CREATE FUNCTION pages(s shape, cursor text, size int, backward bool, direct bool) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    PERFORM set_config('dataloader.direct_scan', direct::text, true);
    EXECUTE format('SELECT string_agg(coalesce((SELECT string_agg((%s)::text, '' '' ORDER BY o) FROM json_array_elements(page -> ''edges'') WITH ORDINALITY e(e, o),
                                                json_populate_record(NULL::%I, e -> ''node'') r), ''-''), '', '' ORDER BY n)
        FROM json_array_elements(dataloader.load_connection(%L, %L, by => %L, through => %L, link => %L, order_by => %L, filter => %L, %s => %s,
            %s => array_fill(%L::text, ARRAY[json_array_length(%L)]))) WITH ORDINALITY p(page, n)',
        CASE WHEN s.junction THEN 'r.id' ELSE s.name END, CASE WHEN s.junction THEN 'track' ELSE s.relation END,
        CASE WHEN s.junction THEN 'track' ELSE s.relation END, s.keys, s.keyed_by, CASE WHEN s.junction THEN s.relation END, CASE WHEN s.junction THEN 'no' END,
        CASE WHEN s.junction THEN regexp_replace(s.ordering, '(^|, )', '\1through.', 'g') ELSE s.ordering END,
        CASE WHEN s.filtered THEN CASE WHEN s.junction THEN 'id' ELSE 'no' END || ' % 3 > 0' END, CASE WHEN backward THEN 'last' ELSE 'first' END, size, CASE WHEN backward THEN 'before' ELSE 'after' END, cursor, s.keys) INTO result;
    RETURN result;
END $$;

-- the same in plain SQL: places of all rows in one order, keys or not
CREATE FUNCTION wanted(s shape, place bigint, size int, backward bool) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
    matches text := CASE WHEN s.filtered THEN 'r.no % 3 > 0 AND ' ELSE '' END || (SELECT string_agg(format('r.%s::text = %s', c, CASE WHEN s.keyed_by ~ ',' THEN format('key ->> %s', o - 1) ELSE 'key #>> ''{}''' END), ' AND ')
                     FROM regexp_split_to_table(s.keyed_by, ', ') WITH ORDINALITY x(c, o));
BEGIN
    EXECUTE format('SELECT string_agg(coalesce((SELECT string_agg(name, '' '' ORDER BY place)
            FROM (SELECT name, place FROM %I r WHERE %s AND place %s $1 ORDER BY place %s LIMIT $2) x), ''-''), '', '' ORDER BY n)
        FROM json_array_elements($3::json) WITH ORDINALITY k(key, n)',
        rows_of(s), matches, CASE WHEN backward THEN '<' ELSE '>' END, CASE WHEN backward THEN 'DESC' END) INTO result USING place, size, s.keys;
    RETURN result;
END $$;

-- The cursor of each row with all keys; returns what is wrong. It is written here, for rows whose key is NULL
-- have none: base64 of the fingerprint, which a real one tells, and the values.
CREATE FUNCTION differences(s shape) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    example json;
    place record;
    size int; backward bool; direct bool; got text; expected text;
BEGIN
    EXECUTE format('SELECT convert_from(decode(dataloader.load_connection(%L, %L, by => %L, through => %L, link => %L, order_by => %L) #>> ''{0,edges,0,cursor}'', ''base64''), ''UTF8'')',
        CASE WHEN s.junction THEN 'track' ELSE s.relation END, s.keys, s.keyed_by, CASE WHEN s.junction THEN s.relation END, CASE WHEN s.junction THEN 'no' END,
        CASE WHEN s.junction THEN regexp_replace(s.ordering, '(^|, )', '\1through.', 'g') ELSE s.ordering END) INTO example;
    FOR place IN EXECUTE format('SELECT p.place, translate(encode(convert_to(regexp_replace(p."values"::text, ''^\['', $1), ''UTF8''), ''base64''), E''\n'', '''') AS cursor FROM %I p', rows_of(s)) USING format('["%s",', example ->> 0) LOOP
        FOREACH size IN ARRAY '{1,3,100}'::int[] LOOP
            FOREACH backward IN ARRAY '{f,t}'::bool[] LOOP
                expected := wanted(s, place.place, size, backward);
                FOREACH direct IN ARRAY '{f,t}'::bool[] LOOP
                    got := pages(s, place.cursor, size, backward, direct);
                    IF got IS DISTINCT FROM expected THEN
                        RETURN NEXT format('place %s, %s rows, backward %s, direct %s: %s, expected %s', place.place, size, backward, direct, got, expected);
                    END IF;
                END LOOP;
            END LOOP;
        END LOOP;
    END LOOP;
END $$;

-- The index gives the order, so that walks begin at the cursor. (A test writes: all are read before the first one is told.)
CREATE TYPE result AS (got text, wanted text, what text);
SELECT is(got, wanted, what) FROM unnest((SELECT array_agg(ROW(
    EXISTS (SELECT FROM dataloader.explain(CASE WHEN junction THEN 'track' ELSE relation END, keys, by => keyed_by, through => CASE WHEN junction THEN relation END::regclass,
              link => CASE WHEN junction THEN 'no' END, order_by => CASE WHEN junction THEN regexp_replace(total_order, '(^|, )', '\1through.', 'g') ELSE total_order END) line
              WHERE line ~ '^order: .* from the index'), seeks, format('%s by %s, order %s: walks begin at cursors', relation, keyed_by, ordering))::result) FROM shape));
PREPARE all_shapes AS
SELECT is(got, wanted, what) FROM unnest((SELECT array_agg(ROW((SELECT string_agg(d, E'\n') FROM differences(s) d), NULL,
    format('%s by %s%s, order %s%s', relation, keyed_by, CASE WHEN junction THEN ' (junction)' END, ordering, CASE WHEN filtered THEN ', filter' END))::result) FROM shape s));
EXECUTE all_shapes;
BEGIN;
UPDATE track SET id = id;
EXECUTE all_shapes;
COMMIT;

SELECT * FROM finish();
DROP SCHEMA other_key CASCADE;

-- Columns that came, went or are computed, and values that are stored elsewhere.
SET client_min_messages = warning;
CREATE SCHEMA test_columns;
SET search_path = test_columns;

-- Both paths, both shapes: JSON, and rows that are stored elsewhere and read back.
CREATE FUNCTION loaded(tab regclass, keys text, OUT objects text, OUT rows text) LANGUAGE plpgsql AS $$
DECLARE objects_plan text; rows_plan text;
    by_row text := 'SELECT string_agg(coalesce(item::text, ''-''), '' '') FROM dataloader.load_one(NULL::%s, %L, by => ''id'')';
BEGIN
    SET LOCAL dataloader.direct_scan = on;
    objects := dataloader.load_one_json(tab, keys, by => 'id');
    EXECUTE format(by_row, tab, keys) INTO rows;
    SET LOCAL dataloader.direct_scan = off;
    objects_plan := dataloader.load_one_json(tab, keys, by => 'id');
    EXECUTE format(by_row, tab, keys) INTO rows_plan;
    IF (objects, rows) IS DISTINCT FROM (objects_plan, rows_plan) THEN
        RAISE WARNING 'direct: % %, plan: % %', objects, rows, objects_plan, rows_plan;
    END IF;
END $$;
CREATE FUNCTION wanted(tab regclass, keys int[], OUT objects text, OUT rows text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT ''['' || string_agg(coalesce(row_to_json(t)::text, ''null''), '','' ORDER BY ord) || '']'', string_agg(coalesce(t::text, ''-''), '' '' ORDER BY ord)'
                   ' FROM unnest($1) WITH ORDINALITY u(k, ord) LEFT JOIN %s t ON t.id = k', tab) INTO objects, rows USING keys;
END $$;

-- ADD COLUMN with a default: rows from before it have the default, not NULL
CREATE TABLE t (id int PRIMARY KEY, a text);
INSERT INTO t VALUES (1, 'one'), (2, 'two');
SELECT * FROM loaded('t', '[2,9,1]');
ALTER TABLE t ADD COLUMN b int DEFAULT 42;
INSERT INTO t VALUES (3, 'three', NULL);
SELECT * FROM loaded('t', '[2,9,1,3]');
ALTER TABLE t ADD COLUMN c text DEFAULT 'far', ADD COLUMN d int[] DEFAULT '{1,2}', ADD COLUMN e timestamptz, ADD COLUMN f numeric NOT NULL DEFAULT 1.50;
SELECT * FROM loaded('t', '[2,9,1,3]');
SELECT loaded('t', '[2,9,1,3]') = wanted('t', ARRAY[2, 9, 1, 3]) AS ok;
-- the added column as the key, with an index and without
SELECT dataloader.load_many_json('t', '[42]', by => 'b', order_by => 'id', columns => '{id,b}');
CREATE INDEX ON t (b);
SELECT dataloader.load_many_json('t', '[42]', by => 'b', order_by => 'id', columns => '{id,b}');
SELECT dataloader.load_many_json('t', '[42]', by => 'b', filter => 'f = 1.5', order_by => 'c, id', columns => '{id}');

-- DROP COLUMN: it is gone from every shape, and its old value does not come back
ALTER TABLE t DROP COLUMN a;
SELECT * FROM loaded('t', '[2,9,1,3]');
SELECT dataloader.load_one_json('t', '[1]', columns => '{a}');
ALTER TABLE t ADD COLUMN a int;
SELECT * FROM loaded('t', '[2,9,1,3]');
ALTER TABLE t DROP COLUMN c, DROP COLUMN d, DROP COLUMN e, DROP COLUMN f;
SELECT * FROM loaded('t', '[2,9,1,3]');
SELECT (item).* FROM dataloader.load_rows(NULL::t, '[3,2]');
SELECT * FROM dataloader.load_many(NULL::t, '[42]', by => 'b', order_by => 'id');
-- a key column after dropped ones, and the default key too
CREATE TABLE shifted (x int, y int, id int PRIMARY KEY, z text);
INSERT INTO shifted VALUES (1, 2, 3, 'z');
ALTER TABLE shifted DROP COLUMN x, DROP COLUMN y;
SELECT * FROM loaded('shifted', '[3,1]');
SELECT dataloader.load_one_json('shifted', '[3]');

-- every column but the key dropped; a table of one column; no column but dropped ones
CREATE TABLE narrow (id int PRIMARY KEY, x int);
INSERT INTO narrow VALUES (1, 1);
ALTER TABLE narrow DROP COLUMN x;
SELECT * FROM loaded('narrow', '[1,2]');
CREATE TABLE empty (id int);
ALTER TABLE empty DROP COLUMN id;
SELECT dataloader.load_one_json('empty', '[1]', by => 'id');

-- generated columns, stored ones here (the test for virtual ones needs a server that has them)
CREATE TABLE gen (id int PRIMARY KEY, a int, twice int GENERATED ALWAYS AS (a * 2) STORED);
CREATE INDEX ON gen (twice);
INSERT INTO gen VALUES (1, 5), (2, NULL);
SELECT * FROM loaded('gen', '[2,1]');
SELECT dataloader.load_one_json('gen', '[10]', by => 'twice');
SELECT current_setting('server_version_num')::int >= 180000 AS has_virtual \gset
CREATE TABLE virt (id int PRIMARY KEY, a int, twice int);
INSERT INTO virt VALUES (1, 5, 10), (2, NULL, NULL);
\if :has_virtual
ALTER TABLE virt DROP COLUMN twice, ADD COLUMN twice int GENERATED ALWAYS AS (a * 2) VIRTUAL;
\endif
SELECT * FROM loaded('virt', '[2,1]');
SELECT dataloader.load_one_json('virt', '[10]', by => 'twice'), dataloader.load_one_json('virt', '[1]', filter => 'twice = 10', columns => '{id}'),
    dataloader.load_one_json('virt', '[1]', order_by => 'twice', columns => '{id}');

-- wide tables
DO $$
BEGIN
    EXECUTE 'CREATE TABLE wide (id int PRIMARY KEY, ' || (SELECT string_agg(format('c%s %s', i, (ARRAY['int', 'text', 'bool', 'float8'])[1 + i % 4]), ', ') FROM generate_series(1, 1000) i) || ')';
    EXECUTE 'INSERT INTO wide (id, c1, c3, c999, c1000) VALUES (1, ''one'', 0.5, 0.25, 7)';
END $$;
SELECT (loaded('wide', '[1,2]')) = wanted('wide', ARRAY[1, 2]) AS ok;
SELECT dataloader.load_one_json('wide', '[1]', columns => '{c1000,c1,c999,c2}');

-- values stored out of line and compressed: read, kept, and read again after the table is gone
CREATE TABLE fat (id int PRIMARY KEY, external text, compressed text, lz text, bytes bytea, doc jsonb, arr int[]);
ALTER TABLE fat ALTER COLUMN external SET STORAGE EXTERNAL, ALTER COLUMN bytes SET STORAGE EXTERNAL;
INSERT INTO fat
SELECT i, (SELECT string_agg(md5((i * 1000 + j)::text), '') FROM generate_series(1, 400) j), repeat('abc', 5000 * i), repeat('x', 3000),
    (SELECT string_agg(decode(md5((i * 1000 + j)::text), 'hex'), '') FROM generate_series(1, 300) j),
    jsonb_build_object('k', (SELECT jsonb_agg(md5(j::text)) FROM generate_series(1, 200) j)), (SELECT array_agg(j) FROM generate_series(1, 2000) j)
FROM generate_series(1, 5) i;
SELECT loaded('fat', '[5,9,1,1]') = wanted('fat', ARRAY[5, 9, 1, 1]) AS ok;
SELECT pg_column_size(external) >= 12800 AS out_of_line FROM fat WHERE id = 1;
CREATE TABLE kept (ord bigint, item fat, items fat[]);
INSERT INTO kept (ord, item) SELECT * FROM dataloader.load_one(NULL::fat, '[1,2,9]');
INSERT INTO kept (ord, items) SELECT * FROM dataloader.load_many(NULL::fat, '[3,4]', by => 'id');
CREATE TABLE fat_digest AS SELECT id, md5(fat::text) AS digest FROM fat;
DELETE FROM fat;
VACUUM fat;
SELECT bool_and(md5(x::text) = digest) AS ok, count(*) FROM kept, LATERAL (SELECT (item).* WHERE item IS NOT NULL UNION ALL SELECT * FROM unnest(items)) x JOIN fat_digest USING (id);
-- toasted keys
CREATE TABLE by_text (k text PRIMARY KEY, n int);
INSERT INTO by_text SELECT repeat('k' || i, 500), i FROM generate_series(1, 3) i;
SELECT dataloader.load_one_json('by_text', (SELECT array_agg(k ORDER BY n DESC) || 'x'::text FROM by_text), columns => '{n}');
SELECT dataloader.load_one_json('by_text', (SELECT array_agg(k ORDER BY n DESC) || 'x'::text FROM by_text)::text, columns => '{n}');

DROP SCHEMA test_columns CASCADE;

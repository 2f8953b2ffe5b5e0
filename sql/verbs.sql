-- The five verbs: what each returns, and that it is aligned with the keys.
SET client_min_messages = warning;
CREATE SCHEMA test_verbs;
SET search_path = test_verbs;

CREATE TABLE reporter (id int PRIMARY KEY, name text);
CREATE TABLE article (id int PRIMARY KEY, reporter_id int, headline text);
CREATE INDEX ON article (reporter_id);
INSERT INTO reporter VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Cy'), (4, NULL);
INSERT INTO article VALUES (10, 2, 'ten'), (11, 1, 'eleven'), (12, 2, NULL), (13, NULL, 'orphan'), (14, 4, 'fourteen');

-- to-one: a row per key, in key order, NULL where nothing matches
SELECT * FROM dataloader.load_one(NULL::reporter, ARRAY[3, 99, 1, 4]);
SELECT ord, (item).name, item IS NULL AS missing
FROM dataloader.load_one(NULL::reporter, ARRAY[3, 99, 1, 4]);
-- a row whose columns are all NULL is found; only a missing one is NULL
SELECT ord, item::text FROM dataloader.load_one(NULL::reporter, ARRAY['Ann', 'none'], by => 'name');

-- to-many: an array per key, {} where nothing matches
SELECT * FROM dataloader.load_many(NULL::article, ARRAY[2, 3, 1], by => 'reporter_id', order_by => 'id');
SELECT ord, items IS NULL AS is_null, cardinality(items), array_ndims(items), array_lower(items, 1)
FROM dataloader.load_many(NULL::article, ARRAY[2, 3, 1], by => 'reporter_id', order_by => 'id');

-- the matches alone
SELECT ord, (item).* FROM dataloader.load_rows(NULL::article, ARRAY[2, 3, 1], by => 'reporter_id', order_by => 'id');
-- "by" of load_rows defaults to the primary key
SELECT ord, (item).* FROM dataloader.load_rows(NULL::article, ARRAY[12, 99, 10]);

-- JSON
SELECT dataloader.load_one_json('reporter', ARRAY[3, 99, 1, 4]);
SELECT dataloader.load_many_json('article', ARRAY[2, 3, 1], by => 'reporter_id', order_by => 'id');

-- the select list is a place for them, too
SELECT dataloader.load_rows(NULL::reporter, ARRAY[2, 1]);
SELECT (dataloader.load_one(NULL::reporter, ARRAY[2, 9])).*;

-- no row can match a NULL column
SELECT dataloader.load_many_json('article', ARRAY[NULL::int], by => 'reporter_id');

-- an empty table
CREATE TABLE nothing (id int PRIMARY KEY);
SELECT dataloader.load_one_json('nothing', ARRAY[1, 2]), dataloader.load_many_json('nothing', ARRAY[1, 2], by => 'id');
SELECT * FROM dataloader.load_many(NULL::nothing, ARRAY[1, 2], by => 'id');
SELECT * FROM dataloader.load_one(NULL::nothing, ARRAY[1, 2]);
SELECT * FROM dataloader.load_rows(NULL::nothing, ARRAY[1, 2]);

-- The same question in plain SQL, for keys enough to reach every row, on both paths.
CREATE TABLE keyset AS
SELECT array_agg(k ORDER BY o) AS keys
FROM (SELECT (i * 37) % 250 AS k, i AS o FROM generate_series(1, 400) i) x;
CREATE TABLE big (id int PRIMARY KEY, parent int, note text);
INSERT INTO big SELECT i, nullif(i * 7919 % 211, 0), CASE WHEN i % 5 > 0 THEN 'note ' || i END FROM generate_series(1, 3000) i;
CREATE INDEX ON big (parent);
ANALYZE big;

CREATE VIEW checks AS
WITH k AS (SELECT key, ord FROM keyset, unnest(keys) WITH ORDINALITY u(key, ord))
SELECT 'load_one' AS verb,
    (SELECT array_agg(l::text) FROM keyset, dataloader.load_one(NULL::big, keys) l)
    = (SELECT array_agg((k.ord, b)::text ORDER BY k.ord) FROM k LEFT JOIN big b ON b.id = k.key) AS ok
UNION ALL SELECT 'load_many',
    (SELECT array_agg(l::text) FROM keyset, dataloader.load_many(NULL::big, keys, by => 'parent', order_by => 'id') l)
    = (SELECT array_agg((k.ord, ARRAY(SELECT b FROM big b WHERE b.parent = k.key ORDER BY b.id))::text ORDER BY k.ord) FROM k)
UNION ALL SELECT 'load_rows',
    (SELECT array_agg(l::text) FROM keyset, dataloader.load_rows(NULL::big, keys, by => 'parent', order_by => 'id') l)
    = (SELECT array_agg((k.ord, b)::text ORDER BY k.ord, b.id) FROM k JOIN big b ON b.parent = k.key)
UNION ALL SELECT 'load_one_json',
    (SELECT dataloader.load_one_json('big', keys)::text FROM keyset)
    = (SELECT '[' || string_agg(coalesce(row_to_json(b)::text, 'null'), ',' ORDER BY k.ord) || ']' FROM k LEFT JOIN big b ON b.id = k.key)
UNION ALL SELECT 'load_many_json',
    (SELECT dataloader.load_many_json('big', keys, by => 'parent', order_by => 'id')::text FROM keyset)
    = (SELECT '[' || string_agg('[' || coalesce((SELECT string_agg(row_to_json(b)::text, ',' ORDER BY b.id) FROM big b WHERE b.parent = k.key), '') || ']', ',' ORDER BY k.ord) || ']' FROM k)
UNION ALL SELECT 'without order_by, the same rows',
    (SELECT array_agg(l.ord || ':' || (SELECT array_agg(i.id ORDER BY i.id) FROM unnest(l.items) i)::text)
     FROM keyset, dataloader.load_many(NULL::big, keys, by => 'parent') l)
    = (SELECT array_agg(k.ord || ':' || (SELECT array_agg(b.id ORDER BY b.id) FROM big b WHERE b.parent = k.key)::text ORDER BY k.ord) FROM k);

SET dataloader.direct_scan = on;
TABLE checks;
SET dataloader.direct_scan = off;
TABLE checks;

DROP SCHEMA test_verbs CASCADE;

-- Value i belongs to key i: for every verb as many values as keys, whatever
-- was missing, NULL, repeated or oddly shaped, on both paths.

\ir begin.psql
CREATE SCHEMA alignment;
SET LOCAL search_path = alignment, public;

-- ids 1..500 without the multiples of 7; each ref has three rows, some refs none
CREATE TABLE node (id int PRIMARY KEY, ref int, code text, shard int NOT NULL);
INSERT INTO node SELECT g, (g % 100) * 2, 'c' || g % 50, g % 4 FROM generate_series(1, 500) g WHERE g % 7 <> 0;
CREATE INDEX ON node (ref);
CREATE INDEX ON node (code);
CREATE INDEX ON node (shard, ref);

-- keys of a batch: hits, misses, NULLs, repeats, in no order
CREATE TABLE batch (n int PRIMARY KEY, name text, keys int[]);
INSERT INTO batch VALUES
    (1, 'no key', '{}'), (2, 'one NULL', '{NULL}'), (3, 'NULLs only', '{NULL,NULL,NULL}'), (4, 'one hit', '{8}'),
    (5, 'one miss', '{7}'), (6, 'repeated', '{8,8,10,8,7,7}'), (7, 'NULL between', '{8,NULL,10,NULL,NULL,8}'),
    (8, 'extremes', '{2147483647,-2147483648,0,-1,8}'), (9, 'two dimensions', '{{8,10},{7,NULL},{12,8}}'),
    (10, 'three dimensions', '{{{8},{10}},{{7},{8}}}'), (11, 'lower bound 0', '[0:2]={8,7,10}'),
    (12, 'negative bounds', '[-5:-3]={8,NULL,10}'), (13, 'two bounds', '[2:3][-1:0]={{8,10},{NULL,8}}');
INSERT INTO batch SELECT 100 + s, 'random batch ' || s,
       (SELECT array_agg(CASE WHEN hashint4(s * 1000 + g) % 11 = 0 THEN NULL ELSE abs(hashint4(s * 777 + g)) % 300 END ORDER BY g)
        FROM generate_series(1, 1 + s * 17) g)
FROM generate_series(1, 12) s;
INSERT INTO batch SELECT 200, 'ascending', array_agg(g ORDER BY g) FROM generate_series(-10, 600) g;
INSERT INTO batch SELECT 201, 'descending', array_agg(g ORDER BY g DESC) FROM generate_series(-10, 600) g;
INSERT INTO batch SELECT 202, 'one key often', array_agg(8) FROM generate_series(1, 1000) g;

CREATE FUNCTION position_of(keys int[]) RETURNS TABLE (ord bigint, key int) LANGUAGE sql IMMUTABLE AS $$
    SELECT o, k FROM unnest(keys) WITH ORDINALITY u(k, o) $$;

CREATE FUNCTION wanted(keys int[], by text, ordered text DEFAULT 'id')
RETURNS TABLE (ord bigint, items node[]) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT p.ord, ARRAY(SELECT t FROM node t WHERE t.%I = p.key ORDER BY %s) FROM position_of($1) p ORDER BY 1',
                                by, ordered) USING keys;
END $$;

CREATE FUNCTION json_of(items node[]) RETURNS text LANGUAGE sql AS $$
    SELECT '[' || coalesce(string_agg(row_to_json(i)::text, ',' ORDER BY o), '') || ']'
    FROM (SELECT o, items[o] AS i FROM generate_subscripts(items, 1) o) x $$;

SELECT plan(5 * 2 * (SELECT count(*)::int FROM batch) + 27);

PREPARE many AS SELECT is((SELECT array_agg(m::text) FROM dataloader.load_many(NULL::node, keys, by => 'ref', order_by => 'id') m),
          (SELECT array_agg(w::text) FROM wanted(keys, 'ref') w), 'load_many: ' || name || ', direct_scan ' || current_setting('dataloader.direct_scan'))
FROM batch ORDER BY n;
PREPARE one AS SELECT is((SELECT array_agg(m::text) FROM dataloader.load_one(NULL::node, keys) m),
          (SELECT array_agg((ord, items[1])::text) FROM wanted(keys, 'id')), 'load_one: ' || name || ', direct_scan ' || current_setting('dataloader.direct_scan'))
FROM batch ORDER BY n;
PREPARE rows AS SELECT is((SELECT array_agg(m::text) FROM dataloader.load_rows(NULL::node, keys, by => 'ref', order_by => 'id DESC') m),
          (SELECT array_agg((ord, items[i])::text ORDER BY ord, i)
           FROM wanted(keys, 'ref', 'id DESC'), generate_subscripts(items, 1) i),
          'load_rows: ' || name || ', direct_scan ' || current_setting('dataloader.direct_scan'))
FROM batch ORDER BY n;
PREPARE one_json AS SELECT is(dataloader.load_one_json('node', keys)::text,
          (SELECT '[' || coalesce(string_agg(coalesce(row_to_json(items[1])::text, 'null'), ',' ORDER BY ord), '') || ']'
           FROM wanted(keys, 'id')),
          'load_one_json: ' || name || ', direct_scan ' || current_setting('dataloader.direct_scan'))
FROM batch ORDER BY n;
PREPARE many_json AS SELECT is(dataloader.load_many_json('node', keys, by => 'ref', order_by => 'id')::text,
          (SELECT '[' || coalesce(string_agg(json_of(items), ',' ORDER BY ord), '') || ']' FROM wanted(keys, 'ref')),
          'load_many_json: ' || name || ', direct_scan ' || current_setting('dataloader.direct_scan'))
FROM batch ORDER BY n;

SET LOCAL dataloader.direct_scan = off;
EXECUTE many;
EXECUTE one;
EXECUTE rows;
EXECUTE one_json;
EXECUTE many_json;
SET LOCAL dataloader.direct_scan = on;
EXECUTE many;
EXECUTE one;
EXECUTE rows;
EXECUTE one_json;
EXECUTE many_json;

-- a NULL array is no batch
SELECT is_empty('SELECT * FROM dataloader.load_one(NULL::node, NULL::int[])', 'load_one of a NULL array');
SELECT is_empty('SELECT * FROM dataloader.load_many(NULL::node, NULL::int[], by => ''ref'')', 'load_many of a NULL array');
SELECT is_empty('SELECT * FROM dataloader.load_rows(NULL::node, NULL::int[])', 'load_rows of a NULL array');
SELECT is(dataloader.load_one_json('node', NULL::int[])::text, NULL, 'load_one_json of a NULL array');
SELECT is(dataloader.load_many_json('node', NULL::int[], by => 'ref')::text, NULL, 'load_many_json of a NULL array');
SELECT is(dataloader.load_one_json('node', NULL::text)::text, NULL, 'load_one_json of NULL text');

-- text keys, as drivers send them
SELECT is(dataloader.load_one_json('node', '{8,NULL,7,8}')::text, dataloader.load_one_json('node', '{8,NULL,7,8}'::int[])::text,
          'array literal');
SELECT is(dataloader.load_one_json('node', '[8, null, 7, "8"]')::text, dataloader.load_one_json('node', '{8,NULL,7,8}'::int[])::text,
          'JSON array');
SELECT is(dataloader.load_one_json('node', ' [0:3]={8,NULL,7,8}')::text, dataloader.load_one_json('node', '{8,NULL,7,8}'::int[])::text,
          'array literal with bounds');
SELECT is(dataloader.load_one_json('node', '{{8,NULL},{7,8}}')::text, dataloader.load_one_json('node', '{8,NULL,7,8}'::int[])::text,
          'array literal of two dimensions');
SELECT is(dataloader.load_many_json('node', '[]', by => 'ref')::text, '[]', 'empty JSON array');
SELECT is(dataloader.load_many_json('node', '{}', by => 'ref')::text, '[]', 'empty array literal');
SELECT is(dataloader.load_many_json('node', ' [ ] ', by => 'ref')::text, '[]', 'empty JSON array with spaces');
SELECT is(dataloader.load_many_json('node', '["c3","C3",null,"NULL"]', by => 'code', columns => '{id}', order_by => 'id', first => 1)::text,
          '[[{"id":3}],[],[],[]]', 'JSON strings on a text column');
SELECT is(dataloader.load_many_json('node', '{c3,C3,NULL,"NULL"}', by => 'code', columns => '{id}', order_by => 'id', first => 1)::text,
          '[[{"id":3}],[],[],[]]', 'array literal on a text column');

-- composite keys
CREATE TYPE pair AS (shard int, ref int);
SELECT is(dataloader.load_many_json('node', k, by => 'shard, ref', columns => '{id}', order_by => 'id')::text,
          '[[{"id":4},{"id":104},{"id":204},{"id":304},{"id":404}],[],[],[],[{"id":4},{"id":104},{"id":204},{"id":304},{"id":404}]]',
          'composite keys as ' || name)
FROM (VALUES ('rows', ARRAY[(0, 8), (1, 8), NULL, (0, NULL::int), (0, 8)])) v(name, k);
SELECT is(dataloader.load_many_json('node', ARRAY[(0, 8), (1, 8), NULL, (0, NULL::int), (0, 8)]::pair[], by => 'shard, ref')::text,
          dataloader.load_many_json('node', ARRAY[(0, 8), (1, 8), NULL, (0, NULL::int), (0, 8)], by => 'shard, ref')::text,
          'composite keys as a named type');
SELECT is(dataloader.load_many_json('node', '[[0,8],[1,8],null,[0,null],["0","8"]]', by => 'shard, ref')::text,
          dataloader.load_many_json('node', ARRAY[(0, 8), (1, 8), NULL, (0, NULL::int), (0, 8)], by => 'shard, ref')::text,
          'composite keys as JSON');
SELECT is(dataloader.load_many_json('node', ARRAY[(8, 0), (8, 1), NULL, (NULL::int, 0), (8, 0)], by => 'ref, shard')::text,
          dataloader.load_many_json('node', ARRAY[(0, 8), (1, 8), NULL, (0, NULL::int), (0, 8)], by => 'shard, ref')::text,
          'composite keys whose columns come in another order than the index''s');
SELECT is(dataloader.load_many_json('node', ARRAY[ROW(8), ROW(NULL::int), NULL, ROW(7), ROW(8)], by => 'ref', order_by => 'id')::text,
          dataloader.load_many_json('node', '{8,NULL,NULL,7,8}'::int[], by => 'ref', order_by => 'id')::text, 'rows of one field');
SELECT is(dataloader.load_many_json('node', ARRAY[]::pair[], by => 'shard, ref')::text, '[]', 'no composite key');
SELECT is(dataloader.load_many_json('node', ARRAY[]::record[], by => 'shard, ref')::text, '[]', 'no record');
SELECT is(dataloader.load_many_json('node', ARRAY[NULL, NULL]::record[], by => 'shard, ref')::text, '[[],[]]', 'NULL records only');

-- keys that come from rows, not constants
CREATE TABLE wish (n int, keys int[]);
INSERT INTO wish VALUES (1, '{8,7}'), (2, NULL), (3, '{}'), (4, '{10}');
SELECT results_eq('SELECT n, ord, (item).id FROM wish, dataloader.load_one(NULL::node, keys) ORDER BY n, ord',
                  $$VALUES (1, 1::bigint, 8), (1, 2, NULL), (4, 1, 10)$$, 'lateral call for each row');
SELECT results_eq('SELECT n, dataloader.load_one_json(''node'', keys, columns => ''{id}'')::text FROM wish ORDER BY n',
                  $$VALUES (1, '[{"id":8},null]'), (2, NULL), (3, '[]'), (4, '[{"id":10}]')$$, 'call in the select list');
SELECT results_eq('SELECT (dataloader.load_one(NULL::node, ''{8,7,10}''::int[])).ord', 'VALUES (1::bigint), (2), (3)',
                  'a set in the select list');
SELECT results_eq('SELECT ord FROM dataloader.load_one(NULL::node, ''{8,7,10,12}''::int[]) LIMIT 2', 'VALUES (1::bigint), (2)',
                  'a set that is not read to its end');

SELECT * FROM finish();
ROLLBACK;

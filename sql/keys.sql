-- Key arrays: NULL, empty, repeated, multi-dimensional, oddly bounded; as arrays and as text.
SET client_min_messages = warning;
CREATE SCHEMA test_keys;
SET search_path = test_keys;

CREATE TABLE t (id int PRIMARY KEY, grp int, name text);
CREATE INDEX ON t (grp);
INSERT INTO t SELECT i, i % 10, 'n' || i FROM generate_series(1, 50) i;

-- An answer as one text per verb: ids at each position.
CREATE FUNCTION one(keys int[]) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT string_agg(coalesce((item).id::text, '-'), ' ' ORDER BY ord) FROM dataloader.load_one(NULL::t, keys) $$;
CREATE FUNCTION one(keys text) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT string_agg(coalesce((item).id::text, '-'), ' ' ORDER BY ord) FROM dataloader.load_one(NULL::t, keys) $$;

CREATE VIEW one_answers AS
          SELECT 1 AS no, 'as given' AS keys, one(ARRAY[5, 99, 1]) AS arr, one('{5,99,1}'::text) AS literal, one('[5,99,1]'::text) AS json
UNION ALL SELECT 2, 'repeated', one(ARRAY[5, 5, 1, 5]), one('{5,5,1,5}'::text), one('[5,5,1,5]'::text)
UNION ALL SELECT 3, 'NULL among them', one(ARRAY[1, NULL, 1]), one('{1,NULL,1}'::text), one('[1,null,1]'::text)
UNION ALL SELECT 4, 'all NULL', one(ARRAY[NULL, NULL]::int[]), one('{NULL,NULL}'::text), one('[null,null]'::text)
UNION ALL SELECT 5, 'empty', one('{}'::int[]), one('{}'::text), one('[]'::text)
UNION ALL SELECT 6, 'NULL array', one(NULL::int[]), one(NULL::text), NULL
UNION ALL SELECT 7, 'lower bound 0', one('[0:2]={7,8,9}'::int[]), one('[0:2]={7,8,9}'::text), NULL
UNION ALL SELECT 8, 'lower bound -5', one('[-5:-4]={7,8}'::int[]), one('[-5:-4]={7,8}'::text), NULL
UNION ALL SELECT 9, 'two dimensions', one('{{1,2},{3,4}}'::int[]), one('{{1,2},{3,4}}'::text), NULL
UNION ALL SELECT 10, 'three, with NULL', one('{{{1},{NULL}},{{3},{4}}}'::int[]), one('{{{1},{NULL}},{{3},{4}}}'::text), NULL
UNION ALL SELECT 11, 'bounds of two dimensions', one('[2:3][5:6]={{1,2},{3,4}}'::int[]), one('[2:3][5:6]={{1,2},{3,4}}'::text), NULL
UNION ALL SELECT 12, 'spaces', NULL, one(E' { 1 ,\t2 } '::text), one(E'\n [ 1 ,\t2 ] '::text)
UNION ALL SELECT 13, 'quoted', NULL, one('{"1","2"}'::text), one('["1","2"]'::text)
UNION ALL SELECT 14, 'descending', one(ARRAY[3, 2, 1]), one('{3,2,1}'::text), one('[3,2,1]'::text)
UNION ALL SELECT 15, 'extremes', one(ARRAY[2147483647, -2147483648, 0]), one('{2147483647,-2147483648,0}'::text), one('[2147483647,-2147483648,0]'::text);

SET dataloader.direct_scan = on;
SELECT * FROM one_answers ORDER BY no;
SET dataloader.direct_scan = off;
SELECT * FROM one_answers ORDER BY no;
RESET dataloader.direct_scan;

-- NULL array, empty array and NULL element are three answers, in every verb.
CREATE VIEW shapes AS
SELECT what,
    (SELECT count(*) FROM dataloader.load_one(NULL::t, k)) AS one,
    (SELECT string_agg(coalesce(items::text, 'NULL'), ' ') FROM dataloader.load_many(NULL::t, k, by => 'grp')) AS many,
    (SELECT count(*) FROM dataloader.load_rows(NULL::t, k)) AS rows,
    coalesce(dataloader.load_one_json('t', k)::text, 'NULL') AS one_json,
    coalesce(dataloader.load_many_json('t', k, by => 'grp')::text, 'NULL') AS many_json
FROM (VALUES (1, 'NULL array', NULL::int[]), (2, 'empty array', '{}'), (3, 'NULL element', '{NULL}'), (4, 'missing', '{99}')) v(no, what, k)
ORDER BY no;
CREATE VIEW text_shapes AS
SELECT what,
    (SELECT count(*) FROM dataloader.load_one(NULL::t, k)) AS one,
    (SELECT string_agg(coalesce(items::text, 'NULL'), ' ') FROM dataloader.load_many(NULL::t, k, by => 'grp')) AS many,
    (SELECT count(*) FROM dataloader.load_rows(NULL::t, k)) AS rows,
    coalesce(dataloader.load_one_json('t', k)::text, 'NULL') AS one_json,
    coalesce(dataloader.load_many_json('t', k, by => 'grp')::text, 'NULL') AS many_json
FROM (VALUES (1, 'NULL text', NULL::text), (2, '{}', '{}'), (3, '[]', '[]'), (4, '{NULL}', '{NULL}'), (5, '[null]', '[null]'), (6, '[99]', '[99]')) v(no, what, k)
ORDER BY no;
SET dataloader.direct_scan = on;
TABLE shapes;
TABLE text_shapes;
SET dataloader.direct_scan = off;
TABLE shapes;
TABLE text_shapes;
RESET dataloader.direct_scan;

-- Repeated keys keep order and multiplicity in the other verbs, too.
CREATE VIEW repeated AS
SELECT 'load_many' AS verb, string_agg(ord || ':' || (SELECT string_agg(i.id::text, ',') FROM unnest(items) i), ' ') AS answer
FROM dataloader.load_many(NULL::t, ARRAY[5, 5, 1, NULL, 5], by => 'grp', order_by => 'id', first => 2)
UNION ALL
SELECT 'load_rows', string_agg(ord || ':' || (item).id, ' ')
FROM dataloader.load_rows(NULL::t, ARRAY[5, 5, 1, NULL, 5], by => 'grp', order_by => 'id', first => 2)
UNION ALL
SELECT 'load_one_json', dataloader.load_one_json('t', '{5,5,1,null,5}'::text, columns => '{id}')::text
UNION ALL
SELECT 'load_many_json', dataloader.load_many_json('t', '[5,5,1,null,5]'::text, by => 'grp', order_by => 'id', first => 2, columns => '{id}')::text;
SET dataloader.direct_scan = on;
TABLE repeated;
SET dataloader.direct_scan = off;
TABLE repeated;
RESET dataloader.direct_scan;

-- An untyped literal is text: no cast is needed.
SELECT dataloader.load_one_json('t', '{3,4}');
SELECT dataloader.load_one_json('t', '[3,4]');
SELECT * FROM dataloader.load_one(NULL::t, '[3,4]');
SELECT * FROM dataloader.load_rows(NULL::t, '{3,4}');
SELECT dataloader.load_one_json('t', NULL) IS NULL AS untyped_null;
PREPARE untyped AS SELECT dataloader.load_many_json('t', $1, by => 'grp', order_by => 'id', first => 1);
EXECUTE untyped('{3,4}');
EXECUTE untyped('[4,3]');
DEALLOCATE untyped;

-- Text keys are read by the key column's type, not by JSON's.
CREATE TABLE words (w text PRIMARY KEY);
INSERT INTO words VALUES ('1'), ('1.0'), ('true'), ('null'), ('a,b'), ('a"b'), ('a\b'), ('{x}'), (''), ('é'), (E'tab\t'), ('NULL');
CREATE VIEW word_answers AS
          SELECT 'json number' AS keys, dataloader.load_one_json('words', '[1, 1.0, 1e0, 2]') AS answer
UNION ALL SELECT 'json literal', dataloader.load_one_json('words', '[true, null, "null", "NULL", false]')
UNION ALL SELECT 'json string', dataloader.load_one_json('words', '["a,b", "a\"b", "a\\b", "{x}", "", "\u00e9", "tab\t"]')
UNION ALL SELECT 'array literal', dataloader.load_one_json('words', '{1,1.0,true,null,"null",NULL,"NULL"}')
UNION ALL SELECT 'array literal, quoted', dataloader.load_one_json('words', '{"a,b","a\"b","a\\b","{x}","",é,"tab	"}')
UNION ALL SELECT 'array', dataloader.load_one_json('words', ARRAY['a,b', 'a"b', 'a\b', '{x}', '', 'é', E'tab\t', NULL, 'null']);
SET dataloader.direct_scan = on;
TABLE word_answers;
SET dataloader.direct_scan = off;
TABLE word_answers;
RESET dataloader.direct_scan;

-- A JSON number is not rounded on its way.
CREATE TABLE wide (id bigint PRIMARY KEY);
CREATE TABLE exact (id numeric PRIMARY KEY);
INSERT INTO wide VALUES (9007199254740993), (9007199254740992), (9223372036854775807);
INSERT INTO exact VALUES (0.1), (12345678901234567890.123456789), (100);
SELECT dataloader.load_one_json('wide', '[9007199254740993, 9223372036854775807, 9007199254740994]');
SELECT dataloader.load_one_json('exact', '[0.1, 12345678901234567890.123456789, 1e2, 0.10]');

-- Values of a plpgsql variable (an expanded array) and of a stored, toasted array.
DO $$
DECLARE ids int[] := '{}';
BEGIN
    FOR i IN 1..5 LOOP ids := ids || i * 10; END LOOP;
    RAISE WARNING '%', dataloader.load_one_json('t', ids, columns => '{id}');
END $$;
CREATE TABLE stored (ids int[]);
INSERT INTO stored SELECT array_agg(i % 60) FROM generate_series(1, 20000) i;
SELECT count(*), count(item) FROM stored, dataloader.load_one(NULL::t, ids);
SELECT (SELECT count(*) FROM stored, unnest(ids)) AS keys, (SELECT count(*) FROM stored, unnest(ids) k JOIN t ON t.id = k) AS found;

DROP SCHEMA test_keys CASCADE;

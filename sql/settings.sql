-- The settings: direct_scan, require_index, max_keys, json_bigints.
SET client_min_messages = warning;
CREATE SCHEMA test_settings;
SET search_path = test_settings;
CREATE TABLE t (id bigint PRIMARY KEY, grp int, n numeric, i int, f float8, ids bigint[], doc jsonb);
CREATE INDEX ON t (grp);
INSERT INTO t VALUES (9007199254740993, 1, 12345678901234567890.5, 7, 1.5, '{9007199254740993,NULL}', '{"n": 9007199254740993}'), (2, 2, NULL, 8, 'NaN', '{}', 'null');

-- (the first call loads the module, and so its settings)
SELECT dataloader.load_one_json('t', '[]');
SELECT name, setting, vartype, context, min_val, max_val, enumvals
FROM pg_settings WHERE name LIKE 'dataloader.%' ORDER BY name;
-- every description begins with a verb and ends with a period
SELECT name, short_desc ~ '^[A-Z].*\.$' AS described FROM pg_settings WHERE name LIKE 'dataloader.%' ORDER BY name;
SET dataloader.direct_scan = maybe;
SET dataloader.json_bigints = maybe;
SET dataloader.max_keys = 0;
SET dataloader.max_keys = 134217728;

-- max_keys
SET dataloader.max_keys = 3;
SELECT dataloader.load_one_json('t', '[1,2,3]', columns => '{id}');
SELECT dataloader.load_one_json('t', '[1,2,3,4]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('t', ARRAY[1, 2, 3, NULL]);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM dataloader.load_one(NULL::t, ARRAY[2, 2, 2, 2]);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM dataloader.load_many(NULL::t, '{{1,2},{3,4}}', by => 'grp');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM dataloader.load_rows(NULL::t, ARRAY[(1, 1), (2, 2), (3, 3), (4, 4)], by => 'id, grp');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('t', '{1,2,3,4}', by => 'grp');
\echo :LAST_ERROR_SQLSTATE
SET dataloader.direct_scan = off;
SELECT dataloader.load_one_json('t', '[1,2,3,4]');
\echo :LAST_ERROR_SQLSTATE
RESET dataloader.direct_scan;
RESET dataloader.max_keys;
SELECT count(*) FROM dataloader.load_one(NULL::t, (SELECT array_agg(i) FROM generate_series(1, 1000001) i));
\echo :LAST_ERROR_SQLSTATE
SELECT count(*), count(item) FROM dataloader.load_one(NULL::t, (SELECT array_agg(i) FROM generate_series(1, 1000000) i));
SELECT length(dataloader.load_one_json('t', (SELECT array_agg(2) FROM generate_series(1, 1000000) i), columns => '{grp}')::text);
-- only a superuser may raise it
CREATE ROLE regress_dl_user;
SET ROLE regress_dl_user;
SET dataloader.max_keys = 2000000;
SET dataloader.direct_scan = off;
SET dataloader.require_index = on;
SET dataloader.json_bigints = string;
RESET ROLE;
RESET dataloader.direct_scan;
RESET dataloader.require_index;
RESET dataloader.json_bigints;
DROP ROLE regress_dl_user;

-- require_index: a batch that no index can serve is an error that names the one to create
SET dataloader.require_index = on;
SELECT dataloader.load_one_json('t', '[2]', columns => '{id}');
SELECT dataloader.load_many_json('t', '[2]', by => 'grp', columns => '{id}');
SELECT dataloader.load_many_json('t', '[8]', by => 'i', columns => '{id}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM dataloader.load_rows(NULL::t, '[[8,2]]', by => 'i, grp');
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE "Odd" ("Id" int);
SELECT dataloader.load_one_json('"Odd"', '[8]', by => '"Id"');
\echo :LAST_ERROR_SQLSTATE
CREATE INDEX ON "Odd" ("Id");
SELECT dataloader.load_one_json('"Odd"', '[8]', by => '"Id"');
-- the index serves the plan path, too
SET dataloader.direct_scan = off;
SELECT dataloader.load_many_json('t', '[2]', by => 'grp', columns => '{id}');
SELECT dataloader.load_many_json('t', '[8]', by => 'i', columns => '{id}');
\echo :LAST_ERROR_SQLSTATE
RESET dataloader.direct_scan;
RESET dataloader.require_index;
SELECT dataloader.load_many_json('t', '[8]', by => 'i', columns => '{id}');

-- json_bigints: int8 and numeric as strings, everywhere a value of theirs is written
CREATE DOMAIN big AS bigint;
CREATE TYPE pair AS (id bigint, n numeric);
CREATE TABLE many (id big PRIMARY KEY, p pair, ps pair[], r numeric[], m bigint[], z numeric, s smallint, f float8, w text, j json);
INSERT INTO many VALUES (1, (2, 3.50), ARRAY[(4, 5)::pair], '{1.0,NaN}', '{{1,2},{3,4}}', 'NaN', 1, 1, '1', '1'), (-5, NULL, NULL, NULL, NULL, -0.00, 2, 2, '2', '2');
CREATE VIEW both_bigints AS SELECT dataloader.load_one_json('t', '[9007199254740993,2]') AS t, dataloader.load_one_json('many', '[1,-5]') AS many;
SELECT t FROM both_bigints;
SELECT many FROM both_bigints;
SET dataloader.json_bigints = string;
SELECT t FROM both_bigints;
SELECT many FROM both_bigints;
SET dataloader.direct_scan = off;
SELECT t FROM both_bigints;
SELECT many FROM both_bigints;
SET dataloader.json_bigints = number;
SELECT t FROM both_bigints;
SELECT many FROM both_bigints;
RESET dataloader.direct_scan;
RESET dataloader.json_bigints;

DROP SCHEMA test_settings CASCADE;

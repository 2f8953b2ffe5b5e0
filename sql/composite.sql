-- Composite keys: arrays of rows and nested JSON, matched against several columns.
SET client_min_messages = warning;
CREATE SCHEMA test_composite;
SET search_path = test_composite;

CREATE TABLE account (tenant int, code text, n bigint, PRIMARY KEY (tenant, code));
INSERT INTO account SELECT i % 4, 'c' || i % 25, i FROM generate_series(1, 100) i;
ANALYZE account;
CREATE TYPE account_key AS (tenant int, code text);
CREATE DOMAIN account_key_domain AS account_key;
CREATE TABLE visit (tenant int, code text, day date, id int);
CREATE INDEX ON visit (code, tenant, day);
INSERT INTO visit SELECT i % 4, CASE WHEN i % 50 > 0 THEN 'c' || i % 25 END, date '2020-01-01' + i % 7, i FROM generate_series(1, 1000) i;

SELECT * FROM dataloader.load_one(NULL::account, ARRAY[(1, 'c1'), (9, 'c1'), (2, 'c10')]);
SELECT dataloader.load_one_json('account', ARRAY[(1, 'c1'), (9, 'c1'), (2, 'c10')]);
SELECT dataloader.load_one_json('account', '[[1,"c1"],[9,"c1"],[2,"c10"]]');

-- Every way to write the same keys gives the same answer.
CREATE VIEW answers AS
          SELECT 1 AS no, 'rows' AS keys, dataloader.load_one_json('account', ARRAY[(2, 'c10'), NULL, (1, 'c1'), (2, 'c10'), (7, 'c1')], columns => '{n}') AS answer
UNION ALL SELECT 2, 'json', dataloader.load_one_json('account', '[[2,"c10"],null,[1,"c1"],[2,"c10"],[7,"c1"]]', columns => '{n}')
UNION ALL SELECT 3, 'named type', dataloader.load_one_json('account', ARRAY[(2, 'c10'), NULL, (1, 'c1'), (2, 'c10'), (7, 'c1')]::account_key[], columns => '{n}')
UNION ALL SELECT 4, 'domain over it', dataloader.load_one_json('account', ARRAY[(2, 'c10'), NULL, (1, 'c1'), (2, 'c10'), (7, 'c1')]::account_key_domain[], columns => '{n}')
UNION ALL SELECT 5, 'wider fields', dataloader.load_one_json('account', ARRAY[(2::bigint, 'c10'::varchar), NULL, (1::bigint, 'c1'::varchar), (2::bigint, 'c10'::varchar), (5000000000, 'c1'::varchar)], columns => '{n}')
UNION ALL SELECT 6, 'narrower fields', dataloader.load_one_json('account', ARRAY[(2::smallint, 'c10'::name), NULL, (1::smallint, 'c1'::name), (2::smallint, 'c10'::name), (7::smallint, ''::name)], columns => '{n}')
UNION ALL SELECT 7, 'by, swapped', dataloader.load_one_json('account', ARRAY[('c10', 2), NULL, ('c1', 1), ('c10', 2), ('c1', 7)], by => 'code, tenant', columns => '{n}')
UNION ALL SELECT 8, 'two dimensions', dataloader.load_one_json('account', ARRAY[ARRAY[(2, 'c10'), NULL], ARRAY[(1, 'c1'), (2, 'c10')], ARRAY[(7, 'c1'), (7, 'c1')]], columns => '{n}')
UNION ALL SELECT 9, 'empty', dataloader.load_one_json('account', '{}'::account_key[])
UNION ALL SELECT 10, 'empty records', dataloader.load_one_json('account', ARRAY[]::record[])
UNION ALL SELECT 11, 'all NULL', dataloader.load_one_json('account', ARRAY[NULL, NULL]::account_key[])
UNION ALL SELECT 12, 'NULL records', dataloader.load_one_json('account', ARRAY[NULL, NULL]::record[])
UNION ALL SELECT 13, 'NULL array', coalesce(dataloader.load_one_json('account', NULL::account_key[]), '"NULL"')
UNION ALL SELECT 14, 'a NULL field', dataloader.load_one_json('account', ARRAY[(2, NULL), (NULL, 'c1'), (NULL, NULL), (1, 'c1')]::account_key[], columns => '{n}')
UNION ALL SELECT 15, 'json, a null field', dataloader.load_one_json('account', '[[2,null],[null,"c1"],[null,null],[1,"c1"]]', columns => '{n}')
UNION ALL SELECT 16, 'json empty', dataloader.load_one_json('account', '[]')
UNION ALL SELECT 17, 'one column, rows', dataloader.load_many_json('account', ARRAY[ROW(3), ROW(NULL::int), ROW(8)], by => 'tenant', order_by => 'n', first => 1, columns => '{n}')
UNION ALL SELECT 18, 'one column, json', dataloader.load_many_json('account', '[[3],[null],[8]]', by => 'tenant', order_by => 'n', first => 1, columns => '{n}');

SET dataloader.direct_scan = on;
SELECT * FROM answers ORDER BY no;
SET dataloader.direct_scan = off;
SELECT * FROM answers ORDER BY no;

-- Against plain SQL: NULLs in the rows and in the keys, two and three columns, any order of columns,
-- an index that has them all, some of them, or none.
CREATE TABLE wanted AS
SELECT nullif(i % 6, 5) AS tenant, CASE WHEN i % 9 > 0 THEN 'c' || i % 30 END AS code, date '2020-01-01' + i % 9 AS day, i AS ord
FROM generate_series(1, 300) i;
CREATE VIEW checks AS
SELECT 'two columns' AS what,
    (SELECT string_agg(ord || ':' || (SELECT string_agg(v.id::text, ',') FROM unnest(items) v), ' ')
     FROM dataloader.load_many(NULL::visit, (SELECT array_agg((tenant, code) ORDER BY ord) FROM wanted), by => 'tenant, code', order_by => 'id'))
    = (SELECT string_agg(ord || ':' || (SELECT string_agg(v.id::text, ',' ORDER BY v.id) FROM visit v WHERE v.tenant = w.tenant AND v.code = w.code), ' ' ORDER BY ord) FROM wanted w) AS ok
UNION ALL SELECT 'the other way round',
    (SELECT string_agg(ord || ':' || (SELECT string_agg(v.id::text, ',') FROM unnest(items) v), ' ')
     FROM dataloader.load_many(NULL::visit, (SELECT array_agg((code, tenant) ORDER BY ord) FROM wanted), by => 'code, tenant', order_by => 'id'))
    = (SELECT string_agg(ord || ':' || (SELECT string_agg(v.id::text, ',' ORDER BY v.id) FROM visit v WHERE v.tenant = w.tenant AND v.code = w.code), ' ' ORDER BY ord) FROM wanted w)
UNION ALL SELECT 'three columns',
    (SELECT string_agg(ord || ':' || (SELECT string_agg(v.id::text, ',') FROM unnest(items) v), ' ')
     FROM dataloader.load_many(NULL::visit, (SELECT array_agg((day, tenant, code) ORDER BY ord) FROM wanted), by => 'day, tenant, code', order_by => 'id'))
    = (SELECT string_agg(ord || ':' || (SELECT string_agg(v.id::text, ',' ORDER BY v.id) FROM visit v WHERE v.tenant = w.tenant AND v.code = w.code AND v.day = w.day), ' ' ORDER BY ord) FROM wanted w)
UNION ALL SELECT 'a prefix and a gap of the index',
    (SELECT string_agg(ord || ':' || (SELECT string_agg(v.id::text, ',') FROM unnest(items) v), ' ')
     FROM dataloader.load_many(NULL::visit, (SELECT array_agg((code, day) ORDER BY ord) FROM wanted), by => 'code, day', order_by => 'id'))
    = (SELECT string_agg(ord || ':' || (SELECT string_agg(v.id::text, ',' ORDER BY v.id) FROM visit v WHERE v.code = w.code AND v.day = w.day), ' ' ORDER BY ord) FROM wanted w)
UNION ALL SELECT 'no index',
    (SELECT string_agg(ord || ':' || (SELECT string_agg(v.id::text, ',') FROM unnest(items) v), ' ')
     FROM dataloader.load_many(NULL::visit, (SELECT array_agg((day, tenant) ORDER BY ord) FROM wanted), by => 'day, tenant', order_by => 'id'))
    = (SELECT string_agg(ord || ':' || (SELECT string_agg(v.id::text, ',' ORDER BY v.id) FROM visit v WHERE v.tenant = w.tenant AND v.day = w.day), ' ' ORDER BY ord) FROM wanted w)
UNION ALL SELECT 'with filter, first and skip',
    (SELECT string_agg(ord || ':' || (SELECT string_agg(v.id::text, ',') FROM unnest(items) v), ' ')
     FROM dataloader.load_many(NULL::visit, (SELECT array_agg((tenant, code) ORDER BY ord) FROM wanted), by => 'tenant, code', filter => 'day > $1', args => '["2020-01-02"]', order_by => 'day, id', first => 2, skip => 1))
    = (SELECT string_agg(ord || ':' || (SELECT string_agg(x.id::text, ',') FROM (SELECT v.id FROM visit v WHERE v.tenant = w.tenant AND v.code = w.code AND day > '2020-01-02' ORDER BY day, id LIMIT 2 OFFSET 1) x), ' ' ORDER BY ord) FROM wanted w)
UNION ALL SELECT 'JSON keys',
    dataloader.load_many_json('visit', (SELECT '[' || string_agg(json_build_array(tenant, code)::text, ',' ORDER BY ord) || ']' FROM wanted), by => 'tenant, code', order_by => 'id')::text
    = dataloader.load_many_json('visit', (SELECT array_agg((tenant, code) ORDER BY ord) FROM wanted), by => 'tenant, code', order_by => 'id')::text;

SET dataloader.direct_scan = on;
TABLE checks;
SET dataloader.direct_scan = off;
TABLE checks;
RESET dataloader.direct_scan;

-- An index that names a column twice does not serve two columns.
CREATE TABLE twice (a int, b int);
INSERT INTO twice SELECT i % 5, i FROM generate_series(1, 50) i;
CREATE INDEX ON twice (a, a);
CREATE INDEX ON twice (b, b, a);
SET dataloader.direct_scan = on;
SELECT dataloader.load_many_json('twice', ARRAY[(1, 1), (2, 1), (4, 9)], by => 'a, b');
SET dataloader.direct_scan = off;
SELECT dataloader.load_many_json('twice', ARRAY[(1, 1), (2, 1), (4, 9)], by => 'a, b');
RESET dataloader.direct_scan;

-- A named type with a dropped attribute, and a table's own row type.
CREATE TYPE shrunk AS (tenant int, gone text, code text);
ALTER TYPE shrunk DROP ATTRIBUTE gone;
SELECT dataloader.load_one_json('account', ARRAY[(1, 'c1'), (2, 'c10')]::shrunk[], columns => '{n}');
CREATE TABLE pair (gone int, tenant int, code text);
ALTER TABLE pair DROP COLUMN gone;
INSERT INTO pair VALUES (1, 'c1'), (NULL, 'c2'), (2, 'c10');
SELECT dataloader.load_one_json('account', ARRAY(SELECT p FROM pair p ORDER BY code), columns => '{n}');
SELECT dataloader.load_one_json('account', ARRAY(SELECT ROW(tenant, code) FROM pair p ORDER BY code), columns => '{n}');

-- Keys that come compressed from a table.
CREATE TABLE stored (keys account_key[]);
INSERT INTO stored SELECT array_agg((i % 4, 'c' || i % 25)::account_key) FROM generate_series(1, 5000) i;
SELECT count(*), count(item) FROM stored, dataloader.load_one(NULL::account, keys);

DROP SCHEMA test_composite CASCADE;

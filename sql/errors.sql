-- Every error: its text, detail, hint, context and SQLSTATE.
SET client_min_messages = warning;
CREATE SCHEMA test_errors;
SET search_path = test_errors;

CREATE TABLE article (id int PRIMARY KEY, reporter_id int, headline text, doc json, tags text[], day date);
CREATE INDEX ON article (reporter_id);
INSERT INTO article SELECT i, i % 3, 'h' || i FROM generate_series(1, 9) i;
CREATE TABLE nokey (x int, y int);
CREATE INDEX article_headline ON article (headline);
CREATE SEQUENCE seq;
CREATE TYPE pair AS (a int, b text);
CREATE VIEW headlines AS SELECT id, headline FROM article;

-- the relation
SELECT dataloader.load_one_json(4000000000::oid::regclass, '[1]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json(0::oid::regclass, '[1]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json(NULL, '[1]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json(NULL, ARRAY[1], by => 'id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('missing', '[1]');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM dataloader.load_one(NULL::int, '[1]');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM dataloader.load_many(NULL::text, ARRAY[1], by => 'id');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM dataloader.load_rows(NULL::int[], ARRAY[1]);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM dataloader.load_one(NULL::pair, '[1]');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM dataloader.load_rows(ROW(1, 2), '[1]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article_headline', '[1]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('seq', '[1]', by => 'last_value');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('pair', '[1]', by => 'a');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE article RENAME COLUMN day TO published;
-- (the name of a TOAST table has an OID in it)
DO $$
BEGIN
    PERFORM dataloader.load_one_json((SELECT reltoastrelid FROM pg_class WHERE oid = 'article'::regclass), '[1]', by => 'chunk_id');
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING '% %', sqlstate, regexp_replace(sqlerrm, 'pg_toast_\d+', 'pg_toast_N');
END $$;

-- columns that are not there
SELECT dataloader.load_one_json('article', '[1]', by => 'nope');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[[1,2]]', by => 'id, day');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1]', by => 'ctid');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1]', columns => '{id,nope}');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1]', columns => '{ID}');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1]', filter => 'nope = 1');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1]', order_by => 'id, nope');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE article DROP COLUMN published;
SELECT dataloader.load_one_json('article', '[1]', by => 'published');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1]', by => '"........pg.dropped.6........"');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1]', columns => '{........pg.dropped.6........}');
\echo :LAST_ERROR_SQLSTATE

-- option by
SELECT dataloader.load_one_json('nokey', '[1]');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM dataloader.load_one(NULL::headlines, '[1]');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM dataloader.load_rows(NULL::nokey, '[1]');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM dataloader.load_many(NULL::article, ARRAY[1]);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1]', by => 'a,,b');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1]', by => '');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1]', by => '"id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1]', by => 'id = id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1]', by => 'article.id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[[1,1]]', by => 'id, ID');
\echo :LAST_ERROR_SQLSTATE

-- keys and columns that do not compare
SELECT dataloader.load_one_json('article', ARRAY[date '2020-01-01']);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', ARRAY['1'::text]);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', ARRAY[1], by => 'headline');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', ARRAY[(1, date '2020-01-01')], by => 'id, reporter_id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', ARRAY['{}'::json], by => 'doc');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '["{}"]', by => 'doc');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', ARRAY[ARRAY['a', 'b']], by => 'tags');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '{{a,b}}', by => 'tags');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', ARRAY[(1, 2, 3)], by => 'id, reporter_id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', ARRAY[(1, 2, 3)]);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', ARRAY[1], by => 'id, reporter_id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[[1,2],[1,2,3]]', by => 'id, reporter_id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1,2]', by => 'id, reporter_id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[[1,2]]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[[]]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', ARRAY[(1, 2), (1, 'x'::text)], by => 'id, reporter_id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', ARRAY[(1, 2), (1::bigint, 2)], by => 'id, reporter_id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', ARRAY[(1, 2), ROW(1)], by => 'id, reporter_id');
\echo :LAST_ERROR_SQLSTATE

-- key text
SELECT dataloader.load_one_json('article', '1,2');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', 'null');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '{1,2');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1,2');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1,2] x');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '{1,x}');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1,"x"]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1.5]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[5000000000]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[true]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1, {"id": 2}]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[[1, 1], [1, {"id": 2}]]', by => 'id, reporter_id');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
SELECT dataloader.load_one_json('article', '{"id": 1}');
\set VERBOSITY default
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '["\u0000"]', by => 'headline');
\echo :LAST_ERROR_SQLSTATE

-- filter
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'id = 1, true');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'true AS x');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'true; SELECT 1');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'true) OR (true');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'true ORDER BY id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'true UNION SELECT true');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'true FROM article');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'true WHERE true');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => '');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => '*');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'article.*');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'id = = 1');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'true /* open');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'max(id) = 1');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'row_number() OVER () = 1');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'generate_series(1, 2) = 1');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'id = ''x''');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => '1 / (id - 1) > 0');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'missing_function(id)');
\echo :LAST_ERROR_SQLSTATE

-- order_by
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', order_by => 'id LIMIT 1');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', order_by => 'id OFFSET 1');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', order_by => 'id FOR UPDATE');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', order_by => 'id; SELECT 1');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', order_by => 'id) x');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', order_by => '');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', order_by => '*');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', order_by => 'id,');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', order_by => 'doc');
\echo :LAST_ERROR_SQLSTATE

-- args
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'id = $1', args => '1');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'id = $1', args => '{"a": 1}');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'id = $1', args => 'null');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'id = $1 OR headline = $2', args => '[1]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'id = $1', order_by => 'abs(id - $2)', args => '[1]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'id = $1');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'id = $1', args => '[1, 2]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', args => '[1]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'id = $1', args => '["x"]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'id = $1', args => '[1.5]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'headline = $1 AND id = ANY($2)', args => '["h", [1, "x"]]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => '$1 IS NULL', args => '[1]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'id = $2', args => '[1, 2]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => 'id = $0', args => '[1]');
\echo :LAST_ERROR_SQLSTATE

-- columns
SELECT dataloader.load_one_json('article', '[1]', columns => '{}');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1]', columns => '{id,NULL}');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[1]', columns => '{id,headline,id}');
\echo :LAST_ERROR_SQLSTATE

-- first and skip
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', first => -1);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', skip => -1);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM dataloader.load_rows(NULL::article, '[1]', by => 'reporter_id', first => -2147483648);
\echo :LAST_ERROR_SQLSTATE

-- to-one, but two rows match
SELECT dataloader.load_one_json('article', '[1]', by => 'reporter_id');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM dataloader.load_one(NULL::article, ARRAY[99, 1], by => 'reporter_id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('article', '[["h1"]]', by => 'headline', columns => '{id}');
INSERT INTO nokey VALUES (1, 1), (1, 1), (2, 1);
SELECT dataloader.load_one_json('nokey', '[[1,1]]', by => 'x, y');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('nokey', '[[2,1]]', by => 'x, y');
SET dataloader.direct_scan = off;
\set SHOW_CONTEXT never
SELECT dataloader.load_one_json('article', '[1]', by => 'reporter_id');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM dataloader.load_one(NULL::article, ARRAY[99, 1], by => 'reporter_id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'reporter_id', filter => '1 / (id - 1) > 0');
\echo :LAST_ERROR_SQLSTATE
RESET dataloader.direct_scan;
\set SHOW_CONTEXT errors

-- bad options are refused though there is no key to look for
SELECT dataloader.load_one_json('article', '[]', by => 'nope');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '{}', by => 'reporter_id', filter => 'nope');
\echo :LAST_ERROR_SQLSTATE

-- no overload
SELECT dataloader.load_one_json('article', 1);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM dataloader.load_one('article', '[1]');
\echo :LAST_ERROR_SQLSTATE

-- and after all of that it works
SELECT dataloader.load_one_json('article', '[1]', columns => '{id}');

DROP SCHEMA test_errors CASCADE;

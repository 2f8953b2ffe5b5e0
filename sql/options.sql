-- Options: filter with args, order_by, first, skip, columns, and how "by" is written.
SET client_min_messages = warning;
CREATE SCHEMA test_options;
SET search_path = test_options;

CREATE TABLE reporter (id int PRIMARY KEY, vip bool);
INSERT INTO reporter VALUES (1, true), (2, false), (3, true);
CREATE TABLE article (id int PRIMARY KEY, reporter_id int, headline text, pub_date date, score numeric, status text, meta jsonb, tags text[]);
CREATE INDEX ON article (reporter_id, pub_date);
INSERT INTO article
SELECT i, i % 4, 'Title ' || i, CASE WHEN i % 7 > 0 THEN date '2020-01-01' + i * 3 % 20 END, CASE WHEN i % 5 > 0 THEN i * 1.5 % 8 END,
    (ARRAY['draft', 'live', 'dead'])[1 + i % 3], jsonb_build_object('n', i), ARRAY['t' || i % 2, 'u' || i % 3]
FROM generate_series(1, 60) i;
ANALYZE article;

-- ids at each position
CREATE FUNCTION ids(filter text DEFAULT NULL, args jsonb DEFAULT NULL, order_by text DEFAULT 'id', first int DEFAULT NULL, skip int DEFAULT NULL)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT string_agg(coalesce((SELECT string_agg(i.id::text, ',') FROM unnest(items) i), '-'), ' ' ORDER BY ord)
    FROM dataloader.load_many(NULL::test_options.article, ARRAY[3, 9, 1], by => 'reporter_id', filter => ids.filter, args => ids.args,
        order_by => ids.order_by, first => ids.first, skip => ids.skip)
$$;
-- the same in plain SQL: conditions and order are written out
CREATE FUNCTION sql_ids(condition text, order_by text DEFAULT 'id', first int DEFAULT NULL, skip int DEFAULT NULL)
RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE answer text;
BEGIN
    EXECUTE format('SELECT string_agg(coalesce((SELECT string_agg(x.id::text, '','') FROM (SELECT * FROM article WHERE reporter_id = k.key AND (%s' || E'\n) ORDER BY %s\n' || 'LIMIT %s OFFSET %s) x), ''-''), '' '' ORDER BY k.ord)'
                   ' FROM unnest(ARRAY[3, 9, 1]) WITH ORDINALITY k(key, ord)', condition, order_by, coalesce(first::text, 'ALL'), coalesce(skip, 0)) INTO answer;
    RETURN answer;
END $$;

-- filter
CREATE VIEW filters AS
          SELECT 1 AS no, 'none' AS filter, ids() AS ids, sql_ids('true') AS wanted
UNION ALL SELECT 2, 'one value', ids('score > $1', '[5.5]'), sql_ids('score > 5.5')
UNION ALL SELECT 3, 'value as JSON string', ids('score > $1', '["5.5"]'), sql_ids('score > 5.5')
UNION ALL SELECT 4, 'types are inferred', ids('pub_date > $1 AND headline LIKE $2', '["2020-01-10", "%3"]'), sql_ids($$pub_date > '2020-01-10' AND headline LIKE '%3'$$)
UNION ALL SELECT 5, 'a value used twice', ids('score > $1 OR score < -$1', '[5]'), sql_ids('score > 5')
UNION ALL SELECT 6, 'array value', ids('status = ANY($1)', '[["draft", "dead"]]'), sql_ids($$status IN ('draft', 'dead')$$)
UNION ALL SELECT 7, 'array value with null', ids('status = ANY($1)', '[["draft", null]]'), sql_ids($$status = 'draft'$$)
UNION ALL SELECT 8, 'empty array value', ids('status = ANY($1)', '[[]]'), sql_ids('false')
UNION ALL SELECT 9, 'array of numbers', ids('id = ANY($1)', '[[1, 3, 5]]'), sql_ids('id IN (1, 3, 5)')
UNION ALL SELECT 10, 'array as literal', ids('id = ANY($1)', '["{1,3,5}"]'), sql_ids('id IN (1, 3, 5)')
UNION ALL SELECT 11, 'array against array', ids('tags @> $1', '[["t1", "u0"]]'), sql_ids($$tags @> '{t1,u0}'$$)
UNION ALL SELECT 12, 'null value', ids('score > $1', '[null]'), sql_ids('false')
UNION ALL SELECT 13, 'null value, meant', ids('score IS NOT DISTINCT FROM $1', '[null]'), sql_ids('score IS NULL')
UNION ALL SELECT 14, 'a condition that is NULL', ids('NULL'), sql_ids('NULL')
UNION ALL SELECT 15, 'bool value', ids('(score > 5) = $1', '[true]'), sql_ids('score > 5')
UNION ALL SELECT 16, 'json value', ids('meta @> $1', '[{"n": 3}]'), sql_ids('id = 3')
UNION ALL SELECT 17, 'json array value', ids('meta -> ''n'' <@ $1', '[[1, 2, 3]]'), sql_ids('id <= 3')
UNION ALL SELECT 18, 'subquery', ids('EXISTS (SELECT FROM reporter r WHERE r.id = reporter_id AND r.vip)'), sql_ids('true')
UNION ALL SELECT 19, 'subquery with a value', ids('reporter_id IN (SELECT r.id FROM reporter r WHERE r.id > $1)', '[1]'), sql_ids('reporter_id > 1')
UNION ALL SELECT 20, 'a function', ids('upper(headline) = $1', '["TITLE 7"]'), sql_ids('id = 7')
UNION ALL SELECT 21, 'named by the relation', ids('article.id < 6'), sql_ids('id < 6')
UNION ALL SELECT 22, 'the row', ids('article IS NOT NULL'), sql_ids('article IS NOT NULL')
UNION ALL SELECT 23, 'OR binds no wider', ids('false OR score > 5'), sql_ids('score > 5')
UNION ALL SELECT 24, 'a comment', ids('score > 5 -- note'), sql_ids('score > 5')
UNION ALL SELECT 25, 'a long comment', ids('score > 5 /* note */'), sql_ids('score > 5')
UNION ALL SELECT 26, 'text that looks like values', ids($$headline <> '$1 $2'$$), sql_ids('true')
UNION ALL SELECT 27, 'a collation', ids('headline COLLATE "C" > $1', '["Title 4"]'), sql_ids('headline COLLATE "C" > ''Title 4''')
UNION ALL SELECT 28, 'no value needed', ids('score > 5', '[]'), sql_ids('score > 5')
UNION ALL SELECT 29, 'the key column', ids('reporter_id = 3'), sql_ids('reporter_id = 3')
UNION ALL SELECT 30, 'CASE', ids('CASE WHEN score > $1 THEN status = $2 ELSE false END', '[5, "live"]'), sql_ids($$score > 5 AND status = 'live'$$)
UNION ALL SELECT 31, 'a cast value', ids('score > $1::int', '["5"]'), sql_ids('score > 5')
UNION ALL SELECT 32, 'a volatile function', ids('random() >= 0 AND score > 5'), sql_ids('score > 5')
UNION ALL SELECT 33, 'a stable function', ids('pub_date < now() AND score > 5'), sql_ids('score > 5 AND pub_date < now()')
UNION ALL SELECT 34, 'a quoted name', ids('"score" > 5'), sql_ids('score > 5');
SET dataloader.direct_scan = on;
SELECT no, filter, ids, ids = wanted AS ok FROM filters ORDER BY no;
SET dataloader.direct_scan = off;
SELECT no, filter, ids = wanted AS ok FROM filters ORDER BY no;

-- order_by, first and skip: every order with every page
CREATE TABLE orders (o text);
INSERT INTO orders VALUES ('id'), ('id DESC'), ('pub_date, id'), ('pub_date DESC, id'), ('pub_date DESC NULLS LAST, id DESC'), ('pub_date NULLS FIRST, id'),
    ('score DESC, pub_date, id'), ('score ASC NULLS FIRST, id DESC'), ('lower(headline) COLLATE "C", id'), ('headline COLLATE "C" DESC, id'), ('headline USING >, id'),
    ('id % 3, id'), ('length(headline), id'), ('reporter_id, pub_date, id'), ('pub_date DESC NULLS FIRST, score NULLS FIRST, id'), ('status = ''live'', id'), ('article.score, article.id'),
    ('(SELECT max(r.id) FROM reporter r WHERE r.id < article.id), id DESC'), ('score, id -- note'), ('CASE WHEN score > 4 THEN 0 ELSE 1 END, score DESC NULLS LAST, id'), ('meta, id'), ('tags DESC, id'), ('article'), ('article.* DESC');
CREATE TABLE pages (first int, skip int);
INSERT INTO pages VALUES (NULL, NULL), (1, NULL), (0, NULL), (3, 2), (NULL, 4), (2, 14), (2, 100), (2147483647, 0), (2147483647, 2147483647), (NULL, 2147483647), (5, 0), (0, 3);
CREATE VIEW ordered AS
SELECT o AS order_by, bool_and(ids(order_by => o, first => first, skip => skip) = sql_ids('true', o, first, skip)) AS ok,
    bool_and(ids('score > $1', '[1]', o, first, skip) = sql_ids('score > 1', o, first, skip)) AS ok_with_filter
FROM orders, pages GROUP BY o ORDER BY o COLLATE "C";
SET dataloader.direct_scan = on;
TABLE ordered;
SET dataloader.direct_scan = off;
TABLE ordered;
RESET dataloader.direct_scan;
SELECT ids(order_by => 'pub_date DESC NULLS LAST, id', first => 3), ids(order_by => 'pub_date DESC NULLS LAST, id', first => 2, skip => 1);

-- order_by may use values, too
SET dataloader.direct_scan = on;
SELECT ids('id < $1', '[20, 7]', 'abs(id - $2), id') = sql_ids('id < 20', 'abs(id - 7), id') AS ok;
SET dataloader.direct_scan = off;
SELECT ids('id < $1', '[20, 7]', 'abs(id - $2), id') = sql_ids('id < 20', 'abs(id - 7), id') AS ok;
RESET dataloader.direct_scan;
SELECT ids(args => '[7]', order_by => 'abs(id - $1), id', first => 2);

-- to-one: order_by says which of several comes first; a filter may leave one
CREATE VIEW to_one AS
SELECT 'order_by' AS how, (SELECT string_agg(coalesce((item).id::text, '-'), ' ') FROM dataloader.load_one(NULL::article, ARRAY[3, 9, 1], by => 'reporter_id', order_by => 'pub_date DESC NULLS LAST, id')) AS rows,
    dataloader.load_one_json('article', ARRAY[3, 9, 1], by => 'reporter_id', order_by => 'pub_date DESC NULLS LAST, id', columns => '{id}') AS json
UNION ALL SELECT 'filter', (SELECT string_agg(coalesce((item).id::text, '-'), ' ') FROM dataloader.load_one(NULL::article, ARRAY[3, 9, 1], by => 'reporter_id', filter => 'headline = $1', args => '["Title 7"]')),
    dataloader.load_one_json('article', ARRAY[3, 9, 1], by => 'reporter_id', filter => 'headline = $1', args => '["Title 7"]', columns => '{id}');
SET dataloader.direct_scan = on;
TABLE to_one;
SET dataloader.direct_scan = off;
TABLE to_one;
RESET dataloader.direct_scan;

-- load_rows takes the same, per key
CREATE VIEW by_rows AS
SELECT string_agg(ord || ':' || (item).id, ' ') AS rows
FROM dataloader.load_rows(NULL::article, ARRAY[3, 9, 1, 3], by => 'reporter_id', filter => 'status = $1', args => '["live"]', order_by => 'pub_date NULLS FIRST, id', first => 2, skip => 1);
SET dataloader.direct_scan = on;
TABLE by_rows;
SET dataloader.direct_scan = off;
TABLE by_rows;
RESET dataloader.direct_scan;

-- columns: in the order asked for, by their exact names
CREATE VIEW projections AS
SELECT 1 AS no, dataloader.load_one_json('article', '[7,99]', columns => '{headline,id}') AS json
UNION ALL SELECT 2, dataloader.load_one_json('article', '[7]', columns => ARRAY['status'])
UNION ALL SELECT 3, dataloader.load_one_json('article', '[7]', columns => '{tags,meta,score,pub_date,reporter_id}')
UNION ALL SELECT 4, dataloader.load_one_json('article', '[7]', columns => '{{id,status},{score,headline}}')
UNION ALL SELECT 5, dataloader.load_one_json('article', '[7]', columns => '[5:6]={id,status}')
UNION ALL SELECT 6, dataloader.load_many_json('article', '[3]', by => 'reporter_id', filter => 'score > 6', order_by => 'pub_date DESC, id', first => 2, columns => '{id}');
SET dataloader.direct_scan = on;
SELECT * FROM projections ORDER BY no;
SET dataloader.direct_scan = off;
SELECT * FROM projections ORDER BY no;
RESET dataloader.direct_scan;

-- "by" is a list of SQL names: folded unless quoted; "columns" are exact
CREATE TABLE "Odd Names" ("Id" int, "user" int, "a,b" int, "say ""hi""" int, id int PRIMARY KEY, "naïve" int, "a$b" int, "select" text,
    "x234567890123456789012345678901234567890123456789012345678901234" int);
INSERT INTO "Odd Names" VALUES (1, 2, 3, 4, 5, 6, 7, 'eight', 9);
CREATE INDEX ON "Odd Names" ("Id");
CREATE INDEX ON "Odd Names" ("user", "a,b");
CREATE VIEW odd AS
SELECT 1 AS no, dataloader.load_one_json('"Odd Names"', '[1]', by => '"Id"', columns => '{Id,user}') AS json
UNION ALL SELECT 2, dataloader.load_one_json('"Odd Names"', '[5]', by => 'ID', columns => '{id}')
UNION ALL SELECT 3, dataloader.load_one_json('"Odd Names"', '[2]', by => 'user', columns => '{id}')
UNION ALL SELECT 4, dataloader.load_one_json('"Odd Names"', '[[2,3]]', by => ' user , "a,b" ', columns => '{id,"a,b"}')
UNION ALL SELECT 5, dataloader.load_one_json('"Odd Names"', '[4]', by => '"say ""hi"""', columns => ARRAY['say "hi"'])
UNION ALL SELECT 6, dataloader.load_one_json('"Odd Names"', '[6]', by => '"naïve"', columns => '{naïve}')
UNION ALL SELECT 7, dataloader.load_one_json('"Odd Names"', '[7]', by => 'a$b', columns => '{a$b}')
UNION ALL SELECT 8, dataloader.load_one_json('"Odd Names"', '["eight"]', by => 'select', filter => '"select" = $1', args => '["eight"]', order_by => '"Id", "select"', columns => '{select}')
UNION ALL SELECT 9, dataloader.load_one_json('"Odd Names"', '[9]', by => 'x234567890123456789012345678901234567890123456789012345678901234', columns => '{x23456789012345678901234567890123456789012345678901234567890123}');
SET dataloader.direct_scan = on;
SELECT * FROM odd ORDER BY no;
SELECT dataloader.load_one_json('"Odd Names"', '[5]');
SET dataloader.direct_scan = off;
SELECT * FROM odd ORDER BY no;
SELECT dataloader.load_one_json('"Odd Names"', '[5]');

DROP SCHEMA test_options CASCADE;

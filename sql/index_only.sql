-- Loads whose columns are all in the index: the values, to the byte, are those of the table, whatever of it is
-- all visible, and nothing comes from the index alone that it does not have.
SET client_min_messages = warning;
-- else a commit may not be known to be flushed, and VACUUM leaves its pages not all visible
SET synchronous_commit = on;
\set SHOW_CONTEXT never
CREATE SCHEMA test_index_only;
SET search_path = test_index_only, public;
CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;

-- what explain says of the index, and of order and path
CREATE FUNCTION how(relation regclass, by text, columns text[], filter text DEFAULT NULL, order_by text DEFAULT NULL, first int DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(e, '; ') FROM dataloader.explain(relation, NULL, by => by, columns => columns, filter => filter, order_by => order_by, first => first) e WHERE e ~ '^(path: plan|index|order: rows|look)'
$$;

CREATE TABLE article (id int PRIMARY KEY, reporter_id int, pub_date date, headline text, score numeric) WITH (autovacuum_enabled = off);
CREATE INDEX article_reporter ON article (reporter_id, pub_date) INCLUDE (id);
INSERT INTO article SELECT i, nullif(i % 10, 0), CASE WHEN i % 7 > 0 THEN date '2024-01-01' + i * 5 % 31 END, 'headline ' || i, i / 4.0 FROM generate_series(1, 600) i;
-- not before the table is vacuumed: no page is all visible
SELECT how('article', 'reporter_id', '{id,reporter_id}');
VACUUM article;
SELECT what, how(relation, by, columns, filter, order_by, first) FROM (VALUES
    (1, 'covered', 'article', 'reporter_id', '{id,reporter_id}'::text[], NULL, NULL, NULL::int),
    (2, 'in another order', 'article', 'reporter_id', '{pub_date,id}', NULL, NULL, NULL),
    (3, 'no key column', 'article', 'reporter_id', '{pub_date}', NULL, NULL, NULL),
    (4, 'ordered', 'article', 'reporter_id', '{id}', NULL, 'pub_date DESC', 3),
    (5, 'filter in the index', 'article', 'reporter_id', '{id}', 'pub_date > ''2024-01-05'' AND id > 5', 'pub_date', 3),
    (6, 'sorted by an included column', 'article', 'reporter_id', '{id}', NULL, 'id DESC', 3),
    (7, 'the key alone', 'article', 'id', '{id}', NULL, NULL, NULL),
    (8, 'a column that is not there', 'article', 'reporter_id', '{id,headline}', NULL, NULL, NULL),
    (9, 'all columns', 'article', 'reporter_id', NULL, NULL, NULL, NULL),
    (10, 'a filter that is not there', 'article', 'reporter_id', '{id}', 'headline <> ''''', NULL, NULL),
    (11, 'an order that is not there', 'article', 'reporter_id', '{id}', NULL, 'score', NULL),
    (12, 'a filter over the row', 'article', 'reporter_id', '{id}', 'article IS NOT NULL', NULL, NULL)) v(no, what, relation, by, columns, filter, order_by, first) ORDER BY no;

-- the JSON of a batch, against plain SQL
CREATE FUNCTION same(columns text[], filter text DEFAULT NULL, order_by text DEFAULT 'pub_date, id', first int DEFAULT NULL, skip int DEFAULT NULL, OUT direct bool, OUT plan bool) LANGUAGE plpgsql AS $$
DECLARE wanted text; keys text := '[3,99,null,5,3,1,9,0]';
BEGIN
    EXECUTE format('SELECT ''['' || string_agg(''['' || coalesce((SELECT string_agg(row_to_json(x)::text, '','' ORDER BY o) FROM (SELECT %s, row_number() OVER (ORDER BY %s) AS o FROM article WHERE reporter_id = k.key AND (%s) ORDER BY o LIMIT %s OFFSET %s) y, LATERAL (SELECT %s) x), '''') || '']'', '','' ORDER BY k.ord) || '']'''
        ' FROM unnest(ARRAY[3,99,null,5,3,1,9,0]) WITH ORDINALITY k(key, ord)', array_to_string(columns, ', '), order_by, coalesce(filter, 'true'), coalesce(first::text, 'ALL'), coalesce(skip, 0), (SELECT string_agg('y.' || c, ', ') FROM unnest(columns) c)) INTO wanted;
    SET LOCAL dataloader.direct_scan = on;
    direct := wanted = dataloader.load_many_json('article', keys, by => 'reporter_id', columns => same.columns, filter => same.filter, order_by => same.order_by, first => same.first, skip => same.skip)::text;
    SET LOCAL dataloader.direct_scan = off;
    plan := wanted = dataloader.load_many_json('article', keys, by => 'reporter_id', columns => same.columns, filter => same.filter, order_by => same.order_by, first => same.first, skip => same.skip)::text;
    SET LOCAL dataloader.direct_scan = on;
END $$;
CREATE VIEW answers AS
SELECT columns, count(*) AS calls, count(*) FILTER (WHERE direct) AS direct, count(*) FILTER (WHERE plan) AS plan
FROM (VALUES (1, '{id,reporter_id}'::text[]), (2, '{pub_date,id}'), (3, '{reporter_id}'), (4, '{id,headline}')) c(no, columns), (VALUES (NULL), ('pub_date > ''2024-01-05'''), ('id % 3 = 1 OR pub_date IS NULL'), ('score > 10')) f(filter),
    (VALUES ('pub_date, id'), ('pub_date DESC, id'), ('id DESC'), ('pub_date NULLS FIRST, id')) o(order_by), (VALUES (NULL, NULL), (3, NULL), (2, 5), (0, NULL), (NULL, 7)) p(first, skip), same(columns, filter, order_by, first, skip)
GROUP BY no, columns ORDER BY no;
TABLE answers;
-- the index has entries of rows that are gone, moved or new; some pages are all visible, some are not
DELETE FROM article WHERE id BETWEEN 100 AND 150;
UPDATE article SET pub_date = pub_date + 3 WHERE id % 9 = 0 AND id < 300;
UPDATE article SET reporter_id = 3 WHERE id IN (7, 11, 400);
UPDATE article SET headline = 'new' WHERE id % 5 = 0 AND id > 450;
UPDATE article SET reporter_id = NULL WHERE id IN (13, 23);
INSERT INTO article SELECT i, i % 10, '2024-02-01', 'late', 1 FROM generate_series(700, 720) i;
TABLE answers;
-- inside a transaction, and taken back
BEGIN;
DELETE FROM article WHERE id % 2 = 0;
TABLE answers;
ROLLBACK;
TABLE answers;
VACUUM article;
TABLE answers;
SELECT how('article', 'reporter_id', '{id,reporter_id}');

-- other verbs: to-one, and rows, which need all columns
SELECT dataloader.load_one_json('article', '[3,9999,null,3]', columns => '{id}'), how('article', 'id', '{id}');
SELECT dataloader.load_one_json('article', '[3,9999,null]', by => 'reporter_id', columns => '{id}', order_by => 'pub_date DESC NULLS LAST, id');
SELECT dataloader.load_one_json('article', '[3]', by => 'reporter_id', columns => '{id}');
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE pair (a int, b int, PRIMARY KEY (b, a)) WITH (autovacuum_enabled = off);
INSERT INTO pair SELECT i % 4, i FROM generate_series(1, 20) i;
CREATE INDEX pair_a ON pair (a, b);
VACUUM pair;
SELECT how('pair', 'a', NULL), how('pair', 'a, b', NULL), how('pair', 'b', '{a}');
SELECT * FROM dataloader.load_rows(NULL::pair, ARRAY[2, 3], by => 'a', order_by => 'b DESC', first => 2);
SELECT * FROM dataloader.load_many(NULL::pair, ARRAY[2, 9], by => 'a', order_by => 'b', first => 2);
SELECT * FROM dataloader.load_one(NULL::pair, ARRAY[(2, 2), (2, 3)], by => 'a, b');
DELETE FROM pair WHERE b = 2;
SELECT * FROM dataloader.load_many(NULL::pair, ARRAY[2, 9], by => 'a', order_by => 'b', first => 2);

-- Values that compare equal but are written differently: of all types, from the index as from the table
CREATE TABLE image (k int, note text, n numeric, f float8, c citext, ch char(4), one "char", nm name, t text, iv interval, ts timestamptz, b bool, u uuid, arr int[], rec int4range, j jsonb, m money, by bytea, ip inet, bits bit(3), vb varbit) WITH (autovacuum_enabled = off);
INSERT INTO image
SELECT i % 3, 'row ' || i, (ARRAY['1', '1.0', '1.00', '1.000', 'NaN', '-0', '0.00', '1e20', '0.1'])[1 + i % 9]::numeric, (ARRAY['0', '-0', 'NaN', '1.5', '-Infinity'])[1 + i % 5]::float8, (ARRAY['a', 'A', 'b'])[1 + i % 3]::citext,
    (ARRAY['a', 'ab', 'a  ', ''])[1 + i % 4], (ARRAY['a', 'b', '', E'\\377'])[1 + i % 4]::"char", (ARRAY['x', 'a name that is longer than others', ''])[1 + i % 3]::name, (ARRAY['', 'é', 'a"b\c', repeat('long ', 100)])[1 + i % 4],
    (ARRAY['24:00', '1 day', '1 mon', '30 days', '-1 day 24:00'])[1 + i % 5]::interval, '2024-03-31 01:30+00'::timestamptz + i * interval '7 hours', (ARRAY[true, false, NULL])[1 + i % 3], md5(i::text)::uuid,
    (ARRAY['{1,2}', '{}', '{{1},{2}}', '[0:1]={1,2}', '{NULL}'])[1 + i % 5]::int[], int4range(i, i + i % 2), jsonb_build_object('n', (ARRAY['1', '1.0', '1.00'])[1 + i % 3]::numeric), i::numeric::money, decode(lpad(to_hex(i), 4, '0'), 'hex'),
    (ARRAY['10.0.0.1', '10.0.0.1/8', '::1'])[1 + i % 3]::inet, (i % 8)::bit(3), (i % 8)::bit(4)::varbit
FROM generate_series(1, 120) i;
INSERT INTO image (k) VALUES (0), (1), (NULL);
CREATE VIEW images AS SELECT a.attname AS col, a.attnum FROM pg_attribute a WHERE attrelid = 'image'::regclass AND attnum > 2 AND NOT attisdropped;
DO $$ DECLARE c name; BEGIN
    FOR c IN SELECT col FROM images LOOP
        EXECUTE format('CREATE INDEX %I ON image (k, %I)', 'image_' || c, c);
        EXECUTE format('CREATE INDEX %I ON image (%I) INCLUDE (k, note)', 'image_by_' || c, c);
    END LOOP;
END $$;
VACUUM image;
CREATE FUNCTION image_same(col name, OUT index_only bool, OUT with_key bool, OUT ordered bool, OUT by_itself bool) LANGUAGE plpgsql AS $$
DECLARE wanted text[]; got text[];
BEGIN
    index_only := how('image', 'k', ARRAY[col]) LIKE '%, index-only%';
    -- as multisets, and in the order of the column with a batch of ties in any order
    EXECUTE format('SELECT array_agg(x ORDER BY x COLLATE "C") FROM (SELECT k.ord || row_to_json(y)::text AS x FROM unnest(ARRAY[2, 0, 7, 1, NULL]) WITH ORDINALITY k(key, ord) JOIN image i ON i.k = k.key, LATERAL (SELECT i.%1$I, i.k) y) z', col) INTO wanted;
    SELECT array_agg(x ORDER BY x COLLATE "C") INTO got FROM (SELECT l.ord || o::text AS x FROM json_array_elements(dataloader.load_many_json('image', '{2,0,7,1,NULL}', by => 'k', columns => ARRAY[col, 'k'])) WITH ORDINALITY l(items, ord), json_array_elements(l.items) o) z;
    with_key := got = wanted;
    SELECT array_agg(x ORDER BY x COLLATE "C") INTO got FROM (SELECT l.ord || o::text AS x FROM json_array_elements(dataloader.load_many_json('image', '{2,0,7,1,NULL}', by => 'k', columns => ARRAY[col, 'k'], order_by => quote_ident(col) || ' DESC NULLS FIRST')) WITH ORDINALITY l(items, ord), json_array_elements(l.items) o) z;
    ordered := got = wanted;
    -- the column as the key
    EXECUTE format('SELECT array_agg(x ORDER BY x COLLATE "C") FROM (SELECT k.ord || row_to_json(y)::text AS x FROM (SELECT DISTINCT %1$I AS key, dense_rank() OVER (ORDER BY %1$I) AS ord FROM image) k JOIN image i ON i.%1$I = k.key, LATERAL (SELECT i.k, i.note, i.%1$I) y GROUP BY 1) z', col) INTO wanted;
    EXECUTE format('SELECT array_agg(x ORDER BY x COLLATE "C") FROM (SELECT (l.ord || o::text) AS x FROM json_array_elements(dataloader.load_many_json(''image'', (SELECT array_agg(ROW(key) ORDER BY ord) FROM (SELECT DISTINCT ON (ord) %1$I AS key, ord FROM (SELECT %1$I, dense_rank() OVER (ORDER BY %1$I) AS ord FROM image) d ORDER BY ord) k), by => quote_ident(%2$L), columns => ARRAY[''k'', ''note'', %2$L])) WITH ORDINALITY l(items, ord), json_array_elements(l.items) o GROUP BY 1) z', col, col) INTO got;
    by_itself := got = wanted;
END $$;
SELECT col, s.* FROM images, image_same(col) s ORDER BY attnum;
SET dataloader.direct_scan = off;
SELECT col, with_key, ordered, by_itself FROM images, image_same(col) s WHERE NOT (with_key AND ordered AND by_itself) ORDER BY attnum;
RESET dataloader.direct_scan;
SELECT dataloader.load_many_json('image', '[1]', by => 'k', columns => '{n}', order_by => 'n', first => 8), dataloader.load_many_json('image', '["A"]', by => 'c', columns => '{c}', first => 0);

-- what an index cannot give back: names, another operator class or collation, expressions; and a partial index
CREATE TABLE limits (k int, nm name, t text, c citext, x text COLLATE "C") WITH (autovacuum_enabled = off);
INSERT INTO limits SELECT i % 3, 'n' || i, 't' || i, (ARRAY['a', 'A'])[1 + i % 2], 'x' || i FROM generate_series(1, 20) i;
CREATE INDEX limits_name ON limits (k, nm);
CREATE INDEX limits_name_key ON limits (nm) INCLUDE (k);
CREATE INDEX limits_pattern ON limits (k, t text_pattern_ops);
CREATE INDEX limits_collation ON limits (k, x COLLATE "POSIX");
CREATE INDEX limits_expression ON limits (k, lower(c));
VACUUM limits;
SELECT c, how('limits', 'k', ARRAY[c]) LIKE '%, index-only%' AS index_only, how('limits', 'k', ARRAY[c], NULL, c) LIKE '%rows are sorted%' AS sorted, string_agg(o->>c, ',' ORDER BY o->>c) FROM unnest('{nm,t,x,c}'::text[]) WITH ORDINALITY u(c, ord), json_array_elements(dataloader.load_many_json('limits', '[2]', by => 'k', columns => ARRAY[c])) l, json_array_elements(l) o GROUP BY c, ord ORDER BY ord;
SELECT how('limits', 'nm', '{k}'), dataloader.load_many_json('limits', '["n7","N7"]', by => 'nm', columns => '{k,nm}');

-- columns that were dropped, added with a default, renamed, changed
CREATE TABLE changed (gone int, k int, also_gone text, v int) WITH (autovacuum_enabled = off);
INSERT INTO changed SELECT i, i % 3, 'x', i FROM generate_series(1, 9) i;
ALTER TABLE changed DROP COLUMN gone, DROP COLUMN also_gone;
ALTER TABLE changed ADD COLUMN late int DEFAULT 5;
CREATE INDEX changed_k ON changed (k, late, v);
VACUUM changed;
SELECT how('changed', 'k', NULL), dataloader.load_many_json('changed', '[1]', by => 'k', order_by => 'late, v');
SELECT * FROM dataloader.load_rows(NULL::changed, '[1]', by => 'k', order_by => 'late, v');
INSERT INTO changed VALUES (1, 100, NULL), (1, NULL, NULL);
ALTER TABLE changed RENAME late TO later;
SELECT how('changed', 'k', NULL), dataloader.load_many_json('changed', '[1]', by => 'k', order_by => 'later, v');
ALTER TABLE changed ALTER v TYPE numeric(6, 2);
SELECT how('changed', 'k', NULL), dataloader.load_many_json('changed', '[1]', by => 'k', order_by => 'later, v');
VACUUM changed;
SELECT how('changed', 'k', NULL), dataloader.load_many_json('changed', '[1]', by => 'k', order_by => 'later, v');
DROP INDEX changed_k;
CREATE INDEX changed_k ON changed (k);
SELECT how('changed', 'k', NULL), dataloader.load_many_json('changed', '[1]', by => 'k', order_by => 'later, v');

-- rights are those on the columns, not on the index; policies apply
CREATE ROLE regress_dl_index_only;
GRANT USAGE ON SCHEMA test_index_only TO regress_dl_index_only;
GRANT SELECT (id, pub_date) ON article TO regress_dl_index_only;
SET ROLE regress_dl_index_only;
SELECT dataloader.load_many_json('article', '[3]', by => 'reporter_id', columns => '{id}', first => 1);
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT SELECT (reporter_id) ON article TO regress_dl_index_only;
SET ROLE regress_dl_index_only;
SELECT dataloader.load_many_json('article', '[3]', by => 'reporter_id', columns => '{id}', order_by => 'pub_date, id', first => 1);
RESET ROLE;
ALTER TABLE article ENABLE ROW LEVEL SECURITY;
CREATE POLICY even ON article USING (id % 2 = 0);
SET ROLE regress_dl_index_only;
SELECT dataloader.load_many_json('article', '[3]', by => 'reporter_id', columns => '{id}', order_by => 'pub_date, id', first => 3);
RESET ROLE;
SELECT dataloader.load_many_json('article', '[3]', by => 'reporter_id', columns => '{id}', order_by => 'pub_date, id', first => 3);

-- a long list of one key's entries, over many pages and posting lists; and many keys
CREATE TABLE long (k int, v int) WITH (autovacuum_enabled = off);
INSERT INTO long SELECT CASE WHEN i % 2 = 0 THEN 1 ELSE i END, i % 100 FROM generate_series(1, 40000) i;
CREATE INDEX long_k ON long (k, v);
VACUUM long;
CREATE FUNCTION long_sums(OUT n bigint, OUT total bigint, OUT same bool) LANGUAGE sql AS $$
    SELECT l.*, l = ROW(s.*) FROM (SELECT count(*), sum((item).v) FROM dataloader.load_rows(NULL::long, (SELECT array_agg(i % 20000) FROM generate_series(1, 20001) i), by => 'k')) l,
        LATERAL (SELECT count(*), sum(v) FROM (SELECT i % 20000 AS key FROM generate_series(1, 20001) i) k JOIN long ON k = key) s
$$;
SELECT * FROM long_sums();
DELETE FROM long WHERE v % 10 = 3;
SELECT * FROM long_sums();
VACUUM long;
SELECT * FROM long_sums();

DROP OWNED BY regress_dl_index_only;
DROP ROLE regress_dl_index_only;
DROP SCHEMA test_index_only CASCADE;

-- load_connection: shape, pages, cursors of each position, and every error.
SET client_min_messages = warning;
CREATE SCHEMA test_connection;
SET search_path = test_connection;
\pset format unaligned
CREATE TABLE article (id int PRIMARY KEY, reporter_id int, headline text, score float8, day date);
CREATE INDEX ON article (reporter_id, score DESC, id);
INSERT INTO article SELECT i, nullif(i % 4, 0), 'h' || i, CASE WHEN i % 5 > 0 THEN i % 3 / 4.0 END, '2024-01-01'::date + i FROM generate_series(1, 14) i;
CREATE TABLE publication (id int PRIMARY KEY, title text);
CREATE TABLE article_publication (article_id int REFERENCES article, publication_id int REFERENCES publication, position int, PRIMARY KEY (article_id, publication_id));
INSERT INTO publication SELECT i, 't' || i FROM generate_series(1, 5) i;
INSERT INTO article_publication SELECT a, p, 10 - p FROM generate_series(1, 6) a, generate_series(1, 5) p WHERE (a + p) % 3 > 0;

-- both paths; what differs is shown
CREATE FUNCTION try(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE direct text; plan text;
BEGIN
    SET LOCAL dataloader.direct_scan = on;
    BEGIN EXECUTE query INTO direct; EXCEPTION WHEN OTHERS THEN direct := sqlstate || ' ' || sqlerrm; END;
    SET LOCAL dataloader.direct_scan = off;
    BEGIN EXECUTE query INTO plan; EXCEPTION WHEN OTHERS THEN plan := sqlstate || ' ' || sqlerrm; END;
    RETURN CASE WHEN direct IS NOT DISTINCT FROM plan THEN direct ELSE concat('direct: ', direct, ', plan: ', plan) END;
END $$;
-- a connection in short: ids, then < and > for further pages, and the count
CREATE FUNCTION short(connection json) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', CASE WHEN (connection #>> '{pageInfo,hasPreviousPage}')::bool THEN '<' END,
        '(' || (SELECT coalesce(string_agg(coalesce(e #>> '{node,id}', e #>> '{node,publication_id}'), ' ' ORDER BY o), '') FROM json_array_elements(connection -> 'edges') WITH ORDINALITY x(e, o)) || ')',
        CASE WHEN (connection #>> '{pageInfo,hasNextPage}')::bool THEN '>' END, 'of ' || (connection ->> 'totalCount'),
        CASE WHEN connection #>> '{pageInfo,startCursor}' IS DISTINCT FROM connection #>> '{edges,0,cursor}'
             OR connection #>> '{pageInfo,endCursor}' IS DISTINCT FROM connection #>> '{edges,-1,cursor}' THEN 'cursors of the page are not those of its edges' END) $$;
CREATE FUNCTION short_list(options text) RETURNS text LANGUAGE sql AS $$
    SELECT try(format('SELECT string_agg(test_connection.short(c), '', '' ORDER BY o) FROM json_array_elements(dataloader.load_connection(%s)) WITH ORDINALITY x(c, o)', options)) $$;
-- the cursor of a row
CREATE FUNCTION at(article int, ordering text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT e ->> 'cursor' FROM article a, json_array_elements(dataloader.load_connection('article', ARRAY[a.reporter_id], by => 'reporter_id', order_by => ordering, columns => '{id}') #> '{0,edges}') e
    WHERE a.id = article AND e #>> '{node,id}' = article::text $$;

-- shape: keys of the objects in this order, no white space; NULL keys and keys without rows; both overloads
SELECT pg_typeof(c), regexp_replace(c::text, '"Wy[^"]*"', '"CURSOR"', 'g') AS connection
FROM dataloader.load_connection('article', '[3,99,null]', by => 'reporter_id', first => 2, total_count => true) c;
SELECT regexp_replace(c::text, '"Wy[^"]*"', '"CURSOR"', 'g') AS connection FROM dataloader.load_connection('article', ARRAY[3], by => 'reporter_id', first => 1, columns => '{headline,id}') c;
SELECT try($$SELECT dataloader.load_connection('article', ARRAY[99, NULL], by => 'reporter_id', first => 2)$$);
SELECT dataloader.load_connection('article', '[]', by => 'reporter_id', first => 1), dataloader.load_connection('article', '{}'::int[], by => 'reporter_id', first => 1),
    dataloader.load_connection('article', NULL::int[], by => 'reporter_id') IS NULL AS null_array, dataloader.load_connection('article', NULL::text, by => 'reporter_id') IS NULL AS null_text;
-- a cursor is base64 of a JSON array: a fingerprint, then the values of the order and the key
SELECT json_array_elements_text(convert_from(decode(at(5, 'score DESC, day'), 'base64'), 'UTF8')::json) OFFSET 1;
SELECT at(5, 'score') ~ '^[A-Za-z0-9+/]+=*$' AS base64, json_array_length(convert_from(decode(at(5, 'score'), 'base64'), 'UTF8')::json) AS elements;

-- pages, in the order of the primary key
SELECT o, short_list($$'article', '[1,2,99]', by => 'reporter_id', $$ || o)
FROM unnest(ARRAY['first => NULL', 'first => 0', 'first => 1', 'first => 3', 'first => 4', 'first => 5', 'first => 2147483647', 'last => 0', 'last => 1', 'last => 3', 'last => 4', 'last => 5', 'last => 2147483647',
    'first => 2, total_count => true', 'last => 0, total_count => true', 'total_count => true, filter => ''id > $1'', args => ''[5]''', 'total_count => NULL']) WITH ORDINALITY u(o, n) ORDER BY n;
-- after, before, and both; also cursors that cross, that are one, and of another key
SELECT o, short_list(format('%L, %L, by => %L, ', 'article', '[1]', 'reporter_id') || o)
FROM unnest(ARRAY['first => 2, after => ARRAY[at(1)]', 'first => 2, after => ARRAY[at(5)]', 'first => 2, after => ARRAY[at(13)]', 'first => 0, after => ARRAY[at(1)]', 'after => ARRAY[at(5)]',
    'last => 2, before => ARRAY[at(13)]', 'last => 2, before => ARRAY[at(9)]', 'last => 2, before => ARRAY[at(1)]', 'last => 0, before => ARRAY[at(9)]', 'before => ARRAY[at(9)]',
    'first => 1, after => ARRAY[at(1)], before => ARRAY[at(13)]', 'last => 1, after => ARRAY[at(1)], before => ARRAY[at(13)]', 'after => ARRAY[at(1)], before => ARRAY[at(13)]', 'first => 2, before => ARRAY[at(9)]',
    'first => 1, before => ARRAY[at(9)]', 'last => 2, after => ARRAY[at(5)]', 'last => 1, after => ARRAY[at(5)]', 'first => 2, after => ARRAY[at(9)], before => ARRAY[at(5)]', 'last => 2, after => ARRAY[at(5)], before => ARRAY[at(5)]',
    'first => 2, after => ARRAY[at(6)]', 'last => 2, before => ARRAY[at(6)]', 'first => 2, after => ARRAY[at(5)], total_count => true, filter => ''id <> 13''', 'first => 2, after => ARRAY[at(5)], filter => ''id <> 5''',
    'first => 2, after => NULL', 'first => 2, after => ARRAY[NULL]']) WITH ORDINALITY u(o, n) ORDER BY n;
-- each position has a cursor of its own: repeated keys, absent keys, NULL keys
SELECT o, short_list(format('%L, %L, by => %L, total_count => true, ', 'article', '[1,1,2,1,null,99,2]', 'reporter_id') || o)
FROM unnest(ARRAY['first => 1', 'first => 2, after => ARRAY[at(1), NULL, at(6), at(9), NULL, NULL, at(2)]', 'last => 2, before => ARRAY[at(13), at(5), NULL, at(1), NULL, NULL, at(14)]',
    'first => 1, after => ARRAY[at(1), NULL, at(6), at(9), at(1), at(1), at(2)]', 'last => 1, before => ARRAY[at(1), NULL, at(6), at(9), at(1), at(1), at(2)]',
    'first => 1, after => ARRAY[at(1), at(1), NULL, NULL, NULL, NULL, at(2)], before => ARRAY[at(5), NULL, at(10), NULL, NULL, NULL, at(6)]',
    'first => 2, after => ''[5:11]={NULL,NULL,NULL,NULL,NULL,NULL,NULL}''']) WITH ORDINALITY u(o, n) ORDER BY n;
SELECT short_list($$'article', '{{1,2},{2,1}}'::int[], by => 'reporter_id', first => 1, after => ARRAY[ARRAY[at(1), NULL], ARRAY[at(2), at(9)]]$$);

-- order_by: directions, nulls, ties; the primary key goes last. The same edges forward and backward
SELECT o, short_list(format('%L, %L, by => %L, order_by => %L', 'article', '[1,2,3]', 'reporter_id', o)),
    short_list(format('%L, %L, by => %L, order_by => %L, first => 2, after => ARRAY[at(5, %4$L), at(6, %4$L), at(7, %4$L)]', 'article', '[1,2,3]', 'reporter_id', o)) AS after,
    short_list(format('%L, %L, by => %L, order_by => %L, last => 2, before => ARRAY[at(5, %4$L), at(6, %4$L), at(7, %4$L)]', 'article', '[1,2,3]', 'reporter_id', o)) AS before
FROM unnest('{score,"score DESC","score NULLS FIRST","score DESC NULLS LAST","id DESC","score, id DESC","day DESC","article.score, headline","score USING >"}'::text[]) WITH ORDINALITY u(o, n) ORDER BY n;

-- through a junction
SELECT o, short_list(format('%L, %L, by => %L, through => %L, total_count => true, ', 'publication', '[1,6,1]', 'article_id', 'article_publication') || o)
FROM unnest(ARRAY['first => 2', 'first => 2, order_by => ''through.position''', 'last => 2, order_by => ''through.position DESC, title''', 'first => 1, filter => ''through.position < 8 AND id > 3''', 'link => ''publication_id''']) WITH ORDINALITY u(o, n) ORDER BY n;
SELECT short_list($$'publication', '[1,6]', by => 'article_id', through => 'article_publication', order_by => 'through.position', first => 1,
    after => (SELECT array_agg(c #>> '{pageInfo,endCursor}') FROM json_array_elements(dataloader.load_connection('publication', '[1,6]', by => 'article_id', through => 'article_publication', order_by => 'through.position', first => 2)) c)$$);

-- composite keys, keys as rows
SELECT short_list($$'article_publication', ARRAY[(1, 9), (2, 8), (2, 77)], by => 'article_id, position', first => 1, total_count => true$$);

-- options that exclude each other, or cannot be
SELECT dataloader.load_connection('article', '[1]', first => 1);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', first => 1, last => 1);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', first => 0, last => 0);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', first => -1);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', last => -1);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1,2,3]', by => 'reporter_id', first => 1, after => ARRAY[NULL, NULL]);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1,2,3]', by => 'reporter_id', last => 1, before => ARRAY[NULL]);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', last => 1, before => '{}');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[]', by => 'reporter_id', first => 1, after => ARRAY[NULL]);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', order_by => 'lower(headline)');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', order_by => 'headline COLLATE "C"');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', order_by => '$1', args => '["x"]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', order_by => 'nope');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', columns => '{nope}');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', filter => 'id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection(NULL, '[1]', by => 'reporter_id');
\echo :LAST_ERROR_SQLSTATE

-- the key that tells rows apart: primary key, or a unique index that always holds for all rows
CREATE TABLE keyless (id int, p int, a int NOT NULL, b int, c int NOT NULL);
INSERT INTO keyless SELECT i, 1, i, i, 10 - i FROM generate_series(1, 4) i;
CREATE VIEW article_view AS SELECT * FROM article;
SELECT dataloader.load_connection('article_view', '[1]', by => 'reporter_id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('keyless', '[1]', by => 'p', order_by => 'id');
\echo :LAST_ERROR_SQLSTATE
CREATE UNIQUE INDEX ON keyless (b);
CREATE UNIQUE INDEX ON keyless (a) WHERE a > 0;
CREATE UNIQUE INDEX ON keyless ((a + 0));
CREATE UNIQUE INDEX ON keyless (a, b);
CREATE UNIQUE INDEX ON keyless (a, (c + 1));
ALTER TABLE keyless ADD UNIQUE (c) DEFERRABLE;
CREATE INDEX ON keyless (a);
SELECT short_list($$'keyless', '[1]', by => 'p'$$);
CREATE UNIQUE INDEX ON keyless (c DESC) INCLUDE (b);
SELECT short_list($$'keyless', '[1]', by => 'p'$$), short_list($$'keyless', '[1]', by => 'p', order_by => 'p', last => 1$$);
ALTER TABLE keyless ADD PRIMARY KEY (id);
SELECT short_list($$'keyless', '[1]', by => 'p'$$);
ALTER TABLE keyless DROP CONSTRAINT keyless_pkey;
SELECT short_list($$'keyless', '[1]', by => 'p'$$);
-- a key does not hold for the rows of children; once they are gone, it does again
CREATE TABLE parent (id int PRIMARY KEY, p int);
CREATE TABLE child () INHERITS (parent);
INSERT INTO parent VALUES (1, 1), (2, 1);
INSERT INTO child VALUES (1, 1);
SELECT short_list($$'parent', '[1]', by => 'p'$$), short_list($$'child', '[1]', by => 'p'$$);
DROP TABLE child;
SELECT short_list($$'parent', '[1]', by => 'p'$$);
CREATE TABLE child () INHERITS (parent);
SELECT short_list($$'parent', '[1]', by => 'p'$$);
DROP TABLE parent CASCADE;
CREATE TABLE loose (a int, publication_id int);
INSERT INTO loose VALUES (1, 1), (1, 1);
SELECT dataloader.load_connection('publication', '[1]', by => 'a', through => 'loose', link => 'publication_id');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE loose ADD id serial PRIMARY KEY;
SELECT short_list($$'publication', '[1]', by => 'a', through => 'loose', link => 'publication_id'$$);
-- nor does the key of a junction, whose children may have its pairs again
CREATE TABLE pair (a int, publication_id int, PRIMARY KEY (a, publication_id));
INSERT INTO pair VALUES (1, 1);
SELECT short_list($$'publication', '[1]', by => 'a', through => 'pair', link => 'publication_id'$$);
CREATE TABLE pair_child () INHERITS (pair);
INSERT INTO pair_child VALUES (1, 1);
SELECT short_list($$'publication', '[1]', by => 'a', through => 'pair', link => 'publication_id'$$);
DROP TABLE pair CASCADE;

-- cursors that are none
CREATE FUNCTION encoded(value text) RETURNS text LANGUAGE sql AS $$ SELECT translate(encode(convert_to(value, 'UTF8'), 'base64'), E'\n', '') $$;
CREATE FUNCTION with_values(value text) RETURNS text LANGUAGE sql AS $$ SELECT encoded('["' || (convert_from(decode(at(5, 'score'), 'base64'), 'UTF8')::json ->> 0) || '"' || value || ']') $$;
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', first => 1, after => ARRAY['']);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', first => 1, after => ARRAY['*']);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1,2,3]', by => 'reporter_id', last => 1, before => ARRAY[NULL, NULL, 'abc']);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1,99]', by => 'reporter_id', last => 1, before => ARRAY[NULL, encoded('no JSON')]);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', first => 1, after => ARRAY[encoded('["x')]);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', first => 1, after => ARRAY[encoded('{"a":1}')]);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', first => 1, after => ARRAY[encoded('[]')]);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', first => 1, after => ARRAY[encoded('["x","1"]')]);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', first => 1, after => ARRAY[encoded('[null,"1"]')]);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', first => 1, after => ARRAY['AAAA']);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', first => 1, after => ARRAY[encode('\x5b22ff225d', 'base64')]);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', first => 1, after => ARRAY[repeat('W', 70000)]);
\echo :LAST_ERROR_SQLSTATE
-- of another ordering, relation, or junction
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', first => 1, after => ARRAY[at(1, 'score')]);
\echo :LAST_ERROR_SQLSTATE
SELECT o, try(format('SELECT test_connection.short(dataloader.load_connection(%s) -> 0)', o))
FROM unnest(ARRAY[$$'article', '[1]', by => 'reporter_id', first => 1, order_by => 'score DESC', after => ARRAY[at(1, 'score')]$$,
    $$'article', '[1]', by => 'reporter_id', first => 1, order_by => 'score NULLS FIRST', after => ARRAY[at(1, 'score')]$$,
    $$'article', '[1]', by => 'reporter_id', first => 1, order_by => 'day', after => ARRAY[at(1, 'score')]$$,
    $$'publication', '[1]', by => 'id', first => 1, after => ARRAY[at(1)]$$,
    $$'publication', '[1]', by => 'article_id', through => 'article_publication', first => 1, after => ARRAY[at(1)]$$,
    $$'keyless', '[1]', by => 'p', first => 1, after => ARRAY[at(1)]$$,
    -- the same order in other words; forward and backward
    $$'article', '[1]', by => 'reporter_id', first => 1, order_by => 'article.score ASC NULLS LAST', after => ARRAY[at(1, 'score')]$$,
    $$'article', '[1]', by => 'reporter_id', first => 1, order_by => 'score, id', after => ARRAY[at(1, 'score')]$$,
    $$'article', '[1]', by => 'reporter_id', last => 1, order_by => 'score', after => ARRAY[at(1, 'score')]$$,
    -- other keys, filter and columns
    $$'article', '{h1}', by => 'headline', first => 1, order_by => 'score', after => ARRAY[at(1, 'score')]$$,
    $$'article', '[1]', by => 'reporter_id', first => 1, order_by => 'score', after => ARRAY[at(1, 'score')], filter => 'id > 5', columns => '{id}'$$]) WITH ORDINALITY u(o, n) ORDER BY n;
-- values of wrong types, in a cursor of the right ordering
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', order_by => 'score', first => 1, after => ARRAY[with_values(',"abc","1"')]);
\echo :LAST_ERROR_SQLSTATE
SELECT left(v, 30) AS changed, try(format($$SELECT test_connection.short(dataloader.load_connection('article', '[1]', by => 'reporter_id', order_by => 'score', first => 1, after => ARRAY[test_connection.with_values(%L)]) -> 0)$$, v))
FROM unnest(ARRAY[',"0","x"', ',"0",""', ',"0","5000000000"', ',1,"1"', ',true,"1"', ',"0",[1]', ',"0",{"a":1}', ',[],[]', '', ',"0"', ',"0","1","2"', ',"0",null', ',null,null', ',null,"1"', ',"NaN","1"', ',"-0","-2147483648"',
    ',"-Infinity","2147483647"', ',"1e400","1"', ',"0","1 "', ',"\u0000","1"', ',"\ud800","1"', ',"0\u0030","\u0031"', ',"0","1"' || repeat(' ', 1000), ',"' || repeat('[', 1) || '","1"', ',' || repeat('[', 3000)]) WITH ORDINALITY u(v, n) ORDER BY n;
DO $$
DECLARE deep text := encoded(repeat('[', 40000));
BEGIN
    PERFORM dataloader.load_connection('article', '[1]', by => 'reporter_id', first => 1, after => ARRAY[deep]);
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING '%', sqlstate;
END $$;

-- a cursor with one bit or character changed: an error or a page, never more
SELECT bool_and(outcome ~ '^([0-9A-Z]{5} |< \()') AS sane, count(*) > 300 AS many FROM (
    SELECT try(format('SELECT test_connection.short(dataloader.load_connection(%L, %L, by => %L, order_by => %L, first => 1, after => ARRAY[%L]) -> 0)', 'article', '[1]', 'reporter_id', 'score', changed)) AS outcome
    FROM (SELECT encode(set_bit(c, b, 1 - get_bit(c, b)), 'base64') AS changed FROM (SELECT decode(at(5, 'score'), 'base64') AS c) x, LATERAL generate_series(0, length(c) * 8 - 1) b
          UNION ALL
          SELECT overlay(c PLACING r FROM i FOR 1) FROM (SELECT at(5, 'score') AS c) x, LATERAL generate_series(1, length(c)) i, unnest(ARRAY['A', '/', '=', '*', '', ' ', 'é', 'AA']) r
          UNION ALL
          SELECT left(at(5, 'score'), i) FROM generate_series(0, length(at(5, 'score'))) i) y(changed)) z;

-- a row whose cursor would be too long
CREATE TABLE wide (id int PRIMARY KEY, p int, t text);
INSERT INTO wide VALUES (1, 1, 'short'), (2, 1, repeat('x', 60000)), (3, 2, repeat('x', 40000));
SELECT dataloader.load_connection('wide', '[1]', by => 'p', order_by => 't', columns => '{id}');
\echo :LAST_ERROR_SQLSTATE
SELECT short_list($$'wide', '[1]', by => 'p', order_by => 'id'$$), short_list($$'wide', '[2]', by => 'p', order_by => 't'$$);

-- rights: on the columns of key, order, filter and result; on the key that tells rows apart, too
CREATE ROLE regress_dl_connection;
GRANT USAGE ON SCHEMA test_connection TO regress_dl_connection;
GRANT SELECT (reporter_id, headline) ON article TO regress_dl_connection;
SET ROLE regress_dl_connection;
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', order_by => 'headline', columns => '{headline}');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT SELECT (id) ON article TO regress_dl_connection;
SET ROLE regress_dl_connection;
SELECT json_array_length(dataloader.load_connection('article', '[1]', by => 'reporter_id', order_by => 'headline', columns => '{headline}') #> '{0,edges}');
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', order_by => 'score', columns => '{headline}');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;

-- json_bigints touches the nodes, not the cursors
CREATE TABLE big (id bigint PRIMARY KEY, p int, n numeric);
INSERT INTO big VALUES (9007199254740993, 1, 1.50), (9007199254740994, 1, 'NaN'), (9007199254740995, 1, NULL);
SET dataloader.json_bigints = string;
SELECT dataloader.load_connection('big', '[1]', by => 'p', order_by => 'n', first => 1) #>> '{0,pageInfo,endCursor}' AS end \gset
RESET dataloader.json_bigints;
SELECT dataloader.load_connection('big', '[1]', by => 'p', order_by => 'n', first => 1, after => ARRAY[:'end']) #> '{0,edges,0,node}' AS node;

-- cursors hold whatever quote_all_identifiers is, and after the table's columns moved
SELECT at(9, 'score') AS cursor \gset
DROP VIEW article_view;
SET quote_all_identifiers = on;
SELECT short(dataloader.load_connection('article', '[1]', by => 'reporter_id', order_by => 'score', first => 1, after => ARRAY[:'cursor']) -> 0);
RESET quote_all_identifiers;
ALTER TABLE article DROP COLUMN headline;
ALTER TABLE article ADD COLUMN more text;
SELECT short(dataloader.load_connection('article', '[1]', by => 'reporter_id', order_by => 'score', first => 1, after => ARRAY[:'cursor']) -> 0);
ALTER TABLE article ALTER score TYPE numeric;
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', order_by => 'score', first => 1, after => ARRAY[:'cursor']);
\echo :LAST_ERROR_SQLSTATE
-- without a primary key, a cursor of it is of another ordering
SELECT at(5) AS cursor \gset
ALTER TABLE article DROP CONSTRAINT article_pkey CASCADE;
SELECT dataloader.load_connection('article', '[1]', by => 'reporter_id', first => 1, after => ARRAY[:'cursor']);
\echo :LAST_ERROR_SQLSTATE

DROP OWNED BY regress_dl_connection;
DROP ROLE regress_dl_connection;
DROP SCHEMA test_connection CASCADE;

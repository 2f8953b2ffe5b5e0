-- through and link: rows that a junction leads to, against a join in plain SQL, on both paths.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE SCHEMA test_through;
SET search_path = test_through;
CREATE TABLE article (id int PRIMARY KEY, headline text);
CREATE TABLE publication (id int PRIMARY KEY, title text, code text UNIQUE);
CREATE TABLE article_publication (article_id int REFERENCES article, publication_id int REFERENCES publication, since date, PRIMARY KEY (article_id, publication_id));
CREATE INDEX ON article_publication (publication_id);
INSERT INTO article SELECT i, 'h' || i FROM generate_series(1, 20) i;
INSERT INTO publication SELECT i, 't' || i % 4, 'c' || i FROM generate_series(1, 10) i;
INSERT INTO article_publication SELECT a, p FROM generate_series(1, 20) a, generate_series(1, 10) p WHERE (a * 7 + p * 3) % 5 = 0 AND a <> 5;

-- link is found: it is the junction's only foreign key to the relation
SELECT dataloader.load_many_json('publication', '[1,5,99,2,1]', by => 'article_id', through => 'article_publication', order_by => 'id', columns => '{id,title}');
SELECT dataloader.load_many_json('article', '[3]', by => 'publication_id', through => 'article_publication', order_by => 'id', columns => '{id}');
SELECT * FROM dataloader.load_many(NULL::publication, ARRAY[1, 5], by => 'article_id', through => 'article_publication', order_by => 'id DESC', first => 1);
SELECT ord, (item).* FROM dataloader.load_rows(NULL::publication, ARRAY[1, 5, 2], by => 'article_id', through => 'article_publication', order_by => 'id', skip => 1);
SELECT dataloader.load_count('publication', ARRAY[1, 5, 99, NULL], by => 'article_id', through => 'article_publication');
SELECT * FROM dataloader.load_one(NULL::publication, ARRAY[1, 5], by => 'article_id', through => 'article_publication', order_by => 'title DESC, id');
SELECT dataloader.load_one_json('publication', ARRAY[5, 1], by => 'article_id', through => 'article_publication', filter => 'id = $1', args => '[1]');
SELECT dataloader.load_one_json('publication', ARRAY[1], by => 'article_id', through => 'article_publication');
\echo :LAST_ERROR_SQLSTATE

-- junctions of other kinds: without foreign keys, with repeated and dangling and NULL links, through
-- another unique column, of two columns, with two keys to one relation, a view, a partitioned table
CREATE TABLE loose (a int, p int);
CREATE INDEX ON loose (a);
INSERT INTO loose VALUES (1, 1), (1, 1), (1, 77), (1, NULL), (2, 3), (NULL, 4), (2, 2);
CREATE TABLE by_code (a int, code text REFERENCES publication (code));
CREATE INDEX ON by_code (a);
INSERT INTO by_code SELECT article_id, 'c' || publication_id FROM article_publication;
CREATE TABLE wide_target (x int, y text, n int, PRIMARY KEY (x, y));
INSERT INTO wide_target SELECT i % 3, 'y' || i, i FROM generate_series(1, 12) i;
CREATE TABLE wide_link (a int, b int, tx int, ty text, FOREIGN KEY (tx, ty) REFERENCES wide_target);
CREATE INDEX ON wide_link (a, b);
INSERT INTO wide_link SELECT i % 4, i % 2, x, y FROM generate_series(1, 8) i, wide_target WHERE (n + i) % 3 = 0;
CREATE TABLE pair (first_id int REFERENCES article, second_id int REFERENCES article, k int);
CREATE INDEX ON pair (k);
INSERT INTO pair SELECT i, 21 - i, i % 3 FROM generate_series(1, 20) i;
CREATE VIEW junction_view AS SELECT article_id, publication_id FROM article_publication WHERE article_id < 10;
CREATE TABLE junction_part (article_id int, publication_id int) PARTITION BY LIST (article_id);
CREATE TABLE junction_part_default PARTITION OF junction_part DEFAULT;
CREATE INDEX ON junction_part (article_id);
INSERT INTO junction_part SELECT article_id, publication_id FROM article_publication;
CREATE TABLE cases (no serial, relation regclass, keyed_by text, through regclass, link text, keys text, join_on text);
INSERT INTO cases (relation, keyed_by, through, link, keys, join_on) VALUES
    ('publication', 'article_id', 'article_publication', NULL, '[1,5,99,2,null,1]', 'r.id = j.publication_id'),
    ('publication', 'article_id', 'article_publication', 'publication_id', '[1,5,99,2,null,1]', 'r.id = j.publication_id'),
    ('article', 'publication_id', 'article_publication', 'article_id', '[1,5,99,2]', 'r.id = j.article_id'),
    ('article', 'article_id', 'article_publication', 'article_id', '[1,5,99,2]', 'r.id = j.article_id'),
    ('publication', 'a', 'loose', 'p', '[1,2,null,3]', 'r.id = j.p'),
    ('publication', 'a', 'by_code', NULL, '[1,2,5]', 'r.code = j.code'),
    ('publication', 'a', 'by_code', 'code', '[1,2,5]', 'r.code = j.code'),
    ('wide_target', 'a', 'wide_link', NULL, '[1,2,3,4]', 'r.x = j.tx AND r.y = j.ty'),
    ('wide_target', 'a', 'wide_link', 'tx, ty', '[1,2,3,4]', 'r.x = j.tx AND r.y = j.ty'),
    ('article', 'k', 'pair', 'first_id', '[1,2,3]', 'r.id = j.first_id'),
    ('article', 'k', 'pair', 'second_id', '[1,2,3]', 'r.id = j.second_id'),
    ('publication', 'article_id', 'junction_view', 'publication_id', '[1,5,99,2,12]', 'r.id = j.publication_id'),
    ('publication', 'article_id', 'junction_part', 'publication_id', '[1,5,99,2,12]', 'r.id = j.publication_id');
-- what is asked of each: filter, order, page (%1$s is the relation in the filter and r in plain SQL)
CREATE TABLE pages (condition text, ordering text, lim int, off int);
INSERT INTO pages VALUES (NULL, '%1$s::text', NULL, NULL), (NULL, '%1$s::text DESC', NULL, NULL), (NULL, '%1$s::text', 2, NULL), (NULL, '%1$s::text DESC', 1, 1),
    ('%1$s::text LIKE ''%%1%%''', '%1$s::text', 3, 0), ('false', '%1$s::text', NULL, NULL), (NULL, '%1$s::text', 0, NULL), (NULL, '%1$s::text', NULL, 2);
CREATE FUNCTION compare(relation regclass, keyed_by text, through regclass, link text, keys text, join_on text, condition text, ordering text, lim int, off int, OUT same bool, OUT counted bool) LANGUAGE plpgsql AS $$
DECLARE wanted text; counts bigint[];
BEGIN
    EXECUTE format('SELECT ''['' || string_agg(''['' || coalesce((SELECT string_agg(x.j, '','') FROM (SELECT row_to_json(r)::text AS j FROM %s j JOIN %s r ON %s WHERE j.%I = u.k AND (%s) ORDER BY %s LIMIT %s OFFSET %s) x), '''') || '']'', '','' ORDER BY ord) || '']'','
        ' array_agg((SELECT count(*) FROM %1$s j JOIN %2$s r ON %3$s WHERE j.%4$I = u.k AND (%5$s)) ORDER BY ord) FROM unnest(translate($1, ''[]'', ''{}'')::int[]) WITH ORDINALITY u(k, ord)',
        through, relation, join_on, keyed_by, format(coalesce(condition, 'true'), 'r'), format(ordering, 'r'), coalesce(lim::text, 'ALL'), coalesce(off, 0)) INTO wanted, counts USING keys;
    same := wanted = dataloader.load_many_json(relation, keys, by => keyed_by, through => compare.through, link => compare.link, filter => format(condition, relation), order_by => format(ordering, relation), first => lim, skip => off)::text;
    counted := counts = dataloader.load_count(relation, keys, by => keyed_by, through => compare.through, link => compare.link, filter => format(condition, relation));
END $$;
CREATE VIEW checks AS
SELECT relation, keyed_by, through, link, count(*) AS calls, count(*) FILTER (WHERE same) AS same, count(*) FILTER (WHERE counted) AS counted
FROM cases, pages, compare(relation, keyed_by, through, link, keys, join_on, condition, ordering, lim, off) GROUP BY relation, keyed_by, through, link ORDER BY min(no);
SET dataloader.direct_scan = on;
TABLE checks;
SET dataloader.direct_scan = off;
TABLE checks;
RESET dataloader.direct_scan;

-- a junction with no foreign key, or more than one, needs link; link must fit
SELECT dataloader.load_many_json('publication', '[1]', by => 'a', through => 'loose');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'k', through => 'pair');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'a', through => 'loose', link => 'nope');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'nope', through => 'loose', link => 'p');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'a', through => 'loose', link => 'p, a');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'a', through => 'by_code', link => 'a, code');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', through => 'article_publication');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('publication', '[1]', through => 'article_publication');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'id', link => 'id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'a', through => 'article_publication_pkey', link => 'p');
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE keyless (id int);
SELECT dataloader.load_many_json('keyless', '[1]', by => 'a', through => 'loose', link => 'p');
\echo :LAST_ERROR_SQLSTATE

-- rights: on the junction's by and link, and on what is loaded of the relation; policies of both
CREATE ROLE regress_dl_reader;
GRANT USAGE ON SCHEMA test_through TO regress_dl_reader;
GRANT SELECT (id, title) ON publication TO regress_dl_reader;
CREATE FUNCTION try(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE direct text; plan text;
BEGIN
    SET LOCAL dataloader.direct_scan = on;
    BEGIN EXECUTE query INTO direct; EXCEPTION WHEN OTHERS THEN direct := sqlstate || ' ' || sqlerrm; END;
    SET LOCAL dataloader.direct_scan = off;
    BEGIN EXECUTE query INTO plan; EXCEPTION WHEN OTHERS THEN plan := sqlstate || ' ' || sqlerrm; END;
    RETURN CASE WHEN direct = plan THEN direct ELSE 'direct: ' || direct || ', plan: ' || plan END;
END $$;
PREPARE granted AS SELECT try('SELECT dataloader.load_many_json(''publication'', ''[1]'', by => ''article_id'', through => ''article_publication'', order_by => ''id'', columns => ''{id}'')') AS columns,
    try('SELECT dataloader.load_many_json(''publication'', ''[1]'', by => ''article_id'', through => ''article_publication'', order_by => ''id'')') AS all_columns,
    try('SELECT dataloader.load_count(''publication'', ''[1]'', by => ''article_id'', through => ''article_publication'')') AS count;
SET ROLE regress_dl_reader;
EXECUTE granted;
RESET ROLE;
GRANT SELECT (article_id) ON article_publication TO regress_dl_reader;
SET ROLE regress_dl_reader;
EXECUTE granted;
RESET ROLE;
GRANT SELECT (publication_id) ON article_publication TO regress_dl_reader;
SET ROLE regress_dl_reader;
EXECUTE granted;
RESET ROLE;
GRANT SELECT ON publication TO regress_dl_reader;
SET ROLE regress_dl_reader;
EXECUTE granted;
RESET ROLE;
ALTER TABLE article_publication ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON article_publication USING (publication_id <> 1);
SET ROLE regress_dl_reader;
EXECUTE granted;
RESET ROLE;
ALTER TABLE article_publication DISABLE ROW LEVEL SECURITY;
ALTER TABLE publication ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON publication USING (id <> 1);
SET ROLE regress_dl_reader;
EXECUTE granted;
RESET ROLE;
REVOKE SELECT (article_id) ON article_publication FROM regress_dl_reader;
SET ROLE regress_dl_reader;
EXECUTE granted;
RESET ROLE;
ALTER TABLE publication DISABLE ROW LEVEL SECURITY;

-- DDL: the foreign key that told the link goes, comes, and is doubled; the junction is swapped
PREPARE found AS SELECT try('SELECT dataloader.load_many_json(''publication'', ''[1]'', by => ''article_id'', through => ''article_publication'', order_by => ''id'', columns => ''{id}'')');
EXECUTE found;
ALTER TABLE article_publication DROP CONSTRAINT article_publication_publication_id_fkey;
EXECUTE found;
ALTER TABLE article_publication ADD FOREIGN KEY (publication_id) REFERENCES publication;
EXECUTE found;
ALTER TABLE article_publication ADD COLUMN main_id int REFERENCES publication;
EXECUTE found;
ALTER TABLE article_publication DROP COLUMN main_id;
EXECUTE found;
DROP INDEX article_publication_publication_id_idx;
ALTER TABLE article_publication DROP CONSTRAINT article_publication_pkey;
EXECUTE found;
ALTER TABLE article_publication RENAME TO former;
CREATE TABLE article_publication (publication_id int REFERENCES publication, article_id int);
INSERT INTO article_publication VALUES (9, 1);
EXECUTE found;

DROP OWNED BY regress_dl_reader;
DROP ROLE regress_dl_reader;
DROP SCHEMA test_through CASCADE;

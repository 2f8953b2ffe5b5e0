-- explain: the path, its reason, and advice that works when it is taken.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE SCHEMA test_explain;
SET search_path = test_explain;
SET effective_io_concurrency = 1;

CREATE TABLE reporter (id int PRIMARY KEY, name text COLLATE "C");
CREATE TABLE article (id int PRIMARY KEY, reporter_id int, pub_date date, score numeric, headline text, tags text[]);
CREATE INDEX ON article (reporter_id, pub_date DESC);
CREATE INDEX ON article (score, id);
INSERT INTO article SELECT i, i % 10, date '2020-01-01' + i, i FROM generate_series(1, 100) i;

-- all that it says, but for the text of the query
CREATE FUNCTION said(relation regclass, by text DEFAULT NULL, filter text DEFAULT NULL, args jsonb DEFAULT NULL, order_by text DEFAULT NULL, first int DEFAULT NULL, skip int DEFAULT NULL, columns text[] DEFAULT NULL, keys text DEFAULT NULL)
RETURNS SETOF text LANGUAGE sql AS
$$ SELECT line FROM dataloader.explain(relation, keys, by => said.by, filter => said.filter, args => said.args, order_by => said.order_by, first => said.first, skip => said.skip, columns => said.columns) line WHERE line NOT LIKE 'query:%' $$;
SELECT said('article');
SELECT said('article', by => 'reporter_id', order_by => 'pub_date DESC', first => 5);
SELECT said('article', by => 'reporter_id', order_by => 'pub_date');
SELECT said('article', by => 'reporter_id', order_by => 'pub_date DESC NULLS LAST', first => 5);
SELECT said('article', by => 'reporter_id', order_by => 'score, id', first => 5, skip => 10);
SELECT said('article', by => 'reporter_id', filter => 'score > $1 AND headline LIKE $2', args => '[5, "a%"]', order_by => 'lower(headline)');
SELECT said('article', by => 'id, reporter_id', keys => '[[1,2]]');
SELECT said('article', by => 'score');
SELECT said('article', by => 'headline', order_by => 'id', skip => 3);
SELECT dataloader.explain('article', ARRAY[1]::bigint[]);
SET effective_io_concurrency = 0;
SELECT said('article');
SET effective_io_concurrency = 1;
-- keys may be there, or empty, or NULL; no row is read for them
SELECT count(*) FROM dataloader.explain('article', '[1,2,99]');
SELECT count(*) FROM dataloader.explain('article', '{}'::int[]);
SELECT count(*) FROM dataloader.explain('article', NULL);
-- on the plan path it shows the query, which can be planned
SET dataloader.direct_scan = off;
SELECT regexp_replace(line, '\$\d', 'NULL', 'g') AS query FROM dataloader.explain('article', NULL, by => 'reporter_id', columns => '{id}') line WHERE line LIKE 'query:%';
RESET dataloader.direct_scan;

-- Every reason for the plan path.
CREATE FUNCTION reason(relation regclass, by text DEFAULT 'id', filter text DEFAULT NULL, order_by text DEFAULT NULL) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(line, '; ') FROM dataloader.explain(relation, NULL, by => reason.by, filter => reason.filter, order_by => reason.order_by) line WHERE line ~ '^(path|reason):' $$;
CREATE VIEW view AS SELECT * FROM article;
CREATE TABLE part (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE leaf PARTITION OF part DEFAULT;
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent);
CREATE MATERIALIZED VIEW populated AS SELECT id FROM article;
CREATE UNIQUE INDEX ON populated (id);
CREATE MATERIALIZED VIEW unpopulated AS SELECT id FROM article WITH NO DATA;
CREATE UNIQUE INDEX ON unpopulated (id);
CREATE FOREIGN DATA WRAPPER test_explain_fdw;
CREATE SERVER test_explain_server FOREIGN DATA WRAPPER test_explain_fdw;
CREATE FOREIGN TABLE foreign_table (id int) SERVER test_explain_server;
CREATE ACCESS METHOD test_explain_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE other_am (id int PRIMARY KEY) USING test_explain_heap;
CREATE TEMP TABLE temporary (id int PRIMARY KEY);
CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY);
CREATE TABLE indexes (none int, hash int, brin int, expression int, partial int, behind int, other_class text, other_collation text, invalid int, covered int, included int);
CREATE INDEX ON indexes USING hash (hash);
CREATE INDEX ON indexes USING brin (brin);
CREATE INDEX ON indexes ((expression + 0));
CREATE INDEX ON indexes (partial) WHERE partial > 0;
CREATE INDEX ON indexes (none, behind);
DROP INDEX indexes_none_behind_idx;
CREATE INDEX ON indexes (covered, behind) INCLUDE (included);
CREATE INDEX ON indexes (other_collation COLLATE "C");
CREATE INDEX test_explain_invalid ON indexes (invalid);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'test_explain_invalid'::regclass;
-- an operator class that does not know SQL's equality of the type
CREATE FUNCTION backward_cmp(text, text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT pg_catalog.bttextcmp($2, $1)';
CREATE FUNCTION backward_eq(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 OPERATOR(pg_catalog.=) $2';
CREATE FUNCTION backward_lt(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 OPERATOR(pg_catalog.>) $2';
CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = backward_eq);
CREATE OPERATOR <<< (LEFTARG = text, RIGHTARG = text, FUNCTION = backward_lt);
CREATE OPERATOR CLASS backward_ops FOR TYPE text USING btree AS OPERATOR 1 <<<, OPERATOR 3 ===, FUNCTION 1 backward_cmp(text, text);
CREATE INDEX ON indexes (other_class backward_ops);

SELECT 1 AS no, 'ordinary table' AS what, reason('article')
UNION ALL SELECT 2, 'view', reason('view')
UNION ALL SELECT 3, 'partitioned table', reason('part')
UNION ALL SELECT 4, 'its leaf', reason('leaf')
UNION ALL SELECT 5, 'inheritance parent', reason('parent')
UNION ALL SELECT 6, 'inheritance child', reason('child')
UNION ALL SELECT 7, 'foreign table', reason('foreign_table')
UNION ALL SELECT 8, 'materialized view', reason('populated')
UNION ALL SELECT 9, 'without data', reason('unpopulated')
UNION ALL SELECT 10, 'other table access method', reason('other_am')
UNION ALL SELECT 11, 'system catalog', reason('pg_class', 'oid')
UNION ALL SELECT 12, 'own temporary table', reason('temporary')
UNION ALL SELECT 13, 'unlogged table', reason('unlogged')
UNION ALL SELECT 20, 'no index', reason('indexes', 'none')
UNION ALL SELECT 21, 'index on a later column', reason('indexes', 'behind')
UNION ALL SELECT 22, 'included column', reason('indexes', 'included')
UNION ALL SELECT 23, 'hash index', reason('indexes', 'hash')
UNION ALL SELECT 24, 'brin index', reason('indexes', 'brin')
UNION ALL SELECT 25, 'index on an expression', reason('indexes', 'expression')
UNION ALL SELECT 26, 'partial index', reason('indexes', 'partial')
UNION ALL SELECT 27, 'other operator class', reason('indexes', 'other_class')
UNION ALL SELECT 28, 'other collation', reason('indexes', 'other_collation')
UNION ALL SELECT 29, 'invalid index', reason('indexes', 'invalid')
UNION ALL SELECT 30, 'composite, leading', reason('indexes', 'behind, covered')
UNION ALL SELECT 31, 'composite, with an included one', reason('indexes', 'covered, included')
UNION ALL SELECT 40, 'plain filter', reason('article', filter => 'score > 3', order_by => 'lower(headline)')
UNION ALL SELECT 41, 'subquery in the filter', reason('article', filter => 'EXISTS (SELECT FROM reporter)')
UNION ALL SELECT 42, 'subquery in order_by', reason('article', order_by => '(SELECT name FROM reporter r WHERE r.id = article.id)')
UNION ALL SELECT 43, 'volatile filter', reason('article', filter => 'random() > 2')
UNION ALL SELECT 44, 'volatile order', reason('article', order_by => 'random()')
UNION ALL SELECT 45, 'stable filter', reason('article', filter => 'pub_date < now()')
ORDER BY no;
SELECT line FROM dataloader.explain('article', ARRAY[1.5]) line WHERE line ~ '^(path|reason|advice):';
SET dataloader.direct_scan = off;
SELECT reason('article');
RESET dataloader.direct_scan;

-- reasons of the caller's
CREATE ROLE regress_dl_reader;
GRANT USAGE ON SCHEMA test_explain TO regress_dl_reader;
GRANT SELECT ON article TO regress_dl_reader;
SET ROLE regress_dl_reader;
SELECT reason('article');
RESET ROLE;
ALTER TABLE article ENABLE ROW LEVEL SECURITY;
SET ROLE regress_dl_reader;
SELECT reason('article');
RESET ROLE;
SELECT reason('article');
ALTER TABLE article DISABLE ROW LEVEL SECURITY;
BEGIN;
REVOKE EXECUTE ON FUNCTION pg_catalog.numeric_eq(numeric, numeric) FROM PUBLIC;
SET LOCAL ROLE regress_dl_reader;
SELECT reason('article', 'score');
ROLLBACK;

-- reasons of other extensions, which are played here: a distributed table of Citus, masking by anon
BEGIN;
SET LOCAL allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass NOT NULL, partmethod "char" NOT NULL);
CREATE UNIQUE INDEX pg_dist_partition_logical_relid_index ON pg_catalog.pg_dist_partition (logicalrelid);
INSERT INTO pg_catalog.pg_dist_partition VALUES ('article', 'h');
SELECT reason('article'), reason('reporter');
DELETE FROM pg_catalog.pg_dist_partition;
SELECT reason('reporter');
ROLLBACK;
-- (Citus itself invalidates what is cached of a table)
ALTER TABLE article SET (fillfactor = 100);
SELECT reason('article');
BEGIN;
CREATE SCHEMA anon CREATE VIEW config AS SELECT 1 AS one;
CREATE FUNCTION anon.mask(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
INSERT INTO pg_extension SELECT (SELECT max(oid::bigint) + 1 FROM pg_extension)::oid, 'anon', extowner, extnamespace, false, '0', NULL, NULL FROM pg_extension WHERE extname = 'dataloader';
SELECT reason('reporter');
ROLLBACK;
SELECT reason('reporter');
-- virtual generated columns, where the server has them
SELECT current_setting('server_version_num')::int >= 180000 AS has_virtual \gset
CREATE TABLE virt (id int PRIMARY KEY, a int);
\if :has_virtual
ALTER TABLE virt ADD COLUMN twice int GENERATED ALWAYS AS (a * 2) VIRTUAL;
\endif
SELECT reason('virt') = CASE WHEN :'has_virtual' THEN 'path: plan; reason: a virtual generated column is read' ELSE 'path: direct' END AS ok;

-- Advice, taken, gives the direct path, and the order from the index.
CREATE FUNCTION follow(relation regclass, by text, order_by text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    advice text;
    after text;
BEGIN
    SELECT substr(line, 9) INTO advice FROM dataloader.explain(relation, NULL, by => follow.by, order_by => follow.order_by, first => 3) line WHERE line LIKE 'advice:%';
    IF advice IS NULL THEN RETURN 'no advice'; END IF;
    EXECUTE advice;
    SELECT string_agg(line, '; ') INTO after FROM dataloader.explain(relation, NULL, by => follow.by, order_by => follow.order_by, first => 3) line WHERE line ~ '^(path|order|advice):';
    RETURN advice || ' -> ' || after;
END $$;
CREATE TABLE "Odd Table" (id int, "User Id" int, b text, c text COLLATE "C", d date);
SELECT follow('indexes', 'none');
SELECT follow('indexes', 'none');
SELECT follow('indexes', 'hash');
SELECT follow('indexes', 'partial, behind');
SELECT follow('indexes', 'other_collation');
SELECT follow('"Odd Table"', '"User Id"', 'd DESC, id');
SELECT follow('"Odd Table"', '"User Id"', 'd DESC NULLS LAST, b, c DESC NULLS FIRST');
SELECT follow('"Odd Table"', 'id', 'b COLLATE "C", c');
SELECT follow('"Odd Table"', 'id, "User Id"', 'lower(b)');
SELECT follow('"Odd Table"', 'b', 'id');

-- args are read as by the load: neither too few nor too many, nor what their types refuse
SELECT dataloader.explain('article', NULL, filter => 'id = $1');
SELECT dataloader.explain('article', NULL, filter => 'id = $1', args => '[1,2]');
SELECT dataloader.explain('article', NULL, filter => 'id = $1', args => '["x"]');
SELECT dataloader.explain('article', NULL, filter => 'id = $1', args => '[1]') LIMIT 1;

DROP OWNED BY regress_dl_reader;
DROP ROLE regress_dl_reader;
DROP SCHEMA test_explain CASCADE;
DROP FOREIGN DATA WRAPPER test_explain_fdw CASCADE;
DROP ACCESS METHOD test_explain_heap;

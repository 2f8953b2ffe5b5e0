-- DDL between two calls of the same text: caches that were warm are not stale.
SET client_min_messages = warning;
CREATE SCHEMA test_invalidate;
SET search_path = test_invalidate;

CREATE TABLE a (id int PRIMARY KEY, w text);
CREATE TABLE b (id int PRIMARY KEY, w text);
INSERT INTO a VALUES (1, 'of a'), (2, 'of a');
INSERT INTO b VALUES (1, 'of b'), (2, 'of b');

-- Each call is made twice on each path, so that every cache is warm when it is made again.
CREATE FUNCTION try(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    EXECUTE query INTO answer;
    RETURN coalesce(answer, 'NULL');
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ' ' || sqlerrm;
END $$;
CREATE FUNCTION ask(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE direct text; plan text;
BEGIN
    SET LOCAL dataloader.direct_scan = on;
    direct := try(query);
    IF try(query) <> direct THEN RETURN 'the second call differs'; END IF;
    SET LOCAL dataloader.direct_scan = off;
    plan := try(query);
    IF try(query) <> plan THEN RETURN 'the second call differs'; END IF;
    RETURN CASE WHEN direct = plan THEN direct ELSE 'direct: ' || direct || ', plan: ' || plan END;
END $$;
PREPARE call AS SELECT ask('SELECT dataloader.load_one_json(''a'', ''[2,9]'')') AS json,
    ask('SELECT string_agg(coalesce(item::text, ''-''), '' '') FROM dataloader.load_one(NULL::a, ARRAY[2, 9])') AS rows,
    ask('SELECT dataloader.load_many_json(''a'', ''[2,9]'', by => ''id'', filter => ''w > $1'', args => ''[""]'', order_by => ''w'', columns => ''{w}'')') AS options;
EXECUTE call;

-- two tables swap their names
ALTER TABLE a RENAME TO tmp;
ALTER TABLE b RENAME TO a;
ALTER TABLE tmp RENAME TO b;
EXECUTE call;
BEGIN;
ALTER TABLE a RENAME TO tmp;
ALTER TABLE b RENAME TO a;
EXECUTE call;
ROLLBACK;
EXECUTE call;

-- columns
ALTER TABLE a ADD COLUMN n int DEFAULT 7;
EXECUTE call;
ALTER TABLE a RENAME COLUMN w TO v;
EXECUTE call;
ALTER TABLE a RENAME COLUMN n TO w;
EXECUTE call;
ALTER TABLE a ALTER COLUMN w TYPE text USING 'text ' || w;
EXECUTE call;
ALTER TABLE a RENAME COLUMN v TO u;
ALTER TABLE a DROP COLUMN u;
EXECUTE call;
ALTER TABLE a RENAME COLUMN id TO key;
EXECUTE call;
ALTER TABLE a RENAME COLUMN key TO id;
EXECUTE call;
ALTER TABLE a ALTER COLUMN id TYPE bigint;
EXECUTE call;
ALTER TABLE a ALTER COLUMN id TYPE text;
EXECUTE call;
ALTER TABLE a ALTER COLUMN id TYPE int USING id::int;
EXECUTE call;
BEGIN;
ALTER TABLE a DROP COLUMN w;
EXECUTE call;
ROLLBACK;
EXECUTE call;

-- indexes and the primary key
ALTER TABLE a DROP CONSTRAINT b_pkey;
EXECUTE call;
CREATE INDEX a_id ON a (id);
EXECUTE call;
ALTER TABLE a ADD CONSTRAINT a_new PRIMARY KEY (id);
EXECUTE call;
DROP INDEX a_id;
EXECUTE call;
REINDEX TABLE a;
EXECUTE call;
ALTER INDEX a_new RENAME TO a_other;
EXECUTE call;
BEGIN;
UPDATE a SET w = id;
ALTER TABLE a DROP CONSTRAINT a_other;
ALTER TABLE a ADD PRIMARY KEY (w);
EXECUTE call;
ROLLBACK;
EXECUTE call;
CLUSTER a USING a_other;
EXECUTE call;
VACUUM FULL a;
EXECUTE call;
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'a_other'::regclass;
EXECUTE call;
UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'a_other'::regclass;
EXECUTE call;

-- rows, storage, a child, a parent
TRUNCATE a;
EXECUTE call;
INSERT INTO a VALUES (2, 'new');
EXECUTE call;
CREATE TABLE kid () INHERITS (a);
INSERT INTO kid VALUES (9, 'kid');
EXECUTE call;
ALTER TABLE kid NO INHERIT a;
EXECUTE call;
ALTER TABLE a SET UNLOGGED;
EXECUTE call;
ALTER TABLE a SET LOGGED;

-- dropped, made again, as something else
DROP TABLE a;
EXECUTE call;
CREATE TABLE a (w text, id int PRIMARY KEY, more int);
INSERT INTO a VALUES ('made again', 2, 3);
EXECUTE call;
DROP TABLE a;
CREATE VIEW a AS SELECT 2 AS id, 'of a view' AS w;
SELECT ask('SELECT dataloader.load_one_json(''a'', ''[2,9]'', by => ''id'')');
CREATE OR REPLACE VIEW a AS SELECT 9 AS id, 'of another view' AS w;
SELECT ask('SELECT dataloader.load_one_json(''a'', ''[2,9]'', by => ''id'')');
DROP VIEW a;
CREATE TABLE a (id int PRIMARY KEY, w text) PARTITION BY RANGE (id);
CREATE TABLE a1 PARTITION OF a DEFAULT;
INSERT INTO a VALUES (2, 'of a partition');
EXECUTE call;
ALTER TABLE a DETACH PARTITION a1;
EXECUTE call;
ALTER TABLE a ATTACH PARTITION a1 DEFAULT;
EXECUTE call;
DROP TABLE a;
DROP TABLE b;
DROP TABLE kid;

-- the table moves to another schema, the schema gets another name
CREATE TABLE a (id int PRIMARY KEY, w text);
INSERT INTO a VALUES (2, 'here');
CREATE SCHEMA test_invalidate_2;
CREATE TABLE kept (rel regclass);
INSERT INTO kept VALUES ('a');
PREPARE kept AS SELECT ask('SELECT dataloader.load_one_json(rel, ''[2,9]'') FROM test_invalidate.kept'),
    ask('SELECT dataloader.load_one_json(rel, ''[2,9]'', filter => ''w > '''''''''') FROM test_invalidate.kept');
EXECUTE kept;
ALTER TABLE a SET SCHEMA test_invalidate_2;
EXECUTE kept;
ALTER SCHEMA test_invalidate_2 RENAME TO test_invalidate_3;
EXECUTE kept;
CREATE SCHEMA test_invalidate_2;
CREATE TABLE test_invalidate_2.a (id int PRIMARY KEY, w text);
EXECUTE kept;
ALTER TABLE test_invalidate_3.a RENAME TO renamed;
EXECUTE kept;

-- a filter means what its names mean on the search_path of the call
CREATE FUNCTION test_invalidate_2.chosen(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = 1';
CREATE FUNCTION test_invalidate_3.chosen(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = 2';
CREATE TABLE t (id int PRIMARY KEY, w text);
INSERT INTO t VALUES (1, 'by 2'), (2, 'by 3'), (3, 'third');
PREPARE path AS SELECT test_invalidate.ask('SELECT dataloader.load_one_json(''test_invalidate.t'', ''[1,2,3]'', filter => ''chosen(id)'', columns => ''{w}'')');
SET search_path = test_invalidate, test_invalidate_2;
EXECUTE path;
SET search_path = test_invalidate, test_invalidate_3;
EXECUTE path;
SET search_path = test_invalidate;
EXECUTE path;
SET search_path = test_invalidate, test_invalidate_2;
EXECUTE path;
-- a function before it on the path is created, dropped; the one in use is replaced
CREATE FUNCTION chosen(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = 3';
EXECUTE path;
CREATE OR REPLACE FUNCTION chosen(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 <> 3';
EXECUTE path;
DROP FUNCTION chosen(int);
EXECUTE path;
-- a function with a temporary table's help: a table named in a subquery is looked up, too
CREATE TABLE test_invalidate_2.allowed AS SELECT 1 AS id;
PREPARE subquery AS SELECT test_invalidate.ask('SELECT dataloader.load_one_json(''test_invalidate.t'', ''[1,2,3]'', filter => ''t.id IN (SELECT a.id FROM allowed a)'', columns => ''{w}'')');
EXECUTE subquery;
CREATE TEMP TABLE allowed AS SELECT 3 AS id;
EXECUTE subquery;
DROP TABLE pg_temp.allowed;
EXECUTE subquery;
DROP TABLE test_invalidate_2.allowed;
EXECUTE subquery;

-- row-level security, rules, types and domains
SET search_path = test_invalidate;
CREATE ROLE regress_dl_reader;
GRANT USAGE ON SCHEMA test_invalidate TO regress_dl_reader;
GRANT SELECT ON t TO regress_dl_reader;
PREPARE secured AS SELECT ask('SELECT dataloader.load_one_json(''test_invalidate.t'', ''[1,2]'', columns => ''{id}'')');
SET ROLE regress_dl_reader;
EXECUTE secured;
RESET ROLE;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
SET ROLE regress_dl_reader;
EXECUTE secured;
RESET ROLE;
CREATE POLICY p ON t USING (id = 1);
SET ROLE regress_dl_reader;
EXECUTE secured;
RESET ROLE;
ALTER POLICY p ON t USING (id = 2);
SET ROLE regress_dl_reader;
EXECUTE secured;
RESET ROLE;
DROP POLICY p ON t;
ALTER TABLE t DISABLE ROW LEVEL SECURITY;
SET ROLE regress_dl_reader;
EXECUTE secured;
RESET ROLE;
DROP OWNED BY regress_dl_reader;
DROP ROLE regress_dl_reader;

CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE e (m mood PRIMARY KEY, n int);
INSERT INTO e VALUES ('sad', 1), ('glad', 2);
PREPARE moods AS SELECT ask('SELECT dataloader.load_one_json(''e'', ''["glad","sad","new"]'', columns => ''{m,n}'')');
EXECUTE moods;
ALTER TYPE mood ADD VALUE 'new' BEFORE 'sad';
EXECUTE moods;
INSERT INTO e VALUES ('new', 3);
EXECUTE moods;
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
EXECUTE moods;
CREATE TYPE point2 AS (x int, y int);
CREATE TABLE c (id int PRIMARY KEY, p point2);
INSERT INTO c VALUES (1, (1, 2));
PREPARE points AS SELECT ask('SELECT dataloader.load_one_json(''c'', ''[1]'')');
EXECUTE points;
ALTER TYPE point2 ADD ATTRIBUTE z int;
EXECUTE points;
ALTER TYPE point2 DROP ATTRIBUTE x;
EXECUTE points;
ALTER TYPE point2 RENAME ATTRIBUTE y TO why;
EXECUTE points;
-- a cast to json, which to_json uses, comes and goes
CREATE FUNCTION mood_json(mood) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT json_build_object('mood', $1::text) $$;
PREPARE cast_moods AS SELECT ask('SELECT dataloader.load_one_json(''e'', ''["glad"]'', columns => ''{m}'')'), to_json('glad'::mood);
EXECUTE cast_moods;
CREATE CAST (mood AS json) WITH FUNCTION mood_json(mood);
EXECUTE cast_moods;
DROP CAST (mood AS json);
EXECUTE cast_moods;

-- types that are renamed, a domain that gets a constraint, a type that another of its name hides
CREATE DOMAIN checked AS text;
PREPARE constrained AS SELECT ask('SELECT dataloader.load_one_json(''t'', ''[1]'', filter => ''(w::checked) LIKE ''''by%'''''', columns => ''{id}'')');
EXECUTE constrained;
ALTER DOMAIN checked ADD CONSTRAINT not_that CHECK (VALUE <> 'by 2');
EXECUTE constrained;
ALTER DOMAIN checked DROP CONSTRAINT not_that;
EXECUTE constrained;
ALTER DOMAIN checked RENAME TO renamed_domain;
EXECUTE constrained;
ALTER DOMAIN renamed_domain RENAME TO checked;
EXECUTE constrained;
PREPARE sorted AS SELECT test_invalidate.ask('SELECT dataloader.load_many_json(''test_invalidate.t'', ''[1,2]'', by => ''id'', order_by => ''id::text::checked'', columns => ''{id}'')');
EXECUTE sorted;
CREATE DOMAIN test_invalidate_2.checked AS int;
SET search_path = test_invalidate_2, test_invalidate;
EXECUTE sorted;
SET search_path = test_invalidate;
EXECUTE sorted;
CREATE TYPE state AS ENUM ('on', 'off');
CREATE TABLE switch (s state, n int, v text);
CREATE INDEX ON switch (s, n);
INSERT INTO switch VALUES ('on', 1, 'found');
SELECT ask('SELECT dataloader.load_one_json(''switch'', ARRAY[(''on''::state, 1)], by => ''s, n'', columns => ''{v}'')');
ALTER TYPE state RENAME TO position;
SET search_path = test_invalidate, pg_catalog;
SELECT ask('SELECT dataloader.load_one_json(''switch'', ARRAY[(''on''::"position", 1)], by => ''s, n'', columns => ''{v}'')');
SET search_path = test_invalidate;
SELECT ask('SELECT dataloader.load_one_json(''switch'', ARRAY[(''on''::"position", 1)], by => ''s, n'', columns => ''{v}'')');

-- what a subquery of a filter reads
CREATE TABLE other (k int, x int);
INSERT INTO other VALUES (1, 1);
PREPARE existing AS SELECT ask('SELECT dataloader.load_one_json(''t'', ''[1,2]'', filter => ''EXISTS (SELECT * FROM other o WHERE o.k = t.id)'', columns => ''{id}'')');
EXECUTE existing;
ALTER TABLE other DROP COLUMN x;
EXECUTE existing;
ALTER TABLE other ADD COLUMN y int;
EXECUTE existing;
ALTER TABLE other RENAME COLUMN k TO j;
EXECUTE existing;
ALTER TABLE other RENAME COLUMN y TO k;
UPDATE other SET k = 2;
EXECUTE existing;
ALTER TABLE other RENAME TO former;
CREATE VIEW other AS SELECT 1 AS k;
EXECUTE existing;

-- everything is thrown away, and made anew
DISCARD PLANS;
EXECUTE points;
DISCARD ALL;
SET search_path = test_invalidate;
SET client_min_messages = warning;
SELECT ask('SELECT dataloader.load_one_json(''c'', ''[1]'')');

-- the extension itself
DROP EXTENSION dataloader;
SELECT ask('SELECT dataloader.load_one_json(''c'', ''[1]'')');
CREATE EXTENSION dataloader;
SELECT ask('SELECT dataloader.load_one_json(''c'', ''[1]'')');

DROP SCHEMA test_invalidate, test_invalidate_2, test_invalidate_3 CASCADE;

-- Rights: every function asks for what the same SELECT would, of whoever runs it, on each call.
SET client_min_messages = warning;
CREATE SCHEMA test_rights;
SET search_path = test_rights;
CREATE ROLE regress_dl_owner;
CREATE ROLE regress_dl_reader;
CREATE ROLE regress_dl_column;
CREATE ROLE regress_dl_group;
CREATE ROLE regress_dl_member IN ROLE regress_dl_group;
CREATE ROLE regress_dl_none;
CREATE ROLE regress_dl_all IN ROLE pg_read_all_data;
GRANT USAGE ON SCHEMA test_rights TO PUBLIC;

CREATE TABLE doc (id int PRIMARY KEY, owner_id int, title text, secret text);
CREATE INDEX ON doc (owner_id);
INSERT INTO doc SELECT i, i % 3, 't' || i, 's' || i FROM generate_series(1, 9) i;
ALTER TABLE doc OWNER TO regress_dl_owner;
GRANT SELECT ON doc TO regress_dl_reader, regress_dl_group;
GRANT SELECT (id, title) ON doc TO regress_dl_column;
CREATE TABLE doc_part (id int PRIMARY KEY, owner_id int, title text, secret text) PARTITION BY LIST (id);
CREATE TABLE doc_leaf PARTITION OF doc_part DEFAULT;
INSERT INTO doc_part TABLE doc;
GRANT SELECT ON doc_part TO regress_dl_reader;
CREATE VIEW titles AS SELECT id, title FROM doc;
GRANT SELECT ON titles TO regress_dl_reader;
ALTER VIEW titles OWNER TO regress_dl_owner;

-- Each function of the extension that takes a relation, called with the fewest arguments that work.
-- None may be left out: the list is read from the catalog.
CREATE VIEW calls AS
SELECT format('%s(%s, %s)', p.proname, p.proargtypes[0]::regtype, p.proargtypes[1]::regtype) AS function,
    format('SELECT count(*) FROM dataloader.%I(%s, %s, by => ''id'')', p.proname,
        CASE p.proargtypes[0]::regtype WHEN 'regclass'::regtype THEN '%1$L::regclass' ELSE 'NULL::%1$s' END,
        CASE p.proargtypes[1]::regtype WHEN 'text'::regtype THEN quote_literal('[1,2]') || '::text' ELSE 'ARRAY[1, 2]' END) AS call
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' AND p.prorettype <> 'internal'::regtype
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE e.extname = 'dataloader' AND p.proargnames[1] = 'relation';
GRANT SELECT ON calls TO PUBLIC;
CREATE FUNCTION try(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE query;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ' ' || sqlerrm;
END $$;
CREATE FUNCTION try_both(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE direct text; plan text;
BEGIN
    SET LOCAL dataloader.direct_scan = on;
    direct := try(query);
    SET LOCAL dataloader.direct_scan = off;
    plan := try(query);
    RETURN CASE WHEN direct = plan THEN direct ELSE 'direct: ' || direct || ', plan: ' || plan END;
END $$;

-- functions that take no relation: none yet
SELECT p.oid::regprocedure AS "takes no relation"
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' AND p.prorettype <> 'internal'::regtype
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE e.extname = 'dataloader' AND p.proargnames[1] IS DISTINCT FROM 'relation';

SET ROLE regress_dl_reader;
SELECT function, try_both(format(call, 'doc')) AS reader FROM calls ORDER BY function COLLATE "C";
SET ROLE regress_dl_none;
SELECT function, try_both(format(call, 'doc')) AS none FROM calls ORDER BY function COLLATE "C";
RESET ROLE;

-- by role: owner, member of a granted role, reader of everything
CREATE FUNCTION summary(tab text) RETURNS TABLE (functions bigint, result text) LANGUAGE sql AS
$$ SELECT count(*), try_both(format(call, tab)) AS result FROM calls GROUP BY result ORDER BY result $$;
SET ROLE regress_dl_owner;
SELECT * FROM summary('doc');
SET ROLE regress_dl_member;
SELECT * FROM summary('doc');
SET ROLE regress_dl_all;
SELECT * FROM summary('doc');
SET ROLE regress_dl_column;
SELECT * FROM summary('doc');
RESET ROLE;

-- a right on the parent is enough for its partitions, one on a view for its table
SET ROLE regress_dl_reader;
SELECT * FROM summary('doc_part');
SELECT * FROM summary('doc_leaf');
SELECT * FROM summary('titles');
SET ROLE regress_dl_none;
SELECT * FROM summary('titles');
RESET ROLE;

-- Rights on some columns: the key, the columns that are loaded, filtered and ordered by are what counts.
CREATE FUNCTION many(by text, columns text[], filter text DEFAULT NULL, order_by text DEFAULT NULL) RETURNS text LANGUAGE sql AS
$$ SELECT try_both(format('SELECT dataloader.load_many_json(''test_rights.doc'', ''[1]'', by => %L, columns => %L, filter => %L, order_by => %L)', by, columns, filter, order_by)) $$;
SET ROLE regress_dl_column;
SELECT dataloader.load_one_json('doc', '[1,2]', columns => '{id,title}');
SELECT dataloader.load_one_json('doc', '[1,2]', columns => '{title}');
SELECT dataloader.load_one_json('doc', '[1,2]');
SELECT 'granted' AS what, many('id', '{id,title}') AS result
UNION ALL SELECT 'filter and order granted', many('id', '{id}', 'title > ''''', 'title')
UNION ALL SELECT 'whole row', many('id', NULL)
UNION ALL SELECT 'other column', many('id', '{id,secret}')
UNION ALL SELECT 'other key', many('owner_id', '{id}')
UNION ALL SELECT 'one of two keys', try_both($$SELECT dataloader.load_one_json('test_rights.doc', '[[1,1]]', by => 'id, owner_id', columns => '{id}')$$)
UNION ALL SELECT 'other in filter', many('id', '{id}', 'secret > ''''')
UNION ALL SELECT 'row in filter', many('id', '{id}', 'doc IS NOT NULL')
UNION ALL SELECT 'other in order_by', many('id', '{id}', NULL, 'secret')
UNION ALL SELECT 'in a subquery of the filter', many('id', '{id}', '(SELECT d.secret FROM test_rights.doc d WHERE d.id = doc.id) > ''''')
UNION ALL SELECT 'typed row', try_both('SELECT * FROM dataloader.load_rows(NULL::test_rights.doc, ''[1]'')');
-- the default key is a column like any other
RESET ROLE;
REVOKE SELECT (id) ON doc FROM regress_dl_column;
SET ROLE regress_dl_column;
SELECT 'key not granted' AS what, many('id', '{title}') AS result
UNION ALL SELECT 'by default', try_both('SELECT dataloader.load_one_json(''test_rights.doc'', ''[1]'', columns => ''{title}'')');
RESET ROLE;
GRANT SELECT (id) ON doc TO regress_dl_column;

-- no row, no key: rights are asked for all the same
SET ROLE regress_dl_none;
SELECT dataloader.load_one_json('doc', '[]');
SELECT dataloader.load_one_json('doc', NULL::int[]);
SELECT dataloader.load_one_json('doc', '[null]');
SELECT * FROM dataloader.explain('doc', '[1]');
-- and before names and options are looked at
SELECT dataloader.load_one_json('doc', '[1]', by => 'nope');
SELECT dataloader.load_one_json('doc', '[1]', filter => 'nope');
RESET ROLE;

-- A schema that may not be used, for a table that may be read: a regclass needs no look-up by name.
CREATE SCHEMA test_rights_hidden;
CREATE TABLE test_rights_hidden.doc AS TABLE doc;
ALTER TABLE test_rights_hidden.doc ADD PRIMARY KEY (id);
GRANT SELECT ON test_rights_hidden.doc TO regress_dl_reader;
CREATE TABLE hidden (rel oid, doc test_rights_hidden.doc);
INSERT INTO hidden VALUES ('test_rights_hidden.doc'::regclass);
GRANT SELECT ON hidden TO PUBLIC;
SET ROLE regress_dl_reader;
SELECT try('SELECT * FROM test_rights_hidden.doc') AS plain_sql;
SELECT try_both('SELECT dataloader.load_one_json(rel::regclass, ''[1]'') FROM test_rights.hidden') AS json,
    try_both('SELECT l FROM test_rights.hidden, dataloader.load_one(doc, ''[1]'') l') AS typed,
    try_both('SELECT dataloader.explain(rel::regclass, ''[1]'') FROM test_rights.hidden') AS explained;
SET ROLE regress_dl_all;
SELECT try_both('SELECT dataloader.load_one_json(rel::regclass, ''[1]'') FROM test_rights.hidden') AS json;
RESET ROLE;
DROP TABLE hidden;
DROP SCHEMA test_rights_hidden CASCADE;

-- One session, several roles, warm caches: each call is the caller's own.
SET ROLE regress_dl_reader;
SELECT dataloader.load_one_json('doc', '[1]', columns => '{id}');
SET ROLE regress_dl_none;
SELECT dataloader.load_one_json('doc', '[1]', columns => '{id}');
SET ROLE regress_dl_reader;
SELECT dataloader.load_one_json('doc', '[1]', columns => '{id}');
SET ROLE regress_dl_none;
SET dataloader.direct_scan = off;
SELECT dataloader.load_one_json('doc', '[1]', columns => '{id}');
SET ROLE regress_dl_reader;
SELECT dataloader.load_one_json('doc', '[1]', columns => '{id}');
SET ROLE regress_dl_none;
SELECT dataloader.load_one_json('doc', '[1]', columns => '{id}');
RESET dataloader.direct_scan;
RESET ROLE;
PREPARE warm AS SELECT dataloader.load_one_json('doc', '[1]', columns => '{id}');
EXECUTE warm;
SET ROLE regress_dl_none;
EXECUTE warm;
RESET ROLE;
DEALLOCATE warm;

-- A right that is taken away is gone at once, in the same transaction.
BEGIN;
SET LOCAL ROLE regress_dl_reader;
SELECT dataloader.load_one_json('doc', '[1]', columns => '{id}');
SET LOCAL ROLE regress_dl_owner;
REVOKE SELECT ON doc FROM regress_dl_reader;
SET LOCAL ROLE regress_dl_reader;
SELECT dataloader.load_one_json('doc', '[1]', columns => '{id}');
ROLLBACK;
BEGIN;
SET LOCAL dataloader.direct_scan = off;
SET LOCAL ROLE regress_dl_reader;
SELECT dataloader.load_one_json('doc', '[1]', columns => '{id}');
SET LOCAL ROLE regress_dl_owner;
REVOKE SELECT ON doc FROM regress_dl_reader;
SET LOCAL ROLE regress_dl_reader;
SELECT dataloader.load_one_json('doc', '[1]', columns => '{id}');
ROLLBACK;
-- and one that is given is there
BEGIN;
SET LOCAL ROLE regress_dl_none;
SAVEPOINT s;
SELECT dataloader.load_one_json('doc', '[1]', columns => '{id}');
ROLLBACK TO s;
SET LOCAL ROLE regress_dl_owner;
GRANT SELECT (id) ON doc TO regress_dl_none;
SET LOCAL ROLE regress_dl_none;
SELECT dataloader.load_one_json('doc', '[1]', columns => '{id}');
ROLLBACK;

-- SECURITY DEFINER: the definer's rights, not the caller's; and the caller's again after it.
CREATE FUNCTION lend(ids int[]) RETURNS json LANGUAGE sql SECURITY DEFINER AS
$$ SELECT dataloader.load_one_json('test_rights.doc', ids, columns => '{id,secret}') $$;
ALTER FUNCTION lend(int[]) OWNER TO regress_dl_owner;
CREATE FUNCTION withhold(ids int[]) RETURNS json LANGUAGE sql SECURITY DEFINER AS
$$ SELECT dataloader.load_one_json('test_rights.doc', ids, columns => '{id,secret}') $$;
ALTER FUNCTION withhold(int[]) OWNER TO regress_dl_none;
SET ROLE regress_dl_none;
SELECT lend(ARRAY[1]);
SELECT dataloader.load_one_json('doc', ARRAY[1], columns => '{id,secret}');
SET ROLE regress_dl_reader;
SELECT withhold(ARRAY[1]);
SELECT dataloader.load_one_json('doc', ARRAY[1], columns => '{id,secret}');
RESET ROLE;

-- A column that only a subquery of the filter reads; explain asks for it, too.
SET ROLE regress_dl_column;
SELECT filter, try_both(format('SELECT count(*) FROM test_rights.doc WHERE %s', filter)) AS plain_sql,
    try_both(format('SELECT dataloader.load_one_json(''test_rights.doc'', ''[1,2]'', columns => ''{id}'', filter => %L)', filter)) AS loaded,
    try_both(format('SELECT dataloader.explain(''test_rights.doc'', ''[1,2]'', columns => ''{id}'', filter => %L)', filter)) AS explained
FROM (VALUES (1, 'EXISTS (SELECT 1 WHERE doc.secret > '''')'), (2, 'id = (SELECT (SELECT length(doc.secret)))'), (3, 'EXISTS (SELECT 1 WHERE doc IS NULL)'),
    (4, 'id = (SELECT d.id FROM (SELECT doc.id) d)'), (5, 'id = (SELECT d.n FROM (SELECT 1, 2, 3, 4 AS n) d)')) f(no, filter) ORDER BY no;
RESET ROLE;

-- The right to execute the operator's function, which an index scan would not ask for.
CREATE TABLE tagged (tag uuid PRIMARY KEY);
INSERT INTO tagged VALUES ('00000000-0000-0000-0000-000000000001');
GRANT SELECT ON tagged TO regress_dl_reader;
BEGIN;
REVOKE EXECUTE ON FUNCTION pg_catalog.uuid_eq(uuid, uuid) FROM PUBLIC;
SET LOCAL ROLE regress_dl_reader;
SELECT try('SELECT count(*) FROM test_rights.tagged WHERE tag = ANY (ARRAY[''00000000-0000-0000-0000-000000000001''::uuid])') AS plain_sql,
    try_both('SELECT dataloader.load_one_json(''test_rights.tagged'', ''["00000000-0000-0000-0000-000000000001"]'')') AS loaded;
ROLLBACK;
-- and of functions in the filter and in order_by
CREATE FUNCTION restricted(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $1';
REVOKE EXECUTE ON FUNCTION restricted FROM PUBLIC;
SET ROLE regress_dl_reader;
SELECT many('owner_id', '{id}', 'test_rights.restricted(id) > 0') AS filter, many('owner_id', '{id}', NULL, 'test_rights.restricted(id)') AS order_by;
RESET ROLE;
-- also where at most one row, or the order of an index, leaves nothing to be sorted by them
CREATE TABLE doc_link (topic int, doc_id int REFERENCES doc, place int, PRIMARY KEY (topic, place));
INSERT INTO doc_link VALUES (1, 2, 1), (1, 1, 2);
GRANT SELECT ON doc_link TO regress_dl_reader;
SET ROLE regress_dl_reader;
SELECT many('id', '{id}', NULL, 'test_rights.restricted(id)') AS unique_key, many('id', '{id}', NULL, 'id, test_rights.restricted(id)') AS behind_the_key,
    try_both('SELECT * FROM dataloader.load_one(NULL::test_rights.doc, ''[]'', order_by => ''test_rights.restricted(id)'')') AS no_key;
SELECT try_both(format('SELECT dataloader.load_many_json(''test_rights.doc'', ''[[1,1]]'', by => ''topic, place'', through => ''test_rights.doc_link'', columns => ''{id}'', order_by => %L)', order_by)) AS through
FROM unnest('{test_rights.restricted(id),test_rights.restricted(through.place)}'::text[]) order_by;
RESET ROLE;

-- A right that came with a role's membership goes with it, from warm caches, too.
CREATE FUNCTION lent(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 5';
REVOKE EXECUTE ON FUNCTION lent FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lent TO regress_dl_group;
CREATE TABLE open_doc AS TABLE doc;
CREATE INDEX ON open_doc (owner_id);
GRANT SELECT ON open_doc TO regress_dl_member;
CREATE FUNCTION with_lent() RETURNS text LANGUAGE sql AS
$$ SELECT try_both('SELECT dataloader.load_many_json(''test_rights.open_doc'', ''[1]'', by => ''owner_id'', filter => ''test_rights.lent(id)'', columns => ''{id}'')')
    || ', ' || try_both('SELECT dataloader.load_many_json(''test_rights.open_doc'', ''[1]'', by => ''owner_id'', order_by => ''test_rights.lent(id)'', columns => ''{id}'')') $$;
SET ROLE regress_dl_member;
SELECT with_lent();
RESET ROLE;
REVOKE regress_dl_group FROM regress_dl_member;
SET ROLE regress_dl_member;
SELECT with_lent();
RESET ROLE;

-- the schema of the extension is open to all, and nobody but its owner may create in it
SELECT has_schema_privilege('regress_dl_none', 'dataloader', 'USAGE') AS usage, has_schema_privilege('regress_dl_none', 'dataloader', 'CREATE') AS "create";

DROP SCHEMA test_rights CASCADE;
DROP ROLE regress_dl_owner, regress_dl_reader, regress_dl_column, regress_dl_group, regress_dl_member, regress_dl_none, regress_dl_all;

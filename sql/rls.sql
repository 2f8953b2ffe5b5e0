-- Row-level security: the rows that the caller's policies let through, on every call anew.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE SCHEMA test_rls;
SET search_path = test_rls;
CREATE ROLE regress_dl_ann;
CREATE ROLE regress_dl_bob;
CREATE ROLE regress_dl_owner;
CREATE ROLE regress_dl_bypass BYPASSRLS;
GRANT USAGE, CREATE ON SCHEMA test_rls TO PUBLIC;

CREATE TABLE note (id int PRIMARY KEY, author name, body text);
INSERT INTO note VALUES (1, 'regress_dl_ann', 'a1'), (2, 'regress_dl_bob', 'b2'), (3, 'regress_dl_ann', 'a3'), (4, 'regress_dl_owner', 'o4');
CREATE INDEX ON note (author);
ALTER TABLE note OWNER TO regress_dl_owner;
GRANT SELECT ON note TO PUBLIC;
ALTER TABLE note ENABLE ROW LEVEL SECURITY;

CREATE FUNCTION seen() RETURNS text LANGUAGE plpgsql AS $$
DECLARE direct text; plan text;
    load text := 'SELECT concat_ws('' | '', (SELECT string_agg(coalesce((item).id::text, ''-''), '' '') FROM dataloader.load_one(NULL::test_rls.note, ARRAY[1, 2, 3, 4])),'
        ' (SELECT count(*) FROM dataloader.load_rows(NULL::test_rls.note, ARRAY[1, 2, 3, 4])),'
        ' (SELECT string_agg(cardinality(items)::text, '' '') FROM dataloader.load_many(NULL::test_rls.note, ''{regress_dl_ann,regress_dl_bob,regress_dl_owner}'', by => ''author'')),'
        ' dataloader.load_one_json(''test_rls.note'', ''[1,2,3,4]'', columns => ''{id}''), dataloader.load_many_json(''test_rls.note'', ''[2]'', by => ''id'', columns => ''{id}''))';
BEGIN
    SET LOCAL dataloader.direct_scan = on;
    EXECUTE load INTO direct;
    SET LOCAL dataloader.direct_scan = off;
    EXECUTE load INTO plan;
    RETURN CASE WHEN direct = plan THEN direct ELSE 'direct: ' || direct || ', plan: ' || plan END;
END $$;

-- no policy: nothing; the owner and those who bypass see all
SET ROLE regress_dl_ann;
SELECT current_user, seen();
SET ROLE regress_dl_owner;
SELECT current_user, seen();
SET ROLE regress_dl_bypass;
SELECT current_user, seen();
RESET ROLE;
SELECT 'superuser' AS current_user, seen();

-- a policy: own rows; one session, warm caches, role after role
CREATE POLICY own ON note USING (author = current_user);
SET ROLE regress_dl_ann;
SELECT current_user, seen();
SET ROLE regress_dl_bob;
SELECT current_user, seen();
SET ROLE regress_dl_ann;
SELECT current_user, seen();
SET ROLE regress_dl_bypass;
SELECT current_user, seen();
SET ROLE regress_dl_owner;
SELECT current_user, seen();
SET ROLE regress_dl_ann;
SELECT current_user, seen();

-- row_security = off: an error, not the hidden rows
SET row_security = off;
SELECT dataloader.load_one_json('note', '[1,2]');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM dataloader.load_one(NULL::note, '[1,2]');
SET dataloader.direct_scan = off;
SELECT dataloader.load_one_json('note', '[1,2]');
RESET dataloader.direct_scan;
SET ROLE regress_dl_bypass;
SELECT current_user, seen();
RESET row_security;
RESET ROLE;

-- FORCE: the owner, too
ALTER TABLE note FORCE ROW LEVEL SECURITY;
SET ROLE regress_dl_owner;
SELECT current_user, seen();
RESET ROLE;
SELECT 'superuser' AS current_user, seen();
ALTER TABLE note NO FORCE ROW LEVEL SECURITY;
SET ROLE regress_dl_owner;
SELECT current_user, seen();
RESET ROLE;

-- A role's attribute and memberships may change between two calls.
SET ROLE regress_dl_bob;
SELECT current_user, seen();
RESET ROLE;
ALTER ROLE regress_dl_bob BYPASSRLS;
SET ROLE regress_dl_bob;
SELECT current_user, seen();
RESET ROLE;
ALTER ROLE regress_dl_bob NOBYPASSRLS;
SET ROLE regress_dl_bob;
SELECT current_user, seen();
RESET ROLE;
CREATE POLICY for_owners ON note TO regress_dl_owner USING (true);
ALTER TABLE note FORCE ROW LEVEL SECURITY;
GRANT regress_dl_owner TO regress_dl_bob;
SET ROLE regress_dl_bob;
SELECT current_user, seen();
RESET ROLE;
REVOKE regress_dl_owner FROM regress_dl_bob;
SET ROLE regress_dl_bob;
SELECT current_user, seen();
RESET ROLE;
ALTER TABLE note NO FORCE ROW LEVEL SECURITY;

-- A policy over a setting: the setting of each call.
DROP POLICY own ON note;
CREATE POLICY tenant ON note USING (author = current_setting('test_rls.tenant', true));
SET ROLE regress_dl_ann;
SELECT seen();
SET test_rls.tenant = 'regress_dl_bob';
SELECT seen();
SET test_rls.tenant = 'regress_dl_ann';
SELECT seen();
RESET test_rls.tenant;
RESET ROLE;
DROP POLICY tenant ON note;
CREATE POLICY own ON note USING (author = current_user);

-- SECURITY DEFINER: the definer's policies
CREATE FUNCTION as_definer() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT test_rls.seen()';
ALTER FUNCTION as_definer() OWNER TO regress_dl_bob;
SET ROLE regress_dl_ann;
SELECT current_user, seen();
SELECT current_user, as_definer();
SELECT current_user, seen();
RESET ROLE;

-- through a view, the owner's policies apply
CREATE VIEW notes AS SELECT * FROM note;
ALTER VIEW notes OWNER TO regress_dl_bob;
GRANT SELECT ON notes TO PUBLIC;
SET ROLE regress_dl_ann;
SELECT dataloader.load_one_json('notes', '[1,2,3,4]', by => 'id', columns => '{id}');
RESET ROLE;

-- A filter cannot look at hidden rows, however cheap it claims to be.
SET ROLE regress_dl_ann;
CREATE FUNCTION peek(body text) RETURNS bool COST 0.0000001 LANGUAGE plpgsql AS $$
BEGIN IF body NOT LIKE 'a%' THEN RAISE WARNING 'peek: %', body; END IF; RETURN true; END $$;
SELECT dataloader.load_one_json('note', '[1,2,3,4]', filter => 'peek(body)', columns => '{id}');
SELECT dataloader.load_one_json('note', '[1,2,4]', order_by => 'peek(body)', columns => '{id}');
RESET ROLE;

-- policies that come and go between two calls in one transaction
BEGIN;
SET LOCAL ROLE regress_dl_ann;
SELECT seen();
RESET ROLE;
ALTER TABLE note DISABLE ROW LEVEL SECURITY;
SET LOCAL ROLE regress_dl_ann;
SELECT seen();
RESET ROLE;
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
SET LOCAL ROLE regress_dl_ann;
SELECT seen();
RESET ROLE;
DROP POLICY own ON note;
SET LOCAL ROLE regress_dl_ann;
SELECT seen();
ROLLBACK;

-- a partitioned table: its policy, not the leaf's
CREATE TABLE log (id int, author name) PARTITION BY RANGE (id);
CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (10);
ALTER TABLE log ADD PRIMARY KEY (id);
INSERT INTO log SELECT id, author FROM note;
ALTER TABLE log ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON log USING (author = current_user);
GRANT SELECT ON log, log_1 TO PUBLIC;
SET ROLE regress_dl_ann;
SELECT dataloader.load_one_json('log', '[1,2,3,4]', columns => '{id}') AS parent, dataloader.load_one_json('log_1', '[1,2,3,4]', columns => '{id}') AS leaf;
RESET ROLE;

DROP SCHEMA test_rls CASCADE;
DROP ROLE regress_dl_ann, regress_dl_bob, regress_dl_owner, regress_dl_bypass;

-- What CREATE EXTENSION makes: every function labelled, commented, and nothing else than planned.
SET client_min_messages = warning;
CREATE VIEW members AS
SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE e.extname = 'dataloader' AND d.deptype = 'e';
CREATE VIEW functions AS SELECT p.* FROM pg_proc p JOIN members m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid;

SELECT extname, extversion, extrelocatable, extnamespace::regnamespace, extconfig FROM pg_extension WHERE extname = 'dataloader';
-- members: functions and one schema; no table, type, operator or cast yet
SELECT classid::regclass AS catalog, count(*) > 0 AS some FROM members GROUP BY 1 ORDER BY 1;
-- a table, once there is one, goes into dumps with its rows, and no column of it makes pg_upgrade refuse the database
SELECT objid::regclass AS not_dumped FROM members JOIN pg_class c ON classid = 'pg_class'::regclass AND objid = c.oid WHERE relkind IN ('r', 'S') AND NOT EXISTS (SELECT FROM pg_extension WHERE objid = ANY (extconfig));
SELECT attrelid::regclass, attname FROM members JOIN pg_attribute ON classid = 'pg_class'::regclass AND objid = attrelid
WHERE atttypid IN ('regcollation'::regtype, 'regconfig'::regtype, 'regdictionary'::regtype, 'regnamespace'::regtype, 'regoper'::regtype, 'regoperator'::regtype, 'regproc'::regtype, 'regprocedure'::regtype);
SELECT nspname FROM pg_namespace JOIN members ON classid = 'pg_namespace'::regclass AND objid = pg_namespace.oid;
SELECT count(*) AS outside_the_schema FROM functions WHERE pronamespace <> 'dataloader'::regnamespace;
SELECT count(*) AS strangers_in_the_schema FROM pg_proc WHERE pronamespace = 'dataloader'::regnamespace AND oid NOT IN (SELECT oid FROM functions);

-- labels: C, STABLE, PARALLEL RESTRICTED, not STRICT, not LEAKPROOF, invoker's rights, no settings
SELECT proname, count(*) AS overloads, string_agg(DISTINCT l.lanname, ' ') AS language, string_agg(DISTINCT provolatile::text, ' ') AS volatile, string_agg(DISTINCT proparallel::text, ' ') AS parallel,
    bool_or(proisstrict) AS strict, bool_or(proleakproof) AS leakproof, bool_or(prosecdef) AS secdef, bool_or(proconfig IS NOT NULL) AS config, bool_or(proretset) AS set
FROM functions JOIN pg_language l ON l.oid = prolang GROUP BY proname ORDER BY proname COLLATE "C";
-- a cost that keeps the planner from calling them per row lightly
SELECT proname, procost, prorows FROM functions GROUP BY 1, 2, 3 ORDER BY proname COLLATE "C";
-- whoever may read the data may call them
SELECT count(*) AS with_own_acl FROM functions WHERE proacl IS NOT NULL;
SELECT nspacl IS NOT NULL AS open, has_schema_privilege('public', 'dataloader', 'USAGE') AS usage, has_schema_privilege('public', 'dataloader', 'CREATE') AS "create" FROM pg_namespace WHERE nspname = 'dataloader';

-- a comment on each
SELECT count(*) AS without_comment FROM functions WHERE obj_description(oid, 'pg_proc') IS NULL;
SELECT obj_description('dataloader'::regnamespace, 'pg_namespace') IS NOT NULL AS schema_commented, obj_description(oid, 'pg_extension') IS NOT NULL AS extension_commented FROM pg_extension WHERE extname = 'dataloader';
-- options are spelled the same and come in the same order everywhere
SELECT option, count(DISTINCT type) AS types, count(DISTINCT position) AS positions
FROM functions, LATERAL unnest(proargnames, proargtypes::oid[]) WITH ORDINALITY a(option, type, position)
WHERE type IS NOT NULL AND option NOT IN ('relation', 'keys') AND prorettype <> 'internal'::regtype GROUP BY option ORDER BY option COLLATE "C";
-- every option has a default, and each function an overload for keys as text
SELECT count(*) AS without_default FROM functions WHERE pronargs - pronargdefaults <> 2 AND prorettype <> 'internal'::regtype;
SELECT proname, string_agg(proargtypes[1]::regtype::text, ', ' ORDER BY proargtypes[1]) AS keys FROM functions WHERE prorettype <> 'internal'::regtype GROUP BY proname ORDER BY proname COLLATE "C";

-- a schema of that name that somebody else made is not taken over
DROP VIEW functions, members;
DROP EXTENSION dataloader;
SELECT count(*) AS left_behind FROM pg_namespace WHERE nspname = 'dataloader';
CREATE SCHEMA dataloader;
\set VERBOSITY terse
CREATE EXTENSION dataloader;
\set VERBOSITY default
DROP SCHEMA dataloader;
-- not by the way, and not for everybody
CREATE EXTENSION dataloader SCHEMA public;
CREATE ROLE regress_dl_user;
GRANT CREATE ON DATABASE :DBNAME TO regress_dl_user;
SET ROLE regress_dl_user;
CREATE EXTENSION dataloader;
RESET ROLE;
DROP OWNED BY regress_dl_user;
DROP ROLE regress_dl_user;
CREATE EXTENSION dataloader;
ALTER EXTENSION dataloader SET SCHEMA public;
ALTER EXTENSION dataloader UPDATE;
CREATE TABLE install_check (id int PRIMARY KEY);
INSERT INTO install_check VALUES (1);
SELECT dataloader.load_one_json('install_check', '[1,2]');
DROP TABLE install_check;

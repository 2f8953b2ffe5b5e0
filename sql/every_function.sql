-- What holds for every function of the extension, as pg_proc has them but for what only the planner calls: a new one is found here by itself. It asks
-- for the rights of the caller at each call, on both paths, and carries the labels that it must.
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE SCHEMA test_every_function;
SET search_path = test_every_function;
CREATE TABLE item (id int PRIMARY KEY, grp int, secret int);
INSERT INTO item VALUES (1, 1, 1), (2, 1, 2);
CREATE INDEX ON item (grp);
CREATE TABLE link (item_id int, other_id int REFERENCES item, PRIMARY KEY (item_id, other_id));
INSERT INTO link VALUES (1, 2);
CREATE VIEW functions AS
SELECT p.oid::regprocedure AS function, p.* FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' AND p.prorettype <> 'internal'::regtype
    JOIN pg_extension e ON e.oid = d.refobjid AND extname = 'dataloader';

-- labels: none may be looser than this
SELECT function FROM functions WHERE provolatile <> 's' OR proparallel <> 'r' OR proleakproof OR prosecdef OR proconfig IS NOT NULL OR prokind <> 'f' OR probin IS NULL;
-- not STRICT: a NULL option is one that is left out
SELECT function FROM functions WHERE proisstrict;
-- and each C function is of this extension
SELECT function FROM functions WHERE prosrc !~ '^dataloader_' OR prosrc <> 'dataloader_' || proname;

-- a call of each, with options that it has
CREATE FUNCTION call_of(function oid, relation text, options jsonb) RETURNS text LANGUAGE sql AS $$
SELECT format('SELECT count(x::text) FROM dataloader.%I(%s) x', proname, string_agg(format('%I => %s', a.name, CASE a.name
    WHEN 'relation' THEN CASE WHEN a.type = 'anyelement'::regtype THEN 'NULL::' || relation ELSE quote_literal(relation) END
    WHEN 'keys' THEN CASE WHEN a.type = 'text'::regtype THEN '''{1,2}''' ELSE 'ARRAY[1,2]' END ELSE options->>a.name END), ', ' ORDER BY a.no))
FROM pg_proc, LATERAL unnest(proargnames, proargtypes::oid[]) WITH ORDINALITY a(name, type, no)
WHERE oid = function AND a.type IS NOT NULL AND (a.name IN ('relation', 'keys') OR options ? a.name) GROUP BY proname $$;
CREATE SCHEMA test_every_function_tools;
GRANT USAGE ON SCHEMA test_every_function_tools TO PUBLIC;
CREATE FUNCTION test_every_function_tools.answer(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE query;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate;
END $$;
CREATE FUNCTION test_every_function_tools.on_both_paths(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE direct text;
BEGIN
    PERFORM set_config('dataloader.direct_scan', 'on', true);
    direct := test_every_function_tools.answer(query);
    PERFORM set_config('dataloader.direct_scan', 'off', true);
    RETURN concat_ws(' / ', direct, nullif(test_every_function_tools.answer(query), direct));
END $$;

-- who may what
CREATE ROLE regress_dl_nothing;
CREATE ROLE regress_dl_columns;
CREATE ROLE regress_dl_outside;
CREATE ROLE regress_dl_reader;
CREATE ROLE regress_dl_unlinked;
GRANT USAGE ON SCHEMA test_every_function TO regress_dl_nothing, regress_dl_columns, regress_dl_reader, regress_dl_unlinked;
GRANT SELECT (id, grp) ON item TO regress_dl_columns;
GRANT SELECT ON item TO regress_dl_outside, regress_dl_reader, regress_dl_unlinked;
GRANT SELECT ON link TO regress_dl_reader, regress_dl_columns;
CREATE TABLE calls (what text, options jsonb);
INSERT INTO calls VALUES ('by the key', '{"by": "''id''"}'), ('other columns', '{"by": "''id''", "columns": "''{id,grp}''"}'), ('filter', '{"by": "''id''", "columns": "''{id}''", "filter": "''secret > $1''", "args": "''[0]''"}'),
    ('order', '{"by": "''id''", "columns": "''{id}''", "order_by": "''secret, id''"}'), ('by', '{"by": "''secret''", "columns": "''{id}''"}'), ('through', '{"by": "''item_id''", "through": "''test_every_function.link''", "columns": "''{id}''"}');
CREATE TABLE outcomes (role text, what text, function regprocedure, outcome text);
CREATE FUNCTION try_all() RETURNS void LANGUAGE plpgsql AS $$
DECLARE c record;
BEGIN
    FOR c IN SELECT rolname, what, function, test_every_function.call_of(function, 'test_every_function.item', options) AS query
        FROM pg_roles, test_every_function.calls, test_every_function.functions WHERE rolname ~ '^regress_dl_' AND options - proargnames IN ('{}', '{"columns": "''{id}''"}', '{"columns": "''{id,grp}''"}') LOOP
        EXECUTE format('SET LOCAL ROLE %I', c.rolname);
        c.query := test_every_function_tools.on_both_paths(c.query);
        RESET ROLE;
        INSERT INTO test_every_function.outcomes VALUES (c.rolname, c.what, c.function, c.query);
    END LOOP;
END $$;
SELECT try_all();
-- no right on the relation, or none on its schema: nothing to be had from any function
SELECT * FROM outcomes WHERE role IN ('regress_dl_nothing', 'regress_dl_outside') AND outcome <> '42501';
-- and each was asked
SELECT f.function FROM functions f WHERE (SELECT count(*) FROM outcomes o WHERE o.function = f.function) < 20;
SELECT role, what, outcome, string_agg(DISTINCT proname, ' ' ORDER BY proname) AS functions FROM outcomes JOIN functions USING (function)
WHERE role IN ('regress_dl_columns', 'regress_dl_unlinked', 'regress_dl_reader') GROUP BY role, what, outcome ORDER BY role, what, outcome;
-- a right that is taken away is gone at the next call, and what the calls before have left in caches does not help
REVOKE SELECT ON item FROM regress_dl_reader;
TRUNCATE outcomes;
SELECT try_all();
SELECT role, outcome, count(DISTINCT function) = (SELECT count(*) FROM functions) AS all_functions FROM outcomes WHERE role = 'regress_dl_reader' GROUP BY role, outcome;

DROP SCHEMA test_every_function, test_every_function_tools CASCADE;
DROP ROLE regress_dl_nothing, regress_dl_columns, regress_dl_outside, regress_dl_reader, regress_dl_unlinked;

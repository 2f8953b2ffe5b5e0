-- Every kind of relation: its rows as a SELECT gives them, or the error that a SELECT gives.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE SCHEMA test_relations;
SET search_path = test_relations;

-- The rows with n in 1, 2, 3, 99, by column n, on both paths.
CREATE FUNCTION found(tab regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE direct text; plan text;
BEGIN
    SET LOCAL dataloader.direct_scan = on;
    direct := dataloader.load_many_json(tab, ARRAY[3, 99, 1, 2], by => 'n', order_by => 'n, w', columns => '{w}');
    SET LOCAL dataloader.direct_scan = off;
    plan := dataloader.load_many_json(tab, ARRAY[3, 99, 1, 2], by => 'n', order_by => 'n, w', columns => '{w}');
    RETURN CASE WHEN direct = plan THEN direct ELSE 'direct: ' || direct || ', plan: ' || plan END;
END $$;
CREATE FUNCTION wanted(tab regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    EXECUTE format('SELECT ''['' || string_agg(''['' || coalesce((SELECT string_agg(json_build_object(''w'', t.w)::text, '','' ORDER BY t.n, t.w) FROM %s t WHERE t.n = k), '''') || '']'', '','' ORDER BY ord) || '']'''
                   ' FROM unnest(ARRAY[3, 99, 1, 2]) WITH ORDINALITY u(k, ord)', tab) INTO answer;
    RETURN replace(answer, ' : ', ':');
END $$;

CREATE FUNCTION try_load(rel oid) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN dataloader.load_one_json(rel::regclass, '[1]', by => 'n');
EXCEPTION WHEN OTHERS THEN
    RETURN regexp_replace(sqlstate || ' ' || sqlerrm, '\d{5,}$|pg_toast_\d+|OID \d+', 'N');
END $$;

-- an ordinary table, to begin with
CREATE TABLE plain (n int PRIMARY KEY, w text);
INSERT INTO plain VALUES (1, 'one'), (2, 'two'), (3, 'three'), (4, 'four');

-- partitioned: parent, sub-parent, leaves; keys in one, several, or the default partition
CREATE TABLE part (n int PRIMARY KEY, w text) PARTITION BY RANGE (n);
CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (0) TO (2);
CREATE TABLE part_sub PARTITION OF part FOR VALUES FROM (2) TO (10) PARTITION BY LIST (n);
CREATE TABLE part_two PARTITION OF part_sub FOR VALUES IN (2);
CREATE TABLE part_rest PARTITION OF part_sub DEFAULT;
INSERT INTO part TABLE plain;
CREATE TABLE part_empty (n int PRIMARY KEY, w text) PARTITION BY RANGE (n);
-- a leaf whose columns stand in another order than its parent's
CREATE TABLE part_odd (w text, gone int, n int NOT NULL);
ALTER TABLE part_odd DROP COLUMN gone;
INSERT INTO part_odd VALUES ('ninety-nine', 99);
ALTER TABLE part ATTACH PARTITION part_odd FOR VALUES FROM (90) TO (100);
-- an index on the parent that not all leaves have yet
CREATE TABLE part_some (n int, w text) PARTITION BY LIST (n);
CREATE TABLE part_some_1 PARTITION OF part_some FOR VALUES IN (1);
CREATE TABLE part_some_2 PARTITION OF part_some FOR VALUES IN (2, 3, 4);
INSERT INTO part_some TABLE plain;
CREATE INDEX part_some_n ON ONLY part_some (n);

-- inheritance: the parent with its children, grandchildren and all; a child alone; a parent that lost its child
CREATE TABLE parent (n int PRIMARY KEY, w text);
CREATE TABLE child (more text) INHERITS (parent);
CREATE INDEX ON child (n);
CREATE TABLE grandchild () INHERITS (child);
INSERT INTO parent VALUES (1, 'one');
INSERT INTO child VALUES (2, 'two'), (1, 'another one');
INSERT INTO grandchild VALUES (3, 'three');
CREATE TABLE bereaved (n int PRIMARY KEY, w text);
CREATE TABLE lost () INHERITS (bereaved);
INSERT INTO bereaved TABLE plain;
DROP TABLE lost;

-- views
CREATE VIEW simple_view AS SELECT * FROM plain;
CREATE VIEW barrier_view WITH (security_barrier) AS SELECT * FROM plain WHERE n <> 2;
CREATE VIEW union_view AS SELECT n, w FROM plain UNION ALL SELECT n, 'again ' || w FROM plain WHERE n < 3;
CREATE VIEW grouped_view AS SELECT n % 3 AS n, string_agg(w, ' ' ORDER BY n) AS w FROM plain GROUP BY 1;
CREATE VIEW values_view (n, w) AS VALUES (1, 'one'), (3, 'three');
CREATE VIEW view_of_part AS SELECT n, w FROM part;
CREATE VIEW volatile_view AS SELECT n, w, random() AS r FROM plain;
CREATE RECURSIVE VIEW recursive_view (n, w) AS SELECT 1, 'x' UNION ALL SELECT n + 1, w || 'x' FROM recursive_view WHERE n < 3;
CREATE VIEW instead_view AS SELECT n + 1 AS n, w FROM plain;
CREATE RULE instead_insert AS ON INSERT TO instead_view DO INSTEAD NOTHING;
CREATE MATERIALIZED VIEW mat AS SELECT * FROM plain;
CREATE UNIQUE INDEX ON mat (n);
CREATE MATERIALIZED VIEW mat_without_index AS SELECT * FROM plain;

-- storage
CREATE UNLOGGED TABLE unlogged (n int PRIMARY KEY, w text);
INSERT INTO unlogged TABLE plain;
CREATE TEMP TABLE temporary (n int PRIMARY KEY, w text);
INSERT INTO temporary TABLE plain;
CREATE TABLE foreign_key (n int PRIMARY KEY REFERENCES plain, w text);
INSERT INTO foreign_key TABLE plain;
CREATE TABLE generated_identity (n int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, w text);
INSERT INTO generated_identity (w) SELECT w FROM plain ORDER BY n;
CREATE TYPE pair AS (n int, w text);
CREATE TABLE of_type OF pair (PRIMARY KEY (n));
INSERT INTO of_type TABLE plain;
CREATE TABLE ruled (n int PRIMARY KEY, w text);
INSERT INTO ruled TABLE plain;
CREATE RULE r AS ON UPDATE TO ruled DO INSTEAD NOTHING;
CREATE TABLE clustered (n int PRIMARY KEY, w text);
INSERT INTO clustered SELECT * FROM plain ORDER BY n DESC;
CLUSTER clustered USING clustered_pkey;

-- indexes that do not serve: only such ones
CREATE TABLE index_none (n int, w text);
CREATE TABLE index_partial (n int, w text);
CREATE INDEX ON index_partial (n) WHERE n < 3;
CREATE TABLE index_partial_not_null (n int, w text);
CREATE INDEX ON index_partial_not_null (n) WHERE n IS NOT NULL;
CREATE TABLE index_expression (n int, w text);
CREATE INDEX ON index_expression ((n + 0));
CREATE INDEX ON index_expression (abs(n));
CREATE TABLE index_second (n int, w text);
CREATE INDEX ON index_second (w, n);
CREATE TABLE index_expression_first (n int, w text);
CREATE INDEX ON index_expression_first ((n + 0), n);
CREATE TABLE index_hash (n int, w text);
CREATE INDEX ON index_hash USING hash (n);
CREATE TABLE index_brin (n int, w text);
CREATE INDEX ON index_brin USING brin (n);
CREATE TABLE index_gin (n int, w text, a int[]);
CREATE INDEX ON index_gin USING gin (a);
CREATE TABLE index_include (n int, w text);
CREATE INDEX ON index_include (w) INCLUDE (n);
CREATE TABLE index_invalid (n int, w text);
-- indexes that do, of every shape
CREATE TABLE index_desc (n int, w text);
CREATE INDEX ON index_desc (n DESC);
CREATE TABLE index_nulls_first (n int, w text);
CREATE INDEX ON index_nulls_first (n NULLS FIRST, w DESC);
CREATE TABLE index_desc_nulls_last (n int, w text);
CREATE INDEX ON index_desc_nulls_last (n DESC NULLS LAST, w);
CREATE TABLE index_covering (n int, w text);
CREATE UNIQUE INDEX ON index_covering (n) INCLUDE (w);
CREATE TABLE index_deferrable (n int UNIQUE DEFERRABLE INITIALLY DEFERRED, w text);
CREATE TABLE index_exclusion (n int, w text, EXCLUDE USING btree (n WITH =));
CREATE TABLE index_twice (n int, w text);
CREATE INDEX ON index_twice (n, n);
CREATE TABLE index_many (n int, w text);
CREATE INDEX ON index_many USING hash (n);
CREATE INDEX ON index_many (n) WHERE n < 3;
CREATE INDEX ON index_many (abs(n));
CREATE INDEX ON index_many (n, w);
CREATE INDEX ON index_many (n);
DO $$
DECLARE tab text;
BEGIN
    FOR tab IN SELECT relname FROM pg_class WHERE relnamespace = 'test_relations'::regnamespace AND relname LIKE 'index\_%' AND relkind = 'r' LOOP
        EXECUTE format('INSERT INTO %I (n, w) TABLE plain', tab);
        EXECUTE format('INSERT INTO %I (n, w) VALUES (NULL, ''null'')', tab);
    END LOOP;
END $$;
INSERT INTO index_invalid VALUES (3, 'three again');
CREATE UNIQUE INDEX CONCURRENTLY index_invalid_n ON index_invalid (n);
SELECT indisvalid FROM pg_index WHERE indexrelid = 'index_invalid_n'::regclass;

SELECT c.oid::regclass AS relation, found(c.oid) AS found, found(c.oid) = wanted(c.oid) AS ok
FROM pg_class c
WHERE c.relnamespace IN ('test_relations'::regnamespace, pg_my_temp_schema()) AND c.relkind IN ('r', 'p', 'v', 'm')
ORDER BY c.relname COLLATE "C";

-- the typed shapes, where the row type is not the storage's
CREATE FUNCTION typed(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE direct text; plan text;
BEGIN
    SET LOCAL dataloader.direct_scan = on;
    EXECUTE query INTO direct;
    SET LOCAL dataloader.direct_scan = off;
    EXECUTE query INTO plan;
    RETURN CASE WHEN direct = plan THEN direct ELSE 'direct: ' || direct || ', plan: ' || plan END;
END $$;
SELECT r AS relation,
    typed(format('SELECT string_agg(coalesce(item::text, ''-''), '' '') FROM dataloader.load_one(NULL::%s, ARRAY[3, 99, 2], by => ''n'', order_by => ''w'')', r)) AS one,
    typed(format('SELECT string_agg(items::text, '' '') FROM dataloader.load_many(NULL::%s, ARRAY[3, 99, 2], by => ''n'')', r)) AS many,
    typed(format('SELECT string_agg(item::text, '' '') FROM dataloader.load_rows(NULL::%s, ARRAY[3, 99, 2], by => ''n'')', r)) AS rows
FROM unnest('{part,part_odd,part_sub,parent,child,simple_view,mat,temporary,of_type,values_view}'::text[]) r;
SELECT (item).* FROM dataloader.load_rows(NULL::part, ARRAY[99, 1]);

-- two equal keys in a deferrable unique index: no assumption that there is one row
BEGIN;
INSERT INTO index_deferrable VALUES (1, 'twice');
SELECT found('index_deferrable');
SELECT dataloader.load_one_json('index_deferrable', '[1]', by => 'n');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;

-- security_invoker (15 and later), with the rights of the caller; rows by a view that the owner may read
CREATE ROLE regress_dl_reader;
GRANT USAGE ON SCHEMA test_relations TO regress_dl_reader;
GRANT SELECT ON simple_view, barrier_view TO regress_dl_reader;
CREATE VIEW invoker_view AS SELECT * FROM plain;
SELECT current_setting('server_version_num')::int >= 150000 AS has_invoker \gset
\if :has_invoker
ALTER VIEW invoker_view SET (security_invoker);
\endif
GRANT SELECT ON invoker_view TO regress_dl_reader;
SELECT found('invoker_view');
SET ROLE regress_dl_reader;
SELECT dataloader.load_one_json('simple_view', '[1]', by => 'n');
SELECT NOT :'has_invoker' OR try_load('invoker_view'::regclass) = '42501 permission denied for table plain' AS denied;
RESET ROLE;
-- a leaky filter cannot look behind a security barrier
GRANT CREATE ON SCHEMA test_relations TO regress_dl_reader;
SET ROLE regress_dl_reader;
CREATE FUNCTION peek(w text) RETURNS bool COST 0.0000001 LANGUAGE plpgsql AS $$
BEGIN IF w = 'two' THEN RAISE WARNING 'peeked'; END IF; RETURN true; END $$;
SELECT dataloader.load_one_json('barrier_view', '[1,2,3]', by => 'n', filter => 'peek(w)');
RESET ROLE;
REVOKE CREATE ON SCHEMA test_relations FROM regress_dl_reader;

-- an unpopulated materialized view is an error, on both paths
CREATE MATERIALIZED VIEW mat_empty AS SELECT * FROM plain WITH NO DATA;
CREATE UNIQUE INDEX ON mat_empty (n);
SELECT dataloader.load_one_json('mat_empty', '[1]', by => 'n');
\echo :LAST_ERROR_SQLSTATE
SET dataloader.direct_scan = off;
SELECT dataloader.load_one_json('mat_empty', '[1]', by => 'n');
RESET dataloader.direct_scan;
REFRESH MATERIALIZED VIEW mat_empty;
SELECT found('mat_empty');
REFRESH MATERIALIZED VIEW mat_empty WITH NO DATA;
SELECT dataloader.load_one_json('mat_empty', '[1]', by => 'n');
\echo :LAST_ERROR_SQLSTATE

-- foreign tables: of a file, and of another server (which is this one)
CREATE EXTENSION file_fdw SCHEMA test_relations;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE in_file (n int, w text) SERVER files OPTIONS (program 'printf "1,one\n2,two\n3,three\n4,four\n"', format 'csv');
SELECT found('in_file'), found('in_file') = wanted('in_file') AS ok;
CREATE EXTENSION postgres_fdw SCHEMA test_relations;
DO $$
BEGIN
    EXECUTE format('CREATE SERVER loopback FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L)',
        trim(split_part(current_setting('unix_socket_directories'), ',', 1)), current_setting('port'), current_database());
END $$;
CREATE USER MAPPING FOR CURRENT_USER SERVER loopback;
CREATE FOREIGN TABLE remote (n int, w text) SERVER loopback OPTIONS (schema_name 'test_relations', table_name 'plain');
SELECT found('remote'), found('remote') = wanted('remote') AS ok;
SELECT string_agg(items::text, ' ') FROM dataloader.load_many(NULL::remote, ARRAY[3, 99, 2], by => 'n', order_by => 'w', first => 1);
SELECT dataloader.load_one_json('remote', '[[1,"one"],[2,"one"]]', by => 'n, w');
SELECT dataloader.load_one_json('remote', '[1,2]', by => 'n', filter => 'w = $1', args => '["one"]');
CREATE TABLE tagged (n int, tags text[]);
INSERT INTO tagged VALUES (1, '{a,b}'), (2, '{}');
CREATE FOREIGN TABLE remote_tagged (n int, tags text[]) SERVER loopback OPTIONS (schema_name 'test_relations', table_name 'tagged');
SELECT dataloader.load_one_json('remote_tagged', ARRAY[ROW(ARRAY['a', 'b']), ROW(ARRAY['b'])], by => 'tags');
CREATE TABLE mixed (n int, w text) PARTITION BY LIST (n);
CREATE TABLE mixed_here PARTITION OF mixed FOR VALUES IN (1);
CREATE TABLE remote_rows AS SELECT * FROM plain WHERE n > 1;
CREATE FOREIGN TABLE mixed_there PARTITION OF mixed FOR VALUES IN (2, 3, 4) SERVER loopback OPTIONS (schema_name 'test_relations', table_name 'remote_rows');
INSERT INTO mixed_here VALUES (1, 'one');
SELECT found('mixed'), found('mixed') = wanted('mixed') AS ok;

-- what is no relation of rows, or no relation at all
CREATE SEQUENCE seq;
SELECT kind, try_load(rel)
FROM (VALUES (1, 'sequence', 'seq'::regclass::oid), (2, 'composite type', (SELECT typrelid FROM pg_type WHERE oid = 'pair'::regtype)), (3, 'index', 'plain_pkey'::regclass::oid),
    (4, 'partitioned index', 'part_pkey'::regclass::oid), (5, 'TOAST table', (SELECT reltoastrelid FROM pg_class WHERE oid = 'plain'::regclass)),
    (6, 'oid 0', 0::oid), (7, 'a type''s oid', 'int4'::regtype::oid), (8, 'no oid', NULL)) v(no, kind, rel)
ORDER BY no;
CREATE TABLE dropped (n int PRIMARY KEY);
SELECT 'dropped'::regclass::oid AS dropped \gset
SELECT try_load(:dropped);
DROP TABLE dropped;
SELECT try_load(:dropped);

-- a temporary table with parallel query forced: not in a worker
SELECT set_config(CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'debug_parallel_query' ELSE 'force_parallel_mode' END, 'on', false) AS forced;
SELECT dataloader.load_one_json('temporary', '[1,9]');
SELECT dataloader.load_many_json('plain', '[1,9]', by => 'n');
SELECT count(*) FROM (SELECT n FROM plain WHERE dataloader.load_one_json('temporary', ARRAY[n])::text <> '[null]') x;
SELECT set_config(CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'debug_parallel_query' ELSE 'force_parallel_mode' END, 'off', false) AS forced;

-- temporary tables: dropped at commit, shadowing a permanent one of the same name
BEGIN;
CREATE TEMP TABLE plain (n int PRIMARY KEY, w text) ON COMMIT DROP;
INSERT INTO plain VALUES (1, 'shadow');
SELECT dataloader.load_one_json('plain', '[1]'), dataloader.load_one_json('test_relations.plain', '[1]');
SELECT dataloader.load_one_json('pg_temp.plain', '[1]');
COMMIT;
SELECT dataloader.load_one_json('plain', '[1]');

-- system catalogs
CREATE VIEW catalog AS
SELECT (SELECT string_agg((item).relname, ' ') FROM dataloader.load_one(NULL::pg_class, ARRAY['plain'::regclass::oid, 0, 'part'::regclass::oid])) AS by_oid,
    (SELECT string_agg((item).attname, ' ') FROM dataloader.load_rows(NULL::pg_attribute, ARRAY[('plain'::regclass::oid, 2::int2), ('plain'::regclass::oid, 1::int2)], by => 'attrelid, attnum')) AS two_columns,
    dataloader.load_one_json('pg_type', '["int4","nope"]', by => 'typname', filter => 'typnamespace = ''pg_catalog''::regnamespace', columns => '{typname,typlen}') AS json,
    dataloader.load_one_json('information_schema.sql_sizing', '[97]', by => 'sizing_id', columns => '{sizing_name}') AS information_schema;
SET dataloader.direct_scan = on;
TABLE catalog;
SET dataloader.direct_scan = off;
TABLE catalog;
RESET dataloader.direct_scan;

DROP SCHEMA test_relations CASCADE;
DROP ROLE regress_dl_reader;

-- What a load holds is given back, however it ends: no warning of a leak, and the next call works.
SET client_min_messages = warning;
CREATE SCHEMA test_leaks;
SET search_path = test_leaks;
CREATE TABLE t (id int PRIMARY KEY, grp int, w text);
INSERT INTO t SELECT i, i % 10, 'w' || i FROM generate_series(1, 5000) i;
CREATE INDEX ON t (grp);
CREATE VIEW v AS SELECT * FROM t;
CREATE FUNCTION works() RETURNS text LANGUAGE sql AS
$$ SELECT dataloader.load_one_json('test_leaks.t', '[1,99999]', columns => '{id}')::text $$;
CREATE FUNCTION slow(int) RETURNS bool LANGUAGE plpgsql STABLE AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN true; END $$;
CREATE FUNCTION caught(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE query;
    RETURN 'no error';
EXCEPTION WHEN OTHERS OR query_canceled THEN
    RETURN sqlstate;
END $$;

-- the script below runs on the direct path first, then on the plan path
SET dataloader.direct_scan = on;

-- LIMIT
SELECT * FROM dataloader.load_one(NULL::t, ARRAY(SELECT id FROM t ORDER BY id)) LIMIT 1;
SELECT (l.item).id FROM dataloader.load_rows(NULL::t, ARRAY[1, 2, 3], by => 'grp', order_by => 'id') l LIMIT 1;
SELECT dataloader.load_rows(NULL::t, ARRAY[1, 2, 3]) LIMIT 1;
SELECT EXISTS (SELECT FROM dataloader.load_many(NULL::t, ARRAY[1, 2], by => 'grp'));
-- a cursor that is closed early, or left open, or scrolled
BEGIN;
DECLARE c CURSOR FOR SELECT ord, (item).id FROM dataloader.load_rows(NULL::t, ARRAY(SELECT id FROM t ORDER BY id));
FETCH 1 FROM c;
CLOSE c;
DECLARE c SCROLL CURSOR FOR SELECT ord, (item).id FROM dataloader.load_rows(NULL::t, ARRAY(SELECT id FROM t ORDER BY id));
FETCH 2 FROM c;
FETCH BACKWARD 1 FROM c;
FETCH LAST FROM c;
FETCH ABSOLUTE 3 FROM c;
DECLARE d CURSOR FOR SELECT dataloader.load_rows(NULL::t, ARRAY[3, 2, 1]);
FETCH 1 FROM d;
COMMIT;
BEGIN;
DECLARE c CURSOR FOR SELECT ord, (item).id FROM dataloader.load_rows(NULL::t, ARRAY(SELECT id FROM t ORDER BY id));
FETCH 1 FROM c;
ROLLBACK;
BEGIN;
SAVEPOINT s;
DECLARE c CURSOR FOR SELECT ord, (item).id FROM dataloader.load_rows(NULL::t, ARRAY(SELECT id FROM t ORDER BY id));
FETCH 1 FROM c;
ROLLBACK TO s;
SELECT works();
COMMIT;
-- errors that are caught, at every stage: of keys, of names, of the filter's evaluation, of the result
SELECT caught('SELECT dataloader.load_one_json(''test_leaks.t'', ''[1,"x"]'')') AS key,
    caught('SELECT dataloader.load_one_json(''test_leaks.t'', ''[1]'', by => ''nope'')') AS name,
    caught('SELECT dataloader.load_many_json(''test_leaks.t'', ''[1,2,3]'', by => ''grp'', filter => ''1 / (id - 1501) < 2'')') AS evaluation,
    caught('SELECT count(*) FROM dataloader.load_rows(NULL::test_leaks.t, ARRAY[1, 2, 3], by => ''grp'', order_by => ''1 / (id - 1501)'')') AS sorting,
    caught('SELECT dataloader.load_one_json(''test_leaks.t'', ''[1]'', by => ''grp'')') AS to_one,
    caught('SELECT 1 / (ord - 2) FROM dataloader.load_one(NULL::test_leaks.t, ARRAY[1, 2, 3])') AS caller,
    works();
DO $$
BEGIN
    FOR i IN 1..300 LOOP
        PERFORM test_leaks.caught('SELECT dataloader.load_many_json(''test_leaks.t'', ''[1,2,3]'', by => ''grp'', filter => ''1 / (id - 1501) < 2'')');
        PERFORM test_leaks.caught('SELECT dataloader.load_one_json(''test_leaks.t'', ''[1,"x"]'')');
        PERFORM count(*) FROM (SELECT * FROM dataloader.load_rows(NULL::test_leaks.t, ARRAY[1, 2, 3]) LIMIT 1) x;
    END LOOP;
END $$;
SELECT works();
-- a loop that is left in the middle
DO $$
DECLARE r record;
BEGIN
    FOR r IN SELECT * FROM dataloader.load_rows(NULL::test_leaks.t, ARRAY[1, 2], by => 'grp') LOOP
        EXIT;
    END LOOP;
    FOR r IN SELECT * FROM dataloader.load_rows(NULL::test_leaks.t, ARRAY[1, 2], by => 'grp') LOOP
        RAISE EXCEPTION 'out';
    END LOOP;
EXCEPTION WHEN raise_exception THEN
    NULL;
END $$;
SELECT works();
-- a timeout in the middle of a filter
SET statement_timeout = '50ms';
SELECT caught('SELECT dataloader.load_many_json(''test_leaks.t'', ''[1,2,3]'', by => ''grp'', filter => ''test_leaks.slow(id)'')');
SELECT caught('SELECT dataloader.load_many_json(''test_leaks.t'', ''[1,2,3]'', by => ''grp'', filter => ''pg_sleep(0.01) IS NOT NULL'')');
RESET statement_timeout;
SELECT works();
-- what a caught error leaves behind for the same transaction
BEGIN;
SELECT caught('SELECT dataloader.load_many_json(''test_leaks.t'', ''[1,2,3]'', by => ''grp'', filter => ''1 / (id - 1501) < 2'')'), works();
DROP INDEX t_grp_idx;
ALTER TABLE t ADD COLUMN extra int;
SELECT works();
ROLLBACK;

-- what holds the table open is gone: it can be altered, and its index dropped, while no load runs
BEGIN;
SELECT count(*) FROM dataloader.load_rows(NULL::t, ARRAY[1], by => 'grp');
ALTER TABLE t ADD COLUMN extra int NOT NULL DEFAULT 1;
TRUNCATE t;
DROP INDEX t_grp_idx;
ROLLBACK;
-- and not while one's rows are still read from a cursor that is open
BEGIN;
DECLARE c CURSOR FOR SELECT ord, (item).id FROM dataloader.load_rows(NULL::t, ARRAY[3, 2, 1]);
FETCH 1 FROM c;
SELECT works();
FETCH ALL FROM c;
COMMIT;

SET dataloader.direct_scan = off;
SELECT * FROM dataloader.load_one(NULL::t, ARRAY(SELECT id FROM t ORDER BY id)) LIMIT 1;
SELECT dataloader.load_rows(NULL::v, ARRAY[1, 2, 3], by => 'id') LIMIT 1;
BEGIN;
DECLARE c CURSOR FOR SELECT ord, (item).id FROM dataloader.load_rows(NULL::t, ARRAY(SELECT id FROM t ORDER BY id));
FETCH 1 FROM c;
CLOSE c;
DECLARE c CURSOR FOR SELECT dataloader.load_rows(NULL::t, ARRAY[3, 2, 1]);
FETCH 1 FROM c;
ROLLBACK;
SELECT caught('SELECT dataloader.load_one_json(''test_leaks.t'', ''[1,"x"]'')') AS key,
    caught('SELECT dataloader.load_one_json(''test_leaks.t'', ''[1]'', by => ''nope'')') AS name,
    caught('SELECT dataloader.load_many_json(''test_leaks.t'', ''[1,2,3]'', by => ''grp'', filter => ''1 / (id - 1501) < 2'')') AS evaluation,
    caught('SELECT count(*) FROM dataloader.load_rows(NULL::test_leaks.t, ARRAY[1, 2, 3], by => ''grp'', order_by => ''1 / (id - 1501)'')') AS sorting,
    caught('SELECT dataloader.load_one_json(''test_leaks.t'', ''[1]'', by => ''grp'')') AS to_one,
    caught('SELECT 1 / (ord - 2) FROM dataloader.load_one(NULL::test_leaks.t, ARRAY[1, 2, 3])') AS caller,
    works();
DO $$
BEGIN
    FOR i IN 1..300 LOOP
        PERFORM test_leaks.caught('SELECT dataloader.load_many_json(''test_leaks.t'', ''[1,2,3]'', by => ''grp'', filter => ''1 / (id - 1501) < 2'')');
        PERFORM test_leaks.caught('SELECT dataloader.load_one_json(''test_leaks.t'', ''[1,"x"]'')');
        PERFORM count(*) FROM (SELECT * FROM dataloader.load_rows(NULL::test_leaks.t, ARRAY[1, 2, 3]) LIMIT 1) x;
    END LOOP;
END $$;
SET statement_timeout = '50ms';
SELECT caught('SELECT dataloader.load_many_json(''test_leaks.t'', ''[1,2,3]'', by => ''grp'', filter => ''test_leaks.slow(id)'')');
SELECT caught('SELECT dataloader.load_many_json(''test_leaks.t'', ''[1,2,3]'', by => ''grp'', filter => ''pg_sleep(0.01) IS NOT NULL'')');
RESET statement_timeout;
SELECT works();
RESET dataloader.direct_scan;

-- A load can be cancelled at once while it reads, sorts or writes much: the timeouts below are met
-- within a second, on a busy machine perhaps three (test/t/001_interrupt measures it).
INSERT INTO t SELECT i, 100, repeat('x', 100) FROM generate_series(10000, 210000) i;
CREATE TABLE many AS SELECT array_agg(i) AS ids FROM generate_series(1, 999999) i;
CREATE FUNCTION cancelled(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE query;
    RETURN 'finished';
EXCEPTION WHEN query_canceled THEN
    RETURN CASE WHEN clock_timestamp() - statement_timestamp() < interval '3 seconds' THEN 'in time' ELSE 'late' END;
END $$;
SET statement_timeout = '50ms';
SELECT cancelled('SELECT dataloader.load_many_json(''test_leaks.t'', array_fill(100, ARRAY[20]), by => ''grp'')');
SELECT cancelled('SELECT dataloader.load_many_json(''test_leaks.t'', array_fill(100, ARRAY[5]), by => ''grp'', order_by => ''md5(w || id)'')');
SELECT cancelled('SELECT count(*) FROM dataloader.load_many(NULL::test_leaks.t, array_fill(100, ARRAY[20]), by => ''grp'')');
SELECT cancelled('SELECT count(*) FROM dataloader.load_rows(NULL::test_leaks.t, array_fill(100, ARRAY[20]), by => ''grp'')');
SELECT cancelled('SELECT dataloader.load_one_json(''test_leaks.t'', ids) FROM test_leaks.many');
SET dataloader.direct_scan = off;
SELECT cancelled('SELECT dataloader.load_many_json(''test_leaks.t'', array_fill(100, ARRAY[20]), by => ''grp'')');
SELECT cancelled('SELECT count(*) FROM dataloader.load_rows(NULL::test_leaks.t, array_fill(100, ARRAY[20]), by => ''grp'')');
SELECT cancelled('SELECT dataloader.load_one_json(''test_leaks.t'', ids) FROM test_leaks.many');
RESET statement_timeout;
RESET dataloader.direct_scan;
SELECT works();

-- A result of over 1 GB is an error before it is too late, not a crash.
CREATE TABLE huge (id int PRIMARY KEY, w text);
INSERT INTO huge VALUES (1, repeat('0123456789', 2000000));
SELECT dataloader.load_one_json('huge', array_fill(1, ARRAY[60]));
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('huge', array_fill(1, ARRAY[60]), by => 'id');
\echo :LAST_ERROR_SQLSTATE
SET dataloader.direct_scan = off;
SELECT dataloader.load_one_json('huge', array_fill(1, ARRAY[60]));
\echo :LAST_ERROR_SQLSTATE
RESET dataloader.direct_scan;
SELECT length(dataloader.load_one_json('huge', array_fill(1, ARRAY[10]))::text);
SELECT works();

DROP SCHEMA test_leaks CASCADE;

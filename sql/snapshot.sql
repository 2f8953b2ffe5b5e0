-- Which rows a load sees: those of the statement that calls it, as any STABLE function does.
SET client_min_messages = warning;
CREATE SCHEMA test_snapshot;
SET search_path = test_snapshot;
CREATE TABLE t (id int PRIMARY KEY, grp int, w text);
CREATE INDEX ON t (grp);
CREATE TABLE log (what text, seen text);

-- the ids of group 1, by a batch and by plain SQL
CREATE FUNCTION loaded() RETURNS text LANGUAGE sql STABLE AS
$$ SELECT coalesce(string_agg((item).id || (item).w, ' ' ORDER BY (item).id), '-') FROM dataloader.load_rows(NULL::test_snapshot.t, ARRAY[1], by => 'grp') $$;
CREATE FUNCTION selected() RETURNS text LANGUAGE sql STABLE AS
$$ SELECT coalesce(string_agg(id || w, ' ' ORDER BY id), '-') FROM test_snapshot.t WHERE grp = 1 $$;

-- The script below is run on each path.
CREATE PROCEDURE run() LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO log SELECT 'empty', loaded() || ' / ' || selected();
    INSERT INTO t VALUES (1, 1, 'a'), (2, 1, 'b');
    INSERT INTO log SELECT 'next statement', loaded() || ' / ' || selected();
    UPDATE t SET w = 'c' WHERE id = 1;
    INSERT INTO log SELECT 'updated', loaded() || ' / ' || selected();
    UPDATE t SET grp = 2 WHERE id = 1;
    INSERT INTO log SELECT 'key moved away', loaded() || ' / ' || selected();
    UPDATE t SET grp = 1 WHERE id = 1;
    INSERT INTO log SELECT 'and back', loaded() || ' / ' || selected();
    UPDATE t SET id = id + 10 WHERE id = 2;
    INSERT INTO log SELECT 'primary key changed', loaded() || ' / ' || selected();
    DELETE FROM t WHERE id = 1;
    INSERT INTO log SELECT 'deleted', loaded() || ' / ' || selected();
    TRUNCATE t;
    INSERT INTO log SELECT 'truncated', loaded() || ' / ' || selected();
    -- one statement: its own writes are not seen, by RETURNING, by a CTE or by the query itself
    WITH i AS (INSERT INTO t VALUES (1, 1, 'a'), (2, 1, 'b') RETURNING loaded() || ' / ' || selected() AS s)
    INSERT INTO log SELECT 'RETURNING', string_agg(DISTINCT s, ', ') FROM i;
    WITH u AS (UPDATE t SET w = 'z' RETURNING id)
    INSERT INTO log SELECT 'beside a CTE that updates', loaded() || ' / ' || selected() || ' / ' || (SELECT count(*) FROM u);
    INSERT INTO log SELECT 'after it', loaded() || ' / ' || selected();
    -- a query over the table that it reads, and that it writes
    INSERT INTO t SELECT id + 100, 1, (SELECT count(*)::text FROM dataloader.load_rows(NULL::t, ARRAY[1], by => 'grp')) FROM t;
    INSERT INTO log SELECT 'inserted from a load', loaded() || ' / ' || selected();
    -- the subtransaction of an exception block
    BEGIN
        INSERT INTO t VALUES (5, 1, 'gone');
        INSERT INTO log SELECT 'in a subtransaction', loaded() || ' / ' || selected();
        RAISE EXCEPTION 'undo';
    EXCEPTION WHEN raise_exception THEN
        INSERT INTO log SELECT 'undone', loaded() || ' / ' || selected();
    END;
    DELETE FROM t;
    INSERT INTO log SELECT 'emptied', loaded() || ' / ' || selected();
END $$;
SET dataloader.direct_scan = on;
CALL run();
CREATE TABLE log_direct AS TABLE log;
SELECT what, seen, split_part(seen, ' / ', 1) = split_part(seen, ' / ', 2) AS ok FROM log;
TRUNCATE log;
SET dataloader.direct_scan = off;
CALL run();
SELECT count(*) AS same_on_plan FROM (SELECT *, row_number() OVER () FROM log INTERSECT SELECT *, row_number() OVER () FROM log_direct) x;
SELECT count(*) AS different FROM (SELECT *, row_number() OVER () FROM log EXCEPT SELECT *, row_number() OVER () FROM log_direct) x;
RESET dataloader.direct_scan;

-- triggers: BEFORE and AFTER, by row and by statement
TRUNCATE t, log;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL dataloader.direct_scan = on;
    INSERT INTO test_snapshot.log SELECT concat_ws(' ', tg_when, tg_level, tg_op), test_snapshot.loaded() || ' / ' || test_snapshot.selected();
    SET LOCAL dataloader.direct_scan = off;
    INSERT INTO test_snapshot.log SELECT 'plan path, the same', test_snapshot.loaded() || ' / ' || test_snapshot.selected();
    RETURN new;
END $$;
CREATE TRIGGER b BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER a AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER s AFTER INSERT OR UPDATE ON t FOR EACH STATEMENT EXECUTE FUNCTION note();
INSERT INTO t VALUES (1, 1, 'a'), (2, 1, 'b');
UPDATE t SET w = 'c' WHERE id = 1;
SELECT what, seen, split_part(seen, ' / ', 1) = split_part(seen, ' / ', 2) AS ok FROM log;
DROP TRIGGER a ON t;
DROP TRIGGER b ON t;
DROP TRIGGER s ON t;

-- A function called in the select list of an UPDATE's source sees one snapshot for all its rows.
TRUNCATE t;
INSERT INTO t SELECT i, 1, 'x' FROM generate_series(1, 3) i;
UPDATE t SET w = loaded();
SELECT DISTINCT w FROM t;

-- a VOLATILE function takes a new snapshot for each of its statements, and so does what it calls
CREATE FUNCTION write_and_load() RETURNS text LANGUAGE plpgsql AS $$
DECLARE before text := loaded();
BEGIN
    DELETE FROM t WHERE id = 1;
    RETURN before || ' / ' || loaded();
END $$;
UPDATE t SET w = '';
SELECT write_and_load();

-- a cursor keeps the rows of when it was opened
TRUNCATE t;
INSERT INTO t SELECT i, 1, 'x' FROM generate_series(1, 3) i;
BEGIN;
DECLARE before CURSOR FOR SELECT k, dataloader.load_one_json('t', ARRAY[k], columns => '{w}') FROM generate_series(1, 4) k;
DECLARE rows_before CURSOR FOR SELECT ord, (item).w FROM dataloader.load_rows(NULL::t, ARRAY[3, 2, 1]);
FETCH 1 FROM before;
UPDATE t SET w = 'y';
DELETE FROM t WHERE id = 3;
INSERT INTO t VALUES (4, 1, 'new');
FETCH 3 FROM before;
FETCH 3 FROM rows_before;
SELECT dataloader.load_one_json('t', '[1,2,3,4]', columns => '{w}');
COMMIT;
BEGIN;
DECLARE held CURSOR WITH HOLD FOR SELECT (item).w FROM dataloader.load_rows(NULL::t, ARRAY[1, 2]);
COMMIT;
DROP TABLE t CASCADE;
FETCH ALL FROM held;
CLOSE held;
CREATE TABLE t (id int PRIMARY KEY, grp int, w text);

-- ROLLBACK TO SAVEPOINT: what it undoes is gone, in READ COMMITTED and REPEATABLE READ
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT dataloader.load_one_json('t', '[1,2]');
SAVEPOINT a;
INSERT INTO t VALUES (1, 1, 'a');
SELECT dataloader.load_one_json('t', '[1,2]');
ROLLBACK TO a;
SELECT dataloader.load_one_json('t', '[1,2]'), count(*) FROM t;
INSERT INTO t VALUES (2, 1, 'b');
SAVEPOINT b;
DELETE FROM t;
SELECT dataloader.load_one_json('t', '[1,2]');
ROLLBACK TO b;
SELECT dataloader.load_one_json('t', '[1,2]');
RELEASE b;
SELECT dataloader.load_one_json('t', '[1,2]');
ROLLBACK;
BEGIN;
SAVEPOINT a;
INSERT INTO t VALUES (1, 1, 'a');
SELECT dataloader.load_one_json('t', '[1,2]');
ROLLBACK TO a;
SELECT dataloader.load_one_json('t', '[1,2]');
SAVEPOINT b;
CREATE TABLE born (id int PRIMARY KEY);
INSERT INTO born VALUES (1);
SELECT dataloader.load_one_json('born', '[1,2]');
ROLLBACK TO b;
SELECT dataloader.load_one_json('born', '[1,2]');
ROLLBACK;

-- procedures that commit between two loads
CREATE PROCEDURE step() LANGUAGE plpgsql AS $$
BEGIN
    RAISE WARNING '%', dataloader.load_one_json('test_snapshot.t', '[7]', columns => '{w}');
    INSERT INTO test_snapshot.t VALUES (7, 1, 'kept');
    COMMIT;
    RAISE WARNING '%', dataloader.load_one_json('test_snapshot.t', '[7]', columns => '{w}');
    UPDATE test_snapshot.t SET w = 'not kept';
    RAISE WARNING '%', dataloader.load_one_json('test_snapshot.t', '[7]', columns => '{w}');
    ROLLBACK;
    RAISE WARNING '%', dataloader.load_one_json('test_snapshot.t', '[7]', columns => '{w}');
END $$;
CALL step();
SET dataloader.direct_scan = off;
DELETE FROM t;
CALL step();
RESET dataloader.direct_scan;

-- deleted and updated rows whose pages were vacuumed, and hint bits set
TRUNCATE t;
INSERT INTO t SELECT i, i % 10, 'v' || i FROM generate_series(1, 2000) i;
DELETE FROM t WHERE id % 2 = 0;
UPDATE t SET w = w || '+' WHERE id % 3 = 0;
VACUUM t;
CREATE VIEW checks AS
SELECT (SELECT string_agg(coalesce((item).w, '-'), ' ') FROM dataloader.load_one(NULL::t, (SELECT array_agg(i) FROM generate_series(1, 2005) i)))
    = (SELECT string_agg(coalesce(w, '-'), ' ' ORDER BY i) FROM generate_series(1, 2005) i LEFT JOIN t ON t.id = i) AS ok;
SET dataloader.direct_scan = on;
TABLE checks;
DELETE FROM t WHERE id % 5 = 0;
TABLE checks;
SET dataloader.direct_scan = off;
TABLE checks;

-- A unique index says nothing of rows that were deleted before it was made, but older snapshots see them.
CREATE TABLE twice (k int NOT NULL, v int NOT NULL, w int NOT NULL);
CREATE INDEX ON twice (k);
INSERT INTO twice SELECT 1, 1, i FROM generate_series(1, 3) i;
CREATE VIEW newest AS SELECT * FROM
    (SELECT dataloader.load_many_json('twice', '{1}', by => 'k', order_by => 'w DESC', first => 1, columns => '{w}') AS by_key) a,
    (SELECT (item).w FROM dataloader.load_one(NULL::twice, '{1}', by => 'k', order_by => 'w DESC')) b,
    (SELECT dataloader.load_many_json('twice', '{1}', by => 'k', order_by => 'v, w DESC', first => 1, columns => '{w}') AS by_order) c,
    (SELECT line FROM dataloader.explain('twice', '{1}', by => 'k') line WHERE line ~ '^(path|reason)') d;
SET dataloader.direct_scan = on;
BEGIN;
DECLARE old CURSOR FOR TABLE newest;
DECLARE old_plan CURSOR FOR TABLE newest;
DELETE FROM twice WHERE w <> 2;
CREATE UNIQUE INDEX twice_k ON twice (k);
FETCH ALL FROM old;
SET LOCAL dataloader.direct_scan = off;
FETCH ALL FROM old_plan;
SET LOCAL dataloader.direct_scan = on;
TABLE newest;
ROLLBACK;
-- unique in what comes first in order_by
BEGIN;
DECLARE old CURSOR FOR TABLE newest;
DECLARE old_plan CURSOR FOR TABLE newest;
DELETE FROM twice WHERE w <> 2;
CREATE UNIQUE INDEX twice_kv ON twice (k, v);
DROP INDEX twice_k_idx;
FETCH ALL FROM old;
SET LOCAL dataloader.direct_scan = off;
FETCH ALL FROM old_plan;
SET LOCAL dataloader.direct_scan = on;
TABLE newest;
COMMIT;
TABLE newest;
-- nor does NOT NULL, without which a unique index is none of the rows with nulls
CREATE TABLE nulls (k int NOT NULL, v int, w int);
CREATE UNIQUE INDEX ON nulls (k, v);
INSERT INTO nulls SELECT 1, NULL, i FROM generate_series(1, 3) i;
CREATE VIEW newest_null AS SELECT dataloader.load_many_json('nulls', '{1}', by => 'k', order_by => 'v, w DESC', first => 1, columns => '{w}');
BEGIN;
DECLARE old CURSOR FOR TABLE newest_null;
DECLARE old_plan CURSOR FOR TABLE newest_null;
UPDATE nulls SET v = w;
ALTER TABLE nulls ALTER v SET NOT NULL;
FETCH ALL FROM old;
SET LOCAL dataloader.direct_scan = off;
FETCH ALL FROM old_plan;
COMMIT;
TABLE newest_null;
RESET dataloader.direct_scan;

DROP SCHEMA test_snapshot CASCADE;

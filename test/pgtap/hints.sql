-- By a unique index, rows are found by hints that are read from its leaf pages without a
-- lock.  A hint is worth nothing until the row proves it: whatever it leads to, the answer
-- is that of a scan.

\ir begin.psql
COMMIT;                         -- rows of one's own transaction are found by the scan
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS hints CASCADE;
CREATE SCHEMA hints;
SET search_path = hints, public;

-- Every fourth key has no row. Some codes have the same first half, which is all that is compared in the index.
CREATE TABLE berth (id int PRIMARY KEY, small int2 UNIQUE, large int8, code uuid, label text, area int NOT NULL);
INSERT INTO berth
SELECT g, CASE WHEN g <= 30000 THEN g END, (g - 10000) * 4000000000, (substr(md5((CASE WHEN g % 3 = 0 THEN g / 8 ELSE -g END)::text), 1, 16) || substr(md5(g::text), 1, 16))::uuid, 'berth ' || g, g % 7
FROM generate_series(1, 40000) g WHERE g % 4 > 0;
CREATE UNIQUE INDEX berth_large ON berth (large NULLS FIRST) INCLUDE (area);
CREATE UNIQUE INDEX berth_code ON berth (code);
CREATE INDEX berth_label ON berth (label);
INSERT INTO berth SELECT g, NULL, NULL, NULL, 'without', 0 FROM generate_series(50001, 50100) g;
-- all in one page, deep below the root, and none at all
CREATE TABLE few (id int8 PRIMARY KEY, label text);
INSERT INTO few SELECT g * 10, 'few ' || g FROM generate_series(1, 300) g;
CREATE TABLE tall (id int, label text);
INSERT INTO tall SELECT g * 3, 'tall ' || g FROM generate_series(1, 20000) g;
CREATE UNIQUE INDEX tall_id ON tall (id) WITH (fillfactor = 10);
CREATE TABLE nothing (id int PRIMARY KEY, label text);
-- unevenly: ever further apart, all together where a double does not tell them apart, at both ends
CREATE TABLE spread (id int8 PRIMARY KEY, label text);
INSERT INTO spread
SELECT id, 'spread ' || id FROM (
    SELECT g::int8 * g * g FROM generate_series(1, 4000) g
    UNION ALL SELECT 4611686018427387904 + g FROM generate_series(1, 4000) g
    UNION ALL SELECT CASE WHEN g % 2 = 0 THEN 9223372036854775807 - g ELSE g - 9223372036854775807 END FROM generate_series(0, 1999) g) x(id);
CREATE TEMPORARY TABLE draft AS SELECT id, label FROM berth;
CREATE UNIQUE INDEX draft_id ON draft (id);
CREATE UNLOGGED TABLE passing AS SELECT id, label FROM berth;
CREATE UNIQUE INDEX passing_id ON passing (id);
ALTER TABLE berth SET (autovacuum_enabled = off);
ALTER TABLE tall SET (autovacuum_enabled = off);
ANALYZE berth, few, tall, nothing, spread, draft, passing;

-- Batches of each column's keys: of every so manieth row, its neighbours, the ends of the type, doubles and NULL.
CREATE FUNCTION keys(relation text, column_name text, type text, seed int, n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    PERFORM setseed(seed / 100.0);
    EXECUTE format('SELECT array_agg(key ORDER BY random())::text FROM (
        (SELECT %1$I::text AS key FROM %2$I ORDER BY random() LIMIT $1)
        UNION ALL SELECT key FROM unnest($2) key WHERE $1 > 2) x', column_name, relation)
    INTO result USING n, CASE type
        WHEN 'uuid' THEN ARRAY(SELECT substr(md5((CASE WHEN g % 3 = 0 THEN g / 8 ELSE -g END)::text), 1, 16) || substr(md5(random()::text), 1, 16) FROM generate_series(1, 40) g) || '{ffffffff-ffff-ffff-ffff-ffffffffffff,NULL}'::text[]
        WHEN 'int2' THEN '{-32768,32767,4,8,8,NULL}'
        WHEN 'int8' THEN '{-9223372036854775808,9223372036854775807,-1,4294967297,NULL,NULL,0}'
        ELSE '{-2147483648,2147483647,4,4,0,400,NULL}'::text[] END;
    RETURN result;
END $$;

CREATE FUNCTION plain(relation text, column_name text, keys text, type text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SELECT string_agg(coalesce(r::text, ''-''), '';'' ORDER BY ord) FROM unnest($1::%s[]) WITH ORDINALITY k(key, ord)
        LEFT JOIN LATERAL (SELECT * FROM %I WHERE %I = key OFFSET 0) r ON true', type, relation, column_name) INTO result USING keys;
    RETURN result;
END $$;

CREATE FUNCTION loaded(relation text, column_name text, keys text, type text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SELECT string_agg(coalesce(item::text, ''-''), '';'' ORDER BY ord)
        FROM dataloader.load_one(NULL::%I, $1::%s[], by => $2)', relation, type) INTO result USING keys, column_name;
    RETURN result;
END $$;

CREATE TABLE way AS SELECT * FROM (VALUES
    ('berth', 'id', 'int4'), ('berth', 'id', 'int8'), ('berth', 'id', 'int2'), ('berth', 'small', 'int2'), ('berth', 'small', 'int8'),
    ('berth', 'large', 'int8'), ('berth', 'code', 'uuid'), ('few', 'id', 'int8'), ('few', 'id', 'int4'), ('tall', 'id', 'int4'),
    ('nothing', 'id', 'int4'), ('spread', 'id', 'int8'), ('draft', 'id', 'int4'), ('passing', 'id', 'int4')) w(relation, column_name, type);
-- Are all of them loaded as plain SQL has them? (A test writes: all are loaded before the first one is told.)
CREATE TYPE result AS (got text, wanted text, what text);
CREATE FUNCTION all_as_plain(state text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT is(got, wanted, state || ': ' || what) FROM unnest((
        SELECT array_agg(ROW(loaded(relation, column_name, keys, type), plain(relation, column_name, keys, type), format('%s.%s by %s, %s keys', relation, column_name, type, n))::result)
        FROM way, unnest('{1,2,40,500}'::int[]) n, keys(relation, column_name, type, 17, n) keys
        WHERE type <> 'int2' OR column_name = 'small' OR NOT EXISTS (SELECT FROM unnest(keys::int8[]) k WHERE k NOT BETWEEN -32768 AND 32767))) r
$$;

-- Hints are taken of pages that are used as much as counts.
CREATE FUNCTION use() RETURNS void LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
    FOR i IN 1..6 LOOP
        PERFORM count(id) FROM berth WHERE id > 0;
        PERFORM count(small) FROM berth WHERE small > 0;
        PERFORM count(large) FROM berth WHERE large > -10000000000000;
        PERFORM count(code) FROM berth WHERE code > '00000000-0000-0000-0000-000000000000';
        PERFORM count(id) FROM few WHERE id > 0;
        PERFORM count(id) FROM tall WHERE id > 0;
        PERFORM count(id) FROM spread WHERE id <> 0;
        PERFORM count(id) FROM passing WHERE id > 0;
    END LOOP;
END $$;
SELECT use() \g /dev/null

SELECT no_plan();

SELECT all_as_plain('as created');
BEGIN;
UPDATE few SET label = label WHERE id = 10;
SELECT all_as_plain('in a transaction that has written');
COMMIT;

-- Older versions of a row keep their entries in the index: the first of them is not the row.
BEGIN;
UPDATE berth SET label = label || '!' WHERE id % 5 = 0;
UPDATE few SET id = -id;
SELECT all_as_plain('in a transaction with some updates');
ROLLBACK;
SELECT all_as_plain('after they were undone');
UPDATE berth SET label = label || '!' WHERE id % 5 = 0;
UPDATE tall SET id = id + 1 WHERE id % 2 = 0;
UPDATE few SET id = -id;
SELECT all_as_plain('after some updates');
UPDATE berth SET label = label || '?';
UPDATE draft SET id = id + 60000;
UPDATE draft SET id = id - 60000;
SELECT all_as_plain('after all rows were updated');
DO $$ BEGIN FOR i IN 1..12 LOOP UPDATE berth SET label = label || i WHERE id % 40 = 1; COMMIT; END LOOP; END $$;
SELECT all_as_plain('after many updates of a few');
DELETE FROM berth WHERE id % 3 = 0;
INSERT INTO berth SELECT id, NULL, NULL, NULL, 'again', 1 FROM generate_series(3, 9999, 6) id WHERE id % 4 > 0;
SELECT use() \g /dev/null
SELECT all_as_plain('after rows were deleted, and inserted again');
VACUUM berth;
INSERT INTO berth SELECT g, NULL, NULL, NULL, 'in its place', 2 FROM generate_series(60001, 66000) g;
SELECT all_as_plain('after others took the places');

-- A snapshot sees its own versions, whatever came after.
BEGIN;
DECLARE earlier CURSOR FOR
SELECT dataloader.load_one_json('berth', array_agg(g * 100 + 1 ORDER BY g), columns => '{id,label}')::jsonb = jsonb_agg(CASE WHEN id IS NOT NULL THEN jsonb_build_object('id', id, 'label', label) END ORDER BY g) AS same,
    count(*) FILTER (WHERE label LIKE 'later%') AS nlater, count(id) > 100 AS many
FROM generate_series(1, 300) g LEFT JOIN berth ON id = g * 100 + 1;
UPDATE berth SET label = 'later' || id;
DELETE FROM berth WHERE id % 200 = 1;
FETCH earlier \gset earlier_
SELECT is(ARRAY[:'earlier_same', :'earlier_nlater', :'earlier_many'], '{t,0,t}', 'an earlier snapshot');
ROLLBACK;
SELECT all_as_plain('after a rollback');

-- Everything that is made of the row found.
SELECT is(dataloader.load_one_json('berth', array_agg(g * 30 + 2), filter => 'area < 4')::jsonb,
          jsonb_agg((SELECT to_jsonb(b) FROM berth b WHERE b.id = g * 30 + 2 AND area < 4) ORDER BY g), 'a filter')
FROM generate_series(1, 300) g;
SELECT is(dataloader.load_count('berth', array_agg(g * 30 + 2), by => 'id', filter => 'area < 4')::text,
          array_agg((SELECT count(*) FROM berth b WHERE b.id = g * 30 + 2 AND area < 4) ORDER BY g)::text, 'a filter that is counted')
FROM generate_series(1, 300) g;
SELECT is(dataloader.load_many_json('berth', array_agg(g * 30 + 2), by => 'id', first => 1, skip => skip)::jsonb,
          jsonb_agg(CASE WHEN skip = 0 AND g * 30 + 2 IN (SELECT id FROM berth) THEN (SELECT jsonb_build_array(b) FROM berth b WHERE b.id = g * 30 + 2) ELSE '[]' END ORDER BY g), format('one row for each, %s skipped', skip))
FROM generate_series(1, 300) g, generate_series(0, 1) skip GROUP BY skip;
CREATE TABLE visit (ship int, berth_id int, PRIMARY KEY (ship, berth_id));
INSERT INTO visit SELECT g % 50, g * 37 % 45000 FROM generate_series(1, 800) g;
SELECT is(dataloader.load_many_json('berth', array_agg(ship), by => 'ship', through => 'visit', link => 'berth_id', columns => '{id,label}')::jsonb,
          jsonb_agg((SELECT coalesce(jsonb_agg(jsonb_build_object('id', b.id, 'label', b.label) ORDER BY berth_id), '[]') FROM visit v JOIN berth b ON b.id = berth_id WHERE v.ship = k.ship) ORDER BY ship), 'rows that a junction leads to')
FROM generate_series(0, 55) k(ship);

-- Rows are found so at all: then no scan reads the root of the index for each key.
CREATE TABLE quiet (id int PRIMARY KEY, code uuid, label text, cube int8 CONSTRAINT quiet_cube UNIQUE, rare int CONSTRAINT quiet_rare UNIQUE);
INSERT INTO quiet SELECT g, (repeat('0', 16) || substr(md5(g::text), 1, 16))::uuid, 'quiet ' || g, ((g - 8000)::numeric ^ 3)::int8, CASE WHEN g <= 12000 THEN g END FROM generate_series(1, 40000) g;
CREATE UNIQUE INDEX quiet_code ON quiet (code);
REINDEX TABLE quiet;
VACUUM ANALYZE quiet;
CREATE TYPE counts AS (buffers bigint, scans bigint, entries bigint, fetched bigint, hits bigint);
CREATE FUNCTION so_far(index regclass) RETURNS counts LANGUAGE sql AS $$
    SELECT 0::bigint, pg_stat_get_xact_numscans(index), pg_stat_get_xact_tuples_returned(index), pg_stat_get_xact_tuples_fetched(index), pg_stat_get_xact_blocks_hit(index)
$$;
CREATE FUNCTION counted(io_concurrency int, nkeys int, by text DEFAULT 'id') RETURNS counts LANGUAGE plpgsql AS $$
DECLARE
    index regclass := CASE by WHEN 'id' THEN 'quiet_pkey' ELSE 'quiet_' || by END;
    keys text := CASE by WHEN 'id' THEN 'g * 250' WHEN 'cube' THEN '((g * 250 - 8000)::numeric ^ 3)::int8' WHEN 'rare' THEN 'g * 150' ELSE '(repeat(''0'', 16) || substr(md5((g * 250)::text), 1, 16))::uuid' END;
    before counts;
    after counts;
    plan json;
BEGIN
    PERFORM set_config('effective_io_concurrency', io_concurrency::text, true);
    before := so_far(index);
    EXECUTE format('EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF, FORMAT JSON)
        SELECT dataloader.load_one_json(''quiet'', (SELECT array_agg(%s) FROM generate_series(1, %s) g), by => %L)', keys, nkeys, by) INTO plan;
    after := so_far(index);
    RETURN ((plan #>> '{0,Plan,Shared Hit Blocks}')::bigint + (plan #>> '{0,Plan,Shared Read Blocks}')::bigint,
        after.scans - before.scans, after.entries - before.entries, after.fetched - before.fetched, after.hits - before.hits);
END $$;
-- a page's first uses are by the scan, which counts them; then it has been used as much as counts
CREATE TABLE use AS SELECT n, c.* FROM generate_series(1, 8) n, LATERAL counted(1, 64 + n - n) c;
SELECT cmp_ok(max(buffers) - min(buffers), '>=', 60::bigint, 'one page less for each of 64 keys, once pages are used much') FROM use;
CREATE TABLE use_of_cubes AS SELECT n, c.* FROM generate_series(1, 8) n, LATERAL counted(1, 64 + n - n, 'cube') c;
SELECT cmp_ok(max(buffers) - min(buffers), '>=', 60::bigint, 'the same for keys that are not evenly spread') FROM use_of_cubes;
CREATE TABLE use_of_rare AS SELECT n, c.* FROM generate_series(1, 8) n, LATERAL counted(1, 64 + n - n, 'rare') c;
SELECT cmp_ok(max(buffers) - min(buffers), '>=', 60::bigint, 'and where most rows have none') FROM use_of_rare;
SELECT is(array_agg(ARRAY[scans, entries, fetched]), array_fill(64::bigint, ARRAY[8, 3]), 'each key is counted as a scan of the index, an entry, a row') FROM use;
SELECT is(ROW(a.scans, a.entries, a.fetched), ROW(64::bigint, 64::bigint, 64::bigint), 'as it is without') FROM counted(0, 64) a;
SELECT cmp_ok((counted(1, 64)).hits, '>=', 64::bigint, 'and its page of the index as a hit');
SELECT cmp_ok((counted(1, 1)).buffers, '<=', (counted(0, 1)).buffers, 'one key costs no more');
-- uuids that begin alike are not told apart there: a scan finds each, after as little in vain
SELECT counted(1, 64, 'code') FROM generate_series(1, 8) \g /dev/null
SELECT is(ROW(a.scans, a.entries, a.fetched), ROW(64::bigint, 64::bigint, 64::bigint), 'keys that are alike in the index are counted once') FROM counted(1, 64, 'code') a;
SET effective_io_concurrency = 0;
SELECT all_as_plain('without looking ahead');

SELECT * FROM finish();
DROP SCHEMA hints CASCADE;

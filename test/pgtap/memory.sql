-- Ten thousand calls in one session leave no memory behind, whatever the
-- verb and the path, errors included; results beyond work_mem go to disk, or are loaded as they are read.

\ir begin.psql
CREATE SCHEMA memory;
SET LOCAL search_path = memory, public;

CREATE TABLE item (id int PRIMARY KEY, owner int NOT NULL, body text, doc jsonb);
INSERT INTO item SELECT g, g % 1000, repeat('body ', g % 20), jsonb_build_object('n', g) FROM generate_series(1, 5000) g;
CREATE INDEX ON item (owner, id);

CREATE FUNCTION used() RETURNS bigint LANGUAGE sql AS $$ SELECT sum(total_bytes)::bigint FROM pg_backend_memory_contexts $$;

-- runs the statement n times in one statement; returns the growth in kB
CREATE FUNCTION growth(path text, statement text, n int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    before bigint;
    i int;
BEGIN
    PERFORM set_config('dataloader.direct_scan', path, true);
    FOR i IN 1 .. n / 5 LOOP
        EXECUTE statement USING i;
    END LOOP;
    before := used();
    FOR i IN 1 .. n LOOP
        EXECUTE statement USING i;
    END LOOP;
    RETURN (used() - before) / 1024;
END $$;

SELECT no_plan();

SELECT cmp_ok(growth(path, statement, 10000), '<', 256::bigint, format('10,000 times %s, direct_scan %s: growth in kB', name, path))
FROM (VALUES
    ('load_one', 'SELECT count(*) FROM dataloader.load_one(NULL::item, ARRAY[$1 % 5000, 17, 5001, NULL])'),
    ('load_many', 'SELECT count(*) FROM dataloader.load_many(NULL::item, ARRAY[$1 % 1000, 17, 1001, NULL], by => ''owner'', order_by => ''id DESC'', first => 3)'),
    ('load_rows, sorted', 'SELECT count(*) FROM dataloader.load_rows(NULL::item, ARRAY[$1 % 1000, 17, 1001, NULL], by => ''owner'', order_by => ''body, id'')'),
    ('load_one_json', 'SELECT dataloader.load_one_json(''item'', ARRAY[$1 % 5000, 17, 5001, NULL], columns => ''{doc,body}'')'),
    ('load_many_json, filter', 'SELECT dataloader.load_many_json(''item'', ARRAY[$1 % 1000, 17, 1001, NULL], by => ''owner'', filter => ''id > $1 AND body <> $2'', args => jsonb_build_array($1, ''x''), order_by => ''id'')'),
    ('text keys', 'SELECT dataloader.load_many_json(''item'', ''['' || $1 % 1000 || '',17,null]'', by => ''owner'')'),
    ('row keys', 'SELECT dataloader.load_many_json(''item'', ARRAY[($1 % 1000, $1), (17, 17)], by => ''owner, id'')'),
    ('explain', 'SELECT count(*) FROM dataloader.explain(''item'', ARRAY[$1], by => ''owner'', order_by => ''id'')')) c(name, statement),
    (VALUES ('on'), ('off')) p(path);

-- an error leaves nothing either
CREATE FUNCTION provoke(n int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM dataloader.load_one_json('item', ARRAY[n % 1000, 17], by => 'owner');
    RETURN 'no error';
EXCEPTION WHEN cardinality_violation THEN
    RETURN 'error';
END $$;
SELECT is(provoke(1), 'error', 'two rows of one key are an error');
SELECT cmp_ok(growth(path, 'SELECT provoke($1)', 5000), '<', 256::bigint, '5,000 errors, direct_scan ' || path)
FROM (VALUES ('on'), ('off')) p(path);

-- different requests: what is kept of each must have a bound
CREATE FUNCTION vary(n int) RETURNS json LANGUAGE sql AS $$
    SELECT dataloader.load_many_json('item', ARRAY[n % 1000], by => 'owner', filter => 'id > ' || n, order_by => 'id') $$;
SELECT cmp_ok(growth(path, 'SELECT vary($1)', 10000), '<', 16384::bigint,
              '10,000 different filters, direct_scan ' || path)
FROM (VALUES ('on'), ('off')) p(path);

-- a filter with now() is kept, one with a literal that means now is not
CREATE FUNCTION targets() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'dataloader target' $$;
CREATE FUNCTION kept(filter text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    before bigint := targets();
BEGIN
    PERFORM dataloader.load_count('item', ARRAY[1], by => 'owner', filter => filter, args => '["2020-01-01"]');
    RETURN targets() - before;
END $$;
SELECT is(kept(filter), wanted::bigint, format('targets that are kept of %s', filter))
FROM (VALUES ('$1 < now() AND body <> ''''', 1), ('$1::text <> body', 1), ('now() > $1::timestamptz AND body <> ''x''', 1),
             ('$1::timestamptz < ''now''', 0), ('$1::timestamptz < $$now$$', 0), ('$1::timestamptz < U&''n\006fw''', 0),
             ('$1::timestamptz < E''n\x6fw''', 0)) f(filter, wanted);

-- plans of partitioned tables are large: they count, also where each call fails
SET LOCAL dataloader.direct_scan = on;
SET LOCAL plan_cache_mode = force_generic_plan;
CREATE TABLE part (id int, k int, d int) PARTITION BY RANGE (d);
SELECT format('CREATE TABLE part%s PARTITION OF part FOR VALUES FROM (%1$s) TO (%s)', g, g + 1) FROM generate_series(1, 150) g \gexec
CREATE INDEX ON part (k);
INSERT INTO part VALUES (1, 1, 1);
CREATE FUNCTION plans() RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(total_bytes)::bigint FROM pg_backend_memory_contexts WHERE name ~ '^(CachedPlan|dataloader target)' $$;
CREATE FUNCTION of_partitions(filter text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN dataloader.load_count('part', '[1]', by => 'k', filter => filter);
EXCEPTION WHEN division_by_zero THEN
    RETURN 'error';
END $$;
SELECT plans() AS before \gset
SELECT cmp_ok(most, '<', 17 * 1024::bigint, '40 plans of 150 partitions, kB kept, each ' || answer)
FROM (VALUES ('id > ', '{0}'), ('1 / (id - id) < ', 'error')) f(filter, answer),
    LATERAL (SELECT max(plans() - :before) / 1024 FROM generate_series(1, 40) g WHERE of_partitions(filter || g) = answer) m(most);
RESET plan_cache_mode;

-- relations that come and go: the server keeps something of each until the
-- transaction ends, the extension does not
CREATE FUNCTION come_and_go(n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'CREATE TEMP TABLE passing (id int PRIMARY KEY, v text)';
    INSERT INTO passing VALUES (n, 'v');
    IF dataloader.load_one_json('passing', ARRAY[n])::text <> format('[{"id":%s,"v":"v"}]', n) THEN
        RAISE 'wrong row';
    END IF;
    EXECUTE 'DROP TABLE passing';
END $$;
SELECT :SERVER_VERSION_NUM >= 180000 AS has_path \gset
\if :has_path
CREATE FUNCTION used_by_extension() RETURNS bigint LANGUAGE sql AS $$
    WITH context AS MATERIALIZED (SELECT * FROM pg_backend_memory_contexts)
    SELECT coalesce(sum(total_bytes), 0)::bigint FROM context
    WHERE path && ARRAY(SELECT path[level] FROM context WHERE name ~ '^dataloader') $$;
\else
CREATE FUNCTION used_by_extension() RETURNS bigint LANGUAGE sql AS $$
    SELECT coalesce(sum(total_bytes), 0)::bigint FROM pg_backend_memory_contexts WHERE name ~ '^dataloader' OR parent ~ '^dataloader' $$;
\endif
SELECT come_and_go(g) FROM generate_series(1, 200) g \g /dev/null
SELECT used_by_extension() AS before \gset
SELECT come_and_go(g) FROM generate_series(1, 600) g \g /dev/null
SELECT cmp_ok((used_by_extension() - :before) / 1024, '<', 2048::bigint, '600 tables that come and go');

-- rows of two types that take turns as the keys of one call: what is known of a type is not kept for each row
CREATE TYPE this AS (a int, b int);
CREATE TYPE that AS (a int, b int);
CREATE FUNCTION this_row(int) RETURNS record LANGUAGE plpgsql AS $$ BEGIN RETURN ROW(17, 17 - $1)::this; END $$;
CREATE FUNCTION that_row(int) RETURNS record LANGUAGE plpgsql AS $$ BEGIN RETURN ROW(17, 17 - $1)::that; END $$;
CREATE FUNCTION watch(int) RETURNS bool LANGUAGE plpgsql STABLE AS $$ BEGIN PERFORM set_config('memory.used', used_by_extension()::text, true); RETURN true; END $$;
CREATE FUNCTION used_for(key text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    EXECUTE format('SELECT n FROM unnest(dataloader.load_count(''item'', (SELECT array_agg(%s ORDER BY g) FROM generate_series(0, 20000) g), by => ''owner, id'', filter => ''watch(id)'')) n ORDER BY n DESC', key) INTO found;
    IF found <> 1 THEN
        RAISE 'wrong count';
    END IF;
    RETURN current_setting('memory.used');
END $$;
SELECT cmp_ok(used_for('CASE WHEN g % 2 = 0 THEN this_row(g) ELSE that_row(g) END'), '<',
              used_for('this_row(g)') + 256 * 1024, '20,000 keys of row types that take turns: bytes');

-- statements of their own, as an application sends them
SELECT used() AS before \gset
\o /dev/null
SELECT 'SELECT dataloader.load_many_json(''item'', ''{' || g || ',17}'', by => ''owner'', order_by => ''id'', first => 2);'
FROM generate_series(1, 2000) g \gexec
\o
SELECT cmp_ok((used() - :before) / 1024, '<', 1024::bigint, '2,000 statements: growth in kB');

-- 200,000 keys with 1 MB of work_mem: right, and on disk, or never in memory all at a time
SET LOCAL work_mem = '1MB';
CREATE TABLE wide (id int PRIMARY KEY, filler text);
INSERT INTO wide SELECT g, repeat(md5(g::text), 3) FROM generate_series(1, 200000) g WHERE g % 5 <> 0;
CREATE TABLE asked AS SELECT array_agg(k ORDER BY hashint4(k)) AS keys FROM generate_series(1, 200000) k;
CREATE FUNCTION temp_blocks(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON, TIMING OFF) ' || statement INTO plan;
    RETURN plan -> 0 -> 'Plan' ->> 'Temp Written Blocks';
END $$;

PREPARE whole AS
SELECT results_eq($q$SELECT count(*), sum(ord), sum(hashtext(ord || (item).filler)::bigint)
                     FROM asked, dataloader.load_rows(NULL::wide, keys) $q$,
                  $q$SELECT count(*), sum(ord)::numeric, sum(hashtext(ord || filler)::bigint)
                     FROM asked, unnest(keys) WITH ORDINALITY u(k, ord) JOIN wide ON id = k $q$,
                  'load_rows of 200,000 keys, work_mem 1MB, direct_scan ' || current_setting('dataloader.direct_scan'));
PREPARE sorted AS
SELECT results_eq($q$SELECT count(*), sum(ord), sum(hashtext(ord || (item).filler)::bigint)
                     FROM asked, dataloader.load_rows(NULL::wide, keys, by => 'id', order_by => 'filler DESC', first => 1) $q$,
                  $q$SELECT count(*), sum(ord)::numeric, sum(hashtext(ord || filler)::bigint)
                     FROM asked, unnest(keys) WITH ORDINALITY u(k, ord) JOIN wide ON id = k $q$,
                  'the same, sorted, direct_scan ' || current_setting('dataloader.direct_scan'));
PREPARE spills AS
SELECT cmp_ok(temp_blocks('SELECT l FROM dataloader.load_rows(NULL::wide, (SELECT keys FROM asked)) l'), '>', 1000::bigint,
              'load_rows spills beyond work_mem, direct_scan ' || current_setting('dataloader.direct_scan'));
SET LOCAL dataloader.direct_scan = on;
EXECUTE whole;
EXECUTE sorted;
EXECUTE spills;
SELECT is(temp_blocks('SELECT count(item), count(pg_sleep(0)) FROM dataloader.load_rows(NULL::wide, (SELECT keys FROM asked))'), 0::bigint,
          'a scan of load_rows writes nothing');
CREATE FUNCTION used_by_scan() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    row record;
    most bigint := 0;
    before bigint := used();
BEGIN
    FOR row IN SELECT ord FROM asked, dataloader.load_rows(NULL::wide, keys) LOOP
        IF row.ord % 1000 = 0 THEN
            most := greatest(most, used());
        END IF;
    END LOOP;
    RETURN most - before;
END $$;
SELECT cmp_ok(used_by_scan() / 1024, '<', 8000::bigint, 'and its rows are in memory a slice at a time: kB');
SET LOCAL dataloader.direct_scan = off;
EXECUTE whole;
EXECUTE sorted;
EXECUTE spills;

-- slices are for keys that are not given again and again: each is read once
CREATE TABLE large (id int PRIMARY KEY, k int, body text);
ALTER TABLE large ALTER body SET STORAGE EXTERNAL;
INSERT INTO large SELECT g, g % 100, repeat(md5(g::text), 200) FROM generate_series(1, 200) g;
CREATE INDEX large_k ON large (k);
SET LOCAL dataloader.direct_scan = on;
CREATE TABLE scans AS SELECT pg_stat_get_xact_numscans('large_k'::regclass) AS before;
SELECT results_eq($$SELECT count(*), sum((item).id) FROM dataloader.load_one(NULL::large, ARRAY(SELECT g * 7919 % 100 FROM generate_series(1, 10000) g), by => 'k', order_by => 'id DESC')$$,
                  $$SELECT count(*), sum(100 + coalesce(nullif(g * 7919 % 100, 0), 100)) FROM generate_series(1, 10000) g$$,
                  'load_one of 10,000 keys, 100 of them distinct, with rows of 6,400 bytes');
SELECT cmp_ok(pg_stat_get_xact_numscans('large_k'::regclass) - before, '<=', 100::bigint, 'each distinct key is read once') FROM scans;

SELECT * FROM finish();
ROLLBACK;

-- Keys are looked up ahead of the scan in btrees with two levels above the leaves,
-- which are not locked for it: whatever is found there, the answer is the scan's.

\ir begin.psql
CREATE EXTENSION IF NOT EXISTS pageinspect;
CREATE SCHEMA look_ahead;
SET LOCAL search_path = look_ahead, public;

-- Nearly empty leaf pages make a tall tree of few rows.
CREATE TABLE parcel (id int NOT NULL, small int2, medium int4, large int8, code uuid, region int, place int);
INSERT INTO parcel
SELECT g, g / 2 - 8000, (g / 3 - 4000) * 7, (g / 3 - 4000) * 5000000000, md5((g / 2)::text)::uuid, g % 3, g
FROM generate_series(1, 20000) g;
INSERT INTO parcel (id) SELECT g FROM generate_series(20001, 22000) g;
CREATE UNIQUE INDEX parcel_id ON parcel (id) WITH (fillfactor = 10);
CREATE INDEX parcel_small ON parcel (small) WITH (fillfactor = 10);
CREATE INDEX parcel_medium ON parcel (medium, id) WITH (fillfactor = 10);
CREATE INDEX parcel_large ON parcel (large NULLS FIRST, id) WITH (fillfactor = 10);
CREATE INDEX parcel_code ON parcel (code, id) WITH (fillfactor = 10);
CREATE INDEX parcel_place ON parcel (region, place) WITH (fillfactor = 10);
CREATE TABLE parcel_down (id int NOT NULL, medium int4);
INSERT INTO parcel_down SELECT id, medium FROM parcel;
CREATE INDEX parcel_medium_down ON parcel_down (medium DESC, id) WITH (fillfactor = 10);
ANALYZE parcel, parcel_down;

SELECT no_plan();

SELECT cmp_ok((bt_metap(i)).fastlevel, '>=', 2::bigint, format('%s is a tall tree', i))
FROM unnest('{parcel_id,parcel_small,parcel_medium,parcel_large,parcel_code,parcel_place,parcel_medium_down}'::text[]) i;

-- Keys that are there, their neighbours, the ends of what the type can be.
CREATE TABLE key AS
SELECT name, id AS n, key FROM parcel, LATERAL (VALUES ('id', id::text), ('small', small::text), ('medium', medium::text), ('large', large::text), ('code', code::text)) x(name, key)
UNION ALL
SELECT name, -id, (key + 1)::text FROM parcel, LATERAL (VALUES ('id', id::int8), ('small', small), ('medium', medium), ('large', large)) x(name, key)
UNION ALL
SELECT 'code', -id, md5(id::text || 'x') FROM parcel;
CREATE TABLE extreme AS
SELECT * FROM (VALUES ('id', '-2147483648'), ('id', '2147483647'), ('small', '-32768'), ('small', '32767'), ('medium', '-2147483648'), ('medium', '2147483647'),
    ('large', '-9223372036854775808'), ('large', '9223372036854775807'), ('code', '00000000-0000-0000-0000-000000000000'),
    ('code', 'ffffffff-ffff-ffff-ffff-ffffffffffff'), ('code', '7fffffff-ffff-ffff-ffff-ffffffffffff')) x(name, key);

CREATE FUNCTION keys(column_name text, seed int) RETURNS text LANGUAGE sql AS $$
    SELECT array_agg(key)::text FROM (
        SELECT key FROM key WHERE name = column_name AND hashint4extended(n, seed) % 160 = 0
        UNION ALL SELECT key FROM extreme WHERE name = column_name) x
$$;

-- what plain SQL says, with each row's id
CREATE FUNCTION wanted(relation text, column_name text, keys text, type text, descending bool, first int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format($q$SELECT json_agg(ids ORDER BY ord)::text FROM unnest($1::%s[]) WITH ORDINALITY k(key, ord),
        LATERAL (SELECT ARRAY(SELECT id FROM %I WHERE %I = key ORDER BY id %s LIMIT $2) AS ids) x$q$,
        type, relation, column_name, CASE WHEN descending THEN 'DESC' ELSE 'ASC' END) INTO result USING keys, first;
    RETURN result;
END $$;

CREATE FUNCTION got(relation text, column_name text, keys text, type text, descending bool, first int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result json;
BEGIN
    EXECUTE format('SELECT dataloader.load_many_json($1, $2::%s[], by => $3, order_by => $4, first => $5, columns => ''{id}'')', type)
    INTO result USING relation::regclass, keys, column_name, CASE WHEN descending THEN 'id DESC' ELSE 'id' END, first;
    RETURN (SELECT json_agg(ids ORDER BY ord)::text
        FROM json_array_elements(result) WITH ORDINALITY r(list, ord), LATERAL (SELECT ARRAY(SELECT (e ->> 'id')::int FROM json_array_elements(list) e) AS ids) x);
END $$;

SELECT is(got(relation, name, keys, type, descending, first), wanted(relation, name, keys, type, descending, first),
          format('%s.%s by %s, descending %s, first %s, seed %s', relation, name, type, descending, first, seed))
FROM (VALUES ('parcel', 'small', 'int2'), ('parcel', 'small', 'int8'), ('parcel', 'medium', 'int4'), ('parcel', 'medium', 'int8'), ('parcel', 'id', 'int4'),
             ('parcel', 'large', 'int8'), ('parcel', 'code', 'uuid'), ('parcel_down', 'medium', 'int4')) t(relation, name, type),
     (VALUES (false), (true)) d(descending), (VALUES (NULL), (1)) f(first), generate_series(1, 3) AS seed, keys(name, seed) AS keys;

SELECT is(dataloader.load_count('parcel', keys::int[], by => 'medium')::text,
          (SELECT array_agg(n ORDER BY ord)::text FROM (SELECT ord, count(id) AS n FROM unnest(keys::int[]) WITH ORDINALITY k(key, ord) LEFT JOIN parcel ON medium = key GROUP BY ord) x),
          format('count, seed %s', seed))
FROM generate_series(1, 3) AS seed, keys('medium', seed) AS keys;

SELECT is(dataloader.load_one_json('parcel', array_agg(ROW(g % 4, g)), by => 'region, place', columns => '{id}')::jsonb,
          jsonb_agg(CASE WHEN g % 3 = g % 4 THEN jsonb_build_object('id', g) END), 'a key of two columns')
FROM (SELECT abs(hashint4(n)) % 20000 + 1 AS g FROM generate_series(1, 300) n) k;

-- Each page on the way from the root is read once for a window of 32 keys, or for
-- each that leads elsewhere; leaf pages are not counted.
CREATE FUNCTION buffers(io_concurrency int, nkeys int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    PERFORM set_config('effective_io_concurrency', io_concurrency::text, true);
    EXECUTE format('EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF, FORMAT JSON)
        SELECT dataloader.load_many_json(''parcel'', (SELECT array_agg((g * 80 - 4000) * 7) FROM generate_series(1, %s) g), by => ''medium'')', nkeys) INTO plan;
    RETURN (plan #>> '{0,Plan,Shared Hit Blocks}')::bigint + (plan #>> '{0,Plan,Shared Read Blocks}')::bigint;
END $$;
SELECT buffers(io, n) FROM (VALUES (0), (1)) io(io), (VALUES (3), (64)) n(n) \g /dev/null
SELECT is(buffers(1, 3), buffers(0, 3), 'three keys are not looked up ahead');
SELECT cmp_ok(buffers(1, 64) - buffers(0, 64), '>=', 5::bigint, 'many keys are');
SELECT cmp_ok(buffers(1, 64) - buffers(0, 64), '<=', 15::bigint, 'and it costs no descent for each');

SELECT * FROM finish();
ROLLBACK;

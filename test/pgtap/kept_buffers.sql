-- Memory of large JSON results is kept for the session and lent to one result at a time:
-- wherever results live side by side, or outlive the next call, each stays what it is.

\ir begin.psql
CREATE SCHEMA kept_buffers;
SET LOCAL search_path = kept_buffers, public;

CREATE TABLE parcel (id int PRIMARY KEY, owner int NOT NULL, label text NOT NULL);
INSERT INTO parcel SELECT g, g % 100, repeat(chr(97 + g % 26), 200) || g FROM generate_series(1, 3000) g;
CREATE INDEX parcel_owner ON parcel (owner, id);
ANALYZE parcel;

-- keys in order, and the result is written in place, or not; n tells results apart
CREATE FUNCTION keys(n int, in_order bool) RETURNS int[] LANGUAGE sql AS $$
    SELECT array_agg(g ORDER BY CASE WHEN in_order THEN g ELSE g * 7 % 101 END) FROM generate_series(n, n + 40) g
$$;
CREATE FUNCTION load(n int, in_order bool) RETURNS json LANGUAGE sql AS $$
    SELECT dataloader.load_many_json('parcel', keys(n, in_order), by => 'owner', order_by => 'id')
$$;
CREATE FUNCTION page(n int) RETURNS json LANGUAGE sql AS $$
    SELECT dataloader.load_connection('parcel', keys(n, false), by => 'owner', order_by => 'id', first => 20)
$$;
CREATE TABLE wanted AS
SELECT n, in_order, (SELECT regexp_replace(json_agg(list ORDER BY ord)::text, '\s', '', 'g') FROM unnest(keys(n, in_order)) WITH ORDINALITY k(key, ord),
    LATERAL (SELECT coalesce(json_agg(p ORDER BY id), '[]') AS list FROM parcel p WHERE owner = key) l) AS text
FROM generate_series(0, 5) n, (VALUES (true), (false)) o(in_order);
CREATE FUNCTION wanted(number int, ordered bool) RETURNS text LANGUAGE sql AS $$ SELECT text FROM wanted WHERE n = number AND in_order = ordered $$;

SELECT no_plan();

SELECT cmp_ok(min(length(text)), '>', 200000, 'results are large') FROM wanted;

-- one after the other, again and again
SELECT ok(load(n, in_order)::text = text, format('result %s, in order %s, time %s', n, in_order, i)) FROM generate_series(1, 2) i, wanted;

-- side by side
SELECT ok(a::text = wanted(1, x) AND b::text = wanted(2, y) AND c::text = wanted(3, x), format('three in a row, in order %s and %s', x, y))
FROM (VALUES (true, true), (true, false), (false, true), (false, false)) o(x, y),
     LATERAL (SELECT dataloader.load_many_json('parcel', keys(1, x), by => 'owner', order_by => 'id') AS a,
                     dataloader.load_many_json('parcel', keys(2, y), by => 'owner', order_by => 'id') AS b,
                     dataloader.load_many_json('parcel', keys(3, x), by => 'owner', order_by => 'id') AS c OFFSET 0) r;
SELECT ok(dataloader.load_many_json('parcel', keys(1, x), by => 'owner', order_by => 'id')::text
          || dataloader.load_many_json('parcel', keys(2, NOT x), by => 'owner', order_by => 'id')::text = wanted(1, x) || wanted(2, NOT x), 'two in an expression')
FROM (VALUES (true), (false)) o(x);
SELECT ok(page(1)::text <> page(2)::text AND page(1)::text = page(1)::text, 'pages');

-- kept by what comes after
SELECT ok(r[1]::text = wanted(0, x) AND r[4]::text = wanted(3, x) AND r[6]::text = wanted(5, x), 'in an array')
FROM (VALUES (true), (false)) o(x), LATERAL (SELECT array_agg(load(n, x) ORDER BY n) AS r FROM generate_series(0, 5) n) a;
SELECT ok(bool_and(before IS NULL AND n = 0 OR before::text = wanted(n - 1, false)), 'by a window function')
FROM (SELECT n, lag(load(n, false)) OVER (ORDER BY n) AS before FROM generate_series(0, 5) n) w;
CREATE TABLE stored AS SELECT n, load(n, n % 2 = 0) AS result FROM generate_series(0, 5) n;
SELECT ok(bool_and(result::text = wanted(n, n % 2 = 0)), 'in a table') FROM stored;

CREATE FUNCTION in_variables() RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
    a json := dataloader.load_many_json('parcel', keys(1, false), by => 'owner', order_by => 'id');
    b json := dataloader.load_many_json('parcel', keys(2, true), by => 'owner', order_by => 'id');
    c json;
BEGIN
    BEGIN
        c := dataloader.load_many_json('parcel', keys(3, true), by => 'owner', order_by => 'id', filter => '1 / (id - 2903) <> 7');
        RETURN false;
    EXCEPTION WHEN division_by_zero THEN
        c := dataloader.load_many_json('parcel', keys(4, true), by => 'owner', order_by => 'id');
    END;
    RETURN a::text = wanted(1, false) AND b::text = wanted(2, true) AND c::text = wanted(4, true);
END $$;
SELECT ok(in_variables(), 'in variables, an error in between') FROM generate_series(1, 3);

-- a load within a load
CREATE FUNCTION inner_is_right(n int) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
    RETURN n % 1000 <> 1 OR load(n % 5, true)::text = wanted(n % 5, true) AND load(n % 5, false)::text = wanted(n % 5, false);
END $$;
SELECT ok(dataloader.load_many_json('parcel', keys(1, x), by => 'owner', order_by => 'id', filter => 'inner_is_right(id)')::text = wanted(1, x), 'a load within a load')
FROM (VALUES (true), (false)) o(x);

-- two portals that go on by turns
DECLARE one CURSOR FOR SELECT dataloader.load_many_json('parcel', keys(n, true), by => 'owner', order_by => 'id')::text = wanted(n, true) FROM generate_series(0, 5) n;
DECLARE two CURSOR FOR SELECT dataloader.load_many_json('parcel', keys(n, false), by => 'owner', order_by => 'id')::text = wanted(n, false) FROM generate_series(0, 5) n;
CREATE FUNCTION by_turns() RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
    one refcursor := 'one';
    two refcursor := 'two';
    a bool;
    b bool;
BEGIN
    FOR i IN 0..5 LOOP
        FETCH one INTO a;
        FETCH two INTO b;
        IF (a AND b) IS NOT true THEN RETURN false; END IF;
    END LOOP;
    RETURN true;
END $$;
SELECT ok(by_turns(), 'two portals by turns');

-- what has grown too large to be kept
CREATE TABLE big AS SELECT g AS id, repeat('x', 100000) AS text FROM generate_series(1, 200) g;
CREATE UNIQUE INDEX big_id ON big (id);
SELECT is(octet_length(dataloader.load_one_json('big', CASE WHEN x THEN ARRAY(SELECT generate_series(1, n)) ELSE ARRAY(SELECT generate_series(n, 1, -1)) END, by => 'id')::text),
          (SELECT 2 + sum(octet_length(format('{"id":%s,"text":"%s"}', g, repeat('x', 100000))) + 1)::int - 1 FROM generate_series(1, n) g), format('%s large rows', n))
FROM (VALUES (10), (200), (1), (150), (20)) s(n), (VALUES (true), (false)) o(x);
SELECT cmp_ok(sum(total_bytes), '<=', 18 * 1024 * 1024::numeric, 'no more than two buffers of 8 MB are kept')
FROM pg_backend_memory_contexts WHERE name = 'dataloader buffer';

SELECT * FROM finish();
ROLLBACK;

-- Walks through all pages of connections, forward and backward, in pages of several sizes and in sessions
-- with changing settings, give each row once, in the order of plain SQL. Both paths give the same bytes.

\ir begin.psql
CREATE EXTENSION IF NOT EXISTS citext;
CREATE SCHEMA pages;
SET LOCAL search_path = pages, public;
SELECT no_plan();

-- The settings of the session that asks for page n: a cursor must not depend on them.
CREATE FUNCTION another_session(n int) RETURNS void LANGUAGE sql AS $$
    SELECT set_config('TimeZone', (ARRAY['UTC', 'America/New_York', 'Asia/Kathmandu', 'Europe/Berlin'])[1 + n % 4], true),
           set_config('DateStyle', (ARRAY['ISO, MDY', 'SQL, DMY', 'German', 'Postgres, MDY', 'SQL, MDY', 'Postgres, DMY', 'ISO, YMD'])[1 + n % 7], true),
           set_config('IntervalStyle', (ARRAY['postgres', 'sql_standard', 'iso_8601', 'postgres_verbose'])[1 + n % 4], true),
           set_config('extra_float_digits', (ARRAY['0', '-15', '1', '3'])[1 + n % 4], true),
           set_config('bytea_output', (ARRAY['hex', 'escape'])[1 + n % 2], true),
           set_config('xmlbinary', (ARRAY['hex', 'base64'])[1 + n % 2], true),
           set_config('lc_monetary', (ARRAY['C', 'C.UTF-8'])[1 + n % 2], true) $$;

CREATE TYPE asked AS (relation text, keyed_by text, through text, link text, filter text, order_by text, columns text, keys text);

CREATE FUNCTION page(a asked, size int, backward bool, cursors text[], total bool DEFAULT false) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    result json;
BEGIN
    PERFORM set_config('search_path', CASE current_setting('bytea_output') WHEN 'escape' THEN 'pg_catalog' ELSE 'pages, public' END, true);
    EXECUTE format('SELECT dataloader.load_connection(%L, $1, by => %L, through => %L, link => %L, filter => %L, order_by => %L, columns => %L, %s => %s, %s => $2, total_count => $3)',
        'pages.' || a.relation, a.keyed_by, 'pages.' || a.through, a.link, a.filter, a.order_by, a.columns,
        CASE WHEN backward THEN 'last' ELSE 'first' END, size, CASE WHEN backward THEN 'before' ELSE 'after' END)
        INTO result USING a.keys, cursors, total;
    PERFORM set_config('search_path', 'pages, public', true);
    RETURN result;
END $$;

-- All keys from end to end, each with a cursor of its own. "seen" has the numbers of the rows of each key; "bytes"
-- stands for all that was returned; "wrong" says what a page must not be. "change" runs before each page.
CREATE FUNCTION walk(a asked, size int, backward bool, change text DEFAULT NULL, vary bool DEFAULT true, OUT seen text, OUT bytes text, OUT wrong text, OUT pages int) LANGUAGE plpgsql AS $$
DECLARE
    n int := json_array_length(a.keys::json);
    cursors text[] := array_fill(NULL::text, ARRAY[n]);
    lists text[] := array_fill(''::text, ARRAY[n]);
    ended bool[] := array_fill(false, ARRAY[n]);
    result json; connection json; info json; edges json; part text;
    more bool;
BEGIN
    bytes := '';
    pages := 0;
    LOOP
        IF vary THEN
            PERFORM another_session(pages);
        END IF;
        IF change IS NOT NULL THEN
            EXECUTE change USING pages;
        END IF;
        result := page(a, size, backward, cursors);
        bytes := md5(bytes || result);
        IF json_array_length(result) <> n THEN
            wrong := format('%s connections', json_array_length(result));
            RETURN;
        END IF;
        FOR i IN 1 .. n LOOP
            connection := result -> (i - 1);
            info := connection -> 'pageInfo';
            edges := connection -> 'edges';
            more := info ->> (CASE WHEN backward THEN 'hasPreviousPage' ELSE 'hasNextPage' END);
            IF json_array_length(edges) > size OR (more AND json_array_length(edges) < size) OR (ended[i] AND change IS NULL AND (more OR json_array_length(edges) > 0))
               OR info ->> 'startCursor' IS DISTINCT FROM edges -> 0 ->> 'cursor' OR info ->> 'endCursor' IS DISTINCT FROM edges -> -1 ->> 'cursor'
               OR (info ->> (CASE WHEN backward THEN 'hasNextPage' ELSE 'hasPreviousPage' END))::bool IS DISTINCT FROM (cursors[i] IS NOT NULL) THEN
                wrong := format('page %s of key %s, after %s: %s', pages, i, cursors[i], connection);
                RETURN;
            END IF;
            SELECT coalesce(string_agg(e -> 'node' ->> 'no', ' ' ORDER BY o) || ' ', '') INTO part FROM json_array_elements(edges) WITH ORDINALITY x(e, o);
            lists[i] := CASE WHEN backward THEN part || lists[i] ELSE lists[i] || part END;
            IF json_array_length(edges) > 0 THEN
                cursors[i] := info ->> (CASE WHEN backward THEN 'startCursor' ELSE 'endCursor' END);
            END IF;
            ended[i] := NOT more;
        END LOOP;
        pages := pages + 1;
        IF pages > 500 THEN
            wrong := 'endless';
            RETURN;
        END IF;
        EXIT WHEN true = ALL (ended);
    END LOOP;
    seen := array_to_string(lists, E'\n');
END $$;

-- the same in plain SQL; "total" is the total order, in terms of relation r and junction through
CREATE FUNCTION plain(a asked, total text, joined text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SELECT string_agg(coalesce((SELECT string_agg(r.no::text, '' '' ORDER BY %s) || '' '' FROM %s WHERE %s.%s::text = zz_key AND (%s)), ''''), E''\n'' ORDER BY o)
        FROM json_array_elements_text($1::json) WITH ORDINALITY x(zz_key, o)',
        total, CASE WHEN a.through IS NULL THEN a.relation || ' r' ELSE a.through || ' through JOIN ' || a.relation || ' r ON ' || joined END,
        CASE WHEN a.through IS NULL THEN 'r' ELSE 'through' END, a.keyed_by, coalesce(a.filter, 'true')) INTO result USING a.keys;
    RETURN result;
END $$;

-- Every size, direction and path of one question; returns what is wrong.
CREATE FUNCTION walks(a asked, total text, sizes int[], joined text DEFAULT NULL, vary bool DEFAULT true) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    expected text;
    paths text[];
    size int; backward bool; direct_scan text; w record;
BEGIN
    expected := plain(a, total, joined);
    IF expected !~ '\d \d' THEN
        RETURN NEXT 'nothing to walk';
    END IF;
    FOREACH size IN ARRAY sizes LOOP
        FOREACH backward IN ARRAY '{f,t}'::bool[] LOOP
            paths := '{}';
            FOREACH direct_scan IN ARRAY '{on,off}'::text[] LOOP
                PERFORM set_config('dataloader.direct_scan', direct_scan, true);
                BEGIN
                    SELECT * INTO w FROM walk(a, size, backward, vary => walks.vary);
                    IF w.wrong IS NOT NULL OR w.seen IS DISTINCT FROM expected THEN
                        RETURN NEXT format('%s: size %s, backward %s, direct_scan %s: %s; seen %s, expected %s', a, size, backward, direct_scan, w.wrong, w.seen, expected);
                    END IF;
                    paths := paths || w.bytes;
                EXCEPTION WHEN OTHERS THEN
                    RETURN NEXT format('%s: size %s, backward %s, direct_scan %s: %s %s', a, size, backward, direct_scan, sqlstate, sqlerrm);
                END;
            END LOOP;
            IF paths[1] <> paths[2] THEN
                RETURN NEXT format('%s: size %s, backward %s: the paths differ', a, size, backward);
            END IF;
        END LOOP;
    END LOOP;
    PERFORM set_config('dataloader.direct_scan', 'on', true), another_session(0);
END $$;

-- Orders, indexes, ties and nulls, in pages of every size

CREATE TABLE item (no int, p int, id int PRIMARY KEY, v int, w text, x int NOT NULL);
INSERT INTO item SELECT i, nullif(i % 4, 3), abs(hashint4(i)) % 100000, CASE WHEN i % 5 > 0 THEN i * 7 % 11 END, CASE WHEN i % 3 > 0 THEN 'w' || i % 4 END, i % 3 FROM generate_series(1, 90) i;
DELETE FROM item WHERE p = 1 AND no > 20;
CREATE TABLE orders (o text);
INSERT INTO orders VALUES (NULL), ('v'), ('v DESC'), ('v NULLS FIRST'), ('v DESC NULLS LAST'), ('v, w DESC'), ('v DESC, w'), ('w DESC NULLS LAST, v NULLS FIRST'),
    ('x, v DESC'), ('x DESC, id'), ('id'), ('id DESC'), ('v, id DESC'), ('v, id, w'), ('p, v'), ('w USING >, v USING <'), ('v, v DESC');
CREATE FUNCTION total(o text) RETURNS text LANGUAGE sql RETURN concat_ws(', ', o, 'id');
PREPARE by_order(text, text) AS
SELECT is_empty(format('SELECT walks(%L::asked, %L, %L)', ('item', 'p', NULL, NULL, NULL, o, '{no}', '[0,1,99,2,null,1]')::asked, total(o), $2), concat('order ', o, ': ', $1))
FROM orders;
EXECUTE by_order('no index', '{3}');
CREATE INDEX item_p ON item (p);
EXECUTE by_order('index of the key', '{2,1000}');
CREATE INDEX item_v ON item (p, v, id);
EXECUTE by_order('index that continues with the order', '{1,2,7,1000}');
DROP INDEX item_v;
CREATE INDEX item_v ON item (p, v DESC NULLS LAST, w, id DESC);
CREATE INDEX item_x ON item (p, x, v DESC, id);
CREATE INDEX item_id ON item (p, id DESC);
CREATE INDEX item_w ON item (p, w DESC NULLS LAST, v NULLS FIRST, id);
EXECUTE by_order('indexes of mixed directions', '{1,4}');

-- the direct path took part, and its walk began at the cursor
SELECT is((SELECT string_agg(e, '; ') FROM dataloader.explain('item', '{1}'::int[], by => 'p', order_by => 'x, v DESC, id', first => 5) e WHERE e ~ '^(path|index)'),
          'path: direct; index: item_x', 'an index gives the order');

-- filters, and the keys of other columns
SELECT is_empty(format('SELECT walks(%L::asked, %L, %L)', ('item', 'p', NULL, NULL, f, 'v DESC', '{no}', '[0,1,2]')::asked, 'v DESC, id', '{1,7}'), 'filter ' || f)
FROM unnest('{x = 1,w IS NULL,no % 7 <> 3,"v > 3 OR v IS NULL","id IN (SELECT i.id FROM pages.item i WHERE i.x > 0)","random() >= 0"}'::text[]) f;
SELECT is_empty(format('SELECT walks(%L::asked, %L, %L)', ('item', k, NULL, NULL, NULL, 'w', '{no}', '["1","2","w1"]')::asked, 'w, id', '{2,50}'), 'keys of ' || k)
FROM unnest('{w}'::text[]) k;
SELECT is_empty(format('SELECT walks(%L::asked, %L, %L)', ('item', k, NULL, NULL, NULL, 'w', '{no}', '[1,2,0]')::asked, 'w, id', '{2,50}'), 'keys of ' || k)
FROM unnest('{x,v}'::text[]) k;

-- Every type: its text in a cursor means the value again, whatever the settings are

CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION german (provider = icu, locale = 'de-u-co-phonebk');
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'a "quoted" one');
CREATE TYPE pair AS (at timestamptz, f float8);
CREATE TYPE tstz_float AS RANGE (subtype = float8);
CREATE DOMAIN short AS text CHECK (length(VALUE) < 20);
CREATE DOMAIN moment AS timestamptz NOT NULL;
CREATE DOMAIN later AS moment;
CREATE DOMAIN real_array AS float4[];
CREATE TABLE types (type text, vals text[]);
INSERT INTO types VALUES
    ('int2', '{1,-32768,32767,0}'), ('int8', '{1,-9223372036854775808,9223372036854775807,0}'), ('oid', '{0,4294967295,7}'), ('xid8', '{0,18446744073709551615,7}'),
    ('numeric', '{NaN,Infinity,-Infinity,1.0,1.00,0.10,1e-200,123456789012345678901234567890.000001}'), ('numeric(9,3)', '{1.25,1.250,0,-7,NaN}'),
    ('float8', '{NaN,-0,0,Infinity,-Infinity,5e-324,-5e-324,2.2250738585072014e-308,0.1,0.30000000000000004,0.3,1.7976931348623157e308,100000000000000000000,1e15,123456789012345680}'),
    ('float4', '{NaN,-0,0,Infinity,1e-45,0.1,0.3,16777216,3.4028235e38,1.17549435e-38,1.1754942e-38}'),
    ('timestamptz', '{infinity,-infinity,2024-03-31 01:59:59.999999+01,2024-10-27 02:30:00.000001+02,2024-10-27 02:30:00.000001+01,2024-03-01 00:00:00.123456+00,0044-03-15 00:00:00.000001 BC UTC,4713-01-01 00:00:00 BC UTC,294276-12-31 23:59:59.999999 UTC,1890-05-05 12:00:00.5 UTC,2024-11-03 01:30:00-04,2024-11-03 01:30:00-05}'),
    ('timestamp', '{infinity,-infinity,2024-03-01 00:00:00.000001,2024-03-01 00:00:00,0044-03-15 00:00:00 BC,12024-02-03 00:00:00.5,2024-02-03 00:00}'),
    ('date', '{infinity,-infinity,2024-03-01,0044-03-15 BC,4713-11-24 BC,5874897-12-31,2024-01-02,0099-01-02}'),
    ('time', '{24:00,00:00:00.000001,23:59:59.999999,12:00}'), ('timetz', '{24:00+00,00:00:00.000001+15:59:59,23:59:59.999999-15:59,12:00+02,10:00+00,12:00:00.5+05:45}'),
    ('interval', '{1 month,30 days,29 days 24:00:00,1 year,-1 mon +1 day,1 mon -1 day,0,178000000 years,-178000000 years,1 microsecond,-1 microsecond,1 day -00:00:00.000001,-1 year -2 mons +3 days -04:05:06.789,100:00:00}'),
    ('interval(3)', '{1.234567 s,1 day,24:00}'),
    ('bool', '{t,f}'), ('regclass', '{pg_class,pages.item,pages.typed,pg_class}'), ('regtype[]', '{"{pages.mood,int4}","{timestamptz}"}'), ('"char"', '{a,"",\\200,\\\\}'), ('name', '{a,"b c",Z}'), ('bpchar(5)', '{a,"a ",ab,"  a"}'), ('varchar(7)', '{a,"a ",ab}'),
    ('text', ('{a,A,b,"","a b","\"\\{}","é","日本","a\nb\t","NULL",null,"' || repeat('x', 3000) || '"}')::text[]),
    ('text COLLATE "C"', '{a,A,_,é,z}'), ('text COLLATE "en-x-icu"', '{a,A,á,B,b,_," a"}'), ('text COLLATE german', '{a,ä,ae,af,z,ß,ss}'),
    ('text COLLATE folding', '{a,A,b,B,"ab","Ab"}'), ('varchar COLLATE folding', '{a,A,b,B}'), ('citext', '{a,A,b,B,"a b"}'),
    ('uuid', '{00000000-0000-0000-0000-000000000000,ffffffff-ffff-ffff-ffff-ffffffffffff,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'),
    ('bytea', '{"\\x","\\x00","\\x00ff","\\x5c","\\x61","\\x2761"}'),
    ('mood', '{sad,ok,happy,"a \"quoted\" one"}'), ('inet', '{10.0.0.1,10.0.0.0/8,::1,10.0.0.1/8}'), ('cidr', '{10.0.0.0/8,10.0.0.0/16}'),
    ('macaddr', '{08:00:2b:01:02:03,08:00:2b:01:02:04}'), ('macaddr8', '{08:00:2b:01:02:03:04:05,08:00:2b:01:02:03:04:06}'),
    ('bit(3)', '{101,000,111}'), ('varbit', '{1,0,01,"",10}'), ('pg_lsn', '{0/0,1/FFFFFFFF,FFFFFFFF/FFFFFFFF}'), ('money', '{1.50,-2,1000000}'),
    ('jsonb', '{1,1.0,"\"a\"","{\"a\":1}","[1,2]","null","true","[]","1e3"}'), ('tsvector', '{"a b",c,"''x'':1A"}'),
    ('int4range', '{empty,"[1,2)","(,)","[1,5]","(,3)"}'), ('int4multirange', '{"{}","{[1,2),[5,7)}"}'),
    ('int[]', '{"{}","{1}","{1,NULL}","{{1,2},{3,4}}","[0:1]={1,2}"}'), ('text[]', '{"{}","{a,\"b,c\"}","{NULL}","{\"NULL\"}"}'),
    ('timestamptz[]', '{"{2024-01-02 00:00:00.000001+00}","{2024-02-01 00:00:00+00}","{infinity,0044-03-15 00:00:00 BC UTC}"}'),
    ('date[]', '{"{2024-01-02}","{2024-02-01}"}'), ('interval[]', '{"{1 mon -1 day}","{-1 year -2 mons +3 days}"}'),
    ('float8[]', '{"{0.1,0.30000000000000004}","{0.3,NaN}","{1e300}","{0.1,0.3}"}'), ('real_array', '{"{0.1,0.3}","{16777217}","{0.1}"}'),
    ('tstzrange', '{"[2024-01-02 00:00:00.000001+00,2024-02-01 00:00:00+00)","(,2024-02-01 00:00:00+00)",empty}'), ('daterange', '{"[2024-01-02,2024-02-01)","[2024-02-01,)"}'),
    ('datemultirange', '{"{[2024-01-02,2024-02-01)}","{}"}'), ('tstz_float', '{"[0.1,0.30000000000000004)","[0.1,0.3)"}'),
    ('pair', '{"(2024-01-02 00:00:00.000001+00,0.1)","(2024-02-01 00:00:00+00,0.30000000000000004)","(,0.3)","(2024-02-01 00:00:00+00,0.3)"}'),
    ('bytea[]', '{"{\"\\\\x5c00\"}","{\"\\\\x61\"}"}'), ('money[]', '{"{1.50}","{-2}"}'),
    ('short', '{a,b,B,""}'), ('moment', '{2024-03-01 00:00:00.000001+00,2024-03-01 00:00:00+00}'), ('later', '{2024-01-02 00:00:00.000001+00,2024-02-01 00:00:00+00,-infinity}');

-- each value on several rows; row numbers are in another order than ids
CREATE FUNCTION fill(type text, vals text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DROP TABLE IF EXISTS typed;
    EXECUTE format('CREATE TABLE typed (no int, p int, v %s, id int PRIMARY KEY)', type);
    EXECUTE 'INSERT INTO typed SELECT i, i % 2, ($1)[1 + i / 2 % $2]::' || regexp_replace(type, ' COLLATE.*', '') || ', (i * 7919) % 1009 FROM generate_series(1, $3) i'
        USING vals, cardinality(vals), 4 * cardinality(vals) + 2;
    IF type NOT IN ('moment', 'later') THEN
        UPDATE typed SET v = NULL WHERE no % 11 = 3;
    END IF;
    CREATE INDEX ON typed (p, v, id);
END $$;
CREATE FUNCTION typed_walks(type text, vals text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    o text;
BEGIN
    PERFORM fill(type, vals);
    FOREACH o IN ARRAY '{v,v DESC,v DESC NULLS LAST}'::text[] LOOP
        RETURN QUERY SELECT walks(('typed', 'p', NULL, NULL, NULL, o, '{no}', '[1,0]')::asked, o || ', id', '{1,5}');
    END LOOP;
    -- all of the row is written as elsewhere
    IF page(('typed', 'p', NULL, NULL, NULL, 'v', NULL, '[1,0]')::asked, 1000, false, NULL)::jsonb #> '{0,edges,0,node}'
       IS DISTINCT FROM (SELECT to_jsonb(t) FROM typed t WHERE p = 1 ORDER BY v, id LIMIT 1) THEN
        RETURN NEXT 'node';
    END IF;
END $$;
SELECT is_empty(format('SELECT typed_walks(%L, %L)', type, vals), 'type ' || type) FROM types;

-- Keys of other kinds

CREATE TABLE composite (no int, p int, a timestamptz, b text COLLATE folding, c float8, PRIMARY KEY (b, a, c));
INSERT INTO composite SELECT i, i % 3, '2024-01-01 UTC'::timestamptz + (i / 6 % 4) * interval '1 microsecond', 'k' || i % 2, i / 10.0 FROM generate_series(1, 60) i;
CREATE INDEX ON composite (p, b, a, c);
SELECT is_empty(format('SELECT walks(%L::asked, %L, %L)', ('composite', 'p', NULL, NULL, NULL, o, '{no}', '[1,2,0]')::asked, concat_ws(', ', o, 'b, a, c'), '{1,2,7}'), concat('composite primary key, order ', o))
FROM unnest('{NULL,c,"b DESC, a","a DESC, c DESC, b",p}'::text[]) o;

CREATE TABLE by_index (no int NOT NULL, p int, a text NOT NULL, b int NOT NULL, c int);
INSERT INTO by_index SELECT i, i % 3, 'a' || i % 4, i / 4, i % 2 FROM generate_series(1, 50) i;
CREATE UNIQUE INDEX ON by_index (a DESC, b) INCLUDE (c);
SELECT is_empty(format('SELECT walks(%L::asked, %L, %L)', ('by_index', 'p', NULL, NULL, NULL, o, '{no}', '[1,2,0]')::asked, concat_ws(', ', o, 'a, b'), '{1,7}'), concat('unique index, order ', o))
FROM unnest('{c,"c DESC, b"}'::text[]) o;

-- Partitions, views and row-level security

CREATE TABLE part (no int, p int, v int, id int, PRIMARY KEY (p, id)) PARTITION BY LIST (p);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_rest PARTITION OF part DEFAULT;
CREATE INDEX ON part (p, v, id);
CREATE TABLE hashed (no int, p int, v int, id int PRIMARY KEY) PARTITION BY HASH (id);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO part SELECT no, p, v, id FROM item WHERE p IS NOT NULL;
INSERT INTO hashed SELECT no, p, v, id FROM item;
SELECT is_empty(format('SELECT walks(%L::asked, %L, %L)', (r, 'p', NULL, NULL, NULL, o, '{no}', '[1,2,99]')::asked, o || CASE r WHEN 'part' THEN ', p, id' ELSE ', id' END, '{1,7}'), r || ', order ' || o)
FROM unnest('{part,hashed,hashed_1}'::text[]) r, unnest('{v,v DESC}'::text[]) o;

CREATE VIEW item_view AS SELECT * FROM item;
SELECT throws_ok($$SELECT dataloader.load_connection('item_view', '[1]', by => 'p', order_by => 'id', first => 1)$$, '42704', 'relation "item_view" has no key to tell rows of the same order apart', 'a view has no key');
CREATE MATERIALIZED VIEW item_copy AS SELECT * FROM item WHERE p IS NOT NULL;
SELECT throws_ok($$SELECT dataloader.load_connection('item_copy', '[1]', by => 'p', order_by => 'id', first => 1)$$, '42704', 'relation "item_copy" has no key to tell rows of the same order apart',
                 'the columns of a materialized view may be null');

CREATE ROLE regress_dl_pages;
GRANT USAGE ON SCHEMA pages, dataloader TO regress_dl_pages;
GRANT SELECT ON item TO regress_dl_pages;
ALTER TABLE item ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON item USING (no % 3 > 0);
SET LOCAL ROLE regress_dl_pages;
CREATE TEMP TABLE secured AS SELECT o, w FROM unnest('{v,x DESC}'::text[]) o, walks(('item', 'p', NULL, NULL, NULL, o, '{no}', '[0,1,2]')::asked, o || ', id', '{1,7}') w;
CREATE TEMP TABLE secured_rows AS SELECT * FROM page(('item', 'p', NULL, NULL, NULL, 'v', '{no}', '[0,1,2]')::asked, 100, false, NULL, true) p;
RESET ROLE;
SELECT is_empty('TABLE secured', 'row-level security: walks');
SELECT is((SELECT array_agg(x ->> 'totalCount' ORDER BY o) FROM secured_rows, json_array_elements(p) WITH ORDINALITY a(x, o)),
          (SELECT array_agg((SELECT count(*) FROM item WHERE p = k AND no % 3 > 0)::text ORDER BY k) FROM generate_series(0, 2) k), 'row-level security: counts');
ALTER TABLE item DISABLE ROW LEVEL SECURITY;

-- Through junctions

CREATE TABLE pairs (p int, item_id int, position int, PRIMARY KEY (p, item_id));
INSERT INTO pairs SELECT k, id, CASE WHEN no % 4 > 0 THEN no % 6 END FROM item, generate_series(1, 3) k WHERE (no + k) % 3 > 0;
CREATE TABLE triples (p int, item_id int, position int, k text, UNIQUE (k, item_id, p), UNIQUE (item_id, p));
INSERT INTO triples SELECT p, item_id, position, 'k' || position FROM pairs;
INSERT INTO triples VALUES (1, NULL, 1, 'k1'), (1, NULL, 1, 'k1'), (1, 100001, 2, 'dangles'), (NULL, (SELECT min(id) FROM item), 1, 'k');
CREATE TABLE repeated (p int, item_id int, position int, a int, b text, PRIMARY KEY (b, a));
INSERT INTO repeated SELECT p, item_id, position, r, 'b' || item_id || '-' || p FROM pairs, generate_series(1, 3) r WHERE (item_id + r) % 2 = 0 AND item_id % 3 = 0;
INSERT INTO repeated VALUES (1, NULL, 1, -1, ''), (2, 100001, 1, -2, ''), (1, NULL, 1, -3, '');
CREATE TABLE junctions (j text, tie text);
INSERT INTO junctions VALUES ('pairs', 'r.id'), ('triples', 'r.id'), ('repeated', 'r.id, through.b, through.a');
CREATE TABLE junction_orders (o text);
INSERT INTO junction_orders VALUES (NULL), ('v'), ('v DESC, w'), ('through.position'), ('through.position DESC NULLS LAST, v NULLS FIRST'), ('v, through.position DESC'), ('id DESC'), ('through.item_id'), ('x, through.item_id DESC');
PREPARE through(text) AS
SELECT is_empty(format('SELECT walks(%L::asked, %L, %L, %L)', ('item', 'p', j, 'item_id', f, o, '{no}', '[1,2,99,3,null]')::asked, concat_ws(', ', o, tie), '{1,7,1000}', 'r.id = through.item_id'),
                concat('through ', j, ', order ', o, ', filter ', f, ': ', $1))
FROM junctions, junction_orders, (VALUES (NULL), ('x = 1 AND through.position > 0')) f(f)
WHERE f IS NULL OR o = 'v, through.position DESC';
EXECUTE through('primary keys');
CREATE INDEX ON pairs (p, position, item_id);
CREATE INDEX ON triples (p, position, item_id);
CREATE INDEX ON repeated (p, position, item_id, b, a);
EXECUTE through('indexes in the order of position');

-- Rows that come and go between the pages: the others come once, in order

CREATE TABLE moving (no int, p int, v int, id int PRIMARY KEY);
CREATE FUNCTION moving_walk(size int, backward bool, change text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    w record; direct_scan text; static text; seen text;
BEGIN
    FOREACH direct_scan IN ARRAY '{on,off}'::text[] LOOP
        PERFORM set_config('dataloader.direct_scan', direct_scan, true);
        TRUNCATE moving;
        INSERT INTO moving SELECT i, i % 2, i * 7 % 13, i FROM generate_series(1, 120) i;
        CREATE TEMP TABLE before_walk AS TABLE moving;
        SELECT * INTO w FROM walk(('moving', 'p', NULL, NULL, NULL, 'v', '{no}', '[0,1]')::asked, size, backward, change);
        SELECT string_agg((SELECT string_agg(no::text, ' ' ORDER BY v, id) || ' ' FROM (TABLE moving INTERSECT TABLE before_walk) m WHERE p = k), E'\n' ORDER BY k) INTO static FROM generate_series(0, 1) k;
        SELECT string_agg((SELECT string_agg(n, ' ' ORDER BY o) || ' ' FROM regexp_split_to_table(line, ' ') WITH ORDINALITY y(n, o)
                           WHERE EXISTS (SELECT FROM moving m JOIN before_walk b USING (no, p, v, id) WHERE no::text = n)), E'\n' ORDER BY l)
            INTO seen FROM regexp_split_to_table(w.seen, E'\n') WITH ORDINALITY x(line, l);
        IF w.wrong IS NOT NULL OR seen IS DISTINCT FROM static THEN
            RETURN NEXT format('direct_scan %s: %s; seen %s, static rows %s', direct_scan, w.wrong, seen, static);
        END IF;
        IF EXISTS (SELECT FROM regexp_split_to_table(w.seen, E'[\n ]+') n WHERE n <> '' GROUP BY n HAVING count(*) > 1) AND change !~ 'UPDATE' THEN
            RETURN NEXT format('direct_scan %s: a row came twice: %s', direct_scan, w.seen);
        END IF;
        IF (SELECT count(*) FROM (TABLE moving INTERSECT TABLE before_walk) m) < 10 OR NOT EXISTS (TABLE moving EXCEPT TABLE before_walk UNION ALL (TABLE before_walk EXCEPT TABLE moving)) THEN
            RETURN NEXT 'nothing moves';
        END IF;
        DROP TABLE before_walk;
    END LOOP;
END $$;
CREATE TABLE changes (change text);
INSERT INTO changes VALUES
    ('INSERT INTO moving SELECT 1000 + $1 * 10 + k, k % 2, ($1 + k) % 13, 1000 + $1 * 10 + k FROM generate_series(0, 5) k WHERE $1 < 12'),
    ('DELETE FROM moving WHERE id % 8 = $1 % 8 AND id % 3 = 0'),
    ('DELETE FROM moving WHERE (p, v, id) IN (SELECT p, v, id FROM (SELECT *, row_number() OVER (PARTITION BY p ORDER BY v, id) AS n FROM moving) x WHERE n % 5 = $1 % 2)'),
    ('UPDATE moving SET v = (v + 7) % 13 WHERE id % 9 = $1 % 9 AND id % 4 = 0');
PREPARE movings(text) AS
SELECT is_empty(format('SELECT moving_walk(%s, %L, %L)', size, backward, change), format('pages of %s, backward %s, %s: %s', size, backward, $1, change))
FROM changes, unnest('{2,7}'::int[]) size, unnest('{f,t}'::bool[]) backward;
EXECUTE movings('no index');
CREATE INDEX ON moving (p, v, id);
EXECUTE movings('index');

-- Ranges: every pair of cursors, with and without a size, and what pageInfo says

CREATE FUNCTION ranges(ordering text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    all_edges json; c text[]; nodes text[]; n int; a int; b int; lo int; hi int; size int; dir text;
    got json; want jsonb; direct_scan text; behind bool; ahead bool;
BEGIN
    all_edges := dataloader.load_connection('item', '{1}', by => 'p', order_by => ordering, columns => '{no}') -> 0 -> 'edges';
    SELECT array_agg(e ->> 'cursor' ORDER BY o), array_agg(e #>> '{node,no}' ORDER BY o), count(*) INTO c, nodes, n FROM json_array_elements(all_edges) WITH ORDINALITY x(e, o);
    FOREACH direct_scan IN ARRAY '{on,off}'::text[] LOOP
        PERFORM set_config('dataloader.direct_scan', direct_scan, true);
        -- 0 stands for no cursor
        FOR a IN 0 .. n LOOP FOR b IN 0 .. n LOOP FOR size IN -1 .. 2 LOOP FOREACH dir IN ARRAY '{first,last}'::text[] LOOP
            CONTINUE WHEN size < 0 AND dir = 'last';
            lo := a + 1;
            hi := CASE b WHEN 0 THEN n ELSE b - 1 END;
            behind := b > 0;
            ahead := a > 0;
            IF size >= 0 AND hi - lo + 1 > size THEN
                IF dir = 'first' THEN
                    hi := lo + size - 1;
                    behind := true;
                ELSE
                    lo := hi - size + 1;
                    ahead := true;
                END IF;
            END IF;
            EXECUTE format('SELECT dataloader.load_connection(''item'', ''{1}'', by => ''p'', order_by => $1, columns => ''{no}'', %s => $2, after => $3, before => $4) -> 0', dir)
                INTO got USING ordering, nullif(size, -1), ARRAY[c[nullif(a, 0)]], ARRAY[c[nullif(b, 0)]];
            want := jsonb_build_object('edges', coalesce((SELECT jsonb_agg(jsonb_build_object('cursor', c[i], 'node', jsonb_build_object('no', nodes[i]::int)) ORDER BY i) FROM generate_series(lo, hi) i), '[]'),
                'pageInfo', jsonb_build_object('hasNextPage', behind, 'hasPreviousPage', ahead, 'startCursor', CASE WHEN lo <= hi THEN c[lo] END, 'endCursor', CASE WHEN lo <= hi THEN c[hi] END));
            IF got::jsonb <> want THEN
                RETURN NEXT format('direct_scan %s, after %s, before %s, %s %s: %s, expected %s', direct_scan, a, b, dir, size, got, want);
            END IF;
        END LOOP; END LOOP; END LOOP; END LOOP;
    END LOOP;
END $$;
DELETE FROM item WHERE p = 1 AND no > 12;
INSERT INTO item SELECT 500 + i, 1, 500 + i, nullif(i % 3, 0), 'w1', i % 2 FROM generate_series(1, 6) i;
SELECT is_empty(format('SELECT ranges(%L)', o), concat('after and before, order ', o)) FROM unnest('{NULL,v,"x, v DESC","w DESC NULLS LAST, v NULLS FIRST","v NULLS FIRST, x"}'::text[]) o;

-- Many keys that lie close together, some at several positions with other cursors each

CREATE TABLE dense (no int PRIMARY KEY, p int, w text);
INSERT INTO dense SELECT i, i % 60, 'w' || i FROM generate_series(1, 150) i;
CREATE INDEX ON dense (p);
CREATE FUNCTION positions(keyed_by text, backward bool) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    keys int[]; cursors text[]; wanted text; got text; direct_scan text;
BEGIN
    -- a position for each row that a page can begin behind, and one for no cursor
    EXECUTE format('SELECT array_agg(k ORDER BY hashint8(n)), array_agg(c ORDER BY hashint8(n)), string_agg(coalesce(page, ''''), '', '' ORDER BY hashint8(n))
        FROM (SELECT row_number() OVER (ORDER BY k, d.no) AS n, k, d.no,
                  (SELECT string_agg(x.no::text, '' '' ORDER BY x.no) FROM (SELECT r.no FROM dense r WHERE r.%1$I = k AND (d.no IS NULL OR r.no %2$s d.no) ORDER BY r.no %3$s LIMIT 2) x) AS page,
                  dataloader.load_connection(''dense'', ARRAY[d.no], by => ''no'', columns => ''{no}'') #>> ''{0,edges,0,cursor}'' AS c
              FROM generate_series(0, 62) k, LATERAL (SELECT no FROM dense WHERE %1$I = k UNION ALL SELECT NULL::int) d) q',
        keyed_by, CASE WHEN backward THEN '<' ELSE '>' END, CASE WHEN backward THEN 'DESC' ELSE '' END) INTO keys, cursors, wanted;
    FOREACH direct_scan IN ARRAY '{on,off}'::text[] LOOP
        PERFORM set_config('dataloader.direct_scan', direct_scan, true);
        EXECUTE format('SELECT string_agg(coalesce((SELECT string_agg(e #>> ''{node,no}'', '' '' ORDER BY o) FROM json_array_elements(c -> ''edges'') WITH ORDINALITY x(e, o)), ''''), '', '' ORDER BY n)
            FROM json_array_elements(dataloader.load_connection(''dense'', $1, by => $2, %s => 2, %s => $3)) WITH ORDINALITY y(c, n)',
            CASE WHEN backward THEN 'last' ELSE 'first' END, CASE WHEN backward THEN 'before' ELSE 'after' END) INTO got USING keys, keyed_by, cursors;
        IF got IS DISTINCT FROM wanted THEN
            RETURN NEXT format('direct_scan %s: %s, expected %s', direct_scan, got, wanted);
        END IF;
    END LOOP;
END $$;
SELECT is_empty(format('SELECT positions(%L, %L)', k, b), format('positions of repeated keys of %s, backward %s', k, b)) FROM unnest('{no,p}'::text[]) k, unnest('{f,t}'::bool[]) b;
CREATE INDEX ON dense (p, no);
SELECT is_empty(format('SELECT positions(%L, %L)', 'p', b), 'positions of repeated keys, index in order, backward ' || b) FROM unnest('{f,t}'::bool[]) b;

SELECT * FROM finish();
ROLLBACK;

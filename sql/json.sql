-- JSON values: the bytes of row_to_json for each type, under several settings.
SET client_min_messages = warning;
CREATE SCHEMA test_json;
CREATE SCHEMA test_json_ext;
CREATE EXTENSION hstore SCHEMA test_json_ext;
SET search_path = test_json, test_json_ext;

CREATE TYPE mood AS ENUM ('sad', 'ok', 'ha"ppy');
CREATE TYPE inner_type AS (a int, b text, c date);
CREATE TYPE outer_type AS (x inner_type, xs inner_type[], t timestamptz);
CREATE DOMAIN label AS text;
CREATE DOMAIN ids AS int[];
CREATE DOMAIN dated AS date;
CREATE DOMAIN inner_domain AS inner_type;
CREATE DOMAIN doc AS jsonb;

-- one column per type; values are spread over rows
CREATE TABLE samples (type text, value text);
INSERT INTO samples
SELECT type, value FROM (VALUES
    ('bool', '{t,f}'), ('int2', '{-32768,32767}'), ('int4', '{-2147483648,2147483647,0}'), ('int8', '{-9223372036854775808,9223372036854775807}'),
    ('numeric', '{0,-0.00,NaN,Infinity,-Infinity,1e100,1e-20,123456789012345678901234567890.123}'), ('float4', '{0,-0,NaN,Infinity,-Infinity,0.1,1e38,1e-45,16777216}'),
    ('float8', '{0,-0,NaN,Infinity,-Infinity,0.1,1e308,1e-5,100000,1e15,1e16,5e-324,0.30000000000000004}'), ('money', '{-1.50,1234567.89}'),
    ('"char"', '{a,"\"","\\",""}'), ('name', '{a,"q\"q"}'), ('bpchar', '{"a  ","",é}'), ('char(5)', '{"a\"b"}'), ('varchar(10)', '{"a\\b"}'),
    ('bytea', '{"\\x00ff22","\\x","\\x5c"}'),
    ('date', '{2020-01-02,infinity,-infinity,0044-03-15 BC,9999-12-31,10000-01-01}'), ('time', '{00:00,24:00,12:34:56.789012}'), ('timetz', '{12:34:56.789012+05:30,00:00-12}'),
    ('timestamp', '{2020-01-02 03:04:05.678901,infinity,-infinity,0044-03-15 12:00 BC,2020-06-01,10000-01-01}'), ('timestamptz', '{2020-01-02 03:04:05.6+00,2020-07-02 03:04:05+00,infinity,-infinity,1800-01-01 00:00+00,0044-03-15 12:00+00 BC}'),
    ('interval', '{1 day,1 year 2 mons -3 days 04:05:06.7,-00:00:01,0}'),
    ('uuid', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'), ('inet', '{10.0.0.1,10.0.0.1/8,::1}'), ('cidr', '{10.0.0.0/8}'), ('macaddr', '{08:00:2b:01:02:03}'), ('macaddr8', '{08:00:2b:01:02:03:04:05}'),
    ('bit(3)', '{101}'), ('varbit', '{1,""}'), ('xml', '{"<a b=\"c\">d</a>"}'), ('oid', '{0,4294967295}'), ('regclass', '{pg_class}'), ('regtype', '{int4}'), ('regproc', '{int4eq}'), ('regprocedure', '{"int4eq(int4,int4)"}'), ('regrole', '{-}'), ('xid', '{1}'), ('cid', '{1}'), ('tid', '{"(0,1)"}'), ('pg_lsn', '{0/16}'), ('xid8', '{18446744073709551615}'),
    ('json', '{"{\"a\" : [1,  2.50, null, \"x\"]}","\"s\"",null,1.0,"  [ ]  ","\"\\u0041\""}'), ('jsonb', '{"{\"b\":1,\"a\":[1,2.50,null]}","\"s\"",null,1.0,[]}'), ('jsonpath', '{$.a}'),
    ('point', '{"(1,-2.5)"}'), ('line', '{"{1,2,3}"}'), ('lseg', '{"[(0,0),(1,1)]"}'), ('path', '{"((0,0),(1,1))"}'), ('circle', '{"<(0,0),1>"}'), ('polygon', '{"((0,0),(1,1))"}'),
    ('tsvector', '{"a b:1"}'), ('tsquery', '{"a & b"}'), ('int4range', '{"[1,3)",empty}'), ('tstzrange', '{"[2020-01-01 00:00+00,)"}'), ('int4multirange', '{"{[1,2),[5,6)}"}'), ('daterange', '{"[2020-01-01,infinity)"}'),
    ('mood', '{sad,"ha\"ppy"}'), ('inner_type', '{"(1,\"q\"\"\",2020-01-02)","(,,)"}'), ('outer_type', '{"(\"(1,b,2020-01-02)\",\"{\"\"(2,c,)\"\",NULL}\",2020-01-02 00:00+00)"}'),
    ('label', '{a,"\""}'), ('dated', '{2020-01-02}'), ('inner_domain', '{"(1,b,2020-01-02)"}'), ('doc', '{"{\"a\":1}"}'), ('hstore', '{"a=>1, b=>NULL, \"c\\\"\"=>\"d\""}')
) v(type, value_list) CROSS JOIN LATERAL unnest(value_list::text[]) value;
-- arrays of all of those but of pseudo-names, by array_agg below; and text apart, for its many cases
INSERT INTO samples SELECT 'text', v FROM unnest(ARRAY['', 'plain', 'q"q', 'b\b', 's/s', E'\b\f\n\r\t', 'é', '🐘', 'a' || chr(8232) || 'b' || chr(8233), chr(127), '<script>', repeat('long "', 2000)]) v;
INSERT INTO samples SELECT 'text', 'c' || chr(i) || 'c' FROM generate_series(1, 31) i;

DO $$
DECLARE t record;
BEGIN
    FOR t IN SELECT type, row_number() OVER (ORDER BY type COLLATE "C") AS no FROM (SELECT DISTINCT type FROM samples) x LOOP
        EXECUTE format('CREATE TABLE test_json.%I (id int PRIMARY KEY, v %s, vs %s, vv %s)', 'type_' || t.no, t.type, t.type || '[]', t.type || '[]');
        EXECUTE format('INSERT INTO test_json.%I SELECT row_number() OVER (), value::%s, ARRAY[value::%2$s, NULL, value::%2$s], ARRAY[[value::%2$s], [value::%2$s]] FROM test_json.samples WHERE type = %L', 'type_' || t.no, t.type, t.type);
        EXECUTE format('INSERT INTO test_json.%I VALUES (0, NULL, NULL, NULL), (-1, NULL, ''{}'', ''[0:1]={NULL,NULL}'')', 'type_' || t.no);
        EXECUTE format('COMMENT ON TABLE test_json.%I IS %L', 'type_' || t.no, t.type);
    END LOOP;
END $$;

-- the types whose JSON is not row_to_json's: none
CREATE FUNCTION differences() RETURNS TABLE (type text, path text, id int, loaded text, wanted text) LANGUAGE plpgsql AS $$
DECLARE t record; p text;
BEGIN
    FOR t IN SELECT c.oid::regclass AS tab, obj_description(c.oid, 'pg_class') AS type FROM pg_class c WHERE c.relnamespace = 'test_json'::regnamespace AND c.relname LIKE 'type\_%' AND c.relkind = 'r' LOOP
        FOREACH p IN ARRAY ARRAY['on', 'off'] LOOP
            PERFORM set_config('dataloader.direct_scan', p, true);
            RETURN QUERY EXECUTE format('SELECT %L, CASE %L WHEN ''on'' THEN ''direct'' ELSE ''plan'' END, t.id, j.j, ''['' || row_to_json(t) || '']'''
                ' FROM %s t, LATERAL (SELECT dataloader.load_one_json(%L, ARRAY[t.id])::text) j(j) WHERE j.j IS DISTINCT FROM ''['' || row_to_json(t) || '']''', t.type, p, t.tab, t.tab);
        END LOOP;
    END LOOP;
END $$;
SELECT count(*) AS types FROM pg_class WHERE relnamespace = 'test_json'::regnamespace AND relname LIKE 'type\_%' AND relkind = 'r';
SELECT * FROM differences();

-- the same session, other settings
SET timezone = 'Asia/Kathmandu';
SET datestyle = 'German, DMY';
SET intervalstyle = 'iso_8601';
SET extra_float_digits = 0;
SET bytea_output = 'escape';
SET xmlbinary = 'hex';
SELECT * FROM differences();
SET timezone = 'America/New_York';
SET datestyle = 'SQL, MDY';
SET intervalstyle = 'sql_standard';
SET extra_float_digits = -5;
SET quote_all_identifiers = on;
SELECT * FROM differences();
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET extra_float_digits = 3;
SET bytea_output = 'hex';
SET search_path = '';
SELECT * FROM test_json.differences();
SET search_path = test_json, test_json_ext;
RESET quote_all_identifiers;
RESET extra_float_digits;

-- (the comparison finds differences where there are some)
SET dataloader.json_bigints = string;
SELECT type FROM differences() GROUP BY type ORDER BY type COLLATE "C";
RESET dataloader.json_bigints;

-- one transaction, one cached target: each call has the settings of its time
CREATE TABLE t (id int PRIMARY KEY, at timestamptz, i interval, b bytea, f float8);
INSERT INTO t VALUES (1, '2020-01-01 12:00+00', '1 day 2 hours', '\x41ff', 1.0 / 3);
BEGIN;
SET LOCAL timezone = 'UTC';
SELECT dataloader.load_one_json('t', '[1]');
SET LOCAL timezone = 'Asia/Tokyo';
SET LOCAL intervalstyle = 'iso_8601';
SET LOCAL bytea_output = 'escape';
SET LOCAL extra_float_digits = -10;
SELECT dataloader.load_one_json('t', '[1]');
COMMIT;

-- names of columns, which are keys of objects
CREATE TABLE names (id int PRIMARY KEY, "a b" int, "q""q" int, "b\b" int, "é" int, "UPPER" int, "?column?" int, "tab	tab" int, "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabc" int);
INSERT INTO names VALUES (1, 2, 3, 4, 5, 6, 7, 8, 9);
SELECT dataloader.load_one_json('names', '[1]')::text = (SELECT '[' || row_to_json(n) || ']' FROM names n) AS ok, dataloader.load_one_json('names', '[1]');
SET dataloader.direct_scan = off;
SELECT dataloader.load_one_json('names', '[1]')::text = (SELECT '[' || row_to_json(n) || ']' FROM names n) AS ok;
RESET dataloader.direct_scan;

-- the result is JSON, always
SELECT count(dataloader.load_one_json(c.oid, ARRAY[1, -1, 0, 99])::jsonb) > 50 AS parses
FROM pg_class c WHERE c.relnamespace = 'test_json'::regnamespace AND c.relname LIKE 'type\_%' AND c.relkind = 'r';
SELECT json_array_length(dataloader.load_one_json('t', (SELECT array_agg(i) FROM generate_series(1, 1000) i)));

DROP SCHEMA test_json CASCADE;
DROP SCHEMA test_json_ext CASCADE;

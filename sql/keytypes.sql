-- Key types: keys match as SQL's own = between column type and key type does.
SET client_min_messages = warning;
CREATE SCHEMA test_keytypes;
SET search_path = test_keytypes;
SET timezone = 'Europe/Berlin';

-- Makes a table of the rows, asks for the keys on both paths and in plain SQL. "matches" lists at
-- each key's position the numbers of the rows that match; "direct" and "plan" say whether the
-- loader gives them; "as_text" whether the same keys as text (of the column's type) do.
CREATE FUNCTION compare(column_type text, key_type text, rows text, keys text,
    OUT matches text, OUT direct bool, OUT plan bool, OUT as_text bool)
LANGUAGE plpgsql AS $$
DECLARE
    answer text;
    load text := 'SELECT string_agg(coalesce((SELECT string_agg(i.n::text, '','' ORDER BY i.n) FROM unnest(items) i), ''-''), '' '' ORDER BY ord)'
                 ' FROM dataloader.load_many(NULL::test_keytypes.rows, %L::%s, by => ''v'')';
BEGIN
    EXECUTE format('CREATE TABLE test_keytypes.rows (n serial, v %s)', column_type);
    EXECUTE format('INSERT INTO test_keytypes.rows (v) SELECT * FROM unnest(%L::%s[])', rows, column_type);
    CREATE INDEX ON test_keytypes.rows (v);
    EXECUTE format('SELECT string_agg(coalesce((SELECT string_agg(r.n::text, '','' ORDER BY r.n) FROM test_keytypes.rows r WHERE r.v = keys[ord]), ''-''), '' '' ORDER BY ord)'
                   ' FROM (SELECT %L::%s[] AS keys) k, generate_subscripts(keys, 1) ord', keys, key_type) INTO matches;
    PERFORM set_config('dataloader.direct_scan', 'on', true);
    EXECUTE format(load, keys, key_type || '[]') INTO answer;
    direct := answer = matches;
    PERFORM set_config('dataloader.direct_scan', 'off', true);
    EXECUTE format(load, keys, key_type || '[]') INTO answer;
    plan := answer = matches;
    IF column_type = key_type THEN
        EXECUTE format(load, keys, 'text') INTO answer;
        as_text := answer = matches;
        PERFORM set_config('dataloader.direct_scan', 'on', true);
        EXECUTE format(load, keys, 'text') INTO answer;
        as_text := as_text AND answer = matches;
    END IF;
    DROP TABLE test_keytypes.rows;
END $$;

CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE point2 AS (x int, y int);
CREATE DOMAIN posint AS int CHECK (VALUE > 0);
CREATE DOMAIN posposint AS posint;
CREATE DOMAIN label AS text;
CREATE DOMAIN code5 AS char(5);
CREATE DOMAIN ints AS int[];

CREATE TABLE cases (no serial, column_type text, key_type text, rows text, keys text);
INSERT INTO cases (column_type, key_type, rows, keys) VALUES
-- integers of any width; what does not fit is missing, not an error
('int4', 'int4', '{1,2,2,NULL,-1}', '{2,1,NULL,-1,3}'),
('int4', 'int8', '{1,2,2,NULL,-1}', '{2,5000000000,-1,-5000000000,1}'),
('int4', 'int2', '{1,2,2,NULL,70000}', '{2,1,-1,4464}'),
('int8', 'int4', '{1,5000000000,705032704}', '{1,705032704,2}'),
('int8', 'int2', '{1,65537}', '{1,2}'),
('int8', 'int8', '{1,5000000000}', '{5000000000,1}'),
('int2', 'int8', '{1,2}', '{65537,2,1,131073}'),
('int2', 'int4', '{1,2}', '{65537,2,1}'),
-- numeric and float keys on an integer column: the column is cast
('int4', 'numeric', '{1,2}', '{1.0,1.5,2.000,NaN,1e30}'),
('int8', 'numeric', '{9007199254740993,9007199254740992}', '{9007199254740993,9007199254740992.0,0.5}'),
('int4', 'float8', '{1,2}', '{1,1.5,NaN,Infinity,2}'),
('int8', 'float8', '{9007199254740993,9007199254740992}', '{9007199254740992}'),
-- and the other way round, the keys
('numeric', 'int4', '{1,2.0,2.5}', '{1,2,3}'),
('numeric', 'int8', '{1,5000000000.00}', '{5000000000,1}'),
('float8', 'int4', '{1,2.5}', '{1,2}'),
('float8', 'numeric', '{0.1,1}', '{0.1,1.0}'),
('numeric', 'float8', '{0.1,1}', '{0.1,1.0}'),
-- values that are equal but not the same
('numeric', 'numeric', '{1,1.0,1.00,NaN,NaN,0,-0.0}', '{1.000,1,NaN,0.0,1.0}'),
('numeric(10,2)', 'numeric', '{1,1.005}', '{1.000,1.01,1.005}'),
('float8', 'float8', '{0,-0,NaN,Infinity,-Infinity,1}', '{-0,0,NaN,Infinity,-Infinity,1.5}'),
('float4', 'float8', '{0.1,1,NaN,-0}', '{0.1,1,NaN,0}'),
('float8', 'float4', '{0.1,1,NaN,-0}', '{0.1,1,NaN,0}'),
('float4', 'float4', '{0.1,1}', '{0.1,1.0}'),
('interval', 'interval', '{1 day,24:00,1 mon,30 days,720:00}', '{24:00,1 day,30 days,2 days}'),
-- strings
('text', 'text', '{a,"a ",A,"",NULL}', '{a,"a ",A,"","a  "}'),
('text', 'varchar', '{a,"a ",""}', '{"a ",a,""}'),
('varchar', 'text', '{a,"a ",""}', '{"a ",a,""}'),
('varchar(3)', 'varchar(3)', '{abc,ab}', '{abc,ab,b}'),
('varchar(3)', 'text', '{abc,ab}', '{abcd,abc,ab}'),
('text', 'name', '{a,b}', '{a,b,c}'),
('text', 'char(5)', '{a,"a    ",b}', '{a,b,c}'),
('text', 'bpchar', '{abc,"abc  ",b}', '{abc,"abc  ",b,"b "}'),
('varchar', 'char(5)', '{abc,"abc  ",b}', '{abc,b,c}'),
('varchar', 'bpchar', '{abc,"abc  ",b}', '{abc,"b "}'),
('char(5)', 'char(5)', '{ab,abcde,""}', '{ab,abcde,"",x}'),
('char(5)', 'bpchar', '{ab,abcde}', '{"ab   ","ab  ",abcde,abcdef}'),
('char(5)', 'text', '{ab,abcde,""}', '{"ab   ",ab,"ab ",abcde,""}'),
('char(5)', 'varchar', '{ab,abcde}', '{"ab   ",ab,abcde}'),
('bpchar', 'bpchar', '{"ab ",ab,"ab  "}', '{ab,"ab "}'),
('name', 'name', '{a,b}', '{b,a,c}'),
('name', 'text', '{a,b}', '{b,a,c}'),
('name', 'varchar', '{a,b}', '{b,"a ",a}'),
('"char"', '"char"', '{a,b,""}', '{b,a,c}'),
('"char"', 'text', '{a,b}', '{b,a,c}'),
('bytea', 'bytea', '{"\\x00","\\x0001",""}', '{"\\x0001","","\\x00","\\x01"}'),
-- dates and times: date, timestamp and timestamptz compare with each other
('date', 'date', '{2020-01-01,infinity,4714-11-24 BC}', '{infinity,2020-01-01,2020-01-02,4714-11-24 BC}'),
('date', 'timestamp', '{2020-01-01,2020-01-02}', '{2020-01-01 00:00,2020-01-02 00:00:01}'),
('date', 'timestamptz', '{2020-01-01,2020-01-02}', '{2020-01-01 00:00,2020-01-01 00:00+00,2019-12-31 23:00+00}'),
('timestamp', 'date', '{2020-01-01,2020-01-01 12:00}', '{2020-01-01,2020-01-02}'),
('timestamp', 'timestamptz', '{2020-01-01}', '{2019-12-31 23:00+00,2020-01-01 00:00+00}'),
('timestamptz', 'date', '{2020-01-01,2020-01-01 00:00+00}', '{2020-01-01}'),
('timestamptz', 'timestamp', '{2020-01-01,2020-01-01 00:00+00}', '{2020-01-01,2020-01-01 01:00}'),
('timestamptz', 'timestamptz', '{2020-01-01 12:00+00,infinity,2020-01-01 12:00:00.000001+00}', '{2020-01-01 14:00+02,infinity,2020-01-01 12:00:00.000001+00}'),
('time', 'time', '{10:00,24:00}', '{24:00,10:00,00:00}'),
('timetz', 'timetz', '{10:00+00,12:00+02}', '{12:00+02,10:00+00}'),
-- the rest
('bool', 'bool', '{t,f,t,NULL}', '{f,t,NULL}'),
('uuid', 'uuid', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,00000000-0000-0000-0000-000000000000}', '{00000000-0000-0000-0000-000000000000,A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11,11111111-1111-1111-1111-111111111111}'),
('mood', 'mood', '{sad,happy,sad}', '{happy,ok,sad}'),
('inet', 'inet', '{10.0.0.1,10.0.0.0/8,::1}', '{10.0.0.0/8,10.0.0.1,::1,10.0.0.1/8}'),
('cidr', 'cidr', '{10.0.0.0/8,10.0.0.1}', '{10.0.0.1/32,10.0.0.0/8}'),
('cidr', 'inet', '{10.0.0.0/8,10.0.0.1}', '{10.0.0.1,10.0.0.0/8,10.0.0.1/8}'),
('inet', 'cidr', '{10.0.0.0/8,10.0.0.1}', '{10.0.0.1,10.0.0.0/8}'),
('macaddr', 'macaddr', '{08:00:2b:01:02:03}', '{08-00-2b-01-02-03,08:00:2b:01:02:04}'),
('macaddr8', 'macaddr8', '{08:00:2b:01:02:03:04:05}', '{08:00:2b:01:02:03:04:05,08:00:2b:01:02:03:04:06}'),
('money', 'money', '{1,2}', '{2.00,1.01}'),
('bit(3)', 'bit(3)', '{101,111}', '{111,000}'),
('varbit', 'varbit', '{101,1010}', '{1010,10}'),
('oid', 'oid', '{1,4294967295}', '{4294967295,2}'),
('oid', 'int4', '{1,4294967295}', '{1,2}'),
('tid', 'tid', '{"(0,1)","(1,1)"}', '{"(1,1)","(2,1)"}'),
('pg_lsn', 'pg_lsn', '{0/1,1/0}', '{1/0,0/2}'),
('jsonb', 'jsonb', '{1,1.0,"{\"a\":[1,2]}","\"x\"",null}', '{1.00,"{\"a\": [1, 2]}","\"x\""}'),
('tsvector', 'tsvector', '{"a b","b"}', '{"b a","c"}'),
('int4range', 'int4range', '{"[1,3)","[1,2]",empty,"(,3)"}', '{"[1,2]",empty,"(,2]","[1,2)"}'),
('int4multirange', 'int4multirange', '{"{[1,2),[2,3)}"}', '{"{[1,3)}","{}"}'),
-- domains
('posint', 'int4', '{1,2}', '{2,-1,1}'),
('posint', 'posint', '{1,2}', '{2,1,3}'),
('posint', 'posposint', '{1,2}', '{2,1,3}'),
('posposint', 'int8', '{1,2}', '{2,5000000000}'),
('int4', 'posint', '{1,-2}', '{1,2}'),
('label', 'text', '{a,b}', '{b,c}'),
('label', 'label', '{a,b}', '{b,c}'),
('code5', 'code5', '{a,b}', '{"b ",a}'),
('code5', 'text', '{a,b}', '{"b ",a}');

SELECT column_type, key_type, matches, direct, plan, as_text
FROM cases, compare(column_type, key_type, rows, keys) ORDER BY no;

-- A domain over an array type as the keys; text keys on a domain column are not checked against the domain.
CREATE TABLE t (id posint PRIMARY KEY, tags text[], words label);
CREATE INDEX ON t (tags);
INSERT INTO t VALUES (1, '{a,b}', 'x'), (2, '{}', 'y'), (3, NULL, 'x');
SELECT dataloader.load_one_json('t', ARRAY[2, 1, NULL, 7]::ints);
SELECT dataloader.load_one_json('t', '[2, -5, null]');
SELECT dataloader.load_one_json('t', '{2,-5,NULL}');

-- An array-typed column takes rows of one field.
SET dataloader.direct_scan = on;
SELECT dataloader.load_many_json('t', ARRAY[ROW(ARRAY['a', 'b']), ROW('{}'::text[]), ROW(ARRAY['b'])], by => 'tags', columns => '{id}');
SET dataloader.direct_scan = off;
SELECT dataloader.load_many_json('t', ARRAY[ROW(ARRAY['a', 'b']), ROW('{}'::text[]), ROW(ARRAY['b'])], by => 'tags', columns => '{id}');
RESET dataloader.direct_scan;

-- So does a column of a composite type.
CREATE TABLE places (p point2 PRIMARY KEY, n int);
INSERT INTO places VALUES ('(1,2)', 1), ('(1,)', 2), ('(2,0)', 3);
SET dataloader.direct_scan = on;
SELECT dataloader.load_one_json('places', ARRAY[ROW('(2,0)'::point2), ROW('(1,2)'::point2), ROW(NULL::point2), ROW('(3,3)'::point2)], columns => '{n}');
SET dataloader.direct_scan = off;
SELECT dataloader.load_one_json('places', ARRAY[ROW('(2,0)'::point2), ROW('(1,2)'::point2), ROW(NULL::point2), ROW('(3,3)'::point2)], columns => '{n}');
RESET dataloader.direct_scan;

-- Keys that are equal to each other but not the same find the same rows at each position.
CREATE TABLE amounts (v numeric PRIMARY KEY, n int);
INSERT INTO amounts VALUES (1.0, 1), (2.50, 2);
CREATE TABLE floats (v float8 PRIMARY KEY);
INSERT INTO floats VALUES ('-0'), ('NaN');
CREATE VIEW equal_keys AS
SELECT 'numeric' AS type, dataloader.load_one_json('amounts', ARRAY[1, 1.0, 1.00, 2.5, 2.500, 1.000]) AS answer
UNION ALL SELECT 'numeric, as text', dataloader.load_one_json('amounts', '[1, 1.0, 1.00, 2.5, 2.500, "1.000"]')
UNION ALL SELECT 'float8', dataloader.load_one_json('floats', ARRAY['0', '-0', 'NaN', '0', 'Infinity']::float8[]);
SET dataloader.direct_scan = on;
TABLE equal_keys;
SET dataloader.direct_scan = off;
TABLE equal_keys;

-- a domain over an enum: as key, link and order, on both paths
CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');
CREATE DOMAIN felt AS mood;
CREATE TABLE face (mood felt PRIMARY KEY, note text);
CREATE TABLE day (id int, mood felt);
INSERT INTO face VALUES ('ok', 'a'), ('glad', 'b'), ('sad', 'c');
INSERT INTO day VALUES (1, 'glad'), (1, 'sad'), (2, 'ok');
CREATE INDEX ON day (id, mood);
PREPARE moods AS
SELECT dataloader.load_one_json('face', '{glad,sad,NULL}') AS by_text,
       dataloader.load_one_json('face', ARRAY['ok'::felt]) AS by_domain,
       dataloader.load_many_json('day', ARRAY[1], by => 'id', order_by => 'mood DESC', first => 1) AS ordered,
       dataloader.load_many_json('face', ARRAY[1, 2], by => 'id', through => 'day', link => 'mood', order_by => 'through.mood') AS linked,
       dataloader.load_connection('face', '{ok}', by => 'mood', first => 1) #> '{0,edges,0,node}' AS paged;
EXECUTE moods;
SET dataloader.direct_scan = off;
EXECUTE moods;
RESET dataloader.direct_scan;

DROP SCHEMA test_keytypes CASCADE;

-- Literals in filter and order_by mean what they mean where they are written, on both paths, whatever
-- the settings that dates, numbers and intervals are written with.
SET client_min_messages = warning;
CREATE SCHEMA test_literals;
SET search_path = test_literals;
CREATE TABLE t (id int PRIMARY KEY, f float8, r real, at timestamptz, d date, i interval, b bytea, n numeric, s text);
SET timezone = 'Asia/Kolkata';
INSERT INTO t VALUES (1, '0.30000000000000004', '0.1', '2020-02-01 00:00', '2020-02-01', '1 mon -2 days', '\x5c00', 1.10, E'quo''te\\n'),
    (2, 0.3, 0.3, '2020-01-02 00:00', '2020-01-02', '-1 mon 2 days', '\x', 1.1000001, 'E''x''');

-- Each condition under each group of settings: both paths against plain SQL.
CREATE TABLE conditions (no serial, c text);
INSERT INTO conditions (c) VALUES
    ('f = ''0.30000000000000004''::float8'), ('f = 0.30000000000000004::float8'), ('r = ''0.1''::real'), ('n = 1.10'),
    ('at = ''01/02/2020 00:00''::timestamptz'), ('at = timestamptz ''2020-02-01 00:00'''), ('d = ''01/02/2020''::date'), ('d = ''2020-02-01'''),
    ('i = interval ''1 mon -2 days'''), ('i = ''P1M-2D'''), ('i = -interval ''1 mon -2 days'''), ('b = ''\x5c00'''), ('b = E''\\x5c00'''),
    ('s = ''quo''''te\n'''), ('s = E''quo\''te\\n'''), ('s = ''E''''x'''''''), ('s = U&''E\0027x\0027'''), ('s = $$E''x''$$'), ('d BETWEEN ''epoch'' AND ''infinity'''), ('f < ''Infinity'' AND f <> ''NaN''');
CREATE FUNCTION compare(c text, OUT wanted text, OUT ok bool) LANGUAGE plpgsql AS $$
DECLARE direct text; plan text;
    load text := 'SELECT string_agg(coalesce((item).id::text, ''-''), '' '') FROM dataloader.load_one(NULL::test_literals.t, ARRAY[1, 2], filter => $1, order_by => $2)';
BEGIN
    EXECUTE format('SELECT string_agg(CASE WHEN %s THEN id::text ELSE ''-'' END, '' '' ORDER BY id) FROM test_literals.t', c) INTO wanted;
    SET LOCAL dataloader.direct_scan = on;
    EXECUTE load INTO direct USING c, c;
    SET LOCAL dataloader.direct_scan = off;
    EXECUTE load INTO plan USING c, c;
    ok := direct = wanted AND plan = wanted;
END $$;
SELECT c AS condition, k.* FROM conditions, compare(c) k ORDER BY no;
SET extra_float_digits = 0;
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'sql_standard';
SELECT c AS condition, k.* FROM conditions, compare(c) k ORDER BY no;
SET extra_float_digits = -15;
SET datestyle = 'German, DMY';
SET intervalstyle = 'iso_8601';
SET bytea_output = 'escape';
SELECT c AS condition, k.* FROM conditions, compare(c) k ORDER BY no;
SET datestyle = 'Postgres, MDY';
SET intervalstyle = 'postgres_verbose';
SET timezone = 'America/New_York';
SET quote_all_identifiers = on;
SELECT c AS condition, k.* FROM conditions, compare(c) k ORDER BY no;
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT c AS condition, k.* FROM conditions, compare(c) k WHERE no NOT IN (12, 17) ORDER BY no;

DROP SCHEMA test_literals CASCADE;

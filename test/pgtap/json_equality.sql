-- A column is written as row_to_json writes it, for every type of the
-- server: base types, their arrays, domains, ranges, multiranges, enums,
-- composites, types with a cast to json; under several settings.

\ir begin.psql
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'hstore') THEN CREATE EXTENSION IF NOT EXISTS hstore; END IF;
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citext') THEN CREATE EXTENSION IF NOT EXISTS citext; END IF;
END $$;

CREATE SCHEMA jsoneq;
SET LOCAL search_path = jsoneq, public;

CREATE TYPE mood AS ENUM ('sad', 'o"k', E'hap\npy');
CREATE TYPE point3 AS (x int, "y z" numeric, "q""t" text, w json);
CREATE TYPE nested AS (p point3, ps point3[], m mood, b bytea);
CREATE TYPE marked AS (x int);
CREATE FUNCTION marked_json(marked) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT '{"cast":  true}'::json $$;
CREATE CAST (marked AS json) WITH FUNCTION marked_json(marked);
CREATE TYPE floatrange AS RANGE (subtype = float8);

-- texts that some type may accept: every type takes those that it can
CREATE TABLE sample (n serial, s text);
INSERT INTO sample (s) VALUES
    ('0'), ('1'), ('-1'), ('7'), ('32767'), ('-2147483648'), ('9223372036854775807'), ('9007199254740993'),
    ('1.0'), ('1.50'), ('-0'), ('0.1'), ('1e-7'), ('1e25'), ('123456789.123456789'), ('NaN'), ('Infinity'), ('-Infinity'),
    ('t'), ('f'), ('a'), (''), (' '), ('null'), ('"quoted"'), ('back\slash /'), (E'tab\tnew\nline\rreturn\f\b'), (E'\x01\x1f\x7f'),
    ('ünï 日本 😀'), (U&'\2028\2029'), ('<a href="x">&amp;</a>'), ('{"a": [1, {"b": null}]}'), ('  [1 , 2 ]  '), ('"str"'), ('[]'),
    ('{}'), ('2020-01-31'), ('infinity'), ('-infinity'), ('0044-03-15 BC'), ('2020-06-30 23:59:59.999999'),
    ('2020-06-30 12:00:00.5+05:30'), ('294276-12-31 00:00:00'), ('12:34:56.789'), ('24:00:00'), ('12:00:00-03:30'), ('1 day'),
    ('1 year 2 mons -3 days 04:05:06.7'), ('-1 mon'), ('10.0.0.1'), ('10.0.0.0/8'), ('::1/64'), ('08:00:2b:01:02:03'),
    ('08:00:2b:01:02:03:04:05'), ('1010'), ('B''01'''), ('\x00ff41'), ('\x'), ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
    ('(1,2)'), ('(1.5,-0)'), ('((1,2),(3,4))'), ('[(1,2),(3,4)]'), ('<(1,2),3>'), ('{1,2,3}'), ('((0,0),(1,1),(1,0))'),
    ('[1,5)'), ('(,)'), ('empty'), ('[2020-01-01,2020-02-01)'), ('["2020-01-01 00:00:00","2020-01-02 12:00:00.1")'),
    ('{[1,3),[5,7)}'), ('{[2020-01-01,2020-02-01)}'), ('{["2020-01-01 00:00:00","2020-01-02 12:00:00.1")}'),
    ('a b'), ('''cat'':1A & !dog:*'), ('fat & (rat | cat)'), ('1 2 3'), ('16/B374D848'), ('10:20:10,14,15'), ('(0,1)'), ('pg_class'),
    ('pg_catalog.now'), ('pg_catalog.now()'), ('pg_catalog.+'), ('pg_catalog.+(integer,integer)'), ('integer'), ('english'), ('simple'),
    ('pg_catalog'), ('"C"'), ('sad'), ('o"k'), (E'hap\npy'), ('(1,2.50,"a ""b"" ,c","{""k"": 1}")'), ('(,,,)'), ('(3)'), ('()'),
    ('("(1,2,t,null)","{""(1,2,t,1)""}",sad,"\\x00")'), ('a=>1, "b c"=>NULL, q=>"x""y"'), (repeat('long ', 1000)),
    ('=r/' || quote_ident(current_user)), (quote_ident(current_user));

CREATE TABLE setting (n int, tz text, datestyle text, intervalstyle text, digits text, bytea text);
INSERT INTO setting VALUES
    (1, 'UTC', 'ISO, MDY', 'postgres', '1', 'hex'),
    (2, 'America/New_York', 'SQL, DMY', 'sql_standard', '-5', 'escape'),
    (3, 'Asia/Kolkata', 'German, DMY', 'iso_8601', '3', 'hex'),
    (4, 'America/St_Johns', 'Postgres, MDY', 'postgres_verbose', '0', 'escape');

CREATE FUNCTION accepts(s text, t text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    -- the value must also survive output, here and as an array
    EXECUTE format('SELECT to_json(%L::%s)', s, t);
    RETURN true;
EXCEPTION WHEN OTHERS THEN
    RETURN false;
END $$;

-- makes the table of a type: the value, arrays of it, a domain and a composite over it
CREATE FUNCTION fill(t text, has_array boolean) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    c text := format('id int PRIMARY KEY, k int, v %s', t);
    v text := '%1$s, %1$s %% 3, %2$L::' || t;
    one record;
    filled bigint := 0;
BEGIN
    DROP TABLE IF EXISTS it;
    DROP TYPE IF EXISTS boxed;
    DROP DOMAIN IF EXISTS named;
    EXECUTE format('CREATE TYPE boxed AS (x %s, y text)', t);
    EXECUTE format('CREATE DOMAIN named AS %s', t);
    c := c || ', b boxed, d named';
    v := v || format(', ROW(%%2$L::%s, NULL)::boxed, %%2$L::%1$s', t);
    IF has_array THEN
        c := c || format(', a %s[], aa %1$s[], ab boxed[]', t);
        v := v || format(', ARRAY[%%2$L::%s, NULL], ARRAY[[%%2$L::%1$s, %%2$L::%1$s], [NULL, %%2$L::%1$s]], '
                         'ARRAY[ROW(%%2$L::%1$s, %%2$L)::boxed, NULL]', t);
    END IF;
    EXECUTE format('CREATE TABLE it (%s, gone int)', c);
    ALTER TABLE it DROP COLUMN gone;
    FOR one IN SELECT * FROM sample WHERE accepts(s, t) LOOP
        EXECUTE 'INSERT INTO it VALUES (' || format(v, one.n, one.s) || ')';
        filled := filled + 1;
    END LOOP;
    INSERT INTO it (id, k) VALUES (0, 1);
    CREATE INDEX ON it (k);
    RETURN filled;
END $$;

-- the settings and paths under which the loads write a type differently
CREATE FUNCTION differences(filled bigint, OUT report text) LANGUAGE plpgsql AS $$
DECLARE
    s setting;
    path text;
    expected text;
    actual text;
BEGIN
    FOR s IN SELECT * FROM setting ORDER BY n LOOP
        PERFORM set_config('TimeZone', s.tz, true), set_config('DateStyle', s.datestyle, true),
                set_config('IntervalStyle', s.intervalstyle, true), set_config('extra_float_digits', s.digits, true),
                set_config('bytea_output', s.bytea, true);
        FOREACH path IN ARRAY ARRAY['on', 'off'] LOOP
            PERFORM set_config('dataloader.direct_scan', path, true);

            expected := (SELECT '[' || string_agg(g, ',' ORDER BY key) || ']'
                         FROM (SELECT key, '[' || coalesce(string_agg(row_to_json(it)::text, ',' ORDER BY id) FILTER (WHERE id IS NOT NULL), '') || ']' AS g
                               FROM generate_series(0, 2) key LEFT JOIN it ON k = key GROUP BY key) x);
            actual := dataloader.load_many_json('it', '{0,1,2}'::int[], by => 'k', order_by => 'id');
            IF actual IS DISTINCT FROM expected THEN
                report := coalesce(report, format('settings %s, direct_scan %s, load_many_json: %s <> %s', s.n, path,
                                                        left(actual, 2000), left(expected, 2000)));
            END IF;

            expected := (SELECT '[' || string_agg(row_to_json(it)::text, ',' ORDER BY id) || ']' FROM it);
            actual := dataloader.load_one_json('it', (SELECT array_agg(id ORDER BY id) FROM it));
            IF actual IS DISTINCT FROM expected THEN
                report := coalesce(report, format('settings %s, direct_scan %s, load_one_json: %s <> %s', s.n, path,
                                                        left(actual, 2000), left(expected, 2000)));
            END IF;

            expected := (SELECT '[' || string_agg(row_to_json(y)::text, ',' ORDER BY id) || ']'
                         FROM it, LATERAL (SELECT it.d, it.v) y);
            actual := dataloader.load_one_json('it', (SELECT array_agg(id ORDER BY id) FROM it), columns => '{d,v}');
            IF actual IS DISTINCT FROM expected THEN
                report := coalesce(report, format('settings %s, direct_scan %s, columns: %s <> %s', s.n, path,
                                                        left(actual, 2000), left(expected, 2000)));
            END IF;
        END LOOP;
    END LOOP;
END $$;

SELECT no_plan();

SELECT is(differences(filled), NULL, format('%s (%s values)', t.name, filled))
FROM (SELECT format_type(oid, -1) AS name, typarray <> 0 AS has_array
      FROM pg_type
      WHERE typtype IN ('b', 'r', 'm', 'e') AND typisdefined
        AND (typelem = 0 OR typsubscript <> 'array_subscript_handler'::regproc)
        AND typnamespace IN ('pg_catalog'::regnamespace, 'jsoneq'::regnamespace, 'public'::regnamespace)
        -- no text makes a value of these
        AND typname NOT IN ('pg_node_tree', 'pg_ndistinct', 'pg_dependencies', 'pg_mcv_list', 'gtsvector',
                            'pg_brin_bloom_summary', 'pg_brin_minmax_multi_summary', 'ghstore', 'gbtreekey_var')
      UNION ALL
      VALUES ('point3', true), ('nested', true), ('marked', true)
      ORDER BY 1
      OFFSET 0) t, fill(t.name, t.has_array) filled;

-- every type must have found a sample, or the test above says nothing
CREATE FUNCTION samples(t text) RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM sample WHERE accepts(s, t) $$;
SELECT is_empty($$
    SELECT format_type(oid, -1) FROM pg_type
    WHERE typtype IN ('b', 'r', 'm', 'e') AND typisdefined
      AND (typelem = 0 OR typsubscript <> 'array_subscript_handler'::regproc)
      AND typnamespace IN ('pg_catalog'::regnamespace, 'jsoneq'::regnamespace)
      AND typname NOT IN ('pg_node_tree', 'pg_ndistinct', 'pg_dependencies', 'pg_mcv_list', 'gtsvector',
                          'pg_brin_bloom_summary', 'pg_brin_minmax_multi_summary')
      AND jsoneq.samples(format_type(oid, -1)) = 0 $$, 'every type has a sample value');

-- json_bigints: int8 and numeric as strings, the rest untouched
CREATE TABLE bigints (id int PRIMARY KEY, a int8, b numeric, c int4, d float8, e text, f numeric(8,2), g int2);
INSERT INTO bigints VALUES (1, 9007199254740993, 1.50, 3, 2.5, 'x', 7, 1), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
                           (3, -1, 'NaN', 0, 'NaN', '', 'NaN', 0);
SET LOCAL dataloader.json_bigints = string;
SELECT is(dataloader.load_one_json('bigints', '{1,2,3}'::int[])::text,
          '[' || (SELECT string_agg(row_to_json(y)::text, ',' ORDER BY id)
                  FROM (SELECT id, a::text, b::text, c, d, e, f::text, g FROM bigints) y) || ']',
          'json_bigints = string, direct_scan on');
SET LOCAL dataloader.direct_scan = off;
SELECT is(dataloader.load_one_json('bigints', '{1,2,3}'::int[])::text,
          '[' || (SELECT string_agg(row_to_json(y)::text, ',' ORDER BY id)
                  FROM (SELECT id, a::text, b::text, c, d, e, f::text, g FROM bigints) y) || ']',
          'json_bigints = string, direct_scan off');
-- inside arrays and composites, too
CREATE TYPE priced AS (n int8, p numeric, i int4);
CREATE DOMAIN amount AS numeric(10, 2);
CREATE TABLE nested_bigints (id int PRIMARY KEY, a int8[], b numeric[][], c priced, d priced[], e amount, f int8range, g jsonb);
INSERT INTO nested_bigints VALUES (1, '{1,NULL,9007199254740993}', '{{1.0,2},{3,NaN}}', '(9007199254740993,1.50,3)', '{"(1,2,3)",NULL}',
                                   7, '[1,5)', '{"n": 9007199254740993}');
PREPARE nested_as_strings AS
SELECT is(dataloader.load_one_json('nested_bigints', '{1}'::int[])::text,
          '[{"id":1,"a":["1",null,"9007199254740993"],"b":[["1.0","2"],["3","NaN"]],"c":{"n":"9007199254740993","p":"1.50","i":3},'
          '"d":[{"n":"1","p":"2","i":3},null],"e":"7.00","f":"[1,5)","g":{"n": 9007199254740993}}]',
          'json_bigints = string, nested, direct_scan ' || current_setting('dataloader.direct_scan'));
EXECUTE nested_as_strings;
SET LOCAL dataloader.direct_scan = on;
EXECUTE nested_as_strings;
SET LOCAL dataloader.json_bigints = number;
SELECT is(dataloader.load_one_json('bigints', '{1,2,3}'::int[])::text,
          '[' || (SELECT string_agg(row_to_json(y)::text, ',' ORDER BY id) FROM bigints y) || ']', 'json_bigints = number');

-- text is looked at many bytes at a time: what needs an escape, or nearly, at each offset of each length
CREATE TABLE texts (id serial PRIMARY KEY, t text);
INSERT INTO texts (t)
SELECT repeat('a', before) || c || repeat('z', after)
FROM generate_series(0, 40) before, generate_series(0, 40) after,
     (SELECT chr(i) AS c FROM generate_series(1, 35) i UNION ALL VALUES ('['), ('\'), (']'), (chr(127)), (chr(128)), ('é'), ('日'), ('😀')) special
WHERE before + after <= 40;
SELECT ok(dataloader.load_one_json('texts', array_agg(id ORDER BY id))::text = '[' || string_agg(row_to_json(texts)::text, ',' ORDER BY id) || ']',
          'an escape at each offset of a text')
FROM texts;

SELECT * FROM finish();
ROLLBACK;

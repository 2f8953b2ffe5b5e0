-- Typed rows come back as they are stored: (item).* equals the row for
-- every type of the server, arrays round trip, and rows kept elsewhere live
-- on when their source is gone.

\ir begin.psql
CREATE SCHEMA typed;
SET LOCAL search_path = typed, public;

-- texts that some type may accept: every type takes those that it can
CREATE TABLE sample (n serial, s text);
INSERT INTO sample (s) VALUES
    ('0'), ('1'), ('7'), ('-1.50'), ('NaN'), ('t'), ('a'), (''), ('1010'), ('{"a": [1, null]}'), ('{}'), ('{1,NULL,3}'),
    ('2020-06-30 23:59:59.999999+02'), ('infinity'), ('24:00:00'), ('1 year -3 days'), ('10.0.0.0/8'), ('08:00:2b:01:02:03'),
    ('08:00:2b:01:02:03:04:05'), ('\x00ff'), ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'), ('(1,2)'), ('((1,2),(3,4))'), ('[(1,2),(3,4)]'),
    ('<(1,2),3>'), ('[1,5)'), ('empty'), ('[2020-01-01,2020-02-01)'), ('{[1,3),[5,7)}'), ('{[2020-01-01,2020-02-01)}'), ('a b'),
    ('1 2 3'), ('16/B374D848'), ('10:20:10,14,15'), ('pg_class'), ('pg_catalog.now'), ('pg_catalog.now()'), ('pg_catalog.+(integer,integer)'),
    ('integer'), ('english'), ('simple'), ('pg_catalog'), ('"C"'), ('=r/' || quote_ident(current_user)), (quote_ident(current_user)),
    (repeat('long ', 2000)), ((SELECT string_agg(md5(g::text), '') FROM generate_series(1, 3000) g));

CREATE FUNCTION accepts(s text, t text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT %L::%s', s, t);
    RETURN true;
EXCEPTION WHEN OTHERS THEN
    RETURN false;
END $$;

CREATE FUNCTION fill(t text, has_array boolean) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    one record;
    filled bigint := 0;
BEGIN
    DROP TABLE IF EXISTS it;
    EXECUTE format('CREATE TABLE it (gone text, id int PRIMARY KEY, v %s, k int %s)', t, CASE WHEN has_array THEN format(', a %s[]', t) END);
    ALTER TABLE it DROP COLUMN gone;
    FOR one IN SELECT * FROM sample WHERE accepts(s, t) LOOP
        EXECUTE format('INSERT INTO it (id, k, v) VALUES (%s, %s, %L)', one.n, one.n % 2, one.s);
        filled := filled + 1;
    END LOOP;
    IF has_array THEN
        UPDATE it SET a = ARRAY[v, NULL, v];
    END IF;
    INSERT INTO it (id, k) VALUES (-1, 1);
    EXECUTE 'ALTER TABLE it ADD COLUMN late int DEFAULT 42';
    CREATE INDEX ON it (k);
    RETURN filled;
END $$;

-- what is not as stored; rows are compared as images, byte for byte
CREATE FUNCTION differences(filled bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    path text;
    n bigint;
BEGIN
    FOREACH path IN ARRAY ARRAY['on', 'off'] LOOP
        PERFORM set_config('dataloader.direct_scan', path, true);
        EXECUTE 'SELECT count(*) FROM dataloader.load_one(NULL::it, (SELECT array_agg(id ORDER BY id) FROM it)) l
                 JOIN it ON id = (item).id WHERE (item) *= it.* AND (item).late = 42' INTO n;
        IF n <> filled + 1 THEN RETURN format('load_one, direct_scan %s: %s of %s', path, n, filled + 1); END IF;
        EXECUTE 'SELECT count(*) FROM (SELECT (item).* FROM dataloader.load_rows(NULL::it, ''{0,1}''::int[], by => ''k'')) r
                 JOIN it ON r.id = it.id WHERE r *= it.*' INTO n;
        IF n <> filled + 1 THEN RETURN format('load_rows, direct_scan %s: %s of %s', path, n, filled + 1); END IF;
        EXECUTE 'SELECT count(*) FROM dataloader.load_many(NULL::it, ''{0,1}''::int[], by => ''k'') m, LATERAL unnest(items) r
                 JOIN it ON r.id = it.id WHERE r *= it.* AND it.k = ord - 1' INTO n;
        IF n <> filled + 1 THEN RETURN format('load_many, direct_scan %s: %s of %s', path, n, filled + 1); END IF;
        -- through a table and back
        EXECUTE 'CREATE TEMP TABLE kept ON COMMIT DROP AS
                 SELECT ord, items FROM dataloader.load_many(NULL::it, ''{1,0,1}''::int[], by => ''k'')';
        EXECUTE 'SELECT count(*) FROM kept, LATERAL unnest(items) r JOIN it ON r.id = it.id WHERE r *= it.* AND ord > 1' INTO n;
        IF n <> filled + 1 THEN RETURN format('a kept array, direct_scan %s: %s of %s', path, n, filled + 1); END IF;
        DROP TABLE kept;
    END LOOP;
    RETURN NULL;
END $$;

SELECT no_plan();

SELECT is(differences(filled), NULL, format('%s (%s values)', t.name, filled))
FROM (SELECT format_type(oid, -1) AS name, typarray <> 0 AS has_array
      FROM pg_type
      WHERE typtype IN ('b', 'r', 'm') AND typisdefined
        AND (typelem = 0 OR typsubscript <> 'array_subscript_handler'::regproc)
        AND typnamespace = 'pg_catalog'::regnamespace
        -- no text makes a value of these
        AND typname NOT IN ('pg_node_tree', 'pg_ndistinct', 'pg_dependencies', 'pg_mcv_list', 'gtsvector',
                            'pg_brin_bloom_summary', 'pg_brin_minmax_multi_summary')
      ORDER BY 1
      OFFSET 0) t, fill(t.name, t.has_array) filled;

-- Values out of line: what was loaded and kept must not point into the
-- TOAST table of its source.
CREATE TABLE source (id int PRIMARY KEY, grp int, external text, compressed text, array_ text[], doc jsonb);
ALTER TABLE source ALTER external SET STORAGE EXTERNAL, ALTER compressed SET STORAGE EXTENDED;
INSERT INTO source
SELECT g, g % 2, (SELECT string_agg(md5((g * 1000 + i)::text), '') FROM generate_series(1, 200) i), repeat('squeeze me ', 5000),
       ARRAY(SELECT repeat(md5(i::text), 20) FROM generate_series(1, 50) i), jsonb_build_object('k', repeat(md5(g::text), 500))
FROM generate_series(1, 6) g;
CREATE INDEX ON source (grp);
SELECT cmp_ok((SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE oid = 'source'::regclass), '>', 0::bigint, 'values are out of line');
CREATE TYPE snapshot AS (id int, grp int, external text, compressed text, array_ text[], doc jsonb);

CREATE FUNCTION keep(path text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('dataloader.direct_scan', path, true);
    INSERT INTO kept_many SELECT path, ord, items FROM dataloader.load_many(NULL::source, '{1,0,7}'::int[], by => 'grp', order_by => 'id');
    INSERT INTO kept_one SELECT path, ord, item FROM dataloader.load_one(NULL::source, '{3,4,99}'::int[]);
    INSERT INTO kept_rows SELECT path, ord, item FROM dataloader.load_rows(NULL::source, '{0,1}'::int[], by => 'grp', order_by => 'external');
    INSERT INTO kept_flat SELECT path, ord, (item).* FROM dataloader.load_rows(NULL::source, '{0,1}'::int[], by => 'grp');
END $$;
CREATE TABLE kept_many (path text, ord bigint, items source[]);
CREATE TABLE kept_one (path text, ord bigint, item source);
CREATE TABLE kept_rows (path text, ord bigint, item source);
CREATE TABLE kept_flat AS SELECT ''::text AS path, 0::bigint AS ord, s.* FROM source s WHERE false;
SELECT keep('on') \g /dev/null
SELECT keep('off') \g /dev/null
CREATE TABLE digest AS SELECT id, md5(external || compressed || array_::text || doc::text) AS d FROM source;
TRUNCATE source;

SELECT is((SELECT count(*) FROM kept_many, LATERAL unnest(items) s JOIN digest USING (id)
           WHERE md5(external || compressed || array_::text || doc::text) = d), 12::bigint, 'arrays of load_many outlive their source');
SELECT is((SELECT count(*) FROM kept_one JOIN digest ON id = (item).id
           WHERE md5((item).external || (item).compressed || (item).array_::text || (item).doc::text) = d), 4::bigint,
          'rows of load_one outlive their source');
SELECT is((SELECT count(*) FROM kept_rows JOIN digest ON id = (item).id
           WHERE md5((item).external || (item).compressed || (item).array_::text || (item).doc::text) = d), 12::bigint,
          'rows of load_rows outlive their source');
SELECT is((SELECT count(*) FROM kept_flat JOIN digest USING (id) WHERE md5(external || compressed || array_::text || doc::text) = d),
          12::bigint, 'columns of load_rows outlive their source');

-- the result's type is the relation's own, also after the relation changed
CREATE TABLE changing (id int PRIMARY KEY, a int, b text);
INSERT INTO changing VALUES (1, 10, 'x'), (2, 20, 'y');
PREPARE p AS SELECT ord, item::text, pg_typeof(item)::text FROM dataloader.load_one(NULL::changing, '{2,1,3}'::int[]);
SELECT results_eq('p', $$VALUES (1::bigint, '(2,20,y)', 'changing'), (2, '(1,10,x)', 'changing'), (3, NULL, 'changing')$$, 'a table');
ALTER TABLE changing DROP COLUMN a;
SELECT results_eq('p', $$VALUES (1::bigint, '(2,y)', 'changing'), (2, '(1,x)', 'changing'), (3, NULL, 'changing')$$, 'a column less');
ALTER TABLE changing ADD COLUMN c numeric DEFAULT 1.5;
SELECT results_eq('p', $$VALUES (1::bigint, '(2,y,1.5)', 'changing'), (2, '(1,x,1.5)', 'changing'), (3, NULL, 'changing')$$, 'a column more');
ALTER TABLE changing ALTER b TYPE int USING length(b);
SELECT results_eq('p', $$VALUES (1::bigint, '(2,1,1.5)', 'changing'), (2, '(1,1,1.5)', 'changing'), (3, NULL, 'changing')$$, 'another type');
ALTER TABLE changing RENAME TO renamed;
SELECT results_eq('SELECT pg_typeof(item)::text FROM dataloader.load_one(NULL::renamed, ''{2}''::int[])', $$VALUES ('renamed')$$, 'another name');

-- domains over composites name no relation; composite types have no rows
CREATE TYPE alone AS (x int);
SELECT throws_ok('SELECT * FROM dataloader.load_one(NULL::alone, ''{1}''::int[], by => ''x'')', '42809', NULL, 'a composite type');
SELECT throws_ok('SELECT * FROM dataloader.load_one(1, ''{1}''::int[], by => ''x'')', '42804', NULL, 'a scalar type');
SELECT throws_ok('SELECT * FROM dataloader.load_one(NULL::record, ''{1}''::int[], by => ''x'')', '42804', NULL, 'a record');

-- many keys in any order are loaded slice by slice: repeated ones, NULLs, missing ones, small and large rows
CREATE TABLE sliced (id int PRIMARY KEY, owner int, filler text);
INSERT INTO sliced SELECT i, i % 3000, repeat('x', i % 40 * 10) FROM generate_series(1, 12000) i;
CREATE INDEX ON sliced (owner);
ANALYZE sliced;
CREATE TABLE slices AS SELECT array_agg(nullif(hashint4(i) % 3500, 7) ORDER BY i) AS keys FROM generate_series(1, 20000) i;
CREATE FUNCTION same_rows(loaded text, wanted text, name text) RETURNS text LANGUAGE sql AS $$
    SELECT results_eq(format('SELECT count(*), md5(string_agg(x::text, E''\n'' ORDER BY x.ord, x::text)) FROM (%s) x', loaded),
                      format('SELECT count(*), md5(string_agg(x::text, E''\n'' ORDER BY x.ord, x::text)) FROM (%s) x', wanted), name)
$$;
PREPARE sliced AS
SELECT same_rows('SELECT r.* FROM slices, dataloader.load_rows(NULL::sliced, keys, by => ''owner'', order_by => ''id'') r',
                 'SELECT ord, s AS item FROM slices, unnest(keys) WITH ORDINALITY k(key, ord) JOIN sliced s ON owner = key', 'load_rows in slices')
UNION ALL
SELECT same_rows('SELECT r.* FROM slices, dataloader.load_one(NULL::sliced, keys) r',
                 'SELECT ord, s AS item FROM slices, unnest(keys) WITH ORDINALITY k(key, ord) LEFT JOIN sliced s ON id = key', 'load_one in slices')
UNION ALL
SELECT same_rows('SELECT r.* FROM slices, dataloader.load_many(NULL::sliced, keys, by => ''owner'', order_by => ''id'', first => 2) r',
                 'SELECT ord, ARRAY(SELECT s FROM sliced s WHERE owner = key ORDER BY id LIMIT 2) AS items FROM slices, unnest(keys) WITH ORDINALITY k(key, ord)',
                 'load_many in slices');
EXECUTE sliced;
SET LOCAL work_mem = '64kB';
EXECUTE sliced;
RESET work_mem;

SELECT * FROM finish();
ROLLBACK;

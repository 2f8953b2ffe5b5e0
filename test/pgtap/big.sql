-- Batches of 100,000 keys: sorted, reversed and in random order, dense and
-- sparse, over several key types, against a join.

\ir begin.psql
CREATE SCHEMA big;
SET LOCAL search_path = big, public;

-- dense: neighbouring ids; sparse: ids far apart, so that few keys share a leaf page
CREATE TABLE dense (id int PRIMARY KEY, v text);
INSERT INTO dense SELECT g, md5(g::text) FROM generate_series(1, 120000) g WHERE g % 10 <> 3 ORDER BY hashint4(g);
CREATE TABLE sparse (id bigint PRIMARY KEY, v text);
INSERT INTO sparse SELECT g::bigint * 40000, md5(g::text) FROM generate_series(1, 120000) g WHERE g % 10 <> 3 ORDER BY hashint4(g);
CREATE TABLE coded (code text COLLATE "C" PRIMARY KEY, u uuid, t timestamptz, n numeric, v text);
INSERT INTO coded SELECT 'code-' || g, md5(g::text)::uuid, '2000-01-01 UTC'::timestamptz + g * interval '1 minute', g * 0.5, md5(g::text)
FROM generate_series(1, 120000) g WHERE g % 10 <> 3 ORDER BY hashint4(g);
CREATE UNIQUE INDEX ON coded (u);
CREATE UNIQUE INDEX ON coded (t DESC);
CREATE UNIQUE INDEX ON coded (n);
CREATE TABLE child (id int PRIMARY KEY, parent int, v text);
INSERT INTO child SELECT g, abs(hashint4(g)) % 100000, md5(g::text) FROM generate_series(1, 150000) g;
CREATE INDEX ON child (parent, id);
DELETE FROM child WHERE id % 9 = 0;
ANALYZE;

CREATE TABLE batch (name text, rel regclass, col text, keys text, type text);
INSERT INTO batch
SELECT o.name || ' ' || c.name, c.rel, c.col, (SELECT format('SELECT array_agg((%s)::%s ORDER BY %s) FROM generate_series(1, 100000) g',
                                                     c.key, c.type, o.expression)), c.type
FROM (VALUES ('sorted', 'g'), ('reversed', '-g'), ('random', 'hashint4(g)')) o(name, expression),
     (VALUES ('dense integers', 'dense'::regclass, 'id', 'g', 'int'),
             ('dense integers, as bigint', 'dense', 'id', 'g', 'bigint'),
             ('dense integers, repeated', 'dense', 'id', 'g % 50', 'int'),
             ('every 100th of dense integers', 'dense', 'id', 'g * 100', 'int'),
             ('sparse integers', 'sparse', 'id', 'g::bigint * 40000', 'bigint'),
             ('sparse integers, half of them missing', 'sparse', 'id', 'g::bigint * 20000', 'bigint'),
             ('text', 'coded', 'code', '''code-'' || g', 'text'),
             ('uuid', 'coded', 'u', 'md5(g::text)', 'uuid'),
             ('timestamps on a descending index', 'coded', 't', '''2000-01-01 UTC''::timestamptz + g * interval ''1 minute''', 'timestamptz'),
             ('numeric', 'coded', 'n', 'g * 0.50', 'numeric'),
             ('many rows a key', 'child', 'parent', 'g', 'int')) c(name, rel, col, key, type);

-- a digest of ord and row: equal digests, equal answers
CREATE FUNCTION digest_loaded(path text, b batch) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    PERFORM set_config('dataloader.direct_scan', path, true);
    EXECUTE format('SELECT count(*) || '' rows, '' || sum(hashtextextended(ord || item::text, 0)::numeric) || '', ascending '' ||
                           bool_and(ord >= before)
                    FROM (SELECT ord, item, lag(ord, 1, 0::bigint) OVER () AS before
                          FROM dataloader.load_rows(NULL::%s, (%s), by => %L)) x', b.rel, b.keys, b.col) INTO result;
    RETURN result;
END $$;

CREATE FUNCTION digest_joined(b batch) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SELECT count(*) || '' rows, '' || sum(hashtextextended(k.ord || r::text, 0)::numeric) || '', ascending true''
                    FROM unnest((%2$s)) WITH ORDINALITY k(key, ord) JOIN %1$s r ON r.%3$s = k.key', b.rel, b.keys, b.col) INTO result;
    RETURN result;
END $$;

SELECT no_plan();

CREATE TABLE expected AS SELECT b, digest_joined(b) AS digest FROM batch b;
SELECT is(digest_loaded(path, b), digest, (b).name || ', direct_scan ' || path)
FROM expected, (VALUES ('on'), ('off')) p(path);

-- the other verbs, once in random order
SET LOCAL dataloader.direct_scan = on;
CREATE TABLE asked AS SELECT array_agg(g ORDER BY hashint4(g)) AS keys FROM generate_series(1, 100000) g;
SELECT is((SELECT md5(dataloader.load_one_json('dense', keys)::text) FROM asked),
          (SELECT md5('[' || string_agg(coalesce(row_to_json(d)::text, 'null'), ',' ORDER BY ord) || ']')
           FROM asked, unnest(keys) WITH ORDINALITY k(key, ord) LEFT JOIN dense d ON id = key), 'load_one_json');
SELECT is((SELECT md5(dataloader.load_many_json('child', keys, by => 'parent', order_by => 'id DESC', first => 2)::text) FROM asked),
          (SELECT md5('[' || string_agg('[' || coalesce(list, '') || ']', ',' ORDER BY ord) || ']')
           FROM asked, unnest(keys) WITH ORDINALITY k(key, ord) LEFT JOIN
                (SELECT parent, string_agg(row_to_json(r.c)::text, ',' ORDER BY n) AS list
                 FROM (SELECT parent, c, row_number() OVER (PARTITION BY parent ORDER BY id DESC) AS n FROM child c) r
                 WHERE n <= 2 GROUP BY parent) l ON parent = key), 'load_many_json, two of each');
SELECT results_eq('SELECT count(*), count(item), sum(hashtext(ord || item::text)::bigint) FROM asked, dataloader.load_one(NULL::dense, keys)',
                  'SELECT count(*), count(d.id), sum(hashtext(ord || d::text)::bigint)
                   FROM asked, unnest(keys) WITH ORDINALITY k(key, ord) LEFT JOIN dense d ON id = key', 'load_one');
SELECT results_eq('SELECT count(*), sum(cardinality(items)), sum(hashtext(ord || items::text)::bigint)
                   FROM asked, dataloader.load_many(NULL::child, keys, by => ''parent'', order_by => ''id'')',
                  'SELECT count(*), sum(cardinality(items))::bigint, sum(hashtext(ord || coalesce(items, ''{}'')::text)::bigint)
                   FROM asked, unnest(keys) WITH ORDINALITY k(key, ord)
                        LEFT JOIN (SELECT parent, array_agg(c ORDER BY id) AS items FROM child c GROUP BY parent) l ON parent = key',
                  'load_many');
SELECT is((SELECT json_array_length(dataloader.load_one_json('dense', keys::text)) FROM asked), 100000, 'keys as an array literal');
SELECT is((SELECT md5(dataloader.load_one_json('dense', to_json(keys)::text)::text) FROM asked),
          (SELECT md5(dataloader.load_one_json('dense', keys)::text) FROM asked), 'keys as JSON');

-- the limit
SET LOCAL dataloader.max_keys = 1000;
SELECT throws_ok('SELECT dataloader.load_one_json(''dense'', (SELECT array_agg(g) FROM generate_series(1, 1001) g))', '54000',
                 'number of keys (1001) exceeds the maximum (1000)', 'max_keys');
SELECT throws_ok('SELECT dataloader.load_one_json(''dense'', (SELECT json_agg(g)::text FROM generate_series(1, 1001) g))', '54000',
                 'number of keys (1001) exceeds the maximum (1000)', 'max_keys, as JSON');
SELECT lives_ok('SELECT dataloader.load_one_json(''dense'', (SELECT array_agg(g) FROM generate_series(1, 1000) g))', 'as many as max_keys');

SELECT * FROM finish();
ROLLBACK;

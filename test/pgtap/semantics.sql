-- The direct path, the plan path and plain SQL give the same answer, for
-- every verb and many combinations of options, on 20,000 rows where some
-- keys have thousands of rows and most a few.

\ir begin.psql
CREATE SCHEMA semantics;
SET LOCAL search_path = semantics, public;

CREATE TABLE item (
    id int PRIMARY KEY,
    owner int,
    tenant int NOT NULL,
    name text COLLATE "C",
    score numeric,
    at timestamptz,
    note text);

-- owners follow a power law: owner 1 has thousands of rows, owner 900 has one
INSERT INTO item
SELECT g, CASE WHEN g % 37 = 0 THEN NULL ELSE (1000 * (abs(hashint4(g)) % 10000 / 10000.0) ^ 4)::int END, g % 5,
       'name ' || abs(hashint4(g + 1)) % 300, CASE WHEN g % 11 = 0 THEN NULL ELSE (abs(hashint4(g + 2)) % 500) / 10.0 END,
       CASE WHEN g % 13 = 0 THEN NULL ELSE '2020-01-01 UTC'::timestamptz + abs(hashint4(g + 3)) % 1000 * interval '1 hour' END,
       CASE WHEN g % 3 = 0 THEN repeat('x', g % 50) END
FROM generate_series(1, 20000) g;
CREATE INDEX ON item (owner, at DESC NULLS LAST, id DESC);
CREATE INDEX ON item (tenant, owner);
CREATE INDEX ON item (name, id);

-- some rows move, some die, some versions stay in one HOT chain
UPDATE item SET note = note || '!' WHERE id % 10 = 1;
UPDATE item SET owner = owner + 1 WHERE id % 50 = 2;
DELETE FROM item WHERE id % 101 = 0;

CREATE TABLE keyed (name text PRIMARY KEY, col text, type text, keys text);
INSERT INTO keyed VALUES
    ('few owners', 'owner', 'int', (SELECT array_agg(k)::text FROM unnest('{1,5,NULL,999,77,5,-3,100000}'::int[]) k)),
    ('every fourth owner', 'owner', 'int', (SELECT array_agg(g)::text FROM generate_series(2, 1001, 4) g)),
    ('scattered owners, bigint', 'owner', 'bigint',
        (SELECT array_agg(k)::text FROM (SELECT abs(hashint4(g)) % 1500 AS k FROM generate_series(1, 100) g
                                         UNION ALL VALUES (5000000000), (NULL)) x)),
    ('names', 'name', 'text', (SELECT array_agg('name ' || g * 7)::text FROM generate_series(1, 60) g)),
    ('ids', 'id', 'int', (SELECT array_agg(abs(hashint4(g)) % 22000)::text FROM generate_series(1, 300) g)),
    ('ids, smallint', 'id', 'smallint', (SELECT array_agg(g)::text FROM generate_series(90, 120) g)),
    ('ids, numeric', 'id', 'numeric', '{1,2.0,2.5,NULL,NaN,100000000000}');

CREATE TABLE option (filter text, args jsonb, literal text, order_by text, total boolean);
INSERT INTO option VALUES
    (NULL, NULL, NULL, 'id', true),
    (NULL, NULL, NULL, 'at DESC NULLS LAST, id DESC', true),
    (NULL, NULL, NULL, 'at ASC NULLS FIRST, id', true),
    (NULL, NULL, NULL, 'score DESC, name, id', true),
    (NULL, NULL, NULL, 'lower(name), score NULLS FIRST, id DESC', true),
    (NULL, NULL, NULL, 'name COLLATE "en-x-icu", id', true),
    ('tenant = 2', NULL, NULL, 'id', true),
    ('score > $1 AND at IS NOT NULL', '[20]', 'score > 20 AND at IS NOT NULL', 'at DESC NULLS LAST, id DESC', true),
    ('name = ANY ($1) OR note LIKE $2', '[["name 1","name 2"],"xx%"]', $$name = ANY ('{"name 1","name 2"}') OR note LIKE 'xx%'$$,
     'score, id', true),
    ('at >= $1 AND tenant IN ($2, $3)', '["2020-01-10T00:00:00Z",1,4]', $$at >= '2020-01-10T00:00:00Z' AND tenant IN ('1', '4')$$,
     'id DESC', true),
    ('id IN (SELECT i.id FROM item i WHERE i.tenant = 1)', NULL, NULL, 'id', true),
    ('random() >= 0 AND tenant <> 3', NULL, NULL, 'id', true),
    ('false', NULL, NULL, 'id', true),
    ('note IS NULL', NULL, NULL, 'tenant, id', true);

CREATE TABLE page (first int, skip int);
INSERT INTO page VALUES (NULL, NULL), (1, NULL), (5, 3), (NULL, 2);

-- the question in plain SQL, asked once for each combination
CREATE FUNCTION answer(k keyed, o option, p page, OUT rows_ text, OUT ones text) LANGUAGE plpgsql AS $$
DECLARE
    q text := format('SELECT k.o AS ord, coalesce(array_agg(i ORDER BY r) FILTER (WHERE r IS NOT NULL), ''{}'') AS items
        FROM unnest(%L::%s[]) WITH ORDINALITY k(key, o)
        LEFT JOIN LATERAL (SELECT i, row_number() OVER (ORDER BY %s) AS r FROM item i WHERE i.%s = k.key AND (%s)
                           ORDER BY r LIMIT %s OFFSET %s) x ON true
        GROUP BY k.o', k.keys, k.type, o.order_by, k.col, coalesce(o.literal, o.filter, 'true'),
        coalesce(p.first::text, 'ALL'), coalesce(p.skip, 0));
BEGIN
    EXECUTE 'SELECT string_agg(ord || '':'' || items::text, '';'' ORDER BY ord), string_agg(ord || '':'' || coalesce(items[1]::text, ''''), '';'' ORDER BY ord) FROM ('
            || q || ') a' INTO rows_, ones;
END $$;

-- what each verb says, in the same form; json is turned back into rows
CREATE FUNCTION loaded(verb text, k keyed, o option, p page) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    options text := format('by => %L, filter => %L, args => %L, order_by => %L', k.col, o.filter, o.args, o.order_by);
    keys text := format('%L::%s[]', k.keys, k.type);
    result text;
BEGIN
    IF verb !~ 'one' THEN
        options := options || format(', first => %L, skip => %L', p.first, p.skip);
    END IF;
    EXECUTE CASE verb
        WHEN 'load_many' THEN format('SELECT string_agg(ord || '':'' || items::text, '';'' ORDER BY ord)
            FROM dataloader.load_many(NULL::item, %s, %s)', keys, options)
        WHEN 'load_rows' THEN format('SELECT string_agg(n || '':'' || coalesce(items, ''{}'')::text, '';'' ORDER BY n)
            FROM generate_series(1, cardinality(%1$s)) n LEFT JOIN
                (SELECT ord, array_agg(item ORDER BY pos) AS items
                 FROM (SELECT ord, item, row_number() OVER () AS pos FROM dataloader.load_rows(NULL::item, %1$s, %2$s)) x GROUP BY ord) l
            ON ord = n', keys, options)
        WHEN 'load_one' THEN format('SELECT string_agg(ord || '':'' || coalesce(item::text, ''''), '';'' ORDER BY ord)
            FROM dataloader.load_one(NULL::item, %s, %s)', keys, options)
        WHEN 'load_many_json' THEN format('SELECT string_agg(ord || '':'' || ARRAY(SELECT json_populate_record(NULL::item, e)
                FROM json_array_elements(list) WITH ORDINALITY x(e, n) ORDER BY n)::text, '';'' ORDER BY ord)
            FROM json_array_elements(dataloader.load_many_json(''item'', %s, %s)) WITH ORDINALITY l(list, ord)', keys, options)
        WHEN 'load_one_json' THEN format('SELECT string_agg(ord || '':'' ||
                CASE WHEN json_typeof(e) = ''null'' THEN '''' ELSE json_populate_record(NULL::item, e)::text END, '';'' ORDER BY ord)
            FROM json_array_elements(dataloader.load_one_json(''item'', %s, %s)) WITH ORDINALITY l(e, ord)', keys, options)
        END INTO result;
    RETURN result;
END $$;

SELECT no_plan();

CREATE TABLE asked AS
SELECT k, o, p, (answer(k, o, p)).* FROM keyed k, option o, page p;

SELECT is_empty(format($q$
    SELECT (k).name, (o).filter, (o).order_by, (p).first, (p).skip
    FROM asked WHERE loaded(%L, k, o, p) IS DISTINCT FROM rows_ $q$, verb),
    format('%s, direct_scan %s: %s combinations', verb, set_config('dataloader.direct_scan', path, true), (SELECT count(*) FROM asked)))
FROM (VALUES ('load_many'), ('load_rows'), ('load_many_json')) v(verb), (VALUES ('on'), ('off')) w(path);

SELECT is_empty(format($q$
    SELECT (k).name, (o).filter, (o).order_by
    FROM asked WHERE (p).first IS NULL AND (p).skip IS NULL AND loaded(%L, k, o, p) IS DISTINCT FROM ones $q$, verb),
    format('%s, direct_scan %s', verb, set_config('dataloader.direct_scan', path, true)))
FROM (VALUES ('load_one'), ('load_one_json')) v(verb), (VALUES ('on'), ('off')) w(path);

-- the comparison compares something
SELECT cmp_ok((SELECT count(*) FROM asked WHERE rows_ ~ '\('), '>', 200::bigint, 'most answers have rows');

-- and the direct path took part
SET LOCAL dataloader.direct_scan = on;
SELECT results_eq(format($q$SELECT e FROM dataloader.explain('item', %L::%s[], by => %L) e WHERE e ~ '^path' $q$, keys, type, col),
                  $$VALUES ('path: direct')$$, name || ': direct path')
FROM keyed WHERE type <> 'numeric';
SELECT is((SELECT e FROM dataloader.explain('item', '{1}'::int[], by => 'owner', order_by => o, first => 5) e WHERE e ~ '^path'),
          'path: direct', 'ordered by ' || o)
FROM unnest('{id,"at DESC NULLS LAST, id DESC","at ASC NULLS FIRST, id",lower(name)}'::text[]) o;

-- to-one: two rows and no order is an error, on both paths and for both verbs
SELECT throws_ok(format('SELECT %s FROM set_config(''dataloader.direct_scan'', %L, true) c', call, path), '21000',
                 'more than one row of relation "item" matches a key', call || ', direct_scan ' || path)
FROM (VALUES ('dataloader.load_one(NULL::item, ''{900,1}''::int[], by => ''owner'')'),
             ('dataloader.load_one_json(''item'', ''{900,1}''::int[], by => ''owner'')')) v(call), (VALUES ('on'), ('off')) w(path);
SELECT lives_ok(format('SELECT %s FROM set_config(''dataloader.direct_scan'', %L, true) c', call, path), call || ', direct_scan ' || path)
FROM (VALUES ('dataloader.load_one(NULL::item, ''{1,1}''::int[], by => ''owner'', filter => ''id = (SELECT min(id) FROM item WHERE owner = 1)'')'),
             ('dataloader.load_one_json(''item'', ''{1,1}''::int[], by => ''owner'', order_by => ''tenant'')')) v(call),
     (VALUES ('on'), ('off')) w(path);

-- duplicates of a key share one answer even without an order
SELECT is((SELECT count(DISTINCT items::text) FROM dataloader.load_many(NULL::item, array_fill(1, ARRAY[50]), by => 'owner', first => 10)),
          1::bigint, 'every position of a repeated key has the same rows');

SELECT * FROM finish();
ROLLBACK;

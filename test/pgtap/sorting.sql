-- Rows that are sorted come in the order that SQL has for them, within work_mem and beyond, also by what no copy of a
-- row has: its system columns.  Nothing is evaluated twice.

\ir begin.psql
CREATE SCHEMA sorting;
SET LOCAL search_path = sorting, public;

-- the group that is too large for 64 kB comes neither first nor last
CREATE TABLE note (id int PRIMARY KEY, topic int NOT NULL, body text);
INSERT INTO note SELECT g, CASE WHEN g % 100 < 90 THEN 5 ELSE g % 10 END, repeat(md5(g::text), 6) FROM generate_series(1, 2000) g;
UPDATE note SET body = body || '!' WHERE id % 7 = 0;
CREATE INDEX ON note (topic);

-- a function that counts its calls
CREATE SEQUENCE calls;
CREATE FUNCTION counted(int) RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN PERFORM nextval('calls'); RETURN $1; END $$;

CREATE FUNCTION expected(order_by text, first text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SELECT string_agg(r.ids, ''|'' ORDER BY k.n) FROM unnest(''{1,5,8}''::int[]) WITH ORDINALITY k(topic, n),
        LATERAL (SELECT string_agg(id::text, '' '' ORDER BY n) AS ids FROM (SELECT id, row_number() OVER (ORDER BY %s) AS n FROM note WHERE topic = k.topic ORDER BY n LIMIT %s) x) r',
        order_by, coalesce(first, 'ALL')) INTO result;
    RETURN result;
END $$;

CREATE FUNCTION loaded(path text, memory text, order_by text, first text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    PERFORM set_config('dataloader.direct_scan', path, true), set_config('work_mem', memory, true);
    EXECUTE format('SELECT string_agg(r.ids, ''|'' ORDER BY n) FROM json_array_elements(dataloader.load_many_json(''note'', ''{1,5,8}''::int[], by => ''topic'', order_by => %L, first => %s)) WITH ORDINALITY l(items, n),
        LATERAL (SELECT string_agg(e ->> ''id'', '' '' ORDER BY o) AS ids FROM json_array_elements(l.items) WITH ORDINALITY x(e, o)) r',
        order_by, coalesce(first, 'NULL')) INTO result;
    PERFORM set_config('work_mem', '4MB', true);
    RETURN result;
END $$;

SELECT no_plan();

SELECT is(loaded(path, memory, order_by, first), expected(order_by, first),
          format('by %s, first %s, work_mem %s, direct_scan %s', order_by, coalesce(first, 'none'), memory, path))
FROM (VALUES ('ctid DESC'), ('ctid'), ('xmin::text, body'), ('tableoid, ctid DESC'), ('cmin::text DESC, -id'), ('(ctid::text::point)[1], id')) o(order_by),
     (VALUES (NULL), ('10'), ('900')) f(first), (VALUES ('64kB'), ('4MB')) m(memory), (VALUES ('on'), ('off')) p(path);

CREATE FUNCTION calls(path text, memory text, first text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM setval('calls', 1, false);
    PERFORM loaded(path, memory, 'counted(id) DESC', first);
    RETURN nextval('calls') - 1;
END $$;
SELECT is(calls(path, memory, first), (SELECT count(*) FROM note WHERE topic IN (1, 5, 8)),
          format('order_by is evaluated once for each row, first %s, work_mem %s, direct_scan %s', coalesce(first, 'none'), memory, path))
FROM (VALUES (NULL), ('10'), ('900')) f(first), (VALUES ('64kB'), ('4MB')) m(memory), (VALUES ('on'), ('off')) p(path);

SELECT * FROM finish();
ROLLBACK;

-- One key with 200,000 rows among small ones: first and skip in the order
-- of an index, against it, and by sorting.

\ir begin.psql
CREATE SCHEMA fanout;
SET LOCAL search_path = fanout, public;

CREATE TABLE event (id int PRIMARY KEY, source int, at timestamptz, weight int);
INSERT INTO event
SELECT g, CASE WHEN g <= 200000 THEN 1 ELSE g % 100 END,
       CASE WHEN g % 1000 <> 0 THEN '2020-01-01 UTC'::timestamptz + abs(hashint4(g)) % 50000 * interval '1 minute' END,
       abs(hashint4(g + 7)) % 1000
FROM generate_series(1, 210000) g;
CREATE INDEX event_by_at ON event (source, at, id);
-- a dead stretch at both ends of the index
DELETE FROM event WHERE source = 1 AND (at < '2020-01-03 UTC' OR at > '2020-02-02 UTC');
ANALYZE event;

SELECT no_plan();

-- each question, with what plain SQL says
CREATE FUNCTION wanted(keys int[], order_by text, first int, skip int, filter text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SELECT ''['' || string_agg(list, '','' ORDER BY ord) || '']''
        FROM unnest($1) WITH ORDINALITY k(key, ord), LATERAL (
            SELECT ''['' || coalesce(string_agg(row_to_json(e)::text, '','' ORDER BY n), '''') || '']'' AS list
            FROM (SELECT e, row_number() OVER (ORDER BY %s) AS n FROM event e WHERE source = key AND (%s) ORDER BY n LIMIT %s OFFSET %s) x) l',
        order_by, coalesce(filter, 'true'), coalesce(first::text, 'ALL'), coalesce(skip, 0)) INTO result USING keys;
    RETURN result;
END $$;

PREPARE pages AS
SELECT is(md5(dataloader.load_many_json('event', keys, by => 'source', order_by => o, first => f, skip => s, filter => w)::text),
          md5(wanted(keys, o, f, s, w)), format('first %s, skip %s, by %s, where %s, direct_scan %s', f, s, o, w,
                                                current_setting('dataloader.direct_scan')))
FROM (SELECT '{99,1,NULL,50,1,2000}'::int[] AS keys) k,
     (VALUES ('at, id'), ('at DESC, id DESC'), ('at DESC NULLS LAST, id DESC'), ('at NULLS FIRST, id'), ('weight, id'), ('id')) o(o),
     (VALUES (10, NULL), (5, 1000), (0, 3), (1000000, 150000)) p(f, s), (VALUES (NULL), ('weight % 7 = 3')) w(w);
SET LOCAL dataloader.direct_scan = on;
EXECUTE pages;
SET LOCAL dataloader.direct_scan = off;
EXECUTE pages;

-- an index that gives the order ends the walk early, as a plan with a limit for each key does
CREATE FUNCTION buffers(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE query;
    EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON, TIMING OFF) ' || query INTO plan;
    RETURN (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint + (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::bigint;
END $$;
SET LOCAL dataloader.direct_scan = on;
SET LOCAL enable_bitmapscan = off;
SET LOCAL enable_seqscan = off;
SELECT cmp_ok(buffers(format('SELECT dataloader.load_many_json(''event'', ''{1,50}''::int[], by => ''source'', order_by => %L, first => 10)', o)),
              '<=', 100 + buffers(format('SELECT e FROM unnest(''{1,50}''::int[]) k,
                                          LATERAL (SELECT * FROM event WHERE source = k ORDER BY %s LIMIT 10) e', o)),
              'the first ten by ' || o)
FROM (VALUES ('at, id'), ('at DESC, id DESC')) o(o);
RESET enable_bitmapscan;
RESET enable_seqscan;

-- whole answers of a big key
SELECT is((SELECT cardinality(items) FROM dataloader.load_many(NULL::event, '{1}'::int[], by => 'source')),
          (SELECT count(*)::int FROM event WHERE source = 1), 'load_many of the big key');
SELECT is((SELECT sum(hashtext(item::text)) FROM dataloader.load_rows(NULL::event, '{1,2,1}'::int[], by => 'source') WHERE ord = 3),
          (SELECT sum(hashtext(e::text)) FROM event e WHERE source = 1), 'load_rows of the big key, twice');
SELECT is((dataloader.load_one_json('event', '{1}'::int[], by => 'source', order_by => 'weight DESC, id') -> 0 ->> 'id')::int,
          (SELECT id FROM event WHERE source = 1 ORDER BY weight DESC, id LIMIT 1), 'load_one_json of the big key');
SET LOCAL work_mem = '64kB';
SELECT is((SELECT md5(string_agg((item).id::text, ',' ORDER BY n)) FROM (SELECT item, row_number() OVER () AS n
           FROM dataloader.load_rows(NULL::event, '{1}'::int[], by => 'source', order_by => 'weight, id DESC')) x),
          (SELECT md5(string_agg(id::text, ',' ORDER BY weight, id DESC)) FROM event WHERE source = 1), 'a sort that spills');

SELECT * FROM finish();
ROLLBACK;

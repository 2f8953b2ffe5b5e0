-- A page costs the same wherever it is: buffers touched in a key of 1,000,000 rows, where the index
-- continues with the columns of the order.

\ir begin.psql
CREATE SCHEMA page_cost;
SET LOCAL search_path = page_cost, public;
SET LOCAL maintenance_work_mem = '256MB';

-- three rows share each moment; every hundredth has none
CREATE TABLE event (id int, p int, at timestamptz, kind int);
INSERT INTO event SELECT i, 1, CASE WHEN i % 100 > 0 THEN '2020-01-01 UTC'::timestamptz + i / 3 * interval '1 second' END, i % 2 FROM generate_series(1, 1000000) i;
ALTER TABLE event ADD PRIMARY KEY (id);
CREATE INDEX event_at ON event (p, at DESC, id);
CREATE TABLE listed (p int, event_id int, position int NOT NULL, PRIMARY KEY (p, position, event_id), UNIQUE (p, event_id));
INSERT INTO listed SELECT 1, i, 100001 - i FROM generate_series(1, 100000) i;

SELECT no_plan();

-- where a row stands in an order: the cursor of a page that has only this row
CREATE FUNCTION cursor_of(row_id int, ordering text) RETURNS text LANGUAGE sql RETURN
    dataloader.load_connection('page_cost.event', ARRAY[row_id], by => 'id', order_by => ordering, columns => '{id}') #>> '{0,edges,0,cursor}';

CREATE FUNCTION buffers(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE query;
    EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON, TIMING OFF) ' || query INTO plan;
    RETURN (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint + (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::bigint;
END $$;

-- a page of ten behind (or before) the row of this number
CREATE FUNCTION page_query(row_id int, ordering text, backward bool, keys text DEFAULT '1', more text DEFAULT '') RETURNS text LANGUAGE sql RETURN
    format('SELECT dataloader.load_connection(''event'', ''{%s}''::int[], by => ''p'', order_by => %L, %s => 10, %s => ARRAY[%L]::text[]%s)', keys, ordering,
        CASE WHEN backward THEN 'last' ELSE 'first' END, CASE WHEN backward THEN 'before' ELSE 'after' END, cursor_of(row_id, ordering), more);

CREATE TABLE cost AS
SELECT ordering, backward, row_id, buffers(page_query(row_id, ordering, backward)) AS buffers, page_query(row_id, ordering, backward) AS query
FROM unnest('{"at DESC","at, id DESC"}'::text[]) ordering, unnest('{f,t}'::bool[]) backward,
     (VALUES (NULL), (1), (5), (995000), (990002), (500000), (500001), (10001), (300), (999999), (1000000)) r(row_id);

SELECT cmp_ok(max(buffers), '<=', 40::bigint, format('buffers of pages, order %s, backward %s: %s', ordering, backward, array_agg(DISTINCT buffers)))
FROM cost GROUP BY ordering, backward ORDER BY ordering, backward;
SELECT cmp_ok(max(buffers) - min(buffers), '<=', 20::bigint, 'pages cost the same wherever they are') FROM cost;

-- and they are the right pages
CREATE FUNCTION ids(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result json;
BEGIN
    EXECUTE query INTO result;
    RETURN (SELECT string_agg(e #>> '{node,id}', ' ' ORDER BY o) FROM json_array_elements(result #> '{0,edges}') WITH ORDINALITY x(e, o));
END $$;
CREATE TABLE ranked AS SELECT id, row_number() OVER (ORDER BY at DESC, id) AS n FROM event;
CREATE INDEX ON ranked (n);
CREATE INDEX ON ranked (id);
SELECT is_empty(format($$
    SELECT c.ordering, c.backward, c.row_id, ids(query), expected
    FROM cost c, LATERAL (SELECT CASE WHEN (ordering = 'at DESC') THEN 1 ELSE -1 END AS sign, (SELECT n FROM ranked r WHERE r.id = c.row_id) AS n) s,
         LATERAL (SELECT CASE WHEN c.backward = (sign = 1) THEN coalesce(n, 1000001) - 10 ELSE coalesce(n, 0) + 1 END AS low) l,
         LATERAL (SELECT string_agg(r.id::text, ' ' ORDER BY sign * r.n) AS expected FROM ranked r WHERE r.n BETWEEN low AND low + 9) x
    WHERE ids(query) IS DISTINCT FROM expected$$), 'the pages have the rows that they must have');

-- many positions of one key, each with its cursor: each costs its page
SELECT cmp_ok(buffers(format('SELECT dataloader.load_connection(''event'', ''{%s}''::int[], by => ''p'', order_by => ''at DESC'', first => 5, after => %L)',
                             repeat('1,', 49) || '1', (SELECT array_agg(cursor_of(i * 19000 + 7, 'at DESC')) FROM generate_series(1, 50) i))),
              '<=', 50 * 40::bigint, 'fifty cursors in one key');

-- an end to stop at, and rows that a filter leaves out
SELECT cmp_ok(buffers(page_query(500001, 'at DESC', false, more => format(', before => ARRAY[%L]', cursor_of(400001, 'at DESC')))), '<=', 50::bigint, 'between two cursors');
SELECT cmp_ok(buffers(page_query(500001, 'at DESC', false, more => ', filter => ''kind = 1''')), '<=', 60::bigint, 'with a filter that half of the rows pass');

-- through a junction whose index continues with its own columns
SELECT cmp_ok(buffers(format('SELECT dataloader.load_connection(''event'', ''{1}''::int[], by => ''p'', through => ''listed'', link => ''event_id'', order_by => ''through.position'', first => 5, after => ARRAY[%L])',
    dataloader.load_connection('event', ARRAY[(1, pos)], by => 'p, position', through => 'listed', link => 'event_id', order_by => 'through.position') #>> '{0,edges,0,cursor}')), '<=', 80::bigint,
    'through a junction, behind position ' || pos)
FROM unnest('{1,5000,50000,99990}'::int[]) pos;

SELECT * FROM finish();
ROLLBACK;

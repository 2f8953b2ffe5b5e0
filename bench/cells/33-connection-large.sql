-- title: page of 5 of 1000 with cursors, JSON
-- keys: sensor
-- result: json, ordered, nodes
-- target: keys=500 mode=prepared min=2.0

-- As the cell before, but each key has a thousand rows.

-- name: ours
SELECT dataloader.load_connection('reading', :keys, by => 'sensor_id', order_by => 'taken_at DESC, id', first => 5);

-- name: single
SELECT json_build_object(
    'edges', coalesce(json_agg(json_build_object('cursor', cursor, 'node', node)) FILTER (WHERE n <= 5), '[]'),
    'pageInfo', json_build_object(
        'hasNextPage', count(*) > 5,
        'hasPreviousPage', false,
        'startCursor', (array_agg(cursor))[1],
        'endCursor', (array_agg(cursor))[least(count(*), 5)])) AS item
FROM (
    SELECT a AS node, encode(convert_to(json_build_array(a.taken_at, a.id)::text, 'UTF8'), 'base64') AS cursor,
        row_number() OVER () AS n
    FROM (SELECT * FROM reading WHERE sensor_id = :key ORDER BY taken_at DESC, reading.id LIMIT 6) AS a
) AS numbered;

-- name: lateral
SELECT json_agg(page.item ORDER BY k.ord)
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord)
LEFT JOIN LATERAL (
    SELECT json_build_object(
        'edges', coalesce(json_agg(json_build_object('cursor', cursor, 'node', node)) FILTER (WHERE n <= 5), '[]'),
        'pageInfo', json_build_object(
            'hasNextPage', count(*) > 5,
            'hasPreviousPage', false,
            'startCursor', (array_agg(cursor))[1],
            'endCursor', (array_agg(cursor))[least(count(*), 5)])) AS item
    FROM (
        SELECT a AS node, encode(convert_to(json_build_array(a.taken_at, a.id)::text, 'UTF8'), 'base64') AS cursor,
            row_number() OVER () AS n
        FROM (SELECT * FROM reading WHERE sensor_id = k.id ORDER BY taken_at DESC, reading.id LIMIT 6) AS a
    ) AS numbered
) AS page ON true;

-- name: grafast
WITH ids AS MATERIALIZED (
    SELECT ordinality AS idx, value::text::int AS id FROM json_array_elements(:jkeys) WITH ORDINALITY
)
SELECT json_agg(page.item ORDER BY ids.idx)
FROM ids, LATERAL (
    SELECT json_build_object(
        'edges', coalesce(json_agg(json_build_object('cursor', cursor, 'node', node)) FILTER (WHERE n <= 5), '[]'),
        'pageInfo', json_build_object(
            'hasNextPage', count(*) > 5,
            'hasPreviousPage', false,
            'startCursor', (array_agg(cursor))[1],
            'endCursor', (array_agg(cursor))[least(count(*), 5)])) AS item
    FROM (
        SELECT a AS node, encode(convert_to(json_build_array(a.taken_at, a.id)::text, 'UTF8'), 'base64') AS cursor,
            row_number() OVER () AS n
        FROM (SELECT * FROM reading WHERE sensor_id = ids.id ORDER BY taken_at DESC, reading.id LIMIT 6) AS a
    ) AS numbered
) AS page;

-- name: bound
SELECT sum(length)
FROM unnest(:keys::int[]) AS k (id),
    LATERAL (
        SELECT octet_length(note) AS length FROM reading WHERE sensor_id = k.id ORDER BY taken_at DESC, reading.id LIMIT 6
    ) AS newest;

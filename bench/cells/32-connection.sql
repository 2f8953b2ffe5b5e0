-- title: page of 5 with cursors, JSON
-- keys: reporter
-- result: json, ordered, nodes
-- target: keys=500 mode=prepared min=2.0
-- target: keys=1 mode=prepared against=single min=0.95
-- target: keys=1 mode=extended against=single min=1.2

-- The cursors of a hand-written page are of another making: the sort values in base64.
-- So pages are compared by their nodes and hasNextPage.

-- name: ours
SELECT dataloader.load_connection('article', :keys, by => 'reporter_id', order_by => 'pub_date DESC, id', first => 5);

-- name: single
SELECT json_build_object(
    'edges', coalesce(json_agg(json_build_object('cursor', cursor, 'node', node)) FILTER (WHERE n <= 5), '[]'),
    'pageInfo', json_build_object(
        'hasNextPage', count(*) > 5,
        'hasPreviousPage', false,
        'startCursor', (array_agg(cursor))[1],
        'endCursor', (array_agg(cursor))[least(count(*), 5)])) AS item
FROM (
    SELECT a AS node, encode(convert_to(json_build_array(a.pub_date, a.id)::text, 'UTF8'), 'base64') AS cursor,
        row_number() OVER () AS n
    FROM (SELECT * FROM article WHERE reporter_id = :key ORDER BY pub_date DESC, article.id LIMIT 6) AS a
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
        SELECT a AS node, encode(convert_to(json_build_array(a.pub_date, a.id)::text, 'UTF8'), 'base64') AS cursor,
            row_number() OVER () AS n
        FROM (SELECT * FROM article WHERE reporter_id = k.id ORDER BY pub_date DESC, article.id LIMIT 6) AS a
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
        SELECT a AS node, encode(convert_to(json_build_array(a.pub_date, a.id)::text, 'UTF8'), 'base64') AS cursor,
            row_number() OVER () AS n
        FROM (SELECT * FROM article WHERE reporter_id = ids.id ORDER BY pub_date DESC, article.id LIMIT 6) AS a
    ) AS numbered
) AS page;

-- name: bound
SELECT sum(length)
FROM unnest(:keys::int[]) AS k (id),
    LATERAL (
        SELECT octet_length(body) AS length FROM article WHERE reporter_id = k.id ORDER BY pub_date DESC, article.id LIMIT 6
    ) AS newest;

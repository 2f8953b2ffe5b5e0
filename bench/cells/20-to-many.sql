-- title: to-many, all columns, JSON
-- keys: reporter
-- result: json
-- cold: 500
-- target: keys=100,500 mode=prepared min=2.7
-- target: keys=100,500 mode=extended min=2.7
-- target: keys=10 mode=prepared min=1.9
-- target: keys=10 mode=extended min=3.0
-- target: keys=1 mode=prepared against=single min=0.95
-- target: keys=1 mode=extended against=single min=1.2
-- target: keys=500 mode=cold min=1.0
-- target: keys=500 mode=cold against=lateral min=2.0

-- name: ours
SELECT dataloader.load_many_json('article', :keys, by => 'reporter_id');

-- name: single
SELECT coalesce(json_agg(a), '[]') FROM article a WHERE a.reporter_id = :key;

-- name: any
SELECT json_agg(coalesce(found.items, '[]') ORDER BY k.ord)
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord)
LEFT JOIN (
    SELECT a.reporter_id, json_agg(a) AS items
    FROM article a WHERE a.reporter_id = ANY (:keys)
    GROUP BY a.reporter_id
) AS found ON found.reporter_id = k.id;

-- name: array
SELECT dataloader.load_many_json('article', :keys::int[], by => 'reporter_id');

-- name: lateral
SELECT json_agg(many.items ORDER BY k.ord)
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord)
LEFT JOIN LATERAL (
    SELECT coalesce(json_agg(a), '[]') AS items FROM article a WHERE a.reporter_id = k.id
) AS many ON true;

-- name: grafast
WITH ids AS MATERIALIZED (
    SELECT ordinality AS idx, value::text::int AS id FROM json_array_elements(:jkeys) WITH ORDINALITY
)
SELECT json_agg(items ORDER BY idx)
FROM (
    SELECT ids.idx, coalesce(json_agg(a) FILTER (WHERE a.id IS NOT NULL), '[]') AS items
    FROM ids LEFT JOIN article a ON a.reporter_id = ids.id
    GROUP BY ids.idx
) AS many;

-- name: bound
SELECT sum(octet_length(body)) FROM article WHERE reporter_id = ANY (:keys);

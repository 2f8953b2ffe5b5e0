-- title: newest 5 of each, JSON
-- keys: reporter
-- result: json, ordered
-- target: keys=500 mode=prepared min=2.2
-- target: keys=500 mode=extended min=2.4
-- target: keys=1 mode=prepared against=single min=0.95
-- target: keys=1 mode=extended against=single min=1.2

-- name: ours
SELECT dataloader.load_many_json('article', :keys, by => 'reporter_id', order_by => 'pub_date DESC, id', first => 5);

-- name: single
SELECT coalesce(json_agg(a), '[]')
FROM (SELECT * FROM article WHERE reporter_id = :key ORDER BY pub_date DESC, id LIMIT 5) AS a;

-- name: lateral
SELECT json_agg(many.items ORDER BY k.ord)
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord)
LEFT JOIN LATERAL (
    SELECT coalesce(json_agg(a), '[]') AS items
    FROM (SELECT * FROM article WHERE reporter_id = k.id ORDER BY pub_date DESC, id LIMIT 5) AS a
) AS many ON true;

-- name: window
SELECT json_agg(coalesce(found.items, '[]') ORDER BY k.ord)
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord)
LEFT JOIN (
    SELECT reporter_id, json_agg(a ORDER BY n) AS items
    FROM (
        SELECT a, a.reporter_id, row_number() OVER (PARTITION BY a.reporter_id ORDER BY a.pub_date DESC, a.id) AS n
        FROM article a WHERE a.reporter_id = ANY (:keys)
    ) AS numbered
    WHERE n <= 5
    GROUP BY reporter_id
) AS found ON found.reporter_id = k.id;

-- name: grafast
WITH ids AS MATERIALIZED (
    SELECT ordinality AS idx, value::text::int AS id FROM json_array_elements(:jkeys) WITH ORDINALITY
)
SELECT json_agg(many.items ORDER BY ids.idx)
FROM ids, LATERAL (
    SELECT coalesce(json_agg(a), '[]') AS items
    FROM (SELECT * FROM article WHERE reporter_id = ids.id ORDER BY pub_date DESC, id LIMIT 5) AS a
) AS many;

-- name: bound
SELECT sum(length)
FROM unnest(:keys::int[]) AS k (id),
    LATERAL (
        SELECT octet_length(body) AS length FROM article WHERE reporter_id = k.id ORDER BY pub_date DESC, article.id LIMIT 5
    ) AS newest;

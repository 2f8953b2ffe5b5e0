-- title: to-many, two columns, JSON
-- keys: reporter
-- result: json

-- name: ours
SELECT dataloader.load_many_json('article', :keys, by => 'reporter_id', columns => '{id,headline}');

-- name: single
SELECT coalesce(json_agg(a), '[]') FROM (SELECT id, headline FROM article WHERE reporter_id = :key) AS a;

-- name: any
SELECT json_agg(coalesce(found.items, '[]') ORDER BY k.ord)
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord)
LEFT JOIN (
    SELECT a.reporter_id, json_agg(json_build_object('id', a.id, 'headline', a.headline)) AS items
    FROM article a WHERE a.reporter_id = ANY (:keys)
    GROUP BY a.reporter_id
) AS found ON found.reporter_id = k.id;

-- name: lateral
SELECT json_agg(many.items ORDER BY k.ord)
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord)
LEFT JOIN LATERAL (
    SELECT coalesce(json_agg(a), '[]') AS items
    FROM (SELECT id, headline FROM article WHERE reporter_id = k.id) AS a
) AS many ON true;

-- name: grafast
WITH ids AS MATERIALIZED (
    SELECT ordinality AS idx, value::text::int AS id FROM json_array_elements(:jkeys) WITH ORDINALITY
)
SELECT json_agg(items ORDER BY idx)
FROM (
    SELECT ids.idx,
        coalesce(json_agg(json_build_object('id', a.id, 'headline', a.headline)) FILTER (WHERE a.id IS NOT NULL), '[]') AS items
    FROM ids LEFT JOIN article a ON a.reporter_id = ids.id
    GROUP BY ids.idx
) AS many;

-- name: bound
SELECT sum(octet_length(headline)) FROM article WHERE reporter_id = ANY (:keys);

-- title: many-to-many, JSON
-- keys: article
-- result: json
-- target: keys=500 mode=prepared min=2.5
-- target: keys=1 mode=prepared against=single min=0.95
-- target: keys=1 mode=extended against=single min=1.2

-- name: ours
SELECT dataloader.load_many_json('publication', :keys, by => 'article_id', through => 'article_publication');

-- name: single
SELECT coalesce(json_agg(p), '[]')
FROM article_publication j JOIN publication p ON p.id = j.publication_id
WHERE j.article_id = :key;

-- name: any
SELECT json_agg(coalesce(found.items, '[]') ORDER BY k.ord)
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord)
LEFT JOIN (
    SELECT j.article_id, json_agg(p) AS items
    FROM article_publication j JOIN publication p ON p.id = j.publication_id
    WHERE j.article_id = ANY (:keys)
    GROUP BY j.article_id
) AS found ON found.article_id = k.id;

-- name: lateral
SELECT json_agg(many.items ORDER BY k.ord)
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord)
LEFT JOIN LATERAL (
    SELECT coalesce(json_agg(p), '[]') AS items
    FROM article_publication j JOIN publication p ON p.id = j.publication_id
    WHERE j.article_id = k.id
) AS many ON true;

-- name: grafast
WITH ids AS MATERIALIZED (
    SELECT ordinality AS idx, value::text::int AS id FROM json_array_elements(:jkeys) WITH ORDINALITY
)
SELECT json_agg(items ORDER BY idx)
FROM (
    SELECT ids.idx, coalesce(json_agg(p) FILTER (WHERE p.id IS NOT NULL), '[]') AS items
    FROM ids
    LEFT JOIN (article_publication j JOIN publication p ON p.id = j.publication_id) ON j.article_id = ids.id
    GROUP BY ids.idx
) AS many;

-- name: bound
SELECT sum(octet_length(p.title))
FROM article_publication j JOIN publication p ON p.id = j.publication_id
WHERE j.article_id = ANY (:keys);

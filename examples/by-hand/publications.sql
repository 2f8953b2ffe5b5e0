SELECT json_agg(many.items ORDER BY k.ord) AS batch
FROM unnest($1::bigint[]) WITH ORDINALITY AS k (id, ord)
LEFT JOIN LATERAL (
    SELECT coalesce(json_agg(p ORDER BY p.id), '[]') AS items
    FROM article_publication ap JOIN publication p ON p.id = ap.publication_id
    WHERE ap.article_id = k.id
) AS many ON true

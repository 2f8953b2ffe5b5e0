SELECT json_agg(many.items ORDER BY k.ord) AS batch
FROM unnest($1::bigint[]) WITH ORDINALITY AS k (id, ord)
LEFT JOIN LATERAL (
    SELECT coalesce(json_agg(a), '[]') AS items
    FROM (SELECT * FROM article WHERE reporter_id = k.id ORDER BY pub_date DESC, article.id LIMIT 5) AS a
) AS many ON true

SELECT json_agg(many.items ORDER BY k.ord) AS batch
FROM unnest($1::bigint[]) WITH ORDINALITY AS k (id, ord)
LEFT JOIN LATERAL (
    SELECT coalesce(json_agg(a ORDER BY a.id), '[]') AS items FROM article a WHERE a.reporter_id = k.id
) AS many ON true

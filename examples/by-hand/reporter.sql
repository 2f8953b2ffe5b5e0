SELECT json_agg(r ORDER BY k.ord) AS batch
FROM unnest($1::bigint[]) WITH ORDINALITY AS k (id, ord)
LEFT JOIN reporter r ON r.id = k.id

SELECT json_agg(page.item ORDER BY k.ord) AS batch
FROM unnest($1::bigint[], $2::date[], $3::bigint[]) WITH ORDINALITY AS k (id, after_date, after_id, ord)
LEFT JOIN LATERAL (
    SELECT json_build_object(
        'edges', coalesce(json_agg(json_build_object('cursor', cursor, 'node', node)) FILTER (WHERE n <= 5), '[]'),
        'pageInfo', json_build_object(
            'hasNextPage', count(*) > 5,
            'hasPreviousPage', k.after_id IS NOT NULL,
            'startCursor', (array_agg(cursor))[1],
            'endCursor', (array_agg(cursor))[least(count(*), 5)])) AS item
    FROM (
        SELECT a AS node, encode(convert_to(json_build_array(a.pub_date, a.id)::text, 'UTF8'), 'base64') AS cursor,
            row_number() OVER () AS n
        FROM (
            SELECT * FROM article
            WHERE reporter_id = k.id AND (k.after_id IS NULL
                OR pub_date <= k.after_date AND (pub_date < k.after_date OR article.id > k.after_id))
            ORDER BY pub_date DESC, article.id LIMIT 6
        ) AS a
    ) AS numbered
) AS page ON true

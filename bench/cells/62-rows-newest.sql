-- title: newest 5 of each, typed rows, all columns
-- keys: reporter
-- result: rows

-- name: ours
SELECT ord, (item).*
FROM dataloader.load_rows(NULL::article, :keys, by => 'reporter_id', order_by => 'pub_date DESC, id', first => 5);

-- name: single
SELECT 1::bigint AS ord, a.* FROM article a WHERE a.reporter_id = :key ORDER BY a.pub_date DESC, a.id LIMIT 5;

-- name: lateral
SELECT k.ord, a.*
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord),
    LATERAL (SELECT * FROM article WHERE reporter_id = k.id ORDER BY pub_date DESC, article.id LIMIT 5) AS a
ORDER BY k.ord, a.pub_date DESC, a.id;

-- name: window
SELECT ord, id, headline, body, pub_date, reporter_id
FROM (
    SELECT k.ord, a.*, row_number() OVER (PARTITION BY k.ord ORDER BY a.pub_date DESC, a.id) AS n
    FROM unnest(:keys::int[]) WITH ORDINALITY AS k (key, ord)
    JOIN article a ON a.reporter_id = k.key
) AS numbered
WHERE n <= 5
ORDER BY ord, n;

-- name: grafast
WITH ids AS MATERIALIZED (
    SELECT ordinality AS idx, value::text::int AS id FROM json_array_elements(:jkeys) WITH ORDINALITY
)
SELECT ids.idx, a.*
FROM ids, LATERAL (SELECT * FROM article WHERE reporter_id = ids.id ORDER BY pub_date DESC, article.id LIMIT 5) AS a
ORDER BY ids.idx, a.pub_date DESC, a.id;

-- name: bound
SELECT sum(length)
FROM unnest(:keys::int[]) AS k (id),
    LATERAL (
        SELECT octet_length(body) AS length FROM article WHERE reporter_id = k.id ORDER BY pub_date DESC, article.id LIMIT 5
    ) AS newest;

-- title: to-many, typed rows, all columns
-- keys: reporter
-- result: rows
-- target: keys=500 mode=prepared min=1.3
-- target: keys=500 mode=extended min=1.5
-- target: keys=1 mode=prepared against=single min=0.95
-- target: keys=1 mode=extended against=single min=1.2

-- name: ours
SELECT ord, (item).* FROM dataloader.load_rows(NULL::article, :keys, by => 'reporter_id');

-- name: single
SELECT 1::bigint AS ord, a.* FROM article a WHERE a.reporter_id = :key;

-- name: join
SELECT k.ord, a.*
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord) JOIN article a ON a.reporter_id = k.id
ORDER BY k.ord;

-- name: any
SELECT k.ord, a.*
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord)
JOIN (SELECT * FROM article WHERE reporter_id = ANY (:keys)) AS a ON a.reporter_id = k.id
ORDER BY k.ord;

-- name: array
SELECT ord, (item).* FROM dataloader.load_rows(NULL::article, :keys::int[], by => 'reporter_id');

-- name: lateral
SELECT k.ord, a.*
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord),
    LATERAL (SELECT * FROM article WHERE reporter_id = k.id OFFSET 0) AS a
ORDER BY k.ord;

-- name: grafast
WITH ids AS MATERIALIZED (
    SELECT ordinality AS idx, value::text::int AS id FROM json_array_elements(:jkeys) WITH ORDINALITY
)
SELECT ids.idx, a.* FROM ids JOIN article a ON a.reporter_id = ids.id ORDER BY ids.idx;

-- The rows in any order, without the position of their key: the client regroups.
-- name: unaligned
SELECT * FROM article WHERE reporter_id = ANY (:keys);

-- name: bound
SELECT sum(octet_length(body)) FROM article WHERE reporter_id = ANY (:keys);

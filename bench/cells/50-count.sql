-- title: count of each
-- keys: reporter
-- result: rows
-- target: keys=500 mode=prepared min=1.5
-- target: keys=1 mode=prepared against=single min=0.95
-- target: keys=1 mode=extended against=single min=1.2

-- name: ours
SELECT dataloader.load_count('article', :keys, by => 'reporter_id');

-- name: single
SELECT ARRAY[count(*)] FROM article a WHERE a.reporter_id = :key;

-- name: group
SELECT array_agg(coalesce(found.n, 0) ORDER BY k.ord)
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord)
LEFT JOIN (
    SELECT a.reporter_id, count(*) AS n FROM article a WHERE a.reporter_id = ANY (:keys) GROUP BY a.reporter_id
) AS found ON found.reporter_id = k.id;

-- name: lateral
SELECT array_agg(many.n ORDER BY k.ord)
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord),
    LATERAL (SELECT count(*) AS n FROM article a WHERE a.reporter_id = k.id) AS many;

-- name: grafast
WITH ids AS MATERIALIZED (
    SELECT ordinality AS idx, value::text::int AS id FROM json_array_elements(:jkeys) WITH ORDINALITY
)
SELECT array_agg(many.n ORDER BY ids.idx)
FROM ids, LATERAL (SELECT count(*) AS n FROM article a WHERE a.reporter_id = ids.id) AS many;

-- name: bound
SELECT count(*) FROM article WHERE reporter_id = ANY (:keys);

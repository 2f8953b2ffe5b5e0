-- title: to-one, typed rows, all columns
-- keys: reporter
-- result: rows
-- target: keys=500 mode=prepared min=1.3
-- target: keys=500 mode=extended min=1.5
-- target: keys=1 mode=prepared against=single min=0.95
-- target: keys=1 mode=extended against=single min=1.2

-- name: ours
SELECT ord, (item).* FROM dataloader.load_one(NULL::reporter, :keys);

-- name: single
SELECT 1::bigint AS ord, r.* FROM reporter r WHERE r.id = :key;

-- name: join
SELECT k.ord, r.*
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord) LEFT JOIN reporter r ON r.id = k.id
ORDER BY k.ord;

-- name: any
SELECT k.ord, r.*
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord)
LEFT JOIN (SELECT * FROM reporter WHERE id = ANY (:keys)) AS r ON r.id = k.id
ORDER BY k.ord;

-- name: array
SELECT ord, (item).* FROM dataloader.load_one(NULL::reporter, :keys::int[]);

-- name: grafast
WITH ids AS MATERIALIZED (
    SELECT ordinality AS idx, value::text::int AS id FROM json_array_elements(:jkeys) WITH ORDINALITY
)
SELECT ids.idx, r.* FROM ids LEFT JOIN reporter r ON r.id = ids.id ORDER BY ids.idx;

-- name: unaligned
SELECT * FROM reporter WHERE id = ANY (:keys);

-- name: bound
SELECT sum(octet_length(email)) FROM reporter WHERE id = ANY (:keys);

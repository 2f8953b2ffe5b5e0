-- title: to-one by primary key, random keys, JSON
-- keys: reporter
-- result: json, ordered
-- target: keys=500 mode=prepared min=2.2
-- target: keys=500 mode=extended min=2.4
-- target: keys=1 mode=prepared against=single min=0.95
-- target: keys=1 mode=extended against=single min=1.2

-- name: ours
SELECT dataloader.load_one_json('reporter', :keys);

-- name: single
SELECT row_to_json(r) FROM reporter r WHERE r.id = :key;

-- name: join
SELECT json_agg(r ORDER BY k.ord)
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord)
LEFT JOIN reporter r ON r.id = k.id;

-- name: any
SELECT json_agg(r ORDER BY k.ord)
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord)
LEFT JOIN (SELECT * FROM reporter WHERE id = ANY (:keys)) AS r ON r.id = k.id;

-- name: array
SELECT dataloader.load_one_json('reporter', :keys::int[]);

-- name: lateral
SELECT json_agg(one.item ORDER BY k.ord)
FROM unnest(:keys::int[]) WITH ORDINALITY AS k (id, ord)
LEFT JOIN LATERAL (SELECT row_to_json(r) AS item FROM reporter r WHERE r.id = k.id) AS one ON true;

-- name: grafast
WITH ids AS MATERIALIZED (
    SELECT ordinality AS idx, value::text::int AS id FROM json_array_elements(:jkeys) WITH ORDINALITY
)
SELECT json_agg(r ORDER BY ids.idx) FROM ids LEFT JOIN reporter r ON r.id = ids.id;

-- name: bound
SELECT sum(octet_length(email)) FROM reporter WHERE id = ANY (:keys);

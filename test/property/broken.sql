-- An extension that cannot count to three.  The test of the property test has it found.
ALTER FUNCTION dataloader.load_count(regclass, text, text, regclass, text, text, jsonb, int) RENAME TO honest_count;
CREATE FUNCTION dataloader.load_count(relation regclass, keys text, by text DEFAULT NULL, through regclass DEFAULT NULL,
    link text DEFAULT NULL, filter text DEFAULT NULL, args jsonb DEFAULT NULL, at_most int DEFAULT NULL)
RETURNS bigint[] LANGUAGE sql STABLE
RETURN coalesce((SELECT array_agg(least(c, 2) ORDER BY n)
    FROM unnest(dataloader.honest_count($1, $2, $3, $4, $5, $6, $7, $8)) WITH ORDINALITY u(c, n)), dataloader.honest_count($1, $2, $3, $4, $5, $6, $7, $8));

-- Keys close to each other are walked in one range of the index, or looked for by one scan
-- for all: NULLs at either end of it, long gaps, negative and extreme integers, ranges at the start and the end.

\ir begin.psql
CREATE SCHEMA ranges;
SET LOCAL search_path = ranges, public;

-- 3,000 integers around 0, a gap of 100,000 in the middle, the ends of the type, 1,000 NULLs
CREATE TABLE last (id bigint UNIQUE, note text);
INSERT INTO last SELECT i, 'note ' || i FROM generate_series(-1500, -1) i;
INSERT INTO last SELECT i, 'note ' || i FROM generate_series(100000, 101499) i;
INSERT INTO last VALUES (-9223372036854775808, 'least'), (9223372036854775807, 'most');
INSERT INTO last SELECT NULL, 'none ' || i FROM generate_series(1, 1000) i;
CREATE TABLE first (LIKE last);
INSERT INTO first SELECT * FROM last;
CREATE UNIQUE INDEX ON first (id NULLS FIRST);
-- several rows to a key, and keys that the table ends before
CREATE TABLE many (id int, owner smallint);
INSERT INTO many SELECT i, CASE WHEN i % 7 <> 0 THEN i % 400 - 200 END FROM generate_series(1, 4000) i;
CREATE INDEX ON many (owner);
ANALYZE last, first, many;

SELECT no_plan();

CREATE TABLE batch AS
SELECT name, keys FROM (VALUES
    ('all around 0', (SELECT array_agg(i ORDER BY hashint4(i)) FROM generate_series(-1500, -1) i)),
    ('over the gap', (SELECT array_agg(i::bigint ORDER BY hashint4(i)) FROM generate_series(-1600, 1600) j, LATERAL (SELECT CASE WHEN j < 0 THEN j ELSE 99900 + j END) x(i))),
    ('every tenth', (SELECT array_agg(i ORDER BY hashint4(i)) FROM generate_series(-2000, 2000, 10) i)),
    ('every third', (SELECT array_agg(i ORDER BY hashint4(i)) FROM generate_series(-2000, 2000, 3) i)),
    ('every 50th, twice', (SELECT array_agg(i ORDER BY hashint4(i)) FROM generate_series(-1499, 2000, 50) i, generate_series(1, 2))),
    ('every 200th', (SELECT array_agg(i ORDER BY hashint4(i)) FROM generate_series(-1500, 2000, 200) i)),
    ('some beyond the gap', (SELECT array_agg(CASE WHEN i < 0 THEN i ELSE 99000 + i END ORDER BY hashint4(i)) FROM generate_series(-2000, 2500, 40) i)),
    ('the last ones', (SELECT array_agg(i ORDER BY i DESC) FROM generate_series(101300, 101700) i)),
    ('the ends of the type', '{9223372036854775807,-9223372036854775808,-5,-4,-3,-2,-1,-7,-8,-9,NULL,-5}'::bigint[]),
    ('only one end', (SELECT array_agg(9223372036854775807 - i) FROM generate_series(0, 99) i)),
    ('small', (SELECT array_agg(i % 400 - 200 ORDER BY hashint4(i)) FROM generate_series(1, 700) i))) AS batches (name, keys);

CREATE FUNCTION wanted(relation regclass, by name, keys bigint[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SELECT string_agg(rows, '','' ORDER BY ord) FROM unnest($1) WITH ORDINALITY k(key, ord),
        LATERAL (SELECT ''['' || coalesce(string_agg(row_to_json(r)::text, '','' ORDER BY row_to_json(r)::text), '''') || '']'' AS rows
                 FROM %s r WHERE r.%I = key) found', relation, by) INTO result USING keys;
    RETURN result;
END $$;
-- the same of a result, whose rows come in the order of the index's entries
CREATE FUNCTION sorted(result json) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg((SELECT '[' || coalesce(string_agg(r::text, ',' ORDER BY r::text), '') || ']' FROM json_array_elements(list) r), ',' ORDER BY n)
    FROM json_array_elements(result) WITH ORDINALITY AS lists (list, n)
$$;

PREPARE batches AS
SELECT is(md5(sorted(dataloader.load_many_json(relation, keys, by => by))), md5(wanted(relation, by, keys)),
          format('%s from %s, direct_scan %s', batch.name, relation, current_setting('dataloader.direct_scan')))
FROM batch, (VALUES ('last'::regclass, 'id'), ('first', 'id'), ('many', 'owner')) r(relation, by);
SET LOCAL dataloader.direct_scan = on;
EXECUTE batches;
SET LOCAL dataloader.direct_scan = off;
EXECUTE batches;

-- a relation of which nothing is known yet
CREATE TABLE fresh (id int PRIMARY KEY);
INSERT INTO fresh SELECT generate_series(1, 3000);
SET LOCAL dataloader.direct_scan = on;
SELECT is((SELECT sum(n) FROM unnest(dataloader.load_count('fresh', (SELECT array_agg(i) FROM generate_series(2900, 3100) i), by => 'id')) n),
          101::numeric, 'a relation without statistics');

SELECT * FROM finish();
ROLLBACK;

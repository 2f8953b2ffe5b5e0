-- What is known of integers is not believed of all that the family integer_ops holds: an unsigned type that an
-- extension adds to it, or an order of integers that is not theirs.
SET client_min_messages = warning;
CREATE SCHEMA test_integer_family;
SET search_path = test_integer_family;

CREATE TYPE uint8;
CREATE FUNCTION uint8in(cstring) RETURNS uint8 LANGUAGE internal IMMUTABLE STRICT AS 'int8in';
CREATE FUNCTION uint8out(uint8) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int8out';
CREATE TYPE uint8 (INPUT = uint8in, OUTPUT = uint8out, LIKE = int8);
CREATE CAST (uint8 AS int8) WITHOUT FUNCTION;
CREATE FUNCTION uint8cmp(uint8, uint8) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS
$$ SELECT CASE WHEN $1::int8 = $2::int8 THEN 0 WHEN ($1::int8 < 0) = ($2::int8 < 0) THEN sign($1::int8::numeric - $2::int8)::int WHEN $2::int8 < 0 THEN -1 ELSE 1 END $$;
CREATE FUNCTION uint8lt(uint8, uint8) RETURNS bool LANGUAGE sql IMMUTABLE STRICT AS 'SELECT test_integer_family.uint8cmp($1, $2) < 0';
CREATE FUNCTION uint8le(uint8, uint8) RETURNS bool LANGUAGE sql IMMUTABLE STRICT AS 'SELECT test_integer_family.uint8cmp($1, $2) <= 0';
CREATE FUNCTION uint8eq(uint8, uint8) RETURNS bool LANGUAGE sql IMMUTABLE STRICT AS 'SELECT test_integer_family.uint8cmp($1, $2) = 0';
CREATE FUNCTION uint8ge(uint8, uint8) RETURNS bool LANGUAGE sql IMMUTABLE STRICT AS 'SELECT test_integer_family.uint8cmp($1, $2) >= 0';
CREATE FUNCTION uint8gt(uint8, uint8) RETURNS bool LANGUAGE sql IMMUTABLE STRICT AS 'SELECT test_integer_family.uint8cmp($1, $2) > 0';
CREATE OPERATOR < (LEFTARG = uint8, RIGHTARG = uint8, FUNCTION = uint8lt);
CREATE OPERATOR <= (LEFTARG = uint8, RIGHTARG = uint8, FUNCTION = uint8le);
CREATE OPERATOR = (LEFTARG = uint8, RIGHTARG = uint8, FUNCTION = uint8eq, COMMUTATOR = =, MERGES);
CREATE OPERATOR >= (LEFTARG = uint8, RIGHTARG = uint8, FUNCTION = uint8ge);
CREATE OPERATOR > (LEFTARG = uint8, RIGHTARG = uint8, FUNCTION = uint8gt);
CREATE OPERATOR CLASS uint8_ops DEFAULT FOR TYPE uint8 USING btree FAMILY integer_ops AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 uint8cmp(uint8, uint8);

-- the other way round, with the same equality
CREATE FUNCTION int4cmp_reverse(int, int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT pg_catalog.btint4cmp($2, $1)';
CREATE OPERATOR CLASS int4_reverse_ops FOR TYPE int4 USING btree AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 int4cmp_reverse(int, int);

CREATE TABLE large (k uint8 PRIMARY KEY, n int);
INSERT INTO large SELECT i::text::uint8, i FROM generate_series(-100, 100) i;
CREATE TABLE small (k int, n int);
INSERT INTO small SELECT i, i FROM generate_series(-100, 100) i;
CREATE UNIQUE INDEX small_reverse ON small (k int4_reverse_ops);
VACUUM ANALYZE large, small;

-- many keys and few, in no order; all of them are in the table
CREATE FUNCTION keys(step int) RETURNS int[] LANGUAGE sql AS
$$ SELECT array_agg(k ORDER BY md5(k::text)) FROM generate_series(-100, 100, step) k $$;
CREATE VIEW answers AS
SELECT keys.step, cardinality(keys(step)) AS keys,
    (SELECT count(*) FROM dataloader.load_rows(NULL::large, keys(step)::text[]::uint8[]) WHERE (item).n = (keys(step))[ord]) AS uint8,
    (SELECT count(*) FROM dataloader.load_rows(NULL::small, keys(step), by => 'k') WHERE (item).n = (keys(step))[ord]) AS int4,
    (SELECT count(*) FROM dataloader.load_rows(NULL::small, keys(step)::int8[], by => 'k') WHERE (item).n = (keys(step))[ord]) AS int8
FROM unnest('{1,10,40}'::int[]) keys(step);
SELECT * FROM dataloader.explain('large', ARRAY['1']::uint8[]);
SELECT * FROM dataloader.explain('small', ARRAY[1], by => 'k');
TABLE answers;
SET dataloader.direct_scan = off;
TABLE answers;
RESET dataloader.direct_scan;

DROP SCHEMA test_integer_family CASCADE;

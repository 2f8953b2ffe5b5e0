-- Key text of some megabytes is read in pieces: it has the keys that the same
-- keys have as an array, and the errors that a short text has.

\ir begin.psql
CREATE SCHEMA long_keys;
SET LOCAL search_path = long_keys, public;

-- names with all that a list is made of, at every place that a cut may be near to
CREATE TABLE named (name text PRIMARY KEY, n int);
INSERT INTO named
SELECT (ARRAY['a,b', 'a"b', 'a\b', 'a}b', 'a]b', '{', '[', '', ',', '"', '\', 'null', 'NULL', ' ', E'\n', 'é', '\",'])[1 + i % 17] || CASE WHEN i >= 17 THEN i::text ELSE '' END, i
FROM generate_series(0, 2000) i;
CREATE TABLE pair (a text, b int, PRIMARY KEY (a, b));
INSERT INTO pair SELECT name, n FROM named;
CREATE TABLE listed (tags text[] PRIMARY KEY);
INSERT INTO listed SELECT ARRAY[name, 'x'] FROM named;
CREATE TABLE batch AS
SELECT array_agg(CASE WHEN i % 1000 <> 7 THEN name || CASE WHEN i % 3 = 0 THEN repeat('-', i % 40) ELSE '' END END ORDER BY i) AS names
FROM generate_series(1, 150000) i JOIN named ON n = i * 31 % 2001;

SELECT no_plan();

SELECT cmp_ok(octet_length(names::text), '>', 2100000, 'long enough for some pieces') FROM batch;

CREATE FUNCTION same(keys text, name text) RETURNS text LANGUAGE sql AS $$
    SELECT is(md5(dataloader.load_one_json('named', keys)::text), md5(dataloader.load_one_json('named', names)::text), name) FROM batch
$$;
SELECT same(names::text, 'an array literal') FROM batch;
SELECT same('  ' || names::text || E' \n', 'an array literal in white space') FROM batch;
SELECT same('[1:150000]=' || names::text, 'an array literal with bounds') FROM batch;
SELECT same(to_json(names)::text, 'JSON') FROM batch;
SELECT same(array_to_json(names, true)::text, 'JSON of many lines') FROM batch;
CREATE TABLE asked AS SELECT i, name, n FROM generate_series(1, 100000) i JOIN named ON n = i * 31 % 2001;
SELECT is((SELECT md5(dataloader.load_one_json('pair', json_agg(json_build_array(name, n) ORDER BY i)::text, by => 'a, b')::text) FROM asked),
          (SELECT md5('[' || string_agg(row_to_json(pair)::text, ',' ORDER BY i) || ']') FROM asked JOIN pair ON a = name AND b = n), 'composite keys');
SELECT is((SELECT md5(dataloader.load_one_json('listed', json_agg(json_build_array(json_build_array(name, 'x')) ORDER BY i)::text)::text) FROM asked),
          (SELECT md5('[' || string_agg(row_to_json(listed)::text, ',' ORDER BY i) || ']') FROM asked JOIN listed ON tags = ARRAY[name, 'x']), 'lists as keys');
SELECT is((SELECT md5(dataloader.load_one_json('named', array_agg(ARRAY[name, name] ORDER BY i)::text)::text) FROM asked),
          (SELECT md5('[' || string_agg(row_to_json(named)::text || ',' || row_to_json(named)::text, ',' ORDER BY i) || ']') FROM asked JOIN named USING (name)), 'a literal of two dimensions');

-- what is no list is refused as a short one is
CREATE TABLE long AS SELECT string_agg('"name ' || i || '"', ',') AS elements FROM generate_series(1, 200000) i;
CREATE FUNCTION refused(template text, state text) RETURNS text LANGUAGE sql AS $$
    SELECT throws_ok(format('SELECT dataloader.load_one_json(''named'', replace(%L, ''...'', elements)) FROM long', template), state, NULL, template)
$$;
SELECT refused(template, '22P02')
FROM unnest(ARRAY['[...,]', '[,...]', '[...,,...]', '[...', '[...}', '[...]]', '[...] x', '[... "a"]', '[...,"]', '[...,\]', '{...,}', '{,...}', '{...,,...}',
                  '{...', '{...]', '{...}}', '{...} x', '{...,"}', '{...,\', '{... "a"}']) template;
SELECT throws_ok('SELECT dataloader.load_one_json(''named'', ''['' || elements || '',{"a":1}]'') FROM long', '22023', 'a key cannot be a JSON object', 'an object in the last piece');
SELECT lives_ok('SELECT dataloader.load_one_json(''named'', ''['' || elements || '',"'' || repeat(''long'', 1000000) || ''"]'') FROM long', 'an element longer than a piece');

-- a type whose arrays have another delimiter: commas belong to its values
CREATE TYPE term;
CREATE FUNCTION term_in(cstring) RETURNS term LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION term_out(term) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE term (INPUT = term_in, OUTPUT = term_out, LIKE = text, DELIMITER = ';');
CREATE FUNCTION term_lt(term, term) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'bytealt';
CREATE FUNCTION term_le(term, term) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'byteale';
CREATE FUNCTION term_eq(term, term) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'byteaeq';
CREATE FUNCTION term_ge(term, term) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'byteage';
CREATE FUNCTION term_gt(term, term) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'byteagt';
CREATE FUNCTION term_cmp(term, term) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'byteacmp';
CREATE OPERATOR < (LEFTARG = term, RIGHTARG = term, FUNCTION = term_lt);
CREATE OPERATOR <= (LEFTARG = term, RIGHTARG = term, FUNCTION = term_le);
CREATE OPERATOR = (LEFTARG = term, RIGHTARG = term, FUNCTION = term_eq);
CREATE OPERATOR >= (LEFTARG = term, RIGHTARG = term, FUNCTION = term_ge);
CREATE OPERATOR > (LEFTARG = term, RIGHTARG = term, FUNCTION = term_gt);
CREATE OPERATOR CLASS term_ops DEFAULT FOR TYPE term USING btree AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 term_cmp (term, term);
CREATE TABLE glossary (term term PRIMARY KEY, n int);
INSERT INTO glossary VALUES ('a,b', 1), ('c', 2);
SELECT is(dataloader.load_one_json('glossary', '{' || repeat('a,b;c;', 200000) || 'a,b}', columns => '{n}')::text,
          '[' || repeat('{"n":1},{"n":2},', 200000) || '{"n":1}]', 'another delimiter');

SELECT * FROM finish();
ROLLBACK;

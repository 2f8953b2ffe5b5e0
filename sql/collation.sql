-- Collations: keys compare under the column's collation, whatever collation an index has. (Needs a
-- server with ICU and a UTF8 database.)
SET client_min_messages = warning;
CREATE SCHEMA test_collation;
SET search_path = test_collation;

CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION no_accents (provider = icu, locale = 'und-u-ks-level1-kc-true', deterministic = false);

-- the ids at each position, and the same in plain SQL
CREATE FUNCTION found(tab regclass, keys text[]) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE answer text;
BEGIN
    EXECUTE format('SELECT string_agg(coalesce((SELECT string_agg(i.id::text, '','' ORDER BY i.id) FROM unnest(items) i), ''-''), '' '' ORDER BY ord)'
                   ' FROM dataloader.load_many(NULL::%s, $1, by => ''w'')', tab) INTO answer USING keys;
    RETURN answer;
END $$;
CREATE FUNCTION wanted(tab regclass, keys text[]) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE answer text;
BEGIN
    EXECUTE format('SELECT string_agg(coalesce((SELECT string_agg(t.id::text, '','' ORDER BY t.id) FROM %s t WHERE t.w = k.key), ''-''), '' '' ORDER BY ord)'
                   ' FROM unnest($1) WITH ORDINALITY k(key, ord)', tab) INTO answer USING keys;
    RETURN answer;
END $$;

CREATE TABLE fold_own (id int, w text COLLATE folding);
CREATE INDEX ON fold_own (w);
CREATE TABLE fold_c_index (id int, w text COLLATE folding);
CREATE INDEX ON fold_c_index (w COLLATE "C");
CREATE TABLE fold_both (id int, w text COLLATE folding);
CREATE INDEX ON fold_both (w COLLATE "C");
CREATE INDEX ON fold_both (w);
CREATE TABLE fold_none (id int, w text COLLATE folding);
CREATE TABLE fold_varchar (id int, w varchar(10) COLLATE folding);
CREATE INDEX ON fold_varchar (w);
CREATE TABLE accents (id int, w text COLLATE no_accents);
CREATE INDEX ON accents (w);
CREATE TABLE plain_fold_index (id int, w text);
CREATE INDEX ON plain_fold_index (w COLLATE folding);
CREATE TABLE icu (id int, w text COLLATE "en-x-icu");
CREATE INDEX ON icu (w);
CREATE TABLE icu_c_index (id int, w text COLLATE "en-x-icu");
CREATE INDEX ON icu_c_index (w COLLATE "C");
CREATE TABLE pattern (id int, w text);
CREATE INDEX ON pattern (w text_pattern_ops);
CREATE TABLE icu_pattern (id int, w text COLLATE "en-x-icu");
CREATE INDEX ON icu_pattern (w text_pattern_ops);
CREATE TABLE varchar_pattern (id int, w varchar COLLATE "C");
CREATE INDEX ON varchar_pattern (w varchar_pattern_ops);
CREATE TABLE descending (id int, w text COLLATE "en-x-icu");
CREATE INDEX ON descending (w DESC NULLS LAST);
CREATE TABLE fold_descending (id int, w text COLLATE folding);
CREATE INDEX ON fold_descending (w DESC);

CREATE VIEW tables AS
SELECT c.oid::regclass AS tab FROM pg_class c
WHERE c.relnamespace = 'test_collation'::regnamespace AND c.relkind = 'r';
DO $$
DECLARE tab regclass;
BEGIN
    FOR tab IN TABLE tables LOOP
        EXECUTE format('INSERT INTO %s SELECT row_number() OVER (), w FROM unnest(ARRAY[''a'', ''A'', ''b'', ''é'', ''e'', ''E'', '''', ''a b'', ''ab'', ''AB'', NULL, ''straße'', ''z'', ''Z'', ''co-op'', ''coop'']) w', tab);
    END LOOP;
END $$;

CREATE VIEW checks AS
SELECT tab, wanted(tab, k) AS matches, found(tab, k) = wanted(tab, k) AS ok
FROM tables, (SELECT ARRAY['A', 'a', 'B', 'E', 'e', 'É', '', 'AB', 'aB', 'a b', NULL, 'STRASSE', 'Z', 'a', 'coop', 'zz'] AS k) x
ORDER BY tab::text COLLATE "C";
SET dataloader.direct_scan = on;
TABLE checks;
SET dataloader.direct_scan = off;
SELECT tab, ok FROM checks;
RESET dataloader.direct_scan;

-- An index of another collation does not serve the direct path; a pattern index, whose equality is the same, does.
CREATE FUNCTION path(tab regclass) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(CASE WHEN line ~ '^path:' THEN line END, E'\n') FROM dataloader.explain(tab, ARRAY['a'], by => 'w') line $$;
SELECT tab, path(tab) FROM tables ORDER BY tab::text COLLATE "C";

-- Keys with a collation of their own do not change the column's.
SELECT found('fold_own', ARRAY['A' COLLATE "C", 'É']);
SELECT found('icu', ARRAY['A' COLLATE folding]);

-- Keys of type name have a collation of their own, which does not count either.
SET dataloader.direct_scan = on;
SELECT dataloader.load_many_json('fold_own', ARRAY['A']::name[], by => 'w', order_by => 'id', columns => '{id}'), dataloader.load_many_json('icu', ARRAY['A']::name[], by => 'w', columns => '{id}');
SET dataloader.direct_scan = off;
SELECT dataloader.load_many_json('fold_own', ARRAY['A']::name[], by => 'w', order_by => 'id', columns => '{id}'), dataloader.load_many_json('icu', ARRAY['A']::name[], by => 'w', columns => '{id}');
RESET dataloader.direct_scan;

-- Composite keys fold column by column.
CREATE TABLE two (a text COLLATE folding, b text, n int, PRIMARY KEY (a, b));
INSERT INTO two VALUES ('x', 'y', 1), ('X ', 'y', 2), ('z', 'Y', 3);
SET dataloader.direct_scan = on;
SELECT dataloader.load_one_json('two', ARRAY[('X', 'y'), ('x', 'Y'), ('Z', 'Y'), ('x', 'y')], columns => '{n}');
SET dataloader.direct_scan = off;
SELECT dataloader.load_one_json('two', ARRAY[('X', 'y'), ('x', 'Y'), ('Z', 'Y'), ('x', 'y')], columns => '{n}');
RESET dataloader.direct_scan;

-- To-one: two rows that are equal under the column's collation are two matches.
SELECT dataloader.load_one_json('fold_own', ARRAY['b', 'Z'], by => 'w', order_by => 'id', columns => '{id,w}');
SELECT dataloader.load_one_json('fold_own', ARRAY['b', 'Z'], by => 'w', columns => '{id,w}');
\echo :LAST_ERROR_SQLSTATE

-- Many keys, mixed case, accents and punctuation, on linguistically sorted columns: every row is found.
CREATE TABLE many (id int, w text COLLATE "en-x-icu", f text COLLATE folding, c text COLLATE "C", d text);
INSERT INTO many
SELECT i, s, s, s, s
FROM generate_series(1, 10000) i,
     LATERAL (SELECT translate(i::text, '0123456789', CASE i % 3 WHEN 0 THEN 'aAbBéÉ-_ z' WHEN 1 THEN 'zZyYöÖ. aA' ELSE 'ñNnÑ''"eEéè' END) || i % 2 AS s) x;
CREATE INDEX ON many (w);
CREATE INDEX ON many (f);
CREATE INDEX ON many (c);
CREATE INDEX ON many (d);
ANALYZE many;
CREATE VIEW many_checks AS
SELECT by_column,
    (SELECT sum(cardinality(items)) FROM dataloader.load_many(NULL::many, (SELECT array_agg(d ORDER BY md5(d)) FROM many), by => by_column)) AS rows,
    CASE by_column WHEN 'f' THEN (SELECT count(*) FROM many a JOIN many b ON a.f = b.f) ELSE (SELECT count(*) FROM many a JOIN many b ON a.c = b.c) END AS wanted
FROM unnest('{w,f,c,d}'::text[]) by_column;
SET dataloader.direct_scan = on;
SELECT by_column, rows = wanted AS ok, rows >= 10000 AS plausible FROM many_checks;
SET dataloader.direct_scan = off;
SELECT by_column, rows = wanted AS ok, rows >= 10000 AS plausible FROM many_checks;

DROP SCHEMA test_collation CASCADE;

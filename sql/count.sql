-- load_count: as many rows as plain SQL counts, per key, on both paths; from the index alone, too.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE SCHEMA test_count;
SET search_path = test_count;
CREATE TABLE item (id int PRIMARY KEY, grp int, w text, tenant int);
CREATE INDEX ON item (grp);
CREATE INDEX ON item (tenant, w);
INSERT INTO item SELECT i, nullif(i % 8, 0), CASE WHEN i % 3 > 0 THEN 'w' || i % 5 END, i % 2 FROM generate_series(1, 100) i;

-- shapes
SELECT dataloader.load_count('item', ARRAY[3, 99, NULL, 3, 1], by => 'grp'), pg_typeof(dataloader.load_count('item', '[1]', by => 'grp'));
SELECT dataloader.load_count('item', '{3,99,NULL,3,1}', by => 'grp'), dataloader.load_count('item', '[3,99,null,3,1]', by => 'grp');
SELECT dataloader.load_count('item', '{}'::int[], by => 'grp'), dataloader.load_count('item', '[]', by => 'grp'), dataloader.load_count('item', NULL::int[], by => 'grp') IS NULL AS of_null;
SELECT array_lower(dataloader.load_count('item', '[5:6]={1,2}'::int[], by => 'grp'), 1), dataloader.load_count('item', '{{1,2},{3,99}}'::int[], by => 'grp');
SELECT dataloader.load_count('item', ARRAY[3, 99], by => 'grp', at_most => 5), dataloader.load_count('item', ARRAY[3, 99], by => 'grp', at_most => 0),
    dataloader.load_count('item', ARRAY[3, 99], by => 'grp', at_most => 2147483647), dataloader.load_count('item', ARRAY[3, 99], by => 'grp', at_most => NULL);
SELECT dataloader.load_count('item', '[3]', by => 'grp', at_most => -1);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_count('item', '[[1,"w1"],[0,"w4"],[1,null],[7,"w1"]]', by => 'tenant, w'), dataloader.load_count('item', ARRAY[(1, 'w1'), (0, 'w4')], by => 'tenant, w');
SELECT dataloader.load_count('item', '[3]', by => 'nope');
\echo :LAST_ERROR_SQLSTATE

-- against plain SQL: with a filter, capped, by columns with and without an index, for views and partitions
CREATE VIEW item_view AS SELECT * FROM item WHERE id > 10;
CREATE TABLE part (id int, grp int) PARTITION BY HASH (id);
CREATE TABLE part_0 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part_1 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE INDEX ON part (grp);
INSERT INTO part SELECT id, grp FROM item;
CREATE TABLE cases (no serial, tab regclass, by text, condition text, at_most int);
INSERT INTO cases (tab, by, condition, at_most)
SELECT tab::regclass, by, condition, at_most
FROM (VALUES ('item', 'grp'), ('item', 'id'), ('item', 'tenant'), ('item_view', 'grp'), ('part', 'grp'), ('part', 'id')) t(tab, by),
    unnest(ARRAY[NULL, 'id % 3 = 1', 'false', 'grp IS NOT NULL AND id > 50', 'NULL']) condition, unnest(ARRAY[NULL, 0, 1, 4]) at_most;
CREATE FUNCTION counts(tab regclass, by text, condition text, at_most int, OUT loaded text, OUT wanted text) LANGUAGE plpgsql AS $$
DECLARE keys int[] := ARRAY[3, 99, NULL, 3, 1, 0, 50];
BEGIN
    loaded := dataloader.load_count(tab, keys, by => by, filter => condition, at_most => at_most);
    EXECUTE format('SELECT array_agg((SELECT count(*) FROM (SELECT FROM %s WHERE %I = k AND %s LIMIT %s) x) ORDER BY ord) FROM unnest($1) WITH ORDINALITY u(k, ord)',
        tab, by, coalesce(condition, 'true'), coalesce(at_most::text, 'ALL')) INTO wanted USING keys;
END $$;
CREATE VIEW checks AS
SELECT tab, by, count(*) AS calls, count(*) FILTER (WHERE loaded = wanted) AS right, min(loaded) FILTER (WHERE condition IS NULL AND at_most IS NULL) AS counts, min(loaded) FILTER (WHERE condition = 'id % 3 = 1' AND at_most = 4) AS capped
FROM cases, counts(tab, by, condition, at_most) GROUP BY tab, by ORDER BY tab::text COLLATE "C", by COLLATE "C";
SET dataloader.direct_scan = on;
TABLE checks;
SET dataloader.direct_scan = off;
TABLE checks;
RESET dataloader.direct_scan;

-- pages that are all visible, and rows that changed since
CREATE FUNCTION on_both() RETURNS text LANGUAGE plpgsql AS $$
DECLARE direct text; plan text;
BEGIN
    SET LOCAL dataloader.direct_scan = on;
    direct := dataloader.load_count('item', '[1,2,3,99]', by => 'grp');
    SET LOCAL dataloader.direct_scan = off;
    plan := dataloader.load_count('item', '[1,2,3,99]', by => 'grp');
    RETURN direct || CASE WHEN plan <> direct THEN ' but plan ' || plan ELSE '' END || CASE WHEN direct::bigint[] = (SELECT array_agg((SELECT count(*) FROM item WHERE grp = k)) FROM unnest(ARRAY[1, 2, 3, 99]) k) THEN '' ELSE ' wrong' END;
END $$;
VACUUM item;
SELECT on_both();
DELETE FROM item WHERE grp = 1 AND id < 50;
SELECT on_both();
UPDATE item SET w = 'changed' WHERE grp = 2;
SELECT on_both();
UPDATE item SET grp = 99 WHERE grp = 3 AND id > 90;
SELECT on_both();
BEGIN;
DELETE FROM item;
SELECT on_both();
ROLLBACK;
SELECT on_both();
VACUUM item;
SELECT on_both();
BEGIN;
INSERT INTO item VALUES (1000, 1, NULL, 0);
SELECT on_both();
SAVEPOINT s;
DELETE FROM item WHERE id = 1000;
SELECT on_both();
ROLLBACK TO s;
SELECT on_both();
ROLLBACK;
TRUNCATE item;
SELECT on_both();

-- collations and types that fold: keys that are equal count the same rows
CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE word (w text COLLATE folding, n numeric);
CREATE INDEX ON word (w);
CREATE INDEX ON word (n);
INSERT INTO word VALUES ('a', 1), ('A', 1.0), ('b', 'NaN'), (NULL, NULL);
VACUUM word;
SET dataloader.direct_scan = on;
SELECT dataloader.load_count('word', ARRAY['A', 'a', 'B', 'c'], by => 'w'), dataloader.load_count('word', '[1.000, "NaN", 2]', by => 'n');
SET dataloader.direct_scan = off;
SELECT dataloader.load_count('word', ARRAY['A', 'a', 'B', 'c'], by => 'w'), dataloader.load_count('word', '[1.000, "NaN", 2]', by => 'n');

DROP SCHEMA test_count CASCADE;

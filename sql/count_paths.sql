-- load_count with everything that can be counted: each kind of relation, option and key, on both paths, from the
-- index alone and not; the counts are those of plain SQL.
SET client_min_messages = warning;
-- else a commit may not be known to be flushed, and VACUUM leaves its pages not all visible
SET synchronous_commit = on;
\set SHOW_CONTEXT never
CREATE SCHEMA test_count_paths;
SET search_path = test_count_paths, public;
CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;

CREATE TABLE event (id int PRIMARY KEY, kind int, tenant int, who text, at date, n numeric) WITH (autovacuum_enabled = off);
INSERT INTO event SELECT i, nullif(i * 7 % 23, 0), i % 3, CASE WHEN i % 5 > 0 THEN 'w' || i % 7 END, date '2024-01-01' + i % 40, i % 9 FROM generate_series(1, 2000) i;
CREATE INDEX event_kind ON event (kind);
CREATE INDEX event_tenant ON event (tenant, who, at);
CREATE TABLE plain AS TABLE event;
CREATE VIEW event_view AS SELECT * FROM event WHERE n > 2;
CREATE MATERIALIZED VIEW event_once AS SELECT * FROM event WHERE n > 3;
CREATE INDEX ON event_once (kind);
CREATE TABLE part (LIKE event) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (900);
CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (900) TO (5000);
CREATE INDEX ON part (kind);
INSERT INTO part TABLE event;
CREATE TABLE parent (LIKE event);
CREATE TABLE child () INHERITS (parent);
INSERT INTO parent SELECT * FROM event WHERE id % 2 = 0;
INSERT INTO child SELECT * FROM event WHERE id % 2 = 1;
CREATE INDEX ON parent (kind);
CREATE INDEX ON child (kind);
CREATE TEMP TABLE own AS TABLE event;
CREATE INDEX ON own (kind);
CREATE UNLOGGED TABLE volatile_one AS TABLE event;
CREATE INDEX ON volatile_one (kind);
CREATE TABLE nothing (LIKE event INCLUDING ALL);
CREATE TABLE kind_of (kind int, tag int, n int, PRIMARY KEY (tag, n)) WITH (autovacuum_enabled = off);
INSERT INTO kind_of SELECT i % 30, i % 6, i FROM generate_series(1, 60) i;
CREATE INDEX ON kind_of (tag, kind);
CREATE TABLE kind (id int PRIMARY KEY, label text);
INSERT INTO kind SELECT i, 'kind ' || i FROM generate_series(1, 20) i;

CREATE FUNCTION right_count(relation regclass, by text, keys int[], filter text, args jsonb, sql_filter text, at_most int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE wanted bigint[]; got bigint[]; got_text bigint[];
BEGIN
    EXECUTE format('SELECT coalesce(array_agg((SELECT count(*) FROM (SELECT FROM %s WHERE %I = k.key AND (%s) LIMIT %s) x) ORDER BY k.ord), ''{}'') FROM unnest($1) WITH ORDINALITY k(key, ord)',
        relation, by, coalesce(sql_filter, filter, 'true'), coalesce(at_most::text, 'ALL')) INTO wanted USING keys;
    got := dataloader.load_count(relation, keys, by => by, filter => filter, args => args, at_most => at_most);
    got_text := dataloader.load_count(relation, keys::text, by => by, filter => filter, args => args, at_most => at_most);
    RETURN CASE WHEN got = wanted AND got_text = wanted THEN 'ok' ELSE format('%s, as text %s, wanted %s', got, got_text, wanted) END;
END $$;
CREATE TABLE relations (no serial, relation regclass, by text);
INSERT INTO relations (relation, by)
SELECT r::regclass, 'kind' FROM unnest('{event,plain,event_view,event_once,part,part_2,parent,child,own,volatile_one,nothing}'::text[]) r
UNION ALL VALUES ('event'::regclass, 'id'), ('event', 'tenant'), ('plain', 'id');
CREATE TABLE options (filter text, args jsonb, sql_filter text);
INSERT INTO options VALUES (NULL, NULL, NULL), ('id % 3 = 1', NULL, NULL), ('kind % 2 = $1', '[1]', 'kind % 2 = 1'), ('who = $1 OR who IS NULL', '["w3"]', 'who = ''w3'' OR who IS NULL'),
    ('at < $1 AND n = ANY ($2)', '["2024-01-20", [1, 2, 3]]', 'at < ''2024-01-20'' AND n IN (1, 2, 3)'), ('false', NULL, NULL), ('NULL', NULL, NULL), ('tenant = 1', NULL, NULL), ('EXISTS (SELECT FROM kind WHERE kind.id = n)', NULL, NULL),
    ('random() >= 0', NULL, NULL);
CREATE VIEW counted AS
SELECT relation, by, (SELECT string_agg(regexp_replace(e, '^(path|reason): ', ''), ': ') FROM dataloader.explain(relation, NULL, by => by, columns => ARRAY[by]) e WHERE e ~ '^(path|reason):') AS path,
    count(*) AS calls, count(*) FILTER (WHERE verdict = 'ok') AS right, max(nullif(verdict, 'ok')) AS wrong
FROM relations, options, (VALUES (NULL), (0), (1), (3), (2147483647)) m(at_most), (VALUES (ARRAY[3, 99, NULL, 3, 1, 22, 0]), ('{}'), ('{{5,6},{NULL,7}}')) k(keys),
    right_count(relation, by, keys, filter, args, sql_filter, at_most) verdict
GROUP BY no, relation, by ORDER BY no;
TABLE counted;
VACUUM event, plain, part, parent, child, own, event_once;
TABLE counted;
-- rows that the index still has, on pages that are no longer all visible
DELETE FROM event WHERE id % 4 = 0;
UPDATE event SET kind = kind + 1 WHERE id % 5 = 0;
UPDATE event SET n = n + 1 WHERE id % 7 = 0;
INSERT INTO event SELECT i, i % 23, i % 3, 'w1', '2024-02-01', 1 FROM generate_series(3000, 3100) i;
TABLE counted;
SET dataloader.direct_scan = off;
TABLE counted;
RESET dataloader.direct_scan;
-- inside one transaction: own writes, and those taken back
VACUUM event;
BEGIN;
DELETE FROM event WHERE kind = 3 AND id % 2 = 0;
SELECT right_count('event', 'kind', '{3,4}', NULL, NULL, NULL, NULL);
SAVEPOINT s;
DELETE FROM event WHERE kind = 3;
SELECT right_count('event', 'kind', '{3,4}', NULL, NULL, NULL, NULL), dataloader.load_count('event', '{3}', by => 'kind');
ROLLBACK TO s;
SELECT right_count('event', 'kind', '{3,4}', NULL, NULL, NULL, NULL), dataloader.load_count('event', '{3}', by => 'kind') <> '{0}' AS some;
ROLLBACK;
SELECT right_count('event', 'kind', '{3,4}', NULL, NULL, NULL, NULL);
TRUNCATE plain;
SELECT right_count('plain', 'kind', '{3,4}', NULL, NULL, NULL, NULL);

-- composite keys, in any order, with NULL fields
CREATE FUNCTION pairs_counted() RETURNS TABLE (verb text, ok bool) LANGUAGE sql AS $$
    WITH k(ord, t, w) AS (VALUES (1, 1, 'w1'), (2, 9, 'w1'), (3, 1, NULL), (4, NULL, 'w1'), (5, 0, 'w6'), (6, 1, 'w1')),
        wanted AS (SELECT array_agg((SELECT count(*) FROM event WHERE tenant = k.t AND who = k.w) ORDER BY ord) AS n FROM k)
    SELECT 'rows', dataloader.load_count('event', ARRAY[(1, 'w1'), (9, 'w1'), (1, NULL), (NULL::int, 'w1'), (0, 'w6'), (1, 'w1')], by => 'tenant, who') = n FROM wanted
    UNION ALL SELECT 'swapped', dataloader.load_count('event', ARRAY[('w1', 1), ('w1', 9), (NULL, 1), ('w1', NULL::int), ('w6', 0), ('w1', 1)], by => 'who, tenant') = n FROM wanted
    UNION ALL SELECT 'JSON', dataloader.load_count('event', '[[1,"w1"],[9,"w1"],[1,null],null,[0,"w6"],[1,"w1"]]', by => 'tenant, who') = n FROM wanted
    UNION ALL SELECT 'literal', dataloader.load_count('event', '{"(1,w1)","(9,w1)","(1,)",NULL,"(0,w6)","(1,w1)"}', by => 'tenant, who') = n FROM wanted
$$;
SELECT * FROM pairs_counted();
SET dataloader.direct_scan = off;
SELECT * FROM pairs_counted();
RESET dataloader.direct_scan;

-- keys of other types, and that fold
CREATE TABLE word (w citext, f float8, c char(4), v text) WITH (autovacuum_enabled = off);
CREATE INDEX ON word (w);
CREATE INDEX ON word (f);
CREATE INDEX ON word (c);
INSERT INTO word VALUES ('A', 0, 'a', 'x'), ('a', '-0', 'a ', 'x'), ('B', 'NaN', 'b', NULL), (NULL, NULL, NULL, 'y'), ('b', 'NaN', 'b', 'z');
VACUUM word;
CREATE VIEW folded AS
SELECT dataloader.load_count('word', '{a,B,c,NULL,A}'::text[], by => 'w') AS citext, dataloader.load_count('word', '{-0,NaN,1,NULL}'::float4[], by => 'f') AS float,
    dataloader.load_count('word', '{a,"a ",b}'::text[], by => 'c') AS text_on_char, dataloader.load_count('word', '["a","a  ","b"]', by => 'c') AS char,
    dataloader.load_count('event', '{5000000000,99}'::bigint[], by => 'kind') AS far, dataloader.load_count('kind', '{1.0,1.5,NaN}'::numeric[], by => 'id') AS numbers;
TABLE folded;
SET dataloader.direct_scan = off;
TABLE folded;
RESET dataloader.direct_scan;

-- through a junction
CREATE FUNCTION right_through(filter text, at_most int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE wanted bigint[]; got bigint[];
BEGIN
    EXECUTE format('SELECT array_agg((SELECT count(*) FROM (SELECT FROM kind_of AS through JOIN kind ON kind.id = through.kind WHERE through.tag = k.key AND (%s) LIMIT %s) x) ORDER BY k.ord) FROM unnest(ARRAY[1, 9, NULL, 5, 1]) WITH ORDINALITY k(key, ord)',
        coalesce(filter, 'true'), coalesce(at_most::text, 'ALL')) INTO wanted;
    got := dataloader.load_count('kind', ARRAY[1, 9, NULL, 5, 1], by => 'tag', through => 'kind_of', link => 'kind', filter => filter, at_most => at_most);
    RETURN CASE WHEN got = wanted THEN 'ok' ELSE format('%s, wanted %s', got, wanted) END;
END $$;
CREATE VIEW counted_through AS
SELECT filter, right_through(filter, NULL) AS all_of_them, right_through(filter, 0) AS at_most_0, right_through(filter, 1) AS at_most_1, right_through(filter, 5) AS at_most_5
FROM unnest(ARRAY[NULL, 'label <> ''kind 7''', 'through.n > 10', 'through.n > 10 AND label > ''kind 2''', 'through.n > kind.id * 2', 'false']) filter;
TABLE counted_through;
VACUUM kind_of, kind;
TABLE counted_through;
DELETE FROM kind WHERE id % 4 = 1;
UPDATE kind_of SET n = n + 100 WHERE n % 3 = 0;
TABLE counted_through;
SET dataloader.direct_scan = off;
TABLE counted_through;
RESET dataloader.direct_scan;

-- a count needs the right to read the key, and what the filter reads; policies apply
CREATE ROLE regress_dl_count;
GRANT USAGE ON SCHEMA test_count_paths TO regress_dl_count;
GRANT SELECT (id) ON event TO regress_dl_count;
CREATE FUNCTION tried(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE direct text; plan text;
BEGIN
    SET LOCAL dataloader.direct_scan = on;
    BEGIN EXECUTE query INTO direct; EXCEPTION WHEN OTHERS THEN direct := sqlstate || ' ' || sqlerrm; END;
    SET LOCAL dataloader.direct_scan = off;
    BEGIN EXECUTE query INTO plan; EXCEPTION WHEN OTHERS THEN plan := sqlstate || ' ' || sqlerrm; END;
    SET LOCAL dataloader.direct_scan = on;
    RETURN CASE WHEN direct = plan THEN direct ELSE 'direct: ' || direct || ', plan: ' || plan END;
END $$;
PREPARE granted AS
SELECT tried('SELECT dataloader.load_count(''event'', ''{1,4}'', by => ''id'')') AS by_id, tried('SELECT dataloader.load_count(''event'', ''{1,4}'', by => ''kind'')') AS by_kind,
    tried('SELECT dataloader.load_count(''event'', ''{1,4}'', by => ''id'', filter => ''n >= 0'')') AS filtered;
SET ROLE regress_dl_count;
EXECUTE granted;
RESET ROLE;
GRANT SELECT ON event TO regress_dl_count;
ALTER TABLE event ENABLE ROW LEVEL SECURITY;
SET ROLE regress_dl_count;
EXECUTE granted;
RESET ROLE;
CREATE POLICY one ON event USING (id = 1);
SET ROLE regress_dl_count;
EXECUTE granted;
RESET ROLE;

-- more keys than one, many positions, huge counts of one key
CREATE TABLE same AS SELECT 1 AS k, i AS n FROM generate_series(1, 100000) i;
CREATE INDEX ON same (k);
SELECT dataloader.load_count('same', '{1,2}', by => 'k'), dataloader.load_count('same', '{1,2}', by => 'k', at_most => 99999), dataloader.load_count('same', '{1}', by => 'k', filter => 'n % 1000 = 0', at_most => 7);
VACUUM same;
SELECT dataloader.load_count('same', '{1,2}', by => 'k'), dataloader.load_count('same', '{1,2}', by => 'k', at_most => 99999), dataloader.load_count('same', '{1}', by => 'k', filter => 'n % 1000 = 0', at_most => 7);
SELECT cardinality(c), c[1], c[50000], c[50001] FROM dataloader.load_count('same', (SELECT array_agg(1 + (i > 50000)::int) FROM generate_series(1, 100000) i), by => 'k') c;
-- errors
SELECT dataloader.load_count('event', '[1]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_count('event', '[1]', by => 'kind', at_most => -1);
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_count(NULL, '[1]', by => 'kind');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_count('event', '[1]', by => 'kind', link => 'kind');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_count('event', '[1]', by => 'kind', filter => 'count(*) > 1');
\echo :LAST_ERROR_SQLSTATE
SET dataloader.max_keys = 2;
SELECT dataloader.load_count('event', '[1,2,3]', by => 'kind');
\echo :LAST_ERROR_SQLSTATE
RESET dataloader.max_keys;
SET dataloader.require_index = on;
SELECT dataloader.load_count('event', '[1]', by => 'n');
\echo :LAST_ERROR_SQLSTATE
RESET dataloader.require_index;
SELECT dataloader.load_count('event', NULL::int[], by => 'kind') IS NULL AS null_array, dataloader.load_count('event', NULL::text, by => 'kind') IS NULL AS null_text, dataloader.load_count('event', '{}'::int[], by => 'kind') AS none;

DROP OWNED BY regress_dl_count;
DROP ROLE regress_dl_count;
DROP SCHEMA test_count_paths CASCADE;

--
-- FROM load_one(...), load_many(...), load_rows(...) as a plan node of its own
--
CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL, gone int, born date);
CREATE TABLE book (id int PRIMARY KEY, author_id int REFERENCES author, title text, pages int);
CREATE INDEX ON book (author_id, id);
INSERT INTO author SELECT g, 'author ' || g, g, CASE WHEN g % 2 = 0 THEN date '1970-01-01' + g END
FROM generate_series(1, 40) g;
INSERT INTO book SELECT g, 1 + g % 30, repeat('title ' || g, 20), g * 10 FROM generate_series(1, 300) g;
ALTER TABLE author DROP COLUMN gone;
ANALYZE author, book;

-- a statement's rows with the node and with a function scan; they must be the same
CREATE FUNCTION same(statement text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
    rows_of text := format('SELECT coalesce(string_agg(q::text, E''\n''), ''none'') FROM (%s) q', statement);
    node text;
    scan text;
BEGIN
    EXECUTE rows_of INTO node;
    SET LOCAL dataloader.direct_scan = off;
    EXECUTE rows_of INTO scan;
    SET LOCAL dataloader.direct_scan = on;
    RETURN CASE WHEN node = scan THEN left(md5(node), 8) ELSE node || E'\nbut\n' || scan END;
END
$$;

-- what is read of item are columns of the node; rows come by ord
EXPLAIN (COSTS OFF, VERBOSE)
SELECT ord, (item).* FROM dataloader.load_rows(NULL::book, '{3,1}', by => 'author_id')
WHERE (item).pages > 20 ORDER BY ord;
EXPLAIN (COSTS OFF, VERBOSE)
SELECT * FROM dataloader.load_one(NULL::author, ARRAY[3,1]);
EXPLAIN (COSTS OFF)
SELECT ord, cardinality(items) FROM dataloader.load_many(NULL::book, ARRAY[3,1], 'author_id');
EXPLAIN (COSTS OFF)
SELECT ord, (item).id FROM dataloader.load_rows(NULL::book, ARRAY[3,1], by => 'author_id')
ORDER BY (item).id;

-- not where whole rows of the function are read, or may have to be read again
EXPLAIN (COSTS OFF)
SELECT l FROM dataloader.load_one(NULL::author, ARRAY[3,1]) l;
EXPLAIN (COSTS OFF)
SELECT ord FROM dataloader.load_one(NULL::author, ARRAY[3,1]) l WHERE l IS NOT NULL;
EXPLAIN (COSTS OFF)
SELECT ord FROM dataloader.load_one(NULL::author, ARRAY[3,1]) WITH ORDINALITY;
EXPLAIN (COSTS OFF)
SELECT a.ord, n FROM ROWS FROM (dataloader.load_one(NULL::author, ARRAY[3,1]), generate_series(1, 2)) a (ord, item, n);
EXPLAIN (COSTS OFF)
SELECT a.id, l.ord FROM author a, dataloader.load_one(NULL::author, ARRAY[3,1]) l
WHERE a.id = l.ord FOR UPDATE OF a;
EXPLAIN (COSTS OFF)
UPDATE author a SET name = (l.item).title FROM dataloader.load_one(NULL::book, ARRAY[3,1]) l
WHERE a.id = (l.item).author_id;

-- nor where it is switched off, or the function has settings of its own
SET dataloader.direct_scan = off;
EXPLAIN (COSTS OFF)
SELECT ord, (item).* FROM dataloader.load_one(NULL::author, ARRAY[3,1]);
RESET dataloader.direct_scan;
BEGIN;
ALTER FUNCTION dataloader.load_one(anyelement, anycompatiblearray, text, regclass, text, text, jsonb, text) SET work_mem = '64kB';
EXPLAIN (COSTS OFF)
SELECT ord, (item).* FROM dataloader.load_one(NULL::author, ARRAY[3,1]);
SELECT ord, (item).id FROM dataloader.load_one(NULL::author, ARRAY[3,1]);
ROLLBACK;
BEGIN;
ALTER FUNCTION dataloader.load_one(anyelement, anycompatiblearray, text, regclass, text, text, jsonb, text) STRICT;
SELECT ord, (item).id FROM dataloader.load_one(NULL::author, ARRAY[3,1]);
ROLLBACK;

-- the same rows: missing, repeated and NULL keys, a dropped column, no keys at all
SELECT ord, (item).* FROM dataloader.load_one(NULL::author, ARRAY[3,99,NULL,1,3]);
SELECT ord, item FROM dataloader.load_one(NULL::author, ARRAY[3,99,NULL,1,3]);
SELECT ord, (items[1]).id, cardinality(items) FROM dataloader.load_many(NULL::book, ARRAY[3,99,NULL,1,3], 'author_id');
SELECT ord, (item).id, (item).pages FROM dataloader.load_rows(NULL::book, ARRAY[3,99,NULL,1,3], by => 'author_id', first => 2, order_by => 'id');
SELECT ord, (item).id FROM dataloader.load_one(NULL::author, '{}'::int[]);
SELECT ord, (item).id FROM dataloader.load_one(NULL::author, NULL::int[]);
SELECT same($$SELECT ord, (item).* FROM dataloader.load_rows(NULL::book, ARRAY[3,99,NULL,1,3], by => 'author_id', order_by => 'id')$$);
SELECT same($$SELECT ord, item FROM dataloader.load_one(NULL::author, '{3,99,1,3}')$$);
SELECT same($$SELECT * FROM dataloader.load_many(NULL::book, '{3,99,1,3}', 'author_id', order_by => 'id DESC')$$);

-- conditions, expressions and aggregates over the columns, in any place
SELECT same($$SELECT (item).title || ord, (item).id + (item).pages FROM dataloader.load_rows(NULL::book, '{3,1}', by => 'author_id', order_by => 'id')
WHERE (item).id % 2 = 0 AND ord > 1$$);
SELECT same($$SELECT ord, sum((item).pages), max((item).title) FROM dataloader.load_rows(NULL::book, '{3,1}', by => 'author_id')
GROUP BY ord HAVING min((item).id) > 1 ORDER BY ord DESC$$);
SELECT same($$SELECT DISTINCT (item).author_id FROM dataloader.load_rows(NULL::book, '{3,1}', by => 'author_id') ORDER BY 1$$);
SELECT same($$SELECT (item).author_id, row_number() OVER (PARTITION BY (item).author_id ORDER BY (item).id DESC), (item).id
FROM dataloader.load_rows(NULL::book, '{3,1}', by => 'author_id') ORDER BY 1, 2$$);
SELECT same($$SELECT (item).author_id, (SELECT a.name FROM author a WHERE a.id = (item).author_id AND ord > 0)
FROM dataloader.load_rows(NULL::book, '{3,1}', by => 'author_id') ORDER BY 1, ord$$);
SELECT same($$SELECT ord, (item).id FROM dataloader.load_one(NULL::author, '{3,1}')
UNION ALL SELECT ord, (item).id FROM dataloader.load_one(NULL::author, '{2,99}')$$);
SELECT same($$SELECT x.ord, (x.item).title FROM (SELECT ord, item FROM dataloader.load_rows(NULL::book, '{3,1}', by => 'author_id', order_by => 'id') OFFSET 0) x$$);
SELECT same($$SELECT ord, (item).id FROM dataloader.load_rows(NULL::book, '{3,1}', by => 'author_id', order_by => 'id') LIMIT 3 OFFSET 1$$);

-- keys from the query itself: loaded again for each row, or once
EXPLAIN (COSTS OFF)
SELECT a.id, l.ord, (l.item).id FROM author a, dataloader.load_rows(NULL::book, ARRAY[a.id], by => 'author_id', order_by => 'id') l;
SELECT same($$SELECT a.id, l.ord, (l.item).id FROM author a, dataloader.load_rows(NULL::book, ARRAY[a.id, a.id + 1], by => 'author_id', order_by => 'id') l
WHERE a.id < 4 ORDER BY a.id, l.ord, 3$$);
SELECT same($$SELECT a.id, l.ord, l.item FROM author a LEFT JOIN LATERAL dataloader.load_rows(NULL::book, ARRAY[a.id], by => 'author_id', order_by => 'id') l ON true
WHERE a.id > 28 ORDER BY a.id, (l.item).id$$);
SELECT same($$SELECT ord, (item).id FROM dataloader.load_one(NULL::author, (SELECT array_agg(id ORDER BY id DESC) FROM author))$$);
SELECT same($$SELECT a.id, (SELECT count((item).id) FROM dataloader.load_rows(NULL::book, ARRAY[a.id], by => 'author_id')) FROM author a ORDER BY 1$$);
SELECT same($$SELECT one.ord, (one.item).name, (many.item).id FROM dataloader.load_one(NULL::author, ARRAY[5,6]) one,
dataloader.load_rows(NULL::book, ARRAY[(one.item).id], by => 'author_id', order_by => 'id') many ORDER BY 1, 3$$);

-- read again without being loaded again: the inner side of a join
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
EXPLAIN (COSTS OFF)
SELECT a.id, l.ord FROM author a LEFT JOIN dataloader.load_one(NULL::author, ARRAY[3,1,3]) l ON (l.item).id = a.id;
SELECT same($$SELECT a.id, l.ord FROM author a LEFT JOIN dataloader.load_one(NULL::author, ARRAY[3,1,3]) l ON (l.item).id = a.id ORDER BY 1, 2$$);
SELECT same($$SELECT a.id, l.ord FROM author a LEFT JOIN (SELECT ord, item FROM dataloader.load_one(NULL::author, ARRAY[3,1,3]) OFFSET 0) l ON (l.item).id = a.id ORDER BY 1, 2$$);
RESET enable_material;
RESET enable_hashjoin;

-- a join by ord needs no sort of the node's rows
SET enable_nestloop = off;
SET enable_hashjoin = off;
RESET enable_mergejoin;
EXPLAIN (COSTS OFF)
SELECT k.id, (l.item).name FROM author k JOIN dataloader.load_one(NULL::author, ARRAY[3,1,3]) l ON l.ord = k.id;
RESET enable_nestloop;
RESET enable_hashjoin;

-- more rows than fit into memory, with keys in any order and in theirs
SET work_mem = '64kB';
SELECT same($$SELECT ord, (item).* FROM dataloader.load_rows(NULL::book, (SELECT array_agg(1 + g * 7 % 31) FROM generate_series(1, 100) g), by => 'author_id', order_by => 'id')$$);
SELECT same($$SELECT ord, (item).* FROM dataloader.load_rows(NULL::book, (SELECT array_agg(g) FROM generate_series(1, 100) g), by => 'author_id', order_by => 'id')$$);
SELECT same($$SELECT ord, (item).id, item FROM dataloader.load_one(NULL::book, (SELECT array_agg(g * 2) FROM generate_series(1, 300) g))$$);
SELECT same($$SELECT ord, (item).id, item FROM dataloader.load_one(NULL::book, (SELECT array_agg(g * 7 % 400) FROM generate_series(1, 5000) g))$$);
SELECT same($$SELECT ord, items FROM dataloader.load_many(NULL::book, (SELECT array_agg(g - 10) FROM generate_series(1, 60) g), 'author_id', order_by => 'id')$$);
SELECT same($$SELECT a.id, l.ord FROM author a LEFT JOIN dataloader.load_one(NULL::book, (SELECT array_agg(g * 7 % 400) FROM generate_series(1, 600) g)) l
ON (l.item).id = a.id + 100 ORDER BY 1, 2$$);
SET enable_mergejoin = off;
SET enable_hashjoin = off;
SET enable_material = off;
SELECT same($$SELECT a.id, l.ord FROM author a LEFT JOIN dataloader.load_one(NULL::book, (SELECT array_agg(g * 7 % 400) FROM generate_series(1, 600) g)) l
ON (l.item).id = a.id + 100 ORDER BY 1, 2$$);
RESET enable_mergejoin;
RESET enable_hashjoin;
RESET enable_material;
RESET work_mem;

-- cursors: any direction, held past the transaction, several at a time
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT ord, (item).id FROM dataloader.load_one(NULL::author, ARRAY[7,5,6]);
DECLARE d NO SCROLL CURSOR WITH HOLD FOR SELECT ord, (item).title FROM dataloader.load_rows(NULL::book, ARRAY[2,1], by => 'author_id', order_by => 'id', first => 1);
FETCH 2 FROM c;
FETCH BACKWARD 1 FROM c;
FETCH ALL FROM c;
FETCH FIRST FROM c;
SELECT ord, (item).id FROM dataloader.load_one(NULL::author, ARRAY[1,2]);
FETCH NEXT FROM c;
COMMIT;
FETCH ALL FROM d;
CLOSE d;

-- ... the rows of many keys, which are loaded as they are fetched; one cursor is not read to its end
BEGIN;
DECLARE c CURSOR FOR SELECT ord, (item).id FROM dataloader.load_one(NULL::book, (SELECT array_agg(5001 - g) FROM generate_series(1, 5000) g));
DECLARE d CURSOR WITH HOLD FOR SELECT ord, (item).id FROM dataloader.load_one(NULL::book, (SELECT array_agg(5001 - g) FROM generate_series(1, 5000) g));
FETCH 1 FROM c;
MOVE 4998 FROM d;
COMMIT;
FETCH ALL FROM d;
CLOSE d;

-- prepared: a generic plan, whose relation changes (kept, even on a server that discards its caches all the time)
SET debug_discard_caches = 0;
PREPARE p (int[]) AS SELECT ord, (item).id, (item).born FROM dataloader.load_one(NULL::author, $1);
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF, VERBOSE) EXECUTE p ('{1,2}');
EXECUTE p ('{2,1}');
ALTER TABLE author ADD COLUMN late text DEFAULT 'late';
EXECUTE p ('{2,1}');
SELECT ord, (item).late FROM dataloader.load_one(NULL::author, ARRAY[2,99]);
ALTER TABLE author ALTER COLUMN born TYPE timestamp;
EXECUTE p ('{2,1}');
ALTER TABLE author DROP COLUMN born;
EXECUTE p ('{2,1}');
DEALLOCATE p;
RESET plan_cache_mode;

-- ... a plan for each execution, of a query that still names columns as they were
CREATE TABLE paper (id int PRIMARY KEY, size text, weight int);
INSERT INTO paper VALUES (1, 'A4', 80);
PREPARE p (int[]) AS SELECT ord, (item).size, (item).weight FROM dataloader.load_one(NULL::paper, $1);
SET plan_cache_mode = force_custom_plan;
EXECUTE p ('{1,2}');
ALTER TABLE paper DROP COLUMN size;
EXECUTE p ('{1,2}');
ALTER TABLE paper ALTER COLUMN weight TYPE text;
EXECUTE p ('{1,2}');
DEALLOCATE p;
RESET plan_cache_mode;
DROP TABLE paper;
RESET debug_discard_caches;

-- ... or changes between the first row and the plan
BEGIN;
DECLARE c CURSOR FOR SELECT ord, (item).id, (item).late FROM dataloader.load_one(NULL::author, ARRAY[2,1]);
ALTER TABLE author ALTER COLUMN late TYPE varchar(10);
FETCH 1 FROM c;
ROLLBACK;

-- rights are those of the function and of the relation
CREATE ROLE regress_scan_reader;
GRANT SELECT ON author TO regress_scan_reader;
SET ROLE regress_scan_reader;
SELECT ord, (item).id FROM dataloader.load_one(NULL::author, ARRAY[2,1]);
SELECT ord, (item).id FROM dataloader.load_one(NULL::book, ARRAY[2,1]);
RESET ROLE;
BEGIN;
REVOKE EXECUTE ON FUNCTION dataloader.load_one(anyelement, anycompatiblearray, text, regclass, text, text, jsonb, text) FROM PUBLIC;
SET ROLE regress_scan_reader;
SELECT ord, (item).id FROM dataloader.load_one(NULL::author, ARRAY[2,1]);
ROLLBACK;

-- a plan that is kept asks again, for whoever runs it; policies apply
PREPARE p AS SELECT ord, (item).id FROM dataloader.load_one(NULL::author, ARRAY[2,1]);
SET plan_cache_mode = force_generic_plan;
EXECUTE p;
SET ROLE regress_scan_reader;
EXECUTE p;
RESET ROLE;
ALTER TABLE author ENABLE ROW LEVEL SECURITY;
CREATE POLICY first_only ON author USING (id = 1);
SET ROLE regress_scan_reader;
EXECUTE p;
RESET ROLE;
REVOKE SELECT ON author FROM regress_scan_reader;
SET ROLE regress_scan_reader;
EXECUTE p;
RESET ROLE;
EXECUTE p;
DEALLOCATE p;
RESET plan_cache_mode;
ALTER TABLE author DISABLE ROW LEVEL SECURITY;

-- errors of a load are those of the function
SELECT ord, (item).id FROM dataloader.load_one(NULL::book, ARRAY[2,1], by => 'author_id');
SELECT ord, (item).id FROM dataloader.load_rows(NULL::book, ARRAY[2,1], by => 'writer_id');
SELECT item FROM dataloader.load_rows(NULL::int, ARRAY[2,1], by => 'id');
CREATE DOMAIN writer AS author;
SELECT ord, (item).name FROM dataloader.load_one(NULL::writer, ARRAY[2,1]);
DROP DOMAIN writer;

-- calls are counted as those of other functions
SET track_functions = 'all';
BEGIN;
SELECT coalesce(sum(calls), 0) AS before FROM pg_stat_xact_user_functions WHERE funcname = 'load_one' \gset
SELECT count((item).id) FROM dataloader.load_one(NULL::author, ARRAY[2,1]);
SELECT funcname, calls - :before AS calls FROM pg_stat_xact_user_functions WHERE funcname = 'load_one';
COMMIT;
RESET track_functions;

-- a load is needed again for another value of an argument, not for one of a condition
CREATE FUNCTION noted(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'load'; RETURN $1; END $$;
SELECT sum((SELECT (item).pages FROM dataloader.load_rows(NULL::book, ARRAY[2,1], by => noted('author_id')) WHERE (item).id = a.id)) FROM author a;
SELECT a.id, (l.item).name FROM (SELECT id FROM author ORDER BY id LIMIT 3) a,
dataloader.load_one(NULL::author, ARRAY[(SELECT max(b.author_id) FROM book b WHERE b.author_id <= a.id)], by => noted('id')) l ORDER BY a.id;
DROP FUNCTION noted;

DROP FUNCTION same;
DROP TABLE book, author;
DROP ROLE regress_scan_reader;

-- FROM load_rows(...) of many keys loads them slice by slice, as rows are asked for: these
-- are the rows of the statement's snapshot, whatever is done between the first and the last.

\ir begin.psql
CREATE SCHEMA scan_slices;
SET LOCAL search_path = scan_slices, public;

CREATE TABLE part (id int PRIMARY KEY, owner int NOT NULL, qty int, label text);
INSERT INTO part SELECT g, g % 9000, g, repeat('part ', g % 20) || g FROM generate_series(1, 20000) g;
CREATE INDEX part_owner ON part (owner);
ANALYZE part;

-- in any order with a few NULLs, missing and repeated ones; and sorted
CREATE TABLE keys AS
SELECT 'mixed' AS kind, array_agg(nullif(nullif(g * 7 % 9973, 5), 77) ORDER BY g) || '{1,2,3,1}' AS list FROM generate_series(1, 9500) g
UNION ALL
SELECT 'sorted', array_agg(g ORDER BY g) FROM generate_series(-50, 8999) g;
CREATE FUNCTION keys(of_kind text) RETURNS int[] STABLE LANGUAGE sql AS $$ SELECT list FROM keys WHERE kind = of_kind $$;

CREATE FUNCTION uses_node(statement text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || statement INTO plan;
    RETURN plan::text LIKE '%Custom Scan%';
END $$;
-- how many rows a cursor has, and their hash
CREATE FUNCTION rest_of(cursor refcursor) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    row record;
    hash text := '';
    n int := 0;
BEGIN
    LOOP
        FETCH cursor INTO row;
        EXIT WHEN NOT FOUND;
        n := n + 1;
        hash := md5(hash || row::text);
    END LOOP;
    RETURN n || ' ' || hash;
END $$;
CREATE FUNCTION rows_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    c refcursor;
    rows text;
BEGIN
    OPEN c NO SCROLL FOR EXECUTE statement;
    rows := rest_of(c);
    CLOSE c;
    RETURN rows;
END $$;
CREATE FUNCTION rows_of_plan(statement text) RETURNS text LANGUAGE sql SET dataloader.direct_scan = off AS $$ SELECT rows_of(statement) $$;
-- pages of the table and its indexes that a statement reads
CREATE FUNCTION pages(statement text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || statement INTO plan;
    RETURN (plan->0->'Plan'->>'Shared Hit Blocks')::int + (plan->0->'Plan'->>'Shared Read Blocks')::int;
END $$;

SELECT no_plan();

-- as the function's rows, all of them in memory or not
CREATE TABLE statement AS
SELECT format(text, kind) AS text FROM (VALUES ('mixed'), ('sorted')) k(kind), unnest(ARRAY[
    $$SELECT ord, item FROM dataloader.load_rows(NULL::part, (SELECT keys('%s')), by => 'owner', order_by => 'id DESC')$$,
    $$SELECT ord, (item).id, (item).label FROM dataloader.load_rows(NULL::part, (SELECT keys('%s')), by => 'owner', order_by => 'id')$$,
    $$SELECT ord, (item).qty FROM dataloader.load_rows(NULL::part, (SELECT keys('%s')), by => 'owner', order_by => 'id', first => 1, filter => 'qty %% 3 = $1', args => '[1]')$$,
    $$SELECT ord, (item).qty FROM dataloader.load_rows(NULL::part, (SELECT keys('%s')::text), by => 'owner', order_by => 'id')$$,
    $$SELECT ord, item FROM dataloader.load_one(NULL::part, (SELECT keys('%s')))$$,
    $$SELECT ord, (item).id FROM dataloader.load_one(NULL::part, (SELECT keys('%s'))) WHERE (item).id IS NULL$$,
    $$SELECT ord, items FROM dataloader.load_many(NULL::part, (SELECT keys('%s')), 'owner', order_by => 'id')$$,
    $$SELECT ord, cardinality(items) FROM dataloader.load_many(NULL::part, (SELECT keys('%s')), 'owner') OFFSET 9000$$,
    $$SELECT ord, (item).id FROM dataloader.load_rows(NULL::part, (SELECT keys('%s')), by => 'owner', order_by => 'id') LIMIT 9999$$
]) text;
SELECT ok(uses_node(text), text) FROM statement;
CREATE TABLE by_plan AS SELECT text, rows_of_plan(text) AS rows FROM statement;
SELECT is(rows_of(text), rows, text) FROM by_plan;
SET LOCAL work_mem = '64kB';
SELECT is(rows_of(text), rows, 'in little memory: ' || text) FROM by_plan;

-- the function, not the node, has them all in a tuplestore
SAVEPOINT as_functions;
SELECT format('ALTER FUNCTION %s SET jit = off', oid::regprocedure) FROM pg_proc WHERE proname IN ('load_one', 'load_many', 'load_rows') \gexec
SELECT ok(NOT uses_node(text), 'no node: ' || text) FROM statement;
SELECT is(rows_of(text), rows, 'function, in little memory: ' || text) FROM by_plan;
RESET work_mem;
SELECT is(rows_of(text), rows, 'function: ' || text) FROM by_plan;
ROLLBACK TO as_functions;
RESET work_mem;

-- whoever stops reading stops the load; the one who reads all pays no more for it
CREATE VIEW pages AS
SELECT kind, pages(format(text, kind, '')) AS all, pages(format(text, kind, 'LIMIT 10')) AS few
FROM (VALUES ('mixed'), ('sorted')) k(kind),
     (VALUES ('SELECT ord, (item).id FROM dataloader.load_rows(NULL::part, (SELECT keys(''%s'')), by => ''owner'') %s')) s(text);
SELECT cmp_ok(few, '<', "all" * 3 / 5, 'pages for few of the rows, keys ' || kind) FROM pages;

-- read again, by the same keys
CREATE FUNCTION volatile_keys() RETURNS int[] VOLATILE LANGUAGE sql AS $$ SELECT array_agg(g + (random() * 0.4)::int ORDER BY g) FROM generate_series(1, 5000) g $$;
CREATE FUNCTION some_keys() RETURNS int[] VOLATILE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('scan_slices.calls', (current_setting('scan_slices.calls')::int + 1)::text, true);
    RETURN volatile_keys();
END $$;
SET LOCAL scan_slices.calls = 0;
SET LOCAL enable_material = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_memoize = off;
CREATE TABLE read_again AS
SELECT g, (SELECT count(*) || ' ' || sum((item).id) FROM dataloader.load_rows(NULL::part, some_keys(), by => 'owner') WHERE ord <> -g) AS rows FROM generate_series(1, 4) g;
SELECT is(count(DISTINCT rows), 1::bigint, 'a subquery reads the same rows again') FROM read_again;
SELECT is(rows, (SELECT count(*) || ' ' || sum(id) FROM part WHERE owner BETWEEN 1 AND 5000), 'and they are right') FROM read_again LIMIT 1;
SELECT is(current_setting('scan_slices.calls'), '1', 'its keys are asked for once');
SELECT cmp_ok(pages(format(text, 4)), '<', pages(format(text, 1)) * 5 / 2, 'its rows are read from the table twice at most')
FROM (VALUES ($$SELECT g, (SELECT count(*) FROM dataloader.load_rows(NULL::part, (SELECT keys('mixed')), by => 'owner') WHERE ord <> -g) FROM generate_series(1, %s) g$$)) s(text);
CREATE TABLE joined AS SELECT text, rows_of(text) AS rows, rows_of_plan(text) AS of_plan FROM (VALUES
    ($$SELECT g, ord, (item).id FROM generate_series(1, 5) g LEFT JOIN dataloader.load_rows(NULL::part, (SELECT keys('mixed')), by => 'owner') ON ord BETWEEN g * 1500 AND g * 1500 + 3 ORDER BY 1, 2, 3$$),
    ($$SELECT g, x.* FROM generate_series(4990, 5000) g, LATERAL (SELECT ord, (item).id FROM dataloader.load_rows(NULL::part, (SELECT array_agg(k ORDER BY k DESC) FROM generate_series(1, g) k), by => 'owner', order_by => 'id') LIMIT 3) x$$),
    ($$SELECT g, x.* FROM generate_series(1, 5) g, LATERAL (SELECT ord, (item).id FROM dataloader.load_rows(NULL::part, (SELECT keys('mixed')), by => 'owner', order_by => 'id') WHERE ord > g LIMIT 3) x$$),
    ($$SELECT ord, (item).id FROM dataloader.load_rows(NULL::part, (SELECT keys('sorted')), by => 'owner', order_by => 'id') WHERE EXISTS (SELECT FROM dataloader.load_one(NULL::part, (SELECT keys('mixed'))) o WHERE (o.item).qty = ord * 2)$$)) s(text);
SELECT is(rows, of_plan, text) FROM joined;
RESET enable_memoize;
RESET enable_hashjoin;
RESET enable_material;
SET LOCAL enable_nestloop = off;
RESET enable_mergejoin;
SELECT is(rows_of(text), rows_of_plan(text), text) FROM (VALUES
    ($$SELECT a.ord, (a.item).id, (b.item).id FROM dataloader.load_rows(NULL::part, (SELECT keys('mixed')), by => 'owner') a JOIN dataloader.load_one(NULL::part, (SELECT keys('sorted'))) b ON a.ord = b.ord ORDER BY 1, 2$$)) s(text);
RESET enable_nestloop;

-- a cursor's rows are those of its snapshot, and it reads on after the subtransaction of its first row
CREATE TABLE before AS SELECT rows_of($$SELECT ord, (item).id, (item).qty FROM dataloader.load_rows(NULL::part, keys('mixed'), by => 'owner', order_by => 'id')$$) AS rows;
SAVEPOINT unchanged;
DECLARE c NO SCROLL CURSOR FOR SELECT ord, (item).id, (item).qty FROM dataloader.load_rows(NULL::part, keys('mixed'), by => 'owner', order_by => 'id');
DECLARE d NO SCROLL CURSOR FOR SELECT ord, (item).id, (item).qty FROM dataloader.load_rows(NULL::part, keys('mixed'), by => 'owner', order_by => 'id');
SAVEPOINT first_row;
MOVE 0 FROM c;
MOVE 1 FROM d;
ROLLBACK TO first_row;
UPDATE part SET qty = -qty;
DELETE FROM part WHERE id % 2 = 0;
INSERT INTO part SELECT g, g % 9000, g FROM generate_series(20001, 30000) g;
UPDATE keys SET list = '{}';
SELECT is(rest_of('c'), (SELECT rows FROM before), 'a cursor reads what there was when it was opened');
SELECT alike(rest_of('d'), (split_part(rows, ' ', 1)::int - 1) || ' %', 'it goes on after its first row was fetched in a subtransaction that is undone') FROM before;
ROLLBACK TO unchanged;

-- a loop that changes what it reads
CREATE FUNCTION change_all() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    row record;
    n int := 0;
BEGIN
    FOR row IN SELECT ord, (item).* FROM dataloader.load_rows(NULL::part, keys('mixed'), by => 'owner', filter => 'qty > 0') LOOP
        UPDATE part SET qty = -1 WHERE owner = row.owner;
        INSERT INTO part VALUES (100000 + n, (row.owner + 1) % 9000, 1);
        PERFORM dataloader.load_many_json('part', ARRAY[row.owner], by => 'owner');
        BEGIN
            DELETE FROM part WHERE id = row.id;
            PERFORM 1 / (row.ord % 2);
        EXCEPTION WHEN division_by_zero THEN
            NULL;
        END;
        n := n + 1;
    END LOOP;
    RETURN n;
END $$;
SELECT is(change_all() || ' ', split_part(rows, ' ', 1) || ' ', 'a loop that writes what its query reads') FROM before;
ROLLBACK TO unchanged;
WITH copied AS (
    INSERT INTO part SELECT 100000 + row_number() OVER (), (item).owner, 0 FROM dataloader.load_rows(NULL::part, keys('sorted'), by => 'owner') RETURNING 1
)
SELECT is(count(*), 20000::bigint, 'an INSERT does not read its own rows') FROM copied;
ROLLBACK TO unchanged;

-- the relation is in use until the cursor is closed; others may be used
DECLARE c NO SCROLL CURSOR FOR SELECT ord, (item).id, (item).qty FROM dataloader.load_rows(NULL::part, keys('mixed'), by => 'owner', order_by => 'id');
MOVE 1 FROM c;
SELECT throws_ok('ALTER TABLE part ADD COLUMN late int', '55006', 'cannot ALTER TABLE "part" because it is being used by active queries in this session');
SELECT throws_ok('DROP INDEX part_owner', '55006');
SELECT throws_ok('TRUNCATE part', '55006', 'cannot TRUNCATE "part" because it is being used by active queries in this session');
CREATE ROLE regress_nobody;
GRANT USAGE ON SCHEMA scan_slices TO regress_nobody;
SET LOCAL ROLE regress_nobody;
MOVE 5000 FROM c;
RESET ROLE;
SELECT alike(rest_of('c'), (split_part(rows, ' ', 1)::int - 5001) || ' %', 'rights were asked for when the load began') FROM before;
CLOSE c;
SELECT lives_ok('ALTER TABLE part ADD COLUMN late int', 'free after CLOSE');
ROLLBACK TO unchanged;

-- what is done to the relation in the subtransaction of the first row, and undone with it
CREATE FUNCTION undone(change text, expected text, query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    c refcursor;
BEGIN
    OPEN c NO SCROLL FOR EXECUTE query;
    BEGIN
        EXECUTE change;
        MOVE 1 FROM c;
        RAISE 'undone';
    EXCEPTION WHEN raise_exception THEN
        NULL;
    END;
    RETURN NEXT alike(rest_of(c), expected, 'the rest of a cursor, after ' || change);
    CLOSE c;
END $$;
SELECT undone(change, '9503 %', query)
FROM unnest(ARRAY['ALTER TABLE part ADD COLUMN late int DEFAULT 5', 'ALTER TABLE part ALTER qty TYPE text', 'ALTER TABLE part DROP COLUMN label',
                  'CREATE INDEX part_id_too ON part (id, owner)', 'DELETE FROM part', 'UPDATE part SET qty = 0']) change,
     unnest(ARRAY[$$SELECT ord, (item).id FROM dataloader.load_one(NULL::part, keys('mixed'))$$,
                  $$SELECT ord, (item).id FROM dataloader.load_one(NULL::part, keys('mixed'), by => 'owner', order_by => 'qty')$$]) query;

-- a filter is read, and may be called, by the settings and the role of the first row
ALTER TABLE part ADD COLUMN made date DEFAULT '2024-01-15';
CREATE FUNCTION only_mine(int) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
REVOKE EXECUTE ON FUNCTION only_mine FROM PUBLIC;
DO $$ BEGIN CREATE ROLE regress_nobody; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT USAGE ON SCHEMA scan_slices TO regress_nobody;
SET LOCAL datestyle = 'ISO, MDY';
DECLARE c NO SCROLL CURSOR FOR
SELECT ord, (item).id FROM dataloader.load_rows(NULL::part, keys('mixed'), by => 'owner', filter => 'made > $1 AND only_mine(qty)', args => '["01/02/2024"]');
MOVE 1 FROM c;
SET LOCAL datestyle = 'ISO, DMY';
SET LOCAL ROLE regress_nobody;
SELECT rest_of('c') AS rest \gset
RESET ROLE;
SELECT alike(:'rest'::text, (split_part(rows, ' ', 1)::int - 1) || ' %', 'a cursor with a filter') FROM before;
ROLLBACK TO unchanged;

-- an error ends it where it is met
CREATE INDEX part_qty ON part (qty);
ANALYZE part;
UPDATE part SET qty = 8999 WHERE qty = 10000;
SELECT lives_ok($$SELECT ord, (item).id FROM dataloader.load_one(NULL::part, keys('sorted'), by => 'qty') LIMIT 5$$, 'no error of rows that nobody reads');
SELECT throws_ok($$SELECT count((item).id) FROM dataloader.load_one(NULL::part, keys('sorted'), by => 'qty')$$, '21000');
SELECT throws_ok($$SELECT count((item).id) FROM dataloader.load_one(NULL::part, keys('sorted'), by => 'owner')$$, '21000');
SELECT throws_ok($$SELECT count(*) FROM dataloader.load_rows(NULL::part, keys('sorted'), by => 'owner', filter => '10 / (qty - 8990) <> 11')$$, '22012');
SELECT is(rows_of(text), rows_of_plan(text), 'after errors: ' || text) FROM statement LIMIT 4;

SELECT * FROM finish();
ROLLBACK;

-- A backend remembers in which buffer it saw a page last.  Pages that are used much are
-- then pinned without a look into the buffer table: the answer, and what is counted, stay.

\ir begin.psql
CREATE SCHEMA known_pages;
SET LOCAL search_path = known_pages, public;

-- Neighbours in the index lie on different pages.
CREATE TABLE parcel (id int PRIMARY KEY, owner int NOT NULL, label text NOT NULL);
INSERT INTO parcel SELECT g, g * 7919 % 300, repeat('x', 100) || g FROM generate_series(1, 6000) g;
CREATE INDEX parcel_owner ON parcel (owner);
CREATE TEMPORARY TABLE draft AS SELECT * FROM parcel;
CREATE INDEX draft_owner ON draft (owner);
ANALYZE parcel, draft;

-- loads the batch until each page is used as much as counts
CREATE FUNCTION load_often(relation regclass) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    result json;
BEGIN
    FOR i IN 1..8 LOOP
        result := dataloader.load_many_json(relation, ARRAY(SELECT generate_series(0, 299)), by => 'owner', order_by => 'id');
    END LOOP;
    RETURN result;
END $$;

CREATE FUNCTION plain(relation regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SELECT json_agg(list ORDER BY owner) FROM generate_series(0, 299) owner,
        LATERAL (SELECT coalesce(json_agg(p ORDER BY id), ''[]'') AS list FROM %s p WHERE p.owner = owner.owner) l', relation) INTO result;
    RETURN regexp_replace(result, '\s', '', 'g');
END $$;

CREATE FUNCTION as_plain(relation regclass) RETURNS boolean LANGUAGE sql AS $$
    SELECT load_often(relation)::text = plain(relation)
$$;

SELECT no_plan();

SELECT ok('path: direct' IN (SELECT dataloader.explain('parcel', NULL::int[], by => 'owner', order_by => 'id')), 'the direct path is taken');
SELECT ok(as_plain('parcel'), 'pages that are known');
SELECT ok(as_plain('draft'), 'pages of a temporary table');

-- With a setting of 0 nothing is looked up ahead.
CREATE FUNCTION counted(io_concurrency int, OUT buffers bigint, OUT fetched bigint, OUT hit bigint) LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    PERFORM set_config('effective_io_concurrency', io_concurrency::text, true);
    fetched := -pg_stat_get_xact_blocks_fetched('parcel'::regclass);
    hit := -pg_stat_get_xact_blocks_hit('parcel'::regclass);
    EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF, FORMAT JSON)
        SELECT dataloader.load_many_json('parcel', ARRAY(SELECT generate_series(0, 299)), by => 'owner') INTO plan;
    buffers := (plan #>> '{0,Plan,Shared Hit Blocks}')::bigint;
    fetched := fetched + pg_stat_get_xact_blocks_fetched('parcel'::regclass);
    hit := hit + pg_stat_get_xact_blocks_hit('parcel'::regclass);
END $$;
SELECT counted(io) FROM generate_series(0, 1) io \g /dev/null
SELECT is(ROW(a.buffers, a.fetched, a.hit), ROW(b.buffers, b.fetched, b.hit), 'as many buffers are counted as without') FROM counted(1) a, counted(0) b;
SELECT cmp_ok((counted(1)).hit, '>=', 5000::bigint, 'which is one for each row that lies elsewhere than the one before');
SET LOCAL effective_io_concurrency = 1;

-- The same blocks of the same table, with something else in them, or elsewhere.
UPDATE parcel SET label = label || '!' WHERE id % 3 = 0;
SELECT ok(as_plain('parcel'), 'rows that moved');
DELETE FROM parcel WHERE id % 5 = 0;
SELECT ok(as_plain('parcel'), 'rows that are gone');
CREATE INDEX parcel_label ON parcel (label);
CLUSTER parcel USING parcel_label;
SELECT ok(as_plain('parcel'), 'a table that was written anew');
TRUNCATE parcel;
SELECT ok(as_plain('parcel'), 'an empty one');
INSERT INTO parcel SELECT g, g % 300, 'new' || g FROM generate_series(1, 6000) g;
SELECT ok(as_plain('parcel'), 'one that was filled again');
SAVEPOINT before;
TRUNCATE parcel;
INSERT INTO parcel SELECT g, g % 100, 'newer' || g FROM generate_series(1, 6000) g;
SELECT ok(as_plain('parcel'), 'one that was written anew in a subtransaction');
ROLLBACK TO before;
SELECT ok(as_plain('parcel'), 'and was not, after all');

SELECT * FROM finish();
ROLLBACK;

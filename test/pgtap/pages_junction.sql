-- Connections in the order of a junction: walks through all pages of all keys,
-- forward and backward, on both paths, against plain SQL.  The junction has pairs
-- that repeat, that lead nowhere, whose link or position is NULL, and ties.

\ir begin.psql
COMMIT;                         -- pages begin at cursors of any index where nothing has been written
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS pages_junction CASCADE;
CREATE SCHEMA pages_junction;
SET search_path = pages_junction, public;

CREATE TABLE track (id int PRIMARY KEY, title text NOT NULL);
INSERT INTO track SELECT i, 'track ' || i FROM generate_series(1, 60) i WHERE i % 9 <> 0;

-- pairs once each, and pairs of which some come several times
CREATE TABLE once (list int NOT NULL, track int, pos int, note text COLLATE "C" NOT NULL, PRIMARY KEY (list, note),
                   place int NOT NULL, UNIQUE (list, place));
INSERT INTO once
SELECT l, CASE WHEN n % 13 <> 0 THEN n END, CASE WHEN n % 7 <> 0 THEN n * l % 11 END, 'n' || n, n * 61 % 97
FROM generate_series(1, 6) l, generate_series(1, 60) n WHERE n % (l + 1) <> 0;
CREATE UNIQUE INDEX ON once (list, track);
CREATE INDEX ON once (list, pos, track);
CREATE INDEX ON once (list, note DESC, pos NULLS FIRST, track);
CREATE TABLE often (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, list int, track int, pos int);
INSERT INTO often (list, track, pos) SELECT list, track, pos FROM once, generate_series(1, 2) WHERE track % 3 <> 1 OR pos IS NULL;
CREATE INDEX ON often (list, pos DESC NULLS LAST, track, id);
ANALYZE;

SELECT no_plan();

-- the ids of a page and where to go on
CREATE FUNCTION walk(junction regclass, ordering text, size int, backward bool, lists int[]) RETURNS TABLE (list int, ids text) LANGUAGE plpgsql AS $$
DECLARE
    cursors text[];
    pages json;
BEGIN
    LOOP
        EXECUTE format('SELECT dataloader.load_connection(''track'', $1, by => ''list'', through => %L, link => ''track'', order_by => %L, %s => $2, %s => $3)',
            junction, ordering, CASE WHEN backward THEN 'last' ELSE 'first' END, CASE WHEN backward THEN 'before' ELSE 'after' END)
            INTO pages USING lists, size, cursors;
        RETURN QUERY
            SELECT lists[o], e #>> '{node,id}'
            FROM json_array_elements(pages) WITH ORDINALITY p(page, o),
                 LATERAL json_array_elements(page -> 'edges') WITH ORDINALITY x(e, n)
            ORDER BY o, CASE WHEN backward THEN -n ELSE n END;
        SELECT array_agg(lists[o] ORDER BY o), array_agg(page #>> CASE WHEN backward THEN '{pageInfo,startCursor}' ELSE '{pageInfo,endCursor}' END::text[] ORDER BY o)
        INTO lists, cursors
        FROM json_array_elements(pages) WITH ORDINALITY p(page, o)
        WHERE (page #>> CASE WHEN backward THEN '{pageInfo,hasPreviousPage}' ELSE '{pageInfo,hasNextPage}' END::text[])::bool;
        EXIT WHEN lists IS NULL;
    END LOOP;
END $$;

CREATE FUNCTION walked(junction regclass, ordering text, size int, backward bool, lists int[] DEFAULT '{1,6,2,3,9,4,5}') RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(list || ': ' || ids, E'\n' ORDER BY list)
    FROM (SELECT list, string_agg(ids, ' ' ORDER BY n) AS ids
          FROM walk(junction, ordering, size, backward, lists) WITH ORDINALITY w(list, ids, n) GROUP BY list) x
$$;
CREATE FUNCTION wanted(junction regclass, total_order text, backward bool, lists int[] DEFAULT '{1,6,2,3,9,4,5}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SELECT string_agg(list || '': '' || ids, E''\n'' ORDER BY list) FROM (
        SELECT list, string_agg(id::text, '' '' ORDER BY n * %s) AS ids
        FROM (SELECT through.list, t.id, row_number() OVER (ORDER BY %s) AS n FROM %s through JOIN track t ON t.id = through.track WHERE through.list = ANY ($1)) y GROUP BY list) x',
        CASE WHEN backward THEN -1 ELSE 1 END, total_order, junction) INTO result USING lists;
    RETURN result;
END $$;

CREATE TABLE shape (junction regclass, ordering text, total_order text, indexed bool);
INSERT INTO shape VALUES
    ('once', 'through.pos', 'through.pos, track', true),
    ('once', 'through.pos DESC', 'through.pos DESC, track', false),
    ('once', 'through.pos DESC, through.track DESC', 'through.pos DESC, track DESC', true),
    ('once', 'through.note, through.pos DESC NULLS LAST', 'through.note, through.pos DESC NULLS LAST, track', true),
    ('once', 'through.note DESC, through.pos NULLS FIRST', 'through.note DESC, through.pos NULLS FIRST, track', true),
    ('once', 'through.place', 'through.place, track', true),
    ('once', 'through.place DESC', 'through.place DESC, track', true),
    ('once', 'through.place, through.pos', 'through.place, through.pos, track', true),
    ('once', NULL, 'track', true),
    ('often', 'through.pos DESC NULLS LAST', 'through.pos DESC NULLS LAST, track, through.id', true),
    ('often', 'through.pos', 'through.pos, track, through.id', false),
    ('often', NULL, 'track, through.id', false);

-- a test writes: all are read before the first one is told
CREATE TYPE result AS (got text, wanted text, what text);
PREPARE walks AS
SELECT is(got, wanted, what || ', direct_scan ' || current_setting('dataloader.direct_scan')) FROM unnest((
    SELECT array_agg(ROW(walked(junction, ordering, size, backward), wanted(junction, total_order, backward),
                         format('%s by %s, %s rows a page%s', junction, ordering, size, CASE WHEN backward THEN ', backward' END))::result)
    FROM shape, unnest('{1,2,7,100}'::int[]) size, unnest('{f,t}'::bool[]) backward));
PREPARE walks_of(int, int) AS
SELECT is(got, wanted, what) FROM unnest((
    SELECT array_agg(ROW(walked(junction, ordering, $2, backward, ARRAY[$1]), wanted(junction, total_order, backward, ARRAY[$1]),
                         format('%s by %s, list %s, %s rows a page%s', junction, ordering, $1, $2, CASE WHEN backward THEN ', backward' END))::result)
    FROM shape, unnest('{f,t}'::bool[]) backward WHERE junction = 'once'::regclass));
SET dataloader.direct_scan = on;
EXECUTE walks;
BEGIN;
UPDATE track SET id = id;
EXECUTE walks;
COMMIT;
SET dataloader.direct_scan = off;
EXECUTE walks;

-- both paths to the byte, between two cursors, with repeated keys, counts and a filter on either side
CREATE FUNCTION between_cursors(junction regclass, ordering text, direct bool) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    edges json;
    result text := '';
    pages text;
BEGIN
    PERFORM set_config('dataloader.direct_scan', direct::text, true);
    SELECT dataloader.load_connection('track', '{2}'::int[], by => 'list', through => junction, link => 'track', order_by => ordering) #> '{0,edges}' INTO edges;
    FOR i IN 0 .. json_array_length(edges) - 1 BY 5 LOOP
        SELECT dataloader.load_connection('track', '{2,2,3,NULL,2}'::int[], by => 'list', through => junction, link => 'track', order_by => ordering, first => 4,
            filter => 'title <> $1 AND through.list < 5', args => '["track 7"]', total_count => true,
            after => ARRAY[edges #>> ARRAY[i::text, 'cursor'], NULL, edges #>> ARRAY[i::text, 'cursor'], NULL, edges #>> ARRAY[(i + 1)::text, 'cursor']],
            before => ARRAY[edges #>> ARRAY[(i + 3)::text, 'cursor'], edges #>> ARRAY[i::text, 'cursor'], NULL, NULL, NULL])::text INTO pages;
        result := result || pages;
    END LOOP;
    RETURN result;
END $$;
SELECT is(got, wanted, what) FROM unnest((SELECT array_agg(ROW(between_cursors(junction, ordering, true), between_cursors(junction, ordering, false), format('both paths: %s', shape))::result) FROM shape));

-- the shapes that an index serves are read from it, but for those whose unique index ends before the order, where something was written
SET dataloader.direct_scan = on;
ALTER TABLE shape ADD early bool;
UPDATE shape SET early = junction = 'once'::regclass AND ordering ~ 'place|through.note, ';
CREATE FUNCTION is_from_index(s shape) RETURNS bool LANGUAGE sql AS $$
    SELECT coalesce(bool_or(line ~ '^order: .*, from the index'), false) FROM dataloader.explain('track', '{1}', by => 'list', through => s.junction, link => 'track',
        order_by => replace(s.total_order, ' track', ' through.track'), first => 3) line
$$;
PREPARE explained(bool) AS
SELECT is(got, wanted, what) FROM unnest((
    SELECT array_agg(ROW(is_from_index(shape), indexed AND NOT (early AND $1), format('explain: %s', shape))::result) FROM shape WHERE ordering IS NOT NULL));
EXECUTE explained(false);
BEGIN;
UPDATE track SET id = id;
EXECUTE explained(true);
COMMIT;

-- pairs that do not fit into memory, to be sorted
SET work_mem = '64kB';
INSERT INTO once SELECT 7, NULL, g % 10, 'm' || g, -g FROM generate_series(1, 3000) g;
INSERT INTO once SELECT 7, id, id % 10, 'n' || id, id FROM track;
ANALYZE once;
EXECUTE walks_of(7, 20);
BEGIN;
UPDATE track SET id = id;
EXECUTE walks_of(7, 20);
COMMIT;
RESET work_mem;
DELETE FROM once WHERE list = 7;

-- the place of a cursor may be another row's by now: that one comes if its key is behind the cursor's
SELECT dataloader.load_connection('track', '{1}'::int[], by => 'list', through => 'once', link => 'track', order_by => 'through.place', first => 10) #>> '{0,edges,9,cursor}' AS edge \gset
CREATE TABLE there AS SELECT track, place FROM once JOIN track t ON t.id = track WHERE list = 1 ORDER BY place LIMIT 1 OFFSET 9;
CREATE FUNCTION after_place(edge text, direct bool) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('dataloader.direct_scan', direct::text, true);
    RETURN (SELECT string_agg(e #>> '{node,id}', ' ' ORDER BY n) || (page ->> 'pageInfo')
        FROM json_array_elements(dataloader.load_connection('track', '{1}'::int[], by => 'list', through => 'once', link => 'track',
                 order_by => 'through.place', first => 3, after => ARRAY[edge])) page,
             LATERAL json_array_elements(page -> 'edges') WITH ORDINALITY x(e, n) GROUP BY page ->> 'pageInfo');
END $$;
CREATE PROCEDURE move(moved int) LANGUAGE sql AS $$
    UPDATE once SET place = 1000 WHERE list = 1 AND track = (SELECT track FROM there);
    UPDATE once SET place = (SELECT place FROM there) WHERE list = 1 AND track = moved;
$$;
CREATE PROCEDURE move_back(moved int, place int) LANGUAGE sql AS $$
    UPDATE once o SET place = move_back.place WHERE list = 1 AND track = moved;
    UPDATE once SET place = t.place FROM there t WHERE list = 1 AND once.track = t.track;
$$;
SELECT place AS place_59 FROM once WHERE list = 1 AND track = 59 \gset
SELECT place AS place_3 FROM once WHERE list = 1 AND track = 3 \gset
CALL move(59);
SELECT after_place(:'edge', true) AS direct_higher, after_place(:'edge', false) AS plan_higher \gset
CALL move_back(59, :place_59);
CALL move(3);
SELECT after_place(:'edge', true) AS direct_lower, after_place(:'edge', false) AS plan_lower \gset
CALL move_back(3, :place_3);
SELECT is(:'direct_higher'::text, :'plan_higher', 'a higher key at the place of the cursor');
SELECT is(:'direct_lower'::text, :'plan_lower', 'a lower key at the place of the cursor');
SELECT ok(:'direct_higher' ~ '^59 ' AND :'direct_lower' !~ '^3 ', 'the higher one comes, the lower one does not');

SELECT * FROM finish();
DROP SCHEMA pages_junction CASCADE;

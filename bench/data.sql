-- The benchmark's data: :reporters reporters, ten times as many articles, twenty times
-- as many rows in the junction.  The same rows each time: the dice are seeded.
--
-- Articles per reporter are heavy-tailed (one reporter in ten has none, the busiest
-- have thousands), and the articles of one reporter lie scattered over the heap.

\set QUIET on
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET maintenance_work_mem = '512MB';
SELECT setseed(0.2005) \g /dev/null

CREATE TABLE reporter (
    id int PRIMARY KEY,
    first_name text NOT NULL,
    last_name text NOT NULL,
    email text NOT NULL
);

CREATE TABLE article (
    id int NOT NULL,
    headline text NOT NULL,
    body text NOT NULL,
    pub_date date NOT NULL,
    reporter_id int NOT NULL
);

CREATE TABLE publication (
    id int PRIMARY KEY,
    title text NOT NULL
);

CREATE TABLE article_publication (
    id int NOT NULL,
    article_id int NOT NULL,
    publication_id int NOT NULL
);

INSERT INTO reporter
SELECT id, first_name, last_name, lower(first_name || '.' || last_name) || id || '@example.org'
FROM (
    SELECT i AS id,
        ('{Ada,Amir,Anna,Carlos,Chen,Clara,David,Elif,Femi,Grace,Hana,Igor,Kofi,Lena,Mei,Nora}'::text[])[1 + floor(random() * 16)::int] AS first_name,
        ('{Abbott,Adeyemi,Baker,Castro,Dubois,Eriksen,Garcia,Haddad,Ito,Kaya,Lopez,Moreau,Novak,Okafor,Patel,Zhang}'::text[])[1 + floor(random() * 16)::int] AS last_name
    FROM generate_series(1, :reporters) i
) AS people;

-- Some 200 bytes of text each, one in three with a character that JSON escapes.
-- A reporter's rank leads to an id by a multiplication, so that busy ones have no
-- ids in common ranges.
INSERT INTO article
SELECT i,
    ('{Council,"Harbour master","Night nurses","Local school",Museum,Library,"Fire brigade",Bakers}'::text[])[1 + floor(random() * 8)::int]
    || ('{" opens "," rejects "," rebuilds "," praises "," closes "," postpones "," sells "," saves "}'::text[])[1 + floor(random() * 8)::int]
    || ('{"the old bridge","a plan for the market","the winter timetable","a new reading room","its oldest garden","the longest tunnel","solar roofs","a second stadium"}'::text[])[1 + floor(random() * 8)::int],
    ('{"The city council asked for","A local school had waited for","The harbour master was proud of","The night editor did not expect","A retired teacher had warned about","Every baker in town paid for","The weather service wrote a letter about","Nobody at the station could explain"}'::text[])[1 + floor(random() * 8)::int]
    || ('{" the winter timetable near the river. "," rising rents after a long debate. "," the ferry to the island on Monday. "," the price of bread, for the third year in a row. "," a clock that stopped in 1954. "," an open door behind the café. "}'::text[])[1 + floor(random() * 6)::int]
    || ('{"What follows is anybody''s guess. ","It was called a \"temporary\" solution. ","The vote was close. ","There were no questions. ","More is known next week.\n\n","Letters to the editor were many. "}'::text[])[1 + floor(random() * 6)::int]
    || left('The mayor said that the work would begin before the summer and end before the next one, and that the old plans had been found again.', 40 + floor(random() * 95)::int),
    date '2005-07-29' + floor(random() * 7300)::int,
    1 + (floor(power(random(), 1.8) * :reporters * 0.9)::bigint * 7919 % :reporters)::int
FROM generate_series(1, :reporters * 10) i;

INSERT INTO publication
SELECT i, ('{The Python Journal,Science Weekly,Harbour Times,The Evening Post,Town Gazette,Island Courier,Sunday Reader,Northern Light}'::text[])[1 + floor(random() * 8)::int] || ' ' || i
FROM generate_series(1, :reporters / 10) i;

-- One, two or three publications of each article, all different, in no order.
INSERT INTO article_publication
SELECT row_number() OVER (), article_id, publication_id
FROM (
    SELECT a.id AS article_id, 1 + (floor(random() * (:reporters / 10))::int / 4 * 4 + n) % (:reporters / 10) AS publication_id
    FROM article a, generate_series(1, 1 + a.id % 3) n
    ORDER BY random()
) AS appeared;

-- A thousand rows of each key, scattered over the heap.
CREATE TABLE reading (
    id int NOT NULL,
    sensor_id int NOT NULL,
    taken_at timestamp NOT NULL,
    note text NOT NULL
);
INSERT INTO reading
SELECT i, 1 + i % (:reporters / 100), timestamp '2025-01-01' + floor(random() * 500000) * interval '1 minute', 'within limits, checked by hand ' || i
FROM generate_series(1, :reporters * 10) i;

ALTER TABLE reading ADD PRIMARY KEY (id);
CREATE INDEX ON reading (sensor_id, taken_at DESC, id);
ALTER TABLE article ADD PRIMARY KEY (id);
ALTER TABLE article_publication ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX ON article_publication (article_id, publication_id);
CREATE INDEX ON article (reporter_id);
CREATE INDEX ON article (reporter_id, pub_date DESC, id);
ALTER TABLE article_publication
    ADD FOREIGN KEY (article_id) REFERENCES article,
    ADD FOREIGN KEY (publication_id) REFERENCES publication;

VACUUM (FREEZE, ANALYZE) reporter, article, publication, article_publication, reading;

-- Batches of keys, as text: a script fetches one and then sends it as a parameter.
CREATE TABLE keyset (
    kind text,
    n int,
    id int,
    keys text NOT NULL,
    jkeys text NOT NULL,
    PRIMARY KEY (kind, n, id)
);

-- Slices of a random permutation: distinct keys in random order.  The batches of few keys
-- read in all what one of many keys reads, and so find as little of it in the processor's cache.
CREATE FUNCTION pg_temp.draw(kind text, most int, n int, dense bool) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    sets int := greatest(2, least(200, 100000 / n));
    pool int[];
    keys int[];
    start int;
BEGIN
    n := least(n, most);
    IF dense THEN
        pool := ARRAY(SELECT generate_series(1, most));
    ELSE
        pool := ARRAY(SELECT i FROM generate_series(1, most) i ORDER BY random());
    END IF;
    FOR id IN 1 .. sets LOOP
        start := 1 + floor(random() * (most - n))::int;
        keys := pool[start : start + n - 1];
        INSERT INTO keyset VALUES (kind, n, id, keys::text, array_to_json(keys)::text);
    END LOOP;
END $$;

SELECT pg_temp.draw(kind, most, n, kind = 'dense')
FROM (VALUES ('reporter', :reporters), ('dense', :reporters), ('article', :reporters * 10), ('sensor', :reporters / 100)) AS kinds (kind, most),
    unnest(:'key_counts'::int[]) AS n \g /dev/null

SELECT pg_temp.draw('reporter', :reporters, n, false)
FROM (SELECT DISTINCT least(n, :reporters) AS n FROM unnest(ARRAY[1000, 100000]) n) AS counts
WHERE n NOT IN (SELECT n FROM keyset WHERE kind = 'reporter') \g /dev/null

CREATE TABLE many_keys AS SELECT array_agg(i ORDER BY random()) AS keys FROM generate_series(1, 1000000) i;

VACUUM (FREEZE, ANALYZE) keyset, many_keys;


-- What two statements must have in common: JSON without whitespace, the rows of a
-- key in any order unless the cell orders them.
CREATE FUNCTION canonical_json(result json, ordered bool) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(CASE
            WHEN ordered OR json_typeof(value) <> 'array' THEN regexp_replace(value::text, '\s', '', 'g')
            ELSE (SELECT string_agg(regexp_replace(row::text, '\s', '', 'g'), ',' ORDER BY row::text COLLATE "C")
                  FROM json_array_elements(value) AS row)
        END, E'\n' ORDER BY position)
    FROM json_array_elements(result) WITH ORDINALITY AS list (value, position)
$$;

-- Pages without their cursors
CREATE FUNCTION nodes_of_pages(pages json) RETURNS json LANGUAGE sql AS $$
    SELECT json_agg(json_build_array(
        page -> 'pageInfo' -> 'hasNextPage',
        (SELECT json_agg(edge -> 'node') FROM json_array_elements(page -> 'edges') AS edge)))
    FROM json_array_elements(pages) AS page
$$;

CREATE EXTENSION dataloader;
CREATE EXTENSION IF NOT EXISTS pg_prewarm;
SELECT sum(pg_prewarm(oid)) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i') \g /dev/null
CHECKPOINT;

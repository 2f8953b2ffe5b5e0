-- Through a junction, rows that no result needs are read, but nothing is made of their columns:
-- those that are skipped, behind the last one, or outside of the cursors.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
\set VERBOSITY terse
CREATE SCHEMA test_through_unneeded;
SET search_path = test_through_unneeded;

-- a document with a mark that cannot become JSON
CREATE TYPE mark AS ENUM ('good', 'bad');
CREATE FUNCTION mark_json(mark) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF $1 = 'bad' THEN RAISE EXCEPTION 'a bad mark'; END IF;
    RETURN '"good"'::json;
END $$;
CREATE CAST (mark AS json) WITH FUNCTION mark_json(mark);
CREATE TABLE doc (id int PRIMARY KEY, published bool, mark mark);
CREATE TABLE tagged (tag int, position int, doc int REFERENCES doc, PRIMARY KEY (tag, position, doc));
INSERT INTO doc SELECT i, i <> 20, CASE WHEN i IN (3, 20) THEN 'good' ELSE 'bad' END::mark FROM generate_series(1, 40) i;
INSERT INTO tagged SELECT 1, i, i FROM generate_series(1, 40) i;
INSERT INTO tagged SELECT 2, i, 3 FROM generate_series(1, 5) i;

CREATE FUNCTION on_both(query text) RETURNS TABLE (path text, result text) LANGUAGE plpgsql AS $$
BEGIN
    FOREACH path IN ARRAY '{direct,plan}'::text[] LOOP
        PERFORM set_config('dataloader.direct_scan', CASE path WHEN 'direct' THEN 'on' ELSE 'off' END, true);
        BEGIN
            EXECUTE query INTO result;
        EXCEPTION WHEN OTHERS THEN
            result := SQLSTATE || ': ' || SQLERRM;
        END;
        RETURN NEXT;
    END LOOP;
END $$;

SELECT * FROM dataloader.explain('doc', '{1}', by => 'tag', through => 'tagged', order_by => 'through.position', first => 1) LIMIT 1;

-- skip, first
SELECT * FROM on_both($$SELECT dataloader.load_many_json('doc', '{2,1}', by => 'tag', through => 'tagged', order_by => 'through.position', skip => 2, first => 1)$$);

-- a key that comes out short is read further: rows 4 to 19, which are not published, then some behind row 20
UPDATE doc SET published = id >= 20;
SELECT * FROM on_both($$SELECT dataloader.load_many_json('doc', '{1}', by => 'tag', through => 'tagged', order_by => 'through.position', filter => 'published', first => 1)$$);

-- cursors: between rows 2 and 4, and only before row 4
CREATE TABLE cursor AS SELECT position, (edge ->> 'cursor') AS c
    FROM json_array_elements(dataloader.load_connection('doc', '{1}', by => 'tag', through => 'tagged', order_by => 'through.position', columns => '{id}', first => 10) -> 0 -> 'edges')
    WITH ORDINALITY AS e (edge, position);
SELECT * FROM on_both($$SELECT dataloader.load_connection('doc', '{1}', by => 'tag', through => 'tagged', order_by => 'through.position',
    first => 1, after => ARRAY(SELECT c FROM cursor WHERE position = 2)) -> 0 -> 'edges' -> 0 -> 'node'$$);
SELECT * FROM on_both($$SELECT dataloader.load_connection('doc', '{1}', by => 'tag', through => 'tagged', order_by => 'through.position',
    last => 1, before => ARRAY(SELECT c FROM cursor WHERE position = 4)) -> 0 -> 'edges' -> 0 -> 'node'$$);

-- and what is needed fails, on both paths
SELECT * FROM on_both($$SELECT dataloader.load_many_json('doc', '{1}', by => 'tag', through => 'tagged', order_by => 'through.position', skip => 1, first => 2)$$);

\set VERBOSITY default
DROP SCHEMA test_through_unneeded CASCADE;

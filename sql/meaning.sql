-- What filter and order_by mean may change between two calls of the same text: by settings, by labels, collations and
-- attributes that are renamed or replaced, by the clock. Both paths give what plain SQL gives, also when they are warm.
SET client_min_messages = warning;
CREATE SCHEMA test_meaning;
SET search_path = test_meaning;

-- the ids by plain SQL, and what each path says after some calls of the same text, if that is not the same
CREATE FUNCTION ask(relation regclass, filter text, order_by text = 'id') RETURNS text LANGUAGE plpgsql AS $$
DECLARE wanted text; answer text; said text; path text;
BEGIN
    EXECUTE format('SELECT coalesce(string_agg(id::text, '','' ORDER BY %s), ''none'') FROM %s WHERE %s', order_by, relation, filter) INTO wanted;
    said := wanted;
    FOR n IN 0 .. 15 LOOP
        path := CASE WHEN n < 4 THEN 'direct' ELSE 'plan' END;
        PERFORM set_config('dataloader.direct_scan', (path = 'direct')::text, true);
        EXECUTE 'SELECT coalesce(nullif(regexp_replace(dataloader.load_many_json($1, ARRAY[1], by => ''k'', filter => $2, order_by => $3, columns => ARRAY[''id''])::text, ''[^0-9,]'', '''', ''g''), ''''), ''none'')'
            INTO answer USING relation, filter, order_by;
        IF answer <> wanted AND said NOT LIKE '%' || path || '%' THEN
            said := concat(said, ', but ', path, ' path ', answer);
        END IF;
    END LOOP;
    RETURN said;
END $$;

-- settings that functions depend on which are labelled immutable
CREATE TABLE t (id int PRIMARY KEY, k int DEFAULT 1, w text);
CREATE INDEX ON t (k);
INSERT INTO t (id, w) VALUES (1, '0.30000000000000004'), (2, '0.3'), (3, '\x61'), (4, 'a'), (5, 'abc'), (6, '"abc"'), (7, 'B');
PREPARE settings AS SELECT ask('t', 'w = (0.1::float8 + 0.2::float8)::text') AS float, ask('t', 'w = decode(''61'', ''hex'')::text') AS bytes, ask('t', 'w = quote_ident(''abc'')') AS name;
EXECUTE settings;
SET extra_float_digits = 0;
SET bytea_output = 'escape';
SET quote_all_identifiers = on;
EXECUTE settings;
RESET extra_float_digits;
RESET bytea_output;
RESET quote_all_identifiers;
EXECUTE settings;

-- labels of an enum
CREATE TYPE state AS ENUM ('on', 'off');
CREATE TABLE switch (id int PRIMARY KEY, k int DEFAULT 1, s state);
CREATE INDEX ON switch (k);
INSERT INTO switch (id, s) VALUES (1, 'on'), (2, 'off');
PREPARE labels AS SELECT ask('switch', 's = ''on''') AS filter, ask('switch', 'true', 'nullif(s, ''off'')') AS order_by;
EXECUTE labels;
ALTER TYPE state RENAME VALUE 'on' TO 'tmp';
ALTER TYPE state RENAME VALUE 'off' TO 'on';
ALTER TYPE state RENAME VALUE 'tmp' TO 'off';
EXECUTE labels;

-- collations: replaced, renamed, hidden by another of the name
CREATE COLLATION named (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
PREPARE collations AS SELECT ask('t', 'w COLLATE named = ''A''') AS filter, ask('t', 'id IN (4, 7)', 'w COLLATE named, id') AS order_by;
EXECUTE collations;
ALTER COLLATION named RENAME TO other;
CREATE COLLATION named (provider = libc, locale = 'C');
EXECUTE collations;
DROP COLLATION named;
ALTER COLLATION other RENAME TO named;
EXECUTE collations;
CREATE SCHEMA test_meaning_first;
SET search_path = test_meaning_first, test_meaning;
EXECUTE collations;
CREATE COLLATION test_meaning_first.named (provider = libc, locale = 'C');
EXECUTE collations;
DROP SCHEMA test_meaning_first CASCADE;
SET search_path = test_meaning;
EXECUTE collations;
-- without an expression, in the kept text of a plan
CREATE COLLATION linked (provider = icu, locale = 'de');
CREATE TABLE coded (code text COLLATE linked PRIMARY KEY);
CREATE TABLE link (k int, code text COLLATE "C");
INSERT INTO coded VALUES ('A');
INSERT INTO link VALUES (1, 'A');
SET dataloader.direct_scan = off;
PREPARE through AS SELECT dataloader.load_many_json('coded', '[1]', by => 'k', through => 'link', link => 'code');
EXECUTE through;
ALTER COLLATION linked RENAME TO linked_by;
EXECUTE through;
SET search_path = test_meaning, pg_catalog;
EXECUTE through;
SET search_path = test_meaning;
RESET dataloader.direct_scan;

-- attributes of a column's type: exchanged, dropped and added; in a function that is inlined, an array, a view
CREATE TYPE pair AS (a int, b int);
CREATE TABLE pairs (id int PRIMARY KEY, k int DEFAULT 1, p pair, ps pair[], other t);
CREATE INDEX ON pairs (k);
INSERT INTO pairs (id, p, ps, other) VALUES (1, (1, 2), ARRAY[(1, 2)::pair], (1, 0, 'x')), (2, (2, 1), ARRAY[(2, 1)::pair], (0, 1, 'x'));
CREATE FUNCTION a_of(pair) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a';
CREATE FUNCTION the_pair(pairs) RETURNS pair LANGUAGE sql IMMUTABLE AS 'SELECT ($1).p';
CREATE VIEW seen AS SELECT id, k, p FROM pairs;
PREPARE attributes AS SELECT ask('pairs', '(p).a = 1') AS filter, ask('pairs', 'true', '(p).a') AS order_by, ask('pairs', '(ps[1]).a = 1') AS arrays,
    ask('pairs', 'a_of(p) = 1') AS inlined, ask('pairs', '(the_pair(pairs)).a = 1') AS called, ask('seen', '(p).a = 1') AS view, ask('pairs', '(other).id = 1') AS other;
EXECUTE attributes;
ALTER TYPE pair RENAME ATTRIBUTE a TO x;
ALTER TYPE pair RENAME ATTRIBUTE b TO a;
ALTER TYPE pair RENAME ATTRIBUTE x TO b;
ALTER TABLE t RENAME id TO x;
ALTER TABLE t RENAME k TO id;
ALTER TABLE t RENAME x TO k;
EXECUTE attributes;
PREPARE replaced AS SELECT ask('pairs', '(p).b IS NULL') AS filter;
EXECUTE replaced;
ALTER TYPE pair DROP ATTRIBUTE b;
ALTER TYPE pair ADD ATTRIBUTE b text;
EXECUTE replaced;

-- the moment: in a function that is inlined, in one that this one calls, folded to another type, in two pieces
CREATE TABLE events (id int PRIMARY KEY, k int DEFAULT 1, at timestamptz);
CREATE INDEX ON events (k);
CREATE FUNCTION past(timestamptz) RETURNS bool LANGUAGE sql STABLE AS $$ SELECT $1 <= 'now'::timestamptz $$;
CREATE FUNCTION past_by_other(timestamptz) RETURNS bool LANGUAGE sql AS 'SELECT past($1)';
CREATE FUNCTION past_by_number(timestamp) RETURNS bool LANGUAGE sql IMMUTABLE AS $$ SELECT extract(epoch FROM $1) <= extract(epoch FROM 'now'::timestamp) $$;
CREATE FUNCTION recent(timestamptz) RETURNS bool LANGUAGE sql STABLE AS $$ SELECT $1 <@ ANY (ARRAY[tstzrange(NULL, 'now')]) $$;
PREPARE moments AS SELECT ask('events', 'past(at)') AS inlined, ask('events', 'past_by_other(at)') AS by_other, ask('events', 'past_by_number(at::timestamp)') AS by_number,
    ask('events', 'recent(at)') AS range, ask('events', E'at <= ''no''  -- piece\n  ''w''::timestamptz') AS pieces, ask('events', 'id IN (SELECT e.id FROM events e WHERE past(e.at))') AS subquery,
    ask('events', 'at < ''2020-01-02'' AND past(at)') AS constant;
EXECUTE moments;
INSERT INTO events (id, at) VALUES (1, '2020-01-01'), (2, clock_timestamp());
SELECT pg_sleep(0.01);
EXECUTE moments;

DROP SCHEMA test_meaning CASCADE;

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

DROP SCHEMA test_meaning CASCADE;

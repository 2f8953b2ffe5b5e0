-- Garbage for each argument of each function, as pg_proc has them: an answer or a clean error, never an
-- internal one, and the same on both paths. A new function or argument is found here by itself.
SET client_min_messages = warning;
\set VERBOSITY terse
SET max_stack_depth = '300kB';
CREATE SCHEMA test_arguments;
SET search_path = test_arguments;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TYPE pair AS (a int, b text);
CREATE TABLE item (id int PRIMARY KEY, grp int, w text, at timestamptz, n numeric, u uuid, m mood, b bytea, arr text[], doc jsonb);
INSERT INTO item SELECT g, g % 3, 'w' || g, timestamptz '2024-01-01 00:00Z' + g * interval '1 second', g / 3.0, md5(g::text)::uuid, 'good', decode(md5(g::text), 'hex'), ARRAY['a' || g], '[1]' FROM generate_series(1, 20) g;
CREATE INDEX ON item (grp, at);
CREATE TABLE link (item_id int, other_id int REFERENCES item, PRIMARY KEY (item_id, other_id));
INSERT INTO link SELECT g, 1 + g * 7 % 20 FROM generate_series(1, 20) g;
CREATE VIEW seen AS SELECT id, grp FROM item;
CREATE MATERIALIZED VIEW unpopulated AS SELECT * FROM item WITH NO DATA;
CREATE TABLE parts (id int, w text) PARTITION BY LIST (id);
CREATE SEQUENCE numbers;
CREATE DOMAIN item_domain AS item;
CREATE DOMAIN small AS int CHECK (VALUE < 100);
CREATE TABLE gone (id int PRIMARY KEY);
SELECT 'gone'::regclass::oid AS gone \gset
DROP TABLE gone;

-- what a call has by default; other arguments are left out
CREATE TABLE usual (argument text, type regtype, value text, PRIMARY KEY (argument, type));
INSERT INTO usual VALUES ('relation', 'anyelement', 'NULL::item'), ('relation', 'regclass', '''item'''), ('keys', 'anycompatiblearray', 'ARRAY[1,NULL,20]'), ('keys', 'text', '''{1,2,3}'''), ('by', 'text', '''id''');

CREATE TABLE garbage (type regtype, value text, no serial);
INSERT INTO garbage (type, value) SELECT 'text', CASE WHEN v IS NULL THEN 'NULL' ELSE quote_literal(v) END FROM unnest(ARRAY[NULL, '', ' ', E'\n', ',', '*', 'id', 'ID', '"id"', '"ID"', '"', '""', '"id', 'id"', '''', '''''', ';', '--', '/*', '\', '\x', '$', '$1', '$0', '$99999', '$99999999999', '$1::int', 'id, id', 'id,', ',id', 'id w',
    'NULL', 'true', 'false', '1', '1.5', '(SELECT 1)', 'SELECT 1', 'item', 'item.*', 'item.id', 'test_arguments.item.id', 'link.item_id', 'through.item_id', 'ctid', 'tableoid', 'xmin', '(id)', 'id = 1', 'id = ''x''', 'w = 1', 'count(*) > 0', 'row_number() OVER () > 0', 'generate_series(1, 3)', 'grouping(id)', 'DEFAULT', 'id DESC NULLS FIRST', 'id USING <', 'id USING =', 'w COLLATE "C"', 'w COLLATE nope', 'nope(id)', 'id = ANY ($1)', 'id IN (SELECT 1)', 'EXISTS (SELECT)', 'pg_notify(''a'', ''b'') IS NULL', 'lastval() > 0', 'id::nope', 'm = ''nope''', 'm', 'doc', 'arr', 'arr[1]', 'doc->0', 'ROW(id)', 'ROW(id, w) = ROW(1, ''w1'')', 'item IS NULL', 'b', 'u',
    '{1,2}', '[1,2]', '{', '}', '[', ']', '{}', '[]', '{NULL}', '[null]', '{1,2', '[1,2', '{1,,2}', '[1,,2]', '{1,{2}}', '{{1},{2}}', '{{1,2},{3}}', '[[1],[2]]', '[[1,2],[3]]', '[[]]', '[[[1]]]', '[1]x', '{1}x', ' [1] ', ' {1} ', '[true]', '[{}]', '["a"]', '["1"]', '[1e400]', '[1e-400]', '[-0]', '[0.1]', '[99999999999999999999]', '["\u0000"]', '["\ud800"]', '["\x"]', '["é"]', '{"1', '{"1"}', '{\1}', '[0:1]={1,2}', '[1:1]', '[2147483647:2147483648]={1,2}', '[-2147483648:-2147483647]={1,2}', '{"(1,2)"}', '{"(1"}', '{()}', '[[1,"a"]]', 'null', '"x"', '{"a":1}',
    repeat('x', 62), repeat('x', 63), repeat('x', 64), repeat('é', 31), repeat('é', 32), repeat('"', 999), repeat('(', 3000), repeat('[', 5001), repeat('{', 3000), repeat('[', 5000) || repeat(']', 5000), repeat('-', 3000) || '1', repeat('id,', 2000) || 'id', repeat('NOT ', 3000) || 'true', repeat('id = 1 OR ', 200) || 'true', 'id = 1' || repeat(' + 0', 500), '{' || repeat('1,', 1999) || '1}', '[' || repeat('1,', 1999) || '1]', repeat('x', 99999), '"' || repeat('x', 99999) || '"', U&'\2028', U&'\feff', E'\x01', U&'id\00a0']) v;
INSERT INTO garbage (type, value) SELECT 'integer', v FROM unnest(ARRAY['NULL', '0', '1', '-1', '2147483647', '(-2147483648)']) v;
INSERT INTO garbage (type, value) SELECT 'boolean', v FROM unnest(ARRAY['NULL', 'true', 'false']) v;
INSERT INTO garbage (type, value) SELECT 'jsonb', v FROM unnest(ARRAY['NULL', '''null''', '''[]''', '''{}''', '''"x"''', '''1''', '''[null]''', '''[1]''', '''["1"]''', '''["x"]''', '''[1,2]''', '''[[1]]''', '''[[1,[2]]]''', '''[[[[[[[[1]]]]]]]]''', '''[{"a":1}]''', '''[[{"a":1}]]''', '''[1e300]''', '''[true]''', '''[""]''', '''["\u00e9"]''',
    '(repeat(''['', 3000) || repeat('']'', 3000))::jsonb', 'jsonb_build_array(repeat(''x'', 99999))', 'to_jsonb(array_fill(1, ARRAY[9999]))', 'jsonb_build_array(to_jsonb(array_fill(1, ARRAY[9999])))']) v;
INSERT INTO garbage (type, value) SELECT 'text[]', v FROM unnest(ARRAY['NULL', '''{}''', '''{NULL}''', '''{id}''', '''{ID}''', '''{id,id}''', '''{{id,w}}''', '''{nope}''', '''{""}''', '''{" id"}''', '''{"\"id\""}''', '''{*}''', '''{id,NULL}''', '''{NULL,NULL,NULL}''', '''{x,x,x}''', '''{"","",""}''', '''{W10=,W10=,W10=}''', '''{bnVsbA==,e30=,WzFd}''', '''[0:1]={id,w}''', '''{ctid}''', 'array_fill(''id''::text, ARRAY[2000])', 'ARRAY[repeat(''x'', 63), repeat(''x'', 64)]', 'array_fill(repeat(''A'', 90000), ARRAY[3])', 'array_fill(''id''::text, ARRAY[1,1,1,1,1,1])']) v;
INSERT INTO garbage (type, value) SELECT 'regclass', v FROM unnest(ARRAY['NULL', '0::oid::regclass', '1::oid::regclass', '4294967295::oid::regclass', :'gone' || '::oid::regclass', '''item''', '''link''', '''item_pkey''', '''numbers''', '''pair''', '''seen''', '''unpopulated''', '''parts''', '''pg_class''', '''pg_stat_activity''', '''information_schema.columns''', '''usual''', '''nope''', '''"item''', '''''',
    '(SELECT reltoastrelid::regclass FROM pg_class WHERE oid = ''item''::regclass)', '(SELECT indexrelid::regclass FROM pg_index WHERE indrelid = ''pg_class''::regclass LIMIT 1)']) v;
INSERT INTO garbage (type, value) SELECT 'anyelement', v FROM unnest(ARRAY['NULL', 'NULL::item', 'NULL::int', '1', '''x''::text', 'NULL::record', 'ROW(1, 2)', '(SELECT i FROM item i LIMIT 1)', 'NULL::item_domain', 'NULL::item[]', 'ARRAY[NULL::item]', 'NULL::seen', 'NULL::unpopulated', 'NULL::parts', 'NULL::pair', '(1, ''x'')::pair', 'NULL::mood', 'NULL::small', 'NULL::pg_class', 'NULL::pg_stat_activity', 'NULL::numbers', 'NULL::json', 'NULL::oid', '''item''::regclass', 'NULL::int4range', 'current_timestamp']) v;
INSERT INTO garbage (type, value) SELECT 'anycompatiblearray', v FROM unnest(ARRAY['NULL', 'NULL::int[]', 'ARRAY[]::int[]', '''{}''::text[]', 'ARRAY[NULL]::int[]', 'ARRAY[NULL]::record[]', 'ARRAY[1]', 'ARRAY[1::int2]', 'ARRAY[5000000000]', 'ARRAY[1.5]', 'ARRAY[''NaN''::numeric]', 'ARRAY[''NaN''::float8, ''-0'', ''inf'']', 'ARRAY[1e300::float8]', 'ARRAY[''1''::text]', 'ARRAY[repeat(''x'', 99999)]', 'ARRAY[''1''::name]', 'ARRAY[''1''::"char"]', 'ARRAY[''1''::bpchar]', 'ARRAY[true]', 'ARRAY[1::oid]', 'ARRAY[''item''::regclass]', 'ARRAY[1::small]', 'ARRAY[''good''::mood]',
    'ARRAY[date ''infinity'']', 'ARRAY[current_timestamp]', 'ARRAY[interval ''1 day'']', 'ARRAY[''{}''::json]', 'ARRAY[''{}''::jsonb]', 'ARRAY[''<a/>''::xml]', 'ARRAY[''(1,1)''::point]', 'ARRAY[''[1,2)''::int4range]', 'ARRAY[''{[1,2)}''::int4multirange]', 'ARRAY[''a b''::tsvector]', 'ARRAY[''\x00''::bytea]', 'ARRAY[B''101'']', 'ARRAY[''::1''::inet]', 'ARRAY[1::money]', 'ARRAY[''(0,1)''::tid]', 'ARRAY[gen_random_uuid()]',
    'ARRAY[ROW()]', 'ARRAY[ROW(1)]', 'ARRAY[ROW(1, ''x'')]', 'ARRAY[ROW(NULL)]', 'ARRAY[ROW(ROW(1))]', 'ARRAY[ROW(1), NULL]', 'ARRAY[(1, ''x'')::pair]', 'ARRAY[NULL::pair]', '(SELECT array_agg(i) FROM item i)', '(SELECT array_agg(c) FROM (SELECT * FROM pg_class LIMIT 2) c)', 'ARRAY[ARRAY[1, 2], ARRAY[3, 4]]', 'array_fill(1, ARRAY[2, 2, 2, 2, 2, 2])', '''[-2147483648:-2147483647]={1,2}''::int[]', '''[2147483646:2147483647]={1,2}''::int[]', '''1 2''::int2vector', '''1 2''::oidvector', 'ARRAY[ROW(ARRAY[1])]', 'array_fill(7, ARRAY[1999])', '1', '''{1}''::text', 'ARRAY[''pg_class''::regclass, NULL]']) v;

CREATE FUNCTION answer(query text, OUT state text, OUT result text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE query INTO result;
    state := 'ok';
EXCEPTION WHEN OTHERS THEN
    state := sqlstate;
    result := sqlerrm;
END $$;
CREATE TABLE outcomes (function regprocedure, argument text, state text);
CREATE TABLE wrong (what text, result text, call text);
CREATE FUNCTION call(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE direct record; plan record;
BEGIN
    PERFORM set_config('dataloader.direct_scan', 'on', true);
    direct := test_arguments.answer(query);
    PERFORM set_config('dataloader.direct_scan', 'off', true);
    plan := test_arguments.answer(query);
    -- (explain tells the path, and so differs)
    IF direct.state <> plan.state OR query !~ 'dataloader.explain' AND direct.result IS DISTINCT FROM plan.result THEN
        INSERT INTO test_arguments.wrong VALUES ('paths', direct.state || ' ' || left(direct.result, 200) || ' / ' || plan.state || ' ' || left(plan.result, 200), left(query, 300));
    ELSIF direct.state ~ '^(XX|58|57)' THEN
        INSERT INTO test_arguments.wrong VALUES (direct.state, left(direct.result, 200), left(query, 300));
    END IF;
    RETURN direct.state;
END $$;
-- the call with some arguments given, others as usual; sorted, since rows without order_by may come in any order
CREATE FUNCTION call_of(function oid, given jsonb) RETURNS text LANGUAGE sql AS $$
SELECT format('SELECT string_agg(x::text, '' '' ORDER BY x::text) FROM dataloader.%I(%s) x', proname, string_agg(format('%I => %s', a.name, coalesce(given->>a.name, value)), ', ' ORDER BY a.no))
FROM pg_proc, LATERAL (SELECT name, no, value FROM unnest(proargnames, proargtypes::oid[]) WITH ORDINALITY u(name, type, no) LEFT JOIN test_arguments.usual ON argument = name AND usual.type = u.type WHERE u.type IS NOT NULL) a
WHERE oid = function AND (given ? a.name OR value IS NOT NULL) GROUP BY proname $$;
CREATE VIEW arguments AS
SELECT p.oid::regprocedure AS function, a.name, a.type::regtype, p.proname FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' AND p.prorettype <> 'internal'::regtype
    JOIN pg_extension e ON e.oid = d.refobjid AND extname = 'dataloader', LATERAL unnest(proargnames, proargtypes::oid[]) WITH ORDINALITY a(name, type, no)
WHERE a.type IS NOT NULL;

-- there is garbage for the type of each argument, and what is needed for a call
SELECT DISTINCT name, type FROM arguments WHERE type NOT IN (SELECT type FROM garbage);
SELECT function FROM (SELECT DISTINCT function FROM arguments) f WHERE call(call_of(function, '{}')) <> 'ok';

-- each function, each argument, each piece of garbage
DO $$
BEGIN
    INSERT INTO test_arguments.outcomes SELECT a.function, a.name, test_arguments.call(test_arguments.call_of(a.function, jsonb_build_object(a.name, g.value)))
    FROM test_arguments.arguments a JOIN test_arguments.garbage g USING (type)
    WHERE length(g.value) < 500 OR a.name = 'keys' OR a.function::text ~ '(load_one|load_many_json|load_connection)\([a-z]*,text,';
    -- for options that need others
    INSERT INTO test_arguments.outcomes SELECT a.function, a.name, test_arguments.call(test_arguments.call_of(a.function, w.given || jsonb_build_object(a.name, g.value)))
    FROM test_arguments.arguments a JOIN test_arguments.garbage g USING (type), LATERAL (VALUES ('{"through": "''link''", "by": "''item_id''"}'::jsonb, 'through,link,filter,order_by,by'), ('{"filter": "''id = $1''"}', 'args'), ('{"filter": "''w = $1''"}', 'args'), ('{"filter": "''id = ANY ($1)''"}', 'args'),
        ('{"filter": "''arr = $1''"}', 'args'), ('{"filter": "''doc @> $1 OR $2::bool''"}', 'args'), ('{"args": "''[1]''"}', 'filter'), ('{"keys": "''[[1,2]]''", "by": "''id,grp''"}', 'keys,relation'), ('{"first": "2"}', 'last,skip,after,before'), ('{"last": "2"}', 'after,before')) w(given, arguments)
    WHERE a.name = ANY (string_to_array(w.arguments, ',')) AND a.function::text ~ '(load_one|load_many_json|load_connection)\([a-z]*,text,' AND w.given - 'through' - 'by' - 'filter' - 'args' - 'keys' - 'first' - 'last' = '{}'
        AND NOT EXISTS (SELECT FROM jsonb_object_keys(w.given) k WHERE k NOT IN (SELECT name FROM test_arguments.arguments o WHERE o.function = a.function)) AND NOT (a.type = 'anycompatiblearray'::regtype AND w.given ? 'keys');
    -- and one of 499 pairs
    INSERT INTO test_arguments.outcomes SELECT a.function, 'pair', test_arguments.call(test_arguments.call_of(a.function, jsonb_build_object(a.name, g.value, b.name, h.value)))
    FROM test_arguments.arguments a JOIN test_arguments.garbage g USING (type) JOIN test_arguments.arguments b USING (function) JOIN test_arguments.garbage h ON h.type = b.type
    WHERE a.name < b.name AND (g.no * 31 + h.no) % 499 = 0 AND length(g.value) < 200 AND length(h.value) < 200 AND a.proname ~ 'load_many_json|load_connection|load_one$';
END $$;
SELECT count(*) > 6000 AS many, count(*) FILTER (WHERE state = 'ok') > 800 AS answers, count(DISTINCT state) > 20 AS of_many_kinds FROM outcomes;
SELECT function, name FROM arguments EXCEPT SELECT function, argument FROM outcomes;
SELECT what, result, min(call) AS call, count(*) FROM wrong GROUP BY what, result ORDER BY what, result;

-- Cursors with each byte changed, of their text and of what it says, and cut off anywhere: an answer (the
-- change made another valid cursor) or a clean error.
CREATE TABLE cursors AS
SELECT order_by, dataloader.load_connection('item', ARRAY[1], by => 'grp', order_by => order_by, first => 2)->0->'edges'->1->>'cursor' AS cursor
FROM unnest(ARRAY['at DESC, n', 'w, b', 'u, m, arr']) order_by;
CREATE VIEW changed AS
SELECT order_by, 'text' AS what, overlay(cursor PLACING c FROM i FOR 1) AS cursor FROM cursors, generate_series(1, length(cursor)) i,
    unnest(ARRAY['A', '/', '+', '=', '-', ' ', '!', 'é', '', 'AA', '"', '%']) c
UNION ALL SELECT order_by, 'bytes', encode(set_byte(bytes, i, get_byte(bytes, i) # mask), 'base64') FROM cursors, decode(cursor, 'base64') bytes, generate_series(0, length(bytes) - 1) i, unnest(ARRAY[1, 2, 4, 8, 16, 32, 64, 128, 255]) mask
UNION ALL SELECT order_by, 'zero', encode(set_byte(bytes, i, 0), 'base64') FROM cursors, decode(cursor, 'base64') bytes, generate_series(0, length(bytes) - 1) i
UNION ALL SELECT order_by, 'cut', left(cursor, i) FROM cursors, generate_series(0, length(cursor) - 1) i
UNION ALL SELECT order_by, 'cut bytes', encode(substr(bytes, 1, i), 'base64') FROM cursors, decode(cursor, 'base64') bytes, generate_series(0, length(bytes) - 1) i
UNION ALL SELECT order_by, 'more', cursor || m FROM cursors, unnest(ARRAY['A', '=', '====', cursor, 'é']) m
UNION ALL SELECT c.order_by, 'of another order', o.cursor FROM cursors c JOIN cursors o ON o.order_by <> c.order_by;
CREATE TABLE cursor_outcomes AS
SELECT what, call(format('SELECT dataloader.load_connection(''item'', ARRAY[1], by => ''grp'', order_by => %L, %s => 2, %s => %L)', order_by, side, CASE side WHEN 'first' THEN 'after' ELSE 'before' END, ARRAY[replace(cursor, E'\n', '')])) AS state
FROM changed, unnest(ARRAY['first', 'last']) side;
SELECT what, count(*) > 20 OR what IN ('more', 'of another order') AS many, count(*) FILTER (WHERE state <> 'ok') > count(*) / 2 AS most_refused,
    string_agg(DISTINCT CASE WHEN state ~ '^(22|54000)' THEN 'clean' WHEN state = 'ok' THEN 'ok' ELSE state END, ' ') AS states FROM cursor_outcomes GROUP BY what ORDER BY what;
-- 10 MB and 100 MB of key text: one key, brackets, blanks, too many keys, nothing at all
SET dataloader.max_keys = 1000000;
SELECT what, call(format('SELECT md5(dataloader.load_one_json(''item'', %s, by => %L)::text)', keys, by)) AS state
FROM (VALUES ('one key, JSON', '''["'' || repeat(''x'', 10000000) || ''"]''', 'w'), ('one key, literal', '''{'' || repeat(''x'', 10000000) || ''}''', 'w'), ('one number', '''['' || repeat(''1'', 10000000) || '']''', 'id'), ('one number, literal', '''{'' || repeat(''1'', 10000000) || ''}''', 'n'),
    ('brackets', 'repeat(''['', 10000000)', 'id'), ('braces', 'repeat(''{'', 10000000)', 'id'), ('closed braces', 'repeat(''{'', 5000000) || repeat(''}'', 5000000)', 'id'), ('blanks', '''['' || repeat('' '', 10000000) || ''1]''', 'id'), ('blanks, literal', '''{'' || repeat('' '', 10000000) || ''1}''', 'id'),
    ('many keys', '''{'' || repeat(''1,'', 5000000) || ''1}''', 'id'), ('many keys, JSON', '''['' || repeat(''1,'', 5000000) || ''1]''', 'id'), ('commas', 'repeat('','', 10000000)', 'id'), ('100 MB of brackets', 'repeat(''['', 100000000)', 'id'), ('100 MB of letters', 'repeat(''x'', 100000000)', 'id'), ('letters', 'repeat(''x'', 10000000)', 'id'), ('an unclosed string', '''["'' || repeat(''x'', 10000000)', 'w'), ('escapes', '''["'' || repeat(''\n'', 5000000) || ''"]''', 'w')) t(what, keys, by);
SELECT what, result, min(call) AS call, count(*) FROM wrong GROUP BY what, result ORDER BY what, result;

DROP SCHEMA test_arguments CASCADE;

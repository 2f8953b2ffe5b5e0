-- Every relation of the database, every column as the key, odd keys and odd options: an answer or a
-- clean error, never an internal one, and both paths the same.
SET client_min_messages = warning;
CREATE SCHEMA test_garden;
SET search_path = test_garden, public;
CREATE TABLE seen (sqlstate text, message text, call text, n bigint);

CREATE FUNCTION answer(query text, OUT state text, OUT result text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE query INTO result;
    state := 'ok';
EXCEPTION WHEN OTHERS THEN
    state := sqlstate;
    result := sqlerrm;
END $$;
CREATE TABLE outcomes (state text);
-- counts what each path says; internal errors and differences between the paths are kept
CREATE FUNCTION call(query text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE direct record; plan record;
BEGIN
    PERFORM set_config('dataloader.direct_scan', 'on', true);
    direct := answer(query);
    PERFORM set_config('dataloader.direct_scan', 'off', true);
    plan := answer(query);
    INSERT INTO outcomes VALUES (direct.state);
    IF direct.state <> plan.state OR direct.state <> 'ok' AND direct.result <> plan.result OR length(direct.result) <> length(plan.result) THEN
        INSERT INTO seen VALUES ('paths', direct.state || ' ' || left(direct.result, 200) || ' / ' || plan.state || ' ' || left(plan.result, 200), query, 1);
    ELSIF direct.state ~ '^(XX|58|57)' THEN
        INSERT INTO seen VALUES (direct.state, direct.result, query, 1);
    END IF;
END $$;

-- each relation of the system, by each of its columns, with keys that are there and keys that are not
DO $$
DECLARE r record; n int := 0;
BEGIN
    FOR r IN
        SELECT c.oid, c.relkind, a.attname, c.relname FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE s.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
            AND c.relname !~ '^pg_stat|^pg_(file|hba|ident|config|shmem|backend_mem|replication|wal|locks|cursors|prepared|settings|timezone|statistic|largeobject|available)|^(_pg|sql_|view_|triggered|column_|role_|data_type|element|check_con|user_|foreign|usage|udt)'
        ORDER BY c.relname COLLATE "C", a.attnum
    LOOP
        -- (as text, so that the keys are read by the column's type)
        PERFORM test_garden.call(format('SELECT count(*) FROM json_array_elements(dataloader.load_many_json(%s::regclass, (SELECT json_agg(x)::text FROM (SELECT DISTINCT t.%I::text AS x FROM %s t LIMIT 2) q), by => %L, first => 2))', r.oid, r.attname, r.oid::regclass, quote_ident(r.attname)));
        n := n + 1;
    END LOOP;
    RAISE WARNING 'enough columns: %', n > 300;
END $$;

-- one small table, every third combination of odd arguments
CREATE TABLE t (id int PRIMARY KEY, grp int, w text, arr int[], j json, p point, x xml);
CREATE INDEX ON t (grp);
INSERT INTO t SELECT i, i % 3, 'w' || i, ARRAY[i], '1', '(0,0)', NULL FROM generate_series(1, 9) i;
DO $$
DECLARE verb text; keys text; by_what text; rest text; n int := 0;
BEGIN
    FOREACH verb IN ARRAY ARRAY['load_one_json(''test_garden.t''', 'load_many_json(''test_garden.t''', 'load_one(NULL::test_garden.t', 'load_many(NULL::test_garden.t', 'load_rows(NULL::test_garden.t', 'load_count(''test_garden.t''', 'load_connection(''test_garden.t'''] LOOP
        FOREACH keys IN ARRAY ARRAY['NULL', '''''', '''[]''', '''{}''', '''[1,2,null]''', '''[[1],[2]]''', '''[[1,2],[2,3]]''', '''[[[1]]]''', '''{{1},{2}}''', '''[{}]''', '''["a",1]''', '''[1e400]''', '''[-0]''', '''{"(1,2)"}''', ''' ''', '''[''', '''{''', '''[,]''', '''\x''',
                '''[0:1]={1,2}''', '''[1:1]''', 'ARRAY[1]', 'ARRAY[]::int[]', 'ARRAY[NULL]::int[]', 'ARRAY[1::bigint]', 'ARRAY[1.5]', 'ARRAY[''1''::text]', 'ARRAY[ROW(1)]', 'ARRAY[ROW(1, 2)]', 'ARRAY[ROW()]', 'ARRAY[NULL]::record[]', 'ARRAY[ROW(ROW(1))]', 'ARRAY[ROW(NULL)]', 'ARRAY[ARRAY[1]]', 'ARRAY[true]', 'ARRAY[''(1,2)''::point]', 'ARRAY[''1''::json]', 'ARRAY[current_timestamp]', 'ARRAY[NULL::test_garden.t]', 'ARRAY[''a''::name]', 'ARRAY[''<a/>''::xml]', 'ARRAY[1]::oid[]', 'ARRAY[''1''::"char"]', 'array_fill(1, ARRAY[2,2,2])', '''1''::unknown', '1', 'ARRAY[''{1}''::int[]::text]'] LOOP
            FOREACH by_what IN ARRAY ARRAY['NULL', '''id''', '''grp''', '''w''', '''arr''', '''j''', '''p''', '''x''', '''id,grp''', '''grp, w''', '''nope''', '''''', ''','''] LOOP
                FOREACH rest IN ARRAY ARRAY['', ', through => ''test_garden.t'', link => ''grp''', ', filter => ''id > 1''', ', order_by => ''id DESC''', ', filter => ''$1''', ', args => ''[]''', ', first => 1, after => ''{x,NULL}''', ', last => 2, total_count => true'] LOOP
                    n := n + 1;
                    CONTINUE WHEN n % 3 <> 0;
                    PERFORM test_garden.call(format('SELECT string_agg(x::text, '' '') FROM dataloader.%s, %s, by => %s%s) x', verb, keys, by_what, rest));
                END LOOP;
            END LOOP;
        END LOOP;
    END LOOP;
END $$;
SELECT count(*) FILTER (WHERE state = 'ok') > 1000 AS many_answers, count(*) FILTER (WHERE state <> 'ok') > 3000 AS many_errors, count(DISTINCT state) >= 10 AS of_many_kinds FROM outcomes;
SELECT sqlstate, message, min(call) AS call, count(*) FROM seen GROUP BY sqlstate, message ORDER BY sqlstate, message;

DROP SCHEMA test_garden CASCADE;

-- What sqlsmith finds, besides the system's own: relations of several kinds, arguments for the
-- extension's functions in columns of their types, and functions that make a right call of any numbers.
CREATE EXTENSION dataloader;
CREATE SCHEMA shop;
GRANT USAGE ON SCHEMA shop TO PUBLIC;
SET search_path = shop;

CREATE TYPE kind AS ENUM ('cash', 'card', 'none');
CREATE TABLE account (id int PRIMARY KEY, owner int, kind kind, balance numeric(12,2), note text, opened timestamptz, tags text[], doc jsonb);
INSERT INTO account SELECT g, nullif(g % 60, 7), (enum_range(NULL::kind))[1 + g % 3], g * 1.5, repeat('n', g % 30),
    timestamptz '2024-01-01 00:00Z' + g * interval '1 hour', ARRAY['t' || g % 5], jsonb_build_object('n', g) FROM generate_series(1, 1500) g;
CREATE INDEX ON account (owner, opened DESC, id);
CREATE INDEX ON account (note, id);
CREATE TABLE tag (id bigint PRIMARY KEY, name text COLLATE "C" UNIQUE);
INSERT INTO tag SELECT g, 'tag ' || g FROM generate_series(1, 50) g;
CREATE TABLE account_tag (account_id int REFERENCES account, tag_id bigint REFERENCES tag, rank int, PRIMARY KEY (account_id, tag_id));
INSERT INTO account_tag SELECT a, 1 + (a * t) % 50, t FROM generate_series(1, 1500) a, generate_series(1, 3) t ON CONFLICT DO NOTHING;
CREATE TABLE measure (id int, day date, value float8, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE measure_1 PARTITION OF measure FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE measure_2 PARTITION OF measure FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
INSERT INTO measure SELECT g % 40, date '2024-01-01' + g % 59, g / 7.0 FROM generate_series(1, 1500) g ON CONFLICT DO NOTHING;
CREATE VIEW rich AS SELECT id, owner, balance FROM account WHERE balance > 1000;
CREATE MATERIALIZED VIEW owners AS SELECT owner, count(*) AS n FROM account GROUP BY owner;
CREATE TABLE secret (id int PRIMARY KEY, owner int, word text);
INSERT INTO secret SELECT g, g % 20, 'word ' || g FROM generate_series(1, 200) g;
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON secret USING (owner < 10);

-- one row for each sensible value of each argument, and some that are not
CREATE TABLE argument (relation regclass, through regclass, keys text, numbers int[], bigs bigint[], names text[], by text, link text, filter text, args jsonb,
    order_by text, number int, columns text[], cursors text[], total bool);
INSERT INTO argument SELECT
    (ARRAY['account', 'tag', 'account_tag', 'measure', 'measure_1', 'rich', 'owners', 'secret']::regclass[])[1 + g % 8],
    CASE WHEN g % 4 = 0 THEN regclass 'account_tag' END,
    (ARRAY['{1,2,3}', '[1,null,2]', '[]', '{tag 1,tag 2}', '[[1,"2024-01-05"]]', '{"(1,2)"}', '[1,', NULL])[1 + g / 3 % 8],
    ARRAY[g, NULL, g + 1], ARRAY[g, 5000000000], ARRAY['tag ' || g, 'nnn'],
    (ARRAY['id', 'owner', 'account_id', 'id, day', 'note', NULL, 'nope', '"id'])[1 + g / 5 % 8],
    (ARRAY[NULL, 'tag_id', 'account_id'])[1 + g % 3],
    (ARRAY[NULL, 'id > 5', 'id > $1', 'through.rank = 1', '1 / (id - 5) > 0', 'exists (select from shop.tag)', 'random() < 0.5'])[1 + g / 7 % 7],
    (ARRAY[NULL, '[]', '[1]', '["x"]', '{}'])[1 + g / 2 % 5]::jsonb,
    (ARRAY[NULL, 'id', 'id DESC', 'opened DESC, id', 'through.rank, name', 'note NULLS FIRST'])[1 + g / 4 % 6],
    g % 6 - 1, (ARRAY['{id}', '{}', NULL, '{owner,id}', '{id,id}'])[1 + g / 6 % 5]::text[], ARRAY[NULL, 'WyJ4Il0='], g % 2 = 0
FROM generate_series(1, 200) g;

-- The same on both paths, or it is for the log: the runner looks for it there.
CREATE FUNCTION same(query text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    answers text[]; answer text;
BEGIN
    FOR path IN 0 .. 1 LOOP
        PERFORM pg_catalog.set_config('dataloader.direct_scan', path::pg_catalog.text, true);
        BEGIN
            EXECUTE query INTO answer;
        EXCEPTION
            WHEN internal_error THEN RAISE;
            WHEN OTHERS THEN answer := sqlstate || ' ' || sqlerrm;
        END;
        answers := answers || answer;
    END LOOP;
    IF answers[1] IS DISTINCT FROM answers[2] THEN
        RAISE 'paths differ: % / % in %', left(answers[1], 200), left(answers[2], 200), query USING ERRCODE = 'DL001';
    END IF;
    RETURN answers[1];
END $$;
CREATE FUNCTION one_of(VARIADIC choices text[]) RETURNS text LANGUAGE sql IMMUTABLE AS
'SELECT choices[1 + abs(coalesce(choices[1]::int, 0)) % (cardinality(choices) - 1) + 1]';

CREATE FUNCTION many(keys int[], filter int, ordering int, first int, columns int) RETURNS json LANGUAGE sql STABLE AS $$
SELECT to_json(shop.same(format('SELECT dataloader.load_many_json(''shop.account'', %L::int[], by => ''owner'', filter => %L, order_by => %L, first => %L, columns => %L)', keys,
    shop.one_of((filter % 1000)::text, NULL, 'id % 3 = 0', 'kind = ''card''', 'balance > 500 AND note LIKE ''n%''', 'EXISTS (SELECT FROM shop.tag t WHERE t.id = account.id)'),
    shop.one_of((ordering % 1000)::text, 'id', 'opened DESC, id', 'note, id DESC', 'balance / 2 DESC, id'), abs(first % 10),
    shop.one_of((columns % 1000)::text, '{id}', '{owner,id,tags}', '{doc,kind,opened}', NULL)))) $$;
CREATE FUNCTION one(keys text, ordering int) RETURNS json LANGUAGE sql STABLE AS $$
SELECT to_json(shop.same(format('SELECT dataloader.load_one_json(%L, %L, by => ''id'', order_by => %L)', shop.one_of((ordering % 1000)::text, 'shop.account', 'shop.tag', 'shop.rich', 'shop.measure', 'shop.secret'), keys,
    CASE WHEN ordering % 2 = 0 THEN 'id' END))) $$;
CREATE FUNCTION counted(keys bigint[], relation int, at_most int) RETURNS bigint[] LANGUAGE sql STABLE AS $$
SELECT CASE WHEN answer ~ '^\{' THEN answer::bigint[] END
FROM shop.same(format('SELECT dataloader.load_count(%L, %L::bigint[], by => ''owner'', at_most => %L)', shop.one_of((relation % 1000)::text, 'shop.account', 'shop.rich', 'shop.owners', 'shop.secret'), keys, abs(at_most % 100))) answer $$;
CREATE FUNCTION typed(keys int[], first int) RETURNS text LANGUAGE sql STABLE AS $$
SELECT shop.same(format('SELECT string_agg(l::text, '' '') FROM dataloader.load_rows(NULL::shop.account, %L::int[], by => ''owner'', order_by => ''id'', first => %L) l', keys, abs(first % 10)))
    || shop.same(format('SELECT string_agg(l::text, '' '') FROM dataloader.load_one(NULL::shop.account, %L::int[]) l', keys)) $$;
CREATE FUNCTION through(keys int[], ordering int, first int) RETURNS text LANGUAGE sql STABLE AS $$
SELECT shop.same(format('SELECT string_agg(l::text, '' '') FROM dataloader.load_many(NULL::shop.tag, %L::int[], by => ''account_id'', through => ''shop.account_tag'', order_by => %L, first => %L) l', keys,
    shop.one_of((ordering % 1000)::text, 'id', 'through.rank, id', 'name DESC'), abs(first % 10))) $$;
CREATE FUNCTION pages(keys int[], ordering int, first int) RETURNS json LANGUAGE sql STABLE AS $$
SELECT shop.same(format('SELECT dataloader.load_connection(''shop.account'', %L::int[], by => ''owner'', order_by => %L, %s => %L, total_count => true)', keys,
    shop.one_of((ordering % 1000)::text, 'opened DESC', 'note, balance DESC', NULL), CASE WHEN first > 0 THEN 'first' ELSE 'last' END, abs(first % 10)))::json $$;
CREATE FUNCTION explained(a int) RETURNS text LANGUAGE sql STABLE AS $$
SELECT string_agg(e, ' ') FROM dataloader.explain('shop.account', ARRAY[a], by => 'owner', order_by => 'id') e $$;

-- sqlsmith likes functions without parameters best: these choose the numbers by themselves
-- (random() follows the role's setting "seed", so that a run can be repeated).
CREATE FUNCTION any_number() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT (random() * 80)::int - 10';
CREATE FUNCTION any_keys() RETURNS int[] LANGUAGE sql VOLATILE AS
'SELECT array_agg(CASE WHEN random() < 0.9 THEN shop.any_number() END) FROM generate_series(1, (random() * random() * 40)::int)';
CREATE FUNCTION any_call() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN CASE shop.any_number() % 7
        WHEN 0 THEN shop.one((SELECT array_agg(id)::text FROM (SELECT id FROM shop.account ORDER BY random() LIMIT 9) a), shop.any_number())::text
        WHEN 1 THEN shop.counted(shop.any_keys(), shop.any_number(), shop.any_number())::text
        WHEN 2 THEN shop.typed(shop.any_keys(), shop.any_number())
        WHEN 3 THEN shop.through(shop.any_keys(), shop.any_number(), shop.any_number())
        WHEN 4 THEN shop.pages(shop.any_keys(), shop.any_number(), shop.any_number())::text
        WHEN 5 THEN shop.explained(shop.any_number())
        ELSE shop.many(shop.any_keys(), shop.any_number(), shop.any_number(), shop.any_number(), shop.any_number())::text
    END;
END $$;
CREATE FUNCTION any_answer() RETURNS bool LANGUAGE sql VOLATILE AS $$ SELECT length(shop.any_call()) % 2 = 0 $$;
CREATE FUNCTION any_length() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT length(shop.any_call())';
CREATE FUNCTION any_count() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT (shop.counted(shop.any_keys(), shop.any_number(), NULL))[1]';
CREATE FUNCTION any_json() RETURNS json LANGUAGE sql VOLATILE AS 'SELECT shop.many(shop.any_keys(), shop.any_number(), 1, 3, 1)';

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shop TO PUBLIC;
CREATE ROLE smith LOGIN;
ANALYZE;

-- sqlsmith reads the catalog by the search_path of its role.  It gets a catalog in which few of the
-- system's functions are left, so that it finds this extension's often; and not those whose types
-- it mixes up, which would be errors at parse only.
CREATE SCHEMA smith;
GRANT USAGE ON SCHEMA smith TO PUBLIC;
CREATE VIEW smith.pg_proc AS
SELECT p.* FROM pg_catalog.pg_proc p
WHERE (pronamespace IN ('dataloader'::regnamespace, 'shop'::regnamespace) AND proname NOT IN ('same', 'one_of'))
    OR has_function_privilege('smith', p.oid, 'EXECUTE') AND proname !~ '^(pg_|has_|ts|gin|gist|brin|spg|hash|bt|range|multirange|query_to|table_to|schema_to|database_to|cursor_to)'
        AND NOT EXISTS (SELECT FROM unnest(array_append(proargtypes::oid[], prorettype)) t
            WHERE t::regtype::text ~ 'internal|cstring|range|reg|snapshot|handler|any|trigger|xml|point|polygon|circle|lseg|path|box|line|macaddr|txid|xid|vector|tsquery|"char"|bit|money|pg_|refcursor|void|record|aclitem|gtsvector|oid')
        AND (prokind <> 'f' OR pronargs > 0 AND p.oid::int8 % 8 = 0);
GRANT SELECT ON smith.pg_proc TO PUBLIC;
ALTER ROLE smith SET search_path = smith, shop, pg_catalog;
ALTER ROLE smith SET seed = 0.25;
SET allow_system_table_mods = on;
DELETE FROM pg_catalog.pg_operator WHERE (oprleft::regtype::text || ' ' || oprright::regtype::text) ~ 'range|cstring|snapshot|point|polygon|circle|lseg|path|box|line|macaddr|xid|tsvector|tsquery|pg_|aclitem';

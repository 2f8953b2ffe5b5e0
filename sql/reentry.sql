-- User code that a load runs (of a type, an operator, a cast, a filter, a view, a policy) calls load
-- again, raises errors, writes, and tries DDL.
SET client_min_messages = warning;
CREATE SCHEMA test_reentry;
SET search_path = test_reentry;
CREATE TABLE parent (id int PRIMARY KEY, w text);
CREATE TABLE child (id int PRIMARY KEY, parent_id int, w text);
CREATE INDEX ON child (parent_id);
INSERT INTO parent SELECT i, 'p' || i FROM generate_series(1, 20) i;
INSERT INTO child SELECT i, i % 20 + 1, 'c' || i FROM generate_series(1, 200) i;

CREATE FUNCTION both_paths(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE direct text; plan text;
BEGIN
    SET LOCAL dataloader.direct_scan = on;
    BEGIN
        EXECUTE query INTO direct;
    EXCEPTION WHEN OTHERS THEN
        direct := sqlstate || ' ' || sqlerrm;
    END;
    SET LOCAL dataloader.direct_scan = off;
    BEGIN
        EXECUTE query INTO plan;
    EXCEPTION WHEN OTHERS THEN
        plan := sqlstate || ' ' || sqlerrm;
    END;
    RETURN CASE WHEN direct = plan THEN direct ELSE 'direct: ' || direct || ', plan: ' || plan END;
END $$;

-- a filter that loads: of the same table, of another, with the same text and with another
CREATE FUNCTION children(id int) RETURNS int LANGUAGE sql STABLE AS
$$ SELECT count(*)::int FROM dataloader.load_rows(NULL::test_reentry.child, ARRAY[id], by => 'parent_id') $$;
CREATE FUNCTION same(id int) RETURNS text LANGUAGE plpgsql STABLE AS
$$ BEGIN RETURN dataloader.load_one_json('test_reentry.parent', ARRAY[id, id + 1], columns => '{w}'); END $$;
CREATE FUNCTION deeper(id int, depth int) RETURNS bool LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF depth = 0 THEN RETURN true; END IF;
    RETURN dataloader.load_one_json('test_reentry.parent', ARRAY[id], filter => format('test_reentry.deeper(id, %s)', depth - 1), columns => '{id}')::text = format('[{"id":%s}]', id);
END $$;
CREATE FUNCTION forever(id int) RETURNS bool LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN dataloader.load_one_json('test_reentry.parent', ARRAY[id], filter => 'test_reentry.forever(id)') IS NOT NULL;
END $$;
SELECT both_paths('SELECT dataloader.load_one_json(''parent'', ''[1,2,99]'', filter => ''children(id) = 10'')');
SELECT both_paths('SELECT dataloader.load_one_json(''parent'', ''[1,2,99]'', filter => ''same(id) LIKE ''''%p2%'''''')');
SELECT both_paths('SELECT string_agg(item::text, '' '') FROM dataloader.load_rows(NULL::parent, ''[3,1,2]'', order_by => ''same(id)'')');
SELECT both_paths('SELECT dataloader.load_one_json(''parent'', ''[1,2]'', filter => ''deeper(id, 8)'')');
SELECT both_paths('SELECT left(dataloader.load_one_json(''parent'', ''[1]'', filter => ''forever(id)'')::text, 100)') ~ '^54001 stack depth limit exceeded$' AS too_deep;
SELECT both_paths('SELECT dataloader.load_one_json(''parent'', ''[1,2,99]'')');

-- a filter that raises an error, which a caller up-stack catches and goes on
CREATE FUNCTION fails(id int) RETURNS bool LANGUAGE plpgsql STABLE AS
$$ BEGIN IF id = 2 THEN RAISE EXCEPTION 'no two'; END IF; RETURN true; END $$;
CREATE FUNCTION caught(id int) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
    PERFORM dataloader.load_one_json('test_reentry.parent', ARRAY[id], filter => 'test_reentry.fails(id)');
    RETURN true;
EXCEPTION WHEN raise_exception THEN
    RETURN false;
END $$;
SELECT both_paths('SELECT dataloader.load_one_json(''parent'', ''[1,2,3]'', filter => ''fails(id)'')');
SELECT both_paths('SELECT dataloader.load_one_json(''parent'', ''[1,2,3]'', filter => ''caught(id)'', columns => ''{id}'')');
SELECT both_paths('SELECT string_agg((item).id::text, '' '') FROM dataloader.load_rows(NULL::parent, ''[1,2,3]'', order_by => ''caught(id)'')');

-- a filter that writes to the table that is read: the rows of this load are of before
CREATE FUNCTION adds(id int) RETURNS bool LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO test_reentry.child VALUES (id + 1000, 1, 'added') ON CONFLICT DO NOTHING; RETURN true; END $$;
BEGIN;
SELECT count(*) FROM dataloader.load_rows(NULL::child, ARRAY[1], by => 'parent_id', filter => 'adds(id)');
SELECT count(*) FROM dataloader.load_rows(NULL::child, ARRAY[1], by => 'parent_id');
ROLLBACK;
BEGIN;
SET LOCAL dataloader.direct_scan = off;
SELECT count(*) FROM dataloader.load_rows(NULL::child, ARRAY[1], by => 'parent_id', filter => 'adds(id)');
SELECT count(*) FROM dataloader.load_rows(NULL::child, ARRAY[1], by => 'parent_id');
ROLLBACK;

-- DDL on the table from inside: refused while it is read, or seen as plain SQL would see it
CREATE FUNCTION ddl(command text) RETURNS bool LANGUAGE plpgsql AS
$$ BEGIN EXECUTE command; RETURN true; END $$;
CREATE TABLE commands (no serial, command text);
INSERT INTO commands (command) VALUES ('ALTER TABLE test_reentry.child ADD COLUMN more int'), ('ALTER TABLE test_reentry.child ALTER COLUMN id TYPE bigint'), ('TRUNCATE test_reentry.child'),
    ('DROP TABLE test_reentry.child'), ('DROP INDEX test_reentry.child_parent_id_idx'), ('REINDEX TABLE test_reentry.child'), ('CREATE INDEX ON test_reentry.child (w)'),
    ('CLUSTER test_reentry.child USING child_pkey'), ('ALTER TABLE test_reentry.child DISABLE ROW LEVEL SECURITY'), ('ALTER TABLE test_reentry.child RENAME TO kid');
CREATE FUNCTION tried(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM dataloader.load_rows(NULL::test_reentry.child, ARRAY[1, 2], by => 'parent_id', filter => 'test_reentry.ddl($1)', args => jsonb_build_array(command));
    RAISE EXCEPTION 'went through';
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate;
END $$;
SET dataloader.direct_scan = on;
SELECT command, tried(command) FROM commands ORDER BY no;
SET dataloader.direct_scan = off;
SELECT command, tried(command) FROM commands ORDER BY no;
RESET dataloader.direct_scan;
SELECT count(*) FROM dataloader.load_rows(NULL::child, ARRAY[1, 2], by => 'parent_id');

-- DDL on another table, and on one whose load is up-stack
CREATE FUNCTION makes(id int) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
    DROP TABLE IF EXISTS test_reentry.scratch;
    CREATE TABLE test_reentry.scratch (id int PRIMARY KEY, n int);
    INSERT INTO test_reentry.scratch VALUES (id, id * 2);
    RETURN dataloader.load_one_json('test_reentry.scratch', ARRAY[id], columns => '{n}')::text = format('[{"n":%s}]', id * 2);
END $$;
SELECT both_paths('SELECT dataloader.load_one_json(''parent'', ''[1,2,3]'', filter => ''makes(id)'', columns => ''{id}'')');

-- a type whose input and output functions load
CREATE TYPE chatty;
CREATE FUNCTION chatty_in(cstring) RETURNS chatty LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION chatty_out(chatty) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE chatty (INPUT = chatty_in, OUTPUT = chatty_out, LIKE = text);
CREATE FUNCTION chatty_json(chatty) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF $1::text = 'fail' THEN RAISE EXCEPTION 'chatty fails'; END IF;
    RETURN dataloader.load_one_json('test_reentry.parent', ARRAY[length($1::text)], columns => '{w}');
END $$;
CREATE CAST (chatty AS json) WITH FUNCTION chatty_json(chatty);
CREATE CAST (chatty AS text) WITHOUT FUNCTION;
CREATE TABLE talk (id int PRIMARY KEY, c chatty, parent_id int);
INSERT INTO talk VALUES (1, 'abc', 1), (2, 'fail', 2), (3, 'x', 3);
CREATE INDEX ON talk (parent_id);
SELECT both_paths('SELECT dataloader.load_one_json(''talk'', ''[1,9,3]'')');
SELECT both_paths('SELECT dataloader.load_one_json(''talk'', ''[1,2]'')');
SELECT both_paths('SELECT dataloader.load_one_json(''talk'', ''[3,1]'')');

-- a type with its own equality, in plpgsql, that loads, and fails, and is the key
CREATE DOMAIN loud AS int CHECK (length(dataloader.load_one_json('test_reentry.parent', ARRAY[VALUE])::text) > 2 AND VALUE <> 13);
CREATE TABLE loudly (id loud PRIMARY KEY, w text);
INSERT INTO loudly VALUES (1, 'one'), (2, 'two');
SELECT both_paths('SELECT dataloader.load_one_json(''loudly'', ''[1,2,13]'')');
SELECT both_paths('SELECT dataloader.load_one_json(''loudly'', ARRAY[1, 2]::loud[])');
SELECT both_paths('SELECT dataloader.load_one_json(''parent'', ARRAY[1, 2]::loud[])');
CREATE FUNCTION loud_eq(a point, b point) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    PERFORM dataloader.load_one_json('test_reentry.parent', '[1]');
    RETURN a[0] = b[0];
END $$;
CREATE FUNCTION loud_cmp(a point, b point) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    PERFORM dataloader.load_one_json('test_reentry.parent', '[1]');
    IF a[0] = 13 OR b[0] = 13 THEN RAISE EXCEPTION 'unlucky'; END IF;
    RETURN CASE WHEN a[0] < b[0] THEN -1 WHEN a[0] > b[0] THEN 1 ELSE 0 END;
END $$;
CREATE FUNCTION loud_lt(a point, b point) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT a[0] < b[0]';
CREATE FUNCTION loud_le(a point, b point) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT a[0] <= b[0]';
CREATE FUNCTION loud_ge(a point, b point) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT a[0] >= b[0]';
CREATE FUNCTION loud_gt(a point, b point) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT a[0] > b[0]';
CREATE OPERATOR === (LEFTARG = point, RIGHTARG = point, FUNCTION = loud_eq);
CREATE OPERATOR <# (LEFTARG = point, RIGHTARG = point, FUNCTION = loud_lt);
CREATE OPERATOR <=# (LEFTARG = point, RIGHTARG = point, FUNCTION = loud_le);
CREATE OPERATOR >=# (LEFTARG = point, RIGHTARG = point, FUNCTION = loud_ge);
CREATE OPERATOR ># (LEFTARG = point, RIGHTARG = point, FUNCTION = loud_gt);
CREATE OPERATOR CLASS loud_ops DEFAULT FOR TYPE point USING btree AS
    OPERATOR 1 <#, OPERATOR 2 <=#, OPERATOR 3 ===, OPERATOR 4 >=#, OPERATOR 5 >#, FUNCTION 1 loud_cmp(point, point);
CREATE TABLE places (at point, w text);
INSERT INTO places VALUES ('(1,1)', 'a'), ('(1,2)', 'b'), ('(2,0)', 'c');
CREATE INDEX ON places (at);
SELECT both_paths('SELECT string_agg((SELECT string_agg(i.w, '','' ORDER BY i.w) FROM unnest(items) i), '' '') FROM dataloader.load_many(NULL::places, ARRAY[''(2,5)'', ''(1,7)'', ''(2,0)'']::point[], by => ''at'')');
SELECT both_paths('SELECT dataloader.load_many_json(''places'', ARRAY[''(2,5)'', ''(13,7)'', ''(2,0)'']::point[], by => ''at'')') ~ 'P0001 unlucky' AS raised;
SELECT both_paths('SELECT dataloader.load_many_json(''places'', ARRAY[''(2,5)'']::point[], by => ''at'', columns => ''{w}'')');
DROP OPERATOR CLASS loud_ops USING btree CASCADE;
DROP OPERATOR FAMILY loud_ops USING btree;

-- a view that loads, and a policy that does
CREATE VIEW nested AS SELECT id, dataloader.load_many_json('test_reentry.child', ARRAY[id], by => 'parent_id', order_by => 'id', first => 2, columns => '{id}') AS children FROM parent;
SELECT both_paths('SELECT dataloader.load_one_json(''nested'', ''[2,1]'', by => ''id'')');
CREATE ROLE regress_dl_reader;
GRANT USAGE ON SCHEMA test_reentry TO regress_dl_reader;
GRANT SELECT ON parent, child TO regress_dl_reader;
ALTER TABLE parent ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON parent USING (dataloader.load_one_json('test_reentry.child', ARRAY[id], columns => '{parent_id}')::text LIKE '%:_}]');
SET ROLE regress_dl_reader;
SELECT both_paths('SELECT dataloader.load_one_json(''test_reentry.parent'', ''[3,8,9,15]'', columns => ''{id}'')');
RESET ROLE;
ALTER TABLE parent DISABLE ROW LEVEL SECURITY;
-- a foreign key's trigger, a generated default, a constraint: writing through functions that load
ALTER TABLE child ADD CONSTRAINT known CHECK (dataloader.load_one_json('test_reentry.parent', ARRAY[parent_id])::text <> '[null]');
INSERT INTO child VALUES (500, 99, 'no parent');
INSERT INTO child VALUES (500, 1, 'parent');

-- a cast of the keys that drops the index they are read by, as in any query that uses it
CREATE TABLE cast_away (k bigint, v int);
CREATE INDEX cast_away_k ON cast_away (k);
INSERT INTO cast_away VALUES (1, 1);
CREATE TYPE dropper AS ENUM ('one');
CREATE FUNCTION drop_index(dropper) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN DROP INDEX test_reentry.cast_away_k; RETURN 1; END $$;
CREATE CAST (dropper AS bigint) WITH FUNCTION drop_index(dropper) AS IMPLICIT;
SELECT dataloader.load_many_json('cast_away', ARRAY['one'::dropper], by => 'k');
SELECT dataloader.load_many_json('cast_away', ARRAY[1], by => 'k');
CREATE INDEX cast_away_kv ON cast_away (k, v);
CREATE UNIQUE INDEX ON cast_away (v);
ALTER TABLE cast_away ALTER v SET NOT NULL;
CREATE OR REPLACE FUNCTION drop_index(dropper) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM nextval('casts');
    IF currval('casts') = 2 THEN DROP INDEX test_reentry.cast_away_k; END IF;
    RETURN 1;
END $$;
CREATE SEQUENCE casts;
SELECT dataloader.load_connection('cast_away', ARRAY['one'::dropper], by => 'k', first => 1, total_count => true);

DROP OWNED BY regress_dl_reader;
DROP ROLE regress_dl_reader;
DROP SCHEMA test_reentry CASCADE;

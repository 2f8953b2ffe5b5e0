-- citext columns: keys fold whatever string type they have, though citext's operators are not on
-- the search_path, and a case-sensitive index is not taken for one that folds.
SET client_min_messages = warning;
CREATE SCHEMA test_citext;
CREATE SCHEMA test_citext_ext;
CREATE EXTENSION citext SCHEMA test_citext_ext;
SET search_path = test_citext;

CREATE DOMAIN email AS test_citext_ext.citext;
CREATE TABLE folding_index (id int, w test_citext_ext.citext);
CREATE INDEX ON folding_index (w);
CREATE TABLE text_index (id int, w test_citext_ext.citext);
CREATE INDEX ON text_index (w text_ops);
CREATE TABLE both_indexes (id int, w test_citext_ext.citext);
CREATE INDEX ON both_indexes (w text_ops);
CREATE INDEX ON both_indexes (w);
CREATE TABLE pattern_index (id int, w test_citext_ext.citext);
CREATE INDEX ON pattern_index (w test_citext_ext.citext_pattern_ops);
CREATE TABLE no_index (id int, w test_citext_ext.citext);
CREATE TABLE domain_index (id int, w email);
CREATE INDEX ON domain_index (w);

CREATE VIEW tables AS
SELECT c.oid::regclass AS tab FROM pg_class c
WHERE c.relnamespace = 'test_citext'::regnamespace AND c.relkind = 'r';
DO $$
DECLARE tab regclass;
BEGIN
    FOR tab IN TABLE tables LOOP
        EXECUTE format('INSERT INTO %s VALUES (1, ''foo''), (2, ''FOO''), (3, ''bar''), (4, NULL), (5, ''Bar '')', tab);
    END LOOP;
END $$;

-- the same for each table and each type of the keys: FOO -> 1, 2; Bar -> 3; baz -> none
CREATE FUNCTION found(tab regclass, key_type text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE answer text;
BEGIN
    EXECUTE format('SELECT string_agg(coalesce((SELECT string_agg(i.id::text, '','' ORDER BY i.id) FROM unnest(items) i), ''-''), '' '' ORDER BY ord)'
                   ' FROM dataloader.load_many(NULL::%s, ''{FOO,Bar,baz,fOo,NULL}''::%s, by => ''w'')', tab, key_type) INTO answer;
    RETURN answer;
END $$;
CREATE VIEW answers AS
SELECT tab, found(tab, 'text') AS as_text, found(tab, 'text[]') AS text, found(tab, 'varchar[]') AS varchar,
    found(tab, 'name[]') AS name, found(tab, 'bpchar[]') AS bpchar,
    found(tab, 'test_citext_ext.citext[]') AS citext, found(tab, 'email[]') AS domain
FROM tables ORDER BY tab::text COLLATE "C";
SET dataloader.direct_scan = on;
TABLE answers;
SET dataloader.direct_scan = off;
TABLE answers;
RESET dataloader.direct_scan;

-- with citext on the search_path nothing changes
SET search_path = test_citext, test_citext_ext;
SELECT count(*) FROM no_index WHERE w = 'FOO';
TABLE answers;
SET search_path = test_citext;

-- composite keys
CREATE TABLE member (org int, mail test_citext_ext.citext, n int, PRIMARY KEY (org, mail));
INSERT INTO member VALUES (1, 'Ann@x', 1), (2, 'ann@x', 2);
SET dataloader.direct_scan = on;
SELECT dataloader.load_one_json('member', ARRAY[(1, 'ANN@X'), (2, 'Ann@X'), (3, 'ann@x'), (1, 'ann@x')], columns => '{n}'),
    dataloader.load_one_json('member', '[[1,"ANN@X"],[2,"Ann@X"],[3,"ann@x"],[1,"ann@x"]]', columns => '{n}');
SET dataloader.direct_scan = off;
SELECT dataloader.load_one_json('member', ARRAY[(1, 'ANN@X'), (2, 'Ann@X'), (3, 'ann@x'), (1, 'ann@x')], columns => '{n}'),
    dataloader.load_one_json('member', '[[1,"ANN@X"],[2,"Ann@X"],[3,"ann@x"],[1,"ann@x"]]', columns => '{n}');
RESET dataloader.direct_scan;


-- a value of a citext column is JSON text
SELECT dataloader.load_many_json('folding_index', '["foo"]', by => 'w', order_by => 'id');

DROP SCHEMA test_citext CASCADE;
DROP SCHEMA test_citext_ext CASCADE;

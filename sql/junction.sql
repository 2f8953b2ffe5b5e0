-- Many-to-many and two hops: what a junction leads to, on both paths, is what a join in plain SQL gives.
SET client_min_messages = warning;
-- else a commit may not be known to be flushed, and VACUUM leaves its pages not all visible
SET synchronous_commit = on;
\set SHOW_CONTEXT never
CREATE SCHEMA test_junction;
SET search_path = test_junction, public;
CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;

-- A case is a call and the join that it stands for; agrees() asks every verb on the path that is set.
CREATE TABLE cases (
    no int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, what text,
    relation text, through text, link text, key_by text, keys text,  -- the call; keys is an SQL expression
    pairs text,                                                  -- FROM clause of the join
    key_rows text,                                               -- keys as rows (ord, key columns); default: of the array keys
    matches text,                                                -- key condition over k and through
    filter text, args jsonb, sql_filter text, order_by text, sql_order text, first int, skip int);
CREATE FUNCTION agrees(c cases) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    keyset text := coalesce(c.key_rows, format('unnest(%s) WITH ORDINALITY k(key, ord)', c.keys));
    found text := format('FROM %s WHERE (%s) AND (%s)', c.pairs, coalesce(c.matches, format('through.%s = k.key', c.key_by)), coalesce(c.sql_filter, c.filter, 'true'));
    page text := format(' LIMIT %s OFFSET %s', coalesce(c.first::text, 'ALL'), coalesce(c.skip, 0));
    -- without order_by both sides are put into the same order
    inner_order text := coalesce(c.sql_order, c.order_by, c.relation || '::text');
    options text := format('by => %L, through => %L, link => %L, filter => %L, args => %L', c.key_by, c.through, c.link, c.filter, c.args);
    paged text := options || format(', order_by => %L, first => %L, skip => %L', c.order_by, c.first, c.skip);
    wanted text[]; counts bigint[]; got text[]; got_counts bigint[]; bad text[] := '{}'; n bigint; m bigint;
BEGIN
    EXECUTE format('SELECT array_agg(ARRAY(SELECT %s::text %s ORDER BY %s %s)::text ORDER BY k.ord), array_agg((SELECT count(*) %s) ORDER BY k.ord) FROM %s',
        c.relation, found, inner_order, page, found, keyset) INTO wanted, counts;
    -- typed arrays
    EXECUTE format('SELECT array_agg(ARRAY(SELECT i::text FROM unnest(items) i %s)::text ORDER BY ord) FROM dataloader.load_many(NULL::%s, %s, %s)',
        CASE WHEN c.order_by IS NULL THEN 'ORDER BY i::text' ELSE '' END, c.relation, c.keys, paged) INTO got;
    IF got IS DISTINCT FROM wanted THEN bad := bad || format('load_many: %s, wanted %s', left(got::text, 300), left(wanted::text, 300)); END IF;
    -- rows
    EXECUTE format('WITH got AS (SELECT r.ord, r.item, row_number() OVER () AS n FROM dataloader.load_rows(NULL::%s, %s, %s) r)'
        ' SELECT array_agg(coalesce((SELECT array_agg(g.item::text ORDER BY %s) FROM got g WHERE g.ord = k.ord), ''{}'')::text ORDER BY k.ord) FROM %s',
        c.relation, c.keys, paged, CASE WHEN c.order_by IS NULL THEN 'g.item::text' ELSE 'g.n' END, keyset) INTO got;
    IF got IS DISTINCT FROM wanted THEN bad := bad || format('load_rows: %s, wanted %s', left(got::text, 300), left(wanted::text, 300)); END IF;
    -- JSON; its objects back as rows of the relation
    EXECUTE format('SELECT array_agg(ARRAY(SELECT json_populate_record(NULL::%s, o)::text FROM json_array_elements(l) WITH ORDINALITY e(o, n) ORDER BY %s)::text ORDER BY ord)'
        ' FROM json_array_elements(dataloader.load_many_json(%L, %s, %s)) WITH ORDINALITY x(l, ord)',
        c.relation, CASE WHEN c.order_by IS NULL THEN '1' ELSE 'n' END, c.relation, c.keys, paged) INTO got;
    IF got IS DISTINCT FROM wanted THEN bad := bad || format('load_many_json: %s, wanted %s', left(got::text, 300), left(wanted::text, 300)); END IF;
    -- counts, whole and capped
    EXECUTE format('SELECT dataloader.load_count(%L, %s, %s)', c.relation, c.keys, options) INTO got_counts;
    IF got_counts IS DISTINCT FROM counts THEN bad := bad || format('load_count: %s, wanted %s', left(got_counts::text, 200), left(counts::text, 200)); END IF;
    EXECUTE format('SELECT dataloader.load_count(%L, %s, %s, at_most => 2)', c.relation, c.keys, options) INTO got_counts;
    IF got_counts IS DISTINCT FROM ARRAY(SELECT least(x, 2) FROM unnest(counts) WITH ORDINALITY u(x, o) ORDER BY o) THEN
        bad := bad || format('load_count at_most 2: %s of %s', left(got_counts::text, 200), left(counts::text, 200));
    END IF;
    -- to-one: the first, or 21000 where there are two and no order says which
    IF c.first IS NULL AND c.skip IS NULL THEN
        BEGIN
            EXECUTE format('SELECT array_agg(CASE WHEN item::text IS NULL THEN ''{}'' ELSE ARRAY[item::text]::text END ORDER BY ord) FROM dataloader.load_one(NULL::%s, %s, %s, order_by => %L)',
                c.relation, c.keys, options, c.order_by) INTO got;
            IF c.order_by IS NULL AND EXISTS (SELECT FROM unnest(counts) x WHERE x > 1) THEN bad := bad || 'load_one: no error'::text;
            ELSIF got IS DISTINCT FROM ARRAY(SELECT (w::text[])[1:1]::text FROM unnest(wanted) WITH ORDINALITY u(w, o) ORDER BY o) THEN
                bad := bad || format('load_one: %s, wanted the first of %s', left(got::text, 300), left(wanted::text, 300));
            END IF;
        EXCEPTION WHEN cardinality_violation THEN
            IF c.order_by IS NOT NULL OR NOT EXISTS (SELECT FROM unnest(counts) x WHERE x > 1) THEN bad := bad || 'load_one: 21000'::text; END IF;
        END;
    END IF;
    RETURN CASE WHEN bad = '{}' THEN 'ok' ELSE array_to_string(bad, E'\n') END;
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ' ' || sqlerrm;
END $$;
-- The path, and what explain says of it
CREATE FUNCTION path(c cases) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    EXECUTE format('SELECT string_agg(regexp_replace(e, ''^(path|reason): '', ''''), '': '') FROM dataloader.explain(%L, %s, by => %L, through => %L, link => %L, filter => %L, args => %L, order_by => %L, first => %L, skip => %L) e WHERE e ~ ''^(path|reason):''',
        c.relation, c.keys, c.key_by, c.through, c.link, c.filter, c.args, c.order_by, c.first, c.skip) INTO answer;
    RETURN answer;
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ' ' || sqlerrm;
END $$;
CREATE FUNCTION on_both(c cases) RETURNS TABLE (direct text, plan text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('dataloader.direct_scan', 'on', true);
    direct := agrees(c);
    PERFORM set_config('dataloader.direct_scan', 'off', true);
    plan := agrees(c);
    PERFORM set_config('dataloader.direct_scan', 'on', true);
    RETURN NEXT;
END $$;
CREATE VIEW answers AS SELECT no, what, path(c), b.direct, b.plan FROM cases c, on_both(c) b ORDER BY no;

-- Articles, publications, and which article is in which: shared, twice the same, at no position, dangling
-- (the constraint is not valid for old rows), and without a publication.
CREATE TABLE reporter (id int PRIMARY KEY, name text);
INSERT INTO reporter SELECT i, 'reporter ' || i FROM generate_series(1, 5) i;
CREATE TABLE article (id int PRIMARY KEY, headline text, reporter_id int REFERENCES reporter, co_id int);
INSERT INTO article SELECT i, 'headline ' || i, nullif(i % 6, 0), nullif(i % 4, 0) FROM generate_series(1, 40) i;
CREATE TABLE publication (id int PRIMARY KEY, title text, score numeric, position int);
INSERT INTO publication SELECT i, 'title ' || i % 7, CASE WHEN i % 4 > 0 THEN i * 1.5 % 5 END, 100 - i FROM generate_series(1, 25) i;
CREATE TABLE article_publication (article_id int, publication_id int, position int, note text);
INSERT INTO article_publication
SELECT i % 38 + 1, CASE WHEN i % 11 = 0 THEN NULL WHEN i % 13 = 0 THEN 1000 + i ELSE i * 7 % 25 + 1 END, CASE WHEN i % 9 > 0 THEN i * 5 % 17 END, 'note ' || i % 3
FROM generate_series(1, 300) i;
INSERT INTO article_publication SELECT * FROM article_publication WHERE position % 4 = 0;
INSERT INTO article_publication VALUES (NULL, 3, 1, 'no article'), (39, 9999, 1, 'dangles'), (40, NULL, 2, NULL);
ALTER TABLE article_publication ADD FOREIGN KEY (article_id) REFERENCES article,
    ADD FOREIGN KEY (publication_id) REFERENCES publication NOT VALID;
CREATE INDEX article_publication_article_id ON article_publication (article_id);
CREATE INDEX article_publication_publication_id ON article_publication (publication_id);
ANALYZE article_publication;
ANALYZE publication;

\set keys 'ARRAY[7, 99, NULL, 3, 7, 39, 40, 1]'
\set pairs 'article_publication AS through JOIN publication ON through.publication_id = publication.id'
INSERT INTO cases (what, relation, through, key_by, keys, pairs, filter, args, sql_filter, order_by, sql_order, first, skip)
SELECT what, 'publication', 'article_publication', 'article_id', :'keys', :'pairs', filter, args, sql_filter, order_by, replace(order_by, 'position, through', 'publication.position, through'), first, skip
FROM (VALUES
    ('all', NULL, NULL::jsonb, NULL, NULL, NULL::int, NULL::int),
    ('order of the relation', NULL, NULL, NULL, 'id', NULL, NULL),
    ('descending', NULL, NULL, NULL, 'title DESC, publication.id DESC', NULL, NULL),
    ('nulls first', NULL, NULL, NULL, 'score NULLS FIRST, id', NULL, NULL),
    ('order of the junction', NULL, NULL, NULL, 'through.position, id', NULL, NULL),
    ('order of the junction, descending', NULL, NULL, NULL, 'through.position DESC NULLS LAST, id', NULL, NULL),
    ('order of both', NULL, NULL, NULL, 'title, through.position DESC, id', NULL, NULL),
    ('an expression over both', NULL, NULL, NULL, 'publication.position + through.position, id', NULL, NULL),
    ('the same name in both', NULL, NULL, NULL, 'position, through.position', NULL, NULL),
    ('page', NULL, NULL, NULL, 'id', 2, NULL),
    ('next page', NULL, NULL, NULL, 'id', 2, 2),
    ('page by the junction', NULL, NULL, NULL, 'through.position, id', 3, 1),
    ('page of one', NULL, NULL, NULL, 'through.position DESC, id DESC', 1, NULL),
    ('the rest', NULL, NULL, NULL, 'id', NULL, 4),
    ('a page past the end', NULL, NULL, NULL, 'id', 5, 1000),
    ('no rows wanted', NULL, NULL, NULL, 'id', 0, NULL),
    ('filter over the relation', 'score > $1', '[1.5]'::jsonb, 'score > 1.5', 'id', NULL, NULL),
    ('filter over the junction', 'through.note = $1', '["note 1"]', 'through.note = ''note 1''', 'id', NULL, NULL),
    ('filter over each', 'through.note = $2 AND score > $1', '[1.5, "note 1"]', 'through.note = ''note 1'' AND score > 1.5', 'id', NULL, NULL),
    ('a clause over both', 'through.note = $2 OR score > $1', '[3, "note 1"]', 'through.note = ''note 1'' OR score > 3', 'id', NULL, NULL),
    ('a comparison of both', 'through.position < publication.position - $1', '[78]', 'through.position < publication.position - 78', 'through.position, id', 2, NULL),
    ('three clauses', 'through.note <> $1 AND title > $2 AND through.position + id > $3', '["note 0", "title 2", 9]', 'through.note <> ''note 0'' AND title > ''title 2'' AND through.position + id > 9', 'id', NULL, 1),
    ('filter and a page', 'score > $1', '[1]', 'score > 1', 'through.position, id', 2, 1),
    ('filter over a NULL', 'through.position IS NULL', NULL, NULL, 'id', NULL, NULL),
    ('a whole row of the junction', 'through IS NOT NULL', NULL, NULL, 'id', NULL, NULL),
    ('a whole row of each', 'through IS NOT NULL AND publication IS NOT NULL', NULL, NULL, 'id', NULL, NULL),
    ('a subquery', 'EXISTS (SELECT FROM article a WHERE a.id = through.article_id AND a.reporter_id = 1)', NULL, NULL, 'id', NULL, NULL),
    ('a constant', 'false', NULL, NULL, 'id', NULL, NULL),
    ('a value alone', '$1', '[true]', 'true', 'id', NULL, NULL),
    ('a value in both', 'through.position > $1 AND id > $1', '[5]', 'through.position > 5 AND id > 5', 'abs(through.position - 8), id', 3, NULL)
) v (what, filter, args, sql_filter, order_by, first, skip);
TABLE answers;

-- Indexes that give the junction's order, in either direction, and of which the junction needs no heap
CREATE TABLE ranked (article_id int, position int, publication_id int REFERENCES publication, note text, PRIMARY KEY (article_id, position) INCLUDE (publication_id)) WITH (autovacuum_enabled = off);
INSERT INTO ranked SELECT a, p, CASE WHEN (a + p) % 10 > 0 THEN (a * 5 + p * 3) % 25 + 1 END, 'note ' || (a + p) % 3 FROM generate_series(1, 40) a, generate_series(1, a % 13) p;
ALTER TABLE ranked DROP CONSTRAINT ranked_publication_id_fkey;
UPDATE ranked SET publication_id = 5000 WHERE (article_id + position) % 8 = 0;
ALTER TABLE ranked ADD FOREIGN KEY (publication_id) REFERENCES publication NOT VALID;
CREATE VIEW ordered AS
SELECT p.no, what, order_by, filter, first, skip
FROM (VALUES ('forward', 'through.position', NULL), ('backward', 'through.position DESC', NULL), ('forward, where it can only be equal', 'through.article_id, through.position', NULL),
    ('nulls, where there are none', 'through.position NULLS FIRST', NULL), ('and on', 'through.position, title', NULL), ('expression', '-through.position', NULL),
    ('filtered in the index', 'through.position', 'through.position % 2 = 0'), ('filtered in the junction', 'through.position DESC', 'through.note <> ''note 1'''),
    ('filtered in the relation', 'through.position', 'score > 1'), ('filtered in both', 'through.position DESC', 'score > 1 AND through.note > ''note 0''')) o(what, order_by, filter),
    (VALUES (1, 1, NULL), (2, 3, 2), (3, NULL, 3), (4, NULL, NULL)) p(no, first, skip);
TRUNCATE cases RESTART IDENTITY;
INSERT INTO cases (what, relation, through, key_by, keys, pairs, filter, order_by, first, skip)
SELECT what, 'publication', 'ranked', 'article_id', 'ARRAY[12, 9, NULL, 25, 9, 13, 99, 38]', 'ranked AS through JOIN publication ON publication.id = through.publication_id', filter, order_by, first, skip FROM ordered;
CREATE VIEW answers_by_order AS
SELECT what, min(e) AS explained, count(*) AS calls, count(*) FILTER (WHERE direct = 'ok') AS direct, count(*) FILTER (WHERE plan = 'ok') AS plan, max(nullif(direct, 'ok')) AS wrong
FROM cases c, on_both(c) b, LATERAL (SELECT string_agg(e, '; ') AS e FROM dataloader.explain('publication', '{}', by => 'article_id', through => 'ranked', filter => c.filter, order_by => c.order_by) e WHERE e ~ '^(reason|order|junction)') e
GROUP BY what ORDER BY min(no);
TABLE answers_by_order;
VACUUM ranked;
TABLE answers_by_order;
DELETE FROM ranked WHERE position = 3;
UPDATE ranked SET note = 'note 1' WHERE position = 2;
TABLE answers_by_order;

-- Links of every kind: of two columns, of other types, to itself, without a foreign key; relations of every kind
TRUNCATE cases RESTART IDENTITY;
CREATE TABLE spot (x int, y int, label text, PRIMARY KEY (x, y), UNIQUE (y, x));
INSERT INTO spot SELECT x, y, x || '/' || y FROM generate_series(1, 5) x, generate_series(1, 5) y WHERE (x, y) <> (2, 2);
CREATE TABLE visit (tenant int, who text, lx int, ly int, n int, FOREIGN KEY (ly, lx) REFERENCES spot (y, x));
INSERT INTO visit SELECT i % 3, 'w' || i % 4, CASE WHEN i % 10 > 0 THEN 1 + i % 5 END, 3, i FROM generate_series(1, 40) i;
INSERT INTO visit VALUES (1, 'w1', NULL, NULL, 100), (1, 'w1', 4, NULL, 101), (1, 'w1', 1, 4, 102), (1, 'w1', 4, 1, 103);
CREATE INDEX ON visit (tenant, who);
CREATE TABLE visit_free AS TABLE visit;
INSERT INTO visit_free VALUES (1, 'w1', 2, 2, 104);
CREATE INDEX ON visit_free (who, tenant);
INSERT INTO cases (what, relation, through, link, key_by, keys, key_rows, pairs, matches, order_by)
SELECT what, 'spot', t, link, by, keys, '(VALUES (1, 1, ''w1''), (2, 2, ''w2''), (3, 1, NULL), (4, 9, ''w1''), (5, 1, ''w1'')) k(ord, a, b)',
    t || ' AS through JOIN spot ON ' || on_columns, 'through.tenant = k.a AND through.who = k.b', o
FROM (VALUES ('composite link', 'visit', NULL, 'tenant, who', 'ARRAY[(1, ''w1''), (2, ''w2''), (1, NULL), (9, ''w1''), (1, ''w1'')]', 'spot.x = through.lx AND spot.y = through.ly'),
    ('named as in the constraint', 'visit', 'ly, lx', 'tenant, who', 'ARRAY[(1, ''w1''), (2, ''w2''), (1, NULL), (9, ''w1''), (1, ''w1'')]', 'spot.x = through.lx AND spot.y = through.ly'),
    ('named in another order', 'visit', 'lx,ly', 'who, tenant', 'ARRAY[(''w1'', 1), (''w2'', 2), (NULL, 1), (''w1'', 9), (''w1'', 1)]', 'spot.x = through.lx AND spot.y = through.ly'),
    ('without a constraint', 'visit_free', 'lx, ly', 'tenant, who', '''[[1,"w1"],[2,"w2"],[1,null],[9,"w1"],[1,"w1"]]''', 'spot.x = through.lx AND spot.y = through.ly'),
    ('by position, then', 'visit_free', 'ly, lx', 'tenant, who', '''[[1,"w1"],[2,"w2"],[1,null],[9,"w1"],[1,"w1"]]''', 'spot.x = through.ly AND spot.y = through.lx')) v(what, t, link, by, keys, on_columns),
    (VALUES ('x DESC, y'), ('through.n'), (NULL)) o(o);

CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');
CREATE DOMAIN code AS text CHECK (value <> 'bad');
CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
-- target tables t_TYPE (k TYPE PRIMARY KEY), junctions j_TYPE_LINKTYPE without constraints
CREATE FUNCTION link_case(key_type text, link_type text, key_values text[], link_values text[], on_columns text DEFAULT 't.k = through.l') RETURNS void LANGUAGE plpgsql AS $$
DECLARE n text := 'l' || (SELECT count(*) FROM cases);
BEGIN
    EXECUTE format('CREATE TABLE %s_t (k %s PRIMARY KEY, no int)', n, key_type);
    EXECUTE format('INSERT INTO %s_t SELECT v::%s, o FROM unnest($1) WITH ORDINALITY u(v, o)', n, regexp_replace(key_type, ' COLLATE.*', '')) USING key_values;
    EXECUTE format('CREATE TABLE %s_j (a int, l %s, n int)', n, link_type);
    EXECUTE format('INSERT INTO %s_j SELECT a, v::%s, o FROM unnest($1) WITH ORDINALITY u(v, o), generate_series(1, 3) a WHERE (a + o) %% 3 > 0', n, regexp_replace(link_type, ' COLLATE.*', '')) USING link_values;
    EXECUTE format('CREATE INDEX ON %s_j (a, n)', n);
    INSERT INTO cases (what, relation, through, link, key_by, keys, key_rows, pairs, order_by)
    VALUES (link_type || ' to ' || key_type, n || '_t', n || '_j', 'l', 'a', 'ARRAY[1,2,3,NULL,1]', NULL, format('%s_j AS through JOIN %s_t ON %s', n, n, replace(on_columns, 't.k', n || '_t.k')), 'through.n'),
        (link_type || ' to ' || key_type, n || '_t', n || '_j', 'l', 'a', '''[1,2,3,null,1]''', 'unnest(ARRAY[1,2,3,NULL,1]) WITH ORDINALITY k(key, ord)', format('%s_j AS through JOIN %s_t ON %s', n, n, replace(on_columns, 't.k', n || '_t.k')), NULL);
END $$;
SELECT link_case('bigint', 'int', '{1,2,3,5000000000}', '{1,2,9,NULL,3,3}') IS NULL,
    link_case('int', 'bigint', '{1,2,3}', '{1,5000000000,3,NULL,-1,2}') IS NULL,
    link_case('int', 'smallint', '{1,2,3}', '{1,3,NULL,-1,2}') IS NULL,
    link_case('int', 'numeric', '{1,2,3}', '{1.0,1.5,3.00,NULL,99999999999999999999,NaN}') IS NULL,
    link_case('numeric', 'int', '{1.0,2.5,3.00,NaN}', '{1,2,3,NULL}') IS NULL,
    link_case('numeric', 'numeric', '{1.0,2.5,3.00,NaN}', '{1,2.50,3,NULL,NaN,1.000}') IS NULL,
    link_case('float8', 'float4', '{0,1.5,NaN,Infinity}', '{-0,1.5,NaN,NULL,Infinity,2}') IS NULL,
    link_case('text', 'varchar(5)', '{a,b," c"}', '{a,A,b,NULL," c",""}') IS NULL,
    link_case('text', 'char(4)', '{a,b,"b "}', '{a,A,b,NULL,""}') IS NULL,
    link_case('char(4)', 'text', '{a,b}', '{a,"a ",b,NULL,""}') IS NULL,
    link_case('char(4)', 'char(6)', '{a,b}', '{a,"a ",b,NULL,""}') IS NULL,
    link_case('text', 'name', '{a,b}', '{a,A,NULL,b}') IS NULL,
    link_case('name', 'text', '{a,b}', '{a,A,NULL,b}') IS NULL,
    link_case('citext', 'citext', '{A,b}', '{a,A,NULL,B,c}') IS NULL,
    link_case('citext', 'text', '{A,b}', '{a,A,NULL,B,c}', 't.k = through.l::citext') IS NULL,
    link_case('text', 'citext', '{A,b}', '{a,A,NULL,B,c}', 't.k = through.l::text') IS NULL,
    link_case('text COLLATE folding', 'text', '{A,b}', '{a,A,NULL,B,c}', 't.k = through.l COLLATE folding') IS NULL,
    link_case('text', 'text COLLATE folding', '{A,b}', '{a,A,NULL,B,c}', 't.k = through.l COLLATE "default"') IS NULL,
    link_case('text COLLATE "C"', 'text COLLATE "POSIX"', '{A,b}', '{a,A,NULL,B,b}', 't.k = through.l COLLATE "C"') IS NULL,
    link_case('uuid', 'uuid', '{00000000-0000-0000-0000-000000000001,00000000-0000-0000-0000-000000000002}', '{00000000-0000-0000-0000-000000000002,00000000-0000-0000-0000-000000000003,NULL}') IS NULL,
    link_case('mood', 'mood', '{sad,ok}', '{ok,glad,NULL,sad,ok}') IS NULL,
    link_case('code', 'text', '{a,b}', '{a,bad,NULL,b}') IS NULL,
    link_case('text', 'code', '{a,b}', '{a,c,NULL,b}') IS NULL,
    link_case('date', 'timestamp', '{2024-01-01,2024-01-02}', '{2024-01-01,"2024-01-01 12:00",NULL,2024-01-02}') IS NULL,
    link_case('timestamptz', 'date', '{2024-01-01,"2024-01-02 12:00"}', '{2024-01-01,NULL,2024-01-02}') IS NULL,
    link_case('int[]', 'int[]', '{"{1,2}","{}","{NULL}"}', '{"{1,2}","{}","{NULL}",NULL,"{3}"}') IS NULL,
    link_case('bytea', 'bytea', '{"\\x01","\\x"}', '{"\\x01","\\x","\\x02",NULL}') IS NULL AS made;

-- two hops to one; to itself; one table for both
ALTER TABLE article ADD FOREIGN KEY (co_id) REFERENCES reporter;
CREATE TABLE worker (id int PRIMARY KEY, boss_id int REFERENCES worker, name text, position int);
INSERT INTO worker SELECT i, nullif(i / 3, 0), 'worker ' || i, i % 5 FROM generate_series(1, 30) i;
CREATE INDEX ON worker (boss_id);
CREATE TABLE friend (a_id int REFERENCES worker, b_id int REFERENCES worker, since int, PRIMARY KEY (a_id, b_id));
INSERT INTO friend SELECT a, b, a * 31 % 17 * 100 + b FROM generate_series(1, 12) a, generate_series(1, 12) b WHERE (a * b) % 5 = 2;
-- kinds of relations
CREATE VIEW published AS SELECT article_id, publication_id, position FROM article_publication WHERE note <> 'note 0';
CREATE VIEW scored AS SELECT * FROM publication WHERE score IS NOT NULL;
CREATE MATERIALIZED VIEW published_once AS SELECT DISTINCT article_id, publication_id FROM article_publication;
CREATE INDEX ON published_once (article_id);
CREATE TABLE slot (article_id int, publication_id int REFERENCES publication NOT NULL, day int) PARTITION BY RANGE (day);
CREATE TABLE slot_1 PARTITION OF slot FOR VALUES FROM (0) TO (10);
CREATE TABLE slot_2 PARTITION OF slot FOR VALUES FROM (10) TO (100);
CREATE INDEX ON slot (article_id);
INSERT INTO slot SELECT i % 12, i % 20 + 1, i % 30 FROM generate_series(1, 90) i;
CREATE TABLE issue (id int PRIMARY KEY, publication_id int, label text) PARTITION BY HASH (id);
CREATE TABLE issue_0 PARTITION OF issue FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE issue_1 PARTITION OF issue FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO issue SELECT i, i % 5, 'issue ' || i FROM generate_series(1, 30) i;
CREATE TABLE article_issue (article_id int, issue_id int REFERENCES issue, page int);
CREATE INDEX ON article_issue (article_id);
INSERT INTO article_issue SELECT i % 12, i % 30 + 1, i FROM generate_series(1, 90) i;
CREATE TABLE base (article_id int, publication_id int REFERENCES publication, n int);
CREATE TABLE base_child (extra int) INHERITS (base);
INSERT INTO base SELECT i % 4, i % 9 + 1, i FROM generate_series(1, 20) i;
INSERT INTO base_child SELECT i % 4, i % 7 + 10, i, 0 FROM generate_series(1, 20) i;
CREATE INDEX ON base (article_id);
CREATE TEMP TABLE picks (article_id int, publication_id int, n int);
CREATE INDEX ON picks (article_id);
INSERT INTO picks SELECT i % 4, i % 9 + 1, i FROM generate_series(1, 20) i;
CREATE TABLE no_index AS SELECT article_id, publication_id FROM article_publication;
CREATE TABLE gone (g1 int, article_id int, g2 text, publication_id int REFERENCES publication, g3 int);
INSERT INTO gone SELECT 1, i % 9, 'gone', i % 25 + 1, i FROM generate_series(1, 60) i;
CREATE INDEX ON gone (article_id);
ALTER TABLE gone DROP COLUMN g1, DROP COLUMN g2;
ALTER TABLE gone ADD COLUMN g4 int DEFAULT 7;
INSERT INTO cases (what, relation, through, link, key_by, keys, pairs, matches, filter, order_by, first)
SELECT what, r, j, link, by, 'ARRAY[3, 99, 1, NULL, 7, 3, 2]', j || ' AS through JOIN ' || r || ' ON ' || on_columns, CASE WHEN by IS NULL THEN 'through.id = k.key' END, filter, order_by, first
FROM (VALUES ('two hops', 'reporter', 'article', 'reporter_id', 'id', 'reporter.id = through.reporter_id', NULL, NULL, NULL::int),
    ('two hops, ordered', 'reporter', 'article', 'co_id', 'id', 'reporter.id = through.co_id', 'through.reporter_id <> reporter.id', 'through.headline', NULL),
    ('from the other side', 'article', 'article_publication', NULL, 'publication_id', 'article.id = through.article_id', NULL, 'id DESC', 4),
    ('by the link itself', 'publication', 'article_publication', NULL, 'publication_id', 'publication.id = through.publication_id', NULL, 'through.position, through.article_id', 2),
    ('the boss', 'worker', 'worker', NULL, 'id', 'worker.id = through.boss_id', NULL, NULL, NULL),
    ('the boss of a boss', 'worker', 'worker', NULL, 'boss_id', 'worker.id = through.boss_id', 'worker.name <> through.name', 'through.id', NULL),
    ('friends', 'worker', 'friend', 'b_id', 'a_id', 'worker.id = through.b_id', 'through.since % 2 = 1 AND worker.id > 2', 'id DESC', 3),
    ('befriended', 'worker', 'friend', 'a_id', 'b_id', 'worker.id = through.a_id', NULL, 'through.since', 3),
    ('a view between', 'publication', 'published', 'publication_id', 'article_id', 'publication.id = through.publication_id', 'through.position > 3', 'title, id', 3),
    ('a view at the end', 'scored', 'article_publication', 'publication_id', 'article_id', 'scored.id = through.publication_id', NULL, 'id', NULL),
    ('a materialized view', 'publication', 'published_once', 'publication_id', 'article_id', 'publication.id = through.publication_id', NULL, 'id', NULL),
    ('partitions between', 'publication', 'slot', NULL, 'article_id', 'publication.id = through.publication_id', NULL, 'through.day, id', 3),
    ('one partition', 'publication', 'slot_2', NULL, 'article_id', 'publication.id = through.publication_id', 'through.day > 12', 'id', 3),
    ('partitions at the end', 'issue', 'article_issue', NULL, 'article_id', 'issue.id = through.issue_id', 'issue.publication_id > 0', 'through.page', 3),
    ('children between', 'publication', 'base', NULL, 'article_id', 'publication.id = through.publication_id', NULL, 'id, through.n', NULL),
    ('a child', 'publication', 'base_child', 'publication_id', 'article_id', 'publication.id = through.publication_id', NULL, 'id, through.n', NULL),
    ('a temporary table', 'publication', 'picks', 'publication_id', 'article_id', 'publication.id = through.publication_id', NULL, 'id, through.n', NULL),
    ('no index', 'publication', 'no_index', 'publication_id', 'article_id', 'publication.id = through.publication_id', NULL, 'id', 5),
    ('dropped and added columns', 'publication', 'gone', NULL, 'article_id', 'publication.id = through.publication_id', 'through.g4 = 7', 'id', 5)) v(what, r, j, link, by, on_columns, filter, order_by, first);
TABLE answers;

-- defaults of "by": the junction's primary key for to-one loads, rows and explain
SELECT ord, (item).name FROM dataloader.load_one(NULL::reporter, ARRAY[3, 6, 99, NULL, 2, 3], through => 'article', link => 'reporter_id');
SELECT ord, (item).name FROM dataloader.load_rows(NULL::reporter, ARRAY[3, 6, 99, NULL, 2, 3], through => 'article', link => 'reporter_id');
SELECT dataloader.load_one_json('reporter', '[3,6,99,null,2,3]', through => 'article', link => 'reporter_id', columns => '{name}');
SELECT dataloader.load_one_json('worker', '[[1,2],[2,1],[null,2]]', through => 'friend', link => 'a_id', columns => '{name}');
SELECT dataloader.load_one_json('worker', ARRAY[9, 1, 30], through => 'worker', columns => '{name}');
SELECT * FROM dataloader.explain('reporter', NULL, through => 'article', link => 'reporter_id');
ALTER TABLE article DROP COLUMN co_id;
SELECT ord, (item).name FROM dataloader.load_one(NULL::reporter, ARRAY[3, 6, 99, NULL, 2, 3], through => 'article', by => 'id');
SELECT ord, (item).name FROM dataloader.load_one(NULL::reporter, ARRAY[3, 6, 99, NULL, 2, 3], through => 'article');
-- catalogs, too
SELECT dataloader.load_one_json('pg_type', ARRAY[('article'::regclass, 2::int2), ('article'::regclass, 1::int2)], by => 'attrelid, attnum', through => 'pg_attribute', link => 'atttypid', columns => '{typname}');

-- A page is filled though most pairs dangle, lead to filtered rows, or are NULL: from the index alone and with the heap
TRUNCATE cases RESTART IDENTITY;
CREATE TABLE sparse (a int, publication_id int, n int, note text) WITH (autovacuum_enabled = off);
INSERT INTO sparse SELECT a, CASE WHEN n % 100 = a THEN n % 25 + 1 WHEN n % 3 = 0 THEN NULL ELSE 100000 + n END, n, 'x' FROM generate_series(1, 5) a, generate_series(1, 1000) n;
CREATE INDEX sparse_n ON sparse (a, n, publication_id);
INSERT INTO cases (what, relation, through, link, key_by, keys, pairs, filter, order_by, first, skip)
SELECT format('%s, first %s, skip %s', what, first, skip), 'publication', 'sparse', 'publication_id', 'a', 'ARRAY[4, 9, 1, 5, NULL, 4]', 'sparse AS through JOIN publication ON publication.id = through.publication_id', filter, order_by, first, skip
FROM (VALUES ('in the index', NULL, 'through.n'), ('backward', NULL, 'through.n DESC'), ('with the heap', 'through.note = ''x''', 'through.n'), ('filtered', 'score > 2', 'through.n'), ('sorted', NULL, 'id, through.n')) w(what, filter, order_by),
    (VALUES (1, NULL), (3, 2), (7, 6), (100, 9), (1, 10)) p(first, skip);
CREATE VIEW verdicts AS SELECT path(c), b.direct, b.plan, count(*) FROM cases c, on_both(c) b GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
TABLE verdicts;
VACUUM sparse;
TABLE verdicts;
DELETE FROM sparse WHERE n % 100 = a AND n > 500;
TABLE verdicts;
SELECT * FROM dataloader.explain('publication', ARRAY[1], by => 'a', through => 'sparse', link => 'publication_id', order_by => 'through.n', first => 3);

-- More pairs than are joined at once, of many keys and of one; every pair with its position
CREATE TABLE item (id int PRIMARY KEY, w text);
INSERT INTO item SELECT i * 3, 'w' || i % 50 FROM generate_series(1, 3000) i;
CREATE TABLE tagging (tag int, item_id int, n int, PRIMARY KEY (tag, n)) WITH (autovacuum_enabled = off);
INSERT INTO tagging SELECT i % 997, i * 7919 % 3300 * 3, i FROM generate_series(1, 20000) i;
INSERT INTO tagging SELECT 5000, i * 7919 % 3300 * 3, i FROM generate_series(1, 20000) i;
CREATE INDEX ON tagging (tag, item_id);
ANALYZE item, tagging;
CREATE TABLE keysets AS SELECT 'many' AS what, array_agg(i * 31 % 1000 ORDER BY i) AS keys FROM generate_series(1, 400) i UNION ALL SELECT 'one', '{5000}' UNION ALL SELECT 'all', array_agg(i) FROM generate_series(5003, 0, -7) i;
CREATE TABLE pages (no int, ordering text, first int, skip int);
INSERT INTO pages VALUES (1, NULL, NULL, NULL), (2, 'id, through.n', NULL, NULL), (3, 'w DESC, id, through.n', NULL, NULL), (4, 'through.n', NULL, NULL), (5, 'through.n DESC', NULL, NULL), (6, 'through.item_id, through.n', NULL, NULL),
    (7, 'through.n', 3, 1), (8, 'id DESC, through.n', 2, NULL), (9, 'through.n', 8191, NULL), (10, 'through.n', 8192, 0), (11, 'through.n DESC', 8193, 1), (12, 'id, through.n', 10, 8190), (13, 'through.n', 1, 8192), (14, 'through.n', NULL, 8192);
CREATE FUNCTION chunked(keys int[], ordering text, first int, skip int, filter text, OUT same bool, OUT counted bool) LANGUAGE plpgsql AS $$
DECLARE wanted text; got text; counts bigint[];
BEGIN
    EXECUTE format('SELECT string_agg(coalesce(md5(items), ''-''), '','' ORDER BY ord), array_agg(n ORDER BY ord) FROM (SELECT k.ord, string_agg(x.item, '';'' ORDER BY x.no) FILTER (WHERE x.no > %s AND x.no <= %s) AS items, count(x.no) AS n'
        ' FROM unnest($1) WITH ORDINALITY k(key, ord) LEFT JOIN (SELECT through.tag, item::text, row_number() OVER (PARTITION BY through.tag ORDER BY %s) AS no FROM tagging through JOIN item ON item.id = through.item_id WHERE %s) x ON x.tag = k.key GROUP BY k.ord) y',
        coalesce(skip, 0), coalesce(skip, 0)::bigint + coalesce(first, 2147483647), coalesce(ordering, 'item::text'), coalesce(filter, 'true')) INTO wanted, counts USING keys;
    EXECUTE format('SELECT string_agg(coalesce(md5(items), ''-''), '','' ORDER BY ord) FROM (SELECT l.ord, (SELECT string_agg(i::text, '';'' %s) FROM unnest(l.items) WITH ORDINALITY u(id, w, o), LATERAL (SELECT ROW(id, w)::item AS i) z) AS items'
        ' FROM dataloader.load_many(NULL::item, $1, by => ''tag'', through => ''tagging'', link => ''item_id'', order_by => %L, first => %L, skip => %L, filter => %L) l) y',
        CASE WHEN ordering IS NULL THEN 'ORDER BY i::text' ELSE 'ORDER BY o' END, ordering, first, skip, filter) INTO got USING keys;
    same := got = wanted;
    counted := counts = dataloader.load_count('item', keys, by => 'tag', through => 'tagging', link => 'item_id', filter => chunked.filter);
END $$;
CREATE VIEW chunks AS
SELECT ordering, first, skip, count(*) AS calls, count(*) FILTER (WHERE same) AS same, count(*) FILTER (WHERE counted) AS counted
FROM pages, keysets, (VALUES (NULL), ('through.n % 2 = 0 AND w <> ''w7''')) f(filter), chunked(keys, ordering, first, skip, filter) WHERE filter IS NULL OR no IN (1, 2, 4, 7) GROUP BY no, ordering, first, skip ORDER BY no;
TABLE chunks;
VACUUM tagging, item;
DELETE FROM pages WHERE no NOT IN (1, 2, 4, 7, 10, 11);
TABLE chunks;
SET dataloader.direct_scan = off;
TABLE chunks;
RESET dataloader.direct_scan;
SELECT count(*), count(DISTINCT ord) FROM dataloader.load_rows(NULL::item, ARRAY[5000, 4, 5000], by => 'tag', through => 'tagging', link => 'item_id', order_by => 'id');
-- pairs are no keys
SET dataloader.max_keys = 2;
SELECT dataloader.load_count('item', ARRAY[5000, 4], by => 'tag', through => 'tagging', link => 'item_id');
RESET dataloader.max_keys;
-- with little memory
SET work_mem = '64kB';
SELECT * FROM chunks WHERE first > 8000;
RESET work_mem;

-- Errors
CREATE TABLE "Authorship" (id int PRIMARY KEY, writer_id int REFERENCES worker, editor_id int REFERENCES worker, article_id int REFERENCES article, day int);
CREATE TABLE plain_pairs (a int, b int);
CREATE TABLE through (id int PRIMARY KEY, plain_id int);
CREATE TABLE link_through (a int, b int REFERENCES through);
CREATE SEQUENCE counter;
SELECT dataloader.load_many_json('publication', '[1]', by => 'a', through => 'plain_pairs');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('worker', '[1]', by => 'article_id', through => '"Authorship"');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('spot', '[[1,"w1"]]', by => 'tenant, who', through => 'visit_free');
\echo :LAST_ERROR_SQLSTATE
-- a view has no foreign keys, nor has one that leads elsewhere, or the other way
SELECT dataloader.load_many_json('publication', '[1]', by => 'article_id', through => 'published');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('reporter', '[1]', by => 'article_id', through => 'article_publication');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('article', '[1]', by => 'id', through => 'reporter');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'id', link => 'id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'a', through => 'plain_pairs', link => 'a, b');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('spot', '[[1,"w1"]]', by => 'tenant, who', through => 'visit_free', link => 'lx');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('through', '[1]', by => 'a', through => 'link_through');
\echo :LAST_ERROR_SQLSTATE
-- as a junction it may be named so
SELECT dataloader.load_many_json('publication', '[1]', by => 'id', through => 'through', link => 'plain_id');
SELECT dataloader.load_count('publication', '[1]', by => 'article_id', through => 'article_publication', at_most => -1);
\echo :LAST_ERROR_SQLSTATE
-- "by" and "link" are columns of the junction
SELECT dataloader.load_many_json('publication', '[1]', by => 'title', through => 'article_publication');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'article_id', through => 'article_publication', link => 'title');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'article_id', through => 'article_publication', link => 'publication_id, publication_id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'article_id', through => 'article_publication', link => 'a,,b');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'article_id', through => 'article_publication', link => '');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', through => 'article_publication');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_count('publication', '[1]', through => 'article_publication');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('publication', '[1]', through => 'article_publication');
\echo :LAST_ERROR_SQLSTATE
-- columns are those of the relation
SELECT dataloader.load_many_json('publication', '[1]', by => 'article_id', through => 'article_publication', columns => '{id,note}');
\echo :LAST_ERROR_SQLSTATE
-- columns of the junction are named with through, and with nothing else
\set VERBOSITY terse
SELECT dataloader.load_many_json('publication', '[1]', by => 'article_id', through => 'article_publication', filter => 'note = ''note 1''');
\set VERBOSITY default
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'article_id', through => 'article_publication', filter => 'article_publication.note = ''note 1''');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'article_id', through => 'article_publication', order_by => 'through.title');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'id', filter => 'through.id = 1');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'article_id', through => 'article_publication', filter => 'through.position > $1', args => '[1, 2]');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'article_id', through => 'article_publication', filter => 'through.position > $1', args => '["x"]');
\echo :LAST_ERROR_SQLSTATE
-- relations that cannot be a junction
SELECT dataloader.load_many_json('publication', '[1]', by => 'a', through => 'nope', link => 'b');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'a', through => 4000000000::oid::regclass, link => 'b');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'a', through => 'worker_pkey', link => 'b');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', '[1]', by => 'last_value', through => 'counter', link => 'last_value');
\echo :LAST_ERROR_SQLSTATE
-- keys against the junction's columns, links against the relation's
SELECT dataloader.load_many_json('publication', ARRAY['x'], by => 'article_id', through => 'article_publication');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', ARRAY[(1, 2)], by => 'article_id', through => 'article_publication');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('publication', ARRAY[1], by => 'article_id', through => 'article_publication', link => 'note');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_many_json('no_index', ARRAY[1], by => 'article_id', through => 'article_publication', link => 'publication_id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_one_json('publication', ARRAY[3], by => 'article_id', through => 'article_publication');
\echo :LAST_ERROR_SQLSTATE
SET dataloader.direct_scan = off;
SELECT dataloader.load_one_json('publication', ARRAY[3], by => 'article_id', through => 'article_publication');
\echo :LAST_ERROR_SQLSTATE
RESET dataloader.direct_scan;
SET dataloader.require_index = on;
SELECT dataloader.load_many_json('publication', ARRAY[3], by => 'article_id', through => 'no_index', link => 'publication_id');
\echo :LAST_ERROR_SQLSTATE
SELECT dataloader.load_count('publication', ARRAY[3], by => 'article_id', through => 'article_publication');
SELECT dataloader.load_count('publication', ARRAY[3], by => 'article_id', through => 'published', link => 'publication_id');
RESET dataloader.require_index;
-- NULL and empty keys, and a NULL relation
SELECT dataloader.load_many_json('publication', NULL::int[], by => 'article_id', through => 'article_publication') IS NULL AS of_null,
    dataloader.load_many_json('publication', '{}'::int[], by => 'article_id', through => 'article_publication') AS of_none,
    dataloader.load_many_json('publication', '[null]', by => 'article_id', through => 'article_publication') AS of_a_null,
    dataloader.load_count('publication', '{NULL,99}', by => 'article_id', through => 'article_publication') AS counts;
SELECT dataloader.load_many_json(NULL, '[1]', by => 'article_id', through => 'article_publication');
\echo :LAST_ERROR_SQLSTATE
-- two constraints on the same column are one way
ALTER TABLE link_through ADD FOREIGN KEY (a) REFERENCES publication;
ALTER TABLE link_through ADD CONSTRAINT again FOREIGN KEY (a) REFERENCES publication;
SELECT dataloader.load_many_json('publication', '[1]', by => 'b', through => 'link_through');
SELECT dataloader.load_many_json('publication', '[1]', by => 'b', through => 'link_through', link => 'a');
-- a foreign key to another unique column than the primary key
CREATE TABLE by_title (a int, code text);
CREATE TABLE coded (id int PRIMARY KEY, code text UNIQUE, label text);
INSERT INTO coded VALUES (1, 'x', 'one'), (2, 'y', 'two'), (3, NULL, 'three');
INSERT INTO by_title VALUES (1, 'y'), (1, 'x'), (2, NULL), (2, 'y');
ALTER TABLE by_title ADD FOREIGN KEY (code) REFERENCES coded (code);
SELECT dataloader.load_many_json('coded', '[1,2,3]', by => 'a', through => 'by_title', order_by => 'id', columns => '{id}');
SELECT dataloader.load_many_json('coded', '[1,2,3]', by => 'a', through => 'by_title', link => 'code', order_by => 'id', columns => '{id}');
ALTER TABLE by_title DROP CONSTRAINT by_title_code_fkey;
SELECT dataloader.load_many_json('coded', '[1,2,3]', by => 'a', through => 'by_title', link => 'code', order_by => 'id', columns => '{id}');
\echo :LAST_ERROR_SQLSTATE

-- Rights: every column that the call reads, of both, on both paths
CREATE ROLE regress_dl_junction;
GRANT USAGE ON SCHEMA test_junction TO regress_dl_junction;
CREATE TABLE secret_link (a int, p int REFERENCES publication, n int, hidden int);
CREATE INDEX ON secret_link (a, n, p);
INSERT INTO secret_link SELECT i % 3, i % 5 + 1, i, i FROM generate_series(1, 12) i;
CREATE FUNCTION tried(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE direct text; plan text;
BEGIN
    SET LOCAL dataloader.direct_scan = on;
    BEGIN EXECUTE query INTO direct; EXCEPTION WHEN OTHERS THEN direct := sqlstate || ' ' || sqlerrm; END;
    SET LOCAL dataloader.direct_scan = off;
    BEGIN EXECUTE query INTO plan; EXCEPTION WHEN OTHERS THEN plan := sqlstate || ' ' || sqlerrm; END;
    SET LOCAL dataloader.direct_scan = on;
    RETURN CASE WHEN direct = plan THEN left(direct, 110) ELSE 'direct: ' || direct || ', plan: ' || plan END;
END $$;
CREATE TABLE calls (no serial, what text, call text);
INSERT INTO calls (what, call)
SELECT what, format('SELECT dataloader.%s, by => ''a'', through => ''secret_link''%s)', v, o)
FROM (VALUES ('two columns', 'load_many_json(''publication'', ''[1,9]''', ', columns => ''{id,title}'', filter => ''id < 4'', order_by => ''id'''),
    ('all columns', 'load_many_json(''publication'', ''[1,9]''', ', order_by => ''id'''),
    ('filter over the relation', 'load_many_json(''publication'', ''[1,9]''', ', columns => ''{id}'', filter => ''score > 0'', order_by => ''id'''),
    ('order of the junction', 'load_many_json(''publication'', ''[1,9]''', ', columns => ''{id}'', order_by => ''through.n'''),
    ('filter over the junction', 'load_many_json(''publication'', ''[1,9]''', ', columns => ''{id}'', filter => ''through.hidden > 0'', order_by => ''id'''),
    ('whole junction', 'load_many_json(''publication'', ''[1,9]''', ', columns => ''{id}'', filter => ''through IS NOT NULL'', order_by => ''id'''),
    ('count', 'load_count(''publication'', ''[1,9]''', ''), ('rows', 'load_rows(NULL::publication, ''[1,9]''', ', order_by => ''id'', first => 1')) c(what, v, o);
GRANT SELECT ON calls TO regress_dl_junction;
CREATE FUNCTION asked(role name) RETURNS TABLE (what text, answer text) LANGUAGE plpgsql AS $$
DECLARE c calls;
BEGIN
    PERFORM set_config('role', role, true);
    FOR c IN SELECT * FROM calls ORDER BY no LOOP
        what := c.what; answer := tried(c.call);
        RETURN NEXT;
    END LOOP;
    PERFORM set_config('role', 'none', true);
END $$;
-- nothing
SELECT * FROM asked('regress_dl_junction');
-- the relation alone; the junction alone
GRANT SELECT ON publication TO regress_dl_junction;
SELECT * FROM asked('regress_dl_junction');
REVOKE SELECT ON publication FROM regress_dl_junction;
GRANT SELECT ON secret_link TO regress_dl_junction;
SELECT * FROM asked('regress_dl_junction');
REVOKE SELECT ON secret_link FROM regress_dl_junction;
-- some columns of both
GRANT SELECT (id, title) ON publication TO regress_dl_junction;
GRANT SELECT (a) ON secret_link TO regress_dl_junction;
SELECT * FROM asked('regress_dl_junction');
GRANT SELECT (p) ON secret_link TO regress_dl_junction;
SELECT * FROM asked('regress_dl_junction');
-- the link's column, but not the key it leads to
REVOKE SELECT (id) ON publication FROM regress_dl_junction;
SELECT * FROM asked('regress_dl_junction') WHERE what IN ('two columns', 'count');
SET ROLE regress_dl_junction;
SELECT * FROM dataloader.explain('publication', NULL, by => 'a', through => 'secret_link', columns => '{title}');
RESET ROLE;
GRANT SELECT ON publication, secret_link TO regress_dl_junction;
SELECT * FROM asked('regress_dl_junction');
-- the junction in a schema of its own
CREATE SCHEMA test_junction_2;
ALTER TABLE secret_link SET SCHEMA test_junction_2;
UPDATE calls SET call = replace(call, '''secret_link''', quote_literal('test_junction_2.secret_link'::regclass::oid) || '::oid::regclass');
SELECT * FROM asked('regress_dl_junction') WHERE what IN ('two columns', 'count');
GRANT USAGE ON SCHEMA test_junction_2 TO regress_dl_junction;
SELECT * FROM asked('regress_dl_junction') WHERE what IN ('two columns', 'count');
-- policies of the junction, of the relation, of both
ALTER TABLE test_junction_2.secret_link ENABLE ROW LEVEL SECURITY;
SELECT * FROM asked('regress_dl_junction');
CREATE POLICY part ON test_junction_2.secret_link USING (n > 4);
SELECT * FROM asked('regress_dl_junction');
ALTER TABLE publication ENABLE ROW LEVEL SECURITY;
CREATE POLICY part ON publication USING (id <> 3);
SELECT * FROM asked('regress_dl_junction');
ALTER TABLE test_junction_2.secret_link DISABLE ROW LEVEL SECURITY;
SELECT * FROM asked('regress_dl_junction');
SET row_security = off;
SELECT * FROM asked('regress_dl_junction');
RESET row_security;
SELECT * FROM asked(current_user) WHERE what IN ('two columns', 'count');
SET ROLE regress_dl_junction;
SELECT * FROM dataloader.explain('publication', NULL, by => 'a', through => 'test_junction_2.secret_link', columns => '{id}');
RESET ROLE;
ALTER TABLE publication DISABLE ROW LEVEL SECURITY;
ALTER TABLE test_junction_2.secret_link ENABLE ROW LEVEL SECURITY;
SET ROLE regress_dl_junction;
SELECT * FROM dataloader.explain('publication', NULL, by => 'a', through => 'test_junction_2.secret_link', columns => '{id}');
RESET ROLE;
ALTER TABLE test_junction_2.secret_link DISABLE ROW LEVEL SECURITY;

-- What a session has found out about a junction does not outlive its change
CREATE TABLE kept (a int, p int REFERENCES publication, n int, n2 int);
CREATE INDEX kept_n ON kept (a, n);
INSERT INTO kept SELECT i % 3, i % 5 + 1, i, -i FROM generate_series(1, 12) i;
CREATE FUNCTION again(order_by text DEFAULT 'through.n', by text DEFAULT 'a', link text DEFAULT NULL) RETURNS TABLE (how text, answer text) LANGUAGE plpgsql AS $$
BEGIN
    answer := tried(format('SELECT dataloader.load_many_json(''publication'', ''[1,9]'', by => %L, through => ''kept'', link => %L, order_by => %L, first => 2, columns => ''{id}'')', by, link, order_by));
    BEGIN
        how := (SELECT string_agg(e, '; ') FROM dataloader.explain('publication', '[1]', by => again.by, through => 'kept', link => again.link, order_by => again.order_by) e WHERE e ~ '^(path|junction)');
    EXCEPTION WHEN OTHERS THEN how := 'error';
    END;
    RETURN NEXT;
END $$;
SELECT * FROM again();
ALTER TABLE kept RENAME n TO m;
SELECT * FROM again();
ALTER TABLE kept RENAME n2 TO n;
SELECT * FROM again();
ALTER TABLE kept RENAME n TO n2;
ALTER TABLE kept RENAME m TO n;
SELECT * FROM again();
ALTER TABLE kept RENAME p TO q;
SELECT * FROM again();
SELECT * FROM again(link => 'q');
DROP INDEX kept_n;
SELECT * FROM again();
CREATE INDEX kept_n ON kept (a, n);
SELECT * FROM again();
ALTER TABLE kept DROP CONSTRAINT kept_p_fkey;
SELECT * FROM again();
SELECT * FROM again(link => 'q');
ALTER TABLE kept ADD FOREIGN KEY (q) REFERENCES publication;
SELECT * FROM again();
ALTER TABLE kept ADD COLUMN r int REFERENCES publication;
SELECT * FROM again();
SELECT * FROM again(link => 'r');
ALTER TABLE kept DROP COLUMN r;
SELECT * FROM again();
ALTER TABLE kept ALTER q TYPE bigint;
SELECT * FROM again();
ALTER TABLE kept RENAME TO kept_once;
CREATE TABLE kept (p int REFERENCES publication, a int, n int);
INSERT INTO kept VALUES (7, 1, 1);
SELECT * FROM again();
-- and the relation's: its primary key tells where a link without a constraint leads
ALTER TABLE kept DROP CONSTRAINT kept_p_fkey;
SELECT * FROM again(link => 'p');
CREATE TABLE copy (id int, id2 int PRIMARY KEY);
INSERT INTO copy SELECT i, i + 1 FROM generate_series(1, 9) i;
SELECT dataloader.load_one_json('copy', '[1]', by => 'a', through => 'kept', link => 'p');
ALTER TABLE copy DROP CONSTRAINT copy_pkey;
SELECT dataloader.load_one_json('copy', '[1]', by => 'a', through => 'kept', link => 'p');
ALTER TABLE copy ADD PRIMARY KEY (id);
SELECT dataloader.load_one_json('copy', '[1]', by => 'a', through => 'kept', link => 'p');
-- own writes, then none
BEGIN;
INSERT INTO kept VALUES (8, 1, 2);
SELECT dataloader.load_count('copy', '[1]', by => 'a', through => 'kept', link => 'p');
SAVEPOINT s;
DELETE FROM copy WHERE id = 7;
SELECT dataloader.load_count('copy', '[1]', by => 'a', through => 'kept', link => 'p');
ROLLBACK TO s;
SELECT dataloader.load_count('copy', '[1]', by => 'a', through => 'kept', link => 'p');
ROLLBACK;
SELECT dataloader.load_count('copy', '[1]', by => 'a', through => 'kept', link => 'p');

-- a foreign key with PERIOD (PostgreSQL 18) says that ranges are contained: no link, for it is no equality
CREATE TABLE tenancy (unit int4range, during daterange);
CREATE TABLE stay (guest int, unit int4range, during daterange);
DO $$
BEGIN
    IF current_setting('server_version_num')::int >= 180000 THEN
        EXECUTE 'ALTER TABLE tenancy ADD PRIMARY KEY (unit, during WITHOUT OVERLAPS)';
        EXECUTE 'ALTER TABLE stay ADD FOREIGN KEY (unit, PERIOD during) REFERENCES tenancy (unit, PERIOD during)';
    ELSE
        ALTER TABLE tenancy ADD PRIMARY KEY (unit, during);
    END IF;
END $$;
INSERT INTO tenancy VALUES ('[1,1]', '[2024-01-01,2024-12-31]');
INSERT INTO stay VALUES (1, '[1,1]', '[2024-03-01,2024-03-08]'), (2, '[1,1]', '[2024-01-01,2024-12-31]');
SELECT dataloader.load_count('tenancy', '[1,2]', by => 'guest', through => 'stay');
SELECT dataloader.load_count('tenancy', '[1,2]', by => 'guest', through => 'stay', link => 'unit, during');

DROP OWNED BY regress_dl_junction;
DROP ROLE regress_dl_junction;
DROP SCHEMA test_junction, test_junction_2 CASCADE;

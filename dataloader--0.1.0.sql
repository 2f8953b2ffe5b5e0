/* dataloader--0.1.0.sql
 *
 * Everything lives in schema "dataloader", which belongs to the extension: it
 * is created here (and so refused if somebody else made one first) and goes
 * with DROP EXTENSION.  Every object is created plainly, never OR REPLACE or
 * IF NOT EXISTS, and every name is qualified, so that nothing here can pick
 * up an object that somebody planted.
 */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION dataloader" to load this file. \quit

CREATE SCHEMA dataloader;
GRANT USAGE ON SCHEMA dataloader TO PUBLIC;
COMMENT ON SCHEMA dataloader IS
'batch loading of related rows: one indexed scan per batch of keys, results aligned with the keys';



-- What the planner asks about the functions that return rows.

CREATE FUNCTION dataloader.rows_support(request pg_catalog.internal)
RETURNS pg_catalog.internal
AS 'MODULE_PATHNAME', 'dataloader_rows_support'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION dataloader.rows_support(pg_catalog.internal) IS
'Planner support of load_one, load_many and load_rows: has their library loaded before a plan is made, so that FROM load_rows(...) becomes a plan node that hands on rows as they are. Not to be called from SQL.';


-- load_one: keys as an array, or as the text of one

CREATE FUNCTION dataloader.load_one(
    relation anyelement,
    keys anycompatiblearray,
    by pg_catalog.text DEFAULT NULL,
    through pg_catalog.regclass DEFAULT NULL,
    link pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    args pg_catalog.jsonb DEFAULT NULL,
    order_by pg_catalog.text DEFAULT NULL)
RETURNS TABLE (ord pg_catalog.int8, item anyelement)
AS 'MODULE_PATHNAME', 'dataloader_load_one'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 1000
SUPPORT dataloader.rows_support;

COMMENT ON FUNCTION dataloader.load_one(anyelement, anycompatiblearray, pg_catalog.text, pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text) IS
'To-one: exactly one row per key, in the order of the keys; item is NULL where no row matches. "by" defaults to the primary key. Two matching rows without order_by are an error (21000). With through, keys match "by" of that junction, whose link columns lead to the relation. Keys: an array of any type that compares with the key column; composite keys are an array of rows.';

CREATE FUNCTION dataloader.load_one(
    relation anyelement,
    keys pg_catalog.text,
    by pg_catalog.text DEFAULT NULL,
    through pg_catalog.regclass DEFAULT NULL,
    link pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    args pg_catalog.jsonb DEFAULT NULL,
    order_by pg_catalog.text DEFAULT NULL)
RETURNS TABLE (ord pg_catalog.int8, item anyelement)
AS 'MODULE_PATHNAME', 'dataloader_load_one'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 1000
SUPPORT dataloader.rows_support;

COMMENT ON FUNCTION dataloader.load_one(anyelement, pg_catalog.text, pg_catalog.text, pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text) IS
'To-one: exactly one row per key, in the order of the keys; item is NULL where no row matches. "by" defaults to the primary key. Two matching rows without order_by are an error (21000). With through, keys match "by" of that junction, whose link columns lead to the relation. Keys: text, an array literal {1,2} or a JSON array [1,2]; composite keys are [[1,"a"],[2,"b"]].';


-- load_many: keys as an array, or as the text of one

CREATE FUNCTION dataloader.load_many(
    relation anyelement,
    keys anycompatiblearray,
    by pg_catalog.text DEFAULT NULL,
    through pg_catalog.regclass DEFAULT NULL,
    link pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    args pg_catalog.jsonb DEFAULT NULL,
    order_by pg_catalog.text DEFAULT NULL,
    first pg_catalog.int4 DEFAULT NULL,
    skip pg_catalog.int4 DEFAULT NULL)
RETURNS TABLE (ord pg_catalog.int8, items anyarray)
AS 'MODULE_PATHNAME', 'dataloader_load_many'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 1000
SUPPORT dataloader.rows_support;

COMMENT ON FUNCTION dataloader.load_many(anyelement, anycompatiblearray, pg_catalog.text, pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text, pg_catalog.int4, pg_catalog.int4) IS
'To-many: exactly one row per key, in the order of the keys; items is an empty array where no row matches, never NULL. With through, keys match "by" of that junction, whose link columns lead to the relation. Keys: an array of any type that compares with the key column; composite keys are an array of rows.';

CREATE FUNCTION dataloader.load_many(
    relation anyelement,
    keys pg_catalog.text,
    by pg_catalog.text DEFAULT NULL,
    through pg_catalog.regclass DEFAULT NULL,
    link pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    args pg_catalog.jsonb DEFAULT NULL,
    order_by pg_catalog.text DEFAULT NULL,
    first pg_catalog.int4 DEFAULT NULL,
    skip pg_catalog.int4 DEFAULT NULL)
RETURNS TABLE (ord pg_catalog.int8, items anyarray)
AS 'MODULE_PATHNAME', 'dataloader_load_many'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 1000
SUPPORT dataloader.rows_support;

COMMENT ON FUNCTION dataloader.load_many(anyelement, pg_catalog.text, pg_catalog.text, pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text, pg_catalog.int4, pg_catalog.int4) IS
'To-many: exactly one row per key, in the order of the keys; items is an empty array where no row matches, never NULL. With through, keys match "by" of that junction, whose link columns lead to the relation. Keys: text, an array literal {1,2} or a JSON array [1,2]; composite keys are [[1,"a"],[2,"b"]].';


-- load_rows: keys as an array, or as the text of one

CREATE FUNCTION dataloader.load_rows(
    relation anyelement,
    keys anycompatiblearray,
    by pg_catalog.text DEFAULT NULL,
    through pg_catalog.regclass DEFAULT NULL,
    link pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    args pg_catalog.jsonb DEFAULT NULL,
    order_by pg_catalog.text DEFAULT NULL,
    first pg_catalog.int4 DEFAULT NULL,
    skip pg_catalog.int4 DEFAULT NULL)
RETURNS TABLE (ord pg_catalog.int8, item anyelement)
AS 'MODULE_PATHNAME', 'dataloader_load_rows'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 1000
SUPPORT dataloader.rows_support;

COMMENT ON FUNCTION dataloader.load_rows(anyelement, anycompatiblearray, pg_catalog.text, pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text, pg_catalog.int4, pg_catalog.int4) IS
'The matching rows of each key, flattened: one row per match, by ord (the position of its key, from 1). Keys without a match have no row. "by" defaults to the primary key. With through, keys match "by" of that junction, whose link columns lead to the relation. Keys: an array of any type that compares with the key column; composite keys are an array of rows.';

CREATE FUNCTION dataloader.load_rows(
    relation anyelement,
    keys pg_catalog.text,
    by pg_catalog.text DEFAULT NULL,
    through pg_catalog.regclass DEFAULT NULL,
    link pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    args pg_catalog.jsonb DEFAULT NULL,
    order_by pg_catalog.text DEFAULT NULL,
    first pg_catalog.int4 DEFAULT NULL,
    skip pg_catalog.int4 DEFAULT NULL)
RETURNS TABLE (ord pg_catalog.int8, item anyelement)
AS 'MODULE_PATHNAME', 'dataloader_load_rows'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 1000
SUPPORT dataloader.rows_support;

COMMENT ON FUNCTION dataloader.load_rows(anyelement, pg_catalog.text, pg_catalog.text, pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text, pg_catalog.int4, pg_catalog.int4) IS
'The matching rows of each key, flattened: one row per match, by ord (the position of its key, from 1). Keys without a match have no row. "by" defaults to the primary key. With through, keys match "by" of that junction, whose link columns lead to the relation. Keys: text, an array literal {1,2} or a JSON array [1,2]; composite keys are [[1,"a"],[2,"b"]].';


-- load_one_json: keys as an array, or as the text of one

CREATE FUNCTION dataloader.load_one_json(
    relation pg_catalog.regclass,
    keys anycompatiblearray,
    by pg_catalog.text DEFAULT NULL,
    through pg_catalog.regclass DEFAULT NULL,
    link pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    args pg_catalog.jsonb DEFAULT NULL,
    order_by pg_catalog.text DEFAULT NULL,
    columns pg_catalog.text[] DEFAULT NULL)
RETURNS pg_catalog.json
AS 'MODULE_PATHNAME', 'dataloader_load_one_json'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000;

COMMENT ON FUNCTION dataloader.load_one_json(pg_catalog.regclass, anycompatiblearray, pg_catalog.text, pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text, pg_catalog.text[]) IS
'To-one as JSON: an array with one object or null per key, in the order of the keys. "by" defaults to the primary key. With through, keys match "by" of that junction, whose link columns lead to the relation. Keys: an array of any type that compares with the key column; composite keys are an array of rows.';

CREATE FUNCTION dataloader.load_one_json(
    relation pg_catalog.regclass,
    keys pg_catalog.text,
    by pg_catalog.text DEFAULT NULL,
    through pg_catalog.regclass DEFAULT NULL,
    link pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    args pg_catalog.jsonb DEFAULT NULL,
    order_by pg_catalog.text DEFAULT NULL,
    columns pg_catalog.text[] DEFAULT NULL)
RETURNS pg_catalog.json
AS 'MODULE_PATHNAME', 'dataloader_load_one_json'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000;

COMMENT ON FUNCTION dataloader.load_one_json(pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text, pg_catalog.text[]) IS
'To-one as JSON: an array with one object or null per key, in the order of the keys. "by" defaults to the primary key. With through, keys match "by" of that junction, whose link columns lead to the relation. Keys: text, an array literal {1,2} or a JSON array [1,2]; composite keys are [[1,"a"],[2,"b"]].';


-- load_many_json: keys as an array, or as the text of one

CREATE FUNCTION dataloader.load_many_json(
    relation pg_catalog.regclass,
    keys anycompatiblearray,
    by pg_catalog.text DEFAULT NULL,
    through pg_catalog.regclass DEFAULT NULL,
    link pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    args pg_catalog.jsonb DEFAULT NULL,
    order_by pg_catalog.text DEFAULT NULL,
    first pg_catalog.int4 DEFAULT NULL,
    skip pg_catalog.int4 DEFAULT NULL,
    columns pg_catalog.text[] DEFAULT NULL)
RETURNS pg_catalog.json
AS 'MODULE_PATHNAME', 'dataloader_load_many_json'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000;

COMMENT ON FUNCTION dataloader.load_many_json(pg_catalog.regclass, anycompatiblearray, pg_catalog.text, pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text, pg_catalog.int4, pg_catalog.int4, pg_catalog.text[]) IS
'To-many as JSON: an array with one array of objects per key, in the order of the keys. With through, keys match "by" of that junction, whose link columns lead to the relation. Keys: an array of any type that compares with the key column; composite keys are an array of rows.';

CREATE FUNCTION dataloader.load_many_json(
    relation pg_catalog.regclass,
    keys pg_catalog.text,
    by pg_catalog.text DEFAULT NULL,
    through pg_catalog.regclass DEFAULT NULL,
    link pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    args pg_catalog.jsonb DEFAULT NULL,
    order_by pg_catalog.text DEFAULT NULL,
    first pg_catalog.int4 DEFAULT NULL,
    skip pg_catalog.int4 DEFAULT NULL,
    columns pg_catalog.text[] DEFAULT NULL)
RETURNS pg_catalog.json
AS 'MODULE_PATHNAME', 'dataloader_load_many_json'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000;

COMMENT ON FUNCTION dataloader.load_many_json(pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text, pg_catalog.int4, pg_catalog.int4, pg_catalog.text[]) IS
'To-many as JSON: an array with one array of objects per key, in the order of the keys. With through, keys match "by" of that junction, whose link columns lead to the relation. Keys: text, an array literal {1,2} or a JSON array [1,2]; composite keys are [[1,"a"],[2,"b"]].';


-- load_count: keys as an array, or as the text of one

CREATE FUNCTION dataloader.load_count(
    relation pg_catalog.regclass,
    keys anycompatiblearray,
    by pg_catalog.text DEFAULT NULL,
    through pg_catalog.regclass DEFAULT NULL,
    link pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    args pg_catalog.jsonb DEFAULT NULL,
    at_most pg_catalog.int4 DEFAULT NULL)
RETURNS pg_catalog.int8[]
AS 'MODULE_PATHNAME', 'dataloader_load_count'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000;

COMMENT ON FUNCTION dataloader.load_count(pg_catalog.regclass, anycompatiblearray, pg_catalog.text, pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.int4) IS
'The number of matching rows of each key, in the order of the keys; 0 where no row matches or the key is NULL. Counting stops at at_most. With through, keys match "by" of that junction, whose link columns lead to the relation. Keys: an array of any type that compares with the key column; composite keys are an array of rows.';

CREATE FUNCTION dataloader.load_count(
    relation pg_catalog.regclass,
    keys pg_catalog.text,
    by pg_catalog.text DEFAULT NULL,
    through pg_catalog.regclass DEFAULT NULL,
    link pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    args pg_catalog.jsonb DEFAULT NULL,
    at_most pg_catalog.int4 DEFAULT NULL)
RETURNS pg_catalog.int8[]
AS 'MODULE_PATHNAME', 'dataloader_load_count'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000;

COMMENT ON FUNCTION dataloader.load_count(pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.int4) IS
'The number of matching rows of each key, in the order of the keys; 0 where no row matches or the key is NULL. Counting stops at at_most. With through, keys match "by" of that junction, whose link columns lead to the relation. Keys: text, an array literal {1,2} or a JSON array [1,2]; composite keys are [[1,"a"],[2,"b"]].';


-- load_connection: keys as an array, or as the text of one

CREATE FUNCTION dataloader.load_connection(
    relation pg_catalog.regclass,
    keys anycompatiblearray,
    by pg_catalog.text DEFAULT NULL,
    through pg_catalog.regclass DEFAULT NULL,
    link pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    args pg_catalog.jsonb DEFAULT NULL,
    order_by pg_catalog.text DEFAULT NULL,
    first pg_catalog.int4 DEFAULT NULL,
    after pg_catalog.text[] DEFAULT NULL,
    last pg_catalog.int4 DEFAULT NULL,
    before pg_catalog.text[] DEFAULT NULL,
    columns pg_catalog.text[] DEFAULT NULL,
    total_count pg_catalog.bool DEFAULT false)
RETURNS pg_catalog.json
AS 'MODULE_PATHNAME', 'dataloader_load_connection'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000;

COMMENT ON FUNCTION dataloader.load_connection(pg_catalog.regclass, anycompatiblearray, pg_catalog.text, pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text, pg_catalog.int4, pg_catalog.text[], pg_catalog.int4, pg_catalog.text[], pg_catalog.text[], pg_catalog.bool) IS
'A Relay connection for each key, in the order of the keys: edges with cursor and node, pageInfo, and totalCount if asked for. after and before hold a cursor, or null, for each key. Rows are ordered by order_by (columns only), then by the primary key. Keys: an array of any type that compares with the key column; composite keys are an array of rows.';

CREATE FUNCTION dataloader.load_connection(
    relation pg_catalog.regclass,
    keys pg_catalog.text,
    by pg_catalog.text DEFAULT NULL,
    through pg_catalog.regclass DEFAULT NULL,
    link pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    args pg_catalog.jsonb DEFAULT NULL,
    order_by pg_catalog.text DEFAULT NULL,
    first pg_catalog.int4 DEFAULT NULL,
    after pg_catalog.text[] DEFAULT NULL,
    last pg_catalog.int4 DEFAULT NULL,
    before pg_catalog.text[] DEFAULT NULL,
    columns pg_catalog.text[] DEFAULT NULL,
    total_count pg_catalog.bool DEFAULT false)
RETURNS pg_catalog.json
AS 'MODULE_PATHNAME', 'dataloader_load_connection'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000;

COMMENT ON FUNCTION dataloader.load_connection(pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text, pg_catalog.int4, pg_catalog.text[], pg_catalog.int4, pg_catalog.text[], pg_catalog.text[], pg_catalog.bool) IS
'A Relay connection for each key, in the order of the keys: edges with cursor and node, pageInfo, and totalCount if asked for. after and before hold a cursor, or null, for each key. Rows are ordered by order_by (columns only), then by the primary key. Keys: text, an array literal {1,2} or a JSON array [1,2]; composite keys are [[1,"a"],[2,"b"]].';


-- explain: keys as an array, or as the text of one

CREATE FUNCTION dataloader.explain(
    relation pg_catalog.regclass,
    keys anycompatiblearray,
    by pg_catalog.text DEFAULT NULL,
    through pg_catalog.regclass DEFAULT NULL,
    link pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    args pg_catalog.jsonb DEFAULT NULL,
    order_by pg_catalog.text DEFAULT NULL,
    first pg_catalog.int4 DEFAULT NULL,
    skip pg_catalog.int4 DEFAULT NULL,
    columns pg_catalog.text[] DEFAULT NULL)
RETURNS SETOF pg_catalog.text
AS 'MODULE_PATHNAME', 'dataloader_explain'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10;

COMMENT ON FUNCTION dataloader.explain(pg_catalog.regclass, anycompatiblearray, pg_catalog.text, pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text, pg_catalog.int4, pg_catalog.int4, pg_catalog.text[]) IS
'How a batch with these options is loaded: path, reason, index, order, filter, and the index that would help. Takes the options of load_many_json; no row is read. With through, keys match "by" of that junction, whose link columns lead to the relation. Keys: an array of any type that compares with the key column; composite keys are an array of rows.';

CREATE FUNCTION dataloader.explain(
    relation pg_catalog.regclass,
    keys pg_catalog.text,
    by pg_catalog.text DEFAULT NULL,
    through pg_catalog.regclass DEFAULT NULL,
    link pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    args pg_catalog.jsonb DEFAULT NULL,
    order_by pg_catalog.text DEFAULT NULL,
    first pg_catalog.int4 DEFAULT NULL,
    skip pg_catalog.int4 DEFAULT NULL,
    columns pg_catalog.text[] DEFAULT NULL)
RETURNS SETOF pg_catalog.text
AS 'MODULE_PATHNAME', 'dataloader_explain'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10;

COMMENT ON FUNCTION dataloader.explain(pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.regclass, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb, pg_catalog.text, pg_catalog.int4, pg_catalog.int4, pg_catalog.text[]) IS
'How a batch with these options is loaded: path, reason, index, order, filter, and the index that would help. Takes the options of load_many_json; no row is read. With through, keys match "by" of that junction, whose link columns lead to the relation. Keys: text, an array literal {1,2} or a JSON array [1,2]; composite keys are [[1,"a"],[2,"b"]].';

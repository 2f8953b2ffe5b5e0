/*-------------------------------------------------------------------------
 *
 * load.c
 *	  The SQL functions that load rows: the pipeline from call to result.
 *
 * Order matters here.  Rights are asked for before the relation is locked, so
 * that nobody can queue for a lock on what he may not read; the target is looked
 * up after, so that it knows all that was committed before the lock; the path
 * is chosen last, by what holds for this call.  The lock is kept to the end of
 * the transaction, as every query does.
 *
 * All memory of a call is in one context below the caller's, deleted at the
 * end; only the result is the caller's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "args.h"
#include "compat.h"
#include "emit.h"
#include "fetch.h"
#include "funcapi.h"
#include "guc.h"
#include "keys.h"
#include "load.h"
#include "rights.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

static const DlVerb load_one_verb = {.typed = true, .to_one = true};
static const DlVerb load_many_verb = {.typed = true, .arrays = true,
.by_required = true, .has_limit = true};
static const DlVerb load_rows_verb = {.typed = true, .has_limit = true};
static const DlVerb load_one_json_verb = {.json = true, .to_one = true};
static const DlVerb load_many_json_verb = {.json = true, .by_required = true,
.has_limit = true};

static Datum load(FunctionCallInfo fcinfo, const DlVerb *verb);
static Datum load_batch(const DlRequest *request, DlTarget *target,
						const DlKeys *keys, Relation rel,
						FunctionCallInfo fcinfo, MemoryContext result_context);
static DlLimit row_limit(const DlRequest *request, const DlTarget *target);
static void check_kind(Oid relid, char relkind);

PG_FUNCTION_INFO_V1(dataloader_load_one);
PG_FUNCTION_INFO_V1(dataloader_load_many);
PG_FUNCTION_INFO_V1(dataloader_load_rows);
PG_FUNCTION_INFO_V1(dataloader_load_one_json);
PG_FUNCTION_INFO_V1(dataloader_load_many_json);

/* load_one(relation anyelement, keys, by, filter, args, order_by) */
Datum
dataloader_load_one(PG_FUNCTION_ARGS)
{
	return load(fcinfo, &load_one_verb);
}

/* load_many(relation anyelement, keys, by, filter, args, order_by, first, skip) */
Datum
dataloader_load_many(PG_FUNCTION_ARGS)
{
	return load(fcinfo, &load_many_verb);
}

/* load_rows(relation anyelement, keys, by, filter, args, order_by, first, skip) */
Datum
dataloader_load_rows(PG_FUNCTION_ARGS)
{
	return load(fcinfo, &load_rows_verb);
}

/* load_one_json(relation regclass, keys, by, filter, args, order_by, columns) */
Datum
dataloader_load_one_json(PG_FUNCTION_ARGS)
{
	return load(fcinfo, &load_one_json_verb);
}

/*
 * load_many_json(relation regclass, keys, by, filter, args, order_by, first,
 * skip, columns)
 */
Datum
dataloader_load_many_json(PG_FUNCTION_ARGS)
{
	return load(fcinfo, &load_many_json_verb);
}

static Datum
load(FunctionCallInfo fcinfo, const DlVerb *verb)
{
	MemoryContext result_context = CurrentMemoryContext;
	MemoryContext call_context;
	DlRequest	request;
	DlTarget   *target;
	DlKeys	   *keys;
	Relation	rel;
	Datum		result = (Datum) 0;

	if (verb->typed)
		dl_init_materialized_srf(fcinfo);

	call_context = AllocSetContextCreate(CurrentMemoryContext,
										 "dataloader call",
										 ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(call_context);

	dl_request_read(&request, verb, fcinfo);
	rel = dl_load_open(request.relid);
	target = dl_target_get(&request, rel);
	dl_rights_check_columns(rel, target->columns);
	if (dl_require_index)
		dl_load_require_index(target);

	keys = dl_keys_build(target, &request);
	if (keys != NULL)
		result = load_batch(&request, target, keys, rel, fcinfo,
							result_context);
	relation_close(rel, NoLock);

	MemoryContextSwitchTo(result_context);
	MemoryContextDelete(call_context);

	/* a set is in the tuplestore; JSON of a NULL array is NULL */
	if (verb->typed || keys == NULL)
		fcinfo->isnull = true;
	return result;
}

static Datum
load_batch(const DlRequest *request, DlTarget *target, const DlKeys *keys,
		   Relation rel, FunctionCallInfo fcinfo,
		   MemoryContext result_context)
{
	DlBatch		batch;
	Relation	index;

	batch.target = target;
	batch.keys = keys;
	batch.limit = row_limit(request, target);
	batch.params = dl_args_bind(request->args, target->nparams,
								target->paramtypes);
	batch.emit = target->verb->json ?
		dl_emit_json_begin(target, keys, result_context) :
		dl_emit_rows_begin(target, keys, (ReturnSetInfo *) fcinfo->resultinfo);

	if (dl_path_now(target, rel, &index) == DL_REASON_NONE)
	{
		dl_fetch_index(&batch, rel, index);
		index_close(index, NoLock);
	}
	else
		dl_fetch_query(&batch, rel);
	return batch.emit->finish(batch.emit);
}

static DlLimit
row_limit(const DlRequest *request, const DlTarget *target)
{
	DlLimit		limit;

	limit.skip = request->skip;
	limit.first = request->first;
	limit.single = false;
	if (target->verb->to_one)
	{
		limit.single = target->norder == 0;
		limit.first = target->norder == 0 ? -1 : 1;
	}
	return limit;
}

/*
 * Opens a relation that the current role may read something of, and locks it
 * until the end of the transaction.  Errors: 42P01, 42809, 42501.
 */
Relation
dl_load_open(Oid relid)
{
	char		relkind = get_rel_relkind(relid);
	Relation	rel = NULL;

	if (relkind != '\0')
	{
		check_kind(relid, relkind);
		dl_rights_check_relation(relid);
		rel = try_relation_open(relid, AccessShareLock);
	}
	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	return rel;
}

static void
check_kind(Oid relid, char relkind)
{
	const char *kind;

	switch (relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
		case RELKIND_FOREIGN_TABLE:
			return;
		case RELKIND_INDEX:
		case RELKIND_PARTITIONED_INDEX:
			kind = "index";
			break;
		case RELKIND_SEQUENCE:
			kind = "sequence";
			break;
		case RELKIND_TOASTVALUE:
			kind = "TOAST table";
			break;
		case RELKIND_COMPOSITE_TYPE:
			kind = "composite type";
			break;
		default:
			kind = "relation";
			break;
	}
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("cannot load rows from %s \"%s\"", kind,
					get_rel_name(relid)),
			 errdetail("Rows can be loaded from tables, partitioned tables, views, materialized views and foreign tables.")));
}

/* dataloader.require_index: 55000 unless an index of the relation serves it. */
void
dl_load_require_index(const DlTarget *target)
{
	if (target->indexed || !dl_path_needs_index(target))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("no index serves keys on (%s) of relation \"%s\"",
					dl_target_key_names(target), target->relname),
			 target->reason == DL_REASON_COLUMN_CAST ?
			 errhint("Cast the keys to the type of the column.") :
			 errhint("Create one: %s;", dl_index_advice(target))));
}

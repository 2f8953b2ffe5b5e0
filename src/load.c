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
 * end; only the result is the caller's.  The call of a scan node that takes its
 * rows slice by slice (slices.c) ends with the scan.
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
#include "miscadmin.h"
#include "rights.h"
#include "slices.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

static const DlVerb load_one_verb = {
	.typed = true, .to_one = true, .has_order = true
};
static const DlVerb load_many_verb = {
	.typed = true, .arrays = true, .by_required = true,
	.has_order = true, .has_limit = true
};
static const DlVerb load_rows_verb = {
	.typed = true, .has_order = true, .has_limit = true
};
static const DlVerb load_one_json_verb = {
	.json = true, .to_one = true, .has_order = true
};
static const DlVerb load_many_json_verb = {
	.json = true, .by_required = true, .has_order = true, .has_limit = true
};
static const DlVerb load_count_verb = {
	.count = true, .by_required = true
};

static Datum load_rows(FunctionCallInfo fcinfo, const DlVerb *verb);
static Datum load(FunctionCallInfo fcinfo, const DlVerb *verb, DlRowSet *set);
static void load_slices(const DlLoad *load, DlRowSet *set);
static DlEmit *begin_emit(const DlLoad *load, DlRowSet *set,
						  MemoryContext result_context);
static DlLimit row_limit(const DlRequest *request, const DlTarget *target);
static Relation open_readable(Oid relid);
static void require_index(const DlTarget *target);
static void check_kind(Oid relid, char relkind);

PG_FUNCTION_INFO_V1(dataloader_load_one);
PG_FUNCTION_INFO_V1(dataloader_load_many);
PG_FUNCTION_INFO_V1(dataloader_load_rows);
PG_FUNCTION_INFO_V1(dataloader_load_one_json);
PG_FUNCTION_INFO_V1(dataloader_load_many_json);
PG_FUNCTION_INFO_V1(dataloader_load_count);

/* load_one(relation anyelement, keys, by, through, link, filter, args, order_by) */
Datum
dataloader_load_one(PG_FUNCTION_ARGS)
{
	return load_rows(fcinfo, &load_one_verb);
}

/* load_many(as load_one, first, skip) */
Datum
dataloader_load_many(PG_FUNCTION_ARGS)
{
	return load_rows(fcinfo, &load_many_verb);
}

/* load_rows(as load_many) */
Datum
dataloader_load_rows(PG_FUNCTION_ARGS)
{
	return load_rows(fcinfo, &load_rows_verb);
}

/* load_one_json(relation regclass, then as load_one, columns) */
Datum
dataloader_load_one_json(PG_FUNCTION_ARGS)
{
	return load(fcinfo, &load_one_json_verb, NULL);
}

/* load_many_json(relation regclass, then as load_many, columns) */
Datum
dataloader_load_many_json(PG_FUNCTION_ARGS)
{
	return load(fcinfo, &load_many_json_verb, NULL);
}

/* load_count(relation regclass, keys, by, through, link, filter, args, at_most) */
Datum
dataloader_load_count(PG_FUNCTION_ARGS)
{
	return load(fcinfo, &load_count_verb, NULL);
}

/* Of a typed verb, called as a function: its rows are in the caller's store. */
static Datum
load_rows(FunctionCallInfo fcinfo, const DlVerb *verb)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	DlRowSet	set = {0};

	dl_init_materialized_srf(fcinfo);
	set.desc = rsinfo->setDesc;
	set.store = rsinfo->setResult;
	load(fcinfo, verb, &set);
	PG_RETURN_NULL();
}

void
dl_load_rows(FunctionCallInfo fcinfo, const DlVerb *verb, DlRowSet *set)
{
	load(fcinfo, verb, set);
}

const DlVerb *
dl_load_rows_verb(PGFunction function)
{
	if (function == dataloader_load_rows)
		return &load_rows_verb;
	if (function == dataloader_load_one)
		return &load_one_verb;
	if (function == dataloader_load_many)
		return &load_many_verb;
	return NULL;
}

/* The pipeline.  "set" is where the rows of a typed verb go, NULL of others. */
static Datum
load(FunctionCallInfo fcinfo, const DlVerb *verb, DlRowSet *set)
{
	MemoryContext result_context = CurrentMemoryContext;
	DlLoad	   *load = dl_load_begin(fcinfo, verb);
	Datum		result = (Datum) 0;

	load->keys = dl_keys_build(dl_target_keyed(load->target), &load->request,
							   true);

	/* JSON of a NULL array is NULL */
	fcinfo->isnull = load->keys == NULL;

	if (load->keys != NULL && set != NULL && dl_slices_suit(load, set))
		load_slices(load, set);
	else if (load->keys != NULL)
	{
		DlEmit	   *emit = begin_emit(load, set, result_context);

		dl_load_batch(load, load->keys, emit);
		result = emit->finish(emit);
	}
	MemoryContextSwitchTo(result_context);

	/* slices that are left go on with it */
	if (set != NULL && set->slices != NULL)
		return result;
	dl_load_end(load);
	if (set == NULL || set->held == NULL)
		MemoryContextDelete(load->context);
	return result;
}

/*
 * All that comes before the keys, which are left to the caller: reading them may
 * run code of the user's.  In a context of its own, made current.
 */
DlLoad *
dl_load_begin(FunctionCallInfo fcinfo, const DlVerb *verb)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "dataloader call",
												  ALLOCSET_DEFAULT_SIZES);
	DlLoad	   *load;
	DlRequest  *request;

	MemoryContextSwitchTo(context);
	load = palloc0(sizeof(DlLoad));
	load->context = context;
	request = &load->request;

	dl_request_read(request, verb, fcinfo);
	dl_load_open(request, &load->rel, &load->junction);
	load->target = dl_target_get(request, load->rel, load->junction);
	dl_load_check(load->target, load->rel, load->junction);
	dl_load_open_route(&load->route, load->target, load->rel, load->junction);
	return load;
}

/* Its memory and the locks stay. */
void
dl_load_end(const DlLoad *load)
{
	dl_load_close_route(&load->route);
	dl_load_close(load->rel, load->junction);
}

/* All rows of the keys, which are the load's or some of them, to the emit stage. */
void
dl_load_batch(const DlLoad *load, const DlKeys *keys, DlEmit *emit)
{
	DlBatch		batch;

	dl_load_begin_batch(&batch, &load->request, load->target, keys);
	batch.limit = row_limit(&load->request, load->target);
	batch.emit = emit;
	dl_load_fetch(&batch, &load->route);
}

/* At once, or when somebody asks for more of the set. */
static void
load_slices(const DlLoad *load, DlRowSet *set)
{
	DlSlices   *slices = dl_slices_begin(load, set);

	if (dl_slices_may_wait(load, set))
		set->slices = slices;
	else
		dl_slices_load_all(slices);
}

/*
 * The counts of a request for load_count(), for the same relations: bigint[]
 * in CurrentMemoryContext.
 */
Datum
dl_load_counts(const DlRequest *request, Relation rel, Relation junction)
{
	DlTarget   *target = dl_target_get(request, rel, junction);
	DlBatch		batch;
	DlRoute		route;

	dl_load_check(target, rel, junction);
	dl_load_open_route(&route, target, rel, junction);
	dl_load_begin_batch(&batch, request, target,
						dl_keys_build(dl_target_keyed(target), request, true));
	batch.emit = dl_emit_count_begin(batch.keys, -1, CurrentMemoryContext);
	dl_load_fetch(&batch, &route);
	dl_load_close_route(&route);
	return batch.emit->finish(batch.emit);
}

const DlVerb *
dl_load_count_verb(void)
{
	return &load_count_verb;
}

static DlEmit *
begin_emit(const DlLoad *load, DlRowSet *set, MemoryContext result_context)
{
	const DlKeys *keys = load->keys;

	if (set != NULL)
		return dl_emit_rows_begin(load->target, keys, set, set->may_hold &&
								  keys->npositions <= DL_SLICE_FIRST);
	if (load->target->verb->json)
		return dl_emit_json_begin(load->target, keys, result_context);
	return dl_emit_count_begin(keys, load->request.first, result_context);
}

/* Each relation must be right for the direct path, or a plan reads them all. */
void
dl_load_open_route(DlRoute *route, const DlTarget *target, Relation rel,
				   Relation junction)
{
	memset(route, 0, sizeof(DlRoute));
	route->from.rel = rel;
	route->junction.rel = junction;
	route->reason = dl_path_now(target, rel, &route->from.index);
	if (junction != NULL)
		route->junction_reason = dl_path_now(target->through, junction,
											 &route->junction.index);
	route->direct = route->reason == DL_REASON_NONE &&
		route->junction_reason == DL_REASON_NONE;
}

/* The locks stay. */
void
dl_load_close_route(const DlRoute *route)
{
	if (route->junction.index != NULL)
		index_close(route->junction.index, NoLock);
	if (route->from.index != NULL)
		index_close(route->from.index, NoLock);
}

/* All but the limit, which is none, and the emit stage. */
void
dl_load_begin_batch(DlBatch *batch, const DlRequest *request,
					DlTarget *target, const DlKeys *keys)
{
	memset(batch, 0, sizeof(DlBatch));
	batch->target = target;
	batch->keys = keys;
	batch->limit.first = -1;
	batch->ordered = true;
	batch->params = dl_args_bind(request->args, target->nparams,
								 target->paramtypes);
}

void
dl_load_fetch(const DlBatch *batch, const DlRoute *route)
{
	if (!route->direct)
		dl_fetch_query(batch);
	else if (route->junction.rel == NULL)
		dl_fetch_index(batch, &route->from);
	else
		dl_fetch_through(batch, &route->junction, &route->from);
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
 * Opens the relations of a request, the junction being NULL if there is none,
 * and locks them until the end of the transaction.
 */
void
dl_load_open(const DlRequest *request, Relation *rel, Relation *junction)
{
	*junction = NULL;
	if (OidIsValid(request->through))
		*junction = open_readable(request->through);
	*rel = open_readable(request->relid);
}

void
dl_load_close(Relation rel, Relation junction)
{
	relation_close(rel, NoLock);
	if (junction != NULL)
		relation_close(junction, NoLock);
}

/* What is asked on every call, once it is known which columns are read. */
void
dl_load_check(const DlTarget *target, Relation rel, Relation junction)
{
	dl_rights_check_columns(rel, target->columns);
	if (junction != NULL)
		dl_rights_check_columns(junction, target->through->columns);
	if (dl_require_index)
	{
		require_index(dl_target_keyed(target));
		require_index(target);
	}
}

/*
 * Opens a relation that the current role may read something of.  Errors:
 * 42P01, 42809, 42501.
 */
static Relation
open_readable(Oid relid)
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
static void
require_index(const DlTarget *target)
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

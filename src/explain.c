/*-------------------------------------------------------------------------
 *
 * explain.c
 *	  The SQL function explain: how a batch would be loaded, and why.
 *
 * Resolves the same target as the load and asks the same questions, then
 * tells the answers instead of reading rows.  One fact a line, "name: value".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "args.h"
#include "compat.h"
#include "expr.h"
#include "fetch.h"
#include "funcapi.h"
#include "guc.h"
#include "lib/stringinfo.h"
#include "load.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/spccache.h"

static const DlVerb explain_verb = {.json = true, .has_order = true,
.has_limit = true};

typedef struct ExplainOutput
{
	ReturnSetInfo *rsinfo;
	DlTarget   *target;
	const DlRequest *request;
	Relation	rel;
	Relation	junction;		/* NULL if there is none */
	DlRoute		route;
} ExplainOutput;

static void tell(ExplainOutput *out, const char *name, const char *value);
static void tell_path(ExplainOutput *out);
static void tell_key(ExplainOutput *out, const char *name,
					 const DlTarget *target);
static void tell_index(ExplainOutput *out, const char *name,
					   const DlTarget *target, Relation rel, Relation index);
static void tell_order(ExplainOutput *out);
static void tell_limit(ExplainOutput *out);
static void tell_filter(ExplainOutput *out);
static void tell_look_ahead(ExplainOutput *out);
static void tell_advice(ExplainOutput *out, const DlTarget *target);
static bool from_index(const DlTarget *target);
static char *order_text(const DlTarget *target);

PG_FUNCTION_INFO_V1(dataloader_explain);

/*
 * explain(relation regclass, keys, by, through, link, filter, args, order_by, first, skip,
 * columns) returns setof text.  The errors are those of load_many_json, but for
 * those of reading keys and of planning and executing a query.
 */
Datum
dataloader_explain(PG_FUNCTION_ARGS)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	MemoryContext call_context;
	DlRequest	request;
	ExplainOutput out;

	dl_init_materialized_srf(fcinfo);
	call_context = AllocSetContextCreate(CurrentMemoryContext,
										 "dataloader call",
										 ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(call_context);

	dl_request_read(&request, &explain_verb, fcinfo);
	out.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	out.request = &request;
	dl_load_open(&request, &out.rel, &out.junction);
	out.target = dl_target_get(&request, out.rel, out.junction);
	dl_load_check(out.target, out.rel, out.junction);
	dl_args_bind(request.args, out.target->nparams, out.target->paramtypes);
	dl_load_open_route(&out.route, out.target, out.rel, out.junction);

	tell_path(&out);
	tell_key(&out, "key", dl_target_keyed(out.target));
	if (out.junction != NULL)
		tell_key(&out, "link", out.target);
	if (!out.route.direct)
		tell(&out, "query", dl_fetch_query_text(out.target));
	else
	{
		if (out.junction != NULL)
			tell_index(&out, "junction index", out.target->through,
					   out.junction, out.route.junction.index);
		tell_index(&out, "index", out.target, out.rel, out.route.from.index);
	}
	tell_order(&out);
	tell_limit(&out);
	tell_filter(&out);
	tell_look_ahead(&out);
	if (out.junction != NULL)
		tell_advice(&out, out.target->through);
	tell_advice(&out, out.target);

	dl_load_close_route(&out.route);
	dl_load_close(out.rel, out.junction);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(call_context);
	fcinfo->isnull = true;
	return (Datum) 0;
}

static void
tell(ExplainOutput *out, const char *name, const char *value)
{
	Datum		line = CStringGetTextDatum(psprintf("%s: %s", name, value));
	bool		isnull = false;

	tuplestore_putvalues(out->rsinfo->setResult, out->rsinfo->setDesc,
						 &line, &isnull);
}

static void
tell_path(ExplainOutput *out)
{
	tell(out, "path", out->route.direct ? "direct" : "plan");
	if (out->route.junction_reason != DL_REASON_NONE)
		tell(out, "reason",
			 psprintf("of the junction: %s",
					  dl_path_reason_text(out->route.junction_reason)));
	if (out->route.reason != DL_REASON_NONE &&
		out->route.reason != out->route.junction_reason)
		tell(out, "reason", dl_path_reason_text(out->route.reason));
}

/* key: reporter_id integer = bigint */
static void
tell_key(ExplainOutput *out, const char *name, const DlTarget *target)
{
	StringInfoData line;

	initStringInfo(&line);
	for (int i = 0; i < target->nkeys; i++)
	{
		const DlKeyColumn *key = &target->keys[i];
		Form_pg_attribute att = dl_target_attribute(target, key->attno);

		appendStringInfo(&line, "%s%s %s", i > 0 ? ", " : "",
						 quote_identifier(NameStr(att->attname)),
						 format_type_be(att->atttypid));
		if (key->cast_column)
			appendStringInfo(&line, " cast to %s",
							 format_type_be(key->lefttype));
		appendStringInfo(&line, " = %s", format_type_be(key->keytype));
	}
	tell(out, name, line.data);
}

static void
tell_index(ExplainOutput *out, const char *name, const DlTarget *target,
		   Relation rel, Relation index)
{
	StringInfoData line;

	initStringInfo(&line);
	appendStringInfoString(&line,
						   quote_identifier(RelationGetRelationName(index)));
	if (target->index.unique)
		appendStringInfoString(&line, ", unique");
	if (target->index.direction == BackwardScanDirection)
		appendStringInfoString(&line, ", backward");
	if (dl_fetch_is_index_only(target, rel))
		appendStringInfoString(&line, ", index-only");
	tell(out, name, line.data);
}

static void
tell_order(ExplainOutput *out)
{
	const DlTarget *target = out->target;

	if (target->norder == 0)
		tell(out, "order", "none");
	else if (!out->route.direct)
		tell(out, "order", psprintf("rows are sorted by %s",
									order_text(target)));
	else if (!from_index(target))
		tell(out, "order", psprintf("rows are sorted by %s; the index does not give this order",
									order_text(target)));
	else
		tell(out, "order", psprintf("%s, from the index", order_text(target)));
}

/* Does the direct path need no sort? */
static bool
from_index(const DlTarget *target)
{
	const DlTarget *keyed = dl_target_keyed(target);

	return target->norder == 0 ||
		(keyed->norder > 0 && dl_index_gives_order(keyed));
}

static char *
order_text(const DlTarget *target)
{
	List	   *context = dl_deparse_context(target);
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < target->norder; i++)
	{
		const DlOrderItem *item = &target->order[i];
		Oid			opfamily;
		Oid			opcintype;
		CompareType compare;
		bool		desc;

		if (!get_ordering_op_properties(item->sortop, &opfamily, &opcintype,
										&compare))
			elog(ERROR, "operator %u is not an ordering operator",
				 item->sortop);
		desc = compare == COMPARE_GT;
		appendStringInfo(&text, "%s%s%s", i > 0 ? ", " : "",
						 deparse_expression((Node *) item->expr, context,
											target->through != NULL, false),
						 desc ? " DESC" : "");
		if (item->nulls_first != desc)
			appendStringInfoString(&text, item->nulls_first ?
								   " NULLS FIRST" : " NULLS LAST");
	}
	return text.data;
}

static void
tell_limit(ExplainOutput *out)
{
	const DlRequest *request = out->request;
	const DlTarget *target = out->target;
	StringInfoData line;
	if (request->first < 0 && request->skip == 0)
		return;
	initStringInfo(&line);
	if (request->first >= 0)
		appendStringInfo(&line, "first " INT64_FORMAT " of each key",
						 request->first);
	else
		appendStringInfoString(&line, "all of each key");
	if (request->skip > 0)
		appendStringInfo(&line, " after skipping " INT64_FORMAT, request->skip);

	if (request->first >= 0 && out->route.direct && from_index(target))
		appendStringInfoString(&line, "; each key's walk ends there");
	else if (request->first >= 0 && !out->route.direct &&
			 target->form == DL_QUERY_LATERAL)
		appendStringInfoString(&line, "; by a limited subquery for each key");
	else if (request->first >= 0)
		appendStringInfoString(&line, "; all rows of each key are read");
	tell(out, "limit", line.data);
}

static void
tell_filter(ExplainOutput *out)
{
	const DlTarget *target = out->target;
	List	   *context;

	if (target->filter_source == NULL)
		return;
	context = dl_deparse_context(target);
	tell(out, "filter", deparse_expression(target->filter_source, context,
										   target->through != NULL, false));
}

static void
tell_look_ahead(ExplainOutput *out)
{
	if (!out->route.direct || dl_fetch_is_index_only(out->target, out->rel))
		return;
	if (get_tablespace_io_concurrency(out->rel->rd_rel->reltablespace) > 0)
		tell(out, "look-ahead", "heap pages are prefetched");
	else
		tell(out, "look-ahead", "none, effective_io_concurrency is 0");
}

/* The index that would make it direct, or end each key's walk early. */
static void
tell_advice(ExplainOutput *out, const DlTarget *target)
{
	bool		sorts_limited;

	if (!dl_path_needs_index(target))
		return;
	if (target->reason == DL_REASON_COLUMN_CAST)
	{
		tell(out, "advice", "cast the keys to the type of the column");
		return;
	}
	sorts_limited = target->indexed && target->limited &&
		!target->index.orders && target->through == NULL &&
		dl_index_could_order(target);
	if (!target->indexed || sorts_limited)
		tell(out, "advice", dl_index_advice(target));
}

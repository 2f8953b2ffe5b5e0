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
#include "access/relation.h"
#include "compat.h"
#include "expr.h"
#include "fetch.h"
#include "funcapi.h"
#include "guc.h"
#include "lib/stringinfo.h"
#include "load.h"
#include "rights.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/spccache.h"

static const DlVerb explain_verb = {.json = true, .has_limit = true};

typedef struct ExplainOutput
{
	ReturnSetInfo *rsinfo;
	DlTarget   *target;
	const DlRequest *request;
	Relation	rel;
	Relation	index;			/* NULL on the plan path */
	DlReason	reason;
} ExplainOutput;

static void tell(ExplainOutput *out, const char *name, const char *value);
static void tell_key(ExplainOutput *out);
static void tell_index(ExplainOutput *out);
static void tell_order(ExplainOutput *out);
static void tell_limit(ExplainOutput *out);
static void tell_filter(ExplainOutput *out);
static void tell_look_ahead(ExplainOutput *out);
static void tell_advice(ExplainOutput *out);
static char *order_text(const DlTarget *target);

PG_FUNCTION_INFO_V1(dataloader_explain);

/*
 * explain(relation regclass, keys, by, filter, args, order_by, first, skip,
 * columns) returns setof text.  The errors are those of load_many_json.
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
	out.rel = dl_load_open(request.relid);
	out.target = dl_target_get(&request, out.rel);
	dl_rights_check_columns(out.rel, out.target->columns);
	out.reason = dl_path_now(out.target, out.rel, &out.index);

	tell(&out, "path", out.reason == DL_REASON_NONE ? "direct" : "plan");
	if (out.reason != DL_REASON_NONE)
		tell(&out, "reason", dl_path_reason_text(out.reason));
	tell_key(&out);
	if (out.reason == DL_REASON_NONE)
		tell_index(&out);
	else
		tell(&out, "query", dl_fetch_query_text(out.target, out.rel));
	tell_order(&out);
	tell_limit(&out);
	tell_filter(&out);
	tell_look_ahead(&out);
	tell_advice(&out);

	if (out.index != NULL)
		index_close(out.index, NoLock);
	relation_close(out.rel, NoLock);
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

/* key: article.reporter_id integer = bigint */
static void
tell_key(ExplainOutput *out)
{
	const DlTarget *target = out->target;
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
	tell(out, "key", line.data);
}

static void
tell_index(ExplainOutput *out)
{
	const DlTarget *target = out->target;
	StringInfoData line;

	initStringInfo(&line);
	appendStringInfoString(&line,
						   quote_identifier(RelationGetRelationName(out->index)));
	if (target->index.unique)
		appendStringInfoString(&line, ", unique");
	if (target->index.direction == BackwardScanDirection)
		appendStringInfoString(&line, ", backward");
	tell(out, "index", line.data);
}

static void
tell_order(ExplainOutput *out)
{
	const DlTarget *target = out->target;

	if (target->norder == 0)
		tell(out, "order", "none");
	else if (out->reason != DL_REASON_NONE)
		tell(out, "order", psprintf("rows are sorted by %s",
									order_text(target)));
	else if (!target->index.orders)
		tell(out, "order", psprintf("rows are sorted by %s; the index does not give this order",
									order_text(target)));
	else
		tell(out, "order", psprintf("%s, from the index", order_text(target)));
}

static char *
order_text(const DlTarget *target)
{
	List	   *context = deparse_context_for(target->relname, target->relid);
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < target->norder; i++)
	{
		const DlOrderItem *item = &target->order[i];
		Oid			opfamily;
		Oid			opcintype;
		int16		strategy;
		bool		desc;

		if (!get_ordering_op_properties(item->sortop, &opfamily, &opcintype,
										&strategy))
			elog(ERROR, "operator %u is not an ordering operator",
				 item->sortop);
		desc = strategy == BTGreaterStrategyNumber;
		appendStringInfo(&text, "%s%s%s", i > 0 ? ", " : "",
						 deparse_expression((Node *) item->expr, context,
											false, false),
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
	bool		stops;

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

	stops = out->reason == DL_REASON_NONE &&
		(target->norder == 0 || target->index.orders);
	if (request->first >= 0 && stops)
		appendStringInfoString(&line, "; each key's walk ends there");
	else if (request->first >= 0 && out->reason != DL_REASON_NONE &&
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
	context = deparse_context_for(target->relname, target->relid);
	tell(out, "filter", deparse_expression(target->filter_source, context,
										   false, false));
}

static void
tell_look_ahead(ExplainOutput *out)
{
	if (out->reason != DL_REASON_NONE)
		return;
	if (get_tablespace_io_concurrency(out->rel->rd_rel->reltablespace) > 0)
		tell(out, "look-ahead", "heap pages are prefetched");
	else
		tell(out, "look-ahead", "none, effective_io_concurrency is 0");
}

/* The index that would make it direct, or end each key's walk early. */
static void
tell_advice(ExplainOutput *out)
{
	const DlTarget *target = out->target;
	bool		sorts_limited;

	if (!dl_path_needs_index(target))
		return;
	if (target->reason == DL_REASON_COLUMN_CAST)
	{
		tell(out, "advice", "cast the keys to the type of the column");
		return;
	}
	sorts_limited = target->indexed && target->limited && target->norder > 0 &&
		!target->index.orders;
	if (!target->indexed || sorts_limited)
		tell(out, "advice", dl_index_advice(target));
}

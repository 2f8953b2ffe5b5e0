/*-------------------------------------------------------------------------
 *
 * scan.c
 *	  FROM load_one(...), load_many(...), load_rows(...): the executor's side.
 *
 * The first row that is asked for loads the batch, as the function would, or
 * the first slice of it, if the keys are many; the others follow as rows are
 * asked for.  Rows are read from where the load has put them, if they fit into
 * memory, else from a tuplestore.
 *
 * All memory of a load is in the context "dataloader scan", which is reset
 * before the next one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/objectaccess.h"
#include "compat.h"
#include "nodes/nodeFuncs.h"
#include "pgstat.h"
#include "reorder.h"
#include "rowset.h"
#include "scan.h"
#include "slices.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/ruleutils.h"
#include "utils/typcache.h"

/* What a FieldSelect of custom_scan_tlist says. */
typedef struct ScanField
{
	AttrNumber	attno;
	Oid			type;
} ScanField;

typedef struct BatchScan
{
	CustomScanState css;		/* must be first */

	/* the call */
	FuncExpr   *call;
	const DlVerb *verb;
	FmgrInfo	function;
	FunctionCallInfo fcinfo;	/* has the values of arguments that are constant */
	ExprState **args;			/* of the others; NULL for those */
	Bitmapset  *params;			/* that they depend on */

	/* its result */
	MemoryContext context;
	DlRowSet	set;
	bool		loaded;
	bool		read_again;		/* without another load: all rows are kept */
	SubTransactionId subid;		/* that the node was started in */
	TupleTableSlot *store_slot; /* NULL: not needed so far */

	/* the columns of item that are read */
	int			nfields;
	ScanField  *fields;
	AttrNumber	last_field;
	uint64		rowtype_id;		/* the version of item's type that item_slot has */
	TupleTableSlot *item_slot;
} BatchScan;

static Node *create_state(CustomScan *plan);
static void begin_scan(CustomScanState *node, EState *estate, int eflags);
static void begin_call(BatchScan *scan);
static bool find_params(Node *node, BatchScan *scan);
static void begin_set(BatchScan *scan, const CustomScan *plan);
static TupleTableSlot *exec_scan(CustomScanState *node);
static void end_scan(CustomScanState *node);
static void rescan(CustomScanState *node);
static void explain_scan(CustomScanState *node, List *ancestors,
						 ExplainState *es);
static TupleTableSlot *next_row(ScanState *node);
static bool recheck_row(ScanState *node, TupleTableSlot *slot);
static void load(BatchScan *scan);
static bool load_more(BatchScan *scan);
static void drop_rows(BatchScan *scan);
static void unload(BatchScan *scan);
static bool read_row(BatchScan *scan, TupleTableSlot *slot);
static bool read_held(BatchScan *scan, TupleTableSlot *slot);
static bool read_stored(BatchScan *scan, TupleTableSlot *slot);
static void begin_fields(BatchScan *scan);
static TupleTableSlot *make_slot(BatchScan *scan, TupleDesc tupdesc,
								 const TupleTableSlotOps *ops);
static void check_field(const ScanField *field, TupleDesc tupdesc);
static void read_fields(BatchScan *scan, TupleTableSlot *slot);

const CustomScanMethods dl_scan_methods = {
	.CustomName = "dataloader",
	.CreateCustomScanState = create_state
};

static const CustomExecMethods exec_methods = {
	.CustomName = "dataloader",
	.BeginCustomScan = begin_scan,
	.ExecCustomScan = exec_scan,
	.EndCustomScan = end_scan,
	.ReScanCustomScan = rescan,
	.ExplainCustomScan = explain_scan
};

static Node *
create_state(CustomScan *plan)
{
	BatchScan  *scan = palloc0(sizeof(BatchScan));

	NodeSetTag(scan, T_CustomScanState);
	scan->css.methods = &exec_methods;
	return (Node *) scan;
}

static void
begin_scan(CustomScanState *node, EState *estate, int eflags)
{
	BatchScan  *scan = (BatchScan *) node;
	CustomScan *plan = castNode(CustomScan, node->ss.ps.plan);

	scan->call = linitial_node(FuncExpr, plan->custom_exprs);
	scan->context = AllocSetContextCreate(CurrentMemoryContext,
										  "dataloader scan",
										  ALLOCSET_DEFAULT_SIZES);
	scan->read_again = (eflags & EXEC_FLAG_REWIND) != 0;
	scan->subid = GetCurrentSubTransactionId();
	begin_call(scan);
	begin_set(scan, plan);
}

/* What the executor does for a function's call.  42501: no EXECUTE. */
static void
begin_call(BatchScan *scan)
{
	FuncExpr   *call = scan->call;
	int			nargs = list_length(call->args);
	AclResult	aclresult = dl_aclcheck_function(call->funcid, GetUserId());

	if (aclresult != ACLCHECK_OK)
		aclcheck_error(aclresult, OBJECT_FUNCTION,
					   get_func_name(call->funcid));
	InvokeFunctionExecuteHook(call->funcid);

	fmgr_info(call->funcid, &scan->function);
	fmgr_info_set_expr((Node *) call, &scan->function);
	scan->verb = dl_load_rows_verb(scan->function.fn_addr);
	if (scan->verb == NULL)
		elog(ERROR, "function %u does not load rows", call->funcid);

	scan->fcinfo = palloc0(SizeForFunctionCallInfo(nargs));
	InitFunctionCallInfoData(*scan->fcinfo, &scan->function, nargs,
							 call->inputcollid, NULL, NULL);
	scan->args = palloc0(nargs * sizeof(ExprState *));
	for (int i = 0; i < nargs; i++)
	{
		Expr	   *arg = list_nth(call->args, i);

		if (IsA(arg, Const))
		{
			scan->fcinfo->args[i].value = ((Const *) arg)->constvalue;
			scan->fcinfo->args[i].isnull = ((Const *) arg)->constisnull;
		}
		else
		{
			scan->args[i] = ExecInitExpr(arg, &scan->css.ss.ps);
			find_params((Node *) arg, scan);
		}
	}
}

/* Those of subqueries, too, and of what those are given: it does no harm. */
static bool
find_params(Node *node, BatchScan *scan)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXEC)
		scan->params = bms_add_member(scan->params, ((Param *) node)->paramid);
	if (IsA(node, SubPlan))
	{
		const PlannedStmt *stmt = scan->css.ss.ps.state->es_plannedstmt;
		const Plan *plan = list_nth(stmt->subplans,
									((SubPlan *) node)->plan_id - 1);

		scan->params = bms_add_members(scan->params, plan->extParam);
	}
	return expression_tree_walker(node, find_params, scan);
}

static void
begin_set(BatchScan *scan, const CustomScan *plan)
{
	TupleDesc	scandesc = scan->css.ss.ss_ScanTupleSlot->tts_tupleDescriptor;
	int			nfields = scandesc->natts - (DL_SCAN_FIELDS - 1);

	scan->set.desc = CreateTemplateTupleDesc(DL_SCAN_ITEM);
	TupleDescCopyEntry(scan->set.desc, DL_SCAN_ORD, scandesc, DL_SCAN_ORD);
	TupleDescCopyEntry(scan->set.desc, DL_SCAN_ITEM, scandesc, DL_SCAN_ITEM);
	scan->set.context = scan->context;

	scan->fields = palloc(Max(nfields, 1) * sizeof(ScanField));
	for (int i = 0; i < nfields; i++)
	{
		TargetEntry *entry = list_nth_node(TargetEntry, plan->custom_scan_tlist,
										   DL_SCAN_FIELDS - 1 + i);
		FieldSelect *field = castNode(FieldSelect, entry->expr);

		scan->fields[i].attno = field->fieldnum;
		scan->fields[i].type = field->resulttype;
		scan->last_field = Max(scan->last_field, field->fieldnum);
	}
	scan->nfields = nfields;
}

static TupleTableSlot *
exec_scan(CustomScanState *node)
{
	return ExecScan(&node->ss, next_row, recheck_row);
}

static void
end_scan(CustomScanState *node)
{
	unload((BatchScan *) node);
}

/*
 * Loads again only if an argument may have changed, not for a condition's sake;
 * slices that were not kept are read again once, by the same keys, and kept.
 */
static void
rescan(CustomScanState *node)
{
	BatchScan  *scan = (BatchScan *) node;

	ExecScanReScan(&node->ss);
	if (bms_overlap(node->ss.ps.chgParam, scan->params))
		unload(scan);
	else if (scan->set.slices != NULL)
	{
		scan->read_again = true;
		drop_rows(scan);
		dl_slices_rewind(scan->set.slices);
	}
	else if (scan->set.held != NULL)
		dl_reorder_rewind(scan->set.held);
	else if (scan->set.store != NULL)
		tuplestore_rescan(scan->set.store);
}

static void
explain_scan(CustomScanState *node, List *ancestors, ExplainState *es)
{
	BatchScan  *scan = (BatchScan *) node;
	List	   *context;

	ExplainPropertyText("Function Name", get_func_name(scan->call->funcid), es);
	if (!es->verbose)
		return;
	context = set_deparse_context_plan(es->deparse_cxt, node->ss.ps.plan,
									   ancestors);
	ExplainPropertyText("Function Call",
						deparse_expression((Node *) scan->call, context, true,
										   false), es);
}

static TupleTableSlot *
next_row(ScanState *node)
{
	BatchScan  *scan = (BatchScan *) node;
	TupleTableSlot *slot = node->ss_ScanTupleSlot;

	if (!scan->loaded)
		load(scan);
	ExecClearTuple(slot);
	while (!read_row(scan, slot))
	{
		if (!load_more(scan))
			return slot;
	}
	if (scan->nfields > 0)
		read_fields(scan, slot);
	return ExecStoreVirtualTuple(slot);
}

/* No row of the batch is ever another version of one. */
static bool
recheck_row(ScanState *node, TupleTableSlot *slot)
{
	return true;
}

static void
load(BatchScan *scan)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(scan->context);
	FunctionCallInfo fcinfo = scan->fcinfo;
	PgStat_FunctionCallUsage usage;

	for (int i = 0; i < fcinfo->nargs; i++)
	{
		if (scan->args[i] != NULL)
			fcinfo->args[i].value =
				ExecEvalExpr(scan->args[i], scan->css.ss.ps.ps_ExprContext,
							 &fcinfo->args[i].isnull);
	}
	scan->set.may_hold = true;

	/*
	 * The subtransaction that a load begins in must last as long as the scan: if
	 * it is rolled back, the relation may become what it was before.
	 */
	scan->set.may_defer = !scan->read_again &&
		scan->subid == GetCurrentSubTransactionId();
	pgstat_init_function_usage(fcinfo, &usage);
	dl_load_rows(fcinfo, scan->verb, &scan->set);
	pgstat_end_function_usage(&usage, true);
	scan->loaded = true;
	MemoryContextSwitchTo(oldcontext);

	if (scan->nfields > 0)
		begin_fields(scan);
}

/* The rows of the next slice, in place of those there are.  False: no more. */
static bool
load_more(BatchScan *scan)
{
	DlRowSet   *set = &scan->set;
	bool		loaded = true;
	PgStat_FunctionCallUsage usage;

	if (set->slices == NULL)
		return false;
	drop_rows(scan);

	/* the time is that of the call, which was counted when it began */
	pgstat_init_function_usage(scan->fcinfo, &usage);
	if (!scan->read_again)
		loaded = dl_slices_next(set->slices);
	else
	{
		dl_slices_load_all(set->slices);
		dl_slices_end(set->slices);
	}
	pgstat_end_function_usage(&usage, false);
	return loaded;
}

/* Those of the load so far, or of its last slice. */
static void
drop_rows(BatchScan *scan)
{
	if (scan->set.held != NULL)
		dl_reorder_release(scan->set.held);
	scan->set.held = NULL;
	if (scan->set.store != NULL)
		tuplestore_clear(scan->set.store);
}

static void
unload(BatchScan *scan)
{
	if (scan->set.store != NULL)
		tuplestore_end(scan->set.store);
	scan->set.store = NULL;
	drop_rows(scan);
	if (scan->set.slices != NULL)
		dl_slices_end(scan->set.slices);
	scan->set.missing = NULL;
	scan->loaded = false;
	MemoryContextReset(scan->context);
}

static bool
read_row(BatchScan *scan, TupleTableSlot *slot)
{
	return scan->set.held != NULL ? read_held(scan, slot) :
		read_stored(scan, slot);
}

static bool
read_held(BatchScan *scan, TupleTableSlot *slot)
{
	int			position;
	char	   *value;

	if (!dl_reorder_next(scan->set.held, &position, &value))
		return false;
	if (value == NULL)
		value = scan->set.missing;
	slot->tts_values[DL_SCAN_ORD - 1] =
		Int64GetDatum(dl_reorder_ord(scan->set.held, position));
	slot->tts_isnull[DL_SCAN_ORD - 1] = false;
	slot->tts_values[DL_SCAN_ITEM - 1] = PointerGetDatum(value);
	slot->tts_isnull[DL_SCAN_ITEM - 1] = value == NULL;
	return true;
}

static bool
read_stored(BatchScan *scan, TupleTableSlot *slot)
{
	TupleTableSlot *stored;

	/* no row at all, of an array that is NULL, say */
	if (scan->set.store == NULL)
		return false;
	if (scan->store_slot == NULL)
		scan->store_slot = make_slot(scan, scan->set.desc, &TTSOpsMinimalTuple);
	stored = scan->store_slot;
	if (!tuplestore_gettupleslot(scan->set.store, true, false, stored))
		return false;
	slot_getallattrs(stored);
	memcpy(slot->tts_values, stored->tts_values, DL_SCAN_ITEM * sizeof(Datum));
	memcpy(slot->tts_isnull, stored->tts_isnull, DL_SCAN_ITEM * sizeof(bool));
	return true;
}

/*
 * The slot that takes items apart.  Until the load had locked the relation, its
 * columns may have become others than they were when the plan was made.
 */
static void
begin_fields(BatchScan *scan)
{
	Oid			rowtype = exprType((Node *) linitial(scan->call->args));
	uint64		id = assign_record_type_identifier(rowtype, -1);
	TupleDesc	tupdesc;

	if (scan->item_slot != NULL && scan->rowtype_id == id)
		return;
	tupdesc = lookup_rowtype_tupdesc(rowtype, -1);
	for (int i = 0; i < scan->nfields; i++)
		check_field(&scan->fields[i], tupdesc);
	scan->item_slot = make_slot(scan, tupdesc, &TTSOpsHeapTuple);
	scan->rowtype_id = id;
	ReleaseTupleDesc(tupdesc);
}

/* Is there until the query ends. */
static TupleTableSlot *
make_slot(BatchScan *scan, TupleDesc tupdesc, const TupleTableSlotOps *ops)
{
	EState	   *estate = scan->css.ss.ps.state;
	MemoryContext oldcontext = MemoryContextSwitchTo(estate->es_query_cxt);
	TupleTableSlot *slot = ExecInitExtraTupleSlot(estate, tupdesc, ops);

	MemoryContextSwitchTo(oldcontext);
	return slot;
}

/* The errors of a FieldSelect that meets another type; 42804. */
static void
check_field(const ScanField *field, TupleDesc tupdesc)
{
	Form_pg_attribute att;

	if (field->attno > tupdesc->natts)
		elog(ERROR, "attribute number %d exceeds number of columns %d",
			 field->attno, tupdesc->natts);
	att = TupleDescAttr(tupdesc, field->attno - 1);
	if (!att->attisdropped && att->atttypid != field->type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("attribute %d has wrong type", field->attno),
				 errdetail("Table has type %s, but query expects %s.",
						   format_type_be(att->atttypid),
						   format_type_be(field->type))));
}

static void
read_fields(BatchScan *scan, TupleTableSlot *slot)
{
	TupleTableSlot *item = scan->item_slot;
	Datum	   *values = slot->tts_values + DL_SCAN_FIELDS - 1;
	bool	   *isnull = slot->tts_isnull + DL_SCAN_FIELDS - 1;
	HeapTupleHeader header;
	HeapTupleData tuple = {0};

	if (slot->tts_isnull[DL_SCAN_ITEM - 1])
	{
		memset(isnull, true, scan->nfields * sizeof(bool));
		return;
	}

	/* it is flat and nobody has packed it */
	header = (HeapTupleHeader) DatumGetPointer(slot->tts_values[DL_SCAN_ITEM - 1]);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	tuple.t_data = header;
	ExecStoreHeapTuple(&tuple, item, false);
	slot_getsomeattrs(item, scan->last_field);
	for (int i = 0; i < scan->nfields; i++)
	{
		int			attno = scan->fields[i].attno;

		values[i] = item->tts_values[attno - 1];
		isnull[i] = item->tts_isnull[attno - 1];
	}
}

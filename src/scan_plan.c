/*-------------------------------------------------------------------------
 *
 * scan_plan.c
 *	  FROM load_one(...), load_many(...), load_rows(...): the planner's side.
 *
 * A function scan copies all rows of a function into a tuplestore, and takes a
 * composite value apart again for each column that is read of it: a quarter of
 * the time of a batch.  Where the function is one of ours, the planner is
 * offered a node of our own beside it.  Its rows have the columns of (item).*
 * that the query reads, and it is known that they come by ord.
 *
 * The functions have a planner support function.  All it does is to have the
 * library loaded, and with it the hook, before the first plan is made.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_operator_d.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "guc.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "rowset.h"
#include "scan.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

typedef struct FieldSearch
{
	Index		varno;			/* of the function */
	Bitmapset  *fieldnums;		/* read of its item */
} FieldSearch;

static set_rel_pathlist_hook_type previous_hook = NULL;

static void offer_scan(PlannerInfo *root, RelOptInfo *rel, Index rti,
					   RangeTblEntry *rte);
static const DlVerb *verb_of(const RangeTblEntry *rte);
static bool is_suitable(const PlannerInfo *root, const RelOptInfo *rel);
static Path *find_function_path(const RelOptInfo *rel);
static Path *make_path(PlannerInfo *root, RelOptInfo *rel,
					   const Path *function_path);
static Plan *make_plan(PlannerInfo *root, RelOptInfo *rel,
					   CustomPath *best_path, List *tlist, List *clauses,
					   List *custom_plans);
static List *make_scan_tlist(const PlannerInfo *root, const RelOptInfo *rel,
							 FuncExpr *call, const DlVerb *verb);
static List *add_fields(List *tlist, Oid rowtype, Bitmapset *fieldnums);
static List *add_column(List *tlist, Expr *expr);
static bool find_fields(Node *node, FieldSearch *search);

PG_FUNCTION_INFO_V1(dataloader_rows_support);

static const CustomPathMethods path_methods = {
	.CustomName = "dataloader",
	.PlanCustomPath = make_plan
};

void
dl_scan_init(void)
{
	RegisterCustomScanMethods(&dl_scan_methods);
	previous_hook = set_rel_pathlist_hook;
	set_rel_pathlist_hook = offer_scan;
}

/* rows_support(internal): no answer to any of the planner's questions. */
Datum
dataloader_rows_support(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(NULL);
}

/* The hook: called for each relation of FROM that has paths already. */
static void
offer_scan(PlannerInfo *root, RelOptInfo *rel, Index rti, RangeTblEntry *rte)
{
	Path	   *function_path;

	if (previous_hook != NULL)
		previous_hook(root, rel, rti, rte);
	if (!dl_direct_scan || verb_of(rte) == NULL || !is_suitable(root, rel))
		return;
	function_path = find_function_path(rel);
	if (function_path != NULL)
		add_path(rel, make_path(root, rel, function_path));
}

/*
 * What is loaded, if the entry is one of our functions and nothing else: not
 * one that somebody has given settings, say, which only a function's call obeys.
 */
static const DlVerb *
verb_of(const RangeTblEntry *rte)
{
	const RangeTblFunction *function;
	Oid			funcid;
	FmgrInfo	flinfo;

	if (rte->rtekind != RTE_FUNCTION || rte->funcordinality ||
		list_length(rte->functions) != 1)
		return NULL;
	function = linitial_node(RangeTblFunction, rte->functions);
	if (!IsA(function->funcexpr, FuncExpr))
		return NULL;
	funcid = ((FuncExpr *) function->funcexpr)->funcid;
	if (!OidIsValid(get_func_support(funcid)))
		return NULL;
	fmgr_info(funcid, &flinfo);
	return dl_load_rows_verb(flinfo.fn_addr);
}

/*
 * The node has no whole rows of the function, which are read as such, and again
 * where rows of other relations are locked and found to have changed.
 */
static bool
is_suitable(const PlannerInfo *root, const RelOptInfo *rel)
{
	Bitmapset  *attnos = NULL;
	List	   *clauses = extract_actual_clauses(rel->baserestrictinfo, false);

	if (rel->reloptkind != RELOPT_BASEREL || root->rowMarks != NIL)
		return false;
	pull_varattnos((Node *) rel->reltarget->exprs, rel->relid, &attnos);
	pull_varattnos((Node *) clauses, rel->relid, &attnos);
	return !bms_is_member(InvalidAttrNumber - FirstLowInvalidHeapAttributeNumber,
						  attnos);
}

static Path *
find_function_path(const RelOptInfo *rel)
{
	ListCell   *lc;

	foreach(lc, rel->pathlist)
	{
		Path	   *path = (Path *) lfirst(lc);

		if (path->pathtype == T_FunctionScan)
			return path;
	}
	return NULL;
}

/* As the function scan, but for the tuplestore; and ordered, if that is of use. */
static Path *
make_path(PlannerInfo *root, RelOptInfo *rel, const Path *function_path)
{
	CustomPath *path = makeNode(CustomPath);
	ListCell   *lc;

	path->path = *function_path;
	path->path.type = T_CustomPath;
	path->path.pathtype = T_CustomScan;
	path->path.total_cost -= cpu_tuple_cost / 2 * path->path.rows;
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->methods = &path_methods;

	foreach(lc, rel->reltarget->exprs)
	{
		Var		   *var = (Var *) lfirst(lc);

		if (IsA(var, Var) && (Index) var->varno == rel->relid &&
			var->varattno == DL_SCAN_ORD)
			path->path.pathkeys =
				dl_build_expression_pathkey(root, (Expr *) var,
											Int8LessOperator, rel->relids);
	}
	return &path->path;
}

static Plan *
make_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *best_path,
		  List *tlist, List *clauses, List *custom_plans)
{
	RangeTblEntry *rte = planner_rt_fetch(rel->relid, root);
	RangeTblFunction *function = linitial_node(RangeTblFunction,
											   rte->functions);
	CustomScan *scan = makeNode(CustomScan);

	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = extract_actual_clauses(clauses, false);
	scan->flags = best_path->flags;
	scan->custom_exprs = list_make1(function->funcexpr);
	scan->custom_scan_tlist = make_scan_tlist(root, rel,
											  (FuncExpr *) function->funcexpr,
											  verb_of(rte));
	scan->methods = &dl_scan_methods;
	return &scan->scan.plan;
}

/* See scan.h.  The call's first argument is of the relation's row type. */
static List *
make_scan_tlist(const PlannerInfo *root, const RelOptInfo *rel, FuncExpr *call,
				const DlVerb *verb)
{
	Oid			rowtype = exprType((Node *) linitial(call->args));
	Oid			itemtype = verb->arrays ? get_array_type(rowtype) : rowtype;
	FieldSearch search = {rel->relid, NULL};
	List	   *clauses = extract_actual_clauses(rel->baserestrictinfo, false);
	List	   *tlist = NIL;

	tlist = add_column(tlist, (Expr *) makeVar(rel->relid, DL_SCAN_ORD,
											   INT8OID, -1, InvalidOid, 0));
	tlist = add_column(tlist, (Expr *) makeVar(rel->relid, DL_SCAN_ITEM,
											   itemtype, -1, InvalidOid, 0));

	/* what is computed here is either of the query's list or a condition */
	find_fields((Node *) root->processed_tlist, &search);
	find_fields((Node *) clauses, &search);
	if (search.fieldnums != NULL)
		tlist = add_fields(tlist, rowtype, search.fieldnums);
	return tlist;
}

/* Each as the parser writes (item).column, or the query's would not be found. */
static List *
add_fields(List *tlist, Oid rowtype, Bitmapset *fieldnums)
{
	TupleDesc	tupdesc = lookup_rowtype_tupdesc(rowtype, -1);
	Expr	   *item = list_nth_node(TargetEntry, tlist, DL_SCAN_ITEM - 1)->expr;
	int			fieldnum = -1;

	while ((fieldnum = bms_next_member(fieldnums, fieldnum)) > 0 &&
		   fieldnum <= tupdesc->natts)
	{
		Form_pg_attribute att = TupleDescAttr(tupdesc, fieldnum - 1);
		FieldSelect *field = makeNode(FieldSelect);

		field->arg = (Expr *) copyObject(item);
		field->fieldnum = (AttrNumber) fieldnum;
		field->resulttype = att->atttypid;
		field->resulttypmod = att->atttypmod;
		field->resultcollid = att->attcollation;
		tlist = add_column(tlist, (Expr *) field);
	}
	ReleaseTupleDesc(tupdesc);
	return tlist;
}

static List *
add_column(List *tlist, Expr *expr)
{
	AttrNumber	resno = (AttrNumber) (list_length(tlist) + 1);

	return lappend(tlist, makeTargetEntry(expr, resno, NULL, false));
}

static bool
find_fields(Node *node, FieldSearch *search)
{
	if (node == NULL)
		return false;
	if (IsA(node, FieldSelect))
	{
		FieldSelect *field = (FieldSelect *) node;
		Var		   *var = (Var *) field->arg;

		if (IsA(var, Var) && (Index) var->varno == search->varno &&
			var->varattno == DL_SCAN_ITEM && var->varlevelsup == 0)
			search->fieldnums = bms_add_member(search->fieldnums,
											   field->fieldnum);
	}
	return expression_tree_walker(node, find_fields, search);
}

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

/* The columns of a function's item that expressions read. */
typedef struct FieldSearch
{
	Var		   *item;
	Bitmapset  *fieldnums;
	List	   *fields;			/* a FieldSelect for each */
} FieldSearch;

static set_rel_pathlist_hook_type previous_hook = NULL;

static void offer_scan(PlannerInfo *root, RelOptInfo *rel, Index rti,
					   RangeTblEntry *rte);
static const DlVerb *verb_of(const RangeTblEntry *rte);
static Oid	item_type(const RangeTblEntry *rte, const DlVerb *verb);
static bool is_suitable(const PlannerInfo *root, const RelOptInfo *rel);
static Path *find_function_path(const RelOptInfo *rel);
static Path *make_path(PlannerInfo *root, RelOptInfo *rel,
					   const Path *function_path, Oid itemtype);
static Plan *make_plan(PlannerInfo *root, RelOptInfo *rel,
					   CustomPath *best_path, List *tlist, List *clauses,
					   List *custom_plans);
static List *make_scan_tlist(const PlannerInfo *root, Index varno,
							 Oid itemtype, List *qual);
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
	const DlVerb *verb;
	Path	   *function_path;

	if (previous_hook != NULL)
		previous_hook(root, rel, rti, rte);
	if (!dl_direct_scan || (verb = verb_of(rte)) == NULL ||
		!is_suitable(root, rel))
		return;
	function_path = find_function_path(rel);
	if (function_path != NULL)
		add_path(rel, make_path(root, rel, function_path,
								item_type(rte, verb)));
}

/*
 * What is loaded, if the entry is one of our functions and nothing else: not
 * one that somebody has given settings, or made strict, which only a function's
 * call obeys.
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
	return flinfo.fn_strict ? NULL : dl_load_rows_verb(flinfo.fn_addr);
}

/* The call's first argument is of the relation's row type. */
static Oid
item_type(const RangeTblEntry *rte, const DlVerb *verb)
{
	const RangeTblFunction *function = linitial_node(RangeTblFunction,
													 rte->functions);
	FuncExpr   *call = castNode(FuncExpr, function->funcexpr);
	Oid			rowtype = exprType((Node *) linitial(call->args));

	return verb->arrays ? get_array_type(rowtype) : rowtype;
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
make_path(PlannerInfo *root, RelOptInfo *rel, const Path *function_path,
		  Oid itemtype)
{
	CustomPath *path = makeNode(CustomPath);
	ListCell   *lc;

	path->path = *function_path;
	path->path.type = T_CustomPath;
	path->path.pathtype = T_CustomScan;
	path->path.total_cost -= cpu_tuple_cost / 2 * path->path.rows;
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->custom_private = list_make1_oid(itemtype);
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
	scan->custom_scan_tlist =
		make_scan_tlist(root, rel->relid,
						linitial_oid(best_path->custom_private),
						scan->scan.plan.qual);
	scan->methods = &dl_scan_methods;
	return &scan->scan.plan;
}

/* See scan.h. */
static List *
make_scan_tlist(const PlannerInfo *root, Index varno, Oid itemtype,
				List *qual)
{
	FieldSearch search = {0};
	List	   *tlist = NIL;
	ListCell   *lc;

	search.item = makeVar(varno, DL_SCAN_ITEM, itemtype, -1, InvalidOid, 0);
	tlist = add_column(tlist, (Expr *) makeVar(varno, DL_SCAN_ORD,
											   INT8OID, -1, InvalidOid, 0));
	tlist = add_column(tlist, (Expr *) search.item);

	/* what is computed here is either of the query's list or a condition */
	find_fields((Node *) root->processed_tlist, &search);
	find_fields((Node *) qual, &search);
	foreach(lc, search.fields)
		tlist = add_column(tlist, (Expr *) lfirst(lc));
	return tlist;
}

static List *
add_column(List *tlist, Expr *expr)
{
	AttrNumber	resno = (AttrNumber) (list_length(tlist) + 1);

	return lappend(tlist, makeTargetEntry(expr, resno, NULL, false));
}

/*
 * They are as in the query, not as the row type is by now: its columns may have
 * been changed or dropped since the query was parsed.
 */
static bool
find_fields(Node *node, FieldSearch *search)
{
	if (node == NULL)
		return false;
	if (IsA(node, FieldSelect))
	{
		FieldSelect *field = (FieldSelect *) node;
		Var		   *var = (Var *) field->arg;

		if (IsA(var, Var) && var->varno == search->item->varno &&
			var->varattno == DL_SCAN_ITEM && var->varlevelsup == 0 &&
			!bms_is_member(field->fieldnum, search->fieldnums))
		{
			FieldSelect *copy = makeNode(FieldSelect);

			/* the item itself: above an outer join, var is another one's */
			*copy = *field;
			copy->arg = (Expr *) copyObject(search->item);
			search->fields = lappend(search->fields, copy);
			search->fieldnums = bms_add_member(search->fieldnums,
											   field->fieldnum);
		}
	}
	return expression_tree_walker(node, find_fields, search);
}

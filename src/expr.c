/*-------------------------------------------------------------------------
 *
 * expr.c
 *	  The filter and order_by of a request.
 *
 * Both are SQL expressions over the relation's columns, with parameters whose
 * types are inferred as PREPARE infers them.  They are parsed on their own,
 * never pasted into a query: what is kept is the analysed tree, and the plan
 * path writes its query from that.  So neither can hold anything but an
 * expression, and a name means the same on both paths.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "cursor.h"
#include "expr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_clause.h"
#include "parser/parse_collate.h"
#include "parser/parse_node.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "parser/parsetree.h"
#include "optimizer/tlist.h"
#include "rewrite/rewriteManip.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/* What the error callback tells of the text being parsed. */
typedef struct ExprContextInfo
{
	const char *option;
	const char *relname;
	const char *text;			/* as the user gave it */
	int			offset;			/* # of bytes parsed in front of it */
} ExprContextInfo;

static Node *parse_filter(ParseState *pstate, const char *text);
static List *parse_order_by(ParseState *pstate, const char *text,
							List **targetlist);
static SelectStmt *parse_clause(const char *text);
static bool is_bare_star(Node *node);
static bool has_no_other_clauses(const SelectStmt *stmt);
static void keep_order(DlTarget *target, List *sortclause, List *targetlist);
static void divide_filter(DlTarget *target);
static void divide_order(DlTarget *target);
static bool has_subquery(const DlTarget *target);
static bool has_vars_of(Node *node, int varno);
static Node *as_junction_clause(Node *node);
static void begin_option(ErrorContextCallback *callback, ExprContextInfo *info);
static void end_option(ErrorContextCallback *callback);
static void expr_error_callback(void *arg);

/*
 * Parses both options and keeps the results in target->context, and what they
 * say of the junction alone with target->through.  Errors are the parser's own (42601, 42703, 42883, 42804, 42P18 ...), with the option
 * and the relation as context.
 */
void
dl_expr_parse(DlTarget *target, const DlRequest *request, Relation rel,
			  Relation junction)
{
	ParseState *pstate;
	ParseNamespaceItem *nsitem;
	Oid		   *paramtypes = NULL;
	int			nparams = 0;
	Node	   *filter = NULL;
	List	   *sortclause = NIL;
	List	   *targetlist = NIL;
	Query	   *query;
	MemoryContext oldcontext;
	ErrorContextCallback callback;
	ExprContextInfo info = {NULL, target->relname, NULL, 0};

	if (request->filter == NULL && request->order_by == NULL &&
		!request->verb->connection)
		return;

	pstate = make_parsestate(NULL);
	setup_parse_variable_parameters(pstate, &paramtypes, &nparams);
	nsitem = addRangeTableEntryForRelation(pstate, rel, AccessShareLock,
										   NULL, true, true);
	addNSItemToQuery(pstate, nsitem, true, true, true);
	if (junction != NULL)
	{
		/* its columns only by the name "through", so that none is ambiguous */
		nsitem = addRangeTableEntryForRelation(pstate, junction,
											   AccessShareLock,
											   makeAlias("through", NIL),
											   true, true);
		addNSItemToQuery(pstate, nsitem, true, true, false);
	}

	callback.arg = &info;
	if (request->filter != NULL)
	{
		info.option = "filter";
		info.text = request->filter;
		begin_option(&callback, &info);
		filter = parse_filter(pstate, request->filter);
		end_option(&callback);
	}
	if (request->order_by != NULL)
	{
		info.option = "order_by";
		info.text = request->order_by;
		info.offset = strlen("ORDER BY ");
		begin_option(&callback, &info);
		sortclause = parse_order_by(pstate, request->order_by, &targetlist);
		end_option(&callback);
	}

	/* All parameters must have got a type by now. */
	query = makeNode(Query);
	query->commandType = CMD_SELECT;
	query->targetList = targetlist;
	query->jointree = makeFromExpr(NIL, filter);
	check_variable_parameters(pstate, query);
	for (int i = 0; i < nparams; i++)
	{
		if (!OidIsValid(paramtypes[i]) || paramtypes[i] == UNKNOWNOID)
			ereport(ERROR,
					(errcode(ERRCODE_INDETERMINATE_DATATYPE),
					 errmsg("could not determine data type of parameter $%d",
							i + 1),
					 errhint("Cast it, for example $%d::text.", i + 1)));
	}

	oldcontext = MemoryContextSwitchTo(target->context);
	target->nparams = nparams;
	if (nparams > 0)
	{
		target->paramtypes = palloc(mul_size(nparams, sizeof(Oid)));
		memcpy(target->paramtypes, paramtypes, nparams * sizeof(Oid));
	}
	target->filter_source = copyObject(filter);
	keep_order(target, sortclause, targetlist);
	if (request->verb->connection)
		dl_order_complete(target, rel, junction, request->backward);
	divide_filter(target);
	divide_order(target);
	target->has_subquery = has_subquery(target);
	MemoryContextSwitchTo(oldcontext);
	dl_expr_note_lifetime(target, request);

	free_parsestate(pstate);
}

static Node *
parse_filter(ParseState *pstate, const char *text)
{
	SelectStmt *stmt = parse_clause(text);
	ResTarget  *restarget;
	Node	   *filter;

	restarget = stmt == NULL || list_length(stmt->targetList) != 1 ? NULL :
		linitial_node(ResTarget, stmt->targetList);
	if (restarget == NULL || restarget->name != NULL ||
		restarget->indirection != NIL || is_bare_star(restarget->val) ||
		stmt->sortClause != NIL || !has_no_other_clauses(stmt))
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("option filter must be a single boolean expression")));

	pstate->p_sourcetext = text;
	filter = transformWhereClause(pstate, restarget->val, EXPR_KIND_WHERE,
								  "filter");
	assign_expr_collations(pstate, filter);
	return filter;
}

/* Returns SortGroupClauses, which refer to what is added to *targetlist. */
static List *
parse_order_by(ParseState *pstate, const char *text, List **targetlist)
{
	char	   *clause = psprintf("ORDER BY %s", text);
	SelectStmt *stmt = parse_clause(clause);
	List	   *sortclause;

	if (stmt == NULL || stmt->targetList != NIL || stmt->sortClause == NIL ||
		!has_no_other_clauses(stmt))
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("option order_by must be a list of sort expressions")));

	pstate->p_sourcetext = clause;
	sortclause = transformSortClause(pstate, stmt->sortClause, targetlist,
									 EXPR_KIND_ORDER_BY, false);
	if (pstate->p_hasAggs || pstate->p_hasWindowFuncs ||
		pstate->p_hasTargetSRFs)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("option order_by must be a list of sort expressions"),
				 errdetail("Aggregates, window functions and set-returning functions are not allowed.")));
	assign_expr_collations(pstate, (Node *) *targetlist);
	return sortclause;
}

/*
 * Parses what may follow the word SELECT, and nothing after it: the mode in
 * which core reads PL/pgSQL expressions.  NULL if it is not a plain one.
 */
static SelectStmt *
parse_clause(const char *text)
{
	List	   *parsetree = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
	Node	   *stmt;

	if (list_length(parsetree) != 1)
		return NULL;
	stmt = linitial_node(RawStmt, parsetree)->stmt;
	if (!IsA(stmt, SelectStmt) || ((SelectStmt *) stmt)->op != SETOP_NONE)
		return NULL;
	return (SelectStmt *) stmt;
}

/* SELECT * is a target list, but no expression. */
static bool
is_bare_star(Node *node)
{
	return IsA(node, ColumnRef) &&
		IsA(linitial(((ColumnRef *) node)->fields), A_Star);
}

/* True if there is nothing but a target list and an ORDER BY. */
static bool
has_no_other_clauses(const SelectStmt *stmt)
{
	return stmt->distinctClause == NIL && stmt->intoClause == NULL &&
		stmt->fromClause == NIL && stmt->whereClause == NULL &&
		stmt->groupClause == NIL && stmt->havingClause == NULL &&
		stmt->windowClause == NIL && stmt->valuesLists == NIL &&
		stmt->limitOffset == NULL && stmt->limitCount == NULL &&
		stmt->lockingClause == NIL && stmt->withClause == NULL;
}

/* Allocates in CurrentMemoryContext, the target's. */
static void
keep_order(DlTarget *target, List *sortclause, List *targetlist)
{
	ListCell   *lc;

	if (sortclause == NIL)
		return;
	target->order = palloc0(mul_size(list_length(sortclause),
									 sizeof(DlOrderItem)));
	foreach(lc, sortclause)
	{
		SortGroupClause *sort = lfirst_node(SortGroupClause, lc);
		TargetEntry *tle = get_sortgroupref_tle(sort->tleSortGroupRef,
												targetlist);
		DlOrderItem *item = &target->order[target->norder++];

		item->expr = copyObject(tle->expr);
		item->type = dl_operand_type(exprType((Node *) tle->expr));
		item->sortop = sort->sortop;
		item->collation = exprCollation((Node *) tle->expr);
		item->nulls_first = sort->nulls_first;
		if (IsA(tle->expr, Var) && ((Var *) tle->expr)->varattno > 0 &&
			((Var *) tle->expr)->varno == 1)
			item->attno = ((Var *) tle->expr)->varattno;
	}
}

/*
 * On the direct path each clause is evaluated where its columns are read: on
 * the junction's rows, or on the relation's.
 */
static void
divide_filter(DlTarget *target)
{
	List	   *own = NIL;
	List	   *junction = NIL;
	ListCell   *lc;

	foreach(lc, make_ands_implicit((Expr *) target->filter_source))
	{
		Node	   *clause = (Node *) lfirst(lc);

		if (!has_vars_of(clause, 2))
			own = lappend(own, copyObject(clause));
		else if (!has_vars_of(clause, 1))
			junction = lappend(junction, as_junction_clause(clause));
		else
			target->mixed_filter = true;
	}
	if (own != NIL)
		target->own_filter = (Node *) make_ands_explicit(own);
	if (junction != NIL)
		target->through->own_filter = (Node *) make_ands_explicit(junction);
}

/* An order by columns of the junction alone is the junction's to give. */
static void
divide_order(DlTarget *target)
{
	int			of_junction = 0;

	for (int i = 0; i < target->norder; i++)
	{
		Node	   *expr = (Node *) target->order[i].expr;

		target->order[i].of_junction = has_vars_of(expr, 2);
		if (target->order[i].of_junction && !has_vars_of(expr, 1))
			of_junction++;
	}
	if (of_junction == 0 || of_junction < target->norder)
		return;

	target->through->norder = target->norder;
	target->through->order = palloc(mul_size(target->norder,
											 sizeof(DlOrderItem)));
	for (int i = 0; i < target->norder; i++)
	{
		DlOrderItem *item = &target->through->order[i];

		*item = target->order[i];
		item->of_junction = false;	/* from there, they are its own */
		item->expr = (Expr *) as_junction_clause((Node *) item->expr);
		if (IsA(item->expr, Var) && ((Var *) item->expr)->varattno > 0)
			item->attno = ((Var *) item->expr)->varattno;
	}
}

static bool
has_vars_of(Node *node, int varno)
{
	return bms_is_member(varno, pull_varnos(NULL, node));
}

/* A copy whose Vars are those of a relation of its own. */
static Node *
as_junction_clause(Node *node)
{
	Node	   *copy = copyObject(node);

	ChangeVarNodes(copy, 2, 1, 0);
	return copy;
}

bool
dl_expr_is_volatile(const DlTarget *target)
{
	if (contain_volatile_functions(target->filter_source))
		return true;
	for (int i = 0; i < target->norder; i++)
	{
		if (contain_volatile_functions((Node *) target->order[i].expr))
			return true;
	}
	return false;
}

static bool
has_subquery(const DlTarget *target)
{
	if (checkExprHasSubLink(target->filter_source))
		return true;
	for (int i = 0; i < target->norder; i++)
	{
		if (checkExprHasSubLink((Node *) target->order[i].expr))
			return true;
	}
	return false;
}

static void
begin_option(ErrorContextCallback *callback, ExprContextInfo *info)
{
	callback->callback = expr_error_callback;
	callback->arg = info;
	callback->previous = error_context_stack;
	error_context_stack = callback;
}

static void
end_option(ErrorContextCallback *callback)
{
	error_context_stack = callback->previous;
}

/* Positions are those in the option's text, not in the user's statement. */
static void
expr_error_callback(void *arg)
{
	ExprContextInfo *info = (ExprContextInfo *) arg;
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(Max(position - info->offset, 1));
		internalerrquery(info->text);
	}
	errcontext("option %s for relation \"%s\"", info->option, info->relname);
}

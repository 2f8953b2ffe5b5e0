/*-------------------------------------------------------------------------
 *
 * lifetime.c
 *	  How long does an analysed expression stay right?
 *
 * Until an invalidation of what it was made of.  But some of what the parser
 * and the planner turn into constants they look up without telling: what a
 * literal such as 'now' means, the OID of a name, the attributes of a type.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "access/htup_details.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "expr.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

static bool is_moment(const char *text);
static const char *first_literal(const char *text);
static bool has_divided_literal(const char *text);
static bool inlines_moment(Node *parsed, Node *planned);
static bool calls_sql(Node *node, void *context);
static bool is_sql_function(Oid function, void *context);
static bool collect_moments(Node *node, void *context);
static bool may_hold_moment(Oid type);
static bool has_name_constant(Node *node, void *context);
static bool has_row_type(Node *node, void *context);

/*
 * Sets target->of_the_moment and target->has_row_type.  Functions are inlined
 * by the planner on either path, so that it is looked at what they become, too.
 */
void
dl_expr_note_lifetime(DlTarget *target, const DlRequest *request)
{
	List	   *parsed = list_make1(target->filter_source);
	List	   *planned;

	for (int i = 0; i < target->norder; i++)
		parsed = lappend(parsed, target->order[i].expr);
	planned = (List *) expression_planner((Expr *) copyObject(parsed));

	target->of_the_moment = is_moment(request->filter) ||
		is_moment(request->order_by) ||
		has_name_constant((Node *) planned, NULL) ||
		has_name_constant((Node *) parsed, NULL) ||
		inlines_moment((Node *) parsed, (Node *) planned);
	target->has_row_type = has_row_type((Node *) parsed, target) ||
		has_row_type((Node *) planned, target);
}

/*
 * Does the text hold a literal that means another moment each time it is
 * read?  The parser turns 'now'::timestamp into a constant, which must not
 * outlive the call.  Errs on the side of yes: a backslash or U& may spell any
 * of the words.  What stands before the first quote is no literal: now().
 */
static bool
is_moment(const char *text)
{
	static const char *const words[] = {
		"now", "today", "tomorrow", "yesterday", "\\", "u&"
	};
	char	   *lower;

	if (text == NULL || (text = first_literal(text)) == NULL)
		return false;
	lower = asc_tolower(text, strlen(text));
	for (int i = 0; i < (int) lengthof(words); i++)
	{
		if (strstr(lower, words[i]) != NULL)
			return true;
	}
	return has_divided_literal(text);
}

/* From its first quote on, with U& before it; NULL if there is none. */
static const char *
first_literal(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
	{
		/* $1 is a parameter */
		if (*c == '\'' || (*c == '$' && !isdigit((unsigned char) c[1])))
			return c - Min(c - text, 2);
	}
	return NULL;
}

/* 'no' and, on the next line, 'w' are one literal. */
static bool
has_divided_literal(const char *text)
{
	while ((text = strchr(text, '\'')) != NULL)
	{
		bool		newline = false;

		text++;
		for (;;)
		{
			if (text[0] == '-' && text[1] == '-')
				text += strcspn(text, "\r\n");
			else if (*text != '\0' && strchr(" \t\f\v\r\n", *text) != NULL)
			{
				newline |= *text == '\n' || *text == '\r';
				text++;
			}
			else
				break;
		}
		if (newline && *text == '\'')
			return true;
	}
	return false;
}

/*
 * Such a literal may be in the body of an SQL function that is inlined: in one
 * that is called here, or it shows as a constant of one that those call.  (Not
 * if the planner has folded that one into another type, which it does only
 * where a function is immutable by its label alone.)
 */
static bool
inlines_moment(Node *parsed, Node *planned)
{
	bool		has_sql = false;
	List	   *before = NIL;
	List	   *after = NIL;

	if (calls_sql(parsed, &has_sql))
		return true;
	if (!has_sql)
		return false;
	collect_moments(parsed, &before);
	collect_moments(planned, &after);
	return list_difference(after, before) != NIL;
}

/* True: of a function with such a literal.  *context: of any SQL function. */
static bool
calls_sql(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, is_sql_function, context))
		return true;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, calls_sql, context, 0);
	return expression_tree_walker(node, calls_sql, context);
}

static bool
is_sql_function(Oid function, void *context)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		moment = false;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	if (((Form_pg_proc) GETSTRUCT(tuple))->prolang == SQLlanguageId)
	{
		bool		isnull;
		Datum		body = SysCacheGetAttr(PROCOID, tuple,
										   Anum_pg_proc_prosrc, &isnull);

		*(bool *) context = true;
		moment = !isnull && is_moment(TextDatumGetCString(body));
	}
	ReleaseSysCache(tuple);
	return moment;
}

/* The constants of date and time types, into the list that context points to. */
static bool
collect_moments(Node *node, void *context)
{
	List	  **moments = (List **) context;

	if (node == NULL)
		return false;
	if (IsA(node, Const) && may_hold_moment(((Const *) node)->consttype))
		*moments = lappend(*moments, node);
	return expression_tree_walker(node, collect_moments, context);
}

/* Ranges and arrays of them, too. */
static bool
may_hold_moment(Oid type)
{
	Oid			element = get_base_element_type(type);
	TYPCATEGORY category =
		TypeCategory(OidIsValid(element) ? element : getBaseType(type));

	return category == TYPCATEGORY_DATETIME || category == TYPCATEGORY_RANGE;
}

/* Is there a constant like 'article'::regclass, a name that was looked up? */
static bool
has_name_constant(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Const))
	{
		switch (getBaseType(((Const *) node)->consttype))
		{
			case REGPROCOID:
			case REGPROCEDUREOID:
			case REGOPEROID:
			case REGOPERATOROID:
			case REGCLASSOID:
			case REGTYPEOID:
			case REGROLEOID:
			case REGNAMESPACEOID:
			case REGCONFIGOID:
			case REGDICTIONARYOID:
			case REGCOLLATIONOID:
				return true;
			default:
				return false;
		}
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, has_name_constant, context, 0);
	return expression_tree_walker(node, has_name_constant, context);
}

/*
 * Is there a value of a row type that is not the relation's or the junction's
 * own?  A change of its attributes comes as a relcache invalidation, but of a
 * relation that the target does not name.
 */
static bool
has_row_type(Node *node, void *context)
{
	const DlTarget *target = (const DlTarget *) context;

	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Var:
		case T_Const:
		case T_Param:
		case T_FuncExpr:
		case T_OpExpr:
		case T_FieldSelect:
		case T_CoerceViaIO:
		case T_RowExpr:
			{
				Oid			type = getBaseType(exprType(node));
				Oid			element = get_base_element_type(type);

				if (OidIsValid(element))
					type = element;
				if (type != RECORDOID && type != target->rowtype &&
					(target->through == NULL ||
					 type != target->through->rowtype) &&
					type_is_rowtype(type))
					return true;
				break;
			}
		default:
			break;
	}
	if (IsA(node, Query))
		return false;			/* has_subquery says it all */
	return expression_tree_walker(node, has_row_type, context);
}

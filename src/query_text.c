/*-------------------------------------------------------------------------
 *
 * query_text.c
 *	  The text of the plan path's query; fetch_query.c shows its forms.
 *
 * Every name is quoted and qualified, every operator written with its schema.
 * Expressions are written from their analysed trees by the server's deparser,
 * qualified where the caller's search_path needs it, with columns always
 * prefixed by the relation's name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "fetch.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/plannodes.h"
#include "storage/lockdefs.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

typedef struct QueryText
{
	const DlTarget *target;
	const DlTarget *keyed;		/* the junction if there is one */
	StringInfoData sql;
	List	   *context;		/* of the deparser */
	const char *keys;			/* alias of the keys */
} QueryText;

static void append_select_list(QueryText *text);
static void append_key_source(QueryText *text);
static void append_relation(QueryText *text, const char *keyword);
static void append_key_conditions(QueryText *text);
static void append_column(QueryText *text, const DlTarget *of,
						  const DlKeyColumn *key);
static void append_link(QueryText *text, int number);
static void append_collation(QueryText *text, Oid collation);
static void append_operator(QueryText *text, Oid operator);
static void append_filter(QueryText *text, const char *keyword);
static void append_order(QueryText *text);
static void append_type(QueryText *text, Oid type);

/*
 * In CurrentMemoryContext, or kept in the target's memory.
 *
 * The deparser qualifies what the caller's search_path would not find, or
 * would find elsewhere.  So the text must be written under the search_path
 * under which it is analysed, now and each time that the server plans it anew:
 * the one that the target is bound to (if nothing in it came from expressions,
 * all names are qualified here).  An object that comes to stand before another
 * of its name invalidates the target, and the text goes with it; a search_path
 * that code of the keys or args has changed gets a text of its own.  Some names
 * cannot be written at all, such as the operator of IS DISTINCT FROM; they,
 * too, are found where the caller's expression had them.
 */
const char *
dl_fetch_query_text(DlTarget *target)
{
	QueryText	text;
	int			nestlevel;

	bool		names_hold = dl_target_names_hold(target);

	if (target->query != NULL && names_hold)
		return target->query;

	nestlevel = dl_set_exact_output(false);
	text.target = target;
	initStringInfo(&text.sql);
	text.keyed = dl_target_keyed(target);
	text.context = dl_deparse_context(target);
	text.keys = strcmp(target->relname, "k") == 0 ? "kk" : "k";

	switch (target->form)
	{
		case DL_QUERY_ANY:
			appendStringInfoString(&text.sql, "SELECT ");
			for (int i = 0; i < text.keyed->nkeys; i++)
			{
				append_column(&text, text.keyed, &text.keyed->keys[i]);
				appendStringInfoString(&text.sql, ", ");
			}
			append_select_list(&text);
			append_relation(&text, " FROM ");
			appendStringInfoString(&text.sql, " WHERE ");
			append_key_conditions(&text);
			append_filter(&text, " AND ");
			break;
		case DL_QUERY_JOIN:
			appendStringInfo(&text.sql, "SELECT %s.n, ", text.keys);
			append_select_list(&text);
			appendStringInfoString(&text.sql, " FROM ");
			append_key_source(&text);
			append_relation(&text, " CROSS JOIN ");
			appendStringInfoString(&text.sql, " WHERE ");
			append_key_conditions(&text);
			append_filter(&text, " AND ");
			break;
		case DL_QUERY_LATERAL:
			appendStringInfo(&text.sql, "SELECT %s.n, q.* FROM ", text.keys);
			append_key_source(&text);
			appendStringInfoString(&text.sql,
								   " CROSS JOIN LATERAL (SELECT ");
			append_select_list(&text);
			append_relation(&text, " FROM ");
			appendStringInfoString(&text.sql, " WHERE ");
			append_key_conditions(&text);
			append_filter(&text, " AND ");
			append_order(&text);
			appendStringInfo(&text.sql, " LIMIT $%d) q", target->nparams + 2);
			break;
	}

	AtEOXact_GUC(true, nestlevel);
	if (!names_hold)
		return text.sql.data;
	target->query = MemoryContextStrdup(target->context, text.sql.data);
	return target->query;
}

/*
 * Constants are written by output functions.  Make those exact, and readable
 * under any setting, as postgres_fdw does; with all names qualified, if
 * "anywhere".  To be undone by AtEOXact_GUC(true, the result).
 */
int
dl_set_exact_output(bool anywhere)
{
	static const char *const settings[][2] = {
		{"datestyle", "ISO"},
		{"intervalstyle", "postgres"},
		{"extra_float_digits", "3"},
		{"search_path", "pg_catalog"},	/* the last: if "anywhere" */
	};
	int			nsettings = lengthof(settings) - (anywhere ? 0 : 1);
	int			nestlevel = NewGUCNestLevel();

	for (int i = 0; i < nsettings; i++)
		(void) set_config_option(settings[i][0], settings[i][1],
								 PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	return nestlevel;
}

/*
 * For the server's deparser: the relation by its name, the junction by the
 * name that expressions know it by.
 */
List *
dl_deparse_context(const DlTarget *target)
{
	const DlTarget *relations[] = {target, target->through};
	PlannedStmt *stmt = makeNode(PlannedStmt);
	List	   *names = NIL;

	for (int i = 0; i < (target->through == NULL ? 1 : 2); i++)
	{
		RangeTblEntry *rte = makeNode(RangeTblEntry);
		char	   *name = i == 0 ? target->relname : pstrdup("through");

		rte->rtekind = RTE_RELATION;
		rte->relid = relations[i]->relid;
		rte->relkind = relations[i]->relkind;
		rte->rellockmode = AccessShareLock;
		rte->eref = makeAlias(name, NIL);
		rte->inh = true;
		stmt->rtable = lappend(stmt->rtable, rte);
		names = lappend(names, name);
	}
	return deparse_context_for_plan_tree(stmt, names);
}

/* The values of order_by, then the columns of the result. */
static void
append_select_list(QueryText *text)
{
	const DlTarget *target = text->target;
	const char *separator = "";

	for (int i = 0; i < target->norder; i++)
	{
		Node	   *expr = (Node *) target->order[i].expr;

		appendStringInfo(&text->sql, "%s%s", separator,
						 deparse_expression(expr, text->context, true, false));
		/* a whole row would be expanded to its columns, but for a cast */
		if ((IsA(expr, Var) && ((Var *) expr)->varattno == 0) ||
			exprType(expr) != target->order[i].type)
		{
			appendStringInfoString(&text->sql, "::");
			append_type(text, target->order[i].type);
		}
		appendStringInfo(&text->sql, " AS o%d", i + 1);
		separator = ", ";
	}
	for (int i = 0; i < target->noutput; i++)
	{
		Form_pg_attribute att = dl_target_attribute(target, target->output[i]);

		/* numbered names: a column of the relation may be called anything */
		appendStringInfo(&text->sql, "%s%s.%s AS c%d", separator,
						 quote_identifier(target->relname),
						 quote_identifier(NameStr(att->attname)),
						 i + 1);
		separator = ", ";
	}
	if (target->norder + target->noutput == 0)
		appendStringInfoString(&text->sql, "NULL");
}

/*
 * Are the keys given as an array of rows?  Composite ones are, and those of a
 * composite type, which unnest() would take apart.
 */
bool
dl_query_takes_rows(const DlTarget *target)
{
	const DlTarget *keyed = dl_target_keyed(target);

	return target->form != DL_QUERY_ANY &&
		(keyed->keys_are_rows || type_is_rowtype(keyed->keys[0].keytype));
}

/* The distinct keys, numbered from 1: k1, k2 .., n. */
static void
append_key_source(QueryText *text)
{
	const DlTarget *keyed = text->keyed;

	appendStringInfo(&text->sql, "ROWS FROM (pg_catalog.unnest($%d)",
					 text->target->nparams + 1);
	if (dl_query_takes_rows(text->target))
	{
		appendStringInfoString(&text->sql, " AS (");
		for (int i = 0; i < keyed->nkeys; i++)
		{
			appendStringInfo(&text->sql, "%sk%d ", i > 0 ? ", " : "", i + 1);
			append_type(text, keyed->keys[i].keytype);
		}
		appendStringInfoChar(&text->sql, ')');
	}
	appendStringInfo(&text->sql, ") WITH ORDINALITY AS %s (", text->keys);
	for (int i = 0; i < keyed->nkeys; i++)
		appendStringInfo(&text->sql, "k%d, ", i + 1);
	appendStringInfoString(&text->sql, "n)");
}

/* The relation, or the junction joined to it. */
static void
append_relation(QueryText *text, const char *keyword)
{
	const DlTarget *target = text->target;
	const DlTarget *through = target->through;

	appendStringInfoString(&text->sql, keyword);
	if (through == NULL)
	{
		appendStringInfoString(&text->sql, target->qualified);
		return;
	}

	appendStringInfo(&text->sql, "(%s AS through JOIN %s ON ",
					 through->qualified, target->qualified);
	for (int i = 0; i < target->nkeys; i++)
	{
		if (i > 0)
			appendStringInfoString(&text->sql, " AND ");
		append_column(text, target, &target->keys[i]);
		append_operator(text, target->keys[i].eqop);
		append_link(text, i);
	}
	appendStringInfoChar(&text->sql, ')');
}

/*
 * A link column, as the key that it is to the relation: cast as keys are, and
 * compared with the collation of the relation's column.
 */
static void
append_link(QueryText *text, int number)
{
	const DlTarget *through = text->target->through;
	const DlKeyColumn *key = &text->target->keys[number];
	Form_pg_attribute att = dl_target_attribute(through,
												through->output[number]);
	const char *name = quote_identifier(NameStr(att->attname));

	if (key->inputtype != key->keytype ||
		dl_operand_type(att->atttypid) != att->atttypid)
	{
		appendStringInfo(&text->sql, "CAST(through.%s AS ", name);
		append_type(text, key->keytype);
		appendStringInfoChar(&text->sql, ')');
	}
	else
		appendStringInfo(&text->sql, "through.%s", name);

	if (OidIsValid(att->attcollation) && OidIsValid(key->collation) &&
		att->attcollation != key->collation)
		append_collation(text, key->collation);
}

static void
append_collation(QueryText *text, Oid collation)
{
	HeapTuple	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	Form_pg_collation form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for collation %u", collation);
	form = (Form_pg_collation) GETSTRUCT(tuple);
	appendStringInfo(&text->sql, " COLLATE %s",
					 quote_qualified_identifier(get_namespace_name(form->collnamespace),
												NameStr(form->collname)));
	ReleaseSysCache(tuple);
}

/* Each key column equals its key, or one of its keys. */
static void
append_key_conditions(QueryText *text)
{
	const DlTarget *target = text->target;

	for (int i = 0; i < text->keyed->nkeys; i++)
	{
		const DlKeyColumn *key = &text->keyed->keys[i];

		if (i > 0)
			appendStringInfoString(&text->sql, " AND ");
		append_column(text, text->keyed, key);
		append_operator(text, key->eqop);
		if (target->form == DL_QUERY_ANY)
			appendStringInfo(&text->sql, "ANY ($%d)", target->nparams + i + 1);
		else
			appendStringInfo(&text->sql, "%s.k%d", text->keys, i + 1);
	}
}

/* A key column as it is compared. */
static void
append_column(QueryText *text, const DlTarget *of, const DlKeyColumn *key)
{
	Form_pg_attribute att = dl_target_attribute(of, key->attno);
	Oid			type = key->cast_column ? key->lefttype
		: dl_operand_type(att->atttypid);

	if (type != att->atttypid)
		appendStringInfoString(&text->sql, "CAST(");
	appendStringInfo(&text->sql, "%s.%s",
					 of == text->target ? quote_identifier(of->relname)
					 : "through",
					 quote_identifier(NameStr(att->attname)));
	if (type != att->atttypid)
	{
		appendStringInfoString(&text->sql, " AS ");
		append_type(text, type);
		appendStringInfoChar(&text->sql, ')');
	}
}

static void
append_operator(QueryText *text, Oid operator)
{
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", operator);
	form = (Form_pg_operator) GETSTRUCT(tuple);
	appendStringInfo(&text->sql, " OPERATOR(%s.%s) ",
					 quote_identifier(get_namespace_name(form->oprnamespace)),
					 NameStr(form->oprname));
	ReleaseSysCache(tuple);
}

static void
append_filter(QueryText *text, const char *keyword)
{
	if (text->target->filter_source != NULL)
		appendStringInfo(&text->sql, "%s(%s)", keyword,
						 deparse_expression(text->target->filter_source,
											text->context, true, false));
}

/* By the values in the select list, so that each is evaluated once. */
static void
append_order(QueryText *text)
{
	const DlTarget *target = text->target;

	for (int i = 0; i < target->norder; i++)
	{
		appendStringInfo(&text->sql, "%s%d USING", i == 0 ? " ORDER BY " : ", ",
						 i + 1);
		append_operator(text, target->order[i].sortop);
		appendStringInfoString(&text->sql, target->order[i].nulls_first ?
							   "NULLS FIRST" : "NULLS LAST");
	}
}

/* Without a length: "character" would mean character(1), bpchar does not. */
static void
append_type(QueryText *text, Oid type)
{
	appendStringInfoString(&text->sql,
						   format_type_extended(type, -1,
												FORMAT_TYPE_TYPEMOD_GIVEN |
												FORMAT_TYPE_FORCE_QUALIFY));
}

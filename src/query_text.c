/*-------------------------------------------------------------------------
 *
 * query_text.c
 *	  The text of the plan path's query; fetch_query.c shows its forms.
 *
 * Every name is quoted and qualified, every operator written with its schema.
 * Expressions are written from their analysed trees by the server's deparser,
 * with columns always prefixed by the relation's name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "fetch.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

typedef struct QueryText
{
	const DlTarget *target;
	StringInfoData sql;
	List	   *context;		/* of the deparser */
	const char *relation;		/* quoted name that columns are prefixed with */
	const char *keys;			/* alias of the keys, quoted */
} QueryText;

static void append_select_list(QueryText *text);
static void append_key_source(QueryText *text);
static void append_relation(QueryText *text);
static void append_key_conditions(QueryText *text);
static void append_key_column(QueryText *text, int number);
static void append_key_collation(QueryText *text, int number);
static void append_operator(QueryText *text, Oid operator);
static void append_filter(QueryText *text, const char *keyword);
static void append_order(QueryText *text);
static void append_type(QueryText *text, Oid type);

/* Kept in the target's memory. */
const char *
dl_fetch_query_text(DlTarget *target, Relation rel)
{
	QueryText	text;

	if (target->query != NULL)
		return target->query;

	text.target = target;
	initStringInfo(&text.sql);
	text.context = deparse_context_for(target->relname, target->relid);
	text.relation = quote_identifier(target->relname);
	text.keys = strcmp(target->relname, "k") == 0 ? "kk" : "k";

	switch (target->form)
	{
		case DL_QUERY_ANY:
			appendStringInfoString(&text.sql, "SELECT ");
			for (int i = 0; i < target->nkeys; i++)
			{
				append_key_column(&text, i);
				appendStringInfoString(&text.sql, ", ");
			}
			append_select_list(&text);
			appendStringInfoString(&text.sql, " FROM ");
			append_relation(&text);
			appendStringInfoString(&text.sql, " WHERE ");
			append_key_conditions(&text);
			append_filter(&text, " AND ");
			break;
		case DL_QUERY_JOIN:
			appendStringInfo(&text.sql, "SELECT %s.n, ", text.keys);
			append_select_list(&text);
			appendStringInfoString(&text.sql, " FROM ");
			append_key_source(&text);
			appendStringInfoString(&text.sql, " JOIN ");
			append_relation(&text);
			appendStringInfoString(&text.sql, " ON ");
			append_key_conditions(&text);
			append_filter(&text, " WHERE ");
			break;
		case DL_QUERY_LATERAL:
			appendStringInfo(&text.sql, "SELECT %s.n, q.* FROM ", text.keys);
			append_key_source(&text);
			appendStringInfoString(&text.sql,
								   " CROSS JOIN LATERAL (SELECT ");
			append_select_list(&text);
			appendStringInfoString(&text.sql, " FROM ");
			append_relation(&text);
			appendStringInfoString(&text.sql, " WHERE ");
			append_key_conditions(&text);
			append_filter(&text, " AND ");
			append_order(&text);
			appendStringInfo(&text.sql, " LIMIT $%d) q", target->nparams + 2);
			break;
	}

	target->query = MemoryContextStrdup(target->context, text.sql.data);
	return target->query;
}

/* The values of order_by, then the columns of the result. */
static void
append_select_list(QueryText *text)
{
	const DlTarget *target = text->target;
	const char *separator = "";

	for (int i = 0; i < target->norder; i++)
	{
		appendStringInfo(&text->sql, "%s%s AS o%d", separator,
						 deparse_expression((Node *) target->order[i].expr,
											text->context, true, false),
						 i + 1);
		separator = ", ";
	}
	for (int i = 0; i < target->noutput; i++)
	{
		Form_pg_attribute att = dl_target_attribute(target, target->output[i]);

		/* numbered names: a column of the relation may be called anything */
		appendStringInfo(&text->sql, "%s%s.%s AS c%d", separator,
						 text->relation, quote_identifier(NameStr(att->attname)),
						 i + 1);
		separator = ", ";
	}
	if (target->norder + target->noutput == 0)
		appendStringInfoString(&text->sql, "NULL");
}

/* The distinct keys, numbered from 1: k1, k2 .., n. */
static void
append_key_source(QueryText *text)
{
	const DlTarget *target = text->target;

	appendStringInfo(&text->sql, "ROWS FROM (pg_catalog.unnest($%d)",
					 target->nparams + 1);
	if (target->keys_are_rows)
	{
		appendStringInfoString(&text->sql, " AS (");
		for (int i = 0; i < target->nkeys; i++)
		{
			appendStringInfo(&text->sql, "%sk%d ", i > 0 ? ", " : "", i + 1);
			append_type(text, target->keys[i].keytype);
		}
		appendStringInfoChar(&text->sql, ')');
	}
	appendStringInfo(&text->sql, ") WITH ORDINALITY AS %s (", text->keys);
	for (int i = 0; i < target->nkeys; i++)
		appendStringInfo(&text->sql, "k%d, ", i + 1);
	appendStringInfoString(&text->sql, "n)");
}

static void
append_relation(QueryText *text)
{
	appendStringInfoString(&text->sql, text->target->qualified);
}

/* Each key column equals its key, or one of its keys. */
static void
append_key_conditions(QueryText *text)
{
	const DlTarget *target = text->target;

	for (int i = 0; i < target->nkeys; i++)
	{
		if (i > 0)
			appendStringInfoString(&text->sql, " AND ");
		append_key_column(text, i);
		append_operator(text, target->keys[i].eqop);
		if (target->form == DL_QUERY_ANY)
		{
			appendStringInfo(&text->sql, "ANY ($%d", target->nparams + i + 1);
			append_key_collation(text, i);
			appendStringInfoChar(&text->sql, ')');
		}
		else
		{
			appendStringInfo(&text->sql, "%s.k%d", text->keys, i + 1);
			append_key_collation(text, i);
		}
	}
}

/* The column as it is compared. */
static void
append_key_column(QueryText *text, int number)
{
	const DlKeyColumn *key = &text->target->keys[number];
	Form_pg_attribute att = dl_target_attribute(text->target, key->attno);

	if (key->cast_column)
		appendStringInfoString(&text->sql, "CAST(");
	appendStringInfo(&text->sql, "%s.%s", text->relation,
					 quote_identifier(NameStr(att->attname)));
	if (key->cast_column)
	{
		appendStringInfoString(&text->sql, " AS ");
		append_type(text, key->lefttype);
		appendStringInfoChar(&text->sql, ')');
	}
}

/*
 * Keys compare with the column's collation.  The parser agrees but for keys
 * of a type that brings another one of its own, as name does.
 */
static void
append_key_collation(QueryText *text, int number)
{
	const DlKeyColumn *key = &text->target->keys[number];
	Oid			collation = get_typcollation(key->keytype);

	HeapTuple	tuple;
	Form_pg_collation form;

	if (!OidIsValid(key->collation) || !OidIsValid(collation) ||
		collation == DEFAULT_COLLATION_OID || collation == key->collation)
		return;

	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(key->collation));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for collation %u", key->collation);
	form = (Form_pg_collation) GETSTRUCT(tuple);
	appendStringInfo(&text->sql, " COLLATE %s",
					 quote_qualified_identifier(get_namespace_name(form->collnamespace),
												NameStr(form->collname)));
	ReleaseSysCache(tuple);
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

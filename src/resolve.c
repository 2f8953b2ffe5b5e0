/*-------------------------------------------------------------------------
 *
 * resolve.c
 *	  From a request to a target: names to columns, types to operators.
 *
 * A target is built in a memory context of its own, a child of the caller's
 * until target.c takes it into the cache; so an error leaves nothing behind.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/pg_index.h"
#include "expr.h"
#include "guc.h"
#include "keytext.h"
#include "lib/stringinfo.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pg_list.h"
#include "target.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

/* For collect_vars(). */
typedef struct ColumnCollector
{
	Index		varno;
	Index		sublevels_up;
	Bitmapset  *columns;		/* found so far, as selectedCols */
} ColumnCollector;

static void resolve_relation(DlTarget *target, Relation rel);
static void resolve_keys(DlTarget *target, const DlRequest *request,
						 Relation rel);
static void report_array_keys(Form_pg_attribute att) pg_attribute_noreturn();
static void resolve_output(DlTarget *target, const DlRequest *request);
static void resolve_json(DlTarget *target);
static void collect_columns(DlTarget *target, const DlTarget *expressions,
							Index varno);
static bool collect_vars(Node *node, void *context);
static AttrNumber find_column(const DlTarget *target, const char *name,
							  const char *option);
static void report_duplicate_column(const char *name, const char *option)
			pg_attribute_noreturn();

/*
 * Builds the target of a request for "rel", perhaps through "junction" (else
 * NULL), both of which the caller has locked.
 * Raises the errors of names, types and expressions.
 */
DlTarget *
dl_target_resolve(const DlRequest *request, Relation rel, Relation junction)
{
	MemoryContext context;
	MemoryContext oldcontext;
	DlTarget   *target;

	context = AllocSetContextCreate(CurrentMemoryContext, "dataloader target",
									ALLOCSET_SMALL_SIZES);
	oldcontext = MemoryContextSwitchTo(context);

	target = palloc0(sizeof(DlTarget));
	target->context = context;
	target->verb = request->verb;
	target->limited = request->first >= 0 && request->nafter < 0 &&
		request->nbefore < 0;
	resolve_relation(target, rel);
	if (junction == NULL)
		resolve_keys(target, request, rel);
	else
	{
		/* the name by which expressions know the junction */
		if (strcmp(target->relname, "through") == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_ALIAS),
					 errmsg("relation \"%s\" cannot be loaded through a junction",
							target->relname),
					 errdetail("Its name stands for the junction."),
					 errhint("Make a view of another name.")));
		target->through = palloc0(sizeof(DlTarget));
		target->through->context = context;
		target->through->verb = request->verb;
		resolve_relation(target->through, junction);
		resolve_keys(target->through, request, junction);
		dl_junction_resolve(target, request, rel, junction);
	}
	resolve_output(target, request);

	/* The parser leaves much behind that the target does not need. */
	MemoryContextSwitchTo(oldcontext);
	dl_expr_parse(target, request, rel, junction);
	MemoryContextSwitchTo(context);

	/* One row per key, chosen by an order, is a page of one. */
	if (target->verb->to_one && target->norder > 0)
		target->limited = true;

	collect_columns(target, target, 1);
	if (junction != NULL)
	{
		target->through->limited = target->limited;
		collect_columns(target->through, target, 2);
		dl_path_resolve(target->through, junction);
	}
	dl_path_resolve(target, rel);
	MemoryContextSwitchTo(oldcontext);
	return target;
}

static void
resolve_relation(DlTarget *target, Relation rel)
{
	target->relid = RelationGetRelid(rel);
	target->relkind = rel->rd_rel->relkind;
	target->rowtype = rel->rd_rel->reltype;
	target->nspid = RelationGetNamespace(rel);
	target->nspname = get_namespace_name(target->nspid);
	target->relname = pstrdup(RelationGetRelationName(rel));
	target->qualified = quote_qualified_identifier(target->nspname,
												   target->relname);
	target->tupdesc = CreateTupleDescCopyConstr(RelationGetDescr(rel));
	target->next_xid = ReadNextTransactionId();
}

static void
resolve_keys(DlTarget *target, const DlRequest *request, Relation rel)
{
	List	   *attnos;
	ListCell   *lc;

	if (request->by != NULL)
		attnos = dl_resolve_names(target, request->by, "by");
	else if (!request->verb->by_required)
		attnos = dl_resolve_primary_key(target, rel,
										"Name the key column with by, for example by => 'id'.");
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option by is required"),
				 errhint("Name the column that the keys are matched against, for example by => 'reporter_id'.")));

	if (request->nkeytypes > 0 && request->nkeytypes != list_length(attnos))
		dl_report_key_width(request->nkeytypes, list_length(attnos),
							request->by == NULL ? target->relname : NULL);

	target->keys_are_rows = request->keys_are_rows || list_length(attnos) > 1;
	target->keys = palloc0(mul_size(list_length(attnos), sizeof(DlKeyColumn)));
	foreach(lc, attnos)
	{
		Form_pg_attribute att = dl_target_attribute(target, lfirst_int(lc));

		/*
		 * A batch of arrays is one array: which element is whose is lost.
		 * Text keeps them apart, and is read as rows of one field.
		 */
		if (!target->keys_are_rows &&
			OidIsValid(get_element_type(getBaseType(att->atttypid))))
		{
			target->keys_are_rows = request->nkeytypes == 0;
			if (!target->keys_are_rows)
				report_array_keys(att);
		}

		dl_keytype_resolve(&target->keys[target->nkeys], att,
						   request->nkeytypes > 0 ?
						   request->keytypes[target->nkeys] : InvalidOid, NULL);
		target->nkeys++;
	}
}

static void
report_array_keys(Form_pg_attribute att)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot match keys against column \"%s\" of array type %s",
					NameStr(att->attname), format_type_be(att->atttypid)),
			 errhint("Pass each key as a row of one field, for example ARRAY[ROW(ARRAY['a','b'])].")));
}

/* The columns of an option like 'tenant_id, user_id', as attribute numbers. */
List *
dl_resolve_names(const DlTarget *target, const char *text, const char *option)
{
	List	   *names;
	List	   *attnos = NIL;
	ListCell   *lc;

	if (!SplitIdentifierString(pstrdup(text), ',', &names) || names == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("invalid column list in option %s: \"%s\"", option, text),
				 errhint("Separate column names with commas, and quote those with upper-case letters or special characters.")));

	foreach(lc, names)
	{
		char	   *name = (char *) lfirst(lc);
		AttrNumber	attno = find_column(target, name, option);

		if (list_member_int(attnos, attno))
			report_duplicate_column(name, option);
		attnos = lappend_int(attnos, attno);
	}
	if (list_length(attnos) > INDEX_MAX_KEYS)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_COLUMNS),
				 errmsg("option %s cannot name more than %d columns",
						option, INDEX_MAX_KEYS)));
	return attnos;
}

/*
 * In the order in which the key declares its columns; 42704, with the hint, if
 * there is none.
 */
List *
dl_resolve_primary_key(const DlTarget *target, Relation rel, const char *hint)
{
	List	   *attnos = NIL;
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(rel))
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID,
											ObjectIdGetDatum(lfirst_oid(lc)));
		Form_pg_index form;

		if (!HeapTupleIsValid(tuple))
			continue;			/* dropped just now */
		form = (Form_pg_index) GETSTRUCT(tuple);
		if (form->indisprimary && attnos == NIL)
		{
			for (int i = 0; i < form->indnkeyatts; i++)
				attnos = lappend_int(attnos, form->indkey.values[i]);
		}
		ReleaseSysCache(tuple);
	}

	if (attnos == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("relation \"%s\" has no primary key", target->relname),
				 errhint("%s", hint)));
	return attnos;
}

/* The columns of the result: those named, else all in the table's order. */
static void
resolve_output(DlTarget *target, const DlRequest *request)
{
	int			most = Max(request->ncolumns, target->tupdesc->natts);

	target->output = palloc(mul_size(Max(most, 1), sizeof(AttrNumber)));
	if (target->verb->count)
		return;
	if (request->ncolumns < 0)
	{
		for (int i = 0; i < target->tupdesc->natts; i++)
		{
			if (!TupleDescAttr(target->tupdesc, i)->attisdropped)
				target->output[target->noutput++] = i + 1;
		}
	}

	for (int i = 0; i < request->ncolumns; i++)
	{
		AttrNumber	attno = find_column(target, request->columns[i], "columns");

		for (int j = 0; j < target->noutput; j++)
		{
			if (target->output[j] == attno)
				report_duplicate_column(request->columns[i], "columns");
		}
		target->output[target->noutput++] = attno;
	}

	if (target->verb->json)
		resolve_json(target);
}

static void
resolve_json(DlTarget *target)
{
	bool		bigint_strings = dl_json_bigints == DL_BIGINTS_STRING;

	target->json = palloc0(mul_size(Max(target->noutput, 1),
									sizeof(DlJsonColumn)));
	for (int i = 0; i < target->noutput; i++)
	{
		Form_pg_attribute att = dl_target_attribute(target, target->output[i]);
		DlJsonColumn *column = &target->json[i];
		StringInfoData label;

		initStringInfo(&label);
		appendStringInfoChar(&label, i == 0 ? '{' : ',');
		escape_json(&label, NameStr(att->attname));
		appendStringInfoChar(&label, ':');
		column->label = label.data;
		column->label_len = label.len;
		dl_json_writer_init(&column->writer, att->atttypid, bigint_strings);
	}
}

/*
 * All columns that are read, for the permission check and for deforming: the
 * target's own, and those that the expressions refer to by "varno".
 */
static void
collect_columns(DlTarget *target, const DlTarget *expressions,
				Index varno)
{
	ColumnCollector collector = {varno, 0, NULL};
	Bitmapset  *columns;
	int			member = -1;

	collect_vars(expressions->filter_source, &collector);
	for (int i = 0; i < expressions->norder; i++)
		collect_vars((Node *) expressions->order[i].expr, &collector);
	columns = collector.columns;
	for (int i = 0; i < target->nkeys; i++)
		columns = bms_add_member(columns, target->keys[i].attno -
								 FirstLowInvalidHeapAttributeNumber);
	for (int i = 0; i < target->noutput; i++)
		columns = bms_add_member(columns, target->output[i] -
								 FirstLowInvalidHeapAttributeNumber);

	target->columns = columns;
	while ((member = bms_next_member(columns, member)) >= 0)
	{
		int			attno = member + FirstLowInvalidHeapAttributeNumber;

		/* attribute 0 is the whole row */
		target->max_attno = Max(target->max_attno,
								attno == 0 ? target->tupdesc->natts : attno);
	}
}

/* As pull_varattnos() does, but in subqueries, too, which are not planned yet. */
static bool
collect_vars(Node *node, void *context)
{
	ColumnCollector *collector = (ColumnCollector *) context;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;

		if ((Index) var->varno == collector->varno &&
			var->varlevelsup == collector->sublevels_up)
			collector->columns =
				bms_add_member(collector->columns, var->varattno -
							   FirstLowInvalidHeapAttributeNumber);
		return false;
	}
	if (IsA(node, Query))
	{
		collector->sublevels_up++;
		query_tree_walker((Query *) node, collect_vars, context, 0);
		collector->sublevels_up--;
		return false;
	}
	return expression_tree_walker(node, collect_vars, context);
}

/* A user column by its exact name; 42703 if there is none. */
static AttrNumber
find_column(const DlTarget *target, const char *name, const char *option)
{
	for (int i = 0; i < target->tupdesc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(target->tupdesc, i);

		if (!att->attisdropped && strcmp(NameStr(att->attname), name) == 0)
			return att->attnum;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("column \"%s\" of relation \"%s\" does not exist",
					name, target->relname),
			 errdetail("It is named in option %s.", option)));
}

static void
report_duplicate_column(const char *name, const char *option)
{
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_COLUMN),
			 errmsg("column \"%s\" is named more than once in option %s",
					name, option)));
}

/* The key columns for messages: reporter_id, or tenant_id, user_id.  palloc'd. */
char *
dl_target_key_names(const DlTarget *target)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < target->nkeys; i++)
	{
		Form_pg_attribute att = dl_target_attribute(target,
													target->keys[i].attno);

		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "",
						 quote_identifier(NameStr(att->attname)));
	}
	return names.data;
}

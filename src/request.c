/*-------------------------------------------------------------------------
 *
 * request.c
 *	  From the arguments of an SQL function to a request.
 *
 * The SQL functions differ only in which options they have and in the types
 * of their first two arguments; their arguments come in one order: relation,
 * keys, by, through, link, filter, args, then order_by, first and skip (a
 * connection: first, after, last, before), columns, total_count, at_most where
 * the verb has them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "request.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

static void read_relation(DlRequest *request, FunctionCallInfo fcinfo);
static void read_keys(DlRequest *request, FunctionCallInfo fcinfo);
static void read_key_types(DlRequest *request, Oid arraytype);
static TupleDesc row_key_type(const ArrayType *keys, Oid elemtype);
static void set_row_key_types(DlRequest *request, TupleDesc tupdesc);
static char *read_text(FunctionCallInfo fcinfo, int argno);
static int64 read_count(FunctionCallInfo fcinfo, int argno, const char *option,
						int64 absent);
static int	read_page(DlRequest *request, FunctionCallInfo fcinfo, int argno);
static int	read_texts(FunctionCallInfo fcinfo, int argno, char ***texts);
static void read_columns(DlRequest *request, FunctionCallInfo fcinfo,
						 int argno);

/*
 * Reads and checks what can be checked without looking at the relation.
 * Everything is detoasted into CurrentMemoryContext, the call's own.
 */
void
dl_request_read(DlRequest *request, const DlVerb *verb, FunctionCallInfo fcinfo)
{
	int			argno = 2;

	memset(request, 0, sizeof(DlRequest));
	request->verb = verb;
	request->first = -1;
	request->ncolumns = -1;
	request->nafter = -1;
	request->nbefore = -1;

	read_relation(request, fcinfo);
	read_keys(request, fcinfo);
	request->by = read_text(fcinfo, argno++);
	request->through = PG_ARGISNULL(argno) ? InvalidOid : PG_GETARG_OID(argno);
	argno++;
	request->link = read_text(fcinfo, argno++);
	request->filter = read_text(fcinfo, argno++);
	if (!PG_ARGISNULL(argno))
		request->args = PG_GETARG_JSONB_P(argno);
	argno++;
	if (verb->has_order)
		request->order_by = read_text(fcinfo, argno++);
	if (verb->has_limit)
	{
		request->first = read_count(fcinfo, argno++, "first", -1);
		request->skip = read_count(fcinfo, argno++, "skip", 0);
	}
	if (verb->connection)
		argno = read_page(request, fcinfo, argno);
	if (verb->json)
		read_columns(request, fcinfo, argno++);
	if (verb->connection)
		request->total_count = !PG_ARGISNULL(argno) && PG_GETARG_BOOL(argno);
	if (verb->count)
		request->first = read_count(fcinfo, argno++, "at_most", -1);

	if (request->link != NULL && !OidIsValid(request->through))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option link needs option through"),
				 errdetail("It names columns of the junction that through names.")));
}

/* A regclass, or a null of the row type that the function will return. */
static void
read_relation(DlRequest *request, FunctionCallInfo fcinfo)
{
	Oid			type;

	if (!request->verb->typed)
	{
		if (PG_ARGISNULL(0))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("relation must not be null")));
		request->relid = PG_GETARG_OID(0);
		return;
	}

	type = get_fn_expr_argtype(fcinfo->flinfo, 0);
	request->relid = get_typ_typrelid(type);
	if (!OidIsValid(request->relid))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("relation must be a null of a table's row type, not of type %s",
						format_type_be(type)),
				 errhint("Write NULL::tablename.")));
}

static void
read_keys(DlRequest *request, FunctionCallInfo fcinfo)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 1);

	if (type == TEXTOID)
	{
		request->keytext = read_text(fcinfo, 1);
		return;
	}
	if (!PG_ARGISNULL(1))
		request->keys = PG_GETARG_ARRAYTYPE_P(1);
	read_key_types(request, getBaseType(type));
}

static void
read_key_types(DlRequest *request, Oid arraytype)
{
	Oid			elemtype = getBaseType(get_element_type(arraytype));
	TupleDesc	tupdesc;

	if (arraytype == RECORDARRAYOID)
		elemtype = RECORDOID;
	if (!type_is_rowtype(elemtype))
	{
		request->nkeytypes = 1;
		request->keytypes = palloc(sizeof(Oid));
		request->keytypes[0] = elemtype;
		return;
	}

	request->keys_are_rows = true;
	tupdesc = row_key_type(request->keys, elemtype);
	if (tupdesc != NULL)
	{
		set_row_key_types(request, tupdesc);
		ReleaseTupleDesc(tupdesc);
	}
}

/*
 * The type of the row keys.  Where they are anonymous records, the first one
 * that is not NULL tells it; NULL if there is none.
 */
static TupleDesc
row_key_type(const ArrayType *keys, Oid elemtype)
{
	ArrayIterator iterator;
	Datum		element;
	bool		isnull;
	TupleDesc	tupdesc = NULL;

	if (elemtype != RECORDOID)
		return lookup_rowtype_tupdesc_domain(elemtype, -1, false);
	if (keys == NULL)
		return NULL;

	iterator = array_create_iterator((ArrayType *) keys, 0, NULL);
	while (tupdesc == NULL && array_iterate(iterator, &element, &isnull))
	{
		if (!isnull)
		{
			HeapTupleHeader row = DatumGetHeapTupleHeader(element);

			tupdesc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row),
											 HeapTupleHeaderGetTypMod(row));
		}
	}
	array_free_iterator(iterator);
	return tupdesc;
}

static void
set_row_key_types(DlRequest *request, TupleDesc tupdesc)
{
	request->keytypes = palloc(mul_size(Max(tupdesc->natts, 1), sizeof(Oid)));
	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(tupdesc, i);

		if (!att->attisdropped)
			request->keytypes[request->nkeytypes++] = getBaseType(att->atttypid);
	}
}

static char *
read_text(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? NULL
		: text_to_cstring(PG_GETARG_TEXT_PP(argno));
}

static int64
read_count(FunctionCallInfo fcinfo, int argno, const char *option,
		   int64 absent)
{
	if (PG_ARGISNULL(argno))
		return absent;
	if (PG_GETARG_INT32(argno) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option %s must not be negative", option)));
	return PG_GETARG_INT32(argno);
}

/* Returns the number of the next argument. */
static int
read_page(DlRequest *request, FunctionCallInfo fcinfo, int argno)
{
	int64		first = read_count(fcinfo, argno++, "first", -1);
	int64		last;

	request->nafter = read_texts(fcinfo, argno++, &request->after);
	last = read_count(fcinfo, argno++, "last", -1);
	request->nbefore = read_texts(fcinfo, argno++, &request->before);
	if (first >= 0 && last >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options first and last exclude each other")));
	request->backward = last >= 0;
	request->first = request->backward ? last : first;
	return argno;
}

/* The elements of a text array, NULL for nulls; -1 if the array is NULL. */
static int
read_texts(FunctionCallInfo fcinfo, int argno, char ***texts)
{
	Datum	   *values;
	bool	   *nulls;
	int			n;

	if (PG_ARGISNULL(argno))
		return -1;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argno), TEXTOID, -1, false,
					  TYPALIGN_INT, &values, &nulls, &n);
	*texts = palloc(mul_size(Max(n, 1), sizeof(char *)));
	for (int i = 0; i < n; i++)
		(*texts)[i] = nulls[i] ? NULL : TextDatumGetCString(values[i]);
	return n;
}

static void
read_columns(DlRequest *request, FunctionCallInfo fcinfo, int argno)
{
	request->ncolumns = read_texts(fcinfo, argno, &request->columns);
	if (request->ncolumns == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option columns must name at least one column")));

	for (int i = 0; i < request->ncolumns; i++)
	{
		if (request->columns[i] == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("option columns must not contain nulls")));
	}
}

/*-------------------------------------------------------------------------
 *
 * cursor.c
 *	  Cursors of connections: where in its key's order a row stands.
 *
 * A cursor is base64 of a JSON array: a fingerprint of the ordering, then the
 * values of the order's columns as strings or null, the primary key's last.  It
 * comes back from a client, so nothing in it is believed: its size is bounded,
 * its shape checked, its values go through the input functions of their types
 * and are only ever compared.  It is not secret; it shows the values it holds.
 *
 * Values must come back as they were, to the microsecond and the last bit,
 * whatever settings the next session has: they are written without regard to
 * DateStyle, IntervalStyle and extra_float_digits; and to lc_monetary, but for
 * arrays, rows and ranges of money.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/shortest_dec.h"
#include "compat.h"
#include "cursor.h"
#include "executor/tuptable.h"
#include "jsonwriter.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* A longer cursor was not made here, or orders by what should not be. */
#define MAX_CURSOR_LENGTH 65536

static DlCursorCoding choose_coding(Oid type);
static void append_name(StringInfo text, int cacheid, Oid object,
						AttrNumber name, AttrNumber namespace);
static char *write_value(DlCursorColumn *column, Datum value);
static char *write_exactly(DlCursorColumn *column, Datum value);
static char *decode(const char *text);
static void read_values(DlCursors *cursors, Jsonb *array,
						DlCursorValues *values);
static void read_value(DlCursorColumn *column, JsonbValue *json,
					   DlCursorValues *value);
static void report_invalid(const char *detail) pg_attribute_noreturn();
static void cursor_error_callback(void *arg);

/* Allocates in CurrentMemoryContext, the call's. */
DlCursors *
dl_cursors_begin(const DlTarget *target)
{
	DlCursors  *cursors = palloc0(sizeof(DlCursors));

	cursors->ncolumns = target->norder;
	cursors->columns = palloc0(mul_size(target->norder,
										sizeof(DlCursorColumn)));
	for (int i = 0; i < target->norder; i++)
	{
		const DlOrderItem *item = &target->order[i];
		DlCursorColumn *column = &cursors->columns[i];
		Oid			function;
		bool		isvarlena;

		column->type = getBaseType(item->type);
		/* the same bytes, but not written as lc_monetary has it */
		if (column->type == MONEYOID)
			column->type = INT8OID;
		column->coding = choose_coding(column->type);
		getTypeOutputInfo(column->type, &function, &isvarlena);
		fmgr_info(function, &column->output);
		getTypeInputInfo(column->type, &function, &column->typioparam);
		fmgr_info(function, &column->input);

		column->sort.ssup_cxt = CurrentMemoryContext;
		column->sort.ssup_collation = item->collation;
		column->sort.ssup_nulls_first = item->nulls_first;
		PrepareSortSupportFromOrderingOp(item->sortop, &column->sort);
	}
	cursors->fingerprint = target->fingerprint;
	dl_buffer_init(&cursors->scratch, 256);
	return cursors;
}

static DlCursorCoding
choose_coding(Oid type)
{
	switch (type)
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case OIDOID:
		case NUMERICOID:
		case UUIDOID:
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
			return DL_CURSOR_PLAIN;
		case FLOAT8OID:
			return DL_CURSOR_FLOAT;
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return DL_CURSOR_DATETIME;
		default:
			return DL_CURSOR_EXACT;
	}
}

/*
 * Of names and directions, forward ones: a connection read from its end has
 * the same cursors.  Its text is built from bare names, for no setting says how
 * these are quoted.
 */
void
dl_cursor_set_fingerprint(DlTarget *target)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "%s.%s", target->nspname, target->relname);
	for (int i = 0; i < target->norder; i++)
	{
		const DlOrderItem *item = &target->order[i];
		Var		   *var = (Var *) item->expr;
		const DlTarget *of = var->varno == 1 ? target : target->through;
		Oid			opfamily;
		Oid			opcintype;
		CompareType compare;

		if (!get_ordering_op_properties(item->sortop, &opfamily, &opcintype,
										&compare))
			elog(ERROR, "operator %u is not an ordering operator",
				 item->sortop);
		appendStringInfo(&text, ",%s.%s", of->relname,
						 NameStr(dl_target_attribute(of, var->varattno)->attname));
		append_name(&text, TYPEOID, item->type, Anum_pg_type_typname,
					Anum_pg_type_typnamespace);
		append_name(&text, OPEROID,
					get_opfamily_member(opfamily, opcintype, opcintype,
										BTLessStrategyNumber),
					Anum_pg_operator_oprname, Anum_pg_operator_oprnamespace);
		if (OidIsValid(item->collation))
			append_name(&text, COLLOID, item->collation,
						Anum_pg_collation_collname,
						Anum_pg_collation_collnamespace);
		appendStringInfo(&text, " %d%d",
						 (compare == COMPARE_GT) != target->backward,
						 item->nulls_first != target->backward);
	}
	snprintf(target->fingerprint, sizeof(target->fingerprint), "%08x",
			 hash_bytes((unsigned char *) text.data, text.len));
	pfree(text.data);
}

/* With its schema, if that is not pg_catalog. */
static void
append_name(StringInfo text, int cacheid, Oid object, AttrNumber name,
			AttrNumber namespace)
{
	HeapTuple	tuple = SearchSysCache1(cacheid, ObjectIdGetDatum(object));
	Oid			nspid;
	bool		isnull;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache %d lookup failed for %u", cacheid, object);
	appendStringInfoChar(text, ' ');
	nspid = DatumGetObjectId(SysCacheGetAttr(cacheid, tuple, namespace,
											 &isnull));
	if (nspid != PG_CATALOG_NAMESPACE)
		appendStringInfo(text, "%s.", get_namespace_name(nspid));
	appendStringInfoString(text,
						   NameStr(*DatumGetName(SysCacheGetAttr(cacheid, tuple,
																 name, &isnull))));
	ReleaseSysCache(tuple);
}

/*
 * Appends the cursor of a row as a JSON string.  Value i is attribute
 * attnos[i] of the slot.  Leaves garbage in CurrentMemoryContext.
 */
void
dl_cursor_write(DlCursors *cursors, DlBuffer *buffer, TupleTableSlot *slot,
				const AttrNumber *attnos)
{
	DlBuffer   *scratch = &cursors->scratch;
	int			room;
	int			len;

	scratch->len = 0;
	dl_buffer_append_char(scratch, '[');
	dl_json_write_string(scratch, cursors->fingerprint,
						 strlen(cursors->fingerprint));
	for (int i = 0; i < cursors->ncolumns; i++)
	{
		int			attno = attnos[i] - 1;

		dl_buffer_append_char(scratch, ',');
		if (slot->tts_isnull[attno])
			dl_buffer_append(scratch, "null", 4);
		else
		{
			char	   *value = write_value(&cursors->columns[i],
											slot->tts_values[attno]);

			dl_json_write_string(scratch, value, strlen(value));
		}
	}
	dl_buffer_append_char(scratch, ']');
	if (scratch->len > (Size) MAX_CURSOR_LENGTH / 4 * 3)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the cursor of a row exceeds %d bytes",
						MAX_CURSOR_LENGTH),
				 errhint("Order the connection by shorter columns.")));

	room = pg_b64_enc_len((int) scratch->len);
	dl_buffer_reserve(buffer, room + 2);
	buffer->data[buffer->len++] = '"';
	len = dl_b64_encode((uint8 *) scratch->data, (int) scratch->len,
						buffer->data + buffer->len, room);
	if (len < 0)
		elog(ERROR, "could not encode cursor");
	buffer->len += len;
	buffer->data[buffer->len++] = '"';
}

static char *
write_value(DlCursorColumn *column, Datum value)
{
	char	   *text;

	switch (column->coding)
	{
		case DL_CURSOR_PLAIN:
			return OutputFunctionCall(&column->output, value);
		case DL_CURSOR_FLOAT:
			text = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);
			double_to_shortest_decimal_buf(DatumGetFloat8(value), text);
			return text;
		case DL_CURSOR_DATETIME:
			return JsonEncodeDateTime(palloc(MAXDATELEN + 1), value,
									  column->type, NULL);
		case DL_CURSOR_EXACT:
			return write_exactly(column, value);
	}
	return NULL;				/* keep the compiler quiet */
}

static char *
write_exactly(DlCursorColumn *column, Datum value)
{
	int			nestlevel = dl_set_exact_output(true);
	char	   *text = OutputFunctionCall(&column->output, value);

	AtEOXact_GUC(true, nestlevel);
	return text;
}

/* What the error context tells. */
typedef struct CursorPlace
{
	const char *option;
	int			position;		/* from 1 */
} CursorPlace;

/*
 * The values of a cursor that came with the key at "position" (from 1).
 * Errors: 22023 for what is no cursor or one of another ordering, and those of
 * input functions.  Allocates in CurrentMemoryContext.
 */
DlCursorValues *
dl_cursor_read(DlCursors *cursors, const char *text, const char *option,
			   int position)
{
	DlCursorValues *values = palloc(mul_size(cursors->ncolumns,
											 sizeof(DlCursorValues)));
	CursorPlace place = {option, position};
	ErrorContextCallback callback;
	Jsonb	   *array;

	callback.callback = cursor_error_callback;
	callback.arg = &place;
	callback.previous = error_context_stack;
	error_context_stack = &callback;

	array = DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
											   CStringGetDatum(decode(text))));
	read_values(cursors, array, values);

	error_context_stack = callback.previous;
	return values;
}

static char *
decode(const char *text)
{
	int			len = strlen(text);
	int			room;
	char	   *json;

	if (len > MAX_CURSOR_LENGTH)
		report_invalid("It is too long.");
	room = pg_b64_dec_len(len);
	json = palloc(room + 1);
	len = dl_b64_decode(text, len, (uint8 *) json, room);
	if (len < 0)
		report_invalid("It is not base64.");
	json[len] = '\0';
	if (strlen(json) != (Size) len || !pg_verifymbstr(json, len, true))
		report_invalid("It does not hold text.");
	if (json[0] != '[')
		report_invalid("It does not hold a JSON array.");
	return json;
}

static void
read_values(DlCursors *cursors, Jsonb *array, DlCursorValues *values)
{
	JsonbIterator *iterator = JsonbIteratorInit(&array->root);
	JsonbValue	json;
	int			i = -1;

	if (JB_ROOT_COUNT(array) != (uint32) cursors->ncolumns + 1)
		report_invalid("It belongs to another ordering.");

	(void) JsonbIteratorNext(&iterator, &json, true);
	while (JsonbIteratorNext(&iterator, &json, true) == WJB_ELEM)
	{
		if (json.type != jbvString && (i < 0 || json.type != jbvNull))
			report_invalid("A value in it is not a string.");
		if (i >= 0)
			read_value(&cursors->columns[i], &json, &values[i]);
		else if (json.val.string.len != (int) strlen(cursors->fingerprint) ||
				 memcmp(json.val.string.val, cursors->fingerprint,
						json.val.string.len) != 0)
			report_invalid("It belongs to another ordering.");
		i++;
	}
}

static void
read_value(DlCursorColumn *column, JsonbValue *json, DlCursorValues *value)
{
	value->isnull = json->type == jbvNull;
	value->value = (Datum) 0;
	if (!value->isnull)
		value->value = InputFunctionCall(&column->input,
										 pnstrdup(json->val.string.val,
												  json->val.string.len),
										 column->typioparam, -1);
}

static void
report_invalid(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid cursor"),
			 errdetail_internal("%s", detail),
			 errhint("Pass a cursor of the same relation and order_by, or null.")));
}

static void
cursor_error_callback(void *arg)
{
	CursorPlace *place = (CursorPlace *) arg;

	errcontext("cursor %d of option %s", place->position, place->option);
}

/*
 * Where a row stands to a cursor, in the order that rows come in: less than,
 * equal to or greater than 0 for before, at or behind it.
 */
int
dl_cursor_compare(DlCursors *cursors, TupleTableSlot *slot,
				  const AttrNumber *attnos, const DlCursorValues *values)
{
	int			result = 0;

	for (int i = 0; result == 0 && i < cursors->ncolumns; i++)
	{
		int			attno = attnos[i] - 1;

		result = ApplySortComparator(slot->tts_values[attno],
									 slot->tts_isnull[attno],
									 values[i].value, values[i].isnull,
									 &cursors->columns[i].sort);
	}
	return result;
}

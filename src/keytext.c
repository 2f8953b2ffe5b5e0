/*
 * keytext.c
 *		Keys given as text: what a driver sends for an untyped parameter.
 *
 * The text is an array literal, {1,2}, or a JSON array, [1,2].  Its elements
 * are read by the input function of the column's base type, without the
 * column's typmod or its domain's constraints: a key that could never be
 * stored is not an error, it only finds nothing.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "jsonvalue.h"
#include "keypieces.h"
#include "keytext.h"
#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* int8 holds any number of this many digits. */
#define SAFE_DIGITS		18

/* What the elements of the text are read into */
typedef struct KeyText
{
	int			ncolumns;
	Oid		   *types;			/* base types of the columns */
	TupleDesc	tupdesc;		/* of a row of them; NULL where the element is
								 * the one column's value itself */
	DlJsonReader *readers;		/* JSON only: one per column */
	const char *primary_key_of; /* for messages, see dl_report_key_width() */

	/* the keys read so far */
	Datum	   *values;
	bool	   *nulls;
	int			nkeys;
	int			maxkeys;
} KeyText;


/*
 * Lists of plain integers, by far the most frequent keys, are read here.
 * These functions say "no" to everything that is not quite plain: the general
 * path then reads it, or reports what is wrong with it.
 */

static inline const char *
skip_space(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
		p++;
	return p;
}

/* Returns the byte behind the number, or NULL where it is not a plain one. */
static const char *
read_integer(const char *p, int64 *value)
{
	bool		negative = (*p == '-');
	const char *start;
	int64		n = 0;

	if (negative)
		p++;
	for (start = p; *p >= '0' && *p <= '9'; p++)
	{
		if (p - start == SAFE_DIGITS)
			return NULL;
		n = n * 10 + (*p - '0');
	}
	if (p == start || (*start == '0' && p - start > 1))
		return NULL;
	*value = negative ? -n : n;
	return p;
}

static bool
store_integer(char *data, Oid type, Size i, int64 value)
{
	switch (type)
	{
		case INT2OID:
			((int16 *) data)[i] = (int16) value;
			return value >= PG_INT16_MIN && value <= PG_INT16_MAX;
		case INT4OID:
			((int32 *) data)[i] = (int32) value;
			return value >= PG_INT32_MIN && value <= PG_INT32_MAX;
		default:
			((int64 *) data)[i] = value;
			return true;
	}
}

/* An array of n values, its data still to be filled in; NULL if too large. */
static ArrayType *
make_integer_array(Oid type, Size n)
{
	Size		size = ARR_OVERHEAD_NONULLS(1) + n * get_typlen(type);
	ArrayType  *array;

	if (n > MaxArraySize || !AllocSizeIsValid(size))
		return NULL;
	array = palloc(size);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->dataoffset = 0;
	array->elemtype = type;
	ARR_DIMS(array)[0] = (int) n;
	ARR_LBOUND(array)[0] = 1;
	return array;
}

/* text: behind the opening bracket */
static ArrayType *
parse_integers(const char *text, char closing, Oid type)
{
	Size		n = 1;
	ArrayType  *array;
	const char *p;

	for (p = text; *p != '\0'; p++)
		n += (*p == ',');
	array = make_integer_array(type, n);
	if (array == NULL)
		return NULL;

	p = text;
	for (Size i = 0; i < n; i++)
	{
		int64		value;

		CHECK_FOR_INTERRUPTS();
		p = read_integer(skip_space(p), &value);
		if (p == NULL || !store_integer(ARR_DATA_PTR(array), type, i, value))
			return NULL;
		p = skip_space(p);
		if (*p++ != (i + 1 < n ? ',' : closing))
			return NULL;
	}
	return *skip_space(p) == '\0' ? array : NULL;
}

static ArrayType *
try_plain_integers(const char *text, const KeyText *keytext)
{
	Oid			type = keytext->types[0];

	if (keytext->tupdesc != NULL ||
		(type != INT2OID && type != INT4OID && type != INT8OID))
		return NULL;
	if (*text == '{')
		return parse_integers(text + 1, '}', type);
	if (*text == '[')
		return parse_integers(text + 1, ']', type);
	return NULL;
}


/*
 * JSON arrays
 */

/*
 * Keys of another width than the columns, which option by names, or which are
 * the primary key of the relation named (NULL: by).
 */
void
dl_report_key_width(int nvalues, int ncolumns, const char *primary_key_of)
{
	const char *columns = primary_key_of == NULL ? "option by names" :
	psprintf("the primary key of relation \"%s\" has", primary_key_of);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("keys have %d %s, but %s %d %s",
					nvalues, nvalues == 1 ? "value" : "values", columns,
					ncolumns, ncolumns == 1 ? "column" : "columns")));
}

static void
reject_width(int nvalues, const KeyText *keytext)
{
	dl_report_key_width(nvalues, keytext->ncolumns, keytext->primary_key_of);
}

/* Reads one column's value; numbers count from 1. */
static Datum
read_column(DlJsonReader *reader, const JsonbValue *value, int key, int column,
			bool *isnull)
{
	if (dl_json_value_is_object(value) && !reader->takes_json)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a key cannot be a JSON object"),
				 column == 0 ?
				 errdetail("Key %d is an object.", key) :
				 errdetail("Value %d of key %d is an object.", column, key)));
	return dl_json_read(reader, value, isnull);
}

/* Reads a nested array as a row. */
static Datum
read_row(const KeyText *keytext, JsonbContainer *container, int key)
{
	Datum	   *values = palloc(mul_size(keytext->ncolumns, sizeof(Datum)));
	bool	   *nulls = palloc(mul_size(keytext->ncolumns, sizeof(bool)));
	JsonbIterator *it = JsonbIteratorInit(container);
	JsonbValue	value;
	int			width = JsonContainerSize(container);

	if (width != keytext->ncolumns)
		reject_width(width, keytext);
	(void) JsonbIteratorNext(&it, &value, true);	/* WJB_BEGIN_ARRAY */
	for (int i = 0; i < width; i++)
	{
		(void) JsonbIteratorNext(&it, &value, true);
		values[i] = read_column(&keytext->readers[i], &value, key, i + 1,
								&nulls[i]);
	}
	return HeapTupleGetDatum(heap_form_tuple(keytext->tupdesc, values, nulls));
}

/* A scalar, "{a,b}" for a column of an array type, is a row of one field. */
static Datum
read_row_of_one(const KeyText *keytext, const JsonbValue *value, int key)
{
	Datum		field;
	bool		isnull;

	if (keytext->ncolumns != 1)
		reject_width(1, keytext);
	field = read_column(&keytext->readers[0], value, key, 1, &isnull);
	return HeapTupleGetDatum(heap_form_tuple(keytext->tupdesc, &field, &isnull));
}

/*
 * A plain value may stand in an array of its own, [[1],[2]]: a composite key
 * of one column, as ARRAY[ROW(1)] is.
 */
static Datum
read_plain(const KeyText *keytext, const JsonbValue *value, int key,
		   bool *isnull)
{
	DlJsonReader *reader = &keytext->readers[0];
	JsonbValue *inner;

	if (!dl_json_value_is_array(value) || reader->takes_json)
		return read_column(reader, value, key, 0, isnull);

	if (JsonContainerSize(value->val.binary.data) != 1)
		reject_width(JsonContainerSize(value->val.binary.data), keytext);
	inner = getIthJsonbValueFromContainer(value->val.binary.data, 0);
	return read_column(reader, inner, key, 1, isnull);
}

static Datum
read_key(const KeyText *keytext, const JsonbValue *value, int key,
		 bool *isnull)
{
	if (keytext->tupdesc == NULL)
		return read_plain(keytext, value, key, isnull);

	*isnull = (value->type == jbvNull);
	if (*isnull)
		return (Datum) 0;
	if (dl_json_value_is_array(value))
		return read_row(keytext, value->val.binary.data, key);
	if (dl_json_value_is_object(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a key cannot be a JSON object"),
				 errdetail("Key %d is an object.", key)));
	return read_row_of_one(keytext, value, key);
}

static Oid
key_type(const KeyText *keytext)
{
	return keytext->tupdesc ? RECORDOID : keytext->types[0];
}

/* A text is below 1 GB, and each key takes two bytes of it: no overflow here. */
static void
make_room(KeyText *keytext, int more)
{
	if (keytext->values == NULL)
	{
		keytext->values = palloc(0);
		keytext->nulls = palloc(0);
	}
	if (keytext->nkeys + more <= keytext->maxkeys)
		return;
	keytext->maxkeys = Max(keytext->nkeys + more, keytext->maxkeys * 2);
	keytext->values = repalloc_huge(keytext->values,
									mul_size(keytext->maxkeys, sizeof(Datum)));
	keytext->nulls = repalloc_huge(keytext->nulls,
								   mul_size(keytext->maxkeys, sizeof(bool)));
}

static ArrayType *
make_key_array(const KeyText *keytext)
{
	int			n = keytext->nkeys;
	int			lbound = 1;
	int16		typlen;
	bool		typbyval;
	char		typalign;

	get_typlenbyvalalign(key_type(keytext), &typlen, &typbyval, &typalign);
	return construct_md_array(keytext->values, keytext->nulls, 1, &n, &lbound,
							  key_type(keytext), typlen, typbyval, typalign);
}

static void
add_json_keys(KeyText *keytext, const char *list)
{
	Jsonb	   *jsonb = DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
														   CStringGetDatum(list)));
	int			n = JB_ROOT_COUNT(jsonb);
	JsonbIterator *it = JsonbIteratorInit(&jsonb->root);
	JsonbValue	value;

	make_room(keytext, n);
	(void) JsonbIteratorNext(&it, &value, true);	/* WJB_BEGIN_ARRAY */
	for (int i = 0; i < n; i++)
	{
		int			key = keytext->nkeys++;

		CHECK_FOR_INTERRUPTS();
		(void) JsonbIteratorNext(&it, &value, true);
		keytext->values[key] = read_key(keytext, &value, key + 1,
										&keytext->nulls[key]);
	}
}

/* text: from the opening bracket */
static ArrayType *
parse_json(const char *text, KeyText *keytext)
{
	DlKeyPieces pieces;

	keytext->readers = palloc(mul_size(keytext->ncolumns,
									   sizeof(DlJsonReader)));
	for (int i = 0; i < keytext->ncolumns; i++)
		dl_json_reader_init(&keytext->readers[i], keytext->types[i], -1);

	if (!dl_keypieces_cut(&pieces, text, true))
		add_json_keys(keytext, text);
	else
	{
		for (int i = 0; i < pieces.count; i++)
			add_json_keys(keytext, dl_keypieces_list(&pieces, i));
	}
	return make_key_array(keytext);
}


/*
 * Array literals
 */

/*
 * A literal may begin with its bounds: [0:2]={1,2,3}.  No JSON array has a
 * colon behind a number or an equals sign behind a bracket.
 */
static bool
is_array_literal(const char *text)
{
	const char *p = text;

	if (*p == '{')
		return true;
	p += strspn(p, "[]0123456789+- \t\n\r\v\f");
	return p > text && (*p == ':' || *p == '=');
}

/*
 * array_in() keeps its element's functions in its FmgrInfo, so it needs one.
 * record_in() takes the typmod for the row type to read.
 */
static ArrayType *
read_literal(const char *text, const KeyText *keytext)
{
	int32		typmod = keytext->tupdesc ? keytext->tupdesc->tdtypmod : -1;

	return DatumGetArrayTypeP(OidFunctionCall3(F_ARRAY_IN,
											   CStringGetDatum(text),
											   ObjectIdGetDatum(key_type(keytext)),
											   Int32GetDatum(typmod)));
}

static void
add_literal_keys(KeyText *keytext, const char *literal)
{
	ArrayType  *array = read_literal(literal, keytext);
	int16		typlen;
	bool		typbyval;
	char		typalign;
	Datum	   *values;
	bool	   *nulls;
	int			n;

	CHECK_FOR_INTERRUPTS();
	get_typlenbyvalalign(key_type(keytext), &typlen, &typbyval, &typalign);
	deconstruct_array(array, key_type(keytext), typlen, typbyval, typalign,
					  &values, &nulls, &n);
	make_room(keytext, n);
	memcpy(keytext->values + keytext->nkeys, values, n * sizeof(Datum));
	memcpy(keytext->nulls + keytext->nkeys, nulls, n * sizeof(bool));
	keytext->nkeys += n;
}

/* What stands between the elements of an array of this type. */
static char
delimiter(Oid type)
{
	int16		typlen;
	bool		typbyval;
	char		typalign;
	char		typdelim;
	Oid			typioparam;
	Oid			func;

	get_type_io_data(type, IOFunc_input, &typlen, &typbyval, &typalign,
					 &typdelim, &typioparam, &func);
	return typdelim;
}

/* text: from the first byte that is no space */
static ArrayType *
parse_literal(const char *text, KeyText *keytext)
{
	DlKeyPieces pieces;

	/* with bounds, more dimensions or a delimiter of its type's own: as a whole */
	if (*text != '{' || delimiter(key_type(keytext)) != ',' ||
		!dl_keypieces_cut(&pieces, text, false))
		return read_literal(text, keytext);
	for (int i = 0; i < pieces.count; i++)
		add_literal_keys(keytext, dl_keypieces_list(&pieces, i));
	return make_key_array(keytext);
}

static void
init_keytext(KeyText *keytext, int ncolumns, const Oid *types)
{
	keytext->ncolumns = ncolumns;
	keytext->types = palloc(mul_size(ncolumns, sizeof(Oid)));
	for (int i = 0; i < ncolumns; i++)
		keytext->types[i] = getBaseType(types[i]);

	/* there are no arrays of arrays, so those values need a row around them */
	keytext->tupdesc = NULL;
	if (ncolumns == 1 && !OidIsValid(get_element_type(keytext->types[0])))
		return;

	keytext->tupdesc = CreateTemplateTupleDesc(ncolumns);
	for (int i = 0; i < ncolumns; i++)
	{
		char		name[NAMEDATALEN];

		snprintf(name, sizeof(name), "f%d", i + 1);
		TupleDescInitEntry(keytext->tupdesc, i + 1, name, keytext->types[i],
						   -1, 0);
	}
	keytext->tupdesc = BlessTupleDesc(keytext->tupdesc);
}

/*
 * The result, and all that is left over from making it, is allocated in
 * CurrentMemoryContext.  Input functions may run user code.
 */
ArrayType *
dl_keytext_parse(const char *text, int ncolumns, const Oid *types,
				 const char *primary_key_of)
{
	KeyText		keytext = {0};
	const char *start = text + strspn(text, " \t\n\r\v\f");
	ArrayType  *array;

	init_keytext(&keytext, ncolumns, types);
	keytext.primary_key_of = primary_key_of;
	array = try_plain_integers(start, &keytext);
	if (array != NULL)
		return array;
	if (is_array_literal(start))
		return parse_literal(start, &keytext);
	if (*start == '[')
		return parse_json(start, &keytext);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("malformed key text"),
			 errdetail("Key text must be an array literal such as {1,2} or a JSON array such as [1,2].")));
	return NULL;				/* keep compiler quiet */
}

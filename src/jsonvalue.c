/*
 * jsonvalue.c
 *		Reads JSON values as values of a type: keys and args.
 *
 * A scalar is read from its text by the type's input function, so that it
 * means what the same text means anywhere in SQL and fails with the type's
 * own error; null is NULL.  A JSON array makes an array, of as many
 * dimensions as it is nested.  Everything is allocated in
 * CurrentMemoryContext, and nothing is freed.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "jsonvalue.h"
#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

/* An array while its values are being read */
typedef struct ArrayBuild
{
	const DlJsonReader *reader; /* of the array, for messages */
	DlJsonReader element;
	int			ndim;
	int			dims[MAXDIM];
	int			nvalues;		/* # of values read so far */
	Datum	   *values;
	bool	   *nulls;
} ArrayBuild;


bool
dl_json_value_is_array(const JsonbValue *value)
{
	return value->type == jbvBinary &&
		JsonContainerIsArray(value->val.binary.data);
}

bool
dl_json_value_is_object(const JsonbValue *value)
{
	return value->type == jbvBinary &&
		JsonContainerIsObject(value->val.binary.data);
}

/*
 * The element type that a JSON array can be read into.  Vectors such as
 * int2vector have one, too, but are no true arrays.
 */
static Oid
true_element_type(Oid base_type)
{
	Oid			element_type = get_element_type(base_type);

	if (OidIsValid(element_type) && get_array_type(element_type) == base_type)
		return element_type;
	return InvalidOid;
}

void
dl_json_reader_init(DlJsonReader *reader, Oid type, int32 typmod)
{
	int32		base_typmod = typmod;
	Oid			base_type = getBaseTypeAndTypmod(type, &base_typmod);
	Oid			input;

	reader->type = type;
	reader->typmod = typmod;
	reader->takes_json = (base_type == JSONOID || base_type == JSONBOID);
	reader->element_type = true_element_type(base_type);
	reader->element_typmod = base_typmod;
	getTypeInputInfo(type, &input, &reader->ioparam);
	fmgr_info(input, &reader->input);
}

static char *
scalar_text(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			return pnstrdup(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out,
													   NumericGetDatum(value->val.numeric)));
		case jbvBool:
			/* a copy: an input function may scribble on what it reads */
			return pstrdup(value->val.boolean ? "true" : "false");
		default:
			elog(ERROR, "unexpected JSON value type: %d", (int) value->type);
	}
	return NULL;				/* keep compiler quiet */
}

/* The value as JSON: what the input functions of json and jsonb read. */
static char *
json_text(const JsonbValue *value)
{
	StringInfoData quoted;

	if (value->type == jbvBinary)
		return JsonbToCString(NULL, value->val.binary.data,
							  value->val.binary.len);
	if (value->type != jbvString)
		return scalar_text(value);

	initStringInfo(&quoted);
	escape_json(&quoted, scalar_text(value));
	return quoted.data;
}

static void
reject_uneven_array(const DlJsonReader *reader)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a JSON array with parts of different lengths cannot be converted to type %s",
					format_type_be(reader->type)),
			 errdetail("Nested arrays must all have the same length and depth.")));
}

static void
reject_container(const DlJsonReader *reader, const JsonbValue *value)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 dl_json_value_is_object(value) ?
			 errmsg("a JSON object cannot be converted to type %s",
					format_type_be(reader->type)) :
			 errmsg("a JSON array cannot be converted to type %s",
					format_type_be(reader->type))));
}

/*
 * Finds the dimensions by going down the first elements; read_dimension()
 * checks that the others have the same.  Returns the number of values.
 */
static int
measure_array(ArrayBuild *build, JsonbContainer *array)
{
	build->ndim = 0;
	for (;;)
	{
		JsonbValue *first;

		if (build->ndim == MAXDIM)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("number of array dimensions exceeds the maximum allowed (%d)",
							MAXDIM)));
		build->dims[build->ndim++] = JsonContainerSize(array);

		/* an array of JSON has arrays for its values */
		first = getIthJsonbValueFromContainer(array, 0);
		if (first == NULL || build->element.takes_json ||
			!dl_json_value_is_array(first))
			return ArrayGetNItems(build->ndim, build->dims);
		array = first->val.binary.data;
	}
}

static void
read_dimension(ArrayBuild *build, int dim, JsonbContainer *array)
{
	bool		innermost = (dim + 1 == build->ndim);
	JsonbIterator *it = JsonbIteratorInit(array);
	JsonbValue	value;

	if (JsonContainerSize(array) != (uint32) build->dims[dim])
		reject_uneven_array(build->reader);

	(void) JsonbIteratorNext(&it, &value, true);	/* WJB_BEGIN_ARRAY */
	while (JsonbIteratorNext(&it, &value, true) == WJB_ELEM)
	{
		bool		is_array = dl_json_value_is_array(&value) &&
			!build->element.takes_json;

		CHECK_FOR_INTERRUPTS();
		if (is_array == innermost)
			reject_uneven_array(build->reader);
		if (is_array)
			read_dimension(build, dim + 1, value.val.binary.data);
		else
		{
			build->values[build->nvalues] =
				dl_json_read(&build->element, &value,
							 &build->nulls[build->nvalues]);
			build->nvalues++;
		}
	}
}

/* A domain over an array was not seen by its input function: check it. */
static void
check_array_domain(const DlJsonReader *reader, Datum array)
{
	void	   *extra = NULL;

	if (getBaseType(reader->type) != reader->type)
		domain_check(array, false, reader->type, &extra, CurrentMemoryContext);
}

static Datum
read_array(const DlJsonReader *reader, JsonbContainer *container)
{
	ArrayBuild	build;
	int			lbounds[MAXDIM];
	int16		typlen;
	bool		typbyval;
	char		typalign;
	int			nvalues;
	Datum		array;

	build.reader = reader;
	dl_json_reader_init(&build.element, reader->element_type,
						reader->element_typmod);
	nvalues = measure_array(&build, container);
	build.nvalues = 0;
	build.values = palloc(mul_size(nvalues, sizeof(Datum)));
	build.nulls = palloc(mul_size(nvalues, sizeof(bool)));
	read_dimension(&build, 0, container);

	for (int i = 0; i < MAXDIM; i++)
		lbounds[i] = 1;
	get_typlenbyvalalign(reader->element_type, &typlen, &typbyval, &typalign);
	array = PointerGetDatum(construct_md_array(build.values, build.nulls,
											   build.ndim, build.dims, lbounds,
											   reader->element_type,
											   typlen, typbyval, typalign));
	check_array_domain(reader, array);
	return array;
}

/*
 * The reader is not const: its FmgrInfo caches what the input function needs.
 */
Datum
dl_json_read(DlJsonReader *reader, const JsonbValue *value, bool *isnull)
{
	char	   *str;

	/* a domain may refuse NULL, so it goes through the input function, too */
	*isnull = (value->type == jbvNull);
	if (*isnull)
		str = NULL;
	else if (reader->takes_json)
		str = json_text(value);
	else if (value->type != jbvBinary)
		str = scalar_text(value);
	else
	{
		if (!OidIsValid(reader->element_type) || !dl_json_value_is_array(value))
			reject_container(reader, value);
		return read_array(reader, value->val.binary.data);
	}

	return InputFunctionCall(&reader->input, str, reader->ioparam,
							 reader->typmod);
}

/*
 * jsonwriter.c
 *		Chooses the JSON writer of a type; see jsonwriter.h.
 *
 * The choice is the one that to_json() makes for each value anew: numbers,
 * booleans and JSON as they are, dates in ISO 8601, arrays and composites by
 * their parts, types that an extension gave a cast to json through that cast,
 * and everything else as the string its output function makes.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "jsonnested.h"
#include "jsonscalar.h"
#include "jsonwriter.h"
#include "parser/parse_coerce.h"
#include "utils/lsyscache.h"

/* pg_stats has columns of type anyarray */
static bool
is_array_type(Oid type)
{
	return type == RECORDARRAYOID ||
		type == ANYARRAYOID ||
		type == ANYCOMPATIBLEARRAYOID ||
		OidIsValid(get_element_type(type));
}

/*
 * Built-in types are not looked up, as to_json() does not either: a cast to
 * json that somebody made for one of them changes nothing.
 */
static Oid
find_json_cast(Oid type)
{
	Oid			function;

	if (type < FirstNormalObjectId)
		return InvalidOid;
	if (find_coercion_pathway(JSONOID, type, COERCION_EXPLICIT,
							  &function) != COERCION_PATH_FUNC)
		return InvalidOid;
	return function;
}

static void
init_function_writer(DlJsonWriter *writer)
{
	Oid			function = find_json_cast(writer->type);
	bool		typisvarlena;

	if (OidIsValid(function))
		writer->write = dl_json_write_cast;
	else
	{
		getTypeOutputInfo(writer->type, &function, &typisvarlena);
		writer->write = dl_json_output_writer(function);
	}

	writer->function = palloc(sizeof(FmgrInfo));
	fmgr_info(function, writer->function);
}

/*
 * All that the writer points to is allocated in CurrentMemoryContext, which
 * must live as long as the writer does.
 */
void
dl_json_writer_init(DlJsonWriter *writer, Oid type, bool bigint_strings)
{
	memset(writer, 0, sizeof(*writer));
	writer->type = getBaseType(type);
	writer->bigint_strings = bigint_strings;
	writer->context = CurrentMemoryContext;

	writer->write = dl_json_scalar_writer(writer->type, bigint_strings);
	if (writer->write != NULL)
		return;
	if (is_array_type(writer->type))
		dl_json_array_init(writer);
	else if (type_is_rowtype(writer->type))
		dl_json_row_init(writer);
	else
		init_function_writer(writer);
}

/*
 * Makes "dst" a writer of its own, in CurrentMemoryContext, that shares
 * nothing with "src": src may be freed while dst is still in use.
 */
void
dl_json_writer_copy(DlJsonWriter *dst, const DlJsonWriter *src)
{
	*dst = *src;
	dst->context = CurrentMemoryContext;

	if (src->function != NULL)
	{
		dst->function = palloc(sizeof(FmgrInfo));
		fmgr_info_copy(dst->function, src->function, CurrentMemoryContext);
	}
	if (src->element != NULL)
	{
		DlJsonWriter *element = palloc(sizeof(DlJsonWriter));

		dl_json_writer_copy(element, src->element);
		dst->element = element;
	}
	if (src->row != NULL)
		dl_json_row_init(dst);
}

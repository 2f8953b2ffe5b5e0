/*
 * jsonscalar.c
 *		JSON writers of the types without parts.
 *
 * The common types are written straight into the buffer; the others go
 * through their output function and are escaped, as to_json() does.  What the
 * functions allocate is freed at once rather than left to the caller's reset:
 * an array of a million numerics is one value.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "jsonscalar.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

/* Room for any number or date below, quotes and NUL included. */
#define SHORT_VALUE		40

static inline void
append_cstring(DlBuffer *buf, const char *str)
{
	dl_buffer_append(buf, str, strlen(str));
}

/* For text that is known to need no escape. */
static inline void
append_quoted(DlBuffer *buf, const char *str)
{
	dl_buffer_append_char(buf, '"');
	append_cstring(buf, str);
	dl_buffer_append_char(buf, '"');
}

static void
write_bool(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	if (DatumGetBool(value))
		dl_buffer_append(buf, "true", 4);
	else
		dl_buffer_append(buf, "false", 5);
}

static void
write_int2(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	dl_buffer_reserve(buf, SHORT_VALUE);
	buf->len += pg_itoa(DatumGetInt16(value), buf->data + buf->len);
}

static void
write_int4(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	dl_buffer_reserve(buf, SHORT_VALUE);
	buf->len += pg_ltoa(DatumGetInt32(value), buf->data + buf->len);
}

static void
write_int8(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	dl_buffer_reserve(buf, SHORT_VALUE);
	buf->len += pg_lltoa(DatumGetInt64(value), buf->data + buf->len);
}

static void
write_int8_string(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	dl_buffer_append_char(buf, '"');
	write_int8(buf, writer, value);
	dl_buffer_append_char(buf, '"');
}

/* A number as its output function spells it; JSON has no NaN or Infinity. */
static void
append_number(DlBuffer *buf, char *str)
{
	const char *digits = (*str == '-') ? str + 1 : str;

	if (*digits >= '0' && *digits <= '9')
		append_cstring(buf, str);
	else
		append_quoted(buf, str);
	pfree(str);
}

static void
write_float4(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	float4		num = DatumGetFloat4(value);

	if (extra_float_digits > 0 && isfinite(num))
	{
		dl_buffer_reserve(buf, SHORT_VALUE);
		buf->len += float_to_shortest_decimal_bufn(num, buf->data + buf->len);
	}
	else
		append_number(buf, DatumGetCString(DirectFunctionCall1(float4out, value)));
}

static void
write_float8(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	float8		num = DatumGetFloat8(value);

	if (extra_float_digits > 0 && isfinite(num))
	{
		dl_buffer_reserve(buf, SHORT_VALUE);
		buf->len += double_to_shortest_decimal_bufn(num, buf->data + buf->len);
	}
	else
		append_number(buf, float8out_internal(num));
}

static void
write_numeric(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	append_number(buf, DatumGetCString(DirectFunctionCall1(numeric_out, value)));
}

static void
write_numeric_string(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	char	   *str = DatumGetCString(DirectFunctionCall1(numeric_out, value));

	append_quoted(buf, str);
	pfree(str);
}

/* text, varchar, bpchar, and all others whose output is their plain bytes */
static void
write_text(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	text	   *str = DatumGetTextPP(value);

	dl_json_write_string(buf, VARDATA_ANY(str), VARSIZE_ANY_EXHDR(str));
	if ((Pointer) str != DatumGetPointer(value))
		pfree(str);
}

static void
write_name(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	const char *str = NameStr(*DatumGetName(value));

	dl_json_write_string(buf, str, strlen(str));
}

static void
write_uuid(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	static const char hex[] = "0123456789abcdef";
	const pg_uuid_t *uuid = DatumGetUUIDP(value);
	char	   *out;

	dl_buffer_reserve(buf, SHORT_VALUE);
	out = buf->data + buf->len;
	*out++ = '"';
	for (int i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = hex[uuid->data[i] >> 4];
		*out++ = hex[uuid->data[i] & 0x0f];
	}
	*out++ = '"';
	buf->len = out - buf->data;
}

/*
 * JSON has its own, ISO 8601 spelling of dates and times, whatever DateStyle
 * says.  "type" is the base type, which is what JsonEncodeDateTime knows.
 */
static void
write_datetime(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	dl_buffer_reserve(buf, MAXDATELEN + 3);
	buf->data[buf->len++] = '"';
	JsonEncodeDateTime(buf->data + buf->len, value, writer->type, NULL);
	buf->len += strlen(buf->data + buf->len);
	buf->data[buf->len++] = '"';
}

/* json is its text, and so is what a cast to json returns. */
static void
append_json(DlBuffer *buf, Datum value)
{
	text	   *json = DatumGetTextPP(value);

	dl_buffer_append(buf, VARDATA_ANY(json), VARSIZE_ANY_EXHDR(json));
	if ((Pointer) json != DatumGetPointer(value))
		pfree(json);
}

static void
write_json(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	append_json(buf, value);
}

static void
write_jsonb(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	Jsonb	   *jsonb = DatumGetJsonbP(value);
	char	   *str = JsonbToCString(NULL, &jsonb->root, VARSIZE(jsonb));

	append_cstring(buf, str);
	pfree(str);
	if ((Pointer) jsonb != DatumGetPointer(value))
		pfree(jsonb);
}

static void
write_output(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	char	   *str = OutputFunctionCall(writer->function, value);

	dl_json_write_string(buf, str, strlen(str));
	pfree(str);
}

/*
 * The cast's result is not freed: it need not be a fresh copy.
 */
void
dl_json_write_cast(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	append_json(buf, FunctionCall1(writer->function, value));
}

DlJsonWriteFn
dl_json_output_writer(Oid output_function)
{
	switch (output_function)
	{
		case F_TEXTOUT:			/* citext, too */
		case F_VARCHAROUT:
		case F_BPCHAROUT:
			return write_text;
		default:
			return write_output;
	}
}

DlJsonWriteFn
dl_json_scalar_writer(Oid type, bool bigint_strings)
{
	switch (type)
	{
		case BOOLOID:
			return write_bool;
		case INT2OID:
			return write_int2;
		case INT4OID:
			return write_int4;
		case INT8OID:
			return bigint_strings ? write_int8_string : write_int8;
		case FLOAT4OID:
			return write_float4;
		case FLOAT8OID:
			return write_float8;
		case NUMERICOID:
			return bigint_strings ? write_numeric_string : write_numeric;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			return write_text;
		case NAMEOID:
			return write_name;
		case UUIDOID:
			return write_uuid;
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return write_datetime;
		case JSONOID:
			return write_json;
		case JSONBOID:
			return write_jsonb;
		default:
			return NULL;
	}
}

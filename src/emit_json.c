/*-------------------------------------------------------------------------
 *
 * emit_json.c
 *	  The JSON shapes: an object or null, or an array of objects, per key.
 *
 * Rows are written as they come, straight from the slot.  If the keys came
 * sorted and distinct, the positions are the keys' own numbers and what is
 * written is the result.  Otherwise each key's bytes are remembered by where
 * they start, and put together by position at the end; a key that was given
 * twice is copied twice.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "buffer.h"
#include "emit.h"
#include "jsonobject.h"
#include "miscadmin.h"
#include "utils/memutils.h"

typedef struct JsonEmit
{
	DlEmit		base;			/* must be first */
	DlTarget   *target;
	const DlKeys *keys;
	MemoryContext result_context;
	bool		to_many;
	bool		in_place;		/* the buffer becomes the result */
	DlJsonColumn *columns;		/* this call's copies of the writers */
	DlBuffer	buffer;
	int			keyno;			/* of the last row, -1 before the first */
	int			nwritten;		/* in_place: # of positions begun */
	DlSpan	   *spans;			/* not in_place: the bytes of each distinct key */
} JsonEmit;

static void json_row(DlEmit *emit, int keyno, TupleTableSlot *slot);
static Datum json_finish(DlEmit *emit);
static void json_shared(DlEmit *emit, int keyno, const DlSharedRow *row);
static void begin_row(JsonEmit *json, int keyno);
static void begin_key(JsonEmit *json, int keyno);
static void write_missing(JsonEmit *json, int until);
static Datum finish_in_place(JsonEmit *json);
static Datum assemble(JsonEmit *json);
static Size assembled_size(JsonEmit *json);
static char *copy_span(JsonEmit *json, char *out, int keyno);

/* Allocates in CurrentMemoryContext, the call's. */
DlEmit *
dl_emit_json_begin(DlTarget *target, const DlKeys *keys,
				   MemoryContext result_context)
{
	JsonEmit   *json = palloc0(sizeof(JsonEmit));

	json->base.row = json_row;
	json->base.finish = json_finish;
	json->base.shared = json_shared;
	json->target = target;
	json->keys = keys;
	json->result_context = result_context;
	json->to_many = !target->verb->to_one;
	json->in_place = keys->keyno == NULL;
	json->keyno = -1;

	json->columns = dl_json_copy_columns(target);
	if (json->in_place)
	{
		dl_result_begin_like(&json->buffer, result_context,
							 target->result_size);
		json->buffer.len = VARHDRSZ;
		dl_buffer_append_char(&json->buffer, '[');
	}
	else
	{
		Size		size = mul_size(Max(keys->ndistinct, 1), sizeof(DlSpan));

		dl_buffer_borrow(&json->buffer);
		json->spans = palloc_extended(size, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	}
	return &json->base;
}

static void
json_row(DlEmit *emit, int keyno, TupleTableSlot *slot)
{
	JsonEmit   *json = (JsonEmit *) emit;

	begin_row(json, keyno);
	dl_json_write_object(&json->buffer, json->columns, json->target->noutput,
						 slot, json->base.attnos);
	if (!json->in_place)
		json->spans[keyno].end = json->buffer.len;
}

static void
json_shared(DlEmit *emit, int keyno, const DlSharedRow *row)
{
	JsonEmit   *json = (JsonEmit *) emit;

	begin_row(json, keyno);
	dl_json_write_shared(&json->buffer, json->columns, json->target, row,
						 json->base.attnos);
	if (!json->in_place)
		json->spans[keyno].end = json->buffer.len;
}

static void
begin_row(JsonEmit *json, int keyno)
{
	if (keyno != json->keyno)
		begin_key(json, keyno);
	else
		dl_buffer_append_char(&json->buffer, ',');
}

static void
begin_key(JsonEmit *json, int keyno)
{
	if (json->in_place)
	{
		if (json->to_many && json->keyno >= 0)
			dl_buffer_append_char(&json->buffer, ']');
		write_missing(json, keyno);
		if (json->nwritten++ > 0)
			dl_buffer_append_char(&json->buffer, ',');
		if (json->to_many)
			dl_buffer_append_char(&json->buffer, '[');
	}
	else
		json->spans[keyno].start = json->buffer.len;
	json->keyno = keyno;
}

/* in_place: the positions before "until" whose keys have no row. */
static void
write_missing(JsonEmit *json, int until)
{
	while (json->nwritten < until)
	{
		CHECK_FOR_INTERRUPTS();
		if (json->nwritten++ > 0)
			dl_buffer_append_char(&json->buffer, ',');
		if (json->to_many)
			dl_buffer_append(&json->buffer, "[]", 2);
		else
			dl_buffer_append(&json->buffer, "null", 4);
	}
}

static Datum
json_finish(DlEmit *emit)
{
	JsonEmit   *json = (JsonEmit *) emit;
	Datum		result = json->in_place ? finish_in_place(json) : assemble(json);

	json->target->result_size = VARSIZE(DatumGetPointer(result));
	return result;
}

static Datum
finish_in_place(JsonEmit *json)
{
	if (json->to_many && json->keyno >= 0)
		dl_buffer_append_char(&json->buffer, ']');
	write_missing(json, json->keys->npositions);
	dl_buffer_append_char(&json->buffer, ']');
	return dl_result_finish(&json->buffer);
}

static Datum
assemble(JsonEmit *json)
{
	Size		size = assembled_size(json);
	DlBuffer	result;
	char	   *out;

	dl_result_begin(&result, json->result_context, size);
	result.len = size;
	out = result.data + VARHDRSZ;
	*out++ = '[';
	for (int i = 0; i < json->keys->npositions; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i > 0)
			*out++ = ',';
		out = copy_span(json, out, dl_keys_at(json->keys, i));
	}
	*out++ = ']';
	Assert((Size) (out - result.data) == size);
	dl_buffer_return(&json->buffer);
	return dl_result_finish(&result);
}

/* Bytes of the result, header included; 54000 before anything is allocated. */
static Size
assembled_size(JsonEmit *json)
{
	Size		size = VARHDRSZ + 2 + Max(json->keys->npositions - 1, 0);

	for (int i = 0; i < json->keys->npositions; i++)
	{
		int			keyno = dl_keys_at(json->keys, i);
		Size		bytes = keyno < 0 ? 0
			: json->spans[keyno].end - json->spans[keyno].start;

		if (json->to_many)
			size += bytes + 2;
		else
			size += bytes > 0 ? bytes : 4;
		if (size > MaxAllocSize)
			dl_buffer_report_full();
	}
	return size;
}

static char *
copy_span(JsonEmit *json, char *out, int keyno)
{
	Size		bytes = 0;

	if (keyno >= 0)
		bytes = json->spans[keyno].end - json->spans[keyno].start;
	if (!json->to_many && bytes == 0)
	{
		memcpy(out, "null", 4);
		return out + 4;
	}

	if (json->to_many)
		*out++ = '[';
	if (bytes > 0)
		memcpy(out, json->buffer.data + json->spans[keyno].start, bytes);
	out += bytes;
	if (json->to_many)
		*out++ = ']';
	return out;
}

/*-------------------------------------------------------------------------
 *
 * jsonobject.c
 *	  Rows as JSON objects, byte for byte as row_to_json() writes them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jsonobject.h"

/* One call's copies of the target's columns; the writers are templates. */
DlJsonColumn *
dl_json_copy_columns(const DlTarget *target)
{
	DlJsonColumn *columns = palloc(mul_size(Max(target->noutput, 1),
											sizeof(DlJsonColumn)));

	for (int i = 0; i < target->noutput; i++)
	{
		columns[i] = target->json[i];
		dl_json_writer_copy(&columns[i].writer, &target->json[i].writer);
	}
	return columns;
}

/*
 * Appends the object of a row.  Column i is attribute attnos[i] of the slot,
 * which has been deformed that far.  Leaves garbage in CurrentMemoryContext.
 */
void
dl_json_write_object(DlBuffer *buffer, const DlJsonColumn *columns,
					 int ncolumns, TupleTableSlot *slot,
					 const AttrNumber *attnos)
{
	for (int i = 0; i < ncolumns; i++)
	{
		const DlJsonColumn *column = &columns[i];
		int			attno = attnos[i] - 1;

		dl_buffer_append(buffer, column->label, column->label_len);
		if (slot->tts_isnull[attno])
			dl_buffer_append(buffer, "null", 4);
		else
			dl_json_write(buffer, &column->writer, slot->tts_values[attno]);
	}
	if (ncolumns == 0)
		dl_buffer_append_char(buffer, '{');
	dl_buffer_append_char(buffer, '}');
}

/* Allocates in CurrentMemoryContext, the call's. */
void
dl_kept_begin(DlKeptObjects *kept)
{
	dl_buffer_init(&kept->bytes, 8192);
	kept->count = 0;
	kept->max = 256;
	kept->end = palloc(mul_size(kept->max, sizeof(Size)));
}

/* Writes the object of a row; returns its number. */
int
dl_kept_add(DlKeptObjects *kept, const DlJsonColumn *columns, int ncolumns,
			TupleTableSlot *slot, const AttrNumber *attnos)
{
	if (kept->count == kept->max)
	{
		kept->max *= 2;
		kept->end = repalloc_huge(kept->end, mul_size(kept->max, sizeof(Size)));
	}
	dl_json_write_object(&kept->bytes, columns, ncolumns, slot, attnos);
	kept->end[kept->count] = kept->bytes.len;
	return kept->count++;
}

void
dl_kept_append(DlBuffer *buffer, const DlKeptObjects *kept, int number)
{
	Size		start = number == 0 ? 0 : kept->end[number - 1];

	dl_buffer_append(buffer, kept->bytes.data + start,
					 kept->end[number] - start);
}

void
dl_kept_forget(DlKeptObjects *kept)
{
	kept->bytes.len = 0;
	kept->count = 0;
}

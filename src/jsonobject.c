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

/*
 * The object of a shared row: written once into the buffer, and copied from
 * there for each further key.
 */
void
dl_json_write_shared(DlBuffer *buffer, const DlJsonColumn *columns,
					 const DlTarget *target, const DlSharedRow *row,
					 const AttrNumber *attnos)
{
	DlSpan	   *written = row->written;

	if (written->end > 0)
	{
		dl_buffer_repeat(buffer, written->start, written->end);
		return;
	}
	slot_getsomeattrs(row->slot, target->max_attno);
	written->start = buffer->len;
	dl_json_write_object(buffer, columns, target->noutput, row->slot, attnos);
	written->end = buffer->len;
}

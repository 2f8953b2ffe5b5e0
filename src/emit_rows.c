/*-------------------------------------------------------------------------
 *
 * emit_rows.c
 *	  The row shapes: (ord, item) or (ord, items), into the caller's set.
 *
 * A to-one load has a row for every position, NULL where the key found
 * nothing; a to-many load has one, too, with an array of rows; a flattened
 * load has one for each row found.  The set is a tuplestore that spills by
 * itself, and reorder.c keeps to work_mem, so only an array must fit in memory.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heaptoast.h"
#include "access/htup_details.h"
#include "emit.h"
#include "miscadmin.h"
#include "reorder.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

typedef struct RowsEmit
{
	DlEmit		base;			/* must be first */
	const DlTarget *target;
	const DlKeys *keys;
	ReturnSetInfo *rsinfo;
	DlReorder  *reorder;
	Datum	   *values;			/* of a row of the relation */
	bool	   *nulls;

	/* tuples of the set: a head like this one's, ord, and what was placed */
	char	   *head;
	int			ord_offset;
	int			value_offset;
	TupleTableSlot *put_slot;

	/* fill the positions without a row with "missing" */
	bool		aligned;
	Datum		missing;		/* empty array, or 0 if the row has a NULL */
	int			nput;			/* # of positions put, aligned only */

	/* to-many: the rows of one key */
	MemoryContext group_context;
	Datum	   *group;
	int			ngroup;
	Size		group_bytes;
	int			maxgroup;
	int			group_keyno;
} RowsEmit;

static void rows_row(DlEmit *emit, int keyno, TupleTableSlot *slot);
static void array_row(DlEmit *emit, int keyno, TupleTableSlot *slot);
static Datum rows_finish(DlEmit *emit);
static void rows_shared(DlEmit *emit, int keyno, const DlSharedRow *row);
static void begin_arrays(RowsEmit *rows);
static void close_group(RowsEmit *rows);
static void make_head(RowsEmit *rows);
static bool is_whole_tuple(const RowsEmit *rows, TupleTableSlot *slot);
static Datum form_row(RowsEmit *rows, TupleTableSlot *slot);
static void place_value(RowsEmit *rows, int keyno, Datum value);
static void put_value(void *arg, int position, char *value);
static void put_missing(RowsEmit *rows, int until);
static Datum ord_datum(const RowsEmit *rows, int position);

/* Allocates in CurrentMemoryContext, the call's. */
DlEmit *
dl_emit_rows_begin(const DlTarget *target, const DlKeys *keys,
				   ReturnSetInfo *rsinfo)
{
	RowsEmit   *rows = palloc0(sizeof(RowsEmit));
	int			natts = Max(target->tupdesc->natts, 1);
	bool		arrays = target->verb->arrays;

	rows->base.row = rows_row;
	rows->base.finish = rows_finish;
	rows->base.shared = rows_shared;
	rows->target = target;
	rows->keys = keys;
	rows->rsinfo = rsinfo;

	/* each (item).column takes the item apart */
	dl_store_unpacked(rsinfo->setDesc, 2);
	rows->aligned = arrays || target->verb->to_one;
	rows->values = palloc0(mul_size(natts, sizeof(Datum)));
	rows->nulls = palloc(mul_size(natts, sizeof(bool)));
	memset(rows->nulls, true, natts * sizeof(bool));
	if (arrays)
		begin_arrays(rows);
	make_head(rows);
	rows->put_slot = MakeSingleTupleTableSlot(rsinfo->setDesc,
											  &TTSOpsMinimalTuple);
	rows->reorder = dl_reorder_begin(keys,
									 arrays ? get_array_type(target->rowtype)
									 : target->rowtype,
									 rows->value_offset, put_value, rows);
	return &rows->base;
}

static void
begin_arrays(RowsEmit *rows)
{
	rows->base.row = array_row;
	rows->missing = PointerGetDatum(construct_empty_array(rows->target->rowtype));
	rows->group_context = AllocSetContextCreate(CurrentMemoryContext,
												"dataloader rows of a key",
												ALLOCSET_DEFAULT_SIZES);
	rows->maxgroup = 64;
	rows->group = palloc(mul_size(rows->maxgroup, sizeof(Datum)));
}

/*
 * A tuple of the set, formed by core's own function, shows what is in front of
 * its value, so that the others need not be formed: each value is placed where
 * it stays, behind room for the same.
 */
static void
make_head(RowsEmit *rows)
{
	Datum		values[2] = {0};
	bool		nulls[2] = {false, false};
	MinimalTuple tuple;

	values[1] = rows->missing;
	if (rows->missing == (Datum) 0)
		values[1] = HeapTupleGetDatum(heap_form_tuple(rows->target->tupdesc,
													  rows->values,
													  rows->nulls));
	tuple = heap_form_minimal_tuple(rows->rsinfo->setDesc, values, nulls, 0);
	rows->head = (char *) tuple;
	rows->ord_offset = tuple->t_hoff - MINIMAL_TUPLE_OFFSET;
	rows->value_offset = tuple->t_len - VARSIZE(DatumGetPointer(values[1]));
}

static void
rows_row(DlEmit *emit, int keyno, TupleTableSlot *slot)
{
	RowsEmit   *rows = (RowsEmit *) emit;

	place_value(rows, keyno, form_row(rows, slot));
}

static void
place_value(RowsEmit *rows, int keyno, Datum value)
{
	Size		size = VARSIZE(DatumGetPointer(value));

	memcpy(dl_reorder_place(rows->reorder, keyno, size),
		   DatumGetPointer(value), size);
	dl_reorder_placed(rows->reorder, keyno);
}

static void
array_row(DlEmit *emit, int keyno, TupleTableSlot *slot)
{
	RowsEmit   *rows = (RowsEmit *) emit;
	MemoryContext oldcontext;

	if (rows->ngroup > 0 && keyno != rows->group_keyno)
		close_group(rows);
	rows->group_keyno = keyno;

	if (rows->ngroup == rows->maxgroup)
	{
		rows->maxgroup *= 2;
		rows->group = repalloc_huge(rows->group, mul_size(rows->maxgroup,
														  sizeof(Datum)));
	}
	oldcontext = MemoryContextSwitchTo(rows->group_context);
	rows->group[rows->ngroup] = form_row(rows, slot);
	MemoryContextSwitchTo(oldcontext);

	/* say so before memory is gone for what cannot be returned */
	rows->group_bytes += VARSIZE(DatumGetPointer(rows->group[rows->ngroup++]));
	if (rows->group_bytes > MaxAllocSize)
		dl_buffer_report_full();
}

static void
rows_shared(DlEmit *emit, int keyno, const DlSharedRow *row)
{
	slot_getsomeattrs(row->slot, ((RowsEmit *) emit)->target->max_attno);
	emit->row(emit, keyno, row->slot);
}

/* The rows of a key become an array. */
static void
close_group(RowsEmit *rows)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(rows->group_context);
	ArrayType  *array = construct_array(rows->group, rows->ngroup,
										rows->target->rowtype, -1, false,
										TYPALIGN_DOUBLE);

	place_value(rows, rows->group_keyno, PointerGetDatum(array));
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(rows->group_context);
	rows->ngroup = 0;
	rows->group_bytes = 0;
}

/* Bytes that wait for their position, of all rows so far. */
Size
dl_emit_rows_held(const DlEmit *emit)
{
	return dl_reorder_held(((const RowsEmit *) emit)->reorder);
}

static Datum
rows_finish(DlEmit *emit)
{
	RowsEmit   *rows = (RowsEmit *) emit;

	if (rows->ngroup > 0)
		close_group(rows);
	dl_reorder_end(rows->reorder);
	if (rows->aligned)
		put_missing(rows, rows->keys->npositions);
	ExecDropSingleTupleTableSlot(rows->put_slot);
	return (Datum) 0;
}

/*
 * A flat row of the relation's type, in CurrentMemoryContext.  Columns that
 * were dropped stay NULL, whatever the heap still holds for them.
 */
static Datum
form_row(RowsEmit *rows, TupleTableSlot *slot)
{
	const DlTarget *target = rows->target;
	HeapTuple	tuple;

	if (is_whole_tuple(rows, slot))
	{
		bool		should_free;

		tuple = ExecFetchSlotHeapTuple(slot, false, &should_free);
		return heap_copy_tuple_as_datum(tuple, target->tupdesc);
	}

	for (int i = 0; i < target->noutput; i++)
	{
		int			from = rows->base.attnos[i] - 1;
		int			to = target->output[i] - 1;

		rows->values[to] = slot->tts_values[from];
		rows->nulls[to] = slot->tts_isnull[from];
	}
	tuple = toast_build_flattened_tuple(target->tupdesc, rows->values,
										rows->nulls);
	return HeapTupleGetDatum(tuple);
}

/*
 * Is the tuple in the slot a row of the relation as it stands, with all its
 * columns and no others?
 */
static bool
is_whole_tuple(const RowsEmit *rows, TupleTableSlot *slot)
{
	const DlTarget *target = rows->target;

	return rows->base.attnos == target->output && TTS_IS_BUFFERTUPLE(slot) &&
		target->noutput == target->tupdesc->natts &&
		HeapTupleHeaderGetNatts(((BufferHeapTupleTableSlot *) slot)->base.tuple->t_data) ==
		target->tupdesc->natts;
}

/* The sink of reorder: positions come in ascending order. */
static void
put_value(void *arg, int position, char *value)
{
	RowsEmit   *rows = (RowsEmit *) arg;
	MinimalTuple tuple = (MinimalTuple) (value - rows->value_offset);
	int64		ord = DatumGetInt64(ord_datum(rows, position));

	if (rows->aligned)
	{
		put_missing(rows, position);
		rows->nput = position + 1;
	}
	memcpy(tuple, rows->head, rows->value_offset);
	memcpy((char *) tuple + rows->ord_offset, &ord, sizeof(ord));
	tuple->t_len = rows->value_offset + VARSIZE(value);
	ExecStoreMinimalTuple(tuple, rows->put_slot, false);
	tuplestore_puttupleslot(rows->rsinfo->setResult, rows->put_slot);
	ExecClearTuple(rows->put_slot);
}

static void
put_missing(RowsEmit *rows, int until)
{
	while (rows->nput < until)
	{
		Datum		values[2];
		bool		nulls[2] = {false, rows->missing == (Datum) 0};

		CHECK_FOR_INTERRUPTS();
		values[0] = ord_datum(rows, rows->nput++);
		values[1] = rows->missing;
		tuplestore_putvalues(rows->rsinfo->setResult, rows->rsinfo->setDesc,
							 values, nulls);
	}
}

static Datum
ord_datum(const RowsEmit *rows, int position)
{
	return Int64GetDatum((int64) rows->keys->offset + position + 1);
}

/*-------------------------------------------------------------------------
 *
 * emit_rows.c
 *	  The row shapes: (ord, item) or (ord, items), into the caller's set.
 *
 * A to-one load has a row for every position, NULL where the key found
 * nothing; a to-many load has one, too, with an array of rows; a flattened
 * load has one for each row found.  The set's tuplestore spills by itself, and
 * reorder.c keeps to work_mem, so only an array must fit in memory.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heaptoast.h"
#include "access/htup_details.h"
#include "catalog/pg_type.h"
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
	DlRowSet   *set;
	DlReorder  *reorder;
	MemoryContext context;		/* the call's */
	Datum	   *values;			/* of a row of the relation */
	bool	   *nulls;

	/* tuples of the store: a head like this one's, ord, and what was placed */
	char	   *head;			/* NULL until needed */
	TupleTableSlot *put_slot;

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
static void begin_store(RowsEmit *rows);
static bool is_whole_tuple(const RowsEmit *rows, TupleTableSlot *slot);
static Datum form_row(RowsEmit *rows, TupleTableSlot *slot);
static void place_value(RowsEmit *rows, int keyno, Datum value);
static void put_value(void *arg, int position, char *value);
static void put_missing(RowsEmit *rows, int64 ord);

/* Where ord and the value are in a tuple of the store: both are aligned alike. */
#define ORD_OFFSET (MAXALIGN(SizeofHeapTupleHeader) - MINIMAL_TUPLE_OFFSET)
#define VALUE_OFFSET (ORD_OFFSET + sizeof(int64))

/* Allocates in CurrentMemoryContext, the call's. */
DlEmit *
dl_emit_rows_begin(const DlTarget *target, const DlKeys *keys, DlRowSet *set,
				   bool hold)
{
	RowsEmit   *rows = palloc0(sizeof(RowsEmit));
	int			natts = Max(target->tupdesc->natts, 1);
	bool		arrays = target->verb->arrays;
	DlReorderOptions options = {
		.valuetype = arrays ? get_array_type(target->rowtype) : target->rowtype,
		.headroom = VALUE_OFFSET,
		.aligned = arrays || target->verb->to_one,
		.hold = hold,
		.sink = put_value,
		.arg = rows
	};

	rows->base.row = rows_row;
	rows->base.finish = rows_finish;
	rows->base.shared = rows_shared;
	rows->target = target;
	rows->keys = keys;
	rows->set = set;
	rows->context = CurrentMemoryContext;
	rows->values = palloc0(mul_size(natts, sizeof(Datum)));
	rows->nulls = palloc(mul_size(natts, sizeof(bool)));
	memset(rows->nulls, true, natts * sizeof(bool));
	if (arrays)
		begin_arrays(rows);
	rows->reorder = dl_reorder_begin(keys, &options);
	return &rows->base;
}

static void
begin_arrays(RowsEmit *rows)
{
	rows->base.row = array_row;
	rows->set->missing = (char *) construct_empty_array(rows->target->rowtype);
	rows->group_context = AllocSetContextCreate(CurrentMemoryContext,
												"dataloader rows of a key",
												ALLOCSET_DEFAULT_SIZES);
	rows->maxgroup = 64;
	rows->group = palloc(mul_size(rows->maxgroup, sizeof(Datum)));
}

/*
 * A tuple of the store, formed by core's own function, shows what is in front of
 * its value, so that the others need not be formed: each value is placed where
 * it stays, behind room for the same.
 */
static void
begin_store(RowsEmit *rows)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(rows->context);
	DlRowSet   *set = rows->set;
	Datum		values[2] = {0};
	bool		nulls[2] = {false, false};
	MinimalTuple tuple;

	if (set->store == NULL)
	{
		MemoryContextSwitchTo(set->context);
		set->store = tuplestore_begin_heap(false, false, work_mem);
		MemoryContextSwitchTo(rows->context);
	}

	/* each (item).column takes the item apart */
	dl_store_unpacked(set->desc, 2);
	rows->put_slot = MakeSingleTupleTableSlot(set->desc, &TTSOpsMinimalTuple);

	values[1] = PointerGetDatum(construct_empty_array(INT4OID));
	tuple = heap_form_minimal_tuple(set->desc, values, nulls, 0);
	Assert(tuple->t_len == VALUE_OFFSET +
		   VARSIZE(DatumGetPointer(values[1])));
	rows->head = (char *) tuple;
	MemoryContextSwitchTo(oldcontext);
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
	if (dl_reorder_end(rows->reorder))
		rows->set->held = rows->reorder;
	if (rows->put_slot != NULL)
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
	int64		ord = dl_keys_ord(rows->keys, position);
	MinimalTuple tuple;

	if (rows->head == NULL)
		begin_store(rows);
	if (value == NULL)
	{
		put_missing(rows, ord);
		return;
	}
	tuple = (MinimalTuple) (value - VALUE_OFFSET);
	memcpy(tuple, rows->head, VALUE_OFFSET);
	memcpy((char *) tuple + ORD_OFFSET, &ord, sizeof(ord));
	tuple->t_len = VALUE_OFFSET + VARSIZE(value);
	ExecStoreMinimalTuple(tuple, rows->put_slot, false);
	tuplestore_puttupleslot(rows->set->store, rows->put_slot);
	ExecClearTuple(rows->put_slot);
}

static void
put_missing(RowsEmit *rows, int64 ord)
{
	DlRowSet   *set = rows->set;
	Datum		values[2] = {
		Int64GetDatum(ord), PointerGetDatum(set->missing)
	};
	bool		nulls[2] = {false, set->missing == NULL};

	tuplestore_putvalues(set->store, set->desc, values, nulls);
}

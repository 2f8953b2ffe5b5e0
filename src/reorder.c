/*-------------------------------------------------------------------------
 *
 * reorder.c
 *	  From the order of distinct keys to the order of positions.
 *
 * Values come key by key and leave position by position, once for each
 * position that the key had in the input.  Three ways, by need:
 *
 * - keys that came sorted and distinct: nothing to do;
 * - values that fit into work_mem are held in memory, and read by position;
 * - past that they go, with all their positions, into a tuplesort by position,
 *	 which spills.
 *
 * Values are rows or arrays of rows: varlena, flat, no toast pointers.  In front
 * of each there is room for what the sink wants to put there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "buffer.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "reorder.h"
#include "utils/memutils.h"
#include "utils/tuplesort.h"

struct DlReorder
{
	const DlKeys *keys;
	Oid			valuetype;
	int			headroom;		/* bytes in front of each value, aligned */
	DlReorderSink sink;
	void	   *arg;
	Size		bytes;			/* of all values */

	/* one value that is not held, with its headroom */
	char	   *scratch;
	Size		scratch_size;
	MemoryContext context;		/* the call's */

	/* held in memory */
	DlBuffer	buffer;			/* of the values, each aligned */
	Size	   *held;			/* where each begins, in key order */
	int			nheld;
	int			maxheld;
	int		   *key_end;		/* for each key: # of values held up to its end */
	int			nkeys;			/* # of keys in key_end so far */

	/* spilled */
	Tuplesortstate *sort;		/* NULL: not */
	TupleTableSlot *slot;
	int64		nput;
	DlKeyPositions positions;
};

static char *hold(DlReorder *reorder, int keyno, Size size);
static char *scratch_place(DlReorder *reorder, Size size);
static Size held_limit(void);
static char *held_value(DlReorder *reorder, int i);
static void start_spilling(DlReorder *reorder, int last_keyno);
static void spill(DlReorder *reorder, int keyno, char *value);
static void deliver_held(DlReorder *reorder);
static void deliver_spilled(DlReorder *reorder);

/* Allocates in CurrentMemoryContext, the call's. */
DlReorder *
dl_reorder_begin(const DlKeys *keys, Oid valuetype, int headroom,
				 DlReorderSink sink, void *arg)
{
	DlReorder  *reorder = palloc0(sizeof(DlReorder));

	reorder->keys = keys;
	reorder->valuetype = valuetype;
	reorder->headroom = MAXALIGN(headroom);
	reorder->sink = sink;
	reorder->arg = arg;
	reorder->context = CurrentMemoryContext;
	if (keys->keyno == NULL)
		return reorder;

	dl_buffer_borrow(&reorder->buffer);
	reorder->maxheld = 256;
	reorder->held = palloc(mul_size(reorder->maxheld, sizeof(Size)));
	reorder->key_end = palloc_extended(mul_size(Max(keys->ndistinct, 1),
												sizeof(int)),
									   MCXT_ALLOC_HUGE);
	return reorder;
}

/* Where the next value is to be written, all of it; keyno never goes down. */
char *
dl_reorder_place(DlReorder *reorder, int keyno, Size size)
{
	char	   *place = NULL;

	reorder->bytes += size;
	if (reorder->keys->keyno != NULL && reorder->sort == NULL)
		place = hold(reorder, keyno, size);
	return place != NULL ? place : scratch_place(reorder, size);
}

/* It is there. */
void
dl_reorder_placed(DlReorder *reorder, int keyno)
{
	if (reorder->keys->keyno == NULL)
		reorder->sink(reorder->arg, keyno, reorder->scratch + reorder->headroom);
	else if (reorder->sort != NULL)
		spill(reorder, keyno, reorder->scratch + reorder->headroom);
}

/* Bytes of the values put so far, wherever they are. */
Size
dl_reorder_held(const DlReorder *reorder)
{
	return reorder->bytes;
}

/* After the last one: delivers what was kept. */
void
dl_reorder_end(DlReorder *reorder)
{
	if (reorder->keys->keyno == NULL)
		return;
	if (reorder->sort != NULL)
		deliver_spilled(reorder);
	else
		deliver_held(reorder);
}

/* NULL if there is no room: from then on, values are spilled. */
static char *
hold(DlReorder *reorder, int keyno, Size size)
{
	Size		room = reorder->headroom + MAXALIGN(size);

	while (reorder->nkeys < keyno)
		reorder->key_end[reorder->nkeys++] = reorder->nheld;

	if (reorder->nheld == reorder->maxheld)
	{
		reorder->maxheld *= 2;
		reorder->held = repalloc_huge(reorder->held,
									  mul_size(reorder->maxheld,
											   sizeof(Size)));
	}
	if (reorder->buffer.len + room > held_limit())
	{
		start_spilling(reorder, keyno);
		return NULL;
	}

	dl_buffer_reserve(&reorder->buffer, room);
	reorder->held[reorder->nheld] = reorder->buffer.len + reorder->headroom;
	reorder->buffer.len += room;
	return held_value(reorder, reorder->nheld++);
}

static char *
scratch_place(DlReorder *reorder, Size size)
{
	Size		room = reorder->headroom + MAXALIGN(size);

	if (reorder->scratch_size < room)
	{
		if (reorder->scratch != NULL)
			pfree(reorder->scratch);
		reorder->scratch = NULL;
		reorder->scratch = MemoryContextAllocHuge(reorder->context,
												  Max(room, 1024));
		reorder->scratch_size = Max(room, 1024);
	}
	return reorder->scratch + reorder->headroom;
}

/* work_mem, as far as one buffer goes */
static Size
held_limit(void)
{
	return Min((Size) work_mem * 1024, MaxAllocSize / 2);
}

static char *
held_value(DlReorder *reorder, int i)
{
	return reorder->buffer.data + reorder->held[i];
}

static void
deliver_held(DlReorder *reorder)
{
	const DlKeys *keys = reorder->keys;

	while (reorder->nkeys < keys->ndistinct)
		reorder->key_end[reorder->nkeys++] = reorder->nheld;

	for (int position = 0; position < keys->npositions; position++)
	{
		int			keyno = keys->keyno[position];
		int			i;

		CHECK_FOR_INTERRUPTS();
		if (keyno < 0)
			continue;
		for (i = keyno == 0 ? 0 : reorder->key_end[keyno - 1];
			 i < reorder->key_end[keyno]; i++)
			reorder->sink(reorder->arg, position, held_value(reorder, i));
	}
	dl_buffer_return(&reorder->buffer);
}

/* Moves what is held into a tuplesort, which takes all that follows. */
static void
start_spilling(DlReorder *reorder, int last_keyno)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(reorder->context);
	TupleDesc	tupdesc = CreateTemplateTupleDesc(3);
	AttrNumber	attnos[] = {1, 2};
	Oid			operators[] = {Int8LessOperator, Int8LessOperator};
	Oid			collations[] = {InvalidOid, InvalidOid};
	bool		nulls_first[] = {false, false};
	int			i = 0;

	TupleDescInitEntry(tupdesc, 1, "position", INT8OID, -1, 0);
	TupleDescInitEntry(tupdesc, 2, "number", INT8OID, -1, 0);
	TupleDescInitEntry(tupdesc, 3, "value", reorder->valuetype, -1, 0);
	dl_store_unpacked(tupdesc, 3);
	reorder->sort = tuplesort_begin_heap(tupdesc, 2, attnos, operators,
										 collations, nulls_first, work_mem,
										 NULL, TUPLESORT_NONE);
	reorder->slot = MakeSingleTupleTableSlot(tupdesc, &TTSOpsMinimalTuple);
	dl_keys_group_positions(reorder->keys, &reorder->positions);
	MemoryContextSwitchTo(oldcontext);

	/* the last key may have values, and is not closed yet */
	reorder->key_end[last_keyno] = reorder->nheld;
	for (int keyno = 0; keyno <= last_keyno; keyno++)
	{
		for (; i < reorder->key_end[keyno]; i++)
			spill(reorder, keyno, held_value(reorder, i));
	}
	dl_buffer_return(&reorder->buffer);
	pfree(reorder->held);
	reorder->held = NULL;
}

static void
spill(DlReorder *reorder, int keyno, char *value)
{
	const DlKeyPositions *positions = &reorder->positions;

	for (int i = dl_positions_start(positions, keyno);
		 i < positions->end[keyno]; i++)
	{
		TupleTableSlot *slot = reorder->slot;
		Datum		values[3];
		bool		nulls[3] = {false, false, false};
		MinimalTuple tuple;

		CHECK_FOR_INTERRUPTS();
		values[0] = Int64GetDatum((int64) positions->positions[i]);
		values[1] = Int64GetDatum(reorder->nput++);
		values[2] = PointerGetDatum(value);
		tuple = heap_form_minimal_tuple(slot->tts_tupleDescriptor, values,
										nulls, 0);
		ExecStoreMinimalTuple(tuple, slot, false);
		tuplesort_puttupleslot(reorder->sort, slot);
		ExecClearTuple(slot);
		heap_free_minimal_tuple(tuple);
	}
}

static void
deliver_spilled(DlReorder *reorder)
{
	TupleTableSlot *slot = reorder->slot;

	tuplesort_performsort(reorder->sort);
	while (tuplesort_gettupleslot(reorder->sort, true, false, slot, NULL))
	{
		char	   *value;
		Size		size;

		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(slot);
		size = VARSIZE(DatumGetPointer(slot->tts_values[2]));
		value = scratch_place(reorder, size);
		memcpy(value, DatumGetPointer(slot->tts_values[2]), size);
		reorder->sink(reorder->arg, (int) DatumGetInt64(slot->tts_values[0]),
					  value);
	}
	tuplesort_end(reorder->sort);
	ExecDropSingleTupleTableSlot(slot);
}

/*-------------------------------------------------------------------------
 *
 * reorder.c
 *	  From the order of distinct keys to the order of positions.
 *
 * Values come key by key and leave position by position, once for each
 * position that the key had in the input.  Three ways, by need:
 *
 * - keys that came sorted and distinct: nothing to do, values pass through;
 * - values that fit into work_mem are held in memory, and read by position;
 * - past that they go, with all their positions, into a tuplesort by position,
 *	 which spills.
 *
 * Values that are held may stay so, to be read one by one when somebody asks
 * for them; then those of sorted keys are held, too, as long as they fit.
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
	DlReorderOptions options;	/* headroom aligned */
	Size		bytes;			/* of all values */
	bool		passing;		/* to the sink as they come */
	int			ndelivered;		/* # of positions that the sink is past */

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
	int			next_position;	/* to be read */
	int			next_value;		/* of that position */

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
static void close_keys(DlReorder *reorder, int until);
static void stop_holding(DlReorder *reorder, int last_keyno);
static void start_spilling(DlReorder *reorder, int last_keyno);
static void spill(DlReorder *reorder, int keyno, char *value);
static void deliver(DlReorder *reorder, int position, char *value);
static void deliver_missing(DlReorder *reorder, int until);
static void deliver_held(DlReorder *reorder);
static void deliver_spilled(DlReorder *reorder);

/* Allocates in CurrentMemoryContext, the call's. */
DlReorder *
dl_reorder_begin(const DlKeys *keys, const DlReorderOptions *options)
{
	DlReorder  *reorder = palloc0(sizeof(DlReorder));

	reorder->keys = keys;
	reorder->options = *options;
	reorder->options.headroom = MAXALIGN(options->headroom);
	reorder->context = CurrentMemoryContext;
	reorder->passing = keys->keyno == NULL && !options->hold;
	if (reorder->passing)
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
	if (!reorder->passing && reorder->sort == NULL)
		place = hold(reorder, keyno, size);
	return place != NULL ? place : scratch_place(reorder, size);
}

/* It is there. */
void
dl_reorder_placed(DlReorder *reorder, int keyno)
{
	char	   *scratch = reorder->scratch + reorder->options.headroom;

	if (reorder->passing)
		deliver(reorder, keyno, scratch);
	else if (reorder->sort != NULL)
		spill(reorder, keyno, scratch);
}

/* Bytes of the values put so far, wherever they are. */
Size
dl_reorder_held(const DlReorder *reorder)
{
	return reorder->bytes;
}

/*
 * After the last one: delivers what was kept.  Or returns true, if the values
 * are to be held and are: then they are read by dl_reorder_next(), as often as
 * somebody likes, until dl_reorder_release().
 */
bool
dl_reorder_end(DlReorder *reorder)
{
	if (reorder->passing)
		 /* they are gone */ ;
	else if (reorder->sort != NULL)
		deliver_spilled(reorder);
	else
	{
		close_keys(reorder, reorder->keys->ndistinct);
		if (reorder->options.hold)
			return true;
		deliver_held(reorder);
	}
	if (reorder->options.aligned)
		deliver_missing(reorder, reorder->keys->npositions);
	return false;
}

/* The next one that is held, as the sink would get it; false: no more. */
bool
dl_reorder_next(DlReorder *reorder, int *position, char **value)
{
	const DlKeys *keys = reorder->keys;

	for (; reorder->next_position < keys->npositions;
		 reorder->next_position++, reorder->next_value = 0)
	{
		int			keyno = dl_keys_at(keys, reorder->next_position);
		int			i = reorder->next_value++;
		int			first = keyno <= 0 ? 0 : reorder->key_end[keyno - 1];
		bool		found = keyno >= 0 && first + i < reorder->key_end[keyno];

		CHECK_FOR_INTERRUPTS();
		if (!found && (i > 0 || !reorder->options.aligned))
			continue;
		*position = reorder->next_position;
		*value = found ? held_value(reorder, first + i) : NULL;
		return true;
	}
	return false;
}

/* A position of a value that is held, as SQL counts it. */
int64
dl_reorder_ord(const DlReorder *reorder, int position)
{
	return dl_keys_ord(reorder->keys, position);
}

/* To the first one. */
void
dl_reorder_rewind(DlReorder *reorder)
{
	reorder->next_position = 0;
	reorder->next_value = 0;
}

/* The values that are held are not needed any more. */
void
dl_reorder_release(DlReorder *reorder)
{
	dl_buffer_return(&reorder->buffer);
}

/* NULL if there is no room: from then on, values are not held. */
static char *
hold(DlReorder *reorder, int keyno, Size size)
{
	Size		room = reorder->options.headroom + MAXALIGN(size);

	close_keys(reorder, keyno);
	if (reorder->nheld == reorder->maxheld)
	{
		reorder->maxheld *= 2;
		reorder->held = repalloc_huge(reorder->held,
									  mul_size(reorder->maxheld,
											   sizeof(Size)));
	}
	if (reorder->buffer.len + room > held_limit())
	{
		stop_holding(reorder, keyno);
		return NULL;
	}

	dl_buffer_reserve(&reorder->buffer, room);
	reorder->held[reorder->nheld] = reorder->buffer.len +
		reorder->options.headroom;
	reorder->buffer.len += room;
	return held_value(reorder, reorder->nheld++);
}

static char *
scratch_place(DlReorder *reorder, Size size)
{
	Size		room = reorder->options.headroom + MAXALIGN(size);

	if (reorder->scratch_size < room)
	{
		if (reorder->scratch != NULL)
			pfree(reorder->scratch);
		reorder->scratch = NULL;
		reorder->scratch = MemoryContextAllocHuge(reorder->context,
												  Max(room, 1024));
		reorder->scratch_size = Max(room, 1024);
	}
	return reorder->scratch + reorder->options.headroom;
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

/* A value, after the NULLs of the positions before it. */
static void
deliver(DlReorder *reorder, int position, char *value)
{
	if (reorder->options.aligned)
		deliver_missing(reorder, position);
	reorder->options.sink(reorder->options.arg, position, value);
	reorder->ndelivered = position + 1;
}

static void
deliver_missing(DlReorder *reorder, int until)
{
	for (; reorder->ndelivered < until; reorder->ndelivered++)
	{
		CHECK_FOR_INTERRUPTS();
		reorder->options.sink(reorder->options.arg, reorder->ndelivered, NULL);
	}
}

static void
deliver_held(DlReorder *reorder)
{
	int			position;
	char	   *value;

	while (dl_reorder_next(reorder, &position, &value))
	{
		if (value != NULL)
			deliver(reorder, position, value);
	}
	dl_reorder_release(reorder);
}

/* No more values are held for the keys before "until". */
static void
close_keys(DlReorder *reorder, int until)
{
	while (reorder->nkeys < until)
		reorder->key_end[reorder->nkeys++] = reorder->nheld;
}

/* The values do not fit; the last key may have some, and is not closed yet. */
static void
stop_holding(DlReorder *reorder, int last_keyno)
{
	if (reorder->keys->keyno != NULL)
	{
		close_keys(reorder, last_keyno + 1);
		start_spilling(reorder, last_keyno);
	}
	else
	{
		close_keys(reorder, reorder->keys->ndistinct);
		deliver_held(reorder);
		reorder->passing = true;
	}
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
	TupleDescInitEntry(tupdesc, 3, "value", reorder->options.valuetype, -1,
					   0);
	dl_store_unpacked(tupdesc, 3);
	reorder->sort = tuplesort_begin_heap(tupdesc, 2, attnos, operators,
										 collations, nulls_first, work_mem,
										 NULL, TUPLESORT_NONE);
	reorder->slot = MakeSingleTupleTableSlot(tupdesc, &TTSOpsMinimalTuple);
	dl_keys_group_positions(reorder->keys, &reorder->positions);
	MemoryContextSwitchTo(oldcontext);

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
		deliver(reorder, (int) DatumGetInt64(slot->tts_values[0]), value);
	}
	tuplesort_end(reorder->sort);
	ExecDropSingleTupleTableSlot(slot);
}

/*-------------------------------------------------------------------------
 *
 * fetch_through.c
 *	  The direct path through a junction: two index scans, one after the other.
 *
 * The first hop reads the junction's rows of the keys: pairs of a key and the
 * values that link it to the relation.  The second reads the rows that these
 * values name, each distinct one once, however many keys share it.  Pairs are
 * worked off in chunks, so that memory does not grow with the batch.
 *
 * Rows come in the order of the junction's index.  That is the order wanted
 * if there is no order_by, or if it has columns of the junction that the index
 * gives: then the rows of a chunk are kept as they are and handed on pair by
 * pair.  An order by the relation's own columns is left to the align
 * stage's sort, which takes each row once for each of its pairs.
 *
 * Where only the first rows of each key are wanted, the walk of the junction
 * ends after as many pairs.  Some may lead nowhere: a key that so comes out
 * short is loaded again alone, with a later end.
 *
 * The pages of a connection in the junction's order begin at their cursors, in
 * the first hop; the pairs then hold the values of the order, too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fetch.h"
#include "miscadmin.h"
#include "pairs.h"
#include "utils/memutils.h"

/* Large enough to make sorting worth it, small enough to stay in memory. */
#define CHUNK_SIZE 8192

/* Rows that a chunk makes room for at first. */
#define FIRST_KEPT 64

/* The rows that a link found, by their places in "kept". */
typedef struct LinkRows
{
	int			first;
	int			count;
} LinkRows;

/* A row of the relation that waits for its pairs, as the table stores it. */
typedef struct KeptRow
{
	MinimalTuple tuple;
	DlSpan		written;		/* see emit.h */
} KeptRow;

typedef struct ThroughFetch
{
	DlEmit		base;			/* receives the junction's rows; must be first */
	const DlBatch *batch;
	const DlIndexedRelation *junction;
	const DlIndexedRelation *from;
	DlAlign    *align;			/* of the relation's rows */
	bool		sorted;			/* by the align stage */
	int64		wanted;			/* rows of a key; -1: all */
	int64		limit;			/* pairs of a key that are read; -1: all */
	DlPairs		pairs;			/* the chunk */
	TupleTableSlot *row_slot;	/* to read a kept row */

	/* a key that came out short */
	int			only_key;		/* its number, -1 if this is the whole batch */
	int64		skip;			/* # of its rows that were handed on before */

	/* # of pairs of the key that is being read */
	int			keyno;
	int64		nread;

	/* # of rows of the key that is being handed on, skipped ones included */
	int			out_keyno;
	int64		nout;
} ThroughFetch;

/* Receives the relation's rows of a chunk. */
typedef struct LinkedEmit
{
	DlEmit		base;			/* must be first */
	ThroughFetch *fetch;
	DlKeys	   *keys;
	DlKeyPositions positions;	/* sorted: the pairs of each link */

	/* else, in the chunk's memory */
	LinkRows   *rows;			/* for each distinct link */
	KeptRow    *kept;
	int			nkept;
	int			maxkept;
} LinkedEmit;

static void begin_through(ThroughFetch *fetch, const DlBatch *batch,
						  const DlIndexedRelation *junction,
						  const DlIndexedRelation *from);
static void end_through(ThroughFetch *fetch);
static void walk_junction(ThroughFetch *fetch, const DlKeys *keys,
						  const DlSeek *seek);
static int64 pairs_needed(const DlBatch *batch, bool sorted);
static void pair_row(DlEmit *emit, int keyno, TupleTableSlot *slot);
static void work_off_chunk(ThroughFetch *fetch);
static void load_chunk(ThroughFetch *fetch);
static void linked_row(DlEmit *emit, int linkno, TupleTableSlot *slot);
static void align_row(LinkedEmit *linked, int linkno, TupleTableSlot *slot);
static int	keep_row(LinkedEmit *linked, TupleTableSlot *slot);
static void hand_on_chunk(ThroughFetch *fetch, LinkedEmit *linked);
static void hand_on_row(ThroughFetch *fetch, int keyno, KeptRow *kept,
						TupleTableSlot *order);
static int64 rows_given(const ThroughFetch *fetch, int keyno);
static bool has_enough(const ThroughFetch *fetch, int keyno);
static void finish_short_key(ThroughFetch *fetch, int keyno);
static Datum no_result(DlEmit *emit);

/*
 * Passes the relation's rows that the batch's keys reach through the junction
 * on to the align stage.  The caller has found the path right for both.
 */
void
dl_fetch_through(const DlBatch *batch, const DlIndexedRelation *junction,
				 const DlIndexedRelation *from)
{
	const DlTarget *target = batch->target;
	ThroughFetch fetch;
	DlRowSource source;
	AttrNumber *order;

	order = palloc(mul_size(Max(target->norder, 1), sizeof(AttrNumber)));
	begin_through(&fetch, batch, junction, from);
	for (int i = 0; i < target->norder; i++)
		order[i] = fetch.pairs.norder > 0 ? i + 1 : target->order[i].attno;
	source.in_order = target->norder == 0 || target->through->norder > 0;
	source.grouped = false;
	source.order = order;
	source.output = target->output;

	fetch.align = dl_align_begin(target, &source, &batch->limit,
								 batch->params, batch->emit);
	if (fetch.limit != 0)
		walk_junction(&fetch, batch->keys, batch->seek);
	dl_align_end(fetch.align);
	end_through(&fetch);
}

/* All but the align stage. */
static void
begin_through(ThroughFetch *fetch, const DlBatch *batch,
			  const DlIndexedRelation *junction,
			  const DlIndexedRelation *from)
{
	const DlTarget *through = batch->target->through;

	memset(fetch, 0, sizeof(ThroughFetch));
	fetch->base.row = pair_row;
	fetch->base.finish = no_result;
	fetch->batch = batch;
	fetch->junction = junction;
	fetch->from = from;
	fetch->sorted = batch->target->norder > 0 && through->norder == 0;
	fetch->wanted = pairs_needed(batch, fetch->sorted);
	fetch->limit = fetch->wanted;
	fetch->keyno = -1;
	fetch->only_key = -1;
	fetch->out_keyno = -1;
	fetch->row_slot = MakeSingleTupleTableSlot(batch->target->tupdesc,
											   &TTSOpsMinimalTuple);
	dl_pairs_begin(&fetch->pairs, through,
				   batch->target->verb->connection && through->norder > 0);
}

static void
end_through(ThroughFetch *fetch)
{
	ExecDropSingleTupleTableSlot(fetch->row_slot);
	dl_pairs_end(&fetch->pairs);
}

static void
walk_junction(ThroughFetch *fetch, const DlKeys *keys, const DlSeek *seek)
{
	DlBatch		hop;

	memset(&hop, 0, sizeof(hop));
	hop.target = fetch->batch->target->through;
	hop.keys = keys;
	hop.limit.first = fetch->limit;
	hop.ordered = true;
	hop.params = fetch->batch->params;
	hop.emit = &fetch->base;
	hop.seek = seek;
	dl_fetch_index(&hop, fetch->junction);
	work_off_chunk(fetch);
}

/* How many pairs of a key may be needed; -1: all of them. */
static int64
pairs_needed(const DlBatch *batch, bool sorted)
{
	if (batch->limit.first == 0)
		return 0;
	if (batch->limit.single)
		return 2;
	if (sorted || batch->limit.first < 0)
		return -1;
	return batch->limit.skip + batch->limit.first;
}

/* A row of the junction, of key keyno. */
static void
pair_row(DlEmit *emit, int keyno, TupleTableSlot *slot)
{
	ThroughFetch *fetch = (ThroughFetch *) emit;
	DlPair	   *pair = dl_pairs_add(&fetch->pairs, slot, emit);

	if (fetch->only_key >= 0)
		keyno = fetch->only_key;
	if (keyno != fetch->keyno)
	{
		fetch->keyno = keyno;
		fetch->nread = 0;
	}
	fetch->nread++;
	pair->keyno = keyno;
	pair->cut = fetch->nread == fetch->limit;

	/*
	 * A pair without a link leads nowhere.  One that ends the walk is kept all
	 * the same, to tell so.
	 */
	if (!pair->linked && !pair->cut)
		return;
	if (++fetch->pairs.npairs == CHUNK_SIZE)
		work_off_chunk(fetch);
}

/* A key that is loaded again may have enough before its last pair. */
static void
work_off_chunk(ThroughFetch *fetch)
{
	if (fetch->only_key < 0 || !has_enough(fetch, fetch->only_key))
		load_chunk(fetch);
	dl_pairs_reset(&fetch->pairs);
}

/* The second hop: the rows that the chunk's pairs lead to. */
static void
load_chunk(ThroughFetch *fetch)
{
	DlTarget   *target = fetch->batch->target;
	MemoryContext oldcontext = MemoryContextSwitchTo(fetch->pairs.chunk);
	LinkedEmit	linked;
	DlBatch		hop;

	memset(&linked, 0, sizeof(linked));
	linked.base.row = linked_row;
	linked.base.finish = no_result;
	linked.fetch = fetch;
	linked.keys = dl_pairs_links(&fetch->pairs, target);
	if (fetch->sorted)
		dl_keys_group_positions(linked.keys, &linked.positions);
	else
		linked.rows = palloc0(mul_size(Max(linked.keys->ndistinct, 1),
									   sizeof(LinkRows)));

	memset(&hop, 0, sizeof(hop));
	hop.target = target;
	hop.keys = linked.keys;
	hop.limit.first = -1;
	hop.params = fetch->batch->params;
	hop.emit = &linked.base;
	dl_fetch_index(&hop, fetch->from);

	if (!fetch->sorted)
		hand_on_chunk(fetch, &linked);
	MemoryContextSwitchTo(oldcontext);
}

/* A row of the relation, of distinct link linkno. */
static void
linked_row(DlEmit *emit, int linkno, TupleTableSlot *slot)
{
	LinkedEmit *linked = (LinkedEmit *) emit;
	int			kept;

	if (linked->fetch->sorted)
	{
		align_row(linked, linkno, slot);
		return;
	}
	kept = keep_row(linked, slot);
	if (linked->rows[linkno].count++ == 0)
		linked->rows[linkno].first = kept;
}

/* Once for each of its pairs; all are linked, as a sorted walk is never cut. */
static void
align_row(LinkedEmit *linked, int linkno, TupleTableSlot *slot)
{
	ThroughFetch *fetch = linked->fetch;
	const DlKeyPositions *positions = &linked->positions;

	for (int i = dl_positions_start(positions, linkno);
		 i < positions->end[linkno]; i++)
	{
		const DlPair *pair = &fetch->pairs.pairs[positions->positions[i]];

		dl_align_row(fetch->align, pair->keyno, slot);
	}
}

/*
 * Returns its number.  The row stays as it is, toast pointers and all: what
 * its columns become is left until a result is known to need them.
 */
static int
keep_row(LinkedEmit *linked, TupleTableSlot *slot)
{
	ThroughFetch *fetch = linked->fetch;
	MemoryContext oldcontext = MemoryContextSwitchTo(fetch->pairs.chunk);
	KeptRow    *kept;

	if (linked->nkept == linked->maxkept)
	{
		linked->maxkept = Max(linked->maxkept * 2, FIRST_KEPT);
		linked->kept = linked->kept == NULL ?
			palloc(linked->maxkept * sizeof(KeptRow)) :
			repalloc_huge(linked->kept,
						  mul_size(linked->maxkept, sizeof(KeptRow)));
	}
	kept = &linked->kept[linked->nkept];
	memset(kept, 0, sizeof(KeptRow));
	if (fetch->batch->emit->shared != NULL)
		kept->tuple = ExecCopySlotMinimalTuple(slot);
	MemoryContextSwitchTo(oldcontext);
	return linked->nkept++;
}

/* The kept rows of the chunk, pair by pair. */
static void
hand_on_chunk(ThroughFetch *fetch, LinkedEmit *linked)
{
	int			position = 0;

	for (int i = 0; i < fetch->pairs.npairs; i++)
	{
		const DlPair *pair = &fetch->pairs.pairs[i];

		CHECK_FOR_INTERRUPTS();
		if (pair->linked)
		{
			const LinkRows *rows = &linked->rows[dl_keys_at(linked->keys,
															position++)];
			TupleTableSlot *order = dl_pairs_order(&fetch->pairs, i);

			for (int j = 0; j < rows->count; j++)
				hand_on_row(fetch, pair->keyno, &linked->kept[rows->first + j],
							order);
		}
		if (pair->cut && !has_enough(fetch, pair->keyno))
			finish_short_key(fetch, pair->keyno);
	}
}

/* One row of a key, unless it was handed on before the key was loaded again. */
static void
hand_on_row(ThroughFetch *fetch, int keyno, KeptRow *kept, TupleTableSlot *order)
{
	DlSharedRow row = {NULL, order, &kept->written};

	if (keyno != fetch->out_keyno)
		fetch->nout = 0;
	fetch->out_keyno = keyno;
	if (fetch->nout++ < fetch->skip)
		return;
	if (kept->tuple != NULL)
	{
		ExecStoreMinimalTuple(kept->tuple, fetch->row_slot, false);
		row.slot = fetch->row_slot;
	}
	dl_align_shared(fetch->align, keyno, &row);
}

/* # of rows of the key that is being handed on so far, skipped ones included. */
static int64
rows_given(const ThroughFetch *fetch, int keyno)
{
	return keyno == fetch->out_keyno ? fetch->nout : 0;
}

static bool
has_enough(const ThroughFetch *fetch, int keyno)
{
	return fetch->wanted >= 0 && rows_given(fetch, keyno) >= fetch->wanted;
}

/*
 * The walk of this key was cut, and its pairs did not give all the rows that
 * are wanted: it is loaded again, eight times as far, behind those it gave.
 */
static void
finish_short_key(ThroughFetch *fetch, int keyno)
{
	const DlBatch *batch = fetch->batch;
	ThroughFetch again;
	DlKeys		key;
	DlKeyPositions positions;
	DlSeek		seek;

	check_stack_depth();
	memset(&key, 0, sizeof(key));
	key.npositions = 1;
	key.ndistinct = 1;
	key.ncolumns = batch->keys->ncolumns;
	key.values = (Datum *) dl_keys_values(batch->keys, keyno);

	begin_through(&again, batch, fetch->junction, fetch->from);
	again.align = fetch->align;
	again.only_key = keyno;
	again.skip = rows_given(fetch, keyno);
	again.limit = fetch->limit * 8;
	if (batch->seek != NULL)
	{
		positions.positions = &batch->seek->positions->positions[keyno];
		seek.positions = &positions;
		seek.start = batch->seek->start;
	}
	walk_junction(&again, &key, batch->seek != NULL ? &seek : NULL);
	end_through(&again);
}

static Datum
no_result(DlEmit *emit)
{
	return (Datum) 0;
}

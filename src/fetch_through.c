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
 * gives: then the rows of a chunk are kept by the emit stage and handed on
 * pair by pair.  An order by the relation's own columns is left to the align
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
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* Large enough to make sorting worth it, small enough to stay in memory. */
#define CHUNK_SIZE 8192

/* Fresh memory costs more than the rows of a small batch: begin with this. */
#define FIRST_PAIRS 64

/* The rows that a link found: numbers of the emit stage. */
typedef struct KeptRows
{
	int			first;
	int			count;
} KeptRows;

/* A key and the place of its links and its order in their arrays. */
typedef struct Pair
{
	int			keyno;
	bool		linked;			/* false: a link is NULL, it has no values */
	bool		cut;			/* the walk of the key ended here */
} Pair;

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

	/* a key that came out short */
	int			only_key;		/* its number, -1 if this is the whole batch */
	int64		skip;			/* # of its rows that were handed on before */

	/* the chunk */
	MemoryContext memory;		/* of the arrays */
	MemoryContext context;		/* of what they point to, reset for each chunk */
	int			nlinks;			/* values to each pair */
	int			norder;			/* the same of order_by; 0 unless needed */
	int			npairs;
	int			maxpairs;
	Pair	   *pairs;
	Datum	   *links;
	NullableDatum *order;
	TupleTableSlot *order_slot; /* of the pair that is handed on; NULL: none */

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
	KeptRows   *rows;			/* else: for each distinct link */
} LinkedEmit;

static void begin_through(ThroughFetch *fetch, const DlBatch *batch,
						  const DlIndexedRelation *junction,
						  const DlIndexedRelation *from);
static void begin_pairs(ThroughFetch *fetch);
static void make_room(ThroughFetch *fetch, int maxpairs);
static TupleTableSlot *make_order_slot(const DlTarget *target);
static void walk_junction(ThroughFetch *fetch, const DlKeys *keys,
						  const DlSeek *seek);
static int64 pairs_needed(const DlBatch *batch, bool sorted);
static void pair_row(DlEmit *emit, int keyno, TupleTableSlot *slot);
static void keep_order(ThroughFetch *fetch, TupleTableSlot *slot);
static void load_chunk(ThroughFetch *fetch);
static DlKeys *distinct_links(ThroughFetch *fetch);
static void linked_row(DlEmit *emit, int linkno, TupleTableSlot *slot);
static void hand_on_chunk(ThroughFetch *fetch, const LinkedEmit *linked);
static void show_order(ThroughFetch *fetch, int pair);
static void hand_on_row(ThroughFetch *fetch, int keyno, int kept);
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
		order[i] = fetch.norder > 0 ? i + 1 : target->order[i].attno;
	source.in_order = target->norder == 0 || target->through->norder > 0;
	source.grouped = false;
	source.order = order;
	source.output = target->output;

	fetch.align = dl_align_begin(target, &source, &batch->limit,
								 batch->params, batch->emit);
	if (fetch.limit != 0)
		walk_junction(&fetch, batch->keys, batch->seek);
	dl_align_end(fetch.align);
	if (fetch.order_slot != NULL)
		ExecDropSingleTupleTableSlot(fetch.order_slot);
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
	fetch->nlinks = through->noutput;
	if (batch->target->verb->connection && through->norder > 0)
	{
		fetch->norder = through->norder;
		fetch->order_slot = make_order_slot(through);
	}
	begin_pairs(fetch);
}

static void
begin_pairs(ThroughFetch *fetch)
{
	fetch->memory = AllocSetContextCreate(CurrentMemoryContext,
										  "dataloader pairs",
										  ALLOCSET_DEFAULT_SIZES);
	fetch->context = AllocSetContextCreate(fetch->memory,
										   "dataloader chunk of pairs",
										   ALLOCSET_DEFAULT_SIZES);
	fetch->pairs = MemoryContextAlloc(fetch->memory, 0);
	fetch->links = MemoryContextAlloc(fetch->memory, 0);
	fetch->order = MemoryContextAlloc(fetch->memory, 0);
	make_room(fetch, FIRST_PAIRS);
}

static void
make_room(ThroughFetch *fetch, int maxpairs)
{
	fetch->maxpairs = maxpairs;
	fetch->pairs = repalloc(fetch->pairs, maxpairs * sizeof(Pair));
	fetch->links = repalloc(fetch->links, mul_size(maxpairs * sizeof(Datum),
												   fetch->nlinks));
	fetch->order = repalloc(fetch->order,
							mul_size(maxpairs * sizeof(NullableDatum),
									 fetch->norder));
}

/* Attribute i + 1 is the value of item i of order_by. */
static TupleTableSlot *
make_order_slot(const DlTarget *target)
{
	TupleDesc	tupdesc = CreateTemplateTupleDesc(target->norder);

	for (int i = 0; i < target->norder; i++)
		TupleDescInitEntry(tupdesc, i + 1, NULL, target->order[i].type, -1, 0);
	return MakeSingleTupleTableSlot(tupdesc, &TTSOpsVirtual);
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
	load_chunk(fetch);
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
	const DlTarget *through = fetch->batch->target->through;
	Pair	   *pair;
	Datum	   *links;
	MemoryContext oldcontext;

	if (fetch->only_key >= 0)
		keyno = fetch->only_key;
	if (keyno != fetch->keyno)
	{
		fetch->keyno = keyno;
		fetch->nread = 0;
	}
	fetch->nread++;

	if (fetch->npairs == fetch->maxpairs)
		make_room(fetch, fetch->maxpairs * 2);
	pair = &fetch->pairs[fetch->npairs];
	pair->keyno = keyno;
	pair->linked = true;
	pair->cut = fetch->nread == fetch->limit;

	oldcontext = MemoryContextSwitchTo(fetch->context);
	links = fetch->links + (Size) fetch->npairs * fetch->nlinks;
	for (int i = 0; i < fetch->nlinks; i++)
	{
		int			attno = emit->attnos[i] - 1;
		Form_pg_attribute att = dl_target_attribute(through,
													through->output[i]);

		if (slot->tts_isnull[attno])
			pair->linked = false;
		else
			links[i] = datumCopy(slot->tts_values[attno],
								 att->attbyval, att->attlen);
	}
	if (fetch->norder > 0)
		keep_order(fetch, slot);
	MemoryContextSwitchTo(oldcontext);

	/*
	 * A pair without a link leads nowhere.  One that ends the walk is kept all
	 * the same, to tell so.
	 */
	if (!pair->linked && !pair->cut)
		return;
	if (++fetch->npairs == CHUNK_SIZE)
		load_chunk(fetch);
}

/* The place of the pair in the order. */
static void
keep_order(ThroughFetch *fetch, TupleTableSlot *slot)
{
	const DlTarget *through = fetch->batch->target->through;
	NullableDatum *order = fetch->order + (Size) fetch->npairs * fetch->norder;

	for (int i = 0; i < fetch->norder; i++)
	{
		AttrNumber	attno = through->order[i].attno;
		Form_pg_attribute att = dl_target_attribute(through, attno);

		order[i].isnull = slot->tts_isnull[attno - 1];
		if (!order[i].isnull)
			order[i].value = datumCopy(slot->tts_values[attno - 1],
									   att->attbyval, att->attlen);
	}
}

/* The second hop: the rows that the chunk's pairs lead to. */
static void
load_chunk(ThroughFetch *fetch)
{
	DlTarget   *target = fetch->batch->target;
	MemoryContext oldcontext = MemoryContextSwitchTo(fetch->context);
	LinkedEmit	linked;
	DlBatch		hop;

	memset(&linked, 0, sizeof(linked));
	linked.base.row = linked_row;
	linked.base.finish = no_result;
	linked.fetch = fetch;
	linked.keys = distinct_links(fetch);
	if (fetch->sorted)
		dl_keys_group_positions(linked.keys, &linked.positions);
	else
		linked.rows = palloc0(mul_size(Max(linked.keys->ndistinct, 1),
									   sizeof(KeptRows)));

	memset(&hop, 0, sizeof(hop));
	hop.target = target;
	hop.keys = linked.keys;
	hop.limit.first = -1;
	hop.params = fetch->batch->params;
	hop.emit = &linked.base;
	dl_fetch_index(&hop, fetch->from);

	if (!fetch->sorted)
		hand_on_chunk(fetch, &linked);
	if (!fetch->sorted && fetch->only_key < 0)
		fetch->batch->emit->forget(fetch->batch->emit);
	fetch->npairs = 0;
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(fetch->context);
}

/* The keys of the second hop; positions are those of the linked pairs. */
static DlKeys *
distinct_links(ThroughFetch *fetch)
{
	int			n = 0;

	for (int i = 0; i < fetch->npairs; i++)
	{
		if (!fetch->pairs[i].linked)
			continue;
		memmove(fetch->links + (Size) n * fetch->nlinks,
				fetch->links + (Size) i * fetch->nlinks,
				fetch->nlinks * sizeof(Datum));
		n++;
	}
	return dl_keys_from_values(fetch->batch->target, fetch->links, n);
}

/* A row of the relation, of distinct link linkno. */
static void
linked_row(DlEmit *emit, int linkno, TupleTableSlot *slot)
{
	LinkedEmit *linked = (LinkedEmit *) emit;
	ThroughFetch *fetch = linked->fetch;

	if (fetch->sorted)
	{
		const DlKeyPositions *positions = &linked->positions;

		/* all pairs are linked: a sorted walk is never cut */
		for (int i = dl_positions_start(positions, linkno);
			 i < positions->end[linkno]; i++)
			dl_align_row(fetch->align,
						 fetch->pairs[positions->positions[i]].keyno, slot);
	}
	else
	{
		int			kept = fetch->batch->emit->keep(fetch->batch->emit, slot);

		if (linked->rows[linkno].count++ == 0)
			linked->rows[linkno].first = kept;
	}
}

/* The kept rows of the chunk, pair by pair. */
static void
hand_on_chunk(ThroughFetch *fetch, const LinkedEmit *linked)
{
	int			position = 0;

	for (int i = 0; i < fetch->npairs; i++)
	{
		const Pair *pair = &fetch->pairs[i];

		CHECK_FOR_INTERRUPTS();
		if (pair->linked)
		{
			KeptRows   *rows = &linked->rows[dl_keys_at(linked->keys,
														position++)];

			if (fetch->norder > 0)
				show_order(fetch, i);
			for (int j = 0; j < rows->count; j++)
				hand_on_row(fetch, pair->keyno, rows->first + j);
		}
		if (pair->cut)
			finish_short_key(fetch, pair->keyno);
	}
}

/* Puts the pair's place in the order into the slot. */
static void
show_order(ThroughFetch *fetch, int pair)
{
	TupleTableSlot *slot = fetch->order_slot;
	NullableDatum *order = fetch->order + (Size) pair * fetch->norder;

	ExecClearTuple(slot);
	for (int i = 0; i < fetch->norder; i++)
	{
		slot->tts_values[i] = order[i].value;
		slot->tts_isnull[i] = order[i].isnull;
	}
	ExecStoreVirtualTuple(slot);
}

/* One row of a key, unless it was handed on before the key was loaded again. */
static void
hand_on_row(ThroughFetch *fetch, int keyno, int kept)
{
	if (keyno != fetch->out_keyno)
		fetch->nout = 0;
	fetch->out_keyno = keyno;
	if (fetch->nout++ >= fetch->skip)
		dl_align_kept(fetch->align, keyno, kept, fetch->order_slot);
}

/*
 * The walk of this key was cut.  If its pairs did not give all the rows that
 * are wanted, it is loaded again, eight times as far, behind those it gave.
 */
static void
finish_short_key(ThroughFetch *fetch, int keyno)
{
	const DlBatch *batch = fetch->batch;
	int64		nrows = keyno == fetch->out_keyno ? fetch->nout : 0;
	ThroughFetch again;
	DlKeys		key;
	DlKeyPositions positions;
	DlSeek		seek;

	if (nrows >= fetch->wanted)
		return;

	check_stack_depth();
	memset(&key, 0, sizeof(key));
	key.npositions = 1;
	key.ndistinct = 1;
	key.ncolumns = batch->keys->ncolumns;
	key.values = (Datum *) dl_keys_values(batch->keys, keyno);

	begin_through(&again, batch, fetch->junction, fetch->from);
	again.align = fetch->align;
	again.only_key = keyno;
	again.skip = nrows;
	again.limit = fetch->limit * 8;
	if (batch->seek != NULL)
	{
		positions.positions = &batch->seek->positions->positions[keyno];
		seek.positions = &positions;
		seek.start = batch->seek->start;
	}
	walk_junction(&again, &key, batch->seek != NULL ? &seek : NULL);
	if (again.order_slot != NULL)
		ExecDropSingleTupleTableSlot(again.order_slot);
	MemoryContextDelete(again.memory);
}

static Datum
no_result(DlEmit *emit)
{
	return (Datum) 0;
}

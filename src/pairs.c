/*-------------------------------------------------------------------------
 *
 * pairs.c
 *	  A chunk of the junction's rows: keys, their links, and their order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pairs.h"
#include "utils/datum.h"
#include "utils/memutils.h"

/* Fresh memory costs more than the rows of a small batch: begin with this. */
#define FIRST_PAIRS 64

static void make_room(DlPairs *pairs, int maxpairs);
static TupleTableSlot *make_order_slot(const DlTarget *through);
static bool copy_links(DlPairs *pairs, TupleTableSlot *slot,
					   const AttrNumber *attnos);
static void copy_order(DlPairs *pairs, TupleTableSlot *slot,
					   const AttrNumber *attnos);

/*
 * No pairs yet; "with_order" says that they keep their values of order_by,
 * which are the junction's.  Allocates in CurrentMemoryContext.
 */
void
dl_pairs_begin(DlPairs *pairs, const DlTarget *through, bool with_order)
{
	memset(pairs, 0, sizeof(DlPairs));
	pairs->through = through;
	pairs->nlinks = through->noutput;
	pairs->memory = AllocSetContextCreate(CurrentMemoryContext,
										  "dataloader pairs",
										  ALLOCSET_DEFAULT_SIZES);
	pairs->chunk = AllocSetContextCreate(pairs->memory,
										 "dataloader chunk of pairs",
										 ALLOCSET_DEFAULT_SIZES);
	if (with_order)
	{
		pairs->norder = through->norder;
		pairs->order_slot = make_order_slot(through);
	}
	pairs->pairs = MemoryContextAlloc(pairs->memory, 0);
	pairs->links = MemoryContextAlloc(pairs->memory, 0);
	pairs->order = MemoryContextAlloc(pairs->memory, 0);
	make_room(pairs, FIRST_PAIRS);
}

static void
make_room(DlPairs *pairs, int maxpairs)
{
	pairs->maxpairs = maxpairs;
	pairs->pairs = repalloc(pairs->pairs, maxpairs * sizeof(DlPair));
	pairs->links = repalloc(pairs->links, mul_size(maxpairs * sizeof(Datum),
												   pairs->nlinks));
	pairs->order = repalloc(pairs->order,
							mul_size(maxpairs * sizeof(NullableDatum),
									 pairs->norder));
}

/* Attribute i + 1 is the value of item i of order_by. */
static TupleTableSlot *
make_order_slot(const DlTarget *through)
{
	TupleDesc	tupdesc = CreateTemplateTupleDesc(through->norder);

	for (int i = 0; i < through->norder; i++)
		TupleDescInitEntry(tupdesc, i + 1, NULL, through->order[i].type, -1, 0);
	return MakeSingleTupleTableSlot(tupdesc, &TTSOpsVirtual);
}

/*
 * Copies a row of the junction to the place behind the last pair; "emit" says
 * where the values are in the slot.  The caller fills in the rest, and counts
 * it if it is to stay.
 */
DlPair *
dl_pairs_add(DlPairs *pairs, TupleTableSlot *slot, const DlEmit *emit)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(pairs->chunk);
	DlPair	   *pair;

	if (pairs->npairs == pairs->maxpairs)
		make_room(pairs, pairs->maxpairs * 2);
	pair = &pairs->pairs[pairs->npairs];
	pair->linked = copy_links(pairs, slot, emit->attnos);
	if (pairs->norder > 0)
		copy_order(pairs, slot, emit->order_attnos);
	MemoryContextSwitchTo(oldcontext);
	return pair;
}

/* False if one is NULL. */
static bool
copy_links(DlPairs *pairs, TupleTableSlot *slot, const AttrNumber *attnos)
{
	const DlTarget *through = pairs->through;
	Datum	   *links = pairs->links + (Size) pairs->npairs * pairs->nlinks;

	for (int i = 0; i < pairs->nlinks; i++)
	{
		int			attno = attnos[i] - 1;
		Form_pg_attribute att = dl_target_attribute(through,
													through->output[i]);

		if (slot->tts_isnull[attno])
			return false;
		links[i] = datumCopy(slot->tts_values[attno], att->attbyval,
							 att->attlen);
	}
	return true;
}

static void
copy_order(DlPairs *pairs, TupleTableSlot *slot, const AttrNumber *attnos)
{
	const DlTarget *through = pairs->through;
	NullableDatum *order = pairs->order + (Size) pairs->npairs * pairs->norder;

	for (int i = 0; i < pairs->norder; i++)
	{
		int			attno = attnos[i] - 1;
		Form_pg_attribute att = dl_target_attribute(through,
													through->order[i].attno);

		order[i].isnull = slot->tts_isnull[attno];
		if (!order[i].isnull)
			order[i].value = datumCopy(slot->tts_values[attno],
									   att->attbyval, att->attlen);
	}
}

/*
 * The links as keys of the relation; positions are those of the linked pairs.
 * Takes the links apart, so it is for once.  Allocates in CurrentMemoryContext.
 */
DlKeys *
dl_pairs_links(DlPairs *pairs, const DlTarget *target)
{
	int			n = 0;

	for (int i = 0; i < pairs->npairs; i++)
	{
		if (!pairs->pairs[i].linked)
			continue;
		memmove(pairs->links + (Size) n * pairs->nlinks,
				pairs->links + (Size) i * pairs->nlinks,
				pairs->nlinks * sizeof(Datum));
		n++;
	}
	return dl_keys_from_values(target, pairs->links, n);
}

/* A slot with the pair's place in the order; NULL if it was not kept. */
TupleTableSlot *
dl_pairs_order(DlPairs *pairs, int number)
{
	TupleTableSlot *slot = pairs->order_slot;
	NullableDatum *order = pairs->order + (Size) number * pairs->norder;

	if (slot == NULL)
		return NULL;
	ExecClearTuple(slot);
	for (int i = 0; i < pairs->norder; i++)
	{
		slot->tts_values[i] = order[i].value;
		slot->tts_isnull[i] = order[i].isnull;
	}
	return ExecStoreVirtualTuple(slot);
}

/* For the next chunk. */
void
dl_pairs_reset(DlPairs *pairs)
{
	pairs->npairs = 0;
	MemoryContextReset(pairs->chunk);
}

void
dl_pairs_end(DlPairs *pairs)
{
	if (pairs->order_slot != NULL)
		ExecDropSingleTupleTableSlot(pairs->order_slot);
	MemoryContextDelete(pairs->memory);
}

/*-------------------------------------------------------------------------
 *
 * fetch_index_only.c
 *	  The direct path where the index holds all that is read.
 *
 * Rows on pages that the visibility map shows to be all-visible need no heap
 * visit.  That map is only right while the index page is pinned (the
 * executor's rule for index-only scans), so each row is settled before the
 * scan moves on: keys are looked up ahead (fetch_ahead.c), rows are not.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/visibilitymap.h"
#include "executor/executor.h"
#include "fetch_index.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "utils/rel.h"

static void begin_index_only(DlIndexFetch *fetch);
static void end_index_only(DlIndexFetch *fetch);
static TupleTableSlot *index_only_row(DlIndexFetch *fetch, ItemPointer tid);
static void fill_index_slot(DlIndexFetch *fetch);

/*
 * Is the index enough?  Where much of the table is not marked all-visible,
 * most rows need their heap page anyway, and the window gets them sooner.
 */
bool
dl_fetch_is_index_only(const DlTarget *target, Relation rel)
{
	return target->index.covers &&
		rel->rd_rel->relallvisible > rel->rd_rel->relpages / 2;
}

/* The batch's keys in order; each row is known at once, so a limit is exact. */
void
dl_walk_index_only(DlIndexFetch *fetch)
{
	ScanDirection direction = fetch->batch->target->index.direction;

	begin_index_only(fetch);
	dl_begin_ahead(fetch);
	for (int keyno = 0; keyno < fetch->batch->keys->ndistinct; keyno++)
	{
		ItemPointer tid;
		int64		nrows = 0;

		dl_look_ahead_keys(fetch, keyno);
		dl_seek_key(fetch, fetch->scan, keyno);
		while (nrows != fetch->limit &&
			   (tid = index_getnext_tid(fetch->scan, direction)) != NULL)
		{
			TupleTableSlot *slot;

			CHECK_FOR_INTERRUPTS();
			slot = index_only_row(fetch, tid);
			if (slot == NULL || !dl_passes_filter(fetch, slot))
				continue;
			nrows++;
			dl_align_row(fetch->align, keyno, slot);
		}
	}
	end_index_only(fetch);
}

static void
begin_index_only(DlIndexFetch *fetch)
{
	int			natts = RelationGetDescr(fetch->index)->natts;
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(fetch->rel),
													&TTSOpsVirtual);

	fetch->vmbuffer = InvalidBuffer;
	fetch->index_slot = slot;
	fetch->index_values = palloc(mul_size(natts, sizeof(Datum)));
	fetch->index_nulls = palloc(mul_size(natts, sizeof(bool)));
	memset(slot->tts_isnull, true,
		   slot->tts_tupleDescriptor->natts * sizeof(bool));

	/* before the first rescan, which allocates by it; also keeps the page pinned */
	fetch->scan = dl_begin_scan(fetch, fetch->batch->target->nkeys);
	fetch->scan->xs_want_itup = true;
}

static void
end_index_only(DlIndexFetch *fetch)
{
	if (BufferIsValid(fetch->vmbuffer))
		ReleaseBuffer(fetch->vmbuffer);
	ExecDropSingleTupleTableSlot(fetch->index_slot);
}

/* The row of a TID, NULL if it is not visible. */
static TupleTableSlot *
index_only_row(DlIndexFetch *fetch, ItemPointer tid)
{
	BlockNumber block = ItemPointerGetBlockNumber(tid);

	if (VM_ALL_VISIBLE(fetch->rel, block, &fetch->vmbuffer))
	{
		/* the heap visit would have taken a lock on the tuple */
		PredicateLockPage(fetch->rel, block, fetch->snapshot);
		fill_index_slot(fetch);
		return fetch->index_slot;
	}

	/* also marks the entry if its row is dead to everybody */
	if (!index_fetch_heap(fetch->scan, fetch->slot))
		return NULL;
	slot_getsomeattrs(fetch->slot, fetch->batch->target->max_attno);
	return fetch->slot;
}

/* Values stay in the index tuple, which the scan keeps until its next step. */
static void
fill_index_slot(DlIndexFetch *fetch)
{
	TupleTableSlot *slot = fetch->index_slot;
	Form_pg_index form = fetch->index->rd_index;

	ExecClearTuple(slot);
	index_deform_tuple(fetch->scan->xs_itup, fetch->scan->xs_itupdesc,
					   fetch->index_values, fetch->index_nulls);
	for (int i = 0; i < form->indnatts; i++)
	{
		AttrNumber	attno = form->indkey.values[i];

		if (attno <= 0)
			continue;
		slot->tts_values[attno - 1] = fetch->index_values[i];
		slot->tts_isnull[attno - 1] = fetch->index_nulls[i];
	}
	ExecStoreVirtualTuple(slot);
}

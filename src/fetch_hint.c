/*-------------------------------------------------------------------------
 *
 * fetch_hint.c
 *	  Rows of a unique index that are found without a scan.
 *
 * A descent to each key is half of the time of a batch of random keys.  But
 * fetch_ahead.c searches the leaf pages anyway, many keys side by side.  Where
 * it finds a tuple of the key (fetch_leaf.c), the TID in it is a hint to the row.
 * The page was neither pinned nor locked, so the hint may be anything.  The row
 * itself tells whether it is right: if the snapshot sees it and it has the key,
 * it is the row of the key, however we came by it, because there is no second
 * one.  Keys without a hint are left to the scan, and so are those whose hint was
 * wrong.
 *
 * That there is no second one:
 *
 * - the index is unique and valid, at once and for all rows (index.c), and so
 *	 it was when the snapshot was taken (dl_index_unique_for);
 * - this transaction has written nothing, or at least not that row
 *	 (dl_unique_is_certain);
 * - NULLs, of which there may be many, equal no key.
 *
 * A TID beyond the end of the relation could not be looked at.  So unless its
 * page can be pinned where it is in memory, the end is asked for first; while
 * the relation is locked it does not come nearer.
 *
 * A search that takes a hint is no use of the page to the clock sweep, by which
 * pages of little use leave memory first.  So hints are taken only where a use
 * would not count, as the page has the highest count there is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "compat.h"
#include "executor/tuptable.h"
#include "fetch_index.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

/* After so many hints that led nowhere, most of them have to be right. */
#define WRONG_HINTS 16

static bool has_key(const DlIndexFetch *fetch, int keyno);
static bool may_have_twin(TupleTableSlot *slot);

/*
 * Could hints be had for the rows of the batch?  Not under SERIALIZABLE: a scan
 * locks the page where a key is, or would be (SSI).
 */
bool
dl_may_hint(const DlIndexFetch *fetch)
{
	const DlIndexChoice *index = &fetch->batch->target->index;

	/* ranks are of a walk forward */
	Assert(!index->unique || index->direction == ForwardScanDirection);
	return index->unique && fetch->limit < 0 && dl_can_look_ahead(fetch) &&
		!IsolationIsSerializable();
}

/* Not where rows have moved, and old entries are left. */
bool
dl_hints_are_worth_it(const DlIndexFetch *fetch)
{
	return fetch->nwrong <= Max(WRONG_HINTS, fetch->nright);
}

/* Is there the page that the hint leads to? */
bool
dl_hint_exists(DlIndexFetch *fetch, const DlWindowEntry *entry)
{
	if (fetch->nblocks == 0)
		fetch->nblocks = RelationGetNumberOfBlocks(fetch->rel);
	return ItemPointerGetBlockNumber(&entry->tid) < fetch->nblocks;
}

/*
 * Is the visible row in the slot the only one of the key that the snapshot
 * sees?  Then a scan is counted, with its leaf page.
 */
bool
dl_hint_is_right(DlIndexFetch *fetch, int keyno)
{
	if (!has_key(fetch, keyno) ||
		(!dl_unique_is_certain() && may_have_twin(fetch->slot)))
		return false;

	pgstat_count_index_scan(fetch->index);
	pgstat_count_index_tuples(fetch->index, 1);
	dl_count_buffer_hit(fetch->index);
	return true;
}

/* By the condition of the scan. */
static bool
has_key(const DlIndexFetch *fetch, int keyno)
{
	ScanKey		skey = &fetch->skeys[0];
	Datum		key = *dl_keys_values(fetch->batch->keys, keyno);
	bool		isnull;
	Datum		value = slot_getattr(fetch->slot,
									 fetch->index->rd_index->indkey.values[0],
									 &isnull);

	return !isnull &&
		DatumGetBool(FunctionCall2Coll(&skey->sk_func, skey->sk_collation,
									   value, key));
}

/*
 * Might the snapshot see another row of the key?  One of the two would have
 * been inserted by this transaction, and the other one deleted.  (Nearly always
 * the index has an entry of each then, side by side, and there was no hint.)
 */
static bool
may_have_twin(TupleTableSlot *slot)
{
	bool		copied;
	HeapTupleHeader tuple = ExecFetchSlotHeapTuple(slot, false, &copied)->t_data;

	Assert(!copied);
	return TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple)) ||
		((tuple->t_infomask & HEAP_XMAX_INVALID) == 0 &&
		 !HEAP_XMAX_IS_LOCKED_ONLY(tuple->t_infomask));
}

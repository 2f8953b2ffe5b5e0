/*-------------------------------------------------------------------------
 *
 * fetch_index.c
 *	  The direct path: one index scan, moved through the sorted keys.
 *
 * The scan yields tuple identifiers (TIDs).  Random heap visits are bound by
 * cache misses that follow each other: buffer table, page header, line pointer,
 * tuple.  So TIDs are first collected in a small window; for each one the
 * page is asked for (PrefetchBuffer starts the read of a page that is not in
 * memory and otherwise says where it was) and its header, line pointer and
 * tuple are pulled into the CPU's cache; only then the tuples are fetched, in
 * index order, through the table access method.  The window crosses from one
 * key to the next.  Nothing is pinned or believed on the hint.
 *
 * Holding TIDs without a pin on their index page is safe for an MVCC snapshot
 * held since before the index was read: a TID can be reused only after its
 * tuple was dead to all, and what is put there is invisible to us
 * (nbtree/README, "Making concurrent TID recycling safe").
 *
 * Where only the first rows of each key are wanted, the walk ends after as
 * many TIDs.  Some of them may turn out invisible, or not pass the filter: a
 * key that so comes out short is walked again alone, behind the rows it already
 * gave.  One snapshot sees one index order, so these are the same rows.
 *
 * Everything here belongs to the call.  A filter may run any code, this file
 * included; nothing is static.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/tableam.h"
#include "compat.h"
#include "executor/executor.h"
#include "fetch_index.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/spccache.h"

/* Of a tuple, this much and as much again is pulled into the cache. */
#define CACHE_LINE 64

/* This many dead entries of a key are worth a second walk of it. */
#define DEAD_LIMIT 64

static void begin_fetch(DlIndexFetch *fetch, const DlBatch *batch,
						Relation rel, Relation index);
static void end_fetch(DlIndexFetch *fetch);
static void begin_filter(DlIndexFetch *fetch);
static int64 rows_needed(const DlBatch *batch);
static void build_scan_keys(DlIndexFetch *fetch);
static void walk_keys(DlIndexFetch *fetch);
static void walk_key_alone(DlIndexFetch *fetch, IndexScanDesc scan, int keyno,
						   int64 nseen);
static void finish_short_key(DlIndexFetch *fetch, int keyno);
static IndexScanDesc second_scan(DlIndexFetch *fetch);
static void next_key(DlIndexFetch *fetch, int keyno);
static void kill_dead_entries(DlIndexFetch *fetch, int keyno);
static void drain_window(DlIndexFetch *fetch);
static void look_ahead(DlIndexFetch *fetch, const DlWindowEntry *window, int n);
static bool fetch_row(DlIndexFetch *fetch, ItemPointer tid);

/*
 * Passes all visible rows of the batch's keys that pass the filter on to the
 * align stage, key by key.  The caller has found the path right
 * (dl_path_now) and holds locks on both relations.
 */
void
dl_fetch_index(const DlBatch *batch, const DlIndexedRelation *from)
{
	const DlTarget *target = batch->target;
	DlIndexFetch	fetch;
	DlRowSource source;
	AttrNumber *order;

	order = palloc(mul_size(Max(target->norder, 1), sizeof(AttrNumber)));
	for (int i = 0; i < target->norder; i++)
		order[i] = target->order[i].attno;
	source.in_order = !batch->ordered || target->norder == 0 ||
		target->index.orders;
	source.grouped = true;
	source.tupdesc = RelationGetDescr(from->rel);
	source.order = order;
	source.output = target->output;

	begin_fetch(&fetch, batch, from->rel, from->index);
	fetch.align = dl_align_begin(target, &source, &batch->limit,
								 batch->params, batch->emit);
	if (fetch.limit == 0)
		 /* nothing is wanted of any key */ ;
	else if (batch->seek != NULL)
		dl_walk_from_cursors(&fetch);
	else if (fetch.index_only)
		dl_walk_index_only(&fetch);
	else
		walk_keys(&fetch);
	end_fetch(&fetch);
	dl_align_end(fetch.align);
}

static void
begin_fetch(DlIndexFetch *fetch, const DlBatch *batch, Relation rel,
			Relation index)
{
	memset(fetch, 0, offsetof(DlIndexFetch, window));
	fetch->batch = batch;
	fetch->rel = rel;
	fetch->index = index;
	fetch->keyno = -1;
	fetch->limit = rows_needed(batch);
	fetch->prefetch =
		get_tablespace_io_concurrency(rel->rd_rel->reltablespace) > 0;

	/* the executor's own: both paths and the caller's query see the same */
	fetch->snapshot = RegisterSnapshot(GetActiveSnapshot());
	fetch->heap = table_index_fetch_begin(rel);
	fetch->slot = table_slot_create(rel, NULL);
	build_scan_keys(fetch);
	fetch->scan = dl_index_beginscan(rel, index, fetch->snapshot,
									 batch->target->nkeys +
									 (batch->seek != NULL ?
									  dl_seek_scan_keys(batch->target) : 0));
	if (batch->seek == NULL && dl_fetch_is_index_only(batch->target, rel))
		dl_begin_index_only(fetch);
	if (batch->target->filter != NULL)
		begin_filter(fetch);
}

static void
end_fetch(DlIndexFetch *fetch)
{
	ExecDropSingleTupleTableSlot(fetch->slot);
	if (fetch->index_only)
		dl_end_index_only(fetch);
	if (fetch->econtext != NULL)
		FreeExprContext(fetch->econtext, true);
	if (fetch->again != NULL)
		index_endscan(fetch->again);
	index_endscan(fetch->scan);
	table_index_fetch_end(fetch->heap);
	UnregisterSnapshot(fetch->snapshot);
}

/* Compiled anew on each call, which also asks for EXECUTE anew. */
static void
begin_filter(DlIndexFetch *fetch)
{
	fetch->econtext = CreateStandaloneExprContext();
	fetch->econtext->ecxt_param_list_info = fetch->batch->params;
	fetch->filter = ExecInitExprWithParams((Expr *) fetch->batch->target->filter,
										   fetch->batch->params);
}

/* How many rows of each key the align stage can use; -1: all of them. */
static int64
rows_needed(const DlBatch *batch)
{
	const DlTarget *target = batch->target;
	const DlLimit *limit = &batch->limit;
	bool		in_order = !batch->ordered || target->norder == 0 ||
	target->index.orders;

	/* at most one, which ends the walk by itself */
	if (target->index.unique && limit->first != 0)
		return -1;
	/* two tell that there is more than one */
	if (limit->single)
		return 2;
	if (limit->first >= 0 && in_order)
		return limit->first == 0 ? 0 : limit->skip + limit->first;
	return limit->first == 0 ? 0 : -1;
}

/* All but the values, which change from key to key. */
static void
build_scan_keys(DlIndexFetch *fetch)
{
	const DlTarget *target = fetch->batch->target;

	fetch->skeys = palloc(mul_size(target->nkeys, sizeof(ScanKeyData)));
	for (int i = 0; i < target->nkeys; i++)
	{
		const DlKeyColumn *key = &target->keys[target->index.keys[i]];

		ScanKeyEntryInitialize(&fetch->skeys[i], 0, i + 1,
							   BTEqualStrategyNumber, key->opright,
							   fetch->index->rd_indcollation[i],
							   get_opcode(key->eqop), (Datum) 0);
	}
}

void
dl_seek_key(DlIndexFetch *fetch, IndexScanDesc scan, int keyno)
{
	const DlTarget *target = fetch->batch->target;
	const Datum *values = dl_keys_values(fetch->batch->keys, keyno);

	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < target->nkeys; i++)
		fetch->skeys[i].sk_argument = values[target->index.keys[i]];
	index_rescan(scan, fetch->skeys, target->nkeys, NULL, 0);
}

/* The batch's keys in order, through one window. */
static void
walk_keys(DlIndexFetch *fetch)
{
	ScanDirection direction = fetch->batch->target->index.direction;

	for (int keyno = 0; keyno < fetch->batch->keys->ndistinct; keyno++)
	{
		ItemPointer tid;
		int64		ntids = 0;

		/* a filter says only after the fetch how far to walk */
		if (fetch->limit > 0 && fetch->filter != NULL)
		{
			walk_key_alone(fetch, fetch->scan, keyno, 0);
			continue;
		}

		dl_seek_key(fetch, fetch->scan, keyno);
		while (ntids != fetch->limit &&
			   (tid = index_getnext_tid(fetch->scan, direction)) != NULL)
		{
			DlWindowEntry *entry = &fetch->window[fetch->nwindow++];

			CHECK_FOR_INTERRUPTS();
			ntids++;
			entry->tid = *tid;
			entry->keyno = keyno;
			entry->cut = ntids == fetch->limit;
			if (fetch->nwindow == DL_WINDOW_SIZE)
				drain_window(fetch);
		}
	}
	drain_window(fetch);
	next_key(fetch, -1);
}

static void
next_key(DlIndexFetch *fetch, int keyno)
{
	if (fetch->ndead > DEAD_LIMIT && fetch->ndead > fetch->nrows)
		kill_dead_entries(fetch, fetch->keyno);
	fetch->keyno = keyno;
	fetch->nrows = 0;
	fetch->ndead = 0;
}

/*
 * The window cannot tell the index which of its entries are dead, for it has
 * moved on when it knows; each call would visit them again, until VACUUM.  A
 * key with many of them is walked once more, in the way that marks them.
 */
static void
kill_dead_entries(DlIndexFetch *fetch, int keyno)
{
	ScanDirection direction = fetch->batch->target->index.direction;

	/* as far as the first walk came; a standby marks nothing */
	if (fetch->scan->xactStartedInRecovery)
		return;
	dl_seek_key(fetch, second_scan(fetch), keyno);
	while (fetch->nrows-- > 0 &&
		   index_getnext_slot(fetch->again, direction, fetch->slot))
		CHECK_FOR_INTERRUPTS();
}

/*
 * Walks one key until it has given all the rows that are needed.  The first
 * "nseen" of them were passed on before.
 */
static void
walk_key_alone(DlIndexFetch *fetch, IndexScanDesc scan, int keyno, int64 nseen)
{
	int64		nrows = 0;

	dl_seek_key(fetch, scan, keyno);
	(void) dl_walk_on(fetch, scan, keyno, &nrows, nseen);
}

/*
 * Walks on from where the scan is until the key has given all the rows that
 * are needed, *nrows counting them; the first "nseen" are not passed on.  False
 * once there are enough.
 */
bool
dl_walk_on(DlIndexFetch *fetch, IndexScanDesc scan, int keyno, int64 *nrows,
		   int64 nseen)
{
	ScanDirection direction = fetch->batch->target->index.direction;
	DlWindowEntry window[DL_WINDOW_SIZE];
	int			size = fetch->limit < 0 ? DL_WINDOW_SIZE :
	(int) Min(fetch->limit - *nrows, DL_WINDOW_SIZE);
	bool		more = true;

	while (more)
	{
		int			n = 0;

		while (n < size)
		{
			ItemPointer tid = index_getnext_tid(scan, direction);

			/* asked once more, the scan would start again */
			if (tid == NULL)
			{
				more = false;
				break;
			}
			window[n++].tid = *tid;
		}

		look_ahead(fetch, window, n);
		for (int i = 0; i < n; i++)
		{
			CHECK_FOR_INTERRUPTS();
			if (!fetch_row(fetch, &window[i].tid))
				continue;
			if (++*nrows > nseen)
				dl_align_row(fetch->align, keyno, fetch->slot);
			if (*nrows == fetch->limit)
				return false;
		}
		size = DL_WINDOW_SIZE;
	}
	return true;
}

/* Its walk was cut, and some of the TIDs gave no row. */
static void
finish_short_key(DlIndexFetch *fetch, int keyno)
{
	walk_key_alone(fetch, second_scan(fetch), keyno, fetch->nrows);
}

static IndexScanDesc
second_scan(DlIndexFetch *fetch)
{
	if (fetch->again == NULL)
		fetch->again = dl_index_beginscan(fetch->rel, fetch->index,
										  fetch->snapshot,
										  fetch->batch->target->nkeys);
	return fetch->again;
}

/* Fetches what was collected, in the order of the index. */
static void
drain_window(DlIndexFetch *fetch)
{
	look_ahead(fetch, fetch->window, fetch->nwindow);
	for (int i = 0; i < fetch->nwindow; i++)
	{
		DlWindowEntry *entry = &fetch->window[i];

		CHECK_FOR_INTERRUPTS();
		if (entry->keyno != fetch->keyno)
			next_key(fetch, entry->keyno);
		if (fetch_row(fetch, &entry->tid))
		{
			fetch->nrows++;
			dl_align_row(fetch->align, entry->keyno, fetch->slot);
		}
		if (entry->cut && fetch->nrows < fetch->limit)
			finish_short_key(fetch, entry->keyno);
	}
	fetch->nwindow = 0;
}

/*
 * Starts the reads of pages that are not in memory, and brings what a fetch
 * will touch of the others into the CPU's cache.  recent_buffer is a hint: by
 * now the buffer may hold another page, whose bytes mean nothing to us, but to
 * prefetch an address is harmless whatever is there.
 */
static void
look_ahead(DlIndexFetch *fetch, const DlWindowEntry *window, int n)
{
	char	   *pages[DL_WINDOW_SIZE];

	/* a lone tuple would wait for the hint as long as for the page */
	if (n < 2 || !fetch->prefetch)
		return;

	for (int i = 0; i < n; i++)
	{
		BlockNumber block = ItemPointerGetBlockNumber(&window[i].tid);
		OffsetNumber offset = ItemPointerGetOffsetNumber(&window[i].tid);

		if (i > 0 && block == ItemPointerGetBlockNumber(&window[i - 1].tid))
			pages[i] = pages[i - 1];
		else
		{
			PrefetchBufferResult result = PrefetchBuffer(fetch->rel,
														 MAIN_FORKNUM, block);

			pages[i] = BufferIsValid(result.recent_buffer) ?
				(char *) BufferGetPage(result.recent_buffer) : NULL;
		}
		if (pages[i] != NULL)
		{
			__builtin_prefetch(pages[i]);
			__builtin_prefetch(&((PageHeader) pages[i])->pd_linp[offset - 1]);
		}
	}

	for (int i = 0; i < n; i++)
	{
		OffsetNumber offset = ItemPointerGetOffsetNumber(&window[i].tid);

		if (pages[i] != NULL)
		{
			char	   *tuple = pages[i] +
			((PageHeader) pages[i])->pd_linp[offset - 1].lp_off;

			__builtin_prefetch(tuple);
			__builtin_prefetch(tuple + CACHE_LINE);
		}
	}
}

/* True if the tuple is visible and passes the filter; it is in the slot then. */
static bool
fetch_row(DlIndexFetch *fetch, ItemPointer tid)
{
	bool		call_again = false;
	bool		all_dead = false;

	if (!table_index_fetch_tuple(fetch->heap, tid, fetch->snapshot,
								 fetch->slot, &call_again, &all_dead))
	{
		fetch->ndead += all_dead;
		return false;
	}
	pgstat_count_heap_fetch(fetch->index);
	slot_getsomeattrs(fetch->slot, fetch->batch->target->max_attno);
	return dl_passes_filter(fetch, fetch->slot);
}

bool
dl_passes_filter(DlIndexFetch *fetch, TupleTableSlot *slot)
{
	Datum		passes;
	bool		isnull;

	if (fetch->filter == NULL)
		return true;
	fetch->econtext->ecxt_scantuple = slot;
	passes = ExecEvalExprSwitchContext(fetch->filter, fetch->econtext, &isnull);
	ResetExprContext(fetch->econtext);
	return !isnull && DatumGetBool(passes);
}

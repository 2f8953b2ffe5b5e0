/*-------------------------------------------------------------------------
 *
 * fetch_window.c
 *	  From tuple identifiers (TIDs) to rows, a window of them at a time.
 *
 * Random heap visits are bound by cache misses that follow each other: buffer
 * table, buffer descriptor, page header, line pointer, tuple.  So TIDs are first
 * collected in a small window; for each one the page is asked for (PrefetchBuffer
 * starts the read of a page that is not in memory and otherwise says where it
 * was) and all that a fetch will touch is pulled into the CPU's cache; only then
 * the tuples are fetched, in index order, through the table access method.  The
 * window crosses from one key to the next.  Nothing is pinned or believed on
 * the hint.
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
 * The window cannot tell the index which of its entries are dead to everybody,
 * for the scan has moved on when it knows; each call would visit them again,
 * until VACUUM.  So where most entries are dead, rows are fetched one by one,
 * in the way of the executor, which marks them.
 *
 * Everything here belongs to the call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "compat.h"
#include "fetch_index.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/buf_internals.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"
#include "utils/rel.h"

/* What the CPU reads at a time, and how much of a tuple is read ahead of its use. */
#define CACHE_LINE 64
#define MOST_AHEAD (8 * CACHE_LINE)

/* This many dead entries of a batch are not worth being marked. */
#define DEAD_LIMIT 64

static void fetch_entry(DlIndexFetch *fetch, DlWindowEntry *entry,
						IndexScanDesc scan);
static void finish_short_key(DlIndexFetch *fetch, int keyno);
static IndexScanDesc second_scan(DlIndexFetch *fetch);
static void look_ahead(DlIndexFetch *fetch, const DlWindowEntry *window, int n);
static bool fetch_row(DlIndexFetch *fetch, ItemPointer tid, IndexScanDesc scan);

/* Is it time to mark dead entries?  A standby must not. */
static inline bool
is_mostly_dead(const DlIndexFetch *fetch)
{
	return fetch->ndead > DEAD_LIMIT && fetch->ndead > fetch->nvisible &&
		!fetch->scan->xactStartedInRecovery;
}

/*
 * The TID that the scan has come to; "cut" if the key's walk ends here by its
 * limit.
 */
void
dl_window_put(DlIndexFetch *fetch, IndexScanDesc scan, int keyno, bool cut)
{
	DlWindowEntry *entry = &fetch->window[fetch->nwindow];

	entry->tid = scan->xs_heaptid;
	entry->keyno = keyno;
	entry->cut = cut;
	if (fetch->nwindow == 0 && is_mostly_dead(fetch))
		fetch_entry(fetch, entry, scan);
	else if (++fetch->nwindow == DL_WINDOW_SIZE)
		dl_window_drain(fetch);
}

/* Fetches what was collected, in the order of the index; also the last of it. */
void
dl_window_drain(DlIndexFetch *fetch)
{
	look_ahead(fetch, fetch->window, fetch->nwindow);
	for (int i = 0; i < fetch->nwindow; i++)
		fetch_entry(fetch, &fetch->window[i], NULL);
	fetch->nwindow = 0;
}

static void
fetch_entry(DlIndexFetch *fetch, DlWindowEntry *entry, IndexScanDesc scan)
{
	CHECK_FOR_INTERRUPTS();
	if (entry->keyno != fetch->keyno)
	{
		fetch->keyno = entry->keyno;
		fetch->nrows = 0;
	}
	if (fetch_row(fetch, &entry->tid, scan))
	{
		fetch->nrows++;
		dl_align_row(fetch->align, entry->keyno, fetch->slot);
	}
	if (entry->cut && fetch->nrows < fetch->limit)
		finish_short_key(fetch, entry->keyno);
}

/*
 * Walks one key until it has given all the rows that are needed.  The first
 * "nseen" of them were passed on before.
 */
void
dl_walk_key_alone(DlIndexFetch *fetch, IndexScanDesc scan, int keyno, int64 nseen)
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

		if (is_mostly_dead(fetch))
			size = 1;
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
			if (!fetch_row(fetch, &window[i].tid, size == 1 ? scan : NULL))
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
	dl_walk_key_alone(fetch, second_scan(fetch), keyno, fetch->nrows);
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

/*
 * Starts the reads of pages that are not in memory, and brings what a fetch
 * will touch of the others into the CPU's cache.
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
			pages[i] = dl_look_up_page(fetch->rel, block);
		if (pages[i] != NULL)
			__builtin_prefetch(&((PageHeader) pages[i])->pd_linp[offset - 1]);
	}

	for (int i = 0; i < n; i++)
	{
		OffsetNumber offset = ItemPointerGetOffsetNumber(&window[i].tid);

		if (pages[i] != NULL)
		{
			ItemIdData	item = ((PageHeader) pages[i])->pd_linp[offset - 1];
			int			bytes = Min((int) item.lp_len, MOST_AHEAD);

			for (int byte = 0; byte < bytes; byte += CACHE_LINE)
				__builtin_prefetch(pages[i] + item.lp_off + byte);
		}
	}
}

/*
 * Where the block is, or NULL if it is not in memory and being read.
 * recent_buffer is a hint: by now the buffer may hold another page, whose bytes
 * mean nothing to us, but to prefetch an address is harmless whatever is there.
 */
char *
dl_look_up_page(Relation rel, BlockNumber block)
{
	Buffer		buffer = PrefetchBuffer(rel, MAIN_FORKNUM, block).recent_buffer;
	char	   *page;

	if (!BufferIsValid(buffer))
		return NULL;
	if (!BufferIsLocal(buffer))
		__builtin_prefetch(GetBufferDescriptor(buffer - 1));
	page = (char *) BufferGetPage(buffer);
	__builtin_prefetch(page);
	return page;
}

/*
 * True if the tuple is visible and passes the filter; it is in the slot then.
 * "scan" is given if it stands at this TID, and then marks it if it is dead.
 */
static bool
fetch_row(DlIndexFetch *fetch, ItemPointer tid, IndexScanDesc scan)
{
	if (scan != NULL)
	{
		if (!index_fetch_heap(scan, fetch->slot))
			return false;
	}
	else
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
	}
	fetch->nvisible++;
	slot_getsomeattrs(fetch->slot, fetch->batch->target->max_attno);
	return dl_passes_filter(fetch, fetch->slot);
}

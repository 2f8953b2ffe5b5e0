/*-------------------------------------------------------------------------
 *
 * fetch_window.c
 *	  From tuple identifiers (TIDs) to rows, a window of them at a time.
 *
 * Random heap visits are bound by cache misses that follow each other.  So TIDs
 * are first collected in a small window; all that a fetch of them will touch is
 * pulled into the CPU's cache side by side (fetch_page.c); only then the tuples
 * are fetched, in index order, through the table access method.  The window
 * crosses from one key to the next.
 *
 * Holding TIDs without a pin on their index page is safe for an MVCC snapshot
 * held since before the index was read: a TID can be reused only after its
 * tuple was dead to all, and what is put there is invisible to us
 * (nbtree/README, "Making concurrent TID recycling safe").  A TID that is a hint
 * needs no such proof: the row gives it (fetch_hint.c).
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
#include "access/xact.h"
#include "compat.h"
#include "fetch_index.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/rel.h"

/* This many dead entries of a batch are not worth being marked. */
#define DEAD_LIMIT 64

static DlWindowEntry *next_entry(DlIndexFetch *fetch,
								 const ItemPointerData *tid, int keyno);
static void keep_entry(DlIndexFetch *fetch);
static void fetch_entry(DlIndexFetch *fetch, DlWindowEntry *entry,
						IndexScanDesc scan);
static void fetch_hinted(DlIndexFetch *fetch, DlWindowEntry *entry);
static void finish_short_key(DlIndexFetch *fetch, int keyno);
static IndexScanDesc second_scan(DlIndexFetch *fetch);
static bool fetch_row(DlIndexFetch *fetch, DlWindowEntry *entry,
					  IndexScanDesc scan);
static bool get_tuple(DlIndexFetch *fetch, DlWindowEntry *entry,
					  bool *all_dead);
static bool passes(DlIndexFetch *fetch);

/* Is it time to mark dead entries?  A standby must not. */
static inline bool
is_mostly_dead(const DlIndexFetch *fetch)
{
	return fetch->ndead > DEAD_LIMIT && fetch->ndead > fetch->nvisible &&
		!TransactionStartedDuringRecovery();
}

/*
 * The TID that the scan has come to; "cut" if the key's walk ends here by its
 * limit.
 */
void
dl_window_put(DlIndexFetch *fetch, IndexScanDesc scan, int keyno, bool cut)
{
	DlWindowEntry *entry = next_entry(fetch, &scan->xs_heaptid, keyno);

	entry->cut = cut;
	if (fetch->nwindow == 0 && is_mostly_dead(fetch))
		fetch_entry(fetch, entry, scan);
	else
		keep_entry(fetch);
}

/* A TID at which the key's only row may be: see fetch_hint.c. */
void
dl_window_put_hint(DlIndexFetch *fetch, const ItemPointerData *tid, int keyno)
{
	next_entry(fetch, tid, keyno)->hint = true;
	keep_entry(fetch);
}

static DlWindowEntry *
next_entry(DlIndexFetch *fetch, const ItemPointerData *tid, int keyno)
{
	DlWindowEntry *entry = &fetch->window[fetch->nwindow];

	entry->tid = *tid;
	entry->buffer = InvalidBuffer;
	entry->keyno = keyno;
	entry->cut = false;
	entry->hint = false;
	return entry;
}

static void
keep_entry(DlIndexFetch *fetch)
{
	if (++fetch->nwindow == DL_WINDOW_SIZE)
		dl_window_drain(fetch);
}

/* Fetches what was collected, in the order of the index; also the last of it. */
void
dl_window_drain(DlIndexFetch *fetch)
{
	dl_look_ahead_rows(fetch, fetch->window, fetch->nwindow);
	for (int i = 0; i < fetch->nwindow; i++)
		fetch_entry(fetch, &fetch->window[i], NULL);
	fetch->nwindow = 0;
}

static void
fetch_entry(DlIndexFetch *fetch, DlWindowEntry *entry, IndexScanDesc scan)
{
	CHECK_FOR_INTERRUPTS();
	if (entry->hint)
	{
		fetch_hinted(fetch, entry);
		return;
	}
	if (entry->keyno != fetch->keyno)
	{
		fetch->keyno = entry->keyno;
		fetch->nrows = 0;
	}
	if (fetch_row(fetch, entry, scan))
	{
		fetch->nrows++;
		dl_align_row(fetch->align, entry->keyno, fetch->slot);
	}
	if (entry->cut && fetch->nrows < fetch->limit)
		finish_short_key(fetch, entry->keyno);
}

/* The row that a hint leads to, if it is the key's; else it is looked for. */
static void
fetch_hinted(DlIndexFetch *fetch, DlWindowEntry *entry)
{
	if (!get_tuple(fetch, entry, NULL) ||
		!dl_hint_is_right(fetch, entry->keyno))
	{
		fetch->nwrong++;
		dl_walk_key_alone(fetch, second_scan(fetch), entry->keyno, 0);
		return;
	}
	fetch->nright++;
	fetch->nvisible++;
	pgstat_count_heap_fetch(fetch->index);
	if (passes(fetch))
		dl_align_row(fetch->align, entry->keyno, fetch->slot);
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
			window[n].tid = *tid;
			window[n].buffer = InvalidBuffer;
			window[n++].hint = false;
		}

		/* a lone one is fetched by the scan */
		if (size > 1)
			dl_look_ahead_rows(fetch, window, n);
		for (int i = 0; i < n; i++)
		{
			CHECK_FOR_INTERRUPTS();
			if (!fetch_row(fetch, &window[i], size == 1 ? scan : NULL))
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
		fetch->again = dl_begin_scan(fetch, fetch->batch->target->nkeys);
	return fetch->again;
}

/*
 * True if the row is visible and passes the filter; it is in the slot then.
 * "scan" is given if it stands at this TID, and then marks it if it is dead.
 */
static bool
fetch_row(DlIndexFetch *fetch, DlWindowEntry *entry, IndexScanDesc scan)
{
	if (scan != NULL)
	{
		if (!index_fetch_heap(scan, fetch->slot))
			return false;
	}
	else
	{
		bool		all_dead = false;

		if (!get_tuple(fetch, entry, &all_dead))
		{
			fetch->ndead += all_dead;
			return false;
		}
		pgstat_count_heap_fetch(fetch->index);
	}
	fetch->nvisible++;
	return passes(fetch);
}

/* True if the tuple is visible; it is in the slot then.  "all_dead": or NULL. */
static bool
get_tuple(DlIndexFetch *fetch, DlWindowEntry *entry, bool *all_dead)
{
	bool		call_again = false;
	bool		pinned = dl_pin_page(fetch, entry);
	bool		found;

	/* a page that does not exist could not be read */
	if (!pinned && entry->hint && !dl_hint_exists(fetch, entry))
		return false;
	found = table_index_fetch_tuple(fetch->heap, &entry->tid, fetch->snapshot,
									fetch->slot, &call_again, all_dead);
	if (fetch->prefetch && !BufferIsValid(entry->buffer))
		dl_remember_page(fetch, entry);
	return found;
}

static bool
passes(DlIndexFetch *fetch)
{
	slot_getsomeattrs(fetch->slot, fetch->batch->target->max_attno);
	return dl_passes_filter(fetch, fetch->slot);
}

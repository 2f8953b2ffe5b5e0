/*-------------------------------------------------------------------------
 *
 * fetch_page.c
 *	  Finds the pages that hold the next rows, and brings them within reach.
 *
 * A fetch of a random tuple waits for one cache miss after another: buffer
 * table, buffer descriptor, page header, line pointer, tuple.  For a window of
 * tuples these misses are had side by side, one step for all before the next.
 * A page that is not in memory is asked for, so that reads overlap, too.
 *
 * The steps read rather than prefetch where a page is touched first: a CPU may
 * drop a prefetch whose address it cannot translate at once, and in the memory
 * of a large server that is most of them.
 *
 * The buffer table cannot be looked into side by side: its locks order what is
 * read.  So each backend remembers in which buffer it saw a page last.  That is
 * a guess; the buffer's tag tells whether it is right.  Look-ahead compares the
 * tag without a lock, and what it then reads in the page may be half written,
 * or by now of another page: nothing is followed out of the page, and all that
 * comes of it here is what is in the CPU's cache.  A pin is taken by
 * ReadRecentBuffer(), which compares the tag under the buffer's own lock.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "compat.h"
#include "fetch_index.h"
#include "storage/buf_internals.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"
#include "utils/rel.h"

/* What the CPU reads at a time, and how much of a tuple is read ahead of its use. */
#define CACHE_LINE 64
#define MOST_AHEAD (8 * CACHE_LINE)

/*
 * For each page one place, which it may share with others: the last one stays.
 * Enough for 2 GB of tables and indexes that a backend reads by turns.  Memory is
 * taken as places are used: 4 kB for 8 MB of them.
 */
#define NGUESSES (256 * 1024)
static Buffer guesses[NGUESSES];

static Buffer *guess_of(Relation rel, BlockNumber block);
static void remember(Relation rel, BlockNumber block, Buffer buffer);
static inline ItemId line_pointer(const DlWindowEntry *entry);
static void touch_tuples(DlWindowEntry *window, int n);

/*
 * Fills in the buffers of the window, and starts the reads of pages that are
 * not in memory.  For a lone row all this would only be done twice: it has the
 * guess.
 */
void
dl_look_ahead_rows(DlIndexFetch *fetch, DlWindowEntry *window, int n)
{
	BlockNumber blocks[DL_WINDOW_SIZE];
	Buffer		buffers[DL_WINDOW_SIZE];

	if (!fetch->prefetch || n == 0)
		return;

	blocks[0] = InvalidBlockNumber; /* keep the compiler quiet */
	for (int i = 0; i < n; i++)
		blocks[i] = ItemPointerGetBlockNumber(&window[i].tid);
	dl_guess_pages(fetch->rel, blocks, buffers, n);
	for (int i = 0; i < n; i++)
	{
		if (!BufferIsValid(buffers[i]) && window[i].hint &&
			!dl_hint_exists(fetch, &window[i]))
			blocks[i] = InvalidBlockNumber;
	}
	if (n > 1)
		dl_ask_for_pages(fetch->rel, blocks, buffers, n);
	for (int i = 0; i < n; i++)
		window[i].buffer = buffers[i];
	if (n > 1)
		touch_tuples(window, n);
}

/*
 * Where these pages are, as far as the guesses are right; otherwise, and for
 * blocks that are invalid, InvalidBuffer.
 */
void
dl_guess_pages(Relation rel, const BlockNumber *blocks, Buffer *buffers, int n)
{
	/* one in memory of our own could have the tag of another one */
	bool		shared = !RelationUsesLocalBuffers(rel);

	for (int i = 0; i < n; i++)
	{
		buffers[i] = shared && BlockNumberIsValid(blocks[i]) ?
			*guess_of(rel, blocks[i]) : InvalidBuffer;
		if (BufferIsValid(buffers[i]))
			__builtin_prefetch(GetBufferDescriptor(buffers[i] - 1));
	}
	for (int i = 0; i < n; i++)
	{
		BufferTag	tag;

		if (!BufferIsValid(buffers[i]))
			continue;
		InitBufferTag(&tag, &rel->rd_locator, MAIN_FORKNUM, blocks[i]);
		if (!BufferTagsEqual(&GetBufferDescriptor(buffers[i] - 1)->tag, &tag))
			buffers[i] = InvalidBuffer;
	}
}

/*
 * Looks up in the buffer table what was not guessed; pages that are not in memory
 * stay InvalidBuffer, and are being read.  All valid blocks must exist.
 */
void
dl_ask_for_pages(Relation rel, const BlockNumber *blocks, Buffer *buffers, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (i > 0 && blocks[i] == blocks[i - 1])
			buffers[i] = buffers[i - 1];
		else if (!BufferIsValid(buffers[i]) && BlockNumberIsValid(blocks[i]))
		{
			buffers[i] = PrefetchBuffer(rel, MAIN_FORKNUM, blocks[i]).recent_buffer;
			remember(rel, blocks[i], buffers[i]);
		}
	}
}

/* Pages of a relation that follow each other have places that do, too. */
static Buffer *
guess_of(Relation rel, BlockNumber block)
{
	return &guesses[(rel->rd_id * 40503 + block) % NGUESSES];
}

/* For the next guess, if it is a page that others could see. */
static void
remember(Relation rel, BlockNumber block, Buffer buffer)
{
	if (BufferIsValid(buffer) && !BufferIsLocal(buffer))
		*guess_of(rel, block) = buffer;
}

static inline ItemId
line_pointer(const DlWindowEntry *entry)
{
	return PageGetItemId(BufferGetPage(entry->buffer),
						 ItemPointerGetOffsetNumber(&entry->tid));
}

/* What a fetch of the tuples will read.  Its name is in test/valgrind.supp. */
static pg_noinline void
touch_tuples(DlWindowEntry *window, int n)
{
	ItemIdData	items[DL_WINDOW_SIZE];

	for (int i = 0; i < n; i++)
	{
		/* a hint may be anything */
		if (ItemPointerGetOffsetNumber(&window[i].tid) > MaxHeapTuplesPerPage)
			window[i].buffer = InvalidBuffer;
		if (BufferIsValid(window[i].buffer))
			items[i] = *line_pointer(&window[i]);
	}
	for (int i = 0; i < n; i++)
	{
		const char *page;
		int			end;

		/* another page by now, whose line pointers may be anything */
		if (!BufferIsValid(window[i].buffer) || items[i].lp_off >= BLCKSZ)
			continue;
		page = BufferGetPage(window[i].buffer);
		end = items[i].lp_off + Min(items[i].lp_len, MOST_AHEAD);
		(void) *(volatile const char *) (page + items[i].lp_off);
		for (int byte = items[i].lp_off + CACHE_LINE; byte < end; byte += CACHE_LINE)
			__builtin_prefetch(page + byte);
		__builtin_prefetch(page);
	}
}

/*
 * Gives the fetch its pin on the page of this row, if that can be had without
 * the buffer table.  True: it has it, so the page exists.  False: the fetch has
 * to look the page up itself.  Counts and prunes as heapam_index_fetch_tuple()
 * does for a page that is new to it.
 *
 * A pin so taken does not count as a use for the clock sweep, by which pages of
 * little use leave first.  So it is taken only if a use would not count, as the
 * page has the highest count there is.
 */
bool
dl_pin_page(DlIndexFetch *fetch, const DlWindowEntry *entry)
{
	/* the direct path is for the access method heap only */
	IndexFetchHeapData *heap = (IndexFetchHeapData *) fetch->heap;
	BlockNumber block;

	if (!BufferIsValid(entry->buffer))
		return false;
	block = ItemPointerGetBlockNumber(&entry->tid);
	if (entry->buffer == heap->xs_cbuf)
		return BufferGetBlockNumber(heap->xs_cbuf) == block;
	if (!dl_page_is_hot(entry->buffer) ||
		!ReadRecentBuffer(fetch->rel->rd_locator, MAIN_FORKNUM, block,
						  entry->buffer))
		return false;

	if (BufferIsValid(heap->xs_cbuf))
		ReleaseBuffer(heap->xs_cbuf);
	heap->xs_cbuf = entry->buffer;
	dl_count_recent_buffer(fetch->rel);
	heap_page_prune_opt(fetch->rel, entry->buffer);
	return true;
}

/* Where the fetch has found the page of this row, which it has pinned. */
void
dl_remember_page(const DlIndexFetch *fetch, const DlWindowEntry *entry)
{
	remember(fetch->rel, ItemPointerGetBlockNumber(&entry->tid),
			 ((IndexFetchHeapData *) fetch->heap)->xs_cbuf);
}

/*
 * Does the page in the buffer have the highest count of uses that there is?
 * Those in memory of our own are not asked.
 */
bool
dl_page_is_hot(Buffer buffer)
{
	BufferDesc *descriptor;

	if (BufferIsLocal(buffer))
		return false;
	descriptor = GetBufferDescriptor(buffer - 1);
	return BUF_STATE_GET_USAGECOUNT(pg_atomic_read_u32(&descriptor->state)) >=
		BM_MAX_USAGE_COUNT;
}

/*-------------------------------------------------------------------------
 *
 * fetch_ahead.c
 *	  Searches the index for some keys ahead of the scan, side by side.
 *
 * A descent to a random key is bound by the cache misses of its leaf page:
 * buffer table, buffer descriptor, page header, and those of a binary search,
 * one after the other.  So for some keys ahead of the scan, leaf pages are looked
 * up here and searched (fetch_leaf.c), side by side.  A page that is not in memory
 * is asked for as well, so that reads overlap, too.
 *
 * Inner pages, which are few, are read as every reader of the index reads them,
 * pinned and locked.  Leaf pages are not: what is found there may be half
 * written, or by now of another page.  So nothing that is read there is
 * believed.  What comes of it is that the scan, which says which rows there
 * are, finds the page in the cache; or, if the index is unique, a hint to the
 * row, which says by itself whether the hint was right (fetch_hint.c).
 *
 * Walks that begin at a cursor do not look ahead: only the first column is
 * compared, and they begin in the middle of the key's tuples, which may be pages
 * away.
 *
 * This is group prefetching (Chen, Ailamaki, Gibbons, Mowry: Improving hash join
 * performance through prefetching, ICDE 2004), with a search tree.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "access/tupmacs.h"
#include "catalog/pg_index.h"
#include "fetch_index.h"
#include "fetch_leaf.h"
#include "keysort.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"
#include "utils/rel.h"
#include "utils/uuid.h"

/* Fewer keys than this are not worth it. */
#define AHEAD_KEYS 4

/*
 * A tree with fewer levels above its leaves has some hundred leaf pages, and
 * they stay in the cache by themselves: as measured.
 */
#define AHEAD_LEVELS 2

#define BTREE_OPAQUE(page) ((BTPageOpaque) PageGetSpecialPointer(page))

static bool has_rank(Oid opfamily, Oid type);
static int64 rank_of_key(const DlIndexFetch *fetch, int keyno);
static void find_leaves(const DlIndexFetch *fetch, const int64 *ranks, int n,
						BlockNumber *blocks, double *shares);
static void find_children(const DlIndexFetch *fetch, uint32 level,
						  const int64 *ranks, int n, BlockNumber *blocks,
						  double *shares);
static OffsetNumber find_child(Relation index, Page page, int64 rank);
static double share_of(Relation index, Page page, OffsetNumber low, int64 rank);
static IndexTuple tuple_at(Page page, OffsetNumber offset);
static int64 separator_of(Relation index, IndexTuple tuple);

/* At the start of a walk: is it worth it for these keys in this index? */
void
dl_begin_ahead(DlIndexFetch *fetch)
{
	const BTMetaPageData *meta;

	if (!fetch->hinted && (fetch->batch->keys->ndistinct < AHEAD_KEYS ||
						   !dl_can_look_ahead(fetch)))
		return;

	/*
	 * As the index access method keeps it, which may be out of date: by now the
	 * page may have been split, deleted or used elsewhere.  find_children() looks
	 * at the level, and nothing in a leaf is believed.  A key that is not found
	 * is left to the scan, which drops what is kept if it is wrong.
	 */
	fetch->root_level = _bt_getrootheight(fetch->index);
	meta = (const BTMetaPageData *) fetch->index->rd_amcache;
	if (meta != NULL)
		fetch->root = meta->btm_fastroot;
	else						/* it is empty */
		fetch->hinted = false;
}

/* May pages be asked for, and do keys and index have ranks? */
bool
dl_can_look_ahead(const DlIndexFetch *fetch)
{
	const DlTarget *target = fetch->batch->target;
	Relation	index = fetch->index;

	return fetch->prefetch && target->nkeys == 1 &&
		has_rank(target->keys[0].opfamily, target->keys[0].opright) &&
		has_rank(index->rd_opfamily[0], index->rd_opcintype[0]) &&
		(index->rd_indoption[0] & INDOPTION_DESC) == 0;
}

/*
 * To be called with each key before its descent: looks a window of keys ahead
 * whenever the last one is used up.
 */
void
dl_look_ahead_keys(DlIndexFetch *fetch, int keyno)
{
	int			n = Min(DL_WINDOW_SIZE, fetch->batch->keys->ndistinct - keyno);
	int64		ranks[DL_WINDOW_SIZE];
	BlockNumber blocks[DL_WINDOW_SIZE];
	double		shares[DL_WINDOW_SIZE];
	Buffer		buffers[DL_WINDOW_SIZE];
	DlLeafSearch searches[DL_WINDOW_SIZE];
	int			nsearches = 0;

	if (keyno % DL_WINDOW_SIZE != 0)
		return;
	if (!dl_hints_are_worth_it(fetch))
		fetch->hinted = false;
	if (!fetch->hinted && (fetch->root_level < AHEAD_LEVELS || n < AHEAD_KEYS))
		return;

	for (int i = 0; i < n; i++)
	{
		ranks[i] = rank_of_key(fetch, keyno + i);
		ItemPointerSetInvalid(&fetch->hints[i]);
	}
	find_leaves(fetch, ranks, n, blocks, shares);
	dl_guess_pages(fetch->index, blocks, buffers, n);
	dl_ask_for_pages(fetch->index, blocks, buffers, n);
	for (int i = 0; i < n; i++)
	{
		if (!BufferIsValid(buffers[i]))
			continue;
		searches[nsearches].key = i;
		searches[nsearches].page = (const char *) BufferGetPage(buffers[i]);
		searches[nsearches].rank = ranks[i];
		searches[nsearches].share = shares[i];
		searches[nsearches++].hint = fetch->hinted && dl_page_is_hot(buffers[i]);
	}
	dl_search_leaves(fetch, searches, nsearches);
}

/* Where the row of the key may be; NULL if that is for the scan to say. */
const ItemPointerData *
dl_hint_of(const DlIndexFetch *fetch, int keyno)
{
	const ItemPointerData *hint = &fetch->hints[keyno % DL_WINDOW_SIZE];

	return fetch->hinted && ItemPointerIsValid(hint) ? hint : NULL;
}

static bool
has_rank(Oid opfamily, Oid type)
{
	return dl_sorts_as_integer(opfamily, type) || type == UUIDOID;
}

/* A walk backward begins behind the last tuple of the key. */
static int64
rank_of_key(const DlIndexFetch *fetch, int keyno)
{
	const DlTarget *target = fetch->batch->target;
	Datum		value = *dl_keys_values(fetch->batch->keys, keyno);
	int64		rank = target->keys[0].opright == UUIDOID ?
	dl_rank_of(UUIDOID, DatumGetUUIDP(value)) : (int64) value;

	return target->index.direction == BackwardScanDirection &&
		rank < PG_INT64_MAX ? rank + 1 : rank;
}

/*
 * The blocks of the keys' leaf pages; those that are not found are invalid.  Also
 * which share of each page's tuples may be before the key.
 */
static void
find_leaves(const DlIndexFetch *fetch, const int64 *ranks, int n,
			BlockNumber *blocks, double *shares)
{
	for (int i = 0; i < n; i++)
	{
		blocks[i] = fetch->root;
		shares[i] = DL_NO_SHARE;
	}
	for (uint32 level = fetch->root_level; level > 0; level--)
	{
		int			end;

		/* keys are sorted: those that lead to the same page are neighbours */
		for (int i = 0; i < n; i = end)
		{
			for (end = i + 1; end < n && blocks[end] == blocks[i]; end++)
				;
			find_children(fetch, level, &ranks[i], end - i, &blocks[i], &shares[i]);
		}
	}
}

/* In place: from the inner page that all lead to, to the pages below. */
static void
find_children(const DlIndexFetch *fetch, uint32 level, const int64 *ranks,
			  int n, BlockNumber *blocks, double *shares)
{
	Buffer		buffer;
	Page		page;
	bool		found;

	if (!BlockNumberIsValid(blocks[0]))
		return;
	buffer = ReadBuffer(fetch->index, blocks[0]);
	LockBuffer(buffer, BT_READ);
	page = BufferGetPage(buffer);

	/* since we read of it, it may have been deleted, and used elsewhere */
	found = !PageIsNew(page) && !P_IGNORE(BTREE_OPAQUE(page)) &&
		BTREE_OPAQUE(page)->btpo_level == level &&
		PageGetMaxOffsetNumber(page) >= P_FIRSTDATAKEY(BTREE_OPAQUE(page));
	for (int i = 0; i < n; i++)
	{
		OffsetNumber child;

		blocks[i] = InvalidBlockNumber;
		if (!found)
			continue;
		child = find_child(fetch->index, page, ranks[i]);
		blocks[i] = BTreeTupleGetDownLink(tuple_at(page, child));
		if (fetch->hinted && level == 1)
			shares[i] = share_of(fetch->index, page, child, ranks[i]);
	}
	UnlockReleaseBuffer(buffer);
}

/*
 * Which tuple of this inner page leads to the one where the first tuple not
 * before the key is.  A separator that equals the key is before it if it has no
 * more columns.
 */
static OffsetNumber
find_child(Relation index, Page page, int64 rank)
{
	Size		shortest = MAXALIGN(DL_FIRST_COLUMN +
									TupleDescAttr(RelationGetDescr(index), 0)->attlen);
	OffsetNumber low = P_FIRSTDATAKEY(BTREE_OPAQUE(page));
	OffsetNumber high = PageGetMaxOffsetNumber(page);

	/* the last separator before the key; the first tuple has none */
	while (low < high)
	{
		OffsetNumber middle = (low + high + 1) / 2;
		IndexTuple	tuple = tuple_at(page, middle);
		int64		separator = separator_of(index, tuple);

		if (separator < rank ||
			(separator == rank && IndexTupleSize(tuple) <= shortest))
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/*
 * The key is between the separator at "low" and the next one: what share of the
 * way is it?  Only for hints: a scan goes from middle to middle, and would not
 * find the tuples of its steps in the cache.
 */
static double
share_of(Relation index, Page page, OffsetNumber low, int64 rank)
{
	double		from;
	double		to;

	/* the first has no value, the last no next one */
	if (low == P_FIRSTDATAKEY(BTREE_OPAQUE(page)) ||
		low == PageGetMaxOffsetNumber(page))
		return DL_NO_SHARE;
	from = (double) separator_of(index, tuple_at(page, low));
	to = (double) separator_of(index, tuple_at(page, low + 1));
	return from < to ? ((double) rank - from) / (to - from) : DL_NO_SHARE;
}

static IndexTuple
tuple_at(Page page, OffsetNumber offset)
{
	return (IndexTuple) PageGetItem(page, PageGetItemId(page, offset));
}

/* The rank of an inner page's separator; beyond all others if it is NULL. */
static int64
separator_of(Relation index, IndexTuple tuple)
{
	if (IndexTupleHasNulls(tuple) &&
		att_isnull(0, (bits8 *) (tuple + 1)))
		return (index->rd_indoption[0] & INDOPTION_NULLS_FIRST) ?
			PG_INT64_MIN : PG_INT64_MAX;
	return dl_rank_of(index->rd_opcintype[0],
					  (char *) tuple + IndexInfoFindDataOffset(tuple->t_info));
}

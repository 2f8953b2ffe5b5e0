/*-------------------------------------------------------------------------
 *
 * fetch_ahead.c
 *	  Searches the index for some keys ahead of the scan, side by side.
 *
 * A descent to a random key is bound by the cache misses of its leaf page:
 * buffer table, buffer descriptor, page header, and for each step of the binary
 * search a line pointer and an index tuple, one after the other.  So for some
 * keys ahead of the scan, leaf pages are looked up and searched here, side by
 * side: each search asks for the cache line of its next step, and takes the step
 * when all others have asked for theirs.  A page that is not in memory is asked
 * for as well, so that reads overlap, too.
 *
 * Inner pages, which are few, are read as every reader of the index reads them,
 * pinned and locked.  Leaf pages are not: what is found there may be half
 * written, or by now of another page.  So nothing that is read there is
 * believed.  What comes of it is that the scan, which says which rows there
 * are, finds the page in the cache; or, if the index is unique, a hint to the
 * row, which says by itself whether the hint was right (fetch_hint.c).
 *
 * Values are compared by their ranks, integers that order as they do, or nearly
 * so: the first half of a uuid is enough.  Walks that begin at a
 * cursor do not look ahead: only the first column is compared, and they begin
 * in the middle of the key's tuples, which may be pages away.
 *
 * This is group prefetching (Chen, Ailamaki, Gibbons, Mowry: Improving hash join
 * performance through prefetching, ICDE 2004), with a search tree.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/itup.h"
#include "access/nbtree.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type_d.h"
#include "fetch_index.h"
#include "keysort.h"
#include "port/pg_bswap.h"
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

/* Where the first column of an index tuple without nulls is. */
#define FIRST_COLUMN ((int) MAXALIGN(sizeof(IndexTupleData)))

/* Where the tuples of a page end. */
#define TUPLES_END ((int) (BLCKSZ - MAXALIGN(sizeof(BTPageOpaqueData))))

#define BTREE_OPAQUE(page) ((BTPageOpaque) PageGetSpecialPointer(page))

/* Looks in a leaf page for the first tuple that is not before the key. */
typedef struct LeafSearch
{
	int			key;			/* its number in the window */
	Buffer		buffer;
	const char *page;
	int64		rank;			/* of the key */
	int			low;			/* offset numbers: it is one of these */
	int			high;
	int			end;			/* behind the last tuple */
	const char *tuple;			/* that of the next step */
} LeafSearch;

static bool has_rank(Oid opfamily, Oid type);
static int64 rank_of(Oid type, const void *value);
static int64 rank_of_key(const DlIndexFetch *fetch, int keyno);
static void find_leaves(const DlIndexFetch *fetch, const int64 *ranks, int n,
						BlockNumber *blocks);
static void find_children(const DlIndexFetch *fetch, uint32 level,
						  const int64 *ranks, int n, BlockNumber *blocks);
static BlockNumber find_child(const DlIndexFetch *fetch, Page page, int64 rank);
static void search_leaves(DlIndexFetch *fetch, LeafSearch *searches, int n);
static void take_hint(DlIndexFetch *fetch, const LeafSearch *search);
static void begin_search(LeafSearch *search);
static bool ask_for_tuple(LeafSearch *search);
static void step(LeafSearch *search, Oid type);
static int	middle_of(const LeafSearch *search);
static ItemId line_pointer(const LeafSearch *search, int offset);

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
	Buffer		buffers[DL_WINDOW_SIZE];
	LeafSearch	searches[DL_WINDOW_SIZE];
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
	find_leaves(fetch, ranks, n, blocks);
	dl_guess_pages(fetch->index, blocks, buffers, n);
	dl_ask_for_pages(fetch->index, blocks, buffers, n);
	for (int i = 0; i < n; i++)
	{
		if (!BufferIsValid(buffers[i]))
			continue;
		searches[nsearches].key = i;
		searches[nsearches].buffer = buffers[i];
		searches[nsearches].page = (const char *) BufferGetPage(buffers[i]);
		searches[nsearches++].rank = ranks[i];
	}
	search_leaves(fetch, searches, nsearches);
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

/* The value is that of a key or stands in an index, maybe not aligned. */
static int64
rank_of(Oid type, const void *value)
{
	int16		int2;
	int32		int4;
	int64		int8;

	switch (type)
	{
		case INT2OID:
			memcpy(&int2, value, sizeof(int2));
			return int2;
		case INT4OID:
			memcpy(&int4, value, sizeof(int4));
			return int4;
		case INT8OID:
			memcpy(&int8, value, sizeof(int8));
			return int8;
		default:				/* the first half of a uuid, as if unsigned */
			memcpy(&int8, value, sizeof(int8));
			return (int64) (pg_ntoh64((uint64) int8) ^ (UINT64CONST(1) << 63));
	}
}

/* A walk backward begins behind the last tuple of the key. */
static int64
rank_of_key(const DlIndexFetch *fetch, int keyno)
{
	const DlTarget *target = fetch->batch->target;
	Datum		value = *dl_keys_values(fetch->batch->keys, keyno);
	int64		rank = target->keys[0].opright == UUIDOID ?
	rank_of(UUIDOID, DatumGetUUIDP(value)) : (int64) value;

	return target->index.direction == BackwardScanDirection &&
		rank < PG_INT64_MAX ? rank + 1 : rank;
}

/* The blocks of the keys' leaf pages; those that are not found are invalid. */
static void
find_leaves(const DlIndexFetch *fetch, const int64 *ranks, int n,
			BlockNumber *blocks)
{
	for (int i = 0; i < n; i++)
		blocks[i] = fetch->root;
	for (uint32 level = fetch->root_level; level > 0; level--)
	{
		int			end;

		/* keys are sorted: those that lead to the same page are neighbours */
		for (int i = 0; i < n; i = end)
		{
			for (end = i + 1; end < n && blocks[end] == blocks[i]; end++)
				;
			find_children(fetch, level, &ranks[i], end - i, &blocks[i]);
		}
	}
}

/* In place: from the inner page that all lead to, to the pages below. */
static void
find_children(const DlIndexFetch *fetch, uint32 level, const int64 *ranks,
			  int n, BlockNumber *blocks)
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
		blocks[i] = found ? find_child(fetch, page, ranks[i]) :
			InvalidBlockNumber;
	UnlockReleaseBuffer(buffer);
}

/*
 * The page below this inner one where the first tuple not before the key is.
 * A separator that equals the key is before it if it has no more columns.
 */
static BlockNumber
find_child(const DlIndexFetch *fetch, Page page, int64 rank)
{
	Oid			type = fetch->index->rd_opcintype[0];
	Size		shortest = MAXALIGN(FIRST_COLUMN +
									TupleDescAttr(RelationGetDescr(fetch->index), 0)->attlen);
	OffsetNumber low = P_FIRSTDATAKEY(BTREE_OPAQUE(page));
	OffsetNumber high = PageGetMaxOffsetNumber(page);
	IndexTuple	tuple;

	/* the last separator before the key; the first tuple has none */
	while (low < high)
	{
		OffsetNumber middle = (low + high + 1) / 2;
		int64		separator;

		tuple = (IndexTuple) PageGetItem(page, PageGetItemId(page, middle));
		separator = rank_of(type, (char *) tuple + FIRST_COLUMN);
		if (separator < rank ||
			(separator == rank && IndexTupleSize(tuple) <= shortest))
			low = middle;
		else
			high = middle - 1;
	}
	tuple = (IndexTuple) PageGetItem(page, PageGetItemId(page, low));
	return BTreeTupleGetDownLink(tuple);
}

/* All of them step by step.  Its name is in test/valgrind.supp. */
static pg_noinline void
search_leaves(DlIndexFetch *fetch, LeafSearch *searches, int n)
{
	Oid			type = fetch->index->rd_opcintype[0];

	/*
	 * The headers are read, side by side, where a prefetch would wait for the
	 * page's address; the scan will read the other end, too.
	 */
	for (int i = 0; i < n; i++)
		begin_search(&searches[i]);
	for (int i = 0; i < n; i++)
		__builtin_prefetch(searches[i].page + TUPLES_END);
	while (n > 0)
	{
		int			nleft = 0;

		for (int i = 0; i < n; i++)
		{
			if (ask_for_tuple(&searches[i]))
				searches[nleft++] = searches[i];
			else if (fetch->hinted)
				take_hint(fetch, &searches[i]);
		}
		n = nleft;
		for (int i = 0; i < n; i++)
			step(&searches[i], type);
	}
}

/*
 * The search has come to its end.  Takes the TID of the tuple of its key, if it
 * is the only one: of several, but for those that are known to be dead, most
 * are older versions of the row.
 */
static void
take_hint(DlIndexFetch *fetch, const LeafSearch *search)
{
	IndexTupleData tuple = {0};
	int			ntuples = 0;

	/* or it was given up */
	if (search->low != search->high || !dl_page_is_hot(search->buffer))
		return;

	/* the search leaves out the first tuple: a high key, but for the last page */
	for (int offset = search->low == P_FIRSTKEY ? P_HIKEY : search->low;
		 offset < search->end; offset++)
	{
		ItemIdData	item = *(volatile ItemIdData *) line_pointer(search, offset);
		const char *at;

		if (item.lp_off > TUPLES_END - FIRST_COLUMN)
			return;
		at = search->page + item.lp_off;
		if (rank_of(fetch->index->rd_opcintype[0],
					at + FIRST_COLUMN) != search->rank)
		{
			if (offset == P_HIKEY)
				continue;
			break;
		}
		if (ItemIdIsDead(&item))
			continue;
		if (ntuples++ > 0)
			return;
		memcpy(&tuple, at, sizeof(tuple));
	}

	/* what is checked is what is used, whatever is in the page by now */
	pg_compiler_barrier();
	if (ntuples == 1 &&
		(tuple.t_info & (INDEX_ALT_TID_MASK | INDEX_NULL_MASK)) == 0 &&
		ItemPointerIsValid(&tuple.t_tid))
		fetch->hints[search->key] = tuple.t_tid;
}

/*
 * From the second tuple on: the first one may be the high key.  Where it is
 * not, that makes no difference to what is prefetched.
 */
static void
begin_search(LeafSearch *search)
{
	/* volatile: what was checked is what is used */
	int			lower = ((volatile PageHeaderData *) search->page)->pd_lower;
	int			ntuples = (Min(lower, TUPLES_END) - (int) SizeOfPageHeaderData) /
	(int) sizeof(ItemIdData);

	search->low = P_FIRSTKEY;
	search->end = Max(ntuples, P_HIKEY) + 1;
	search->high = search->end;
	__builtin_prefetch(line_pointer(search, middle_of(search)));
}

/* False if there are no more steps. */
static bool
ask_for_tuple(LeafSearch *search)
{
	int			offset;

	if (search->low >= search->high)
		return false;
	offset = ((volatile ItemIdData *) line_pointer(search, middle_of(search)))->lp_off;
	if (offset > TUPLES_END - FIRST_COLUMN)
		return false;			/* no leaf page any more */
	search->tuple = search->page + offset;
	__builtin_prefetch(search->tuple + FIRST_COLUMN);
	return true;
}

static void
step(LeafSearch *search, Oid type)
{
	int			middle = middle_of(search);
	bool		before = rank_of(type, search->tuple + FIRST_COLUMN) < search->rank;

	/* without a branch, which would be foreseen as badly as the key */
	search->low = before ? middle + 1 : search->low;
	search->high = before ? search->high : middle;
	__builtin_prefetch(line_pointer(search, middle_of(search)));
}

/* The offset number of the next step's tuple. */
static int
middle_of(const LeafSearch *search)
{
	return (search->low + search->high) / 2;
}

static ItemId
line_pointer(const LeafSearch *search, int offset)
{
	return &((PageHeader) search->page)->pd_linp[offset - 1];
}

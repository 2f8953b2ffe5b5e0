/*-------------------------------------------------------------------------
 *
 * fetch_leaf.c
 *	  Searches in leaf pages of a btree, side by side.
 *
 * Each step of a search waits for two cache lines, that of a line pointer and
 * that of an index tuple.  So each search asks for what its next step reads, and
 * takes the step when all others have asked for theirs.
 *
 * Where a scan is to follow, a search takes the steps that the scan will take,
 * from middle to middle.  Where a hint to the row is wanted, it begins where the
 * key would be if the values in the page were evenly spread, as those of numbered
 * rows are, and goes on from there by steps that double: mostly there are two.
 *
 * The pages are neither pinned nor locked.  What is found there may be half
 * written, or by now of another page: no address that is read leads out of the
 * page, and nothing that is read is believed (fetch_ahead.c).
 *
 * Such steps are galloping (Bentley, Yao: An almost optimal algorithm for unbounded
 * searching, Information Processing Letters 5, 1976).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "fetch_leaf.h"
#include "storage/bufpage.h"
#include "utils/rel.h"

/* Where the tuples of a page end. */
#define TUPLES_END ((int) (BLCKSZ - MAXALIGN(sizeof(BTPageOpaqueData))))

static void take_hint(DlIndexFetch *fetch, const DlLeafSearch *search);
static void begin_search(DlLeafSearch *search);
static bool ask_for_tuple(DlLeafSearch *search);
static void step(DlLeafSearch *search, Oid type);
static ItemId line_pointer(const DlLeafSearch *search, int offset);

/*
 * Takes all searches to their ends, and keeps the hints that they find, if any are
 * wanted.  The array is used up.  The name is in test/valgrind.supp.
 */
pg_noinline void
dl_search_leaves(DlIndexFetch *fetch, DlLeafSearch *searches, int n)
{
	Oid			type = fetch->index->rd_opcintype[0];

	/*
	 * The headers are read, side by side, where a prefetch would wait for the
	 * page's address; a scan will read the other end, too.
	 */
	for (int i = 0; i < n; i++)
		begin_search(&searches[i]);
	for (int i = 0; i < n; i++)
	{
		if (!searches[i].hint)
			__builtin_prefetch(searches[i].page + TUPLES_END);
	}
	while (n > 0)
	{
		int			nleft = 0;

		for (int i = 0; i < n; i++)
		{
			if (ask_for_tuple(&searches[i]))
			{
				if (nleft < i)
					searches[nleft] = searches[i];
				nleft++;
			}
			else if (searches[i].hint)
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
take_hint(DlIndexFetch *fetch, const DlLeafSearch *search)
{
	IndexTupleData tuple = {0};
	int			ntuples = 0;

	/* or it was given up */
	if (search->low != search->high)
		return;

	/* the search leaves out the first tuple: a high key, but for the last page */
	for (int offset = search->low == P_FIRSTKEY ? P_HIKEY : search->low;
		 offset < search->end; offset++)
	{
		ItemIdData	item = *(volatile ItemIdData *) line_pointer(search, offset);
		const char *at;

		if (item.lp_off > TUPLES_END - DL_FIRST_COLUMN)
			return;
		at = search->page + item.lp_off;
		if (dl_rank_of(fetch->index->rd_opcintype[0],
					   at + DL_FIRST_COLUMN) != search->rank)
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
 * not, that makes no difference to what is prefetched, and take_hint() looks at
 * the first one, too.
 */
static void
begin_search(DlLeafSearch *search)
{
	/* volatile: what was checked is what is used */
	int			lower = ((volatile PageHeaderData *) search->page)->pd_lower;
	int			ntuples = (Min(lower, TUPLES_END) - (int) SizeOfPageHeaderData) /
	(int) sizeof(ItemIdData);

	search->low = P_FIRSTKEY;
	search->end = Max(ntuples, P_HIKEY) + 1;
	search->high = search->end;
	if (search->hint && search->share >= 0)
	{
		/* the nearest, then its neighbours */
		search->next = search->low +
			(int) (search->share * (search->end - search->low) + 0.5);
		search->next = Min(search->next, search->end - 1);
		search->reach = 0;
	}
	else
	{
		search->next = (search->low + search->high) / 2;
		search->reach = search->end;
	}
	__builtin_prefetch(line_pointer(search, search->next));
}

/* False if there are no more steps. */
static bool
ask_for_tuple(DlLeafSearch *search)
{
	int			offset;

	if (search->low >= search->high)
		return false;
	offset = ((volatile ItemIdData *) line_pointer(search, search->next))->lp_off;
	if (offset > TUPLES_END - DL_FIRST_COLUMN)
		return false;			/* no leaf page any more */
	search->tuple = search->page + offset;
	__builtin_prefetch(search->tuple + DL_FIRST_COLUMN);
	return true;
}

/*
 * "next" is not below "low", and below "high": so each step narrows the range,
 * whatever is in the page.  Without a share it is the middle each time.  With one,
 * "reach" grows from 0: neighbours come first, and the middle once it is nearer.
 */
static void
step(DlLeafSearch *search, Oid type)
{
	bool		before = dl_rank_of(type, search->tuple + DL_FIRST_COLUMN) < search->rank;
	int			middle;

	/* without a branch, which would be predicted as badly as the key */
	search->low = before ? search->next + 1 : search->low;
	search->high = before ? search->high : search->next;
	middle = (search->low + search->high) / 2;
	search->next = before ? Min(search->low + search->reach, middle) :
		Max(search->high - 1 - search->reach, middle);
	search->reach += search->reach + 1;
	__builtin_prefetch(line_pointer(search, search->next));
}

static ItemId
line_pointer(const DlLeafSearch *search, int offset)
{
	return &((PageHeader) search->page)->pd_linp[offset - 1];
}

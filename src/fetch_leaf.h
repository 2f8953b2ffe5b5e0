/*
 * fetch_leaf.h
 *		Searches in leaf pages of a btree, side by side.
 */
#ifndef DL_FETCH_LEAF_H
#define DL_FETCH_LEAF_H

#include "access/itup.h"
#include "catalog/pg_type_d.h"
#include "fetch_index.h"
#include "port/pg_bswap.h"

/* One that looks for the first tuple that is not before the key. */
typedef struct DlLeafSearch
{
	/* by the caller */
	int64		rank;			/* of the key */
	int			key;			/* its number in the window */
	bool		hint;			/* is one wanted?  Else a scan will follow. */
	const char *page;
	double		share;			/* which share of the page's tuples is before the
								 * key, as estimated, from 0 to 1; or DL_NO_SHARE;
								 * for hints only */

	/* by the search */
	const char *tuple;			/* of the next step */
	int			next;			/* its offset number */
	int			reach;			/* how far the step after that may go from it */
	int			low;			/* offset number of the tuple that is looked for: */
	int			high;			/* between these; "end" if there is none */
	int			end;			/* behind the last tuple */
} DlLeafSearch;

/* That is not known. */
#define DL_NO_SHARE (-1.0)

/* Where the first column of an index tuple without nulls is. */
#define DL_FIRST_COLUMN ((int) MAXALIGN(sizeof(IndexTupleData)))

extern void dl_search_leaves(DlIndexFetch *fetch, DlLeafSearch *searches, int n);

/*
 * Values are compared by their ranks, integers that order as they do, or nearly
 * so: the first half of a uuid is enough.  The value is that of a key or stands
 * in an index, maybe not aligned.
 */
static inline int64
dl_rank_of(Oid type, const void *value)
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

#endif							/* DL_FETCH_LEAF_H */

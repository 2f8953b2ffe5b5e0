/*-------------------------------------------------------------------------
 *
 * fetch_dense.c
 *	  The direct path for keys that lie close to each other in the index.
 *
 * To find each key by a descent from the root costs about as much as to read
 * some tens of index entries in a row.  So where the batch wants a good part
 * of the entries between its first and its last key, all of them are read, in
 * one range scan, and matched with the sorted keys as a merge join does.
 * Where the range turns out to have a long gap, the scan descends once more.
 *
 * Servers that look for an array of keys along the leaf pages do so better for
 * keys that lie a little further apart.
 *
 * Only for integer keys, whose distance says what lies between them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/itup.h"
#include "access/stratnum.h"
#include "catalog/pg_index.h"
#include "compat.h"
#include "fetch_index.h"
#include "keysort.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/*
 * A range with up to this many entries for each key is read as a whole, and an
 * array of keys looked for in one with up to that many: by bench/walks.sh.
 */
#define RANGE_ENTRIES (DL_BTREE_WALKS_ARRAYS ? 4 : 16)
#define ARRAY_ENTRIES (DL_BTREE_WALKS_ARRAYS ? 100 : 0)

/* The same where rows can be found by hints, without a descent for each. */
#define HINT_ENTRIES 3

/* Fewer keys than this are not worth it. */
#define DENSE_KEYS 8

/* After this many entries that no key wants, descend to the next one. */
#define LONG_GAP 128

static double entries_between(const DlIndexFetch *fetch);
static double entries_of_a_key(const DlIndexFetch *fetch);
static IndexScanDesc begin_walk(const DlIndexFetch *fetch);
static IndexScanDesc descend(const DlIndexFetch *fetch, IndexScanDesc scan,
							 int keyno);
static IndexScanDesc begin_array(const DlIndexFetch *fetch);
static IndexScanDesc begin_scan(const DlIndexFetch *fetch, int nkeys);

/*
 * Does the batch want a good part of what lies between its keys?  There must
 * be no limit: it would need its walk ended key by key.
 */
bool
dl_is_dense(const DlIndexFetch *fetch)
{
	const DlTarget *target = fetch->batch->target;
	int			nkeys = fetch->batch->keys->ndistinct;

	return fetch->limit < 0 && target->nkeys == 1 && nkeys >= DENSE_KEYS &&
		!fetch->batch->keys->may_repeat &&
		dl_sorts_as_integer(target->keys[0].opfamily,
							target->keys[0].opright) &&
		dl_sorts_as_integer(fetch->index->rd_opfamily[0],
							fetch->index->rd_opcintype[0]) &&
		target->index.direction == ForwardScanDirection &&
		(fetch->index->rd_indoption[0] & INDOPTION_DESC) == 0 &&
		entries_of_a_key(fetch) <= (dl_may_hint(fetch) ? HINT_ENTRIES :
									Max(RANGE_ENTRIES, ARRAY_ENTRIES));
}

/* At most this many entries, by what is known without looking. */
static double
entries_between(const DlIndexFetch *fetch)
{
	const DlKeys *keys = fetch->batch->keys;
	double		span = (double) (int64) keys->values[keys->ndistinct - 1] -
		(double) (int64) keys->values[0] + 1;
	double		rows = fetch->rel->rd_rel->reltuples;

	if (!fetch->batch->target->index.unique)
		return rows < 0 ? INFINITY : rows;
	return rows < 0 ? span : Min(span, rows);
}

/* From one key to the next, on the average. */
static double
entries_of_a_key(const DlIndexFetch *fetch)
{
	return entries_between(fetch) / fetch->batch->keys->ndistinct;
}

void
dl_walk_dense(DlIndexFetch *fetch)
{
	const DlKeys *keys = fetch->batch->keys;
	bool		nulls_first =
	(fetch->index->rd_indoption[0] & INDOPTION_NULLS_FIRST) != 0;
	IndexScanDesc scan = begin_walk(fetch);
	int			keyno = 0;
	int			gap = 0;

	while (index_getnext_tid(scan, ForwardScanDirection) != NULL)
	{
		bool		isnull;
		int64		value = (int64) index_getattr(scan->xs_itup, 1,
												  scan->xs_itupdesc, &isnull);

		CHECK_FOR_INTERRUPTS();
		while (!isnull && keyno < keys->ndistinct &&
			   (int64) keys->values[keyno] < value)
			keyno++;
		if (keyno == keys->ndistinct || (isnull && !nulls_first))
			break;
		if (!isnull && (int64) keys->values[keyno] == value)
		{
			gap = 0;
			dl_window_put(fetch, scan, keyno, false);
		}
		else if (++gap > LONG_GAP)
		{
			gap = 0;
			scan = descend(fetch, scan, keyno);
		}
	}
	dl_window_drain(fetch);
	index_endscan(scan);
}

/*
 * Of the keys alone; or from the first key; or from the start of the index if
 * that is not far: then there is no condition that each entry would have to be
 * checked against.  Where a range ends is left to the walk's loop.
 */
static IndexScanDesc
begin_walk(const DlIndexFetch *fetch)
{
	double		rows = fetch->rel->rd_rel->reltuples;
	IndexScanDesc scan;

	if (entries_of_a_key(fetch) > RANGE_ENTRIES)
		return begin_array(fetch);
	if (rows < 0 || rows > entries_between(fetch) + LONG_GAP)
		return descend(fetch, NULL, 0);

	scan = begin_scan(fetch, 0);
	index_rescan(scan, NULL, 0, NULL, 0);
	return scan;
}

/* The walk goes on at this key. */
static IndexScanDesc
descend(const DlIndexFetch *fetch, IndexScanDesc scan, int keyno)
{
	const DlKeyColumn *key = &fetch->batch->target->keys[0];
	Oid			opcintype = fetch->index->rd_opcintype[0];
	Oid			operator = get_opfamily_member(key->opfamily, opcintype,
											   key->opright,
											   BTGreaterEqualStrategyNumber);
	ScanKeyData skey;

	if (!OidIsValid(operator))
		elog(ERROR, "missing operator %d(%u,%u) in opfamily %u",
			 BTGreaterEqualStrategyNumber, opcintype, key->opright,
			 key->opfamily);
	ScanKeyEntryInitialize(&skey, 0, 1, BTGreaterEqualStrategyNumber,
						   key->opright, InvalidOid, get_opcode(operator),
						   fetch->batch->keys->values[keyno]);

	/* the number of conditions is fixed when a scan begins */
	if (scan != NULL && scan->numberOfKeys == 0)
	{
		index_endscan(scan);
		scan = NULL;
	}
	if (scan == NULL)
		scan = begin_scan(fetch, 1);
	index_rescan(scan, &skey, 1, NULL, 0);
	return scan;
}

/* Gives the entries of all keys and no others. */
static IndexScanDesc
begin_array(const DlIndexFetch *fetch)
{
	const DlKeys *keys = fetch->batch->keys;
	const DlKeyColumn *key = &fetch->batch->target->keys[0];
	IndexScanDesc scan = begin_scan(fetch, 1);
	ArrayType  *array;
	ScanKeyData skey;
	int16		typlen;
	bool		typbyval;
	char		typalign;

	get_typlenbyvalalign(key->opright, &typlen, &typbyval, &typalign);
	array = construct_array(keys->values, keys->ndistinct, key->opright,
							typlen, typbyval, typalign);
	ScanKeyEntryInitialize(&skey, SK_SEARCHARRAY, 1, BTEqualStrategyNumber,
						   key->opright, InvalidOid, get_opcode(key->eqop),
						   PointerGetDatum(array));
	index_rescan(scan, &skey, 1, NULL, 0);
	return scan;
}

static IndexScanDesc
begin_scan(const DlIndexFetch *fetch, int nkeys)
{
	IndexScanDesc scan = dl_begin_scan(fetch, nkeys);

	/* the entries themselves are read, too */
	scan->xs_want_itup = true;
	return scan;
}

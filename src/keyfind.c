/*-------------------------------------------------------------------------
 *
 * keyfind.c
 *	  From a row to its key, and from a key to its positions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "keys.h"
#include "utils/lsyscache.h"

struct DlKeyFinder
{
	const DlKeys *keys;
	FmgrInfo   *compare;		/* (column's type, key's type), for each */
	Oid		   *collations;
	int			last;			/* number of the key found last */
};

DlKeyFinder *
dl_keys_finder(const DlTarget *target, const DlKeys *keys)
{
	DlKeyFinder *finder = palloc0(sizeof(DlKeyFinder));

	finder->keys = keys;
	finder->compare = palloc0(keys->ncolumns * sizeof(FmgrInfo));
	finder->collations = palloc0(keys->ncolumns * sizeof(Oid));
	for (int i = 0; i < keys->ncolumns; i++)
	{
		const DlKeyColumn *key = &target->keys[i];
		Oid			left;
		Oid			right;
		Oid			compare;

		op_input_types(key->eqop, &left, &right);
		compare = get_opfamily_proc(key->opfamily, left, right, BTORDER_PROC);
		if (!OidIsValid(compare))
			elog(ERROR, "missing support function %d(%u,%u) in opfamily %u",
				 BTORDER_PROC, left, right, key->opfamily);
		fmgr_info(compare, &finder->compare[i]);
		finder->collations[i] = key->collation;
	}
	return finder;
}

/*
 * The number of the key that equals these values, none of them NULL; -1 if
 * there is none.  Rows often come in runs of one key, which is tried first.
 */
int
dl_keys_find(DlKeyFinder *finder, const Datum *columns)
{
	int			low = 0;
	int			high = finder->keys->ndistinct - 1;
	int			middle = finder->last;

	while (low <= high)
	{
		int			result = 0;

		for (int i = 0; result == 0 && i < finder->keys->ncolumns; i++)
			result = dl_keys_compare(finder, middle, i, columns[i]);
		if (result == 0)
			return finder->last = middle;
		if (result < 0)
			high = middle - 1;
		else
			low = middle + 1;
		middle = low + (high - low) / 2;
	}
	return -1;
}

/*
 * Where a value of one key column, not NULL, stands to that of a key: less
 * than, equal to or greater than 0 for before, at or behind it.
 */
int
dl_keys_compare(DlKeyFinder *finder, int keyno, int column, Datum value)
{
	return DatumGetInt32(FunctionCall2Coll(&finder->compare[column],
										   finder->collations[column], value,
										   dl_keys_values(finder->keys, keyno)[column]));
}

/*
 * Sorts the positions by the number of their key, by counting.  Allocates in
 * CurrentMemoryContext.
 */
void
dl_keys_group_positions(const DlKeys *keys, DlKeyPositions *result)
{
	int			end = 0;

	result->positions = palloc_extended(mul_size(Max(keys->npositions, 1),
												 sizeof(int)),
										MCXT_ALLOC_HUGE);
	result->end = palloc_extended(mul_size(Max(keys->ndistinct, 1),
										   sizeof(int)),
								  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < keys->npositions; i++)
	{
		if (dl_keys_at(keys, i) >= 0)
			result->end[dl_keys_at(keys, i)]++;
	}

	/* from counts to starts, and by filling in, from starts to ends */
	for (int keyno = 0; keyno < keys->ndistinct; keyno++)
	{
		int			count = result->end[keyno];

		result->end[keyno] = end;
		end += count;
	}
	for (int i = 0; i < keys->npositions; i++)
	{
		if (dl_keys_at(keys, i) >= 0)
			result->positions[result->end[dl_keys_at(keys, i)]++] = i;
	}
}

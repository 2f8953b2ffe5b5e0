/*-------------------------------------------------------------------------
 *
 * keysort.c
 *	  The order of the keys of a batch while it is read.
 *
 * Keys that come sorted are left as they are.  Integers, which most keys are,
 * are sorted digit by digit without a comparison; all others by the btree
 * operator family of their columns.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_opfamily_d.h"
#include "catalog/pg_type_d.h"
#include "keysort.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

#define DIGIT_BITS 8
#define DIGITS (1 << DIGIT_BITS)

/* Fewer integers than this are sorted sooner by comparing them: as measured. */
#define RADIX_KEYS 64

static bool is_sorted(const DlKeySort *sort, const DlKeyEntry *entries, int n);
static void sort_digit(DlKeyEntry *to, const DlKeyEntry *from, int n, int shift);

#define ST_SORT sort_entries
#define ST_ELEMENT_TYPE DlKeyEntry
#define ST_COMPARE(a, b, sort) dl_keysort_compare(a, b, sort)
#define ST_COMPARE_ARG_TYPE const DlKeySort
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * Do values of this type have, in this family, the order of their Datums taken
 * as signed integers?  integer_ops may hold types of extensions, too, unsigned
 * ones perhaps; and where Datums are narrow, an int8 is a pointer.
 */
bool
dl_sorts_as_integer(Oid opfamily, Oid type)
{
	return SIZEOF_DATUM == 8 && opfamily == INTEGER_BTREE_FAM_OID &&
		(type == INT2OID || type == INT4OID || type == INT8OID);
}

/* "values" must stay as long as the sort; all of it is the call's. */
void
dl_keysort_begin(DlKeySort *sort, const DlTarget *target, const Datum *values)
{
	sort->integers = target->nkeys == 1 &&
		dl_sorts_as_integer(target->keys[0].opfamily,
							target->keys[0].opright);
	sort->ncolumns = target->nkeys;
	sort->values = values;
	if (sort->integers)
		return;
	sort->columns = palloc0(target->nkeys * sizeof(SortSupportData));
	for (int i = 0; i < target->nkeys; i++)
	{
		const DlKeyColumn *key = &target->keys[i];
		SortSupport column = &sort->columns[i];

		column->ssup_cxt = CurrentMemoryContext;
		column->ssup_collation = key->collation;
		PrepareSortSupportFromOrderingOp(get_opfamily_member(key->opfamily,
															 key->opright,
															 key->opright,
															 BTLessStrategyNumber),
										 column);
	}
}

int
dl_keysort_compare(const DlKeyEntry *a, const DlKeyEntry *b,
				   const DlKeySort *sort)
{
	int			result;

	if (sort->integers)
		return (DatumGetInt64(a->first) > DatumGetInt64(b->first)) -
			(DatumGetInt64(a->first) < DatumGetInt64(b->first));
	result = ApplySortComparator(a->first, false, b->first, false,
								 &sort->columns[0]);
	for (int i = 1; result == 0 && i < sort->ncolumns; i++)
		result = ApplySortComparator(sort->values[(Size) a->position * sort->ncolumns + i], false,
									 sort->values[(Size) b->position * sort->ncolumns + i], false,
									 &sort->columns[i]);
	return result;
}

/* Sorts the entries by key; equal keys stay in no particular order. */
void
dl_keysort(const DlKeySort *sort, DlKeyEntry *entries, int n)
{
	if (is_sorted(sort, entries, n))
		return;
	if (sort->integers && n >= RADIX_KEYS)
		dl_keysort_integers(entries, n);
	else
		sort_entries(entries, n, sort);
}

static bool
is_sorted(const DlKeySort *sort, const DlKeyEntry *entries, int n)
{
	for (int i = 1; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (dl_keysort_compare(&entries[i - 1], &entries[i], sort) > 0)
			return false;
	}
	return true;
}

/*
 * A radix sort from the lowest digit up (LSD), for integers of any width: their
 * Datums are sign-extended to 64 bits, or none is negative.  Digits that are
 * the same in all keys, for most batches the upper ones, are passed over.
 */
void
dl_keysort_integers(DlKeyEntry *entries, int n)
{
	DlKeyEntry *spare = palloc_extended(mul_size(n, sizeof(DlKeyEntry)),
										MCXT_ALLOC_HUGE);
	DlKeyEntry *from = entries;
	DlKeyEntry *to = spare;
	uint64		varying = 0;

	for (int i = 1; i < n; i++)
		varying |= (uint64) entries[i].first ^ (uint64) entries[0].first;

	for (int shift = 0; shift < 64; shift += DIGIT_BITS)
	{
		DlKeyEntry *sorted = to;

		if (((varying >> shift) & (DIGITS - 1)) == 0)
			continue;
		sort_digit(to, from, n, shift);
		to = from;
		from = sorted;
	}
	if (from != entries)
		memcpy(entries, from, n * sizeof(DlKeyEntry));
	pfree(spare);
}

/* The digit of an entry; the sign bit turned, so that negative ones come first. */
static inline int
digit_at(const DlKeyEntry *entry, int shift)
{
	return (((uint64) entry->first ^ (UINT64CONST(1) << 63)) >> shift) & (DIGITS - 1);
}

/* Moves the entries to where this digit wants them, else in the order they have. */
static void
sort_digit(DlKeyEntry *to, const DlKeyEntry *from, int n, int shift)
{
	int			start[DIGITS] = {0};
	int			sum = 0;

	for (int i = 0; i < n; i++)
		start[digit_at(&from[i], shift)]++;
	for (int digit = 0; digit < DIGITS; digit++)
	{
		int			count = start[digit];

		start[digit] = sum;
		sum += count;
	}
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		to[start[digit_at(&from[i], shift)]++] = from[i];
	}
}

/*-------------------------------------------------------------------------
 *
 * fetch_seek.c
 *	  The direct path from cursors: an index walk that begins in the middle.
 *
 * The index continues behind the key columns with the columns of the order,
 * c1 .. cn.  The rows behind a cursor (v1 .. vn) are, in the order of the walk,
 * those that
 *
 *	  have c1 = v1 .. cn-1 = vn-1 and cn behind vn, then those that
 *	  have c1 = v1 .. cn-2 = vn-2 and cn-1 behind vn-1, ... then those that
 *	  have c1 behind v1
 *
 * Each of these is a range of the index, found by a descent, and so is "behind
 * v" itself: values on the far side of v, and nulls if they come last in the
 * walk.  So a page costs at most 2n descents and its rows, whatever lies before
 * it.  Unlike a row comparison, this serves mixed directions and nulls.
 *
 * A unique index may have fewer columns than the order.  Then the row that
 * equals the cursor in all of its columns is read, too, for it may be another
 * one by now, and the emit stage decides.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "catalog/pg_index.h"
#include "fetch_index.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* A column of the order, as the walk meets it. */
typedef struct SeekColumn
{
	int			item;			/* number in order_by */
	AttrNumber	index_attno;
	bool		ascending;		/* along the walk */
	bool		nulls_last;		/* there may be nulls, and they come last */
	bool		nulls_first;
	Oid			opfamily;
	Oid			opcintype;
	Oid			collation;
} SeekColumn;

typedef struct Seek
{
	DlIndexFetch *fetch;
	int			ncolumns;
	SeekColumn *columns;
	const DlCursorValues *values;	/* of the cursor at hand, by item */
	ScanKeyData *skeys;			/* of one range */
	int			nskeys;			/* always all of them */
	int64		nrows;			/* of the key, so far */
} Seek;

static void begin_seek(Seek *seek, DlIndexFetch *fetch);
static void walk_behind_cursor(Seek *seek, int keyno);
static bool walk_equal(Seek *seek, int keyno);
static bool walk_range(Seek *seek, int keyno, int level, bool nulls);
static void put_key_conditions(Seek *seek, int keyno, int padding);
static void put_equal(Seek *seek, int level);
static bool put_behind(Seek *seek, int level, bool nulls);
static void put_comparison(Seek *seek, const SeekColumn *column, int strategy,
						   Datum value);
static void put_null_test(Seek *seek, const SeekColumn *column, int flag);

/* How many scan keys a range may have, besides those of the key. */
int
dl_seek_scan_keys(const DlTarget *target, Relation index)
{
	int			n = 0;

	for (int i = 0; i < target->norder; i++)
		n += !dl_index_item_is_constant(target, &target->order[i]);
	return Min(n, index->rd_index->indnkeyatts - target->nkeys);
}

/*
 * The batch's keys in order, each from its cursor.  Here keys are not
 * distinct: each position has its own, with its own cursor.
 */
void
dl_walk_from_cursors(DlIndexFetch *fetch)
{
	const DlSeek *from = fetch->batch->seek;
	Seek		seek;

	begin_seek(&seek, fetch);
	for (int keyno = 0; keyno < fetch->batch->keys->ndistinct; keyno++)
	{
		CHECK_FOR_INTERRUPTS();
		seek.values = from->start[from->positions->positions[keyno]];
		seek.nrows = 0;
		if (seek.values != NULL)
			walk_behind_cursor(&seek, keyno);
		else
		{
			put_key_conditions(&seek, keyno, seek.ncolumns);
			index_rescan(fetch->scan, seek.skeys, seek.nskeys, NULL, 0);
			dl_walk_on(fetch, fetch->scan, keyno, &seek.nrows, 0);
		}
	}
}

static void
begin_seek(Seek *seek, DlIndexFetch *fetch)
{
	const DlTarget *target = fetch->batch->target;
	bool		backward = target->index.direction == BackwardScanDirection;
	int			ncolumns = dl_seek_scan_keys(target, fetch->index);

	seek->fetch = fetch;
	seek->ncolumns = 0;
	seek->columns = palloc(mul_size(target->norder, sizeof(SeekColumn)));
	for (int i = 0; seek->ncolumns < ncolumns; i++)
	{
		SeekColumn *column = &seek->columns[seek->ncolumns];
		int			number = target->nkeys + seek->ncolumns;
		int16		option;
		bool		nullable;

		if (dl_index_item_is_constant(target, &target->order[i]))
			continue;
		option = fetch->index->rd_indoption[number];
		nullable = !dl_target_attribute(target,
										target->order[i].attno)->attnotnull;
		column->item = i;
		column->index_attno = number + 1;
		column->ascending = ((option & INDOPTION_DESC) != 0) == backward;
		column->nulls_first = nullable &&
			((option & INDOPTION_NULLS_FIRST) != 0) != backward;
		column->nulls_last = nullable && !column->nulls_first;
		column->opfamily = fetch->index->rd_opfamily[number];
		column->opcintype = fetch->index->rd_opcintype[number];
		column->collation = fetch->index->rd_indcollation[number];
		seek->ncolumns++;
	}
	seek->nskeys = target->nkeys + seek->ncolumns;
	seek->skeys = palloc(mul_size(seek->nskeys, sizeof(ScanKeyData)));
}

/* All ranges, from the nearest on, until there are rows enough. */
static void
walk_behind_cursor(Seek *seek, int keyno)
{
	if (seek->fetch->batch->target->index.orders_early &&
		!walk_equal(seek, keyno))
		return;
	for (int level = seek->ncolumns - 1; level >= 0; level--)
	{
		if (!walk_range(seek, keyno, level, false) ||
			!walk_range(seek, keyno, level, true))
			return;
	}
}

/*
 * Rows that equal the cursor in the columns before "level" and are behind it
 * there: those with a value, or those with a null.  False if no more rows are
 * wanted.
 */
static bool
walk_range(Seek *seek, int keyno, int level, bool nulls)
{
	DlIndexFetch *fetch = seek->fetch;

	put_key_conditions(seek, keyno, seek->ncolumns - level - 1);
	for (int i = 0; i < level; i++)
		put_equal(seek, i);
	if (!put_behind(seek, level, nulls))
		return true;			/* there can be none */

	index_rescan(fetch->scan, seek->skeys, seek->nskeys, NULL, 0);
	return dl_walk_on(fetch, fetch->scan, keyno, &seek->nrows, 0);
}

/* The row that equals the cursor in all columns of the index. */
static bool
walk_equal(Seek *seek, int keyno)
{
	DlIndexFetch *fetch = seek->fetch;

	put_key_conditions(seek, keyno, 0);
	for (int i = 0; i < seek->ncolumns; i++)
		put_equal(seek, i);
	index_rescan(fetch->scan, seek->skeys, seek->nskeys, NULL, 0);
	return dl_walk_on(fetch, fetch->scan, keyno, &seek->nrows, 0);
}

/*
 * A scan has always the same number of keys, in the order of the index
 * columns; those that a range does not need repeat the first one.
 */
static void
put_key_conditions(Seek *seek, int keyno, int padding)
{
	DlIndexFetch *fetch = seek->fetch;
	const DlTarget *target = fetch->batch->target;
	const Datum *values = dl_keys_values(fetch->batch->keys, keyno);

	seek->nskeys = 0;
	for (int i = 0; i < target->nkeys; i++)
	{
		ScanKey		skey = &fetch->skeys[i];
		int			copies = i == 0 ? padding + 1 : 1;

		skey->sk_argument = values[target->index.keys[i]];
		while (copies-- > 0)
			seek->skeys[seek->nskeys++] = *skey;
	}
}

static void
put_equal(Seek *seek, int level)
{
	const SeekColumn *column = &seek->columns[level];
	const DlCursorValues *value = &seek->values[column->item];

	if (value->isnull)
		put_null_test(seek, column, SK_SEARCHNULL);
	else
		put_comparison(seek, column, BTEqualStrategyNumber, value->value);
}

/* False if nothing can be behind. */
static bool
put_behind(Seek *seek, int level, bool nulls)
{
	const SeekColumn *column = &seek->columns[level];
	const DlCursorValues *value = &seek->values[column->item];

	if (value->isnull)
	{
		/* behind a null there are only values, if nulls come first */
		if (nulls || !column->nulls_first)
			return false;
		put_null_test(seek, column, SK_SEARCHNOTNULL);
	}
	else if (nulls)
	{
		if (!column->nulls_last)
			return false;
		put_null_test(seek, column, SK_SEARCHNULL);
	}
	else
		put_comparison(seek, column, column->ascending ?
					   BTGreaterStrategyNumber : BTLessStrategyNumber,
					   value->value);
	return true;
}

static void
put_comparison(Seek *seek, const SeekColumn *column, int strategy, Datum value)
{
	Oid			operator = get_opfamily_member(column->opfamily,
											   column->opcintype,
											   column->opcintype, strategy);

	if (!OidIsValid(operator))
		elog(ERROR, "missing operator %d(%u,%u) in opfamily %u", strategy,
			 column->opcintype, column->opcintype, column->opfamily);
	ScanKeyEntryInitialize(&seek->skeys[seek->nskeys++], 0,
						   column->index_attno, strategy, column->opcintype,
						   column->collation, get_opcode(operator), value);
}

static void
put_null_test(Seek *seek, const SeekColumn *column, int flag)
{
	ScanKeyEntryInitialize(&seek->skeys[seek->nskeys++], SK_ISNULL | flag,
						   column->index_attno, InvalidStrategy, InvalidOid,
						   InvalidOid, InvalidOid, (Datum) 0);
}

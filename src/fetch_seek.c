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
 * Columns of the key may be among those of the order, and a cursor may be of
 * another key.  All rows of a key are on the same side of a cursor from which
 * it differs there: those that equal the cursor in the columns before have
 * all to be read then, or none of them, and what follows decides nothing.
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
#include "access/transam.h"
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
	bool		nulls_first;
	bool		nulls_last;		/* and there may be some */
	Oid			opfamily;
	Oid			opcintype;
	Oid			collation;
} SeekColumn;

/* A column of the key among those of the order. */
typedef struct SeekKeyColumn
{
	int			item;			/* number in order_by */
	int			key;			/* number in the key */
	int			nbefore;		/* # of columns of the walk that decide first */
	bool		ascending;
	bool		nulls_first;
} SeekKeyColumn;

typedef struct Seek
{
	DlIndexFetch *fetch;
	int			ncolumns;
	SeekColumn *columns;
	int			nkeycolumns;
	SeekKeyColumn *keycolumns;
	DlKeyFinder *finder;		/* compares these; NULL if there are none */
	const DlCursorValues *values;	/* of the cursor at hand, by item */
	ScanKeyData *skeys;			/* of one range */
	int			nskeys;			/* always all of them */
	int64		nrows;			/* of the key, so far */
} Seek;

static void begin_seek(Seek *seek, DlIndexFetch *fetch);
static void add_column(Seek *seek, int item);
static bool sees_nulls(const DlIndexFetch *fetch, AttrNumber attno);
static void add_key_column(Seek *seek, int item);
static void walk_behind_cursor(Seek *seek, int keyno);
static int	compare_key(const Seek *seek, int keyno, const SeekKeyColumn *column);
static bool walk_equal(Seek *seek, int keyno, int ncolumns);
static bool walk_range(Seek *seek, int keyno, int level, bool nulls);
static void put_key_conditions(Seek *seek, int keyno, int padding);
static void put_equal(Seek *seek, int level);
static bool put_behind(Seek *seek, int level, bool nulls);
static void put_comparison(Seek *seek, const SeekColumn *column, int strategy,
						   Datum value);
static void put_null_test(Seek *seek, const SeekColumn *column, int flag);

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
			(void) walk_equal(&seek, keyno, 0);
	}
}

static void
begin_seek(Seek *seek, DlIndexFetch *fetch)
{
	const DlTarget *target = fetch->batch->target;
	int			most = fetch->index->rd_index->indnkeyatts - target->nkeys;

	memset(seek, 0, sizeof(Seek));
	seek->fetch = fetch;
	seek->columns = palloc(mul_size(target->norder, sizeof(SeekColumn)));
	seek->keycolumns = palloc(mul_size(target->norder, sizeof(SeekKeyColumn)));
	for (int i = 0; i < target->norder; i++)
	{
		if (dl_index_item_is_constant(target, &target->order[i]))
			add_key_column(seek, i);
		else if (seek->ncolumns < most)
			add_column(seek, i);
		else
			break;				/* for the emit stage to compare */
	}
	if (seek->nkeycolumns > 0)
		seek->finder = dl_keys_finder(target, fetch->batch->keys);
	seek->nskeys = target->nkeys + seek->ncolumns;
	seek->skeys = palloc(mul_size(seek->nskeys, sizeof(ScanKeyData)));
	fetch->scan = dl_begin_scan(fetch, seek->nskeys);
}

static void
add_column(Seek *seek, int item)
{
	const DlTarget *target = seek->fetch->batch->target;
	Relation	index = seek->fetch->index;
	bool		backward = target->index.direction == BackwardScanDirection;
	int			number = target->nkeys + seek->ncolumns;
	int16		option = index->rd_indoption[number];
	SeekColumn *column = &seek->columns[seek->ncolumns++];

	column->item = item;
	column->index_attno = number + 1;
	column->ascending = ((option & INDOPTION_DESC) != 0) == backward;
	column->nulls_first = ((option & INDOPTION_NULLS_FIRST) != 0) != backward;
	column->nulls_last = !column->nulls_first &&
		sees_nulls(seek->fetch, target->order[item].attno);
	column->opfamily = index->rd_opfamily[number];
	column->opcintype = index->rd_opcintype[number];
	column->collation = index->rd_indcollation[number];
}

/*
 * Might the snapshot see a NULL in this column?  A NOT NULL says nothing of
 * rows that were gone when it was made, and an older snapshot still sees those.
 * When it was made is not known, only that the target was built later.
 */
static bool
sees_nulls(const DlIndexFetch *fetch, AttrNumber attno)
{
	const DlTarget *target = fetch->batch->target;

	return !dl_attribute_is_not_null(target->tupdesc, attno) ||
		TransactionIdPrecedes(fetch->snapshot->xmin, target->next_xid);
}

static void
add_key_column(Seek *seek, int item)
{
	const DlTarget *target = seek->fetch->batch->target;
	const DlOrderItem *order = &target->order[item];
	SeekKeyColumn *column = &seek->keycolumns[seek->nkeycolumns++];

	column->item = item;
	column->key = 0;
	while (target->keys[column->key].attno != order->attno)
		column->key++;
	column->nbefore = seek->ncolumns;
	column->ascending =
		get_op_opfamily_strategy(order->sortop,
								 target->keys[column->key].opfamily) ==
		BTLessStrategyNumber;
	column->nulls_first = order->nulls_first;
}

/* All ranges, from the nearest on, until there are rows enough. */
static void
walk_behind_cursor(Seek *seek, int keyno)
{
	bool		equal = seek->fetch->batch->target->index.orders_early;
	int			ncolumns = seek->ncolumns;

	for (int i = 0; i < seek->nkeycolumns; i++)
	{
		int			side = compare_key(seek, keyno, &seek->keycolumns[i]);

		if (side != 0)
		{
			equal = side > 0;
			ncolumns = seek->keycolumns[i].nbefore;
			break;
		}
	}

	if (equal && !walk_equal(seek, keyno, ncolumns))
		return;
	for (int level = ncolumns - 1; level >= 0; level--)
	{
		if (!walk_range(seek, keyno, level, false) ||
			!walk_range(seek, keyno, level, true))
			return;
	}
}

/*
 * Where a column of the key stands to the cursor, in the order of the walk:
 * less than, equal to or greater than 0 for before, at or behind it.
 */
static int
compare_key(const Seek *seek, int keyno, const SeekKeyColumn *column)
{
	const DlCursorValues *value = &seek->values[column->item];
	int			result;

	if (value->isnull)			/* a key never is */
		return column->nulls_first ? 1 : -1;
	result = dl_keys_compare(seek->finder, keyno, column->key, value->value);
	if (result == 0)
		return 0;
	return (result < 0) == column->ascending ? 1 : -1;
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

/* Rows that equal the cursor in the first columns, as walk_range() does. */
static bool
walk_equal(Seek *seek, int keyno, int ncolumns)
{
	DlIndexFetch *fetch = seek->fetch;

	put_key_conditions(seek, keyno, seek->ncolumns - ncolumns);
	for (int i = 0; i < ncolumns; i++)
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

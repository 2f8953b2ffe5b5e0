/*-------------------------------------------------------------------------
 *
 * group.c
 *	  The rows of one key, in memory, to be put in order.
 *
 * Most groups are small, and there are many of them: a tuplesort for each, or
 * one for all with whole rows in it, costs more than the order is worth.  Here
 * rows are copied as the table stores them and pointers are sorted.  Where only
 * the first rows are wanted, a group is cut to these whenever it has grown to
 * twice as many.  Memory is bounded by work_mem: past that the group refuses
 * rows, and the caller takes to a tuplesort.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "group.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/sortsupport.h"

/* Groups are not cut before they have this many rows more than wanted. */
#define CUT_SLACK 64

typedef struct GroupRow
{
	MinimalTuple tuple;
	NullableDatum order[FLEXIBLE_ARRAY_MEMBER];
} GroupRow;

typedef GroupRow *GroupRowRef;

struct DlGroup
{
	int			norder;
	AttrNumber	max_attno;		/* the last column that is read */
	int64		most;			/* rows wanted of each key; -1: all */
	SortSupportData *columns;
	int16	   *typlen;			/* of the values of order_by */
	bool	   *typbyval;
	TupleTableSlot *slot;		/* to read kept rows */

	MemoryContext context;		/* of the rows, reset for each key */
	GroupRowRef *rows;
	int			nrows;
	int			maxrows;
};

static int
compare_rows(const GroupRowRef *a, const GroupRowRef *b, DlGroup *group)
{
	int			result = 0;

	for (int i = 0; result == 0 && i < group->norder; i++)
		result = ApplySortComparator((*a)->order[i].value,
									 (*a)->order[i].isnull,
									 (*b)->order[i].value,
									 (*b)->order[i].isnull,
									 &group->columns[i]);
	return result;
}

#define ST_SORT sort_rows
#define ST_ELEMENT_TYPE GroupRowRef
#define ST_COMPARE(a, b, group) compare_rows(a, b, group)
#define ST_COMPARE_ARG_TYPE DlGroup
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

static void cut_group(DlGroup *group);

/*
 * For rows of type "tupdesc", by the target's order_by; "most" is how many of
 * each key are wanted, -1 for all.  Allocates in CurrentMemoryContext.
 */
DlGroup *
dl_group_begin(const DlTarget *target, TupleDesc tupdesc, int64 most)
{
	DlGroup    *group = palloc0(sizeof(DlGroup));

	group->norder = target->norder;
	group->max_attno = target->max_attno;
	group->most = most;
	group->columns = palloc0(mul_size(target->norder,
									  sizeof(SortSupportData)));
	group->typlen = palloc(mul_size(target->norder, sizeof(int16)));
	group->typbyval = palloc(mul_size(target->norder, sizeof(bool)));
	for (int i = 0; i < target->norder; i++)
	{
		SortSupport column = &group->columns[i];

		column->ssup_cxt = CurrentMemoryContext;
		column->ssup_collation = target->order[i].collation;
		column->ssup_nulls_first = target->order[i].nulls_first;
		PrepareSortSupportFromOrderingOp(target->order[i].sortop, column);
		get_typlenbyval(target->order[i].type, &group->typlen[i],
						&group->typbyval[i]);
	}
	group->slot = MakeSingleTupleTableSlot(tupdesc, &TTSOpsMinimalTuple);
	group->context = AllocSetContextCreate(CurrentMemoryContext,
										   "dataloader rows of a key",
										   ALLOCSET_DEFAULT_SIZES);
	group->maxrows = 64;
	group->rows = palloc(group->maxrows * sizeof(GroupRowRef));
	return group;
}

/* Copies a row and its values of order_by; false if there is no room for more. */
bool
dl_group_add(DlGroup *group, TupleTableSlot *slot, const Datum *order,
			 const bool *nulls)
{
	MemoryContext oldcontext;
	GroupRow   *row;

	if (MemoryContextMemAllocated(group->context, false) >
		(Size) work_mem * 1024)
		return false;

	if (group->nrows == group->maxrows)
	{
		group->maxrows *= 2;
		group->rows = repalloc_huge(group->rows,
									mul_size(group->maxrows,
											 sizeof(GroupRowRef)));
	}

	oldcontext = MemoryContextSwitchTo(group->context);
	row = palloc(offsetof(GroupRow, order) +
				 group->norder * sizeof(NullableDatum));
	row->tuple = ExecCopySlotMinimalTuple(slot);
	for (int i = 0; i < group->norder; i++)
	{
		row->order[i].isnull = nulls[i];
		row->order[i].value = nulls[i] ? (Datum) 0 :
			datumCopy(order[i], group->typbyval[i], group->typlen[i]);
	}
	MemoryContextSwitchTo(oldcontext);

	group->rows[group->nrows++] = row;
	if (group->most >= 0 && group->nrows >= 2 * group->most + CUT_SLACK)
		cut_group(group);
	return true;
}

/* Keeps the rows that are wanted so far. */
static void
cut_group(DlGroup *group)
{
	sort_rows(group->rows, group->nrows, group);
	while (group->nrows > group->most)
	{
		GroupRow   *row = group->rows[--group->nrows];

		for (int i = 0; i < group->norder; i++)
		{
			if (!row->order[i].isnull && !group->typbyval[i])
				pfree(DatumGetPointer(row->order[i].value));
		}
		heap_free_minimal_tuple(row->tuple);
		pfree(row);
	}
}

int
dl_group_size(const DlGroup *group)
{
	return group->nrows;
}

void
dl_group_sort(DlGroup *group)
{
	sort_rows(group->rows, group->nrows, group);
}

/* A slot with row i and the columns that are read; valid until the next call. */
TupleTableSlot *
dl_group_slot(DlGroup *group, int i)
{
	ExecStoreMinimalTuple(group->rows[i]->tuple, group->slot, false);
	slot_getsomeattrs(group->slot, group->max_attno);
	return group->slot;
}

/* The values that row i was added with, in the group's memory. */
void
dl_group_order(const DlGroup *group, int i, Datum *order, bool *nulls)
{
	const GroupRow *row = group->rows[i];

	for (int j = 0; j < group->norder; j++)
	{
		order[j] = row->order[j].value;
		nulls[j] = row->order[j].isnull;
	}
}

/* For the next key. */
void
dl_group_reset(DlGroup *group)
{
	ExecClearTuple(group->slot);
	MemoryContextReset(group->context);
	group->nrows = 0;
}

void
dl_group_end(DlGroup *group)
{
	ExecDropSingleTupleTableSlot(group->slot);
	MemoryContextDelete(group->context);
}

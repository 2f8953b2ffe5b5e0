/*-------------------------------------------------------------------------
 *
 * align.c
 *	  Brings fetched rows into key order, orders and limits each key's.
 *
 * Rows that come in order, as those of an index that continues with order_by
 * do, are passed on at once.  Rows that at least come key by key, as all of an
 * index do, are sorted key by key in memory (group.c).  All others, and those
 * for which work_mem is too small, go through one tuplesort by key number and
 * order_by, which spills.
 *
 * A tuple of that sort is (key number, values of order_by, columns of the
 * result), so that nothing is evaluated twice.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "align.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "executor/executor.h"
#include "group.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/tuplesort.h"

struct DlAlign
{
	const DlTarget *target;
	const DlRowSource *source;
	DlLimit		limit;
	DlEmit	   *emit;
	MemoryContext row_context;	/* reset after each row */

	/* position in the output */
	int			keyno;
	int64		nrows;			/* # of rows of keyno so far */

	/* order_by, unless the source is in order */
	ExprContext *econtext;		/* NULL if all are columns */
	ExprState **order;			/* NULL where a column of the slot serves */
	Datum	   *order_values;	/* of the row at hand */
	bool	   *order_nulls;

	/* sorting key by key */
	DlGroup    *group;			/* NULL: not */
	int			group_keyno;

	/* sorting all at once */
	Tuplesortstate *sort;		/* NULL: not */
	TupleTableSlot *sort_slot;
	AttrNumber *output;			/* of the columns of the result, once sorted */
	AttrNumber *order_attnos;	/* of the values of order_by */
};

static void begin_order(DlAlign *align, ParamListInfo params);
static void evaluate_order(DlAlign *align, TupleTableSlot *slot);
static void group_row(DlAlign *align, int keyno, TupleTableSlot *slot);
static void emit_group(DlAlign *align);
static void move_group_to_sort(DlAlign *align);
static void begin_sort(DlAlign *align);
static void emit_sorted(DlAlign *align);
static TupleDesc sort_tupdesc(DlAlign *align);
static void start_tuplesort(DlAlign *align, TupleDesc tupdesc);
static void sort_row(DlAlign *align, int keyno, TupleTableSlot *slot,
					 const Datum *order, const bool *order_nulls);
static bool is_wanted(DlAlign *align, int keyno, TupleTableSlot *order);
static bool count_row(DlAlign *align, int keyno);
static void emit_row(DlAlign *align, int keyno, TupleTableSlot *slot);
static void report_second_row(const DlTarget *target) pg_attribute_noreturn();

/*
 * Allocates in CurrentMemoryContext, the call's.  "source" must stay.
 * "params" are the values of args, for expressions in order_by.
 */
DlAlign *
dl_align_begin(const DlTarget *target, const DlRowSource *source,
			   const DlLimit *limit, ParamListInfo params, DlEmit *emit)
{
	DlAlign    *align = palloc0(sizeof(DlAlign));

	align->target = target;
	align->source = source;
	align->limit = *limit;
	align->emit = emit;
	align->keyno = -1;
	align->row_context = AllocSetContextCreate(CurrentMemoryContext,
											   "dataloader row",
											   ALLOCSET_DEFAULT_SIZES);
	emit->attnos = source->output;
	emit->order_attnos = source->order;
	if (target->norder > 0)
		begin_order(align, params);
	if (source->in_order || emit->any_order)
		return align;

	if (source->grouped)
		align->group = dl_group_begin(target, source->tupdesc,
									  limit->first < 0 ? -1 :
									  limit->skip + limit->first);
	else
		begin_sort(align);
	return align;
}

/* One row of the source. */
void
dl_align_row(DlAlign *align, int keyno, TupleTableSlot *slot)
{
	if (!is_wanted(align, keyno, slot))
		return;
	if (align->group != NULL)
		group_row(align, keyno, slot);
	else if (align->sort != NULL)
	{
		evaluate_order(align, slot);
		sort_row(align, keyno, slot, align->order_values, align->order_nulls);
	}
	else
		emit_row(align, keyno, slot);
}

/* After the last row of the source. */
void
dl_align_end(DlAlign *align)
{
	if (align->group != NULL)
	{
		emit_group(align);
		dl_group_end(align->group);
	}
	if (align->sort != NULL)
		emit_sorted(align);
	if (align->econtext != NULL)
		FreeExprContext(align->econtext, true);
}

static void
emit_sorted(DlAlign *align)
{
	tuplesort_performsort(align->sort);
	while (tuplesort_gettupleslot(align->sort, true, false,
								  align->sort_slot, NULL))
	{
		bool		isnull;
		Datum		keyno = slot_getattr(align->sort_slot, 1, &isnull);

		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(align->sort_slot);
		emit_row(align, DatumGetInt32(keyno), align->sort_slot);
	}
	tuplesort_end(align->sort);
	ExecDropSingleTupleTableSlot(align->sort_slot);
}

/* The same for a row that keys share, of a source that is in order. */
void
dl_align_shared(DlAlign *align, int keyno, const DlSharedRow *row)
{
	DlEmit	   *emit = align->emit;
	MemoryContext oldcontext;

	Assert(align->group == NULL && align->sort == NULL);
	if (!is_wanted(align, keyno, row->order))
		return;
	if (!count_row(align, keyno))
		return;
	oldcontext = MemoryContextSwitchTo(align->row_context);
	if (emit->shared != NULL)
		emit->shared(emit, keyno, row);
	else
		emit->row(emit, keyno, row->slot);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(align->row_context);
}

/*
 * Compiles what of order_by is no plain column of the source.  That asks for
 * EXECUTE, so it is done for a source that is in order, too.
 */
static void
begin_order(DlAlign *align, ParamListInfo params)
{
	const DlTarget *target = align->target;
	int			norder = target->norder;

	align->order = palloc0(mul_size(norder, sizeof(ExprState *)));
	align->order_values = palloc(mul_size(norder, sizeof(Datum)));
	align->order_nulls = palloc(mul_size(norder, sizeof(bool)));
	for (int i = 0; i < target->norder; i++)
	{
		if (align->source->order[i] != 0)
			continue;
		if (align->econtext == NULL)
			align->econtext = CreateStandaloneExprContext();
		align->econtext->ecxt_param_list_info = params;
		align->order[i] =
			ExecInitExprWithParams(target->order[i].planned, params);
	}
}

/*
 * The values of order_by, in the row's memory or in that of the expression
 * context.  Only of a row as the source has it: a copy lacks system columns.
 */
static void
evaluate_order(DlAlign *align, TupleTableSlot *slot)
{
	if (align->econtext != NULL)
	{
		ResetExprContext(align->econtext);
		align->econtext->ecxt_scantuple = slot;
	}
	for (int i = 0; i < align->target->norder; i++)
	{
		if (align->order[i] != NULL)
		{
			Assert(align->econtext != NULL);
			align->order_values[i] =
				ExecEvalExprSwitchContext(align->order[i], align->econtext,
										  &align->order_nulls[i]);
		}
		else
			align->order_values[i] =
				slot_getattr(slot, align->source->order[i],
							 &align->order_nulls[i]);
	}
}

/* Adds a row to its key's group, once the one before is done. */
static void
group_row(DlAlign *align, int keyno, TupleTableSlot *slot)
{
	if (keyno != align->group_keyno)
		emit_group(align);
	align->group_keyno = keyno;

	evaluate_order(align, slot);
	if (!dl_group_add(align->group, slot, align->order_values,
					  align->order_nulls))
	{
		move_group_to_sort(align);
		sort_row(align, keyno, slot, align->order_values, align->order_nulls);
	}
}

static void
emit_group(DlAlign *align)
{
	dl_group_sort(align->group);
	for (int i = 0; i < dl_group_size(align->group); i++)
	{
		CHECK_FOR_INTERRUPTS();
		emit_row(align, align->group_keyno, dl_group_slot(align->group, i));
	}
	dl_group_reset(align->group);
}

/*
 * The group does not fit into memory: from here on, sort all at once.  The row
 * at hand keeps its values of order_by.
 */
static void
move_group_to_sort(DlAlign *align)
{
	MemoryContext oldcontext =
		MemoryContextSwitchTo(MemoryContextGetParent(align->row_context));
	DlGroup    *group = align->group;
	int			norder = align->target->norder;
	Datum	   *order = palloc(mul_size(norder, sizeof(Datum)));
	bool	   *nulls = palloc(mul_size(norder, sizeof(bool)));

	begin_sort(align);
	MemoryContextSwitchTo(oldcontext);
	for (int i = 0; i < dl_group_size(group); i++)
	{
		CHECK_FOR_INTERRUPTS();
		dl_group_order(group, i, order, nulls);
		sort_row(align, align->group_keyno, dl_group_slot(group, i), order,
				 nulls);
	}
	align->group = NULL;
	dl_group_end(group);
}

static void
begin_sort(DlAlign *align)
{
	const DlTarget *target = align->target;
	TupleDesc	tupdesc = sort_tupdesc(align);

	align->output = palloc(mul_size(Max(target->noutput, 1),
									sizeof(AttrNumber)));
	for (int i = 0; i < target->noutput; i++)
		align->output[i] = 1 + target->norder + i + 1;
	align->emit->attnos = align->output;

	align->order_attnos = palloc(mul_size(Max(target->norder, 1),
										  sizeof(AttrNumber)));
	for (int i = 0; i < target->norder; i++)
		align->order_attnos[i] = 1 + i + 1;
	align->emit->order_attnos = align->order_attnos;

	start_tuplesort(align, tupdesc);
	align->sort_slot = MakeSingleTupleTableSlot(tupdesc,
												&TTSOpsMinimalTuple);
}

static TupleDesc
sort_tupdesc(DlAlign *align)
{
	const DlTarget *target = align->target;
	TupleDesc	tupdesc = CreateTemplateTupleDesc(1 + target->norder +
												  target->noutput);
	AttrNumber	attno = 1;

	TupleDescInitEntry(tupdesc, attno++, "keyno", INT4OID, -1, 0);
	for (int i = 0; i < target->norder; i++)
		TupleDescInitEntry(tupdesc, attno++, NULL, target->order[i].type, -1, 0);
	for (int i = 0; i < target->noutput; i++)
	{
		Form_pg_attribute att = dl_target_attribute(target, target->output[i]);

		TupleDescInitEntry(tupdesc, attno++, NULL, att->atttypid,
						   att->atttypmod, att->attndims);
	}
	return tupdesc;
}

static void
start_tuplesort(DlAlign *align, TupleDesc tupdesc)
{
	const DlTarget *target = align->target;
	int			ncolumns = 1 + target->norder;
	AttrNumber *attnos = palloc(mul_size(ncolumns, sizeof(AttrNumber)));
	Oid		   *operators = palloc(mul_size(ncolumns, sizeof(Oid)));
	Oid		   *collations = palloc(mul_size(ncolumns, sizeof(Oid)));
	bool	   *nulls_first = palloc(mul_size(ncolumns, sizeof(bool)));

	attnos[0] = 1;
	operators[0] = Int4LessOperator;
	collations[0] = InvalidOid;
	nulls_first[0] = false;
	for (int i = 0; i < target->norder; i++)
	{
		attnos[i + 1] = i + 2;
		operators[i + 1] = target->order[i].sortop;
		collations[i + 1] = target->order[i].collation;
		nulls_first[i + 1] = target->order[i].nulls_first;
	}
	align->sort = tuplesort_begin_heap(tupdesc, ncolumns, attnos, operators,
									   collations, nulls_first, work_mem,
									   NULL, TUPLESORT_NONE);
}

static void
sort_row(DlAlign *align, int keyno, TupleTableSlot *slot, const Datum *order,
		 const bool *order_nulls)
{
	const DlTarget *target = align->target;
	TupleTableSlot *sort_slot = align->sort_slot;
	MemoryContext oldcontext = MemoryContextSwitchTo(align->row_context);
	int			natts = sort_slot->tts_tupleDescriptor->natts;
	Datum	   *values = palloc(mul_size(natts, sizeof(Datum)));
	bool	   *nulls = palloc(mul_size(natts, sizeof(bool)));
	MinimalTuple tuple;

	values[0] = Int32GetDatum(keyno);
	nulls[0] = false;
	for (int i = 0; i < target->norder; i++)
	{
		values[1 + i] = order[i];
		nulls[1 + i] = order_nulls[i];
	}
	for (int i = 0; i < target->noutput; i++)
		values[1 + target->norder + i] =
			slot_getattr(slot, align->source->output[i],
						 &nulls[1 + target->norder + i]);

	tuple = heap_form_minimal_tuple(sort_slot->tts_tupleDescriptor,
									values, nulls, 0);
	ExecStoreMinimalTuple(tuple, sort_slot, false);
	tuplesort_puttupleslot(align->sort, sort_slot);
	ExecClearTuple(sort_slot);

	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(align->row_context);
}

/* Hands on the rows within the limit. */
static void
emit_row(DlAlign *align, int keyno, TupleTableSlot *slot)
{
	MemoryContext oldcontext;

	if (!count_row(align, keyno))
		return;
	oldcontext = MemoryContextSwitchTo(align->row_context);
	align->emit->row(align->emit, keyno, slot);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(align->row_context);
}

/* May the emit stage need the row whose place in the order is in this slot? */
static bool
is_wanted(DlAlign *align, int keyno, TupleTableSlot *order)
{
	DlEmit	   *emit = align->emit;

	return emit->wants == NULL ||
		emit->wants(emit, keyno, order, align->source->order);
}

/* Counts a row of the key; false if it is not wanted. */
static bool
count_row(DlAlign *align, int keyno)
{
	if (keyno != align->keyno)
	{
		align->keyno = keyno;
		align->nrows = 0;
	}
	align->nrows++;

	if (align->limit.single && align->nrows > 1)
		report_second_row(align->target);
	if (align->nrows <= align->limit.skip)
		return false;
	return align->limit.first < 0 || align->emit->any_order ||
		align->nrows - align->limit.skip <= align->limit.first;
}

static void
report_second_row(const DlTarget *target)
{
	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("more than one row of relation \"%s\" matches a key",
					target->relname),
			 errdetail("A to-one load finds at most one row per key in (%s).",
					   dl_target_key_names(dl_target_keyed(target))),
			 errhint("Say which row comes first with order_by, or load all of them with load_many.")));
}

/*-------------------------------------------------------------------------
 *
 * emit_count.c
 *	  The shape of counts: a bigint for each position.
 *
 * Nothing of a row is needed but that it is there, so rows may come in any
 * order and from an index alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "emit.h"
#include "miscadmin.h"
#include "utils/array.h"

typedef struct CountEmit
{
	DlEmit		base;			/* must be first */
	const DlKeys *keys;
	int64		at_most;		/* -1: no limit */
	MemoryContext result_context;
	int64	   *counts;			/* for each distinct key */
} CountEmit;

static void count_row(DlEmit *emit, int keyno, TupleTableSlot *slot);
static Datum count_finish(DlEmit *emit);

/* Allocates in CurrentMemoryContext, the call's. */
DlEmit *
dl_emit_count_begin(const DlKeys *keys, int64 at_most,
					MemoryContext result_context)
{
	CountEmit  *count = palloc0(sizeof(CountEmit));

	count->base.row = count_row;
	count->base.finish = count_finish;
	count->base.any_order = true;
	count->keys = keys;
	count->at_most = at_most;
	count->result_context = result_context;
	count->counts = palloc_extended(mul_size(Max(keys->ndistinct, 1),
											 sizeof(int64)),
									MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	return &count->base;
}

static void
count_row(DlEmit *emit, int keyno, TupleTableSlot *slot)
{
	CountEmit  *count = (CountEmit *) emit;

	if (count->at_most < 0 || count->counts[keyno] < count->at_most)
		count->counts[keyno]++;
}

static Datum
count_finish(DlEmit *emit)
{
	CountEmit  *count = (CountEmit *) emit;
	int			npositions = count->keys->npositions;
	Datum	   *values;
	MemoryContext oldcontext;
	ArrayType  *result;

	values = palloc_extended(mul_size(Max(npositions, 1), sizeof(Datum)),
							 MCXT_ALLOC_HUGE);
	for (int i = 0; i < npositions; i++)
	{
		int			keyno = dl_keys_at(count->keys, i);

		CHECK_FOR_INTERRUPTS();
		values[i] = Int64GetDatum(keyno < 0 ? 0 : count->counts[keyno]);
	}

	oldcontext = MemoryContextSwitchTo(count->result_context);
	result = construct_array(values, npositions, INT8OID, sizeof(int64),
							 FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
	MemoryContextSwitchTo(oldcontext);
	return PointerGetDatum(result);
}

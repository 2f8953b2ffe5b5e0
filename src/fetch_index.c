/*-------------------------------------------------------------------------
 *
 * fetch_index.c
 *	  The direct path: one index scan, moved through the sorted keys.
 *
 * The scan yields tuple identifiers (TIDs) key by key; fetch_window.c gets the
 * tuples, and fetch_ahead.c has the index pages of the next keys at hand.  In a
 * unique index that is enough to find most rows (fetch_hint.c).  Keys
 * that lie close to each other in the index are walked in one range instead
 * (fetch_dense.c), an index that holds all that is read needs no tuples
 * (fetch_index_only.c), and pages of connections begin in the middle
 * (fetch_seek.c).
 *
 * Everything here belongs to the call.  A filter may run any code, this file
 * included; nothing is static.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/tableam.h"
#include "compat.h"
#include "executor/executor.h"
#include "fetch_index.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/spccache.h"

static void begin_fetch(DlIndexFetch *fetch, const DlBatch *batch,
						Relation rel, Relation index);
static void end_fetch(DlIndexFetch *fetch);
static void begin_filter(DlIndexFetch *fetch);
static bool is_in_order(const DlBatch *batch);
static int64 rows_needed(const DlBatch *batch);
static void build_scan_keys(DlIndexFetch *fetch);
static void walk(DlIndexFetch *fetch);
static void walk_keys(DlIndexFetch *fetch);

/*
 * Passes all visible rows of the batch's keys that pass the filter on to the
 * align stage, key by key.  The caller has found the path right
 * (dl_path_now) and holds locks on both relations.
 */
void
dl_fetch_index(const DlBatch *batch, const DlIndexedRelation *from)
{
	const DlTarget *target = batch->target;
	DlIndexFetch fetch;
	DlRowSource source;
	AttrNumber *order;

	order = palloc(mul_size(Max(target->norder, 1), sizeof(AttrNumber)));
	for (int i = 0; i < target->norder; i++)
		order[i] = target->order[i].attno;
	source.in_order = is_in_order(batch);
	source.grouped = true;
	source.tupdesc = RelationGetDescr(from->rel);
	source.order = order;
	source.output = target->output;

	begin_fetch(&fetch, batch, from->rel, from->index);
	fetch.align = dl_align_begin(target, &source, &batch->limit,
								 batch->params, batch->emit);
	if (fetch.limit != 0)
		walk(&fetch);
	end_fetch(&fetch);
	dl_align_end(fetch.align);
}

static void
begin_fetch(DlIndexFetch *fetch, const DlBatch *batch, Relation rel,
			Relation index)
{
	memset(fetch, 0, offsetof(DlIndexFetch, window));
	fetch->batch = batch;
	fetch->rel = rel;
	fetch->index = index;
	fetch->keyno = -1;
	fetch->limit = rows_needed(batch);
	fetch->prefetch =
		get_tablespace_io_concurrency(rel->rd_rel->reltablespace) > 0;

	/* the executor's own: both paths and the caller's query see the same */
	fetch->snapshot = RegisterSnapshot(GetActiveSnapshot());
	fetch->heap = table_index_fetch_begin(rel);
	fetch->slot = table_slot_create(rel, NULL);
	build_scan_keys(fetch);
	if (batch->target->filter != NULL)
		begin_filter(fetch);
}

static void
end_fetch(DlIndexFetch *fetch)
{
	ExecDropSingleTupleTableSlot(fetch->slot);
	if (fetch->econtext != NULL)
		FreeExprContext(fetch->econtext, true);
	if (fetch->again != NULL)
		index_endscan(fetch->again);
	if (fetch->scan != NULL)
		index_endscan(fetch->scan);
	table_index_fetch_end(fetch->heap);
	UnregisterSnapshot(fetch->snapshot);
}

/* Compiled anew on each call, which also asks for EXECUTE anew. */
static void
begin_filter(DlIndexFetch *fetch)
{
	fetch->econtext = CreateStandaloneExprContext();
	fetch->econtext->ecxt_param_list_info = fetch->batch->params;
	fetch->filter = ExecInitExprWithParams((Expr *) fetch->batch->target->filter,
										   fetch->batch->params);
}

/* Do the rows of each key come as they are wanted? */
static bool
is_in_order(const DlBatch *batch)
{
	return !batch->ordered || batch->target->norder == 0 ||
		dl_index_gives_order(batch->target);
}

/* How many rows of each key the align stage can use; -1: all of them. */
static int64
rows_needed(const DlBatch *batch)
{
	const DlTarget *target = batch->target;
	const DlLimit *limit = &batch->limit;

	/* one row, or rarely two (dl_unique_is_certain): the walk ends by itself */
	if (target->index.unique && limit->first != 0)
		return -1;
	/* two tell that there is more than one */
	if (limit->single)
		return 2;
	if (limit->first >= 0 && is_in_order(batch))
		return limit->first == 0 ? 0 : limit->skip + limit->first;
	return limit->first == 0 ? 0 : -1;
}

/* All but the values, which change from key to key. */
static void
build_scan_keys(DlIndexFetch *fetch)
{
	const DlTarget *target = fetch->batch->target;

	fetch->skeys = palloc(mul_size(target->nkeys, sizeof(ScanKeyData)));
	for (int i = 0; i < target->nkeys; i++)
	{
		const DlKeyColumn *key = &target->keys[target->index.keys[i]];

		ScanKeyEntryInitialize(&fetch->skeys[i], 0, i + 1,
							   BTEqualStrategyNumber, key->opright,
							   fetch->index->rd_indcollation[i],
							   get_opcode(key->eqop), (Datum) 0);
	}
}

void
dl_seek_key(DlIndexFetch *fetch, IndexScanDesc scan, int keyno)
{
	const DlTarget *target = fetch->batch->target;
	const Datum *values = dl_keys_values(fetch->batch->keys, keyno);

	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < target->nkeys; i++)
		fetch->skeys[i].sk_argument = values[target->index.keys[i]];
	index_rescan(scan, fetch->skeys, target->nkeys, NULL, 0);
}

/* A scan with so many conditions, which index_rescan() will set. */
IndexScanDesc
dl_begin_scan(const DlIndexFetch *fetch, int nskeys)
{
	return dl_index_beginscan(fetch->rel, fetch->index, fetch->snapshot, nskeys);
}

/* The batch's keys in order, in the way that suits them. */
static void
walk(DlIndexFetch *fetch)
{
	const DlTarget *target = fetch->batch->target;

	if (fetch->batch->seek != NULL)
		dl_walk_from_cursors(fetch);
	else if (dl_fetch_is_index_only(target, fetch->rel))
		dl_walk_index_only(fetch);
	else if (dl_is_dense(fetch))
		dl_walk_dense(fetch);
	else
		walk_keys(fetch);
}

/* A descent for each key; all go through one window. */
static void
walk_keys(DlIndexFetch *fetch)
{
	ScanDirection direction = fetch->batch->target->index.direction;

	fetch->hinted = dl_may_hint(fetch);
	dl_begin_ahead(fetch);
	for (int keyno = 0; keyno < fetch->batch->keys->ndistinct; keyno++)
	{
		const ItemPointerData *hint;
		int64		ntids = 0;

		dl_look_ahead_keys(fetch, keyno);
		hint = dl_hint_of(fetch, keyno);
		if (hint != NULL)
		{
			dl_window_put_hint(fetch, hint, keyno);
			continue;
		}
		if (fetch->scan == NULL)
			fetch->scan = dl_begin_scan(fetch, fetch->batch->target->nkeys);

		/* a filter says only after the fetch how far to walk */
		if (fetch->limit > 0 && fetch->filter != NULL)
		{
			dl_walk_key_alone(fetch, fetch->scan, keyno, 0);
			continue;
		}

		dl_seek_key(fetch, fetch->scan, keyno);
		while (ntids != fetch->limit &&
			   index_getnext_tid(fetch->scan, direction) != NULL)
		{
			CHECK_FOR_INTERRUPTS();
			ntids++;
			dl_window_put(fetch, fetch->scan, keyno, ntids == fetch->limit);
		}
	}
	dl_window_drain(fetch);
}

bool
dl_passes_filter(DlIndexFetch *fetch, TupleTableSlot *slot)
{
	Datum		passes;
	bool		isnull;

	if (fetch->filter == NULL)
		return true;
	fetch->econtext->ecxt_scantuple = slot;
	passes = ExecEvalExprSwitchContext(fetch->filter, fetch->econtext, &isnull);
	ResetExprContext(fetch->econtext);
	return !isnull && DatumGetBool(passes);
}

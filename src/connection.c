/*-------------------------------------------------------------------------
 *
 * connection.c
 *	  The SQL function load_connection: a page for each key.
 *
 * The pipeline is that of load.c.  What differs: the order is made total, each
 * position has cursors of its own, and where the index gives the order each
 * walk begins at its cursor.  Elsewhere all rows of the keys are read and
 * ordered, and the emit stage leaves out what is not between the cursors.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "emit_page.h"
#include "fetch.h"
#include "keys.h"
#include "load.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

static const DlVerb connection_verb = {
	.json = true, .by_required = true, .has_order = true, .connection = true
};

/* How the positions of a connection are read. */
typedef enum PageWalk
{
	WALK_KEYS,					/* each key once, for all of its positions */
	WALK_POSITIONS,				/* each position, from the start of its key */
	WALK_FROM_CURSORS			/* each position, from its cursor */
} PageWalk;

static PageWalk choose_walk(const DlLoad *load);
static Datum load_pages(const DlLoad *load, PageWalk walk,
						MemoryContext result_context);
static DlCursorValues **read_cursors(const DlRequest *request,
									 DlCursors *cursors, char **texts,
									 int ntexts, const char *option,
									 int npositions);
static int64 *count_rows(const DlRequest *request, const DlRoute *route);

PG_FUNCTION_INFO_V1(dataloader_load_connection);

/*
 * load_connection(relation regclass, keys, by, through, link, filter, args,
 * order_by, first, after, last, before, columns, total_count)
 */
Datum
dataloader_load_connection(PG_FUNCTION_ARGS)
{
	MemoryContext result_context = CurrentMemoryContext;
	DlLoad	   *load = dl_load_begin(fcinfo, &connection_verb);
	const DlRequest *request = &load->request;
	Datum		result = (Datum) 0;
	PageWalk	walk = choose_walk(load);

	load->keys = dl_keys_build(dl_target_keyed(load->target), request,
							   walk == WALK_KEYS);
	if (load->keys != NULL)
		result = load_pages(load, walk, result_context);
	fcinfo->isnull = load->keys == NULL;
	dl_load_end(load);

	MemoryContextSwitchTo(result_context);
	MemoryContextDelete(load->context);
	return result;
}

/*
 * On the direct path each position with cursors is a key of its own: its walk
 * can begin at its cursor, and no more rows than its page are kept.  (A plan
 * reads the rows of a key once for all, and so does a sort of what a junction
 * leads to, or of its pairs.)  Decided once, as user code may write before the
 * order is asked for again; for this snapshot, what held now goes on to hold.
 */
static PageWalk
choose_walk(const DlLoad *load)
{
	const DlRequest *request = &load->request;
	const DlTarget *keyed = dl_target_keyed(load->target);

	if ((request->nafter < 0 && request->nbefore < 0) || !load->route.direct)
		return WALK_KEYS;

	/* an index that has the order's columns, not one that is unique on the key */
	if (keyed->norder > 0 && !keyed->index.unique && dl_index_gives_order(keyed))
		return WALK_FROM_CURSORS;
	return load->junction == NULL ? WALK_POSITIONS : WALK_KEYS;
}

static Datum
load_pages(const DlLoad *load, PageWalk walk, MemoryContext result_context)
{
	const DlRequest *request = &load->request;
	DlTarget   *target = load->target;
	const DlKeys *keys = load->keys;
	DlBatch		batch;
	const DlIndexChoice *index = &dl_target_keyed(target)->index;
	DlPageRequest page;
	DlCursorValues **after;
	DlCursorValues **before;
	DlKeyPositions positions;
	DlSeek		from;

	page.size = request->first;
	page.cursors = dl_cursors_begin(target);
	after = read_cursors(request, page.cursors, request->after,
						 request->nafter, "after", keys->npositions);
	before = read_cursors(request, page.cursors, request->before,
						  request->nbefore, "before", keys->npositions);
	page.start = request->backward ? before : after;
	page.end = request->backward ? after : before;
	page.counts = NULL;

	/* one row more tells of another page; positions that share a key count theirs */
	dl_load_begin_batch(&batch, request, target, keys);
	if (request->first >= 0 &&
		(walk != WALK_KEYS || (after == NULL && before == NULL)))
		batch.limit.first = request->first + 1;

	if (walk == WALK_FROM_CURSORS && page.start != NULL)
	{
		dl_keys_group_positions(keys, &positions);
		from.positions = &positions;
		from.start = page.start;
		batch.seek = &from;
		/* the row of the cursor comes, too, and is left out */
		if (index->orders_early && batch.limit.first >= 0)
			batch.limit.first++;
	}

	if (request->total_count)
		page.counts = count_rows(request, &load->route);
	batch.emit = dl_emit_page_begin(target, keys, &page, result_context);
	dl_load_fetch(&batch, &load->route);
	return batch.emit->finish(batch.emit);
}

/* For each position its cursor's values, NULL if none; NULL without cursors. */
static DlCursorValues **
read_cursors(const DlRequest *request, DlCursors *cursors, char **texts,
			 int ntexts, const char *option, int npositions)
{
	DlCursorValues **result;

	if (ntexts < 0)
		return NULL;
	if (ntexts != npositions)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option %s has %d %s, but there %s %d %s", option,
						ntexts, ntexts == 1 ? "cursor" : "cursors",
						npositions == 1 ? "is" : "are", npositions,
						npositions == 1 ? "key" : "keys"),
				 errhint("Pass a cursor or null for each key.")));

	result = palloc0(mul_size(Max(ntexts, 1), sizeof(DlCursorValues *)));
	for (int i = 0; i < ntexts; i++)
	{
		if (texts[i] != NULL)
			result[i] = dl_cursor_read(cursors, texts[i], option, i + 1);
	}
	return result;
}

/* All rows of each key, whatever the cursors: as load_count counts them. */
static int64 *
count_rows(const DlRequest *request, const DlRoute *route)
{
	DlRequest	count = *request;
	Datum	   *values;
	int64	   *counts;
	int			n;
	Datum		array;

	count.verb = dl_load_count_verb();
	count.order_by = NULL;
	count.first = -1;
	count.backward = false;
	count.nafter = -1;
	count.nbefore = -1;
	count.ncolumns = -1;
	array = dl_load_counts(&count, route->from.rel, route->junction.rel);
	deconstruct_array(DatumGetArrayTypeP(array), INT8OID, sizeof(int64),
					  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values, NULL, &n);
	counts = palloc(mul_size(Max(n, 1), sizeof(int64)));
	for (int i = 0; i < n; i++)
		counts[i] = DatumGetInt64(values[i]);
	return counts;
}

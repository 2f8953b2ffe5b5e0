/*-------------------------------------------------------------------------
 *
 * slices.c
 *	  The rows of many keys, a slice of their positions at a time.
 *
 * Each slice is so large that its rows fit into work_mem, by what those of the
 * one before took.  So the rows of keys in any order need not be sorted by
 * position, and a scan node can have them from memory: it asks for a slice when
 * it has read the one before, until the scan ends.  All slices are read by the
 * snapshot, under the locks and by the route of the call, as the rows of any
 * scan are.
 *
 * Loads that call functions of the user's, in filter or order_by, are not put
 * off: args are read by the settings, and EXECUTE is asked for, of the moment.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "slices.h"
#include "utils/memutils.h"

/* Within these bounds. */
#define LEAST_POSITIONS 256
#define MOST_POSITIONS (1 << 20)
#define MOST_GROWTH 8

struct DlSlices
{
	const DlLoad *load;
	DlRowSet   *set;
	MemoryContext context;		/* of one slice */
	int			offset;			/* # of positions that have been loaded */
	int			size;			/* # of positions in the next slice */
};

static bool has_expressions(const DlTarget *target);
static int	next_size(int size, Size bytes);

/*
 * A key that is given again is read again for each slice it is in, so few may
 * be.  Keys that are sorted need slices only where rows are not kept.
 */
bool
dl_slices_suit(const DlLoad *load, const DlRowSet *set)
{
	const DlKeys *keys = load->keys;

	return load->route.direct && keys->npositions > DL_SLICE_FIRST &&
		keys->ndistinct > keys->npositions / 2 &&
		(keys->keyno != NULL || dl_slices_may_wait(load, set));
}

/* May they be loaded when somebody asks for their rows? */
bool
dl_slices_may_wait(const DlLoad *load, const DlRowSet *set)
{
	return set->may_defer && !has_expressions(load->target);
}

/* Columns to order by are none. */
static bool
has_expressions(const DlTarget *target)
{
	if (target->filter_source != NULL)
		return true;
	for (int i = 0; i < target->norder; i++)
	{
		if (!IsA(target->order[i].expr, Var))
			return true;
	}
	return false;
}

/* Allocates in the load's context, and loads nothing yet. */
DlSlices *
dl_slices_begin(const DlLoad *load, DlRowSet *set)
{
	DlSlices   *slices = MemoryContextAlloc(load->context, sizeof(DlSlices));

	slices->load = load;
	slices->set = set;
	slices->context = AllocSetContextCreate(load->context, "dataloader slice",
											ALLOCSET_DEFAULT_SIZES);
	dl_slices_rewind(slices);
	return slices;
}

/* To the first position. */
void
dl_slices_rewind(DlSlices *slices)
{
	slices->offset = 0;
	slices->size = DL_SLICE_FIRST;
}

/*
 * Loads the next slice into the set: held if the set may hold rows, else
 * behind those that its store has.  False: there is none.
 */
bool
dl_slices_next(DlSlices *slices)
{
	const DlLoad *load = slices->load;
	DlRowSet   *set = slices->set;
	int			size = Min(slices->size, load->keys->npositions - slices->offset);
	MemoryContext oldcontext;
	const DlKeys *keys;
	DlEmit	   *emit;

	if (size == 0)
		return false;
	MemoryContextReset(slices->context);
	oldcontext = MemoryContextSwitchTo(slices->context);
	keys = dl_keys_slice(load->keys, slices->offset, size);
	emit = dl_emit_rows_begin(load->target, keys, set, set->may_hold);
	dl_load_batch(load, keys, emit);
	emit->finish(emit);
	MemoryContextSwitchTo(oldcontext);

	slices->offset += size;
	slices->size = next_size(size, dl_emit_rows_held(emit));
	return true;
}

/* All that are left, to the set's store. */
void
dl_slices_load_all(DlSlices *slices)
{
	slices->set->may_hold = false;
	while (dl_slices_next(slices))
		 /* go on */ ;
}

/*
 * As many positions as have rows for half of work_mem, by those of the last one;
 * but if they had few, the next ones may have more.
 */
static int
next_size(int size, Size bytes)
{
	double		fitting = (double) size * work_mem * 512 / Max(bytes, 1);

	fitting = Min(fitting, (double) size * MOST_GROWTH);
	return (int) Max(Min(fitting, MOST_POSITIONS), LEAST_POSITIONS);
}

/* Ends the load, and its memory, with which go the rows that its set holds. */
void
dl_slices_end(DlSlices *slices)
{
	dl_load_end(slices->load);
	slices->set->slices = NULL;
	slices->set->missing = NULL;
	MemoryContextDelete(slices->load->context);
}

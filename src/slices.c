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
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "slices.h"
#include "utils/memutils.h"

/* Within these bounds. */
#define LEAST_POSITIONS 256
#define MOST_POSITIONS (1 << 20)

struct DlSlices
{
	const DlLoad *load;
	DlRowSet   *set;
	MemoryContext context;		/* of one slice */
	int			offset;			/* # of positions that have been loaded */
	int			size;			/* # of positions in the next slice */
};

static int	next_size(int size, Size bytes);

/*
 * A key that is given again is read again for each slice it is in, so few may
 * be.  Keys that are sorted need slices only where rows are not kept.
 */
bool
dl_slices_suit(const DlKeys *keys, const DlRowSet *set)
{
	return keys->npositions > DL_SLICE_FIRST &&
		keys->ndistinct > keys->npositions / 2 &&
		(keys->keyno != NULL || set->may_defer);
}

/* Allocates in the load's context, and loads nothing yet. */
DlSlices *
dl_slices_begin(const DlLoad *load, DlRowSet *set)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(load->context);
	DlSlices   *slices = palloc(sizeof(DlSlices));

	slices->load = load;
	slices->set = set;
	slices->context = AllocSetContextCreate(load->context, "dataloader slice",
											ALLOCSET_DEFAULT_SIZES);
	dl_slices_rewind(slices);
	MemoryContextSwitchTo(oldcontext);
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

/* As many positions as have rows for half of work_mem, by those of the last one. */
static int
next_size(int size, Size bytes)
{
	double		fitting = (double) size * work_mem * 512 / Max(bytes, 1);

	return (int) Max(Min(fitting, MOST_POSITIONS), LEAST_POSITIONS);
}

/* Ends the load.  The last slice's rows stay with the set. */
void
dl_slices_end(DlSlices *slices)
{
	dl_load_end(slices->load);
}

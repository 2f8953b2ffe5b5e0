/*
 * slices.h
 *		The rows of many keys, a slice of their positions at a time.
 */
#ifndef DL_SLICES_H
#define DL_SLICES_H

#include "load.h"

typedef struct DlSlices DlSlices;

/* Positions of the first slice. */
#define DL_SLICE_FIRST 4096

/*
 * The caller of these ends what the set has of one slice (dl_reorder_release(),
 * tuplestore_clear()) before it asks for the next.
 */
extern bool dl_slices_suit(const DlLoad *load, const DlRowSet *set);
extern bool dl_slices_may_wait(const DlLoad *load, const DlRowSet *set);
extern DlSlices *dl_slices_begin(const DlLoad *load, DlRowSet *set);
extern bool dl_slices_next(DlSlices *slices);
extern void dl_slices_rewind(DlSlices *slices);
extern void dl_slices_load_all(DlSlices *slices);
extern void dl_slices_end(DlSlices *slices);

#endif							/* DL_SLICES_H */

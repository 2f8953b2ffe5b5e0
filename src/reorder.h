/*
 * reorder.h
 *		From the order of distinct keys to the order of positions.
 */
#ifndef DL_REORDER_H
#define DL_REORDER_H

#include "keys.h"

typedef struct DlReorder DlReorder;

/*
 * Receives each value at its position, positions ascending, from 0.  It may
 * write over the headroom in front of the value.
 */
typedef void (*DlReorderSink) (void *arg, int position, char *value);

extern DlReorder *dl_reorder_begin(const DlKeys *keys, Oid valuetype,
								   int headroom, DlReorderSink sink,
								   void *arg);
extern char *dl_reorder_place(DlReorder *reorder, int keyno, Size size);
extern void dl_reorder_placed(DlReorder *reorder, int keyno);
extern Size dl_reorder_held(const DlReorder *reorder);
extern void dl_reorder_end(DlReorder *reorder);

#endif							/* DL_REORDER_H */

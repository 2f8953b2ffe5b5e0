/*
 * reorder.h
 *		From the order of distinct keys to the order of positions.
 */
#ifndef DL_REORDER_H
#define DL_REORDER_H

#include "keys.h"

typedef struct DlReorder DlReorder;

/* Receives each value at its position, positions ascending, from 0. */
typedef void (*DlReorderSink) (void *arg, int position, Datum value);

extern DlReorder *dl_reorder_begin(const DlKeys *keys, Oid valuetype,
								   DlReorderSink sink, void *arg);
extern void dl_reorder_put(DlReorder *reorder, int keyno, Datum value);
extern Size dl_reorder_held(const DlReorder *reorder);
extern void dl_reorder_end(DlReorder *reorder);

#endif							/* DL_REORDER_H */

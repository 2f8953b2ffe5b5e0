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
 * write over the headroom in front of the value.  The value is NULL at a position
 * that got none, where these are asked for.
 */
typedef void (*DlReorderSink) (void *arg, int position, char *value);

/* What is wanted of the values. */
typedef struct DlReorderOptions
{
	Oid			valuetype;
	int			headroom;		/* bytes in front of each value */
	bool		aligned;		/* a NULL for each position without a value */
	bool		hold;			/* not to the sink, if they fit into memory */
	DlReorderSink sink;
	void	   *arg;
} DlReorderOptions;

extern DlReorder *dl_reorder_begin(const DlKeys *keys,
								   const DlReorderOptions *options);
extern char *dl_reorder_place(DlReorder *reorder, int keyno, Size size);
extern void dl_reorder_placed(DlReorder *reorder, int keyno);
extern Size dl_reorder_held(const DlReorder *reorder);
extern bool dl_reorder_end(DlReorder *reorder);
extern bool dl_reorder_next(DlReorder *reorder, int *position, char **value);
extern int64 dl_reorder_ord(const DlReorder *reorder, int position);
extern void dl_reorder_rewind(DlReorder *reorder);
extern void dl_reorder_release(DlReorder *reorder);

#endif							/* DL_REORDER_H */

/*
 * pairs.h
 *		What the first hop through a junction finds: keys and their links.
 */
#ifndef DL_PAIRS_H
#define DL_PAIRS_H

#include "emit.h"
#include "executor/tuptable.h"
#include "keys.h"
#include "target.h"

/* A row of the junction. */
typedef struct DlPair
{
	int			keyno;
	bool		linked;			/* false: a link is NULL, it has no values */
	bool		cut;			/* the walk of the key ended here */
} DlPair;

/* A chunk of them. */
typedef struct DlPairs
{
	const DlTarget *through;
	MemoryContext memory;		/* of the arrays */
	MemoryContext chunk;		/* of what they point to, and of what else lives
								 * as long; reset for each chunk */
	int			nlinks;			/* values to each pair */
	int			norder;			/* the same of order_by; 0 unless needed */
	int			npairs;
	int			maxpairs;
	DlPair	   *pairs;
	Datum	   *links;
	NullableDatum *order;
	TupleTableSlot *order_slot; /* of the pair at hand; NULL: none */
} DlPairs;

extern void dl_pairs_begin(DlPairs *pairs, const DlTarget *through,
						   bool with_order);
extern DlPair *dl_pairs_add(DlPairs *pairs, TupleTableSlot *slot,
							const DlEmit *emit);
extern DlKeys *dl_pairs_links(DlPairs *pairs, const DlTarget *target);
extern TupleTableSlot *dl_pairs_order(DlPairs *pairs, int number);
extern void dl_pairs_reset(DlPairs *pairs);
extern void dl_pairs_end(DlPairs *pairs);

#endif							/* DL_PAIRS_H */

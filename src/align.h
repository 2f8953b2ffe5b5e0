/*
 * align.h
 *		Brings fetched rows into key order, orders and limits each key's.
 */
#ifndef DL_ALIGN_H
#define DL_ALIGN_H

#include "emit.h"
#include "keys.h"
#include "target.h"

/* Which rows of each key are wanted. */
typedef struct DlLimit
{
	int64		skip;
	int64		first;			/* -1: all */
	bool		single;			/* a second one is an error */
} DlLimit;

/* How the rows to be aligned come; attribute numbers in their slots. */
typedef struct DlRowSource
{
	bool		in_order;		/* by key, and within a key by order_by */
	bool		grouped;		/* at least by key */
	TupleDesc	tupdesc;		/* of grouped rows */
	const AttrNumber *order;	/* of the values of order_by; 0: evaluate the
								 * expression on the slot */
	const AttrNumber *output;	/* of the columns of the result */
} DlRowSource;

typedef struct DlAlign DlAlign;

extern DlAlign *dl_align_begin(const DlTarget *target, const DlRowSource *source,
							   const DlLimit *limit, ParamListInfo params,
							   DlEmit *emit);
extern void dl_align_row(DlAlign *align, int keyno, TupleTableSlot *slot);
extern void dl_align_shared(DlAlign *align, int keyno,
							const DlSharedRow *row);
extern void dl_align_end(DlAlign *align);

#endif							/* DL_ALIGN_H */

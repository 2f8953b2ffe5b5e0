/*
 * rowset.h
 *		The rows of load_one(), load_many() and load_rows() on their way out.
 */
#ifndef DL_ROWSET_H
#define DL_ROWSET_H

#include "fmgr.h"
#include "request.h"
#include "utils/tuplestore.h"

/*
 * (ord, item) or (ord, items).  The function's caller gets them in a
 * tuplestore; the scan node (scan.c) takes them, one by one, from where they
 * are held, and if they are many, slice by slice (slices.h).
 */
typedef struct DlRowSet
{
	TupleDesc	desc;
	MemoryContext context;		/* for the store, if there is none */
	Tuplestorestate *store;		/* NULL: none yet */
	bool		may_hold;		/* rows can be read from "held" */
	struct DlReorder *held;		/* their values by position; NULL if they are
								 * in the store */
	char	   *missing;		/* value of positions without one; NULL: NULL */
	bool		may_defer;		/* rows can be loaded when they are asked for */
	struct DlSlices *slices;	/* that load them; NULL: all are there */
} DlRowSet;

/* The verb of a C function that returns rows, or NULL. */
extern const DlVerb *dl_load_rows_verb(PGFunction function);

/*
 * What the SQL function of the verb does, into "set", whose desc is set.
 * Allocates in CurrentMemoryContext; rows that are held, and slices, are there
 * until it is reset, but for those in the store, if there was one.
 */
extern void dl_load_rows(FunctionCallInfo fcinfo, const DlVerb *verb,
						 DlRowSet *set);

#endif							/* DL_ROWSET_H */

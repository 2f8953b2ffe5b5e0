/*
 * fetch.h
 *		Reads the rows of a batch, by index or by plan.
 */
#ifndef DL_FETCH_H
#define DL_FETCH_H

#include "align.h"
#include "keys.h"
#include "target.h"

/* Everything a fetch reads; all of it belongs to the call. */
typedef struct DlBatch
{
	DlTarget   *target;
	const DlKeys *keys;
	DlLimit		limit;
	ParamListInfo params;		/* values of args; NULL if none */
	DlEmit	   *emit;
} DlBatch;

extern void dl_fetch_index(const DlBatch *batch, Relation rel, Relation index);
extern void dl_fetch_query(const DlBatch *batch, Relation rel);

/* The text of the plan path's query; kept with the target. */
extern const char *dl_fetch_query_text(DlTarget *target, Relation rel);

#endif							/* DL_FETCH_H */

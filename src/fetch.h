/*
 * fetch.h
 *		Reads the rows of a batch, by index or by plan.
 */
#ifndef DL_FETCH_H
#define DL_FETCH_H

#include "align.h"
#include "cursor.h"
#include "keys.h"
#include "target.h"

/* Everything a fetch reads; all of it belongs to the call. */
typedef struct DlBatch
{
	DlTarget   *target;
	const DlKeys *keys;
	DlLimit		limit;
	bool		ordered;		/* the rows of a key are wanted by order_by */
	ParamListInfo params;		/* values of args; NULL if none */
	DlEmit	   *emit;
	const struct DlSeek *seek;	/* where walks begin; NULL: at their start */
} DlBatch;

/* For keys that are not distinct: each position's start cursor. */
typedef struct DlSeek
{
	const DlKeyPositions *positions;	/* one for each key */
	DlCursorValues **start;		/* by position; NULL: from the start */
} DlSeek;

/* A relation of the direct path and the index it is read by. */
typedef struct DlIndexedRelation
{
	Relation	rel;
	Relation	index;
} DlIndexedRelation;

extern void dl_fetch_index(const DlBatch *batch, const DlIndexedRelation *from);
extern void dl_fetch_through(const DlBatch *batch,
							 const DlIndexedRelation *junction,
							 const DlIndexedRelation *from);
extern bool dl_fetch_is_index_only(const DlTarget *target, Relation rel);
extern void dl_fetch_query(const DlBatch *batch);

/* The text of the plan path's query; kept with the target. */
extern const char *dl_fetch_query_text(DlTarget *target);
extern bool dl_query_takes_rows(const DlTarget *target);
extern List *dl_deparse_context(const DlTarget *target);

#endif							/* DL_FETCH_H */

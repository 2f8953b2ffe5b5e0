/*
 * load.h
 *		The steps of a call, shared with explain and with loads in slices.
 */
#ifndef DL_LOAD_H
#define DL_LOAD_H

#include "emit.h"
#include "fetch.h"
#include "target.h"

/* The path of a call, decided once, with the indexes it opened. */
typedef struct DlRoute
{
	DlIndexedRelation from;
	DlIndexedRelation junction; /* rel is NULL if there is none */
	DlReason	reason;
	DlReason	junction_reason;
	bool		direct;			/* right for each relation there is */
} DlRoute;

/* A call that loads rows. */
typedef struct DlLoad
{
	MemoryContext context;		/* all of it is in here */
	DlRequest	request;
	DlTarget   *target;
	Relation	rel;
	Relation	junction;		/* NULL: none */
	DlRoute		route;
	DlKeys	   *keys;			/* NULL: the array is, or they are not read yet */
} DlLoad;

extern DlLoad *dl_load_begin(FunctionCallInfo fcinfo, const DlVerb *verb);
extern void dl_load_batch(const DlLoad *load, const DlKeys *keys, DlEmit *emit);
extern void dl_load_end(const DlLoad *load);
extern void dl_load_open(const DlRequest *request, Relation *rel,
						 Relation *junction);
extern void dl_load_close(Relation rel, Relation junction);
extern void dl_load_open_route(DlRoute *route, const DlTarget *target,
							   Relation rel, Relation junction);
extern void dl_load_close_route(const DlRoute *route);
extern void dl_load_begin_batch(DlBatch *batch, const DlRequest *request,
								DlTarget *target, const DlKeys *keys);
extern void dl_load_fetch(const DlBatch *batch, const DlRoute *route);
extern Datum dl_load_counts(const DlRequest *request, Relation rel,
							Relation junction);
extern const DlVerb *dl_load_count_verb(void);
extern void dl_load_check(const DlTarget *target, Relation rel,
						  Relation junction);

#endif							/* DL_LOAD_H */

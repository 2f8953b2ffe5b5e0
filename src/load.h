/*
 * load.h
 *		The first steps of a call, shared with explain.
 */
#ifndef DL_LOAD_H
#define DL_LOAD_H

#include "fetch.h"
#include "target.h"

extern void dl_load_open(const DlRequest *request, Relation *rel,
						 Relation *junction);
extern void dl_load_close(Relation rel, Relation junction);
extern void dl_load_fetch(const DlBatch *batch, Relation rel,
						  Relation junction);
extern Datum dl_load_counts(const DlRequest *request, Relation rel,
							Relation junction);
extern const DlVerb *dl_load_count_verb(void);
extern void dl_load_check(const DlTarget *target, Relation rel,
						  Relation junction);

#endif							/* DL_LOAD_H */

/*
 * load.h
 *		The first steps of a call, shared with explain.
 */
#ifndef DL_LOAD_H
#define DL_LOAD_H

#include "target.h"

extern Relation dl_load_open(Oid relid);
extern void dl_load_require_index(const DlTarget *target);

#endif							/* DL_LOAD_H */

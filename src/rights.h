/*
 * rights.h
 *		May the current role read this?
 */
#ifndef DL_RIGHTS_H
#define DL_RIGHTS_H

#include "nodes/bitmapset.h"
#include "utils/rel.h"

extern void dl_rights_check_relation(Oid relid);
extern void dl_rights_check_columns(Relation rel, Bitmapset *columns);

#endif							/* DL_RIGHTS_H */

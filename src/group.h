/*
 * group.h
 *		The rows of one key, in memory, to be put in order.
 */
#ifndef DL_GROUP_H
#define DL_GROUP_H

#include "executor/tuptable.h"
#include "target.h"

typedef struct DlGroup DlGroup;

extern DlGroup *dl_group_begin(const DlTarget *target, TupleDesc tupdesc,
							   int64 most);
extern bool dl_group_add(DlGroup *group, TupleTableSlot *slot,
						 const Datum *order, const bool *nulls);
extern int	dl_group_size(const DlGroup *group);
extern void dl_group_sort(DlGroup *group);
extern TupleTableSlot *dl_group_slot(DlGroup *group, int i);
extern void dl_group_order(const DlGroup *group, int i, Datum *order,
						   bool *nulls);
extern void dl_group_reset(DlGroup *group);
extern void dl_group_end(DlGroup *group);

#endif							/* DL_GROUP_H */

/*
 * path.h
 *		Which path a batch takes, and why.
 */
#ifndef DL_PATH_H
#define DL_PATH_H

#include "access/sdir.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

struct DlTarget;

/*
 * Why a batch takes the plan path.  The order is that of the checks; the
 * texts are in path.c, and explain shows them.
 */
typedef enum DlReason
{
	DL_REASON_NONE,				/* the direct path is right */

	/* what the relation is */
	DL_REASON_VIEW,
	DL_REASON_FOREIGN,
	DL_REASON_PARTITIONED,
	DL_REASON_HAS_CHILDREN,
	DL_REASON_IS_CHILD,
	DL_REASON_CATALOG,
	DL_REASON_ACCESS_METHOD,
	DL_REASON_NOT_POPULATED,
	DL_REASON_OTHER_TEMP,
	DL_REASON_VIRTUAL_COLUMN,
	DL_REASON_DISTRIBUTED,
	DL_REASON_MASKED,

	/* what is asked of it */
	DL_REASON_COLUMN_CAST,
	DL_REASON_SUBQUERY,
	DL_REASON_VOLATILE,
	DL_REASON_MIXED_FILTER,
	DL_REASON_JUNCTION_ORDER,

	/* which indexes it has; the nearest miss is told */
	DL_REASON_NO_INDEX,
	DL_REASON_INDEX_NOT_BTREE,
	DL_REASON_INDEX_EXPRESSION,
	DL_REASON_INDEX_PARTIAL,
	DL_REASON_INDEX_OPCLASS,
	DL_REASON_INDEX_COLLATION,
	DL_REASON_INDEX_INVALID,

	/* what holds for this call alone */
	DL_REASON_SWITCHED_OFF,
	DL_REASON_ROW_SECURITY,
	DL_REASON_RECOVERY,
	DL_REASON_OPERATOR_RIGHTS,
	DL_REASON_SNAPSHOT,
	DL_REASON_INDEX_TOO_NEW,
} DlReason;

/* The index of the direct path. */
typedef struct DlIndexChoice
{
	Oid			indexoid;
	int			keys[INDEX_MAX_KEYS];	/* number of the key column that index
										 * column i is compared with */
	bool		unique;			/* at most one row for each key, but see
								 * dl_unique_is_certain */
	bool		orders;			/* gives order_by within each key, but see
								 * dl_index_gives_order */
	bool		orders_early;	/* by fewer columns, in which it is unique */
	bool		covers;			/* holds all columns that are read */
	ScanDirection direction;
} DlIndexChoice;

extern void dl_path_resolve(struct DlTarget *target, Relation rel);
extern DlReason dl_path_now(const struct DlTarget *target, Relation rel,
							Relation *index);
extern bool dl_path_needs_index(const struct DlTarget *target);
extern const char *dl_path_reason_text(DlReason reason);

/* index.c */
extern DlReason dl_index_choose(const struct DlTarget *target, Relation rel,
								DlIndexChoice *choice);
extern bool dl_index_usable_by(Relation index, TransactionId xmin_horizon);
extern bool dl_index_unique_for(const struct DlTarget *target, Relation index,
								Snapshot snapshot);
extern bool dl_unique_is_certain(void);
extern bool dl_index_gives_order(const struct DlTarget *target);
struct DlOrderItem;
extern bool dl_index_item_is_constant(const struct DlTarget *target,
									  const struct DlOrderItem *item);
extern bool dl_index_could_order(const struct DlTarget *target);
extern char *dl_index_advice(const struct DlTarget *target);

#endif							/* DL_PATH_H */

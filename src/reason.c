/*-------------------------------------------------------------------------
 *
 * reason.c
 *	  The texts of the reasons for which a batch takes the plan path.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "path.h"

/* For explain: why the plan path, as the end of a sentence. */
const char *
dl_path_reason_text(DlReason reason)
{
	switch (reason)
	{
		case DL_REASON_NONE:
			return "none";
		case DL_REASON_VIEW:
			return "the relation is a view";
		case DL_REASON_FOREIGN:
			return "the relation is a foreign table";
		case DL_REASON_PARTITIONED:
			return "the relation is partitioned";
		case DL_REASON_HAS_CHILDREN:
			return "the relation has inheritance children";
		case DL_REASON_IS_CHILD:
			return "the relation is an inheritance child, not a partition";
		case DL_REASON_CATALOG:
			return "the relation is a system catalog";
		case DL_REASON_ACCESS_METHOD:
			return "the table access method is not heap";
		case DL_REASON_NOT_POPULATED:
			return "the materialized view has not been populated";
		case DL_REASON_OTHER_TEMP:
			return "the relation is a temporary table of another session";
		case DL_REASON_VIRTUAL_COLUMN:
			return "a virtual generated column is read";
		case DL_REASON_DISTRIBUTED:
			return "the table is distributed by Citus";
		case DL_REASON_MASKED:
			return "the extension anon may mask columns";
		case DL_REASON_COLUMN_CAST:
			return "the column must be cast to be compared with keys of this type";
		case DL_REASON_SUBQUERY:
			return "filter or order_by has a subquery";
		case DL_REASON_VOLATILE:
			return "filter or order_by calls a volatile function";
		case DL_REASON_MIXED_FILTER:
			return "the filter has a clause over columns of both relations";
		case DL_REASON_JUNCTION_ORDER:
			return "order_by has columns of the junction, and no index of it gives this order";
		case DL_REASON_NO_INDEX:
			return "no index leads with the key columns";
		case DL_REASON_INDEX_NOT_BTREE:
			return "the index on the key columns is not a btree";
		case DL_REASON_INDEX_EXPRESSION:
			return "the index on the key columns is on an expression";
		case DL_REASON_INDEX_PARTIAL:
			return "the index on the key columns is partial";
		case DL_REASON_INDEX_OPCLASS:
			return "the index on the key columns has another operator class";
		case DL_REASON_INDEX_COLLATION:
			return "the index on the key columns has another collation";
		case DL_REASON_INDEX_INVALID:
			return "the index on the key columns is not valid";
		case DL_REASON_SWITCHED_OFF:
			return "dataloader.direct_scan is off";
		case DL_REASON_ROW_SECURITY:
			return "row-level security applies";
		case DL_REASON_RECOVERY:
			return "the relation is not readable during recovery";
		case DL_REASON_OPERATOR_RIGHTS:
			return "permission denied for the equality operator's function";
		case DL_REASON_SNAPSHOT:
			return "the snapshot is not an MVCC snapshot";
		case DL_REASON_INDEX_TOO_NEW:
			return "the index is newer than the snapshot";
	}
	return "unknown";			/* keep the compiler quiet */
}

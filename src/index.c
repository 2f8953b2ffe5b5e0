/*-------------------------------------------------------------------------
 *
 * index.c
 *	  Which btree index answers "these columns equal these keys"?
 *
 * Restates the conditions under which the planner may use an index for such a
 * clause: get_relation_info() and IndexCollMatchesExprColl() in core.  Among
 * the indexes that may be used, one that gives the order and so ends each
 * key's walk early is best, then one that holds all that is read, then one
 * that is unique on the key, then the smallest.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/stratnum.h"
#include "access/sysattr.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "lib/stringinfo.h"
#include "optimizer/optimizer.h"
#include "storage/lmgr.h"
#include "target.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

static DlReason check_index(const DlTarget *target, Relation index,
							DlIndexChoice *choice);
static DlReason check_key_columns(const DlTarget *target, Relation index,
								  DlIndexChoice *choice);
static bool has_comparison(Relation index, int column,
						   const DlKeyColumn *key);
static bool has_key_expression(const DlTarget *target, Relation index);
static bool gives_order(const DlTarget *target, Relation index,
						DlIndexChoice *choice);
static bool names_rows(const DlTarget *target, Relation index);
static bool sees(Snapshot snapshot, HeapTuple tuple);
static bool matches_order_item(const DlOrderItem *item, Relation index,
							   int column, ScanDirection *direction);
static bool covers_columns(const DlTarget *target, Relation index);
static bool is_better(const DlTarget *target, const DlIndexChoice *candidate,
					  BlockNumber candidate_pages,
					  const DlIndexChoice *best, BlockNumber best_pages);

/*
 * Fills *choice with the best index of "rel" (locked) and returns
 * DL_REASON_NONE, or the reason for which the nearest one does not serve.
 */
DlReason
dl_index_choose(const DlTarget *target, Relation rel, DlIndexChoice *choice)
{
	DlReason	reason = DL_REASON_NO_INDEX;
	bool		found = false;
	BlockNumber best_pages = 0;
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(rel))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		DlIndexChoice candidate;
		DlReason	why = check_index(target, index, &candidate);

		if (why == DL_REASON_NONE)
		{
			BlockNumber pages = index->rd_rel->relpages;

			if (!found || is_better(target, &candidate, pages,
									choice, best_pages))
			{
				*choice = candidate;
				best_pages = pages;
			}
			found = true;
		}
		else
			reason = Max(reason, why);
		index_close(index, NoLock);
	}
	return found ? DL_REASON_NONE : reason;
}

/*
 * The later a reason stands in DlReason, the nearer the index came.  An index
 * of another kind counts as near only if it leads with the key columns.
 */
static DlReason
check_index(const DlTarget *target, Relation index, DlIndexChoice *choice)
{
	Form_pg_index form = index->rd_index;
	DlReason	reason;

	memset(choice, 0, sizeof(DlIndexChoice));
	choice->indexoid = RelationGetRelid(index);

	reason = check_key_columns(target, index, choice);
	if (reason != DL_REASON_NONE)
		return reason;
	if (RelationGetIndexPredicate(index) != NIL)
		return DL_REASON_INDEX_PARTIAL;
	if (!form->indisvalid || !form->indisready || !form->indislive)
		return DL_REASON_INDEX_INVALID;

	choice->unique = form->indisunique && form->indimmediate &&
		form->indnkeyatts == target->nkeys;
	choice->direction = ForwardScanDirection;
	choice->orders = target->norder > 0 &&
		(choice->unique || gives_order(target, index, choice));
	choice->covers = covers_columns(target, index);
	return DL_REASON_NONE;
}

/* Is each leading index column one of the key columns, compared as it is? */
static DlReason
check_key_columns(const DlTarget *target, Relation index,
				  DlIndexChoice *choice)
{
	Form_pg_index form = index->rd_index;
	DlReason	reason = DL_REASON_NONE;
	Bitmapset  *used = NULL;	/* an index may name a column twice */

	if (form->indnkeyatts < target->nkeys)
		return DL_REASON_NO_INDEX;

	for (int column = 0; column < target->nkeys; column++)
	{
		AttrNumber	attno = form->indkey.values[column];
		int			number = 0;

		if (attno == 0)
			return has_key_expression(target, index) ?
				DL_REASON_INDEX_EXPRESSION : DL_REASON_NO_INDEX;
		while (number < target->nkeys && target->keys[number].attno != attno)
			number++;
		if (number == target->nkeys || bms_is_member(number, used))
			return DL_REASON_NO_INDEX;
		used = bms_add_member(used, number);
		choice->keys[column] = number;

		if (index->rd_rel->relam != BTREE_AM_OID)
			reason = Max(reason, DL_REASON_INDEX_NOT_BTREE);
		else if (target->keys[number].cast_column ||
				 get_op_opfamily_strategy(target->keys[number].eqop,
										  index->rd_opfamily[column]) !=
				 BTEqualStrategyNumber ||
				 !has_comparison(index, column, &target->keys[number]))
			reason = Max(reason, DL_REASON_INDEX_OPCLASS);
		else if (index->rd_indcollation[column] !=
				 target->keys[number].collation &&
				 OidIsValid(index->rd_indcollation[column]))
			reason = Max(reason, DL_REASON_INDEX_COLLATION);
	}
	return reason;
}

/* A family may have an operator for two types, but no function to sort by. */
static bool
has_comparison(Relation index, int column, const DlKeyColumn *key)
{
	Oid			opfamily = index->rd_opfamily[column];

	return OidIsValid(get_opfamily_proc(opfamily, index->rd_opcintype[column],
										key->opright, BTORDER_PROC)) &&
		OidIsValid(get_opfamily_proc(opfamily, key->opright, key->opright,
									 BTORDER_PROC));
}

/* Is an expression of the index over a key column? */
static bool
has_key_expression(const DlTarget *target, Relation index)
{
	Bitmapset  *attnos = NULL;

	pull_varattnos((Node *) RelationGetIndexExpressions(index), 1, &attnos);
	for (int i = 0; i < target->nkeys; i++)
	{
		if (bms_is_member(target->keys[i].attno -
						  FirstLowInvalidHeapAttributeNumber, attnos))
			return true;
	}
	return false;
}

/*
 * Do the index columns behind the key's continue with order_by, all forward
 * or all backward?  Columns of the key are the same within a key and order
 * nothing; nor does what follows columns that no two rows share.
 */
static bool
gives_order(const DlTarget *target, Relation index, DlIndexChoice *choice)
{
	ScanDirection chosen = NoMovementScanDirection;
	int			column = target->nkeys;

	for (int i = 0; i < target->norder; i++)
	{
		const DlOrderItem *item = &target->order[i];
		ScanDirection needed;

		if (dl_index_item_is_constant(target, item))
			continue;
		if (column == index->rd_index->indnkeyatts && names_rows(target, index))
		{
			choice->orders_early = true;
			break;
		}
		if (column >= index->rd_index->indnkeyatts ||
			!matches_order_item(item, index, column, &needed))
			return false;
		if (chosen != NoMovementScanDirection && chosen != needed)
			return false;
		chosen = needed;
		column++;
	}
	if (chosen != NoMovementScanDirection)
		choice->direction = chosen;
	return true;
}

static bool
names_rows(const DlTarget *target, Relation index)
{
	Form_pg_index form = index->rd_index;

	for (int i = 0; i < form->indnkeyatts; i++)
	{
		if (!dl_attribute_is_not_null(target->tupdesc, form->indkey.values[i]))
			return false;
	}
	return form->indisunique && form->indimmediate;
}

static bool
matches_order_item(const DlOrderItem *item, Relation index, int column,
				   ScanDirection *direction)
{
	int16		option = index->rd_indoption[column];
	bool		index_desc = (option & INDOPTION_DESC) != 0;
	bool		index_nulls_first = (option & INDOPTION_NULLS_FIRST) != 0;
	int			strategy;
	bool		desc;

	if (item->attno == 0 ||
		index->rd_index->indkey.values[column] != item->attno ||
		index->rd_indcollation[column] != item->collation)
		return false;

	strategy = get_op_opfamily_strategy(item->sortop,
										index->rd_opfamily[column]);
	if (strategy == BTLessStrategyNumber)
		desc = false;
	else if (strategy == BTGreaterStrategyNumber)
		desc = true;
	else
		return false;

	if (desc == index_desc && item->nulls_first == index_nulls_first)
		*direction = ForwardScanDirection;
	else if (desc != index_desc && item->nulls_first != index_nulls_first)
		*direction = BackwardScanDirection;
	else
		return false;
	return true;
}

/*
 * Rows of one key are equal in the key columns, so these order nothing: but
 * only if they are ordered by the very notion of equality that keys have.
 */
bool
dl_index_item_is_constant(const DlTarget *target, const DlOrderItem *item)
{
	for (int i = 0; i < target->nkeys; i++)
	{
		const DlKeyColumn *key = &target->keys[i];

		if (key->attno == item->attno && key->collation == item->collation &&
			op_in_opfamily(item->sortop, key->opfamily))
			return !key->cast_column;
	}
	return false;
}

/*
 * Does the index hold every column that is read, as the table stores it?  (An
 * index on a column of type name keeps a cstring.)
 */
static bool
covers_columns(const DlTarget *target, Relation index)
{
	int			member = -1;

	while ((member = bms_next_member(target->columns, member)) >= 0)
	{
		AttrNumber	attno = member + FirstLowInvalidHeapAttributeNumber;
		int			column = 0;

		while (column < index->rd_index->indnatts &&
			   index->rd_index->indkey.values[column] != attno)
			column++;
		if (attno <= 0 || column == index->rd_index->indnatts ||
			TupleDescAttr(RelationGetDescr(index), column)->atttypid !=
			dl_target_attribute(target, attno)->atttypid)
			return false;
	}
	return true;
}

static bool
is_better(const DlTarget *target,
		  const DlIndexChoice *candidate, BlockNumber candidate_pages,
		  const DlIndexChoice *best, BlockNumber best_pages)
{
	if (candidate->orders != best->orders)
		return candidate->orders;
	/* not to all snapshots: see dl_index_gives_order() */
	if (candidate->orders_early != best->orders_early)
		return best->orders_early;
	if (candidate->covers != best->covers)
		return candidate->covers;
	if (candidate->unique != best->unique)
		return candidate->unique;
	return candidate_pages < best_pages;
}

/*
 * An index built over broken HOT chains must not be used by snapshots that
 * may still need the older members of such a chain.
 */
bool
dl_index_usable_by(Relation index, TransactionId xmin_horizon)
{
	return !index->rd_index->indcheckxmin ||
		TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
							  xmin_horizon);
}

/*
 * Building a unique index does not look at rows that are deleted already,
 * though older snapshots see them; nor does SET NOT NULL.  Both hold for
 * snapshots that see them as such, in the catalogs; nearly always all do.
 */
bool
dl_index_unique_for(const DlTarget *target, Relation index, Snapshot snapshot)
{
	Form_pg_index form = index->rd_index;

	if (!TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
							   TransactionXmin) &&
		!sees(snapshot, SearchSysCache1(INDEXRELID,
										ObjectIdGetDatum(form->indexrelid))))
		return false;
	for (int i = 0; target->index.orders_early && i < form->indnkeyatts; i++)
	{
		if (!sees(snapshot, SearchSysCache2(ATTNUM,
											ObjectIdGetDatum(form->indrelid),
											Int16GetDatum(form->indkey.values[i]))))
			return false;
	}
	return true;
}

/*
 * Does a snapshot of this transaction see no two rows of which a unique index
 * allows one?  The index is kept unique for what is there at a moment, not for
 * each snapshot: one that was taken before somebody deleted a row, and is kept,
 * sees it beside the row of the same key that this transaction has inserted
 * since.  So does, by their commands, one from before this transaction itself
 * deleted the first row.  Two rows of others are never seen together: the
 * second one was inserted after the deletion of the first had committed.
 */
bool
dl_unique_is_certain(void)
{
	return !TransactionIdIsValid(GetTopTransactionIdIfAny());
}

/* Does the index give order_by, as far as this transaction's snapshots go? */
bool
dl_index_gives_order(const DlTarget *target)
{
	const DlIndexChoice *index = &target->index;

	return index->orders &&
		(!(index->unique || index->orders_early) || dl_unique_is_certain());
}

/*
 * Does the snapshot see a row as the system cache gave it?  Releases it.  (The
 * relcache has rows, too, but does not keep their commands up to date.)
 */
static bool
sees(Snapshot snapshot, HeapTuple tuple)
{
	TransactionId xmin;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	xmin = HeapTupleHeaderGetXmin(tuple->t_data);
	if (TransactionIdPrecedes(xmin, TransactionXmin))
		result = true;
	else if (TransactionIdIsCurrentTransactionId(xmin))
		result = HeapTupleHeaderGetCmin(tuple->t_data) < snapshot->curcid;
	else
		result = !XidInMVCCSnapshot(xmin, snapshot);
	ReleaseSysCache(tuple);
	return result;
}

/* Could an index give the order of this item? */
static bool
is_plain_column(const DlTarget *target, const DlOrderItem *item)
{
	return item->attno != 0 && item->collation ==
		dl_target_attribute(target, item->attno)->attcollation;
}

/* Could an index give order_by as a whole? */
bool
dl_index_could_order(const DlTarget *target)
{
	for (int i = 0; i < target->norder; i++)
	{
		if (!is_plain_column(target, &target->order[i]))
			return false;
	}
	return target->norder > 0;
}

/*
 * The CREATE INDEX that would serve the target: its key columns, then the
 * columns of order_by if it is limited to some rows of each key.  palloc'd.
 */
char *
dl_index_advice(const DlTarget *target)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE INDEX ON %s (%s", target->qualified,
					 dl_target_key_names(target));
	for (int i = 0; i < target->norder; i++)
	{
		const DlOrderItem *item = &target->order[i];
		Oid			opfamily;
		Oid			opcintype;
		CompareType compare;
		bool		desc;

		if (!target->limited && !target->verb->connection)
			break;
		if (!is_plain_column(target, item) ||
			!get_ordering_op_properties(item->sortop, &opfamily, &opcintype,
										&compare))
			break;
		if (dl_index_item_is_constant(target, item))
			continue;
		desc = compare == COMPARE_GT;
		appendStringInfo(&sql, ", %s%s",
						 quote_identifier(NameStr(dl_target_attribute(target,
																	  item->attno)->attname)),
						 desc ? " DESC" : "");
		if (item->nulls_first != desc)
			appendStringInfoString(&sql, item->nulls_first ?
								   " NULLS FIRST" : " NULLS LAST");
	}
	appendStringInfoChar(&sql, ')');
	return sql.data;
}

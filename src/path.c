/*-------------------------------------------------------------------------
 *
 * path.c
 *	  May this batch read the index directly, or must it be planned?
 *
 * Below the planner nothing rewrites views, adds policies, visits children or
 * refuses what cannot be read.  So the direct path is taken only where the
 * planner would have added nothing: each case below names one of its duties.
 * What depends on the relation's definition alone is decided once, under the
 * caller's lock, and stands until an invalidation; what depends on the role,
 * the snapshot or a setting is asked on each call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xlog.h"
#include "catalog/catalog.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "commands/extension.h"
#include "expr.h"
#include "guc.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "path.h"
#include "target.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

static void plan_expressions(DlTarget *target);
static DlReason relation_reason(const DlTarget *target, Relation rel);
static DlReason storage_reason(const DlTarget *target, Relation rel);
static bool reads_virtual_column(const DlTarget *target, Relation rel);
static DlReason expression_reason(const DlTarget *target);
static bool junction_order_is_given(const DlTarget *target);
static DlReason call_reason(const DlTarget *target, Relation rel);
static DlQueryForm choose_query_form(const DlTarget *target);
static bool keys_have_arrays(const DlTarget *keyed);
static bool is_remote(const DlTarget *target);
static bool can_be_limited(const DlTarget *target);
static bool reads_foreign_data(const DlTarget *target);
static bool is_distributed(Oid relid);
static bool is_masked(void);

/*
 * Decides what can be decided once: reason, index, form of the query.  "rel"
 * is locked.  Allocates in CurrentMemoryContext, the target's.
 */
void
dl_path_resolve(DlTarget *target, Relation rel)
{
	DlReason	index_reason;

	target->reason = relation_reason(target, rel);
	if (target->reason == DL_REASON_NONE)
		target->reason = storage_reason(target, rel);
	if (target->reason == DL_REASON_NONE)
		target->reason = expression_reason(target);

	if (dl_path_needs_index(target))
	{
		index_reason = dl_index_choose(target, rel, &target->index);
		target->indexed = index_reason == DL_REASON_NONE;
		if (target->reason == DL_REASON_NONE)
			target->reason = index_reason;
	}

	if (target->reason == DL_REASON_NONE)
		plan_expressions(target);
	target->form = choose_query_form(target);
}

/* Folds constants and inlines functions, as a plan of them would. */
static void
plan_expressions(DlTarget *target)
{
	if (target->own_filter != NULL)
		target->filter = (Node *)
			expression_planner((Expr *) copyObject(target->own_filter));
	for (int i = 0; i < target->norder; i++)
		target->order[i].planned =
			expression_planner(copyObject(target->order[i].expr));
}

/* Duties of the rewriter and of inheritance expansion. */
static DlReason
relation_reason(const DlTarget *target, Relation rel)
{
	Form_pg_class form = rel->rd_rel;

	switch (form->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_MATVIEW:
			break;
		case RELKIND_VIEW:
			return DL_REASON_VIEW;
		case RELKIND_FOREIGN_TABLE:
			return DL_REASON_FOREIGN;
		default:
			return DL_REASON_PARTITIONED;
	}

	/* stays true after the last child went, which costs no right answer */
	if (form->relhassubclass)
		return DL_REASON_HAS_CHILDREN;

	/*
	 * A child that is no partition may be managed by an extension whose
	 * planner hooks know where the rest of its rows are (compressed chunks).
	 */
	if (!form->relispartition && has_superclass(target->relid))
		return DL_REASON_IS_CHILD;
	if (IsCatalogRelation(rel) || target->relid < FirstNormalObjectId)
		return DL_REASON_CATALOG;
	return DL_REASON_NONE;
}

/* Duties of get_relation_info() and of the scan nodes' start-up. */
static DlReason
storage_reason(const DlTarget *target, Relation rel)
{
	if (rel->rd_rel->relam != HEAP_TABLE_AM_OID)
		return DL_REASON_ACCESS_METHOD;
	if (!RelationIsScannable(rel))
		return DL_REASON_NOT_POPULATED;
	if (RELATION_IS_OTHER_TEMP(rel))
		return DL_REASON_OTHER_TEMP;

	if (reads_virtual_column(target, rel))
		return DL_REASON_VIRTUAL_COLUMN;
	if (is_distributed(target->relid))
		return DL_REASON_DISTRIBUTED;
	if (is_masked())
		return DL_REASON_MASKED;
	return DL_REASON_NONE;
}

static bool
reads_virtual_column(const DlTarget *target, Relation rel)
{
	TupleDesc	tupdesc = RelationGetDescr(rel);
	bool		whole_row = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber,
										  target->columns);

	for (int i = 0; i < tupdesc->natts; i++)
	{
		if (dl_attribute_is_virtual(TupleDescAttr(tupdesc, i)) &&
			(whole_row ||
			 bms_is_member(i + 1 - FirstLowInvalidHeapAttributeNumber,
						   target->columns)))
			return true;
	}
	return false;
}

/* What only a plan can evaluate, or would evaluate differently. */
static DlReason
expression_reason(const DlTarget *target)
{
	for (int i = 0; i < target->nkeys; i++)
	{
		if (target->keys[i].cast_column)
			return DL_REASON_COLUMN_CAST;
	}
	if (target->has_subquery)
		return DL_REASON_SUBQUERY;
	if (dl_expr_is_volatile(target))
		return DL_REASON_VOLATILE;
	if (target->mixed_filter)
		return DL_REASON_MIXED_FILTER;
	return junction_order_is_given(target) ? DL_REASON_NONE
		: DL_REASON_JUNCTION_ORDER;
}

/*
 * Rows reached through a junction come in its order, or are sorted by their
 * own columns; what is of both, or of the junction but not in its index's
 * order, is for a plan.
 */
static bool
junction_order_is_given(const DlTarget *target)
{
	for (int i = 0; i < target->norder; i++)
	{
		if (target->order[i].of_junction &&
			(target->through->norder == 0 || !target->through->indexed ||
			 !target->through->index.orders))
			return false;
	}
	return true;
}

/*
 * Decides what holds for this call alone; "rel" is locked.  For the direct
 * path *index is the opened index, to be closed without giving up its lock;
 * otherwise it is NULL.
 */
DlReason
dl_path_now(const DlTarget *target, Relation rel, Relation *index)
{
	DlReason	reason = call_reason(target, rel);

	*index = NULL;
	if (reason != DL_REASON_NONE)
		return reason;

	*index = index_open(target->index.indexoid, AccessShareLock);
	if (dl_index_usable_by(*index, TransactionXmin) &&
		(!(target->index.unique || target->index.orders_early) ||
		 dl_index_unique_for(target, *index, GetActiveSnapshot())))
		return DL_REASON_NONE;
	index_close(*index, NoLock);
	*index = NULL;
	return DL_REASON_INDEX_TOO_NEW;
}

/* Everything but the index, which stays unopened where it is not needed. */
static DlReason
call_reason(const DlTarget *target, Relation rel)
{
	Oid			userid = GetUserId();

	if (target->reason != DL_REASON_NONE)
		return target->reason;
	if (!dl_direct_scan)
		return DL_REASON_SWITCHED_OFF;

	/* Also where row_security is off: the plan raises the error. */
	if (check_enable_rls(target->relid, InvalidOid, true) == RLS_ENABLED)
		return DL_REASON_ROW_SECURITY;

	/* The plan raises the error here, too. */
	if (!RelationIsPermanent(rel) && RecoveryInProgress())
		return DL_REASON_RECOVERY;

	/* The executor asks for EXECUTE on operators; an index scan does not. */
	for (int i = 0; i < target->nkeys; i++)
	{
		Oid			function = get_opcode(target->keys[i].eqop);

		if (dl_aclcheck_function(function, userid) != ACLCHECK_OK)
			return DL_REASON_OPERATOR_RIGHTS;
		InvokeFunctionExecuteHook(function);
	}

	/* A tuple identifier is safe to hold only for a snapshot that sees no reuse. */
	if (!ActiveSnapshotSet() || HistoricSnapshotActive() ||
		!IsMVCCSnapshot(GetActiveSnapshot()))
		return DL_REASON_SNAPSHOT;
	return DL_REASON_NONE;
}

/* Can an index of the relation itself serve it, so that to lack one is a fault? */
bool
dl_path_needs_index(const DlTarget *target)
{
	return target->relkind == RELKIND_RELATION ||
		target->relkind == RELKIND_MATVIEW ||
		target->relkind == RELKIND_PARTITIONED_TABLE;
}

/*
 * A limited subquery for each key stops early, but it runs once for each key:
 * where no index is known to serve it, that would be a scan for each key, and
 * where the rows are elsewhere a round trip (Citus refuses it altogether).
 */
static DlQueryForm
choose_query_form(const DlTarget *target)
{
	const DlTarget *keyed = dl_target_keyed(target);

	/* there are no arrays of arrays, so such keys can only come as rows */
	if ((is_remote(target) || is_remote(keyed)) && keys_have_arrays(keyed))
		return DL_QUERY_ANY;
	if (target->limited && can_be_limited(target) && can_be_limited(keyed))
		return DL_QUERY_LATERAL;
	return keyed->keys_are_rows ? DL_QUERY_JOIN : DL_QUERY_ANY;
}

static bool
keys_have_arrays(const DlTarget *keyed)
{
	for (int i = 0; i < keyed->nkeys; i++)
	{
		if (!OidIsValid(get_array_type(keyed->keys[i].keytype)))
			return false;
	}
	return true;
}

static bool
is_remote(const DlTarget *target)
{
	return target->relkind == RELKIND_FOREIGN_TABLE ||
		target->reason == DL_REASON_DISTRIBUTED || reads_foreign_data(target);
}

static bool
can_be_limited(const DlTarget *target)
{
	return target->indexed || target->relkind == RELKIND_VIEW;
}

/* Is a partition or child of it a foreign table? */
static bool
reads_foreign_data(const DlTarget *target)
{
	ListCell   *lc;

	if (target->reason != DL_REASON_PARTITIONED &&
		target->reason != DL_REASON_HAS_CHILDREN)
		return false;
	foreach(lc, find_all_inheritors(target->relid, NoLock, NULL))
	{
		if (get_rel_relkind(lfirst_oid(lc)) == RELKIND_FOREIGN_TABLE)
			return true;
	}
	return false;
}

/*
 * Citus keeps the rows of a distributed table elsewhere; what looks like the
 * table is an empty shell.  Its entry in pg_dist_partition comes with a
 * relcache invalidation, so that a kept target learns of it.
 */
static bool
is_distributed(Oid relid)
{
	Oid			catalog = get_relname_relid("pg_dist_partition",
											PG_CATALOG_NAMESPACE);
	Relation	rel;
	SysScanDesc scan;
	ScanKeyData skey;
	AttrNumber	attno;
	bool		found;

	if (!OidIsValid(catalog))
		return false;
	attno = get_attnum(catalog, "logicalrelid");
	if (attno == InvalidAttrNumber)
		return true;			/* not the catalog we know: be careful */

	rel = table_open(catalog, AccessShareLock);
	ScanKeyInit(&skey, attno, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 1, &skey);
	found = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

/*
 * PostgreSQL Anonymizer masks columns by rewriting queries.  Its schema comes
 * with a namespace invalidation, so that kept targets learn of it.
 */
static bool
is_masked(void)
{
	return OidIsValid(get_namespace_oid("anon", true)) &&
		OidIsValid(get_extension_oid("anon", true));
}

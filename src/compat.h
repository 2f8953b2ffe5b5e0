/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Differences between PostgreSQL 14 and 18, in one place.
 *
 * Each wrapper has the shape of the newest version and names the version
 * that brought it, so that it can be dropped with the last older one.  No
 * other file tests PG_VERSION_NUM.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DL_COMPAT_H
#define DL_COMPAT_H

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "catalog/namespace.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/base64.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "executor/instrument.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "optimizer/paths.h"
#include "parser/parse_param.h"
#include "pgstat.h"
#include "storage/buf_internals.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/tuplesort.h"

#if PG_VERSION_NUM < 140000 || PG_VERSION_NUM >= 190000
#error "dataloader supports PostgreSQL 14 to 18"
#endif

/* 17 renamed the saved search path, whose only use is comparison. */
#if PG_VERSION_NUM < 170000
typedef OverrideSearchPath SearchPathMatcher;
#define GetSearchPathMatcher(context) GetOverrideSearchPath(context)
#define SearchPathMatchesCurrentEnvironment(path) \
	OverrideSearchPathMatchesCurrent(path)
#endif

/* 16 replaced the per-catalog privilege checks. */
#if PG_VERSION_NUM < 160000
static inline AclResult
dl_aclcheck_namespace(Oid nspid, Oid userid)
{
	return pg_namespace_aclcheck(nspid, userid, ACL_USAGE);
}

static inline AclResult
dl_aclcheck_function(Oid funcid, Oid userid)
{
	return pg_proc_aclcheck(funcid, userid, ACL_EXECUTE);
}
#else
static inline AclResult
dl_aclcheck_namespace(Oid nspid, Oid userid)
{
	return object_aclcheck(NamespaceRelationId, nspid, userid, ACL_USAGE);
}

static inline AclResult
dl_aclcheck_function(Oid funcid, Oid userid)
{
	return object_aclcheck(ProcedureRelationId, funcid, userid, ACL_EXECUTE);
}
#endif

/*
 * The executor's own permission check for reading these columns of a
 * relation, hook included; raises 42501.  16 moved the permission fields of a
 * range table entry into a node of their own.
 */
static inline void
dl_check_select_permissions(Oid relid, char relkind, Bitmapset *columns)
{
	RangeTblEntry *rte = makeNode(RangeTblEntry);

	rte->rtekind = RTE_RELATION;
	rte->relid = relid;
	rte->relkind = relkind;
	rte->rellockmode = AccessShareLock;
#if PG_VERSION_NUM < 160000
	rte->requiredPerms = ACL_SELECT;
	rte->selectedCols = columns;
	ExecCheckRTPerms(list_make1(rte), true);
#else
	{
		RTEPermissionInfo *perminfo = makeNode(RTEPermissionInfo);

		perminfo->relid = relid;
		perminfo->inh = true;
		perminfo->requiredPerms = ACL_SELECT;
		perminfo->selectedCols = columns;
		rte->perminfoindex = 1;
		ExecCheckPermissions(list_make1(rte), list_make1(perminfo), true);
	}
#endif
}

/* 18 moved the functions that extensions use for EXPLAIN. */
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif

/*
 * 17: a btree scan for an array of keys reads on along the leaf pages; before,
 * it descends for each of them.
 */
#define DL_BTREE_WALKS_ARRAYS (PG_VERSION_NUM >= 170000)

/* 18 added an instrumentation argument. */
static inline IndexScanDesc
dl_index_beginscan(Relation heap, Relation index, Snapshot snapshot, int nkeys)
{
#if PG_VERSION_NUM < 180000
	return index_beginscan(heap, index, snapshot, nkeys, 0);
#else
	return index_beginscan(heap, index, snapshot, NULL, nkeys, 0);
#endif
}

/* 16 renamed what names a file, and made functions of these macros. */
#if PG_VERSION_NUM < 160000
#define rd_locator rd_node
#define InitBufferTag(tag, locator, fork, block) \
	INIT_BUFFERTAG(*(tag), *(locator), fork, block)
#define BufferTagsEqual(tag1, tag2) BUFFERTAGS_EQUAL(*(tag1), *(tag2))
#endif

/*
 * In the statistics, what ReadBuffer() counts for a page in memory and
 * ReadRecentBuffer() does not.  15 has it count for EXPLAIN by itself, 16
 * brought pg_stat_io, 18 counts bytes there.
 */
static inline void
dl_count_recent_buffer(Relation rel)
{
	pgstat_count_buffer_read(rel);
	pgstat_count_buffer_hit(rel);
#if PG_VERSION_NUM < 150000
	pgBufferUsage.shared_blks_hit++;
#elif PG_VERSION_NUM >= 180000
	pgstat_count_io_op(IOOBJECT_RELATION, IOCONTEXT_NORMAL, IOOP_HIT, 1, 0);
#elif PG_VERSION_NUM >= 160000
	pgstat_count_io_op(IOOBJECT_RELATION, IOCONTEXT_NORMAL, IOOP_HIT);
#endif
}

/* All that ReadBuffer() counts for a page in memory. */
static inline void
dl_count_buffer_hit(Relation rel)
{
	dl_count_recent_buffer(rel);
#if PG_VERSION_NUM >= 150000
	pgBufferUsage.shared_blks_hit++;
#endif
}

/* 18 added an argument for room in front of the tuple. */
#if PG_VERSION_NUM < 180000
#define heap_form_minimal_tuple(desc, values, isnull, extra) \
	heap_form_minimal_tuple(desc, values, isnull)
#endif

/*
 * 18 has get_ordering_op_properties() tell the direction of an operator by a
 * type of its own, not by its strategy number in a btree.
 */
#if PG_VERSION_NUM < 180000
typedef int16 CompareType;
#define COMPARE_LT BTLessStrategyNumber
#define COMPARE_GT BTGreaterStrategyNumber
#endif

/* 18 made the bytes of base64 unsigned. */
static inline int
dl_b64_encode(const uint8 *src, int len, char *dst, int dstlen)
{
#if PG_VERSION_NUM < 180000
	return pg_b64_encode((const char *) src, len, dst, dstlen);
#else
	return pg_b64_encode(src, len, dst, dstlen);
#endif
}

static inline int
dl_b64_decode(const char *src, int len, uint8 *dst, int dstlen)
{
#if PG_VERSION_NUM < 180000
	return pg_b64_decode(src, len, (char *) dst, dstlen);
#else
	return pg_b64_decode(src, len, dst, dstlen);
#endif
}

/* 18 brought virtual generated columns, which the heap stores as NULL. */
static inline bool
dl_attribute_is_virtual(Form_pg_attribute att)
{
#if PG_VERSION_NUM < 180000
	return false;
#else
	return att->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL;
#endif
}

/*
 * Has no row a NULL in this column?  18 brought NOT NULL constraints that are
 * not valid: they hold for new rows only.
 */
static inline bool
dl_attribute_is_not_null(TupleDesc tupdesc, AttrNumber attno)
{
#if PG_VERSION_NUM < 180000
	return TupleDescAttr(tupdesc, attno - 1)->attnotnull;
#else
	return TupleDescCompactAttr(tupdesc, attno - 1)->attnullability ==
		ATTNULLABLE_VALID;
#endif
}

/* 18 brought foreign keys with PERIOD: ranges that are contained, not equal. */
static inline bool
dl_constraint_has_period(Oid constraint)
{
#if PG_VERSION_NUM < 180000
	return false;
#else
	HeapTuple	tuple = SearchSysCache1(CONSTROID,
										ObjectIdGetDatum(constraint));
	bool		result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for constraint %u", constraint);
	result = ((Form_pg_constraint) GETSTRUCT(tuple))->conperiod;
	ReleaseSysCache(tuple);
	return result;
#endif
}

/*
 * Keeps short values of a column from being packed, so that readers need not
 * unpack them.  18 derives the layout of a column ahead of its use.
 */
static inline void
dl_store_unpacked(TupleDesc tupdesc, int attno)
{
	TupleDescAttr(tupdesc, attno - 1)->attstorage = TYPSTORAGE_PLAIN;
#if PG_VERSION_NUM >= 180000
	populate_compact_attribute(tupdesc, attno - 1);
#endif
}

/* 18 replaced it by a word that goes in front of the declaration. */
#ifndef pg_attribute_noreturn
#define pg_attribute_noreturn() __attribute__((noreturn))
#endif

/* 16 put the relations that can make an expression NULL into the expression. */
static inline List *
dl_build_expression_pathkey(PlannerInfo *root, Expr *expr, Oid opno,
							Relids relids)
{
#if PG_VERSION_NUM < 160000
	return build_expression_pathkey(root, expr, NULL, opno, relids, false);
#else
	return build_expression_pathkey(root, expr, opno, relids, false);
#endif
}

/* 15 made projection an ability that a custom scan has to claim. */
#if PG_VERSION_NUM < 150000
#define CUSTOMPATH_SUPPORT_PROJECTION 0
#endif

/* 15 renamed the hook that infers parameter types. */
#if PG_VERSION_NUM < 150000
#define setup_parse_variable_parameters(pstate, types, count) \
	parse_variable_parameters(pstate, types, count)
#endif

/* 15 turned the randomAccess flag of tuplesort into an option mask. */
#if PG_VERSION_NUM < 150000
#define TUPLESORT_NONE 0
#endif

/* 15 reserves the prefix of an extension's settings. */
#if PG_VERSION_NUM < 150000
#define MarkGUCPrefixReserved(prefix) EmitWarningsOnPlaceholders(prefix)
#endif

/*
 * Sets up the caller's tuplestore for a function that returns a materialised
 * set with the row type that the query expects.  15 brought this to core.
 */
static inline void
dl_init_materialized_srf(FunctionCallInfo fcinfo)
{
#if PG_VERSION_NUM >= 150000
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
#else
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext oldcontext;

	if (rsinfo == NULL || !IsA(rsinfo, ReturnSetInfo) ||
		(rsinfo->allowedModes & SFRM_Materialize) == 0 ||
		rsinfo->expectedDesc == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));
	oldcontext = MemoryContextSwitchTo(rsinfo->econtext->ecxt_per_query_memory);
	rsinfo->returnMode = SFRM_Materialize;
	rsinfo->setDesc = CreateTupleDescCopy(rsinfo->expectedDesc);
	rsinfo->setResult =
		tuplestore_begin_heap((rsinfo->allowedModes &
							   SFRM_Materialize_Random) != 0,
							  false, work_mem);
	MemoryContextSwitchTo(oldcontext);
#endif
}

#endif							/* DL_COMPAT_H */

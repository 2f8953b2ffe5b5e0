/*-------------------------------------------------------------------------
 *
 * discard_caches.h
 *	  Discards all of the server's caches wherever the server might.
 *
 * With debug_discard_caches a server built for it empties its caches each time
 * it could receive an invalidation: on every lock, so in every catalog access.
 * Packaged servers lack it.  A build of the extension with -include of this
 * file does the same from its side: before each call that may look at a
 * catalog or take a lock, nothing stays where it was found.
 *
 * A pointer into a cache that is used after such a call points to freed
 * memory, or an answer changes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DISCARD_CACHES_H
#define DISCARD_CACHES_H

#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "parser/parse_coerce.h"
#include "parser/parse_oper.h"
#include "utils/acl.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/sortsupport.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#define DISCARD(call) (InvalidateSystemCaches(), call)

#define table_open(...) DISCARD(table_open(__VA_ARGS__))
#define try_relation_open(...) DISCARD(try_relation_open(__VA_ARGS__))
#define index_open(...) DISCARD(index_open(__VA_ARGS__))
#define index_beginscan(...) DISCARD(index_beginscan(__VA_ARGS__))
#define systable_beginscan(...) DISCARD(systable_beginscan(__VA_ARGS__))
#define SearchSysCache1(...) DISCARD(SearchSysCache1(__VA_ARGS__))
#define RelationGetIndexList(...) DISCARD(RelationGetIndexList(__VA_ARGS__))
#define RelationGetFKeyList(...) DISCARD(RelationGetFKeyList(__VA_ARGS__))

#define get_opcode(...) DISCARD(get_opcode(__VA_ARGS__))
#define get_opfamily_member(...) DISCARD(get_opfamily_member(__VA_ARGS__))
#define get_opfamily_proc(...) DISCARD(get_opfamily_proc(__VA_ARGS__))
#define get_op_opfamily_strategy(...) DISCARD(get_op_opfamily_strategy(__VA_ARGS__))
#define get_ordering_op_properties(...) DISCARD(get_ordering_op_properties(__VA_ARGS__))
#define op_in_opfamily(...) DISCARD(op_in_opfamily(__VA_ARGS__))
#define op_input_types(...) DISCARD(op_input_types(__VA_ARGS__))
#define oper(...) DISCARD(oper(__VA_ARGS__))
#define find_coercion_pathway(...) DISCARD(find_coercion_pathway(__VA_ARGS__))

#define get_typlenbyval(...) DISCARD(get_typlenbyval(__VA_ARGS__))
#define get_typlenbyvalalign(...) DISCARD(get_typlenbyvalalign(__VA_ARGS__))
#define get_element_type(...) DISCARD(get_element_type(__VA_ARGS__))
#define get_array_type(...) DISCARD(get_array_type(__VA_ARGS__))
#define getBaseType(...) DISCARD(getBaseType(__VA_ARGS__))
#define getBaseTypeAndTypmod(...) DISCARD(getBaseTypeAndTypmod(__VA_ARGS__))
#define getTypeInputInfo(...) DISCARD(getTypeInputInfo(__VA_ARGS__))
#define getTypeOutputInfo(...) DISCARD(getTypeOutputInfo(__VA_ARGS__))
#define type_is_rowtype(...) DISCARD(type_is_rowtype(__VA_ARGS__))
#define lookup_rowtype_tupdesc(...) DISCARD(lookup_rowtype_tupdesc(__VA_ARGS__))
#define lookup_rowtype_tupdesc_copy(...) DISCARD(lookup_rowtype_tupdesc_copy(__VA_ARGS__))
#define fmgr_info(...) DISCARD(fmgr_info(__VA_ARGS__))

#define get_attnum(...) DISCARD(get_attnum(__VA_ARGS__))
#define get_rel_relkind(...) DISCARD(get_rel_relkind(__VA_ARGS__))
#define check_enable_rls(...) DISCARD(check_enable_rls(__VA_ARGS__))
#define SPI_prepare_cursor(...) DISCARD(SPI_prepare_cursor(__VA_ARGS__))
#define SPI_execute_plan_extended(...) DISCARD(SPI_execute_plan_extended(__VA_ARGS__))

/* Where user code may run, which may do all of the above. */
#undef FunctionCall1
#undef FunctionCall2
#define InputFunctionCall(...) DISCARD(InputFunctionCall(__VA_ARGS__))
#define OutputFunctionCall(...) DISCARD(OutputFunctionCall(__VA_ARGS__))
#define FunctionCall1Coll(...) DISCARD(FunctionCall1Coll(__VA_ARGS__))
#define FunctionCall2Coll(...) DISCARD(FunctionCall2Coll(__VA_ARGS__))
#define FunctionCall1(f, a) FunctionCall1Coll(f, InvalidOid, a)
#define FunctionCall2(f, a, b) FunctionCall2Coll(f, InvalidOid, a, b)

#endif							/* DISCARD_CACHES_H */

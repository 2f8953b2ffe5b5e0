/*-------------------------------------------------------------------------
 *
 * rights.c
 *	  May the current role read this?
 *
 * Opening a relation enforces nothing, so the direct path has to ask all that
 * the parser and the executor would ask for the same rows: USAGE on the
 * schema, SELECT on the relation or on each column that is read, and the hook
 * through which auditing and label-based extensions take part.  It is asked
 * on every call, for GetUserId() of that moment: GRANT, REVOKE, SET ROLE and
 * SECURITY DEFINER all change the answer without telling any cache.
 *
 * Row-level security is not a right; path.c sends it to the plan path.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "rights.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

/*
 * Before the relation is locked: a role that may read nothing of it must not
 * be able to queue for a lock on it either.  Raises 42501.
 */
void
dl_rights_check_relation(Oid relid)
{
	Oid			userid = GetUserId();
	Oid			nspid = get_rel_namespace(relid);

	if (dl_aclcheck_namespace(nspid, userid) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_SCHEMA,
					   get_namespace_name(nspid));

	if (pg_class_aclcheck(relid, userid, ACL_SELECT) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(relid, userid, ACL_SELECT,
								  ACLMASK_ANY) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV,
					   get_relkind_objtype(get_rel_relkind(relid)),
					   get_rel_name(relid));
}

/*
 * The executor's check for reading these columns, given as it keeps them
 * (offset by FirstLowInvalidHeapAttributeNumber).  Where no hook listens and
 * the whole relation may be read, that is known without building the
 * executor's arguments.
 */
void
dl_rights_check_columns(Relation rel, Bitmapset *columns)
{
	Oid			relid = RelationGetRelid(rel);

	if (ExecutorCheckPerms_hook == NULL &&
		pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK)
		return;

	dl_check_select_permissions(relid, rel->rd_rel->relkind, columns);
}

/*-------------------------------------------------------------------------
 *
 * junction.c
 *	  How a junction leads to the relation: the columns of option link.
 *
 * The request's keys match columns of the junction; its link columns hold
 * values of the relation's columns that a foreign key references, or of its
 * primary key where there is no foreign key.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "target.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/relcache.h"

static List *default_link(DlTarget *target, Relation junction,
						  List **referenced);
static List *named_link(DlTarget *target, const char *link, Relation rel,
						Relation junction, List **referenced);
static List *foreign_keys(Relation junction, Oid relid);
static bool has_same_link(List *fks, const ForeignKeyCacheInfo *fk);
static bool same_columns(const ForeignKeyCacheInfo *fk, List *attnos);
static char *column_list(const DlTarget *junction,
						 const ForeignKeyCacheInfo *fk);

/*
 * Sets the output of target->through to the link columns, and the keys of the
 * target to the columns that these reference.  Allocates in
 * CurrentMemoryContext, the target's.  Errors: 42704 without a foreign key,
 * 42702 with several, 22023 for a link of the wrong width.
 */
void
dl_junction_resolve(DlTarget *target, const DlRequest *request,
					Relation rel, Relation junction)
{
	DlTarget   *through = target->through;
	List	   *referenced = NIL;
	List	   *link;
	ListCell   *lc;
	ListCell   *lc2;

	link = request->link == NULL ?
		default_link(target, junction, &referenced) :
		named_link(target, request->link, rel, junction, &referenced);

	through->output = palloc(mul_size(list_length(link), sizeof(AttrNumber)));
	target->keys = palloc0(mul_size(list_length(link), sizeof(DlKeyColumn)));
	forboth(lc, link, lc2, referenced)
	{
		Form_pg_attribute from = dl_target_attribute(through, lfirst_int(lc));
		Form_pg_attribute to = dl_target_attribute(target, lfirst_int(lc2));

		through->output[through->noutput++] = from->attnum;
		dl_keytype_resolve(&target->keys[target->nkeys++], to, from->atttypid,
						   NameStr(from->attname));
	}
}

/* The only foreign key there is. */
static List *
default_link(DlTarget *target, Relation junction, List **referenced)
{
	List	   *fks = foreign_keys(junction, target->relid);
	ForeignKeyCacheInfo *fk;
	List	   *link = NIL;

	if (fks == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("relation \"%s\" has no foreign key to relation \"%s\"",
						target->through->relname, target->relname),
				 errhint("Name the referencing column with link, for example link => '%s_id'.",
						 target->relname)));
	if (list_length(fks) > 1)
	{
		StringInfoData candidates;
		ListCell   *lc;

		initStringInfo(&candidates);
		foreach(lc, fks)
			appendStringInfo(&candidates, "%s'%s'",
							 candidates.len > 0 ? ", " : "",
							 column_list(target->through, lfirst(lc)));
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_COLUMN),
				 errmsg("relation \"%s\" has more than one foreign key to relation \"%s\"",
						target->through->relname, target->relname),
				 errhint("Choose one with link: %s.", candidates.data)));
	}

	fk = (ForeignKeyCacheInfo *) linitial(fks);
	for (int i = 0; i < fk->nkeys; i++)
	{
		link = lappend_int(link, fk->conkey[i]);
		*referenced = lappend_int(*referenced, fk->confkey[i]);
	}
	return link;
}

/*
 * The columns named, with what the only foreign key of exactly these
 * references, else the primary key.
 */
static List *
named_link(DlTarget *target, const char *names, Relation rel,
		   Relation junction, List **referenced)
{
	List	   *link = dl_resolve_names(target->through, names, "link");
	ForeignKeyCacheInfo *found = NULL;
	int			nfound = 0;
	ListCell   *lc;

	foreach(lc, foreign_keys(junction, target->relid))
	{
		if (same_columns((ForeignKeyCacheInfo *) lfirst(lc), link))
		{
			found = (ForeignKeyCacheInfo *) lfirst(lc);
			nfound++;
		}
	}
	if (nfound == 1)
	{
		foreach(lc, link)
		{
			for (int i = 0; i < found->nkeys; i++)
			{
				if (found->conkey[i] == lfirst_int(lc))
					*referenced = lappend_int(*referenced, found->confkey[i]);
			}
		}
		return link;
	}

	/* none, or several that lead to different columns */
	*referenced = dl_resolve_primary_key(target, rel,
										 "Declare it, or a foreign key of the junction's columns to the relation.");
	if (list_length(*referenced) != list_length(link))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option link names %d %s, but the primary key of relation \"%s\" has %d",
						list_length(link),
						list_length(link) == 1 ? "column" : "columns",
						target->relname, list_length(*referenced))));
	return link;
}

/* Those whose columns equal what they reference. */
static List *
foreign_keys(Relation junction, Oid relid)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, RelationGetFKeyList(junction))
	{
		ForeignKeyCacheInfo *fk = (ForeignKeyCacheInfo *) lfirst(lc);

		if (fk->confrelid == relid && !has_same_link(result, fk) &&
			!dl_constraint_has_period(fk->conoid))
			result = lappend(result, copyObject(fk));
	}
	return result;
}

/* Two constraints may say the same. */
static bool
has_same_link(List *fks, const ForeignKeyCacheInfo *fk)
{
	ListCell   *lc;

	foreach(lc, fks)
	{
		ForeignKeyCacheInfo *other = (ForeignKeyCacheInfo *) lfirst(lc);

		if (other->nkeys == fk->nkeys &&
			memcmp(other->conkey, fk->conkey,
				   fk->nkeys * sizeof(AttrNumber)) == 0 &&
			memcmp(other->confkey, fk->confkey,
				   fk->nkeys * sizeof(AttrNumber)) == 0)
			return true;
	}
	return false;
}

static bool
same_columns(const ForeignKeyCacheInfo *fk, List *attnos)
{
	if (fk->nkeys != list_length(attnos))
		return false;
	for (int i = 0; i < fk->nkeys; i++)
	{
		if (!list_member_int(attnos, fk->conkey[i]))
			return false;
	}
	return true;
}

static char *
column_list(const DlTarget *junction, const ForeignKeyCacheInfo *fk)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < fk->nkeys; i++)
	{
		Form_pg_attribute att = dl_target_attribute(junction, fk->conkey[i]);

		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "",
						 quote_identifier(NameStr(att->attname)));
	}
	return names.data;
}

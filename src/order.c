/*-------------------------------------------------------------------------
 *
 * order.c
 *	  The order of a connection: total, of columns only, either way round.
 *
 * A cursor names a row by its place in the order, so no two rows of a key may
 * share one: order_by is completed by the columns of the primary key, or of
 * another unique index over columns that are not null.  Where order_by is of a
 * junction, its link columns, which hold the same values, stand for that key, so
 * that the order can come from the junction's index.  Through a junction a row
 * may come twice, unless the junction cannot hold a pair twice; then the
 * junction's own key is added, too.
 *
 * A connection read from its end has every direction turned round, and its
 * edges are put back at the end.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "cursor.h"
#include "nodes/makefuncs.h"
#include "parser/parse_oper.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"

static void require_columns(const DlTarget *target);
static List *unique_columns(const DlTarget *target, Relation rel);
static List *link_columns(const DlTarget *target);
static List *indexes_of_all_rows(Relation rel);
static bool is_simpler(const List *columns, const List *than);
static bool is_unique(Relation index);
static List *unique_index_columns(const DlTarget *target, Relation index);
static bool equates(Relation index, int column, Oid eqop, Oid collation);
static bool link_names_rows(const DlTarget *target, List *unique);
static bool order_is_of_junction(const DlTarget *target, Relation junction);
static bool has_pair_index(const DlTarget *target, Relation junction,
						   bool in_order);
static bool tells_pairs_apart(const DlTarget *target, Relation index);
static const DlKeyColumn *pair_column(const DlTarget *target, AttrNumber attno);
static bool ends_in_links(const DlTarget *target, Relation index);
static void append_columns(DlTarget *target, const DlTarget *of, int varno,
						   List *attnos);
static bool has_item(const DlTarget *target, int varno, AttrNumber attno);
static void turn_round(DlTarget *target);

/*
 * Completes target->order.  Allocates in CurrentMemoryContext, the target's.
 * Errors: 0A000 for an expression, 42704 for a relation without a key.
 */
void
dl_order_complete(DlTarget *target, Relation rel, Relation junction,
				  bool backward)
{
	List	   *unique = unique_columns(target, rel);

	require_columns(target);
	if (junction != NULL && link_names_rows(target, unique) &&
		order_is_of_junction(target, junction))
		append_columns(target, target->through, 2, link_columns(target));
	else
		append_columns(target, target, 1, unique);
	if (junction != NULL && !has_pair_index(target, junction, false))
		append_columns(target, target->through, 2,
					   unique_columns(target->through, junction));
	target->backward = backward;
	if (backward)
		turn_round(target);
	dl_cursor_set_fingerprint(target);
}

static void
require_columns(const DlTarget *target)
{
	for (int i = 0; i < target->norder; i++)
	{
		Expr	   *expr = target->order[i].expr;

		if (!IsA(expr, Var) || ((Var *) expr)->varattno <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("option order_by of a connection must name columns"),
					 errhint("Order by a generated column.")));
	}
}

/*
 * The primary key, or else of the unique indexes that name each row the one
 * with the fewest columns: not the one that is oldest, or cursors would not
 * outlive a REINDEX.
 */
static List *
unique_columns(const DlTarget *target, Relation rel)
{
	List	   *result = NIL;
	bool		primary = false;
	ListCell   *lc;

	foreach(lc, indexes_of_all_rows(rel))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		List	   *columns = unique_index_columns(target, index);

		if (columns != NIL && !primary &&
			(result == NIL || index->rd_index->indisprimary ||
			 is_simpler(columns, result)))
		{
			result = columns;
			primary = index->rd_index->indisprimary;
		}
		index_close(index, NoLock);
	}

	if (result == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("relation \"%s\" has no key to tell rows of the same order apart",
						target->relname),
				 errdetail("A connection needs a primary key, or a unique index over columns that are not null, that is not deferrable and holds for all rows.")));
	return result;
}

/*
 * None if there are inheritance children, whose rows an index does not see.  The
 * flag alone stays after the last one went.
 */
static List *
indexes_of_all_rows(Relation rel)
{
	if (rel->rd_rel->relkind == RELKIND_RELATION &&
		rel->rd_rel->relhassubclass &&
		find_inheritance_children(RelationGetRelid(rel), NoLock) != NIL)
		return NIL;
	return RelationGetIndexList(rel);
}

/* Are there fewer of these columns, or as many that come first in the table? */
static bool
is_simpler(const List *columns, const List *than)
{
	ListCell   *lc;
	ListCell   *lc2;

	if (list_length(columns) != list_length(than))
		return list_length(columns) < list_length(than);
	forboth(lc, columns, lc2, than)
	{
		if (lfirst_int(lc) != lfirst_int(lc2))
			return lfirst_int(lc) < lfirst_int(lc2);
	}
	return false;
}

/* At each moment, for all rows? */
static bool
is_unique(Relation index)
{
	Form_pg_index form = index->rd_index;

	return form->indisunique && form->indimmediate && form->indisvalid &&
		heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL);
}

/* The columns of an index in which no two rows are alike; else NIL. */
static List *
unique_index_columns(const DlTarget *target, Relation index)
{
	Form_pg_index form = index->rd_index;
	List	   *columns = NIL;

	if (!is_unique(index))
		return NIL;
	for (int i = 0; i < form->indnkeyatts; i++)
	{
		AttrNumber	attno = form->indkey.values[i];
		Form_pg_attribute att;
		Oid			eqop;

		if (attno <= 0 || !dl_attribute_is_not_null(target->tupdesc, attno))
			return NIL;
		att = dl_target_attribute(target, attno);
		get_sort_group_operators(att->atttypid, false, false, false,
								 NULL, &eqop, NULL, NULL);
		if (!equates(index, i, eqop, att->attcollation))
			return NIL;
		columns = lappend_int(columns, attno);
	}
	return columns;
}

/*
 * Are values that are equal by this operator and collation equal to the index,
 * too?  Otherwise it may be unique and yet have rows that are alike: citext
 * under text_ops.  (A deterministic collation finds equal what is the same.)
 */
static bool
equates(Relation index, int column, Oid eqop, Oid collation)
{
	return op_in_opfamily(eqop, index->rd_opfamily[column]) &&
		(index->rd_indcollation[column] == collation ||
		 !OidIsValid(collation) || get_collation_isdeterministic(collation));
}

static List *
link_columns(const DlTarget *target)
{
	List	   *result = NIL;

	for (int i = 0; i < target->through->noutput; i++)
		result = lappend_int(result, target->through->output[i]);
	return result;
}

/* Do the link columns hold the values of the relation's key, in its order? */
static bool
link_names_rows(const DlTarget *target, List *unique)
{
	if (list_length(unique) != target->nkeys)
		return false;
	for (int i = 0; i < target->nkeys; i++)
	{
		Form_pg_attribute from = dl_target_attribute(target->through,
													 target->through->output[i]);
		Form_pg_attribute to = dl_target_attribute(target,
												   target->keys[i].attno);

		if (!list_member_int(unique, to->attnum) ||
			from->atttypid != to->atttypid ||
			from->attcollation != to->attcollation)
			return false;
	}
	return true;
}

/*
 * May the order be left to the junction?  If order_by names columns of it
 * alone, or none and an index has the pairs in order.
 */
static bool
order_is_of_junction(const DlTarget *target, Relation junction)
{
	for (int i = 0; i < target->norder; i++)
	{
		if (((Var *) target->order[i].expr)->varno != 2)
			return false;
	}
	return target->norder > 0 || has_pair_index(target, junction, true);
}

/*
 * Does a unique index keep the junction from holding a pair twice?  "in_order":
 * one that has the pairs of a key in the order of their links.
 */
static bool
has_pair_index(const DlTarget *target, Relation junction, bool in_order)
{
	bool		found = false;
	ListCell   *lc;

	foreach(lc, indexes_of_all_rows(junction))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		found = found || (tells_pairs_apart(target, index) &&
						  (!in_order || ends_in_links(target, index)));
		index_close(index, NoLock);
	}
	return found;
}

/*
 * Can no two rows of the junction have the same key and lead to the same row?
 * "The same" is what keys and links are matched by.
 */
static bool
tells_pairs_apart(const DlTarget *target, Relation index)
{
	if (!is_unique(index))
		return false;
	for (int i = 0; i < index->rd_index->indnkeyatts; i++)
	{
		const DlKeyColumn *column =
			pair_column(target, index->rd_index->indkey.values[i]);

		if (column == NULL ||
			!equates(index, i, column->eqop, column->collation))
			return false;
	}
	return true;
}

/* How a column of the junction is matched, as it is; NULL if it is not. */
static const DlKeyColumn *
pair_column(const DlTarget *target, AttrNumber attno)
{
	const DlTarget *through = target->through;

	for (int i = 0; i < through->nkeys; i++)
	{
		if (through->keys[i].attno == attno && !through->keys[i].cast_column)
			return &through->keys[i];
	}
	for (int i = 0; i < through->noutput; i++)
	{
		if (through->output[i] == attno)
			return &target->keys[i];
	}
	return NULL;
}

static bool
ends_in_links(const DlTarget *target, Relation index)
{
	const DlTarget *through = target->through;

	if (index->rd_index->indnkeyatts != through->nkeys + through->noutput)
		return false;
	for (int i = 0; i < through->noutput; i++)
	{
		if (index->rd_index->indkey.values[through->nkeys + i] !=
			through->output[i])
			return false;
	}
	return true;
}

/* Adds what order_by does not have yet, ascending. */
static void
append_columns(DlTarget *target, const DlTarget *of, int varno, List *attnos)
{
	int			most = target->norder + list_length(attnos);
	ListCell   *lc;

	if (target->order == NULL)
		target->order = palloc0(mul_size(most, sizeof(DlOrderItem)));
	else
		target->order = repalloc(target->order,
								 mul_size(most, sizeof(DlOrderItem)));
	foreach(lc, attnos)
	{
		Form_pg_attribute att = dl_target_attribute(of, lfirst_int(lc));
		DlOrderItem *item = &target->order[target->norder];

		if (has_item(target, varno, att->attnum))
			continue;
		memset(item, 0, sizeof(DlOrderItem));
		item->expr = (Expr *) makeVar(varno, att->attnum, att->atttypid,
									  att->atttypmod, att->attcollation, 0);
		item->attno = varno == 1 ? att->attnum : 0;
		item->type = dl_operand_type(att->atttypid);
		item->collation = att->attcollation;
		get_sort_group_operators(att->atttypid, true, false, false,
								 &item->sortop, NULL, NULL, NULL);
		target->norder++;
	}
}

static bool
has_item(const DlTarget *target, int varno, AttrNumber attno)
{
	for (int i = 0; i < target->norder; i++)
	{
		Var		   *var = (Var *) target->order[i].expr;

		if ((int) var->varno == varno && var->varattno == attno)
			return true;
	}
	return false;
}

static void
turn_round(DlTarget *target)
{
	for (int i = 0; i < target->norder; i++)
	{
		DlOrderItem *item = &target->order[i];
		Oid			opfamily;
		Oid			opcintype;
		CompareType compare;

		if (!get_ordering_op_properties(item->sortop, &opfamily, &opcintype,
										&compare))
			elog(ERROR, "operator %u is not an ordering operator",
				 item->sortop);
		item->sortop = get_opfamily_member(opfamily, opcintype, opcintype,
										   compare == COMPARE_LT ?
										   BTGreaterStrategyNumber :
										   BTLessStrategyNumber);
		item->nulls_first = !item->nulls_first;
	}
}

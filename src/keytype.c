/*-------------------------------------------------------------------------
 *
 * keytype.c
 *	  How are keys of this type compared with this column?
 *
 * The answer is the equality that SQL would use, but never found through
 * search_path.  In this order:
 *
 * 1. The default btree operator family of the column's type has an equality
 *	  operator for the pair of types (int4 column, int8 keys).
 * 2. The operator that the parser picks from pg_catalog: it may cast the keys
 *	  (int4 keys, numeric column) or the column itself (numeric keys, int4
 *	  column; text keys, bpchar column), which no index can serve.
 * 3. For types of extensions, whose operators are not in pg_catalog: keys are
 *	  cast to the column's type if they are strings and it is one too.  The
 *	  parser would compare a citext column with text keys as text, and lose the
 *	  folding that the column was given its type for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "catalog/pg_am.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "compat.h"
#include "keytype.h"
#include "parser/parse_coerce.h"
#include "parser/parse_oper.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

static void resolve(DlKeyColumn *key, Form_pg_attribute att, Oid opclass,
					const char *link);
static bool resolve_in_family(DlKeyColumn *key, Oid opclass);
static bool resolve_in_catalog(DlKeyColumn *key, Oid opclass);
static bool resolve_by_string_cast(DlKeyColumn *key, Oid opclass);
static void set_comparison(DlKeyColumn *key, Oid eqop, Oid opfamily,
						   Oid lefttype, Oid keytype);
static bool set_conversion(DlKeyColumn *key, Oid keytype,
						   CoercionContext context);
static bool is_btree_equality(Oid opno, Oid opfamily);
static void report_not_comparable(Form_pg_attribute att, Oid inputtype,
								  const char *link) pg_attribute_noreturn();

/*
 * Fills *key for the column "att".  inputtype is the type of the caller's
 * keys, or InvalidOid for keys that will be of the column's own type; "link"
 * names the junction's column if the keys are its values, else NULL.
 * Errors: 42883 where the two cannot be compared, 0A000 for array columns
 * with array keys, which lost their dimensions when the batch was flattened.
 */
void
dl_keytype_resolve(DlKeyColumn *key, Form_pg_attribute att, Oid inputtype,
				   const char *link)
{
	Oid			opclass;

	memset(key, 0, sizeof(DlKeyColumn));
	key->attno = att->attnum;
	key->basetype = getBaseType(att->atttypid);
	key->collation = att->attcollation;
	key->inputtype = OidIsValid(inputtype) ? getBaseType(inputtype)
		: key->basetype;

	opclass = GetDefaultOpClass(key->basetype, BTREE_AM_OID);
	if (!OidIsValid(opclass))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("cannot match keys against column \"%s\" of type %s",
						NameStr(att->attname), format_type_be(att->atttypid)),
				 errdetail("The type has no default btree operator class.")));

	/*
	 * Type name brings a collation of its own, and other hashing than text.
	 * Where the column has neither, such keys are compared as text.
	 */
	if (key->inputtype == NAMEOID && key->basetype != NAMEOID)
	{
		key->inputtype = TEXTOID;
		resolve(key, att, opclass, link);
		key->inputtype = NAMEOID;
		if (!set_conversion(key, key->keytype, COERCION_ASSIGNMENT))
			report_not_comparable(att, inputtype, link);
	}
	/* An untyped literal inside of a row takes the type of its column. */
	else if (key->inputtype == UNKNOWNOID)
	{
		key->inputtype = key->basetype;
		resolve(key, att, opclass, link);
		key->inputtype = UNKNOWNOID;
		key->conversion = DL_KEY_INPUT;
	}
	else
		resolve(key, att, opclass, link);

	get_typlenbyvalalign(key->keytype, &key->keylen, &key->keybyval,
						 &key->keyalign);
}

static void
resolve(DlKeyColumn *key, Form_pg_attribute att, Oid opclass, const char *link)
{
	if (!resolve_in_family(key, opclass) &&
		!resolve_in_catalog(key, opclass) &&
		!resolve_by_string_cast(key, opclass))
		report_not_comparable(att, key->inputtype, link);
}

/*
 * The family's own operator for the two types, or for the column's type alone
 * if the keys are of that type.
 */
static bool
resolve_in_family(DlKeyColumn *key, Oid opclass)
{
	Oid			opfamily = get_opclass_family(opclass);
	Oid			opcintype = get_opclass_input_type(opclass);
	Oid			eqop;

	eqop = get_opfamily_member(opfamily, opcintype, key->inputtype,
							   BTEqualStrategyNumber);
	if (OidIsValid(eqop))
	{
		set_comparison(key, eqop, opfamily, opcintype, key->inputtype);
		return true;
	}

	if (key->inputtype != key->basetype)
		return false;

	eqop = get_opfamily_member(opfamily, opcintype, opcintype,
							   BTEqualStrategyNumber);
	if (!OidIsValid(eqop))
		return false;

	/*
	 * A polymorphic operator class (enums, arrays, ranges, rows) says nothing
	 * of how to store a value; any other one takes the keys as its own type.
	 */
	set_comparison(key, eqop, opfamily,
				   IsPolymorphicType(opcintype) || opcintype == RECORDOID ?
				   key->basetype : opcintype,
				   IsPolymorphicType(opcintype) || opcintype == RECORDOID ?
				   key->basetype : opcintype);
	return true;
}

/* What the parser makes of "column = key" with the operators of pg_catalog. */
static bool
resolve_in_catalog(DlKeyColumn *key, Oid opclass)
{
	Oid			opfamily = get_opclass_family(opclass);
	Oid			opcintype = get_opclass_input_type(opclass);
	Oid			family_eqop = get_opfamily_member(opfamily, opcintype, opcintype,
												  BTEqualStrategyNumber);
	Operator	tuple;
	Form_pg_operator form;
	Oid			eqop;
	Oid			left;
	Oid			right;
	List	   *families;

	/* An extension's type must not fall back to the operators below it. */
	if (!OidIsValid(family_eqop) || family_eqop >= FirstNormalObjectId)
		return false;

	tuple = oper(NULL,
				 list_make2(makeString("pg_catalog"), makeString("=")),
				 key->basetype, key->inputtype, true, -1);
	if (tuple == NULL)
		return false;
	form = (Form_pg_operator) GETSTRUCT(tuple);
	eqop = form->oid;
	left = form->oprleft;
	right = form->oprright;
	ReleaseSysCache(tuple);

	if (IsPolymorphicType(left) || IsPolymorphicType(right))
		return false;
	if (!set_conversion(key, right, COERCION_IMPLICIT))
		return false;

	if (is_btree_equality(eqop, opfamily))
	{
		set_comparison(key, eqop, opfamily, left, right);
		return true;
	}

	/* The column is cast: any btree family that knows the operator serves. */
	families = get_mergejoin_opfamilies(eqop);
	if (families == NIL)
		return false;
	set_comparison(key, eqop, linitial_oid(families), left, right);
	key->cast_column = true;
	return true;
}

static bool
resolve_by_string_cast(DlKeyColumn *key, Oid opclass)
{
	Oid			opfamily = get_opclass_family(opclass);
	Oid			opcintype = get_opclass_input_type(opclass);
	Oid			eqop = get_opfamily_member(opfamily, opcintype, opcintype,
										   BTEqualStrategyNumber);

	if (!OidIsValid(eqop) || eqop < FirstNormalObjectId ||
		IsPolymorphicType(opcintype) ||
		TypeCategory(key->basetype) != TYPCATEGORY_STRING ||
		TypeCategory(key->inputtype) != TYPCATEGORY_STRING ||
		!set_conversion(key, opcintype, COERCION_ASSIGNMENT))
		return false;

	set_comparison(key, eqop, opfamily, opcintype, opcintype);
	return true;
}

static void
set_comparison(DlKeyColumn *key, Oid eqop, Oid opfamily,
			   Oid lefttype, Oid keytype)
{
	Oid			opleft;

	key->eqop = eqop;
	key->opfamily = opfamily;
	key->lefttype = lefttype;
	key->keytype = keytype;
	op_input_types(eqop, &opleft, &key->opright);

	/* a column that is cast to text has that type's collation */
	if (!OidIsValid(key->collation))
		key->collation = get_typcollation(lefttype);
}

/* Finds how an input value becomes one of keytype; false if it cannot. */
static bool
set_conversion(DlKeyColumn *key, Oid keytype, CoercionContext context)
{
	if (key->inputtype == keytype)
	{
		key->conversion = DL_KEY_AS_IS;
		return true;
	}

	switch (find_coercion_pathway(keytype, key->inputtype, context,
								  &key->castfunc))
	{
		case COERCION_PATH_RELABELTYPE:
			key->conversion = DL_KEY_AS_IS;
			return true;
		case COERCION_PATH_FUNC:
			key->conversion = DL_KEY_CAST;
			return true;
		case COERCION_PATH_COERCEVIAIO:
			key->conversion = DL_KEY_VIA_TEXT;
			return true;
		default:
			return false;
	}
}

static bool
is_btree_equality(Oid opno, Oid opfamily)
{
	return get_op_opfamily_strategy(opno, opfamily) == BTEqualStrategyNumber;
}

static void
report_not_comparable(Form_pg_attribute att, Oid inputtype, const char *link)
{
	if (link != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("cannot compare link column \"%s\" of type %s with column \"%s\" of type %s",
						link, format_type_be(inputtype), NameStr(att->attname),
						format_type_be(att->atttypid)),
				 errhint("Make a view of the junction that casts it.")));

	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION),
			 errmsg("cannot compare keys of type %s with column \"%s\" of type %s",
					format_type_be(inputtype), NameStr(att->attname),
					format_type_be(att->atttypid)),
			 errhint("Cast the keys, for example $1::%s[].",
					 format_type_be(getBaseType(att->atttypid)))));
}

/*
 * The type that a value must be shown as in a query, for the operators of its
 * btree family to be found: its own, but the enum below a domain over one.
 * (anyenum is the one polymorphic type that does not look through domains.)
 */
Oid
dl_operand_type(Oid type)
{
	Oid			basetype = getBaseType(type);

	return type_is_enum(basetype) ? basetype : type;
}

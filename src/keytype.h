/*
 * keytype.h
 *		How the keys of one column are compared with it.
 */
#ifndef DL_KEYTYPE_H
#define DL_KEYTYPE_H

#include "access/attnum.h"
#include "access/tupdesc.h"

/* How an element of the key array becomes a key. */
typedef enum DlKeyConversion
{
	DL_KEY_AS_IS,				/* the same bytes */
	DL_KEY_CAST,				/* through a cast function */
	DL_KEY_VIA_TEXT,			/* through its text form, as strings do that
								 * have no cast */
	DL_KEY_INPUT,				/* an untyped literal: through the input
								 * function of the column's type */
} DlKeyConversion;

typedef struct DlKeyColumn
{
	/* the column */
	AttrNumber	attno;
	Oid			basetype;		/* below any domains */
	Oid			collation;		/* the column's; invalid if not collatable */

	/* the comparison: lefttype eqop keytype */
	Oid			lefttype;		/* type the column is compared as */
	bool		cast_column;	/* the column itself must be cast to lefttype,
								 * so that no index on it can be used */
	Oid			keytype;		/* type of the keys */
	Oid			eqop;			/* equality operator (lefttype, keytype) */
	Oid			opfamily;		/* btree family of eqop */
	Oid			opright;		/* declared right-hand input type of eqop */
	int16		keylen;			/* storage of keytype */
	bool		keybyval;
	char		keyalign;

	/* from an element of the caller's array to a key */
	Oid			inputtype;		/* element type, or field type of a row key */
	DlKeyConversion conversion;
	Oid			castfunc;		/* DL_KEY_CAST */
} DlKeyColumn;

extern void dl_keytype_resolve(DlKeyColumn *key, Form_pg_attribute att,
							   Oid inputtype, const char *link);

extern Oid	dl_operand_type(Oid type);

#endif							/* DL_KEYTYPE_H */

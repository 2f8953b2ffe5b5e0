/*
 * keytext.h
 *		Keys given as text: what a driver sends for an untyped parameter.
 */
#ifndef DL_KEYTEXT_H
#define DL_KEYTEXT_H

#include "compat.h"
#include "utils/array.h"

/*
 * Reads an array literal or a JSON array of keys for "ncolumns" columns of
 * these types.  Returns an array of the column's base type (domains
 * stripped), or, where there are several columns or the one column is itself
 * an array, of RECORD: rows of a blessed type with one field per column.
 */
extern ArrayType *dl_keytext_parse(const char *text, int ncolumns,
								   const Oid *types,
								   const char *primary_key_of);
extern void dl_report_key_width(int nvalues, int ncolumns,
								const char *primary_key_of)
			pg_attribute_noreturn();

#endif							/* DL_KEYTEXT_H */

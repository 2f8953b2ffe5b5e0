/*
 * keytext.h
 *		Keys given as text: what a driver sends for an untyped parameter.
 */
#ifndef DL_KEYTEXT_H
#define DL_KEYTEXT_H

#include "utils/array.h"

extern ArrayType *dl_keytext_parse(const char *text, int ncolumns,
								   const Oid *types);

#endif							/* DL_KEYTEXT_H */

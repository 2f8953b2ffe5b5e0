/*
 * jsonnested.h
 *		JSON writers of arrays and composite values.
 */
#ifndef DL_JSONNESTED_H
#define DL_JSONNESTED_H

#include "jsonwriter.h"

/* Complete a writer whose type, bigint_strings and context are set. */
extern void dl_json_array_init(DlJsonWriter *writer);
extern void dl_json_row_init(DlJsonWriter *writer);

#endif							/* DL_JSONNESTED_H */

/*
 * jsonscalar.h
 *		JSON writers of the types without parts.
 */
#ifndef DL_JSONSCALAR_H
#define DL_JSONSCALAR_H

#include "jsonwriter.h"

/* NULL where the type has no writer of its own */
extern DlJsonWriteFn dl_json_scalar_writer(Oid type, bool bigint_strings);

/* For types known by their functions only: those need writer->function. */
extern DlJsonWriteFn dl_json_output_writer(Oid output_function);
extern void dl_json_write_cast(DlBuffer *buf, const DlJsonWriter *writer,
							   Datum value);

#endif							/* DL_JSONSCALAR_H */

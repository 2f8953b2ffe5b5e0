/*
 * jsonobject.h
 *		Rows as JSON objects, byte for byte as row_to_json() writes them.
 */
#ifndef DL_JSONOBJECT_H
#define DL_JSONOBJECT_H

#include "buffer.h"
#include "emit.h"
#include "target.h"

extern DlJsonColumn *dl_json_copy_columns(const DlTarget *target);
extern void dl_json_write_object(DlBuffer *buffer, const DlJsonColumn *columns,
								 int ncolumns, TupleTableSlot *slot,
								 const AttrNumber *attnos);

extern void dl_json_write_shared(DlBuffer *buffer, const DlJsonColumn *columns,
								 const DlTarget *target,
								 const DlSharedRow *row,
								 const AttrNumber *attnos);

#endif							/* DL_JSONOBJECT_H */

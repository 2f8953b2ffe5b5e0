/*
 * jsonobject.h
 *		Rows as JSON objects, byte for byte as row_to_json() writes them.
 */
#ifndef DL_JSONOBJECT_H
#define DL_JSONOBJECT_H

#include "buffer.h"
#include "executor/tuptable.h"
#include "target.h"

extern DlJsonColumn *dl_json_copy_columns(const DlTarget *target);
extern void dl_json_write_object(DlBuffer *buffer, const DlJsonColumn *columns,
								 int ncolumns, TupleTableSlot *slot,
								 const AttrNumber *attnos);

/* Objects that several keys share, written once; numbered from 0. */
typedef struct DlKeptObjects
{
	DlBuffer	bytes;
	Size	   *end;			/* of each in bytes */
	int			count;
	int			max;
} DlKeptObjects;

extern void dl_kept_begin(DlKeptObjects *kept);
extern int	dl_kept_add(DlKeptObjects *kept, const DlJsonColumn *columns,
						int ncolumns, TupleTableSlot *slot,
						const AttrNumber *attnos);
extern void dl_kept_append(DlBuffer *buffer, const DlKeptObjects *kept,
						   int number);
extern void dl_kept_forget(DlKeptObjects *kept);

#endif							/* DL_JSONOBJECT_H */

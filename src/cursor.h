/*
 * cursor.h
 *		Cursors of connections: where in its key's order a row stands.
 */
#ifndef DL_CURSOR_H
#define DL_CURSOR_H

#include "buffer.h"
#include "target.h"
#include "utils/sortsupport.h"

/* How one value of the order is written into a cursor. */
typedef enum DlCursorCoding
{
	DL_CURSOR_PLAIN,			/* the output function, no setting matters */
	DL_CURSOR_FLOAT,			/* the shortest digits that read back */
	DL_CURSOR_DATETIME,			/* as in JSON, ISO 8601 */
	DL_CURSOR_EXACT,			/* the output function under exact settings */
} DlCursorCoding;

typedef struct DlCursorColumn
{
	DlCursorCoding coding;
	Oid			type;
	FmgrInfo	output;
	FmgrInfo	input;
	Oid			typioparam;
	SortSupportData sort;		/* the order that rows come in */
} DlCursorColumn;

/* For one call. */
typedef struct DlCursors
{
	int			ncolumns;
	DlCursorColumn *columns;
	const char *fingerprint;	/* of the ordering */
	DlBuffer	scratch;
} DlCursors;

/* A cursor's values; NULL stands for "none". */
typedef NullableDatum DlCursorValues;

extern DlCursors *dl_cursors_begin(const DlTarget *target);
extern void dl_cursor_set_fingerprint(DlTarget *target);
extern void dl_cursor_write(DlCursors *cursors, DlBuffer *buffer,
							TupleTableSlot *slot, const AttrNumber *attnos);
extern DlCursorValues *dl_cursor_read(DlCursors *cursors, const char *text,
									  const char *option, int position);
extern int	dl_cursor_compare(DlCursors *cursors, TupleTableSlot *slot,
							  const AttrNumber *attnos,
							  const DlCursorValues *values);

/* order.c */
extern void dl_order_complete(DlTarget *target, Relation rel,
							  Relation junction, bool backward);

#endif							/* DL_CURSOR_H */

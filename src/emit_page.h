/*
 * emit_page.h
 *		The shape of connections: what is asked of each page.
 */
#ifndef DL_EMIT_PAGE_H
#define DL_EMIT_PAGE_H

#include "cursor.h"
#include "emit.h"

typedef struct DlPageRequest
{
	int64		size;			/* edges of a page; -1: all */
	DlCursors  *cursors;

	/*
	 * For each position, NULL entries for none: rows come from behind the
	 * start, up to before the end.  NULL if no position has one.
	 */
	DlCursorValues **start;
	DlCursorValues **end;

	int64	   *counts;			/* for each position; NULL if not asked for */
} DlPageRequest;

extern DlEmit *dl_emit_page_begin(DlTarget *target, const DlKeys *keys,
								  const DlPageRequest *request,
								  MemoryContext result_context);

#endif							/* DL_EMIT_PAGE_H */

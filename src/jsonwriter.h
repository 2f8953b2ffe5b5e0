/*
 * jsonwriter.h
 *		Writes values of one type as JSON, byte for byte as to_json() does.
 *
 * A writer is chosen once per column, so that no row pays for looking up its
 * types again.  One writer is used by one call at a time: its FmgrInfos and
 * its row cache change as it writes, and the output functions it calls may
 * run user code that loads rows itself.  A writer kept across calls is
 * therefore only a template; each call works with its own dl_json_writer_copy().
 *
 * Writing leaves garbage (detoasted copies, output strings) in
 * CurrentMemoryContext: call it in a context that is reset per row.  The
 * buffer may belong to any other context.
 */
#ifndef DL_JSONWRITER_H
#define DL_JSONWRITER_H

#include "buffer.h"
#include "fmgr.h"

typedef struct DlJsonWriter DlJsonWriter;
typedef struct DlJsonRowCache DlJsonRowCache;

/* "value" is not NULL: the caller writes null itself. */
typedef void (*DlJsonWriteFn) (DlBuffer *buf, const DlJsonWriter *writer,
							   Datum value);

struct DlJsonWriter
{
	DlJsonWriteFn write;
	Oid			type;			/* base type, where a domain was asked for */
	bool		bigint_strings; /* int8 and numeric as JSON strings */
	FmgrInfo   *function;		/* output function or cast to json, or NULL */

	/* arrays only */
	const DlJsonWriter *element;	/* NULL: known from the value alone */
	int16		typlen;			/* of the element type */
	bool		typbyval;
	char		typalign;

	/* composites only */
	DlJsonRowCache *row;		/* columns of the row type seen last */

	MemoryContext context;		/* owns all that the writer points to */
};

extern void dl_json_writer_init(DlJsonWriter *writer, Oid type,
								bool bigint_strings);
extern void dl_json_writer_copy(DlJsonWriter *dst, const DlJsonWriter *src);

/* "bytes" quoted, escaped as escape_json() does; in the server encoding */
extern void dl_json_write_string(DlBuffer *buf, const char *bytes, Size n);

static inline void
dl_json_write(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	writer->write(buf, writer, value);
}

#endif							/* DL_JSONWRITER_H */

/*
 * buffer.h
 *		The bytes of a result while it is being built.
 *
 * A StringInfo keeps its contents NUL-terminated and counts in int.  The
 * writers here copy many short pieces, so the free space is checked once per
 * piece, inline, and nothing else is done.
 */
#ifndef DL_BUFFER_H
#define DL_BUFFER_H

#include "compat.h"

typedef struct DlBuffer
{
	char	   *data;			/* not NUL-terminated; owned by the context that
								 * was current in dl_buffer_init(), or lent */
	Size		len;			/* # of valid bytes */
	Size		capacity;		/* # of allocated bytes, <= MaxAllocSize */
} DlBuffer;

extern void dl_buffer_init(DlBuffer *buf, Size capacity);
extern void dl_buffer_borrow(DlBuffer *buf);
extern void dl_buffer_return(DlBuffer *buf);
extern void dl_buffer_grow(DlBuffer *buf, Size more);
extern void dl_buffer_report_full(void) pg_attribute_noreturn();

extern void dl_result_begin(DlBuffer *buf, MemoryContext context,
							Size capacity);
extern void dl_result_begin_like(DlBuffer *buf, MemoryContext context,
								 Size last);
extern Datum dl_result_finish(DlBuffer *buf);

/* Afterwards at least "more" bytes are free behind data[len]. */
static inline void
dl_buffer_reserve(DlBuffer *buf, Size more)
{
	if (unlikely(buf->capacity - buf->len < more))
		dl_buffer_grow(buf, more);
}

static inline void
dl_buffer_append(DlBuffer *buf, const void *bytes, Size n)
{
	dl_buffer_reserve(buf, n);
	memcpy(buf->data + buf->len, bytes, n);
	buf->len += n;
}

/* Appends what the buffer has between "start" and "end". */
static inline void
dl_buffer_repeat(DlBuffer *buf, Size start, Size end)
{
	dl_buffer_reserve(buf, end - start);
	memcpy(buf->data + buf->len, buf->data + start, end - start);
	buf->len += end - start;
}

static inline void
dl_buffer_append_char(DlBuffer *buf, char c)
{
	dl_buffer_reserve(buf, 1);
	buf->data[buf->len++] = c;
}

#endif							/* DL_BUFFER_H */

/*
 * buffer.c
 *		The slow paths of the result buffer; see buffer.h.
 */
#include "postgres.h"

#include "buffer.h"
#include "utils/memutils.h"

#define DL_BUFFER_MIN_CAPACITY	64

/*
 * The bytes belong to CurrentMemoryContext and stay there however much the
 * buffer grows, whatever context is current by then.
 */
void
dl_buffer_init(DlBuffer *buf, Size capacity)
{
	capacity = Max(capacity, DL_BUFFER_MIN_CAPACITY);
	capacity = Min(capacity, MaxAllocSize);
	buf->data = palloc(capacity);
	buf->len = 0;
	buf->capacity = capacity;
}

/*
 * Makes room for at least "more" bytes, doubling so that a result of n bytes
 * is copied at most n times over.  A value larger than MaxAllocSize could not
 * be returned anyway, so say here what the caller can do about it.
 */
void
dl_buffer_grow(DlBuffer *buf, Size more)
{
	Size		capacity;

	/* len never passes MaxAllocSize, so the difference cannot wrap around */
	if (more > MaxAllocSize - buf->len)
		dl_buffer_report_full();

	capacity = Min(buf->capacity * 2, MaxAllocSize);
	capacity = Max(capacity, buf->len + more);
	buf->data = repalloc(buf->data, capacity);
	buf->capacity = capacity;
}

/* 54000: the result would pass MaxAllocSize. */
void
dl_buffer_report_full(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("result exceeds 1 GB"),
			 errhint("Split the batch, load fewer columns, or use load_rows.")));
}

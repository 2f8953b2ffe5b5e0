/*
 * buffer.c
 *		The slow paths of the result buffer; see buffer.h.
 */
#include "postgres.h"

#include "buffer.h"
#include "utils/memutils.h"

#define DL_BUFFER_MIN_CAPACITY	64
#define DL_BUFFER_FIRST_CAPACITY	8192

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
 * The buffer of a result, in "context": as large as the last one was, and an
 * eighth more.  Large ones grow by remapping, so there is little to gain from a
 * guess at them, and much address space to waste.
 */
#define DL_BUFFER_MAX_GUESS ((Size) 16 * 1024 * 1024)

void
dl_buffer_init_like(DlBuffer *buf, MemoryContext context, Size last)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(context);

	dl_buffer_init(buf, Min(Max(last + last / 8, 1024), DL_BUFFER_MAX_GUESS));
	MemoryContextSwitchTo(oldcontext);
}

/*
 * The buffer that is kept for the session: fresh memory costs a page fault
 * for each of its pages, which is felt in every result of some size.  One
 * caller has it at a time; another one, down-stack, gets memory of its own.
 */
static MemoryContext scratch_context = NULL;
static DlBuffer scratch;		/* data is NULL while it is lent */
static bool scratch_is_lent = false;

/* A buffer that has grown past this is not kept. */
#define DL_BUFFER_MAX_KEPT	((Size) 8 * 1024 * 1024)

/* The borrower's memory goes; after an error, so does what it had borrowed. */
static void
end_loan(void *arg)
{
	scratch_is_lent = false;
	if (scratch.data == NULL)
		MemoryContextReset(scratch_context);
}

/*
 * An empty buffer for one call, to be given back by dl_buffer_return() before
 * CurrentMemoryContext is reset.
 */
void
dl_buffer_borrow(DlBuffer *buf)
{
	MemoryContextCallback *callback;

	if (scratch_is_lent)
	{
		dl_buffer_init(buf, DL_BUFFER_FIRST_CAPACITY);
		return;
	}

	if (scratch_context == NULL)
		scratch_context = AllocSetContextCreate(TopMemoryContext,
												"dataloader scratch",
												ALLOCSET_DEFAULT_SIZES);
	if (scratch.data == NULL)
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(scratch_context);

		dl_buffer_init(&scratch, DL_BUFFER_FIRST_CAPACITY);
		MemoryContextSwitchTo(oldcontext);
	}

	callback = palloc(sizeof(MemoryContextCallback));
	callback->func = end_loan;
	callback->arg = NULL;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);

	*buf = scratch;
	buf->len = 0;
	scratch.data = NULL;
	scratch_is_lent = true;
}

/* Keeps the buffer for the next call, unless it is too large for that. */
void
dl_buffer_return(DlBuffer *buf)
{
	if (GetMemoryChunkContext(buf->data) != scratch_context ||
		buf->capacity > DL_BUFFER_MAX_KEPT)
		pfree(buf->data);
	else
		scratch = *buf;
	buf->data = NULL;
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

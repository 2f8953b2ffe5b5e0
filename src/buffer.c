/*
 * buffer.c
 *		The slow paths of the result buffer; see buffer.h.
 */
#include "postgres.h"

#include "buffer.h"
#include "utils/memutils.h"

#define DL_BUFFER_MIN_CAPACITY	64
#define DL_BUFFER_FIRST_CAPACITY	8192

/* The bytes belong to the context and stay there however much the buffer grows. */
static void
init_in(DlBuffer *buf, MemoryContext context, Size capacity)
{
	capacity = Max(capacity, DL_BUFFER_MIN_CAPACITY);
	capacity = Min(capacity, MaxAllocSize);
	buf->data = MemoryContextAlloc(context, capacity);
	buf->len = 0;
	buf->capacity = capacity;
}

/* In CurrentMemoryContext, whatever context is current when it grows. */
void
dl_buffer_init(DlBuffer *buf, Size capacity)
{
	init_in(buf, CurrentMemoryContext, capacity);
}

/*
 * Buffers that are kept for the session: fresh memory costs a page fault for
 * each of its pages, which is felt in every result of some size.  One borrower
 * has one at a time; others, down-stack or beside it, get memory of their own.
 */
typedef struct KeptBuffer
{
	MemoryContext context;		/* NULL until the first loan */
	DlBuffer	buffer;			/* data is NULL while its borrower changes it */
	bool		is_lent;
} KeptBuffer;

static KeptBuffer scratch;		/* for what is written before the result */
static KeptBuffer results;		/* for a result */

/* A buffer that has grown past this is not kept. */
#define DL_BUFFER_MAX_KEPT	((Size) 8 * 1024 * 1024)

/* The borrower's memory goes; after an error, so does what it had borrowed. */
static void
end_loan(void *arg)
{
	KeptBuffer *kept = arg;

	kept->is_lent = false;
	if (kept->buffer.data == NULL ||
		kept->buffer.capacity > DL_BUFFER_MAX_KEPT)
	{
		MemoryContextReset(kept->context);
		kept->buffer.data = NULL;
	}
}

/* Lends it, empty, until "borrower" is reset.  False if somebody has it. */
static bool
lend(KeptBuffer *kept, DlBuffer *buf, MemoryContext borrower)
{
	MemoryContextCallback *callback;

	if (kept->is_lent)
		return false;
	if (kept->context == NULL)
		kept->context = AllocSetContextCreate(TopMemoryContext,
											  "dataloader buffer",
											  ALLOCSET_DEFAULT_SIZES);
	if (kept->buffer.data == NULL)
		init_in(&kept->buffer, kept->context, DL_BUFFER_FIRST_CAPACITY);

	callback = MemoryContextAlloc(borrower, sizeof(MemoryContextCallback));
	callback->func = end_loan;
	callback->arg = kept;
	MemoryContextRegisterResetCallback(borrower, callback);

	*buf = kept->buffer;
	buf->len = 0;
	kept->buffer.data = NULL;
	kept->is_lent = true;
	return true;
}

/*
 * An empty buffer for one call, to be given back by dl_buffer_return() before
 * CurrentMemoryContext is reset.
 */
void
dl_buffer_borrow(DlBuffer *buf)
{
	if (!lend(&scratch, buf, CurrentMemoryContext))
		dl_buffer_init(buf, DL_BUFFER_FIRST_CAPACITY);
}

/* Keeps the buffer for the next call, unless it is too large for that. */
void
dl_buffer_return(DlBuffer *buf)
{
	if (GetMemoryChunkContext(buf->data) != scratch.context ||
		buf->capacity > DL_BUFFER_MAX_KEPT)
		pfree(buf->data);
	else
		scratch.buffer = *buf;
	buf->data = NULL;
}

/*
 * An empty buffer with room for a result of some bytes, which lives until
 * "context" is reset, as if it was allocated there.  It must not be freed
 * before: the buffer may be the one that is kept for the next result.
 */
void
dl_result_begin(DlBuffer *buf, MemoryContext context, Size capacity)
{
	if (capacity > DL_BUFFER_FIRST_CAPACITY && lend(&results, buf, context))
		dl_buffer_reserve(buf, capacity);
	else
		init_in(buf, context, capacity);
}

/*
 * The same for a result of unknown size: as large as the last one was, and an
 * eighth more.  Large ones grow by remapping, so there is little to gain from a
 * guess at them, and much address space to waste.
 */
#define DL_RESULT_MAX_GUESS ((Size) 16 * 1024 * 1024)

void
dl_result_begin_like(DlBuffer *buf, MemoryContext context, Size last)
{
	dl_result_begin(buf, context,
					Min(Max(last + last / 8, 1024), DL_RESULT_MAX_GUESS));
}

/* The buffer's bytes, from its start, as a varlena. */
Datum
dl_result_finish(DlBuffer *buf)
{
	if (GetMemoryChunkContext(buf->data) == results.context)
		results.buffer = *buf;
	SET_VARSIZE(buf->data, buf->len);
	return PointerGetDatum(buf->data);
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

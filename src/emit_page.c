/*-------------------------------------------------------------------------
 *
 * emit_page.c
 *	  The shape of connections: a page of edges for each position.
 *
 * Rows come key by key in the connection's order.  Each position of a key has
 * cursors of its own: its page begins behind its start cursor, ends before
 * its end cursor, and has at most "size" edges; one row more tells that there
 * is another page.  A row is written as an edge when the first position wants
 * it, and the edges of a page lie one behind the other, so a page is a range of
 * edges.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "emit.h"
#include "emit_page.h"
#include "jsonobject.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* {"cursor":"...","node":{...}} in the buffer */
typedef struct Edge
{
	Size		start;
	Size		end;
	int			cursor_len;		/* quotes included */
} Edge;

/* What a position gets. */
typedef struct KeyPage
{
	int			first;			/* number of its first edge */
	int			count;
	bool		more;			/* there is a row behind its last edge */
} KeyPage;

typedef struct PageEmit
{
	DlEmit		base;			/* must be first */
	DlTarget   *target;
	const DlKeys *keys;
	const DlPageRequest *request;
	MemoryContext result_context;
	DlJsonColumn *columns;
	DlKeyPositions positions;	/* of each key */
	KeyPage	   *pages;			/* for each position */

	DlBuffer	buffer;			/* of edges */
	Edge	   *edges;
	int			nedges;
	int			maxedges;
} PageEmit;

#define EDGE_CURSOR "{\"cursor\":"
#define EDGE_NODE ",\"node\":"

static void page_row(DlEmit *emit, int keyno, TupleTableSlot *slot);
static void page_shared(DlEmit *emit, int keyno, const DlSharedRow *row);
static void place_row(PageEmit *emit, int keyno, const DlSharedRow *row);
static bool page_wants(DlEmit *emit, int keyno, TupleTableSlot *slot,
					   const AttrNumber *order_attnos);
static bool wants_row(PageEmit *emit, int position, TupleTableSlot *slot,
					  const AttrNumber *attnos);
static void write_edge(PageEmit *emit, const DlSharedRow *row);
static Datum page_finish(DlEmit *emit);
static void write_page(PageEmit *emit, DlBuffer *result, int position);
static void write_edges(PageEmit *emit, DlBuffer *result, const KeyPage *page);
static void write_page_info(PageEmit *emit, DlBuffer *result, int position);
static void append_cursor(PageEmit *emit, DlBuffer *result, int edge);
static void append_string(DlBuffer *result, const char *text);

/* Allocates in CurrentMemoryContext, the call's. */
DlEmit *
dl_emit_page_begin(DlTarget *target, const DlKeys *keys,
				   const DlPageRequest *request, MemoryContext result_context)
{
	PageEmit   *emit = palloc0(sizeof(PageEmit));

	emit->base.row = page_row;
	emit->base.finish = page_finish;
	emit->base.shared = page_shared;
	if (request->start != NULL || request->end != NULL)
		emit->base.wants = page_wants;
	emit->target = target;
	emit->keys = keys;
	emit->request = request;
	emit->result_context = result_context;
	emit->columns = dl_json_copy_columns(target);
	dl_keys_group_positions(keys, &emit->positions);
	emit->pages = palloc_extended(mul_size(Max(keys->npositions, 1),
										   sizeof(KeyPage)),
								  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	dl_buffer_borrow(&emit->buffer);
	emit->maxedges = 256;
	emit->edges = palloc(mul_size(emit->maxedges, sizeof(Edge)));
	return &emit->base;
}

static void
page_row(DlEmit *base, int keyno, TupleTableSlot *slot)
{
	DlSharedRow row = {.slot = slot, .order = slot};

	place_row((PageEmit *) base, keyno, &row);
}

static void
page_shared(DlEmit *base, int keyno, const DlSharedRow *row)
{
	place_row((PageEmit *) base, keyno, row);
}

/* A row of a key, for those of its positions that want it. */
static void
place_row(PageEmit *emit, int keyno, const DlSharedRow *row)
{
	bool		written = false;

	for (int i = dl_positions_start(&emit->positions, keyno);
		 i < emit->positions.end[keyno]; i++)
	{
		int			position = emit->positions.positions[i];
		KeyPage	   *page = &emit->pages[position];

		if (page->more ||
			!wants_row(emit, position, row->order, emit->base.order_attnos))
			continue;
		if (page->count == emit->request->size)
		{
			page->more = true;
			continue;
		}
		if (!written)
			write_edge(emit, row);
		written = true;
		if (page->count++ == 0)
			page->first = emit->nedges - 1;
	}
}

/* Is the row between the cursors of a position of its key? */
static bool
page_wants(DlEmit *base, int keyno, TupleTableSlot *slot,
		   const AttrNumber *order_attnos)
{
	PageEmit   *emit = (PageEmit *) base;

	for (int i = dl_positions_start(&emit->positions, keyno);
		 i < emit->positions.end[keyno]; i++)
	{
		if (wants_row(emit, emit->positions.positions[i], slot, order_attnos))
			return true;
	}
	return false;
}

/* Is the row between the cursors of the position? */
static bool
wants_row(PageEmit *emit, int position, TupleTableSlot *slot,
		  const AttrNumber *attnos)
{
	const DlPageRequest *request = emit->request;

	if (request->start != NULL && request->start[position] != NULL &&
		dl_cursor_compare(request->cursors, slot, attnos,
						  request->start[position]) <= 0)
		return false;
	return request->end == NULL || request->end[position] == NULL ||
		dl_cursor_compare(request->cursors, slot, attnos,
						  request->end[position]) < 0;
}

static void
write_edge(PageEmit *emit, const DlSharedRow *row)
{
	DlBuffer   *buffer = &emit->buffer;
	Edge	   *edge;
	Size		cursor_start;

	if (emit->nedges == emit->maxedges)
	{
		emit->maxedges *= 2;
		emit->edges = repalloc_huge(emit->edges, mul_size(emit->maxedges,
														  sizeof(Edge)));
	}
	edge = &emit->edges[emit->nedges++];
	edge->start = buffer->len;
	append_string(buffer, EDGE_CURSOR);
	cursor_start = buffer->len;
	dl_cursor_write(emit->request->cursors, buffer, row->order,
					emit->base.order_attnos);
	edge->cursor_len = (int) (buffer->len - cursor_start);
	append_string(buffer, EDGE_NODE);
	if (row->written != NULL)
		dl_json_write_shared(buffer, emit->columns, emit->target, row,
							 emit->base.attnos);
	else
		dl_json_write_object(buffer, emit->columns, emit->target->noutput,
							 row->slot, emit->base.attnos);
	dl_buffer_append_char(buffer, '}');
	edge->end = buffer->len;
}

static Datum
page_finish(DlEmit *base)
{
	PageEmit   *emit = (PageEmit *) base;
	DlBuffer	result;

	dl_result_begin_like(&result, emit->result_context,
						 emit->target->result_size);
	result.len = VARHDRSZ;

	dl_buffer_append_char(&result, '[');
	for (int i = 0; i < emit->keys->npositions; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i > 0)
			dl_buffer_append_char(&result, ',');
		write_page(emit, &result, i);
	}
	dl_buffer_append_char(&result, ']');
	dl_buffer_return(&emit->buffer);

	emit->target->result_size = result.len;
	return dl_result_finish(&result);
}

static void
write_page(PageEmit *emit, DlBuffer *result, int position)
{
	append_string(result, "{\"edges\":[");
	write_edges(emit, result, &emit->pages[position]);
	append_string(result, "],\"pageInfo\":");
	write_page_info(emit, result, position);
	if (emit->request->counts != NULL)
	{
		char		count[24];

		pg_lltoa(emit->request->counts[position], count);
		append_string(result, ",\"totalCount\":");
		append_string(result, count);
	}
	dl_buffer_append_char(result, '}');
}

/* In the connection's order, from whichever end they were read. */
static void
write_edges(PageEmit *emit, DlBuffer *result, const KeyPage *page)
{
	for (int i = 0; i < page->count; i++)
	{
		const Edge *edge = &emit->edges[page->first +
										(emit->target->backward ?
										 page->count - 1 - i : i)];

		if (i > 0)
			dl_buffer_append_char(result, ',');
		dl_buffer_append(result, emit->buffer.data + edge->start,
						 edge->end - edge->start);
	}
}

/*
 * As the Relay specification has it: a page knows of rows behind the end it
 * was cut at, and of rows outside of a cursor that it was given.
 */
static void
write_page_info(PageEmit *emit, DlBuffer *result, int position)
{
	const DlPageRequest *request = emit->request;
	const KeyPage *page = &emit->pages[position];
	bool		backward = emit->target->backward;
	bool		before_start = request->start != NULL &&
	request->start[position] != NULL;
	bool		behind_end = page->more ||
	(request->end != NULL && request->end[position] != NULL);
	int			first = page->first;
	int			last = page->first + page->count - 1;

	append_string(result, "{\"hasNextPage\":");
	append_string(result, (backward ? before_start : behind_end) ?
				  "true" : "false");
	append_string(result, ",\"hasPreviousPage\":");
	append_string(result, (backward ? behind_end : before_start) ?
				  "true" : "false");
	append_string(result, ",\"startCursor\":");
	append_cursor(emit, result, page->count == 0 ? -1 : backward ? last : first);
	append_string(result, ",\"endCursor\":");
	append_cursor(emit, result, page->count == 0 ? -1 : backward ? first : last);
	dl_buffer_append_char(result, '}');
}

static void
append_cursor(PageEmit *emit, DlBuffer *result, int number)
{
	if (number < 0)
		append_string(result, "null");
	else
		dl_buffer_append(result, emit->buffer.data +
						 emit->edges[number].start + strlen(EDGE_CURSOR),
						 emit->edges[number].cursor_len);
}

static void
append_string(DlBuffer *result, const char *text)
{
	dl_buffer_append(result, text, strlen(text));
}

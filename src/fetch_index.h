/*
 * fetch_index.h
 *		The state of the direct path, shared by its ways to walk an index.
 */
#ifndef DL_FETCH_INDEX_H
#define DL_FETCH_INDEX_H

#include "access/relscan.h"
#include "access/tableam.h"
#include "fetch.h"
#include "storage/itemptr.h"

/* Measured: 8 to 128 are alike; more only delays the first row. */
#define DL_WINDOW_SIZE 32

typedef struct DlWindowEntry
{
	ItemPointerData tid;
	Buffer		buffer;			/* where its page was when it was looked up, or
								 * InvalidBuffer */
	int			keyno;
	bool		cut;			/* the walk of keyno ended here by its limit */
	bool		hint;			/* not by the scan: see fetch_hint.c */
} DlWindowEntry;

typedef struct DlIndexFetch
{
	const DlBatch *batch;
	DlAlign    *align;
	Relation	rel;
	Relation	index;
	Snapshot	snapshot;
	int64		limit;			/* rows of each key to be passed on; -1: all */
	bool		prefetch;		/* asking for pages makes sense */

	IndexScanDesc scan;			/* moves through all keys; NULL until it is
								 * needed */
	IndexScanDesc again;		/* for keys that come out short; NULL until
								 * the first one */
	ScanKeyData *skeys;

	IndexFetchTableData *heap;
	TupleTableSlot *slot;
	ExprState  *filter;			/* NULL: none */
	ExprContext *econtext;

	/* where keys are looked up ahead of the scan */
	bool		hinted;			/* what is found there is a hint to the row */
	BlockNumber root;			/* of the index */
	uint32		root_level;		/* 0 until it was asked for */
	BlockNumber nblocks;		/* of the relation; 0 until a hint asks for it */
	int64		nright;			/* # of hints that led to the key's row */
	int64		nwrong;			/* # of others */

	/* index-only */
	Buffer		vmbuffer;		/* of the visibility map */
	TupleTableSlot *index_slot; /* a row of the relation, from the index */
	Datum	   *index_values;
	bool	   *index_nulls;

	/* rows of the key that is being fetched */
	int			keyno;
	int64		nrows;

	/* TIDs of all keys */
	int64		nvisible;
	int64		ndead;			/* dead to everybody, and not marked as such */

	int			nwindow;
	DlWindowEntry window[DL_WINDOW_SIZE];
	ItemPointerData hints[DL_WINDOW_SIZE];	/* of the keys looked up last;
											 * invalid: none */
} DlIndexFetch;

/* fetch_window.c */
extern void dl_window_put(DlIndexFetch *fetch, IndexScanDesc scan, int keyno,
						  bool cut);
extern void dl_window_put_hint(DlIndexFetch *fetch, const ItemPointerData *tid,
							   int keyno);
extern void dl_window_drain(DlIndexFetch *fetch);
extern void dl_walk_key_alone(DlIndexFetch *fetch, IndexScanDesc scan,
							  int keyno, int64 nseen);
extern bool dl_walk_on(DlIndexFetch *fetch, IndexScanDesc scan, int keyno,
					   int64 *nrows, int64 nseen);

/* fetch_page.c */
extern void dl_look_ahead_rows(DlIndexFetch *fetch, DlWindowEntry *window,
							   int n);
extern void dl_guess_pages(Relation rel, const BlockNumber *blocks,
						   Buffer *buffers, int n);
extern void dl_ask_for_pages(Relation rel, const BlockNumber *blocks,
							 Buffer *buffers, int n);
extern bool dl_pin_page(DlIndexFetch *fetch, const DlWindowEntry *entry);
extern void dl_remember_page(const DlIndexFetch *fetch,
							 const DlWindowEntry *entry);
extern bool dl_page_is_hot(Buffer buffer);

/* fetch_ahead.c */
extern bool dl_can_look_ahead(const DlIndexFetch *fetch);
extern void dl_begin_ahead(DlIndexFetch *fetch);
extern void dl_look_ahead_keys(DlIndexFetch *fetch, int keyno);
extern const ItemPointerData *dl_hint_of(const DlIndexFetch *fetch, int keyno);

/* fetch_hint.c */
extern bool dl_may_hint(const DlIndexFetch *fetch);
extern bool dl_hints_are_worth_it(const DlIndexFetch *fetch);
extern bool dl_hint_exists(DlIndexFetch *fetch, const DlWindowEntry *entry);
extern bool dl_hint_is_right(DlIndexFetch *fetch, int keyno);

/* fetch_dense.c */
extern bool dl_is_dense(const DlIndexFetch *fetch);
extern void dl_walk_dense(DlIndexFetch *fetch);

/* fetch_index.c */
extern IndexScanDesc dl_begin_scan(const DlIndexFetch *fetch, int nskeys);
extern void dl_seek_key(DlIndexFetch *fetch, IndexScanDesc scan, int keyno);
extern bool dl_passes_filter(DlIndexFetch *fetch, TupleTableSlot *slot);

/* fetch_seek.c */
extern void dl_walk_from_cursors(DlIndexFetch *fetch);

/* fetch_index_only.c */
extern void dl_walk_index_only(DlIndexFetch *fetch);

#endif							/* DL_FETCH_INDEX_H */

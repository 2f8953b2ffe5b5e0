/*
 * emit.h
 *		Shapes a result out of rows that come key by key.
 *
 * The row function is called for the rows of key 0, then of key 1 and so on,
 * keys without rows being left out; finish, once, at the end.  CurrentMemoryContext
 * of row is reset after each row.
 */
#ifndef DL_EMIT_H
#define DL_EMIT_H

#include "executor/tuptable.h"
#include "keys.h"
#include "rowset.h"
#include "target.h"

typedef struct DlEmit DlEmit;

/* Some of a buffer's bytes. */
typedef struct DlSpan
{
	Size		start;
	Size		end;			/* 0: none */
} DlSpan;

/* A row that several keys may share, given to each of them. */
typedef struct DlSharedRow
{
	TupleTableSlot *slot;		/* not deformed */
	TupleTableSlot *order;		/* the values of order_by at order_attnos, which
								 * are not the row's but the pair's; NULL
								 * unless the verb is a connection */
	DlSpan	   *written;		/* where the emit stage has written the row
								 * before; the same for all that share it */
} DlSharedRow;

struct DlEmit
{
	void		(*row) (DlEmit *emit, int keyno, TupleTableSlot *slot);
	Datum		(*finish) (DlEmit *emit);

	/*
	 * Where column i of the result (target->output[i]) is in the slots; set
	 * before the first row by the stage that makes them.
	 */
	const AttrNumber *attnos;
	const AttrNumber *order_attnos; /* the same for the values of order_by; 0
									 * for those of an expression */

	/*
	 * What row does, for a shared one.  NULL: row does, and reads nothing of the
	 * slot, which then may be NULL.
	 */
	void		(*shared) (DlEmit *emit, int keyno, const DlSharedRow *row);

	/*
	 * False for rows that no result can need, which are then neither counted nor
	 * sorted; NULL if there are none.  order_attnos is of the slot at hand.
	 */
	bool		(*wants) (DlEmit *emit, int keyno, TupleTableSlot *slot,
						  const AttrNumber *order_attnos);

	/* The rows of a key need not be together; none is counted by align. */
	bool		any_order;
};

/* Result: json, allocated in "result_context". */
extern DlEmit *dl_emit_json_begin(DlTarget *target, const DlKeys *keys,
								  MemoryContext result_context);

/* Result: bigint[], allocated in "result_context"; no more than at_most each. */
extern DlEmit *dl_emit_count_begin(const DlKeys *keys, int64 at_most,
								   MemoryContext result_context);

/* Result: rows in the set's store, or held if "hold" and they fit. */
extern DlEmit *dl_emit_rows_begin(const DlTarget *target, const DlKeys *keys,
								  DlRowSet *set, bool hold);
extern Size dl_emit_rows_held(const DlEmit *emit);

#endif							/* DL_EMIT_H */

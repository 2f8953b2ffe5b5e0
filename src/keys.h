/*
 * keys.h
 *		The keys of a batch: sorted, distinct, and where they came from.
 */
#ifndef DL_KEYS_H
#define DL_KEYS_H

#include "target.h"

typedef struct DlKeys
{
	int			npositions;		/* # of keys in the input, NULLs included */
	int			offset;			/* # of positions before these, of a slice */
	int			ndistinct;		/* # of distinct ones that are not NULL */
	bool		may_repeat;		/* they are not distinct: each position has a
								 * key of its own */
	int			ncolumns;		/* Datums to each key */
	Datum	   *values;			/* ndistinct * ncolumns, in btree order */
	int		   *keyno;			/* for each position the number of its
								 * distinct key, -1 for a NULL key; NULL if
								 * every position's key is its own number */
} DlKeys;

/* The number of the key at a position (0-based), or -1. */
static inline int
dl_keys_at(const DlKeys *keys, int position)
{
	return keys->keyno == NULL ? position : keys->keyno[position];
}

/* The position as SQL counts it: from 1, through all slices. */
static inline int64
dl_keys_ord(const DlKeys *keys, int position)
{
	return (int64) keys->offset + position + 1;
}

static inline const Datum *
dl_keys_values(const DlKeys *keys, int keyno)
{
	return keys->values + (Size) keyno * keys->ncolumns;
}

extern DlKeys *dl_keys_build(const DlTarget *target, const DlRequest *request,
							 bool distinct);

extern DlKeys *dl_keys_from_values(const DlTarget *target, const Datum *values,
								   int nkeys);

/* keyslice.c */
extern DlKeys *dl_keys_slice(const DlKeys *keys, int offset, int npositions);

/* All positions that have a key, grouped by its number. */
typedef struct DlKeyPositions
{
	int		   *positions;
	int		   *end;			/* for each key: end of its group */
} DlKeyPositions;

static inline int
dl_positions_start(const DlKeyPositions *positions, int keyno)
{
	return keyno == 0 ? 0 : positions->end[keyno - 1];
}

extern void dl_keys_group_positions(const DlKeys *keys,
									DlKeyPositions *result);

/* Compares values of the key columns with keys: to find the key of a row, say. */
typedef struct DlKeyFinder DlKeyFinder;

extern DlKeyFinder *dl_keys_finder(const DlTarget *target, const DlKeys *keys);
extern int	dl_keys_find(DlKeyFinder *finder, const Datum *columns);
extern int	dl_keys_compare(DlKeyFinder *finder, int keyno, int column,
							Datum value);

#endif							/* DL_KEYS_H */

/*
 * keysort.h
 *		The order of the keys of a batch while it is read.
 */
#ifndef DL_KEYSORT_H
#define DL_KEYSORT_H

#include "target.h"
#include "utils/sortsupport.h"

/* The first column inline: most batches have no other. */
typedef struct DlKeyEntry
{
	Datum		first;
	int			position;
} DlKeyEntry;

typedef struct DlKeySort
{
	bool		integers;		/* one column, an int2, int4 or int8: compared
								 * as they are */
	int			ncolumns;
	SortSupportData *columns;	/* of others */
	const Datum *values;		/* npositions * ncolumns, by position; NULL if
								 * there is one column only */
} DlKeySort;

extern bool dl_sorts_as_integer(Oid opfamily, Oid type);
extern void dl_keysort_begin(DlKeySort *sort, const DlTarget *target,
							 const Datum *values);
extern int	dl_keysort_compare(const DlKeyEntry *a, const DlKeyEntry *b,
							   const DlKeySort *sort);
extern void dl_keysort(const DlKeySort *sort, DlKeyEntry *entries, int n);
extern void dl_keysort_integers(DlKeyEntry *entries, int n);

#endif							/* DL_KEYSORT_H */

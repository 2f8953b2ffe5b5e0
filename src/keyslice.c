/*-------------------------------------------------------------------------
 *
 * keyslice.c
 *	  The keys of some consecutive positions of a batch.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "keys.h"
#include "keysort.h"
#include "miscadmin.h"

static void add_key(DlKeys *slice, const DlKeys *keys, int keyno);

/*
 * The keys at positions offset to offset + npositions - 1, distinct and in btree
 * order as those of the whole batch.  Allocates in CurrentMemoryContext; what
 * the values point to stays the batch's, as do those of sorted keys themselves.
 */
DlKeys *
dl_keys_slice(const DlKeys *keys, int offset, int npositions)
{
	DlKeys	   *slice = palloc0(sizeof(DlKeys));
	DlKeyEntry *entries;
	int			nentries = 0;
	int			last = -1;

	slice->npositions = npositions;
	slice->offset = offset;
	slice->ncolumns = keys->ncolumns;
	if (keys->keyno == NULL)
	{
		slice->ndistinct = npositions;
		slice->values = keys->values + (Size) offset * keys->ncolumns;
		return slice;
	}
	slice->values = palloc(mul_size(npositions,
									mul_size(keys->ncolumns, sizeof(Datum))));
	slice->keyno = palloc(mul_size(npositions, sizeof(int)));
	entries = palloc(mul_size(npositions, sizeof(DlKeyEntry)));

	/* the number of a key is its place in btree order */
	for (int i = 0; i < npositions; i++)
	{
		int			keyno = dl_keys_at(keys, offset + i);

		slice->keyno[i] = -1;
		if (keyno < 0)
			continue;
		entries[nentries].first = Int32GetDatum(keyno);
		entries[nentries++].position = i;
	}
	dl_keysort_integers(entries, nentries);

	for (int i = 0; i < nentries; i++)
	{
		int			keyno = DatumGetInt32(entries[i].first);

		CHECK_FOR_INTERRUPTS();
		if (keyno != last)
			add_key(slice, keys, keyno);
		slice->keyno[entries[i].position] = slice->ndistinct - 1;
		last = keyno;
	}
	pfree(entries);
	return slice;
}

static void
add_key(DlKeys *slice, const DlKeys *keys, int keyno)
{
	memcpy(slice->values + (Size) slice->ndistinct++ * keys->ncolumns,
		   dl_keys_values(keys, keyno), keys->ncolumns * sizeof(Datum));
}

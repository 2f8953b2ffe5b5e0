/*-------------------------------------------------------------------------
 *
 * keys.c
 *	  The keys of a batch: sorted, distinct, and where they came from.
 *
 * Duplicate keys are loaded once, so the batch is sorted and reduced, and each
 * input position remembers the number of its key.  "Equal" is what the key
 * column's btree operator family says: 1.0 and 1.00 are one key.
 *
 * All results live in CurrentMemoryContext, the call's own.  The values point
 * into the caller's array (detoasted by request.c) where they need no cast.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_type.h"
#include "guc.h"
#include "keys.h"
#include "keysort.h"
#include "keytext.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/* How a row key is taken apart; row types may come in any number. */
typedef struct RowReader
{
	Oid			type;
	int32		typmod;
	TupleDesc	tupdesc;		/* a copy; NULL before the first row */
	Datum	   *values;
	bool	   *nulls;
} RowReader;

/* A batch while it is read. */
typedef struct KeyBatch
{
	const DlTarget *target;
	FmgrInfo   *functions;		/* cast or input function of each column */
	Oid		   *typioparams;	/* of the input functions */
	Oid		   *outfuncs;		/* of keys that go through their text form */
	DlKeyEntry   *entries;		/* one for each key that is not NULL */
	int			nentries;
	Datum	   *values;			/* by position; NULL if one plain column */
	RowReader	reader;
} KeyBatch;

static void begin_batch(KeyBatch *batch, const DlTarget *target, int nkeys,
						bool composite);
static DlKeys *finish_batch(KeyBatch *batch, int nkeys, bool distinct);
static ArrayType *input_array(const DlTarget *target, const DlRequest *request);
static void check_count(int nkeys);
static void prepare_conversions(KeyBatch *batch);
static void read_array(KeyBatch *batch, ArrayType *array, int npositions);
static bool read_row(KeyBatch *batch, Datum element, Datum *columns);
static void set_row_type(RowReader *reader, HeapTupleHeader row,
						 const DlTarget *target);
static Datum convert(KeyBatch *batch, int column, Datum value);
static void reduce_batch(DlKeys *keys, KeyBatch *batch, const DlKeySort *sort,
						 bool distinct);

/*
 * Reads the keys of a request; if not "distinct", each position that is not
 * NULL gets a key of its own, in the same order.  NULL if the array itself is NULL.  Errors:
 * 54000 over dataloader.max_keys, 22P02 and what input functions raise for
 * text, 42804 for rows of mixed types.
 */
DlKeys *
dl_keys_build(const DlTarget *target, const DlRequest *request, bool distinct)
{
	ArrayType  *array = input_array(target, request);
	KeyBatch	batch;
	int			nkeys;

	if (array == NULL)
		return NULL;
	nkeys = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	check_count(nkeys);

	begin_batch(&batch, target, nkeys, target->keys_are_rows);
	read_array(&batch, array, nkeys);
	return finish_batch(&batch, nkeys, distinct);
}

/*
 * The same for keys that another relation's rows hold: nkeys * target->nkeys
 * values, none of them NULL, which must stay as long as the result.
 */
DlKeys *
dl_keys_from_values(const DlTarget *target, const Datum *values, int nkeys)
{
	KeyBatch	batch;

	begin_batch(&batch, target, nkeys, target->nkeys > 1);
	for (int i = 0; i < nkeys; i++)
	{
		DlKeyEntry   *entry = &batch.entries[batch.nentries++];

		CHECK_FOR_INTERRUPTS();
		entry->position = i;
		for (int column = 0; column < target->nkeys; column++)
		{
			Datum		value = convert(&batch, column,
										values[(Size) i * target->nkeys + column]);

			if (column == 0)
				entry->first = value;
			if (batch.values != NULL)
				batch.values[(Size) i * target->nkeys + column] = value;
		}
	}
	return finish_batch(&batch, nkeys, true);
}

static void
begin_batch(KeyBatch *batch, const DlTarget *target, int nkeys, bool composite)
{
	memset(batch, 0, sizeof(KeyBatch));
	batch->target = target;
	batch->entries = palloc_extended(mul_size(Max(nkeys, 1), sizeof(DlKeyEntry)),
									 MCXT_ALLOC_HUGE);
	if (composite)
		batch->values = palloc_extended(mul_size(Max(nkeys, 1),
												 target->nkeys * sizeof(Datum)),
										MCXT_ALLOC_HUGE);
	prepare_conversions(batch);
}

static DlKeys *
finish_batch(KeyBatch *batch, int nkeys, bool distinct)
{
	DlKeys	   *keys = palloc0(sizeof(DlKeys));
	DlKeySort	sort;

	keys->ncolumns = batch->target->nkeys;
	keys->npositions = nkeys;
	keys->may_repeat = !distinct;
	dl_keysort_begin(&sort, batch->target, batch->values);
	dl_keysort(&sort, batch->entries, batch->nentries);
	reduce_batch(keys, batch, &sort, distinct);

	pfree(batch->entries);
	if (batch->values != NULL)
		pfree(batch->values);
	return keys;
}

static ArrayType *
input_array(const DlTarget *target, const DlRequest *request)
{
	Oid			types[INDEX_MAX_KEYS];

	if (request->keytext == NULL)
		return request->keys;

	for (int i = 0; i < target->nkeys; i++)
		types[i] = target->keys[i].inputtype;
	return dl_keytext_parse(request->keytext, target->nkeys, types,
							request->by == NULL ? target->relname : NULL);
}

static void
check_count(int nkeys)
{
	if (nkeys > dl_max_keys)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("number of keys (%d) exceeds the maximum (%d)",
						nkeys, dl_max_keys),
				 errhint("Split the batch, or raise dataloader.max_keys.")));
}

/* Looks up cast and input functions, with the caller's right to call them. */
static void
prepare_conversions(KeyBatch *batch)
{
	const DlTarget *target = batch->target;

	batch->functions = palloc0(target->nkeys * sizeof(FmgrInfo));
	batch->typioparams = palloc0(target->nkeys * sizeof(Oid));
	batch->outfuncs = palloc0(target->nkeys * sizeof(Oid));
	for (int i = 0; i < target->nkeys; i++)
	{
		const DlKeyColumn *key = &target->keys[i];
		Oid			infunc;
		bool		isvarlena;

		switch (key->conversion)
		{
			case DL_KEY_AS_IS:
				break;
			case DL_KEY_CAST:
				if (dl_aclcheck_function(key->castfunc,
										 GetUserId()) != ACLCHECK_OK)
					aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FUNCTION,
								   get_func_name(key->castfunc));
				InvokeFunctionExecuteHook(key->castfunc);
				fmgr_info(key->castfunc, &batch->functions[i]);
				break;
			case DL_KEY_VIA_TEXT:
				getTypeOutputInfo(key->inputtype, &batch->outfuncs[i],
								  &isvarlena);
				/* FALLTHROUGH */
			case DL_KEY_INPUT:
				getTypeInputInfo(key->keytype, &infunc,
								 &batch->typioparams[i]);
				fmgr_info(infunc, &batch->functions[i]);
				break;
		}
	}
}

/* Walks the array in storage order without a palloc for each element. */
static void
read_array(KeyBatch *batch, ArrayType *array, int npositions)
{
	const DlTarget *target = batch->target;
	char	   *data = ARR_DATA_PTR(array);
	bits8	   *nulls = ARR_NULLBITMAP(array);
	int16		typlen;
	bool		typbyval;
	char		typalign;

	get_typlenbyvalalign(ARR_ELEMTYPE(array), &typlen, &typbyval, &typalign);
	for (int i = 0; i < npositions; i++)
	{
		DlKeyEntry   *entry = &batch->entries[batch->nentries];
		Datum		element;

		CHECK_FOR_INTERRUPTS();
		if (nulls != NULL && (nulls[i / BITS_PER_BYTE] &
							  (1 << (i % BITS_PER_BYTE))) == 0)
			continue;

		element = fetch_att(data, typbyval, typlen);
		data = att_addlength_pointer(data, typlen, data);
		data = (char *) att_align_nominal(data, typalign);

		entry->position = i;
		if (target->keys_are_rows)
		{
			Datum	   *columns = batch->values + (Size) i * target->nkeys;

			if (!read_row(batch, element, columns))
				continue;
			entry->first = columns[0];
		}
		else
			entry->first = convert(batch, 0, element);
		batch->nentries++;
	}
}

/* The fields of one row key; false if one of them is NULL. */
static bool
read_row(KeyBatch *batch, Datum element, Datum *columns)
{
	RowReader  *reader = &batch->reader;
	HeapTupleHeader row = DatumGetHeapTupleHeader(element);
	HeapTupleData tuple;
	int			column = 0;

	set_row_type(reader, row, batch->target);
	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	heap_deform_tuple(&tuple, reader->tupdesc, reader->values, reader->nulls);

	for (int i = 0; i < reader->tupdesc->natts; i++)
	{
		if (TupleDescAttr(reader->tupdesc, i)->attisdropped)
			continue;
		if (reader->nulls[i])
			return false;
		columns[column] = convert(batch, column, reader->values[i]);
		column++;
	}
	return true;
}

/* An array of records may mix row types; all must have the same fields. */
static void
set_row_type(RowReader *reader, HeapTupleHeader row, const DlTarget *target)
{
	Oid			type = HeapTupleHeaderGetTypeId(row);
	int32		typmod = HeapTupleHeaderGetTypMod(row);
	TupleDesc	tupdesc;
	int			column = 0;

	if (reader->tupdesc != NULL && reader->type == type &&
		reader->typmod == typmod)
		return;

	tupdesc = lookup_rowtype_tupdesc_copy(type, typmod);
	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(tupdesc, i);

		if (att->attisdropped)
			continue;
		if (column >= target->nkeys ||
			getBaseType(att->atttypid) != target->keys[column].inputtype)
			column = target->nkeys;
		column++;
	}
	if (column != target->nkeys)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the rows of a composite key array must all have the same field types"),
				 errhint("Cast the fields, for example ARRAY[(1::bigint, 'a'::text)].")));

	/* types may take turns: what was known of the last one is not piled up */
	if (reader->tupdesc != NULL)
	{
		FreeTupleDesc(reader->tupdesc);
		pfree(reader->values);
		pfree(reader->nulls);
	}
	reader->type = type;
	reader->typmod = typmod;
	reader->tupdesc = tupdesc;
	reader->values = palloc(mul_size(Max(tupdesc->natts, 1), sizeof(Datum)));
	reader->nulls = palloc(mul_size(Max(tupdesc->natts, 1), sizeof(bool)));
}

static Datum
convert(KeyBatch *batch, int column, Datum value)
{
	const DlKeyColumn *key = &batch->target->keys[column];
	FmgrInfo   *function = &batch->functions[column];

	switch (key->conversion)
	{
		case DL_KEY_AS_IS:
			return value;
		case DL_KEY_CAST:
			/* a cast function may also take a typmod, and "is it explicit" */
			if (function->fn_nargs == 1)
				return FunctionCall1Coll(function, key->collation, value);
			return FunctionCall3Coll(function, key->collation, value,
									 Int32GetDatum(-1), BoolGetDatum(false));
		case DL_KEY_VIA_TEXT:
			value = CStringGetDatum(OidOutputFunctionCall(batch->outfuncs[column],
														  value));
			/* FALLTHROUGH */
		case DL_KEY_INPUT:
			return InputFunctionCall(function, DatumGetCString(value),
									 batch->typioparams[column], -1);
	}
	return value;				/* keep the compiler quiet */
}

/* From sorted entries to distinct keys and their positions. */
static void
reduce_batch(DlKeys *keys, KeyBatch *batch, const DlKeySort *sort,
			 bool distinct)
{
	int			ncolumns = keys->ncolumns;
	bool		identity = batch->nentries == keys->npositions;

	keys->values = palloc_extended(mul_size(Max(batch->nentries, 1),
											ncolumns * sizeof(Datum)),
								   MCXT_ALLOC_HUGE);
	keys->keyno = palloc_extended(mul_size(Max(keys->npositions, 1),
										   sizeof(int)), MCXT_ALLOC_HUGE);
	memset(keys->keyno, -1, keys->npositions * sizeof(int));

	for (int i = 0; i < batch->nentries; i++)
	{
		DlKeyEntry   *entry = &batch->entries[i];
		Datum	   *columns = keys->values + (Size) keys->ndistinct * ncolumns;

		CHECK_FOR_INTERRUPTS();
		if (i == 0 || !distinct ||
			dl_keysort_compare(&batch->entries[i - 1], entry, sort) != 0)
		{
			if (batch->values == NULL)
				columns[0] = entry->first;
			else
				memcpy(columns,
					   batch->values + (Size) entry->position * ncolumns,
					   ncolumns * sizeof(Datum));
			keys->ndistinct++;
		}
		keys->keyno[entry->position] = keys->ndistinct - 1;
		identity = identity && entry->position == keys->ndistinct - 1;
	}

	if (identity)
	{
		pfree(keys->keyno);
		keys->keyno = NULL;
	}
}

/*-------------------------------------------------------------------------
 *
 * fetch_query.c
 *	  The plan path: one query for the batch, through a kept SPI plan.
 *
 * It reads whatever SQL can read, under the caller's rights and policies, on
 * the caller's snapshot.  The query selects, in this order, what tells a row's
 * key, the values of order_by, and the columns of the result:
 *
 * (With a junction, "r" is the join of the junction with the relation, and k
 * is a column of the junction.)
 *
 *	ANY		SELECT r.k, order.., columns.. FROM r
 *			WHERE r.k = ANY ($keys) AND (filter)
 *	JOIN	SELECT k.n, order.., columns.. FROM unnest($keys)
 *			WITH ORDINALITY k JOIN r ON r.k = k.k WHERE (filter)
 *	LATERAL SELECT k.n, q.* FROM unnest($keys) WITH ORDINALITY k
 *			CROSS JOIN LATERAL (SELECT order.., columns.. FROM r
 *			WHERE r.k = k.k AND (filter) ORDER BY .. LIMIT $limit) q
 *
 * Rows of ANY are matched with their key here, by the same comparison that
 * sorted the keys; with several key columns its clauses ask only for a
 * superset, one ANY for each column, which every foreign data wrapper can
 * ship.  Order and limit are left to the align stage, as on the direct path.
 *
 * Nothing in the text is found by search_path but what was found so in the
 * caller's expressions, which the server's own deparser writes from their
 * analysed trees; see dl_fetch_query_text().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fetch.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

/* Takes the rows of the query as the executor makes them. */
typedef struct QueryReceiver
{
	DestReceiver pub;			/* must be first */
	const DlTarget *target;
	DlAlign    *align;
	DlKeyFinder *finder;		/* ANY only */
} QueryReceiver;

static SPIPlanPtr prepare_query(DlTarget *target);
static ParamListInfo bind_query(const DlBatch *batch);
static void bind_keys(const DlBatch *batch, ParamExternData *params);
static void bind_one(ParamExternData *param, Oid type, Datum value);
static Datum key_rows(const DlTarget *keyed, const DlKeys *keys);
static DlRowSource *query_source(const DlTarget *target);
static int	key_params(const DlTarget *target);
static bool receive_row(TupleTableSlot *slot, DestReceiver *self);
static void receiver_startup(DestReceiver *self, int operation,
							 TupleDesc typeinfo);
static void check_column(TupleDesc typeinfo, int column, Oid type);
static void receiver_noop(DestReceiver *self);

/*
 * Passes all rows of the batch's keys that the caller may see and that pass
 * the filter on to the align stage, in any order.
 */
void
dl_fetch_query(const DlBatch *batch)
{
	DlTarget   *target = batch->target;
	QueryReceiver receiver;
	SPIExecuteOptions options;
	DlAlign    *align;
	int			result;

	memset(&receiver, 0, sizeof(receiver));
	receiver.pub.receiveSlot = receive_row;
	receiver.pub.rStartup = receiver_startup;
	receiver.pub.rShutdown = receiver_noop;
	receiver.pub.rDestroy = receiver_noop;
	receiver.target = target;
	receiver.pub.mydest = DestTuplestore; /* DestNone would mean: no result */

	align = dl_align_begin(target, query_source(target), &batch->limit, NULL,
						   batch->emit);
	receiver.align = align;
	if (target->form == DL_QUERY_ANY)
		receiver.finder = dl_keys_finder(dl_target_keyed(target), batch->keys);

	memset(&options, 0, sizeof(options));
	options.params = bind_query(batch);
	options.read_only = true;
	options.dest = &receiver.pub;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result = SPI_execute_plan_extended(prepare_query(target), &options);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan_extended failed: %s",
			 SPI_result_code_string(result));
	SPI_finish();

	dl_align_end(align);
}

/*
 * The kept plan of a cached target; any other plan lives as long as the SPI
 * connection.
 */
static SPIPlanPtr
prepare_query(DlTarget *target)
{
	const DlTarget *keyed = dl_target_keyed(target);
	SPIPlanPtr	plan = target->plan;
	bool		names_hold = dl_target_names_hold(target);
	int			nparams = target->nparams + key_params(target) + 1;
	Oid		   *types;

	if (plan != NULL && names_hold)
		return plan;

	types = palloc0(mul_size(nparams, sizeof(Oid)));
	for (int i = 0; i < target->nparams; i++)
		types[i] = OidIsValid(target->paramtypes[i]) ? target->paramtypes[i]
			: TEXTOID;
	for (int i = 0; i < key_params(target); i++)
		types[target->nparams + i] =
			dl_query_takes_rows(target) ? RECORDARRAYOID : get_array_type(keyed->keys[i].keytype);
	types[nparams - 1] = INT8OID;

	plan = SPI_prepare_cursor(dl_fetch_query_text(target), nparams, types,
							  CURSOR_OPT_PARALLEL_OK);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s",
			 SPI_result_code_string(SPI_result));
	if (target->cached && target->plan == NULL && names_hold)
	{
		SPI_keepplan(plan);
		target->plan = plan;
	}
	return plan;
}

/* Parameters: those of the expressions, then the keys, then the limit. */
static ParamListInfo
bind_query(const DlBatch *batch)
{
	const DlTarget *target = batch->target;
	int			nparams = target->nparams + key_params(target) + 1;
	ParamListInfo params = makeParamList(nparams);
	int64		limit = batch->limit.first < 0 ? PG_INT64_MAX
		: batch->limit.skip + batch->limit.first;

	for (int i = 0; i < target->nparams; i++)
		params->params[i] = batch->params->params[i];
	bind_keys(batch, &params->params[target->nparams]);
	bind_one(&params->params[nparams - 1], INT8OID, Int64GetDatum(limit));
	return params;
}

static int
key_params(const DlTarget *target)
{
	return target->form == DL_QUERY_ANY ? dl_target_keyed(target)->nkeys : 1;
}

/* One array of rows, or an array for each column. */
static void
bind_keys(const DlBatch *batch, ParamExternData *params)
{
	const DlTarget *target = batch->target;
	const DlTarget *keyed = dl_target_keyed(target);
	const DlKeys *keys = batch->keys;

	if (dl_query_takes_rows(target))
	{
		bind_one(params, RECORDARRAYOID, key_rows(keyed, keys));
		return;
	}

	for (int i = 0; i < key_params(target); i++)
	{
		const DlKeyColumn *key = &keyed->keys[i];
		Datum	   *column = keys->values;

		if (keys->ncolumns > 1)
		{
			column = palloc(mul_size(Max(keys->ndistinct, 1), sizeof(Datum)));
			for (int j = 0; j < keys->ndistinct; j++)
				column[j] = dl_keys_values(keys, j)[i];
		}
		bind_one(&params[i], get_array_type(key->keytype),
				 PointerGetDatum(construct_array(column, keys->ndistinct,
												 key->keytype, key->keylen,
												 key->keybyval,
												 key->keyalign)));
	}
}

static void
bind_one(ParamExternData *param, Oid type, Datum value)
{
	param->value = value;
	param->isnull = false;
	param->pflags = PARAM_FLAG_CONST;
	param->ptype = type;
}

/* The keys as record[], as the query's column definition list expects. */
static Datum
key_rows(const DlTarget *keyed, const DlKeys *keys)
{
	TupleDesc	tupdesc = CreateTemplateTupleDesc(keyed->nkeys);
	bool	   *nulls = palloc0(mul_size(keyed->nkeys, sizeof(bool)));
	Datum	   *rows = palloc(mul_size(Max(keys->ndistinct, 1),
									   sizeof(Datum)));

	for (int i = 0; i < keyed->nkeys; i++)
		TupleDescInitEntry(tupdesc, i + 1, NULL, keyed->keys[i].keytype, -1,
						   0);
	tupdesc = BlessTupleDesc(tupdesc);

	for (int i = 0; i < keys->ndistinct; i++)
	{
		CHECK_FOR_INTERRUPTS();
		rows[i] = HeapTupleGetDatum(heap_form_tuple(tupdesc,
													(Datum *) dl_keys_values(keys, i),
													nulls));
	}
	return PointerGetDatum(construct_array(rows, keys->ndistinct, RECORDOID,
										   -1, false, TYPALIGN_DOUBLE));
}

/* Where the query's columns are; palloc'd. */
static DlRowSource *
query_source(const DlTarget *target)
{
	DlRowSource *source = palloc(sizeof(DlRowSource));
	int			nkeys = target->form == DL_QUERY_ANY ?
	dl_target_keyed(target)->nkeys : 1;
	AttrNumber *order = palloc(mul_size(Max(target->norder, 1),
										sizeof(AttrNumber)));
	AttrNumber *output = palloc(mul_size(Max(target->noutput, 1),
										 sizeof(AttrNumber)));

	for (int i = 0; i < target->norder; i++)
		order[i] = nkeys + i + 1;
	for (int i = 0; i < target->noutput; i++)
		output[i] = nkeys + target->norder + i + 1;
	source->in_order = false;
	source->grouped = false;
	source->order = order;
	source->output = output;
	return source;
}

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	QueryReceiver *receiver = (QueryReceiver *) self;
	int			keyno;

	CHECK_FOR_INTERRUPTS();
	slot_getallattrs(slot);
	if (receiver->finder != NULL)
	{
		/* the clauses let no row with a NULL key through */
		keyno = dl_keys_find(receiver->finder, slot->tts_values);
		if (keyno < 0)
			return true;		/* of the superset only */
	}
	else
		keyno = (int) DatumGetInt64(slot->tts_values[0]) - 1;

	Assert(!slot->tts_isnull[0]);
	dl_align_row(receiver->align, keyno, slot);
	return true;
}

/*
 * What follows takes values by the types that the target says.  A plan may be
 * analysed anew at any time, so see that they still are what it gives.
 */
static void
receiver_startup(DestReceiver *self, int operation, TupleDesc typeinfo)
{
	const DlTarget *target = ((QueryReceiver *) self)->target;
	const DlTarget *keyed = dl_target_keyed(target);
	int			column = 0;

	if (target->form == DL_QUERY_ANY)
	{
		for (int i = 0; i < keyed->nkeys; i++)
			check_column(typeinfo, column++, keyed->keys[i].cast_column ?
						 keyed->keys[i].lefttype :
						 dl_operand_type(dl_target_attribute(keyed, keyed->keys[i].attno)->atttypid));
	}
	else
		check_column(typeinfo, column++, INT8OID);

	for (int i = 0; i < target->norder; i++)
		check_column(typeinfo, column++, target->order[i].type);
	for (int i = 0; i < target->noutput; i++)
		check_column(typeinfo, column++,
					 dl_target_attribute(target, target->output[i])->atttypid);
}

static void
check_column(TupleDesc typeinfo, int column, Oid type)
{
	if (column >= typeinfo->natts ||
		TupleDescAttr(typeinfo, column)->atttypid != type)
		elog(ERROR, "column %d of the query is not of type %u",
			 column + 1, type);
}

static void
receiver_noop(DestReceiver *self)
{
}

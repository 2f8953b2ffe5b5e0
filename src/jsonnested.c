/*
 * jsonnested.c
 *		JSON writers of arrays and composite values.
 *
 * A composite value carries its own row type: a record column may hold a
 * different one in each row, and the columns of a named type may have changed
 * since the writer was made.  So the columns' writers are made when the first
 * value is seen and kept for as long as the type's identifier stays the same.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "jsonnested.h"
#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/array.h"
#include "utils/arrayaccess.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

/* A column of a row type, dropped ones left out. */
typedef struct DlJsonRowColumn
{
	int			attidx;			/* from 0 */
	const char *label;			/* ,"name": in the row cache's context */
	Size		label_len;
	DlJsonWriter writer;
} DlJsonRowColumn;

struct DlJsonRowCache
{
	MemoryContext context;		/* child of the writer's context; owns all
								 * below; deleted when the row type changes */
	uint64		identifier;		/* of the row type; 0: nothing cached */
	TupleDesc	tupdesc;		/* a copy: lives beyond invalidations */
	int			ncolumns;
	DlJsonRowColumn *columns;
	Datum	   *values;			/* work space, tupdesc->natts of each */
	bool	   *nulls;
};

/* An array while it is being written */
typedef struct ArrayWalk
{
	DlBuffer   *buf;
	const DlJsonWriter *element;
	array_iter	iter;
	int			next;			/* position in storage order */
	int			ndim;
	const int  *dims;
	int16		typlen;
	bool		typbyval;
	char		typalign;
} ArrayWalk;


/* Writes one dimension, in storage order, which is that of the JSON. */
static void
write_dimension(ArrayWalk *walk, int dim)
{
	bool		innermost = (dim + 1 == walk->ndim);

	dl_buffer_append_char(walk->buf, '[');
	for (int i = 0; i < walk->dims[dim]; i++)
	{
		Datum		value;
		bool		isnull;

		if (i > 0)
			dl_buffer_append_char(walk->buf, ',');
		if (!innermost)
		{
			write_dimension(walk, dim + 1);
			continue;
		}

		CHECK_FOR_INTERRUPTS();
		value = array_iter_next(&walk->iter, &isnull, walk->next++,
								walk->typlen, walk->typbyval, walk->typalign);
		if (isnull)
			dl_buffer_append(walk->buf, "null", 4);
		else
			dl_json_write(walk->buf, walk->element, value);
	}
	dl_buffer_append_char(walk->buf, ']');
}

/*
 * An array, too, carries its element type.  It differs from the declared one
 * only for the pseudo-type anyarray (as in pg_stats), so nothing is kept.
 */
static void
choose_element_writer(ArrayWalk *walk, const DlJsonWriter *writer,
					  Oid element_type)
{
	DlJsonWriter *element;

	if (writer->element != NULL)
	{
		walk->element = writer->element;
		walk->typlen = writer->typlen;
		walk->typbyval = writer->typbyval;
		walk->typalign = writer->typalign;
		return;
	}

	element = palloc(sizeof(DlJsonWriter));
	dl_json_writer_init(element, element_type, writer->bigint_strings);
	get_typlenbyvalalign(element_type, &walk->typlen, &walk->typbyval,
						 &walk->typalign);
	walk->element = element;
}

static void
write_array(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	AnyArrayType *array;
	ArrayWalk	walk;

	check_stack_depth();

	array = DatumGetAnyArrayP(value);
	walk.buf = buf;
	walk.next = 0;
	walk.ndim = AARR_NDIM(array);
	walk.dims = AARR_DIMS(array);
	if (ArrayGetNItems(walk.ndim, walk.dims) == 0)
		dl_buffer_append(buf, "[]", 2);
	else
	{
		choose_element_writer(&walk, writer, AARR_ELEMTYPE(array));
		array_iter_setup(&walk.iter, array);
		write_dimension(&walk, 0);
	}

	/* an expanded array is used in place, anything else may be a copy */
	if ((Pointer) array != DatumGetPointer(value) &&
		!VARATT_IS_EXPANDED_HEADER(array))
		pfree(array);
}

void
dl_json_array_init(DlJsonWriter *writer)
{
	Oid			element_type = get_element_type(writer->type);
	DlJsonWriter *element;

	writer->write = write_array;

	/* record[] has a pseudo-type for its element type, but it is a true one */
	if (!OidIsValid(element_type) && writer->type == RECORDARRAYOID)
		element_type = RECORDOID;
	if (!OidIsValid(element_type))
		return;

	get_typlenbyvalalign(element_type, &writer->typlen, &writer->typbyval,
						 &writer->typalign);
	element = palloc(sizeof(DlJsonWriter));
	dl_json_writer_init(element, element_type, writer->bigint_strings);
	writer->element = element;
}


/* The label with the comma before it; the first column leaves that out. */
static void
make_label(DlJsonRowColumn *column, const char *name)
{
	DlBuffer	label;

	dl_buffer_init(&label, NAMEDATALEN + 4);
	dl_buffer_append_char(&label, ',');
	dl_json_write_string(&label, name, strlen(name));
	dl_buffer_append_char(&label, ':');
	column->label = label.data;
	column->label_len = label.len;
}

/* Makes the writers of a row type's columns, in the row cache's context. */
static void
make_row_columns(DlJsonRowCache *row, bool bigint_strings)
{
	int			natts = row->tupdesc->natts;

	row->values = palloc(mul_size(natts, sizeof(Datum)));
	row->nulls = palloc(mul_size(natts, sizeof(bool)));
	row->columns = palloc(mul_size(natts, sizeof(DlJsonRowColumn)));
	row->ncolumns = 0;
	for (int i = 0; i < natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(row->tupdesc, i);
		DlJsonRowColumn *column = &row->columns[row->ncolumns];

		if (att->attisdropped)
			continue;
		column->attidx = i;
		make_label(column, NameStr(att->attname));
		dl_json_writer_init(&column->writer, att->atttypid, bigint_strings);
		row->ncolumns++;
	}
}

/*
 * Makes the row cache fit the row type of a value.  The identifier changes
 * with every change of the type's columns, so comparing it is enough.
 */
static void
refresh_row_cache(const DlJsonWriter *writer, Oid type, int32 typmod)
{
	DlJsonRowCache *row = writer->row;
	uint64		identifier = assign_record_type_identifier(type, typmod);
	MemoryContext oldcontext;
	TupleDesc	tupdesc;

	if (row->identifier == identifier)
		return;

	/* set last, so that an error on the way leaves nothing half-made in use */
	row->identifier = 0;
	if (row->context != NULL)
		MemoryContextReset(row->context);
	else
		row->context = AllocSetContextCreate(writer->context,
											 "dataloader row type",
											 ALLOCSET_SMALL_SIZES);

	tupdesc = lookup_rowtype_tupdesc(type, typmod);
	oldcontext = MemoryContextSwitchTo(row->context);
	row->tupdesc = CreateTupleDescCopyConstr(tupdesc);
	ReleaseTupleDesc(tupdesc);
	make_row_columns(row, writer->bigint_strings);
	MemoryContextSwitchTo(oldcontext);
	row->identifier = identifier;
}

/* Reads the columns of a composite value into the row cache's work space. */
static void
deform_row(DlJsonRowCache *row, HeapTupleHeader header)
{
	HeapTupleData tuple;

	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, row->tupdesc, row->values, row->nulls);
}

static void
write_row(DlBuffer *buf, const DlJsonWriter *writer, Datum value)
{
	HeapTupleHeader header;
	DlJsonRowCache *row = writer->row;

	check_stack_depth();

	header = DatumGetHeapTupleHeader(value);
	refresh_row_cache(writer, HeapTupleHeaderGetTypeId(header),
					  HeapTupleHeaderGetTypMod(header));
	deform_row(row, header);

	dl_buffer_append_char(buf, '{');
	for (int i = 0; i < row->ncolumns; i++)
	{
		const DlJsonRowColumn *column = &row->columns[i];
		int			comma = (i == 0) ? 0 : 1;

		dl_buffer_append(buf, column->label + 1 - comma,
						 column->label_len - 1 + comma);
		if (row->nulls[column->attidx])
			dl_buffer_append(buf, "null", 4);
		else
			dl_json_write(buf, &column->writer, row->values[column->attidx]);
	}
	dl_buffer_append_char(buf, '}');

	if ((Pointer) header != DatumGetPointer(value))
		pfree(header);
}

void
dl_json_row_init(DlJsonWriter *writer)
{
	writer->write = write_row;
	writer->row = MemoryContextAllocZero(writer->context,
										 sizeof(DlJsonRowCache));
}

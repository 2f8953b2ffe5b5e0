/*
 * args.c
 *		Option args: values for $1..$n of the filter and order expressions.
 */
#include "postgres.h"

#include "args.h"
#include "jsonvalue.h"

static int
count_values(Jsonb *args)
{
	if (args == NULL)
		return 0;
	if (!JB_ROOT_IS_ARRAY(args) || JB_ROOT_IS_SCALAR(args))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option args must be a JSON array")));
	return JB_ROOT_COUNT(args);
}

/* Names the value that an input function refused. */
static void
add_value_number(void *arg)
{
	errcontext("value $%d of option args", *(int *) arg);
}

static void
bind_value(ParamExternData *param, const JsonbValue *value, Oid type)
{
	DlJsonReader reader;

	param->value = (Datum) 0;
	param->isnull = true;
	param->pflags = PARAM_FLAG_CONST;
	param->ptype = type;

	/* a number that no expression uses has no type */
	if (!OidIsValid(type))
		return;

	dl_json_reader_init(&reader, type, -1);
	param->value = dl_json_read(&reader, value, &param->isnull);
}

/*
 * Each value takes the type that the expressions infer for its number.  A
 * count that does not fit is an error either way, as it is for a prepared
 * statement: a value too many is a mistake in the filter.
 *
 * nparams: the highest $n used; 0 for none, and then the result is NULL.
 * types: nparams of them, InvalidOid for a number that is not used.
 * args: NULL where the option was.
 *
 * The result is allocated in CurrentMemoryContext.  Input functions may run
 * user code.
 */
ParamListInfo
dl_args_bind(Jsonb *args, int nparams, const Oid *types)
{
	int			nvalues = count_values(args);
	ErrorContextCallback errcallback;
	ParamListInfo params;
	int			number;

	if (nvalues != nparams)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("filter and order_by use %d %s, but args has %d %s",
						nparams, nparams == 1 ? "parameter" : "parameters",
						nvalues, nvalues == 1 ? "value" : "values")));
	if (nparams == 0)
		return NULL;

	params = makeParamList(nparams);
	errcallback.callback = add_value_number;
	errcallback.arg = &number;
	errcallback.previous = error_context_stack;
	error_context_stack = &errcallback;
	for (number = 1; number <= nparams; number++)
		bind_value(&params->params[number - 1],
				   getIthJsonbValueFromContainer(&args->root, number - 1),
				   types[number - 1]);
	error_context_stack = errcallback.previous;
	return params;
}

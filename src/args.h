/*
 * args.h
 *		Option args: values for $1..$n of the filter and order expressions.
 */
#ifndef DL_ARGS_H
#define DL_ARGS_H

#include "nodes/params.h"
#include "utils/jsonb.h"

extern ParamListInfo dl_args_bind(Jsonb *args, int nparams, const Oid *types);

#endif							/* DL_ARGS_H */

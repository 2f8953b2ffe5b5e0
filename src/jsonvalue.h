/*
 * jsonvalue.h
 *		Reads JSON values as values of a type: keys and args.
 */
#ifndef DL_JSONVALUE_H
#define DL_JSONVALUE_H

#include "fmgr.h"
#include "utils/jsonb.h"

typedef struct DlJsonReader
{
	Oid			type;			/* as asked for: a domain checks its constraints */
	int32		typmod;			/* for the input function */
	bool		takes_json;		/* json and jsonb take any value as it is */
	Oid			element_type;	/* of an array type, else InvalidOid */
	int32		element_typmod; /* of a domain over an array type */
	FmgrInfo	input;
	Oid			ioparam;
} DlJsonReader;

extern void dl_json_reader_init(DlJsonReader *reader, Oid type, int32 typmod);
extern Datum dl_json_read(DlJsonReader *reader, const JsonbValue *value,
						  bool *isnull);

/* Is the value an array or an object? */
extern bool dl_json_value_is_array(const JsonbValue *value);
extern bool dl_json_value_is_object(const JsonbValue *value);

#endif							/* DL_JSONVALUE_H */

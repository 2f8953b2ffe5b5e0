/*
 * request.h
 *		The arguments of one call, validated but not yet resolved.
 */
#ifndef DL_REQUEST_H
#define DL_REQUEST_H

#include "fmgr.h"
#include "utils/array.h"
#include "utils/jsonb.h"

/* What the SQL functions differ in. */
typedef struct DlVerb
{
	bool		typed;			/* relation is a null of a row type, else a
								 * regclass */
	bool		to_one;			/* at most one row for each key */
	bool		arrays;			/* typed: the rows of a key as an array */
	bool		by_required;	/* by does not default to the primary key */
	bool		has_order;		/* has option order_by */
	bool		has_limit;		/* has options first and skip */
	bool		json;			/* has option columns, returns JSON */
	bool		count;			/* has option at_most, returns bigint[] */
	bool		connection;		/* has first, after, last, before, total_count */
} DlVerb;

typedef struct DlRequest
{
	const DlVerb *verb;
	Oid			relid;			/* may not exist, or not be a relation */

	/* Keys: at most one of these is not NULL. */
	ArrayType  *keys;			/* detoasted */
	char	   *keytext;

	/*
	 * The types of the key's fields; one for a plain key.  None where the
	 * keys do not tell, as text does not: then they are the columns' own.
	 */
	int			nkeytypes;
	Oid		   *keytypes;
	bool		keys_are_rows;	/* elements of keys are rows, one field for
								 * each key column */

	/* Options; NULL or as noted when absent. */
	char	   *by;
	Oid			through;		/* InvalidOid */
	char	   *link;
	char	   *filter;
	Jsonb	   *args;
	char	   *order_by;
	int64		first;			/* -1; also at_most, and last */
	int64		skip;			/* 0 */
	int			ncolumns;		/* -1 */
	char	  **columns;

	/* connections */
	bool		backward;		/* the page is the last of the rows, not the
								 * first */
	int			nafter;			/* -1 */
	char	  **after;			/* NULL entries for none */
	int			nbefore;		/* -1 */
	char	  **before;
	bool		total_count;
} DlRequest;

extern void dl_request_read(DlRequest *request, const DlVerb *verb,
							FunctionCallInfo fcinfo);

#endif							/* DL_REQUEST_H */

/*
 * target.h
 *		What a request resolves to, kept for the next one like it.
 */
#ifndef DL_TARGET_H
#define DL_TARGET_H

#include "compat.h"
#include "executor/spi.h"
#include "jsonwriter.h"
#include "keytype.h"
#include "nodes/bitmapset.h"
#include "path.h"
#include "request.h"

/* One item of order_by. */
typedef struct DlOrderItem
{
	Expr	   *expr;			/* as parsed, to be written out again */
	Expr	   *planned;		/* to be compiled on the direct path */
	AttrNumber	attno;			/* a plain column of the relation, else 0 */
	bool		of_junction;	/* has columns of the junction alone */
	Oid			type;
	Oid			sortop;			/* "<" or ">" of a btree family */
	Oid			collation;
	bool		nulls_first;
} DlOrderItem;

/* One column of a JSON object. */
typedef struct DlJsonColumn
{
	char	   *label;			/* {"name": or ,"name": as row_to_json writes */
	int			label_len;
	DlJsonWriter writer;		/* a template, see jsonwriter.h */
} DlJsonColumn;

/* The shapes of query on the plan path, see fetch_query.c. */
typedef enum DlQueryForm
{
	DL_QUERY_ANY,				/* column = ANY (keys) */
	DL_QUERY_JOIN,				/* keys joined to the relation */
	DL_QUERY_LATERAL,			/* keys joined to a limited subquery each */
} DlQueryForm;

/*
 * Everything in here lives in "context" and never changes once built, but for
 * the fields of the last two groups.  Nothing in here says what a role may
 * do: rights and row-level security are looked up on each call.
 */
typedef struct DlTarget
{
	/* the relation */
	Oid			relid;
	char		relkind;
	Oid			nspid;
	char	   *nspname;
	char	   *relname;
	char	   *qualified;		/* both, quoted as needed */
	TupleDesc	tupdesc;		/* a copy, with what columns added later hold */
	Oid			rowtype;
	TransactionId next_xid;		/* earlier ones made it what is described here */

	/* the request */
	const DlVerb *verb;
	bool		limited;		/* has first: a page of each key, or one row */
	int			nkeys;			/* key columns */
	DlKeyColumn *keys;
	bool		keys_are_rows;	/* even where nkeys is 1 */
	Node	   *filter_source;	/* as parsed; NULL if none; Vars of number 1 are
								 * the relation's, of number 2 the junction's */
	Node	   *own_filter;		/* the clauses of it over this relation alone */
	Node	   *filter;			/* those, planned but not compiled */
	bool		mixed_filter;	/* there are clauses over both */
	bool		has_subquery;	/* filter or order_by read other relations */
	bool		has_row_type;	/* filter or order_by have values of other types
								 * with attributes */
	bool		of_the_moment;	/* a literal means something else each time */
	int			norder;
	DlOrderItem *order;
	bool		backward;		/* a connection's order, turned round */
	char		fingerprint[9]; /* of that order, 8 hexadecimal digits */
	int			nparams;		/* highest $n of filter and order_by */
	Oid		   *paramtypes;
	int			noutput;		/* columns of the result, never dropped ones */
	AttrNumber *output;
	DlJsonColumn *json;			/* JSON verbs: noutput of them */
	Bitmapset  *columns;		/* all that are read, as selectedCols */
	AttrNumber	max_attno;		/* the last of them */

	/*
	 * The junction in front of the relation, NULL if none: a target of its
	 * own, whose keys are the request's and whose output are the values that
	 * the relation's keys are matched with.  Same context, no cache entry.
	 */
	struct DlTarget *through;

	/* the path */
	DlReason	reason;			/* DL_REASON_NONE: the direct path, if
								 * dl_path_now() agrees */
	DlIndexChoice index;		/* valid unless reason says otherwise */
	bool		indexed;		/* index was found, whatever reason says */
	DlQueryForm form;			/* on the plan path */
	char	   *query;			/* text of plan; NULL until first needed */
	SPIPlanPtr	plan;			/* kept; NULL until first needed */

	/* the cache entry */
	MemoryContext context;
	char	   *identity;		/* the request's bytes, identity_len of them */
	int			identity_len;
	SearchPathMatcher *search_path; /* NULL: no expression depends on it */
	int			pins;			/* # of calls in progress that use it */
	Size		bytes;			/* that it and its plan had after the last call,
								 * as far as they count */
	bool		cached;			/* false: lives for this call alone */
	bool		valid;			/* false: not to be found again */

	/* what was learned */
	Size		result_size;	/* bytes of the last JSON result */
} DlTarget;

extern void dl_target_cache_init(void);
extern DlTarget *dl_target_get(const DlRequest *request, Relation rel,
							   Relation junction);

/* resolve.c */
extern DlTarget *dl_target_resolve(const DlRequest *request, Relation rel,
								   Relation junction);
extern List *dl_resolve_names(const DlTarget *target, const char *names,
							  const char *option);
extern List *dl_resolve_primary_key(const DlTarget *target, Relation rel,
									const char *hint);

/* junction.c */
extern void dl_junction_resolve(DlTarget *target, const DlRequest *request,
								Relation rel, Relation junction);

/* The target whose key columns are matched with the request's keys. */
static inline const DlTarget *
dl_target_keyed(const DlTarget *target)
{
	return target->through != NULL ? target->through : target;
}

static inline Form_pg_attribute
dl_target_attribute(const DlTarget *target, AttrNumber attno)
{
	return TupleDescAttr(target->tupdesc, attno - 1);
}

extern bool dl_target_names_hold(const DlTarget *target);
extern int	dl_set_exact_output(bool anywhere);
extern char *dl_target_key_names(const DlTarget *target);

#endif							/* DL_TARGET_H */

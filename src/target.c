/*-------------------------------------------------------------------------
 *
 * target.c
 *	  The cache of targets: one for each distinct request of this backend.
 *
 * Invalidation callbacks run wherever the server locks something, possibly
 * while a call up-stack uses a target.  So they only mark entries; a marked
 * entry leaves the table when it is next looked up, and its memory is freed
 * by a later call, once nobody has it pinned.  A pin is undone by the reset of
 * the memory context of the call that took it, so errors undo it, too.
 *
 * What decides whether an entry fits is the request's bytes and, where it has
 * expressions, all that their meaning depends on: the role (which may not see
 * a schema), search_path, and the settings by which literals are read and
 * constants folded.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "common/hashfn.h"
#include "expr.h"
#include "guc.h"
#include "lib/ilist.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "parser/parse_expr.h"
#include "pgtime.h"
#include "target.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/bytea.h"
#include "utils/float.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/xml.h"

/* More requests than this, or more memory with their plans: start over. */
#define MAX_TARGETS 512
#define MAX_CACHE_BYTES ((Size) 16 * 1024 * 1024)

/*
 * No more is counted of one: the plan of a relation with thousands of
 * partitions may be larger by itself, and to make it anew, with all others,
 * for each call would be worse.
 */
#define MAX_COUNTED_BYTES (MAX_CACHE_BYTES / 2)

/* A target larger than this is not worth keeping. */
#define MAX_TARGET_BYTES ((Size) 1024 * 1024)

typedef struct CacheIdentity
{
	const char *bytes;			/* once in the table: those of the target */
	int			len;
} CacheIdentity;

typedef struct CacheEntry
{
	CacheIdentity identity;
	uint32		hash;
	char		status;			/* of simplehash */
	DlTarget   *target;
} CacheEntry;

#define SH_PREFIX target_table
#define SH_ELEMENT_TYPE CacheEntry
#define SH_KEY_TYPE CacheIdentity
#define SH_KEY identity
#define SH_HASH_KEY(tb, key) \
	hash_bytes((const unsigned char *) (key).bytes, (key).len)
#define SH_EQUAL(tb, a, b) \
	((a).len == (b).len && memcmp((a).bytes, (b).bytes, (a).len) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, entry) (entry)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* A pin, in the memory of the call that holds it. */
typedef struct TargetPin
{
	MemoryContextCallback callback;
	DlTarget   *target;
} TargetPin;

static MemoryContext cache_context = NULL;
static target_table_hash *targets = NULL;
static List *dead_targets = NIL;	/* out of the table, perhaps pinned */
static Size kept_bytes = 0;		/* of all targets, and their plans */
static uint64 invalidations = 0;	/* # of callbacks so far */

static void identify(const DlRequest *request, StringInfo identity);
static void append_text(StringInfo identity, const char *text);
static bool has_expressions(const DlRequest *request);
static DlTarget *find_target(CacheIdentity identity);
static void cache_target(DlTarget *target, CacheIdentity identity);
static void remove_target(DlTarget *target);
static void remove_all_targets(void);
static void free_dead_targets(void);
static void measure_target(DlTarget *target);
static void pin_target(DlTarget *target);
static void unpin_target(void *arg);
static void invalidate_relation(Datum arg, Oid relid);
static void invalidate_texts(Datum arg, int cacheid, uint32 hashvalue);
static void invalidate_all(Datum arg, int cacheid, uint32 hashvalue);

/* Called once for each backend, when the library is loaded. */
void
dl_target_cache_init(void)
{
	static const int all[] = {
		NAMESPACEOID,			/* names in the text of a query */
		PROCOID,				/* functions inlined into a filter */
		OPEROID,				/* operators named in the text of a query */
		AMOPOPID,				/* operator families that compare keys */
		CLAOID,					/* default operator classes */
		CASTSOURCETARGET,		/* casts of keys, casts to json */
		FOREIGNSERVEROID,		/* plans are made anew, and so must texts be */
		FOREIGNDATAWRAPPEROID,
	};
	static const int texts[] = {
		TYPEOID,				/* types named, domains without constraints */
		ENUMOID,				/* labels */
		COLLOID,				/* collations named */
		AUTHOID,				/* rights to functions that were inlined */
		AUTHMEMMEMROLE,
	};

	CacheRegisterRelcacheCallback(invalidate_relation, (Datum) 0);
	for (int i = 0; i < (int) lengthof(all); i++)
		CacheRegisterSyscacheCallback(all[i], invalidate_all, (Datum) 0);
	for (int i = 0; i < (int) lengthof(texts); i++)
		CacheRegisterSyscacheCallback(texts[i], invalidate_texts, (Datum) 0);
}

/*
 * The target of a request for "rel", perhaps through "junction" (else NULL),
 * both of which the caller has locked.  It is
 * pinned until CurrentMemoryContext, the call's own, is reset.
 */
DlTarget *
dl_target_get(const DlRequest *request, Relation rel, Relation junction)
{
	StringInfoData bytes;
	CacheIdentity identity;
	DlTarget   *target;

	if (kept_bytes > MAX_CACHE_BYTES)
		remove_all_targets();
	free_dead_targets();

	initStringInfo(&bytes);
	identify(request, &bytes);
	identity.bytes = bytes.data;
	identity.len = bytes.len;

	target = find_target(identity);
	if (target == NULL)
	{
		uint64		invalidations_before = invalidations;

		target = dl_target_resolve(request, rel, junction);
		if (has_expressions(request))
			target->search_path = GetSearchPathMatcher(target->context);

		/*
		 * Resolving looks at catalogs, which may bring invalidations.  What
		 * was built is right under our lock, but may not be right any longer
		 * for the next call.
		 */
		if (invalidations == invalidations_before &&
			MemoryContextMemAllocated(target->context, true) < MAX_TARGET_BYTES &&
			!target->of_the_moment)
			cache_target(target, identity);
	}

	pin_target(target);
	return target;
}

/* Everything that the target was built from; appended as plain bytes. */
static void
identify(const DlRequest *request, StringInfo identity)
{
	bool		options[] = {
		request->first >= 0, request->keys_are_rows, request->backward,
		request->nafter >= 0, request->nbefore >= 0
	};

	appendBinaryStringInfo(identity, (char *) &request->verb, sizeof(DlVerb *));
	appendBinaryStringInfo(identity, (char *) &request->relid, sizeof(Oid));
	appendBinaryStringInfo(identity, (char *) &request->through, sizeof(Oid));
	appendBinaryStringInfo(identity, (char *) options, sizeof(options));
	appendBinaryStringInfo(identity, (char *) &dl_json_bigints, sizeof(int));
	appendBinaryStringInfo(identity, (char *) &request->nkeytypes, sizeof(int));
	appendBinaryStringInfo(identity, (char *) request->keytypes,
						   request->nkeytypes * sizeof(Oid));
	append_text(identity, request->by);
	append_text(identity, request->link);
	append_text(identity, request->filter);
	append_text(identity, request->order_by);
	appendBinaryStringInfo(identity, (char *) &request->ncolumns, sizeof(int));
	for (int i = 0; i < request->ncolumns; i++)
		append_text(identity, request->columns[i]);

	if (has_expressions(request))
	{
		int			settings[] = {
			(int) GetUserId(), DateStyle, DateOrder, IntervalStyle,
			standard_conforming_strings, Transform_null_equals,
			Array_nulls, xmloption,
			/* output functions that are labelled immutable */
			extra_float_digits, bytea_output, quote_all_identifiers
		};

		appendBinaryStringInfo(identity, (char *) settings, sizeof(settings));
		append_text(identity, pg_get_timezone_name(session_timezone));
		append_text(identity, GetConfigOption("lc_monetary", true, false));
		append_text(identity, GetConfigOption("timezone_abbreviations",
											  true, false));
	}
}

/* NULL and "" differ, and no text can run into the next. */
static void
append_text(StringInfo identity, const char *text)
{
	appendStringInfoChar(identity, text == NULL ? 0 : 1);
	if (text != NULL)
		appendBinaryStringInfo(identity, text, strlen(text) + 1);
}

static bool
has_expressions(const DlRequest *request)
{
	return request->filter != NULL || request->order_by != NULL;
}

/* NULL if there is none that is still right. */
static DlTarget *
find_target(CacheIdentity identity)
{
	CacheEntry *entry;
	DlTarget   *target;

	if (targets == NULL)
		return NULL;
	entry = target_table_lookup(targets, identity);
	if (entry == NULL)
		return NULL;
	target = entry->target;
	if (target->valid &&
		dl_target_names_hold(target))
		return target;
	remove_target(target);
	return NULL;
}

/* Are names still found as they were in the expressions? */
bool
dl_target_names_hold(const DlTarget *target)
{
	return target->search_path == NULL ||
		SearchPathMatchesCurrentEnvironment(target->search_path);
}

/* Hands the target's memory over to the cache, then makes it findable. */
static void
cache_target(DlTarget *target, CacheIdentity identity)
{
	CacheEntry *entry;
	bool		found;

	if (cache_context == NULL)
		cache_context = AllocSetContextCreate(CacheMemoryContext,
											  "dataloader targets",
											  ALLOCSET_SMALL_SIZES);
	if (targets == NULL)
		targets = target_table_create(cache_context, 64, NULL);
	if (targets->members >= MAX_TARGETS)
		remove_all_targets();

	target->identity_len = identity.len;
	target->identity = MemoryContextAlloc(target->context, identity.len);
	memcpy(target->identity, identity.bytes, identity.len);

	identity.bytes = target->identity;
	entry = target_table_insert(targets, identity, &found);
	Assert(!found);
	entry->target = target;
	target->cached = true;
	target->valid = true;
	MemoryContextSetParent(target->context, cache_context);
}

/* Takes it out of the table; free_dead_targets() does the rest. */
static void
remove_target(DlTarget *target)
{
	CacheIdentity identity = {target->identity, target->identity_len};
	MemoryContext oldcontext = MemoryContextSwitchTo(cache_context);

	dead_targets = lappend(dead_targets, target);
	MemoryContextSwitchTo(oldcontext);
	target->valid = false;
	target_table_delete(targets, identity);
}

static void
remove_all_targets(void)
{
	List	   *all = NIL;
	target_table_iterator iterator;
	CacheEntry *entry;
	ListCell   *lc;

	target_table_start_iterate(targets, &iterator);
	while ((entry = target_table_iterate(targets, &iterator)) != NULL)
		all = lappend(all, entry->target);
	foreach(lc, all)
		remove_target((DlTarget *) lfirst(lc));
	list_free(all);
}

static void
free_dead_targets(void)
{
	ListCell   *lc;

	foreach(lc, dead_targets)
	{
		DlTarget   *target = (DlTarget *) lfirst(lc);

		if (target->pins > 0)
			continue;
		dead_targets = foreach_delete_current(dead_targets, lc);
		kept_bytes -= target->bytes;
		if (target->plan != NULL)
			SPI_freeplan(target->plan);
		MemoryContextDelete(target->context);
	}
}

/*
 * A call may make the target's plan, or have the server keep another for it,
 * which can be large: one of a partitioned table is.
 */
static void
measure_target(DlTarget *target)
{
	Size		bytes = MemoryContextMemAllocated(target->context, true);
	ListCell   *lc;

	foreach(lc, target->plan == NULL ? NIL :
			SPI_plan_get_plan_sources(target->plan))
	{
		CachedPlanSource *source = (CachedPlanSource *) lfirst(lc);

		bytes += MemoryContextMemAllocated(source->context, true);
		if (source->gplan != NULL)
			bytes += MemoryContextMemAllocated(source->gplan->context, true);
	}
	bytes = Min(bytes, MAX_COUNTED_BYTES);
	kept_bytes += bytes - target->bytes;
	target->bytes = bytes;
}

static void
pin_target(DlTarget *target)
{
	TargetPin  *pin = palloc(sizeof(TargetPin));

	pin->target = target;
	pin->callback.func = unpin_target;
	pin->callback.arg = pin;
	target->pins++;
	if (target->cached)
		MemoryContextRegisterResetCallback(CurrentMemoryContext,
										   &pin->callback);
}

static void
unpin_target(void *arg)
{
	DlTarget   *target = ((TargetPin *) arg)->target;

	target->pins--;
	measure_target(target);
}

static void
invalidate_relation(Datum arg, Oid relid)
{
	target_table_iterator iterator;
	CacheEntry *entry;

	invalidations++;
	if (targets == NULL)
		return;
	target_table_start_iterate(targets, &iterator);
	while ((entry = target_table_iterate(targets, &iterator)) != NULL)
	{
		DlTarget   *target = entry->target;

		if (!OidIsValid(relid) || target->has_subquery ||
			target->has_row_type || target->relid == relid ||
			(target->through != NULL && target->through->relid == relid))
			target->valid = false;
	}
}

/*
 * Targets with expressions or the text of a query, or the fingerprint of an
 * order.  Others do not depend on it, and every temporary table that somebody
 * creates makes two types.
 */
static void
invalidate_texts(Datum arg, int cacheid, uint32 hashvalue)
{
	target_table_iterator iterator;
	CacheEntry *entry;

	invalidations++;
	if (targets == NULL)
		return;
	target_table_start_iterate(targets, &iterator);
	while ((entry = target_table_iterate(targets, &iterator)) != NULL)
	{
		DlTarget   *target = entry->target;

		if (target->search_path != NULL || target->query != NULL ||
			target->verb->connection)
			target->valid = false;
	}
}

static void
invalidate_all(Datum arg, int cacheid, uint32 hashvalue)
{
	invalidate_relation(arg, InvalidOid);
}

/*
 * driver.c
 *	  What a driver does: parameters without types, prepared statements, binary
 *	  results, pipelines, cancellation.  Prints TAP.
 *
 * The claim under test: every function can be called from a driver that sends
 * its parameters as untyped text, with no cast in the statement.  Connects as
 * the environment says (PGHOST, PGPORT, PGDATABASE, ...) and cleans up after
 * itself.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <unistd.h>

#include "libpq-fe.h"

#define MAX_PARAMS 8

/* OIDs of types, as pg_type.dat has them for good */
#define TEXT_OID 25
#define INT4ARRAY_OID 1007
#define TEXTARRAY_OID 1009
#define INT8ARRAY_OID 1016
#define VARCHAR_OID 1043
#define REGCLASS_OID 2205

static PGconn *conn;
static int	ntests = 0;
static int	nfailed = 0;

/* One statement, its untyped parameters, and its result: rows by \n, fields by | */
typedef struct Call
{
	const char *name;
	const char *sql;
	const char *params[MAX_PARAMS]; /* up to the first NULL */
	const char *expected;
} Call;

static const Call calls[] = {
	{"load_one_json, array literal",
		"SELECT dataloader.load_one_json($1, $2)",
		{"driver_test.article", "{2,9,1}"},
	"[{\"id\":2,\"reporter_id\":2,\"headline\":\"h2\"},null,{\"id\":1,\"reporter_id\":1,\"headline\":\"h1\"}]"},
	{"load_one_json, JSON array",
		"SELECT dataloader.load_one_json($1, $2)",
		{"driver_test.article", "[2,9,1]"},
	"[{\"id\":2,\"reporter_id\":2,\"headline\":\"h2\"},null,{\"id\":1,\"reporter_id\":1,\"headline\":\"h1\"}]"},
	{"load_many_json, every option a parameter",
		"SELECT dataloader.load_many_json($1, $2, by => $3, filter => $4, args => $5, order_by => $6, first => $7, columns => $8)",
		{"driver_test.article", "{2,7,1}", "reporter_id", "id > $1", "[1]", "id DESC", "2", "{id}"},
	"[[{\"id\":6},{\"id\":2}],[],[{\"id\":5}]]"},
	{"load_many_json, JSON keys, skip",
		"SELECT dataloader.load_many_json($1, $2, by => $3, order_by => $4, skip => $5, columns => $6)",
		{"driver_test.article", "[2,null,2]", "reporter_id", "id", "1", "{id}"},
	"[[{\"id\":6}],[],[{\"id\":6}]]"},
	{"load_one_json, composite keys",
		"SELECT dataloader.load_one_json($1, $2, by => $3, columns => $4)",
		{"driver_test.article", "[[2,\"h2\"],[2,\"h3\"],[3,\"h3\"]]", "reporter_id, headline", "{id}"},
	"[{\"id\":2},null,{\"id\":3}]"},
	{"load_one, array literal",
		"SELECT ord, (item).id, item IS NULL FROM dataloader.load_one(NULL::driver_test.article, $1)",
		{"{2,9,1}"},
	"1|2|f\n2||t\n3|1|f"},
	{"load_one, JSON array",
		"SELECT ord, (item).id, item IS NULL FROM dataloader.load_one(NULL::driver_test.article, $1)",
		{"[2,9,1]"},
	"1|2|f\n2||t\n3|1|f"},
	{"load_many, array literal",
		"SELECT ord, items::text FROM dataloader.load_many(NULL::driver_test.article, $1, by => $2, order_by => $3)",
		{"{2,7}", "reporter_id", "id"},
	"1|{\"(2,2,h2)\",\"(6,2,h6)\"}\n2|{}"},
	{"load_many, JSON array",
		"SELECT ord, items::text FROM dataloader.load_many(NULL::driver_test.article, $1, by => $2, order_by => $3)",
		{"[2,7]", "reporter_id", "id"},
	"1|{\"(2,2,h2)\",\"(6,2,h6)\"}\n2|{}"},
	{"load_rows, array literal",
		"SELECT ord, (item).* FROM dataloader.load_rows(NULL::driver_test.article, $1, by => $2, order_by => $3, first => $4)",
		{"{2,7,3}", "reporter_id", "id", "1"},
	"1|2|2|h2\n3|3|3|h3"},
	{"load_rows, JSON array",
		"SELECT ord, (item).* FROM dataloader.load_rows(NULL::driver_test.article, $1)",
		{"[2,7,3]"},
	"1|2|2|h2\n2|7|3|h7\n3|3|3|h3"},
	{"explain",
		"SELECT line FROM dataloader.explain($1, $2, by => $3) line WHERE line LIKE 'path:%'",
		{"driver_test.article", "{1}", "reporter_id"},
	"path: direct"},
	{"strings as keys",
		"SELECT dataloader.load_one_json($1, $2, by => $3, columns => $4)",
		{"driver_test.article", "[\"h3\",\"a,b\",\"h\\u0035\"]", "headline", "{id}"},
	"[{\"id\":3},null,{\"id\":5}]"},
	{"no keys",
		"SELECT dataloader.load_one_json($1, $2)",
		{"driver_test.article", "{}"},
	"[]"},
};

#define NCALLS ((int) (sizeof(calls) / sizeof(calls[0])))

static void
ok(int passed, const char *format,...)
{
	va_list		args;

	ntests++;
	if (!passed)
		nfailed++;
	printf("%s %d - ", passed ? "ok" : "not ok", ntests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

static void
diagnose(const char *what, const char *text)
{
	const char *line = text;

	printf("# %s: ", what);
	for (; *line; line++)
	{
		putchar(*line);
		if (*line == '\n' && line[1])
			printf("# ");
	}
	printf("\n");
}

/* A statement of the test's own, which must succeed */
static void
must(const char *sql)
{
	PGresult   *res = PQexec(conn, sql);
	ExecStatusType status = PQresultStatus(res);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
	{
		printf("Bail out! %s: %s", sql, PQerrorMessage(conn));
		exit(1);
	}
	PQclear(res);
}

/* Rows by \n, fields by |; the ints of a binary result are decoded.  In a static buffer. */
static char *
rendered(const PGresult *res)
{
	static char buf[65536];
	char	   *p = buf;

	buf[0] = '\0';
	if (PQresultStatus(res) != PGRES_TUPLES_OK)
	{
		snprintf(buf, sizeof(buf), "%s", PQresultErrorMessage(res));
		return buf;
	}
	for (int row = 0; row < PQntuples(res); row++)
	{
		for (int col = 0; col < PQnfields(res); col++)
		{
			const char *value = PQgetvalue(res, row, col);
			size_t		room = sizeof(buf) - (size_t) (p - buf);

			if (col > 0 || row > 0)
				*p++ = col > 0 ? '|' : '\n';
			*p = '\0';
			if (PQgetisnull(res, row, col))
				continue;
			if (PQfformat(res, col) == 0 || PQftype(res, col) == TEXT_OID || PQftype(res, col) == 114)
				p += snprintf(p, room, "%.*s", PQgetlength(res, row, col), value);
			else if (PQftype(res, col) == 16)	/* bool */
				p += snprintf(p, room, "%c", value[0] ? 't' : 'f');
			else if (PQgetlength(res, row, col) == 4)
			{
				uint32_t	word;

				memcpy(&word, value, 4);
				p += snprintf(p, room, "%d", (int) ntohl(word));
			}
			else if (PQgetlength(res, row, col) == 8)
			{
				uint32_t	word;

				memcpy(&word, value + 4, 4);	/* small numbers only */
				p += snprintf(p, room, "%d", (int) ntohl(word));
			}
			else
				p += snprintf(p, room, "?");
		}
	}
	return buf;
}

static void
check(PGresult *res, const char *expected, const char *name, const char *way)
{
	char	   *got = rendered(res);
	int			same = strcmp(got, expected) == 0;

	ok(same, "%s: %s", name, way);
	if (!same)
	{
		diagnose("got", got);
		diagnose("expected", expected);
	}
	PQclear(res);
}

static int
count_params(const Call *call)
{
	int			n = 0;

	while (n < MAX_PARAMS && call->params[n] != NULL)
		n++;
	return n;
}

/* Each call: sent once, for text and for binary results, and prepared and sent 20 times */
static void
test_untyped(void)
{
	for (int i = 0; i < NCALLS; i++)
	{
		const Call *call = &calls[i];
		int			n = count_params(call);
		PGresult   *res = NULL;
		int			same = 1;

		check(PQexecParams(conn, call->sql, n, NULL, call->params, NULL, NULL, 0), call->expected, call->name, "untyped parameters");
		check(PQexecParams(conn, call->sql, n, NULL, call->params, NULL, NULL, 1), call->expected, call->name, "binary result");

		/* from the 6th execution on, the server may use a generic plan */
		PQclear(PQprepare(conn, "call", call->sql, 0, NULL));
		for (int run = 0; run < 20 && same; run++)
		{
			PQclear(res);
			res = PQexecPrepared(conn, "call", n, call->params, NULL, NULL, 0);
			same = strcmp(rendered(res), call->expected) == 0;
		}
		check(res, call->expected, call->name, "prepared, 20 times");
		PQclear(PQexec(conn, "DEALLOCATE call"));
	}
}

/* What the server makes of untyped parameters */
static void
test_inferred_types(void)
{
	PGresult   *res;

	PQclear(PQprepare(conn, "described", "SELECT dataloader.load_many_json($1, $2, by => $3)", 0, NULL));
	res = PQdescribePrepared(conn, "described");
	ok(PQnparams(res) == 3 && PQparamtype(res, 0) == REGCLASS_OID && PQparamtype(res, 1) == TEXT_OID && PQparamtype(res, 2) == TEXT_OID,
	   "untyped parameters are described as regclass, text and text");
	PQclear(res);
	PQclear(PQexec(conn, "DEALLOCATE described"));
}

/* Parameters that do have a type: strings, and arrays in text and binary format */
static void
test_typed(void)
{
	static const char *sql = "SELECT dataloader.load_one_json($1, $2, columns => '{id}')";
	static const char *by_headline = "SELECT dataloader.load_one_json($1, $2, by => 'headline', columns => '{id}')";
	static const struct
	{
		const char *name;
		Oid			relation;
		Oid			keys;
		const char *sql;
		const char *value;
		const char *expected;
	}			typed[] = {
		{"int4[]", 0, INT4ARRAY_OID, NULL, "{2,9,NULL,1}", "[{\"id\":2},null,null,{\"id\":1}]"},
		{"int8[]", 0, INT8ARRAY_OID, NULL, "{2,5000000000}", "[{\"id\":2},null]"},
		{"text", TEXT_OID, TEXT_OID, NULL, "[2,9]", "[{\"id\":2},null]"},
		{"varchar, as JDBC sends strings", VARCHAR_OID, VARCHAR_OID, NULL, "{2,9}", "[{\"id\":2},null]"},
		{"text[]", TEXT_OID, TEXTARRAY_OID, "headline", "{h2,zz}", "[{\"id\":2},null]"},
	};

	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++)
	{
		Oid			types[2] = {typed[i].relation, typed[i].keys};
		const char *values[2] = {"driver_test.article", typed[i].value};

		check(PQexecParams(conn, typed[i].sql ? by_headline : sql, 2, types, values, NULL, NULL, 0),
			  typed[i].expected, "typed parameters", typed[i].name);
	}

	/* the array {2, NULL, 9} as int4array_send writes it */
	{
		int32_t		words[] = {1, 1, 23, 3, 1, 4, 2, -1, 4, 9};
		Oid			types[2] = {0, INT4ARRAY_OID};
		const char *values[2] = {"driver_test.article", (const char *) words};
		int			lengths[2] = {0, sizeof(words)};
		int			formats[2] = {0, 1};

		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			words[i] = (int32_t) htonl((uint32_t) words[i]);
		check(PQexecParams(conn, sql, 2, types, values, lengths, formats, 1), "[{\"id\":2},null,null]", "typed parameters", "int4[] in binary");
	}

	/* NULL for each */
	{
		const char *no_keys[2] = {"driver_test.article", NULL};
		const char *no_relation[2] = {NULL, "{1}"};
		PGresult   *res;

		check(PQexecParams(conn, sql, 2, NULL, no_keys, NULL, NULL, 0), "", "untyped NULL", "keys");
		res = PQexecParams(conn, sql, 2, NULL, no_relation, NULL, NULL, 0);
		ok(PQresultStatus(res) == PGRES_FATAL_ERROR && strcmp(PQresultErrorField(res, PG_DIAG_SQLSTATE), "22004") == 0, "untyped NULL: relation");
		PQclear(res);
	}
}

/* A prepared statement outlives what it was prepared with */
static void
test_prepared_and_ddl(void)
{
	static const char *expected = "[[{\"id\":2},{\"id\":6}]]";
	static const char *ddl[] = {
		"DROP INDEX driver_test.article_reporter_id_idx",
		"CREATE INDEX ON driver_test.article (reporter_id)",
		"ALTER TABLE driver_test.article ADD COLUMN more int DEFAULT 1",
		"ALTER TABLE driver_test.article ALTER COLUMN reporter_id TYPE bigint",
		"ALTER TABLE driver_test.article ALTER COLUMN reporter_id TYPE int",
		"ALTER TABLE driver_test.article DROP COLUMN more",
		"SET dataloader.direct_scan = off",
		"RESET dataloader.direct_scan",
		"DISCARD PLANS",
	};
	const char *params[2] = {"driver_test.article", "[2]"};

	PQclear(PQprepare(conn, "kept", "SELECT dataloader.load_many_json($1, $2, by => 'reporter_id', order_by => 'id', columns => '{id}')", 0, NULL));
	for (int run = 0; run < 6; run++)
		PQclear(PQexecPrepared(conn, "kept", 2, params, NULL, NULL, 0));
	for (size_t i = 0; i < sizeof(ddl) / sizeof(ddl[0]); i++)
	{
		must(ddl[i]);
		check(PQexecPrepared(conn, "kept", 2, params, NULL, NULL, 0), expected, "prepared, then", ddl[i]);
	}
	PQclear(PQexec(conn, "DEALLOCATE kept"));
}

/* An error leaves the connection as it was, and says which it is */
static void
test_error(void)
{
	const char *params[2] = {"driver_test.article", "{1,x}"};
	PGresult   *res = PQexecParams(conn, "SELECT dataloader.load_one_json($1, $2)", 2, NULL, params, NULL, NULL, 0);

	ok(PQresultStatus(res) == PGRES_FATAL_ERROR && strcmp(PQresultErrorField(res, PG_DIAG_SQLSTATE), "22P02") == 0, "a key that cannot be read is error 22P02");
	PQclear(res);
	params[1] = "{1}";
	check(PQexecParams(conn, "SELECT dataloader.load_one_json($1, $2, columns => '{id}')", 2, NULL, params, NULL, NULL, 0), "[{\"id\":1}]", "after an error", "the next call works");
}

/* Rows one by one, given up in the middle; and a request to cancel */
static void
test_single_rows_and_cancel(void)
{
	const char *params[1] = {"{1,2,3,4,5}"};
	PGresult   *res;
	int			rows = 0;
	PGcancel   *cancel = PQgetCancel(conn);
	char		errbuf[256];
	int			cancelled = 0;

	PQsendQueryParams(conn, "SELECT ord, (item).id FROM dataloader.load_rows(NULL::driver_test.article, $1)", 1, NULL, params, NULL, NULL, 0);
	PQsetSingleRowMode(conn);
	while ((res = PQgetResult(conn)) != NULL)
	{
		if (PQresultStatus(res) == PGRES_SINGLE_TUPLE)
			rows++;
		PQclear(res);
	}
	ok(rows == 5, "single-row mode");

	PQsendQuery(conn, "SELECT dataloader.load_many_json('driver_test.article', '[1,2,3]', by => 'reporter_id', filter => 'pg_sleep(10) IS NULL')");
	/* a request that comes before the query has begun has no effect: repeat it */
	do
	{
		PQcancel(cancel, errbuf, sizeof(errbuf));
		usleep(20000);
		PQconsumeInput(conn);
	} while (PQisBusy(conn));
	PQfreeCancel(cancel);
	while ((res = PQgetResult(conn)) != NULL)
	{
		const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);

		cancelled = cancelled || (state != NULL && strcmp(state, "57014") == 0);
		PQclear(res);
	}
	ok(cancelled, "a load can be cancelled");
	params[0] = "{3}";
	check(PQexecParams(conn, "SELECT ord, (item).id FROM dataloader.load_rows(NULL::driver_test.article, $1)", 1, NULL, params, NULL, NULL, 0), "1|3", "after it", "the next call works");
}

#ifdef LIBPQ_HAS_PIPELINING
/* Batches of different shapes in one round trip */
static void
test_pipeline(void)
{
	static const int sent[] = {0, 6, 9, 1};
	int			n = (int) (sizeof(sent) / sizeof(sent[0]));

	PQenterPipelineMode(conn);
	for (int i = 0; i < n; i++)
		PQsendQueryParams(conn, calls[sent[i]].sql, count_params(&calls[sent[i]]), NULL, calls[sent[i]].params, NULL, NULL, 0);
	PQpipelineSync(conn);
	for (int i = 0; i < n; i++)
	{
		check(PQgetResult(conn), calls[sent[i]].expected, "pipeline", calls[sent[i]].name);
		PQclear(PQgetResult(conn)); /* the NULL between results */
	}
	PQclear(PQgetResult(conn)); /* the sync */
	PQexitPipelineMode(conn);
}
#endif

int
main(void)
{
	conn = PQconnectdb("");
	if (PQstatus(conn) != CONNECTION_OK)
	{
		printf("Bail out! %s", PQerrorMessage(conn));
		return 1;
	}
	must("SET client_min_messages = error");
	must("DROP SCHEMA IF EXISTS driver_test CASCADE");
	must("CREATE SCHEMA driver_test");
	must("CREATE TABLE driver_test.article (id int PRIMARY KEY, reporter_id int, headline text)");
	must("CREATE INDEX ON driver_test.article (reporter_id)");
	must("INSERT INTO driver_test.article SELECT i, i % 4, 'h' || i FROM generate_series(1, 8) i");

	test_untyped();
	test_inferred_types();
	test_typed();
	test_prepared_and_ddl();
	test_error();
	test_single_rows_and_cancel();
#ifdef LIBPQ_HAS_PIPELINING
	test_pipeline();
#endif

	must("DROP SCHEMA driver_test CASCADE");
	PQfinish(conn);
	printf("1..%d\n", ntests);
	return nfailed ? 1 : 0;
}

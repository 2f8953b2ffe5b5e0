/*
 * ways.c
 *		Three ways to load 500 reporters and their articles, over one connection.
 *
 * Each way ends with the same thing in the client's memory: for every reporter,
 * in order, an array of articles.  What is measured is all of it: statements,
 * transfer, reading the answer, and regrouping where the way needs that.  The
 * ways take turns, so that none profits from a warmer machine, and what they
 * loaded is compared value by value in every round, outside of the measurement.
 *
 * Parameters are sent as a driver does it: as text, without types.
 *
 * usage: ways [ROUNDS]		(connection from the PG* environment)
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libpq-fe.h>

typedef struct Article
{
	long		id;
	long		reporter_id;
	char	   *headline;
	char	   *body;
	char	   *pub_date;
} Article;

/* The articles of one reporter. */
typedef struct Articles
{
	Article    *items;
	int			count;
	int			room;
} Articles;

/* What a way loads: by_reporter[i] belongs to reporters[i]. */
typedef struct Load
{
	int			reporter_count;
	long	   *reporters;
	Articles   *by_reporter;
	int			statements;
} Load;

typedef struct Way
{
	const char *name;
	void		(*load_articles) (PGconn *conn, Load *load);
	double	   *ms;				/* of each round */
	int			statements;
	int			articles;
	bool		same;			/* as the first way, in all rounds */
} Way;

static void
fail(const char *what, const char *detail)
{
	fprintf(stderr, "ways: %s: %s\n", what, detail);
	exit(1);
}

static void *
allocate(size_t size)
{
	void	   *memory = calloc(1, size ? size : 1);

	if (memory == NULL)
		fail("out of memory", "");
	return memory;
}

static char *
copy_text(const char *text, size_t length)
{
	char	   *copy = allocate(length + 1);

	memcpy(copy, text, length);
	return copy;
}

static PGresult *
query(PGconn *conn, Load *load, const char *sql, int nparams, const char *const *params)
{
	PGresult   *result = PQexecParams(conn, sql, nparams, NULL, params, NULL, NULL, 0);

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		fail(sql, PQerrorMessage(conn));
	load->statements++;
	return result;
}

static Article *
add_article(Articles *articles)
{
	if (articles->count == articles->room)
	{
		articles->room = articles->room ? 2 * articles->room : 8;
		articles->items = realloc(articles->items, articles->room * sizeof(Article));
		if (articles->items == NULL)
			fail("out of memory", "");
	}
	memset(&articles->items[articles->count], 0, sizeof(Article));
	return &articles->items[articles->count++];
}

static void
read_article(PGresult *result, int row, Article *article)
{
	article->id = atol(PQgetvalue(result, row, 0));
	article->headline = copy_text(PQgetvalue(result, row, 1), PQgetlength(result, row, 1));
	article->body = copy_text(PQgetvalue(result, row, 2), PQgetlength(result, row, 2));
	article->pub_date = copy_text(PQgetvalue(result, row, 3), PQgetlength(result, row, 3));
	article->reporter_id = atol(PQgetvalue(result, row, 4));
}

/* The ids as an array literal: {1,2,3} */
static char *
array_literal(const long *ids, int count)
{
	char	   *text = allocate((size_t) count * 21 + 3);
	char	   *end = text;

	*end++ = '{';
	for (int i = 0; i < count; i++)
		end += sprintf(end, "%s%ld", i ? "," : "", ids[i]);
	*end++ = '}';
	return text;
}


/* ---- the first way: a statement per reporter ---- */

static void
one_by_one(PGconn *conn, Load *load)
{
	for (int i = 0; i < load->reporter_count; i++)
	{
		char		id[32];
		const char *params[1] = {id};
		PGresult   *result;

		snprintf(id, sizeof(id), "%ld", load->reporters[i]);
		result = query(conn, load,
					   "SELECT id, headline, body, pub_date, reporter_id FROM article"
					   " WHERE reporter_id = $1 ORDER BY id", 1, params);
		for (int row = 0; row < PQntuples(result); row++)
			read_article(result, row, add_article(&load->by_reporter[i]));
		PQclear(result);
	}
}


/* ---- the second way: all in one statement, regrouped here ---- */

typedef struct Position
{
	long		reporter_id;
	int			index;
} Position;

static int
compare_positions(const void *a, const void *b)
{
	long		left = ((const Position *) a)->reporter_id;
	long		right = ((const Position *) b)->reporter_id;

	return (left > right) - (left < right);
}

static void
any_and_regroup(PGconn *conn, Load *load)
{
	char	   *ids = array_literal(load->reporters, load->reporter_count);
	const char *params[1] = {ids};
	Position   *positions = allocate(load->reporter_count * sizeof(Position));
	PGresult   *result;

	for (int i = 0; i < load->reporter_count; i++)
		positions[i] = (Position) {load->reporters[i], i};
	qsort(positions, load->reporter_count, sizeof(Position), compare_positions);

	result = query(conn, load,
				   "SELECT id, headline, body, pub_date, reporter_id FROM article"
				   " WHERE reporter_id = ANY($1) ORDER BY id", 1, params);
	for (int row = 0; row < PQntuples(result); row++)
	{
		Article		article;
		Position	wanted,
				   *found;

		read_article(result, row, &article);
		wanted.reporter_id = article.reporter_id;
		found = bsearch(&wanted, positions, load->reporter_count, sizeof(Position),
						compare_positions);
		if (found == NULL)
			fail("a row of no reporter", "");
		*add_article(&load->by_reporter[found->index]) = article;
	}
	PQclear(result);
	free(positions);
	free(ids);
}


/* ---- the third way: one batch, already grouped: [[{..},{..}],[],..] ---- */

static const char *
expect(const char *at, char wanted)
{
	while (*at == ' ' || *at == '\n')
		at++;
	if (*at != wanted)
		fail("unexpected JSON", at);
	return at + 1;
}

static char *
encode_utf8(char *to, unsigned code)
{
	if (code < 0x80)
		*to++ = (char) code;
	else if (code < 0x800)
	{
		*to++ = (char) (0xC0 | code >> 6);
		*to++ = (char) (0x80 | (code & 0x3F));
	}
	else
	{
		*to++ = (char) (0xE0 | code >> 12);
		*to++ = (char) (0x80 | (code >> 6 & 0x3F));
		*to++ = (char) (0x80 | (code & 0x3F));
	}
	return to;
}

/* A JSON string, from its opening quote; *text becomes a copy without escapes. */
static const char *
read_string(const char *at, char **text)
{
	const char *start = expect(at, '"');
	const char *end = start;
	char	   *to;

	/* the end: the first quote that no backslash precedes */
	while (*(end += strcspn(end, "\"\\")) != '"')
	{
		if (*end == '\0' || *++end == '\0')
			fail("unexpected end of JSON", "");
		end++;
	}
	*text = to = allocate((size_t) (end - start) + 1);
	for (at = start; at < end;)
	{
		static const char from[] = "nrtbf",
					into[] = "\n\r\t\b\f";
		const char *backslash = memchr(at, '\\', (size_t) (end - at));
		size_t		plain = (size_t) ((backslash ? backslash : end) - at);
		const char *escape;

		memcpy(to, at, plain);
		to += plain;
		if (backslash == NULL)
			break;
		at = backslash + 1;
		if (*at == 'u')
		{
			char		digits[5] = {at[1], at[2], at[3], at[4], '\0'};

			to = encode_utf8(to, (unsigned) strtoul(digits, NULL, 16));
			at += 4;
		}
		else if ((escape = strchr(from, *at)) != NULL)
			*to++ = into[escape - from];
		else
			*to++ = *at;
		at++;
	}
	return end + 1;
}

static const char *
read_object(const char *at, Article *article)
{
	at = expect(at, '{');
	for (;;)
	{
		char	   *name;

		at = expect(read_string(at, &name), ':');
		if (strcmp(name, "id") == 0)
			article->id = strtol(at, (char **) &at, 10);
		else if (strcmp(name, "reporter_id") == 0)
			article->reporter_id = strtol(at, (char **) &at, 10);
		else if (strcmp(name, "headline") == 0)
			at = read_string(at, &article->headline);
		else if (strcmp(name, "body") == 0)
			at = read_string(at, &article->body);
		else if (strcmp(name, "pub_date") == 0)
			at = read_string(at, &article->pub_date);
		else
			fail("unexpected column", name);
		free(name);
		if (*at != ',')
			return expect(at, '}');
		at++;
	}
}

static const char *
read_list(const char *at, Articles *articles)
{
	at = expect(at, '[');
	if (*at == ']')
		return at + 1;
	for (;;)
	{
		at = read_object(at, add_article(articles));
		if (*at != ',')
			return expect(at, ']');
		at++;
	}
}

static void
one_batch(PGconn *conn, Load *load)
{
	char	   *ids = array_literal(load->reporters, load->reporter_count);
	const char *params[2] = {"article", ids};
	PGresult   *result;
	const char *at;

	result = query(conn, load,
				   "SELECT dataloader.load_many_json($1, $2, by => 'reporter_id', order_by => 'id')",
				   2, params);
	at = PQgetvalue(result, 0, 0);
	for (int i = 0; i < load->reporter_count; i++)
		at = read_list(expect(at, i ? ',' : '['), &load->by_reporter[i]);
	expect(at, ']');
	PQclear(result);
	free(ids);
}


/* ---- rounds ---- */

static void
load_reporters(PGconn *conn, Load *load)
{
	PGresult   *result = query(conn, load,
							   "SELECT id, first_name, last_name FROM reporter"
							   " ORDER BY last_name, first_name, id LIMIT 500", 0, NULL);

	load->reporter_count = PQntuples(result);
	load->reporters = allocate(load->reporter_count * sizeof(long));
	load->by_reporter = allocate(load->reporter_count * sizeof(Articles));
	for (int i = 0; i < load->reporter_count; i++)
		load->reporters[i] = atol(PQgetvalue(result, i, 0));
	PQclear(result);
}

static void
free_load(Load *load)
{
	for (int i = 0; i < load->reporter_count; i++)
	{
		for (int n = 0; n < load->by_reporter[i].count; n++)
		{
			free(load->by_reporter[i].items[n].headline);
			free(load->by_reporter[i].items[n].body);
			free(load->by_reporter[i].items[n].pub_date);
		}
		free(load->by_reporter[i].items);
	}
	free(load->by_reporter);
	free(load->reporters);
}

static bool
same_articles(const Articles *a, const Articles *b)
{
	if (a->count != b->count)
		return false;
	for (int i = 0; i < a->count; i++)
	{
		const Article *x = &a->items[i];
		const Article *y = &b->items[i];

		if (x->id != y->id || x->reporter_id != y->reporter_id ||
			strcmp(x->headline, y->headline) != 0 || strcmp(x->body, y->body) != 0 ||
			strcmp(x->pub_date, y->pub_date) != 0)
			return false;
	}
	return true;
}

static bool
same_load(const Load *a, const Load *b)
{
	if (a->reporter_count != b->reporter_count)
		return false;
	for (int i = 0; i < a->reporter_count; i++)
		if (a->reporters[i] != b->reporters[i] ||
			!same_articles(&a->by_reporter[i], &b->by_reporter[i]))
			return false;
	return true;
}

static double
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static int
compare_doubles(const void *a, const void *b)
{
	double		left = *(const double *) a;
	double		right = *(const double *) b;

	return (left > right) - (left < right);
}

static double
median(double *values, int count)
{
	qsort(values, count, sizeof(double), compare_doubles);
	return values[count / 2];
}

#define WAYS 3

/* One round; in a warm-up (round -1) nothing is measured. */
static void
run_round(PGconn *conn, Way *ways, int round)
{
	Load		loads[WAYS] = {{0}};

	for (int turn = 0; turn < WAYS; turn++)
	{
		int			w = (turn + round + 1) % WAYS;
		double		start = now_ms();

		load_reporters(conn, &loads[w]);
		ways[w].load_articles(conn, &loads[w]);
		if (round >= 0)
			ways[w].ms[round] = now_ms() - start;
		ways[w].statements = loads[w].statements;
		ways[w].articles = 0;
		for (int i = 0; i < loads[w].reporter_count; i++)
			ways[w].articles += loads[w].by_reporter[i].count;
	}
	for (int w = 0; w < WAYS; w++)
		ways[w].same = ways[w].same && same_load(&loads[0], &loads[w]);
	for (int w = 0; w < WAYS; w++)
		free_load(&loads[w]);
}

int
main(int argc, char **argv)
{
	Way			ways[WAYS] = {
		{.name = "N+1: one statement per reporter", .load_articles = one_by_one},
		{.name = "= ANY($1), regrouped in the client", .load_articles = any_and_regroup},
		{.name = "dataloader.load_many_json, one batch", .load_articles = one_batch},
	};
	int			rounds = argc > 1 ? atoi(argv[1]) : 15;
	bool		all_same = true;
	PGconn	   *conn = PQconnectdb("");

	if (PQstatus(conn) != CONNECTION_OK)
		fail("could not connect", PQerrorMessage(conn));
	if (rounds < 1)
		fail("usage", "ways [ROUNDS]");
	for (int w = 0; w < WAYS; w++)
	{
		ways[w].ms = allocate(rounds * sizeof(double));
		ways[w].same = true;
	}

	for (int round = -1; round < rounds; round++)
		run_round(conn, ways, round);

	printf("  %-38s %10s %9s %8s   %s\n",
		   "500 reporters and their articles", "statements", "articles", "ms", "same data");
	for (int w = 0; w < WAYS; w++)
	{
		printf("  %-38s %10d %9d %8.1f   %s\n", ways[w].name, ways[w].statements,
			   ways[w].articles, median(ways[w].ms, rounds), ways[w].same ? "yes" : "NO");
		all_same = all_same && ways[w].same;
		free(ways[w].ms);
	}
	printf("  (median of %d rounds, taking turns, until the client holds the articles by reporter)\n", rounds);
	PQfinish(conn);
	return all_same ? 0 : 1;
}

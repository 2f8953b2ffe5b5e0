/*
 * callback.c
 *		A type whose output function runs a statement.
 *
 * Output functions cannot be written in SQL or PL/pgSQL.  That of type "talk"
 * runs what the setting callback.statement says, as a superuser's function in
 * C may do: it calls the extension again while a load is giving out its rows,
 * or changes the tables that it reads.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(talk_in);
PG_FUNCTION_INFO_V1(talk_out);

/* Statements have output, too: they run in the outermost call only. */
static bool talking = false;

static void
talk(void)
{
	const char *statement = GetConfigOption("callback.statement", true, false);

	if (talking || statement == NULL || statement[0] == '\0')
		return;

	talking = true;
	PG_TRY();
	{
		SPI_connect();
		SPI_execute(statement, false, 0);
		SPI_finish();
	}
	PG_FINALLY();
	{
		talking = false;
	}
	PG_END_TRY();
}

Datum
talk_in(PG_FUNCTION_ARGS)
{
	return PointerGetDatum(cstring_to_text(PG_GETARG_CSTRING(0)));
}

Datum
talk_out(PG_FUNCTION_ARGS)
{
	char	   *said = text_to_cstring(PG_GETARG_TEXT_PP(0));

	talk();
	PG_RETURN_CSTRING(said);
}

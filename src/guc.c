/*-------------------------------------------------------------------------
 *
 * guc.c
 *	  The settings dataloader.*
 *
 * None of them can weaken a check: both paths make the same ones, so anyone
 * may choose between them.  max_keys protects the server from its clients,
 * which is why only a superuser may raise it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "guc.h"
#include "utils/array.h"
#include "utils/guc.h"

bool		dl_direct_scan = true;
bool		dl_require_index = false;
int			dl_max_keys = 1000000;
int			dl_json_bigints = DL_BIGINTS_NUMBER;

static const struct config_enum_entry json_bigints_options[] = {
	{"number", DL_BIGINTS_NUMBER, false},
	{"string", DL_BIGINTS_STRING, false},
	{NULL, 0, false}
};

void
dl_guc_define(void)
{
	DefineCustomBoolVariable("dataloader.direct_scan",
							 "Enables reading indexes directly instead of through a plan.",
							 "Both ways give the same answer.",
							 &dl_direct_scan, true,
							 PGC_USERSET, 0, NULL, NULL, NULL);

	DefineCustomBoolVariable("dataloader.require_index",
							 "Refuses a batch that no index of the relation can serve.",
							 "The error names the index to create.",
							 &dl_require_index, false,
							 PGC_USERSET, 0, NULL, NULL, NULL);

	DefineCustomIntVariable("dataloader.max_keys",
							"Sets the maximum number of keys in one call.",
							NULL,
							&dl_max_keys, 1000000, 1, (int) MaxArraySize,
							PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomEnumVariable("dataloader.json_bigints",
							 "Sets how bigint and numeric values are written in JSON.",
							 "As strings they survive readers that hold numbers as double precision.",
							 &dl_json_bigints, DL_BIGINTS_NUMBER,
							 json_bigints_options,
							 PGC_USERSET, 0, NULL, NULL, NULL);

	MarkGUCPrefixReserved("dataloader");
}

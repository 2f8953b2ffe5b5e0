/*-------------------------------------------------------------------------
 *
 * dataloader.c
 *	  What the server finds when it loads the library.
 *
 * Nothing happens here beyond registration; src/README.md says where a call
 * goes from here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "guc.h"
#include "scan.h"
#include "target.h"

PG_MODULE_MAGIC;

/* declared by fmgr.h only from 16 on */
void		_PG_init(void);

void
_PG_init(void)
{
	dl_guc_define();
	dl_target_cache_init();
	dl_scan_init();
}

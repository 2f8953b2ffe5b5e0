/*
 * guc.h
 *		The settings dataloader.*
 */
#ifndef DL_GUC_H
#define DL_GUC_H

typedef enum DlJsonBigints
{
	DL_BIGINTS_NUMBER,			/* as to_json() writes them */
	DL_BIGINTS_STRING,			/* quoted, safe for readers of 53-bit numbers */
} DlJsonBigints;

extern bool dl_direct_scan;		/* off: always the plan path */
extern bool dl_require_index;	/* on: no index, no answer */
extern int	dl_max_keys;		/* most keys in one call */
extern int	dl_json_bigints;	/* a DlJsonBigints */

extern void dl_guc_define(void);

#endif							/* DL_GUC_H */

/*
 * scan.h
 *		FROM load_rows(...) and its like as a plan node of its own.
 *
 * CustomScan.custom_exprs has the call, a FuncExpr.  custom_scan_tlist says what
 * the node's rows are: ord, item, and columns of item that the query reads, each
 * as a FieldSelect.
 */
#ifndef DL_SCAN_H
#define DL_SCAN_H

#include "nodes/extensible.h"

/* The functions' columns, and those that follow them in the node's rows. */
#define DL_SCAN_ORD 1
#define DL_SCAN_ITEM 2
#define DL_SCAN_FIELDS 3

/* Registers the node, and the planner hook that offers it; once, at load. */
extern void dl_scan_init(void);

/* The executor's side, scan.c. */
extern const CustomScanMethods dl_scan_methods;

#endif							/* DL_SCAN_H */

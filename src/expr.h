/*
 * expr.h
 *		The filter and order_by of a request.
 */
#ifndef DL_EXPR_H
#define DL_EXPR_H

#include "target.h"

extern void dl_expr_parse(DlTarget *target, const DlRequest *request,
						  Relation rel, Relation junction);
extern bool dl_expr_is_volatile(const DlTarget *target);

/* lifetime.c */
extern void dl_expr_note_lifetime(DlTarget *target, const DlRequest *request);

#endif							/* DL_EXPR_H */

/*
 * The wording of information_schema, brought to one form across versions and flavours.
 *
 * Called by across.c, across_table.c and flavour.c. Each function changes the text in place. The
 * rules, all of them:
 *   type      display widths go (int(11) is int), but not with zerofill; geomcollection is
 *             geometrycollection; what stands in a comment (COMPRESSED, the old temporals) goes
 *   charset   utf8mb3 and its collations are called utf8
 *   extra     lower case; no commas and (); DEFAULT_GENERATED, which only MySQL 8 on has, goes;
 *             PERSISTENT is STORED; between flavours WITHOUT SYSTEM VERSIONING goes
 *   sql_mode  modes that later servers no longer know go (NO_AUTO_CREATE_USER and the names of
 *             other products)
 * Expressions and defaults are in expression.h and across_table.c.
 */
#ifndef JUDGE_NORMAL_H
#define JUDGE_NORMAL_H

#include <stdbool.h>

#include "server.h"
#include "text.h"

void judge_normal_type(struct judge_text *value, const struct judge_server *server);
void judge_normal_charset(struct judge_text *value, const struct judge_server *server);
void judge_normal_extra(struct judge_text *value, bool is_translated);
void judge_normal_sql_mode(struct judge_text *value);

#endif

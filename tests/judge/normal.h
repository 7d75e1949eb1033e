/*
 * The wording of information_schema, brought to one form across versions and flavours.
 *
 * Called by across.c. Each function changes the text in place. The rules, all of them:
 *   type        display widths go (int(11) is int), but not with zerofill; JSON is MariaDB's
 * longtext; geomcollection is geometrycollection charset     utf8mb3 and its collations are called
 * utf8 default     MariaDB's quotes around literals go; current_timestamp has no () and is lower
 * case extra       lower case; DEFAULT_GENERATED, which only MySQL 8 on has, goes; on update as
 * with defaults sql_mode    modes that later servers no longer know go (NO_AUTO_CREATE_USER and the
 * names of other products) expression  backquotes and spaces go, lower case
 */
#ifndef JUDGE_NORMAL_H
#define JUDGE_NORMAL_H

#include "server.h"
#include "text.h"

void judge_normal_type(struct judge_text *value, const struct judge_server *server);
void judge_normal_charset(struct judge_text *value, const struct judge_server *server);
void judge_normal_default(struct judge_text *value, const struct judge_server *server);
void judge_normal_extra(struct judge_text *value, const struct judge_server *server);
void judge_normal_sql_mode(struct judge_text *value);
void judge_normal_expression(struct judge_text *value);

#endif

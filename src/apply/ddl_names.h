/* The names in a logged statement as the catalogue has them. A statement's text is in the charset
 * of the session that ran it, and its parser takes bytes as they are; the catalogue, the models and
 * the selection have UTF-8. Used on lane 0, between two statements. */
#ifndef BS_APPLY_DDL_NAMES_H
#define BS_APPLY_DDL_NAMES_H

#include "apply/applier.h"
#include "base/error.h"
#include "binlog/statement.h"
#include "schema/ddl.h"

/* Turns ddl's names into UTF-8; the target knows the charsets. BS_SCHEMA for a text in which bytes
 * that look like quotes or backslashes may be halves of characters: what it names is not known. */
enum bs_status bs_ddl_read_names(struct bs_applier *applier, const struct bs_statement *statement,
                                 struct bs_ddl *ddl, struct bs_error *err) BS_MUST_CHECK;

#endif

/* What a statement that has run has made of the tables that are known: their models are read from
 * the target anew, those of the tables that it names, and of the children of these. On lane 0. */
#ifndef BS_APPLY_DDL_MODELS_H
#define BS_APPLY_DDL_MODELS_H

#include "apply/applier.h"
#include "apply/engines.h"
#include "binlog/statement.h"
#include "schema/ddl.h"

/* Refuses by name what is only seen now: foreign keys that act, and go where nothing runs them. */
enum bs_status bs_ddl_refresh_models(struct bs_applier *applier,
                                     const struct bs_statement *statement, const struct bs_ddl *ddl,
                                     const struct bs_engine_notes *notes,
                                     struct bs_error *err) BS_MUST_CHECK;

#endif

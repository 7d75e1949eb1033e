/* Row values as parameters of a prepared statement: bytes of the type string, in the binary
 * character set, which the target turns into the column's own. The same values as literal.h's, for
 * statements that are prepared once and run over many rows (sql/bulk.h). Pure. */
#ifndef BS_APPLY_PARAM_H
#define BS_APPLY_PARAM_H

#include "base/buf.h"
#include "binlog/value.h"
#include "schema/model.h"

#include <stdbool.h>

/* The parameter's place in the statement, with what makes a value of the column of it. */
void bs_param_put_marker(struct bs_buf *sql, const struct bs_column *column);

/* Its bytes; of NULL there are none. */
void bs_param_put(struct bs_buf *out, const struct bs_column *column, const struct bs_value *value);

/* false: it needs a literal: a character set of its own, or a lenient sql_mode. */
bool bs_param_suits(const struct bs_column *column, const struct bs_value *value);

#endif

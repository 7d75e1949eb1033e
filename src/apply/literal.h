/* Row values as SQL literals that the target stores bit for bit and byte for byte, and as
 * conditions that find exactly that row. Pure: text out of src/binlog's values and src/schema's
 * columns. The session that runs the text is set up as src/sql/session.h says. */
#ifndef BS_APPLY_LITERAL_H
#define BS_APPLY_LITERAL_H

#include "base/buf.h"
#include "binlog/value.h"
#include "schema/model.h"

#include <stdbool.h>

/* The value as something that can be compared with the column by "=". */
void bs_literal_put(struct bs_buf *sql, const struct bs_column *column,
                    const struct bs_value *value);

/* The value as something to assign. Differs for FLOAT(M,D) and DOUBLE(M,D): the stored 9999.999 is
 * a little more than that, which the column's own range check would refuse, so D digits are
 * written, which the server stores as the same bits. */
void bs_literal_put_assigned(struct bs_buf *sql, const struct bs_column *column,
                             const struct bs_value *value);

/* A condition on a column of a unique key, which the server looks up in that key. */
void bs_literal_put_key_match(struct bs_buf *sql, const struct bs_column *column,
                              const struct bs_value *value);

/* An exact condition on a column that is in no key: true for the very same stored value only, where
 * "=" would take 'a' for 'A' under many collations. */
void bs_literal_put_exact_match(struct bs_buf *sql, const struct bs_column *column,
                                const struct bs_value *value);

/* UUID, INET4 and INET6 as servers print them. */
void bs_literal_put_uuid_text(struct bs_buf *out, struct bs_str bytes);
void bs_literal_put_inet4_text(struct bs_buf *out, struct bs_str bytes);
void bs_literal_put_inet6_text(struct bs_buf *out, struct bs_str bytes);

/* ENUM index 0 is what the server stored for a value that is not in the list; storing it again
 * warns, or fails in strict mode. */
bool bs_literal_is_enum_zero(const struct bs_column *column, const struct bs_value *value);

/* The same stored bytes? (two values of one column) */
bool bs_value_equal(const struct bs_value *a, const struct bs_value *b);

#endif

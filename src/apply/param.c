#include "apply/param.h"

#include "apply/literal.h"

#include <inttypes.h>
#include <string.h>

void
bs_param_put_marker(struct bs_buf *sql, const struct bs_column *column) {
    switch (column->type) {
    case BS_TYPE_BIT:
    case BS_TYPE_ENUM:
    case BS_TYPE_SET:
        bs_buf_puts(sql, "CAST(? AS UNSIGNED)");
        return;
    case BS_TYPE_UUID:
    case BS_TYPE_INET4:
    case BS_TYPE_INET6:
        bs_buf_puts(sql, "CONVERT(? USING latin1)");
        return;
    case BS_TYPE_TINYINT:
    case BS_TYPE_SMALLINT:
    case BS_TYPE_MEDIUMINT:
    case BS_TYPE_INT:
    case BS_TYPE_BIGINT:
    case BS_TYPE_DECIMAL:
    case BS_TYPE_FLOAT:
    case BS_TYPE_DOUBLE:
    case BS_TYPE_YEAR:
    case BS_TYPE_DATE:
    case BS_TYPE_TIME:
    case BS_TYPE_DATETIME:
    case BS_TYPE_TIMESTAMP:
    case BS_TYPE_CHAR:
    case BS_TYPE_VARCHAR:
    case BS_TYPE_TEXT:
    case BS_TYPE_BINARY:
    case BS_TYPE_VARBINARY:
    case BS_TYPE_BLOB:
    case BS_TYPE_JSON:
    case BS_TYPE_GEOMETRY:
    case BS_TYPE_VECTOR:
        break;
    }
    bs_buf_puts(sql, "?");
}

static void
put_bytes(struct bs_buf *out, const struct bs_column *column, struct bs_str bytes) {
    if (column->type == BS_TYPE_UUID) {
        bs_literal_put_uuid_text(out, bytes);
    } else if (column->type == BS_TYPE_INET4) {
        bs_literal_put_inet4_text(out, bytes);
    } else if (column->type == BS_TYPE_INET6) {
        bs_literal_put_inet6_text(out, bytes);
    } else {
        bs_buf_put_str(out, bytes);
    }
}

void
bs_param_put(struct bs_buf *out, const struct bs_column *column, const struct bs_value *value) {
    switch (value->kind) {
    case BS_VALUE_NULL:
        return;
    case BS_VALUE_UINT:
        if (column->type == BS_TYPE_YEAR) { /* the text '0' is 2000 */
            bs_buf_printf(out, "%04" PRIu64, value->u64);
            return;
        }
        break;
    case BS_VALUE_TEMPORAL:
    case BS_VALUE_JSON:
        bs_buf_put_str(out, value->text);
        return;
    case BS_VALUE_BYTES:
        put_bytes(out, column, value->text);
        return;
    case BS_VALUE_INT:
    case BS_VALUE_FLOAT:
    case BS_VALUE_DOUBLE:
    case BS_VALUE_DECIMAL:
    case BS_VALUE_ABSENT:
    case BS_VALUE_JSON_DIFF:
        break;
    }
    bs_literal_put_assigned(out, column, value); /* digits, which need no quotes */
}

/* The text of documents is in utf8mb4, which a literal says. */
bool
bs_param_suits(const struct bs_column *column, const struct bs_value *value) {
    bool is_utf8mb4 = column->charset != NULL && strcmp(column->charset, "utf8mb4") == 0;
    return !bs_literal_is_enum_zero(column, value) &&
           (value->kind != BS_VALUE_JSON || is_utf8mb4) && column->type != BS_TYPE_JSON;
}

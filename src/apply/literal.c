#include "apply/literal.h"

#include "sql/json_text.h"
#include "sql/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* From here on not every whole number has a double of its own. */
#define EXACT_IN_DOUBLE_MAX (UINT64_C(1) << 53)

/* 17 significant digits name one double and no other; the exponent makes the server read a DOUBLE
 * instead of a DECIMAL. A FLOAT is widened first, which is exact, and so is the way back. */
static void
put_double(struct bs_buf *sql, double value) {
    bs_buf_printf(sql, "%.16e", value);
}

/* As text, with a charset said: a binary literal would be read as the 16 bytes themselves by some
 * servers and refused by others. */
static void
put_latin1(struct bs_buf *sql, void (*put)(struct bs_buf *out, struct bs_str bytes),
           struct bs_str bytes) {
    bs_buf_puts(sql, "_latin1'");
    put(sql, bytes);
    bs_buf_puts(sql, "'");
}

void
bs_literal_put_uuid_text(struct bs_buf *out, struct bs_str bytes) {
    for (size_t i = 0; i < bytes.len; i++) {
        bool dash = i == 4 || i == 6 || i == 8 || i == 10;
        bs_buf_printf(out, "%s%02x", dash ? "-" : "", (unsigned char)bytes.data[i]);
    }
}

void
bs_literal_put_inet4_text(struct bs_buf *out, struct bs_str bytes) {
    for (size_t i = 0; i < bytes.len; i++) {
        bs_buf_printf(out, "%s%u", i > 0 ? "." : "", (unsigned char)bytes.data[i]);
    }
}

void
bs_literal_put_inet6_text(struct bs_buf *out, struct bs_str bytes) {
    for (size_t i = 0; i < bytes.len; i++) {
        bool colon = i > 0 && i % 2 == 0;
        bs_buf_printf(out, "%s%02x", colon ? ":" : "", (unsigned char)bytes.data[i]);
    }
}

static void
put_bytes(struct bs_buf *sql, const struct bs_column *column, struct bs_str bytes) {
    switch (column->type) {
    case BS_TYPE_UUID:
        put_latin1(sql, bs_literal_put_uuid_text, bytes);
        return;
    case BS_TYPE_INET4:
        put_latin1(sql, bs_literal_put_inet4_text, bytes);
        return;
    case BS_TYPE_INET6:
        put_latin1(sql, bs_literal_put_inet6_text, bytes);
        return;
    case BS_TYPE_CHAR:
    case BS_TYPE_VARCHAR:
    case BS_TYPE_TEXT:
        bs_sql_put_text(sql, column->charset, bytes);
        return;
    case BS_TYPE_JSON: /* a document that the source keeps as text */
        bs_json_put_sql(sql, bytes);
        return;
    case BS_TYPE_TINYINT:
    case BS_TYPE_SMALLINT:
    case BS_TYPE_MEDIUMINT:
    case BS_TYPE_INT:
    case BS_TYPE_BIGINT:
    case BS_TYPE_DECIMAL:
    case BS_TYPE_FLOAT:
    case BS_TYPE_DOUBLE:
    case BS_TYPE_BIT:
    case BS_TYPE_YEAR:
    case BS_TYPE_DATE:
    case BS_TYPE_TIME:
    case BS_TYPE_DATETIME:
    case BS_TYPE_TIMESTAMP:
    case BS_TYPE_BINARY:
    case BS_TYPE_VARBINARY:
    case BS_TYPE_BLOB:
    case BS_TYPE_ENUM:
    case BS_TYPE_SET:
    case BS_TYPE_GEOMETRY:
    case BS_TYPE_VECTOR:
        break;
    }
    bs_buf_puts(sql, "_binary");
    bs_sql_put_string(sql, bytes);
}

void
bs_literal_put(struct bs_buf *sql, const struct bs_column *column, const struct bs_value *value) {
    switch (value->kind) {
    case BS_VALUE_JSON_DIFF: /* full images have the document: require_full_image */
        bs_panic(__FILE__, __LINE__, "changes to parts of a document have no literal");
    case BS_VALUE_ABSENT:
        bs_panic(__FILE__, __LINE__, "an absent value has no literal");
    case BS_VALUE_NULL:
        bs_buf_puts(sql, "NULL");
        return;
    case BS_VALUE_INT:
        bs_buf_printf(sql, "%" PRId64, value->i64);
        return;
    case BS_VALUE_UINT:
        bs_buf_printf(sql, "%" PRIu64, value->u64);
        return;
    case BS_VALUE_FLOAT:
        put_double(sql, (double)value->f32);
        return;
    case BS_VALUE_DOUBLE:
        put_double(sql, value->f64);
        return;
    case BS_VALUE_DECIMAL:
        bs_buf_put_str(sql, value->text);
        return;
    case BS_VALUE_TEMPORAL:
        bs_buf_puts(sql, "'");
        bs_buf_put_str(sql, value->text);
        bs_buf_puts(sql, "'");
        return;
    case BS_VALUE_BYTES:
        put_bytes(sql, column, value->text);
        return;
    case BS_VALUE_JSON:
        if (column->type == BS_TYPE_JSON) {
            bs_json_put_sql(sql, value->text);
        } else {
            bs_sql_put_text(sql, "utf8mb4", value->text);
        }
        return;
    }
}

/* The digits of FLOAT(M,D) before and after the point; false for a type without them. */
static bool
declared_digits(const struct bs_column *column, int *before, int *after) {
    const char *open = strchr(column->type_text, '(');
    const char *comma = open != NULL ? strchr(open, ',') : NULL;
    if (comma == NULL) {
        return false;
    }
    *after = (int)strtol(comma + 1, NULL, 10);
    *before = (int)strtol(open + 1, NULL, 10) - *after;
    return true;
}

void
bs_literal_put_assigned(struct bs_buf *sql, const struct bs_column *column,
                        const struct bs_value *value) {
    int before = 0;
    int after = 0;
    bool is_real = value->kind == BS_VALUE_FLOAT || value->kind == BS_VALUE_DOUBLE;
    if (!is_real || !declared_digits(column, &before, &after)) {
        bs_literal_put(sql, column, value);
        return;
    }
    double real = value->kind == BS_VALUE_FLOAT ? (double)value->f32 : value->f64;
    if (fabs(real) < pow(10, before)) {
        bs_buf_printf(sql, "%.*fe0", after, real);
        return;
    }
    /* The column's largest value, which the float could only keep as the next power of ten. */
    bs_buf_puts(sql, real < 0 ? "-0" : "0");
    bs_buf_put_fill(sql, '9', (size_t)before);
    bs_buf_puts(sql, ".");
    bs_buf_put_fill(sql, '9', (size_t)after);
    bs_buf_puts(sql, "e0");
}

static void
put_cast_match(struct bs_buf *sql, const char *cast, const struct bs_column *column,
               const struct bs_value *value) {
    bs_buf_puts(sql, "CAST(");
    bs_sql_put_ident(sql, bs_str(column->name));
    bs_buf_printf(sql, " AS %s) <=> ", cast);
    if (value->kind == BS_VALUE_UINT) {
        bs_buf_printf(sql, "%" PRIu64, value->u64);
    } else {
        bs_buf_puts(sql, "_binary");
        bs_sql_put_string(sql, value->text);
    }
}

/* Servers of both flavours take a SET's 64 bits as signed when "=" compares them, so 1 << 63 finds
 * nothing and -(1 << 63) does; off the index MySQL compares as doubles, so large ones are asked
 * for once more. */
static void
put_set_match(struct bs_buf *sql, const struct bs_column *column, const struct bs_value *value) {
    bs_sql_put_ident(sql, bs_str(column->name));
    bs_buf_printf(sql, "=%" PRId64, (int64_t)value->u64);
    if (value->u64 > EXACT_IN_DOUBLE_MAX) {
        bs_buf_puts(sql, " AND ");
        put_cast_match(sql, "UNSIGNED", column, value);
    }
}

void
bs_literal_put_key_match(struct bs_buf *sql, const struct bs_column *column,
                         const struct bs_value *value) {
    if (column->type == BS_TYPE_SET && value->kind == BS_VALUE_UINT) {
        put_set_match(sql, column, value);
    } else {
        bs_sql_put_ident(sql, bs_str(column->name));
        bs_buf_puts(sql, "=");
        bs_literal_put(sql, column, value);
    }
}

static void
put_json_match(struct bs_buf *sql, const struct bs_column *column, const struct bs_value *value) {
    bs_buf_puts(sql, "CAST(CAST(");
    bs_sql_put_ident(sql, bs_str(column->name));
    bs_buf_puts(sql, " AS CHAR CHARACTER SET utf8mb4) AS BINARY) <=> _binary");
    bs_sql_put_string(sql, value->text);
}

/* The source keeps the document as text, and the target has its own spelling of it. */
static void
put_document_match(struct bs_buf *sql, const struct bs_column *column,
                   const struct bs_value *value) {
    /* As text, too: [1] and [1.0] are equal, and print differently. */
    bs_sql_put_ident(sql, bs_str(column->name));
    bs_buf_puts(sql, " <=> CAST(");
    bs_json_put_sql(sql, value->text);
    bs_buf_puts(sql, " AS JSON) AND CAST(");
    bs_sql_put_ident(sql, bs_str(column->name));
    bs_buf_puts(sql, " AS CHAR) <=> CAST(CAST(");
    bs_json_put_sql(sql, value->text);
    bs_buf_puts(sql, " AS JSON) AS CHAR)");
}

/* MySQL compares no vectors, not even with NULL ("Incorrect arguments to <=>"). */
static void
put_vector_match(struct bs_buf *sql, const struct bs_column *column, const struct bs_value *value) {
    bs_buf_puts(sql, "CAST(");
    bs_sql_put_ident(sql, bs_str(column->name));
    bs_buf_puts(sql, " AS BINARY) <=> ");
    bs_literal_put(sql, column, value);
}

static bool
is_zero(const struct bs_value *value) {
    return (value->kind == BS_VALUE_FLOAT && value->f32 == 0) ||
           (value->kind == BS_VALUE_DOUBLE && value->f64 == 0);
}

/* The two zeros are equal, so the sign is asked for by itself: ATAN2(0, -1) is pi and ATAN2(-0, -1)
 * is -pi. A server that stores no sign of a zero (MariaDB from 10.11.18 and 11.8.9 on) prints none
 * either, though it calculates with it. */
static void
put_zero_match(struct bs_buf *sql, const struct bs_column *column, const struct bs_value *value) {
    bs_sql_put_ident(sql, bs_str(column->name));
    bs_buf_puts(sql, " <=> 0 AND ATAN2(");
    bs_sql_put_ident(sql, bs_str(column->name));
    bs_buf_puts(sql, ",-1) <=> ATAN2(CONCAT(");
    bs_literal_put(sql, column, value);
    bs_buf_puts(sql, "),-1)");
}

void
bs_literal_put_exact_match(struct bs_buf *sql, const struct bs_column *column,
                           const struct bs_value *value) {
    bool text = bs_column_is_text(column) || value->kind == BS_VALUE_TEMPORAL;
    if (column->type == BS_TYPE_JSON && value->kind == BS_VALUE_BYTES) {
        put_document_match(sql, column, value);
    } else if (value->kind == BS_VALUE_JSON) {
        put_json_match(sql, column, value);
    } else if (value->kind == BS_VALUE_UINT &&
               (column->type == BS_TYPE_ENUM || column->type == BS_TYPE_SET)) {
        put_cast_match(sql, "UNSIGNED", column, value);
    } else if (column->type == BS_TYPE_VECTOR) {
        put_vector_match(sql, column, value);
    } else if (text && (value->kind == BS_VALUE_BYTES || value->kind == BS_VALUE_TEMPORAL)) {
        put_cast_match(sql, "BINARY", column, value);
    } else if (is_zero(value)) {
        put_zero_match(sql, column, value);
    } else {
        bs_sql_put_ident(sql, bs_str(column->name));
        bs_buf_puts(sql, " <=> ");
        bs_literal_put(sql, column, value);
    }
}

bool
bs_literal_is_enum_zero(const struct bs_column *column, const struct bs_value *value) {
    return column->type == BS_TYPE_ENUM && value->kind == BS_VALUE_UINT && value->u64 == 0;
}

bool
bs_value_equal(const struct bs_value *a, const struct bs_value *b) {
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case BS_VALUE_ABSENT:
    case BS_VALUE_NULL:
        return true;
    case BS_VALUE_INT:
        return a->i64 == b->i64;
    case BS_VALUE_UINT:
        return a->u64 == b->u64;
    case BS_VALUE_FLOAT:
        return memcmp(&a->f32, &b->f32, sizeof a->f32) == 0;
    case BS_VALUE_DOUBLE:
        return memcmp(&a->f64, &b->f64, sizeof a->f64) == 0;
    case BS_VALUE_DECIMAL:
    case BS_VALUE_TEMPORAL:
    case BS_VALUE_BYTES:
    case BS_VALUE_JSON:
    case BS_VALUE_JSON_DIFF:
        return bs_str_equal(a->text, b->text);
    }
    return false;
}

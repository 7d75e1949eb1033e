#include "snapshot/plan.h"

#include "snapshot/guess.h"
#include "sql/text.h"

#include <inttypes.h>

static const struct bs_column *
part_column(const struct bs_copy *copy, size_t i) {
    return &copy->table->columns[copy->key->parts[i].column];
}

static void
put_part(struct bs_buf *out, const struct bs_copy *copy, size_t i) {
    bs_sql_put_ident(out, bs_str(part_column(copy, i)->name));
}

/* Numbers go bare and texts under their own charset, so that the comparison is the key's own. */
static void
put_value(struct bs_buf *out, const struct bs_column *column, struct bs_str value) {
    switch (column->type) {
    case BS_TYPE_TINYINT:
    case BS_TYPE_SMALLINT:
    case BS_TYPE_MEDIUMINT:
    case BS_TYPE_INT:
    case BS_TYPE_BIGINT:
    case BS_TYPE_DECIMAL:
        bs_buf_put_str(out, value);
        return;
    case BS_TYPE_CHAR:
    case BS_TYPE_VARCHAR:
    case BS_TYPE_TEXT:
        bs_sql_put_text(out, column->charset, value);
        return;
    case BS_TYPE_UUID:
    case BS_TYPE_INET4:
    case BS_TYPE_INET6:
        bs_sql_put_text(out, "latin1", value);
        return;
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
    case BS_TYPE_JSON:
    case BS_TYPE_GEOMETRY:
    case BS_TYPE_VECTOR:
        bs_sql_put_string(out, value);
        return;
    }
}

/* As a function of the one row that BS_COPY_ONE_ROW is, so that no value is known before the
 * statement runs. Of a text the server would make a number for YEAR, and for TIME, in old versions,
 * a day and time. */
static void
put_hidden_value(struct bs_buf *out, const struct bs_column *column, struct bs_str value) {
    bs_buf_puts(out, "IF(" BS_COPY_ONE ", ");
    if (column->type == BS_TYPE_YEAR) {
        bs_buf_put_str(out, value);
    } else if (column->type == BS_TYPE_TIME) {
        bs_buf_puts(out, "CAST(");
        put_value(out, column, value);
        bs_buf_puts(out, " AS TIME(6))");
    } else {
        put_value(out, column, value);
    }
    bs_buf_puts(out, ", NULL)");
}

/* One side of a chunk. */
struct side {
    const struct bs_copy *copy;
    const struct bs_bound *bound;
    bool is_upper;
    bool is_hidden;
};

static void
put_compare(struct bs_buf *out, const struct side *side, size_t i, const char *op) {
    const struct bs_column *column = part_column(side->copy, i);
    put_part(out, side->copy, i);
    bs_buf_puts(out, op);
    if (side->is_hidden) {
        put_hidden_value(out, column, side->bound->values[i]);
    } else {
        put_value(out, column, side->bound->values[i]);
    }
}

/* In the key's order behind the bound, or (is_upper) up to it. As
 *     a >= x AND (a > x OR (a = x AND (b > y OR (b = y AND c > z))))
 * since servers do not use an index for (a, b, c) > (x, y, z); the first term, which says nothing
 * new, makes the range plain to the optimizer. */
static void
put_side(struct bs_buf *out, const struct side *side) {
    size_t last = side->bound->count - 1;
    for (size_t i = 0; i < side->bound->count; i++) {
        bool is_less = side->is_upper != side->copy->key->parts[i].descending;
        const char *strict = is_less ? " < " : " > ";
        const char *loose = is_less ? " <= " : " >= ";
        if (i == 0 && last > 0) {
            put_compare(out, side, 0, loose);
            bs_buf_puts(out, " AND ");
        }
        if (i == last) {
            put_compare(out, side, i, side->is_upper ? loose : strict);
        } else {
            bs_buf_puts(out, "(");
            put_compare(out, side, i, strict);
            bs_buf_puts(out, " OR (");
            put_compare(out, side, i, " = ");
            bs_buf_puts(out, " AND ");
        }
    }
    for (size_t i = 0; i < last; i++) {
        bs_buf_puts(out, "))");
    }
}

static void
put_range(struct bs_buf *out, const struct side *lower, const struct side *upper) {
    if (lower->bound->count > 0) {
        bs_buf_puts(out, " WHERE ");
        put_side(out, lower);
    }
    if (upper->bound->count > 0) {
        bs_buf_puts(out, lower->bound->count > 0 ? " AND " : " WHERE ");
        put_side(out, upper);
    }
}

void
bs_plan_put_range(struct bs_buf *out, const struct bs_copy *copy, const struct bs_bound *lower,
                  const struct bs_bound *upper) {
    put_range(out, &(struct side){.copy = copy, .bound = lower},
              &(struct side){.copy = copy, .bound = upper, .is_upper = true});
}

void
bs_plan_put_read(struct bs_buf *out, const struct bs_copy *copy, const struct bs_bound *lower,
                 const struct bs_bound *upper) {
    bool is_hidden = copy->select_range != NULL && lower->count + upper->count > 0;
    bs_buf_puts(out, is_hidden ? copy->select_range : copy->select);
    put_range(
        out, &(struct side){.copy = copy, .bound = lower, .is_hidden = is_hidden},
        &(struct side){.copy = copy, .bound = upper, .is_upper = true, .is_hidden = is_hidden});
}

void
bs_plan_put_row(struct bs_buf *out, const struct bs_copy *copy, const struct bs_str *fields) {
    size_t count = copy->key != NULL ? copy->key->part_count : 0;
    for (size_t i = 0; i < count; i++) {
        bs_buf_puts(out, i > 0 ? " AND " : " WHERE ");
        put_part(out, copy, i);
        bs_buf_puts(out, "=");
        put_value(out, part_column(copy, i), fields[i]);
    }
}

static void
put_key_list(struct bs_buf *out, const struct bs_copy *copy, bool with_direction) {
    for (size_t i = 0; i < copy->key->part_count; i++) {
        bs_buf_puts(out, i > 0 ? ", " : "");
        put_part(out, copy, i);
        bs_buf_puts(out, with_direction && copy->key->parts[i].descending ? " DESC" : "");
    }
}

void
bs_plan_put_cut(struct bs_buf *out, const struct bs_copy *copy, const struct bs_bound *after,
                uint64_t rows) {
    static const struct bs_bound OPEN = {0};
    bs_buf_puts(out, "SELECT ");
    put_key_list(out, copy, false);
    bs_buf_puts(out, " FROM ");
    bs_sql_put_table(out, bs_str(copy->table->db), bs_str(copy->table->name));
    bs_buf_puts(out, " FORCE INDEX (");
    bs_sql_put_ident(out, bs_str(copy->key->name));
    bs_buf_puts(out, ")");
    bs_plan_put_range(out, copy, after, &OPEN);
    bs_buf_puts(out, " ORDER BY ");
    put_key_list(out, copy, true);
    bs_buf_printf(out, " LIMIT 1 OFFSET %" PRIu64, rows - 1);
}

static enum bs_status
find_end(struct bs_sql *sql, const struct bs_work_item *item, struct bs_bound *end,
         struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    bs_plan_put_cut(&text, item->copy, &item->after, item->rows);
    enum bs_status status = bs_sql_stream(sql, bs_buf_str(&text), &result, err);
    if (status == BS_OK) {
        status = bs_sql_next(result, &fields, err);
    }
    if (status == BS_OK && fields != NULL) {
        bs_bound_set(end, fields, item->copy->key->part_count);
    }
    bs_sql_result_free(result);
    bs_buf_fini(&text);
    return status;
}

enum bs_status
bs_plan_cut(struct bs_sql *sql, const struct bs_server *server, const struct bs_work_item *item,
            struct bs_chunk **chunk, bool *is_last, struct bs_error *err) {
    struct bs_bound end = {0};
    enum bs_guess guess = BS_GUESS_NONE;
    enum bs_status status = BS_OK;
    *chunk = NULL;
    if (bs_guess_suits(item)) {
        status = bs_guess_end(sql, server, item, &end, &guess, err);
    }
    if (status == BS_OK && guess == BS_GUESS_NONE && item->copy->key != NULL) {
        status = find_end(sql, item, &end, err);
    }
    *is_last = end.count == 0;
    if (status != BS_OK) {
        return bs_error_context(err, "looking for the end of the next chunk");
    }
    *chunk = bs_chunk_new(item->copy, item->table, item->number);
    (*chunk)->is_last = *is_last;
    if (item->after.count > 0) {
        bs_bound_set(&(*chunk)->lower, item->after.values, item->after.count);
    }
    (*chunk)->upper = end;
    return BS_OK;
}

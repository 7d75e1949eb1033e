/* The statements by which a table is read and stored.
 *
 * What was tried on MySQL 5.6, 9.7 and MariaDB 10.11, 11.8: FLOAT times 1e0 is the float's exact
 * value as a double, FLOAT(7,2) included, and is stored back to the same bits; geometry and VECTOR
 * go as raw bytes; a text of any charset goes as bytes under CHARACTER SET binary; UUID and INET
 * given as binary bytes are taken for their 16-byte form, and refused. ENUM goes by number, because
 * the text '' may be both a member and the error value 0. */
#include "snapshot/copy.h"

#include "base/mem.h"
#include "schema/collation.h"
#include "schema/engine.h"
#include "schema/period.h"
#include "sql/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLOAT_DIGITS_MAX = 255 };

static enum bs_carry
carry_of(const struct bs_column *column) {
    switch (column->type) {
    case BS_TYPE_TINYINT:
    case BS_TYPE_SMALLINT:
    case BS_TYPE_MEDIUMINT:
    case BS_TYPE_INT:
    case BS_TYPE_BIGINT:
    case BS_TYPE_DECIMAL:
    case BS_TYPE_DOUBLE:
    case BS_TYPE_YEAR:
    case BS_TYPE_DATE:
    case BS_TYPE_TIME:
    case BS_TYPE_DATETIME:
    case BS_TYPE_TIMESTAMP:
        return BS_CARRY_PLAIN;
    case BS_TYPE_FLOAT:
        return BS_CARRY_FLOAT;
    case BS_TYPE_BIT:
    case BS_TYPE_ENUM:
    case BS_TYPE_SET:
        return BS_CARRY_INDEX;
    case BS_TYPE_JSON:
        return BS_CARRY_JSON;
    case BS_TYPE_UUID:
    case BS_TYPE_INET4:
    case BS_TYPE_INET6:
        return BS_CARRY_ASCII;
    case BS_TYPE_CHAR:
    case BS_TYPE_VARCHAR:
    case BS_TYPE_TEXT:
    case BS_TYPE_BINARY:
    case BS_TYPE_VARBINARY:
    case BS_TYPE_BLOB:
    case BS_TYPE_GEOMETRY:
    case BS_TYPE_VECTOR:
        return BS_CARRY_BYTES;
    }
    return BS_CARRY_BYTES;
}

/* True for types whose order can be cut at a value written as text. */
static bool
is_cuttable(enum bs_type type) {
    switch (type) {
    case BS_TYPE_TINYINT:
    case BS_TYPE_SMALLINT:
    case BS_TYPE_MEDIUMINT:
    case BS_TYPE_INT:
    case BS_TYPE_BIGINT:
    case BS_TYPE_DECIMAL:
    case BS_TYPE_YEAR:
    case BS_TYPE_DATE:
    case BS_TYPE_TIME:
    case BS_TYPE_DATETIME:
    case BS_TYPE_TIMESTAMP:
    case BS_TYPE_CHAR:
    case BS_TYPE_VARCHAR:
    case BS_TYPE_BINARY:
    case BS_TYPE_VARBINARY:
    case BS_TYPE_UUID:
    case BS_TYPE_INET4:
    case BS_TYPE_INET6:
        return true;
    case BS_TYPE_FLOAT:
    case BS_TYPE_DOUBLE:
    case BS_TYPE_BIT:
    case BS_TYPE_TEXT:
    case BS_TYPE_BLOB:
    case BS_TYPE_ENUM:
    case BS_TYPE_SET:
    case BS_TYPE_JSON:
    case BS_TYPE_GEOMETRY:
    case BS_TYPE_VECTOR:
        return false;
    }
    return false;
}

/* A CHAR is kept with spaces up to its length and read without them. Where its collation pads
 * nothing, an index may compare it with them and a WHERE does without: 'a\t' is in front of 'a' in
 * such a key, since a tab is in front of a space, and behind it in a condition. A bound would lose
 * what lies between the two. So it is with all engines of MariaDB (tried on 10.5 to 11.8), and with
 * short keys of MySQL's MyISAM (9.7); MySQL's InnoDB leaves the spaces out. */
static bool
is_ordered_otherwise(const struct bs_table *table, const struct bs_column *column,
                     enum bs_flavour source) {
    bool strips = source == BS_MYSQL && bs_engine_kind(table->engine) == BS_ENGINE_INNODB;
    return !strips && column->type == BS_TYPE_CHAR && column->collation != NULL &&
           bs_collation_is_nopad(bs_str(column->collation));
}

/* MEMORY's are hashes by default; ARCHIVE's find single rows only. */
static bool
has_ordered_keys(const struct bs_table *table) {
    struct bs_str engine = bs_str(table->engine != NULL ? table->engine : "");
    return bs_str_is_nocase(engine, "InnoDB") || bs_str_is_nocase(engine, "MyISAM") ||
           bs_str_is_nocase(engine, "Aria");
}

const struct bs_key *
bs_copy_cutting_key(const struct bs_table *table, enum bs_flavour source) {
    const struct bs_key *key = bs_table_row_key(table);
    if (key == NULL || table->is_sequence || !has_ordered_keys(table)) {
        return NULL;
    }
    for (size_t i = 0; i < key->part_count; i++) {
        const struct bs_column *column = &table->columns[key->parts[i].column];
        if (!is_cuttable(column->type) || is_ordered_otherwise(table, column, source) ||
            key->parts[i].prefix != 0) {
            return NULL;
        }
    }
    return key;
}

/* Between flavours JSON and text turn into each other. */
static enum bs_carry
carry_to(const struct bs_column *column, const struct bs_column *there) {
    bool was_json = column->type == BS_TYPE_JSON;
    bool is_json = there != NULL && there->type == BS_TYPE_JSON;
    return was_json == is_json ? carry_of(column) : is_json ? BS_CARRY_JSON : BS_CARRY_BYTES;
}

static void
add_column(struct bs_copy *copy, const struct bs_table *there, bool *taken, size_t index) {
    const struct bs_column *column = &copy->table->columns[index];
    if (taken[index] || column->generated != BS_GENERATED_NOT) {
        return;
    }
    taken[index] = true;
    enum bs_carry carry = carry_to(column, bs_table_column(there, bs_str(column->name)));
    copy->columns[copy->column_count++] = (struct bs_carried){column, carry};
    copy->has_json = copy->has_json || carry == BS_CARRY_JSON;
}

static void
add_period(struct bs_copy *copy) {
    size_t start = 0, end = 0;
    if (!bs_table_period(copy->table, &start, &end)) {
        copy->for_ever = NULL;
        return;
    }
    copy->columns[copy->column_count++] =
        (struct bs_carried){&copy->table->columns[start], BS_CARRY_PLAIN};
    copy->columns[copy->column_count++] =
        (struct bs_carried){&copy->table->columns[end], BS_CARRY_ROW_END};
}

static void
choose_columns(struct bs_copy *copy, const struct bs_table *there) {
    const struct bs_table *table = copy->table;
    const struct bs_key *key = bs_table_row_key(table);
    bool *taken = bs_zalloc(table->column_count * sizeof *taken);
    copy->columns = bs_zalloc(table->column_count * sizeof *copy->columns);
    for (size_t i = 0; key != NULL && i < key->part_count; i++) {
        add_column(copy, there, taken, key->parts[i].column);
    }
    copy->naming_count = key != NULL && copy->column_count == key->part_count ? key->part_count : 0;
    for (size_t i = 0; i < table->column_count; i++) {
        add_column(copy, there, taken, i);
    }
    if (copy->for_ever != NULL) {
        add_period(copy);
    }
    free(taken);
}

static void
put_name(struct bs_buf *out, const struct bs_table *table) {
    bs_sql_put_table(out, bs_str(table->db), bs_str(table->name));
}

static void
put_nines(struct bs_buf *out, unsigned int digits, unsigned int decimals) {
    bs_buf_put_fill(out, '9', digits - decimals);
    bs_buf_puts(out, ".");
    bs_buf_put_fill(out, '9', decimals);
    bs_buf_puts(out, "e0");
}

/* A FLOAT(10,3) takes 9999999.999 and keeps the float next to it, 10000000, which it would not
 * take. So what lies beyond the largest number of its digits is read as that number, of which the
 * same float is made. */
static void
put_float(struct bs_buf *out, const struct bs_column *column) {
    unsigned int digits = 0;
    unsigned int decimals = 0;
    bool is_bounded = column->type_text != NULL &&
                      sscanf(column->type_text, "float(%u,%u)", &digits, &decimals) == 2 &&
                      digits <= FLOAT_DIGITS_MAX && decimals <= digits;
    bs_buf_puts(out, is_bounded ? "GREATEST(LEAST(" : "");
    bs_sql_put_ident(out, bs_str(column->name));
    bs_buf_puts(out, "*1e0");
    if (is_bounded) {
        bs_buf_puts(out, ", ");
        put_nines(out, digits, decimals);
        bs_buf_puts(out, "), -");
        put_nines(out, digits, decimals);
        bs_buf_puts(out, ")");
    }
}

/* Servers before MariaDB 11.5 say 2038. */
static void
put_row_end(struct bs_buf *out, const struct bs_column *column, const char *for_ever) {
    bs_buf_puts(out, "IF(");
    bs_sql_put_ident(out, bs_str(column->name));
    bs_buf_printf(out, ">='2038-01-19 03:14:07.999999', '%s', ", for_ever);
    bs_sql_put_ident(out, bs_str(column->name));
    bs_buf_puts(out, ")");
}

static void
put_select_column(struct bs_buf *out, const struct bs_carried *carried, const char *for_ever) {
    if (carried->carry == BS_CARRY_ROW_END) {
        put_row_end(out, carried->column, for_ever);
    } else if (carried->carry == BS_CARRY_FLOAT) {
        put_float(out, carried->column);
    } else if (carried->carry == BS_CARRY_INDEX) {
        bs_buf_puts(out, "CAST(");
        bs_sql_put_ident(out, bs_str(carried->column->name));
        bs_buf_puts(out, " AS UNSIGNED)");
    } else {
        bs_sql_put_ident(out, bs_str(carried->column->name));
    }
}

static bool
is_partitioned(const struct bs_table *table) {
    return table->create != NULL && strstr(table->create, "PARTITION BY") != NULL;
}

/* joined: what the table is read behind, row by row; "". */
static char *
make_select(const struct bs_copy *copy, const char *joined) {
    struct bs_buf out = {0};
    bs_buf_puts(&out, "SELECT ");
    for (size_t i = 0; i < copy->column_count; i++) {
        bs_buf_puts(&out, i > 0 ? ", " : "");
        put_select_column(&out, &copy->columns[i], copy->for_ever);
    }
    /* A table whose columns are all generated still has a number of rows. */
    bs_buf_puts(&out, copy->column_count == 0 ? "1 FROM " : " FROM ");
    bs_buf_puts(&out, joined);
    put_name(&out, copy->table);
    bs_buf_puts(&out, copy->for_ever != NULL ? " FOR SYSTEM_TIME ALL" : "");
    if (copy->key != NULL) {
        bs_buf_puts(&out, " FORCE INDEX (");
        bs_sql_put_ident(&out, bs_str(copy->key->name));
        bs_buf_puts(&out, ")");
    }
    return bs_buf_take_cstr(&out);
}

static bool
is_set_by_expression(enum bs_carry carry) {
    return carry == BS_CARRY_INDEX || carry == BS_CARRY_ASCII || carry == BS_CARRY_JSON;
}

/* given: the value's bytes, as a variable or a parameter. */
static void
put_expression(struct bs_buf *out, enum bs_carry carry, const char *given) {
    if (carry == BS_CARRY_INDEX) {
        bs_buf_printf(out, "CAST(%s AS UNSIGNED)", given);
    } else {
        const char *charset = carry == BS_CARRY_JSON ? "utf8mb4" : "latin1";
        bs_buf_printf(out, "CONVERT(%s USING %s)", given, charset);
    }
}

static void
put_load_setter(struct bs_buf *out, const struct bs_carried *carried, size_t i) {
    char given[32];
    (void)snprintf(given, sizeof given, "@bs%zu", i);
    bs_sql_put_ident(out, bs_str(carried->column->name));
    bs_buf_puts(out, "=");
    if (is_set_by_expression(carried->carry)) {
        put_expression(out, carried->carry, given);
    } else {
        bs_buf_puts(out, given);
    }
}

/* Beside any expression MySQL 5.6 forgets that the AUTO_INCREMENT column of the row had a value,
 * and numbers a row of 0 anew, whatever sql_mode says. So it is set behind them, too. */
static bool
is_set(const struct bs_copy *copy, size_t i) {
    bool has_expression = false;
    for (size_t other = 0; other < copy->column_count; other++) {
        has_expression = has_expression || is_set_by_expression(copy->columns[other].carry);
    }
    return is_set_by_expression(copy->columns[i].carry) ||
           (has_expression && copy->columns[i].column->auto_increment);
}

static char *
make_load(const struct bs_copy *copy) {
    struct bs_buf out = {0};
    size_t setters = 0;
    bs_buf_puts(&out, "LOAD DATA LOCAL INFILE 'binstream' INTO TABLE ");
    put_name(&out, copy->table);
    bs_buf_puts(&out, " CHARACTER SET binary FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' "
                      "LINES TERMINATED BY '\\n' (");
    for (size_t i = 0; i < copy->column_count; i++) {
        bs_buf_puts(&out, i > 0 ? ", " : "");
        if (is_set(copy, i)) {
            bs_buf_printf(&out, "@bs%zu", i);
        } else {
            bs_sql_put_ident(&out, bs_str(copy->columns[i].column->name));
        }
    }
    bs_buf_puts(&out, copy->column_count == 0 ? "@bs0)" : ")");
    for (size_t i = 0; i < copy->column_count; i++) {
        if (is_set(copy, i)) {
            bs_buf_puts(&out, setters++ == 0 ? " SET " : ", ");
            put_load_setter(&out, &copy->columns[i], i);
        }
    }
    return bs_buf_take_cstr(&out);
}

static char *
make_insert(const struct bs_copy *copy) {
    struct bs_buf out = {0};
    bs_buf_puts(&out, "INSERT INTO ");
    put_name(&out, copy->table);
    bs_buf_puts(&out, " (");
    for (size_t i = 0; i < copy->column_count; i++) {
        bs_buf_puts(&out, i > 0 ? ", " : "");
        bs_sql_put_ident(&out, bs_str(copy->columns[i].column->name));
    }
    bs_buf_puts(&out, ") VALUES ");
    return bs_buf_take_cstr(&out);
}

static char *
make_bulk(const struct bs_copy *copy) {
    struct bs_buf out = {0};
    if (copy->column_count == 0) {
        return NULL;
    }
    bs_buf_puts(&out, copy->insert);
    for (size_t i = 0; i < copy->column_count; i++) {
        bs_buf_puts(&out, i > 0 ? ", " : "(");
        if (is_set_by_expression(copy->columns[i].carry)) {
            put_expression(&out, copy->columns[i].carry, "?");
        } else {
            bs_buf_puts(&out, "?");
        }
    }
    bs_buf_puts(&out, ")");
    return bs_buf_take_cstr(&out);
}

struct bs_copy *
bs_copy_new(const struct bs_table *table, enum bs_flavour source, const struct bs_table *there,
            const char *for_ever) {
    struct bs_copy *copy = bs_zalloc(sizeof *copy);
    copy->table = table;
    copy->for_ever = for_ever;
    copy->is_locked = bs_engine_kind(table->engine) != BS_ENGINE_INNODB;
    copy->key = bs_copy_cutting_key(table, source);
    choose_columns(copy, there);
    copy->select = make_select(copy, "");
    if (copy->key != NULL && is_partitioned(table)) {
        copy->select_range = make_select(copy, BS_COPY_ONE_ROW " STRAIGHT_JOIN ");
    }
    copy->load = make_load(copy);
    copy->insert = make_insert(copy);
    copy->bulk = make_bulk(copy);
    return copy;
}

void
bs_copy_read_whole(struct bs_copy *copy) {
    free(copy->select);
    free(copy->select_range);
    copy->key = NULL;
    copy->select_range = NULL;
    copy->select = make_select(copy, "");
}

void
bs_copy_free(struct bs_copy *copy) {
    if (copy == NULL) {
        return;
    }
    free(copy->columns);
    free(copy->select);
    free(copy->select_range);
    free(copy->load);
    free(copy->insert);
    free(copy->bulk);
    free(copy);
}

void
bs_copy_name(const struct bs_copy *copy, char *out, size_t cap) {
    (void)snprintf(out, cap, "%s.%s", copy->table->db, copy->table->name);
}

/* A table's model as bytes. Layout, in the order of the struct:
 *
 *   u8 version | table | count, columns | count, keys | count, foreign keys
 *
 * Numbers and counts are length-encoded integers. A text is its length plus one and its bytes; 0 is
 * NULL. Writers and readers stand side by side, field for field. What is read comes from the
 * target's state and may be damaged: every number is held against its range before it is used. */
#include "schema/model.h"

#include "base/cursor.h"
#include "base/mem.h"

#include <stdlib.h>

enum { FORMAT_VERSION = 1 };
enum { COLUMNS_MAX = 65535, KEYS_MAX = 4096, KEY_PARTS_MAX = 256, FOREIGN_KEYS_MAX = 65535 };

/* Bits of a column's, a key's and a table's flags. */
enum {
    COLUMN_UNSIGNED = 1 << 0,
    COLUMN_NULLABLE = 1 << 1,
    COLUMN_INVISIBLE = 1 << 2,
    COLUMN_AUTO_INCREMENT = 1 << 3,
    COLUMN_OLD_TEMPORAL = 1 << 4,
    COLUMN_SRID = 1 << 5,
};
enum { KEY_UNIQUE = 1 << 0, KEY_NULLABLE = 1 << 1, KEY_FUNCTIONAL = 1 << 2, KEY_HIDDEN = 1 << 3 };
enum { TABLE_SEQUENCE = 1 << 0, TABLE_VERSIONED = 1 << 1, TABLE_TRANSLATED = 1 << 2 };

static void
put_text(struct bs_buf *out, const char *text) {
    if (text == NULL) {
        bs_buf_put_lenenc(out, 0);
        return;
    }
    size_t len = strlen(text);
    bs_buf_put_lenenc(out, len + 1);
    bs_buf_put(out, text, len);
}

static char *
read_text(struct bs_cursor *c) {
    uint64_t len = bs_cursor_read_lenenc(c);
    if (c->failed || len == 0) {
        return NULL;
    }
    if (len - 1 > bs_cursor_left(c)) {
        c->failed = true;
        return NULL;
    }
    struct bs_str text = bs_cursor_read_str(c, (size_t)len - 1);
    return bs_strndup(text.data, text.len);
}

/* A text that is always there. */
static char *
read_name(struct bs_cursor *c) {
    char *text = read_text(c);
    c->failed = c->failed || text == NULL;
    return text;
}

/* A number up to max. */
static uint64_t
read_number(struct bs_cursor *c, uint64_t max) {
    uint64_t value = bs_cursor_read_lenenc(c);
    if (value > max) {
        c->failed = true;
    }
    return c->failed ? 0 : value;
}

/* A count of things that take at least one byte each, so a damaged one allocates little. */
static size_t
read_count(struct bs_cursor *c, uint64_t max) {
    uint64_t left = bs_cursor_left(c);
    return (size_t)read_number(c, max < left ? max : left);
}

static void
put_column(struct bs_buf *out, const struct bs_column *column) {
    unsigned int flags =
        (column->is_unsigned ? COLUMN_UNSIGNED : 0U) | (column->nullable ? COLUMN_NULLABLE : 0U) |
        (column->invisible ? COLUMN_INVISIBLE : 0U) |
        (column->auto_increment ? COLUMN_AUTO_INCREMENT : 0U) |
        (column->old_temporal ? COLUMN_OLD_TEMPORAL : 0U) | (column->has_srid ? COLUMN_SRID : 0U);
    put_text(out, column->name);
    bs_buf_put_lenenc(out, column->type);
    put_text(out, column->type_text);
    bs_buf_put_lenenc(out, flags);
    bs_buf_put_lenenc(out, column->generated);
    bs_buf_put_lenenc(out, column->length);
    bs_buf_put_lenenc(out, column->fsp);
    bs_buf_put_lenenc(out, column->precision);
    bs_buf_put_lenenc(out, column->scale);
    put_text(out, column->charset);
    put_text(out, column->collation);
}

static void
read_column(struct bs_cursor *c, struct bs_column *column) {
    column->name = read_name(c);
    column->type = (enum bs_type)read_number(c, BS_TYPE_INET6);
    column->type_text = read_name(c);
    uint64_t flags = read_number(c, UINT32_MAX);
    column->is_unsigned = flags & COLUMN_UNSIGNED;
    column->nullable = flags & COLUMN_NULLABLE;
    column->invisible = flags & COLUMN_INVISIBLE;
    column->auto_increment = flags & COLUMN_AUTO_INCREMENT;
    column->old_temporal = flags & COLUMN_OLD_TEMPORAL;
    column->has_srid = flags & COLUMN_SRID;
    column->generated = (enum bs_generated)read_number(c, BS_GENERATED_STORED);
    column->length = (uint32_t)read_number(c, UINT32_MAX);
    column->fsp = (uint8_t)read_number(c, UINT8_MAX);
    column->precision = (uint8_t)read_number(c, UINT8_MAX);
    column->scale = (uint8_t)read_number(c, UINT8_MAX);
    column->charset = read_text(c);
    column->collation = read_text(c);
}

static void
put_key(struct bs_buf *out, const struct bs_key *key) {
    unsigned int flags = (key->unique ? KEY_UNIQUE : 0U) | (key->nullable ? KEY_NULLABLE : 0U) |
                         (key->functional ? KEY_FUNCTIONAL : 0U) | (key->hidden ? KEY_HIDDEN : 0U);
    put_text(out, key->name);
    bs_buf_put_lenenc(out, flags);
    bs_buf_put_lenenc(out, key->part_count);
    for (size_t i = 0; i < key->part_count; i++) {
        bs_buf_put_lenenc(out, key->parts[i].column);
        bs_buf_put_lenenc(out, key->parts[i].prefix);
        bs_buf_put_lenenc(out, key->parts[i].descending);
    }
}

static void
read_key(struct bs_cursor *c, struct bs_key *key, size_t column_count) {
    key->name = read_name(c);
    uint64_t flags = read_number(c, UINT32_MAX);
    key->unique = flags & KEY_UNIQUE;
    key->nullable = flags & KEY_NULLABLE;
    key->functional = flags & KEY_FUNCTIONAL;
    key->hidden = flags & KEY_HIDDEN;
    key->part_count = read_count(c, KEY_PARTS_MAX);
    key->parts = bs_zalloc(key->part_count * sizeof *key->parts);
    c->failed = c->failed || (key->part_count > 0 && column_count == 0);
    for (size_t i = 0; i < key->part_count && !c->failed; i++) {
        key->parts[i].column = (size_t)read_number(c, column_count - 1);
        key->parts[i].prefix = (uint32_t)read_number(c, UINT32_MAX);
        key->parts[i].descending = read_number(c, 1) != 0;
    }
}

static void
put_foreign_key(struct bs_buf *out, const struct bs_foreign_key *fk) {
    put_text(out, fk->name);
    put_text(out, fk->parent_db);
    put_text(out, fk->parent_table);
    bs_buf_put_lenenc(out, fk->on_delete);
    bs_buf_put_lenenc(out, fk->on_update);
    bs_buf_put_lenenc(out, fk->column_count);
    for (size_t i = 0; i < fk->column_count; i++) {
        put_text(out, fk->columns[i]);
        put_text(out, fk->parent_columns[i]);
    }
}

static void
read_foreign_key(struct bs_cursor *c, struct bs_foreign_key *fk) {
    fk->name = read_name(c);
    fk->parent_db = read_name(c);
    fk->parent_table = read_name(c);
    fk->on_delete = (enum bs_fk_action)read_number(c, BS_FK_SET_DEFAULT);
    fk->on_update = (enum bs_fk_action)read_number(c, BS_FK_SET_DEFAULT);
    fk->column_count = read_count(c, KEY_PARTS_MAX);
    fk->columns = bs_zalloc(fk->column_count * sizeof *fk->columns);
    fk->parent_columns = bs_zalloc(fk->column_count * sizeof *fk->parent_columns);
    for (size_t i = 0; i < fk->column_count && !c->failed; i++) {
        fk->columns[i] = read_name(c);
        fk->parent_columns[i] = read_name(c);
    }
}

void
bs_table_encode(const struct bs_table *table, struct bs_buf *out) {
    unsigned int flags = (table->is_sequence ? TABLE_SEQUENCE : 0U) |
                         (table->is_versioned ? TABLE_VERSIONED : 0U) |
                         (table->is_translated ? TABLE_TRANSLATED : 0U);
    bs_buf_put_u8(out, FORMAT_VERSION);
    put_text(out, table->db);
    put_text(out, table->name);
    put_text(out, table->engine);
    put_text(out, table->create);
    bs_buf_put_lenenc(out, table->row_estimate);
    bs_buf_put_lenenc(out, table->data_bytes);
    bs_buf_put_lenenc(out, table->auto_increment);
    bs_buf_put_lenenc(out, flags);
    bs_buf_put_lenenc(out, table->column_count);
    for (size_t i = 0; i < table->column_count; i++) {
        put_column(out, &table->columns[i]);
    }
    bs_buf_put_lenenc(out, table->key_count);
    for (size_t i = 0; i < table->key_count; i++) {
        put_key(out, &table->keys[i]);
    }
    bs_buf_put_lenenc(out, table->fk_count);
    for (size_t i = 0; i < table->fk_count; i++) {
        put_foreign_key(out, &table->fks[i]);
    }
}

static void
read_parts(struct bs_cursor *c, struct bs_table *table) {
    table->column_count = read_count(c, COLUMNS_MAX);
    table->columns = bs_zalloc(table->column_count * sizeof *table->columns);
    for (size_t i = 0; i < table->column_count && !c->failed; i++) {
        read_column(c, &table->columns[i]);
    }
    table->key_count = read_count(c, KEYS_MAX);
    table->keys = bs_zalloc(table->key_count * sizeof *table->keys);
    for (size_t i = 0; i < table->key_count && !c->failed; i++) {
        read_key(c, &table->keys[i], table->column_count);
    }
    table->fk_count = read_count(c, FOREIGN_KEYS_MAX);
    table->fks = bs_zalloc(table->fk_count * sizeof *table->fks);
    for (size_t i = 0; i < table->fk_count && !c->failed; i++) {
        read_foreign_key(c, &table->fks[i]);
    }
}

static void
read_table(struct bs_cursor *c, struct bs_table *table) {
    table->db = read_name(c);
    table->name = read_name(c);
    table->engine = read_text(c);
    table->create = read_text(c);
    table->row_estimate = bs_cursor_read_lenenc(c);
    table->data_bytes = bs_cursor_read_lenenc(c);
    table->auto_increment = bs_cursor_read_lenenc(c);
    uint64_t flags = read_number(c, UINT32_MAX);
    table->is_sequence = flags & TABLE_SEQUENCE;
    table->is_versioned = flags & TABLE_VERSIONED;
    table->is_translated = flags & TABLE_TRANSLATED;
    read_parts(c, table);
}

enum bs_status
bs_table_decode(struct bs_str bytes, struct bs_table **table, struct bs_error *err) {
    *table = NULL;
    struct bs_cursor c = bs_cursor(bytes.data, bytes.len);
    unsigned int version = bs_cursor_read_u8(&c);
    if (!c.failed && version > FORMAT_VERSION) {
        bs_error_set(err, BS_SCHEMA,
                     "a stored table model has format %u, newer than this program's %u", version,
                     FORMAT_VERSION);
        return bs_error_hint(err, "run the version of binstream that wrote it, or a newer one");
    }
    struct bs_table *read = bs_zalloc(sizeof *read);
    read_table(&c, read);
    if (c.failed || version != FORMAT_VERSION || bs_cursor_left(&c) > 0) {
        bs_table_free(read);
        return bs_error_set(err, BS_SCHEMA, "a stored table model of %zu bytes is damaged",
                            bytes.len);
    }
    *table = read;
    return BS_OK;
}

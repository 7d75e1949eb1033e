/* Small tables for the tests of src/apply: described in a line, heap-owned by the caller. */
#ifndef BS_TESTS_APPLY_MAKE_TABLE_H
#define BS_TESTS_APPLY_MAKE_TABLE_H

#include "apply/target_table.h"
#include "base/mem.h"

#include <string.h>

/* A table d.<name> of INT columns named by single letters; keys as "a bc": PRIMARY over a, a second
 * unique key over b and c. Text columns are capitals, under the collation. */
static inline struct bs_target_table *
make_table(const char *name, const char *columns, const char *keys, const char *collation) {
    struct bs_table *model = bs_zalloc(sizeof *model);
    model->db = bs_strdup("d");
    model->name = bs_strdup(name);
    model->engine = bs_strdup("InnoDB");
    model->create = bs_strdup("");
    model->column_count = strlen(columns);
    model->columns = bs_zalloc(model->column_count * sizeof *model->columns);
    for (size_t i = 0; i < model->column_count; i++) {
        bool is_text = columns[i] >= 'A' && columns[i] <= 'Z';
        struct bs_column *column = &model->columns[i];
        column->name = bs_strndup(&columns[i], 1);
        column->type = is_text ? BS_TYPE_VARCHAR : BS_TYPE_INT;
        column->type_text = bs_strdup(is_text ? "varchar(20)" : "int");
        column->charset = is_text ? bs_strdup("utf8mb4") : NULL;
        column->collation = is_text ? bs_strdup(collation) : NULL;
    }
    model->keys = bs_zalloc((strlen(keys) + 1) * sizeof *model->keys);
    for (const char *p = keys; *p != '\0';) {
        size_t len = strcspn(p, " ");
        struct bs_key *key = &model->keys[model->key_count];
        key->name = model->key_count == 0 ? bs_strdup("PRIMARY") : bs_strndup(p, len);
        key->unique = true;
        key->nullable = model->key_count > 0;
        key->part_count = len;
        key->parts = bs_zalloc(len * sizeof *key->parts);
        for (size_t i = 0; i < len; i++) {
            key->parts[i].column = (size_t)(strchr(columns, p[i]) - columns);
        }
        model->key_count++;
        p += len + (p[len] == ' ');
    }
    return bs_target_table_new(model, (struct bs_target_facts){.names_new_row = true});
}

static inline struct bs_value
int_value(int64_t value) {
    return (struct bs_value){.kind = BS_VALUE_INT, .i64 = value};
}

static inline struct bs_value
text_value(const char *text) {
    return (struct bs_value){.kind = BS_VALUE_BYTES, .text = {text, strlen(text)}};
}

static inline struct bs_value
null_value(void) {
    return (struct bs_value){.kind = BS_VALUE_NULL};
}

#endif

#include "schema/model.h"

#include "base/mem.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static char *
dup(const char *text) {
    return text != NULL ? bs_strdup(text) : NULL;
}

static struct bs_key
key(const char *name, bool unique, bool nullable, size_t column, uint32_t prefix) {
    struct bs_key k = {.name = dup(name), .unique = unique, .nullable = nullable, .part_count = 1};
    k.parts = bs_zalloc(sizeof *k.parts);
    k.parts[0] = (struct bs_key_part){.column = column, .prefix = prefix};
    return k;
}

/* A table that has a bit of everything. */
static struct bs_table *
sample(void) {
    struct bs_table *t = bs_zalloc(sizeof *t);
    t->db = dup("sh`op");
    t->name = dup("t\xC3\xA4");
    t->engine = dup("InnoDB");
    t->create = dup("CREATE TABLE ...");
    t->row_estimate = UINT64_MAX;
    t->data_bytes = 70000;
    t->auto_increment = 251;
    t->is_versioned = true;
    t->column_count = 3;
    t->columns = bs_zalloc(3 * sizeof *t->columns);
    t->columns[0] = (struct bs_column){.name = dup("a"),
                                       .type = BS_TYPE_BIGINT,
                                       .type_text = dup("bigint unsigned"),
                                       .is_unsigned = true,
                                       .auto_increment = true};
    t->columns[1] = (struct bs_column){.name = dup("b"),
                                       .type = BS_TYPE_INET6,
                                       .type_text = dup(""),
                                       .nullable = true,
                                       .invisible = true,
                                       .generated = BS_GENERATED_STORED,
                                       .length = UINT32_MAX,
                                       .fsp = 6,
                                       .precision = 65,
                                       .scale = 30,
                                       .old_temporal = true,
                                       .has_srid = true};
    t->columns[2] = (struct bs_column){.name = dup("C"),
                                       .type = BS_TYPE_CHAR,
                                       .type_text = dup("char(3)"),
                                       .charset = dup("gbk"),
                                       .collation = dup("gbk_bin")};
    t->key_count = 3;
    t->keys = bs_zalloc(3 * sizeof *t->keys);
    t->keys[0] = key("nullable", true, true, 1, 0);
    t->keys[1] = key("prefix", true, false, 2, 2);
    t->keys[2] = key("good", true, false, 2, 0);
    t->keys[2].parts[0].descending = true;
    t->fk_count = 1;
    t->fks = bs_zalloc(sizeof *t->fks);
    t->fks[0] = (struct bs_foreign_key){.name = dup("fk"),
                                        .parent_db = dup("p"),
                                        .parent_table = dup("q"),
                                        .column_count = 1,
                                        .on_delete = BS_FK_CASCADE,
                                        .on_update = BS_FK_SET_DEFAULT};
    t->fks[0].columns = bs_zalloc(sizeof(char *));
    t->fks[0].parent_columns = bs_zalloc(sizeof(char *));
    t->fks[0].columns[0] = dup("a");
    t->fks[0].parent_columns[0] = dup("id");
    return t;
}

Test(model, a_table_comes_back_from_its_bytes) {
    struct bs_table *t = sample(), *copy = NULL;
    struct bs_buf bytes = {0}, again = {0};
    bs_table_encode(t, &bytes);
    cr_assert_eq(bs_table_decode(bs_buf_str(&bytes), &copy, NULL), BS_OK);
    cr_assert_str_eq(copy->db, t->db);
    cr_assert_str_eq(copy->name, t->name);
    cr_assert_eq(copy->row_estimate, UINT64_MAX);
    cr_assert_eq(copy->auto_increment, 251);
    cr_assert(copy->is_versioned && !copy->is_sequence);
    cr_assert_str_eq(copy->columns[1].type_text, "");
    cr_assert(copy->columns[1].has_srid && copy->columns[1].old_temporal &&
              copy->columns[1].invisible);
    cr_assert_eq(copy->columns[1].length, UINT32_MAX);
    cr_assert_null(copy->columns[1].charset);
    cr_assert_str_eq(copy->columns[2].collation, "gbk_bin");
    cr_assert(copy->keys[2].parts[0].descending);
    cr_assert_eq(copy->fks[0].on_update, BS_FK_SET_DEFAULT);
    cr_assert_str_eq(copy->fks[0].parent_columns[0], "id");
    bs_table_encode(copy, &again);
    cr_assert(bs_str_equal(bs_buf_str(&bytes), bs_buf_str(&again)));
    bs_buf_fini(&bytes);
    bs_buf_fini(&again);
    bs_table_free(t);
    bs_table_free(copy);
}

Test(model, bytes_that_end_anywhere_too_early_or_too_late_are_an_error) {
    struct bs_table *t = sample(), *copy = NULL;
    struct bs_buf bytes = {0};
    struct bs_error err;
    bs_table_encode(t, &bytes);
    for (size_t len = 0; len < bytes.len; len++) {
        char *cut = bs_strndup((const char *)bytes.data, len); /* its own memory: overruns show */
        cr_assert_eq(bs_table_decode((struct bs_str){cut, len}, &copy, &err), BS_SCHEMA, "%zu",
                     len);
        cr_assert_null(copy);
        free(cut);
    }
    bs_buf_put_u8(&bytes, 0);
    cr_assert_eq(bs_table_decode(bs_buf_str(&bytes), &copy, &err), BS_SCHEMA);
    bs_buf_fini(&bytes);
    bs_table_free(t);
}

Test(model, damaged_bytes_never_crash) {
    struct bs_table *t = sample();
    struct bs_buf bytes = {0};
    bs_table_encode(t, &bytes);
    for (size_t i = 0; i < bytes.len; i++) {
        for (unsigned int flip = 1; flip < 256; flip <<= 1) {
            struct bs_table *copy = NULL;
            bytes.data[i] ^= (uint8_t)flip;
            enum bs_status status = bs_table_decode(bs_buf_str(&bytes), &copy, NULL);
            cr_assert((status == BS_OK) == (copy != NULL));
            bs_table_free(copy);
            bytes.data[i] ^= (uint8_t)flip;
        }
    }
    bs_buf_fini(&bytes);
    bs_table_free(t);
}

Test(model, a_newer_format_is_said_to_be_one) {
    struct bs_table *copy = NULL;
    struct bs_error err;
    cr_assert_eq(bs_table_decode((struct bs_str){"\x7f", 1}, &copy, &err), BS_SCHEMA);
    cr_assert_not_null(strstr(err.message, "newer"));
}

Test(model, rows_are_found_by_a_whole_not_null_unique_key) {
    struct bs_table *t = sample();
    cr_assert_str_eq(bs_table_row_key(t)->name, "good");
    t->keys[2].functional = true;
    cr_assert_null(bs_table_row_key(t));
    t->keys[1].parts[0].prefix = 0;
    cr_assert_str_eq(bs_table_row_key(t)->name, "prefix");
    bs_table_free(t);
}

Test(model, columns_are_found_by_name_in_any_case_of_ascii) {
    struct bs_table *t = sample();
    cr_assert_eq(bs_table_column(t, bs_str("b")), &t->columns[1]);
    cr_assert_eq(bs_table_column(t, bs_str("c")), &t->columns[2]);
    cr_assert_null(bs_table_column(t, bs_str("d")));
    cr_assert(bs_column_is_text(&t->columns[2]) && !bs_column_is_text(&t->columns[0]));
    bs_table_free(t);
}

#include "apply/literal.h"

#include <criterion/criterion.h>

static void
expect_match(enum bs_type type, struct bs_value value, const char *wanted) {
    struct bs_buf sql = {0};
    struct bs_column column = {.name = (char[]){"c"}, .type = type, .type_text = (char[]){""}};
    bs_literal_put_exact_match(&sql, &column, &value);
    cr_expect_str_eq(bs_buf_cstr(&sql), wanted);
    bs_buf_fini(&sql);
}

/* MySQL 9.7.4: "Incorrect arguments to <=>" for a VECTOR beside anything, NULL included. */
Test(literal, a_vector_is_found_by_its_bytes) {
    struct bs_value value = {.kind = BS_VALUE_BYTES, .text = bs_str("abcd")};
    expect_match(BS_TYPE_VECTOR, value, "CAST(`c` AS BINARY) <=> _binary'abcd'");
    expect_match(BS_TYPE_VECTOR, (struct bs_value){.kind = BS_VALUE_NULL},
                 "CAST(`c` AS BINARY) <=> NULL");
}

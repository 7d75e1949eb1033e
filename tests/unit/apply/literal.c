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

static void
expect_set_key(uint64_t members, const char *wanted) {
    struct bs_buf sql = {0};
    struct bs_column column = {
        .name = (char[]){"c"}, .type = BS_TYPE_SET, .type_text = (char[]){""}};
    struct bs_value value = {.kind = BS_VALUE_UINT, .u64 = members};
    bs_literal_put_key_match(&sql, &column, &value);
    cr_expect_str_eq(bs_buf_cstr(&sql), wanted);
    bs_buf_fini(&sql);
}

/* MariaDB 10.11 and MySQL 9.7: WHERE c=9223372036854775808 finds no row. */
Test(literal, a_set_with_its_64th_member_is_found_in_a_key) {
    expect_set_key(7, "`c`=7");
    expect_set_key(UINT64_C(1) << 53, "`c`=9007199254740992");
    expect_set_key((UINT64_C(1) << 53) + 1,
                   "`c`=9007199254740993 AND CAST(`c` AS UNSIGNED) <=> 9007199254740993");
    expect_set_key(UINT64_C(1) << 63,
                   "`c`=-9223372036854775808 AND CAST(`c` AS UNSIGNED) <=> 9223372036854775808");
    expect_set_key(UINT64_MAX, "`c`=-1 AND CAST(`c` AS UNSIGNED) <=> 18446744073709551615");
}

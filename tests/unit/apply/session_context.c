#include "apply/session_context.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void
expect_zone(const char *logged, const char *source_offset, const char *wanted) {
    struct bs_statement statement = {.time_zone = bs_str(logged)};
    struct bs_translation translation = {0};
    struct bs_buf sql = {0};
    struct bs_error err;
    bs_error_clear(&err);
    (void)snprintf(translation.source.system_offset, sizeof translation.source.system_offset, "%s",
                   source_offset);
    cr_assert_eq(bs_session_context_put(&sql, &statement, &translation, &err), BS_OK);
    cr_expect_not_null(strstr(bs_buf_cstr(&sql), wanted), "%s", bs_buf_cstr(&sql));
    bs_buf_fini(&sql);
}

Test(session_context, the_zone_of_the_sources_system_is_said_where_it_is_one_offset) {
    expect_zone("SYSTEM", "+05:30", ", time_zone='+05:30',");
    expect_zone("SYSTEM", "", ", time_zone='SYSTEM',");
    expect_zone("Europe/Rome", "+05:30", ", time_zone='Europe/Rome',");
    expect_zone("", "+05:30", ", time_zone=DEFAULT,");
}

Test(session_context, names_of_days_and_months_are_the_sessions) {
    struct bs_statement statement = {.lc_time_names = 8};
    struct bs_translation translation = {0};
    struct bs_buf sql = {0};
    struct bs_error err;
    bs_error_clear(&err);
    cr_assert_eq(bs_session_context_put(&sql, &statement, &translation, &err), BS_OK);
    cr_expect_not_null(strstr(bs_buf_cstr(&sql), ", lc_time_names=8"), "%s", bs_buf_cstr(&sql));
    bs_buf_fini(&sql);
}

static void
expect_mode(enum bs_flavour source, uint64_t bits, enum bs_flavour target, uint32_t version,
            const char *wanted) {
    struct bs_statement statement = {.has = BS_STATEMENT_SQL_MODE, .sql_mode = bits};
    struct bs_translation translation = {.source = {.flavour = source, .version = version},
                                         .target = {.flavour = target, .version = version}};
    struct bs_buf sql = {0};
    struct bs_error err;
    bs_error_clear(&err);
    enum bs_status status = bs_session_context_put(&sql, &statement, &translation, &err);
    cr_expect_eq(status == BS_OK, wanted != NULL);
    if (wanted != NULL) {
        cr_expect_not_null(strstr(bs_buf_cstr(&sql), wanted), "%s", bs_buf_cstr(&sql));
    }
    bs_buf_fini(&sql);
}

Test(session_context, fractions_are_cut_or_rounded_as_on_the_source) {
    const uint64_t strict = (uint64_t)1 << 22, truncates = (uint64_t)1 << 32;
    const uint64_t empty_is_null = (uint64_t)1 << 32, rounds = (uint64_t)1 << 34;
    expect_mode(BS_MYSQL, strict, BS_MARIADB, 101100, "='STRICT_ALL_TABLES,TIME_ROUND_FRACTIONAL'");
    expect_mode(BS_MYSQL, strict | truncates, BS_MARIADB, 101100, "='STRICT_ALL_TABLES'");
    expect_mode(BS_MARIADB, 0, BS_MYSQL, 90704, "='TIME_TRUNCATE_FRACTIONAL'");
    expect_mode(BS_MARIADB, rounds, BS_MYSQL, 90704, "=''");
    expect_mode(BS_MARIADB, 0, BS_MARIADB, 101100, "=''");
    expect_mode(BS_MYSQL, 0, BS_MYSQL, 90704, "=''");
    expect_mode(BS_MARIADB, empty_is_null, BS_MARIADB, 101100, "='EMPTY_STRING_IS_NULL'");
    expect_mode(BS_MARIADB, empty_is_null, BS_MYSQL, 90704, NULL);
}

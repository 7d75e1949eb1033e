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

/* MariaDB's utf8mb4 with its built-in collation and another one, and latin1. */
static void
list_collations(struct bs_collation_list *list) {
    bs_collation_list_add(list, 8, bs_str("latin1_swedish_ci"), bs_str("latin1"), true);
    bs_collation_list_add(list, 45, bs_str("utf8mb4_general_ci"), bs_str("utf8mb4"), false);
    bs_collation_list_add(list, 46, bs_str("utf8mb4_bin"), bs_str("utf8mb4"), false);
    bs_collation_list_add(list, 2304, bs_str("utf8mb4_uca1400_ai_ci"), bs_str("utf8mb4"), true);
}

static void
expect_choices(const struct bs_statement *statement, uint32_t version, const char *wanted) {
    struct bs_translation t = {.source = {.flavour = BS_MARIADB, .version = 110809},
                               .target = {.flavour = BS_MARIADB, .version = version}};
    struct bs_charset_choice choices[BS_SESSION_CHOICES_MAX];
    struct bs_buf sql = {0};
    struct bs_error err;
    bs_error_clear(&err);
    list_collations(&t.source_collations);
    list_collations(&t.target_collations);
    cr_assert_eq(bs_session_context_put(&sql, statement, &t, &err), BS_OK);
    const char *found = strstr(bs_buf_cstr(&sql), ", character_set_collations=");
    cr_expect_eq(found != NULL, wanted != NULL, "%s", bs_buf_cstr(&sql));
    cr_expect(found == NULL || strstr(found, wanted) != NULL, "%s", bs_buf_cstr(&sql));
    struct bs_text_mode mode = bs_session_context_text_mode(statement, &t, choices);
    bool is_told = bs_statement_has(statement, BS_STATEMENT_CHARSET_COLLATIONS);
    cr_expect_eq(mode.has_choices, is_told);
    cr_expect_eq(mode.choices_hold, is_told && wanted != NULL);
    cr_expect_eq(mode.choice_count, statement->charset_collation_count);
    bs_buf_fini(&sql);
    bs_translation_fini(&t);
}

Test(session_context, a_charset_alone_means_what_it_meant_to_the_session) {
    struct bs_statement silent = {0};
    struct bs_statement none = {.has = BS_STATEMENT_CHARSET_COLLATIONS};
    struct bs_statement one = {.has = BS_STATEMENT_CHARSET_COLLATIONS,
                               .charset_collation_count = 1,
                               .charset_collations = {"\x2d\0\x2e\0", 4}};
    expect_choices(&silent, 110809, "=DEFAULT");
    expect_choices(&none, 110809, "=''");
    expect_choices(&one, 110809, "='utf8mb4=utf8mb4_bin'");
    expect_choices(&one, 101100, NULL);
}

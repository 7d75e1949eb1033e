#include "schema/server.h"

#include <criterion/criterion.h>

Test(server, versions_of_every_supported_server_are_read) {
    static const struct {
        const char *text;
        enum bs_flavour flavour;
        uint32_t version;
    } cases[] = {
        {"5.1.73-log", BS_MYSQL, 50173},
        {"5.5.62", BS_MYSQL, 50562},
        {"5.6.24-log", BS_MYSQL, 50624},
        {"5.7.44-48", BS_MYSQL, 50744},
        {"8.0.36-28", BS_MYSQL, 80036},
        {"9.7.4-2", BS_MYSQL, 90704},
        {"5.5.5-10.5.23-MariaDB-log", BS_MARIADB, 100523},
        {"5.5.5-10.11.19-MariaDB-0+deb12u1-log", BS_MARIADB, 101119},
        {"10.11.19-MariaDB-0+deb12u1-log", BS_MARIADB, 101119},
        {"11.8.6-MariaDB-ubu2404", BS_MARIADB, 110806},
        {"5.5.5-MariaDB", BS_MARIADB, 50505},
        {"8.0", BS_MYSQL, 80000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum bs_flavour flavour = BS_MYSQL;
        uint32_t version = 0;
        cr_assert(bs_server_parse_version(cases[i].text, &flavour, &version), "%s", cases[i].text);
        cr_assert_eq(flavour, cases[i].flavour, "%s", cases[i].text);
        cr_assert_eq(version, cases[i].version, "%s: %u", cases[i].text, version);
    }
}

Test(server, what_is_no_version_is_refused) {
    static const char *const texts[] = {"",      "x",    "8",       "8.",     ".1",
                                        "5.x.1", "8.0.", "8.0.100", "MariaDB"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        enum bs_flavour flavour = BS_MYSQL;
        uint32_t version = 0;
        cr_assert_not(bs_server_parse_version(texts[i], &flavour, &version), "%s", texts[i]);
    }
}

Test(server, facts_follow_from_flavour_and_version) {
    struct bs_server mysql56 = {.flavour = BS_MYSQL, .version = 50624};
    struct bs_server mysql57 = {.flavour = BS_MYSQL, .version = 50744};
    struct bs_server mysql97 = {.flavour = BS_MYSQL, .version = 90704};
    struct bs_server maria105 = {.flavour = BS_MARIADB, .version = 100523};
    struct bs_server maria118 = {.flavour = BS_MARIADB, .version = 110806};
    cr_assert(!bs_server_has_atomic_ddl(&mysql57) && bs_server_has_atomic_ddl(&mysql97));
    cr_assert(!bs_server_has_atomic_ddl(&maria105) && bs_server_has_atomic_ddl(&maria118));
    cr_assert(bs_server_has_binlog_status_statement(&mysql97));
    cr_assert(!bs_server_has_binlog_status_statement(&mysql57));
    cr_assert(!bs_server_has_binlog_status_statement(&maria118));
    cr_assert(bs_server_has_super_read_only(&mysql57) && !bs_server_has_super_read_only(&mysql56));
    cr_assert(!bs_server_has_super_read_only(&maria118));
    cr_assert(bs_server_has_generated_columns(&mysql57) &&
              !bs_server_has_generated_columns(&mysql56));
    cr_assert(bs_server_has_generated_columns(&maria105));
    cr_assert_str_eq(bs_flavour_name(BS_MYSQL), "MySQL");
    cr_assert_str_eq(bs_flavour_name(BS_MARIADB), "MariaDB");
}

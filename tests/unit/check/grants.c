/* SHOW GRANTS as the servers print it, and what follows from it. */
#include "check/grants.h"

#include <criterion/criterion.h>

static struct bs_grants
read_lines(const char *const *lines) {
    struct bs_grants grants = {0};
    for (; *lines != NULL; lines++) {
        bs_grants_add_line(&grants, bs_str(*lines));
    }
    return grants;
}

Test(grants, all_privileges_everywhere_give_everything) {
    const char *const lines[] = {
        "GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION",
        "GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION", NULL};
    struct bs_grants grants = read_lines(lines);
    cr_assert(bs_grants_has(&grants, "SELECT", NULL));
    cr_assert(bs_grants_has(&grants, "BINLOG MONITOR", "any"));
    bs_grants_fini(&grants);
}

Test(grants, a_list_is_read_word_by_word) {
    const char *const lines[] = {"GRANT SELECT, LOCK TABLES, REPLICATION SLAVE ON *.* TO 'a'@'%' "
                                 "IDENTIFIED BY PASSWORD '*0'",
                                 NULL};
    struct bs_grants grants = read_lines(lines);
    cr_assert(bs_grants_has(&grants, "LOCK TABLES", NULL));
    cr_assert(bs_grants_has(&grants, "REPLICATION SLAVE", NULL));
    cr_assert_not(bs_grants_has(&grants, "TABLES", NULL));
    cr_assert_not(bs_grants_has(&grants, "REPLICATION", NULL));
    cr_assert_not(bs_grants_has(&grants, "INSERT", "shop"));
    bs_grants_fini(&grants);
}

Test(grants, a_database_is_a_pattern) {
    const char *const lines[] = {"GRANT SELECT ON `sh\\_op%`.* TO 'a'@'%'",
                                 "GRANT INSERT ON `a``b`.* TO 'a'@'%'", NULL};
    struct bs_grants grants = read_lines(lines);
    cr_assert(bs_grants_has(&grants, "SELECT", "sh_op"));
    cr_assert(bs_grants_has(&grants, "SELECT", "sh_op_2"));
    cr_assert_not(bs_grants_has(&grants, "SELECT", "shxop"));
    cr_assert_not(bs_grants_has(&grants, "SELECT", NULL));
    cr_assert(bs_grants_has(&grants, "INSERT", "a`b"));
    bs_grants_fini(&grants);
}

Test(grants, single_tables_columns_routines_and_roles_do_not_count) {
    const char *const lines[] = {"GRANT SELECT ON `shop`.`t` TO 'a'@'%'",
                                 "GRANT INSERT (a, b), UPDATE ON `shop`.* TO 'a'@'%'",
                                 "GRANT EXECUTE ON PROCEDURE `shop`.`p` TO 'a'@'%'",
                                 "GRANT `reader ON *.* TO`@`%` TO `a`@`%`",
                                 "GRANT USAGE ON *.* TO 'a'@'%'",
                                 "",
                                 NULL};
    struct bs_grants grants = read_lines(lines);
    cr_assert_not(bs_grants_has(&grants, "SELECT", "shop"));
    cr_assert_not(bs_grants_has(&grants, "INSERT", "shop"));
    cr_assert(bs_grants_has(&grants, "UPDATE", "shop"));
    cr_assert_not(bs_grants_has(&grants, "EXECUTE", "shop"));
    bs_grants_fini(&grants);
}

Test(grants, a_partial_revoke_takes_a_database_away) {
    const char *const lines[] = {"GRANT SELECT, INSERT ON *.* TO `a`@`%`",
                                 "REVOKE INSERT ON `shop`.* FROM `a`@`%`", NULL};
    struct bs_grants grants = read_lines(lines);
    cr_assert(bs_grants_has(&grants, "INSERT", "other"));
    cr_assert_not(bs_grants_has(&grants, "INSERT", "shop"));
    cr_assert_not(bs_grants_has(&grants, "INSERT", NULL));
    cr_assert(bs_grants_has(&grants, "SELECT", NULL));
    bs_grants_fini(&grants);
}

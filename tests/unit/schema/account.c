#include "schema/account.h"

#include "base/buf.h"
#include "base/mem.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct bs_server OLD = {.flavour = BS_MYSQL, .version = 50624};
static const struct bs_server MYSQL = {.flavour = BS_MYSQL, .version = 90704};
static const struct bs_server MARIADB = {.flavour = BS_MARIADB, .version = 101119};
static const struct bs_server OLD_MARIADB = {.flavour = BS_MARIADB, .version = 100523};
static const struct bs_server NEW_MARIADB = {.flavour = BS_MARIADB, .version = 110809};

/* Not const, as what src/catalog reads. */
#define NAME(text) ((char[]){text})

static char *MYSQL_NAMES[] = {NAME("SELECT"),
                              NAME("INSERT"),
                              NAME("RELOAD"),
                              NAME("SUPER"),
                              NAME("REPLICATION CLIENT"),
                              NAME("CREATE USER"),
                              NAME("CREATE ROLE"),
                              NAME("BACKUP_ADMIN"),
                              NAME("SET_ANY_DEFINER"),
                              NAME("ALLOW_NONEXISTENT_DEFINER"),
                              NAME("CONNECTION_ADMIN"),
                              NAME("BINLOG_ADMIN"),
                              NAME("AUDIT_ABORT_EXEMPT"),
                              NAME("USAGE"),
                              NULL};
static char *MARIADB_NAMES[] = {NAME("SELECT"),
                                NAME("INSERT"),
                                NAME("RELOAD"),
                                NAME("SUPER"),
                                NAME("BINLOG MONITOR"),
                                NAME("SLAVE MONITOR"),
                                NAME("CREATE USER"),
                                NAME("SET USER"),
                                NAME("CONNECTION ADMIN"),
                                NAME("READ_ONLY ADMIN"),
                                NAME("BINLOG ADMIN"),
                                NAME("BINLOG REPLAY"),
                                NAME("FEDERATED ADMIN"),
                                NAME("REPLICATION SLAVE ADMIN"),
                                NAME("REPLICATION MASTER ADMIN"),
                                NAME("DELETE HISTORY"),
                                NULL};
static char *MYSQL_PLUGINS[] = {NAME("caching_sha2_password"), NAME("sha256_password"), NULL};
static char *MARIADB_PLUGINS[] = {NAME("mysql_native_password"), NAME("unix_socket"), NULL};

static const struct bs_account_abilities MYSQL_CAN = {MYSQL_NAMES, MYSQL_PLUGINS, 32, 255, false};
static const struct bs_account_abilities REVOKING = {MYSQL_NAMES, MYSQL_PLUGINS, 32, 255, true};
static const struct bs_account_abilities MARIADB_CAN = {MARIADB_NAMES, MARIADB_PLUGINS, 80, 255,
                                                        false};

static const struct bs_account_route TO_MYSQL = {&MARIADB, &MYSQL, &MARIADB_CAN, &MYSQL_CAN};
static const struct bs_account_route TO_MARIADB = {&MYSQL, &MARIADB, &MYSQL_CAN, &MARIADB_CAN};
static const struct bs_account_route NEWER = {&OLD, &MYSQL, &MYSQL_CAN, &MYSQL_CAN};

static struct bs_account
account_of(const char *user, const char *host) {
    return (struct bs_account){.name = {bs_strdup(user), bs_strdup(host), *host == '\0'},
                               .lifetime_days = BS_ACCOUNT_DEFAULT,
                               .reuse_count = BS_ACCOUNT_DEFAULT,
                               .reuse_days = BS_ACCOUNT_DEFAULT,
                               .asks_current = BS_ACCOUNT_DEFAULT};
}

static struct bs_account
account_with(const char *plugin, const char *hash) {
    struct bs_account account = account_of("a", "%");
    bs_account_add_way(&account, bs_str(plugin), bs_str(hash));
    return account;
}

static bool
read_line(struct bs_account *account, const char *line, bool partial_revokes) {
    struct bs_error err;
    return bs_account_read_grant(account, bs_str(line), partial_revokes, &err) == BS_OK;
}

/* The grant as it is said again, or "" if none came of it. */
static void
expect_grant(const char *user, const char *host, const char *line, const char *wanted) {
    struct bs_account account = account_of(user, host);
    struct bs_buf out = {0};
    cr_expect(read_line(&account, line, false), "%s", line);
    if (account.grant_count > 0) {
        bs_account_put_grant(&out, &account.grants[0], &account.name, NULL);
    }
    cr_expect_str_eq(bs_buf_cstr(&out), wanted, "%s\n  became %s\n  wanted %s", line,
                     bs_buf_cstr(&out), wanted);
    bs_buf_fini(&out);
    bs_account_fini(&account);
}

static void
expect_unreadable(const char *line) {
    struct bs_account account = account_of("a", "%");
    cr_expect_not(read_line(&account, line, false), "%s", line);
    cr_expect_eq(account.grant_count, 0);
    bs_account_fini(&account);
}

Test(account, grants_of_all_levels_are_read_and_said_again) {
    expect_grant("a", "%", "GRANT SELECT, CREATE VIEW ON *.* TO `a`@`%`",
                 "GRANT SELECT, CREATE VIEW ON *.* TO `a`@`%`");
    expect_grant("a", "%", "GRANT ALL PRIVILEGES ON `d\\_b`.* TO 'a'@'%' WITH GRANT OPTION",
                 "GRANT ALL PRIVILEGES ON `d\\_b`.* TO `a`@`%` WITH GRANT OPTION");
    expect_grant("a", "%", "GRANT Select, lock tables ON `x``y`.`t.u` TO `a`@`%`",
                 "GRANT SELECT, LOCK TABLES ON `x``y`.`t.u` TO `a`@`%`");
    expect_grant("a", "%", "GRANT EXECUTE ON PROCEDURE `d`.`p` TO `a`@`%`",
                 "GRANT EXECUTE ON PROCEDURE `d`.`p` TO `a`@`%`");
    expect_grant("a", "%", "GRANT EXECUTE ON PACKAGE BODY `d`.`k` TO `a`@`%`",
                 "GRANT EXECUTE ON PACKAGE BODY `d`.`k` TO `a`@`%`");
    expect_grant("r", "", "GRANT SELECT ON `d`.* TO `r`", "GRANT SELECT ON `d`.* TO `r`");
    expect_grant("PUBLIC", "", "GRANT SELECT ON `d`.* TO PUBLIC",
                 "GRANT SELECT ON `d`.* TO PUBLIC");
    expect_grant("a", "%", "REVOKE INSERT ON `d`.* FROM `a`@`%`",
                 "REVOKE INSERT ON `d`.* FROM `a`@`%`");
}

Test(account, columns_are_read_with_and_without_quotes) {
    expect_grant("a", "%", "GRANT SELECT (`x y`, `b`), INSERT (`b`), UPDATE ON `d`.`t` TO `a`@`%`",
                 "GRANT SELECT (`x y`, `b`), INSERT (`b`), UPDATE ON `d`.`t` TO `a`@`%`");
    expect_grant("a", "%", "GRANT SELECT (x y, b) ON `d`.`t` TO 'a'@'%'",
                 "GRANT SELECT (`x y`, `b`) ON `d`.`t` TO `a`@`%`");
    expect_unreadable("GRANT SELECT (x(y), b) ON `d`.`t` TO 'a'@'%'");
    expect_unreadable("GRANT SELECT (x`y) ON `d`.`t` TO 'a'@'%'");
}

Test(account, names_that_old_servers_do_not_escape_are_compared_and_not_read) {
    expect_grant("o'b`r\\", "10.0.0.0/255.0.0.0",
                 "GRANT SELECT ON `d`.* TO 'o'b`r\\'@'10.0.0.0/255.0.0.0' WITH GRANT OPTION",
                 "GRANT SELECT ON `d`.* TO `o'b``r\\`@`10.0.0.0/255.0.0.0` WITH GRANT OPTION");
    expect_unreadable("GRANT SELECT ON `d`.* TO 'b'@'%'");
    expect_unreadable("GRANT SELECT ON `d`.* TO `a`@`%` AND MORE");
    expect_unreadable("GRANT SELECT ON d.* TO `a`@`%`");
}

Test(account, a_global_line_tells_of_its_option_only_if_nothing_else_is_behind_it) {
    struct bs_account account = account_of("a", "%");
    account.may_grant = true;
    cr_expect(read_line(&account,
                        "GRANT SELECT ON *.* TO 'a'@'%' IDENTIFIED BY PASSWORD '*F' REQUIRE "
                        "SUBJECT '/CN=it's' WITH GRANT OPTION MAX_QUERIES_PER_HOUR 5",
                        false));
    cr_expect(read_line(&account, "GRANT BACKUP_ADMIN ON *.* TO `a`@`%`", false));
    cr_assert_eq(account.grant_count, 2);
    cr_expect(account.grants[0].with_option);
    cr_expect_not(account.grants[1].with_option);
    bs_account_fini(&account);
}

Test(account, what_is_no_privilege_on_an_object_is_left_to_the_tables) {
    expect_grant("a", "%", "GRANT USAGE ON *.* TO `a`@`%`", "");
    expect_grant("a", "%", "GRANT USAGE ON *.* TO `a`@`%` WITH GRANT OPTION",
                 "GRANT USAGE ON *.* TO `a`@`%` WITH GRANT OPTION");
    expect_grant("a", "%", "GRANT PROXY ON ''@'%' TO 'a'@'%' WITH GRANT OPTION", "");
    expect_grant("a", "%", "GRANT `r`@`%` TO `a`@`%`", "");
    expect_grant("a", "%", "SET DEFAULT ROLE `r` FOR `a`@`%`", "");
    expect_grant("r", "", "GRANT SELECT ON `d`.* TO `other`", "");
}

Test(account, with_partial_revokes_names_of_databases_are_no_patterns) {
    struct bs_account account = account_of("a", "%");
    struct bs_buf out = {0};
    cr_expect(read_line(&account, "GRANT SELECT ON `a_b`.* TO `a`@`%`", true));
    cr_expect_str_eq(account.grants[0].db, "a\\_b");
    bs_account_put_object(&out, &account.grants[0], &REVOKING);
    cr_expect_str_eq(bs_buf_cstr(&out), "`a_b`.*");
    bs_buf_fini(&out);
    bs_account_fini(&account);
}

/* Selection. */

static bool
is_carried(const char *line, const char *only) {
    char *DATABASES[] = {NAME("shop"), NAME("shop_1"), NAME("other"), NAME("mysql"), NULL};
    struct bs_selection selection = {.state_schema = bs_strdup("binstream")};
    struct bs_account account = account_of("a", "%");
    struct bs_notes notes = {0};
    struct bs_error err;
    if (only != NULL) {
        cr_assert_eq(bs_selection_parse_list(&selection.databases, only, false, &err), BS_OK);
    }
    cr_expect(read_line(&account, line, false));
    bs_account_select_grants(&account, &selection, DATABASES, &notes);
    bool carried = account.grant_count == 1;
    cr_expect_eq(notes.count, carried ? 0 : 1);
    bs_notes_fini(&notes);
    bs_account_fini(&account);
    bs_selection_fini(&selection);
    return carried;
}

Test(account, only_grants_about_the_selection_are_carried) {
    cr_expect(is_carried("GRANT SELECT ON *.* TO `a`@`%`", "shop"));
    cr_expect(is_carried("GRANT SELECT ON `shop`.* TO `a`@`%`", "shop"));
    cr_expect(is_carried("GRANT SELECT ON `shop`.`t` TO `a`@`%`", "shop"));
    cr_expect(is_carried("GRANT EXECUTE ON FUNCTION `shop`.`f` TO `a`@`%`", "shop"));
    cr_expect(is_carried("REVOKE SELECT ON `other`.* FROM `a`@`%`", "shop"));
    cr_expect_not(is_carried("GRANT SELECT ON `other`.* TO `a`@`%`", "shop"));
    cr_expect_not(is_carried("GRANT SELECT ON `other`.`t` TO `a`@`%`", "shop"));
    cr_expect_not(is_carried("GRANT EXECUTE ON FUNCTION `other`.`f` TO `a`@`%`", "shop"));
    cr_expect_not(is_carried("GRANT SELECT ON `mysql`.* TO `a`@`%`", NULL));
    cr_expect_not(is_carried("GRANT SELECT ON `mysql`.`user` TO `a`@`%`", NULL));
}

Test(account, a_pattern_is_carried_if_a_selected_database_fits_it) {
    cr_expect(is_carried("GRANT SELECT ON `shop%`.* TO `a`@`%`", "shop"));
    cr_expect(is_carried("GRANT SELECT ON `shop\\_1`.* TO `a`@`%`", "shop\\_1"));
    cr_expect_not(is_carried("GRANT SELECT ON `shop\\_1`.* TO `a`@`%`", "shop"));
    cr_expect_not(is_carried("GRANT SELECT ON `o%r`.* TO `a`@`%`", "shop"));
    cr_expect(is_carried("GRANT SELECT ON `later%`.* TO `a`@`%`", NULL));
    cr_expect_not(is_carried("GRANT SELECT ON `later%`.* TO `a`@`%`", "shop"));
}

/* Statements. */

static void
expect_made(const struct bs_account *account, const struct bs_server *server, bool alter,
            const char *wanted) {
    struct bs_account_statements statements = {0};
    struct bs_buf all = {0};
    if (alter) {
        bs_account_put_alter(&statements, account, server);
    } else {
        bs_account_put_create(&statements, account, server);
    }
    for (size_t i = 0; i < statements.count; i++) {
        bs_buf_printf(&all, "%s%s", i > 0 ? "; " : "", statements.items[i]);
    }
    cr_expect_str_eq(bs_buf_cstr(&all), wanted, "it became %s\n  wanted %s", bs_buf_cstr(&all),
                     wanted);
    bs_buf_fini(&all);
    bs_account_statements_fini(&statements);
}

Test(account, an_account_is_made_in_the_words_of_each_server) {
    struct bs_account account = account_with("mysql_native_password", "*AB");
    account.limits[0] = 5;
    account.tls = BS_TLS_SPECIFIED;
    account.subject = bs_strdup("/CN=it's");
    expect_made(&account, &MARIADB, false,
                "CREATE USER `a`@`%` IDENTIFIED VIA `mysql_native_password` USING '*AB' REQUIRE "
                "SUBJECT '/CN=it\\'s' WITH MAX_QUERIES_PER_HOUR 5 ACCOUNT UNLOCK PASSWORD EXPIRE "
                "DEFAULT");
    expect_made(&account, &OLD, false,
                "CREATE USER `a`@`%` IDENTIFIED BY PASSWORD '*AB'; GRANT USAGE ON *.* TO `a`@`%` "
                "REQUIRE SUBJECT '/CN=it\\'s' WITH MAX_QUERIES_PER_HOUR 5");
    account.locked = account.expired = true;
    account.attribute = bs_strdup("{\"a\": \"it's\"}");
    expect_made(&account, &MYSQL, false,
                "CREATE USER `a`@`%` IDENTIFIED WITH 'mysql_native_password' AS 0x2A4142 REQUIRE "
                "SUBJECT '/CN=it\\'s' WITH MAX_QUERIES_PER_HOUR 5 PASSWORD EXPIRE DEFAULT ACCOUNT "
                "LOCK PASSWORD HISTORY DEFAULT PASSWORD REUSE INTERVAL DEFAULT PASSWORD REQUIRE "
                "CURRENT DEFAULT FAILED_LOGIN_ATTEMPTS 0 PASSWORD_LOCK_TIME 0 ATTRIBUTE '{\"a\": "
                "\"it\\'s\"}'; ALTER USER `a`@`%` PASSWORD EXPIRE");
    bs_account_fini(&account);
}

Test(account, a_change_says_what_is_default_too_and_an_old_server_makes_it_anew) {
    struct bs_account account = account_with("mysql_native_password", "");
    expect_made(&account, &MARIADB, true,
                "ALTER USER `a`@`%` IDENTIFIED VIA `mysql_native_password` USING '' REQUIRE NONE "
                "WITH MAX_QUERIES_PER_HOUR 0 MAX_UPDATES_PER_HOUR 0 MAX_CONNECTIONS_PER_HOUR 0 "
                "MAX_USER_CONNECTIONS 0 MAX_STATEMENT_TIME 0 ACCOUNT UNLOCK PASSWORD EXPIRE "
                "DEFAULT");
    expect_made(&account, &OLD, true, "DROP USER `a`@`%`; CREATE USER `a`@`%`");
    bs_account_fini(&account);
}

Test(account, mariadbs_accounts_have_several_ways_in) {
    struct bs_account account = account_with("mysql_native_password", "invalid");
    bs_account_add_way(&account, bs_str("unix_socket"), bs_str(""));
    expect_made(&account, &MARIADB, false,
                "CREATE USER `a`@`%` IDENTIFIED VIA `mysql_native_password` USING 'invalid' OR "
                "`unix_socket` REQUIRE NONE ACCOUNT UNLOCK PASSWORD EXPIRE DEFAULT");
    cr_expect_not(bs_account_is_servers_own(&account));
    bs_account_name_fini(&account.name);
    account.name = (struct bs_account_name){bs_strdup("mysql"), bs_strdup("localhost"), false};
    cr_expect(bs_account_is_servers_own(&account));
    bs_account_fini(&account);
}

/* Translation. */

static void
expect_refused(const struct bs_account_route *route, struct bs_account account,
               const char *wanted) {
    struct bs_notes notes = {0};
    bs_translate_identity(route, &account, &notes);
    bs_translate_grants(route, &account, &notes);
    const struct bs_note *refused = bs_notes_find(&notes, BS_NOTE_REFUSED);
    if (wanted == NULL) {
        cr_expect_null(refused, "refused: %s", refused != NULL ? refused->text : "");
    } else {
        cr_expect_not_null(refused, "%s", wanted);
        cr_expect(refused != NULL && strstr(refused->text, wanted) != NULL, "%s\n  wanted %s",
                  refused != NULL ? refused->text : "", wanted);
    }
    bs_notes_fini(&notes);
    bs_account_fini(&account);
}

#define NATIVE "*0123456789ABCDEF0123456789ABCDEF01234567"

Test(account, a_hash_goes_only_where_it_means_the_same) {
    static const struct bs_account_route BOTH = {&OLD, &MARIADB, &MYSQL_CAN, &MARIADB_CAN};
    expect_refused(&BOTH, account_with("mysql_native_password", NATIVE), NULL);
    expect_refused(&NEWER, account_with("mysql_native_password", NATIVE), "mysql_native_password");
    expect_refused(&NEWER, account_with("sha256_password", "$5$x"), NULL);
    expect_refused(&TO_MARIADB, account_with("caching_sha2_password", "$A$005$x"),
                   "caching_sha2_password");
    expect_refused(&TO_MYSQL, account_with("ed25519", "x"), "ed25519");
    expect_refused(&BOTH, account_with("mysql_native_password", "invalid"), "other flavour");
}

Test(account, no_password_is_none_with_another_plugin_too) {
    struct bs_account account = account_with("mysql_native_password", "");
    struct bs_notes notes = {0};
    bs_translate_identity(&TO_MYSQL, &account, &notes);
    cr_expect_eq(notes.count, 0);
    cr_expect_str_eq(account.ways[0].plugin, "caching_sha2_password");
    bs_account_fini(&account);
    expect_refused(&TO_MYSQL, account_with("unix_socket", ""), "unix_socket");
}

Test(account, what_the_other_flavour_cannot_say_is_refused) {
    struct bs_account account = account_with("caching_sha2_password", "");
    account.failed_attempts = 3;
    expect_refused(&TO_MARIADB, account, "FAILED_LOGIN_ATTEMPTS");
    account = account_with("caching_sha2_password", "");
    account.reuse_count = 3;
    expect_refused(&TO_MARIADB, account, "PASSWORD HISTORY");
    account = account_with("mysql_native_password", "");
    account.statement_time = bs_strdup("2.5");
    expect_refused(&TO_MYSQL, account, "MAX_STATEMENT_TIME");
    account = account_with("mysql_native_password", "");
    bs_account_add_way(&account, bs_str("unix_socket"), bs_str(""));
    expect_refused(&TO_MYSQL, account, "more than one way");
    account = account_with("caching_sha2_password", "");
    account.has_second_password = true;
    expect_refused(&NEWER, account, "second password");
}

Test(account, hosts_and_names_must_fit) {
    struct bs_account account = account_with("caching_sha2_password", "");
    free(account.name.host);
    account.name.host = bs_strdup("10.0.0.0/8");
    expect_refused(&TO_MARIADB, account, "10.0.0.0/8");
    account = account_with("mysql_native_password", "");
    free(account.name.user);
    account.name.user = bs_strdup("a_name_of_more_than_thirty_two_characters");
    expect_refused(&TO_MYSQL, account, "32 characters");
}

Test(account, roles_become_roles) {
    struct bs_account role = account_with("caching_sha2_password", "");
    struct bs_notes notes = {0};
    role.locked = role.expired = role.is_granted = true;
    bs_translate_identity(&TO_MARIADB, &role, &notes);
    cr_expect_eq(notes.count, 0);
    expect_made(&role, &MARIADB, false, "CREATE ROLE `a`");
    bs_translate_identity(&TO_MYSQL, &role, &notes);
    cr_expect_eq(notes.count, 0);
    cr_expect(bs_account_looks_like_role(&role));
    cr_expect_str_eq(role.name.host, "%");
    bs_account_fini(&role);
    role = account_with("caching_sha2_password", "$A$x");
    role.is_granted = true;
    expect_refused(&TO_MARIADB, role, "can log in");
    expect_refused(&TO_MYSQL, account_of("PUBLIC", ""), "everybody");
}

Test(account, members_are_tied_to_the_roles_of_the_target) {
    struct bs_account account = account_with("mysql_native_password", "");
    struct bs_account_name role = {NAME("r"), NAME(""), true};
    struct bs_account_name gone = {NAME("gone"), NAME(""), true};
    struct bs_notes notes = {0};
    struct bs_account_statements statements = {0};
    bs_account_ties_add(&account.roles, &role, true);
    bs_account_ties_add(&account.defaults, &role, false);
    bs_account_ties_add(&account.defaults, &gone, false);
    bs_translate_identity(&TO_MYSQL, &account, &notes);
    cr_expect_eq(notes.count, 1);
    cr_expect_eq(notes.items[0].kind, BS_NOTE_LEFT_OUT);
    bs_account_put_rights(&statements, &account, &MYSQL, &MYSQL_CAN);
    cr_assert_eq(statements.count, 2);
    cr_expect_str_eq(statements.items[0], "GRANT `r`@`%` TO `a`@`%` WITH ADMIN OPTION");
    cr_expect_str_eq(statements.items[1], "SET DEFAULT ROLE `r`@`%` TO `a`@`%`");
    bs_account_statements_fini(&statements);
    bs_notes_fini(&notes);
    bs_account_fini(&account);
}

static void
expect_rights(const struct bs_account_route *route, const char *line, const char *more,
              const char *wanted) {
    struct bs_account account = account_of("a", "%");
    struct bs_notes notes = {0};
    struct bs_account_statements statements = {0};
    cr_expect(read_line(&account, line, false));
    if (more != NULL) {
        cr_expect(read_line(&account, more, false));
    }
    bs_translate_grants(route, &account, &notes);
    bs_account_put_rights(&statements, &account, route->target, route->target_can);
    const struct bs_note *refused = bs_notes_find(&notes, BS_NOTE_REFUSED);
    const char *got = refused != NULL         ? refused->text
                      : statements.count == 0 ? ""
                                              : statements.items[0];
    cr_expect_str_eq(got, wanted, "%s\n  became %s\n  wanted %s", line, got, wanted);
    bs_account_statements_fini(&statements);
    bs_notes_fini(&notes);
    bs_account_fini(&account);
}

Test(account, privileges_get_the_names_of_the_other_flavour) {
    expect_rights(&TO_MARIADB, "GRANT SELECT, REPLICATION CLIENT ON *.* TO `a`@`%`", NULL,
                  "GRANT SELECT, BINLOG MONITOR, SLAVE MONITOR ON *.* TO `a`@`%`");
    expect_rights(&TO_MYSQL, "GRANT BINLOG MONITOR, SLAVE MONITOR ON *.* TO `a`@`%`", NULL,
                  "GRANT REPLICATION CLIENT ON *.* TO `a`@`%`");
    expect_rights(&TO_MYSQL, "GRANT SET USER ON *.* TO `a`@`%`", NULL,
                  "GRANT SET_ANY_DEFINER, ALLOW_NONEXISTENT_DEFINER ON *.* TO `a`@`%`");
    expect_rights(&TO_MARIADB, "GRANT RELOAD ON *.* TO `a`@`%`",
                  "GRANT BACKUP_ADMIN,BINLOG_ADMIN ON *.* TO `a`@`%`",
                  "GRANT BINLOG ADMIN, BINLOG REPLAY, RELOAD ON *.* TO `a`@`%`");
    expect_rights(&TO_MARIADB, "GRANT CREATE USER, CREATE ROLE ON *.* TO `a`@`%`", NULL,
                  "GRANT CREATE USER ON *.* TO `a`@`%`");
    expect_rights(&TO_MYSQL, "GRANT INSERT, DELETE HISTORY ON `d`.* TO `a`@`%`", NULL,
                  "GRANT INSERT ON `d`.* TO `a`@`%`");
}

Test(account, privileges_without_an_equal_are_refused_and_never_widened) {
    expect_rights(&TO_MYSQL, "GRANT FEDERATED ADMIN ON *.* TO `a`@`%`", NULL,
                  "the target has no equal of FEDERATED ADMIN on *.*");
    expect_rights(&TO_MYSQL, "GRANT CONNECTION ADMIN ON *.* TO `a`@`%`", NULL,
                  "the target has no equal of CONNECTION ADMIN on *.*");
    expect_rights(&TO_MARIADB, "GRANT CREATE ROLE ON *.* TO `a`@`%`", NULL,
                  "the target has no equal of CREATE ROLE on *.*");
    expect_rights(&TO_MARIADB, "GRANT RELOAD ON *.* TO `a`@`%` WITH GRANT OPTION",
                  "GRANT BINLOG_ADMIN ON *.* TO `a`@`%`",
                  "it may pass on some of its privileges on *.* and others not, which MariaDB "
                  "cannot tell apart");
}

Test(account, a_newer_mysql_has_new_names_for_what_it_dropped) {
    char *OLD_NAMES[] = {NAME("SELECT"), NAME("SET_USER_ID"), NAME("VERSION_TOKEN_ADMIN"), NULL};
    static const struct bs_server BEFORE = {.flavour = BS_MYSQL, .version = 80036};
    struct bs_account_abilities before = {OLD_NAMES, MYSQL_PLUGINS, 32, 255, false};
    struct bs_account_route route = {&BEFORE, &MYSQL, &before, &MYSQL_CAN};
    expect_rights(&route, "GRANT SET_USER_ID,VERSION_TOKEN_ADMIN ON *.* TO `a`@`%`", NULL,
                  "GRANT SET_ANY_DEFINER, ALLOW_NONEXISTENT_DEFINER ON *.* TO `a`@`%`");
}

Test(account, what_left_super_on_a_newer_mariadb_is_granted_beside_it) {
    struct bs_account_route route = {&OLD_MARIADB, &MARIADB, &MARIADB_CAN, &MARIADB_CAN};
    expect_rights(&route, "GRANT SUPER ON *.* TO `a`@`%`", NULL,
                  "GRANT SUPER, READ_ONLY ADMIN ON *.* TO `a`@`%`");
    route.target = &NEW_MARIADB;
    expect_rights(&route, "GRANT SUPER, BINLOG ADMIN ON *.* TO `a`@`%`", NULL,
                  "GRANT SUPER, BINLOG ADMIN, READ_ONLY ADMIN, SET USER, FEDERATED ADMIN, "
                  "CONNECTION ADMIN, REPLICATION SLAVE ADMIN, BINLOG REPLAY, REPLICATION MASTER "
                  "ADMIN, BINLOG MONITOR, SLAVE MONITOR ON *.* TO `a`@`%`");
    route.source = &NEW_MARIADB;
    expect_rights(&route, "GRANT SUPER ON *.* TO `a`@`%`", NULL, "GRANT SUPER ON *.* TO `a`@`%`");
}

Test(account, who_has_all_of_mysqls_privileges_has_all_of_mariadbs) {
    expect_rights(&TO_MARIADB,
                  "GRANT SELECT, INSERT, RELOAD, SUPER, REPLICATION CLIENT, CREATE USER, CREATE "
                  "ROLE ON *.* TO `a`@`%` WITH GRANT OPTION",
                  "GRANT BACKUP_ADMIN,SET_ANY_DEFINER,ALLOW_NONEXISTENT_DEFINER,CONNECTION_ADMIN,"
                  "BINLOG_ADMIN ON *.* TO `a`@`%` WITH GRANT OPTION",
                  "GRANT ALL PRIVILEGES ON *.* TO `a`@`%` WITH GRANT OPTION");
}

Test(account, what_is_taken_out_of_everything_stays_out) {
    struct bs_account_route route = {&MYSQL, &MYSQL, &REVOKING, &REVOKING};
    expect_rights(&route, "REVOKE INSERT ON `d`.* FROM `a`@`%`", NULL,
                  "REVOKE INSERT ON `d`.* FROM `a`@`%`");
    expect_rights(&route, "GRANT INSERT ON `d%`.* TO `a`@`%`", NULL,
                  "its grant is on databases like d%, and with partial_revokes=ON the target takes "
                  "no patterns");
    route.target_can = &MYSQL_CAN;
    expect_rights(&route, "REVOKE INSERT ON `d`.* FROM `a`@`%`", NULL,
                  "database d is taken out of what it may do on *.*: the target must have "
                  "partial_revokes=ON for that");
}

#include "schema/definer.h"

#include "base/buf.h"
#include "schema/translation.h"

#include "base/mem.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const struct bs_server MYSQL = {.flavour = BS_MYSQL, .version = 90704};
static const struct bs_server MARIADB = {.flavour = BS_MARIADB, .version = 101119};

static void
expect_by(const struct bs_server *server, bool ansi, const char *sql, const char *wanted) {
    struct bs_buf out = {0};
    bs_definer_put(&out, bs_str(sql), "new@%", ansi, false, server);
    cr_expect_str_eq(bs_buf_cstr(&out), wanted, "%s\n  became %s\n  wanted %s", sql,
                     bs_buf_cstr(&out), wanted);
    bs_buf_fini(&out);
}

static void
expect(const char *sql, const char *wanted) {
    expect_by(&MYSQL, false, sql, wanted);
    expect_by(&MARIADB, false, sql, wanted);
}

static void
expect_account(const char *text, const char *wanted) {
    char *account = bs_definer_read(text);
    if (wanted == NULL) {
        cr_expect_null(account, "%s became %s", text, account);
    } else {
        cr_expect_not_null(account, "%s", text);
        cr_expect_str_eq(account, wanted);
    }
    free(account);
}

Test(definer, an_account_is_read_with_and_without_quotes) {
    expect_account("a@b", "a@b");
    expect_account("'a b'@'%'", "a b@%");
    expect_account("`a`@localhost", "a@localhost");
    expect_account("a@b@10.0.0.%", "a@b@10.0.0.%");
    expect_account("o'ne@h", "o'ne@h");
    expect_account("a", NULL);
    expect_account("a@", NULL);
    expect_account("@h", NULL);
    expect_account("''@h", NULL);
    expect_account("\xc3\xa4@h", NULL);
    expect_account("a\n@h", NULL);
}

Test(definer, the_clause_is_replaced_where_servers_print_it) {
    expect(
        "CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY INVOKER VIEW `v` AS "
        "select 1",
        "CREATE ALGORITHM=UNDEFINED DEFINER=`new`@`%` SQL SECURITY INVOKER VIEW `v` AS select 1");
    expect("CREATE OR REPLACE DEFINER=`a``b`@`%` PROCEDURE `p`()\nSELECT 1 -- DEFINER=`x`@`y`",
           "CREATE OR REPLACE DEFINER=`new`@`%` PROCEDURE `p`()\nSELECT 1 -- DEFINER=`x`@`y`");
    expect("CREATE DEFINER=`a`@`b` TRIGGER t BEFORE INSERT ON t FOR EACH ROW  SET @a = 'DEFINER=x'",
           "CREATE DEFINER=`new`@`%` TRIGGER t BEFORE INSERT ON t FOR EACH ROW  SET @a = "
           "'DEFINER=x'");
    expect("CREATE DEFINER=`a`@`b` EVENT `e` ON SCHEDULE EVERY 1 DAY DO BEGIN /* x */ END",
           "CREATE DEFINER=`new`@`%` EVENT `e` ON SCHEDULE EVERY 1 DAY DO BEGIN /* x */ END");
    expect("ALTER ALGORITHM=MERGE DEFINER=`a`@`b` SQL SECURITY DEFINER VIEW v AS SELECT 2",
           "ALTER ALGORITHM=MERGE DEFINER=`new`@`%` SQL SECURITY DEFINER VIEW v AS SELECT 2");
    expect("CREATE DEFINER=\"root\"@\"localhost\" PACKAGE BODY \"p\" AS END",
           "CREATE DEFINER=`new`@`%` PACKAGE BODY \"p\" AS END");
    expect_by(&MARIADB, true, "CREATE DEFINER=\"root\"@\"localhost\" PACKAGE \"p\" AS END",
              "CREATE DEFINER=`new`@`%` PACKAGE \"p\" AS END");
}

Test(definer, an_account_is_found_in_all_its_spellings) {
    static const char *const ACCOUNTS[] = {"'a'@'b'",          "a@b",          "a@10.0.0.1",
                                           "a@my-host.tld",    "CURRENT_USER", "CURRENT_USER()",
                                           "current_role ( )", "`some role`",  "a @ `b`"};
    for (size_t i = 0; i < sizeof ACCOUNTS / sizeof *ACCOUNTS; i++) {
        char *sql =
            bs_asprintf("create definer = %s function f() returns int return 1", ACCOUNTS[i]);
        expect(sql, "create DEFINER=`new`@`%` function f() returns int return 1");
        free(sql);
    }
}

Test(definer, a_clause_that_is_not_there_is_added) {
    expect("CREATE VIEW v AS SELECT 1", "CREATE DEFINER=`new`@`%` VIEW v AS SELECT 1");
    expect(
        "CREATE OR REPLACE ALGORITHM = TEMPTABLE SQL SECURITY INVOKER VIEW v AS SELECT 1",
        "CREATE OR REPLACE ALGORITHM = TEMPTABLE DEFINER=`new`@`%` SQL SECURITY INVOKER VIEW v AS "
        "SELECT 1");
    expect("CREATE AGGREGATE FUNCTION f(a INT) RETURNS INT BEGIN END",
           "CREATE DEFINER=`new`@`%` AGGREGATE FUNCTION f(a INT) RETURNS INT BEGIN END");
    expect("ALTER VIEW v AS SELECT 1", "ALTER DEFINER=`new`@`%` VIEW v AS SELECT 1");
    expect("CREATE /* c */ TRIGGER t BEFORE INSERT ON t FOR EACH ROW SET @a=1",
           "CREATE DEFINER=`new`@`%` /* c */ TRIGGER t BEFORE INSERT ON t FOR EACH ROW SET @a=1");
}

Test(definer, version_comments_are_read_as_their_server_reads_them) {
    expect_by(
        &MYSQL, false,
        "CREATE /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t BEFORE INSERT ON t FOR EACH ROW "
        "SET @a=1 */",
        "CREATE /*!50017 DEFINER=`new`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT ON t FOR EACH "
        "ROW SET @a=1 */");
    expect_by(&MARIADB, false, "CREATE /*!90000 DEFINER=`a`@`b`*/ VIEW v AS SELECT 1",
              "CREATE DEFINER=`new`@`%` /*!90000 DEFINER=`a`@`b`*/ VIEW v AS SELECT 1");
}

Test(definer, anything_else_is_left_as_it_is) {
    static const char *const TEXTS[] = {
        "CREATE TABLE definer (definer INT)",
        "CREATE DATABASE d",
        "ALTER PROCEDURE p SQL SECURITY INVOKER",
        "ALTER EVENT e ENABLE",
        "ALTER TABLE t ADD definer INT",
        "DROP VIEW v",
        "CREATE DEFINER=",
        "CREATE DEFINER",
        "CREATE",
        "",
        "CREATE ALGORITHM",
        "RENAME TABLE a TO b",
    };
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        expect(TEXTS[i], TEXTS[i]);
    }
}

Test(definer, a_name_with_quotes_stays_one) {
    struct bs_buf out = {0};
    bs_definer_put(&out, bs_str("CREATE VIEW v AS SELECT 1"), "o'n`e@f@h", false, false, &MYSQL);
    cr_expect_str_eq(bs_buf_cstr(&out), "CREATE DEFINER=`o'n``e@f`@`h` VIEW v AS SELECT 1");
    bs_buf_fini(&out);
}

/* Between servers of one version too. */
Test(definer, a_translation_has_it_for_statements_and_objects) {
    struct bs_translation t = {.source = MYSQL, .target = MYSQL, .definer = bs_strdup("new@%")};
    struct bs_translated translated;
    struct bs_notes notes = {0};
    bs_translate_statement(&t, bs_str("CREATE DEFINER=`a`@`b` PROCEDURE p() BEGIN  END"),
                           (struct bs_text_mode){0}, NULL, &translated);
    cr_expect_str_eq(bs_buf_cstr(&translated.sql),
                     "CREATE DEFINER=`new`@`%` PROCEDURE p() BEGIN  END");
    bs_translated_fini(&translated);
    struct bs_object object = {
        .kind = BS_OBJECT_EVENT,
        .db = bs_strdup("d"),
        .name = bs_strdup("e"),
        .sql_mode = bs_strdup("ANSI_QUOTES"),
        .create = bs_strdup("CREATE DEFINER=\"a\"@\"b\" EVENT \"e\" ON SCHEDULE EVERY 1 DAY DO SET "
                            "@a=1"),
    };
    bs_translate_object(&t, &object, &notes);
    cr_expect_str_eq(object.create,
                     "CREATE DEFINER=`new`@`%` EVENT \"e\" ON SCHEDULE EVERY 1 DAY DO "
                     "SET @a=1");
    bs_object_fini(&object);
    bs_notes_fini(&notes);
    bs_translation_fini(&t);
}

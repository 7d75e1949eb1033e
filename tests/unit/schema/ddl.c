#include "schema/ddl.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct bs_ddl
parse(const char *sql) {
    struct bs_ddl ddl;
    bs_ddl_parse(&ddl, bs_str(sql), bs_str("d"), false, false);
    return ddl;
}

static void
expect_object(const struct bs_ddl *ddl, size_t index, enum bs_object_kind kind, const char *db,
              const char *name) {
    cr_assert_lt(index, ddl->count);
    cr_expect_eq(ddl->objects[index].kind, kind);
    cr_expect_str_eq(ddl->objects[index].db, db);
    cr_expect_str_eq(ddl->objects[index].name, name);
}

Test(ddl, a_plain_create_table_names_one_table_of_the_default_database) {
    struct bs_ddl ddl = parse("CREATE TABLE t (a INT)");
    cr_expect_eq(ddl.class, BS_DDL_OBJECT);
    cr_expect_eq(ddl.verb, BS_DDL_CREATE);
    cr_expect_eq(ddl.count, 1);
    expect_object(&ddl, 0, BS_OBJECT_TABLE, "d", "t");
    bs_ddl_fini(&ddl);
}

Test(ddl, quoted_names_keep_blanks_dots_and_doubled_quotes) {
    struct bs_ddl ddl = parse("create table if not exists `o dd`.`t``a.b` like x");
    expect_object(&ddl, 0, BS_OBJECT_TABLE, "o dd", "t`a.b");
    cr_expect(ddl.if_exists);
    bs_ddl_fini(&ddl);
}

Test(ddl, comments_and_version_comments_are_seen_through) {
    struct bs_ddl ddl =
        parse("/* x */ DROP -- y\n TABLE /*!50000 IF EXISTS */ `a`, d2.b /* generated */");
    cr_expect_eq(ddl.verb, BS_DDL_DROP);
    cr_expect_eq(ddl.count, 2);
    expect_object(&ddl, 0, BS_OBJECT_TABLE, "d", "a");
    expect_object(&ddl, 1, BS_OBJECT_TABLE, "d2", "b");
    bs_ddl_fini(&ddl);
}

Test(ddl, a_rename_swap_names_all_tables_in_pairs) {
    struct bs_ddl ddl = parse("RENAME TABLE a TO tmp, b TO a, tmp TO b");
    cr_expect_eq(ddl.verb, BS_DDL_RENAME);
    cr_expect_eq(ddl.count, 6);
    expect_object(&ddl, 0, BS_OBJECT_TABLE, "d", "a");
    expect_object(&ddl, 1, BS_OBJECT_TABLE, "d", "tmp");
    expect_object(&ddl, 5, BS_OBJECT_TABLE, "d", "b");
    bs_ddl_fini(&ddl);
}

Test(ddl, alter_table_rename_names_the_new_table_but_rename_column_does_not) {
    struct bs_ddl ddl = parse("ALTER TABLE t ADD c INT, RENAME COLUMN a TO b, RENAME AS x.y");
    cr_expect_eq(ddl.count, 2);
    expect_object(&ddl, 1, BS_OBJECT_TABLE, "x", "y");
    bs_ddl_fini(&ddl);
    ddl = parse("ALTER TABLE t RENAME INDEX i TO j, ADD KEY (`rename`)");
    cr_expect_eq(ddl.count, 1);
    bs_ddl_fini(&ddl);
}

Test(ddl, adding_an_auto_increment_column_is_noticed_and_setting_the_counter_is_not) {
    struct bs_ddl ddl = parse("ALTER TABLE t ADD id INT NOT NULL AUTO_INCREMENT, ADD KEY (id)");
    cr_expect(ddl.adds_auto_increment);
    bs_ddl_fini(&ddl);
    ddl = parse("ALTER TABLE t AUTO_INCREMENT=100");
    cr_expect_not(ddl.adds_auto_increment);
    bs_ddl_fini(&ddl);
    ddl = parse("ALTER TABLE t AUTO_INCREMENT 100");
    cr_expect_not(ddl.adds_auto_increment);
    bs_ddl_fini(&ddl);
}

Test(ddl, adding_a_default_of_chance_is_noticed) {
    struct bs_ddl ddl = parse("ALTER TABLE t ADD COLUMN u CHAR(36) DEFAULT (UUID()) AFTER a");
    cr_expect(ddl.adds_chance);
    bs_ddl_fini(&ddl);
    ddl = parse("ALTER TABLE t DROP b, ADD (r DOUBLE NOT NULL DEFAULT (1 + rand()))");
    cr_expect(ddl.adds_chance);
    bs_ddl_fini(&ddl);
    ddl = parse("ALTER TABLE t ADD at DATETIME DEFAULT NOW(), ADD COLUMN `uuid` INT DEFAULT 5");
    cr_expect_not(ddl.adds_chance);
    bs_ddl_fini(&ddl);
    ddl = parse("ALTER TABLE t ADD a INT, ALTER b SET DEFAULT (uuid())");
    cr_expect_not(ddl.adds_chance);
    bs_ddl_fini(&ddl);
}

Test(ddl, an_index_is_about_its_table) {
    struct bs_ddl ddl = parse("CREATE UNIQUE INDEX i USING BTREE ON t (a)");
    cr_expect_eq(ddl.class, BS_DDL_OBJECT);
    cr_expect_eq(ddl.verb, BS_DDL_ALTER);
    cr_expect_eq(ddl.count, 1);
    expect_object(&ddl, 0, BS_OBJECT_TABLE, "d", "t");
    bs_ddl_fini(&ddl);
}

Test(ddl, views_and_routines_are_found_behind_their_decorations) {
    struct bs_ddl ddl = parse("CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY "
                              "DEFINER VIEW `v` AS select 1");
    expect_object(&ddl, 0, BS_OBJECT_VIEW, "d", "v");
    bs_ddl_fini(&ddl);
    ddl = parse("CREATE OR REPLACE DEFINER=CURRENT_USER() PROCEDURE p() BEGIN DELETE FROM t; END");
    cr_expect(ddl.or_replace);
    expect_object(&ddl, 0, BS_OBJECT_PROCEDURE, "d", "p");
    bs_ddl_fini(&ddl);
    ddl = parse("CREATE DEFINER=`a b`@`%` FUNCTION f() RETURNS INT RETURN 1");
    expect_object(&ddl, 0, BS_OBJECT_FUNCTION, "d", "f");
    bs_ddl_fini(&ddl);
}

Test(ddl, packages_and_their_bodies_are_two_kinds) {
    struct bs_ddl ddl = parse("CREATE OR REPLACE DEFINER='root'@'localhost' PACKAGE IF NOT EXISTS "
                              "`p` AS FUNCTION f RETURN INT; END");
    cr_expect_eq(ddl.class, BS_DDL_OBJECT);
    cr_expect(ddl.or_replace && ddl.if_exists);
    expect_object(&ddl, 0, BS_OBJECT_PACKAGE, "d", "p");
    bs_ddl_fini(&ddl);
    ddl = parse("CREATE PACKAGE BODY p AS n INT; END");
    expect_object(&ddl, 0, BS_OBJECT_PACKAGE_BODY, "d", "p");
    bs_ddl_fini(&ddl);
    ddl = parse("drop package body if exists e.p");
    cr_expect_eq(ddl.verb, BS_DDL_DROP);
    cr_expect_eq(ddl.count, 1);
    expect_object(&ddl, 0, BS_OBJECT_PACKAGE_BODY, "e", "p");
    bs_ddl_fini(&ddl);
    ddl = parse("DROP PACKAGE `body`");
    expect_object(&ddl, 0, BS_OBJECT_PACKAGE, "d", "body");
    bs_ddl_fini(&ddl);
}

Test(ddl, triggers_and_events_are_deferred_accounts_and_upkeep_are_told_apart) {
    static const struct {
        const char *sql;
        enum bs_ddl_class class;
    } CASES[] = {
        {"CREATE DEFINER=`r`@`l` TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a=1",
         BS_DDL_DEFERRED},
        {"DROP EVENT IF EXISTS e", BS_DDL_DEFERRED},
        {"CREATE TRIGGER IF NOT EXISTS x.r BEFORE INSERT ON t FOR EACH ROW DO 1", BS_DDL_DEFERRED},
        {"GRANT SELECT ON d.* TO u", BS_DDL_ACCOUNT},
        {"CREATE USER u IDENTIFIED BY 'x'", BS_DDL_ACCOUNT},
        {"RENAME USER a TO b", BS_DDL_ACCOUNT},
        {"CREATE FUNCTION f RETURNS STRING SONAME 'x.so'", BS_DDL_ACCOUNT},
        {"SET PASSWORD FOR u = 'x'", BS_DDL_ACCOUNT},
        {"SET STATEMENT sql_mode='' FOR ALTER TABLE t ADD a INT", BS_DDL_UNKNOWN},
        {"OPTIMIZE TABLE t", BS_DDL_UPKEEP},
        {"ANALYZE NO_WRITE_TO_BINLOG TABLE t", BS_DDL_UPKEEP},
        {"ANALYZE FORMAT=JSON DELETE FROM t", BS_DDL_DML},
        {"CREATE FUNCTION f(soname INT) RETURNS INT RETURN soname", BS_DDL_OBJECT},
        {"FLUSH PRIVILEGES", BS_DDL_UPKEEP},
        {"DROP TEMPORARY TABLE IF EXISTS t", BS_DDL_TEMPORARY},
        {"CREATE TEMPORARY TABLE t (a INT)", BS_DDL_TEMPORARY},
        {"INSERT INTO t VALUES (1)", BS_DDL_DML},
        {"CALL p()", BS_DDL_DML},
        {"ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u", BS_DDL_UNKNOWN},
        {"HANDLER t OPEN", BS_DDL_UNKNOWN},
        {"", BS_DDL_UNKNOWN},
        {"CREATE", BS_DDL_UNKNOWN},
        {"DROP TABLE", BS_DDL_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct bs_ddl ddl = parse(CASES[i].sql);
        cr_expect_eq(ddl.class, CASES[i].class, "%s", CASES[i].sql);
        bs_ddl_fini(&ddl);
    }
}

Test(ddl, triggers_and_events_have_names) {
    struct bs_ddl ddl =
        parse("CREATE TRIGGER IF NOT EXISTS x.r BEFORE INSERT ON t FOR EACH ROW DO 1");
    expect_object(&ddl, 0, BS_OBJECT_TRIGGER, "x", "r");
    bs_ddl_fini(&ddl);
    ddl = parse("ALTER EVENT e DISABLE");
    expect_object(&ddl, 0, BS_OBJECT_EVENT, "d", "e");
    bs_ddl_fini(&ddl);
}

Test(ddl, double_quotes_are_names_only_under_ansi_quotes) {
    struct bs_ddl ddl;
    bs_ddl_parse(&ddl, bs_str("CREATE TABLE \"t x\" (a INT)"), bs_str("d"), true, false);
    expect_object(&ddl, 0, BS_OBJECT_TABLE, "d", "t x");
    bs_ddl_fini(&ddl);
    bs_ddl_parse(&ddl, bs_str("CREATE TABLE \"t x\" (a INT)"), bs_str("d"), false, false);
    cr_expect_eq(ddl.class, BS_DDL_UNKNOWN);
    bs_ddl_fini(&ddl);
}

Test(ddl, the_start_transaction_of_create_select_is_found_wherever_it_stands) {
    const char *sql = "CREATE TABLE `t` (`a` int) START TRANSACTION ENGINE=InnoDB";
    struct bs_ddl ddl = parse(sql);
    cr_expect_eq(ddl.cut_from, strlen("CREATE TABLE `t` (`a` int) "));
    cr_expect_eq(ddl.cut_to, strlen("CREATE TABLE `t` (`a` int) START TRANSACTION"));
    bs_ddl_fini(&ddl);
    ddl = parse("CREATE TABLE t (start INT, transaction INT)");
    cr_expect_eq(ddl.cut_from, ddl.cut_to);
    bs_ddl_fini(&ddl);
}

Test(ddl, databases_are_objects_by_their_own_name) {
    struct bs_ddl ddl = parse("CREATE DATABASE IF NOT EXISTS `x y` CHARACTER SET latin1");
    expect_object(&ddl, 0, BS_OBJECT_DATABASE, "x y", "");
    bs_ddl_fini(&ddl);
    ddl = parse("DROP SCHEMA x");
    expect_object(&ddl, 0, BS_OBJECT_DATABASE, "x", "");
    bs_ddl_fini(&ddl);
}

static void
expect_query(const char *sql, bool copies_rows, bool is_like) {
    struct bs_ddl ddl = parse(sql);
    cr_expect_eq(ddl.class, BS_DDL_OBJECT, "%s", sql);
    cr_expect_eq(ddl.copies_rows, copies_rows, "%s", sql);
    cr_expect_eq(ddl.is_like, is_like, "%s", sql);
    bs_ddl_fini(&ddl);
}

Test(ddl, a_create_table_that_copies_rows_is_told_from_a_definition) {
    expect_query("CREATE TABLE t SELECT * FROM s", true, false);
    expect_query("CREATE TABLE t (a INT) ENGINE=InnoDB AS SELECT 1 AS a", true, false);
    expect_query("CREATE TABLE t (SELECT UUID() AS u)", true, false);
    expect_query("CREATE TABLE t AS WITH c AS (SELECT 1) SELECT * FROM c", true, false);
    expect_query("CREATE TABLE t TABLE s", true, false);
    expect_query("CREATE TABLE t VALUES ROW(1)", true, false);
    expect_query("CREATE TABLE t (VALUES ROW(1))", true, false);
    expect_query("CREATE TABLE t (a INT, `select` INT, b CHAR(9) COMMENT 'SELECT')", false, false);
    expect_query("CREATE TABLE t (a INT) START TRANSACTION", false, false);
    expect_query("CREATE TABLE t (a INT) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN (9))",
                 false, false);
    expect_query("CREATE TABLE t (a CHAR(9), CHECK (a LIKE 'x'))", false, false);
    expect_query("CREATE TABLE t LIKE s", false, true);
    expect_query("CREATE TABLE t (LIKE s)", false, true);
}

static bool
numbers_rows(const char *sql) {
    struct bs_ddl ddl = parse(sql);
    bool adds = ddl.adds_auto_increment;
    bs_ddl_fini(&ddl);
    return adds;
}

Test(ddl, serial_numbers_rows_where_it_is_a_type) {
    cr_expect(numbers_rows("ALTER TABLE t ADD id SERIAL"));
    cr_expect(numbers_rows("ALTER TABLE t ADD COLUMN (a INT, id SERIAL)"));
    cr_expect(numbers_rows("ALTER TABLE t ADD COLUMN id SERIAL FIRST, ADD b INT"));
    cr_expect(numbers_rows("ALTER TABLE t ADD id INT SERIAL DEFAULT VALUE"));
    cr_expect_not(numbers_rows("ALTER TABLE t ADD serial INT"));
    cr_expect_not(numbers_rows("ALTER TABLE t CHANGE a serial BIGINT"));
    cr_expect_not(numbers_rows("ALTER TABLE t ADD INDEX (serial), DROP COLUMN serial"));
    cr_expect_not(numbers_rows("ALTER TABLE t ADD b INT AFTER serial, ADD CHECK (serial > 0)"));
}

Test(ddl, rows_that_move_to_a_table_of_their_own_are_not_understood) {
    static const char *const MOVES[] = {
        "ALTER TABLE t CONVERT PARTITION p TO TABLE u",
        "ALTER TABLE t CONVERT TABLE u TO PARTITION p VALUES LESS THAN (9)"};
    for (size_t i = 0; i < sizeof MOVES / sizeof MOVES[0]; i++) {
        struct bs_ddl ddl = parse(MOVES[i]);
        cr_expect_eq(ddl.class, BS_DDL_UNKNOWN, "%s", MOVES[i]);
        bs_ddl_fini(&ddl);
    }
    struct bs_ddl ddl = parse("ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4");
    cr_expect_eq(ddl.class, BS_DDL_OBJECT);
    bs_ddl_fini(&ddl);
}

Test(ddl, alter_ignore_is_noticed) {
    struct bs_ddl ddl = parse("ALTER IGNORE TABLE t ADD PRIMARY KEY (a)");
    cr_expect(ddl.drops_duplicates);
    expect_object(&ddl, 0, BS_OBJECT_TABLE, "d", "t");
    bs_ddl_fini(&ddl);
}

Test(ddl, names_are_folded_where_the_source_folds_them) {
    struct bs_ddl ddl = parse("RENAME TABLE Shop.Orders TO `SHOP`.oLD");
    bs_ddl_fold_names(&ddl);
    expect_object(&ddl, 0, BS_OBJECT_TABLE, "shop", "orders");
    expect_object(&ddl, 1, BS_OBJECT_TABLE, "shop", "old");
    cr_expect_eq(ddl.class, BS_DDL_OBJECT);
    bs_ddl_fini(&ddl);
}

static void
expect_unfolded(const char *name, bool has_unfolded) {
    char sql[64];
    (void)snprintf(sql, sizeof sql, "TRUNCATE TABLE %s", name);
    struct bs_ddl ddl = parse(sql);
    bs_ddl_fold_names(&ddl);
    cr_expect_eq(ddl.has_unfolded, has_unfolded, "%s", name);
    bs_ddl_fini(&ddl);
}

Test(ddl, a_capital_that_is_not_folded_is_told) {
    struct bs_ddl ddl = parse("TRUNCATE TABLE Ärger");
    bs_ddl_fold_names(&ddl);
    cr_expect(ddl.has_unfolded);
    bs_ddl_fini(&ddl);
    static const char *const CAPITALS[] = {"Łódź", "Čaj", "Őr", "Ωmega", "Ёж", "Ẽ"};
    static const char *const SMALL[] = {"łódź", "čaj", "őr", "ωmega", "ёж", "ẽ", "表"};
    for (size_t i = 0; i < sizeof CAPITALS / sizeof CAPITALS[0]; i++) {
        expect_unfolded(CAPITALS[i], true);
    }
    for (size_t i = 0; i < sizeof SMALL / sizeof SMALL[0]; i++) {
        expect_unfolded(SMALL[i], false);
    }
}

Test(ddl, defaults_of_the_server_or_the_account_are_chance) {
    static const char *const DEFAULTS[] = {"(@@port)", "CURRENT_USER", "(CURRENT_ROLE)",
                                           "(SYSTEM_USER())", "(VERSION())"};
    for (size_t i = 0; i < sizeof DEFAULTS / sizeof DEFAULTS[0]; i++) {
        char sql[128];
        (void)snprintf(sql, sizeof sql, "ALTER TABLE t ADD c VARCHAR(99) DEFAULT %s", DEFAULTS[i]);
        struct bs_ddl ddl = parse(sql);
        cr_expect(ddl.adds_chance, "%s", sql);
        bs_ddl_fini(&ddl);
    }
}

Test(ddl, what_stands_behind_a_key_is_no_default) {
    struct bs_ddl ddl = parse("ALTER TABLE t ADD (a INT DEFAULT 0, KEY version (a))");
    cr_expect_not(ddl.adds_chance);
    bs_ddl_fini(&ddl);
}

Test(ddl, a_temporary_table_names_what_it_hides) {
    struct bs_ddl ddl = parse("CREATE TEMPORARY TABLE IF NOT EXISTS x.t (a INT)");
    cr_expect_eq(ddl.class, BS_DDL_TEMPORARY);
    expect_object(&ddl, 0, BS_OBJECT_TABLE, "x", "t");
    bs_ddl_fini(&ddl);
    ddl = parse("DROP TEMPORARY TABLE t");
    cr_expect_eq(ddl.class, BS_DDL_TEMPORARY);
    bs_ddl_fini(&ddl);
}

static void
expect_altered_database(const char *sql, const char *db) {
    struct bs_ddl ddl = parse(sql);
    cr_expect_eq(ddl.class, BS_DDL_OBJECT, "%s", sql);
    cr_expect_eq(ddl.count, 1);
    expect_object(&ddl, 0, BS_OBJECT_DATABASE, db, "");
    bs_ddl_fini(&ddl);
}

Test(ddl, altering_a_database_without_its_name_is_about_the_default_one) {
    expect_altered_database("ALTER DATABASE CHARACTER SET latin1", "d");
    expect_altered_database("ALTER SCHEMA DEFAULT COLLATE = utf8mb4_bin", "d");
    expect_altered_database("ALTER DATABASE CHARSET utf8mb4", "d");
    expect_altered_database("ALTER DATABASE COMMENT 'x'", "d");
    expect_altered_database("ALTER DATABASE READ ONLY = 1", "d");
    expect_altered_database("ALTER DATABASE comment CHARACTER SET latin1", "comment");
    expect_altered_database("ALTER DATABASE `default` CHARACTER SET latin1", "default");
    expect_altered_database("ALTER DATABASE e COLLATE utf8mb4_bin", "e");
    struct bs_ddl ddl;
    bs_ddl_parse(&ddl, bs_str("ALTER DATABASE COLLATE utf8mb4_bin"), bs_str(""), false, false);
    cr_expect_eq(ddl.class, BS_DDL_UNKNOWN);
    bs_ddl_fini(&ddl);
}

Test(ddl, a_wait_in_front_of_the_actions_hides_none_of_them) {
    struct bs_ddl ddl = parse("ALTER TABLE t WAIT 10 ADD u CHAR(36) DEFAULT (UUID())");
    cr_expect(ddl.adds_chance);
    bs_ddl_fini(&ddl);
    ddl = parse("ALTER TABLE t NOWAIT RENAME TO v");
    cr_expect_eq(ddl.count, 2);
    bs_ddl_fini(&ddl);
    ddl = parse("ALTER TABLE t WAIT 1 EXCHANGE PARTITION p WITH TABLE v");
    cr_expect_eq(ddl.class, BS_DDL_UNKNOWN);
    bs_ddl_fini(&ddl);
}

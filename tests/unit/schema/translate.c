#include "translations.h"

#include <criterion/criterion.h>

/* Statements that depend on nothing but their text. */

Test(translate, between_servers_of_one_version_nothing_is_touched) {
    expect(MY9, MY9, "CREATE TABLE t (a json /* x */) /*!50100 TABLESPACE `x` */",
           "CREATE TABLE t (a json /* x */) /*!50100 TABLESPACE `x` */");
}

Test(translate, rows_get_what_the_source_gives_them_when_a_column_is_added) {
    expect(MY9, MA118, "ALTER TABLE t ADD j JSON NOT NULL",
           "ALTER TABLE `t` ADD `j` JSON NOT NULL DEFAULT 'null'");
    expect(MY9, MA118, "ALTER TABLE t ADD (a INT, j JSON NOT NULL COMMENT 'x')",
           "ALTER TABLE `t` ADD (`a` INT, `j` JSON NOT NULL DEFAULT 'null' COMMENT 'x')");
    expect(MY9, MA118, "ALTER TABLE t ADD j JSON, ADD k JSON NOT NULL DEFAULT ('[]')",
           "ALTER TABLE `t` ADD `j` JSON, ADD `k` JSON NOT NULL DEFAULT ('[]')");
    expect(MY9, MA118, "CREATE TABLE t (j JSON NOT NULL)", "CREATE TABLE `t` (`j` JSON NOT NULL)");
    expect(MY9, MY9, "ALTER TABLE t ADD j JSON NOT NULL", "ALTER TABLE t ADD j JSON NOT NULL");
    expect_note(MA118, MY9, "ALTER TABLE t ADD j JSON NOT NULL", "| refused: column j is added");
    expect_note(MA118, MY9, "ALTER TABLE t ADD u UUID NOT NULL",
                "NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'");
    expect_note(MA118, MY9, "ALTER TABLE t ADD COLUMN i INET6 NOT NULL FIRST",
                "NOT NULL DEFAULT '::' FIRST");
    expect_note(MA118, MY9, "ALTER TABLE t ADD i INET4 NOT NULL", "NOT NULL DEFAULT '0.0.0.0'");
    expect_note(MA118, MY9, "ALTER TABLE t ADD v VECTOR(2) NOT NULL", "| refused: column v is");
    expect_note(MY9, MA118, "ALTER TABLE t ADD v VECTOR(2) NOT NULL", "| refused: column v is");
}

Test(translate, mariadb_has_no_invisible_column_that_must_be_named) {
    expect_note(MY9, MA118, "CREATE TABLE t (a INT, b INT NOT NULL INVISIBLE)",
                "| refused: column b is INVISIBLE and NOT NULL without a default");
    expect(MY9, MA118, "CREATE TABLE t (a INT, b INT NOT NULL DEFAULT 1 INVISIBLE)",
           "CREATE TABLE `t` (`a` INT, `b` INT NOT NULL DEFAULT 1 INVISIBLE)");
    expect(MY9, MA118, "CREATE TABLE t (a INT, b INT INVISIBLE)",
           "CREATE TABLE `t` (`a` INT, `b` INT INVISIBLE)");
}

Test(translate, version_comments_are_opened_as_far_as_the_source_runs_them) {
    expect(MY9, MA118, "CREATE TABLE t (a INT /*!80023 INVISIBLE */ /*!99999 x */ /*M! y */)",
           "CREATE TABLE `t` (`a` INT INVISIBLE)");
    expect(MA118, MY9, "CREATE TABLE t (a TEXT /*M!100301 COMPRESSED*/ /*!80000 x */)",
           "CREATE TABLE `t` (`a` TEXT)");
}

Test(translate, types_of_mariadb_alone_become_text) {
    expect(MA118, MY9, "CREATE TABLE t (u UUID NOT NULL DEFAULT uuid(), PRIMARY KEY (u))",
           "CREATE TABLE `t` (`u` char(36) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL "
           "DEFAULT (uuid()), PRIMARY KEY (`u`))");
    expect(MA118, MY9, "ALTER TABLE t ADD i INET6, MODIFY j INET4 AFTER i",
           "ALTER TABLE `t` ADD `i` varchar(39) CHARACTER SET ascii COLLATE ascii_general_ci, "
           "MODIFY `j` varchar(15) CHARACTER SET ascii COLLATE ascii_general_ci AFTER `i`");
}

Test(translate, mariadbs_json_is_mysqls) {
    expect(MA118, MY9,
           "CREATE TABLE t (`j` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT '{}' "
           "CHECK (json_valid(`j`)))",
           "CREATE TABLE `t` (`j` json DEFAULT ('{}'))");
    expect(MA118, MY9,
           "CREATE TABLE t (`j` longtext DEFAULT NULL CHECK (json_valid(`j`) and `j` <> ''))",
           "CREATE TABLE `t` (`j` longtext DEFAULT NULL CHECK (json_valid(`j`) and `j` <> ''))");
    expect_note(MA118, MY56, "CREATE TABLE t (j JSON)",
                "refused: column j: this MySQL has no JSON");
}

Test(translate, defaults_of_mysql_stand_in_brackets) {
    expect(
        MA118, MY9,
        "CREATE TABLE t (a VARCHAR(9) DEFAULT concat('x',1 + 1) COMMENT 'c', b TEXT DEFAULT 'x', "
        "c INT DEFAULT -1, d DATETIME(3) DEFAULT current_timestamp(3) ON UPDATE "
        "current_timestamp(3), e DATE DEFAULT curdate(), f BLOB DEFAULT NULL, g BIT(2) DEFAULT "
        "b'10', h INT DEFAULT (1 + 1))",
        "CREATE TABLE `t` (`a` VARCHAR(9) DEFAULT (concat('x',1 + 1)) COMMENT 'c', `b` TEXT "
        "DEFAULT ('x'), `c` INT DEFAULT -1, `d` DATETIME(3) DEFAULT current_timestamp(3) ON "
        "UPDATE current_timestamp(3), `e` DATE DEFAULT (curdate()), `f` BLOB DEFAULT NULL, `g` "
        "BIT(2) DEFAULT b'10', `h` INT DEFAULT (1 + 1))");
    expect_note(MA118, MY9, "CREATE TABLE t (a INT DEFAULT nextval(`s`))", "refused: column a");
    expect_note(MA118, MY56, "CREATE TABLE t (a INT DEFAULT (1 + 1))", "refused: column a");
}

Test(translate, srid_and_generated_columns_are_said_as_mariadb_takes_them) {
    expect(
        MY9, MA118,
        "CREATE TABLE t (p point NOT NULL SRID 4326, g geomcollection, v INT GENERATED ALWAYS AS "
        "(`a` + 1) STORED NOT NULL)",
        "CREATE TABLE `t` (`p` point REF_SYSTEM_ID=4326 NOT NULL, `g` geometrycollection, `v` INT "
        "GENERATED ALWAYS AS (`a` + 1) STORED CHECK (`v` is not null))");
    expect(
        MY9, MA118,
        "ALTER TABLE t ADD v INT AS (a) NOT NULL COMMENT 'x' FIRST, MODIFY `w``` INT AS (a) NULL",
        "ALTER TABLE `t` ADD `v` INT AS (a) COMMENT 'x' CHECK (`v` is not null) FIRST, MODIFY "
        "`w``` INT AS (a)");
    expect(MY9, MA118, "CREATE TABLE t (`v``` INT AS (a) STORED NOT NULL CHECK (`v``` > 0 or a))",
           "CREATE TABLE `t` (`v``` INT AS (a) STORED CHECK (`v``` is not null and (`v``` > 0 or "
           "a)))");
    expect(MA118, MY9,
           "CREATE TABLE t (p POINT REF_SYSTEM_ID=4326 NOT NULL, v INT AS (a) PERSISTENT)",
           "CREATE TABLE `t` (`p` POINT NOT NULL, `v` INT AS (a) STORED)");
}

Test(translate, an_index_that_only_helps_reading_may_be_left_out) {
    expect(MY9, MA118, "CREATE TABLE t (a INT, KEY f ((lower(`a`))), KEY g (a DESC) INVISIBLE)",
           "CREATE TABLE `t` (`a` INT, KEY g (`a` DESC) IGNORED) | left out: an index over an "
           "expression is left out: MariaDB has none");
    expect_note(MY9, MA118, "CREATE TABLE t (a INT, UNIQUE KEY f ((lower(`a`))))",
                "refused: a unique index over an expression");
    expect(MY9, MA118, "CREATE INDEX f ON t ((a + 1))",
           " | left out: an index over an expression is left out: MariaDB has none");
    expect(
        MA118, MY9, "CREATE TABLE t (v VECTOR(3) NOT NULL, VECTOR KEY x (v) M=8)",
        "CREATE TABLE `t` (`v` VECTOR(3) NOT NULL) | left out: a VECTOR index is left out: MySQL "
        "has none");
    expect_note(MA118, MY9, "CREATE TABLE t (a TEXT, UNIQUE KEY a (a) USING HASH)", "refused:");
}

Test(translate, a_system_versioned_table_becomes_a_plain_one_and_its_keys_lose_the_row_end) {
    expect(MA118, MY9,
           "CREATE TABLE `t` (\n  `a` int NOT NULL,\n  `s` timestamp(6) GENERATED ALWAYS AS ROW "
           "START,\n  `e` timestamp(6) GENERATED ALWAYS AS ROW END,\n  PRIMARY KEY "
           "(`a`,`e`),\n  UNIQUE KEY `u` (`e`,`a`),\n  PERIOD FOR SYSTEM_TIME (`s`, `e`)\n) "
           "ENGINE=InnoDB WITH SYSTEM VERSIONING",
           "CREATE TABLE `t` (\n`a` int NOT NULL,\nPRIMARY KEY (`a`),\nUNIQUE KEY `u` "
           "(`a`)\n) ENGINE=InnoDB | left out: SYSTEM "
           "VERSIONING is left out, and the history stays behind");
}

Test(translate, the_first_of_several_elements_may_go) {
    expect(MY9, MA118, "CREATE TABLE t (KEY f ((a + 1)), a INT, b INT)",
           "CREATE TABLE `t` (`a` INT, `b` INT) | left out: an index over an expression is left "
           "out: MariaDB has none");
}

Test(translate, checks_lose_names_that_mariadb_gave_and_mysql_must_not_share) {
    expect(MA118, MY9, "CREATE TABLE t (a INT, CONSTRAINT `CONSTRAINT_1` CHECK (`a` > 0))",
           "CREATE TABLE `t` (`a` INT, CHECK (`a` > 0))");
    expect(MA118, MY9, "CREATE TABLE t (a INT, CONSTRAINT `mine` CHECK (`a` > 0))",
           "CREATE TABLE `t` (`a` INT, CONSTRAINT `mine` CHECK (`a` > 0))");
    expect_note(MY9, MA118, "CREATE TABLE t (a INT, CONSTRAINT c CHECK (a > 0) NOT ENFORCED)",
                "left out: a CHECK that is NOT ENFORCED");
    expect(MY9, MA118, "CREATE TABLE t (a TEXT, CHECK (regexp_like(`a`,_utf8mb4'x')))",
           "CREATE TABLE `t` (`a` TEXT, CHECK ((`a` REGEXP 'x')))");
}

Test(translate, options_of_one_flavour_go_or_become_the_others) {
    expect(MY9, MA118,
           "CREATE TABLE t (a INT) ENGINE=InnoDB COMPRESSION='zlib' AUTOEXTEND_SIZE=4M "
           "STATS_PERSISTENT=1",
           "CREATE TABLE `t` (`a` INT) ENGINE=InnoDB PAGE_COMPRESSED=1 STATS_PERSISTENT=1");
    expect(MA118, MY9, "CREATE TABLE t (a INT) ENGINE=InnoDB PAGE_CHECKSUM=1 `PAGE_COMPRESSED`=1",
           "CREATE TABLE `t` (`a` INT) ENGINE=InnoDB");
    expect_note(MY9, MA118, "CREATE TABLE t (a INT) ENCRYPTION='Y'",
                "refused: the table is encrypted");
    expect(MY9, MA118, "CREATE TABLE t (a INT) ENCRYPTION='N'", "CREATE TABLE `t` (`a` INT)");
}

Test(translate, partitions_are_read_out_of_their_comment) {
    expect(MY9, MA118,
           "CREATE TABLE t (a INT)\n/*!50100 PARTITION BY KEY ALGORITHM = 2 (a) (PARTITION p0 "
           "TABLESPACE = `x` ENGINE = InnoDB) */",
           "CREATE TABLE `t` (`a` INT)\nPARTITION BY KEY (a) (PARTITION p0 ENGINE = InnoDB)");
    expect_note(
        MA118, MY9,
        "CREATE TABLE t (a INT) PARTITION BY LIST (a) (PARTITION p DEFAULT ENGINE = InnoDB)",
        "refused: MySQL has no DEFAULT partition");
}

Test(translate, manners_of_alter_go_and_may_leave_nothing) {
    expect(MY9, MA118, "ALTER TABLE t ADD a INT, ALGORITHM=INSTANT, LOCK=NONE",
           "ALTER TABLE `t` ADD `a` INT");
    expect(MY9, MA118, "ALTER TABLE t ALGORITHM=INPLACE, ADD a INT", "ALTER TABLE `t` ADD `a` INT");
    expect(MA118, MY9, "ALTER ONLINE TABLE t NOWAIT DROP a", "ALTER TABLE `t` DROP `a`");
    expect(MY9, MA118, "ALTER TABLE t ADD INDEX f ((a + 1))",
           " | left out: an index over an expression is left out: MariaDB has none");
    expect(MY9, MA118, "ALTER TABLE t ALTER INDEX i INVISIBLE",
           "ALTER TABLE `t` ALTER INDEX i IGNORED");
    expect_note(MY9, MA118, "ALTER TABLE t ALTER CHECK c NOT ENFORCED", "refused: ALTER CHECK");
}

/* MySQL before 9.0 and 8.0.16 read these and forget them; MariaDB keeps both. */
Test(translate, what_the_source_reads_and_forgets_does_not_come_alive) {
    expect(MY56, MY9,
           "CREATE TABLE c (id INT, p INT REFERENCES d.p (id) MATCH FULL ON DELETE SET NULL ON "
           "UPDATE CASCADE, q INT NOT NULL REFERENCES p)",
           "CREATE TABLE c (id INT, p INT, q INT NOT NULL) | left out: column p: REFERENCES in its "
           "definition is left out: it makes no foreign key on the source");
    expect(MY56, MA118, "ALTER TABLE c ADD p INT REFERENCES p (id) ON DELETE CASCADE AFTER id",
           "ALTER TABLE `c` ADD `p` INT AFTER `id` | left out: column p: REFERENCES in its "
           "definition is left out: it makes no foreign key on the source");
    expect(MY56, MY9,
           "ALTER TABLE c ADD COLUMN p INT REFERENCES p (id) FIRST, ADD (q INT CHECK (1))",
           "ALTER TABLE c ADD COLUMN p INT FIRST, ADD (q INT) | left out: column p: REFERENCES in "
           "its definition is left out: it makes no foreign key on the source");
    expect(MY56, MA105,
           "CREATE TABLE c (CHECK (p > 1), p INT CHECK (p > 2), CONSTRAINT x CHECK (0))",
           "CREATE TABLE `c` (`p` INT) | left out: a CHECK is left out, which the source does not "
           "keep either");
    expect(
        MY56, MY9, "ALTER TABLE c ADD CONSTRAINT x CHECK (p > 1), ADD d INT",
        "ALTER TABLE c ADD d INT | left out: a CHECK is left out, which the source does not keep "
        "either");
    expect(MY56, MY9, "ALTER TABLE c ADD CHECK (p > 1)",
           " | left out: a CHECK is left out, which the source does not keep either");
}

Test(translate, what_the_source_keeps_and_the_target_would_forget_is_refused) {
    expect_note(
        MA118, MY56, "CREATE TABLE c (p INT REFERENCES p (id))",
        "refused: column p: REFERENCES in its definition makes a foreign key on the source");
    expect_note(MA105, MY56, "ALTER TABLE c ADD p INT REFERENCES p (id)", "refused: column p");
}

Test(translate, foreign_keys_and_references_that_both_keep_stay) {
    expect(MY56, MY9, "CREATE TABLE c (p INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE)",
           "CREATE TABLE c (p INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE)");
    expect(MA105, MY9, "CREATE TABLE c (p INT CHECK (p > 1) REFERENCES p (id) ON DELETE CASCADE)",
           "CREATE TABLE `c` (`p` INT CHECK (p > 1) REFERENCES p (id) ON DELETE CASCADE)");
    expect(MA105, MA118,
           "ALTER TABLE c WAIT 9 ADD p INT CHECK (p > 1) REFERENCES p (id), ADD q INT",
           "ALTER TABLE c WAIT 9 ADD p INT CHECK (p > 1) REFERENCES p (id), ADD q INT");
}

Test(translate, or_replace_is_a_drop_and_a_create) {
    expect(MA118, MY9, "CREATE OR REPLACE TABLE d.t (a INT)",
           "DROP TABLE IF EXISTS d.t; CREATE TABLE `d`.`t` (`a` INT)");
    expect(MA118, MY9, "CREATE OR REPLACE VIEW v AS SELECT 1",
           "CREATE OR REPLACE VIEW v AS SELECT 1");
    expect(MA118, MY9, "CREATE OR REPLACE PROCEDURE p() SELECT 1",
           "DROP PROCEDURE IF EXISTS p; CREATE PROCEDURE p() SELECT 1");
}

Test(translate, arrows_are_functions_on_mariadb) {
    expect(MY9, MA118, "CREATE VIEW v AS SELECT t.`j`->'$.a', j->>'$.b' FROM t",
           "CREATE VIEW v AS SELECT JSON_EXTRACT(t.`j`,'$.a'), JSON_UNQUOTE(JSON_EXTRACT(j,'$.b')) "
           "FROM t");
}

Test(translate, text_that_checks_to_be_json_is_json_only_in_unicode) {
    expect(
        MA118, MY9,
        "CREATE TABLE t (j longtext DEFAULT NULL CHECK (json_valid(`j`))) DEFAULT CHARSET=latin1",
        "CREATE TABLE `t` (`j` longtext DEFAULT NULL CHECK (json_valid(`j`))) DEFAULT "
        "CHARSET=latin1");
    expect(MA118, MY9,
           "CREATE TABLE t (j longtext DEFAULT NULL CHECK (json_valid(`j`))) DEFAULT "
           "CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
           "CREATE TABLE `t` (`j` json DEFAULT NULL) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin");
}

Test(translate, a_default_that_mysql_reads_and_forgets_fills_no_rows) {
    static const char LEFT_OUT[] =
        " | left out: column a: a default that the source reads and forgets is left out";
    expect(MY9, MA118, "ALTER TABLE t ADD a TEXT DEFAULT ''",
           "ALTER TABLE `t` ADD `a` TEXT | left out: column a: a default that the source reads and "
           "forgets is left out");
    expect_note(MY56, MA118, "CREATE TABLE t (a LONGBLOB NOT NULL DEFAULT _binary 'x', b INT)",
                LEFT_OUT);
    expect(MY9, MA118, "ALTER TABLE t ADD a TEXT DEFAULT ('x')",
           "ALTER TABLE `t` ADD `a` TEXT DEFAULT ('x')");
    expect(MY9, MA118, "ALTER TABLE t ADD a VARCHAR(9) DEFAULT ''",
           "ALTER TABLE `t` ADD `a` VARCHAR(9) DEFAULT ''");
}

Test(translate, a_hash_of_innodb_is_a_tree_on_mysql) {
    expect(MY9, MA118, "CREATE TABLE t (id INT PRIMARY KEY, a INT, UNIQUE KEY k (a) USING HASH)",
           "CREATE TABLE `t` (`id` INT PRIMARY KEY, `a` INT, UNIQUE KEY k (`a`))");
    expect(MY9, MA118, "ALTER TABLE t ADD UNIQUE k USING HASH (a)",
           "ALTER TABLE `t` ADD UNIQUE k (`a`)");
}

Test(translate, a_check_is_a_constraint_to_drop) {
    expect(MY9, MA118, "ALTER TABLE t DROP CHECK positive",
           "ALTER TABLE `t` DROP CONSTRAINT positive");
}

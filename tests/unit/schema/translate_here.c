#include "translations.h"

#include "base/mem.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* What depends on the table that is there. */

static struct bs_table *
table_with_column_a(void) {
    struct bs_table *table = bs_zalloc(sizeof *table);
    table->columns = bs_zalloc(sizeof *table->columns);
    table->columns[0].name = bs_strdup("a");
    table->column_count = 1;
    return table;
}

Test(translate_here, conditions_that_mysql_does_not_have_are_decided_by_what_is_there) {
    struct bs_table *here = table_with_column_a();
    static const struct {
        const char *sql, *wanted;
    } cases[] = {
        {"ALTER TABLE t ADD COLUMN IF NOT EXISTS a INT, ADD IF NOT EXISTS b INT",
         "ALTER TABLE `t` ADD `b` INT"},
        {"ALTER TABLE t DROP COLUMN IF EXISTS b", ""},
        {"ALTER TABLE t DROP IF EXISTS a", "ALTER TABLE `t` DROP `a`"},
        {"ALTER TABLE IF EXISTS t ADD b INT", "ALTER TABLE `t` ADD `b` INT"},
        {"CREATE INDEX IF NOT EXISTS i ON t (a)", "CREATE INDEX i ON t (`a`)"},
        {"DROP INDEX IF EXISTS i ON t", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *got = translated(MA118, MY9, cases[i].sql, here);
        cr_expect_str_eq(got, cases[i].wanted, "%s became %s", cases[i].sql, got);
        free(got);
    }
    bs_table_free(here);
}

static struct bs_column
column(const char *name, enum bs_type type, const char *type_text, const char *charset) {
    return (struct bs_column){.name = bs_strdup(name),
                              .type = type,
                              .type_text = bs_strdup(type_text),
                              .charset = charset != NULL ? bs_strdup(charset) : NULL,
                              .collation = charset != NULL ? bs_strdup("?") : NULL};
}

/* The target's table: c is a text, j was or is JSON, u a UUID or an ascii CHAR(36). */
static struct bs_table *
table_with_text(const char *create) {
    struct bs_table *table = bs_zalloc(sizeof *table);
    table->db = bs_strdup("d");
    table->name = bs_strdup("t");
    table->engine = bs_strdup("InnoDB");
    table->create = bs_strdup(create);
    table->column_count = 7;
    table->columns = bs_zalloc(7 * sizeof *table->columns);
    table->columns[0] = column("a", BS_TYPE_INT, "int", NULL);
    table->columns[1] = column("c", BS_TYPE_VARCHAR, "varchar(9)", "utf8mb4");
    table->columns[2] = column("u", BS_TYPE_CHAR, "char(36)", "ascii");
    table->columns[3] = column("j", BS_TYPE_JSON, "json", NULL);
    table->columns[4] = column("day", BS_TYPE_DATE, "date", NULL);
    table->columns[5] = column("moment", BS_TYPE_DATETIME, "datetime(6)", NULL);
    table->columns[5].fsp = 6;
    table->columns[6] = column("raw", BS_TYPE_BLOB, "blob", NULL);
    table->key_count = 1;
    table->keys = bs_zalloc(sizeof *table->keys);
    table->keys[0] = (struct bs_key){.name = bs_strdup("k")};
    return table;
}

static void
expect_here(const char *create, const char *sql, const char *wanted) {
    struct bs_table *here = table_with_text(create);
    char *got = translated(MA118, MY9, sql, here);
    cr_expect_str_eq(got, wanted, "%s\n  became %s\n  wanted %s", sql, got, wanted);
    free(got);
    bs_table_free(here);
}

static void
expect_refused(const char *create, const char *sql, bool refused) {
    struct bs_table *here = table_with_text(create);
    char *got = translated(MA118, MY9, sql, here);
    cr_expect_eq(strstr(got, "| refused: ") != NULL, refused, "%s\n  became %s", sql, got);
    free(got);
    bs_table_free(here);
}

Test(translate_here, an_alter_that_would_make_other_values_is_refused) {
    static const char PLAIN[] = "CREATE TABLE `t` (`a` int) ENGINE=InnoDB";
    expect_refused(PLAIN, "ALTER TABLE t MODIFY c JSON", true);
    expect_refused(PLAIN, "ALTER TABLE t MODIFY c LONGTEXT CHECK (json_valid(c))", true);
    expect_refused(PLAIN, "ALTER TABLE t MODIFY j LONGTEXT", true);
    expect_refused(PLAIN, "ALTER TABLE t MODIFY j JSON NOT NULL", false);
    expect_refused(PLAIN, "ALTER TABLE t CHANGE c d UUID", true);
    expect_refused(PLAIN, "ALTER TABLE t MODIFY u BINARY(16)", true);
    expect_refused(PLAIN, "ALTER TABLE t MODIFY u VARCHAR(40) AFTER a", false);
    expect_refused(PLAIN, "ALTER TABLE t MODIFY c VARCHAR(10), MODIFY a BIGINT", false);
    expect_refused(PLAIN, "ALTER TABLE t MODIFY moment DATE", true);
    expect_refused(PLAIN, "ALTER TABLE t MODIFY moment DATETIME, MODIFY day DATE NULL", false);
    expect_refused(PLAIN, "ALTER TABLE t MODIFY raw LONGBLOB", false);
    expect_refused(PLAIN, "ALTER TABLE t MODIFY raw TEXT", true);
    expect_refused(PLAIN, "ALTER TABLE t MODIFY a BIT(3)", true);
    expect_refused(PLAIN, "ALTER TABLE t MODIFY a BIGINT UNSIGNED", false);
    session_is_strict = true;
    expect_refused(PLAIN, "ALTER TABLE t MODIFY moment BIGINT", true);
    struct bs_table *here = table_with_text(PLAIN);
    char *got = translated(MY9, MA118, "ALTER TABLE t MODIFY moment BIGINT", here);
    cr_expect_not_null(strstr(got, "| refused: "), "%s", got);
    free(got);
    bs_table_free(here);
    expect_refused(PLAIN, "ALTER TABLE t MODIFY a BIT(3)", false);
    expect_refused(PLAIN, "ALTER TABLE t MODIFY raw TEXT", false);
}

Test(translate_here, a_json_that_stays_one_is_no_other_kind) {
    struct bs_table *here =
        table_with_text("CREATE TABLE `t` (`c` longtext CHECK (json_valid(`c`)))");
    char *got = translated(MY9, MA118, "ALTER TABLE t MODIFY c JSON COMMENT 'x'", here);
    cr_expect_null(strstr(got, "refused"), "%s", got);
    free(got);
    got = translated(MA118, MY9, "ALTER TABLE t MODIFY j LONGTEXT CHECK (json_valid(j))", here);
    cr_expect_null(strstr(got, "refused"), "%s", got);
    free(got);
    bs_table_free(here);
}

Test(translate_here, an_alter_that_would_delete_other_rows_is_refused) {
    static const char BY_TEXT[] = "CREATE TABLE `t` (`c` varchar(9))\n/*!50100 PARTITION BY KEY "
                                  "(a,c)\nPARTITIONS 4 */";
    static const char COLUMNS[] =
        "CREATE TABLE `t` (`c` varchar(9))\n/*!50500 PARTITION BY RANGE  COLUMNS(`c`)\n(...) */";
    static const char BY_NUMBER[] = "CREATE TABLE `t` (`a` int)\n/*!50500 PARTITION BY RANGE  "
                                    "COLUMNS(`a`)\n(...) */";
    static const char BY_DAY[] = "CREATE TABLE `t` (`day` date)\nPARTITION BY LINEAR KEY (`day`)";
    static const char DAYS[] = "CREATE TABLE `t` (`day` date)\nPARTITION BY RANGE  COLUMNS(`day`)";
    static const char BY_KEY[] = "CREATE TABLE `t` (`a` int)\nPARTITION BY KEY (a)\nPARTITIONS 4";
    expect_refused(BY_DAY, "ALTER TABLE t TRUNCATE PARTITION p0", true);
    expect_refused(DAYS, "ALTER TABLE t TRUNCATE PARTITION p0", false);
    expect_refused(BY_KEY, "ALTER TABLE t TRUNCATE PARTITION p0", false);
    expect_refused(BY_TEXT, "ALTER TABLE t TRUNCATE PARTITION p0", true);
    expect_refused(COLUMNS, "ALTER TABLE t DROP PARTITION p0", true);
    expect_refused(BY_NUMBER, "ALTER TABLE t DROP PARTITION p0", false);
    expect_refused(BY_NUMBER, "ALTER TABLE t TRUNCATE PARTITION ALL", false);
}

Test(translate_here, an_index_is_replaced_in_one_statement) {
    static const char PLAIN[] = "CREATE TABLE `t` (`a` int, CONSTRAINT `chk` CHECK (a > 1))";
    expect_here(PLAIN, "CREATE OR REPLACE UNIQUE INDEX k ON d.t (a)",
                "ALTER TABLE d.t DROP INDEX k, ADD UNIQUE INDEX k (`a`)");
    expect_here(PLAIN, "CREATE OR REPLACE INDEX other ON t (a)", "CREATE INDEX other ON t (`a`)");
    expect_here(PLAIN, "ALTER TABLE t DROP CONSTRAINT IF EXISTS chk",
                "ALTER TABLE `t` DROP CONSTRAINT chk");
    expect_here(PLAIN, "ALTER TABLE t DROP CONSTRAINT IF EXISTS none", "");
}

Test(translate_here, documents_are_not_converted_with_the_texts) {
    struct bs_table *here =
        table_with_text("CREATE TABLE `t` (`j` longtext CHECK (json_valid(`j`)))");
    static const struct {
        const char *sql;
        bool refused;
    } cases[] = {
        {"ALTER TABLE t CONVERT TO CHARACTER SET latin1", true},
        {"ALTER TABLE t CONVERT TO CHARACTER SET utf8mb3", true},
        {"ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *got = translated(MY9, MA118, cases[i].sql, here);
        cr_expect_eq(strstr(got, "| refused: CONVERT TO") != NULL, cases[i].refused, "%s became %s",
                     cases[i].sql, got);
        free(got);
    }
    bs_table_free(here);
}

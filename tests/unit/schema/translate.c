#include "schema/translation.h"

#include "base/mem.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* A server's collations as far as the cases need them: "charset name [default]". */
struct known {
    const char *charset, *name;
    bool is_default;
};

static const struct known COMMON[] = {
    {"latin1", "latin1_swedish_ci", true},     {"ascii", "ascii_general_ci", true},
    {"utf8mb3", "utf8mb3_general_ci", false},  {"utf8mb4", "utf8mb4_bin", false},
    {"utf8mb4", "utf8mb4_general_ci", false},  {"utf8mb4", "utf8mb4_unicode_520_ci", false},
    {"utf8mb4", "utf8mb4_croatian_ci", false},
};
static const struct known MYSQL9[] = {
    {"utf8mb4", "utf8mb4_0900_ai_ci", true},     {"utf8mb4", "utf8mb4_0900_as_cs", false},
    {"utf8mb4", "utf8mb4_0900_bin", false},      {"utf8mb4", "utf8mb4_de_pb_0900_ai_ci", false},
    {"utf8mb4", "utf8mb4_ru_0900_ai_ci", false}, {"gb18030", "gb18030_chinese_ci", true},
};
static const struct known MYSQL5[] = {{"utf8mb4", "utf8mb4_general_ci", true}};
static const struct known MARIADB11[] = {
    {"utf8mb4", "utf8mb4_uca1400_ai_ci", true},
    {"utf8mb4", "utf8mb4_uca1400_nopad_ai_ci", false},
    {"utf8mb4", "utf8mb4_uca1400_nopad_as_cs", false},
    {"utf8mb4", "utf8mb4_uca1400_german2_nopad_ai_ci", false},
    {"utf8mb4", "utf8mb4_uca1400_german2_ai_ci", false},
    {"utf8mb4", "utf8mb4_nopad_bin", false},
    {"latin1", "latin1_swedish_nopad_ci", false},
};
static const struct known MARIADB10[] = {
    {"utf8mb4", "utf8mb4_general_ci", true},
    {"utf8mb4", "utf8mb4_unicode_520_nopad_ci", false},
    {"utf8mb4", "utf8mb4_nopad_bin", false},
    {"utf8mb4", "utf8mb4_croatian_mysql561_ci", false},
};

enum side { MY9, MY56, MA118, MA105 };

static void
add_all(struct bs_collation_list *list, const struct known *known, size_t count) {
    for (size_t i = 0; i < count; i++) {
        bs_collation_list_add(list, 0, bs_str(known[i].name), bs_str(known[i].charset),
                              known[i].is_default);
    }
}

#define ADD(list, array) add_all(list, array, sizeof(array) / sizeof *(array))

static struct bs_server
server(enum side side, struct bs_collation_list *list) {
    ADD(list, COMMON);
    switch (side) {
    case MY9:
        ADD(list, MYSQL9);
        return (struct bs_server){.flavour = BS_MYSQL, .version = 90704};
    case MY56:
        ADD(list, MYSQL5);
        return (struct bs_server){.flavour = BS_MYSQL, .version = 50624};
    case MA118:
        ADD(list, MARIADB11);
        return (struct bs_server){.flavour = BS_MARIADB, .version = 110809};
    case MA105:
        ADD(list, MARIADB10);
        return (struct bs_server){.flavour = BS_MARIADB, .version = 100523};
    }
    abort();
}

static struct bs_translation
between(enum side source, enum side target) {
    struct bs_translation t = {0};
    t.source = server(source, &t.source_collations);
    t.target = server(target, &t.target_collations);
    return t;
}

static bool is_strict; /* the session */

/* The statement on the target, as of a session in utf8mb4, with " | " and the first note of each
 * kind that matters. */
static char *
translated(enum side source, enum side target, const char *sql, const struct bs_table *here) {
    struct bs_translation t = between(source, target);
    struct bs_translated out;
    struct bs_buf text = {0};
    struct bs_text_mode mode = {.is_utf8mb4 = true, .is_strict = is_strict};
    bs_translate_statement(&t, bs_str(sql), mode, here, &out);
    const struct bs_note *refused = bs_notes_find(&out.notes, BS_NOTE_REFUSED);
    const struct bs_note *left_out = bs_notes_find(&out.notes, BS_NOTE_LEFT_OUT);
    if (out.before.len > 0) {
        bs_buf_printf(&text, "%s; ", bs_buf_cstr(&out.before));
    }
    bs_buf_put_str(&text, bs_buf_str(&out.sql));
    if (refused != NULL) {
        bs_buf_printf(&text, " | refused: %s", refused->text);
    }
    if (left_out != NULL) {
        bs_buf_printf(&text, " | left out: %s", left_out->text);
    }
    bs_translated_fini(&out);
    bs_translation_fini(&t);
    return bs_buf_take_cstr(&text);
}

static void
expect(enum side source, enum side target, const char *sql, const char *wanted) {
    char *got = translated(source, target, sql, NULL);
    cr_expect_str_eq(got, wanted, "%s\n  became %s\n  wanted %s", sql, got, wanted);
    free(got);
}

static void
expect_note(enum side source, enum side target, const char *sql, const char *words) {
    char *got = translated(source, target, sql, NULL);
    cr_expect_not_null(strstr(got, words), "%s\n  became %s\n  without %s", sql, got, words);
    free(got);
}

Test(translate, between_servers_of_one_version_nothing_is_touched) {
    expect(MY9, MY9, "CREATE TABLE t (a json /* x */) /*!50100 TABLESPACE `x` */",
           "CREATE TABLE t (a json /* x */) /*!50100 TABLESPACE `x` */");
}

static unsigned int
id_of(struct bs_translation *t, const char *name) {
    for (size_t i = 0; i < t->source_collations.count; i++) {
        t->source_collations.items[i].id = (unsigned int)i + 1;
    }
    return bs_collation_by_name(&t->source_collations, bs_str(name))->id;
}

static void
expect_chosen(enum side source, enum side target, const char *chosen, bool holds,
              const char *wanted) {
    struct bs_translation t = between(source, target);
    unsigned int id = chosen != NULL ? id_of(&t, chosen) : 0;
    struct bs_charset_choice choice = {id, id};
    struct bs_text_mode mode = {.is_utf8mb4 = true,
                                .has_choices = true,
                                .choices_hold = holds,
                                .choices = &choice,
                                .choice_count = chosen != NULL};
    struct bs_translated out;
    bs_translate_statement(&t, bs_str("CREATE TABLE t (a TEXT CHARACTER SET utf8mb4)"), mode, NULL,
                           &out);
    cr_expect_str_eq(bs_buf_cstr(&out.sql), wanted);
    bs_translated_fini(&out);
    bs_translation_fini(&t);
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

Test(translate, a_charset_alone_keeps_the_collation_that_its_session_chose) {
    expect_chosen(MA118, MY9, "utf8mb4_bin", false,
                  "CREATE TABLE `t` (`a` TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)");
    expect_chosen(MA118, MY9, NULL, false,
                  "CREATE TABLE `t` (`a` TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci)");
    expect_chosen(MA118, MA105, NULL, false, "CREATE TABLE t (a TEXT CHARACTER SET utf8mb4)");
    expect_chosen(MA118, MY9, "utf8mb4_bin", true,
                  "CREATE TABLE `t` (`a` TEXT CHARACTER SET utf8mb4)");
    expect_chosen(MY9, MA118, "utf8mb4_general_ci", false,
                  "CREATE TABLE `t` (`a` TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci)");
}

Test(translate, a_charset_alone_keeps_the_collation_that_it_meant) {
    expect(MY56, MY9, "CREATE TABLE t (a INT) DEFAULT CHARSET=utf8mb4",
           "CREATE TABLE t (a INT) DEFAULT CHARSET=utf8mb4 COLLATE utf8mb4_general_ci");
    expect(MA105, MA118, "CREATE TABLE t (a TEXT CHARACTER SET utf8mb4 NOT NULL)",
           "CREATE TABLE t (a TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL)");
    expect(MY9, MA105, "ALTER DATABASE d CHARACTER SET utf8mb4",
           "ALTER DATABASE d CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_nopad_ci");
    expect(MA118, MY9, "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4",
           "ALTER TABLE `t` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci");
    expect(MY56, MY9, "CREATE TABLE t (a CHAR(3) CHARACTER SET latin1)",
           "CREATE TABLE t (a CHAR(3) CHARACTER SET latin1)");
}

Test(translate, utf8_of_a_source_that_means_utf8mb4_is_said_in_full) {
    struct bs_translation t = between(MA118, MA105);
    struct bs_translated out;
    t.source.utf8_is_utf8mb4 = true;
    bs_translate_statement(
        &t,
        bs_str("ALTER TABLE utf8 ADD c TEXT CHARACTER SET = utf8 COLLATE utf8_bin DEFAULT 'utf8', "
               "ADD d TEXT CHARSET utf8mb3 COLLATE utf8mb3_bin, COLLATE utf8_bin"),
        (struct bs_text_mode){0}, NULL, &out);
    cr_expect_str_eq(bs_buf_cstr(&out.sql),
                     "ALTER TABLE utf8 ADD c TEXT CHARACTER SET = utf8mb4 COLLATE utf8mb4_bin "
                     "DEFAULT 'utf8', ADD d TEXT CHARSET utf8mb3 COLLATE utf8mb3_bin, COLLATE "
                     "utf8mb4_bin");
    bs_translated_fini(&out);
    bs_translation_fini(&t);
}

Test(translate, collations_are_called_by_the_names_of_the_nearest_ones) {
    expect(MY9, MA118, "CREATE TABLE t (a INT) COLLATE=utf8mb4_0900_as_cs",
           "CREATE TABLE `t` (`a` INT) COLLATE=utf8mb4_uca1400_nopad_as_cs");
    expect(MY9, MA118, "CREATE TABLE t (a INT) COLLATE utf8mb4_de_pb_0900_ai_ci",
           "CREATE TABLE `t` (`a` INT) COLLATE utf8mb4_uca1400_german2_nopad_ai_ci");
    expect(MY9, MA105, "CREATE TABLE t (a INT) COLLATE utf8mb4_0900_bin",
           "CREATE TABLE `t` (`a` INT) COLLATE utf8mb4_nopad_bin");
    expect(
        MA118, MY9, "CREATE TABLE t (a INT) COLLATE utf8mb4_uca1400_german2_ai_ci",
        "CREATE TABLE `t` (`a` INT) COLLATE utf8mb4_de_pb_0900_ai_ci | left out: blanks at the end "
        "of a text do not count with utf8mb4_uca1400_german2_ai_ci, and do with "
        "utf8mb4_de_pb_0900_ai_ci");
    expect(MA118, MY9, "CREATE TABLE t (a INT) COLLATE utf8mb4_uca1400_ai_ci",
           "CREATE TABLE `t` (`a` INT) COLLATE utf8mb4_unicode_520_ci");
    expect(MA118, MY9, "CREATE TABLE t (a INT) COLLATE utf8mb4_uca1400_nopad_ai_ci",
           "CREATE TABLE `t` (`a` INT) COLLATE utf8mb4_0900_ai_ci");
    expect_note(MA118, MY56, "CREATE TABLE t (a INT) COLLATE utf8mb4_uca1400_nopad_ai_ci",
                "left out: blanks at the end of a text count with");
    expect(MA118, MY56, "CREATE TABLE t (a INT) COLLATE utf8mb4_uca1400_ai_ci",
           "CREATE TABLE `t` (`a` INT) COLLATE utf8mb4_unicode_520_ci");
    expect(MA105, MY9, "CREATE TABLE t (a INT) COLLATE utf8mb4_croatian_mysql561_ci",
           "CREATE TABLE `t` (`a` INT) COLLATE utf8mb4_croatian_ci");
}

Test(translate, a_collation_or_charset_without_an_equal_is_refused) {
    expect_note(MY9, MA118, "CREATE TABLE t (a TEXT COLLATE utf8mb4_ru_0900_ai_ci)",
                "refused: collation utf8mb4_ru_0900_ai_ci has no equal");
    expect_note(MY9, MA105, "CREATE TABLE t (a TEXT COLLATE utf8mb4_0900_as_cs)",
                "refused: collation utf8mb4_0900_as_cs");
    expect_note(MY9, MA118, "CREATE TABLE t (a TEXT CHARACTER SET gb18030)",
                "refused: charset gb18030");
    expect_note(MA118, MY9, "CREATE TABLE t (a TEXT COLLATE latin1_swedish_nopad_ci)",
                "refused: collation latin1_swedish_nopad_ci");
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

static struct bs_table *
table_with_column_a(void) {
    struct bs_table *table = bs_zalloc(sizeof *table);
    table->columns = bs_zalloc(sizeof *table->columns);
    table->columns[0].name = bs_strdup("a");
    table->column_count = 1;
    return table;
}

Test(translate, conditions_that_mysql_does_not_have_are_decided_by_what_is_there) {
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

/* MySQL prints each literal of an expression with its charset, and MariaDB would lose its bytes. */
Test(translate, literals_of_expressions_lose_their_charset_on_mariadb) {
    expect(MY9, MA118,
           "CREATE TABLE t (a TEXT, g TEXT AS (concat(`a`,_utf8mb4'ä\\\\n', _utf8'b')) STORED, d "
           "TEXT DEFAULT (_utf8mb4'ä'), CHECK (`a` <> _utf8mb3'\\''), e INT DEFAULT _latin1'ä')",
           "CREATE TABLE `t` (`a` TEXT, `g` TEXT AS (concat(`a`,'ä\\\\n', 'b')) STORED, `d` TEXT "
           "DEFAULT ('ä'), CHECK (`a` <> '\\''), `e` INT DEFAULT _latin1'ä')");
    expect(MY9, MA118, "ALTER TABLE t ADD g TEXT AS (concat(`a`,_utf8mb4'\\\\'))",
           "ALTER TABLE `t` ADD `g` TEXT AS (concat(`a`,'\\\\'))");
    expect(MY9, MA118, "CREATE TABLE t (a INT AS (b = _latin1'x'))",
           "CREATE TABLE `t` (`a` INT AS (b = _latin1'x'))");
    expect(MY9, MA118, "CREATE VIEW v AS SELECT _utf8mb4'\\\\' AS a COLLATE utf8mb4_bin",
           "CREATE VIEW v AS SELECT _utf8mb4'\\\\' AS a COLLATE utf8mb4_bin");
    expect(MY9, MY56, "CREATE TABLE t (a INT AS (b = _utf8mb4'\\\\'))",
           "CREATE TABLE t (a INT AS (b = _utf8mb4'\\\\'))");
}

Test(translate, literals_that_mariadb_would_spoil_are_refused) {
    static const char *const LITERALS[] = {
        "_latin1'ä'",   "_cp932'\\'",    "_binary'x'",   "_latin1 x'e9'",
        "_latin1 0xe9", "_utf8mb4 0xe9", "_binary b'1'",
    };
    for (size_t i = 0; i < sizeof LITERALS / sizeof *LITERALS; i++) {
        char *sql = bs_asprintf("CREATE TABLE t (a INT AS (b = %s))", LITERALS[i]);
        expect_note(MY9, MA118, sql, "refused: MariaDB would not keep the bytes of a literal");
        free(sql);
    }
}

/* In such a session the same literal without its charset would be another text. */
Test(translate, literals_of_sessions_in_other_charsets_are_refused) {
    struct bs_translation t = between(MY9, MA118);
    struct bs_translated out;
    bs_translate_statement(&t, bs_str("CREATE TABLE t (a INT AS (b = _utf8mb4'ä'))"),
                           (struct bs_text_mode){0}, NULL, &out);
    cr_expect_not_null(bs_notes_find(&out.notes, BS_NOTE_REFUSED));
    bs_translated_fini(&out);
    bs_translate_statement(&t, bs_str("CREATE TABLE t (a INT AS (b = _utf8mb4'x'))"),
                           (struct bs_text_mode){0}, NULL, &out);
    cr_expect_null(bs_notes_find(&out.notes, BS_NOTE_REFUSED));
    bs_translated_fini(&out);
    bs_translation_fini(&t);
}

Test(translate, an_objects_settings_are_the_targets) {
    struct bs_translation t = between(MA118, MY9);
    struct bs_notes notes = {0};
    struct bs_object object = {
        .kind = BS_OBJECT_PROCEDURE,
        .db = bs_strdup("d"),
        .name = bs_strdup("p"),
        .create = bs_strdup("CREATE PROCEDURE p() SELECT 'a'   COLLATE utf8mb4_uca1400_ai_ci"),
        .sql_mode = bs_strdup("ANSI_QUOTES,NO_AUTO_CREATE_USER,TIME_ROUND_FRACTIONAL"),
        .charset_client = bs_strdup("utf8mb4"),
        .collation_connection = bs_strdup("utf8mb4_uca1400_ai_ci"),
    };
    bs_translate_object(&t, &object, &notes);
    cr_expect_str_eq(object.create,
                     "CREATE PROCEDURE p() SELECT 'a' COLLATE utf8mb4_unicode_520_ci");
    cr_expect_str_eq(object.sql_mode, "ANSI_QUOTES");
    cr_expect_str_eq(object.collation_connection, "utf8mb4_unicode_520_ci");
    cr_expect_null(bs_notes_find(&notes, BS_NOTE_REFUSED));
    bs_notes_fini(&notes);
    bs_object_fini(&object);
    bs_translation_fini(&t);
}

static void
expect_modes(enum side source, enum side target, const char *modes, const char *wanted) {
    struct bs_translation t = between(source, target);
    struct bs_notes notes = {0};
    struct bs_object object = {.kind = BS_OBJECT_TRIGGER,
                               .db = bs_strdup("d"),
                               .name = bs_strdup("r"),
                               .create = bs_strdup("CREATE TRIGGER r BEFORE INSERT ON t FOR EACH "
                                                   "ROW SET NEW.at = NOW(6)"),
                               .sql_mode = bs_strdup(modes)};
    bs_translate_object(&t, &object, &notes);
    cr_expect_str_eq(object.sql_mode, wanted);
    bs_notes_fini(&notes);
    bs_object_fini(&object);
    bs_translation_fini(&t);
}

Test(translate, a_program_cuts_or_rounds_times_as_on_the_source) {
    static const char TRUNCATES[] = "TIME_TRUNCATE_FRACTIONAL", ROUNDS[] = "TIME_ROUND_FRACTIONAL";
    expect_modes(MY9, MA118, "", ROUNDS);
    expect_modes(MY9, MA118, "ANSI_QUOTES", "ANSI_QUOTES,TIME_ROUND_FRACTIONAL");
    expect_modes(MY9, MA118, TRUNCATES, "");
    expect_modes(MA118, MY9, "", TRUNCATES);
    expect_modes(MA118, MY9, ROUNDS, "");
    expect_modes(MA105, MA118, "", "");
    expect_modes(MA105, MA118, ROUNDS, ROUNDS);
}

Test(translate, a_mode_that_changes_what_a_program_means_is_refused) {
    struct bs_translation t = between(MA118, MY9);
    struct bs_notes notes = {0};
    struct bs_object object = {.kind = BS_OBJECT_PROCEDURE,
                               .db = bs_strdup("d"),
                               .name = bs_strdup("p"),
                               .create = bs_strdup("CREATE PROCEDURE p() AS BEGIN NULL; END"),
                               .sql_mode = bs_strdup("ORACLE")};
    bs_translate_object(&t, &object, &notes);
    cr_expect_not_null(bs_notes_find(&notes, BS_NOTE_REFUSED));
    bs_notes_fini(&notes);
    bs_object_fini(&object);
    bs_translation_fini(&t);
}

Test(translate, mysql_has_no_packages) {
    static const char SPECIFICATION[] =
        "CREATE DEFINER=`a`@`b` PACKAGE p FUNCTION f() returns int; END";
    expect_note(MA118, MY9, SPECIFICATION, "| refused: PACKAGE has no equal");
    expect_note(MA118, MY9, "CREATE OR REPLACE PACKAGE BODY p n INT; END", "| refused: PACKAGE");
    expect(MA118, MY9, "DROP PACKAGE IF EXISTS p", "");
    expect(MA105, MA118, SPECIFICATION, SPECIFICATION);
    expect(MA118, MY9, "CREATE INDEX package ON package (package)",
           "CREATE INDEX package ON package (`package`)");
    struct bs_translation t = between(MA118, MY9);
    struct bs_notes notes = {0};
    struct bs_object object = {.kind = BS_OBJECT_PACKAGE_BODY,
                               .db = bs_strdup("d"),
                               .name = bs_strdup("p"),
                               .create = bs_strdup("CREATE PACKAGE BODY p n INT; END"),
                               .sql_mode = bs_strdup("")};
    bs_translate_object(&t, &object, &notes);
    cr_expect_not_null(bs_notes_find(&notes, BS_NOTE_REFUSED));
    bs_notes_fini(&notes);
    bs_object_fini(&object);
    bs_translation_fini(&t);
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

Test(translate, an_alter_that_would_make_other_values_is_refused) {
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
    is_strict = true;
    expect_refused(PLAIN, "ALTER TABLE t MODIFY a BIT(3)", false);
    expect_refused(PLAIN, "ALTER TABLE t MODIFY raw TEXT", false);
}

Test(translate, a_json_that_stays_one_is_no_other_kind) {
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

Test(translate, an_alter_that_would_delete_other_rows_is_refused) {
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

Test(translate, an_index_is_replaced_in_one_statement) {
    static const char PLAIN[] = "CREATE TABLE `t` (`a` int, CONSTRAINT `chk` CHECK (a > 1))";
    expect_here(PLAIN, "CREATE OR REPLACE UNIQUE INDEX k ON d.t (a)",
                "ALTER TABLE d.t DROP INDEX k, ADD UNIQUE INDEX k (`a`)");
    expect_here(PLAIN, "CREATE OR REPLACE INDEX other ON t (a)", "CREATE INDEX other ON t (`a`)");
    expect_here(PLAIN, "ALTER TABLE t DROP CONSTRAINT IF EXISTS chk",
                "ALTER TABLE `t` DROP CONSTRAINT chk");
    expect_here(PLAIN, "ALTER TABLE t DROP CONSTRAINT IF EXISTS none", "");
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

Test(translate, binary_as_an_attribute_is_the_collation) {
    expect(MY56, MY9, "CREATE TABLE t (a VARCHAR(9) BINARY CHARACTER SET utf8mb4)",
           "CREATE TABLE t (a VARCHAR(9) BINARY CHARACTER SET utf8mb4)");
}

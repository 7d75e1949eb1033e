#include "translations.h"

#include "base/mem.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* Charsets, collations, and literals that carry them. */

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

Test(translate_charset, a_charset_alone_keeps_the_collation_that_its_session_chose) {
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

Test(translate_charset, a_charset_alone_keeps_the_collation_that_it_meant) {
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

Test(translate_charset, utf8_of_a_source_that_means_utf8mb4_is_said_in_full) {
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

Test(translate_charset, collations_are_called_by_the_names_of_the_nearest_ones) {
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

Test(translate_charset, a_collation_or_charset_without_an_equal_is_refused) {
    expect_note(MY9, MA118, "CREATE TABLE t (a TEXT COLLATE utf8mb4_ru_0900_ai_ci)",
                "refused: collation utf8mb4_ru_0900_ai_ci has no equal");
    expect_note(MY9, MA105, "CREATE TABLE t (a TEXT COLLATE utf8mb4_0900_as_cs)",
                "refused: collation utf8mb4_0900_as_cs");
    expect_note(MY9, MA118, "CREATE TABLE t (a TEXT CHARACTER SET gb18030)",
                "refused: charset gb18030");
    expect_note(MA118, MY9, "CREATE TABLE t (a TEXT COLLATE latin1_swedish_nopad_ci)",
                "refused: collation latin1_swedish_nopad_ci");
}

/* MySQL prints each literal of an expression with its charset, and MariaDB would lose its bytes. */
Test(translate_charset, literals_of_expressions_lose_their_charset_on_mariadb) {
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

Test(translate_charset, literals_that_mariadb_would_spoil_are_refused) {
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
Test(translate_charset, literals_of_sessions_in_other_charsets_are_refused) {
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

Test(translate_charset, binary_as_an_attribute_is_the_collation) {
    expect(MY56, MY9, "CREATE TABLE t (a VARCHAR(9) BINARY CHARACTER SET utf8mb4)",
           "CREATE TABLE t (a VARCHAR(9) BINARY CHARACTER SET utf8mb4)");
}

Test(translate_charset, names_may_stand_in_quotes) {
    expect(MY56, MY9, "ALTER TABLE t CHANGE COLUMN a a VARCHAR(50) COLLATE 'utf8mb4_general_ci'",
           "ALTER TABLE t CHANGE COLUMN a a VARCHAR(50) COLLATE 'utf8mb4_general_ci'");
    expect(MY9, MY9, "CREATE TABLE t (a INT) DEFAULT CHARSET='utf8mb4' COLLATE \"utf8mb4_bin\"",
           "CREATE TABLE t (a INT) DEFAULT CHARSET='utf8mb4' COLLATE \"utf8mb4_bin\"");
    expect_note(MY9, MA118, "ALTER TABLE t MODIFY a TEXT COLLATE 'utf8mb4_0900_as_cs'",
                "COLLATE utf8mb4_uca1400_nopad_as_cs");
}

Test(translate_charset, a_column_may_be_called_charset) {
    expect(MY56, MY9, "ALTER TABLE t ADD charset VARCHAR(20)",
           "ALTER TABLE t ADD charset VARCHAR(20)");
}

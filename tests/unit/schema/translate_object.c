#include "translations.h"

#include "base/mem.h"

#include <criterion/criterion.h>

/* Programs: triggers, routines, events, packages. */

Test(translate_object, an_objects_settings_are_the_targets) {
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

Test(translate_object, a_program_cuts_or_rounds_times_as_on_the_source) {
    static const char TRUNCATES[] = "TIME_TRUNCATE_FRACTIONAL", ROUNDS[] = "TIME_ROUND_FRACTIONAL";
    expect_modes(MY9, MA118, "", ROUNDS);
    expect_modes(MY9, MA118, "ANSI_QUOTES", "ANSI_QUOTES,TIME_ROUND_FRACTIONAL");
    expect_modes(MY9, MA118, TRUNCATES, "");
    expect_modes(MA118, MY9, "", TRUNCATES);
    expect_modes(MA118, MY9, ROUNDS, "");
    expect_modes(MA105, MA118, "", "");
    expect_modes(MA105, MA118, ROUNDS, ROUNDS);
}

Test(translate_object, a_mode_that_changes_what_a_program_means_is_refused) {
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

Test(translate_object, mysql_has_no_packages) {
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

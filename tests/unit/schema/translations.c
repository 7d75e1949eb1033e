#include "translations.h"

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

struct bs_translation
between(enum side source, enum side target) {
    struct bs_translation t = {0};
    t.source = server(source, &t.source_collations);
    t.target = server(target, &t.target_collations);
    return t;
}

bool session_is_strict;

char *
translated(enum side source, enum side target, const char *sql, const struct bs_table *here) {
    struct bs_translation t = between(source, target);
    struct bs_translated out;
    struct bs_buf text = {0};
    struct bs_text_mode mode = {.is_utf8mb4 = true, .is_strict = session_is_strict};
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

void
expect(enum side source, enum side target, const char *sql, const char *wanted) {
    char *got = translated(source, target, sql, NULL);
    cr_expect_str_eq(got, wanted, "%s\n  became %s\n  wanted %s", sql, got, wanted);
    free(got);
}

void
expect_note(enum side source, enum side target, const char *sql, const char *words) {
    char *got = translated(source, target, sql, NULL);
    cr_expect_not_null(strstr(got, words), "%s\n  became %s\n  without %s", sql, got, words);
    free(got);
}

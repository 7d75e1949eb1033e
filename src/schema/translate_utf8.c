/* utf8 of a source that means utf8mb4 by it, said in full: the target may mean utf8mb3, and where
 * names are looked up (collation.c) these two are one. */
#include "schema/translate_private.h"

#include <stdio.h>
#include <strings.h>

/* Does the name of a charset, or of a collation, come next? */
static bool
names_charset(const struct bs_words *words, size_t at) {
    return bs_words_is(words, at, "CHARSET") || bs_words_is(words, at, "COLLATE") ||
           bs_words_is(words, at, "USING") ||
           (at > 0 && bs_words_is(words, at, "SET") && bs_words_is(words, at - 1, "CHARACTER"));
}

/* utf8 or utf8_bin, without more in front or instead of the rest. */
static bool
is_utf8(const char *name, const char **rest) {
    static const char UTF8[] = "utf8";
    *rest = name + sizeof UTF8 - 1;
    return strncasecmp(name, UTF8, sizeof UTF8 - 1) == 0 && (**rest == '\0' || **rest == '_');
}

void
bs_translate_put_utf8(struct bs_buf *out, const struct bs_translation *t, struct bs_str sql,
                      bool ansi_quotes, bool no_backslash_escapes) {
    struct bs_words words = {0};
    bs_words_read(&words, sql, ansi_quotes, no_backslash_escapes, &t->source);
    for (size_t i = 0; i + 1 < words.count; i++) {
        size_t at = i + 1 + bs_words_is_punct(&words, i + 1, '=');
        char name[BS_WORD_TEXT_MAX];
        char full[BS_WORD_TEXT_MAX + sizeof "mb4"];
        const char *rest = NULL;
        if (!names_charset(&words, i) || at >= words.count) {
            continue;
        }
        bs_words_name(&words, at, name, sizeof name);
        if (is_utf8(name, &rest)) {
            (void)snprintf(full, sizeof full, "utf8mb4%s", rest);
            bs_words_set(&words, at, full);
        }
    }
    bs_words_put(&words, out);
    bs_words_fini(&words);
}

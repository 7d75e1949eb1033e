#include "schema/references.h"

/* ON DELETE x, ON UPDATE x: behind it; at itself where there is none. A column has ON UPDATE
 * CURRENT_TIMESTAMP as well, which is another thing. */
static size_t
behind_action(const struct bs_words *words, size_t at) {
    bool is_on = bs_words_is(words, at, "ON") &&
                 (bs_words_is(words, at + 1, "DELETE") || bs_words_is(words, at + 1, "UPDATE"));
    if (!is_on) {
        return at;
    }
    if (bs_words_is(words, at + 2, "RESTRICT") || bs_words_is(words, at + 2, "CASCADE")) {
        return at + 3;
    }
    return bs_words_is(words, at + 2, "SET") || bs_words_is(words, at + 2, "NO") ? at + 4 : at;
}

size_t
bs_references_end(const struct bs_words *words, size_t at) {
    size_t behind = bs_words_is_punct(words, at + 2, '.') ? at + 4 : at + 2;
    behind = bs_words_behind(words, behind);
    for (size_t before = at; behind > before;) {
        before = behind;
        behind = bs_words_is(words, behind, "MATCH") ? behind + 2 : behind_action(words, behind);
    }
    return behind;
}

/* Literals that name their charset (_utf8mb4'x'), in what a table keeps as text: generated columns,
 * CHECKs, expressions as defaults. MySQL prints each literal of these so. MariaDB stores such a one
 * as '\xC3\xA4' and reads that back as xC3xA4, takes a level of backslashes away, and reads an
 * escaped quote as the end: what the table computes would not be what the source computes, and
 * nothing would say so (tried on 10.5.23 and 11.8.9). Literals without a charset stay what they
 * are. Those of views and programs are kept as written. */
#include "schema/translate_private.h"

#include <string.h>
#include <strings.h>

static bool
is_introducer(const struct bs_translating *tr, size_t at) {
    static const char *const NO_LITERALS[] = {"x", "b", "n"};
    struct bs_str text = tr->words.items[at].token.text;
    if (tr->words.items[at].token.kind != BS_TOKEN_WORD || text.data[0] != '_') {
        return false;
    }
    /* Of a plain default the value is kept, not the words. */
    if (at > 0 && bs_words_is(&tr->words, at - 1, "DEFAULT")) {
        return false;
    }
    for (size_t i = 0; i < sizeof NO_LITERALS / sizeof *NO_LITERALS; i++) {
        if (bs_words_is(&tr->words, at + 1, NO_LITERALS[i]) &&
            bs_words_is_string(&tr->words, at + 2)) {
            return true;
        }
    }
    struct bs_str next =
        at + 1 < tr->words.count ? tr->words.items[at + 1].token.text : (struct bs_str){"", 0};
    return bs_words_is_string(&tr->words, at + 1) || bs_str_starts_nocase(next, "0x") ||
           bs_str_starts_nocase(next, "0b");
}

/* A string of which MariaDB keeps every byte. */
static bool
is_plain(const struct bs_translating *tr, size_t at) {
    struct bs_str text = tr->words.items[at].token.text;
    for (size_t i = 1; i + 1 < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x20 || c > 0x7e || c == '\\' || c == '\'') {
            return false;
        }
    }
    return bs_words_is_string(&tr->words, at);
}

static bool
is_utf8(struct bs_str introducer) {
    return bs_str_is_nocase(introducer, "_utf8mb4") || bs_str_is_nocase(introducer, "_utf8mb3") ||
           bs_str_is_nocase(introducer, "_utf8");
}

/* _binary'abc' makes a comparison one of bytes, which MariaDB forgets with the word. */
void
bs_translate_literals(struct bs_translating *tr, bool is_utf8mb4) {
    for (size_t at = 0; at + 1 < tr->words.count; at++) {
        struct bs_str introducer = tr->words.items[at].token.text;
        if (bs_words_is_cut(&tr->words, at) || !is_introducer(tr, at)) {
            continue;
        }
        if (is_utf8mb4 && is_utf8(introducer) && bs_words_is_string(&tr->words, at + 1)) {
            bs_words_cut(&tr->words, at, at + 1);
        } else if (!is_plain(tr, at + 1) || bs_str_is_nocase(introducer, "_binary")) {
            bs_notes_add(tr->notes, BS_NOTE_REFUSED,
                         "MariaDB would not keep the bytes of a literal of charset %.*s",
                         (int)introducer.len - 1, introducer.data + 1);
        }
    }
}

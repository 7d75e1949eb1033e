/* Charsets that stand without a collation: which one is theirs, the server says, or the session. */
#include "schema/translate_private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void
bs_translate_charset_name(const struct bs_translating *tr, size_t at, char *out, size_t cap) {
    bs_words_name(&tr->words, at, out, cap);
    size_t len = strlen(out);
    if (len >= 2 && (*out == '\'' || *out == '"') && out[len - 1] == *out) {
        memmove(out, out + 1, len - 2);
        out[len - 2] = '\0';
    }
}

/* Where CHARACTER SET [=] or CHARSET [=] stands at at: the index of the charset's name, else 0. */
static size_t
charset_at(const struct bs_translating *tr, size_t at) {
    size_t name =
        bs_words_is(&tr->words, at, "CHARSET") ? at + 1
        : bs_words_is(&tr->words, at, "CHARACTER") && bs_words_is(&tr->words, at + 1, "SET")
            ? at + 2
            : 0;
    return name != 0 && bs_words_is_punct(&tr->words, name, '=') ? name + 1 : name;
}

static const struct bs_collation *
find_chosen(const struct bs_translating *tr, const char *charset) {
    const struct bs_collation_list *source = &tr->t->source_collations;
    for (size_t i = 0; i < tr->mode.choice_count; i++) {
        const struct bs_collation *of = bs_collation_by_id(source, tr->mode.choices[i].of);
        if (of != NULL && bs_charset_equal(bs_str(of->charset), bs_str(charset))) {
            return bs_collation_by_id(source, tr->mode.choices[i].collation);
        }
    }
    return NULL;
}

/* MariaDB logs what differs from how it was built, and there the list of its collations shows what
 * its global setting has made of that. Only charsets of Unicode are concerned in practice. */
static const struct bs_collation *
find_built_in(const struct bs_translating *tr, const char *charset) {
    char name[BS_WORD_TEXT_MAX + sizeof "_general_ci"];
    (void)snprintf(name, sizeof name, "%s_general_ci", charset);
    bool is_unicode = strncasecmp(charset, "utf", 3) == 0 || strcasecmp(charset, "ucs2") == 0;
    return is_unicode ? bs_collation_by_name(&tr->t->source_collations, bs_str(name))
                      : bs_collation_default(&tr->t->source_collations, bs_str(charset));
}

static const struct bs_collation *
default_on_source(const struct bs_translating *tr, const char *charset) {
    const struct bs_collation *chosen = find_chosen(tr, charset);
    bool is_told = tr->mode.has_choices && tr->t->source.flavour == BS_MARIADB;
    return chosen != NULL ? chosen
           : is_told      ? find_built_in(tr, charset)
                          : bs_collation_default(&tr->t->source_collations, bs_str(charset));
}

static void
translate_charset_at(struct bs_translating *tr, size_t name, bool has_collation) {
    char charset[BS_WORD_TEXT_MAX];
    bs_translate_charset_name(tr, name, charset, sizeof charset);
    if (strcasecmp(charset, "binary") == 0 || strcasecmp(charset, "default") == 0) {
        return;
    }
    if (!bs_collation_has_charset(&tr->t->source_collations, bs_str(charset))) {
        return; /* a column that is called charset, and its type */
    }
    if (!bs_collation_has_charset(&tr->t->target_collations, bs_str(charset))) {
        bs_notes_add(tr->notes, BS_NOTE_REFUSED, "charset %s is not known to the target", charset);
        return;
    }
    if (has_collation || tr->mode.choices_hold) {
        return;
    }
    const struct bs_collation *here = default_on_source(tr, charset);
    const struct bs_collation *there =
        bs_collation_default(&tr->t->target_collations, bs_str(charset));
    const char *wanted = here != NULL ? bs_translate_collation(tr->t, bs_str(here->name)) : NULL;
    if (wanted == NULL ||
        (there != NULL && bs_collation_name_equal(bs_str(wanted), bs_str(there->name)))) {
        return;
    }
    bs_words_append(&tr->words, name, " COLLATE ");
    bs_words_append(&tr->words, name, wanted);
}

void
bs_translate_charsets(struct bs_translating *tr, size_t from, size_t to) {
    bool has_collation = bs_words_find(&tr->words, from, to, "COLLATE") < to;
    for (size_t i = from; i < to; i++) {
        size_t name = charset_at(tr, i);
        size_t behind = bs_words_behind(&tr->words, i);
        if (name != 0 && name < to) {
            translate_charset_at(tr, name, has_collation);
        } else if (behind > i) {
            i = behind - 1;
        }
    }
}

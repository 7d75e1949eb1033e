/* Constraints that some servers read and forget. MySQL keeps CHECK from 8.0.16 on, and REFERENCES
 * within a column's definition from 9.0 on; MariaDB does from 10.2 and 10.5 on. What the source has
 * forgotten must not come alive on the target, where it would refuse rows, and delete others by
 * cascades that the source never ran; a foreign key that only the source has would be missing.
 *
 * A definition that a server prints holds none of these: this is about statements of the stream. */
#include "schema/references.h"
#include "schema/translate_private.h"

bool
bs_translate_forgets_check(const struct bs_translating *tr) {
    return !bs_server_keeps_checks(&tr->t->source) && bs_server_keeps_checks(&tr->t->target);
}

static void
cut_check(struct bs_translating *tr, const char *column, size_t from, size_t to) {
    size_t check = bs_words_find(&tr->words, from, to, "CHECK");
    if (!bs_words_is_punct(&tr->words, check + 1, '(') || !bs_translate_forgets_check(tr)) {
        return;
    }
    bs_words_cut(&tr->words, check, bs_words_behind(&tr->words, check + 1));
    bs_notes_add(tr->notes, BS_NOTE_LEFT_OUT,
                 "column %s: a CHECK is left out, which the source does not keep either", column);
}

static void
cut_references(struct bs_translating *tr, const char *column, size_t from, size_t to) {
    bool source_keeps = bs_server_keeps_column_references(&tr->t->source);
    bool target_keeps = bs_server_keeps_column_references(&tr->t->target);
    size_t references = bs_words_find(&tr->words, from, to, "REFERENCES");
    if (references >= to || source_keeps == target_keeps) {
        return;
    }
    if (source_keeps) {
        bs_notes_add(tr->notes, BS_NOTE_REFUSED,
                     "column %s: REFERENCES in its definition makes a foreign key on the source, "
                     "and none on the target: say it as FOREIGN KEY (%s) REFERENCES ...",
                     column, column);
        return;
    }
    bs_words_cut(&tr->words, references, bs_references_end(&tr->words, references));
    bs_notes_add(tr->notes, BS_NOTE_LEFT_OUT,
                 "column %s: REFERENCES in its definition is left out: it makes no foreign key on "
                 "the source",
                 column);
}

void
bs_translate_forgotten(struct bs_translating *tr, const char *column, size_t from, size_t to) {
    cut_check(tr, column, from, to);
    cut_references(tr, column, from, to);
}

/* MySQL's binary JSON as text, letter for letter as the server prints it. Internal to src/binlog.
 * The text grows in an arena. */
#ifndef BS_BINLOG_JSON_TEXT_H
#define BS_BINLOG_JSON_TEXT_H

#include "base/arena.h"
#include "binlog/json_binary.h"

struct bs_doc_text {
    struct bs_arena *arena;
    char *data;
    size_t len;
    size_t cap;
    bool failed; /* sticky: the document is malformed, and the text worth nothing */
};

/* expected: about how long it will be. */
struct bs_doc_text bs_doc_text(struct bs_arena *arena, size_t expected);

void bs_doc_put_value(struct bs_doc_text *out, const struct bs_doc *doc,
                      struct bs_doc_budget *budget, unsigned depth);
void bs_doc_put(struct bs_doc_text *out, const char *text);
void bs_doc_put_quoted(struct bs_doc_text *out, struct bs_str text);

/* A whole document. False if it is malformed. */
bool bs_doc_print(struct bs_str bytes, struct bs_arena *arena, struct bs_str *text);

#endif

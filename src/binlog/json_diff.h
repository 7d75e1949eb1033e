/* Changes to parts of a JSON document, as PARTIAL_UPDATE_ROWS logs them. Field guide 4.6.
 *
 *   { op(1)  path(lenenc length, "$.a[3].\"b\"")  [value(lenenc length, binary JSON)] }...
 *
 * They apply in order, each to what the one before it has left. Pure. */
#ifndef BS_BINLOG_JSON_DIFF_H
#define BS_BINLOG_JSON_DIFF_H

#include "base/arena.h"
#include "base/cursor.h"

enum bs_json_op { BS_JSON_REPLACE = 0, BS_JSON_INSERT = 1, BS_JSON_REMOVE = 2 };

struct bs_json_diff {
    enum bs_json_op op;
    struct bs_str path;
    struct bs_str value; /* binary JSON; empty for REMOVE */
};

/* Reads the next change; false at the end, and where the bytes are malformed: then c->failed. */
bool bs_json_diff_next(struct bs_cursor *c, struct bs_json_diff *diff);

/* The value of a change as text; false if it is malformed. */
bool bs_json_diff_value_text(const struct bs_json_diff *diff, struct bs_arena *arena,
                             struct bs_str *text);

/* The document (binary) with the changes made, as the text that the server prints. NULL, or what is
 * wrong: the document or a change is malformed, or a path leads nowhere. */
const char *bs_json_diff_apply(struct bs_str document, struct bs_str diffs, struct bs_arena *arena,
                               struct bs_str *text);

#endif

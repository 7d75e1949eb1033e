/* Paths into a JSON document, as changes to parts of one name their place: $.a[3]."b c". Internal
 * to src/binlog. Servers log the path as the statement had it, so cells may be counted from the
 * end:
 * $[last], $.a[last-2]. Only what names one place: no wildcards, no ranges. */
#ifndef BS_BINLOG_JSON_PATH_H
#define BS_BINLOG_JSON_PATH_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>

struct bs_json_leg {
    bool is_cell;
    bool from_end; /* cell 0 is the last one */
    size_t cell;
    struct bs_str key; /* unescaped */
};

/* A path is as deep as a document can be. */
enum { BS_JSON_LEGS_MAX = 101 };

struct bs_json_path {
    struct bs_json_leg legs[BS_JSON_LEGS_MAX];
    size_t count;
};

/* Keys with escapes are unescaped in the arena, others are views. False if the text is no such
 * path. */
bool bs_json_path_parse(struct bs_str text, struct bs_arena *arena, struct bs_json_path *path);

#endif

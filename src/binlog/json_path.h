/* Paths into a JSON document, as changes to parts of one name their place: $.a[3]."b c". Internal
 * to src/binlog. Only what names one place: no wildcards, no ranges. */
#ifndef BS_BINLOG_JSON_PATH_H
#define BS_BINLOG_JSON_PATH_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>

struct bs_json_leg {
    bool is_cell;
    size_t cell;
    struct bs_str key; /* unescaped */
};

struct bs_json_path {
    struct bs_json_leg *legs; /* in the arena */
    size_t count;
};

/* False if the text is no such path. */
bool bs_json_path_parse(struct bs_str text, struct bs_arena *arena, struct bs_json_path *path);

#endif

/* Paths into a JSON document, as changes to parts of one name their place: $.a[3]."b c"[last-1].
 * Internal to src/binlog. Only what names one place: no wildcards, no ranges. */
#ifndef BS_BINLOG_JSON_PATH_H
#define BS_BINLOG_JSON_PATH_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>

struct bs_json_leg {
    bool is_cell;
    bool from_end;     /* [last], [last-1]: the log has them as the statement wrote them */
    size_t cell;       /* how far from the first element, or from the last one */
    struct bs_str key; /* unescaped */
};

struct bs_json_path {
    struct bs_json_leg *legs; /* in the arena */
    size_t count;
};

/* The element of an array of so many. False: the array has none there, and an insertion belongs at
 * *index, at its front or behind its end. */
bool bs_json_leg_find(const struct bs_json_leg *leg, size_t count, size_t *index);

/* False if the text is no such path. */
bool bs_json_path_parse(struct bs_str text, struct bs_arena *arena, struct bs_json_path *path);

#endif

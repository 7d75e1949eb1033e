#include "subject.h"

#include "base/mem.h"
#include "binlog/event.h"
#include "binlog/expand.h"
#include "binlog/rows.h"
#include "repair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAGIC_LEN = 4, TYPE_OFFSET = 4, TABLE_ID_LEN = 6 };
enum { BACK_MAX = 64 }; /* how far a group is looked for where nobody knows of its begin */
enum { NOT_TRIED, APART, NOT_APART };

/* ---- the file ------------------------------------------------------------------------------ */

static struct bs_str
read_file(const char *path, size_t len_max) {
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        fprintf(stderr, "torture: %s: %s\n", path, strerror(errno));
        exit(2);
    }
    char *bytes = bs_alloc(len_max);
    size_t len = fread(bytes, 1, len_max, f);
    fclose(f);
    return (struct bs_str){bytes, len};
}

static void
find_starts(struct subject *s) {
    size_t cap = 0;
    size_t at = MAGIC_LEN;
    do {
        bs_array_grow((void **)&s->starts, &cap, s->start_count, sizeof *s->starts);
        s->starts[s->start_count++] = at;
        at += event_len((struct bs_str){s->bytes.data + at, s->bytes.len - at});
    } while (at < s->bytes.len);
}

bool
subject_open(struct subject *s, const char *path, size_t len_max) {
    struct decode_count count;
    *s = (struct subject){.path = path, .bytes = read_file(path, len_max), .context_of = SIZE_MAX};
    if (s->bytes.len <= MAGIC_LEN) {
        subject_close(s);
        return false;
    }
    find_starts(s);
    struct bs_str first = {s->bytes.data + MAGIC_LEN, s->bytes.len - MAGIC_LEN};
    first.len = event_len(first);
    s->summed = has_checksums(first);
    s->how = decode_how_for(s->bytes);
    s->steps = bs_zalloc(s->start_count * sizeof *s->steps);
    s->is_apart = bs_zalloc(s->start_count);
    s->context = bs_alloc(s->bytes.len);
    (void)decode_all(s->bytes, &s->how, s->steps, &count, NULL);
    return true;
}

void
subject_close(struct subject *s) {
    free((char *)(uintptr_t)s->bytes.data);
    free(s->starts);
    free(s->steps);
    free(s->is_apart);
    free(s->context);
}

size_t
subject_event_of(const struct subject *s, size_t offset) {
    size_t low = 0;
    size_t high = s->start_count;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (s->starts[mid] <= offset) {
            low = mid;
        } else {
            high = mid;
        }
    }
    return low;
}

size_t
subject_end_of(const struct subject *s, size_t event) {
    return event + 1 < s->start_count ? s->starts[event + 1] : s->bytes.len;
}

void
subject_mend(const struct subject *s, char *bytes, size_t start, size_t len) {
    uint8_t *event = (uint8_t *)bytes + start;
    repair_size(event, len);
    repair_log_pos(event, len, start + len);
    if (s->summed) {
        repair_checksum(event, len);
    }
}

/* ---- what an event needs in front of it ---------------------------------------------------- */

static struct bs_str
event_at(const struct subject *s, size_t event) {
    return (struct bs_str){s->bytes.data + s->starts[event],
                           subject_end_of(s, event) - s->starts[event]};
}

static uint8_t
type_of(const struct subject *s, size_t event) {
    struct bs_str raw = event_at(s, event);
    return raw.len > TYPE_OFFSET ? (uint8_t)raw.data[TYPE_OFFSET] : 0;
}

static bool
is_rows(const struct subject *s, size_t event) {
    uint8_t type = bs_event_plain_type(type_of(s, event));
    return (type >= BS_EVENT_WRITE_ROWS_V1 && type <= BS_EVENT_DELETE_ROWS_V1) ||
           (type >= BS_EVENT_WRITE_ROWS_V2 && type <= BS_EVENT_DELETE_ROWS_V2) ||
           type == BS_EVENT_PARTIAL_UPDATE_ROWS;
}

static bool
ends_statement(const struct subject *s, size_t event) {
    struct bs_str raw = event_at(s, event);
    return is_rows(s, event) && raw.len > BS_EVENT_HEADER_LEN + TABLE_ID_LEN &&
           (raw.data[BS_EVENT_HEADER_LEN + TABLE_ID_LEN] & BS_ROWS_STMT_END) != 0;
}

static bool
names_group(uint8_t type) {
    return type == BS_EVENT_GTID || type == BS_EVENT_ANONYMOUS_GTID ||
           type == BS_EVENT_GTID_TAGGED || type == BS_EVENT_MARIADB_GTID;
}

/* Where the group of this event begins, or what may have been one. */
static size_t
group_start(const struct subject *s, size_t event) {
    size_t first = event;
    while (first > 1) {
        const struct decode_step *before = &s->steps[first - 1];
        bool between = before->decoded && !before->in_group;
        if (between || (!before->decoded && event - first == BACK_MAX) ||
            (first < event && names_group(type_of(s, first)))) {
            break;
        }
        first--;
    }
    return first;
}

static bool
is_same_map(const struct subject *s, size_t a, size_t b) {
    struct bs_str one = event_at(s, a);
    struct bs_str other = event_at(s, b);
    size_t need = BS_EVENT_HEADER_LEN + TABLE_ID_LEN;
    return type_of(s, a) == BS_EVENT_TABLE_MAP && type_of(s, b) == BS_EVENT_TABLE_MAP &&
           one.len >= need && other.len >= need &&
           memcmp(one.data + BS_EVENT_HEADER_LEN, other.data + BS_EVENT_HEADER_LEN, TABLE_ID_LEN) ==
               0;
}

static void
put_event(struct subject *s, size_t event) {
    struct bs_str raw = event_at(s, event);
    memcpy(s->context + s->context_len, raw.data, raw.len);
    subject_mend(s, s->context, s->context_len, raw.len);
    s->context_len += raw.len;
}

static void
put_last_map(struct subject *s, size_t event, size_t before) {
    for (size_t i = before; i-- > 1;) {
        if (is_same_map(s, i, event)) {
            put_event(s, i);
            return;
        }
    }
}

static void
make_whole(struct subject *s, size_t event) {
    s->context_len = s->starts[event];
    memcpy(s->context, s->bytes.data, s->context_len);
}

static void
make_apart(struct subject *s, size_t event) {
    size_t first = group_start(s, event);
    size_t statement = first;
    for (size_t i = first; i < event; i++) {
        statement = ends_statement(s, i) ? i + 1 : statement;
    }
    s->context_len = s->starts[1];
    memcpy(s->context, s->bytes.data, s->context_len);
    for (size_t i = first; i < event; i++) {
        bool is_over = type_of(s, i) == BS_EVENT_TABLE_MAP && i < statement;
        if (!is_rows(s, i) && !is_over) {
            put_event(s, i);
        }
    }
    if (first < event) {
        put_last_map(s, event, statement);
    }
}

/* Does the event give the same behind the context that was made? What came of it in the file does
 * not count where the file was not read as far as that. */
static bool
gives_the_same(const struct subject *s, size_t event) {
    struct decode_count count;
    struct decode_step *steps = bs_zalloc(s->start_count * sizeof *steps);
    struct bs_str raw = event_at(s, event);
    size_t len = s->context_len + raw.len;
    char *bytes = bs_alloc(len);
    memcpy(bytes, s->context, s->context_len);
    memcpy(bytes + s->context_len, raw.data, raw.len);
    subject_mend(s, bytes, s->context_len, raw.len);
    size_t last = 0;
    for (size_t at = MAGIC_LEN; at < s->context_len; last++) {
        at += event_len((struct bs_str){bytes + at, len - at});
    }
    (void)decode_all((struct bs_str){bytes, len}, &s->how, steps, &count, NULL);
    const struct decode_step *is = &steps[last];
    const struct decode_step *was = &s->steps[event];
    bool same = !was->decoded || (is->decoded && is->items == was->items && is->rows == was->rows &&
                                  is->in_group == was->in_group);
    same = same && (!was->printed || (is->printed && is->lines == was->lines));
    free(bytes);
    free(steps);
    return same;
}

struct bs_str
subject_context(struct subject *s, size_t event) {
    if (s->context_of != event) {
        s->context_of = event;
        if (event == 0 || s->is_apart[event] == NOT_APART) {
            make_whole(s, event);
        } else {
            make_apart(s, event);
        }
        if (s->is_apart[event] == NOT_TRIED) {
            bool same = event == 0 || gives_the_same(s, event);
            s->is_apart[event] = same ? APART : NOT_APART;
            s->apart_count += same;
            s->whole_count += !same;
        }
        if (s->is_apart[event] == NOT_APART) {
            make_whole(s, event);
        }
    }
    return (struct bs_str){s->context, s->context_len};
}

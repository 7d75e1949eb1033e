/* How far a copy is, as it is shown and as the target's state keeps it for `status`. Pure. */
#ifndef BS_SNAPSHOT_PROGRESS_H
#define BS_SNAPSHOT_PROGRESS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A table in work. Texts live as long as whatever tells of it. */
struct bs_table_progress {
    const char *db, *name;
    uint64_t rows_done, bytes_done, bytes_estimate;
    uint64_t bytes_kept; /* of bytes_done: were in before this attempt */
    int64_t elapsed_ms;  /* since it was begun */
    bool builds_keys;    /* all its rows are in */
};

enum { BS_TABLES_SHOWN_MAX = 8 };

/* Told from the main thread about once a second. */
struct bs_snapshot_progress {
    uint64_t tables_done, tables_total;
    uint64_t rows_done, rows_estimate;
    uint64_t bytes_done, bytes_estimate;
    uint64_t rows_kept, bytes_kept; /* of those done: were in before this attempt */
    int64_t elapsed_ms;
    struct bs_table_progress tables[BS_TABLES_SHOWN_MAX]; /* those in work, or some of them */
    size_t table_count;
    uint64_t load; /* the reason for a pause: so many statements run on the source; 0: no pause */
};

/* Of the amounts that this attempt has copied. */
double bs_progress_per_s(uint64_t done, uint64_t kept, int64_t elapsed_ms);
/* Milliseconds until all is in, by the rate so far; negative: nobody can tell. */
int64_t bs_progress_left_ms(uint64_t done, uint64_t kept, uint64_t estimate, int64_t elapsed_ms);

/* progress_json.c: one JSON object, and back. at_us: when it was so, of the wall clock. */
void bs_progress_put(struct bs_buf *out, const struct bs_snapshot_progress *progress,
                     int64_t at_us);

/* Zero-initialised: none. */
struct bs_told_progress {
    struct bs_snapshot_progress progress; /* its texts are views into json */
    int64_t at_us;
    struct json_t *json;
};
/* false: it is not such an object. */
bool bs_progress_read(struct bs_told_progress *told, const char *json);
void bs_told_progress_fini(struct bs_told_progress *told);

#endif

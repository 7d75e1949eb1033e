/* The consistent copy of the selected databases from source to target. One call does all of it:
 * point, chunk plan, N dumpers feeding N loaders, views and routines, state. Called by src/cli from
 * the main thread; starts its own threads and joins them before it returns. What it promises and
 * how a rerun behaves is told in snapshot.c. */
#ifndef BS_SNAPSHOT_SNAPSHOT_H
#define BS_SNAPSHOT_SNAPSHOT_H

#include "base/endpoint.h"
#include "base/error.h"
#include "base/position.h"
#include "schema/selection.h"
#include "snapshot/progress.h"
#include "state/state.h"

#include <stdbool.h>
#include <stdint.h>

enum { BS_POINT_REASON_MAX = 400 };

enum bs_consistency {
    BS_CONSISTENCY_AUTO, /* lock-tables where allowed, else ftwrl, else lock-free */
    BS_CONSISTENCY_LOCK_TABLES,
    BS_CONSISTENCY_FTWRL,
    BS_CONSISTENCY_LOCK_FREE,
};

enum bs_position_choice { BS_POSITION_AUTO, BS_POSITION_WANT_GTID, BS_POSITION_WANT_FILE };

struct bs_snapshot_config {
    const struct bs_endpoint *source;
    const struct bs_endpoint *target;
    const struct bs_selection *selection;
    const char *archive_dir; /* of bs_archive_run: instead of a target */
    struct bs_state state;
    unsigned int threads;  /* dumper/loader pairs */
    uint64_t chunk_bytes;  /* about how large a chunk is */
    uint64_t memory_bytes; /* --memory: queues share what is left after fixed costs */
    uint32_t lock_timeout_ms;
    enum bs_consistency consistency;
    enum bs_position_choice position;
    uint64_t max_bytes_per_s; /* read from the source; 0: no bound */
    uint64_t max_load;        /* pause while more than these statements run there; 0: never */
    uint64_t max_history;     /* give the views up while its history list is longer; 0: never */
    bool no_target_binlog;
    bool keep_engines;   /* tables of MyISAM and the like stay what they are */
    bool accounts;       /* accounts and their rights too: see src/accounts */
    const char *definer; /* whose name objects are made in, see bs_definer_read; NULL: their own */
    void (*progress)(void *arg, const struct bs_snapshot_progress *progress); /* may be NULL */
    void *progress_arg;
};

struct bs_snapshot_report {
    uint64_t tables, rows, bytes, chunks, chunks_retried;
    /* From earlier attempts: tables that were in, and in part; chunks that stayed, and that were
     * dropped to be copied again. rows to chunks above are this attempt's alone. */
    uint64_t tables_kept, tables_continued, chunks_kept, chunks_dropped;
    uint64_t views, routines, databases;
    uint64_t accounts, accounts_left; /* made, and left as they were on the target */
    int64_t elapsed_ms;
    int64_t paused_ms;       /* because of the source's load, or its history list */
    int64_t locked_ms;       /* how long writers on the source could not write */
    uint64_t locked_tables;  /* of engines without transactions */
    int64_t long_locked_ms;  /* and how long these could not be written */
    const char *consistency; /* which kind of point was taken: static text */
    char consistency_reason[BS_POINT_REASON_MAX]; /* why, if that was left to us; else "" */
    struct bs_position point;
    bool was_complete;
};

/* Into an archive (archive.h), with no target and no state but its own. report->was_complete: there
 * was nothing to do. */
struct bs_archive;
enum bs_status bs_archive_run(const struct bs_snapshot_config *config,
                              struct bs_snapshot_report *report,
                              struct bs_error *err) BS_MUST_CHECK;

/* From a complete archive, which is opened by the caller and used up; config->selection says what
 * of it. No source. */
enum bs_status bs_load_run(const struct bs_snapshot_config *config, struct bs_archive *archive,
                           struct bs_snapshot_report *report, struct bs_error *err) BS_MUST_CHECK;

enum bs_status bs_snapshot_run(const struct bs_snapshot_config *config,
                               struct bs_snapshot_report *report,
                               struct bs_error *err) BS_MUST_CHECK;
void bs_snapshot_report_fini(struct bs_snapshot_report *report);

#endif

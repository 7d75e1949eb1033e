/* One attempt at a copy, from end to end: what its parts share. Internal to src/snapshot; on the
 * main thread.
 *
 *   source_side.c   the source's sessions, the kind of position, the point
 *   target_side.c   the target's session, what stays of earlier attempts, tables, models, the end
 *   copying.c       the work, the pairs that do it, and watching them
 *
 * Who makes an attempt: snapshot.c from server to server, archiving.c into an archive, load.c from
 * one. */
#ifndef BS_SNAPSHOT_COPYING_H
#define BS_SNAPSHOT_COPYING_H

#include "catalog/catalog.h"
#include "snapshot/archive.h"
#include "snapshot/courtesy.h"
#include "snapshot/late_keys.h"
#include "snapshot/pair.h"
#include "snapshot/point.h"
#include "snapshot/resume.h"
#include "snapshot/snapshot.h"
#include "snapshot/work.h"

#include <stdbool.h>
#include <stdint.h>

enum bs_again {
    BS_AGAIN_NOT,
    BS_AGAIN_ALTERED, /* a table was altered while it was copied */
    BS_AGAIN_HISTORY, /* the views had to be given up */
};

struct bs_copying {
    const struct bs_snapshot_config *config;
    struct bs_snapshot_report *report;
    struct bs_sql *source; /* control sessions */
    struct bs_sql *target;
    struct bs_server source_server;
    struct bs_server target_server;
    struct bs_translation translation;
    struct bs_task task;
    struct bs_point point;
    struct bs_table **there;   /* the point's tables as the target has them; NULL: of one flavour */
    struct bs_late_keys *late; /* of each of the point's tables */
    struct bs_resume resume;
    struct bs_archive *from, *to; /* instead of a source, or of a target; NULL: the server */
    enum bs_again again;          /* why another attempt goes on where this one has ended */
    uint64_t history;             /* over --max-history: how long it was; 0: it was not */
    int64_t history_ms;           /* when it was looked at last */
    struct bs_copy **copies;      /* largest table first */
    struct bs_work *work;
    struct bs_courtesy *courtesy;
    int64_t load_ms;    /* when the source's load was looked at last */
    uint64_t load;      /* what it was, if the copy pauses for it; 0: it does not */
    int64_t waiting_ms; /* when it was looked last ... */
    uint64_t waiting;   /* ... how many others wait for a metadata lock there */
    struct bs_pair_config pair_config;
    struct bs_pair *pairs;
    unsigned int pair_count;
    struct bs_sql **views;          /* the pairs' source sessions until the pairs own them */
    uint64_t kept_rows, kept_bytes; /* that were in before */
    int64_t started_ms;
    int64_t progress_ms;
};

/* source_side.c */
unsigned int bs_copying_threads(const struct bs_snapshot_config *config);
enum bs_status bs_copying_connect_source(struct bs_copying *run,
                                         struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_copying_connect_views(struct bs_copying *run, struct bs_error *err) BS_MUST_CHECK;
/* By the source, the configuration and earlier attempts; into the task. */
enum bs_status bs_copying_choose_mode(struct bs_copying *run, struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_copying_take_point(struct bs_copying *run, struct bs_error *err) BS_MUST_CHECK;

/* target_side.c */
enum bs_status bs_copying_connect_target(struct bs_copying *run,
                                         struct bs_error *err) BS_MUST_CHECK;
/* What of earlier attempts stays is decided, and what does not is dropped. */
enum bs_status bs_copying_settle_earlier(struct bs_copying *run,
                                         struct bs_error *err) BS_MUST_CHECK;
/* Databases, fresh tables, models, and which points there are. */
enum bs_status bs_copying_build_tables(struct bs_copying *run, struct bs_error *err) BS_MUST_CHECK;
/* Keys and foreign keys, once the rows are in. */
enum bs_status bs_copying_build_late(struct bs_copying *run, struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_copying_bring_accounts(struct bs_copying *run,
                                         struct bs_error *err) BS_MUST_CHECK;
/* The end of the copy is one transaction: lane, point and phase. */
enum bs_status bs_copying_finish(struct bs_copying *run, struct bs_error *err) BS_MUST_CHECK;

/* snapshot.c */
/* The task is left to whoever comes next. */
void bs_copying_leave(struct bs_copying *run);
void bs_copying_fini(struct bs_copying *run);
/* One attempt, and others as long as there is a reason for another one. */
typedef enum bs_status bs_copying_attempt(const struct bs_snapshot_config *config,
                                          struct bs_snapshot_report *report, int64_t started_ms,
                                          enum bs_again *again, struct bs_error *err);
enum bs_status bs_copying_attempts(const struct bs_snapshot_config *config,
                                   struct bs_snapshot_report *report, bs_copying_attempt *attempt,
                                   struct bs_error *err) BS_MUST_CHECK;

/* copying.c: all rows that are missing, and the late keys of their tables. */
enum bs_status bs_copying_copy_rows(struct bs_copying *run, struct bs_error *err) BS_MUST_CHECK;

#endif

/* What of an earlier attempt can stay, and what has to be copied at this one's point.
 *
 *   attempt 1, point P1        attempt 2, point P2
 *   a: whole ................. KEPT: as of P1
 *   b: a part, by its key .... CONTINUED: the gaps and the rest are as of P2, what is in as of P1
 *   c: a part, no key ........ FRESH: dropped, and copied as a whole as of P2
 *   d: altered meanwhile ..... FRESH
 *
 * Follow then starts at the oldest point, and knows of each table from where to where its rows are
 * not as of one position (src/apply/window.h). A table can be continued if its rows can be brought
 * to a later state by their key alone: cut by it, no other unique key on the target yet, InnoDB,
 * without history, and not joined with others by foreign keys that act. Tables that are so joined
 * are one unit: all kept, as of one point, or all fresh.
 *
 * Without a lock the views of one attempt are apart too (free_point.h): then what could be
 * continued is read by all views, and everything else by the first alone, if it is known where that
 * one is.
 *
 * A table is the same as it was if InnoDB's id and its definition are. Without an id, which takes
 * the PROCESS privilege, nothing of it is kept. Runs on the main thread. */
#ifndef BS_SNAPSHOT_RESUME_H
#define BS_SNAPSHOT_RESUME_H

#include "base/endpoint.h"
#include "base/error.h"
#include "base/position.h"
#include "schema/model.h"
#include "schema/server.h"
#include "schema/translation.h"
#include "snapshot/archive.h"
#include "snapshot/late_keys.h"
#include "snapshot/point.h"
#include "snapshot/work.h"
#include "sql/session.h"
#include "state/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bs_fate { BS_FATE_FRESH, BS_FATE_KEPT, BS_FATE_CONTINUED };

/* A range of the key of which nothing is in. Its number is free in the ledger, and in its place. */
struct bs_gap {
    uint64_t number;
    struct bs_bound lower, upper;
};

/* One table of the point's schema. */
struct bs_resumed {
    enum bs_fate fate;
    uint32_t first, last; /* points: see bs_unit */
    const struct bs_unit
        *unit; /* of an attempt before, and of the same table; NULL: there is none */
    struct bs_gap *gaps;
    size_t gap_count;
    struct bs_bound after; /* behind the last chunk that is in */
    bool is_cut;           /* nothing is behind it */
    uint64_t next_number;
    uint64_t chunks, rows, bytes; /* that are in */
};

struct bs_resume {
    struct bs_copy_point *points;
    size_t point_count;
    struct bs_unit *units;
    size_t unit_count;
    uint32_t number;           /* of this attempt's point, and */
    uint32_t newest;           /* of its newest view: the same, but where views are apart */
    struct bs_resumed *tables; /* as in the schema, once it is decided */
    size_t table_count;
    size_t kept, continued;
    uint64_t chunks_kept, chunks_dropped;
};

/* What earlier attempts have left; nothing is decided. */
enum bs_status bs_resume_load(struct bs_resume *resume, struct bs_sql *target,
                              const struct bs_state *state, struct bs_error *err) BS_MUST_CHECK;
void bs_resume_fini(struct bs_resume *resume);

/* NULL: no attempt has the table as it is now. */
const struct bs_unit *bs_resume_unit(const struct bs_resume *resume, const struct bs_table *table,
                                     uint64_t table_id);

struct bs_resume_config {
    struct bs_sql *source, *target;
    const struct bs_endpoint *source_endpoint; /* whose log is asked what it is */
    struct bs_state state;
    const struct bs_archive *archive; /* what is in is asked of it, instead of the target; NULL */
    const struct bs_server *source_server;
    const struct bs_schema *schema; /* of this attempt's point */
    const uint64_t *table_ids;
    const struct bs_late_keys *late;
    const struct bs_translation *translation; /* NULL: where it goes is not known yet */
    const struct bs_point *point;
};

/* Decides every table's fate. The config's schema must live as long as the result. */
enum bs_status bs_resume_decide(struct bs_resume *resume, const struct bs_resume_config *config,
                                struct bs_error *err) BS_MUST_CHECK;

/* Not all rows are as of one point. */
bool bs_resume_has_window(const struct bs_resume *resume);

/* Whether only the first view may read the table: all its rows must be as of one point. */
bool bs_resume_is_of_first_view(const struct bs_resume *resume, size_t table);

/* From where follow has to start, and when the file there was begun, which may be NULL; own: this
 * attempt's point. */
const struct bs_position *bs_resume_oldest(const struct bs_resume *resume,
                                           const struct bs_point *own, uint32_t *file_created);

/* This attempt's: of its first view and of its newest, which are one if their numbers are. The
 * positions' texts are not owned. */
void bs_resume_own_points(const struct bs_resume *resume, const struct bs_point *own,
                          struct bs_copy_point *first, struct bs_copy_point *newest);

/* Inside the caller's transaction: every table's points, before anything is copied as of this one.
 */
enum bs_status bs_resume_save(const struct bs_resume *resume, const struct bs_resume_config *config,
                              struct bs_error *err) BS_MUST_CHECK;

void bs_resumed_fini(struct bs_resumed *resumed);

/* Which of a table's chunks are missing, from those that are in. Pure; for bs_resume_decide. */
enum bs_status bs_resume_read_chunks(struct bs_resumed *resumed, const struct bs_chunk_note *notes,
                                     size_t count, struct bs_error *err) BS_MUST_CHECK;

/* Were the chunks cut by a key? Then what they hold is only as good as that key's order: where no
 * key is fit to be cut by, they are of an earlier version, and rows may be missing. */
bool bs_resume_is_cut_by_key(const struct bs_chunk_note *notes, size_t count);

/* Pure: are two values of the key that are apart on the source apart on the target, too? Else its
 * rows cannot be brought to a later state there. An archive does not know its targets: load asks.
 */
bool bs_resume_is_key_the_same(const struct bs_table *table, const struct bs_key *key,
                               const struct bs_translation *translation);

/* Pure: tables that foreign keys with actions join must all be kept as of one point. joined, which
 * may be NULL, is told which tables are so joined. */
void bs_resume_heed_families(struct bs_resumed *tables, const struct bs_schema *schema,
                             uint32_t number, bool *joined);

#endif

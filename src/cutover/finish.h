/* What is made on the target last, while the source is frozen and drained: triggers, events,
 * AUTO_INCREMENT counters, what the log did not say of sequences, and with --accounts the accounts,
 * all as the source has them now. Triggers and events must not exist earlier, or they would fire on
 * replayed rows; so an undone cutover drops them again; accounts stay, and the next one looks at
 * them anew. */
#ifndef BS_CUTOVER_FINISH_H
#define BS_CUTOVER_FINISH_H

#include "base/buf.h"
#include "base/error.h"
#include "schema/selection.h"
#include "schema/server.h"
#include "schema/translation.h"
#include "sql/session.h"
#include "state/state.h"

#include <stdint.h>

struct bs_finish_counts {
    uint64_t triggers, events, auto_increments, sequences;
    uint64_t accounts_made, accounts_changed, accounts_dropped;
    /* Events that the target lacks, or has disabled, since their time came: a sentence about each,
     * heap-owned. They do not count as made. */
    struct bs_buf missed;
    /* The target's event_scheduler, where it keeps events that are awake from running; else "". */
    char scheduler[16];
};
void bs_finish_counts_fini(struct bs_finish_counts *counts);

#define BS_NO_DEADLINE INT64_MAX

/* From where to where. All is borrowed. */
struct bs_finish {
    struct bs_sql *source;
    const struct bs_server *server; /* the source's */
    struct bs_sql *target;
    const struct bs_translation *translation;
    const struct bs_selection *selection;
    const struct bs_state *state;
    bool accounts;
    int64_t deadline_ms; /* bs_clock_mono_ms after which it gives up with BS_CANCELLED */
};

enum bs_status bs_finish_objects(const struct bs_finish *finish, struct bs_finish_counts *counts,
                                 struct bs_error *err) BS_MUST_CHECK;

/* Enables the events that the source has enabled; until then they sleep. For behind the point of no
 * return, without deadline: an event that is due fires as soon as it is enabled. Counts them anew.
 * May be done again. */
enum bs_status bs_finish_wake_events(const struct bs_finish *finish,
                                     struct bs_finish_counts *counts,
                                     struct bs_error *err) BS_MUST_CHECK;

/* Drops the triggers and events that the task made, and none that it has not. */
enum bs_status bs_finish_undo(struct bs_sql *target, const struct bs_state *state,
                              struct bs_error *err) BS_MUST_CHECK;

#endif

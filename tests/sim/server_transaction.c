/* Transactions of the simulated target: locks that are held to the end, deadlocks, changes of rows
 * and how they are undone, and what others see after COMMIT. */
#include "server_private.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdlib.h>

int
sim_owner_of(uint64_t lock) {
    for (int i = 0; i < sim_target.lock_count; i++) {
        if (sim_target.locks[i].lock == lock) {
            return sim_target.locks[i].owner;
        }
    }
    return -1;
}

bool
sim_take_lock(struct sim_session *s, uint64_t lock) {
    int owner = sim_owner_of(lock);
    if (owner >= 0) {
        s->waits_for = owner == sim_index_of(s) ? 0 : lock;
        return owner == sim_index_of(s);
    }
    if (sim_target.lock_count == LOCKS_MAX) {
        abort();
    }
    sim_target.locks[sim_target.lock_count].lock = lock;
    sim_target.locks[sim_target.lock_count++].owner = sim_index_of(s);
    return true;
}

bool
sim_take_table(struct sim_session *s, int table) {
    for (int i = 0; i < sim_target.lock_count; i++) {
        if (sim_target.locks[i].lock >> SIM_TABLE_LOCK_SHIFT == (uint64_t)(table + 1) &&
            sim_target.locks[i].owner != sim_index_of(s)) {
            s->waits_for = sim_target.locks[i].lock;
            return false;
        }
    }
    return true;
}

static void
copy_state(struct state_rows *to, const struct state_rows *from, uint64_t lock) {
    switch (lock) {
    case LOCK_TASK:
        to->task_epoch = from->task_epoch;
        break;
    case LOCK_CLAIM:
        to->claim = from->claim;
        break;
    case LOCK_INTENT:
        to->has_intent = from->has_intent;
        to->intent_pos = from->intent_pos;
        to->intent_file = from->intent_file;
        to->intent_statement = from->intent_statement;
        to->intent_fingerprint = from->intent_fingerprint;
        break;
    default:
        if (lock >= LOCK_LANE && lock < LOCK_LANE + LANES_MAX) {
            to->lanes[lock - LOCK_LANE] = from->lanes[lock - LOCK_LANE];
        }
    }
}

static void
end_locks(struct sim_session *s, bool commits) {
    int kept = 0;
    for (int i = 0; i < sim_target.lock_count; i++) {
        if (sim_target.locks[i].owner != sim_index_of(s)) {
            sim_target.locks[kept++] = sim_target.locks[i];
        } else if (commits) {
            copy_state(&sim_target.committed, &sim_target.now, sim_target.locks[i].lock);
        } else {
            copy_state(&sim_target.now, &sim_target.committed, sim_target.locks[i].lock);
        }
    }
    sim_target.lock_count = kept;
    s->undo_count = 0;
    s->is_open = false;
    s->waits_for = 0;
}

void
sim_undo_to(struct sim_session *s, int count) {
    while (s->undo_count > count) {
        sim_step_undo(&sim_target.data, &s->undo[--s->undo_count]);
    }
}

void
sim_roll_back(struct sim_session *s) {
    sim_undo_to(s, 0);
    s->owes_checkpoint = false;
    end_locks(s, false);
}

/* What others see from now on. */
static void
show_changes(const struct sim_session *s) {
    bool has_family = false;
    for (int i = 0; i < s->undo_count; i++) {
        const struct sim_change *step = &s->undo[i];
        (void)sim_step_do(&sim_target.shown, step);
        has_family = has_family || (step->table >= SIM_PARENT && step->table <= SIM_SELF);
        if (step->table == SIM_LOG) {
            sim_target.log |= UINT64_C(1) << step->after.c[0];
        }
    }
    const char *orphan =
        has_family && sim_history->all_checked ? sim_orphan(&sim_target.shown) : NULL;
    if (orphan != NULL) {
        sim_fail("a row of table %s can be seen without its parent", orphan);
    }
    uint64_t missing = sim_history->log & ~sim_target.log;
    if (sim_history->in_commit_order && missing != 0 && (missing & -missing) < sim_target.log) {
        sim_fail("a transaction can be seen without one before it");
    }
}

void
sim_commit(struct sim_session *s) {
    if (s->undo_count > 0) {
        sim_target.commits++;
        show_changes(s);
    }
    end_locks(s, true);
}

void
sim_end_session(struct sim_session *s) {
    SIM_TRACE("target: session %" PRIu64 " ends%s", s->id,
              s->undo_count > 0 ? ", rolled back" : "");
    sim_roll_back(s);
    for (int i = 0; i < SLOTS_MAX; i++) {
        if (sim_target.slots[i] == sim_index_of(s) + 1) {
            sim_target.slots[i] = 0;
        }
    }
    s->is_used = false;
}

/* Deadlocks: who waits for whom has one edge each, so a circle is found by walking it. */
void
sim_find_deadlock(struct sim_session *s) {
    struct sim_session *at = s;
    int length = 0;
    do {
        int owner = at->waits_for != 0 ? sim_owner_of(at->waits_for) : -1;
        if (owner < 0 || ++length > SIM_SESSIONS_MAX) {
            return;
        }
        at = &sim_target.sessions[owner];
    } while (at != s);
    for (int steps = sim_below(&sim_random, length); steps > 0; steps--) {
        at = &sim_target.sessions[sim_owner_of(at->waits_for)];
    }
    SIM_TRACE("target: deadlock, session %" PRIu64 " is the victim", at->id);
    sim_roll_back(at);
    at->list[at->at].error = ER_DEADLOCK;
    at->count = at->at + 1;
    at->phase = ANSWERED;
}

/* Rows. */

static bool
fails_always(enum sim_outcome outcome, const struct sim_session *s, int table) {
    bool is_fenced = s->epoch != sim_target.now.task_epoch;
    return outcome != SIM_FINE && !is_fenced && table != SIM_ODD;
}

/* Whatever the statement finds is updated. A row that is not there, or that is found by another
 * key, is an error: that an upsert leaves such a row alone is told by a count. */
static void
resolve_upsert(struct sim_change *change) {
    const struct sim_row *rows = sim_target.data.tables[change->table].rows;
    int at = sim_find_row(&sim_target.data, change->table, &change->after);
    if (at >= 0) {
        change->before = rows[at];
    } else {
        change->before = change->after; /* which is not there */
    }
    change->kind = SIM_UPDATE;
}

bool
sim_run_row(struct sim_session *s, struct sim_statement *statement) {
    static const char *const WORDS[] = {"",
                                        "the row is not there",
                                        "the row is not as it was on the source",
                                        "a row with such a key is there",
                                        "the parent is not there",
                                        "a child is there"};
    static struct sim_plan plan;
    struct sim_change change = statement->change;
    change.checks = s->checks;
    if (change.kind == SIM_UPSERT) {
        resolve_upsert(&change);
    }
    sim_plan_make(&plan, &sim_target.data, &change);
    for (int i = 0; i < plan.lock_count; i++) {
        if (!sim_take_lock(s, plan.locks[i])) {
            return false;
        }
    }
    enum sim_outcome outcome = sim_plan_check(&plan, &sim_target.data);
    SIM_TRACE("target: session %" PRIu64 " %s%s%s", s->id, sim_change_text(&change),
              outcome != SIM_FINE ? ": " : "", WORDS[outcome]);
    if (fails_always(outcome, s, change.table)) {
        sim_fail("%s: %s", sim_change_text(&change), WORDS[outcome]);
    }
    statement->affected = outcome == SIM_FINE;
    statement->error = outcome == SIM_DUPLICATE   ? ER_DUPLICATE
                       : outcome == SIM_NO_PARENT ? ER_NO_PARENT
                       : outcome == SIM_HAS_CHILD ? ER_HAS_CHILD
                                                  : 0;
    for (int i = 0; i < plan.count && outcome == SIM_FINE; i++) {
        void *undo = s->undo;
        size_t cap = (size_t)s->undo_cap;
        bs_array_grow(&undo, &cap, (size_t)s->undo_count, sizeof *s->undo);
        s->undo = undo;
        s->undo_cap = (int)cap;
        if (sim_step_do(&sim_target.data, &plan.steps[i])) {
            s->undo[s->undo_count++] = plan.steps[i];
        }
    }
    return true;
}

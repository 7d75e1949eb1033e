/* The target: sessions that run statements step by step, and faults. What a statement does is in
 * server_statement.c, locks and transactions in server_transaction.c.
 *
 * A client's request travels, is executed statement by statement, and is answered. A session whose
 * client is gone goes on with what it was sent, until it notices; it never does while it waits for
 * a lock. So a dead client's COMMIT can land late. */
#include "server_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LATE = 40 };

struct sim_target sim_target;

void
sim_server_reset(const struct sim_data *data, const char *file, uint64_t pos) {
    for (int i = 0; i < sim_target.used; i++) {
        sim_target.sessions[i].is_used = false;
    }
    sim_target.data = *data;
    sim_target.shown = *data;
    sim_target.log = 0;
    memset(&sim_target.now, 0, sizeof sim_target.now);
    sim_target.now.lanes[0] = (struct lane_row){true, 0, pos, 0, file, ""};
    sim_target.committed = sim_target.now;
    sim_target.lock_count = 0;
    sim_target.used = 0;
    sim_target.commits = 0;
    sim_target.armed = SIM_NOT_ARMED;
    memset(sim_target.slots, 0, sizeof sim_target.slots);
}

const struct sim_data *
sim_server_data(void) {
    return &sim_target.data;
}

uint64_t
sim_server_commits(void) {
    return sim_target.commits;
}

int
sim_index_of(const struct sim_session *s) {
    return (int)(s - sim_target.sessions);
}

/* A seeded bug: what stands behind the COMMIT that will not come is run all the same. */
static bool
goes_on_behind(struct sim_session *s) {
    int at = s->at;
    while (at < s->count && !s->list[at - 1].ends_batch) {
        at++;
    }
    bool goes_on = sim_bug == SIM_BUG_PACKET && at < s->count && s->list[at - 1].ends_batch;
    s->at = goes_on ? at : s->at;
    return goes_on;
}

/* One step of a session. */
void
sim_server_step(int at) {
    struct sim_session *s = &sim_target.sessions[at];
    bool is_idle = s->phase == QUIET || s->phase == ANSWERED;
    bool waits = s->waits_for != 0 || s->waits_for_slot >= 0;
    bool notices = (s->is_killed && (is_idle || waits)) || (s->is_left && is_idle);
    bool may_notice = s->is_killed || (s->is_left && s->phase != TRAVELS);
    if (notices || (may_notice && sim_one_in(&sim_random, 3))) {
        sim_end_session(s);
        return;
    }
    if (is_idle || !sim_one_in(&sim_random, s->slowness)) {
        return;
    }
    s->phase = RUNS;
    s->waits_for = 0;
    s->waits_for_slot = s->waits_for_slot >= 0 ? -1 : s->waits_for_slot;
    struct sim_statement *statement = &s->list[s->at];
    if (!sim_run_statement(s, statement)) {
        if (s->waits_for != 0) {
            sim_find_deadlock(s);
        }
        return;
    }
    statement->is_run = true;
    bool is_wrong = statement->is_guarded && !statement->lacks_row && statement->affected == 0 &&
                    statement->error == 0;
    if (is_wrong && sim_bug != SIM_BUG_GUARD) {
        statement->error = ER_OUT_OF_RANGE;
    }
    if (!s->is_open && !s->is_manual) {
        sim_commit(s); /* autocommit */
    }
    s->at++;
    if (statement->error != 0 && goes_on_behind(s)) {
        return;
    }
    if (statement->error != 0 || s->at == s->count) {
        s->phase = ANSWERED;
    }
}

static bool
can_step(const struct sim_session *s) {
    if (!s->is_used || s->is_killed) {
        return s->is_used;
    }
    bool waits = (s->waits_for != 0 && sim_owner_of(s->waits_for) >= 0) ||
                 (s->waits_for_slot >= 0 && sim_target.slots[s->waits_for_slot] != 0);
    if (s->phase == TRAVELS || s->phase == RUNS) {
        return !waits;
    }
    return s->is_left;
}

int
sim_server_runnable(int *out) {
    int count = 0;
    for (int i = 0; i < sim_target.used; i++) {
        if (can_step(&sim_target.sessions[i])) {
            out[count++] = i;
        }
    }
    return count;
}

static bool
can_time_out(const struct sim_session *s, bool any) {
    bool waits = s->waits_for_slot >= 0 || s->waits_for != 0;
    return s->is_used && s->phase == RUNS && waits && (any || s->limits_waits);
}

bool
sim_server_time_out(bool any) {
    int found[SIM_SESSIONS_MAX];
    int count = 0;
    for (int i = 0; i < sim_target.used; i++) {
        if (can_time_out(&sim_target.sessions[i], any)) {
            found[count++] = i;
        }
    }
    if (count == 0) {
        return false;
    }
    struct sim_session *s = &sim_target.sessions[found[sim_below(&sim_random, count)]];
    SIM_TRACE("target: session %" PRIu64 " has waited too long", s->id);
    if (s->waits_for_slot >= 0) {
        s->waits_for_slot = -2; /* answers 0 */
        return true;
    }
    s->waits_for = 0;
    s->list[s->at].error = ER_LOCK_WAIT;
    s->phase = ANSWERED;
    return true;
}

/* Servers lock more than rows, and may call a deadlock where none is seen here. A node of Galera
 * does so between two statements too: under autocommit=1 it then runs the second as if nothing had
 * been open. */
bool
sim_server_refuse(void) {
    for (int tries = 0; tries < 8 && sim_target.used > 0; tries++) {
        struct sim_session *s = &sim_target.sessions[sim_below(&sim_random, sim_target.used)];
        if (s->is_used && s->phase == RUNS && s->undo_count > 0 && s->list[s->at].is_row) {
            SIM_TRACE("target: session %" PRIu64 " is called a deadlock's victim", s->id);
            sim_roll_back(s);
            if (s->is_manual || sim_bug != SIM_BUG_AUTOCOMMIT) {
                s->list[s->at].error = ER_DEADLOCK;
                s->phase = ANSWERED;
            }
            return true;
        }
    }
    return false;
}

/* Clients' side. */

struct sim_session *
sim_session_open(struct sim_client *client) {
    int at = 0;
    while (at < sim_target.used && sim_target.sessions[at].is_used) {
        at++;
    }
    if (at == SIM_SESSIONS_MAX) {
        abort();
    }
    sim_target.used = at == sim_target.used ? at + 1 : sim_target.used;
    struct sim_session *s = &sim_target.sessions[at];
    struct sim_change *undo = s->undo;
    int cap = s->undo_cap;
    *s = (struct sim_session){.is_used = true,
                              .id = ++sim_target.next_id,
                              .client = client,
                              .checks = true,
                              .epoch = sim_client_epoch(client),
                              .undo = undo,
                              .undo_cap = cap,
                              .waits_for_slot = -1,
                              .slowness = sim_one_in(&sim_random, 5) ? 6 : 1};
    SIM_TRACE("target: session %" PRIu64 " of client %d", s->id, sim_client_number(client));
    if (sim_target.armed == SIM_ARMED_RIVAL && sim_client_opens_lane_0(client)) {
        sim_target.armed = SIM_NOT_ARMED;
        sim_client_meet_rival(client);
    }
    return s;
}

uint64_t
sim_session_id(const struct sim_session *session) {
    return session->id;
}

bool
sim_session_is_alive(const struct sim_session *s, uint64_t id) {
    return s->is_used && s->id == id && !s->is_left;
}

void
sim_session_leave(struct sim_session *s, uint64_t id, bool lands) {
    if (!s->is_used || s->id != id) {
        return;
    }
    s->is_left = true;
    if (s->phase == TRAVELS && !lands) {
        s->phase = QUIET;
    } else if (s->phase == TRAVELS && sim_one_in(&sim_random, 2)) {
        s->slowness = LATE;
    }
}

void
sim_server_arm(enum sim_armed armed) {
    sim_target.armed = armed;
}

/* The fault that was to happen as a COMMIT, or a DDL statement, is on its way. */
static void
fire(struct sim_session *s) {
    enum sim_armed armed = sim_target.armed;
    if (armed == SIM_ARMED_RIVAL) {
        return;
    }
    sim_target.armed = SIM_NOT_ARMED;
    switch (armed) {
    case SIM_NOT_ARMED:
    case SIM_ARMED_RIVAL:
        break;
    case SIM_ARMED_DEATH:
        sim_client_kill(s->client);
        break;
    case SIM_ARMED_CUT:
        SIM_TRACE("fault: the connection of session %" PRIu64 " is cut", s->id);
        sim_session_leave(s, s->id, !sim_one_in(&sim_random, 4));
        break;
    }
}

void
sim_session_send(struct sim_session *s, struct sim_statement *list, int count) {
    s->list = list;
    s->count = count;
    s->at = 0;
    s->phase = TRAVELS;
    s->result = (struct sim_result){0};
    const struct sim_statement *last = &list[count - 1];
    bool is_commit =
        !last->is_row && strcmp(last->text, "COMMIT") == 0 && (s->undo_count > 0 || count > 1);
    bool is_ddl = !list[0].is_row && strncmp(list[0].text, "ALTER ", 6) == 0;
    if (is_commit || is_ddl) {
        fire(s);
    }
}

bool
sim_session_has_answered(const struct sim_session *s) {
    return s->phase == ANSWERED;
}

struct sim_result
sim_session_result(const struct sim_session *s) {
    return s->result;
}

void
sim_session_limit_waits(struct sim_session *s, bool on) {
    s->limits_waits = on;
}

/* Faults. */

void
sim_server_crash(void) {
    SIM_TRACE("target: crash");
    for (int i = 0; i < sim_target.used; i++) {
        if (sim_target.sessions[i].is_used) {
            sim_end_session(&sim_target.sessions[i]);
        }
    }
}

void
sim_server_cut(void) {
    for (int tries = 0; tries < 8 && sim_target.used > 0; tries++) {
        struct sim_session *s = &sim_target.sessions[sim_below(&sim_random, sim_target.used)];
        if (s->is_used && !s->is_left) {
            SIM_TRACE("fault: the connection of session %" PRIu64 " is cut", s->id);
            sim_session_leave(s, s->id, sim_one_in(&sim_random, 2));
            return;
        }
    }
}

void
sim_server_leave_all(struct sim_client *client) {
    for (int i = 0; i < sim_target.used; i++) {
        struct sim_session *s = &sim_target.sessions[i];
        if (s->is_used && s->client == client) {
            sim_session_leave(s, s->id, !sim_one_in(&sim_random, 4));
        }
    }
}

void
sim_server_settle(void) {
    int found[SIM_SESSIONS_MAX];
    for (;;) {
        for (int i = 0; i < sim_target.used; i++) {
            if (sim_target.sessions[i].is_used) {
                sim_target.sessions[i].is_left = true;
            }
        }
        int count = sim_server_runnable(found);
        if (count > 0) {
            sim_server_step(found[sim_below(&sim_random, count)]);
        } else if (!sim_server_time_out(true)) {
            return;
        }
    }
}

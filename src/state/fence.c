/* Taking over, in the order that fence.h draws:
 *
 *   claim the next epoch ──> look ──> KILL every other holder of a slot
 *   ──> look again, until nobody else holds one and GET_LOCK("main") is ours
 *   ──> one transaction that raises the epoch of the task and of its lanes to the claimed one
 *   ──> look once more
 *
 * The claim is a number that only grows, and the highest one wins: whoever finds a higher one
 * yields with BS_FENCED. So of two that start together one is left, and a run whose sessions are
 * killed by a successor does not take the task back while that one is still on its way.
 *
 * A holder's lock goes after its transaction is rolled back or committed, on every server: the
 * session's clean-up ends the transaction first. So when the locks are free, no transaction of an
 * old holder is open. A session that held no slot yet (it died between connecting and GET_LOCK) has
 * written nothing; bs_fence_check stops it if it lives. */
#include "state/fence.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/mem.h"
#include "base/stop.h"
#include "sql/error_class.h"
#include "state/node.h"
#include "state/slots.h"
#include "state/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    POLL_MS = 20,
    ROW_WAIT_MAX_MS = 120000, /* for the task's rows: when all are gone, nobody of ours has them */
    SLOT_WAITS = 30, /* of a second; a session of an old epoch may hold a slot until it notices */
    LOCK_WAIT_TIMEOUT = 1205,
};

static enum bs_status
read_claim(struct bs_sql *sql, const struct bs_state *state, const char *lock, uint64_t *number,
           bool *found, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    bs_buf_puts(&text, "SELECT number FROM ");
    bs_state_put_name(&text, state, "claim");
    bs_state_put_where(&text, state);
    bs_buf_puts(&text, lock);
    enum bs_status status = bs_state_row(sql, &text, &result, &fields, err);
    *found = status == BS_OK && fields != NULL;
    *number = *found ? bs_state_field_u64(fields[0]) : 0;
    bs_sql_result_free(result);
    return status;
}

/* BS_FENCED if somebody has claimed the task after us. */
static enum bs_status
check_claim(struct bs_sql *sql, const struct bs_state *state, uint64_t mine, const char *lock,
            struct bs_error *err) {
    uint64_t number = 0;
    bool found = false;
    enum bs_status status = read_claim(sql, state, lock, &number, &found, err);
    return status == BS_OK && (!found || number != mine) ? bs_state_fenced(state, err) : status;
}

/* The claim is read behind the look: who holds a slot has claimed before. So a newer claimant that
 * is in the look also shows in the claim, and is not killed by one who has lost to it. */
static enum bs_status
look_and_kill(struct bs_sql *sql, const struct bs_state *state, uint64_t claim,
              const struct bs_slots *before, struct bs_slots *now, struct bs_error *err) {
    enum bs_status status = bs_slots_look(sql, state, now, err);
    if (status == BS_OK) {
        status = check_claim(sql, state, claim, "", err);
    }
    return status == BS_OK ? bs_slots_kill(sql, now, before, err) : status;
}

/* Waits until everybody else is gone and "main" is ours. */
static enum bs_status
outwait(struct bs_sql *sql, const struct bs_state *state, const struct bs_slots *killed,
        uint64_t claim, int timeout_ms, struct bs_error *err) {
    struct bs_slots before = *killed;
    struct bs_slots now;
    struct bs_patience patience = bs_patience(timeout_ms);
    uint64_t own = bs_sql_connection_id(sql);
    for (;;) {
        bool got = false;
        enum bs_status status = look_and_kill(sql, state, claim, &before, &now, err);
        if (status == BS_OK && now.id[BS_SLOT_MAIN] == 0) {
            status = bs_slots_lock(sql, state, BS_SLOT_MAIN, 0, &got, err);
        }
        if (status == BS_OK && now.id[BS_SLOT_MAIN] == own && bs_slots_are_own(&now, own)) {
            return BS_OK;
        }
        if (status == BS_OK) {
            status = bs_stop_check(err);
        }
        if (status != BS_OK) {
            return status;
        }
        if (bs_patience_has_ended(&patience, sql, state, &now)) {
            return bs_slots_fail_late(sql, state, &now, timeout_ms, err);
        }
        before = now;
        if (!got) {
            bs_clock_pause_ms(POLL_MS);
        }
    }
}

static enum bs_status
read_epoch(struct bs_sql *sql, const struct bs_state *state, const char *lock, uint64_t *epoch,
           struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    bs_buf_puts(&text, "SELECT epoch FROM ");
    bs_state_put_name(&text, state, "task");
    bs_state_put_where(&text, state);
    bs_buf_puts(&text, lock);
    enum bs_status status = bs_state_row(sql, &text, &result, &fields, err);
    if (status == BS_OK && fields == NULL) {
        status =
            bs_error_set(err, BS_FENCED, "task '%s' is gone from the target's state", state->task);
    } else if (status == BS_OK) {
        *epoch = bs_state_field_u64(fields[0]);
    }
    bs_sql_result_free(result);
    return status;
}

static enum bs_status
set_epoch(struct bs_sql *sql, const struct bs_state *state, const char *table, uint64_t epoch,
          struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "UPDATE ");
    bs_state_put_name(&text, state, table);
    bs_buf_printf(&text, " SET epoch=%" PRIu64, epoch);
    bs_state_put_where(&text, state);
    return bs_state_run(sql, &text, err);
}

/* The next epoch, reserved. expected: the epoch that must still be the newest, NULL for any. */
static enum bs_status
claim_in_transaction(struct bs_sql *sql, const struct bs_state *state, const uint64_t *expected,
                     uint64_t *claim, struct bs_error *err) {
    uint64_t number = 0;
    uint64_t epoch = 0;
    bool found = false;
    enum bs_status status = read_claim(sql, state, " FOR UPDATE", &number, &found, err);
    if (status == BS_OK) {
        status = read_epoch(sql, state, "", &epoch, err);
    }
    if (status != BS_OK) {
        return status;
    }
    number = number > epoch ? number : epoch;
    if (expected != NULL && *expected != number) {
        return bs_state_fenced(state, err);
    }
    struct bs_buf text = {0};
    *claim = number + 1;
    bs_buf_puts(&text, "UPDATE ");
    bs_state_put_name(&text, state, "claim");
    bs_buf_printf(&text, " SET number=%" PRIu64, *claim);
    bs_state_put_where(&text, state);
    return bs_state_run(sql, &text, err);
}

/* So that the row is there to be locked. */
static enum bs_status
insert_claim(struct bs_sql *sql, const struct bs_state *state, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "INSERT IGNORE INTO ");
    bs_state_put_name(&text, state, "claim");
    bs_buf_puts(&text, " SET number=0, task=");
    bs_state_put_text(&text, state->task);
    return bs_state_run(sql, &text, err);
}

#define NODE_REPORT "node" /* "<id> <name>" of the node that the task's sessions are on */

static enum bs_status
load_node(struct bs_sql *sql, const struct bs_state *state, struct bs_node *node,
          struct bs_error *err) {
    char *text = NULL;
    memset(node, 0, sizeof *node);
    enum bs_status status = bs_state_load_report(sql, state, NODE_REPORT, &text, err);
    char *space = text != NULL ? strchr(text, ' ') : NULL;
    if (space != NULL) {
        (void)snprintf(node->id, sizeof node->id, "%.*s", (int)(space - text), text);
        (void)snprintf(node->name, sizeof node->name, "%s", space + 1);
    }
    free(text);
    return status;
}

static enum bs_status
save_node(struct bs_sql *sql, const struct bs_state *state, const struct bs_node *node,
          struct bs_error *err) {
    if (node->cluster == BS_CLUSTER_NONE) {
        return BS_OK;
    }
    char *text = bs_asprintf("%s %s", node->id, node->name);
    enum bs_status status = bs_state_save_report(sql, state, NODE_REPORT, text, err);
    free(text);
    return status;
}

static enum bs_status
refuse_other_node(const struct bs_state *state, const struct bs_node *last,
                  const struct bs_node *own, struct bs_error *err) {
    bs_error_set(err, BS_PRECHECK,
                 "the last run of task '%s' was on node '%s' of the target's cluster, which is "
                 "still a member; this is node '%s', from where what that run left cannot be ended",
                 state->task, last->name, own->name);
    return bs_error_hint(err,
                         "run this command against node '%s', or restart that node or take it out "
                         "of the cluster first",
                         last->name);
}

/* Nothing of the last run can be at work on a node that the fence does not reach. Who has lost the
 * task is told that first. */
static enum bs_status
enter_node(struct bs_sql *sql, const struct bs_state *state, const uint64_t *expected,
           struct bs_node *own, struct bs_error *err) {
    struct bs_node last = {0};
    bool is_member = false;
    enum bs_status status = bs_node_read(sql, own, err);
    if (status != BS_OK || own->cluster == BS_CLUSTER_NONE) {
        return status;
    }
    status = bs_node_read_all(sql, own, true, err);
    if (status == BS_OK && expected != NULL) {
        status = check_claim(sql, state, *expected, "", err);
    }
    if (status == BS_OK) {
        status = load_node(sql, state, &last, err);
    }
    if (status == BS_OK && last.id[0] != '\0' && strcmp(last.id, own->id) != 0) {
        status = bs_node_is_member(sql, own, last.id, &is_member, err);
    }
    if (status == BS_OK && is_member) {
        status = refuse_other_node(state, &last, own, err);
    }
    return status == BS_OK ? bs_node_read_all(sql, own, false, err) : status;
}

/* Inside the transaction: nobody has claimed after us, and all rows that an old transaction may
 * hold are ours. */
static enum bs_status
raise_in_transaction(struct bs_sql *sql, const struct bs_state *state, uint64_t claim,
                     const struct bs_node *node, struct bs_error *err) {
    uint64_t found = 0;
    enum bs_status status = check_claim(sql, state, claim, " FOR UPDATE", err);
    if (status == BS_OK) {
        status = read_epoch(sql, state, " FOR UPDATE", &found, err);
    }
    if (status == BS_OK) {
        status = set_epoch(sql, state, "task", claim, err);
    }
    if (status == BS_OK) {
        status = set_epoch(sql, state, "lane", claim, err);
    }
    return status == BS_OK ? save_node(sql, state, node, err) : status;
}

static enum bs_status
limit_waits(struct bs_sql *sql, int timeout_ms, struct bs_error *err) {
    return bs_sql_limit_row_waits(sql, timeout_ms < 1000 ? 1 : timeout_ms / 1000, err);
}

static enum bs_status
end(struct bs_sql *sql, const struct bs_state *state, enum bs_status status, int timeout_ms,
    struct bs_error *err) {
    if (status == BS_OK) {
        status = bs_sql_exec(sql, err, "COMMIT");
    }
    if (status == BS_OK) {
        return bs_sql_limit_row_waits(sql, 0, err);
    }
    if (bs_sql_exec(sql, NULL, "ROLLBACK") == BS_OK && status == BS_SERVER &&
        err->sql_errno == LOCK_WAIT_TIMEOUT) {
        status =
            bs_error_set(err, BS_LIMIT,
                         "a transaction on the target has locked the state of task '%s' and did "
                         "not end in %d s",
                         state->task, timeout_ms / 1000);
        return bs_error_hint(err, "look for it in SHOW ENGINE INNODB STATUS and XA RECOVER on the "
                                  "target, end it, and run this command again");
    }
    return status;
}

/* In a cluster another node's COMMIT may have come before ours, which is rolled back then: a late
 * one of the run that is taken over, for one. Where that is not certain a claim is made again,
 * which makes another number, and an epoch is raised again, which makes the same. */
static bool
lost_a_race(enum bs_status status, int64_t deadline, struct bs_error *err) {
    bool may_pass = status == BS_SERVER && (bs_sql_is_retryable(err) || bs_sql_is_unsettled(err));
    if (!may_pass || bs_clock_mono_ms() > deadline) {
        return false;
    }
    bs_error_clear(err);
    bs_clock_pause_ms(POLL_MS);
    return true;
}

static enum bs_status
claim_epoch(struct bs_sql *sql, const struct bs_state *state, const uint64_t *expected,
            int timeout_ms, uint64_t *claim, struct bs_error *err) {
    int64_t deadline = bs_clock_mono_ms() + timeout_ms;
    enum bs_status status = BS_OK;
    do {
        status = limit_waits(sql, timeout_ms, err);
        if (status == BS_OK) {
            status = insert_claim(sql, state, err);
        }
        if (status == BS_OK) {
            status = bs_sql_exec(sql, err, "START TRANSACTION");
        }
        if (status == BS_OK) {
            status = claim_in_transaction(sql, state, expected, claim, err);
        }
        status = end(sql, state, status, timeout_ms, err);
    } while (lost_a_race(status, deadline, err));
    return status;
}

static enum bs_status
raise_epoch(struct bs_sql *sql, const struct bs_state *state, uint64_t claim,
            const struct bs_node *node, int timeout_ms, struct bs_error *err) {
    int64_t deadline = bs_clock_mono_ms() + timeout_ms;
    enum bs_status status = BS_OK;
    do {
        status = limit_waits(sql, timeout_ms, err);
        if (status == BS_OK) {
            status = bs_sql_exec(sql, err, "START TRANSACTION");
        }
        if (status == BS_OK) {
            status = raise_in_transaction(sql, state, claim, node, err);
            status = end(sql, state, status, timeout_ms, err);
        }
    } while (lost_a_race(status, deadline, err));
    return status == BS_OK ? BS_OK
                           : bs_error_context(err, "raising the epoch of task '%s'", state->task);
}

static enum bs_status
take(struct bs_sql *control, const struct bs_state *state, uint64_t claim,
     const struct bs_node *node, int timeout_ms, struct bs_error *err) {
    struct bs_slots holders;
    enum bs_status status = look_and_kill(control, state, claim, NULL, &holders, err);
    bs_fault_point("takeover-killed");
    if (status == BS_OK) {
        status = outwait(control, state, &holders, claim, timeout_ms, err);
    }
    if (status != BS_OK) {
        return status;
    }
    bs_fault_point("takeover-locked");
    int row_wait_ms = timeout_ms < ROW_WAIT_MAX_MS ? timeout_ms : ROW_WAIT_MAX_MS;
    status = raise_epoch(control, state, claim, node, row_wait_ms, err);
    if (status != BS_OK) {
        return status;
    }
    bs_fault_point("takeover-epoch-raised");
    /* Once more: an old session may have taken a free slot and checked the epoch just before it
     * rose (a DDL session does so, and runs outside of any transaction). Whoever comes later is
     * refused. */
    memset(&holders, 0, sizeof holders);
    return outwait(control, state, &holders, claim, timeout_ms, err);
}

static enum bs_status
claim_and_take(struct bs_sql *control, const struct bs_state *state, const uint64_t *expected,
               int timeout_ms, uint64_t *epoch, struct bs_error *err) {
    uint64_t claim = 0;
    struct bs_node node;
    int row_wait_ms = timeout_ms < ROW_WAIT_MAX_MS ? timeout_ms : ROW_WAIT_MAX_MS;
    enum bs_status status = enter_node(control, state, expected, &node, err);
    if (status == BS_OK) {
        status = claim_epoch(control, state, expected, row_wait_ms, &claim, err);
    }
    if (status == BS_OK) {
        *epoch = claim;
        status = take(control, state, claim, &node, timeout_ms, err);
    }
    return status == BS_OK ? BS_OK : bs_error_context(err, "taking task '%s' over", state->task);
}

enum bs_status
bs_fence_take_over(struct bs_sql *control, const struct bs_state *state, int timeout_ms,
                   uint64_t *epoch, struct bs_error *err) {
    return claim_and_take(control, state, NULL, timeout_ms, epoch, err);
}

enum bs_status
bs_fence_retake(struct bs_sql *control, const struct bs_state *state, int timeout_ms,
                uint64_t *epoch, struct bs_error *err) {
    uint64_t expected = *epoch;
    return claim_and_take(control, state, &expected, timeout_ms, epoch, err);
}

/* A balancer may have sent this session elsewhere than the one that took the task over. */
static enum bs_status
check_node(struct bs_sql *sql, const struct bs_state *state, struct bs_error *err) {
    struct bs_node own, chosen;
    enum bs_status status = bs_node_read(sql, &own, err);
    if (status != BS_OK || own.cluster == BS_CLUSTER_NONE) {
        return status;
    }
    status = load_node(sql, state, &chosen, err);
    if (status == BS_OK && strcmp(own.id, chosen.id) != 0) {
        bs_error_set(err, BS_PRECHECK,
                     "the sessions of task '%s' reach several nodes of the target's cluster: '%s' "
                     "and '%s'",
                     state->task, chosen.name, own.name);
        return bs_error_hint(err, "give one node's own address as --target, not a balancer's");
    }
    return status;
}

enum bs_status
bs_fence_hold_slot(struct bs_sql *sql, const struct bs_state *state, unsigned int slot,
                   uint64_t epoch, struct bs_error *err) {
    BS_ASSERT(slot < BS_SLOT_COUNT);
    bool got = false;
    enum bs_status status = BS_OK;
    for (int waits = 0; status == BS_OK && !got && waits < SLOT_WAITS; waits++) {
        status = bs_slots_lock(sql, state, slot, 1, &got, err);
        if (status == BS_OK) {
            status = bs_fence_check(sql, state, epoch, err);
        }
    }
    if (status == BS_OK && !got) {
        status = bs_state_fenced(state, err);
    }
    if (status == BS_OK) {
        status = check_node(sql, state, err);
    }
    return status == BS_OK ? BS_OK : bs_error_context(err, "taking slot %u", slot);
}

enum bs_status
bs_fence_check(struct bs_sql *sql, const struct bs_state *state, uint64_t epoch,
               struct bs_error *err) {
    uint64_t found = 0;
    enum bs_status status = read_epoch(sql, state, "", &found, err);
    return status == BS_OK && found != epoch ? bs_state_fenced(state, err) : status;
}

/* The value must change: what stays as it was is no write, and not certified. */
enum bs_status
bs_fence_seal(struct bs_sql *sql, const struct bs_state *state, uint64_t epoch,
              struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "UPDATE ");
    bs_state_put_name(&text, state, "task");
    bs_buf_printf(&text, " SET updated_us=GREATEST(updated_us+1, %" PRId64 ")", bs_clock_wall_us());
    bs_state_put_where(&text, state);
    bs_buf_printf(&text, " AND epoch=%" PRIu64, epoch);
    enum bs_status status = bs_state_run(sql, &text, err);
    return status == BS_OK && bs_sql_affected(sql) != 1 ? bs_state_fenced(state, err) : status;
}

enum bs_status
bs_fence_leave(struct bs_sql *sql, const struct bs_state *state, uint64_t epoch,
               struct bs_error *err) {
    struct bs_node last;
    enum bs_status status = load_node(sql, state, &last, err);
    if (status != BS_OK || last.id[0] == '\0') {
        return status;
    }
    struct bs_buf text = {0};
    status = bs_sql_exec(sql, err, "START TRANSACTION");
    if (status == BS_OK) {
        status = bs_fence_seal(sql, state, epoch, err);
    }
    if (status == BS_OK) {
        bs_buf_puts(&text, "DELETE FROM ");
        bs_state_put_name(&text, state, "report");
        bs_state_put_where(&text, state);
        bs_buf_puts(&text, " AND kind='" NODE_REPORT "'");
        status = bs_state_run(sql, &text, err);
    }
    return status == BS_OK ? bs_sql_exec(sql, err, "COMMIT") : status;
}

enum bs_status
bs_fence_is_held(struct bs_sql *sql, const struct bs_state *state, bool *held,
                 struct bs_error *err) {
    struct bs_slots slots;
    enum bs_status status = bs_slots_look(sql, state, &slots, err);
    *held = status == BS_OK && slots.id[BS_SLOT_MAIN] != 0;
    return status;
}

enum bs_status
bs_fence_is_held_settled(struct bs_sql *sql, const struct bs_state *state, bool *held,
                         struct bs_error *err) {
    enum { SETTLE_S = 5 };
    bool is_free = false;
    enum bs_status status = bs_slots_try(sql, state, BS_SLOT_MAIN, SETTLE_S, &is_free, err);
    *held = !is_free;
    return status;
}

/* The target: sessions that run statements step by step, row locks that are held to the end of the
 * transaction, waits, deadlocks, named locks, and the state's tables.
 *
 * A client's request travels, is executed statement by statement, and is answered. A session whose
 * client is gone goes on with what it was sent, until it notices; it never does while it waits for
 * a lock. So a dead client's COMMIT can land late. */
#include "sim.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LANES_MAX = 16,
    SLOTS_MAX = 65,
    LOCKS_MAX = 1024,
    LATE = 40,
    ER_LOCK_WAIT = 1205,
    ER_DEADLOCK = 1213,
    ER_OUT_OF_RANGE = 1690,
    ER_DUPLICATE = 1062,
    ER_NO_PARENT = 1452,
    ER_HAS_CHILD = 1451,
};

/* The state's rows: what is committed, and what the holder of the row's lock has made of it. */
struct lane_row {
    bool is_there;
    uint64_t epoch, pos, transactions;
    const char *file, *ahead;
};

struct state_rows {
    uint64_t task_epoch, claim;
    struct lane_row lanes[LANES_MAX];
    bool has_intent;
    uint64_t intent_pos;
    const char *intent_file, *intent_statement, *intent_fingerprint;
};

enum { LOCK_TASK = 1, LOCK_CLAIM, LOCK_INTENT, LOCK_LANE };

enum phase { QUIET, TRAVELS, RUNS, ANSWERED };

struct sim_session {
    bool is_used;
    uint64_t id;
    struct sim_client *client;
    bool is_left; /* by its client */
    bool is_killed;
    int slowness; /* it does one of so many steps */
    enum phase phase;
    struct sim_statement *list;
    int count, at;
    bool is_open;   /* a transaction */
    bool is_manual; /* autocommit=0 */
    uint64_t epoch; /* its client's, when it was opened */
    bool checks;
    bool limits_waits;
    uint64_t waits_for; /* a row's lock, 0: none */
    int waits_for_slot; /* or a named one, -1: none */
    struct sim_change *undo;
    int undo_count, undo_cap;
    int savepoint;        /* of the undo's changes, those in front of it */
    bool owes_checkpoint; /* a seeded bug: it is written behind the transaction */
    const char *owed;
    struct sim_result result;
};

static struct {
    struct sim_data data;
    struct sim_data shown; /* committed */
    uint64_t log;          /* transactions that are committed, a bit each */
    struct state_rows now, committed;
    struct sim_session sessions[SIM_SESSIONS_MAX];
    uint64_t next_id, commits;
    int used; /* no session behind this one is */
    struct {
        uint64_t lock;
        int owner;
    } locks[LOCKS_MAX];
    int lock_count;
    int slots[SLOTS_MAX]; /* owner + 1 */
    enum sim_armed armed;
} server;

void
sim_server_reset(const struct sim_data *data, const char *file, uint64_t pos) {
    for (int i = 0; i < server.used; i++) {
        server.sessions[i].is_used = false;
    }
    server.data = *data;
    server.shown = *data;
    server.log = 0;
    memset(&server.now, 0, sizeof server.now);
    server.now.lanes[0] = (struct lane_row){true, 0, pos, 0, file, ""};
    server.committed = server.now;
    server.lock_count = 0;
    server.used = 0;
    server.commits = 0;
    server.armed = SIM_NOT_ARMED;
    memset(server.slots, 0, sizeof server.slots);
}

const struct sim_data *
sim_server_data(void) {
    return &server.data;
}

uint64_t
sim_server_commits(void) {
    return server.commits;
}

static int
index_of(const struct sim_session *s) {
    return (int)(s - server.sessions);
}

/* Locks. */

static int
owner_of(uint64_t lock) {
    for (int i = 0; i < server.lock_count; i++) {
        if (server.locks[i].lock == lock) {
            return server.locks[i].owner;
        }
    }
    return -1;
}

static bool
take_lock(struct sim_session *s, uint64_t lock) {
    int owner = owner_of(lock);
    if (owner >= 0) {
        s->waits_for = owner == index_of(s) ? 0 : lock;
        return owner == index_of(s);
    }
    if (server.lock_count == LOCKS_MAX) {
        abort();
    }
    server.locks[server.lock_count].lock = lock;
    server.locks[server.lock_count++].owner = index_of(s);
    return true;
}

/* Does somebody else work on the table? Then a DDL statement waits. */
static bool
take_table(struct sim_session *s, int table) {
    for (int i = 0; i < server.lock_count; i++) {
        if (server.locks[i].lock >> SIM_TABLE_LOCK_SHIFT == (uint64_t)(table + 1) &&
            server.locks[i].owner != index_of(s)) {
            s->waits_for = server.locks[i].lock;
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
    for (int i = 0; i < server.lock_count; i++) {
        if (server.locks[i].owner != index_of(s)) {
            server.locks[kept++] = server.locks[i];
        } else if (commits) {
            copy_state(&server.committed, &server.now, server.locks[i].lock);
        } else {
            copy_state(&server.now, &server.committed, server.locks[i].lock);
        }
    }
    server.lock_count = kept;
    s->undo_count = 0;
    s->is_open = false;
    s->waits_for = 0;
}

static void
undo_to(struct sim_session *s, int count) {
    while (s->undo_count > count) {
        sim_step_undo(&server.data, &s->undo[--s->undo_count]);
    }
}

static void
roll_back(struct sim_session *s) {
    undo_to(s, 0);
    s->owes_checkpoint = false;
    end_locks(s, false);
}

/* What others see from now on. */
static void
show_changes(const struct sim_session *s) {
    bool has_family = false;
    for (int i = 0; i < s->undo_count; i++) {
        const struct sim_change *step = &s->undo[i];
        (void)sim_step_do(&server.shown, step);
        has_family = has_family || (step->table >= SIM_PARENT && step->table <= SIM_SELF);
        if (step->table == SIM_LOG) {
            server.log |= UINT64_C(1) << step->after.c[0];
        }
    }
    const char *orphan = has_family && sim_history->all_checked ? sim_orphan(&server.shown) : NULL;
    if (orphan != NULL) {
        sim_fail("a row of table %s can be seen without its parent", orphan);
    }
    uint64_t missing = sim_history->log & ~server.log;
    if (sim_history->in_commit_order && missing != 0 && (missing & -missing) < server.log) {
        sim_fail("a transaction can be seen without one before it");
    }
}

static void
commit(struct sim_session *s) {
    if (s->undo_count > 0) {
        server.commits++;
        show_changes(s);
    }
    end_locks(s, true);
}

static void
end_session(struct sim_session *s) {
    SIM_TRACE("target: session %" PRIu64 " ends%s", s->id,
              s->undo_count > 0 ? ", rolled back" : "");
    roll_back(s);
    for (int i = 0; i < SLOTS_MAX; i++) {
        if (server.slots[i] == index_of(s) + 1) {
            server.slots[i] = 0;
        }
    }
    s->is_used = false;
}

/* Deadlocks: who waits for whom has one edge each, so a circle is found by walking it. */
static void
find_deadlock(struct sim_session *s) {
    struct sim_session *at = s;
    int length = 0;
    do {
        int owner = at->waits_for != 0 ? owner_of(at->waits_for) : -1;
        if (owner < 0 || ++length > SIM_SESSIONS_MAX) {
            return;
        }
        at = &server.sessions[owner];
    } while (at != s);
    for (int steps = sim_below(&sim_random, length); steps > 0; steps--) {
        at = &server.sessions[owner_of(at->waits_for)];
    }
    SIM_TRACE("target: deadlock, session %" PRIu64 " is the victim", at->id);
    roll_back(at);
    at->list[at->at].error = ER_DEADLOCK;
    at->count = at->at + 1;
    at->phase = ANSWERED;
}

/* Rows. */

static bool
fails_always(enum sim_outcome outcome, const struct sim_session *s, int table) {
    bool is_fenced = s->epoch != server.now.task_epoch;
    return outcome != SIM_FINE && !is_fenced && table != SIM_ODD;
}

/* Whatever the statement finds is updated. A row that is not there, or that is found by another
 * key, is an error: that an upsert leaves such a row alone is told by a count. */
static void
resolve_upsert(struct sim_change *change) {
    const struct sim_row *rows = server.data.tables[change->table].rows;
    int at = sim_find_row(&server.data, change->table, &change->after);
    if (at >= 0) {
        change->before = rows[at];
    } else {
        change->before = change->after; /* which is not there */
    }
    change->kind = SIM_UPDATE;
}

static bool
run_row(struct sim_session *s, struct sim_statement *statement) {
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
    sim_plan_make(&plan, &server.data, &change);
    for (int i = 0; i < plan.lock_count; i++) {
        if (!take_lock(s, plan.locks[i])) {
            return false;
        }
    }
    enum sim_outcome outcome = sim_plan_check(&plan, &server.data);
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
        if (sim_step_do(&server.data, &plan.steps[i])) {
            s->undo[s->undo_count++] = plan.steps[i];
        }
    }
    return true;
}

/* The state's tables, by the few statements that there are. */

static uint64_t
number_behind(const char *text, const char *word) {
    const char *at = text != NULL ? strstr(text, word) : NULL;
    return at != NULL ? strtoull(at + strlen(word), NULL, 10) : 0;
}

/* word='...' */
static const char *
text_behind(const char *text, const char *word) {
    const char *at = strstr(text, word);
    if (at == NULL) {
        return "";
    }
    at += strlen(word) + 1;
    const char *end = strchr(at, '\'');
    return bs_arena_copy(&sim_arena, at, (size_t)(end - at));
}

static void
answer(struct sim_session *s, int rows, int columns) {
    s->result.rows = rows;
    s->result.columns = columns;
    s->result.fields =
        bs_arena_alloc(&sim_arena, sizeof(struct bs_str) * (size_t)(rows * columns + 1));
}

static void
put_text(struct sim_session *s, int at, const char *text) {
    s->result.fields[at] = bs_str(text);
}

static void
put_number(struct sim_session *s, int at, uint64_t number) {
    char text[24];
    int len = snprintf(text, sizeof text, "%" PRIu64, number);
    s->result.fields[at] =
        (struct bs_str){bs_arena_copy(&sim_arena, text, (size_t)len), (size_t)len};
}

static bool
run_claim(struct sim_session *s, struct sim_statement *statement) {
    const char *text = statement->text;
    bool reads = strncmp(text, "SELECT", 6) == 0;
    if ((!reads || strstr(text, "FOR UPDATE") != NULL) && !take_lock(s, LOCK_CLAIM)) {
        return false;
    }
    if (reads) {
        bool own = owner_of(LOCK_CLAIM) == index_of(s);
        answer(s, 1, 1);
        put_number(s, 0, own ? server.now.claim : server.committed.claim);
    } else if (strncmp(text, "UPDATE", 6) == 0) {
        server.now.claim = number_behind(text, "number=");
    }
    return true;
}

static bool
run_task(struct sim_session *s, struct sim_statement *statement) {
    const char *text = statement->text;
    bool reads = strncmp(text, "SELECT", 6) == 0;
    bool locks = !reads || strstr(text, "FOR UPDATE") != NULL || strstr(text, "SHARE") != NULL;
    if (locks && !take_lock(s, LOCK_TASK)) {
        return false;
    }
    if (reads) {
        uint64_t epoch = locks ? server.now.task_epoch : server.committed.task_epoch;
        bool is_bug = sim_bug == SIM_BUG_EPOCH && !locks;
        answer(s, 1, 1);
        put_number(s, 0, is_bug ? sim_client_epoch(s->client) : epoch);
    } else if (strstr(text, "updated_us=") != NULL) { /* a seal */
        statement->affected = server.now.task_epoch == number_behind(text, " AND epoch=");
    } else {
        server.now.task_epoch = number_behind(text, "epoch=");
    }
    return true;
}

static bool
run_intent(struct sim_session *s, struct sim_statement *statement) {
    const char *text = statement->text;
    if (strncmp(text, "SELECT", 6) == 0) {
        answer(s, server.committed.has_intent, 5);
        if (server.committed.has_intent) {
            put_text(s, 0, server.committed.intent_file);
            put_number(s, 1, server.committed.intent_pos);
            put_text(s, 2, "");
            put_text(s, 3, server.committed.intent_statement);
            put_text(s, 4, server.committed.intent_fingerprint);
        }
        return true;
    }
    if (!take_lock(s, LOCK_INTENT)) {
        return false;
    }
    server.now.has_intent = strncmp(text, "REPLACE", 7) == 0;
    if (server.now.has_intent) {
        server.now.intent_file = text_behind(text, "file=");
        server.now.intent_pos = number_behind(text, "pos=");
        server.now.intent_statement = text_behind(text, "statement=");
        server.now.intent_fingerprint = text_behind(text, "fingerprint=");
    }
    return true;
}

static void
read_lanes(struct sim_session *s, const char *text) {
    const char *where = strstr(text, " AND lane=");
    uint64_t only = number_behind(text, " AND lane=");
    answer(s, LANES_MAX, 9);
    s->result.rows = 0;
    for (uint64_t i = 0; i < LANES_MAX; i++) {
        bool own = owner_of(LOCK_LANE + i) == index_of(s);
        const struct lane_row *row = own ? &server.now.lanes[i] : &server.committed.lanes[i];
        if (!row->is_there || (where != NULL && i != only)) {
            continue;
        }
        int at = s->result.rows++ * 9;
        put_text(s, at, row->file);
        put_number(s, at + 1, row->pos);
        put_text(s, at + 2, "");
        put_number(s, at + 3, 0);
        put_number(s, at + 4, row->transactions);
        put_number(s, at + 5, 0);
        put_number(s, at + 6, 0);
        put_number(s, at + 7, 0);
        put_text(s, at + 8, row->ahead);
    }
}

static void
set_lane(struct lane_row *row, const char *text) {
    row->file = text_behind(text, "file=");
    row->pos = number_behind(text, " pos=");
    row->transactions = number_behind(text, "transactions=");
    row->ahead = text_behind(text, "ahead=");
}

/* UPDATE lane SET ... WHERE task=... [AND lane=... AND epoch=...] */
static bool
update_lanes(struct sim_session *s, struct sim_statement *statement) {
    const char *text = statement->text;
    const char *where = strstr(text, " WHERE ");
    bool is_one = strstr(where, " AND lane=") != NULL;
    uint64_t only = number_behind(where, " AND lane=");
    for (uint64_t i = 0; i < LANES_MAX; i++) {
        if ((server.now.lanes[i].is_there || server.committed.lanes[i].is_there) &&
            (!is_one || i == only) && !take_lock(s, LOCK_LANE + i)) {
            return false;
        }
    }
    for (uint64_t i = 0; i < LANES_MAX; i++) {
        struct lane_row *row = &server.now.lanes[i];
        bool fits = sim_bug == SIM_BUG_EPOCH || !is_one ||
                    row->epoch == number_behind(where, " AND epoch=");
        if (!row->is_there || (is_one && i != only) || !fits) {
            continue;
        }
        statement->affected++;
        if (strstr(text, "ahead=") != NULL) {
            set_lane(row, text);
        } else if (!is_one) {
            row->epoch = number_behind(text, "epoch=");
        }
    }
    return true;
}

static bool
run_lane(struct sim_session *s, struct sim_statement *statement) {
    const char *text = statement->text;
    if (strncmp(text, "SELECT", 6) == 0) {
        read_lanes(s, text);
        return true;
    }
    if (strncmp(text, "UPDATE", 6) == 0) {
        return update_lanes(s, statement);
    }
    bool inserts = strncmp(text, "INSERT", 6) == 0;
    uint64_t lane = number_behind(text, " lane=");
    for (uint64_t i = 0; i < LANES_MAX; i++) {
        if ((inserts ? i == lane : true) && !take_lock(s, LOCK_LANE + i)) {
            return false;
        }
    }
    if (!inserts) {
        memset(server.now.lanes, 0, sizeof server.now.lanes);
        return true;
    }
    struct lane_row *row = &server.now.lanes[lane];
    if (row->is_there) {
        statement->error = ER_DUPLICATE;
        return true;
    }
    row->is_there = true;
    row->epoch = number_behind(text, "epoch=");
    set_lane(row, text);
    return true;
}

/* Named locks: 'bs.<hash>.<slot>' or '.main'. */
static int
slot_behind(const char **text) {
    const char *dot = strchr(strchr(*text, '.') + 1, '.');
    *text = dot + 1;
    return dot[1] == 'm' ? SLOTS_MAX - 1 : (int)strtoul(dot + 1, NULL, 10);
}

static void
run_look(struct sim_session *s, const char *text) {
    answer(s, 1, SLOTS_MAX);
    for (int i = 0; i < SLOTS_MAX; i++) {
        int owner = server.slots[slot_behind(&text)] - 1;
        bool hides = sim_bug == SIM_BUG_HOLDERS && i < SLOTS_MAX - 1 && owner != index_of(s);
        put_number(s, i, owner >= 0 && !hides ? server.sessions[owner].id : 0);
    }
}

static bool
run_get_lock(struct sim_session *s, const char *text) {
    int slot = slot_behind(&text);
    bool own = server.slots[slot] == index_of(s) + 1;
    bool is_free = server.slots[slot] == 0 || own;
    if (!is_free && strstr(text, ", 0)") == NULL && s->waits_for_slot != -2) {
        s->waits_for_slot = slot;
        return false;
    }
    s->waits_for_slot = -1;
    answer(s, 1, 1);
    put_number(s, 0, is_free);
    if (is_free) {
        server.slots[slot] = index_of(s) + 1;
    }
    return true;
}

static void
kill_session(uint64_t id) {
    for (int i = 0; i < server.used; i++) {
        if (server.sessions[i].is_used && server.sessions[i].id == id) {
            server.sessions[i].is_killed = true;
        }
    }
}

static int
table_behind(const char *text, const char *word) {
    return (int)number_behind(text, word);
}

static bool
run_ddl(struct sim_session *s, const char *text) {
    int table = table_behind(text, "ALTER ");
    if (!take_table(s, table)) {
        return false;
    }
    SIM_TRACE("target: session %" PRIu64 " runs %s", s->id, text);
    sim_ddl_do(&server.data, table);
    sim_ddl_do(&server.shown, table);
    return true;
}

static bool
begins(const char *text, const char *word) {
    return strncmp(text, word, strlen(word)) == 0;
}

static bool
run_words(struct sim_session *s, struct sim_statement *statement) {
    const char *text = statement->text;
    if (begins(text, "BEGIN") || begins(text, "START")) {
        s->is_open = true;
    } else if (begins(text, "COMMIT")) {
        SIM_TRACE("target: session %" PRIu64 " commits", s->id);
        commit(s);
        if (s->owes_checkpoint) {
            s->owes_checkpoint = false;
            statement->text = s->owed;
            return false; /* next step */
        }
    } else if (begins(text, "SAVEPOINT")) {
        s->savepoint = s->undo_count;
    } else if (begins(text, "ROLLBACK TO")) {
        undo_to(s, s->savepoint);
    } else if (begins(text, "ROLLBACK")) {
        roll_back(s);
        s->is_manual = s->is_manual && strstr(text, "autocommit=1") == NULL;
        s->checks = s->checks || strstr(text, "foreign_key_checks=1") != NULL;
    } else if (begins(text, "SET @bs_guard")) {
        statement->error = ER_OUT_OF_RANGE;
    } else if (begins(text, "SET autocommit=0")) {
        s->is_manual = sim_bug != SIM_BUG_AUTOCOMMIT;
        s->is_open = true;
    } else if (begins(text, "SET autocommit=1")) {
        s->is_manual = false;
        commit(s);
    } else if (begins(text, "SET foreign_key_checks=")) {
        s->checks = number_behind(text, "checks=") == 1;
    } else if (begins(text, "KILL")) {
        kill_session(number_behind(text, "KILL "));
    } else if (begins(text, "SELECT IS_USED_LOCK")) {
        run_look(s, text);
    } else if (begins(text, "SELECT GET_LOCK")) {
        return run_get_lock(s, text);
    } else if (begins(text, "ALTER ")) {
        return run_ddl(s, text);
    } else if (begins(text, "FINGERPRINT ")) {
        answer(s, 1, 1);
        put_number(s, 0, (uint64_t)server.data.tables[table_behind(text, "FINGERPRINT ")].version);
    }
    return true;
}

static bool
run_statement(struct sim_session *s, struct sim_statement *statement) {
    const char *text = statement->text;
    if (statement->is_row) {
        return run_row(s, statement);
    }
    if (statement->is_checkpoint && sim_bug == SIM_BUG_CHECKPOINT_APART) {
        s->owes_checkpoint = true;
        s->owed = text;
        statement->affected = 1;
        return true;
    }
    if (strstr(text, "`claim`") != NULL) {
        return run_claim(s, statement);
    }
    if (strstr(text, "`task`") != NULL) {
        return run_task(s, statement);
    }
    if (strstr(text, "`intent`") != NULL) {
        return run_intent(s, statement);
    }
    return strstr(text, "`lane`") != NULL ? run_lane(s, statement) : run_words(s, statement);
}

/* One step of a session. */
void
sim_server_step(int at) {
    struct sim_session *s = &server.sessions[at];
    bool is_idle = s->phase == QUIET || s->phase == ANSWERED;
    bool waits = s->waits_for != 0 || s->waits_for_slot >= 0;
    bool notices = (s->is_killed && (is_idle || waits)) || (s->is_left && is_idle);
    bool may_notice = s->is_killed || (s->is_left && s->phase != TRAVELS);
    if (notices || (may_notice && sim_one_in(&sim_random, 3))) {
        end_session(s);
        return;
    }
    if (is_idle || !sim_one_in(&sim_random, s->slowness)) {
        return;
    }
    s->phase = RUNS;
    s->waits_for = 0;
    s->waits_for_slot = s->waits_for_slot >= 0 ? -1 : s->waits_for_slot;
    struct sim_statement *statement = &s->list[s->at];
    if (!run_statement(s, statement)) {
        if (s->waits_for != 0) {
            find_deadlock(s);
        }
        return;
    }
    statement->is_run = true;
    bool is_wrong = statement->is_guarded && statement->affected == 0 && statement->error == 0;
    if (is_wrong && sim_bug != SIM_BUG_GUARD) {
        statement->error = ER_OUT_OF_RANGE;
    }
    if (!s->is_open && !s->is_manual) {
        commit(s); /* autocommit */
    }
    s->at++;
    if (statement->error != 0 || s->at == s->count) {
        s->phase = ANSWERED;
    }
}

static bool
can_step(const struct sim_session *s) {
    if (!s->is_used || s->is_killed) {
        return s->is_used;
    }
    bool waits = (s->waits_for != 0 && owner_of(s->waits_for) >= 0) ||
                 (s->waits_for_slot >= 0 && server.slots[s->waits_for_slot] != 0);
    if (s->phase == TRAVELS || s->phase == RUNS) {
        return !waits;
    }
    return s->is_left;
}

int
sim_server_runnable(int *out) {
    int count = 0;
    for (int i = 0; i < server.used; i++) {
        if (can_step(&server.sessions[i])) {
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
    for (int i = 0; i < server.used; i++) {
        if (can_time_out(&server.sessions[i], any)) {
            found[count++] = i;
        }
    }
    if (count == 0) {
        return false;
    }
    struct sim_session *s = &server.sessions[found[sim_below(&sim_random, count)]];
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
    for (int tries = 0; tries < 8 && server.used > 0; tries++) {
        struct sim_session *s = &server.sessions[sim_below(&sim_random, server.used)];
        if (s->is_used && s->phase == RUNS && s->undo_count > 0 && s->list[s->at].is_row) {
            SIM_TRACE("target: session %" PRIu64 " is called a deadlock's victim", s->id);
            roll_back(s);
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
    while (at < server.used && server.sessions[at].is_used) {
        at++;
    }
    if (at == SIM_SESSIONS_MAX) {
        abort();
    }
    server.used = at == server.used ? at + 1 : server.used;
    struct sim_session *s = &server.sessions[at];
    struct sim_change *undo = s->undo;
    int cap = s->undo_cap;
    *s = (struct sim_session){.is_used = true,
                              .id = ++server.next_id,
                              .client = client,
                              .checks = true,
                              .epoch = sim_client_epoch(client),
                              .undo = undo,
                              .undo_cap = cap,
                              .waits_for_slot = -1,
                              .slowness = sim_one_in(&sim_random, 5) ? 6 : 1};
    SIM_TRACE("target: session %" PRIu64 " of client %d", s->id, sim_client_number(client));
    if (server.armed == SIM_ARMED_RIVAL && sim_client_opens_lane_0(client)) {
        server.armed = SIM_NOT_ARMED;
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
    server.armed = armed;
}

/* The fault that was to happen as a COMMIT, or a DDL statement, is on its way. */
static void
fire(struct sim_session *s) {
    enum sim_armed armed = server.armed;
    if (armed == SIM_ARMED_RIVAL) {
        return;
    }
    server.armed = SIM_NOT_ARMED;
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
    for (int i = 0; i < server.used; i++) {
        if (server.sessions[i].is_used) {
            end_session(&server.sessions[i]);
        }
    }
}

void
sim_server_cut(void) {
    for (int tries = 0; tries < 8 && server.used > 0; tries++) {
        struct sim_session *s = &server.sessions[sim_below(&sim_random, server.used)];
        if (s->is_used && !s->is_left) {
            SIM_TRACE("fault: the connection of session %" PRIu64 " is cut", s->id);
            sim_session_leave(s, s->id, sim_one_in(&sim_random, 2));
            return;
        }
    }
}

void
sim_server_leave_all(struct sim_client *client) {
    for (int i = 0; i < server.used; i++) {
        struct sim_session *s = &server.sessions[i];
        if (s->is_used && s->client == client) {
            sim_session_leave(s, s->id, !sim_one_in(&sim_random, 4));
        }
    }
}

void
sim_server_settle(void) {
    int found[SIM_SESSIONS_MAX];
    for (;;) {
        for (int i = 0; i < server.used; i++) {
            if (server.sessions[i].is_used) {
                server.sessions[i].is_left = true;
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

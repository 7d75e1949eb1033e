/* What the simulated target understands: changes of rows, the few statements that there are for the
 * state's tables, transactions, named locks, DDL. */
#include "server_private.h"

#include "base/position.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    if ((!reads || strstr(text, "FOR UPDATE") != NULL) && !sim_take_lock(s, LOCK_CLAIM)) {
        return false;
    }
    if (reads) {
        bool own = sim_owner_of(LOCK_CLAIM) == sim_index_of(s);
        answer(s, 1, 1);
        put_number(s, 0, own ? sim_target.now.claim : sim_target.committed.claim);
    } else if (strncmp(text, "UPDATE", 6) == 0) {
        sim_target.now.claim = number_behind(text, "number=");
    }
    return true;
}

static bool
run_task(struct sim_session *s, struct sim_statement *statement) {
    const char *text = statement->text;
    bool reads = strncmp(text, "SELECT", 6) == 0;
    bool locks = !reads || strstr(text, "FOR UPDATE") != NULL || strstr(text, "SHARE") != NULL;
    if (locks && !sim_take_lock(s, LOCK_TASK)) {
        return false;
    }
    if (reads) {
        uint64_t epoch = locks ? sim_target.now.task_epoch : sim_target.committed.task_epoch;
        bool is_bug = sim_bug == SIM_BUG_EPOCH && !locks;
        answer(s, 1, 1);
        put_number(s, 0, is_bug ? sim_client_epoch(s->client) : epoch);
    } else if (strstr(text, "updated_us=") != NULL) { /* a seal */
        statement->affected = sim_target.now.task_epoch == number_behind(text, " AND epoch=");
    } else {
        sim_target.now.task_epoch = number_behind(text, "epoch=");
    }
    return true;
}

static bool
run_intent(struct sim_session *s, struct sim_statement *statement) {
    const char *text = statement->text;
    if (strncmp(text, "SELECT", 6) == 0) {
        answer(s, sim_target.committed.has_intent, 5);
        if (sim_target.committed.has_intent) {
            put_text(s, 0, sim_target.committed.intent_file);
            put_number(s, 1, sim_target.committed.intent_pos);
            put_text(s, 2, "");
            put_text(s, 3, sim_target.committed.intent_statement);
            put_text(s, 4, sim_target.committed.intent_fingerprint);
        }
        return true;
    }
    if (!sim_take_lock(s, LOCK_INTENT)) {
        return false;
    }
    sim_target.now.has_intent = strncmp(text, "REPLACE", 7) == 0;
    if (sim_target.now.has_intent) {
        sim_target.now.intent_file = text_behind(text, "file=");
        sim_target.now.intent_pos = number_behind(text, "pos=");
        sim_target.now.intent_statement = text_behind(text, "statement=");
        sim_target.now.intent_fingerprint = text_behind(text, "fingerprint=");
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
        bool own = sim_owner_of(LOCK_LANE + i) == sim_index_of(s);
        const struct lane_row *row =
            own ? &sim_target.now.lanes[i] : &sim_target.committed.lanes[i];
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

/* What a lane has applied is told by its mark and its runs beyond it: if the mark went back, what
 * lies between would be told by nobody. */
static void
expect_no_step_back(const struct lane_row *row, const struct lane_row *next, uint64_t lane) {
    struct bs_log_place before, after;
    bs_log_place_set(&before, row->file, row->pos);
    bs_log_place_set(&after, next->file, next->pos);
    if (bs_log_place_compare(&after, &before) < 0) {
        sim_fail("the mark of lane %" PRIu64 " goes back from %s:%" PRIu64 " to %s:%" PRIu64, lane,
                 row->file, row->pos, next->file, next->pos);
    }
}

/* UPDATE lane SET ... WHERE task=... [AND lane=... AND epoch=...] */
static bool
update_lanes(struct sim_session *s, struct sim_statement *statement) {
    const char *text = statement->text;
    const char *where = strstr(text, " WHERE ");
    bool is_one = strstr(where, " AND lane=") != NULL;
    uint64_t only = number_behind(where, " AND lane=");
    if (strstr(text, "ROW_COUNT()=-9") != NULL) { /* is it an error? */
        statement->error = ER_OUT_OF_RANGE;
        return true;
    }
    statement->lacks_row = is_one && !sim_target.now.lanes[only].is_there;
    for (uint64_t i = 0; i < LANES_MAX; i++) {
        if ((sim_target.now.lanes[i].is_there || sim_target.committed.lanes[i].is_there) &&
            (!is_one || i == only) && !sim_take_lock(s, LOCK_LANE + i)) {
            return false;
        }
    }
    for (uint64_t i = 0; i < LANES_MAX; i++) {
        struct lane_row *row = &sim_target.now.lanes[i];
        bool fits = sim_bug == SIM_BUG_EPOCH || !is_one ||
                    row->epoch == number_behind(where, " AND epoch=");
        if (!row->is_there || (is_one && i != only) || !fits) {
            continue;
        }
        statement->affected++;
        if (strstr(text, "ahead=") != NULL) {
            struct lane_row before = *row;
            set_lane(row, text);
            expect_no_step_back(&before, row, i);
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
        if ((inserts ? i == lane : true) && !sim_take_lock(s, LOCK_LANE + i)) {
            return false;
        }
    }
    if (!inserts) {
        memset(sim_target.now.lanes, 0, sizeof sim_target.now.lanes);
        return true;
    }
    struct lane_row *row = &sim_target.now.lanes[lane];
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
        int owner = sim_target.slots[slot_behind(&text)] - 1;
        bool hides = sim_bug == SIM_BUG_HOLDERS && i < SLOTS_MAX - 1 && owner != sim_index_of(s);
        put_number(s, i, owner >= 0 && !hides ? sim_target.sessions[owner].id : 0);
    }
}

static bool
run_get_lock(struct sim_session *s, const char *text) {
    int slot = slot_behind(&text);
    bool own = sim_target.slots[slot] == sim_index_of(s) + 1;
    bool is_free = sim_target.slots[slot] == 0 || own;
    if (!is_free && strstr(text, ", 0)") == NULL && s->waits_for_slot != -2) {
        s->waits_for_slot = slot;
        return false;
    }
    s->waits_for_slot = -1;
    answer(s, 1, 1);
    put_number(s, 0, is_free);
    if (is_free) {
        sim_target.slots[slot] = sim_index_of(s) + 1;
    }
    return true;
}

static void
kill_session(uint64_t id) {
    for (int i = 0; i < sim_target.used; i++) {
        if (sim_target.sessions[i].is_used && sim_target.sessions[i].id == id) {
            sim_target.sessions[i].is_killed = true;
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
    if (!sim_take_table(s, table)) {
        return false;
    }
    SIM_TRACE("target: session %" PRIu64 " runs %s", s->id, text);
    sim_ddl_do(&sim_target.data, table);
    sim_ddl_do(&sim_target.shown, table);
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
        sim_commit(s);
        if (s->owes_checkpoint) {
            s->owes_checkpoint = false;
            statement->text = s->owed;
            return false; /* next step */
        }
    } else if (begins(text, "SAVEPOINT")) {
        s->savepoint = s->undo_count;
    } else if (begins(text, "ROLLBACK TO")) {
        sim_undo_to(s, s->savepoint);
    } else if (begins(text, "ROLLBACK")) {
        sim_roll_back(s);
        s->is_manual = s->is_manual && strstr(text, "autocommit=1") == NULL;
        s->checks = s->checks || strstr(text, "foreign_key_checks=1") != NULL;
    } else if (begins(text, "SET @bs_guard")) {
        statement->error = ER_OUT_OF_RANGE;
    } else if (begins(text, "SET autocommit=0")) {
        s->is_manual = sim_bug != SIM_BUG_AUTOCOMMIT;
        s->is_open = true;
    } else if (begins(text, "SET autocommit=1")) {
        s->is_manual = false;
        sim_commit(s);
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
        put_number(s, 0,
                   (uint64_t)sim_target.data.tables[table_behind(text, "FINGERPRINT ")].version);
    }
    return true;
}

bool
sim_run_statement(struct sim_session *s, struct sim_statement *statement) {
    const char *text = statement->text;
    if (statement->is_row) {
        return sim_run_row(s, statement);
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

/* One run of `follow`: takes the task over, opens the real applier, gives it the log from the
 * checkpoint on; after a loss it does so again. A run that is killed gets BS_IO from every call to
 * the target from then on, and what it had sent may still land. */
#include "client.h"
#include "glue.h"
#include "sim.h"

#include "apply/applier.h"
#include "sql/error_class.h"
#include "state/fence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENTS_MAX = 64, TAKEOVER_MS = 60000, OPENS_MAX = 60 };

struct sim_client {
    int number;
    bool is_dead, has_ended, has_finished;
    int64_t suspended_to; /* a step */
    struct bs_applier applier;
    struct bs_decoder decoder;
    struct bs_sql *control;
    struct bs_applier_config config;
    struct bs_endpoint endpoint;
    struct bs_translation translation;
    uint64_t epoch;
    bool taken_over;
    bool in_ddl;
    int items, serial_from, serial_to; /* counted: between these two, one session works */
};

static struct sim_client *clients[CLIENTS_MAX]; /* kept from history to history */
static int count;
static int opens;

void
sim_clients_reset(void) {
    count = 0;
    opens = 0;
}

int
sim_client_opens(void) {
    return opens;
}

bool
sim_client_is_dead(const struct sim_client *client) {
    return client->is_dead;
}

int
sim_client_number(const struct sim_client *client) {
    return client->number;
}

uint64_t
sim_client_epoch(const struct sim_client *client) {
    return client->epoch;
}

int
sim_clients_alive(void) {
    int alive = 0;
    for (int i = 0; i < count; i++) {
        alive += !clients[i]->has_ended && !clients[i]->is_dead;
    }
    return alive;
}

bool
sim_client_has_finished(void) {
    for (int i = 0; i < count; i++) {
        if (clients[i]->has_finished) {
            return true;
        }
    }
    return false;
}

/* Have all ended, the killed ones too? */
bool
sim_clients_are_gone(void) {
    for (int i = 0; i < count; i++) {
        if (!clients[i]->has_ended) {
            return false;
        }
    }
    return true;
}

void
sim_client_kill(struct sim_client *client) {
    SIM_TRACE("fault: client %d is killed", client->number);
    client->is_dead = true;
    sim_server_leave_all(client);
}

void
sim_client_die(void) {
    for (int i = 0; i < count; i++) {
        if (!clients[i]->has_ended && !clients[i]->is_dead) {
            sim_client_kill(clients[i]);
            return;
        }
    }
}

void
sim_client_meet_rival(struct sim_client *client) {
    enum { SUSPENDED_MAX = 3000 };
    client->suspended_to = sim_now_ms() + sim_below(&sim_random, SUSPENDED_MAX);
    SIM_TRACE("fault: client %d is suspended, and has a rival", client->number);
    (void)sim_client_start();
}

bool
sim_client_opens_lane_0(const struct sim_client *client) {
    return client->control != NULL && client->applier.lane.sql == NULL;
}

bool
sim_client_is_suspended(const struct sim_client *client) {
    return client->suspended_to > sim_now_ms();
}

bool
sim_client_resume(void) {
    for (int i = 0; i < count; i++) {
        if (sim_client_is_suspended(clients[i])) {
            clients[i]->suspended_to = 0;
            return true;
        }
    }
    return false;
}

struct bs_applier *
sim_client_applier(struct sim_client *client) {
    return &client->applier;
}

bool
sim_client_in_ddl(const struct sim_client *client) {
    return client->in_ddl;
}

/* The transaction that begins at the place. */
static int
find_transaction(const char *file, uint64_t pos) {
    const char *end_file = sim_history->first_file;
    uint64_t end = sim_history->first_pos;
    for (int i = 0; i < sim_history->count; i++) {
        if (strcmp(end_file, file) == 0 && end == pos) {
            return i;
        }
        end_file = sim_history->txns[i].file;
        end = sim_history->txns[i].end;
    }
    if (strcmp(end_file, file) == 0 && end == pos) {
        return sim_history->count;
    }
    sim_fail("the mark, %s:%" PRIu64 ", is not between two transactions", file, pos);
    return sim_history->count;
}

/* A request for a cutover comes, and is undone, between any two items. */
static enum bs_status
turn(struct sim_client *c, struct bs_error *err) {
    bool on = c->items == c->serial_from;
    bool off = c->items == c->serial_to;
    c->items++;
    if (!on && !off) {
        return BS_OK;
    }
    SIM_TRACE("client %d: %s", c->number, on ? "one session from now on" : "all lanes again");
    return bs_applier_serialize(&c->applier, on, err);
}

/* The decoder moves behind a transaction as its end is read. */
static void
read_item(struct sim_client *c, const struct sim_txn *txn, const struct bs_item *item) {
    c->decoder.file = txn->file;
    bool ends = item->kind == BS_ITEM_GROUP_END || item->kind == BS_ITEM_GROUP_ROLLBACK;
    c->decoder.in_group = !ends;
    if (ends) {
        c->decoder.end_file = txn->file;
        c->decoder.end_pos = txn->end;
    }
}

static enum bs_status
give(struct sim_client *c, const struct sim_txn *txn, struct bs_item *item, struct bs_error *err) {
    enum bs_status status = turn(c, err);
    if (sim_one_in(&sim_random, 3)) {
        sim_yield();
    }
    if (status == BS_OK && sim_one_in(&sim_random, 12)) {
        status = bs_applier_idle(&c->applier, err);
    }
    read_item(c, txn, item);
    return status == BS_OK ? bs_applier_item(&c->applier, item, err) : status;
}

static enum bs_status
give_rows(struct sim_client *c, const struct sim_txn *txn, struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (int i = 0; i < txn->count && status == BS_OK; i++) {
        const struct sim_event *event = &txn->events[i];
        struct bs_item item = {.kind = BS_ITEM_ROWS,
                               .map = sim_table_map(event->table),
                               .pos = txn->begin + 10 * (uint64_t)(i + 1)};
        /* As many bytes as it says are never read: large ones are not kept. */
        char *body = bs_arena_alloc(&sim_arena, event->body_len < 4096 ? event->body_len : 64);
        memcpy(body, &event, sizeof event);
        item.event.body = (struct bs_str){body, event->body_len};
        status = give(c, txn, &item, err);
    }
    return status;
}

static enum bs_status
give_transaction(struct sim_client *c, const struct sim_txn *txn, struct bs_error *err) {
    struct bs_item item = {.kind = BS_ITEM_GROUP_BEGIN, .pos = txn->begin + 5};
    c->in_ddl = txn->ddl_table >= 0;
    enum bs_status status = give(c, txn, &item, err);
    if (status == BS_OK && txn->ddl_table >= 0) {
        struct bs_item ddl = {.kind = BS_ITEM_STATEMENT, .alone = true, .pos = txn->begin + 10};
        ddl.statement.sql = bs_str(txn->ddl);
        ddl.statement.db = bs_str("");
        status = give(c, txn, &ddl, err);
    }
    if (status == BS_OK) {
        status = give_rows(c, txn, err);
    }
    if (status == BS_OK) {
        item.kind = txn->is_rolled_back ? BS_ITEM_GROUP_ROLLBACK : BS_ITEM_GROUP_END;
        item.pos = txn->end;
        status = give(c, txn, &item, err);
    }
    return status;
}

/* As `follow` does when there is nothing more to read. */
static enum bs_status
end_clean(struct sim_client *c, struct bs_error *err) {
    if (sim_one_in(&sim_random, 2)) {
        return bs_applier_finish(&c->applier, err);
    }
    enum bs_status status = bs_applier_idle(&c->applier, err);
    while (status == BS_OK && !bs_applier_is_clean(&c->applier)) {
        sim_yield();
        status = bs_applier_idle(&c->applier, err);
    }
    return status;
}

static enum bs_status
follow(struct sim_client *c, struct bs_error *err) {
    const struct bs_position *mark = &c->applier.lane.checkpoint.position;
    int at = find_transaction(mark->file, mark->pos);
    enum bs_status status = BS_OK;
    c->items = 0;
    c->serial_from = sim_one_in(&sim_random, 6) ? sim_below(&sim_random, 40) : -1;
    c->serial_to = c->serial_from >= 0 ? c->serial_from + 1 + sim_below(&sim_random, 20) : -1;
    SIM_TRACE("client %d: follows from transaction %d", c->number, at + 1);
    c->decoder = (struct bs_decoder){.file = at > 0 ? sim_history->txns[at - 1].file
                                                    : sim_history->first_file};
    c->decoder.end_file = c->decoder.file;
    c->decoder.end_pos = at > 0 ? sim_history->txns[at - 1].end : sim_history->first_pos;
    c->applier.decoder = &c->decoder;
    for (; at < sim_history->count && status == BS_OK; at++) {
        SIM_TRACE("client %d: transaction %d", c->number, at + 1);
        status = give_transaction(c, &sim_history->txns[at], err);
    }
    return status == BS_OK ? end_clean(c, err) : status;
}

/* In the order of src/follow/connect.c. */
static enum bs_status
open_target(struct sim_client *c, struct bs_error *err) {
    static const struct bs_sql_options OPTIONS = {.program = "control"};
    const struct bs_state *state = &c->config.state;
    opens++;
    enum bs_status status = bs_sql_connect(&c->control, &c->endpoint, &OPTIONS, err);
    if (status != BS_OK) {
        return status;
    }
    sim_bug_before_fence(c->control, state);
    status = c->taken_over ? bs_fence_retake(c->control, state, TAKEOVER_MS, &c->epoch, err)
                           : bs_fence_take_over(c->control, state, TAKEOVER_MS, &c->epoch, err);
    c->taken_over = c->epoch != 0;
    c->config.epoch = c->epoch;
    c->config.control = c->control;
    return status == BS_OK ? bs_applier_open(&c->applier, &c->config, err) : status;
}

static void
close_target(struct sim_client *c) {
    bs_applier_close(&c->applier);
    bs_sql_close(c->control);
    c->control = NULL;
}

static bool
may_go_on(struct sim_client *c, enum bs_status status, const struct bs_error *err) {
    if (c->is_dead || status == BS_FENCED || sim_has_failed()) {
        return false;
    }
    if (status == BS_LIMIT || bs_sql_may_pass(err)) {
        return opens < OPENS_MAX;
    }
    sim_fail("client %d stops: %s", c->number, err->message);
    return false;
}

static void *
run(void *arg) {
    struct sim_client *c = arg;
    enum bs_status status;
    struct bs_error err;
    do {
        bs_error_clear(&err);
        memset(&c->applier, 0, sizeof c->applier);
        status = open_target(c, &err);
        if (status == BS_OK) {
            status = follow(c, &err);
        }
        SIM_TRACE("client %d: %s%s%s", c->number, status == BS_OK ? "has finished" : "ends: ",
                  status == BS_OK ? "" : bs_status_name(status), err.message);
        close_target(c);
    } while (status != BS_OK && may_go_on(c, status, &err));
    c->has_finished = status == BS_OK;
    c->has_ended = true;
    return NULL;
}

static void
configure(struct sim_client *c) {
    enum { MEMORY_OF_BUNDLE_BYTES = 48 };
    c->translation.source = (struct bs_server){.flavour = BS_MYSQL, .version = 90700};
    if (sim_history->is_mariadb) {
        c->translation.source = (struct bs_server){.flavour = BS_MARIADB, .version = 101100};
    }
    c->translation.target = c->translation.source;
    c->config = (struct bs_applier_config){
        .target = &c->endpoint,
        .state = {"binstream", "t"},
        .lanes = (unsigned int)sim_below(&sim_random, 6),
        .max_transactions = 1 + (size_t)sim_below(&sim_random, sim_one_in(&sim_random, 2) ? 3 : 9),
        .keep_commit_order = sim_history->in_commit_order && sim_bug != SIM_BUG_COMMIT_ORDER,
        .memory_bytes = MEMORY_OF_BUNDLE_BYTES * (uint64_t)(600 + sim_below(&sim_random, 20000)),
        .translation = &c->translation,
    };
}

struct sim_client *
sim_client_start(void) {
    if (count == CLIENTS_MAX) {
        return NULL;
    }
    if (clients[count] == NULL) {
        clients[count] = malloc(sizeof *clients[count]);
    }
    struct sim_client *c = clients[count];
    memset(c, 0, sizeof *c);
    c->number = ++count;
    configure(c);
    SIM_TRACE("client %d: starts, %u lanes, %zu transactions%s", c->number, c->config.lanes,
              c->config.max_transactions, c->config.keep_commit_order ? ", in commit order" : "");
    (void)sim_thread_start(c, run, c);
    return c;
}

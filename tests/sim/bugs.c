/* The rules of following, each switched off. Functions of src/apply are called by way of these
 * (the linker's --wrap); without a bug they do what they are. */
#include "client.h"
#include "sim.h"

#include "apply/applier_private.h"
#include "apply/row_ways.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum sim_bug sim_bug;

const char *const sim_bug_names[SIM_BUG_COUNT] = {
    [SIM_NO_BUG] = "none",
    [SIM_BUG_SECONDARY_KEYS] = "secondary-keys-not-hashed",
    [SIM_BUG_BEFORE_IMAGE] = "before-image-not-hashed",
    [SIM_BUG_PARENT_READ] = "parents-not-read",
    [SIM_BUG_READS] = "reads-not-tracked",
    [SIM_BUG_CI_EXACT] = "text-hashed-exactly",
    [SIM_BUG_NON_ASCII] = "non-ascii-text-safe",
    [SIM_BUG_KEYLESS] = "keyless-not-exclusive",
    [SIM_BUG_CHECKPOINT_APART] = "checkpoint-in-another-transaction",
    [SIM_BUG_EPOCH] = "epoch-not-checked",
    [SIM_BUG_CHECKPOINT_EARLY] = "checkpoint-read-before-fence",
    [SIM_BUG_HOLDERS] = "holders-not-waited-for",
    [SIM_BUG_MARK_NEWEST] = "mark-moved-to-newest",
    [SIM_BUG_AHEAD_FORGOTTEN] = "ahead-forgotten-by-lane-0",
    [SIM_BUG_NO_SKIP] = "ahead-not-skipped",
    [SIM_BUG_NOT_CONTIGUOUS] = "run-not-contiguous",
    [SIM_BUG_CUT] = "cut-inside-a-transaction",
    [SIM_BUG_FOLD_CASCADES] = "folded-across-cascades",
    [SIM_BUG_CASCADES_TWICE] = "logged-cascades-run-again",
    [SIM_BUG_INSERTS_FIRST] = "inserts-before-deletes",
    [SIM_BUG_UPSERT] = "upsert-to-a-value-that-is-taken",
    [SIM_BUG_DDL_SIDE_BY_SIDE] = "ddl-not-a-barrier",
    [SIM_BUG_DDL_AGAIN] = "ddl-run-again-after-crash",
    [SIM_BUG_RETRY_EARLY] = "retried-before-those-before-it",
    [SIM_BUG_SERIAL_NO_SKIP] = "ahead-not-skipped-by-lane-0",
    [SIM_BUG_COMMIT_ORDER] = "commit-order-not-kept",
    [SIM_BUG_GUARD] = "committed-behind-a-wrong-count",
    [SIM_BUG_PACKET] = "packet-goes-on-behind-a-failure",
    [SIM_BUG_CHAIN] = "joins-a-chain-and-waits-for-others",
    [SIM_BUG_MARK_AS_GIVEN] = "mark-as-it-was-given",
    [SIM_BUG_AUTOCOMMIT] = "autocommit-on-in-transactions",
    [SIM_BUG_MIXED_FAMILY] = "checked-and-folded-in-one-bundle",
};

/* The linker's names. */
#define REAL(name) __real_##name
#define WRAP(name) __wrap_##name

void REAL(bs_table_plans_make)(const struct bs_map *tables);
void WRAP(bs_table_plans_make)(const struct bs_map *tables);
void REAL(bs_table_plan_touch)(const struct bs_table_plan *plan, const struct bs_value *before,
                               const struct bs_value *after, bool in_order,
                               struct bs_scheduler *scheduler);
void WRAP(bs_table_plan_touch)(const struct bs_table_plan *plan, const struct bs_value *before,
                               const struct bs_value *after, bool in_order,
                               struct bs_scheduler *scheduler);
enum bs_key_hash_result REAL(bs_key_hash)(const struct bs_hashed_key *key,
                                          const struct bs_value *values, uint64_t *hash);
enum bs_key_hash_result WRAP(bs_key_hash)(const struct bs_hashed_key *key,
                                          const struct bs_value *values, uint64_t *hash);
bool REAL(bs_applied_has)(const struct bs_applied *applied, const struct bs_log_place *place);
bool WRAP(bs_applied_has)(const struct bs_applied *applied, const struct bs_log_place *place);
void REAL(bs_applied_add)(struct bs_applied *applied, const struct bs_log_place *from,
                          const struct bs_log_place *to);
void WRAP(bs_applied_add)(struct bs_applied *applied, const struct bs_log_place *from,
                          const struct bs_log_place *to);
enum bs_status REAL(bs_lane_commit)(struct bs_lane *lane, const struct bs_lane_mark *mark,
                                    struct bs_error *err);
enum bs_status WRAP(bs_lane_commit)(struct bs_lane *lane, const struct bs_lane_mark *mark,
                                    struct bs_error *err);
void REAL(bs_row_ways)(const struct bs_fold *fold, bool one_by_one, enum bs_row_way *ways);
void WRAP(bs_row_ways)(const struct bs_fold *fold, bool one_by_one, enum bs_row_way *ways);
const struct bs_checkpoint *REAL(bs_lane_checkpoint_before)(const struct bs_lane *lane);
const struct bs_checkpoint *WRAP(bs_lane_checkpoint_before)(const struct bs_lane *lane);
bool REAL(bs_pool_take)(struct bs_pool *pool, struct bs_pool_result *result);
bool WRAP(bs_pool_take)(struct bs_pool *pool, struct bs_pool_result *result);
void REAL(bs_applier_set_mark)(struct bs_applier *applier, const struct bs_position *position,
                               uint32_t file_created, int64_t source_us);
void WRAP(bs_applier_set_mark)(struct bs_applier *applier, const struct bs_position *position,
                               uint32_t file_created, int64_t source_us);
enum bs_status REAL(bs_dispatch_drain)(struct bs_applier *applier, struct bs_error *err);
enum bs_status WRAP(bs_dispatch_drain)(struct bs_applier *applier, struct bs_error *err);
bool REAL(bs_applier_wants_fk_checks)(const struct bs_applier *applier, const struct bs_rows *rows);
bool WRAP(bs_applier_wants_fk_checks)(const struct bs_applier *applier, const struct bs_rows *rows);
void REAL(bs_lane_set_fk_checks)(struct bs_lane *lane, bool on);
void WRAP(bs_lane_set_fk_checks)(struct bs_lane *lane, bool on);
enum bs_status REAL(bs_state_load_lanes)(struct bs_sql *sql, const struct bs_state *state,
                                         struct bs_checkpoint **lanes, size_t *count,
                                         struct bs_error *err);
enum bs_status WRAP(bs_state_load_lanes)(struct bs_sql *sql, const struct bs_state *state,
                                         struct bs_checkpoint **lanes, size_t *count,
                                         struct bs_error *err);
enum bs_status REAL(bs_gather_item)(struct bs_applier *applier, const struct bs_item *item,
                                    struct bs_error *err);
enum bs_status WRAP(bs_gather_item)(struct bs_applier *applier, const struct bs_item *item,
                                    struct bs_error *err);
bool REAL(bs_bundle_can_take)(const struct bs_bundle *bundle, const struct bs_target_table *table,
                              bool in_order);
bool WRAP(bs_bundle_can_take)(const struct bs_bundle *bundle, const struct bs_target_table *table,
                              bool in_order);
void REAL(bs_target_table_free)(struct bs_target_table *table);
void WRAP(bs_target_table_free)(struct bs_target_table *table);
void WRAP(bs_panic)(const char *file, int line, const char *what) __attribute__((noreturn));

static void
spoil_plan(struct bs_target_table *table) {
    struct bs_table_plan *plan = &table->plan;
    for (size_t k = 0; sim_bug == SIM_BUG_CI_EXACT && k < plan->key_count; k++) {
        for (size_t i = 0; i < plan->keys[k].column_count; i++) {
            plan->keys[k].columns[i].class = BS_KEY_EXACT;
        }
    }
    if (sim_bug == SIM_BUG_SECONDARY_KEYS && plan->key_count > 1) {
        plan->key_count = 1;
    }
    if (sim_bug == SIM_BUG_PARENT_READ) {
        plan->parent_count = 0;
    }
    if (sim_bug == SIM_BUG_KEYLESS) {
        plan->whole = false;
    }
}

void
WRAP(bs_table_plans_make)(const struct bs_map *tables) {
    size_t at = 0;
    struct bs_str key;
    void *table;
    REAL(bs_table_plans_make)(tables);
    while (bs_map_next(tables, &at, &key, &table)) {
        spoil_plan(table);
    }
}

void
WRAP(bs_table_plan_touch)(const struct bs_table_plan *plan, const struct bs_value *before,
                          const struct bs_value *after, bool in_order,
                          struct bs_scheduler *scheduler) {
    bool drops = sim_bug == SIM_BUG_BEFORE_IMAGE && after != NULL;
    bool shares = sim_bug == SIM_BUG_KEYLESS && plan->key_count == 0;
    REAL(bs_table_plan_touch)(plan, drops ? NULL : before, after, in_order && !shares, scheduler);
}

enum bs_key_hash_result
WRAP(bs_key_hash)(const struct bs_hashed_key *key, const struct bs_value *values, uint64_t *hash) {
    enum bs_key_hash_result result = REAL(bs_key_hash)(key, values, hash);
    if (sim_bug != SIM_BUG_NON_ASCII || result != BS_KEY_UNSAFE) {
        return result;
    }
    *hash = key->seed;
    for (size_t i = 0; i < key->column_count; i++) {
        const struct bs_value *value = &values[key->columns[i].column];
        *hash ^= value->kind == BS_VALUE_BYTES ? bs_hash(value->text.data, value->text.len)
                                               : (uint64_t)value->i64;
    }
    return BS_KEY_HASHED;
}

bool
WRAP(bs_applied_has)(const struct bs_applied *applied, const struct bs_log_place *place) {
    return sim_bug != SIM_BUG_NO_SKIP && REAL(bs_applied_has)(applied, place);
}

/* From here a lane says what it applied: everything up to it, if that is the bug. */
void
WRAP(bs_applied_add)(struct bs_applied *applied, const struct bs_log_place *from,
                     const struct bs_log_place *to) {
    struct bs_log_place start = *from;
    if (sim_bug == SIM_BUG_NOT_CONTIGUOUS) {
        bs_log_place_set(&start, sim_history->first_file, sim_history->first_pos);
    }
    REAL(bs_applied_add)(applied, &start, to);
}

enum bs_status
WRAP(bs_lane_commit)(struct bs_lane *lane, const struct bs_lane_mark *mark, struct bs_error *err) {
    struct bs_lane_mark spoilt = *mark;
    spoilt.ahead = sim_bug == SIM_BUG_AHEAD_FORGOTTEN ? NULL : mark->ahead;
    return REAL(bs_lane_commit)(lane, &spoilt, err);
}

/* Of which a lane takes the mark, if it is newer. */
const struct bs_checkpoint *
WRAP(bs_lane_checkpoint_before)(const struct bs_lane *lane) {
    static struct bs_checkpoint oldest;
    if (sim_bug != SIM_BUG_MARK_AS_GIVEN) {
        return REAL(bs_lane_checkpoint_before)(lane);
    }
    bs_position_set(&oldest.position, sim_history->first_file, sim_history->first_pos, NULL);
    return &oldest;
}

void
WRAP(bs_row_ways)(const struct bs_fold *fold, bool one_by_one, enum bs_row_way *ways) {
    REAL(bs_row_ways)(fold, one_by_one, ways);
    for (size_t i = 0; i < fold->count && sim_bug == SIM_BUG_UPSERT; i++) {
        bool is_change = fold->rows[i].before != NULL && fold->rows[i].after != NULL;
        ways[i] = is_change ? BS_WAY_UPSERT : ways[i];
    }
}

bool
WRAP(bs_pool_take)(struct bs_pool *pool, struct bs_pool_result *result) {
    bool is_taken = REAL(bs_pool_take)(pool, result);
    if (sim_bug == SIM_BUG_MARK_NEWEST && is_taken && result->status == BS_OK) {
        WRAP(bs_applier_set_mark)
        (sim_client_applier(sim_thread_client()), &result->bundle->end, 1, 0);
    }
    return is_taken;
}

void
WRAP(bs_applier_set_mark)(struct bs_applier *applier, const struct bs_position *position,
                          uint32_t file_created, int64_t source_us) {
    struct bs_log_place now, next;
    bs_log_place_set(&now, applier->lane.checkpoint.position.file,
                     applier->lane.checkpoint.position.pos);
    bs_log_place_set(&next, position->file, position->pos);
    if (sim_bug != SIM_BUG_MARK_NEWEST || bs_log_place_compare(&now, &next) < 0) {
        REAL(bs_applier_set_mark)(applier, position, file_created, source_us);
    }
}

enum bs_status
WRAP(bs_dispatch_drain)(struct bs_applier *applier, struct bs_error *err) {
    bool passes = sim_bug == SIM_BUG_DDL_SIDE_BY_SIDE && sim_client_in_ddl(sim_thread_client());
    return passes ? BS_OK : REAL(bs_dispatch_drain)(applier, err);
}

/* Bundles that are still on their way refer to it, if DDL does not wait for them. */
void
WRAP(bs_target_table_free)(struct bs_target_table *table) {
    if (sim_bug != SIM_BUG_DDL_SIDE_BY_SIDE) {
        REAL(bs_target_table_free)(table);
    }
}

bool
WRAP(bs_applier_wants_fk_checks)(const struct bs_applier *applier, const struct bs_rows *rows) {
    return sim_bug != SIM_BUG_FOLD_CASCADES && REAL(bs_applier_wants_fk_checks)(applier, rows);
}

void
WRAP(bs_lane_set_fk_checks)(struct bs_lane *lane, bool on) {
    bool stays_on = sim_bug == SIM_BUG_CASCADES_TWICE || sim_bug == SIM_BUG_FOLD_CASCADES;
    REAL(bs_lane_set_fk_checks)(lane, on || stays_on);
}

enum bs_status
WRAP(bs_gather_item)(struct bs_applier *applier, const struct bs_item *item, struct bs_error *err) {
    bool all_serial = applier->is_serial || applier->dispatch.scheduler == NULL;
    return sim_bug == SIM_BUG_SERIAL_NO_SKIP && all_serial
               ? bs_serial_item(applier, item, err)
               : REAL(bs_gather_item)(applier, item, err);
}

bool
WRAP(bs_bundle_can_take)(const struct bs_bundle *bundle, const struct bs_target_table *table,
                         bool in_order) {
    return sim_bug == SIM_BUG_MIXED_FAMILY || REAL(bs_bundle_can_take)(bundle, table, in_order);
}

/* What a client read before it took the task over. */
static struct bs_checkpoint *early;
static size_t early_count;
static struct sim_client *early_client;

void
sim_bug_reset(void) {
    early_client = NULL;
}

void
sim_bug_before_fence(struct bs_sql *control, const struct bs_state *state) {
    struct bs_error ignored;
    bs_error_clear(&ignored);
    if (sim_bug == SIM_BUG_CHECKPOINT_EARLY &&
        REAL(bs_state_load_lanes)(control, state, &early, &early_count, &ignored) == BS_OK) {
        early_client = sim_thread_client();
    }
}

enum bs_status
WRAP(bs_state_load_lanes)(struct bs_sql *sql, const struct bs_state *state,
                          struct bs_checkpoint **lanes, size_t *count, struct bs_error *err) {
    if (sim_bug != SIM_BUG_CHECKPOINT_EARLY || early_client != sim_thread_client()) {
        return REAL(bs_state_load_lanes)(sql, state, lanes, count, err);
    }
    *lanes = early;
    *count = early_count;
    early_client = NULL;
    return BS_OK;
}

void
WRAP(bs_panic)(const char *file, int line, const char *what) {
    sim_fail("%s:%d: %s", file, line, what);
    sim_thread_abandon();
}

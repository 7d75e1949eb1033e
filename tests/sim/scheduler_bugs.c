/* The real scheduler, with the bugs that can only be seeded inside of it. */
#define bs_scheduler_touch real_touch
#define bs_scheduler_failed real_failed
#define bs_scheduler_next_behind real_next_behind
#include "../../src/apply/scheduler.c"
#undef bs_scheduler_touch
#undef bs_scheduler_failed
#undef bs_scheduler_next_behind

#include "sim.h"

void bs_scheduler_touch(struct bs_scheduler *s, uint64_t key, enum bs_touch how);
bool bs_scheduler_failed(struct bs_scheduler *s, uint64_t number);
bool bs_scheduler_next_behind(struct bs_scheduler *s, uint64_t *number, uint64_t *chain);

void
bs_scheduler_touch(struct bs_scheduler *s, uint64_t key, enum bs_touch how) {
    real_touch(s, key, how);
    if (sim_bug == SIM_BUG_READS && how == BS_TOUCH_READ) {
        struct touched *t = slot_of(s->touched, s->cap, key != 0 ? key : 1);
        t->read = t->read_before = 0;
    }
}

/* At once, and for the last time. */
bool
bs_scheduler_failed(struct bs_scheduler *s, uint64_t number) {
    static uint64_t last_failed;
    if (sim_bug != SIM_BUG_RETRY_EARLY) {
        return real_failed(s, number);
    }
    bool is_first = last_failed != number;
    last_failed = number;
    *bundle_of(s, number) = (struct bundle){.state = WAITING, .after = s->low};
    return is_first;
}

/* Behind the last one that it waits for, whatever else it waits for. */
bool
bs_scheduler_next_behind(struct bs_scheduler *s, uint64_t *number, uint64_t *chain) {
    if (sim_bug != SIM_BUG_CHAIN) {
        return real_next_behind(s, number, chain);
    }
    for (uint64_t n = s->low + 1; n < s->open; n++) {
        struct bundle *bundle = bundle_of(s, n);
        struct bundle *last = bundle->after > s->low ? bundle_of(s, bundle->after) : bundle;
        if (bundle->state == WAITING && last->state == RUNNING && last->chain != 0) {
            bundle->state = RUNNING;
            bundle->chain = last->chain;
            *number = n;
            *chain = last->chain;
            return true;
        }
    }
    return false;
}

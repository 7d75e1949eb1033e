#include "apply/scheduler.h"

#include "base/error.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum bundle_state { NONE, WAITING, RUNNING, COMMITTED };

struct bundle {
    enum bundle_state state;
    uint64_t after; /* may run once low is at least this */
    uint64_t chain; /* while it is running: 0: one that nothing joins */
    bool is_again;  /* it was rolled back */
};

/* Who touched a key last. Entries whose bundles are all below low mean nothing any more. */
struct touched {
    uint64_t key; /* 0: free */
    uint64_t wrote, read;
    uint64_t read_before; /* by the newest bundle before the one that `read` names */
};

struct bs_scheduler {
    struct touched *touched; /* open addressing */
    size_t cap, used;
    uint64_t open;       /* the number of the open bundle */
    uint64_t open_after; /* what it depends on so far */
    uint64_t low;
    struct bundle bundles[BS_SCHEDULER_WINDOW]; /* by number modulo the window: low+1 ... open-1 */
};

enum { TOUCHED_CAP_FIRST = 4096 };

struct bs_scheduler *
bs_scheduler_new(void) {
    struct bs_scheduler *s = bs_zalloc(sizeof *s);
    s->open = 1;
    s->cap = TOUCHED_CAP_FIRST;
    s->touched = bs_zalloc(s->cap * sizeof *s->touched);
    return s;
}

void
bs_scheduler_free(struct bs_scheduler *s) {
    if (s != NULL) {
        free(s->touched);
        free(s);
    }
}

static struct touched *
slot_of(struct touched *slots, size_t cap, uint64_t key) {
    size_t at = (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (cap - 1);
    while (slots[at].key != 0 && slots[at].key != key) {
        at = (at + 1) & (cap - 1);
    }
    return &slots[at];
}

static bool
is_live(const struct bs_scheduler *s, const struct touched *t) {
    return t->key != 0 && (t->wrote > s->low || t->read > s->low);
}

/* Drops what means nothing any more; grows only when the live ones need it. */
static void
make_room(struct bs_scheduler *s) {
    size_t live = 0;
    for (size_t i = 0; i < s->cap; i++) {
        live += is_live(s, &s->touched[i]);
    }
    size_t cap = s->cap;
    while (live * 2 > cap) {
        cap *= 2;
    }
    struct touched *slots = bs_zalloc(cap * sizeof *slots);
    for (size_t i = 0; i < s->cap; i++) {
        if (is_live(s, &s->touched[i])) {
            *slot_of(slots, cap, s->touched[i].key) = s->touched[i];
        }
    }
    free(s->touched);
    s->touched = slots;
    s->cap = cap;
    s->used = live;
}

static uint64_t
later(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

void
bs_scheduler_touch(struct bs_scheduler *s, uint64_t key, enum bs_touch how) {
    key = key != 0 ? key : 1;
    if (s->used * 4 >= s->cap * 3) {
        make_room(s);
    }
    struct touched *t = slot_of(s->touched, s->cap, key);
    s->used += t->key == 0;
    t->key = key;
    if (t->wrote < s->open) {
        s->open_after = later(s->open_after, t->wrote);
    }
    if (how == BS_TOUCH_WRITE) {
        s->open_after = later(s->open_after, t->read < s->open ? t->read : t->read_before);
        t->wrote = s->open;
    } else if (t->read < s->open) {
        t->read_before = t->read;
        t->read = s->open;
    }
}

static struct bundle *
bundle_of(struct bs_scheduler *s, uint64_t number) {
    BS_ASSERT(number > s->low && number < s->open);
    return &s->bundles[number % BS_SCHEDULER_WINDOW];
}

bool
bs_scheduler_has_room(const struct bs_scheduler *s) {
    return s->open - s->low <= BS_SCHEDULER_WINDOW - 1;
}

uint64_t
bs_scheduler_close(struct bs_scheduler *s) {
    BS_ASSERT(bs_scheduler_has_room(s));
    uint64_t number = s->open++;
    *bundle_of(s, number) = (struct bundle){.state = WAITING, .after = s->open_after};
    s->open_after = 0;
    return number;
}

bool
bs_scheduler_open_waits(const struct bs_scheduler *s) {
    return s->open_after > s->low;
}

uint64_t
bs_scheduler_open_after(const struct bs_scheduler *s) {
    return s->open_after > s->low ? s->open_after : 0;
}

bool
bs_scheduler_next(struct bs_scheduler *s, uint64_t *number) {
    for (uint64_t n = s->low + 1; n < s->open; n++) {
        struct bundle *bundle = bundle_of(s, n);
        if (bundle->state == WAITING && bundle->after <= s->low) {
            bundle->state = RUNNING;
            bundle->chain = n;
            *number = n;
            return true;
        }
    }
    return false;
}

/* The one chain that all are in that the bundle still waits for; 0: they are not in one. */
static uint64_t
chain_before(struct bs_scheduler *s, const struct bundle *bundle) {
    uint64_t chain = 0;
    for (uint64_t n = s->low + 1; n <= bundle->after; n++) {
        const struct bundle *other = bundle_of(s, n);
        if (other->state == COMMITTED) {
            continue;
        }
        if (other->state != RUNNING || other->chain == 0 || (chain != 0 && other->chain != chain)) {
            return 0;
        }
        chain = other->chain;
    }
    return chain;
}

static size_t
running_in(struct bs_scheduler *s, uint64_t chain) {
    size_t count = 0;
    for (uint64_t n = s->low + 1; n < s->open; n++) {
        const struct bundle *bundle = bundle_of(s, n);
        count += bundle->state == RUNNING && bundle->chain == chain;
    }
    return count;
}

bool
bs_scheduler_next_behind(struct bs_scheduler *s, uint64_t *number, uint64_t *chain) {
    for (uint64_t n = s->low + 1; n < s->open; n++) {
        struct bundle *bundle = bundle_of(s, n);
        if (bundle->state != WAITING || bundle->is_again) {
            continue;
        }
        uint64_t before = chain_before(s, bundle);
        if (before != 0 && running_in(s, before) < BS_SCHEDULER_CHAIN_MAX) {
            bundle->state = RUNNING;
            bundle->chain = before;
            *number = n;
            *chain = before;
            return true;
        }
    }
    return false;
}

void
bs_scheduler_committed(struct bs_scheduler *s, uint64_t number) {
    struct bundle *bundle = bundle_of(s, number);
    BS_ASSERT(bundle->state == RUNNING);
    bundle->state = COMMITTED;
    while (s->low + 1 < s->open && bundle_of(s, s->low + 1)->state == COMMITTED) {
        bundle_of(s, s->low + 1)->state = NONE;
        s->low++;
    }
}

/* Those that are running behind it come back as well. */
static void
break_chain(struct bs_scheduler *s, uint64_t number, uint64_t chain) {
    for (uint64_t n = number + 1; n < s->open; n++) {
        struct bundle *other = bundle_of(s, n);
        other->chain = other->chain == chain ? 0 : other->chain;
    }
}

void
bs_scheduler_not_run(struct bs_scheduler *s, uint64_t number) {
    struct bundle *bundle = bundle_of(s, number);
    BS_ASSERT(bundle->state == RUNNING);
    break_chain(s, number, bundle->chain);
    bundle->state = WAITING;
    bundle->chain = 0;
}

bool
bs_scheduler_failed(struct bs_scheduler *s, uint64_t number) {
    struct bundle *bundle = bundle_of(s, number);
    BS_ASSERT(bundle->state == RUNNING);
    bool was_alone = bundle->after + 1 >= number;
    break_chain(s, number, bundle->chain);
    *bundle = (struct bundle){.state = WAITING, .after = number - 1, .is_again = true};
    return !was_alone;
}

uint64_t
bs_scheduler_low(const struct bs_scheduler *s) {
    return s->low;
}

size_t
bs_scheduler_pending(const struct bs_scheduler *s) {
    size_t count = 0;
    for (uint64_t n = s->low + 1; n < s->open; n++) {
        count += s->bundles[n % BS_SCHEDULER_WINDOW].state != COMMITTED;
    }
    return count;
}

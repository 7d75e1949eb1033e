#include "base/spent.h"

#include "base/clock.h"

#include <string.h>

void
bs_spent_init(struct bs_spent *spent, enum bs_spent_state now) {
    memset(spent, 0, sizeof *spent);
    pthread_mutex_init(&spent->lock, NULL);
    spent->now = now;
    spent->since_us = bs_clock_mono_us();
}

void
bs_spent_fini(struct bs_spent *spent) {
    pthread_mutex_destroy(&spent->lock);
}

enum bs_spent_state
bs_spent_move(struct bs_spent *spent, enum bs_spent_state to) {
    if (spent == NULL) {
        return BS_SPENT_OTHER;
    }
    int64_t now_us = bs_clock_mono_us();
    pthread_mutex_lock(&spent->lock);
    enum bs_spent_state before = spent->now;
    spent->us[before] += now_us - spent->since_us;
    spent->since_us = now_us;
    spent->now = to;
    pthread_mutex_unlock(&spent->lock);
    return before;
}

void
bs_spent_read(struct bs_spent *spent, int64_t us[BS_SPENT_STATES]) {
    pthread_mutex_lock(&spent->lock);
    for (int i = 0; i < BS_SPENT_STATES; i++) {
        us[i] += spent->us[i];
    }
    us[spent->now] += bs_clock_mono_us() - spent->since_us;
    pthread_mutex_unlock(&spent->lock);
}

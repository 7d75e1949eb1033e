/* Where a thread's time goes: at any moment it is in one of a few states, and what it spent in each
 * is added up.
 *
 *   the thread itself                          any other
 *   before = bs_spent_move(BS_SPENT_COMMIT)    bs_spent_read
 *   ... waits for the answer ...
 *   bs_spent_move(before)
 *
 * A change of state is two readings of the clock's page and a lock that hardly anyone else wants:
 * for messages, statements and commits, not for rows. The clock is the monotonic one, so a thread
 * that wants a processor and has none still spends its time in the state it is in. */
#ifndef BS_BASE_SPENT_H
#define BS_BASE_SPENT_H

#include <pthread.h>
#include <stdint.h>

enum bs_spent_state {
    BS_SPENT_OTHER,      /* what nobody asks for: opening, recovering, requests */
    BS_SPENT_IDLE,       /* waiting for something to do: the stream's next bytes, or a bundle */
    BS_SPENT_WORK,       /* binstream's own: decoding, folding, writing SQL */
    BS_SPENT_CONFLICT,   /* lanes are idle, but all bundles wait for an earlier one */
    BS_SPENT_LANES,      /* all lanes are at work */
    BS_SPENT_STATEMENTS, /* the target works on statements, COMMIT excepted */
    BS_SPENT_COMMIT,     /* the target works on a COMMIT */
    BS_SPENT_TURN,       /* in commit order: an earlier bundle is not committed */
    BS_SPENT_STATES
};

struct bs_spent {
    pthread_mutex_t lock; /* of all below */
    enum bs_spent_state now;
    int64_t since_us;
    int64_t us[BS_SPENT_STATES];
};

void bs_spent_init(struct bs_spent *spent, enum bs_spent_state now);
void bs_spent_fini(struct bs_spent *spent);

/* The state before, to go back to. NULL: nobody wants to know. */
enum bs_spent_state bs_spent_move(struct bs_spent *spent, enum bs_spent_state to);

/* Adds to us what was spent until now in each state, the present one included. */
void bs_spent_read(struct bs_spent *spent, int64_t us[BS_SPENT_STATES]);

#endif

/* The event loop: a thin layer over libev, and the only place that knows it.
 *
 * One thread makes a loop, runs it, and calls everything here except bs_loop_wake_send, which any
 * thread may call and which is the only way to reach a running loop from outside. Watchers are heap
 * objects of whoever made them, and are freed before their loop. A callback may stop, start and
 * free any watcher, its own included; it must not wait. */
#ifndef BS_BASE_LOOP_H
#define BS_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct bs_loop;
struct bs_loop_io;
struct bs_loop_timer;
struct bs_loop_wake;

struct bs_loop *bs_loop_new(void);
void bs_loop_free(struct bs_loop *loop);
void bs_loop_run(struct bs_loop *loop);   /* returns after bs_loop_break */
void bs_loop_break(struct bs_loop *loop); /* from a callback */

/* Readiness of a file descriptor; asks for nothing until bs_loop_io_want. Does not own fd, which
 * must stay open until bs_loop_io_free. */
struct bs_loop_io *bs_loop_io_new(struct bs_loop *loop, int fd,
                                  void (*ready)(void *arg, bool readable, bool writable),
                                  void *arg);
void bs_loop_io_want(struct bs_loop_io *io, bool readable, bool writable);
void bs_loop_io_free(struct bs_loop_io *io); /* NULL is fine, here and below */

/* Fires once, after_ms from now; starting it again begins anew. */
struct bs_loop_timer *bs_loop_timer_new(struct bs_loop *loop, void (*fire)(void *arg), void *arg);
void bs_loop_timer_start(struct bs_loop_timer *timer, uint32_t after_ms);
void bs_loop_timer_stop(struct bs_loop_timer *timer);
void bs_loop_timer_free(struct bs_loop_timer *timer);

/* Several sends before the loop comes round are one call of woken. */
struct bs_loop_wake *bs_loop_wake_new(struct bs_loop *loop, void (*woken)(void *arg), void *arg);
void bs_loop_wake_send(struct bs_loop_wake *wake);
void bs_loop_wake_free(struct bs_loop_wake *wake);

#endif

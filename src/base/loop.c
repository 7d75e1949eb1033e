#include "base/loop.h"

#include "base/error.h"
#include "base/mem.h"

#include <ev.h>
#include <stdlib.h>

struct bs_loop {
    struct ev_loop *ev;
};

struct bs_loop_io {
    struct ev_io watcher; /* first: the callback casts back */
    struct bs_loop *loop;
    void (*ready)(void *arg, bool readable, bool writable);
    void *arg;
};

struct bs_loop_timer {
    struct ev_timer watcher;
    struct bs_loop *loop;
    void (*fire)(void *arg);
    void *arg;
};

struct bs_loop_wake {
    struct ev_async watcher;
    struct bs_loop *loop;
    void (*woken)(void *arg);
    void *arg;
};

struct bs_loop *
bs_loop_new(void) {
    struct bs_loop *loop = bs_zalloc(sizeof *loop);
    loop->ev = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
    BS_ASSERT(loop->ev != NULL);
    return loop;
}

void
bs_loop_free(struct bs_loop *loop) {
    if (loop != NULL) {
        ev_loop_destroy(loop->ev);
        free(loop);
    }
}

void
bs_loop_run(struct bs_loop *loop) {
    (void)ev_run(loop->ev, 0);
}

void
bs_loop_break(struct bs_loop *loop) {
    ev_break(loop->ev, EVBREAK_ALL);
}

static void
on_io(struct ev_loop *ev, struct ev_io *watcher, int events) {
    (void)ev;
    struct bs_loop_io *io = (struct bs_loop_io *)watcher;
    io->ready(io->arg, (events & EV_READ) != 0, (events & EV_WRITE) != 0);
}

struct bs_loop_io *
bs_loop_io_new(struct bs_loop *loop, int fd, void (*ready)(void *arg, bool readable, bool writable),
               void *arg) {
    struct bs_loop_io *io = bs_zalloc(sizeof *io);
    io->loop = loop;
    io->ready = ready;
    io->arg = arg;
    ev_init(&io->watcher, on_io);
    ev_io_set(&io->watcher, fd, 0);
    return io;
}

void
bs_loop_io_want(struct bs_loop_io *io, bool readable, bool writable) {
    int wanted = (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0);
    int now = ev_is_active(&io->watcher) ? io->watcher.events & (EV_READ | EV_WRITE) : 0;
    if (wanted == now) {
        return;
    }
    ev_io_stop(io->loop->ev, &io->watcher);
    if (wanted != 0) {
        ev_io_set(&io->watcher, io->watcher.fd, wanted);
        ev_io_start(io->loop->ev, &io->watcher);
    }
}

void
bs_loop_io_free(struct bs_loop_io *io) {
    if (io != NULL) {
        ev_io_stop(io->loop->ev, &io->watcher);
        free(io);
    }
}

static void
on_timer(struct ev_loop *ev, struct ev_timer *watcher, int events) {
    (void)ev;
    (void)events;
    struct bs_loop_timer *timer = (struct bs_loop_timer *)watcher;
    timer->fire(timer->arg);
}

struct bs_loop_timer *
bs_loop_timer_new(struct bs_loop *loop, void (*fire)(void *arg), void *arg) {
    struct bs_loop_timer *timer = bs_zalloc(sizeof *timer);
    timer->loop = loop;
    timer->fire = fire;
    timer->arg = arg;
    ev_init(&timer->watcher, on_timer);
    return timer;
}

void
bs_loop_timer_start(struct bs_loop_timer *timer, uint32_t after_ms) {
    ev_timer_stop(timer->loop->ev, &timer->watcher);
    /* libev counts from the start of the current round, which may be long ago. */
    ev_now_update(timer->loop->ev);
    ev_timer_set(&timer->watcher, (double)after_ms / 1000.0, 0.0);
    ev_timer_start(timer->loop->ev, &timer->watcher);
}

void
bs_loop_timer_stop(struct bs_loop_timer *timer) {
    ev_timer_stop(timer->loop->ev, &timer->watcher);
}

void
bs_loop_timer_free(struct bs_loop_timer *timer) {
    if (timer != NULL) {
        ev_timer_stop(timer->loop->ev, &timer->watcher);
        free(timer);
    }
}

static void
on_wake(struct ev_loop *ev, struct ev_async *watcher, int events) {
    (void)ev;
    (void)events;
    struct bs_loop_wake *wake = (struct bs_loop_wake *)watcher;
    wake->woken(wake->arg);
}

struct bs_loop_wake *
bs_loop_wake_new(struct bs_loop *loop, void (*woken)(void *arg), void *arg) {
    struct bs_loop_wake *wake = bs_zalloc(sizeof *wake);
    wake->loop = loop;
    wake->woken = woken;
    wake->arg = arg;
    ev_init(&wake->watcher, on_wake);
    ev_async_set(&wake->watcher);
    ev_async_start(loop->ev, &wake->watcher);
    return wake;
}

void
bs_loop_wake_send(struct bs_loop_wake *wake) {
    ev_async_send(wake->loop->ev, &wake->watcher);
}

void
bs_loop_wake_free(struct bs_loop_wake *wake) {
    if (wake != NULL) {
        ev_async_stop(wake->loop->ev, &wake->watcher);
        free(wake);
    }
}

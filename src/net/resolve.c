#include "net/resolve.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bs_resolve {
    pthread_mutex_t lock; /* guards given_up, refs, and wake against use after give_up */
    unsigned refs;        /* the loop's side and the thread */
    bool given_up;
    struct bs_loop_wake *wake;
    char *host;
    char port[8];
    int code; /* getaddrinfo's; set before the wake is sent */
    struct addrinfo *addresses;
    void (*done)(void *arg, struct addrinfo *addresses, const struct bs_error *err);
    void *arg;
};

static void
unref(struct bs_resolve *resolve) {
    pthread_mutex_lock(&resolve->lock);
    bool last = --resolve->refs == 0;
    pthread_mutex_unlock(&resolve->lock);
    if (!last) {
        return;
    }
    if (resolve->addresses != NULL) {
        freeaddrinfo(resolve->addresses);
    }
    pthread_mutex_destroy(&resolve->lock);
    free(resolve->host);
    free(resolve);
}

static void
ask(struct bs_resolve *resolve) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    resolve->code = getaddrinfo(resolve->host, resolve->port, &hints, &resolve->addresses);
    if (resolve->code != 0) {
        resolve->addresses = NULL;
    }
}

static void *
run(void *arg) {
    struct bs_resolve *resolve = arg;
    ask(resolve);
    pthread_mutex_lock(&resolve->lock);
    if (!resolve->given_up) {
        bs_loop_wake_send(resolve->wake);
    }
    pthread_mutex_unlock(&resolve->lock);
    unref(resolve);
    return NULL;
}

static void
on_done(void *arg) {
    struct bs_resolve *resolve = arg;
    struct bs_error err;
    /* The lock also is what makes the thread's result visible here. */
    pthread_mutex_lock(&resolve->lock);
    struct addrinfo *addresses = resolve->addresses;
    resolve->addresses = NULL;
    pthread_mutex_unlock(&resolve->lock);
    if (addresses == NULL) {
        bs_error_set(&err, BS_IO, "cannot find the address of host '%s': %s", resolve->host,
                     gai_strerror(resolve->code));
        bs_error_hint(&err, "check the host's name, and that this machine can resolve it");
    }
    void (*done)(void *, struct addrinfo *, const struct bs_error *) = resolve->done;
    void *done_arg = resolve->arg;
    bs_resolve_give_up(resolve);
    done(done_arg, addresses, addresses == NULL ? &err : NULL);
}

static void
start_thread(struct bs_resolve *resolve) {
    pthread_t thread;
    pthread_attr_t attr;
    resolve->refs++;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    int failed = pthread_create(&thread, &attr, run, resolve);
    pthread_attr_destroy(&attr);
    if (failed != 0) {
        (void)run(resolve); /* no thread to be had: wait here rather than not connect */
    }
}

struct bs_resolve *
bs_resolve_start(struct bs_loop *loop, const char *host, uint16_t port,
                 void (*done)(void *arg, struct addrinfo *addresses, const struct bs_error *err),
                 void *arg) {
    struct bs_resolve *resolve = bs_zalloc(sizeof *resolve);
    pthread_mutex_init(&resolve->lock, NULL);
    resolve->refs = 1;
    resolve->host = bs_strdup(host);
    (void)snprintf(resolve->port, sizeof resolve->port, "%u", port);
    resolve->done = done;
    resolve->arg = arg;
    resolve->wake = bs_loop_wake_new(loop, on_done, resolve);
    start_thread(resolve);
    return resolve;
}

void
bs_resolve_give_up(struct bs_resolve *resolve) {
    pthread_mutex_lock(&resolve->lock);
    resolve->given_up = true;
    bs_loop_wake_free(resolve->wake);
    resolve->wake = NULL;
    pthread_mutex_unlock(&resolve->lock);
    unref(resolve);
}

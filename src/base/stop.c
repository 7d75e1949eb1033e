#include "base/stop.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t stop_flag;
static _Atomic(const char *) left_behind;

static void
say(const char *text) {
    ssize_t n = write(STDERR_FILENO, text, strlen(text));
    (void)n;
}

/* A terminal that is lost may send SIGHUP twice, once by itself and once by its shell: that is one
 * wish. */
static void
on_signal(int signo) {
    if (stop_flag && signo != SIGHUP) {
        const char *left = atomic_load(&left_behind);
        say("binstream: stopped at once by a second signal\n");
        say(left != NULL ? left : "");
        _exit(6);
    }
    stop_flag = 1;
}

/* Whoever started us with nohup means it. */
static void
install_unless_ignored(int signo, const struct sigaction *action) {
    struct sigaction before;
    if (sigaction(signo, NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
        sigaction(signo, action, NULL);
    }
}

void
bs_stop_install_handlers(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGQUIT, &action, NULL);
    install_unless_ignored(SIGHUP, &action);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL); /* inherited as ignored, it would keep the hook's end from us */
}

bool
bs_stop_requested(void) {
    return stop_flag != 0;
}

void
bs_stop_request(void) {
    stop_flag = 1;
}

void
bs_stop_leaves(const char *what) {
    atomic_store(&left_behind, what);
}

enum bs_status
bs_stop_check(struct bs_error *err) {
    if (!stop_flag) {
        return BS_OK;
    }
    bs_error_set(err, BS_CANCELLED, "stopped by request");
    return bs_error_hint(err, "run the same command again to resume");
}

#include "base/stop.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t stop_flag;

static void
on_signal(int signo) {
    static const char text[] = "binstream: stopped at once by a second signal\n";
    if (stop_flag) {
        ssize_t n = write(STDERR_FILENO, text, sizeof text - 1);
        (void)n;
        _exit(6);
    }
    (void)signo;
    stop_flag = 1;
}

void
bs_stop_install_handlers(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool
bs_stop_requested(void) {
    return stop_flag != 0;
}

void
bs_stop_request(void) {
    stop_flag = 1;
}

enum bs_status
bs_stop_check(struct bs_error *err) {
    if (!stop_flag) {
        return BS_OK;
    }
    bs_error_set(err, BS_CANCELLED, "stopped by request");
    return bs_error_hint(err, "run the same command again to resume");
}

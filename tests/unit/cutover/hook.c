/* The hook's word, its time, and what it may not inherit. */
#include "cutover/hook.h"

#include "base/authorities.h"
#include "base/clock.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct bs_error err;

static enum bs_status
run(const char *command, int time_ms) {
    char user[] = "mover", password[] = "secret", host[] = "db", file[] = "binlog.000007";
    char gtid[] = "0-1-2";
    struct bs_endpoint server = {.user = user, .password = password, .host = host, .port = 3307};
    struct bs_position final = {.file = file, .pos = 4711, .gtid = gtid};
    struct bs_hook hook = {.command = command,
                           .source = &server,
                           .target = &server,
                           .task = "default",
                           .final = &final,
                           .attempt = 2,
                           .deadline_ms = bs_clock_mono_ms() + time_ms};
    bs_error_clear(&err);
    return bs_hook_run(&hook, &err);
}

Test(hook, its_exit_code_is_its_word) {
    cr_expect_eq(run("exit 0", 5000), BS_OK);
    cr_expect_eq(run("echo half way; echo 'the proxy says no'; exit 7", 5000), BS_CANCELLED);
    cr_expect_str_eq(err.message, "the hook ended with exit code 7: the proxy says no");
    cr_expect_eq(run("kill -9 $$", 5000), BS_CANCELLED);
    cr_expect_str_eq(err.message, "the hook was ended by signal 9");
    cr_expect_eq(run("/nowhere/at/all 2>/dev/null", 5000), BS_CANCELLED);
}

Test(hook, it_is_told_the_servers_and_the_position_and_no_password) {
    setenv("BINSTREAM_SOURCE_PASSWORD", "secret", 1);
    setenv("MYSQL_PWD", "secret", 1);
    cr_expect_eq(run("test \"$BINSTREAM_SOURCE\" = mysql://mover@db:3307/ && test "
                     "$BINSTREAM_TARGET_PORT$BINSTREAM_HOOK_ATTEMPT = 33072 && test "
                     "$BINSTREAM_FINAL_FILE:$BINSTREAM_FINAL_POS/$BINSTREAM_FINAL_GTID = "
                     "binlog.000007:4711/0-1-2 && ! env | grep secret",
                     5000),
                 BS_OK, "%s", err.message);
}

/* What we say to OpenSSL is not for a program that fetches something by https. */
Test(hook, it_trusts_whom_its_caller_trusts) {
    cr_assert_eq(unsetenv("SSL_CERT_FILE"), 0);
    bs_authorities_leave_out();
    cr_expect_not_null(getenv("SSL_CERT_FILE"));
    cr_expect_eq(run("test -z \"${SSL_CERT_FILE+x}\"", 5000), BS_OK, "%s", err.message);
    cr_assert_eq(setenv("SSL_CERT_FILE", "/etc/own.pem", 1), 0);
    bs_authorities_leave_out();
    cr_expect_str_neq(getenv("SSL_CERT_FILE"), "/etc/own.pem");
    cr_expect_eq(run("test \"$SSL_CERT_FILE\" = /etc/own.pem", 5000), BS_OK, "%s", err.message);
}

Test(hook, it_inherits_no_file) {
    int fd = open("/dev/null", O_RDONLY);
    char command[128];
    (void)snprintf(command, sizeof command, "! test -e /proc/self/fd/%d", fd);
    cr_expect_gt(fd, 2);
    cr_expect_eq(run(command, 5000), BS_OK);
    (void)close(fd);
}

Test(hook, one_that_is_late_is_asked_to_end_and_then_made_to) {
    int64_t began = bs_clock_mono_ms();
    cr_expect_eq(run("sleep 60", 400), BS_CANCELLED);
    cr_expect(strstr(err.message, "not over in time") != NULL);
    cr_expect_eq(run("trap '' TERM; while :; do sleep 0.05; done", 400), BS_CANCELLED);
    cr_expect_lt(bs_clock_mono_ms() - began, 10000);
}

Test(hook, one_that_ends_with_0_when_asked_has_done_it) {
    cr_expect_eq(run("trap 'exit 0' TERM; while :; do sleep 0.02; done", 2000), BS_OK);
}

Test(hook, an_end_that_somebody_else_took_is_no_word) {
    (void)signal(SIGCHLD, SIG_IGN);
    int64_t began = bs_clock_mono_ms();
    cr_expect_eq(run("echo done", 20000), BS_CONFLICT);
    cr_expect_str_eq(err.message, "how the hook ended could not be seen: done");
    cr_expect_lt(bs_clock_mono_ms() - began, 10000);
}

Test(hook, what_it_leaves_running_is_not_waited_for) {
    int64_t began = bs_clock_mono_ms();
    cr_expect_eq(run("sleep 30 & exit 0", 20000), BS_OK);
    cr_expect_lt(bs_clock_mono_ms() - began, 10000);
}

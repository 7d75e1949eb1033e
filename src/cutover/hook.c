#include "cutover/hook.h"

#include "base/authorities.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LINE_MAX_LEN = 1000, /* longer ones are logged in pieces */
    SAID_MAX = 600,      /* of the last line, in the error */
    POLL_MS = 10,
    GRACE_MAX_MS = 2000,  /* between SIGTERM and SIGKILL; at most a quarter of the time */
    ENV_GTID_MAX = 65536, /* Linux takes 128 KiB for one variable */
    FD_MAX = 65536,
    NOT_EXECUTED = 127,
    LOST = -1, /* in place of a status of waitpid */
};

/* The environment of the child: ours without passwords, and what the hook is told. */
struct environment {
    char **entries;
    size_t count;
};

static const char *const REPLACED[] = {
    "BINSTREAM_SOURCE=", "BINSTREAM_SOURCE_PASSWORD=",
    "BINSTREAM_TARGET=", "BINSTREAM_TARGET_PASSWORD=",
    "MYSQL_PWD=",
};

static void
add(struct environment *env, char *entry) {
    env->entries = bs_realloc(env->entries, (env->count + 2) * sizeof *env->entries);
    env->entries[env->count++] = entry;
    env->entries[env->count] = NULL;
}

static bool
is_replaced(const char *entry) {
    for (size_t i = 0; i < sizeof REPLACED / sizeof REPLACED[0]; i++) {
        if (strncmp(entry, REPLACED[i], strlen(REPLACED[i])) == 0) {
            return true;
        }
    }
    return bs_authorities_is_ours(entry);
}

static void
add_server(struct environment *env, const char *name, const struct bs_endpoint *server) {
    char where[512];
    bs_endpoint_describe(server, where, sizeof where);
    add(env, bs_asprintf("BINSTREAM_%s=mysql://%s/", name, where));
    add(env, bs_asprintf("BINSTREAM_%s_HOST=%s", name, server->host != NULL ? server->host : ""));
    add(env, bs_asprintf("BINSTREAM_%s_PORT=%u", name, server->port));
    add(env,
        bs_asprintf("BINSTREAM_%s_SOCKET=%s", name, server->socket != NULL ? server->socket : ""));
}

static void
make_environment(struct environment *env, const struct bs_hook *hook) {
    extern char **environ;
    for (char **entry = environ; *entry != NULL; entry++) {
        if (!is_replaced(*entry)) {
            add(env, bs_strdup(*entry));
        }
    }
    if (bs_authorities_before() != NULL) {
        add(env, bs_strdup(bs_authorities_before()));
    }
    const char *gtid = hook->final->gtid != NULL ? hook->final->gtid : "";
    add_server(env, "SOURCE", hook->source);
    add_server(env, "TARGET", hook->target);
    add(env, bs_asprintf("BINSTREAM_TASK=%s", hook->task));
    add(env, bs_asprintf("BINSTREAM_FINAL_FILE=%s", hook->final->file));
    add(env, bs_asprintf("BINSTREAM_FINAL_POS=%" PRIu64, hook->final->pos));
    add(env, bs_asprintf("BINSTREAM_FINAL_GTID=%s", strlen(gtid) < ENV_GTID_MAX ? gtid : ""));
    add(env, bs_asprintf("BINSTREAM_HOOK_ATTEMPT=%" PRIu64, hook->attempt));
}

static void
free_environment(struct environment *env) {
    for (size_t i = 0; i < env->count; i++) {
        free(env->entries[i]);
    }
    free(env->entries);
}

/* Behind fork in a process of several threads: only calls that are safe in a signal handler.
 * SIGPIPE stays ignored: should binstream die, the hook can still go on to its end. */
static void
become_hook(const char *command, char **entries, int output) {
    char name[] = "sh";
    char flag[] = "-c";
    char *const argv[] = {name, flag, (char *)(uintptr_t)command, NULL};
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setpgid(0, 0);
    int input = open("/dev/null", O_RDONLY);
    if (input < 0 || dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(output, STDERR_FILENO) < 0) {
        _exit(NOT_EXECUTED);
    }
    for (int fd = STDERR_FILENO + 1; fd < FD_MAX; fd++) {
        (void)close(fd);
    }
    (void)execve("/bin/sh", argv, entries);
    _exit(NOT_EXECUTED);
}

static enum bs_status
start(const struct bs_hook *hook, pid_t *child, int *output, struct bs_error *err) {
    struct environment env = {0};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return bs_error_sys(err, errno, "cannot make a pipe for the hook");
    }
    make_environment(&env, hook);
    *child = fork();
    int failed = errno;
    if (*child == 0) {
        become_hook(hook->command, env.entries, ends[1]);
    }
    free_environment(&env);
    (void)close(ends[1]);
    if (*child < 0) {
        (void)close(ends[0]);
        return bs_error_sys(err, failed, "cannot start the hook");
    }
    (void)setpgid(*child, *child);
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *output = ends[0];
    return BS_OK;
}

/* What is read but not logged yet, and the last line that was. */
struct output {
    int fd;
    struct bs_buf line;
    char last[SAID_MAX + 1];
};

static void
log_line(struct output *out) {
    if (out->line.len > 0) {
        bs_log(BS_LOG_INFO, "hook: %s", bs_buf_cstr(&out->line));
        (void)snprintf(out->last, sizeof out->last, "%s", bs_buf_cstr(&out->line));
    }
    bs_buf_clear(&out->line);
}

/* Takes what is there. False at the end of it. */
static bool
read_output(struct output *out) {
    char bytes[4096];
    ssize_t len = read(out->fd, bytes, sizeof bytes);
    for (ssize_t i = 0; i < len; i++) {
        if (bytes[i] == '\n' || out->line.len >= LINE_MAX_LEN) {
            log_line(out);
        }
        if (bytes[i] != '\n' && bytes[i] != '\0') {
            bs_buf_put_u8(&out->line, (uint8_t)bytes[i]);
        }
    }
    return len > 0 || (len < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Signals when it is time, and waits for the end. LOST: the system does not know this child any
 * more. */
static int
await_end(pid_t child, struct output *out, int64_t deadline_ms, bool *out_of_time) {
    int64_t left = deadline_ms - bs_clock_mono_ms();
    int64_t term_ms = deadline_ms - (left / 4 < GRACE_MAX_MS ? left / 4 : GRACE_MAX_MS);
    bool open = true;
    bool killed = false;
    int how = 0;
    for (;;) {
        struct pollfd pollfd = {.fd = open ? out->fd : -1, .events = POLLIN};
        if (poll(&pollfd, 1, POLL_MS) > 0) {
            open = read_output(out);
        }
        pid_t ended = waitpid(child, &how, WNOHANG);
        if (ended == child) {
            return how;
        }
        if (ended < 0 && errno == ECHILD) {
            return LOST;
        }
        int64_t now = bs_clock_mono_ms();
        if (now >= deadline_ms && !killed) {
            (void)kill(-child, SIGKILL);
            killed = true;
        } else if (now >= term_ms && !*out_of_time) {
            (void)kill(-child, SIGTERM);
            *out_of_time = true;
        }
    }
}

static enum bs_status
judge(int how, bool out_of_time, const struct output *out, struct bs_error *err) {
    const char *colon = out->last[0] != '\0' ? ": " : "";
    if (how == LOST) {
        return bs_error_set(err, BS_CONFLICT, "how the hook ended could not be seen%s%s", colon,
                            out->last);
    }
    if (WIFEXITED(how) && WEXITSTATUS(how) == 0) {
        return BS_OK;
    }
    if (out_of_time) {
        bs_error_set(err, BS_CANCELLED, "the hook was not over in time, and was ended%s%s", colon,
                     out->last);
        return bs_error_hint(err, "allow more with --max-freeze, or let the hook do less");
    }
    if (WIFEXITED(how)) {
        bs_error_set(err, BS_CANCELLED, "the hook ended with exit code %d%s%s", WEXITSTATUS(how),
                     colon, out->last);
    } else {
        bs_error_set(err, BS_CANCELLED, "the hook was ended by signal %d%s%s", WTERMSIG(how), colon,
                     out->last);
    }
    return bs_error_hint(err, "see what it printed in the log of the follow");
}

enum bs_status
bs_hook_run(const struct bs_hook *hook, struct bs_error *err) {
    struct output out = {.fd = -1};
    pid_t child = -1;
    bool out_of_time = false;
    enum bs_status status = start(hook, &child, &out.fd, err);
    if (status != BS_OK) {
        return status;
    }
    int how = await_end(child, &out, hook->deadline_ms, &out_of_time);
    /* What it started must not go on behind a cutover that is undone. */
    if (out_of_time) {
        (void)kill(-child, SIGKILL);
    }
    do {
        errno = 0;
    } while (read_output(&out) && errno == 0);
    log_line(&out);
    (void)close(out.fd);
    bs_buf_fini(&out.line);
    return judge(how, out_of_time, &out, err);
}

/* Errors as values: what failed, of which class, where in the source's binlog, and what to do next.
 *
 * Every function that can fail returns enum bs_status and fills the caller's struct bs_error. The
 * lowest layer says what failed (bs_error_set and friends); each caller adds once what it was doing
 * (bs_error_context). Whether to retry is decided by class, in one place per loop; only src/cli
 * prints errors. A struct bs_error is plain memory: copy it, drop it, share it never between
 * threads that run at the same time. Passing NULL as err is allowed everywhere and drops the text.
 */
#ifndef BS_BASE_ERROR_H
#define BS_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

enum bs_status {
    BS_OK = 0,
    BS_IO,        /* the network or a file failed: trying again may help */
    BS_PROTOCOL,  /* bytes that break the protocol or the binlog format */
    BS_SERVER,    /* a server answered with an error: see sql_errno */
    BS_SCHEMA,    /* the schema is not what it must be */
    BS_CONFLICT,  /* a row is not where it must be, or is where it must not be */
    BS_LIMIT,     /* a named limit is passed */
    BS_CONFIG,    /* wrong usage, URI or selection: exit 2 */
    BS_PRECHECK,  /* the server is not fit for the task: exit 3 */
    BS_DIFFERENT, /* source and target differ: exit 4 */
    BS_PURGED,    /* what is needed to resume is gone, or on another server: exit 5 */
    BS_CANCELLED, /* stopped by request, resumable: exit 6 */
    BS_FENCED,    /* another binstream took the task over */
    BS_NOMEM,
};

#define BS_MUST_CHECK __attribute__((warn_unused_result))
#define BS_PRINTF(fmt_index, args_index) __attribute__((format(printf, fmt_index, args_index)))

enum { BS_ERROR_TEXT_MAX = 2048, BS_ERROR_POSITION_MAX = 320 };

struct bs_error {
    enum bs_status status;
    int sys_errno;
    unsigned int sql_errno; /* server or client library error number, 0 if none */
    char sql_state[6];
    char position[BS_ERROR_POSITION_MAX]; /* file:pos and GTID in the source's binlog, "" if none */
    char message[BS_ERROR_TEXT_MAX];
    char context[BS_ERROR_TEXT_MAX]; /* "while ..., while ...", innermost first */
    char hint[BS_ERROR_TEXT_MAX];    /* what to do about it */
};

void bs_error_clear(struct bs_error *err);

/* Starts an error: replaces all that err held. Returns status, for `return bs_error_set(...)`. */
enum bs_status bs_error_set(struct bs_error *err, enum bs_status status, const char *fmt, ...)
    BS_PRINTF(3, 4);
enum bs_status bs_error_setv(struct bs_error *err, enum bs_status status, const char *fmt,
                             va_list args) BS_PRINTF(3, 0);

/* The same for a failed system call: class BS_IO, the text of sys_errno appended. */
enum bs_status bs_error_sys(struct bs_error *err, int sys_errno, const char *fmt, ...)
    BS_PRINTF(3, 4);

/* Adds what the caller was doing, as in "reading the table list of db 'shop'". Returns the status.
 */
enum bs_status bs_error_context(struct bs_error *err, const char *fmt, ...) BS_PRINTF(2, 3);

/* Says what the operator can do. The first hint given stays. Returns the status. */
enum bs_status bs_error_hint(struct bs_error *err, const char *fmt, ...) BS_PRINTF(2, 3);

/* Names the place in the source's binlog. The first one given stays. Returns the status. */
enum bs_status bs_error_at(struct bs_error *err, const char *fmt, ...) BS_PRINTF(2, 3);

const char *bs_status_name(enum bs_status status);

/* Stops the process with a message: a broken invariant of binstream itself. Never used on input. */
void bs_panic(const char *file, int line, const char *what) __attribute__((noreturn));

/* Stays on in release builds: arguments, edges of state machines, lengths before write. */
#define BS_ASSERT(cond) ((cond) ? (void)0 : bs_panic(__FILE__, __LINE__, #cond))

#endif

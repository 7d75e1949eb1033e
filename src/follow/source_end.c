#include "follow/source_end.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "catalog/catalog.h"
#include "sql/session.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    EVERY_MS = 2000,
    ANSWER_TIMEOUT_S = 10,
    CONNECT_TIMEOUT_MS = 5000,
};

struct bs_source_end {
    struct bs_endpoint source; /* shallow copy */
    struct bs_server server;
    pthread_t thread;
    bool is_started;
    bool is_denied; /* the thread's own */

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t wake;
    bool is_closing;
    struct bs_sql *sql; /* used by the thread; the lock is held to set, cut and close it */
    bool has_answer, has_failed;
    struct bs_position position;
    int64_t asked_us, answer_us, quickest_us;
    int64_t asking_since_us; /* 0: no question is open */
    struct bs_binlog_file *files;
    size_t file_count;
};

static int64_t
begin_question(struct bs_source_end *end) {
    int64_t now_us = bs_clock_mono_us();
    pthread_mutex_lock(&end->lock);
    end->asking_since_us = now_us;
    pthread_mutex_unlock(&end->lock);
    return now_us;
}

/* A question that failed took its time too. */
static void
end_question(struct bs_source_end *end, int64_t asked_us, enum bs_status status) {
    int64_t took_us = bs_clock_mono_us() - asked_us;
    pthread_mutex_lock(&end->lock);
    end->asking_since_us = 0;
    end->answer_us = took_us;
    if (status == BS_OK && (end->quickest_us == 0 || took_us < end->quickest_us)) {
        end->quickest_us = took_us > 0 ? took_us : 1;
    }
    pthread_mutex_unlock(&end->lock);
}

static void
note_position(struct bs_source_end *end, const struct bs_position *position, int64_t asked_us) {
    pthread_mutex_lock(&end->lock);
    bs_position_copy(&end->position, position);
    end->asked_us = asked_us;
    end->has_answer = true;
    end->has_failed = false;
    pthread_mutex_unlock(&end->lock);
}

/* The end and all files before it. */
static enum bs_status
ask_files(struct bs_source_end *end, struct bs_position *at, struct bs_error *err) {
    struct bs_binlog_file *files = NULL;
    size_t count = 0;
    int64_t asked_us = begin_question(end);
    enum bs_status status = bs_catalog_log_files(end->sql, &end->server, &files, &count, err);
    end_question(end, asked_us, status);
    if (status != BS_OK || count == 0) {
        return status;
    }
    bs_position_set(at, files[count - 1].name, files[count - 1].size, "");
    note_position(end, at, asked_us);
    pthread_mutex_lock(&end->lock);
    bs_binlog_files_free(end->files, end->file_count);
    end->files = files;
    end->file_count = count;
    pthread_mutex_unlock(&end->lock);
    return BS_OK;
}

static enum bs_status
ask_gtid(struct bs_source_end *end, struct bs_position *at, struct bs_error *err) {
    struct bs_buf gtid = {0};
    bool found = false;
    enum bs_status status =
        bs_sql_value(end->sql, &gtid, &found, err, "SELECT @@GLOBAL.gtid_binlog_pos");
    if (status == BS_OK && found) {
        free(at->gtid);
        at->gtid = bs_buf_take_cstr(&gtid);
    }
    bs_buf_fini(&gtid);
    return status;
}

/* The end alone. *is_new: in a file that was not there before. */
static enum bs_status
ask_end(struct bs_source_end *end, struct bs_position *at, bool *is_new, struct bs_error *err) {
    struct bs_position now = {0};
    int64_t asked_us = begin_question(end);
    enum bs_status status = bs_catalog_log_end(end->sql, &end->server, &now, err);
    end_question(end, asked_us, status);
    if (status != BS_OK) {
        bs_position_fini(&now);
        return status;
    }
    *is_new = strcmp(now.file, at->file) != 0;
    bool stands = !*is_new && now.pos == at->pos;
    if (stands && now.gtid[0] == '\0' && at->gtid[0] != '\0') {
        bs_position_copy(&now, at); /* its GTIDs are known already */
    } else if (stands && end->server.flavour == BS_MARIADB) {
        status = ask_gtid(end, &now, err);
    }
    if (status == BS_OK) {
        note_position(end, &now, asked_us);
        bs_position_copy(at, &now);
    }
    bs_position_fini(&now);
    return status;
}

static enum bs_status
connect_source(struct bs_source_end *end, struct bs_error *err) {
    struct bs_sql_options options = {.program = "binstream source end",
                                     .answer_timeout_s = ANSWER_TIMEOUT_S};
    struct bs_sql *sql = NULL;
    int64_t asked_us = begin_question(end);
    enum bs_status status = bs_sql_connect(&sql, &end->source, &options, err);
    end_question(end, asked_us, BS_IO); /* not to be compared with the quickest answer */
    pthread_mutex_lock(&end->lock);
    end->sql = sql;
    pthread_mutex_unlock(&end->lock);
    return status;
}

static void
disconnect(struct bs_source_end *end) {
    pthread_mutex_lock(&end->lock);
    struct bs_sql *sql = end->sql;
    end->sql = NULL;
    pthread_mutex_unlock(&end->lock);
    bs_sql_close(sql);
}

/* false: it is closing. */
static bool
pause_until_next(struct bs_source_end *end) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += EVERY_MS / 1000;
    pthread_mutex_lock(&end->lock);
    while (!end->is_closing &&
           pthread_cond_timedwait(&end->wake, &end->lock, &until) != ETIMEDOUT) {
    }
    bool goes_on = !end->is_closing;
    pthread_mutex_unlock(&end->lock);
    return goes_on;
}

static void
tell_failure(struct bs_source_end *end, enum bs_status status, const struct bs_error *err) {
    end->is_denied = status == BS_PRECHECK;
    pthread_mutex_lock(&end->lock);
    end->has_failed = true;
    end->has_answer = end->has_answer && !end->is_denied; /* it would only grow old */
    pthread_mutex_unlock(&end->lock);
    if (end->is_denied) {
        bs_log(BS_LOG_WARNING, "the lag in bytes will not be known: %s%s%s", err->message,
               err->hint[0] != '\0' ? "; " : "", err->hint);
    } else {
        bs_log(BS_LOG_DEBUG, "the source does not say where its log ends: %s", err->message);
    }
}

/* The files, and what SHOW BINARY LOGS does not say of the end. */
static enum bs_status
ask_all(struct bs_source_end *end, struct bs_position *at, struct bs_error *err) {
    bool is_new = false;
    enum bs_status status = ask_files(end, at, err);
    return status == BS_OK && at->file != NULL ? ask_end(end, at, &is_new, err) : status;
}

/* One question. *at: the last answer. */
static enum bs_status
ask(struct bs_source_end *end, struct bs_position *at, bool *wants_files, struct bs_error *err) {
    enum bs_status status = end->sql == NULL ? connect_source(end, err) : BS_OK;
    if (status != BS_OK || !*wants_files) {
        return status == BS_OK ? ask_end(end, at, wants_files, err) : status;
    }
    status = ask_all(end, at, err);
    *wants_files = status != BS_OK || at->file == NULL;
    return status;
}

static void *
run(void *arg) {
    struct bs_source_end *end = arg;
    struct bs_position at = {0};
    bool wants_files = true;
    bs_sql_thread_begin();
    do {
        struct bs_error err;
        bs_error_clear(&err);
        enum bs_status status = ask(end, &at, &wants_files, &err);
        if (status != BS_OK) {
            tell_failure(end, status, &err);
            disconnect(end);
        }
    } while (!end->is_denied && pause_until_next(end));
    disconnect(end);
    bs_position_fini(&at);
    bs_sql_thread_end();
    return NULL;
}

struct bs_source_end *
bs_source_end_open(const struct bs_endpoint *source, const struct bs_server *server) {
    struct bs_source_end *end = bs_zalloc(sizeof *end);
    end->source = *source;
    end->server = *server;
    if (end->source.connect_timeout_ms > CONNECT_TIMEOUT_MS) {
        end->source.connect_timeout_ms = CONNECT_TIMEOUT_MS;
    }
    pthread_mutex_init(&end->lock, NULL);
    bs_cond_init(&end->wake);
    end->is_started = bs_thread_start(&end->thread, run, end) == 0;
    return end;
}

void
bs_source_end_close(struct bs_source_end *end) {
    if (end == NULL) {
        return;
    }
    pthread_mutex_lock(&end->lock);
    end->is_closing = true;
    if (end->sql != NULL) {
        bs_sql_cut(end->sql);
    }
    pthread_cond_broadcast(&end->wake);
    pthread_mutex_unlock(&end->lock);
    if (end->is_started) {
        (void)pthread_join(end->thread, NULL);
    }
    bs_binlog_files_free(end->files, end->file_count);
    bs_position_fini(&end->position);
    pthread_cond_destroy(&end->wake);
    pthread_mutex_destroy(&end->lock);
    free(end);
}

bool
bs_source_end_look(struct bs_source_end *end, struct bs_source_end_answer *answer,
                   struct bs_log_files *files) {
    pthread_mutex_lock(&end->lock);
    bool has_answer = end->has_answer;
    for (size_t i = 0; i < end->file_count; i++) {
        bs_log_files_note(files, end->files[i].name, end->files[i].size);
    }
    bs_binlog_files_free(end->files, end->file_count);
    end->files = NULL;
    end->file_count = 0;
    if (has_answer) {
        int64_t open_us = end->asking_since_us > 0 ? bs_clock_mono_us() - end->asking_since_us : 0;
        bs_position_copy(&answer->position, &end->position);
        bs_log_files_note(files, end->position.file, end->position.pos);
        answer->asked_us = end->asked_us;
        answer->answer_us = open_us > end->answer_us ? open_us : end->answer_us;
        answer->quickest_us = end->quickest_us;
    }
    pthread_mutex_unlock(&end->lock);
    return has_answer;
}

bool
bs_source_end_has_failed(struct bs_source_end *end) {
    pthread_mutex_lock(&end->lock);
    bool has_failed = end->has_failed || !end->is_started;
    pthread_mutex_unlock(&end->lock);
    return has_failed;
}

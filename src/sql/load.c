/* LOAD DATA LOCAL INFILE from memory. The library asks four callbacks for the "file"; they stay in
 * place for the whole life of a session, because without them the library would open whatever file
 * a server asks for. */
#include "sql/session_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct bs_sql_load_source {
    int (*read)(void *arg, char *out, unsigned int cap);
    void *arg;
    bool was_opened;
    bool gave_up;
};

static int
on_init(void **state, const char *name, void *arg) {
    struct bs_sql *sql = arg;
    (void)name;
    *state = sql;
    if (sql->load == NULL) {
        return 1;
    }
    sql->load->was_opened = true;
    return 0;
}

static int
on_read(void *state, char *out, unsigned int cap) {
    struct bs_sql *sql = state;
    struct bs_sql_load_source *load = sql->load;
    int n = load->read(load->arg, out, cap);
    if (n < 0) {
        load->gave_up = true;
    }
    return n;
}

static void
on_end(void *state) {
    (void)state;
}

static int
on_error(void *state, char *text, unsigned int cap) {
    struct bs_sql *sql = state;
    enum { CR_UNKNOWN_NO = 2000, CR_LOCAL_INFILE_REJECTED_NO = 2068 };
    bool was_opened = sql != NULL && sql->load != NULL && sql->load->was_opened;
    const char *what = was_opened ? "the rows ended early" : "no file was offered to the server";
    if (cap > 0) {
        text[0] = '\0';
        strncat(text, what, cap - 1);
    }
    return was_opened ? CR_UNKNOWN_NO : CR_LOCAL_INFILE_REJECTED_NO;
}

void
bs_sql_guard_local_infile(struct bs_sql *sql) {
    mysql_set_local_infile_handler(sql->mysql, on_init, on_read, on_end, on_error, sql);
}

/* The counts stand in the server's message, whose words depend on its language: the numbers are
 * read, in their order. */
static bool
parse_report(const char *info, struct bs_sql_load_report *report) {
    uint64_t *const counts[] = {&report->records, &report->deleted, &report->skipped,
                                &report->warnings};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        info += info != NULL ? strcspn(info, "0123456789") : 0;
        if (info == NULL || *info == '\0') {
            return false;
        }
        char *end = NULL;
        *counts[i] = strtoull(info, &end, 10);
        info = end;
    }
    return true;
}

static enum bs_status
run_load(struct bs_sql *sql, struct bs_str statement, struct bs_sql_load_report *report,
         struct bs_error *err) {
    sql->affected = 0;
    sql->warning_count = 0;
    if (mysql_real_query(sql->mysql, statement.data, statement.len) != 0) {
        return bs_sql_fail(sql, statement, err);
    }
    sql->affected = mysql_affected_rows(sql->mysql);
    sql->warning_count = mysql_warning_count(sql->mysql);
    const char *info = mysql_info(sql->mysql);
    if (!parse_report(info, report)) {
        return bs_error_set(err, BS_PROTOCOL, "%s: cannot read the report of LOAD DATA: \"%s\"",
                            sql->where, info != NULL ? info : "");
    }
    return BS_OK;
}

enum bs_status
bs_sql_load(struct bs_sql *sql, struct bs_str statement,
            int (*read)(void *arg, char *out, unsigned int cap), void *arg,
            struct bs_sql_load_report *report, struct bs_error *err) {
    BS_ASSERT(sql->multi == BS_SQL_MULTI_NONE && sql->load == NULL);
    struct bs_sql_load_source source = {.read = read, .arg = arg};
    struct bs_error failure = {0};
    *report = (struct bs_sql_load_report){0};
    bs_error_clear(err); /* so that what read says in it can be told from what stood there */
    sql->load = &source;
    enum bs_status status = run_load(sql, statement, report, &failure);
    sql->load = NULL;
    if (source.gave_up && status != BS_IO) {
        /* Why is known to the reader; the rows sent so far are in the open transaction. */
        bool told = err != NULL && err->status != BS_OK;
        return told ? err->status : bs_error_set(err, BS_CANCELLED, "the rows to load ended early");
    }
    if (status != BS_OK && err != NULL) {
        *err = failure;
    }
    return status;
}

/* What a server is, and where its binlog ends. */
#include "catalog/catalog_private.h"

#include "base/mem.h"
#include "sql/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
take_variable(struct bs_server *server, struct bs_str name, struct bs_str value) {
    if (bs_str_is_nocase(name, "server_uuid")) {
        (void)snprintf(server->server_uuid, sizeof server->server_uuid, "%s", value.data);
    } else if (bs_str_is_nocase(name, "server_id")) {
        server->server_id = (uint32_t)strtoul(value.data, NULL, 10);
    } else if (bs_str_is_nocase(name, "lower_case_table_names")) {
        server->lower_case_table_names = (int)strtol(value.data, NULL, 10);
    } else if (bs_str_is_nocase(name, "max_allowed_packet")) {
        server->max_allowed_packet = strtoull(value.data, NULL, 10);
    } else if (bs_str_is_nocase(name, "gtid_mode")) {
        server->has_gtid = server->flavour == BS_MYSQL && bs_str_is_nocase(value, "ON");
    } else if (bs_str_is_nocase(name, "explicit_defaults_for_timestamp")) {
        server->explicit_defaults_for_timestamp = bs_str_is_nocase(value, "ON");
    } else if (bs_str_is_nocase(name, "old_mode")) {
        server->utf8_is_utf8mb4 =
            bs_server_has_utf8_choice(server) && strstr(value.data, BS_OLD_MODE_UTF8) == NULL;
    }
}

static enum bs_status
read_version(struct bs_sql *sql, struct bs_server *server, struct bs_error *err) {
    struct bs_buf text = {0};
    bool found = false;
    enum bs_status status = bs_sql_value(sql, &text, &found, err, "SELECT VERSION()");
    if (status == BS_OK) {
        (void)snprintf(server->version_text, sizeof server->version_text, "%s", bs_buf_cstr(&text));
        if (!bs_server_parse_version(server->version_text, &server->flavour, &server->version)) {
            status = bs_error_set(err, BS_PRECHECK, "cannot tell the server's version from \"%s\"",
                                  server->version_text);
        }
    }
    bs_buf_fini(&text);
    return status;
}

enum bs_status
bs_catalog_server(struct bs_sql *sql, struct bs_server *server, struct bs_error *err) {
    *server = (struct bs_server){0};
    enum bs_status status = read_version(sql, server, err);
    if (status != BS_OK) {
        return status;
    }
    server->has_gtid = server->flavour == BS_MARIADB;
    struct bs_buf text = {0};
    bs_buf_puts(&text, "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uuid', 'server_id', "
                       "'lower_case_table_names', 'max_allowed_packet', 'gtid_mode', "
                       "'explicit_defaults_for_timestamp', 'old_mode')");
    struct bs_answer answer;
    status = bs_answer_ask(&answer, sql, &text, err);
    bs_buf_fini(&text);
    while (status == BS_OK && (status = bs_answer_next(&answer, err)) == BS_OK &&
           answer.row != NULL) {
        if (answer.row[1].data != NULL) {
            take_variable(server, answer.row[0], answer.row[1]);
        }
    }
    bs_answer_fini(&answer);
    return status;
}

/* Position. */

static enum bs_status
fail_no_binlog(struct bs_error *err) {
    bs_error_set(err, BS_PRECHECK, "the server's binary log is off");
    return bs_error_hint(err, "start the server with log_bin=binlog and binlog_format=ROW");
}

/* GTID sets are printed on several lines. */
static char *
copy_without_newlines(struct bs_str text) {
    char *copy = bs_alloc(text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '\n') {
            copy[len++] = text.data[i];
        }
    }
    copy[len] = '\0';
    return copy;
}

static enum bs_status
need_monitor(const struct bs_server *server, struct bs_error *err) {
    return bs_catalog_need(err,
                           server->flavour == BS_MARIADB ? "BINLOG MONITOR" : "REPLICATION CLIENT",
                           (struct bs_str){NULL, 0});
}

static enum bs_status
ask_binlog_status(struct bs_answer *answer, struct bs_sql *sql, const struct bs_server *server,
                  struct bs_error *err) {
    bool is_new = bs_server_has_binlog_status_statement(server);
    struct bs_buf text = {0};
    bs_buf_puts(&text, is_new ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS");
    enum bs_status status = bs_answer_ask(answer, sql, &text, err);
    bs_buf_fini(&text);
    return status == BS_OK ? bs_answer_next(answer, err) : status;
}

enum bs_status
bs_catalog_log_filters(struct bs_sql *sql, const struct bs_server *server, struct bs_buf *do_db,
                       struct bs_buf *ignore_db, struct bs_error *err) {
    struct bs_answer answer;
    enum bs_status status = ask_binlog_status(&answer, sql, server, err);
    if (status == BS_OK && answer.row != NULL) {
        bs_buf_put_str(do_db, bs_answer_text(&answer, "Binlog_Do_DB"));
        bs_buf_put_str(ignore_db, bs_answer_text(&answer, "Binlog_Ignore_DB"));
    } else if (status != BS_OK) {
        status = need_monitor(server, err);
    }
    bs_answer_fini(&answer);
    return status;
}

static enum bs_status
read_binlog_status(struct bs_sql *sql, const struct bs_server *server, struct bs_position *position,
                   struct bs_error *err) {
    struct bs_answer answer;
    enum bs_status status = ask_binlog_status(&answer, sql, server, err);
    if (status == BS_OK && answer.row == NULL) {
        status = fail_no_binlog(err);
    } else if (status == BS_OK) {
        struct bs_str set = bs_answer_text(&answer, "Executed_Gtid_Set");
        char *gtid = copy_without_newlines(set.data != NULL ? set : bs_str(""));
        char *file = bs_answer_copy(&answer, "File");
        bs_position_set(position, file, bs_answer_number(&answer, "Position"), gtid);
        free(file);
        free(gtid);
    } else {
        status = need_monitor(server, err);
    }
    bs_answer_fini(&answer);
    return status;
}

/* MariaDB tells the GTID position apart from the file's. They belong together if the file's end was
 * the same before and after; if it never stands still, the server works the GTIDs out from the
 * file. */
static enum bs_status
read_mariadb_position(struct bs_sql *sql, const struct bs_server *server,
                      struct bs_position *position, struct bs_error *err) {
    enum { TRIES = 5 };
    struct bs_position after = {0};
    struct bs_buf gtid = {0};
    bool found = false, same = false;
    enum bs_status status = read_binlog_status(sql, server, position, err);
    for (int i = 0; status == BS_OK && !same && i < TRIES; i++) {
        status = bs_sql_value(sql, &gtid, &found, err, "SELECT @@GLOBAL.gtid_binlog_pos");
        if (status == BS_OK) {
            status = read_binlog_status(sql, server, &after, err);
        }
        if (status == BS_OK) {
            same = after.pos == position->pos && strcmp(after.file, position->file) == 0;
            bs_position_set(position, after.file, after.pos, bs_buf_cstr(&gtid));
        }
    }
    if (status == BS_OK && !same) {
        struct bs_buf file = {0};
        bs_sql_put_string(&file, bs_str(position->file));
        status = bs_sql_value(sql, &gtid, &found, err, "SELECT BINLOG_GTID_POS(%s, %llu)",
                              bs_buf_cstr(&file), (unsigned long long)position->pos);
        if (status == BS_OK) {
            bs_position_set(position, after.file, after.pos, bs_buf_cstr(&gtid));
        }
        bs_buf_fini(&file);
    }
    bs_position_fini(&after);
    bs_buf_fini(&gtid);
    return status;
}

enum bs_status
bs_catalog_position(struct bs_sql *sql, const struct bs_server *server,
                    struct bs_position *position, struct bs_error *err) {
    enum bs_status status = server->flavour == BS_MARIADB
                                ? read_mariadb_position(sql, server, position, err)
                                : read_binlog_status(sql, server, position, err);
    return status == BS_OK ? BS_OK : bs_error_context(err, "asking for the end of the binlog");
}

enum bs_status
bs_catalog_log_end(struct bs_sql *sql, const struct bs_server *server, struct bs_position *position,
                   struct bs_error *err) {
    enum bs_status status = read_binlog_status(sql, server, position, err);
    return status == BS_OK ? BS_OK : bs_error_context(err, "asking for the end of the binlog");
}

void
bs_binlog_files_free(struct bs_binlog_file *files, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(files[i].name);
    }
    free(files);
}

enum bs_status
bs_catalog_log_files(struct bs_sql *sql, const struct bs_server *server,
                     struct bs_binlog_file **files, size_t *count, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_answer answer;
    size_t cap = 0;
    void *items = NULL;
    *count = 0;
    bs_buf_puts(&text, "SHOW BINARY LOGS");
    enum bs_status status = bs_answer_ask(&answer, sql, &text, err);
    bs_buf_fini(&text);
    while (status == BS_OK && (status = bs_answer_next(&answer, err)) == BS_OK &&
           answer.row != NULL) {
        char *name = bs_answer_copy(&answer, "Log_name");
        bs_array_grow(&items, &cap, *count, sizeof(struct bs_binlog_file));
        ((struct bs_binlog_file *)items)[(*count)++] = (struct bs_binlog_file){
            name != NULL ? name : bs_strdup(""), bs_answer_number(&answer, "File_size")};
    }
    bs_answer_fini(&answer);
    *files = items;
    if (status != BS_OK) {
        bs_binlog_files_free(*files, *count);
        *files = NULL;
        *count = 0;
        (void)need_monitor(server, err);
        return bs_error_context(err, "asking for the sizes of the binlog's files");
    }
    return BS_OK;
}

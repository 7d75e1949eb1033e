/* Checks of the source's binary log. */
#include "base/mem.h"
#include "catalog/catalog.h"
#include "check/check_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_S = 86400, ACCESS_DENIED = 1227, XA_DENIED = 1401 };

enum bs_status
bs_check_log_bin(struct bs_checking *c, struct bs_error *err) {
    char *value = NULL;
    enum bs_status status = bs_check_variable(c->config->source, "log_bin", &value, err);
    if (status == BS_OK && strcmp(value, "ON") == 0) {
        bs_check_add(c, BS_CHECK_PASS, bs_strdup("the source writes a binary log"), NULL);
    } else if (status == BS_OK) {
        bs_check_add(
            c, BS_CHECK_FAIL, bs_strdup("the binary log of the source is off (log_bin=OFF)"),
            bs_strdup("put log_bin=mysql-bin, binlog_format=ROW and a server_id of its own "
                      "into the [mysqld] section of the source's option file, and restart "
                      "it"));
    }
    free(value);
    return status;
}

/* A variable that must have one value; servers without the variable behave as if it had. */
static enum bs_status
must_be(struct bs_checking *c, const char *name, const char *wanted, const char *why,
        struct bs_error *err) {
    char *value = NULL;
    enum bs_status status = bs_check_variable(c->config->source, name, &value, err);
    if (status == BS_OK && (*value == '\0' || strcmp(value, wanted) == 0)) {
        bs_check_add(c, BS_CHECK_PASS, bs_asprintf("%s=%s", name, wanted), NULL);
    } else if (status == BS_OK) {
        bs_check_add(c, BS_CHECK_FAIL, bs_asprintf("%s=%s on the source; %s", name, value, why),
                     bs_asprintf("on the source: SET GLOBAL %s='%s', the same in its option file; "
                                 "then let applications connect anew, since open sessions keep the "
                                 "old value",
                                 name, wanted));
    }
    free(value);
    return status;
}

enum bs_status
bs_check_binlog_format(struct bs_checking *c, struct bs_error *err) {
    return must_be(c, "binlog_format", "ROW", "only row events can be replayed exactly", err);
}

enum bs_status
bs_check_row_image(struct bs_checking *c, struct bs_error *err) {
    return must_be(c, "binlog_row_image", "FULL", "rows must be logged with all their columns",
                   err);
}

/* Changes to parts of a document are made on the document before, which a full image has. */
enum bs_status
bs_check_row_value_options(struct bs_checking *c, struct bs_error *err) {
    char *value = NULL;
    enum bs_status status =
        bs_check_variable(c->config->source, "binlog_row_value_options", &value, err);
    if (status == BS_OK) {
        bool whole = *value == '\0';
        bs_check_add(c, BS_CHECK_PASS,
                     bs_asprintf("binlog_row_value_options=%s: JSON values are %s", value,
                                 whole ? "logged whole" : "logged in part, which can be read"),
                     NULL);
    }
    free(value);
    return status;
}

enum bs_status
bs_check_server_id(struct bs_checking *c, struct bs_error *err) {
    (void)err;
    if (c->source.server_id == 0) {
        bs_check_add(c, BS_CHECK_FAIL,
                     bs_strdup("server_id is 0 on the source: it lets nobody read "
                               "its binary log"),
                     bs_strdup("on the source: SET GLOBAL server_id=1 (any number that no other "
                               "server of the same replication has), and the same in its option "
                               "file"));
    } else {
        bs_check_add(c, BS_CHECK_PASS, bs_asprintf("server_id=%" PRIu32, c->source.server_id),
                     NULL);
    }
    return BS_OK;
}

enum bs_status
bs_check_gtid(struct bs_checking *c, struct bs_error *err) {
    (void)err;
    const char *found = !c->source.has_gtid ? "the source has no GTIDs; file and position are used"
                        : c->source.flavour == BS_MARIADB
                            ? "the source has GTIDs; they are noted, file and position are used"
                            : "the source has GTIDs; they are used";
    bs_check_add(c, BS_CHECK_PASS, bs_strdup(found), NULL);
    return BS_OK;
}

static enum bs_status
read_seconds(struct bs_sql *sql, const char *name, double unit_s, bool *has, double *seconds,
             struct bs_error *err) {
    char *value = NULL;
    enum bs_status status = bs_check_variable(sql, name, &value, err);
    *has = status == BS_OK && *value != '\0';
    *seconds = *has ? strtod(value, NULL) * unit_s : 0;
    free(value);
    return status;
}

/* Servers that have both variables use whichever is set. */
enum bs_status
bs_check_expiry(struct bs_checking *c, struct bs_error *err) {
    bool has_seconds = false;
    bool has_days = false;
    double seconds = 0;
    double days = 0;
    struct bs_sql *source = c->config->source;
    enum bs_status status =
        read_seconds(source, "binlog_expire_logs_seconds", 1, &has_seconds, &seconds, err);
    if (status == BS_OK) {
        status = read_seconds(source, "expire_logs_days", DAY_S, &has_days, &days, err);
    }
    if (status != BS_OK) {
        return status;
    }
    double kept = seconds > 0 ? seconds : days;
    if (kept > 0 && kept < DAY_S) {
        bs_check_add(
            c, BS_CHECK_WARNING,
            bs_asprintf("the source removes its binary logs after %.0f s: what is not "
                        "replayed by then is lost for the follow",
                        kept),
            bs_asprintf("on the source: SET GLOBAL %s for the time of the move",
                        has_seconds ? "binlog_expire_logs_seconds=604800" : "expire_logs_days=7"));
    } else if (kept > 0) {
        bs_check_add(c, BS_CHECK_PASS,
                     bs_asprintf("binary logs are kept for %.1f days", kept / DAY_S), NULL);
    } else {
        bs_check_add(c, BS_CHECK_PASS, bs_strdup("binary logs are kept until they are purged"),
                     NULL);
    }
    return BS_OK;
}

enum bs_status
bs_check_sync_binlog(struct bs_checking *c, struct bs_error *err) {
    char *value = NULL;
    enum bs_status status = bs_check_variable(c->config->source, "sync_binlog", &value, err);
    if (status == BS_OK && strcmp(value, "1") == 0) {
        bs_check_add(c, BS_CHECK_PASS, bs_strdup("sync_binlog=1"), NULL);
    } else if (status == BS_OK) {
        bs_check_add(c, BS_CHECK_WARNING,
                     bs_asprintf("sync_binlog=%s on the source: if its machine loses power, its "
                                 "binary log may lack what it had sent already",
                                 value),
                     bs_strdup("on the source: SET GLOBAL sync_binlog=1 for the time of the move"));
    }
    free(value);
    return status;
}

/* The log is sent before InnoDB has made sure of the transaction: what a crash then takes from it,
 * the target has. MariaDB has 3, which is as good as 1. */
enum bs_status
bs_check_flush_log(struct bs_checking *c, struct bs_error *err) {
    static const char NAME[] = "innodb_flush_log_at_trx_commit";
    char *value = NULL;
    enum bs_status status = bs_check_variable(c->config->source, NAME, &value, err);
    bool is_kept_back = status == BS_OK && (strcmp(value, "0") == 0 || strcmp(value, "2") == 0);
    if (is_kept_back) {
        bs_check_add(
            c, BS_CHECK_WARNING,
            bs_asprintf("%s=%s on the source: if %s, it may lack transactions that its binary log "
                        "has, and the target would have what the source has not",
                        NAME, value,
                        *value == '0' ? "it crashes" : "its machine crashes or loses power"),
            bs_asprintf("on the source: SET GLOBAL %s=1 for the time of the move", NAME));
    } else if (status == BS_OK && *value != '\0') {
        bs_check_add(c, BS_CHECK_PASS, bs_asprintf("%s=%s", NAME, value), NULL);
    }
    free(value);
    return status;
}

/* SHOW MASTER STATUS has the filters as its third and fourth column. Without the right to see it
 * there is nothing to say here: the check of privileges says it. */
enum bs_status
bs_check_binlog_filters(struct bs_checking *c, struct bs_error *err) {
    struct bs_buf do_db = {0}, ignore_db = {0};
    enum bs_status status =
        bs_catalog_log_filters(c->config->source, &c->source, &do_db, &ignore_db, err);
    if (status == BS_OK && (do_db.len > 0 || ignore_db.len > 0)) {
        bs_check_add(c, BS_CHECK_FAIL,
                     bs_asprintf("the source does not log every database: binlog_do_db=%s, "
                                 "binlog_ignore_db=%s",
                                 bs_buf_cstr(&do_db), bs_buf_cstr(&ignore_db)),
                     bs_strdup("take binlog_do_db and binlog_ignore_db out of the source's "
                               "option file, and restart it"));
    } else if (status == BS_OK) {
        bs_check_add(c, BS_CHECK_PASS, bs_strdup("the source logs every database"), NULL);
    } else if (status == BS_PRECHECK) {
        bs_error_clear(err);
        status = BS_OK;
    }
    bs_buf_fini(&do_db);
    bs_buf_fini(&ignore_db);
    return status;
}

/* Prepared before the snapshot and committed after it, a transaction would be in neither. */
enum bs_status
bs_check_xa(struct bs_checking *c, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    enum bs_status status = bs_sql_query(c->config->source, &result, err, "XA RECOVER");
    if (status == BS_SERVER && (err->sql_errno == ACCESS_DENIED || err->sql_errno == XA_DENIED)) {
        bs_error_clear(err);
        bs_check_add(
            c, BS_CHECK_WARNING,
            bs_strdup("the account may not see prepared XA transactions of the source"),
            bs_strdup("make sure that there are none (XA RECOVER), or allow the account to "
                      "look with the privilege XA_RECOVER_ADMIN"));
        return BS_OK;
    }
    if (status == BS_OK && bs_sql_row_count(result) > 0) {
        bs_check_add(c, BS_CHECK_FAIL,
                     bs_asprintf("%" PRIu64 " prepared XA transactions wait on the source",
                                 bs_sql_row_count(result)),
                     bs_strdup("commit or roll them back: XA RECOVER on the source lists them"));
    } else if (status == BS_OK) {
        bs_check_add(c, BS_CHECK_PASS, bs_strdup("no prepared XA transaction waits"), NULL);
    }
    bs_sql_result_free(result);
    return status;
}

/* What a replica applies is not in its own binlog unless it is told to log it; the same goes for
 * what other nodes of a Galera cluster write. */
static void
judge_replication(struct bs_checking *c, const struct bs_replication *found, bool is_galera) {
    static const char fix[] =
        "on the source: log_slave_updates=ON (MySQL 8.0.26 and newer: log_replica_updates=ON) in "
        "its option file, and restart it; or copy from the server where applications write";
    if (found->is_logged) {
        bs_check_add(c, BS_CHECK_PASS,
                     bs_strdup("what other servers send to the source is in its binary log, too"),
                     NULL);
    } else if (is_galera) {
        bs_check_add(c, BS_CHECK_FAIL,
                     bs_strdup("the source is a node of a Galera cluster with "
                               "log_slave_updates=OFF: what other nodes write is not in its binary "
                               "log, and would be missing on the target"),
                     bs_strdup(fix));
    } else if (found->is_replica) {
        bs_check_add(
            c, BS_CHECK_FAIL,
            bs_strdup("the source is a replica itself, with log_slave_updates=OFF: what it "
                      "replicates is not in its binary log, and would be missing on the "
                      "target"),
            bs_strdup(fix));
    } else if (!found->is_known) {
        bs_check_add(
            c, BS_CHECK_WARNING,
            bs_strdup("the account may not see whether the source is a replica itself, "
                      "whose changes would not be in its binary log "
                      "(log_slave_updates=OFF)"),
            bs_asprintf("make sure that it is none; or, on the source: GRANT %s ON *.* TO "
                        "the account",
                        c->source.flavour == BS_MARIADB ? "SLAVE MONITOR" : "REPLICATION CLIENT"));
    } else {
        bs_check_add(c, BS_CHECK_PASS, bs_strdup("the source is no replica of another server"),
                     NULL);
    }
}

enum bs_status
bs_check_replicated(struct bs_checking *c, struct bs_error *err) {
    struct bs_replication found = {0};
    char *wsrep = NULL;
    enum bs_status status = bs_catalog_replication(c->config->source, &c->source, &found, err);
    if (status == BS_OK) {
        status = bs_check_variable(c->config->source, "wsrep_on", &wsrep, err);
    }
    if (status == BS_OK) {
        judge_replication(c, &found, strcmp(wsrep, "ON") == 0);
    }
    free(wsrep);
    return status;
}

/* Checks of what the two servers are. */
#include "base/mem.h"
#include "catalog/catalog.h"
#include "check/check_private.h"
#include "sql/bulk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The range that the tests cover, and what is written for beyond them. */
enum {
    MYSQL_OLDEST = 50130, /* row events as they have been since */
    MYSQL_TESTED = 50600,
    MYSQL_NEWEST = 90799,
    MARIADB_OLDEST = 100500,
    MARIADB_NEWEST = 110899,
};

static void
check_version(struct bs_checking *c, const struct bs_server *server) {
    bool mysql = server->flavour == BS_MYSQL;
    uint32_t oldest = mysql ? MYSQL_OLDEST : MARIADB_OLDEST;
    uint32_t newest = mysql ? MYSQL_NEWEST : MARIADB_NEWEST;
    char *found = bs_asprintf("%s %s", bs_flavour_name(server->flavour), server->version_text);
    const char *known = "supported are MySQL 5.1.30 to 9.7 and MariaDB 10.5 to 11.8";
    if (server->version < oldest) {
        bs_check_add(c, BS_CHECK_FAIL, found, bs_asprintf("%s", known));
    } else if (mysql && server->version < MYSQL_TESTED) {
        bs_check_add(c, BS_CHECK_WARNING, found,
                     bs_strdup("binstream is written for it, but its tests begin with MySQL 5.6: "
                               "move a copy first and compare"));
    } else if (server->version > newest) {
        bs_check_add(c, BS_CHECK_WARNING, found,
                     bs_asprintf("newer than what binstream was tested with; %s", known));
    } else {
        bs_check_add(c, BS_CHECK_PASS, found, NULL);
    }
}

enum bs_status
bs_check_source_version(struct bs_checking *c, struct bs_error *err) {
    (void)err;
    check_version(c, &c->source);
    return BS_OK;
}

/* 5.6.24 to 5.6.20 is the same version for us: patch releases do not change what a table is. */
enum bs_status
bs_check_target_version(struct bs_checking *c, struct bs_error *err) {
    (void)err;
    if (c->source.flavour == c->target.flavour &&
        c->target.version / 100 < c->source.version / 100) {
        bs_check_add(
            c, BS_CHECK_FAIL,
            bs_asprintf("the target (%s) is older than the source (%s)", c->target.version_text,
                        c->source.version_text),
            bs_strdup("moving to an older version is not supported: choose a target of the "
                      "source's version or newer"));
    } else {
        check_version(c, &c->target);
    }
    return BS_OK;
}

enum bs_status
bs_check_flavour(struct bs_checking *c, struct bs_error *err) {
    (void)err;
    const char *source = bs_flavour_name(c->source.flavour);
    const char *target = bs_flavour_name(c->target.flavour);
    if (c->source.flavour != c->target.flavour) {
        bs_check_add(c, BS_CHECK_PASS,
                     bs_asprintf("from %s to %s: what differs is translated", source, target),
                     NULL);
    } else {
        bs_check_add(c, BS_CHECK_PASS, bs_asprintf("both are %s", source), NULL);
    }
    return BS_OK;
}

/* Where a server lives, for those that have no server_uuid. */
static enum bs_status
read_place(struct bs_sql *sql, char **place, struct bs_error *err) {
    struct bs_buf value = {0};
    bool found = false;
    enum bs_status status =
        bs_sql_value(sql, &value, &found, err,
                     "SELECT CONCAT(@@hostname, ' ', @@port, ' ', @@datadir, ' ', @@server_id)");
    *place = bs_buf_take_cstr(&value);
    return status;
}

enum bs_status
bs_check_same_server(struct bs_checking *c, struct bs_error *err) {
    char *source = NULL;
    char *target = NULL;
    bool has_uuid = c->source.server_uuid[0] != '\0';
    enum bs_status status = read_place(c->config->source, &source, err);
    if (status == BS_OK) {
        status = read_place(c->config->target, &target, err);
    }
    if (status == BS_OK) {
        bool same = has_uuid ? strcmp(c->source.server_uuid, c->target.server_uuid) == 0
                             : strcmp(source, target) == 0;
        if (same) {
            bs_check_add(c, BS_CHECK_FAIL, bs_strdup("source and target are the same server"),
                         bs_strdup("point --source and --target at two servers; two copies of one "
                                   "data directory need server_uuids of their own (remove auto.cnf "
                                   "in one of them and restart it)"));
        } else {
            bs_check_add(c, BS_CHECK_PASS, bs_strdup("source and target are two servers"), NULL);
        }
    }
    free(source);
    free(target);
    return status;
}

enum bs_status
bs_check_lower_case(struct bs_checking *c, struct bs_error *err) {
    (void)err;
    int source = c->source.lower_case_table_names;
    int target = c->target.lower_case_table_names;
    if (source != target) {
        bs_check_add(c, BS_CHECK_FAIL,
                     bs_asprintf("lower_case_table_names is %d on the source and %d on the target",
                                 source, target),
                     bs_asprintf("set up the target with lower_case_table_names=%d (with MySQL 8.0 "
                                 "and later this is only possible when its data directory is made)",
                                 source));
    } else {
        bs_check_add(c, BS_CHECK_PASS, bs_asprintf("lower_case_table_names is %d on both", source),
                     NULL);
    }
    return BS_OK;
}

enum bs_status
bs_check_packet(struct bs_checking *c, struct bs_error *err) {
    (void)err;
    uint64_t source = c->source.max_allowed_packet;
    uint64_t target = c->target.max_allowed_packet;
    if (target < source) {
        bs_check_add(c, BS_CHECK_WARNING,
                     bs_asprintf("max_allowed_packet is %" PRIu64 " on the source and %" PRIu64
                                 " on the target: a larger row would be refused",
                                 source, target),
                     bs_asprintf("on the target: SET GLOBAL max_allowed_packet=%" PRIu64, source));
    } else {
        bs_check_add(c, BS_CHECK_PASS,
                     bs_asprintf("max_allowed_packet on the target is %" PRIu64, target), NULL);
    }
    return BS_OK;
}

enum bs_status
bs_check_target_read_only(struct bs_checking *c, struct bs_error *err) {
    char *read_only = NULL;
    char *super = NULL;
    enum bs_status status = bs_check_variable(c->config->target, "read_only", &read_only, err);
    if (status == BS_OK) {
        status = bs_check_variable(c->config->target, "super_read_only", &super, err);
    }
    if (status == BS_OK) {
        /* MariaDB 12 and MySQL have more words for "on"; only these mean that writes are taken. */
        bool off = strcmp(read_only, "OFF") == 0 && (*super == '\0' || strcmp(super, "OFF") == 0);
        if (off) {
            bs_check_add(c, BS_CHECK_PASS, bs_strdup("the target takes writes"), NULL);
        } else {
            bs_check_add(c, BS_CHECK_FAIL, bs_asprintf("read_only is %s on the target", read_only),
                         bs_strdup("on the target: SET GLOBAL read_only=0; of a replication group "
                                   "give the primary as --target"));
        }
    }
    free(read_only);
    free(super);
    return status;
}

/* Sessions write under READ COMMITTED, which InnoDB does not log as statements (error 1665). */
enum bs_status
bs_check_target_binlog_format(struct bs_checking *c, struct bs_error *err) {
    char *log_bin = NULL;
    struct bs_buf format = {0};
    bool found = false;
    enum bs_status status = bs_check_variable(c->config->target, "log_bin", &log_bin, err);
    if (status == BS_OK) {
        status = bs_sql_variable(c->config->target, "binlog_format", false, &format, &found, err);
    }
    if (status == BS_OK) {
        bool is_on = strcmp(log_bin, "ON") == 0;
        if (is_on && found && bs_str_is(bs_buf_str(&format), "STATEMENT")) {
            bs_check_add(c, BS_CHECK_FAIL,
                         bs_strdup("the target's own binary log has binlog_format=STATEMENT, which "
                                   "cannot take what binstream writes"),
                         bs_strdup("on the target: SET GLOBAL binlog_format=ROW, or use "
                                   "--no-target-binlog"));
        } else {
            bs_check_add(c, BS_CHECK_PASS,
                         is_on ? bs_asprintf("binlog_format=%s", bs_buf_cstr(&format))
                               : bs_strdup("the target has no binary log"),
                         NULL);
        }
    }
    free(log_bin);
    bs_buf_fini(&format);
    return status;
}

struct event_counts {
    size_t all, enabled;
};

static enum bs_status
count_events(struct bs_checking *c, struct event_counts *counts, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    enum bs_status status = bs_sql_query(c->config->source, &result, err,
                                         "SELECT EVENT_SCHEMA, STATUS='ENABLED' FROM "
                                         "information_schema.EVENTS");
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        bool selected = bs_selection_has_whole_database(c->config->selection, row[0]);
        counts->all += selected;
        counts->enabled += selected && bs_str_is(row[1], "1");
    }
    bs_sql_result_free(result);
    return status;
}

static void
judge_scheduler(struct bs_checking *c, const char *value, const struct event_counts *counts,
                bool takes) {
    static const char RESTART[] =
        "put event_scheduler=ON, or OFF, into the [mysqld] section of the "
        "target's option file, and restart it";
    bool is_on = strcmp(value, "ON") == 0;
    if (!takes && counts->all > 0) {
        bs_check_add(c, BS_CHECK_FAIL,
                     bs_asprintf("event_scheduler is %s on the target, which then takes no events; "
                                 "%zu are selected",
                                 value, counts->all),
                     bs_strdup(RESTART));
    } else if (!is_on && counts->enabled > 0) {
        bs_check_add(c, BS_CHECK_WARNING,
                     bs_asprintf("event_scheduler is %s on the target: of the events that the "
                                 "cutover makes there, the %zu that are enabled would not run",
                                 value, counts->enabled),
                     bs_strdup(strcmp(value, "DISABLED") == 0
                                   ? RESTART
                                   : "on the target: SET GLOBAL event_scheduler=ON, when the "
                                     "traffic goes there at the latest, and the same in its "
                                     "option file"));
    } else {
        bs_check_add(c, BS_CHECK_PASS,
                     bs_strdup(is_on ? "the target runs events" : "no enabled event is selected"),
                     NULL);
    }
}

/* MariaDB's default is OFF, MySQL's is ON since 8.0. */
enum bs_status
bs_check_event_scheduler(struct bs_checking *c, struct bs_error *err) {
    char *value = NULL;
    struct event_counts counts = {0};
    bool takes = true;
    enum bs_status status = bs_check_variable(c->config->target, "event_scheduler", &value, err);
    if (status == BS_OK) {
        status = bs_catalog_takes_events(c->config->target, &takes, err);
    }
    if (status == BS_OK) {
        status = count_events(c, &counts, err);
    }
    if (status == BS_OK) {
        judge_scheduler(c, value, &counts, takes);
    }
    free(value);
    return status;
}

enum bs_status
bs_check_local_infile(struct bs_checking *c, struct bs_error *err) {
    char *value = NULL;
    enum bs_status status = bs_check_variable(c->config->target, "local_infile", &value, err);
    if (status == BS_OK && strcmp(value, "ON") == 0) {
        bs_check_add(c, BS_CHECK_PASS, bs_strdup("local_infile is on on the target"), NULL);
    } else if (status == BS_OK) {
        bool has_bulk = bs_sql_can_bulk(c->config->target);
        bs_check_add(c, BS_CHECK_WARNING,
                     bs_strdup(has_bulk ? "local_infile is off on the target: rows of more than a "
                                          "megabyte go in by INSERT, and one that is larger than "
                                          "max_allowed_packet cannot"
                                        : "local_infile is off on the target: rows go in by "
                                          "INSERT, which is slower"),
                     bs_strdup("on the target: SET GLOBAL local_infile=1"));
    }
    free(value);
    return status;
}

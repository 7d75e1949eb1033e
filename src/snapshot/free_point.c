#include "snapshot/free_point.h"

#include "base/log.h"
#include "base/mem.h"
#include "catalog/catalog.h"
#include "sql/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_EVENT = 4 }; /* where the events of a binlog file begin */

const char *
bs_free_point_obstacle(const struct bs_point_config *config, const struct bs_schema *schema) {
    for (size_t i = 0; i < schema->table_count; i++) {
        if (bs_lock_is_long(schema->tables[i])) {
            return "a table of an engine without transactions is selected, of which there is no "
                   "view";
        }
    }
    return bs_server_hides_views(config->server, config->with_gtid);
}

static enum bs_status
read_gtid(struct bs_sql *sql, struct bs_position *position, struct bs_error *err) {
    struct bs_buf file = {0};
    struct bs_buf value = {0};
    bool found = false;
    bs_sql_put_string(&file, bs_str(position->file));
    enum bs_status status =
        bs_sql_value(sql, &value, &found, err, "SELECT BINLOG_GTID_POS(%s, %" PRIu64 ")",
                     bs_buf_cstr(&file), position->pos);
    if (status == BS_OK && !found) {
        bs_error_set(err, BS_PRECHECK, "the source does not tell the GTID position of %s:%" PRIu64,
                     position->file, position->pos);
        status = bs_error_hint(err, "take --consistency=lock-tables, or --position=file");
    }
    if (status == BS_OK) {
        char *own = bs_strdup(position->file);
        bs_position_set(position, own, position->pos, bs_buf_cstr(&value));
        free(own);
    }
    bs_buf_fini(&file);
    bs_buf_fini(&value);
    return status;
}

/* MariaDB: where the session's view was opened. */
static enum bs_status
read_view_position(const struct bs_point_config *config, struct bs_sql *view,
                   struct bs_position *position, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    char *file = NULL;
    uint64_t pos = 0;
    enum bs_status status =
        bs_sql_query(view, &result, err, "SHOW STATUS LIKE 'binlog_snapshot_%%'");
    while (status == BS_OK && (status = bs_sql_next(result, &fields, err)) == BS_OK &&
           fields != NULL) {
        if (bs_str_is_nocase(fields[0], "binlog_snapshot_file")) {
            free(file);
            file = bs_strndup(fields[1].data, fields[1].len);
        } else if (bs_str_is_nocase(fields[0], "binlog_snapshot_position")) {
            pos = strtoull(fields[1].data, NULL, 10);
        }
    }
    bs_sql_result_free(result);
    if (status == BS_OK && (file == NULL || *file == '\0')) {
        bs_error_set(err, BS_PRECHECK, "the source does not tell at which position a view is");
        status = bs_error_hint(err, "take --consistency=lock-tables");
    }
    if (status == BS_OK) {
        bs_position_set(position, file, pos, "");
        status = config->with_gtid ? read_gtid(view, position, err) : BS_OK;
    }
    free(file);
    return status == BS_OK ? BS_OK : bs_error_context(err, "asking for the position of a view");
}

/* MySQL: what is committed for sure. */
static enum bs_status
read_low_mark(const struct bs_point_config *config, struct bs_position *position,
              struct bs_error *err) {
    struct bs_position end = {0};
    enum bs_status status = bs_catalog_position(config->control, config->server, &end, err);
    if (status == BS_OK) {
        bs_position_set(position, end.file, FIRST_EVENT, end.gtid);
    }
    bs_position_fini(&end);
    return status;
}

/* DDL behind the position is held off from before it on: the control session holds the tables until
 * the first view does. */
static enum bs_status
open_held(const struct bs_point_config *config, const struct bs_schema *schema,
          struct bs_point *point, struct bs_error *err) {
    bool tells = config->server->flavour == BS_MARIADB;
    enum bs_status status = bs_sql_exec(config->control, err, "START TRANSACTION");
    if (status == BS_OK) {
        status = bs_views_pin(config->control, schema, NULL, err);
    }
    if (status == BS_OK && !tells) {
        status = read_low_mark(config, &point->position, err);
    }
    if (status == BS_OK) {
        status = bs_views_open(config, 0, 1, err);
    }
    if (status == BS_OK && tells) {
        status = read_view_position(config, config->views[0], &point->position, err);
    }
    return status == BS_OK ? bs_views_pin(config->views[0], schema, NULL, err) : status;
}

static enum bs_status
open_first(const struct bs_point_config *config, const struct bs_schema *schema,
           struct bs_point *point, struct bs_error *err) {
    enum bs_status status = open_held(config, schema, point, err);
    if (status == BS_OK) {
        return bs_sql_exec(config->control, err, "ROLLBACK");
    }
    (void)!bs_sql_exec(config->control, NULL, "ROLLBACK");
    return status;
}

static enum bs_status
open_others(const struct bs_point_config *config, struct bs_point *point, struct bs_error *err) {
    bool tells = config->server->flavour == BS_MARIADB;
    enum bs_status status = BS_OK;
    for (size_t i = 1; i < config->view_count && status == BS_OK; i++) {
        status = bs_views_open(config, i, i + 1, err);
    }
    if (status == BS_OK) {
        status = tells ? read_view_position(config, config->views[config->view_count - 1],
                                            &point->newest, err)
                       : bs_catalog_position(config->control, config->server, &point->newest, err);
    }
    return status;
}

enum bs_status
bs_free_point_take(const struct bs_point_config *config, const struct bs_schema *schema,
                   struct bs_point *point, enum bs_point_outcome *outcome, struct bs_error *err) {
    bool same = false;
    enum bs_status status = open_first(config, schema, point, err);
    if (status == BS_OK) {
        status = open_others(config, point, err);
    }
    if (status == BS_OK) {
        status = bs_views_check_names(config, schema, &same, err);
    }
    *outcome = same ? BS_POINT_TAKEN : BS_POINT_MOVED;
    if (status != BS_OK && bs_views_is_kept_out(err)) {
        bs_log(BS_LOG_INFO, "DDL is at work on a table: trying again");
        bs_error_clear(err);
        return BS_OK;
    }
    if (status != BS_OK || !same) {
        return status;
    }
    point->consistency = "lock-free";
    point->is_spread = strcmp(point->position.file, point->newest.file) != 0 ||
                       point->position.pos != point->newest.pos;
    point->is_exact = config->server->flavour == BS_MARIADB;
    return status;
}

/* Checks of servers that are nodes of a cluster: Galera, or Group Replication. They say nothing of
 * any others. docs/clusters.md tells what was tried, and what came of it. */
#include "base/mem.h"
#include "catalog/catalog.h"
#include "check/check_private.h"
#include "schema/engine.h"
#include "sql/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL_LIMIT = 64 << 20 }; /* a piece of the copy has 16 MiB, and some more on the way */

enum cluster { NO_CLUSTER, GALERA, GROUP };

static enum bs_status
find_cluster(struct bs_checking *c, enum cluster *cluster, struct bs_error *err) {
    char *wsrep = NULL;
    char *group = NULL;
    enum bs_status status = bs_check_variable(c->config->target, "wsrep_on", &wsrep, err);
    if (status == BS_OK) {
        status = bs_check_variable(c->config->target, "group_replication_group_name", &group, err);
    }
    *cluster = NO_CLUSTER;
    if (status == BS_OK && strcmp(wsrep, "ON") == 0) {
        *cluster = GALERA;
    } else if (status == BS_OK && *group != '\0') {
        *cluster = GROUP;
    }
    free(wsrep);
    free(group);
    return status;
}

static enum bs_status
is_variable(struct bs_checking *c, const char *name, const char *value, bool *is,
            struct bs_error *err) {
    char *found = NULL;
    enum bs_status status = bs_check_variable(c->config->target, name, &found, err);
    *is = status == BS_OK && strcmp(found, value) == 0;
    free(found);
    return status;
}

static enum bs_status
number_of(struct bs_checking *c, const char *name, uint64_t *number, struct bs_error *err) {
    char *found = NULL;
    enum bs_status status = bs_check_variable(c->config->target, name, &found, err);
    *number = status == BS_OK ? strtoull(found, NULL, 10) : 0;
    free(found);
    return status;
}

/* The node's own state. */

static enum bs_status
check_galera_node(struct bs_checking *c, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    struct bs_buf found = {0};
    bool is_fit = true;
    enum bs_status status = bs_sql_query(
        c->config->target, &result, err,
        "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_size', 'wsrep_cluster_status', "
        "'wsrep_local_state_comment', 'wsrep_ready')");
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        bs_buf_printf(&found, "%s%s is %s", found.len > 0 ? ", " : "", row[0].data, row[1].data);
        is_fit =
            is_fit && (bs_str_is(row[0], "wsrep_cluster_size") || bs_str_is(row[1], "Primary") ||
                       bs_str_is(row[1], "Synced") || bs_str_is(row[1], "ON"));
    }
    bs_sql_result_free(result);
    if (status == BS_OK) {
        bs_check_add(
            c, is_fit ? BS_CHECK_PASS : BS_CHECK_FAIL,
            bs_asprintf("the target is a node of a Galera cluster: %s", bs_buf_cstr(&found)),
            is_fit ? NULL
                   : bs_strdup("wait until the node is Synced, or give another node as "
                               "--target"));
    }
    bs_buf_fini(&found);
    return status;
}

static enum bs_status
find_primary(struct bs_checking *c, struct bs_buf *primary, struct bs_error *err) {
    bool found = false;
    enum bs_status status = bs_sql_value(
        c->config->target, primary, &found, err,
        "SELECT CONCAT(MEMBER_HOST, ':', MEMBER_PORT) FROM "
        "performance_schema.replication_group_members WHERE MEMBER_ROLE='PRIMARY' LIMIT 1");
    if (status == BS_OK && !found) {
        bs_buf_clear(primary);
        bs_buf_puts(primary, "none now");
    }
    return status;
}

static void
add_member(struct bs_checking *c, const char *state, const char *role, const char *primary,
           bool has_one_primary) {
    char *what = bs_asprintf("the target is a member of a replication group: it is %s, %s", state,
                             *role != '\0' ? role : "of no role");
    if (strcmp(state, "ONLINE") != 0) {
        bs_check_add(c, BS_CHECK_FAIL, what,
                     bs_strdup("START GROUP_REPLICATION there and wait until it is ONLINE, or give "
                               "the group's primary as --target"));
    } else if (strcmp(role, "PRIMARY") != 0) {
        bs_check_add(c, BS_CHECK_FAIL, what,
                     bs_asprintf("a secondary takes no writes: give the group's primary as "
                                 "--target (%s)",
                                 primary));
    } else if (!has_one_primary) {
        bs_check_add(c, BS_CHECK_WARNING, what,
                     bs_strdup("the group has several primaries: write to the moved tables through "
                               "none of them until the cutover, and make no schema changes there"));
    } else {
        bs_check_add(c, BS_CHECK_PASS, what, NULL);
    }
}

static enum bs_status
check_group_member(struct bs_checking *c, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    struct bs_buf primary = {0};
    bool is_single = false;
    enum bs_status status =
        is_variable(c, "group_replication_single_primary_mode", "ON", &is_single, err);
    if (status == BS_OK) {
        status = find_primary(c, &primary, err);
    }
    if (status == BS_OK) {
        status = bs_sql_query(c->config->target, &result, err,
                              "SELECT MEMBER_STATE, MEMBER_ROLE FROM "
                              "performance_schema.replication_group_members WHERE "
                              "MEMBER_ID=@@server_uuid");
    }
    if (status == BS_OK) {
        status = bs_sql_next(result, &row, err);
    }
    if (status == BS_OK) {
        add_member(c, row != NULL ? row[0].data : "OFFLINE", row != NULL ? row[1].data : "",
                   bs_buf_cstr(&primary), is_single);
    } else if (status == BS_SERVER) {
        bs_error_clear(err);
        status = BS_OK;
        bs_check_add(c, BS_CHECK_WARNING,
                     bs_strdup("the target is set up for Group Replication; this account may not "
                               "see whether it is the primary"),
                     bs_strdup("on the target: GRANT SELECT ON "
                               "performance_schema.replication_group_members TO this account"));
    }
    bs_sql_result_free(result);
    bs_buf_fini(&primary);
    return status;
}

enum bs_status
bs_check_cluster_node(struct bs_checking *c, struct bs_error *err) {
    enum cluster cluster;
    enum bs_status status = find_cluster(c, &cluster, err);
    if (status != BS_OK || cluster == NO_CLUSTER) {
        return status;
    }
    return cluster == GALERA ? check_galera_node(c, err) : check_group_member(c, err);
}

/* Settings that would tear transactions apart, or keep them from the other nodes. */

struct findings {
    struct bs_buf found, fix;
    enum bs_check_verdict verdict;
};

static void
find(struct findings *all, bool is_so, enum bs_check_verdict verdict, const char *what,
     const char *fix) {
    if (!is_so) {
        return;
    }
    bs_buf_printf(&all->found, "%s%s", all->found.len > 0 ? "; " : "", what);
    bs_buf_printf(&all->fix, "%s%s", all->fix.len > 0 ? "; " : "", fix);
    all->verdict = verdict > all->verdict ? verdict : all->verdict;
}

static enum bs_status
find_galera_settings(struct bs_checking *c, struct findings *all, struct bs_error *err) {
    bool is_split = false, is_rsu = false;
    uint64_t rows = 0, size = 0;
    enum bs_status status = is_variable(c, "wsrep_load_data_splitting", "ON", &is_split, err);
    if (status == BS_OK) {
        status = is_variable(c, "wsrep_OSU_method", "RSU", &is_rsu, err);
    }
    if (status == BS_OK) {
        status = number_of(c, "wsrep_max_ws_rows", &rows, err);
    }
    if (status == BS_OK) {
        status = number_of(c, "wsrep_max_ws_size", &size, err);
    }
    if (status == BS_OK) {
        find(all, is_split, BS_CHECK_FAIL,
             "wsrep_load_data_splitting is ON: LOAD DATA would commit pieces of a chunk",
             "SET GLOBAL wsrep_load_data_splitting=OFF");
        find(all, is_rsu, BS_CHECK_FAIL,
             "wsrep_OSU_method is RSU: schema changes would stay on this node",
             "SET GLOBAL wsrep_OSU_method=TOI");
        find(all, rows > 0, BS_CHECK_FAIL, "wsrep_max_ws_rows bounds the rows of a transaction",
             "SET GLOBAL wsrep_max_ws_rows=0");
        find(all, size < SMALL_LIMIT, BS_CHECK_WARNING,
             "wsrep_max_ws_size is small for a piece of the copy",
             "SET GLOBAL wsrep_max_ws_size=2147483647");
    }
    return status;
}

static enum bs_status
find_group_settings(struct bs_checking *c, struct findings *all, struct bs_error *err) {
    uint64_t size = 0;
    enum bs_status status = number_of(c, "group_replication_transaction_size_limit", &size, err);
    if (status == BS_OK) {
        find(all, c->config->no_target_binlog, BS_CHECK_FAIL,
             "with --no-target-binlog the other members would get nothing",
             "leave --no-target-binlog out");
        find(all, size > 0 && size < SMALL_LIMIT, BS_CHECK_WARNING,
             "group_replication_transaction_size_limit is small for a piece of the copy",
             "on all members: SET GLOBAL group_replication_transaction_size_limit=2147483647");
    }
    return status;
}

enum bs_status
bs_check_cluster_settings(struct bs_checking *c, struct bs_error *err) {
    struct findings all = {.verdict = BS_CHECK_PASS};
    enum cluster cluster;
    enum bs_status status = find_cluster(c, &cluster, err);
    if (status != BS_OK || cluster == NO_CLUSTER) {
        return status;
    }
    status =
        cluster == GALERA ? find_galera_settings(c, &all, err) : find_group_settings(c, &all, err);
    if (status == BS_OK && all.found.len > 0) {
        bs_check_add(c, all.verdict, bs_strdup(bs_buf_cstr(&all.found)),
                     bs_strdup(bs_buf_cstr(&all.fix)));
    } else if (status == BS_OK) {
        bs_check_add(c, BS_CHECK_PASS,
                     bs_strdup("transactions reach the whole cluster as they are"), NULL);
    }
    bs_buf_fini(&all.found);
    bs_buf_fini(&all.fix);
    return status;
}

/* Tables. */

static void
find_unreplicated(struct bs_checking *c, struct findings *all) {
    struct bs_check_names names = {0};
    for (size_t i = 0; i < c->table_count && c->config->keep_engines; i++) {
        if (bs_check_is_base_table(&c->tables[i]) &&
            bs_engine_kind(c->tables[i].engine) == BS_ENGINE_CONVERTED) {
            bs_check_names_add(&names, c->tables[i].db, c->tables[i].name);
        }
    }
    if (names.count > 0) {
        char *what = bs_asprintf("a cluster replicates InnoDB alone, and --keep-engines keeps "
                                 "other engines of %s",
                                 bs_check_names_text(&names));
        find(all, true, BS_CHECK_FAIL, what, "leave --keep-engines out");
        free(what);
    }
    bs_check_names_fini(&names);
}

/* Galera takes them, by a hash of the row, unless it was told not to. */
static enum bs_status
takes_keyless(struct bs_checking *c, enum cluster cluster, bool *takes, struct bs_error *err) {
    char *mode = NULL;
    *takes = false;
    if (cluster == GROUP) {
        return BS_OK;
    }
    enum bs_status status = is_variable(c, "wsrep_certify_nonPK", "ON", takes, err);
    if (status == BS_OK) {
        status = bs_check_variable(c->config->target, "wsrep_mode", &mode, err);
    }
    *takes = *takes && status == BS_OK && strstr(mode, "REQUIRED_PRIMARY_KEY") == NULL;
    free(mode);
    return status;
}

static enum bs_status
find_keyless(struct bs_checking *c, enum cluster cluster, struct findings *all,
             struct bs_error *err) {
    struct bs_check_names names = {0};
    bool takes = false;
    enum bs_status status = takes_keyless(c, cluster, &takes, err);
    if (status == BS_OK && !takes) {
        status = bs_check_find_keyless(c, &names, err);
    }
    if (status == BS_OK && names.count > 0) {
        char *what = bs_asprintf("the cluster takes no tables without a key: %s",
                                 bs_check_names_text(&names));
        find(all, true, BS_CHECK_FAIL, what,
             cluster == GALERA ? "add primary keys on the source, or on the target: SET GLOBAL "
                                 "wsrep_certify_nonPK=ON and wsrep_mode without "
                                 "REQUIRED_PRIMARY_KEY"
                               : "add primary keys on the source, or leave these tables out");
        free(what);
    }
    bs_check_names_fini(&names);
    return status;
}

static enum bs_status
find_cascades(struct bs_checking *c, struct findings *all, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    struct bs_check_names names = {0};
    bool is_strict = false;
    enum bs_status status =
        is_variable(c, "group_replication_enforce_update_everywhere_checks", "ON", &is_strict, err);
    if (status != BS_OK || !is_strict) {
        return status;
    }
    status = bs_sql_query(c->config->source, &result, err,
                          "SELECT DISTINCT CONSTRAINT_SCHEMA, TABLE_NAME FROM "
                          "information_schema.REFERENTIAL_CONSTRAINTS WHERE UPDATE_RULE IN "
                          "('CASCADE', 'SET NULL') OR DELETE_RULE IN ('CASCADE', 'SET NULL')");
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        if (bs_check_find_table(c, row[0], row[1]) != NULL) {
            bs_check_names_add(&names, row[0].data, row[1].data);
        }
    }
    bs_sql_result_free(result);
    if (status == BS_OK && names.count > 0) {
        char *what = bs_asprintf("the group takes no foreign keys that cascade: %s",
                                 bs_check_names_text(&names));
        find(all, true, BS_CHECK_FAIL, what,
             "switch the group to one primary for the time of the move: SELECT "
             "group_replication_switch_to_single_primary_mode()");
        free(what);
    }
    bs_check_names_fini(&names);
    return status;
}

/* Error 1235: a node would have to ask the others for each run of numbers. */
static enum bs_status
find_sequences(struct bs_checking *c, struct findings *all, struct bs_error *err) {
    struct bs_check_names names = {0};
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < c->table_count && status == BS_OK; i++) {
        const struct bs_check_table *table = &c->tables[i];
        struct bs_buf count = {0};
        struct bs_buf name = {0};
        bool found = false;
        if (strcmp(table->type, "SEQUENCE") != 0) {
            continue;
        }
        bs_sql_put_table(&name, bs_str(table->db), bs_str(table->name));
        status = bs_sql_value(c->config->source, &count, &found, err,
                              "SELECT COUNT(*) FROM %s WHERE cache_size<>0 AND increment<>0",
                              bs_buf_cstr(&name));
        if (status == BS_OK && strcmp(bs_buf_cstr(&count), "0") != 0) {
            bs_check_names_add(&names, table->db, table->name);
        }
        bs_buf_fini(&count);
        bs_buf_fini(&name);
    }
    if (status == BS_OK && names.count > 0) {
        char *what = bs_asprintf("Galera makes no sequences that cache their numbers: %s",
                                 bs_check_names_text(&names));
        find(all, true, BS_CHECK_FAIL, what,
             "on the source: ALTER SEQUENCE ... NOCACHE, or leave them out");
        free(what);
    }
    bs_check_names_fini(&names);
    return status;
}

enum bs_status
bs_check_cluster_tables(struct bs_checking *c, struct bs_error *err) {
    struct findings all = {.verdict = BS_CHECK_PASS};
    enum cluster cluster;
    enum bs_status status = find_cluster(c, &cluster, err);
    if (status != BS_OK || cluster == NO_CLUSTER) {
        return status;
    }
    find_unreplicated(c, &all);
    status = find_keyless(c, cluster, &all, err);
    if (status == BS_OK && cluster == GROUP) {
        status = find_cascades(c, &all, err);
    }
    if (status == BS_OK && cluster == GALERA && c->source.flavour == BS_MARIADB) {
        status = find_sequences(c, &all, err);
    }
    if (status == BS_OK && all.found.len > 0) {
        bs_check_add(c, all.verdict, bs_strdup(bs_buf_cstr(&all.found)),
                     bs_strdup(bs_buf_cstr(&all.fix)));
    } else if (status == BS_OK) {
        bs_check_add(c, BS_CHECK_PASS, bs_strdup("the cluster takes all that is selected"), NULL);
    }
    bs_buf_fini(&all.found);
    bs_buf_fini(&all.fix);
    return status;
}

/* The source. */

static void
warn_of_writers(struct bs_checking *c, const struct bs_peers *peers) {
    bool is_galera = peers->is_galera;
    bs_check_add(
        c, BS_CHECK_WARNING,
        bs_asprintf("the source is one of %" PRIu64 " %s that take writes: at the cutover "
                    "--freeze can hold back this one only, and is refused",
                    peers->writers + 1,
                    is_galera ? "nodes of a Galera cluster" : "members of a replication group"),
        bs_strdup("before the cutover stop what writes through any of them, then cut over with "
                  "--freeze=none"));
}

enum bs_status
bs_check_source_cluster(struct bs_checking *c, struct bs_error *err) {
    struct bs_peers peers;
    enum bs_status status = bs_catalog_peers(c->config->source, &c->source, &peers, err);
    if (status != BS_OK || (!peers.is_galera && !peers.is_group)) {
        return status;
    }
    if (!peers.is_known) {
        bs_check_add(c, BS_CHECK_WARNING,
                     bs_strdup("the source is set up for Group Replication; this account may not "
                               "see whether other members take writes, which --freeze would not "
                               "hold back"),
                     bs_strdup("on the source: GRANT SELECT ON "
                               "performance_schema.replication_group_members TO this account"));
    } else if (peers.writers > 0) {
        warn_of_writers(c, &peers);
    } else {
        bs_check_add(c, BS_CHECK_PASS,
                     bs_strdup("no other node of the source's cluster takes writes"), NULL);
    }
    return BS_OK;
}

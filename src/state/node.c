#include "state/node.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a server says of itself; "" where it has no such word. */
struct words {
    char gcomm[BS_NODE_ID_MAX], galera_name[BS_NODE_NAME_MAX], wsrep_on[8];
    char server_uuid[BS_NODE_ID_MAX], group[BS_NODE_ID_MAX], single_primary[8],
        report[BS_NODE_NAME_MAX];
    char report_port[8];
};

static void
take_word(struct words *words, const struct bs_str *row) {
    const struct {
        const char *name;
        char *out;
        size_t cap;
    } wanted[] = {
        {"wsrep_gcomm_uuid", words->gcomm, sizeof words->gcomm},
        {"wsrep_node_name", words->galera_name, sizeof words->galera_name},
        {"wsrep_on", words->wsrep_on, sizeof words->wsrep_on},
        {"server_uuid", words->server_uuid, sizeof words->server_uuid},
        {"group_replication_group_name", words->group, sizeof words->group},
        {"group_replication_single_primary_mode", words->single_primary,
         sizeof words->single_primary},
        {"report_host", words->report, sizeof words->report},
        {"report_port", words->report_port, sizeof words->report_port},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (bs_str_is(row[0], wanted[i].name) && row[1].data != NULL) {
            (void)snprintf(wanted[i].out, wanted[i].cap, "%s", row[1].data);
        }
    }
}

static enum bs_status
read_words(struct bs_sql *sql, struct words *words, const char *query, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    enum bs_status status = bs_sql_query(sql, &result, err, "%s", query);
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        take_word(words, row);
    }
    bs_sql_result_free(result);
    return status;
}

static void
become(struct bs_node *node, enum bs_cluster cluster, const char *id, const char *name) {
    node->cluster = cluster;
    (void)snprintf(node->id, sizeof node->id, "%s", id);
    (void)snprintf(node->name, sizeof node->name, "%s", *name != '\0' ? name : id);
}

/* A member that was started and has not joined takes writes as any server does, and keeps them for
 * itself. Who may not see the state of the group is not helped. */
static enum bs_status
require_online(struct bs_sql *sql, struct bs_error *err) {
    enum { TABLE_DENIED = 1142 };
    struct bs_buf count = {0};
    bool found = false;
    enum bs_status status =
        bs_sql_value(sql, &count, &found, err,
                     "SELECT COUNT(*) FROM performance_schema.replication_group_members WHERE "
                     "MEMBER_ID=@@server_uuid AND MEMBER_STATE='ONLINE'");
    bool is_off = status == BS_OK && strcmp(bs_buf_cstr(&count), "0") == 0;
    bs_buf_fini(&count);
    if (is_off) {
        bs_error_set(err, BS_IO,
                     "the target is set up for Group Replication and not ONLINE in its group: what "
                     "it takes now would not reach the other members");
        return bs_error_hint(err, "on the target: START GROUP_REPLICATION; a server that is to be "
                                  "on its own must have no group_replication_group_name");
    }
    if (status == BS_SERVER && err->sql_errno == TABLE_DENIED) {
        bs_error_clear(err);
        return BS_OK;
    }
    return status;
}

enum bs_status
bs_node_read(struct bs_sql *sql, struct bs_node *node, struct bs_error *err) {
    struct words words = {0};
    memset(node, 0, sizeof *node);
    enum bs_status status =
        read_words(sql, &words, "SHOW GLOBAL STATUS WHERE Variable_name='wsrep_gcomm_uuid'", err);
    if (status == BS_OK) {
        status =
            read_words(sql, &words,
                       "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_node_name', "
                       "'wsrep_on', 'server_uuid', 'group_replication_group_name', "
                       "'group_replication_single_primary_mode', 'report_host', 'report_port')",
                       err);
    }
    if (status == BS_OK && words.group[0] != '\0') {
        status = require_online(sql, err);
    }
    if (status != BS_OK) {
        return bs_error_context(err, "asking the target whether it is a node of a cluster");
    }
    if (words.gcomm[0] != '\0' && strcmp(words.wsrep_on, "ON") == 0) {
        become(node, BS_CLUSTER_GALERA, words.gcomm, words.galera_name);
    } else if (words.group[0] != '\0' && strcmp(words.single_primary, "OFF") == 0) {
        become(node, BS_CLUSTER_GROUP, words.server_uuid, words.report);
        if (words.report[0] != '\0') {
            (void)snprintf(node->name, sizeof node->name, "%.200s:%s", words.report,
                           words.report_port);
        }
    }
    return BS_OK;
}

static enum bs_status
explain_unknown(enum bs_cluster cluster, struct bs_error *err) {
    struct bs_error cause = *err;
    bs_error_set(err, BS_PRECHECK, "this account may not see who is in the target's cluster: %s",
                 cause.message);
    return bs_error_hint(err, "on the target: GRANT SELECT ON %s TO this account",
                         cluster == BS_CLUSTER_GALERA
                             ? "mysql.wsrep_cluster_members"
                             : "performance_schema.replication_group_members");
}

enum bs_status
bs_node_is_member(struct bs_sql *sql, const struct bs_node *own, const char *id, bool *is_member,
                  struct bs_error *err) {
    struct bs_buf count = {0};
    bool found = false;
    BS_ASSERT(own->cluster != BS_CLUSTER_NONE);
    enum bs_status status =
        own->cluster == BS_CLUSTER_GALERA
            ? bs_sql_value(sql, &count, &found, err,
                           "SELECT COUNT(*) FROM mysql.wsrep_cluster_members WHERE node_uuid='%s'",
                           id)
            : bs_sql_value(sql, &count, &found, err,
                           "SELECT COUNT(*) FROM performance_schema.replication_group_members "
                           "WHERE MEMBER_STATE<>'OFFLINE' AND MEMBER_ID='%s'",
                           id);
    *is_member = status == BS_OK && strcmp(bs_buf_cstr(&count), "0") != 0;
    bs_buf_fini(&count);
    return status == BS_SERVER ? explain_unknown(own->cluster, err) : status;
}

enum bs_status
bs_node_read_all(struct bs_sql *sql, const struct bs_node *own, bool on, struct bs_error *err) {
    switch (own->cluster) {
    case BS_CLUSTER_NONE:
        return BS_OK;
    case BS_CLUSTER_GALERA:
        return bs_sql_exec(sql, err, "SET SESSION wsrep_sync_wait=%d", on ? 1 : 0);
    case BS_CLUSTER_GROUP:
        return bs_sql_exec(sql, err, "SET SESSION group_replication_consistency=%s",
                           on ? "'BEFORE'" : "DEFAULT");
    }
    return BS_OK;
}

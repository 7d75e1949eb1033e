/* Which node of a cluster a session is on, where several nodes take writes: Galera, and Group
 * Replication in multi-primary mode. Named locks and KILL reach no further than their node, so the
 * fence (fence.h) must know when the last run was on another one.
 *
 * A server on its own is no node, and neither is a member of a group with one primary: no other
 * member takes writes. Used by the fence and by src/check; on the session's thread. */
#ifndef BS_STATE_NODE_H
#define BS_STATE_NODE_H

#include "base/error.h"
#include "sql/session.h"

#include <stdbool.h>

enum bs_cluster { BS_CLUSTER_NONE, BS_CLUSTER_GALERA, BS_CLUSTER_GROUP };

enum { BS_NODE_ID_MAX = 64, BS_NODE_NAME_MAX = 256 };

struct bs_node {
    enum bs_cluster cluster; /* NONE: no other server takes writes of the same data */
    char id[BS_NODE_ID_MAX]; /* Galera: another one after each start; Group: server_uuid */
    char name[BS_NODE_NAME_MAX];
};

/* BS_IO if the server is set up for a group and not ONLINE in it: it may be soon. */
enum bs_status bs_node_read(struct bs_sql *sql, struct bs_node *node,
                            struct bs_error *err) BS_MUST_CHECK;

/* Is the node with this id a member now, as the session's own node sees it? BS_PRECHECK where the
 * account may not know. */
enum bs_status bs_node_is_member(struct bs_sql *sql, const struct bs_node *own, const char *id,
                                 bool *is_member, struct bs_error *err) BS_MUST_CHECK;

/* Reads that follow see everything that any node had committed before them, or no longer. */
enum bs_status bs_node_read_all(struct bs_sql *sql, const struct bs_node *own, bool on,
                                struct bs_error *err) BS_MUST_CHECK;

#endif

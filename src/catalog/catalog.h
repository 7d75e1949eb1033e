/* Reads a live server's catalogue into the model: the only room that knows information_schema and
 * SHOW CREATE. Called by check, snapshot, apply and cutover; runs on the caller's session and
 * thread. Works on MySQL 5.6 to 9.7 and MariaDB 10.5 to 11.8 without assuming a column that one of
 * them lacks. Definitions are read with names binary, so texts come as the server stored them.
 * Reading objects leaves the session's current database: with one, servers print names differently.
 */
#ifndef BS_CATALOG_CATALOG_H
#define BS_CATALOG_CATALOG_H

#include "base/error.h"
#include "base/position.h"
#include "schema/model.h"
#include "schema/selection.h"
#include "schema/server.h"
#include "schema/translation.h"
#include "sql/session.h"

enum bs_status bs_catalog_server(struct bs_sql *sql, struct bs_server *server,
                                 struct bs_error *err) BS_MUST_CHECK;

/* What the server's own time zone is, into server. */
enum bs_status bs_catalog_system_zone(struct bs_sql *sql, struct bs_server *server,
                                      struct bs_error *err) BS_MUST_CHECK;

/* Adds the server's collations to list. */
enum bs_status bs_catalog_collations(struct bs_sql *sql, struct bs_collation_list *list,
                                     struct bs_error *err) BS_MUST_CHECK;

/* What is needed to translate between two servers. On failure there is nothing to be freed. */
enum bs_status bs_catalog_translation(struct bs_sql *source, const struct bs_server *source_server,
                                      struct bs_sql *target, const struct bs_server *target_server,
                                      struct bs_translation *translation,
                                      struct bs_error *err) BS_MUST_CHECK;

/* One base table; *table NULL if there is none of that name (or it is a view). */
enum bs_status bs_catalog_table(struct bs_sql *sql, const struct bs_server *server,
                                struct bs_str db, struct bs_str name, struct bs_table **table,
                                struct bs_error *err) BS_MUST_CHECK;

/* All that is selected: databases, tables, views, routines, packages, triggers, events. Tables
 * sorted by db and name; views sorted so that one comes after those it reads. */
enum bs_status bs_catalog_schema(struct bs_sql *sql, const struct bs_server *server,
                                 const struct bs_selection *selection, struct bs_schema **schema,
                                 struct bs_error *err) BS_MUST_CHECK;

/* One object's CREATE text and session context; *found false if it is not there. */
enum bs_status bs_catalog_object(struct bs_sql *sql, const struct bs_server *server,
                                 enum bs_object_kind kind, struct bs_str db, struct bs_str name,
                                 struct bs_object *object, bool *found,
                                 struct bs_error *err) BS_MUST_CHECK;

/* Triggers and events of the selected databases (for cutover and DDL). */
enum bs_status bs_catalog_objects(struct bs_sql *sql, const struct bs_server *server,
                                  const struct bs_selection *selection, enum bs_object_kind kind,
                                  struct bs_object **objects, size_t *count,
                                  struct bs_error *err) BS_MUST_CHECK;

/* From here on the session takes definitions as servers print them, whatever the server is set to:
 * a TIMESTAMP has the defaults that are said, and utf8 is utf8mb3. BS_SERVER if the account may
 * not. */
enum bs_status bs_catalog_expect_definitions(struct bs_sql *sql,
                                             struct bs_error *err) BS_MUST_CHECK;

/* Triggers or events that are selected on the source and whose names the target has already: kind,
 * db and name only. On failure there is nothing to be freed. */
enum bs_status bs_catalog_taken(struct bs_sql *source, struct bs_sql *target,
                                const struct bs_selection *selection, enum bs_object_kind kind,
                                struct bs_object **objects, size_t *count,
                                struct bs_error *err) BS_MUST_CHECK;

/* MariaDB that was started with event_scheduler=DISABLED neither makes, shows nor drops events. */
enum bs_status bs_catalog_takes_events(struct bs_sql *sql, bool *takes,
                                       struct bs_error *err) BS_MUST_CHECK;

/* Creates an object on the target in the session context that it was created in (sql_mode,
 * charsets, time zone, database), and puts the session back as it was. */
enum bs_status bs_catalog_create(struct bs_sql *sql, const struct bs_object *object,
                                 struct bs_error *err) BS_MUST_CHECK;

/* DROP ... IF EXISTS of any kind. */
enum bs_status bs_catalog_drop(struct bs_sql *sql, const struct bs_object *object,
                               struct bs_error *err) BS_MUST_CHECK;

/* Add keys, or foreign keys whose values are not checked, to a table by one statement in UTF-8;
 * nothing happens if they are there already. */
enum bs_status bs_catalog_add_keys(struct bs_sql *sql, const char *db, const char *name,
                                   struct bs_str statement, struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_catalog_add_foreign_keys(struct bs_sql *sql, const char *db, const char *name,
                                           struct bs_str statement,
                                           struct bs_error *err) BS_MUST_CHECK;

/* Where the server's binlog ends now: SHOW MASTER STATUS or SHOW BINARY LOG STATUS, with
 * @@gtid_binlog_pos or gtid_executed. BS_PRECHECK if the binlog is off. */
enum bs_status bs_catalog_position(struct bs_sql *sql, const struct bs_server *server,
                                   struct bs_position *position,
                                   struct bs_error *err) BS_MUST_CHECK;

/* The same by one light statement, for those who ask often: on MariaDB without GTIDs. */
enum bs_status bs_catalog_log_end(struct bs_sql *sql, const struct bs_server *server,
                                  struct bs_position *position, struct bs_error *err) BS_MUST_CHECK;

/* SHOW BINARY LOGS: each file's name and size, oldest first; heap-owned, names too. */
struct bs_binlog_file {
    char *name;
    uint64_t size;
};
enum bs_status bs_catalog_log_files(struct bs_sql *sql, const struct bs_server *server,
                                    struct bs_binlog_file **files, size_t *count,
                                    struct bs_error *err) BS_MUST_CHECK;
void bs_binlog_files_free(struct bs_binlog_file *files, size_t count);

/* Databases whose changes alone are logged, or are not logged; either "" where there are none.
 * BS_PRECHECK where the account may not know. Adds to empty buffers. */
enum bs_status bs_catalog_log_filters(struct bs_sql *sql, const struct bs_server *server,
                                      struct bs_buf *do_db, struct bs_buf *ignore_db,
                                      struct bs_error *err) BS_MUST_CHECK;

/* Does the server get changes from other servers, and are they in its own binlog? */
struct bs_replication {
    bool is_logged;   /* log_slave_updates, log_replica_updates */
    bool is_known;    /* the account may ask for what follows */
    bool is_replica;  /* it has a source of its own */
    bool is_applying; /* and its SQL thread runs */
};
enum bs_status bs_catalog_replication(struct bs_sql *sql, const struct bs_server *server,
                                      struct bs_replication *found,
                                      struct bs_error *err) BS_MUST_CHECK;

/* The other nodes of the server's cluster, Galera's or a replication group. */
struct bs_peers {
    bool is_galera, is_group; /* neither: there is no cluster */
    bool is_known;            /* the account may ask for what follows */
    uint64_t writers;         /* how many beside this one take writes, or are about to */
};
enum bs_status bs_catalog_peers(struct bs_sql *sql, const struct bs_server *server,
                                struct bs_peers *peers, struct bs_error *err) BS_MUST_CHECK;
/* Waits until the server has all that was committed on others before. */
enum bs_status bs_catalog_await_peers(struct bs_sql *sql, const struct bs_peers *peers,
                                      struct bs_error *err) BS_MUST_CHECK;

struct bs_table_name {
    struct bs_str db, name;
};

/* InnoDB's ids of count tables, 0 of one that cannot be told (privilege PROCESS missing, other
 * engine). Fails where DDL was waited for, as the session's lock_wait_timeout lets it: the next
 * time it would be waited for again. */
enum bs_status bs_catalog_table_ids(struct bs_sql *sql, const struct bs_server *server,
                                    const struct bs_table_name *names, size_t count, uint64_t *ids,
                                    struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_catalog_table_id(struct bs_sql *sql, const struct bs_server *server,
                                   struct bs_str db, struct bs_str name, uint64_t *id,
                                   struct bs_error *err) BS_MUST_CHECK;

#endif

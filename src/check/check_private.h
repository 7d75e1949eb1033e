/* The inside of the prechecks. Internal to src/check.
 *
 *   check.c      the table of checks, running them, the report
 *   inventory.c  what is selected on the source, and selection entries that match nothing
 *   grants.c     SHOW GRANTS as data (pure), and asking it
 *
 * The checks, by what they look at: privileges.c, definers.c, accounts.c, binlog.c, servers.c,
 * settings.c, objects.c, generated.c, catalogue_text.c, translation.c, cluster.c */
#ifndef BS_CHECK_CHECK_PRIVATE_H
#define BS_CHECK_CHECK_PRIVATE_H

#include "base/buf.h"
#include "check/check.h"
#include "schema/server.h"

#include <stdint.h>

/* A table, view or sequence of the source that is selected. */
struct bs_check_table {
    char *db;
    char *name;
    char *type;   /* as information_schema.TABLES says: "BASE TABLE", "VIEW", ... */
    char *engine; /* "" where there is none */
};

/* What came of translating everything, by kind of note; in the order translated, left out, refused.
 */
enum { BS_CHECK_NOTE_KINDS = 3 };
struct bs_check_notes {
    struct bs_buf text;
    size_t count;
};

struct bs_checking {
    const struct bs_check_config *config;
    struct bs_check_report *report;
    const char *name;                /* of the check that runs now */
    struct bs_server source, target; /* target: zeroes for an archive */
    struct bs_check_table *tables;   /* sorted by db and name; none for a load */
    size_t table_count;
    char **databases; /* selected ones that the source shows */
    size_t database_count;
    struct bs_check_notes notes[BS_CHECK_NOTE_KINDS]; /* filled by bs_check_translated */
    bool source_hides; /* the account may not see all: what is not there may just be hidden */
};

/* Adds a result of the check that runs now. Takes found and fix, which is NULL for a pass. */
void bs_check_add(struct bs_checking *c, enum bs_check_verdict verdict, char *found, char *fix);

/* "`db`.`table`, `db`.`other` and 7 more": for messages. add is called for each name. */
struct bs_check_names {
    struct bs_buf text;
    size_t count;
};
void bs_check_names_add(struct bs_check_names *names, const char *db, const char *name);
void bs_check_names_add_column(struct bs_check_names *names, const char *db, const char *table,
                               const char *column);
const char *bs_check_names_text(struct bs_check_names *names);
void bs_check_names_fini(struct bs_check_names *names);

/* inventory.c */
enum bs_status bs_check_load_inventory(struct bs_checking *c, struct bs_error *err) BS_MUST_CHECK;
void bs_check_free_inventory(struct bs_checking *c);
enum bs_status bs_check_selection(struct bs_checking *c, struct bs_error *err) BS_MUST_CHECK;
const struct bs_check_table *bs_check_find_table(const struct bs_checking *c, struct bs_str db,
                                                 struct bs_str name);

/* objects.c */
bool bs_check_is_base_table(const struct bs_check_table *table);
enum bs_status bs_check_find_keyless(struct bs_checking *c, struct bs_check_names *names,
                                     struct bs_error *err) BS_MUST_CHECK;

void bs_check_notes_fini(struct bs_checking *c); /* translation.c */

/* A variable of the server as a heap string; "" if the server has no such variable. */
enum bs_status bs_check_variable(struct bs_sql *sql, const char *name, char **value,
                                 struct bs_error *err) BS_MUST_CHECK;

/* The checks. */
typedef enum bs_status bs_check_function(struct bs_checking *c, struct bs_error *err);
bs_check_function bs_check_source_version, bs_check_target_version, bs_check_flavour,
    bs_check_same_server, bs_check_lower_case, bs_check_ddl_settings, bs_check_packet,
    bs_check_target_read_only, bs_check_target_binlog_format, bs_check_event_scheduler,
    bs_check_local_infile, bs_check_sync_binlog, bs_check_flush_log;
bs_check_function bs_check_log_bin, bs_check_binlog_format, bs_check_row_image,
    bs_check_row_value_options, bs_check_server_id, bs_check_gtid, bs_check_expiry,
    bs_check_binlog_filters, bs_check_replicated, bs_check_xa;
bs_check_function bs_check_source_privileges, bs_check_target_privileges, bs_check_process,
    bs_check_definers, bs_check_function_creators, bs_check_routine_privileges, bs_check_freeze;
bs_check_function bs_check_accounts;
bs_check_function bs_check_target_empty, bs_check_engines, bs_check_without_transactions,
    bs_check_keyless, bs_check_versioned, bs_check_generated, bs_check_catalogue_text,
    bs_check_sequences, bs_check_foreign_keys;
bs_check_function bs_check_translated, bs_check_left_out, bs_check_no_equal, bs_check_cascades,
    bs_check_views;
bs_check_function bs_check_source_cluster, bs_check_cluster_node, bs_check_cluster_settings,
    bs_check_cluster_tables;

#endif

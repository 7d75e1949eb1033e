/* The inside of the applier. Internal to src/apply.
 *
 *   applier.c       opening and closing, the tables, the checkpoint, which way an item goes
 *   applier_rows.c  what a rows event must be before any of it is applied
 *   serial.c        one transaction after the other on lane 0
 *   gather.c        whole transactions gathered into bundles
 *   dispatch.c      bundles given to lanes and taken back
 */
#ifndef BS_APPLY_APPLIER_PRIVATE_H
#define BS_APPLY_APPLIER_PRIVATE_H

#include "apply/applier.h"
#include "schema/ddl.h"

enum { BS_TABLE_KEY_MAX = 2 * BS_NAME_BYTES_MAX };

/* applier.c: "db\0table" in out; no byte of a name can be NUL. */
struct bs_str bs_applier_table_key(char out[BS_TABLE_KEY_MAX], struct bs_str db,
                                   struct bs_str name);
/* Everything up to here is applied. */
void bs_applier_set_mark(struct bs_applier *applier, const struct bs_position *position,
                         uint32_t file_created, int64_t source_us);

/* When the file was begun, of those that the decoder and the checkpoint are in; 0: not known. */
uint32_t bs_applier_file_created(const struct bs_applier *applier, const char *file);

/* applier_rows.c. The table of a rows event: *table NULL when it is not selected. */
enum bs_status bs_applier_table_of(struct bs_applier *applier, const struct bs_table_map *map,
                                   struct bs_target_table **table,
                                   struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_applier_require_full_image(const struct bs_rows *rows,
                                             const struct bs_target_table *table,
                                             struct bs_error *err) BS_MUST_CHECK;
/* Must the target check foreign keys for these rows, and so run their cascades? */
bool bs_applier_wants_fk_checks(const struct bs_applier *applier, const struct bs_rows *rows);
enum bs_status bs_applier_check_documents(const struct bs_target_table *table,
                                          const struct bs_rows *rows,
                                          struct bs_error *err) BS_MUST_CHECK;

/* serial.c: an item on lane 0. */
enum bs_status bs_serial_item(struct bs_applier *applier, const struct bs_item *item,
                              struct bs_error *err) BS_MUST_CHECK;

/* May a transaction of this source end in ROLLBACK, with its rows logged all the same? */
bool bs_serial_may_roll_back(const struct bs_applier *applier);

/* gather.c: an item on its way into a bundle, or, with its whole transaction, to serial.c. */
enum bs_status bs_gather_item(struct bs_applier *applier, const struct bs_item *item,
                              struct bs_error *err) BS_MUST_CHECK;
/* The transaction that is being read goes to lane 0 from here on, and what there is of it first. */
enum bs_status bs_gather_serialize(struct bs_applier *applier, struct bs_error *err) BS_MUST_CHECK;
void bs_gather_fini(struct bs_gather *gather);

/* dispatch.c */
enum bs_status bs_dispatch_open(struct bs_applier *applier, const struct bs_applier_config *config,
                                struct bs_error *err) BS_MUST_CHECK;
void bs_dispatch_close(struct bs_applier *applier);
/* The open bundle; it begins where the last transaction ended. */
struct bs_bundle *bs_dispatch_bundle(struct bs_applier *applier);
/* A transaction has been added to the open bundle: closes it if it is enough, and gives what may
 * run to lanes that are idle; waits while there is more than they can take. */
enum bs_status bs_dispatch_added(struct bs_applier *applier, struct bs_error *err) BS_MUST_CHECK;
/* There is nothing more to read: what is open goes to a lane as soon as it may run. */
enum bs_status bs_dispatch_idle(struct bs_applier *applier, struct bs_error *err) BS_MUST_CHECK;
/* Until everything that was gathered is committed. */
enum bs_status bs_dispatch_drain(struct bs_applier *applier, struct bs_error *err) BS_MUST_CHECK;

#endif

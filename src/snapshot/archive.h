/* An archive: a copy in a directory instead of on a target, from which targets are loaded.
 *
 *   DIR/manifest.json    the source, the points, the tables' and objects' definitions
 *   DIR/ledger           a line for each chunk that is in, written when its file is on the disk
 *   DIR/data/NNNNNN/     a table's chunks, a file each (chunk_file.h)
 *   DIR/data/NNNNNN/early.chunk     its early history (early.h)
 *   DIR/lock             held by whoever writes
 *
 * The manifest and the ledger are to an archive what the state schema is to a target: the one truth
 * about what is in. Both can be checked: the manifest holds a digest of itself, each line of the
 * ledger one of its own, and the digest of its file. docs/internals/archive.md tells the form.
 *
 * Opened and closed on the main thread; bs_archive_note_chunk may be called from any. */
#ifndef BS_SNAPSHOT_ARCHIVE_H
#define BS_SNAPSHOT_ARCHIVE_H

#include "base/error.h"
#include "schema/collation.h"
#include "schema/model.h"
#include "schema/server.h"
#include "snapshot/chunk_file.h"
#include "state/state.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BS_ARCHIVE_FORMAT = 2, BS_ARCHIVE_ID_MAX = 33 };

/* Of a chunk that is in: as the state's ledger has it, and where it is. */
struct bs_archived_chunk {
    struct bs_chunk_note note;
    struct bs_file_facts facts;
};

/* One table of the archive. */
struct bs_archived_table {
    uint32_t directory; /* its number */
    struct bs_unit unit;
    uint64_t row_estimate, data_bytes;
    struct bs_table *model; /* owned */
    bool has_history;       /* its rows are of all times, with their period */
    bool has_early;         /* then: the file of its early history is in */
    struct bs_file_facts early;
    struct bs_archived_chunk *chunks; /* in order, once it is read */
    size_t chunk_count, chunk_cap;
};

struct bs_archive {
    char *dir;
    char id[BS_ARCHIVE_ID_MAX]; /* made when the archive is, so that two are told apart */
    bool is_complete;
    struct bs_server source;
    struct bs_collation_list collations; /* the source's */
    enum bs_position_mode mode;
    char *selection, *selection_args; /* as in bs_task */
    struct bs_copy_point *points;
    size_t point_count;
    struct bs_archived_table *tables; /* sorted by db and name */
    size_t table_count;
    struct bs_object *objects; /* databases, routines, views */
    size_t object_count;
    uint32_t next_directory;
    int lock_fd;        /* -1: not held */
    int ledger_fd;      /* for writing; -1: not open */
    bool ledger_failed; /* guarded by the lock */
    pthread_mutex_t ledger_lock;
};

/* Takes the lock of the directory, which is made if it is not there; *found: there is an archive in
 * it, which is read then. BS_CONFIG if something else is in it, BS_FENCED if another process
 * writes. */
enum bs_status bs_archive_open_for_writing(struct bs_archive *archive, const char *dir, bool *found,
                                           struct bs_error *err) BS_MUST_CHECK;

/* BS_SCHEMA, naming the file, if anything is damaged; BS_PRECHECK if it is not complete. The
 * chunks' files are not looked at. */
enum bs_status bs_archive_open(struct bs_archive *archive, const char *dir,
                               struct bs_error *err) BS_MUST_CHECK;
void bs_archive_close(struct bs_archive *archive);

/* Puts the manifest in place, whole. */
enum bs_status bs_archive_save(struct bs_archive *archive, struct bs_error *err) BS_MUST_CHECK;

/* NULL: it has none of that name. */
struct bs_archived_table *bs_archive_find(const struct bs_archive *archive, const char *db,
                                          const char *name);

/* Is each file that the ledger speaks of there, and as long as it says? BS_SCHEMA names the first
 * one that is not. What is in them is load's to look at. */
enum bs_status bs_archive_check_files(const struct bs_archive *archive,
                                      struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_archive_check_table(const struct bs_archive *archive,
                                      const struct bs_archived_table *table,
                                      struct bs_error *err) BS_MUST_CHECK;

/* The path of a chunk's file, of that of the early history; and makes all tables' directories. */
char *bs_archive_path(const struct bs_archive *archive, const struct bs_archived_table *table,
                      uint64_t number);
char *bs_archive_early_path(const struct bs_archive *archive,
                            const struct bs_archived_table *table);
enum bs_status bs_archive_make_directories(const struct bs_archive *archive,
                                           struct bs_error *err) BS_MUST_CHECK;

/* The chunk's file is in its place. */
enum bs_status bs_archive_note_chunk(struct bs_archive *archive,
                                     const struct bs_archived_table *table,
                                     const struct bs_archived_chunk *chunk,
                                     struct bs_error *err) BS_MUST_CHECK;

/* The file of the early history is in its place. Before any chunk of its table. */
enum bs_status bs_archive_note_early(struct bs_archive *archive,
                                     const struct bs_archived_table *table,
                                     const struct bs_file_facts *facts,
                                     struct bs_error *err) BS_MUST_CHECK;

/* Everything that was noted is on the disk: a line that an earlier process wrote, and was killed
 * before it flushed it, is read all the same. */
enum bs_status bs_archive_flush_ledger(struct bs_archive *archive,
                                       struct bs_error *err) BS_MUST_CHECK;

/* Deletes what is left of attempts that were killed, and that the manifest on the disk does not
 * speak of; what cannot be deleted is logged. While nobody writes chunks. */
void bs_archive_tidy(const struct bs_archive *archive);

/* archive_ledger.c, for archive.c. */
enum bs_status bs_archive_read_ledger(struct bs_archive *archive,
                                      struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_archive_open_ledger(struct bs_archive *archive,
                                      struct bs_error *err) BS_MUST_CHECK;
void bs_archived_table_fini(struct bs_archived_table *table);

#endif

/* Whether the files are there of which an archive's ledger says that they are in. A copy that goes
 * on would not write them again, and what somebody has taken away would be missed only by load,
 * when the source may not have it any more. */
#include "snapshot/archive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static enum bs_status
refuse(const char *path, const char *why, struct bs_error *err) {
    bs_error_set(err, BS_SCHEMA, "the archive's file %s is damaged: %s", path, why);
    return bs_error_hint(err,
                         "bring it back from a copy of the archive, or make the archive anew in "
                         "another directory");
}

/* Takes the path. */
static enum bs_status
check_file(char *path, const struct bs_file_facts *facts, struct bs_error *err) {
    struct stat found;
    char why[128];
    enum bs_status status = BS_OK;
    if (stat(path, &found) != 0) {
        status = errno == ENOENT
                     ? refuse(path, "it is not there, and its ledger says that it is in", err)
                     : bs_archive_fail("looking at", path, err);
    } else if (!S_ISREG(found.st_mode) || (uint64_t)found.st_size != facts->bytes) {
        (void)snprintf(why, sizeof why, "it is %lld bytes, and its ledger says %llu",
                       (long long)found.st_size, (unsigned long long)facts->bytes);
        status = refuse(path, why, err);
    }
    free(path);
    return status;
}

enum bs_status
bs_archive_check_table(const struct bs_archive *archive, const struct bs_archived_table *table,
                       struct bs_error *err) {
    enum bs_status status = BS_OK;
    if (table->has_early) {
        status = check_file(bs_archive_early_path(archive, table), &table->early, err);
    }
    for (size_t i = 0; i < table->chunk_count && status == BS_OK; i++) {
        const struct bs_archived_chunk *chunk = &table->chunks[i];
        status =
            check_file(bs_archive_path(archive, table, chunk->note.number), &chunk->facts, err);
    }
    return status;
}

enum bs_status
bs_archive_check_files(const struct bs_archive *archive, struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < archive->table_count && status == BS_OK; i++) {
        status = bs_archive_check_table(archive, &archive->tables[i], err);
    }
    return status;
}

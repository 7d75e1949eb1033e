#include "follow/source_log.h"

#include "base/log.h"
#include "catalog/catalog.h"
#include "net/file_created.h"
#include "sql/session.h"

#include <inttypes.h>
#include <string.h>

enum { ANSWER_TIMEOUT_S = 30 };

struct listing {
    struct bs_binlog_file *files; /* in their order */
    size_t count;
};

static enum bs_status
check_filters(struct bs_sql *sql, const struct bs_server *server, struct bs_error *err) {
    struct bs_buf do_db = {0}, ignore_db = {0};
    enum bs_status status = bs_catalog_log_filters(sql, server, &do_db, &ignore_db, err);
    if (status == BS_OK && (do_db.len > 0 || ignore_db.len > 0)) {
        bs_error_set(err, BS_PURGED,
                     "the source does not log every database any more: binlog_do_db=%s, "
                     "binlog_ignore_db=%s",
                     bs_buf_cstr(&do_db), bs_buf_cstr(&ignore_db));
        status = bs_error_hint(err, "take both out of its option file, restart it, and take a new "
                                    "snapshot");
    }
    bs_buf_fini(&do_db);
    bs_buf_fini(&ignore_db);
    return status;
}

static enum bs_status
check_replication(struct bs_sql *sql, const struct bs_server *server, struct bs_error *err) {
    struct bs_replication found;
    enum bs_status status = bs_catalog_replication(sql, server, &found, err);
    if (status != BS_OK || found.is_logged || !found.is_replica) {
        return status;
    }
    bs_error_set(err, BS_PURGED,
                 "the source is a replica now, and does not log what it replicates "
                 "(log_slave_updates=OFF)");
    return bs_error_hint(err, "let it log that, or be no replica, and take a new snapshot");
}

/* Where the files cannot be had, nothing of the rest can. */
static enum bs_status
ask(const struct bs_endpoint *source, const struct bs_server *server, struct listing *listing,
    struct bs_error *err) {
    struct bs_sql *sql = NULL;
    struct bs_sql_options options = {.program = "binstream follow",
                                     .answer_timeout_s = ANSWER_TIMEOUT_S};
    enum bs_status status = bs_sql_connect(&sql, source, &options, err);
    if (status == BS_OK) {
        status = bs_catalog_log_files(sql, server, &listing->files, &listing->count, err);
    }
    if (status == BS_OK) {
        status = check_filters(sql, server, err);
    }
    if (status == BS_OK) {
        status = check_replication(sql, server, err);
    }
    bs_sql_close(sql);
    return status;
}

static const struct bs_binlog_file *
find(const struct listing *listing, const char *file) {
    for (size_t i = 0; i < listing->count; i++) {
        if (strcmp(listing->files[i].name, file) == 0) {
            return &listing->files[i];
        }
    }
    return NULL;
}

static enum bs_status
hint(struct bs_error *err) {
    return bs_error_hint(err, "the source's binlogs were reset, or it was restored, or it lost the "
                              "end of its log in a crash: take a new snapshot");
}

enum bs_status
bs_source_log_renamed(const char *read, const char *now, struct bs_error *err) {
    bs_error_set(err, BS_PURGED,
                 "the source's binlog files have another name now: %s was read before, and %s is "
                 "what it writes (log_bin was changed)",
                 read, now);
    return bs_error_hint(err, "which of two places in such files is the later one cannot be told: "
                              "take a new snapshot, and leave log_bin as it is until the cutover");
}

static enum bs_status
refuse_missing(const struct listing *listing, const struct bs_log_place *place, bool must_be_there,
               struct bs_error *err) {
    const char *oldest = listing->count > 0 ? listing->files[0].name : "";
    bool is_older = bs_log_place_compare_files(place->file, oldest) < 0;
    if (listing->count > 0 && !bs_log_place_same_base(place->file, oldest)) {
        return bs_source_log_renamed(place->file, listing->files[listing->count - 1].name, err);
    }
    if (is_older && !must_be_there) {
        bs_log(BS_LOG_WARNING,
               "the source's binlog file %s, which was read before, is gone: that its log is the "
               "same as then cannot be told",
               place->file);
        return BS_OK;
    }
    bs_error_set(err, BS_PURGED, "the source has no binlog file %s, which was read before",
                 place->file);
    return hint(err);
}

static enum bs_status
check_length(const struct bs_binlog_file *file, const struct bs_log_place *place,
             struct bs_error *err) {
    if (file->size >= place->pos) {
        return BS_OK;
    }
    bs_error_set(err, BS_PURGED,
                 "the source's binlog file %s ends at %" PRIu64 ", before %" PRIu64
                 " up to which it was read before",
                 file->name, file->size, place->pos);
    return hint(err);
}

static enum bs_status
check_beginning(const struct bs_endpoint *source, const struct bs_source_place *place,
                struct bs_error *err) {
    uint32_t created = 0;
    enum bs_status status =
        bs_file_created(source, place->place.file, place->place.pos, &created, err);
    if (status != BS_OK || created == place->file_created) {
        return status;
    }
    bs_error_set(err, BS_PURGED, "the source's binlog file %s is not the one that was read before",
                 place->place.file);
    return hint(err);
}

static enum bs_status
check_place(const struct bs_endpoint *source, const struct listing *listing,
            const struct bs_source_place *place, bool must_be_there, struct bs_error *err) {
    const struct bs_binlog_file *file = find(listing, place->place.file);
    if (file == NULL) {
        return refuse_missing(listing, &place->place, must_be_there, err);
    }
    enum bs_status status = check_length(file, &place->place, err);
    return status == BS_OK && place->file_created != 0 ? check_beginning(source, place, err)
                                                       : status;
}

/* A server that has no connection free now is as good as away. */
static enum bs_status
heed_crowd(enum bs_status status, struct bs_error *err) {
    enum { ER_CON_COUNT = 1040, ER_TOO_MANY_USER = 1203, ER_USER_LIMIT = 1226 };
    bool is_full = err->sql_errno == ER_CON_COUNT || err->sql_errno == ER_TOO_MANY_USER ||
                   err->sql_errno == ER_USER_LIMIT;
    if (status != BS_SERVER || !is_full) {
        return status;
    }
    err->status = BS_IO;
    return BS_IO;
}

enum bs_status
bs_source_log_check(const struct bs_endpoint *source, const struct bs_server *server,
                    const struct bs_source_place *places, size_t count, bool must_be_there,
                    struct bs_error *err) {
    struct listing listing = {0};
    struct bs_error failure; /* err may be NULL */
    bs_error_clear(&failure);
    enum bs_status status = ask(source, server, &listing, &failure);
    bool may_not = listing.count == 0 && status == BS_PRECHECK;
    status = heed_crowd(status, &failure);
    if (may_not) {
        bs_log(BS_LOG_WARNING,
               "the source does not tell its binlog files: %s%s%s; that they are those that were "
               "read before cannot be told",
               failure.message, failure.hint[0] != '\0' ? "; " : "", failure.hint);
        status = BS_OK;
    }
    for (size_t i = 0; i < count && !may_not && status == BS_OK; i++) {
        status = check_place(source, &listing, &places[i], must_be_there, &failure);
        status = heed_crowd(status, &failure);
    }
    bs_binlog_files_free(listing.files, listing.count);
    if (status != BS_OK && err != NULL) {
        *err = failure;
    }
    return status;
}

#include "snapshot/archive.h"

#include "base/mem.h"
#include "snapshot/archive_json.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ID_BYTES = 16, MANIFEST_BYTES_MAX = 1 << 30 };

static char *
path_of(const struct bs_archive *archive, const char *name) {
    struct bs_buf path = {0};
    bs_buf_printf(&path, "%s/%s", archive->dir, name);
    return bs_buf_take_cstr(&path);
}

static void
archive_init(struct bs_archive *archive, const char *dir) {
    *archive = (struct bs_archive){.dir = bs_strdup(dir), .lock_fd = -1, .ledger_fd = -1};
    archive->next_directory = 1;
    pthread_mutex_init(&archive->ledger_lock, NULL);
}

void
bs_archived_table_fini(struct bs_archived_table *table) {
    for (size_t i = 0; i < table->chunk_count; i++) {
        free(table->chunks[i].note.text);
    }
    free(table->chunks);
    free(table->unit.db);
    free(table->unit.name);
    free(table->unit.definition);
    free(table->unit.late_keys);
    free(table->unit.late_foreign_keys);
    bs_table_free(table->model);
}

void
bs_archive_close(struct bs_archive *archive) {
    if (archive->dir == NULL) {
        return;
    }
    for (size_t i = 0; i < archive->table_count; i++) {
        bs_archived_table_fini(&archive->tables[i]);
    }
    for (size_t i = 0; i < archive->object_count; i++) {
        bs_object_fini(&archive->objects[i]);
    }
    free(archive->tables);
    free(archive->objects);
    bs_copy_points_free(archive->points, archive->point_count);
    bs_collation_list_fini(&archive->collations);
    free(archive->selection);
    free(archive->selection_args);
    if (archive->ledger_fd >= 0) {
        (void)close(archive->ledger_fd);
    }
    if (archive->lock_fd >= 0) {
        (void)close(archive->lock_fd);
    }
    pthread_mutex_destroy(&archive->ledger_lock);
    free(archive->dir);
    *archive = (struct bs_archive){.lock_fd = -1, .ledger_fd = -1};
}

/* Reading the manifest: {"sha256":"<hex>","manifest":{...}}, of whose value the digest is. */

static const char HEAD[] = "{\"sha256\":\"";
static const char MIDDLE[] = "\",\"manifest\":";
static const char TAIL[] = "}\n";
enum { HEX_LEN = 2 * BS_DIGEST_LEN };

static enum bs_status
read_file(const char *path, struct bs_buf *out, bool *found, struct bs_error *err) {
    FILE *file = fopen(path, "re");
    size_t n;
    *found = file != NULL;
    if (file == NULL) {
        return errno == ENOENT ? BS_OK : bs_archive_fail("opening", path, err);
    }
    do {
        bs_buf_reserve(out, BUFSIZ);
        n = fread(out->data + out->len, 1, BUFSIZ, file);
        out->len += n;
    } while (n > 0 && out->len < MANIFEST_BYTES_MAX);
    bool failed = ferror(file) != 0;
    (void)fclose(file);
    return failed ? bs_archive_fail("reading", path, err) : BS_OK;
}

/* The manifest's own text within the file; false: it is not what was written. */
static bool
find_manifest(struct bs_str file, struct bs_str *manifest) {
    size_t head = sizeof HEAD - 1;
    size_t middle = head + HEX_LEN;
    size_t from = middle + sizeof MIDDLE - 1;
    size_t tail = sizeof TAIL - 1;
    if (file.len < from + tail || memcmp(file.data, HEAD, head) != 0 ||
        memcmp(file.data + middle, MIDDLE, sizeof MIDDLE - 1) != 0 ||
        memcmp(file.data + file.len - tail, TAIL, tail) != 0) {
        return false;
    }
    uint8_t digest[BS_DIGEST_LEN];
    struct bs_buf hex = {0};
    *manifest = (struct bs_str){file.data + from, file.len - from - tail};
    bs_digest(*manifest, digest);
    bs_digest_put_hex(&hex, digest, BS_DIGEST_LEN);
    bool same = memcmp(file.data + head, hex.data, HEX_LEN) == 0;
    bs_buf_fini(&hex);
    return same;
}

static enum bs_status
read_manifest(struct bs_archive *archive, bool *found, struct bs_error *err) {
    char *path = path_of(archive, "manifest.json");
    struct bs_buf file = {0};
    struct bs_str manifest;
    enum bs_status status = read_file(path, &file, found, err);
    if (status == BS_OK && *found && !find_manifest(bs_buf_str(&file), &manifest)) {
        status = bs_archive_damaged(path, "it is not what was written", err);
    }
    if (status == BS_OK && *found) {
        status = bs_archive_decode(archive, manifest, err);
        if (status != BS_OK) {
            bs_error_context(err, "reading %s", path);
        }
    }
    bs_buf_fini(&file);
    free(path);
    return status;
}

static enum bs_status
replace_file(const char *path, struct bs_str bytes, struct bs_error *err) {
    struct bs_buf part = {0};
    bs_buf_printf(&part, "%s.part", path);
    FILE *file = fopen(bs_buf_cstr(&part), "we");
    bool ok = file != NULL && fwrite(bytes.data, 1, bytes.len, file) == bytes.len &&
              fflush(file) == 0 && fdatasync(fileno(file)) == 0;
    if (file != NULL) {
        ok = fclose(file) == 0 && ok;
    }
    ok = ok && rename(bs_buf_cstr(&part), path) == 0;
    enum bs_status status = ok ? BS_OK : bs_archive_fail("writing", path, err);
    bs_buf_fini(&part);
    return status;
}

enum bs_status
bs_archive_save(struct bs_archive *archive, struct bs_error *err) {
    char *path = path_of(archive, "manifest.json");
    struct bs_buf manifest = {0};
    struct bs_buf file = {0};
    uint8_t digest[BS_DIGEST_LEN];
    bs_archive_encode(archive, &manifest);
    bs_digest(bs_buf_str(&manifest), digest);
    bs_buf_puts(&file, HEAD);
    bs_digest_put_hex(&file, digest, BS_DIGEST_LEN);
    bs_buf_puts(&file, MIDDLE);
    bs_buf_put_str(&file, bs_buf_str(&manifest));
    bs_buf_puts(&file, TAIL);
    enum bs_status status = replace_file(path, bs_buf_str(&file), err);
    if (status == BS_OK) {
        status = bs_archive_sync_directory(archive->dir, err);
    }
    bs_buf_fini(&manifest);
    bs_buf_fini(&file);
    free(path);
    return status;
}

/* Of a run that ended before its point was there the ledger has no line. */
static bool
is_empty_ledger(const struct bs_archive *archive, const char *name) {
    struct stat facts;
    char *path = path_of(archive, "ledger");
    bool is = strcmp(name, "ledger") == 0 && stat(path, &facts) == 0 && facts.st_size == 0;
    free(path);
    return is;
}

static enum bs_status
check_empty(const struct bs_archive *archive, struct bs_error *err) {
    DIR *dir = opendir(archive->dir);
    struct dirent *entry;
    enum bs_status status = dir != NULL ? BS_OK : bs_archive_fail("opening", archive->dir, err);
    while (status == BS_OK && (entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;
        bool is_ours = strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
                       strcmp(name, "lock") == 0 || strcmp(name, "data") == 0 ||
                       strcmp(name, "manifest.json.part") == 0 || is_empty_ledger(archive, name);
        if (!is_ours) {
            bs_error_set(err, BS_CONFIG,
                         "the directory %s is no archive, and is not empty: %s is in it",
                         archive->dir, name);
            status = bs_error_hint(err, "name an empty directory, or one that is not there yet");
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return status;
}

static enum bs_status
make_directory(const char *path, struct bs_error *err) {
    return mkdir(path, 0777) == 0 || errno == EEXIST ? BS_OK : bs_archive_fail("making", path, err);
}

/* Somebody has it; or the file system knows no locks. */
static enum bs_status
fail_to_lock(const struct bs_archive *archive, const char *path, struct bs_error *err) {
    if (errno != EWOULDBLOCK) {
        return bs_archive_fail("locking", path, err);
    }
    bs_error_set(err, BS_FENCED, "another binstream writes the archive %s", archive->dir);
    return bs_error_hint(err, "let that one work, or stop it and run this command again");
}

static enum bs_status
take_lock(struct bs_archive *archive, struct bs_error *err) {
    char *path = path_of(archive, "lock");
    enum bs_status status = BS_OK;
    archive->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (archive->lock_fd < 0) {
        status = bs_archive_fail("opening", path, err);
    } else if (flock(archive->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        status = fail_to_lock(archive, path, err);
    }
    free(path);
    return status;
}

static void
make_id(struct bs_archive *archive) {
    uint8_t bytes[ID_BYTES];
    struct bs_buf hex = {0};
    int ok = RAND_bytes(bytes, sizeof bytes);
    BS_ASSERT(ok == 1);
    bs_digest_put_hex(&hex, bytes, sizeof bytes);
    (void)snprintf(archive->id, sizeof archive->id, "%s", bs_buf_cstr(&hex));
    bs_buf_fini(&hex);
}

enum bs_status
bs_archive_open_for_writing(struct bs_archive *archive, const char *dir, bool *found,
                            struct bs_error *err) {
    archive_init(archive, dir);
    *found = false;
    enum bs_status status = make_directory(dir, err);
    if (status == BS_OK) {
        status = take_lock(archive, err);
    }
    if (status == BS_OK) {
        status = read_manifest(archive, found, err);
    }
    if (status == BS_OK && !*found) {
        status = check_empty(archive, err);
        make_id(archive);
    } else if (status == BS_OK) {
        status = bs_archive_read_ledger(archive, err);
    }
    if (status == BS_OK && !archive->is_complete) {
        char *data = path_of(archive, "data");
        status = make_directory(data, err);
        free(data);
    }
    if (status == BS_OK && !archive->is_complete) {
        status = bs_archive_open_ledger(archive, err);
    }
    return status;
}

enum bs_status
bs_archive_open(struct bs_archive *archive, const char *dir, struct bs_error *err) {
    bool found = false;
    archive_init(archive, dir);
    enum bs_status status = read_manifest(archive, &found, err);
    if (status == BS_OK && !found) {
        bs_error_set(err, BS_CONFIG, "%s holds no archive: it has no manifest.json", dir);
        status = bs_error_hint(err, "name the directory that was given to snapshot --archive");
    }
    if (status == BS_OK && !archive->is_complete) {
        bs_error_set(err, BS_PRECHECK, "the archive %s is not complete", dir);
        status = bs_error_hint(err, "run the same snapshot --archive again: it goes on");
    }
    return status == BS_OK ? bs_archive_read_ledger(archive, err) : status;
}

struct bs_archived_table *
bs_archive_find(const struct bs_archive *archive, const char *db, const char *name) {
    for (size_t i = 0; i < archive->table_count; i++) {
        const struct bs_unit *unit = &archive->tables[i].unit;
        if (strcmp(unit->db, db) == 0 && strcmp(unit->name, name) == 0) {
            return &archive->tables[i];
        }
    }
    return NULL;
}

static void
put_directory(struct bs_buf *out, const struct bs_archive *archive,
              const struct bs_archived_table *table) {
    bs_buf_printf(out, "%s/data/%06" PRIu32, archive->dir, table->directory);
}

char *
bs_archive_path(const struct bs_archive *archive, const struct bs_archived_table *table,
                uint64_t number) {
    struct bs_buf path = {0};
    put_directory(&path, archive, table);
    bs_buf_printf(&path, "/%08" PRIu64 ".chunk", number);
    return bs_buf_take_cstr(&path);
}

char *
bs_archive_early_path(const struct bs_archive *archive, const struct bs_archived_table *table) {
    struct bs_buf path = {0};
    put_directory(&path, archive, table);
    bs_buf_puts(&path, "/early.chunk");
    return bs_buf_take_cstr(&path);
}

enum bs_status
bs_archive_make_directories(const struct bs_archive *archive, struct bs_error *err) {
    char *data = path_of(archive, "data");
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < archive->table_count && status == BS_OK; i++) {
        struct bs_buf path = {0};
        put_directory(&path, archive, &archive->tables[i]);
        status = make_directory(bs_buf_cstr(&path), err);
        bs_buf_fini(&path);
    }
    if (status == BS_OK) {
        status = bs_archive_sync_directory(data, err);
    }
    free(data);
    return status;
}

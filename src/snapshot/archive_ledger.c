/* The ledger of an archive. A line is
 *
 *     directory number rows bytes last file-bytes file-digest lower upper digest
 *     directory early file-bytes file-digest digest
 *
 * numbers in decimals, bytes in hexadecimals ("-" for none), and the digest is the first half of
 * SHA-256 of the line before it. A line that is cut short at the end of the file is one that was
 * being written when the writer died: its chunk is not in. */
#include "snapshot/archive.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_DIGEST_LEN = BS_DIGEST_LEN / 2, FIELDS = 10, EARLY_FIELDS = 5 };

static char *
ledger_path(const struct bs_archive *archive) {
    struct bs_buf path = {0};
    bs_buf_printf(&path, "%s/ledger", archive->dir);
    return bs_buf_take_cstr(&path);
}

static void
put_hex(struct bs_buf *out, struct bs_str bytes) {
    if (bytes.len == 0) {
        bs_buf_puts(out, "-");
    }
    bs_digest_put_hex(out, (const uint8_t *)bytes.data, bytes.len);
}

static void
end_line(struct bs_buf *out) {
    uint8_t digest[BS_DIGEST_LEN];
    bs_digest(bs_buf_str(out), digest);
    bs_buf_puts(out, " ");
    bs_digest_put_hex(out, digest, LINE_DIGEST_LEN);
    bs_buf_puts(out, "\n");
}

static void
put_line(struct bs_buf *out, const struct bs_archived_table *table,
         const struct bs_archived_chunk *chunk) {
    const struct bs_chunk_note *note = &chunk->note;
    bs_buf_printf(out, "%" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %d %" PRIu64 " ",
                  table->directory, note->number, note->rows, note->bytes, note->is_last,
                  chunk->facts.bytes);
    bs_digest_put_hex(out, chunk->facts.digest, BS_DIGEST_LEN);
    bs_buf_puts(out, " ");
    put_hex(out, note->lower);
    bs_buf_puts(out, " ");
    put_hex(out, note->upper);
    end_line(out);
}

/* A disk that is full may take the beginning first, and says why only when asked for the rest. */
static bool
write_whole(int fd, struct bs_str line) {
    while (line.len > 0) {
        ssize_t n = write(fd, line.data, line.len);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        line.data += n > 0 ? n : 0;
        line.len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static enum bs_status
append(struct bs_archive *archive, struct bs_str line, struct bs_error *err) {
    enum bs_status status = BS_OK;
    pthread_mutex_lock(&archive->ledger_lock);
    if (archive->ledger_failed) { /* behind half a line none would be whole */
        pthread_mutex_unlock(&archive->ledger_lock);
        return bs_error_set(err, BS_CANCELLED, "the ledger could not be written to");
    }
    if (!write_whole(archive->ledger_fd, line) || fdatasync(archive->ledger_fd) != 0) {
        archive->ledger_failed = true;
        status = bs_archive_fail("writing", "the ledger", err);
    }
    pthread_mutex_unlock(&archive->ledger_lock);
    return status;
}

enum bs_status
bs_archive_note_chunk(struct bs_archive *archive, const struct bs_archived_table *table,
                      const struct bs_archived_chunk *chunk, struct bs_error *err) {
    struct bs_buf line = {0};
    put_line(&line, table, chunk);
    enum bs_status status = append(archive, bs_buf_str(&line), err);
    bs_buf_fini(&line);
    return status;
}

enum bs_status
bs_archive_note_early(struct bs_archive *archive, const struct bs_archived_table *table,
                      const struct bs_file_facts *facts, struct bs_error *err) {
    struct bs_buf line = {0};
    bs_buf_printf(&line, "%" PRIu32 " early %" PRIu64 " ", table->directory, facts->bytes);
    bs_digest_put_hex(&line, facts->digest, BS_DIGEST_LEN);
    end_line(&line);
    enum bs_status status = append(archive, bs_buf_str(&line), err);
    bs_buf_fini(&line);
    return status;
}

enum bs_status
bs_archive_flush_ledger(struct bs_archive *archive, struct bs_error *err) {
    return fdatasync(archive->ledger_fd) == 0 ? BS_OK
                                              : bs_archive_fail("flushing", "the ledger", err);
}

/* A line that has no end is none. */
static bool
cut_last_line(int fd) {
    off_t end = lseek(fd, 0, SEEK_END);
    char last = '\n';
    while (end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n') {
        end--;
    }
    return end >= 0 && ftruncate(fd, end) == 0;
}

enum bs_status
bs_archive_open_ledger(struct bs_archive *archive, struct bs_error *err) {
    char *path = ledger_path(archive);
    archive->ledger_fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    bool ok = archive->ledger_fd >= 0 && cut_last_line(archive->ledger_fd);
    enum bs_status status = ok ? BS_OK : bs_archive_fail("opening", path, err);
    free(path);
    return status;
}

static int
hex_value(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "-" is none. */
static bool
read_hex(struct bs_str text, struct bs_buf *out) {
    if (bs_str_is(text, "-")) {
        return true;
    }
    if (text.len % 2 != 0) {
        return false;
    }
    for (size_t i = 0; i < text.len; i += 2) {
        int high = hex_value(text.data[i]);
        int low = hex_value(text.data[i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        bs_buf_put_u8(out, (uint8_t)(high << 4 | low));
    }
    return true;
}

static size_t
split_line(struct bs_str line, struct bs_str *fields) {
    size_t count = 0;
    size_t from = 0;
    for (size_t i = 0; i <= line.len && count < FIELDS; i++) {
        if (i == line.len || line.data[i] == ' ') {
            fields[count++] = (struct bs_str){line.data + from, i - from};
            from = i + 1;
        }
    }
    return from > line.len ? count : 0;
}

/* Its last field is the digest of what is before. */
static bool
is_line_whole(struct bs_str line, struct bs_str last) {
    uint8_t digest[BS_DIGEST_LEN];
    struct bs_buf hex = {0};
    size_t len = (size_t)(last.data - line.data);
    bs_digest((struct bs_str){line.data, len > 0 ? len - 1 : 0}, digest);
    bs_digest_put_hex(&hex, digest, LINE_DIGEST_LEN);
    bool same = last.len == hex.len && memcmp(last.data, hex.data, hex.len) == 0;
    bs_buf_fini(&hex);
    return same;
}

/* Numbers end at the blank behind them. */
static uint64_t
number(struct bs_str field) {
    return strtoull(field.data, NULL, 10);
}

static struct bs_archived_table *
find_directory(struct bs_archive *archive, uint64_t directory) {
    for (size_t i = 0; i < archive->table_count; i++) {
        if (archive->tables[i].directory == directory) {
            return &archive->tables[i];
        }
    }
    return NULL;
}

static bool
read_facts(struct bs_str bytes, struct bs_str digest, struct bs_file_facts *facts) {
    struct bs_buf raw = {0};
    bool ok = read_hex(digest, &raw) && raw.len == BS_DIGEST_LEN;
    facts->bytes = number(bytes);
    if (ok) {
        memcpy(facts->digest, raw.data, BS_DIGEST_LEN);
    }
    bs_buf_fini(&raw);
    return ok;
}

static bool
add_chunk(struct bs_archived_table *table, const struct bs_str *fields) {
    struct bs_buf bounds = {0};
    struct bs_archived_chunk chunk = {.note = {.number = number(fields[1]),
                                               .rows = number(fields[2]),
                                               .bytes = number(fields[3]),
                                               .is_last = number(fields[4]) != 0}};
    bool ok = read_facts(fields[5], fields[6], &chunk.facts) && read_hex(fields[7], &bounds);
    size_t lower = bounds.len;
    ok = ok && read_hex(fields[8], &bounds);
    if (ok) {
        void *chunks = table->chunks;
        size_t len = bounds.len;
        chunk.note.text = bs_buf_take_cstr(&bounds);
        chunk.note.lower = (struct bs_str){chunk.note.text, lower};
        chunk.note.upper = (struct bs_str){chunk.note.text + lower, len - lower};
        bs_array_grow(&chunks, &table->chunk_cap, table->chunk_count, sizeof *table->chunks);
        table->chunks = chunks;
        table->chunks[table->chunk_count++] = chunk;
    }
    bs_buf_fini(&bounds);
    return ok;
}

/* Lines of directories that no table has are of tables that were copied anew. */
static bool
read_line(struct bs_archive *archive, struct bs_str line) {
    struct bs_str fields[FIELDS];
    size_t count = split_line(line, fields);
    bool is_early = count == EARLY_FIELDS && bs_str_is(fields[1], "early");
    if ((count != FIELDS && !is_early) || !is_line_whole(line, fields[count - 1])) {
        return false;
    }
    struct bs_archived_table *table = find_directory(archive, number(fields[0]));
    if (table != NULL && is_early) {
        table->has_early = read_facts(fields[2], fields[3], &table->early);
        return table->has_early;
    }
    return table == NULL || add_chunk(table, fields);
}

static int
compare_chunks(const void *a, const void *b) {
    const struct bs_archived_chunk *x = a;
    const struct bs_archived_chunk *y = b;
    return x->note.number < y->note.number ? -1 : x->note.number > y->note.number;
}

/* By number, each once: of one that is there twice load would take the rows twice. */
static enum bs_status
sort_chunks(struct bs_archived_table *table, const char *path, struct bs_error *err) {
    if (table->chunk_count > 0) {
        qsort(table->chunks, table->chunk_count, sizeof *table->chunks, compare_chunks);
    }
    for (size_t i = 1; i < table->chunk_count; i++) {
        if (table->chunks[i].note.number == table->chunks[i - 1].note.number) {
            return bs_archive_damaged(path, "it has a chunk twice", err);
        }
    }
    return BS_OK;
}

enum bs_status
bs_archive_read_ledger(struct bs_archive *archive, struct bs_error *err) {
    char *path = ledger_path(archive);
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    enum bs_status status = BS_OK;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        status = errno == ENOENT && !archive->is_complete ? BS_OK
                                                          : bs_archive_fail("opening", path, err);
        free(path);
        return status;
    }
    while (status == BS_OK && (len = getline(&line, &cap, file)) >= 0) {
        bool is_cut = len == 0 || line[len - 1] != '\n';
        if (is_cut && !archive->is_complete) {
            break;
        }
        struct bs_str text = {line, (size_t)len - (is_cut ? 0 : 1)};
        if (is_cut || !read_line(archive, text)) {
            status = bs_archive_damaged(path, "a line is not what was written", err);
        }
    }
    if (status == BS_OK && ferror(file) != 0) {
        status = bs_archive_fail("reading", path, err);
    }
    for (size_t i = 0; i < archive->table_count && status == BS_OK; i++) {
        status = sort_chunks(&archive->tables[i], path, err);
    }
    free(line);
    (void)fclose(file);
    free(path);
    return status;
}

#include "snapshot/chunk_file.h"

#include "base/cursor.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

enum {
    LEVEL = 1, /* of zstd: what a copy waits for least */
    NULL_FIELD = 0xfb,
    HEAD_LEN = 12,             /* of a block */
    BLOCK_BYTES_MAX = 1 << 30, /* no block is longer, packed or not: a row and little more */
    READ_BYTES = 1 << 20,
};

static const char MAGIC[] = "binstream chunk\n";
enum { MAGIC_LEN = sizeof MAGIC - 1 };

void
bs_chunk_put_row(struct bs_buf *out, const struct bs_str *fields, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (fields[i].data == NULL) {
            bs_buf_put_u8(out, NULL_FIELD);
        } else {
            bs_buf_put_lenenc_str(out, fields[i]);
        }
    }
}

enum bs_status
bs_chunk_next_row(struct bs_str block, size_t *at, struct bs_str *fields, size_t count, bool *more,
                  struct bs_error *err) {
    struct bs_cursor c = bs_cursor(block.data + *at, block.len - *at);
    *more = bs_cursor_left(&c) > 0;
    for (size_t i = 0; i < count && *more && !c.failed; i++) {
        if (bs_cursor_left(&c) > 0 && *c.at == NULL_FIELD) {
            bs_cursor_skip(&c, 1);
            fields[i] = (struct bs_str){NULL, 0};
        } else {
            fields[i] = bs_cursor_read_lenenc_str(&c);
        }
    }
    if (c.failed || (*more && count == 0)) {
        return bs_error_set(err, BS_PROTOCOL, "a block does not hold whole rows of %zu fields",
                            count);
    }
    *at = block.len - bs_cursor_left(&c);
    return BS_OK;
}

enum bs_status
bs_archive_damaged(const char *path, const char *why, struct bs_error *err) {
    bs_error_set(err, BS_SCHEMA, "the archive's file %s is damaged: %s", path, why);
    return bs_error_hint(err, "nothing of it was loaded; bring it back from a copy of the archive, "
                              "or make the archive anew");
}

enum bs_status
bs_archive_fail(const char *what, const char *path, struct bs_error *err) {
    bs_error_set(err, BS_IO, "%s %s: %s", what, path, strerror(errno));
    return bs_error_hint(err,
                         "see to the directory, the disk and its free space, then run the same "
                         "command again");
}

void
bs_digest(struct bs_str bytes, uint8_t digest[BS_DIGEST_LEN]) {
    int ok = EVP_Digest(bytes.data, bytes.len, digest, NULL, EVP_sha256(), NULL);
    BS_ASSERT(ok == 1);
}

void
bs_digest_put_hex(struct bs_buf *out, const uint8_t *digest, size_t len) {
    for (size_t i = 0; i < len; i++) {
        bs_buf_printf(out, "%02x", digest[i]);
    }
}

/* Writing. */

struct bs_chunk_writer {
    char *path;
    char *part; /* its name until it is whole */
    int fd;
    EVP_MD_CTX *digest;
    ZSTD_CCtx *zstd;
    struct bs_buf packed;
    uint64_t rows, bytes;
};

static enum bs_status
write_all(struct bs_chunk_writer *writer, const void *data, size_t len, struct bs_error *err) {
    const char *at = data;
    int ok = EVP_DigestUpdate(writer->digest, data, len);
    BS_ASSERT(ok == 1);
    writer->bytes += len;
    while (len > 0) {
        ssize_t n = write(writer->fd, at, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return bs_archive_fail("writing", writer->part, err);
        }
        at += n;
        len -= (size_t)n;
    }
    return BS_OK;
}

enum bs_status
bs_chunk_writer_open(struct bs_chunk_writer **out, const char *path, struct bs_error *err) {
    struct bs_chunk_writer *writer = bs_zalloc(sizeof *writer);
    struct bs_buf part = {0};
    bs_buf_printf(&part, "%s.part", path);
    writer->path = bs_strdup(path);
    writer->part = bs_buf_take_cstr(&part);
    writer->digest = EVP_MD_CTX_new();
    writer->zstd = ZSTD_createCCtx();
    BS_ASSERT(writer->digest != NULL && writer->zstd != NULL &&
              EVP_DigestInit_ex(writer->digest, EVP_sha256(), NULL) == 1);
    (void)ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_compressionLevel, LEVEL);
    (void)ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_checksumFlag, 1);
    writer->fd = open(writer->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    enum bs_status status =
        writer->fd >= 0 ? BS_OK : bs_archive_fail("creating", writer->part, err);
    if (status == BS_OK) {
        status = write_all(writer, MAGIC, MAGIC_LEN, err);
    }
    if (status != BS_OK) {
        bs_chunk_writer_abandon(writer);
        writer = NULL;
    }
    *out = writer;
    return status;
}

static void
put_head(struct bs_buf *out, size_t packed, size_t len, uint64_t rows) {
    bs_buf_put_le(out, packed, 4);
    bs_buf_put_le(out, len, 4);
    bs_buf_put_le(out, rows, 4);
}

enum bs_status
bs_chunk_writer_put(struct bs_chunk_writer *writer, struct bs_str rows, uint64_t count,
                    struct bs_error *err) {
    struct bs_buf head = {0};
    if (rows.len > BLOCK_BYTES_MAX) {
        return bs_error_set(err, BS_LIMIT, "a row of %zu bytes is too long for an archive",
                            rows.len);
    }
    size_t bound = ZSTD_compressBound(rows.len);
    bs_buf_clear(&writer->packed);
    bs_buf_reserve(&writer->packed, bound);
    size_t packed = ZSTD_compress2(writer->zstd, writer->packed.data, bound, rows.data, rows.len);
    if (ZSTD_isError(packed)) {
        return bs_error_set(err, BS_PROTOCOL, "compressing rows: %s", ZSTD_getErrorName(packed));
    }
    put_head(&head, packed, rows.len, count);
    enum bs_status status = write_all(writer, head.data, head.len, err);
    if (status == BS_OK) {
        status = write_all(writer, writer->packed.data, packed, err);
    }
    writer->rows += count;
    bs_buf_fini(&head);
    return status;
}

/* Some mounts flush files, and know no such thing for directories. What they lose is missed by
 * name: the ledger's files are looked for when the copy goes on, and read by load. */
static bool
sync_names(int fd, const char *path) {
    static atomic_flag was_said = ATOMIC_FLAG_INIT;
    if (fsync(fd) == 0) {
        return true;
    }
    bool is_unknown = errno == EINVAL || errno == ENOTSUP;
    if (is_unknown && !atomic_flag_test_and_set(&was_said)) {
        bs_log(
            BS_LOG_WARNING,
            "the file system of %s cannot be told to keep names: if the machine loses power, files "
            "of the archive may be gone, and the copy then says which",
            path);
    }
    return is_unknown;
}

enum bs_status
bs_archive_sync_directory(const char *path, struct bs_error *err) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && sync_names(fd, path);
    enum bs_status status = ok ? BS_OK : bs_archive_fail("flushing", path, err);
    if (fd >= 0) {
        (void)close(fd);
    }
    return status;
}

/* The name too must be on the disk when the ledger says that the file is. */
static enum bs_status
sync_parent(const char *path, struct bs_error *err) {
    char *directory = bs_strndup(path, (size_t)(strrchr(path, '/') - path));
    enum bs_status status = bs_archive_sync_directory(directory, err);
    free(directory);
    return status;
}

static enum bs_status
finish_file(struct bs_chunk_writer *writer, struct bs_error *err) {
    struct bs_buf end = {0};
    put_head(&end, 0, 0, 0);
    bs_buf_put_le(&end, writer->rows, 8);
    enum bs_status status = write_all(writer, end.data, end.len, err);
    bs_buf_fini(&end);
    if (status == BS_OK && fdatasync(writer->fd) != 0) {
        status = bs_archive_fail("flushing", writer->part, err);
    }
    if (status == BS_OK && rename(writer->part, writer->path) != 0) {
        status = bs_archive_fail("renaming", writer->part, err);
    }
    return status == BS_OK ? sync_parent(writer->path, err) : status;
}

static void
writer_free(struct bs_chunk_writer *writer) {
    if (writer->fd >= 0) {
        (void)close(writer->fd);
    }
    EVP_MD_CTX_free(writer->digest);
    ZSTD_freeCCtx(writer->zstd);
    bs_buf_fini(&writer->packed);
    free(writer->path);
    free(writer->part);
    free(writer);
}

enum bs_status
bs_chunk_writer_close(struct bs_chunk_writer *writer, struct bs_file_facts *facts,
                      struct bs_error *err) {
    enum bs_status status = finish_file(writer, err);
    if (status != BS_OK) {
        bs_chunk_writer_abandon(writer);
        return status;
    }
    int ok = EVP_DigestFinal_ex(writer->digest, facts->digest, NULL);
    BS_ASSERT(ok == 1);
    facts->bytes = writer->bytes;
    writer_free(writer);
    return BS_OK;
}

void
bs_chunk_writer_abandon(struct bs_chunk_writer *writer) {
    if (writer != NULL) {
        (void)unlink(writer->part);
        writer_free(writer);
    }
}

/* Reading. */

struct bs_chunk_reader {
    char *path;
    FILE *file;
    ZSTD_DCtx *zstd;
    struct bs_buf packed, rows;
    uint64_t row_count;
};

static enum bs_status
verify(struct bs_chunk_reader *reader, const struct bs_file_facts *facts, struct bs_error *err) {
    uint8_t digest[BS_DIGEST_LEN];
    uint64_t bytes = 0;
    size_t n;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    char *block = bs_alloc(READ_BYTES);
    BS_ASSERT(context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
    while ((n = fread(block, 1, READ_BYTES, reader->file)) > 0) {
        int ok = EVP_DigestUpdate(context, block, n);
        BS_ASSERT(ok == 1);
        bytes += n;
    }
    bool failed = ferror(reader->file) != 0;
    int ok = EVP_DigestFinal_ex(context, digest, NULL);
    BS_ASSERT(ok == 1);
    EVP_MD_CTX_free(context);
    free(block);
    if (failed) {
        return bs_archive_fail("reading", reader->path, err);
    }
    if (bytes != facts->bytes) {
        return bs_archive_damaged(reader->path, "it has another length than the ledger says", err);
    }
    if (memcmp(digest, facts->digest, BS_DIGEST_LEN) != 0) {
        return bs_archive_damaged(reader->path, "its digest is not the one in the ledger", err);
    }
    rewind(reader->file);
    return BS_OK;
}

static enum bs_status
read_exactly(struct bs_chunk_reader *reader, void *out, size_t len, struct bs_error *err) {
    return fread(out, 1, len, reader->file) == len
               ? BS_OK
               : bs_archive_damaged(reader->path, "it ends in the middle of a block", err);
}

enum bs_status
bs_chunk_reader_open(struct bs_chunk_reader **out, const char *path,
                     const struct bs_file_facts *facts, struct bs_error *err) {
    struct bs_chunk_reader *reader = bs_zalloc(sizeof *reader);
    char magic[MAGIC_LEN];
    reader->path = bs_strdup(path);
    reader->zstd = ZSTD_createDCtx();
    BS_ASSERT(reader->zstd != NULL);
    reader->file = fopen(path, "rbe");
    bool is_missing = reader->file == NULL && errno == ENOENT;
    enum bs_status status = reader->file != NULL ? BS_OK
                            : is_missing         ? bs_archive_damaged(path, "it is not there", err)
                                                 : bs_archive_fail("opening", path, err);
    if (status == BS_OK) {
        status = verify(reader, facts, err);
    }
    if (status == BS_OK) {
        status = read_exactly(reader, magic, MAGIC_LEN, err);
    }
    if (status == BS_OK && memcmp(magic, MAGIC, MAGIC_LEN) != 0) {
        status = bs_archive_damaged(path, "it is no file of chunks", err);
    }
    if (status != BS_OK) {
        bs_chunk_reader_free(reader);
        reader = NULL;
    }
    *out = reader;
    return status;
}

static enum bs_status
read_end(struct bs_chunk_reader *reader, struct bs_error *err) {
    uint8_t bytes[8];
    enum bs_status status = read_exactly(reader, bytes, sizeof bytes, err);
    struct bs_cursor c = bs_cursor(bytes, sizeof bytes);
    if (status == BS_OK && bs_cursor_read_u64(&c) != reader->row_count) {
        status =
            bs_archive_damaged(reader->path, "it holds another number of rows than it says", err);
    }
    return status;
}

enum bs_status
bs_chunk_reader_next(struct bs_chunk_reader *reader, struct bs_str *rows, struct bs_error *err) {
    uint8_t head[HEAD_LEN];
    *rows = (struct bs_str){NULL, 0};
    enum bs_status status = read_exactly(reader, head, sizeof head, err);
    struct bs_cursor c = bs_cursor(head, sizeof head);
    uint32_t packed = bs_cursor_read_u32(&c);
    uint32_t len = bs_cursor_read_u32(&c);
    reader->row_count += bs_cursor_read_u32(&c);
    if (status != BS_OK) {
        return status;
    }
    if (packed == 0) {
        return read_end(reader, err);
    }
    if (packed > BLOCK_BYTES_MAX || len > BLOCK_BYTES_MAX) {
        return bs_archive_damaged(reader->path, "a block is longer than any can be", err);
    }
    bs_buf_clear(&reader->packed);
    bs_buf_reserve(&reader->packed, packed);
    bs_buf_clear(&reader->rows);
    bs_buf_reserve(&reader->rows, (size_t)len + 1);
    status = read_exactly(reader, reader->packed.data, packed, err);
    if (status != BS_OK) {
        return status;
    }
    size_t n =
        ZSTD_decompressDCtx(reader->zstd, reader->rows.data, len, reader->packed.data, packed);
    if (ZSTD_isError(n) || n != len) {
        return bs_archive_damaged(reader->path, "a block cannot be unpacked", err);
    }
    *rows = (struct bs_str){(const char *)reader->rows.data, len};
    return BS_OK;
}

void
bs_chunk_reader_free(struct bs_chunk_reader *reader) {
    if (reader == NULL) {
        return;
    }
    if (reader->file != NULL) {
        (void)fclose(reader->file);
    }
    ZSTD_freeDCtx(reader->zstd);
    bs_buf_fini(&reader->packed);
    bs_buf_fini(&reader->rows);
    free(reader->path);
    free(reader);
}

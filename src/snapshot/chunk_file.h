/* A chunk in a file of an archive: blocks of rows, each a zstd frame with a checksum of its own,
 * and a digest of the whole file, which the archive's ledger keeps.
 *
 *   "binstream chunk\n"
 *   block   u32 packed length, u32 length, u32 rows, then a zstd frame
 *   ...
 *   end     u32 0, u32 0, u32 0, u64 rows of all blocks
 *
 * A block is rows, a row is its fields: each a length-encoded string, 0xfb where it is NULL, as
 * they are in the protocol. Integers are little-endian. docs/internals/archive.md tells the whole
 * form.
 *
 * A file is written under another name, flushed to the disk, and renamed when it is whole. Used by
 * one thread at a time. */
#ifndef BS_SNAPSHOT_CHUNK_FILE_H
#define BS_SNAPSHOT_CHUNK_FILE_H

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BS_DIGEST_LEN = 32 }; /* SHA-256 */

struct bs_file_facts {
    uint64_t bytes;
    uint8_t digest[BS_DIGEST_LEN];
};

/* Rows as they are in a block. count fields, data NULL where a field is. */
void bs_chunk_put_row(struct bs_buf *out, const struct bs_str *fields, size_t count);
/* The next row of a block's bytes from *at on; false: they end. BS_PROTOCOL if they are no rows of
 * count fields. */
enum bs_status bs_chunk_next_row(struct bs_str block, size_t *at, struct bs_str *fields,
                                 size_t count, bool *more, struct bs_error *err) BS_MUST_CHECK;

struct bs_chunk_writer;
enum bs_status bs_chunk_writer_open(struct bs_chunk_writer **writer, const char *path,
                                    struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_chunk_writer_put(struct bs_chunk_writer *writer, struct bs_str rows,
                                   uint64_t count, struct bs_error *err) BS_MUST_CHECK;
/* The file is whole and on the disk. Frees the writer in any case. */
enum bs_status bs_chunk_writer_close(struct bs_chunk_writer *writer, struct bs_file_facts *facts,
                                     struct bs_error *err) BS_MUST_CHECK;
void bs_chunk_writer_abandon(struct bs_chunk_writer *writer); /* NULL is allowed */

struct bs_chunk_reader;
/* Reads the whole file once, and fails with BS_SCHEMA, naming it, unless it is what facts say. */
enum bs_status bs_chunk_reader_open(struct bs_chunk_reader **reader, const char *path,
                                    const struct bs_file_facts *facts,
                                    struct bs_error *err) BS_MUST_CHECK;
/* The next block's rows, which live until the next call; rows NULL: there is none. */
enum bs_status bs_chunk_reader_next(struct bs_chunk_reader *reader, struct bs_str *rows,
                                    struct bs_error *err) BS_MUST_CHECK;
void bs_chunk_reader_free(struct bs_chunk_reader *reader); /* NULL is allowed */

/* Shared with the manifest and the ledger: BS_SCHEMA, and BS_IO with what errno says. */
enum bs_status bs_archive_damaged(const char *path, const char *why, struct bs_error *err);
enum bs_status bs_archive_fail(const char *what, const char *path, struct bs_error *err);
/* What has been made or renamed in it is there after a power loss. */
enum bs_status bs_archive_sync_directory(const char *path, struct bs_error *err) BS_MUST_CHECK;
void bs_digest(struct bs_str bytes, uint8_t digest[BS_DIGEST_LEN]);
void bs_digest_put_hex(struct bs_buf *out, const uint8_t *digest, size_t len);

#endif

/* A chunk on its way through the dumper, and what its parts share. Internal to src/snapshot, for
 * the dumper's thread.
 *
 *   dumper.c          takes work, reads from the server within the view
 *   dump_archived.c   reads from an archive
 *   dump_put.c        puts a row into a block
 *   dump_out.c        sends blocks to the loader, and knows what may be waited for
 */
#ifndef BS_SNAPSHOT_DUMP_PRIVATE_H
#define BS_SNAPSHOT_DUMP_PRIVATE_H

#include "base/error.h"
#include "snapshot/pair.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BS_DUMP_PACKET_MARGIN = 4096 }; /* of a packet, for what is around the rows */

struct bs_dump {
    struct bs_pair *pair;
    struct bs_chunk *chunk;
    struct bs_block *block; /* being filled, or NULL */
    uint64_t piece_len;     /* bytes sent since the last piece end */
    uint64_t block_len_limit;
    int64_t pause_left_us; /* see courtesy.h; of the piece */
    bool is_reading;       /* from the source, where the table is held meanwhile */
};

/* dump_out.c */
enum bs_status bs_dump_stopped(struct bs_error *err);
void bs_dump_begin_piece(struct bs_dump *dump);
void bs_dump_start_block(struct bs_dump *dump);
void bs_dump_drop_block(struct bs_dump *dump);
/* Before a row of so many bytes: there is a block for it. A large row gets a block of its own, as
 * large as it needs: one that grows is twice that. The chunk may have been given up. */
enum bs_status bs_dump_make_room(struct bs_dump *dump, size_t len,
                                 struct bs_error *err) BS_MUST_CHECK;
/* The block, if there is one, goes to the loader; or the chunk was given up. */
enum bs_status bs_dump_send_block(struct bs_dump *dump, struct bs_error *err) BS_MUST_CHECK;
/* The same, and the end of the piece or the chunk behind it. */
enum bs_status bs_dump_send_end(struct bs_dump *dump, enum bs_block_kind kind,
                                struct bs_error *err) BS_MUST_CHECK;
/* Giving a chunk up: nothing more of it is read, its table is let go of on the source, and it goes
 * again (bs_chunk.is_given_up). */
bool bs_dump_may_give_up(const struct bs_dump *dump);
void bs_dump_give_up(struct bs_dump *dump, const char *reason);

/* dump_put.c: of a row as it was read. */
size_t bs_dump_field_count(const struct bs_copy *copy);
/* Is the rest of the chunk not wanted, because of this row, with which it has to go again? */
bool bs_dump_ends_early(const struct bs_dump *dump, const struct bs_str *fields);
enum bs_status bs_dump_put_row(struct bs_dump *dump, const struct bs_str *fields,
                               struct bs_error *err) BS_MUST_CHECK;

/* dump_archived.c: all of the chunk. */
enum bs_status bs_dump_read_archived(struct bs_dump *dump, struct bs_error *err) BS_MUST_CHECK;

#endif

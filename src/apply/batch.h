/* A run of statements that travels to the target in one packet, each with what its answer must be.
 *
 *   bs_batch_open(expect) ─> caller appends SQL to batch->sql ─> bs_batch_close   (again and again)
 *   bs_batch_send: one packet, then every answer is held against its expectation, in order
 *
 * A statement whose answer is not what was expected stops the batch with BS_CONFLICT (or the
 * server's error), naming the place in the source's binlog, the table and the row's key; what stood
 * behind it in the batch may have run on the session, so the caller must roll back. Owned by its
 * lane's thread.
 *
 * A batch may have its COMMIT in the same packet (bs_batch_put_commit), which spares a round trip,
 * and other batches with theirs behind it. So that the target does not get as far when a count is
 * wrong, it holds the counts against the expectations itself, by SET
 * @bs_guard=IF(ROW_COUNT()=n,0,EXP(9999)) behind each statement that has one: the double is out of
 * range, and what stands behind a failed statement of a packet is not run; each lane tries that on
 * its target before it counts on it (seen on MySQL 5.6, 9.7, MariaDB 10.5, 11.8). A statement that
 * ends in a condition, as the checkpoint does, looks at the count in front of it by AND
 * ROW_COUNT()=n, which spares a guard: behind a wrong count it finds no row, which makes its own
 * count wrong, up to the checkpoint, which fails by itself (bs_state_put_epoch_guard). */
#ifndef BS_APPLY_BATCH_H
#define BS_APPLY_BATCH_H

#include "base/buf.h"
#include "base/error.h"
#include "base/spent.h"
#include "binlog/gtid.h"
#include "binlog/rows.h"
#include "sql/session.h"
#include "state/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A packet is sent when it is this long, or holds this many statements: long enough that a target
 * far away is not waited for often. A statement takes no more rows when it is this long. All less
 * on a target that takes smaller packets. */
enum {
    BS_BATCH_BYTES = 2 * 1024 * 1024,
    BS_BATCH_STATEMENTS = 2048,
    BS_STATEMENT_BYTES = 256 * 1024,
};

/* What a guard fails with. */
enum { BS_GUARD_ERROR = 1690 };

enum bs_expect_kind {
    BS_EXPECT_ANY,        /* only that it works: SET */
    BS_EXPECT_FENCE,      /* 1 row, else the epoch is old */
    BS_EXPECT_CHECKPOINT, /* 1 row */
    BS_EXPECT_ROWS, /* exactly `rows` of them, at most max_warnings warnings where they count */
};

/* Where in the source's binlog a statement comes from. */
struct bs_origin {
    const char *file; /* NULL: the batch's */
    uint64_t pos;
    struct bs_gtid gtid;
};

struct bs_expect {
    enum bs_expect_kind kind;
    uint64_t rows;
    bool none_there; /* of the rows that it looks for none must be there: it must change none */
    bool takes_condition; /* AND and a condition may be put behind it */
    bool counts_warnings; /* the statement runs in a lenient sql_mode: see change.c */
    unsigned int max_warnings;
    enum bs_row_change change;
    const struct bs_table *table;         /* must live until the batch is sent */
    size_t text_from;                     /* set by bs_batch_open */
    size_t where_from;                    /* offset of what names the row, 0: not named */
    struct bs_checkpoint_text checkpoint; /* CHECKPOINT: its parts */
    struct bs_origin origin;
};

struct bs_batch {
    struct bs_buf sql;
    struct bs_expect *expects;
    size_t count, cap;
    char file[256];      /* of all origins in it */
    uint64_t max_packet; /* the target's max_allowed_packet */
};

void bs_batch_fini(struct bs_batch *batch);
void bs_batch_clear(struct bs_batch *batch);
bool bs_batch_is_full(const struct bs_batch *batch);

/* May the statement that begins at text_from take another row? */
bool bs_batch_has_room(const struct bs_batch *batch, size_t text_from);

struct bs_expect *bs_batch_open(struct bs_batch *batch, enum bs_expect_kind kind);
void bs_batch_close(struct bs_batch *batch);
void bs_batch_put(struct bs_batch *batch, enum bs_expect_kind kind, const char *sql);

/* For a statement that was run beside a batch: is the answer as expected? And what err is about. */
enum bs_status bs_expect_check(const struct bs_expect *expect, uint64_t affected,
                               unsigned int warnings, struct bs_error *err) BS_MUST_CHECK;
void bs_batch_name_origin(const struct bs_batch *batch, const struct bs_expect *expect,
                          struct bs_error *err);

/* Sends what is there and checks every answer; the batch is empty afterwards. */
enum bs_status bs_batch_send(struct bs_batch *batch, struct bs_sql *sql,
                             struct bs_error *err) BS_MUST_CHECK;

/* Can the target check all of it? Then it can be put into a packet with COMMIT behind it, and
 * behind that another batch, which the target runs only if the COMMIT before it went well. The
 * packet is sent, and the answers of each batch are read in their order.
 *
 * spent, which may be NULL, is told when only the COMMIT is waited for. After BS_IO the target may
 * have committed this batch and those behind it; after any other error it has not, has run none
 * behind it, and the caller must roll back. is_last: nothing is behind it in the packet.
 *
 * put_behind: a statement for the session itself, which ends the packet and is run if the COMMIT
 * before it went well. When reading its answer fails, that COMMIT is known to have been run, and
 * the session is of no more use: BS_IO. */
bool bs_batch_can_commit(const struct bs_batch *batch);
void bs_batch_put_commit(const struct bs_batch *batch, struct bs_buf *packet);
void bs_batch_put_behind(struct bs_buf *packet, const char *sql);
enum bs_status bs_batch_send_packet(const struct bs_buf *packet, struct bs_sql *sql,
                                    struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_batch_read_commit(const struct bs_batch *batch, struct bs_sql *sql, bool is_last,
                                    struct bs_spent *spent, struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_batch_read_behind(struct bs_sql *sql, struct bs_error *err) BS_MUST_CHECK;

#endif

#include "apply/batch.h"

#include "base/fault.h"
#include "base/mem.h"
#include "sql/error_class.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SHOWN_MAX = 300 };

void
bs_batch_fini(struct bs_batch *batch) {
    bs_buf_fini(&batch->sql);
    free(batch->expects);
    memset(batch, 0, sizeof *batch);
}

void
bs_batch_clear(struct bs_batch *batch) {
    /* A batch that carried one huge row does not keep its memory. */
    if (batch->sql.cap > 2 * BS_BATCH_BYTES) {
        bs_buf_fini(&batch->sql);
    }
    bs_buf_clear(&batch->sql);
    batch->count = 0;
}

/* Half of what the target takes leaves room for the last row, unless that is huge by itself. */
static size_t
limit(const struct bs_batch *batch, size_t usual) {
    size_t most = (size_t)(batch->max_packet / 2);
    return most > 0 && most < usual ? most : usual;
}

bool
bs_batch_is_full(const struct bs_batch *batch) {
    return batch->sql.len >= limit(batch, BS_BATCH_BYTES) || batch->count >= BS_BATCH_STATEMENTS;
}

bool
bs_batch_has_room(const struct bs_batch *batch, size_t text_from) {
    return batch->sql.len - text_from < limit(batch, BS_STATEMENT_BYTES);
}

struct bs_expect *
bs_batch_open(struct bs_batch *batch, enum bs_expect_kind kind) {
    void *items = batch->expects;
    bs_array_grow(&items, &batch->cap, batch->count, sizeof *batch->expects);
    batch->expects = items;
    struct bs_expect *expect = &batch->expects[batch->count++];
    memset(expect, 0, sizeof *expect);
    expect->kind = kind;
    if (batch->sql.len > 0) {
        bs_buf_puts(&batch->sql, ";");
    }
    expect->text_from = batch->sql.len;
    return expect;
}

void
bs_batch_close(struct bs_batch *batch) {
    BS_ASSERT(batch->count > 0);
    BS_ASSERT(batch->sql.len > batch->expects[batch->count - 1].text_from);
}

void
bs_batch_put(struct bs_batch *batch, enum bs_expect_kind kind, const char *sql) {
    (void)bs_batch_open(batch, kind);
    bs_buf_puts(&batch->sql, sql);
    bs_batch_close(batch);
}

static const char *
change_name(enum bs_row_change change) {
    switch (change) {
    case BS_ROW_INSERT:
        return "INSERT";
    case BS_ROW_UPDATE:
        return "UPDATE";
    case BS_ROW_DELETE:
        return "DELETE";
    }
    return "change";
}

static enum bs_status
hint_differs(struct bs_error *err) {
    return bs_error_hint(err,
                         "source and target differ in this row, and nothing of its transaction "
                         "was applied: something else has written to the target, or the "
                         "source's own table is damaged (CHECK TABLE there says so). Mend "
                         "that, then start over with `binstream reset` and `snapshot`");
}

static void
hint_refused(struct bs_error *err) {
    enum { DUP_ENTRY = 1062 };
    if (err == NULL || err->status != BS_SERVER || bs_sql_is_retryable(err)) {
        return;
    }
    if (err->sql_errno == DUP_ENTRY) {
        hint_differs(err);
        return;
    }
    if (bs_sql_is_of_server(err)) {
        bs_error_hint(err, "mend on the target what the message names, then run the same command "
                           "again: it goes on from the last commit");
        return;
    }
    bs_error_hint(err, "the target does not take this row, and nothing of its transaction was "
                       "applied: mend what the message names on the target, then run the same "
                       "command again; or begin anew without this table (--exclude-tables)");
}

void
bs_batch_name_origin(const struct bs_batch *batch, const struct bs_expect *expect,
                     struct bs_error *err) {
    char gtid[BS_GTID_TEXT_MAX];
    if (expect->kind != BS_EXPECT_ROWS) {
        return;
    }
    hint_refused(err);
    bs_gtid_text(&expect->origin.gtid, gtid);
    const char *file = expect->origin.file != NULL ? expect->origin.file : batch->file;
    bs_error_at(err, "%s:%" PRIu64 "%s%s", file, expect->origin.pos,
                gtid[0] != '\0' ? ", GTID " : "", gtid);
    const char *change = expect->none_there ? "INSERT" : change_name(expect->change);
    if (expect->where_from == 0) {
        bs_error_context(err, "applying %s to table %s.%s", change, expect->table->db,
                         expect->table->name);
        return;
    }
    const char *end =
        memchr(batch->sql.data + expect->where_from, ';', batch->sql.len - expect->where_from);
    size_t len = end != NULL ? (size_t)(end - (const char *)batch->sql.data) - expect->where_from
                             : batch->sql.len - expect->where_from;
    len = len < KEY_SHOWN_MAX ? len : KEY_SHOWN_MAX;
    bs_error_context(err, "applying %s to table %s.%s, row %.*s", change, expect->table->db,
                     expect->table->name, (int)len,
                     (const char *)batch->sql.data + expect->where_from);
}

/* How many rows its statement must change. */
static uint64_t
count_of(const struct bs_expect *expect) {
    if (expect->kind != BS_EXPECT_ROWS) {
        return 1;
    }
    return expect->none_there ? 0 : expect->rows;
}

enum bs_status
bs_expect_check(const struct bs_expect *expect, uint64_t affected, unsigned int warnings,
                struct bs_error *err) {
    switch (expect->kind) {
    case BS_EXPECT_ANY:
        return BS_OK;
    case BS_EXPECT_FENCE:
    case BS_EXPECT_CHECKPOINT:
        if (affected == 1) {
            return BS_OK;
        }
        bs_error_set(err, BS_FENCED, "another binstream has taken this task over");
        return bs_error_hint(err, "let the other one work, or stop it and run this command again");
    case BS_EXPECT_ROWS:
        break;
    }
    if (affected != count_of(expect) && expect->none_there) {
        bs_error_set(err, BS_CONFLICT,
                     "the target has %" PRIu64
                     " rows that the source had not when it inserted them",
                     affected);
        return hint_differs(err);
    }
    if (affected != count_of(expect)) {
        bs_error_set(err, BS_CONFLICT,
                     "%" PRIu64
                     " rows of the target were changed where the source changed %" PRIu64,
                     affected, expect->rows);
        return hint_differs(err);
    }
    if (expect->counts_warnings && warnings > expect->max_warnings) {
        bs_error_set(err, BS_CONFLICT, "the target warned that it would change a value");
        return bs_error_hint(err,
                             "the row has an ENUM of index 0, which strict mode does not take, and "
                             "without it more would be changed than that; nothing of this "
                             "transaction was applied. Begin anew without this table "
                             "(--exclude-tables)");
    }
    return BS_OK;
}

/* Answers that are still on the way are read, so that the session can be used to roll back. */
static void
drop_answers(struct bs_sql *sql) {
    bool more = true;
    uint64_t affected = 0;
    unsigned int warnings = 0;
    while (more && bs_sql_multi_next(sql, &more, &affected, &warnings, NULL) == BS_OK) {
    }
}

/* Reads all answers of a packet that holds the expectations [0, count). */
static enum bs_status
read_answers(struct bs_batch *batch, size_t count, struct bs_sql *sql, struct bs_error *err) {
    for (size_t i = 0; i <= count; i++) {
        bool more = false;
        uint64_t affected = 0;
        unsigned int warnings = 0;
        enum bs_status status = bs_sql_multi_next(sql, &more, &affected, &warnings, err);
        if (status == BS_OK && more != (i < count)) {
            status = bs_error_set(err, BS_PROTOCOL,
                                  "the target answered another number of statements than it got");
        }
        if (status == BS_OK && i < count) {
            status = bs_expect_check(&batch->expects[i], affected, warnings, err);
        }
        if (status != BS_OK) {
            bs_batch_name_origin(batch, &batch->expects[i < count ? i : count - 1], err);
            if (more) {
                drop_answers(sql);
            }
            return status;
        }
    }
    return BS_OK;
}

static enum bs_status
send_first(struct bs_batch *batch, size_t count, size_t len, struct bs_sql *sql,
           struct bs_error *err) {
    if (batch->max_packet > 0 && len + 1 > batch->max_packet) {
        bs_error_set(err, BS_LIMIT,
                     "a row needs a statement of %zu bytes; the target takes at most %" PRIu64, len,
                     batch->max_packet);
        bs_error_hint(err,
                      "on the target: SET GLOBAL max_allowed_packet = 1073741824; then run the "
                      "same command again");
        bs_batch_name_origin(batch, &batch->expects[0], err);
        return BS_LIMIT;
    }
    struct bs_str text = {(const char *)batch->sql.data, len};
    enum bs_status status = bs_sql_multi_send(sql, text, err);
    return status != BS_OK ? status : read_answers(batch, count, sql, err);
}

/* The statements before the last one go first when all together are too long for one packet. */
static enum bs_status
send_all_but_last(struct bs_batch *batch, struct bs_sql *sql, struct bs_error *err) {
    struct bs_expect last = batch->expects[batch->count - 1];
    enum bs_status status = send_first(batch, batch->count - 1, last.text_from - 1, sql, err);
    if (status != BS_OK) {
        return status;
    }
    bs_buf_consume(&batch->sql, last.text_from);
    last.where_from -= last.where_from > 0 ? last.text_from : 0;
    last.text_from = 0;
    batch->expects[0] = last;
    batch->count = 1;
    return BS_OK;
}

enum bs_status
bs_batch_send(struct bs_batch *batch, struct bs_sql *sql, struct bs_error *err) {
    enum bs_status status = BS_OK;
    if (batch->count > 1 && batch->max_packet > 0 && batch->sql.len + 1 > batch->max_packet) {
        status = send_all_but_last(batch, sql, err);
    }
    if (status == BS_OK && batch->count > 0) {
        status = send_first(batch, batch->count, batch->sql.len, sql, err);
    }
    bs_batch_clear(batch);
    return status;
}

bool
bs_batch_can_commit(const struct bs_batch *batch) {
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->expects[i].counts_warnings) {
            return false;
        }
    }
    enum { GUARD_BYTES = 64, CHECKPOINT_BYTES = 4096 };
    size_t len = batch->sql.len + batch->count * GUARD_BYTES + CHECKPOINT_BYTES;
    return len < limit(batch, 2 * BS_BATCH_BYTES);
}

static bool
is_counted(const struct bs_expect *expect) {
    return expect->kind != BS_EXPECT_ANY;
}

/* Does the statement look at the count of the one in front of it? */
static bool
looks_back(const struct bs_batch *batch, size_t i) {
    const struct bs_expect *expect = &batch->expects[i];
    return i > 0 && is_counted(&expect[-1]) && is_counted(expect) &&
           (expect->takes_condition || expect->kind == BS_EXPECT_CHECKPOINT);
}

static bool
has_guard(const struct bs_batch *batch, size_t i) {
    bool is_looked_at = i + 1 < batch->count && looks_back(batch, i + 1);
    return is_counted(&batch->expects[i]) && !is_looked_at &&
           batch->expects[i].kind != BS_EXPECT_CHECKPOINT;
}

static void
put_checkpoint(struct bs_buf *out, const struct bs_batch *batch, size_t i) {
    const struct bs_expect *expect = &batch->expects[i];
    const struct bs_checkpoint_text *text = &expect->checkpoint;
    const uint8_t *sql = batch->sql.data;
    bool has_count = looks_back(batch, i);
    int64_t count = has_count ? (int64_t)count_of(&expect[-1]) : 0;
    bs_buf_put(out, sql + expect->text_from, text->where_at - expect->text_from);
    bs_buf_puts(out, ", ");
    bs_state_put_epoch_guard(out, text->epoch, has_count ? &count : NULL);
    bs_buf_put(out, sql + text->where_at, text->epoch_at - text->where_at);
    bs_buf_puts(out, ";");
}

static void
put_guarded(struct bs_buf *out, const struct bs_batch *batch) {
    for (size_t i = 0; i < batch->count; i++) {
        const struct bs_expect *expect = &batch->expects[i];
        size_t end = i + 1 < batch->count ? expect[1].text_from - 1 : batch->sql.len;
        if (expect->kind == BS_EXPECT_CHECKPOINT) {
            put_checkpoint(out, batch, i);
            continue;
        }
        bs_buf_put(out, batch->sql.data + expect->text_from, end - expect->text_from);
        if (looks_back(batch, i)) {
            bs_buf_printf(out, " AND ROW_COUNT()=%" PRIu64, count_of(&expect[-1]));
        }
        bs_buf_puts(out, ";");
        if (has_guard(batch, i)) {
            bs_buf_printf(out, "SET @bs_guard=IF(ROW_COUNT()=%" PRIu64 ",0,EXP(9999));",
                          count_of(expect));
        }
    }
    bs_buf_puts(out, "COMMIT");
}

static enum bs_status
read_one(struct bs_sql *sql, uint64_t *affected, struct bs_error *err) {
    bool more = false;
    unsigned int warnings = 0;
    enum bs_status status = bs_sql_multi_next(sql, &more, affected, &warnings, err);
    if (status == BS_OK && !more) {
        status = bs_error_set(err, BS_PROTOCOL, "the target answered fewer statements than it got");
    }
    return status;
}

/* The statement's answer, and its guard's. *wrong: the first count that is not as expected. */
static enum bs_status
read_counted(const struct bs_batch *batch, size_t i, struct bs_sql *sql, struct bs_error *wrong,
             struct bs_error *err) {
    const struct bs_expect *expect = &batch->expects[i];
    uint64_t affected = 0;
    enum bs_status status = read_one(sql, &affected, err);
    if (status == BS_SERVER && expect->kind == BS_EXPECT_CHECKPOINT &&
        err->sql_errno == BS_GUARD_ERROR) { /* by its guard */
        return wrong->status == BS_OK ? bs_expect_check(expect, 0, 0, err) : status;
    }
    if (status != BS_OK) {
        bs_batch_name_origin(batch, expect, err);
        return status;
    }
    if (wrong->status == BS_OK && bs_expect_check(expect, affected, 0, wrong) != BS_OK) {
        bs_batch_name_origin(batch, expect, wrong);
    }
    return has_guard(batch, i) ? read_one(sql, &affected, err) : BS_OK;
}

/* A wrong count is what to report, but only once the target has said that it got no further. */
static enum bs_status
read_guarded(const struct bs_batch *batch, struct bs_sql *sql, struct bs_error *err) {
    struct bs_error wrong;
    enum bs_status status = BS_OK;
    bs_error_clear(&wrong);
    for (size_t i = 0; i < batch->count && status == BS_OK; i++) {
        status = read_counted(batch, i, sql, &wrong, err);
    }
    if (wrong.status == BS_OK) {
        return status;
    }
    if (status == BS_SERVER) {
        *err = wrong;
        return wrong.status;
    }
    if (status == BS_OK) {
        drop_answers(sql);
    }
    return bs_error_set(err, BS_IO, "the target may have gone on behind a wrong count");
}

/* Does it say that nothing was committed? Whatever else went wrong, COMMIT may have been run. */
static bool
is_settled(enum bs_status status) {
    return status == BS_OK || status == BS_SERVER || status == BS_CONFLICT || status == BS_FENCED;
}

void
bs_batch_put_commit(const struct bs_batch *batch, struct bs_buf *packet) {
    bs_buf_puts(packet, packet->len > 0 ? ";" : "");
    put_guarded(packet, batch);
}

void
bs_batch_put_behind(struct bs_buf *packet, const char *sql) {
    bs_buf_printf(packet, ";%s", sql);
}

enum bs_status
bs_batch_send_packet(const struct bs_buf *packet, struct bs_sql *sql, struct bs_error *err) {
    enum bs_status status = bs_sql_multi_send(sql, bs_buf_str(packet), err);
    bs_fault_point("commit-sent");
    return is_settled(status) ? status : bs_sql_commit_lost(err);
}

static enum bs_status
read_end(struct bs_sql *sql, struct bs_error *err) {
    bool more = false;
    uint64_t affected = 0;
    unsigned int warnings = 0;
    enum bs_status status = bs_sql_multi_next(sql, &more, &affected, &warnings, err);
    return status == BS_OK ? BS_OK : bs_sql_commit_lost(err); /* it is committed */
}

enum bs_status
bs_batch_read_commit(const struct bs_batch *batch, struct bs_sql *sql, bool is_last,
                     struct bs_spent *spent, struct bs_error *err) {
    uint64_t affected = 0;
    enum bs_status status = read_guarded(batch, sql, err);
    (void)bs_spent_move(spent, BS_SPENT_COMMIT);
    if (status == BS_OK) {
        status = bs_sql_commit_outcome(read_one(sql, &affected, err), err);
    }
    if (status == BS_OK) {
        bs_fault_point("commit-answered");
    }
    if (status == BS_OK && is_last) {
        return read_end(sql, err);
    }
    return is_settled(status) ? status : bs_sql_commit_lost(err);
}

enum bs_status
bs_batch_read_behind(struct bs_sql *sql, struct bs_error *err) {
    uint64_t affected = 0;
    enum bs_status status = read_one(sql, &affected, err);
    return status == BS_OK ? read_end(sql, err) : bs_sql_commit_lost(err);
}

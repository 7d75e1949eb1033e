#include "apply/bulk_insert.h"

#include "apply/param.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"

#include <string.h>

enum { RUN_BYTES = 1 << 20, RUN_VALUES = 1 << 16, PACKET_SHARE = 2 };

bool
bs_bulk_insert_suits_table(const struct bs_lane *lane, const struct bs_target_table *table) {
    return lane->has_bulk && table->writable_count > 0 && !table->references_itself &&
           !table->has_period;
}

static bool
fits(const struct bs_lane *lane, size_t bytes, size_t values) {
    uint64_t most = lane->batch.max_packet / PACKET_SHARE;
    return most == 0 || bs_sql_bulk_size(bytes, values) <= most;
}

bool
bs_bulk_insert_suits(const struct bs_lane *lane, const struct bs_target_table *table,
                     const struct bs_value *values) {
    size_t bytes = 0;
    bool suits = true;
    for (size_t i = 0; i < table->writable_count && suits; i++) {
        size_t c = table->writable[i];
        bool is_text = values[c].kind == BS_VALUE_BYTES || values[c].kind == BS_VALUE_JSON;
        bytes += is_text ? values[c].text.len : 0;
        suits = bs_param_suits(&table->model->columns[c], &values[c]);
    }
    return suits && bytes < RUN_BYTES && fits(lane, bytes, table->writable_count);
}

static void
put_statement(struct bs_buf *sql, const struct bs_target_table *table) {
    bs_buf_put_str(sql, bs_buf_str(&table->insert_head));
    for (size_t i = 0; i < table->writable_count; i++) {
        bs_buf_puts(sql, i > 0 ? "," : "(");
        bs_param_put_marker(sql, &table->model->columns[table->writable[i]]);
    }
    bs_buf_puts(sql, ")");
}

static enum bs_status
fail(struct bs_bulk_insert *insert, enum bs_status status, const struct bs_expect *expect,
     struct bs_error *err) {
    if (status != BS_OK) {
        bs_batch_name_origin(&insert->lane->batch, expect, err);
    }
    return status;
}

static struct bs_expect
expect_of(const struct bs_bulk_insert *insert) {
    return (struct bs_expect){.kind = BS_EXPECT_ROWS,
                              .rows = insert->rows,
                              .change = BS_ROW_INSERT,
                              .table = insert->table->model,
                              .origin = insert->origin};
}

enum bs_status
bs_bulk_insert_open(struct bs_bulk_insert *insert, struct bs_lane *lane,
                    const struct bs_target_table *table, bool *opened, struct bs_error *err) {
    struct bs_buf sql = {0};
    struct bs_error refusal = {0};
    memset(insert, 0, sizeof *insert);
    insert->lane = lane;
    insert->table = table;
    *opened = false;
    enum bs_status status = bs_lane_flush(lane, err);
    if (status != BS_OK) {
        return status;
    }
    put_statement(&sql, table);
    status = bs_sql_bulk_open(&insert->bulk, lane->sql, bs_buf_str(&sql), table->writable_count,
                              &refusal);
    bs_buf_fini(&sql);
    *opened = status == BS_OK;
    if (status == BS_SERVER) {
        lane->has_bulk = false;
        bs_log(BS_LOG_INFO, "lane %u: inserts go by statements from now on: %s", lane->number,
               refusal.message);
        return BS_OK;
    }
    if (status != BS_OK && err != NULL) {
        *err = refusal;
    }
    return status;
}

static enum bs_status
send(struct bs_bulk_insert *insert, struct bs_error *err) {
    struct bs_lane *lane = insert->lane;
    struct bs_expect expect = expect_of(insert);
    enum bs_spent_state before = bs_spent_move(lane->spent, BS_SPENT_STATEMENTS);
    enum bs_status status =
        bs_sql_bulk_run(insert->bulk, (const char *)insert->bytes.data,
                        (const uint32_t *)(const void *)insert->lengths.data, insert->rows, err);
    (void)bs_spent_move(lane->spent, before);
    if (status == BS_OK) {
        status = bs_expect_check(&expect, bs_sql_affected(lane->sql), 0, err);
    }
    lane->has_failed = lane->has_failed || status != BS_OK;
    if (status == BS_OK) {
        bs_fault_point("txn-open");
    }
    bs_buf_clear(&insert->bytes);
    bs_buf_clear(&insert->lengths);
    insert->rows = 0;
    return fail(insert, status, &expect, err);
}

static void
put_row(struct bs_bulk_insert *insert, const struct bs_value *values) {
    for (size_t i = 0; i < insert->table->writable_count; i++) {
        size_t c = insert->table->writable[i];
        size_t before = insert->bytes.len;
        bs_param_put(&insert->bytes, &insert->table->model->columns[c], &values[c]);
        bool is_null = values[c].kind == BS_VALUE_NULL;
        bs_buf_put_le(&insert->lengths, is_null ? BS_SQL_BULK_NULL : insert->bytes.len - before,
                      sizeof(uint32_t));
    }
    insert->rows++;
}

static bool
is_full(const struct bs_bulk_insert *insert) {
    size_t values = insert->lengths.len / sizeof(uint32_t);
    return insert->bytes.len >= RUN_BYTES || values >= RUN_VALUES ||
           !fits(insert->lane, insert->bytes.len, values);
}

enum bs_status
bs_bulk_insert_add(struct bs_bulk_insert *insert, const struct bs_value *values,
                   const struct bs_origin *origin, struct bs_error *err) {
    if (insert->rows == 0) {
        insert->origin = *origin;
    }
    put_row(insert, values);
    return is_full(insert) ? send(insert, err) : BS_OK;
}

enum bs_status
bs_bulk_insert_end(struct bs_bulk_insert *insert, struct bs_error *err) {
    return insert->rows > 0 ? send(insert, err) : BS_OK;
}

void
bs_bulk_insert_close(struct bs_bulk_insert *insert) {
    bs_sql_bulk_close(insert->bulk);
    bs_buf_fini(&insert->bytes);
    bs_buf_fini(&insert->lengths);
    memset(insert, 0, sizeof *insert);
}

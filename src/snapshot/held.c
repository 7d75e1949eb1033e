#include "snapshot/held.h"

#include "catalog/catalog.h"
#include "snapshot/pair.h"
#include "sql/text.h"

enum { WAIT_S = 1, LONG_WAIT_S = 31536000 };

static enum bs_status
give_back(struct bs_pair *pair, struct bs_error *err) {
    pair->held.count = 0;
    bs_work_release(pair->config->work, pair->index);
    return bs_sql_exec(pair->source, err, "ROLLBACK TO SAVEPOINT " BS_VIEW_SAVEPOINT);
}

static enum bs_status
open_tables(const struct bs_pair *pair, struct bs_error *err) {
    struct bs_buf text = {0};
    bool more = true;
    uint64_t affected;
    unsigned int warnings;
    for (size_t i = 0; i < pair->held.count; i++) {
        const struct bs_table *table = pair->held.copies[i]->table;
        bs_buf_puts(&text, i > 0 ? "; SELECT 1 FROM " : "SELECT 1 FROM ");
        bs_sql_put_table(&text, bs_str(table->db), bs_str(table->name));
        bs_buf_puts(&text, " LIMIT 0");
    }
    enum bs_status status = bs_sql_multi_send(pair->source, bs_buf_str(&text), err);
    while (status == BS_OK && more) {
        status = bs_sql_multi_next(pair->source, &more, &affected, &warnings, err);
    }
    bs_buf_fini(&text);
    return status;
}

static enum bs_status
compare_ids(const struct bs_pair *pair, bool *same, struct bs_error *err) {
    struct bs_table_name names[BS_HELD_MAX];
    uint64_t ids[BS_HELD_MAX];
    const struct bs_held *held = &pair->held;
    for (size_t i = 0; i < held->count; i++) {
        const struct bs_table *table = held->copies[i]->table;
        names[i] = (struct bs_table_name){bs_str(table->db), bs_str(table->name)};
    }
    enum bs_status status =
        bs_catalog_table_ids(pair->source, pair->config->source, names, held->count, ids, err);
    *same = status == BS_OK;
    for (size_t i = 0; i < held->count && *same; i++) {
        *same = ids[i] == held->copies[i]->table_id;
    }
    return status;
}

/* Nobody shall wait for the others for as long as DDL on one of them may take. */
static enum bs_status
hold(const struct bs_pair *pair, bool *same, struct bs_error *err) {
    enum bs_status status = bs_sql_limit_waits(pair->source, WAIT_S, err);
    if (status == BS_OK) {
        status = open_tables(pair, err);
    }
    if (status == BS_OK) {
        status = compare_ids(pair, same, err);
    }
    if (status == BS_OK || status == BS_SERVER) {
        enum bs_status restored = bs_sql_limit_waits(pair->source, LONG_WAIT_S, NULL);
        status = restored == BS_OK ? status : restored;
    }
    return status;
}

enum bs_status
bs_held_begin(struct bs_pair *pair, enum bs_taker taker, const struct bs_work_item *item,
              struct bs_error *err) {
    struct bs_held *held = &pair->held;
    struct bs_error failure;
    bool same = false;
    if (pair->source == NULL || pair->is_locker || held->count > 0) {
        return BS_OK;
    }
    held->count =
        bs_work_keep(pair->config->work, taker, pair->index, item, held->copies, BS_HELD_MAX);
    held->left = held->count;
    if (held->count == 0) {
        return BS_OK;
    }
    bs_error_clear(&failure);
    enum bs_status status = hold(pair, &same, &failure);
    if (status == BS_OK && same) {
        return BS_OK;
    }
    if (status == BS_OK || status == BS_SERVER) { /* one of them was altered: each tells itself */
        return give_back(pair, err);
    }
    if (err != NULL) {
        *err = failure;
    }
    return status;
}

bool
bs_held_has(const struct bs_pair *pair, const struct bs_copy *copy) {
    for (size_t i = 0; i < pair->held.count; i++) {
        if (pair->held.copies[i] == copy) {
            return true;
        }
    }
    return false;
}

enum bs_status
bs_held_end(struct bs_pair *pair, const struct bs_copy *copy, bool is_last, struct bs_error *err) {
    if (!bs_held_has(pair, copy)) {
        return BS_OK;
    }
    pair->held.left -= is_last;
    return is_last && pair->held.left > 0 ? BS_OK : give_back(pair, err);
}

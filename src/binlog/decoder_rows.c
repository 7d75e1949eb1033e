/* Table maps and rows events in the stream: which map a rows event belongs to. */
#include "binlog/decoder_state.h"

#include "base/cursor.h"
#include "binlog/expand.h"

enum bs_status
bs_decoder_table_map(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    if (d->phase == BS_GROUP_BETWEEN || d->phase == BS_GROUP_NAMED) {
        return bs_error_set(err, BS_PROTOCOL, "binlog event TABLE_MAP outside a transaction");
    }
    return bs_maps_learn(&d->maps, event, &d->format, NULL, err);
}

static enum bs_status
no_map(uint64_t table_id, struct bs_error *err) {
    return bs_error_set(err, BS_PROTOCOL,
                        "rows event of table number %llu without its TABLE_MAP event",
                        (unsigned long long)table_id);
}

enum bs_status
bs_decoder_rows(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    uint64_t table_id = bs_cursor_read_u48(&c);
    uint16_t flags = bs_cursor_read_u16(&c);
    if (c.failed) {
        return bs_error_set(err, BS_PROTOCOL, "malformed rows event");
    }
    bool statement_end = (flags & BS_ROWS_STMT_END) != 0;
    const struct bs_table_map *map = bs_maps_find(&d->maps, table_id);
    if (map == NULL && table_id == BS_TABLE_ID_DUMMY && statement_end) {
        bs_maps_end_statement(&d->maps);
        return BS_OK;
    }
    if (map == NULL || d->phase == BS_GROUP_BETWEEN) {
        return no_map(table_id, err);
    }
    struct bs_event plain = *event;
    enum bs_status status = bs_event_expand(&plain, &d->inflated, err);
    if (status == BS_OK) {
        status = bs_decoder_group_open(d, &plain, err);
    }
    if (status != BS_OK) {
        return status;
    }
    bs_decoder_queue(d, BS_ITEM_ROWS, &plain)->map = map;
    if (statement_end) {
        bs_maps_end_statement(&d->maps);
    }
    bool ends_group = d->phase == BS_GROUP_STANDALONE || d->phase == BS_GROUP_EMPTIED;
    if (statement_end && ends_group) {
        return bs_decoder_group_close(d, event, BS_ITEM_GROUP_END, err);
    }
    return BS_OK;
}

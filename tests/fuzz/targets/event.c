/* A stream of events through the decoder, as a file holds them: flags(1) events.
 *
 *   flags & 3    position mode: 0 file, 1 GTID, 2 file and checksums from the stream's first event
 *   flags & 4    MariaDB
 *   flags & 8    end positions are put right
 *   flags & 16   checksums are left as they are
 *   flags & 32   read by the walker, and printed as lines, instead of by the decoder
 *
 * Sizes are always put right, and checksums unless told otherwise: what is tested is what is
 * behind. After an error the decoder starts again, as after a lost connection: with a copy of the
 * FORMAT_DESCRIPTION, which is what a server sends then, and the events that follow. */
#include "binlog/decoder.h"

#include "base/cursor.h"
#include "consume.h"
#include "events/events.h"
#include "repair.h"

#include <stdlib.h>

enum {
    FLAG_GTID = 1,
    FLAG_SUMMED = 2,
    FLAG_MARIADB = 4,
    FLAG_LOG_POS = 8,
    FLAG_RAW_SUM = 16,
    FLAG_LINES = 32
};
enum { RESTARTS_MAX = 8, FIRST_POS = 4, TYPE_OFFSET = 4, LOG_POS_OFFSET = 13 };

struct run {
    unsigned flags;
    struct bs_decoder *decoder;
    struct bs_position start;
    bool summed;
    struct bs_buf format; /* the last FORMAT_DESCRIPTION */
};

static enum bs_status
take_item(const struct bs_item *item, struct bs_error *err) {
    size_t count = 0;
    char gtid[BS_GTID_TEXT_MAX];
    bs_gtid_text(&item->gtid, gtid);
    return consume_item(item, &count, err);
}

/* The group's rules: BEGIN, what is in it, END; nothing outside. */
static void
check_order(const struct bs_item *item, bool *inside) {
    bool begins = item->kind == BS_ITEM_GROUP_BEGIN;
    BS_ASSERT(begins != *inside);
    *inside = item->kind != BS_ITEM_GROUP_END && item->kind != BS_ITEM_GROUP_ROLLBACK;
}

static enum bs_status
take_event(struct run *run, struct bs_str raw, bool *inside, struct bs_error *err) {
    struct bs_item item;
    enum bs_status status = bs_decoder_push(run->decoder, raw, err);
    while (status == BS_OK && (status = bs_decoder_next(run->decoder, &item, err)) == BS_OK &&
           item.kind != BS_ITEM_NONE) {
        check_order(&item, inside);
        status = take_item(&item, err);
    }
    return status;
}

static void
repair(struct run *run, uint8_t *raw, size_t len, uint64_t pos) {
    repair_size(raw, len);
    if ((run->flags & FLAG_LOG_POS) != 0) {
        repair_log_pos(raw, len, pos + len);
    }
    if (len > TYPE_OFFSET && raw[TYPE_OFFSET] == BS_EVENT_FORMAT_DESCRIPTION) {
        run->summed = has_checksums((struct bs_str){(const char *)raw, len});
        bs_buf_clear(&run->format);
        bs_buf_put(&run->format, raw, len);
    }
    if (run->summed && (run->flags & FLAG_RAW_SUM) == 0) {
        repair_checksum(raw, len);
    }
}

/* What the decoder says of itself must hold together after every event. */
static void
check_decoder(const struct bs_decoder *decoder) {
    struct bs_position position = {0};
    struct bs_error err;
    char where[BS_ERROR_POSITION_MAX];
    BS_ASSERT(bs_decoder_position(decoder, &position, &err) == BS_OK);
    bs_decoder_where(decoder, where, sizeof where);
    bs_position_fini(&position);
}

static void
print(struct run *run, struct bs_str bytes) {
    size_t lines = 0;
    struct bs_events_config config = {
        .mode = BS_EVENTS_PRINT, .sink = consume_lines, .sink_arg = &lines};
    struct bs_events *events = bs_events_new(&config);
    struct bs_error err;
    bool done = false;
    enum bs_status status = BS_OK;
    bs_events_enter(events, "binlog.000001", FIRST_POS);
    if ((run->flags & FLAG_SUMMED) != 0) {
        bs_events_is_stream(events, true);
    }
    while (bytes.len > 0 && status == BS_OK) {
        size_t len = event_len(bytes);
        char *copy = copy_exactly((struct bs_str){bytes.data, len});
        repair(run, (uint8_t *)copy, len, bs_events_pos(events));
        status = bs_events_feed(events, (struct bs_str){copy, len}, &done, &err);
        free(copy);
        bytes = (struct bs_str){bytes.data + len, bytes.len - len};
    }
    BS_ASSERT(bs_events_flush(events, &err) == BS_OK && lines >= bs_events_seen(events));
    bs_events_free(events);
}

static bool
restart(struct run *run) {
    struct bs_error err;
    bool inside = false;
    if (bs_decoder_restart(run->decoder, &run->start, run->summed, &err) != BS_OK) {
        return false;
    }
    if (run->format.len < BS_EVENT_HEADER_LEN) {
        return true;
    }
    char *copy = copy_exactly(bs_buf_str(&run->format));
    memset(copy + LOG_POS_OFFSET, 0, 4);
    if (run->summed) {
        repair_checksum((uint8_t *)copy, run->format.len);
    }
    enum bs_status status = take_event(run, (struct bs_str){copy, run->format.len}, &inside, &err);
    free(copy);
    return status == BS_OK;
}

static void
feed(struct run *run, struct bs_str bytes) {
    struct bs_error err;
    bool inside = false;
    unsigned restarts = 0;
    while (bytes.len > 0) {
        size_t len = event_len(bytes);
        char *copy = copy_exactly((struct bs_str){bytes.data, len});
        repair(run, (uint8_t *)copy, len, bs_decoder_pos(run->decoder));
        enum bs_status status = take_event(run, (struct bs_str){copy, len}, &inside, &err);
        free(copy);
        check_decoder(run->decoder);
        bytes = (struct bs_str){bytes.data + len, bytes.len - len};
        if (status == BS_OK) {
            continue;
        }
        inside = false;
        if (restarts++ == RESTARTS_MAX || !restart(run)) {
            return;
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bs_cursor c = bs_cursor(data, size);
    struct bs_error err;
    struct run run = {.flags = bs_cursor_read_u8(&c)};
    bool mariadb = (run.flags & FLAG_MARIADB) != 0;
    enum bs_position_mode mode = (run.flags & FLAG_GTID) == 0 ? BS_POSITION_FILE
                                 : mariadb                    ? BS_POSITION_GTID_MARIADB
                                                              : BS_POSITION_GTID_MYSQL;
    run.summed = (run.flags & FLAG_SUMMED) != 0;
    bs_position_set(&run.start, "binlog.000001", FIRST_POS, "");
    if (bs_decoder_new(&run.decoder, mariadb ? BS_MARIADB : BS_MYSQL, &run.start, mode, run.summed,
                       &err) != BS_OK) {
        return 0;
    }
    if ((run.flags & FLAG_LINES) != 0) {
        print(&run, bs_cursor_read_rest(&c));
    } else {
        feed(&run, bs_cursor_read_rest(&c));
    }
    bs_decoder_free(run.decoder);
    bs_buf_fini(&run.format);
    bs_position_fini(&run.start);
    return 0;
}

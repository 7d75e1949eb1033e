#include "decode_all.h"

#include "binlog/decoder.h"
#include "consume.h"
#include "events/events.h"
#include "repair.h"

#include <stdlib.h>

enum { MAGIC_LEN = 4, VERSION_OFFSET = 2, VERSION_LEN = 50 };

static enum bs_status
take_event(struct bs_decoder *decoder, struct bs_str raw, struct decode_count *count,
           struct bs_error *err) {
    struct bs_item item;
    char *copy = copy_exactly(raw);
    enum bs_status status = bs_decoder_push(decoder, (struct bs_str){copy, raw.len}, err);
    while (status == BS_OK && (status = bs_decoder_next(decoder, &item, err)) == BS_OK &&
           item.kind != BS_ITEM_NONE) {
        count->items++;
        status = consume_item(&item, &count->rows, err);
    }
    free(copy);
    return status;
}

static enum bs_status
decode(struct bs_str file, const struct decode_how *how, struct decode_step *steps,
       struct decode_count *count, struct bs_error *err) {
    struct bs_position start = {0};
    struct bs_decoder *decoder = NULL;
    bs_position_set(&start, "binlog.000001", MAGIC_LEN, "");
    enum bs_status status = bs_decoder_new(&decoder, how->flavour, &start, how->mode, false, err);
    struct bs_str rest = {file.data + MAGIC_LEN, file.len - MAGIC_LEN};
    while (status == BS_OK && rest.len > 0) {
        size_t len = event_len(rest);
        struct decode_count before = *count;
        status = take_event(decoder, (struct bs_str){rest.data, len}, count, err);
        if (steps != NULL) {
            steps->decoded = status == BS_OK;
            steps->in_group = bs_decoder_in_group(decoder);
            steps->items = count->items - before.items;
            steps->rows = count->rows - before.rows;
            steps++;
        }
        rest = (struct bs_str){rest.data + len, rest.len - len};
        count->events++;
    }
    bs_decoder_free(decoder);
    bs_position_fini(&start);
    return status;
}

/* The lines are looked at piece by piece; with steps a piece is what one event gave. */
static void
print(struct bs_str file, struct decode_step *steps) {
    size_t lines = 0;
    struct bs_events_config config = {
        .mode = BS_EVENTS_PRINT, .sink = consume_lines, .sink_arg = &lines};
    struct bs_events *events = bs_events_new(&config);
    enum bs_status status = BS_OK;
    bool done = false;
    struct bs_str rest = {file.data + MAGIC_LEN, file.len - MAGIC_LEN};
    bs_events_enter(events, "binlog.000001", MAGIC_LEN);
    while (status == BS_OK && rest.len > 0) {
        size_t len = event_len(rest);
        char *copy = copy_exactly((struct bs_str){rest.data, len});
        status = bs_events_feed(events, (struct bs_str){copy, len}, &done, NULL);
        free(copy);
        if (steps != NULL) {
            BS_ASSERT(bs_events_flush(events, NULL) == BS_OK);
            steps->printed = status == BS_OK;
            steps->lines = lines;
            lines = 0;
            steps++;
        }
        rest = (struct bs_str){rest.data + len, rest.len - len};
    }
    BS_ASSERT(bs_events_flush(events, NULL) == BS_OK);
    bs_events_free(events);
}

enum bs_status
decode_all(struct bs_str file, const struct decode_how *how, struct decode_step *steps,
           struct decode_count *count, struct bs_error *err) {
    *count = (struct decode_count){0};
    if (file.len < MAGIC_LEN || memcmp(file.data, "\xfe\x62\x69\x6e", MAGIC_LEN) != 0) {
        return bs_error_set(err, BS_PROTOCOL, "not a binlog file");
    }
    print(file, steps);
    return decode(file, how, steps, count, err);
}

struct decode_how
decode_how_for(struct bs_str file) {
    size_t head = MAGIC_LEN + BS_EVENT_HEADER_LEN + VERSION_OFFSET;
    bool mariadb = file.len >= head + VERSION_LEN &&
                   memmem(file.data + head, VERSION_LEN, "MariaDB", 7) != NULL;
    struct decode_how by_file = {mariadb ? BS_MARIADB : BS_MYSQL, BS_POSITION_FILE};
    struct decode_how by_gtid = {by_file.flavour,
                                 mariadb ? BS_POSITION_GTID_MARIADB : BS_POSITION_GTID_MYSQL};
    struct decode_count file_count;
    struct decode_count gtid_count;
    (void)decode_all(file, &by_file, NULL, &file_count, NULL);
    (void)decode_all(file, &by_gtid, NULL, &gtid_count, NULL);
    return gtid_count.events > file_count.events ? by_gtid : by_file;
}

/* What is in each type of event, as its line shows it: type(1) flags(1) body.
 *
 *   flags & 1   MariaDB
 *
 * What is printed must be one line, and that a JSON object of UTF-8. */
#include "base/cursor.h"
#include "consume.h"
#include "events/event.h"

#include <stdlib.h>

enum { FLAG_MARIADB = 1 };

/* TABLE_MAP and rows have targets of their own. */
static bool
is_of_tables(uint8_t type) {
    return type == BS_EVENT_TABLE_MAP;
}

static void
check_line(const struct bs_buf *line) {
    size_t lines = 0;
    BS_ASSERT(consume_lines(&lines, bs_buf_str(line), NULL) == BS_OK && lines == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bs_cursor c = bs_cursor(data, size);
    uint8_t type = bs_cursor_read_u8(&c);
    unsigned flags = bs_cursor_read_u8(&c);
    struct bs_str body = bs_cursor_read_rest(&c);
    if (c.failed || is_of_tables(type)) {
        return 0;
    }
    char *copy = copy_exactly(body);
    struct bs_walked walked = {.event = {.type = type, .body = {copy, body.len}},
                               .logged_type = type,
                               .file = "binlog.000001",
                               .is_mariadb = (flags & FLAG_MARIADB) != 0};
    struct bs_buf line = {0};
    struct bs_buf inflated = {0};
    if (bs_events_put_event(&line, &walked, NULL, &inflated, NULL) == BS_OK) {
        check_line(&line);
    } else {
        BS_ASSERT(line.len == 0);
    }
    bs_buf_fini(&line);
    bs_buf_fini(&inflated);
    free(copy);
    return 0;
}

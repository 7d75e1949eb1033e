/* GTID sets and positions: text and wire form, which must be two notations of one set.
 *
 *   kind(1) bytes      kind 0: MySQL, bytes are text; 1: MariaDB, text; 2: MySQL, the wire form */
#include "binlog/gtid.h"
#include "base/cursor.h"
#include "consume.h"

#include <stdlib.h>

static void
check_same(const struct bs_gtid_set *a, const struct bs_gtid_set *b) {
    struct bs_buf a_text = {0};
    struct bs_buf b_text = {0};
    bs_gtid_set_text(a, &a_text);
    bs_gtid_set_text(b, &b_text);
    BS_ASSERT(bs_gtid_set_is_subset(a, b) && bs_gtid_set_is_subset(b, a));
    BS_ASSERT(bs_str_equal(bs_buf_str(&a_text), bs_buf_str(&b_text)));
    BS_ASSERT(bs_gtid_set_is_empty(a) == (a_text.len == 0));
    bs_buf_fini(&a_text);
    bs_buf_fini(&b_text);
}

static void
check_text(const struct bs_gtid_set *set, enum bs_flavour flavour) {
    struct bs_buf text = {0};
    struct bs_error err;
    struct bs_gtid_set *again = bs_gtid_set_new(flavour);
    bs_gtid_set_text(set, &text);
    BS_ASSERT(bs_gtid_set_parse(again, bs_buf_str(&text), &err) == BS_OK);
    check_same(set, again);
    bs_gtid_set_free(again);
    bs_buf_fini(&text);
}

static void
check_wire(const struct bs_gtid_set *set) {
    struct bs_buf bytes = {0};
    struct bs_error err;
    struct bs_gtid_set *again = bs_gtid_set_new(BS_MYSQL);
    bs_gtid_set_encode(set, &bytes);
    char *copy = copy_exactly(bs_buf_str(&bytes));
    BS_ASSERT(bs_gtid_set_decode(again, (struct bs_str){copy, bytes.len}, &err) == BS_OK);
    check_same(set, again);
    free(copy);
    bs_gtid_set_free(again);
    bs_buf_fini(&bytes);
}

/* One more transaction: it is in the set from then on, and the set it was is a part of it. */
static void
check_add(struct bs_gtid_set *set, enum bs_flavour flavour, struct bs_str from) {
    struct bs_cursor c = bs_cursor(from.data, from.len);
    struct bs_gtid gtid = {.known = true, .flavour = flavour};
    gtid.number = bs_cursor_read_u16(&c) + 1u;
    gtid.domain = bs_cursor_read_u8(&c);
    struct bs_str uuid = bs_cursor_read_str(&c, sizeof gtid.uuid);
    memcpy(gtid.uuid, uuid.data, uuid.len);
    bs_gtid_set_add(set, &gtid);
    BS_ASSERT(bs_gtid_set_has(set, &gtid) && !bs_gtid_set_is_empty(set));
    check_text(set, flavour);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bs_cursor c = bs_cursor(data, size);
    unsigned kind = bs_cursor_read_u8(&c) % 3;
    enum bs_flavour flavour = kind == 1 ? BS_MARIADB : BS_MYSQL;
    struct bs_str given = bs_cursor_read_rest(&c);
    char *copy = copy_exactly(given);
    struct bs_str bytes = {copy, given.len};
    struct bs_gtid_set *set = bs_gtid_set_new(flavour);
    struct bs_error err;
    enum bs_status status =
        kind == 2 ? bs_gtid_set_decode(set, bytes, &err) : bs_gtid_set_parse(set, bytes, &err);
    if (status == BS_OK) {
        check_text(set, flavour);
        if (flavour == BS_MYSQL) {
            check_wire(set);
        }
        check_add(set, flavour, bytes);
    }
    bs_gtid_set_free(set);
    free(copy);
    return 0;
}

#include "binlog/gtid.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define UUID_A "11111111-2222-3333-4444-555555555555"
#define UUID_B "c289c8aa-e6b0-11f1-8a80-02fc00000001"

/* What a text parses to, printed again; NULL if it is refused. */
static const char *
again(enum bs_flavour flavour, const char *text) {
    static char out[1024];
    struct bs_gtid_set *set = bs_gtid_set_new(flavour);
    struct bs_buf buf = {0};
    bool good = bs_gtid_set_parse(set, bs_str(text), NULL) == BS_OK;
    bs_gtid_set_text(set, &buf);
    snprintf(out, sizeof out, "%s", bs_buf_cstr(&buf));
    bs_buf_fini(&buf);
    bs_gtid_set_free(set);
    return good ? out : NULL;
}

static struct bs_gtid_set *
set_of(enum bs_flavour flavour, const char *text) {
    struct bs_gtid_set *set = bs_gtid_set_new(flavour);
    cr_assert_eq(bs_gtid_set_parse(set, bs_str(text), NULL), BS_OK);
    return set;
}

static struct bs_gtid
mysql_gtid(uint8_t first, const char *tag, uint64_t number) {
    struct bs_gtid gtid = {.known = true, .flavour = BS_MYSQL, .number = number, .uuid = {first}};
    snprintf(gtid.tag, sizeof gtid.tag, "%s", tag);
    return gtid;
}

Test(gtid, a_set_is_printed_as_servers_print_it) {
    cr_assert_str_eq(again(BS_MYSQL, ""), "");
    cr_assert_str_eq(again(BS_MYSQL, UUID_A ":1-5:7"), UUID_A ":1-5:7");
    cr_assert_str_eq(again(BS_MYSQL, UUID_B ":1 ,\n " UUID_A ":3 - 4"), UUID_A ":3-4," UUID_B ":1");
    cr_assert_str_eq(again(BS_MYSQL, "C289C8AAE6B011F18A8002FC00000001:1"), UUID_B ":1");
    cr_assert_str_eq(again(BS_MARIADB, "0-1-100,1-2-7"), "0-1-100,1-2-7");
}

Test(gtid, intervals_that_touch_or_overlap_become_one) {
    cr_assert_str_eq(again(BS_MYSQL, UUID_A ":1-5:6:8-9:3-7"), UUID_A ":1-9");
    cr_assert_str_eq(again(BS_MYSQL, UUID_A ":10:1:5:2-3," UUID_A ":4"), UUID_A ":1-5:10");
    cr_assert_str_eq(again(BS_MYSQL, UUID_A ":1:3:5:7:2-6"), UUID_A ":1-7");
}

Test(gtid, tags_hold_until_the_next_tag_and_are_lower_case) {
    cr_assert_str_eq(again(BS_MYSQL, UUID_A ":1-5:Tag_A:1-3:tag_b:7"),
                     UUID_A ":1-5:tag_a:1-3:tag_b:7");
    cr_assert_str_eq(again(BS_MYSQL, UUID_A ":mytag:7,\n" UUID_B ":1-25:tag_one:1-2"),
                     UUID_A ":mytag:7," UUID_B ":1-25:tag_one:1-2");
}

Test(gtid, a_malformed_text_is_refused) {
    static const char *const bad[] = {
        "x",
        UUID_A,
        UUID_A ":",
        UUID_A ":0",
        UUID_A ":5-3",
        UUID_A ":1,,",
        UUID_A ":1;" UUID_B ":1",
        UUID_A ":tag",
        UUID_A ":1-",
        UUID_A ":9223372036854775807",
        UUID_A ":a234567890123456789012345678901234:1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_null(again(BS_MYSQL, bad[i]), "%s", bad[i]);
    }
    cr_assert_null(again(BS_MARIADB, "0-1"));
    cr_assert_null(again(BS_MARIADB, "0-4294967296-1"));
}

Test(gtid, the_last_transaction_of_a_domain_replaces_the_one_before) {
    struct bs_gtid_set *set = set_of(BS_MARIADB, "0-1-100,5-1-3");
    struct bs_gtid gtid = {
        .known = true, .flavour = BS_MARIADB, .domain = 0, .server_id = 2, .number = 90};
    bs_gtid_set_add(set, &gtid);
    struct bs_buf buf = {0};
    bs_gtid_set_text(set, &buf);
    cr_assert_str_eq(bs_buf_cstr(&buf), "0-2-90,5-1-3");
    cr_assert(bs_gtid_set_has(set, &gtid));
    gtid.number = 91;
    cr_assert(!bs_gtid_set_has(set, &gtid));
    bs_buf_fini(&buf);
    bs_gtid_set_free(set);
}

Test(gtid, what_was_added_is_in_it_and_its_neighbours_are_not) {
    struct bs_gtid_set *set = bs_gtid_set_new(BS_MYSQL);
    for (uint64_t n = 1; n <= 100000; n++) {
        struct bs_gtid gtid = mysql_gtid(1, "", n);
        bs_gtid_set_add(set, &gtid);
    }
    struct bs_gtid gap = mysql_gtid(1, "", 100002);
    bs_gtid_set_add(set, &gap);
    for (uint64_t n = 99998; n <= 100003; n++) {
        struct bs_gtid gtid = mysql_gtid(1, "", n);
        cr_assert_eq(bs_gtid_set_has(set, &gtid), n <= 100000 || n == 100002, "%u", (unsigned)n);
    }
    struct bs_gtid tagged = mysql_gtid(1, "t", 5);
    struct bs_gtid other = mysql_gtid(2, "", 5);
    cr_assert(!bs_gtid_set_has(set, &tagged));
    cr_assert(!bs_gtid_set_has(set, &other));
    bs_gtid_set_free(set);
}

Test(gtid, subsets) {
    static const struct {
        const char *inner, *outer;
        bool is;
    } cases[] = {
        {"", "", true},
        {"", UUID_A ":1", true},
        {UUID_A ":1", "", false},
        {UUID_A ":2-4:7", UUID_A ":1-5:7-9", true},
        {UUID_A ":4-7", UUID_A ":1-5:7-9", false},
        {UUID_A ":t:1", UUID_A ":1-5", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bs_gtid_set *inner = set_of(BS_MYSQL, cases[i].inner);
        struct bs_gtid_set *outer = set_of(BS_MYSQL, cases[i].outer);
        cr_assert_eq(bs_gtid_set_is_subset(inner, outer), cases[i].is, "%s in %s", cases[i].inner,
                     cases[i].outer);
        bs_gtid_set_free(inner);
        bs_gtid_set_free(outer);
    }
    struct bs_gtid_set *inner = set_of(BS_MARIADB, "0-1-5,1-1-7");
    struct bs_gtid_set *outer = set_of(BS_MARIADB, "0-9-5,1-1-8,2-1-1");
    cr_assert(bs_gtid_set_is_subset(inner, outer));
    cr_assert(!bs_gtid_set_is_subset(outer, inner));
    bs_gtid_set_free(inner);
    bs_gtid_set_free(outer);
}

Test(gtid, the_wire_form_is_plain_without_tags) {
    struct bs_gtid_set *set = set_of(BS_MYSQL, UUID_A ":1-5");
    struct bs_buf buf = {0};
    bs_gtid_set_encode(set, &buf);
    static const uint8_t expected[] = {1,    0,    0,    0,    0,    0,    0,    0,    0x11, 0x11,
                                       0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55, 0x55,
                                       0x55, 0x55, 0x55, 0x55, 1,    0,    0,    0,    0,    0,
                                       0,    0,    1,    0,    0,    0,    0,    0,    0,    0,
                                       6,    0,    0,    0,    0,    0,    0,    0};
    cr_assert_eq(buf.len, sizeof expected);
    cr_assert_arr_eq(buf.data, expected, sizeof expected);
    bs_buf_fini(&buf);
    bs_gtid_set_free(set);
}

Test(gtid, the_tagged_wire_form_has_its_count_between_two_ones) {
    struct bs_gtid_set *set = set_of(BS_MYSQL, UUID_A ":1:ab:2");
    struct bs_buf buf = {0};
    bs_gtid_set_encode(set, &buf);
    static const uint8_t head[] = {1, 2, 0, 0, 0, 0, 0, 1};
    cr_assert_arr_eq(buf.data, head, sizeof head);
    cr_assert_eq(buf.data[8 + 16], 0);
    size_t second = 8 + 16 + 1 + 8 + 16;
    cr_assert_eq(buf.data[second + 16], 2 << 1);
    cr_assert_arr_eq(buf.data + second + 17, "ab", 2);
    bs_buf_fini(&buf);
    bs_gtid_set_free(set);
}

Test(gtid, the_wire_form_reads_back_and_its_every_prefix_is_refused) {
    static const char *const texts[] = {"", UUID_A ":1-5:7:9-10," UUID_B ":1",
                                        UUID_A ":1:ab:2-9:c:4," UUID_B ":5"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct bs_gtid_set *set = set_of(BS_MYSQL, texts[i]);
        struct bs_buf buf = {0};
        struct bs_buf text = {0};
        bs_gtid_set_encode(set, &buf);
        bs_gtid_set_free(set);
        for (size_t len = 0; len <= buf.len; len++) {
            set = bs_gtid_set_new(BS_MYSQL);
            enum bs_status status =
                bs_gtid_set_decode(set, (struct bs_str){(char *)buf.data, len}, NULL);
            cr_assert_eq(status == BS_OK, len == buf.len, "%zu of %zu bytes", len, buf.len);
            bs_buf_clear(&text);
            bs_gtid_set_text(set, &text);
            bs_gtid_set_free(set);
        }
        cr_assert_str_eq(bs_buf_cstr(&text), texts[i]);
        bs_buf_fini(&buf);
        bs_buf_fini(&text);
    }
}

Test(gtid, one_transaction_has_a_text) {
    char text[BS_GTID_TEXT_MAX];
    struct bs_gtid gtid = mysql_gtid(0xAB, "tag", 77);
    bs_gtid_text(&gtid, text);
    cr_assert_str_eq(text, "ab000000-0000-0000-0000-000000000000:tag:77");
    gtid = (struct bs_gtid){
        .known = true, .flavour = BS_MARIADB, .domain = 3, .server_id = 4, .number = 5};
    bs_gtid_text(&gtid, text);
    cr_assert_str_eq(text, "3-4-5");
    gtid.known = false;
    bs_gtid_text(&gtid, text);
    cr_assert_str_eq(text, "");
}

Test(gtid, a_source_without_intervals_is_not_in_the_set) {
    struct bs_gtid_set *set = bs_gtid_set_new(BS_MYSQL);
    static const char bytes[8 + 16 + 8] = {1};
    cr_assert_eq(bs_gtid_set_decode(set, (struct bs_str){bytes, sizeof bytes}, NULL), BS_OK);
    cr_assert(bs_gtid_set_is_empty(set));
    bs_gtid_set_free(set);
}

/* What is decoded is kept as text, and must be read back from there. */
Test(gtid, a_tag_that_no_server_gives_is_refused) {
    static const char *const tags[] = {"a,b", "1a", "A", "a b", "a\xbe"};
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        struct bs_gtid_set *set = bs_gtid_set_new(BS_MYSQL);
        struct bs_buf bytes = {0};
        bs_buf_put(&bytes, "\1\1\0\0\0\0\0\1", 8);
        bs_buf_put_fill(&bytes, 7, 16);
        bs_buf_put_u8(&bytes, (uint8_t)(strlen(tags[i]) << 1));
        bs_buf_puts(&bytes, tags[i]);
        bs_buf_put_le(&bytes, 1, 8);
        bs_buf_put_le(&bytes, 1, 8);
        bs_buf_put_le(&bytes, 2, 8);
        cr_assert_eq(bs_gtid_set_decode(set, bs_buf_str(&bytes), NULL), BS_PROTOCOL, "%s", tags[i]);
        bs_gtid_set_free(set);
        bs_buf_fini(&bytes);
    }
}

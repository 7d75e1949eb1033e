/* Values of every type, by hand: the vectors are those of field guide 5 and of the MySQL sources'
 * own comments, not made with this decoder. */
#include "base/mem.h"
#include "binlog/rows.h"
#include "binlog/wire_type.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct bs_arena arena;
static char text[8192];

/* One column of one row, decoded; in `text` what it is, or the error. */
static const char *
decode(struct bs_map_column wire, struct bs_column model, const void *bytes, size_t len) {
    struct bs_table_map map = {
        .db = {"d", 1}, .table = {"t", 1}, .column_count = 1, .columns = &wire};
    struct bs_table table = {.columns = &model, .column_count = 1};
    struct bs_buf body = {0};
    bs_buf_put(&body, "\1\0\0\0\0\0\1\0\2\0\1\1\0", 13);
    bs_buf_put(&body, bytes, len);
    struct bs_event event = {.type = BS_EVENT_WRITE_ROWS_V2, .body = bs_buf_str(&body)};
    struct bs_rows rows;
    struct bs_error err = {0};
    bool more = false;
    enum bs_status status = bs_rows_open(&rows, &event, &map, &table, &arena, &err);
    if (status == BS_OK) {
        status = bs_rows_next(&rows, &more, &err);
    }
    const struct bs_value *v = status == BS_OK && more ? &rows.after[0] : NULL;
    if (v == NULL) {
        snprintf(text, sizeof text, "%s: %s", bs_status_name(status), err.message);
    } else if (v->kind == BS_VALUE_INT) {
        snprintf(text, sizeof text, "%lld", (long long)v->i64);
    } else if (v->kind == BS_VALUE_UINT) {
        snprintf(text, sizeof text, "%llu", (unsigned long long)v->u64);
    } else if (v->kind == BS_VALUE_FLOAT || v->kind == BS_VALUE_DOUBLE) {
        snprintf(text, sizeof text, "%a", v->kind == BS_VALUE_FLOAT ? (double)v->f32 : v->f64);
    } else {
        snprintf(text, sizeof text, "%.*s", (int)v->text.len, v->text.data);
    }
    if (v != NULL) {
        status = bs_rows_next(&rows, &more, &err);
        cr_assert(status == BS_OK && !more, "bytes are left after %s", text);
    }
    bs_rows_close(&rows);
    bs_buf_fini(&body);
    return text;
}

#define WIRE(t, m) ((struct bs_map_column){.type = (t), .meta = (m)})
#define BYTES(s) s, sizeof(s) - 1

#define TIME2(n, s)                                                                                \
    decode(WIRE(BS_WIRE_TIME2, n), (struct bs_column){.type = BS_TYPE_TIME, .fsp = n}, BYTES(s))

Test(values, a_column_that_the_log_calls_otherwise_is_refused) {
    static char name[] = "price";
    struct bs_map_column wire = {.type = BS_WIRE_TINY, .name = {"Price", 5}};
    struct bs_column model = {.type = BS_TYPE_TINYINT, .name = name};
    cr_assert_str_eq(decode(wire, model, "\x05", 1), "5");
    wire.name = (struct bs_str){"cost", 4};
    cr_assert_str_eq(
        decode(wire, model, "\x05", 1),
        "schema: column 1 of d.t is called `cost` in the binlog, `price` in the schema "
        "model");
}

/* What no server stores is not made into something that one could store. */
Test(values, what_cannot_be_is_refused) {
    static const struct {
        struct bs_map_column wire;
        struct bs_column model;
        const char *bytes;
        size_t len;
        const char *what;
    } cases[] = {
        {{.type = BS_WIRE_DATE}, {.type = BS_TYPE_DATE}, BYTES("\x21\x72\x60"), "a date"},
        {{.type = BS_WIRE_DATE}, {.type = BS_TYPE_DATE}, BYTES("\xa1\xe1\x0f"), "a date"},
        {{.type = BS_WIRE_TIME2, .meta = 2},
         {.type = BS_TYPE_TIME, .fsp = 2},
         BYTES("\x80\x00\x01\xff"),
         "a time"},
        {{.type = BS_WIRE_NEWDECIMAL, .meta = 2},
         {.type = BS_TYPE_DECIMAL, .precision = 2},
         BYTES("\xff"),
         "a decimal"},
        {{.type = BS_WIRE_BIT, .meta = 3},
         {.type = BS_TYPE_BIT, .length = 3},
         BYTES("\xff"),
         "bits"},
        {{.type = BS_WIRE_VARCHAR, .meta = 2},
         {.type = BS_TYPE_VARCHAR, .length = 2},
         BYTES("\x05hello"),
         "longer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = decode(cases[i].wire, cases[i].model, cases[i].bytes, cases[i].len);
        cr_assert(strstr(got, "protocol: row 1") == got && strstr(got, cases[i].what) != NULL,
                  "case %zu: %s", i, got);
    }
}

Test(values, negative_times_count_backwards_from_the_sign_bit) {
    cr_assert_str_eq(TIME2(2, "\x7f\xff\xff\xff"), "-00:00:00.01");
    cr_assert_str_eq(TIME2(2, "\x7f\xff\xff\x9d"), "-00:00:00.99");
    cr_assert_str_eq(TIME2(2, "\x7f\xff\xff\x00"), "-00:00:01.00");
    cr_assert_str_eq(TIME2(2, "\x7f\xff\xfe\xff"), "-00:00:01.01");
    cr_assert_str_eq(TIME2(2, "\x7f\xff\xfe\xf6"), "-00:00:01.10");
    cr_assert_str_eq(TIME2(0, "\x4b\x91\x05"), "-838:59:59");
    cr_assert_str_eq(TIME2(0, "\x80\x00\x00"), "00:00:00");
    cr_assert_str_eq(TIME2(6, "\x80\x00\x01\x0f\x42\x3f"), "00:00:01.999999");
    cr_assert_str_eq(TIME2(6, "\x7f\xff\xff\xff\xff\xff"), "-00:00:00.000001");
    cr_assert_str_eq(TIME2(3, "\x80\x00\x00\x00\x64"), "00:00:00.010");
    bs_arena_fini(&arena);
}

Test(values, temporal_values_keep_zero_and_partial_dates) {
    struct bs_column dt = {.type = BS_TYPE_DATETIME};
    struct bs_column ts = {.type = BS_TYPE_TIMESTAMP};
    struct bs_column d = {.type = BS_TYPE_DATE};
    cr_assert_str_eq(decode(WIRE(BS_WIRE_DATETIME2, 0), dt, BYTES("\x80\0\0\0\0")),
                     "0000-00-00 00:00:00");
    cr_assert_str_eq(decode(WIRE(BS_WIRE_DATE, 0), d, BYTES("\x60\xcf\x0f")), "2023-11-00");
    cr_assert_str_eq(decode(WIRE(BS_WIRE_DATE, 0), d, BYTES("\0\0\0")), "0000-00-00");
    cr_assert_str_eq(decode(WIRE(BS_WIRE_TIMESTAMP2, 0), ts, BYTES("\0\0\0\0")),
                     "0000-00-00 00:00:00");
    cr_assert_str_eq(decode(WIRE(BS_WIRE_TIMESTAMP2, 0), ts, BYTES("\0\0\0\1")),
                     "1970-01-01 00:00:01");
    cr_assert_str_eq(decode(WIRE(BS_WIRE_TIMESTAMP2, 0), ts, BYTES("\x7f\xff\xff\xff")),
                     "2038-01-19 03:14:07");
    cr_assert_str_eq(decode(WIRE(BS_WIRE_TIMESTAMP2, 0), ts, BYTES("\xff\xff\xff\xff")),
                     "2106-02-07 06:28:15");
    cr_assert_str_eq(decode(WIRE(BS_WIRE_TIMESTAMP2, 0), ts, BYTES("\x65\xe0\x64\x80")),
                     "2024-02-29 11:03:28");
    cr_assert_str_eq(
        decode(WIRE(BS_WIRE_YEAR, 0), (struct bs_column){.type = BS_TYPE_YEAR}, BYTES("\xff")),
        "2155");
    bs_arena_fini(&arena);
}

Test(values, old_temporal_values_are_decimal_numbers) {
    struct bs_column t = {.type = BS_TYPE_TIME};
    struct bs_column dt = {.type = BS_TYPE_DATETIME};
    cr_assert_str_eq(decode(WIRE(BS_WIRE_TIME, 0), t, BYTES("\x40\xe2\x01")), "12:34:56");
    cr_assert_str_eq(decode(WIRE(BS_WIRE_TIME, 0), t, BYTES("\x59\x0a\x80")), "-838:59:59");
    cr_assert_str_eq(decode(WIRE(BS_WIRE_DATETIME, 0), dt, BYTES("\x80\xc5\xaa\x8b\x68\x12\0\0")),
                     "2024-02-29 12:34:56");
    bs_arena_fini(&arena);
}

#define DECIMAL(p, s, b)                                                                           \
    decode(WIRE(BS_WIRE_NEWDECIMAL, (p) | (s) << 8),                                               \
           (struct bs_column){.type = BS_TYPE_DECIMAL, .precision = p, .scale = s}, BYTES(b))

Test(values, decimals_keep_their_scale) {
    /* The example of the server's own decimal.c: 1234567890.1234. */
    cr_assert_str_eq(DECIMAL(14, 4, "\x81\x0d\xfb\x38\xd2\x04\xd2"), "1234567890.1234");
    cr_assert_str_eq(DECIMAL(14, 4, "\x7e\xf2\x04\xc7\x2d\xfb\x2d"), "-1234567890.1234");
    cr_assert_str_eq(DECIMAL(1, 0, "\x80"), "0");
    cr_assert_str_eq(DECIMAL(4, 4, "\x80\x00"), "0.0000");
    cr_assert_str_eq(DECIMAL(4, 4, "\x7f\xfe"), "-0.0001");
    cr_assert(strstr(DECIMAL(14, 4, "\x81\x0d\xfb\x38\xd2\x04"), "protocol") != NULL);
    bs_arena_fini(&arena);
}

Test(values, integers_are_signed_by_the_model) {
    struct bs_column c = {.type = BS_TYPE_MEDIUMINT};
    cr_assert_str_eq(decode(WIRE(BS_WIRE_INT24, 0), c, BYTES("\xff\xff\xff")), "-1");
    cr_assert_str_eq(decode(WIRE(BS_WIRE_INT24, 0), c, BYTES("\x00\x00\x80")), "-8388608");
    c.is_unsigned = true;
    cr_assert_str_eq(decode(WIRE(BS_WIRE_INT24, 0), c, BYTES("\xff\xff\xff")), "16777215");
    c = (struct bs_column){.type = BS_TYPE_BIGINT, .is_unsigned = true};
    cr_assert_str_eq(
        decode(WIRE(BS_WIRE_LONGLONG, 0), c, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff")),
        "18446744073709551615");
    c = (struct bs_column){.type = BS_TYPE_BIT, .length = 17};
    cr_assert_str_eq(decode(WIRE(BS_WIRE_BIT, 1 | 2 << 8), c, BYTES("\x01\x00\x01")), "65537");
}

Test(values, strings_are_padded_only_where_the_column_is_binary) {
    struct bs_column c = {.type = BS_TYPE_CHAR, .length = 4};
    cr_assert_str_eq(decode(WIRE(BS_WIRE_STRING, 4), c,
                            BYTES("\x02"
                                  "ab")),
                     "ab");
    c = (struct bs_column){.type = BS_TYPE_CHAR, .length = 200};
    cr_assert_str_eq(decode(WIRE(BS_WIRE_STRING, 800), c,
                            BYTES("\x02\x00"
                                  "ab")),
                     "ab");
    c = (struct bs_column){.type = BS_TYPE_BINARY, .length = 3};
    cr_assert_str_eq(decode(WIRE(BS_WIRE_STRING, 3), c,
                            BYTES("\x01"
                                  "a")),
                     "a");
    cr_assert_arr_eq(text, "a", 2);
    c = (struct bs_column){.type = BS_TYPE_VARCHAR, .length = 100};
    cr_assert_str_eq(decode(WIRE(BS_WIRE_VARCHAR, 300), c,
                            BYTES("\x02\x00"
                                  "ab")),
                     "ab");
    c = (struct bs_column){.type = BS_TYPE_BLOB};
    cr_assert_str_eq(decode(WIRE(BS_WIRE_BLOB, 3), c,
                            BYTES("\x02\x00\x00"
                                  "ab")),
                     "ab");
    bs_arena_fini(&arena);
}

#define JSON(b) decode(WIRE(BS_WIRE_JSON, 1), (struct bs_column){.type = BS_TYPE_JSON}, BYTES(b))

Test(values, json_is_printed_as_the_server_prints_it) {
    cr_assert_str_eq(JSON("\x00"), "null");
    cr_assert_str_eq(JSON("\x02\x04\x01"), "true");
    cr_assert_str_eq(JSON("\x03\x05\xff\xff"), "-1");
    cr_assert_str_eq(JSON("\x04\x0c\x02\"\n"), "\"\\\"\\n\"");
    cr_assert_str_eq(JSON("\x09\x0b\0\0\0\0\0\0\xf0\x3f"), "1.0");
    cr_assert_str_eq(JSON("\x09\x0b\x7d\xc3\x94\x25\xad\x49\xb2\x54"), "1e100");
    cr_assert_str_eq(JSON("\x09\x0b\x9a\x99\x99\x99\x99\x99\xb9\xbf"), "-0.1");
    cr_assert_str_eq(JSON("\x09\x0b\1\0\0\0\0\0\0\0"), "5e-324");
    cr_assert_str_eq(JSON("\x09\x0b\0\0\0\0\0\0\x70\x3e"), "0.00000005960464477539063");
    cr_assert_str_eq(JSON("\x05\x02\0\0\4\0"), "[]");
    /* {"a": [1, null]} */
    cr_assert_str_eq(JSON("\x17\x00\x01\x00\x16\x00\x0b\x00\x01\x00\x02\x0c\x00"
                          "a\x02\x00\x0a\x00\x05\x01\x00\x04\x00\x00"),
                     "{\"a\": [1, null]}");
    cr_assert_str_eq(JSON("\x05\x0f\x0f\x02\x00\xff"), "\"base64:type15:AP8=\"");
    bs_arena_fini(&arena);
}

#define NINES "\x3b\x9a\xc9\xff"
#define NINES_7 NINES NINES NINES NINES NINES NINES NINES

/* 65 nines, and 1.0 times them, as MySQL 9.7.4 logged them. */
Test(values, a_decimal_in_json_is_as_long_as_the_server_calculates_with) {
    static const char wanted[] =
        "99999999999999999999999999999999999999999999999999999999999999999";
    cr_assert_str_eq(JSON("\x25\x0f\xf6\x22\x48\x00\x80\x00\x00\x63" NINES_7), wanted);
    cr_assert_str_eq(JSON("\x26\x0f\xf6\x23\x49\x01\x80\x00\x00\x63" NINES_7 "\x00"),
                     "99999999999999999999999999999999999999999999999999999999999999999.0");
    cr_assert(strstr(JSON("\x29\x0f\xf6\x26\x52\x00\x81\x3b\x9a\xc9\xff" NINES_7 NINES),
                     "malformed JSON") != NULL);
    bs_arena_fini(&arena);
}

Test(values, json_that_points_outside_itself_is_refused) {
    cr_assert(strstr(JSON("\x05\x02\1\0\4\0"), "malformed JSON") != NULL);
    cr_assert(strstr(JSON("\x08\x02\1\0\7\0\2\0\0"), "malformed JSON") != NULL, "%s", text);
    cr_assert(strstr(JSON("\x05\x00\xff\xff\4\0"), "malformed JSON") != NULL);
    cr_assert(strstr(JSON("\x02\x0d\x00"), "malformed JSON") != NULL);
    bs_arena_fini(&arena);
}

/* Arrays of two elements, each level's both being the next one: 2^40 values in 402 bytes. */
Test(values, json_whose_parts_overlap_is_refused, .timeout = 10) {
    enum { LEVELS = 40, LEVEL_LEN = 10 };
    struct bs_buf doc = {0};
    bs_buf_put_le(&doc, LEVELS * LEVEL_LEN + 1, 1 + 1);
    bs_buf_put_u8(&doc, 0x02);
    for (unsigned i = 0; i < LEVELS; i++) {
        bool last = i + 1 == LEVELS;
        bs_buf_put_le(&doc, 2, 2);
        bs_buf_put_le(&doc, (LEVELS - i) * LEVEL_LEN, 2);
        for (unsigned k = 0; k < 2; k++) {
            bs_buf_put_u8(&doc, last ? 0x04 : 0x02);
            bs_buf_put_le(&doc, last ? 0 : LEVEL_LEN, 2);
        }
    }
    struct bs_column model = {.type = BS_TYPE_JSON};
    cr_assert(strstr(decode(WIRE(BS_WIRE_JSON, 2), model, doc.data, doc.len), "malformed JSON") !=
              NULL);
    bs_buf_fini(&doc);
    bs_arena_fini(&arena);
}

Test(values, a_model_that_is_not_the_tables_is_refused) {
    struct bs_column c = {.type = BS_TYPE_BIGINT, .name = (char[]){"id"}};
    cr_assert(strstr(decode(WIRE(BS_WIRE_LONG, 0), c, BYTES("\0\0\0\0")), "schema: column 1") ==
              text);
    c = (struct bs_column){.type = BS_TYPE_DECIMAL, .precision = 10, .scale = 3};
    cr_assert(strstr(decode(WIRE(BS_WIRE_NEWDECIMAL, 10 | 2 << 8), c, BYTES("\0\0\0\0\0")),
                     "schema:") == text);
    c = (struct bs_column){.type = BS_TYPE_DATETIME, .fsp = 3};
    cr_assert(strstr(decode(WIRE(BS_WIRE_DATETIME2, 0), c, BYTES("\0\0\0\0\0")), "schema:") ==
              text);
    c = (struct bs_column){.type = BS_TYPE_ENUM, .type_text = (char[]){"enum('a','b''c')"}};
    cr_assert_str_eq(decode(WIRE(BS_WIRE_ENUM, 1), c, BYTES("\2")), "2");
    cr_assert(strstr(decode(WIRE(BS_WIRE_ENUM, 2), c, BYTES("\2\0")), "schema:") == text);
    c = (struct bs_column){.type = BS_TYPE_VARCHAR, .length = 301};
    cr_assert(strstr(decode(WIRE(BS_WIRE_VARCHAR, 300), c, BYTES("\0\0")), "schema:") == text);
}

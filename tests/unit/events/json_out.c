/* Numbers and texts as events writes them. */
#include "events/charset.h"
#include "events/json_out.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static struct bs_buf out;

static const char *
taken(void) {
    static char text[512];
    (void)snprintf(text, sizeof text, "%s", bs_buf_cstr(&out));
    bs_buf_clear(&out);
    return text;
}

static const char *
double_text(double v) {
    bs_events_put_double(&out, v);
    return taken();
}

static const char *
float_text(float v) {
    bs_events_put_float(&out, v);
    return taken();
}

Test(json_out, doubles_are_the_shortest_that_read_back) {
    cr_assert_str_eq(double_text(0), "0.0");
    cr_assert_str_eq(double_text(-0.0), "-0.0");
    cr_assert_str_eq(double_text(1), "1.0");
    cr_assert_str_eq(double_text(-1.5), "-1.5");
    cr_assert_str_eq(double_text(0.1), "0.1");
    cr_assert_str_eq(double_text(4.11), "4.11");
    cr_assert_str_eq(double_text(123456789012345), "123456789012345.0");
    cr_assert_str_eq(double_text(0.000001), "0.000001");
    cr_assert_str_eq(double_text(1.0 / 3), "3.333333333333333e-1");
    cr_assert_str_eq(double_text(0.1 + 0.2), "3.0000000000000004e-1");
    cr_assert_str_eq(double_text(1e22), "1.0e22");
    cr_assert_str_eq(double_text(5e-324), "5.0e-324");
    cr_assert_str_eq(double_text(DBL_MAX), "1.7976931348623157e308");
}

Test(json_out, floats_are_the_shortest_that_read_back_as_floats) {
    cr_assert_str_eq(float_text(0.1f), "0.1");
    cr_assert_str_eq(float_text(1.6666666f), "1.6666666");
    cr_assert_str_eq(float_text(-16777216.0f), "-16777216.0");
    cr_assert_str_eq(float_text(FLT_MAX), "3.4028235e+38");
    cr_assert_str_eq(float_text(1e-45f), "1.4013e-45");
}

static uint64_t seed = 88172645463325252u;

static uint64_t
next_random(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

Test(json_out, any_double_reads_back_to_the_bit) {
    for (int i = 0; i < 300000; i++) {
        uint64_t bits = next_random();
        double v;
        memcpy(&v, &bits, sizeof v);
        if (i % 3 == 1) {
            v = (double)(int64_t)(bits >> 20) / pow(10, (double)(bits % 16)); /* short decimals */
        } else if (i % 3 == 2) {
            v = (double)(bits >> 40) / 3.0;
        }
        if (!isfinite(v)) {
            continue;
        }
        const char *text = double_text(v);
        double back = strtod(text, NULL);
        cr_assert(memcmp(&back, &v, sizeof v) == 0, "%.17g became %s", v, text);
    }
}

Test(json_out, any_float_reads_back_to_the_bit) {
    for (int i = 0; i < 300000; i++) {
        uint32_t bits = (uint32_t)next_random();
        float v;
        memcpy(&v, &bits, sizeof v);
        if (i % 2 == 1) {
            v = (float)((double)(bits >> 8) / pow(10, (double)(bits % 10)));
        }
        if (!isfinite(v)) {
            continue;
        }
        const char *text = float_text(v);
        float back = strtof(text, NULL);
        cr_assert(memcmp(&back, &v, sizeof v) == 0, "%.9g became %s", (double)v, text);
    }
}

Test(json_out, what_is_no_number_is_its_bytes) {
    cr_assert_str_eq(double_text(INFINITY), "{\"hex\":\"000000000000f07f\"}");
    cr_assert_str_eq(float_text(INFINITY), "{\"hex\":\"0000807f\"}");
}

static const char *
text_of(const char *bytes, size_t len, enum bs_events_text kind) {
    bs_events_put_text(&out, (struct bs_str){bytes, len}, kind);
    return taken();
}

#define TEXT(s, kind) text_of(s, sizeof(s) - 1, kind)

Test(json_out, a_string_is_the_bytes_as_utf8_or_else_it_is_hex) {
    cr_assert_str_eq(TEXT("", BS_EVENTS_UTF8), "\"\"");
    cr_assert_str_eq(TEXT("plain text of more than eight bytes", BS_EVENTS_UTF8),
                     "\"plain text of more than eight bytes\"");
    cr_assert_str_eq(TEXT("q\"b\\n\nz\0\x1f", BS_EVENTS_UTF8), "\"q\\\"b\\\\n\\nz\\u0000\\u001f\"");
    cr_assert_str_eq(TEXT("gr\xc3\xbc\xc3\x9f\xe2\x82\xac\xf0\x9f\x98\x80", BS_EVENTS_UTF8),
                     "\"gr\xc3\xbc\xc3\x9f\xe2\x82\xac\xf0\x9f\x98\x80\"");
    cr_assert_str_eq(TEXT("\xff", BS_EVENTS_UTF8), "{\"hex\":\"ff\"}");
    cr_assert_str_eq(TEXT("\xc0\x80", BS_EVENTS_UTF8), "{\"hex\":\"c080\"}");
    cr_assert_str_eq(TEXT("\xed\xa0\x80", BS_EVENTS_UTF8), "{\"hex\":\"eda080\"}");
    cr_assert_str_eq(TEXT("\xf4\x90\x80\x80", BS_EVENTS_UTF8), "{\"hex\":\"f4908080\"}");
    cr_assert_str_eq(TEXT("abc\xe2\x82", BS_EVENTS_UTF8), "{\"hex\":\"616263e282\"}");
    cr_assert_str_eq(TEXT("gr\xc3\xbc", BS_EVENTS_ASCII), "{\"hex\":\"6772c3bc\"}");
    cr_assert_str_eq(TEXT("\n", BS_EVENTS_ASCII), "\"\\n\"");
    cr_assert_str_eq(TEXT("abc", BS_EVENTS_HEX), "{\"hex\":\"616263\"}");
}

Test(json_out, an_odd_byte_is_found_wherever_it_stands) {
    char bytes[80];
    for (size_t len = 1; len < sizeof bytes; len++) {
        for (size_t at = 0; at < len; at++) {
            memset(bytes, 'a', sizeof bytes);
            bytes[at] = '"';
            const char *text = text_of(bytes, len, BS_EVENTS_UTF8);
            cr_assert_eq(strlen(text), len + 3, "%zu of %zu: %s", at, len, text);
            cr_assert(text[1 + at] == '\\' && text[2 + at] == '"');
            bytes[at] = '\x80';
            cr_assert_eq(text_of(bytes, len, BS_EVENTS_UTF8)[0], '{');
        }
    }
}

Test(json_out, whole_numbers_at_their_ends) {
    bs_events_put_u64(&out, UINT64_MAX);
    cr_assert_str_eq(taken(), "18446744073709551615");
    bs_events_put_i64(&out, INT64_MIN);
    cr_assert_str_eq(taken(), "-9223372036854775808");
    bs_events_put_u64(&out, 0);
    cr_assert_str_eq(taken(), "0");
    bs_events_put_u64(&out, 100);
    cr_assert_str_eq(taken(), "100");
}

Test(json_out, collations_are_told_apart_by_what_their_bytes_are) {
    cr_assert_eq(bs_events_text_of_collation(0, false), BS_EVENTS_UTF8);
    cr_assert_eq(bs_events_text_of_collation(8, false), BS_EVENTS_ASCII);   /* latin1 */
    cr_assert_eq(bs_events_text_of_collation(45, false), BS_EVENTS_UTF8);   /* utf8mb4 */
    cr_assert_eq(bs_events_text_of_collation(255, false), BS_EVENTS_UTF8);  /* 0900_ai_ci */
    cr_assert_eq(bs_events_text_of_collation(63, true), BS_EVENTS_HEX);     /* binary */
    cr_assert_eq(bs_events_text_of_collation(35, false), BS_EVENTS_HEX);    /* ucs2 */
    cr_assert_eq(bs_events_text_of_collation(248, false), BS_EVENTS_ASCII); /* gb18030 */
    cr_assert_eq(bs_events_text_of_collation(1032, true), BS_EVENTS_ASCII); /* latin1 nopad */
    cr_assert_eq(bs_events_text_of_collation(1070, true), BS_EVENTS_UTF8);  /* utf8mb4 nopad */
    cr_assert_eq(bs_events_text_of_collation(1059, true), BS_EVENTS_HEX);   /* ucs2 nopad */
    cr_assert_eq(bs_events_text_of_collation(640, true), BS_EVENTS_HEX);    /* ucs2 myanmar */
    cr_assert_eq(bs_events_text_of_collation(2304, true), BS_EVENTS_UTF8);  /* utf8mb4 uca1400 */
    cr_assert_eq(bs_events_text_of_collation(2560, true), BS_EVENTS_HEX);   /* ucs2 uca1400 */
    cr_assert_eq(bs_events_text_of_collation(3072, true), BS_EVENTS_HEX);   /* utf32 uca1400 */
}

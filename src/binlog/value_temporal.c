/* DATE, TIME, DATETIME, TIMESTAMP in their three generations: field guide 5.4 to 5.6. Always as
 * text under +00:00: zero and partial dates are legal, and no calendar type holds them. */
#include "base/digits.h"
#include "binlog/reader.h"

static const uint32_t pow10[7] = {1, 10, 100, 1000, 10000, 100000, 1000000};

static char *
put_date(char *out, const struct bs_clock_time *t) {
    out = bs_digits_put(out, t->year, 4);
    *out++ = '-';
    out = bs_digits_put(out, t->month, 2);
    *out++ = '-';
    return bs_digits_put(out, t->day, 2);
}

static char *
put_clock(char *out, const struct bs_clock_time *t, unsigned hour_digits, unsigned fsp) {
    out = bs_digits_put(out, t->hour, hour_digits);
    *out++ = ':';
    out = bs_digits_put(out, t->minute, 2);
    *out++ = ':';
    out = bs_digits_put(out, t->second, 2);
    if (fsp > 0) {
        *out++ = '.';
        out = bs_digits_put(out, t->micros / pow10[6 - fsp], fsp);
    }
    return out;
}

size_t
bs_date_text(char *out, const struct bs_clock_time *t) {
    return (size_t)(put_date(out, t) - out);
}

size_t
bs_time_text(char *out, const struct bs_clock_time *t, unsigned fsp) {
    char *at = out;
    if (t->negative) {
        *at++ = '-';
    }
    at = put_clock(at, t, t->hour > 99 ? (t->hour > 999 ? 4 : 3) : 2, fsp);
    return (size_t)(at - out);
}

size_t
bs_datetime_text(char *out, const struct bs_clock_time *t, unsigned fsp) {
    char *at = put_date(out, t);
    *at++ = ' ';
    return (size_t)(put_clock(at, t, 2, fsp) - out);
}

/* What no server stores is damage, not a date; a wrong digit must not become a right one. */
static void
check_date(struct bs_rows *rows, const struct bs_clock_time *t) {
    if (t->year > 9999 || t->month > 12 || t->day > 31) {
        rows->bad = "a date that cannot be";
    }
}

static void
check_clock(struct bs_rows *rows, const struct bs_clock_time *t, unsigned hour_max) {
    if (t->hour > hour_max || t->minute > 59 || t->second > 59 || t->micros > 999999) {
        rows->bad = "a time that cannot be";
    }
}

enum { HOUR_MAX = 23, TIME_HOUR_MAX = 838 };

static void
give(struct bs_rows *rows, struct bs_value *value,
     size_t (*print)(char *, const struct bs_clock_time *, unsigned), const struct bs_clock_time *t,
     unsigned fsp) {
    char *text = bs_arena_alloc(rows->arena, BS_TEMPORAL_TEXT_MAX);
    check_date(rows, t);
    check_clock(rows, t, print == bs_time_text ? TIME_HOUR_MAX : HOUR_MAX);
    value->kind = BS_VALUE_TEMPORAL;
    value->text = (struct bs_str){text, print(text, t, fsp)};
}

/* Seconds since 1970 as a date; 0 is the zero date. The calendar repeats every 400 years; the year
 * is counted from March, so that the leap day is its last. */
static struct bs_clock_time
from_epoch(uint32_t seconds, uint32_t micros) {
    if (seconds == 0 && micros == 0) {
        return (struct bs_clock_time){0};
    }
    enum { DAYS_TO_1970 = 719468, DAYS_400 = 146097, DAY_SECONDS = 86400 };
    uint32_t days = seconds / DAY_SECONDS + DAYS_TO_1970;
    uint32_t rest = seconds % DAY_SECONDS;
    uint32_t era = days / DAYS_400;
    uint32_t day_of_era = days % DAYS_400;
    uint32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t march_month = (5 * day_of_year + 2) / 153;
    uint32_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    return (struct bs_clock_time){.year = year_of_era + era * 400 + (month <= 2),
                                  .month = month,
                                  .day = day_of_year - (153 * march_month + 2) / 5 + 1,
                                  .hour = rest / 3600,
                                  .minute = rest / 60 % 60,
                                  .second = rest % 60,
                                  .micros = micros};
}

/* The fraction behind a *2 value: (fsp + 1) / 2 bytes of hundredths, ten-thousandths, millionths.
 */
static uint32_t
read_fraction(struct bs_cursor *c, unsigned fsp) {
    static const uint32_t unit[4] = {0, 10000, 100, 1};
    unsigned len = (fsp + 1u) / 2;
    return len == 0 ? 0 : (uint32_t)bs_cursor_read_be(c, len) * unit[len];
}

void
bs_read_date(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    (void)plan;
    uint32_t v = bs_cursor_read_u24(&rows->cursor);
    struct bs_clock_time t = {.year = v >> 9, .month = v >> 5 & 15, .day = v & 31};
    check_date(rows, &t);
    char *text = bs_arena_alloc(rows->arena, BS_TEMPORAL_TEXT_MAX);
    value->kind = BS_VALUE_TEMPORAL;
    value->text = (struct bs_str){text, bs_date_text(text, &t)};
}

/* 3 to 6 bytes that count, fraction included, up from -2^(bits-1): turning the sign bit over and
 * reading the whole as one number makes negative fractions right by themselves. */
void
bs_read_time2(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    static const uint32_t unit[4] = {0, 10000, 100, 1};
    unsigned fraction_len = (plan->fsp + 1u) / 2;
    unsigned len = 3 + fraction_len;
    int64_t zero = (int64_t)1 << (8 * len - 1);
    int64_t v = (int64_t)bs_cursor_read_be(&rows->cursor, len) - zero;
    struct bs_clock_time t = {.negative = v < 0};
    uint64_t packed = (uint64_t)(v < 0 ? -v : v);
    uint32_t clock = (uint32_t)(packed >> (8 * fraction_len));
    uint64_t fraction = packed & (((uint64_t)1 << (8 * fraction_len)) - 1);
    t.micros = (uint32_t)fraction * unit[fraction_len];
    t.hour = clock >> 12 & 0x3FF;
    t.minute = clock >> 6 & 63;
    t.second = clock & 63;
    give(rows, value, bs_time_text, &t, plan->fsp);
}

void
bs_read_datetime2(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    uint64_t v = bs_cursor_read_be(&rows->cursor, 5) & 0x7FFFFFFFFFu;
    uint32_t date = (uint32_t)(v >> 17);
    uint32_t clock = (uint32_t)(v & 0x1FFFF);
    uint32_t months = date >> 5;
    struct bs_clock_time t = {.year = months / 13,
                              .month = months % 13,
                              .day = date & 31,
                              .hour = clock >> 12,
                              .minute = clock >> 6 & 63,
                              .second = clock & 63,
                              .micros = read_fraction(&rows->cursor, plan->fsp)};
    give(rows, value, bs_datetime_text, &t, plan->fsp);
}

void
bs_read_timestamp2(struct bs_rows *rows, const struct bs_column_plan *plan,
                   struct bs_value *value) {
    uint32_t seconds = (uint32_t)bs_cursor_read_be(&rows->cursor, 4);
    struct bs_clock_time t = from_epoch(seconds, read_fraction(&rows->cursor, plan->fsp));
    give(rows, value, bs_datetime_text, &t, plan->fsp);
}

/* HHHMMSS as a signed decimal number. */
void
bs_read_old_time(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    (void)plan;
    uint32_t raw = bs_cursor_read_u24(&rows->cursor);
    bool negative = (raw & 0x800000) != 0;
    uint32_t v = negative ? 0x1000000 - raw : raw;
    struct bs_clock_time t = {
        .negative = negative, .hour = v / 10000, .minute = v / 100 % 100, .second = v % 100};
    give(rows, value, bs_time_text, &t, 0);
}

/* YYYYMMDDhhmmss as a decimal number. */
void
bs_read_old_datetime(struct bs_rows *rows, const struct bs_column_plan *plan,
                     struct bs_value *value) {
    (void)plan;
    uint64_t v = bs_cursor_read_u64(&rows->cursor);
    uint32_t date = (uint32_t)(v / 1000000);
    uint32_t clock = (uint32_t)(v % 1000000);
    struct bs_clock_time t = {.year = date / 10000,
                              .month = date / 100 % 100,
                              .day = date % 100,
                              .hour = clock / 10000,
                              .minute = clock / 100 % 100,
                              .second = clock % 100};
    give(rows, value, bs_datetime_text, &t, 0);
}

void
bs_read_old_timestamp(struct bs_rows *rows, const struct bs_column_plan *plan,
                      struct bs_value *value) {
    (void)plan;
    struct bs_clock_time t = from_epoch(bs_cursor_read_u32(&rows->cursor), 0);
    give(rows, value, bs_datetime_text, &t, 0);
}

/* MariaDB's own format with a fraction: one big-endian number of units of 10^-fsp seconds. Its
 * width depends on fsp, which only the model knows. */

void
bs_read_hires_timestamp(struct bs_rows *rows, const struct bs_column_plan *plan,
                        struct bs_value *value) {
    uint32_t seconds = (uint32_t)bs_cursor_read_be(&rows->cursor, 4);
    uint32_t fraction = (uint32_t)bs_cursor_read_be(&rows->cursor, (plan->fsp + 1u) / 2);
    struct bs_clock_time t = from_epoch(seconds, fraction * pow10[6 - plan->fsp]);
    give(rows, value, bs_datetime_text, &t, plan->fsp);
}

static void
split_clock(struct bs_clock_time *t, uint64_t seconds) {
    t->second = (unsigned)(seconds % 60);
    t->minute = (unsigned)(seconds / 60 % 60);
}

void
bs_read_hires_datetime(struct bs_rows *rows, const struct bs_column_plan *plan,
                       struct bs_value *value) {
    static const uint8_t width[7] = {8, 6, 6, 7, 7, 7, 8};
    uint64_t v = bs_cursor_read_be(&rows->cursor, width[plan->fsp]);
    uint32_t scale = pow10[plan->fsp];
    struct bs_clock_time t = {.micros = (uint32_t)(v % scale) * pow10[6 - plan->fsp]};
    v /= scale;
    split_clock(&t, v);
    v /= 3600;
    t.hour = (unsigned)(v % 24);
    t.day = (unsigned)(v / 24 % 32);
    t.month = (unsigned)(v / 24 / 32 % 13);
    t.year = (unsigned)(v / 24 / 32 / 13 % 10000);
    give(rows, value, bs_datetime_text, &t, plan->fsp);
}

/* TIME is shifted up by 839 hours, so that negative values sort first. */
void
bs_read_hires_time(struct bs_rows *rows, const struct bs_column_plan *plan,
                   struct bs_value *value) {
    static const uint8_t width[7] = {3, 4, 4, 5, 5, 5, 6};
    enum { MAX_SECONDS = 838 * 3600 + 59 * 60 + 59 };
    uint32_t scale = pow10[plan->fsp];
    int64_t zero = ((int64_t)MAX_SECONDS + 1) * scale;
    int64_t v = (int64_t)bs_cursor_read_be(&rows->cursor, width[plan->fsp]) - zero;
    struct bs_clock_time t = {.negative = v < 0};
    uint64_t units = (uint64_t)(v < 0 ? -v : v);
    t.micros = (uint32_t)(units % scale) * pow10[6 - plan->fsp];
    split_clock(&t, units / scale);
    t.hour = (unsigned)(units / scale / 3600 % 10000);
    give(rows, value, bs_time_text, &t, plan->fsp);
}

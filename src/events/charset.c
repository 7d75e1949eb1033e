/* The numbers are those of both flavours' servers, which a test asks for them (tests/events). Only
 * three things are taken from a number: whether the bytes are UTF-8, whether they are characters of
 * two or four bytes, and that 63 is no text at all. */
#include "events/charset.h"

struct range {
    uint16_t first, last;
};

static bool
is_in(uint32_t id, const struct range *ranges, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (id >= ranges[i].first && id <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

#define IS_IN(id, ranges) is_in((id), (ranges), sizeof(ranges) / sizeof(ranges)[0])

/* utf8mb3, utf8mb4, ascii. */
static const struct range UTF8[] = {{11, 11},   {33, 33},   {45, 46},   {65, 65},
                                    {76, 76},   {83, 83},   {192, 215}, {223, 247},
                                    {255, 323}, {576, 579}, {608, 611}};
/* ucs2, utf16, utf16le, utf32. */
static const struct range WIDE[] = {{35, 35},   {54, 56},   {60, 62},   {90, 90},   {101, 124},
                                    {128, 151}, {159, 183}, {640, 642}, {672, 674}, {736, 738}};

/* MariaDB marks the variants without padding by 1024, and numbers its Unicode 14 collations from
 * 2048 on, 256 to each of utf8mb3, utf8mb4, ucs2, utf16 and utf32. */
static enum bs_events_text
text_of_mariadb(uint32_t id) {
    enum { NOPAD = 1024, UCA1400 = 2048, PER_CHARSET = 256, UTF8_CHARSETS = 2, CHARSETS = 5 };
    if (id >= UCA1400) {
        uint32_t charset = (id - UCA1400) / PER_CHARSET;
        return charset < UTF8_CHARSETS || charset >= CHARSETS ? BS_EVENTS_UTF8 : BS_EVENTS_HEX;
    }
    return bs_events_text_of_collation(id & ~(uint32_t)NOPAD, false);
}

enum bs_events_text
bs_events_text_of_collation(uint32_t id, bool is_mariadb) {
    enum { LAST_COMMON = 254 };
    if (is_mariadb && id > LAST_COMMON) {
        return text_of_mariadb(id);
    }
    if (id == BS_COLLATION_BINARY || IS_IN(id, WIDE)) {
        return BS_EVENTS_HEX;
    }
    return id == 0 || id > LAST_COMMON || IS_IN(id, UTF8) ? BS_EVENTS_UTF8 : BS_EVENTS_ASCII;
}

enum bs_events_text
bs_events_text_of_charset(const char *charset) {
    static const struct {
        const char *name;
        enum bs_events_text text;
    } known[] = {
        {"utf8mb4", BS_EVENTS_UTF8}, {"utf8mb3", BS_EVENTS_UTF8}, {"utf8", BS_EVENTS_UTF8},
        {"ascii", BS_EVENTS_UTF8},   {"binary", BS_EVENTS_HEX},   {"ucs2", BS_EVENTS_HEX},
        {"utf16", BS_EVENTS_HEX},    {"utf16le", BS_EVENTS_HEX},  {"utf32", BS_EVENTS_HEX},
    };
    for (size_t i = 0; charset != NULL && i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, charset) == 0) {
            return known[i].text;
        }
    }
    return charset == NULL ? BS_EVENTS_HEX : BS_EVENTS_ASCII;
}

/* Values of types that the target shows as text: MariaDB's UUID, INET6 and INET4, as MariaDB prints
 * them, so that what is followed is the same as what the snapshot read. */
#include "binlog/reader.h"

#include <stdio.h>

enum { UUID_BYTES = 16, INET6_WORDS = 8, INET4_BYTES = 4, TEXT_MAX = 48 };

static void
take_text(struct bs_rows *rows, struct bs_value *value, const char *text, size_t len) {
    char *copy = bs_arena_alloc(rows->arena, len);
    memcpy(copy, text, len);
    value->text = (struct bs_str){copy, len};
}

void
bs_read_uuid_text(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    char text[TEXT_MAX];
    size_t len = 0;
    bs_read_padded(rows, plan, value);
    if (value->text.len != UUID_BYTES) {
        return; /* the cursor has failed, or the value is bad */
    }
    for (size_t i = 0; i < UUID_BYTES; i++) {
        bool dash = i == 4 || i == 6 || i == 8 || i == 10;
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%02x", dash ? "-" : "",
                                (unsigned char)value->text.data[i]);
    }
    take_text(rows, value, text, len);
}

static size_t
inet4_text(char *out, size_t cap, const unsigned char *b) {
    return (size_t)snprintf(out, cap, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
}

void
bs_read_inet4_text(struct bs_rows *rows, const struct bs_column_plan *plan,
                   struct bs_value *value) {
    char text[TEXT_MAX];
    bs_read_padded(rows, plan, value);
    if (value->text.len == INET4_BYTES) {
        size_t len = inet4_text(text, sizeof text, (const unsigned char *)value->text.data);
        take_text(rows, value, text, len);
    }
}

/* The longest run of zero words, the first of them where several are. */
static void
find_gap(const unsigned int *words, int *start, int *len) {
    *start = -1;
    *len = 0;
    for (int i = 0; i < INET6_WORDS;) {
        int end = i;
        while (end < INET6_WORDS && words[end] == 0) {
            end++;
        }
        if (end - i > *len) {
            *start = i;
            *len = end - i;
        }
        i = end > i ? end : i + 1;
    }
}

/* RFC 5952 but for two things that MariaDB does otherwise: a single zero word is a gap too, and
 * addresses that begin with 96 zero bits, or with 80 and ffff, end in dotted decimals. */
static size_t
inet6_text(char *out, size_t cap, const unsigned char *b) {
    unsigned int words[INET6_WORDS];
    int gap = 0, gap_len = 0;
    size_t len = 0;
    for (int i = 0; i < INET6_WORDS; i++) {
        words[i] = (unsigned int)b[2 * i] << 8 | b[2 * i + 1];
    }
    find_gap(words, &gap, &gap_len);
    for (int i = 0; i < INET6_WORDS; i++) {
        bool is_inet4 =
            i == 6 && gap == 0 && (gap_len == 6 || (gap_len == 5 && words[5] == 0xffff));
        if (i == gap) {
            len += (size_t)snprintf(out + len, cap - len, "%s", i == 0 ? "::" : ":");
            i += gap_len - 1;
        } else if (is_inet4) {
            return len + inet4_text(out + len, cap - len, b + 12);
        } else {
            len += (size_t)snprintf(out + len, cap - len, "%x%s", words[i],
                                    i + 1 < INET6_WORDS ? ":" : "");
        }
    }
    return len;
}

void
bs_read_inet6_text(struct bs_rows *rows, const struct bs_column_plan *plan,
                   struct bs_value *value) {
    char text[TEXT_MAX];
    bs_read_padded(rows, plan, value);
    if (value->text.len == 2 * INET6_WORDS) {
        size_t len = inet6_text(text, sizeof text, (const unsigned char *)value->text.data);
        take_text(rows, value, text, len);
    }
}

/* Values of types that the target shows as text: MariaDB's UUID, INET6 and INET4, as MariaDB prints
 * them, so that what is followed is the same as what the snapshot read. */
#include "binlog/mariadb_text.h"
#include "binlog/reader.h"

#include <stdio.h>

enum { UUID_BYTES = 16, INET6_WORDS = 8, INET4_BYTES = 4 };

size_t
bs_mariadb_uuid_text(char out[BS_MARIADB_TEXT_MAX], const unsigned char *bytes) {
    static const char digits[] = "0123456789abcdef";
    size_t len = 0;
    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            out[len++] = '-';
        }
        out[len++] = digits[bytes[i] >> 4];
        out[len++] = digits[bytes[i] & 15];
    }
    return len;
}

static size_t
put_inet4(char *out, size_t cap, const unsigned char *b) {
    return (size_t)snprintf(out, cap, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
}

size_t
bs_mariadb_inet4_text(char out[BS_MARIADB_TEXT_MAX], const unsigned char *bytes) {
    return put_inet4(out, BS_MARIADB_TEXT_MAX, bytes);
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
size_t
bs_mariadb_inet6_text(char out[BS_MARIADB_TEXT_MAX], const unsigned char *b) {
    enum { cap = BS_MARIADB_TEXT_MAX };
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
            return len + put_inet4(out + len, cap - len, b + 12);
        } else {
            len += (size_t)snprintf(out + len, cap - len, "%x%s", words[i],
                                    i + 1 < INET6_WORDS ? ":" : "");
        }
    }
    return len;
}

/* The value as text, if it has as many bytes as it must; else the cursor has failed, or it is bad.
 */
static void
read_text(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value,
          size_t bytes, size_t (*print)(char *, const unsigned char *)) {
    bs_read_padded(rows, plan, value);
    if (value->text.len == bytes) {
        char *text = bs_arena_alloc(rows->arena, BS_MARIADB_TEXT_MAX);
        size_t len = print(text, (const unsigned char *)value->text.data);
        value->text = (struct bs_str){text, len};
    }
}

void
bs_read_uuid_text(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    read_text(rows, plan, value, UUID_BYTES, bs_mariadb_uuid_text);
}

void
bs_read_inet4_text(struct bs_rows *rows, const struct bs_column_plan *plan,
                   struct bs_value *value) {
    read_text(rows, plan, value, INET4_BYTES, bs_mariadb_inet4_text);
}

void
bs_read_inet6_text(struct bs_rows *rows, const struct bs_column_plan *plan,
                   struct bs_value *value) {
    read_text(rows, plan, value, (size_t)2 * INET6_WORDS, bs_mariadb_inet6_text);
}

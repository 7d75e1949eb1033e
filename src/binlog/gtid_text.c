/* GTIDs as people and servers write them: "uuid:1-5:7:tag:1-3,uuid:9" and "0-1-100,1-2-7". */
#include "binlog/gtid_set.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A reader of one text. `at` never passes `end`. */
struct text_reader {
    const char *at;
    const char *end;
};

static void
skip_space(struct text_reader *r) {
    while (r->at < r->end && memchr(" \t\r\n", *r->at, 4) != NULL) {
        r->at++;
    }
}

/* The next character that is not white space, 0 at the end. */
static char
peek(struct text_reader *r) {
    skip_space(r);
    return r->at < r->end ? *r->at : '\0';
}

static bool
take(struct text_reader *r, char c) {
    if (peek(r) != c) {
        return false;
    }
    r->at++;
    return true;
}

static bool
take_number(struct text_reader *r, uint64_t max, uint64_t *number) {
    if (peek(r) < '0' || *r->at > '9') {
        return false;
    }
    uint64_t v = 0;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        unsigned digit = (unsigned)(*r->at - '0');
        if (v > (max - digit) / 10) {
            return false;
        }
        v = v * 10 + digit;
    }
    *number = v;
    return true;
}

static int
hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hyphens are optional, as they are for servers. */
static bool
take_uuid(struct text_reader *r, uint8_t *uuid) {
    skip_space(r);
    for (size_t i = 0; i < BS_UUID_LEN; i++) {
        if (i >= 4 && i <= 10 && i % 2 == 0 && r->at < r->end && *r->at == '-') {
            r->at++;
        }
        if (r->end - r->at < 2) {
            return false;
        }
        int high = hex_digit(r->at[0]);
        int low = hex_digit(r->at[1]);
        if (high < 0 || low < 0) {
            return false;
        }
        uuid[i] = (uint8_t)(high << 4 | low);
        r->at += 2;
    }
    return true;
}

static bool
take_tag(struct text_reader *r, char *tag) {
    size_t len = 0;
    while (r->at < r->end) {
        char c = *r->at;
        c = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
        if (!((c >= 'a' && c <= 'z') || c == '_' || (len > 0 && c >= '0' && c <= '9'))) {
            break;
        }
        if (len == BS_TAG_LEN_MAX) {
            return false;
        }
        tag[len++] = c;
        r->at++;
    }
    tag[len] = '\0';
    return len > 0;
}

static bool
take_interval(struct text_reader *r, struct bs_gtid_source *source) {
    uint64_t first = 0;
    if (!take_number(r, INT64_MAX - 1, &first) || first == 0) {
        return false;
    }
    uint64_t last = first;
    if (take(r, '-') && (!take_number(r, INT64_MAX - 1, &last) || last < first)) {
        return false;
    }
    bs_gtid_source_add(source, first, last + 1);
    return true;
}

/* uuid(:tag)?(:interval)+ with tags between intervals: a tag holds until the next one. */
static bool
take_source(struct text_reader *r, struct bs_gtid_set *set) {
    uint8_t uuid[BS_UUID_LEN];
    char tag[BS_TAG_LEN_MAX + 1] = "";
    if (!take_uuid(r, uuid) || peek(r) != ':') {
        return false;
    }
    bool has_interval = false;
    while (take(r, ':')) {
        char c = peek(r);
        if (c >= '0' && c <= '9') {
            has_interval = take_interval(r, bs_gtid_set_source(set, uuid, tag));
            if (!has_interval) {
                return false;
            }
        } else if (take_tag(r, tag)) {
            has_interval = false;
        } else {
            return false;
        }
    }
    return has_interval;
}

static bool
take_domain(struct text_reader *r, struct bs_gtid_set *set) {
    uint64_t domain = 0;
    uint64_t server_id = 0;
    uint64_t number = 0;
    if (!take_number(r, UINT32_MAX, &domain) || !take(r, '-') ||
        !take_number(r, UINT32_MAX, &server_id) || !take(r, '-') ||
        !take_number(r, UINT64_MAX, &number)) {
        return false;
    }
    bs_gtid_set_put_domain(set,
                           (struct bs_gtid_domain){(uint32_t)domain, (uint32_t)server_id, number});
    return true;
}

enum bs_status
bs_gtid_set_parse(struct bs_gtid_set *set, struct bs_str text, struct bs_error *err) {
    struct text_reader r = {text.data, text.data + text.len};
    while (peek(&r) != '\0') {
        bool good = set->flavour == BS_MARIADB ? take_domain(&r, set) : take_source(&r, set);
        if (!good || (peek(&r) != '\0' && !take(&r, ','))) {
            return bs_error_set(err, BS_PROTOCOL, "malformed GTID %s \"%.*s\" at character %zu",
                                set->flavour == BS_MARIADB ? "position" : "set",
                                text.len > 200 ? 200 : (int)text.len, text.data,
                                (size_t)(r.at - text.data) + 1);
        }
    }
    return BS_OK;
}

void
bs_uuid_text(const uint8_t *uuid, char *out) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < BS_UUID_LEN; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *out++ = '-';
        }
        *out++ = digits[uuid[i] >> 4];
        *out++ = digits[uuid[i] & 15];
    }
}

void
bs_gtid_text(const struct bs_gtid *gtid, char out[BS_GTID_TEXT_MAX]) {
    out[0] = '\0';
    if (!gtid->known) {
        return;
    }
    if (gtid->flavour == BS_MARIADB) {
        (void)snprintf(out, BS_GTID_TEXT_MAX, "%" PRIu32 "-%" PRIu32 "-%" PRIu64, gtid->domain,
                       gtid->server_id, gtid->number);
        return;
    }
    char uuid[37] = "";
    bs_uuid_text(gtid->uuid, uuid);
    (void)snprintf(out, BS_GTID_TEXT_MAX, "%s:%s%s%" PRIu64, uuid, gtid->tag,
                   gtid->tag[0] != '\0' ? ":" : "", gtid->number);
}

static void
put_source(struct bs_buf *out, const struct bs_gtid_source *source, bool with_uuid) {
    if (with_uuid) {
        char uuid[36];
        bs_uuid_text(source->uuid, uuid);
        bs_buf_put(out, uuid, sizeof uuid);
    }
    if (source->tag[0] != '\0') {
        bs_buf_printf(out, ":%s", source->tag);
    }
    for (size_t i = 0; i < source->count; i++) {
        bs_buf_printf(out, ":%" PRIu64, source->intervals[i].start);
        if (source->intervals[i].end - source->intervals[i].start > 1) {
            bs_buf_printf(out, "-%" PRIu64, source->intervals[i].end - 1);
        }
    }
}

void
bs_gtid_set_text(const struct bs_gtid_set *set, struct bs_buf *out) {
    const struct bs_gtid_source *last = NULL;
    for (size_t i = 0; i < set->source_count; i++) {
        const struct bs_gtid_source *source = &set->sources[i];
        if (source->count == 0) {
            continue;
        }
        bool same_uuid = last != NULL && memcmp(last->uuid, source->uuid, BS_UUID_LEN) == 0;
        if (last != NULL && !same_uuid) {
            bs_buf_puts(out, ",");
        }
        put_source(out, source, !same_uuid);
        last = source;
    }
    for (size_t i = 0; i < set->domain_count; i++) {
        const struct bs_gtid_domain *d = &set->domains[i];
        bs_buf_printf(out, "%s%" PRIu32 "-%" PRIu32 "-%" PRIu64, i > 0 ? "," : "", d->domain,
                      d->server_id, d->number);
    }
}

#include "wire/greeting.h"

#include "base/cursor.h"
#include "wire/answer.h"
#include "wire/capability.h"

#include <stdio.h>
#include <string.h>

enum { PROTOCOL_VERSION = 10, SCRAMBLE_PART_1 = 8, SCRAMBLE_PART_2_MIN = 13, RESERVED = 10 };

static void
copy_text(char *out, size_t cap, struct bs_str text) {
    size_t len = text.len < cap - 1 ? text.len : cap - 1;
    memcpy(out, text.data, len);
    out[len] = '\0';
}

static uint32_t
read_number(const char **at) {
    uint32_t n = 0;
    while (**at >= '0' && **at <= '9' && n < 100000) {
        n = n * 10 + (uint32_t)(*(*at)++ - '0');
    }
    return n;
}

/* "10.11.19-MariaDB-log" -> 101119. Parts that are missing count as 0. */
static uint32_t
version_number(const char *at) {
    uint32_t parts[3] = {0, 0, 0};
    for (size_t i = 0; i < 3; i++) {
        parts[i] = read_number(&at);
        if (*at != '.') {
            break;
        }
        at++;
    }
    return parts[0] % 1000 * 10000 + parts[1] % 100 * 100 + parts[2] % 100;
}

static void
take_version(struct bs_greeting *greeting, struct bs_str text) {
    const char *prefix = "5.5.5-";
    copy_text(greeting->version_text, sizeof greeting->version_text, text);
    greeting->is_mariadb = strstr(greeting->version_text, "MariaDB") != NULL;
    size_t skip = strlen(prefix);
    if (greeting->is_mariadb && strncmp(greeting->version_text, prefix, skip) == 0) {
        copy_text(greeting->version_text, sizeof greeting->version_text,
                  (struct bs_str){text.data + skip, text.len - skip});
    }
    greeting->version = version_number(greeting->version_text);
}

static void
add_scramble(struct bs_greeting *greeting, struct bs_str part) {
    size_t room = sizeof greeting->scramble - greeting->scramble_len;
    size_t len = part.len < room ? part.len : room;
    memcpy(greeting->scramble + greeting->scramble_len, part.data, len);
    greeting->scramble_len += len;
}

/* What follows the low capability word; very old servers end there. */
static void
take_rest(struct bs_cursor *c, struct bs_greeting *greeting) {
    greeting->collation = bs_cursor_read_u8(c);
    bs_cursor_skip(c, 2); /* status flags */
    greeting->capabilities |= (uint32_t)bs_cursor_read_u16(c) << 16;
    size_t total = bs_cursor_read_u8(c);
    bs_cursor_skip(c, RESERVED);
    if ((greeting->capabilities & BS_CAP_PLUGIN_AUTH) == 0) {
        total = 0; /* filler */
    }
    size_t rest = total > SCRAMBLE_PART_1 + SCRAMBLE_PART_2_MIN ? total - SCRAMBLE_PART_1
                                                                : SCRAMBLE_PART_2_MIN;
    struct bs_str part = bs_cursor_read_str(c, rest);
    if (part.len > 0 && part.data[part.len - 1] == '\0') {
        part.len--;
    }
    add_scramble(greeting, part);
    if ((greeting->capabilities & BS_CAP_PLUGIN_AUTH) != 0 && !c->failed) {
        struct bs_str name = bs_cursor_read_rest(c);
        name.len = strnlen(name.data, name.len);
        copy_text(greeting->auth_plugin, sizeof greeting->auth_plugin, name);
    }
}

static enum bs_status
check(const struct bs_cursor *c, const struct bs_greeting *greeting, struct bs_error *err) {
    uint32_t needed = BS_CAP_PROTOCOL_41 | BS_CAP_SECURE_CONNECTION;
    if (c->failed) {
        return bs_error_set(err, BS_PROTOCOL, "the server's greeting is cut short");
    }
    if ((greeting->capabilities & needed) != needed || greeting->version < 50000) {
        return bs_error_set(err, BS_PROTOCOL,
                            "server version %s is too old: MySQL 5.1 is the oldest supported",
                            greeting->version_text);
    }
    return BS_OK;
}

enum bs_status
bs_greeting_parse(struct bs_str message, struct bs_greeting *greeting, struct bs_error *err) {
    memset(greeting, 0, sizeof *greeting);
    if (bs_answer_kind(message) == BS_ANSWER_ERR) {
        return bs_answer_error(message, err);
    }
    struct bs_cursor c = bs_cursor(message.data, message.len);
    uint8_t protocol = bs_cursor_read_u8(&c);
    if (protocol != PROTOCOL_VERSION) {
        bs_error_set(err, BS_PROTOCOL,
                     "the first byte from the server is %u, a MySQL or MariaDB server sends %d",
                     protocol, PROTOCOL_VERSION);
        return bs_error_hint(
            err, "check that the port is the one of the classic protocol (usually 3306; "
                 "33060 speaks another)");
    }
    take_version(greeting, bs_cursor_read_cstr(&c));
    greeting->connection_id = bs_cursor_read_u32(&c);
    add_scramble(greeting, bs_cursor_read_str(&c, SCRAMBLE_PART_1));
    bs_cursor_skip(&c, 1);
    greeting->capabilities = bs_cursor_read_u16(&c);
    copy_text(greeting->auth_plugin, sizeof greeting->auth_plugin, bs_str("mysql_native_password"));
    if (bs_cursor_left(&c) > 0) {
        take_rest(&c, greeting);
    }
    return check(&c, greeting, err);
}

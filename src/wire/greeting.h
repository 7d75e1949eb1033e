/* The first packet of a server, HandshakeV10 (field guide 1.2). Pure.
 *
 * Known layouts: MySQL 5.1 and early 5.5 name no auth plugin; MariaDB up to 10.x puts "5.5.5-"
 * before its version; MariaDB uses four of the reserved bytes; some servers leave out the plugin's
 * NUL. An ERR instead of a greeting (too many connections, host blocked) becomes the caller's
 * error. */
#ifndef BS_WIRE_GREETING_H
#define BS_WIRE_GREETING_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BS_SCRAMBLE_LEN = 20, /* native and caching_sha2 */
    BS_SCRAMBLE_MAX = 64, /* what a plugin may send; 32 are known */
    BS_AUTH_NAME_MAX = 64,
    BS_VERSION_TEXT_MAX = 128,
};

struct bs_greeting {
    char version_text[BS_VERSION_TEXT_MAX]; /* without "5.5.5-" */
    uint32_t version;                       /* 5.6.24 is 50624, 10.11.19 is 101119 */
    bool is_mariadb;
    uint32_t connection_id;
    uint32_t capabilities;
    uint8_t collation;
    char auth_plugin[BS_AUTH_NAME_MAX]; /* mysql_native_password where the server names none */
    uint8_t scramble[BS_SCRAMBLE_MAX];
    size_t scramble_len; /* without the trailing NUL */
};

enum bs_status bs_greeting_parse(struct bs_str message, struct bs_greeting *greeting,
                                 struct bs_error *err) BS_MUST_CHECK;

#endif

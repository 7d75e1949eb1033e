/* Authentication plugins, the client's half (field guide 1.5). Pure but for a nonce of parsec.
 *
 *   greeting or AuthSwitchRequest names a plugin and gives a scramble ──> bs_auth_begin ──> answer
 *   the plugin's own data ──> bs_auth_more ──> another answer, or nothing to say
 *
 * Plugins are a const table in auth.c; those that binstream knows but does not speak are in a
 * second table, with what to do about each. The password is a view of the caller's; what is derived
 * from it is only ever in the caller's out buffer and never in an error. Called by net/client.c. */
#ifndef BS_WIRE_AUTH_H
#define BS_WIRE_AUTH_H

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "wire/greeting.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bs_auth;

struct bs_auth_plugin {
    const char *name;
    size_t scramble_len; /* that the server sends with a switch to it */
    /* The first answer; may stay empty, which is sent as an empty message. */
    enum bs_status (*begin)(struct bs_auth *auth, struct bs_buf *out, struct bs_error *err);
    /* Answers the server's data (without 0x01); *reply false: nothing to send. NULL: none expected.
     */
    enum bs_status (*more)(struct bs_auth *auth, struct bs_str data, struct bs_buf *out,
                           bool *reply, struct bs_error *err);
};

struct bs_auth {
    struct bs_str password;
    bool secure;           /* TLS or a unix socket: the password itself may be sent */
    struct bs_str key_pem; /* the pinned RSA key of the server, or empty: ask the server for it */
    const struct bs_auth_plugin *plugin;
    uint8_t scramble[BS_SCRAMBLE_MAX]; /* as many as the plugin says */
    bool switched;                     /* one switch is sane, more are a loop */
    bool awaiting_key;                 /* asked for the RSA key */
};

void bs_auth_init(struct bs_auth *auth, struct bs_str password, bool secure, struct bs_str key_pem);

/* Known and spoken here. */
bool bs_auth_knows(const char *plugin_name);

/* From the greeting; a default plugin that is not spoken here, or that needs more than a greeting
 * holds, is replaced by mysql_native_password, and the server then switches to what the account
 * really needs. */
enum bs_status bs_auth_begin(struct bs_auth *auth, const char *plugin_name, struct bs_str scramble,
                             struct bs_buf *out, struct bs_error *err) BS_MUST_CHECK;

/* message starts with 0xFE. BS_PRECHECK for a plugin that is not spoken, by name and with advice.
 */
enum bs_status bs_auth_switch(struct bs_auth *auth, struct bs_str message, struct bs_buf *out,
                              struct bs_error *err) BS_MUST_CHECK;

/* message is neither OK nor an error nor a switch. MySQL marks it with a 0x01 in front
 * (AuthMoreData); MariaDB does so only where its first byte would be taken for something else. */
enum bs_status bs_auth_more(struct bs_auth *auth, struct bs_str message, struct bs_buf *out,
                            bool *reply, struct bs_error *err) BS_MUST_CHECK;

/* The plugins, in auth_native.c, auth_sha2.c and auth_ed25519.c. */
extern const struct bs_auth_plugin bs_auth_native;
extern const struct bs_auth_plugin bs_auth_caching_sha2;
extern const struct bs_auth_plugin bs_auth_sha256;
extern const struct bs_auth_plugin bs_auth_ed25519;
extern const struct bs_auth_plugin bs_auth_parsec;

/* The password and its NUL, XORed with the scramble, encrypted for the owner of the PEM key: how
 * passwords travel without TLS. */
enum bs_status bs_auth_encrypt(const struct bs_auth *auth, struct bs_str key_pem,
                               struct bs_buf *out, struct bs_error *err) BS_MUST_CHECK;

#endif

#include "wire/auth.h"

#include "base/cursor.h"

#include <string.h>

enum { AUTH_MORE = 0x01 };

static const struct bs_auth_plugin *const PLUGINS[] = {
    &bs_auth_native, &bs_auth_caching_sha2, &bs_auth_sha256, &bs_auth_ed25519, &bs_auth_parsec,
};

static const struct {
    const char *name;
    const char *advice;
} REFUSED[] = {
    {"mysql_old_password",
     "the account still has a password hash from before MySQL 4.1: on the server, "
     "run SET old_passwords=0 and set its password again"},
    {"mysql_clear_password",
     "binstream does not hand the password itself to a server on demand: use an "
     "account with caching_sha2_password or mysql_native_password"},
    {"dialog", "use an account that logs in with a password alone"},
    {"auth_gssapi_client", "use an account that logs in with a password"},
};

void
bs_auth_init(struct bs_auth *auth, struct bs_str password, bool secure, struct bs_str key_pem) {
    memset(auth, 0, sizeof *auth);
    auth->password = password;
    auth->secure = secure;
    auth->key_pem = key_pem;
}

static const struct bs_auth_plugin *
find_plugin(struct bs_str name) {
    for (size_t i = 0; i < sizeof PLUGINS / sizeof PLUGINS[0]; i++) {
        if (bs_str_is(name, PLUGINS[i]->name)) {
            return PLUGINS[i];
        }
    }
    return NULL;
}

bool
bs_auth_knows(const char *plugin_name) {
    return find_plugin(bs_str(plugin_name)) != NULL;
}

static enum bs_status
refuse(struct bs_str name, struct bs_error *err) {
    int len = name.len < BS_AUTH_NAME_MAX ? (int)name.len : BS_AUTH_NAME_MAX;
    bs_error_set(err, BS_PRECHECK, "the account logs in with plugin '%.*s', which is not supported",
                 len, name.data);
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        if (bs_str_is(name, REFUSED[i].name)) {
            return bs_error_hint(err, "%s", REFUSED[i].advice);
        }
    }
    return bs_error_hint(err, "use an account with caching_sha2_password or mysql_native_password");
}

/* Some servers end a scramble with a NUL, but a random one of the right length may end in a zero
 * too. */
static enum bs_status
take_scramble(struct bs_auth *auth, struct bs_str scramble, struct bs_error *err) {
    size_t len = auth->plugin->scramble_len;
    BS_ASSERT(len <= sizeof auth->scramble);
    bool ends_in_nul = scramble.len == len + 1 && scramble.data[len] == '\0';
    if (scramble.len != len && !ends_in_nul) {
        return bs_error_set(err, BS_PROTOCOL,
                            "the server sent a login scramble of %zu bytes for %s", scramble.len,
                            auth->plugin->name);
    }
    memcpy(auth->scramble, scramble.data, len);
    return BS_OK;
}

static enum bs_status
start(struct bs_auth *auth, const struct bs_auth_plugin *plugin, struct bs_str scramble,
      struct bs_buf *out, struct bs_error *err) {
    auth->plugin = plugin;
    auth->awaiting_key = false;
    enum bs_status status = take_scramble(auth, scramble, err);
    return status == BS_OK ? plugin->begin(auth, out, err) : status;
}

enum bs_status
bs_auth_begin(struct bs_auth *auth, const char *plugin_name, struct bs_str scramble,
              struct bs_buf *out, struct bs_error *err) {
    const struct bs_auth_plugin *plugin = find_plugin(bs_str(plugin_name));
    if (plugin == NULL || plugin->scramble_len != BS_SCRAMBLE_LEN) {
        /* Only 20 bytes of a longer scramble matter to a plugin that will be switched away from. */
        scramble.len = scramble.len < BS_SCRAMBLE_LEN ? scramble.len : BS_SCRAMBLE_LEN;
        plugin = &bs_auth_native;
    }
    return start(auth, plugin, scramble, out, err);
}

enum bs_status
bs_auth_switch(struct bs_auth *auth, struct bs_str message, struct bs_buf *out,
               struct bs_error *err) {
    struct bs_cursor c = bs_cursor(message.data, message.len);
    bs_cursor_skip(&c, 1);
    if (bs_cursor_left(&c) == 0) {
        return refuse(bs_str("mysql_old_password"), err);
    }
    struct bs_str name = bs_cursor_read_cstr(&c);
    struct bs_str scramble = bs_cursor_read_rest(&c);
    if (c.failed) {
        return bs_error_set(err, BS_PROTOCOL,
                            "the server's request for another login plugin is cut short");
    }
    const struct bs_auth_plugin *plugin = find_plugin(name);
    if (plugin == NULL) {
        return refuse(name, err);
    }
    if (auth->switched) {
        return bs_error_set(err, BS_PROTOCOL, "the server asks for one login plugin after another");
    }
    auth->switched = true;
    return start(auth, plugin, scramble, out, err);
}

enum bs_status
bs_auth_more(struct bs_auth *auth, struct bs_str message, struct bs_buf *out, bool *reply,
             struct bs_error *err) {
    BS_ASSERT(auth->plugin != NULL);
    *reply = false;
    if (auth->plugin->more == NULL) {
        return bs_error_set(err, BS_PROTOCOL, "the server sent more login data than %s knows",
                            auth->plugin->name);
    }
    bool is_marked = message.len > 0 && message.data[0] == AUTH_MORE;
    size_t skip = is_marked ? 1 : 0;
    struct bs_str data = {message.data + skip, message.len - skip};
    return auth->plugin->more(auth, data, out, reply, err);
}

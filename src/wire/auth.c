#include "wire/auth.h"

#include "base/cursor.h"

#include <string.h>

static const struct bs_auth_plugin *const PLUGINS[] = {
    &bs_auth_native,
    &bs_auth_caching_sha2,
    &bs_auth_sha256,
};

static const struct {
    const char *name;
    const char *advice;
} REFUSED[] = {
    {"mysql_old_password",
     "the account still has a password hash from before MySQL 4.1: on the server, "
     "run SET old_passwords=0 and set its password again"},
    {"client_ed25519", "give the account another plugin: ALTER USER ... IDENTIFIED VIA "
                       "mysql_native_password USING PASSWORD(...)"},
    {"parsec", "give the account another plugin: ALTER USER ... IDENTIFIED VIA "
               "mysql_native_password USING PASSWORD(...)"},
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

static enum bs_status
take_scramble(struct bs_auth *auth, struct bs_str scramble, struct bs_error *err) {
    if (scramble.len > 0 && scramble.data[scramble.len - 1] == '\0') {
        scramble.len--;
    }
    if (scramble.len > sizeof auth->scramble) {
        return bs_error_set(err, BS_PROTOCOL, "the server sent %zu bytes of login scramble",
                            scramble.len);
    }
    memcpy(auth->scramble, scramble.data, scramble.len);
    auth->scramble_len = scramble.len;
    return BS_OK;
}

static enum bs_status
start(struct bs_auth *auth, const struct bs_auth_plugin *plugin, struct bs_str scramble,
      struct bs_buf *out, struct bs_error *err) {
    auth->plugin = plugin;
    auth->awaiting_key = false;
    enum bs_status status = take_scramble(auth, scramble, err);
    if (status == BS_OK && auth->scramble_len != BS_SCRAMBLE_LEN) {
        status =
            bs_error_set(err, BS_PROTOCOL, "the server sent a login scramble of %zu bytes for %s",
                         auth->scramble_len, plugin->name);
    }
    return status == BS_OK ? plugin->begin(auth, out, err) : status;
}

enum bs_status
bs_auth_begin(struct bs_auth *auth, const char *plugin_name, struct bs_str scramble,
              struct bs_buf *out, struct bs_error *err) {
    const struct bs_auth_plugin *plugin = find_plugin(bs_str(plugin_name));
    if (plugin == NULL) {
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
    BS_ASSERT(message.len > 0 && auth->plugin != NULL);
    *reply = false;
    if (auth->plugin->more == NULL) {
        return bs_error_set(err, BS_PROTOCOL, "the server sent more login data than %s knows",
                            auth->plugin->name);
    }
    struct bs_str data = {message.data + 1, message.len - 1};
    return auth->plugin->more(auth, data, out, reply, err);
}

/* mysql_native_password: SHA1(pw) XOR SHA1(scramble + SHA1(SHA1(pw))); nothing for no password. */
#include "wire/auth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

enum { HASH_LEN = 20 };

static bool
sha1(const void *data, size_t len, uint8_t out[HASH_LEN]) {
    return EVP_Digest(data, len, out, NULL, EVP_sha1(), NULL) == 1;
}

static enum bs_status
begin(struct bs_auth *auth, struct bs_buf *out, struct bs_error *err) {
    uint8_t once[HASH_LEN];
    uint8_t salted[BS_SCRAMBLE_LEN + HASH_LEN];
    uint8_t mask[HASH_LEN];
    if (auth->password.len == 0) {
        return BS_OK;
    }
    memcpy(salted, auth->scramble, BS_SCRAMBLE_LEN);
    bool ok = sha1(auth->password.data, auth->password.len, once) &&
              sha1(once, HASH_LEN, salted + BS_SCRAMBLE_LEN) && sha1(salted, sizeof salted, mask);
    for (size_t i = 0; ok && i < HASH_LEN; i++) {
        bs_buf_put_u8(out, once[i] ^ mask[i]);
    }
    OPENSSL_cleanse(once, sizeof once);
    OPENSSL_cleanse(salted, sizeof salted);
    return ok ? BS_OK
              : bs_error_set(err, BS_CONFIG,
                             "OpenSSL refuses SHA-1, which mysql_native_password needs");
}

const struct bs_auth_plugin bs_auth_native = {"mysql_native_password", BS_SCRAMBLE_LEN, begin,
                                              NULL};

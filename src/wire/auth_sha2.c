/* caching_sha2_password and sha256_password.
 *
 * caching_sha2_password: the first answer is SHA256(pw) XOR SHA256(SHA256(SHA256(pw)) + scramble);
 * a server that has the account in its cache says 03 and then OK. Otherwise it says 04 and wants
 * the password: as it is over TLS or a unix socket, else RSA-encrypted, with a pinned key or with
 * the one that the server sends when asked by a 02.
 *
 * sha256_password has no first answer and no cache: it is the second half alone, with 01 as the
 * request for the key. MySQL 8 and newer also name it, as a decoy, for accounts that do not exist.
 */
#include "wire/auth.h"

#include "base/mem.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_LEN = 32, OAEP_OVERHEAD = 42 };
enum { FAST_OK = 0x03, FULL_WANTED = 0x04, KEY_REQUEST = 0x02, SHA256_KEY_REQUEST = 0x01 };

static bool
sha256(const void *data, size_t len, uint8_t out[HASH_LEN]) {
    return EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL) == 1;
}

static enum bs_status
begin(struct bs_auth *auth, struct bs_buf *out, struct bs_error *err) {
    uint8_t once[HASH_LEN];
    uint8_t salted[HASH_LEN + BS_SCRAMBLE_LEN];
    uint8_t mask[HASH_LEN];
    if (auth->password.len == 0) {
        return BS_OK;
    }
    memcpy(salted + HASH_LEN, auth->scramble, BS_SCRAMBLE_LEN);
    bool ok = sha256(auth->password.data, auth->password.len, once) &&
              sha256(once, HASH_LEN, salted) && sha256(salted, sizeof salted, mask);
    for (size_t i = 0; ok && i < HASH_LEN; i++) {
        bs_buf_put_u8(out, once[i] ^ mask[i]);
    }
    OPENSSL_cleanse(once, sizeof once);
    OPENSSL_cleanse(salted, sizeof salted);
    return ok ? BS_OK : bs_error_set(err, BS_CONFIG, "OpenSSL refuses SHA-256");
}

static EVP_PKEY *
read_key(struct bs_str pem) {
    BIO *bio = pem.len <= INT32_MAX ? BIO_new_mem_buf(pem.data, (int)pem.len) : NULL;
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    return key;
}

static bool
encrypt(EVP_PKEY *key, const uint8_t *clear, size_t len, struct bs_buf *out) {
    size_t made = (size_t)EVP_PKEY_get_size(key);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    bool ok = ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
              EVP_PKEY_encrypt(ctx, bs_buf_reserve(out, made), &made, clear, len) == 1;
    out->len += ok ? made : 0;
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

enum bs_status
bs_auth_encrypt(const struct bs_auth *auth, struct bs_str key_pem, struct bs_buf *out,
                struct bs_error *err) {
    EVP_PKEY *key = read_key(key_pem);
    if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
        EVP_PKEY_free(key);
        return bs_error_set(err, BS_PROTOCOL,
                            "the server's public key is not an RSA key in PEM form");
    }
    size_t len = auth->password.len + 1;
    enum bs_status status = BS_OK;
    if (len + OAEP_OVERHEAD > (size_t)EVP_PKEY_get_size(key)) {
        status = bs_error_set(err, BS_CONFIG,
                              "the password is too long for the server's RSA key: use TLS");
    } else {
        uint8_t *clear = bs_zalloc(len);
        memcpy(clear, auth->password.data, auth->password.len);
        for (size_t i = 0; i < len; i++) {
            clear[i] ^= auth->scramble[i % BS_SCRAMBLE_LEN];
        }
        if (!encrypt(key, clear, len, out)) {
            status = bs_error_set(err, BS_PROTOCOL, "cannot encrypt with the server's public key");
        }
        OPENSSL_cleanse(clear, len);
        free(clear);
    }
    EVP_PKEY_free(key);
    return status;
}

/* The password itself, in the safest way there is. */
static enum bs_status
full(struct bs_auth *auth, uint8_t key_request, struct bs_buf *out, struct bs_error *err) {
    if (auth->secure) {
        bs_buf_put_str(out, auth->password);
        bs_buf_put_u8(out, 0);
        return BS_OK;
    }
    if (auth->key_pem.len > 0) {
        return bs_auth_encrypt(auth, auth->key_pem, out, err);
    }
    auth->awaiting_key = true;
    bs_buf_put_u8(out, key_request);
    return BS_OK;
}

static enum bs_status
more(struct bs_auth *auth, struct bs_str data, struct bs_buf *out, bool *reply,
     struct bs_error *err) {
    if (auth->awaiting_key) {
        auth->awaiting_key = false;
        *reply = true;
        return bs_auth_encrypt(auth, data, out, err);
    }
    if (data.len == 1 && data.data[0] == FAST_OK) {
        return BS_OK;
    }
    if (data.len == 1 && data.data[0] == FULL_WANTED) {
        *reply = true;
        return full(auth, KEY_REQUEST, out, err);
    }
    return bs_error_set(err, BS_PROTOCOL,
                        "the server sent login data that caching_sha2_password does not know");
}

const struct bs_auth_plugin bs_auth_caching_sha2 = {"caching_sha2_password", BS_SCRAMBLE_LEN, begin,
                                                    more};

static enum bs_status
sha256_begin(struct bs_auth *auth, struct bs_buf *out, struct bs_error *err) {
    if (auth->password.len == 0) {
        bs_buf_put_u8(out, 0);
        return BS_OK;
    }
    return full(auth, SHA256_KEY_REQUEST, out, err);
}

static enum bs_status
sha256_more(struct bs_auth *auth, struct bs_str data, struct bs_buf *out, bool *reply,
            struct bs_error *err) {
    if (!auth->awaiting_key) {
        return bs_error_set(err, BS_PROTOCOL,
                            "the server sent login data that sha256_password does not know");
    }
    auth->awaiting_key = false;
    *reply = true;
    return bs_auth_encrypt(auth, data, out, err);
}

const struct bs_auth_plugin bs_auth_sha256 = {"sha256_password", BS_SCRAMBLE_LEN, sha256_begin,
                                              sha256_more};

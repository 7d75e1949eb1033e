/* MariaDB's two plugins that sign with Ed25519 (field guide 1.5). Neither sends anything from which
 * the password could be told, so that both are as good without TLS.
 *
 * client_ed25519: the server sends 32 bytes, the answer is their signature. The key is not made as
 * RFC 8032 says: it is the SHA-512 of the password, of any length, where the RFC hashes a seed of
 * 32 bytes. That is why the signature is put together here, from libsodium's arithmetic.
 *
 * parsec (MariaDB 11.6 on): the first answer is empty; the server then tells how the key is made
 * from the password,
 *
 *    'P' factor(1) salt(18)     key = PBKDF2-HMAC-SHA512(password, salt, 1024 << factor rounds, 32
 * bytes)
 *
 * and the second answer is 32 random bytes of our own and a signature as in the RFC, over the
 * server's 32 bytes and those.
 */
#include "wire/auth.h"

#include "base/cursor.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

enum {
    NONCE_LEN = 32,
    SCALAR_LEN = 32,
    POINT_LEN = 32,
    HASH_LEN = 64,
    SALT_LEN = 18,
    PARSEC_ROUNDS = 1024,
    PARSEC_FACTOR_MAX = 3,
};

/* SHA-512 of up to three parts. */
static void
hash(uint8_t out[HASH_LEN], const struct bs_str *parts, size_t count) {
    crypto_hash_sha512_state state;
    (void)crypto_hash_sha512_init(&state);
    for (size_t i = 0; i < count; i++) {
        (void)crypto_hash_sha512_update(&state, (const unsigned char *)parts[i].data, parts[i].len);
    }
    (void)crypto_hash_sha512_final(&state, out);
}

static struct bs_str
bytes(const uint8_t *data, size_t len) {
    return (struct bs_str){(const char *)data, len};
}

/* RFC 8032 5.1.6 from its step 2 on; secret is what its step 1 hashes a seed to. False: not a
 * number that has a point on the curve, which one in 2^252 is. */
static bool
sign(uint8_t secret[HASH_LEN], struct bs_str message, struct bs_buf *out) {
    uint8_t point[POINT_LEN];
    uint8_t nonce_point[POINT_LEN];
    uint8_t nonce[SCALAR_LEN];
    uint8_t challenge[SCALAR_LEN];
    uint8_t wide[HASH_LEN];
    secret[0] &= 0xF8;
    secret[SCALAR_LEN - 1] = (uint8_t)((secret[SCALAR_LEN - 1] & 0x3F) | 0x40);
    hash(wide, (struct bs_str[]){bytes(secret + SCALAR_LEN, HASH_LEN - SCALAR_LEN), message}, 2);
    crypto_core_ed25519_scalar_reduce(nonce, wide);
    bool ok = crypto_scalarmult_ed25519_base_noclamp(point, secret) == 0 &&
              crypto_scalarmult_ed25519_base_noclamp(nonce_point, nonce) == 0;
    if (ok) {
        struct bs_str parts[] = {bytes(nonce_point, POINT_LEN), bytes(point, POINT_LEN), message};
        hash(wide, parts, 3);
        crypto_core_ed25519_scalar_reduce(challenge, wide);
        crypto_core_ed25519_scalar_mul(challenge, challenge, secret);
        crypto_core_ed25519_scalar_add(challenge, challenge, nonce);
        bs_buf_put(out, nonce_point, POINT_LEN);
        bs_buf_put(out, challenge, SCALAR_LEN);
    }
    OPENSSL_cleanse(nonce, sizeof nonce);
    return ok;
}

static enum bs_status
begin(struct bs_auth *auth, struct bs_buf *out, struct bs_error *err) {
    uint8_t secret[HASH_LEN];
    if (sodium_init() < 0) {
        return bs_error_set(err, BS_CONFIG, "libsodium does not start");
    }
    hash(secret, &auth->password, 1);
    bool ok = sign(secret, bytes(auth->scramble, NONCE_LEN), out);
    OPENSSL_cleanse(secret, sizeof secret);
    return ok ? BS_OK : bs_error_set(err, BS_CONFIG, "the password cannot be used to sign with");
}

const struct bs_auth_plugin bs_auth_ed25519 = {"client_ed25519", NONCE_LEN, begin, NULL};

static enum bs_status
parsec_begin(struct bs_auth *auth, struct bs_buf *out, struct bs_error *err) {
    (void)auth;
    (void)out;
    return sodium_init() >= 0 ? BS_OK : bs_error_set(err, BS_CONFIG, "libsodium does not start");
}

static enum bs_status
parsec_more(struct bs_auth *auth, struct bs_str data, struct bs_buf *out, bool *reply,
            struct bs_error *err) {
    struct bs_cursor c = bs_cursor(data.data, data.len);
    uint8_t seed[crypto_sign_ed25519_SEEDBYTES];
    uint8_t public_key[crypto_sign_ed25519_PUBLICKEYBYTES];
    uint8_t secret_key[crypto_sign_ed25519_SECRETKEYBYTES];
    uint8_t nonces[2 * NONCE_LEN];
    uint8_t signature[crypto_sign_ed25519_BYTES];
    uint8_t method = bs_cursor_read_u8(&c);
    uint8_t factor = bs_cursor_read_u8(&c);
    struct bs_str salt = bs_cursor_read_rest(&c);
    if (c.failed || method != 'P' || factor > PARSEC_FACTOR_MAX || salt.len != SALT_LEN) {
        return bs_error_set(err, BS_PROTOCOL,
                            "the server sent login data that parsec does not know");
    }
    if (PKCS5_PBKDF2_HMAC(auth->password.data, (int)auth->password.len,
                          (const unsigned char *)salt.data, SALT_LEN, PARSEC_ROUNDS << factor,
                          EVP_sha512(), sizeof seed, seed) != 1) {
        return bs_error_set(err, BS_CONFIG, "OpenSSL refuses PBKDF2, which parsec needs");
    }
    memcpy(nonces, auth->scramble, NONCE_LEN);
    randombytes_buf(nonces + NONCE_LEN, NONCE_LEN);
    (void)crypto_sign_ed25519_seed_keypair(public_key, secret_key, seed);
    (void)crypto_sign_ed25519_detached(signature, NULL, nonces, sizeof nonces, secret_key);
    bs_buf_put(out, nonces + NONCE_LEN, NONCE_LEN);
    bs_buf_put(out, signature, sizeof signature);
    OPENSSL_cleanse(seed, sizeof seed);
    OPENSSL_cleanse(secret_key, sizeof secret_key);
    *reply = true;
    return BS_OK;
}

const struct bs_auth_plugin bs_auth_parsec = {"parsec", NONCE_LEN, parsec_begin, parsec_more};

#include "hex.h"
#include "wire/auth.h"

#include <criterion/criterion.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#define SCRAMBLE "ABCDEFGHIJKLMNOPQRST"

static struct bs_auth
auth_of(const char *password, bool secure, struct bs_str key_pem) {
    struct bs_auth auth;
    bs_auth_init(&auth, bs_str(password), secure, key_pem);
    return auth;
}

static void
expect_answer(const char *plugin, const char *password, const char *hex) {
    struct bs_auth auth = auth_of(password, false, bs_str(""));
    struct bs_buf out = {0};
    struct bs_error err;
    cr_assert_eq(bs_auth_begin(&auth, plugin, bs_str(SCRAMBLE), &out, &err), BS_OK);
    struct bs_buf got = hex_of(bs_buf_str(&out));
    cr_assert_str_eq((char *)got.data, hex);
    bs_buf_fini(&out);
    bs_buf_fini(&got);
}

/* The expected bytes were made with another implementation of the hashes. */
Test(auth, native_scrambles_as_servers_expect) {
    expect_answer("mysql_native_password", "secret", "28441590674285e7d03cae7af237504797f70e91");
}

Test(auth, caching_sha2_scrambles_as_servers_expect) {
    expect_answer("caching_sha2_password", "secret",
                  "d721e183c1f036a196c1389201b8d53f38064a16f1d0923683ab886763152d75");
}

Test(auth, an_empty_password_is_an_empty_answer) {
    expect_answer("mysql_native_password", "", "");
    expect_answer("caching_sha2_password", "", "");
}

Test(auth, a_default_plugin_that_is_not_spoken_is_replaced_by_native) {
    expect_answer("dialog", "secret", "28441590674285e7d03cae7af237504797f70e91");
    cr_assert(!bs_auth_knows("dialog"));
    cr_assert(bs_auth_knows("caching_sha2_password"));
    /* Spoken, but not with the 20 bytes of a greeting. */
    expect_answer("client_ed25519", "secret", "28441590674285e7d03cae7af237504797f70e91");
}

Test(auth, a_scramble_of_the_wrong_length_is_refused) {
    struct bs_auth auth = auth_of("secret", false, bs_str(""));
    struct bs_buf out = {0};
    struct bs_error err;
    cr_assert_eq(bs_auth_begin(&auth, "mysql_native_password", bs_str("short"), &out, &err),
                 BS_PROTOCOL);
    cr_assert_eq(out.len, 0);
}

static enum bs_status
switch_to(struct bs_auth *auth, const char *message, size_t len, struct bs_buf *out,
          struct bs_error *err) {
    return bs_auth_switch(auth, (struct bs_str){message, len}, out, err);
}

Test(auth, a_switch_is_followed_once_and_a_loop_is_refused) {
    const char message[] = "\xfemysql_native_password\0" SCRAMBLE;
    struct bs_auth auth = auth_of("secret", false, bs_str(""));
    struct bs_buf out = {0};
    struct bs_error err;
    cr_assert_eq(bs_auth_begin(&auth, "caching_sha2_password", bs_str(SCRAMBLE), &out, &err),
                 BS_OK);
    bs_buf_clear(&out);
    cr_assert_eq(switch_to(&auth, message, sizeof message, &out, &err), BS_OK); /* with the NUL */
    cr_assert_eq(out.len, 20);
    cr_assert_eq(out.data[0], 0x28);
    cr_assert_eq(switch_to(&auth, message, sizeof message, &out, &err), BS_PROTOCOL);
    bs_buf_fini(&out);
}

static void
expect_refusal(const char *message, size_t len, const char *name, const char *advice) {
    struct bs_auth auth = auth_of("secret-word", true, bs_str(""));
    struct bs_buf out = {0};
    struct bs_error err;
    cr_assert_eq(switch_to(&auth, message, len, &out, &err), BS_PRECHECK);
    cr_assert(strstr(err.message, name) != NULL, "%s", err.message);
    cr_assert(strstr(err.hint, advice) != NULL, "%s", err.hint);
    cr_assert(strstr(err.message, "secret-word") == NULL &&
              strstr(err.hint, "secret-word") == NULL);
    cr_assert_eq(out.len, 0);
}

Test(auth, plugins_that_are_not_spoken_are_refused_by_name_with_advice) {
    expect_refusal("\xfe", 1, "mysql_old_password", "old_passwords=0");
    expect_refusal("\xfe"
                   "dialog\0" SCRAMBLE,
                   28, "dialog", "password");
    expect_refusal("\xfemysql_clear_password\0", 22, "mysql_clear_password",
                   "caching_sha2_password");
    expect_refusal("\xfe"
                   "of_the_future\0x",
                   16, "of_the_future", "caching_sha2_password");
}

static struct bs_auth
sha2_begun(bool secure, struct bs_str key_pem) {
    struct bs_auth auth = auth_of("secret", secure, key_pem);
    struct bs_buf out = {0};
    cr_assert_eq(bs_auth_begin(&auth, "caching_sha2_password", bs_str(SCRAMBLE), &out, NULL),
                 BS_OK);
    bs_buf_fini(&out);
    return auth;
}

Test(auth, caching_sha2_fast_ok_needs_no_answer) {
    struct bs_auth auth = sha2_begun(false, bs_str(""));
    struct bs_buf out = {0};
    bool reply = true;
    cr_assert_eq(bs_auth_more(&auth, (struct bs_str){"\x01\x03", 2}, &out, &reply, NULL), BS_OK);
    cr_assert(!reply);
}

Test(auth, caching_sha2_gives_the_password_itself_only_where_nobody_listens) {
    struct bs_auth auth = sha2_begun(true, bs_str(""));
    struct bs_buf out = {0};
    bool reply = false;
    cr_assert_eq(bs_auth_more(&auth, (struct bs_str){"\x01\x04", 2}, &out, &reply, NULL), BS_OK);
    cr_assert(reply);
    cr_assert_eq(out.len, 7);
    cr_assert_arr_eq(out.data, "secret", 7);
    bs_buf_clear(&out);
    auth = sha2_begun(false, bs_str(""));
    cr_assert_eq(bs_auth_more(&auth, (struct bs_str){"\x01\x04", 2}, &out, &reply, NULL), BS_OK);
    cr_assert_eq(out.len, 1);
    cr_assert_eq(out.data[0], 0x02); /* asks for the key */
    bs_buf_fini(&out);
}

static EVP_PKEY *
make_key(struct bs_buf *pem) {
    EVP_PKEY *key = EVP_RSA_gen(2048);
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    PEM_write_bio_PUBKEY(bio, key);
    long len = BIO_get_mem_data(bio, &text);
    bs_buf_put(pem, text, (size_t)len);
    BIO_free(bio);
    return key;
}

/* As the server does it. */
static void
expect_decrypts(EVP_PKEY *key, const struct bs_buf *sent) {
    unsigned char clear[512];
    size_t len = sizeof clear;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    cr_assert_eq(EVP_PKEY_decrypt_init(ctx), 1);
    cr_assert_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING), 1);
    cr_assert_eq(EVP_PKEY_decrypt(ctx, clear, &len, sent->data, sent->len), 1);
    EVP_PKEY_CTX_free(ctx);
    cr_assert_eq(len, 7);
    for (size_t i = 0; i < len; i++) {
        clear[i] ^= (unsigned char)SCRAMBLE[i];
    }
    cr_assert_arr_eq(clear, "secret", 7);
}

Test(auth, caching_sha2_encrypts_for_the_key_that_the_server_sent) {
    struct bs_buf pem = {0};
    struct bs_buf out = {0};
    struct bs_buf message = {0};
    bool reply = false;
    EVP_PKEY *key = make_key(&pem);
    struct bs_auth auth = sha2_begun(false, bs_str(""));
    cr_assert_eq(bs_auth_more(&auth, (struct bs_str){"\x01\x04", 2}, &out, &reply, NULL), BS_OK);
    bs_buf_clear(&out);
    bs_buf_put_u8(&message, 1);
    bs_buf_put(&message, pem.data, pem.len);
    cr_assert_eq(bs_auth_more(&auth, bs_buf_str(&message), &out, &reply, NULL), BS_OK);
    cr_assert(reply);
    expect_decrypts(key, &out);
    EVP_PKEY_free(key);
    bs_buf_fini(&pem);
    bs_buf_fini(&out);
    bs_buf_fini(&message);
}

Test(auth, caching_sha2_encrypts_for_the_pinned_key_and_asks_for_none) {
    struct bs_buf pem = {0};
    struct bs_buf out = {0};
    bool reply = false;
    EVP_PKEY *key = make_key(&pem);
    struct bs_auth auth = sha2_begun(false, bs_buf_str(&pem));
    cr_assert_eq(bs_auth_more(&auth, (struct bs_str){"\x01\x04", 2}, &out, &reply, NULL), BS_OK);
    expect_decrypts(key, &out);
    EVP_PKEY_free(key);
    bs_buf_fini(&pem);
    bs_buf_fini(&out);
}

Test(auth, a_key_that_is_no_key_is_a_protocol_error) {
    struct bs_auth auth = sha2_begun(false, bs_str("no key"));
    struct bs_buf out = {0};
    struct bs_error err;
    bool reply = false;
    cr_assert_eq(bs_auth_more(&auth, (struct bs_str){"\x01\x04", 2}, &out, &reply, &err),
                 BS_PROTOCOL);
    cr_assert_eq(out.len, 0);
}

Test(auth, sha256_gives_the_password_itself_only_where_nobody_listens) {
    struct bs_buf out = {0};
    struct bs_error err;
    struct bs_auth auth = auth_of("secret", true, bs_str(""));
    cr_assert_eq(bs_auth_begin(&auth, "sha256_password", bs_str(SCRAMBLE), &out, &err), BS_OK);
    cr_assert_eq(out.len, 7);
    bs_buf_clear(&out);
    auth = auth_of("secret", false, bs_str(""));
    cr_assert_eq(bs_auth_begin(&auth, "sha256_password", bs_str(SCRAMBLE), &out, &err), BS_OK);
    cr_assert_eq(out.len, 1);
    cr_assert_eq(out.data[0], 0x01); /* asks for the key */
    bs_buf_fini(&out);
}

Test(auth, sha256_encrypts_for_the_key_that_the_server_sent) {
    struct bs_buf pem = {0};
    struct bs_buf out = {0};
    struct bs_buf message = {0};
    bool reply = false;
    EVP_PKEY *key = make_key(&pem);
    struct bs_auth auth = auth_of("secret", false, bs_str(""));
    cr_assert_eq(bs_auth_begin(&auth, "sha256_password", bs_str(SCRAMBLE), &out, NULL), BS_OK);
    bs_buf_clear(&out);
    bs_buf_put_u8(&message, 1);
    bs_buf_put(&message, pem.data, pem.len);
    cr_assert_eq(bs_auth_more(&auth, bs_buf_str(&message), &out, &reply, NULL), BS_OK);
    expect_decrypts(key, &out);
    cr_assert_eq(bs_auth_more(&auth, bs_buf_str(&message), &out, &reply, NULL),
                 BS_PROTOCOL); /* once */
    EVP_PKEY_free(key);
    bs_buf_fini(&pem);
    bs_buf_fini(&out);
    bs_buf_fini(&message);
}

/* Public keys as MariaDB 10.11 and 11.8 made them from these passwords, in mysql.user. */
#define X20 "xxxxxxxxxxxxxxxxxxxx"
static const struct {
    const char *password;
    const char *public_key;
} ED25519_ACCOUNTS[] = {
    {"secret", "648814444520e4f56043a2ec9215e63be7992d2d270bc6dee873e36164786096"},
    {X20 X20 X20 X20 X20, "51d8689aa11d3ad1f210da71f7b69e9de2fbcabf0462f56f94d5a8004244c998"},
    {"p\xc3\xa4 ss/@:%", "a33535d3f98aad85f1104ca32090c448fe07f20840c39f8a2968ce8e30eb333e"},
};

/* As the server does it, but with OpenSSL. */
static bool
is_signed(const char *public_key_hex, const uint8_t *signature, const void *message, size_t len) {
    uint8_t key[32];
    for (size_t i = 0; i < sizeof key; i++) {
        char pair[3] = {public_key_hex[2 * i], public_key_hex[2 * i + 1], '\0'};
        key[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    EVP_PKEY *public_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, sizeof key);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    cr_assert_eq(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, public_key), 1);
    int rc = EVP_DigestVerify(ctx, signature, 64, message, len);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(public_key);
    return rc == 1;
}

/* The last one ends in a zero, which is no end of text. */
static const char NONCES[][33] = {
    "0123456789abcdefghijklmnopqrstuv",
    "\x00\xff\x80GHIJKLMNOPQRSTUVWXYZ+++------",
    "the last byte of it is a zero: \0",
};

static struct bs_buf
switch_message(const char *plugin, const char *nonce) {
    struct bs_buf message = {0};
    bs_buf_put_u8(&message, 0xFE);
    bs_buf_put(&message, plugin, strlen(plugin) + 1);
    bs_buf_put(&message, nonce, 32);
    return message;
}

Test(auth, ed25519_signs_what_the_server_sent_with_the_key_that_the_server_made) {
    for (size_t i = 0; i < sizeof ED25519_ACCOUNTS / sizeof ED25519_ACCOUNTS[0]; i++) {
        for (size_t k = 0; k < sizeof NONCES / sizeof NONCES[0]; k++) {
            struct bs_auth auth = auth_of(ED25519_ACCOUNTS[i].password, false, bs_str(""));
            struct bs_buf message = switch_message("client_ed25519", NONCES[k]);
            struct bs_buf out = {0};
            struct bs_error err;
            cr_assert_eq(bs_auth_switch(&auth, bs_buf_str(&message), &out, &err), BS_OK);
            cr_assert_eq(out.len, 64);
            cr_assert(is_signed(ED25519_ACCOUNTS[i].public_key, out.data, NONCES[k], 32));
            cr_assert(!is_signed(ED25519_ACCOUNTS[i].public_key, out.data, NONCES[k], 31));
            bs_buf_fini(&message);
            bs_buf_fini(&out);
        }
    }
}

/* Signing the same twice gives the same: a nonce of its own would tell the key. */
Test(auth, ed25519_signs_without_chance) {
    struct bs_buf out[2] = {0};
    for (size_t i = 0; i < 2; i++) {
        struct bs_auth auth = auth_of("secret", false, bs_str(""));
        struct bs_buf message = switch_message("client_ed25519", NONCES[0]);
        cr_assert_eq(bs_auth_switch(&auth, bs_buf_str(&message), &out[i], NULL), BS_OK);
        bs_buf_fini(&message);
    }
    cr_assert_arr_eq(out[0].data, out[1].data, 64);
    bs_buf_fini(&out[0]);
    bs_buf_fini(&out[1]);
}

Test(auth, ed25519_with_another_length_than_32_is_refused) {
    const char message[] = "\xfe"
                           "client_ed25519\0" SCRAMBLE;
    struct bs_auth auth = auth_of("secret", false, bs_str(""));
    struct bs_buf out = {0};
    struct bs_error err;
    cr_assert_eq(switch_to(&auth, message, sizeof message - 1, &out, &err), BS_PROTOCOL);
    cr_assert_eq(out.len, 0);
}

/* salt and public key from an account of MariaDB 11.8: "P0:c0esGlA3ThFtNa2ZAwYU6Mf/:QlnsRtG9..." */
static const char PARSEC_SALT[] = "P\x00\x73\x47\xac\x1a\x50\x37\x4e\x11\x6d\x35\xad\x99"
                                  "\x03\x06\x14\xe8\xc7\xff";
static const char PARSEC_KEY[] = "4259ec46d1bd97db847bcdee44a22d90e78a57056e8f930fde4c82b1"
                                 "fd5a2542";

static struct bs_auth
parsec_begun(void) {
    struct bs_auth auth = auth_of("secret", false, bs_str(""));
    struct bs_buf message = switch_message("parsec", NONCES[0]);
    struct bs_buf out = {0};
    cr_assert_eq(bs_auth_switch(&auth, bs_buf_str(&message), &out, NULL), BS_OK);
    cr_assert_eq(out.len, 0);
    bs_buf_fini(&message);
    return auth;
}

Test(auth, parsec_signs_both_nonces_with_the_key_that_the_server_made) {
    struct bs_auth auth = parsec_begun();
    struct bs_buf out = {0};
    struct bs_error err;
    uint8_t both[64];
    bool reply = false;
    cr_assert_eq(bs_auth_more(&auth, (struct bs_str){PARSEC_SALT, 20}, &out, &reply, &err), BS_OK);
    cr_assert(reply);
    cr_assert_eq(out.len, 96);
    memcpy(both, NONCES[0], 32);
    memcpy(both + 32, out.data, 32);
    cr_assert(is_signed(PARSEC_KEY, out.data + 32, both, sizeof both));
    bs_buf_fini(&out);
}

Test(auth, parsec_refuses_what_it_does_not_know) {
    static const struct bs_str messages[] = {
        {"", 0},
        {PARSEC_SALT, 19},
        {"P\x04"
         "012345678901234567",
         20},
        {"Q\x00"
         "012345678901234567",
         20},
    };
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        struct bs_auth auth = parsec_begun();
        struct bs_buf out = {0};
        struct bs_error err;
        bool reply = false;
        cr_assert_eq(bs_auth_more(&auth, messages[i], &out, &reply, &err), BS_PROTOCOL);
        cr_assert_eq(out.len, 0);
        cr_assert(!reply);
    }
}

/* Where the servers are: masking, and what comes from where. */
#include "cli/connect.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
expect_mask(const char *arg, const char *masked) {
    char *copy = strdup(arg);
    bs_connect_mask(copy);
    cr_assert_str_eq(copy, masked, "%s became %s", arg, copy);
    free(copy);
}

Test(connect, a_password_in_an_argument_is_masked) {
    expect_mask("mysql://root:abc@host:3306/", "mysql://root:***@host:3306/");
    expect_mask("--source=mysql://root:a:b@host/", "--source=mysql://root:***@host/");
    expect_mask("mysql://root:a@b@host/", "mysql://root:***@host/");
    expect_mask("mysql://root:p/w?x@host/", "mysql://root:*****@host/");
    expect_mask("mysq://root:abc@host", "mysq://root:***@host");
    expect_mask("root:abc@host", "root:***@host");
    expect_mask("mysql://root:abc", "mysql://root:***");
    expect_mask("mysql://root@host/?password=abc", "mysql://root@host/?************");
}

Test(connect, what_is_no_password_stays) {
    expect_mask("mysql://root@127.0.0.1:3306/?ssl-mode=REQUIRED",
                "mysql://root@127.0.0.1:3306/?ssl-mode=REQUIRED");
    expect_mask("mysql://127.0.0.1:3306/", "mysql://127.0.0.1:3306/");
    expect_mask("mysql://root@[::1]:3306/", "mysql://root@[::1]:3306/");
    expect_mask("--tables=shop.a:b", "--tables=shop.a:b");
    expect_mask("snapshot", "snapshot");
}

static char path[] = "/tmp/binstream-test-XXXXXX";
static struct bs_endpoint endpoint;
static struct bs_error err;

static void
write_file(const char *text) {
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void
clear(void) {
    bs_endpoint_fini(&endpoint);
    unlink(path);
    unsetenv("BINSTREAM_SOURCE");
    unsetenv("BINSTREAM_SOURCE_PASSWORD");
}

TestSuite(resolve, .fini = clear);

Test(resolve, the_environment_stands_in) {
    setenv("BINSTREAM_SOURCE", "mysql://me@host:3307/", 1);
    setenv("BINSTREAM_SOURCE_PASSWORD", "se cret", 1);
    cr_assert_eq(bs_connect_resolve(&endpoint, "source", NULL, NULL, &err), BS_OK);
    cr_assert_str_eq(endpoint.host, "host");
    cr_assert_eq(endpoint.port, 3307);
    cr_assert_str_eq(endpoint.password, "se cret");
}

Test(resolve, a_password_in_the_uri_wins_over_the_environment) {
    setenv("BINSTREAM_SOURCE_PASSWORD", "other", 1);
    cr_assert_eq(bs_connect_resolve(&endpoint, "source", "mysql://me:mine@host/", NULL, &err),
                 BS_OK);
    cr_assert_str_eq(endpoint.password, "mine");
}

Test(resolve, nothing_given_is_an_error_that_says_what_to_add) {
    cr_assert_eq(bs_connect_resolve(&endpoint, "source", NULL, NULL, &err), BS_CONFIG);
    cr_assert_not_null(strstr(err.hint, "--source"));
}

Test(resolve, a_password_file_is_its_first_line) {
    char uri[128];
    write_file("p@ss word\nsecond\n");
    (void)snprintf(uri, sizeof uri, "mysql://me@host/?password-file=%s", path);
    setenv("BINSTREAM_SOURCE_PASSWORD", "other", 1);
    cr_assert_eq(bs_connect_resolve(&endpoint, "source", uri, NULL, &err), BS_OK);
    cr_assert_str_eq(endpoint.password, "p@ss word");
    bs_endpoint_fini(&endpoint);
    cr_assert_eq(bs_connect_resolve(&endpoint, "source", "mysql://me@host/?password-file=/no/such",
                                    NULL, &err),
                 BS_CONFIG);
    cr_assert_not_null(strstr(err.message, "/no/such"));
}

Test(resolve, an_option_file_is_enough) {
    write_file("# comment\n[mysqld]\nport=1\n[client]\nuser=cl\npassword=\"a#b c\"\nport=3310\n"
               "default-character-set=utf8\n[binstream-source]\nuser = us\nhost=db.example # why\n"
               "[binstream-target]\nuser=them\n");
    cr_assert_eq(bs_connect_resolve(&endpoint, "source", NULL, path, &err), BS_OK);
    cr_assert_str_eq(endpoint.user, "us");
    cr_assert_str_eq(endpoint.password, "a#b c");
    cr_assert_str_eq(endpoint.host, "db.example");
    cr_assert_eq(endpoint.port, 3310);
}

Test(resolve, an_option_file_fills_in_what_the_uri_does_not_say) {
    write_file("[binstream-source]\nuser=other\npassword=p\\\\w\nhost=other\nssl_ca=/ca\n"
               "ssl-mode=REQUIRED\ncompress=zlib\nconnect-timeout=7\n[client]\npassword=worse\n"
               "compress\n");
    cr_assert_eq(bs_connect_resolve(&endpoint, "source", "mysql://me@host/", path, &err), BS_OK);
    cr_assert_str_eq(endpoint.user, "me");
    cr_assert_str_eq(endpoint.host, "host");
    cr_assert_str_eq(endpoint.password, "p\\w");
    cr_assert_str_eq(endpoint.ssl_ca, "/ca");
    cr_assert_eq(endpoint.ssl_mode, BS_SSL_REQUIRED);
    cr_assert_eq(endpoint.compress, BS_COMPRESS_ZLIB);
    cr_assert_eq(endpoint.connect_timeout_ms, 7000);
}

Test(resolve, what_the_uri_says_of_tls_wins_over_the_file) {
    write_file("[client]\nssl-mode=VERIFY_IDENTITY\nssl-ca=/nonexistent\ncompress=1\n"
               "[binstream-source]\ncompress=zstd\n");
    cr_assert_eq(bs_connect_resolve(&endpoint, "source",
                                    "mysql://me@host/?ssl-mode=PREFERRED&compress=none", path,
                                    &err),
                 BS_OK);
    cr_assert_eq(endpoint.ssl_mode, BS_SSL_PREFERRED);
    cr_assert_eq(endpoint.compress, BS_COMPRESS_NONE);
}

Test(resolve, a_mode_in_the_uri_and_its_authority_in_the_file_make_a_whole) {
    write_file("[client]\nssl-ca=/nonexistent\n");
    cr_assert_eq(bs_connect_resolve(&endpoint, "source",
                                    "mysql://me@host/?ssl-mode=VERIFY_IDENTITY", path, &err),
                 BS_CONFIG);
    cr_assert_not_null(strstr(err.message, "/nonexistent"), "%s", err.message);
    /* An authority alone, in either place, is one that is asked. */
    cr_assert_eq(bs_connect_resolve(&endpoint, "source", "mysql://me@host/", path, &err),
                 BS_CONFIG);
    cr_assert_not_null(strstr(err.message, "/nonexistent"), "%s", err.message);
}

Test(resolve, the_environment_wins_over_the_file_but_not_over_the_uri) {
    write_file("[client]\npassword=file\nuser=me\n");
    setenv("BINSTREAM_SOURCE_PASSWORD", "environment", 1);
    cr_assert_eq(bs_connect_resolve(&endpoint, "source", "mysql://me@host/", path, &err), BS_OK);
    cr_assert_str_eq(endpoint.password, "environment");
    bs_endpoint_fini(&endpoint);
    cr_assert_eq(bs_connect_resolve(&endpoint, "source", NULL, path, &err), BS_OK);
    cr_assert_str_eq(endpoint.password, "environment");
    bs_endpoint_fini(&endpoint);
    unsetenv("BINSTREAM_SOURCE_PASSWORD");
    cr_assert_eq(bs_connect_resolve(&endpoint, "source", "mysql://me@host/", path, &err), BS_OK);
    cr_assert_str_eq(endpoint.password, "file");
}

static void
expect_bad_password(const char *text, size_t len, const char *words) {
    char uri[128];
    char file[] = "/tmp/binstream-test-XXXXXX";
    int fd = mkstemp(file);
    cr_assert_eq(write(fd, text, len), (ssize_t)len);
    close(fd);
    (void)snprintf(uri, sizeof uri, "mysql://me@host/?password-file=%s", file);
    cr_assert_eq(bs_connect_resolve(&endpoint, "source", uri, NULL, &err), BS_CONFIG);
    cr_assert(strstr(err.message, words) != NULL && strstr(err.message, file) != NULL, "%s",
              err.message);
    cr_assert(strstr(err.message, "s3cr3t") == NULL);
    unlink(file);
}

Test(resolve, a_password_file_that_holds_none_is_refused) {
    char long_line[5000];
    memset(long_line, 'x', sizeof long_line);
    expect_bad_password("", 0, "empty first line");
    expect_bad_password("\r\ns3cr3t", 8, "empty first line");
    expect_bad_password("s3cr3t\0more\n", 12, "zero byte");
    expect_bad_password(long_line, sizeof long_line, "too long");
    cr_assert_eq(
        bs_connect_resolve(&endpoint, "source", "mysql://me@host/?password-file=/tmp", NULL, &err),
        BS_CONFIG);
    cr_assert_not_null(strstr(err.message, "directory"), "%s", err.message);
}

Test(resolve, a_password_file_may_be_as_long_as_4096_and_end_as_windows_ends_lines) {
    char uri[128];
    char text[4099];
    memset(text, 'p', 4096);
    memcpy(text + 4096, "\r\n", 3);
    write_file(text);
    (void)snprintf(uri, sizeof uri, "mysql://me@host/?password-file=%s", path);
    cr_assert_eq(bs_connect_resolve(&endpoint, "source", uri, NULL, &err), BS_OK, "%s",
                 err.message);
    cr_assert_eq(strlen(endpoint.password), 4096);
}

Test(resolve, a_password_file_may_stand_in_our_section_alone) {
    char text[256];
    char uri_file[] = "/tmp/binstream-test-XXXXXX";
    int fd = mkstemp(uri_file);
    cr_assert_eq(write(fd, "from the file", 13), 13);
    close(fd);
    (void)snprintf(
        text, sizeof text,
        "[client]\nuser=me\npassword-file=/no/such\n[binstream-source]\npassword-file=%s\n",
        uri_file);
    write_file(text);
    cr_assert_eq(bs_connect_resolve(&endpoint, "source", NULL, path, &err), BS_OK);
    cr_assert_str_eq(endpoint.password, "from the file");
    unlink(uri_file);
}

Test(resolve, a_line_of_the_option_file_that_is_too_long_is_refused) {
    char text[6000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    memcpy(text, "[client]\npassword=", 18);
    write_file(text);
    cr_assert_eq(bs_connect_resolve(&endpoint, "source", "mysql://me@host/", path, &err),
                 BS_CONFIG);
    cr_assert_not_null(strstr(err.message, ":2: the line is longer"), "%s", err.message);
    cr_assert_null(strstr(err.message, "xxx"));
}

Test(resolve, an_unknown_option_of_ours_in_the_file_is_an_error) {
    write_file("[binstream-source]\nusr=me\n");
    cr_assert_eq(bs_connect_resolve(&endpoint, "source", NULL, path, &err), BS_CONFIG);
    cr_assert_not_null(strstr(err.message, ":2: "));
    cr_assert_not_null(strstr(err.message, "usr"));
}

#include "hex.h"
#include "wire/capability.h"
#include "wire/greeting.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

/* Whole first packets of real servers, header included. */
static const char MYSQL_5_1[] =
    "380000000a352e312e36332d6c6f67001200000032474c2a2a356b3e00fff708020000000000000000000"
    "000000000317a374223273c36395c447c00";
static const char MYSQL_5_6[] =
    "4e0000000a352e362e32342d6c6f67001c00000069555071662e512d00fff70802007f801500000000000"
    "0000000002c325846377c307627586926006d7973716c5f6e61746976655f70617373776f726400";
static const char MYSQL_9_7[] =
    "4b0000000a392e372e342d32000b00000036337773161d171a00ffffff0200ffdf1500000000000000000"
    "0001804555f2b6c716c321d3e690063616368696e675f736861325f70617373776f726400";
static const char MARIADB_10_11[] = "680000000a352e352e352d31302e31312e31392d4d6172696144422d302b64"
                                    "6562313275312d6c6f67001a0000005035552d2260416200fef70"
                                    "80200ff81150000000000001d000000492622744746675248513e7e006d797"
                                    "3716c5f6e61746976655f70617373776f726400";
static const char MARIADB_11_8[] = "6c0000000a31312e382e362d4d6172696144422d302b6465623133753120667"
                                   "26f6d2044656269616e2d6c6f67001a0000005f51563f74506e5"
                                   "b00feff2d0200ff81150000000000003d0000005c3f614d3c25425f352c7c4d"
                                   "006d7973716c5f6e61746976655f70617373776f726400";

static struct bs_greeting
parse(const char *hex) {
    struct bs_greeting greeting;
    struct bs_error err = {0};
    struct bs_buf bytes = bytes_of(hex);
    struct bs_str message = {(const char *)bytes.data + 4, bytes.len - 4};
    cr_assert_eq(bs_greeting_parse(message, &greeting, &err), BS_OK, "%s", err.message);
    cr_assert_eq(greeting.scramble_len, BS_SCRAMBLE_LEN);
    bs_buf_fini(&bytes);
    return greeting;
}

Test(greeting, mysql_5_1_names_no_plugin_and_means_native) {
    struct bs_greeting g = parse(MYSQL_5_1);
    cr_assert_eq(g.version, 50163);
    cr_assert(!g.is_mariadb);
    cr_assert_str_eq(g.auth_plugin, "mysql_native_password");
    cr_assert_arr_eq(g.scramble, "2GL**5k>1z7B#'<69\\D|", 20);
    cr_assert_eq(g.capabilities, 0xF7FF);
    cr_assert_eq(g.connection_id, 18);
}

Test(greeting, mysql_5_6_and_9_7_name_their_plugin) {
    struct bs_greeting g = parse(MYSQL_5_6);
    cr_assert_eq(g.version, 50624);
    cr_assert_str_eq(g.auth_plugin, "mysql_native_password");
    cr_assert_arr_eq(g.scramble, "iUPqf.Q-,2XF7|0v'Xi&", 20);
    g = parse(MYSQL_9_7);
    cr_assert_eq(g.version, 90704);
    cr_assert_str_eq(g.auth_plugin, "caching_sha2_password");
    cr_assert((g.capabilities & BS_CAP_SSL) != 0 && (g.capabilities & BS_CAP_ZSTD) != 0);
}

Test(greeting, mariadb_is_known_with_and_without_its_prefix) {
    struct bs_greeting g = parse(MARIADB_10_11);
    cr_assert(g.is_mariadb);
    cr_assert_eq(g.version, 101119);
    cr_assert_str_eq(g.version_text, "10.11.19-MariaDB-0+deb12u1-log");
    g = parse(MARIADB_11_8);
    cr_assert(g.is_mariadb);
    cr_assert_eq(g.version, 110806);
    cr_assert_arr_eq(g.scramble, "_QV?tPn[\\?aM<%B_5,|M", 20);
}

Test(greeting, a_plugin_name_without_its_nul_is_accepted) {
    struct bs_greeting g;
    struct bs_error err;
    struct bs_buf bytes = bytes_of(MYSQL_5_6);
    cr_assert_eq(
        bs_greeting_parse((struct bs_str){(char *)bytes.data + 4, bytes.len - 5}, &g, &err), BS_OK);
    cr_assert_str_eq(g.auth_plugin, "mysql_native_password");
    bs_buf_fini(&bytes);
}

Test(greeting, one_that_is_cut_anywhere_is_an_error_and_never_an_overrun) {
    struct bs_buf bytes = bytes_of(MYSQL_9_7);
    for (size_t len = 0; len < 52; len++) { /* up to the end of the scramble */
        if (len == 24) {
            continue; /* after the low capabilities one may end */
        }
        struct bs_greeting g;
        struct bs_error err;
        char *copy = malloc(len + 1); /* exact, so that the sanitizer sees a byte too far */
        char *exact = realloc(copy, len > 0 ? len : 1);
        memcpy(exact, bytes.data + 4, len);
        cr_assert_eq(bs_greeting_parse((struct bs_str){exact, len}, &g, &err), BS_PROTOCOL, "%zu",
                     len);
        free(exact);
    }
    bs_buf_fini(&bytes);
}

Test(greeting, an_error_in_its_place_is_the_servers_error) {
    struct bs_greeting g;
    struct bs_error err;
    const char message[] = "\xff\x10\x04Too many connections";
    cr_assert_eq(bs_greeting_parse((struct bs_str){message, sizeof message - 1}, &g, &err),
                 BS_SERVER);
    cr_assert_eq(err.sql_errno, 1040);
    cr_assert(strstr(err.message, "Too many connections") != NULL);
}

Test(greeting, another_protocol_is_told_with_a_word_on_ports) {
    struct bs_greeting g;
    struct bs_error err;
    cr_assert_eq(bs_greeting_parse(bs_str("SSH-2.0-OpenSSH"), &g, &err), BS_PROTOCOL);
    cr_assert(strstr(err.hint, "3306") != NULL);
}

Test(greeting, a_server_before_4_1s_protocol_is_too_old) {
    struct bs_greeting g;
    struct bs_error err;
    struct bs_buf bytes = bytes_of(MYSQL_5_1);
    bytes.data[4 + 1 + 11 + 4 + 9 + 1] = 0x75; /* PROTOCOL_41 and SECURE_CONNECTION cleared */
    cr_assert_eq(
        bs_greeting_parse((struct bs_str){(char *)bytes.data + 4, bytes.len - 4}, &g, &err),
        BS_PROTOCOL);
    cr_assert(strstr(err.message, "too old") != NULL);
    bs_buf_fini(&bytes);
}

static void
parse_recorded(const char *path) {
    char line[4096] = "";
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    cr_assert_not_null(fgets(line, sizeof line, file));
    cr_assert_not_null(fgets(line, sizeof line, file));
    (void)fclose(file);
    struct bs_greeting g = parse(line);
    cr_assert_eq(g.is_mariadb, strstr(path, "mariadb") != NULL, "%s", path);
    unsigned major = 0;
    unsigned minor = 0;
    const char *version = strrchr(path, '-') + 1;
    cr_assert_eq(sscanf(version, "%u.%u", &major, &minor), 2);
    cr_assert_eq(g.version / 100, major * 100 + minor, "%s", path);
}

Test(greeting, every_recorded_one_can_be_read) {
    char pattern[1024];
    const char *corpus = getenv("BINSTREAM_CORPUS");
    const char *source = getenv("BINSTREAM_SOURCE_DIR");
    (void)snprintf(pattern, sizeof pattern, "%s%s/servers/*/facts.txt",
                   corpus != NULL   ? corpus
                   : source != NULL ? source
                                    : ".",
                   corpus != NULL ? "" : "/../shared/corpus");
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0) {
        cr_skip_test("SKIPPED: no recorded greetings: set BINSTREAM_CORPUS");
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        parse_recorded(found.gl_pathv[i]);
    }
    cr_assert_geq(found.gl_pathc, 9);
    globfree(&found);
}

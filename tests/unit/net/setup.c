#include "net/setup.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct bs_stream_request FROM_FILE = {
    .mode = BS_POSITION_FILE, .file = "b.1", .pos = 4, .gtid_text = ""};

static struct bs_setup
setup_of(const struct bs_stream_config *config, const struct bs_stream_request *request,
         bool mariadb, uint32_t version) {
    struct bs_setup setup;
    struct bs_greeting greeting = {.is_mariadb = mariadb, .version = version};
    bs_setup_init(&setup, config, request, &greeting);
    return setup;
}

static void
give(struct bs_setup *setup, const char *name, const char *value) {
    struct bs_str values[2] = {bs_str(name), bs_str(value)};
    bs_setup_step(0)->row(setup, values, 2);
}

/* All statements, one a line. */
static char *
script(const struct bs_setup *setup) {
    struct bs_buf all = {0};
    for (size_t i = 0; bs_setup_step(i) != NULL; i++) {
        struct bs_buf sql = {0};
        if (bs_setup_step(i)->statement(setup, &sql)) {
            bs_buf_put_str(&all, bs_buf_str(&sql));
            bs_buf_puts(&all, "\n");
        }
        bs_buf_fini(&sql);
    }
    return bs_buf_take_cstr(&all);
}

Test(setup, an_old_server_is_not_asked_about_checksums) {
    struct bs_stream_config config = {.uuid = "11111111-2222-3333-4444-555555555555"};
    struct bs_setup setup = setup_of(&config, &FROM_FILE, false, 50163);
    char *text = script(&setup);
    cr_assert(strstr(text, "binlog_checksum,") == NULL && strstr(text, "SELECT") == NULL, "%s",
              text);
    cr_assert(!bs_setup_has_heartbeat(&setup));
    free(text);
}

Test(setup, both_spellings_of_every_variable_are_set) {
    struct bs_stream_config config = {.uuid = "11111111-2222-3333-4444-555555555555",
                                      .heartbeat_ms = 250};
    struct bs_setup setup = setup_of(&config, &FROM_FILE, false, 90704);
    give(&setup, "binlog_checksum", "CRC32");
    char *text = script(&setup);
    cr_assert(
        strstr(text,
               "@master_heartbeat_period = 250000000, @source_heartbeat_period = 250000000") !=
        NULL);
    cr_assert(
        strstr(text,
               "@master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum") !=
        NULL);
    cr_assert(strstr(text, "@slave_uuid = '11111111-2222-3333-4444-555555555555', @replica_uuid") !=
              NULL);
    cr_assert(strstr(text, "semi_sync") == NULL && strstr(text, "mariadb") == NULL);
    free(text);
}

Test(setup, mariadb_is_told_capability_and_gtid_position) {
    struct bs_stream_config config = {0};
    struct bs_stream_request request = {.mode = BS_POSITION_GTID_MARIADB,
                                        .gtid_text = "0-1-100,1-2-7"};
    struct bs_setup setup = setup_of(&config, &request, true, 101119);
    char *text = script(&setup);
    cr_assert(strstr(text,
                     "@mariadb_slave_capability = 4, @slave_connect_state = '0-1-100,1-2-7', "
                     "@slave_gtid_strict_mode = 1, @slave_gtid_ignore_duplicates = 0") != NULL);
    free(text);
    setup = setup_of(&config, &FROM_FILE, true, 101119);
    text = script(&setup);
    cr_assert(strstr(text, "@mariadb_slave_capability = 4") != NULL &&
              strstr(text, "connect_state") == NULL);
    free(text);
}

static enum bs_status
check(struct bs_setup *setup, struct bs_error *err) {
    return bs_setup_step(0)->check(setup, err);
}

Test(setup, another_server_is_refused_and_both_are_named) {
    struct bs_error err;
    struct bs_stream_config config = {.expect = {.server_uuid = "aaaa", .server_id = 1}};
    struct bs_setup setup = setup_of(&config, &FROM_FILE, false, 90704);
    give(&setup, "log_bin", "ON");
    give(&setup, "server_uuid", "aaaa");
    give(&setup, "server_id", "1");
    cr_assert_eq(check(&setup, &err), BS_OK);
    give(&setup, "server_uuid", "bbbb");
    cr_assert_eq(check(&setup, &err), BS_PURGED);
    cr_assert(strstr(err.message, "'bbbb'") != NULL && strstr(err.message, "'aaaa'") != NULL);
    config.expect.server_uuid[0] = '\0';
    cr_assert_eq(check(&setup, &err), BS_OK);
    give(&setup, "server_id", "2");
    cr_assert_eq(check(&setup, &err), BS_PURGED);
}

Test(setup, a_gtid_position_that_could_break_out_of_its_quotes_is_refused) {
    struct bs_error err;
    struct bs_stream_config config = {0};
    struct bs_stream_request request = {.mode = BS_POSITION_GTID_MARIADB,
                                        .gtid_text = "0-1-1', @x='"};
    struct bs_setup setup = setup_of(&config, &request, true, 101119);
    give(&setup, "log_bin", "ON");
    cr_assert_eq(check(&setup, &err), BS_CONFIG);
}

Test(setup, a_uuid_that_is_none_never_gets_into_a_statement) {
    struct bs_stream_config config = {.uuid = "x', @y='"};
    struct bs_setup setup = setup_of(&config, &FROM_FILE, false, 90704);
    char *text = script(&setup);
    cr_assert(strstr(text, "@y") == NULL);
    free(text);
}

static void
expect_dump(bool mariadb, bool non_block, uint8_t command, uint8_t flags) {
    struct bs_buf out = {0};
    struct bs_error err;
    struct bs_stream_config config = {.server_id = 9, .non_block = non_block};
    struct bs_setup setup = setup_of(&config, &FROM_FILE, mariadb, 101119);
    cr_assert_eq(bs_setup_dump_command(&setup, &out, &err), BS_OK);
    cr_assert_eq(out.data[0], command);
    cr_assert_eq(out.data[5], flags);
    bs_buf_fini(&out);
}

Test(setup, only_mariadb_is_asked_for_annotations) {
    expect_dump(true, false, 0x12, 0x02);
    expect_dump(true, true, 0x12, 0x03);
    expect_dump(false, false, 0x12, 0x00); /* the bit means heartbeat v2 there */
    expect_dump(false, true, 0x12, 0x01);
}

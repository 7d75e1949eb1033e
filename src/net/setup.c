#include "net/setup.h"

#include "base/clock.h"
#include "wire/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    HEARTBEAT_DEFAULT_MS = 5000,
    FIRST_HEARTBEAT_VERSION = 50500,
    FIRST_GTID_VERSION = 50605,
    /* A full queue stops the reading for as long as the target needs; the server must not take that
     * for a dead client. */
    TIMEOUT_S = 30 * 24 * 3600,
    OWN_ID_BASE = 0x40000000, /* above what people give to their servers, below 2^31 */
    OWN_ID_MASK = OWN_ID_BASE - 1,
};

/* MariaDB lets a new dump wait until an older one of the same server_id is gone, and that one may
 * be stuck in a write to a connection that is no longer there. So each connection has a number of
 * its own; the old dump ends when its connection times out. MySQL knows us by our uuid, and waits
 * for nobody. */
static uint32_t
connection_server_id(const struct bs_setup *setup) {
    uint32_t random = 0;
    if (!setup->is_mariadb || setup->config->server_id < OWN_ID_BASE) {
        return setup->config->server_id;
    }
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) {
        random = (uint32_t)bs_clock_mono_ms();
    }
    return OWN_ID_BASE | (random & OWN_ID_MASK);
}

void
bs_setup_init(struct bs_setup *setup, const struct bs_stream_config *config,
              const struct bs_stream_request *request, const struct bs_greeting *greeting) {
    memset(setup, 0, sizeof *setup);
    setup->config = config;
    setup->request = request;
    setup->is_mariadb = greeting->is_mariadb;
    setup->version = greeting->version;
    setup->server_id = connection_server_id(setup);
}

uint32_t
bs_setup_heartbeat_ms(const struct bs_stream_config *config) {
    return config->heartbeat_ms != 0 ? config->heartbeat_ms : HEARTBEAT_DEFAULT_MS;
}

bool
bs_setup_has_heartbeat(const struct bs_setup *setup) {
    return setup->is_mariadb || setup->version >= FIRST_HEARTBEAT_VERSION;
}

/* SHOW ... WHERE never errs on a variable that a version does not have; @@name does. */
static bool
ask_identity(const struct bs_setup *setup, struct bs_buf *sql) {
    (void)setup;
    bs_buf_puts(sql, "SHOW GLOBAL VARIABLES WHERE Variable_name IN "
                     "('server_id', 'server_uuid', 'log_bin', 'binlog_checksum')");
    return true;
}

static void
take_variable(void *arg, const struct bs_str *values, size_t count) {
    struct bs_setup *setup = arg;
    char text[sizeof setup->identity.server_uuid];
    if (count < 2 || values[0].data == NULL || values[1].data == NULL) {
        return;
    }
    size_t len = values[1].len < sizeof text - 1 ? values[1].len : sizeof text - 1;
    memcpy(text, values[1].data, len);
    text[len] = '\0';
    if (bs_str_is_nocase(values[0], "server_id")) {
        setup->identity.server_id = (uint32_t)strtoul(text, NULL, 10);
    } else if (bs_str_is_nocase(values[0], "server_uuid")) {
        memcpy(setup->identity.server_uuid, text, len + 1);
    } else if (bs_str_is_nocase(values[0], "log_bin")) {
        setup->binlog_on = strcmp(text, "OFF") != 0 && strcmp(text, "0") != 0;
    } else if (bs_str_is_nocase(values[0], "binlog_checksum")) {
        setup->has_checksums = true;
    }
}

static enum bs_status
check_same_server(const struct bs_setup *setup, struct bs_error *err) {
    const struct bs_stream_identity *expect = &setup->config->expect;
    const struct bs_stream_identity *found = &setup->identity;
    bool other_uuid =
        expect->server_uuid[0] != '\0' && strcmp(expect->server_uuid, found->server_uuid) != 0;
    bool other_id = expect->server_id != 0 && expect->server_id != found->server_id;
    if (!other_uuid && !other_id) {
        return BS_OK;
    }
    bs_error_set(
        err, BS_PURGED,
        "another server is behind the source's address: server_uuid '%s', server_id %" PRIu32
        " instead of server_uuid '%s', server_id %" PRIu32,
        found->server_uuid, found->server_id,
        expect->server_uuid[0] != '\0' ? expect->server_uuid : "(not known)",
        expect->server_id != 0 ? expect->server_id : found->server_id);
    return bs_error_hint(err,
                         "positions of one server mean nothing on another: point --source at the "
                         "server that this task began with");
}

/* The text goes into a statement: only what a GTID position is made of may. */
static enum bs_status
check_gtid_text(const struct bs_stream_request *request, struct bs_error *err) {
    const char *text = request->gtid_text;
    if (request->mode == BS_POSITION_GTID_MARIADB && strspn(text, "0123456789-,") != strlen(text)) {
        return bs_error_set(err, BS_CONFIG, "'%s' is not a GTID position of MariaDB", text);
    }
    return BS_OK;
}

static enum bs_status
check_identity(const struct bs_setup *setup, struct bs_error *err) {
    enum bs_position_mode mode = setup->request->mode;
    enum bs_status status = check_same_server(setup, err);
    status = status == BS_OK ? check_gtid_text(setup->request, err) : status;
    if (status != BS_OK) {
        return status;
    }
    if (!setup->binlog_on) {
        bs_error_set(err, BS_PRECHECK, "the source's binary log is off");
        return bs_error_hint(err,
                             "switch it on with log_bin and a server_id in its option file, and "
                             "restart the source");
    }
    if ((mode == BS_POSITION_GTID_MARIADB && !setup->is_mariadb) ||
        (mode == BS_POSITION_GTID_MYSQL &&
         (setup->is_mariadb || setup->version < FIRST_GTID_VERSION))) {
        return bs_error_set(
            err, BS_PRECHECK, "the position is a GTID of %s, the source is a %s server %s",
            mode == BS_POSITION_GTID_MARIADB ? "MariaDB" : "MySQL",
            setup->is_mariadb ? "MariaDB" : "MySQL", setup->is_mariadb ? "" : "or has no GTIDs");
    }
    return BS_OK;
}

static bool
set_heartbeat(const struct bs_setup *setup, struct bs_buf *sql) {
    uint64_t ns = (uint64_t)bs_setup_heartbeat_ms(setup->config) * 1000000;
    bs_buf_printf(sql,
                  "SET @master_heartbeat_period = %" PRIu64 ", @source_heartbeat_period = %" PRIu64,
                  ns, ns);
    return true;
}

static bool
set_checksum(const struct bs_setup *setup, struct bs_buf *sql) {
    bs_buf_puts(sql, "SET @master_binlog_checksum = @@global.binlog_checksum, "
                     "@source_binlog_checksum = @@global.binlog_checksum");
    return setup->has_checksums;
}

static bool
ask_checksum(const struct bs_setup *setup, struct bs_buf *sql) {
    bs_buf_puts(sql, "SELECT @source_binlog_checksum");
    return setup->has_checksums;
}

static void
take_checksum(void *arg, const struct bs_str *values, size_t count) {
    struct bs_setup *setup = arg;
    setup->checksums = count == 1 && values[0].data != NULL && bs_str_is_nocase(values[0], "CRC32");
}

static bool
set_uuid(const struct bs_setup *setup, struct bs_buf *sql) {
    /* Our own, made by us; still nothing but hex digits and dashes gets into a statement. */
    const char *uuid = setup->config->uuid;
    if (uuid[0] == '\0' || strspn(uuid, "0123456789abcdefABCDEF-") != strlen(uuid)) {
        return false;
    }
    bs_buf_printf(sql, "SET @slave_uuid = '%s', @replica_uuid = '%s'", uuid, uuid);
    return true;
}

static bool
set_mariadb(const struct bs_setup *setup, struct bs_buf *sql) {
    const struct bs_stream_request *request = setup->request;
    bs_buf_puts(sql, "SET @mariadb_slave_capability = 4");
    if (request->mode == BS_POSITION_GTID_MARIADB) {
        bs_buf_printf(sql,
                      ", @slave_connect_state = '%s', @slave_gtid_strict_mode = 1, "
                      "@slave_gtid_ignore_duplicates = 0",
                      request->gtid_text);
    }
    return setup->is_mariadb;
}

static bool
set_timeouts(const struct bs_setup *setup, struct bs_buf *sql) {
    (void)setup;
    bs_buf_printf(sql, "SET SESSION net_write_timeout = %d, SESSION net_read_timeout = %d",
                  TIMEOUT_S, TIMEOUT_S);
    return true;
}

static const struct bs_setup_step STEPS[] = {
    {"asking the source who it is", ask_identity, take_variable, check_identity},
    {"setting the heartbeat period", set_heartbeat, NULL, NULL},
    {"agreeing on checksums", set_checksum, NULL, NULL},
    {"agreeing on checksums", ask_checksum, take_checksum, NULL},
    {"telling the source our uuid", set_uuid, NULL, NULL},
    {"telling the source what we understand", set_mariadb, NULL, NULL},
    {"raising the session's timeouts", set_timeouts, NULL, NULL},
};

const struct bs_setup_step *
bs_setup_step(size_t index) {
    return index < sizeof STEPS / sizeof STEPS[0] ? &STEPS[index] : NULL;
}

void
bs_setup_describe_request(const struct bs_stream_request *request, char *out, size_t cap) {
    switch (request->mode) {
    case BS_POSITION_FILE:
        (void)snprintf(out, cap, "%s:%" PRIu64,
                       request->file[0] != '\0' ? request->file : "(oldest)", request->pos);
        return;
    case BS_POSITION_GTID_MYSQL:
        (void)snprintf(out, cap, "GTID set of %zu bytes", request->gtid_binary.len);
        return;
    case BS_POSITION_GTID_MARIADB:
        (void)snprintf(out, cap, "GTID '%s'", request->gtid_text);
        return;
    }
}

enum bs_status
bs_setup_dump_command(const struct bs_setup *setup, struct bs_buf *out, struct bs_error *err) {
    const struct bs_stream_request *request = setup->request;
    uint32_t server_id = setup->server_id;
    uint16_t flags = setup->config->non_block ? BS_DUMP_NON_BLOCK : 0;
    if (setup->is_mariadb) {
        /* Not asked for, they would still take room in the file, and positions could not be summed.
         */
        flags = flags | BS_DUMP_SEND_ANNOTATE;
    }
    switch (request->mode) {
    case BS_POSITION_FILE:
        return bs_command_dump(out, request->file, request->pos, flags, server_id, err);
    case BS_POSITION_GTID_MYSQL:
        bs_command_dump_gtid(out, request->gtid_binary, flags, server_id);
        return BS_OK;
    case BS_POSITION_GTID_MARIADB:
        /* @slave_connect_state decides, file and position are not looked at. */
        return bs_command_dump(out, "", 4, flags, server_id, err);
    }
    return bs_error_set(err, BS_CONFIG, "no such position mode");
}

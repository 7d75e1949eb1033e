/* What is said to a server between the login and the dump (field guide 2.1): the statements, what
 * is read from their answers, and the check that it is the right server. Pure: net/client.c sends
 * the statements and feeds the rows.
 *
 *   0  who are you: version's facts, server_uuid, server_id, binlog on?   then checked
 *   1  heartbeat period      2  checksums are understood      3  which checksum is agreed on
 *   4  our uuid              5  MariaDB: capability, GTID position       6  timeouts
 *
 * User variables that a server does not know are harmless, so both spellings are set everywhere. */
#ifndef BS_NET_SETUP_H
#define BS_NET_SETUP_H

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "net/stream.h"
#include "wire/greeting.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bs_setup {
    const struct bs_stream_config *config;
    const struct bs_stream_request *request;
    uint32_t server_id; /* ours, for this connection */
    bool is_mariadb;    /* these two from the greeting */
    uint32_t version;
    struct bs_stream_identity identity;
    bool binlog_on;
    bool has_checksums; /* the server knows binlog_checksum at all */
    bool checksums;     /* CRC32 was agreed on */
};

struct bs_setup_step {
    const char *what; /* for an error's context: "reading ..." */
    /* Appends the statement; false: not needed on this server. */
    bool (*statement)(const struct bs_setup *setup, struct bs_buf *sql);
    void (*row)(void *setup, const struct bs_str *values, size_t count);         /* or NULL */
    enum bs_status (*check)(const struct bs_setup *setup, struct bs_error *err); /* or NULL */
};

void bs_setup_init(struct bs_setup *setup, const struct bs_stream_config *config,
                   const struct bs_stream_request *request, const struct bs_greeting *greeting);

/* NULL past the last one. */
const struct bs_setup_step *bs_setup_step(size_t index);

uint32_t bs_setup_heartbeat_ms(const struct bs_stream_config *config);

/* False before MySQL 5.5: silence there means nothing. */
bool bs_setup_has_heartbeat(const struct bs_setup *setup);

/* The dump command for the request. */
enum bs_status bs_setup_dump_command(const struct bs_setup *setup, struct bs_buf *out,
                                     struct bs_error *err) BS_MUST_CHECK;

/* "binlog.000003:4", "GTID set of 40 bytes", for errors. */
void bs_setup_describe_request(const struct bs_stream_request *request, char *out, size_t cap);

#endif

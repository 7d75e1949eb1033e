/* FORMAT_DESCRIPTION: what the events of a file look like. Internal to src/binlog.
 *
 *   binlog_version(2)=4  server_version(50)  created(4)  header_len(1)=19  post_header_len[n]
 *   [checksum algorithm(1)  CRC-32(4)]   from MySQL 5.6.1 and MariaDB 5.3 on, even with CRCs off
 *
 * Two entries of post_header_len are not to be believed (field guide 3.3): MySQL writes 40 for
 * TRANSACTION_PAYLOAD, which has none, and 0 for types it no longer writes. */
#ifndef BS_BINLOG_FORMAT_H
#define BS_BINLOG_FORMAT_H

#include "base/error.h"
#include "binlog/event.h"

#include <stdbool.h>

struct bs_format {
    uint32_t created; /* seconds; 0 in the copy that a stream sends when it starts inside a file */
    enum bs_checksum checksum;
    bool is_mariadb;
    uint32_t version; /* 101106 is 10.11.6; 0: not a version that can be read */
    char server_version[51];
    uint8_t post_header_len[256];
};

/* raw is the whole event. Verifies its checksum where the file has them. Refuses binlogs older than
 * MySQL 5.1.30, by name. */
enum bs_status bs_format_parse(struct bs_format *format, const struct bs_event *event,
                               struct bs_str raw, struct bs_error *err) BS_MUST_CHECK;

/* A first event that is no FORMAT_DESCRIPTION: names the format, which is of another age. */
enum bs_status bs_format_refuse_old(const struct bs_event *event, struct bs_error *err);

#endif

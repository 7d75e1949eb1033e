#include "binlog/format.h"

#include "base/cursor.h"
#include "binlog/frame.h"

#include <stdio.h>

enum { VERSION_LEN = 50, BINLOG_VERSION = 4, TRAILER_LEN = 1 + BS_EVENT_CHECKSUM_LEN };

/* "10.11.6-MariaDB-log" is 101106; 0 if it is no version. */
static uint32_t
version_number(const char *text) {
    unsigned major = 0;
    unsigned minor = 0;
    unsigned patch = 0;
    if (sscanf(text, "%2u.%2u.%2u", &major, &minor, &patch) < 2) {
        return 0;
    }
    return major * 10000 + minor * 100 + patch;
}

static bool
has_trailer(const struct bs_format *format) {
    return format->version >= (format->is_mariadb ? 50300u : 50601u);
}

/* The post-header lengths that parsers rely on. A file that says otherwise is not what it claims.
 */
static enum bs_status
check_lengths(struct bs_format *format, struct bs_error *err) {
    static const struct {
        uint8_t type;
        uint8_t len;
    } known[] = {
        {BS_EVENT_QUERY, 13},         {BS_EVENT_ROTATE, 8},          {BS_EVENT_TABLE_MAP, 8},
        {BS_EVENT_WRITE_ROWS_V1, 8},  {BS_EVENT_UPDATE_ROWS_V1, 8},  {BS_EVENT_DELETE_ROWS_V1, 8},
        {BS_EVENT_WRITE_ROWS_V2, 10}, {BS_EVENT_UPDATE_ROWS_V2, 10}, {BS_EVENT_DELETE_ROWS_V2, 10},
        {BS_EVENT_MARIADB_GTID, 19},
    };
    format->post_header_len[BS_EVENT_TRANSACTION_PAYLOAD] = 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint8_t *said = &format->post_header_len[known[i].type];
        *said = *said == 0 ? known[i].len : *said;
        if (*said != known[i].len) {
            return bs_error_set(
                err, BS_PROTOCOL,
                "the binlog of server version %s gives %s events a post-header of %u "
                "bytes instead of %u: not a format of a released server",
                format->server_version, bs_event_type_name(known[i].type), *said, known[i].len);
        }
    }
    return BS_OK;
}

/* Development versions of 5.1 had other event numbers and layouts under the same binlog version. */
static enum bs_status
check_version(const struct bs_format *format, struct bs_error *err) {
    if (format->version != 0 && format->version < 50130 && !format->is_mariadb) {
        bs_error_set(err, BS_PROTOCOL, "the binlog is of MySQL %s; supported are 5.1.30 and later",
                     format->server_version);
        return bs_error_hint(err, "upgrade the source to a released MySQL 5.1 or later");
    }
    return BS_OK;
}

static enum bs_status
read_trailer(struct bs_format *format, struct bs_str *lengths, struct bs_str raw,
             struct bs_error *err) {
    if (!has_trailer(format) || lengths->len < TRAILER_LEN) {
        return BS_OK;
    }
    lengths->len -= TRAILER_LEN;
    uint8_t algorithm = (uint8_t)lengths->data[lengths->len];
    if (algorithm > BS_CHECKSUM_CRC32 && algorithm != 255) {
        bs_error_set(err, BS_PROTOCOL, "binlog checksum algorithm %u is not known", algorithm);
        return bs_error_hint(err, "set binlog_checksum to CRC32 or NONE on the source");
    }
    format->checksum = algorithm == BS_CHECKSUM_CRC32 ? BS_CHECKSUM_CRC32 : BS_CHECKSUM_OFF;
    /* With checksums off the four bytes are there all the same, and may hold anything. */
    if (format->checksum == BS_CHECKSUM_CRC32 && !bs_event_checksum_is_right(raw)) {
        return bs_error_set(err, BS_PROTOCOL,
                            "checksum of binlog event FORMAT_DESCRIPTION is wrong: it was damaged");
    }
    return BS_OK;
}

enum bs_status
bs_format_parse(struct bs_format *format, const struct bs_event *event, struct bs_str raw,
                struct bs_error *err) {
    *format = (struct bs_format){0};
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    uint16_t binlog_version = bs_cursor_read_u16(&c);
    struct bs_str version = bs_cursor_read_str(&c, VERSION_LEN);
    format->created = bs_cursor_read_u32(&c);
    uint8_t header_len = bs_cursor_read_u8(&c);
    struct bs_str lengths = bs_cursor_read_rest(&c);
    if (c.failed || header_len != BS_EVENT_HEADER_LEN) {
        return bs_error_set(err, BS_PROTOCOL, "malformed FORMAT_DESCRIPTION event of %zu bytes",
                            event->body.len);
    }
    memcpy(format->server_version, version.data, VERSION_LEN);
    format->is_mariadb = strstr(format->server_version, "MariaDB") != NULL;
    format->version = version_number(format->server_version);
    if (binlog_version != BINLOG_VERSION) {
        return bs_error_set(err, BS_PROTOCOL, "binlog format version %u of server %s is not known",
                            binlog_version, format->server_version);
    }
    enum bs_status status = check_version(format, err);
    if (status == BS_OK) {
        status = read_trailer(format, &lengths, raw, err);
    }
    if (status != BS_OK) {
        return status;
    }
    for (size_t i = 0; i < lengths.len && i < 255; i++) {
        format->post_header_len[i + 1] = (uint8_t)lengths.data[i];
    }
    return check_lengths(format, err);
}

enum bs_status
bs_format_refuse_old(const struct bs_event *event, struct bs_error *err) {
    if (event->type == BS_EVENT_START_V3) {
        struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
        uint16_t version = bs_cursor_read_u16(&c);
        bs_error_set(err, BS_PROTOCOL, "the binlog has format version %u, of MySQL 3.23 to 4.1",
                     version == 3 ? 3 : 1);
        return bs_error_hint(err, "binlogs of MySQL 5.1.30 and later can be read");
    }
    return bs_error_set(err, BS_PROTOCOL,
                        "a binlog event %s came before any FORMAT_DESCRIPTION event",
                        bs_event_type_name(event->type));
}

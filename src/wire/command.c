#include "wire/command.h"

#include <inttypes.h>
#include <string.h>

enum {
    COM_QUERY = 0x03,
    COM_BINLOG_DUMP = 0x12,
    COM_REGISTER_SLAVE = 0x15,
    COM_BINLOG_DUMP_GTID = 0x1E,
    FIRST_EVENT_POS = 4,
    REPORT_HOST_MAX = 60,
};

void
bs_command_query(struct bs_buf *out, struct bs_str sql) {
    bs_buf_put_u8(out, COM_QUERY);
    bs_buf_put_str(out, sql);
}

void
bs_command_register(struct bs_buf *out, uint32_t server_id, const char *report_host) {
    size_t len = strlen(report_host);
    BS_ASSERT(len <= REPORT_HOST_MAX);
    bs_buf_put_u8(out, COM_REGISTER_SLAVE);
    bs_buf_put_le(out, server_id, 4);
    bs_buf_put_u8(out, (uint8_t)len);
    bs_buf_put(out, report_host, len);
    bs_buf_put_u8(out, 0);    /* user */
    bs_buf_put_u8(out, 0);    /* password */
    bs_buf_put_le(out, 0, 2); /* port */
    bs_buf_put_le(out, 0, 4); /* rank, not read */
    bs_buf_put_le(out, 0, 4); /* source id: the server fills its own in */
}

enum bs_status
bs_command_dump(struct bs_buf *out, const char *file, uint64_t pos, uint16_t flags,
                uint32_t server_id, struct bs_error *err) {
    if (pos > UINT32_MAX) {
        bs_error_set(err, BS_LIMIT,
                     "position %" PRIu64
                     " of binlog %s cannot be asked for: the command has room for 4 GiB",
                     pos, file);
        return bs_error_hint(
            err, "a single transaction made this binlog file larger than 4 GiB; start from the "
                 "next file, or use GTIDs");
    }
    if (pos < FIRST_EVENT_POS) {
        return bs_error_set(err, BS_CONFIG,
                            "position %" PRIu64
                            " of binlog %s is before its first event, which is at 4",
                            pos, file);
    }
    if (strlen(file) > BS_DUMP_FILE_NAME_MAX) {
        return bs_error_set(err, BS_LIMIT, "the name of the binlog file is longer than %d bytes",
                            BS_DUMP_FILE_NAME_MAX);
    }
    bs_buf_put_u8(out, COM_BINLOG_DUMP);
    bs_buf_put_le(out, pos, 4);
    bs_buf_put_le(out, flags, 2);
    bs_buf_put_le(out, server_id, 4);
    bs_buf_puts(out, file);
    return BS_OK;
}

void
bs_command_dump_gtid(struct bs_buf *out, struct bs_str set, uint16_t flags, uint32_t server_id) {
    bs_buf_put_u8(out, COM_BINLOG_DUMP_GTID);
    bs_buf_put_le(out, flags, 2);
    bs_buf_put_le(out, server_id, 4);
    bs_buf_put_le(out, 0, 4); /* file name: none, the set decides */
    bs_buf_put_le(out, FIRST_EVENT_POS, 8);
    bs_buf_put_le(out, set.len, 4);
    bs_buf_put_str(out, set);
}

/* The commands that the stream sends, as message bodies (field guide 2.2 to 2.4). Pure. */
#ifndef BS_WIRE_COMMAND_H
#define BS_WIRE_COMMAND_H

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    BS_DUMP_NON_BLOCK = 0x0001, /* end at the end of the last file */
    BS_DUMP_SEND_ANNOTATE =
        0x0002, /* MariaDB only: MySQL 8.0.26 on reads the bit as heartbeat v2 */
    BS_DUMP_FILE_NAME_MAX = 511,
};

void bs_command_query(struct bs_buf *out, struct bs_str sql);
void bs_command_register(struct bs_buf *out, uint32_t server_id, const char *report_host);

/* file "" is the oldest. BS_LIMIT when pos does not fit the command's 4 bytes, or the name is too
 * long; BS_CONFIG when pos is before the first event. */
enum bs_status bs_command_dump(struct bs_buf *out, const char *file, uint64_t pos, uint16_t flags,
                               uint32_t server_id, struct bs_error *err) BS_MUST_CHECK;

/* MySQL 5.6 on. set: the executed set, encoded as the command wants it. */
void bs_command_dump_gtid(struct bs_buf *out, struct bs_str set, uint16_t flags,
                          uint32_t server_id);

#endif

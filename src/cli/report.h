/* What reports are made of: numbers for people, JSON for programs (base/json.h). Pure, but for the
 * printing. */
#ifndef BS_CLI_REPORT_H
#define BS_CLI_REPORT_H

#include "base/buf.h"
#include "base/json.h"
#include "base/position.h"

#include <stdint.h>

/* For people: "1,234,567", "12.3 MB" (powers of 1000), "8.4 s", "2 min 5 s", "1 h 02 min". */
void bs_report_put_count(struct bs_buf *out, uint64_t number);
void bs_report_put_bytes(struct bs_buf *out, uint64_t bytes);
void bs_report_put_ms(struct bs_buf *out, int64_t ms);
/* "1 table", "2,000 tables" */
void bs_report_put_things(struct bs_buf *out, uint64_t number, const char *thing);
/* "file:pos", and the GTID set on a line of its own, cut if long. */
void bs_report_put_position(struct bs_buf *out, const struct bs_position *position);

/* "  name          text" */
void bs_report_put_line(struct bs_buf *out, const char *name, const char *fmt, ...) BS_PRINTF(3, 4);

/* Writes to stdout and flushes: BS_IO if it cannot be. */
enum bs_status bs_report_print(const struct bs_buf *text, struct bs_error *err) BS_MUST_CHECK;

#endif

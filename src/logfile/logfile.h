/* A binlog file, read event by event: plain, or as one .gz or .zst stream, from a path or from
 * standard input. One thread.
 *
 * It frames events and looks no further. Memory is one event and a block: what an event's header
 * claims is read in steps, so that a size that lies costs nothing. Everything before a damage is
 * given first; the error then names its kind and the place (file:position). */
#ifndef BS_LOGFILE_LOGFILE_H
#define BS_LOGFILE_LOGFILE_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

struct bs_logfile;

/* "-" is standard input. Not a binlog, encrypted at rest, of MySQL 3.23 or 4: refused by name. */
enum bs_status bs_logfile_open(struct bs_logfile **file, const char *path,
                               struct bs_error *err) BS_MUST_CHECK;
void bs_logfile_close(struct bs_logfile *file);

/* The next event, whole, valid until the next call; raw->len 0 at the end of the file. */
enum bs_status bs_logfile_next(struct bs_logfile *file, struct bs_str *raw,
                               struct bs_error *err) BS_MUST_CHECK;

/* The path's last part without .gz, .zst; "stdin". */
const char *bs_logfile_name(const struct bs_logfile *file);

/* Where the next event is, in the binlog as it is unpacked. */
uint64_t bs_logfile_pos(const struct bs_logfile *file);

#endif

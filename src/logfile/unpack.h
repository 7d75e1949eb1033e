/* Bytes of a file, unpacked where it is a .gz or .zst stream, by its first bytes and not by its
 * name. Internal to src/logfile. */
#ifndef BS_LOGFILE_UNPACK_H
#define BS_LOGFILE_UNPACK_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct bs_unpack;

/* Takes the descriptor over. name is for messages, and must outlive it. */
enum bs_status bs_unpack_open(struct bs_unpack **unpack, int fd, const char *name,
                              struct bs_error *err) BS_MUST_CHECK;
void bs_unpack_close(struct bs_unpack *unpack);

/* Up to len bytes; *got 0 at the end. */
enum bs_status bs_unpack_read(struct bs_unpack *unpack, uint8_t *to, size_t len, size_t *got,
                              struct bs_error *err) BS_MUST_CHECK;

#endif

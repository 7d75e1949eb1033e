/* The manifest of an archive as JSON. Texts that are no UTF-8 stand as {"base64": "..."}. Pure. */
#ifndef BS_SNAPSHOT_ARCHIVE_JSON_H
#define BS_SNAPSHOT_ARCHIVE_JSON_H

#include "snapshot/archive.h"

void bs_archive_encode(const struct bs_archive *archive, struct bs_buf *out);

/* Into an archive that has nothing but its directory. BS_SCHEMA if it is of another format, or not
 * what bs_archive_encode writes. */
enum bs_status bs_archive_decode(struct bs_archive *archive, struct bs_str text,
                                 struct bs_error *err) BS_MUST_CHECK;

#endif

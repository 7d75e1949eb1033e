/* One row out of a rows event's bytes. Internal to src/binlog. */
#ifndef BS_BINLOG_ROW_IMAGE_H
#define BS_BINLOG_ROW_IMAGE_H

#include "binlog/rows.h"

/* Is column i in an image with these bits? Bitmaps of rows have the least significant bit first. */
static inline bool
bs_image_has(const uint8_t *bits, size_t i) {
    return (bits[i / 8] >> (i % 8) & 1) != 0;
}

/* Reads the images of the next row at rows->cursor into rows->before and rows->after. */
enum bs_status bs_row_read(struct bs_rows *rows, struct bs_error *err) BS_MUST_CHECK;

#endif

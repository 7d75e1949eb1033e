/* One column's value out of a row image. Views point into the event or into the reader's arena and
 * are valid as the row is. */
#ifndef BS_BINLOG_VALUE_H
#define BS_BINLOG_VALUE_H

#include "base/str.h"

#include <stdint.h>

enum bs_value_kind {
    BS_VALUE_ABSENT, /* not in this image (MINIMAL, NOBLOB): never NULL */
    BS_VALUE_NULL,
    BS_VALUE_INT,    /* i64: signed integers */
    BS_VALUE_UINT,   /* u64: unsigned integers, YEAR (0 or 1901..2155), BIT, ENUM index, SET mask */
    BS_VALUE_FLOAT,  /* f32 */
    BS_VALUE_DOUBLE, /* f64 */
    BS_VALUE_DECIMAL,  /* text: "-12.340", always with its full scale */
    BS_VALUE_TEMPORAL, /* text as the server prints it under time_zone +00:00, fraction in full */
    BS_VALUE_BYTES,    /* bytes as stored: CHAR without trailing spaces, BINARY(n) padded back to n,
                          TEXT, BLOB, geometry with SRID, VECTOR; UUID and INET as their 16 or 4 bytes
                        */
    BS_VALUE_JSON,     /* MySQL's JSON, as text exactly as the server prints it, utf8mb4 */
    BS_VALUE_JSON_DIFF, /* changes to parts of it, for bs_json_diff_next: only where the document
                           before is not in the image, or rows->keep_diffs is set */
};

struct bs_value {
    enum bs_value_kind kind;
    union {
        int64_t i64;
        uint64_t u64;
        float f32;
        double f64;
        struct bs_str text; /* DECIMAL, TEMPORAL, BYTES, JSON, JSON_DIFF */
    };
};

#endif

/* Reads the answer to a COM_QUERY, text protocol with classic EOF packets: no result, or one result
 * set whose rows go to a callback. Pure; enough for the few questions that the stream asks. */
#ifndef BS_WIRE_RESULT_H
#define BS_WIRE_RESULT_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum { BS_RESULT_COLUMNS_MAX = 16 };

struct bs_result {
    /* values[i].data NULL is SQL NULL; the views last for the call. NULL: rows are dropped. */
    void (*row)(void *arg, const struct bs_str *values, size_t count);
    void *arg;
    size_t columns;      /* 0 until the first message */
    size_t columns_left; /* definitions still to come */
    bool in_rows;
};

void bs_result_init(struct bs_result *result,
                    void (*row)(void *arg, const struct bs_str *values, size_t count), void *arg);

/* Takes one message. *complete: it was the last. BS_SERVER for an ERR. */
enum bs_status bs_result_take(struct bs_result *result, struct bs_str message, bool *complete,
                              struct bs_error *err) BS_MUST_CHECK;

#endif

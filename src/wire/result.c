#include "wire/result.h"

#include "base/cursor.h"
#include "wire/answer.h"

enum { NULL_VALUE = 0xFB };

void
bs_result_init(struct bs_result *result,
               void (*row)(void *arg, const struct bs_str *values, size_t count), void *arg) {
    *result = (struct bs_result){.row = row, .arg = arg};
}

static enum bs_status
take_first(struct bs_result *result, struct bs_str message, bool *complete, struct bs_error *err) {
    if (bs_answer_kind(message) == BS_ANSWER_OK) {
        *complete = true;
        return BS_OK;
    }
    struct bs_cursor c = bs_cursor(message.data, message.len);
    uint64_t columns = bs_cursor_read_lenenc(&c); /* LOCAL INFILE's 0xFB fails here, as it must */
    if (c.failed || bs_cursor_left(&c) > 0 || columns == 0 || columns > BS_RESULT_COLUMNS_MAX) {
        return bs_error_set(err, BS_PROTOCOL, "the server's answer to a query cannot be read");
    }
    result->columns = columns;
    result->columns_left = columns;
    return BS_OK;
}

static enum bs_status
take_row(struct bs_result *result, struct bs_str message, struct bs_error *err) {
    struct bs_str values[BS_RESULT_COLUMNS_MAX];
    struct bs_cursor c = bs_cursor(message.data, message.len);
    for (size_t i = 0; i < result->columns; i++) {
        if (bs_cursor_left(&c) > 0 && c.at[0] == NULL_VALUE) {
            bs_cursor_skip(&c, 1);
            values[i] = (struct bs_str){NULL, 0};
        } else {
            values[i] = bs_cursor_read_lenenc_str(&c);
        }
    }
    if (c.failed || bs_cursor_left(&c) > 0) {
        return bs_error_set(err, BS_PROTOCOL, "a row of the server's answer cannot be read");
    }
    if (result->row != NULL) {
        result->row(result->arg, values, result->columns);
    }
    return BS_OK;
}

enum bs_status
bs_result_take(struct bs_result *result, struct bs_str message, bool *complete,
               struct bs_error *err) {
    enum bs_answer_kind kind = bs_answer_kind(message);
    *complete = false;
    if (kind == BS_ANSWER_ERR) {
        return bs_answer_error(message, err);
    }
    if (result->columns == 0) {
        return take_first(result, message, complete, err);
    }
    if (kind == BS_ANSWER_EOF && result->columns_left == 0) {
        *complete = result->in_rows;
        result->in_rows = true;
        return BS_OK;
    }
    if (result->in_rows) {
        return take_row(result, message, err);
    }
    if (result->columns_left == 0) {
        return bs_error_set(err, BS_PROTOCOL, "the server's answer has too many columns");
    }
    result->columns_left--; /* the definition itself is of no interest */
    return BS_OK;
}

#include "wire/answer.h"

#include "base/cursor.h"

enum bs_answer_kind
bs_answer_kind(struct bs_str message) {
    uint8_t first = message.len > 0 ? (uint8_t)message.data[0] : 1;
    if (first == 0x00) {
        return BS_ANSWER_OK;
    }
    if (first == 0xFF) {
        return BS_ANSWER_ERR;
    }
    return first == 0xFE && message.len <= BS_ANSWER_EOF_LEN_MAX ? BS_ANSWER_EOF : BS_ANSWER_OTHER;
}

enum bs_status
bs_answer_error(struct bs_str message, struct bs_error *err) {
    struct bs_cursor c = bs_cursor(message.data, message.len);
    bs_cursor_skip(&c, 1);
    uint16_t code = bs_cursor_read_u16(&c);
    struct bs_str state = {"HY000", 5};
    if (bs_cursor_left(&c) >= 6 && c.at[0] == '#') {
        bs_cursor_skip(&c, 1);
        state = bs_cursor_read_str(&c, 5);
    }
    struct bs_str text = bs_cursor_read_rest(&c);
    if (text.len == 0) {
        text = bs_str("no text");
    }
    int len = text.len < BS_ERROR_TEXT_MAX ? (int)text.len : BS_ERROR_TEXT_MAX;
    bs_error_set(err, BS_SERVER, "the server says: %.*s (error %u)", len, text.data, code);
    if (err != NULL) {
        err->sql_errno = code;
        memcpy(err->sql_state, state.data, 5);
    }
    return BS_SERVER;
}

enum bs_status
bs_answer_expect_ok(struct bs_str message, struct bs_error *err) {
    switch (bs_answer_kind(message)) {
    case BS_ANSWER_OK:
        return BS_OK;
    case BS_ANSWER_ERR:
        return bs_answer_error(message, err);
    case BS_ANSWER_EOF:
    case BS_ANSWER_OTHER:
        break;
    }
    return bs_error_set(err, BS_PROTOCOL, "the server sent %zu bytes where an OK was due",
                        message.len);
}

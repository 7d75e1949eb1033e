/* The short answers of a server: OK, ERR and EOF packets. Pure.
 *
 *    00 affected(lenenc) insert_id(lenenc) status(2) warnings(2) ...
 *    FF code(2) [# sqlstate(5)] text        the state is missing before the login is under way
 *    FE warnings(2) status(2)               shorter than 9 bytes; longer ones mean something else
 */
#ifndef BS_WIRE_ANSWER_H
#define BS_WIRE_ANSWER_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum bs_answer_kind {
    BS_ANSWER_OK,
    BS_ANSWER_ERR,
    BS_ANSWER_EOF,
    BS_ANSWER_OTHER, /* the first packet of a result set, or a packet of the login */
};

enum { BS_ANSWER_EOF_LEN_MAX = 8 };

enum bs_answer_kind bs_answer_kind(struct bs_str message);

/* Turns an ERR message into err: class BS_SERVER, sql_errno, sql_state, the server's text. A
 * message that is cut short still is an error, with what could be read. Returns the class. */
enum bs_status bs_answer_error(struct bs_str message, struct bs_error *err);

/* BS_OK for an OK message; else the server's error, or BS_PROTOCOL for anything else. */
enum bs_status bs_answer_expect_ok(struct bs_str message, struct bs_error *err) BS_MUST_CHECK;

#endif

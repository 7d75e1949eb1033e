#include "cutover/events.h"

#include "base/buf.h"
#include "schema/lexer.h"

#include <stdlib.h>
#include <string.h>

/* Servers print "ON COMPLETION [NOT] PRESERVE", then ENABLE, DISABLE or DISABLE ON ..., and the
 * body after that. Before it nothing is a plain word PRESERVE: names are quoted, times are
 * literals. */
static struct bs_token
find_status(const struct bs_object *event) {
    const char *mode = event->sql_mode != NULL ? event->sql_mode : "";
    struct bs_lexer lexer = bs_lexer(bs_str(event->create), strstr(mode, "ANSI_QUOTES") != NULL,
                                     strstr(mode, "NO_BACKSLASH_ESCAPES") != NULL);
    struct bs_token token = bs_lexer_next(&lexer);
    while (token.kind != BS_TOKEN_END && !bs_token_is(token, "PRESERVE")) {
        token = bs_lexer_next(&lexer);
    }
    return bs_lexer_next(&lexer);
}

bool
bs_event_is_enabled(const struct bs_object *event) {
    return bs_token_is(find_status(event), "ENABLE");
}

enum bs_status
bs_event_put_to_sleep(struct bs_object *event, struct bs_error *err) {
    struct bs_token status = find_status(event);
    struct bs_buf text = {0};
    if (bs_token_is(status, "DISABLE")) {
        return BS_OK;
    }
    if (!bs_token_is(status, "ENABLE")) {
        return bs_error_set(err, BS_SCHEMA, "the text of event %s.%s does not tell its status",
                            event->db, event->name);
    }
    bs_buf_put(&text, event->create, (size_t)(status.text.data - event->create));
    bs_buf_puts(&text, "DISABLE");
    bs_buf_puts(&text, status.text.data + status.text.len);
    free(event->create);
    event->create = bs_buf_take_cstr(&text);
    return BS_OK;
}

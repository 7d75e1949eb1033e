/* A source that went down, and may have lost what its log has. */
#include "follow/follow_private.h"

#include "base/log.h"
#include "sql/session.h"

#include <string.h>

enum { ANSWER_TIMEOUT_S = 30 };

static enum bs_status
read_setting(const struct bs_follow *follow, struct bs_buf *value, struct bs_error *err) {
    struct bs_sql *sql = NULL;
    struct bs_sql_options options = {.program = "binstream follow",
                                     .answer_timeout_s = ANSWER_TIMEOUT_S};
    bool found = false;
    enum bs_status status = bs_sql_connect(&sql, follow->config->source, &options, err);
    if (status == BS_OK) {
        status = bs_sql_variable(sql, "innodb_flush_log_at_trx_commit", true, value, &found, err);
    }
    bs_sql_close(sql);
    return status;
}

/* How it is set now is how it was, for all that is known. 3, of MariaDB, is as good as 1. */
void
bs_follow_warn_unflushed(const struct bs_follow *follow, const char *file) {
    struct bs_buf value = {0};
    struct bs_error err;
    bs_error_clear(&err);
    if (read_setting(follow, &value, &err) != BS_OK) {
        bs_log(BS_LOG_WARNING,
               "the source has crashed in binlog file %s; whether its InnoDB has all that is in "
               "there cannot be told: %s",
               file, err.message);
    } else if (bs_str_is(bs_buf_str(&value), "0") || bs_str_is(bs_buf_str(&value), "2")) {
        bs_log(BS_LOG_WARNING,
               "the source has crashed in binlog file %s, and has "
               "innodb_flush_log_at_trx_commit=%s: it may have LOST transactions that are in that "
               "file, and that the target has. Compare what was written last before the crash; "
               "where they differ, take a new snapshot",
               file, bs_buf_cstr(&value));
    }
    bs_buf_fini(&value);
}

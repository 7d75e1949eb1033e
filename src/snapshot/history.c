#include "snapshot/history.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"

#include <inttypes.h>
#include <stdlib.h>

enum { LOOK_EVERY_MS = 200, SAY_EVERY_MS = 60000, STANDSTILL_MS = 600000 };

/* MariaDB tells it to everybody, MySQL to who has PROCESS. */
static const char *
question(const struct bs_server *server) {
    return server->flavour == BS_MARIADB
               ? "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE "
                 "VARIABLE_NAME='INNODB_HISTORY_LIST_LENGTH'"
               : "SELECT COUNT FROM information_schema.INNODB_METRICS WHERE "
                 "NAME='trx_rseg_history_len'";
}

enum bs_status
bs_history_read(struct bs_sql *sql, const struct bs_server *server, uint64_t *length,
                struct bs_error *err) {
    struct bs_buf value = {0};
    bool found = false;
    enum bs_status status = bs_sql_value(sql, &value, &found, err, "%s", question(server));
    if (status == BS_SERVER || (status == BS_OK && !found)) {
        bs_error_set(err, BS_PRECHECK, "the source does not tell the length of its history list");
        status = bs_error_hint(err, "grant PROCESS on *.* to the source's account, or leave "
                                    "--max-history out");
    }
    *length = status == BS_OK ? strtoull(bs_buf_cstr(&value), NULL, 10) : 0;
    bs_buf_fini(&value);
    return status;
}

enum bs_status
bs_history_await(struct bs_sql *sql, const struct bs_server *server, uint64_t most,
                 struct bs_error *err) {
    int64_t said_ms = bs_clock_mono_ms();
    int64_t lowest_ms = said_ms;
    uint64_t lowest = UINT64_MAX;
    uint64_t length = 0;
    enum bs_status status = bs_history_read(sql, server, &length, err);
    while (status == BS_OK && length > most && (status = bs_stop_check(err)) == BS_OK) {
        if (length < lowest) {
            lowest = length;
            lowest_ms = bs_clock_mono_ms();
        } else if (bs_clock_mono_ms() - lowest_ms >= STANDSTILL_MS) {
            bs_log(BS_LOG_WARNING,
                   "the source's history list does not get shorter than %" PRIu64
                   ": the copy goes on; a larger --max-history would suit this source",
                   lowest);
            return BS_OK;
        }
        if (bs_clock_mono_ms() - said_ms >= SAY_EVERY_MS) {
            said_ms = bs_clock_mono_ms();
            bs_log(BS_LOG_INFO,
                   "the source's history list is %" PRIu64
                   " long; the copy waits until it is %" PRIu64
                   ": others hold old views, or its purge is slow",
                   length, most);
        }
        bs_clock_pause_ms(LOOK_EVERY_MS);
        status = bs_history_read(sql, server, &length, err);
    }
    return status;
}

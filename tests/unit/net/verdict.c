#include "net/verdict.h"

#include <criterion/criterion.h>
#include <string.h>

static void
expect_verdict(unsigned code, const char *text, enum bs_verdict verdict, enum bs_status status) {
    struct bs_error err;
    bs_error_set(&err, BS_SERVER, "the server says: %s (error %u)", text, code);
    err.sql_errno = code;
    cr_assert_eq(bs_verdict_of(&err), verdict, "%s", text);
    cr_assert_eq(err.status, status, "%s", text);
    if (status == BS_PURGED || status == BS_PRECHECK) {
        cr_assert(err.hint[0] != '\0', "%s", text);
    }
}

Test(verdict, a_position_that_is_gone_is_purged_in_every_servers_words) {
    const char *const texts[] = {
        "Could not find first log file name in binary log index file",
        "Cannot replicate because the master purged required binary logs. Replicate the missing "
        "transactions from elsewhere",
        "Cannot replicate because the source purged required binary logs.",
        "The slave is connecting using CHANGE MASTER TO MASTER_AUTO_POSITION = 1, but the master "
        "has purged binary logs "
        "containing GTIDs that the slave requires.",
        "Could not find GTID state requested by slave in any binlog files. Probably the slave "
        "state is too old and "
        "required binlog files have been purged.",
        "Error: connecting slave requested to start from GTID 0-1-100, which is not in the "
        "master's binlog",
        "Slave has more GTIDs than the master has, using the master's SERVER_UUID.",
        "Client requested master to start replication from position > file size",
        "Client requested master to start replication from impossible position; the first event",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        expect_verdict(1236, texts[i], BS_VERDICT_FAIL, BS_PURGED);
    }
    expect_verdict(1945, "Connecting slave requested to start from GTID", BS_VERDICT_FAIL,
                   BS_PURGED);
}

Test(verdict, what_may_pass_is_tried_again) {
    expect_verdict(1040, "Too many connections", BS_VERDICT_RETRY, BS_SERVER);
    expect_verdict(1053, "Server shutdown in progress", BS_VERDICT_RETRY, BS_SERVER);
    expect_verdict(1236, "could not find next log", BS_VERDICT_RETRY, BS_SERVER);
    expect_verdict(1236, "binlog truncated in the middle of event; consider out of disk space",
                   BS_VERDICT_RETRY, BS_SERVER);
    struct bs_error err;
    bs_error_set(&err, BS_IO, "the server closed the connection");
    cr_assert_eq(bs_verdict_of(&err), BS_VERDICT_RETRY);
}

Test(verdict, what_trying_again_cannot_mend_fails) {
    expect_verdict(1045, "Access denied", BS_VERDICT_FAIL, BS_SERVER);
    expect_verdict(
        1236,
        "A slave with the same server_uuid/server_id as this slave has connected to the master",
        BS_VERDICT_FAIL, BS_SERVER);
    expect_verdict(4052, "A slave with the same server_uuid/server_id is already connected",
                   BS_VERDICT_FAIL, BS_SERVER);
    expect_verdict(1236, "Binary log is not open", BS_VERDICT_FAIL, BS_PRECHECK);
    expect_verdict(1236, "event read from binlog did not pass crc check", BS_VERDICT_FAIL,
                   BS_SERVER);
    expect_verdict(9999, "of the future", BS_VERDICT_FAIL, BS_SERVER);
    struct bs_error err;
    bs_error_set(&err, BS_PRECHECK, "another server");
    cr_assert_eq(bs_verdict_of(&err), BS_VERDICT_FAIL);
}

Test(verdict, broken_bytes_are_suspect) {
    struct bs_error err;
    bs_error_set(&err, BS_PROTOCOL, "packet number");
    cr_assert_eq(bs_verdict_of(&err), BS_VERDICT_SUSPECT);
}

#include "sql/error_class.h"

#include <stddef.h>
#include <string.h>

/* Numbers of both flavours where nothing else is said. */
enum {
    CANT_LOCK = 1015,
    DISK_FULL = 1021,
    ERROR_ON_READ = 1024,
    ERROR_ON_WRITE = 1026,
    GET_ERRNO = 1030,
    OLD_KEYFILE = 1034,
    OUT_OF_SORTMEMORY = 1038,
    CON_COUNT = 1040,
    OUT_OF_RESOURCES = 1041,
    DBACCESS_DENIED = 1044,
    UNKNOWN = 1105, /* Galera, with that text: the write set is too large */
    RECORD_FILE_FULL = 1114,
    TABLEACCESS_DENIED = 1142,
    COLUMNACCESS_DENIED = 1143,
    NO_SUCH_TABLE = 1146,
    NET_PACKET_TOO_LARGE = 1153,
    ERROR_DURING_COMMIT = 1180,
    CRASHED_ON_USAGE = 1194,
    TRANS_CACHE_FULL = 1197,
    TOO_MANY_USER_CONNECTIONS = 1203,
    LOCK_WAIT_TIMEOUT = 1205,
    LOCK_TABLE_FULL = 1206,
    LOCK_DEADLOCK = 1213,
    USER_LIMIT_REACHED = 1226,
    SPECIFIC_ACCESS_DENIED = 1227,
    OPTION_PREVENTS_STATEMENT = 1290, /* --read-only, --super-read-only */
    QUERY_INTERRUPTED = 1317,
    READ_ONLY_TRANSACTION = 1792,
    READ_ONLY_MODE = 1836, /* InnoDB's, and of MariaDB */
    QUERY_TIMEOUT_MARIADB = 1969,
    QUERY_TIMEOUT = 3024,
    SERVER_OFFLINE_MODE = 3032,   /* MySQL */
    BEFORE_DML_VALIDATION = 3098, /* Group Replication: what it takes no table for */
    RUN_HOOK = 3100,
    ROLLBACK_DURING_COMMIT = 3101,
    EE_WRITE = 3, /* of the file system, as bulk statements give it on */
    EE_DISK_FULL = 20,
    ENOSPC_AS_IT_IS = 28,
};

static bool
is_among(unsigned int number, const unsigned int *numbers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] == number) {
            return true;
        }
    }
    return false;
}

#define IS_AMONG(err, numbers)                                                                     \
    is_among((err)->sql_errno, numbers, sizeof(numbers) / sizeof *(numbers))

bool
bs_sql_is_retryable(const struct bs_error *err) {
    static const unsigned int NUMBERS[] = {LOCK_WAIT_TIMEOUT,      LOCK_DEADLOCK,
                                           ROLLBACK_DURING_COMMIT, QUERY_INTERRUPTED,
                                           QUERY_TIMEOUT_MARIADB,  QUERY_TIMEOUT};
    return err->status == BS_SERVER && IS_AMONG(err, NUMBERS);
}

bool
bs_sql_is_unsettled(const struct bs_error *err) {
    static const unsigned int NUMBERS[] = {ERROR_DURING_COMMIT, RUN_HOOK};
    return err->status == BS_SERVER && IS_AMONG(err, NUMBERS);
}

static bool
says_rolled_back(const struct bs_error *err) {
    static const unsigned int NUMBERS[] = {
        LOCK_WAIT_TIMEOUT,     LOCK_DEADLOCK,  ROLLBACK_DURING_COMMIT, OPTION_PREVENTS_STATEMENT,
        READ_ONLY_TRANSACTION, READ_ONLY_MODE, BEFORE_DML_VALIDATION};
    bool is_too_large = err->sql_errno == UNKNOWN && strstr(err->message, "writeset size") != NULL;
    return is_too_large || IS_AMONG(err, NUMBERS);
}

enum bs_status
bs_sql_commit_lost(struct bs_error *err) {
    if (err != NULL) {
        err->status = BS_IO;
    }
    return BS_IO;
}

enum bs_status
bs_sql_commit_outcome(enum bs_status status, struct bs_error *err) {
    bool is_known =
        status == BS_OK || (status == BS_SERVER && err != NULL && says_rolled_back(err));
    return is_known ? status : bs_sql_commit_lost(err);
}

bool
bs_sql_may_pass(const struct bs_error *err) {
    static const unsigned int NUMBERS[] = {
        CON_COUNT,      TOO_MANY_USER_CONNECTIONS, USER_LIMIT_REACHED, OPTION_PREVENTS_STATEMENT,
        READ_ONLY_MODE, SERVER_OFFLINE_MODE,
    };
    return err->status == BS_IO || bs_sql_is_retryable(err) || bs_sql_is_unsettled(err) ||
           (err->status == BS_SERVER && IS_AMONG(err, NUMBERS));
}

bool
bs_sql_is_of_server(const struct bs_error *err) {
    static const unsigned int NUMBERS[] = {
        EE_WRITE,
        EE_DISK_FULL,
        ENOSPC_AS_IT_IS,
        CANT_LOCK,
        DISK_FULL,
        ERROR_ON_READ,
        ERROR_ON_WRITE,
        GET_ERRNO,
        OLD_KEYFILE,
        OUT_OF_SORTMEMORY,
        OUT_OF_RESOURCES,
        DBACCESS_DENIED,
        RECORD_FILE_FULL,
        TABLEACCESS_DENIED,
        COLUMNACCESS_DENIED,
        NO_SUCH_TABLE,
        NET_PACKET_TOO_LARGE,
        CRASHED_ON_USAGE,
        TRANS_CACHE_FULL,
        LOCK_TABLE_FULL,
        SPECIFIC_ACCESS_DENIED,
        READ_ONLY_TRANSACTION,
    };
    return bs_sql_may_pass(err) || (err->status == BS_SERVER && IS_AMONG(err, NUMBERS));
}

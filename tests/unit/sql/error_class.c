/* What servers' errors mean to those who met them. */
#include "sql/error_class.h"

#include <criterion/criterion.h>

static struct bs_error
answer(unsigned int number, const char *text) {
    struct bs_error err;
    bs_error_clear(&err);
    bs_error_set(&err, BS_SERVER, "%s", text);
    err.sql_errno = number;
    return err;
}

static enum bs_status
outcome(unsigned int number, const char *text) {
    struct bs_error err = answer(number, text);
    enum bs_status status = bs_sql_commit_outcome(BS_SERVER, &err);
    cr_assert_eq(err.status, status, "the error says what is returned");
    return status;
}

Test(error_class, a_commit_is_rolled_back_only_where_the_error_says_so) {
    static const unsigned int ROLLED_BACK[] = {1205, 1213, 3101, 1290, 1792, 1836, 3098};
    static const unsigned int UNKNOWN[] = {1180, 3100, 1317, 1026, 1021, 1197, 1105, 1399, 4711};
    for (size_t i = 0; i < sizeof ROLLED_BACK / sizeof *ROLLED_BACK; i++) {
        cr_expect_eq(outcome(ROLLED_BACK[i], ""), BS_SERVER, "%u", ROLLED_BACK[i]);
    }
    for (size_t i = 0; i < sizeof UNKNOWN / sizeof *UNKNOWN; i++) {
        cr_expect_eq(outcome(UNKNOWN[i], ""), BS_IO, "%u", UNKNOWN[i]);
    }
    cr_expect_eq(outcome(1105, "Maximum writeset size exceeded"), BS_SERVER);
}

Test(error_class, an_answer_that_could_not_be_read_is_none) {
    struct bs_error err;
    bs_error_clear(&err);
    bs_error_set(&err, BS_PROTOCOL, "malformed packet");
    cr_expect_eq(bs_sql_commit_outcome(BS_PROTOCOL, &err), BS_IO);
    cr_expect_eq(err.status, BS_IO);
    cr_expect_eq(bs_sql_commit_outcome(BS_NOMEM, NULL), BS_IO);
    cr_expect_eq(bs_sql_commit_outcome(BS_SERVER, NULL), BS_IO);
    cr_expect_eq(bs_sql_commit_outcome(BS_OK, NULL), BS_OK);
}

Test(error_class, what_passes_is_no_fault_of_a_row) {
    static const unsigned int PASS[] = {1205, 1213, 3101, 1180, 3100, 1317, 1969,
                                        3024, 1040, 1203, 1226, 1290, 1836, 3032};
    for (size_t i = 0; i < sizeof PASS / sizeof *PASS; i++) {
        struct bs_error err = answer(PASS[i], "");
        cr_expect(bs_sql_may_pass(&err), "%u", PASS[i]);
        cr_expect(bs_sql_is_of_server(&err), "%u", PASS[i]);
    }
}

Test(error_class, a_full_disk_is_of_the_server_and_does_not_pass) {
    static const unsigned int STAY[] = {20, 28, 1021, 1114, 1142, 1146, 1197};
    for (size_t i = 0; i < sizeof STAY / sizeof *STAY; i++) {
        struct bs_error err = answer(STAY[i], "");
        cr_expect(!bs_sql_may_pass(&err), "%u", STAY[i]);
        cr_expect(bs_sql_is_of_server(&err), "%u", STAY[i]);
    }
}

Test(error_class, a_row_that_is_not_taken_is_its_own_fault) {
    static const unsigned int OF_ROW[] = {1062, 1264, 1406, 1452, 3819, 4025};
    for (size_t i = 0; i < sizeof OF_ROW / sizeof *OF_ROW; i++) {
        struct bs_error err = answer(OF_ROW[i], "");
        cr_expect(!bs_sql_may_pass(&err) && !bs_sql_is_of_server(&err), "%u", OF_ROW[i]);
        cr_expect(!bs_sql_is_retryable(&err), "%u", OF_ROW[i]);
    }
}

/* A number of the client library's, or of another class, means nothing here. */
Test(error_class, classes_count_before_numbers) {
    struct bs_error err = answer(1213, "");
    err.status = BS_CONFLICT;
    cr_expect(!bs_sql_is_retryable(&err) && !bs_sql_may_pass(&err) && !bs_sql_is_of_server(&err));
    err.status = BS_IO;
    cr_expect(bs_sql_may_pass(&err));
}

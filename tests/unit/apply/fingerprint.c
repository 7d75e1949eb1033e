#include "apply/fingerprint.h"

#include <criterion/criterion.h>

/* A fingerprint line is: kind, db and name in hex, table id, hash. Kind 1 is a table. */
#define LINE(name_hex, id_and_hash) "1 64 " name_hex " " id_and_hash "\n"

static enum bs_ddl_outcome
decide(const char *sql, const char *before, const char *now) {
    struct bs_ddl ddl;
    bs_ddl_parse(&ddl, bs_str(sql), bs_str("d"), false, false);
    enum bs_ddl_outcome outcome = bs_fingerprint_decide(&ddl, bs_str(before), bs_str(now));
    bs_ddl_fini(&ddl);
    return outcome;
}

Test(fingerprint, an_alter_ran_if_its_table_looks_different_now) {
    const char *sql = "ALTER TABLE a ADD x INT";
    cr_expect_eq(decide(sql, LINE("61", "7 aaaa"), LINE("61", "8 bbbb")), BS_DDL_RUN);
    cr_expect_eq(decide(sql, LINE("61", "7 aaaa"), LINE("61", "7 aaaa")), BS_DDL_NOT_RUN);
}

Test(fingerprint, an_altered_table_that_is_gone_is_not_guessed_at) {
    cr_expect_eq(decide("ALTER TABLE a ADD x INT", LINE("61", "7 aaaa"), LINE("61", "0 -")),
                 BS_DDL_UNCLEAR);
}

Test(fingerprint, a_create_ran_if_the_table_is_there_now) {
    const char *sql = "CREATE TABLE a (x INT)";
    cr_expect_eq(decide(sql, LINE("61", "0 -"), LINE("61", "9 cccc")), BS_DDL_RUN);
    cr_expect_eq(decide(sql, LINE("61", "0 -"), LINE("61", "0 -")), BS_DDL_NOT_RUN);
}

Test(fingerprint, a_drop_is_run_again_while_anything_is_left) {
    const char *sql = "DROP TABLE a, b";
    const char *both = LINE("61", "1 aa") LINE("62", "2 bb");
    cr_expect_eq(decide(sql, both, LINE("61", "0 -") LINE("62", "2 bb")), BS_DDL_NOT_RUN);
    cr_expect_eq(decide(sql, both, LINE("61", "0 -") LINE("62", "0 -")), BS_DDL_RUN);
    cr_expect_eq(decide(sql, both, both), BS_DDL_NOT_RUN);
}

/* a and b look the same: only their ids tell. */
#define SWAP "RENAME TABLE a TO t, b TO a, t TO b"
#define SWAP_LINES(a, t, b)                                                                        \
    LINE("61", a) LINE("74", t) LINE("62", b) LINE("61", a) LINE("74", t) LINE("62", b)

Test(fingerprint, a_swap_of_equal_tables_is_told_by_their_ids) {
    const char *before = SWAP_LINES("1 xx", "0 -", "2 xx");
    cr_expect_eq(decide(SWAP, before, SWAP_LINES("2 xx", "0 -", "1 xx")), BS_DDL_RUN);
    cr_expect_eq(decide(SWAP, before, SWAP_LINES("1 xx", "0 -", "2 xx")), BS_DDL_NOT_RUN);
}

Test(fingerprint, a_swap_that_stopped_half_way_is_unclear) {
    const char *before = SWAP_LINES("1 xx", "0 -", "2 xx");
    cr_expect_eq(decide(SWAP, before, SWAP_LINES("0 -", "1 xx", "2 xx")), BS_DDL_UNCLEAR);
    cr_expect_eq(decide(SWAP, before, SWAP_LINES("2 xx", "1 xx", "0 -")), BS_DDL_UNCLEAR);
}

Test(fingerprint, a_swap_without_ids_is_unclear_unless_something_changed) {
    const char *before = SWAP_LINES("0 xx", "0 -", "0 xx");
    cr_expect_eq(decide(SWAP, before, before), BS_DDL_UNCLEAR);
}

Test(fingerprint, truncate_is_always_run_again) {
    cr_expect_eq(decide("TRUNCATE TABLE a", LINE("61", "1 aa"), LINE("61", "5 aa")),
                 BS_DDL_NOT_RUN);
}

/* The status of an event in its text, and nothing else in it. */
#include "cutover/events.h"

#include "base/mem.h"

#include <criterion/criterion.h>
#include <string.h>

static char *
sleep_as(const char *text, const char *sql_mode, enum bs_status expected) {
    struct bs_object event = {.kind = BS_OBJECT_EVENT,
                              .db = bs_strdup("shop"),
                              .name = bs_strdup("e"),
                              .create = bs_strdup(text),
                              .sql_mode = bs_strdup(sql_mode)};
    struct bs_error err;
    cr_expect_eq(bs_event_put_to_sleep(&event, &err), expected);
    char *create = bs_strdup(event.create);
    bs_object_fini(&event);
    return create;
}

static void
expect(const char *text, const char *sql_mode, const char *wanted) {
    char *got = sleep_as(text, sql_mode, BS_OK);
    cr_expect_str_eq(got, wanted);
    free(got);
}

Test(events, an_enabled_one_is_disabled_and_its_body_stays) {
    expect("CREATE DEFINER=`a`@`%` EVENT `PRESERVE ENABLE` ON SCHEDULE EVERY 1 DAY STARTS "
           "'2020-01-01 00:00:00' ON COMPLETION NOT PRESERVE ENABLE COMMENT 'PRESERVE ENABLE' DO "
           "SELECT 'PRESERVE', ENABLE FROM t",
           "",
           "CREATE DEFINER=`a`@`%` EVENT `PRESERVE ENABLE` ON SCHEDULE EVERY 1 DAY STARTS "
           "'2020-01-01 00:00:00' ON COMPLETION NOT PRESERVE DISABLE COMMENT 'PRESERVE ENABLE' DO "
           "SELECT 'PRESERVE', ENABLE FROM t");
}

Test(events, a_name_in_double_quotes_is_no_keyword) {
    expect("CREATE DEFINER=\"a\"@\"%\" EVENT \"PRESERVE ENABLE\" ON SCHEDULE EVERY 1 DAY ON "
           "COMPLETION PRESERVE ENABLE DO SELECT 1",
           "ANSI_QUOTES",
           "CREATE DEFINER=\"a\"@\"%\" EVENT \"PRESERVE ENABLE\" ON SCHEDULE EVERY 1 DAY ON "
           "COMPLETION PRESERVE DISABLE DO SELECT 1");
}

Test(events, a_disabled_one_stays_as_it_is) {
    static const char text[] =
        "CREATE EVENT `e` ON SCHEDULE AT '2030-01-01 00:00:00' ON COMPLETION "
        "PRESERVE DISABLE ON SLAVE DO SELECT 1";
    expect(text, "", text);
}

Test(events, a_text_without_a_status_is_refused) {
    char *got = sleep_as("CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY DO SELECT 1", "", BS_SCHEMA);
    free(got);
}

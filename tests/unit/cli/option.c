/* Options: what is read, what is refused, and what a message shows. */
#include "cli/option.h"

#include "cli/values.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct bs_option OPTIONS[] = {
    BS_OPTION_SOURCE,  BS_OPTIONS_SELECTION, BS_OPTIONS_COPY, BS_OPTIONS_FREEZE(NULL, NULL),
    BS_OPTIONS_COMMON,
};
static const struct bs_option_table TABLE = {OPTIONS, sizeof OPTIONS / sizeof OPTIONS[0], false};

static struct bs_values values;
static struct bs_error err;
static bool help;

static void
reset(void) {
    memset(&values, 0, sizeof values);
    bs_error_clear(&err);
    bs_options_default(&TABLE, &values);
}

/* Reads one or two arguments. */
static enum bs_status
parse(const char *first, const char *second) {
    char *argv[2] = {strdup(first), second != NULL ? strdup(second) : NULL};
    enum bs_status status =
        bs_options_parse(&TABLE, "test", second != NULL ? 2 : 1, argv, &values, &help, &err);
    free(argv[0]);
    free(argv[1]);
    return status;
}

static void
done(void) {
    bs_options_fini(&TABLE, &values);
}

TestSuite(option, .init = reset, .fini = done);

Test(option, defaults_are_what_help_says) {
    cr_assert_eq(values.threads, 4);
    cr_assert_eq(values.chunk_bytes, 16U << 20);
    cr_assert_eq(values.lock_timeout_ms, 10000);
    cr_assert_str_eq(values.task, "default");
    cr_assert_eq(values.log_level, 1);
    cr_assert_eq(values.freeze, -1);
    cr_assert_eq(values.max_freeze_ms, 0);
    cr_assert_null(values.source);
}

Test(option, a_value_stands_behind_an_equals_sign_or_in_the_next_argument) {
    cr_assert_eq(parse("--threads=7", NULL), BS_OK);
    cr_assert_eq(values.threads, 7);
    cr_assert_eq(parse("--threads", "8"), BS_OK);
    cr_assert_eq(values.threads, 8);
    cr_assert_eq(parse("--json", NULL), BS_OK);
    cr_assert(values.json);
}

Test(option, sizes_have_units_and_fractions) {
    const struct {
        const char *text;
        uint64_t bytes;
    } sizes[] = {{"65536", 65536}, {"64k", 65536},    {"64K", 65536},    {"1M", 1 << 20},
                 {"1MB", 1 << 20}, {"1MiB", 1 << 20}, {"0.5G", 1 << 29}, {"1.5M", 3 << 19}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        cr_assert_eq(parse("--chunk-bytes", sizes[i].text), BS_OK, "%s", sizes[i].text);
        cr_assert_eq(values.chunk_bytes, sizes[i].bytes, "%s", sizes[i].text);
    }
    const char *const wrong[] = {"", "1", "M", "-1M", "1X", "1MM", "1e30", "0x100000", "9T", "nan"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "--chunk-bytes=%s", wrong[i]);
        cr_assert_eq(parse(text, NULL), BS_CONFIG, "%s", wrong[i]);
        cr_assert_not_null(strstr(err.message, "--chunk-bytes"));
    }
}

Test(option, numbers_and_seconds_have_bounds) {
    const char *const wrong[] = {"--threads=0",      "--threads=33",        "--threads=many",
                                 "--threads=1.5",    "--threads=-1",        "--threads=",
                                 "--lock-timeout=0", "--lock-timeout=soon", "--max-freeze=100000"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_assert_eq(parse(wrong[i], NULL), BS_CONFIG, "%s", wrong[i]);
    }
    cr_assert_eq(parse("--max-freeze=0.5", NULL), BS_OK);
    cr_assert_eq(values.max_freeze_ms, 500);
    cr_assert_eq(parse("--max-freeze=30s", NULL), BS_OK);
    cr_assert_eq(values.max_freeze_ms, 30000);
}

Test(option, choices_are_listed_when_none_fits) {
    cr_assert_eq(parse("--position=GTID", NULL), BS_OK);
    cr_assert_eq(values.position, 1);
    cr_assert_eq(parse("--position=somewhere", NULL), BS_CONFIG);
    cr_assert_not_null(strstr(err.message, "auto, gtid or file"));
}

Test(option, lists_add_up) {
    cr_assert_eq(parse("--tables=a.b", NULL), BS_OK);
    cr_assert_eq(parse("--tables", "c.d,e.f"), BS_OK);
    cr_assert_str_eq(values.tables, "a.b,c.d,e.f");
}

Test(option, a_value_that_is_missing_is_not_taken_from_the_next_option) {
    cr_assert_eq(parse("--threads", NULL), BS_CONFIG);
    cr_assert_eq(parse("--threads", "--json"), BS_CONFIG);
    cr_assert_not_null(strstr(err.message, "--threads N"));
    cr_assert_eq(parse("--json=yes", NULL), BS_CONFIG);
}

Test(option, what_is_unknown_is_named_without_what_may_be_a_password) {
    cr_assert_eq(parse("--no-such", NULL), BS_CONFIG);
    cr_assert_not_null(strstr(err.message, "'--no-such'"));
    cr_assert_not_null(strstr(err.hint, "--help"));
    cr_assert_eq(parse("--sorce=mysql://root:S3cret@host/", NULL), BS_CONFIG);
    cr_assert_not_null(strstr(err.message, "'--sorce'"));
    cr_assert_null(strstr(err.message, "S3cret"));
    cr_assert_eq(parse("mysql://root:S3cret@host/", NULL), BS_CONFIG);
    cr_assert_null(strstr(err.message, "S3cret"));
    cr_assert_eq(parse("-x", NULL), BS_CONFIG);
}

Test(option, help_names_every_option_with_its_default) {
    struct bs_buf out = {0};
    bs_options_put_help(&TABLE, &out);
    for (size_t i = 0; i < TABLE.count; i++) {
        cr_assert_not_null(strstr(bs_buf_cstr(&out), OPTIONS[i].name), "%s", OPTIONS[i].name);
    }
    cr_assert_not_null(strstr(bs_buf_cstr(&out), "16M"));
    bs_buf_fini(&out);
    cr_assert_eq(parse("--help", NULL), BS_OK);
    cr_assert(help);
}

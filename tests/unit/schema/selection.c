#include "schema/selection.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct bs_selection
selection(const char *databases, const char *tables, const char *not_databases,
          const char *not_tables) {
    struct bs_selection s = {0};
    struct bs_error err;
    bs_error_clear(&err);
    enum bs_status status = BS_OK;
    if (databases != NULL) {
        status = bs_selection_parse_list(&s.databases, databases, false, &err);
    }
    if (status == BS_OK && tables != NULL) {
        status = bs_selection_parse_list(&s.tables, tables, true, &err);
    }
    if (status == BS_OK && not_databases != NULL) {
        status = bs_selection_parse_list(&s.exclude_databases, not_databases, false, &err);
    }
    if (status == BS_OK && not_tables != NULL) {
        status = bs_selection_parse_list(&s.exclude_tables, not_tables, true, &err);
    }
    cr_assert_eq(status, BS_OK, "%s", err.message);
    return s;
}

static bool
has(const struct bs_selection *s, const char *db, const char *table) {
    return bs_selection_has_table(s, bs_str(db), bs_str(table));
}

static bool
has_db(const struct bs_selection *s, const char *db) {
    return bs_selection_has_database(s, bs_str(db));
}

static bool
matches(const char *pattern, const char *name) {
    struct bs_selection s = selection(pattern, NULL, NULL, NULL);
    bool answer = has_db(&s, name);
    bs_selection_fini(&s);
    return answer;
}

Test(selection, default_is_all_but_the_system_and_the_state) {
    struct bs_selection s = {0};
    cr_assert(has(&s, "shop", "t") && has_db(&s, "mysqlx"));
    static const char *const never[] = {"mysql",
                                        "sys",
                                        "SYS",
                                        "information_schema",
                                        "MySQL",
                                        "binstream",
                                        "Information_Schema",
                                        "performance_schema",
                                        "#mysql50#lost+found"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        cr_assert(!has_db(&s, never[i]) && !has(&s, never[i], "t"), "%s", never[i]);
    }
    s.state_schema = strdup("my_state");
    cr_assert(!has_db(&s, "my_state") && !has_db(&s, "binstream"));
    bs_selection_fini(&s);
    s = selection("mysql,%", NULL, NULL, NULL);
    cr_assert(!has_db(&s, "mysql") && has_db(&s, "x"), "named ones stay out, too");
    bs_selection_fini(&s);
}

Test(selection, patterns_match_as_like_does) {
    cr_assert(matches("shop", "shop") && !matches("shop", "shopx") && !matches("shop", "sho"));
    cr_assert(matches("%", "a") && matches("a%", "a") && matches("%a", "bba") &&
              matches("a%c%e", "abcde"));
    cr_assert(matches("a%b", "aab") && matches("%ab%", "xaab") && !matches("a%b", "abc"));
    cr_assert(matches("a_c", "abc") && !matches("a_c", "ac") && !matches("_", "ab"));
    cr_assert(matches("a_c", "a\xC3\xA9"
                             "c"),
              "_ is one character, not one byte");
    cr_assert(matches("a\\_c", "a_c") && !matches("a\\_c", "abc"));
    cr_assert(matches("100\\%", "100%") && !matches("100\\%", "1000"));
    cr_assert(matches("a\\\\b", "a\\b") && matches("a\\", "a\\"));
    cr_assert(!matches("Shop", "shop"), "bytes are compared");
    cr_assert(matches("%%%%a", "bbbbbbbbba") && !matches("%a%a%a%a%b", "aaaaaaaaaaaaaaaaaaaa"));
}

Test(selection, quotes_protect_commas_dots_and_quotes) {
    struct bs_selection s = selection("`a,b`,`c.d`,`e``f`,`g%`", NULL, NULL, NULL);
    cr_assert(has_db(&s, "a,b") && has_db(&s, "c.d") && has_db(&s, "e`f") && has_db(&s, "gh"));
    cr_assert(!has_db(&s, "a") && !has_db(&s, "e") && !has_db(&s, "c"));
    bs_selection_fini(&s);
    s = selection(NULL, "`a.b`.`c.d`,x.`y,z`,`q`.w", NULL, NULL);
    cr_assert(has(&s, "a.b", "c.d") && has(&s, "x", "y,z") && has(&s, "q", "w"));
    cr_assert(!has(&s, "a", "b") && !has(&s, "x", "y"));
    bs_selection_fini(&s);
}

Test(selection, databases_and_tables_add_up_and_excluding_wins) {
    struct bs_selection s = selection("shop", "crm.user,log.%", "lo%", "shop.tmp\\_%,crm.x");
    cr_assert(has(&s, "shop", "a") && !has(&s, "shop", "tmp_1") && has(&s, "shop", "tmpx"));
    cr_assert(has(&s, "crm", "user") && !has(&s, "crm", "other"));
    cr_assert(!has(&s, "log", "a") && !has_db(&s, "log"));
    cr_assert(has_db(&s, "shop") && has_db(&s, "crm") && !has_db(&s, "other"));
    cr_assert(bs_selection_has_whole_database(&s, bs_str("shop")));
    cr_assert_not(bs_selection_has_whole_database(&s, bs_str("crm")),
                  "only tables of it are named");
    char *text = bs_selection_describe(&s);
    cr_assert_str_eq(text, "--databases shop --tables crm.user,log.% --exclude-databases lo% "
                           "--exclude-tables shop.tmp\\_%,crm.x");
    free(text);
    bs_selection_fini(&s);
}

Test(selection, a_list_given_twice_adds_up) {
    struct bs_selection s = selection("a", NULL, NULL, NULL);
    cr_assert_eq(bs_selection_parse_list(&s.databases, "b", false, NULL), BS_OK);
    cr_assert(has_db(&s, "a") && has_db(&s, "b") && !has_db(&s, "c"));
    bs_selection_fini(&s);
}

static void
refused(const char *text, bool with_table, const char *needle) {
    char **list = NULL;
    struct bs_error err;
    bs_error_clear(&err);
    cr_assert_eq(bs_selection_parse_list(&list, text, with_table, &err), BS_CONFIG, "%s", text);
    cr_assert_not_null(strstr(err.message, needle), "%s: %s", text, err.message);
    struct bs_selection s = {.databases = list};
    bs_selection_fini(&s);
}

Test(selection, malformed_lists_are_refused_with_the_place) {
    refused("", false, "empty");
    refused("a,,b", false, "at character 3: a name is empty");
    refused("a,", false, "empty");
    refused("`a", false, "not closed");
    refused("a`b`", false, "inside a name");
    refused("a.b", false, "use --tables");
    refused("a", true, "database.table");
    refused("a.", true, "empty");
    refused(".b", true, "empty");
    refused("a.b.c", true, "more than one dot");
    refused("a.`b", true, "not closed");
    refused("a.b,c", true, "at character 5");
}

Test(selection, what_it_covers_is_plain_to_see) {
    static const struct {
        const char *databases, *tables, *entry;
        bool covers;
    } cases[] = {
        {NULL, NULL, "a%", true},
        {"shop", NULL, "shop", true},
        {"shop", NULL, "`shop`", true},
        {"`shop`", NULL, "shop", true},
        {"shop", NULL, "shop%", false},
        {"shop%", NULL, "shop%", true},
        {"shop%", NULL, "shop_eu", true},
        {"shop\\_eu", NULL, "shop_eu", false},
        {"shop\\_eu", NULL, "shop\\_eu", true},
        {"shop", NULL, "other", false},
        {"shop", NULL, "shop.any%", true},
        {"shop", NULL, "shop%.a", false},
        {NULL, "shop.a", "shop", false},
        {NULL, "shop.a", "shop.a", true},
        {NULL, "shop.a", "shop.`a`", true},
        {NULL, "shop.a", "shop.b", false},
        {NULL, "shop.a_", "shop.a%", false},
        {NULL, "shop.a%", "shop.a%", true},
        {"lab", "shop.a", "shop.a", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bs_selection s = selection(cases[i].databases, cases[i].tables, NULL, NULL);
        cr_assert_eq(bs_selection_covers(&s, cases[i].entry), cases[i].covers, "case %zu: %s", i,
                     cases[i].entry);
        bs_selection_fini(&s);
    }
}

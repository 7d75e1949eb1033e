/* Generated columns, and keys over expressions, whose values depend on the session that wrote them
 * (its time zone, its charset, and some settings), or on the server's version. The target makes
 * such values itself, in binstream's sessions, whose zone is UTC and which leave those settings as
 * the target has them: what a row image says of a generated column is not written. */
#include "base/mem.h"
#include "check/check_private.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct generated {
    char *db, *table, *column; /* or the key, of a key over an expression */
    char *expression;          /* as the server prints it: names in backquotes */
    bool is_kept;              /* stored, or in an index */
    bool has_zone;
    bool is_wide; /* in a charset of which a letter has two bytes or four */
};

struct generated_list {
    struct generated *items;
    size_t count, cap;
};

static void
fini(struct generated_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].db);
        free(list->items[i].table);
        free(list->items[i].column);
        free(list->items[i].expression);
    }
    free(list->items);
}

static bool
has_word(struct bs_str text, const char *word) {
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (bs_str_is_nocase((struct bs_str){text.data + i, len}, word)) {
            return true;
        }
    }
    return false;
}

static void
add(struct generated_list *list, const struct bs_str *row) {
    void *items = list->items;
    bs_array_grow(&items, &list->cap, list->count, sizeof *list->items);
    list->items = items;
    list->items[list->count++] = (struct generated){
        .db = bs_strndup(row[0].data, row[0].len),
        .table = bs_strndup(row[1].data, row[1].len),
        .column = bs_strndup(row[2].data, row[2].len),
        .expression = bs_strndup(row[3].data, row[3].len),
        .is_kept = has_word(row[4], "STORED") || has_word(row[4], "PERSISTENT"),
        .has_zone = has_word(row[3], "unix_timestamp") || has_word(row[3], "from_unixtime"),
        .is_wide = row[5].data != NULL && (has_word(row[5], "ucs2") || has_word(row[5], "utf16") ||
                                           has_word(row[5], "utf32")),
    };
}

static enum bs_status
list_generated(struct bs_checking *c, struct generated_list *list, struct bs_error *err) {
    enum { MYSQL_HAS_KEYS_OVER_EXPRESSIONS = 80013 };
    static const char COLUMNS[] =
        "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, GENERATION_EXPRESSION, EXTRA, "
        "CHARACTER_SET_NAME FROM information_schema.COLUMNS WHERE GENERATION_EXPRESSION<>''";
    static const char KEYS[] =
        " UNION ALL SELECT s.TABLE_SCHEMA, s.TABLE_NAME, s.INDEX_NAME, s.EXPRESSION, 'STORED', "
        "t.TABLE_COLLATION FROM information_schema.STATISTICS AS s JOIN "
        "information_schema.TABLES AS t USING (TABLE_SCHEMA, TABLE_NAME) WHERE s.EXPRESSION IS NOT "
        "NULL";
    bool has_keys =
        c->source.flavour == BS_MYSQL && c->source.version >= MYSQL_HAS_KEYS_OVER_EXPRESSIONS;
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    enum bs_status status = bs_sql_query(c->config->source, &result, err, "%s%s ORDER BY 1, 2, 3",
                                         COLUMNS, has_keys ? KEYS : "");
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        if (row[3].data != NULL && bs_check_find_table(c, row[0], row[1]) != NULL) {
            add(list, row);
        }
    }
    bs_sql_result_free(result);
    return status;
}

static bool
is_of(const struct generated *item, const struct bs_str *row) {
    return bs_str_is(row[0], item->db) && bs_str_is(row[1], item->table);
}

static bool
begins_with(const char *text, const char *word) {
    return strncasecmp(text, word, strlen(word)) == 0;
}

/* Is the value read, and not only whether there is one? Servers print names in backquotes. */
static bool
reads(const struct generated *item, struct bs_str column) {
    static const char ISNULL[] = "isnull(";
    char *quoted = bs_asprintf("`%.*s`", (int)column.len, column.data);
    bool is_read = false;
    const char *text = item->expression;
    for (const char *at = text; (at = strstr(at, quoted)) != NULL; at += strlen(quoted)) {
        const char *behind = at + strlen(quoted);
        bool is_in_call = at - text >= (ptrdiff_t)strlen(ISNULL) &&
                          begins_with(at - strlen(ISNULL), ISNULL) && *behind == ')';
        is_read = is_read || !(is_in_call || begins_with(behind, " is null") ||
                               begins_with(behind, " is not null"));
    }
    free(quoted);
    return is_read;
}

/* Columns of the type TIMESTAMP, and, with is_index, columns that are in an index. */
static enum bs_status
note_columns(struct bs_checking *c, struct generated_list *list, bool is_index,
             struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    enum bs_status status = bs_sql_query(
        c->config->source, &result, err, "%s",
        is_index ? "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME FROM information_schema.STATISTICS"
                 : "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS "
                   "WHERE DATA_TYPE='timestamp'");
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        for (size_t i = 0; i < list->count && row[2].data != NULL; i++) {
            struct generated *item = &list->items[i];
            if (is_of(item, row) && is_index) {
                item->is_kept = item->is_kept || bs_str_is(row[2], item->column);
            } else if (is_of(item, row)) {
                item->has_zone = item->has_zone || reads(item, row[2]);
            }
        }
    }
    bs_sql_result_free(result);
    return status;
}

static bool
is_utc(const char *zone) {
    static const char *const NAMES[] = {"UTC", "Etc/UTC", "+00:00", "GMT", "Z"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (strcmp(zone, NAMES[i]) == 0) {
            return true;
        }
    }
    return false;
}

static enum bs_status
source_is_utc(struct bs_checking *c, bool *utc, struct bs_error *err) {
    char *zone = NULL, *system = NULL;
    enum bs_status status = bs_check_variable(c->config->source, "time_zone", &zone, err);
    if (status == BS_OK) {
        status = bs_check_variable(c->config->source, "system_time_zone", &system, err);
    }
    *utc = status == BS_OK && is_utc(strcmp(zone, "SYSTEM") == 0 ? system : zone);
    free(zone);
    free(system);
    return status;
}

/* What was found of all generated columns: the worst verdict, with the words of each. */
struct findings {
    enum bs_check_verdict verdict;
    struct bs_buf found, fix;
};

static void
put(struct findings *all, enum bs_check_verdict verdict, const char *found, const char *fix) {
    all->verdict = verdict > all->verdict ? verdict : all->verdict;
    bs_buf_printf(&all->found, "%s%s", all->found.len > 0 ? "; " : "", found);
    bs_buf_printf(&all->fix, "%s%s", all->fix.len > 0 ? "; " : "", fix);
}

typedef bool generated_test(const struct generated *item, const void *context);

/* The tables that have such a column, each once; count 0 if there is none. */
static void
name_tables(const struct generated_list *list, generated_test *test, const void *context,
            struct bs_check_names *names) {
    const struct generated *last = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const struct generated *item = &list->items[i];
        bool is_named = last != NULL && strcmp(item->db, last->db) == 0 &&
                        strcmp(item->table, last->table) == 0;
        if (!is_named && test(item, context)) {
            bs_check_names_add(names, item->db, item->table);
            last = item;
        }
    }
}

static bool
follows_zone(const struct generated *item, const void *context) {
    (void)context;
    return item->is_kept && item->has_zone;
}

static void
judge_zone(struct findings *all, const struct generated_list *list, bool utc) {
    struct bs_check_names names = {0};
    name_tables(list, follows_zone, NULL, &names);
    char *found = bs_asprintf(utc ? "generated columns depend on the time zone of the session, "
                                    "which is UTC on the source, as on the target: %s"
                                  : "generated columns whose stored or indexed values depend on "
                                    "the time zone of the session, which is not UTC on the "
                                    "source: %s",
                              bs_check_names_text(&names));
    if (names.count > 0) {
        put(all, utc ? BS_CHECK_WARNING : BS_CHECK_FAIL, found,
            utc ? "make sure that no application sets another time_zone for its sessions"
                : "leave these tables out; or, on the source, drop those columns and add them "
                  "again on the target after the move");
    }
    free(found);
    bs_check_names_fini(&names);
}

static bool
is_kept_wide(const struct generated *item, const void *context) {
    (void)context;
    return item->is_kept && item->is_wide;
}

/* Numbers and times become text in the charset of the session, which is binary in ours, and bytes
 * are put into such columns as they are (tried on MySQL 9.7.4). */
static void
judge_wide(struct findings *all, const struct generated_list *list) {
    struct bs_check_names names = {0};
    name_tables(list, is_kept_wide, NULL, &names);
    if (names.count > 0) {
        char *found =
            bs_asprintf("generated columns whose stored or indexed values are in ucs2, utf16 or "
                        "utf32, or keys over expressions in tables of these, of which the target "
                        "may make other values: %s",
                        bs_check_names_text(&names));
        put(all, BS_CHECK_FAIL, found,
            "on the source, make these columns (of keys: the table's default charset) utf8mb4; or "
            "leave the tables out");
        free(found);
    }
    bs_check_names_fini(&names);
}

/* Settings of which expressions lean on the session's value, which is the server's until a session
 * sets its own; and the words of such expressions. */
static const struct setting {
    const char *name, *if_absent;
    const char *words[4];
} SETTINGS[] = {
    {"div_precision_increment", "4", {"/"}},
    {"lc_time_names", "en_US", {"dayname", "monthname", "date_format", "to_char"}},
    {"block_encryption_mode", "aes-128-ecb", {"aes_encrypt", "aes_decrypt"}},
    {"default_week_format", "0", {"week("}},
};

static bool
leans_on(const struct generated *item, const void *context) {
    const struct setting *setting = context;
    for (size_t i = 0; i < sizeof setting->words / sizeof *setting->words; i++) {
        if (setting->words[i] != NULL && has_word(bs_str(item->expression), setting->words[i])) {
            return true;
        }
    }
    return false;
}

static enum bs_status
setting_value(struct bs_sql *sql, const struct setting *setting, struct bs_buf *value, bool *has_it,
              struct bs_error *err) {
    enum bs_status status = bs_sql_variable(sql, setting->name, true, value, has_it, err);
    if (status == BS_OK && !*has_it) {
        bs_buf_clear(value);
        bs_buf_puts(value, setting->if_absent);
    }
    return status;
}

/* Before follow the rows are in: of an archive, whose load did not know the source. */
static bool
is_late(const struct bs_checking *c) {
    return c->config->purpose == BS_CHECK_FOR_FOLLOW;
}

static void
put_setting(const struct bs_checking *c, struct findings *all, const struct setting *setting,
            const char *here, const char *there, bool can_be_set, struct bs_check_names *names) {
    char *found = bs_asprintf("generated columns depend on %s, which is '%s' on the source and "
                              "'%s' on the target: %s",
                              setting->name, here, there, bs_check_names_text(names));
    const char *quote = strspn(here, "0123456789") == strlen(here) ? "" : "'";
    const char *then =
        is_late(c) ? "; if it was so when rows were loaded, reset and load again" : "";
    char *fix = can_be_set ? bs_asprintf("on the target: SET GLOBAL %s=%s%s%s, in its option file "
                                         "as well%s",
                                         setting->name, quote, here, quote, then)
                           : bs_asprintf("leave these tables out: the target has no %s%s",
                                         setting->name, then);
    put(all, BS_CHECK_FAIL, found, fix);
    free(found);
    free(fix);
}

static enum bs_status
judge_setting(struct bs_checking *c, struct findings *all, const struct generated_list *list,
              const struct setting *setting, struct bs_error *err) {
    struct bs_check_names names = {0};
    struct bs_buf here = {0}, there = {0};
    bool source_has = false, target_has = false;
    name_tables(list, leans_on, setting, &names);
    enum bs_status status = BS_OK;
    if (names.count > 0) {
        status = setting_value(c->config->source, setting, &here, &source_has, err);
    }
    if (status == BS_OK && names.count > 0) {
        status = setting_value(c->config->target, setting, &there, &target_has, err);
    }
    if (status == BS_OK && strcasecmp(bs_buf_cstr(&here), bs_buf_cstr(&there)) != 0) {
        put_setting(c, all, setting, bs_buf_cstr(&here), bs_buf_cstr(&there), target_has, &names);
    }
    bs_buf_fini(&here);
    bs_buf_fini(&there);
    bs_check_names_fini(&names);
    return status;
}

/* Columns, whole numbers, and + - * of them: no two servers differ in those. */
static bool
is_arithmetic(const char *expression) {
    bool in_name = false;
    for (const char *at = expression; *at != '\0'; at++) {
        in_name = in_name != (*at == '`');
        if (!in_name && strchr("`0123456789+-*() ", *at) == NULL) {
            return false;
        }
    }
    return true;
}

static bool
may_differ(const struct generated *item, const void *context) {
    (void)context;
    return item->is_kept && !is_arithmetic(item->expression);
}

static void
judge_servers(const struct bs_checking *c, struct findings *all,
              const struct generated_list *list) {
    struct bs_check_names names = {0};
    bool is_other = c->source.flavour != c->target.flavour ||
                    c->source.version / 100 != c->target.version / 100;
    name_tables(list, may_differ, NULL, &names);
    if (names.count > 0 && is_other) {
        char *found = bs_asprintf("the target, of another version or flavour, computes stored and "
                                  "indexed values of generated columns anew, and not all "
                                  "functions give the same: %s",
                                  bs_check_names_text(&names));
        put(all, BS_CHECK_WARNING, found, "compare these columns on both sides after the snapshot");
        free(found);
    }
    bs_check_names_fini(&names);
}

static enum bs_status
judge(struct bs_checking *c, const struct generated_list *list, bool utc, struct bs_error *err) {
    struct findings all = {.verdict = BS_CHECK_PASS};
    bool has_target = c->config->purpose != BS_CHECK_FOR_ARCHIVE;
    enum bs_status status = BS_OK;
    if (!is_late(c)) {
        judge_zone(&all, list, utc);
        judge_wide(&all, list);
    }
    for (size_t i = 0; has_target && i < sizeof SETTINGS / sizeof *SETTINGS && status == BS_OK;
         i++) {
        status = judge_setting(c, &all, list, &SETTINGS[i], err);
    }
    if (has_target && !is_late(c)) {
        judge_servers(c, &all, list);
    }
    if (status == BS_OK && all.verdict == BS_CHECK_PASS) {
        bs_check_add(c, BS_CHECK_PASS,
                     bs_strdup("generated columns do not depend on the time zone, or on settings "
                               "that differ"),
                     NULL);
    } else if (status == BS_OK) {
        bs_check_add(c, all.verdict, bs_strdup(bs_buf_cstr(&all.found)),
                     bs_strdup(bs_buf_cstr(&all.fix)));
    }
    bs_buf_fini(&all.found);
    bs_buf_fini(&all.fix);
    return status;
}

enum bs_status
bs_check_generated(struct bs_checking *c, struct bs_error *err) {
    enum { MYSQL_HAS_EXPRESSION = 50706 };
    struct generated_list list = {0};
    bool utc = false;
    if (c->source.flavour == BS_MYSQL && c->source.version < MYSQL_HAS_EXPRESSION) {
        return BS_OK; /* it has no generated columns */
    }
    enum bs_status status = list_generated(c, &list, err);
    bool wants_columns = list.count > 0 && !is_late(c);
    if (status == BS_OK && wants_columns) {
        status = note_columns(c, &list, false, err);
    }
    if (status == BS_OK && wants_columns) {
        status = note_columns(c, &list, true, err);
    }
    if (status == BS_OK && wants_columns) {
        status = source_is_utc(c, &utc, err);
    }
    if (status == BS_OK) {
        status = judge(c, &list, utc, err);
    }
    fini(&list);
    return status;
}

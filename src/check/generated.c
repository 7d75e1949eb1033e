/* Generated columns whose stored values depend on the time zone of the session that wrote them. The
 * target makes such values itself, in binstream's sessions, whose zone is UTC: what a row image
 * says of a generated column is not written. */
#include "base/mem.h"
#include "check/check_private.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct generated {
    char *db, *table, *column;
    char *expression; /* as the server prints it: names in backquotes */
    bool is_kept;     /* stored, or in an index */
    bool has_zone;
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
    };
}

static enum bs_status
list_generated(struct bs_checking *c, struct generated_list *list, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    enum bs_status status = bs_sql_query(
        c->config->source, &result, err,
        "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, GENERATION_EXPRESSION, EXTRA FROM "
        "information_schema.COLUMNS WHERE GENERATION_EXPRESSION<>'' ORDER BY 1, 2, 3");
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

static void
judge(struct bs_checking *c, const struct generated_list *list, bool utc) {
    struct bs_check_names names = {0};
    const struct generated *last = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const struct generated *item = &list->items[i];
        bool is_named = last != NULL && strcmp(item->db, last->db) == 0 &&
                        strcmp(item->table, last->table) == 0;
        if (item->is_kept && item->has_zone && !is_named) {
            bs_check_names_add(&names, item->db, item->table);
            last = item;
        }
    }
    if (names.count > 0 && !utc) {
        bs_check_add(
            c, BS_CHECK_FAIL,
            bs_asprintf("generated columns whose stored or indexed values depend on the time zone "
                        "of the session, which is not UTC on the source: %s",
                        bs_check_names_text(&names)),
            bs_strdup("leave these tables out; or, on the source, drop those columns and add them "
                      "again on the target after the move"));
    } else if (names.count > 0) {
        bs_check_add(
            c, BS_CHECK_WARNING,
            bs_asprintf("generated columns depend on the time zone of the session, which is UTC on "
                        "the source, as on the target: %s",
                        bs_check_names_text(&names)),
            bs_strdup("make sure that no application sets another time_zone for its sessions"));
    } else {
        bs_check_add(c, BS_CHECK_PASS, bs_strdup("no generated column depends on the time zone"),
                     NULL);
    }
    bs_check_names_fini(&names);
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
    if (status == BS_OK && list.count > 0) {
        status = note_columns(c, &list, false, err);
    }
    if (status == BS_OK && list.count > 0) {
        status = note_columns(c, &list, true, err);
    }
    if (status == BS_OK && list.count > 0) {
        status = source_is_utc(c, &utc, err);
    }
    if (status == BS_OK) {
        judge(c, &list, utc);
    }
    fini(&list);
    return status;
}

/* Members of ENUM and SET, and defaults, that the source's catalogue shows as another text than
 * they are. Every server prints definitions through utf8mb3: what that cannot say comes as a
 * question mark, and of the characters that have two codes in a charset of East Asia one code comes
 * back. MySQL loses zeroes where it prints members of charset binary in hexadecimal. The target
 * would get the member that is shown, and rows travel as the members' numbers.
 *
 * Whether what is shown is what is there, the source is asked: MariaDB of every member, by a
 * variable of the column's type; MySQL, which has none, by a row that has the member. A default is
 * evaluated. Rejected: what is beyond utf8mb3 put into the definition, which no server would print
 * again for anyone to compare. */
#include "base/mem.h"
#include "check/check_private.h"
#include "schema/words.h"
#include "sql/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    MYSQL_SHOWS_DEFAULTS = 80000, /* in hexadecimal where it must */
    ROWS_LOOKED_AT = 100000,      /* for what is most likely right */
};

struct shown_column {
    char *db, *table, *name;
    char *type, *charset, *initial; /* initial: its default, NULL if there is none */
};

struct shown_list {
    struct shown_column *items;
    size_t count, cap;
};

enum answer { SAME, OTHER, UNKNOWN };

/* Columns by what came of them. */
enum { SPOILED, UNPROVEN, LIKELY, OUTCOMES };

struct looking {
    struct bs_checking *c;
    struct bs_check_names columns[OUTCOMES];
};

static void
fini(struct shown_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].db);
        free(list->items[i].table);
        free(list->items[i].name);
        free(list->items[i].type);
        free(list->items[i].charset);
        free(list->items[i].initial);
    }
    free(list->items);
}

static void
add(struct shown_list *list, const struct bs_str *row) {
    void *items = list->items;
    bs_array_grow(&items, &list->cap, list->count, sizeof *list->items);
    list->items = items;
    list->items[list->count++] = (struct shown_column){
        .db = bs_strndup(row[0].data, row[0].len),
        .table = bs_strndup(row[1].data, row[1].len),
        .name = bs_strndup(row[2].data, row[2].len),
        .type = bs_strndup(row[3].data, row[3].len),
        .charset = row[4].data != NULL ? bs_strndup(row[4].data, row[4].len) : bs_strdup("binary"),
        .initial = row[5].data != NULL ? bs_strndup(row[5].data, row[5].len) : NULL,
    };
}

static enum bs_status
list_columns(struct bs_checking *c, struct shown_list *list, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    enum bs_status status = bs_sql_query(
        c->config->source, &result, err,
        "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, CHARACTER_SET_NAME, "
        "COLUMN_DEFAULT FROM information_schema.COLUMNS WHERE DATA_TYPE IN ('enum','set') OR "
        "COLUMN_DEFAULT LIKE '%%?%%' ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION");
    while (status == BS_OK && (status = bs_sql_next(result, &row, err)) == BS_OK && row != NULL) {
        const struct bs_check_table *table = bs_check_find_table(c, row[0], row[1]);
        if (table != NULL && bs_check_is_base_table(table)) {
            add(list, row);
        }
    }
    bs_sql_result_free(result);
    return status;
}

static bool
is_one_of(const char *charset, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(charset, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* utf8mb3 has all of it. */
static bool
is_within_utf8mb3(const char *charset) {
    static const char *const NAMES[] = {"ascii", "latin1", "utf8", "utf8mb3"};
    return is_one_of(charset, NAMES, sizeof NAMES / sizeof *NAMES);
}

static bool
has_two_codes(const char *charset) {
    static const char *const NAMES[] = {"sjis", "cp932", "ujis",   "eucjpms",
                                        "big5", "gbk",   "gb2312", "euckr"};
    return is_one_of(charset, NAMES, sizeof NAMES / sizeof *NAMES);
}

static bool
has_letters(struct bs_str text) {
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] >= 0x80) {
            return true;
        }
    }
    return false;
}

/* The value of an expression on the source: 1, 0, or nothing at all. */
static enum bs_status
ask(struct looking *looking, struct bs_buf *query, enum answer *answer, struct bs_error *err) {
    struct bs_buf value = {0};
    bool found = false;
    enum bs_status status =
        bs_sql_value(looking->c->config->source, &value, &found, err, "%s", bs_buf_cstr(query));
    *answer = !found || value.len == 0                ? UNKNOWN
              : strcmp(bs_buf_cstr(&value), "1") == 0 ? SAME
                                                      : OTHER;
    bs_buf_fini(&value);
    return status;
}

static void
put_column_table(struct bs_buf *query, const struct shown_column *column) {
    bs_sql_put_table(query, bs_str(column->db), bs_str(column->table));
}

/* What is shown, as the bytes of the column's charset in hexadecimal. */
static void
put_shown(struct bs_buf *query, const struct looking *looking, const struct shown_column *column,
          struct bs_str shown) {
    if (shown.data[0] != '\'') { /* x'c3a9' */
        bs_buf_puts(query, "UPPER(");
        bs_buf_put_str(query, (struct bs_str){shown.data + 1, shown.len - 1});
        bs_buf_puts(query, ")");
        return;
    }
    bs_buf_printf(query, "HEX(CONVERT(_%s", bs_sql_utf8(looking->c->config->source));
    bs_buf_put_str(query, shown);
    bs_buf_printf(query, " USING %s))", column->charset);
}

struct member {
    const struct shown_column *column;
    struct bs_str shown; /* as it stands in the type, quotes and all */
    size_t number;       /* from 1 on */
    bool is_set;
    bool is_likely; /* to be what is shown */
};

static uint64_t
value_of(const struct member *member) {
    return member->is_set ? (uint64_t)1 << (member->number - 1) : member->number;
}

static enum bs_status
ask_mariadb(struct looking *looking, const struct member *member, enum answer *answer,
            struct bs_error *err) {
    struct bs_buf query = {0};
    bs_buf_puts(&query, "BEGIN NOT ATOMIC DECLARE v TYPE OF ");
    put_column_table(&query, member->column);
    bs_buf_puts(&query, ".");
    bs_sql_put_ident(&query, bs_str(member->column->name));
    bs_buf_printf(&query, "; SET v=%llu; SET @binstream_is_shown=HEX(v)=",
                  (unsigned long long)value_of(member));
    put_shown(&query, looking, member->column, member->shown);
    bs_buf_puts(&query, "; END");
    enum bs_status status = bs_sql_run(looking->c->config->source, bs_buf_str(&query), err);
    bs_buf_clear(&query);
    bs_buf_puts(&query, "SELECT @binstream_is_shown");
    status = status == BS_OK ? ask(looking, &query, answer, err) : status;
    bs_buf_fini(&query);
    return status;
}

/* A row that has it, with what is to be found in that row. In a SET's value the member stands
 * behind as many as have lower bits; CONCAT, for FIND_IN_SET in a SET column itself answers with
 * the member's number whatever else the value has. */
static void
put_row_question(struct bs_buf *query, const struct looking *looking, const struct member *member) {
    const struct shown_column *column = member->column;
    bool is_binary = strcasecmp(column->charset, "binary") == 0;
    struct bs_buf name = {0};
    bs_sql_put_ident(&name, bs_str(column->name));
    const char *e = bs_buf_cstr(&name);
    bs_buf_puts(query, "SELECT ");
    if (member->is_set) {
        uint64_t up_to = value_of(member) | (value_of(member) - 1);
        bs_buf_puts(query, "FIND_IN_SET(CONVERT(UNHEX(");
        put_shown(query, looking, column, member->shown);
        bs_buf_printf(query, ") USING %s)", column->charset);
        bs_buf_printf(query, " COLLATE %s%s, CONCAT(%s))=BIT_COUNT(%s & %llu)", column->charset,
                      is_binary ? "" : "_bin", e, e, (unsigned long long)up_to);
    } else {
        bs_buf_printf(query, "HEX(%s)=", e);
        put_shown(query, looking, column, member->shown);
    }
    bs_buf_puts(query, " FROM ");
    if (member->is_likely) {
        bs_buf_printf(query, "(SELECT %s FROM ", e);
    }
    put_column_table(query, column);
    if (member->is_likely) {
        bs_buf_printf(query, " LIMIT %d) AS first_rows", (int)ROWS_LOOKED_AT);
    }
    bs_buf_printf(query, member->is_set ? " WHERE %s & %llu LIMIT 1" : " WHERE %s+0=%llu LIMIT 1",
                  e, (unsigned long long)value_of(member));
    bs_buf_fini(&name);
}

static enum bs_status
ask_rows(struct looking *looking, const struct member *member, enum answer *answer,
         struct bs_error *err) {
    struct bs_buf query = {0};
    put_row_question(&query, looking, member);
    enum bs_status status = ask(looking, &query, answer, err);
    bs_buf_fini(&query);
    return status;
}

static void
note(struct looking *looking, const struct shown_column *column, enum answer answer,
     bool is_likely) {
    int outcome = answer == OTHER ? SPOILED : is_likely ? LIKELY : UNPROVEN;
    if (answer != SAME) {
        bs_check_names_add_column(&looking->columns[outcome], column->db, column->table,
                                  column->name);
    }
}

static enum bs_status
look_at_member(struct looking *looking, const struct member *member, enum answer *answer,
               struct bs_error *err) {
    bool is_mariadb = looking->c->source.flavour == BS_MARIADB;
    *answer = SAME;
    return is_mariadb ? ask_mariadb(looking, member, answer, err)
                      : ask_rows(looking, member, answer, err);
}

static bool
is_doubtful(const struct shown_column *column, struct member *member) {
    bool is_text = member->shown.data[0] == '\'';
    bool is_marked = memchr(member->shown.data, '?', member->shown.len) != NULL;
    bool is_binary = strcasecmp(column->charset, "binary") == 0;
    bool is_coded = has_letters(member->shown) && (is_binary || has_two_codes(column->charset));
    member->is_likely = is_text && !is_binary && !is_marked;
    return !is_text || is_coded || (is_marked && !is_within_utf8mb3(column->charset));
}

static bool
has_members(const struct shown_column *column) {
    return strncasecmp(column->type, "enum(", 5) == 0 || strncasecmp(column->type, "set(", 4) == 0;
}

/* The worst that was found of a column's members is said of the column. */
static enum bs_status
look_at_members(struct looking *looking, const struct shown_column *column, struct bs_error *err) {
    struct bs_words words;
    enum bs_status status = BS_OK;
    bool is_cut = has_members(column) && column->type[strlen(column->type) - 1] != ')';
    enum answer worst = is_cut ? OTHER : SAME; /* MySQL 5.6, in front of what is no UTF-8 */
    bool is_likely = true;
    bs_words_read(&words, bs_str(column->type), false, false, &looking->c->source);
    struct member member = {.column = column, .is_set = bs_words_is(&words, 0, "SET")};
    size_t count = has_members(column) ? words.count : 0;
    for (size_t at = 2; at < count && status == BS_OK && worst != OTHER; at++) {
        if (!bs_words_is_string(&words, at)) {
            continue;
        }
        struct bs_str text = words.items[at].token.text;
        bool is_hex = bs_words_is(&words, at - 1, "x");
        member.shown = is_hex ? (struct bs_str){text.data - 1, text.len + 1} : text;
        member.number++;
        enum answer answer = SAME;
        if (is_doubtful(column, &member)) {
            status = look_at_member(looking, &member, &answer, err);
        }
        worst = answer == SAME ? worst : answer;
        is_likely = is_likely && (answer != UNKNOWN || member.is_likely);
    }
    bs_words_fini(&words);
    note(looking, column, worst, is_likely);
    return status;
}

/* MariaDB shows a literal in quotes, and an expression as it is, from its own text; MySQL before 8
 * has literals only, without quotes. */
static bool
put_default(struct bs_buf *out, const struct looking *looking, const struct shown_column *column) {
    size_t len = strlen(column->initial);
    bool is_quoted = len >= 2 && column->initial[0] == '\'' && column->initial[len - 1] == '\'';
    if (looking->c->source.flavour == BS_MYSQL) {
        bs_sql_put_string(out, bs_str(column->initial));
        return true;
    }
    bs_buf_puts(out, is_quoted ? column->initial : "");
    return is_quoted;
}

/* Without a row a column that may be NULL has its default still. */
static enum bs_status
ask_default(struct looking *looking, const struct shown_column *column, struct bs_str shown,
            bool has_row, enum answer *answer, struct bs_error *err) {
    struct bs_buf query = {0};
    bs_buf_puts(&query, "SELECT HEX(DEFAULT(t.");
    bs_sql_put_ident(&query, bs_str(column->name));
    bs_buf_puts(&query, "))=");
    put_shown(&query, looking, column, shown);
    bs_buf_puts(&query, has_row ? " FROM " : " FROM (SELECT 1) AS one LEFT JOIN ");
    put_column_table(&query, column);
    bs_buf_puts(&query, has_row ? " AS t LIMIT 1" : " AS t ON 0");
    enum bs_status status = ask(looking, &query, answer, err);
    bs_buf_fini(&query);
    return status;
}

static enum bs_status
look_at_default(struct looking *looking, const struct shown_column *column, struct bs_error *err) {
    const struct bs_server *source = &looking->c->source;
    bool shows = source->flavour == BS_MYSQL && source->version >= MYSQL_SHOWS_DEFAULTS;
    struct bs_buf shown = {0};
    enum answer answer = SAME;
    enum bs_status status = BS_OK;
    if (!shows && column->initial != NULL && strchr(column->initial, '?') != NULL &&
        !is_within_utf8mb3(column->charset) && put_default(&shown, looking, column)) {
        status = ask_default(looking, column, bs_buf_str(&shown), true, &answer, err);
        if (status == BS_OK && answer == UNKNOWN) {
            status = ask_default(looking, column, bs_buf_str(&shown), false, &answer, err);
        }
        note(looking, column, answer, false);
    }
    bs_buf_fini(&shown);
    return status;
}

static void
fail(struct looking *looking) {
    struct bs_check_names *spoiled = &looking->columns[SPOILED];
    struct bs_check_names *unproven = &looking->columns[UNPROVEN];
    struct bs_buf found = {0}, fix = {0};
    if (spoiled->count > 0) {
        bs_buf_printf(&found,
                      "columns of which the source shows members of ENUM or SET, or a default, as "
                      "other text than they are, so that they cannot be made on the target: %s",
                      bs_check_names_text(spoiled));
        bs_buf_puts(&fix, "on the source, give them members and a default that utf8mb3 has, and in "
                          "the code that CONVERT makes, or make them VARCHAR; or leave the tables "
                          "out");
    }
    if (unproven->count > 0) {
        bs_buf_printf(&found,
                      "%scolumns with a question mark in a member of ENUM or SET, or in a default, "
                      "that may stand for what the source cannot show: %s",
                      spoiled->count > 0 ? "; " : "", bs_check_names_text(unproven));
        bs_buf_printf(&fix,
                      "%sif it is a question mark, put a row that has this member (of a default: "
                      "any row) into the table until the snapshot is made: it shows what is there",
                      spoiled->count > 0 ? "; " : "");
    }
    bs_check_add(looking->c, BS_CHECK_FAIL, bs_buf_take_cstr(&found), bs_buf_take_cstr(&fix));
}

static void
judge(struct looking *looking) {
    struct bs_check_names *likely = &looking->columns[LIKELY];
    if (looking->columns[SPOILED].count + looking->columns[UNPROVEN].count > 0) {
        fail(looking);
    } else if (likely->count > 0) {
        bs_check_add(
            looking->c, BS_CHECK_WARNING,
            bs_asprintf("columns with members of ENUM or SET that none of the first %d rows has: "
                        "whether their letters have the code that CONVERT makes, or another one, "
                        "the source does not show: %s",
                        (int)ROWS_LOOKED_AT, bs_check_names_text(likely)),
            bs_strdup("if HEX of such a member matters to an application, compare it on both "
                      "sides after the snapshot"));
    } else {
        bs_check_add(looking->c, BS_CHECK_PASS,
                     bs_strdup("members of ENUM and SET, and defaults, are what the source shows"),
                     NULL);
    }
}

enum bs_status
bs_check_catalogue_text(struct bs_checking *c, struct bs_error *err) {
    struct looking looking = {.c = c};
    struct shown_list list = {0};
    if (c->source_hides) {
        return BS_OK; /* the check of privileges says what is missing */
    }
    enum bs_status status = list_columns(c, &list, err);
    for (size_t i = 0; i < list.count && status == BS_OK; i++) {
        const struct shown_column *column = &list.items[i];
        status = look_at_members(&looking, column, err);
        status = status == BS_OK ? look_at_default(&looking, column, err) : status;
    }
    if (status == BS_OK) {
        judge(&looking);
    }
    for (size_t i = 0; i < OUTCOMES; i++) {
        bs_check_names_fini(&looking.columns[i]);
    }
    fini(&list);
    return status;
}

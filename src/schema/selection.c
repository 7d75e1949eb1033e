/* An entry of a list is one or two parts joined by a dot; a part is `quoted`, with `` for a
 * backquote, or plain. Both are LIKE patterns once the quotes are off. Entries are checked when the
 * list is read, so matching may take their shape for granted. */
#include "schema/selection.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdlib.h>

/* Length of the part at text: up to the separator that ends it, 0 if a quote is not closed. */
static size_t
part_len(const char *text) {
    if (*text != '`') {
        return strcspn(text, "`.,");
    }
    for (size_t i = 1; text[i] != '\0'; i++) {
        if (text[i] == '`' && text[i + 1] == '`') {
            i++;
        } else if (text[i] == '`') {
            return i + 1;
        }
    }
    return 0;
}

/* The character at text, and how many bytes it is. Continuation bytes belong to what leads them. */
static size_t
char_len(struct bs_str text) {
    size_t len = 1;
    while (len < text.len && ((unsigned char)text.data[len] & 0xc0) == 0x80) {
        len++;
    }
    return len;
}

static bool
like(struct bs_str pattern, struct bs_str text) {
    size_t p = 0, t = 0;
    size_t star = SIZE_MAX,
           star_text = 0; /* where the last % stands, and what it has eaten up to */
    while (t < text.len) {
        bool is_escape = p + 1 < pattern.len && pattern.data[p] == '\\';
        if (p < pattern.len && pattern.data[p] == '%') {
            star = p++;
            star_text = t;
        } else if (p < pattern.len && pattern.data[p] == '_') {
            p++;
            t += char_len((struct bs_str){text.data + t, text.len - t});
        } else if (p < pattern.len && pattern.data[p + is_escape] == text.data[t]) {
            p += 1U + is_escape;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.data[p] == '%') {
        p++;
    }
    return p == pattern.len;
}

/* A part without its quotes; heap-owned. */
static char *
unquoted(struct bs_str part) {
    if (part.len < 2 || part.data[0] != '`') {
        return bs_strndup(part.data, part.len);
    }
    char *pattern = bs_alloc(part.len);
    size_t len = 0;
    for (size_t i = 1; i + 1 < part.len; i++) {
        pattern[len++] = part.data[i];
        i += part.data[i] == '`'; /* its twin */
    }
    pattern[len] = '\0';
    return pattern;
}

/* Matches one part, quoted or not, against a name. */
static bool
part_matches(struct bs_str part, struct bs_str name) {
    if (part.len < 2 || part.data[0] != '`') {
        return like(part, name);
    }
    char *pattern = unquoted(part);
    bool matches = like(bs_str(pattern), name);
    free(pattern);
    return matches;
}

bool
bs_selection_entry_matches(const char *entry, struct bs_str db, struct bs_str table) {
    size_t len = part_len(entry);
    if (!part_matches((struct bs_str){entry, len}, db)) {
        return false;
    }
    return entry[len] != '.' || table.data == NULL || part_matches(bs_str(entry + len + 1), table);
}

static bool
list_matches(char *const *list, struct bs_str db, struct bs_str table) {
    for (; list != NULL && *list != NULL; list++) {
        if (bs_selection_entry_matches(*list, db, table)) {
            return true;
        }
    }
    return false;
}

/* Of a name each of its characters must be met, so an entry that escapes some is left aside: it may
 * be narrower than the name, whose _ is a pattern. */
static bool
list_covers(char *const *list, struct bs_str entry, const char *db, const char *table) {
    bool is_name = strpbrk(db, "%\\") == NULL && (table == NULL || strpbrk(table, "%\\") == NULL);
    struct bs_str none = {NULL, 0};
    for (; list != NULL && *list != NULL; list++) {
        bool matches =
            is_name && strchr(*list, '\\') == NULL &&
            bs_selection_entry_matches(*list, bs_str(db), table != NULL ? bs_str(table) : none);
        if (matches || bs_str_equal(bs_str(*list), entry)) {
            return true;
        }
    }
    return false;
}

bool
bs_selection_covers(const struct bs_selection *selection, const char *entry) {
    if (selection->databases == NULL && selection->tables == NULL) {
        return true;
    }
    size_t len = part_len(entry);
    struct bs_str db_part = {entry, len};
    char *db = unquoted(db_part);
    char *table = entry[len] == '.' ? unquoted(bs_str(entry + len + 1)) : NULL;
    bool covers = list_covers(selection->databases, db_part, db, NULL) ||
                  (table != NULL && list_covers(selection->tables, bs_str(entry), db, table));
    free(db);
    free(table);
    return covers;
}

/* Reading lists. */

static void
list_add(char ***list, const char *entry, size_t len) {
    size_t count = 0;
    while (*list != NULL && (*list)[count] != NULL) {
        count++;
    }
    *list = bs_realloc(*list, (count + 2) * sizeof **list);
    (*list)[count] = bs_strndup(entry, len);
    (*list)[count + 1] = NULL;
}

static void
list_free(char **list) {
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        free(list[i]);
    }
    free(list);
}

/* Length of the entry at text, or what is wrong with it. */
static const char *
entry_len(const char *text, bool with_table, size_t *len) {
    *len = part_len(text);
    if (*len == 0) {
        return *text == '`' ? "a ` is not closed" : "a name is empty";
    }
    if (with_table) {
        if (text[*len] != '.') {
            return "a table is written as database.table";
        }
        size_t table_len = part_len(text + *len + 1);
        if (table_len == 0) {
            return "the table's name is empty or its ` is not closed";
        }
        *len += 1 + table_len;
    }
    if (text[*len] == '.') {
        return with_table ? "more than one dot; write a name that has one in it as `a.b`"
                          : "a dot in a database's name; quote it as `a.b`, or use --tables";
    }
    return text[*len] != '\0' && text[*len] != ',' ? "a ` stands inside a name" : NULL;
}

enum bs_status
bs_selection_parse_list(char ***list, const char *text, bool with_table, struct bs_error *err) {
    for (const char *at = text;; at++) {
        size_t len = 0;
        const char *wrong = entry_len(at, with_table, &len);
        if (wrong != NULL) {
            return bs_error_set(err, BS_CONFIG, "malformed list \"%s\" at character %zu: %s", text,
                                (size_t)(at - text) + 1, wrong);
        }
        list_add(list, at, len);
        at += len;
        if (*at == '\0') {
            return BS_OK;
        }
    }
}

void
bs_selection_fini(struct bs_selection *selection) {
    list_free(selection->databases);
    list_free(selection->tables);
    list_free(selection->exclude_databases);
    list_free(selection->exclude_tables);
    free(selection->state_schema);
    *selection = (struct bs_selection){0};
}

/* Asking. */

static const struct bs_str no_table = {NULL, 0};

bool
bs_selection_is_system_database(struct bs_str db) {
    static const char *const names[] = {"mysql", "sys", "information_schema", "performance_schema"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (bs_str_is_nocase(db, names[i])) {
            return true;
        }
    }
    /* A folder in the data directory that is no database, such as lost+found: servers before
     * MySQL 8.0 show it under this prefix. */
    return bs_str_starts_nocase(db, "#mysql50#");
}

static bool
is_never_moved(const struct bs_selection *s, struct bs_str db) {
    return bs_selection_is_system_database(db) || bs_str_is_nocase(db, "binstream") ||
           (s->state_schema != NULL && bs_str_is_nocase(db, s->state_schema));
}

static bool
is_excluded_database(const struct bs_selection *s, struct bs_str db) {
    return (!s->with_system && is_never_moved(s, db)) ||
           list_matches(s->exclude_databases, db, no_table);
}

static bool
is_named_whole(const struct bs_selection *s, struct bs_str db) {
    bool all = s->databases == NULL && s->tables == NULL;
    return all || list_matches(s->databases, db, no_table);
}

bool
bs_selection_has_whole_database(const struct bs_selection *selection, struct bs_str db) {
    return !is_excluded_database(selection, db) && is_named_whole(selection, db);
}

bool
bs_selection_has_database(const struct bs_selection *selection, struct bs_str db) {
    return !is_excluded_database(selection, db) &&
           (is_named_whole(selection, db) || list_matches(selection->tables, db, no_table));
}

bool
bs_selection_has_table(const struct bs_selection *selection, struct bs_str db,
                       struct bs_str table) {
    return !is_excluded_database(selection, db) &&
           !list_matches(selection->exclude_tables, db, table) &&
           (is_named_whole(selection, db) || list_matches(selection->tables, db, table));
}

static void
put_list(struct bs_buf *out, const char *name, char *const *list) {
    if (list == NULL) {
        return;
    }
    bs_buf_printf(out, "%s%s ", out->len > 0 ? " " : "", name);
    for (size_t i = 0; list[i] != NULL; i++) {
        bs_buf_puts(out, i > 0 ? "," : "");
        bs_buf_puts(out, list[i]);
    }
}

bool
bs_selection_has_object(const struct bs_selection *selection, enum bs_object_kind kind,
                        struct bs_str db, struct bs_str name) {
    switch (kind) {
    case BS_OBJECT_TABLE:
    case BS_OBJECT_VIEW:
    case BS_OBJECT_SEQUENCE:
        return bs_selection_has_table(selection, db, name);
    case BS_OBJECT_DATABASE:
    case BS_OBJECT_PROCEDURE:
    case BS_OBJECT_FUNCTION:
    case BS_OBJECT_PACKAGE:
    case BS_OBJECT_PACKAGE_BODY:
    case BS_OBJECT_TRIGGER:
    case BS_OBJECT_EVENT:
        return bs_selection_has_whole_database(selection, db);
    }
    return false;
}

char *
bs_selection_describe(const struct bs_selection *selection) {
    struct bs_buf out = {0};
    put_list(&out, "--databases", selection->databases);
    put_list(&out, "--tables", selection->tables);
    put_list(&out, "--exclude-databases", selection->exclude_databases);
    put_list(&out, "--exclude-tables", selection->exclude_tables);
    if (out.len == 0) {
        bs_buf_puts(&out, "every database");
    }
    return bs_buf_take_cstr(&out);
}

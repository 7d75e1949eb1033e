#include "snapshot/late_keys.h"

#include "schema/create_text.h"
#include "sql/text.h"

#include <string.h>

enum kind { STAYS, KEY, FOREIGN_KEY };

/* The end of the line that begins at `at`: line ends within quotes are none. */
static size_t
line_end(struct bs_str text, size_t at) {
    while (at < text.len && text.data[at] != '\n') {
        bool is_quote = text.data[at] == '\'' || text.data[at] == '`';
        at = is_quote ? bs_create_skip_quoted(text, at) : at + 1;
    }
    return at < text.len ? at : text.len;
}

static bool
take(struct bs_str *text, const char *word) {
    size_t len = strlen(word);
    if (text->len < len || memcmp(text->data, word, len) != 0) {
        return false;
    }
    text->data += len;
    text->len -= len;
    return true;
}

static bool
take_quoted(struct bs_str *text) {
    if (text->len == 0 || text->data[0] != '`') {
        return false;
    }
    size_t len = bs_create_skip_quoted(*text, 0);
    text->data += len;
    text->len -= len;
    return true;
}

/* Does the list of a key's columns, from its parenthesis on, begin with the AUTO_INCREMENT column?
 */
static bool
is_counters(const struct bs_table *model, struct bs_str columns) {
    struct bs_buf quoted = {0};
    bool is_it = false;
    for (size_t i = 0; i < model->column_count && !is_it; i++) {
        if (model->columns[i].auto_increment) {
            struct bs_str rest = columns;
            bs_buf_clear(&quoted);
            bs_sql_put_ident(&quoted, bs_str(model->columns[i].name));
            is_it = take(&rest, " (") && take(&rest, bs_buf_cstr(&quoted));
        }
    }
    bs_buf_fini(&quoted);
    return is_it;
}

/* Of one line of the list, without what it is indented by. */
static enum kind
kind_of(struct bs_str line, const struct bs_table *model) {
    struct bs_str rest = line;
    if (take(&rest, "CONSTRAINT ")) {
        return take_quoted(&rest) && take(&rest, " FOREIGN KEY ") ? FOREIGN_KEY : STAYS;
    }
    bool is_unique = take(&rest, "UNIQUE ");
    if (!take(&rest, "KEY ") || !take_quoted(&rest) || is_counters(model, rest)) {
        return STAYS;
    }
    return is_unique && !bs_table_has_primary_key(model) ? STAYS : KEY;
}

static bool
is_unique_key(struct bs_str line) {
    struct bs_str rest = line;
    return take(&rest, "UNIQUE KEY ");
}

static void
put_clause(struct bs_buf *alter, const struct bs_table *model, struct bs_str line) {
    if (alter->len == 0) {
        bs_buf_puts(alter, "ALTER TABLE ");
        bs_sql_put_table(alter, bs_str(model->db), bs_str(model->name));
    }
    bs_buf_puts(alter, alter->len > 0 && alter->data[alter->len - 1] == ',' ? "" : " ");
    bs_buf_puts(alter, "ADD ");
    bs_buf_put_str(alter, line);
    bs_buf_puts(alter, ",");
}

/* Without the comma that was for the next clause. */
static void
end_clauses(struct bs_buf *alter) {
    alter->len -= alter->len > 0;
}

/* Where the list's next element begins, each of which has a line, indented or not; at itself where
 * the list ends, by a line of its parenthesis. */
static size_t
element_from(struct bs_str text, size_t at) {
    size_t from = at;
    while (from < text.len && (text.data[from] == '\n' || text.data[from] == ' ')) {
        from++;
    }
    return from < text.len && text.data[from] != ')' ? from : at;
}

/* But for the primary one. */
static size_t
unique_keys(const struct bs_table *model) {
    size_t count = 0;
    for (size_t i = 0; i < model->key_count; i++) {
        count += model->keys[i].unique && strcmp(model->keys[i].name, "PRIMARY") != 0;
    }
    return count;
}

void
bs_late_keys_split(struct bs_late_keys *late, struct bs_str create, const struct bs_table *model,
                   bool keys, bool foreign_keys) {
    *late = (struct bs_late_keys){0};
    size_t at = line_end(create, 0);
    bs_buf_put(&late->create, create.data, at);
    bool is_first = true;
    size_t late_unique = 0;
    size_t from;
    while ((from = element_from(create, at)) > at) {
        at = line_end(create, from);
        size_t len = at - from - (at > from && create.data[at - 1] == ',');
        struct bs_str line = {create.data + from, len};
        enum kind kind = kind_of(line, model);
        if (kind == KEY && keys) {
            late_unique += is_unique_key(line);
            put_clause(&late->keys, model, line);
        } else if (kind == FOREIGN_KEY && foreign_keys) {
            put_clause(&late->foreign_keys, model, line);
        } else {
            bs_buf_puts(&late->create, is_first ? "\n  " : ",\n  ");
            bs_buf_put_str(&late->create, line);
            is_first = false;
        }
    }
    bs_buf_put(&late->create, create.data + at, create.len - at);
    end_clauses(&late->keys);
    end_clauses(&late->foreign_keys);
    late->unique_kept = unique_keys(model) - late_unique;
}

void
bs_late_keys_fini(struct bs_late_keys *late) {
    bs_buf_fini(&late->create);
    bs_buf_fini(&late->keys);
    bs_buf_fini(&late->foreign_keys);
}

#include "snapshot/altered.h"

#include "snapshot/views.h"
#include "sql/text.h"

#include <string.h>

enum { TABLE_DEF_CHANGED = 1412, BAD_FIELD = 1054, NO_SUCH_TABLE = 1146, NO_SUCH_KEY = 1176 };

enum bs_status
bs_altered_refuse(const struct bs_copy *copy, struct bs_error *err) {
    char name[512];
    bs_copy_name(copy, name, sizeof name);
    bs_error_set(err, BS_SCHEMA, "table %s was altered on the source while it was copied", name);
    return bs_error_hint(err, "run the same command again: the table is copied anew");
}

enum bs_status
bs_altered_explain(const struct bs_copy *copy, struct bs_error *err) {
    char name[512];
    bs_copy_name(copy, name, sizeof name);
    if (err->status == BS_SERVER &&
        (err->sql_errno == TABLE_DEF_CHANGED || err->sql_errno == NO_SUCH_TABLE ||
         err->sql_errno == BAD_FIELD || err->sql_errno == NO_SUCH_KEY)) {
        return bs_altered_refuse(copy, err);
    }
    if (bs_views_is_kept_out(err)) {
        bs_error_set(err, BS_SCHEMA,
                     "DDL or a lock of another session kept the copy from reading table %s on the "
                     "source",
                     name);
        return bs_error_hint(err, "run the same command again when it is over");
    }
    return bs_error_context(err, "reading table %s", name);
}

/* Of SHOW CREATE TABLE's lines those of columns alone begin with a name: "  `name` ..." The name
 * with its quotes; none: no column is left. */
static struct bs_str
next_column(const char **at) {
    static const char BEGINS[] = "\n  `";
    const char *line = *at != NULL ? strstr(*at, BEGINS) : NULL;
    if (line == NULL) {
        *at = NULL;
        return (struct bs_str){NULL, 0};
    }
    const char *name = line + strlen(BEGINS) - 1;
    const char *end = name + 1;
    while (*end != '\0' && (*end != '`' || end[1] == '`')) {
        end += *end == '`' ? 2 : 1;
    }
    *at = end;
    return (struct bs_str){name, (size_t)(end - name)};
}

static bool
begins_with_columns_of(const char *now, const char *then) {
    for (;;) {
        struct bs_str wanted = next_column(&then);
        if (wanted.data == NULL) {
            return true;
        }
        struct bs_str found = next_column(&now);
        if (found.data == NULL || found.len != wanted.len ||
            memcmp(found.data, wanted.data, found.len) != 0) {
            return false;
        }
    }
}

enum bs_status
bs_altered_check_columns(struct bs_sql *source, const struct bs_copy *copy, struct bs_error *err) {
    const struct bs_table *table = copy->table;
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    bs_buf_puts(&text, "SHOW CREATE TABLE ");
    bs_sql_put_table(&text, bs_str(table->db), bs_str(table->name));
    enum bs_status status = bs_sql_query(source, &result, err, "%s", bs_buf_cstr(&text));
    if (status == BS_OK) {
        status = bs_sql_next(result, &fields, err);
    }
    if (status == BS_OK &&
        (fields == NULL || !begins_with_columns_of(fields[1].data, table->create))) {
        status = bs_altered_refuse(copy, err);
    }
    bs_sql_result_free(result);
    bs_buf_fini(&text);
    return status;
}

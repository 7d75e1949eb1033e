#include "catalog/catalog_private.h"

#include "base/mem.h"
#include "sql/text.h"

#include <stdlib.h>
#include <strings.h>

enum bs_status
bs_answer_ask(struct bs_answer *answer, struct bs_sql *sql, struct bs_buf *text,
              struct bs_error *err) {
    *answer = (struct bs_answer){0};
    return bs_sql_query(sql, &answer->result, err, "%s", bs_buf_cstr(text));
}

enum bs_status
bs_answer_next(struct bs_answer *answer, struct bs_error *err) {
    return bs_sql_next(answer->result, &answer->row, err);
}

void
bs_answer_fini(struct bs_answer *answer) {
    bs_sql_result_free(answer->result);
    *answer = (struct bs_answer){0};
}

struct bs_str
bs_answer_text(const struct bs_answer *answer, const char *column) {
    unsigned int count = bs_sql_column_count(answer->result);
    for (unsigned int i = 0; i < count; i++) {
        if (bs_str_is_nocase(bs_str(bs_sql_column_name(answer->result, i)), column)) {
            return answer->row[i];
        }
    }
    return (struct bs_str){NULL, 0};
}

char *
bs_answer_copy(const struct bs_answer *answer, const char *column) {
    struct bs_str text = bs_answer_text(answer, column);
    return text.data != NULL ? bs_strndup(text.data, text.len) : NULL;
}

uint64_t
bs_answer_number(const struct bs_answer *answer, const char *column) {
    struct bs_str text = bs_answer_text(answer, column);
    return text.data != NULL ? strtoull(text.data, NULL, 10) : 0;
}

enum bs_status
bs_catalog_need(struct bs_error *err, const char *privileges, struct bs_str db) {
    enum {
        ER_DBACCESS_DENIED = 1044,
        ER_TABLEACCESS_DENIED = 1142,
        ER_COLUMNACCESS_DENIED = 1143,
        ER_SPECIFIC_ACCESS_DENIED = 1227,
        ER_PROCACCESS_DENIED = 1370,
    };
    if (err == NULL) {
        return BS_SERVER;
    }
    unsigned int number = err->sql_errno;
    if (err->status == BS_SERVER &&
        (number == ER_DBACCESS_DENIED || number == ER_TABLEACCESS_DENIED ||
         number == ER_COLUMNACCESS_DENIED || number == ER_SPECIFIC_ACCESS_DENIED ||
         number == ER_PROCACCESS_DENIED)) {
        err->status = BS_PRECHECK;
        struct bs_buf name = {0};
        if (db.data != NULL) {
            bs_sql_put_ident(&name, db);
        } else {
            bs_buf_puts(&name, "*");
        }
        bs_error_hint(err, "GRANT %s ON %s.* TO the user that binstream logs in as", privileges,
                      bs_buf_cstr(&name));
        bs_buf_fini(&name);
    }
    return err->status;
}

static bool
same_letters(struct bs_str a, struct bs_str b) {
    return a.len == b.len && (a.len == 0 || strncasecmp(a.data, b.data, a.len) == 0);
}

bool
bs_catalog_same_name(const struct bs_server *server, struct bs_str a, struct bs_str b) {
    return bs_str_equal(a, b) || (server->lower_case_table_names != 0 && same_letters(a, b));
}

/* The literals are given a charset: compared with binary ones, MySQL 8 and newer would read the
 * whole dictionary instead of one entry. */
void
bs_catalog_put_where(struct bs_buf *text, const char *schema_column, struct bs_str db,
                     const char *name_column, struct bs_str name) {
    bs_buf_printf(text, " WHERE %s=", schema_column);
    bs_sql_put_text(text, "utf8", db);
    if (name.data != NULL) {
        bs_buf_printf(text, " AND %s=", name_column);
        bs_sql_put_text(text, "utf8", name);
    }
}

struct bs_object *
bs_object_list_add(struct bs_object_list *list) {
    bs_array_grow((void **)&list->objects, &list->cap, list->count, sizeof *list->objects);
    struct bs_object *object = &list->objects[list->count++];
    *object = (struct bs_object){0};
    return object;
}

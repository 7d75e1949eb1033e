/* Views that the source itself cannot use any more. They would be found when they are made on the
 * target, after all rows were copied. */
#include "check/check_private.h"

#include "base/mem.h"
#include "sql/text.h"

#include <string.h>

enum {
    NO_SUCH_TABLE = 1146,
    VIEW_INVALID = 1356,
    VIEW_RECURSIVE = 1462,
    NO_SUCH_FUNCTION = 1305,
    BAD_FIELD = 1054
};

static bool
is_broken(const struct bs_error *err) {
    switch (err->sql_errno) {
    case NO_SUCH_TABLE:
    case VIEW_INVALID:
    case VIEW_RECURSIVE:
    case NO_SUCH_FUNCTION:
    case BAD_FIELD:
        return true;
    default:
        return false;
    }
}

/* The view is opened, with all that it reads, and no row is read. A definer without an account, and
 * what our own account may not read, are other checks' to say. */
static enum bs_status
try_view(struct bs_checking *c, const struct bs_check_table *view, struct bs_check_names *broken,
         struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_error failure;
    bs_error_clear(&failure);
    bs_buf_puts(&text, "SELECT 1 FROM ");
    bs_sql_put_table(&text, bs_str(view->db), bs_str(view->name));
    bs_buf_puts(&text, " LIMIT 0");
    enum bs_status status = bs_sql_run(c->config->source, bs_buf_str(&text), &failure);
    bs_buf_fini(&text);
    if (status == BS_OK || (status == BS_SERVER && !is_broken(&failure))) {
        return BS_OK;
    }
    if (status == BS_SERVER) {
        bs_check_names_add(broken, view->db, view->name);
        return BS_OK;
    }
    *err = failure;
    return status;
}

enum bs_status
bs_check_views(struct bs_checking *c, struct bs_error *err) {
    struct bs_check_names broken = {0};
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < c->table_count && status == BS_OK; i++) {
        if (strcmp(c->tables[i].type, "VIEW") == 0) {
            status = try_view(c, &c->tables[i], &broken, err);
        }
    }
    if (status == BS_OK && broken.count > 0) {
        bs_check_add(
            c, BS_CHECK_FAIL,
            bs_asprintf(
                "views that do not work on the source, because something they read is gone, or "
                "they read themselves: %s",
                bs_check_names_text(&broken)),
            bs_strdup(
                "repair or drop them on the source, or leave them out with --exclude-tables"));
    } else if (status == BS_OK) {
        bs_check_add(c, BS_CHECK_PASS, bs_strdup("all views work"), NULL);
    }
    bs_check_names_fini(&broken);
    return status;
}

#include "snapshot/altered.h"

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
    return bs_error_context(err, "reading table %s", name);
}

#include "apply/ddl_names.h"

#include "apply/ddl_run.h"
#include "base/buf.h"
#include "sql/session.h"

#include <string.h>

static bool
is_one_of(const char *name, const char *const *names) {
    while (*names != NULL && strcmp(*names, name) != 0) {
        names++;
    }
    return *names != NULL;
}

static bool
is_utf8(const char *charset) {
    static const char *const NAMES[] = {"utf8", "utf8mb3", "utf8mb4", "binary", "ascii", NULL};
    return is_one_of(charset, NAMES);
}

/* The second byte of a character may be below 0x80. */
static bool
overlaps_ascii(const char *charset) {
    static const char *const NAMES[] = {"sjis", "cp932", "gbk", "big5", "gb18030", NULL};
    return is_one_of(charset, NAMES);
}

static bool
is_plain(const char *text) {
    while (*text != '\0' && (unsigned char)*text < 0x80) {
        text++;
    }
    return *text == '\0';
}

/* Is there a byte that the lexer may take for a sign, and that may be half a character? */
static bool
is_ambiguous(struct bs_str sql) {
    for (size_t i = 1; i < sql.len; i++) {
        unsigned char byte = (unsigned char)sql.data[i];
        bool is_sign = byte >= '@' && byte < 0x7F && !(byte >= 'A' && byte <= 'Z') &&
                       !(byte >= 'a' && byte <= 'z') && byte != '_';
        if ((unsigned char)sql.data[i - 1] >= 0x80 && is_sign) {
            return true;
        }
    }
    return false;
}

static enum bs_status
read_name(struct bs_applier *applier, const char *charset, char name[BS_NAME_BYTES_MAX],
          struct bs_error *err) {
    if (is_plain(name)) {
        return BS_OK;
    }
    struct bs_buf hex = {0};
    struct bs_buf value = {0};
    bool found = false;
    for (const char *c = name; *c != '\0'; c++) {
        bs_buf_printf(&hex, "%02X", (unsigned char)*c);
    }
    enum bs_status status =
        bs_sql_value(applier->lane.sql, &value, &found, err,
                     "SELECT CONVERT(_%s 0x%s USING utf8mb4)", charset, bs_buf_cstr(&hex));
    if (status == BS_OK && (!found || value.len >= BS_NAME_BYTES_MAX)) {
        bs_error_set(err, BS_SCHEMA, "a name in a statement is no text of charset %s", charset);
        status = bs_error_hint(err, "run the statement on the target by hand if it matters there, "
                                    "and take a new snapshot");
    }
    if (status == BS_OK) {
        memcpy(name, bs_buf_cstr(&value), value.len + 1);
    }
    bs_buf_fini(&hex);
    bs_buf_fini(&value);
    return status;
}

enum bs_status
bs_ddl_read_names(struct bs_applier *applier, const struct bs_statement *statement,
                  struct bs_ddl *ddl, struct bs_error *err) {
    const struct bs_collation *client =
        bs_statement_has(statement, BS_STATEMENT_CHARSET)
            ? bs_collation_by_id(&applier->translation->source_collations,
                                 statement->charset_client)
            : NULL;
    if (client == NULL || is_utf8(client->charset)) {
        return BS_OK;
    }
    if (overlaps_ascii(client->charset) && is_ambiguous(statement->sql)) {
        return bs_ddl_refuse(statement,
                             "a statement of a session whose charset shares bytes with quotes and "
                             "backslashes: what it names cannot be told for certain",
                             "run it on the target by hand, and take a new snapshot; such sessions "
                             "change tables safely after SET NAMES utf8mb4",
                             err);
    }
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < ddl->count && status == BS_OK; i++) {
        struct bs_ddl_object *object = &ddl->objects[i];
        if (!object->is_default_db) { /* that one is logged in UTF-8 */
            status = read_name(applier, client->charset, object->db, err);
        }
        if (status == BS_OK) {
            status = read_name(applier, client->charset, object->name, err);
        }
    }
    return status;
}

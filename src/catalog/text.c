/* With character_set_results binary, SHOW CREATE gives a stored program as the server keeps it: the
 * body in the charset of the client that created it, but parts of the header in UTF-8. Tried on
 * MySQL 5.6.24, 9.7.4 and MariaDB 10.11.19 with a program of a latin1 client:
 *
 *   part                              MySQL 5.6   MariaDB   MySQL 9.7
 *   procedure, function: name         client      client    UTF-8
 *                        comment      UTF-8       UTF-8     UTF-8
 *   package: name                                 client
 *            comment                              UTF-8
 *   event: all up to DO               UTF-8       UTF-8     UTF-8
 *   trigger: all up to FOR EACH ROW   client      client    UTF-8
 *   view                              client      client    client
 *
 * Executed as it is, such a text would create another name or comment. Here the UTF-8 parts are
 * turned into the client's charset, by the server, which knows them all. Asking for the whole text
 * in UTF-8 instead would not do: the server converts it as if all of it were in the client's
 * charset, and literals with an introducer would change their bytes. */
#include "catalog/catalog_private.h"

#include "base/mem.h"
#include "sql/text.h"

#include <stdlib.h>
#include <string.h>

static bool
is_ascii(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

/* True when the text's charset is UTF-8 anyhow, or is not known as one. */
static bool
needs_no_change(const struct bs_object *object) {
    const char *charset = object->charset_client;
    return charset == NULL || bs_str_starts_nocase(bs_str(charset), "utf8") ||
           bs_str_is_nocase(bs_str(charset), "binary") ||
           is_ascii(object->create, strlen(object->create));
}

/* Replaces text[start, end), which is UTF-8, by the same in the client's charset. */
static enum bs_status
convert_span(struct bs_sql *sql, struct bs_object *object, size_t start, size_t end,
             struct bs_error *err) {
    if (is_ascii(object->create + start, end - start)) {
        return BS_OK;
    }
    struct bs_buf hex = {0}, value = {0};
    for (size_t i = start; i < end; i++) {
        bs_buf_printf(&hex, "%02X", (unsigned char)object->create[i]);
    }
    bool found = false;
    enum bs_status status =
        bs_sql_value(sql, &value, &found, err, "SELECT CONVERT(CONVERT(X'%s' USING utf8) USING %s)",
                     bs_buf_cstr(&hex), object->charset_client);
    if (status == BS_OK && found) {
        struct bs_buf whole = {0};
        bs_buf_put(&whole, object->create, start);
        bs_buf_put_str(&whole, bs_buf_str(&value));
        bs_buf_puts(&whole, object->create + end);
        free(object->create);
        object->create = bs_buf_take_cstr(&whole);
    }
    bs_buf_fini(&hex);
    bs_buf_fini(&value);
    return status;
}

/* Where word stands outside of quotes, or SIZE_MAX. */
static size_t
find_outside_quotes(const char *text, const char *word) {
    size_t word_len = strlen(word);
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (strncmp(text + i, word, word_len) == 0) {
            return i;
        }
        char quote = text[i];
        if (quote != '`' && quote != '\'' && quote != '"') {
            continue;
        }
        for (i++; text[i] != '\0' && text[i] != quote; i++) {
            i += quote != '`' && text[i] == '\\' && text[i + 1] != '\0';
        }
        if (text[i] == '\0') {
            break;
        }
    }
    return SIZE_MAX;
}

static enum bs_status
convert_up_to(struct bs_sql *sql, struct bs_object *object, const char *word,
              struct bs_error *err) {
    size_t end = find_outside_quotes(object->create, word);
    return end == SIZE_MAX ? BS_OK : convert_span(sql, object, 0, end, err);
}

/* The header up to the name, if the name stands there in UTF-8. */
static enum bs_status
convert_routine_name(struct bs_sql *sql, struct bs_object *object, struct bs_error *err) {
    struct bs_buf mark = {0};
    bs_buf_printf(&mark, " %s ", bs_object_kind_name(object->kind));
    size_t at = find_outside_quotes(object->create, bs_buf_cstr(&mark));
    size_t name_at = at == SIZE_MAX ? 0 : at + mark.len;
    bs_buf_clear(&mark);
    bs_sql_put_ident(&mark, bs_str(object->name));
    bool is_utf8 =
        at != SIZE_MAX && strncmp(object->create + name_at, bs_buf_cstr(&mark), mark.len) == 0;
    size_t end = name_at + mark.len;
    bs_buf_fini(&mark);
    return is_utf8 ? convert_span(sql, object, 0, end, err) : BS_OK;
}

static enum bs_status
has_comment(struct bs_sql *sql, const struct bs_object *object, bool *has, struct bs_error *err) {
    struct bs_buf text = {0}, value = {0};
    bs_buf_puts(&text, "SELECT ROUTINE_COMMENT FROM information_schema.ROUTINES");
    bs_catalog_put_where(&text, "ROUTINE_SCHEMA", bs_str(object->db), "ROUTINE_NAME",
                         bs_str(object->name));
    bs_buf_printf(&text, " AND ROUTINE_TYPE='%s'", bs_object_kind_name(object->kind));
    enum bs_status status = bs_sql_value(sql, &value, has, err, "%s", bs_buf_cstr(&text));
    *has = *has && value.len > 0;
    bs_buf_fini(&text);
    bs_buf_fini(&value);
    return status;
}

/* Behind the quote that opens the comment, or NULL. The server prints a routine's on a line of its
 * own, between the header and the body, and a package's behind its name. */
static const char *
find_comment(const struct bs_object *object) {
    static const char line[] = "\n    COMMENT '";
    const char *mark = line;
    const char *at = NULL;
    if (object->kind == BS_OBJECT_PACKAGE || object->kind == BS_OBJECT_PACKAGE_BODY) {
        mark = line + 1;
        size_t place = find_outside_quotes(object->create, mark);
        at = place != SIZE_MAX ? object->create + place : NULL;
    } else {
        at = strstr(object->create, mark);
    }
    return at != NULL ? at + strlen(mark) : NULL;
}

static enum bs_status
convert_routine_comment(struct bs_sql *sql, struct bs_object *object, struct bs_error *err) {
    bool has = false;
    enum bs_status status = has_comment(sql, object, &has, err);
    const char *at = status == BS_OK && has ? find_comment(object) : NULL;
    if (at == NULL) {
        return status;
    }
    size_t start = (size_t)(at - object->create);
    size_t len = find_outside_quotes(object->create + start - 1, "\n");
    return len == SIZE_MAX ? BS_OK : convert_span(sql, object, start, start - 1 + len, err);
}

enum bs_status
bs_catalog_unify_text(struct bs_sql *sql, const struct bs_server *server, struct bs_object *object,
                      struct bs_error *err) {
    if (needs_no_change(object)) {
        return BS_OK;
    }
    enum bs_status status = BS_OK;
    switch (object->kind) {
    case BS_OBJECT_PROCEDURE:
    case BS_OBJECT_FUNCTION:
        status = convert_routine_comment(sql, object, err);
        return status == BS_OK ? convert_routine_name(sql, object, err) : status;
    case BS_OBJECT_PACKAGE:
    case BS_OBJECT_PACKAGE_BODY:
        return convert_routine_comment(sql, object, err);
    case BS_OBJECT_EVENT:
        return convert_up_to(sql, object, " DO ", err);
    case BS_OBJECT_TRIGGER:
        if (server->flavour == BS_MYSQL && server->version >= 80000) {
            return convert_up_to(sql, object, " FOR EACH ROW", err);
        }
        return BS_OK;
    case BS_OBJECT_DATABASE:
    case BS_OBJECT_TABLE:
    case BS_OBJECT_VIEW:
    case BS_OBJECT_SEQUENCE:
        return BS_OK;
    }
    return BS_OK;
}

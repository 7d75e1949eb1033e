#include "binlog/query.h"

#include "base/cursor.h"
#include "binlog/inflate.h"

enum status_var {
    VAR_FLAGS2 = 0,
    VAR_SQL_MODE = 1,
    VAR_CATALOG_OLD = 2,
    VAR_AUTO_INCREMENT = 3,
    VAR_CHARSET = 4,
    VAR_TIME_ZONE = 5,
    VAR_CATALOG = 6,
    VAR_LC_TIME_NAMES = 7,
    VAR_CHARSET_DATABASE = 8,
    VAR_TABLE_MAP_FOR_UPDATE = 9,
    VAR_MASTER_DATA_WRITTEN = 10,
    VAR_INVOKER = 11,
    VAR_UPDATED_DB_NAMES = 12,
    VAR_MICROSECONDS = 13,
    VAR_EXPLICIT_DEFAULTS_FOR_TIMESTAMP = 16,
    VAR_DDL_XID = 17,
    VAR_COLLATION_UTF8MB4 = 18,
    VAR_SQL_REQUIRE_PRIMARY_KEY = 19,
    VAR_DEFAULT_TABLE_ENCRYPTION = 20,
    VAR_CASCADE_TRIGGERS = 21,
    VAR_MARIADB_MICROSECONDS = 128,
    VAR_MARIADB_XID = 129,
    VAR_MARIADB_GTID_FLAGS3 = 130,
    VAR_MARIADB_CHARSET_COLLATIONS = 131,
};

enum { UPDATED_DB_NAMES_MAX = 16, FLAGS3_HAS_NUMBER = 0x0C };

static struct bs_str
read_short_str(struct bs_cursor *c) {
    size_t len = bs_cursor_read_u8(c);
    return bs_cursor_read_str(c, len);
}

static void
read_charset(struct bs_statement *s, struct bs_cursor *c) {
    s->charset_client = bs_cursor_read_u16(c);
    s->collation_connection = bs_cursor_read_u16(c);
    s->collation_server = bs_cursor_read_u16(c);
    s->has_charset = !c->failed;
}

static void
skip_updated_dbs(struct bs_cursor *c) {
    unsigned count = bs_cursor_read_u8(c);
    for (unsigned i = 0; i < count && count <= UPDATED_DB_NAMES_MAX && !c->failed; i++) {
        (void)bs_cursor_read_cstr(c);
    }
}

/* Codes from 16 on, which came with MySQL 5.6 and MariaDB 5.3. False: not known. */
static bool
read_newer_var(struct bs_statement *s, uint8_t code, struct bs_cursor *c) {
    switch (code) {
    case VAR_EXPLICIT_DEFAULTS_FOR_TIMESTAMP:
        s->explicit_defaults_for_timestamp = bs_cursor_read_u8(c);
        return true;
    case VAR_DDL_XID:
    case VAR_MARIADB_XID:
        bs_cursor_skip(c, 8);
        s->has_xid = true;
        return true;
    case VAR_COLLATION_UTF8MB4:
        s->collation_utf8mb4 = bs_cursor_read_u16(c);
        return true;
    case VAR_SQL_REQUIRE_PRIMARY_KEY:
        s->sql_require_primary_key = bs_cursor_read_u8(c);
        return true;
    case VAR_DEFAULT_TABLE_ENCRYPTION:
    case VAR_CASCADE_TRIGGERS:
        bs_cursor_skip(c, 1);
        return true;
    case VAR_MICROSECONDS:
    case VAR_MARIADB_MICROSECONDS:
        s->microseconds = bs_cursor_read_u24(c);
        return true;
    case VAR_MARIADB_GTID_FLAGS3: {
        uint8_t flags = bs_cursor_read_u8(c);
        bs_cursor_skip(c, (flags & FLAGS3_HAS_NUMBER) != 0 ? 8 : 0);
        return true;
    }
    case VAR_MARIADB_CHARSET_COLLATIONS: {
        size_t count = bs_cursor_read_u8(c);
        bs_cursor_skip(c, 4 * count);
        return true;
    }
    default:
        return false;
    }
}

static bool
read_var(struct bs_statement *s, uint8_t code, struct bs_cursor *c) {
    switch (code) {
    case VAR_FLAGS2:
        s->flags2 = bs_cursor_read_u32(c);
        s->has_flags2 = !c->failed;
        return true;
    case VAR_SQL_MODE:
        s->sql_mode = bs_cursor_read_u64(c);
        s->has_sql_mode = !c->failed;
        return true;
    case VAR_CATALOG_OLD:
        (void)read_short_str(c);
        bs_cursor_skip(c, 1);
        return true;
    case VAR_AUTO_INCREMENT:
        s->auto_increment_increment = bs_cursor_read_u16(c);
        s->auto_increment_offset = bs_cursor_read_u16(c);
        s->has_auto_increment = !c->failed;
        return true;
    case VAR_CHARSET:
        read_charset(s, c);
        return true;
    case VAR_TIME_ZONE:
        s->time_zone = read_short_str(c);
        return true;
    case VAR_CATALOG:
        (void)read_short_str(c);
        return true;
    case VAR_LC_TIME_NAMES:
        s->lc_time_names = bs_cursor_read_u16(c);
        return true;
    case VAR_CHARSET_DATABASE:
        s->collation_database = bs_cursor_read_u16(c);
        return true;
    case VAR_TABLE_MAP_FOR_UPDATE:
        bs_cursor_skip(c, 8);
        return true;
    case VAR_MASTER_DATA_WRITTEN:
        bs_cursor_skip(c, 4);
        return true;
    case VAR_INVOKER:
        s->invoker_user = read_short_str(c);
        s->invoker_host = read_short_str(c);
        return true;
    case VAR_UPDATED_DB_NAMES:
        skip_updated_dbs(c);
        return true;
    default:
        return read_newer_var(s, code, c);
    }
}

/* Lengths are not in the block, so an unknown code ends what can be read: field guide 3.6. */
static bool
read_vars(struct bs_statement *s, struct bs_str vars) {
    struct bs_cursor c = bs_cursor(vars.data, vars.len);
    while (!c.failed && bs_cursor_left(&c) > 0) {
        if (!read_var(s, bs_cursor_read_u8(&c), &c)) {
            break;
        }
    }
    return !c.failed;
}

enum bs_status
bs_statement_parse(struct bs_statement *statement, const struct bs_event *event,
                   struct bs_buf *inflated, struct bs_error *err) {
    *statement = (struct bs_statement){.explicit_defaults_for_timestamp = -1,
                                       .sql_require_primary_key = -1,
                                       .time_zone = {"", 0},
                                       .invoker_user = {"", 0},
                                       .invoker_host = {"", 0}};
    struct bs_cursor c = bs_cursor(event->body.data, event->body.len);
    statement->thread_id = bs_cursor_read_u32(&c);
    bs_cursor_skip(&c, 4); /* how long it took */
    size_t db_len = bs_cursor_read_u8(&c);
    statement->error_code = bs_cursor_read_u16(&c);
    size_t vars_len = bs_cursor_read_u16(&c);
    struct bs_str vars = bs_cursor_read_str(&c, vars_len);
    statement->db = bs_cursor_read_str(&c, db_len);
    bool has_nul = bs_cursor_read_u8(&c) == 0;
    statement->sql = bs_cursor_read_rest(&c);
    if (c.failed || !has_nul || !read_vars(statement, vars)) {
        return bs_error_set(err, BS_PROTOCOL, "malformed %s event of %zu bytes",
                            bs_event_type_name(event->type), event->body.len);
    }
    statement->timestamp = event->timestamp;
    statement->suppress_use = (event->flags & BS_EVENT_FLAG_SUPPRESS_USE) != 0;
    statement->thread_specific = (event->flags & BS_EVENT_FLAG_THREAD_SPECIFIC) != 0;
    if (event->type == BS_EVENT_MARIADB_QUERY_COMPRESSED) {
        bs_buf_clear(inflated);
        enum bs_status status = bs_inflate_event(inflated, statement->sql, err);
        statement->sql = bs_buf_str(inflated);
        return status;
    }
    return BS_OK;
}

static bool
is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Steps over white space and comments; servers put both before and after these words. */
static struct bs_str
skip_blank(struct bs_str sql) {
    for (;;) {
        size_t n = 0;
        while (n < sql.len && is_space(sql.data[n])) {
            n++;
        }
        sql = (struct bs_str){sql.data + n, sql.len - n};
        /* An executable comment is text, not a comment. */
        if (sql.len < 4 || sql.data[0] != '/' || sql.data[1] != '*' || sql.data[2] == '!') {
            return sql;
        }
        const char *end = memmem(sql.data + 2, sql.len - 2, "*/", 2);
        if (end == NULL) {
            return sql;
        }
        sql = (struct bs_str){end + 2, sql.len - (size_t)(end + 2 - sql.data)};
    }
}

static struct bs_str
next_word(struct bs_str *sql) {
    struct bs_str rest = skip_blank(*sql);
    size_t n = 0;
    while (n < rest.len && is_word(rest.data[n])) {
        n++;
    }
    *sql = (struct bs_str){rest.data + n, rest.len - n};
    return (struct bs_str){rest.data, n};
}

enum bs_query_kind
bs_query_kind(struct bs_str sql) {
    struct bs_str first = next_word(&sql);
    if (bs_str_is_nocase(first, "BEGIN")) {
        return BS_QUERY_BEGIN;
    }
    if (bs_str_is_nocase(first, "COMMIT")) {
        return BS_QUERY_COMMIT;
    }
    if (bs_str_is_nocase(first, "SAVEPOINT") || bs_str_is_nocase(first, "RELEASE")) {
        return BS_QUERY_SAVEPOINT;
    }
    if (bs_str_is_nocase(first, "XA")) {
        return BS_QUERY_XA;
    }
    if (!bs_str_is_nocase(first, "ROLLBACK")) {
        return BS_QUERY_OTHER;
    }
    struct bs_str second = next_word(&sql);
    if (bs_str_is_nocase(second, "WORK")) {
        second = next_word(&sql);
    }
    return bs_str_is_nocase(second, "TO") ? BS_QUERY_ROLLBACK_TO : BS_QUERY_ROLLBACK;
}

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
}

static void
read_updated_dbs(struct bs_statement *s, struct bs_cursor *c) {
    unsigned count = bs_cursor_read_u8(c);
    const uint8_t *start = c->at;
    s->too_many_dbs = count > UPDATED_DB_NAMES_MAX;
    if (s->too_many_dbs) {
        return; /* no names follow */
    }
    for (unsigned i = 0; i < count && !c->failed; i++) {
        (void)bs_cursor_read_cstr(c);
    }
    s->updated_db_count = (uint8_t)count;
    s->updated_dbs = (struct bs_str){(const char *)start, (size_t)(c->at - start)};
}

static void
read_flags3(struct bs_statement *s, struct bs_cursor *c) {
    s->gtid_flags3 = bs_cursor_read_u8(c);
    if ((s->gtid_flags3 & FLAGS3_HAS_NUMBER) != 0) {
        s->sa_seq_no = bs_cursor_read_u64(c);
        s->has |= BS_STATEMENT_SA_SEQ_NO;
    }
}

/* Codes from 12 on, which came with MySQL 5.6 and MariaDB 5.3. 0: not known. */
static uint32_t
read_newer_var(struct bs_statement *s, uint8_t code, struct bs_cursor *c) {
    switch (code) {
    case VAR_UPDATED_DB_NAMES:
        read_updated_dbs(s, c);
        return BS_STATEMENT_UPDATED_DBS;
    case VAR_MICROSECONDS:
    case VAR_MARIADB_MICROSECONDS:
        s->microseconds = bs_cursor_read_u24(c);
        return BS_STATEMENT_MICROSECONDS;
    case VAR_EXPLICIT_DEFAULTS_FOR_TIMESTAMP:
        s->explicit_defaults_for_timestamp = bs_cursor_read_u8(c);
        return BS_STATEMENT_EXPLICIT_DEFAULTS;
    case VAR_DDL_XID:
    case VAR_MARIADB_XID:
        s->xid = bs_cursor_read_u64(c);
        return BS_STATEMENT_XID;
    case VAR_COLLATION_UTF8MB4:
        s->collation_utf8mb4 = bs_cursor_read_u16(c);
        return BS_STATEMENT_COLLATION_UTF8MB4;
    case VAR_SQL_REQUIRE_PRIMARY_KEY:
        s->sql_require_primary_key = bs_cursor_read_u8(c);
        return BS_STATEMENT_REQUIRE_PRIMARY_KEY;
    case VAR_DEFAULT_TABLE_ENCRYPTION:
        s->default_table_encryption = bs_cursor_read_u8(c);
        return BS_STATEMENT_TABLE_ENCRYPTION;
    case VAR_CASCADE_TRIGGERS:
        s->cascade_triggers = bs_cursor_read_u8(c);
        return BS_STATEMENT_CASCADE_TRIGGERS;
    case VAR_MARIADB_GTID_FLAGS3:
        read_flags3(s, c);
        return BS_STATEMENT_GTID_FLAGS3;
    case VAR_MARIADB_CHARSET_COLLATIONS:
        s->charset_collation_count = bs_cursor_read_u8(c);
        s->charset_collations = bs_cursor_read_str(c, 4u * s->charset_collation_count);
        return BS_STATEMENT_CHARSET_COLLATIONS;
    default:
        return 0;
    }
}

static uint32_t
read_var(struct bs_statement *s, uint8_t code, struct bs_cursor *c) {
    switch (code) {
    case VAR_FLAGS2:
        s->flags2 = bs_cursor_read_u32(c);
        return BS_STATEMENT_FLAGS2;
    case VAR_SQL_MODE:
        s->sql_mode = bs_cursor_read_u64(c);
        return BS_STATEMENT_SQL_MODE;
    case VAR_CATALOG_OLD:
        s->catalog = read_short_str(c);
        bs_cursor_skip(c, 1);
        return BS_STATEMENT_CATALOG;
    case VAR_AUTO_INCREMENT:
        s->auto_increment_increment = bs_cursor_read_u16(c);
        s->auto_increment_offset = bs_cursor_read_u16(c);
        return BS_STATEMENT_AUTO_INCREMENT;
    case VAR_CHARSET:
        read_charset(s, c);
        return BS_STATEMENT_CHARSET;
    case VAR_TIME_ZONE:
        s->time_zone = read_short_str(c);
        return BS_STATEMENT_TIME_ZONE;
    case VAR_CATALOG:
        s->catalog = read_short_str(c);
        return BS_STATEMENT_CATALOG;
    case VAR_LC_TIME_NAMES:
        s->lc_time_names = bs_cursor_read_u16(c);
        return BS_STATEMENT_LC_TIME_NAMES;
    case VAR_CHARSET_DATABASE:
        s->collation_database = bs_cursor_read_u16(c);
        return BS_STATEMENT_CHARSET_DATABASE;
    case VAR_TABLE_MAP_FOR_UPDATE:
        s->table_map_for_update = bs_cursor_read_u64(c);
        return BS_STATEMENT_TABLE_MAP_FOR_UPDATE;
    case VAR_MASTER_DATA_WRITTEN:
        s->master_data_written = bs_cursor_read_u32(c);
        return BS_STATEMENT_MASTER_DATA_WRITTEN;
    case VAR_INVOKER:
        s->invoker_user = read_short_str(c);
        s->invoker_host = read_short_str(c);
        return BS_STATEMENT_INVOKER;
    default:
        return read_newer_var(s, code, c);
    }
}

/* Lengths are not in the block, so an unknown code ends what can be read: field guide 3.6. */
static bool
read_vars(struct bs_statement *s, struct bs_str vars) {
    struct bs_cursor c = bs_cursor(vars.data, vars.len);
    while (!c.failed && bs_cursor_left(&c) > 0) {
        uint8_t code = bs_cursor_read_u8(&c);
        uint32_t bit = read_var(s, code, &c);
        s->has |= c.failed ? 0 : bit;
        if (bit == 0) {
            s->unknown_var = code;
            break;
        }
    }
    return !c.failed;
}

enum bs_status
bs_statement_read(struct bs_statement *statement, const struct bs_event *event,
                  struct bs_cursor *head, struct bs_cursor *rest, struct bs_error *err) {
    const struct bs_str none = {"", 0};
    *statement = (struct bs_statement){.explicit_defaults_for_timestamp = -1,
                                       .sql_require_primary_key = -1,
                                       .unknown_var = -1,
                                       .time_zone = none,
                                       .catalog = none,
                                       .invoker_user = none,
                                       .invoker_host = none,
                                       .updated_dbs = none,
                                       .charset_collations = none};
    statement->thread_id = bs_cursor_read_u32(head);
    statement->exec_time = bs_cursor_read_u32(head);
    size_t db_len = bs_cursor_read_u8(head);
    statement->error_code = bs_cursor_read_u16(head);
    size_t vars_len = bs_cursor_read_u16(head);
    struct bs_str vars = bs_cursor_read_str(rest, vars_len);
    statement->db = bs_cursor_read_str(rest, db_len);
    bool has_nul = bs_cursor_read_u8(rest) == 0;
    statement->sql = bs_cursor_read_rest(rest);
    if (head->failed || rest->failed || !has_nul || !read_vars(statement, vars)) {
        return bs_error_set(err, BS_PROTOCOL, "malformed %s event of %zu bytes",
                            bs_event_type_name(event->type), event->body.len);
    }
    statement->timestamp = event->timestamp;
    statement->suppress_use = (event->flags & BS_EVENT_FLAG_SUPPRESS_USE) != 0;
    statement->thread_specific = (event->flags & BS_EVENT_FLAG_THREAD_SPECIFIC) != 0;
    return BS_OK;
}

enum bs_status
bs_statement_parse(struct bs_statement *statement, const struct bs_event *event,
                   struct bs_buf *inflated, struct bs_error *err) {
    enum { HEADER_LEN = 13 };
    struct bs_cursor rest = bs_cursor(event->body.data, event->body.len);
    const uint8_t *header = bs_cursor_take(&rest, HEADER_LEN);
    struct bs_cursor head = bs_cursor(header, header != NULL ? (size_t)HEADER_LEN : 0);
    enum bs_status status = bs_statement_read(statement, event, &head, &rest, err);
    if (status == BS_OK && event->type == BS_EVENT_MARIADB_QUERY_COMPRESSED) {
        bs_buf_clear(inflated);
        status = bs_inflate_event(inflated, statement->sql, err);
        statement->sql = bs_buf_str(inflated);
    }
    return status;
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

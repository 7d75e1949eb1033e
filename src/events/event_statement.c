/* Statements: QUERY with its status variables, what goes with it, and LOAD DATA. */
#include "events/event_private.h"

#include "binlog/control_event.h"
#include "binlog/query.h"
#include "binlog/statement_event.h"
#include "events/charset.h"

static void
put_number_vars(struct bs_buf *out, const struct bs_statement *s) {
    const struct {
        enum bs_statement_var var;
        const char *key;
        uint64_t value;
    } vars[] = {
        {BS_STATEMENT_FLAGS2, "flags2", s->flags2},
        {BS_STATEMENT_SQL_MODE, "sql_mode", s->sql_mode},
        {BS_STATEMENT_LC_TIME_NAMES, "lc_time_names", s->lc_time_names},
        {BS_STATEMENT_CHARSET_DATABASE, "charset_database", s->collation_database},
        {BS_STATEMENT_TABLE_MAP_FOR_UPDATE, "table_map_for_update", s->table_map_for_update},
        {BS_STATEMENT_MASTER_DATA_WRITTEN, "master_data_written", s->master_data_written},
        {BS_STATEMENT_MICROSECONDS, "microseconds", s->microseconds},
        {BS_STATEMENT_EXPLICIT_DEFAULTS, "explicit_defaults_for_timestamp",
         (uint64_t)s->explicit_defaults_for_timestamp},
        {BS_STATEMENT_XID, "ddl_xid", s->xid},
        {BS_STATEMENT_COLLATION_UTF8MB4, "default_collation_for_utf8mb4", s->collation_utf8mb4},
        {BS_STATEMENT_REQUIRE_PRIMARY_KEY, "sql_require_primary_key",
         (uint64_t)s->sql_require_primary_key},
        {BS_STATEMENT_TABLE_ENCRYPTION, "default_table_encryption", s->default_table_encryption},
        {BS_STATEMENT_CASCADE_TRIGGERS, "enable_cascade_triggers", s->cascade_triggers},
        {BS_STATEMENT_GTID_FLAGS3, "gtid_flags3", s->gtid_flags3},
        {BS_STATEMENT_SA_SEQ_NO, "sa_seq_no", s->sa_seq_no},
    };
    for (size_t i = 0; i < sizeof vars / sizeof *vars; i++) {
        if (bs_statement_has(s, vars[i].var)) {
            bs_events_member_u64(out, vars[i].key, vars[i].value);
        }
    }
    if (s->unknown_var >= 0) {
        bs_events_member_u64(out, "unknown_status_var", (uint64_t)s->unknown_var);
    }
}

static void
put_updated_dbs(struct bs_buf *out, const struct bs_statement *s) {
    struct bs_cursor c = bs_cursor(s->updated_dbs.data, s->updated_dbs.len);
    bs_events_member(out, "updated_dbs");
    if (s->too_many_dbs) {
        BS_EVENTS_PUT(out, "null");
        return;
    }
    BS_EVENTS_PUT(out, "[");
    for (unsigned i = 0; i < s->updated_db_count; i++) {
        bs_buf_puts(out, i > 0 ? "," : "");
        bs_events_put_text(out, bs_cursor_read_cstr(&c), BS_EVENTS_UTF8);
    }
    BS_EVENTS_PUT(out, "]");
}

static void
put_charset_collations(struct bs_buf *out, const struct bs_statement *s) {
    struct bs_cursor c = bs_cursor(s->charset_collations.data, s->charset_collations.len);
    bs_events_member(out, "character_set_collations");
    BS_EVENTS_PUT(out, "[");
    for (unsigned i = 0; i < s->charset_collation_count; i++) {
        unsigned from = bs_cursor_read_u16(&c);
        unsigned to = bs_cursor_read_u16(&c);
        bs_buf_printf(out, "%s[%u,%u]", i > 0 ? "," : "", from, to);
    }
    BS_EVENTS_PUT(out, "]");
}

static void
put_other_vars(struct bs_buf *out, const struct bs_statement *s) {
    if (bs_statement_has(s, BS_STATEMENT_AUTO_INCREMENT)) {
        bs_events_member(out, "auto_increment");
        bs_buf_printf(out, "[%u,%u]", s->auto_increment_increment, s->auto_increment_offset);
    }
    if (bs_statement_has(s, BS_STATEMENT_CHARSET)) {
        bs_events_member(out, "charset");
        bs_buf_printf(out, "[%u,%u,%u]", s->charset_client, s->collation_connection,
                      s->collation_server);
    }
    if (bs_statement_has(s, BS_STATEMENT_TIME_ZONE)) {
        bs_events_member_text(out, "time_zone", s->time_zone);
    }
    if (bs_statement_has(s, BS_STATEMENT_CATALOG)) {
        bs_events_member_text(out, "catalog", s->catalog);
    }
    if (bs_statement_has(s, BS_STATEMENT_INVOKER)) {
        bs_events_member(out, "invoker");
        BS_EVENTS_PUT(out, "[");
        bs_events_put_text(out, s->invoker_user, BS_EVENTS_UTF8);
        BS_EVENTS_PUT(out, ",");
        bs_events_put_text(out, s->invoker_host, BS_EVENTS_UTF8);
        BS_EVENTS_PUT(out, "]");
    }
    if (bs_statement_has(s, BS_STATEMENT_UPDATED_DBS)) {
        put_updated_dbs(out, s);
    }
    if (bs_statement_has(s, BS_STATEMENT_CHARSET_COLLATIONS)) {
        put_charset_collations(out, s);
    }
}

/* The text is in the client's character set: a string only where that says so. */
static void
put_statement(struct bs_buf *out, const struct bs_statement *s, bool is_mariadb) {
    bs_events_member_u64(out, "thread_id", s->thread_id);
    bs_events_member_u64(out, "exec_time", s->exec_time);
    bs_events_member_u64(out, "error_code", s->error_code);
    bs_events_member_text(out, "db", s->db);
    enum bs_events_text kind = bs_events_text_of_collation(s->charset_client, is_mariadb);
    bs_events_member(out, "sql");
    bs_events_put_text(out, s->sql,
                       s->charset_client == BS_COLLATION_BINARY ? BS_EVENTS_UTF8 : kind);
    put_number_vars(out, s);
    put_other_vars(out, s);
}

enum bs_status
bs_events_query(const struct bs_events_line *line, struct bs_error *err) {
    struct bs_statement s;
    enum bs_status status = bs_statement_parse(&s, &line->walked->event, line->inflated, err);
    if (status == BS_OK) {
        put_statement(line->out, &s, line->walked->is_mariadb);
    }
    return status;
}

enum bs_status
bs_events_load_query(const struct bs_events_line *line, struct bs_error *err) {
    static const char *const duplicates[] = {"ERROR", "IGNORE", "REPLACE"};
    struct bs_load_query load;
    enum bs_status status = bs_load_query_parse(&load, &line->walked->event, err);
    if (status == BS_OK) {
        put_statement(line->out, &load.statement, line->walked->is_mariadb);
        bs_events_member_u64(line->out, "file_id", load.file_id);
        bs_events_member_u64(line->out, "filename_start", load.name_start);
        bs_events_member_u64(line->out, "filename_end", load.name_end);
        bs_events_member_text(line->out, "duplicates", bs_str(duplicates[load.duplicates]));
    }
    return status;
}

enum bs_status
bs_events_load_block(const struct bs_events_line *line, struct bs_error *err) {
    struct bs_load_block block;
    enum bs_status status = bs_load_block_parse(&block, &line->walked->event, err);
    if (status == BS_OK) {
        bs_events_member_u64(line->out, "file_id", block.file_id);
        bs_events_member_hex(line->out, "block", block.bytes);
    }
    return status;
}

enum bs_status
bs_events_delete_file(const struct bs_events_line *line, struct bs_error *err) {
    struct bs_load_block block;
    enum bs_status status = bs_load_block_parse(&block, &line->walked->event, err);
    if (status == BS_OK) {
        bs_events_member_u64(line->out, "file_id", block.file_id);
    }
    return status;
}

enum bs_status
bs_events_intvar(const struct bs_events_line *line, struct bs_error *err) {
    struct bs_intvar_event var;
    enum bs_status status = bs_intvar_parse(&var, &line->walked->event, err);
    if (status == BS_OK) {
        bool last = var.name == BS_INTVAR_LAST_INSERT_ID;
        bs_events_member_text(line->out, "name", bs_str(last ? "LAST_INSERT_ID" : "INSERT_ID"));
        bs_events_member_u64(line->out, "value", var.value);
    }
    return status;
}

enum bs_status
bs_events_rand(const struct bs_events_line *line, struct bs_error *err) {
    struct bs_rand_event var;
    enum bs_status status = bs_rand_parse(&var, &line->walked->event, err);
    if (status == BS_OK) {
        bs_events_member_u64(line->out, "seed1", var.seed1);
        bs_events_member_u64(line->out, "seed2", var.seed2);
    }
    return status;
}

static void
put_user_value(const struct bs_events_line *line, const struct bs_user_var *var) {
    bs_events_member(line->out, "value");
    switch (var->type) {
    case BS_USER_VAR_STRING:
        bs_events_put_text(line->out, var->value.text,
                           bs_events_text_of_collation(var->collation, line->walked->is_mariadb));
        break;
    case BS_USER_VAR_REAL:
        bs_events_put_double(line->out, var->value.f64);
        break;
    case BS_USER_VAR_INT:
        if (var->value.kind == BS_VALUE_UINT) {
            bs_events_put_u64(line->out, var->value.u64);
        } else {
            bs_events_put_i64(line->out, var->value.i64);
        }
        break;
    case BS_USER_VAR_DECIMAL:
        bs_events_put_string(line->out, var->value.text);
        break;
    }
}

enum bs_status
bs_events_user_var(const struct bs_events_line *line, struct bs_error *err) {
    static const char *const types[] = {"STRING", "REAL", "INT", "ROW", "DECIMAL"};
    struct bs_user_var var;
    enum bs_status status = bs_user_var_parse(&var, &line->walked->event, err);
    if (status != BS_OK) {
        return status;
    }
    bs_events_member_text(line->out, "name", var.name);
    if (var.is_null) {
        bs_events_member(line->out, "value");
        BS_EVENTS_PUT(line->out, "null");
        return BS_OK;
    }
    bs_events_member_text(line->out, "type", bs_str(types[var.type]));
    if (var.has_unsigned && var.type == BS_USER_VAR_INT) {
        bs_events_member_bool(line->out, "unsigned", var.is_unsigned);
    }
    bs_events_member_u64(line->out, "collation", var.collation);
    put_user_value(line, &var);
    return BS_OK;
}

enum bs_status
bs_events_annotation(const struct bs_events_line *line, struct bs_error *err) {
    struct bs_str sql;
    enum bs_status status = bs_annotation_parse(&sql, &line->walked->event, err);
    if (status == BS_OK) {
        bs_events_member_text(line->out, "sql", sql);
    }
    return status;
}

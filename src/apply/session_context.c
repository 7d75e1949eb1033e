#include "apply/session_context.h"

#include "apply/ddl_run.h"
#include "schema/sql_mode.h"
#include "sql/text.h"

#include <inttypes.h>
#include <string.h>

enum {
    FLAGS2_MARIADB_EXPLICIT_DEFAULTS = 0x01000000, /* where sessions have a choice */
    FLAGS2_MARIADB_NO_CHECK_CONSTRAINTS = 0x00008000,
    FLAGS2_MARIADB_IF_EXISTS = 0x10000000,
    FLAGS2_NO_FOREIGN_KEY_CHECKS = 0x04000000,
    FLAGS2_RELAXED_UNIQUE_CHECKS = 0x08000000,
};

/* explicit_defaults_for_timestamp of the session: MySQL 8 logs it by itself, MariaDB among the
 * flags (seen on 10.11 and 11.8); where sessions have no choice it is the server's. */
static bool
has_explicit_defaults(const struct bs_statement *s, const struct bs_translation *t) {
    if (s->explicit_defaults_for_timestamp >= 0) {
        return s->explicit_defaults_for_timestamp != 0;
    }
    if (t->source.flavour == BS_MARIADB && bs_server_has_explicit_defaults(&t->source) &&
        bs_statement_has(s, BS_STATEMENT_FLAGS2)) {
        return (s->flags2 & FLAGS2_MARIADB_EXPLICIT_DEFAULTS) != 0;
    }
    return t->source.explicit_defaults_for_timestamp;
}

/* The source's collation of that id as the target calls it. */
static enum bs_status
find_collation(const struct bs_translation *t, unsigned int id,
               const struct bs_collation **collation, struct bs_error *err) {
    const struct bs_collation *there = bs_collation_by_id(&t->source_collations, id);
    if (there == NULL) {
        return bs_error_set(err, BS_SCHEMA,
                            "a statement was logged under collation %u, which the source does not "
                            "list",
                            id);
    }
    const char *name = bs_translate_collation(t, bs_str(there->name));
    if (name == NULL) {
        return bs_error_set(err, BS_SCHEMA,
                            "a statement was logged under collation %s, which has no equal on the "
                            "target",
                            there->name);
    }
    *collation = bs_collation_by_name(&t->target_collations, bs_str(name));
    return BS_OK;
}

static enum bs_status
put_collation(struct bs_buf *sql, const char *variable, unsigned int id, bool as_charset,
              const struct bs_translation *t, struct bs_error *err) {
    const struct bs_collation *collation = NULL;
    enum bs_status status = find_collation(t, id, &collation, err);
    if (status == BS_OK) {
        bs_buf_printf(sql, ", %s=%s", variable, as_charset ? collation->charset : collation->name);
    }
    return status;
}

/* What CHARACTER SET utf8mb4 alone means: sources before MySQL 8.0.11 say nothing of it, as they
 * know one answer only. */
static enum bs_status
put_utf8mb4_default(struct bs_buf *sql, const struct bs_statement *s,
                    const struct bs_translation *t, struct bs_error *err) {
    enum { HAS_THE_VARIABLE = 80011, GENERAL_CI = 45 };
    unsigned int id = s->collation_utf8mb4;
    bool is_mysql = t->target.flavour == BS_MYSQL && t->target.version >= HAS_THE_VARIABLE;
    if (id == 0 && t->source.flavour == BS_MYSQL && t->source.version < HAS_THE_VARIABLE) {
        id = GENERAL_CI;
    }
    if (!is_mysql || id == 0) {
        return BS_OK;
    }
    return put_collation(sql, "default_collation_for_utf8mb4", id, false, t, err);
}

static bool
is_of_utf8mb4(const struct bs_translation *t, unsigned int id) {
    const struct bs_collation *collation = bs_collation_by_id(&t->source_collations, id);
    return collation != NULL && strcmp(collation->charset, "utf8mb4") == 0;
}

/* As MariaDB 11.5 and newer log it. */
static size_t
read_choices(const struct bs_statement *s, struct bs_charset_choice *choices) {
    struct bs_cursor c = bs_cursor(s->charset_collations.data, s->charset_collations.len);
    for (size_t i = 0; i < s->charset_collation_count; i++) {
        choices[i].of = bs_cursor_read_u16(&c);
        choices[i].collation = bs_cursor_read_u16(&c);
    }
    return s->charset_collation_count;
}

struct bs_text_mode
bs_session_context_text_mode(const struct bs_statement *s, const struct bs_translation *t,
                             struct bs_charset_choice choices[BS_SESSION_CHOICES_MAX]) {
    struct bs_text_mode mode = {
        .ansi_quotes = (s->sql_mode & BS_SQL_MODE_ANSI_QUOTES) != 0,
        .no_backslash_escapes = (s->sql_mode & BS_SQL_MODE_NO_BACKSLASH_ESCAPES) != 0,
        .is_strict = (s->sql_mode & BS_SQL_MODE_STRICT) != 0,
        .is_utf8mb4 = bs_statement_has(s, BS_STATEMENT_CHARSET) &&
                      is_of_utf8mb4(t, s->charset_client) &&
                      is_of_utf8mb4(t, s->collation_connection),
        .choices = choices,
    };
    if (bs_statement_has(s, BS_STATEMENT_CHARSET_COLLATIONS)) {
        mode.has_choices = true;
        mode.choices_hold = bs_server_has_charset_collations(&t->target);
        mode.choice_count = read_choices(s, choices);
    } else if (s->collation_utf8mb4 != 0 && bs_translation_to_mariadb(t)) {
        mode.has_choices = true;
        mode.choice_count = 1;
        choices[0] = (struct bs_charset_choice){s->collation_utf8mb4, s->collation_utf8mb4};
    }
    return mode;
}

/* What other charsets mean when they stand alone. */
static enum bs_status
put_charset_collations(struct bs_buf *sql, const struct bs_statement *s,
                       const struct bs_translation *t, struct bs_error *err) {
    struct bs_charset_choice choices[BS_SESSION_CHOICES_MAX];
    enum bs_status status = BS_OK;
    if (!bs_server_has_charset_collations(&t->target)) {
        return BS_OK;
    }
    bs_buf_puts(sql, ", character_set_collations=");
    if (!bs_statement_has(s, BS_STATEMENT_CHARSET_COLLATIONS)) {
        bs_buf_puts(sql, "DEFAULT");
        return BS_OK;
    }
    size_t count = read_choices(s, choices);
    bs_buf_puts(sql, "'");
    for (size_t i = 0; i < count && status == BS_OK; i++) {
        const struct bs_collation *collation = NULL;
        status = find_collation(t, choices[i].collation, &collation, err);
        if (status == BS_OK) {
            bs_buf_printf(sql, "%s%s=%s", i > 0 ? "," : "", collation->charset, collation->name);
        }
    }
    bs_buf_puts(sql, "'");
    return status;
}

static enum bs_status
put_charsets(struct bs_buf *sql, const struct bs_statement *s, const struct bs_translation *t,
             struct bs_error *err) {
    enum bs_status status = BS_OK;
    if (bs_statement_has(s, BS_STATEMENT_CHARSET)) {
        status = put_collation(sql, "character_set_client", s->charset_client, true, t, err);
        if (status == BS_OK) {
            status =
                put_collation(sql, "collation_connection", s->collation_connection, false, t, err);
        }
        if (status == BS_OK) {
            status = put_collation(sql, "collation_server", s->collation_server, false, t, err);
        }
    }
    status = status == BS_OK ? put_utf8mb4_default(sql, s, t, err) : status;
    return status == BS_OK ? put_charset_collations(sql, s, t, err) : status;
}

/* What the event leaves out has a meaning, too: increments of 1, checks on, English names. */
static void
put_flags(struct bs_buf *sql, const struct bs_statement *s, const struct bs_translation *t) {
    uint32_t flags2 = s->flags2;
    bs_buf_printf(sql, ", foreign_key_checks=%d, unique_checks=%d",
                  (flags2 & FLAGS2_NO_FOREIGN_KEY_CHECKS) == 0,
                  (flags2 & FLAGS2_RELAXED_UNIQUE_CHECKS) == 0);
    bs_buf_printf(sql, ", auto_increment_increment=%u, auto_increment_offset=%u",
                  bs_statement_has(s, BS_STATEMENT_AUTO_INCREMENT) ? s->auto_increment_increment
                                                                   : 1u,
                  bs_statement_has(s, BS_STATEMENT_AUTO_INCREMENT) ? s->auto_increment_offset : 1u);
    bs_buf_printf(sql, ", lc_time_names=%u", s->lc_time_names); /* by number: 0 is en_US */
    if (t->target.flavour == BS_MARIADB) {
        uint32_t theirs = t->source.flavour == BS_MARIADB ? flags2 : 0;
        bs_buf_printf(sql, ", check_constraint_checks=%d, sql_if_exists=%d",
                      (theirs & FLAGS2_MARIADB_NO_CHECK_CONSTRAINTS) == 0,
                      (theirs & FLAGS2_MARIADB_IF_EXISTS) != 0);
    }
    bool explicit_defaults = has_explicit_defaults(s, t);
    /* Asked for only where it is needed: some servers let few accounts set it. What one statement
     * has set must not last, so once it can differ it is always said. */
    bool can_differ = s->explicit_defaults_for_timestamp >= 0 ||
                      explicit_defaults != t->target.explicit_defaults_for_timestamp;
    if (can_differ && bs_server_has_explicit_defaults(&t->target)) {
        bs_buf_printf(sql, ", explicit_defaults_for_timestamp=%d", explicit_defaults);
    }
}

/* No event says it, so it is the source's own setting, the same for every statement of a session.
 */
static void
put_utf8(struct bs_buf *sql, const struct bs_translation *t) {
    bool is_utf8mb4 = t->source.utf8_is_utf8mb4;
    if (bs_server_has_utf8_choice(&t->target) && is_utf8mb4 != t->target.utf8_is_utf8mb4) {
        bs_buf_printf(sql, ", old_mode=%s",
                      is_utf8mb4 ? BS_OLD_MODE_WITHOUT_UTF8 : BS_OLD_MODE_WITH_UTF8);
    }
}

enum bs_status
bs_session_context_put(struct bs_buf *sql, const struct bs_statement *s,
                       const struct bs_translation *t, struct bs_error *err) {
    enum { EMPTY_STRING_IS_NULL = 32, ORACLE = 9 };
    if (bs_translation_is_across(t) && (s->sql_mode >> ORACLE & 1) != 0) {
        bs_error_set(err, BS_SCHEMA,
                     "a statement was logged under sql_mode ORACLE, by which types and operators "
                     "of the two flavours mean different things");
        return bs_error_hint(err, BS_DDL_BEGIN_ANEW);
    }
    if (t->source.flavour == BS_MARIADB && t->target.flavour == BS_MYSQL &&
        (s->sql_mode >> EMPTY_STRING_IS_NULL & 1) != 0) {
        bs_error_set(err, BS_SCHEMA,
                     "a statement was logged under sql_mode EMPTY_STRING_IS_NULL, which the target "
                     "does not have");
        return bs_error_hint(err,
                             BS_DDL_BEGIN_ANEW "; without that mode such statements are replayed");
    }
    if (t->source.flavour == BS_MARIADB && t->target.flavour == BS_MYSQL &&
        (s->flags2 & (FLAGS2_MARIADB_NO_CHECK_CONSTRAINTS | FLAGS2_MARIADB_IF_EXISTS)) != 0) {
        bool is_if_exists = (s->flags2 & FLAGS2_MARIADB_IF_EXISTS) != 0;
        bs_error_set(err, BS_SCHEMA,
                     "a statement was logged under %s, which the target does not have",
                     is_if_exists ? "sql_if_exists=ON" : "check_constraint_checks=OFF");
        return bs_error_hint(err, BS_DDL_BEGIN_ANEW);
    }
    bs_buf_printf(sql, "SET timestamp=%" PRIu32, s->timestamp);
    if (s->microseconds > 0) { /* MySQL before 5.6 takes no fraction, and logs none */
        bs_buf_printf(sql, ".%06" PRIu32, s->microseconds);
    }
    bs_buf_puts(sql, ", sql_mode=");
    if (bs_statement_has(s, BS_STATEMENT_SQL_MODE)) {
        bs_buf_puts(sql, "'");
        bs_sql_mode_put(sql, s->sql_mode, &t->source, &t->target);
        bs_buf_puts(sql, "'");
    } else {
        bs_buf_puts(sql, "DEFAULT");
    }
    bs_buf_puts(sql, ", time_zone=");
    if (bs_str_is(s->time_zone, "SYSTEM") && t->source.system_offset[0] != '\0') {
        bs_sql_put_string(sql, bs_str(t->source.system_offset)); /* of the source's system */
    } else if (s->time_zone.len > 0) {
        bs_sql_put_string(sql, s->time_zone);
    } else {
        bs_buf_puts(sql, "DEFAULT");
    }
    put_flags(sql, s, t);
    put_utf8(sql, t);
    return put_charsets(sql, s, t, err);
}

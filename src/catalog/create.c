/* Creating an object as it was created. The happy path: note the session's settings, change them to
 * the object's, run the text, change them back. Whatever fails, the settings go back; if that fails
 * the session is not to be used any further, and the error says so.
 *
 * A stored program also remembers its database's collation, for variables declared without a
 * charset. The servers take it from the database itself, so where that has another one by now it is
 * altered for the moment of the creation. */
#include "catalog/catalog_private.h"

#include "base/mem.h"
#include "sql/text.h"

#include <stdlib.h>
#include <string.h>

struct settings {
    char *db; /* NULL: none */
    char *sql_mode;
    char *charset_client;
    char *collation_connection;
    char *time_zone;
};

static void
settings_fini(struct settings *settings) {
    free(settings->db);
    free(settings->sql_mode);
    free(settings->charset_client);
    free(settings->collation_connection);
    free(settings->time_zone);
}

static enum bs_status
read_settings(struct bs_sql *sql, struct settings *settings, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text,
                "SELECT DATABASE() AS db, @@sql_mode AS mode, @@character_set_client AS charset,"
                " @@collation_connection AS collation, @@time_zone AS zone");
    struct bs_answer answer;
    enum bs_status status = bs_answer_ask(&answer, sql, &text, err);
    bs_buf_fini(&text);
    if (status == BS_OK) {
        status = bs_answer_next(&answer, err);
    }
    if (status == BS_OK && answer.row != NULL) {
        settings->db = bs_answer_copy(&answer, "db");
        settings->sql_mode = bs_answer_copy(&answer, "mode");
        settings->charset_client = bs_answer_copy(&answer, "charset");
        settings->collation_connection = bs_answer_copy(&answer, "collation");
        settings->time_zone = bs_answer_copy(&answer, "zone");
    }
    bs_answer_fini(&answer);
    return status;
}

/* Modes that some servers no longer have and that change nothing in how a text is read or run. Any
 * other mode that the target lacks makes it refuse the object. */
static bool
is_harmless_mode(struct bs_str mode) {
    static const char *const names[] = {"NO_AUTO_CREATE_USER",
                                        "NO_FIELD_OPTIONS",
                                        "NO_KEY_OPTIONS",
                                        "NO_TABLE_OPTIONS",
                                        "MYSQL323",
                                        "MYSQL40",
                                        "POSTGRESQL",
                                        "MSSQL",
                                        "DB2",
                                        "MAXDB"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (bs_str_is_nocase(mode, names[i])) {
            return true;
        }
    }
    return false;
}

static char *
without_harmless_modes(const char *modes) {
    struct bs_buf kept = {0};
    for (const char *at = modes; *at != '\0';) {
        size_t len = strcspn(at, ",");
        if (len > 0 && !is_harmless_mode((struct bs_str){at, len})) {
            bs_buf_puts(&kept, kept.len > 0 ? "," : "");
            bs_buf_put(&kept, at, len);
        }
        at += len + (at[len] == ',');
    }
    return bs_buf_take_cstr(&kept);
}

static enum bs_status
set_sql_mode(struct bs_sql *sql, const char *modes, struct bs_error *err) {
    enum { ER_WRONG_VALUE_FOR_VAR_NO = 1231 };
    struct bs_error failure;
    bs_error_clear(&failure);
    enum bs_status status = bs_sql_exec(sql, &failure, "SET sql_mode='%s'", modes);
    if (status == BS_SERVER && failure.sql_errno == ER_WRONG_VALUE_FOR_VAR_NO) {
        char *kept = without_harmless_modes(modes);
        status = bs_sql_exec(sql, &failure, "SET sql_mode='%s'", kept);
        free(kept);
    }
    if (status != BS_OK && err != NULL) {
        *err = failure;
    }
    return status;
}

static enum bs_status
set_time_zone(struct bs_sql *sql, const char *zone, struct bs_error *err) {
    enum { ER_UNKNOWN_TIME_ZONE_NO = 1298 };
    struct bs_error failure;
    bs_error_clear(&failure);
    enum bs_status status = bs_sql_exec(sql, &failure, "SET time_zone='%s'", zone);
    if (status == BS_SERVER && failure.sql_errno == ER_UNKNOWN_TIME_ZONE_NO) {
        bs_error_hint(&failure, "load the time zone tables on this server: mysql_tzinfo_to_sql "
                                "/usr/share/zoneinfo | mysql mysql");
    }
    if (status != BS_OK && err != NULL) {
        *err = failure;
    }
    return status;
}

static enum bs_status
apply_settings(struct bs_sql *sql, const struct settings *settings, struct bs_error *err) {
    enum bs_status status = set_sql_mode(sql, settings->sql_mode, err);
    if (status == BS_OK && settings->time_zone != NULL) {
        status = set_time_zone(sql, settings->time_zone, err);
    }
    if (status == BS_OK) {
        status = bs_sql_exec(sql, err, "SET character_set_client=%s, collation_connection=%s",
                             settings->charset_client, settings->collation_connection);
    }
    return status;
}

/* The settings of the object, borrowed from it: not to be freed. */
static struct settings
settings_of(const struct bs_sql *sql, const struct bs_object *object,
            const struct settings *session) {
    static char charset[] = "utf8mb4";
    static char collation[] = "utf8mb4_general_ci";
    static char old_charset[] = "utf8";
    static char old_collation[] = "utf8_general_ci";
    bool has_utf8mb4 = strcmp(bs_sql_utf8(sql), charset) == 0;
    bool has_charset = object->charset_client != NULL && object->collation_connection != NULL;
    return (struct settings){
        .sql_mode = object->sql_mode != NULL ? object->sql_mode : session->sql_mode,
        .charset_client = has_charset   ? object->charset_client
                          : has_utf8mb4 ? charset
                                        : old_charset,
        .collation_connection = has_charset   ? object->collation_connection
                                : has_utf8mb4 ? collation
                                              : old_collation,
        .time_zone = object->time_zone,
    };
}

static enum bs_status
alter_collation(struct bs_sql *sql, const char *db, const char *collation, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "ALTER DATABASE ");
    bs_sql_put_ident(&text, bs_str(db));
    bs_buf_printf(&text, " COLLATE %s", collation);
    enum bs_status status = bs_sql_run(sql, bs_buf_str(&text), err);
    bs_buf_fini(&text);
    return status;
}

/* The target's collation of the object's database in *now, if it has to be altered. */
static enum bs_status
needs_other_collation(struct bs_sql *sql, const struct bs_object *object, struct bs_buf *now,
                      bool *needs, struct bs_error *err) {
    *needs = false;
    if (object->collation_database == NULL || object->kind == BS_OBJECT_DATABASE) {
        return BS_OK;
    }
    bool found = false;
    enum bs_status status = bs_sql_value(sql, now, &found, err, "SELECT @@collation_database");
    *needs =
        status == BS_OK && found && !bs_str_is_nocase(bs_buf_str(now), object->collation_database);
    return status;
}

static enum bs_status
run_text(struct bs_sql *sql, const struct bs_object *object, struct bs_error *err) {
    enum { ER_SPECIFIC_ACCESS_DENIED_NO = 1227, ER_BINLOG_UNSAFE_ROUTINE_NO = 1418 };
    struct bs_error failure;
    bs_error_clear(&failure);
    enum bs_status status = bs_sql_run(sql, bs_str(object->create), &failure);
    if (status == BS_SERVER && failure.sql_errno == ER_SPECIFIC_ACCESS_DENIED_NO) {
        bs_error_hint(&failure,
                      "creating an object for another DEFINER needs SET USER on MariaDB, "
                      "SET_ANY_DEFINER (SET_USER_ID before 8.2) on MySQL 8 and newer, SUPER "
                      "before");
    } else if (status == BS_SERVER && failure.sql_errno == ER_BINLOG_UNSAFE_ROUTINE_NO) {
        bs_error_hint(&failure, "SET GLOBAL log_bin_trust_function_creators=1 on this server");
    }
    if (status != BS_OK && err != NULL) {
        *err = failure;
    }
    return status;
}

/* Keeps the first failure of a way out that goes on whatever fails. */
static void
keep_first(enum bs_status *status, struct bs_error *err, enum bs_status next,
           const struct bs_error *failure) {
    if (*status == BS_OK && next != BS_OK) {
        *status = next;
        *err = *failure;
    }
}

/* In the object's settings; back in the session's when this returns. */
static enum bs_status
create_in_settings(struct bs_sql *sql, const struct bs_object *object,
                   const struct settings *session, struct bs_error *err) {
    struct settings wanted = settings_of(sql, object, session);
    enum bs_status status = apply_settings(sql, &wanted, err);
    if (status == BS_OK) {
        status = run_text(sql, object, err);
    }
    struct bs_error failure;
    bs_error_clear(&failure);
    enum bs_status back = apply_settings(sql, session, &failure);
    keep_first(&status, err, back, &failure);
    return status;
}

/* In the object's database, and with its collation. Names go out in the session's own charset. */
static enum bs_status
create_in_database(struct bs_sql *sql, const struct bs_object *object,
                   const struct settings *session, struct bs_error *err) {
    struct bs_buf collation = {0};
    bool alters = false;
    enum bs_status status =
        object->kind == BS_OBJECT_DATABASE ? BS_OK : bs_sql_use(sql, object->db, err);
    if (status == BS_OK) {
        status = needs_other_collation(sql, object, &collation, &alters, err);
    }
    if (status == BS_OK && alters) {
        status = alter_collation(sql, object->db, object->collation_database, err);
    }
    if (status == BS_OK) {
        status = create_in_settings(sql, object, session, err);
    }
    if (alters) {
        struct bs_error failure;
        bs_error_clear(&failure);
        enum bs_status back = alter_collation(sql, object->db, bs_buf_cstr(&collation), &failure);
        keep_first(&status, err, back, &failure);
    }
    bs_buf_fini(&collation);
    return status;
}

enum bs_status
bs_catalog_create(struct bs_sql *sql, const struct bs_object *object, struct bs_error *err) {
    struct settings session = {0};
    struct bs_error failure, back_failure;
    bs_error_clear(&failure);
    bs_error_clear(&back_failure);
    enum bs_status status = read_settings(sql, &session, &failure);
    if (status == BS_OK) {
        status = create_in_database(sql, object, &session, &failure);
        /* A session that had no database cannot be brought back to having none. */
        enum bs_status back =
            bs_sql_use(sql, session.db != NULL ? session.db : "information_schema", &back_failure);
        keep_first(&status, &failure, back, &back_failure);
    }
    settings_fini(&session);
    if (status != BS_OK) {
        bs_error_context(&failure, "creating %s %s%s%s", bs_object_kind_name(object->kind),
                         object->db, *object->name != '\0' ? "." : "", object->name);
        if (err != NULL) {
            *err = failure;
        }
    }
    return status;
}

static enum bs_status
run_drop(struct bs_sql *sql, const struct bs_object *object, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_printf(&text, "DROP %s IF EXISTS ", bs_object_kind_name(object->kind));
    if (object->kind == BS_OBJECT_DATABASE) {
        bs_sql_put_ident(&text, bs_str(object->db));
    } else {
        bs_sql_put_table(&text, bs_str(object->db), bs_str(object->name));
    }
    enum bs_status status = bs_sql_run(sql, bs_buf_str(&text), err);
    bs_buf_fini(&text);
    return status;
}

/* Outside of sql_mode ORACLE, MariaDB before 11.4 knows the word PACKAGE in SHOW only. */
static enum bs_status
drop_package(struct bs_sql *sql, const struct bs_object *object, struct bs_error *err) {
    struct bs_error failure;
    bs_error_clear(&failure);
    enum bs_status status =
        bs_sql_exec(sql, err, "SET @binstream_mode=@@sql_mode, sql_mode='ORACLE'");
    if (status != BS_OK) {
        return status;
    }
    status = run_drop(sql, object, err);
    enum bs_status back =
        bs_sql_exec(sql, &failure, "SET sql_mode=@binstream_mode, @binstream_mode=NULL");
    keep_first(&status, err, back, &failure);
    return status;
}

enum bs_status
bs_catalog_drop(struct bs_sql *sql, const struct bs_object *object, struct bs_error *err) {
    bool is_package = object->kind == BS_OBJECT_PACKAGE || object->kind == BS_OBJECT_PACKAGE_BODY;
    return is_package ? drop_package(sql, object, err) : run_drop(sql, object, err);
}

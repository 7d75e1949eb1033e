#include "snapshot/undo.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/stop.h"
#include "catalog/catalog.h"
#include "sql/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    DROP_TRY_S = 2,
    DROP_WAIT_MS = 60000,
    LOCK_WAIT_TIMEOUT = 1205,
};

/* What is at hand, for all of it. */
struct undo {
    struct bs_sql *control;
    const struct bs_state *state;
    int64_t wait_left_ms; /* for those who read, or have locked, what is to be dropped */
    bool is_told;         /* that it is waited for them */
};

static enum bs_status
try_drop(struct undo *undo, const struct bs_object *made, struct bs_error *err) {
    int64_t since_ms = bs_clock_mono_ms();
    enum bs_status status = bs_catalog_drop(undo->control, made, err);
    if (status != BS_SERVER || err->sql_errno != LOCK_WAIT_TIMEOUT) {
        return status;
    }
    undo->wait_left_ms -= bs_clock_mono_ms() - since_ms;
    if (!undo->is_told) {
        bs_log(BS_LOG_INFO,
               "another session on the target reads or locks %s.%s, which an earlier attempt made "
               "and which is to be dropped: waiting for it",
               made->db, made->name);
        undo->is_told = true;
    }
    return bs_error_hint(err, "another session on the target reads it, or has it locked: end that "
                              "one (SHOW PROCESSLIST there), and run the same command again");
}

/* Somebody may read what we have made, who knows for how long, while the source's tables are held
 * by us. In short waits: who wants to stop the run does not wait. */
static enum bs_status
drop_patiently(struct undo *undo, const struct bs_object *made, struct bs_error *err) {
    struct bs_error refused;
    bs_error_clear(&refused);
    enum bs_status status = bs_sql_limit_table_waits(undo->control, DROP_TRY_S, err);
    if (status != BS_OK) {
        return status;
    }
    bool goes_on = true;
    while (goes_on) {
        bs_error_clear(&refused);
        status = try_drop(undo, made, &refused);
        goes_on = status == BS_SERVER && refused.sql_errno == LOCK_WAIT_TIMEOUT &&
                  undo->wait_left_ms > 0 && !bs_stop_requested();
    }
    if (bs_stop_requested()) {
        return bs_stop_check(err);
    }
    if (status != BS_OK && err != NULL) {
        *err = refused;
    }
    return status == BS_OK ? bs_sql_limit_table_waits(undo->control, 0, err) : status;
}

/* A database goes only if nothing is in it: neither what stays, nor what others have put there. */
static enum bs_status
drop_database(struct undo *undo, const struct bs_object *made, bool *dropped,
              struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_buf value = {0};
    bool found = false;
    bs_sql_put_string(&text, bs_str(made->db));
    const char *name = bs_buf_cstr(&text);
    enum bs_status status =
        bs_sql_value(undo->control, &value, &found, err,
                     "SELECT (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA=%s)"
                     "+(SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA=%s)"
                     "+(SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA=%s)",
                     name, name, name);
    *dropped = status == BS_OK && found && strcmp(bs_buf_cstr(&value), "0") == 0;
    if (*dropped) {
        status = drop_patiently(undo, made, err);
    }
    bs_buf_fini(&text);
    bs_buf_fini(&value);
    return status;
}

/* Views and routines, then tables, then databases: each pass drops its kinds. */
static int
drop_pass(enum bs_object_kind kind) {
    switch (kind) {
    case BS_OBJECT_VIEW:
    case BS_OBJECT_PROCEDURE:
    case BS_OBJECT_FUNCTION:
    case BS_OBJECT_PACKAGE:
    case BS_OBJECT_PACKAGE_BODY:
    case BS_OBJECT_TRIGGER:
    case BS_OBJECT_EVENT:
        return 0;
    case BS_OBJECT_TABLE:
    case BS_OBJECT_SEQUENCE:
        return 1;
    case BS_OBJECT_DATABASE:
        return 2;
    }
    return 0;
}

static const struct bs_object *
find_database(const struct bs_schema *schema, const char *db) {
    for (size_t i = 0; i < schema->object_count; i++) {
        const struct bs_object *object = &schema->objects[i];
        if (object->kind == BS_OBJECT_DATABASE && strcmp(object->db, db) == 0) {
            return object;
        }
    }
    return NULL;
}

/* It may have been altered on the source since it was made. */
static enum bs_status
keep_database(struct bs_sql *control, const struct bs_schema *schema, const char *db,
              struct bs_error *err) {
    const struct bs_object *object = find_database(schema, db);
    if (object == NULL) {
        bs_log(BS_LOG_INFO, "database %s on the target stays: it is not empty", db);
        return BS_OK;
    }
    if (object->collation_database == NULL) {
        return BS_OK;
    }
    struct bs_buf text = {0};
    bs_buf_puts(&text, "ALTER DATABASE ");
    bs_sql_put_ident(&text, bs_str(db));
    bs_buf_printf(&text, " DEFAULT COLLATE %s", object->collation_database);
    enum bs_status status = bs_sql_run(control, bs_buf_str(&text), err);
    bs_buf_fini(&text);
    return status;
}

static enum bs_status
undo_database(struct undo *undo, const struct bs_schema *schema, const struct bs_object *made,
              struct bs_error *err) {
    bool dropped = false;
    enum bs_status status = drop_database(undo, made, &dropped, err);
    if (status == BS_OK && dropped) {
        return bs_state_forget_made(undo->control, undo->state, made->kind, made->db, made->name,
                                    err);
    }
    return status == BS_OK ? keep_database(undo->control, schema, made->db, err) : status;
}

static bool
stays(const struct bs_resume *resume, const struct bs_schema *schema,
      const struct bs_object *made) {
    for (size_t i = 0; i < schema->table_count && made->kind == BS_OBJECT_TABLE; i++) {
        if (strcmp(schema->tables[i]->db, made->db) == 0 &&
            strcmp(schema->tables[i]->name, made->name) == 0) {
            return resume->tables[i].fate != BS_FATE_FRESH;
        }
    }
    return false;
}

/* The ledger first: what it says is in must be there at any moment. */
static enum bs_status
undo_object(struct undo *undo, const struct bs_object *made, struct bs_error *err) {
    bool has_rows = drop_pass(made->kind) == 1; /* a routine may have a table's name */
    enum bs_status status =
        has_rows ? bs_state_forget_table(undo->control, undo->state, made->db, made->name, err)
                 : BS_OK;
    if (has_rows) {
        bs_fault_point("snapshot-table-forgotten");
    }
    if (status == BS_OK) {
        status = drop_patiently(undo, made, err);
    }
    return status == BS_OK ? bs_state_forget_made(undo->control, undo->state, made->kind, made->db,
                                                  made->name, err)
                           : status;
}

static enum bs_status
undo_pass(struct undo *undo, const struct bs_resume *resume, const struct bs_schema *schema,
          const struct bs_object *made, struct bs_error *err) {
    if (made->kind == BS_OBJECT_DATABASE) {
        return undo_database(undo, schema, made, err);
    }
    return stays(resume, schema, made) ? BS_OK : undo_object(undo, made, err);
}

enum bs_status
bs_undo_rest(struct bs_sql *control, const struct bs_state *state, const struct bs_resume *resume,
             const struct bs_schema *schema, struct bs_error *err) {
    struct undo undo = {.control = control, .state = state, .wait_left_ms = DROP_WAIT_MS};
    struct bs_object *made = NULL;
    size_t count = 0;
    enum bs_status status = bs_state_list_made(control, state, &made, &count, err);
    if (status == BS_OK) {
        status = bs_sql_exec(control, err, "SET foreign_key_checks=0");
    }
    for (int pass = 0; pass <= 2; pass++) {
        for (size_t i = 0; i < count && status == BS_OK; i++) {
            if (drop_pass(made[i].kind) != pass) {
                continue;
            }
            status = undo_pass(&undo, resume, schema, &made[i], err);
            if (status != BS_OK) {
                bs_error_context(err, "dropping what an earlier attempt made: %s %s.%s",
                                 bs_object_kind_name(made[i].kind), made[i].db, made[i].name);
            }
        }
    }
    bs_objects_free(made, count);
    return status == BS_OK ? bs_sql_exec(control, err, "SET foreign_key_checks=1") : status;
}

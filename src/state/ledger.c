/* What the copy has done on the target: the objects that it made and the chunks that are in. */
#include "state/state.h"

#include "base/clock.h"
#include "base/mem.h"
#include "sql/text.h"
#include "state/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const enum bs_object_kind KINDS[] = {
    BS_OBJECT_DATABASE, BS_OBJECT_TABLE,    BS_OBJECT_VIEW,         BS_OBJECT_PROCEDURE,
    BS_OBJECT_FUNCTION, BS_OBJECT_PACKAGE,  BS_OBJECT_PACKAGE_BODY, BS_OBJECT_TRIGGER,
    BS_OBJECT_EVENT,    BS_OBJECT_SEQUENCE,
};

/* The ordinal keeps the order in which the objects were made. */
enum bs_status
bs_state_note_made(struct bs_sql *sql, const struct bs_state *state, enum bs_object_kind kind,
                   const char *db, const char *name, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "REPLACE INTO ");
    bs_state_put_name(&text, state, "made");
    bs_buf_puts(&text, " SET task=");
    bs_state_put_text(&text, state->task);
    bs_buf_printf(&text, ", kind='%s', db=", bs_object_kind_name(kind));
    bs_state_put_text(&text, db);
    bs_buf_puts(&text, ", name=");
    bs_state_put_text(&text, name);
    bs_buf_printf(&text, ", ordinal=%" PRId64, bs_clock_wall_us());
    enum bs_status status = bs_state_run(sql, &text, err);
    return status == BS_OK ? BS_OK
                           : bs_error_context(err, "recording the making of '%s.%s'", db, name);
}

enum bs_status
bs_state_made_by_other(struct bs_sql *sql, const struct bs_state *state, const char *db,
                       const char *name, struct bs_buf *task, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    bs_buf_puts(&text, "SELECT task FROM ");
    bs_state_put_name(&text, state, "made");
    bs_buf_puts(&text, " WHERE task<>");
    bs_state_put_text(&text, state->task);
    bs_state_put_object(&text, bs_str(db), bs_str(name));
    bs_buf_puts(&text, " LIMIT 1 FOR UPDATE");
    enum bs_status status = bs_state_row(sql, &text, &result, &fields, err);
    if (status == BS_OK && fields != NULL) {
        bs_buf_put_str(task, fields[0]);
    }
    bs_sql_result_free(result);
    return status;
}

static bool
read_made(struct bs_object *object, const struct bs_str *fields) {
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
        if (bs_str_is(fields[0], bs_object_kind_name(KINDS[i]))) {
            *object = (struct bs_object){.kind = KINDS[i],
                                         .db = bs_state_field_dup(fields[1]),
                                         .name = bs_state_field_dup(fields[2])};
            return true;
        }
    }
    return false;
}

enum bs_status
bs_state_list_made(struct bs_sql *sql, const struct bs_state *state, struct bs_object **objects,
                   size_t *count, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    *objects = NULL;
    *count = 0;
    bs_buf_puts(&text, "SELECT kind, db, name FROM ");
    bs_state_put_name(&text, state, "made");
    bs_state_put_where(&text, state);
    bs_buf_puts(&text, " ORDER BY ordinal, kind, db, name");
    enum bs_status status = bs_state_query(sql, &text, &result, err);
    if (status != BS_OK) {
        return bs_state_is_absent(err) ? BS_OK : status;
    }
    *objects = bs_zalloc((size_t)(bs_sql_row_count(result) + 1) * sizeof **objects);
    while ((status = bs_sql_next(result, &fields, err)) == BS_OK && fields != NULL) {
        if (!read_made(&(*objects)[*count], fields)) {
            status = bs_error_set(err, BS_SCHEMA, "the state lists an object of unknown kind '%s'",
                                  fields[0].data);
            break;
        }
        (*count)++;
    }
    bs_sql_result_free(result);
    return status;
}

enum bs_status
bs_state_forget_made(struct bs_sql *sql, const struct bs_state *state, enum bs_object_kind kind,
                     const char *db, const char *name, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "DELETE FROM ");
    bs_state_put_name(&text, state, "made");
    bs_state_put_where(&text, state);
    bs_buf_printf(&text, " AND kind='%s'", bs_object_kind_name(kind));
    bs_state_put_object(&text, bs_str(db), bs_str(name));
    return bs_state_run(sql, &text, err);
}

enum bs_status
bs_state_note_chunk(struct bs_sql *sql, const struct bs_state *state, const char *db,
                    const char *table, const struct bs_chunk_note *note, struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "INSERT INTO ");
    bs_state_put_name(&text, state, "chunk");
    bs_buf_puts(&text, " SET task=");
    bs_state_put_text(&text, state->task);
    bs_buf_puts(&text, ", db=");
    bs_state_put_text(&text, db);
    bs_buf_puts(&text, ", name=");
    bs_state_put_text(&text, table);
    bs_buf_printf(&text,
                  ", chunk=%" PRIu64 ", row_total=%" PRIu64 ", byte_total=%" PRIu64
                  ", is_last=%d, lower=",
                  note->number, note->rows, note->bytes, note->is_last);
    bs_sql_put_string(&text, note->lower);
    bs_buf_puts(&text, ", upper=");
    bs_sql_put_string(&text, note->upper);
    enum bs_status status = bs_state_run(sql, &text, err);
    return status == BS_OK ? BS_OK
                           : bs_error_context(err, "recording chunk %" PRIu64 " of '%s.%s'",
                                              note->number, db, table);
}

static void
copy_bounds(struct bs_chunk_note *note, struct bs_str lower, struct bs_str upper) {
    note->text = bs_alloc(lower.len + upper.len + 1);
    memcpy(note->text, lower.data, lower.len);
    memcpy(note->text + lower.len, upper.data, upper.len);
    note->lower = (struct bs_str){note->text, lower.len};
    note->upper = (struct bs_str){note->text + lower.len, upper.len};
}

enum bs_status
bs_state_list_chunks(struct bs_sql *sql, const struct bs_state *state, const char *db,
                     const char *table, struct bs_chunk_note **notes, size_t *count,
                     struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    *notes = NULL;
    *count = 0;
    bs_buf_puts(&text, "SELECT chunk, row_total, byte_total, is_last, lower, upper FROM ");
    bs_state_put_name(&text, state, "chunk");
    bs_state_put_where(&text, state);
    bs_state_put_object(&text, bs_str(db), bs_str(table));
    bs_buf_puts(&text, " ORDER BY chunk");
    enum bs_status status = bs_state_query(sql, &text, &result, err);
    if (status != BS_OK) {
        return status;
    }
    *notes = bs_zalloc((size_t)(bs_sql_row_count(result) + 1) * sizeof **notes);
    while ((status = bs_sql_next(result, &fields, err)) == BS_OK && fields != NULL) {
        struct bs_chunk_note *note = &(*notes)[(*count)++];
        *note = (struct bs_chunk_note){
            .number = bs_state_field_u64(fields[0]),
            .rows = bs_state_field_u64(fields[1]),
            .bytes = bs_state_field_u64(fields[2]),
            .is_last = bs_state_field_u64(fields[3]) != 0,
        };
        copy_bounds(note, fields[4], fields[5]);
    }
    bs_sql_result_free(result);
    return status;
}

void
bs_chunk_notes_free(struct bs_chunk_note *notes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(notes[i].text);
    }
    free(notes);
}

enum bs_status
bs_state_chunk_totals(struct bs_sql *sql, const struct bs_state *state, uint64_t *chunks,
                      uint64_t *rows, uint64_t *bytes, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    *chunks = *rows = *bytes = 0;
    bs_buf_puts(&text, "SELECT COUNT(*), SUM(row_total), SUM(byte_total) FROM ");
    bs_state_put_name(&text, state, "chunk");
    bs_state_put_where(&text, state);
    enum bs_status status = bs_state_row(sql, &text, &result, &fields, err);
    if (status != BS_OK && bs_state_is_absent(err)) {
        status = BS_OK;
    } else if (status == BS_OK && fields != NULL) {
        *chunks = bs_state_field_u64(fields[0]);
        *rows = bs_state_field_u64(fields[1]);
        *bytes = bs_state_field_u64(fields[2]);
    }
    bs_sql_result_free(result);
    return status;
}

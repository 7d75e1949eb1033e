#include "snapshot/early.h"

#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "snapshot/altered.h"
#include "snapshot/plan.h"
#include "snapshot/row_text.h"
#include "sql/text.h"

#include <stdlib.h>

enum { BLOCK_BYTES = 1 << 20 };

/* The period's columns are the last two. */
static const char *
start_name(const struct bs_copy *copy) {
    return copy->columns[copy->column_count - 2].column->name;
}

static const char *
end_name(const struct bs_copy *copy) {
    return copy->columns[copy->column_count - 1].column->name;
}

static void
put_period(struct bs_buf *out, const struct bs_copy *copy, const char *op) {
    bs_sql_put_ident(out, bs_str(start_name(copy)));
    bs_buf_puts(out, op);
    bs_sql_put_ident(out, bs_str(end_name(copy)));
}

void
bs_early_put_others(struct bs_buf *out, const struct bs_copy *copy, bool has_where) {
    if (copy->for_ever != NULL) {
        bs_buf_puts(out, has_where ? " AND " : " WHERE ");
        put_period(out, copy, "<");
    }
}

static enum bs_status
store(struct bs_sql *target, const struct bs_copy *plain, const struct bs_str *fields,
      struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, plain->insert);
    uint32_t zeros = bs_row_put_insert(&text, plain, fields);
    enum bs_status status = bs_sql_run(target, bs_buf_str(&text), err);
    if (status == BS_OK && bs_sql_warning_count(target) != zeros) {
        status = bs_error_set(err, BS_CONFLICT, "the target would change a value");
    }
    bs_buf_fini(&text);
    return status;
}

/* The one current row there is: by its key, so that history is not looked through for it. */
static enum bs_status
empty(struct bs_sql *target, const struct bs_copy *plain, const struct bs_str *fields,
      struct bs_error *err) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, "DELETE FROM ");
    bs_sql_put_table(&text, bs_str(plain->table->db), bs_str(plain->table->name));
    bs_plan_put_row(&text, plain, fields);
    enum bs_status status = bs_sql_run(target, bs_buf_str(&text), err);
    bs_buf_fini(&text);
    return status;
}

/* What happens to each row of early history on its way. */
typedef enum bs_status put_row(void *arg, const struct bs_str *fields, struct bs_error *err);

/* The rows that are made on a target. */
struct making {
    struct bs_sql *target;
    struct bs_copy *plain; /* the table without its period: it is not given, but made */
};

static enum bs_status
make_row(void *arg, const struct bs_str *fields, struct bs_error *err) {
    struct making *making = arg;
    struct bs_sql *target = making->target;
    enum bs_status status = bs_sql_exec(target, err, "SET timestamp=UNIX_TIMESTAMP('%.*s')",
                                        (int)fields[making->plain->column_count].len,
                                        fields[making->plain->column_count].data);
    if (status == BS_OK) {
        status = store(target, making->plain, fields, err);
    }
    return status == BS_OK ? empty(target, making->plain, fields, err) : status;
}

static enum bs_status
begin_making(struct making *making, struct bs_sql *target, const struct bs_copy *copy,
             struct bs_error *err) {
    making->target = target;
    making->plain = bs_copy_new(copy->table, BS_MARIADB, copy->table, NULL);
    return bs_sql_exec(target, err, "SET sql_mode='" BS_SQL_MODE_LENIENT "'");
}

static enum bs_status
end_making(struct making *making, enum bs_status status, struct bs_error *err) {
    if (status == BS_OK) {
        status =
            bs_sql_exec(making->target, err, "SET timestamp=DEFAULT, sql_mode='" BS_SQL_MODE "'");
    }
    bs_copy_free(making->plain);
    return status;
}

/* Counts what is left out. */
static enum bs_status
look_for_earlier(struct bs_sql *view, const struct bs_copy *copy, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_buf count = {0};
    bool found = false;
    bs_sql_put_table(&text, bs_str(copy->table->db), bs_str(copy->table->name));
    bs_buf_puts(&text, " FOR SYSTEM_TIME ALL WHERE ");
    put_period(&text, copy, ">");
    enum bs_status status =
        bs_sql_value(view, &count, &found, err, "SELECT COUNT(*) FROM %s", bs_buf_cstr(&text));
    if (status == BS_OK && found && !bs_str_is(bs_buf_str(&count), "0")) {
        bs_log(BS_LOG_WARNING,
               "%s rows of history of %s.%s that end before they begin are left out: no moment "
               "shows them, and the target does not take them",
               bs_buf_cstr(&count), copy->table->db, copy->table->name);
    }
    bs_buf_fini(&text);
    bs_buf_fini(&count);
    return status;
}

static enum bs_status
read_view(struct bs_sql *view, const struct bs_copy *copy, put_row *put, void *arg,
          struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *rows = NULL;
    const struct bs_str *fields = NULL;
    bs_buf_puts(&text, copy->select);
    bs_buf_puts(&text, " WHERE ");
    put_period(&text, copy, "=");
    enum bs_status put_status = BS_OK;
    enum bs_status status = look_for_earlier(view, copy, err);
    if (status == BS_OK) {
        status = bs_sql_stream(view, bs_buf_str(&text), &rows, err);
    }
    while (status == BS_OK && put_status == BS_OK &&
           (status = bs_sql_next(rows, &fields, err)) == BS_OK && fields != NULL) {
        put_status = put(arg, fields, err);
        put_status = put_status == BS_OK ? bs_stop_check(err) : put_status;
    }
    bs_sql_result_free(rows);
    bs_buf_fini(&text);
    return status == BS_OK ? put_status : bs_altered_explain(copy, err);
}

static enum bs_status
name_table(const struct bs_copy *copy, enum bs_status status, struct bs_error *err) {
    return status == BS_OK ? BS_OK
                           : bs_error_context(err, "copying history of table %s.%s",
                                              copy->table->db, copy->table->name);
}

enum bs_status
bs_early_copy(struct bs_sql *view, struct bs_sql *target, const struct bs_copy *copy,
              struct bs_error *err) {
    struct making making;
    enum bs_status status = begin_making(&making, target, copy, err);
    if (status == BS_OK) {
        status = read_view(view, copy, make_row, &making, err);
    }
    return name_table(copy, end_making(&making, status, err), err);
}

struct saving {
    const struct bs_copy *copy;
    struct bs_chunk_writer *writer;
    struct bs_buf block;
    uint64_t rows; /* in the block */
};

static enum bs_status
end_block(struct saving *saving, struct bs_error *err) {
    enum bs_status status =
        saving->rows > 0
            ? bs_chunk_writer_put(saving->writer, bs_buf_str(&saving->block), saving->rows, err)
            : BS_OK;
    bs_buf_clear(&saving->block);
    saving->rows = 0;
    return status;
}

static enum bs_status
save_row(void *arg, const struct bs_str *fields, struct bs_error *err) {
    struct saving *saving = arg;
    bs_chunk_put_row(&saving->block, fields, saving->copy->column_count);
    saving->rows++;
    return saving->block.len >= BLOCK_BYTES ? end_block(saving, err) : BS_OK;
}

static enum bs_status
save_file(struct saving *saving, struct bs_sql *view, const char *path, struct bs_file_facts *facts,
          struct bs_error *err) {
    enum bs_status status = bs_chunk_writer_open(&saving->writer, path, err);
    if (status != BS_OK) {
        return status;
    }
    status = read_view(view, saving->copy, save_row, saving, err);
    if (status == BS_OK) {
        status = end_block(saving, err);
    }
    if (status == BS_OK) {
        return bs_chunk_writer_close(saving->writer, facts, err);
    }
    bs_chunk_writer_abandon(saving->writer);
    return status;
}

enum bs_status
bs_early_save(struct bs_sql *view, struct bs_archive *archive, const struct bs_copy *copy,
              struct bs_error *err) {
    struct saving saving = {.copy = copy};
    struct bs_file_facts facts;
    char *path = bs_archive_early_path(archive, copy->archived);
    enum bs_status status = save_file(&saving, view, path, &facts, err);
    if (status == BS_OK) {
        status = bs_archive_note_early(archive, copy->archived, &facts, err);
    }
    if (status == BS_OK) {
        bs_fault_point("archive-early-noted");
    }
    bs_buf_fini(&saving.block);
    free(path);
    return name_table(copy, status, err);
}

static enum bs_status
make_block(struct making *making, const char *path, struct bs_str block, size_t count,
           struct bs_error *err) {
    struct bs_str *fields = bs_alloc(count * sizeof *fields);
    size_t at = 0;
    bool more = true;
    enum bs_status status = BS_OK;
    while (status == BS_OK) {
        status = bs_chunk_next_row(block, &at, fields, count, &more, err);
        if (status != BS_OK) {
            status = bs_archive_damaged(path, "its rows are not of this table", err);
        } else if (!more) {
            break;
        } else {
            status = make_row(making, fields, err);
        }
    }
    free(fields);
    return status;
}

static enum bs_status
load_file(struct making *making, const char *path, const struct bs_copy *copy,
          struct bs_error *err) {
    struct bs_chunk_reader *reader = NULL;
    struct bs_str block = {NULL, 0};
    enum bs_status status = bs_chunk_reader_open(&reader, path, &copy->archived->early, err);
    while (status == BS_OK && (status = bs_chunk_reader_next(reader, &block, err)) == BS_OK &&
           block.data != NULL) {
        status = make_block(making, path, block, copy->column_count, err);
    }
    bs_chunk_reader_free(reader);
    return status;
}

enum bs_status
bs_early_load(const struct bs_archive *archive, struct bs_sql *target, const struct bs_copy *copy,
              struct bs_error *err) {
    struct making making;
    char *path = bs_archive_early_path(archive, copy->archived);
    enum bs_status status = begin_making(&making, target, copy, err);
    if (status == BS_OK) {
        status = load_file(&making, path, copy, err);
    }
    free(path);
    return name_table(copy, end_making(&making, status, err), err);
}

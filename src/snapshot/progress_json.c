#include "snapshot/progress.h"

#include "base/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { MS_PER_S = 1000 };

double
bs_progress_per_s(uint64_t done, uint64_t kept, int64_t elapsed_ms) {
    return elapsed_ms > 0 && done > kept ? (double)(done - kept) * MS_PER_S / (double)elapsed_ms
                                         : 0;
}

int64_t
bs_progress_left_ms(uint64_t done, uint64_t kept, uint64_t estimate, int64_t elapsed_ms) {
    double rate = bs_progress_per_s(done, kept, elapsed_ms);
    return rate > 0 && estimate > done ? (int64_t)((double)(estimate - done) * MS_PER_S / rate)
                                       : -1;
}

/* Writing. */

static void
put_rate(struct bs_buf *out, uint64_t done, uint64_t kept, uint64_t estimate, int64_t elapsed_ms) {
    int64_t left_ms = bs_progress_left_ms(done, kept, estimate, elapsed_ms);
    bs_json_put_double(out, "bytes_per_s", bs_progress_per_s(done, kept, elapsed_ms));
    if (left_ms >= 0) {
        bs_json_put_double(out, "eta_s", (double)left_ms / MS_PER_S);
    } else {
        bs_json_put_raw(out, "eta_s", NULL);
    }
}

static void
put_table(struct bs_buf *out, const struct bs_table_progress *t) {
    bs_json_open(out);
    bs_json_put_text(out, "db", t->db);
    bs_json_put_text(out, "name", t->name);
    bs_json_put_u64(out, "rows_done", t->rows_done);
    bs_json_put_u64(out, "bytes_done", t->bytes_done);
    bs_json_put_u64(out, "bytes_estimate", t->bytes_estimate);
    bs_json_put_u64(out, "bytes_kept", t->bytes_kept);
    bs_json_put_i64(out, "elapsed_ms", t->elapsed_ms);
    bs_json_put_bool(out, "builds_keys", t->builds_keys);
    put_rate(out, t->bytes_done, t->bytes_kept, t->bytes_estimate, t->elapsed_ms);
    bs_json_close(out);
}

void
bs_progress_put(struct bs_buf *out, const struct bs_snapshot_progress *p, int64_t at_us) {
    struct bs_buf tables = {0};
    bs_buf_puts(&tables, "[");
    for (size_t i = 0; i < p->table_count; i++) {
        bs_buf_puts(&tables, i > 0 ? "," : "");
        put_table(&tables, &p->tables[i]);
    }
    bs_buf_puts(&tables, "]");
    bs_json_open(out);
    bs_json_put_u64(out, "tables_done", p->tables_done);
    bs_json_put_u64(out, "tables_total", p->tables_total);
    bs_json_put_u64(out, "rows_done", p->rows_done);
    bs_json_put_u64(out, "rows_estimate", p->rows_estimate);
    bs_json_put_u64(out, "rows_kept", p->rows_kept);
    bs_json_put_u64(out, "bytes_done", p->bytes_done);
    bs_json_put_u64(out, "bytes_estimate", p->bytes_estimate);
    bs_json_put_u64(out, "bytes_kept", p->bytes_kept);
    bs_json_put_i64(out, "elapsed_ms", p->elapsed_ms);
    put_rate(out, p->bytes_done, p->bytes_kept, p->bytes_estimate, p->elapsed_ms);
    bs_json_put_u64(out, "load", p->load);
    bs_json_put_raw(out, "tables", bs_buf_cstr(&tables));
    bs_json_put_i64(out, "at_us", at_us);
    bs_json_close(out);
    bs_buf_fini(&tables);
}

/* Reading. What is not there is 0. */

static uint64_t
number(const json_t *object, const char *key) {
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

static const char *
text(const json_t *object, const char *key) {
    const char *value = json_string_value(json_object_get(object, key));
    return value != NULL ? value : "";
}

static void
read_table(struct bs_table_progress *t, const json_t *object) {
    *t = (struct bs_table_progress){
        .db = text(object, "db"),
        .name = text(object, "name"),
        .rows_done = number(object, "rows_done"),
        .bytes_done = number(object, "bytes_done"),
        .bytes_estimate = number(object, "bytes_estimate"),
        .bytes_kept = number(object, "bytes_kept"),
        .elapsed_ms = (int64_t)number(object, "elapsed_ms"),
        .builds_keys = json_is_true(json_object_get(object, "builds_keys")),
    };
}

bool
bs_progress_read(struct bs_told_progress *told, const char *json) {
    struct bs_snapshot_progress *p = &told->progress;
    *told = (struct bs_told_progress){.json = json_loads(json, 0, NULL)};
    if (!json_is_object(told->json)) {
        bs_told_progress_fini(told);
        return false;
    }
    *p = (struct bs_snapshot_progress){
        .tables_done = number(told->json, "tables_done"),
        .tables_total = number(told->json, "tables_total"),
        .rows_done = number(told->json, "rows_done"),
        .rows_estimate = number(told->json, "rows_estimate"),
        .rows_kept = number(told->json, "rows_kept"),
        .bytes_done = number(told->json, "bytes_done"),
        .bytes_estimate = number(told->json, "bytes_estimate"),
        .bytes_kept = number(told->json, "bytes_kept"),
        .elapsed_ms = (int64_t)number(told->json, "elapsed_ms"),
        .load = number(told->json, "load"),
    };
    told->at_us = (int64_t)number(told->json, "at_us");
    const json_t *tables = json_object_get(told->json, "tables");
    for (size_t i = 0; i < json_array_size(tables) && i < BS_TABLES_SHOWN_MAX; i++) {
        read_table(&p->tables[p->table_count++], json_array_get(tables, i));
    }
    return true;
}

void
bs_told_progress_fini(struct bs_told_progress *told) {
    json_decref(told->json);
    *told = (struct bs_told_progress){0};
}

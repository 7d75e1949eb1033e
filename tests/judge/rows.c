#include "rows.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

#ifdef MARIADB_PACKAGE_VERSION
typedef my_bool judge_flag;
#else
typedef bool judge_flag;
#endif

enum { SLOT_BYTES = 512, VALUE_HEAD = 9, TEMPORAL_WORDS = 7 };

/* Where the client library puts one field of the row it has just read. Longer strings are fetched
 * again, right into the row's bytes. */
struct judge_slot {
    union {
        int64_t number;
        float single;
        double real;
        MYSQL_TIME time;
        char bytes[SLOT_BYTES];
    } value;
    unsigned long len;
    judge_flag is_null;
    judge_flag is_cut;
};

static enum enum_field_types
bind_type(enum judge_class class) {
    switch (class) {
    case JUDGE_INT:
        return MYSQL_TYPE_LONGLONG;
    case JUDGE_FLOAT:
        return MYSQL_TYPE_FLOAT;
    case JUDGE_DOUBLE:
        return MYSQL_TYPE_DOUBLE;
    case JUDGE_DATE:
        return MYSQL_TYPE_DATE;
    case JUDGE_TIME:
        return MYSQL_TYPE_TIME;
    case JUDGE_DATETIME:
        return MYSQL_TYPE_DATETIME;
    case JUDGE_BYTES:
    case JUDGE_JSON:
        return MYSQL_TYPE_BLOB;
    }
    return MYSQL_TYPE_BLOB;
}

static bool
reader_fail(struct judge_reader *reader, struct judge_error *err) {
    return judge_fail(err, "server %c: error %u: %s, in: %.1500s", reader->server->endpoint->side,
                      mysql_stmt_errno(reader->stmt), mysql_stmt_error(reader->stmt),
                      reader->plan->sql);
}

static void
bind_fields(struct judge_reader *reader) {
    for (size_t i = 0; i < reader->plan->count; i++) {
        struct judge_slot *slot = &reader->slots[i];
        reader->binds[i].buffer_type = bind_type(reader->plan->fields[i].class);
        reader->binds[i].is_unsigned = reader->plan->fields[i].is_unsigned;
        reader->binds[i].buffer = &slot->value;
        reader->binds[i].buffer_length = sizeof slot->value;
        reader->binds[i].length = &slot->len;
        reader->binds[i].is_null = &slot->is_null;
        reader->binds[i].error = &slot->is_cut;
    }
}

bool
judge_reader_open(struct judge_reader *reader, struct judge_server *server,
                  const struct judge_plan *plan, struct judge_error *err) {
    memset(reader, 0, sizeof *reader);
    reader->server = server;
    reader->plan = plan;
    reader->stmt = mysql_stmt_init(server->mysql);
    if (reader->stmt == NULL) {
        return judge_fail(err, "server %c: no memory for a statement", server->endpoint->side);
    }
    reader->binds = judge_alloc(plan->count * sizeof *reader->binds);
    reader->slots = judge_alloc(plan->count * sizeof *reader->slots);
    reader->offsets = judge_alloc((plan->count + 1) * sizeof *reader->offsets);
    bind_fields(reader);
    if (mysql_stmt_prepare(reader->stmt, plan->sql, (unsigned long)strlen(plan->sql)) != 0 ||
        mysql_stmt_field_count(reader->stmt) != plan->count ||
        mysql_stmt_execute(reader->stmt) != 0 ||
        mysql_stmt_bind_result(reader->stmt, reader->binds) != 0) {
        reader_fail(reader, err);
        judge_reader_close(reader);
        return false;
    }
    return true;
}

static void
lay_tagged(struct judge_text *row, char tag, const void *data, size_t len) {
    char *to = judge_text_reserve(row, len + 1);
    to[0] = tag;
    memcpy(to + 1, data, len);
    row->len += len + 1;
}

static void
lay_time(struct judge_text *row, const MYSQL_TIME *time) {
    uint32_t words[TEMPORAL_WORDS] = {time->year,   time->month,  time->day,          time->hour,
                                      time->minute, time->second, time->neg ? 1u : 0u};
    uint64_t microseconds = time->second_part;
    lay_tagged(row, 'T', words, sizeof words);
    judge_text_add(row, &microseconds, sizeof microseconds);
}

/* What did not fit into the slot is taken again from the packet, which the library still holds. */
static bool
lay_bytes(struct judge_reader *reader, size_t index, struct judge_error *err) {
    struct judge_slot *slot = &reader->slots[index];
    uint64_t len = slot->len;
    lay_tagged(&reader->row, 'S', &len, sizeof len);
    if (len <= sizeof slot->value) {
        judge_text_add(&reader->row, slot->value.bytes, len);
        return true;
    }
    unsigned long whole_len = 0;
    judge_flag is_null = 0;
    judge_flag is_cut = 0;
    MYSQL_BIND bind = {.buffer_type = MYSQL_TYPE_BLOB,
                       .buffer = judge_text_reserve(&reader->row, len),
                       .buffer_length = (unsigned long)len,
                       .length = &whole_len,
                       .is_null = &is_null,
                       .error = &is_cut};
    if (mysql_stmt_fetch_column(reader->stmt, &bind, (unsigned)index, 0) != 0) {
        return reader_fail(reader, err);
    }
    reader->row.len += len;
    return true;
}

/* What is no JSON document stays as it is, and then differs from one. */
static bool
lay_document(struct judge_reader *reader, size_t index, struct judge_error *err) {
    struct judge_text *row = &reader->row;
    size_t start = row->len;
    if (!lay_bytes(reader, index, err)) {
        return false;
    }
    const char *text = row->data + start + VALUE_HEAD;
    judge_text_clear(&reader->document);
    if (judge_json_canonical(&reader->document, text, row->len - start - VALUE_HEAD)) {
        uint64_t len = reader->document.len;
        row->len = start;
        lay_tagged(row, 'S', &len, sizeof len);
        judge_text_add(row, reader->document.data, reader->document.len);
    }
    return true;
}

/* Adding 0.0 takes the sign off a zero, and leaves everything else as it is. */
static void
lay_float(struct judge_text *row, const struct judge_plan *plan, float value) {
    float laid = plan->signless_zero ? value + 0.0F : value;
    lay_tagged(row, 'F', &laid, sizeof laid);
}

static void
lay_double(struct judge_text *row, const struct judge_plan *plan, double value) {
    double laid = plan->signless_zero ? value + 0.0 : value;
    lay_tagged(row, 'D', &laid, sizeof laid);
}

static bool
lay_field(struct judge_reader *reader, size_t index, struct judge_error *err) {
    const struct judge_field *field = &reader->plan->fields[index];
    const struct judge_slot *slot = &reader->slots[index];
    struct judge_text *row = &reader->row;
    if (slot->is_null) {
        lay_tagged(row, 'N', "", 0);
        return true;
    }
    switch (field->class) {
    case JUDGE_INT:
        lay_tagged(row, field->is_unsigned && slot->value.number < 0 ? 'U' : 'I',
                   &slot->value.number, sizeof slot->value.number);
        return true;
    case JUDGE_FLOAT:
        lay_float(row, reader->plan, slot->value.single);
        return true;
    case JUDGE_DOUBLE:
        lay_double(row, reader->plan, slot->value.real);
        return true;
    case JUDGE_DATE:
    case JUDGE_TIME:
    case JUDGE_DATETIME:
        lay_time(row, &slot->value.time);
        return true;
    case JUDGE_BYTES:
        return lay_bytes(reader, index, err);
    case JUDGE_JSON:
        return lay_document(reader, index, err);
    }
    return true;
}

bool
judge_reader_next(struct judge_reader *reader, bool *is_end, struct judge_error *err) {
    int outcome = mysql_stmt_fetch(reader->stmt);
    *is_end = outcome == MYSQL_NO_DATA;
    if (*is_end) {
        return true;
    }
    if (outcome != 0 && outcome != MYSQL_DATA_TRUNCATED) {
        return reader_fail(reader, err);
    }
    reader->row.len = 0;
    for (size_t i = 0; i < reader->plan->count; i++) {
        reader->offsets[i] = reader->row.len;
        if (!lay_field(reader, i, err)) {
            return false;
        }
    }
    reader->offsets[reader->plan->count] = reader->row.len;
    return true;
}

void
judge_reader_close(struct judge_reader *reader) {
    if (reader->stmt != NULL) {
        mysql_stmt_close(reader->stmt);
    }
    free(reader->binds);
    free(reader->slots);
    free(reader->offsets);
    judge_text_fini(&reader->row);
    judge_text_fini(&reader->document);
    memset(reader, 0, sizeof *reader);
}

static void
print_time(struct judge_text *out, const struct judge_field *field, const char *value) {
    uint32_t word[TEMPORAL_WORDS];
    uint64_t microseconds = 0;
    memcpy(word, value + 1, sizeof word);
    memcpy(&microseconds, value + 1 + sizeof word, sizeof microseconds);
    judge_text_puts(out, word[6] != 0 ? "-" : "");
    if (field->class != JUDGE_TIME) {
        judge_text_printf(out, "%04" PRIu32 "-%02" PRIu32 "-%02" PRIu32, word[0], word[1], word[2]);
    }
    if (field->class == JUDGE_DATE) {
        return;
    }
    uint32_t hours = word[3] + (field->class == JUDGE_TIME ? word[2] * 24 : 0);
    judge_text_printf(out, "%s%02" PRIu32 ":%02" PRIu32 ":%02" PRIu32 ".%06" PRIu64,
                      field->class == JUDGE_DATETIME ? " " : "", hours, word[4], word[5],
                      microseconds);
}

static void
print_real(struct judge_text *out, const char *value) {
    if (value[0] == 'F') {
        float single = 0;
        uint32_t bits = 0;
        memcpy(&single, value + 1, sizeof single);
        memcpy(&bits, value + 1, sizeof bits);
        judge_text_printf(out, "%.9g(bits %08" PRIx32 ")", (double)single, bits);
        return;
    }
    double real = 0;
    uint64_t bits = 0;
    memcpy(&real, value + 1, sizeof real);
    memcpy(&bits, value + 1, sizeof bits);
    judge_text_printf(out, "%.17g(bits %016" PRIx64 ")", real, bits);
}

void
judge_value_print(struct judge_text *out, const struct judge_field *field, const char *value,
                  size_t len, size_t at) {
    uint64_t number = 0;
    switch (value[0]) {
    case 'N':
        judge_text_puts(out, "NULL");
        return;
    case 'I':
        memcpy(&number, value + 1, sizeof number);
        judge_text_printf(out, "%" PRId64, (int64_t)number);
        return;
    case 'U':
        memcpy(&number, value + 1, sizeof number);
        judge_text_printf(out, "%" PRIu64, number);
        return;
    case 'F':
    case 'D':
        print_real(out, value);
        return;
    case 'T':
        print_time(out, field, value);
        return;
    default:
        judge_text_add_excerpt(out, value + VALUE_HEAD, len - VALUE_HEAD, at);
    }
}

size_t
judge_value_difference(const char *a, size_t a_len, const char *b, size_t b_len) {
    if (a[0] != 'S' || b[0] != 'S') {
        return 0;
    }
    return judge_first_difference(a + VALUE_HEAD, a_len - VALUE_HEAD, b + VALUE_HEAD,
                                  b_len - VALUE_HEAD);
}

/* Events of statement logging around a QUERY: what the statement needs to give the same result
 * again, and the files of LOAD DATA. Pure; texts are views into the event. Field guide 3.4, 3.7. */
#ifndef BS_BINLOG_STATEMENT_EVENT_H
#define BS_BINLOG_STATEMENT_EVENT_H

#include "base/buf.h"
#include "base/error.h"
#include "binlog/decoder.h"
#include "binlog/event.h"

enum bs_intvar { BS_INTVAR_LAST_INSERT_ID = 1, BS_INTVAR_INSERT_ID = 2 };

struct bs_intvar_event {
    enum bs_intvar name;
    uint64_t value;
};
enum bs_status bs_intvar_parse(struct bs_intvar_event *var, const struct bs_event *event,
                               struct bs_error *err) BS_MUST_CHECK;

struct bs_rand_event {
    uint64_t seed1, seed2;
};
enum bs_status bs_rand_parse(struct bs_rand_event *var, const struct bs_event *event,
                             struct bs_error *err) BS_MUST_CHECK;

enum bs_user_var_type {
    BS_USER_VAR_STRING = 0,
    BS_USER_VAR_REAL = 1,
    BS_USER_VAR_INT = 2,
    BS_USER_VAR_DECIMAL = 4,
};

struct bs_user_var {
    struct bs_str name;
    bool is_null;
    enum bs_user_var_type type; /* these only if it is not NULL */
    uint32_t collation;
    bool has_unsigned; /* servers before 5.5 do not tell */
    bool is_unsigned;
    struct bs_value value; /* BYTES, DOUBLE, INT or UINT, DECIMAL in `digits` */
    char digits[72];
};
enum bs_status bs_user_var_parse(struct bs_user_var *var, const struct bs_event *event,
                                 struct bs_error *err) BS_MUST_CHECK;

/* BEGIN_LOAD_QUERY, APPEND_BLOCK: the next bytes of the file; DELETE_FILE: it is not needed. */
struct bs_load_block {
    uint32_t file_id;
    struct bs_str bytes;
};
enum bs_status bs_load_block_parse(struct bs_load_block *block, const struct bs_event *event,
                                   struct bs_error *err) BS_MUST_CHECK;

enum bs_load_duplicates { BS_LOAD_ERROR = 0, BS_LOAD_IGNORE = 1, BS_LOAD_REPLACE = 2 };

/* EXECUTE_LOAD_QUERY: a statement whose file name stands at [name_start, name_end) of its text. */
struct bs_load_query {
    struct bs_statement statement;
    uint32_t file_id;
    uint32_t name_start, name_end;
    enum bs_load_duplicates duplicates;
};
enum bs_status bs_load_query_parse(struct bs_load_query *load, const struct bs_event *event,
                                   struct bs_error *err) BS_MUST_CHECK;

#endif

/* The state's SQL, by the word: what the functions of this room build their statements from, and
 * how they read answers. Only src/state includes this.
 *
 * Key columns are VARBINARY, so that a comparison with a literal of a session whose names are
 * binary is one of bytes, and finds its row by the key: a UPDATE that scanned would wait for every
 * lane. */
#ifndef BS_STATE_TEXT_H
#define BS_STATE_TEXT_H

#include "base/buf.h"
#include "base/position.h"
#include "sql/session.h"
#include "state/state.h"

void bs_state_put_name(struct bs_buf *sql, const struct bs_state *state, const char *table);
void bs_state_put_text(struct bs_buf *sql, const char *text);              /* 'text'; NULL: '' */
void bs_state_put_where(struct bs_buf *sql, const struct bs_state *state); /* " WHERE task='x'" */
void bs_state_put_object(struct bs_buf *sql, struct bs_str db,
                         struct bs_str name); /* " AND db=.. AND name=.." */

/* "file='..', pos=.., gtid='..'" with a prefix before each column name. */
void bs_state_put_position(struct bs_buf *sql, const char *prefix,
                           const struct bs_position *position);

uint64_t bs_state_field_u64(struct bs_str field); /* NULL: 0 */
int64_t bs_state_field_i64(struct bs_str field);
char *bs_state_field_dup(struct bs_str field); /* NULL: NULL */
void bs_state_field_copy(char *out, size_t cap, struct bs_str field);
void bs_state_field_position(struct bs_position *position, const struct bs_str *fields);

/* Runs the text and frees it. */
enum bs_status bs_state_run(struct bs_sql *sql, struct bs_buf *text,
                            struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_state_query(struct bs_sql *sql, struct bs_buf *text,
                              struct bs_sql_result **result, struct bs_error *err) BS_MUST_CHECK;

/* Runs the text and frees it, and reads the first row: *fields NULL if there is none. The caller
 * frees the result, which holds the fields. */
enum bs_status bs_state_row(struct bs_sql *sql, struct bs_buf *text, struct bs_sql_result **result,
                            const struct bs_str **fields, struct bs_error *err) BS_MUST_CHECK;

/* BS_FENCED, in words. */
enum bs_status bs_state_fenced(const struct bs_state *state, struct bs_error *err);

/* True, and err cleared, if err says that the state schema or one of its tables is not there. */
bool bs_state_is_absent(struct bs_error *err);

/* The format of the state that is there: 0 for none. BS_SCHEMA if it is another than ours. */
enum bs_status bs_state_read_format(struct bs_sql *sql, const struct bs_state *state,
                                    unsigned int *format, struct bs_error *err) BS_MUST_CHECK;

#endif

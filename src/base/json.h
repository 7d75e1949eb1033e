/* JSON as binstream writes it into reports, requests and its state, and reads it back from there:
 * flat objects of texts and numbers. Pure. Not for JSON of others. */
#ifndef BS_BASE_JSON_H
#define BS_BASE_JSON_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* One flat object at a time. open, members, close. */
void bs_json_open(struct bs_buf *out);
void bs_json_close(struct bs_buf *out);
void bs_json_put_text(struct bs_buf *out, const char *key, const char *text); /* NULL: null */
void bs_json_put_u64(struct bs_buf *out, const char *key, uint64_t number);
void bs_json_put_i64(struct bs_buf *out, const char *key, int64_t number);
void bs_json_put_double(struct bs_buf *out, const char *key, double number);
void bs_json_put_bool(struct bs_buf *out, const char *key, bool value);
void bs_json_put_raw(struct bs_buf *out, const char *key, const char *json); /* NULL: null */

/* The value of a member of a flat JSON object as text (strings unescaped), heap-owned; NULL if it
 * is not there, null, or no plain value. Reads what binstream itself wrote. */
char *bs_json_get(const char *json, const char *key);

/* The same as a number; 0 if it is not there. */
uint64_t bs_json_get_u64(const char *json, const char *key);

#endif

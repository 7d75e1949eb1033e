/*
 * Growable byte strings of the judge, and how names and values are written into them.
 *
 * Called by every other file of the judge. A text belongs to whoever declared it and is used by one
 * thread. Memory that runs out ends the process: the judge has nothing sensible to say then. data
 * is kept NUL-terminated, but may hold NUL bytes itself; len is the truth.
 */
#ifndef JUDGE_TEXT_H
#define JUDGE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct judge_text {
    char *data;
    size_t len;
    size_t cap;
};

/* Allocation that ends the process on failure. grow: nmemb is doubled from at least 8 when full. */
void *judge_alloc(size_t size);
void *judge_realloc(void *old, size_t size);
char *judge_copy(const char *data, size_t len);
void *judge_grow(void *items, size_t count, size_t *cap, size_t item_size);

void judge_text_fini(struct judge_text *text);
void judge_text_clear(struct judge_text *text);
/* Makes room for len more bytes and returns where they go; the caller adds to text->len what it
 * wrote. */
char *judge_text_reserve(struct judge_text *text, size_t len);
void judge_text_add(struct judge_text *text, const void *data, size_t len);
void judge_text_puts(struct judge_text *text, const char *str);
void judge_text_printf(struct judge_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The heap string of a text, which is empty afterwards. Never NULL. */
char *judge_text_take(struct judge_text *text);

/* `name`, with its backquotes doubled. */
void judge_text_add_name(struct judge_text *text, const char *name);
/* `db`.`name`, or only `db` when name is NULL. */
void judge_text_add_path(struct judge_text *text, const char *db, const char *name);
/* 'value' as an SQL literal for a session with sql_mode=''. */
void judge_text_add_literal(struct judge_text *text, const char *value);
/* For people: quoted when it is printable UTF-8, else 0x...; only a window of about 60 bytes around
 * byte `at`. */
void judge_text_add_excerpt(struct judge_text *text, const char *data, size_t len, size_t at);
/* The inside of a JSON string; bytes that are not UTF-8 become U+FFFD. */
void judge_text_add_json(struct judge_text *text, const char *data, size_t len);

/* Length of the UTF-8 sequence at data[0], 0 when there is none. */
size_t judge_utf8_len(const char *data, size_t len);
/* Index of the first byte in which the two differ, or the shorter length. */
size_t judge_first_difference(const char *a, size_t a_len, const char *b, size_t b_len);

#endif

/*
 * What a table's rows look like on one server (its shape), and the plan by which both servers' rows
 * are read alike.
 *
 * Called by tables.c. The shape lists every column that information_schema knows: generated,
 * invisible and hidden primary key columns included. The plan puts the key's columns first, so that
 * a row's leading bytes are its key.
 */
#ifndef JUDGE_SHAPE_H
#define JUDGE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"
#include "server.h"

/* How a value travels in the binary protocol, and so how exactly it is had. */
enum judge_class {
    JUDGE_INT,
    JUDGE_FLOAT,
    JUDGE_DOUBLE,
    JUDGE_DATE,
    JUDGE_TIME,
    JUDGE_DATETIME,
    JUDGE_BYTES,
    JUDGE_JSON, /* JSON here or there, a text at the other: compared as documents */
};

struct judge_column {
    char *name;
    enum judge_class class;
    bool is_unsigned;
    bool is_label; /* ENUM or SET: compared as label and as number */
    bool is_json;  /* the type JSON: on the other server it may be a text */
    bool is_text;
    bool is_ascii_or_utf8; /* of a text: what its bytes are */
    bool is_vector;        /* read as HEX(): a client library may not know the type */
};

struct judge_shape {
    struct judge_column *columns;
    size_t count;
    size_t cap;
    struct judge_names
        key;         /* columns of the primary or first unique key without NULLs; else empty */
    char *row_start; /* the period of a system-versioned table, else NULL */
    char *row_end;
};

bool judge_shape_load(struct judge_shape *shape, struct judge_server *server, const char *db,
                      const char *table, struct judge_error *err) JUDGE_CHECK;
void judge_shape_fini(struct judge_shape *shape);

struct judge_field {
    char *name; /* as shown: `col`, or `col` (number) */
    enum judge_class class;
    bool is_unsigned;
};

struct judge_plan {
    struct judge_field *fields;
    size_t count;
    size_t key_count; /* leading fields that are the key; 0: no key */
    char *sql;
    size_t skipped;     /* columns that the other side has not */
    bool signless_zero; /* one of the two servers cannot keep -0.0: it is 0.0 then */
};

/* The plan to read `own`; fields line up with those of the plan made with own and other exchanged.
 * lead is the shape that decides order and key: the same for both plans. with_history: if both are
 * system-versioned, their history is read as well, and the periods with it; no key then tells rows
 * apart. History that ends before it begins is left out: old servers make it, no moment shows it,
 * and newer ones do not take it. */
void judge_plan_init(struct judge_plan *plan, const struct judge_shape *own,
                     const struct judge_shape *other, const struct judge_shape *lead,
                     const char *db, const char *table, bool with_history);
void judge_plan_fini(struct judge_plan *plan);

/* " column = 'value'" that also holds byte for byte, where the catalogue's own collation would be
 * lax. */
void judge_text_add_match(struct judge_text *sql, const char *column, const char *value);

#endif

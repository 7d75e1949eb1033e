/*
 * Every object of one server, each described by facets (label and value), in an order that both
 * servers share.
 *
 * Called by judge.c (load) and objects.c (compare). What is listed and how an object is described
 * comes from one of two tables of sources: JUDGE_SAME_VERSION (same_version.c) takes the server's
 * own words, which must be equal; JUDGE_ACROSS (across.c) takes what information_schema says,
 * normalised so that two versions can be compared, and two flavours by what A's becomes on B
 * (flavour.h).
 */
#ifndef JUDGE_CATALOG_H
#define JUDGE_CATALOG_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"
#include "server.h"

enum judge_rule {
    JUDGE_EQUAL,    /* byte for byte */
    JUDGE_LINES,    /* byte for byte; a difference is shown line by line */
    JUDGE_NOT_LESS, /* decimal numbers: B's must not be less than A's; a missing one counts as 1 */
    JUDGE_BODY,     /* byte for byte, or the same but for -> spelled as JSON_EXTRACT */
    JUDGE_NOTE,     /* not compared: what was left out on purpose, to be told */
};

struct judge_facet {
    char *label;
    char *value; /* NULL: SQL NULL */
    size_t len;
    enum judge_rule rule;
};

struct judge_object {
    char *kind; /* "database", "table", "view", "sequence", "procedure", "trigger", ... */
    char *db;
    char *name; /* NULL for a database */
    struct judge_facet *facets;
    size_t count;
    size_t cap;
};

struct judge_catalog {
    struct judge_object *objects; /* ordered by db, kind, name */
    size_t count;
    size_t cap;
};

struct judge_describer {
    struct judge_server *server;
    const struct judge_server *peer; /* the other one: only what it is, no questions */
    const struct judge_options *options;
};

/* One listing of a database's objects. The query gives kind and name; further columns become
 * facets. Its %s stands for the condition on the database, made from schema_column. */
struct judge_source {
    const char *sql;
    const char *schema_column;
    unsigned min_version; /* of MariaDB when only_mariadb */
    bool only_mariadb;
    bool (*describe)(const struct judge_describer *by, struct judge_object *object,
                     struct judge_error *err);
};

/* describe_database: changes the facets of a database, charset and collation; may be NULL. */
struct judge_sources {
    void (*describe_database)(const struct judge_describer *by, struct judge_object *object);
    const struct judge_source *items;
    size_t count;
};

extern const struct judge_sources JUDGE_SAME_VERSION;
extern const struct judge_sources JUDGE_ACROSS;

bool judge_catalog_load(struct judge_catalog *catalog, const struct judge_describer *by,
                        const struct judge_sources *sources, struct judge_error *err) JUDGE_CHECK;
void judge_catalog_fini(struct judge_catalog *catalog);
/* The order of a catalogue: by db, then kind (databases and tables first), then name. */
int judge_object_compare(const struct judge_object *a, const struct judge_object *b);

void judge_object_add(struct judge_object *object, const char *label, enum judge_rule rule,
                      const char *value, size_t len);
/* Says that this of the object was left out on purpose and not compared. */
void judge_object_note(struct judge_object *object, const char *text);
/* The facet of that label, or NULL. */
struct judge_facet *judge_object_find(const struct judge_object *object, const char *label);
/* Gives a facet another value. */
void judge_facet_set(struct judge_facet *facet, const char *value, size_t len);

/* Each column of the first row becomes a facet, but those named in skip (NULL-terminated; may be
 * NULL). A label that ends in "Create ..." text is compared by lines. */
bool judge_object_add_row(struct judge_server *server, struct judge_object *object, const char *sql,
                          const char *const *skip, struct judge_error *err) JUDGE_CHECK;
/* "SHOW CREATE <kind> `db`.`name`" as facets. */
bool judge_object_add_show(struct judge_server *server, struct judge_object *object,
                           const char *const *skip, struct judge_error *err) JUDGE_CHECK;
/* 0, or the error number of reading one row of a view. */
void judge_object_add_outcome(struct judge_server *server, struct judge_object *object);
/* A sequence's counter, as a facet that must not be less on B. */
bool judge_object_add_sequence_value(const struct judge_describer *by, struct judge_object *object,
                                     struct judge_error *err) JUDGE_CHECK;

#endif

/* What the files of this room share. Everything runs on the caller's session and thread. */
#ifndef BS_CATALOG_CATALOG_PRIVATE_H
#define BS_CATALOG_CATALOG_PRIVATE_H

#include "base/map.h"
#include "catalog/catalog.h"

/* answer.c: a result set whose columns are found by name, because the servers' information_schema
 * tables differ in what they have. A column that is not there reads as SQL NULL. */
struct bs_answer {
    struct bs_sql_result *result;
    const struct bs_str *row; /* NULL after the last one */
};

enum bs_status bs_answer_ask(struct bs_answer *answer, struct bs_sql *sql, struct bs_buf *text,
                             struct bs_error *err) BS_MUST_CHECK;
enum bs_status bs_answer_next(struct bs_answer *answer, struct bs_error *err) BS_MUST_CHECK;
void bs_answer_fini(struct bs_answer *answer);

struct bs_str bs_answer_text(const struct bs_answer *answer, const char *column);
char *bs_answer_copy(const struct bs_answer *answer, const char *column); /* NULL for SQL NULL */
uint64_t bs_answer_number(const struct bs_answer *answer, const char *column);

/* Turns a refused privilege into BS_PRECHECK with the GRANT that mends it. */
enum bs_status bs_catalog_need(struct bs_error *err, const char *privileges, struct bs_str db);

/* Names as the server compares them: bytes, or letters alike where it folds them itself. */
bool bs_catalog_same_name(const struct bs_server *server, struct bs_str a, struct bs_str b);

/* " WHERE schema_column='db' [AND name_column='name']"; name.data NULL leaves it out. */
void bs_catalog_put_where(struct bs_buf *text, const char *schema_column, struct bs_str db,
                          const char *name_column, struct bs_str name);

/* columns.c: one row of information_schema.COLUMNS. */
enum bs_status bs_catalog_column(const struct bs_answer *answer, struct bs_column *column,
                                 struct bs_error *err) BS_MUST_CHECK;

/* A growing list of tables, sorted by name within one database. */
struct bs_table_list {
    struct bs_table **tables;
    size_t count;
    size_t cap;
};

/* tables.c: adds the base tables and sequences of one database (of one name, if name.data is not
 * NULL) that are selected; selection NULL takes all. */
enum bs_status bs_catalog_load_tables(struct bs_sql *sql, const struct bs_server *server,
                                      const struct bs_selection *selection, struct bs_str db,
                                      struct bs_str name, struct bs_table_list *list,
                                      struct bs_error *err) BS_MUST_CHECK;

struct bs_object_list {
    struct bs_object *objects;
    size_t count;
    size_t cap;
};
struct bs_object *bs_object_list_add(struct bs_object_list *list);

/* objects.c: those of each kind in turn, of the databases that are selected and there as it begins.
 * Databases are a kind, if it is the first. On failure the list is empty. */
enum bs_status bs_catalog_load_objects(struct bs_sql *sql, const struct bs_server *server,
                                       const struct bs_selection *selection,
                                       const enum bs_object_kind *wanted, size_t wanted_count,
                                       struct bs_object_list *list,
                                       struct bs_error *err) BS_MUST_CHECK;

/* views.c: sorts views[0..count) so that each comes after those it reads. definitions[i] is the
 * text of views[i] in UTF-8 with every name qualified. */
void bs_catalog_sort_views(struct bs_object *views, char **definitions, size_t count);

/* text.c: makes a stored program's CREATE text be of one charset, that of object->charset_client.
 */
enum bs_status bs_catalog_unify_text(struct bs_sql *sql, const struct bs_server *server,
                                     struct bs_object *object, struct bs_error *err) BS_MUST_CHECK;

/* Doubles the backquotes in the names of foreign keys, where the server's CREATE text did not. */
void bs_catalog_mend_constraint_names(struct bs_table *table);

#endif

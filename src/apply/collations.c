#include "apply/collations.h"

#include "base/mem.h"

#include <stdlib.h>

enum { COLLATION_ID_MAX = 8192 };

struct collation {
    char *name;
    char *charset;
};

struct bs_collations {
    struct collation by_id[COLLATION_ID_MAX];
};

static void
add_row(struct bs_collations *collations, const struct bs_str *fields) {
    unsigned long id = fields[0].data != NULL ? strtoul(fields[0].data, NULL, 10) : 0;
    if (id == 0 || id >= COLLATION_ID_MAX || fields[1].data == NULL || fields[2].data == NULL) {
        return; /* MariaDB lists collations without id or charset for its "any charset" forms */
    }
    struct collation *entry = &collations->by_id[id];
    free(entry->name);
    free(entry->charset);
    entry->name = bs_strndup(fields[1].data, fields[1].len);
    entry->charset = bs_strndup(fields[2].data, fields[2].len);
}

/* MariaDB 10.10+ keeps the full names in another view: COLLATIONS lists uca1400_ai_ci once for all
 * charsets, and statements need utf8mb4_uca1400_ai_ci. */
static const char *const QUERIES[] = {
    "SELECT ID, COLLATION_NAME, CHARACTER_SET_NAME FROM information_schema.COLLATIONS",
    "SELECT ID, FULL_COLLATION_NAME, CHARACTER_SET_NAME FROM "
    "information_schema.COLLATION_CHARACTER_SET_APPLICABILITY",
};

static enum bs_status
load_query(struct bs_collations *collations, struct bs_sql *source, const char *query,
           struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    enum bs_status status = bs_sql_query(source, &result, err, "%s", query);
    while (status == BS_OK) {
        status = bs_sql_next(result, &fields, err);
        if (status != BS_OK || fields == NULL) {
            break;
        }
        add_row(collations, fields);
    }
    bs_sql_result_free(result);
    return status;
}

enum bs_status
bs_collations_load(struct bs_collations **collations, struct bs_sql *source, struct bs_error *err) {
    enum { ER_BAD_FIELD = 1054 };
    *collations = bs_zalloc(sizeof **collations);
    enum bs_status status = load_query(*collations, source, QUERIES[0], err);
    if (status == BS_OK) {
        struct bs_error absent;
        bs_error_clear(&absent);
        status = load_query(*collations, source, QUERIES[1], &absent);
        if (status != BS_OK && absent.sql_errno == ER_BAD_FIELD) {
            status = BS_OK; /* a server that has no such names */
        } else if (status != BS_OK && err != NULL) {
            *err = absent;
        }
    }
    if (status != BS_OK) {
        bs_collations_free(*collations);
        *collations = NULL;
        return bs_error_context(err, "reading the source's collations");
    }
    return BS_OK;
}

void
bs_collations_free(struct bs_collations *collations) {
    if (collations == NULL) {
        return;
    }
    for (size_t i = 0; i < COLLATION_ID_MAX; i++) {
        free(collations->by_id[i].name);
        free(collations->by_id[i].charset);
    }
    free(collations);
}

const char *
bs_collations_name(const struct bs_collations *collations, unsigned int id) {
    return id < COLLATION_ID_MAX ? collations->by_id[id].name : NULL;
}

const char *
bs_collations_charset(const struct bs_collations *collations, unsigned int id) {
    return id < COLLATION_ID_MAX ? collations->by_id[id].charset : NULL;
}

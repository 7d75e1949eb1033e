/* The collations that a server knows, and what one of another server is called there. The list is
 * filled by src/catalog from a live server; everything here is pure. Read-only once filled, so any
 * thread may use it.
 *
 * Ids are the server's own (field guide 5.12). Names are full: MariaDB 10.10 and newer list
 * uca1400_ai_ci once for all charsets, and here it stands as utf8mb4_uca1400_ai_ci and its like. */
#ifndef BS_SCHEMA_COLLATION_H
#define BS_SCHEMA_COLLATION_H

#include "base/buf.h"
#include "base/str.h"
#include "schema/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bs_collation {
    unsigned int id; /* 0: has none */
    char *name;
    char *charset;
    bool is_default; /* of its charset */
    uint64_t hash;   /* of its name; the list's own */
};

struct bs_collation_list {
    struct bs_collation *items;
    size_t count, cap;
};

/* Adds one; a name that is there already is taken over. */
void bs_collation_list_add(struct bs_collation_list *list, unsigned int id, struct bs_str name,
                           struct bs_str charset, bool is_default);
void bs_collation_list_fini(struct bs_collation_list *list);

/* NULL if there is none. utf8 and utf8mb3 are one charset, in every function here. */
const struct bs_collation *bs_collation_by_id(const struct bs_collation_list *list,
                                              unsigned int id);
const struct bs_collation *bs_collation_by_name(const struct bs_collation_list *list,
                                                struct bs_str name);
const struct bs_collation *bs_collation_default(const struct bs_collation_list *list,
                                                struct bs_str charset);
bool bs_collation_has_charset(const struct bs_collation_list *list, struct bs_str charset);
bool bs_charset_equal(struct bs_str a, struct bs_str b);
bool bs_collation_name_equal(struct bs_str a, struct bs_str b); /* utf8_bin is utf8mb3_bin */

/* How the collation `name` of a source is called on a target: by its own name where the target
 * knows it, else by that of the nearest one, which must be there too. NULL: it has no equal.
 * The answer lives as long as the target's list.
 *
 *   utf8mb4_0900_ai_ci    -> utf8mb4_uca1400_nopad_ai_ci, utf8mb4_unicode_520_nopad_ci (MariaDB)
 *   utf8mb4_uca1400_ai_ci -> utf8mb4_unicode_520_ci, utf8mb4_0900_ai_ci                (MySQL)
 *   utf8mb4_uca1400_as_cs, and those of a language -> utf8mb4_0900_as_cs               (MySQL)
 *
 * The nearest one orders and equates nearly all strings alike; the versions of Unicode behind the
 * two differ (9.0, 14.0, 5.2). That 'a' is 'a ' (PAD SPACE) is kept where there is a choice, before
 * the version of Unicode: it is about everyday text, and uniqueness and foreign keys may rest on
 * it. MySQL has no such choice for the last kind: its 0900 pad no blanks. Decision 7. */
const char *bs_collation_translate(const struct bs_collation_list *target, struct bs_str name);

/* NO PAD: blanks at the end of a text count. True to what the name says: of the collations that
 * bs_collation_translate renames, and of the new names. */
bool bs_collation_is_nopad(struct bs_str name);

#endif

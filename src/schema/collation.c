#include "schema/collation.h"

#include "base/map.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NAME_MAX_LEN = 128 };

/* Without "utf8mb3" or "utf8" in front, if that charset is what the name begins with. */
static struct bs_str
without_utf8(struct bs_str name, bool *is_utf8) {
    static const char *const NAMES[] = {"utf8mb3", "utf8"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        size_t len = strlen(NAMES[i]);
        bool ends = name.len == len || (name.len > len && name.data[len] == '_');
        if (ends && bs_str_starts_nocase(name, NAMES[i])) {
            *is_utf8 = true;
            return (struct bs_str){name.data + len, name.len - len};
        }
    }
    *is_utf8 = false;
    return name;
}

/* The same for names that bs_collation_name_equal takes for equal. Servers list a thousand of them,
 * which are looked for in each other's lists: comparing them all as names took longer than the
 * rest of a start. */
static uint64_t
hash_name(struct bs_str name) {
    char lower[NAME_MAX_LEN];
    bool is_utf8 = false;
    name = without_utf8(name, &is_utf8);
    size_t len = name.len < sizeof lower ? name.len : sizeof lower;
    for (size_t i = 0; i < len; i++) {
        lower[i] = (char)tolower((unsigned char)name.data[i]);
    }
    return bs_hash(lower, len) + is_utf8;
}

void
bs_collation_list_add(struct bs_collation_list *list, unsigned int id, struct bs_str name,
                      struct bs_str charset, bool is_default) {
    const struct bs_collation *known = bs_collation_by_name(list, name);
    if (known != NULL) {
        struct bs_collation *item = &list->items[known - list->items];
        item->id = id != 0 ? id : item->id;
        item->is_default = item->is_default || is_default;
        return;
    }
    void *items = list->items;
    bs_array_grow(&items, &list->cap, list->count, sizeof *list->items);
    list->items = items;
    list->items[list->count++] = (struct bs_collation){
        .id = id,
        .name = bs_strndup(name.data, name.len),
        .charset = bs_strndup(charset.data, charset.len),
        .is_default = is_default,
        .hash = hash_name(name),
    };
}

void
bs_collation_list_fini(struct bs_collation_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].charset);
    }
    free(list->items);
    *list = (struct bs_collation_list){0};
}

bool
bs_collation_name_equal(struct bs_str a, struct bs_str b) {
    bool a_is_utf8 = false, b_is_utf8 = false;
    a = without_utf8(a, &a_is_utf8);
    b = without_utf8(b, &b_is_utf8);
    return a_is_utf8 == b_is_utf8 && a.len == b.len && strncasecmp(a.data, b.data, a.len) == 0;
}

bool
bs_charset_equal(struct bs_str a, struct bs_str b) {
    return bs_collation_name_equal(a, b);
}

const struct bs_collation *
bs_collation_by_id(const struct bs_collation_list *list, unsigned int id) {
    for (size_t i = 0; i < list->count && id != 0; i++) {
        if (list->items[i].id == id) {
            return &list->items[i];
        }
    }
    return NULL;
}

const struct bs_collation *
bs_collation_by_name(const struct bs_collation_list *list, struct bs_str name) {
    uint64_t hash = hash_name(name);
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].hash == hash &&
            bs_collation_name_equal(name, bs_str(list->items[i].name))) {
            return &list->items[i];
        }
    }
    return NULL;
}

const struct bs_collation *
bs_collation_default(const struct bs_collation_list *list, struct bs_str charset) {
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].is_default &&
            bs_charset_equal(charset, bs_str(list->items[i].charset))) {
            return &list->items[i];
        }
    }
    return NULL;
}

bool
bs_collation_has_charset(const struct bs_collation_list *list, struct bs_str charset) {
    for (size_t i = 0; i < list->count; i++) {
        if (bs_charset_equal(charset, bs_str(list->items[i].charset))) {
            return true;
        }
    }
    return false;
}

/* The nearest collations. Both families are built alike: charset, [language,] [nopad,] strength. */

/* MySQL 8's languages, and what MariaDB calls the same tailoring of uca1400. Those that have no
 * counterpart are not here. MySQL 8.4 reference manual, "Unicode Character Sets"; MariaDB's
 * "Supported Character Sets and Collations". */
static const struct language {
    const char *mysql;
    const char *mariadb;
} LANGUAGES[] = {
    {"de_pb", "german2"}, {"is", "icelandic"}, {"lv", "latvian"},       {"ro", "romanian"},
    {"sl", "slovenian"},  {"pl", "polish"},    {"et", "estonian"},      {"es", "spanish"},
    {"sv", "swedish"},    {"tr", "turkish"},   {"cs", "czech"},         {"da", "danish"},
    {"lt", "lithuanian"}, {"sk", "slovak"},    {"es_trad", "spanish2"}, {"la", "roman"},
    {"eo", "esperanto"},  {"hu", "hungarian"}, {"hr", "croatian"},      {"vi", "vietnamese"},
};
enum { LANGUAGE_COUNT = sizeof LANGUAGES / sizeof *LANGUAGES, CANDIDATE_MAX = 256 };

/* What is left of name behind prefix; NULL if it does not begin so. */
static const char *
behind(const char *name, const char *prefix) {
    size_t len = strlen(prefix);
    return strncasecmp(name, prefix, len) == 0 ? name + len : NULL;
}

/* The candidate's own name on the target, NULL if it is not there. */
static const char *
find(const struct bs_collation_list *target, const char *candidate) {
    const struct bs_collation *found = bs_collation_by_name(target, bs_str(candidate));
    return found != NULL ? found->name : NULL;
}

/* utf8mb4[_language]_0900_<strength> for MariaDB. */
static const char *
from_0900(const struct bs_collation_list *target, const char *rest) {
    char candidate[CANDIDATE_MAX];
    const char *strength = behind(rest, "0900_");
    const char *language = "";
    for (size_t i = 0; strength == NULL && i < LANGUAGE_COUNT; i++) {
        const char *tail = behind(rest, LANGUAGES[i].mysql);
        if (tail != NULL && behind(tail, "_0900_") != NULL) {
            strength = behind(tail, "_0900_");
            language = LANGUAGES[i].mariadb;
        }
    }
    if (strength == NULL) {
        return NULL;
    }
    if (strcasecmp(strength, "bin") == 0) {
        return find(target, "utf8mb4_nopad_bin");
    }
    (void)snprintf(candidate, sizeof candidate, "utf8mb4_uca1400_%s%snopad_%s", language,
                   *language != '\0' ? "_" : "", strength);
    const char *found = find(target, candidate);
    bool is_plain = *language == '\0' && strcasecmp(strength, "ai_ci") == 0;
    return found == NULL && is_plain ? find(target, "utf8mb4_unicode_520_nopad_ci") : found;
}

/* <charset>_uca1400_[language_][nopad_]<strength> for MySQL. */
static const char *
from_uca1400(const struct bs_collation_list *target, const char *charset, const char *rest) {
    char candidate[CANDIDATE_MAX];
    const char *language = "";
    for (size_t i = 0; i < LANGUAGE_COUNT && *language == '\0'; i++) {
        const char *tail = behind(rest, LANGUAGES[i].mariadb);
        if (tail != NULL && *tail == '_') {
            language = LANGUAGES[i].mysql;
            rest = tail + 1;
        }
    }
    const char *nopad = behind(rest, "nopad_");
    const char *strength = nopad != NULL ? nopad : rest;
    bool is_plain = *language == '\0' && strcasecmp(strength, "ai_ci") == 0;
    (void)snprintf(candidate, sizeof candidate, "%s_unicode_520_ci", charset);
    const char *padded = is_plain ? find(target, candidate) : NULL;
    (void)snprintf(candidate, sizeof candidate, "utf8mb4_%s%s0900_%s", language,
                   *language != '\0' ? "_" : "", strength);
    const char *unpadded = strcasecmp(charset, "utf8mb4") == 0 ? find(target, candidate) : NULL;
    bool is_padded = padded != NULL && (nopad == NULL || unpadded == NULL);
    return is_padded ? padded : unpadded;
}

bool
bs_collation_is_nopad(struct bs_str name) {
    static const char *const MARKS[] = {"_nopad_", "_0900_"};
    for (size_t i = 0; i < sizeof MARKS / sizeof *MARKS; i++) {
        size_t len = strlen(MARKS[i]);
        for (size_t at = 0; at + len <= name.len; at++) {
            if (strncasecmp(name.data + at, MARKS[i], len) == 0) {
                return true;
            }
        }
    }
    return false;
}

const char *
bs_collation_translate(const struct bs_collation_list *target, struct bs_str name) {
    static const char MYSQL561[] = "_croatian_mysql561_ci";
    char text[NAME_MAX_LEN];
    const struct bs_collation *same = bs_collation_by_name(target, name);
    if (same != NULL) {
        return same->name;
    }
    (void)snprintf(text, sizeof text, "%.*s", (int)name.len, name.data);
    char *split = strchr(text, '_');
    if (split == NULL) {
        return NULL;
    }
    const char *tail = behind(split, "_uca1400_");
    if (tail != NULL) {
        *split = '\0';
        return from_uca1400(target, text, tail);
    }
    if (strcasecmp(split, MYSQL561) == 0) { /* MariaDB's name for what MySQL calls croatian */
        (void)snprintf(split, sizeof text - (size_t)(split - text), "_croatian_ci");
        return find(target, text);
    }
    if (strcasecmp(text, "utf8mb4_nopad_bin") == 0) {
        return find(target, "utf8mb4_0900_bin");
    }
    const char *rest = behind(text, "utf8mb4_");
    return rest != NULL ? from_0900(target, rest) : NULL;
}

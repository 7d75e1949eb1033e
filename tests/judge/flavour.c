#include "flavour.h"

#include <stdlib.h>
#include <string.h>

#include "normal.h"

enum { MYSQL_8 = 80000, MYSQL_8_0_1 = 80001, MARIADB_10_4_1 = 100401, MARIADB_10_10 = 101000 };

/* The languages for which both have an accent-insensitive and an accent-sensitive collation. */
static const struct {
    const char *mysql;
    const char *mariadb;
} LANGUAGES[] = {
    {"is", "icelandic"}, {"lv", "latvian"},       {"ro", "romanian"}, {"sl", "slovenian"},
    {"pl", "polish"},    {"et", "estonian"},      {"es", "spanish"},  {"sv", "swedish"},
    {"tr", "turkish"},   {"cs", "czech"},         {"da", "danish"},   {"lt", "lithuanian"},
    {"sk", "slovak"},    {"es_trad", "spanish2"}, {"la", "roman"},    {"eo", "esperanto"},
    {"hu", "hungarian"}, {"de_pb", "german2"},    {"hr", "croatian"}, {"vi", "vietnamese"},
};
enum { LANGUAGE_COUNT = sizeof LANGUAGES / sizeof *LANGUAGES };

static const struct {
    const char *mariadb;
    const char *mysql;
} TEXT_TYPES[] = {{"uuid", "char(36)"}, {"inet6", "varchar(39)"}, {"inet4", "varchar(15)"}};

static const char TRUNCATES[] = "TIME_TRUNCATE_FRACTIONAL", ROUNDS[] = "TIME_ROUND_FRACTIONAL";
static const char *const MODES_OF_MYSQL[] = {TRUNCATES, NULL};
static const char *const MODES_OF_MARIADB[] = {"IGNORE_BAD_TABLE_OPTIONS", ROUNDS, NULL};

bool
judge_is_translated(const struct judge_describer *by) {
    return by != NULL && by->server->is_mariadb != by->peer->is_mariadb;
}

bool
judge_is_translated_from(const struct judge_describer *by, bool from_mysql) {
    return judge_is_translated(by) && by->server->endpoint->side == 'A' &&
           by->server->is_mariadb != from_mysql;
}

static void
set(struct judge_text *value, const char *a, const char *b, const char *c) {
    struct judge_text made = {0};
    judge_text_puts(&made, a);
    judge_text_puts(&made, b);
    judge_text_puts(&made, c);
    judge_text_clear(value);
    judge_text_add(value, made.data, made.len);
    judge_text_fini(&made);
}

static bool
is_one_of(const char *name, const char *a, const char *b, const char *c) {
    return strcmp(name, a) == 0 || strcmp(name, b) == 0 || strcmp(name, c) == 0;
}

/* utf8mb4_[LANGUAGE_]0900_SUFFIX */
static void
map_0900(struct judge_text *value, unsigned version) {
    static const char PREFIX[] = "utf8mb4_";
    const char *name = value->data + strlen(PREFIX);
    const char *digits = strstr(value->data, "_0900_");
    if (strcmp(value->data, "utf8mb4_0900_bin") == 0) {
        set(value, "utf8mb4_nopad_bin", "", "");
        return;
    }
    if (strncmp(value->data, PREFIX, strlen(PREFIX)) != 0 || digits == NULL) {
        return;
    }
    const char *suffix = digits + strlen("_0900_");
    size_t language_len = digits < name ? 0 : (size_t)(digits - name);
    if (!is_one_of(suffix, "ai_ci", "as_ci", "as_cs")) {
        return;
    }
    if (version < MARIADB_10_10) {
        if (language_len == 0 && strcmp(suffix, "ai_ci") == 0) {
            set(value, "utf8mb4_unicode_520_nopad_ci", "", "");
        }
        return;
    }
    char kept[8];
    memcpy(kept, suffix, strlen(suffix) + 1);
    if (language_len == 0) {
        set(value, "utf8mb4_uca1400_nopad_", kept, "");
        return;
    }
    for (size_t i = 0; i < LANGUAGE_COUNT; i++) {
        if (strlen(LANGUAGES[i].mysql) == language_len &&
            memcmp(LANGUAGES[i].mysql, name, language_len) == 0) {
            set(value, "utf8mb4_uca1400_", LANGUAGES[i].mariadb, "_nopad_");
            judge_text_puts(value, kept);
            return;
        }
    }
}

/* Moves *rest past "LANGUAGE_", and gives MySQL's name of the language; "" when there is none. */
static const char *
take_language(const char **rest) {
    for (size_t i = 0; i < LANGUAGE_COUNT; i++) {
        size_t len = strlen(LANGUAGES[i].mariadb);
        if (strncmp(*rest, LANGUAGES[i].mariadb, len) == 0 && (*rest)[len] == '_') {
            *rest += len + 1;
            return LANGUAGES[i].mysql;
        }
    }
    return "";
}

/* CHARSET_uca1400_[LANGUAGE_][nopad_]SUFFIX */
static void
map_uca1400(struct judge_text *value, const char *found, unsigned version) {
    char *charset = judge_copy(value->data, (size_t)(found - value->data));
    const char *rest = found + strlen("_uca1400_");
    const char *language = take_language(&rest);
    bool is_plain = *language == '\0';
    bool is_padded = strncmp(rest, "nopad_", strlen("nopad_")) != 0;
    rest += is_padded ? 0 : strlen("nopad_");
    char suffix[8] = "";
    if (is_one_of(rest, "ai_ci", "as_ci", "as_cs")) {
        memcpy(suffix, rest, strlen(rest) + 1);
    }
    bool keeps_padding = is_padded && is_plain && strcmp(suffix, "ai_ci") == 0;
    if (strcmp(charset, "utf8mb4") == 0 && version >= MYSQL_8 && !keeps_padding) {
        if (suffix[0] != '\0' && (is_plain || strcmp(suffix, "as_ci") != 0)) {
            set(value, is_plain ? "utf8mb4" : "utf8mb4_", language, "_0900_");
            judge_text_puts(value, suffix);
        }
    } else if (is_plain && strcmp(suffix, "ai_ci") == 0) {
        set(value, charset, "_unicode_520_ci", "");
    }
    free(charset);
}

static void
map_from_mariadb(struct judge_text *value, unsigned version) {
    static const char CROATIAN[] = "_croatian_mysql561_ci";
    const char *found = strstr(value->data, "_uca1400_");
    if (found != NULL) {
        map_uca1400(value, found, version);
    } else if (strcmp(value->data, "utf8mb4_nopad_bin") == 0 && version >= MYSQL_8) {
        set(value, "utf8mb4_0900_bin", "", "");
    } else if ((found = strstr(value->data, CROATIAN)) != NULL) {
        char *charset = judge_copy(value->data, (size_t)(found - value->data));
        set(value, charset, "_croatian_ci", "");
        free(charset);
    }
}

void
judge_flavour_collation(struct judge_text *value, const struct judge_describer *by) {
    judge_normal_charset(value, by != NULL ? by->server : NULL);
    if (value->len == 0) {
        return;
    }
    if (judge_is_translated_from(by, true)) {
        map_0900(value, by->peer->version);
    } else if (judge_is_translated(by) && by->server->is_mariadb &&
               by->server->endpoint->side == 'B') {
        map_0900(value, by->server->version);
    } else if (judge_is_translated_from(by, false)) {
        map_from_mariadb(value, by->peer->version);
    }
}

static bool
is_in(const char *const *names, const char *name, size_t len) {
    for (; *names != NULL; names++) {
        if (strlen(*names) == len && memcmp(*names, name, len) == 0) {
            return true;
        }
    }
    return false;
}

/* MySQL rounds a time with too many digits and MariaDB cuts it, each unless a mode says otherwise:
 * the mode that B needs to do as A does, the last one of each; NULL: none. */
static const char *
fractions_on_b(const char *modes, const struct judge_describer *by) {
    if (judge_is_translated_from(by, true) && by->peer->version >= MARIADB_10_4_1) {
        return strstr(modes, TRUNCATES) == NULL ? ROUNDS : NULL;
    }
    if (judge_is_translated_from(by, false) && by->peer->version >= MYSQL_8_0_1) {
        return strstr(modes, ROUNDS) == NULL ? TRUNCATES : NULL;
    }
    return NULL;
}

void
judge_flavour_sql_mode(struct judge_text *value, const struct judge_describer *by) {
    static const char *const NONE[] = {NULL};
    const char *const *gone = judge_is_translated_from(by, true)    ? MODES_OF_MYSQL
                              : judge_is_translated_from(by, false) ? MODES_OF_MARIADB
                                                                    : NONE;
    struct judge_text kept = {0};
    const char *fractions = fractions_on_b(value->len > 0 ? value->data : "", by);
    judge_normal_sql_mode(value);
    for (size_t pos = 0; pos < value->len;) {
        const char *mode = value->data + pos;
        size_t len = strcspn(mode, ",");
        if (!is_in(gone, mode, len)) {
            bool is_dates =
                len == strlen("INVALID_DATES") && memcmp(mode, "INVALID_DATES", len) == 0;
            judge_text_puts(&kept, kept.len > 0 ? "," : "");
            judge_text_puts(&kept, is_dates ? "ALLOW_" : "");
            judge_text_add(&kept, mode, len);
        }
        pos += len + 1;
    }
    if (fractions != NULL) {
        judge_text_puts(&kept, kept.len > 0 ? "," : "");
        judge_text_puts(&kept, fractions);
    }
    judge_text_clear(value);
    judge_text_add(value, kept.data, kept.len);
    judge_text_fini(&kept);
}

const char *
judge_flavour_text_type(const struct judge_describer *by, const char *data_type) {
    for (size_t i = 0;
         judge_is_translated_from(by, false) && i < sizeof TEXT_TYPES / sizeof *TEXT_TYPES; i++) {
        if (strcmp(TEXT_TYPES[i].mariadb, data_type) == 0) {
            return TEXT_TYPES[i].mysql;
        }
    }
    return NULL;
}

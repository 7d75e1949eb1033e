#include "normal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static void
set(struct judge_text *value, const char *str) {
    judge_text_clear(value);
    judge_text_puts(value, str);
}

static void
cut(struct judge_text *value, size_t from, size_t to) {
    memmove(value->data + from, value->data + to, value->len - to + 1);
    value->len -= to - from;
}

/* Takes every occurrence of what out. */
static void
drop(struct judge_text *value, const char *what) {
    char *found;
    while (value->data != NULL && (found = strcasestr(value->data, what)) != NULL) {
        size_t from = (size_t)(found - value->data);
        cut(value, from, from + strlen(what));
    }
}

static void
lower(struct judge_text *value) {
    for (size_t i = 0; i < value->len; i++) {
        value->data[i] = (char)tolower((unsigned char)value->data[i]);
    }
}

static bool
starts_with(const struct judge_text *value, const char *prefix) {
    return value->data != NULL && strncasecmp(value->data, prefix, strlen(prefix)) == 0;
}

static void
drop_display_width(struct judge_text *value) {
    static const char *const TYPES[] = {"tinyint(", "smallint(", "mediumint(",
                                        "int(",     "bigint(",   "year("};
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        if (starts_with(value, TYPES[i])) {
            size_t from = strlen(TYPES[i]) - 1;
            const char *close = strchr(value->data, ')');
            if (close != NULL && strstr(value->data, "zerofill") == NULL) {
                cut(value, from, (size_t)(close - value->data) + 1);
            }
            return;
        }
    }
}

/* How a value is stored: the old form of temporals, compression. */
static void
drop_comment(struct judge_text *value) {
    char *found = value->data != NULL ? strstr(value->data, " /*") : NULL;
    if (found != NULL) {
        cut(value, (size_t)(found - value->data), value->len);
    }
}

void
judge_normal_type(struct judge_text *value, const struct judge_server *server) {
    (void)server;
    drop_display_width(value);
    drop_comment(value);
    if (value->data != NULL && strcasecmp(value->data, "geomcollection") == 0) {
        set(value, "geometrycollection");
    }
    judge_normal_charset(value, server); /* DTD_IDENTIFIER may name a charset */
}

void
judge_normal_charset(struct judge_text *value, const struct judge_server *server) {
    (void)server;
    char *found;
    while (value->data != NULL && (found = strstr(value->data, "utf8mb3")) != NULL) {
        size_t from = (size_t)(found - value->data) + strlen("utf8");
        cut(value, from, from + strlen("mb3"));
    }
}

static void
trim(struct judge_text *value) {
    while (value->len > 0 && value->data[0] == ' ') {
        cut(value, 0, 1);
    }
    while (value->len > 0 && value->data[value->len - 1] == ' ') {
        cut(value, value->len - 1, value->len);
    }
}

void
judge_normal_extra(struct judge_text *value, bool is_translated) {
    lower(value);
    drop(value, "default_generated");
    drop(value, "()");
    drop(value, ",");
    if (is_translated) {
        drop(value, "without system versioning");
    }
    if (starts_with(value, "persistent")) {
        cut(value, 0, strlen("persistent"));
        struct judge_text rest = {0};
        judge_text_printf(&rest, "stored%s", value->data);
        set(value, rest.data);
        judge_text_fini(&rest);
    }
    trim(value);
}

void
judge_normal_sql_mode(struct judge_text *value) {
    static const char *const GONE[] = {"NO_AUTO_CREATE_USER",
                                       "NO_FIELD_OPTIONS",
                                       "NO_KEY_OPTIONS",
                                       "NO_TABLE_OPTIONS",
                                       "MYSQL323",
                                       "MYSQL40",
                                       "POSTGRESQL",
                                       "ORACLE",
                                       "MSSQL",
                                       "DB2",
                                       "MAXDB"};
    struct judge_text kept = {0};
    for (size_t pos = 0; pos < value->len;) {
        size_t len = strcspn(value->data + pos, ",");
        bool is_gone = len == 0;
        for (size_t i = 0; i < sizeof GONE / sizeof *GONE; i++) {
            is_gone =
                is_gone || (strlen(GONE[i]) == len && memcmp(GONE[i], value->data + pos, len) == 0);
        }
        if (!is_gone) {
            judge_text_puts(&kept, kept.len > 0 ? "," : "");
            judge_text_add(&kept, value->data + pos, len);
        }
        pos += len + 1;
    }
    judge_text_clear(value);
    judge_text_add(value, kept.data, kept.len);
    judge_text_fini(&kept);
}

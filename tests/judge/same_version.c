#include <string.h>

#include "catalog.h"

/* Two servers of one flavour and version print equal objects equally: what SHOW CREATE says is
 * compared byte for byte, but for counters and states that are facets of their own. */

/* Cuts text[from, to) out of a facet. */
static void
cut(struct judge_facet *facet, size_t from, size_t to) {
    memmove(facet->value + from, facet->value + to, facet->len - to + 1);
    facet->len -= to - from;
}

/* Where " NAME=value" stands in the table options (the line that starts with ")"), before any
 * quoted text; NULL if nowhere. */
static char *
find_table_option(const struct judge_facet *facet, const char *option) {
    char *line = strstr(facet->value, "\n)");
    if (line == NULL) {
        return NULL;
    }
    char *found = strstr(line, option);
    const char *quote = strchr(line, '\'');
    return found != NULL && (quote == NULL || found < quote) ? found : NULL;
}

static void
take_auto_increment(const struct judge_describer *by, struct judge_object *object) {
    static const char OPTION[] = " AUTO_INCREMENT=";
    struct judge_facet *text = judge_object_find(object, "Create Table");
    char *found = find_table_option(text, OPTION);
    char number[32] = "1";
    if (found != NULL) {
        const char *digits = found + sizeof OPTION - 1;
        size_t len = strspn(digits, "0123456789");
        if (len < sizeof number) {
            memcpy(number, digits, len);
            number[len] = '\0';
        }
        size_t from = (size_t)(found - text->value);
        cut(text, from, from + sizeof OPTION - 1 + len);
    }
    if (!by->options->ignore_auto_increment) {
        judge_object_add(object, "AUTO_INCREMENT", JUDGE_NOT_LESS, number, strlen(number));
    }
}

/* With the options that only some engines have: row formats, pages, hash indexes, and the engine of
 * each partition. */
static void
drop_engine(struct judge_object *object) {
    static const char *const OPTIONS[] = {
        " ENGINE=", " ROW_FORMAT=", " PAGE_CHECKSUM=", " TRANSACTIONAL="};
    static const char *const WORDS[] = {" ENGINE = MyISAM", " ENGINE = InnoDB", " ENGINE = Aria",
                                        " USING HASH"};
    struct judge_facet *text = judge_object_find(object, "Create Table");
    for (size_t i = 0; i < sizeof OPTIONS / sizeof *OPTIONS; i++) {
        char *found = find_table_option(text, OPTIONS[i]);
        if (found != NULL) {
            size_t from = (size_t)(found - text->value);
            cut(text, from, from + 1 + strcspn(found + 1, " \n"));
        }
    }
    for (size_t i = 0; text != NULL && i < sizeof WORDS / sizeof *WORDS; i++) {
        char *found;
        while ((found = strstr(text->value, WORDS[i])) != NULL) {
            size_t from = (size_t)(found - text->value);
            cut(text, from, from + strlen(WORDS[i]));
        }
    }
}

static bool
is_default_collation(const char *charset, size_t charset_len, const char *name, size_t len,
                     unsigned version) {
    enum { MYSQL_8 = 80000 };
    static const char *const OTHERS[] = {"latin1_swedish_ci", "gbk_chinese_ci", "big5_chinese_ci",
                                         "sjis_japanese_ci", "cp932_japanese_ci"};
    if (len <= charset_len || strncmp(name, charset, charset_len) != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        if (strlen(OTHERS[i]) == len && memcmp(OTHERS[i], name, len) == 0) {
            return true;
        }
    }
    bool is_0900 = version >= MYSQL_8 && strncmp(charset, "utf8mb4", charset_len) == 0;
    const char *suffix = is_0900 ? "_0900_ai_ci" : "_general_ci";
    return strlen(suffix) == len - charset_len &&
           memcmp(name + charset_len, suffix, len - charset_len) == 0;
}

/* MySQL shows the default collation behind a column's charset too, but only if it was written down
 * once: CHARACTER SET latin1 COLLATE latin1_swedish_ci. */
static void
drop_default_collations(struct judge_object *object, unsigned version) {
    static const char SET[] = " CHARACTER SET ", COLLATE[] = " COLLATE ";
    struct judge_facet *text = judge_object_find(object, "Create Table");
    for (char *at = text->value; (at = strstr(at, SET)) != NULL;) {
        at += sizeof SET - 1;
        size_t charset_len = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789");
        char *behind = at + charset_len;
        if (strncmp(behind, COLLATE, sizeof COLLATE - 1) != 0) {
            continue;
        }
        const char *name = behind + sizeof COLLATE - 1;
        size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
        if (is_default_collation(at, charset_len, name, len, version)) {
            size_t from = (size_t)(behind - text->value);
            cut(text, from, from + sizeof COLLATE - 1 + len);
        }
    }
}

static bool
describe_table(const struct judge_describer *by, struct judge_object *object,
               struct judge_error *err) {
    static const char *const SKIP[] = {"Table", NULL};
    if (strcmp(object->kind, "view") == 0) {
        judge_object_add_outcome(by->server, object);
        return judge_object_add_show(by->server, object, SKIP, err);
    }
    if (!judge_object_add_show(by->server, object, SKIP, err)) {
        return false;
    }
    if (strcmp(object->kind, "sequence") == 0) {
        return judge_object_add_sequence_value(by, object, err);
    }
    take_auto_increment(by, object);
    if (!by->server->is_mariadb) {
        drop_default_collations(object, by->server->version);
    }
    if (by->options->ignore_engines) {
        drop_engine(object);
    }
    return true;
}

static bool
describe_routine(const struct judge_describer *by, struct judge_object *object,
                 struct judge_error *err) {
    return judge_object_add_show(by->server, object, NULL, err);
}

static bool
describe_trigger(const struct judge_describer *by, struct judge_object *object,
                 struct judge_error *err) {
    static const char *const SKIP[] = {"Created", NULL};
    return judge_object_add_show(by->server, object, SKIP, err);
}

/* ENABLE, DISABLE or DISABLE ON SLAVE stands after ON COMPLETION [NOT] PRESERVE; the state is a
 * facet of its own. */
static void
cut_event_status(struct judge_facet *text) {
    static const char *const STATES[] = {" DISABLE ON SLAVE", " DISABLE ON REPLICA", " DISABLE",
                                         " ENABLE"};
    char *found = strstr(text->value, " PRESERVE ");
    if (found == NULL) {
        return;
    }
    size_t from = (size_t)(found - text->value) + strlen(" PRESERVE");
    for (size_t i = 0; i < sizeof STATES / sizeof *STATES; i++) {
        size_t len = strlen(STATES[i]);
        if (strncmp(text->value + from, STATES[i], len) == 0) {
            cut(text, from, from + len);
            return;
        }
    }
}

static bool
describe_event(const struct judge_describer *by, struct judge_object *object,
               struct judge_error *err) {
    if (!judge_object_add_show(by->server, object, NULL, err)) {
        return false;
    }
    cut_event_status(judge_object_find(object, "Create Event"));
    if (by->options->ignore_event_status) {
        judge_facet_set(judge_object_find(object, "STATUS"), NULL, 0);
    }
    return true;
}

static const struct judge_source SOURCES[] = {
    {"SELECT CASE TABLE_TYPE WHEN 'VIEW' THEN 'view' WHEN 'SEQUENCE' THEN 'sequence' ELSE 'table'"
     " END, TABLE_NAME FROM information_schema.TABLES WHERE%s AND TABLE_TYPE <> 'TEMPORARY'",
     "TABLE_SCHEMA", 0, false, describe_table},
    {"SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME FROM information_schema.ROUTINES WHERE%s"
     " AND ROUTINE_TYPE IN ('PROCEDURE', 'FUNCTION', 'PACKAGE', 'PACKAGE BODY')",
     "ROUTINE_SCHEMA", 0, false, describe_routine},
    {"SELECT 'trigger', TRIGGER_NAME, EVENT_OBJECT_TABLE AS 'table', ACTION_TIMING AS timing,"
     " EVENT_MANIPULATION AS event, ACTION_ORDER AS 'order'"
     " FROM information_schema.TRIGGERS WHERE%s",
     "TRIGGER_SCHEMA", 0, false, describe_trigger},
    {"SELECT 'event', EVENT_NAME, STATUS FROM information_schema.EVENTS WHERE%s", "EVENT_SCHEMA", 0,
     false, describe_event},
};

const struct judge_sources JUDGE_SAME_VERSION = {NULL, SOURCES, sizeof SOURCES / sizeof *SOURCES};

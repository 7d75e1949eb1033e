/* The rules, by verb:
 *
 *   TRUNCATE            again in any case: rows after it have not been applied yet
 *   DROP                again if any object that was there is still there
 *   RENAME              with table ids, the renames are played on the ids of before; the result
 *                       is compared with the ids of now: all of it, nothing of it, or unclear
 *   CREATE              again while an object is not there: where the target has no OR REPLACE,
 *                       what was there is dropped first; else any line changed: it ran
 *   ALTER               any line changed: it ran; an altered table that is gone is unclear
 */
#include "apply/fingerprint.h"

#include "base/map.h"
#include "base/mem.h"
#include "catalog/catalog.h"
#include "schema/create_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FINGERPRINT_OBJECTS_MAX = 512 };

/* Without the counter, which rows move too. */
static uint64_t
hash_definition(const char *create) {
    struct bs_buf text = {0};
    bs_create_put_definition(&text, bs_str(create));
    uint64_t hash = bs_hash(text.data, text.len);
    bs_buf_fini(&text);
    return hash;
}

static void
put_hex_name(struct bs_buf *out, const char *name) {
    for (const char *p = name; *p != '\0'; p++) {
        bs_buf_printf(out, "%02x", (unsigned char)*p);
    }
    bs_buf_puts(out, " ");
}

static enum bs_status
put_table(struct bs_sql *target, const struct bs_server *server, const struct bs_ddl_object *object,
          struct bs_buf *out, struct bs_error *err) {
    struct bs_table *table = NULL;
    uint64_t id = 0;
    enum bs_status status =
        bs_catalog_table(target, server, bs_str(object->db), bs_str(object->name), &table, err);
    if (status == BS_OK && table != NULL) {
        status =
            bs_catalog_table_id(target, server, bs_str(object->db), bs_str(object->name), &id, err);
    }
    if (status == BS_OK && table != NULL) {
        bs_buf_printf(out, "%" PRIu64 " %016" PRIx64 "\n", id, hash_definition(table->create));
    } else if (status == BS_OK) {
        bs_buf_puts(out, "0 -\n");
    }
    bs_table_free(table);
    return status;
}

static enum bs_status
put_other(struct bs_sql *target, const struct bs_server *server, const struct bs_ddl_object *object,
          struct bs_buf *out, struct bs_error *err) {
    struct bs_object found_object = {0};
    bool found = false;
    enum bs_status status = bs_catalog_object(target, server, object->kind, bs_str(object->db),
                                              bs_str(object->name), &found_object, &found, err);
    if (status == BS_OK && found) {
        const char *create = found_object.create;
        bs_buf_printf(out, "0 %016" PRIx64 "\n", bs_hash(create, strlen(create)));
        bs_object_fini(&found_object);
    } else if (status == BS_OK) {
        bs_buf_puts(out, "0 -\n");
    }
    return status;
}

enum bs_status
bs_fingerprint_take(struct bs_sql *target, const struct bs_server *server, const struct bs_ddl *ddl,
                    struct bs_buf *out, struct bs_error *err) {
    for (size_t i = 0; i < ddl->count; i++) {
        const struct bs_ddl_object *object = &ddl->objects[i];
        bs_buf_printf(out, "%d ", (int)object->kind);
        put_hex_name(out, object->db);
        put_hex_name(out, object->name[0] != '\0' ? object->name : " ");
        enum bs_status status = object->kind == BS_OBJECT_TABLE
                                    ? put_table(target, server, object, out, err)
                                    : put_other(target, server, object, out, err);
        if (status != BS_OK) {
            return bs_error_context(err, "taking the fingerprint of %s.%s", object->db,
                                    object->name);
        }
    }
    return BS_OK;
}

/* One line, opened. key names the object. */
struct line {
    struct bs_str key;
    uint64_t id;
    struct bs_str hash; /* "-": absent */
};

static struct bs_str
next_word(struct bs_str *text, char end) {
    const char *stop = memchr(text->data, end, text->len);
    size_t len = stop != NULL ? (size_t)(stop - text->data) : text->len;
    struct bs_str word = {text->data, len};
    size_t used = len < text->len ? len + 1 : len;
    text->data += used;
    text->len -= used;
    return word;
}

static size_t
open_lines(struct bs_str text, struct line *lines, size_t max) {
    size_t count = 0;
    while (text.len > 0 && count < max) {
        struct bs_str line = next_word(&text, '\n');
        struct bs_str start = line;
        (void)next_word(&line, ' ');
        (void)next_word(&line, ' ');
        (void)next_word(&line, ' ');
        lines[count].key = (struct bs_str){start.data, (size_t)(line.data - start.data)};
        struct bs_str id = next_word(&line, ' ');
        lines[count].id = strtoull(id.data, NULL, 10);
        lines[count].hash = line;
        count++;
    }
    return count;
}

static bool
is_absent(const struct line *line) {
    return bs_str_is(line->hash, "-");
}

static bool
line_equal(const struct line *a, const struct line *b) {
    return a->id == b->id && bs_str_equal(a->hash, b->hash);
}

static struct line *
find_line(struct line *lines, size_t count, struct bs_str key) {
    for (size_t i = 0; i < count; i++) {
        if (bs_str_equal(lines[i].key, key)) {
            return &lines[i];
        }
    }
    return NULL;
}

/* Plays the renames on the ids of before. The lines come in pairs: from, to. An object named twice
 * has several lines: the first of its key speaks for it. */
static bool
renames_lead_to(struct line *before, struct line *now, size_t count) {
    for (size_t i = 0; i + 1 < count; i += 2) {
        struct line *from = find_line(before, count, before[i].key);
        struct line *to = find_line(before, count, before[i + 1].key);
        to->id = from->id;
        from->id = 0;
    }
    for (size_t i = 0; i < count; i++) {
        struct line *first = find_line(before, count, before[i].key);
        if (first->id != find_line(now, count, before[i].key)->id) {
            return false;
        }
    }
    return true;
}

static enum bs_ddl_outcome
decide_rename(struct line *before, struct line *now, size_t count, bool unchanged) {
    bool have_ids = true;
    for (size_t i = 0; i < count; i++) {
        have_ids = have_ids && (before[i].id != 0 || is_absent(&before[i])) &&
                   (now[i].id != 0 || is_absent(&now[i]));
    }
    if (!have_ids) {
        return unchanged ? BS_DDL_UNCLEAR : BS_DDL_RUN;
    }
    if (unchanged) {
        return BS_DDL_NOT_RUN;
    }
    return renames_lead_to(before, now, count) ? BS_DDL_RUN : BS_DDL_UNCLEAR;
}

static enum bs_ddl_outcome
decide_drop(const struct line *before, const struct line *now, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!is_absent(&before[i]) && !is_absent(&now[i])) {
            return BS_DDL_NOT_RUN;
        }
    }
    return BS_DDL_RUN;
}

static bool
is_any_absent(const struct line *lines, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (is_absent(&lines[i])) {
            return true;
        }
    }
    return false;
}

static enum bs_ddl_outcome
decide_lines(const struct bs_ddl *ddl, struct line *before, struct line *now, size_t count) {
    bool unchanged = true;
    bool lost = false;
    for (size_t i = 0; i < count; i++) {
        unchanged = unchanged && line_equal(&before[i], &now[i]);
        lost = lost || (!is_absent(&before[i]) && is_absent(&now[i]));
    }
    switch (ddl->verb) {
    case BS_DDL_TRUNCATE:
        return BS_DDL_NOT_RUN;
    case BS_DDL_DROP:
        return decide_drop(before, now, count);
    case BS_DDL_RENAME:
        return decide_rename(before, now, count, unchanged);
    case BS_DDL_ALTER:
        /* ALTER ... RENAME names two tables, and the old one goes. */
        return lost && count == 1 ? BS_DDL_UNCLEAR : unchanged ? BS_DDL_NOT_RUN : BS_DDL_RUN;
    case BS_DDL_CREATE:
        return unchanged || is_any_absent(now, count) ? BS_DDL_NOT_RUN : BS_DDL_RUN;
    }
    return BS_DDL_UNCLEAR;
}

enum bs_ddl_outcome
bs_fingerprint_decide(const struct bs_ddl *ddl, struct bs_str before, struct bs_str now) {
    if (ddl->count > FINGERPRINT_OBJECTS_MAX) {
        return bs_str_equal(before, now) ? BS_DDL_NOT_RUN : BS_DDL_UNCLEAR;
    }
    struct line *lines = bs_zalloc(2 * (ddl->count + 1) * sizeof *lines);
    struct line *now_lines = lines + ddl->count + 1;
    size_t count = open_lines(before, lines, ddl->count);
    size_t now_count = open_lines(now, now_lines, ddl->count);
    enum bs_ddl_outcome outcome =
        count != now_count ? BS_DDL_UNCLEAR : decide_lines(ddl, lines, now_lines, count);
    free(lines);
    return outcome;
}

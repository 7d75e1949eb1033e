#include "snapshot/archive_json.h"

#include "base/mem.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writing. */

static json_t *
encode_base64(struct bs_str bytes) {
    size_t cap = 4 * ((bytes.len + 2) / 3) + 1;
    char *text = bs_alloc(cap);
    int len =
        EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)bytes.data, (int)bytes.len);
    json_t *value = json_stringn(text, (size_t)len);
    free(text);
    return value;
}

static json_t *
encode_text(const char *text) {
    json_t *value = text == NULL ? json_null() : json_string(text);
    return value != NULL ? value : json_pack("{s:o}", "base64", encode_base64(bs_str(text)));
}

static void
put(json_t *object, const char *name, json_t *value) {
    int rc = json_object_set_new(object, name, value);
    BS_ASSERT(rc == 0);
}

static json_t *
encode_number(uint64_t number) {
    return json_integer((json_int_t)number);
}

static json_t *
encode_server(const struct bs_server *server) {
    json_t *object = json_object();
    put(object, "flavour", json_string(bs_flavour_name(server->flavour)));
    put(object, "version", encode_number(server->version));
    put(object, "version_text", encode_text(server->version_text));
    put(object, "server_uuid", encode_text(server->server_uuid));
    put(object, "server_id", encode_number(server->server_id));
    put(object, "lower_case_table_names", json_integer(server->lower_case_table_names));
    put(object, "has_gtid", json_boolean(server->has_gtid));
    put(object, "explicit_defaults_for_timestamp",
        json_boolean(server->explicit_defaults_for_timestamp));
    put(object, "utf8_is_utf8mb4", json_boolean(server->utf8_is_utf8mb4));
    return object;
}

static json_t *
encode_collations(const struct bs_collation_list *list) {
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++) {
        const struct bs_collation *item = &list->items[i];
        json_t *entry =
            json_pack("[i,s,s,b]", (int)item->id, item->name, item->charset, (int)item->is_default);
        int rc = json_array_append_new(array, entry);
        BS_ASSERT(entry != NULL && rc == 0);
    }
    return array;
}

static json_t *
encode_points(const struct bs_archive *archive) {
    json_t *array = json_array();
    for (size_t i = 0; i < archive->point_count; i++) {
        const struct bs_copy_point *point = &archive->points[i];
        json_t *object = json_object();
        put(object, "number", encode_number(point->number));
        put(object, "file", encode_text(point->position.file));
        put(object, "pos", encode_number(point->position.pos));
        put(object, "gtid", encode_text(point->position.gtid));
        put(object, "file_created", encode_number(point->file_created));
        int rc = json_array_append_new(array, object);
        BS_ASSERT(rc == 0);
    }
    return array;
}

static const struct {
    const char *name;
    size_t offset;
} TEXTS[] = {
    {"db", offsetof(struct bs_object, db)},
    {"name", offsetof(struct bs_object, name)},
    {"table", offsetof(struct bs_object, table)},
    {"create", offsetof(struct bs_object, create)},
    {"sql_mode", offsetof(struct bs_object, sql_mode)},
    {"charset_client", offsetof(struct bs_object, charset_client)},
    {"collation_connection", offsetof(struct bs_object, collation_connection)},
    {"collation_database", offsetof(struct bs_object, collation_database)},
    {"time_zone", offsetof(struct bs_object, time_zone)},
};
enum { TEXT_COUNT = sizeof TEXTS / sizeof TEXTS[0] };

static char **
text_of(struct bs_object *object, size_t i) {
    return (char **)((char *)object + TEXTS[i].offset);
}

static json_t *
encode_objects(const struct bs_archive *archive) {
    json_t *array = json_array();
    for (size_t i = 0; i < archive->object_count; i++) {
        json_t *object = json_object();
        put(object, "kind", json_string(bs_object_kind_name(archive->objects[i].kind)));
        for (size_t k = 0; k < TEXT_COUNT; k++) {
            const char *text = *text_of(&archive->objects[i], k);
            if (text != NULL) {
                put(object, TEXTS[k].name, encode_text(text));
            }
        }
        int rc = json_array_append_new(array, object);
        BS_ASSERT(rc == 0);
    }
    return array;
}

static json_t *
encode_table(const struct bs_archived_table *table) {
    struct bs_buf model = {0};
    json_t *object = json_object();
    bs_table_encode(table->model, &model);
    put(object, "db", encode_text(table->unit.db));
    put(object, "name", encode_text(table->unit.name));
    put(object, "directory", encode_number(table->directory));
    put(object, "first_point", encode_number(table->unit.first));
    put(object, "last_point", encode_number(table->unit.last));
    put(object, "table_id", encode_number(table->unit.table_id));
    put(object, "definition", encode_text(table->unit.definition));
    put(object, "rows_estimate", encode_number(table->row_estimate));
    put(object, "bytes_estimate", encode_number(table->data_bytes));
    put(object, "history", json_boolean(table->has_history));
    put(object, "model", encode_base64(bs_buf_str(&model)));
    bs_buf_fini(&model);
    return object;
}

void
bs_archive_encode(const struct bs_archive *archive, struct bs_buf *out) {
    json_t *root = json_object();
    json_t *tables = json_array();
    for (size_t i = 0; i < archive->table_count; i++) {
        int rc = json_array_append_new(tables, encode_table(&archive->tables[i]));
        BS_ASSERT(rc == 0);
    }
    put(root, "format", json_integer(BS_ARCHIVE_FORMAT));
    put(root, "written_by", json_string("binstream " BS_VERSION));
    put(root, "id", json_string(archive->id));
    put(root, "complete", json_boolean(archive->is_complete));
    put(root, "source", encode_server(&archive->source));
    put(root, "position_mode", json_integer(archive->mode));
    put(root, "selection", encode_text(archive->selection));
    put(root, "selection_lists", encode_text(archive->selection_args));
    put(root, "points", encode_points(archive));
    put(root, "next_directory", encode_number(archive->next_directory));
    put(root, "objects", encode_objects(archive));
    put(root, "tables", tables);
    put(root, "collations", encode_collations(&archive->collations));
    char *text = json_dumps(root, JSON_COMPACT);
    BS_ASSERT(text != NULL);
    bs_buf_puts(out, text);
    free(text);
    json_decref(root);
}

/* Reading. `bad` is set where something is not as it is written above. */

struct reading {
    struct bs_archive *archive;
    bool bad;
};

static struct bs_buf
decode_base64(struct reading *r, const json_t *value) {
    struct bs_buf out = {0};
    const char *text = json_string_value(value);
    size_t len = text != NULL ? json_string_length(value) : 0;
    if (text == NULL || len % 4 != 0) {
        r->bad = true;
        return out;
    }
    bs_buf_reserve(&out, len + 1);
    int n = EVP_DecodeBlock(out.data, (const unsigned char *)text, (int)len);
    size_t padding = len > 0 ? (size_t)(text[len - 1] == '=') + (text[len - 2] == '=') : 0;
    r->bad = r->bad || n < 0;
    out.len = n < 0 ? 0 : (size_t)n - padding;
    return out;
}

/* NULL where it is null or not there. */
static char *
decode_text(struct reading *r, const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    if (value == NULL || json_is_null(value)) {
        return NULL;
    }
    if (json_is_object(value)) {
        struct bs_buf bytes = decode_base64(r, json_object_get(value, "base64"));
        return bs_buf_take_cstr(&bytes);
    }
    if (!json_is_string(value)) {
        r->bad = true;
        return NULL;
    }
    return bs_strndup(json_string_value(value), json_string_length(value));
}

static char *
need_text(struct reading *r, const json_t *object, const char *name) {
    char *text = decode_text(r, object, name);
    r->bad = r->bad || text == NULL;
    return text != NULL ? text : bs_strdup("");
}

static uint64_t
need_number(struct reading *r, const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    r->bad = r->bad || !json_is_integer(value);
    return json_is_integer(value) ? (uint64_t)json_integer_value(value) : 0;
}

static void
copy_text(struct reading *r, const json_t *object, const char *name, char *out, size_t cap) {
    char *text = need_text(r, object, name);
    (void)snprintf(out, cap, "%s", text);
    free(text);
}

static void
decode_server(struct reading *r, const json_t *object) {
    struct bs_server *server = &r->archive->source;
    char flavour[32];
    copy_text(r, object, "flavour", flavour, sizeof flavour);
    copy_text(r, object, "version_text", server->version_text, sizeof server->version_text);
    copy_text(r, object, "server_uuid", server->server_uuid, sizeof server->server_uuid);
    server->flavour = strcmp(flavour, bs_flavour_name(BS_MARIADB)) == 0 ? BS_MARIADB : BS_MYSQL;
    server->version = (uint32_t)need_number(r, object, "version");
    server->server_id = (uint32_t)need_number(r, object, "server_id");
    server->lower_case_table_names = (int)need_number(r, object, "lower_case_table_names");
    server->has_gtid = json_is_true(json_object_get(object, "has_gtid"));
    server->explicit_defaults_for_timestamp =
        json_is_true(json_object_get(object, "explicit_defaults_for_timestamp"));
    server->utf8_is_utf8mb4 = json_is_true(json_object_get(object, "utf8_is_utf8mb4"));
}

static void
decode_collations(struct reading *r, const json_t *array) {
    size_t i;
    const json_t *entry;
    json_array_foreach((json_t *)(uintptr_t)array, i, entry) {
        const char *name = json_string_value(json_array_get(entry, 1));
        const char *charset = json_string_value(json_array_get(entry, 2));
        if (name == NULL || charset == NULL) {
            r->bad = true;
            return;
        }
        bs_collation_list_add(
            &r->archive->collations, (unsigned int)json_integer_value(json_array_get(entry, 0)),
            bs_str(name), bs_str(charset), json_is_true(json_array_get(entry, 3)));
    }
}

static void
decode_points(struct reading *r, const json_t *array) {
    struct bs_archive *archive = r->archive;
    archive->points = bs_zalloc((json_array_size(array) + 1) * sizeof *archive->points);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *object = json_array_get(array, i);
        struct bs_copy_point *point = &archive->points[archive->point_count++];
        char *file = need_text(r, object, "file");
        char *gtid = need_text(r, object, "gtid");
        point->number = (uint32_t)need_number(r, object, "number");
        if (json_object_get(object, "file_created") != NULL) { /* older archives lack it */
            point->file_created = (uint32_t)need_number(r, object, "file_created");
        }
        bs_position_set(&point->position, file, need_number(r, object, "pos"), gtid);
        free(file);
        free(gtid);
    }
}

static enum bs_object_kind
decode_kind(struct reading *r, const json_t *object) {
    static const enum bs_object_kind KINDS[] = {
        BS_OBJECT_DATABASE, BS_OBJECT_VIEW,         BS_OBJECT_PROCEDURE, BS_OBJECT_FUNCTION,
        BS_OBJECT_PACKAGE,  BS_OBJECT_PACKAGE_BODY, BS_OBJECT_TRIGGER,   BS_OBJECT_EVENT};
    const char *name = json_string_value(json_object_get(object, "kind"));
    for (size_t i = 0; name != NULL && i < sizeof KINDS / sizeof KINDS[0]; i++) {
        if (strcmp(name, bs_object_kind_name(KINDS[i])) == 0) {
            return KINDS[i];
        }
    }
    r->bad = true;
    return BS_OBJECT_VIEW;
}

static void
decode_objects(struct reading *r, const json_t *array) {
    struct bs_archive *archive = r->archive;
    archive->objects = bs_zalloc((json_array_size(array) + 1) * sizeof *archive->objects);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *object = json_array_get(array, i);
        struct bs_object *out = &archive->objects[archive->object_count++];
        out->kind = decode_kind(r, object);
        for (size_t k = 0; k < TEXT_COUNT; k++) {
            *text_of(out, k) = decode_text(r, object, TEXTS[k].name);
        }
        r->bad = r->bad || out->db == NULL || out->name == NULL;
    }
}

static void
decode_table(struct reading *r, const json_t *object, struct bs_archived_table *table) {
    struct bs_error ignored = {0};
    struct bs_buf model = decode_base64(r, json_object_get(object, "model"));
    table->unit = (struct bs_unit){
        .db = need_text(r, object, "db"),
        .name = need_text(r, object, "name"),
        .first = (uint32_t)need_number(r, object, "first_point"),
        .last = (uint32_t)need_number(r, object, "last_point"),
        .table_id = need_number(r, object, "table_id"),
        .definition = need_text(r, object, "definition"),
        .late_keys = bs_strdup(""),
        .late_foreign_keys = bs_strdup(""),
    };
    table->directory = (uint32_t)need_number(r, object, "directory");
    table->has_history = json_is_true(json_object_get(object, "history")); /* from format 2 on */
    table->row_estimate = need_number(r, object, "rows_estimate");
    table->data_bytes = need_number(r, object, "bytes_estimate");
    if (r->bad || bs_table_decode(bs_buf_str(&model), &table->model, &ignored) != BS_OK) {
        r->bad = true;
    } else {
        table->model->row_estimate = table->row_estimate;
        table->model->data_bytes = table->data_bytes;
    }
    bs_buf_fini(&model);
}

static void
decode_tables(struct reading *r, const json_t *array) {
    struct bs_archive *archive = r->archive;
    archive->tables = bs_zalloc((json_array_size(array) + 1) * sizeof *archive->tables);
    for (size_t i = 0; i < json_array_size(array) && !r->bad; i++) {
        decode_table(r, json_array_get(array, i), &archive->tables[archive->table_count++]);
    }
}

static void
decode_root(struct reading *r, const json_t *root) {
    struct bs_archive *archive = r->archive;
    copy_text(r, root, "id", archive->id, sizeof archive->id);
    archive->is_complete = json_is_true(json_object_get(root, "complete"));
    archive->mode = (enum bs_position_mode)need_number(r, root, "position_mode");
    archive->selection = need_text(r, root, "selection");
    archive->selection_args = need_text(r, root, "selection_lists");
    archive->next_directory = (uint32_t)need_number(r, root, "next_directory");
    decode_server(r, json_object_get(root, "source"));
    decode_points(r, json_object_get(root, "points"));
    decode_objects(r, json_object_get(root, "objects"));
    decode_tables(r, json_object_get(root, "tables"));
    decode_collations(r, json_object_get(root, "collations"));
}

enum bs_status
bs_archive_decode(struct bs_archive *archive, struct bs_str text, struct bs_error *err) {
    struct reading r = {.archive = archive};
    json_error_t trouble;
    enum bs_status status = BS_OK;
    json_t *root = json_loadb(text.data, text.len, 0, &trouble);
    json_int_t format = json_integer_value(json_object_get(root, "format"));
    if (root == NULL || format < 1) {
        status = bs_error_set(err, BS_SCHEMA, "the manifest cannot be read: %s",
                              root == NULL ? trouble.text : "it has no format");
    } else if (format > BS_ARCHIVE_FORMAT) {
        bs_error_set(err, BS_SCHEMA,
                     "the archive has format %d; this version of binstream knows formats up to %d",
                     (int)format, BS_ARCHIVE_FORMAT);
        status = bs_error_hint(err, "use the version of binstream that made it, or a newer one");
    } else {
        decode_root(&r, root);
    }
    if (status == BS_OK && r.bad) {
        status = bs_error_set(err, BS_SCHEMA, "the manifest is not as binstream writes it");
    }
    json_decref(root);
    return status;
}

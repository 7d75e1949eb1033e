/* The columns of a TABLE_MAP line. */
#include "events/table.h"

#include "binlog/wire_type.h"
#include "events/charset.h"

/* Blobs by the number of bytes of their length: binary, or text. */
static const char *
blob_type(uint16_t length_len, bool is_text) {
    static const char *const names[][2] = {{"blob", "text"},
                                           {"tinyblob", "tinytext"},
                                           {"blob", "text"},
                                           {"mediumblob", "mediumtext"},
                                           {"longblob", "longtext"}};
    return names[length_len <= 4 ? length_len : 0][is_text];
}

static const char *
string_type(const struct bs_map_column *wire) {
    bool is_binary = wire->collation == BS_COLLATION_BINARY;
    bool is_text = wire->collation != 0 && !is_binary;
    switch (wire->type) {
    case BS_WIRE_STRING:
        return is_binary ? "binary" : "char";
    case BS_WIRE_BLOB:
    case BS_WIRE_BLOB_COMPRESSED:
        return blob_type(wire->meta, is_text);
    default:
        return is_binary ? "varbinary" : "varchar";
    }
}

const char *
bs_events_wire_type(const struct bs_map_column *wire) {
    static const char *const names[256] = {
        [BS_WIRE_TINY] = "tinyint",
        [BS_WIRE_SHORT] = "smallint",
        [BS_WIRE_INT24] = "mediumint",
        [BS_WIRE_LONG] = "int",
        [BS_WIRE_LONGLONG] = "bigint",
        [BS_WIRE_FLOAT] = "float",
        [BS_WIRE_DOUBLE] = "double",
        [BS_WIRE_NULL] = "null",
        [BS_WIRE_NEWDECIMAL] = "decimal",
        [BS_WIRE_YEAR] = "year",
        [BS_WIRE_DATE] = "date",
        [BS_WIRE_NEWDATE] = "date",
        [BS_WIRE_TIME] = "time",
        [BS_WIRE_TIME2] = "time",
        [BS_WIRE_DATETIME] = "datetime",
        [BS_WIRE_DATETIME2] = "datetime",
        [BS_WIRE_TIMESTAMP] = "timestamp",
        [BS_WIRE_TIMESTAMP2] = "timestamp",
        [BS_WIRE_BIT] = "bit",
        [BS_WIRE_ENUM] = "enum",
        [BS_WIRE_SET] = "set",
        [BS_WIRE_JSON] = "json",
        [BS_WIRE_GEOMETRY] = "geometry",
        [BS_WIRE_VECTOR] = "vector",
        [BS_WIRE_TYPED_ARRAY] = "array",
    };
    return names[wire->type] != NULL ? names[wire->type] : string_type(wire);
}

/* With a model, the names of information_schema; but of the texts and blobs, which the model has as
 * one type, and which the map tells apart. */
static const char *
type_of_model(const struct bs_map_column *wire, const struct bs_column *model) {
    switch (model->type) {
    case BS_TYPE_UUID:
        return "uuid";
    case BS_TYPE_INET4:
        return "inet4";
    case BS_TYPE_INET6:
        return "inet6";
    case BS_TYPE_VECTOR:
        return "vector";
    case BS_TYPE_BINARY:
        return "binary";
    case BS_TYPE_VARBINARY:
        return "varbinary";
    case BS_TYPE_TEXT:
    case BS_TYPE_BLOB:
        return blob_type(wire->meta, model->type == BS_TYPE_TEXT);
    default:
        return bs_events_wire_type(wire);
    }
}

static void
put_size(struct bs_buf *out, const struct bs_map_column *wire) {
    switch (wire->type) {
    case BS_WIRE_NEWDECIMAL:
        bs_events_member_u64(out, "precision", wire->meta & 0xFF);
        bs_events_member_u64(out, "scale", wire->meta >> 8);
        break;
    case BS_WIRE_TIME2:
    case BS_WIRE_DATETIME2:
    case BS_WIRE_TIMESTAMP2:
        bs_events_member_u64(out, "fsp", wire->meta);
        break;
    case BS_WIRE_BIT:
        bs_events_member_u64(out, "bits", (wire->meta & 0xFFu) + 8u * (wire->meta >> 8));
        break;
    case BS_WIRE_STRING:
    case BS_WIRE_VAR_STRING:
    case BS_WIRE_VARCHAR:
    case BS_WIRE_VARCHAR_COMPRESSED:
        bs_events_member_u64(out, "bytes", wire->meta);
        break;
    default:
        break;
    }
}

static bool
is_signed_type(uint8_t type) {
    return type == BS_WIRE_TINY || type == BS_WIRE_SHORT || type == BS_WIRE_INT24 ||
           type == BS_WIRE_LONG || type == BS_WIRE_LONGLONG || type == BS_WIRE_FLOAT ||
           type == BS_WIRE_DOUBLE || type == BS_WIRE_NEWDECIMAL;
}

static void
put_labels(struct bs_buf *out, const struct bs_events_column *column) {
    if (column->labels == NULL) {
        return;
    }
    bs_events_member(out, "labels");
    BS_EVENTS_PUT(out, "[");
    for (size_t i = 0; i < column->label_count; i++) {
        bs_buf_puts(out, i > 0 ? "," : "");
        bs_events_put_text(out, column->labels[i], column->text);
    }
    BS_EVENTS_PUT(out, "]");
}

static void
put_column(struct bs_buf *out, const struct bs_events_table *t, size_t i) {
    const struct bs_map_column *wire = &t->map->columns[i];
    const struct bs_column *model = t->model != NULL ? &t->model->columns[i] : NULL;
    BS_EVENTS_PUT(out, "{\"name\":");
    bs_events_put_string(out, t->columns[i].name);
    bs_events_member_text(
        out, "type",
        bs_str(model != NULL ? type_of_model(wire, model) : bs_events_wire_type(wire)));
    if (is_signed_type(wire->type) && bs_table_map_has(t->map, BS_MAP_SIGNEDNESS)) {
        bs_events_member_bool(out, "unsigned", wire->is_unsigned);
    } else if (is_signed_type(wire->type) && model != NULL) {
        bs_events_member_bool(out, "unsigned", model->is_unsigned);
    }
    put_size(out, wire);
    if (model != NULL && (wire->type == BS_WIRE_TIME || wire->type == BS_WIRE_DATETIME ||
                          wire->type == BS_WIRE_TIMESTAMP)) {
        bs_events_member_u64(out, "fsp", model->fsp);
    }
    if (wire->collation != 0) {
        bs_events_member_u64(out, "collation", wire->collation);
    }
    put_labels(out, &t->columns[i]);
    bs_events_member_bool(out, "nullable", wire->nullable);
    if (wire->type == BS_WIRE_BLOB_COMPRESSED || wire->type == BS_WIRE_VARCHAR_COMPRESSED) {
        bs_events_member_bool(out, "compressed", true);
    }
    if (bs_table_map_has(t->map, BS_MAP_VISIBILITY)) {
        bs_events_member_bool(out, "visible", wire->visible);
    }
    if (wire->type == BS_WIRE_GEOMETRY && bs_table_map_has(t->map, BS_MAP_GEOMETRY_TYPE)) {
        bs_events_member_u64(out, "geometry_type", wire->geometry_type);
    }
    if (wire->type == BS_WIRE_VECTOR && bs_table_map_has(t->map, BS_MAP_VECTOR_DIMENSION)) {
        bs_events_member_u64(out, "dimensions", wire->dimension);
    }
    BS_EVENTS_PUT(out, "}");
}

static void
put_key_part(struct bs_buf *out, const struct bs_events_table *t, size_t column, uint64_t prefix) {
    bs_buf_puts(out, prefix > 0 ? "[" : "");
    bs_events_put_string(out, t->columns[column].name);
    if (prefix > 0) {
        BS_EVENTS_PUT(out, ",");
        bs_events_put_u64(out, prefix);
        BS_EVENTS_PUT(out, "]");
    }
}

static void
put_logged_key(struct bs_buf *out, const struct bs_events_table *t) {
    bs_events_member(out, "primary_key");
    for (size_t i = 0; i < t->map->primary_key_count; i++) {
        const struct bs_map_key_part *part = &t->map->primary_key[i];
        bs_buf_puts(out, i > 0 ? "," : "[");
        put_key_part(out, t, part->column, part->prefix);
    }
    BS_EVENTS_PUT(out, "]");
}

static void
put_key_of_model(struct bs_buf *out, const struct bs_events_table *t) {
    const struct bs_key *key = &t->model->keys[0];
    bs_events_member(out, "primary_key");
    for (size_t i = 0; i < key->part_count; i++) {
        bs_buf_puts(out, i > 0 ? "," : "[");
        put_key_part(out, t, key->parts[i].column, key->parts[i].prefix);
    }
    BS_EVENTS_PUT(out, "]");
}

/* A log with names would have the key, too: without one, the table had none. */
static void
put_primary_key(struct bs_buf *out, const struct bs_events_table *t) {
    if (t->map->primary_key_count > 0) {
        put_logged_key(out, t);
    } else if (t->names == BS_EVENTS_NAMES_SCHEMA && bs_table_has_primary_key(t->model)) {
        put_key_of_model(out, t);
    }
}

void
bs_events_put_columns(struct bs_buf *out, const struct bs_events_table *t) {
    static const char *const names[] = {"none", "log", "schema"};
    bs_events_member_text(out, "names", bs_str(names[t->names]));
    bs_events_member(out, "columns");
    BS_EVENTS_PUT(out, "[");
    for (size_t i = 0; i < t->map->column_count; i++) {
        bs_buf_puts(out, i > 0 ? "," : "");
        put_column(out, t, i);
    }
    BS_EVENTS_PUT(out, "]");
    put_primary_key(out, t);
}

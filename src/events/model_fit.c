#include "events/model_fit.h"

#include "base/buf.h"
#include "binlog/rows.h"
#include "binlog/wire_type.h"
#include "events/charset.h"
#include "events/table.h"

#include <inttypes.h>

/* So many columns are told by name; a table of thousands that differs says no more by all. */
enum { TOLD_MAX = 8 };

static bool
is_string(uint8_t type) {
    return type == BS_WIRE_STRING || type == BS_WIRE_VAR_STRING || type == BS_WIRE_VARCHAR ||
           type == BS_WIRE_VARCHAR_COMPRESSED || type == BS_WIRE_BLOB ||
           type == BS_WIRE_BLOB_COMPRESSED;
}

/* A text and bytes look the same on the wire: only the collation, where it was logged, tells them
 * apart. */
static bool
is_text_as_logged(const struct bs_map_column *wire, const struct bs_column *model) {
    if (!is_string(wire->type) || wire->collation == 0) {
        return true;
    }
    bool is_binary = wire->collation == BS_COLLATION_BINARY;
    switch (model->type) {
    case BS_TYPE_CHAR:
    case BS_TYPE_VARCHAR:
    case BS_TYPE_TEXT:
        return !is_binary;
    case BS_TYPE_BINARY:
    case BS_TYPE_VARBINARY:
    case BS_TYPE_BLOB:
    case BS_TYPE_VECTOR:
    case BS_TYPE_UUID:
    case BS_TYPE_INET4:
    case BS_TYPE_INET6:
        return is_binary;
    default:
        return true;
    }
}

/* One column alone, as if the table had no other. */
static bool
column_fits(const struct bs_table_map *map, const struct bs_table *model, size_t i) {
    struct bs_table_map one_map = {.is_mariadb = map->is_mariadb,
                                   .has_hires_temporals = map->has_hires_temporals,
                                   .db = map->db,
                                   .table = map->table,
                                   .column_count = 1,
                                   .columns = &map->columns[i],
                                   .metadata = map->metadata};
    struct bs_table one_model = {.columns = &model->columns[i], .column_count = 1};
    return bs_rows_model_fits(&one_map, &one_model) &&
           is_text_as_logged(&map->columns[i], &model->columns[i]);
}

static void
put_difference(struct bs_buf *out, const struct bs_table_map *map, const struct bs_table *model,
               size_t i) {
    const struct bs_map_column *wire = &map->columns[i];
    const struct bs_column *column = &model->columns[i];
    bs_buf_printf(out, "%s column %zu, `%s` %s there and ", out->len > 0 ? ";" : "", i + 1,
                  column->name != NULL ? column->name : "",
                  column->type_text != NULL ? column->type_text : "");
    if (wire->name.len > 0) {
        bs_buf_printf(out, "`%.*s` ", (int)wire->name.len, wire->name.data);
    }
    bs_buf_puts(out, bs_events_wire_type(wire));
    if (wire->type == BS_WIRE_NEWDECIMAL) {
        bs_buf_printf(out, "(%u,%u)", wire->meta & 0xFFu, (unsigned)wire->meta >> 8);
    } else if (is_string(wire->type) && wire->type != BS_WIRE_BLOB) {
        bs_buf_printf(out, " of %u bytes", wire->meta);
    }
    bool is_unsigned = bs_table_map_has(map, BS_MAP_SIGNEDNESS) && wire->is_unsigned;
    bs_buf_puts(out, is_unsigned ? " unsigned in the log" : " in the log");
}

static enum bs_status
refuse(const struct bs_table_map *map, const char *what, struct bs_error *err) {
    bs_error_set(err, BS_SCHEMA, "the table %s.%s of --schema is not the one in the log:%s",
                 map->db.data, map->table.data, what);
    return bs_error_hint(err, "nothing is taken from it: what the log does not tell of this table "
                              "is not known, columns without a name are called @1, @2 and so on; "
                              "for more, name a server that has the table as it was");
}

enum bs_status
bs_events_check_model(const struct bs_table_map *map, const struct bs_table *model,
                      struct bs_error *err) {
    struct bs_buf what = {0};
    size_t count = 0;
    if (map->column_count != model->column_count) {
        bs_buf_printf(&what, " it has %zu columns, %zu in the log", model->column_count,
                      map->column_count);
        count = 1;
    }
    for (size_t i = 0; map->column_count == model->column_count && i < map->column_count; i++) {
        if (!column_fits(map, model, i) && count++ < TOLD_MAX) {
            put_difference(&what, map, model, i);
        }
    }
    if (count > TOLD_MAX) {
        bs_buf_printf(&what, "; and %zu more", count - TOLD_MAX);
    }
    enum bs_status status = count == 0 ? BS_OK : refuse(map, bs_buf_cstr(&what), err);
    bs_buf_fini(&what);
    return status;
}

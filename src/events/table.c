#include "events/table.h"

#include "base/mem.h"
#include "binlog/wire_type.h"
#include "events/charset.h"
#include "events/labels.h"
#include "events/model_fit.h"

#include <stdio.h>
#include <stdlib.h>

enum { ARENA_LEN = 2048 };

static struct bs_str
keep(struct bs_arena *arena, const struct bs_buf *buf) {
    return (struct bs_str){bs_arena_copy(arena, buf->data, buf->len), buf->len};
}

/* The name from the log, from the model, or made of its number. What is no UTF-8 is no name. */
static void
name_column(struct bs_events_table *t, size_t i) {
    struct bs_events_column *column = &t->columns[i];
    struct bs_buf text = {0};
    bs_buf_printf(&text, "@%zu", i + 1);
    column->name = keep(&t->arena, &text);
    struct bs_str known = {"", 0};
    if (t->names == BS_EVENTS_NAMES_LOG) {
        known = t->map->columns[i].name;
    } else if (t->names == BS_EVENTS_NAMES_SCHEMA) {
        known = bs_str(t->model->columns[i].name);
    }
    if (known.len > 0 && bs_events_is_utf8(known)) {
        column->name = known;
    }
    bs_buf_clear(&text);
    bs_events_put_string(&text, column->name);
    BS_EVENTS_PUT(&text, ":");
    column->key = keep(&t->arena, &text);
    bs_buf_fini(&text);
}

static void
show_bytes(struct bs_events_column *column, enum bs_events_text text) {
    column->text = text;
    column->show = text == BS_EVENTS_HEX ? BS_EVENTS_SHOW_HEX : BS_EVENTS_SHOW_TEXT;
}

static void
show_by_map(struct bs_events_table *t, size_t i) {
    const struct bs_map_column *wire = &t->map->columns[i];
    struct bs_events_column *column = &t->columns[i];
    switch (wire->type) {
    case BS_WIRE_ENUM:
    case BS_WIRE_SET:
        column->show = wire->type == BS_WIRE_ENUM ? BS_EVENTS_SHOW_ENUM : BS_EVENTS_SHOW_SET;
        column->labels = wire->labels;
        column->label_count = wire->label_count;
        column->text = bs_events_text_of_collation(wire->collation, t->map->is_mariadb);
        break;
    case BS_WIRE_VECTOR:
        column->show = BS_EVENTS_SHOW_VECTOR;
        break;
    case BS_WIRE_GEOMETRY:
    case BS_WIRE_TYPED_ARRAY:
        column->show = BS_EVENTS_SHOW_HEX;
        break;
    case BS_WIRE_STRING:
    case BS_WIRE_VAR_STRING:
    case BS_WIRE_VARCHAR:
    case BS_WIRE_VARCHAR_COMPRESSED:
    case BS_WIRE_BLOB:
    case BS_WIRE_BLOB_COMPRESSED:
        show_bytes(column, bs_events_text_of_collation(wire->collation, t->map->is_mariadb));
        break;
    default:
        break;
    }
}

static void
take_labels(struct bs_events_table *t, size_t i) {
    struct bs_events_column *column = &t->columns[i];
    if (column->labels == NULL) {
        column->label_count = bs_events_labels(&t->model->columns[i], &t->arena, &column->labels);
        column->text = BS_EVENTS_UTF8;
    }
}

/* What the model adds where the log says nothing: which strings are texts and in which character
 * set, labels, and MariaDB's types that are strings of bytes on the wire. */
static void
show_by_model(struct bs_events_table *t, size_t i) {
    const struct bs_column *model = &t->model->columns[i];
    struct bs_events_column *column = &t->columns[i];
    switch (model->type) {
    case BS_TYPE_CHAR:
    case BS_TYPE_VARCHAR:
    case BS_TYPE_TEXT:
        if (t->map->columns[i].collation == 0) {
            show_bytes(column, bs_events_text_of_charset(model->charset));
        }
        break;
    case BS_TYPE_BINARY:
    case BS_TYPE_VARBINARY:
    case BS_TYPE_BLOB:
        column->show = BS_EVENTS_SHOW_HEX;
        break;
    case BS_TYPE_ENUM:
    case BS_TYPE_SET:
        take_labels(t, i);
        break;
    case BS_TYPE_VECTOR:
        column->show = BS_EVENTS_SHOW_VECTOR;
        break;
    case BS_TYPE_UUID:
        column->show = BS_EVENTS_SHOW_UUID;
        break;
    case BS_TYPE_INET4:
        column->show = BS_EVENTS_SHOW_INET4;
        break;
    case BS_TYPE_INET6:
        column->show = BS_EVENTS_SHOW_INET6;
        break;
    default:
        break;
    }
}

/* Definitions of today may not be those of the log: they count only where the columns fit. */
static const struct bs_table *
fitting_model(const struct bs_events_tables *tables, const struct bs_table_map *map) {
    struct bs_error why;
    const struct bs_table *model =
        tables->find_model != NULL ? tables->find_model(tables->find_model_arg, map->db, map->table)
                                   : NULL;
    if (model == NULL || bs_events_check_model(map, model, &why) == BS_OK) {
        return model;
    }
    if (tables->tell_misfit != NULL) {
        tables->tell_misfit(tables->find_model_arg, map->db, map->table, &why);
    }
    return NULL;
}

static struct bs_events_table *
table_new(const struct bs_events_tables *tables, const struct bs_table_map *map) {
    struct bs_events_table *t = bs_zalloc(sizeof *t);
    t->arena.block_len = ARENA_LEN; /* many tables are kept */
    t->map = bs_table_map_share(map);
    t->selected = tables->is_selected == NULL ||
                  tables->is_selected(tables->is_selected_arg, map->db, map->table);
    t->model = t->selected ? fitting_model(tables, map) : NULL;
    t->names = bs_table_map_has(map, BS_MAP_COLUMN_NAME) ? BS_EVENTS_NAMES_LOG
               : t->model != NULL                        ? BS_EVENTS_NAMES_SCHEMA
                                                         : BS_EVENTS_NAMES_NONE;
    t->columns = bs_zalloc(map->column_count * sizeof *t->columns);
    for (size_t i = 0; i < map->column_count; i++) {
        name_column(t, i);
        show_by_map(t, i);
        if (t->model != NULL) {
            show_by_model(t, i);
        }
    }
    struct bs_buf head = {0};
    bs_events_member_text(&head, "db", map->db);
    bs_events_member_text(&head, "table", map->table);
    t->head = keep(&t->arena, &head);
    bs_buf_fini(&head);
    return t;
}

static void
table_free(struct bs_events_table *t) {
    bs_table_map_free(t->map);
    bs_arena_fini(&t->arena);
    free(t->columns);
    free(t);
}

struct bs_events_table *
bs_events_table(struct bs_events_tables *tables, const struct bs_table_map *map) {
    enum { TABLES_MAX = 65536 };
    struct bs_str key = {(const char *)&map->table_id, sizeof map->table_id};
    struct bs_events_table *t = bs_map_get(&tables->by_id, key);
    if (t != NULL && t->map == map) {
        return t;
    }
    if (tables->by_id.count >= TABLES_MAX) {
        bs_events_tables_fini(tables);
    }
    t = table_new(tables, map);
    struct bs_events_table *old = bs_map_put(&tables->by_id, key, t);
    if (old != NULL) {
        table_free(old);
    }
    return t;
}

void
bs_events_tables_fini(struct bs_events_tables *tables) {
    size_t at = 0;
    struct bs_str key;
    void *t = NULL;
    while (bs_map_next(&tables->by_id, &at, &key, &t)) {
        table_free(t);
    }
    bs_map_fini(&tables->by_id);
}

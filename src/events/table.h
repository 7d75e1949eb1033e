/* What `events` knows of a table: its map, and the model of --schema where that fits. Made once for
 * a map, and then only looked up: column keys are printed beforehand, and how a value is to be
 * printed is decided by column, not by row. One thread. */
#ifndef BS_EVENTS_TABLE_H
#define BS_EVENTS_TABLE_H

#include "base/map.h"
#include "binlog/rows.h"
#include "events/json_out.h"

enum bs_events_names { BS_EVENTS_NAMES_NONE, BS_EVENTS_NAMES_LOG, BS_EVENTS_NAMES_SCHEMA };

/* How the bytes or the number of a column are shown. */
enum bs_events_show {
    BS_EVENTS_SHOW_PLAIN, /* numbers, decimals, temporals, JSON: by the value's own kind */
    BS_EVENTS_SHOW_TEXT,  /* by `text` */
    BS_EVENTS_SHOW_HEX,
    BS_EVENTS_SHOW_ENUM,
    BS_EVENTS_SHOW_SET,
    BS_EVENTS_SHOW_VECTOR, /* MySQL's: an array of FLOATs */
    BS_EVENTS_SHOW_UUID,   /* with a model */
    BS_EVENTS_SHOW_INET4,
    BS_EVENTS_SHOW_INET6,
};

struct bs_events_column {
    struct bs_str key; /* "name": with its quotes and the colon */
    struct bs_str name;
    enum bs_events_show show;
    enum bs_events_text text;
    const struct bs_str *labels; /* ENUM, SET */
    size_t label_count;
};

struct bs_events_table {
    struct bs_table_map *map;     /* shared */
    const struct bs_table *model; /* NULL: none, or it does not fit */
    enum bs_events_names names;
    struct bs_events_column *columns;
    struct bs_str head; /* ,"db":"d","table":"t" */
    bool selected;
    struct bs_arena arena;
    void *counts; /* --stats: see stats.h */
};

/* A model from --schema: NULL if there is none for this table. */
typedef const struct bs_table *bs_events_find_model(void *arg, struct bs_str db,
                                                    struct bs_str table);
/* There is one, and it is not that of the log's table: why tells. Once for each map. */
typedef void bs_events_tell_misfit(void *arg, struct bs_str db, struct bs_str table,
                                   const struct bs_error *why);

struct bs_events_tables {
    struct bs_map by_id; /* table id -> struct bs_events_table */
    bs_events_find_model *find_model;
    bs_events_tell_misfit *tell_misfit;
    void *find_model_arg;
    bool (*is_selected)(void *arg, struct bs_str db, struct bs_str table);
    void *is_selected_arg;
};

/* The table of a map; owned by tables, valid until another map comes under the same number. */
struct bs_events_table *bs_events_table(struct bs_events_tables *tables,
                                        const struct bs_table_map *map);
void bs_events_tables_fini(struct bs_events_tables *tables);

/* "int", "varchar": what the log alone tells of a column. */
const char *bs_events_wire_type(const struct bs_map_column *wire);

/* The members of a TABLE_MAP line behind "table". */
void bs_events_put_columns(struct bs_buf *out, const struct bs_events_table *table);

#endif

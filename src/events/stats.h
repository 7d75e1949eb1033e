/* --stats: where a log's bytes come from, by table and by type of event. One thread. */
#ifndef BS_EVENTS_STATS_H
#define BS_EVENTS_STATS_H

#include "base/map.h"
#include "binlog/rows.h"
#include "binlog/walker.h"

struct bs_events_count {
    uint64_t events, bytes;
};

struct bs_events_table_count {
    char *name; /* "db.table" */
    char *db, *table;
    uint64_t events, bytes; /* its TABLE_MAP and rows events; unpacked where they were compressed */
    uint64_t inserts, updates, deletes;
};

/* What a selection leaves out: so that tables and others are all that the log has of tables. */
struct bs_events_others {
    uint64_t events, bytes, rows;
    uint64_t unread; /* of the events: whose rows could not be read, and are not in `rows` */
};

/* Zero-initialised memory has counted nothing. */
struct bs_events_stats {
    struct bs_map tables;              /* "db\0table" -> struct bs_events_table_count */
    struct bs_events_count types[256]; /* as logged; those inside of others too */
    struct bs_events_count log;        /* what stands in the log itself */
    struct bs_events_others others;    /* tables that are not selected */
    uint64_t unpacked; /* bytes inside of TRANSACTION_PAYLOAD and PARTIAL_ROW_DATA events */
    uint32_t first_time, last_time;
};

struct bs_events_table_count *bs_events_stats_table(struct bs_events_stats *stats,
                                                    const struct bs_table_map *map);
void bs_events_stats_add(struct bs_events_stats *stats, const struct bs_walked *walked);

/* As a table for people, or as one JSON object. */
void bs_events_stats_put(const struct bs_events_stats *stats, struct bs_buf *out);
void bs_events_stats_put_json(const struct bs_events_stats *stats, struct bs_buf *out);
void bs_events_stats_fini(struct bs_events_stats *stats);

#endif

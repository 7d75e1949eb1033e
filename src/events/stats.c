#include "events/stats.h"

#include "base/mem.h"
#include "events/json_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct bs_events_table_count *
bs_events_stats_table(struct bs_events_stats *stats, const struct bs_table_map *map) {
    struct bs_buf key = {0};
    bs_buf_put(&key, map->db.data, map->db.len + 1);
    bs_buf_put_str(&key, map->table);
    struct bs_events_table_count *count = bs_map_get(&stats->tables, bs_buf_str(&key));
    if (count == NULL) {
        count = bs_zalloc(sizeof *count);
        count->db = bs_strndup(map->db.data, map->db.len);
        count->table = bs_strndup(map->table.data, map->table.len);
        count->name = bs_asprintf("%s.%s", count->db, count->table);
        (void)bs_map_put(&stats->tables, bs_buf_str(&key), count);
    }
    bs_buf_fini(&key);
    return count;
}

void
bs_events_stats_add(struct bs_events_stats *stats, const struct bs_walked *walked) {
    const struct bs_event *event = &walked->event;
    stats->types[walked->logged_type].events++;
    stats->types[walked->logged_type].bytes += event->event_size;
    if (walked->inner > 0 || walked->is_whole) {
        stats->unpacked += event->event_size;
    } else {
        stats->log.events++;
        stats->log.bytes += event->event_size;
    }
    if (event->timestamp != 0) {
        stats->first_time = stats->first_time == 0 || event->timestamp < stats->first_time
                                ? event->timestamp
                                : stats->first_time;
        stats->last_time =
            event->timestamp > stats->last_time ? event->timestamp : stats->last_time;
    }
}

void
bs_events_stats_fini(struct bs_events_stats *stats) {
    size_t at = 0;
    struct bs_str key;
    void *value = NULL;
    while (bs_map_next(&stats->tables, &at, &key, &value)) {
        struct bs_events_table_count *count = value;
        free(count->name);
        free(count->db);
        free(count->table);
        free(count);
    }
    bs_map_fini(&stats->tables);
}

/* The most bytes first. */
static int
compare(const void *left, const void *right) {
    const struct bs_events_table_count *a = *(const struct bs_events_table_count *const *)left;
    const struct bs_events_table_count *b = *(const struct bs_events_table_count *const *)right;
    return a->bytes != b->bytes ? (a->bytes < b->bytes ? 1 : -1) : strcmp(a->name, b->name);
}

static const struct bs_events_table_count **
sorted(const struct bs_events_stats *stats) {
    const struct bs_events_table_count **list = bs_zalloc((stats->tables.count + 1) * sizeof *list);
    size_t at = 0;
    size_t n = 0;
    struct bs_str key;
    void *value = NULL;
    while (bs_map_next(&stats->tables, &at, &key, &value)) {
        list[n++] = value;
    }
    qsort(list, n, sizeof *list, compare);
    return list;
}

static double
share(const struct bs_events_stats *stats, uint64_t bytes) {
    uint64_t packed = stats->types[BS_EVENT_TRANSACTION_PAYLOAD].bytes +
                      stats->types[BS_EVENT_MARIADB_PARTIAL_ROW_DATA].bytes;
    uint64_t all = stats->log.bytes + stats->unpacked - packed;
    return all > 0 ? 100.0 * (double)bytes / (double)all : 0;
}

static void
put_time(struct bs_buf *out, uint32_t seconds) {
    char text[32] = "-";
    time_t at = seconds;
    struct tm tm;
    if (seconds != 0 && gmtime_r(&at, &tm) != NULL) {
        (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
    }
    bs_buf_puts(out, text);
}

static void
put_tables(const struct bs_events_stats *stats, struct bs_buf *out) {
    const struct bs_events_table_count **list = sorted(stats);
    int width = 5;
    for (size_t i = 0; list[i] != NULL; i++) {
        int len = (int)strlen(list[i]->name);
        width = len > width ? len : width;
    }
    bs_buf_printf(out, "%-*s %10s %12s %12s %12s %15s %7s\n", width, "TABLE", "EVENTS", "INSERTS",
                  "UPDATES", "DELETES", "BYTES", "SHARE");
    for (size_t i = 0; list[i] != NULL; i++) {
        const struct bs_events_table_count *c = list[i];
        bs_buf_printf(out,
                      "%-*s %10" PRIu64 " %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %15" PRIu64
                      " %6.2f%%\n",
                      width, c->name, c->events, c->inserts, c->updates, c->deletes, c->bytes,
                      share(stats, c->bytes));
    }
    free(list);
}

static void
put_others(const struct bs_events_stats *stats, struct bs_buf *out) {
    const struct bs_events_others *o = &stats->others;
    if (o->events == 0) {
        return;
    }
    bs_buf_printf(out,
                  "others, not selected: %" PRIu64 " events, %" PRIu64 " rows, %" PRIu64
                  " bytes, %.2f%%\n",
                  o->events, o->rows, o->bytes, share(stats, o->bytes));
    if (o->unread > 0) {
        bs_buf_printf(out, "The rows of %" PRIu64 " of them cannot be read and are not counted.\n",
                      o->unread);
    }
}

void
bs_events_stats_put(const struct bs_events_stats *stats, struct bs_buf *out) {
    put_tables(stats, out);
    put_others(stats, out);
    bs_buf_printf(out, "\n%-28s %10s %15s\n", "EVENT", "COUNT", "BYTES");
    for (unsigned i = 0; i < 256; i++) {
        if (stats->types[i].events > 0) {
            bs_buf_printf(out, "%-28s %10" PRIu64 " %15" PRIu64 "\n",
                          bs_event_type_name((uint8_t)i), stats->types[i].events,
                          stats->types[i].bytes);
        }
    }
    bs_buf_printf(out, "\n%" PRIu64 " events, %" PRIu64 " bytes, from ", stats->log.events,
                  stats->log.bytes);
    put_time(out, stats->first_time);
    bs_buf_puts(out, " to ");
    put_time(out, stats->last_time);
    bs_buf_puts(out, " UTC\n");
    if (stats->unpacked > 0) {
        bs_buf_printf(out,
                      "Compressed transactions hold %" PRIu64 " bytes unpacked; tables and "
                      "shares count those.\n",
                      stats->unpacked);
    }
}

void
bs_events_stats_put_json(const struct bs_events_stats *stats, struct bs_buf *out) {
    const struct bs_events_table_count **list = sorted(stats);
    bs_buf_printf(out,
                  "{\"events\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"unpacked_bytes\":%" PRIu64
                  ",\"first_time\":%" PRIu32 ",\"last_time\":%" PRIu32 ",\"tables\":[",
                  stats->log.events, stats->log.bytes, stats->unpacked, stats->first_time,
                  stats->last_time);
    for (size_t i = 0; list[i] != NULL; i++) {
        const struct bs_events_table_count *c = list[i];
        bs_buf_printf(out, "%s{\"events\":%" PRIu64, i > 0 ? "," : "", c->events);
        bs_events_member_text(out, "db", bs_str(c->db));
        bs_events_member_text(out, "table", bs_str(c->table));
        bs_events_member_u64(out, "inserts", c->inserts);
        bs_events_member_u64(out, "updates", c->updates);
        bs_events_member_u64(out, "deletes", c->deletes);
        bs_events_member_u64(out, "bytes", c->bytes);
        BS_EVENTS_PUT(out, "}");
    }
    bs_buf_printf(out, "],\"others\":{\"events\":%" PRIu64, stats->others.events);
    bs_events_member_u64(out, "rows", stats->others.rows);
    bs_events_member_u64(out, "bytes", stats->others.bytes);
    bs_events_member_u64(out, "unread", stats->others.unread);
    BS_EVENTS_PUT(out, "},\"types\":[");
    const char *comma = "";
    for (unsigned i = 0; i < 256; i++) {
        if (stats->types[i].events > 0) {
            bs_buf_printf(out, "%s{\"event\":\"%s\",\"count\":%" PRIu64 ",\"bytes\":%" PRIu64 "}",
                          comma, bs_event_type_name((uint8_t)i), stats->types[i].events,
                          stats->types[i].bytes);
            comma = ",";
        }
    }
    BS_EVENTS_PUT(out, "]}\n");
    free(list);
}

#include "events/events.h"

#include "base/mem.h"
#include "events/carried.h"
#include "events/event.h"
#include "events/row.h"
#include "schema/selection.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Text is handed on in pieces of about this. */
enum { PIECE_LEN = 256 * 1024 };

struct bs_events {
    struct bs_events_config config;
    struct bs_walker *walker;
    struct bs_events_range range;
    struct bs_events_tables tables;
    struct bs_events_stats stats;
    struct bs_events_carried carried;
    struct bs_arena arena;  /* of the row */
    struct bs_buf inflated; /* scratch */
    struct bs_buf row_head; /* what the rows of an event have in common */
    struct bs_buf out;
    uint64_t seen;
    uint8_t last_type;
    bool has_header;
    bool is_stream;
    struct bs_events_group group; /* of a stream: the one that is open */
    uint64_t group_pos;           /* where it begins */
    uint64_t failed_pos;          /* of the event that ended the last feed */
};

static bool
is_selected(void *arg, struct bs_str db, struct bs_str table) {
    const struct bs_selection *selection = arg;
    return bs_selection_has_table(selection, db, table);
}

struct bs_events *
bs_events_new(const struct bs_events_config *config) {
    struct bs_events *e = bs_zalloc(sizeof *e);
    e->config = *config;
    e->walker = bs_walker_new(config->mode == BS_EVENTS_VERIFY);
    e->range.start = config->start;
    e->range.stop = config->stop;
    e->tables.find_model = config->find_model;
    e->tables.tell_misfit = config->tell_misfit;
    e->tables.find_model_arg = config->find_model_arg;
    if (config->selection != NULL) {
        e->tables.is_selected = is_selected;
        e->tables.is_selected_arg = (void *)(uintptr_t)config->selection;
    }
    return e;
}

void
bs_events_free(struct bs_events *e) {
    if (e == NULL) {
        return;
    }
    bs_walker_free(e->walker);
    bs_events_tables_fini(&e->tables);
    bs_events_stats_fini(&e->stats);
    bs_events_carried_fini(&e->carried);
    bs_arena_fini(&e->arena);
    bs_buf_fini(&e->inflated);
    bs_buf_fini(&e->row_head);
    bs_buf_fini(&e->out);
    free(e);
}

void
bs_events_enter(struct bs_events *e, const char *file, uint64_t pos) {
    bs_walker_enter(e->walker, file, pos);
    bs_events_carried_enter(&e->carried, file);
}

enum bs_status
bs_events_leave(struct bs_events *e, struct bs_error *err) {
    return bs_walker_leave(e->walker, err);
}

bool
bs_events_is_closed(const struct bs_events *e) {
    return e->last_type == BS_EVENT_ROTATE || e->last_type == BS_EVENT_STOP;
}

void
bs_events_is_stream(struct bs_events *e, bool sums) {
    e->is_stream = true;
    bs_walker_is_stream(e->walker, sums);
}

enum bs_status
bs_events_flush(struct bs_events *e, struct bs_error *err) {
    if (e->config.mode == BS_EVENTS_PRINT && !e->has_header) {
        struct bs_buf lines = e->out;
        e->out = (struct bs_buf){0};
        e->has_header = true;
        bs_buf_printf(&e->out, "{\"format\":\"binstream-events\",\"version\":%d}\n",
                      BS_EVENTS_FORMAT_VERSION);
        bs_buf_put(&e->out, lines.data, lines.len);
        bs_buf_fini(&lines);
    }
    if (e->out.len == 0) {
        return BS_OK;
    }
    enum bs_status status = e->config.sink(e->config.sink_arg, bs_buf_str(&e->out), err);
    bs_buf_clear(&e->out);
    return status;
}

/* ,"file":...,"pos":...,"n": for the rows of one event */
static void
make_row_head(struct bs_events *e, const struct bs_walked *walked,
              const struct bs_events_table *table, enum bs_row_change change) {
    static const char *const verbs[] = {"insert", "update", "delete"};
    struct bs_buf *head = &e->row_head;
    bs_buf_clear(head);
    bs_buf_printf(head, "{\"row\":\"%s\"", verbs[change]);
    bs_events_put(head, table->head.data, table->head.len);
    bs_events_member_text(head, "file", bs_str(walked->file));
    bs_events_member_u64(head, "pos", walked->pos);
    if (walked->inner > 0) {
        bs_events_member_u64(head, "inner", walked->inner);
    }
    bs_events_member(head, "n");
}

static void
print_row(struct bs_events *e, const struct bs_rows *rows, const struct bs_events_table *table) {
    struct bs_buf *out = &e->out;
    bs_events_put(out, (const char *)e->row_head.data, e->row_head.len);
    bs_events_put_u64(out, rows->row_count);
    if (rows->before != NULL) {
        BS_EVENTS_PUT(out, ",\"before\":");
        bs_events_put_image(out, table, rows->before, rows->arena);
    }
    if (rows->after != NULL) {
        BS_EVENTS_PUT(out, ",\"after\":");
        bs_events_put_image(out, table, rows->after, rows->arena);
    }
    BS_EVENTS_PUT(out, "}\n");
}

static void
count_rows(struct bs_events_table_count *count, enum bs_row_change change, uint64_t n) {
    switch (change) {
    case BS_ROW_INSERT:
        count->inserts += n;
        break;
    case BS_ROW_UPDATE:
        count->updates += n;
        break;
    case BS_ROW_DELETE:
        count->deletes += n;
        break;
    }
}

/* The rows behind the event's line. */
static enum bs_status
read_rows(struct bs_events *e, struct bs_rows *rows, struct bs_events_table *table,
          struct bs_error *err) {
    bool print = e->config.mode == BS_EVENTS_PRINT;
    enum bs_status status = BS_OK;
    for (bool more = true; status == BS_OK && more;) {
        status = bs_rows_next(rows, &more, err);
        if (status == BS_OK && more && print) {
            print_row(e, rows, table);
            status = e->out.len >= PIECE_LEN ? bs_events_flush(e, err) : BS_OK;
        }
    }
    if (!print) {
        count_rows(table->counts, rows->change, rows->row_count);
    }
    return status;
}

static bool
is_rows(const struct bs_walked *walked) {
    return walked->map != NULL && walked->event.type != BS_EVENT_TABLE_MAP;
}

/* Counts the event for its table. */
static void
count_table(struct bs_events *e, const struct bs_walked *walked, struct bs_events_table *table) {
    if (table->counts == NULL) {
        table->counts = bs_events_stats_table(&e->stats, walked->map);
    }
    struct bs_events_table_count *count = table->counts;
    count->events++;
    count->bytes += walked->event.event_size;
}

/* The line of the event itself, or its count. */
static enum bs_status
give_event(struct bs_events *e, const struct bs_walked *walked, struct bs_events_table *table,
           struct bs_error *err) {
    if (e->config.mode == BS_EVENTS_PRINT) {
        return bs_events_put_event(&e->out, walked, table, &e->inflated, err);
    }
    bs_events_stats_add(&e->stats, walked);
    if (table != NULL) {
        count_table(e, walked, table);
    }
    return BS_OK;
}

/* Opened before its line is given: what cannot be opened is not given at all. */
static enum bs_status
give_rows(struct bs_events *e, const struct bs_walked *walked, struct bs_events_table *table,
          struct bs_error *err) {
    struct bs_rows rows;
    enum bs_status status =
        bs_rows_open(&rows, &walked->event, walked->map, table->model, &e->arena, err);
    if (status != BS_OK) {
        return status;
    }
    rows.keep_diffs = true;
    status = give_event(e, walked, table, err);
    if (status == BS_OK) {
        make_row_head(e, walked, table, rows.change);
        status = read_rows(e, &rows, table, err);
    }
    bs_rows_close(&rows);
    return status;
}

/* False: they cannot be read, which is no error in a table that nobody asked for. */
static bool
count_unselected_rows(struct bs_events *e, const struct bs_walked *walked) {
    struct bs_rows rows;
    bool more = true;
    enum bs_status status = bs_rows_open(&rows, &walked->event, walked->map, NULL, &e->arena, NULL);
    if (status != BS_OK) {
        return false;
    }
    while (status == BS_OK && more) {
        status = bs_rows_next(&rows, &more, NULL);
    }
    e->stats.others.rows += status == BS_OK ? rows.row_count : 0;
    bs_rows_close(&rows);
    return status == BS_OK;
}

static void
count_unselected(struct bs_events *e, const struct bs_walked *walked) {
    struct bs_events_others *others = &e->stats.others;
    bs_events_stats_add(&e->stats, walked);
    others->events++;
    others->bytes += walked->event.event_size;
    if (is_rows(walked) && !count_unselected_rows(e, walked)) {
        others->unread++;
    }
}

static enum bs_status
give(struct bs_events *e, const struct bs_walked *walked, struct bs_error *err) {
    struct bs_events_table *table =
        walked->map != NULL ? bs_events_table(&e->tables, walked->map) : NULL;
    if (table != NULL && !table->selected) {
        if (e->config.mode == BS_EVENTS_COUNT) {
            count_unselected(e, walked);
        }
        return BS_OK;
    }
    return is_rows(walked) ? give_rows(e, walked, table, err) : give_event(e, walked, table, err);
}

static enum bs_status
fail(const struct bs_walked *walked, enum bs_status status, struct bs_error *err) {
    (void)bs_error_at(err, "%s:%" PRIu64, walked->file[0] != '\0' ? walked->file : "binlog",
                      walked->pos);
    return status;
}

/* A group lies in one file: where a server names the next one, none is open. */
static void
follow_group(struct bs_events *e, const struct bs_walked *walked) {
    bool was_open = e->group.open;
    if (!walked->is_made_up) {
        bs_events_group_follow(&e->group, walked);
    } else if (walked->event.type == BS_EVENT_ROTATE) {
        e->group = (struct bs_events_group){0};
    }
    if (!was_open || bs_events_is_gtid(walked->event.type)) {
        e->group_pos = walked->pos;
    }
}

static enum bs_events_turn
take_turn(struct bs_events *e, const struct bs_walked *walked) {
    if (!walked->is_made_up) {
        e->seen++;
        e->last_type = walked->event.type;
    }
    if (e->is_stream) {
        follow_group(e, walked);
    }
    return bs_events_range_turn(&e->range, walked);
}

/* The next event in what was pushed; that of a statement whose maps are in the file before, too. */
static enum bs_status
next_event(struct bs_events *e, struct bs_walked *walked, bool *more, struct bs_error *err) {
    enum bs_status status = bs_walker_next(e->walker, walked, more, err);
    if (status != BS_OK && bs_walker_lacks_map(e->walker) &&
        bs_events_carried_complete(&e->carried, walked)) {
        bs_error_clear(err);
        return BS_OK;
    }
    return status;
}

/* Behind the event: its map may be one of those that its end makes us forget. */
static void
keep_maps(struct bs_events *e, const struct bs_walked *walked) {
    bool is_of_file = walked->inner == 0 && !walked->is_whole;
    if (is_of_file && !e->is_stream && e->config.mode != BS_EVENTS_VERIFY) {
        bs_events_carried_follow(&e->carried, walked);
    }
}

enum bs_status
bs_events_feed(struct bs_events *e, struct bs_str raw, bool *done, struct bs_error *err) {
    enum bs_events_turn turn = BS_EVENTS_SKIP;
    struct bs_walked walked = {0};
    *done = false;
    enum bs_status status = bs_walker_push(e->walker, raw, err);
    for (bool more = true; status == BS_OK;) {
        status = next_event(e, &walked, &more, err);
        if (status != BS_OK || !more) {
            e->failed_pos = walked.pos;
            break;
        }
        if (walked.inner == 0 && !walked.is_whole) {
            turn = take_turn(e, &walked);
        }
        if (turn == BS_EVENTS_STOP) {
            *done = true;
            return BS_OK;
        }
        if (turn == BS_EVENTS_GIVE && e->config.mode != BS_EVENTS_VERIFY) {
            status = give(e, &walked, err);
            if (status != BS_OK) {
                return fail(&walked, status, err);
            }
        }
        keep_maps(e, &walked);
    }
    if (status != BS_OK) {
        return status;
    }
    *done = bs_events_range_is_over(&e->range, bs_events_file(e), bs_events_pos(e));
    return e->out.len >= PIECE_LEN ? bs_events_flush(e, err) : BS_OK;
}

/* A report of what was counted up to a damage is as right as the lines up to it. */
enum bs_status
bs_events_put_rest(struct bs_events *e, bool json, struct bs_error *err) {
    if (e->config.mode == BS_EVENTS_COUNT) {
        if (json) {
            bs_events_stats_put_json(&e->stats, &e->out);
        } else {
            bs_events_stats_put(&e->stats, &e->out);
        }
    }
    return bs_events_flush(e, err);
}

enum bs_status
bs_events_finish(struct bs_events *e, bool json, struct bs_error *err) {
    enum bs_status status = bs_events_put_rest(e, json, err);
    return status == BS_OK ? bs_events_range_check(&e->range, err) : status;
}

const char *
bs_events_file(const struct bs_events *e) {
    return bs_walker_file(e->walker);
}

uint64_t
bs_events_pos(const struct bs_events *e) {
    return bs_walker_pos(e->walker);
}

bool
bs_events_has_begun(const struct bs_events *e) {
    return e->range.started;
}

uint64_t
bs_events_resume_pos(const struct bs_events *e) {
    const struct bs_events_bound *start = &e->config.start;
    if (!e->group.open) {
        return bs_events_pos(e);
    }
    bool begins_inside = start->kind == BS_EVENTS_AT_POSITION && start->pos > e->group_pos &&
                         strcmp(start->file, bs_events_file(e)) == 0;
    return begins_inside ? start->pos : e->group_pos;
}

bool
bs_events_needs_earlier(struct bs_events *e) {
    struct bs_events_bound *start = &e->range.start;
    if (!bs_walker_lacks_map(e->walker) || start->kind != BS_EVENTS_AT_POSITION ||
        strcmp(start->file, bs_events_file(e)) != 0) {
        return false;
    }
    start->pos = e->failed_pos;
    e->range.started = false;
    return true;
}

bool
bs_events_has_sums(const struct bs_events *e) {
    const struct bs_format *format = bs_walker_format(e->walker);
    return format != NULL && format->checksum == BS_CHECKSUM_CRC32;
}

uint64_t
bs_events_seen(const struct bs_events *e) {
    return e->seen;
}

#include "events/carried.h"

#include "base/mem.h"
#include "binlog/control_event.h"
#include "binlog/expand.h"
#include "binlog/rows.h"
#include "events/group.h"

#include <stdlib.h>
#include <string.h>

static struct bs_str
key_of(const uint64_t *table_id) {
    return (struct bs_str){(const char *)table_id, sizeof *table_id};
}

static void
forget_maps(struct bs_events_carried *carried) {
    size_t at = 0;
    struct bs_str key;
    void *map = NULL;
    if (carried->maps.count == 0) {
        return;
    }
    while (bs_map_next(&carried->maps, &at, &key, &map)) {
        bs_table_map_free(map);
    }
    bs_map_fini(&carried->maps);
    carried->maps = (struct bs_map){0};
}

void
bs_events_carried_fini(struct bs_events_carried *carried) {
    forget_maps(carried);
    free(carried->next_file);
    carried->next_file = NULL;
    bs_buf_fini(&carried->expanded);
}

void
bs_events_carried_enter(struct bs_events_carried *carried, const char *file) {
    carried->goes_on = carried->next_file != NULL && strcmp(carried->next_file, file) == 0;
    carried->in_relay_log = false;
    if (!carried->goes_on) {
        forget_maps(carried);
    }
}

static void
keep_map(struct bs_events_carried *carried, const struct bs_table_map *map) {
    struct bs_table_map *old =
        bs_map_put(&carried->maps, key_of(&map->table_id), bs_table_map_share(map));
    bs_table_map_free(old);
}

static void
keep_next_file(struct bs_events_carried *carried, const struct bs_event *event) {
    struct bs_place next;
    if (bs_rotate_parse(&next, event, NULL) == BS_OK) {
        carried->next_file = bs_strndup(next.file.data, next.file.len);
    }
}

/* All that is not in a statement of rows does. */
static bool
ends_statement(const struct bs_event *event) {
    struct bs_rows_head head;
    if (event->type == BS_EVENT_MARIADB_PARTIAL_ROW_DATA) {
        return false;
    }
    return bs_rows_head_parse(&head, event, NULL) != BS_OK || (head.flags & BS_ROWS_STMT_END) != 0;
}

void
bs_events_carried_follow(struct bs_events_carried *carried, const struct bs_walked *walked) {
    const struct bs_event *event = &walked->event;
    free(carried->next_file);
    carried->next_file = NULL;
    if (event->type == BS_EVENT_FORMAT_DESCRIPTION) {
        carried->in_relay_log =
            carried->in_relay_log || (event->flags & BS_EVENT_FLAG_RELAY_LOG) != 0;
    }
    if (!carried->in_relay_log) {
        return;
    }
    if (event->type == BS_EVENT_ROTATE) {
        keep_next_file(carried, event);
    } else if (event->type == BS_EVENT_TABLE_MAP) {
        keep_map(carried, walked->map);
    } else if (!bs_events_is_of_log(event->type) && ends_statement(event)) {
        forget_maps(carried);
    }
}

bool
bs_events_carried_complete(struct bs_events_carried *carried, struct bs_walked *walked) {
    struct bs_rows_head head;
    struct bs_event event = walked->event;
    if (!carried->goes_on || walked->inner > 0 || walked->is_whole ||
        bs_event_expand(&event, &carried->expanded, NULL) != BS_OK ||
        bs_rows_head_parse(&head, &event, NULL) != BS_OK) {
        return false;
    }
    walked->map = bs_map_get(&carried->maps, key_of(&head.table_id));
    walked->event = walked->map != NULL ? event : walked->event;
    return walked->map != NULL;
}

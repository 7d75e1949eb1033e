#include "events/head.h"

#include "binlog/control_event.h"

enum { FILE_HEAD = 4 };

void
bs_events_head_init(struct bs_events_head *head, const struct bs_gtid *gtid, const char *file,
                    bool sums) {
    *head = (struct bs_events_head){.walker = bs_walker_new(true), .gtid = *gtid};
    bs_walker_enter(head->walker, file, FILE_HEAD);
    bs_walker_is_stream(head->walker, sums);
}

void
bs_events_head_fini(struct bs_events_head *head) {
    bs_walker_free(head->walker);
    head->walker = NULL;
}

static enum bs_status
on_previous_gtids(struct bs_events_head *head, const struct bs_event *event, struct bs_error *err) {
    struct bs_gtid_set *set = bs_gtid_set_new(BS_MYSQL);
    enum bs_status status = bs_gtid_set_decode(set, event->body, err);
    head->is_behind =
        status == BS_OK && head->gtid.flavour == BS_MYSQL && bs_gtid_set_has(set, &head->gtid);
    bs_gtid_set_free(set);
    return status;
}

/* A list has an entry for each server of a domain: the newest that it wrote. */
static enum bs_status
on_gtid_list(struct bs_events_head *head, const struct bs_event *event, struct bs_error *err) {
    struct bs_gtid_list list;
    enum bs_status status = bs_gtid_list_parse(&list, event, err);
    for (uint32_t i = 0; status == BS_OK && i < list.count; i++) {
        struct bs_gtid last = {.flavour = BS_MARIADB};
        bs_gtid_list_next(&list, &last.domain, &last.server_id, &last.number);
        head->is_behind =
            head->is_behind ||
            (head->gtid.flavour == BS_MARIADB && last.domain == head->gtid.domain &&
             last.server_id == head->gtid.server_id && last.number >= head->gtid.number);
    }
    return status;
}

static enum bs_status
take(struct bs_events_head *head, const struct bs_walked *walked, struct bs_error *err) {
    if (walked->is_made_up) {
        return BS_OK;
    }
    switch (walked->event.type) {
    case BS_EVENT_FORMAT_DESCRIPTION:
    case BS_EVENT_MARIADB_START_ENCRYPTION:
        return BS_OK;
    case BS_EVENT_PREVIOUS_GTIDS:
        head->is_read = head->is_told = true;
        return on_previous_gtids(head, &walked->event, err);
    case BS_EVENT_MARIADB_GTID_LIST:
        head->is_read = head->is_told = true;
        return on_gtid_list(head, &walked->event, err);
    default:
        head->is_read = true; /* MySQL up to 5.5, or 5.6 with gtid_mode=OFF */
        return BS_OK;
    }
}

enum bs_status
bs_events_head_feed(struct bs_events_head *head, struct bs_str raw, struct bs_error *err) {
    struct bs_walked walked;
    bool more = true;
    enum bs_status status = bs_walker_push(head->walker, raw, err);
    while (status == BS_OK && more) {
        status = bs_walker_next(head->walker, &walked, &more, err);
        if (status == BS_OK && more && !head->is_read) {
            status = take(head, &walked, err);
        }
    }
    return status;
}

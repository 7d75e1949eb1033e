/* Groups: what opens, continues and closes one. The two flavours' ways, and servers without GTIDs,
 * end in the same items. Field guide 3.11. */
#include "binlog/decoder_state.h"

#include "binlog/query.h"

#include <string.h>

struct bs_item *
bs_decoder_queue(struct bs_decoder *d, enum bs_item_kind kind, const struct bs_event *event) {
    BS_ASSERT(d->item_count < BS_DECODER_ITEMS_MAX);
    struct bs_item *item = &d->items[d->item_count++];
    *item = (struct bs_item){
        .kind = kind, .event = *event, .gtid = d->group.gtid, .timestamp = event->timestamp};
    return item;
}

static enum bs_status
out_of_place(const struct bs_event *event, const char *where, struct bs_error *err) {
    return bs_error_set(err, BS_PROTOCOL, "binlog event %s %s", bs_event_type_name(event->type),
                        where);
}

/* Makes sure that GROUP_BEGIN was given. */
static void
begin(struct bs_decoder *d, const struct bs_event *event) {
    if (d->begin_given) {
        return;
    }
    struct bs_item *item = bs_decoder_queue(d, BS_ITEM_GROUP_BEGIN, event);
    item->is_ddl_group =
        d->group.gtid.flavour == BS_MARIADB && (d->group.flags & BS_MARIADB_DDL) != 0;
    item->commit_us = d->group.commit_us;
    d->begin_given = true;
}

static enum bs_status
refuse_mariadb_group(const struct bs_gtid_event *group, struct bs_error *err) {
    if ((group->flags & (BS_MARIADB_PREPARED_XA | BS_MARIADB_COMPLETED_XA)) != 0) {
        bs_error_set(err, BS_PROTOCOL,
                     "the source logged an XA transaction, which cannot be "
                     "followed by this version");
        return bs_error_hint(err, "keep XA off the source's tables until the move is over");
    }
    if ((group->extra &
         (BS_MARIADB_START_ALTER | BS_MARIADB_COMMIT_ALTER | BS_MARIADB_ROLLBACK_ALTER)) != 0) {
        bs_error_set(err, BS_PROTOCOL,
                     "the source logged an ALTER in two phases, which cannot be followed by this "
                     "version");
        return bs_error_hint(err, "set binlog_alter_two_phase=OFF on the source");
    }
    return BS_OK;
}

/* A GTID event: the group has a name; MariaDB's event also is its BEGIN. */
enum bs_status
bs_decoder_group_name(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    bool mariadb = event->type == BS_EVENT_MARIADB_GTID;
    if (mariadb != (d->flavour == BS_MARIADB)) {
        return bs_error_set(err, BS_PROTOCOL, "a GTID event of %s in a binlog of %s",
                            mariadb ? "MariaDB" : "MySQL", mariadb ? "MySQL" : "MariaDB");
    }
    if (d->phase != BS_GROUP_BETWEEN) {
        return out_of_place(event, "inside a transaction: its end is missing", err);
    }
    enum bs_status status = bs_gtid_event_parse(&d->group, event, err);
    if (status == BS_OK && mariadb) {
        status = refuse_mariadb_group(&d->group, err);
    }
    if (status != BS_OK) {
        return status;
    }
    if (d->mode == BS_POSITION_GTID_MYSQL && d->group.gtid.known &&
        bs_gtid_set_has(d->executed, &d->group.gtid)) {
        return bs_error_set(err, BS_PROTOCOL, "the source sent a transaction a second time");
    }
    d->begin_given = false;
    d->phase = BS_GROUP_NAMED;
    if (mariadb && (d->group.flags & BS_MARIADB_STANDALONE) != 0) {
        d->phase = BS_GROUP_STANDALONE;
    } else if (mariadb) {
        begin(d, event);
        d->phase = BS_GROUP_INSIDE;
    }
    return BS_OK;
}

/* Rows or BEGIN: the group is open from here on. */
enum bs_status
bs_decoder_group_open(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    if (d->phase == BS_GROUP_BETWEEN) {
        d->group = (struct bs_gtid_event){0};
        d->begin_given = false;
    }
    if (d->phase == BS_GROUP_INSIDE && event->type == BS_EVENT_QUERY) {
        return out_of_place(event, "BEGIN inside a transaction: the end before it is missing", err);
    }
    begin(d, event);
    if (d->phase != BS_GROUP_STANDALONE && d->phase != BS_GROUP_EMPTIED) {
        d->phase = BS_GROUP_INSIDE;
    }
    return BS_OK;
}

/* XID, COMMIT, ROLLBACK; and the end of a lone statement. */
enum bs_status
bs_decoder_group_close(struct bs_decoder *d, const struct bs_event *event, enum bs_item_kind kind,
                       struct bs_error *err) {
    if (d->phase == BS_GROUP_BETWEEN) {
        return out_of_place(event, "ends a transaction that has not begun", err);
    }
    begin(d, event); /* a group of nothing, which still has a name */
    (void)bs_decoder_queue(d, kind, event);
    d->phase = BS_GROUP_BETWEEN;
    d->begin_given = false;
    d->payload_done = true;
    bs_maps_end_statement(&d->maps); /* table maps end with the group, used or not */
    return BS_OK;
}

/* In front of any event that is not of the statement that opened the emptied table. */
enum bs_status
bs_decoder_group_close_emptied(struct bs_decoder *d, const struct bs_event *event,
                               struct bs_error *err) {
    struct bs_event end = *event;
    end.timestamp = d->emptied_timestamp;
    size_t at = d->item_count;
    enum bs_status status = bs_decoder_group_close(d, &end, BS_ITEM_GROUP_END, err);
    if (status == BS_OK) {
        d->items[at].ended_before = true;
        d->payload_done = false;
    }
    return status;
}

static bool
empties_memory_table(const struct bs_decoder *d, struct bs_str sql) {
    static const char DELETE_FROM[] = "DELETE FROM `";
    return d->flavour == BS_MYSQL && d->format.server_version[0] == '5' &&
           sql.len > sizeof DELETE_FROM - 1 &&
           memcmp(sql.data, DELETE_FROM, sizeof DELETE_FROM - 1) == 0;
}

static enum bs_status
lone_statement(struct bs_decoder *d, const struct bs_event *event,
               const struct bs_statement *statement, struct bs_error *err) {
    enum bs_status status = bs_decoder_group_open(d, event, err);
    if (status != BS_OK) {
        return status;
    }
    struct bs_item *item = bs_decoder_queue(d, BS_ITEM_STATEMENT, event);
    item->statement = *statement;
    item->alone = true;
    if (empties_memory_table(d, statement->sql)) {
        d->phase = BS_GROUP_EMPTIED;
        d->emptied_timestamp = event->timestamp;
        return BS_OK;
    }
    return bs_decoder_group_close(d, event, BS_ITEM_GROUP_END, err);
}

static enum bs_status
other_statement(struct bs_decoder *d, const struct bs_event *event,
                const struct bs_statement *statement, struct bs_error *err) {
    if (d->phase != BS_GROUP_INSIDE) {
        return lone_statement(d, event, statement, err);
    }
    bs_decoder_queue(d, BS_ITEM_STATEMENT, event)->statement = *statement;
    return BS_OK;
}

/* COMMIT and ROLLBACK also come alone, as what is left of a group whose rows were not logged: then
 * there is nothing to end, except the name of a group. */
static enum bs_status
end_statement(struct bs_decoder *d, const struct bs_event *event, enum bs_item_kind kind,
              struct bs_error *err) {
    if (d->phase == BS_GROUP_BETWEEN) {
        return BS_OK;
    }
    return bs_decoder_group_close(d, event, kind, err);
}

static void
savepoint(struct bs_decoder *d, const struct bs_event *event,
          const struct bs_statement *statement) {
    if (d->phase == BS_GROUP_INSIDE) {
        bs_decoder_queue(d, BS_ITEM_SAVEPOINT, event)->statement = *statement;
    }
}

static enum bs_status
refuse_statement(const struct bs_statement *statement, const char *what, const char *hint,
                 struct bs_error *err) {
    int len = statement->sql.len > 200 ? 200 : (int)statement->sql.len;
    bs_error_set(err, BS_PROTOCOL, "the source logged %s, which cannot be followed: %.*s", what,
                 len, statement->sql.data);
    return bs_error_hint(err, "%s", hint);
}

enum bs_status
bs_decoder_group_query(struct bs_decoder *d, const struct bs_event *event, struct bs_error *err) {
    struct bs_statement statement;
    enum bs_status status = bs_statement_parse(&statement, event, &d->inflated, err);
    if (status != BS_OK) {
        return status;
    }
    /* A statement that opens two such tables empties both first. */
    if (d->phase == BS_GROUP_EMPTIED && !empties_memory_table(d, statement.sql)) {
        status = bs_decoder_group_close_emptied(d, event, err);
    }
    if (status != BS_OK) {
        return status;
    }
    switch (bs_query_kind(statement.sql)) {
    case BS_QUERY_BEGIN:
        return bs_decoder_group_open(d, event, err);
    case BS_QUERY_COMMIT:
        return end_statement(d, event, BS_ITEM_GROUP_END, err);
    case BS_QUERY_ROLLBACK:
        return end_statement(d, event, BS_ITEM_GROUP_ROLLBACK, err);
    case BS_QUERY_SAVEPOINT:
    case BS_QUERY_ROLLBACK_TO:
        savepoint(d, event, &statement);
        return BS_OK;
    case BS_QUERY_XA:
        return refuse_statement(&statement, "an XA transaction",
                                "keep XA off the source's tables until the move is over", err);
    case BS_QUERY_OTHER:
        break;
    }
    return other_statement(d, event, &statement, err);
}

/* Group replication's VIEW_CHANGE changes no row but owns a GTID; newer servers put it between
 * BEGIN and COMMIT, which then end the group. */
enum bs_status
bs_decoder_group_view_change(struct bs_decoder *d, const struct bs_event *event,
                             struct bs_error *err) {
    if (d->phase != BS_GROUP_NAMED) {
        return BS_OK;
    }
    return bs_decoder_group_close(d, event, BS_ITEM_GROUP_END, err);
}

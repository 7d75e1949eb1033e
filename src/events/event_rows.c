/* TABLE_MAP and the heads of rows events. */
#include "events/event_private.h"

#include "binlog/rows.h"

enum bs_status
bs_events_table_map(const struct bs_events_line *line, struct bs_error *err) {
    const struct bs_table_map *map = line->table->map;
    (void)err;
    bs_events_member_u64(line->out, "table_id", map->table_id);
    bs_events_put(line->out, line->table->head.data, line->table->head.len);
    if (map->flags != 0) {
        bs_events_member_u64(line->out, "map_flags", map->flags);
    }
    bs_events_put_columns(line->out, line->table);
    return BS_OK;
}

/* Partitions are in the extra data of rows v2: field guide 4.5. */
static void
put_partitions(struct bs_buf *out, const struct bs_rows_head *head) {
    if (head->has_partition) {
        bs_events_member_u64(out, "partition", head->partition);
    }
    if (head->has_source_partition) {
        bs_events_member_u64(out, "source_partition", head->source_partition);
    }
}

enum bs_status
bs_events_rows(const struct bs_events_line *line, struct bs_error *err) {
    static const struct bs_events_flag mysql[] = {
        {BS_ROWS_STMT_END, "STMT_END"},
        {BS_ROWS_NO_FOREIGN_KEY_CHECKS, "NO_FOREIGN_KEY_CHECKS"},
        {BS_ROWS_NO_UNIQUE_CHECKS, "RELAXED_UNIQUE_CHECKS"},
        {BS_ROWS_COMPLETE, "COMPLETE_ROWS"},
        {BS_ROWS_SQL_FOREIGN_KEY, "SQL_FOREIGN_KEY"},
    };
    static const struct bs_events_flag mariadb[] = {
        {BS_ROWS_STMT_END, "STMT_END"},
        {BS_ROWS_NO_FOREIGN_KEY_CHECKS, "NO_FOREIGN_KEY_CHECKS"},
        {BS_ROWS_NO_UNIQUE_CHECKS, "RELAXED_UNIQUE_CHECKS"},
        {BS_ROWS_COMPLETE, "COMPLETE_ROWS"},
        {BS_ROWS_NO_CHECK_CONSTRAINTS, "NO_CHECK_CONSTRAINTS"},
    };
    struct bs_rows_head head;
    enum bs_status status = bs_rows_head_parse(&head, &line->walked->event, err);
    if (status != BS_OK) {
        return status;
    }
    bs_events_member_u64(line->out, "table_id", head.table_id);
    if (line->table != NULL) {
        bs_events_put(line->out, line->table->head.data, line->table->head.len);
    }
    bs_events_member_flags_if_any(line->out, "rows_flags", head.flags,
                                  line->walked->is_mariadb ? mariadb : mysql,
                                  sizeof mysql / sizeof *mysql);
    put_partitions(line->out, &head);
    return BS_OK;
}

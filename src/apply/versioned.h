/* Rows of system-versioned tables. The source logs what became of the rows in the table, history
 * included; the target makes history by itself, from the moment that its session says it is:
 *
 *   source logs                           target runs, with SET timestamp to the moment
 *   insert of a current row               INSERT                    row start
 *   update, and insert of the old row     UPDATE; the insert is its own doing    new row start
 *   update of the row end alone           DELETE                    row end
 *   delete of history                     DELETE HISTORY ... BEFORE, up to the newest row of it
 *   insert of history by itself           INSERT with its period, where the target takes that
 *
 * So the periods are the source's to the microsecond. Where MariaDB would not do it again by
 * itself: an update of nothing but the row start: the row is deleted and inserted at its moment a
 * row that went without history, as one does when it is deleted before it began: likewise here
 * Servers before 10.11 also make rows of history that end before they begin (of a row that began
 * after the statement that deletes it did). Later ones neither make such nor take them, and no
 * moment shows them: they are left out, and the first of each table is logged. Called by change.c,
 * per row. */
#ifndef BS_APPLY_VERSIONED_H
#define BS_APPLY_VERSIONED_H

#include "apply/target_table.h"
#include "base/buf.h"
#include "binlog/rows.h"

enum bs_versioned_kind {
    BS_VERSIONED_INSERT,
    BS_VERSIONED_UPDATE,
    BS_VERSIONED_RENEW,          /* only the row start changes */
    BS_VERSIONED_DELETE,         /* an update of the row end */
    BS_VERSIONED_UNDO,           /* a current row that goes without leaving history */
    BS_VERSIONED_INSERT_HISTORY, /* by itself */
    BS_VERSIONED_DELETE_HISTORY,
    BS_VERSIONED_NOTHING, /* the target has done it already, or has no history */
};

struct bs_versioned_step {
    enum bs_versioned_kind kind;
    struct bs_str moment; /* for SET timestamp; len 0: none */
};

/* What a row of a table with a period is. Takes note of the history that the target will make. */
struct bs_versioned_step bs_versioned_step(const struct bs_target_table *table,
                                           const struct bs_rows *rows);

/* "SET timestamp=...", or the microsecond before it. */
void bs_versioned_put_moment(struct bs_buf *sql, struct bs_str moment, bool before_it);

/* "DELETE HISTORY FROM t BEFORE SYSTEM_TIME ..." for the rows that ended then or earlier. */
void bs_versioned_put_delete_history(struct bs_buf *sql, const struct bs_target_table *table,
                                     struct bs_str row_end);

#endif

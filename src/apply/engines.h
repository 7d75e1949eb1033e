/* Which engine each table has on the source. The target's catalogue does not tell: tables of MyISAM
 * and the like are InnoDB there. Rows of such a table stay when the source rolls back, so the
 * applier must know. The snapshot reads it from the source; from then on the stream's statements
 * move it along. Called by src/apply/ddl.c around each statement. */
#ifndef BS_APPLY_ENGINES_H
#define BS_APPLY_ENGINES_H

#include "apply/applier.h"
#include "schema/ddl.h"

/* Per object of the statement, what its engine on the source will be; NULL: as the target's
 * catalogue says. Owned, heap. */
struct bs_engine_notes {
    char **engines;
    size_t count;
    bool converts; /* the statement's text must be changed to name InnoDB */
    bool is_guess; /* CREATE names no engine: it is taken to be the servers' default */
};

/* Before the statement runs. BS_PRECHECK if it makes a table of an engine that cannot be moved. */
enum bs_status bs_engine_notes_take(struct bs_engine_notes *notes, const struct bs_applier *applier,
                                    const struct bs_statement *statement, const struct bs_ddl *ddl,
                                    struct bs_error *err) BS_MUST_CHECK;
void bs_engine_notes_fini(struct bs_engine_notes *notes);

/* "DELETE FROM `db`.`t`", which servers log by themselves when they find a MEMORY table empty after
 * a restart (MySQL to 5.7, MariaDB 10.5): true if it is that, about a table of such an engine on
 * the source; it goes to *table. *is_selected false: it is that, about a table that is not moved.
 */
bool bs_engine_is_emptying(const struct bs_applier *applier, const struct bs_statement *statement,
                           const struct bs_target_table **table, bool *is_selected);

#endif

/* The prechecks: each says pass, warning or fail, what was found, and how to mend it. Read-only on
 * both servers. Called by src/cli: as `check`, and before snapshot, load and follow, which stop
 * with exit 3 at a fail. Before a copy into an archive, where there is no target yet, those of the
 * source; before its load, where there may be no source any more, those of the target. */
#ifndef BS_CHECK_CHECK_H
#define BS_CHECK_CHECK_H

#include "base/error.h"
#include "schema/selection.h"
#include "schema/server.h"
#include "sql/session.h"
#include "state/state.h"

#include <stdbool.h>
#include <stddef.h>

enum bs_check_verdict { BS_CHECK_PASS, BS_CHECK_WARNING, BS_CHECK_FAIL };

struct bs_check_result {
    const char *name; /* stable, as in "binlog-row-image": static text */
    enum bs_check_verdict verdict;
    char *found; /* heap-owned; what is so */
    char *fix;   /* heap-owned; what to do, NULL for a pass */
};

struct bs_check_report {
    struct bs_check_result *results;
    size_t count;
    size_t warnings, failures;
};

enum bs_check_for {
    BS_CHECK_FOR_SNAPSHOT,
    BS_CHECK_FOR_FOLLOW,
    BS_CHECK_FOR_ARCHIVE, /* the checks that concern the source alone */
    BS_CHECK_FOR_LOAD,    /* those that concern the target alone, or what the source was */
};

struct bs_check_config {
    struct bs_sql *source;              /* not used for a load */
    struct bs_sql *target;              /* not used for an archive */
    const struct bs_server *was_source; /* for a load alone: as the archive has it */
    bool has_history;                   /* for a load alone: it brings tables with theirs */
    const struct bs_selection *selection;
    struct bs_state state;
    enum bs_check_for purpose;
    bool keep_engines, no_target_binlog;
    bool accounts;       /* --accounts */
    const char *definer; /* as bs_definer_read gives it; NULL: each object keeps its own */
};

/* Fails only if a check could not be made at all (connection lost, unknown table in the selection:
 * BS_CONFIG; before a follow another source than the task's: BS_PURGED); what the checks found is
 * in the report. */
enum bs_status bs_check_run(const struct bs_check_config *config, struct bs_check_report *report,
                            struct bs_error *err) BS_MUST_CHECK;
void bs_check_report_fini(struct bs_check_report *report);

/* May the account see what a cutover makes on the target of the source as it is then? What it may
 * not see looks as if it were not there. BS_PRECHECK with what is missing. Asked by src/cutover. */
enum bs_status bs_check_sees_objects(struct bs_sql *source, const struct bs_server *server,
                                     const struct bs_selection *selection,
                                     struct bs_error *err) BS_MUST_CHECK;

#endif

/* What of the source's log is applied, when lanes commit out of order: everything up to a low-water
 * mark, and runs of whole transactions beyond it. A run is named by where it begins and ends in the
 * source's files, which is the same with and without GTIDs. Pure.
 *
 *   file:pos ........ low ....... [from, to] ..... [from, to] ......
 *            applied       not       applied   not    applied
 *
 * Each lane's row in the state holds the mark as it was known when the lane wrote it, and the runs
 * that this lane applied beyond it. After a loss the highest mark and all lanes' runs together are
 * the truth: the stream starts at the mark, and transactions inside of runs are left out. A
 * transaction is inside when any place in it is behind `from` and not behind `to`: runs hold whole
 * transactions only. Used by one thread. */
#ifndef BS_APPLY_APPLIED_H
#define BS_APPLY_APPLIED_H

#include "base/buf.h"
#include "base/error.h"
#include "base/position.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bs_run_applied {
    struct bs_log_place from, to;
};

/* In the order of the log, none touching another. Zero-initialised: none. */
struct bs_applied {
    struct bs_run_applied *runs;
    size_t count, cap;
};

void bs_applied_fini(struct bs_applied *applied);
void bs_applied_add(struct bs_applied *applied, const struct bs_log_place *from,
                    const struct bs_log_place *to);
void bs_applied_add_all(struct bs_applied *applied, const struct bs_applied *others);

/* Forgets what the low-water mark covers. */
void bs_applied_forget(struct bs_applied *applied, const struct bs_log_place *low);
bool bs_applied_has(const struct bs_applied *applied, const struct bs_log_place *place);

/* As text, "file:pos-file:pos file:pos-file:pos", and back; BS_SCHEMA for any other text. */
void bs_applied_text(const struct bs_applied *applied, struct bs_buf *out);
enum bs_status bs_applied_parse(struct bs_applied *applied, struct bs_str text,
                                struct bs_error *err) BS_MUST_CHECK;

#endif

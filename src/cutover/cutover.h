/* Cutover: freeze the source, drain to its final position, finish the objects, report. Runs on the
 * lane's thread, inside a running follow, when a request arrives; `binstream cutover` only files
 * the request and waits for the answer. Design section 6; steps, undo and crash behaviour are told
 * in cutover.c. */
#ifndef BS_CUTOVER_CUTOVER_H
#define BS_CUTOVER_CUTOVER_H

#include "base/endpoint.h"
#include "base/error.h"
#include "follow/follow.h"
#include "schema/selection.h"
#include "state/state.h"

#include <stdbool.h>
#include <stdint.h>

enum bs_freeze { BS_FREEZE_READ_ONLY, BS_FREEZE_LOCK_TABLES, BS_FREEZE_FTWRL, BS_FREEZE_NONE };

bool bs_freeze_parse(const char *name, enum bs_freeze *freeze);
const char *bs_freeze_name(enum bs_freeze freeze);

struct bs_cutover_config {
    const struct bs_endpoint *source;
    const struct bs_selection *selection;
    struct bs_state state;
    enum bs_freeze freeze;  /* default of this follow; a request may say otherwise */
    uint32_t max_freeze_ms; /* default 30000 */
    /* The last cutover's report, valid after the follow has ended: JSON, heap-owned. */
    char *report_json;
};

/* The callback for bs_follow_config.cutover, with a struct bs_cutover_config as arg. */
enum bs_status bs_cutover_perform(void *arg, struct bs_follow *follow,
                                  const struct bs_request *request, bool *finished,
                                  struct bs_error *err);

/* The callback for bs_follow_config.opened, with the same arg: puts back what a cutover that died
 * had changed, before anything is applied. */
enum bs_status bs_cutover_opened(void *arg, struct bs_follow *follow, const struct bs_task *task,
                                 struct bs_error *err);

#endif

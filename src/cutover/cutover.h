/* Cutover: freeze the source, drain to its final position, finish the objects, run the hook,
 * report. Runs on the lane's thread, inside a running follow, when a request arrives; `binstream
 * cutover` only files the request and waits for the answer. Design section 6; steps, undo and crash
 * behaviour are told in cutover.c. */
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

/* What to do with a cutover whose hook was begun and whose end nobody saw. */
enum bs_hook_lost {
    BS_HOOK_AGAIN, /* run it again */
    BS_HOOK_DONE,  /* the operator says that the traffic goes to the target */
    BS_HOOK_UNDO,  /* the operator says that it goes to the source */
};

/* How the hook of this process ended, should the state not have taken it. */
enum bs_hook_end { BS_HOOK_NOT_ENDED, BS_HOOK_SUCCEEDED, BS_HOOK_FAILED };

/* Was the source written to while the hook ran? */
enum bs_late { BS_LATE_NO, BS_LATE_YES, BS_LATE_UNKNOWN };

struct bs_cutover_config {
    const struct bs_endpoint *source, *target;
    const struct bs_selection *selection;
    struct bs_state state;
    bool accounts; /* the source's accounts are brought over: --accounts */
    /* Defaults of this follow; a request may say otherwise. */
    enum bs_freeze freeze;
    uint32_t max_freeze_ms;
    const char *hook; /* NULL or "": none */
    enum bs_hook_lost hook_lost;
    /* The last cutover's report, valid after the follow has ended: JSON, heap-owned. */
    char *report_json;
    enum bs_late late; /* of the cutover that is done: but for NO, look before you trust it */
    enum bs_hook_end hook_end; /* internal */
};

/* A command that would not come back from the state as it went in is BS_CONFIG. */
enum bs_status bs_cutover_check_hook(const char *command, struct bs_error *err) BS_MUST_CHECK;

/* The callback for bs_follow_config.cutover, with a struct bs_cutover_config as arg. */
enum bs_status bs_cutover_perform(void *arg, struct bs_follow *follow,
                                  const struct bs_request *request, bool *finished,
                                  struct bs_error *err);

/* The callback for bs_follow_config.opened, with the same arg: puts back what a cutover that died
 * had changed, before anything is applied, unless its hook had been begun. */
enum bs_status bs_cutover_opened(void *arg, struct bs_follow *follow, const struct bs_task *task,
                                 bool *unfinished, struct bs_error *err);

/* Does the state of a task say that a cutover has begun, and has neither ended nor been undone?
 * Then by_hand, unless it is NULL, has the statements that free the source. For any session with
 * the target. */
enum bs_status bs_cutover_is_left(struct bs_sql *target, const struct bs_state *state, bool *left,
                                  struct bs_buf *by_hand, struct bs_error *err) BS_MUST_CHECK;

#endif

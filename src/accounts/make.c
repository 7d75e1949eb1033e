/* The happy path, for each account that is due:
 *
 *   note it ─> CREATE USER ─> note by which words ─> grants, roles, default roles ─> note these too
 *
 * All identities come first, so that roles are there when they are granted, and what the source
 * does not have any more is dropped last. One that is there is changed where the digest of the
 * words differs: ALTER USER, or everything taken away and granted again. Before that its digest is
 * cleared: whoever dies in between finds the work undone. The target serves nobody yet, so that
 * nobody meets an account that may do nothing for a moment.
 *
 * Failure modes: what a grant names is not on the target (a table that was made on the source after
 * the copy's point, or dropped there and only its grants are left): the grant is left out with a
 * warning, and the account stays due, so the cutover tries again. An account that somebody made
 * meanwhile is left alone. */
#include "accounts/plan.h"

#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Server errors. */
enum {
    UNKNOWN_COLUMN = 1054,
    NO_SUCH_TABLE = 1146,
    NO_SUCH_ROUTINE = 1305,
    CANNOT_USER = 1396, /* CREATE USER of one that is there, DROP USER of one that is not */
};

/* One account in work. */
struct making {
    const struct bs_accounts_job *job;
    const struct bs_accounts_plan *plan;
    const struct bs_account_plan *item;
    struct bs_account_note note; /* names borrowed from the item */
    bool is_new;                 /* was not on the target before */
    bool was_changed;
    bool is_lost; /* to somebody who made one of the same name meanwhile */
};

static void
digest(char out[40], const struct bs_account_statements *statements) {
    struct bs_buf text = {0};
    for (size_t i = 0; i < statements->count; i++) {
        bs_buf_put_lenenc_str(&text, bs_str(statements->items[i]));
    }
    uint64_t first = bs_hash(text.data, text.len);
    bs_buf_put_u8(&text, 1);
    (void)snprintf(out, 40, "%016" PRIx64 "%016" PRIx64, first, bs_hash(text.data, text.len));
    if (text.data != NULL) {
        memset(text.data, 0, text.len);
    }
    bs_buf_fini(&text);
}

static enum bs_status
run(struct making *m, const char *statement, struct bs_error *err) {
    enum bs_status status = bs_accounts_check_time(m->job, err);
    return status == BS_OK ? bs_sql_run(m->job->target, bs_str(statement), err) : status;
}

static enum bs_status
run_all(struct making *m, const struct bs_account_statements *statements, size_t from,
        struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = from; i < statements->count && status == BS_OK; i++) {
        status = run(m, statements->items[i], err);
    }
    return status;
}

static enum bs_status
save(struct making *m, struct bs_error *err) {
    return bs_state_save_account(m->job->target, m->job->state, &m->note, err);
}

/* Identity. */

/* CREATE USER was refused or not sent: a note that was made for it must not stay, or an account
 * that somebody makes by hand instead would pass for ours. After a lost connection nobody knows. */
static enum bs_status
heed_refusal(struct making *m, enum bs_status status, struct bs_error *err) {
    bool is_there = status == BS_SERVER && err->sql_errno == CANNOT_USER;
    struct bs_error failure;
    bs_error_clear(&failure);
    if (status == BS_IO || m->item->note != NULL) {
        return status;
    }
    if (bs_state_forget_account(m->job->target, m->job->state, &m->note, &failure) != BS_OK) {
        *err = failure;
        return failure.status;
    }
    if (!is_there) {
        return status;
    }
    bs_log(BS_LOG_INFO, "account %s was made on the target by somebody else: left as it is",
           m->item->shown);
    bs_error_clear(err);
    m->is_lost = true;
    return BS_OK;
}

static enum bs_status
create(struct making *m, const struct bs_account_statements *statements, struct bs_error *err) {
    enum bs_status status = save(m, err);
    if (status == BS_OK && statements->count > 0) { /* PUBLIC need not be made */
        bs_fault_point("accounts-noted");
        status = run(m, statements->items[0], err);
        if (status != BS_OK) {
            return heed_refusal(m, status, err);
        }
        m->is_new = true;
        status = run_all(m, statements, 1, err);
    }
    bs_fault_point("accounts-created");
    return status;
}

/* ATTRIBUTE adds to what is there. */
static enum bs_status
forget_attribute(struct making *m, struct bs_error *err) {
    struct bs_buf nulls = {0};
    struct bs_account_statements statements = {0};
    enum bs_status status = bs_catalog_forget_attribute(m->job->target, m->job->target_server,
                                                        &m->item->account->name, &nulls, err);
    if (status == BS_OK && nulls.len > 0) {
        bs_account_put_attribute(&statements, &m->item->account->name, bs_buf_cstr(&nulls));
        status = run_all(m, &statements, 0, err);
    }
    bs_account_statements_fini(&statements);
    bs_buf_fini(&nulls);
    return status;
}

static enum bs_status
alter(struct making *m, struct bs_error *err) {
    struct bs_account_statements statements = {0};
    m->note.identity[0] = '\0';
    if (bs_account_is_remade(m->job->target_server)) {
        m->note.rights[0] = '\0';
    }
    enum bs_status status = save(m, err);
    if (status == BS_OK) {
        status = forget_attribute(m, err);
    }
    if (status == BS_OK) {
        bs_account_put_alter(&statements, m->item->account, m->job->target_server);
        status = run_all(m, &statements, 0, err);
    }
    m->is_new = bs_account_is_remade(m->job->target_server);
    m->was_changed = true;
    bs_account_statements_fini(&statements);
    return status;
}

static enum bs_status
make_identity(struct making *m, struct bs_error *err) {
    struct bs_account_statements statements = {0};
    char wanted[40];
    bool is_there = bs_account_list_find(&m->plan->there, &m->item->account->name) != NULL;
    enum bs_status status = BS_OK;
    bs_account_put_create(&statements, m->item->account, m->job->target_server);
    digest(wanted, &statements);
    if (!is_there) {
        m->note.identity[0] = m->note.rights[0] = '\0';
        status = create(m, &statements, err);
    } else if (strcmp(wanted, m->note.identity) != 0) {
        status = alter(m, err);
    }
    if (status == BS_OK && !m->is_lost && strcmp(wanted, m->note.identity) != 0) {
        memcpy(m->note.identity, wanted, sizeof wanted);
        status = save(m, err);
    }
    bs_account_statements_fini(&statements);
    return status == BS_OK ? BS_OK : bs_error_context(err, "making account %s", m->item->shown);
}

/* Rights. */

static bool
is_absent(const struct bs_error *err) {
    return err->status == BS_SERVER &&
           (err->sql_errno == UNKNOWN_COLUMN || err->sql_errno == NO_SUCH_TABLE ||
            err->sql_errno == NO_SUCH_ROUTINE);
}

static enum bs_status
give(struct making *m, const struct bs_account_statements *statements, bool *complete,
     struct bs_error *err) {
    enum bs_status status = BS_OK;
    *complete = true;
    for (size_t i = 0; i < statements->count && status == BS_OK; i++) {
        status = run(m, statements->items[i], err);
        if (status != BS_OK && is_absent(err)) {
            bs_log(BS_LOG_WARNING,
                   "account %s: left out, because the target has no such object%s: %s",
                   m->item->shown, m->job->deadline_ms == INT64_MAX ? " yet" : "",
                   statements->items[i]);
            bs_error_clear(err);
            status = BS_OK;
            *complete = false;
        }
    }
    return status;
}

static enum bs_status
strip(struct making *m, struct bs_error *err) {
    struct bs_account_statements statements = {0};
    const struct bs_account *there = bs_account_list_find(&m->plan->there, &m->item->account->name);
    enum bs_status status = BS_OK;
    if (there != NULL && !m->is_new) {
        bs_account_put_strip(&statements, &m->item->account->name, there, m->job->target_server);
        status = run_all(m, &statements, 0, err);
        bs_fault_point("accounts-stripped");
    }
    bs_account_statements_fini(&statements);
    return status;
}

static enum bs_status
give_anew(struct making *m, const struct bs_account_statements *statements, const char *wanted,
          struct bs_error *err) {
    bool complete = false;
    enum bs_status status = BS_OK;
    if (m->note.rights[0] != '\0') {
        m->note.rights[0] = '\0';
        status = save(m, err);
    }
    if (status == BS_OK) {
        status = strip(m, err);
    }
    if (status == BS_OK) {
        status = give(m, statements, &complete, err);
    }
    if (status == BS_OK && complete) {
        (void)snprintf(m->note.rights, sizeof m->note.rights, "%s", wanted);
    }
    m->was_changed = true;
    return status;
}

static enum bs_status
make_rights(struct making *m, struct bs_error *err) {
    struct bs_account_statements statements = {0};
    char wanted[40];
    enum bs_status status = BS_OK;
    bs_account_put_rights(&statements, m->item->account, m->job->target_server,
                          &m->plan->target_can);
    digest(wanted, &statements);
    if (strcmp(wanted, m->note.rights) != 0) {
        status = give_anew(m, &statements, wanted, err);
    }
    if (status == BS_OK) {
        (void)snprintf(m->note.seen, sizeof m->note.seen, "%s", m->item->account->seen);
        status = save(m, err);
    }
    bs_account_statements_fini(&statements);
    return status == BS_OK ? BS_OK
                           : bs_error_context(err, "giving account %s its rights", m->item->shown);
}

/* All accounts. */

static enum bs_status
refuse(const struct bs_accounts_plan *plan, struct bs_error *err) {
    for (size_t i = 0; i < plan->count; i++) {
        const struct bs_note *refused = bs_account_plan_refused(&plan->items[i]);
        if (refused != NULL) {
            bs_error_set(err, BS_PRECHECK, "account %s cannot be carried: %s", plan->items[i].shown,
                         refused->text);
            return bs_error_hint(err,
                                 "change it or drop it on the source, or make it on the target by "
                                 "hand, where it is then left alone; 'binstream check --accounts' "
                                 "names all such accounts");
        }
    }
    return BS_OK;
}

static void
tell(const struct bs_accounts_plan *plan, struct bs_accounts_counts *counts) {
    for (size_t i = 0; i < plan->count; i++) {
        const struct bs_account_plan *item = &plan->items[i];
        if (item->fate == BS_FATE_LEFT) {
            counts->left++;
            bs_log(BS_LOG_INFO, "account %s is on the target already: left as it is", item->shown);
        }
        for (size_t k = 0; item->fate == BS_FATE_DUE && k < item->notes.count; k++) {
            bs_log(BS_LOG_DEBUG, "account %s: %s%s", item->shown,
                   item->notes.items[k].kind == BS_NOTE_LEFT_OUT ? "left out: " : "",
                   item->notes.items[k].text);
        }
    }
}

static void
count_left_out(const struct bs_accounts_plan *plan) {
    uint64_t count = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct bs_notes *notes = &plan->items[i].notes;
        for (size_t k = 0; plan->items[i].fate == BS_FATE_DUE && k < notes->count; k++) {
            count += notes->items[k].kind == BS_NOTE_LEFT_OUT;
        }
    }
    if (count > 0) {
        bs_log(BS_LOG_INFO,
               "accounts: %" PRIu64 " rights and settings are left out, because they are about "
               "what is not selected or not there (--log-level=debug names them)",
               count);
    }
}

static struct making
making_of(const struct bs_accounts_job *job, const struct bs_accounts_plan *plan,
          const struct bs_account_plan *item) {
    struct making m = {.job = job, .plan = plan, .item = item};
    if (item->note != NULL) {
        m.note = *item->note;
    }
    m.note.user = item->account->name.user;
    m.note.host = item->account->name.host;
    m.note.is_role = item->account->name.is_role;
    m.note.seen[0] = '\0';
    return m;
}

static enum bs_status
make_due(struct making *makings, size_t count, struct bs_accounts_counts *counts,
         struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < count && status == BS_OK; i++) {
        status = make_identity(&makings[i], err);
    }
    for (size_t i = 0; i < count && status == BS_OK; i++) {
        if (!makings[i].is_lost) {
            status = make_rights(&makings[i], err);
        }
    }
    for (size_t i = 0; i < count; i++) {
        bool is_old = makings[i].item->note != NULL;
        counts->left += makings[i].is_lost;
        counts->made += !is_old && !makings[i].is_lost;
        counts->changed += is_old && makings[i].was_changed;
    }
    return status;
}

static enum bs_status
make_all(const struct bs_accounts_job *job, const struct bs_accounts_plan *plan,
         struct bs_accounts_counts *counts, struct bs_error *err) {
    struct making *makings = bs_zalloc((plan->count + 1) * sizeof *makings);
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->items[i].fate == BS_FATE_DUE) {
            makings[count++] = making_of(job, plan, &plan->items[i]);
        }
        counts->total += plan->items[i].fate == BS_FATE_DUE || plan->items[i].fate == BS_FATE_SAME;
    }
    enum bs_status status = make_due(makings, count, counts, err);
    free(makings);
    return status;
}

/* Dropping. */

static enum bs_status
drop(struct bs_sql *target, const struct bs_state *state, const struct bs_account_note *note,
     struct bs_error *err) {
    struct bs_account_statements statements = {0};
    struct bs_account_name name = {note->user, note->host, note->is_role};
    bs_account_put_drop(&statements, &name);
    enum bs_status status = bs_sql_run(target, bs_str(statements.items[0]), err);
    if (status == BS_SERVER && err->sql_errno == CANNOT_USER) {
        bs_error_clear(err); /* it is gone */
        status = BS_OK;
    }
    if (status == BS_OK) {
        status = bs_state_forget_account(target, state, note, err);
    }
    bs_account_statements_fini(&statements);
    return status == BS_OK ? BS_OK
                           : bs_error_context(err, "dropping account %s@%s, which this task made",
                                              note->user, note->host);
}

static enum bs_status
drop_gone(const struct bs_accounts_job *job, const struct bs_accounts_plan *plan,
          struct bs_accounts_counts *counts, struct bs_error *err) {
    enum bs_status status = BS_OK;
    for (size_t i = 0; i < plan->note_count && status == BS_OK; i++) {
        if (!plan->is_noted[i] && (status = bs_accounts_check_time(job, err)) == BS_OK) {
            status = drop(job->target, job->state, &plan->notes[i], err);
            counts->dropped += status == BS_OK;
        }
    }
    return status;
}

enum bs_status
bs_accounts_bring(const struct bs_accounts_job *job, struct bs_accounts_counts *counts,
                  struct bs_error *err) {
    struct bs_accounts_plan plan;
    *counts = (struct bs_accounts_counts){0};
    enum bs_status status = bs_accounts_plan(job, false, &plan, err);
    if (status == BS_OK) {
        status = refuse(&plan, err);
    }
    if (status == BS_OK) {
        tell(&plan, counts);
        count_left_out(&plan);
        status = make_all(job, &plan, counts, err);
    }
    if (status == BS_OK) {
        status = drop_gone(job, &plan, counts, err);
    }
    bs_accounts_plan_fini(&plan);
    return status == BS_OK ? BS_OK : bs_error_context(err, "bringing the accounts over");
}

enum bs_status
bs_accounts_drop(struct bs_sql *target, const struct bs_state *state, uint64_t *dropped,
                 struct bs_error *err) {
    struct bs_account_note *notes = NULL;
    size_t count = 0;
    enum bs_status status = bs_state_list_accounts(target, state, &notes, &count, err);
    for (size_t i = 0; i < count && status == BS_OK; i++) {
        status = drop(target, state, &notes[i], err);
        *dropped += status == BS_OK;
    }
    bs_account_notes_free(notes, count);
    return status;
}

#include "accounts/plan.h"

#include "base/clock.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Server errors. */
enum { NO_SUCH_ACCOUNT = 1141, TABLE_DENIED = 1142 };

enum bs_status
bs_accounts_check_time(const struct bs_accounts_job *job, struct bs_error *err) {
    return bs_clock_mono_ms() <= job->deadline_ms
               ? BS_OK
               : bs_error_set(err, BS_CANCELLED,
                              "the accounts could not be made within --max-freeze");
}

void
bs_accounts_plan_fini(struct bs_accounts_plan *plan) {
    for (size_t i = 0; i < plan->count; i++) {
        free(plan->items[i].shown);
        bs_notes_fini(&plan->items[i].notes);
    }
    free(plan->items);
    free(plan->is_noted);
    bs_account_notes_free(plan->notes, plan->note_count);
    bs_account_abilities_fini(&plan->source_can);
    bs_account_abilities_fini(&plan->target_can);
    bs_account_list_fini(&plan->source);
    bs_account_list_fini(&plan->there);
    *plan = (struct bs_accounts_plan){0};
}

const struct bs_note *
bs_account_plan_refused(const struct bs_account_plan *item) {
    return item->fate == BS_FATE_DUE ? bs_notes_find(&item->notes, BS_NOTE_REFUSED) : NULL;
}

/* An account that may not read the state yet has no task: another precheck says what it lacks. */
static enum bs_status
read_notes(const struct bs_accounts_job *job, bool only_looks, struct bs_accounts_plan *plan,
           struct bs_error *err) {
    enum bs_status status =
        bs_state_list_accounts(job->target, job->state, &plan->notes, &plan->note_count, err);
    if (only_looks && status == BS_SERVER && err->sql_errno == TABLE_DENIED) {
        bs_error_clear(err);
        status = BS_OK;
    }
    plan->is_noted = bs_zalloc(plan->note_count + 1);
    return status;
}

static enum bs_status
read_both(const struct bs_accounts_job *job, bool only_looks, struct bs_accounts_plan *plan,
          struct bs_error *err) {
    enum bs_status status =
        bs_catalog_accounts(job->source, job->source_server, &plan->source, err);
    if (status == BS_OK) {
        status =
            bs_catalog_account_abilities(job->source, job->source_server, &plan->source_can, err);
    }
    if (status != BS_OK) {
        return bs_error_context(err, "looking at the source");
    }
    status = bs_catalog_accounts(job->target, job->target_server, &plan->there, err);
    if (status == BS_OK) {
        status =
            bs_catalog_account_abilities(job->target, job->target_server, &plan->target_can, err);
    }
    if (status == BS_OK) {
        status = read_notes(job, only_looks, plan, err);
    }
    return status == BS_OK ? BS_OK : bs_error_context(err, "looking at the target");
}

static const struct bs_account_note *
find_note(const struct bs_accounts_plan *plan, const struct bs_account_name *name) {
    for (size_t i = 0; i < plan->note_count; i++) {
        const struct bs_account_note *note = &plan->notes[i];
        if (note->is_role == name->is_role && strcmp(note->user, name->user) == 0 &&
            strcmp(note->host, name->host) == 0) {
            return note;
        }
    }
    return NULL;
}

/* And the source still has the account. */
static const struct bs_account_note *
take_note(struct bs_accounts_plan *plan, const struct bs_account_name *name) {
    const struct bs_account_note *note = find_note(plan, name);
    if (note != NULL) {
        plan->is_noted[note - plan->notes] = true;
    }
    return note;
}

/* A database more or less may change what a pattern stands for. */
static void
mix_databases(struct bs_account *account, char *const *databases) {
    struct bs_buf text = {0};
    bs_buf_puts(&text, account->seen);
    for (; *databases != NULL; databases++) {
        bs_buf_put_lenenc_str(&text, bs_str(*databases));
    }
    uint64_t sum = bs_hash(text.data, text.len);
    (void)snprintf(account->seen + 16, sizeof account->seen - 16, "%016" PRIx64, sum);
    bs_buf_fini(&text);
}

static enum bs_account_fate
fate_of(const struct bs_accounts_plan *plan, const struct bs_account_plan *item) {
    bool there = bs_account_list_find(&plan->there, &item->account->name) != NULL;
    if (item->note == NULL) {
        return there ? BS_FATE_LEFT : BS_FATE_DUE;
    }
    bool same = there && item->note->rights[0] != '\0' && item->note->identity[0] != '\0' &&
                strcmp(item->note->seen, item->account->seen) == 0;
    return same ? BS_FATE_SAME : BS_FATE_DUE;
}

/* Two of the source's that would be one on the target. */
static void
refuse_twins(struct bs_accounts_plan *plan, struct bs_account_plan *item) {
    for (size_t i = 0; i < plan->count; i++) {
        struct bs_account_plan *other = &plan->items[i];
        bool is_ours = other->fate == BS_FATE_DUE || other->fate == BS_FATE_SAME;
        if (other != item && is_ours &&
            bs_account_name_equal(&other->account->name, &item->account->name)) {
            bs_notes_add(&item->notes, BS_NOTE_REFUSED, "%s would have the same name on the target",
                         other->shown);
        }
    }
}

/* What was on the target before may do other things there than what has its name on the source. */
static void
refuse_ties(const struct bs_accounts_plan *plan, const struct bs_account_ties *ties,
            const char *what, struct bs_account_plan *item) {
    for (size_t i = 0; i < ties->count; i++) {
        const struct bs_account_name *to = &ties->items[i].to;
        if (bs_account_list_find(&plan->there, to) != NULL && find_note(plan, to) == NULL) {
            struct bs_buf shown = {0};
            bs_account_put_shown(&shown, to);
            bs_notes_add(&item->notes, BS_NOTE_REFUSED,
                         "%s %s, which is on the target already and is left as it is there", what,
                         bs_buf_cstr(&shown));
            bs_buf_fini(&shown);
        }
    }
}

static enum bs_status
plan_grants(const struct bs_accounts_job *job, const struct bs_accounts_plan *plan,
            const struct bs_account_route *route, char *const *databases,
            struct bs_account_plan *item, const struct bs_account_name *name,
            struct bs_error *err) {
    struct bs_account_name translated = item->account->name;
    item->account->name = *name; /* as the source knows it */
    enum bs_status status = bs_catalog_account_grants(job->source, plan->source_can.partial_revokes,
                                                      item->account, err);
    item->account->name = translated;
    if (status == BS_SERVER && err->sql_errno == NO_SUCH_ACCOUNT) {
        bs_error_clear(err); /* dropped since its name was read */
        item->fate = BS_FATE_NOTHING;
        return BS_OK;
    }
    if (status == BS_OK) {
        bs_account_select_grants(item->account, job->selection, databases, &item->notes);
        bs_translate_grants(route, item->account, &item->notes);
    }
    return status;
}

/* PUBLIC cannot be dropped: on a target where it may do nothing, nobody has touched it. */
static enum bs_status
look_at_public(const struct bs_accounts_job *job, const struct bs_accounts_plan *plan,
               struct bs_account_plan *item, struct bs_error *err) {
    struct bs_account *there = bs_account_list_find(&plan->there, &item->account->name);
    if (item->fate != BS_FATE_LEFT || !bs_account_is_public(&item->account->name)) {
        return BS_OK;
    }
    enum bs_status status =
        bs_catalog_account_grants(job->target, plan->target_can.partial_revokes, there, err);
    if (status == BS_OK && there->grant_count == 0 && there->roles.count == 0) {
        item->fate = BS_FATE_DUE;
    }
    return status;
}

/* PUBLIC is there without being made, wherever it can be. */
static bool
is_idle_public(const struct bs_account_name *source, const struct bs_account *account) {
    return bs_account_is_public(source) && account->grant_count == 0 && account->roles.count == 0;
}

static enum bs_status
plan_one(const struct bs_accounts_job *job, bool only_looks, const struct bs_account_route *route,
         char *const *databases, struct bs_accounts_plan *plan, struct bs_account_plan *item,
         struct bs_error *err) {
    struct bs_account_name source;
    struct bs_buf shown = {0};
    enum bs_status status = BS_OK;
    bs_account_name_copy(&source, &item->account->name);
    bs_account_put_shown(&shown, &source);
    item->shown = bs_buf_take_cstr(&shown);
    mix_databases(item->account, databases);
    bool is_own = bs_account_is_servers_own(item->account);
    bs_translate_identity(route, item->account, &item->notes);
    item->note = take_note(plan, &item->account->name);
    item->fate = is_own ? BS_FATE_NOTHING : fate_of(plan, item);
    status = look_at_public(job, plan, item, err);
    if (status != BS_OK) {
        bs_account_name_fini(&source);
        return status;
    }
    if (item->fate == BS_FATE_DUE || (item->fate == BS_FATE_SAME && only_looks)) {
        status = plan_grants(job, plan, route, databases, item, &source, err);
    }
    if (item->fate == BS_FATE_DUE && item->note == NULL && is_idle_public(&source, item->account)) {
        item->fate = BS_FATE_NOTHING;
    }
    bs_account_name_fini(&source);
    return status;
}

static enum bs_status
plan_all(const struct bs_accounts_job *job, bool only_looks, struct bs_accounts_plan *plan,
         struct bs_error *err) {
    char **databases = NULL;
    struct bs_account_route route = {job->source_server, job->target_server, &plan->source_can,
                                     &plan->target_can};
    plan->items = bs_zalloc((plan->source.count + 1) * sizeof *plan->items);
    plan->count = plan->source.count;
    enum bs_status status = bs_catalog_databases(job->source, &databases, err);
    for (size_t i = 0; i < plan->count; i++) {
        plan->items[i].account = &plan->source.items[i];
    }
    for (size_t i = 0; i < plan->count && status == BS_OK; i++) {
        status = bs_accounts_check_time(job, err);
        if (status != BS_OK) {
            break;
        }
        status = plan_one(job, only_looks, &route, databases, plan, &plan->items[i], err);
    }
    for (size_t i = 0; i < plan->count && status == BS_OK; i++) {
        if (plan->items[i].fate == BS_FATE_DUE) {
            refuse_twins(plan, &plan->items[i]);
            refuse_ties(plan, &plan->items[i].account->roles, "it is granted", &plan->items[i]);
            refuse_ties(plan, &plan->items[i].account->proxies, "it may be", &plan->items[i]);
        }
    }
    for (size_t i = 0; databases != NULL && databases[i] != NULL; i++) {
        free(databases[i]);
    }
    free(databases);
    return status;
}

enum bs_status
bs_accounts_plan(const struct bs_accounts_job *job, bool only_looks, struct bs_accounts_plan *plan,
                 struct bs_error *err) {
    *plan = (struct bs_accounts_plan){0};
    enum bs_status status = read_both(job, only_looks, plan, err);
    return status == BS_OK ? plan_all(job, only_looks, plan, err) : status;
}

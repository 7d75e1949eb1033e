/* --definer: what is said, made an account. */
#include "cli/cli.h"

#include "base/mem.h"
#include "schema/definer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static enum bs_status
refuse(const char *account, struct bs_error *err) {
    bs_error_set(err, BS_CONFIG, "option --definer cannot be %s", account);
    return bs_error_hint(err, "it is keep, current or user@host, in ASCII");
}

/* The account that the target has found for the login. */
static enum bs_status
read_current(struct bs_run *run, struct bs_error *err) {
    struct bs_sql *target = NULL;
    struct bs_buf account = {0};
    bool found = false;
    enum bs_status status = bs_cli_connect(&run->target, &target, err);
    if (status == BS_OK) {
        status = bs_sql_value(target, &account, &found, err, "SELECT CURRENT_USER()");
    }
    if (status == BS_OK) {
        run->definer = bs_definer_read(bs_buf_cstr(&account));
        status = run->definer != NULL ? BS_OK : refuse(bs_buf_cstr(&account), err);
    }
    bs_buf_fini(&account);
    bs_sql_close(target);
    return status;
}

enum bs_status
bs_cli_read_definer(struct bs_run *run, struct bs_error *err) {
    const char *text = run->values->definer;
    if (text == NULL || strcasecmp(text, "keep") == 0) {
        return BS_OK;
    }
    if (strcasecmp(text, "current") == 0) {
        return read_current(run, err);
    }
    run->definer = bs_definer_read(text);
    return run->definer != NULL ? BS_OK : refuse(text, err);
}

enum bs_status
bs_cli_take_definer(struct bs_run *run, const struct bs_task *task, struct bs_error *err) {
    const char *recorded = task->definer != NULL ? task->definer : "";
    const char *now = run->definer != NULL ? run->definer : "";
    if (strcmp(recorded, now) == 0) {
        return BS_OK;
    }
    if (run->values->definer == NULL) {
        run->definer = bs_strdup(recorded);
        return BS_OK;
    }
    bs_error_set(err, BS_CONFIG, "task '%s' was made with --definer %s; this command says %s",
                 run->state.task, *recorded != '\0' ? recorded : "keep",
                 *now != '\0' ? now : "keep");
    return bs_error_hint(err, "leave the option out, or give the same one");
}

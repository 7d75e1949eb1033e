/* A selection as text: one line per list that was given, "name length:entry,entry". The length is
 * there because a quoted name may hold any byte, a newline included. */
#include "state/state.h"

#include "base/mem.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name;
    size_t offset;
    bool with_table;
} LISTS[] = {
    {"databases", offsetof(struct bs_selection, databases), false},
    {"tables", offsetof(struct bs_selection, tables), true},
    {"exclude-databases", offsetof(struct bs_selection, exclude_databases), false},
    {"exclude-tables", offsetof(struct bs_selection, exclude_tables), true},
};

enum { LIST_COUNT = sizeof LISTS / sizeof LISTS[0] };

static char ***
list_of(struct bs_selection *selection, size_t index) {
    return (char ***)(void *)((char *)selection + LISTS[index].offset);
}

char *
bs_state_selection_args(const struct bs_selection *selection) {
    struct bs_buf out = {0};
    struct bs_selection copy = *selection; /* to read through the offsets; owns nothing */
    for (size_t i = 0; i < LIST_COUNT; i++) {
        struct bs_buf joined = {0};
        char **list = *list_of(&copy, i);
        for (size_t k = 0; list != NULL && list[k] != NULL; k++) {
            bs_buf_printf(&joined, "%s%s", k > 0 ? "," : "", list[k]);
        }
        if (joined.len > 0) {
            bs_buf_printf(&out, "%s %zu:", LISTS[i].name, joined.len);
            bs_buf_put_str(&out, bs_buf_str(&joined));
            bs_buf_puts(&out, "\n");
        }
        bs_buf_fini(&joined);
    }
    return bs_buf_take_cstr(&out);
}

/* Reads one line; *at moves behind it. */
static enum bs_status
read_list(const char **at, struct bs_selection *selection, struct bs_error *err) {
    char name[32];
    size_t len = 0;
    int used = 0;
    if (sscanf(*at, "%31[a-z-] %zu:%n", name, &len, &used) < 2 || used == 0 ||
        len > strlen(*at + used)) {
        return bs_error_set(err, BS_SCHEMA, "the selection in the state cannot be read: \"%s\"",
                            *at);
    }
    for (size_t i = 0; i < LIST_COUNT; i++) {
        if (strcmp(name, LISTS[i].name) == 0) {
            char *joined = bs_strndup(*at + used, len);
            enum bs_status status =
                bs_selection_parse_list(list_of(selection, i), joined, LISTS[i].with_table, err);
            free(joined);
            *at += (size_t)used + len;
            *at += **at == '\n';
            return status;
        }
    }
    return bs_error_set(err, BS_SCHEMA, "the selection in the state has an unknown list '%s'",
                        name);
}

enum bs_status
bs_state_read_selection(const struct bs_task *task, const struct bs_state *state,
                        struct bs_selection *selection, struct bs_error *err) {
    enum bs_status status = BS_OK;
    *selection = (struct bs_selection){.state_schema = bs_strdup(state->schema)};
    const char *at = task->selection_args != NULL ? task->selection_args : "";
    while (*at != '\0' && status == BS_OK) {
        status = read_list(&at, selection, err);
    }
    if (status != BS_OK) {
        bs_selection_fini(selection);
    }
    return status;
}

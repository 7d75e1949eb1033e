#include "schema/selection_args.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void
put_escaped(struct bs_buf *out, const char *entry) {
    for (; *entry != '\0'; entry++) {
        if (*entry == '\\' || *entry == '\t' || *entry == '\n') {
            bs_buf_put_u8(out, '\\');
        }
        bs_buf_put_u8(out, (uint8_t)(*entry == '\t' ? 't' : *entry == '\n' ? 'n' : *entry));
    }
}

static void
put_list(struct bs_buf *out, const char *name, char *const *list) {
    if (list == NULL) {
        return;
    }
    bs_buf_puts(out, name);
    for (; *list != NULL; list++) {
        bs_buf_put_u8(out, '\t');
        put_escaped(out, *list);
    }
    bs_buf_put_u8(out, '\n');
}

char *
bs_selection_encode(const struct bs_selection *selection) {
    struct bs_buf out = {0};
    put_list(&out, "databases", selection->databases);
    put_list(&out, "tables", selection->tables);
    put_list(&out, "exclude-databases", selection->exclude_databases);
    put_list(&out, "exclude-tables", selection->exclude_tables);
    return bs_buf_take_cstr(&out);
}

/* Reads one field up to a tab or newline; moves *at to that character. */
static char *
read_field(const char **at) {
    struct bs_buf out = {0};
    for (; **at != '\0' && **at != '\t' && **at != '\n'; (*at)++) {
        char c = **at;
        if (c == '\\' && (*at)[1] != '\0') {
            (*at)++;
            c = **at == 't' ? '\t' : **at == 'n' ? '\n' : **at;
        }
        bs_buf_put_u8(&out, (uint8_t)c);
    }
    return bs_buf_take_cstr(&out);
}

static char **
read_entries(const char **at) {
    char **list = NULL;
    size_t cap = 0;
    size_t count = 0;
    for (;;) {
        void *items = list;
        bs_array_grow(&items, &cap, count, sizeof *list);
        list = items;
        list[count] = NULL;
        if (**at != '\t') {
            return list;
        }
        (*at)++;
        list[count++] = read_field(at);
    }
}

static char ***
find_list(struct bs_selection *selection, const char *name) {
    const struct {
        const char *name;
        char ***list;
    } lists[] = {{"databases", &selection->databases},
                 {"tables", &selection->tables},
                 {"exclude-databases", &selection->exclude_databases},
                 {"exclude-tables", &selection->exclude_tables}};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (strcmp(name, lists[i].name) == 0 && *lists[i].list == NULL) {
            return lists[i].list;
        }
    }
    return NULL;
}

enum bs_status
bs_selection_decode(struct bs_selection *selection, const char *text, struct bs_error *err) {
    while (*text != '\0') {
        char *name = read_field(&text);
        char ***list = find_list(selection, name);
        free(name);
        if (list == NULL) {
            return bs_error_set(err, BS_SCHEMA, "the recorded selection cannot be read");
        }
        *list = read_entries(&text);
        if (*text == '\n') {
            text++;
        }
    }
    return BS_OK;
}

/* Reading options. */
#include "cli/values.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void *
field(struct bs_values *values, const struct bs_option *option) {
    return (char *)values + option->offset;
}

static enum bs_status
refuse(const struct bs_option *option, const char *must, struct bs_error *err) {
    return bs_error_set(err, BS_CONFIG, "option --%s must be %s", option->name, must);
}

/* A number with an optional fraction; *rest is what stands behind it. */
static bool
read_decimal(const char *text, double *number, const char **rest) {
    char *end = NULL;
    if (*text < '0' || *text > '9' || strncasecmp(text, "0x", 2) == 0) {
        return false;
    }
    *number = strtod(text, &end);
    *rest = end;
    return *number >= 0 && *number < 1e18; /* false for what is no number, too */
}

static bool
in_bounds(const struct bs_option *option, double number) {
    return number >= (double)option->least && (option->most == 0 || number <= (double)option->most);
}

static enum bs_status
set_number(const struct bs_option *option, const char *text, uint64_t *out, struct bs_error *err) {
    double number = 0;
    const char *rest = "";
    char must[96];
    if (!read_decimal(text, &number, &rest) || *rest != '\0' ||
        number != (double)(uint64_t)number || !in_bounds(option, number)) {
        (void)snprintf(must, sizeof must, "a number from %" PRIu64 " to %" PRIu64, option->least,
                       option->most);
        return refuse(option, must, err);
    }
    *out = (uint64_t)number;
    return BS_OK;
}

static void
put_size(char *out, size_t cap, uint64_t bytes) {
    static const char units[] = "KMGT";
    int unit = -1;
    while (unit < 3 && bytes >= 1024 && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    (void)snprintf(out, cap, "%" PRIu64 "%.*s", bytes, unit < 0 ? 0 : 1,
                   unit < 0 ? "" : units + unit);
}

static enum bs_status
refuse_size(const struct bs_option *option, struct bs_error *err) {
    char least[32], most[32], must[128];
    put_size(least, sizeof least, option->least);
    put_size(most, sizeof most, option->most);
    (void)snprintf(must, sizeof must, "a size from %s to %s, such as 64M or 1.5G", least, most);
    return refuse(option, must, err);
}

/* K, M, G and T are powers of 1024; a B or iB behind them is fine. */
static enum bs_status
set_size(const struct bs_option *option, const char *text, uint64_t *out, struct bs_error *err) {
    static const char units[] = "kmgt";
    double number = 0;
    const char *rest = "";
    if (!read_decimal(text, &number, &rest)) {
        return refuse_size(option, err);
    }
    const char *unit = *rest != '\0' ? strchr(units, *rest | 0x20) : NULL;
    if (unit != NULL) {
        for (const char *power = units; power <= unit; power++) {
            number *= 1024;
        }
        rest++;
    }
    bool ends = *rest == '\0' || strcasecmp(rest, "b") == 0 ||
                (unit != NULL && strcasecmp(rest, "ib") == 0);
    if (!ends || !in_bounds(option, number)) {
        return refuse_size(option, err);
    }
    *out = (uint64_t)number;
    return BS_OK;
}

static enum bs_status
set_seconds(const struct bs_option *option, const char *text, uint64_t *out, struct bs_error *err) {
    double number = 0;
    const char *rest = "";
    char must[96];
    bool fits = read_decimal(text, &number, &rest) && (*rest == '\0' || strcmp(rest, "s") == 0);
    if (!fits || !in_bounds(option, number * 1000)) {
        (void)snprintf(must, sizeof must, "a number of seconds from %g to %g",
                       (double)option->least / 1000, (double)option->most / 1000);
        return refuse(option, must, err);
    }
    *out = (uint64_t)(number * 1000 + 0.5);
    return BS_OK;
}

static void
put_choices(const struct bs_option *option, struct bs_buf *out) {
    for (size_t i = 0; option->choices[i] != NULL; i++) {
        bool last = option->choices[i + 1] == NULL;
        bs_buf_printf(out, "%s%s", i == 0 ? "" : last ? " or " : ", ", option->choices[i]);
    }
}

static enum bs_status
set_choice(const struct bs_option *option, const char *text, int *out, struct bs_error *err) {
    for (int i = 0; option->choices[i] != NULL; i++) {
        if (strcasecmp(text, option->choices[i]) == 0) {
            *out = i;
            return BS_OK;
        }
    }
    struct bs_buf must = {0};
    put_choices(option, &must);
    enum bs_status status = refuse(option, bs_buf_cstr(&must), err);
    bs_buf_fini(&must);
    return status;
}

static enum bs_status
set_list(char **out, const char *text) {
    char *joined = *out == NULL ? bs_strdup(text) : bs_asprintf("%s,%s", *out, text);
    free(*out);
    *out = joined;
    return BS_OK;
}

static enum bs_status
set_value(const struct bs_option *option, const char *text, struct bs_values *values,
          struct bs_error *err) {
    void *out = field(values, option);
    if (text != NULL && *text == '\0' && !option->may_be_empty) {
        return bs_error_set(err, BS_CONFIG, "option --%s has no value", option->name);
    }
    switch (option->kind) {
    case BS_OPTION_FLAG:
        *(bool *)out = true;
        return BS_OK;
    case BS_OPTION_TEXT:
        free(*(char **)out);
        *(char **)out = bs_strdup(text);
        return BS_OK;
    case BS_OPTION_LIST:
        return set_list(out, text);
    case BS_OPTION_NUMBER:
        return set_number(option, text, out, err);
    case BS_OPTION_SIZE:
        return set_size(option, text, out, err);
    case BS_OPTION_SECONDS:
        return set_seconds(option, text, out, err);
    case BS_OPTION_CHOICE:
        return set_choice(option, text, out, err);
    }
    return BS_OK;
}

void
bs_options_default(const struct bs_option_table *table, struct bs_values *values) {
    struct bs_error err;
    for (size_t i = 0; i < table->count; i++) {
        const struct bs_option *option = &table->options[i];
        if (option->kind == BS_OPTION_CHOICE) {
            *(int *)field(values, option) = -1;
        }
        if (option->fallback != NULL) {
            BS_ASSERT(set_value(option, option->fallback, values, &err) == BS_OK);
        }
    }
}

void
bs_options_fini(const struct bs_option_table *table, struct bs_values *values) {
    for (size_t i = 0; i < table->count; i++) {
        const struct bs_option *option = &table->options[i];
        if (option->kind == BS_OPTION_TEXT || option->kind == BS_OPTION_LIST) {
            char **text = field(values, option);
            free(*text);
            *text = NULL;
        }
    }
    for (size_t i = 0; i < values->file_count; i++) {
        free(values->files[i]);
    }
    free(values->files);
    values->files = NULL;
    values->file_count = 0;
}

static const struct bs_option *
find(const struct bs_option_table *table, const char *name, size_t len) {
    for (size_t i = 0; i < table->count; i++) {
        const char *known = table->options[i].name;
        if (strlen(known) == len && memcmp(known, name, len) == 0) {
            return &table->options[i];
        }
    }
    return NULL;
}

/* Shows an argument up to where a value may begin: behind it a password may stand. */
static enum bs_status
refuse_argument(const char *what, const char *arg, const char *command, struct bs_error *err) {
    size_t len = strcspn(arg, "=:");
    bool cut = arg[len] != '\0';
    bs_error_set(err, BS_CONFIG, "%s '%.*s%s'", what, (int)(len > 60 ? 60 : len), arg,
                 cut && arg[0] != '-' ? "..." : "");
    return bs_error_hint(err, "see 'binstream %s --help'", command);
}

/* One option at argv[*at]; *at moves to its last argument. */
static enum bs_status
parse_one(const struct bs_option_table *table, const char *command, int argc, char *const *argv,
          int *at, struct bs_values *values, struct bs_error *err) {
    const char *arg = argv[*at];
    const char *name = arg + 2;
    size_t len = strcspn(name, "=");
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    const struct bs_option *option = find(table, name, len);
    if (option == NULL) {
        return refuse_argument("unknown option", arg, command, err);
    }
    if (option->kind == BS_OPTION_FLAG && value != NULL) {
        return bs_error_set(err, BS_CONFIG, "option --%s takes no value", option->name);
    }
    if (option->kind != BS_OPTION_FLAG && value == NULL) {
        bool next_is_option = *at + 1 < argc && strncmp(argv[*at + 1], "--", 2) == 0;
        if (*at + 1 >= argc || next_is_option) {
            bs_error_set(err, BS_CONFIG, "option --%s needs a value: --%s %s", option->name,
                         option->name, option->value);
            return bs_error_hint(err, "see 'binstream %s --help'", command);
        }
        value = argv[++*at];
    }
    return set_value(option, value, values, err);
}

enum bs_status
bs_options_parse(const struct bs_option_table *table, const char *command, int argc,
                 char *const *argv, struct bs_values *values, bool *help, struct bs_error *err) {
    enum bs_status status = BS_OK;
    bool only_files = false;
    *help = false;
    values->files = bs_zalloc(((size_t)argc + 1) * sizeof *values->files);
    for (int i = 0; i < argc && status == BS_OK; i++) {
        bool is_file = only_files || argv[i][0] != '-' || argv[i][1] == '\0';
        if (table->takes_files && is_file) {
            values->files[values->file_count++] = bs_strdup(argv[i]);
        } else if (table->takes_files && strcmp(argv[i], "--") == 0) {
            only_files = true;
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            *help = true;
        } else if (argv[i][0] != '-') {
            status = refuse_argument("unexpected argument", argv[i], command, err);
        } else if (strncmp(argv[i], "--", 2) != 0) {
            status = refuse_argument("unknown option", argv[i], command, err);
        } else {
            status = parse_one(table, command, argc, argv, &i, values, err);
        }
    }
    return status;
}

/* Showing them. */

enum { HELP_COLUMN = 26, HELP_WIDTH = 78 };

static void
put_wrapped(struct bs_buf *out, const char *text, size_t column) {
    size_t at = column;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (at > column && at + 1 + len > HELP_WIDTH) {
            bs_buf_puts(out, "\n");
            bs_buf_put_fill(out, ' ', column);
            at = column;
        } else if (at > column) {
            bs_buf_puts(out, " ");
            at++;
        }
        bs_buf_put(out, text, len);
        at += len;
        text += len + (text[len] == ' ');
    }
}

/* What the option does, its choices and its default, as one text. */
static void
put_meaning(const struct bs_option *option, struct bs_buf *out) {
    bs_buf_puts(out, option->help);
    if (option->choices != NULL) {
        bs_buf_puts(out, ": ");
        put_choices(option, out);
    }
    if (option->fallback != NULL) {
        bs_buf_printf(out, "; default %s", option->fallback);
    }
}

static void
put_name(const struct bs_option *option, struct bs_buf *out) {
    bs_buf_printf(out, "--%s%s%s", option->name, option->value != NULL ? " " : "",
                  option->value != NULL ? option->value : "");
}

void
bs_options_put_help(const struct bs_option_table *table, struct bs_buf *out) {
    for (size_t i = 0; i < table->count; i++) {
        struct bs_buf name = {0}, meaning = {0};
        put_name(&table->options[i], &name);
        put_meaning(&table->options[i], &meaning);
        bs_buf_printf(out, "  %-*s", HELP_COLUMN - 3, bs_buf_cstr(&name));
        if (name.len > HELP_COLUMN - 3) {
            bs_buf_puts(out, "\n");
            bs_buf_put_fill(out, ' ', HELP_COLUMN);
        } else {
            bs_buf_puts(out, " ");
        }
        put_wrapped(out, bs_buf_cstr(&meaning), HELP_COLUMN);
        bs_buf_puts(out, "\n");
        bs_buf_fini(&name);
        bs_buf_fini(&meaning);
    }
}

void
bs_options_put_reference(const struct bs_option_table *table, struct bs_buf *out) {
    bs_buf_puts(out, "| option | meaning |\n|---|---|\n");
    for (size_t i = 0; i < table->count; i++) {
        bs_buf_puts(out, "| `");
        put_name(&table->options[i], out);
        bs_buf_puts(out, "` | ");
        put_meaning(&table->options[i], out);
        bs_buf_puts(out, " |\n");
    }
}

#include "schema/period.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* 2038-01-19 03:14:07.999999, or since MariaDB 11.5 2106-02-07 06:28:15.999999; with a blank or a T
 * before the time. */
#define BEFORE_11_5 "2038-01-19 03:14:07.999999"
#define SINCE_11_5 "2106-02-07 06:28:15.999999"

enum { DATE_LEN = 10, TIME_FROM = 11 };

/* The name at *at, which stands between backquotes: moves *at behind it. */
static struct bs_str
next_name(const char **at) {
    const char *open = strchr(*at, '`');
    const char *end = open != NULL ? open + 1 : NULL;
    while (end != NULL && *end != '\0' && (*end != '`' || end[1] == '`')) {
        end += *end == '`' ? 2 : 1;
    }
    if (end == NULL || *end == '\0') {
        return (struct bs_str){NULL, 0};
    }
    *at = end + 1;
    return (struct bs_str){open + 1, (size_t)(end - open - 1)};
}

/* Is that the column's name, with its backquotes doubled? */
static bool
is_name(struct bs_str quoted, const char *name) {
    size_t i = 0;
    for (; i < quoted.len && *name != '\0'; i++, name++) {
        if (quoted.data[i] != *name) {
            return false;
        }
        i += *name == '`';
    }
    return i == quoted.len && *name == '\0';
}

static bool
find_column(const struct bs_table *table, struct bs_str name, size_t *index) {
    for (size_t i = 0; i < table->column_count; i++) {
        if (is_name(name, table->columns[i].name)) {
            *index = i;
            return true;
        }
    }
    return false;
}

bool
bs_table_period(const struct bs_table *table, size_t *start, size_t *end) {
    static const char MARK[] = "\n  PERIOD FOR SYSTEM_TIME (";
    if (!table->is_versioned) {
        return false;
    }
    const char *at = table->create != NULL ? strstr(table->create, MARK) : NULL;
    if (at == NULL) {
        return find_column(table, bs_str("row_start"), start) &&
               find_column(table, bs_str("row_end"), end);
    }
    at += sizeof MARK - 1;
    struct bs_str first = next_name(&at);
    struct bs_str second = first.data != NULL ? next_name(&at) : first;
    return second.data != NULL && find_column(table, first, start) &&
           find_column(table, second, end);
}

static struct bs_column
copy_of(const struct bs_column *column) {
    struct bs_column copy = *column;
    copy.name = bs_strdup(column->name);
    copy.type_text = column->type_text != NULL ? bs_strdup(column->type_text) : NULL;
    copy.charset = NULL;
    copy.collation = NULL;
    return copy;
}

/* Where a column stands once two stand at start and end. */
static size_t
moved(size_t index, size_t start, size_t end) {
    size_t first = start < end ? start : end;
    size_t second = start < end ? end : start;
    index += index >= first;
    return index + (index >= second);
}

void
bs_table_take_period(struct bs_table *there, const struct bs_table *table) {
    size_t start = 0, end = 0;
    if (!bs_table_period(table, &start, &end) || start > there->column_count + 1 ||
        end > there->column_count + 1) {
        return;
    }
    struct bs_column *columns = bs_zalloc((there->column_count + 2) * sizeof *columns);
    for (size_t i = 0; i < there->column_count; i++) {
        columns[moved(i, start, end)] = there->columns[i];
    }
    columns[start] = copy_of(&table->columns[start]);
    columns[end] = copy_of(&table->columns[end]);
    for (size_t i = 0; i < there->key_count; i++) {
        struct bs_key *key = &there->keys[i];
        for (size_t k = 0; k < key->part_count; k++) {
            key->parts[k].column = moved(key->parts[k].column, start, end);
        }
    }
    free(there->columns);
    there->columns = columns;
    there->column_count += 2;
    there->is_versioned = true;
    free(there->create);
    there->create = bs_strdup(table->create);
}

static bool
is_same_time(struct bs_str a, const char *b) {
    return a.len == strlen(b) && memcmp(a.data, b, DATE_LEN) == 0 &&
           memcmp(a.data + TIME_FROM, b + TIME_FROM, a.len - TIME_FROM) == 0;
}

bool
bs_period_is_for_ever(struct bs_str row_end) {
    return is_same_time(row_end, BEFORE_11_5) || is_same_time(row_end, SINCE_11_5);
}

const char *
bs_period_for_ever(const struct bs_server *server) {
    enum { MARIADB_11_5 = 110500 };
    return server->version >= MARIADB_11_5 ? SINCE_11_5 : BEFORE_11_5;
}

bool
bs_period_takes_history(const struct bs_server *server) {
    enum { MARIADB_10_11 = 101100 };
    return server->flavour == BS_MARIADB && server->version >= MARIADB_10_11;
}

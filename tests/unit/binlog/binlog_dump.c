/* Decodes a binlog file and prints what the decoder gives, one item a line, for tests and for
 * people who wonder what is in a file.
 *
 *   binlog_dump [--mariadb] [--gtid] [--model FILE] [--quiet] binlog.000001
 *
 *   B gtid ddl                      GROUP_BEGIN
 *   I|U|D db table values [| values] one row; U: before | after. db and table in hex
 *   S alone db sql                  STATEMENT, in hex
 *   V db sql                        SAVEPOINT, in hex
 *   E|K gtid file pos               GROUP_END, GROUP_ROLLBACK
 *   P file pos gtids                where the decoder says that it is, at the end
 *
 * A value is "-" (absent), "n" (NULL), i123, u123, f and d (hex floats), t and text (DECIMAL,
 * temporal), x and hex (bytes), j and hex (JSON), p and hex (changes to parts of JSON). --model has
 * lines "db TAB table TAB column TAB type"; a table that is not in it, or there with another number
 * of columns, is read by what its map tells, and its name is printed with a question mark before
 * it. */
#include "base/buf.h"
#include "base/mem.h"
#include "binlog/decoder.h"
#include "guess.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLES_MAX = 1000 };

static struct bs_table *tables[TABLES_MAX];
static size_t table_count;
static bool quiet;

static void
put_hex(struct bs_str s) {
    for (size_t i = 0; i < s.len; i++) {
        printf("%02x", (unsigned char)s.data[i]);
    }
}

/* ---- a model from COLUMN_TYPE texts -------------------------------------------------------- */

static const struct {
    const char *name;
    enum bs_type type;
} type_names[] = {
    {"tinyint", BS_TYPE_TINYINT},
    {"smallint", BS_TYPE_SMALLINT},
    {"mediumint", BS_TYPE_MEDIUMINT},
    {"int", BS_TYPE_INT},
    {"bigint", BS_TYPE_BIGINT},
    {"decimal", BS_TYPE_DECIMAL},
    {"float", BS_TYPE_FLOAT},
    {"double", BS_TYPE_DOUBLE},
    {"bit", BS_TYPE_BIT},
    {"year", BS_TYPE_YEAR},
    {"date", BS_TYPE_DATE},
    {"time", BS_TYPE_TIME},
    {"datetime", BS_TYPE_DATETIME},
    {"timestamp", BS_TYPE_TIMESTAMP},
    {"char", BS_TYPE_CHAR},
    {"varchar", BS_TYPE_VARCHAR},
    {"tinytext", BS_TYPE_TEXT},
    {"text", BS_TYPE_TEXT},
    {"mediumtext", BS_TYPE_TEXT},
    {"longtext", BS_TYPE_TEXT},
    {"binary", BS_TYPE_BINARY},
    {"varbinary", BS_TYPE_VARBINARY},
    {"tinyblob", BS_TYPE_BLOB},
    {"blob", BS_TYPE_BLOB},
    {"mediumblob", BS_TYPE_BLOB},
    {"longblob", BS_TYPE_BLOB},
    {"enum", BS_TYPE_ENUM},
    {"set", BS_TYPE_SET},
    {"json", BS_TYPE_JSON},
    {"vector", BS_TYPE_VECTOR},
    {"uuid", BS_TYPE_UUID},
    {"inet4", BS_TYPE_INET4},
    {"inet6", BS_TYPE_INET6},
};

static void
parse_type(struct bs_column *column, const char *text) {
    size_t len = strcspn(text, "( ");
    column->type = BS_TYPE_GEOMETRY; /* POINT, POLYGON, ... */
    for (size_t i = 0; i < sizeof type_names / sizeof type_names[0]; i++) {
        if (strlen(type_names[i].name) == len && memcmp(type_names[i].name, text, len) == 0) {
            column->type = type_names[i].type;
        }
    }
    unsigned a = 0;
    unsigned b = 0;
    if (text[len] == '(' && isdigit((unsigned char)text[len + 1])) {
        (void)sscanf(text + len, "(%u,%u)", &a, &b);
    }
    column->type_text = bs_strdup(text);
    column->is_unsigned = strstr(text, "unsigned") != NULL;
    column->length = a;
    column->precision = (uint8_t)a;
    column->scale = (uint8_t)b;
    if (column->type >= BS_TYPE_TIME && column->type <= BS_TYPE_TIMESTAMP) {
        column->fsp = (uint8_t)a;
    }
}

static struct bs_table *
find_table(struct bs_str db, struct bs_str name) {
    for (size_t i = 0; i < table_count; i++) {
        if (bs_str_is(db, tables[i]->db) && bs_str_is(name, tables[i]->name)) {
            return tables[i];
        }
    }
    return NULL;
}

static void
add_column(char *line) {
    char *rest = line;
    const char *db = strsep(&rest, "\t");
    const char *name = strsep(&rest, "\t");
    const char *column = strsep(&rest, "\t");
    const char *type = strsep(&rest, "\t\n");
    if (type == NULL) {
        fprintf(stderr, "malformed line in the model\n");
        exit(2);
    }
    struct bs_table *table = find_table(bs_str(db), bs_str(name));
    if (table == NULL) {
        BS_ASSERT(table_count < TABLES_MAX);
        table = tables[table_count++] = bs_zalloc(sizeof *table);
        table->db = bs_strdup(db);
        table->name = bs_strdup(name);
        table->columns = bs_zalloc(BS_TABLE_COLUMNS_MAX * sizeof *table->columns);
    }
    struct bs_column *c = &table->columns[table->column_count++];
    c->name = bs_strdup(column);
    parse_type(c, type);
}

static void
read_model(const char *path) {
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    if (f == NULL) {
        perror(path);
        exit(2);
    }
    while (getline(&line, &cap, f) > 0) {
        line[strcspn(line, "\n")] = '\0';
        add_column(line);
    }
    free(line);
    fclose(f);
}

/* ---- printing ------------------------------------------------------------------------------- */

static void
print_value(const struct bs_value *v) {
    switch (v->kind) {
    case BS_VALUE_ABSENT:
        printf(" -");
        break;
    case BS_VALUE_NULL:
        printf(" n");
        break;
    case BS_VALUE_INT:
        printf(" i%" PRId64, v->i64);
        break;
    case BS_VALUE_UINT:
        printf(" u%" PRIu64, v->u64);
        break;
    case BS_VALUE_FLOAT:
        printf(" f%a", (double)v->f32);
        break;
    case BS_VALUE_DOUBLE:
        printf(" d%a", v->f64);
        break;
    case BS_VALUE_DECIMAL:
    case BS_VALUE_TEMPORAL:
        printf(" t");
        for (size_t i = 0; i < v->text.len; i++) {
            putchar(v->text.data[i] == ' ' ? 'T' : v->text.data[i]);
        }
        break;
    case BS_VALUE_BYTES:
    case BS_VALUE_JSON:
    case BS_VALUE_JSON_DIFF:
        printf(v->kind == BS_VALUE_BYTES ? " x" : v->kind == BS_VALUE_JSON ? " j" : " p");
        put_hex(v->text);
        break;
    }
}

static void
print_row(const struct bs_rows *rows, bool guessed) {
    size_t n = rows->map->column_count;
    printf("%c %s",
           rows->change == BS_ROW_INSERT   ? 'I'
           : rows->change == BS_ROW_UPDATE ? 'U'
                                           : 'D',
           guessed ? "?" : "");
    put_hex(rows->map->db);
    putchar(' ');
    put_hex(rows->map->table);
    for (size_t i = 0; rows->before != NULL && i < n; i++) {
        print_value(&rows->before[i]);
    }
    if (rows->change == BS_ROW_UPDATE) {
        printf(" |");
    }
    for (size_t i = 0; rows->after != NULL && i < n; i++) {
        print_value(&rows->after[i]);
    }
    putchar('\n');
}

static enum bs_status
print_rows(const struct bs_item *item, struct bs_arena *arena, struct bs_error *err) {
    struct bs_table *table = find_table(item->map->db, item->map->table);
    struct bs_table *guess = NULL;
    if (table == NULL || table->column_count != item->map->column_count) {
        table = guess = guess_table(item->map);
    }
    struct bs_rows rows;
    enum bs_status status = bs_rows_open(&rows, &item->event, item->map, table, arena, err);
    bool more = status == BS_OK;
    while (more && (status = bs_rows_next(&rows, &more, err)) == BS_OK && more) {
        if (!quiet) {
            print_row(&rows, guess != NULL);
        }
    }
    bs_rows_close(&rows);
    if (guess != NULL) {
        guess_free(guess);
    }
    return status;
}

static void
print_end(const struct bs_decoder *decoder, char letter, const struct bs_item *item) {
    char gtid[BS_GTID_TEXT_MAX];
    struct bs_position position = {0};
    bs_gtid_text(&item->gtid, gtid);
    if (bs_decoder_position(decoder, &position, NULL) == BS_OK) {
        printf("%c %s %s %" PRIu64 "\n", letter, gtid, position.file, position.pos);
    }
    bs_position_fini(&position);
}

static enum bs_status
print_item(const struct bs_decoder *decoder, const struct bs_item *item, struct bs_arena *arena,
           struct bs_error *err) {
    char gtid[BS_GTID_TEXT_MAX];
    switch (item->kind) {
    case BS_ITEM_NONE:
        break;
    case BS_ITEM_GROUP_BEGIN:
        bs_gtid_text(&item->gtid, gtid);
        printf("B %s %d\n", gtid, item->is_ddl_group);
        break;
    case BS_ITEM_ROWS:
        return print_rows(item, arena, err);
    case BS_ITEM_STATEMENT:
        printf("S %d ", item->alone);
        put_hex(item->statement.db);
        putchar(' ');
        put_hex(item->statement.sql);
        putchar('\n');
        break;
    case BS_ITEM_SAVEPOINT:
        fputs("V ", stdout);
        put_hex(item->statement.db);
        putchar(' ');
        put_hex(item->statement.sql);
        putchar('\n');
        break;
    case BS_ITEM_GROUP_END:
        print_end(decoder, 'E', item);
        break;
    case BS_ITEM_GROUP_ROLLBACK:
        print_end(decoder, 'K', item);
        break;
    }
    return BS_OK;
}

static enum bs_status
dump(struct bs_decoder *decoder, struct bs_str bytes, struct bs_error *err) {
    struct bs_arena arena = {0};
    struct bs_item item;
    enum bs_status status = BS_OK;
    while (bytes.len > 0 && status == BS_OK) {
        size_t len = bytes.len;
        if (bytes.len >= BS_EVENT_HEADER_LEN) {
            struct bs_cursor c = bs_cursor(bytes.data + 9, 4);
            size_t said = bs_cursor_read_u32(&c);
            len = said < bytes.len && said >= BS_EVENT_HEADER_LEN ? said : bytes.len;
        }
        /* A copy of its own size, so that a sanitizer sees a read beyond the event. */
        char *copy = bs_alloc(len);
        memcpy(copy, bytes.data, len);
        status = bs_decoder_push(decoder, (struct bs_str){copy, len}, err);
        while (status == BS_OK && (status = bs_decoder_next(decoder, &item, err)) == BS_OK &&
               item.kind != BS_ITEM_NONE) {
            status = print_item(decoder, &item, &arena, err);
        }
        free(copy);
        bytes = (struct bs_str){bytes.data + len, bytes.len - len};
    }
    bs_arena_fini(&arena);
    return status;
}

static struct bs_buf
read_file(const char *path) {
    FILE *f = fopen(path, "rb");
    struct bs_buf buf = {0};
    if (f == NULL) {
        perror(path);
        exit(2);
    }
    for (size_t n = 1; n > 0;) {
        n = fread(bs_buf_reserve(&buf, 1 << 20), 1, 1 << 20, f);
        buf.len += n;
    }
    fclose(f);
    return buf;
}

int
main(int argc, char **argv) {
    enum bs_flavour flavour = BS_MYSQL;
    bool gtid = false;
    int i = 1;
    for (; i < argc - 1; i++) {
        if (strcmp(argv[i], "--mariadb") == 0) {
            flavour = BS_MARIADB;
        } else if (strcmp(argv[i], "--gtid") == 0) {
            gtid = true;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            quiet = true;
        } else if (strcmp(argv[i], "--model") == 0 && i + 1 < argc - 1) {
            read_model(argv[++i]);
        } else {
            break;
        }
    }
    if (i != argc - 1) {
        fprintf(stderr, "usage: binlog_dump [--mariadb] [--gtid] [--model FILE] [--quiet] FILE\n");
        return 2;
    }
    struct bs_buf buf = read_file(argv[i]);
    const char *slash = strrchr(argv[i], '/');
    struct bs_position start = {0};
    bs_position_set(&start, slash != NULL ? slash + 1 : argv[i], 4, "");
    enum bs_position_mode mode = !gtid                 ? BS_POSITION_FILE
                                 : flavour == BS_MYSQL ? BS_POSITION_GTID_MYSQL
                                                       : BS_POSITION_GTID_MARIADB;
    struct bs_decoder *decoder = NULL;
    struct bs_error err = {0};
    enum bs_status status = BS_PROTOCOL;
    if (buf.len < 4 || memcmp(buf.data,
                              "\xfe"
                              "bin",
                              4) != 0) {
        bs_error_set(&err, BS_PROTOCOL, "not a binlog file");
    } else {
        status = bs_decoder_new(&decoder, flavour, &start, mode, false, &err);
    }
    if (status == BS_OK) {
        status = dump(decoder, (struct bs_str){(char *)buf.data + 4, buf.len - 4}, &err);
    }
    if (status == BS_OK && bs_decoder_position(decoder, &start, &err) == BS_OK) {
        printf("P %s %" PRIu64 " %s\n", start.file, start.pos, start.gtid);
    } else {
        fprintf(stderr, "%s: %s at %s; %s\n", bs_status_name(status), err.message, err.position,
                err.hint);
    }
    bs_position_fini(&start);
    bs_decoder_free(decoder);
    bs_buf_fini(&buf);
    for (size_t t = 0; t < table_count; t++) {
        guess_free(tables[t]);
    }
    return status == BS_OK ? 0 : 1;
}

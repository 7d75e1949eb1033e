/* InnoDB's ids of tables. Each question makes the server look at all of its tables, whatever is
 * asked for: so many are asked for at once. */
#include "catalog/catalog_private.h"

#include "base/map.h"
#include "base/mem.h"
#include "sql/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    NAMED_MAX = 100, /* of more tables it is cheaper to take all that come */
    UNKNOWN_TABLE = 1109,
    NO_SUCH_TABLE = 1146,
    ACCESS_DENIED = 1227, /* no PROCESS privilege */
};

static bool
cannot_be_told(enum bs_status status, const struct bs_error *err) {
    return status == BS_SERVER &&
           (err->sql_errno == ACCESS_DENIED || err->sql_errno == NO_SUCH_TABLE ||
            err->sql_errno == UNKNOWN_TABLE);
}

/* InnoDB names tables as their files are named: every ASCII character but letters, digits and _
 * becomes @ and four hexadecimal digits. Other characters follow tables of the server's, which only
 * some servers let a statement use: such a name cannot be told. */
static bool
put_file_name(struct bs_buf *out, struct bs_str name) {
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.data[i];
        bool plain =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (c >= 0x80) {
            return false;
        }
        if (plain) {
            bs_buf_put_u8(out, c);
        } else {
            bs_buf_printf(out, "@%04x", c);
        }
    }
    return true;
}

/* The ids to be filled, by the names of files. Those that cannot be told are left out. */
static void
map_names(struct bs_map *map, const struct bs_table_name *names, size_t count, uint64_t *ids) {
    struct bs_buf file = {0};
    for (size_t i = 0; i < count; i++) {
        ids[i] = 0;
        bs_buf_clear(&file);
        bool can_tell = put_file_name(&file, names[i].db);
        bs_buf_puts(&file, "/");
        if (can_tell && put_file_name(&file, names[i].name)) {
            (void)bs_map_put(map, bs_buf_str(&file), &ids[i]);
        }
    }
    bs_buf_fini(&file);
}

/* Behind a # comes a partition: in the name itself it is @0023. */
static void
put_question(struct bs_buf *out, const struct bs_server *server, const struct bs_map *map) {
    bool is_new = server->flavour == BS_MYSQL && server->version >= 80000;
    size_t at = 0;
    struct bs_str name;
    void *id;
    bs_buf_printf(out, "SELECT NAME, CRC32(TABLE_ID) FROM information_schema.%s",
                  is_new ? "INNODB_TABLES" : "INNODB_SYS_TABLES");
    if (map->count > NAMED_MAX) {
        return;
    }
    const char *before = " WHERE SUBSTRING_INDEX(NAME, '#', 1) IN ('";
    while (bs_map_next(map, &at, &name, &id)) {
        bs_buf_puts(out, before);
        bs_buf_put_str(out, name);
        before = "', '";
    }
    bs_buf_puts(out, "')");
}

/* A table with partitions has an id for each, and is another one as soon as one of them is new or
 * gone: their sum tells, of digests, as one may take the place of two. */
static enum bs_status
add_up(struct bs_answer *answer, const struct bs_map *map, struct bs_error *err) {
    enum bs_status status = BS_OK;
    while ((status = bs_answer_next(answer, err)) == BS_OK && answer->row != NULL) {
        struct bs_str name = answer->row[0];
        if (name.data == NULL || answer->row[1].data == NULL) {
            continue;
        }
        const char *end = memchr(name.data, '#', name.len);
        name.len = end != NULL ? (size_t)(end - name.data) : name.len;
        uint64_t *id = bs_map_get(map, name);
        if (id != NULL) {
            *id += strtoull(answer->row[1].data, NULL, 10);
        }
    }
    return status;
}

enum bs_status
bs_catalog_table_ids(struct bs_sql *sql, const struct bs_server *server,
                     const struct bs_table_name *names, size_t count, uint64_t *ids,
                     struct bs_error *err) {
    struct bs_map map = {0};
    struct bs_buf text = {0};
    struct bs_answer answer = {0};
    struct bs_error failure;
    enum bs_status status = BS_OK;
    map_names(&map, names, count, ids);
    if (map.count > 0) {
        bs_error_clear(&failure);
        put_question(&text, server, &map);
        status = bs_answer_ask(&answer, sql, &text, &failure);
        status = status == BS_OK ? add_up(&answer, &map, &failure) : status;
        bs_answer_fini(&answer);
    }
    if (map.count > 0 && cannot_be_told(status, &failure)) {
        memset(ids, 0, count * sizeof *ids);
        status = BS_OK;
    } else if (status != BS_OK && err != NULL) {
        *err = failure;
    }
    bs_buf_fini(&text);
    bs_map_fini(&map);
    return status;
}

enum bs_status
bs_catalog_table_id(struct bs_sql *sql, const struct bs_server *server, struct bs_str db,
                    struct bs_str name, uint64_t *id, struct bs_error *err) {
    struct bs_table_name one = {db, name};
    return bs_catalog_table_ids(sql, server, &one, 1, id, err);
}

/* Reading a row allocates nothing: each rows event of the golden logs is read as it is and with its
 * rows a hundred times over, and the second reading may not ask for memory more often.
 *
 *   no_allocation FILE...
 *
 * A program of its own, since it stands in for malloc. */
#include "base/buf.h"
#include "base/mem.h"
#include "binlog/rows.h"
#include "binlog/walker.h"

#include <stdio.h>
#include <stdlib.h>

enum { TIMES = 100, MAGIC_LEN = 4 };

extern void *__libc_malloc(size_t len);
extern void *__libc_calloc(size_t count, size_t len);
extern void *__libc_realloc(void *old, size_t len);

static size_t calls;

void *
malloc(size_t len) {
    calls++;
    return __libc_malloc(len);
}

void *
calloc(size_t count, size_t len) {
    calls++;
    return __libc_calloc(count, len);
}

void *
realloc(void *old, size_t len) {
    calls++;
    return __libc_realloc(old, len);
}

/* Reads all rows; how often memory was asked for. *left: where the first row begins. */
static size_t
read_rows(const struct bs_event *event, const struct bs_table_map *map, struct bs_arena *arena,
          size_t *rows_read, const uint8_t **first_row) {
    struct bs_rows rows;
    bool more = true;
    size_t before = calls;
    if (bs_rows_open(&rows, event, map, NULL, arena, NULL) != BS_OK) {
        return SIZE_MAX;
    }
    *first_row = rows.cursor.at;
    while (more) {
        if (bs_rows_next(&rows, &more, NULL) != BS_OK) {
            bs_rows_close(&rows);
            return SIZE_MAX;
        }
    }
    *rows_read = rows.row_count;
    bs_rows_close(&rows);
    return calls - before;
}

/* The same event with its rows over and over. */
static struct bs_buf
repeat(const struct bs_event *event, const uint8_t *first_row) {
    struct bs_buf body = {0};
    const uint8_t *start = (const uint8_t *)event->body.data;
    size_t head = (size_t)(first_row - start);
    bs_buf_put(&body, start, head);
    for (int i = 0; i < TIMES; i++) {
        bs_buf_put(&body, first_row, event->body.len - head);
    }
    return body;
}

static size_t compared;

static void
check(const struct bs_walked *walked, struct bs_arena *arena, const char *path) {
    size_t rows_once = 0;
    size_t rows_often = 0;
    const uint8_t *first_row = NULL;
    struct bs_event event = walked->event;
    if (read_rows(&event, walked->map, arena, &rows_once, &first_row) == SIZE_MAX) {
        return; /* refused: MariaDB's old temporals */
    }
    size_t once = read_rows(&event, walked->map, arena, &rows_once, &first_row);
    struct bs_buf body = repeat(&event, first_row);
    event.body = bs_buf_str(&body);
    size_t often = read_rows(&event, walked->map, arena, &rows_often, &first_row);
    bs_buf_fini(&body);
    if (rows_often != rows_once * TIMES || often > once) {
        printf("FAIL %s:%llu, %s: %zu allocations for %zu rows, %zu for %zu\n", path,
               (unsigned long long)walked->pos, walked->map->table.data, once, rows_once, often,
               rows_often);
        exit(1);
    }
    compared++;
}

static struct bs_buf
read_file(const char *path) {
    struct bs_buf buf = {0};
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    for (size_t n = 1; n > 0; buf.len += n) {
        n = fread(bs_buf_reserve(&buf, 1 << 16), 1, 1 << 16, file);
    }
    fclose(file);
    return buf;
}

static void
walk(const char *path, struct bs_arena *arena) {
    struct bs_buf file = read_file(path);
    struct bs_walker *walker = bs_walker_new(false);
    struct bs_walked walked;
    bs_walker_enter(walker, path, MAGIC_LEN);
    for (size_t at = MAGIC_LEN; at + BS_EVENT_HEADER_LEN <= file.len;) {
        struct bs_cursor c = bs_cursor(file.data + at + 9, 4);
        size_t len = bs_cursor_read_u32(&c);
        struct bs_str raw = {(const char *)file.data + at, len};
        bool more = true;
        if (at + len > file.len || bs_walker_push(walker, raw, NULL) != BS_OK) {
            break; /* files that are refused are among them */
        }
        while (bs_walker_next(walker, &walked, &more, NULL) == BS_OK && more) {
            if (walked.map != NULL && walked.event.type != BS_EVENT_TABLE_MAP) {
                check(&walked, arena, path);
            }
        }
        if (more) {
            break;
        }
        at += len;
    }
    bs_walker_free(walker);
    bs_buf_fini(&file);
}

int
main(int argc, char **argv) {
    struct bs_arena arena = {0};
    for (int i = 1; i < argc; i++) {
        walk(argv[i], &arena);
    }
    bs_arena_fini(&arena);
    printf("%zu rows events, no allocation by row\n", compared);
    return compared > 100 ? 0 : 1;
}

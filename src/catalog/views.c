/* The order of views. A definition names what it reads as `db`.`name`; every such pair that is one
 * of the views is an edge. Pairs that are a table and its column are looked up as well and hit
 * nothing, or a view of that name, which at worst orders two views that need no order. */
#include "catalog/catalog_private.h"

#include "base/mem.h"

#include <stdlib.h>

struct sorting {
    struct bs_object *views;
    char **definitions;
    size_t count;
    struct bs_map by_name; /* "db\0name" -> views + i */
    bool *visited;
    struct bs_object *sorted;
    size_t sorted_count;
};

static void
put_key(struct bs_buf *key, const char *db, const char *name) {
    bs_buf_clear(key);
    bs_buf_puts(key, db);
    bs_buf_put_u8(key, 0);
    bs_buf_puts(key, name);
}

/* Reads the `identifier` at *at, undoing its doubled quotes, and moves behind it. */
static bool
read_ident(const char **at, struct bs_buf *name) {
    bs_buf_clear(name);
    const char *c = *at;
    if (*c != '`') {
        return false;
    }
    for (c++; *c != '\0'; c++) {
        if (*c == '`' && c[1] != '`') {
            *at = c + 1;
            return true;
        }
        c += *c == '`';
        bs_buf_put_u8(name, (uint8_t)*c);
    }
    return false;
}

/* Behind the string literal at the quote at. */
static const char *
skip_string(const char *at) {
    char quote = *at;
    for (at++; *at != '\0' && *at != quote; at++) {
        at += *at == '\\' && at[1] != '\0';
    }
    return *at != '\0' ? at + 1 : at;
}

static void visit(struct sorting *s, size_t index);

/* Visits the view that the pair of names at *at speaks of, and moves to the second name. */
static void
visit_pair(struct sorting *s, const char **at, struct bs_buf *first, struct bs_buf *second) {
    if (!read_ident(at, first)) {
        (*at)++;
        return;
    }
    const char *peek = *at + 1;
    if (**at != '.' || !read_ident(&peek, second)) {
        return;
    }
    struct bs_buf key = {0};
    put_key(&key, bs_buf_cstr(first), bs_buf_cstr(second));
    struct bs_object *view = bs_map_get(&s->by_name, bs_buf_str(&key));
    bs_buf_fini(&key);
    if (view != NULL) {
        visit(s, (size_t)(view - s->views));
    }
    (*at)++;
}

static void
visit(struct sorting *s, size_t index) {
    if (s->visited[index]) {
        return;
    }
    s->visited[index] = true;
    struct bs_buf first = {0}, second = {0};
    const char *at = s->definitions[index];
    while (at != NULL && *at != '\0') {
        if (*at == '\'' || *at == '"') {
            at = skip_string(at);
        } else if (*at == '`') {
            visit_pair(s, &at, &first, &second);
        } else {
            at++;
        }
    }
    bs_buf_fini(&first);
    bs_buf_fini(&second);
    s->sorted[s->sorted_count++] = s->views[index];
}

void
bs_catalog_sort_views(struct bs_object *views, char **definitions, size_t count) {
    if (count < 2) {
        return;
    }
    struct sorting s = {.views = views, .definitions = definitions, .count = count};
    struct bs_buf key = {0};
    for (size_t i = 0; i < count; i++) {
        put_key(&key, views[i].db, views[i].name);
        (void)bs_map_put(&s.by_name, bs_buf_str(&key), &views[i]);
    }
    s.visited = bs_zalloc(count * sizeof *s.visited);
    s.sorted = bs_zalloc(count * sizeof *s.sorted);
    for (size_t i = 0; i < count; i++) {
        visit(&s, i);
    }
    BS_ASSERT(s.sorted_count == count);
    memcpy(views, s.sorted, count * sizeof *views);
    bs_buf_fini(&key);
    bs_map_fini(&s.by_name);
    free(s.visited);
    free(s.sorted);
}

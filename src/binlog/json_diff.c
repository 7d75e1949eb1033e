/* Makes the changes on a tree of the document, of which only the containers are opened: leaves stay
 * what they are in the bytes, and are printed from there.
 *
 * A change that does not fit the document means that the document is not the one that the source
 * changed; that is told, never passed over. */
#include "binlog/json_diff.h"

#include "binlog/json_path.h"
#include "binlog/json_text.h"

bool
bs_json_diff_next(struct bs_cursor *c, struct bs_json_diff *diff) {
    if (c->failed || bs_cursor_left(c) == 0) {
        return false;
    }
    uint8_t op = bs_cursor_read_u8(c);
    diff->op = (enum bs_json_op)op;
    diff->path = bs_cursor_read_lenenc_str(c);
    diff->value = (struct bs_str){"", 0};
    if (op != BS_JSON_REMOVE) {
        diff->value = bs_cursor_read_lenenc_str(c);
        c->failed = c->failed || diff->value.len == 0;
    }
    c->failed = c->failed || op > BS_JSON_REMOVE || diff->path.len == 0;
    return !c->failed;
}

bool
bs_json_diff_value_text(const struct bs_json_diff *diff, struct bs_arena *arena,
                        struct bs_str *text) {
    return bs_doc_print(diff->value, arena, text);
}

/* ---- the tree ------------------------------------------------------------------------------ */

struct node;

struct member {
    struct bs_str key; /* objects */
    struct node *value;
};

struct node {
    struct bs_doc doc; /* leaves */
    bool container, object;
    struct member *members; /* objects: in the server's order of keys */
    size_t count, cap;
};

/* A statement has few; each may move all members of an array. */
enum { CHANGES_MAX = 65536 };

struct tree {
    struct bs_arena *arena;
    size_t changes;
    struct bs_doc_budget budget; /* of the document that is being opened */
    const char *wrong;
};

/* Counts the bytes that printing the leaf will read. */
static void
spend_leaf(struct tree *t, const struct bs_doc *doc) {
    struct bs_str bytes;
    uint8_t type;
    bool right = true;
    if (doc->type == BS_DOC_STRING) {
        right = bs_doc_string(doc, &t->budget, &bytes);
    } else if (doc->type == BS_DOC_OPAQUE) {
        right = bs_doc_opaque(doc, &t->budget, &type, &bytes);
    }
    if (!right) {
        t->wrong = "a malformed JSON document";
    }
}

static struct node *
grow(struct tree *t, struct bs_doc doc, unsigned depth) {
    struct node *node = bs_arena_alloc(t->arena, sizeof *node);
    *node = (struct node){.doc = doc, .container = bs_doc_is_container(doc.type)};
    if (!node->container) {
        spend_leaf(t, &doc);
        return node;
    }
    struct bs_doc_container in;
    if (depth >= BS_DOC_DEPTH_MAX || !bs_doc_enter(&doc, &in)) {
        t->wrong = "a malformed JSON document";
        return node;
    }
    node->object = in.object;
    node->cap = in.count;
    node->members = bs_arena_alloc(t->arena, in.count * sizeof *node->members + 1);
    for (size_t i = 0; i < in.count && t->wrong == NULL; i++) {
        struct member *member = &node->members[i];
        struct bs_doc value;
        member->key = (struct bs_str){"", 0};
        if (!bs_doc_member(&in, i, &t->budget, &member->key, &value)) {
            t->wrong = "a malformed JSON document";
            return node;
        }
        member->value = grow(t, value, depth + 1);
        node->count++;
    }
    return node;
}

static struct node *
plant(struct tree *t, struct bs_str bytes) {
    struct bs_doc doc = bs_doc_open(bytes, &t->budget);
    return grow(t, doc, 0);
}

/* The server keeps keys by length first, then by their bytes. */
static int
compare_keys(struct bs_str a, struct bs_str b) {
    if (a.len != b.len) {
        return a.len < b.len ? -1 : 1;
    }
    return memcmp(a.data, b.data, a.len);
}

/* Where the key is, or where it belongs. */
static size_t
find_key(const struct node *node, struct bs_str key, bool *found) {
    size_t low = 0;
    size_t high = node->count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_keys(node->members[middle].key, key);
        if (order == 0) {
            *found = true;
            return middle;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return low;
}

/* The place of one leg inside a node: its index among the members. */
static bool
find_leg(const struct node *node, const struct bs_json_leg *leg, size_t *index) {
    bool found = false;
    if (!node->container || node->object == leg->is_cell) {
        return false;
    }
    if (leg->is_cell) {
        *index = leg->from_end ? node->count - 1 - leg->cell : leg->cell;
        return leg->cell < node->count;
    }
    *index = find_key(node, leg->key, &found);
    return found;
}

/* Where the pointer to a value is. A value that is no array counts as an array of itself, so [0]
 * leads from it to itself. NULL: nowhere. */
static struct node **
seek(struct node **root, const struct bs_json_leg *legs, size_t count) {
    struct node **at = root;
    for (size_t i = 0; i < count; i++) {
        size_t index = 0;
        bool is_array = (*at)->container && !(*at)->object;
        if (legs[i].is_cell && !is_array && legs[i].cell == 0) {
            continue;
        }
        if (!find_leg(*at, &legs[i], &index)) {
            return NULL;
        }
        at = &(*at)->members[index].value;
    }
    return at;
}

static void
make_room(struct tree *t, struct node *node, size_t index) {
    if (node->count == node->cap) {
        size_t cap = node->cap * 2 + 4;
        struct member *members = bs_arena_alloc(t->arena, cap * sizeof *members);
        if (node->count > 0) {
            memcpy(members, node->members, node->count * sizeof *members);
        }
        node->members = members;
        node->cap = cap;
    }
    memmove(node->members + index + 1, node->members + index,
            (node->count - index) * sizeof *node->members);
    node->count++;
}

static void
replace(struct tree *t, struct node **root, const struct bs_json_path *path, struct bs_str value) {
    struct node **place = seek(root, path->legs, path->count);
    if (place == NULL) {
        t->wrong = "a change to a part of a JSON document that is not there";
        return;
    }
    *place = plant(t, value);
}

static void
insert(struct tree *t, struct node **root, const struct bs_json_path *path, struct bs_str value) {
    struct node **place = path->count > 0 ? seek(root, path->legs, path->count - 1) : NULL;
    if (place == NULL || !(*place)->container) {
        t->wrong = "an insertion into a part of a JSON document that is not there";
        return;
    }
    struct node *parent = *place;
    const struct bs_json_leg *leg = &path->legs[path->count - 1];
    bool found = false;
    size_t index = 0;
    if (leg->is_cell) {
        index = !leg->from_end              ? leg->cell
                : leg->cell < parent->count ? parent->count - 1 - leg->cell
                                            : 0;
    } else {
        index = find_key(parent, leg->key, &found);
    }
    if (parent->object == leg->is_cell || found) {
        t->wrong = "an insertion of a part of a JSON document that is there already";
        return;
    }
    index = index > parent->count ? parent->count : index;
    struct node *node = plant(t, value);
    make_room(t, parent, index);
    parent->members[index] =
        (struct member){leg->is_cell ? (struct bs_str){"", 0} : leg->key, node};
}

static void
take_out(struct tree *t, struct node **root, const struct bs_json_path *path) {
    struct node **place = path->count > 0 ? seek(root, path->legs, path->count - 1) : NULL;
    size_t index = 0;
    if (place == NULL || !find_leg(*place, &path->legs[path->count - 1], &index)) {
        t->wrong = "a removal of a part of a JSON document that is not there";
        return;
    }
    struct node *parent = *place;
    parent->count--;
    memmove(parent->members + index, parent->members + index + 1,
            (parent->count - index) * sizeof *parent->members);
}

static void
change(struct tree *t, struct node **root, const struct bs_json_diff *diff) {
    struct bs_json_path path;
    if (++t->changes > CHANGES_MAX) {
        t->wrong = "more changes to parts of a JSON document than are read";
        return;
    }
    if (!bs_json_path_parse(diff->path, t->arena, &path)) {
        t->wrong = "a malformed path into a JSON document";
        return;
    }
    switch (diff->op) {
    case BS_JSON_REPLACE:
        replace(t, root, &path, diff->value);
        break;
    case BS_JSON_INSERT:
        insert(t, root, &path, diff->value);
        break;
    case BS_JSON_REMOVE:
        take_out(t, root, &path);
        break;
    }
}

/* ---- and back to text ---------------------------------------------------------------------- */

static void
print(struct bs_doc_text *out, const struct node *node, unsigned depth) {
    if (!node->container) {
        struct bs_doc_budget unlimited = {SIZE_MAX, false}; /* spent when it was opened */
        bs_doc_put_value(out, &node->doc, &unlimited, depth);
        return;
    }
    out->failed = out->failed || depth > BS_DOC_DEPTH_MAX;
    bs_doc_put(out, node->object ? "{" : "[");
    for (size_t i = 0; i < node->count && !out->failed; i++) {
        if (i > 0) {
            bs_doc_put(out, ", ");
        }
        if (node->object) {
            bs_doc_put_quoted(out, node->members[i].key);
            bs_doc_put(out, ": ");
        }
        print(out, node->members[i].value, depth + 1);
    }
    bs_doc_put(out, node->object ? "}" : "]");
}

const char *
bs_json_diff_apply(struct bs_str document, struct bs_str diffs, struct bs_arena *arena,
                   struct bs_str *text) {
    struct tree t = {.arena = arena};
    struct node *root = plant(&t, document);
    struct bs_cursor c = bs_cursor(diffs.data, diffs.len);
    for (struct bs_json_diff diff; t.wrong == NULL && bs_json_diff_next(&c, &diff);) {
        change(&t, &root, &diff);
    }
    if (t.wrong != NULL) {
        return t.wrong;
    }
    if (c.failed) {
        return "malformed changes to parts of a JSON document";
    }
    struct bs_doc_text out = bs_doc_text(arena, document.len * 2 + diffs.len * 2 + 16);
    print(&out, root, 0);
    *text = (struct bs_str){out.data, out.len};
    return out.failed ? "a malformed JSON document" : NULL;
}

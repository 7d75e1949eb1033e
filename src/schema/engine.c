/* The happy path of a statement's text: walk its tokens, and where ENGINE stands as an option, its
 * value is the next word. It stands as an option outside of parentheses, and inside of them in a
 * list of partitions; a column may be called `engine` too, so without "=" the word must be the name
 * of an engine. Behind SELECT there are no options. */
#include "schema/engine.h"

#include "schema/lexer.h"

#include <string.h>
#include <strings.h>

static const struct engine {
    const char *name;
    enum bs_engine_kind kind;
    const char *problem;
} ENGINES[] = {
    {"InnoDB", BS_ENGINE_INNODB, NULL},
    {"MyISAM", BS_ENGINE_CONVERTED, NULL},
    {"Aria", BS_ENGINE_CONVERTED, NULL},
    {"MEMORY", BS_ENGINE_CONVERTED, NULL},
    {"HEAP", BS_ENGINE_CONVERTED, NULL},
    {"ARCHIVE", BS_ENGINE_CONVERTED, NULL},
    {"CSV", BS_ENGINE_CONVERTED, NULL},
    {"BLACKHOLE", BS_ENGINE_REFUSED, "keep no rows, but their changes are logged"},
    {"MRG_MYISAM", BS_ENGINE_REFUSED, "show the rows of other tables"},
    {"MERGE", BS_ENGINE_REFUSED, "show the rows of other tables"},
    {"FEDERATED", BS_ENGINE_REFUSED, "show the rows of another server"},
    {"SPIDER", BS_ENGINE_REFUSED, "show the rows of other servers"},
    {"CONNECT", BS_ENGINE_REFUSED, "show data that is outside of the server"},
    {"S3", BS_ENGINE_REFUSED, "keep their rows outside of the server"},
    {"NDBCLUSTER", BS_ENGINE_REFUSED, "are a cluster's, whose binary log is not like the others"},
    {"NDB", BS_ENGINE_REFUSED, "are a cluster's, whose binary log is not like the others"},
    {"SEQUENCE", BS_ENGINE_REFUSED, "have no rows of their own"},
    {"PERFORMANCE_SCHEMA", BS_ENGINE_REFUSED, "show the state of the server"},
};

static const struct engine *
find_engine(struct bs_str name) {
    for (size_t i = 0; i < sizeof ENGINES / sizeof ENGINES[0]; i++) {
        if (bs_str_is_nocase(name, ENGINES[i].name)) {
            return &ENGINES[i];
        }
    }
    return NULL;
}

enum bs_engine_kind
bs_engine_kind(const char *engine) {
    const struct engine *found = engine != NULL ? find_engine(bs_str(engine)) : NULL;
    return found != NULL ? found->kind : BS_ENGINE_REFUSED;
}

const char *
bs_engine_problem(const char *engine) {
    const struct engine *found = engine != NULL ? find_engine(bs_str(engine)) : NULL;
    return found != NULL && found->problem != NULL ? found->problem
                                                   : "are of an engine that was not tried";
}

const char *
bs_engine_obstacle(const struct bs_table *table) {
    if (bs_engine_kind(table->engine) != BS_ENGINE_CONVERTED) {
        return NULL;
    }
    for (size_t i = 0; i < table->column_count; i++) {
        bool leads = !table->columns[i].auto_increment;
        for (size_t k = 0; k < table->key_count && !leads; k++) {
            const struct bs_key *key = &table->keys[k];
            leads = key->part_count > 0 && key->parts[0].column == i;
        }
        if (!leads) {
            return "its AUTO_INCREMENT column comes first in no key, which InnoDB does not allow";
        }
    }
    return NULL;
}

/* Walking a statement. */
struct walk {
    struct bs_lexer lexer;
    int depth;
    bool in_partitions;
    struct bs_token token; /* at hand */
};

static bool
step(struct walk *walk) {
    walk->token = bs_lexer_next(&walk->lexer);
    walk->depth += bs_token_is_punct(walk->token, '(') - bs_token_is_punct(walk->token, ')');
    walk->in_partitions =
        walk->in_partitions || (walk->depth == 0 && bs_token_is(walk->token, "PARTITION") &&
                                bs_token_is(bs_lexer_peek(&walk->lexer), "BY"));
    return walk->token.kind != BS_TOKEN_END && !bs_token_is(walk->token, "SELECT");
}

static struct bs_str
value_of(struct bs_token token) {
    bool quoted = token.kind == BS_TOKEN_QUOTED || token.kind == BS_TOKEN_STRING;
    bool whole = quoted && token.text.len >= 2;
    return whole ? (struct bs_str){token.text.data + 1, token.text.len - 2} : token.text;
}

/* At an option of one word: its value in *value, which stays unread. */
static bool
is_option(const struct walk *walk, const char *name, struct bs_token *value, bool *has_equals) {
    if (!bs_token_is(walk->token, name) || (walk->depth > 0 && !walk->in_partitions)) {
        return false;
    }
    struct bs_lexer ahead = walk->lexer;
    *value = bs_lexer_next(&ahead);
    *has_equals = bs_token_is_punct(*value, '=');
    if (*has_equals) {
        *value = bs_lexer_next(&ahead);
    }
    return value->kind != BS_TOKEN_END && value->kind != BS_TOKEN_PUNCT;
}

static bool
is_engine(const struct walk *walk, struct bs_token *value) {
    bool has_equals = false;
    if (is_option(walk, "ENGINE", value, &has_equals)) {
        bool in_list = walk->depth > 0;
        return (has_equals && !in_list) || find_engine(value_of(*value)) != NULL;
    }
    /* MySQL 5.1 still takes TYPE=MyISAM. */
    return is_option(walk, "TYPE", value, &has_equals) && has_equals &&
           find_engine(value_of(*value)) != NULL;
}

bool
bs_engine_find(struct bs_str sql, bool ansi_quotes, bool no_backslash_escapes,
               char out[BS_ENGINE_NAME_MAX]) {
    struct walk walk = {.lexer = bs_lexer(sql, ansi_quotes, no_backslash_escapes)};
    bool found = false;
    while (step(&walk)) {
        struct bs_token token;
        if (walk.depth == 0 && is_engine(&walk, &token)) {
            struct bs_str name = value_of(token);
            size_t len = name.len < BS_ENGINE_NAME_MAX ? name.len : BS_ENGINE_NAME_MAX - 1;
            memcpy(out, name.data, len); /* the last one counts, as it does for the server */
            out[len] = '\0';
            found = true;
        }
    }
    return found;
}

/* An option that InnoDB does not take, at hand: *last is the last token of it. */
static bool
is_foreign_option(const struct walk *walk, struct bs_token *last) {
    bool has_equals = false;
    if (is_option(walk, "PAGE_CHECKSUM", last, &has_equals) ||
        is_option(walk, "KEY_BLOCK_SIZE", last, &has_equals) ||
        is_option(walk, "TRANSACTIONAL", last, &has_equals)) {
        return last->kind == BS_TOKEN_NUMBER;
    }
    if (is_option(walk, "ROW_FORMAT", last, &has_equals)) {
        return bs_token_is(*last, "FIXED") || bs_token_is(*last, "PAGE");
    }
    if (bs_token_is(walk->token, "DATA") || bs_token_is(walk->token, "INDEX")) {
        struct walk ahead = *walk;
        (void)step(&ahead);
        return is_option(&ahead, "DIRECTORY", last, &has_equals) && last->kind == BS_TOKEN_STRING;
    }
    *last = bs_lexer_peek(&walk->lexer);
    return bs_token_is(walk->token, "USING") && bs_token_is(*last, "HASH");
}

/* Options may be separated by commas, so one that goes leaves another that means nothing. */
static const char *
replacement(const struct walk *walk) {
    return walk->depth > 0 || bs_token_is(walk->token, "USING") ? "" : "PACK_KEYS=DEFAULT";
}

void
bs_engine_put_innodb(struct bs_buf *out, struct bs_str sql, bool ansi_quotes,
                     bool no_backslash_escapes) {
    struct walk walk = {.lexer = bs_lexer(sql, ansi_quotes, no_backslash_escapes)};
    const char *copied = sql.data;
    while (step(&walk)) {
        struct bs_token last;
        if (walk.token.text.data < copied) {
            continue; /* inside of what has been replaced */
        }
        if (is_engine(&walk, &last)) {
            struct bs_str name = value_of(last);
            const struct engine *engine = find_engine(name);
            if (engine != NULL && engine->kind == BS_ENGINE_CONVERTED) {
                bs_buf_put(out, copied, (size_t)(last.text.data - copied));
                bs_buf_puts(out, "InnoDB");
                copied = last.text.data + last.text.len;
            }
        } else if (is_foreign_option(&walk, &last)) {
            bs_buf_put(out, copied, (size_t)(walk.token.text.data - copied));
            bs_buf_puts(out, replacement(&walk));
            copied = last.text.data + last.text.len;
        }
    }
    bs_buf_put(out, copied, sql.len - (size_t)(copied - sql.data));
}

#include "snapshot/guess.h"

#include "snapshot/plan.h"
#include "sql/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    HAS_FORMATS = 50600, /* of EXPLAIN: MySQL 5.6 */
    TABLE_CHUNKS_MIN = 4,
    TRIES_MAX = 12,
    OFF_BY_MAX = 2,       /* so many times too few or too many rows are about right ... */
    FIRST_OFF_BY_MAX = 3, /* ... and so many times too many at the first place: InnoDB doubles what
                             it estimates, and the spread says otherwise */
};

enum {
    SHARES = 4,         /* chunks that each pair is to have of what is left; see FIRST_OFF_BY_MAX */
    SHARE_PART_MAX = 8, /* no chunk is made smaller than this part of what it is elsewhere */
};

static const uint64_t SIGN = (uint64_t)1 << 63;

static bool
is_integer(enum bs_type type) {
    switch (type) {
    case BS_TYPE_TINYINT:
    case BS_TYPE_SMALLINT:
    case BS_TYPE_MEDIUMINT:
    case BS_TYPE_INT:
    case BS_TYPE_BIGINT:
        return true;
    default:
        return false;
    }
}

static const struct bs_column *
key_column(const struct bs_copy *copy) {
    return &copy->table->columns[copy->key->parts[0].column];
}

bool
bs_guess_suits(const struct bs_work_item *item) {
    const struct bs_key *key = item->copy->key;
    return key != NULL && key->part_count == 1 && !key->parts[0].descending &&
           is_integer(key_column(item->copy)->type) &&
           item->copy->table->row_estimate / TABLE_CHUNKS_MIN >= item->rows;
}

/* Places. */

bool
bs_guess_place(struct bs_str text, bool is_unsigned, uint64_t *place) {
    char digits[32];
    char *end = NULL;
    if (text.data == NULL || text.len == 0 || text.len >= sizeof digits) {
        return false;
    }
    memcpy(digits, text.data, text.len);
    digits[text.len] = '\0';
    *place = is_unsigned ? strtoull(digits, &end, 10) : (uint64_t)strtoll(digits, &end, 10) ^ SIGN;
    return *end == '\0';
}

void
bs_guess_put(struct bs_buf *out, uint64_t place, bool is_unsigned) {
    if (is_unsigned) {
        bs_buf_printf(out, "%" PRIu64, place);
    } else {
        bs_buf_printf(out, "%" PRId64, (int64_t)(place ^ SIGN));
    }
}

uint64_t
bs_guess_share(uint64_t rows, uint64_t all, unsigned int sharers) {
    if (sharers < 2) {
        return rows;
    }
    uint64_t share = all / sharers / SHARES;
    uint64_t least = rows / SHARE_PART_MAX + 1;
    share = share < least ? least : share;
    return share < rows ? share : rows;
}

/* The search. */

void
bs_search_begin(struct bs_search *search) {
    uint64_t span = search->last - search->first;
    double part = (double)search->wanted / (double)search->all;
    uint64_t width = part < 1 ? (uint64_t)((double)span * part) : span;
    search->low = search->first;
    search->high = search->last;
    search->place = search->first + (width < span ? width : span - 1);
    search->tries = 0;
}

/* Too far: halfway back. Too near: twice as far from the first key, not beyond what is too far. */
bool
bs_search_told(struct bs_search *search, uint64_t rows, bool *given_up) {
    bool is_few = rows < search->wanted / OFF_BY_MAX;
    uint64_t most = search->tries == 0 ? FIRST_OFF_BY_MAX : OFF_BY_MAX;
    bool is_many = rows / most > search->wanted;
    *given_up = false;
    if (!is_few && !is_many) {
        return true;
    }
    if (is_many) {
        search->high = search->place;
        search->place = search->low + (search->high - search->low) / 2;
    } else {
        uint64_t width = search->place - search->first;
        uint64_t half = search->place + (search->high - search->place) / 2;
        search->low = search->place;
        search->place += width < half - search->place ? width + 1 : half - search->place;
    }
    *given_up = ++search->tries >= TRIES_MAX || search->place <= search->low ||
                search->place >= search->high;
    return false;
}

/* Questions. */

/* With FORCE INDEX newer MySQL estimates nothing, as there is nothing to choose. */
static void
put_from(struct bs_buf *out, const struct bs_copy *copy) {
    bs_buf_puts(out, " FROM ");
    bs_sql_put_table(out, bs_str(copy->table->db), bs_str(copy->table->name));
    bs_buf_puts(out, " USE INDEX (");
    bs_sql_put_ident(out, bs_str(copy->key->name));
    bs_buf_puts(out, ")");
}

/* *found: there are rows behind the item's lower bound. */
static enum bs_status
read_ends(struct bs_sql *sql, const struct bs_work_item *item, struct bs_search *search,
          bool *found, struct bs_error *err) {
    static const struct bs_bound OPEN = {0};
    const struct bs_column *column = key_column(item->copy);
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    bs_buf_puts(&text, "SELECT MIN(");
    bs_sql_put_ident(&text, bs_str(column->name));
    bs_buf_puts(&text, "), MAX(");
    bs_sql_put_ident(&text, bs_str(column->name));
    bs_buf_puts(&text, ")");
    put_from(&text, item->copy);
    bs_plan_put_range(&text, item->copy, &item->after, &OPEN);
    enum bs_status status = bs_sql_query(sql, &result, err, "%s", bs_buf_cstr(&text));
    if (status == BS_OK) {
        status = bs_sql_next(result, &fields, err);
    }
    *found = status == BS_OK && fields != NULL &&
             bs_guess_place(fields[0], column->is_unsigned, &search->first) &&
             bs_guess_place(fields[1], column->is_unsigned, &search->last);
    bs_sql_result_free(result);
    bs_buf_fini(&text);
    return status;
}

/* What the optimizer takes for the number of rows behind the item's lower bound, up to upper. Old
 * servers have one form of EXPLAIN, MySQL 9 another one by default. */
static enum bs_status
estimate(struct bs_sql *sql, const struct bs_work_item *item, const struct bs_bound *upper,
         const char *form, uint64_t *rows, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    bs_buf_printf(&text, "EXPLAIN %sSELECT ", form);
    bs_sql_put_ident(&text, bs_str(key_column(item->copy)->name));
    put_from(&text, item->copy);
    bs_plan_put_range(&text, item->copy, &item->after, upper);
    enum bs_status status = bs_sql_query(sql, &result, err, "%s", bs_buf_cstr(&text));
    if (status == BS_OK) {
        status = bs_sql_next(result, &fields, err);
    }
    *rows = 0;
    for (unsigned int i = 0; status == BS_OK && fields != NULL && i < bs_sql_column_count(result);
         i++) {
        if (strcmp(bs_sql_column_name(result, i), "rows") == 0 && fields[i].data != NULL) {
            *rows = strtoull(fields[i].data, NULL, 10);
        }
    }
    bs_sql_result_free(result);
    bs_buf_fini(&text);
    return status;
}

static void
set_end(struct bs_bound *end, const struct bs_work_item *item, uint64_t place) {
    struct bs_buf text = {0};
    bs_guess_put(&text, place, key_column(item->copy)->is_unsigned);
    struct bs_str value = bs_buf_str(&text);
    bs_bound_fini(end);
    bs_bound_set(end, &value, 1);
    bs_buf_fini(&text);
}

static enum bs_status
search_end(struct bs_sql *sql, const struct bs_work_item *item, const char *form,
           struct bs_search *search, struct bs_bound *end, enum bs_guess *guess,
           struct bs_error *err) {
    bool is_good = false;
    bool given_up = false;
    enum bs_status status = BS_OK;
    bs_search_begin(search);
    while (!is_good && !given_up && status == BS_OK) {
        uint64_t rows = 0;
        set_end(end, item, search->place);
        status = estimate(sql, item, end, form, &rows, err);
        if (status == BS_OK) {
            is_good = bs_search_told(search, rows, &given_up);
        }
    }
    *guess = is_good ? BS_GUESS_FOUND : BS_GUESS_NONE;
    return status;
}

enum bs_status
bs_guess_end(struct bs_sql *sql, const struct bs_server *server, const struct bs_work_item *item,
             struct bs_bound *end, enum bs_guess *guess, struct bs_error *err) {
    static const struct bs_bound OPEN = {0};
    struct bs_search search = {.wanted = item->rows};
    bool has_forms = server->flavour == BS_MYSQL && server->version >= HAS_FORMATS;
    const char *form = has_forms ? "FORMAT=TRADITIONAL " : "";
    bool found = false;
    *guess = BS_GUESS_NONE;
    enum bs_status status = read_ends(sql, item, &search, &found, err);
    if (status == BS_OK && !found) {
        *guess = BS_GUESS_LAST;
        return BS_OK;
    }
    if (status == BS_OK) {
        status = estimate(sql, item, &OPEN, form, &search.all, err);
        search.wanted = bs_guess_share(item->rows, search.all, item->sharers);
    }
    if (status == BS_OK && search.all > 0 && search.all <= search.wanted) {
        *guess = BS_GUESS_LAST;
        return BS_OK;
    }
    if (status == BS_OK && search.all > 0 && search.first < search.last) {
        status = search_end(sql, item, form, &search, end, guess, err);
    }
    if (status != BS_OK || *guess != BS_GUESS_FOUND) {
        bs_bound_fini(end);
    }
    return status;
}

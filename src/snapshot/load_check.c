#include "snapshot/load_check.h"

#include "schema/engine.h"
#include "schema/period.h"

enum { NAMES_SHOWN = 8 };

struct names {
    struct bs_buf text;
    size_t count;
};

static void
add_name(struct names *names, const struct bs_table *table) {
    if (++names->count <= NAMES_SHOWN) {
        bs_buf_printf(&names->text, "%s%s.%s", names->count > 1 ? ", " : "", table->db,
                      table->name);
    }
}

/* Said of the names, if there are any. */
static enum bs_status
refuse(struct names *names, const char *what, const char *hint, struct bs_error *err) {
    if (names->count == 0) {
        return BS_OK;
    }
    if (names->count > NAMES_SHOWN) {
        bs_buf_printf(&names->text, " and %zu more", names->count - NAMES_SHOWN);
    }
    bs_error_set(err, BS_PRECHECK, "%s: %s", what, bs_buf_cstr(&names->text));
    return bs_error_hint(err, "%s", hint);
}

/* Made with foreign_key_checks=0 to a table of an engine that has none. */
static bool
comes_to_keys(const struct bs_copying *run, const struct bs_table *parent) {
    return !run->config->keep_engines && bs_engine_kind(parent->engine) == BS_ENGINE_CONVERTED;
}

static bool
has_kept_history(const struct bs_copying *run, const struct bs_table *table) {
    const struct bs_archived_table *archived = bs_archive_find(run->from, table->db, table->name);
    return archived->has_history && bs_period_takes_history(&run->target_server);
}

struct found {
    struct names apart, idle, moving;
};

static void
look_at(const struct bs_copying *run, const struct bs_table *table, struct found *found) {
    const struct bs_schema *schema = run->point.schema;
    bool is_apart = false, is_idle = false, acts = false;
    for (size_t i = 0; i < table->fk_count; i++) {
        const struct bs_foreign_key *fk = &table->fks[i];
        size_t at = bs_schema_find_table(schema, fk->parent_db, fk->parent_table);
        bool is_there = at < schema->table_count;
        is_apart = is_apart || !is_there;
        is_idle = is_idle || (is_there && comes_to_keys(run, schema->tables[at]));
        acts = acts || bs_foreign_key_acts(fk);
    }
    if (is_apart) {
        add_name(&found->apart, table);
    }
    if (is_idle) {
        add_name(&found->idle, table);
    }
    if (acts && has_kept_history(run, table)) {
        add_name(&found->moving, table);
    }
}

enum bs_status
bs_load_check_foreign_keys(const struct bs_copying *run, struct bs_error *err) {
    struct found found = {0};
    for (size_t i = 0; i < run->point.schema->table_count; i++) {
        look_at(run, run->point.schema->tables[i], &found);
    }
    enum bs_status status =
        refuse(&found.apart, "tables with a foreign key to a table that is not loaded",
               "select the parent tables too, or leave these tables out", err);
    if (status == BS_OK) {
        status = refuse(&found.idle,
                        "tables with a foreign key to a table that is not InnoDB, where it does "
                        "nothing; on the target it would",
                        "give --keep-engines, or leave these tables out; or drop these foreign "
                        "keys on the source, and make the archive anew",
                        err);
    }
    if (status == BS_OK) {
        status = refuse(&found.moving,
                        "system-versioned tables whose history cannot be followed, as they have "
                        "foreign keys that cascade",
                        "leave them out with --exclude-tables", err);
    }
    bs_buf_fini(&found.apart.text);
    bs_buf_fini(&found.idle.text);
    bs_buf_fini(&found.moving.text);
    return status;
}

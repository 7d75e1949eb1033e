/* Some MariaDB releases print the name of a foreign key without doubling
 * the backquotes in it (seen on 10.5.29 and 11.8.6, not on 10.11.19), so their own SHOW CREATE
 * TABLE cannot be run. The names are known from the catalogue: such a clause is found by the raw
 * name and written right. */
#include "base/buf.h"
#include "catalog/catalog_private.h"
#include "sql/text.h"

#include <stdlib.h>
#include <string.h>

static void
mend(struct bs_table *table, const char *name) {
    struct bs_buf raw = {0};
    struct bs_buf text = {0};
    bs_buf_printf(&raw, "CONSTRAINT `%s` FOREIGN KEY", name);
    const char *at = strstr(table->create, bs_buf_cstr(&raw));
    if (at != NULL) {
        bs_buf_put(&text, table->create, (size_t)(at - table->create));
        bs_buf_puts(&text, "CONSTRAINT ");
        bs_sql_put_ident(&text, bs_str(name));
        bs_buf_puts(&text, " FOREIGN KEY");
        bs_buf_puts(&text, at + raw.len);
        free(table->create);
        table->create = bs_buf_take_cstr(&text);
    }
    bs_buf_fini(&raw);
}

void
bs_catalog_mend_constraint_names(struct bs_table *table) {
    for (size_t i = 0; i < table->fk_count; i++) {
        if (strchr(table->fks[i].name, '`') != NULL) {
            mend(table, table->fks[i].name);
        }
    }
}

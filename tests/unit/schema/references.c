#include "schema/references.h"

#include <criterion/criterion.h>

static const struct bs_server MY56 = {.flavour = BS_MYSQL, .version = 50624};
static const struct bs_server MA118 = {.flavour = BS_MARIADB, .version = 110809};

/* wanted NULL: there is nothing to be cut. */
static void
expect(const struct bs_server *source, const char *sql, const char *wanted) {
    struct bs_buf out = {0};
    bool has_cut = bs_references_cut(&out, bs_str(sql), false, false, source, NULL);
    cr_expect_eq(has_cut, wanted != NULL, "%s", sql);
    cr_expect_str_eq(bs_buf_cstr(&out), wanted != NULL ? wanted : "", "%s\n  became %s", sql,
                     bs_buf_cstr(&out));
    bs_buf_fini(&out);
}

Test(references, a_foreign_key_that_the_engine_lacks_is_the_key_that_it_needs) {
    expect(
        &MY56,
        "CREATE TABLE c (id INT, p INT, FOREIGN KEY (p) REFERENCES d.p (id) ON DELETE CASCADE ON "
        "UPDATE SET NULL, n INT) ENGINE=MyISAM",
        "CREATE TABLE c (id INT, p INT, KEY (p), n INT) ENGINE=MyISAM");
    expect(&MA118, "CREATE TABLE c (p INT, q INT, FOREIGN KEY i (p) REFERENCES p (id))",
           "CREATE TABLE c (p INT, q INT, KEY i (p))");
    expect(&MA118, "CREATE TABLE c (p INT, CONSTRAINT x FOREIGN KEY i (p) REFERENCES p (id))",
           "CREATE TABLE c (p INT, KEY x (p))");
    expect(&MA118, "CREATE TABLE c (p INT, CONSTRAINT FOREIGN KEY (p) REFERENCES p (id))",
           "CREATE TABLE c (p INT, KEY (p))");
    expect(&MA118, "ALTER TABLE d.c ADD CONSTRAINT `x` FOREIGN KEY (p) REFERENCES p (id)",
           "ALTER TABLE d.c ADD KEY `x` (p)");
    expect(&MA118, "ALTER TABLE c ADD FOREIGN KEY IF NOT EXISTS i (p) REFERENCES p (id), ADD n INT",
           "ALTER TABLE c ADD KEY IF NOT EXISTS i (p), ADD n INT");
}

Test(references, no_key_is_made_where_another_begins_with_its_columns) {
    expect(&MY56,
           "CREATE TABLE c (p INT, q INT, KEY z (p, q), FOREIGN KEY (`p`) REFERENCES p (id))",
           "CREATE TABLE c (p INT, q INT, KEY z (p, q))");
    expect(&MY56, "CREATE TABLE c (p INT, q INT, KEY z (q, p), FOREIGN KEY (p) REFERENCES p (id))",
           "CREATE TABLE c (p INT, q INT, KEY z (q, p), KEY (p))");
    expect(&MY56, "ALTER TABLE c ADD FOREIGN KEY (p) REFERENCES p (id), ADD UNIQUE (p), ADD n INT",
           "ALTER TABLE c ADD UNIQUE (p), ADD n INT");
}

Test(references, within_a_column_they_are_a_key_where_the_source_keeps_them) {
    expect(&MY56, "CREATE TABLE c (p INT REFERENCES p (id) ON DELETE CASCADE, n INT)",
           "CREATE TABLE c (p INT, n INT)");
    expect(&MA118, "CREATE TABLE c (p INT REFERENCES p (id) ON DELETE CASCADE, n INT)",
           "CREATE TABLE c (p INT , KEY (p), n INT)");
    expect(&MA118, "ALTER TABLE c ADD p INT CONSTRAINT x REFERENCES p (id) AFTER n, ADD m INT",
           "ALTER TABLE c ADD p INT AFTER n, ADD KEY x (p), ADD m INT");
    expect(&MA118, "ALTER TABLE c ADD (p INT REFERENCES p (id), m INT)",
           "ALTER TABLE c ADD (p INT, KEY (p), m INT)");
    expect(&MA118, "CREATE TABLE c (p INT PRIMARY KEY REFERENCES p (id))",
           "CREATE TABLE c (p INT PRIMARY KEY)");
}

Test(references, what_is_to_drop_a_foreign_key_has_none_to_drop) {
    expect(&MY56, "ALTER TABLE c DROP FOREIGN KEY x", "ALTER TABLE c");
    expect(&MY56, "ALTER TABLE c DROP FOREIGN KEY x, DROP KEY y", "ALTER TABLE c DROP KEY y");
    expect(&MY56, "ALTER TABLE c DROP KEY y, DROP FOREIGN KEY x", "ALTER TABLE c DROP KEY y");
}

Test(references, other_statements_are_left_alone) {
    expect(&MY56, "CREATE TABLE c (p INT COMMENT 'REFERENCES x', `foreign` INT, KEY (p))", NULL);
    expect(&MY56, "CREATE TABLE c LIKE d", NULL);
    expect(&MA118, "ALTER TABLE c ADD n INT, DROP KEY x", NULL);
    expect(&MA118, "CREATE INDEX i ON c (p)", NULL);
}

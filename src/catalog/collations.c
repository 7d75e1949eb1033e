/* What a server calls its collations, and what a move between two servers has to translate. */
#include "catalog/catalog_private.h"

#include <stdlib.h>

static void
add_row(const struct bs_answer *answer, struct bs_collation_list *list) {
    struct bs_str name = bs_answer_text(answer, "NAME");
    struct bs_str charset = bs_answer_text(answer, "CHARSET");
    struct bs_str is_default = bs_answer_text(answer, "IS_DEFAULT");
    /* MariaDB lists collations without id or charset for its "any charset" forms. */
    if (name.data != NULL && charset.data != NULL) {
        bs_collation_list_add(list, (unsigned int)bs_answer_number(answer, "ID"), name, charset,
                              is_default.data != NULL && bs_str_is_nocase(is_default, "Yes"));
    }
}

static enum bs_status
load(struct bs_sql *sql, const char *query, struct bs_collation_list *list, struct bs_error *err) {
    struct bs_buf text = {0};
    struct bs_answer answer;
    bs_buf_puts(&text, query);
    enum bs_status status = bs_answer_ask(&answer, sql, &text, err);
    bs_buf_fini(&text);
    while (status == BS_OK && (status = bs_answer_next(&answer, err)) == BS_OK &&
           answer.row != NULL) {
        add_row(&answer, list);
    }
    bs_answer_fini(&answer);
    return status;
}

/* MariaDB 10.10 and newer keep the full names in another view. Which collation is a charset's
 * default may be the session's choice there (character_set_collations): the answer is then the
 * choice, as it is for a CREATE TABLE. */
enum bs_status
bs_catalog_collations(struct bs_sql *sql, struct bs_collation_list *list, struct bs_error *err) {
    enum { ER_BAD_FIELD_NO = 1054 };
    struct bs_error absent;
    bs_error_clear(&absent);
    enum bs_status status = load(sql,
                                 "SELECT FULL_COLLATION_NAME AS NAME, CHARACTER_SET_NAME AS "
                                 "CHARSET, ID, IS_DEFAULT FROM "
                                 "information_schema.COLLATION_CHARACTER_SET_APPLICABILITY",
                                 list, &absent);
    if (status == BS_SERVER && absent.sql_errno == ER_BAD_FIELD_NO) {
        return load(sql,
                    "SELECT COLLATION_NAME AS NAME, CHARACTER_SET_NAME AS CHARSET, ID, IS_DEFAULT "
                    "FROM information_schema.COLLATIONS",
                    list, err);
    }
    if (status != BS_OK && err != NULL) {
        *err = absent;
    }
    return status;
}

enum bs_status
bs_catalog_translation(struct bs_sql *source, const struct bs_server *source_server,
                       struct bs_sql *target, const struct bs_server *target_server,
                       struct bs_translation *translation, struct bs_error *err) {
    *translation = (struct bs_translation){.source = *source_server, .target = *target_server};
    enum bs_status status = bs_catalog_collations(source, &translation->source_collations, err);
    if (status == BS_OK) {
        status = bs_catalog_collations(target, &translation->target_collations, err);
    }
    if (status != BS_OK) {
        bs_translation_fini(translation);
        return bs_error_context(err, "reading the collations of both servers");
    }
    return BS_OK;
}

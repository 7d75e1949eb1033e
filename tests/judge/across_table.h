/*
 * The parts of a table's description between two versions or flavours, and what they tell one
 * another. Called by across_table.c.
 */
#ifndef JUDGE_ACROSS_TABLE_H
#define JUDGE_ACROSS_TABLE_H

#include "across.h"

struct judge_table_facts {
    bool is_memory;
    struct judge_names json;    /* columns with CHECK (json_valid()), which may make them JSON */
    struct judge_names columns; /* those that are compared, in order */
    struct judge_names checks;  /* "name: expression" */
};

void judge_table_facts_fini(struct judge_table_facts *facts);
/* That a column, key or the like is not compared, and why. */
void judge_across_note(struct judge_object *object, const char *what, const char *name,
                       const char *why);

/* across_checks.c: they are loaded first, as one of them may make a column JSON, and added last. */
bool judge_across_has_checks(const struct judge_server *server);
bool judge_across_load_checks(const struct judge_describer *by, struct judge_object *object,
                              struct judge_table_facts *facts, struct judge_error *err) JUDGE_CHECK;
void judge_across_add_checks(struct judge_object *object, struct judge_table_facts *facts);

/* across_columns.c */
bool judge_across_add_columns(const struct judge_describer *by, struct judge_object *object,
                              struct judge_table_facts *facts, struct judge_error *err) JUDGE_CHECK;

/* across_keys.c */
bool judge_across_add_keys(const struct judge_describer *by, struct judge_object *object,
                           const struct judge_table_facts *facts,
                           struct judge_error *err) JUDGE_CHECK;
bool judge_across_add_foreign_keys(const struct judge_describer *by, struct judge_object *object,
                                   struct judge_error *err) JUDGE_CHECK;
/* The server to which a kind of key or check must be known: B, whoever is described. */
const struct judge_server *judge_across_target_of(const struct judge_describer *by);

#endif

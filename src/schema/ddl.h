/* What a logged statement is about: its verb, the kind of object, and every object that it names as
 * created, changed or dropped. Pure. Only the head of a statement is understood, which is all that
 * filtering, fingerprints and the schema model need; the statement itself is run as text.
 *
 * A statement that this does not know is BS_DDL_UNKNOWN: its caller stops (promise P2). */
#ifndef BS_SCHEMA_DDL_H
#define BS_SCHEMA_DDL_H

#include "base/str.h"
#include "schema/model.h"

#include <stdbool.h>
#include <stddef.h>

enum bs_ddl_class {
    BS_DDL_UNKNOWN,   /* not understood */
    BS_DDL_OBJECT,    /* changes the objects that are listed */
    BS_DDL_DEFERRED,  /* triggers and events: made at cutover from what the source then has */
    BS_DDL_TEMPORARY, /* temporary tables; CREATE names one, which it hides from its session */
    BS_DDL_ACCOUNT,   /* users, roles, grants */
    BS_DDL_UPKEEP,    /* ANALYZE, OPTIMIZE, FLUSH, REPAIR...: no effect on content */
    BS_DDL_DML,       /* rows as a statement: INSERT, UPDATE, CALL, ... */
};

enum bs_ddl_verb { BS_DDL_CREATE, BS_DDL_ALTER, BS_DDL_DROP, BS_DDL_RENAME, BS_DDL_TRUNCATE };

enum { BS_NAME_BYTES_MAX = 64 * 4 + 1 };

struct bs_ddl_object {
    enum bs_object_kind kind;
    char db[BS_NAME_BYTES_MAX];
    char name[BS_NAME_BYTES_MAX]; /* "" for a database */
    bool is_default_db;           /* db is not written, it is the session's */
};

struct bs_ddl {
    enum bs_ddl_class class;
    enum bs_ddl_verb verb;
    enum bs_object_kind kind;
    struct bs_ddl_object
        *objects; /* heap; in the order they are named. RENAME: from, to, from, to */
    size_t count;
    bool if_exists; /* IF EXISTS or IF NOT EXISTS */
    bool or_replace;
    bool adds_auto_increment; /* ALTER TABLE with AUTO_INCREMENT, or SERIAL, of a column in it */
    bool adds_chance;      /* ALTER TABLE ADD with a default that is another for each row and run */
    bool copies_rows;      /* CREATE TABLE ... SELECT, which a log of rows never has */
    bool is_like;          /* CREATE TABLE ... LIKE */
    bool drops_duplicates; /* ALTER IGNORE TABLE */
    bool has_unfolded;     /* see bs_ddl_fold_names */
    size_t cut_from, cut_to; /* where START TRANSACTION stands in CREATE TABLE; equal: nowhere */
    const char *what;        /* for messages: "CREATE TABLE", "INSERT", static text */
};

/* db: the default database of the statement. */
void bs_ddl_parse(struct bs_ddl *ddl, struct bs_str sql, struct bs_str db, bool ansi_quotes,
                  bool no_backslash_escapes);
/* Names as a server with lower_case_table_names=1 stores them, but for letters beyond ASCII: where
 * capitals are among them, has_unfolded. */
void bs_ddl_fold_names(struct bs_ddl *ddl);
void bs_ddl_fini(struct bs_ddl *ddl);

#endif

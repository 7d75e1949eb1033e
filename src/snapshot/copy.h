/* How one table's rows travel: which expressions read its columns exactly, and which statement
 * stores them exactly. Built once per table from the model, read-only afterwards, so any thread may
 * use it. The snapshot owns it; the model behind it must live longer. Pure: text only, no I/O. */
#ifndef BS_SNAPSHOT_COPY_H
#define BS_SNAPSHOT_COPY_H

#include "base/buf.h"
#include "schema/model.h"
#include "schema/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bs_archived_table;
struct bs_resumed;

/* How a chunk is stored: BULK, values in binary (sql/bulk.h), where the target knows it; else LOAD
 * DATA; INSERT is for targets that allow neither, and tells which row is refused; ARCHIVE is for
 * files (chunk_file.h).
 *
 * On MariaDB BULK takes two thirds of LOAD DATA's CPU, which looks at each byte for its separators,
 * and holds no lock on a table with AUTO_INCREMENT, behind which two loaders would wait for each
 * other. MySQL has no such thing. */
enum bs_form { BS_FORM_LOAD, BS_FORM_BULK, BS_FORM_INSERT, BS_FORM_ARCHIVE };

/* How what a chunk has stored goes away again, if the chunk has to go again. */
enum bs_removal {
    BS_REMOVAL_ROLLBACK, /* with its transaction */
    BS_REMOVAL_DELETE,   /* the table's engine on the target has none: by the chunk's range */
    BS_REMOVAL_NONE,     /* nor can the range be told: it may not go again */
};

/* How a value crosses. */
enum bs_carry {
    BS_CARRY_PLAIN,   /* digits and punctuation: nothing to escape */
    BS_CARRY_BYTES,   /* any bytes, stored as they are */
    BS_CARRY_INDEX,   /* ENUM, SET, BIT: as a number, CAST AS UNSIGNED both ways */
    BS_CARRY_FLOAT,   /* FLOAT: read as a double, which holds it exactly */
    BS_CARRY_ASCII,   /* UUID, INET: text; as binary bytes the server would take it for the raw form
                       */
    BS_CARRY_JSON,    /* to MySQL's JSON: must not arrive as binary bytes */
    BS_CARRY_ROW_END, /* of a system-versioned table: "for ever" becomes the target's */
};

struct bs_carried {
    const struct bs_column *column;
    enum bs_carry carry;
};

/* A table of one row with one column, which is 1, but which no server knows to be so before it runs
 * the statement: a range of a key that hangs on it is looked up when that row is there.
 *
 * Where a bound is a constant, a server leaves out the partitions that cannot hold such a key. A
 * row may lie in one all the same: EXCHANGE PARTITION ... WITHOUT VALIDATION puts it there. */
#define BS_COPY_ONE "`binstream one`"
#define BS_COPY_ONE_ROW "(SELECT 1 AS " BS_COPY_ONE " UNION SELECT 1) AS `binstream bound`"

/* The columns are in select order: first those of the key, so that a row can be named by them. */
struct bs_copy {
    const struct bs_table *table;
    const struct bs_key *key; /* the key that chunks are cut by; NULL: read whole, in one stream */
    struct bs_carried *columns;
    size_t column_count;
    size_t naming_count; /* the leading columns that name a row; 0: none does */
    bool has_json;
    const char *for_ever; /* NULL, or the table has a period, and its history is copied too */
    bool is_locked;       /* of an engine without views: read by the session that holds its lock */
    enum bs_removal removal;
    const char
        *late_keys;    /* not owned: the statement that builds them once the rows are in; NULL */
    uint64_t table_id; /* InnoDB's, at the point; 0: DDL on the table is held off instead */
    bool is_of_first_view;                    /* read by the first pair alone (resume.h) */
    const struct bs_archived_table *archived; /* not owned: where its chunks are or go to; NULL */
    const struct bs_resumed *resumed; /* not owned: a part is in (resume.h); NULL: nothing is */
    char *select;                     /* "SELECT ... FROM `db`.`t`" with the index hint */
    char *select_range; /* of a table with partitions: the same joined behind BS_COPY_ONE_ROW, for
                           bounds that hang on it; NULL: bounds are constants */
    char *load;         /* "LOAD DATA LOCAL INFILE ..." */
    char *insert;       /* "INSERT INTO `db`.`t` (...) VALUES " */
    char *bulk;         /* the same with "(?, ...)"; NULL: there is no column */
};

/* there: the table as the target has it; the same model where both are of one flavour. for_ever:
 * the row end of current rows on the target, if it takes history; else NULL: then current rows
 * alone are copied of system-versioned tables. */
struct bs_copy *bs_copy_new(const struct bs_table *table, enum bs_flavour source,
                            const struct bs_table *there, const char *for_ever);
void bs_copy_free(struct bs_copy *copy);

/* From now on it is read whole, whatever keys it has. Before it is used. */
void bs_copy_read_whole(struct bs_copy *copy);

/* The key by whose order a table of such a source can be cut into chunks; NULL: there is none. */
const struct bs_key *bs_copy_cutting_key(const struct bs_table *table, enum bs_flavour source);

/* "db.table", for messages. */
void bs_copy_name(const struct bs_copy *copy, char *out, size_t cap);

#endif

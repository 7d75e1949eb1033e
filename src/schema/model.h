/* The model of a server's objects, as far as moving them needs it: tables with columns and keys in
 * full, everything else by name and CREATE text. Pure data; filled from a live server by
 * src/catalog, kept in the target's state by src/state, read by the decoder, the chunk plan and the
 * SQL writer.
 *
 * All strings are UTF-8 (names, types) or raw bytes as the server gave them (CREATE texts), heap-
 * owned by the struct that holds them. */
#ifndef BS_SCHEMA_MODEL_H
#define BS_SCHEMA_MODEL_H

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a column holds, named as in information_schema.COLUMNS.DATA_TYPE. */
enum bs_type {
    BS_TYPE_TINYINT,
    BS_TYPE_SMALLINT,
    BS_TYPE_MEDIUMINT,
    BS_TYPE_INT,
    BS_TYPE_BIGINT,
    BS_TYPE_DECIMAL,
    BS_TYPE_FLOAT,
    BS_TYPE_DOUBLE,
    BS_TYPE_BIT,
    BS_TYPE_YEAR,
    BS_TYPE_DATE,
    BS_TYPE_TIME,
    BS_TYPE_DATETIME,
    BS_TYPE_TIMESTAMP,
    BS_TYPE_CHAR,
    BS_TYPE_VARCHAR,
    BS_TYPE_TEXT, /* TINYTEXT to LONGTEXT */
    BS_TYPE_BINARY,
    BS_TYPE_VARBINARY,
    BS_TYPE_BLOB, /* TINYBLOB to LONGBLOB */
    BS_TYPE_ENUM,
    BS_TYPE_SET,
    BS_TYPE_JSON,     /* MySQL's; MariaDB's is LONGTEXT */
    BS_TYPE_GEOMETRY, /* and POINT, POLYGON, ... */
    BS_TYPE_VECTOR,
    BS_TYPE_UUID,  /* MariaDB */
    BS_TYPE_INET4, /* MariaDB */
    BS_TYPE_INET6, /* MariaDB */
};

enum bs_generated { BS_GENERATED_NOT, BS_GENERATED_VIRTUAL, BS_GENERATED_STORED };

struct bs_column {
    char *name;
    enum bs_type type;
    char *type_text; /* COLUMN_TYPE: "int(10) unsigned", "enum('a','b')" */
    bool is_unsigned;
    bool nullable;
    bool invisible;
    bool auto_increment;
    enum bs_generated generated;
    uint32_t length;   /* CHAR, BINARY, VARCHAR, VARBINARY: characters; BIT: bits; else 0 */
    uint8_t fsp;       /* fractional digits of a temporal type */
    uint8_t precision; /* DECIMAL */
    uint8_t scale;     /* DECIMAL */
    bool old_temporal; /* MariaDB pre-5.6 format: COLUMN_TYPE says mariadb-5.3 */
    bool has_srid;
    char *charset;   /* text types, ENUM and SET; else NULL */
    char *collation; /* the same */
};

struct bs_key_part {
    size_t column;   /* index into columns */
    uint32_t prefix; /* characters or bytes; 0: the whole column */
    bool descending;
};

struct bs_key {
    char *name; /* "PRIMARY" for the primary key */
    bool unique;
    bool nullable;   /* some part may be NULL */
    bool hidden;     /* INVISIBLE or IGNORED: no statement may ask for it by name */
    bool functional; /* some part is an expression: parts then lists only real columns */
    struct bs_key_part *parts;
    size_t part_count;
};

enum bs_fk_action {
    BS_FK_RESTRICT,
    BS_FK_CASCADE,
    BS_FK_SET_NULL,
    BS_FK_NO_ACTION,
    BS_FK_SET_DEFAULT
};

struct bs_foreign_key {
    char *name;
    char *parent_db;
    char *parent_table;
    char **columns; /* child columns */
    char **parent_columns;
    size_t column_count;
    enum bs_fk_action on_delete;
    enum bs_fk_action on_update;
};

/* Does it change rows of the child by itself? */
bool bs_foreign_key_acts(const struct bs_foreign_key *fk);

struct bs_table {
    char *db;
    char *name;
    char *engine;
    char *create; /* SHOW CREATE TABLE */
    uint64_t row_estimate;
    uint64_t data_bytes;
    uint64_t auto_increment; /* 0: none */
    struct bs_column
        *columns; /* in the order of row images, hidden ones that the catalogue shows included */
    size_t column_count;
    struct bs_key *keys; /* PRIMARY first, if there is one */
    size_t key_count;
    struct bs_foreign_key *fks;
    size_t fk_count;
    bool is_sequence;  /* MariaDB */
    bool is_versioned; /* MariaDB WITH SYSTEM VERSIONING */
    /* The columns are those of a target of the other flavour: what the source sends for them may be
     * of another type, which its table map then tells (src/binlog/column.c). */
    bool is_translated;
};

void bs_table_free(struct bs_table *table);
struct bs_column *bs_table_column(const struct bs_table *table, struct bs_str name); /* or NULL */

bool bs_table_has_primary_key(const struct bs_table *table);

/* The key by which rows are found: PRIMARY, else the first unique key without nullable, functional
 * or prefix parts; NULL if there is none (a "keyless" table). */
const struct bs_key *bs_table_row_key(const struct bs_table *table);

/* True when a value of this column is text in column->charset (not binary bytes). */
bool bs_column_is_text(const struct bs_column *column);

/* The model as bytes for the state tables, and back. The format has a version byte; decoding bytes
 * of a newer version fails with BS_SCHEMA. */
void bs_table_encode(const struct bs_table *table, struct bs_buf *out);
enum bs_status bs_table_decode(struct bs_str bytes, struct bs_table **table,
                               struct bs_error *err) BS_MUST_CHECK;

/* Everything else that is moved: known by name and by its CREATE statement. */
enum bs_object_kind {
    BS_OBJECT_DATABASE,
    BS_OBJECT_TABLE,
    BS_OBJECT_VIEW,
    BS_OBJECT_PROCEDURE,
    BS_OBJECT_FUNCTION,
    BS_OBJECT_PACKAGE,      /* MariaDB: the specification */
    BS_OBJECT_PACKAGE_BODY, /* goes when its specification is dropped */
    BS_OBJECT_TRIGGER,
    BS_OBJECT_EVENT,
    BS_OBJECT_SEQUENCE,
};

struct bs_object {
    enum bs_object_kind kind;
    char *db;
    char *name;   /* "" for a database */
    char *table;  /* triggers: the table it is on; else NULL */
    char *create; /* full CREATE statement, DEFINER included, names unqualified as the server prints
                     them */
    char *sql_mode;       /* routines, triggers, events; NULL else */
    char *charset_client; /* character_set_client at creation; NULL for databases */
    char *collation_connection;
    char *collation_database;
    char *time_zone; /* events */
};

void bs_object_fini(struct bs_object *object);
void bs_objects_free(struct bs_object *objects, size_t count); /* heap, each of them too */
const char *bs_object_kind_name(enum bs_object_kind kind);     /* "VIEW", as in SQL */

/* What a run is about: tables in full, the rest by CREATE text. */
struct bs_schema {
    struct bs_object *objects; /* databases, routines, packages, views, triggers, events */
    size_t object_count;
    struct bs_table **tables;
    size_t table_count;
};

void bs_schema_free(struct bs_schema *schema);

/* The table's index, by its name to the letter, else whatever the case; table_count: not there. */
size_t bs_schema_find_table(const struct bs_schema *schema, const char *db, const char *name);

#endif

/* Column types as TABLE_MAP numbers them: field guide 4.2. Internal to src/binlog. */
#ifndef BS_BINLOG_WIRE_TYPE_H
#define BS_BINLOG_WIRE_TYPE_H

enum bs_wire_type {
    BS_WIRE_TINY = 1,
    BS_WIRE_SHORT = 2,
    BS_WIRE_LONG = 3,
    BS_WIRE_FLOAT = 4,
    BS_WIRE_DOUBLE = 5,
    BS_WIRE_NULL = 6,
    BS_WIRE_TIMESTAMP = 7, /* before 5.6, and MariaDB's with mysql56_temporal_format=OFF */
    BS_WIRE_LONGLONG = 8,
    BS_WIRE_INT24 = 9,
    BS_WIRE_DATE = 10,
    BS_WIRE_TIME = 11,     /* the same */
    BS_WIRE_DATETIME = 12, /* the same */
    BS_WIRE_YEAR = 13,
    BS_WIRE_NEWDATE = 14,
    BS_WIRE_VARCHAR = 15,
    BS_WIRE_BIT = 16,
    BS_WIRE_TIMESTAMP2 = 17,
    BS_WIRE_DATETIME2 = 18,
    BS_WIRE_TIME2 = 19,
    BS_WIRE_TYPED_ARRAY = 20, /* hidden column of a multi-valued index */
    BS_WIRE_BLOB_COMPRESSED = 140,
    BS_WIRE_VARCHAR_COMPRESSED = 141,
    BS_WIRE_VECTOR = 242,
    BS_WIRE_JSON = 245,
    BS_WIRE_NEWDECIMAL = 246,
    BS_WIRE_ENUM = 247, /* these two only inside 254 */
    BS_WIRE_SET = 248,
    BS_WIRE_BLOB = 252,
    BS_WIRE_VAR_STRING = 253,
    BS_WIRE_STRING = 254,
    BS_WIRE_GEOMETRY = 255,
};

#endif

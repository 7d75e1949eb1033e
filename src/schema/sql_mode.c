#include "schema/sql_mode.h"

#include <stddef.h>

struct mode_bit {
    unsigned int bit;
    const char *name;
    uint32_t mysql_gone; /* first MySQL version without it; 0: still there */
};

/* Bits 8, 10 to 17 and 28 are modes that MySQL removed in 8.0. */
static const struct mode_bit COMMON[] = {
    {0, "REAL_AS_FLOAT", 0},
    {1, "PIPES_AS_CONCAT", 0},
    {2, "ANSI_QUOTES", 0},
    {3, "IGNORE_SPACE", 0},
    {5, "ONLY_FULL_GROUP_BY", 0},
    {6, "NO_UNSIGNED_SUBTRACTION", 0},
    {7, "NO_DIR_IN_CREATE", 0},
    {8, "POSTGRESQL", 80000},
    {9, "ORACLE", 80000},
    {10, "MSSQL", 80000},
    {11, "DB2", 80000},
    {12, "MAXDB", 80000},
    {13, "NO_KEY_OPTIONS", 80000},
    {14, "NO_TABLE_OPTIONS", 80000},
    {15, "NO_FIELD_OPTIONS", 80000},
    {16, "MYSQL323", 80000},
    {17, "MYSQL40", 80000},
    {18, "ANSI", 0},
    {19, "NO_AUTO_VALUE_ON_ZERO", 0},
    {20, "NO_BACKSLASH_ESCAPES", 0},
    {21, "STRICT_TRANS_TABLES", 0},
    {22, "STRICT_ALL_TABLES", 0},
    {23, "NO_ZERO_IN_DATE", 0},
    {24, "NO_ZERO_DATE", 0},
    {25, "ALLOW_INVALID_DATES", 0},
    {26, "ERROR_FOR_DIVISION_BY_ZERO", 0},
    {27, "TRADITIONAL", 0},
    {28, "NO_AUTO_CREATE_USER", 80000},
    {29, "HIGH_NOT_PRECEDENCE", 0},
    {30, "NO_ENGINE_SUBSTITUTION", 0},
    {31, "PAD_CHAR_TO_FULL_LENGTH", 0},
};

static const char TRUNCATES[] = "TIME_TRUNCATE_FRACTIONAL", ROUNDS[] = "TIME_ROUND_FRACTIONAL";

static const struct mode_bit MYSQL_ONLY[] = {{32, TRUNCATES, 0}};

static const struct mode_bit MARIADB_ONLY[] = {
    {32, "EMPTY_STRING_IS_NULL", 0},
    {33, "SIMULTANEOUS_ASSIGNMENT", 0},
    {34, ROUNDS, 0},
};

static void
put_bits(struct bs_buf *out, uint64_t bits, const struct mode_bit *table, size_t count,
         const struct bs_server *target) {
    for (size_t i = 0; i < count; i++) {
        bool gone = target->flavour == BS_MYSQL && table[i].mysql_gone != 0 &&
                    target->version >= table[i].mysql_gone;
        if ((bits >> table[i].bit & 1) != 0 && !gone) {
            bs_buf_printf(out, "%s%s", out->len > 0 ? "," : "", table[i].name);
        }
    }
}

const char *
bs_sql_mode_fractions(bool has_mode, const struct bs_server *source,
                      const struct bs_server *target) {
    enum { MYSQL_FRACTIONS = 50604, MYSQL_CHOICE = 80001, MARIADB_CHOICE = 100401 };
    bool rounds =
        source->flavour == BS_MARIADB ? has_mode : source->version >= MYSQL_FRACTIONS && !has_mode;
    bool has_choice =
        target->version >= (target->flavour == BS_MARIADB ? MARIADB_CHOICE : MYSQL_CHOICE);
    bool is_default = rounds == (target->flavour == BS_MYSQL);
    return is_default || !has_choice ? NULL : rounds ? ROUNDS : TRUNCATES;
}

static void
put_fractions(struct bs_buf *out, uint64_t bits, const struct bs_server *source,
              const struct bs_server *target) {
    enum { TRUNCATES_BIT = 32, ROUNDS_BIT = 34 };
    int bit = source->flavour == BS_MYSQL ? TRUNCATES_BIT : ROUNDS_BIT;
    const char *mode = bs_sql_mode_fractions((bits >> bit & 1) != 0, source, target);
    if (mode != NULL) {
        bs_buf_printf(out, "%s%s", out->len > 0 ? "," : "", mode);
    }
}

void
bs_sql_mode_put(struct bs_buf *out, uint64_t bits, const struct bs_server *source,
                const struct bs_server *target) {
    struct bs_buf names = {0};
    put_bits(&names, bits, COMMON, sizeof COMMON / sizeof COMMON[0], target);
    bool is_one_flavour = source->flavour == target->flavour;
    if (is_one_flavour && target->flavour == BS_MYSQL && target->version >= 80000) {
        put_bits(&names, bits, MYSQL_ONLY, sizeof MYSQL_ONLY / sizeof MYSQL_ONLY[0], target);
    }
    if (is_one_flavour && target->flavour == BS_MARIADB) {
        put_bits(&names, bits, MARIADB_ONLY, sizeof MARIADB_ONLY / sizeof MARIADB_ONLY[0], target);
    }
    if (!is_one_flavour) {
        put_fractions(&names, bits, source, target);
    }
    bs_buf_put_str(out, bs_buf_str(&names));
    bs_buf_fini(&names);
}

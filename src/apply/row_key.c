#include "apply/row_key.h"

#include "apply/literal.h"
#include "base/map.h"

#include <string.h>

#define NOT_PRINTABLE_FIRST 0x7f

static uint64_t
mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

static bool
ends_with(const char *text, const char *end) {
    size_t text_len = strlen(text);
    size_t end_len = strlen(end);
    return text_len >= end_len && strcmp(text + text_len - end_len, end) == 0;
}

/* Collations that equate two different strings of printable ASCII only by case (and accents, of
 * which ASCII has none). Not among them: those with contractions ("ccs" is "cscs" in Hungarian),
 * and swe7, where letters stand in the place of brackets. */
enum bs_key_class
bs_key_class_of(const struct bs_column *column) {
    static const char *const FOLDED[] = {
        "_general_ci",           "_general_cs",          "_general_nopad_ci",
        "_unicode_ci",           "_unicode_520_ci",      "_unicode_nopad_ci",
        "_unicode_520_nopad_ci", "_0900_ai_ci",          "_0900_as_ci",
        "_0900_as_cs",           "_uca1400_ai_ci",       "_uca1400_as_ci",
        "_uca1400_ai_cs",        "_uca1400_as_cs",       "_uca1400_nopad_ai_ci",
        "_uca1400_nopad_as_ci",  "_uca1400_nopad_ai_cs", "_uca1400_nopad_as_cs",
    };
    if (!bs_column_is_text(column) || column->collation == NULL || column->type == BS_TYPE_ENUM ||
        column->type == BS_TYPE_SET) {
        return BS_KEY_EXACT;
    }
    const char *name = column->collation;
    bool is_bin =
        strcmp(name, "binary") == 0 || ends_with(name, "_bin") || ends_with(name, "_nopad_bin");
    if (is_bin) {
        return BS_KEY_EXACT;
    }
    if (strncmp(name, "swe7", 4) == 0) {
        return BS_KEY_OPAQUE;
    }
    if (strcmp(name, "latin1_swedish_ci") == 0 || strcmp(name, "latin1_swedish_nopad_ci") == 0) {
        return BS_KEY_FOLDED;
    }
    for (size_t i = 0; i < sizeof FOLDED / sizeof FOLDED[0]; i++) {
        /* Not those of one language, such as utf8mb4_hu_0900_ai_ci. */
        const char *charset_end = strchr(name, '_');
        if (charset_end != NULL && strcmp(charset_end, FOLDED[i]) == 0) {
            return BS_KEY_FOLDED;
        }
    }
    return BS_KEY_OPAQUE;
}

uint64_t
bs_key_seed(struct bs_str db, struct bs_str table, struct bs_str key) {
    uint64_t hash = bs_hash(db.data, db.len);
    hash = mix(hash, bs_hash(table.data, table.len));
    return mix(hash, bs_hash(key.data, key.len));
}

/* Spaces and zero bytes at the end do not count: some comparisons pad with them. */
static struct bs_str
without_padding(struct bs_str text) {
    while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\0')) {
        text.len--;
    }
    return text;
}

static bool
hash_folded(struct bs_str text, uint64_t *hash) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < ' ' || c >= NOT_PRINTABLE_FIRST) {
            return false;
        }
        *hash = mix(*hash, c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    return true;
}

static bool
is_ascii(struct bs_str text) {
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] >= NOT_PRINTABLE_FIRST) {
            return false;
        }
    }
    return true;
}

static bool
hash_text(const struct bs_key_column *column, struct bs_str text, uint64_t *hash) {
    if (column->class == BS_KEY_OPAQUE) {
        return false;
    }
    if (column->prefix > 0 && column->prefix < text.len) {
        /* Characters, not bytes: the same only for ASCII. */
        if (!is_ascii(text)) {
            return false;
        }
        text.len = column->prefix;
    } else if (column->prefix > 0 && !is_ascii(text)) {
        return false;
    }
    text = without_padding(text);
    if (column->class == BS_KEY_FOLDED) {
        return hash_folded(text, hash);
    }
    *hash = mix(*hash, bs_hash(text.data, text.len));
    return true;
}

static uint64_t
bits_of(double value) {
    uint64_t bits;
    value = value == 0 ? 0 : value; /* -0 is 0 */
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static enum bs_key_hash_result
hash_value(const struct bs_key_column *column, const struct bs_value *value, uint64_t *hash) {
    switch (value->kind) {
    case BS_VALUE_NULL:
        return BS_KEY_NULL;
    case BS_VALUE_INT:
        *hash = mix(*hash, (uint64_t)value->i64);
        return BS_KEY_HASHED;
    case BS_VALUE_UINT:
        *hash = mix(*hash, value->u64);
        return BS_KEY_HASHED;
    case BS_VALUE_FLOAT:
        *hash = mix(*hash, bits_of((double)value->f32));
        return BS_KEY_HASHED;
    case BS_VALUE_DOUBLE:
        *hash = mix(*hash, bits_of(value->f64));
        return BS_KEY_HASHED;
    case BS_VALUE_DECIMAL:
    case BS_VALUE_TEMPORAL:
    case BS_VALUE_BYTES:
        return hash_text(column, value->text, hash) ? BS_KEY_HASHED : BS_KEY_UNSAFE;
    case BS_VALUE_ABSENT: /* a generated column that was not logged */
    case BS_VALUE_JSON:
    case BS_VALUE_JSON_DIFF:
        return BS_KEY_UNSAFE;
    }
    return BS_KEY_UNSAFE;
}

enum bs_key_hash_result
bs_key_hash(const struct bs_hashed_key *key, const struct bs_value *values, uint64_t *hash) {
    enum bs_key_hash_result result = BS_KEY_HASHED;
    *hash = key->seed;
    for (size_t i = 0; i < key->column_count; i++) {
        const struct bs_key_column *column = &key->columns[i];
        enum bs_key_hash_result part = hash_value(column, &values[column->column], hash);
        if (part == BS_KEY_NULL) {
            return BS_KEY_NULL;
        }
        result = part == BS_KEY_UNSAFE ? BS_KEY_UNSAFE : result;
        *hash = mix(*hash, 0xff); /* ("ab", "c") is not ("a", "bc") */
    }
    return result;
}

uint64_t
bs_row_identity(const struct bs_key *key, const struct bs_value *values) {
    uint64_t hash = 1;
    for (size_t i = 0; i < key->part_count; i++) {
        const struct bs_value *value = &values[key->parts[i].column];
        switch (value->kind) {
        case BS_VALUE_ABSENT:
        case BS_VALUE_NULL:
            hash = mix(hash, 0);
            break;
        case BS_VALUE_INT:
        case BS_VALUE_UINT:
            hash = mix(hash, value->u64);
            break;
        case BS_VALUE_FLOAT:
            hash = mix(hash, bits_of((double)value->f32));
            break;
        case BS_VALUE_DOUBLE:
            hash = mix(hash, bits_of(value->f64));
            break;
        case BS_VALUE_DECIMAL:
        case BS_VALUE_TEMPORAL:
        case BS_VALUE_BYTES:
        case BS_VALUE_JSON:
        case BS_VALUE_JSON_DIFF:
            hash = mix(hash, bs_hash(value->text.data, value->text.len));
            break;
        }
    }
    return hash;
}

bool
bs_row_is_same(const struct bs_key *key, const struct bs_value *a, const struct bs_value *b) {
    for (size_t i = 0; i < key->part_count; i++) {
        size_t column = key->parts[i].column;
        if (!bs_value_equal(&a[column], &b[column])) {
            return false;
        }
    }
    return true;
}

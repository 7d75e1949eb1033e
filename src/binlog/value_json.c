/* A JSON column's value: the document as text. */
#include "binlog/json_text.h"
#include "binlog/reader.h"

void
bs_read_json(struct bs_rows *rows, const struct bs_column_plan *plan, struct bs_value *value) {
    bs_read_string(rows, plan, value);
    value->kind = BS_VALUE_JSON;
    if (!rows->cursor.failed && !bs_doc_print(value->text, rows->arena, &value->text)) {
        rows->bad = "a malformed JSON document";
    }
}

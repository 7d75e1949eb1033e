/* A pace as JSON and back: the same members in the same order. What is not known is null. */
#include "follow/rates.h"

#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
put_number(struct bs_buf *out, const char *key, bool known, double number) {
    char text[64] = "null";
    if (known) {
        (void)snprintf(text, sizeof text, "%.3f", number);
    }
    bs_json_put_raw(out, key, text);
}

static bool
read_number(const char *json, const char *key, double *number) {
    char *text = bs_json_get(json, key);
    bool known = text != NULL;
    *number = known ? strtod(text, NULL) : 0;
    free(text);
    return known;
}

void
bs_pace_put(struct bs_buf *out, const struct bs_pace *pace) {
    put_number(out, "lag_s", true, pace->lag_s);
    bs_pace_put_rates(out, pace);
}

void
bs_pace_put_rates(struct bs_buf *out, const struct bs_pace *pace) {
    bool is_hot = pace->held_by == BS_HELD_HOT_ROW && pace->table[0] != '\0';
    bool is_named = pace->held_by != BS_HELD_UNKNOWN;
    if (pace->lag_bytes_known) {
        bs_json_put_u64(out, "lag_bytes", pace->lag_bytes);
    } else {
        bs_json_put_raw(out, "lag_bytes", NULL);
    }
    put_number(out, "write_bytes_per_s", pace->written_known, pace->written_per_s);
    put_number(out, "apply_bytes_per_s", pace->applied_known, pace->applied_per_s);
    put_number(out, "apply_transactions_per_s", pace->rates_known, pace->transactions_per_s);
    put_number(out, "apply_rows_per_s", pace->rates_known, pace->rows_per_s);
    put_number(out, "eta_s", pace->eta_known, pace->eta_s);
    bs_json_put_bool(out, "falling_behind", pace->falls_behind);
    put_number(out, "behind_s_per_min", pace->behind_s_per_min > 0, pace->behind_s_per_min);
    put_number(out, "behind_bytes_per_min", pace->behind_bytes_per_min > 0,
               pace->behind_bytes_per_min);
    bs_json_put_text(out, "held_by", is_named ? bs_held_by_name(pace->held_by) : NULL);
    bs_json_put_text(out, "hot_table", is_hot ? pace->table : NULL);
}

static enum bs_held_by
read_held_by(const char *json) {
    char *name = bs_json_get(json, "held_by");
    enum bs_held_by held_by = BS_HELD_UNKNOWN;
    for (int i = 0; name != NULL && i < BS_HELD_CAUSES; i++) {
        if (strcmp(name, bs_held_by_name((enum bs_held_by)i)) == 0) {
            held_by = (enum bs_held_by)i;
        }
    }
    free(name);
    return held_by;
}

void
bs_pace_read(struct bs_pace *pace, const char *json) {
    double lag_bytes = 0;
    memset(pace, 0, sizeof *pace);
    (void)read_number(json, "lag_s", &pace->lag_s);
    pace->lag_bytes_known = read_number(json, "lag_bytes", &lag_bytes);
    pace->lag_bytes = (uint64_t)lag_bytes;
    pace->written_known = read_number(json, "write_bytes_per_s", &pace->written_per_s);
    pace->applied_known = read_number(json, "apply_bytes_per_s", &pace->applied_per_s);
    pace->rates_known = read_number(json, "apply_transactions_per_s", &pace->transactions_per_s);
    (void)read_number(json, "apply_rows_per_s", &pace->rows_per_s);
    pace->eta_known = read_number(json, "eta_s", &pace->eta_s);
    char *falls = bs_json_get(json, "falling_behind");
    pace->falls_behind = falls != NULL && strcmp(falls, "true") == 0;
    free(falls);
    (void)read_number(json, "behind_s_per_min", &pace->behind_s_per_min);
    (void)read_number(json, "behind_bytes_per_min", &pace->behind_bytes_per_min);
    pace->held_by = read_held_by(json);
    char *table = bs_json_get(json, "hot_table");
    (void)snprintf(pace->table, sizeof pace->table, "%s", table != NULL ? table : "");
    free(table);
}

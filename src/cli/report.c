#include "cli/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME_WIDTH = 16, GTID_SHOWN_MAX = 200 };

void
bs_report_put_count(struct bs_buf *out, uint64_t number) {
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, number);
    for (int i = 0; i < len; i++) {
        bs_buf_printf(out, "%s%c", i > 0 && (len - i) % 3 == 0 ? "," : "", digits[i]);
    }
}

void
bs_report_put_bytes(struct bs_buf *out, uint64_t bytes) {
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
    size_t unit = 0;
    double amount = (double)bytes;
    while (amount >= 999.95 && unit + 1 < sizeof units / sizeof units[0]) {
        amount /= 1000;
        unit++;
    }
    bs_buf_printf(out, unit == 0 ? "%.0f %s" : "%.1f %s", amount, units[unit]);
}

void
bs_report_put_ms(struct bs_buf *out, int64_t ms) {
    int64_t seconds = ms / 1000;
    if (ms < 1000) {
        bs_buf_printf(out, "%" PRId64 " ms", ms);
    } else if (seconds < 60) {
        bs_buf_printf(out, "%.1f s", (double)ms / 1000);
    } else if (seconds < 3600) {
        bs_buf_printf(out, "%" PRId64 " min %" PRId64 " s", seconds / 60, seconds % 60);
    } else {
        bs_buf_printf(out, "%" PRId64 " h %02" PRId64 " min", seconds / 3600, seconds / 60 % 60);
    }
}

void
bs_report_put_things(struct bs_buf *out, uint64_t number, const char *thing) {
    bs_report_put_count(out, number);
    bs_buf_printf(out, " %s%s", thing, number == 1 ? "" : "s");
}

void
bs_report_put_line(struct bs_buf *out, const char *name, const char *fmt, ...) {
    char text[1024];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    bs_buf_printf(out, "  %-*s %s\n", NAME_WIDTH, name, text);
}

void
bs_report_put_position(struct bs_buf *out, const struct bs_position *position) {
    if (position->file != NULL && position->file[0] != '\0') {
        bs_report_put_line(out, "position", "%s:%" PRIu64, position->file, position->pos);
    }
    if (position->gtid != NULL && position->gtid[0] != '\0') {
        bool is_long = strlen(position->gtid) > GTID_SHOWN_MAX;
        bs_report_put_line(out, "GTID", "%.*s%s", GTID_SHOWN_MAX, position->gtid,
                           is_long ? "..." : "");
    }
}

enum bs_status
bs_report_print(const struct bs_buf *text, struct bs_error *err) {
    if (fwrite(text->data, 1, text->len, stdout) != text->len || fflush(stdout) != 0) {
        return bs_error_sys(err, errno, "cannot write to standard output");
    }
    return BS_OK;
}

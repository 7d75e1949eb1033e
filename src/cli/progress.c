#include "cli/progress.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PLAIN_EVERY_MS = 10000, WIDTH_DEFAULT = 80, WIDTH_MAX = 200 };

void
bs_progress_begin(struct bs_progress *progress, enum bs_progress_mode mode, bool as_json) {
    if (mode == BS_PROGRESS_AUTO) {
        mode = isatty(STDERR_FILENO) && !as_json ? BS_PROGRESS_BAR : BS_PROGRESS_PLAIN;
    }
    *progress = (struct bs_progress){
        .mode = mode, .as_json = as_json, .next_ms = bs_clock_mono_ms() + PLAIN_EVERY_MS};
}

static size_t
terminal_width(void) {
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20) {
        return WIDTH_DEFAULT;
    }
    return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

static void
draw(const char *text) {
    size_t width = terminal_width() - 1;
    struct bs_buf bar = {0};
    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        bs_buf_put(&bar, line, len < width ? len : width);
        line += len;
        if (*line == '\n') {
            bs_buf_puts(&bar, "\n");
            line++;
        }
    }
    bs_log_draw_bar(bs_buf_cstr(&bar));
    bs_buf_fini(&bar);
}

static void
log_lines(const char *text) {
    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        bs_log(BS_LOG_INFO, "%.*s", (int)len, line);
        line += len + (line[len] == '\n');
    }
}

void
bs_progress_show(struct bs_progress *progress, const char *text) {
    int64_t now = bs_clock_mono_ms();
    if (progress->mode == BS_PROGRESS_BAR) {
        draw(text);
    } else if (progress->mode == BS_PROGRESS_PLAIN && now >= progress->next_ms) {
        progress->next_ms = now + PLAIN_EVERY_MS;
        if (progress->as_json) {
            log_lines(text);
        } else {
            (void)fprintf(stderr, "%s\n", text);
        }
    }
}

void
bs_progress_end(struct bs_progress *progress) {
    if (progress->mode == BS_PROGRESS_BAR) {
        bs_log_erase_bar();
    }
}

#include "framing.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "binlog/event.h"
#include "logfile/logfile.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAGIC_LEN = 4, SIZE_OFFSET = 9 };

void
framing_init(struct framing *f) {
    *f = (struct framing){.fd = memfd_create("binlog", MFD_CLOEXEC)};
    BS_ASSERT(f->fd >= 0);
    (void)snprintf(f->path, sizeof f->path, "/proc/self/fd/%d", f->fd);
}

void
framing_fini(struct framing *f) {
    (void)close(f->fd);
}

/* Writes only what is not there. */
static void
hold(struct framing *f, const char *bytes, size_t len) {
    if (f->source != bytes || f->len != len) {
        size_t kept = f->source != bytes ? 0 : f->len < len ? f->len : len;
        BS_ASSERT(ftruncate(f->fd, (off_t)kept) == 0);
        BS_ASSERT(pwrite(f->fd, bytes + kept, len - kept, (off_t)kept) == (ssize_t)(len - kept));
    }
    f->source = bytes;
    f->len = len;
}

/* The length of the event that stands at the start; 0 if no whole one does. */
static size_t
whole_event(struct bs_str rest) {
    struct bs_cursor c = bs_cursor(rest.data, rest.len);
    bs_cursor_skip(&c, SIZE_OFFSET);
    size_t size = bs_cursor_read_u32(&c);
    return size >= BS_EVENT_HEADER_LEN && size <= rest.len ? size : 0;
}

static bool
has_magic(struct bs_str file) {
    return file.len >= MAGIC_LEN && memcmp(file.data, "\xfe\x62\x69\x6e", MAGIC_LEN) == 0;
}

size_t
frame_head(struct framing *f, const char *bytes, size_t len) {
    struct bs_logfile *file = NULL;
    struct bs_str raw = {"", 0};
    size_t events = 0;
    hold(f, bytes, len);
    enum bs_status status = bs_logfile_open(&file, f->path, NULL);
    BS_ASSERT((status == BS_OK) == has_magic((struct bs_str){bytes, len}));
    if (status != BS_OK) {
        return 0;
    }
    struct bs_str rest = {bytes + MAGIC_LEN, len - MAGIC_LEN};
    while ((status = bs_logfile_next(file, &raw, NULL)) == BS_OK && raw.len > 0) {
        BS_ASSERT(raw.len == whole_event(rest) && memcmp(raw.data, rest.data, raw.len) == 0);
        rest = (struct bs_str){rest.data + raw.len, rest.len - raw.len};
        events++;
    }
    BS_ASSERT(status == BS_OK ? rest.len == 0
                              : status == BS_PROTOCOL && rest.len > 0 && whole_event(rest) == 0);
    BS_ASSERT(bs_logfile_pos(file) == len - rest.len);
    bs_logfile_close(file);
    return events;
}

size_t
frame_all(struct framing *f, struct bs_str file) {
    f->source = NULL;
    size_t events = frame_head(f, file.data, file.len);
    f->source = NULL;
    return events;
}

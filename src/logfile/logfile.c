#include "logfile/logfile.h"

#include "base/buf.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "binlog/event.h"
#include "logfile/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAGIC_LEN = 4, SIZE_OFFSET = 9, BLOCK_LEN = 1 << 18 };

struct bs_logfile {
    struct bs_unpack *unpack;
    char *path;
    char *name;
    uint64_t pos;      /* of the next event */
    struct bs_buf buf; /* what was read: from `at` on not yet given */
    size_t at;
    size_t given; /* length of the event that was given last */
    bool ended;
};

static enum bs_status
fail_at(const struct bs_logfile *f, enum bs_status status, struct bs_error *err) {
    (void)bs_error_at(err, "%s:%" PRIu64, f->name, f->pos);
    return status;
}

/* Makes at least len bytes available from `at` on, or as many as there are. The buffer grows by
 * what has come, not by what was promised. */
static enum bs_status
want(struct bs_logfile *f, size_t len, struct bs_error *err) {
    while (f->buf.len - f->at < len && !f->ended) {
        if (f->at > 0) {
            bs_buf_consume(&f->buf, f->at);
            f->at = 0;
        }
        size_t step = f->buf.len < BLOCK_LEN ? BLOCK_LEN : f->buf.len;
        size_t got = 0;
        enum bs_status status =
            bs_unpack_read(f->unpack, bs_buf_reserve(&f->buf, step), step, &got, err);
        if (status != BS_OK) {
            return status;
        }
        f->buf.len += got;
        f->ended = got == 0;
    }
    return BS_OK;
}

static enum bs_status
refuse_magic(const struct bs_logfile *f, const uint8_t *magic, size_t len, struct bs_error *err) {
    if (len == MAGIC_LEN && memcmp(magic, "\xfd\x62\x69\x6e", MAGIC_LEN) == 0) {
        bs_error_set(err, BS_PROTOCOL, "%s is encrypted at rest by MySQL (binlog_encryption)",
                     f->path);
        (void)bs_error_at(err, "%s:0", f->name);
        return bs_error_hint(err, "read it from its server, which decrypts it: --source URI");
    }
    bs_error_set(err, BS_PROTOCOL,
                 len < MAGIC_LEN ? "%s is no binlog file: it has fewer than 4 bytes"
                                 : "%s is no binlog file: it does not begin with fe 62 69 6e",
                 f->path);
    return bs_error_hint(err, "name binlog or relay log files, as they are or as .gz or .zst");
}

static enum bs_status
check_magic(struct bs_logfile *f, struct bs_error *err) {
    enum bs_status status = want(f, MAGIC_LEN, err);
    if (status != BS_OK) {
        return fail_at(f, status, err);
    }
    size_t len = f->buf.len - f->at < MAGIC_LEN ? f->buf.len - f->at : MAGIC_LEN;
    if (len < MAGIC_LEN || memcmp(f->buf.data + f->at, "\xfe\x62\x69\x6e", MAGIC_LEN) != 0) {
        return refuse_magic(f, f->buf.data + f->at, len, err);
    }
    f->at += MAGIC_LEN;
    f->pos = MAGIC_LEN;
    return BS_OK;
}

/* "/var/log/mysql/binlog.000007.gz" is binlog.000007. */
static char *
name_of(const char *path) {
    if (strcmp(path, "-") == 0) {
        return bs_strdup("stdin");
    }
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    size_t len = strlen(name);
    if (len > 3 && strcmp(name + len - 3, ".gz") == 0) {
        len -= 3;
    } else if (len > 4 && strcmp(name + len - 4, ".zst") == 0) {
        len -= 4;
    }
    return bs_strndup(name, len);
}

enum bs_status
bs_logfile_open(struct bs_logfile **file, const char *path, struct bs_error *err) {
    struct bs_logfile *f = bs_zalloc(sizeof *f);
    f->path = bs_strdup(strcmp(path, "-") == 0 ? "standard input" : path);
    f->name = name_of(path);
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    enum bs_status status = BS_OK;
    if (fd < 0) {
        status = bs_error_sys(err, errno, "cannot open %s", path);
    } else {
        status = bs_unpack_open(&f->unpack, fd, f->path, err);
    }
    if (status == BS_OK) {
        status = check_magic(f, err);
    }
    if (status != BS_OK) {
        bs_logfile_close(f);
        f = NULL;
    }
    *file = f;
    return status;
}

void
bs_logfile_close(struct bs_logfile *f) {
    if (f == NULL) {
        return;
    }
    bs_unpack_close(f->unpack);
    bs_buf_fini(&f->buf);
    free(f->path);
    free(f->name);
    free(f);
}

static enum bs_status
cut_short(const struct bs_logfile *f, size_t size, struct bs_error *err) {
    bs_error_set(err, BS_PROTOCOL, "%s ends inside an event: %zu of its %zu bytes are there",
                 f->path, f->buf.len - f->at, size);
    (void)bs_error_hint(err, "the file was cut short, or its server is still writing it");
    return fail_at(f, BS_PROTOCOL, err);
}

static enum bs_status
bad_size(const struct bs_logfile *f, uint32_t size, struct bs_error *err) {
    bs_error_set(err, BS_PROTOCOL, "%s is damaged: what should be an event has a size of %" PRIu32,
                 f->path, size);
    return fail_at(f, BS_PROTOCOL, err);
}

enum bs_status
bs_logfile_next(struct bs_logfile *f, struct bs_str *raw, struct bs_error *err) {
    *raw = (struct bs_str){"", 0};
    f->at += f->given;
    f->pos += f->given;
    f->given = 0;
    enum bs_status status = want(f, BS_EVENT_HEADER_LEN, err);
    size_t here = f->buf.len - f->at;
    if (status != BS_OK || here == 0) {
        return status == BS_OK ? BS_OK : fail_at(f, status, err);
    }
    if (here < BS_EVENT_HEADER_LEN) {
        return cut_short(f, BS_EVENT_HEADER_LEN, err);
    }
    struct bs_cursor c = bs_cursor(f->buf.data + f->at + SIZE_OFFSET, sizeof(uint32_t));
    uint32_t size = bs_cursor_read_u32(&c);
    if (size < BS_EVENT_HEADER_LEN || size > BS_EVENT_LEN_MAX) {
        return bad_size(f, size, err);
    }
    status = want(f, size, err);
    if (status != BS_OK) {
        return fail_at(f, status, err);
    }
    if (f->buf.len - f->at < size) {
        return cut_short(f, size, err);
    }
    f->given = size;
    *raw = (struct bs_str){(const char *)f->buf.data + f->at, size};
    return BS_OK;
}

const char *
bs_logfile_name(const struct bs_logfile *f) {
    return f->name;
}

uint64_t
bs_logfile_pos(const struct bs_logfile *f) {
    return f->pos;
}

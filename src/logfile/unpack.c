#include "logfile/unpack.h"

#include "base/mem.h"
#include "base/stop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum packing { PACKED_NOT, PACKED_GZIP, PACKED_ZSTD };

enum { INPUT_LEN = 256 * 1024, MAGIC_LEN = 4, ZSTD_HEAD_LEN = 5 };

struct bs_unpack {
    int fd;
    const char *name;
    enum packing packing;
    bool ended;    /* of the descriptor */
    bool in_frame; /* of the packed stream: more must come */
    size_t at, len;
    const char *broken; /* what is wrong behind what was given; static text */
    z_stream gzip;
    ZSTD_DStream *zstd;
    size_t zstd_wants; /* bytes to the end of the block at hand */
    uint8_t input[INPUT_LEN];
};

static enum bs_status
read_fd(struct bs_unpack *u, uint8_t *to, size_t len, size_t *got, struct bs_error *err) {
    for (;;) {
        ssize_t n = read(u->fd, to, len);
        if (n >= 0) {
            u->ended = n == 0;
            *got = (size_t)n;
            return BS_OK;
        }
        if (errno != EINTR) {
            return bs_error_sys(err, errno, "cannot read %s", u->name);
        }
        enum bs_status status = bs_stop_check(err); /* a pipe may have nothing for ever */
        if (status != BS_OK) {
            return status;
        }
    }
}

/* More packed bytes behind those that are there. */
static enum bs_status
fill(struct bs_unpack *u, struct bs_error *err) {
    memmove(u->input, u->input + u->at, u->len - u->at);
    u->len -= u->at;
    u->at = 0;
    size_t got = 0;
    enum bs_status status = read_fd(u, u->input + u->len, INPUT_LEN - u->len, &got, err);
    u->len += got;
    return status;
}

/* A frame, or one to be passed over, with which parallel programs begin. */
static bool
is_zstd(const uint8_t *head) {
    return memcmp(head, "\x28\xb5\x2f\xfd", MAGIC_LEN) == 0 ||
           ((head[0] & 0xf0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", MAGIC_LEN - 1) == 0);
}

static enum bs_status
detect(struct bs_unpack *u, struct bs_error *err) {
    enum bs_status status = BS_OK;
    while (u->len < MAGIC_LEN && !u->ended && status == BS_OK) {
        status = fill(u, err);
    }
    if (u->len >= 2 && memcmp(u->input, "\x1f\x8b", 2) == 0) {
        enum { GZIP_WINDOW = 15 + 16 };
        u->packing = PACKED_GZIP;
        BS_ASSERT(inflateInit2(&u->gzip, GZIP_WINDOW) == Z_OK);
    } else if (u->len >= MAGIC_LEN && is_zstd(u->input)) {
        u->packing = PACKED_ZSTD;
        u->zstd = ZSTD_createDStream();
        BS_ASSERT(u->zstd != NULL);
    }
    return status;
}

enum bs_status
bs_unpack_open(struct bs_unpack **unpack, int fd, const char *name, struct bs_error *err) {
    struct bs_unpack *u = bs_zalloc(sizeof *u);
    u->fd = fd;
    u->name = name;
    *unpack = u;
    return detect(u, err);
}

void
bs_unpack_close(struct bs_unpack *u) {
    if (u == NULL) {
        return;
    }
    if (u->packing == PACKED_GZIP) {
        (void)inflateEnd(&u->gzip);
    }
    (void)ZSTD_freeDStream(u->zstd);
    if (u->fd != STDIN_FILENO) {
        (void)close(u->fd);
    }
    free(u);
}

static enum bs_status
damaged(const struct bs_unpack *u, const char *why, struct bs_error *err) {
    bs_error_set(err, BS_PROTOCOL, "the compressed file %s is damaged: %s", u->name, why);
    return bs_error_hint(err, "what came before is right; take a copy that is whole");
}

/* One step of either decoder: takes input, gives output, which may be right up to a damage. */
static void
step_gzip(struct bs_unpack *u, uint8_t *to, size_t len, size_t *got) {
    u->gzip.next_in = u->input + u->at;
    u->gzip.avail_in = (uInt)(u->len - u->at);
    u->gzip.next_out = to;
    u->gzip.avail_out = (uInt)(len < UINT32_MAX ? len : UINT32_MAX);
    size_t room = u->gzip.avail_out;
    int result = inflate(&u->gzip, Z_NO_FLUSH);
    u->at = u->len - u->gzip.avail_in;
    *got = room - u->gzip.avail_out;
    u->in_frame = result != Z_STREAM_END;
    if (result == Z_STREAM_END) {
        (void)inflateReset(&u->gzip); /* another member may follow */
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
        u->broken = u->gzip.msg != NULL ? u->gzip.msg : "zlib";
    }
}

/* A block at most, since of those in front of a bad one nothing is given in the same step. */
static void
step_zstd(struct bs_unpack *u, uint8_t *to, size_t len, size_t *got) {
    size_t wants = u->zstd_wants > 0 ? u->zstd_wants : (size_t)ZSTD_HEAD_LEN;
    size_t end = u->len - u->at < wants ? u->len : u->at + wants;
    ZSTD_inBuffer in = {u->input, end, u->at};
    ZSTD_outBuffer out = {to, len, 0};
    size_t left = ZSTD_decompressStream(u->zstd, &out, &in);
    if (ZSTD_isError(left)) {
        u->broken = ZSTD_getErrorName(left);
        return;
    }
    u->at = in.pos;
    *got = out.pos;
    u->zstd_wants = left;
    u->in_frame = left != 0;
}

enum bs_status
bs_unpack_read(struct bs_unpack *u, uint8_t *to, size_t len, size_t *got, struct bs_error *err) {
    *got = 0;
    if (u->packing == PACKED_NOT) {
        size_t here = u->len - u->at;
        if (here == 0) {
            return u->ended ? BS_OK : read_fd(u, to, len, got, err);
        }
        *got = here < len ? here : len;
        memcpy(to, u->input + u->at, *got);
        u->at += *got;
        return BS_OK;
    }
    while (*got == 0) {
        if (u->broken != NULL) {
            return damaged(u, u->broken, err);
        }
        enum bs_status status = u->at == u->len && !u->ended ? fill(u, err) : BS_OK;
        if (status != BS_OK) {
            return status;
        }
        bool had_input = u->at < u->len;
        if (!had_input && !u->in_frame) {
            return BS_OK;
        }
        if (u->packing == PACKED_GZIP) {
            step_gzip(u, to, len, got);
        } else {
            step_zstd(u, to, len, got);
        }
        if (*got == 0 && u->broken == NULL && !had_input && u->in_frame) {
            return damaged(u, "it is cut short", err);
        }
    }
    return BS_OK;
}

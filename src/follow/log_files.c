#include "follow/log_files.h"

#include "apply/applied.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void
bs_log_files_fini(struct bs_log_files *log) {
    for (size_t i = 0; i < log->count; i++) {
        free(log->files[i].name);
    }
    free(log->files);
    *log = (struct bs_log_files){0};
}

static void
insert(struct bs_log_files *log, size_t at, const char *name, uint64_t size) {
    void *files = log->files;
    bs_array_grow(&files, &log->cap, log->count, sizeof *log->files);
    log->files = files;
    memmove(&log->files[at + 1], &log->files[at], (log->count - at) * sizeof *log->files);
    log->files[at] = (struct bs_log_file){bs_strdup(name), size};
    log->count++;
}

void
bs_log_files_note(struct bs_log_files *log, const char *name, uint64_t size) {
    size_t at = log->count;
    while (at > 0 && bs_log_place_compare_files(log->files[at - 1].name, name) > 0) {
        at--;
    }
    if (at > 0 && strcmp(log->files[at - 1].name, name) == 0) {
        struct bs_log_file *file = &log->files[at - 1];
        file->size = size > file->size ? size : file->size;
    } else if (at > 0 || log->count == 0) {
        insert(log, at, name, size);
    }
}

void
bs_log_files_forget_before(struct bs_log_files *log, const char *name) {
    size_t gone = 0;
    while (gone < log->count && bs_log_place_compare_files(log->files[gone].name, name) < 0) {
        log->base += log->files[gone].size;
        free(log->files[gone].name);
        gone++;
    }
    log->count -= gone;
    memmove(log->files, log->files + gone, log->count * sizeof *log->files);
}

bool
bs_log_files_number(const struct bs_log_files *log, const char *name, uint64_t pos,
                    uint64_t *number) {
    uint64_t begins = log->base;
    for (size_t i = 0; i < log->count; i++) {
        if (strcmp(log->files[i].name, name) == 0) {
            *number = begins + pos;
            return true;
        }
        begins += log->files[i].size;
    }
    return false;
}

/* The source's binlog files laid end to end: a place in them becomes one number, so that how far
 * two places are apart can be told across files. Pure.
 *
 *   binlog.000007      binlog.000008   binlog.000009
 *   |-----------------|---------------|------
 *   0                 size of 7       size of 7 + size of 8
 *
 * Files are noted as they become known; a file's size only grows. Numbers of places stay what they
 * are while the last file grows, files are added, and old ones are forgotten. */
#ifndef BS_FOLLOW_LOG_FILES_H
#define BS_FOLLOW_LOG_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bs_log_file {
    char *name;
    uint64_t size;
};

/* Zero-initialised: none. In the order of their numbers. */
struct bs_log_files {
    struct bs_log_file *files;
    size_t count, cap;
    uint64_t base; /* where the first of them begins */
};

void bs_log_files_fini(struct bs_log_files *log);

/* The file is at least so long. One that is older than all that are known is not taken. */
void bs_log_files_note(struct bs_log_files *log, const char *name, uint64_t size);

/* Nobody asks for places before this file any more. */
void bs_log_files_forget_before(struct bs_log_files *log, const char *name);

/* false: the file is not known. */
bool bs_log_files_number(const struct bs_log_files *log, const char *name, uint64_t pos,
                         uint64_t *number);

#endif

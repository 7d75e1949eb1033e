/* What no one needs of an archive: directories of tables that were copied anew, or
 * are not in the source any more, and files that were being written when a writer died. */
#include "snapshot/archive.h"

#include "base/log.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIRECTORY_DIGITS = 6, DECIMAL = 10 };

static bool
ends_with(const char *name, const char *end) {
    size_t len = strlen(name);
    size_t end_len = strlen(end);
    return len > end_len && strcmp(name + len - end_len, end) == 0;
}

/* A directory's name, as archive.c gives it; false: it is something else. */
static bool
read_directory_name(const char *name, uint32_t *number) {
    char *end = NULL;
    errno = 0;
    unsigned long value = strtoul(name, &end, DECIMAL);
    *number = (uint32_t)value;
    return strspn(name, "0123456789") >= DIRECTORY_DIGITS && *end == '\0' && errno == 0 &&
           value <= UINT32_MAX;
}

static bool
is_in_use(const struct bs_archive *archive, uint32_t directory) {
    bool is = false;
    for (size_t i = 0; i < archive->table_count && !is; i++) {
        is = archive->tables[i].directory == directory;
    }
    return is;
}

/* Of a directory in use only what was being written. */
static void
tidy_directory(const struct bs_archive *archive, const char *name, uint32_t number) {
    char *path = bs_asprintf("%s/data/%s", archive->dir, name);
    DIR *dir = opendir(path);
    bool keeps = is_in_use(archive, number);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (ends_with(entry->d_name, ".part") || (!keeps && ends_with(entry->d_name, ".chunk"))) {
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    if (!keeps && rmdir(path) != 0) {
        bs_log(BS_LOG_WARNING, "%s belongs to no table of the archive, and cannot be deleted: %s",
               path, strerror(errno));
    }
    free(path);
}

void
bs_archive_tidy(const struct bs_archive *archive) {
    char *path = bs_asprintf("%s/data", archive->dir);
    DIR *dir = opendir(path);
    struct dirent *entry;
    uint32_t number;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (read_directory_name(entry->d_name, &number)) {
            tidy_directory(archive, entry->d_name, number);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    free(path);
}

#include "snapshot/archive.h"

#include "base/mem.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char DIR[64];
static struct bs_archive ARCHIVE;

static void
open_archive(void) {
    bool found = true;
    (void)strcpy(DIR, "/tmp/binstream-ledger-XXXXXX");
    cr_assert_not_null(mkdtemp(DIR));
    cr_assert_eq(bs_archive_open_for_writing(&ARCHIVE, DIR, &found, NULL), BS_OK);
    cr_assert_not(found);
}

static void
remove_entry(const char *name) {
    char *path = bs_asprintf("%s/%s", DIR, name);
    cr_assert_eq(remove(path), 0, "%s", path);
    free(path);
}

static void
close_archive(void) {
    bs_archive_close(&ARCHIVE);
    remove_entry("ledger");
    remove_entry("lock");
    remove_entry("data");
    cr_assert_eq(rmdir(DIR), 0);
}

/* A limit that falls into the line: the beginning of it is written, and the rest is refused. */
Test(archive_ledger, what_keeps_it_from_being_written_is_said, .init = open_archive,
     .fini = close_archive) {
    struct bs_error err = {0};
    struct bs_archived_table table = {.directory = 1};
    struct bs_archived_chunk chunk = {.note = {.is_last = true}};
    struct rlimit few;
    (void)signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &few), 0);
    few.rlim_cur = 20;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &few), 0);
    enum bs_status status = bs_archive_note_chunk(&ARCHIVE, &table, &chunk, &err);
    few.rlim_cur = few.rlim_max;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &few), 0);
    cr_assert_eq(status, BS_IO);
    cr_assert_not_null(strstr(err.message, "File too large"), "%s", err.message);
    cr_assert_eq(bs_archive_note_chunk(&ARCHIVE, &table, &chunk, &err), BS_CANCELLED);
}

Test(archive_ledger, a_chunk_that_is_there_twice_is_damage, .init = open_archive,
     .fini = close_archive) {
    struct bs_error err = {0};
    struct bs_archived_chunk chunk = {.note = {.is_last = true}};
    ARCHIVE.tables = bs_zalloc(sizeof *ARCHIVE.tables);
    ARCHIVE.table_count = 1;
    ARCHIVE.tables[0].directory = 1;
    cr_assert_eq(bs_archive_note_chunk(&ARCHIVE, &ARCHIVE.tables[0], &chunk, NULL), BS_OK);
    cr_assert_eq(bs_archive_read_ledger(&ARCHIVE, &err), BS_OK, "%s", err.message);
    cr_assert_eq(ARCHIVE.tables[0].chunk_count, 1);
    cr_assert_eq(bs_archive_note_chunk(&ARCHIVE, &ARCHIVE.tables[0], &chunk, NULL), BS_OK);
    cr_assert_eq(bs_archive_flush_ledger(&ARCHIVE, &err), BS_OK);
    bs_archived_table_fini(&ARCHIVE.tables[0]);
    ARCHIVE.tables[0] = (struct bs_archived_table){.directory = 1};
    cr_assert_eq(bs_archive_read_ledger(&ARCHIVE, &err), BS_SCHEMA);
    cr_assert_not_null(strstr(err.message, "twice"), "%s", err.message);
}

/* Reading fails after opening did not: what a directory, or a disk that is broken, does. */
Test(archive_ledger, one_that_cannot_be_read_is_not_taken_for_an_empty_one, .init = open_archive,
     .fini = close_archive) {
    struct bs_error err = {0};
    char *path = bs_asprintf("%s/ledger", DIR);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkdir(path, 0777), 0);
    free(path);
    cr_assert_eq(bs_archive_read_ledger(&ARCHIVE, &err), BS_IO);
    cr_assert_not_null(strstr(err.message, "directory"), "%s", err.message);
}

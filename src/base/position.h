/* A place in a source's binlog, as text that people and servers read. Plain data.
 *
 * file and pos name the end of the last transaction that is included, i.e. where the next one
 * starts. gtid is the set of transactions included: a MySQL GTID set ("uuid:1-5,..."), or a MariaDB
 * GTID position ("0-1-100,1-2-7"), or "" on servers without GTIDs. */
#ifndef BS_BASE_POSITION_H
#define BS_BASE_POSITION_H

#include <stdbool.h>
#include <stdint.h>

enum bs_position_mode {
    BS_POSITION_FILE,         /* dump by file and position */
    BS_POSITION_GTID_MYSQL,   /* COM_BINLOG_DUMP_GTID with the executed set */
    BS_POSITION_GTID_MARIADB, /* @slave_connect_state */
};

struct bs_position {
    char *file; /* heap-owned, never NULL once set */
    uint64_t pos;
    char *gtid; /* heap-owned, never NULL once set */
};

void bs_position_set(struct bs_position *position, const char *file, uint64_t pos,
                     const char *gtid); /* copies; NULL means "" */
void bs_position_copy(struct bs_position *to, const struct bs_position *from);
void bs_position_fini(struct bs_position *position);

enum { BS_LOG_PLACE_FILE_MAX = 256 };

/* The end of an event in the source's log. */
struct bs_log_place {
    char file[BS_LOG_PLACE_FILE_MAX];
    uint64_t pos;
};

/* Files by their number: binlog.999999 before binlog.1000000. Negative, 0, positive. */
int bs_log_place_compare(const struct bs_log_place *a, const struct bs_log_place *b);
int bs_log_place_compare_files(const char *a, const char *b);
/* Have both names the same base, which is what log_bin says? Else they cannot be compared. */
bool bs_log_place_same_base(const char *a, const char *b);
void bs_log_place_set(struct bs_log_place *place, const char *file, uint64_t pos);

#endif

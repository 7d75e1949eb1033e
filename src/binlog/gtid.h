/* Sets of transactions: a MySQL GTID set (UUIDs with intervals, tags since 8.3), or a MariaDB GTID
 * position (last transaction per domain). One type for both, so that its users need not care. Pure.
 */
#ifndef BS_BINLOG_GTID_H
#define BS_BINLOG_GTID_H

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "schema/server.h"

#include <stdbool.h>
#include <stdint.h>

/* One transaction's name. */
struct bs_gtid {
    bool known; /* false: anonymous, or a server without GTIDs */
    enum bs_flavour flavour;
    uint8_t uuid[16];   /* MySQL */
    char tag[33];       /* MySQL 8.3+, "" if none */
    uint64_t number;    /* MySQL: GNO; MariaDB: sequence number */
    uint32_t domain;    /* MariaDB */
    uint32_t server_id; /* MariaDB */
};

enum { BS_GTID_TEXT_MAX = 128 };
void bs_gtid_text(const struct bs_gtid *gtid, char out[BS_GTID_TEXT_MAX]); /* "" if not known */

struct bs_gtid_set;
struct bs_gtid_set *bs_gtid_set_new(enum bs_flavour flavour);
void bs_gtid_set_free(struct bs_gtid_set *set);

/* "" is the empty set; white space and newlines are allowed as servers print them. */
enum bs_status bs_gtid_set_parse(struct bs_gtid_set *set, struct bs_str text,
                                 struct bs_error *err) BS_MUST_CHECK;

/* MariaDB: replaces the domain's last transaction. MySQL: adds to the intervals. */
void bs_gtid_set_add(struct bs_gtid_set *set, const struct bs_gtid *gtid);
bool bs_gtid_set_has(const struct bs_gtid_set *set, const struct bs_gtid *gtid);
bool bs_gtid_set_single(const struct bs_gtid_set *set, struct bs_gtid *gtid); /* MySQL: of one */
bool bs_gtid_set_is_empty(const struct bs_gtid_set *set);
bool bs_gtid_set_is_subset(const struct bs_gtid_set *inner, const struct bs_gtid_set *outer);
void bs_gtid_set_text(const struct bs_gtid_set *set, struct bs_buf *out);

/* MySQL only: as COM_BINLOG_DUMP_GTID and PREVIOUS_GTIDS write it; tagged form only if a tag is in
 * it. */
void bs_gtid_set_encode(const struct bs_gtid_set *set, struct bs_buf *out);
enum bs_status bs_gtid_set_decode(struct bs_gtid_set *set, struct bs_str bytes,
                                  struct bs_error *err) BS_MUST_CHECK;

#endif

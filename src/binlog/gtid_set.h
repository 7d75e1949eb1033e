/* The inside of a GTID set. Internal to src/binlog.
 *
 *   MySQL     sources sorted by (uuid, tag), each with ascending intervals that neither overlap nor
 *             touch: [start, end), end exclusive as on the wire
 *   MariaDB   one entry per domain, sorted by domain
 *
 * New transactions nearly always extend the last interval of the source that was touched last:
 * `last` makes that O(1); everything else is a binary search. */
#ifndef BS_BINLOG_GTID_SET_H
#define BS_BINLOG_GTID_SET_H

#include "binlog/gtid.h"

enum { BS_UUID_LEN = 16, BS_TAG_LEN_MAX = 32 };

struct bs_gtid_interval {
    uint64_t start;
    uint64_t end;
};

struct bs_gtid_source {
    uint8_t uuid[BS_UUID_LEN];
    char tag[BS_TAG_LEN_MAX + 1];
    struct bs_gtid_interval *intervals;
    size_t count;
    size_t cap;
};

struct bs_gtid_domain {
    uint32_t domain;
    uint32_t server_id;
    uint64_t number;
};

struct bs_gtid_set {
    enum bs_flavour flavour;
    struct bs_gtid_source *sources;
    size_t source_count;
    size_t source_cap;
    size_t last;
    struct bs_gtid_domain *domains;
    size_t domain_count;
    size_t domain_cap;
};

/* The source, made if it is not there. */
struct bs_gtid_source *bs_gtid_set_source(struct bs_gtid_set *set, const uint8_t *uuid,
                                          const char *tag);
void bs_gtid_source_add(struct bs_gtid_source *source, uint64_t start, uint64_t end);
void bs_gtid_set_put_domain(struct bs_gtid_set *set, struct bs_gtid_domain entry);

/* "", or a tag as servers have them: at most 32 of a-z, 0-9 and _, no digit first. */
bool bs_tag_is_valid(struct bs_str tag);

/* A UUID as text, 36 characters without a NUL. */
void bs_uuid_text(const uint8_t *uuid, char *out);

#endif

/*
 * The 128-bit row hash of the judge (SipHash-2-4 with 128 bits of output) and the tally: a multiset
 * of such hashes.
 *
 * Called by tables.c. Pure, no locks: a tally belongs to one thread at a time. The key of the hash
 * is fixed, since the judge compares honest servers, not adversaries.
 */
#ifndef JUDGE_HASH_H
#define JUDGE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct judge_hash {
    uint64_t lo;
    uint64_t hi;
};

struct judge_hash judge_hash_bytes(const void *data, size_t len);

/* One distinct row (row hash) under its key (64 bits of the key's hash), and how often it was seen.
 * count 0: free. */
struct judge_tally_slot {
    struct judge_hash row;
    uint64_t key;
    uint64_t count;
};

/* Open addressing by row hash; grows by doubling, kept at most half full. */
struct judge_tally {
    struct judge_tally_slot *slots;
    size_t cap;
    size_t used;
};

void judge_tally_init(struct judge_tally *tally);
void judge_tally_fini(struct judge_tally *tally);
void judge_tally_add(struct judge_tally *tally, struct judge_hash row, uint64_t key);
/* How often the row was added. */
uint64_t judge_tally_count(const struct judge_tally *tally, struct judge_hash row, uint64_t key);

#endif

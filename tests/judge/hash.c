#include "hash.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

/* SipHash, after the paper of Aumasson and Bernstein (2012) and its 128-bit variant: the second
 * output word comes from four more rounds with 0xdd mixed in, and 0xee marks the variant at start
 * and end. */

static const uint64_t KEY_0 = 0x6a756467652d3031;
static const uint64_t KEY_1 = 0x726f772d68617368;
enum { TALLY_FIRST_CAP = 1024 };

struct sip_state {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t
rotate(uint64_t word, int bits) {
    return (word << bits) | (word >> (64 - bits));
}

static inline void
sip_round(struct sip_state *s) {
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 = rotate(s->v2, 32);
}

static inline void
sip_word(struct sip_state *s, uint64_t word) {
    s->v3 ^= word;
    sip_round(s);
    sip_round(s);
    s->v0 ^= word;
}

static uint64_t
sip_finish(struct sip_state *s) {
    for (int i = 0; i < 4; i++) {
        sip_round(s);
    }
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

struct judge_hash
judge_hash_bytes(const void *data, size_t len) {
    const unsigned char *at = data;
    size_t whole = len / 8 * 8;
    struct sip_state s = {.v0 = KEY_0 ^ 0x736f6d6570736575,
                          .v1 = KEY_1 ^ 0x646f72616e646f6d ^ 0xee,
                          .v2 = KEY_0 ^ 0x6c7967656e657261,
                          .v3 = KEY_1 ^ 0x7465646279746573};
    uint64_t word = 0;
    for (size_t pos = 0; pos < whole; pos += 8) {
        memcpy(&word, at + pos, 8);
        sip_word(&s, word);
    }
    word = (uint64_t)len << 56;
    for (size_t i = 0; i < len - whole; i++) {
        word |= (uint64_t)at[whole + i] << (8 * i);
    }
    sip_word(&s, word);
    struct judge_hash hash;
    s.v2 ^= 0xee;
    hash.lo = sip_finish(&s);
    s.v1 ^= 0xdd;
    hash.hi = sip_finish(&s);
    return hash;
}

void
judge_tally_init(struct judge_tally *tally) {
    tally->cap = TALLY_FIRST_CAP;
    tally->used = 0;
    tally->slots = judge_alloc(tally->cap * sizeof *tally->slots);
}

void
judge_tally_fini(struct judge_tally *tally) {
    free(tally->slots);
    memset(tally, 0, sizeof *tally);
}

static struct judge_tally_slot *
tally_find(const struct judge_tally *tally, struct judge_hash row, uint64_t key) {
    size_t mask = tally->cap - 1;
    for (size_t i = (size_t)row.lo & mask;; i = (i + 1) & mask) {
        struct judge_tally_slot *slot = &tally->slots[i];
        if (slot->count == 0 ||
            (slot->row.lo == row.lo && slot->row.hi == row.hi && slot->key == key)) {
            return slot;
        }
    }
}

static void
tally_rehash(struct judge_tally *tally) {
    struct judge_tally old = *tally;
    tally->cap = old.cap * 2;
    tally->slots = judge_alloc(tally->cap * sizeof *tally->slots);
    for (size_t i = 0; i < old.cap; i++) {
        if (old.slots[i].count > 0) {
            *tally_find(tally, old.slots[i].row, old.slots[i].key) = old.slots[i];
        }
    }
    free(old.slots);
}

void
judge_tally_add(struct judge_tally *tally, struct judge_hash row, uint64_t key) {
    if (tally->used * 2 >= tally->cap) {
        tally_rehash(tally);
    }
    struct judge_tally_slot *slot = tally_find(tally, row, key);
    if (slot->count == 0) {
        slot->row = row;
        slot->key = key;
        tally->used++;
    }
    slot->count++;
}

uint64_t
judge_tally_count(const struct judge_tally *tally, struct judge_hash row, uint64_t key) {
    return tally_find(tally, row, key)->count;
}

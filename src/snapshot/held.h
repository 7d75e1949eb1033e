/* Small tables that a dumper holds all at once, while it reads one after the other.
 *
 *   keep some for this pair ─> open each in the view, so that DDL waits ─> ask for all ids at once
 *   ─> read one after the other ─> ROLLBACK TO SAVEPOINT
 *
 * Which table it is that was read (point.h) is asked of the server, to which each question is a
 * walk through all of its tables: with thousands of small ones that would take longer than to read
 * them. So it is asked once for many, under the metadata locks of all of them; what is held cannot
 * become another table. DDL on them waits meanwhile, and who wants the table waits for the DDL: so
 * they are held for about a second at most, by nobody who is to read slowly, and given back before
 * anything else is read. For the dumper's thread. */
#ifndef BS_SNAPSHOT_HELD_H
#define BS_SNAPSHOT_HELD_H

#include "snapshot/work.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bs_pair;

enum { BS_HELD_MAX = 32 };

struct bs_held {
    const struct bs_copy *copies[BS_HELD_MAX];
    size_t count; /* 0: nothing is held */
    size_t left;  /* of them, that are not read to their end */
    int64_t since_ms;
    unsigned int apart; /* so many tables more are read one by one */
};

/* Before any item. If it is a table that is to be begun, and small: holds it and others. What was
 * held is given back if the item is of another table. A table that is not what it was is not held:
 * who reads it tells. */
enum bs_status bs_held_begin(struct bs_pair *pair, enum bs_taker taker,
                             const struct bs_work_item *item, struct bs_error *err) BS_MUST_CHECK;

/* Is it held, and thus known to be the table of the point? */
bool bs_held_has(const struct bs_pair *pair, const struct bs_copy *copy);

/* Behind a chunk of the table, its last one or not: gives all back when no more is left to be read,
 * or when the table turns out to be larger than it was said to be. Does nothing for one that is not
 * held. */
enum bs_status bs_held_end(struct bs_pair *pair, const struct bs_copy *copy, bool is_last,
                           struct bs_error *err) BS_MUST_CHECK;

/* Some are, and have been for much longer than they should: what is read now is larger than it was
 * said to be, or the target is slow. */
bool bs_held_is_overdue(const struct bs_pair *pair);

/* Whatever is left to be read: the tables of what is held are anybody's again. */
enum bs_status bs_held_give_back(struct bs_pair *pair, struct bs_error *err) BS_MUST_CHECK;

#endif

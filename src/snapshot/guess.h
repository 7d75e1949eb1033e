/* The end of a chunk of a table whose key is one integer, without walking there: a place is guessed
 * by how the keys are spread, and the optimizer's estimate for the range, which is two dives into
 * the index, says whether it is about right. Gaps and clusters make it look again, nearer or
 * further.
 *
 *   after          first       guess: 4 times too many    last
 *   |--------------+-----+-----+--------------------------|
 *                        nearer: about right
 *
 * A walk (plan.h) reads all of the chunk's keys, and in a clustered index all of its rows, by one
 * thread, before the rows are read: where the source must fetch them from its disk, that is the
 * pace of the whole table, however many dumpers there are. Any integer will do as an end, whether
 * there is a row or not.
 *
 * Runs on a dumper's session and thread, inside its view; the arithmetic is pure. */
#ifndef BS_SNAPSHOT_GUESS_H
#define BS_SNAPSHOT_GUESS_H

#include "schema/server.h"
#include "snapshot/work.h"
#include "sql/session.h"

/* One integer, ascending, and enough rows that a wrong guess costs more than a walk. */
bool bs_guess_suits(const struct bs_work_item *item);

enum bs_guess { BS_GUESS_FOUND, BS_GUESS_LAST, BS_GUESS_NONE };

/* FOUND: end is set. LAST: the rest is no more than a chunk. NONE: no guess was good; walk. */
enum bs_status bs_guess_end(struct bs_sql *sql, const struct bs_server *server,
                            const struct bs_work_item *item, struct bs_bound *end,
                            enum bs_guess *guess, struct bs_error *err) BS_MUST_CHECK;

/* Integers of either sign by their order, from 0 on. false: it is no such text. */
bool bs_guess_place(struct bs_str text, bool is_unsigned, uint64_t *place);
void bs_guess_put(struct bs_buf *out, uint64_t place, bool is_unsigned);

/* How many rows a chunk is to have where `all`, about, are left and the pairs that share them have
 * nothing else to begin: fewer towards the end, so that none has a whole chunk to do while the
 * others stand by. rows: as many as it has elsewhere. */
uint64_t bs_guess_share(uint64_t rows, uint64_t all, unsigned int sharers);

/* A search for the place up to which about `wanted` rows lie behind first. */
struct bs_search {
    uint64_t first, last; /* keys that are there, first < last */
    uint64_t wanted, all; /* rows; all: from first to last, about, at least one */
    uint64_t low, high;   /* too few rows up to here, too many */
    uint64_t place;       /* to be tried */
    unsigned int tries;
};
void bs_search_begin(struct bs_search *search);
/* Told how many rows there are up to the place: true if that is about right; else the next place is
 * set, or given_up. */
bool bs_search_told(struct bs_search *search, uint64_t rows, bool *given_up);

#endif

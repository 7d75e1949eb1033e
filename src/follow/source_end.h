/* Where the source's log ends, asked again and again on a session of its own, so that a source that
 * does not answer holds up nobody.
 *
 *   follow's thread                       thread of the questions            source
 *   bs_source_end_open ─────────────────> connect, ask ───────────────────>
 *   bs_source_end_look: the last answer <─ noted                     <───── file:pos
 *                                         waits 2 s, asks again ...
 *
 * The source is a guest house: one question in two seconds, and each is answered from memory: the
 * log's end, or the sizes of its files when there is a new one. On MariaDB, whose answer lacks the
 * GTIDs, they are asked for once when the end has stopped moving. A lost session is opened again.
 * What is not permitted is logged once, with the GRANT that mends it, and then no more is asked.
 *
 * open, look and close from one thread. */
#ifndef BS_FOLLOW_SOURCE_END_H
#define BS_FOLLOW_SOURCE_END_H

#include "base/endpoint.h"
#include "base/position.h"
#include "follow/log_files.h"
#include "schema/server.h"

#include <stdbool.h>
#include <stdint.h>

struct bs_source_end;

struct bs_source_end *bs_source_end_open(const struct bs_endpoint *source,
                                         const struct bs_server *server);
/* Waits for the thread, which an answer that does not come does not hold; a connection that is just
 * being made may, for some seconds. NULL is fine. */
void bs_source_end_close(struct bs_source_end *end);

struct bs_source_end_answer {
    struct bs_position position; /* owned by whoever looks; gtid "" where it is not known */
    int64_t asked_us;            /* monotonic */
    int64_t answer_us; /* what the last answer took; more, if the next one is taking more already */
    int64_t quickest_us; /* of all answers */
};

/* Notes the files that became known. false: there was no answer yet, or none is to be had; answer
 * is as it was. */
bool bs_source_end_look(struct bs_source_end *end, struct bs_source_end_answer *answer,
                        struct bs_log_files *files);

/* The last question has failed, or the right to ask is missing: an answer need not be waited for.
 */
bool bs_source_end_has_failed(struct bs_source_end *end);

#endif

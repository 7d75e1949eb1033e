/* A binlog file as it was before it is damaged: where its events are, what came of each of them,
 * and what each of them needs in front of it. Used by the torture program; one thread.
 *
 * The context of an event is the least of the file that gives the same when the event follows as
 * the file itself gives:
 *
 *   the FORMAT_DESCRIPTION, the last map of the same table if it is a map,
 *   and of its group what came before it, without the rows, and without the maps of statements that
 *   were at their end
 *
 * with positions and sums put right. That it does give the same (as many items, rows and lines, and
 * a group that is open or not) is tried before it is used; where it does not, the context is all
 * that is in front of the event. */
#ifndef FUZZ_SUBJECT_H
#define FUZZ_SUBJECT_H

#include "decode_all.h"

struct subject {
    const char *path;
    struct bs_str bytes; /* heap-owned */
    struct decode_how how;
    bool summed; /* events have checksums */
    size_t *starts;
    size_t start_count;
    struct decode_step *steps; /* one an event */

    /* The context that was asked for last. */
    size_t context_of; /* SIZE_MAX: none yet */
    char *context;     /* room for the whole file */
    size_t context_len;
    char *is_apart;                    /* of each event: 0 not tried, else one of these */
    uint64_t apart_count, whole_count; /* of contexts that were tried */
};

/* No more than len_max bytes of the file. False if there are no events in it. */
bool subject_open(struct subject *subject, const char *path, size_t len_max);
void subject_close(struct subject *subject);

/* The index of the event that holds this byte, and where an event ends. */
size_t subject_event_of(const struct subject *subject, size_t offset);
size_t subject_end_of(const struct subject *subject, size_t event);

/* From the file's magic number on; valid until the next call. */
struct bs_str subject_context(struct subject *subject, size_t event);

/* The event at bytes + start, of this length, gets a header and a sum that fit its length and its
 * place in a file. */
void subject_mend(const struct subject *subject, char *bytes, size_t start, size_t len);

#endif

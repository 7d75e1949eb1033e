/* A statement that a relay log's next file goes on with. Replicas of MariaDB begin a new file
 * wherever one is full: between the TABLE_MAP events of a statement and its rows as well, and the
 * walker knows no map beyond its file. So the maps of the statement that is open where a relay
 * log's file ends are kept for the file that its ROTATE names. Other logs never split a statement,
 * and nothing is kept of them. Pure; one thread. */
#ifndef BS_EVENTS_CARRIED_H
#define BS_EVENTS_CARRIED_H

#include "base/buf.h"
#include "base/map.h"
#include "binlog/walker.h"

/* Zero-initialised memory carries nothing. */
struct bs_events_carried {
    struct bs_map maps; /* table id -> struct bs_table_map, shared: those of the open statement */
    char *next_file;    /* that the file's last event names; NULL: it is none that does */
    bool in_relay_log;
    bool goes_on;           /* this file is the one that the file before has named */
    struct bs_buf expanded; /* scratch */
};

void bs_events_carried_fini(struct bs_events_carried *carried);

/* A file begins. */
void bs_events_carried_enter(struct bs_events_carried *carried, const char *file);

/* Each event of the log itself, in its order. */
void bs_events_carried_follow(struct bs_events_carried *carried, const struct bs_walked *walked);

/* The walker has failed for a rows event without its map, as it gave it: true if the map is here;
 * then the event is whole, until the next call. */
bool bs_events_carried_complete(struct bs_events_carried *carried, struct bs_walked *walked);

#endif

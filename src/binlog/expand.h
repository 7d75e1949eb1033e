/* MariaDB's compressed rows events as the plain ones that they were. Internal to src/binlog. */
#ifndef BS_BINLOG_EXPAND_H
#define BS_BINLOG_EXPAND_H

#include "base/buf.h"
#include "base/error.h"
#include "binlog/event.h"

/* The type as which the event is to be read: of compressed rows, that of the plain ones. */
uint8_t bs_event_plain_type(uint8_t type);

/* Puts a compressed rows event together again in *inflated, whose bytes event->body then views; its
 * type becomes the plain one. Other events stay as they are. */
enum bs_status bs_event_expand(struct bs_event *event, struct bs_buf *inflated,
                               struct bs_error *err) BS_MUST_CHECK;

#endif

/* Which texts can be a JSON string as they are: by the number of their collation. */
#ifndef BS_EVENTS_CHARSET_H
#define BS_EVENTS_CHARSET_H

#include "events/json_out.h"

#include <stdint.h>

enum { BS_COLLATION_BINARY = 63 };

/* 0, and numbers that neither flavour has given away yet: not known, which is BS_EVENTS_UTF8. */
enum bs_events_text bs_events_text_of_collation(uint32_t collation, bool is_mariadb);

/* The same by the name of a character set; NULL: not a text, BS_EVENTS_HEX. */
enum bs_events_text bs_events_text_of_charset(const char *charset);

#endif

/* Prints how the values of each collation are given, for a test that asks servers what the numbers
 * mean: `mysql 45 utf8`, one a line. */
#include "events/charset.h"

#include <stdio.h>

static const char *
name_of(enum bs_events_text text) {
    switch (text) {
    case BS_EVENTS_UTF8:
        return "utf8";
    case BS_EVENTS_ASCII:
        return "ascii";
    case BS_EVENTS_HEX:
        return "hex";
    }
    return "?";
}

int
main(void) {
    enum { COLLATIONS = 4096 };
    for (uint32_t id = 1; id < COLLATIONS; id++) {
        printf("mysql %u %s\n", id, name_of(bs_events_text_of_collation(id, false)));
        printf("mariadb %u %s\n", id, name_of(bs_events_text_of_collation(id, true)));
    }
    return 0;
}

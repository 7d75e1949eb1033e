/* What an error on the stream means: try again, or give up. The one place where that is decided,
 * and where the texts of servers' dump errors are known (field guide 2.7). Pure. */
#ifndef BS_NET_VERDICT_H
#define BS_NET_VERDICT_H

#include "base/error.h"

enum bs_verdict {
    BS_VERDICT_RETRY,   /* the source may be back soon */
    BS_VERDICT_SUSPECT, /* broken bytes: a new connection may mend them, a few times */
    BS_VERDICT_FAIL,
};

/* May change the class (a purged binlog becomes BS_PURGED) and adds a hint. */
enum bs_verdict bs_verdict_of(struct bs_error *err);

#endif

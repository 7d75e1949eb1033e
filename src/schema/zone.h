/* Whether what a statement stores depends on the time zone of its session. Pure. */
#ifndef BS_SCHEMA_ZONE_H
#define BS_SCHEMA_ZONE_H

#include "base/str.h"
#include "schema/model.h"
#include "schema/server.h"

#include <stdbool.h>

/* CREATE or ALTER of a table: what of it depends on the zone, static text; NULL: nothing. here: the
 * table before it, or NULL. Defaults that the table has for later rows do not count, but for a
 * TIMESTAMP's literal: servers keep it as a moment. */
const char *bs_zone_dependence(struct bs_str sql, bool ansi_quotes, bool no_backslash_escapes,
                               const struct bs_server *source, const struct bs_table *here);

/* Does an ALTER add a generated column whose stored values depend on the zone? The rows that come
 * later do, too: the target makes them in UTC. */
bool bs_zone_is_generated_by(struct bs_str sql, bool ansi_quotes, bool no_backslash_escapes,
                             const struct bs_server *source, const struct bs_table *here);

/* Does SYSTEM, as a session's time zone, mean on the target what it means on the source? */
bool bs_zone_is_shared(const struct bs_server *source, const struct bs_server *target);

#endif

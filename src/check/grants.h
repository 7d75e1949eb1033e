/* SHOW GRANTS as data: which privileges an account has, and where. Parsing is pure.
 *
 * A line is "GRANT list ON object TO ..." or, on MySQL 8 with partial_revokes, "REVOKE list ON
 * object FROM ...". Objects are *.*, `db`.* (a LIKE pattern with \ as escape) and `db`.`table`;
 * what is granted on single tables, columns or routines does not count here. Roles count as far as
 * they are active in the session. */
#ifndef BS_CHECK_GRANTS_H
#define BS_CHECK_GRANTS_H

#include "base/error.h"
#include "schema/server.h"
#include "sql/session.h"

#include <stdbool.h>
#include <stddef.h>

struct bs_grant {
    char *privileges; /* ",SELECT,INSERT,": upper case, without blanks around commas */
    char *db;         /* NULL: *.* */
    bool is_revoke;
    bool may_give; /* WITH GRANT OPTION */
};

struct bs_grants {
    char *account; /* 'user'@'host', as in a GRANT statement */
    struct bs_grant *items;
    size_t count, cap;
};

/* Adds what the line says, if it is of a kind that counts. */
void bs_grants_add_line(struct bs_grants *grants, struct bs_str line);
void bs_grants_fini(struct bs_grants *grants);

enum bs_status bs_grants_load(struct bs_sql *sql, const struct bs_server *server,
                              struct bs_grants *grants, struct bs_error *err) BS_MUST_CHECK;

/* May it be given to others? Everywhere, or in the database that the pattern stands for. */
bool bs_grants_may_give(const struct bs_grants *grants, const char *privilege, const char *pattern);

/* Everywhere; or in the database, if db is not NULL. */
bool bs_grants_has(const struct bs_grants *grants, const char *privilege, const char *db);

#endif

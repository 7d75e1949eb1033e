/* Reads a server's accounts into the model. Called by src/accounts and src/check on the caller's
 * session and thread. All but the grants is read from the tables of schema mysql, in a few
 * statements for all accounts; grants are read one account at a time by SHOW GRANTS, so whoever
 * needs to be quick asks for those of accounts whose `seen` has changed. Nothing is logged. A
 * refused privilege is BS_PRECHECK with the GRANT that mends it. */
#ifndef BS_CATALOG_ACCOUNTS_H
#define BS_CATALOG_ACCOUNTS_H

#include "base/error.h"
#include "base/map.h"
#include "schema/account.h"
#include "sql/session.h"

struct bs_account_sum {
    uint64_t sums[2];
};

/* In the server's order. Zero-initialised memory is an empty list. */
struct bs_account_list {
    struct bs_account *items;
    struct bs_account_sum *sums; /* what becomes `seen` */
    size_t count, cap, sum_cap;
    struct bs_map places; /* name -> index + 1 */
};

enum bs_status bs_catalog_accounts(struct bs_sql *sql, const struct bs_server *server,
                                   struct bs_account_list *list,
                                   struct bs_error *err) BS_MUST_CHECK;
struct bs_account *bs_account_list_find(const struct bs_account_list *list,
                                        const struct bs_account_name *name);
void bs_account_list_fini(struct bs_account_list *list);

enum bs_status bs_catalog_account_grants(struct bs_sql *sql, bool partial_revokes,
                                         struct bs_account *account,
                                         struct bs_error *err) BS_MUST_CHECK;

enum bs_status bs_catalog_account_abilities(struct bs_sql *sql, const struct bs_server *server,
                                            struct bs_account_abilities *abilities,
                                            struct bs_error *err) BS_MUST_CHECK;

/* All of the server's databases, NULL-terminated; heap-owned, names too. */
enum bs_status bs_catalog_databases(struct bs_sql *sql, char ***names,
                                    struct bs_error *err) BS_MUST_CHECK;

/* MySQL from 8.0.21 on: what ALTER USER ... ATTRIBUTE takes to forget all that the account has;
 * "" if that is nothing. */
enum bs_status bs_catalog_forget_attribute(struct bs_sql *sql, const struct bs_server *server,
                                           const struct bs_account_name *name,
                                           struct bs_buf *attribute,
                                           struct bs_error *err) BS_MUST_CHECK;

#endif

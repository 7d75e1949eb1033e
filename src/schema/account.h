/* Accounts and roles as data: who they are, how they log in, what they may do; and the statements
 * that make them on a server. Pure. src/catalog/accounts.h reads them, src/accounts makes them.
 *
 *   account.c            the model
 *   account_grant.c      SHOW GRANTS into the model; which of them a selection carries
 *   account_text.c       the model as statements of a server
 *   translate_account.c  what one server's account is on another
 *   translate_grant.c    the privileges of it, by name
 *
 * Names, hashes and texts are bytes in UTF-8, as servers store them. Statements hold hashes: they
 * are never logged. */
#ifndef BS_SCHEMA_ACCOUNT_H
#define BS_SCHEMA_ACCOUNT_H

#include "base/buf.h"
#include "base/error.h"
#include "schema/selection.h"
#include "schema/server.h"
#include "schema/translation.h"

#include <stdbool.h>
#include <stdint.h>

enum { BS_ACCOUNT_WAYS_MAX = 6, BS_ACCOUNT_LIMITS = 4 };

/* MariaDB's roles have no host; MySQL's are accounts like others. Strings heap-owned. */
struct bs_account_name {
    char *user;
    char *host; /* "" of a role of MariaDB */
    bool is_role;
};

/* A way to log in. */
struct bs_account_way {
    char *plugin;
    char *hash; /* any bytes */
    size_t hash_len;
};

enum bs_account_tls { BS_TLS_NONE, BS_TLS_ANY, BS_TLS_X509, BS_TLS_SPECIFIED };

enum bs_grant_level {
    BS_GRANT_GLOBAL,
    BS_GRANT_DATABASE,
    BS_GRANT_TABLE,
    BS_GRANT_PROCEDURE,
    BS_GRANT_FUNCTION,
    BS_GRANT_PACKAGE,
    BS_GRANT_PACKAGE_BODY,
};

struct bs_privilege {
    char *name;    /* "CREATE VIEW": upper case, one blank between words */
    char *columns; /* "`a`, `b`"; NULL: none */
};

struct bs_account_grant {
    enum bs_grant_level level;
    char *db;   /* of a database a LIKE pattern with \ as escape; but a name in a revoke */
    char *name; /* of what is in a database */
    struct bs_privilege *privileges;
    size_t count, cap;
    bool with_option;
    bool is_revoke; /* MySQL with partial_revokes: taken out of what *.* gives */
};

/* Membership in a role, a default role (option: nothing), or a PROXY right. */
struct bs_account_tie {
    struct bs_account_name to;
    bool with_option;
};

struct bs_account_ties {
    struct bs_account_tie *items;
    size_t count, cap;
};

/* Numbers that are not set are BS_ACCOUNT_DEFAULT. */
enum { BS_ACCOUNT_DEFAULT = -1 };

struct bs_account {
    struct bs_account_name name;
    struct bs_account_way ways[BS_ACCOUNT_WAYS_MAX]; /* any of them lets in */
    size_t way_count;                                /* 0 of a role of MariaDB */
    enum bs_account_tls tls;
    char *cipher, *issuer, *subject;    /* of BS_TLS_SPECIFIED; "": not asked for */
    uint64_t limits[BS_ACCOUNT_LIMITS]; /* queries, updates, connections an hour; connections */
    char *statement_time;               /* MariaDB: seconds; NULL: no limit */
    bool locked, expired;
    int64_t lifetime_days; /* 0: never expires */
    int64_t reuse_count, reuse_days;
    int64_t asks_current;     /* 1: yes, 0: no */
    uint64_t failed_attempts; /* 0: never locked by them */
    int64_t lock_days;        /* and for how long; -1 here is for ever */
    char *attribute;          /* JSON; NULL: none */
    bool has_second_password; /* which no statement can carry */
    bool has_factors;         /* more than one to be passed, likewise */
    bool is_granted;          /* to others: it is used as a role */
    bool may_grant;           /* GRANT OPTION on *.* */
    struct bs_account_ties roles, defaults, proxies;
    struct bs_account_grant *grants;
    size_t grant_count, grant_cap;
    char seen[40]; /* changes when anything of it changes on its server */
};

void bs_account_name_fini(struct bs_account_name *name);
void bs_account_name_copy(struct bs_account_name *to, const struct bs_account_name *from);
bool bs_account_name_equal(const struct bs_account_name *a, const struct bs_account_name *b);
bool bs_account_is_public(const struct bs_account_name *name); /* MariaDB's PUBLIC */
/* Those that servers make for themselves, and mysql@localhost of MariaDB's installation. */
bool bs_account_is_servers_own(const struct bs_account *account);

void bs_account_fini(struct bs_account *account);
void bs_account_ties_add(struct bs_account_ties *ties, const struct bs_account_name *to,
                         bool with_option);
void bs_account_ties_remove(struct bs_account_ties *ties, size_t index);
void bs_account_add_way(struct bs_account *account, struct bs_str plugin, struct bs_str hash);
struct bs_account_grant *bs_account_add_grant(struct bs_account *account);
void bs_account_remove_grant(struct bs_account *account, size_t index);
void bs_grant_add_privilege(struct bs_account_grant *grant, struct bs_str name,
                            struct bs_str columns);
void bs_grant_remove_privilege(struct bs_account_grant *grant, size_t index);
const struct bs_privilege *bs_grant_find_privilege(const struct bs_account_grant *grant,
                                                   struct bs_str name);
/* Does the account log in with a password, and has none? */
bool bs_account_way_is_open(const struct bs_account_way *way);

/* A line of SHOW GRANTS of this account. Only privileges on objects are taken: roles, PROXY and
 * default roles are in tables that say them without quotes in question. BS_SCHEMA if it cannot be
 * read for sure. partial_revokes: the server's; names of databases are then no patterns. */
enum bs_status bs_account_read_grant(struct bs_account *account, struct bs_str line,
                                     bool partial_revokes, struct bs_error *err) BS_MUST_CHECK;

/* Takes out what is not about the selection: grants on *.* stay, those on databases stay if one of
 * the source's databases (NULL-terminated) that it stands for is selected, and those on a single
 * object if that is. What goes is noted. Revokes stay, or the account could do more than before. */
void bs_account_select_grants(struct bs_account *account, const struct bs_selection *selection,
                              char *const *databases, struct bs_notes *notes);

/* What a server knows: asked for by src/catalog. */
struct bs_account_abilities {
    char **privileges;         /* SHOW PRIVILEGES in upper case, NULL-terminated */
    char **plugins;            /* of authentication that are active, likewise */
    size_t user_max, host_max; /* in characters; 0: not known */
    bool partial_revokes;
};

void bs_account_abilities_fini(struct bs_account_abilities *abilities);
bool bs_account_can(char *const *names, struct bs_str name);

/* From where to where. Nothing owned. */
struct bs_account_route {
    const struct bs_server *source, *target;
    const struct bs_account_abilities *source_can, *target_can;
};

/* The name alone, in place: roles become what the target has for them. */
void bs_translate_account_name(const struct bs_account_route *route, struct bs_account_name *name,
                               bool is_role);

/* In place: identity, ties and grants. A BS_NOTE_REFUSED says what cannot be carried exactly.
 * Identity alone (all but grants) and grants alone, for whoever has read no grants. */
void bs_translate_identity(const struct bs_account_route *route, struct bs_account *account,
                           struct bs_notes *notes);
void bs_translate_grants(const struct bs_account_route *route, struct bs_account *account,
                         struct bs_notes *notes);

/* Is it one that cannot log in, as CREATE ROLE makes it on MySQL? */
bool bs_account_looks_like_role(const struct bs_account *account);

/* Statements, heap-owned. */
struct bs_account_statements {
    char **items;
    size_t count, cap;
};

void bs_account_statements_fini(struct bs_account_statements *statements);

void bs_account_put_name(struct bs_buf *out, const struct bs_account_name *name);
/* "user@host" for people. */
void bs_account_put_shown(struct bs_buf *out, const struct bs_account_name *name);
void bs_account_put_object(struct bs_buf *out, const struct bs_account_grant *grant,
                           const struct bs_account_abilities *can);
void bs_account_put_grant(struct bs_buf *out, const struct bs_account_grant *grant,
                          const struct bs_account_name *name,
                          const struct bs_account_abilities *can);

/* CREATE, or what makes an account that is there the same. MySQL before 5.7 cannot change what it
 * has: there the account is dropped and made anew, which takes its rights away too. */
bool bs_account_is_remade(const struct bs_server *server);
/* Does it have TLS requirements or limits? There only who may grant on *.* can say them. */
bool bs_account_has_settings(const struct bs_account *account);
void bs_account_put_create(struct bs_account_statements *out, const struct bs_account *account,
                           const struct bs_server *server);
void bs_account_put_alter(struct bs_account_statements *out, const struct bs_account *account,
                          const struct bs_server *server);
/* ATTRIBUTE alone: it adds to what is there, and null takes away. */
void bs_account_put_attribute(struct bs_account_statements *out, const struct bs_account_name *name,
                              const char *attribute);
void bs_account_put_drop(struct bs_account_statements *out, const struct bs_account_name *name);
/* All it may do, on an account that may nothing. */
void bs_account_put_rights(struct bs_account_statements *out, const struct bs_account *account,
                           const struct bs_server *server, const struct bs_account_abilities *can);
/* All it may do is taken away; there: the ties that it has now. */
void bs_account_put_strip(struct bs_account_statements *out, const struct bs_account_name *name,
                          const struct bs_account *there, const struct bs_server *server);

#endif

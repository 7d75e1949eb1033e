/* MariaDB's UUID, INET4 and INET6 as MariaDB prints them. Pure. Each writes text without a NUL and
 * returns its length. */
#ifndef BS_BINLOG_MARIADB_TEXT_H
#define BS_BINLOG_MARIADB_TEXT_H

#include <stddef.h>

enum { BS_MARIADB_TEXT_MAX = 48 };

size_t bs_mariadb_uuid_text(char out[BS_MARIADB_TEXT_MAX], const unsigned char *bytes);  /* 16 */
size_t bs_mariadb_inet4_text(char out[BS_MARIADB_TEXT_MAX], const unsigned char *bytes); /* 4 */
size_t bs_mariadb_inet6_text(char out[BS_MARIADB_TEXT_MAX], const unsigned char *bytes); /* 16 */

#endif

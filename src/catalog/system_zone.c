/* What a server's own time zone is. Its name does not tell (CST is four zones), so what counts is
 * what it does: how far from UTC it is at moments 59 hours apart, through all hours of the day and
 * days of the week, from 1970 to 2037. One statement, without the tables of named zones. */
#include "catalog/catalog_private.h"

#include <stdio.h>
#include <stdlib.h>

#define DIGITS                                                                                     \
    "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 "  \
    "UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL "       \
    "SELECT 9)"

static const char QUESTION[] =
    "SELECT @@system_time_zone, CONCAT(BIT_XOR(CRC32(x)), '/', SUM(CRC32(x))), MIN(m), MAX(m) FROM "
    "(SELECT CONCAT(n, ':', m) AS x, m FROM "
    "(SELECT n, TIMESTAMPDIFF(MINUTE, u, CONVERT_TZ(u, '+00:00', 'SYSTEM')) AS m FROM "
    "(SELECT n, CAST('1970-01-02 00:00:00' AS DATETIME) + INTERVAL n * 59 HOUR AS u FROM "
    "(SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS n FROM " DIGITS " AS a, " DIGITS
    " AS b, " DIGITS " AS c, " DIGITS " AS e) AS numbers) AS moments) AS distances) AS texts";

static void
take_offset(struct bs_server *server, struct bs_str least, struct bs_str most) {
    int minutes = (int)strtol(least.data, NULL, 10);
    if (minutes == (int)strtol(most.data, NULL, 10)) {
        int distance = abs(minutes);
        (void)snprintf(server->system_offset, sizeof server->system_offset, "%c%02d:%02d",
                       minutes < 0 ? '-' : '+', distance / 60, distance % 60);
    }
}

enum bs_status
bs_catalog_system_zone(struct bs_sql *sql, struct bs_server *server, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *row = NULL;
    (void)snprintf(server->system_zone_name, sizeof server->system_zone_name, "not known");
    enum bs_status status = bs_sql_query(sql, &result, err, "%s", QUESTION);
    status = status == BS_OK ? bs_sql_next(result, &row, err) : status;
    if (status == BS_OK && row != NULL && row[0].data != NULL) {
        (void)snprintf(server->system_zone_name, sizeof server->system_zone_name, "%s",
                       row[0].data);
    }
    if (status == BS_OK && row != NULL && row[1].data != NULL && row[2].data != NULL) {
        (void)snprintf(server->system_zone, sizeof server->system_zone, "%s", row[1].data);
        take_offset(server, row[2], row[3]);
    }
    bs_sql_result_free(result);
    if (status == BS_SERVER) { /* a limit of its own, say max_join_size: then it is not known */
        bs_error_clear(err);
        return BS_OK;
    }
    return status == BS_OK ? BS_OK : bs_error_context(err, "asking for the system's time zone");
}

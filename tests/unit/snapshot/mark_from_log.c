/* A fault built in by the linker (--wrap=bs_catalog_position): the end of the binlog takes the
 * place of gtid_executed. What stands in the log and is not committed yet counts as if a view could
 * show it. MySQL with GTIDs of one server alone. test_low_mark.py shows that rows are lost by it.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "catalog/catalog.h"
#include "sql/text.h"

#include <stdlib.h>
#include <string.h>

enum { TYPE = 2, INFO = 5 };

enum bs_status __real_bs_catalog_position(struct bs_sql *sql, const struct bs_server *server,
                                          struct bs_position *position, struct bs_error *err);
enum bs_status __wrap_bs_catalog_position(struct bs_sql *sql, const struct bs_server *server,
                                          struct bs_position *position, struct bs_error *err);

/* SET @@SESSION.GTID_NEXT= 'uuid:7' as the set uuid:1-7. */
static void
read_gtid(const struct bs_str *info, struct bs_buf *gtid) {
    const char *begin = memchr(info->data, '\'', info->len);
    const char *colon = memrchr(info->data, ':', info->len);
    const char *end = memrchr(info->data, '\'', info->len);
    if (begin != NULL && colon != NULL && colon > begin && end > colon) {
        bs_buf_clear(gtid);
        bs_buf_printf(gtid, "%.*s:1-%.*s", (int)(colon - begin - 1), begin + 1,
                      (int)(end - colon - 1), colon + 1);
    }
}

enum bs_status
__wrap_bs_catalog_position(struct bs_sql *sql, const struct bs_server *server,
                           struct bs_position *position, struct bs_error *err) {
    struct bs_sql_result *result = NULL;
    const struct bs_str *fields = NULL;
    struct bs_buf gtid = {0};
    enum bs_status status = __real_bs_catalog_position(sql, server, position, err);
    if (status != BS_OK) {
        return status;
    }
    status = bs_sql_query(sql, &result, err, "SHOW BINLOG EVENTS IN '%s'", position->file);
    while (status == BS_OK && (status = bs_sql_next(result, &fields, err)) == BS_OK &&
           fields != NULL) {
        if (bs_str_is(fields[TYPE], "Gtid")) {
            read_gtid(&fields[INFO], &gtid);
        }
    }
    bs_sql_result_free(result);
    if (status == BS_OK && gtid.len > 0) {
        free(position->gtid);
        position->gtid = bs_strdup(bs_buf_cstr(&gtid));
    }
    bs_buf_fini(&gtid);
    return status;
}

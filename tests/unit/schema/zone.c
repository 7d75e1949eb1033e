#include "schema/zone.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct bs_server MY57 = {.flavour = BS_MYSQL, .version = 50744};

/* What depends on the zone; NULL: nothing. The table has a TIMESTAMP(3), a TIME and a DATETIME. */
static void
expect(const char *sql, const char *wanted) {
    struct bs_column columns[] = {{.name = (char[]){"ts"}, .type = BS_TYPE_TIMESTAMP, .fsp = 3},
                                  {.name = (char[]){"hm"}, .type = BS_TYPE_TIME},
                                  {.name = (char[]){"dt"}, .type = BS_TYPE_DATETIME}};
    struct bs_table here = {.columns = columns, .column_count = 3};
    const char *why = bs_zone_dependence(bs_str(sql), false, false, &MY57, &here);
    bool is_it = wanted == NULL ? why == NULL : why != NULL && strstr(why, wanted) != NULL;
    cr_expect(is_it, "%s: %s", sql, why != NULL ? why : "nothing");
}

Test(zone, a_new_column_that_is_now_depends_on_it) {
    expect("ALTER TABLE t ADD d DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP", "time of day");
    expect("ALTER TABLE t ADD n INT, ADD COLUMN IF NOT EXISTS d DATE DEFAULT (CURDATE()) AFTER n",
           "time of day");
    expect("ALTER TABLE t ADD (n INT, d VARCHAR(30) DEFAULT (CONCAT('x', NOW())))", "time of day");
    expect("ALTER TABLE t WAIT 5 ADD s TIMESTAMP DEFAULT (NOW() + INTERVAL 1 DAY)", "time of day");
    expect("ALTER TABLE t ADD s TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE NOW()",
           NULL);
    expect("ALTER TABLE t ADD d DATETIME DEFAULT '2020-01-01 00:00:00', ADD n INT DEFAULT 5", NULL);
    expect("ALTER TABLE t ADD d DATETIME ON UPDATE CURRENT_TIMESTAMP", NULL);
    expect("ALTER TABLE t ADD d DATETIME COMMENT 'NOW()', ALTER dt SET DEFAULT 5", NULL);
}

Test(zone, conversions_of_timestamps_depend_on_it) {
    expect("ALTER TABLE t MODIFY ts DATETIME NULL", "turned");
    expect("ALTER TABLE t CHANGE ts other VARCHAR(30)", "turned");
    expect("ALTER TABLE t MODIFY COLUMN dt TIMESTAMP", "turned");
    expect("ALTER TABLE t MODIFY ts TIMESTAMP", "turned");
    expect("ALTER TABLE t MODIFY hm DATETIME", "turned");
    expect("ALTER TABLE t MODIFY ts TIMESTAMP(3) NOT NULL, CHANGE dt d DATE", NULL);
    expect("ALTER TABLE t MODIFY hm VARCHAR(9), MODIFY dt DATETIME DEFAULT CURRENT_TIMESTAMP",
           NULL);
}

Test(zone, literals_of_timestamps_and_what_reckons_with_them_depend_on_it) {
    expect("CREATE TABLE n (a INT, s TIMESTAMP DEFAULT '2020-01-01 00:00:00')", "literal");
    expect("ALTER TABLE t ALTER COLUMN ts SET DEFAULT '2020-01-01 00:00:00'", "literal");
    expect(
        "ALTER TABLE t ADD PARTITION (PARTITION p VALUES LESS THAN (UNIX_TIMESTAMP('2020-1-1')))",
        "UNIX_TIMESTAMP");
    expect("ALTER TABLE t ADD g DATE AS (DATE(ts)) STORED", "generated");
    expect("ALTER TABLE t ADD g DATETIME AS (FROM_UNIXTIME(n)) STORED, MODIFY ts DATE",
           "generated");
    expect("ALTER TABLE t ADD g DATE AS (DATE(dt)) STORED", NULL);
    expect("ALTER TABLE t ADD g DATE AS (DATE(ts)) VIRTUAL", NULL);
    expect("CREATE TABLE n (s TIMESTAMP NOT NULL DEFAULT '0000-00-00 00:00:00')", NULL);
    expect("CREATE TABLE n (s TIMESTAMP DEFAULT CURRENT_TIMESTAMP, d DATETIME DEFAULT NOW())",
           NULL);
    expect("CREATE INDEX i ON t (ts)", NULL);
}

Test(zone, system_is_shared_where_it_is_known_to_do_the_same) {
    struct bs_server one = {.system_zone = "12/34"}, other = {.system_zone = "56/78"}, none = {0};
    cr_expect(bs_zone_is_shared(&one, &one));
    cr_expect_not(bs_zone_is_shared(&one, &other));
    cr_expect_not(bs_zone_is_shared(&none, &none));
}

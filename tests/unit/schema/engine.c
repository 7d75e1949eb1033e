#include "schema/engine.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void
expect_text(const char *sql, const char *wanted) {
    struct bs_buf out = {0};
    bs_engine_put_innodb(&out, bs_str(sql), false, false);
    cr_expect_str_eq(bs_buf_cstr(&out), wanted);
    bs_buf_fini(&out);
}

static void
expect_engine(const char *sql, const char *wanted) {
    char name[BS_ENGINE_NAME_MAX] = "";
    bool found = bs_engine_find(bs_str(sql), false, false, name);
    cr_expect_eq(found, wanted != NULL, "%s", sql);
    cr_expect_str_eq(name, wanted != NULL ? wanted : "", "%s", sql);
}

Test(engine, kinds) {
    cr_expect_eq(bs_engine_kind("innodb"), BS_ENGINE_INNODB);
    cr_expect_eq(bs_engine_kind("MyISAM"), BS_ENGINE_CONVERTED);
    cr_expect_eq(bs_engine_kind("Aria"), BS_ENGINE_CONVERTED);
    cr_expect_eq(bs_engine_kind("MEMORY"), BS_ENGINE_CONVERTED);
    cr_expect_eq(bs_engine_kind("BLACKHOLE"), BS_ENGINE_REFUSED);
    cr_expect_eq(bs_engine_kind("one of tomorrow"), BS_ENGINE_REFUSED);
    cr_expect_eq(bs_engine_kind(NULL), BS_ENGINE_REFUSED);
    cr_expect_str_eq(bs_engine_problem("MERGE"), "show the rows of other tables");
    cr_expect_not_null(bs_engine_problem(NULL));
}

Test(engine, is_found_where_it_is_an_option_only) {
    expect_engine("CREATE TABLE t (a INT) ENGINE=MyISAM", "MyISAM");
    expect_engine("create table t (a int) engine memory comment 'ENGINE=CSV'", "memory");
    expect_engine("CREATE TABLE t (a INT) ENGINE 'Aria'", "Aria");
    expect_engine("CREATE TABLE t (a INT) ENGINE=`x y`", "x y");
    expect_engine("CREATE TABLE t (a INT) TYPE=MyISAM", "MyISAM");
    expect_engine("CREATE TABLE t (a INT) ENGINE=InnoDB ENGINE=MyISAM", "MyISAM");
    expect_engine("CREATE TABLE t (engine INT, type INT) COMMENT='x'", NULL);
    expect_engine("CREATE TABLE t (a INT) SELECT 1 AS a FROM d.x WHERE engine = memory", NULL);
    expect_engine("ALTER TABLE t ADD COLUMN engine INT, ENGINE = CSV", "CSV");
    expect_engine("ALTER TABLE t ADD COLUMN engine INT", NULL);
    expect_engine("ALTER TABLE t CHANGE type engine VARCHAR(20)", NULL);
    expect_engine("/*!50100 ALTER TABLE t ENGINE=MyISAM */", "MyISAM");
}

Test(engine, the_text_names_innodb_in_its_place) {
    expect_text("CREATE TABLE t (a INT) ENGINE=MyISAM DEFAULT CHARSET=latin1",
                "CREATE TABLE t (a INT) ENGINE=InnoDB DEFAULT CHARSET=latin1");
    expect_text("CREATE TABLE t (a INT)engine 'heap'", "CREATE TABLE t (a INT)engine InnoDB");
    expect_text("ALTER TABLE t ADD engine INT, TYPE = MyISAM",
                "ALTER TABLE t ADD engine INT, TYPE = InnoDB");
    expect_text("CREATE TABLE t (a INT) ENGINE=MERGE UNION=(x)",
                "CREATE TABLE t (a INT) ENGINE=MERGE UNION=(x)");
    expect_text("CREATE TABLE t (a INT COMMENT 'ENGINE=MyISAM') ENGINE=InnoDB",
                "CREATE TABLE t (a INT COMMENT 'ENGINE=MyISAM') ENGINE=InnoDB");
}

Test(engine, partitions_name_it_each) {
    expect_text("CREATE TABLE `t` (\n  `a` int\n) ENGINE=MyISAM\n/*!50100 PARTITION BY RANGE (a)\n"
                "(PARTITION p0 VALUES LESS THAN (10) DATA DIRECTORY = '/x' ENGINE = MyISAM,\n"
                " PARTITION p1 VALUES LESS THAN (MAXVALUE) ENGINE = MyISAM) */",
                "CREATE TABLE `t` (\n  `a` int\n) ENGINE=InnoDB\n/*!50100 PARTITION BY RANGE (a)\n"
                "(PARTITION p0 VALUES LESS THAN (10)  ENGINE = InnoDB,\n"
                " PARTITION p1 VALUES LESS THAN (MAXVALUE) ENGINE = InnoDB) */");
}

Test(engine, options_that_innodb_does_not_take_go) {
    expect_text("CREATE TABLE t (a INT) ENGINE=Aria, ROW_FORMAT=PAGE, PAGE_CHECKSUM=1, MAX_ROWS=5",
                "CREATE TABLE t (a INT) ENGINE=InnoDB, PACK_KEYS=DEFAULT, PACK_KEYS=DEFAULT, "
                "MAX_ROWS=5");
    expect_text("CREATE TABLE t (a INT) ENGINE=MyISAM ROW_FORMAT FIXED DATA DIRECTORY='/a' INDEX "
                "DIRECTORY='/b' ROW_FORMAT=DYNAMIC",
                "CREATE TABLE t (a INT) ENGINE=InnoDB PACK_KEYS=DEFAULT PACK_KEYS=DEFAULT "
                "PACK_KEYS=DEFAULT ROW_FORMAT=DYNAMIC");
    expect_text("CREATE TABLE t (a INT, UNIQUE KEY (a) USING HASH) ENGINE=MEMORY",
                "CREATE TABLE t (a INT, UNIQUE KEY (a) ) ENGINE=InnoDB");
    expect_text("ALTER TABLE t ADD INDEX directory (a), ADD page_checksum INT",
                "ALTER TABLE t ADD INDEX directory (a), ADD page_checksum INT");
}

Test(engine, an_auto_increment_that_leads_no_key_is_an_obstacle) {
    char primary[] = "PRIMARY", a[] = "a", b[] = "b", myisam[] = "MyISAM", innodb[] = "InnoDB";
    struct bs_column columns[2] = {{.name = a}, {.name = b, .auto_increment = true}};
    struct bs_key_part parts[2] = {{.column = 0}, {.column = 1}};
    struct bs_key keys[2] = {{.name = primary, .parts = parts, .part_count = 2},
                             {.name = b, .parts = &parts[1], .part_count = 1}};
    struct bs_table table = {
        .engine = myisam, .columns = columns, .column_count = 2, .keys = keys, .key_count = 1};
    cr_expect_not_null(bs_engine_obstacle(&table));
    table.key_count = 2;
    cr_expect_null(bs_engine_obstacle(&table));
    table.key_count = 1;
    table.engine = innodb;
    cr_expect_null(bs_engine_obstacle(&table));
}

"""The deviations that the judge must find: one pair of equal databases and one change each.

A case makes the same objects in database `case db` of both servers, which must be judged equal; then B alone is changed, and the
judge must say so in a line that matches `found`. `only` is a condition on the server's name and version.
"""

import dataclasses
from typing import Callable, List, Union

DB = "case `db` \u00e9"
Q = "`case ``db`` \u00e9`"


@dataclasses.dataclass
class Case:
    name: str
    setup: List[str]
    change: Union[str, List[str]]
    found: str
    only: Callable = lambda server: True
    options: List[str] = dataclasses.field(default_factory=list)

    def changes(self):
        return [self.change] if isinstance(self.change, str) else self.change


def is_mariadb(server):
    return server.name.startswith("mariadb")


def is_mysql(server):
    return not is_mariadb(server)


def is_modern(server):
    """Generated columns, JSON, CHECK constraints: everything but MySQL 5.6."""
    return server.name != "mysql-5.6"


def is_mysql_8(server):
    return is_mysql(server) and is_modern(server)


def keeps_minus_zero(server):
    """Newer releases of MariaDB (10.11.19 and 11.8.9, not 10.5.23) read -0e0 as 0."""
    return server.query("SELECT CONCAT(-0e0)")[0][0] == "-0"


def value(name, column_type, stored, deviating, found=None, only=None, more=()):
    """A table with a key and one column, whose value in row 2 deviates."""
    return Case(
        name,
        ["CREATE TABLE t (id INT PRIMARY KEY, v %s)" % column_type, *more,
         "INSERT INTO t (id, v) VALUES (1, %s), (2, %s), (3, %s)" % (stored, stored, stored)],
        "UPDATE t SET v = %s WHERE id = 2" % deviating,
        found or r"row .*\.`t`: differs: key \(`id`=2\): `v`",
        only or (lambda server: True))


VALUES = [
    value("the last bit of a FLOAT", "FLOAT", "0.1", "0.1 + 0.000000007", r"`v` A=.*bits 3dcccccd.*B=.*bits 3dccccce"),
    value("the last bit of a DOUBLE", "DOUBLE", "0.1", "0.1e0 + 1.4e-17", r"3fb999999999999a.*3fb999999999999b"),
    value("the sign of a FLOAT's zero", "FLOAT", "0", "-0e0", r"`v` A=0\(bits 00000000\) B=-0\(bits 80000000\)", keeps_minus_zero),
    value("the sign of a DOUBLE's zero", "DOUBLE", "0", "-0e0", r"`v` A=0\(bits 0+\) B=-0\(bits 80+\)", keeps_minus_zero),
    value("a FLOAT with decimals beyond them", "FLOAT", "16777216", "16777218"),
    value("a trailing space", "VARCHAR(20)", "'abc'", "'abc '", r"`v` A='abc' B='abc '"),
    value("the case of a letter under a case-insensitive collation",
          "VARCHAR(20) CHARACTER SET utf8 COLLATE utf8_general_ci", "'abc'", "'aBc'", r"`v` A='abc' B='aBc'"),
    value("an accent under an accent-insensitive collation",
          "VARCHAR(20) CHARACTER SET utf8 COLLATE utf8_unicode_ci", "'e'", "'\u00e9'"),
    value("an empty string for NULL", "VARCHAR(20)", "NULL", "''", r"`v` A=NULL B=''"),
    value("the empty error value of an ENUM for its empty member", "ENUM('', 'a')", "''", "0",
          r"`v` \(number\) A=1 B=0"),
    value("a member of a SET", "SET('a', 'b', 'c')", "'a,c'", "'a,b'"),
    value("the 64th member of a SET", "SET(%s)" % ",".join("'m%d'" % i for i in range(64)),
          "'m0,m63'", "'m63'", r"`v` \(number\) A=9223372036854775809 B=9223372036854775808"),
    value("a microsecond", "DATETIME(6)", "'2024-02-29 12:00:00.000001'", "'2024-02-29 12:00:00.000002'",
          r"A=2024-02-29 12:00:00.000001 B=2024-02-29 12:00:00.000002"),
    value("a second of a TIMESTAMP", "TIMESTAMP NULL", "'2001-09-09 01:46:40'", "'2001-09-09 01:46:41'"),
    value("a negative TIME", "TIME", "'-838:59:59'", "'838:59:59'", r"A=-838:59:59.* B=838:59:59"),
    value("a zero date for NULL", "DATE", "NULL", "'0000-00-00'", r"A=NULL B=0000-00-00"),
    value("a zero day", "DATE", "'2000-01-01'", "'2000-01-00'", r"A=2000-01-01 B=2000-01-00"),
    value("a YEAR", "YEAR", "1901", "2155", r"A=1901 B=2155"),
    value("the largest BIGINT UNSIGNED", "BIGINT UNSIGNED", "18446744073709551615", "18446744073709551614",
          r"A=18446744073709551615 B=18446744073709551614"),
    value("the smallest BIGINT", "BIGINT", "-9223372036854775808", "-9223372036854775807"),
    value("the last digit of a DECIMAL", "DECIMAL(65,30)", "'12345678901234567890123456789012345.123456789012345678901234567890'",
          "'12345678901234567890123456789012345.123456789012345678901234567891'"),
    value("a BIT", "BIT(64)", "b'1'", "b'1000000000000000000000000000000000000000000000000000000000000001'"),
    value("a trailing zero byte", "VARBINARY(20)", "x'6162'", "x'616200'", r"`v` A='ab' B=0x616200"),
    value("a byte of BINARY padding", "BINARY(4)", "x'6162'", "x'61620020'"),
    value("the same letter in other bytes", "VARBINARY(20)", "x'c3a9'", "x'e9'"),
    value("the last byte of a long value", "LONGBLOB", "REPEAT('x', 3000000)", "CONCAT(REPEAT('x', 2999999), 'y')",
          r"`v` A=\.\.\.'x+'\(3000000 bytes\) B=\.\.\.'x+y'\(3000000 bytes\)"),
    value("a byte past the first read of a long value", "TEXT", "REPEAT('x', 600)", "CONCAT(REPEAT('x', 555), 'y', REPEAT('x', 44))"),
    value("a point of a geometry", "GEOMETRY", "ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POINT(1 3)')"),
    value("the SRID of a geometry", "GEOMETRY", "ST_GeomFromText('POINT(1 2)', 0)", "ST_GeomFromText('POINT(1 2)', 4326)"),
    Case("a double for an integer in JSON",
         ["CREATE TABLE t (id INT PRIMARY KEY, v JSON)", "INSERT INTO t VALUES (1, '{\"a\": 1}')"],
         # MySQL passes over an UPDATE here, for the two numbers are equal.
         ["DELETE FROM t", "INSERT INTO t VALUES (1, '{\"a\": 1.0}')"], r"`v` A='{\"a\": 1}' B='{\"a\": 1.0}'", is_modern),
    value("a string for a number in JSON", "JSON", "'{\"a\": 1}'", "'{\"a\": \"1\"}'", only=is_modern),
    value("the gbk bytes of a text", "VARCHAR(20) CHARACTER SET gbk", "x'b0a1'", "x'b0a2'"),
    value("a vector's float", "VECTOR(2)", "x'0000803f00000040'", "x'0000803f01000040'",
          only=lambda server: server.name in ("mysql-9.7", "mariadb-11.8")),
    value("an INET6", "INET6", "'::1'", "'::2'", only=is_mariadb),
]

ROWS = [
    Case("a duplicate row missing in a table without a key",
         ["CREATE TABLE t (a INT, b VARCHAR(10))", "INSERT INTO t VALUES (1,'x'), (1,'x'), (1,'x'), (2,'y')"],
         "DELETE FROM t WHERE a = 1 LIMIT 1", r"row .*`t`: only in A: row \(`a`=1, `b`='x'\)"),
    Case("a duplicate row too many", ["CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1), (1)"],
         "INSERT INTO t VALUES (1)", r"row .*`t`: only in B: row \(`a`=1\)"),
    Case("a row missing", ["CREATE TABLE t (a INT, b INT, PRIMARY KEY (b, a))", "INSERT INTO t VALUES (1,2), (3,4)"],
         "DELETE FROM t WHERE a = 3", r"row .*`t`: only in A: key \(`b`=4, `a`=3\)"),
    Case("a row moved between two tables",
         ["CREATE TABLE t (a INT PRIMARY KEY)", "CREATE TABLE u (a INT PRIMARY KEY)",
          "INSERT INTO t VALUES (1), (2)", "INSERT INTO u VALUES (3)"],
         ["DELETE FROM t WHERE a = 2", "INSERT INTO u VALUES (2)"],
         r"(?s)row .*`t`: only in A: key \(`a`=2\).*row .*`u`: only in B: key \(`a`=2\)"),
    Case("two values exchanged between two rows",
         ["CREATE TABLE t (a INT PRIMARY KEY, b INT, c INT)", "INSERT INTO t VALUES (1, 10, 7), (2, 20, 7)"],
         "UPDATE t SET b = 30 - b", r"2 rows changed, 0 only in A, 0 only in B"),
    Case("two values exchanged between two columns", ["CREATE TABLE t (a INT, b INT)", "INSERT INTO t VALUES (1, 2)"],
         "UPDATE t SET a = 2, b = 1", r"1 only in A, 1 only in B"),
    Case("a key whose letter has another case",
         ["CREATE TABLE t (k VARCHAR(10) CHARACTER SET utf8 PRIMARY KEY, v INT)", "INSERT INTO t VALUES ('a', 1)"],
         "UPDATE t SET k = 'A'", r"(?s)only in A: key \(`k`='a'\).*only in B: key \(`k`='A'\)"),
    Case("odd names", ["CREATE TABLE `t ``1 \u00fc` (`i d` INT PRIMARY KEY, `v``\u00e4` INT)", "INSERT INTO `t ``1 \u00fc` VALUES (1, 2)"],
         "UPDATE `t ``1 \u00fc` SET `v``\u00e4` = 3", r"`case ``db`` \u00e9`\.`t ``1 \u00fc`: differs: key \(`i d`=1\): `v``\u00e4` A=2 B=3"),
    Case("a value in an invisible column",
         ["CREATE TABLE t (id INT PRIMARY KEY, v INT INVISIBLE DEFAULT 1)", "INSERT INTO t (id) VALUES (1)"],
         "UPDATE t SET v = 2", r"`v` A=1 B=2", lambda server: is_mysql_8(server) or is_mariadb(server)),
    Case("a value of a hidden primary key",
         ["SET SESSION sql_generate_invisible_primary_key = ON", "CREATE TABLE t (v INT)", "INSERT INTO t VALUES (5)"],
         ["SET SESSION sql_generate_invisible_primary_key = ON", "UPDATE t SET my_row_id = 7"],
         r"only in A: key \(`my_row_id`=1\)", is_mysql_8),
    Case("a current row of a system-versioned table",
         ["CREATE TABLE t (id INT PRIMARY KEY, v INT, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START,"
          " e TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME(s, e)) WITH SYSTEM VERSIONING",
          "INSERT INTO t (id, v) VALUES (1, 1), (2, 2)", "UPDATE t SET v = 3 WHERE id = 1"],
         "UPDATE t SET v = 4 WHERE id = 1", r"differs: key \(`id`=1\): `v` A=3 B=4", is_mariadb),
    Case("history of a system-versioned table",
         ["SET timestamp=1700000000.5", "CREATE TABLE t (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING", "INSERT INTO t VALUES (1, 1), (2, 2)",
          "SET timestamp=1700000001.5", "UPDATE t SET v = 3 WHERE id = 1", "SET timestamp=DEFAULT"],
         ["SET timestamp=1700000000.5", "DELETE HISTORY FROM t"],
         r"only in A: row \(`id`=1, `v`=1, `row start`='2023-11-14 22:13:20.500000', `row end`='2023-11-14 22:13:21.500000'", is_mariadb, options=["--history"]),
    Case("a table of 3000 rows with two of them changed",
         ["CREATE TABLE n (i INT PRIMARY KEY)", "INSERT INTO n VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)",
          "CREATE TABLE t (id INT PRIMARY KEY, v INT)",
          "INSERT INTO t SELECT a.i + 10*b.i + 100*c.i + 1000*d.i, a.i FROM n a, n b, n c, n d WHERE d.i < 3"],
         "UPDATE t SET v = v + 1 WHERE id IN (17, 2999)",
         r"(?s)(?=.*\(`id`=17\): `v` A=7 B=8)(?=.*\(`id`=2999\): `v` A=9 B=10).*2 rows changed, 0 only in A"),
]

TABLE = "CREATE TABLE t (id INT PRIMARY KEY, a INT NOT NULL, b VARCHAR(20) CHARACTER SET latin1, KEY ab (a, b), KEY b (b)) COMMENT 'one'"
PARENT = ["CREATE TABLE p (id INT PRIMARY KEY) ENGINE=InnoDB",
          "CREATE TABLE c (id INT PRIMARY KEY, p INT, CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE) ENGINE=InnoDB"]
GENERATED = ["CREATE TABLE t (id INT PRIMARY KEY, a INT, g INT AS (a + 1) VIRTUAL)", "INSERT INTO t (id, a) VALUES (1, 1)"]

DEFINITIONS = [
    Case("a database missing", [], "DROP DATABASE " + Q, r"^database `case ``db`` \u00e9`: only in A"),
    Case("a database's charset", [], "ALTER DATABASE %s CHARACTER SET latin2" % Q, r"^database .*charset: "),
    Case("a table missing", [TABLE], "DROP TABLE t", r"^table .*`t`: only in A"),
    Case("a table too many", [], TABLE, r"^table .*`t`: only in B"),
    Case("an index missing", [TABLE], "ALTER TABLE t DROP KEY b", r"^table .*`t`: differs: .*A=\[  KEY `b`"),
    Case("the order of an index's columns", [TABLE], "ALTER TABLE t DROP KEY ab, ADD KEY ab (b, a)",
         r"^table .*A=\[  KEY `ab` \(`a`,`b`\)\] B=\[  KEY `ab` \(`b`,`a`\)\]"),
    Case("the order of two indexes", [TABLE], ["ALTER TABLE t DROP KEY ab", "ALTER TABLE t ADD KEY ab (a, b)"], r"^table .*the same lines in another order"),
    Case("the prefix of an index", [TABLE], "ALTER TABLE t DROP KEY b, ADD KEY b (b(5))", r"^table .*B=\[  KEY `b` \(`b`\(5\)\)\]"),
    Case("an index made unique", [TABLE], "ALTER TABLE t DROP KEY b, ADD UNIQUE KEY b (b)", r"^table .*B=\[  UNIQUE KEY `b`"),
    Case("a column's type", [TABLE], "ALTER TABLE t MODIFY a BIGINT NOT NULL", r"^table .*`a` int.*B=\[  `a` bigint"),
    Case("a column's default", [TABLE], "ALTER TABLE t ALTER a SET DEFAULT 5", r"^table .*B=\[  `a` .*DEFAULT"),
    Case("a column's charset", [TABLE], "ALTER TABLE t MODIFY b VARCHAR(20) CHARACTER SET latin2", r"^table .*B=\[  `b` .*latin2"),
    Case("a column's collation, beside one that is written down and the default", [TABLE, "ALTER TABLE t MODIFY b VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci"],
         "ALTER TABLE t MODIFY b VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_bin", r"^table .*B=\[  `b` .*latin1_bin"),
    Case("a column's collation", [TABLE], "ALTER TABLE t MODIFY b VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_bin", r"^table .*B=\[  `b` .*latin1_bin"),
    Case("a column's comment", [TABLE], "ALTER TABLE t MODIFY a INT NOT NULL COMMENT 'x'", r"^table .*COMMENT 'x'"),
    Case("the order of columns", [TABLE], "ALTER TABLE t MODIFY a INT NOT NULL AFTER b", r"^table .*the same lines in another order"),
    Case("a column too many", [TABLE, "INSERT INTO t VALUES (1, 1, 'x')"], "ALTER TABLE t ADD z INT", r"^table .*B=\[  `z` int"),
    Case("a table's comment", [TABLE], "ALTER TABLE t COMMENT 'two'", r"^table .*B=\[.*COMMENT='two'\]"),
    Case("a column's visibility", [TABLE], "ALTER TABLE t MODIFY b VARCHAR(20) CHARACTER SET latin1 INVISIBLE",
         r"^table .*B=\[  `b` .*INVISIBLE", lambda server: is_mysql_8(server) or is_mariadb(server)),
    Case("a virtual column's expression", GENERATED, "ALTER TABLE t DROP g, ADD g INT AS (a + 2) VIRTUAL",
         r"(?s)^table .*\+ 2\).*^row .*`g` A=2 B=3", is_modern),
    Case("a stored column for a virtual one", GENERATED, "ALTER TABLE t DROP g, ADD g INT AS (a + 1) STORED", r"^table .*STORED", is_modern),
    Case("a CHECK", ["CREATE TABLE t (a INT, CONSTRAINT small CHECK (a < 10))"],
         ["ALTER TABLE t DROP CONSTRAINT small", "ALTER TABLE t ADD CONSTRAINT small CHECK (a < 11)"],
         r"^table .*CONSTRAINT `small` CHECK.*11", is_modern),
    Case("a foreign key's action", PARENT, ["ALTER TABLE c DROP FOREIGN KEY fk", "ALTER TABLE c ADD CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id) ON DELETE SET NULL"],
         r"^table .*`c`: differs: .*CASCADE\] B=.*SET NULL\]"),
    Case("a foreign key missing", PARENT, "ALTER TABLE c DROP FOREIGN KEY fk", r"^table .*`c`: differs: .*A=\[  CONSTRAINT `fk`"),
    Case("a partition", ["CREATE TABLE t (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))"],
         "ALTER TABLE t ADD PARTITION (PARTITION p2 VALUES LESS THAN (30))", r"^table .*p2"),
    Case("a lower AUTO_INCREMENT", ["CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB AUTO_INCREMENT=100"],
         "ALTER TABLE t AUTO_INCREMENT=99", r"^table .*`t`: differs: AUTO_INCREMENT: A='100' B='99'"),
]

VIEW = [TABLE, "CREATE VIEW v AS SELECT a FROM t WHERE a > 1"]
TRIGGER = [TABLE, "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1"]
PROCEDURE = "CREATE PROCEDURE r() COMMENT 'c' SELECT 1"
EVENT = "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE DO SET @a = 1"

PROGRAMS = [
    Case("a view missing", VIEW, "DROP VIEW v", r"^view .*`v`: only in A"),
    Case("a view's condition", VIEW, "CREATE OR REPLACE VIEW v AS SELECT a FROM t WHERE a > 2", r"^view .*`v`: differs: Create View: .*> 1.*> 2"),
    Case("a view's security", VIEW, "CREATE OR REPLACE SQL SECURITY INVOKER VIEW v AS SELECT a FROM t WHERE a > 1", r"^view .*INVOKER"),
    Case("a table for a view", VIEW, ["DROP VIEW v", "CREATE TABLE v (a INT)"], r"(?s)table .*`v`: only in B.*view .*`v`: only in A"),
    Case("a view that cannot be read", VIEW + ["CREATE TABLE t2 (a INT)", "CREATE OR REPLACE VIEW v AS SELECT a FROM t2"], "DROP TABLE t2",
         r"^view .*`v`: differs: error of reading it: A='0' B='1356'"),
    Case("a trigger's body", TRIGGER, ["DROP TRIGGER tr", "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 2"], r"^trigger .*`tr`: differs: .*= 1\] B=.*= 2\]"),
    Case("a trigger's sql_mode", TRIGGER, ["DROP TRIGGER tr", "SET sql_mode = 'ANSI_QUOTES'", TRIGGER[1]], r"^trigger .*sql_mode: .*ANSI_QUOTES"),
    Case("a trigger's moment", TRIGGER, ["DROP TRIGGER tr", "CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW SET NEW.a = 1"], r"^trigger .*event: A='INSERT' B='UPDATE'"),
    Case("a trigger missing", TRIGGER, "DROP TRIGGER tr", r"^trigger .*`tr`: only in A"),
    Case("the order of two triggers", TRIGGER + ["CREATE TRIGGER u BEFORE INSERT ON t FOR EACH ROW SET NEW.a = NEW.a + 1"],
         ["DROP TRIGGER tr", "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1"], r"^trigger .*order: A='1' B='2'", is_modern),
    Case("a trigger's definer", TRIGGER, ["DROP TRIGGER tr", TRIGGER[1].replace("CREATE", "CREATE DEFINER=`x`@`y`")], r"^trigger .*DEFINER=`x`@`y`"),
    Case("a procedure's body", [PROCEDURE], ["DROP PROCEDURE r", PROCEDURE.replace("SELECT 1", "SELECT 2")], r"^procedure .*`r`: differs: Create Procedure: "),
    Case("a procedure's sql_mode", [PROCEDURE], ["DROP PROCEDURE r", "SET sql_mode = 'PIPES_AS_CONCAT'", PROCEDURE], r"^procedure .*sql_mode: .*PIPES_AS_CONCAT"),
    Case("a procedure's comment", [PROCEDURE], "ALTER PROCEDURE r COMMENT 'd'", r"^procedure .*COMMENT 'd'"),
    Case("a procedure's client charset", [PROCEDURE], ["DROP PROCEDURE r", "SET NAMES latin1", PROCEDURE], r"^procedure .*character_set_client: "),
    Case("a function's return type", ["CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1"],
         ["DROP FUNCTION f", "CREATE FUNCTION f() RETURNS BIGINT DETERMINISTIC RETURN 1"], r"^function .*`f`: differs: .*bigint"),
    Case("a procedure for a function", ["CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1"],
         ["DROP FUNCTION f", "CREATE PROCEDURE f() SELECT 1"], r"(?s)function .*only in A.*procedure .*only in B"),
    Case("an event missing", [EVENT], "DROP EVENT e", r"^event .*`e`: only in A"),
    Case("an event's interval", [EVENT], "ALTER EVENT e ON SCHEDULE EVERY 2 DAY STARTS '2030-01-01 00:00:00'", r"^event .*EVERY 2 DAY"),
    Case("an event's status", [EVENT], "ALTER EVENT e ENABLE", r"^event .*STATUS: A='DISABLED' B='ENABLED'"),
    Case("an event's time zone", [EVENT], ["DROP EVENT e", "SET time_zone = '+01:00'", EVENT], r"^event .*time_zone: "),
    Case("a sequence's step", ["CREATE SEQUENCE s"], "ALTER SEQUENCE s INCREMENT 2", r"^sequence .*increment by 2", is_mariadb),
    Case("a sequence that is behind", ["CREATE SEQUENCE s CACHE 10", "DO NEXTVAL(s)"], ["DROP SEQUENCE s", "CREATE SEQUENCE s CACHE 10"],
         r"^sequence .*next value: A='11' B='1'", is_mariadb),
    Case("a package's body", ["SET sql_mode = 'ORACLE'", "CREATE PACKAGE k AS FUNCTION f RETURN INT; END", "CREATE PACKAGE BODY k AS FUNCTION f RETURN INT AS BEGIN RETURN 1; END; END"],
         ["SET sql_mode = 'ORACLE'", "DROP PACKAGE BODY k", "CREATE PACKAGE BODY k AS FUNCTION f RETURN INT AS BEGIN RETURN 2; END; END"],
         r"^package body .*`k`: differs", is_mariadb),
]

CASES = VALUES + ROWS + DEFINITIONS + PROGRAMS

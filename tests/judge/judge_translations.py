"""What becomes of things that move between MySQL and MariaDB: pairs of definitions that the judge must hold equal, and the
deviations from each that it must find.

`a` is made on the source, `b` on the target, in a database of one name; that must be judged equal, and say `left_out` where
something is left out on purpose. Then each of `deviations`, a statement (or several) for B and what the judge must say of it, is
tried by itself. A case with `found` is no translation: it must be judged different as it is.
"""

import dataclasses
from typing import Callable, List, Sequence, Tuple


@dataclasses.dataclass
class Translation:
    name: str
    a: List[str]
    b: List[str]
    deviations: Sequence[Tuple] = ()
    left_out: str = ""
    found: str = ""
    options: Sequence[str] = ()
    only: Callable = lambda a, b: True


def has_vectors(a, b):
    return "mariadb-11.8" in (a.name, b.name)


def row(column, id=1):
    return r"^row .*`t`: differs: key \(`id`=%d\): `%s`" % (id, column)


def column(name, aspect):
    return r"^table .*`t`: differs: column `%s` %s: " % (name, aspect)


DOCUMENT = r'{"a": 1, "b": 2.5, "long": [1, {"z": null}, "\\u00e9\\n"], "n": 100.0}'
RESPELLED = r'{"n":1e2, "long":[1,{"z":null},"é\\n"],\n "b":2.50,"a":1}'


def documents(change):
    """Deviations of one document; `change` makes a statement of another one."""
    return [
        (change(RESPELLED.replace("2.50", "2.51")), row("j")),
        (change(RESPELLED.replace('"a":1', '"a":1.0')), row("j")),
        (change(RESPELLED.replace('"a":1', '"a":"1"')), row("j")),
        (change(RESPELLED.replace(',"a":1', "")), row("j")),
        (change(RESPELLED.replace("null", "false")), row("j")),
        (change(RESPELLED.replace('[1,{"z":null}', '[{"z":null},1')), row("j")),
        (change(RESPELLED.replace("é", "e")), row("j")),
        (change("1"), row("j")),
        ("UPDATE t SET j = NULL", row("j")),
        ("ALTER TABLE t MODIFY j LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", column("j", "type")),
        ("ALTER TABLE t MODIFY j JSON NOT NULL", column("j", "nullable")),
    ]


def insert(text):
    """MySQL passes over an UPDATE to another spelling of an equal number."""
    return ["UPDATE t SET j = NULL", "UPDATE t SET j = '%s'" % text]


JSON_TABLE = "CREATE TABLE t (id INT PRIMARY KEY, j JSON) DEFAULT CHARSET=latin1"
JSON_ROW = "INSERT INTO t VALUES (1, '%s')"
KEYED = "CREATE TABLE t (id INT PRIMARY KEY, a INT NOT NULL, b VARCHAR(20), c INT, %s) DEFAULT CHARSET=latin1"
EVENT = ("CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE COMMENT 'c'"
         " DO SET @a = 'x' COLLATE %s")
NAMES = "SET NAMES utf8mb4 COLLATE %s"

# ---- MySQL 8 and later to MariaDB -------------------------------------------------------------------------------------

FROM_MYSQL = [
    Translation("JSON documents", [JSON_TABLE, JSON_ROW % DOCUMENT], [JSON_TABLE, JSON_ROW % RESPELLED], documents(insert)),
    Translation(
        "numbers of JSON", [JSON_TABLE, r"INSERT INTO t VALUES (1, '[0.1, -0.0, 1e-7, 18446744073709551615, 1e22, -5]')"],
        [JSON_TABLE, r"INSERT INTO t VALUES (1, '[0.1,-0.0,0.0000001,18446744073709551615,1e22,-5]')"],
        [(insert("[0.1,0.0,0.0000001,18446744073709551615,1e22,-5]"), row("j")),
         (insert("[0.10000000000000002,-0.0,0.0000001,18446744073709551615,1e22,-5]"), row("j")),
         (insert("[0.10000000000000000001,-0.0,0.0000001,18446744073709551615,1e22,-5]"), row("j")),
         (insert("[0.1,-0.0,0.0000001,18446744073709551614,1e22,-5]"), row("j")),
         (insert("[0.1,-0.0,0.0000001,18446744073709551615,10000000000000000000000,-5]"), row("j")),
         (insert("[0.1,-0.0,0.0000001,18446744073709551615,1e22,5]"), row("j"))]),
    Translation(
        "values of MySQL's own types in JSON",
        [JSON_TABLE, "INSERT INTO t VALUES (1, JSON_ARRAY(CAST('2024-02-29' AS DATE), CAST(-99999999999999999999.5 AS DECIMAL(30,5)), CAST(x'00ff5c' AS BINARY)))"],
        [JSON_TABLE, """INSERT INTO t VALUES (1, '["2024-02-29", -99999999999999999999.50000, "base64:type15:AP9c"]')"""],
        [(insert('["2024-02-29", -99999999999999999999.6, "base64:type15:AP9c"]'), row("j")),
         (insert('["2024-02-29", -99999999999999999999.50000, "base64:type15:AP9d"]'), row("j"))]),
    Translation(
        "collations",
        ["ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_ci",
         "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), b VARCHAR(20) COLLATE utf8mb4_0900_as_cs, c TEXT COLLATE utf8mb4_0900_bin,"
         " d ENUM('x') COLLATE utf8mb4_de_pb_0900_ai_ci, e VARCHAR(20) COLLATE utf8mb4_es_trad_0900_as_cs, f VARCHAR(9) CHARACTER SET utf8)"
         " CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci"],
        ["ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_as_ci",
         "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), b VARCHAR(20) COLLATE utf8mb4_uca1400_nopad_as_cs, c TEXT COLLATE utf8mb4_nopad_bin,"
         " d ENUM('x') COLLATE utf8mb4_uca1400_german2_nopad_ai_ci, e VARCHAR(20) COLLATE utf8mb4_uca1400_spanish2_nopad_as_cs,"
         " f VARCHAR(9) CHARACTER SET utf8 COLLATE utf8_general_ci) CHARSET=utf8mb4 COLLATE=utf8mb4_uca1400_nopad_ai_ci"],
        [("ALTER TABLE t MODIFY a VARCHAR(20) COLLATE utf8mb4_uca1400_ai_ci", column("a", "collation")),
         ("ALTER TABLE t MODIFY b VARCHAR(20) COLLATE utf8mb4_uca1400_nopad_ai_cs", column("b", "collation")),
         ("ALTER TABLE t MODIFY c TEXT COLLATE utf8mb4_bin", column("c", "collation")),
         ("ALTER TABLE t MODIFY d ENUM('x') COLLATE utf8mb4_uca1400_nopad_ai_ci", column("d", "collation")),
         ("ALTER TABLE t MODIFY f VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", column("f", "charset")),
         ("ALTER TABLE t COLLATE utf8mb4_general_ci", r"^table .*`t`: differs: collation: "),
         ("ALTER DATABASE COLLATE utf8mb4_uca1400_nopad_ai_ci", r"^database .*: differs: collation: ")]),
    Translation(
        "defaults",
        ["CREATE TABLE t (id INT PRIMARY KEY, n INT DEFAULT 7, m INT DEFAULT (-(5)), o INT DEFAULT (6), q INT DEFAULT (NULL), d DECIMAL(5,2) DEFAULT -1.5,"
         " s VARCHAR(20) DEFAULT 'it''s \\\\ x', z VARCHAR(20) DEFAULT '',"
         " b BIT(5) DEFAULT b'101', bin BINARY(4) DEFAULT 'ab', e ENUM('a','b') DEFAULT 'b', f DATE DEFAULT (CURDATE()), u VARCHAR(40) DEFAULT (UUID()),"
         " tx TEXT DEFAULT ('it''s'), c VARCHAR(40) DEFAULT (CONCAT('x', 1 + 1, LOWER('Y'))),"
         " ts TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), w VARCHAR(30) DEFAULT 'current_timestamp',"
         " h INT DEFAULT 3 INVISIBLE) DEFAULT CHARSET=latin1"],
        ["CREATE TABLE t (id INT PRIMARY KEY, n INT DEFAULT 7, m INT DEFAULT -5, o INT DEFAULT 6, q INT, d DECIMAL(5,2) DEFAULT -1.5, s VARCHAR(20) DEFAULT 'it''s \\\\ x', z VARCHAR(20) DEFAULT '',"
         " b BIT(5) DEFAULT b'101', bin BINARY(4) DEFAULT 'ab', e ENUM('a','b') DEFAULT 'b', f DATE DEFAULT CURDATE(), u VARCHAR(40) DEFAULT UUID(),"
         " tx TEXT DEFAULT 'it''s', c VARCHAR(40) DEFAULT CONCAT('x', 1 + 1, LOWER('Y')),"
         " ts TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), w VARCHAR(30) DEFAULT 'current_timestamp',"
         " h INT DEFAULT 3 INVISIBLE) DEFAULT CHARSET=latin1"],
        [("ALTER TABLE t ALTER n SET DEFAULT 8", column("n", "default")),
         ("ALTER TABLE t ALTER m SET DEFAULT 5", column("m", "default")),
         ("ALTER TABLE t ALTER q SET DEFAULT 0", column("q", "default")),
         ("ALTER TABLE t ALTER n DROP DEFAULT", column("n", "default")),
         ("ALTER TABLE t ALTER s SET DEFAULT 'its \\\\ x'", column("s", "default")),
         ("ALTER TABLE t ALTER z SET DEFAULT NULL", column("z", "default")),
         ("ALTER TABLE t ALTER b SET DEFAULT b'100'", column("b", "default")),
         ("ALTER TABLE t ALTER bin SET DEFAULT 'ac'", column("bin", "default")),
         ("ALTER TABLE t ALTER u SET DEFAULT 'uuid()'", column("u", "default")),
         ("ALTER TABLE t ALTER tx SET DEFAULT 'its'", column("tx", "default")),
         ("ALTER TABLE t MODIFY c VARCHAR(40) DEFAULT CONCAT('x', 1 + 2, LOWER('Y'))", column("c", "default")),
         ("ALTER TABLE t MODIFY f DATE DEFAULT CURRENT_TIMESTAMP()", column("f", "default")),
         ("ALTER TABLE t MODIFY ts TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)", column("ts", "extra")),
         ("ALTER TABLE t MODIFY h INT DEFAULT 3", column("h", "extra"))]),
    Translation(
        "generated columns, whose NOT NULL MariaDB says by a CHECK",
        ["CREATE TABLE t (id INT PRIMARY KEY, a INT NOT NULL, v INT AS (a * 7) VIRTUAL NOT NULL, s VARCHAR(40) AS (CONCAT('it''s', LENGTH(LOWER('B')), a MOD 2)) STORED) DEFAULT CHARSET=latin1",
         "INSERT INTO t (id, a) VALUES (1, 3)"],
        ["CREATE TABLE t (id INT PRIMARY KEY, a INT NOT NULL, v INT AS (a * 7) VIRTUAL CHECK (v IS NOT NULL), s VARCHAR(40) AS (CONCAT('it''s', LENGTH(LOWER('B')), a MOD 2)) STORED) DEFAULT CHARSET=latin1",
         "INSERT INTO t (id, a) VALUES (1, 3)"],
        [("ALTER TABLE t DROP v, ADD v INT AS (a * 7) VIRTUAL AFTER a", r"^table .*`t`: differs: checks: "),
         ("ALTER TABLE t MODIFY a INT", column("a", "nullable")),
         ("ALTER TABLE t DROP v, ADD v INT AS (a * 8) VIRTUAL CHECK (v IS NOT NULL) AFTER a", row("v")),
         ("ALTER TABLE t DROP v, ADD v INT AS (7 * a) VIRTUAL CHECK (v IS NOT NULL) AFTER a", column("v", "expression")),
         (["ALTER TABLE t DROP v, ADD v INT AFTER a", "UPDATE t SET v = 21"], column("v", "expression")),
         ("ALTER TABLE t DROP s, ADD s VARCHAR(40) AS (CONCAT('it''s', LENGTH(LOWER('B')), a MOD 2)) VIRTUAL", column("s", "extra"))]),
    Translation(
        "keys", [KEYED % "KEY f ((a + 1)), KEY multi (a, (LOWER(b))), KEY hidden (b) INVISIBLE, KEY falling (a DESC, b(5)), UNIQUE KEY u (c)"],
        [KEYED % "KEY hidden (b) IGNORED, KEY falling (a DESC, b(5)), UNIQUE KEY u (c)"],
        [("ALTER TABLE t DROP KEY u", r"^table .*`t`: differs: key `u`: A='UNIQUE BTREE `c`' B=nothing"),
         ("ALTER TABLE t DROP KEY hidden", r"^table .*`t`: differs: key `hidden`: .*B=nothing"),
         ("ALTER TABLE t ALTER INDEX hidden NOT IGNORED", r"^table .*`t`: differs: key `hidden`: A='INVISIBLE"),
         ("ALTER TABLE t DROP KEY falling, ADD KEY falling (a, b(5))", r"^table .*`t`: differs: key `falling`: "),
         ("ALTER TABLE t DROP KEY falling, ADD KEY falling (a DESC, b(6))", r"^table .*`t`: differs: key `falling`: "),
         ("ALTER TABLE t ADD KEY f (a)", r"^table .*`t`: differs: key `f`: A=nothing")],
        left_out=r"(?s)^left out: table .*`t`: key `f` \(functional\).*key `multi` \(functional\)"),
    Translation("a unique functional key", [KEYED % "KEY c (c), UNIQUE KEY f ((a + 1))"], [KEYED % "KEY c (c)"],
                found=r"^table .*`t`: differs: key `f`: A='UNIQUE BTREE \(expression\)' B=nothing"),
    Translation(
        "CHECK constraints", [KEYED % "CHECK (a < 10 AND b IN ('x', 'it''s')), CONSTRAINT n CHECK (LENGTH(b) > 1), CHECK (b REGEXP 'y'), CONSTRAINT no CHECK (c > 1) NOT ENFORCED"],
        [KEYED % "CHECK (a < 10 AND b IN ('x', 'it''s')), CONSTRAINT n CHECK (LENGTH(b) > 1), CHECK (b REGEXP 'y')"],
        [("ALTER TABLE t DROP CONSTRAINT n", r"^table .*`t`: differs: checks: A=\[length `b` > 1\]"),
         ("ALTER TABLE t ADD CHECK (c > 1)", r"^table .*`t`: differs: checks: .*B=\[`c` > 1\]"),
         (["ALTER TABLE t DROP CONSTRAINT n", "ALTER TABLE t ADD CONSTRAINT n CHECK (LENGTH(b) > 2)"], r"checks: A=\[length `b` > 1\] B=\[length `b` > 2\]")],
        left_out=r"^left out: table .*`t`: check `no` \(not enforced\)"),
    Translation(
        "SRIDs", ["CREATE TABLE t (id INT PRIMARY KEY, p POINT NOT NULL SRID 4326, g GEOMETRY, SPATIAL KEY p (p))",
                  "ALTER TABLE t CHARSET latin1", "INSERT INTO t VALUES (1, ST_GeomFromText('POINT(1 2)', 4326, 'axis-order=long-lat'), NULL)"],
        ["CREATE TABLE t (id INT PRIMARY KEY, p POINT REF_SYSTEM_ID=4326 NOT NULL, g GEOMETRY, SPATIAL KEY p (p)) CHARSET=latin1",
         "INSERT INTO t VALUES (1, ST_GeomFromText('POINT(1 2)', 4326), NULL)"],
        [("ALTER TABLE t MODIFY p POINT NOT NULL", column("p", "SRID")),
         ("ALTER TABLE t DROP KEY p", r"^table .*`t`: differs: key `p`: A='SPATIAL `p`'"),
         ("UPDATE t SET p = ST_GeomFromText('POINT(2 1)', 4326)", row("p"))]),
    Translation(
        "a generated invisible primary key", ["SET SESSION sql_generate_invisible_primary_key = ON", "CREATE TABLE t (a INT) CHARSET=latin1", "INSERT INTO t VALUES (5)"],
        ["CREATE TABLE t (my_row_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT INVISIBLE PRIMARY KEY, a INT) CHARSET=latin1", "INSERT INTO t VALUES (5)"],
        [("ALTER TABLE t MODIFY my_row_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT", column("my_row_id", "extra")),
         ("UPDATE t SET my_row_id = 2", r"^row .*`t`: only in A: key \(`my_row_id`=1\)"),
         ("ALTER TABLE t DROP my_row_id", column("my_row_id", "position"))]),
    Translation(
        "programs",
        [NAMES % "utf8mb4_0900_ai_ci", "SET SESSION sql_mode = 'ALLOW_INVALID_DATES,TIME_TRUNCATE_FRACTIONAL'",
         "CREATE TABLE t (id INT PRIMARY KEY, j JSON) CHARSET=latin1",
         "CREATE PROCEDURE r(IN a INT, OUT b VARCHAR(10) CHARACTER SET latin1) SELECT j->'$.a', t.j ->> '$.b[0]', a - 1 FROM t WHERE 'x' = 'y' COLLATE utf8mb4_0900_as_cs",
         "CREATE FUNCTION f(a YEAR) RETURNS VARCHAR(10) CHARACTER SET latin1 DETERMINISTIC RETURN 'a'",
         "CREATE FUNCTION g(a JSON) RETURNS JSON DETERMINISTIC RETURN a", "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.j = IF(NEW.j->'$.a' = 1, NEW.j, NULL)", EVENT % "utf8mb4_0900_bin",
         "CREATE VIEW v AS SELECT id, JSON_EXTRACT(j, '$.a') AS e, 'x' AS c FROM t WITH CHECK OPTION"],
        [NAMES % "utf8mb4_uca1400_nopad_ai_ci", "SET SESSION sql_mode = 'ALLOW_INVALID_DATES'",
         "CREATE TABLE t (id INT PRIMARY KEY, j JSON) CHARSET=latin1",
         "CREATE PROCEDURE r(IN a INT, OUT b VARCHAR(10) CHARACTER SET latin1) SELECT JSON_EXTRACT(j, '$.a'), json_unquote(json_extract(t.j,'$.b[0]')), a - 1 FROM t WHERE 'x' = 'y' COLLATE utf8mb4_uca1400_nopad_as_cs",
         "CREATE FUNCTION f(a YEAR) RETURNS VARCHAR(10) CHARACTER SET latin1 DETERMINISTIC RETURN 'a'",
         "CREATE FUNCTION g(a JSON) RETURNS JSON DETERMINISTIC RETURN a", "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.j = IF(JSON_EXTRACT(NEW.j, '$.a') = 1, NEW.j, NULL)", EVENT % "utf8mb4_nopad_bin",
         "CREATE VIEW v AS SELECT id, JSON_EXTRACT(j, '$.a') AS e, 'x' AS c FROM t WITH CHECK OPTION"],
        [(["DROP PROCEDURE r", NAMES % "utf8mb4_uca1400_nopad_ai_ci",
           "CREATE PROCEDURE r(IN a INT, OUT b VARCHAR(10) CHARACTER SET latin1) SELECT JSON_EXTRACT(j, '$.a'), json_extract(t.j,'$.b[0]'), a - 1 FROM t WHERE 'x' = 'y' COLLATE utf8mb4_uca1400_nopad_as_cs"],
          r"^procedure .*`r`: differs: ROUTINE_DEFINITION: "),
         (["DROP FUNCTION f", "CREATE FUNCTION f(a YEAR) RETURNS VARCHAR(10) CHARACTER SET latin1 DETERMINISTIC RETURN 'A'"], r"^function .*`f`: differs: ROUTINE_DEFINITION: "),
         (["DROP FUNCTION f", "CREATE FUNCTION f(a INT) RETURNS VARCHAR(11) CHARACTER SET latin1 DETERMINISTIC RETURN 'a'"],
          r"(?s)^function .*`f`: differs: returns: .*^function .*`f`: differs: parameters of "),
         (["DROP FUNCTION f", "SET NAMES latin1", "CREATE FUNCTION f(a YEAR) RETURNS VARCHAR(10) CHARACTER SET latin1 DETERMINISTIC RETURN 'a'"],
          r"^function .*`f`: differs: CHARACTER_SET_CLIENT: "),
         (["DROP FUNCTION f", "SET sql_mode = 'ANSI_QUOTES'", "CREATE FUNCTION f(a YEAR) RETURNS VARCHAR(10) CHARACTER SET latin1 DETERMINISTIC RETURN 'a'"],
          r"^function .*`f`: differs: SQL_MODE: A='ALLOW_INVALID_DATES' B='ANSI_QUOTES'"),
         (["DROP FUNCTION f", "SET sql_mode = 'ALLOW_INVALID_DATES,TIME_ROUND_FRACTIONAL'", "CREATE FUNCTION f(a YEAR) RETURNS VARCHAR(10) CHARACTER SET latin1 DETERMINISTIC RETURN 'a'"],
          r"^function .*`f`: differs: SQL_MODE: A='ALLOW_INVALID_DATES' B=.*TIME_ROUND_FRACTIONAL"),
         (["DROP TRIGGER tr", "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.j = IF(JSON_EXTRACT(NEW.j, '$.b') = 1, NEW.j, NULL)"], r"^trigger .*`tr`: differs: ACTION_STATEMENT: "),
         ("DROP EVENT e", r"^event .*`e`: only in A"),
         (["DROP EVENT e", NAMES % "utf8mb4_uca1400_nopad_ai_ci", EVENT % "utf8mb4_bin"], r"^event .*`e`: differs: EVENT_DEFINITION: "),
         ("ALTER EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:01'", r"^event .*`e`: differs: STARTS: "),
         ("CREATE OR REPLACE VIEW v AS SELECT id, JSON_EXTRACT(j, '$.a') AS e, 'x' AS c FROM t", r"^view .*`v`: differs: CHECK_OPTION: "),
         ("CREATE OR REPLACE VIEW v AS SELECT id, 'x' AS c FROM t WITH CHECK OPTION", r"^view .*`v`: differs: column `e` position: A='2' B=nothing"),
         ("RENAME TABLE t TO t2", r"^view .*`v`: differs: error of reading it: A='0' B='1356'")]),
    Translation(
        "vectors", ["CREATE TABLE t (id INT PRIMARY KEY, v VECTOR(2)) CHARSET=latin1", "INSERT INTO t VALUES (1, x'0000803f00000040')"],
        ["CREATE TABLE t (id INT PRIMARY KEY, v VECTOR(2)) CHARSET=latin1", "INSERT INTO t VALUES (1, x'0000803f00000040')"],
        [("UPDATE t SET v = x'0000803f01000040'", row("v"))], only=has_vectors),
]

FROM_MYSQL += [
    Translation(
        "collations by MySQL's names, which newer releases of MariaDB take for aliases",
        ["ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci",
         "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), b VARCHAR(20) COLLATE utf8mb4_0900_as_cs, c TEXT COLLATE utf8mb4_0900_bin) COLLATE=utf8mb4_de_pb_0900_ai_ci"],
        ["ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci",
         "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), b VARCHAR(20) COLLATE utf8mb4_0900_as_cs, c TEXT COLLATE utf8mb4_0900_bin) COLLATE=utf8mb4_de_pb_0900_ai_ci"],
        [("ALTER TABLE t MODIFY a VARCHAR(20) COLLATE utf8mb4_0900_ai_ci", column("a", "collation")),
         ("ALTER TABLE t MODIFY b VARCHAR(20) COLLATE utf8mb4_0900_as_ci", column("b", "collation")),
         ("ALTER DATABASE COLLATE utf8mb4_0900_as_cs", r"^database .*: differs: collation: ")],
        only=lambda a, b: b.name == "mariadb-11.8"),
    Translation(
        "texts that are checked to be JSON",
        ["CREATE TABLE t (id INT PRIMARY KEY, j LONGTEXT, s VARCHAR(30), CHECK (JSON_VALID(j)), CHECK (JSON_VALID(s))) CHARSET=latin1", """INSERT INTO t VALUES (1, '[ "é"]', '1')"""],
        ["CREATE TABLE t (id INT PRIMARY KEY, j LONGTEXT, s VARCHAR(30), CHECK (JSON_VALID(j)), CHECK (JSON_VALID(s))) CHARSET=latin1", """INSERT INTO t VALUES (1, '[ "é"]', '1')"""],
        [(insert('["é"]'), row("j")),
         ("ALTER TABLE t DROP CONSTRAINT CONSTRAINT_1", column("j", "type")),
         ("ALTER TABLE t DROP CONSTRAINT CONSTRAINT_2", r"^table .*`t`: differs: checks: A=\[json_valid `s`\]")]),
    Translation("a text for a JSON column", [JSON_TABLE], ["CREATE TABLE t (id INT PRIMARY KEY, j LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin) CHARSET=latin1"], found=column("j", "type")),
    Translation("JSON in another charset", [JSON_TABLE], ["CREATE TABLE t (id INT PRIMARY KEY, j LONGTEXT CHECK (JSON_VALID(j))) CHARSET=latin1"], found=column("j", "charset")),
]

# ---- MariaDB to MySQL 8 and later -------------------------------------------------------------------------------------

VERSIONED = ("CREATE TABLE t (id INT PRIMARY KEY, v INT, w INT WITHOUT SYSTEM VERSIONING, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START INVISIBLE,"
             " e TIMESTAMP(6) GENERATED ALWAYS AS ROW END, z INT, PERIOD FOR SYSTEM_TIME(s, e)) WITH SYSTEM VERSIONING CHARSET=latin1")

FROM_MARIADB = [
    Translation("JSON documents", [JSON_TABLE, JSON_ROW % RESPELLED], [JSON_TABLE, JSON_ROW % DOCUMENT], documents(insert)),
    Translation(
        "a text in latin1 that is checked to be JSON", ["CREATE TABLE t (id INT PRIMARY KEY, j LONGTEXT CHECK (JSON_VALID(j))) CHARSET=latin1", """INSERT INTO t VALUES (1, '["é"]')"""],
        [JSON_TABLE, """INSERT INTO t VALUES (1, '["é"]')"""], [(insert('["e"]'), row("j"))]),
    Translation("a text that is not checked to be JSON", ["CREATE TABLE t (id INT PRIMARY KEY, j LONGTEXT COLLATE utf8mb4_bin)"], ["CREATE TABLE t (id INT PRIMARY KEY, j JSON)"],
                found=column("j", "type")),
    Translation("a text that is checked to be JSON and stays a text",
                ["CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(30) CHECK (JSON_VALID(s))) CHARSET=latin1"], ["CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(30) CHECK (JSON_VALID(s))) CHARSET=latin1"],
                [("ALTER TABLE t DROP CHECK t_chk_1", r"^table .*`t`: differs: checks: A=\[json_valid `s`\]"), ("ALTER TABLE t MODIFY s JSON", column("s", "type"))]),
    Translation("a name twice in a document", [JSON_TABLE, JSON_ROW % '{"a": 1, "a": 2}'], [JSON_TABLE, JSON_ROW % '{"a": 1, "a": 2}'], found=row("j")),
    Translation("an integer beyond 64 bits", [JSON_TABLE, JSON_ROW % "[18446744073709551616]"], [JSON_TABLE, JSON_ROW % "[18446744073709551616]"], found=row("j")),
    Translation("a decimal that no double holds", [JSON_TABLE, JSON_ROW % "[1.23456789012345678901]"], [JSON_TABLE, JSON_ROW % "[1.23456789012345678901]"], found=row("j")),
    Translation(
        "UUID, INET6 and INET4",
        ["CREATE TABLE t (id INT PRIMARY KEY, u UUID NOT NULL, i INET6 DEFAULT '::1', f INET4, UNIQUE KEY u (u)) CHARSET=latin1",
         "INSERT INTO t VALUES (1, '123E4567e89b12d3a456426655440000', '2001:DB8::0', '10.0.0.1'), (2, 'ffffffff-ffff-ffff-ffff-ffffffffffff', NULL, NULL)"],
        ["CREATE TABLE t (id INT PRIMARY KEY, u CHAR(36) CHARACTER SET ascii NOT NULL, i VARCHAR(39) CHARACTER SET ascii DEFAULT '::1', f VARCHAR(15) CHARACTER SET ascii,"
         " UNIQUE KEY u (u)) CHARSET=latin1",
         "INSERT INTO t VALUES (1, '123e4567-e89b-12d3-a456-426655440000', '2001:db8::', '10.0.0.1'), (2, 'ffffffff-ffff-ffff-ffff-ffffffffffff', NULL, NULL)"],
        [("UPDATE t SET u = '123e4567-e89b-12d3-a456-426655440001' WHERE id = 1", row("u")),
         ("UPDATE t SET u = UPPER(u) WHERE id = 1", row("u")),
         ("UPDATE t SET i = '2001:db8::0' WHERE id = 1", row("i")),
         ("UPDATE t SET f = '10.0.0.2' WHERE id = 1", row("f")),
         ("ALTER TABLE t MODIFY u VARCHAR(36) CHARACTER SET ascii NOT NULL", column("u", "type")),
         ("ALTER TABLE t MODIFY u CHAR(36) CHARACTER SET latin1 NOT NULL", column("u", "charset")),
         ("ALTER TABLE t MODIFY i VARCHAR(39) CHARACTER SET ascii DEFAULT '::2'", column("i", "default")),
         ("ALTER TABLE t MODIFY f VARCHAR(15) CHARACTER SET ascii NOT NULL DEFAULT ''", column("f", "nullable"))]),
    Translation(
        "collations",
        ["ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci",
         "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), b VARCHAR(20) COLLATE utf8mb4_uca1400_nopad_as_cs, c TEXT COLLATE utf8mb4_nopad_bin,"
         " d ENUM('x') COLLATE utf8mb4_uca1400_german2_ai_ci, e VARCHAR(9) CHARACTER SET utf8 COLLATE utf8mb3_uca1400_ai_ci,"
         " f VARCHAR(9) CHARACTER SET ucs2 COLLATE ucs2_uca1400_nopad_ai_ci, g VARCHAR(9) COLLATE utf8mb4_croatian_mysql561_ci)"
         " CHARSET=utf8mb4 COLLATE=utf8mb4_uca1400_nopad_ai_ci"],
        ["ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci",
         "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), b VARCHAR(20) COLLATE utf8mb4_0900_as_cs, c TEXT COLLATE utf8mb4_0900_bin,"
         " d ENUM('x') COLLATE utf8mb4_de_pb_0900_ai_ci, e VARCHAR(9) CHARACTER SET utf8 COLLATE utf8mb3_unicode_520_ci,"
         " f VARCHAR(9) CHARACTER SET ucs2 COLLATE ucs2_unicode_520_ci, g VARCHAR(9) COLLATE utf8mb4_croatian_ci) CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci"],
        [("ALTER TABLE t MODIFY a VARCHAR(20) COLLATE utf8mb4_general_ci", column("a", "collation")),
         ("ALTER TABLE t MODIFY b VARCHAR(20) COLLATE utf8mb4_0900_ai_ci", column("b", "collation")),
         ("ALTER TABLE t MODIFY c TEXT COLLATE utf8mb4_bin", column("c", "collation")),
         ("ALTER TABLE t MODIFY d ENUM('x') COLLATE utf8mb4_0900_ai_ci", column("d", "collation")),
         ("ALTER TABLE t MODIFY e VARCHAR(9) CHARACTER SET utf8 COLLATE utf8mb3_unicode_ci", column("e", "collation")),
         ("ALTER DATABASE COLLATE utf8mb4_0900_as_ci", r"^database .*: differs: collation: ")]),
    Translation("a collation without padding that MySQL has not", ["CREATE TABLE t (a VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_swedish_nopad_ci)"],
                ["CREATE TABLE t (a VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci)"], found=column("a", "collation")),
    Translation(
        "definitions",
        ["CREATE TABLE t (id INT PRIMARY KEY, a INT CHECK (a > 1), n INT DEFAULT 7, s VARCHAR(20) DEFAULT 'it''s', c VARCHAR(40) DEFAULT CONCAT('x', 1 + 1), tx TEXT DEFAULT 'abc',"
         " u VARCHAR(40) DEFAULT UUID(), p INT AS (a * 7) PERSISTENT, z VARCHAR(200) COMPRESSED, KEY ignored (n) IGNORED, KEY falling (a DESC), CHECK (n < 10), CONSTRAINT x CHECK (s <> 'q'))"
         " ENGINE=InnoDB CHARSET=latin1 PAGE_CHECKSUM=1 TRANSACTIONAL=0", "INSERT INTO t (id, a, u) VALUES (1, 5, 'u')"],
        ["CREATE TABLE t (id INT PRIMARY KEY, a INT, n INT DEFAULT 7, s VARCHAR(20) DEFAULT 'it''s', c VARCHAR(40) DEFAULT (CONCAT('x', 1 + 1)), tx TEXT DEFAULT ('abc'),"
         " u VARCHAR(40) DEFAULT (UUID()), p INT AS (a * 7) STORED, z VARCHAR(200), KEY ignored (n) INVISIBLE, KEY falling (a DESC), CHECK (n < 10), CONSTRAINT t_x CHECK (s <> 'q'), CHECK (a > 1))"
         " ENGINE=InnoDB CHARSET=latin1", "INSERT INTO t (id, a, u) VALUES (1, 5, 'u')"],
        [("ALTER TABLE t ALTER n SET DEFAULT 8", column("n", "default")),
         ("ALTER TABLE t MODIFY c VARCHAR(40) DEFAULT (CONCAT('x', 2 + 1))", column("c", "default")),
         ("ALTER TABLE t ALTER u SET DEFAULT 'uuid'", column("u", "default")),
         ("ALTER TABLE t MODIFY tx TEXT DEFAULT ('abd')", column("tx", "default")),
         ("ALTER TABLE t DROP p, ADD p INT AS (a * 7) VIRTUAL AFTER u", column("p", "extra")),
         ("ALTER TABLE t DROP p, ADD p INT AS (a + 30) STORED AFTER u", column("p", "expression")),
         ("ALTER TABLE t MODIFY z VARCHAR(201)", column("z", "type")),
         ("ALTER TABLE t MODIFY z VARCHAR(200) FIRST", column("z", "position")),
         ("ALTER TABLE t ALTER INDEX ignored VISIBLE", r"^table .*`t`: differs: key `ignored`: "),
         ("ALTER TABLE t DROP CHECK t_x", r"^table .*`t`: differs: checks: A=\[`s` <> 'q'\]"),
         ("ALTER TABLE t ALTER CHECK t_x NOT ENFORCED", r"^table .*`t`: differs: checks: .*NOT ENFORCED")]),
    Translation("a unique key over a long text", ["CREATE TABLE t (id INT PRIMARY KEY, a TEXT, UNIQUE KEY u (a)) CHARSET=latin1"], ["CREATE TABLE t (id INT PRIMARY KEY, a TEXT, UNIQUE KEY u (a(700))) CHARSET=latin1"],
                found=r"^table .*`t`: differs: key `u`: A='UNIQUE HASH"),
    Translation(
        "a system-versioned table", [VERSIONED, "INSERT INTO t (id, v, w, z) VALUES (1, 1, 1, 1), (2, 2, 2, 2)", "UPDATE t SET v = 3 WHERE id = 1", "DELETE FROM t WHERE id = 2"],
        ["CREATE TABLE t (id INT PRIMARY KEY, v INT, w INT, z INT) CHARSET=latin1", "INSERT INTO t VALUES (1, 3, 1, 1)"],
        [("INSERT INTO t VALUES (2, 2, 2, 2)", r"^row .*`t`: only in B: key \(`id`=2\)"),
         ("UPDATE t SET v = 1", row("v")),
         ("ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (id, v)", r"^table .*`t`: differs: key `PRIMARY`: "),
         ("ALTER TABLE t ADD e TIMESTAMP(6)", column("e", "position"))],
        left_out=r"(?s)^left out: table .*`t`: the history.*`t`: column `s` \(period.*`t`: column `e` \(period"),
    Translation("a table partitioned by system time", ["CREATE TABLE t (id INT PRIMARY KEY) CHARSET=latin1 WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME (PARTITION p HISTORY, PARTITION n CURRENT)"],
                ["CREATE TABLE t (id INT PRIMARY KEY) CHARSET=latin1"], left_out="the history of a system-versioned table"),
    Translation(
        "engines", ["CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY a (a)) ENGINE=MEMORY CHARSET=latin1", "CREATE TABLE u (id INT PRIMARY KEY) ENGINE=Aria CHARSET=latin1", "INSERT INTO u VALUES (1)"],
        ["CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY a (a)) CHARSET=latin1", "CREATE TABLE u (id INT PRIMARY KEY) CHARSET=latin1", "INSERT INTO u VALUES (1)"],
        [("ALTER TABLE t DROP KEY a", r"^table .*`t`: differs: key `a`: "), ("DELETE FROM u", r"^row .*`u`: only in A")], options=["--ignore-engines"]),
    Translation("engines without the option", ["CREATE TABLE u (id INT PRIMARY KEY) ENGINE=Aria CHARSET=latin1"], ["CREATE TABLE u (id INT PRIMARY KEY) CHARSET=latin1"],
                found=r"^table .*`u`: differs: engine: A='Aria' B='InnoDB'"),
    Translation("a sequence, which MySQL has not", ["CREATE SEQUENCE s"], [], found=r"^sequence .*`s`: only in A"),
    Translation(
        "programs",
        [NAMES % "utf8mb4_uca1400_ai_ci", "SET SESSION sql_mode = 'ALLOW_INVALID_DATES,TIME_ROUND_FRACTIONAL,NO_AUTO_CREATE_USER,PIPES_AS_CONCAT'", "CREATE TABLE t (id INT PRIMARY KEY) CHARSET=latin1",
         "CREATE PROCEDURE r(IN a INT, OUT b VARCHAR(10) CHARACTER SET latin1) SELECT 'x' || 'y' COLLATE utf8mb4_uca1400_as_ci",
         "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a = NEW.id", EVENT % "utf8mb4_uca1400_nopad_as_cs", "CREATE VIEW v AS SELECT id, CONCAT(id, 'x') AS c FROM t"],
        [NAMES % "utf8mb4_unicode_520_ci", "SET SESSION sql_mode = 'ALLOW_INVALID_DATES,PIPES_AS_CONCAT'", "CREATE TABLE t (id INT PRIMARY KEY) CHARSET=latin1",
         "CREATE PROCEDURE r(IN a INT, OUT b VARCHAR(10) CHARACTER SET latin1) SELECT 'x' || 'y' COLLATE utf8mb4_0900_as_ci",
         "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a = NEW.id", EVENT % "utf8mb4_0900_as_cs", "CREATE VIEW v AS SELECT id, CONCAT(id, 'x') AS c FROM t"],
        [(["DROP PROCEDURE r", NAMES % "utf8mb4_unicode_520_ci", "SET SESSION sql_mode = 'ALLOW_INVALID_DATES'",
           "CREATE PROCEDURE r(IN a INT, OUT b VARCHAR(10) CHARACTER SET latin1) SELECT 'x' || 'y' COLLATE utf8mb4_0900_as_ci"], r"^procedure .*`r`: differs: SQL_MODE: "),
         (["DROP TRIGGER tr", NAMES % "utf8mb4_general_ci", "SET SESSION sql_mode = 'ALLOW_INVALID_DATES,PIPES_AS_CONCAT'",
           "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a = NEW.id"], r"^trigger .*`tr`: differs: COLLATION_CONNECTION: "),
         ("DROP VIEW v", r"^view .*`v`: only in A")]),
    Translation(
        "a vector key", ["CREATE TABLE t (id INT PRIMARY KEY, v VECTOR(2) NOT NULL, VECTOR KEY k (v)) CHARSET=latin1", "INSERT INTO t VALUES (1, x'0000803f00000040')"],
        ["CREATE TABLE t (id INT PRIMARY KEY, v VECTOR(2) NOT NULL) CHARSET=latin1", "INSERT INTO t VALUES (1, x'0000803f00000040')"],
        [("UPDATE t SET v = x'0000803f01000040'", row("v")), ("ALTER TABLE t ADD KEY k (id)", r"^table .*`t`: differs: key `k`: A=nothing")],
        left_out=r"^left out: table .*`t`: key `k` \(vector\)", only=has_vectors),
]

# ---- between any two of different flavours, from MySQL 5.6 on ---------------------------------------------------------

EVERYWHERE = [
    Translation(
        "partitions",
        ["CREATE TABLE t (id INT, s VARCHAR(10) CHARACTER SET latin1) CHARSET=latin1 PARTITION BY RANGE COLUMNS(s, id) (PARTITION `P 1` VALUES LESS THAN ('It''s', 5), PARTITION p2 VALUES LESS THAN (MAXVALUE, MAXVALUE))",
         "CREATE TABLE u (a INT, d DATETIME NOT NULL) CHARSET=latin1 PARTITION BY RANGE (TO_DAYS(d)) SUBPARTITION BY HASH (a) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (TO_DAYS('2024-01-01')), PARTITION p1 VALUES LESS THAN MAXVALUE)",
         "CREATE TABLE k (a INT PRIMARY KEY) CHARSET=latin1 PARTITION BY KEY () PARTITIONS 2"],
        ["CREATE TABLE t (id INT, s VARCHAR(10) CHARACTER SET latin1) CHARSET=latin1 PARTITION BY RANGE COLUMNS(s, id) (PARTITION `P 1` VALUES LESS THAN ('It''s', 5), PARTITION p2 VALUES LESS THAN (MAXVALUE, MAXVALUE))",
         "CREATE TABLE u (a INT, d DATETIME NOT NULL) CHARSET=latin1 PARTITION BY RANGE (TO_DAYS(d)) SUBPARTITION BY HASH (a) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (TO_DAYS('2024-01-01')), PARTITION p1 VALUES LESS THAN MAXVALUE)",
         "CREATE TABLE k (a INT PRIMARY KEY) CHARSET=latin1 PARTITION BY KEY () PARTITIONS 2"],
        [("ALTER TABLE t DROP PARTITION p2", r"^table .*`t`: differs: partition `p2`: "),
         ("ALTER TABLE t PARTITION BY RANGE COLUMNS(s, id) (PARTITION `P 1` VALUES LESS THAN ('it''s', 5), PARTITION p2 VALUES LESS THAN (MAXVALUE, MAXVALUE))", r"^table .*`t`: differs: partition `P 1`: "),
         ("ALTER TABLE u REORGANIZE PARTITION p0, p1 INTO (PARTITION p0 VALUES LESS THAN (TO_DAYS('2024-01-02')), PARTITION p1 VALUES LESS THAN MAXVALUE)", r"^table .*`u`: differs: partition `p0`: "),
         ("ALTER TABLE k COALESCE PARTITION 1", r"^table .*`k`: differs: partition `p1`: "),
         ("ALTER TABLE k REMOVE PARTITIONING", r"^table .*`k`: differs: partition `p0`: ")]),
    Translation(
        "foreign keys",
        ["CREATE TABLE p (id INT PRIMARY KEY) ENGINE=InnoDB CHARSET=latin1",
         "CREATE TABLE c (id INT PRIMARY KEY, p INT, q INT, CONSTRAINT one FOREIGN KEY (p) REFERENCES p (id) ON DELETE RESTRICT, CONSTRAINT two FOREIGN KEY (q) REFERENCES p (id) ON DELETE CASCADE ON UPDATE SET NULL) ENGINE=InnoDB CHARSET=latin1"],
        ["CREATE TABLE p (id INT PRIMARY KEY) ENGINE=InnoDB CHARSET=latin1",
         "CREATE TABLE c (id INT PRIMARY KEY, p INT, q INT, CONSTRAINT one FOREIGN KEY (p) REFERENCES p (id) ON DELETE NO ACTION, CONSTRAINT two FOREIGN KEY (q) REFERENCES p (id) ON DELETE CASCADE ON UPDATE SET NULL) ENGINE=InnoDB CHARSET=latin1"],
        [("ALTER TABLE c DROP FOREIGN KEY one", r"^table .*`c`: differs: foreign key `one`: "),
         (["ALTER TABLE c DROP FOREIGN KEY two", "ALTER TABLE c ADD CONSTRAINT two FOREIGN KEY (q) REFERENCES p (id) ON DELETE CASCADE"], r"^table .*`c`: differs: rules of foreign key `two`: ")]),
]


def translations(a, b):
    """Those for this pair of servers."""
    def is_mariadb(server):
        return server.name.startswith("mariadb")
    chosen = list(EVERYWHERE)
    if not is_mariadb(a) and is_mariadb(b) and a.name != "mysql-5.6":
        chosen += FROM_MYSQL
    if is_mariadb(a) and not is_mariadb(b) and b.name != "mysql-5.6":
        chosen += FROM_MARIADB
    return [case for case in chosen if case.only(a, b)]

"""Tests of the judge on two real servers: test_judge.py [SERVER [SERVER-OF-B]] (default mariadb-10.11).

Every case of judge_cases.py is first judged equal and then, after one change, different; then come equality whatever the order
of rows, the options, and what is wrong usage or an error. With two servers of different versions or flavours only what may be
compared across them is tried: a few definitions alike on both, what becomes of things between flavours (judge_translations.py),
and the whole schema of the end-to-end tests, moved by judge_move.py. The judge's path is in BINSTREAM_JUDGE.
"""

import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "servers"), os.path.join(HERE, "..", "e2e")]

import bs_schema  # noqa: E402
import pymysql  # noqa: E402
from bs_servers import Server, require  # noqa: E402
from judge_cases import CASES, DB, Q  # noqa: E402
from judge_move import Mover, is_mariadb, quote, version  # noqa: E402
from judge_translations import translations  # noqa: E402

JUDGE = os.environ.get("BINSTREAM_JUDGE", "judge")
EQUAL, ERROR, USAGE, DIFFERENT = 0, 1, 2, 4
OPTIONS = ("max_allowed_packet=64M", "event_scheduler=OFF", "log_bin_trust_function_creators=1")


class Pair:
    """Servers A and B, what is run on them, and what went wrong."""

    def __init__(self, a, b):
        self.a, self.b = a, b
        self.failures = []
        self.checks = 0

    def run(self, server, statements, db=DB):
        connection = server.connect(charset="utf8mb4")
        with connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_mode = ''")
            cursor.execute("SET NAMES utf8mb4 COLLATE utf8mb4_general_ci")  # not each server's own default
            if db:
                cursor.execute("USE `%s`" % db.replace("`", "``"))
            for statement in statements:
                cursor.execute(statement)

    def both(self, statements, db=DB):
        self.run(self.a, statements, db)
        self.run(self.b, statements, db)

    def fresh(self):
        for server in (self.a, self.b):
            self.run(server, ["DROP DATABASE IF EXISTS " + Q, "CREATE DATABASE %s CHARACTER SET latin1" % Q], None)

    def judge(self, *options, over_tcp=False):
        ends = ["root@%s" % s.socket if not over_tcp else "root:@127.0.0.1:%d" % s.port for s in (self.a, self.b)]
        return self.judge_raw(*options, *ends)

    def judge_raw(self, *arguments):
        done = subprocess.run([JUDGE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")

    def check(self, name, outcome, code, pattern="", stream=1):
        self.checks += 1
        if outcome[0] == code and re.search(pattern, outcome[stream], re.MULTILINE):
            return
        self.failures.append(name)
        print("FAILED: %s\n  wanted exit %d and /%s/\n  got exit %d\n%s%s" % (name, code, pattern, *outcome), flush=True)


def try_case(pair, case):
    pair.fresh()
    pair.both(case.setup)
    pair.check(case.name + ": equal before", pair.judge(*case.options), EQUAL, r"^equal: 1 databases, ")
    pair.run(pair.b, case.changes())
    pair.check(case.name, pair.judge(*case.options), DIFFERENT, case.found)


def test_rows_are_equal_in_any_order(pair):
    pair.fresh()
    pair.both(["CREATE TABLE t (a INT, b VARCHAR(5) CHARACTER SET utf8)"])
    pair.run(pair.a, ["INSERT INTO t VALUES (1,'x'), (1,'x'), (NULL,'y'), (3,NULL)"])
    pair.run(pair.b, ["INSERT INTO t VALUES (3,NULL), (1,'x'), (NULL,'y'), (1,'x')"])
    pair.check("order of rows", pair.judge(), EQUAL, r"^equal: 1 databases, 1 tables, 4 rows, 1 objects$")


def test_counters_may_run_ahead(pair):
    pair.fresh()
    pair.both(["CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT=100"])
    pair.run(pair.b, ["ALTER TABLE t AUTO_INCREMENT=200"])
    pair.check("B's counter ahead", pair.judge(), EQUAL)


def test_what_is_left_out(pair):
    pair.fresh()
    pair.run(pair.b, ["CREATE DATABASE binstream", "CREATE TABLE binstream.t (a INT)"], None)
    pair.check("the state schema is left out", pair.judge(), EQUAL)
    pair.check("another state schema", pair.judge("--state-schema", "other"), DIFFERENT, "^database `binstream`: only in B")
    pair.check("--exclude-databases", pair.judge("--state-schema=other", "--exclude-databases=x,binstream"), EQUAL)
    pair.run(pair.b, ["DROP DATABASE binstream", "CREATE DATABASE more"], None)
    pair.check("a database only in B", pair.judge(), DIFFERENT, "^database `more`: only in B")
    pair.check("--databases", pair.judge("--databases", DB), EQUAL, "^equal: 1 databases")
    pair.check("a database that nobody has", pair.judge("--databases", "nowhere"), ERROR, "nowhere", 2)
    pair.run(pair.b, ["DROP DATABASE more"], None)
    pair.run(pair.b, ["CREATE TABLE t (a INT)"])
    pair.check("--ignore-table", pair.judge("--ignore-table", DB + ".t"), EQUAL)


def test_ignore_options(pair):
    pair.fresh()
    sql = ["CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY) ENGINE=%s AUTO_INCREMENT=%d",
           "CREATE DEFINER=`%s`@`h` PROCEDURE r() SELECT 'DEFINER=`x`@`y` '",
           "CREATE DEFINER=`%s`@`h` VIEW v AS SELECT 1 AS a",
           "CREATE DEFINER=`root`@`localhost` EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' %s DO SET @a = 1"]
    pair.run(pair.a, [sql[0] % ("MyISAM", 9), sql[1] % "a", sql[2] % "a", sql[3] % "ENABLE"])
    pair.run(pair.b, [sql[0] % ("InnoDB", 8), sql[1] % "b", sql[2] % "b", sql[3] % "DISABLE"])
    options = ["--ignore-engines", "--ignore-auto-increment", "--ignore-definers", "--ignore-event-status"]
    outcome = pair.judge()
    for pattern in ("AUTO_INCREMENT: ", "MyISAM", "^procedure ", "^view ", "STATUS: A='ENABLED' B='DISABLED'"):
        pair.check("without --ignore options: " + pattern, outcome, DIFFERENT, pattern)
    for i, pattern in enumerate(("MyISAM", "AUTO_INCREMENT: ", "^procedure ", "STATUS: ")):
        rest = options[:i] + options[i + 1:]
        pair.check("all but " + options[i], pair.judge(*rest), DIFFERENT, pattern)
    # A definer that is no account here makes a view unreadable on both sides alike.
    pair.check("all --ignore options", pair.judge(*options), EQUAL)


def test_reports(pair):
    pair.fresh()
    pair.both(["CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(50) CHARACTER SET utf8)"])
    pair.run(pair.a, ["INSERT INTO t VALUES %s" % ",".join("(%d, '\"\u00e9\\n')" % i for i in range(50))])
    code, out, err = pair.judge("--json")
    found = json.loads(out)
    pair.check("--json", (code, out, err), DIFFERENT)
    rows = [d for d in found["differences"] if d["kind"] == "row"]
    summary = [d["detail"] for d in found["differences"] if d["kind"] == "rows"]
    counts = (found["result"], found["databases"], found["tables"], found["rows"], found["objects"], len(rows))
    pair.check("counts in JSON", (code, repr(counts), ""), DIFFERENT, re.escape("('different', 1, 1, 50, 1, 10)"))
    pair.check("summary in JSON", (code, summary[0], ""), DIFFERENT, "^0 rows changed, 50 only in A, 0 only in B")
    code, out, err = pair.judge("--max-report=3", "--threads=1")
    pair.check("--max-report", (code, str(out.count("\nrow ") + out.startswith("row ")), err), DIFFERENT, "^3$")
    pair.check("--objects-only", pair.judge("--objects-only"), EQUAL, "0 tables, 0 rows, 1 objects")
    pair.check("over TCP", pair.judge(over_tcp=True), DIFFERENT, "50 only in A")


def test_usage_and_errors(pair):
    a = "root@" + pair.a.socket
    for arguments in ([], [a], [a, a, a], ["--nonsense", a, a], ["--max-report", "x", a, a], ["nonsense", a],
                      ["root@host", a], ["root@host:0", a], ["--threads=0", a, a], ["--ignore-table", "t", a, a]):
        pair.check("usage %s" % arguments, pair.judge_raw(*arguments), USAGE, "judge: ", 2)
    pair.check("--help", pair.judge_raw("--help"), EQUAL, "--ignore-definers")
    pair.check("a wrong password", pair.judge_raw("root:secret42@127.0.0.1:%d" % pair.a.port, a), ERROR, "server A: ", 2)
    code, out, err = pair.judge_raw("root:secret42@nowhere", a)
    pair.check("a password is not shown", (code, "shown" if "secret42" in out + err else "hidden", ""), USAGE, "hidden")
    pair.check("no server", pair.judge_raw("root@127.0.0.1:1", a), ERROR, "server A: ", 2)


ACROSS_SETUP = [
    "CREATE TABLE p (id INT PRIMARY KEY, name VARCHAR(30) CHARACTER SET utf8 COLLATE utf8_bin NOT NULL DEFAULT 'it''s',"
    " UNIQUE KEY u (name)) ENGINE=InnoDB DEFAULT CHARSET=latin1 COMMENT 'parent'",
    "CREATE TABLE c (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, p INT, f FLOAT, d DOUBLE, ts TIMESTAMP(3) NULL DEFAULT"
    " CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), e ENUM('a','b') CHARACTER SET latin1 DEFAULT 'b', y YEAR,"
    " KEY p (p, e), CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE) ENGINE=InnoDB DEFAULT CHARSET=latin1",
    "INSERT INTO p VALUES (1, 'x'), (2, '\u00e9')",
    "INSERT INTO c (p, f, d, ts, e, y) VALUES (1, 0.1, -0.1e0, '2020-01-01 00:00:00.123', 'a', 2020), (2, 3, 4, NULL, 'b', 1999)",
    "CREATE TRIGGER tr BEFORE INSERT ON c FOR EACH ROW SET NEW.d = 1",
    "CREATE PROCEDURE r(IN a INT, OUT b VARCHAR(10)) SELECT 1",
    "CREATE VIEW v AS SELECT id, name FROM p",
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE DO SET @a = 1",
]
ACROSS_CHANGES = [
    ("UPDATE c SET f = 0.1 + 0.000000007 WHERE id = 1", r"key \(`id`=1\): `f`"),
    ("ALTER TABLE p MODIFY name VARCHAR(31) CHARACTER SET utf8 COLLATE utf8_bin NOT NULL DEFAULT 'it''s'", r"column `name` type"),
    ("ALTER TABLE p MODIFY name VARCHAR(30) CHARACTER SET utf8 COLLATE utf8_bin NOT NULL DEFAULT 'its'", r"column `name` default"),
    ("ALTER TABLE c DROP KEY p, ADD KEY p (p)", r"key `p`"),
    ("ALTER TABLE c DROP FOREIGN KEY fk", r"foreign key `fk`"),
    ("ALTER TABLE p COMMENT 'other'", r"comment"),
    ("DROP TRIGGER tr", r"^trigger .*only in A"),
    ("DROP PROCEDURE r", r"^procedure .*only in A"),
    ("CREATE OR REPLACE VIEW v AS SELECT id FROM p", r"^view .*column `name`"),
    ("ALTER EVENT e ENABLE", r"^event .*STATUS"),
]


def fractions_as_on_a(pair):
    """MySQL rounds a time with too many digits, MariaDB cuts it."""
    is_mariadb = [server.name.startswith("mariadb") for server in (pair.a, pair.b)]
    modes = {(False, True): "TIME_ROUND_FRACTIONAL", (True, False): "TIME_TRUNCATE_FRACTIONAL"}
    return "SET SESSION sql_mode = '%s'" % modes.get(tuple(is_mariadb), "")


def test_across(pair):
    for change, found in [(None, None)] + ACROSS_CHANGES:
        pair.fresh()
        pair.run(pair.a, ACROSS_SETUP)
        pair.run(pair.b, [fractions_as_on_a(pair)] + ACROSS_SETUP)
        if change is None:
            pair.check("across versions: equal", pair.judge(), EQUAL, "^equal: 1 databases, 2 tables, 4 rows, 6 objects$")
            continue
        pair.run(pair.b, [change])
        pair.check("across versions: " + change, pair.judge(), DIFFERENT, found)


def try_translation(pair, case):
    def set_up():
        pair.fresh()
        pair.run(pair.a, case.a)
        pair.run(pair.b, case.b)

    set_up()
    outcome = pair.judge(*case.options)
    if case.found:
        pair.check(case.name, outcome, DIFFERENT, case.found)
        return
    pair.check(case.name + ": translated", outcome, EQUAL, r"^equal: 1 databases, ")
    pair.check(case.name + ": left out", outcome, EQUAL, case.left_out)
    if not case.left_out:
        pair.check(case.name + ": nothing left out", (outcome[0], str("left out" in outcome[1]), ""), EQUAL, "False")
    for change, found in case.deviations:
        set_up()
        pair.run(pair.b, [change] if isinstance(change, str) else change)
        pair.check("%s: %s" % (case.name, change), pair.judge(*case.options), DIFFERENT, found)


def test_translations(pair):
    for case in translations(pair.a, pair.b):
        try:
            try_translation(pair, case)
        except pymysql.MySQLError as error:
            pair.check(case.name + ": its statements", (ERROR, "", str(error)), EQUAL)


def test_notes_in_json(pair):
    """The first case that leaves something out says so in JSON too."""
    for case in [c for c in translations(pair.a, pair.b) if c.left_out][:1]:
        pair.fresh()
        pair.run(pair.a, case.a)
        pair.run(pair.b, case.b)
        code, out, err = pair.judge("--json", *case.options)
        notes = json.loads(out)["left_out"]
        pair.check("left_out in JSON", (code, repr(sorted(notes[0])), err), EQUAL, re.escape("['kind', 'path', 'what']"))


# What the source's schema holds and the target cannot: no translation has it.
UNMOVABLE = [
    (lambda a, b: not is_mariadb(a) and is_mariadb(b) and version(a) >= (8,), ["ALTER TABLE texts.varchars DROP COLUMN gb18030"]),
    (lambda a, b: not is_mariadb(a) and is_mariadb(b) and version(a) >= (9,) and version(b) < (11, 7), ["DROP TABLE types.special"]),
    (lambda a, b: is_mariadb(a) and not is_mariadb(b), ["DELETE FROM types.json WHERE id >= 1000"]),  # may hold a name twice
    (lambda a, b: is_mariadb(a) and not is_mariadb(b) and version(a) >= (11, 5), ["DELETE FROM types.temporals"]),  # past 2038
    # MariaDB may read -0e0 as 0.
    (lambda a, b: is_mariadb(b),
     ["UPDATE IGNORE types.floats SET f = ABS(f) WHERE f = 0", "UPDATE IGNORE types.floats SET d = ABS(d) WHERE d = 0",
      "UPDATE types.floats SET f2 = 0 WHERE f2 = 0", "UPDATE types.floats SET fd = 0 WHERE fd = 0", "UPDATE types.floats SET dd = 0 WHERE dd = 0",
      "UPDATE `keys`.`keyless floats` SET f = 0 WHERE f = 0", "UPDATE `keys`.`keyless floats` SET d = 0 WHERE d = 0",
      "UPDATE IGNORE `keys`.`by double` SET k = 0 WHERE k = 0", "UPDATE `keys`.`nullable unique` SET f = 0 WHERE f = 0"]),
]


def drop_schema(server):
    names = ["SET foreign_key_checks = 0"] + ["DROP DATABASE IF EXISTS " + quote(name) for name in bs_schema.DATABASES + [DB]]
    connection = server.connect(charset="utf8mb4")
    with connection, connection.cursor() as cursor:
        for statement in names:
            cursor.execute(statement)


def test_moved_schema(pair):
    """The schema of the end-to-end tests, without its big values, is equal wherever it is moved; one byte less is not."""
    for server in (pair.a, pair.b):
        drop_schema(server)
    with pair.a.connect(charset="utf8mb4") as connection:
        bs_schema.create(connection, without=("big", "engines", "sequences", "versioned"), with_extras=not is_mariadb(pair.a))
    for applies, statements in UNMOVABLE:
        if applies(pair.a, pair.b):
            pair.run(pair.a, statements, None)
    mover = Mover(pair.a, pair.b)
    mover.move(bs_schema.DATABASES)
    mover.close()
    pair.check("the moved schema", pair.judge("--exclude-databases", DB), EQUAL, r"^equal: 8 databases, \d\d tables, [34]\d\d\d rows, ")
    pair.run(pair.b, ["UPDATE shop.line_notes SET note = 'notf' LIMIT 1"], None)
    pair.check("the moved schema with a letter changed", pair.judge("--exclude-databases", DB), DIFFERENT,
               r"(?s)^row `shop`\.`line_notes`: differs: key .*`note` A='note' B='notf'.*^different: 2 differences")
    for server in (pair.a, pair.b):
        drop_schema(server)


def test_same_version(pair):
    for case in CASES:
        if case.only(pair.a):
            try_case(pair, case)
    for test in (test_rows_are_equal_in_any_order, test_counters_may_run_ahead, test_what_is_left_out,
                 test_ignore_options, test_reports, test_usage_and_errors):
        test(pair)


def main():
    names = (sys.argv[1:] or ["mariadb-10.11"])
    a_name, b_name = names[0], names[-1]
    require(a_name, b_name)
    with Server(a_name, options=OPTIONS) as a, Server(b_name, options=OPTIONS) as b:
        pair = Pair(a, b)
        if a_name == b_name:
            test_same_version(pair)
        else:
            for test in (test_across, test_translations, test_notes_in_json, test_moved_schema):
                test(pair)
    print("%s: %d checks, %d failed" % (" and ".join(names), pair.checks, len(pair.failures)))
    sys.exit(1 if pair.failures else 0)


if __name__ == "__main__":
    main()

"""What a source writes for `apply`, `latency` and `lag`: tables, and a procedure that makes one transaction after another.

Several sessions write side by side, as a server's clients do: how native replication spreads transactions depends on how they were
committed. The mark is a row that the last transaction changes: where it has arrived, everything before it has."""

import concurrent.futures

import bs_data

FIRST_NEW = 1000000000  # values from here on are given by the workloads; rows that were there before have smaller ones
BULK_ROWS = 1000
KEYLESS_ROWS = 1000


class Workload:
    """make: statements that make and fill the tables, of so many rows.
    body: the statements of one transaction; it has the variables done (its number), one, two, three and text.
    share: a workload of heavy transactions has this part of --transactions.
    alone: measured with one target commit per source transaction as well."""

    def __init__(self, name, what, make, body, share=1, alone=False):
        self.name, self.what, self.make, self.body, self.share, self.alone = name, what, make, body, share, alone

    def transactions(self, wanted):
        return max(10, wanted // self.share)

    def load(self, server, rows):
        """Makes database and procedures anew. Nothing of it is in the log: it is what was there before."""
        procedure = _PROCEDURE % self.body.replace("{rows}", str(rows))
        bs_data.execute(
            server, "DROP DATABASE IF EXISTS " + bs_data.DATABASE, "DROP DATABASE IF EXISTS bench_tools",
            "CREATE DATABASE " + bs_data.DATABASE, "CREATE DATABASE bench_tools",
            "CREATE TABLE bench.mark (id INT PRIMARY KEY, n BIGINT NOT NULL) ENGINE=InnoDB",
            "INSERT INTO bench.mark VALUES (1, 0)",
            *[statement if isinstance(statement, str) else statement(rows) for statement in self.make], procedure, log=False)

    def write(self, server, transactions, writers):
        """So many transactions, by so many sessions at a time, and the mark."""
        bounds = [transactions * number // writers for number in range(writers + 1)]
        with concurrent.futures.ThreadPoolExecutor(writers) as pool:
            sessions = [pool.submit(bs_data.execute, server, "SET SESSION rand_seed1 = %d, rand_seed2 = 4711" % (20261129 + first),
                                    "CALL bench_tools.run(%d, %d)" % (first, until)) for first, until in zip(bounds, bounds[1:])]
        for session in sessions:
            session.result()
        bs_data.execute(server, "UPDATE bench.mark SET n = n + 1")


_PROCEDURE = """CREATE PROCEDURE bench_tools.run(done INT, until INT)
BEGIN
    DECLARE one BIGINT;
    DECLARE two BIGINT;
    DECLARE three BIGINT;
    DECLARE text VARCHAR(200);
    WHILE done < until DO
        BEGIN
            DECLARE EXIT HANDLER FOR 1213, 1020 ROLLBACK; -- a deadlock, or what MariaDB 11.8 has for it: tried again
            START TRANSACTION;
            %s
            COMMIT;
            SET done = done + 1;
        END;
    END WHILE;
END"""


def _groups(count):
    """As sysbench makes strings: groups of 11 digits."""
    return "CONCAT_WS('-', %s)" % ", ".join(["LPAD(FLOOR(RAND() * 100000000000), 11, '0')"] * count)


_UNIFORM = "1 + FLOOR(RAND() * {rows})"
# sysbench's default: three of four in the hundredth part in the middle, the others near the middle, as the mean of twelve is.
_SPECIAL = "IF(RAND() < 0.75, 1 + FLOOR({rows} * (0.495 + RAND() * 0.01)), 1 + FLOOR({rows} * (%s) / 12))" % " + ".join(["RAND()"] * 12)

# One transaction of sysbench's oltp_write_only: an update of an indexed column, one of another, a delete and an insert.
_OLTP = """SET one = %(any)s, two = %(any)s, three = %(any)s;
        UPDATE bench.sbtest1 SET k = k + 1 WHERE id = one;
        SET text = """ + _groups(10) + """;
        UPDATE bench.sbtest1 SET c = text WHERE id = two;
        DELETE FROM bench.sbtest1 WHERE id = three;
        SET one = %(any)s;
        INSERT INTO bench.sbtest1 (id, k, c, pad%(names)s) VALUES (three, one, """ + _groups(10) + ", " + _groups(5) + """%(values)s);"""

_SBTEST = [bs_data.sysbench_table("bench.sbtest1"), lambda rows: bs_data.sysbench_rows("bench.sbtest1", 1, rows)]
_SBTEST_UNIQUE = _SBTEST + ["ALTER TABLE bench.sbtest1 ADD u BIGINT NOT NULL DEFAULT 0", "UPDATE bench.sbtest1 SET u = id",
                            "ALTER TABLE bench.sbtest1 ADD UNIQUE KEY u_1 (u)"]


def _oltp(name, any_id, unique):
    what = "oltp_write_only, %s keys%s" % ("special" if any_id is _SPECIAL else "uniform", ", and a second unique key" if unique else "")
    extra = {"names": ", u", "values": ", %d + done" % FIRST_NEW} if unique else {"names": "", "values": ""}
    return Workload(name, what, _SBTEST_UNIQUE if unique else _SBTEST, _OLTP % {"any": any_id, **extra}, alone=True)


_BULK = Workload(
    "bulk", "inserts of {:,} rows".format(BULK_ROWS),
    [bs_data.sysbench_table("bench_tools.model"), bs_data.sysbench_rows("bench_tools.model", 1, BULK_ROWS), *_SBTEST],
    "INSERT INTO bench.sbtest1 (k, c, pad) SELECT k + done, c, pad FROM bench_tools.model;", share=50)

_HOT = Workload("hot-row", "updates of one row", _SBTEST, "UPDATE bench.sbtest1 SET k = k + 1 WHERE id = {rows};", share=3)

_WIDE_COLUMNS = ["a%d INT" % n for n in range(15)] + ["b%d VARCHAR(40)" % n for n in range(15)] + \
    ["c%d DECIMAL(14,2)" % n for n in range(10)] + ["d%d DATETIME" % n for n in range(10)] + ["body MEDIUMBLOB", "tail BLOB"]


def _wide_row(i):
    """The values of row i: one blob is of 2 to 14 KB, the other of some hundred bytes."""
    values = ["%s + %d" % (i, n) for n in range(15)] + ["HEX(%s * %d)" % (i, n + 7919) for n in range(15)]
    values += ["%s / %d" % (i, n + 3) for n in range(10)] + ["DATE_ADD('2001-02-03', INTERVAL %s + %d MINUTE)" % (i, n) for n in range(10)]
    values += ["REPEAT(UNHEX(SHA2(%s, 256)), 64 + MOD(%s, 384))" % (i, i), "REPEAT(UNHEX(SHA2(%s + 1, 256)), 1 + MOD(%s, 20))" % (i, i)]
    return "%s, %s" % (i, ", ".join(values))


def _wide_count(rows):
    return max(50, rows // 20)


_WIDE_ID = "1 + FLOOR(RAND() * GREATEST(50, {rows} DIV 20))"
_WIDE = Workload(
    "wide", "an insert and two updates of rows of 53 columns with blobs",
    ["CREATE TABLE bench.wide (id BIGINT PRIMARY KEY, %s) ENGINE=InnoDB DEFAULT CHARSET=latin1" % ", ".join(_WIDE_COLUMNS),
     lambda rows: "INSERT INTO bench.wide SELECT %s FROM %s" % (_wide_row("i"), bs_data.numbers(1, _wide_count(rows)))],
    """SET one = %s, two = %s, three = %d + done;
        UPDATE bench.wide SET a1 = a1 + 1, b2 = HEX(done), d3 = DATE_ADD(d3, INTERVAL 1 DAY) WHERE id = one;
        UPDATE bench.wide SET body = CONCAT(SUBSTR(body, 97), REPEAT(UNHEX(SHA2(done, 256)), 3)) WHERE id = two;
        INSERT INTO bench.wide VALUES (%s);""" % (_WIDE_ID, _WIDE_ID, FIRST_NEW, _wide_row("three")), share=10)


def _parents(rows):
    return max(20, rows // 10)


_PARENT = "1 + FLOOR(RAND() * GREATEST(20, {rows} DIV 10))"


def _family(actions):
    """Parents, and three children of each."""
    return [
        "CREATE TABLE bench.parent (id BIGINT PRIMARY KEY, code BIGINT NOT NULL, v INT NOT NULL, name VARCHAR(40), UNIQUE KEY (code)) "
        "ENGINE=InnoDB DEFAULT CHARSET=latin1",
        "CREATE TABLE bench.child (id BIGINT PRIMARY KEY, parent_code BIGINT NOT NULL, v INT NOT NULL, name VARCHAR(40), KEY (parent_code), "
        "CONSTRAINT of_parent FOREIGN KEY (parent_code) REFERENCES bench.parent (code)%s) ENGINE=InnoDB DEFAULT CHARSET=latin1" % actions,
        lambda rows: "INSERT INTO bench.parent SELECT i, i, i, HEX(i) FROM " + bs_data.numbers(1, _parents(rows)),
        lambda rows: "INSERT INTO bench.child SELECT i, 1 + MOD(i, %d), i, HEX(i) FROM %s" % (
            _parents(rows), bs_data.numbers(1, 3 * _parents(rows)))]


_NEW_CHILD = "INSERT INTO bench.child VALUES (three + %d, %s, done, HEX(done));"

_FOREIGN_KEYS = Workload(
    "foreign-keys", "a parent, two children of it, a child of another, an update and a delete", _family(""),
    """SET one = %s, two = %s, three = %d + done * 3;
        INSERT INTO bench.parent VALUES (three, three, done, HEX(done));
        %s %s %s
        UPDATE bench.parent SET v = v + 1 WHERE code = two;
        DELETE FROM bench.child WHERE id = two;""" % (
            _PARENT, _PARENT, FIRST_NEW, _NEW_CHILD % (0, "three"), _NEW_CHILD % (1, "three"), _NEW_CHILD % (2, "one")), share=2)

_CASCADES = Workload(
    "cascades", "a delete and a change of key that cascade to three children each, and a parent with three children",
    _family(" ON DELETE CASCADE ON UPDATE CASCADE"),
    """SET one = %s, two = %s, three = %d + done * 3;
        DELETE FROM bench.parent WHERE id = one;
        INSERT INTO bench.parent VALUES (one, three, done, HEX(done));
        %s %s %s
        UPDATE bench.parent SET code = three + 1 WHERE id = two;""" % (
            _PARENT, _PARENT, FIRST_NEW, *[_NEW_CHILD % (n, "three") for n in range(3)]), share=2)

_KEYLESS = Workload(
    "keyless", "updates in a table of {:,} rows without any key".format(KEYLESS_ROWS),
    ["CREATE TABLE bench.keyless (n INT, v INT, c CHAR(60)) ENGINE=InnoDB DEFAULT CHARSET=latin1",
     "INSERT INTO bench.keyless SELECT i, 0, SHA2(i, 224) FROM " + bs_data.numbers(1, KEYLESS_ROWS)],
    """SET one = 1 + FLOOR(RAND() * %d);
        UPDATE bench.keyless SET v = v + 1 WHERE n = one;""" % KEYLESS_ROWS, share=10)

WORKLOADS = {workload.name: workload for workload in (
    _oltp("special", _SPECIAL, False), _oltp("uniform", _UNIFORM, False),
    _oltp("special-unique", _SPECIAL, True), _oltp("uniform-unique", _UNIFORM, True),
    _HOT, _BULK, _WIDE, _FOREIGN_KEYS, _CASCADES, _KEYLESS)}

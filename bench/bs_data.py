"""The data that benchmarks move: a table as sysbench makes it, and one with many types. Every value follows from the row's
number, so that each run of a benchmark, on any machine, moves the same rows. Said in what all servers know: MySQL 9 has no MD5()."""

DATABASE = "bench"

_SYSBENCH = """CREATE TABLE %s (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL DEFAULT 0,
    c CHAR(120) NOT NULL DEFAULT '', pad CHAR(60) NOT NULL DEFAULT '', KEY k_1 (k)) ENGINE=InnoDB DEFAULT CHARSET=latin1"""

_TYPES = """CREATE TABLE %s (
    id BIGINT UNSIGNED NOT NULL PRIMARY KEY, price DECIMAL(12,2) NOT NULL, rate DOUBLE, share FLOAT,
    name VARCHAR(100) CHARACTER SET utf8mb4 NOT NULL, born DATE, made DATETIME(6) NOT NULL, seen TIMESTAMP NULL, span TIME(3),
    flags BIT(12), kind ENUM('red','green','blue') NOT NULL, tags SET('a','b','c','d'), digest BINARY(16), body TEXT CHARACTER SET utf8mb4,
    data BLOB, KEY by_name (name), KEY by_made (made, kind)) ENGINE=InnoDB DEFAULT CHARSET=latin1"""

_DIGITS = "(SELECT 0 n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL " \
          "SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"


def numbers(first, last):
    """A derived table of the numbers first..last; works without sequences and recursive queries, so in MySQL 5.6 too."""
    places = max(1, len(str(last - first)))
    value = " + ".join("d%d.n * %d" % (place, 10 ** place) for place in range(places))
    tables = " JOIN ".join("%s d%d" % (_DIGITS, place) for place in range(places))
    return "(SELECT %d + %s AS i FROM %s) AS numbers WHERE i <= %d" % (first, value, tables, last)


def _groups(salt, count):
    """sysbench's '68487932199-96439406143-...': groups of 11 digits."""
    groups = ["LPAD(FLOOR(RAND(i * 31 + %d) * 100000000000), 11, '0')" % (salt + number) for number in range(count)]
    return "CONCAT_WS('-', %s)" % ", ".join(groups)


def sysbench_rows(table, first, last):
    """A statement that inserts the rows first..last."""
    return "INSERT INTO %s (id, k, c, pad) SELECT i, 1 + FLOOR(RAND(i) * %d), %s, %s FROM %s" % (
        table, last, _groups(100, 10), _groups(200, 5), numbers(first, last))


def _types_rows(table, first, last):
    values = [
        "i", "i * 1.37", "IF(i % 7 = 0, NULL, 1 / i)", "i / 3", "CONCAT('name ', HEX(i * 7919), ' é ', i)",
        "DATE_ADD('1970-01-01', INTERVAL i % 20000 DAY)", "DATE_ADD('2001-02-03 04:05:06.789012', INTERVAL i * 61 SECOND)",
        "IF(i % 5 = 0, NULL, DATE_ADD('2020-01-01', INTERVAL i MINUTE))", "SEC_TO_TIME(i % 3000000)", "i % 4096", "1 + i % 3",
        "i % 16", "UNHEX(LEFT(SHA2(i, 256), 32))", "IF(i % 11 = 0, NULL, REPEAT(CONCAT('Zeile ', i, ' – '), 1 + i % 20))",
        "REPEAT(UNHEX(SHA2(i, 256)), 1 + i % 30)"]
    return "INSERT INTO %s SELECT %s FROM %s" % (table, ", ".join(values), numbers(first, last))


def execute(server, *statements, log=True):
    """In one session. log=False: what was there before a snapshot is nothing to follow, so it need not be in the binlog."""
    connection = server.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION time_zone = '+00:00'" + ("" if log else ", sql_log_bin = 0"))
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


def sysbench_table(table):
    return _SYSBENCH % table


def load(server, rows, types=True):
    """Makes the database; returns its tables with the number of rows of each."""
    execute(server, "CREATE DATABASE " + DATABASE)
    tables = {"bench.sbtest1": rows}
    execute(server, _SYSBENCH % "bench.sbtest1", sysbench_rows("bench.sbtest1", 1, rows), log=False)
    if types:
        tables["bench.types"] = max(1, rows // 10)
        execute(server, _TYPES % "bench.types", _types_rows("bench.types", 1, tables["bench.types"]), log=False)
    return tables


def count(server, table):
    return server.query("SELECT COUNT(*) FROM " + table)[0][0]


def checksum(server, table):
    return server.query("CHECKSUM TABLE " + table)[0][1]

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

# Text says all values of it in full: of FLOAT, a dump writes six digits.
_WIDE = """CREATE TABLE %s (
    id BIGINT UNSIGNED NOT NULL PRIMARY KEY, tiny TINYINT NOT NULL, tiny_u TINYINT UNSIGNED, small SMALLINT, small_u SMALLINT UNSIGNED,
    medium MEDIUMINT, num INT NOT NULL, num_u INT UNSIGNED, big BIGINT NOT NULL, big_u BIGINT UNSIGNED, price DECIMAL(12,2) NOT NULL,
    amount DECIMAL(30,10), whole DECIMAL(18,0), share FLOAT, rate DOUBLE, ratio DOUBLE NOT NULL, flags BIT(12), bits BIT(64), year YEAR,
    born DATE, due DATE, span TIME, span_ms TIME(3), made DATETIME NOT NULL, made_us DATETIME(6) NOT NULL, seen TIMESTAMP NULL,
    seen_ms TIMESTAMP(3) NULL, kind ENUM('red','green','blue') NOT NULL, state ENUM('new','open','done') NOT NULL, tags SET('a','b','c','d'),
    code CHAR(8) NOT NULL, iso CHAR(2) CHARACTER SET ascii, name VARCHAR(100) CHARACTER SET utf8mb4 NOT NULL, street VARCHAR(60),
    city VARCHAR(60) CHARACTER SET utf8mb4, mail VARCHAR(120), note TINYTEXT, body TEXT CHARACTER SET utf8mb4, doc %s,
    digest BINARY(16) NOT NULL, token VARBINARY(32) NOT NULL, data BLOB, tail MEDIUMBLOB, UNIQUE KEY by_token (token),
    KEY by_name (name), KEY by_made (made_us, kind)) ENGINE=InnoDB DEFAULT CHARSET=latin1"""

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


def _wide_rows(table, first, last):
    values = [
        "i", "i % 256 - 128", "IF(i % 9 = 0, NULL, i % 256)", "i % 65536 - 32768", "i % 65536", "i % 16000000 - 8000000", "i * 3 - 500000",
        "i * 5", "i * 7919000007", "i * 7919000007 + 9223372036854775808", "i * 1.37", "i * 12345.6789012345", "i * 1000003",
        "(i % 4000) / 4", "IF(i % 7 = 0, NULL, 1 / i)", "SQRT(i)", "i % 4096", "i * 1000000007", "1950 + i % 150",
        "DATE_ADD('1970-01-01', INTERVAL i % 20000 DAY)", "IF(i % 3 = 0, NULL, DATE_ADD('2020-01-01', INTERVAL i % 900 DAY))",
        "SEC_TO_TIME(i % 3000000)", "SEC_TO_TIME((i % 3000000) / 7)", "DATE_ADD('2001-02-03 04:05:06', INTERVAL i * 61 SECOND)",
        "DATE_ADD('2001-02-03 04:05:06.789012', INTERVAL i * 61 SECOND)", "IF(i % 5 = 0, NULL, DATE_ADD('2020-01-01', INTERVAL i MINUTE))",
        "DATE_ADD('2020-01-01 00:00:00.123', INTERVAL i MINUTE)", "1 + i % 3", "1 + i % 2", "i % 16", "LEFT(SHA2(i, 256), i % 9)",
        "SUBSTR('dedkseuk', 1 + i % 4 * 2, 2)", "CONCAT('name ', HEX(i * 7919), ' é ', i)", "CONCAT(i % 300, ' Long Street')",
        "ELT(1 + i % 4, 'København', 'Łódź', 'Roma', '東京')", "CONCAT('user.', i, '@mail.example.com')",
        "IF(i % 4 = 0, NULL, REPEAT('\\'quoted\\' ', i % 12))", "IF(i % 11 = 0, NULL, REPEAT(CONCAT('Zeile ', i, ' – '), 1 + i % 20))",
        "CONCAT('{\"id\": ', i, ', \"tags\": [\"a\", \"b\"], \"rate\": ', i % 100, '.5, \"name\": \"é ', HEX(i), '\"}')",
        "UNHEX(LEFT(SHA2(i, 256), 32))", "UNHEX(SHA2(i + 1, 256))", "REPEAT(UNHEX(SHA2(i, 256)), i % 12)", "IF(i % 2 = 0, NULL, UNHEX(SHA2(i, 512)))"]
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


def load_one(server, kind, rows):
    """Makes the database with one table, kind sysbench or wide, whose rows are longer and a quarter as many; returns it as load()."""
    table = "%s.%s" % (DATABASE, "sbtest1" if kind == "sysbench" else "wide")
    rows = rows if kind == "sysbench" else max(1, rows // 4)
    create = _SYSBENCH % table if kind == "sysbench" else _WIDE % (table, "TEXT" if server.name == "mysql-5.6" else "JSON")
    fill = sysbench_rows(table, 1, rows) if kind == "sysbench" else _wide_rows(table, 1, rows)
    execute(server, "CREATE DATABASE " + DATABASE)
    execute(server, create, fill, "ANALYZE TABLE " + table, log=False)  # who cuts it into pieces finds it as it is
    return {table: rows}


def count(server, table):
    return server.query("SELECT COUNT(*) FROM " + table)[0][0]


def log_bytes(server):
    """How large the server's own binlog is."""
    return sum(int(row[1]) for row in server.query("SHOW BINARY LOGS"))


def checksum(server, table):
    return server.query("CHECKSUM TABLE " + table)[0][1]

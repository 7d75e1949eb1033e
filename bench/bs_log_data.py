"""Binlog files to be read: of a table as sysbench makes it, and of a narrow one with many types.

The rows of one filled table are logged again and again, so that the server's time is not in the way; values differ from row to row
as they do in bs_data.py."""

import os

import bs_data

BATCH_ROWS = 50000

_NARROW = """CREATE TABLE %s (
    id INT UNSIGNED NOT NULL PRIMARY KEY, tiny TINYINT, small SMALLINT UNSIGNED, medium MEDIUMINT, big BIGINT, price DECIMAL(12,2),
    share FLOAT, rate DOUBLE, flags BIT(12), year YEAR, born DATE, span TIME(3), made DATETIME(6), seen TIMESTAMP NULL,
    kind ENUM('red','green','blue'), tags SET('a','b','c','d'), code CHAR(8), name VARCHAR(20), digest BINARY(8)) ENGINE=InnoDB
    DEFAULT CHARSET=utf8mb4"""

_NARROW_ROWS = """INSERT INTO %s SELECT i, i %% 128, i %% 65536, i - 25000, i * 7919000007, i * 1.37, i / 3, 1 / i, i %% 4096,
    1950 + i %% 150, DATE_ADD('1970-01-01', INTERVAL i %% 20000 DAY), SEC_TO_TIME(i / 7),
    DATE_ADD('2001-02-03 04:05:06.789012', INTERVAL i * 61 SECOND), IF(i %% 5 = 0, NULL, DATE_ADD('2020-01-01', INTERVAL i MINUTE)),
    1 + i %% 3, i %% 16, LEFT(SHA2(i, 256), i %% 9), CONCAT('name ', HEX(i * 7919)), UNHEX(LEFT(SHA2(i, 256), 16)) FROM %s"""


def _create(kind, table):
    return bs_data.sysbench_table(table) if kind == "sysbench" else _NARROW % table


def _fill(kind, table):
    if kind == "sysbench":
        return bs_data.sysbench_rows(table, 1, BATCH_ROWS)
    return _NARROW_ROWS % (table, bs_data.numbers(1, BATCH_ROWS))


def log_of(server, kind, least_bytes):
    """A finished binlog file of at least so many bytes that holds rows of this kind: its path, and how many rows."""
    database, model, logged = "bench_log", "bench_log.model", "bench_log.logged"
    bs_data.execute(server, "CREATE DATABASE IF NOT EXISTS " + database, "DROP TABLE IF EXISTS %s, %s" % (model, logged),
                    _create(kind, model), _fill(kind, model), _create(kind, logged), log=False)
    bs_data.execute(server, "SET GLOBAL max_binlog_size = 1073741824", "FLUSH BINARY LOGS")
    path, rows = _current(server), 0
    while os.path.getsize(path) < least_bytes:
        bs_data.execute(server, "SET SESSION binlog_format = ROW", "INSERT INTO %s SELECT * FROM %s" % (logged, model))
        bs_data.execute(server, "TRUNCATE TABLE " + logged, log=False)
        rows += BATCH_ROWS
    bs_data.execute(server, "FLUSH BINARY LOGS")
    return path, rows


def _current(server):
    """The path of the file that is being written."""
    connection = server.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW BINARY LOGS")
            name = list(cursor.fetchall()[-1])[0]
            cursor.execute("SELECT @@log_bin_basename")
            base = cursor.fetchone()[0]
    finally:
        connection.close()
    return os.path.join(os.path.dirname(base), name if isinstance(name, str) else name.decode())

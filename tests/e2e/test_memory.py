"""Peak resident memory of snapshot and follow stays under 256 MiB: a table of some GB, one transaction of 500,000 rows with an
update and a delete of all of them, many transactions of as many small rows as fit into what is kept of one, and one of wide rows of NULLs.
With --large-rows: three times the largest row more, of which eight threads meet one now and then among small ones."""

import argparse
import time

import bs_harness
from bs_harness import say

LIMIT_KB = 256 * 1024
LARGE_ROW = 16000000
ROW_BYTES = 1000
NARROW_ROWS = 90000  # updated, they are just under the 2 MiB that are kept of a transaction

WIDE_ROWS = 16000  # the same of them


def fill(connection, gigabytes):
    """Rows whose filler differs, made on the server and kept out of its binlog: nobody follows from before them."""
    rows = int(gigabytes * 1e9 / ROW_BYTES)
    with connection.cursor() as cursor:
        cursor.execute('CREATE DATABASE IF NOT EXISTS lab')
        cursor.execute('CREATE TABLE lab.sentinel (n INT NOT NULL PRIMARY KEY, at DOUBLE) ENGINE=InnoDB')
        cursor.execute('CREATE TABLE lab.numbers (n INT NOT NULL PRIMARY KEY) ENGINE=InnoDB')
        cursor.execute('INSERT INTO lab.numbers VALUES ' + ', '.join('(%d)' % n for n in range(1000)))
        cursor.execute('CREATE TABLE lab.huge (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, n INT, filler VARBINARY(1000)) ENGINE=InnoDB')
        cursor.execute('SET SESSION sql_log_bin=0')
        for start in range(0, rows, 50000):
            cursor.execute("INSERT INTO lab.huge SELECT %d + a.n * 1000 + b.n + 1, b.n, CONCAT(a.n, '-', b.n, RPAD(MD5(b.n), 970, MD5(a.n))) "
                           'FROM lab.numbers a JOIN lab.numbers b WHERE a.n < 50 ORDER BY a.n, b.n' % start)
        cursor.execute('SET SESSION sql_log_bin=1')
        cursor.execute('SELECT COUNT(*), SUM(LENGTH(filler)) FROM lab.huge')
        rows, size = cursor.fetchone()
        assert size > gigabytes * 0.95e9, size
    return rows


def big_transaction(connection, rows):
    """An insert of `rows` rows, an update of all and a delete of a fifth, committed at once."""
    with connection.cursor() as cursor:
        cursor.execute('CREATE TABLE lab.once (id INT NOT NULL PRIMARY KEY, t VARCHAR(200), KEY (t(8))) ENGINE=InnoDB')
        cursor.execute('BEGIN')
        for start in range(0, rows, 50000):
            cursor.execute("INSERT INTO lab.once SELECT %d + a.n * 1000 + b.n, RPAD(MD5(b.n), 150, 'y') FROM lab.numbers a JOIN "
                           'lab.numbers b WHERE a.n < 50 AND %d + a.n * 1000 + b.n < %d' % (start, start, rows))
        cursor.execute('UPDATE lab.once SET t = REVERSE(t)')
        cursor.execute('DELETE FROM lab.once WHERE id % 5 = 0')
        cursor.execute('COMMIT')


def many_rows(connection, events):
    """Rows of nine bytes in the log, which take the most memory for their size; each is inserted and updated."""
    with connection.cursor() as cursor:
        cursor.execute('CREATE TABLE lab.narrow (id INT NOT NULL PRIMARY KEY, n INT NOT NULL) ENGINE=InnoDB')
        for start in range(0, events // 2, NARROW_ROWS):
            cursor.execute('INSERT INTO lab.narrow SELECT %d + a.n * 1000 + b.n, b.n FROM lab.numbers a JOIN lab.numbers b WHERE a.n < %d'
                           % (start, NARROW_ROWS // 1000))
            cursor.execute('UPDATE lab.narrow SET n = n + 1 WHERE id >= %d' % start)


def wide_rows(connection, rows):
    """One transaction whose rows are NULL but for the key: each NULL is a bit of the log and a value in memory."""
    with connection.cursor() as cursor:
        columns = ', '.join('c%d INT' % n for n in range(900))
        cursor.execute('CREATE TABLE lab.wide (id INT NOT NULL PRIMARY KEY, %s) ENGINE=InnoDB' % columns)
        cursor.execute('INSERT INTO lab.wide (id) SELECT a.n * 1000 + b.n FROM lab.numbers a JOIN lab.numbers b WHERE a.n < %d' % (rows // 1000))


def assert_peak(process, what, limit_kb=LIMIT_KB):
    say('%s: peak %d MiB, %.1f s' % (what, process.peak_kb // 1024, process.seconds))
    if bs_harness.sanitized():
        say('a sanitizer is built in: memory is shown, not judged')
        return
    assert process.peak_kb < limit_kb, '%s took %d MiB' % (what, process.peak_kb // 1024)


def large_rows(options):
    log = ['--loose-innodb-log-file-size=1G', '--loose-innodb-redo-log-capacity=2G', '--innodb-flush-log-at-trx-commit=0', '--innodb-doublewrite=0',
           '--innodb-buffer-pool-size=512M']
    with bs_harness.pair_of(options, schema=False, source_options=log, target_options=log + ['--skip-log-bin']) as pair:
        with pair.source.connect() as connection, connection.cursor() as cursor:
            cursor.execute('SET SESSION sql_log_bin=0')
            cursor.execute('CREATE DATABASE lab')
            cursor.execute('CREATE TABLE lab.numbers (n INT NOT NULL PRIMARY KEY) ENGINE=InnoDB')
            cursor.execute('INSERT INTO lab.numbers VALUES ' + ', '.join('(%d)' % n for n in range(1000)))
            cursor.execute('CREATE TABLE lab.mixed (id INT NOT NULL PRIMARY KEY, b LONGBLOB) ENGINE=InnoDB')
            cursor.execute("INSERT INTO lab.mixed SELECT a.n * 1000 + b.n, 'x' FROM lab.numbers a JOIN lab.numbers b WHERE a.n < 40")
            cursor.execute('UPDATE lab.mixed SET b = REPEAT(CHAR(65 + id DIV 1000), %d) WHERE id %% 2000 = 7' % LARGE_ROW)
            cursor.execute('ANALYZE TABLE lab.mixed')
        snapshot = pair.snapshot('--threads', '8', '--databases', 'lab')
        # Each of the eight threads meets large rows; what they read them into does not stay with them.
        assert_peak(snapshot, 'snapshot of 20 large rows among 40,000', LIMIT_KB // 2 + 2 * LARGE_ROW // 1024)
        checksums = [server.query('CHECKSUM TABLE lab.mixed') for server in (pair.source, pair.target)]
        assert checksums[0] == checksums[1], checksums


def test(options):
    if bs_harness.sanitized():
        options.gb, options.rows = min(options.gb, 0.1), min(options.rows, 50000)
    huge_log = ['--loose-innodb-log-file-size=512M', '--innodb-flush-log-at-trx-commit=0', '--innodb-buffer-pool-size=1G', '--innodb-doublewrite=0']
    with bs_harness.pair_of(options, schema=False, source_options=huge_log, target_options=huge_log + ['--skip-log-bin']) as pair:
        connection = pair.source.connect()
        began = time.monotonic()
        rows = fill(connection, options.gb)
        say('%d rows made in %.1f s' % (rows, time.monotonic() - began))
        snapshot = pair.snapshot(timeout=1200)
        assert_peak(snapshot, 'snapshot of %.1f GB' % options.gb)
        big_transaction(connection, options.rows)
        say('transaction of %d rows committed' % options.rows)
        follow = pair.follow(timeout=1200)
        assert_peak(follow, 'follow of a transaction with %d rows' % options.rows)
        many_rows(connection, options.events)
        say('%d rows changed' % options.events)
        follow = pair.follow(timeout=1200)
        assert_peak(follow, 'follow of %d changes of small rows' % options.events)
        wide_rows(connection, WIDE_ROWS)
        follow = pair.follow(timeout=1200)
        assert_peak(follow, 'follow of a transaction of %d wide rows of NULLs' % WIDE_ROWS)
        pair.judge()


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    parser.add_argument('--gb', type=float, default=2)
    parser.add_argument('--rows', type=int, default=500000)
    parser.add_argument('--events', type=int, default=1000000, help='changes of small rows, in many transactions')
    parser.add_argument('--large-rows', action='store_true')
    options = parser.parse_args()
    bs_harness.main('memory', lambda: large_rows(options) if options.large_rows else test(options))

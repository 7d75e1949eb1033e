#!/usr/bin/python3
"""Rows that the bounds of a chunk could miss: keys that an index and a condition order differently, rows in partitions
where they do not belong. Every row arrives, and is read about once."""
import argparse

import pymysql

import bs_harness
from bs_harness import say
from bs_servers import flavour


def run(server, *statements):
    with server.connect(charset='utf8mb4') as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def padded_keys(pair):
    """Keys of CHAR that pad nothing: what is behind 'a' in a condition is in front of it in the index."""
    if pair.names[0] == 'mysql-5.6':  # has no such collation
        return
    collation, engine = ('utf8mb4_unicode_nopad_ci', 'InnoDB') if flavour(pair.names[0]) == 'mariadb' else ('utf8mb4_0900_ai_ci', 'MyISAM')
    ends = ('', '\t', '\t\t') if engine == 'InnoDB' else ('', '\t')  # short keys alone are kept so by MyISAM
    codes = ['%04x' % i + end for i in range(4000) for end in ends] if engine == 'InnoDB' else [
        chr(0x4e00 + i) + end for i in range(4000) for end in ends]
    run(pair.source, 'CREATE TABLE b.padded (code CHAR(%d) COLLATE %s PRIMARY KEY, t VARCHAR(200)) ENGINE=%s CHARACTER SET utf8mb4' % (
        12 if engine == 'InnoDB' else 2, collation, engine))
    for at in range(0, len(codes), 1000):
        run(pair.source, 'INSERT INTO b.padded VALUES ' + ', '.join("('%s', REPEAT('x', 200))" % code for code in codes[at:at + 1000]))


NUMBERS = '(SELECT a.i + 10 * b.i + 100 * c.i + 1000 * d.i AS n FROM b.ten a, b.ten b, b.ten c, b.ten d) AS numbers'

# A key's type and how it comes of a number. Zeros and days that are none stand at many bounds.
KEYS = {
    'signed': ('INT', '{n} - 5000'), 'big': ('BIGINT UNSIGNED', '18446744073709551615 - {n}'), 'exact': ('DECIMAL(20, 2)', '{n} / 4'),
    'year': ('YEAR', '1901 + {n} % 200'), 'time3': ('TIME(3)', 'SEC_TO_TIME({n} - 5000.5)'),
    'day': ('DATE', "ELT(1 + {n} % 4, '0000-00-00', '2023-02-30', '2024-01-00', '2024-03-01')"),
    'moment': ('DATETIME(6)', "ELT(1 + {n} % 3, '0000-00-00', '2024-00-00 00:00:00.5', '2024-03-01 12:00:00.000001')"),
    'stamp': ('TIMESTAMP', "ELT(1 + {n} % 3, '0000-00-00', '1970-01-02 00:00:01', '2024-03-01 12:00:00')"),
    'latin': ("VARCHAR(30) CHARACTER SET latin1", "CONCAT('ä', {n})"), 'fixed': ('CHAR(8) CHARACTER SET utf8 COLLATE utf8_unicode_ci', "CONCAT('k', {n})"),
    'bytes': ('VARBINARY(9)', "CONCAT(CHAR(0, 39, 92, 255), {n})"),
}


def misplaced_rows(pair):
    """Rows in partitions where they do not belong, as EXCHANGE PARTITION leaves them; and a table cut within one value of its key."""
    run(pair.source, 'CREATE TABLE b.ranged (id INT PRIMARY KEY, t VARCHAR(200)) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN '
        '(2000), PARTITION p1 VALUES LESS THAN (6000), PARTITION p2 VALUES LESS THAN MAXVALUE)',
        "INSERT INTO b.ranged SELECT n, REPEAT('x', 200) FROM " + NUMBERS + ' WHERE n >= 2000',
        'CREATE TABLE b.other (id INT PRIMARY KEY, t VARCHAR(200))',
        "INSERT INTO b.other SELECT n, REPEAT('x', 200) FROM " + NUMBERS + ' WHERE n < 2000',
        'INSERT INTO b.other VALUES (-1, NULL), (2000000, NULL), (2000001, NULL)')
    try:
        run(pair.source, 'ALTER TABLE b.ranged EXCHANGE PARTITION p0 WITH TABLE b.other WITHOUT VALIDATION')
        say('three rows lie where they do not belong')
    except pymysql.MySQLError as error:
        say('no row can be put where it does not belong: %s' % error)
    run(pair.source, 'DROP TABLE b.other')


def partitioned_keys(pair):
    """Tables with partitions, cut by a key of each type, most of them in the middle of one value."""
    for name, (kind, value) in KEYS.items():
        run(pair.source, 'CREATE TABLE b.%s (k %s NOT NULL, n INT, t VARCHAR(60), PRIMARY KEY (k, n)) PARTITION BY KEY (k) PARTITIONS 3' % (name, kind),
            "SET sql_mode = ''", "INSERT INTO b.%s SELECT %s, n, REPEAT('x', 60) FROM %s" % (name, value.format(n='n'), NUMBERS))


def rows_read(server):
    return sum(int(value) for name, value in server.query("SHOW GLOBAL STATUS LIKE 'Handler_read%'"))


def keys_of(server, table):
    columns = ', '.join('HEX(%s)' % row[0] for row in server.query(
        "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA='b' AND TABLE_NAME=%s AND COLUMN_KEY='PRI'", (table,)))
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00'")
        cursor.execute('SELECT %s FROM b.%s' % (columns, table))
        return set(cursor.fetchall())


def lost_rows(pair, table):
    wanted, there = (keys_of(server, table) for server in (pair.source, pair.target))
    if wanted != there:
        say('%s: %d of %d rows are lost: %s' % (table, len(wanted - there), len(wanted), sorted(wanted - there)[:4]))
    return wanted != there


def test(options):
    with bs_harness.pair_of(options, schema=False) as pair:
        run(pair.source, 'CREATE DATABASE b', 'CREATE TABLE b.ten (i INT PRIMARY KEY)', 'INSERT INTO b.ten VALUES ' + ', '.join('(%d)' % i for i in range(10)))
        padded_keys(pair)
        misplaced_rows(pair)
        partitioned_keys(pair)
        tables = [row[0] for row in pair.source.query("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA='b'")]
        for table in tables:
            pair.source.query('ANALYZE TABLE b.%s' % table)
        before = rows_read(pair.source)
        pair.run('snapshot', '--chunk-bytes', '64K')
        looked_at = rows_read(pair.source) - before
        lost = [table for table in tables if lost_rows(pair, table)]
        assert not lost, lost
        rows = sum(pair.source.query('SELECT COUNT(*) FROM b.%s' % table)[0][0] for table in tables)
        say('%d tables of %d rows, all there; %d rows looked at' % (len(tables), rows, looked_at))
        assert looked_at < 4 * rows, 'chunks are not found by their keys'


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    options = parser.parse_args()
    bs_harness.main('bounds %s' % options.pair, lambda: test(options))

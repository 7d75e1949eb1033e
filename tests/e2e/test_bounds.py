#!/usr/bin/python3
"""Rows that the bounds of a chunk could miss: keys that an index and a condition order differently. Every row arrives."""
import argparse

import bs_harness
from bs_harness import say
from bs_servers import flavour


def run(server, *statements):
    with server.connect(charset='utf8mb4') as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def padded_keys(pair):
    """Keys of CHAR that pad nothing: what is behind 'a' in a condition is in front of it in the index."""
    collation, engine = ('utf8mb4_unicode_nopad_ci', 'InnoDB') if flavour(pair.names[0]) == 'mariadb' else ('utf8mb4_0900_ai_ci', 'MyISAM')
    ends = ('', '\t', '\t\t') if engine == 'InnoDB' else ('', '\t')  # short keys alone are kept so by MyISAM
    codes = ['%04x' % i + end for i in range(4000) for end in ends] if engine == 'InnoDB' else [
        chr(0x4e00 + i) + end for i in range(4000) for end in ends]
    run(pair.source, 'CREATE TABLE b.padded (code CHAR(%d) COLLATE %s PRIMARY KEY, t VARCHAR(200)) ENGINE=%s CHARACTER SET utf8mb4' % (
        12 if engine == 'InnoDB' else 2, collation, engine))
    for at in range(0, len(codes), 1000):
        run(pair.source, 'INSERT INTO b.padded VALUES ' + ', '.join("('%s', REPEAT('x', 200))" % code for code in codes[at:at + 1000]))


def keys_of(server, table):
    columns = ', '.join('HEX(%s)' % row[0] for row in server.query(
        "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA='b' AND TABLE_NAME=%s AND COLUMN_KEY='PRI'", (table,)))
    return {row for row in server.query('SELECT %s FROM b.%s' % (columns, table))}


def test(options):
    with bs_harness.pair_of(options, schema=False) as pair:
        run(pair.source, 'CREATE DATABASE b')
        padded_keys(pair)
        tables = [row[0] for row in pair.source.query("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA='b'")]
        for table in tables:
            pair.source.query('ANALYZE TABLE b.%s' % table)
        pair.run('snapshot', '--chunk-bytes', '64K')
        for table in tables:
            wanted, there = (keys_of(server, table) for server in (pair.source, pair.target))
            assert wanted == there, '%s: %d rows are lost: %s' % (table, len(wanted - there), sorted(wanted - there)[:5])
            say('%s: all %d rows' % (table, len(there)))


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    options = parser.parse_args()
    bs_harness.main('bounds %s' % options.pair, lambda: test(options))

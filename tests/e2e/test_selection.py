#!/usr/bin/python3
"""Only what is selected moves: rows and DDL of the selection are followed, everything else is left alone, on the
target as well, and a statement about both stops the follow by name."""
import argparse

import bs_harness
from bs_harness import say


def run(server, *statements):
    with server.connect() as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def tables_of(server, database):
    return sorted(row[0] for row in server.query("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA='%s'" % database))


def prepare(pair):
    run(pair.source, 'CREATE DATABASE wanted', 'CREATE DATABASE other',
        'CREATE TABLE wanted.a (id INT PRIMARY KEY, v INT)', 'CREATE TABLE wanted.b (id INT PRIMARY KEY, v INT)',
        'CREATE TABLE wanted.log_1 (id INT PRIMARY KEY)', 'CREATE TABLE other.x (id INT PRIMARY KEY, v INT)',
        'INSERT INTO wanted.a VALUES (1, 1), (2, 2)', 'INSERT INTO wanted.b VALUES (1, 1)',
        'INSERT INTO wanted.log_1 VALUES (1)', 'INSERT INTO other.x VALUES (1, 1)')
    run(pair.target, 'CREATE DATABASE other', 'CREATE TABLE other.x (id INT PRIMARY KEY, mine INT)',
        'INSERT INTO other.x VALUES (7, 7)')


def change(pair):
    run(pair.source, 'UPDATE wanted.a SET v = 10', 'UPDATE other.x SET v = 10', 'DELETE FROM wanted.log_1',
        'BEGIN', 'INSERT INTO wanted.b VALUES (5, 5)', 'INSERT INTO other.x VALUES (5, 5)', 'COMMIT',
        'ALTER TABLE wanted.a ADD w INT DEFAULT 3', 'ALTER TABLE other.x ADD w INT', 'CREATE TABLE wanted.c (id INT PRIMARY KEY)',
        'INSERT INTO wanted.c VALUES (1)', 'CREATE TABLE other.y (id INT PRIMARY KEY)', 'CREATE TABLE wanted.log_2 (id INT)',
        'RENAME TABLE wanted.b TO wanted.b2', 'DROP TABLE other.y', 'UPDATE wanted.b2 SET v = v + 1')


def check(pair):
    assert tables_of(pair.target, 'wanted') == ['a', 'b2', 'c'], tables_of(pair.target, 'wanted')
    assert sorted(pair.target.query('SELECT * FROM wanted.a')) == [(1, 10, 3), (2, 10, 3)]
    assert sorted(pair.target.query('SELECT * FROM wanted.b2')) == [(1, 2), (5, 6)]
    assert list(pair.target.query('SELECT * FROM other.x')) == [(7, 7)]
    assert tables_of(pair.target, 'other') == ['x']


def mixed(pair):
    """A table that leaves the selection: neither running nor skipping the statement would be right."""
    run(pair.source, 'RENAME TABLE wanted.c TO wanted.log_3')
    process = pair.start('follow', '--until-caught-up')
    process.wait(60)
    assert process.code == 1, 'exit %s\n%s' % (process.code, process.tail())
    assert 'inside and outside of the selection' in process.err and 'RENAME TABLE' in process.err, process.tail()
    assert 'c' in tables_of(pair.target, 'wanted')


def test(options):
    with bs_harness.Pair(options.pair, gtid=options.gtid == 'on', schema=False) as pair:
        prepare(pair)
        pair.run('snapshot', '--databases', 'wanted', '--exclude-tables', 'wanted.log\\_%')
        change(pair)
        pair.run('follow', '--until-caught-up')
        check(pair)
        say('the selection moved, the rest stayed')
        mixed(pair)
        say('a statement about both stopped the follow')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--pair', default='mariadb-10.11')
    parser.add_argument('--gtid', default='on', choices=['on', 'off'])
    options = parser.parse_args()
    bs_harness.main('selection %s gtid %s' % (options.pair, options.gtid), lambda: test(options))

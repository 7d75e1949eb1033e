#!/usr/bin/python3
"""Packages of MariaDB in the stream: made, made anew, dropped, exactly once whatever dies; and stopped by name where the
target is MySQL, which has none. What the snapshot does with them: test_definers.py and test_translation.py."""
import argparse

import bs_harness
from bs_harness import say

FAULTS = ('ddl-intent-committed', 'ddl-sent', 'ddl-answered', 'ddl-checkpointed')
SPECIFICATION = 'CREATE OR REPLACE PACKAGE %s AS FUNCTION f RETURN INT; END'
BODY = 'CREATE OR REPLACE PACKAGE BODY %s AS FUNCTION f RETURN INT AS BEGIN RETURN %d; END; END'
STATEMENTS = (SPECIFICATION % 'n', BODY % ('n', 3), SPECIFICATION % 'k', BODY % ('k', 5), 'DROP PACKAGE BODY k', 'DROP PACKAGE n')


def run(server, *statements):
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute('USE shop')
        cursor.execute("SET sql_mode='ORACLE'")
        for statement in statements:
            cursor.execute(statement)


def crashes(pair):
    run(pair.source, SPECIFICATION % 'k', BODY % ('k', 1))
    pair.snapshot()
    for fault in FAULTS:
        for statement in STATEMENTS:
            run(pair.source, statement)
            process = pair.run('follow', '--until-caught-up', fault=fault, expect=None)
            assert process.code == -9, '%s, %s: exit %s\n%s' % (fault, statement, process.code, process.tail())
            pair.run('follow', '--until-caught-up')
            pair.judge(quiet=True)
    say('%d crashes, and everything equal' % (len(FAULTS) * len(STATEMENTS)))


def refused(pair):
    run(pair.source, SPECIFICATION % 'k')
    process = pair.run('snapshot', expect=(3,))
    assert 'PACKAGE `shop`.`k`: PACKAGE has no equal' in process.err, process.tail()
    run(pair.source, 'DROP PACKAGE k')
    pair.snapshot()
    run(pair.source, 'DROP PACKAGE IF EXISTS k', 'INSERT INTO t VALUES (1)', SPECIFICATION % 'q')
    process = pair.run('follow', '--until-caught-up', expect=(1,))
    assert 'PACKAGE has no equal in MySQL: CREATE' in process.err, process.tail()
    assert pair.target.query('SELECT * FROM shop.t') == ((1,),)
    say('refused before the copy, and in the stream')


def test(options):
    with bs_harness.pair_of(options, schema=False) as pair:
        pair.source.query('CREATE DATABASE shop')
        pair.source.query('CREATE TABLE shop.t (id INT PRIMARY KEY)')
        (refused if pair.across else crashes)(pair)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    options = parser.parse_args()
    bs_harness.main('packages %s gtid %s' % (options.pair, options.gtid), lambda: test(options))

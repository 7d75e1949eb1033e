#!/usr/bin/python3
"""Settings of the target that would make something else of a definition: what is made is what the source has, from a server and from
an archive."""
import argparse
import os

import bs_harness
from bs_harness import say

OPTIONS = ['--explicit-defaults-for-timestamp=0', '--loose-old-mode=']


def run(server, *statements):
    with server.connect() as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def plain(value):
    """As all versions and flavours could say it."""
    value = str(value).lower()
    for word in ('()', 'default_generated', "'"):
        value = value.replace(word, '')
    return value.replace('utf8mb3', 'utf8').strip()


def columns(server):
    return [tuple(map(plain, row)) for row in server.query(
        "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, IS_NULLABLE, COALESCE(NULLIF(COLUMN_DEFAULT, 'NULL'), '-'), EXTRA, COLLATION_NAME "
        "FROM information_schema.COLUMNS WHERE TABLE_SCHEMA='s' ORDER BY 1, ORDINAL_POSITION")]


def charsets(server):
    """Of the database, and of what the function returns."""
    return [tuple(map(plain, row)) for row in server.query(
        "SELECT DEFAULT_CHARACTER_SET_NAME, (SELECT CHARACTER_SET_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA='s') "
        "FROM information_schema.SCHEMATA WHERE SCHEMA_NAME='s'")]


def prepare(pair):
    run(pair.source, 'CREATE DATABASE s CHARACTER SET utf8', 'CREATE TABLE s.texts (id INT PRIMARY KEY, a VARCHAR(50) CHARACTER SET utf8, b VARCHAR(50) '
        "COLLATE utf8_unicode_ci, c TEXT, d VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, e ENUM('a', 'ö')) CHARACTER SET utf8",
        'CREATE FUNCTION s.f() RETURNS VARCHAR(9) CHARACTER SET utf8 DETERMINISTIC NO SQL RETURN NULL', 'CREATE TABLE s.stamps (id INT PRIMARY KEY, a TIMESTAMP NOT NULL, b TIMESTAMP NULL, c TIMESTAMP NOT NULL DEFAULT '
        "CURRENT_TIMESTAMP, d TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), e TIMESTAMP NOT NULL)",
        "INSERT INTO s.stamps (id, a, e) VALUES (1, '2020-01-01', '2021-01-01')")


def same(pair, what):
    wanted, there = (columns(server) + charsets(server) for server in (pair.source, pair.target))
    assert wanted == there, '%s: %s' % (what, [pair for pair in zip(wanted, there) if pair[0] != pair[1]])
    say('%s: %d columns are as they were' % (what, len(there) - 1))


def test(options):
    with bs_harness.pair_of(options, schema=False, target_options=OPTIONS) as pair:
        prepare(pair)
        pair.run('check')
        pair.run('snapshot')
        same(pair, 'from the server')
        run(pair.source, 'CREATE TABLE s.later (a TIMESTAMP NOT NULL, b TIMESTAMP NOT NULL, c VARCHAR(9) CHARACTER SET utf8 COLLATE utf8_bin, d TEXT) '
            'CHARACTER SET utf8', 'CREATE TABLE s.by_database (a VARCHAR(9))')
        pair.run('follow', '--until-caught-up')
        same(pair, 'from the log')
        pair.run('reset', source=False)
        archive = os.path.join(pair.dir, 'archive')
        pair.run('snapshot', '--archive', archive, target=False)
        pair.run('load', '--archive', archive, source=False)
        same(pair, 'from an archive')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    options = parser.parse_args()
    bs_harness.main('settings %s' % options.pair, lambda: test(options))

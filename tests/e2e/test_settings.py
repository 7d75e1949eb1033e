#!/usr/bin/python3
"""Settings of the target that would make something else of a definition: what is made is what the source has, from a server and from
an archive."""
import argparse
import os

import bs_harness
from bs_harness import say

OPTIONS = ['--explicit-defaults-for-timestamp=0']


def run(server, *statements):
    with server.connect() as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def plain(value):
    """As all versions and flavours could say it."""
    value = str(value).lower()
    for word in ('()', 'default_generated', "'"):
        value = value.replace(word, '')
    return value.strip()


def columns(server):
    return [tuple(map(plain, row)) for row in server.query(
        "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, IS_NULLABLE, COALESCE(NULLIF(COLUMN_DEFAULT, 'NULL'), '-'), EXTRA "
        "FROM information_schema.COLUMNS WHERE TABLE_SCHEMA='s' ORDER BY 1, ORDINAL_POSITION")]


def prepare(pair):
    run(pair.source, 'CREATE DATABASE s', 'CREATE TABLE s.stamps (id INT PRIMARY KEY, a TIMESTAMP NOT NULL, b TIMESTAMP NULL, c TIMESTAMP NOT NULL DEFAULT '
        "CURRENT_TIMESTAMP, d TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), e TIMESTAMP NOT NULL)",
        "INSERT INTO s.stamps (id, a, e) VALUES (1, '2020-01-01', '2021-01-01')")


def same(pair, what):
    wanted, there = columns(pair.source), columns(pair.target)
    assert wanted == there, '%s: %s' % (what, [pair for pair in zip(wanted, there) if pair[0] != pair[1]])
    say('%s: %d columns are as they were' % (what, len(there)))


def test(options):
    with bs_harness.pair_of(options, schema=False, target_options=OPTIONS) as pair:
        prepare(pair)
        pair.run('check')
        pair.run('snapshot')
        same(pair, 'from the server')
        run(pair.source, 'CREATE TABLE s.later (a TIMESTAMP NOT NULL, b TIMESTAMP NOT NULL)')
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

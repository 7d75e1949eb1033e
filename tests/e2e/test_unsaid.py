#!/usr/bin/python3
"""What a statement leaves unsaid means on the target what it meant on the source. A charset that stands without a collation has the one
that the session wanted: MariaDB's character_set_collations and MySQL's default_collation_for_utf8mb4 are logged. A column that is added NOT
NULL without a default gives the rows that are there the source's value of nothing."""
import argparse

import bs_harness
from bs_harness import say
from bs_servers import flavour

TABLE = 'CREATE TABLE s.t%d (id INT PRIMARY KEY, a VARCHAR(9) CHARACTER SET utf8mb4, b VARCHAR(9) CHARACTER SET latin1)'


def choices(name):
    if flavour(name) == 'mysql':
        return ("default_collation_for_utf8mb4 = 'utf8mb4_general_ci'", "default_collation_for_utf8mb4 = 'utf8mb4_0900_ai_ci'")
    return ("character_set_collations = 'utf8mb4=utf8mb4_bin,latin1=latin1_bin'", "character_set_collations = ''",
            "character_set_collations = 'utf8mb4=utf8mb4_unicode_ci'", 'character_set_collations = DEFAULT')


def collations(server):
    return server.query("SELECT TABLE_NAME, COLUMN_NAME, COLLATION_NAME FROM information_schema.COLUMNS "
                        "WHERE TABLE_SCHEMA = 's' AND COLLATION_NAME IS NOT NULL ORDER BY 1, 2")


def charsets(pair):
    with pair.source.connect() as session, session.cursor() as cursor:
        for i, choice in enumerate(choices(pair.names[0])):
            cursor.execute('SET ' + choice)
            cursor.execute(TABLE % i)
            cursor.execute('ALTER TABLE s.t%d ADD c VARCHAR(9) CHARACTER SET utf8mb4' % i)
            cursor.execute("INSERT INTO s.t%d VALUES (1, '\u00e4', '\u00e4', '\u00e4')" % i)
    there = collations(pair.source)
    assert len({row[2] for row in there if row[1] == 'a'}) > 1, there
    pair.follow()
    pair.judge()
    if pair.source.name == pair.target.name:
        assert collations(pair.target) == there, (there, collations(pair.target))
    say('what a session meant by a charset: ' + ', '.join(sorted({row[2] for row in collations(pair.target)})))


def filled(pair):
    """The judge is not asked: on the other flavour some of them have a default."""
    types = ["ENUM('a','b')", 'INT', 'VARCHAR(9)', 'BLOB', 'YEAR'] + (['JSON'] if flavour(pair.names[0]) == 'mysql' else ['UUID', 'INET6', 'INET4'])
    pair.source.query('INSERT INTO s.first VALUES (1), (2)')
    for i, name in enumerate(types):
        pair.source.query('ALTER TABLE s.first ADD %s c%d %s NOT NULL%s' % ('COLUMN (' if i % 2 else '', i, name, ')' if i % 2 else ''))
    pair.source.query("UPDATE s.first SET c1 = 5 WHERE id = 2")
    pair.follow()
    there, here = (server.query('SELECT * FROM s.first ORDER BY id') for server in (pair.source, pair.target))
    assert there == here and len(there[0]) == len(types) + 1, (there, here)
    say('rows that were there when columns were added: %s' % (here[0],))


def test(options):
    with bs_harness.pair_of(options, schema=False) as pair:
        pair.source.query('CREATE DATABASE s CHARACTER SET latin1')
        pair.source.query('CREATE TABLE s.first (id INT PRIMARY KEY)')
        pair.snapshot('--databases', 's')
        charsets(pair)
        filled(pair)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    options = parser.parse_args()
    bs_harness.main('unsaid %s' % options.pair, lambda: test(options))

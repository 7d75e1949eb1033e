#!/usr/bin/python3
"""MariaDB's GTIDs are numbers of a domain, and nothing but gtid_strict_mode, which is off unless it is asked for, keeps a log from
having one twice or out of order: mariadb-binlog piped into the server sets gtid_seq_no, and two primaries may write in one domain.
Where follow is, and whether it has all, must not depend on them."""
import argparse
import signal

import bs_cutover
import bs_harness
from bs_harness import say
from bs_proxy import Proxy

UNDONE = 6


def write_with_number(pair, number, statement):
    with pair.source.connect() as connection, connection.cursor() as cursor:
        cursor.execute('SET gtid_seq_no = %d' % number)
        cursor.execute(statement)


def newest(pair):
    return int(pair.source.query('SELECT @@gtid_binlog_pos')[0][0].split('-')[-1])


def same(pair):
    wanted, there = (server.query('SELECT n FROM lab.keyless ORDER BY n') for server in (pair.source, pair.target))
    assert wanted == there, (wanted, there)


def late_with_a_low_number(pair, proxy):
    """The newest transaction has a number that was applied long ago, and does not arrive: the target must not be said to have all."""
    follow = pair.follow_start('--until-cutover', source='mysql://root@127.0.0.1:%d/' % proxy.port)
    for _ in range(10):
        pair.source.query(bs_cutover.WRITE)
    pair.wait_applied(follow)
    held = proxy.hold_dumps()
    write_with_number(pair, 5, 'UPDATE shop.one_row SET only_n = only_n + 1000')
    refused = pair.run('cutover', '--max-freeze', '3', source=False, expect=(UNDONE,))
    assert follow.running, follow.tail()
    proxy.let_go(held)
    pair.cutover(follow=follow)
    assert pair.target.query('SELECT only_n FROM shop.one_row') == ((1010,),)
    pair.judge()
    say('late, with a low number: undone after %.1f s, then all there' % refused.seconds)


def the_same_number_twice(pair):
    """Follow ends and begins again behind a transaction whose number was used before: behind which of the two?"""
    pair.source.query('CREATE TABLE lab.keyless (n INT)')
    pair.snapshot()
    follow = pair.follow_start()
    pair.wait_applied(follow)
    first = newest(pair) + 1
    for number in range(10):
        pair.source.query('INSERT INTO lab.keyless VALUES (%d)' % number)
    pair.wait_applied(follow)
    write_with_number(pair, first, 'INSERT INTO lab.keyless VALUES (100)')
    pair.wait_applied(follow)
    follow.signal(signal.SIGTERM)
    follow.wait(60)
    pair.source.query('INSERT INTO lab.keyless VALUES (200)')
    pair.follow()
    same(pair)
    say('the same number twice: %d rows' % pair.target.query('SELECT COUNT(*) FROM lab.keyless')[0][0])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--pair', default='mariadb-10.11')
    options = parser.parse_args()

    def test():
        with bs_harness.Pair(options.pair, schema=False) as pair:
            bs_cutover.load(pair)
            the_same_number_twice(pair)
            with Proxy(pair.source.port) as proxy:
                late_with_a_low_number(pair, proxy)

    bs_harness.main('gtid numbers %s' % options.pair, test)


main()

#!/usr/bin/python3
"""The source is a replica of another server. What it replicates must be in its own log, or it must be refused; and it must not go on
replicating while a cutover takes place, as read_only does not hold that back."""
import argparse
import contextlib
import os

import bs_harness
from bs_harness import say
from bs_servers import Server, binlog_status, flavour, gtid_options

SKIP_START = ['--skip-slave-start']


def words(name):
    """What this server calls things."""
    if name == 'mysql-9.7':
        return {'change': "CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=%d, SOURCE_USER='root', SOURCE_LOG_FILE='%s', SOURCE_LOG_POS=%d, GET_SOURCE_PUBLIC_KEY=1",
                'start': 'START REPLICA', 'stop': 'STOP REPLICA', 'logged': '--log-replica-updates'}
    return {'change': "CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=%d, MASTER_USER='root', MASTER_LOG_FILE='%s', MASTER_LOG_POS=%d",
            'start': 'START SLAVE', 'stop': 'STOP SLAVE', 'logged': '--log-slave-updates'}


class Chain:
    def __init__(self, pair, first):
        self.pair, self.first = pair, first
        self.words = words(pair.names[0])

    def begin(self):
        with contextlib.closing(self.first.connect()) as connection:
            place = binlog_status(connection)
        self.first.query('CREATE DATABASE r')
        self.first.query('CREATE TABLE r.t (n INT PRIMARY KEY)')
        self.pair.source.query(self.words['change'] % (self.first.port, place[0], place[1]))
        self.pair.source.query(self.words['start'])
        self.write(1)

    def write(self, n):
        """Waits until the source has it."""
        self.first.query('INSERT INTO r.t VALUES (%s)', (n,))
        self.pair.wait_until(lambda: self._has(self.pair.source, n), 'row %d on the source' % n)

    @staticmethod
    def _has(server, n):
        there = server.query("SELECT 1 FROM information_schema.tables WHERE table_schema = 'r' AND table_name = 't'")
        return there and server.query('SELECT 1 FROM r.t WHERE n = %s', (n,))

    def await_target(self, n, follow):
        self.pair.wait_until(lambda: self._has(self.pair.target, n), 'row %d on the target' % n, follow=follow)


def not_logged(chain):
    chain.pair.run('check', expect=(3,))
    refused = chain.pair.run('snapshot', '--position=file', expect=(3,))
    assert 'replica itself' in refused.err + refused.out and 'log_slave_updates=ON' in refused.err + refused.out, refused.tail()
    say('what it replicates is not logged: refused')


def logged(chain):
    pair = chain.pair
    pair.snapshot()
    chain.write(2)
    follow = pair.follow_start('--until-cutover')
    chain.write(3)
    chain.await_target(3, follow)
    refused = pair.run('cutover', source=False, expect=(1,))
    assert 'is a replica itself' in refused.err + refused.out and 'STOP' in refused.err + refused.out, refused.tail()
    chain.write(4)  # nothing is frozen, and follow goes on
    chain.await_target(4, follow)
    pair.source.query(chain.words['stop'])
    pair.cutover(follow=follow)
    pair.judge()
    say('what it replicates is logged: followed; the cutover waited for it to stop')


def test(options):
    with bs_harness.pair_of(options, schema=False, source_options=SKIP_START) as pair:
        first = Server(pair.names[0], dir=os.path.join(pair.dir, 'first'), options=[*gtid_options(pair.names[0], pair.gtid), '--event-scheduler=OFF'])
        with first:
            chain = Chain(pair, first)
            off = chain.words['logged'].replace('--', '--skip-', 1)
            pair.source.restart(off, *SKIP_START)
            chain.begin()
            not_logged(chain)
            pair.source.query(chain.words['stop'])
            pair.source.restart(chain.words['logged'], *SKIP_START)
            pair.source.query(chain.words['start'])
            logged(chain)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    options = parser.parse_args()
    assert flavour(options.pair.partition(':')[0]) == 'mariadb' or options.gtid == 'off', 'a replica of 5.6 with GTIDs must log what it replicates'
    bs_harness.main('replicated source %s gtid %s' % (options.pair, options.gtid), lambda: test(options))

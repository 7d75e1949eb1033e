#!/usr/bin/python3
"""How long writers on the source stand still while a snapshot takes its point: as they measure it themselves, with nothing in the
way, and with a long SELECT on their own table, behind which a lock request would hold them up for as long as it takes."""
import argparse
import contextlib
import os
import tempfile
import threading
import time

import pymysql

import bs_harness
from bs_harness import say

LOCK_TIMEOUT_S = 2
SLACK_S = 5  # what a busy machine may add; a lock request behind the long SELECT would add a minute
MEMORY, ROOM_BYTES = '/dev/shm', 2 << 30


class Apart(bs_harness.Pair):
    """The source's files are in memory, where there is room: on one disk with the target it waits for what that flushes as it makes
    its tables (on MySQL 5.6 a quarter of a second), which has nothing to do with locks."""

    def start_source(self, folder):
        has_room = os.path.isdir(MEMORY) and os.statvfs(MEMORY).f_bavail * os.statvfs(MEMORY).f_frsize > ROOM_BYTES
        return super().start_source(tempfile.mkdtemp(prefix='binstream-stall-', dir=MEMORY) if has_room else folder)


class Writer:
    """Inserts and updates one row after the other, and keeps the longest that one took."""

    def __init__(self, server):
        self.server, self.ended, self.longest, self.count, self.failure = server, threading.Event(), 0.0, 0, None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        try:
            with contextlib.closing(self.server.connect(autocommit=True)) as connection, connection.cursor() as cursor:
                while not self.ended.is_set():
                    began = time.monotonic()
                    cursor.execute('INSERT INTO stall.t (v) VALUES (%s)' if self.count % 2 else 'UPDATE stall.t SET v = %s LIMIT 1', (self.count,))
                    self.longest = max(self.longest, time.monotonic() - began)
                    self.count += 1
                    time.sleep(0.002)
        except Exception as error:
            self.failure = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *failure):
        self.ended.set()
        self.thread.join(30)
        assert self.failure is None, self.failure


def in_the_way_of_nothing(pair):
    with Writer(pair.source) as writer:
        pair.snapshot('--databases', 'stall')
    say('nothing in the way: the longest of %d writes took %.1f ms' % (writer.count, writer.longest * 1000))
    assert writer.longest < LOCK_TIMEOUT_S + SLACK_S
    pair.run('reset', source=False)


def behind_a_long_select(pair, seconds, expect):
    """No lock is asked for behind it; when it lasts too long for that, the snapshot gives up, and says why."""

    def sleep():
        with contextlib.suppress(pymysql.err.OperationalError):  # it is ended below
            pair.source.query('SELECT SLEEP(%d) FROM stall.t LIMIT 1' % seconds)

    select = threading.Thread(target=sleep)
    select.start()
    # Until the server says that it is older than what a lock request may wait for.
    pair.wait_until(lambda: any('SLEEP' in (process['info'] or '') and process['time'] > LOCK_TIMEOUT_S for process in pair.source.processes()),
                    'the SELECT')
    with Writer(pair.source) as writer:
        process = pair.run('snapshot', '--databases', 'stall', '--lock-timeout', str(LOCK_TIMEOUT_S), expect=(expect,))
    say('a SELECT of %d s: exit %d; the longest of %d writes took %.1f ms' % (seconds, process.code, writer.count, writer.longest * 1000))
    assert writer.longest < LOCK_TIMEOUT_S + SLACK_S
    assert process.code == 0 or 'no lock was asked for' in process.err, process.tail()
    for process in pair.source.processes():
        if 'SLEEP' in (process['info'] or ''):
            pair.source.query('KILL QUERY %d' % process['id'])
    select.join(30)
    pair.run('reset', source=False)


def test(options):
    with bs_harness.pair_of(options, kind=Apart, schema=False) as pair:
        pair.source.query('CREATE DATABASE stall')
        pair.source.query('CREATE TABLE stall.t (id INT PRIMARY KEY AUTO_INCREMENT, v INT)')
        pair.source.query('INSERT INTO stall.t (v) VALUES (1), (2)')
        in_the_way_of_nothing(pair)
        behind_a_long_select(pair, 6, 0)
        behind_a_long_select(pair, 60, 1)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    options = parser.parse_args()
    bs_harness.main('stall ' + options.pair, lambda: test(options))

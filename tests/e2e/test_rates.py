#!/usr/bin/python3
"""Will it catch up, and what holds it? Each cause is induced, and `status` must name it: network, source, decoding, one
hot row, target commits, target. With it come the forecast, falling behind, and what is said when all is applied."""
import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time

import bs_harness
from bs_harness import say
from bs_proxy import Proxy

MB = 1000000
CAUSES = ('network', 'source', 'decoding', 'hot_row', 'target_commits', 'target', 'huge', 'statement', 'denied', 'unanswered')
WAIT_S = 120  # for a verdict: some beats, on a machine that has other things to do
COMMIT_S = 0.02
HOGS = 2
HOG = """import os
os.sched_setaffinity(0, {%d})
print('busy', flush=True)
while os.getppid() == %d:
    for _ in range(10**6): pass
"""


class Rates:
    def __init__(self, pair):
        self.pair = pair
        self.proxy = Proxy(pair.source.port)
        self.next_id = 0

    # ---- the source ------------------------------------------------------------------------------------------------

    def create(self):
        self.pair.source.query('CREATE DATABASE pace')
        self.pair.source.query('CREATE TABLE pace.counters (id INT PRIMARY KEY, v INT)')
        self.pair.source.query('CREATE TABLE pace.entries (id INT PRIMARY KEY, v INT)')
        self.pair.source.query('CREATE TABLE pace.heavy (v LONGBLOB)')
        self.pair.source.query('INSERT INTO pace.counters VALUES (1, 0)')
        # What is written to it is read and left out: the log alone, without work for the target.
        self.pair.snapshot('--databases', 'pace', '--exclude-tables', 'pace.heavy')

    def write_log(self, megabytes):
        with self.pair.source.connect() as connection, connection.cursor() as cursor:
            for _ in range(megabytes):
                cursor.execute('INSERT INTO pace.heavy VALUES (REPEAT(UUID(), 27778))')  # 1 MB
                connection.commit()

    @contextlib.contextmanager
    def writing(self, pause_s):
        """A megabyte of log after each pause."""
        stop = threading.Event()

        def write():
            while not stop.wait(pause_s):
                self.write_log(1)
        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        try:
            yield
        finally:
            stop.set()
            writer.join()

    def write_transactions(self, statement, count):
        """So many transactions of one row each; {} in it becomes a number of its own."""
        with self.pair.source.connect() as connection, connection.cursor() as cursor:
            for _ in range(count):
                self.next_id += 1
                cursor.execute(statement.format(self.next_id))
                connection.commit()

    # ---- follow ----------------------------------------------------------------------------------------------------

    def start(self, *args):
        """Behind the proxy, and reading the log already."""
        uri = 'mysql://root@127.0.0.1:%d/?ssl-mode=DISABLED' % self.proxy.port
        follow = self.pair.follow_start(*args, source=uri)
        self.pair.wait_until(lambda: self.proxy.dumps, 'the stream', follow=follow)
        return follow

    def say_status(self, status):
        told = ('lag_s', 'lag_bytes', 'write_bytes_per_s', 'apply_bytes_per_s', 'apply_transactions_per_s', 'eta_s', 'falling_behind',
                'behind_bytes_per_min', 'held_by', 'hot_table')
        say('  ' + ' '.join('%s=%s' % (key, status[key]) for key in told))

    def await_status(self, condition, what, follow):
        seen = []

        def look():
            status = self.pair.status()
            if not seen or status['held_by'] != seen[-1]:
                seen.append(status['held_by'])
            return status if condition(status) else None
        try:
            status = self.pair.wait_until(look, what, WAIT_S, follow, interval=0.3)
        except AssertionError:
            print(seen, self.pair.run('status', source=False).out)
            raise
        say(what)
        self.say_status(status)
        return status

    def await_cause(self, cause, follow):
        status = self.await_status(lambda s: s['held_by'] == cause, 'held by: ' + cause, follow)
        text = self.pair.run('status', source=False).out
        assert 'held by' in text and 'rates' in text and 'outlook' in text, text
        return status

    def finish(self, follow):
        """As fast as it goes to the end, so that the next cause begins without a past."""
        follow.kill9()
        self.pair.follow()

    # ---- causes ----------------------------------------------------------------------------------------------------

    def network(self):
        self.proxy.rate = 1 * MB
        self.write_log(20)
        follow = self.start()
        status = self.await_cause('network', follow)
        assert 5 * MB < status['lag_bytes'] <= 21 * MB, status['lag_bytes']
        status = self.await_status(lambda s: s['eta_s'] is not None, 'a forecast', follow)
        expected = status['lag_bytes'] / (status['apply_bytes_per_s'] - status['write_bytes_per_s'])
        assert abs(status['eta_s'] - expected) < 1 and 2 < status['eta_s'] < 60, status
        self.falling_behind(follow)
        self.proxy.rate = None
        status = self.await_status(lambda s: s['caught_up'], 'caught up', follow)
        assert (status['held_by'], status['lag_bytes'], status['falling_behind']) == ('none', 0, False), status
        follow.kill9()

    def falling_behind(self, follow):
        with self.writing(pause_s=0.2):
            status = self.await_status(lambda s: s['falling_behind'] and s['behind_s_per_min'], 'falling behind', follow)
        assert status['held_by'] == 'network' and status['eta_s'] is None and status['behind_bytes_per_min'] > 0, status
        assert 'falling behind by' in self.pair.run('status', source=False).out

    def source(self):
        """The source's process runs for a moment in each second: it answers, and sends, when it can. What it has to send
        is made of small events, which take it longer than large ones."""
        self.pair.source.query("INSERT INTO pace.heavy SELECT REPEAT('x', 100) FROM pace.seq_1_to_800000")
        self.proxy.rate = 10000
        follow = self.start()
        stop = threading.Event()

        def halt():
            while not stop.is_set():
                os.kill(self.pair.source.pid, signal.SIGSTOP)
                time.sleep(0.6 + 0.8 * random.random())  # not in step with the questions
                os.kill(self.pair.source.pid, signal.SIGCONT)
                time.sleep(0.02)
        halting = threading.Thread(target=halt, daemon=True)
        halting.start()
        self.proxy.rate = None
        try:
            self.await_cause('source', follow)
        finally:
            stop.set()
            halting.join()
        self.finish(follow)

    def decoding(self):
        """binstream's main thread gets what another program leaves of a processor: next to nothing."""
        self.write_log(100)
        self.proxy.rate = 10000
        follow = self.start()
        with self.starved(follow), self.writing(pause_s=0.02):  # the source writes on, so that there is always more to read
            self.proxy.rate = None
            self.await_cause('decoding', follow)
        self.finish(follow)

    @contextlib.contextmanager
    def starved(self, follow):
        """Some programs that never rest share a processor with the main thread of follow, which is the least of them."""
        core = min(os.sched_getaffinity(0))
        os.sched_setaffinity(follow.pid, {core})  # this thread alone: the others are there already
        os.setpriority(os.PRIO_PROCESS, follow.pid, 19)
        argv = [sys.executable, '-c', HOG % (core, os.getpid())]
        # Of one session with follow: where Linux shares the processor among sessions first, priorities count inside them only.
        hogs = [subprocess.Popen(argv, stdout=subprocess.PIPE) for _ in range(HOGS)]
        try:
            for hog in hogs:
                assert hog.stdout.readline() == b'busy\n'
            yield
        finally:
            for hog in hogs:
                hog.kill()
            for hog in hogs:
                hog.communicate()

    def slow_commits(self, on):
        """Every commit of the target waits so long for others to join it, which never are enough."""
        self.pair.target.query('SET GLOBAL binlog_commit_wait_usec = %d' % (COMMIT_S * 1000000 if on else 0))
        self.pair.target.query('SET GLOBAL binlog_commit_wait_count = %d' % (1000 if on else 0))

    def hot_row(self):
        self.write_transactions('UPDATE pace.counters SET v = v + 1 WHERE id = 1', 2500)
        self.slow_commits(True)
        follow = self.start('--max-batch', '1')
        status = self.await_cause('hot row', follow)
        assert status['hot_table'] == 'pace.counters', status['hot_table']
        self.slow_commits(False)
        self.finish(follow)

    def target_commits(self):
        self.write_transactions('INSERT INTO pace.entries VALUES ({}, 0)', 5000)
        self.slow_commits(True)
        follow = self.start('--max-batch', '1')
        self.await_cause('target commits', follow)
        self.slow_commits(False)
        self.finish(follow)

    def target(self):
        """Each row costs the target some time: a trigger that sleeps."""
        follow = self.start('--max-batch', '100')  # so that no statement takes minutes
        self.pair.target.query('CREATE TRIGGER pace.slow BEFORE INSERT ON pace.entries FOR EACH ROW SET @slept = SLEEP(0.05)')
        self.write_transactions('INSERT INTO pace.entries VALUES ({}, 0)', 3000)
        self.await_cause('target', follow)
        self.pair.target.query('DROP TRIGGER pace.slow')
        self.finish(follow)

    def huge(self):
        """One transaction that streams through: it gets on, and says how fast, long before its COMMIT."""
        query = self.pair.source.query
        query('CREATE TABLE pace.parcels (id INT PRIMARY KEY, t CHAR(200))')
        self.pair.follow()
        self.pair.target.query('CREATE TRIGGER pace.slow BEFORE INSERT ON pace.parcels FOR EACH ROW SET @slept = SLEEP(0.0005)')
        query("INSERT INTO pace.parcels SELECT seq, REPEAT('p', 200) FROM pace.seq_1_to_60000")
        follow = self.start()
        status = self.await_status(lambda s: s['eta_s'] is not None and s['apply_bytes_per_s'], 'a forecast', follow)
        assert not self.pair.target.query('SELECT COUNT(*) FROM pace.parcels')[0][0] and not status['falling_behind'], status
        follow.kill9()
        self.pair.target.query('DROP TRIGGER pace.slow')
        self.pair.follow()

    def statement(self):
        """A statement of the log that waits on the target is shown, as follow says nothing meanwhile."""
        follow = self.start()
        with contextlib.closing(self.pair.target.connect()) as session, session.cursor() as cursor:
            cursor.execute('LOCK TABLES pace.counters READ')
            self.pair.source.query("ALTER TABLE pace.counters ADD w INT COMMENT 'secret'")
            status = self.await_status(lambda s: s['lag_s'] is None, 'silent', follow)
            assert status['running'] and status['statement'].endswith("ADD w INT COMMENT '...'"), status
            text = self.pair.run('status', source=False).out
            assert status['statement'] in text and 's old' in text and 'secret' not in text, text
        status = self.await_status(lambda s: s['caught_up'], 'caught up', follow)
        assert not status['statement'], status
        follow.kill9()

    def denied(self):
        """An account that may read the log but not ask where it ends: said once, and nothing else is lost."""
        query = self.pair.source.query
        query("CREATE USER mover@'%' IDENTIFIED BY 'm'")
        query("GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES, RELOAD, PROCESS, REPLICATION SLAVE, BINLOG MONITOR ON *.* TO mover@'%'")
        follow = self.pair.follow_start(source='mysql://mover:m@127.0.0.1:%d/' % self.pair.source.port)
        self.await_status(lambda s: s['caught_up'] and s['lag_bytes'] == 0, 'the end of the log may be asked for', follow)
        query("REVOKE BINLOG MONITOR ON *.* FROM mover@'%'")
        for session, in query("SELECT id FROM information_schema.processlist WHERE user = 'mover' AND command = 'Sleep'"):
            query('KILL %d' % session)  # its privileges are those of its login
        self.await_status(lambda s: s['caught_up'] and s['lag_bytes'] is None, 'the lag in bytes is not known', follow)
        time.sleep(3)
        assert follow.running and follow.err.count('will not be known') == 1, follow.tail()
        assert 'GRANT BINLOG MONITOR' in follow.err, follow.tail()
        follow.kill9()

    def unanswered(self):
        """The stream goes on, slowly, and the source takes no questions any more: what it said before does not make follow caught up."""
        follow = self.start()
        self.await_status(lambda s: s['caught_up'] and s['lag_bytes'] == 0, 'caught up', follow)
        self.proxy.refuse(True)
        query = self.pair.source.query
        for session, in query("SELECT id FROM information_schema.processlist WHERE host LIKE '127.0.0.1:%' AND command = 'Sleep'"):
            query('KILL %d' % session)
        self.proxy.rate = 20000
        self.write_log(2)
        self.await_status(lambda s: s['lag_bytes'] is None, 'the end of the log is not known any more', follow)
        for _ in range(8):
            assert not self.pair.status()['caught_up'], self.pair.run('status', source=False).out
        self.proxy.refuse(False)
        self.proxy.rate = None
        self.await_status(lambda s: s['caught_up'] and s['lag_bytes'] == 0, 'caught up', follow)
        follow.kill9()

    def judge(self):
        for question in ('SELECT v FROM pace.counters', 'SELECT COUNT(*), MAX(id) FROM pace.entries'):
            assert self.pair.source.query(question) == self.pair.target.query(question), question


def test(options):
    with bs_harness.pair_of(options, schema=False, source_options=['--binlog-row-event-max-size=256']) as pair:
        rates = Rates(pair)
        rates.create()
        for cause in options.causes.split(',') if options.causes else CAUSES:
            getattr(rates, cause)()
        rates.judge()


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    parser.add_argument('--causes', default='', help='only these, separated by commas')
    options = parser.parse_args()
    bs_harness.main('rates %s' % options.pair, lambda: test(options))

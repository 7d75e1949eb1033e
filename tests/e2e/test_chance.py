#!/usr/bin/python3
"""Tables by chance, with transactions and schema changes by chance while they are copied and followed: equal at the end, or stopped in front of
a statement with the reason. A round has a seed of its own, and --round-seed runs that one again, as far as threads let it."""
import argparse
import random
import re
import threading
import time

import pymysql

import bs_harness
from bs_chance import Chance
from bs_harness import say
from bs_tables import Facts
from bs_values import quote
from bs_writers import GONE, error_code

# follow, check and the snapshot may stop, and have it right, where they say what to do: statements of which the log, or the other server, does
# not tell what they did. But rows are never to be refused, except for what only MySQL 5.6 takes for a geometry or for a text.
NEVER = ['source and target differ', 'does not take this row', 'would change a value', 'mend the row']
OF_OLD = ['(1416)', '(1366)']
MODES = ['', '', 'STRICT_TRANS_TABLES', 'ANSI_QUOTES', 'NO_BACKSLASH_ESCAPES', 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES']


class Actor(threading.Thread):
    """A session that runs what its generator makes; what the server refuses is forgotten."""

    def __init__(self, pair, db, seed, is_ddl):
        super().__init__(daemon=True)
        self.rng = random.Random(seed)
        self.is_ddl, self.stopping, self.going = is_ddl, threading.Event(), threading.Event()
        self.going.set()
        self.pace = 0.3 if is_ddl else 0.004
        self.connection = pair.source.connect()
        self.chance = Chance(self.connection, pair.facts, db, self.rng, pair.across)
        self.done, self.failed, self.failure, self.log = 0, 0, None, []
        self._run('SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 2')
        if pair.facts.mariadb and pair.facts.version >= (11, 2):  # 11.8.9: an ALTER beside writers gave a partitioned table rows that its log has not
            self._run("SET SESSION old_mode = 'UTF8_IS_UTF8MB3,LOCK_ALTER_TABLE_COPY'")
        if pair.facts.modern and not pair.facts.mariadb:
            # 9.7.4: after a REPLACE that an ALTER has made too late for its read view (1412), rows go into a wrong partition, duplicates beside them.
            self._run("SET SESSION transaction_isolation = 'READ-COMMITTED'")

    def _run(self, sql):
        self.chance.cursor.execute(sql)
        self.chance.cursor.fetchall()

    def attempt(self, sql):
        if sql is None:
            return False
        try:
            self._run(sql)
        except pymysql.MySQLError as error:
            if error_code(error) in GONE:
                raise
            self.failed += 1
            return False
        self.done += 1
        if not sql.startswith(('INSERT', 'UPDATE', 'DELETE', 'REPLACE')):
            self.log.append(sql)
        return True

    def settings(self):
        rng = self.rng
        self._run("SET SESSION sql_mode = '%s', time_zone = '%s', foreign_key_checks = %d, unique_checks = 1" % (
            rng.choice(MODES), rng.choice(['+00:00', '+05:30', '-03:00']), rng.random() > 0.1))
        self.connection.set_charset(rng.choice(['utf8mb4', 'utf8mb4', 'latin1']))

    def transaction(self):
        rng = self.rng
        self._run('BEGIN')
        for _ in range(rng.choice([1, 1, 2, 4])):
            if rng.random() < 0.1:
                self._run('SAVEPOINT s')
                self.attempt(self.chance.change())
                self._run('ROLLBACK TO s')
            self.attempt(self.chance.change())
        self._run('COMMIT' if rng.random() < 0.9 else 'ROLLBACK')

    def step(self):
        if self.rng.random() < 0.2:
            self.settings()
        if self.is_ddl:
            self.attempt(self.chance.alter())
        else:
            try:
                self.transaction()
            except pymysql.MySQLError as error:
                if error_code(error) in GONE:
                    raise
                self._run('ROLLBACK')

    def run(self):
        try:
            while not self.stopping.is_set():
                self.going.wait()
                self.step()
                self.stopping.wait(self.pace)
        except Exception as error:  # kept for the test, which must not find any
            self.failure = error

    def pause(self):
        self.going.clear()

    def resume(self):
        self.going.set()
        self.pace /= 4  # what takes long, the copy, is over

    def stop(self):
        self.stopping.set()
        self.going.set()
        if self.ident is not None:
            self.join(60)
        self.connection.close()
        if self.failure is not None:
            raise AssertionError('an actor ended: %r' % self.failure)


class Round:
    def __init__(self, pair, number, seed, seconds):
        self.pair, self.seed, self.seconds = pair, seed, seconds
        self.rng = random.Random(seed)
        self.db = 'chance%d' % number
        self.task = ['--task', self.db]
        self.log = []

    def prepare(self):
        self.pair.source.query('CREATE DATABASE %s CHARACTER SET %s' % (self.db, self.rng.choice(['utf8mb4', 'latin1'])))
        maker = Actor(self.pair, self.db, self.rng.random(), True)
        while len(maker.chance.tables()) < 5:
            maker.attempt(maker.chance.create('t%d' % self.rng.randint(0, 99)))
        for _ in range(120):
            maker.attempt(maker.chance.change())
        maker.stop()
        self.log = maker.log

    def options(self):
        rng = self.rng
        more = ['--threads', str(rng.choice([1, 2, 4, 8]))]
        more += ['--max-batch', str(rng.choice([1, 3, 100]))] if rng.random() < 0.5 else []
        return more + (['--keep-commit-order'] if rng.random() < 0.15 else [])

    def refusal(self, process):
        """What follow or snapshot said why it does not go on; fails if it is none of what it may say."""
        text = process.err + process.out
        is_row = any(words in text for words in NEVER) and not (self.pair.names[0] == 'mysql-5.6' and any(code in text for code in OF_OLD))
        if process.code in (1, 3) and 'what to do:' in text and not is_row:
            return next((line for line in text.splitlines() if 'error: ' in line or line.startswith('FAIL')), text[-300:])
        raise AssertionError('exit %s\n%s' % (process.code, process.tail(40)))

    def copy(self, altering):
        """Goes on, as it says, when a table was altered meanwhile; at last nothing is altered any more."""
        point = self.rng.choice(['auto', 'auto', 'auto', 'lock-free', 'ftwrl'])
        if point == 'lock-free' and self.pair.names[0] == 'mysql-5.6':
            point = 'auto'  # its views do not show all that gtid_executed has
        for attempt in range(4):
            if attempt == 3:
                altering.pause()
            snapshot = self.pair.run('snapshot', '--databases', self.db, '--lock-timeout', '20', '--consistency', point, *self.task, expect=None)
            if snapshot.code != 1 or 'run the same command again' not in snapshot.err:
                break
        altering.resume()
        return snapshot

    def run(self):
        """None, or why it was stopped."""
        pair = self.pair
        self.prepare()
        actors = [Actor(pair, self.db, self.rng.random(), i == 0) for i in range(3)]
        try:
            for actor in actors:
                actor.start()
            snapshot = self.copy(actors[0])
            if snapshot.code != 0:
                return self.refusal(snapshot)
            time.sleep(self.rng.choice([0, self.seconds]))  # the amount of work is the point here, nothing is awaited
        finally:
            for actor in actors:
                actor.stop()
                self.log += actor.log
        follow = pair.run('follow', '--until-caught-up', *self.task, *self.options(), expect=None)
        if follow.code != 0:
            return self.refusal(follow)
        pair.judge('--databases', self.db, '--ignore-auto-increment', quiet=True)  # a cutover carries that
        return None

    def definitions(self):
        with self.pair.source.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s", (self.db,))
            return [self.pair.source.query('SHOW CREATE TABLE %s.%s' % (self.db, quote(name)))[0][1] for name, in cursor.fetchall()]

    def clean(self):
        self.pair.run('reset', *self.task, source=False, expect=(0, 3))  # 3: a precheck has left no task
        self.pair.source.query('DROP DATABASE ' + self.db)
        for process in self.pair.processes:
            process.kill9()
            process.expect_no_report()
        self.pair.processes.clear()


def test(options):
    with bs_harness.pair_of(options, schema=False) as pair:
        pair.facts = Facts(pair.source.query('SELECT VERSION()')[0][0])
        seeds = random.Random(pair.seed)
        ends = time.monotonic() + options.seconds
        refused, number = {}, 0
        while number < options.rounds if options.rounds else number == 0 or time.monotonic() < ends:
            seed = options.round_seed if options.round_seed is not None else seeds.randrange(10 ** 9)
            attempt = Round(pair, number, seed, options.pause)
            number += 1
            try:
                why = attempt.run()
            except BaseException:
                say('round %d, seed %d; its tables on the source, and how they came about:' % (number, seed))
                print('\n'.join(attempt.definitions() + attempt.log))
                raise
            if why is not None:
                kind = re.sub(r'`[^`]*`|\d+|\'[^\']*\'', '_', re.sub(r'.*error: ', '', why))[:150]
                refused.setdefault(kind, []).append((seed, why))
            attempt.clean()
        say('%d rounds, %d of them stopped in front of a statement' % (number, sum(map(len, refused.values()))))
        for kind, cases in sorted(refused.items(), key=lambda item: -len(item[1])):
            print('  %3d  %s' % (len(cases), kind))
            if options.reasons:
                print('       %s' % (cases[0],))


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    parser.add_argument('--seconds', type=float, default=15, help='no round is begun after these')
    parser.add_argument('--rounds', type=int, default=0, help='so many, instead')
    parser.add_argument('--pause', type=float, default=1.5, help='how long the actors go on after the snapshot')
    parser.add_argument('--round-seed', type=int, default=None)
    parser.add_argument('--reasons', action='store_true', help='an example of each reason for which a round was stopped')
    options = parser.parse_args()
    bs_harness.main('chance %s gtid %s' % (options.pair, options.gtid), lambda: test(options))

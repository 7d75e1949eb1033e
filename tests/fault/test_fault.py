"""Rounds of faults under writers, against follow with several lanes; after each round source and target are compared, row
by row. What happens in a round comes from the seed: binstream killed at a named point or at a random moment, the target
killed within a COMMIT or under load, the source killed, either connection cut, stalled or half open; then the same
follow goes on by itself, or the same command is run again.

A round that fails says how to repeat it: --seed and --round, which runs that round alone."""

import argparse
import contextlib
import os
import random
import re
import signal
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, 'tests', 'e2e')]

import bs_ddl
import bs_fault_writers
import bs_harness
import bs_writers
from bs_harness import say
from bs_proxy import Proxy

# Points that other commands pass, or that only a cutover passes, or the follow of a copy that was resumed.
ELSEWHERE = ('snapshot-', 'accounts-', 'archive-', 'window-', 'cutover-', 'hook-', 'events-', 'undo-')
# Up to which pass of a point a run may get before it dies there. A point of neither name is passed as often as a COMMIT
# may be, or never: that is told at the end.
RARE = {'takeover-': 1, 'idle': 1, 'ddl-': 5}
CERTAIN = ('txn-open', 'commit-', 'ddl-', 'takeover-', 'idle')
OFTEN = 60
BACKLOG_S = 1
TAKEN_OVER = 'another binstream|taken over|took over|other binstream'

# What the schema must not have: nothing that writes while the writers stand still, nothing without transactions.
WITHOUT = 'triggers,events,engines,big,sequences'
SAFE_SOURCE = ['--event-scheduler=OFF', '--sync-binlog=1', '--innodb-flush-log-at-trx-commit=1']


def follow_points():
    """The named points that a follow passes, as the table of the documentation lists them."""
    with open(os.path.join(ROOT, 'docs', 'internals', 'fault-points.md')) as page:
        names = re.findall(r'^\| ([a-z0-9-]+) \|', page.read(), re.MULTILINE)
    return [name for name in names if name != 'point' and not name.startswith(ELSEWHERE)]


# ---- what happens in which round -----------------------------------------------------------------------------------


class Deck:
    """Gives every card once before any comes again."""

    def __init__(self, rng, cards):
        self.rng, self.cards, self.left = rng, list(cards), []

    def draw(self):
        if not self.left:
            self.left = self.rng.sample(self.cards, len(self.cards))
        return self.left.pop()


class Round:
    def __init__(self, seed, number, kind, detail):
        self.number, self.kind, self.detail = number, kind, detail
        self.rng = random.Random('%d/%d' % (seed, number))
        self.writers_seed = self.rng.randrange(10 ** 6)
        self.pace = self.rng.choice((0.002, 0.005, 0.02))
        self.max_batch = self.rng.choice((1, 5, 50, 2000))  # small ones commit often, large ones fold more
        self.has_ddl = detail.startswith('ddl-') or (self.rng.random() < 0.4 and detail != 'idle')
        self.second = self.rng.choice(('killed', 'source cut', 'target cut')) if self.rng.random() < 0.35 else None

    @property
    def title(self):
        return '%s: %s%s%s, --max-batch=%d' % (self.kind, self.detail, ', then ' + self.second if self.second else '',
                                               ', with DDL' if self.has_ddl else '', self.max_batch)


def rounds(seed, kinds):
    """Round after round, for ever; the nth is the same however many are run."""
    rng = random.Random(seed)
    details = {'point': Deck(rng, follow_points()), 'killed': Deck(rng, ['at a random moment']),
               'target': Deck(rng, ['killed within a COMMIT', 'killed under load', 'killed within a COMMIT', 'killed twice']),
               'source': Deck(rng, ['killed under load', 'killed twice']),
               'connection': Deck(rng, ['%s %s' % (which, how) for which in ('source', 'target') for how in ('cut', 'stalled', 'half open')] + ['target keeps a COMMIT back'])}
    each_once, then = ['point', 'target', 'source', 'connection'], ['point', 'point', 'killed', 'target', 'connection', 'connection']
    number = 0
    while True:
        for kind in rng.sample(each_once, len(each_once)) + rng.sample(then, len(then)):
            if kind in kinds:
                number += 1
                yield Round(seed, number, kind, details[kind].draw())


# ---- one round -----------------------------------------------------------------------------------------------------


class Faults:
    def __init__(self, pair, options, proxies):
        self.pair, self.options = pair, options
        self.proxies = proxies
        self.running = self.writers = self.this = None
        self.counts = {}

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    # ---- binstream, always by the same command ---------------------------------------------------------------------

    def _uri(self, which):
        return 'mysql://root@127.0.0.1:%d/?ssl-mode=DISABLED' % self.proxies[which].port

    def command(self, *more, **settings):
        lanes = ['--threads=%d' % self.options.threads, '--max-batch=%d' % self.this.max_batch]
        return self.pair.start('follow', *lanes, '--target=' + self._uri('target'), *more, source=self._uri('source'), **settings)

    def begin(self, fault=None):
        self.running = self.command(fault=fault)
        return self.running

    def begin_at_work(self, rng):
        """Returns while it applies: what was written before, so that every lane has something to do, or what comes."""
        mark, behind = self.pair.mark(), rng.random() < 0.6
        if behind:
            self.writers.wait_for(rng.randint(50, 600))
        self.begin()
        with self._no_backlog():
            self.pair.wait_mark(mark, self.running)
        if not behind:
            self.writers.wait_for(rng.randint(1, 60))
        time.sleep(rng.uniform(0, 0.2) if behind else rng.uniform(0, 0.02))  # to no place in particular

    def again(self):
        self.running.kill9()
        self.begin()

    def arrive(self, timeout=120):
        """Returns when what is committed on the source by now is on the target. A follow that ended because a server was
        not to be reached is run again, as its user would do."""
        with self._no_backlog():
            while True:
                try:
                    return self.pair.wait_applied(self.running, timeout)
                except AssertionError:
                    if self.running.running:
                        raise
                    self._ended()

    @contextlib.contextmanager
    def _no_backlog(self):
        """Writers that are too fast wait, so that no backlog grows from one fault to the next."""
        relief = threading.Timer(BACKLOG_S, self.writers.pause)
        relief.start()
        try:
            yield
        finally:
            relief.cancel()
            relief.join()
            self.writers.resume()

    def _ended(self):
        """Only what it cannot get at may end a follow, and it says so."""
        assert self.running.wait() == 1, 'follow ended with %s\n%s' % (self.running.code, self.running.tail())
        assert re.search('onnect|lost|gone away|server closed', self.running.err), 'follow ended for another reason\n' + self.running.tail()
        words = self.running.err[self.running.err.find('binstream: error'):]
        say('  follow ended with 1 after %.1f s and is run again: %s' % (self.running.seconds, ' '.join(words.split())[:400]))
        self.count('follow ended by itself and was run again')
        self.begin()

    # ---- moments ---------------------------------------------------------------------------------------------------

    def progress(self, rng, most=60):
        """A random amount of work, and a random part of the next transaction."""
        self.writers.wait_for(rng.randint(1, most))
        time.sleep(rng.uniform(0, 0.02))

    # ---- faults ----------------------------------------------------------------------------------------------------

    def point(self, rng, name):
        self.begin_at_work(rng)
        self.running.kill9()
        if name == 'idle':
            self.writers.pause()
        nth = rng.randint(1, next((most for prefix, most in RARE.items() if name.startswith(prefix)), OFTEN))
        process = self.begin(fault='%s:%d' % (name, nth))
        try:
            process.wait(60)
        except AssertionError:
            if name.startswith(CERTAIN):
                raise
        if name == 'idle':
            self.writers.resume()
        if 'fault point hit: ' + name in process.err:
            assert process.code == -signal.SIGKILL, process.tail()
            self.count('point ' + name)
        else:
            assert process.code == -signal.SIGKILL, 'follow ended with %s\n%s' % (process.code, process.tail())
            self.count('NEVER PASSED within a minute: %s:%d' % (name, nth))
        self.begin()

    def killed(self, rng, _):
        self.begin_at_work(rng)
        self.again()
        if rng.random() < 0.5:  # within the take-over, or shortly after
            time.sleep(rng.uniform(0, 0.4))
            self.again()

    def target(self, rng, how):
        self.begin_at_work(rng)
        for _ in range(2 if how == 'killed twice' else 1):
            self.progress(rng)
            if how == 'killed within a COMMIT':
                self._kill_target_within_commit(rng)
            else:
                self.pair.target.kill9()
            self._back(rng, self.pair.target)

    def _kill_target_within_commit(self, rng):
        server, killed = self.pair.target, threading.Event()
        forwards, pause = rng.random() < 0.8, rng.choice((0, rng.uniform(0, 0.001), rng.uniform(0, 0.005)))

        def kill(forward):
            if forwards:
                forward()
                time.sleep(pause)
            os.kill(server.pid, signal.SIGKILL)
            killed.set()

        self.proxies['target'].on_commit = kill
        self.pair.wait_until(killed.is_set, 'a COMMIT of follow', follow=self.running)
        server.kill9()

    def source(self, rng, how):
        self.begin_at_work(rng)
        for _ in range(2 if how == 'killed twice' else 1):
            self.progress(rng)
            self.pair.source.kill9()
            self._back(rng, self.pair.source)

    def _back(self, rng, server):
        """Sometimes binstream is killed as well, before the server is back or just then."""
        fate = rng.choice(('lives', 'lives', 'killed while the server is down', 'killed while it comes back'))
        if fate == 'killed while the server is down':
            self.running.kill9()
        if server is self.pair.target:
            self.progress(rng)
        server.start()
        if fate == 'killed while it comes back':
            self.running.kill9()
        if fate != 'lives':
            self.begin()
        self.count('a server came back, follow ' + ('lived' if fate == 'lives' else 'was killed too'))
        self.arrive()

    def connection(self, rng, what):
        which, how = what.split(' ', 1)
        self.begin_at_work(rng)
        {'cut': self._cut, 'stalled': self._stall, 'half open': self._half_open, 'keeps a COMMIT back': self._keep_commit}[how](rng, which)

    def _cut(self, rng, which):
        for _ in range(rng.randint(1, 4)):
            self.proxies[which].cut()
            self.progress(rng, 20)

    def _stall(self, rng, which):
        proxy = self.proxies[which]
        proxy.hold()
        self.progress(rng, 100)
        if rng.random() < 0.3:
            self.again()
        proxy.cut()
        proxy.release()

    def _half_open(self, rng, which):
        silent = rng.choice((['client'], ['client', 'server'])) if which == 'source' else rng.choice((['client'], ['server'], ['client', 'server']))
        links = self.proxies[which].half_open(*silent)
        self.progress(rng, 100)
        if which == 'source' and rng.random() < 0.3:
            say('  noticed a half-open connection to the source after %.1f s' % self.arrive())
        else:
            self._replaced(rng, lambda: Proxy.let_go(links))
        Proxy.let_go(links)

    def _keep_commit(self, rng, _):
        """One lane's COMMIT is under way for long; meanwhile the others go on, or another follow takes over."""
        kept, release = threading.Event(), threading.Event()

        def keep(forward):
            kept.set()
            release.wait()
            forward()

        self.proxies['target'].on_commit = keep
        self.pair.wait_until(kept.is_set, 'a COMMIT of follow', follow=self.running)
        self.progress(rng, 100)
        if rng.random() < 0.3:
            release.set()
        else:
            self._replaced(rng, release.set)
        release.set()

    def _replaced(self, rng, let_go):
        """What the first follow had sent, or was sent, may arrive while the second one takes over, after that, or never."""
        first, first_lives_on = self.running, rng.random() < 0.5
        if not first_lives_on:
            first.kill9()
        self.begin()
        when = rng.choice(('at once', 'in the take-over', 'later'))
        if when == 'in the take-over':
            time.sleep(rng.uniform(0, 0.3))
        if when != 'later':
            let_go()
        self._arrive_against(first)
        let_go()
        if first_lives_on and first.wait(90) != -signal.SIGKILL:
            assert first.code == 1, 'the follow whose task was taken over ended with %d\n%s' % (first.code, first.tail())
            self.count('a follow whose task was taken over said so and ended')
            assert re.search(TAKEN_OVER, first.err), first.tail()

    def _arrive_against(self, first):
        """If the first one gets its connection back, either of the two may take over from the other; who loses says so and
        ends, or does not know and goes on: then both do. The user ends one of them."""
        try:
            self.pair.wait_applied(self.running, 60)
        except AssertionError:
            if self.running.running:
                raise
            assert first.running and re.search(TAKEN_OVER, self.running.err), self.running.tail()
            self.count('the first of two follows took over again')
            first.kill9()
            self.begin()

    # ---- a round ---------------------------------------------------------------------------------------------------

    def run(self, this):
        began, self.this = time.monotonic(), this
        say('round %d: %s' % (this.number, this.title))
        self._start_actors(this)
        getattr(self, this.kind)(this.rng, this.detail)
        self.count('%s %s' % (this.kind, this.detail) if this.kind != 'point' else 'killed at a point')
        if this.second:
            self._second(this)
        self.arrive()
        acknowledged = self._stop_actors()
        self._compare(this)
        say('  equal; %d transactions, %.1f s' % (acknowledged, time.monotonic() - began))

    def _second(self, this):
        if this.rng.random() < 0.5:
            self.arrive()
        self.progress(this.rng, 30)
        if this.second == 'killed':
            self.again()
        else:
            self.proxies[this.second.split()[0]].cut()
        self.count('second fault: ' + this.second)

    def _start_actors(self, this):
        connect, schema = self.pair.source_session, self.pair.schema
        if this.has_ddl:
            self._drop_what_ddl_has_left()
        self.writers = bs_writers.Writers(connect, schema, self.options.writers, this.writers_seed, pace=this.pace, reconnect=True,
                                          operations=bs_fault_writers.FaultOperations(schema)).start()
        self.actors = [self.writers]
        if this.has_ddl:
            self.actors.append(bs_writers.Writers(connect, schema, 1, this.writers_seed + 1, pace=1, reconnect=True,
                                                  operations=bs_fault_writers.SchemaOperations(this.number)).start())
        if this.has_ddl and this.kind != 'source':
            self.actors.append(self._ddl(this).start())
        self.pair.actors[:] = self.actors

    def _drop_what_ddl_has_left(self):
        """In the log like all else: else the comparison would take longer from round to round."""
        with self.pair.source_session() as connection, connection.cursor() as cursor:
            cursor.execute('SET foreign_key_checks=0')
            cursor.execute("SELECT CONCAT(IF(table_type = 'VIEW', 'VIEW', 'TABLE'), ' lab.`', REPLACE(table_name, '`', '``'), '`') "
                           "FROM information_schema.tables WHERE table_schema = 'lab' AND table_name <> 'sentinel'")
            for (what,) in cursor.fetchall():
                cursor.execute('DROP ' + what)

    def _ddl(self, this):
        """It gives up where it loses its connection, so it is for rounds in which the source lives."""
        actor = bs_ddl.Ddl(self.pair.source_session, self.pair.schema, self.pair.gtid, seed=this.writers_seed, rounds=1, pace=0.2)
        actor.serial = this.number * 10000
        steps = {step.__name__ for step in bs_ddl.STEPS} - {'trigger', 'event', 'engines', 'sequences'} - actor.without  # as in WITHOUT
        actor.without |= {step.__name__ for step in bs_ddl.STEPS} - set(this.rng.sample(sorted(steps), 5))
        return actor

    def _stop_actors(self):
        for actor in self.actors:
            actor.stop()
        failures = [failure for actor in self.actors for failure in actor.failures]
        assert not failures, '\n'.join(failures)
        if self.options.verbose:
            for actor in self.actors:
                say('  ' + actor.report())
        return self.writers.acknowledged

    def _compare(self, this):
        """The follow that went through all this gets to the end by itself; the same command then agrees that it is there."""
        self.arrive()
        if this.rng.random() < 0.5:
            self.running.kill9()
        else:
            self.running.signal(signal.SIGTERM)
            self.running.wait(60)
            self.running.expect(6)
        caught_up = self.command('--until-caught-up')
        caught_up.wait(300)
        caught_up.expect(0)
        self.pair.judge('--ignore-auto-increment', quiet=True)


# ---- all rounds ----------------------------------------------------------------------------------------------------


def chosen(options, seed):
    kinds = options.kinds.split(',')
    last = options.round or options.rounds
    for this in rounds(seed, kinds):
        if not options.round or this.number == options.round:
            yield this
        if this.number == last:
            return


def repeat_line(options, seed, number):
    kinds = '' if options.kinds == KINDS else ' --kinds ' + options.kinds
    return 'repeat with: test_fault.py --pair %s --gtid %s --seed %d --round %d%s' % (options.pair, options.gtid, seed, number, kinds)


def prepare(pair, options):
    with pair.source.connect() as connection:
        bs_fault_writers.add_tables(connection, pair.schema)
    writers = bs_writers.Writers(pair.source_session, pair.schema, options.writers, pair.seed, pace=0.01,
                                 operations=bs_fault_writers.FaultOperations(pair.schema))
    pair.actors[:] = [writers.start()]
    writers.wait_for(20)
    pair.snapshot()
    pair.stop_actors()


def test(options):
    with bs_harness.pair_of(options, source_options=SAFE_SOURCE) as pair:
        prepare(pair, options)
        with Proxy(pair.source.port) as source, Proxy(pair.target.port) as target:
            faults = Faults(pair, options, {'source': source, 'target': target})
            for this in chosen(options, pair.seed):
                try:
                    faults.run(this)
                except Exception:
                    say('round %d FAILED (%s); %s' % (this.number, this.title, repeat_line(options, pair.seed, this.number)))
                    raise
            for what, count in sorted(faults.counts.items()):
                say('%4d times: %s' % (count, what))
            pair.judge_sees_a_difference()


KINDS = 'point,killed,target,source,connection'

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    parser.set_defaults(without=WITHOUT)
    parser.add_argument('--rounds', type=int, default=4, help='how many; 50 in full')
    parser.add_argument('--round', type=int, default=None, help='this one alone')
    parser.add_argument('--kinds', default=KINDS, help='only faults of these kinds')
    parser.add_argument('--threads', type=int, default=4, help='lanes of follow')
    parser.add_argument('--writers', type=int, default=4)
    parser.add_argument('--verbose', action='store_true', help='what the writers did, round by round')
    options = parser.parse_args()
    bs_harness.main('fault %s gtid %s' % (options.pair, options.gtid), lambda: test(options))

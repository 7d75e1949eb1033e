"""A source and a target with the test schema, and binstream between them.

    with Pair('mariadb-10.11', gtid=True, seed=7) as pair:
        writers = pair.writers(count=3).start()
        pair.snapshot()
        follow = pair.follow_start('--until-cutover')
        pair.wait_applied(follow)
        pair.cutover()
        pair.judge()

Everything lives in one temporary folder, which is removed at the end, and kept when BINSTREAM_KEEP is set. When the
body of the `with` fails, the tails of the logs and the seeds are printed before the failure goes on.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'servers'))
sys.path.insert(0, HERE)

import bs_ddl
import bs_schema
import bs_writers
from bs_process import Process
from bs_servers import Server, flavour, gtid_options, require

BINSTREAM = os.path.abspath(os.environ.get('BINSTREAM') or os.path.join(ROOT, 'build/release/binstream'))
JUDGE = os.path.abspath(os.environ.get('BINSTREAM_JUDGE') or os.path.join(ROOT, 'build/release/tests/judge/judge'))
FEATURES_OFF = [item for item in os.environ.get('BINSTREAM_E2E_WITHOUT', '').split(',') if item]

# A redo log that takes an 18 MB value; two time zones, so that a TIMESTAMP that goes through one shows.
BOTH = ['--log-bin-trust-function-creators=ON', '--loose-innodb-log-file-size=256M', '--loose-innodb-redo-log-capacity=512M']
SOURCE = BOTH + ['--event-scheduler=ON', '--default-time-zone=+05:30']
TARGET = BOTH + ['--event-scheduler=OFF', '--default-time-zone=-03:00']


def say(text):
    print('[%7.2f] %s' % (time.monotonic() - _began, text), flush=True)


_began = time.monotonic()


def sanitized():
    """Is a sanitizer built into the binary under test? Its memory then says nothing about binstream's."""
    with open(BINSTREAM, 'rb') as handle:
        return b'__asan_init' in handle.read()


class Pair:
    def __init__(self, source, target=None, gtid=True, schema=True, seed=None, task=None, source_options=(), target_options=(),
                 without=(), extras=False):
        self.names = (source, target or source)
        require(*self.names)
        self.gtid = gtid
        self.with_schema = schema
        self.seed = random.randrange(10 ** 6) if seed is None else seed
        self.task, self.extras = task, extras
        self.without = set(without) | set(FEATURES_OFF) | self._without_equal()
        self.options = (SOURCE + gtid_options(source, gtid) + list(source_options),
                        TARGET + gtid_options(self.names[1], gtid) + self._cascades() + list(target_options))
        self.processes, self.actors = [], []
        self.schema = None
        self._sentinel = 0

    @property
    def across(self):
        return flavour(self.names[0]) != flavour(self.names[1])

    @property
    def carries_history(self):
        """Of system-versioned tables: what MariaDB takes from 10.11 on."""
        return flavour(self.names[0]) == 'mariadb' and self.names[1] in ('mariadb-10.11', 'mariadb-11.8')

    def _without_equal(self):
        """What the schema must not hold because the target's flavour has no equal of it; test_translation.py shows that
        binstream says so."""
        if not self.across:
            return set()
        return {'gb18030'} if flavour(self.names[1]) == 'mariadb' else {'sequences', 'versioned-ddl'}

    def _cascades(self):
        """MySQL 9.7 runs cascades above InnoDB unless told otherwise, and refuses some that InnoDB runs: a source that does
        not log its cascades needs a target that runs them as it did."""
        logs_cascades = self.names[0] == 'mysql-9.7'
        return ['--innodb_native_foreign_keys=ON'] if self.names[1] == 'mysql-9.7' and not logs_cascades else []

    # ---- life ------------------------------------------------------------------------------------------------------

    def __enter__(self):
        for path, what in ((BINSTREAM, 'binstream'), (JUDGE, 'the judge')):
            if not os.access(path, os.X_OK):
                sys.exit('%s is not built: %s' % (what, path))
        self.dir = tempfile.mkdtemp(prefix='binstream-e2e-')
        try:
            self.source = self.start_source(os.path.join(self.dir, 'source'))
            self.target = self.start_target(os.path.join(self.dir, 'target'))
            if self.with_schema:
                self.load_schema()
        except BaseException:
            self._clean()
            raise
        say('%s to %s, GTID %s, seed %d' % (*self.names, 'on' if self.gtid else 'off', self.seed))
        return self

    def start_source(self, folder):
        return Server(self.names[0], dir=folder, options=self.options[0]).start()

    def start_target(self, folder):
        return Server(self.names[1], dir=folder, options=self.options[1]).start()

    def __exit__(self, kind, error, trace):
        if kind is not None and not issubclass(kind, SystemExit):
            self.diagnose()
        try:
            for process in self.processes:
                process.kill9()
                if kind is None:
                    process.expect_no_report()
        finally:
            self._clean()

    def _clean(self):
        for actor in self.actors:
            actor.stopping.set()
        for process in self.processes:
            process.kill9()
        for name in ('source', 'target'):
            server = getattr(self, name, None)
            if server is not None:
                server.remove()
        if not os.environ.get('BINSTREAM_KEEP'):
            shutil.rmtree(self.dir, ignore_errors=True)
        else:
            say('kept: ' + self.dir)

    def diagnose(self):
        say('FAILED, seed %d; what the logs say:' % self.seed)
        for process in self.processes[-6:]:
            print('---- %s (exit %s)\n%s' % (process.describe(), process.code, process.tail(25)))
        for actor in self.actors:
            print('---- ' + actor.report(), actor.failures)
        for server in (self.source, self.target):
            print('---- %s\n%s' % (server.dir, server.log_tail(8)))
        sys.stdout.flush()

    def load_schema(self):
        connection = self.source.connect()
        bs_schema.create_app_user(connection)
        with self.target.connect() as target:  # accounts are the operator's to move: definers must be there
            bs_schema.create_app_user(target)
        self.schema = bs_schema.create(connection, without=self.without, seed=self.seed, with_extras=self.extras)
        connection.close()

    # ---- those who change the source -------------------------------------------------------------------------------

    def source_session(self):
        return self.source.connect(host='127.0.0.1', user='app', password='app')

    def writers(self, count=3, pace=0.01, **more):
        writers = bs_writers.Writers(self.source_session, self.schema, count, self.seed + len(self.actors), pace=pace, **more)
        self.actors.append(writers)
        return writers

    def ddl(self, **more):
        actor = bs_ddl.Ddl(self.source_session, self.schema, self.gtid, seed=self.seed, **more)
        self.actors.append(actor)
        return actor

    def stop_actors(self):
        for actor in self.actors:
            actor.stop()
            say(actor.report())
        failures = [failure for actor in self.actors for failure in actor.failures]
        if failures:
            raise AssertionError('\n'.join(failures))

    # ---- binstream -------------------------------------------------------------------------------------------------

    def uri(self, which, port=None):
        server = self.source if which == 'source' else self.target
        return 'mysql://root@127.0.0.1:%d/' % (port or server.port)

    def start(self, verb, *args, source=True, target=True, env=None, fault=None):
        """Any command with the pair's servers; `source` may be an URI of its own; False where there is none."""
        argv = [BINSTREAM, verb]
        if source:
            argv += ['--source', self.uri('source') if source is True else source]
        argv += ['--target', self.uri('target')] if target and not any(str(arg).startswith('--target') for arg in args) else []
        argv += ['--task', self.task] if self.task else []
        environment = dict(env or {})
        if fault:
            environment['BINSTREAM_FAULT'] = fault
        log_base = os.path.join(self.dir, '%02d-%s' % (len(self.processes), verb))
        process = Process(argv + list(args), log_base, environment, quiet_env=() if fault else ('BINSTREAM_FAULT',))
        self.processes.append(process)
        return process

    def run(self, verb, *args, expect=(0,), timeout=300, **more):
        process = self.start(verb, *args, **more)
        process.wait(timeout)
        if expect is not None:
            process.expect(*expect)
        return process

    def snapshot(self, *args, **more):
        position = ['--position=' + ('gtid' if self.gtid else 'file')]
        process = self.run('snapshot', *position, *args, **more)
        say('snapshot: exit %s after %.1f s, peak %d MiB' % (process.code, process.seconds, process.peak_kb // 1024))
        return process

    def follow_start(self, *args, **more):
        return self.start('follow', *args, **more)

    def follow(self, *args, **more):
        return self.run('follow', '--until-caught-up', *args, **more)

    def cutover(self, *args, follow=None, **more):
        """Asks the running follow to cut over; both must end with 0. A busy machine may freeze for longer than the default lets it."""
        args = args if '--max-freeze' in args else (*args, '--max-freeze', '120')
        process = self.run('cutover', *args, source=False, **more)
        say('cutover: exit %s after %.2f s' % (process.code, process.seconds))
        if follow is not None:
            follow.wait(120)
            follow.expect(0)
        return process

    def status(self):
        return json.loads(self.run('status', '--json', source=False).out)

    # ---- conditions ------------------------------------------------------------------------------------------------

    def wait_until(self, condition, what, timeout=120, follow=None, interval=0.01):
        """Waits for a condition without knowing how long it takes; fails when `follow` ends before."""
        began = time.monotonic()
        deadline = began + timeout
        while True:
            value = condition()
            if value:
                return value
            if follow is not None and not follow.running:
                raise AssertionError('follow ended with %s while waiting for %s\n%s' % (follow.code, what, follow.tail()))
            if time.monotonic() > deadline:
                raise AssertionError('%s did not come within %d s' % (what, timeout))
            # What takes long costs a login at each look, of which others run short meanwhile.
            time.sleep(interval if time.monotonic() - began < 1 else 3 * interval)

    def mark(self):
        """Writes a row on the source that wait_applied waits for. Its time of writing is kept in the row."""
        self._sentinel += 1
        self.source.query('INSERT INTO lab.sentinel VALUES (%s, %s)', (self._sentinel, time.time()))
        return self._sentinel

    def wait_applied(self, follow=None, timeout=120):
        """Returns when what is committed on the source now has arrived; gives the seconds that the mark took."""
        began = time.monotonic()
        self.wait_mark(self.mark(), follow, timeout)
        return time.monotonic() - began

    def wait_mark(self, mark, follow=None, timeout=120):
        """Returns when this mark is on the target. A slow machine may take long; for `timeout` seconds without a transaction
        more on the target it may not."""
        with contextlib.closing(self.target.connect()) as connection, connection.cursor() as cursor:
            def state():
                cursor.execute('SELECT (SELECT COUNT(*) FROM lab.sentinel WHERE n = %s), (SELECT SUM(transactions) FROM binstream.lane)', (mark,))
                return cursor.fetchone()

            last = state()
            while not last[0]:
                last = self.wait_until(lambda: now if (now := state()) != last else None, 'mark %d on the target' % mark, timeout, follow)

    # ---- judgement -------------------------------------------------------------------------------------------------

    def judge(self, *args, expect=0, quiet=False):
        """Every row and object compared. After a cutover events wait for the operator, so their status may differ.
        `expect`: an exit code, or several."""
        log_base = os.path.join(self.dir, '%02d-judge' % len(self.processes))
        history = ['--history'] if self.carries_history else []
        argv = [JUDGE, '--ignore-event-status', '--ignore-engines', *history, *args, 'root@127.0.0.1:%d' % self.source.port, 'root@127.0.0.1:%d' % self.target.port]
        process = Process(argv, log_base)
        self.processes.append(process)
        process.wait(600)
        process.expect(*(expect if isinstance(expect, tuple) else (expect,)))
        if not quiet:
            say('judge: %s (%.1f s)' % ('equal' if process.code == 0 else 'different', process.seconds))
        return process

    def judge_sees_a_difference(self):
        """Guards the guard: after one changed byte on the target the judge must not say equal."""
        self.target.query("UPDATE shop.one_row SET only = only + 1")
        self.judge(expect=4)


def main(name, test):
    """Runs a test function and ends the process: the closing line says how it went."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        test()
    except SystemExit:
        raise
    except KeyboardInterrupt:
        print('STOPPED: %s' % name)
        sys.exit(130)
    except BaseException:
        traceback.print_exc()
        print('FAIL: %s' % name, flush=True)
        sys.exit(1)
    print('PASS: %s (%.1f s)' % (name, time.monotonic() - _began), flush=True)


def pair_arguments(parser):
    parser.add_argument('--pair', default='mariadb-10.11', help='SOURCE or SOURCE:TARGET')
    parser.add_argument('--gtid', choices=('on', 'off'), default='on')
    parser.add_argument('--seed', type=int, default=None)
    parser.add_argument('--without', default='', help='features of the schema to leave out, separated by commas')
    parser.add_argument('--source-option', action='append', default=[], metavar='OPTION',
                        help='for the source server, such as --source-option=--binlog-row-metadata=FULL')
    parser.add_argument('--extras', action='store_true', help='functional keys and the like as well')


def pair_of(options, kind=Pair, **more):
    source, _, target = options.pair.partition(':')
    return kind(source, target or None, gtid=options.gtid == 'on', seed=options.seed, extras=options.extras,
                without=[item for item in options.without.split(',') if item],
                source_options=[*options.source_option, *more.pop('source_options', ())], **more)

"""The demo: a live MariaDB is moved to an empty one in two commands, while applications write to it, and then every row of
the two is compared. Needs only MariaDB's server program, PyMySQL and a built binstream; leaves nothing behind."""

import argparse
import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, 'tests', 'e2e')]

import bs_demo_schema
from bs_demo_server import DemoError, DemoServer, make_template
from bs_process import Process
from bs_writers import Writers

BINSTREAM = os.path.abspath(os.environ.get('BINSTREAM') or os.path.join(ROOT, 'build/release/binstream'))
JUDGE = os.path.abspath(os.environ.get('BINSTREAM_JUDGE') or os.path.join(ROOT, 'build/release/tests/judge/judge'))
APP_RIGHTS = 'SELECT, INSERT, UPDATE, DELETE, EXECUTE'


def say(text):
    print('  ' + text, flush=True)


def step(text):
    print('\n' + text, flush=True)


class Demo:
    def __init__(self, options):
        self.options = options
        self.folder = None
        self.servers, self.processes = [], []
        self.writers = None
        self.facts = {}

    # ---- what it stands on -----------------------------------------------------------------------------------------

    def run(self):
        began = time.monotonic()
        for path in (BINSTREAM, JUDGE):
            if not os.access(path, os.X_OK):
                raise DemoError('%s is not there yet: ./dev build makes it' % path)
        self.folder = tempfile.mkdtemp(prefix='binstream-demo-')
        try:
            self._servers()
            self._load()
            self._write()
            self._snapshot()
            follow = self._follow()
            self._cutover(follow)
            equal = self._compare()
        finally:
            self.clean()
        self._report(equal, time.monotonic() - began)
        return equal

    def clean(self):
        """Also on Ctrl-C and on failure: no process and no folder stays."""
        if self.writers is not None:
            self.writers.stopping.set()
        for process in self.processes:
            process.kill9()
        for server in self.servers:
            server.kill()
        if self.writers is not None:
            self.writers.stop()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None

    def _servers(self):
        step('1. Two private MariaDB servers, on loopback ports, in ' + self.folder)
        template = make_template(self.folder)
        # Were the target's events to run, they would change it while it is being compared.
        for name, scheduler in (('source', 'ON'), ('target', 'OFF')):
            self.servers.append(DemoServer(name, self.folder, template, ['--event-scheduler=' + scheduler]).start())
        self.source, self.target = [server.ready() for server in self.servers]
        say('%s: source on port %d, target on port %d' % (self.source.query('SELECT VERSION()')[0][0], self.source.port, self.target.port))

    def _load(self):
        step('2. A shop with over a million rows in the source')
        began = time.monotonic()
        connection = self.source.connect()
        with connection.cursor() as cursor:
            for statement in bs_demo_schema.TABLES:
                cursor.execute(statement)
            # Rows from before the snapshot are nothing to follow, so they need not go through the binlog.
            cursor.execute('SET SESSION sql_log_bin=0, unique_checks=0, foreign_key_checks=0')
            for statement in bs_demo_schema.rows():
                cursor.execute(statement)
            cursor.execute('SET SESSION sql_log_bin=1, unique_checks=1, foreign_key_checks=1')
            for statement in bs_demo_schema.OBJECTS:
                cursor.execute(statement)
            cursor.execute("CREATE USER app@'%' IDENTIFIED BY 'app'")
            cursor.execute("GRANT %s ON shop.* TO app@'%%'" % APP_RIGHTS)
        connection.close()
        say('%s rows in %.1f s' % (self._comma(self._count(self.source)), time.monotonic() - began))

    def _count(self, server):
        tables = server.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop' AND table_type = 'BASE TABLE'")
        return sum(server.query('SELECT COUNT(*) FROM shop.`%s`' % name)[0][0] for (name,) in tables)

    @staticmethod
    def _comma(number):
        return '{:,}'.format(int(number))

    def _write(self):
        step('3. %d applications write to it from now on' % self.options.writers)
        self.writers = Writers(lambda: self.source.connect(user='app', password='app'), None, self.options.writers, seed=self.options.seed,
                               pace=0.01, operations=bs_demo_schema.Business()).start()
        self.writers.wait_for(20)
        say('orders are coming in')

    # ---- the two commands ------------------------------------------------------------------------------------------

    def _start(self, *args):
        say('$ binstream ' + ' '.join(args))
        process = Process([BINSTREAM, *args], os.path.join(self.folder, '%d-%s' % (len(self.processes), args[0])))
        self.processes.append(process)
        return process

    def _finish(self, process, timeout=600):
        code = process.wait(timeout)
        if code != 0:
            raise DemoError('it ended with exit code %s:\n%s' % (code, process.tail(30)))
        return process

    @staticmethod
    def _json(process):
        """The report: one JSON object, the last on standard output."""
        for line in [process.out] + process.out.splitlines()[::-1]:
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                return value
        return {}

    @classmethod
    def _find(cls, value, *names):
        """The first number under one of these names, however deep."""
        if isinstance(value, dict):
            for name in names:
                if isinstance(value.get(name), (int, float)):
                    return value[name]
            for inner in value.values():
                found = cls._find(inner, *names)
                if found is not None:
                    return found
        return None

    def _ends(self):
        return ['--source', self.source.uri(), '--target', self.target.uri()]

    def _snapshot(self):
        step('4. First command: copy a consistent snapshot, while they write')
        before = self.writers.acknowledged
        process = self._finish(self._start('snapshot', *self._ends(), '--json'))
        report = self._json(process)
        rows = self._find(report, 'rows') or self._count(self.target)
        size = self._find(report, 'bytes') or int(self.target.query(
            "SELECT SUM(data_length) FROM information_schema.tables WHERE table_schema = 'shop'")[0][0])
        seconds = process.seconds
        self.facts.update(rows=rows, megabytes=size / 1e6, seconds=seconds, locked=self._find(report, 'locked_ms'),
                          during=self.writers.acknowledged - before)
        say('%s rows, %.0f MB in %.1f s' % (self._comma(rows), size / 1e6, seconds))

    def _follow(self):
        step('5. Second command: replay what they write, until the cutover')
        follow = self._start('follow', *self._ends(), '--until-cutover', '--json')
        say('caught up %.1f s later' % self._pulse(follow))
        lags = []
        end = time.monotonic() + self.options.seconds
        while time.monotonic() < end:
            lags.append(self._pulse(follow))
            time.sleep(0.05)  # a sample now and then, not one more writer
        self.facts.update(lag=statistics.median(lags), worst_lag=max(lags))
        say('a row written to the source is in the target after %.1f ms (median of %d)' % (self.facts['lag'] * 1000, len(lags)))
        return follow

    def _pulse(self, follow):
        """Writes a row to the source and gives the seconds until the target has it."""
        number = self.facts['pulses'] = self.facts.get('pulses', 0) + 1
        self.source.query('INSERT INTO shop.pulse VALUES (%d)' % number)
        began = time.monotonic()
        connection = self.target.connect()
        try:
            with connection.cursor() as cursor:
                while time.monotonic() < began + 120:
                    cursor.execute('SELECT COUNT(*) FROM shop.pulse WHERE n = %d' % number)
                    if cursor.fetchone()[0]:
                        return time.monotonic() - began
                    if not follow.running:
                        break
                    time.sleep(0.005)
        finally:
            connection.close()
        raise DemoError('follow does not keep up:\n' + follow.tail(30))

    def _cutover(self, follow):
        step('6. Cut over: the source stops taking writes, the rest is replayed, the target takes over')
        process = self._finish(self._start('cutover', '--target', self.target.uri(), '--json'))
        ended = time.monotonic()
        self._finish(follow, 60)
        last_ack, refusal = self.writers.freeze_seen()
        self.writers.stop()
        if self.writers.failures:
            raise DemoError('the writers failed, not binstream:\n' + '\n'.join(self.writers.failures))
        self.facts.update(freeze=self._find(self._json(process), 'freeze_ms', 'frozen_ms'), cutover=process.seconds * 1000,
                          seen=(ended - last_ack) * 1000 if last_ack else None, refused=refusal is not None)
        say('done in %.0f ms; the applications were refused from then on: %s' % (process.seconds * 1000, 'yes' if refusal else 'no'))

    def _compare(self):
        step('7. Every row and every object of both servers is compared, by a program that shares no code with binstream')
        ends = ['root@127.0.0.1:%d' % server.port for server in (self.source, self.target)]
        process = Process([JUDGE, '--ignore-event-status', *ends], os.path.join(self.folder, 'judge'))
        self.processes.append(process)
        code = process.wait(600)
        self.facts['compared'] = self._count(self.target)
        if code not in (0, 4):
            raise DemoError('the comparison could not be made:\n' + process.tail(30))
        if code == 4:
            print(process.tail(40))
        say('equal' if code == 0 else 'DIFFERENT')
        return code == 0

    # ---- the end ---------------------------------------------------------------------------------------------------

    def _report(self, equal, total):
        facts = self.facts
        lines = [
            ('copied', '%s rows, %.0f MB in %.1f s: %s rows/s, %.1f MB/s' % (
                self._comma(facts['rows']), facts['megabytes'], facts['seconds'], self._comma(facts['rows'] / facts['seconds']),
                facts['megabytes'] / facts['seconds'])),
            ('locked', None if facts['locked'] is None else '%.0f ms: how long the source was locked to take the snapshot\'s position' % facts['locked']),
            ('writes', '%s transactions while this ran, %s of them while the snapshot was copied' % (
                self._comma(self.writers.acknowledged), self._comma(facts['during']))),
            ('lag', '%.1f ms, at worst %.1f ms: from a commit on the source until it is on the target' % (
                facts['lag'] * 1000, facts['worst_lag'] * 1000)),
            ('freeze', self._freeze_line()),
            ('compared', '%s rows and every object' % self._comma(facts['compared'])),
            ('result', 'equal' if equal else 'DIFFERENT'),
        ]
        print('\n' + '-' * 100)
        for name, text in lines:
            if text is not None:
                print('%-10s %s' % (name, text))
        print('%-10s %.0f s, nothing is left behind' % ('all of it', total))
        print('-' * 100, flush=True)

    def _freeze_line(self):
        facts = self.facts
        own = '%.0f ms by binstream\'s own account' % facts['freeze'] if facts['freeze'] is not None else '%.0f ms for the whole cutover' % facts['cutover']
        seen = '; %.0f ms from the applications\' last write until the target was theirs' % facts['seen'] if facts['seen'] is not None else ''
        return own + seen


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--writers', type=int, default=4)
    parser.add_argument('--seconds', type=float, default=5, help='how long to follow before the cutover')
    parser.add_argument('--seed', type=int, default=1)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    demo = Demo(parser.parse_args())
    try:
        return 0 if demo.run() else 1
    except KeyboardInterrupt:
        print('\nstopped; nothing is left behind')
        return 130
    except (DemoError, AssertionError) as error:
        print('\nThe demo failed: %s' % error)
        return 1
    finally:
        demo.clean()


if __name__ == '__main__':
    sys.exit(main())

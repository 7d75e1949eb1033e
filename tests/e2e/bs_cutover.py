"""A small schema whose cutover is over in a moment, and a hook that waits for the test's word: for the tests that need many
cutovers. With a trigger on the table, so that a row replayed where the trigger exists shows."""

import contextlib
import json
import os
import signal
import threading

import pymysql

SETTINGS = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'event_scheduler')"
SCHEMA = [
    'CREATE DATABASE shop', 'CREATE DATABASE lab',
    'CREATE TABLE lab.sentinel (n INT PRIMARY KEY, at DOUBLE NOT NULL) ENGINE=InnoDB',
    'CREATE TABLE shop.one_row (only_id INT PRIMARY KEY, only_n BIGINT NOT NULL) ENGINE=InnoDB',
    'CREATE TABLE shop.audit (id BIGINT AUTO_INCREMENT PRIMARY KEY, n BIGINT NOT NULL) ENGINE=InnoDB',
    'CREATE TRIGGER shop.one_row_audit AFTER UPDATE ON shop.one_row FOR EACH ROW INSERT INTO shop.audit (n) VALUES (NEW.only_n)',
    'CREATE EVENT shop.awake ON SCHEDULE EVERY 1 SECOND COMMENT "ENABLE; PRESERVE" DO SET @x = "ENABLE"',
    'CREATE EVENT shop.asleep ON SCHEDULE EVERY 1 SECOND ON COMPLETION PRESERVE DISABLE DO SET @x = 1',
    'INSERT INTO shop.one_row VALUES (1, 0)',
]
APP = ["CREATE USER app@'%' IDENTIFIED BY 'app'", "GRANT ALL ON shop.* TO app@'%'", "GRANT ALL ON lab.* TO app@'%'"]
WRITE = 'UPDATE shop.one_row SET only_n = only_n + 1'


def load(pair):
    for statement in SCHEMA + APP:
        pair.source.query(statement)
    for statement in APP[:1]:
        pair.target.query(statement)


def begin_again(pair):
    """After a cutover: the source takes writes again, the target is empty."""
    pair.run('reset', '--state-only', source=False)
    for database in ('shop', 'lab'):
        pair.target.query('DROP DATABASE ' + database)
    thaw(pair)
    pair.snapshot()


def thaw(pair):
    if 'super_read_only' in settings(pair):
        pair.source.query('SET GLOBAL super_read_only = OFF')
    pair.source.query('SET GLOBAL read_only = OFF')
    pair.source.query('SET GLOBAL event_scheduler = ON')


def settings(pair):
    return dict(pair.source.query(SETTINGS))


def waiting(pair, statement):
    """Connections of the source that run such a statement."""
    return [process['id'] for process in pair.source.processes() if (process['info'] or '').startswith(statement)]


def triggers(pair):
    return pair.target.query("SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'shop'")[0][0]


def events(pair):
    return sorted(pair.target.query("SELECT EVENT_NAME, STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'shop'"))


ASLEEP = [('asleep', 'DISABLED'), ('awake', 'DISABLED')]
AWAKE = [('asleep', 'DISABLED'), ('awake', 'ENABLED')]


def report_of(follow):
    return json.loads(follow.out)['cutover']


class Hook:
    """Says that it has begun, waits to be told how to end, and keeps its environment."""

    def __init__(self, pair):
        self.pair = pair
        self.base = os.path.join(pair.dir, 'hook')
        self.forget()

    @property
    def command(self):
        return ("env > '%s.env'; echo $$ > '%s.shell'; echo begun >> '%s.log'; echo 'the hook \"speaks\"'; while ! test -s '%s.go'; do sleep 0.02; done; "
                "exit `cat '%s.go'`") % ((self.base,) * 5)

    def forget(self):
        for suffix in ('.env', '.log', '.go'):
            if os.path.exists(self.base + suffix):
                os.unlink(self.base + suffix)

    def end(self, code):
        with open(self.base + '.tmp', 'w') as handle:
            handle.write('%d\n' % code)
        os.rename(self.base + '.tmp', self.base + '.go')

    @property
    def begun(self):
        try:
            with open(self.base + '.log') as handle:
                return handle.read().count('begun')
        except FileNotFoundError:
            return 0

    @property
    def runs(self):
        """Its shell says by which process."""
        with open(self.base + '.shell') as handle:
            return os.path.exists('/proc/%s/exe' % handle.read().strip())

    def wait_begun(self, follow, times=1):
        self.pair.wait_until(lambda: self.begun >= times, 'the hook to begin', follow=follow)

    @property
    def env(self):
        with open(self.base + '.env') as handle:
            return dict(line.rstrip('\n').split('=', 1) for line in handle if '=' in line)


class Ticker(threading.Thread):
    """Writes as some account until it is refused or told to stop."""

    def __init__(self, pair, user, pause=0.005, go_on=False):
        super().__init__(daemon=True)
        self.pair, self.user, self.pause, self.go_on = pair, user, pause, go_on
        self.stopping = threading.Event()
        self.acknowledged = 0
        self.refusal = None
        self.statement = WRITE

    def run(self):
        password = 'app' if self.user == 'app' else ''
        connection = self.pair.source.connect(host='127.0.0.1', user=self.user, password=password)
        connection.autocommit(True)
        cursor = connection.cursor()
        while not self.stopping.wait(self.pause):
            try:
                cursor.execute(self.statement)
                self.acknowledged += 1
            except pymysql.err.MySQLError as error:
                self.refusal = error.args[0]
                if not self.go_on:
                    break
        connection.close()

    def wait_for(self, more):
        goal = self.acknowledged + more
        self.pair.wait_until(lambda: self.acknowledged >= goal, '%d more writes of %s' % (more, self.user))

    def stop(self):
        self.stopping.set()
        self.join(30)


@contextlib.contextmanager
def hanging(server):
    """A server that takes connections, and answers nothing: so does one whose disk or machine stands still."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


def app_is_held(pair):
    """Is a write of an application refused, or made to wait?"""
    connection = pair.source.connect(host='127.0.0.1', user='app', password='app')
    try:
        with connection.cursor() as cursor:
            cursor.execute('SET lock_wait_timeout = 1, innodb_lock_wait_timeout = 1')
            cursor.execute(WRITE)
            connection.commit()
        return False
    except pymysql.err.MySQLError as error:
        return error.args[0] in (1290, 1205)
    finally:
        connection.close()

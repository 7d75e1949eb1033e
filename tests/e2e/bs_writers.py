"""Writers: applications that keep changing the source while binstream copies and follows.

    writers = Writers(connect, schema, count=3, seed=7)
    writers.start(); writers.pause(); writers.resume(); writers.stop()
    print(writers.report())

Each writer is a thread with its own session and its own random generator (seed * 1000 + number), so that what it tries
does not depend on the others. Conflicts between writers are expected and rolled back; when the source turns read-only
the writer stops and keeps the two instants that tell how long the freeze was for it. Any other error is kept in
`failures`, which a test must find empty.
"""

import random
import threading
import time

import pymysql

import bs_operations
import bs_schema

# Conflicts between writers, or with DDL: duplicate key, lock timeout, deadlock, foreign keys, table changed or gone,
# bad column, value out of the range of a partition or a CHECK, no such table, interrupted query.
TOLERATED = {1020, 1022, 1030, 1062, 1205, 1213, 1216, 1217, 1412, 1451, 1452, 1526, 1586, 1761, 1762, 3819, 4025, 1317, 1969,
             3024, 1615,
             1146,  # a table that the DDL actor has renamed for a moment
             1178,  # MariaDB: no savepoint once an Aria table was written
             1467,  # no AUTO_INCREMENT value to be had just now
             1785,  # MySQL with GTIDs: no tables with and without transactions in one transaction
             1787,  # MySQL 5.6 with GTIDs: no temporary tables inside a transaction
             6575}  # MySQL 9.7: a cascade through more than 30 levels
# --read-only, super_read_only, read-only transaction, LOCK TABLES, server in shutdown, killed connection.
REFUSED = {1290, 1836, 1792, 1223, 3100}
GONE = {0, 1053, 1077, 1158, 1159, 1160, 1161, 1927, 2002, 2003, 2006, 2013, 2014, 2055, 4031}


def error_code(error):
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


class Writer(threading.Thread):
    def __init__(self, group, number):
        super().__init__(name='writer-%d' % number, daemon=True)
        self.group, self.number = group, number
        self.rng = random.Random(group.seed * 1000 + number)
        self.acknowledged = self.rolled_back = self.conflicts = self.unknown = 0
        self.conflict_codes = {}
        self.last_ack = self.first_refusal = None
        self.longest_wait = 0.0
        self.connection = None
        self.temporary = 0

    def run(self):
        while not self.group.stopping.is_set():
            self.group.idle(self)
            try:
                if self.connection is None:
                    self._connect()
                self._transaction()
                if self.group.pace:
                    self.group.stopping.wait(self.rng.random() * 2 * self.group.pace)
            except pymysql.err.MySQLError as error:
                if not self._handle(error):
                    return
            except Exception as error:  # a bug of the test itself must not look like silence
                self.group.failures.append('%s: %r' % (self.name, error))
                return
        self._close()

    def _connect(self):
        self.connection = self.group.connect()
        bs_schema.prepare(self.connection)
        with self.connection.cursor() as cursor:
            cursor.execute('SET SESSION innodb_lock_wait_timeout=2')
            cursor.execute('USE shop')
        self.connection.autocommit(False)

    def _transaction(self):
        operations = self.group.operations
        cursor = self.connection.cursor()
        started = time.monotonic()
        self.connection.begin()
        for _ in range(self.rng.choice((1, 1, 2, 3, 5))):
            statements = operations.choose(self.rng)(self.rng)
            for statement in statements:
                self.statement = statement
                cursor.execute(statement)
        if self.rng.random() < 0.08:
            self.connection.rollback()
            self.rolled_back += 1
            return
        self.statement = 'COMMIT'
        self.connection.commit()
        now = time.monotonic()
        self.longest_wait = max(self.longest_wait, now - started)
        self.last_ack = now
        self.acknowledged += 1

    def _handle(self, error):
        """True to go on. A COMMIT whose answer was lost counts as unknown: it may or may not have happened."""
        code = error_code(error)
        if code in TOLERATED:
            self.conflicts += 1
            self.conflict_codes[code] = self.conflict_codes.get(code, 0) + 1
            try:
                self.connection.rollback()
                self.connection.query('SET foreign_key_checks=1')
            except pymysql.err.MySQLError:
                self.connection = None
            return True
        if code in REFUSED:
            self.first_refusal = time.monotonic()
            self._close()
            return False
        if code in GONE or isinstance(error, pymysql.err.InterfaceError):
            self._close()
            if self.group.reconnect:
                self.unknown += 1
                self.group.stopping.wait(0.2)
                return True
            if self.group.stopping.is_set():
                return False
        self.group.failures.append('%s: %r in: %s' % (self.name, error.args, getattr(self, 'statement', '')[:600]))
        self._close()
        return False

    def _close(self):
        if self.connection is not None:
            try:
                self.connection.close()
            except (pymysql.err.Error, OSError):
                pass
        self.connection = None


class Writers:
    """`pace` is the mean pause between transactions in seconds; 0 writes as fast as it goes."""

    def __init__(self, connect, schema, count=3, seed=1, pace=0.0, reconnect=False, operations=None):
        self.connect, self.seed, self.pace, self.reconnect = connect, seed, pace, reconnect
        self.operations = operations or bs_operations.Operations(schema)
        self.stopping, self._go = threading.Event(), threading.Event()
        self._go.set()
        self._paused = threading.Semaphore(0)
        self.failures = []
        self.writers = [Writer(self, number) for number in range(count)]

    def start(self):
        for writer in self.writers:
            writer.start()
        return self

    def idle(self, writer):
        """Called between transactions: waits here while the group is paused."""
        if not self._go.is_set():
            self._paused.release()
            self._go.wait()

    def pause(self):
        """Returns when no writer is inside a transaction."""
        alive = [writer for writer in self.writers if writer.is_alive()]
        self._go.clear()
        for _ in alive:
            while not self._paused.acquire(timeout=0.5):
                if not any(writer.is_alive() for writer in alive):
                    return

    def resume(self):
        self._go.set()

    def stop(self):
        self.stopping.set()
        self._go.set()
        for writer in self.writers:
            writer.join(timeout=60)
        stuck = [writer.name for writer in self.writers if writer.is_alive()]
        if stuck:
            self.failures.append('did not stop: ' + ', '.join(stuck))
        return self

    @property
    def acknowledged(self):
        return sum(writer.acknowledged for writer in self.writers)

    def wait_for(self, more, timeout=60):
        """Waits until `more` further transactions were acknowledged."""
        goal, deadline = self.acknowledged + more, time.monotonic() + timeout
        while self.acknowledged < goal:
            if time.monotonic() > deadline or self.failures or not any(w.is_alive() for w in self.writers):
                raise AssertionError('writers stand still at %d of %d: %s' % (self.acknowledged, goal, self.failures))
            self.stopping.wait(0.02)

    def freeze_seen(self):
        """(last acknowledged write, first refusal) as time.monotonic() instants; None where there was none."""
        acks = [writer.last_ack for writer in self.writers if writer.last_ack]
        refusals = [writer.first_refusal for writer in self.writers if writer.first_refusal]
        return (max(acks) if acks else None, min(refusals) if refusals else None)

    def report(self):
        codes = {}
        for writer in self.writers:
            for code, count in writer.conflict_codes.items():
                codes[code] = codes.get(code, 0) + count
        return 'writers (seed %d): %d transactions acknowledged, %d rolled back, %d with a lost answer, conflicts %s' % (
            self.seed, self.acknowledged, sum(w.rolled_back for w in self.writers), sum(w.unknown for w in self.writers), codes)

"""The server's own replication, with four workers, as what binstream is compared with."""

import time

import pymysql

import bs_bench
from bs_servers import binlog_status, flavour

WORKERS = 4
NAME = "native, %d workers" % WORKERS
POLL_S = 0.003
_ERRORS_EVERY_S = 1


def target_options(name):
    """What the target needs, whoever writes to it: all that is replicated goes to its own log as well."""
    modern = flavour(name) == "mysql" and name != "mysql-5.6"
    return ["--log-replica-updates=ON" if modern else "--log-slave-updates=ON"]


def position(source):
    """(file, offset) where the source's log ends."""
    connection = source.connect()
    try:
        return binlog_status(connection)[:2]
    finally:
        connection.close()


class Replica:
    """A target that replicates from the source's position on, from start() to stop()."""

    def __init__(self, source, target, place):
        self._target = target
        self._modern = flavour(target.name) == "mysql" and target.name != "mysql-5.6"
        self._word = "REPLICA" if self._modern else "SLAVE"
        self._connection = target.connect()
        for statement in self._settings(flavour(target.name)):
            self._execute(statement)
        self._execute(self._change(source, *place))

    def _settings(self, kind):
        if kind == "mariadb":
            # The positions are written by every transaction: in a table without transactions, that would be no comparison.
            return ["SET GLOBAL slave_parallel_threads = %d" % WORKERS, "SET GLOBAL slave_parallel_mode = 'optimistic'",
                    "ALTER TABLE mysql.gtid_slave_pos ENGINE=InnoDB"]
        if not self._modern:
            return ["SET GLOBAL slave_parallel_workers = %d" % WORKERS]
        return ["SET GLOBAL replica_parallel_workers = %d" % WORKERS, "SET GLOBAL replica_preserve_commit_order = ON"]

    def _change(self, source, file, offset):
        side = "SOURCE" if self._modern else "MASTER"
        words = {"HOST": "'127.0.0.1'", "PORT": source.port, "USER": "'root'", "LOG_FILE": "'%s'" % file, "LOG_POS": offset, "SSL": 0,
                 "CONNECT_RETRY": 1}
        if flavour(self._target.name) == "mariadb":
            words["USE_GTID"] = "no"
        if flavour(source.name) == "mariadb":
            words["SSL_VERIFY_SERVER_CERT"] = 0
        items = ["%s_%s = %s" % (side, key, value) for key, value in words.items()]
        if self._modern:
            items.append("GET_SOURCE_PUBLIC_KEY = 1")
        return "CHANGE %s TO %s" % ("REPLICATION SOURCE" if self._modern else "MASTER", ", ".join(items))

    def _execute(self, statement):
        with self._connection.cursor() as cursor:
            cursor.execute(statement)

    def start(self):
        self._execute("START " + self._word)

    def stop(self):
        self._execute("STOP " + self._word)
        self._connection.close()

    def check(self):
        """Fails when it has stopped with an error."""
        with self._connection.cursor(pymysql.cursors.DictCursor) as cursor:
            cursor.execute("SHOW %s STATUS" % self._word)
            status = cursor.fetchone()
        errors = [status[key] for key in ("Last_IO_Error", "Last_SQL_Error") if status[key]]
        if errors:
            raise bs_bench.BenchError("native replication stopped: " + "; ".join(errors))


def await_mark(target, mark, check=lambda: None):
    """Until the target has the mark. check is called now and then, and may give up."""
    connection = target.connect()
    checked = time.monotonic()
    try:
        with connection.cursor() as cursor:
            while True:
                cursor.execute("SELECT n FROM bench.mark WHERE id = 1")
                if cursor.fetchone()[0] >= mark:
                    return
                if time.monotonic() > checked + _ERRORS_EVERY_S:
                    check()
                    checked = time.monotonic()
                time.sleep(POLL_S)
    finally:
        connection.close()

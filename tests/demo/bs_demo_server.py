"""A private MariaDB for the demo: whatever mariadbd this machine has, on a free loopback port, in the demo's own folder.

Unlike the servers of the tests it is not fetched from anywhere, so that the demo runs wherever MariaDB's server program
is installed. It ends with the process that started it, whatever happens to that."""

import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import time

PLACES = os.environ.get('PATH', '') + ':/usr/sbin:/usr/local/sbin:/usr/libexec:/usr/lib/mysql'
_libc = ctypes.CDLL(None)


class DemoError(Exception):
    """Something that the demo needs is missing or did not work; the message is for the user."""


def find_program(*names):
    for name in names:
        path = shutil.which(name, path=PLACES)
        if path:
            return path
    raise DemoError('%s was not found; on Debian it comes with: apt install mariadb-server-core' % names[0])


def die_with_parent():
    _libc.prctl(1, signal.SIGKILL, 0, 0, 0)


def _free_port():
    """Below the ports that the kernel gives to outgoing connections, one of which could come in between."""
    for port in random.sample(range(20000, 32000), 200):
        with socket.socket() as probe:
            try:
                probe.bind(('127.0.0.1', port))
                return port
            except OSError:
                continue
    raise DemoError('no free port on 127.0.0.1')


def make_template(folder):
    """An empty data directory, made once and copied for each server."""
    template = os.path.join(folder, 'template')
    # --force: else it wants the machine's name looked up, which a bare system without /etc/hosts cannot do.
    command = [find_program('mariadb-install-db', 'mysql_install_db'), '--no-defaults', '--datadir=' + template, '--skip-test-db',
               '--auth-root-authentication-method=normal', '--force', '--innodb-log-file-size=16M']
    done = subprocess.run(command + _as_root(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder, preexec_fn=die_with_parent,
                          start_new_session=True)
    if done.returncode != 0:
        raise DemoError('mariadb-install-db failed:\n' + done.stdout.decode(errors='replace')[-2000:])
    return template


def _as_root():
    return ['--user=root'] if os.geteuid() == 0 else []


class DemoServer:
    def __init__(self, name, folder, template, options=()):
        self.name, self.folder = name, os.path.join(folder, name)
        self.options = list(options)
        os.makedirs(self.folder)
        shutil.copytree(template, os.path.join(self.folder, 'data'))
        self.socket = os.path.join(self.folder, 's')
        self.log = os.path.join(self.folder, 'log')
        self.port = _free_port()
        self.process = None

    def start(self):
        """Starts without waiting; ready() waits."""
        command = [find_program('mariadbd', 'mysqld'), '--no-defaults', '--datadir=' + os.path.join(self.folder, 'data'),
                   '--port=%d' % self.port, '--bind-address=127.0.0.1', '--socket=' + self.socket,
                   '--pid-file=' + os.path.join(self.folder, 'pid'), '--tmpdir=' + self.folder, '--skip-name-resolve',
                   '--server-id=%d' % self.port, '--log-bin=binlog', '--binlog-format=ROW', '--local-infile=1',
                   '--innodb-flush-log-at-trx-commit=2', '--innodb-buffer-pool-size=256M', '--innodb-log-file-size=256M',
                   '--max-allowed-packet=64M', *self.options, *_as_root()]
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                                            start_new_session=True, preexec_fn=die_with_parent)
        return self

    def ready(self):
        import pymysql
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.connect().close()
                return self
            except pymysql.err.OperationalError:
                time.sleep(0.05)
        with open(self.log, errors='replace') as log:
            raise DemoError('the %s did not start; the end of its log:\n%s' % (self.name, log.read()[-2000:]))

    def connect(self, **settings):
        import pymysql
        arguments = {'host': '127.0.0.1', 'port': self.port, 'user': 'root', 'charset': 'utf8mb4', 'autocommit': True}
        arguments.update(settings)
        return pymysql.connect(**arguments)

    def query(self, sql, args=None):
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, args)
                return cursor.fetchall()
        finally:
            connection.close()

    def uri(self):
        return 'mysql://root@127.0.0.1:%d/' % self.port

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

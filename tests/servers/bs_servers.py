"""Starts and stops real MySQL and MariaDB servers for tests.

    from bs_servers import Server, require

    require("mysql-9.7")  # exits 77, which ctest reports as skipped, when it cannot be had
    with Server("mysql-9.7") as source:
        source.query("CREATE DATABASE shop")

Names: mariadb-10.5, mariadb-10.11, mariadb-11.8, mysql-5.6, mysql-9.7. Each instance has its own
folder, data directory, socket and loopback port, and `root` with an empty password over the socket
and over 127.0.0.1. It is killed by the kernel when the process that started it ends, unless it was
started detached. Durable against kill -9 of the server, not against power loss: the redo log goes
to the system at each commit and is not flushed.

Only connect() and query() need PyMySQL; everything else is the standard library.
"""

import contextlib
import ctypes
import json
import os
import queue
import random
import shutil
import signal
import socket as sockets
import subprocess
import sys
import tempfile
import threading
import time

from bs_server_fetch import ensure
from bs_server_install import CATALOG, Unavailable
from bs_server_template import run_options

NAMES = tuple(sorted(CATALOG))
DEFAULT_PAIR = "mariadb-10.11"  # the one server that tests may not do without
SKIPPED = 77

START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 120
POLL_S = 0.02
_PORTS = range(20000, 32000)  # below what the kernel gives to outgoing connections


class ServerError(Exception):
    """A server did not start or stop; the message ends with the tail of its log."""


# -- names ---------------------------------------------------------------------------------------


def flavour(name):
    """'mysql' or 'mariadb'."""
    return CATALOG[name].flavour


def version(name):
    """The exact version, such as '10.11.14'. Fetches the server if need be."""
    return ensure(name).version


def available(name):
    """(True, version) or (False, reason). Fetches the server if need be."""
    try:
        return True, ensure(name).version
    except Unavailable as error:
        return False, str(error)


def require(*names):
    """Ends the process with ctest's exit code for a skipped test unless every server is there.

    Lack of the default pair is a failure: without it nothing would be tested at all."""
    for name in names:
        there, reason = available(name)
        if not there:
            print("SKIPPED: server %s: %s" % (name, reason), flush=True)
            sys.exit(1 if name == DEFAULT_PAIR else SKIPPED)


def gtid_options(name, on):
    """Options that switch GTIDs. MariaDB always has them, there the answer is empty."""
    if flavour(name) == "mariadb":
        return []
    if not on:
        return ["--gtid_mode=OFF", "--enforce_gtid_consistency=OFF"]
    options = ["--gtid_mode=ON", "--enforce_gtid_consistency=ON"]
    if name == "mysql-5.6":
        options.append("--log_slave_updates=ON")  # 5.6 refuses gtid_mode without it
    return options


# -- processes -----------------------------------------------------------------------------------

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


class _Spawner:
    """Starts processes from one thread that lives as long as this process.

    The kernel sends the parent-death signal when the thread that forked ends, not the process, so
    a server started from a short-lived thread of a test would die with that thread."""

    def __init__(self):
        self._requests = None
        self._lock = threading.Lock()

    def spawn(self, argv, **settings):
        with self._lock:
            if self._requests is None:
                self._requests = queue.Queue()
                threading.Thread(target=self._run, name="bs-spawner", daemon=True).start()
        answer = queue.Queue()
        self._requests.put((argv, settings, answer))
        process = answer.get()
        if isinstance(process, BaseException):
            raise process
        return process

    def _run(self):
        while True:
            argv, settings, answer = self._requests.get()
            try:
                answer.put(subprocess.Popen(argv, preexec_fn=self._die_with_parent, **settings))
            except BaseException as error:  # handed to the thread that asked
                answer.put(error)

    @staticmethod
    def _die_with_parent():
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


_spawner = _Spawner()


class _Port:
    """A free loopback port, reserved until release() or the end of this process.

    The reservation is the name of an abstract socket: a port that is merely free now could be
    chosen by another test between our look and our server's bind, or while our server is down."""

    def __init__(self, number=None):
        candidates = [number] if number else random.sample(_PORTS, 500)
        for candidate in candidates:
            self._reservation = sockets.socket(sockets.AF_UNIX)
            if self._reserve(candidate) and _port_is_free(candidate):
                self.number = candidate
                return
            self._reservation.close()
        raise ServerError("no free port on 127.0.0.1 among %d tried" % len(candidates))

    def _reserve(self, number):
        try:
            self._reservation.bind("\0binstream-test-port-%d" % number)
        except OSError:
            return False
        return True

    def release(self):
        self._reservation.close()


def _port_is_free(number):
    with contextlib.closing(sockets.socket()) as probe:
        probe.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True


# -- a server ------------------------------------------------------------------------------------


class Server:
    """One instance of a server.

    dir: its folder, made if missing; data that is already in it is used again. Without dir a
    folder in the system's place for temporary files is made.
    options: more options of the server program; they win over the defaults. 'a=b' means '--a=b'.
    detached: the server outlives the process that started it.

    Use start() or `with`. At the end of `with` the server is killed and its folder removed, unless
    BINSTREAM_KEEP is set in the environment."""

    def __init__(self, name, dir=None, options=(), port=None, detached=False):
        self.name = name
        self.install = ensure(name)
        self.dir = os.path.abspath(dir or tempfile.mkdtemp(prefix="binstream-%s-" % name))
        os.makedirs(self.dir, exist_ok=True)
        self.options = [option if option.startswith("-") else "--" + option for option in options]
        self.detached = detached
        self.environment = {}  # more of it for the server program
        self.datadir = os.path.join(self.dir, "data")
        self.log_path = os.path.join(self.dir, "error.log")
        self.pid_path = os.path.join(self.dir, "server.pid")
        self._socket_dir = None
        self.socket = self._choose_socket()
        self._port = _Port(port)
        self.port = self._port.number
        self._process = None

    def _choose_socket(self):
        path = os.path.join(self.dir, "sock")
        if len(path.encode()) <= 100:  # sun_path holds 107
            return path
        self._socket_dir = tempfile.mkdtemp(prefix="binstream-")
        return os.path.join(self._socket_dir, "sock")

    # state

    @property
    def pid(self):
        """Process id while running, else None."""
        return self._process.pid if self.is_running() else None

    def is_running(self):
        return self._process is not None and self._process.poll() is None

    def log_tail(self, lines=30):
        with contextlib.suppress(FileNotFoundError), open(self.log_path, errors="replace") as log:
            return "".join(log.readlines()[-lines:])
        return ""

    # life

    def start(self, *more_options):
        """Starts and waits until the server takes connections. more_options are for this run only."""
        if self.is_running():
            raise ServerError("%s is running already" % self.name)
        self._make_datadir()
        os.makedirs(os.path.join(self.dir, "tmp"), exist_ok=True)
        # A stale lock file names a process id that another process may have by now.
        for stale in (self.socket, self.socket + ".lock", self.pid_path):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(stale)
        argv, env = self.install.command()
        more = [option if option.startswith("-") else "--" + option for option in more_options]
        argv = argv + self._command_line() + self.options + more
        with open(self.log_path, "ab") as log:
            settings = {
                "stdin": subprocess.DEVNULL,
                "stdout": log,
                "stderr": log,
                "env": dict(env, **self.environment),
                "cwd": self.dir,
                "start_new_session": True,  # Ctrl-C in a terminal is for the test, not for the server
            }
            spawn = subprocess.Popen if self.detached else _spawner.spawn
            self._process = spawn(argv, **settings)
        self._await_ready()
        return self

    def _make_datadir(self):
        """Copies the template, whole or not at all."""
        if os.path.exists(self.datadir):
            return
        partial = self.datadir + ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        # cp knows holes, which redo logs are full of, and cheap copies where the file system does.
        subprocess.run(
            ["cp", "-r", "--sparse=always", "--reflink=auto", self.install.template, partial], check=True
        )
        os.chmod(partial, 0o700)
        os.rename(partial, self.datadir)

    def _command_line(self):
        options = run_options(self.install) + [
            "--datadir=" + self.datadir,
            "--tmpdir=" + os.path.join(self.dir, "tmp"),
            "--socket=" + self.socket,
            "--pid-file=" + self.pid_path,
            "--port=%d" % self.port,
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--server-id=%d" % self.port,
            "--log-bin=binlog",
            "--binlog-format=ROW",
            "--binlog-row-image=FULL",
            "--sync-binlog=0",
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-buffer-pool-size=128M",
            "--max-allowed-packet=64M",
            "--local-infile=1",
            "--secure-file-priv=",
        ]
        if self.name == "mysql-9.7":
            options.append("--mysqlx=OFF")
        else:
            options.append("--performance-schema=OFF")  # 9.7 answers some questions from it alone
        return options

    def _await_ready(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            if self._greets():
                return
            time.sleep(POLL_S)
        how = "ended with status %s" % self._process.poll() if self._process.poll() is not None else "is not ready"
        self.kill9()
        raise ServerError("%s %s; the end of its log:\n%s" % (self.name, how, self.log_tail()))

    def _greets(self):
        """True once the first packet is a greeting (protocol version 10) and not an error."""
        with contextlib.closing(sockets.socket(sockets.AF_UNIX)) as probe:
            probe.settimeout(5)
            try:
                probe.connect(self.socket)
                packet = probe.recv(5)
            except OSError:
                return False
        return len(packet) == 5 and packet[4] == 10

    def stop(self):
        """Clean shutdown. Nothing happens if the server is not running."""
        if not self.is_running():
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise ServerError("%s did not stop; the end of its log:\n%s" % (self.name, self.log_tail()))

    def kill9(self):
        """As a crash does it. Nothing happens if the server is not running."""
        if self.is_running():
            self._process.kill()
            self._process.wait()

    def restart(self, *more_options):
        """Same data, same port."""
        self.stop()
        return self.start(*more_options)

    def remove(self):
        """Kills the server and removes all that it had."""
        self.kill9()
        self._port.release()
        if os.environ.get("BINSTREAM_KEEP"):
            print("kept: %s (%s)" % (self.dir, self.name), file=sys.stderr)
            return
        shutil.rmtree(self.dir, ignore_errors=True)
        if self._socket_dir:
            shutil.rmtree(self._socket_dir, ignore_errors=True)

    def __enter__(self):
        if not self.is_running():
            try:
                self.start()
            except BaseException:
                self.remove()
                raise
        return self

    def __exit__(self, *failure):
        self.remove()

    # use

    def connect(self, **settings):
        """A PyMySQL connection as root over the socket, in autocommit, without TLS unless settings
        say ssl_*. settings win; give host='127.0.0.1' to go over TCP."""
        import pymysql

        arguments = {"user": "root", "password": "", "charset": "utf8mb4", "autocommit": True}
        if not any(key.startswith("ssl") for key in settings):
            arguments["ssl_disabled"] = True  # some versions of PyMySQL would use it where it is offered
        if settings.get("host"):
            arguments["port"] = self.port
        else:
            arguments["unix_socket"] = self.socket
        arguments.update(settings)
        return pymysql.connect(**arguments)

    def query(self, sql, args=None):
        """Runs one statement in a session of its own; the rows as tuples, () when it has none."""
        with contextlib.closing(self.connect()) as connection:
            with connection.cursor() as cursor:
                cursor.execute(sql, args)
                return cursor.fetchall()

    def processes(self):
        """SHOW FULL PROCESSLIST as dicts of id, user, host, db, command, time, state, info. information_schema.PROCESSLIST
        and INNODB_TRX fail on MySQL 8.0 and later, with 3854, while any statement with an emoji or other bytes that are no
        utf8mb3 runs; here its text may be garbled."""
        names = ("id", "user", "host", "db", "command", "time", "state", "info")
        rows, own = self._raw("SHOW FULL PROCESSLIST")
        return [dict(zip(names, row)) for row in rows if row[0] != own]

    def has_row_wait(self):
        """Does some transaction wait for another one's row? As InnoDB's monitor tells it."""
        rows, _ = self._raw("SHOW ENGINE INNODB STATUS")
        return "\nLOCK WAIT " in rows[0][2].partition("\nTRANSACTIONS\n")[2]

    def _raw(self, sql):
        """The rows of a statement whose answer holds bytes of any character set, each byte that is no ASCII as an escape; and
        the id of the session that asked."""
        with contextlib.closing(self.connect(use_unicode=False)) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            text = lambda value: value.decode("ascii", "backslashreplace") if isinstance(value, bytes) else value
            return [[text(value) for value in row] for row in cursor.fetchall()], connection.thread_id()

    def uri(self, user="root", password=None):
        """mysql://... for the command line of binstream, over TCP."""
        login = user if password is None else "%s:%s" % (user, password)
        return "mysql://%s@127.0.0.1:%d/" % (login, self.port)


def binlog_status(connection):
    """(file, position, executed GTID set or '') of a source, in the words of its version."""
    import pymysql

    with connection.cursor() as cursor:
        try:
            cursor.execute("SHOW BINARY LOG STATUS")  # MySQL 8.2 on
        except pymysql.err.MySQLError:
            cursor.execute("SHOW MASTER STATUS")
        row = cursor.fetchone()
    if row is None:
        raise ServerError("the binary log is off")
    if isinstance(row, dict):
        row = tuple(row.values())
    return row[0], int(row[1]), row[4].replace("\n", "") if len(row) > 4 else ""


# -- TLS -----------------------------------------------------------------------------------------


class Tls:
    """Files of a certificate authority, of a server certificate that it signed, and once make_client_cert() was
    called, of a client's."""

    def __init__(self, folder):
        self.ca = os.path.join(folder, "ca.pem")
        self.ca_key = os.path.join(folder, "ca-key.pem")
        self.cert = os.path.join(folder, "server-cert.pem")
        self.key = os.path.join(folder, "server-key.pem")
        self.client_cert = os.path.join(folder, "client-cert.pem")
        self.client_key = os.path.join(folder, "client-key.pem")
        self.options = ["--ssl-ca=" + self.ca, "--ssl-cert=" + self.cert, "--ssl-key=" + self.key]


_NEW_KEY = ["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-sha256"]


def make_tls(dir, hosts=("127.0.0.1", "localhost"), kind="right", common_name=None):
    """Makes a certificate authority and a server certificate for hosts in dir.

    kind: 'right'; 'expired', since yesterday; or 'self-signed', by no authority (there is a ca.pem all the same, which
    does not know it). hosts () makes one that has its name in the subject alone, as common_name. Two calls give two
    authorities that do not know each other. The server key is in the form that the TLS library inside MySQL 5.6 reads as
    well."""
    os.makedirs(dir, exist_ok=True)
    tls = Tls(os.path.abspath(dir))
    ca_name = "binstream test CA %08x" % random.getrandbits(32)
    _openssl(_NEW_KEY + ["-x509", "-days", "3650", "-subj", "/CN=" + ca_name, "-keyout", tls.ca_key, "-out", tls.ca])
    names = ",".join(("IP:" if host[0].isdigit() or ":" in host else "DNS:") + host for host in hosts)
    _make_cert(tls, tls.cert, tls.key, common_name or hosts[0], names, kind)
    return tls


def make_client_cert(tls, name="mover"):
    """A client's certificate and key, signed by the authority of tls, with the subject /CN=name."""
    _make_cert(tls, tls.client_cert, tls.client_key, name, "", "right")


def _make_cert(tls, cert, key, common_name, names, kind):
    request, extensions, plain = (key + suffix for suffix in (".req", ".ext", ".pkcs8"))
    with open(extensions, "w") as handle:
        handle.write("basicConstraints=CA:FALSE\n" + ("subjectAltName=%s\n" % names if names else ""))
    _openssl(_NEW_KEY + ["-subj", "/CN=" + common_name, "-keyout", plain, "-out", request])
    signer = ["-signkey", plain] if kind == "self-signed" else ["-CA", tls.ca, "-CAkey", tls.ca_key]
    if kind != "self-signed":
        signer += ["-set_serial", str(random.getrandbits(60))]
    sign = ["openssl", "x509", "-req", "-sha256", "-in", request, "-extfile", extensions, "-out", cert] + signer
    if kind == "expired":
        try:
            _openssl(sign + ["-not_before", "20200101000000Z", "-not_after", "20200102000000Z"])
        except ServerError:  # before OpenSSL 3.4; later ones refuse this
            _openssl(sign + ["-days", "-1"])
    else:
        _openssl(sign + ["-days", "3650"])
    try:
        _openssl(["openssl", "rsa", "-traditional", "-in", plain, "-out", key])
    except ServerError:  # before OpenSSL 3 that form was the only one
        _openssl(["openssl", "rsa", "-in", plain, "-out", key])
    for scratch in (request, extensions, plain):
        os.unlink(scratch)


def _openssl(argv):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    if done.returncode != 0:
        raise ServerError("%s failed: %s" % (" ".join(argv[:2]), done.stdout))

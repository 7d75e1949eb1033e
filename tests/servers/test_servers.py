"""Every test server starts, survives kill -9 with its data, and restarts on its port.

    test_servers.py [NAME...]     default: all of them
"""

import os
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import bs_servers


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def survives_kill(name, server):
    server.query("CREATE DATABASE d")
    server.query("CREATE TABLE d.t (a INT PRIMARY KEY, b VARCHAR(20)) ENGINE=InnoDB")
    server.query("INSERT INTO d.t VALUES (1, 'kept')")
    port, pid = server.port, server.pid
    server.kill9()
    check(not server.is_running() and not os.path.exists("/proc/%d" % pid), "killed")
    server.start()
    check(server.port == port, "same port")
    check(server.query("SELECT a, b FROM d.t") == ((1, "kept"),), "the row is there after kill -9")
    server.restart()
    check(server.query("SELECT COUNT(*) FROM d.t") == ((1,),), "the row is there after a restart")


def is_a_source(name, server):
    with server.connect(host="127.0.0.1") as connection:
        file, position, _ = bs_servers.binlog_status(connection)
        with connection.cursor() as cursor:
            cursor.execute("SELECT @@binlog_format, @@binlog_row_image, @@server_id, @@version, @@local_infile")
            found = cursor.fetchone()
    check(file.startswith("binlog.0") and position >= 4, "binlog is on")
    check(found[:3] == ("ROW", "FULL", server.port), "defaults of a source, not %r" % (found,))
    check(found[3].startswith(bs_servers.version(name)), "version %s" % found[3])
    check(found[4] == 1, "local_infile")


def has_gtids(name, server):
    server.options = bs_servers.gtid_options(name, True)
    server.restart()
    server.query("INSERT INTO d.t VALUES (2, 'gtid')")
    with server.connect() as connection:
        executed = bs_servers.binlog_status(connection)[2]
    if bs_servers.flavour(name) == "mysql":
        check(":1" in executed, "GTIDs are on, not %r" % executed)
        server.options = bs_servers.gtid_options(name, False)
        server.restart()
        check(server.query("SELECT @@gtid_mode") == (("OFF",),), "GTIDs are off")
    else:
        check(server.query("SELECT @@gtid_binlog_pos")[0][0] != "", "GTIDs are there")


def has_tls(name, server):
    tls = bs_servers.make_tls(os.path.join(server.dir, "tls"))
    server.options = tls.options
    server.restart()
    if name == "mysql-5.6":  # its TLS library cannot agree with the OpenSSL of today
        check(server.query("SELECT @@have_ssl") == (("YES",),), "TLS is on")
        return
    settings = {"ssl_ca": tls.ca, "ssl_verify_cert": True, "ssl_verify_identity": True}
    with server.connect(host="127.0.0.1", **settings) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_version'")
        check(cursor.fetchone()[1].startswith("TLSv1."), "TLS is spoken")


def test(name):
    began = time.monotonic()
    with bs_servers.Server(name) as server:
        ready = time.monotonic() - began
        folder = server.dir
        for part in (survives_kill, is_a_source, has_gtids, has_tls):
            part(name, server)
        server.stop()
        check(not server.is_running(), "stopped")
    check(not os.path.exists(folder) or os.environ.get("BINSTREAM_KEEP"), "folder is removed")
    print("ok   %-14s %-9s first start %.1f s, all %.1f s"
          % (name, bs_servers.version(name), ready, time.monotonic() - began), flush=True)


def a_server_outlives_the_thread_that_started_it():
    server = bs_servers.Server(bs_servers.DEFAULT_PAIR)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    with server:
        check(server.query("SELECT 1") == ((1,),), "the server lives on")
        with bs_servers.Server(bs_servers.DEFAULT_PAIR) as second:
            check(second.port != server.port, "two instances have two ports")
    print("ok   threads and two instances", flush=True)


def a_server_dies_with_the_process_that_started_it():
    script = (
        "import bs_servers, sys, time\n"
        "server = bs_servers.Server(bs_servers.DEFAULT_PAIR, dir=sys.argv[1]).start()\n"
        "print(server.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        here = os.path.dirname(os.path.abspath(__file__))
        starter = subprocess.Popen(
            [sys.executable, "-c", script, folder], cwd=here, stdout=subprocess.PIPE, env=dict(os.environ, PYTHONPATH=here)
        )
        pid = int(starter.stdout.readline())
        check(os.path.exists("/proc/%d" % pid), "the server runs")
        starter.kill()
        starter.communicate()
        deadline = time.monotonic() + 20
        while running(pid):
            check(time.monotonic() < deadline, "the server died with its starter")
            time.sleep(0.02)
    print("ok   death of the starter", flush=True)


def running(pid):
    try:
        with open("/proc/%d/stat" % pid) as handle:
            return handle.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def a_bad_option_shows_the_log():
    server = bs_servers.Server(bs_servers.DEFAULT_PAIR, options=["no-such-option=1"])
    try:
        with server:
            raise AssertionError("a server started with an unknown option")
    except bs_servers.ServerError as error:
        check("no-such-option" in str(error), "the log's tail names the option")
    print("ok   an unknown option", flush=True)


def main():
    names = sys.argv[1:] or bs_servers.NAMES
    missing = []
    for name in names:
        there, reason = bs_servers.available(name)
        if there:
            test(name)
        else:
            missing.append(name)
            print("SKIPPED: server %s: %s" % (name, reason), flush=True)
    if not sys.argv[1:]:
        a_server_outlives_the_thread_that_started_it()
        a_server_dies_with_the_process_that_started_it()
        a_bad_option_shows_the_log()
    if bs_servers.DEFAULT_PAIR in missing:
        sys.exit(1)
    sys.exit(bs_servers.SKIPPED if missing else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""The stream against a real server: test_stream.py PROBE SERVER [TEST...]

Each test_* function below is one test; its name is what it shows. Those that need another set of
server options start a server of their own, the others share one."""

import contextlib
import hashlib
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

from bs_servers import Server, binlog_status, flavour, gtid_options, make_tls, require

PROBE, NAME = sys.argv[1], sys.argv[2]
MARIADB = flavour(NAME) == "mariadb"
# Not compared: descriptions, whose flags differ, heartbeats, and MariaDB's binlog checkpoints, which
# come some time after a rotation.
NOT_COMPARED = (15, 27, 41, 161)
ARTIFICIAL = 0x20
SPLIT = (1 << 24) - 1  # payload of a full packet
UUID = "11111111-2222-3333-4444-555555555555"
shared = None  # the server that tests share
scratch = None


class Skip(Exception):
    pass


# -- the probe -----------------------------------------------------------------------------------


class Probe:
    """A running stream_probe whose lines can be awaited."""

    def __init__(self, uri, *options):
        argv = [PROBE, uri] + [str(option) for option in options]
        self.errors = tempfile.TemporaryFile("w+")
        # Freed memory that the address sanitizer keeps would count as the stream's.
        env = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4")
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=self.errors, env=env, universal_newlines=True)
        self.lines = []

    def until(self, word):
        """Reads up to the next line that starts with word."""
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.split(" ")[0].rstrip("\n") == word:
                return self.lines[-1]
        raise AssertionError("no '%s' in:\n%s" % (word, self.text()))

    def finish(self, timeout=60):
        with contextlib.suppress(ValueError):
            rest, _ = self.process.communicate(timeout=timeout)
            self.lines += rest.splitlines()
        assert not re.search("Sanitizer|runtime error:", self.text()), self.text()
        return self

    def text(self):
        self.errors.seek(0)
        return "\n".join(self.lines) + "\n" + self.errors.read()

    def find(self, word):
        found = [line for line in self.lines if line.split(" ")[0] == word]
        assert found, "no '%s' in:\n%s" % (word, self.text())
        return found[-1]

    def has(self, word):
        return any(line.split(" ")[0] == word for line in self.lines)

    def number(self, key, word="total"):
        return int(re.search(r"\b%s=(\d+)" % key, self.find(word)).group(1))


def run(uri, *options):
    probe = Probe(uri, *options).finish()
    assert probe.process.returncode in (0, 1), probe.text()
    return probe


def whole(uri, *options):
    """A run to the end of the binlog."""
    probe = run(uri, "--non-block", 1, *options)
    assert probe.has("ended"), probe.text()
    return probe


def failed(uri, *options):
    probe = run(uri, *options)
    return probe.find("failed")


def expect(text, *parts):
    for part in parts:
        assert part.lower() in text.lower(), "'%s' is not in: %s" % (part, text)


def uri(server, user="root", password=None, **options):
    login = user if password is None else "%s:%s" % (user, password)
    query = "&".join("%s=%s" % (key.replace("_", "-"), value) for key, value in options.items())
    return "mysql://%s@127.0.0.1:%d/?%s" % (login, server.port, query)


# -- binlogs -------------------------------------------------------------------------------------


def events_of(data):
    at, events = 0, []
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 9)[0]
        assert 19 <= size <= len(data) - at, "an event of %d bytes" % size
        events.append(data[at : at + size])
        at += size
    return events


def plain(events):
    """Without what is made up for the stream, and what cannot be compared."""
    return [
        event
        for event in events
        if not struct.unpack_from("<H", event, 17)[0] & ARTIFICIAL and event[4] not in NOT_COMPARED
    ]


def files_of(server):
    return [row[0] for row in server.query("SHOW BINARY LOGS")]


def on_disk(server, name):
    with open(os.path.join(server.datadir, name), "rb") as handle:
        assert handle.read(4) == b"\xfebin"
        return events_of(handle.read())


def same_as_files(out, server, names):
    with open(out, "rb") as handle:
        got = plain(events_of(handle.read()))
    want = [event for name in names for event in plain(on_disk(server, name))]
    assert [hashlib.sha1(e).digest() for e in got] == [hashlib.sha1(e).digest() for e in want], "%d events, not %d" % (
        len(got),
        len(want),
    )
    return len(got)


def fill(server, rows=30, size=1000, table="t"):
    with contextlib.closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE IF NOT EXISTS net")
        cursor.execute("CREATE TABLE IF NOT EXISTS net.%s (a INT PRIMARY KEY AUTO_INCREMENT, b LONGBLOB)" % table)
        for i in range(rows):
            cursor.execute("INSERT INTO net.%s (b) VALUES (REPEAT('x', %d))" % (table, size + i))


def fresh_file(server):
    """A new binlog file that the next statements go to."""
    server.query("FLUSH BINARY LOGS")
    return files_of(server)[-1]


def purge(server, until):
    """MariaDB keeps a file until its engines have caught up with it, and says nothing."""
    deadline = time.monotonic() + 120
    while files_of(server)[0] != until and time.monotonic() < deadline:
        server.query("PURGE BINARY LOGS TO '%s'" % until)
    assert files_of(server)[0] == until


def position(server):
    with contextlib.closing(server.connect()) as connection:
        return binlog_status(connection)


def mysql_gtid_set(text):
    """uuid:1-5:7,... as COM_BINLOG_DUMP_GTID wants it, in hex."""
    sets = [entry.split(":") for entry in text.replace("\n", "").split(",") if entry]
    out = struct.pack("<Q", len(sets))
    for uuid, *ranges in sets:
        out += bytes.fromhex(uuid.replace("-", "")) + struct.pack("<Q", len(ranges))
        for interval in ranges:
            first, _, last = interval.partition("-")
            out += struct.pack("<QQ", int(first), int(last or first) + 1)
    return out.hex()


def out_path():
    return os.path.join(scratch, "events-%d" % time.monotonic_ns())


# -- where the stream starts ---------------------------------------------------------------------


def test_a_dump_by_file_gives_every_event_of_the_file_byte_for_byte():
    name = fresh_file(shared)
    fill(shared)
    out = out_path()
    probe = whole(uri(shared), "--file", name, "--pos", 4, "--out", out)
    same_as_files(out, shared, [name])
    shown = [row[2] for row in shared.query("SHOW BINLOG EVENTS IN '%s'" % name)]
    late = shown.count("Binlog_checkpoint")
    assert len(shown) - late <= probe.number("real") <= len(shown), probe.text()


def test_a_dump_through_a_unix_socket_gives_the_same():
    name = files_of(shared)[-1]
    fill(shared)
    out = out_path()
    whole("mysql://root@localhost/?socket=" + shared.socket, "--file", name, "--pos", 4, "--out", out)
    same_as_files(out, shared, [name])


def test_a_dump_from_the_middle_starts_at_that_event():
    name = fresh_file(shared)
    fill(shared)
    events = shared.query("SHOW BINLOG EVENTS IN '%s'" % name)
    middle = [row for row in events if row[2] in ("Gtid", "Query", "Anonymous_Gtid")][10]
    after = [row for row in events if row[1] >= middle[1] and row[2] != "Binlog_checkpoint"]
    out = out_path()
    whole(uri(shared), "--file", name, "--pos", middle[1], "--out", out)
    with open(out, "rb") as handle:
        assert len(plain(events_of(handle.read()))) == len(after)


def test_an_empty_file_name_starts_at_the_oldest_and_crosses_rotations():
    for _ in range(3):
        fresh_file(shared)
        fill(shared, rows=3)
    out = out_path()
    whole(uri(shared), "--out", out)
    same_as_files(out, shared, files_of(shared))


def test_a_gtid_dump_gives_what_came_after_the_position():
    options = gtid_options(NAME, True)
    with Server(NAME, options=options) as server:
        fill(server)
        if MARIADB:
            start = ["--gtid-mariadb", server.query("SELECT @@gtid_binlog_pos")[0][0]]
        else:
            start = ["--gtid-mysql", mysql_gtid_set(server.query("SELECT @@global.gtid_executed")[0][0])]
        before = position(server)[1]
        fill(server, rows=17)
        name = files_of(server)[-1]
        out = out_path()
        whole(uri(server), *start, "--out", out)
        with open(out, "rb") as handle:
            got = [e for e in plain(events_of(handle.read())) if e[4] not in (35, 163)]
        at, want = 4, []
        for event in on_disk(server, name):
            if at >= before and plain([event]):
                want.append(event)
            at += len(event)
        assert got == want, "%d events, not %d" % (len(got), len(want))


def test_an_empty_gtid_position_gives_everything():
    with Server(NAME, options=gtid_options(NAME, True)) as server:
        fill(server)
        start = ["--gtid-mariadb", ""] if MARIADB else ["--gtid-mysql", "00" * 8]
        out = out_path()
        whole(uri(server), *start, "--out", out)
        same_as_files(out, server, files_of(server))


def test_a_position_of_the_other_flavour_is_refused():
    start = ["--gtid-mysql", "00" * 8] if MARIADB else ["--gtid-mariadb", "0-1-1"]
    expect(failed(uri(shared), *start), "status=precheck", "position is a GTID of")


def test_a_position_past_4_gib_is_refused_with_the_reason():
    expect(failed(uri(shared), "--file", "binlog.000001", "--pos", 5 << 30), "status=limit", "4 GiB")


def test_a_position_behind_the_end_of_the_file_counts_as_gone():
    name = files_of(shared)[-1]
    text = failed(uri(shared), "--file", name, "--pos", position(shared)[1] + 100000)
    expect(text, "status=purged", "sql_errno=1236", name)


def test_a_purged_file_counts_as_gone():
    first = fresh_file(shared)
    last = fresh_file(shared)
    purge(shared, last)
    expect(failed(uri(shared), "--file", first, "--pos", 4), "status=purged", "copy it anew")


def test_a_purged_gtid_position_counts_as_gone():
    with Server(NAME, options=gtid_options(NAME, True)) as server:
        fill(server, rows=2)
        early = server.query("SELECT @@%s" % ("gtid_binlog_pos" if MARIADB else "global.gtid_executed"))[0][0]
        fill(server, rows=2)
        fresh_file(server)
        fill(server, rows=2)
        last = fresh_file(server)
        purge(server, last)
        start = ["--gtid-mariadb", early] if MARIADB else ["--gtid-mysql", mysql_gtid_set(early)]
        expect(failed(uri(server), *start), "status=purged", "copy it anew")


def test_a_gtid_that_the_source_never_had_counts_as_gone():
    with Server(NAME, options=gtid_options(NAME, True)) as server:
        fill(server, rows=2)
        if MARIADB:
            at = server.query("SELECT @@gtid_binlog_pos")[0][0].split("-")
            start = ["--gtid-mariadb", "%s-%s-%d" % (at[0], at[1], int(at[2]) + 1000)]
        else:
            uuid = server.query("SELECT @@server_uuid")[0][0]
            start = ["--gtid-mysql", mysql_gtid_set(uuid + ":1-100000")]
        text = failed(uri(server), *start)
        if NAME == "mysql-5.6":  # it does not compare; nothing to be seen there
            return
        expect(text, "status=purged")


# -- what comes through --------------------------------------------------------------------------


def big_event(server, **options):
    name = fresh_file(server)
    fill(server, rows=2)
    with contextlib.closing(server.connect()) as connection, connection.cursor() as cursor:
        # A rows event is its row and this much more. One event fills, with its status byte, a packet to
        # the last byte, so that an empty packet ends it; the next one is a byte longer.
        more = 42 if MARIADB else 44
        for size in (20000000, SPLIT - 1 - more, SPLIT - more):
            cursor.execute("INSERT INTO net.t (b) VALUES (LEFT(REPEAT('0123456789abc', %d), %d))" % (size // 13 + 1, size))
    fill(server, rows=2)
    out = out_path()
    probe = whole(uri(server, **options), "--file", name, "--pos", 4, "--out", out, "--quiet", 1)
    same_as_files(out, server, [name])
    assert probe.number("largest_block") >= 20000000
    lengths = [len(event) for event in on_disk(server, name)]
    assert SPLIT - 1 in lengths and SPLIT in lengths, sorted(lengths)[-4:]
    os.unlink(out)


def test_an_event_of_20_mb_arrives_whole():
    big_event(shared, ssl_mode="DISABLED")


def test_an_event_of_20_mb_arrives_whole_under_zlib():
    big_event(shared, ssl_mode="DISABLED", compress="zlib")


def test_compression_is_really_used():
    name = fresh_file(shared)
    fill(shared, rows=50, size=20000)
    def sent():
        return int(shared.query("SHOW GLOBAL STATUS LIKE 'Bytes_sent'")[0][1])
    def cost(**options):
        before = sent()
        out = out_path()
        whole(uri(shared, **options), "--file", name, "--pos", 4, "--out", out)
        same_as_files(out, shared, [name])
        return sent() - before
    assert cost(compress="zlib", ssl_mode="DISABLED") * 10 < cost(ssl_mode="DISABLED")


def test_zstd_is_used_where_the_server_has_it():
    name = fresh_file(shared)
    fill(shared, rows=50, size=20000)
    out = out_path()
    probe = whole(uri(shared, compress="zstd"), "--file", name, "--pos", 4, "--out", out)
    same_as_files(out, shared, [name])
    assert ("without" in probe.text()) == (NAME != "mysql-9.7"), probe.text()


def test_heartbeats_come_when_nothing_else_does():
    probe = run(uri(shared), "--file", files_of(shared)[-1], "--heartbeat-ms", 100, "--stop-ms", 1500)
    assert not probe.has("broken"), probe.text()
    assert re.search(r"types=\S*\b(27|41):", probe.find("total")), probe.text()


def test_events_come_as_they_are_written():
    name = fresh_file(shared)
    fill(shared, rows=1)
    probe = Probe(uri(shared), "--file", name, "--stop-events", 60)
    probe.until("connected")
    probe.until("events")
    fill(shared, rows=30)
    probe.finish()
    assert probe.number("real") >= 60, probe.text()


# -- backpressure and stopping -------------------------------------------------------------------


def fill_megabytes(server, count):
    with contextlib.closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE IF NOT EXISTS net")
        cursor.execute("CREATE TABLE IF NOT EXISTS net.m (b LONGBLOB)")
        for _ in range(count):
            cursor.execute("INSERT INTO net.m VALUES (REPEAT('m', 1000000))")


def test_a_slow_consumer_bounds_memory_and_loses_nothing():
    name = fresh_file(shared)
    fill_megabytes(shared, 150)
    for options in ({"ssl_mode": "DISABLED"}, {"compress": "zlib"}):
        out = out_path()
        probe = whole(
            uri(shared, **options), "--file", name, "--queue-bytes", 1 << 20, "--slow-ms", 5, "--out", out, "--quiet", 1
        )
        same_as_files(out, shared, [name])
        os.unlink(out)
        assert probe.number("peak_kib") < 64 * 1024, probe.find("total")


def test_a_pause_of_many_heartbeats_is_not_taken_for_a_dead_source():
    name = fresh_file(shared)
    fill_megabytes(shared, 8)
    probe = whole(
        uri(shared), "--file", name, "--queue-bytes", 1 << 18, "--slow-ms", 300, "--heartbeat-ms", 50, "--quiet", 1
    )
    assert not probe.has("broken"), probe.text()


def test_stopping_is_prompt_while_the_queue_is_full():
    name = fresh_file(shared)
    fill_megabytes(shared, 20)
    probe = run(uri(shared), "--file", name, "--queue-bytes", 1, "--slow-ms", 400, "--stop-ms", 300)
    assert probe.number("ms", "stopped") < 1000, probe.text()


def test_stopping_is_prompt_while_nobody_greets():
    with contextlib.closing(socket.socket()) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        probe = run("mysql://root@127.0.0.1:%d/" % silent.getsockname()[1], "--stop-ms", 300)
    assert probe.number("ms", "stopped") < 1000, probe.text()
    assert not probe.has("failed"), probe.text()


def test_stopping_is_prompt_while_streaming_and_idle():
    probe = run(uri(shared), "--file", files_of(shared)[-1], "--stop-ms", 700)
    assert probe.has("connected") and probe.number("ms", "stopped") < 1000, probe.text()


def test_stopping_is_prompt_while_backing_off():
    with Server(NAME) as server:
        probe = Probe(uri(server), "--resumes", 1, "--stop-ms", 6000)
        probe.until("connected")
        server.kill9()
        probe.finish()
        assert probe.number("ms", "stopped") < 1000, probe.text()


# -- who is there --------------------------------------------------------------------------------


def test_the_source_tells_who_it_is():
    line = run(uri(shared), "--stop-events", 1).find("connected")
    uuid = "" if MARIADB else shared.query("SELECT @@server_uuid")[0][0]
    expect(line, "mariadb=%d" % MARIADB, "uuid=%s " % uuid, "server_id=%d" % shared.port, "checksums=1")


def test_checksums_that_are_off_are_told():
    with Server(NAME, options=["binlog_checksum=NONE"]) as server:
        fill(server, rows=3)
        out = out_path()
        probe = whole(uri(server), "--out", out)
        expect(probe.find("connected"), "checksums=0")
        same_as_files(out, server, files_of(server))


def test_another_server_than_expected_is_refused_and_both_are_named():
    text = failed(uri(shared), "--expect-id", 77, "--stop-events", 1)
    expect(text, "status=purged", "another server", "77", str(shared.port))
    other = "99999999-aaaa-bbbb-cccc-dddddddddddd"
    expect(failed(uri(shared), "--expect-uuid", other), "status=purged", "another server", other)


def test_another_server_at_the_same_address_is_found_out_at_reconnect():
    with Server(NAME) as server:
        port = server.port
        probe = Probe(uri(server), "--resumes", 1, "--expect-id", port)
        probe.until("connected")
        server.kill9()
        probe.until("broken")
        server.remove()
    with Server(NAME, port=port, options=["server_id=4711"]):
        expect(probe.until("failed"), "status=purged", "another server", "4711", str(port))
        probe.finish()


def test_a_second_client_with_the_same_identity_ends_the_first():
    first = Probe(uri(shared), "--uuid", UUID, "--resumes", 100, "--file", files_of(shared)[-1])
    first.until("connected")
    second = Probe(uri(shared), "--uuid", UUID, "--file", files_of(shared)[-1], "--stop-ms", 4000)
    second.until("connected")
    if NAME == "mysql-5.6":  # it does not say why
        expect(first.until("broken"), "session was killed")
        first.process.terminate()
    else:
        expect(first.until("failed"), "same server_uuid", "stop one of them")
    second.finish()
    first.finish()


def test_a_source_without_a_binlog_is_refused():
    with Server(NAME, options=["skip-log-bin"]) as server:
        expect(failed(uri(server)), "status=precheck", "binary log is off")


def test_nothing_is_written_to_the_source():
    shared.query("SET GLOBAL log_output = 'FILE'")
    path = os.path.join(shared.dir, "general.log")
    shared.query("SET GLOBAL general_log_file = '%s'" % path)
    shared.query("SET GLOBAL general_log = 1")
    run(uri(shared), "--stop-events", 1)
    shared.query("SET GLOBAL general_log = 0")
    with open(path, errors="replace") as handle:
        queries = re.findall(r"Query\t(\S+ \S+)", handle.read())
    ours = [q for q in queries if not q.startswith("SET GLOBAL") and "AUTOCOMMIT" not in q and "NAMES" not in q]
    assert len(ours) >= 5, queries
    for query in ours:
        assert re.match(r"SHOW GLOBAL|SELECT @|SET @|SET SESSION", query), query


# -- failure and coming back ---------------------------------------------------------------------


def test_a_killed_source_breaks_the_stream_which_goes_on_after_a_restart():
    with Server(NAME) as server:
        fill(server, rows=3)
        probe = Probe(uri(server), "--resumes", 1, "--file", files_of(server)[0], "--stop-ms", 60000)
        probe.until("connected")
        server.kill9()
        expect(probe.until("broken"), "status=io")
        server.start()
        probe.until("connected")
        probe.process.terminate()
        probe.finish()


def test_a_clean_restart_of_the_source_breaks_the_stream_which_goes_on():
    with Server(NAME) as server:
        fill(server, rows=3)
        probe = Probe(uri(server), "--resumes", 1, "--file", files_of(server)[0], "--stop-ms", 60000)
        probe.until("connected")
        server.restart()
        probe.until("broken")
        probe.until("connected")
        probe.process.terminate()
        probe.finish()


def test_a_killed_session_breaks_the_stream_which_goes_on():
    probe = Probe(uri(shared), "--resumes", 1, "--file", files_of(shared)[-1])
    probe.until("connected")
    for row in shared.query("SHOW PROCESSLIST"):
        if row[4] and "Binlog Dump" in row[4]:
            shared.query("KILL %d" % row[0])
    probe.until("broken")
    probe.until("connected")
    probe.process.terminate()
    probe.finish()


def test_a_source_that_stays_away_is_given_up():
    with Server(NAME) as server:
        probe = Probe(uri(server), "--resumes", 1, "--give-up-ms", 1500)
        probe.until("connected")
        server.kill9()
        probe.until("broken")
        expect(probe.until("failed"), "status=io", "connecting again for 1 s")
        probe.finish()


def test_a_source_that_freezes_is_noticed_by_its_missing_heartbeats():
    with Server(NAME) as server:
        probe = Probe(uri(server), "--heartbeat-ms", 200, "--resumes", 0)
        probe.until("connected")
        os.kill(server.pid, signal.SIGSTOP)
        try:
            expect(probe.until("broken"), "status=io", "no heartbeat")
        finally:
            os.kill(server.pid, signal.SIGCONT)
        probe.finish()


def test_a_port_where_nobody_listens_fails_at_once_and_says_what_to_check():
    with contextlib.closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        text = failed("mysql://root@127.0.0.1:%d/" % port)
    expect(text, "status=io", "127.0.0.1", str(port), "refused", "bind-address")
    expect(failed("mysql://root@localhost/?socket=/nonexistent/sock"), "status=io", "/nonexistent/sock")


def test_a_host_that_does_not_exist_fails_at_once():
    expect(failed("mysql://root@no-such-host.invalid:3306/"), "status=io", "no-such-host.invalid")


def test_a_host_that_does_not_answer_fails_after_the_connect_timeout():
    # A listener whose backlog is full lets further connections hang.
    with contextlib.closing(socket.socket()) as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        held = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(full.getsockname())
            held.append(one)
        text = failed("mysql://root@127.0.0.1:%d/?connect-timeout=1" % full.getsockname()[1])
        for one in held:
            one.close()
    expect(text, "status=io", "timed out", "firewall")


# -- login ---------------------------------------------------------------------------------------


def account(server, name, password, plugin=None):
    how = " IDENTIFIED WITH %s BY '%s'" % (plugin, password) if plugin else " IDENTIFIED BY '%s'" % password
    server.query("CREATE USER '%s'@'%%'%s" % (name, how))
    server.query("GRANT REPLICATION SLAVE ON *.* TO '%s'@'%%'" % name)
    return uri(server, name, password)


def test_a_password_logs_in():
    run(account(shared, "good", "s3cret-word"), "--stop-events", 1).find("connected")


def test_a_wrong_password_is_told_without_telling_it():
    account(shared, "wrong", "right")
    probe = run(uri(shared, "wrong", "very-secret-guess"))
    expect(probe.find("failed"), "status=server", "sql_errno=1045", "check user and password")
    assert "very-secret-guess" not in probe.text()
    expect(failed(uri(shared, "nobody-at-all", "x")), "sql_errno=1045")


def test_a_missing_privilege_is_named_with_its_grant():
    shared.query("CREATE USER 'poor'@'%' IDENTIFIED BY 'pw'")
    expect(failed(uri(shared, "poor", "pw")), "status=server", "GRANT REPLICATION SLAVE")


def test_an_account_with_sha256_password_logs_in_by_tls_and_by_rsa():
    needs_sha2()
    where = account(shared, "sha256", "pw", "sha256_password")
    run(where + "ssl-mode=DISABLED", "--stop-events", 1).find("connected")
    run(where + "ssl-mode=REQUIRED", "--stop-events", 1).find("connected")
    expect(failed(uri(shared, "sha256", "other", ssl_mode="DISABLED")), "sql_errno=1045")


def needs_sha2():
    if NAME != "mysql-9.7":
        raise Skip("%s has no caching_sha2_password" % NAME)


def test_caching_sha2_logs_in_by_rsa_when_there_is_no_tls():
    needs_sha2()
    where = account(shared, "rsa", "pw-rsa") + "ssl-mode=DISABLED"
    run(where, "--stop-events", 1).find("connected")


def test_caching_sha2_with_the_pinned_key_logs_in_and_with_another_does_not():
    needs_sha2()
    wrong = os.path.join(scratch, "wrong.pem")
    key = os.path.join(scratch, "wrong-key.pem")
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, stderr=subprocess.DEVNULL)
    subprocess.run(["openssl", "rsa", "-in", key, "-pubout", "-out", wrong], check=True, stderr=subprocess.DEVNULL)
    right = os.path.join(shared.datadir, "public_key.pem")
    where = account(shared, "pinned", "pw") + "ssl-mode=DISABLED&server-public-key="
    assert run(where + wrong, "--stop-events", 1).has("failed")
    run(where + right, "--stop-events", 1).find("connected")
    # Now that the account is in the server's cache no key is needed: the fast path.
    run(where + wrong, "--stop-events", 1).find("connected")


def test_caching_sha2_logs_in_by_tls_and_then_by_the_fast_path():
    needs_sha2()
    where = account(shared, "full", "pw")
    run(where + "ssl-mode=REQUIRED", "--stop-events", 1).find("connected")
    missing = os.path.join(scratch, "garbage.pem")
    with open(missing, "w") as handle:
        handle.write("no key\n")
    run(where + "ssl-mode=DISABLED&server-public-key=" + missing, "--stop-events", 1).find("connected")


def test_caching_sha2_logs_in_over_a_unix_socket():
    needs_sha2()
    account(shared, "local", "pw")
    run("mysql://local:pw@localhost/?socket=" + shared.socket, "--stop-events", 1).find("connected")


def test_an_empty_password_logs_in():
    account(shared, "empty", "")
    run(uri(shared, "empty"), "--stop-events", 1).find("connected")


# -- TLS -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def tls_server(hosts):
    if NAME == "mysql-5.6":
        raise Skip("the TLS library inside MySQL 5.6.24 and OpenSSL 3 do not understand each other")
    tls = make_tls(os.path.join(scratch, "tls-%d" % time.monotonic_ns()), hosts)
    with Server(NAME, options=tls.options) as server:
        fill(server, rows=2)
        yield server, tls


def sessions_tls(server, **options):
    probe = Probe(uri(server, **options), "--stop-ms", 20000, "--file", files_of(server)[-1])
    probe.until("connected")
    with contextlib.closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Ssl_accepts'")
        accepts = int(cursor.fetchone()[1])
    probe.process.terminate()
    probe.finish()
    return accepts


def test_tls_modes_accept_the_right_server_and_refuse_the_wrong_one():
    other = make_tls(os.path.join(scratch, "other"))
    with tls_server(("127.0.0.1", "localhost")) as (server, tls):
        before = int(server.query("SHOW GLOBAL STATUS LIKE 'Ssl_accepts'")[0][1])
        for mode, ca in (("PREFERRED", None), ("REQUIRED", None), ("VERIFY_CA", tls.ca), ("VERIFY_IDENTITY", tls.ca)):
            options = {"ssl_mode": mode, **({"ssl_ca": ca} if ca else {})}
            after = sessions_tls(server, **options)
            assert after == before + 1, "%s: %d after %d" % (mode, after, before)
            before = after
        assert sessions_tls(server, ssl_mode="DISABLED") == before
        expect(failed(uri(server, ssl_mode="VERIFY_CA", ssl_ca=other.ca)), "status=server", "authority", other.ca)
        expect(failed(uri(server, ssl_mode="VERIFY_IDENTITY", ssl_ca=other.ca)), "authority")


def test_tls_carries_a_20_mb_event_with_and_without_compression():
    with tls_server(("127.0.0.1",)) as (server, _):
        big_event(server, ssl_mode="REQUIRED")
        big_event(server, ssl_mode="REQUIRED", compress="zlib")


def test_a_certificate_for_another_host_is_refused_only_by_verify_identity():
    with tls_server(("elsewhere.example",)) as (server, tls):
        run(uri(server, ssl_mode="VERIFY_CA", ssl_ca=tls.ca), "--stop-events", 1).find("connected")
        text = failed(uri(server, ssl_mode="VERIFY_IDENTITY", ssl_ca=tls.ca))
        expect(text, "not for '127.0.0.1'", "VERIFY_CA")


def test_a_tls_version_that_the_server_lacks_is_explained():
    with tls_server(("127.0.0.1",)) as (server, _):
        expect(failed(uri(server, ssl_mode="REQUIRED", tls_version="TLSv1.1")), "no TLS version in common", "leave out tls-version")


def test_a_server_whose_tls_is_too_old_to_talk_to_is_explained():
    if NAME != "mysql-5.6":
        raise Skip("%s has a TLS of today" % NAME)
    tls = make_tls(os.path.join(scratch, "old"))
    with Server(NAME, options=tls.options) as server:
        expect(failed(uri(server)), "no TLS version in common", "ssl-mode=DISABLED")
        run(uri(server, ssl_mode="DISABLED"), "--stop-events", 1).find("connected")


def test_a_server_without_tls_is_refused_when_tls_is_required():
    if NAME in ("mysql-9.7", "mariadb-11.8"):
        raise Skip("%s always has TLS" % NAME)
    expect(failed(uri(shared, ssl_mode="REQUIRED")), "status=server", "offers no TLS", "ssl_cert")


def test_options_that_cannot_work_are_refused_before_connecting():
    for options, part in (
        ({"ssl_mode": "VERIFY_CA", "ssl_ca": "/nonexistent/ca.pem"}, "/nonexistent/ca.pem"),
        ({"ssl_cert": "/nonexistent/cert.pem", "ssl_key": "/nonexistent/key.pem"}, "/nonexistent/cert.pem"),
        ({"server_public_key": "/nonexistent/key.pem"}, "/nonexistent/key.pem"),
    ):
        expect(run(uri(shared, **options)).find("refused"), "status=config", part)


# -- running -------------------------------------------------------------------------------------


def main():
    global shared, scratch
    require(NAME)
    chosen = sys.argv[3:]
    tests = [(n, f) for n, f in globals().items() if n.startswith("test_") and (not chosen or n in chosen)]
    bad = []
    with tempfile.TemporaryDirectory(prefix="binstream-net-") as scratch, Server(NAME) as shared:
        for name, test in tests:
            began = time.monotonic()
            try:
                test()
                result = "ok"
            except Skip as reason:
                result = "SKIPPED: %s" % reason
            except Exception:
                result = "FAILED\n" + traceback.format_exc()
                bad.append(name)
            print("%5.1f s  %s: %s" % (time.monotonic() - began, name[5:].replace("_", " "), result), flush=True)
    print("%d tests on %s, %d failed" % (len(tests), NAME, len(bad)))
    sys.exit(1 if bad else 0)


main()

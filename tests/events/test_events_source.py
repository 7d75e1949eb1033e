"""`binstream events --source`: a live server's log must be, line for line, what is in its files.

    test_events_source.py SERVER [TEST ...]
"""

import os
import re
import signal
import sys
import tempfile
import time
import traceback

from bs_events import BINSTREAM, Output, run
from bs_process import Process
from bs_proxy import Proxy
from bs_servers import Server, flavour, require

NAME = sys.argv[1]
MARIADB = flavour(NAME) == "mariadb"
WAIT_S = 30
BIG = 17 << 20  # more than one packet of the protocol

TABLE = """CREATE TABLE e.t (id INT UNSIGNED PRIMARY KEY, v VARCHAR(50) CHARACTER SET utf8, n DECIMAL(9,3), d DATETIME,
    b BINARY(4), e ENUM('x','y')) ENGINE=InnoDB"""
WORK = [
    "CREATE DATABASE e", TABLE, "CREATE TABLE e.big (id INT PRIMARY KEY, data LONGBLOB) ENGINE=InnoDB",
    "CREATE TABLE e.other (id INT PRIMARY KEY) ENGINE=InnoDB",
    "INSERT INTO e.t VALUES (1,'a',1.5,'2024-02-29 12:00:00',X'01','x'),(4294967295,'\u00e4',-1.5,NULL,X'0102',NULL)",
    "BEGIN", "UPDATE e.t SET v='b', n=n+1", "INSERT INTO e.other VALUES (1),(2)", "DELETE FROM e.t WHERE id=1", "COMMIT",
    "ALTER TABLE e.other ADD c INT", "FLUSH BINARY LOGS",
    "SET SESSION binlog_format='STATEMENT'", "SET @word = 'said'", "INSERT INTO e.t (id, v) VALUES (7, @word)",
    "SET SESSION binlog_format='ROW'", "INSERT INTO e.big VALUES (1, REPEAT('x', %d))" % BIG,
    "UPDATE e.other SET c = id", "FLUSH BINARY LOGS", "INSERT INTO e.t (id) VALUES (8)", "DROP TABLE e.other",
]
COMPRESSED = (["SET GLOBAL log_bin_compress=ON", "INSERT INTO e.t (id, v) VALUES (20, REPEAT('z', 50)),(21, REPEAT('z', 50))",
               "SET GLOBAL log_bin_compress=OFF"] if MARIADB else
              ["SET SESSION binlog_transaction_compression=ON", "INSERT INTO e.t (id) VALUES (20),(21)",
               "SET SESSION binlog_transaction_compression=OFF"])


class Source:
    def __init__(self, server):
        self.server = server
        self.connection = server.connect(charset="utf8")
        self.uri = server.uri() + "?ssl-mode=DISABLED"
        self.execute(*WORK)
        if NAME not in ("mysql-5.6", "mysql-5.7"):
            self.execute(*COMPRESSED)

    def execute(self, *statements):
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            rows = cursor.fetchall()
        return [row if isinstance(row, tuple) else tuple(row.values()) for row in rows or ()]

    def files(self):
        names = [row[0] for row in self.execute("SHOW BINARY LOGS")]
        base = self.execute("SELECT @@log_bin_basename")[0][0]
        return [os.path.join(os.path.dirname(base), name) for name in names]


def good(*arguments):
    output = run(*arguments)
    assert output.code == 0, (arguments, output.err)
    return output


def lines(output):
    """All but the line of the format. A file that is being written says so; its server does not."""
    return [line.replace(b'"flags":["IN_USE"],', b"") for line in output.out.split(b"\n")[1:-1]]


def same(left, right):
    for number, (one, other) in enumerate(zip(left, right)):
        assert one == other, "line %d:\n%s\n%s" % (number, one[:500], other[:500])
    assert len(left) == len(right), "%d lines, %d lines" % (len(left), len(right))


def test_a_server_gives_what_its_files_hold(source, folder):
    files = good(*source.files())
    live = good("--source", source.uri)
    same(lines(files), lines(live))
    rows = [row for _, row in live.all_rows()]
    assert len(rows) > 10 and any(row["table"] == "big" for row in rows)


def test_bounds_are_those_of_files(source, folder):
    files = source.files()
    events = good(*files).events
    names = [event for event in events if event.name == "GTID"]
    middle = [event for event in events if event.name == "TABLE_MAP" and event["file"].endswith("2")][0]
    bounds = [("--start", "%s:%d" % (middle["file"], middle["pos"])),
              ("--stop", "%s:%d" % (middle["file"], middle["pos"])),
              ("--start", "%s:4" % os.path.basename(files[2])),
              ("--start", time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(middle["time"])))]
    if names:
        bounds += [("--start", names[len(names) // 2]["gtid"]), ("--stop", names[len(names) // 2]["gtid"])]
    for bound in bounds:
        wanted, given = good(*bound, *files), good(*bound, "--source", source.uri)
        first = bound[0] == "--start" and ":" in bound[1] and bound[1].startswith("binlog")
        skip = 1 if first and not bound[1].endswith(":4") else 0
        assert lines(wanted), bound
        # From the middle of a file, the stream has no FORMAT_DESCRIPTION of its own; nor has the file behind the bound.
        assert skip == 0 or b"FORMAT_DESCRIPTION" not in lines(wanted)[0], bound
        same(lines(wanted), lines(given))


def test_selection_and_counts_are_those_of_files(source, folder):
    files = source.files()
    for more in (["--tables", "e.other"], ["--databases", "nowhere"], ["--exclude-tables", "e.big"]):
        same(lines(good(*more, *files)), lines(good(*more, "--source", source.uri)))
    assert good_text("--stats", *files) == good_text("--stats", "--source", source.uri)


def good_text(*arguments):
    return Text(*arguments).out


class Text:
    """A run whose output is no lines of events."""

    def __init__(self, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            process = Process([BINSTREAM, "events", *arguments], os.path.join(folder, "run"))
            process.wait(WAIT_S)
            self.code, self.out, self.err = process.code, process.out, process.err
        assert self.code == 0, self.err


def follow(source, folder, *more):
    return Process([BINSTREAM, "events", "--source", source.uri, "--follow", *more], os.path.join(folder, "follow"))


def await_text(process, text):
    deadline = time.monotonic() + WAIT_S
    while text not in process.out:
        assert process.running and time.monotonic() < deadline, (text, process.out[-500:], process.err)
        time.sleep(0.02)


def status(source):
    """Where the log ends now."""
    files = source.files()
    return "%s:%d" % (os.path.basename(files[-1]), os.path.getsize(files[-1]))


def test_follow_goes_on_until_it_is_stopped(source, folder):
    start = status(source)
    process = follow(source, folder, "--start", start)
    try:
        for number in range(100, 103):
            source.execute("INSERT INTO e.t (id, v) VALUES (%d, 'live %d')" % (number, number))
            await_text(process, "live %d" % number)
        os.kill(process.pid, signal.SIGTERM)
        process.wait(WAIT_S)
    finally:
        process.kill9()
    assert process.code == 6, (process.code, process.err)
    output = Output(6, process.out.encode(), process.err.encode())
    same(lines(output), lines(good("--start", start, *source.files())))


def test_follow_ends_behind_the_last_transaction_of_stop(source, folder):
    if not MARIADB:
        return  # the other servers run without GTIDs here; the bound is tested on files
    start = status(source)
    source.execute("INSERT INTO e.t (id, v) VALUES (200, 'last')")
    last = [event for event in good("--start", start, *source.files()).events if event.name == "GTID"][-1]
    process = follow(source, folder, "--start", start, "--stop", last["gtid"])
    process.wait(WAIT_S)
    assert process.code == 0, process.err
    assert process.out.rstrip().split("\n")[-1].startswith('{"event":"XID"'), process.out[-300:]


def test_silence_prints_nothing(source, folder):
    start = status(source)
    process = follow(source, folder, "--start", start)
    try:
        time.sleep(6)  # longer than the interval of heartbeats, whose absence is to be seen
        source.execute("INSERT INTO e.t (id, v) VALUES (300, 'after silence')")
        await_text(process, "after silence")
    finally:
        process.kill9()
    assert "HEARTBEAT" not in process.out, process.out


def refused(code, words, *arguments):
    output = run(*arguments)
    assert output.code == code, (arguments, output.code, output.err)
    for word in words:
        assert word in output.err, (word, output.err)
    assert not output.events or code == 1, output.out[:300]


def test_what_cannot_be_read_is_told(source, folder):
    first = os.path.basename(source.files()[0])
    refused(5, ["what to do"], "--source", source.uri, "--start", "binlog.999999:4")
    refused(1, ["what to do"], "--source", source.uri.replace("root", "nobody", 1))
    refused(1, [], "--source", re.sub(r":\d+/", ":1/", source.uri) + "&connect-timeout=2")
    source.execute("GRANT USAGE ON *.* TO plain@'%' IDENTIFIED BY 'p'" if NAME != "mysql-9.7" else
                   "CREATE USER plain@'%' IDENTIFIED BY 'p'")
    refused(1, ["REPLICATION SLAVE"], "--source", source.uri.replace("root@", "plain:p@").replace("ssl-mode=DISABLED",
            "ssl-mode=PREFERRED" if NAME != "mysql-5.6" else "ssl-mode=DISABLED"))
    refused(2, ["--follow"], "--follow", first)
    refused(2, [], "--source", "http://nowhere/")


def test_a_cut_connection_tells_where_to_go_on(source, folder):
    start = status(source)
    with Proxy(source.server.port) as proxy:
        uri = re.sub(r":\d+/", ":%d/" % proxy.port, source.uri)
        process = Process([BINSTREAM, "events", "--source", uri, "--follow", "--start", start], os.path.join(folder, "cut"))
        try:
            source.execute("BEGIN", "INSERT INTO e.t (id, v) VALUES (400, 'before the cut')", "COMMIT")
            await_text(process, "before the cut")
            proxy.cut()
            process.wait(WAIT_S)
        finally:
            process.kill9()
    assert process.code == 1, (process.code, process.err)
    again = re.search(r"go on with --start (\S+)", process.err)
    assert again, process.err
    source.execute("INSERT INTO e.t (id, v) VALUES (401, 'behind the cut')")
    before = Output(1, process.out.encode(), process.err.encode())
    behind = good("--source", source.uri, "--start", again.group(1))
    whole = good("--start", start, *source.files())
    same(lines(whole), lines(before) + lines(behind))


def test_schema_gives_names_where_they_fit(source, folder):
    source.execute("CREATE TABLE e.named (id INT UNSIGNED, word CHAR(5) CHARACTER SET latin1) ENGINE=InnoDB",
                   "CREATE TABLE e.grown (id INT) ENGINE=InnoDB")
    start = status(source)
    source.execute("INSERT INTO e.named VALUES (4294967295, 'w\u00f6rt')", "INSERT INTO e.grown VALUES (1)",
                   "ALTER TABLE e.grown ADD more INT", "INSERT INTO e.grown VALUES (2, 3)")
    rows = [row["after"] for _, row in good("--source", source.uri, "--start", start, "--schema", source.uri).all_rows()]
    assert rows == [{"id": 4294967295, "word": {"hex": "77f67274"}}, {"@1": 1}, {"id": 2, "more": 3}], rows


def test_old_temporals_need_the_schema(source, folder):
    if not MARIADB:
        return
    source.execute("SET GLOBAL mysql56_temporal_format=OFF")
    other = Source.__new__(Source)
    other.server, other.uri, other.connection = source.server, source.uri, source.server.connect()
    other.execute("CREATE TABLE e.old (t TIME(3), d DATETIME(6), s TIMESTAMP(2) NULL) ENGINE=InnoDB")
    source.execute("SET GLOBAL mysql56_temporal_format=ON")
    start = status(source)
    other.execute("SET time_zone='+00:00'", "INSERT INTO e.old VALUES ('-12:34:56.789', '2024-02-29 01:02:03.456789', "
                  "'2020-01-01 00:00:00.25')")
    refused(1, ["--schema", "old"], "--source", source.uri, "--start", start)
    rows = [row["after"] for _, row in good("--source", source.uri, "--start", start, "--schema", source.uri).all_rows()]
    assert rows == [{"t": "-12:34:56.789", "d": "2024-02-29 01:02:03.456789", "s": "2020-01-01 00:00:00.25"}], rows


def test_mariadb_types_are_texts_with_the_schema(source, folder):
    if NAME != "mariadb-11.8":
        return
    source.execute("CREATE TABLE e.addresses (u UUID, i4 INET4, i6 INET6) ENGINE=InnoDB")
    start = status(source)
    source.execute("INSERT INTO e.addresses VALUES ('123e4567-e89b-12d3-a456-426655440000', '10.0.0.1', '2001:db8::')")
    rows = [row["after"] for _, row in good("--source", source.uri, "--start", start, "--schema", source.uri).all_rows()]
    assert rows == [{"u": "123e4567-e89b-12d3-a456-426655440000", "i4": "10.0.0.1", "i6": "2001:db8::"}], rows


def test_hidden_columns_are_not_mislabelled(source, folder):
    """What SHOW CREATE TABLE does not show may be in the log: then the definition does not fit."""
    if MARIADB:
        source.execute("CREATE TABLE e.hidden (id INT PRIMARY KEY, b BLOB, UNIQUE KEY (b)) ENGINE=InnoDB")
    elif NAME == "mysql-9.7":
        source.execute("SET SESSION sql_generate_invisible_primary_key=ON",
                       "CREATE TABLE e.hidden (id INT, b VARCHAR(9), KEY ((UPPER(b)))) ENGINE=InnoDB",
                       "SET SESSION sql_generate_invisible_primary_key=OFF")
    else:
        return
    start = status(source)
    source.execute("INSERT INTO e.hidden (id, b) VALUES (7, 'abc')")
    rows = [row["after"] for _, row in good("--source", source.uri, "--start", start, "--schema", source.uri).all_rows()]
    assert len(rows) == 1, rows
    if "id" in rows[0]:
        assert rows[0]["id"] == 7, rows
    else:
        assert all(key.startswith("@") for key in rows[0]), rows


def main():
    require(NAME)
    failed = []
    with Server(NAME, options=["--max-allowed-packet=64M", "--loose-innodb-log-file-size=200M"]) as server:
        source = Source(server)
        for name, test in list(globals().items()):
            if not name.startswith("test_") or sys.argv[2:] and not any(o in name for o in sys.argv[2:]):
                continue
            with tempfile.TemporaryDirectory() as folder:
                try:
                    test(source, folder)
                    print("ok  ", name, flush=True)
                except Exception:
                    failed.append(name)
                    print("FAIL %s\n%s" % (name, traceback.format_exc()[-3000:]), flush=True)
    sys.exit("failed: %s" % failed if failed else 0)


if __name__ == "__main__":
    main()

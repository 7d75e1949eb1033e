"""`binstream events --source`: a live server's log, held against the files of the same server.

    test_events_source.py SERVER [--gtid off] [--collations PROGRAM] [TEST ...]

One server, one varied log; each test_ function is a test. A stream is the same as the files line for line,
but for IN_USE (bs_live.py): ROTATE and FORMAT_DESCRIPTION events that the server makes up, and heartbeats,
are not printed.
"""

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import traceback

import bs_server_fetch
import bs_servers
from bs_events import walk
from bs_live import Follower, bad, good, place, plain, run, same
from bs_proxy import Damage, Proxy
from bs_source_workload import Workload

PROMPT_S = 1.0
HEARTBEAT_S = 5.0


class Lab:
    def __init__(self, server, options):
        self.server, self.options = server, options
        self.mysql = bs_servers.flavour(server.name) == "mysql"
        self.has_gtids = options.gtid == "on"
        self.collations = options.collations
        self.uri = server.uri() + "?ssl-mode=DISABLED"
        self.write = Workload(server)

    def files(self):
        return [os.path.join(self.server.datadir, row[0]) for row in self.server.query("SHOW BINARY LOGS")]

    def settle(self):
        """MariaDB writes BINLOG_CHECKPOINT events in its own time, the last of them names the last file."""
        deadline = time.monotonic() + 30
        while not self.mysql:
            file = self.server.query("SHOW BINARY LOGS")[-1][0]
            if ("Binlog_checkpoint", file) in [(row[2], row[5]) for row in self.server.query(
                    "SHOW BINLOG EVENTS IN '%s' LIMIT 50" % file)]:
                return
            assert time.monotonic() < deadline, "no checkpoint in " + file
            time.sleep(0.01)

    def end(self):
        """FILE:POS of the end of the log."""
        self.settle()
        return "%s:%d" % self.server.query("SHOW BINARY LOGS")[-1][:2]

    def stream(self, *options):
        self.settle()
        return good(*options, "--source", self.uri)

    def filed(self, *options):
        """The same from the files."""
        return good(*options, *self.files())

    def fill(self):
        self.write.fill()
        self.settle()
        self.whole = good(*self.files())
        self.events = [line for line in self.whole if line.startswith('{"event"') and '"inner":' not in line]
        names = {json.loads(line)["event"] for line in self.events}
        print("     %d lines, %d events in %d files: %s" % (
            len(self.whole), len(self.events), len(self.files()), " ".join(sorted(names))))
        print("     this server has not: %s" % self.write.skipped)

    def groups(self):
        """[(gtid, [lines])] of all groups that have a name."""
        between = ("FORMAT_DESCRIPTION", "ROTATE", "STOP", "BINLOG_CHECKPOINT", "GTID_LIST", "PREVIOUS_GTIDS")
        groups, is_open = [], False
        for line in self.whole:
            name = re.match(r'{"event":"([^"]*)"', line)
            if name and name.group(1) in ("GTID", "GTID_TAGGED"):
                groups.append((json.loads(line)["gtid"], []))
                is_open = True
            elif name and (name.group(1) in between or name.group(1) == "ANONYMOUS_GTID"):
                is_open = False
            if is_open:
                groups[-1][1].append(line)
        return groups


# -- all of it ------------------------------------------------------------------------------------


def test_the_stream_is_the_files(lab):
    same(lab.stream(), lab.whole, "the whole log")


def test_compression_changes_nothing(lab):
    same(good("--source", lab.uri + "&compress=zlib"), lab.whole, "the whole log, zlib")


def test_a_server_that_writes_checksums_no_more(lab):
    """The files have them. (One has none, and the other tests read it from a server that does.)"""
    lab.server.query("SET GLOBAL binlog_checksum = NONE")
    try:
        same(lab.stream(), lab.filed(), "the whole log")
    finally:
        lab.server.query("SET GLOBAL binlog_checksum = CRC32")


def test_stats_are_those_of_the_files(lab):
    lab.settle()
    for json_too in ([], ["--json"]):
        stream = run("--stats", *json_too, "--source", lab.uri)
        files = run("--stats", *json_too, *lab.files())
        assert stream == files and stream[0] == 0, (stream, files)


def test_selections(lab):
    for options in (["--tables", "w.other"], ["--tables", "w.t%,w.doc"], ["--databases", "nothing"],
                    ["--databases", "w", "--exclude-tables", "w.types"]):
        got, want = lab.stream(*options), lab.filed(*options)
        same(got, want, options)
        assert len(got) < len(lab.whole)


# -- parts of it ----------------------------------------------------------------------------------


def both(lab, *options):
    got, want = lab.stream(*options), lab.filed(*options)
    same(got, want, options)
    return got


def test_positions(lab):
    files = [os.path.basename(path) for path in lab.files()]
    last_of_first = [place(line) for line in lab.events if place(line)[0] == files[0]][-1]
    for start, stop in ((files[1] + ":4", files[2] + ":4"), (files[0] + ":4", files[0] + ":4"),
                        ("%s:%d" % last_of_first, files[1] + ":300"), (files[2] + ":4", lab.end())):
        got = both(lab, "--start", start, "--stop", stop)
        assert bool(got) == (start != stop), (start, stop, len(got))
    assert both(lab, "--start", lab.end()) == []


def test_positions_of_every_kind_of_event(lab):
    """Also of rows, whose table map lies in front of the place."""
    kinds = {}
    for line in lab.events:
        kinds.setdefault(json.loads(line)["event"], []).append(place(line))
    for kind, places in kinds.items():
        for file, pos in {places[0], places[len(places) // 2]}:
            here = "%s:%d" % (file, pos)
            got = both(lab, "--start", here, "--stop", "%s:%d" % (file, pos + 1500))
            assert got[0].startswith('{"event":"%s"' % kind), (kind, here, got[0])
            assert place(got[0]) == (file, pos), (kind, here, got[0])


def test_a_start_inside_of_a_statement_of_two_tables(lab):
    """The map of the second table is told, then rows of the first come, whose map was not read."""
    maps = [i for i, line in enumerate(lab.whole) if line.startswith('{"event":"TABLE_MAP"')]
    second = [i for i, next_one in zip(maps, maps[1:]) if next_one == i + 1]
    assert second
    for i in second[:2]:
        got = both(lab, "--start", "%s:%d" % place(lab.whole[i + 1]))
        same(got[:2], lab.whole[i + 1:i + 3], "from the second map")


def test_a_large_transaction(lab):
    """From each of its events on. MariaDB from 11.7 on makes a file of it, and its events have no log_pos."""
    rows = [i for i, line in enumerate(lab.events) if '"table":"large"' in line]
    file = place(lab.events[rows[0]])[0]
    with open(os.path.join(lab.server.datadir, file), "rb") as log:
        frames = list(walk(log.read()))
    has_no_pos = [frame for frame in frames if frame.log_pos == 0]
    assert bool(has_no_pos) == (not lab.mysql and lab.write.version >= (11, 7)), has_no_pos
    for line in lab.events[rows[0] - 3:rows[-1] + 5]:
        here = "%s:%d" % place(line)
        got = both(lab, "--start", here, "--stop", "%s:%d" % (place(line)[0], place(line)[1] + 20))
        assert got[0] == line, (here, got[0][:200])


def test_times(lab):
    stamps = sorted({json.loads(line)["time"] for line in lab.events})
    middle = stamps[len(stamps) // 2]
    text = lambda stamp: time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(stamp))
    assert both(lab, "--start", text(middle))
    assert both(lab, "--stop", text(middle))
    both(lab, "--start", text(stamps[1]), "--stop", text(stamps[-1]))
    assert both(lab, "--start", text(stamps[-1] + 100)) == []


def test_gtids(lab):
    groups = lab.groups()
    if not lab.has_gtids:
        return
    kinds = {}
    for number, (_, lines) in enumerate(groups):
        shape = tuple(json.loads(line)["event"] for line in lines if line.startswith('{"event"'))
        statement = re.search(r'"sql":"(\w+ \w+|\w+)', lines[1])
        kinds.setdefault((shape, statement and statement.group(1)), number)
    for number in kinds.values():
        gtid, lines = groups[number]
        same(lab.filed("--start", gtid, "--stop", gtid), lines, "group " + gtid)
    for number in (0, len(groups) // 2, len(groups) - 1):
        same(both(lab, "--start", groups[number][0], "--stop", groups[number][0]), groups[number][1], "group")
    both(lab, "--start", groups[len(groups) // 3][0])


def test_a_gtid_is_read_from_its_file_on(lab):
    """Whichever that is; what lies before is not looked at, and may be damaged."""
    if not lab.has_gtids:
        return
    lab.settle()
    firsts = {}
    for gtid, lines in lab.groups():
        firsts.setdefault(place(lines[0])[0], (gtid, lines))
    assert len(firsts) >= 3, firsts.keys()
    for gtid, lines in firsts.values():
        same(both(lab, "--start", gtid, "--stop", gtid), lines, gtid)
    names, (last, lines) = sorted(firsts), firsts[max(firsts)]
    for name in names[:-1]:
        path = os.path.join(lab.server.datadir, name)
        with open(path, "rb+") as file:
            whole = file.read()
            file.seek(len(whole) // 2)
            file.write(bytes(40))
            file.flush()
            try:
                same(lab.stream("--start", last, "--stop", last), lines, "behind the damage of " + name)
                assert Follower("--start", last, "--stop", last, "--source", lab.uri).end()[0] == 0
            finally:
                file.seek(0)
                file.write(whole)


def test_bounds_that_are_not_there(lab):
    gtid = "3e11fa47-71ca-11e1-9e33-c80aa9429562:5" if lab.mysql else "7-7-7"
    bad(2, ["--start", gtid], "--start", gtid, "--source", lab.uri)
    bad(2, ["--stop", gtid], "--stop", gtid, "--source", lab.uri)
    bad(2, ["--stop", "nowhere.000001"], "--stop", "nowhere.000001:4", "--source", lab.uri)


# -- following ------------------------------------------------------------------------------------


def test_follow(lab):
    start = lab.end()
    follower = Follower("--start", start, "--source", lab.uri)
    lab.server.query("INSERT INTO w.other (id,v) VALUES (600,'first')")
    follower.wait_for('"first"')
    took = []
    for number in range(5):
        began = time.monotonic()
        lab.server.query("UPDATE w.other SET v = 'follow %d' WHERE id = 600" % number)
        follower.wait_for('"after":{"@1":600,"@2":"follow %d"' % number)
        took.append(time.monotonic() - began)
    assert sorted(took)[2] < PROMPT_S, "lines come late: %s" % took
    lab.server.query("FLUSH BINARY LOGS")
    lab.settle()
    lab.server.query("INSERT INTO w.other (id,v) VALUES (601,'in the next file')")
    follower.wait_for("in the next file")
    code, lines, err = follower.end(signal.SIGTERM)
    assert code == 6 and "stopped by request" in err, (code, err)
    same(lines, lab.filed("--start", start), "what was followed")
    again = re.search(r"--start ([^\s;,]+)", err).group(1)
    lab.server.query("INSERT INTO w.other (id,v) VALUES (602,'after the stop')")
    same(lines + lab.stream("--start", again), lab.filed("--start", start), "the rest")


def test_follow_ends_behind_the_last_wanted(lab):
    """Without waiting for what comes next."""
    for what in ("UPDATE w.other SET more = 50 WHERE id = 1", "CREATE TABLE w.followed (id INT)",
                 "INSERT INTO w.mi VALUES (50,'x')"):
        start = lab.end()
        lab.server.query(what)
        stops = [lab.end()]
        if lab.has_gtids:
            lines = lab.filed("--start", start)
            stops += [json.loads(line)["gtid"] for line in lines if '"event":"GTID"' in line][-1:]
        for stop in stops:
            code, got, err = Follower("--start", start, "--stop", stop, "--source", lab.uri).end()
            assert code == 0 and not err, (stop, code, err)
            same(got, lab.filed("--start", start, "--stop", stop), (what, stop))


def test_idle_heartbeats_are_not_printed(lab):
    """The follower of main() ran beside all other tests."""
    follower = lab.follower
    time.sleep(max(0, HEARTBEAT_S + 1.5 - (time.monotonic() - follower.began)))
    lab.settle()
    lab.server.query("INSERT INTO w.other (id,v) VALUES (700,'at the end')")
    follower.wait_for("at the end")
    code, lines, err = follower.end(signal.SIGINT)
    assert code == 6, (code, err)
    same(lines, lab.filed(), "the long run")


# -- what goes wrong ------------------------------------------------------------------------------


def test_no_such_place(lab):
    files = [os.path.basename(path) for path in lab.files()]
    start = lambda where: ["--start", where, "--source", lab.uri]
    assert bad(5, ["SHOW BINARY LOGS"], *start("binlog.009999:4")) == []
    assert bad(5, ["SHOW BINARY LOGS"], *start(files[-1] + ":99000000")) == []
    inside = place(lab.events[len(lab.events) // 2])
    # The position of no event: each server has its own words for that.
    code, out, err = run(*start("%s:%d" % (inside[0], inside[1] + 5)))
    assert code in (1, 5) and plain(out) == [] and "position" in err, (code, out, err)


def test_logins(lab):
    lab.server.query("CREATE USER few@'127.0.0.1' IDENTIFIED BY 'few'")
    uri = lab.server.uri("few", "few")
    assert bad(1, ["REPLICATION SLAVE"], "--source", uri) == []
    wrong = lab.server.uri("few", "wrong")
    assert bad(1, ["Access denied", "check user and password"], "--source", wrong) == []
    lab.server.query("GRANT REPLICATION SLAVE ON *.* TO few@'127.0.0.1'")
    same(good("--source", uri), lab.filed(), "with REPLICATION SLAVE alone")


def test_unreachable(lab):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        uri = "mysql://root@127.0.0.1:%d/" % nobody.getsockname()[1]
        assert bad(1, ["127.0.0.1", "refused"], "--source", uri) == []
    bad(1, ["no-such-host"], "--source", "mysql://root@no-such-host.invalid/")


def test_a_connection_that_is_cut(lab):
    whole = lab.filed()
    rows = len([line for line in whole if re.match(r'{"event":"(WRITE|UPDATE|DELETE)_ROWS(_V1)?"', line)
                and '"inner":' not in line])
    with Proxy(lab.server.port) as proxy:
        uri = "mysql://root@127.0.0.1:%d/?ssl-mode=DISABLED" % proxy.port
        for nth in sorted({1, 4, 5, 6, rows // 2, rows - 2, rows}):
            proxy.damage = Damage("break", nth)
            code, out, err = run("--source", uri)
            assert code == 1 and proxy.damage.done.is_set(), (nth, code, err)
            cut(lab, plain(out), whole, err)


def cut(lab, got, whole, err):
    """What came is the beginning, and the rest comes by doing what the message says."""
    same(got, whole[:len(got)], "before the cut")
    start = re.search(r"--start ([^\s;,]+):(\d+)", err)
    again = re.search(r"its events before (\d+)", err)
    assert start, err
    file, pos = start.group(1), int(start.group(2))
    kept = [line for line in got if place(line)[0] != file or place(line)[1] < pos]
    assert (len(kept) < len(got)) == bool(again), (len(kept), len(got), err)
    if again:
        assert json.loads(got[len(kept)])["event"] in ("GTID", "QUERY", "ANONYMOUS_GTID"), got[len(kept)]
        assert int(again.group(1)) == place(whole[len(got)])[1], (err, whole[len(got)][:100])
    same(kept + lab.stream("--start", "%s:%d" % (file, pos)), whole, "the rest")


def test_follow_whose_connection_is_cut(lab):
    with Proxy(lab.server.port) as proxy:
        start = lab.end()
        uri = "mysql://root@127.0.0.1:%d/?ssl-mode=DISABLED" % proxy.port
        follower = Follower("--start", start, "--source", uri)
        lab.server.query("UPDATE w.other SET v = 'before the cut' WHERE id = 1")
        follower.wait_for("before the cut")
        proxy.cut()
        code, lines, err = follower.end()
        assert code == 1 and "its events before" not in err, (code, err)
        lab.server.query("UPDATE w.other SET v = 'behind the cut' WHERE id = 1")
        again = re.search(r"--start ([^\s;,]+)", err).group(1)
        same(lines + lab.stream("--start", again), lab.filed("--start", start), "both")


# -- definitions ----------------------------------------------------------------------------------


def test_schema(lab):
    run_sql = lab.write.run
    start = lab.end()
    run_sql("CREATE TABLE named (id INT PRIMARY KEY, c VARCHAR(20) CHARACTER SET latin1, b VARBINARY(20), "
            "u INT UNSIGNED) ENGINE=InnoDB", "CREATE TABLE wider LIKE named",
            "CREATE TABLE dropped LIKE named",
            "INSERT INTO named VALUES (1,'gr\u00fc\u00df','b',4000000000)",
            "INSERT INTO wider VALUES (1,'a','b',2)", "INSERT INTO dropped VALUES (1,'a','b',2)",
            "ALTER TABLE wider ADD COLUMN x INT AFTER id", "DROP TABLE dropped")
    code, out, err = run("--start", start, "--schema", lab.uri, "--source", lab.uri)
    assert code == 0 and len(re.findall("is not the one in the log", err)) == 1, err
    assert "w.wider" in err and "5 columns, 4 in the log" in err and "what to do" in err, err
    lines = [json.loads(line) for line in plain(out)]
    maps = {line["table"]: line for line in lines if line.get("event") == "TABLE_MAP"}
    rows = {line["table"]: line for line in lines if "row" in line}
    assert maps["named"]["names"] == "schema" and maps["named"]["primary_key"] == ["id"], maps["named"]
    want = {"id": 1, "c": {"hex": "6772fcdf"}, "b": {"hex": "62"}, "u": 4000000000}
    assert rows["named"]["after"] == want, rows["named"]
    for table in ("wider", "dropped"):
        assert maps[table]["names"] == "none" and "primary_key" not in maps[table], maps[table]
        assert list(rows[table]["after"]) == ["@1", "@2", "@3", "@4"], rows[table]
    same(plain(run("--start", start, "--schema", lab.uri, *lab.files())[1]), plain(out), "from the files")
    good("--start", start, "--schema", lab.uri, "--source", lab.uri, "--exclude-tables", "w.wider")


def with_metadata(lab, kind, *statements):
    """The lines of these statements under --schema, and what was said."""
    start = lab.end()
    before = lab.server.query("SELECT @@GLOBAL.binlog_row_metadata")[0][0]
    lab.server.query("SET GLOBAL binlog_row_metadata = " + kind)
    lab.write.connect()
    lab.write.run(*statements)
    lab.server.query("SET GLOBAL binlog_row_metadata = " + before)
    lab.write.connect()
    code, out, err = run("--start", start, "--schema", lab.uri, "--source", lab.uri)
    assert code == 0, err
    lines = [json.loads(line) for line in plain(out)]
    return ({line["table"]: line for line in lines if line.get("event") == "TABLE_MAP"},
            {line["table"]: line["after"] for line in lines if "row" in line}, err)


def test_schema_has_labels(lab):
    start = lab.end()
    lab.write.run("CREATE TABLE labels (id INT, e ENUM('a','b''c','d\\\\e','f\\ng','gr\u00fcn, \u00dcber') "
                  "CHARACTER SET latin1, s SET('x','y','\u00e4') CHARACTER SET latin1, b ENUM('q') CHARACTER SET "
                  "binary, m ENUM('yes','why?') CHARACTER SET utf8mb4, PRIMARY KEY (e, id)) ENGINE=InnoDB",
                  "INSERT INTO labels VALUES (1,'b''c','x,\u00e4','q','yes'), (2,'d\\\\e','','q','yes'), "
                  "(3,'f\\ng','y','q',2), (4,'gr\u00fcn, \u00dcber','x','q','why?')")
    lines = [json.loads(line) for line in both(lab, "--start", start, "--schema", lab.uri)]
    assert [tuple(line["after"].values()) for line in lines if "row" in line] == [
        (1, "b'c", ["x", "\u00e4"], 1, 1), (2, "d\\e", [], 1, 1), (3, "f\ng", ["y"], 1, 2),
        (4, "gr\u00fcn, \u00dcber", ["x"], 1, 2)], lines
    told = [line for line in lines if line.get("event") == "TABLE_MAP"][0]
    assert told["columns"][1]["labels"][1] == "b'c" and "labels" not in told["columns"][3], told
    assert told["primary_key"] == ["e", "id"], told


def test_schema_adds_only_what_the_log_lacks(lab):
    """Each table is another one by now, and the log tells what it was."""
    if lab.write.version < (8, 0):
        return
    maps, rows, err = with_metadata(
        lab, "MINIMAL", "CREATE TABLE kept (c VARCHAR(20) CHARACTER SET latin1, u BIGINT UNSIGNED) ENGINE=InnoDB",
        "CREATE TABLE bytes (c VARCHAR(20) CHARACTER SET latin1) ENGINE=InnoDB",
        "CREATE TABLE sign (id INT, n INT UNSIGNED) ENGINE=InnoDB",
        # In latin1 these two letters are the bytes of one in UTF-8.
        "INSERT INTO kept VALUES ('\u00c3\u00bc',18446744073709551615)", "INSERT INTO bytes VALUES ('\u00fc')",
        "INSERT INTO sign VALUES (1,4000000000)",
        "ALTER TABLE kept MODIFY c VARCHAR(20) CHARACTER SET utf8mb4", "ALTER TABLE bytes MODIFY c VARBINARY(20)",
        "UPDATE sign SET n = 1 WHERE id = 1", "ALTER TABLE sign MODIFY n INT")
    assert rows["kept"] == {"c": {"hex": "c3bc"}, "u": 18446744073709551615}, rows
    assert rows["bytes"] == {"@1": {"hex": "fc"}} and maps["bytes"]["columns"][0]["type"] == "varchar", (rows, maps)
    assert re.search(r"w\.bytes .*column 1, `c` varbinary\(20\) there and varchar of 20 bytes in the log", err), err
    assert re.search(r"w\.sign .*column 2, `n` int\S* there and int unsigned in the log", err), err
    assert rows["sign"] == {"@1": 1, "@2": 1}, rows
    maps, rows, err = with_metadata(
        lab, "FULL", "CREATE TABLE all_told (e ENUM('one','two'), s SET('x','y')) ENGINE=InnoDB",
        "CREATE TABLE renamed (a INT, b INT) ENGINE=InnoDB", "INSERT INTO all_told VALUES ('two','y')",
        "INSERT INTO renamed VALUES (1,2)", "ALTER TABLE all_told MODIFY e ENUM('two','one'), MODIFY s SET('y','x'), "
        "ADD PRIMARY KEY (e)", "ALTER TABLE renamed CHANGE a b INT, CHANGE b a INT")
    assert rows["all_told"] == {"e": "two", "s": ["y"]} and "primary_key" not in maps["all_told"], (rows, maps)
    assert rows["renamed"] == {"a": 1, "b": 2} and maps["renamed"]["names"] == "log", (rows, maps)
    assert re.search(r"w\.renamed .*column 1, `b` int\S* there and `a` int in the log", err), err
    if not lab.mysql:
        _, rows, err = with_metadata(lab, "FULL", "CREATE TABLE sixteen (v CHAR(16) CHARACTER SET latin1)",
                                        "INSERT INTO sixteen VALUES ('sixteen  letters')", "DROP TABLE sixteen",
                                        "CREATE TABLE sixteen (v INET6)")
        assert rows["sixteen"] == {"v": "sixteen  letters"} and "w.sixteen" in err, (rows, err)
        for kind, value in (("UUID", "123e4567-e89b-12d3-a456-426655440000"), ("INET6", "2001:db8::ff00:42:8329")):
            if lab.write.version < (10, 10) and kind == "UUID":
                continue
            _, rows, err = with_metadata(lab, "FULL", "CREATE TABLE full_%s (v %s)" % (kind, kind),
                                         "INSERT INTO full_%s VALUES ('%s')" % (kind, value))
            assert rows["full_" + kind] == {"v": value} and not err, (rows, err)


def test_schema_that_cannot_be_had(lab):
    for uri in (lab.server.uri("root", "wrong"), "mysql://root@no-such-host.invalid/"):
        code, out, err = run("--schema", uri, "--source", lab.uri)
        assert code == 1 and out == "" and ("denied" in err or "no-such-host" in err), (code, out, err)
    assert run("--schema", "nothing", "--source", lab.uri)[0] == 2


def check_named(lab, table, create, insert, alter=None):
    """With --schema, a value stands under its column's name, or under @n; never under another's."""
    start = lab.end()
    lab.write.try_run(create.replace("TABLE", "TABLE " + table, 1),
                      *["ALTER TABLE %s %s" % (table, alter)] if alter else [],
                      "INSERT INTO %s %s" % (table, insert))
    if not lab.server.query("SHOW TABLES FROM w LIKE '%s'" % table):
        return None
    with lab.server.connect(database="w") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM " + table)
        stored = dict(zip((c[0] for c in cursor.description), cursor.fetchone()))
    lines = [json.loads(line) for line in both(lab, "--start", start, "--schema", lab.uri)]
    columns = [line for line in lines if line.get("event") == "TABLE_MAP"][-1]
    row = [line for line in lines if "row" in line][-1]["after"]
    assert len(row) == len(columns["columns"]), (row, columns)
    for name, value in row.items():
        if not name.startswith("@") and name in stored:
            shown = value if not isinstance(value, dict) else bytes.fromhex(value["hex"])
            assert shown == stored[name] or str(shown) == str(stored[name]), (table, name, value, stored)
    return columns["names"], row


def test_hidden_columns(lab):
    found = {}
    made = "CREATE TABLE (a INT, b VARCHAR(2000), c INT%s) ENGINE=InnoDB"
    values = "(a,b,c) VALUES (1,'two',3)"
    stored = "STORED" if lab.mysql else "PERSISTENT"
    if lab.mysql:
        lab.write.try_run("SET SESSION sql_generate_invisible_primary_key = ON")
        found["key of its own"] = check_named(lab, "gipk", made % "", values)
        found["key, altered"] = check_named(lab, "gipk2", made % "", values,
                                            "ADD COLUMN d INT DEFAULT 4 AFTER a")
        lab.write.try_run("SET SESSION sql_generate_invisible_primary_key = OFF")
        found["function"] = check_named(lab, "functional", made % ", KEY ((a + c)), KEY ((c * 2))", values)
        found["function, altered"] = check_named(lab, "functional2", made % ", KEY ((a + c))", values,
                                                 "ADD COLUMN d INT DEFAULT 4, ADD KEY ((d * 2))")
        arrays = "CREATE TABLE (j JSON, c INT, KEY ((CAST(j AS UNSIGNED ARRAY))))"
        found["array"] = check_named(lab, "multi", arrays, "(j,c) VALUES ('[1,2]',3)")
        found["invisible"] = check_named(lab, "invisible", made % ", d INT INVISIBLE DEFAULT 5", values)
    else:
        hashes = "CREATE TABLE (a INT, b TEXT, c INT, UNIQUE (b), UNIQUE (c,b)) ENGINE=InnoDB"
        found["hash"] = check_named(lab, "hashed", hashes, values)
        for number, where in enumerate(("", " AFTER a", " FIRST")):
            alter = "ADD COLUMN d INT UNIQUE DEFAULT 4%s, ADD UNIQUE (d, b)" % where
            found["hash, altered" + where] = check_named(lab, "hashed%d" % number, hashes, values, alter)
        found["versions"] = check_named(lab, "versioned", made % "" + " WITH SYSTEM VERSIONING", values)
        found["invisible"] = check_named(lab, "invisible", made % ", d INT INVISIBLE DEFAULT 5", values)
    computed = ", v INT AS (a + c) VIRTUAL, s INT AS (a * c) " + stored
    found["generated"] = check_named(lab, "computed", made % computed, values)
    print("     %s" % found)


def test_types_of_mariadb(lab):
    if lab.mysql:
        return
    start = lab.end()
    lab.write.run("SET GLOBAL mysql56_temporal_format = OFF",
                  "CREATE TABLE old (id INT PRIMARY KEY, t TIME(2), d DATETIME(4), s TIMESTAMP(6) NULL, "
                  "p DATETIME) ENGINE=InnoDB", "SET time_zone = '+00:00'",
                  "INSERT INTO old VALUES (1,'-12:13:14.15','2026-01-02 03:04:05.6789',"
                  "'2026-01-02 03:04:05.123456','1999-12-31 23:59:59')",
                  "SET GLOBAL mysql56_temporal_format = ON")
    lines = lab.stream("--start", start, "--schema", lab.uri)
    want = {"id": 1, "t": "-12:13:14.15", "d": "2026-01-02 03:04:05.6789", "s": "2026-01-02 03:04:05.123456",
            "p": "1999-12-31 23:59:59"}
    assert json.loads(lines[-2])["after"] == want, lines[-2]
    bad(1, ["--schema URI", "old temporal"], "--start", start, "--source", lab.uri)
    for kind, value in (("UUID", "123e4567-e89b-12d3-a456-426655440000"), ("INET6", "2001:db8::ff00:42:8329"),
                        ("INET4", "10.1.2.3")):
        found = check_named(lab, "t_" + kind.lower(), "CREATE TABLE (id INT PRIMARY KEY, v %s)" % kind,
                            "VALUES (1,'%s')" % value)
        assert found is None or found == ("schema", {"id": 1, "v": value}), found


def test_collations(lab):
    if not lab.collations:
        return
    flavour = "mysql" if lab.mysql else "mariadb"
    told = {}
    printed = subprocess.run([lab.collations], stdout=subprocess.PIPE, check=True).stdout.decode()
    for line in printed.splitlines():
        name, number, kind = line.split()
        told[name, int(number)] = kind
    utf8, wide = ("utf8", "utf8mb3", "utf8mb4", "ascii"), ("binary", "ucs2", "utf16", "utf16le", "utf32")
    ask = "SELECT id, character_set_name FROM information_schema."
    rows = list(lab.server.query(ask + "collations WHERE id IS NOT NULL"))
    if not lab.mysql and lab.write.version >= (10, 10):  # one collation has a number for each character set
        rows += lab.server.query(ask + "collation_character_set_applicability")
    wrong = [(number, name, told[flavour, number]) for number, name in rows if told[flavour, number] != (
        "utf8" if name in utf8 else "hex" if name in wide else "ascii")]
    assert len(rows) > 200 and not wrong, (len(rows), wrong)


# -- last, as they take something away ------------------------------------------------------------


def test_z1_purged_files(lab):
    files = [os.path.basename(path) for path in lab.files()]
    lab.server.query("PURGE BINARY LOGS TO '%s'" % files[2])
    assert bad(5, ["SHOW BINARY LOGS"], "--start", files[0] + ":4", "--source", lab.uri) == []
    gone = [(gtid, lines) for gtid, lines in lab.groups() if place(lines[0])[0] in files[:2]]
    for gtid, _ in (gone[0], gone[-1]) if lab.has_gtids else ():
        words = ["gone from the server's log", re.escape(files[2]), "purged"]
        assert bad(5, words, "--start", gtid, "--source", lab.uri) == []
        assert bad(5, words, "--follow", "--start", gtid, "--source", lab.uri) == []
    options = ["--exclude-tables", "w.old"]  # whose old temporal columns need a schema
    same(lab.stream(*options), lab.filed(*options), "from the oldest that is left")


def test_z2_a_server_that_goes_away(lab):
    """MariaDB shuts down; MySQL, which takes its time for that while somebody reads, is killed."""
    start = lab.end()
    follower = Follower("--start", start, "--source", lab.uri)
    lab.server.query("INSERT INTO w.other (id,v) VALUES (800,'before the end')")
    follower.wait_for("before the end")
    if lab.mysql:
        lab.server.kill9()
    lab.server.restart()
    lab.write.connect()
    lab.server.query("INSERT INTO w.other (id,v) VALUES (801,'begun again')")
    code, lines, err = follower.end()
    assert code == 1 and "its events before" not in err, (code, err)
    again = re.search(r"--start ([^\s;,]+)", err).group(1)
    same(lines + lab.stream("--start", again), lab.filed("--start", start), "before and behind")


def test_z3_encrypted_files(lab):
    """A server decrypts what it streams. Files are encrypted: positions are held against its own list."""
    if lab.mysql:
        return
    try:
        plugins = bs_server_fetch.ensure_plugins(lab.server.name)
    except bs_servers.Unavailable as error:
        print("     without: %s" % error)
        return
    keys = os.path.join(lab.server.dir, "keys")
    with open(keys, "w") as file:
        file.write("1;770A8A65DA156D24EE2A093277530142\n")
    lab.server.restart("--encrypt-binlog=ON", "--plugin-dir=" + plugins,
                       "--plugin-load-add=file_key_management", "--file-key-management-filename=" + keys)
    lab.server.query("CREATE TABLE w.secret (id INT PRIMARY KEY, v VARCHAR(100))")
    for number in range(3):
        lab.server.query("INSERT INTO w.secret VALUES (%d,'secret')" % number)
    file = os.path.basename(lab.files()[-1])
    with lab.server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW BINLOG EVENTS IN '%s'" % file)
        listed = [(row[1], row[4]) for row in cursor.fetchall()]
    lines = lab.stream("--start", file + ":4")
    events = [json.loads(line) for line in lines if '"event"' in line]
    assert "START_ENCRYPTION" in [event["event"] for event in events], events
    assert [(event["pos"], event["end"]) for event in events] == listed, (events, listed)
    inside = listed[-3][0]
    rest = [line for line in lines if place(line)[1] >= inside]
    same(lab.stream("--start", "%s:%d" % (file, inside)), rest, "from inside of the file")
    bad(1, ["--source URI"], lab.files()[-1])


def test_z4_a_log_that_is_off(lab):
    lab.server.restart("--skip-log-bin", *bs_servers.gtid_options(lab.server.name, False))
    assert bad(3, ["binary log is off", "log_bin"], "--source", lab.uri) == []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--gtid", choices=("on", "off"), default="on")
    parser.add_argument("--collations")
    parser.add_argument("tests", nargs="*")
    options = parser.parse_args()
    bs_servers.require(options.server)
    tests = [(n, f) for n, f in globals().items() if n.startswith("test_")]
    failed = []
    server_options = bs_servers.gtid_options(options.server, options.gtid == "on")
    with bs_servers.Server(options.server, options=server_options) as server:
        lab = Lab(server, options)
        lab.fill()
        lab.follower = Follower("--source", lab.uri)
        for name, test in tests:
            if options.tests and not any(o in name for o in options.tests):
                continue
            began = time.monotonic()
            try:
                test(lab)
                print("ok   %s (%.1f s)" % (name, time.monotonic() - began), flush=True)
            except Exception:
                failed.append(name)
                print("FAIL %s\n%s" % (name, traceback.format_exc()[-3000:]), flush=True)
        lab.follower.process.kill()
    sys.exit("failed: %s" % failed if failed else 0)


if __name__ == "__main__":
    main()

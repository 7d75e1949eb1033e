"""The command line of `binstream events`, on the golden binlogs: options, kinds of files, damage, exit codes.

    test_events_cli.py [TEST ...]
"""

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import bs_events
import bs_make
from bs_corpus import SOURCE
from bs_events import BINSTREAM, run, walk

GOLDEN = os.path.join(SOURCE, "tests/golden/binlog")
MYSQL = os.path.join(GOLDEN, "mysql-9.7.binlog")
MYSQL_GTID = os.path.join(GOLDEN, "mysql-9.7-gtid.binlog")
MARIADB = os.path.join(GOLDEN, "mariadb-11.8.binlog")
FILES = [os.path.join(GOLDEN, "files-mysql-9.7.%d.binlog" % number) for number in (1, 2, 3)]
STATEMENTS = os.path.join(GOLDEN, "statements-mariadb-10.11.binlog")
GIB = 1 << 30


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


def lines(output):
    """All but the line of the format, with the name of the file left out."""
    found = [json.loads(line) for line in output.out.decode().splitlines()[1:]]
    for line in found:
        line.pop("file", None)
    return found


def good(*arguments, **more):
    output = run(*arguments, **more)
    assert output.code == 0 and output.err == "", (arguments, output.code, output.err)
    return output


def bad(code, words, *arguments, **more):
    output = run(*arguments, **more)
    assert output.code == code, (arguments, output.code, output.err)
    for word in words:
        assert word in output.err, (arguments, word, output.err)
    return output


def body(output):
    """The events, without the FORMAT_DESCRIPTION, which comes first wherever reading starts."""
    return [event for event in output.events if event.name != "FORMAT_DESCRIPTION"]


# -- which files ----------------------------------------------------------------------------------


def test_plain_file(folder):
    for path in (MYSQL, MYSQL_GTID, MARIADB, STATEMENTS):
        output = good(path)
        problems = list(bs_events.check_frames(output.events, list(walk(read(path))), os.path.basename(path)))
        assert not problems, problems


def test_compressed_files(folder):
    plain = lines(good(MYSQL))
    packed = write(os.path.join(folder, "log.000001.gz"), gzip.compress(read(MYSQL)))
    assert lines(good(packed)) == plain
    if shutil.which("zstd"):
        subprocess.run(["zstd", "-q", MYSQL, "-o", os.path.join(folder, "log.000001.zst")], check=True)
        assert lines(good(os.path.join(folder, "log.000001.zst"))) == plain
    # What a file is is told by its first bytes, not by its name.
    assert lines(good(write(os.path.join(folder, "log.000002"), gzip.compress(read(MYSQL))))) == plain
    assert lines(good(write(os.path.join(folder, "plain.gz"), read(MYSQL)))) == plain


def test_two_members_of_gzip(folder):
    data = read(MYSQL)
    packed = gzip.compress(data[:1000]) + gzip.compress(data[1000:])
    assert lines(good(write(os.path.join(folder, "members.gz"), packed))) == lines(good(MYSQL))


def test_standard_input(folder):
    plain = lines(good(MYSQL))
    assert lines(good("-", stdin=read(MYSQL))) == plain
    assert lines(good("-", stdin=gzip.compress(read(MYSQL)))) == plain
    if shutil.which("zstd"):
        packed = subprocess.run(["zstd", "-qc", MYSQL], stdout=subprocess.PIPE, check=True).stdout
        assert lines(good("-", stdin=packed)) == plain


def test_input_in_small_pieces(folder):
    process = subprocess.Popen([BINSTREAM, "events", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    data = read(MYSQL)
    for at in range(0, len(data), 7):
        process.stdin.write(data[at:at + 7])
        process.stdin.flush()
    process.stdin.close()
    out = process.stdout.read()
    assert process.wait() == 0
    assert lines(bs_events.Output(0, out, b"")) == lines(good(MYSQL))


def test_several_files(folder):
    output = good(*FILES)
    names = [os.path.basename(path) for path in FILES]
    told = [event["file"] for event in output.events]
    assert sorted(set(told), key=told.index) == names, told
    assert output.out.count(b'"format":"binstream-events"') == 1
    one_by_one = [line for path in FILES for line in lines(good(path))]
    assert lines(output) == one_by_one
    last = [e for e in output.events if e["file"] == names[1]][-1]
    assert last.name == "STOP" and [e for e in output.events if e["file"] == names[0]][-1].name == "ROTATE"


RELAY_LOG, ARTIFICIAL = 0x40, 0x20


def relay_logs(folder, next_name=b"relay.000002"):
    """A transaction in three files of a relay log, cut between a table map and its rows, and another behind it."""
    log = bs_make.Log(checksum=True)
    first = log.start(RELAY_LOG) + log.rotate(b"binlog.000009", 4, ARTIFICIAL) + log.gtid(5) + log.query(b"BEGIN")
    first += log.table_map(9, b"shop", b"t") + log.rotate(next_name, 4, RELAY_LOG)
    log = bs_make.Log(checksum=True)
    second = log.start(RELAY_LOG) + log.insert(9, 1, False) + log.rotate(b"relay.000003", 4, RELAY_LOG)
    log = bs_make.Log(checksum=True)
    third = log.start(RELAY_LOG) + log.insert(9, 2) + log.xid(1) + log.gtid(6) + log.query(b"BEGIN")
    third += log.table_map(9, b"shop", b"t") + log.insert(9, 3) + log.xid(2)
    return [write(os.path.join(folder, "relay.00000%d" % number), data)
            for number, data in enumerate((first, second, third), 1)]


def test_a_transaction_in_several_relay_logs(folder):
    files = relay_logs(folder)
    output = good(*files)
    assert [row["after"]["@1"] for _, row in output.all_rows()] == [1, 2, 3], output.out
    assert all((row["db"], row["table"]) == ("shop", "t") for _, row in output.all_rows())
    found = json.loads(told("--stats", "--json", *files))["tables"]
    assert [(table["events"], table["inserts"]) for table in found] == [(5, 3)], found
    name = "00000000-0000-0000-0000-000000000007:%d"
    output = good("--start", name % 5, "--stop", name % 5, *files)
    assert [row["after"]["@1"] for _, row in output.all_rows()] == [1, 2], output.out
    assert body(output)[0].name == "GTID" and output.events[-1].name == "XID", output.events
    output = good("--start", name % 6, *files)
    assert [row["after"]["@1"] for _, row in output.all_rows()] == [3], output.out
    output = good("--start", "relay.000003:4", *files)  # of the table map, which is in the first file, nothing was shown
    assert [row["after"]["@1"] for _, row in output.all_rows()] == [2, 3], output.out


def test_relay_logs_that_do_not_follow_each_other(folder):
    """Rows are never read with a map of another file than the one before."""
    files = relay_logs(folder)
    for wrong in ([files[1]], [files[0], files[2]], [files[0], files[0], files[1], files[0], files[2]]):
        bad(1, ["without its TABLE_MAP", "relay.00000"], *wrong)
    other = os.path.join(folder, "other")
    os.mkdir(other)
    bad(1, ["without its TABLE_MAP"], *relay_logs(other, b"relay.000007"))


# -- which part -----------------------------------------------------------------------------------


def transactions(path):
    """[(first event, last event)] of each GTID event's group, all as told without options."""
    groups = []
    for event in good(path).events:
        if event.name in ("GTID", "GTID_TAGGED", "ANONYMOUS_GTID"):
            groups.append([event, event])
        elif groups and event.name not in ("ROTATE", "STOP"):
            groups[-1][1] = event
    return groups


def test_start_at_a_position(folder):
    name, whole = os.path.basename(MYSQL), body(good(MYSQL))
    for first, _ in transactions(MYSQL)[::5]:
        got = body(good("--start", "%s:%d" % (name, first["pos"]), MYSQL))
        want = [event for event in whole if event["pos"] >= first["pos"]]
        assert [e.line for e in got] == [e.line for e in want], first


def test_start_inside_a_transaction(folder):
    # Rows need the table map before them: it is read although it is not told.
    name, whole = os.path.basename(MYSQL), body(good(MYSQL))
    for rows in [event for event in whole if event.is_rows and "inner" not in event.line][:4]:
        got = body(good("--start", "%s:%d" % (name, rows["pos"]), MYSQL))
        assert got[0].line == rows.line and [r for r in got[0].rows] == rows.rows, rows


def test_stop_at_a_position(folder):
    name, whole = os.path.basename(MYSQL), body(good(MYSQL))
    for first, _ in transactions(MYSQL)[1::5]:
        got = body(good("--stop", "%s:%d" % (name, first["pos"]), MYSQL))
        assert [e.line for e in got] == [e.line for e in whole if e["pos"] < first["pos"]], first
    between = transactions(MYSQL)
    start, stop = between[2][0]["pos"], between[4][0]["pos"]
    got = body(good("--start", "%s:%d" % (name, start), "--stop", "%s:%d" % (name, stop), MYSQL))
    assert [e.line for e in got] == [e.line for e in whole if start <= e["pos"] < stop]


def test_positions_in_several_files(folder):
    names = [os.path.basename(path) for path in FILES]
    whole = body(good(*FILES))
    got = body(good("--start", names[1] + ":4", "--stop", names[2] + ":4", *FILES))
    assert [e.line for e in got] == [e.line for e in whole if e["file"] == names[1]]


def test_start_and_stop_at_a_gtid(folder):
    for path in (MYSQL_GTID, MARIADB):
        groups = transactions(path)
        (first, _), (last, end) = groups[3], groups[6]
        got = body(good("--start", first["gtid"], path))
        assert got[0].line == first.line, got[0]
        got = body(good("--start", first["gtid"], "--stop", last["gtid"], path))
        assert got[0].line == first.line, got[0]
        told = [e for e in got if e.name.startswith("GTID")]
        assert told[-1]["gtid"] in (last["gtid"], groups[5][0]["gtid"]), told[-1]


def test_a_gtid_of_xa_ends_with_its_statement(folder):
    path = os.path.join(GOLDEN, "xa-mysql-9.7.binlog")
    events = good(path).events
    names = [event["gtid"] for event in events if event.name == "GTID"]
    for number, gtid in enumerate(names):
        last = good("--stop", gtid, path).events[-1]
        following = [place for place, event in enumerate(events) if event.get("gtid") in names[number + 1:]]
        wanted = events[following[0] - 1] if following else None
        assert wanted is None or last["pos"] == wanted["pos"], (gtid, last, wanted)


def test_start_and_stop_at_a_time(folder):
    log = bs_make.Log(checksum=True)
    data = log.start()
    for second in range(10):
        log.time = 1700000000 + second
        data += log.query(b"SELECT %d" % second)
    path = write(os.path.join(folder, "times.000001"), data)
    stamp = [time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(1700000000 + s)) for s in range(10)]
    got = [e["sql"] for e in body(good("--start", stamp[4], path))]
    assert got == ["SELECT %d" % s for s in range(4, 10)], got
    got = [e["sql"] for e in body(good("--start", stamp[4], "--stop", stamp[7], path))]
    assert got == ["SELECT 4", "SELECT 5", "SELECT 6"], got


def test_times_are_utc(folder):
    log = bs_make.Log()
    path = write(os.path.join(folder, "utc.000001"), log.start() + log.query(b"SELECT 1"))
    for zone in ("UTC", "Asia/Tokyo", "XXX+11"):
        assert len(body(good("--start", "2023-11-14 22:13:20", path, env={"TZ": zone}))) == 1
        assert not body(good("--start", "2023-11-14 22:13:21", path, env={"TZ": zone}))


def test_tables(folder):
    whole = good(MYSQL)
    names = {event["db"] + "." + event["table"] for event in whole.events if event.name == "TABLE_MAP"}
    assert {"g.n", "g.t"} <= names, names
    for options, kept in ((["--tables", "g.n"], {"g.n"}), (["--tables", "g.n,g.t"], {"g.n", "g.t"}),
                          (["--databases", "g"], names), (["--exclude-tables", "g.n"], names - {"g.n"}),
                          (["--databases", "other"], set())):
        got = good(*options, MYSQL)
        assert {row["db"] + "." + row["table"] for _, row in got.all_rows()} == kept & {
            row["db"] + "." + row["table"] for _, row in whole.all_rows()}, options
        want = [row for _, row in whole.all_rows() if row["db"] + "." + row["table"] in kept]
        assert [row for _, row in got.all_rows()] == want, options


def test_tables_of_the_system_are_as_any_other(folder):
    log = bs_make.Log(checksum=True)
    data = log.start()
    for number, db in enumerate((b"mysql", b"binstream", b"shop"), 10):
        data += log.query(b"BEGIN") + log.table_map(number, db, b"t") + log.insert(number, number) + log.xid(number)
    path = write(os.path.join(folder, "system.000001"), data)
    for options, wanted in (([], {"mysql", "binstream", "shop"}), (["--databases", "mysql,shop"], {"mysql", "shop"}),
                            (["--tables", "binstream.t"], {"binstream"}),
                            (["--exclude-tables", "shop.t"], {"mysql", "binstream"}),
                            (["--exclude-databases", "mysql"], {"binstream", "shop"}),
                            (["--databases", "%", "--exclude-databases", "s%"], {"mysql", "binstream"}),
                            (["--databases", "mysql", "--tables", "shop.t"], {"mysql", "shop"})):
        got = good(*options, path)
        assert {row["db"] for _, row in got.all_rows()} == wanted, (options, got.out)
        assert {event["db"] for event in got.events if event.name == "TABLE_MAP"} == wanted, options
        assert [event.name for event in got.events].count("QUERY") == 3, options  # these always stay


# -- other outputs --------------------------------------------------------------------------------


def told(*arguments, code=0):
    """What --stats and --verify print."""
    argv = [BINSTREAM, "events"] + list(arguments)
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done.stdout.decode()


def test_verify(folder):
    for path in (MYSQL, MARIADB, STATEMENTS):
        frames = list(walk(read(path)))
        assert "%d events" % len(frames) in told("--verify", path)
        found = json.loads(told("--verify", "--json", path))
        assert found == {"file": os.path.basename(path), "events": len(frames), "bytes": frames[-1].end,
                         "checksum": "CRC32", "closed": frames[-1].type in (3, 4)}, found
    found = json.loads(told("--verify", "--json", os.path.join(GOLDEN, "no-checksum-mysql-9.7.binlog")))
    assert found["checksum"] == "NONE", found
    cut = write(os.path.join(folder, "cut.binlog"), read(MYSQL)[:list(walk(read(MYSQL)))[5].end])
    assert "no ROTATE or STOP ends it" in told("--verify", cut)
    assert [line.split(":")[0] for line in told("--verify", *FILES).splitlines()] == [
        os.path.basename(path) for path in FILES]


def test_verify_goes_through_all_files(folder):
    data, frames = read(MYSQL), list(walk(read(MYSQL)))
    flipped = bytearray(data)
    flipped[frames[7].end - 5] ^= 0x10
    cut = write(os.path.join(folder, "cut.binlog"), data[:frames[9].end - 1])
    sums = write(os.path.join(folder, "sums.binlog"), flipped)
    text = write(os.path.join(folder, "text"), b"no binlog at all\n" * 9)
    missing = os.path.join(folder, "missing.binlog")
    files = [FILES[0], cut, missing, sums, text, FILES[1], MARIADB]
    done = subprocess.run([BINSTREAM, "events", "--verify"] + files, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    err, said = done.stderr.decode(), done.stdout.decode().splitlines()
    assert done.returncode == 1 and "7 files; 4 not whole" in err, err
    assert "cut.binlog:%d" % frames[9].pos in err and "ends inside an event" in err, err
    assert len(said) == 7 and [bool(re.search("NOT WHOLE", line)) for line in said] == [
        False, True, True, True, True, False, False], said
    assert said[1].startswith("cut.binlog: NOT WHOLE at %d, behind 9 events: " % frames[9].pos), said
    assert said[3].startswith("sums.binlog: NOT WHOLE at %d, behind 7 events: " % frames[7].pos), said
    assert "checksum" in said[3] and "No such file" in said[2] and "no binlog file" in said[4], said
    found = [json.loads(line) for line in told("--verify", "--json", *files, code=1).splitlines()]
    assert [item["file"] for item in found] == [os.path.basename(FILES[0]), "cut.binlog", missing, "sums.binlog",
                                                text, os.path.basename(FILES[1]), os.path.basename(MARIADB)], found
    assert [item["bytes"] for item in found if "error" in item] == [frames[9].pos, 0, frames[7].pos, 0], found
    assert all(("error" in item) != ("closed" in item) for item in found), found
    assert found[6] == json.loads(told("--verify", "--json", MARIADB)), found  # nothing of the bad ones is left


def test_verify_does_not_read_what_is_inside(folder):
    log = bs_make.Log(checksum=True)
    start = log.start()
    place = log.pos
    data = start + log.event(19, b"no table map") + log.query(b"SELECT 1")
    path = write(os.path.join(folder, "inside.000001"), data)
    told("--verify", path)
    placed(bad(1, ["TABLE_MAP"], path), path, place)


def test_stats(folder):
    for path in (MYSQL, MARIADB, MYSQL_GTID):
        check_stats(path)


def check_stats(path):
    """The counts and bytes of the table against those of the events."""
    whole = good(path)
    tables = {}
    for event in whole.events:
        if event.is_rows or event.name == "TABLE_MAP":
            name = (event["db"], event["table"])
            table = tables.setdefault(name, dict(db=name[0], table=name[1], events=0, inserts=0, updates=0,
                                                 deletes=0, bytes=0))
            table["events"] += 1
            table["bytes"] += event["size"]
        for row in event.rows:
            table[row["row"] + "s"] += 1
    found = json.loads(told("--stats", "--json", path))
    key = lambda t: (t["db"], t["table"])
    assert sorted(found["tables"], key=key) == sorted(tables.values(), key=key), (found["tables"], tables)
    largest = sorted((t["bytes"] for t in tables.values()), reverse=True)
    assert [t["bytes"] for t in found["tables"]] == largest
    counts = {}
    for event in whole.events:
        counts[event.name] = counts.get(event.name, 0) + 1
    assert {t["event"]: t["count"] for t in found["types"]} == counts, found["types"]
    outer = [event for event in whole.events if "inner" not in event.line]
    assert found["events"] == len(outer) and found["bytes"] == outer[-1]["end"] - 4, found
    text = told("--stats", path)
    for table in tables.values():
        words = ["%s.%s" % (table["db"], table["table"])] + [
            str(table[key]) for key in ("events", "inserts", "updates", "deletes", "bytes")]
        assert any(line.split()[:6] == words for line in text.splitlines()), (words, text)


def test_stats_of_a_selection_add_up_to_the_log(folder):
    for path in (MYSQL, MARIADB):
        whole = json.loads(told("--stats", "--json", path))
        assert whole["others"] == {"events": 0, "rows": 0, "bytes": 0, "unread": 0}, whole
        assert "not selected" not in told("--stats", path)
        for options in (["--tables", "g.n"], ["--exclude-tables", "g.n"], ["--databases", "nothing"]):
            found = json.loads(told("--stats", "--json", *options, path))
            names = [(table["db"], table["table"]) for table in found["tables"]]
            left = [table for table in whole["tables"] if (table["db"], table["table"]) not in names]
            rows = sum(table[key] for table in left for key in ("inserts", "updates", "deletes"))
            want = {"events": sum(table["events"] for table in left), "rows": rows,
                    "bytes": sum(table["bytes"] for table in left), "unread": 0}
            assert left and found["others"] == want, (options, found["others"], want)
            assert found["tables"] == [table for table in whole["tables"] if table not in left], options
            for key in whole:
                assert key in ("tables", "others") or found[key] == whole[key], (options, key)
            line = "others, not selected: %(events)d events, %(rows)d rows, %(bytes)d bytes, " % want
            assert line in told("--stats", *options, path), options


def test_stats_without_a_table_that_cannot_be_read(folder):
    path = os.path.join(GOLDEN, "old-temporals-mariadb-11.8.binlog")
    bad = told("--stats", "--json", path, code=1)
    assert bad
    found = json.loads(told("--stats", "--json", "--exclude-tables", "g.old", path))
    assert found["others"]["unread"] > 0 and found["others"]["rows"] == 0, found
    assert "%d of them cannot be read" % found["others"]["unread"] in told("--stats", "--exclude-tables", "g.old", path)


def test_closed_pipe(folder):
    process = subprocess.Popen([BINSTREAM, "events"] + [MYSQL] * 50, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    assert json.loads(process.stdout.readline()) == bs_events.FORMAT
    process.stdout.close()
    err = process.stderr.read()
    process.wait()
    assert err == b"", err
    assert process.returncode in (0, 1, 141, -13), process.returncode


def test_a_signal(folder):
    """Also while a pipe has nothing to read. What was read is printed, and where to go on is said."""
    data, frames = read(MYSQL), list(walk(read(MYSQL)))
    process = subprocess.Popen([BINSTREAM, "events", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    process.stdin.write(data[:frames[8].end + 10])
    process.stdin.flush()
    time.sleep(1)  # it has read that by then; if it has not, nothing is different
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 6
    output = bs_events.Output(6, process.stdout.read(), process.stderr.read())
    assert "--start stdin:%d" % frames[8].end in output.err, output.err
    rest = good("--start", "stdin:%d" % frames[8].end, "-", stdin=data)
    whole = good("-", stdin=data)
    assert [e.line for e in output.events + body(rest)] == [e.line for e in whole.events]


def large_log(folder):
    """Much more than a pipe holds, in one file."""
    return write(os.path.join(folder, "large.binlog"), read(MYSQL) + read(MYSQL)[4:] * 40)


def test_a_signal_while_nobody_reads(folder):
    """What was written is the beginning of all that there is, and its last line may be cut."""
    path = large_log(folder)
    whole = good(path).out
    for options, signo in (([], signal.SIGINT), (["-"], signal.SIGTERM)):
        with open(path, "rb") as stdin:
            process = subprocess.Popen([BINSTREAM, "events"] + (options or [path]), stdin=stdin,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            time.sleep(1)
            assert process.poll() is None
            process.send_signal(signo)
            began = time.monotonic()
            try:
                code = process.wait(20)
            finally:
                process.kill()
        out, err = process.stdout.read(), process.stderr.read().decode()
        assert time.monotonic() - began < 5 and code == 6, (code, err)
        assert "nobody reads standard output" in err and "may be cut" in err and "what to do" in err, err
        assert 4096 <= len(out) < len(whole) and (options or whole.startswith(out)), (len(out), len(whole))


def test_a_signal_while_somebody_reads_slowly(folder):
    """Then all that was read is printed, and where to go on is said."""
    path = large_log(folder)
    process = subprocess.Popen([BINSTREAM, "events", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    got, began, is_told = b"", time.monotonic(), False
    while True:
        piece = os.read(process.stdout.fileno(), 8192)
        got += piece
        if not piece:
            break
        time.sleep(0.02)
        if not is_told and time.monotonic() - began > 0.3:
            process.send_signal(signal.SIGINT)
            is_told = True
    err = process.stderr.read().decode()
    assert process.wait(30) == 6 and "--start large.binlog:" in err, err
    output = bs_events.Output(6, got, b"")  # which holds that the last line is whole
    start = re.search(r"--start ([^\s;,]+)", err).group(1)
    rest = body(good("--start", start, path))
    whole = [event.line for event in body(good(path))]
    assert [event.line for event in body(output) + rest] == whole and rest, (start, len(rest))


def test_full_disk(folder):
    if not os.path.exists("/dev/full"):
        return
    with open("/dev/full", "wb") as full:
        done = subprocess.run([BINSTREAM, "events", MYSQL], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1 and b"No space" in done.stderr, (done.returncode, done.stderr)


# -- damage ---------------------------------------------------------------------------------------


def placed(output, path, pos):
    """The message names the file and the place; all before it has been told."""
    assert "%s:%d" % (os.path.basename(path), pos) in output.err, (pos, output.err)
    end = max([event["end"] for event in output.events] or [4])
    assert end == pos, (end, pos)


def test_cut_files(folder):
    for source in (MYSQL, MARIADB):
        data, frames = read(source), list(walk(read(source)))
        whole = [event.line for event in good(source).events]
        for frame in frames[::6] + frames[-1:]:
            for cut in {frame.pos + 1, frame.pos + 18, frame.pos + 19, frame.end - 1}:
                path = write(os.path.join(folder, "cut.binlog"), data[:cut])
                output = run(path)
                assert output.code == 1, (cut, output.err)
                placed(output, path, frame.pos)
                before = [dict(line, file="cut.binlog") for line in whole if line["end"] <= frame.pos]
                assert [event.line for event in output.events] == before, cut


def test_cut_between_events(folder):
    # That is how a file looks that is still written, or whose server was killed.
    data, frames = read(MYSQL), list(walk(read(MYSQL)))
    for frame in frames[1::9]:
        path = write(os.path.join(folder, "open.binlog"), data[:frame.pos])
        assert good(path).events[-1]["end"] == frame.pos


def test_cut_in_the_magic(folder):
    for size in (0, 1, 3):
        bad(1, ["short.binlog"], write(os.path.join(folder, "short.binlog"), read(MYSQL)[:size]))
    bad(1, ["no event", "only.binlog:4"], write(os.path.join(folder, "only.binlog"), read(MYSQL)[:4]))


def test_flipped_bits(folder):
    for source in (MYSQL, MARIADB):
        data = read(source)
        for frame in list(walk(data))[1::7]:
            flipped = bytearray(data)
            flipped[frame.end - 5] ^= 0x10
            path = write(os.path.join(folder, "flipped.binlog"), flipped)
            for options in ([], ["--verify"]):
                output = subprocess.run([BINSTREAM, "events"] + options + [path],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                message = output.stderr.decode()
                assert output.returncode == 1 and "checksum" in message, (options, message)
                assert "flipped.binlog:%d" % frame.pos in message, (frame.pos, message)
            placed(run(path), path, frame.pos)


def test_flipped_size(folder):
    data = bytearray(read(MYSQL))
    frame = list(walk(bytes(data)))[9]
    for size in (0, 18, 0x7fffffff, 0xffffffff):
        data[frame.pos + 9:frame.pos + 13] = size.to_bytes(4, "little")
        path = write(os.path.join(folder, "size.binlog"), data)
        output = run(path)
        assert output.code == 1, output.err
        placed(output, path, frame.pos)


def test_damaged_compressed_file(folder):
    packed = gzip.compress(read(MYSQL))
    bad(1, ["cut.gz"], write(os.path.join(folder, "cut.gz"), packed[:len(packed) // 2]))
    broken = bytearray(packed)
    broken[len(packed) // 2] ^= 0xff
    bad(1, ["broken", "damaged"], write(os.path.join(folder, "broken.gz"), broken))


def test_all_in_front_of_a_damaged_block_is_given(folder):
    """A byte in the middle, or near the end, of a packed file is another one."""
    begin, again, whole = read(MYSQL)[:4], read(MYSQL)[4:], good(MYSQL).out.count(b"\n")
    log = begin + again * 40
    packings = {"gz": gzip.compress(log, 1)}
    if shutil.which("zstd"):
        packings["zst"] = subprocess.run(["zstd", "-qc"], input=log, check=True, stdout=subprocess.PIPE).stdout
    for kind, packed in packings.items():
        clean = run(write(os.path.join(folder, "clean.binlog." + kind), packed))
        path = os.path.join(folder, "broken.binlog." + kind)
        places = {}
        for place in (len(packed) // 2, len(packed) - 5):
            broken = bytearray(packed)
            broken[place] ^= 0x55
            output = bad(1, ["broken.binlog", "damaged"], write(path, broken))
            assert clean.out.replace(b"clean", b"broken").startswith(output.out), (kind, place)
            places[place] = output.out.count(b"\n")
            counted = subprocess.run([BINSTREAM, "events", "--stats", "--json", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            assert counted.returncode == 1 and json.loads(counted.stdout)["events"] > 0, counted
        assert places[len(packed) - 5] >= 25 * whole, (kind, places, whole)  # zstd loses a block of 128 KiB


def test_damage_in_the_second_file_of_three(folder):
    path = write(os.path.join(folder, "second.binlog"), read(FILES[1])[:-1])
    output = bad(1, ["second.binlog:"], FILES[0], path, FILES[2])
    assert {event["file"] for event in output.events} == {os.path.basename(FILES[0]), "second.binlog"}


def test_no_binlog(folder):
    for name, data in (("text", b"hello, this is no binlog\n" * 20), ("zeros", bytes(4096)),
                       ("innodb", b"\xfeib" + bytes(100))):
        output = bad(1, [name], write(os.path.join(folder, name), data))
        assert not output.events
    bad(1, ["encrypted"], write(os.path.join(folder, "mysql"), b"\xfdbin" + bytes(508)))
    bad(1, [folder], folder)


def test_encrypted_by_mariadb(folder):
    path = os.path.join(GOLDEN, "encrypted-mariadb-10.11.binlog")
    output = bad(1, ["encrypted"], path)
    assert [event.name for event in output.events] == ["FORMAT_DESCRIPTION"]
    placed(output, path, output.events[0]["end"])


def test_missing_file(folder):
    bad(1, ["missing.binlog", "No such file"], os.path.join(folder, "missing.binlog"))
    bad(1, ["missing.binlog"], FILES[0], os.path.join(folder, "missing.binlog"))


def test_unknown_events(folder):
    log = bs_make.Log(checksum=True)
    start = log.start()
    ignorable = log.event(99, b"private", flags=0x80)
    path = write(os.path.join(folder, "ignorable.000001"), start + ignorable + log.query(b"SELECT 1"))
    assert [event.name for event in body(good(path))] == ["type 99", "QUERY"]
    log = bs_make.Log(checksum=True)
    start = log.start()
    pos = log.pos
    path = write(os.path.join(folder, "unknown.000001"), start + log.event(99, b"private") + log.query(b"X"))
    placed(bad(1, ["99"], path), path, pos)


def test_old_temporals_are_refused_by_name(folder):
    output = bad(1, ["--schema", "g.old"], os.path.join(GOLDEN, "old-temporals-mariadb-11.8.binlog"))
    assert output.events[-1].name == "TABLE_MAP", output.events[-1]


# -- the command line -----------------------------------------------------------------------------


def test_wrong_usage(folder):
    for arguments in ([], ["--no-such-option", MYSQL], ["--start", "nonsense", MYSQL], ["--stop", "", MYSQL],
                      ["--start", "2020-13-01 00:00:00", MYSQL], ["--source", "mysql://x", MYSQL],
                      ["--tables"], ["--schema", "no uri", MYSQL],
                      ["--follow", MYSQL], ["--source", "http://nowhere/"]):
        output = run(*arguments)
        assert output.code == 2, (arguments, output.code, output.err)
        assert output.out == b"" and output.err, arguments


def test_help(folder):
    done = subprocess.run([BINSTREAM, "events", "--help"], stdout=subprocess.PIPE)
    assert done.returncode == 0
    for option in ("--source", "--start", "--stop", "--tables", "--databases", "--exclude-tables", "--schema",
                   "--stats", "--json", "--verify"):
        assert option.encode() in done.stdout, option


# -- sizes ----------------------------------------------------------------------------------------


def test_large_events(folder):
    log = bs_make.Log(checksum=True)
    statement = b"-- " + b"0123456789abcdef" * ((17 << 20) // 16)
    data = log.start() + log.rows_query(statement) + log.query(statement) + log.xid(5)
    got = body(good("-", stdin=data))
    assert [e.name for e in got] == ["ROWS_QUERY", "QUERY", "XID"]
    assert got[0]["sql"].encode() == statement and got[1]["sql"].encode() == statement
    assert got[2]["end"] == len(data)


def test_positions_beyond_4_gib(folder):
    log = bs_make.Log()
    process = subprocess.Popen([BINSTREAM, "events", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.write(log.start())
    while log.pos < 4 * GIB + (1 << 20):
        process.stdin.write(log.ignorable(64 << 20))
    beyond = log.pos
    process.stdin.write(log.query(b"SELECT 1") + log.rotate(b"next.000002", 4 * GIB + 4))
    process.stdin.close()
    output = bs_events.Output(0, process.stdout.read(), b"")
    assert process.wait() == 0
    query, rotate = output.events[-2:]
    assert query["pos"] == beyond and rotate["pos"] == query["end"] and rotate["end"] == log.pos
    assert rotate["next_pos"] == 4 * GIB + 4


def main():
    if not os.access(BINSTREAM, os.X_OK):
        sys.exit("not built: " + BINSTREAM)
    tests = [(n, f) for n, f in sorted(globals().items()) if n.startswith("test_")]
    only = sys.argv[1:]
    failed = []
    for name, test in tests:
        if only and not any(o in name for o in only):
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(folder)
                print("ok  ", name, flush=True)
            except Exception:
                failed.append(name)
                print("FAIL %s\n%s" % (name, traceback.format_exc()[-3000:]), flush=True)
    sys.exit("failed: %s" % failed if failed else 0)


if __name__ == "__main__":
    main()

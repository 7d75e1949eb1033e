"""The golden binlogs: `binstream events` must give the JSON beside each, to the byte, and what it gives must
be what the mysqlbinlog of the same server prints.

    test_events_golden.py [--no-tools] [PART-OF-NAME ...]
"""

import difflib
import glob
import os
import re
import sys

import bs_events
import bs_mysqlbinlog
from bs_compare import Quirks, check_forms, compare_rows
from bs_compare_events import compare_heads
from bs_corpus import SOURCE, read
from bs_format import check_keys

GOLDEN = os.path.join(SOURCE, "tests/golden/binlog")
sys.path.insert(0, os.path.dirname(GOLDEN))
# Files that are not to be read to their end, and what is said of them.
STOPS = {"encrypted-mariadb-10.11": "encrypted"}
NEEDS_SCHEMA = ("old-temporals",)  # the width of these columns is not in the log
# The tool that reads a server's files; MySQL's does not read version 1 of the rows events.
TOOLS = {"mysql-5.6": "mysql-9.7", "v1-rows-mysql-5.6": "mariadb-10.11"}

failures = []


def fail(name, what):
    failures.append(name)
    print("FAIL %s: %s" % (name, what), flush=True)


def report(name, problems):
    for number, problem in enumerate(problems):
        if number < 5:
            fail(name, problem)


def command(name):
    from bs_server_fetch import ensure_binlog_tool
    from bs_server_install import Unavailable
    server = re.findall(r"(?:mariadb|mysql)-\d+\.\d+", name)[-1]
    tool = TOOLS.get(name) or TOOLS.get(server) or server
    try:
        return ensure_binlog_tool(tool)
    except Unavailable as error:
        print("SKIPPED: the mysqlbinlog of %s: %s" % (tool, error))
        return None


def check_text(name, path, output):
    tool = command(name)
    if not tool:
        return
    try:
        data = bs_mysqlbinlog.run(*tool, path, bs_mysqlbinlog.TABLES)
    except bs_mysqlbinlog.Failed as error:
        fail(name, str(error)[-500:])
        return
    text = bs_mysqlbinlog.Text(data, verbose=True)
    report(name, compare_heads(output.events, text, mariadb="mariadb" in tool[0][-1]))
    report(name, compare_rows(output.events, text.rows, Quirks(), text.given_up))
    check_that_differences_are_seen(name, output.events, text)


def check_that_differences_are_seen(name, events, text):
    """Guards the guard: one value of a row, one statement and one place changed must each be told."""
    rows = [(e, r) for e in events if e.rows and "%s.%s" % (e["db"], e["table"]) not in text.given_up
            for r in e.rows]
    for event, row in rows[::11]:
        image = row.get("after") or row["before"]
        for column, value in list(image.items()):
            image[column] = other(value)
            if not list(compare_rows(events, text.rows, Quirks(), text.given_up)):
                fail(name, "%r: %s changed, and nothing is seen" % (event, column))
            image[column] = value
    keys = {"QUERY": "sql", "XID": "xid", "GTID": "gtid", "INTVAR": "value", "TABLE_MAP": "table"}
    for event in [e for e in events if e.name in keys][::7]:
        for key in (keys[event.name], "end", "time"):
            kept, event.line[key] = event.line[key], other(event.line[key])
            if not list(compare_heads(events, text)):
                fail(name, "%r: %s changed, and nothing is seen" % (event, key))
            event.line[key] = kept


def other(value):
    if value is None:
        return 1
    if isinstance(value, (int, float)):
        return value + 1 if value < 1e15 else value / 2
    if isinstance(value, str):
        return value + "1"
    if isinstance(value, list):
        return value[1:] if value else None
    return {"hex": value["hex"] + "01"} if "hex" in value else {"diff": value["diff"] + [
        {"op": "remove", "path": "$.other"}]}


def check_json(name, path, output):
    expected = read(path[:-len(".binlog")] + ".jsonl")
    if expected is None:
        fail(name, "has no .jsonl; make_events.py jsonl makes it")
    elif expected != output.out:
        wanted, got = (data.decode("utf-8", "replace").splitlines() for data in (expected, output.out))
        different = list(difflib.unified_diff(wanted, got, "expected", "got", n=0))
        print("\n".join(line[:300] for line in different[:20]))
        fail(name, "not what it must give")


def run_file(name, path, tools):
    output = bs_events.run(path)
    stop = STOPS.get(name) or ("--schema" if name.startswith(NEEDS_SCHEMA) else None)
    if stop:
        if output.code != 1 or stop not in output.err:
            fail(name, "must stop with \"%s\": exit %d, %s" % (stop, output.code, output.err[-500:]))
        if name.startswith(NEEDS_SCHEMA):
            check_with_schema(name, path)
        return
    if output.code != 0 or output.err:
        fail(name, "exit %d, %s" % (output.code, output.err[-1000:]))
    check_output(name, path, output)
    if tools:
        check_text(name, path, output)


def check_output(name, path, output):
    check_json(name, path, output)
    frames = list(bs_events.walk(read(path)))
    report(name, bs_events.check_frames(output.events, frames, os.path.basename(path)))
    report(name, check_forms(output.events))
    report(name, check_keys(output.events))


def check_with_schema(name, path):
    from bs_servers import available
    from make_events import events_with_schema
    server = re.findall(r"mariadb-\d+\.\d+", name)[-1]
    there, reason = available(server)
    if not there:
        print("SKIPPED: %s with --schema: %s" % (name, reason))
        return
    done = events_with_schema(bs_events.BINSTREAM, name, server, path)
    output = bs_events.Output(done.returncode, done.stdout, done.stderr)
    if output.code != 0:
        fail(name, "with --schema: exit %d, %s" % (output.code, output.err[-1000:]))
    check_output(name, path, output)


def main():
    only = [a for a in sys.argv[1:] if a != "--no-tools"]
    ran = 0
    for path in sorted(glob.glob(os.path.join(GOLDEN, "*.binlog"))):
        name = os.path.basename(path)[:-len(".binlog")]
        if not only or any(o in name for o in only):
            before = len(failures)
            run_file(name, path, "--no-tools" not in sys.argv)
            ran += 1
            if len(failures) == before:
                print("ok   %s" % name, flush=True)
    print("%d files, %d failures" % (ran, len(failures)))
    sys.exit(1 if failures or ran == 0 else 0)


if __name__ == "__main__":
    main()

"""`binstream events` over binlogs that others have written: MySQL 3.23 to 9.7, MariaDB 5.1 to 11.8, pieces
of test suites, relay logs, damaged files.

For each file of MANIFEST.tsv: it is read to its end, or stops with the message and at the place that
STOPS says; its events, columns and metadata are those that the manifest counts; its frames are those of
the file; and what the mysqlbinlog of MariaDB and of MySQL print live of it is the same, where they can
read it.

    test_events_corpus.py [--no-tools] [PART-OF-PATH ...]
"""

import collections
import os
import re
import sys
import zlib

import bs_corpus
import bs_events
import bs_mysqlbinlog
from bs_compare import Quirks, check_forms, compare_rows
from bs_compare_events import compare_heads
from bs_format import check_keys

# Files that end early: (part of the message, place of the event that cannot be read). A place of None is
# that of the first event whose checksum is wrong, which is reckoned here.
CHECKSUM = ("checksum", None)
STOPS = {
    "bug11747416_32228_binlog.000001": ("cut", 316),
    "binlog_truncated_event.000001": ("cut", 4),
    "binlog_truncated_prev_gtid_event.000001": ("cut", 120),
    "binlog_no_fd_event.000001": ("FORMAT_DESCRIPTION", 4),
    "bug47142_master-bin.000001": ("version 3", 4),
    "std_data/trunc_binlog.000001": ("version 3", 4),
    "trunc_binlog.000001.hist-2c2b4ec6": ("version 3", 4),
    "master-bin.001.hist-fa30d8e5": ("version 1", 4),
    "rpl_nogtid_encryption_master-bin.000002": ("encrypted", 0),
    "binlog_output_base.flashback": CHECKSUM,
    "binlog_output_base.flashback.000001.hist-0edade99": CHECKSUM,
    "binlog_output_base.flashback.hist-ac65cd70": CHECKSUM,
    "binlog_output_base.flashback.hist-e0825ebe": CHECKSUM,
    "duplicate_xid_ddl.000001": CHECKSUM,
    "duplicate_xid_xa_prepare.000001": CHECKSUM,
    # 5.2.2 is a tree of its own, whose numbers of events are other ones.
    "std_data/ver_5_1-wl2325_r.001": ("5.2.2-a_drop6p13", 4),
}
TOO_OLD = ("supported are 5.1.30 and later", 4)  # version 4 of the format, but before it was settled
# What each tool cannot read: parts of paths; events of MariaDB, and of rows before 5.6, are left out for
# MySQL's in readable_by().
TOOLS = {
    "mariadb-10.11": r"transaction_compression|mysql-bin\.compressed|mdev35643|"  # compressed transactions
                     r"03-mixed-types|json-opaque|rpl_vector_binlog",  # JSON and VECTOR of MySQL
    "mysql-9.7": r"rpl_row_corruption",  # its statement has no end
}
NAMES = {"FORMAT_DESC": "FORMAT_DESCRIPTION", "MDB_GTID": "GTID", "MDB_GTID_LIST": "GTID_LIST",
         "MDB_BINLOG_CHECKPOINT": "BINLOG_CHECKPOINT", "MDB_ANNOTATE_ROWS": "ANNOTATE_ROWS",
         "WRITE_ROWS_V2": "WRITE_ROWS", "UPDATE_ROWS_V2": "UPDATE_ROWS", "DELETE_ROWS_V2": "DELETE_ROWS",
         "type100": "type 100"}
COLUMNS = {"tiny": "tinyint", "short": "smallint", "int24": "mediumint", "long": "int", "longlong": "bigint",
           "newdecimal": "decimal", "char>255": "char", "datetime-v1": "datetime",
           "timestamp-v1": "timestamp"}
STRINGS = {"char": ("char", "binary"), "varchar": ("varchar", "varbinary"),
           "blob": ("tinytext", "text", "mediumtext", "longtext", "tinyblob", "blob",
                    "mediumblob", "longblob")}

failures = []


def fail(path, what):
    failures.append(path)
    print("FAIL %s: %s" % (path, what), flush=True)


def report(path, problems, limit=3):
    for number, problem in enumerate(problems):
        if number < limit:
            fail(path, problem)


def stop_of(path, row):
    """(part of the message, place): the entry of STOPS, the longest that the path ends in."""
    found = [name for name in STOPS if path.endswith(name)]
    if found:
        return STOPS[max(found, key=len)]
    number = re.match(r"(\d+)\.(\d+)\.(\d+)", row["server_version"])
    return TOO_OLD if number and tuple(map(int, number.groups())) < (5, 1, 30) else None


# -- what the manifest says -----------------------------------------------------------------------


def histogram(text):
    """(outer, inner) Counters of an event_histogram."""
    inner = re.search(r"\{payload: (.*)\}", text)
    outer = re.sub(r" ?\{.*\}", "", text)
    return tuple(_counts(part) for part in (outer, inner.group(1) if inner else ""))


def _counts(text):
    counts = collections.Counter()
    for item in filter(None, text.split(",")):
        name, _, number = item.partition("=")
        if not name.endswith("(cut)") and name != "-":
            counts[NAMES.get(name, name)] += int(number)
    return counts


def check_histogram(path, row, output, whole):
    wanted = histogram(row["event_histogram"])
    for what, want, inner in (("events", wanted[0], False), ("inner events", wanted[1], True)):
        got = collections.Counter(e.name for e in output.events if ("inner" in e.line) == inner)
        if got != want and (whole or got - want):
            fail(path, "%s %s, the manifest has %s" % (what, dict(got - want), dict(want - got)))


def check_columns(path, row, output, whole):
    if row["column_types"] == "-" or not whole:
        return
    got = {column["type"] + ("(%d)" % column["fsp"] if column.get("fsp") else "")
           for event in output.events if event.name == "TABLE_MAP" for column in event["columns"]}
    wanted = row["column_types"].split(",")
    allowed = set()
    for name in wanted:
        kind = re.sub(r"2?(\(0\))?$", "", name) if re.match(r"(date)?time|timestamp", name) else name
        fraction = re.search(r"2(\([1-6]\))$", name)
        kind = re.sub(r"2\(\d\)$", "", name) if fraction else kind
        names = STRINGS.get(COLUMNS.get(kind, kind), (COLUMNS.get(kind, kind),))
        names = [n + (fraction.group(1) if fraction else "") for n in names]
        allowed.update(names)
        if not got & set(names):
            fail(path, "no column of type %s, but %s" % (name, sorted(got)))
    if got - allowed:
        fail(path, "columns %s, the manifest has %s" % (sorted(got - allowed), row["column_types"]))


def check_metadata(path, row, output, whole):
    """The manifest's kinds of optional metadata, against the keys that come from them."""
    if not whole or row["table_map_metadata"] == "?":
        return
    kinds = set(row["table_map_metadata"].split(","))
    maps = [e for e in output.events if e.name == "TABLE_MAP"]
    columns = [c for e in maps for c in e["columns"]]
    told = {"column_name": any(e["names"] == "log" for e in maps),
            "signedness": any("unsigned" in c for c in columns),
            "simple_pk": any("primary_key" in e.line for e in maps),
            "enum_str": any(c["type"] == "enum" and "labels" in c for c in columns),
            "set_str": any(c["type"] == "set" and "labels" in c for c in columns),
            "visibility": any("visible" in c for c in columns),
            "vector_dim": any("dimensions" in c for c in columns)}
    for kind, there in told.items():
        numbers = any(c["type"] in ("tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float",
                                    "double") for c in columns)
        if there != (kind in kinds) and (kind != "signedness" or numbers):
            fail(path, "%s: %s, the manifest has %s" % (kind, there, row["table_map_metadata"]))


# -- places ---------------------------------------------------------------------------------------


def first_bad_checksum(data):
    for frame in bs_events.walk(data):
        want = int.from_bytes(data[frame.end - 4:frame.end], "little")
        body = bytearray(data[frame.pos:frame.end - 4])
        if frame.type == 15:
            body[17] &= 0xfe  # IN_USE is not summed
        if zlib.crc32(body) != want:
            return frame.pos
    return None


def check_stop(path, output, data, stop):
    message, place = stop
    place = first_bad_checksum(data) if place is None else place
    if output.code != 1 or message not in output.err:
        fail(path, "must stop with \"%s\": exit %d, %s" % (message, output.code, output.err[-500:]))
    if place and not re.search(r"%s:%d\b" % (re.escape(os.path.basename(path)), place), output.err):
        fail(path, "must stop at %d: %s" % (place, output.err[-500:]))
    end = max([e["end"] for e in output.events] or [4 if place >= 4 else 0])
    if end != place:
        fail(path, "%s bytes are told of, the damage is at %d" % (end, place))


# -- the tools ------------------------------------------------------------------------------------


def readable_by(tool, row):
    maria = "maria" in row["server_version"].lower()
    old_rows = re.match(r"5\.[01]\.|5\.5\.", row["server_version"]) and "_V1" in row["event_histogram"]
    if tool == "mysql-9.7" and (maria or old_rows):
        return False
    return not re.search(TOOLS[tool], row["path"])


def check_tool(path, row, data, output, tool, command):
    name = "%s, %s" % (path, tool)
    try:
        text = bs_mysqlbinlog.Text(bs_mysqlbinlog.run(*command, os.path.join(bs_corpus.CORPUS, row["path"]),
                                                      bs_mysqlbinlog.TABLES), verbose=True)
    except bs_mysqlbinlog.Failed as error:
        fail(name, str(error)[-300:])
        return
    placed = all(f.log_pos == f.end for f in bs_events.walk(data) if f.log_pos)
    # MariaDB's tool does not know the collations and status variables of MySQL 8.
    foreign = tool.startswith("mariadb") and re.match(r"[89]\.", row["server_version"])
    report(name, compare_heads(output.events, text, placed, tool.startswith("mariadb"), not foreign))
    report(name, compare_rows(output.events, text.rows, Quirks(), text.given_up))


def commands():
    from bs_server_fetch import ensure_binlog_tool
    from bs_server_install import Unavailable
    found = {}
    for tool in TOOLS:
        try:
            found[tool] = ensure_binlog_tool(tool)
        except Unavailable as error:
            print("SKIPPED: the mysqlbinlog of %s: %s" % (tool, error))
    return found


def run_file(row, tools):
    path = row["path"][len("binlogs/"):]
    full = os.path.join(bs_corpus.CORPUS, row["path"])
    data = bs_corpus.read(full)
    output = bs_events.run(full)
    stop = stop_of(path, row)
    if stop:
        check_stop(path, output, data, stop)
    elif output.code != 0 or output.err:
        fail(path, "exit %d, %s" % (output.code, output.err.strip()[-1000:]))
    whole = not stop
    told = max([e["end"] for e in output.events] or [4])
    frames = [f for f in bs_events.walk(data) if f.end <= told] if stop else list(bs_events.walk(data))
    report(path, bs_events.check_frames(output.events, frames, os.path.basename(path)))
    report(path, check_forms(output.events))
    report(path, check_keys(output.events))
    check_histogram(path, row, output, whole)
    check_columns(path, row, output, whole)
    check_metadata(path, row, output, whole)
    with_tools = [tool for tool in tools if whole and readable_by(tool, row)]
    for tool in with_tools:
        check_tool(path, row, data, output, tool, tools[tool])
    print("ok   %s: %d events, %d rows%s%s" % (
        path, len(output.events), sum(len(e.rows) for e in output.events),
        ", stopped by name" if stop else "", "".join(", as " + tool for tool in with_tools)), flush=True)


def main():
    bs_corpus.require()
    only = [a for a in sys.argv[1:] if a != "--no-tools"]
    tools = {} if "--no-tools" in sys.argv else commands()
    ran = 0
    for row in bs_corpus.manifest():
        if row["path"].startswith("binlogs/") and not row["path"].endswith(".keyring") and (
                not only or any(o in row["path"] for o in only)):
            run_file(row, tools)
            ran += 1
    print("%d files, %d failures" % (ran, len(failures)))
    sys.exit(1 if failures or ran == 0 else 0)


if __name__ == "__main__":
    main()

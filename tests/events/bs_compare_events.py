"""Holds each event of binstream, but for its rows, against the head that mysqlbinlog -v prints of it.

As in bs_compare.py, everything yields problems.
"""

import json
import re

from bs_events import text_bytes

# What one tool calls by another name, or does not tell apart: version 1 of the rows events, and GTIDs
# with a tag.
_ALIKE = {"WRITE_ROWS_V1": "WRITE_ROWS", "UPDATE_ROWS_V1": "UPDATE_ROWS", "DELETE_ROWS_V1": "DELETE_ROWS",
          "GTID_TAGGED": "GTID"}


def compare_heads(events, text, positions=True, mariadb=False, inside=True):
    """events: all of a file. positions: end_log_pos and `# at` are places in this file. mariadb: the text is
    of MariaDB's tool. inside: what stands in the events is compared, not only which events there are."""
    with_head = events
    if len(text.heads) < len(events):
        with_head = [e for e in events if e.name != "ROWS_QUERY"]  # needs -vv
    if positions:
        marks = [e["end"] if "inner" in e.line else e["pos"] for e in events]
        if marks != text.marks:
            different = [pair for pair in zip(marks, text.marks) if pair[0] != pair[1]]
            yield "%d events, %d `# at`; the first pair that differs: %s" % (
                len(marks), len(text.marks), different[:1])
    session = Session(mariadb)
    heads = text.heads
    if positions and not mariadb:  # MySQL's tool keeps variables back, past a LOAD DATA
        heads = sorted(heads, key=lambda head: head.end)
    for event, head in zip(with_head, heads):
        if head.kind == "IGNORABLE" and ("IGNORABLE" in event.get("flags", ()) or mariadb):
            continue  # the tool does not know it, or MariaDB's passes over what only MySQL has
        if _ALIKE.get(event.name, event.name) != head.kind:
            yield "%r: the text has %s %s" % (event, head.kind, head.rest[:100])
            return
        ends = (event["end"], 0) if positions else (event["end"], head.end)
        if head.end not in ends and head.end < 1 << 32:
            yield "%r: end %d, the text has %d" % (event, event["end"], head.end)
        for key, want in (("time", head.time), ("server_id", head.server_id)):
            if event[key] != want:
                yield "%r: %s %s, the text has %s" % (event, key, event[key], want)
        check = _CHECKS.get(head.kind, _nothing) if inside else _nothing
        for problem in check(event, head, session):
            yield "%r: %s" % (event, problem)
    if len(with_head) != len(text.heads):
        yield "%d events, the text has %d heads" % (len(with_head), len(text.heads))


def _nothing(event, head, session):
    return ()


def _same(what, got, want):
    if got != want:
        yield "%s %s, the text has %s" % (what, json.dumps(got, default=repr)[:300], str(want)[:300])


def _bytes(value):
    data = text_bytes(value)
    return b"" if data is None else data


# -- statements -----------------------------------------------------------------------------------


class Session:
    """The variables that the text has set so far; it prints what changes."""

    def __init__(self, mariadb):
        self.mariadb = mariadb  # whose tool it is
        self.db = None
        self.set = {}

    def line(self, line):
        """Takes a line of SETs; False if it is something else."""
        if line.startswith(b"use "):
            name = re.match(rb"use `?(.*?)`?/\*!\*/;$", line, re.S).group(1)
            self.db = name.replace(b"``", b"`")
            return True
        if line.startswith(b"/*!\\C "):
            return True
        if not re.match(rb"(/\*M?!\d+ )?SET ", line):
            return False
        found = re.findall(rb"(?:@@session\.|SET )([A-Za-z_0-9]+)= ?('(?:[^']|'')*'|[^, /*]+)", line)
        for name, value in found:
            self.set[name.decode().lower()] = value.decode("utf-8", "replace").strip("'")
        return bool(found)


def _number(text):
    return int(text) if text is not None and re.fullmatch(r"-?\d+", text) else None


def _statement(event, head, session, sql):
    fields = head.fields()
    for key in ("thread_id", "exec_time", "error_code"):
        yield from _same(key, event[key], int(fields[key]))
    if "xid" in fields and "ddl_xid" in event.line:
        yield from _same("ddl_xid", event["ddl_xid"], int(fields["xid"]))
    if "Xid" in fields:
        yield from _same("ddl_xid", event.get("ddl_xid"), int(fields["Xid"]))
    rest = head.lines
    while rest and rest[0].endswith(b"/*!*/;") and session.line(rest[0]):
        rest = rest[1:]
    found = b"\n".join(rest)
    if found.startswith(b"### "):  # MariaDB's tool shows the two halves of an ALTER so
        found = found[4:] + b"\n/*!*/;"
    if not re.match(sql + rb"\n/\*!\*/;(?=\n|$)", found, re.S):
        yield "sql %s, the text has %s" % (json.dumps(event["sql"])[:600], found[:600])
    yield from _variables(event, session)


def _variables(event, session):
    now = session.set
    quiet = "SUPPRESS_USE" in event.get("flags", ()) or re.match(
        rb"(?i)(BEGIN|COMMIT|ROLLBACK|SAVEPOINT)", _bytes(event["sql"]))  # MariaDB's tool prints no USE then
    if not quiet and event["db"] and session.db is not None:
        yield from _same("db", _bytes(event["db"]).decode("utf-8", "replace"),
                         session.db.decode("utf-8", "replace"))
    seconds, _, fraction = now["timestamp"].partition(".")
    yield from _same("time", event["time"], int(seconds))
    if fraction:
        yield from _same("microseconds", event.get("microseconds"), int(fraction))
    if "flags2" in event.line and "foreign_key_checks" in now:
        bits = event["flags2"]
        for name, bit, on in (("foreign_key_checks", 26, 0), ("unique_checks", 27, 0),
                              ("sql_auto_is_null", 14, 1), ("autocommit", 19, 0)):
            yield from _same(name, 1 if (bits >> bit & 1) == on else 0, int(now[name]))
    for key in ("sql_mode", "lc_time_names", "default_table_encryption", "sql_require_primary_key",
                "default_collation_for_utf8mb4"):
        if key in event.line and _number(now.get(key)) is not None:
            yield from _same(key, event[key], int(now[key]))
    if "auto_increment" in event.line:
        yield from _same("auto_increment", event["auto_increment"],
                         [int(now["auto_increment_increment"]), int(now["auto_increment_offset"])])
    if "charset" in event.line:
        names = ("character_set_client", "collation_connection", "collation_server")
        for got, name in zip(event["charset"], names):
            if _number(now.get(name)) is not None:  # MariaDB prints the client's by its name
                yield from _same(name, got, int(now[name]))
    if "time_zone" in event.line:
        yield from _same("time_zone", event["time_zone"], now.get("time_zone"))
    yield from _same("charset_database", event.get("charset_database") or "DEFAULT",
                     _number(now.get("collation_database")) or "DEFAULT")


def _query(event, head, session):
    return _statement(event, head, session, re.escape(_bytes(event["sql"])))


def _execute_load(event, head, session):
    sql, start, end = _bytes(event["sql"]), event["filename_start"], event["filename_end"]
    told = {"ERROR": rb"", "IGNORE": rb"(?: IGNORE)?", "REPLACE": rb" REPLACE"}[event["duplicates"]]
    shown = re.escape(sql[:start]) + rb" LOCAL INFILE '[^']*'" + told + rb" INTO" + re.escape(sql[end:])
    yield from _statement(event, head, session, shown)
    yield from _same("file_id", b"# file_id: %d" % event["file_id"] in head.body, True)


def _block(event, head, session):
    numbers = re.search(rb"file_id: (\d+)  block_len: (\d+)", head.body)
    yield from _same("file_id", event["file_id"], int(numbers.group(1)))
    yield from _same("length of block", len(_bytes(event["block"])), int(numbers.group(2)))


def _delete_file(event, head, session):
    yield from _same("file_id", event["file_id"], int(re.search(rb"file_id=(\d+)", head.body).group(1)))


def _intvar(event, head, session):
    shown = re.search(rb"SET (LAST_INSERT_ID|INSERT_ID)=(\d+)", head.body)
    yield from _same("name", event["name"], shown.group(1).decode())
    yield from _same("value", event["value"], int(shown.group(2)))


def _rand(event, head, session):
    shown = re.search(rb"SET @@RAND_SEED1=(\d+), @@RAND_SEED2=(\d+)", head.body)
    yield from _same("seeds", [event["seed1"], event["seed2"]], [int(n) for n in shown.groups()])


def _user_var(event, head, session):
    shown = re.search(rb"SET @`((?:[^`]|``)*)`:=(.*?)/\*!\*/;", head.body, re.S)
    name = shown.group(1).replace(b"``", b"`")
    if not (event["value"] is None and name.startswith(_bytes(event["name"]))):  # 5.5 prints a byte too many
        yield from _same("name", _bytes(event["name"]), name)
    value, printed = event["value"], shown.group(2)
    if value is None:
        yield from _same("value", printed, b"NULL")
    elif event["type"] == "STRING":
        text = re.match(rb"_(\w+) (?:0x|X'|\"\")([0-9A-Fa-f]*)'? COLLATE `(\w+)`$", printed)
        if not text:
            yield "value %s, the text has %s" % (json.dumps(value)[:200], printed[:200])
        else:
            yield from _same("value", _bytes(value), bytes.fromhex(text.group(2).decode()))
    elif event["type"] == "REAL":
        same = isinstance(value, float) and float("%.14g" % value) == float("%.14g" % float(printed))
        yield from _same("value", value if same else value, value if same else printed)
        if not same:
            yield "value %s, the text has %s" % (value, printed)
    elif event["type"] == "INT":
        yield from _same("value", value, int(printed))
    else:
        yield from _same("value", value, printed.decode())


# -- the frame of transactions --------------------------------------------------------------------


def _format(event, head, session):
    shown = re.match(rb"Start: binlog v (\d+), server v (.*) created ", head.rest)
    yield from _same("binlog_version", event["binlog_version"], int(shown.group(1)))
    yield from _same("server_version", event["server_version"], shown.group(2).decode())


def _rotate(event, head, session):
    shown = re.match(rb"Rotate to (.*)  pos: (\d+)$", head.rest)
    yield from _same("next_file", event["next_file"], shown.group(1).decode())
    yield from _same("next_pos", event["next_pos"], int(shown.group(2)))


def _xid(event, head, session):
    yield from _same("xid", event["xid"], int(head.rest.split(b"=")[1]))


def _xa_prepare(event, head, session):
    shown = "X'%s',X'%s',%d" % (event["gtrid"]["hex"], event["bqual"]["hex"], event["format_id"])
    yield from _same("xid", shown.encode() in head.rest, True)
    yield from _same("one_phase", event["one_phase"], b"ONE PHASE" in head.body)


def _gtid(event, head, session):
    domain = re.match(rb"GTID (\d+-\d+-\d+)(.*)$", head.rest)
    return _mariadb_gtid(event, domain) if domain else _mysql_gtid(event, head)


def _mariadb_gtid(event, domain):
    words = domain.group(2).decode()
    flags, extra = event.get("gtid_flags", []), event.get("extra_flags", [])
    yield from _same("gtid", event["gtid"], domain.group(1).decode())
    yield from _same("DDL", "DDL" in flags, " ddl" in words)
    yield from _same("TRANSACTIONAL", "TRANSACTIONAL" in flags, " trans" in words)
    yield from _same("WAITED", "WAITED" in flags, " waited" in words)
    commit = re.search(r" cid=(\d+)", words)
    yield from _same("commit_id", event.get("commit_id"), int(commit.group(1)) if commit else None)
    thread = re.search(r" thread_id=(\d+)", words)
    if thread:
        yield from _same("thread_id", event.get("thread_id"), int(thread.group(1)))
    for name in ("START ALTER", "COMMIT ALTER", "ROLLBACK ALTER"):
        yield from _same(name, name.replace(" ", "_") in extra, name in words)
    alter = re.search(r" (?:COMMIT|ROLLBACK) ALTER id= (\d+)", words)
    yield from _same("sa_seq_no", event.get("sa_seq_no"), int(alter.group(1)) if alter else None)


def _mysql_gtid(event, head):
    fields = head.fields()
    shown = re.search(rb"SET @@SESSION\.GTID_NEXT= '([^']*)'", head.body)
    if shown:
        yield from _same("gtid", event.get("gtid", "ANONYMOUS"), shown.group(1).decode())
    for key in ("last_committed", "sequence_number", "transaction_length"):
        if key in fields:
            yield from _same(key, event.get(key, 0), int(fields[key]))
    immediate, original = "immediate_commit_timestamp", "original_committed_timestamp"
    if immediate in fields:
        got = event.get("immediate_commit_us", 0)
        yield from _same("immediate_commit_us", got, int(fields[immediate]))
        yield from _same("original_commit_us", event.get("original_commit_us", got), int(fields[original]))
    for key in ("immediate_server_version", "original_server_version"):
        version = re.search(key.encode() + rb"=(\d+)", head.body)
        if version and int(version.group(1)) not in (0, 999999):
            got = event.get(key, event.get("immediate_server_version"))
            yield from _same(key, got, int(version.group(1)))


def _anonymous(event, head, session):
    yield from _same("gtid", "gtid" in event.line, False)
    yield from _mysql_gtid(event, head)


def _gtid_set(event, head, session):
    lines = [line.lstrip(b"# ") for line in head.lines if line.startswith(b"#")]
    shown = b"".join(lines).replace(b" ", b"").decode()
    yield from _same("gtids", event["gtids"].replace(" ", ""), "" if shown == "[empty]" else shown)


def _gtid_list(event, head, session):
    shown = b"".join([head.rest] + head.lines)
    inside = re.search(rb"\[(.*?)\]", shown).group(1).replace(b"#", b"").replace(b" ", b"")
    yield from _same("gtids", event["gtids"].replace(" ", ""), inside.decode())


def _checkpoint(event, head, session):
    yield from _same("checkpoint_file", event["checkpoint_file"], head.rest.split(b" ")[-1].decode())


def _payload(event, head, session):
    fields = head.fields()
    yield from _same("compressed_size", event["compressed_size"], int(fields["payload_size"]))
    yield from _same("compression", event["compression"], fields["compression_type"])
    if "uncompressed_size" in event.line:
        yield from _same("uncompressed_size", event["uncompressed_size"], int(fields["uncompressed_size"]))


# -- rows, but for their rows ---------------------------------------------------------------------


def _table_map(event, head, session):
    shown = re.match(rb"Table_map: (.*) mapped to number (\d+)( \(has triggers\))?$", head.rest, re.S)
    names = [_bytes(event[key]) for key in ("db", "table")]
    doubled = [name.replace(b"`", b"``") for name in names]
    forms = [b"`%s`.`%s`" % tuple(pair) for pair in (names, doubled)]
    yield from _same("table", shown.group(1) in forms, True)
    yield from _same("table_id", event["table_id"], int(shown.group(2)))
    yield from _columns(event, head, session.mariadb)


# -- columns, as --print-table-metadata shows them ------------------------------------------------

_MAX_BYTES = {"utf8mb4": 4, "utf8mb3": 3, "utf8": 3, "ucs2": 2, "utf16": 4, "utf16le": 4, "utf32": 4,
              "gbk": 2, "gb2312": 2, "big5": 2, "sjis": 2, "cp932": 2, "euckr": 2, "ujis": 3, "eucjpms": 3,
              "gb18030": 4}
_SIZED = {"decimal": ("precision", "scale"), "bit": ("bits",), "time": ("fsp",), "datetime": ("fsp",),
          "timestamp": ("fsp",), "vector": ("dimensions",)}
_BYTES = ("char", "varchar", "binary", "varbinary")
_TEXTS = {"tinytext": "tinyblob", "text": "blob", "mediumtext": "mediumblob", "longtext": "longblob"}


def _shown_columns(body):
    """[(name or None, definition)] of `# Columns(...)` over several lines; None where it is not shown."""
    end = rb"\)\n(?=# Primary Key|#\d{6}|# at|###|[^#]|$)"
    found = re.search(rb"^# Columns\((.*?)" + end, body + b"\n", re.S | re.M)
    if not found:
        return None
    lines = re.split(rb",\n#         ", found.group(1))
    split = [re.match(rb"(?:`((?:[^`]|``)*)` )?(.*)$", line, re.S) for line in lines]
    return [(m.group(1), m.group(2)) for m in split]


def _columns(event, head, mariadb):
    shown = _shown_columns(head.body)
    if shown is None or any(b"INVALID_TYPE" in definition for _, definition in shown):
        return  # MariaDB's tool does not know its own COMPRESSED columns
    if len(shown) != len(event["columns"]):
        yield "%d columns, the text has %d" % (len(event["columns"]), len(shown))
        return
    after_year = False
    made_up = b"has_generated_invisible_primary_key=1" in head.body  # my_row_id and that it is the key
    for column, (name, definition) in zip(event["columns"], shown):
        if name is not None and not (made_up and column["name"] == "@1"):
            yield from _same("name of a column", _bytes(column["name"]), name.replace(b"``", b"`"))
        problem = _column_problem(column, definition.decode("utf-8", "surrogateescape"))
        # The server counts YEAR among the columns that have a sign, MariaDB's tool does not.
        after_year = after_year or mariadb and column["type"] == "year"
        if problem and not (problem == "unsigned" and after_year):
            yield "column %s: %s, the text has %s" % (json.dumps(column), problem, definition[:200])
    if made_up and event["names"] == "none":
        return
    keys = re.search(rb"^# Primary Key\((.*)\)$", head.body, re.M)
    got = event.get("primary_key", [])
    flat = [k if isinstance(k, str) else "%s(%d)" % tuple(k) for k in got]
    yield from _same("primary_key", ", ".join(flat).replace(" ", ""),
                     keys.group(1).decode().replace(" ", "").replace("`", "") if keys else "")


def _column_problem(column, definition):
    kind = column["type"]
    base = re.match(r"[A-Z0-9]+", definition)
    base = base.group(0).lower() if base else definition
    known = "collation" in column
    same_kind = base == kind or base == _TEXTS.get(kind) or (kind == "json" and base == "longtext")
    if not known and kind in ("char", "varchar") and base in ("binary", "varbinary"):
        same_kind = True
    if base in ("point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
                "geometrycollection", "geomcollection"):
        same_kind = kind == "geometry"
    if not same_kind:
        return "type"
    numbers = re.match(r"[A-Z0-9]+\((\d+)(?:,(\d+))?\)", definition)
    numbers = [int(n) for n in numbers.groups() if n] if numbers else []
    if kind in _SIZED and numbers and [column.get(key) for key in _SIZED[kind]] != numbers:
        return "size"
    charset = re.search(r" CHARSET (\w+) ", definition)
    if kind in _BYTES and numbers:
        if column.get("bytes") != numbers[0] * (_MAX_BYTES.get(charset.group(1), 1) if charset else 1):
            return "bytes"
    if charset and not known:
        return "collation"
    if " UNSIGNED" in definition and not column.get("unsigned"):
        return "unsigned"
    if column.get("nullable") is not None and column["nullable"] == (" NOT NULL" in definition):
        return "nullable"
    if kind in ("enum", "set") and "('" in definition:
        # The tool escapes quotes, and MySQL's sets a space after the comma.
        shown = re.findall(r"'((?:[^'\\]|\\.)*)'(?=, ?'|\))", definition, re.S)
        shown = [re.sub(r"\\(.)", r"\1", label).encode("utf-8", "surrogateescape") for label in shown]
        if shown != [_bytes(label) for label in column.get("labels", [])]:
            return "labels"
    return None


_ROWS_FLAGS = {"STMT_END_F": "STMT_END", "NO_FOREIGN_KEY_CHECKS_F": "NO_FOREIGN_KEY_CHECKS",
               "RELAXED_UNIQUE_CHECKS_F": "RELAXED_UNIQUE_CHECKS", "COMPLETE_ROWS_F": "COMPLETE_ROWS",
               "USE_SQL_FOREIGN_KEY_F": "SQL_FOREIGN_KEY", "NO_CHECK_CONSTRAINTS_F": "NO_CHECK_CONSTRAINTS"}


def _rows(event, head, session):
    shown = re.search(rb"table id (\d+)(?: flags: (.*))?$", head.rest)
    yield from _same("table_id", event["table_id"], int(shown.group(1)))
    flags = [_ROWS_FLAGS[word] for word in (shown.group(2) or b"").decode().split()]
    got = event.get("rows_flags", [])
    yield from _same("STMT_END", "STMT_END" in got, "STMT_END" in flags)
    if set(flags) - {"STMT_END"}:  # tools before 9.7 print that one alone
        yield from _same("rows_flags", sorted(got), sorted(flags))


def _annotate(event, head, session):
    shown = b"\n".join(line[4:] for line in head.lines if line.startswith(b"#Q> "))
    yield from _same("sql", _bytes(event["sql"]).rstrip(b"\n"), shown)


def _rows_query(event, head, session):
    shown = b"\n".join(line[2:] for line in head.lines if line.startswith(b"# "))
    yield from _same("sql", _bytes(event["sql"]), shown)


_CHECKS = {
    "QUERY": _query, "QUERY_COMPRESSED": _query, "EXECUTE_LOAD_QUERY": _execute_load,
    "BEGIN_LOAD_QUERY": _block, "APPEND_BLOCK": _block, "DELETE_FILE": _delete_file, "INTVAR": _intvar,
    "RAND": _rand,
    "USER_VAR": _user_var, "FORMAT_DESCRIPTION": _format, "ROTATE": _rotate, "XID": _xid,
    "XA_PREPARE": _xa_prepare, "GTID": _gtid, "ANONYMOUS_GTID": _anonymous, "PREVIOUS_GTIDS": _gtid_set,
    "GTID_LIST": _gtid_list, "BINLOG_CHECKPOINT": _checkpoint, "TRANSACTION_PAYLOAD": _payload,
    "TABLE_MAP": _table_map, "ANNOTATE_ROWS": _annotate, "ROWS_QUERY": _rows_query,
    "WRITE_ROWS": _rows, "UPDATE_ROWS": _rows, "DELETE_ROWS": _rows, "PARTIAL_UPDATE_ROWS": _rows,
    "WRITE_ROWS_COMPRESSED_V1": _rows, "UPDATE_ROWS_COMPRESSED_V1": _rows,
    "DELETE_ROWS_COMPRESSED_V1": _rows,
}

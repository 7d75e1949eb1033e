"""Runs `binstream events` and takes its output apart: the format of docs/reference/events-format.md.

walk() reads the frames of a binlog by itself, 19 bytes at a time, so that positions, sizes, times and
types can be held against something that shares no code with binstream.
"""

import collections
import json
import os
import re
import subprocess

from bs_corpus import SOURCE

BINSTREAM = os.path.abspath(os.environ.get("BINSTREAM") or os.path.join(SOURCE, "build/release/binstream"))
FORMAT = {"format": "binstream-events", "version": 1}

# The name of each type's number; MariaDB's own numbers begin at 160.
TYPES = {
    2: "QUERY", 3: "STOP", 4: "ROTATE", 5: "INTVAR", 9: "APPEND_BLOCK", 11: "DELETE_FILE", 13: "RAND",
    14: "USER_VAR", 15: "FORMAT_DESCRIPTION", 16: "XID", 17: "BEGIN_LOAD_QUERY",
    18: "EXECUTE_LOAD_QUERY", 19: "TABLE_MAP", 23: "WRITE_ROWS_V1", 24: "UPDATE_ROWS_V1",
    25: "DELETE_ROWS_V1", 26: "INCIDENT", 27: "HEARTBEAT", 28: "IGNORABLE", 29: "ROWS_QUERY",
    30: "WRITE_ROWS", 31: "UPDATE_ROWS", 32: "DELETE_ROWS", 33: "GTID", 34: "ANONYMOUS_GTID",
    35: "PREVIOUS_GTIDS", 36: "TRANSACTION_CONTEXT", 37: "VIEW_CHANGE", 38: "XA_PREPARE",
    39: "PARTIAL_UPDATE_ROWS", 40: "TRANSACTION_PAYLOAD", 41: "HEARTBEAT_V2", 42: "GTID_TAGGED",
    160: "ANNOTATE_ROWS", 161: "BINLOG_CHECKPOINT", 162: "GTID", 163: "GTID_LIST",
    164: "START_ENCRYPTION", 165: "QUERY_COMPRESSED", 166: "WRITE_ROWS_COMPRESSED_V1",
    167: "UPDATE_ROWS_COMPRESSED_V1", 168: "DELETE_ROWS_COMPRESSED_V1",
}
FLAGS = ((0x1, "IN_USE"), (0x4, "THREAD_SPECIFIC"), (0x8, "SUPPRESS_USE"), (0x20, "ARTIFICIAL"),
         (0x40, "RELAY_LOG"), (0x80, "IGNORABLE"), (0x100, "NO_FILTER"), (0x200, "MTS_ISOLATE"),
         (0x8000, "SKIP_REPLICATION"))
ROWS = re.compile(r"(PARTIAL_UPDATE|WRITE|UPDATE|DELETE)_ROWS(_COMPRESSED)?(_V1)?$")

Frame = collections.namedtuple("Frame", "pos end type time server_id log_pos flags")


def walk(data, limit=None):
    """The frames of a binlog's bytes, as far as they are whole."""
    at = 4
    limit = len(data) if limit is None else limit
    while at + 19 <= limit:
        size = int.from_bytes(data[at + 9:at + 13], "little")
        if size < 19 or at + size > limit:
            return
        number = int.from_bytes
        yield Frame(at, at + size, data[at + 4], number(data[at:at + 4], "little"),
                    number(data[at + 5:at + 9], "little"), number(data[at + 13:at + 17], "little"),
                    number(data[at + 17:at + 19], "little"))
        at += size


def flag_names(bits):
    names = [name for bit, name in FLAGS if bits & bit]
    rest = bits & ~sum(bit for bit, _ in FLAGS)
    return names + ["0x%04x" % (1 << i) for i in range(16) if rest >> i & 1]


class Event:
    """One line with `event`, and the lines with `row` that follow it."""

    def __init__(self, line):
        self.__dict__.update(line=line, rows=[], map=None)

    def __getitem__(self, key):
        return self.line[key]

    def get(self, key, default=None):
        return self.line.get(key, default)

    @property
    def name(self):
        return self.line["event"]

    @property
    def is_rows(self):
        return bool(ROWS.match(self.line["event"]))

    def __repr__(self):
        return "%s at %s:%s%s" % (self.name, self.line.get("file"), self.line.get("pos"),
                                  "/%d" % self.line["inner"] if "inner" in self.line else "")


class Output:
    """What one run gave."""

    def __init__(self, code, out, err):
        self.code, self.err, self.out = code, err.decode("utf-8", "replace"), out
        self.events = []
        lines = out.split(b"\n")
        if not out:
            return
        assert lines.pop() == b"", "the last line is not ended"
        first = json.loads(lines.pop(0))
        assert first == FORMAT, first
        maps = {}
        for line in lines:
            self._add(json.loads(line.decode("utf-8"), object_pairs_hook=unique), maps)

    def _add(self, line, maps):
        if "row" in line:
            event = self.events[-1]
            event.rows.append(line)
            assert line["n"] == len(event.rows), "row %s of %r" % (line["n"], event)
            for key in ("db", "table", "file", "pos", "inner"):
                assert line.get(key) == event.get(key), "%s of row %s of %r" % (key, line["n"], event)
            return
        event = Event(line)
        self.events.append(event)
        if event.name == "TABLE_MAP":
            maps[line["table_id"]] = event
        elif event.name in ("FORMAT_DESCRIPTION", "ROTATE", "STOP"):
            maps.clear()
        if event.is_rows:
            event.map = maps.get(line["table_id"])

    def all_rows(self):
        """(event, row) in the order of the log."""
        return [(event, row) for event in self.events for row in event.rows]


def unique(pairs):
    keys = dict(pairs)
    assert len(keys) == len(pairs), "a key twice: %s" % [k for k, _ in pairs]
    return keys


def run(*arguments, stdin=None, env=None, binary=None):
    """Runs the command; arguments after the word `events`."""
    done = subprocess.run([binary or BINSTREAM, "events"] + [str(a) for a in arguments], input=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=dict(os.environ, **(env or {})))
    return Output(done.returncode, done.stdout, done.stderr)


# -- against the frames ---------------------------------------------------------------------------


def check_frames(events, frames, name):
    """Yields what is wrong with the keys that every event has. Inner events are numbered and have their
    payload's place."""
    outer = [e for e in events if "inner" not in e.line]
    if len(outer) != len(frames):
        yield "%d events, %d frames in the file" % (len(outer), len(frames))
    for event, frame in zip(outer, frames):
        wanted = {"pos": frame.pos, "end": frame.end, "size": frame.end - frame.pos, "time": frame.time,
                  "server_id": frame.server_id, "event": TYPES.get(frame.type, "type %d" % frame.type)}
        got = {key: event.get(key) for key in wanted}
        if got != wanted:
            yield "%r: %s, the file has %s" % (event, got, wanted)
            return
        if event.get("flags", []) != flag_names(frame.flags):
            yield "%r: flags %s, the file has 0x%04x" % (event, event.get("flags"), frame.flags)
        if "flags" in event.line and not event["flags"]:
            yield "%r: flags without any" % event
        if event["file"] != name:
            yield "%r: in file %s" % (event, name)
    yield from _check_inner(events)


def _check_inner(events):
    payload, number = None, 0
    for event in events:
        if "inner" not in event.line:
            payload, number = event, 0
            continue
        number += 1
        same = all(event[key] == payload[key] for key in ("file", "pos", "end"))
        if event["inner"] != number or payload.name != "TRANSACTION_PAYLOAD" or not same:
            yield "%r: inner event %s after %r" % (event, event["inner"], payload)


# -- values ---------------------------------------------------------------------------------------


def column_values(event, image):
    """[(column, value)] of one side of a row, without what is not in the image. Also checks that the
    keys stand in the table's order and that none is unknown."""
    columns = event.map["columns"]
    known = [c["name"] for c in columns]
    assert [n for n in known if n in image] == list(image), "%r: columns %s, the map has %s" % (
        event, list(image), known)
    return [(i, c, image[c["name"]]) for i, c in enumerate(columns, 1) if c["name"] in image]


def text_bytes(value):
    """The bytes of a text or {"hex"}; None for anything else."""
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, dict) and list(value) == ["hex"]:
        return bytes.fromhex(value["hex"])
    return None


# Collations by their numbers: which character set a text is in. See INFORMATION_SCHEMA.COLLATIONS;
# 1024 more is MariaDB's NO PAD twin, 2048 on are its UCA 14 ones.
_UTF8 = (frozenset((33, 83, 76, 45, 46, 11, 65)) | frozenset(range(192, 248)) | frozenset(range(255, 324))
         | frozenset(range(576, 579)) | frozenset(range(608, 611)) | frozenset(range(2048, 2560)))
_WIDE = (frozenset((35, 90, 159, 54, 55, 56, 62, 60, 61)) | frozenset(range(101, 125))
         | frozenset(range(128, 152)) | frozenset(range(160, 184)) | frozenset(range(640, 643))
         | frozenset(range(672, 675)) | frozenset(range(736, 739)) | frozenset(range(2560, 3328)))


def text_form(data, collation):
    """The JSON in which a text of these bytes must be given. collation: a number, or None if not known."""
    as_hex = {"hex": data.hex()}
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return as_hex
    if collation is not None and 1024 < collation < 2048:
        collation -= 1024
    if collation == 63 or collation in _WIDE:
        return as_hex
    if collation is None or collation in _UTF8 or data.isascii():
        return text
    return as_hex

"""Applies the rows of `binstream events` to empty tables and compares what is left with state.tsv, the
rows as the server stores them. Partial images find their row by what they have; parts of JSON documents
are applied to the document before.
"""

import collections
import ipaddress
import json
import math
import re
import struct

from bs_corpus import labels
from bs_events import column_values, text_bytes

ABSENT = "\udc00"  # a column that no image has told
MARK = "\udc01"  # what follows is JSON of a value that is no text or number; no log's text has this character
_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}


class Oddities:
    """What a server's own SELECT shows otherwise than its log."""

    def __init__(self, server):
        self.doubles = server.startswith("mysql-5.1")  # 15 digits of a double
        self.json = server.startswith("mysql-5.7")  # 1.0 is shown as 1, line breaks in base64 are raw


# -- parts of a JSON document ---------------------------------------------------------------------


def apply_diff(document, diff):
    """The text of the document (as Python's json writes it) after the steps."""
    root = json.loads(text_bytes(document), parse_float=str)
    for step in diff:
        legs = path_legs(step["path"])
        value = json.loads(step["value"], parse_float=str) if "value" in step else None
        if not legs:
            root = value
            continue
        parent = root
        for leg in legs[:-1]:
            parent = parent[leg]
        if step["op"] == "remove":
            del parent[legs[-1]]
        elif step["op"] == "insert" and isinstance(parent, list):
            parent.insert(legs[-1], value)
        else:
            parent[legs[-1]] = value
    return {"json": canonical(root)}


def path_legs(path):
    assert path.startswith("$"), path
    legs = re.findall(r'\.("(?:[^"\\]|\\.)*")|\.([^."\[]+)|\[(\d+)\]', path)
    return [json.loads(quoted) if quoted else name if name else int(index) for quoted, name, index in legs]


def canonical(value):
    return json.dumps(value, sort_keys=True)


# -- the replay -----------------------------------------------------------------------------------


def _key(value):
    """Something that can be a part of a key of a dictionary; _value() is its inverse."""
    return value if isinstance(value, (str, int, float, type(None))) else MARK + json.dumps(value)


def _value(key):
    return json.loads(key[1:]) if isinstance(key, str) and key.startswith(MARK) else key


class Table:
    def __init__(self, width):
        self.width = width
        self.rows = collections.Counter()
        self.broken = None  # why its log does not add up

    def find(self, image):
        if ABSENT not in image and self.rows[image] > 0:
            return image
        for row, count in self.rows.items():
            if count > 0 and all(g == w or ABSENT in (g, w) or same_documents(g, w)
                                 for g, w in zip(image, row)):
                return row
        return None

    def take(self, image):
        row = self.find(image)
        if row is None:
            self.broken = "no such row before: %s" % (image,)
            return image
        self.rows[row] -= 1
        if self.rows[row] == 0:
            del self.rows[row]
        return row


def same_documents(a, b):
    """One is a document after diffs, in the notation of apply_diff()."""
    for diffed, text in ((_value(a), b), (_value(b), a)):
        if isinstance(diffed, dict) and "json" in diffed and isinstance(text, str) and text[:1] != MARK:
            return canonical(json.loads(text, parse_float=str)) == diffed["json"]
    return False


def replay(events):
    """{(db, table): Table}; rows are tuples of hashable values in the table's order."""
    tables = {}
    for event in events:
        if not event.rows:
            continue
        width = len(event.map["columns"])
        table = tables.setdefault((event["db"], event["table"]), Table(width))
        if table.width != width:
            table.broken = "its columns change"
            continue
        for row in event.rows:
            before = image(event, row["before"]) if "before" in row else None
            old = table.take(before) if before is not None else None
            if "after" in row:
                after = dict((i, v) for i, _, v in column_values(event, row["after"]))
                table.rows[merged(old, after, width)] += 1
    return tables


def image(event, values):
    found = {i: _key(v) for i, _, v in column_values(event, values)}
    return tuple(found.get(i, ABSENT) for i in range(1, len(event.map["columns"]) + 1))


def merged(old, after, width):
    row = []
    for i in range(1, width + 1):
        before = old[i - 1] if old else ABSENT
        value = after.get(i, ABSENT)
        if value is ABSENT or value == ABSENT:
            row.append(before)
        elif isinstance(value, dict) and "diff" in value:
            row.append(_key(apply_diff(_document(before), value["diff"])))
        else:
            row.append(_key(value))
    return tuple(row)


def _document(value):
    """The text of a document that a row holds, after earlier diffs or not."""
    value = _value(value)
    return value["json"] if isinstance(value, dict) else value


# -- the comparison -------------------------------------------------------------------------------


def as_state(value, type_text, stored, odd):
    """The value in the notation of state.tsv; stored is what is expected, for what has many notations."""
    if value is None:
        return "NULL"
    value = _value(value)
    base = re.match(r"[a-z0-9]+", type_text).group(0)
    if base == "bit":
        return "%X" % value
    if base == "enum":
        value = labels(type_text)[value - 1] if isinstance(value, int) and value else value or ""
        return _hex(value)
    if base == "set":
        if isinstance(value, int):
            value = [label for i, label in enumerate(labels(type_text)) if value >> i & 1]
        return _hex(",".join(value) if isinstance(value, list) else value)
    if base == "year":
        return ("%04d" % value)[-len(stored):]
    if base in _BITS:
        if "unsigned" in type_text and value < 0:
            value += 1 << _BITS[base]
        return stored if re.fullmatch(r"-?\d+", stored) and int(stored) == value else str(value)
    if base == "vector" and isinstance(value, list):
        return b"".join(struct.pack("<f", number) for number in value).hex().upper()
    if base in ("float", "double"):
        return stored if same_number(value, type_text, stored, odd) else repr(value)
    if base == "decimal":
        same = "zerofill" in type_text and value.lstrip("0.") == stored.lstrip("0.")
        return stored if same else value
    if base in ("date", "time", "datetime", "timestamp"):
        return value
    if base in ("uuid", "inet4", "inet6"):
        return stored if same_address(value, base, stored) else str(value)
    if base == "json" or (isinstance(value, dict) and "json" in value):
        return stored if same_json(value, stored, odd) else _hex(value)
    text = _hex(value)
    if base == "binary":  # without metadata the log does not tell how long it is
        return stored if bytes.fromhex(text).rstrip(b"\0") == bytes.fromhex(stored).rstrip(b"\0") else text
    return text


def _hex(value):
    data = text_bytes(value)
    return str(value) if data is None else data.hex().upper()


def same_number(value, type_text, stored, odd):
    if stored == "NULL":
        return False
    wanted = float(stored)
    digits = re.search(r"\(\d+,(\d+)\)", type_text)
    if digits:
        return math.isclose(wanted, value, rel_tol=1e-15, abs_tol=10 ** -int(digits.group(1)))
    if type_text.startswith("float"):  # FLOAT is widened there, and the shortest that reads back here
        return struct.pack("<f", wanted) == struct.pack("<f", value)
    if odd.doubles:
        return math.isclose(wanted, value, rel_tol=1e-14) or math.isinf(wanted)
    return wanted == value


def same_address(value, base, stored):
    if base != "uuid":
        kind = ipaddress.IPv6Address if base == "inet6" else ipaddress.IPv4Address
        width = 16 if base == "inet6" else 4
        wanted = kind(stored).packed if re.search(r"[:.]", stored) else bytes.fromhex(stored)
    else:
        width, wanted = 16, bytes.fromhex(stored.replace("-", ""))
    if isinstance(value, str) and value == stored:
        return True
    data = text_bytes(value)
    if data is not None and len(data) <= width and data.ljust(width, b"\0") == wanted:
        return True
    return base != "uuid" and isinstance(value, str) and re.search(r"[:.]", value) is not None \
        and kind(value).packed == wanted


def same_json(value, stored, odd):
    wanted = bytes.fromhex(stored)
    if isinstance(value, str):
        return value.encode() == wanted or \
            odd.json and json.loads(value) == json.loads(wanted, strict=False)
    return canonical(json.loads(wanted, parse_float=str)) == value.get("json")


def same_value(value, type_text, stored, odd):
    if value == ABSENT or type_text in ("point", "multipoint"):  # printed raw in state.tsv
        return True
    if as_state(value, type_text, stored, odd) == stored:
        return True
    # Labels beyond ASCII are stored in the column's character set, the dump has them in UTF-8.
    return type_text.startswith(("enum", "set")) and not type_text.isascii()


def compare_state(events, model, state, odd, skip=()):
    """Yields problems; at the end ('compared', tables, values)."""
    tables = values = 0
    for name, table in replay(events).items():
        columns, stored = state.get(name, (None, None))
        types = model.get(name)
        if table.broken or name in skip or types is None or columns != [c for c, _ in types] \
                or table.width != len(types):
            continue
        got = [row for row, count in table.rows.items() for _ in range(count)]
        if len(got) != len(stored):
            yield "%s.%s: %d rows by the log, %d on the server" % (name + (len(got), len(stored)))
            continue
        wanted = collections.defaultdict(list)
        for row in stored:
            wanted[int(row[0]) if re.fullmatch(r"-?\d+", row[0]) else row[0]].append(row)
        for row in got:
            candidates = wanted.get(row[0], stored) if isinstance(row[0], int) else stored
            if not any(same_row(row, types, want, odd) for want in candidates):
                shown = differences(row, types, candidates[0], odd) if len(candidates) == 1 else row
                yield "%s.%s: no such row on the server: %s" % (name + (str(shown)[:2000],))
                break
            values += len(row)
        tables += 1
    yield "compared", tables, values


def same_row(row, types, want, odd):
    return all(same_value(v, t, w, odd) for v, (_, t), w in zip(row, types, want))


def differences(row, types, want, odd):
    return "; ".join("%s %s: decoded %s, stored %s" % (n, t, as_state(v, t, w, odd)[:200], w[:200])
                     for v, (n, t), w in zip(row, types, want) if not same_value(v, t, w, odd))

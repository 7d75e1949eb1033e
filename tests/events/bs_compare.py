"""Holds the events of binstream against the text of mysqlbinlog -v, to the precision that it prints.

Everything is a generator of problems, each a line of text; a comparison that yields nothing found no
difference. What a tool prints wrongly or not at all is a flag of Quirks, with its reason beside it.
"""

import calendar
import json
import re
import time
import zlib

from bs_events import column_values, text_bytes, text_form

_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_STRINGS = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "binary", "varbinary",
            "tinyblob", "blob", "mediumblob", "longblob", "uuid", "inet4", "inet6", "geometry")


class Quirks:
    """What a text is not to be trusted with."""

    def __init__(self, decimals=True, documents=True, temporals=True):
        self.decimals = decimals  # DECIMAL is misread before 5.6
        self.documents = documents  # 5.7 prints the bytes of a JSON as they are stored
        self.temporals = temporals


# -- one value ------------------------------------------------------------------------------------


def _escaped(data, escapes):
    plain = (escapes.get(c) or (b"\\x%02x" % c if c < 0x20 else bytes((c,))) for c in data)
    return b"'" + b"".join(plain) + b"'"


def quoted(data):
    """A text as the tools print it: 5.1, 5.5 and MariaDB; 5.6 and 5.7; since 8.0."""
    return (_escaped(data, {}), _escaped(data, {0x27: b"\\x27", 0x5c: b"\\x5c"}),
            _escaped(data, {0x27: b"\\'", 0x5c: b"\\\\", 0x08: b"\\b", 0x09: b"\\t", 0x0a: b"\\n",
                            0x0c: b"\\f", 0x0d: b"\\r"}))


def inflate(data):
    """A value of a COMPRESSED column of MariaDB as it is stored."""
    if not data or data[0] == 0:
        return data[1:]
    length_bytes = data[0] & 7
    body = data[1 + length_bytes:]
    return zlib.decompress(body, -15 if data[0] & 8 else 15)


def same_string(value, column, printed):
    data = text_bytes(value)
    if data is None:
        return False
    if column.get("compressed"):
        stored = unquote(printed)
        return stored is not None and inflate(stored) == data
    if printed in quoted(data):
        return True
    cut = data.rstrip(b"\0")  # the log cuts BINARY's zeros, the JSON has them
    return column["type"] in ("binary", "uuid", "inet4", "inet6") and printed in quoted(cut)


def unquote(printed):
    if not printed.startswith(b"'"):
        return None
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes.fromhex(m.group(1).decode()), printed[1:-1])


def same_integer(value, column, printed):
    numbers = re.fullmatch(rb"(-?\d+)(?: \((\d+)\))?", printed)
    if not numbers or not isinstance(value, int):
        return False
    wanted = int(numbers.group(1))
    if column.get("unsigned") and wanted < 0:
        wanted += 1 << _BITS[column["type"]]
        if numbers.group(2) and int(numbers.group(2)) % (1 << _BITS[column["type"]]) != wanted:
            return False
    return value == wanted


def same_timestamp(value, printed):
    if printed.startswith(b"'"):
        return printed == b"'" + value.encode() + b"'"
    seconds, dot, fraction = value.partition(".")
    if seconds == "0000-00-00 00:00:00":
        number = 0
    else:
        number = calendar.timegm(time.strptime(seconds, "%Y-%m-%d %H:%M:%S"))
    return printed.decode() == "%d%s%s" % (number, dot, fraction)


def mask(value, column):
    """The number of an ENUM or SET given by its labels."""
    if isinstance(value, int):
        return value
    if column["type"] == "enum":
        return column["labels"].index(value) + 1
    assert len(set(map(str, value))) == len(value), value
    return sum(1 << column["labels"].index(label) for label in value)


def same_bits(value, printed):
    bits = re.fullmatch(rb"b'([01]+)'", printed)
    if not bits:
        return False
    number, width = int(bits.group(1), 2), len(bits.group(1)) // 8
    # A SET of several bytes is printed in the order of the bytes.
    return value in (number, int.from_bytes(number.to_bytes(width + 1, "big")[1:], "little"))


def same_json(value, printed):
    if isinstance(value, dict) and "diff" in value:
        return same_diff(value["diff"], printed)
    data = text_bytes(value)
    if data is None:
        return False
    if isinstance(value, str) and value.startswith('"'):  # a document that is a text is printed as one
        data = plain_text(value)
    return printed in quoted(data)


def plain_text(document):
    return json.loads(document, strict=False).encode("utf-8", "surrogatepass")


def same_value(value, column, printed, quirks):
    kind = column["type"]
    if printed == b"NULL" or value is None:
        return printed == b"NULL" and value is None
    if kind in _BITS:
        return same_integer(value, column, printed)
    if kind == "year":
        return printed.decode() == ("1900" if value == 0 else str(value)) or printed == b"%d" % value
    if kind == "float":
        return isinstance(value, float) and printed.strip() == b"%g" % value
    if kind == "double":
        return isinstance(value, float) and printed.strip() == b"%.20g" % value
    if kind == "decimal":
        return not quirks.decimals or printed.decode() == value
    if kind == "timestamp":
        return not quirks.temporals or same_timestamp(value, printed)
    if kind in ("date", "time", "datetime"):
        wanted = value.replace("-", ":") if kind == "date" else value
        return not quirks.temporals or printed.decode().strip("'") == wanted  # without quotes before 5.6
    if kind == "bit":
        return same_bits(value, printed)
    if kind == "set":
        return same_bits(mask(value, column), printed)
    if kind == "enum":
        return printed == b"%d" % mask(value, column)
    if kind == "json":
        return not quirks.documents or same_json(value, printed)
    if kind == "vector":
        return printed.decode() == "[%s]" % ",".join("%.5e" % number for number in value)
    return kind in _STRINGS and same_string(value, column, printed)


# -- a part of a JSON document --------------------------------------------------------------------

_FUNCTIONS = {"replace": ("JSON_REPLACE",), "insert": ("JSON_INSERT", "JSON_ARRAY_INSERT"),
              "remove": ("JSON_REMOVE",)}


def json_literals(text):
    """How a document's text may stand in the arguments of a function."""
    data = text.encode()
    if text.startswith('"'):
        return list(quoted(plain_text(text)))
    return [data] + [b"CAST(" + form + b" AS JSON)" for form in quoted(data)]


def same_diff(diff, printed):
    """True where the functions that are printed are these steps, in this order."""
    text = printed.replace(b"\n###      ", b" ")
    functions = re.match(rb"((?:JSON_[A-Z_]+\( ?)*)@\d+", text)
    if not functions:
        return False
    names = re.findall(rb"JSON_[A-Z_]+", functions.group(1))[::-1]  # the innermost works first
    rest = text[functions.end():]
    for step in diff:
        if rest.startswith(b")"):
            rest, names = rest[1:], names[1:]
        if not names or names[0].decode() not in _FUNCTIONS[step["op"]]:
            return False
        paths = [b", " + form for form in quoted(step["path"].encode())]
        values = [b", " + form for form in json_literals(step["value"])] if "value" in step else [b""]
        for start in (path + value for path in paths for value in sorted(values, key=len, reverse=True)):
            if rest.startswith(start):
                rest = rest[len(start):]
                break
        else:
            return False
    return rest == b")" * len(names) and len(names) <= 1


# -- rows -----------------------------------------------------------------------------------------


def compare_rows(events, rows, quirks, given_up=()):
    """The rows of all events against the pseudo statements, in order."""
    skipped = set(given_up)
    printed = iter([row for row in rows if row.table not in skipped])
    count = 0
    for event in events:
        if not event.rows or event["db"] + "." + event["table"] in skipped:
            continue
        for row in event.rows:
            count += 1
            want = next(printed, None)
            if want is None:
                yield "row %d, of %r, is not in the text" % (count, event)
                return
            problem = row_problem(event, row, want, quirks)
            if problem:
                yield "row %d, %s of %r: %s" % (count, row["n"], event, problem)
                return
    left = sum(1 for _ in printed)
    if left:
        yield "the text has %d rows more than %d" % (left, count)


def row_problem(event, row, want, quirks):
    got = (row["row"][0].upper(), row["db"] + "." + row["table"])
    if got != (want.verb, want.table):
        return "%s, the text has %s %s" % (got, want.verb, want.table)
    sides = {"insert": ("after",), "update": ("before", "after"), "delete": ("before",)}[row["row"]]
    if [side for side in ("before", "after") if side in row] != list(sides):
        return "it has the images %s" % [side for side in ("before", "after") if side in row]
    for side in sides:
        printed = want.where if side == "before" else want.set
        values = column_values(event, row[side])
        if [number for number, _, _ in values] != sorted(printed):
            return "%s has the columns %s, the text %s" % (side, [n for n, _, _ in values], sorted(printed))
        for number, column, value in values:
            if not same_value(value, column, printed[number], quirks):
                return "%s, column %d %s: %s, the text has %s" % (
                    side, number, column, json.dumps(value)[:500], printed[number][:500])
    return None


def check_forms(events):
    """Texts must have the form that the reference promises for their bytes and character set."""
    for event, row in ((event, row) for event in events for row in event.rows):
        for side in ("before", "after"):
            for _, column, value in column_values(event, row.get(side, {})):
                problem = form_problem(column, value, event.map["names"] == "schema")
                if problem:
                    yield "%r, row %s, %s, %s: %s" % (event, row["n"], side, column, problem)
                    return


def form_problem(column, value, by_schema):
    kind = column["type"]
    if value is None or kind not in _STRINGS or kind in ("uuid", "inet4", "inet6"):
        return None
    data = text_bytes(value)
    if data is None:
        return "is %s" % json.dumps(value)[:200]
    collation = column.get("collation", 63 if kind in ("geometry",) else None)
    if "collation" not in column and (by_schema or kind in ("binary", "varbinary")):
        return None  # the character set is known from the server
    wanted = text_form(data, collation)
    if value != wanted:
        return "is %s, must be %s" % (json.dumps(value)[:200], json.dumps(wanted)[:200])
    if kind == "binary" and "bytes" in column and len(data) != column["bytes"]:
        return "has %d bytes of %d" % (len(data), column["bytes"])
    return None

"""The keys of every line, held against the tables of docs/reference/events-format.md, so that neither the
page nor the command can change alone.
"""

import os
import re

from bs_corpus import SOURCE
from bs_events import ROWS

PAGE = os.path.join(SOURCE, "docs/reference/events-format.md")
_EVERY = {"event", "file", "pos", "end", "size", "time", "server_id"}
_EVERY_MAYBE = {"inner", "flags"}
_ROW = {"row", "db", "table", "file", "pos", "n"}


def _rows_of(text, title):
    part = text[text.index("## " + title):]
    lines = part[:part.index("\n\n", part.index("\n|"))].split("\n")
    return [line.strip("|").split(" | ", 1) for line in lines if line.startswith(("| `", "| rows"))]


def _keys(cell):
    """({key that must be there}, {key that may})."""
    while re.search(r"\([^()]*\)", cell):
        cell = re.sub(r"\([^()]*\)", "", cell)
    found = re.findall(r"`([a-z_0-9]+)` ?(\?)?", cell)
    return {k for k, maybe in found if not maybe}, {k for k, maybe in found if maybe}


def load():
    """{event: (must, may)}; GTID of MariaDB is "GTID (MariaDB)"."""
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    table = {}
    for names, cell in _rows_of(text, "Keys of each type"):
        keys = _keys(cell)
        if "as QUERY" in cell:
            keys = tuple(a | b for a, b in zip(keys, table["QUERY"]))
        for name in re.findall(r"`([A-Z][A-Z_0-9]+)`", names):
            table["GTID (MariaDB)" if "(MariaDB)" in names else name] = keys
    must, may = table["ANONYMOUS_GTID"]
    table["ANONYMOUS_GTID"] = (must - {"gtid"}, may)
    must, may = table["TRANSACTION_CONTEXT"]
    for name in ("TRANSACTION_CONTEXT", "LARGE_TRANSACTION_HEADER"):
        table[name] = (must - {"view_id"}, may)
    columns = re.search(r"then where they apply or are\s+known: (.*?)\. \(", text, re.S).group(1)
    table["column"] = ({"name", "type"}, set(re.findall(r"`([a-z_]+)`", columns)))
    types = re.search(r"object per column: `name`, `type` \((.*?)\), then where", text, re.S).group(1)
    table["types"] = set(re.findall(r"`([a-z0-9]+)`", types))
    return table


_WORDS = (("number", "number"), ("string", "string"), ("array", "array"), ('{"hex"', "hex"), ('{"diff"', "diff"))


def load_values():
    """{column type: the forms that the table of values names for it}."""
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    part = text[text.index("| column | JSON | why |"):]
    forms = {}
    for line in part[:part.index("\n\n")].split("\n")[2:]:
        names, cell = line.strip("|").split(" | ")[:2]
        found = {form for word, form in _WORDS if word in cell}
        names = "JSON" if "of a JSON document" in names else re.sub(r"\([^()]*\)", "", names)
        for name in re.findall(r"\b[A-Z][A-Z0-9]+\b", names):
            forms.setdefault(name.lower(), set()).update(found)
    missing = load()["types"] - set(forms)
    assert not missing, "the table of values does not tell of " + ", ".join(sorted(missing))
    return forms


def form_of(value):
    if isinstance(value, dict):
        return next(iter(value))
    return "array" if isinstance(value, list) else "string" if isinstance(value, str) else "number"


def check_values(event, row):
    """Each value has a form that the page names for its column's type."""
    types = {column["name"]: column["type"] for column in event.map["columns"]}
    for side in ("before", "after"):
        for name, value in row.get(side, {}).items():
            if value is not None and form_of(value) not in VALUES[types[name]]:
                yield "%r: %s %s, of the type %s" % (event, name, str(value)[:60], types[name])


TABLE = load()
VALUES = load_values()


def check_keys(events):
    """Yields what has a key too many or too few."""
    mariadb = False
    for event in events:
        if event.name == "FORMAT_DESCRIPTION":
            mariadb = "aria" in event["server_version"]
        yield from _check(repr(event), set(event.line), *_keys_of(event, mariadb))
        for column in event.get("columns", ()):
            yield from _check("%r: column %s" % (event, column), set(column), *TABLE["column"])
            if column["type"] not in TABLE["types"]:
                yield "%r: a column of type %s" % (event, column["type"])
        for row in event.rows:
            sides = {"insert": {"after"}, "delete": {"before"}, "update": {"before", "after"}}[row["row"]]
            yield from _check("%r: row %s" % (event, row["n"]), set(row), _ROW | sides, {"inner"})
            if event.map is not None:
                yield from check_values(event, row)


def _keys_of(event, mariadb):
    name = event.name
    if name.startswith("type "):
        return _EVERY, _EVERY_MAYBE
    if name == "GTID" and mariadb:
        name += " (MariaDB)"
    must, may = TABLE[re.sub(r"(_COMPRESSED)?_V1$", "", name) if ROWS.match(name) else name]
    if event.is_rows and event.map is None and not event.rows:
        must = must - {"db", "table"}  # it only ends a statement
    return must | _EVERY, may | _EVERY_MAYBE


def _check(what, got, must, may):
    if must - got:
        yield "%s has no %s" % (what, sorted(must - got))
    if got - must - may:
        yield "%s has %s, which the reference does not tell" % (what, sorted(got - must - may))

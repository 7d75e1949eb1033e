"""Binlogs of real servers, decoded and compared with what those servers say is in them.

For each case of the corpus:
  state   rows are applied to empty tables in the order of the log, full before images as keys, and
          what is left is compared with state.tsv, which the server itself wrote as stored bytes.
          The schema model is read from the dump beside it.
  text    every change, its table and its integer and text values, in order, against the text that
          the server's own mysqlbinlog -v printed.
  stop    the decoder must refuse the file, by name.

The corpus is where BINSTREAM_CORPUS says, or ../shared/corpus beside the source tree.
"""

import collections
import decimal
import ipaddress
import json
import math
import os
import re
import subprocess
import sys
import tempfile

TOOL = sys.argv[1]
OLD_DOUBLES = False  # MySQL before 5.5 shows 15 digits of a double
OLD_JSON = False
SOURCE = os.environ.get("BINSTREAM_SOURCE_DIR", os.path.join(os.path.dirname(__file__), "../../.."))
CORPUS = os.environ.get("BINSTREAM_CORPUS") or os.path.join(SOURCE, "../shared/corpus")
SERVERS = os.path.join(CORPUS, "servers")

# What stops the decoder, by server and case: a part of the message.
XA = "XA transaction"
STOPS = {
    "mixed": "as a statement",
    "xa": XA,
    "mariadb-10.11/vendor": "ALTER in two phases",
    "mariadb-11.8.6/vendor": "ALTER in two phases",
}
NO_STOP = {"mysql-5.1.63/xa", "mysql-5.5.62/xa", "mysql-5.6.24/xa"}  # logged as plain transactions

# Their rows are not all in the log as rows: cascades, DDL between, statements.
NO_STATE = {"ddl", "gtid-ddl", "fk", "fk-native", "gtid-fk", "tables", "tables-rowsquery", "gtid-tables",
            "compress-tables", "gtid-compress-tables", "xa"}
# What their own mysqlbinlog -v misreads: DECIMAL before 5.6, JSON in 5.7, hires temporals.
BAD_TEXT = {"mysql-5.1.63/types-small-full", "mysql-5.5.62/types-small-full", "mysql-5.7.23/json",
            "mariadb-10.5.23/types-oldtemporal", "mariadb-10.11/types-oldtemporal",
            "mariadb-11.8.6/types-oldtemporal"}
# Partial images: values are compared by the text only.
PARTIAL = {"types-minimal", "types-full_nodup", "partial-json", "compress-partial-json"}


def read(path):
    if os.path.exists(path):
        return open(path, "rb").read()
    if os.path.exists(path + ".zst"):
        return subprocess.run(["zstd", "-dcq", "--long=27", path + ".zst"], check=True,
                              stdout=subprocess.PIPE).stdout
    return None


# -- the model, from the dump ---------------------------------------------------------------------


def parse_dump(dump):
    """{(db, table): [(column, type)]}; the types as in COLUMN_TYPE."""
    tables = {}
    db = None
    columns = None
    for line in dump.decode("utf-8", "surrogateescape").split("\n"):
        if line.startswith("USE `"):
            db = line[5:line.rindex("`")]
        elif line.startswith("CREATE TABLE `"):
            columns = tables.setdefault((db, line[14:line.rindex("`")]), [])
        elif columns is not None and line.startswith("  `"):
            match = re.match(r"  `((?:[^`]|``)+)` ((?:[^ (]+)(?:\((?:'(?:[^']|'')*'|[^)'])*\))?"
                             r"(?: unsigned)?(?: zerofill)?)", line)
            columns.append((match.group(1).replace("``", "`"), match.group(2).rstrip(",")))
        elif line.startswith(")"):
            columns = None
    return tables


def default_decimal(type_text):
    return "decimal(10,0)" if type_text.startswith("decimal ") or type_text == "decimal" else type_text


def write_model(tables, path):
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as out:
        for (db, table), columns in tables.items():
            for name, type_text in columns:
                out.write("\t".join((db, table, name, default_decimal(type_text))) + "\n")


# -- the decoder's output -------------------------------------------------------------------------

Change = collections.namedtuple("Change", "verb db table guessed before after")


def run_tool(data, server, model):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "binlog.000001")
        with open(path, "wb") as out:
            out.write(data)
        command = [TOOL] + (["--mariadb"] if server.startswith("mariadb") else [])
        if model:
            write_model(model, os.path.join(folder, "model"))
            command += ["--model", os.path.join(folder, "model")]
        done = subprocess.run(command + [path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout.decode(), done.stderr.decode("utf-8", "replace")


def parse_changes(text):
    for line in text.split("\n"):
        if line[:2] not in ("I ", "U ", "D "):
            continue
        verb, db, table, *values = line.split(" ")
        guessed = db.startswith("?")
        db = bytes.fromhex(db.lstrip("?")).decode("utf-8", "surrogateescape")
        table = bytes.fromhex(table).decode("utf-8", "surrogateescape")
        before, after = values, values
        if verb == "U":
            middle = values.index("|")
            before, after = values[:middle], values[middle + 1:]
        yield Change(verb, db, table, guessed, before, after)


# -- state ----------------------------------------------------------------------------------------


def labels(type_text):
    return [m.replace("''", "'") for m in re.findall(r"'((?:[^']|'')*)'", type_text)]


def same_json(a, b):
    """5.7 prints the double 1.0 as 1, and line breaks in base64 raw."""
    return json.loads(a) == json.loads(b, strict=False)


def as_state(value, type_text, stored):
    """The value in the notation of state.tsv; stored is what is expected, for what has many notations."""
    if value == "n":
        return "NULL"
    kind, body = value[0], value[1:]
    base = re.match(r"[a-z0-9]+", type_text).group(0)
    if base == "bit":
        return "%X" % int(body)
    if base == "enum":
        return labels(type_text)[int(body) - 1].encode().hex().upper() if int(body) else ""
    if base == "set":
        chosen = [l for i, l in enumerate(labels(type_text)) if int(body) >> i & 1]
        return ",".join(chosen).encode().hex().upper()
    if base == "year":
        return ("%04d" % int(body))[-len(stored):]
    if base == "inet6" and ":" in stored:  # 10.5 has no HEX() of it
        return stored if ipaddress.IPv6Address(stored).packed.hex() == body else body
    if kind == "j" and OLD_JSON and same_json(bytes.fromhex(body), bytes.fromhex(stored)):
        return stored
    if kind in "iu":
        return stored if re.fullmatch(r"-?\d+", stored) and int(stored) == int(body) else body
    if kind in "fd":
        number = float.fromhex(body)
        digits = re.search(r"\(\d+,(\d+)\)", type_text)
        if stored == "NULL":
            return repr(number)
        # A declared number of places; 5.1 shows 15 digits; else the shortest form, which reads back.
        wanted = float(stored)
        if digits:
            near = math.isclose(wanted, number, rel_tol=1e-15, abs_tol=10 ** -int(digits.group(1)))
        elif OLD_DOUBLES:
            near = math.isclose(wanted, number, rel_tol=1e-14) or math.isinf(wanted)
        else:
            near = wanted == number
        return stored if near else repr(number)
    if kind == "t":
        text = body.replace("T", " ")
        if base == "decimal" and "zerofill" in type_text and text.lstrip("0.") == stored.lstrip("0."):
            return stored
        return text
    return body.upper()


def parse_state(state):
    tables = {}
    rows = None
    for line in state.split(b"\n"):
        if line.startswith(b"## "):
            db, table = line[3:].decode("utf-8", "surrogateescape").split(".", 1)
            rows = tables.setdefault((db, table), ([], []))
        elif line.startswith(b"# ") and rows is not None and not rows[0]:
            rows[0].extend(line[2:].decode("utf-8", "surrogateescape").split("\t"))
        elif line and rows is not None:
            rows[1].append([f.decode("utf-8", "surrogateescape") for f in line.split(b"\t")])
    return tables


def replay(changes):
    """{(db, table): Counter of rows}, or None for a table whose log does not add up."""
    tables = {}
    guessed = set()
    for change in changes:
        name = (change.db, change.table)
        rows = tables.setdefault(name, collections.Counter())
        if change.guessed:
            guessed.add(name)
        if change.verb in "UD":
            before = tuple(change.before)
            if rows[before] == 0:
                guessed.add(name)  # changed by something else than rows
            rows[before] -= 1
        if change.verb in "IU":
            rows[tuple(change.after)] += 1
    return {name: rows for name, rows in tables.items() if name not in guessed}


def compare_state(case, changes, model, state):
    compared = 0
    values = 0
    for name, rows in replay(changes).items():
        if name not in state or name not in model:
            continue
        columns, stored = state[name]
        types = model[name]
        if [c for c, _ in types] != columns:
            continue
        got = [row for row, count in rows.items() for _ in range(count)]
        if len(got) != len(stored):
            fail(case, "%s.%s: %d rows by the log, %d on the server" % (name + (len(got), len(stored))))
        wanted = collections.defaultdict(list)
        for row in stored:
            wanted[int(row[0]) if row[0].lstrip("-").isdigit() else row[0]].append(row)
        for row in got:
            key = row[0][1:] if row[0][:1] in "iu" else None
            candidates = wanted.get(int(key), stored) if key is not None else stored
            if not any(same_row(row, types, want) for want in candidates):
                best = candidates[0] if len(candidates) == 1 else None
                fail(case, "%s.%s: no such row on the server: %s" % (
                    name + (differences(row, types, best) if best else str(row)[:2000],)))
                break
            values += len(row)
        compared += 1
    return compared, values


def is_raw_geometry(type_text):
    return type_text in ("point", "multipoint")  # printed raw in state.tsv


def same_row(row, types, want):
    return all(same_value(v, t, w) for v, (_, t), w in zip(row, types, want))


def same_value(value, type_text, stored):
    if is_raw_geometry(type_text):
        return True
    got = as_state(value, type_text, stored)
    if got == stored:
        return True
    # Labels beyond ASCII are stored in the column's character set, the dump has them in UTF-8.
    return type_text.startswith(("enum", "set")) and not type_text.isascii()


def differences(row, types, want):
    return "; ".join("%s %s: decoded %s, stored %s" % (n, t, as_state(v, t, w)[:200], w[:200])
                     for v, (n, t), w in zip(row, types, want) if not same_value(v, t, w))


# -- text -----------------------------------------------------------------------------------------


def parse_text(text):
    """The changes that mysqlbinlog -v printed, in order: verb, db.table, {column: value} twice."""
    change = None
    side = None
    for line in text.split(b"\n"):
        if not line.startswith(b"### "):
            continue
        head = re.match(rb"### (INSERT INTO|UPDATE|DELETE FROM) (.*)$", line)
        if head:
            if change:
                yield change
            table = head.group(2).decode("utf-8", "surrogateescape")
            if table.startswith("`"):
                table = table[1:-1].replace("`.`", ".").replace("``", "`")
            change = (head.group(1).decode()[0], table, {}, {})
        elif line == b"### WHERE":
            side = 2
        elif line == b"### SET":
            side = 3
        else:
            value = re.match(rb"###   @(\d+)=(.*)$", line)
            if value:
                change[side][int(value.group(1)) - 1] = value.group(2)
    if change:
        yield change


def same_text(value, printed):
    """True where the two notations cannot be told apart; numbers and plain ASCII can."""
    kind, body = value[:1], value[1:]
    if kind == "n":
        return printed == b"NULL"
    if kind in "iu":
        numbers = re.fullmatch(rb"(-?\d+)(?: \((\d+)\))?", printed)
        if not numbers:  # BIT and quirks
            bits = re.fullmatch(rb"b'([01]+)'", printed)
            if not bits:
                return True
            number, width = int(bits.group(1), 2), len(bits.group(1)) // 8
            # A SET of several bytes is printed in the order of the bytes.
            return int(body) in (number, int.from_bytes(number.to_bytes(width + 1, "big")[1:], "little"))
        if body == "0" and printed == b"1900":
            return True  # the zero YEAR
        return int(body) in [int(n) for n in numbers.groups() if n]
    if kind == "x":
        raw = bytes.fromhex(body)
        plain = re.fullmatch(rb"'([ A-Za-z0-9_.,-]*)'", printed)
        return plain.group(1) == raw.rstrip(b"\0") if plain else True
    if kind == "t" and re.fullmatch(rb"-?[0-9]+\.[0-9]+|-?[0-9]+", printed) and "-" not in body[1:] \
            and ":" not in body:
        return decimal.Decimal(printed.decode()) == decimal.Decimal(body)
    return True


def compare_text(case, changes, text):
    count = 0
    # Where mysqlbinlog meets a GEOMETRY it gives the event up: such tables are left to the state.
    printed = list(parse_text(text))
    given_up = {c[1] for c in printed if any(
        v.startswith(b"!! Don't know") for side in c[2:] for v in side.values())}
    printed = iter([c for c in printed if c[1] not in given_up])
    for change in (c for c in changes if c.db + "." + c.table not in given_up):
        want = next(printed, None)
        count += 1
        if want is None:
            fail(case, "change %d is not in the text of mysqlbinlog" % count)
            return count
        got = (change.verb, change.db + "." + change.table)
        if got != want[:2]:
            fail(case, "change %d: %s, mysqlbinlog has %s" % (count, got, want[:2]))
            return count
        for side, values in ((2, change.before), (3, change.after)):
            for column, text_value in want[side].items():
                if values[column] == "-" or not same_text(values[column], text_value):
                    fail(case, "change %d, %s, column %d: %s, mysqlbinlog has %s" % (
                        count, got, column + 1, values[column], text_value))
                    return count
    if next(printed, None) is not None:
        fail(case, "mysqlbinlog has more changes than %d" % count)
    return count


# -- the run --------------------------------------------------------------------------------------

failures = []


def fail(case, what):
    failures.append(case)
    print("FAIL %s: %s" % (case, what), flush=True)


def run_case(server, case):
    global OLD_DOUBLES, OLD_JSON
    OLD_DOUBLES = server.startswith("mysql-5.1")
    OLD_JSON = server.startswith("mysql-5.7")
    folder = os.path.join(SERVERS, server, case)
    name = server + "/" + case
    dump = read(os.path.join(folder, "dump.sql"))
    state = read(os.path.join(folder, "state.tsv"))
    model = parse_dump(dump) if dump else {}
    stop = None if name in NO_STOP else STOPS.get(name) or STOPS.get(case)
    files = sorted({f.split(".zst")[0] for f in os.listdir(folder)
                    if re.fullmatch(r"binlog\.\d+(\.zst)?", f)})
    changes = []
    stopped = False
    for file in files:
        code, out, err = run_tool(read(os.path.join(folder, file)), server, model)
        if code != 0 and stop and stop in err:
            stopped = True
            continue
        if code != 0:
            fail(name, "%s: %s" % (file, err.strip()[:2000]))
            return
        in_file = list(parse_changes(out))
        changes += in_file
        text = read(os.path.join(folder, file + ".txt"))
        # Compressed payloads are not opened in this text.
        if text is not None and name not in BAD_TEXT and \
                not case.startswith(("compress", "gtid-compress")):
            compare_text(name, in_file, text)
    if stop and not stopped:
        fail(name, "must stop with \"%s\"" % stop)
    if stop or not state or case in NO_STATE or case in PARTIAL:
        print("ok   %s: %d changes%s" % (name, len(changes), ", stopped by name" if stopped else ""))
        return
    tables, values = compare_state(name, changes, model, parse_state(state))
    print("ok   %s: %d changes, %d tables and %d values as on the server" % (
        name, len(changes), tables, values), flush=True)
    if tables == 0:
        fail(name, "no table could be compared")


def main():
    if not os.path.isdir(SERVERS):
        print("SKIPPED: corpus of recorded binlogs: %s is not there" % SERVERS)
        sys.exit(77)
    only = sys.argv[2:]
    ran = 0
    for server in sorted(os.listdir(SERVERS)):
        if not re.match(r"(mysql|mariadb)-", server):
            continue
        for case in sorted(os.listdir(os.path.join(SERVERS, server))):
            if os.path.isdir(os.path.join(SERVERS, server, case)) and (
                    not only or any(o in server + "/" + case for o in only)):
                run_case(server, case)
                ran += 1
    print("%d cases, %d failures" % (ran, len(failures)))
    sys.exit(1 if failures or ran == 0 else 0)


if __name__ == "__main__":
    main()

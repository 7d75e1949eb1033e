"""Binlogs of real servers, decoded and compared with what those servers say is in them.

For each case of the corpus:
  state   rows are applied to empty tables in the order of the log, full before images as keys, and
          what is left is compared with state.tsv, which the server itself wrote as stored bytes.
          The schema model is read from the dump beside it.
  text    every change, its table and its integer and text values, in order, against the text that
          the server's own mysqlbinlog -v printed.
  stop    the decoder must refuse the file, by name.

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

import bs_corpus
from bs_corpus import labels, parse_dump, parse_state, read
from bs_mysqlbinlog import Text

TOOL = sys.argv[1]
OLD_DOUBLES = False  # MySQL before 5.5 shows 15 digits of a double
OLD_JSON = False

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


# -- the model, from the dump ---------------------------------------------------------------------


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
    text = Text(text)
    given_up = text.given_up
    printed = iter([row for row in text.rows if row.table not in given_up])
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
        for side, values in ((want.where, change.before), (want.set, change.after)):
            for column, text_value in side.items():
                if values[column - 1] == "-" or not same_text(values[column - 1], text_value):
                    fail(case, "change %d, %s, column %d: %s, mysqlbinlog has %s" % (
                        count, got, column, values[column - 1], text_value))
                    return count
    if next(printed, None) is not None:
        fail(case, "mysqlbinlog has more changes than %d" % count)
    return count


# -- the run --------------------------------------------------------------------------------------

failures = []


def fail(case, what):
    failures.append(case)
    print("FAIL %s: %s" % (case, what), flush=True)


def run_case(server, case, folder):
    global OLD_DOUBLES, OLD_JSON
    OLD_DOUBLES = server.startswith("mysql-5.1")
    OLD_JSON = server.startswith("mysql-5.7")
    name = server + "/" + case
    dump = read(os.path.join(folder, "dump.sql"))
    state = read(os.path.join(folder, "state.tsv"))
    model = parse_dump(dump) if dump else {}
    stop = None if name in NO_STOP else STOPS.get(name) or STOPS.get(case)
    changes = []
    stopped = False
    for file in bs_corpus.binlogs(folder):
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
    bs_corpus.require()
    ran = 0
    for server, case, folder in bs_corpus.server_cases(sys.argv[2:]):
        run_case(server, case, folder)
        ran += 1
    print("%d cases, %d failures" % (ran, len(failures)))
    sys.exit(1 if failures or ran == 0 else 0)


if __name__ == "__main__":
    main()

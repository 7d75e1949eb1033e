"""The corpus of recorded binlogs: where it is, and what the files beside the binlogs say.

    dump.sql    the definitions at the end, as mysqldump prints them
    state.tsv   the rows at the end, as the server stores them

The corpus is where BINSTREAM_CORPUS says, or ../shared/corpus beside the source tree.
"""

import csv
import os
import re
import subprocess
import sys

SOURCE = os.path.abspath(os.environ.get("BINSTREAM_SOURCE_DIR")
                         or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
CORPUS = os.environ.get("BINSTREAM_CORPUS") or os.path.join(SOURCE, "../shared/corpus")
SERVERS = os.path.join(CORPUS, "servers")
SKIPPED = 77


def require():
    """Ends the process with ctest's exit code for a skipped test unless the corpus is there."""
    if not os.path.isdir(SERVERS):
        print("SKIPPED: corpus of recorded binlogs: %s is not there" % SERVERS)
        sys.exit(SKIPPED)


def read(path):
    """The bytes of a file that may be compressed as path.zst; None where there is neither."""
    if os.path.exists(path):
        with open(path, "rb") as file:
            return file.read()
    if os.path.exists(path + ".zst"):
        return subprocess.run(["zstd", "-dcq", "--long=27", path + ".zst"], check=True,
                              stdout=subprocess.PIPE).stdout
    return None


def server_cases(only=()):
    """(server, case, folder) of every recorded case whose server/case has one of the words in it."""
    for server in sorted(os.listdir(SERVERS)):
        if not re.match(r"(mysql|mariadb)-", server):
            continue
        for case in sorted(os.listdir(os.path.join(SERVERS, server))):
            folder = os.path.join(SERVERS, server, case)
            if os.path.isdir(folder) and (not only or any(o in server + "/" + case for o in only)):
                yield server, case, folder


def binlogs(folder):
    """Names of the binlog files of a case, without .zst, in order."""
    return sorted({f.split(".zst")[0] for f in os.listdir(folder) if re.fullmatch(r"binlog\.\d+(\.zst)?", f)})


def as_is(path):
    """The path under which the file lies there: with .zst where it is compressed."""
    return path if os.path.exists(path) else path + ".zst"


def manifest():
    """Rows of MANIFEST.tsv as dictionaries."""
    with open(os.path.join(CORPUS, "MANIFEST.tsv"), newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


# -- the definitions, from the dump ---------------------------------------------------------------


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


def labels(type_text):
    """The labels of an ENUM or SET."""
    return [m.replace("''", "'") for m in re.findall(r"'((?:[^']|'')*)'", type_text)]


# -- the rows, from the state ---------------------------------------------------------------------


def parse_state(state):
    """{(db, table): ([column], [row])}; a row is a list of texts."""
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

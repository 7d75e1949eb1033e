"""What mysqlbinlog -v and -vv print, taken apart.

The text has three lists that run in the order of the log, each by itself: MySQL's tool collects the
heads and rows of a statement in two caches, so what stands together need not belong together.

    marks   the numbers of `# at N`, one for each event
    heads   `#261122 20:28:09 server id 51  end_log_pos 106 ...` with the lines below it
    rows    the pseudo statements `### INSERT INTO ...`
"""

import calendar
import collections
import os
import re
import subprocess

Row = collections.namedtuple("Row", "verb table where set")  # {column number from 1: bytes as printed}

_HEAD = re.compile(rb"#(\d\d)(\d\d)(\d\d) +(\d+):(\d\d):(\d\d) server id (\d+)  end_log_pos (\d+) "
                   rb"(?:CRC32 0x[0-9a-f]+ )?\t?(.*)$", re.S)
_ROW = re.compile(rb"### (INSERT INTO|UPDATE|DELETE FROM) (.*)$", re.S)
_VALUE = re.compile(rb"###   @(\d+)=(.*)$", re.S)
_TYPE = re.compile(rb" /\* [A-Za-z][^*]* meta=\d+ nullable=[01] is_null=[01] \*/$")  # -vv


class Head:
    """One event as its head line tells it."""

    def __init__(self, match):
        year, month, day, hour, minute, second = (int(n) for n in match.group(1, 2, 3, 4, 5, 6))
        year += 2000 if year < 70 else 1900
        self.time = calendar.timegm((year, month, day, hour, minute, second))
        self.server_id = int(match.group(7))
        self.end = int(match.group(8))
        self.rest = match.group(9)
        self.lines = []
        self.kind = None

    @property
    def body(self):
        return b"\n".join(self.lines)

    def fields(self):
        """{name: text} of what the head line has as name=value or `name = value`."""
        found = re.findall(rb"([A-Za-z_]+) ?= ?([^\t ]*)", self.rest)
        return {name.decode(): value.decode("utf-8", "surrogateescape") for name, value in found}


# The first words of a head to the names of binstream's events. '' is both of LOAD DATA's blocks.
_KINDS = (
    (rb"Start: binlog v", "FORMAT_DESCRIPTION"),
    (rb"Previous-GTIDs", "PREVIOUS_GTIDS"),
    (rb"Anonymous_GTID", "ANONYMOUS_GTID"),
    (rb"GTID", "GTID"),
    (rb"Query_compressed", "QUERY_COMPRESSED"),
    (rb"Query", "QUERY"),
    (rb"Intvar", "INTVAR"),
    (rb"Rand", "RAND"),
    (rb"User_var", "USER_VAR"),
    (rb"Execute_load_query", "EXECUTE_LOAD_QUERY"),
    (rb"Xid = ", "XID"),
    (rb"XID = |XA PREPARE", "XA_PREPARE"),
    (rb"Rotate to ", "ROTATE"),
    (rb"Stop", "STOP"),
    (rb"Table_map: ", "TABLE_MAP"),
    (rb"Annotate_rows:", "ANNOTATE_ROWS"),
    (rb"Binlog checkpoint ", "BINLOG_CHECKPOINT"),
    (rb"Gtid list ", "GTID_LIST"),
    (rb"Transaction_Payload", "TRANSACTION_PAYLOAD"),
    (rb"Rows_query", "ROWS_QUERY"),
    (rb"Incident", "INCIDENT"),
    (rb"Ignorable", "IGNORABLE"),
    (rb"Update_rows_partial", "PARTIAL_UPDATE_ROWS"),
    (rb"Write_compressed_rows", "WRITE_ROWS_COMPRESSED_V1"),
    (rb"Update_compressed_rows", "UPDATE_ROWS_COMPRESSED_V1"),
    (rb"Delete_compressed_rows", "DELETE_ROWS_COMPRESSED_V1"),
    (rb"Write_rows", "WRITE_ROWS"),
    (rb"Update_rows", "UPDATE_ROWS"),
    (rb"Delete_rows", "DELETE_ROWS"),
)


def _kind(head):
    if not head.rest:
        words = head.lines[0] if head.lines else b""
        for mark, name in ((b"#Begin_load_query", "BEGIN_LOAD_QUERY"), (b"#Append_block", "APPEND_BLOCK"),
                           (b"#Delete_file", "DELETE_FILE")):
            if words.startswith(mark):
                return name
    for words, name in _KINDS:
        if re.match(words, head.rest):
            return name
    return "?" + head.rest[:40].decode("utf-8", "replace")


class Text:
    """The three lists of one text."""

    def __init__(self, data, verbose=False):
        """verbose: it was made with -vv."""
        self._verbose = verbose
        self.marks, self.heads, self.rows = [], [], []
        self.given_up = set()  # tables whose rows the tool gave up on: GEOMETRY in MySQL's
        self._head, self._row, self._side, self._value = None, None, None, None
        for line in data.split(b"\n"):
            self._line(line)
        self._end_row()
        for head in self.heads:
            head.kind = _kind(head)

    def _line(self, line):
        if line.startswith(b"### ") and (self._row or _ROW.match(line)):
            self._row_line(line)
            given_up = re.search(rb"!! Don't know how to handle column type.*?(# at (\d+))?$", line)
            if given_up and given_up.group(2):
                self.marks.append(int(given_up.group(2)))
            return
        mark = re.match(rb"# at (\d+)$", line)
        if mark:
            self._head = None
            self.marks.append(int(mark.group(1)))
            return
        head = _HEAD.match(line)
        if head:
            self._end_row()
            self._head = Head(head)
            self.heads.append(self._head)
        elif self._head is not None:
            self._head.lines.append(line)

    def _row_line(self, line):
        if self._verbose:
            line = _TYPE.sub(b"", line)
        head = _ROW.match(line)
        value = _VALUE.match(line)
        if head:
            self._end_row()
            table = head.group(2).decode("utf-8", "surrogateescape")
            if table.startswith("`"):
                table = table[1:-1].replace("`.`", ".").replace("``", "`")
            self._row = Row(head.group(1).decode()[0], table, {}, {})
        elif line == b"### WHERE":
            self._side = self._row.where
        elif line == b"### SET":
            self._side = self._row.set
        elif value and self._row:
            self._value = int(value.group(1))
            self._side[self._value] = value.group(2)
            if value.group(2).startswith(b"!! Don't know"):
                self.given_up.add(self._row.table)
        elif line.startswith(b"###      ") and self._row and self._value:
            self._side[self._value] += b"\n" + line  # a JSON function with several arguments

    def _end_row(self):
        if self._row:
            self.rows.append(self._row)
        self._row = self._value = None


# -- the tools themselves --------------------------------------------------------------------------


class Failed(Exception):
    """The tool ended with an error; what it had printed by then is in .text."""

    def __init__(self, message, text):
        super().__init__(message)
        self.text = text


def run(command, env, path, *options):
    """What mysqlbinlog -vv prints of one file, with the definitions that the log has."""
    argv = command + ["--no-defaults", "-vv", "--base64-output=decode-rows"] + list(options) + [path]
    done = subprocess.run(argv, env=dict(env or os.environ, TZ="UTC"), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Failed(done.stderr.decode("utf-8", "replace").strip(), done.stdout)
    return done.stdout


TABLES = "--print-table-metadata"


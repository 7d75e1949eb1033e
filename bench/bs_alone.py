"""What the servers take by themselves, with nobody between them: the floor under every tool that copies a table. The source writes it
to files, in pieces; the target loads these, and has its keys built once the rows are in. Two sessions each; no network, no
consistent moment, nothing kept for a rerun."""

import os
import re
import threading
import time

import bs_data

SOURCE, TARGET = "the source alone", "the target alone"
_PIECES = 8
_SESSIONS = 2
_KEY = r",\n\s+((?:UNIQUE )?KEY [^\n]*?)(?=,?\n)"


class Alone:
    """One table of the source, as files that both servers on this machine can read."""

    def __init__(self, source, table, folder):
        self._source, self._table, self._folder = source, table, folder
        os.chmod(folder, 0o755)
        create = source.query("SHOW CREATE TABLE " + table)[0][1]
        self._bare = re.sub(_KEY, "", create)
        self._keys = ["ADD " + key for key in re.findall(_KEY, create)]
        self._columns = source.query("SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS WHERE CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) = %s"
                                     " ORDER BY ORDINAL_POSITION", (table,))
        first, last = source.query("SELECT MIN(id), MAX(id) FROM " + table)[0]
        ends = [first + (last + 1 - first) * piece // _PIECES for piece in range(_PIECES + 1)]
        self._ranges = [(start, end) for start, end in zip(ends, ends[1:]) if start < end]

    def _path(self, piece):
        return os.path.join(self._folder, "piece-%d" % piece)

    def unload(self):
        """Writes the files; measures of it."""
        for piece in range(_PIECES):
            if os.path.exists(self._path(piece)):
                os.unlink(self._path(piece))
        return _measure(self._source, [], ["SELECT %s INTO OUTFILE '%s' CHARACTER SET binary FROM %s WHERE id >= %d AND id < %d"
                                           % (self._values(), self._path(piece), self._table, start, end) for piece, (start, end) in enumerate(self._ranges)])

    def load(self, target, log):
        """Measures of the target with the files; log: it writes them to its own binlog."""
        began = time.monotonic()
        bs_data.execute(target, "CREATE DATABASE " + bs_data.DATABASE, "USE " + bs_data.DATABASE, self._bare)
        before = ["SET foreign_key_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO'"] + ([] if log else ["SET sql_log_bin = 0"])
        _measure(target, before, ["LOAD DATA INFILE '%s' INTO TABLE %s CHARACTER SET binary %s" % (self._path(piece), self._table, self._fields())
                                  for piece in range(len(self._ranges))])
        if self._keys:
            bs_data.execute(target, "ALTER TABLE %s %s" % (self._table, ", ".join(self._keys)), log=log)
        return {"wall_s": time.monotonic() - began}

    def _values(self):
        """Bits as numbers: MySQL 5.6 would write them as they are, ends of lines among them."""
        return ", ".join("`%s` + 0" % name if kind == "bit" else "`%s`" % name for name, kind in self._columns)

    def _fields(self):
        """JSON takes no bytes without a charset, and bits no number in text."""
        takes = {"json": "CONVERT(@%s USING utf8mb4)", "bit": "CAST(@%s AS UNSIGNED)"}
        names = ", ".join(("@%s" if kind in takes else "`%s`") % name for name, kind in self._columns)
        sets = ["`%s` = %s" % (name, takes[kind] % name) for name, kind in self._columns if kind in takes]
        return "(%s)%s" % (names, " SET " + ", ".join(sets) if sets else "")


def _measure(server, before, statements):
    """Each session runs its share of the statements, one after the other."""
    failures = []

    def run(share):
        try:
            bs_data.execute(server, *before, *share)
        except Exception as error:  # of another thread, so it is handed over
            failures.append(error)

    began = time.monotonic()
    threads = [threading.Thread(target=run, args=(statements[first::_SESSIONS],)) for first in range(_SESSIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return {"wall_s": time.monotonic() - began}

"""snapshot: copies a database to an empty server, by binstream and by the dump program piped into the client, in turns; and then one
table after the other, with mydumper and myloader beside them, two threads each, with and without the target's own binlog, and what
the servers take for it alone."""

import tempfile

import bs_alone
import bs_bench
import bs_data
import bs_dumpers
from bs_servers import flavour

THREADS = 2
# A log of at least so many bytes a row holds the rows, which are longer. Of fewer rows it cannot be told: tables alone make a log as well.
LOG_ROW_BYTES, LOG_MIN_ROWS = 100, 200
# How a snapshot goes: from server to server. Another way is another entry.
FORMS = {"direct": "snapshot"}
# At most this part of the other's time or CPU, by whether the target writes its own binlog.
BOUNDS = {True: {bs_dumpers.TOOL: {"wall_s": 0.75, "cpu_s": 1}, "dump": {"wall_s": 0.4}},
          False: {bs_dumpers.TOOL: {"wall_s": 0.6, "cpu_s": 1}, "dump": {"wall_s": 0.4}}}


ARCHIVE_MEASURES = bs_bench.MEASURES + ("disk_mb",)
ARCHIVE_BOUNDS = {bs_dumpers.DUMPER: {"wall_s": 0.6, "cpu_s": 1, "disk_mb": 1}}


def measure(bench):
    yield _both_tables(bench)
    dumper = bs_dumpers.Dumper(bench.options.mydumper)
    with bench.source(options=_plain(bench.source_name)) as source:
        for kind in ("sysbench", "wide"):
            tables = bs_data.load_one(source, kind, bench.options.rows)
            with tempfile.TemporaryDirectory(prefix="binstream-bench-") as folder:
                alone = bs_alone.Alone(source, next(iter(tables)), folder)
                alone.unload()
                for log in (True, False):
                    for form in FORMS:
                        yield _compare(bench, source, dumper, form, kind, tables, log, alone)
                yield _archive(bench, source, dumper, kind, tables, alone)
            bs_data.execute(source, "DROP DATABASE " + bs_data.DATABASE)


def _plain(name):
    """mydumper takes TLS where it is offered. And before 1.0.2 it reads one form of EXPLAIN only, which is not MySQL 9's default."""
    if flavour(name) == "mariadb":
        return ["--skip-ssl"]
    return ["--skip-ssl"] if name == "mysql-5.6" else ["--tls-version=", "--explain-format=TRADITIONAL"]


# ---- two tables, binstream as it is by default ------------------------------------------------------------------------------


def _both_tables(bench):
    with bench.source() as source:
        tables = bs_data.load(source, bench.options.rows)
        dump, note = bench.dump_tool()
        runs, report = [], None
        for number in range(bench.options.rounds):
            tools = [bs_bench.OURS, dump] if dump else [bs_bench.OURS]
            # Who goes first changes, so that neither always finds the source as the other left it.
            for tool in tools if number % 2 == 0 else tools[::-1]:
                with bench.target() as target:
                    if tool == bs_bench.OURS:
                        measures, report = _binstream(bench, source, target)
                    else:
                        measures = bench.dump_and_load(source, target, bs_data.DATABASE)
                    _expect_all(target, tables)
                runs.append({"tool": tool, "round": number + 1, **measures})
    return _result("snapshot", "", bench, runs, report, [note] if note else [])


def _binstream(bench, source, target):
    more = ["--threads", str(bench.options.threads)] if bench.options.threads else []
    return bench.binstream("snapshot", source, target, "--databases", bs_data.DATABASE, *more)


def _result(name, what, bench, runs, report, notes, bounds=None, measures=bs_bench.MEASURES):
    runs.sort(key=lambda run: run["tool"] != bs_bench.OURS)  # ours is the first line
    amounts = {"rows": report["rows"], "bytes": report["bytes"]}
    what = "%s%s rows, %.0f MB, median of %d" % (what, "{:,}".format(report["rows"]), report["bytes"] / 1e6, bench.options.rounds)
    return bs_bench.result(name, what, runs, amounts, notes, measures, bounds)


def _expect_all(target, tables):
    for table, rows in tables.items():
        found = bs_data.count(target, table)
        if found != rows:
            raise bs_bench.BenchError("%s has %d rows on the target, not %d" % (table, found, rows))


# ---- one table, beside all that can be had ----------------------------------------------------------------------------------


def _compare(bench, source, dumper, form, kind, tables, log, alone):
    table, rows = next(iter(tables.items()))
    dump, note = bench.dump_tool()
    notes = ["SKIPPED: the dump program: " + note] if note else []
    reports = []
    tools = {bs_bench.OURS: lambda target: _direct(bench, form, source, target, log, reports)}
    if dumper.missing:
        notes.append("SKIPPED: %s: %s" % (bs_dumpers.TOOL, dumper.missing))
    else:
        notes.append("%s: version %s" % (bs_dumpers.TOOL, dumper.version))
        tools[bs_dumpers.TOOL] = lambda target: dumper.copy(source, target, bs_data.DATABASE, rows, THREADS, log)
    if dump:
        tools[dump] = lambda target: bench.dump_and_load(source, target, bs_data.DATABASE, log)
    bounds = {tool: BOUNDS[log][tool if tool in BOUNDS[log] else "dump"] for tool in tools if tool != bs_bench.OURS}
    tools[bs_alone.TARGET] = lambda target: alone.load(target, log)
    runs = _rounds(bench, tools, lambda tool, target: _expect_copy(tool, source, target, table, rows, log))
    what = "%s, %d threads, the target's binlog %s: " % (kind, THREADS, "on" if log else "off")
    name = "snapshot-%s-%s%s" % (form, kind, "" if log else "-unlogged")
    return _result(name, what, bench, runs, reports[-1], notes, bounds)


# ---- into files -------------------------------------------------------------------------------------------------------------


def _archive(bench, source, dumper, kind, tables, alone):
    """Each compresses at its own level, both with zstd if mydumper knows it."""
    table, rows = next(iter(tables.items()))
    reports, notes = [], []

    def ours():
        measures, report = bench.archive(source, "--databases", bs_data.DATABASE, "--threads", str(THREADS))
        if report["rows"] != rows:
            raise bs_bench.BenchError("the archive has %d rows of %s, not %d" % (report["rows"], table, rows))
        reports.append(report)
        return measures
    tools = {bs_bench.OURS: ours}
    if dumper.missing:
        notes.append("SKIPPED: %s: %s" % (bs_dumpers.DUMPER, dumper.missing))
    else:
        notes.append("mydumper %s: version %s" % (dumper.compress, dumper.version))
        tools[bs_dumpers.DUMPER] = lambda: dumper.archive(source, bs_data.DATABASE, rows, THREADS)
    tools[bs_alone.SOURCE] = alone.unload
    runs, names = [], list(tools)
    for number in range(bench.options.rounds):
        for tool in names if number % 2 == 0 else names[::-1]:
            runs.append({"tool": tool, "round": number + 1, **tools[tool]()})
    bounds = ARCHIVE_BOUNDS if bs_dumpers.DUMPER in tools else {}
    what = "%s, %d threads, into files: " % (kind, THREADS)
    return _result("snapshot-archive-" + kind, what, bench, runs, reports[-1], notes, bounds, ARCHIVE_MEASURES)


def _rounds(bench, tools, check):
    """Runs of each tool, each on a server of its own, in an order that goes round."""
    runs, names = [], list(tools)
    for number in range(bench.options.rounds):
        first = number % len(names)
        for tool in names[first:] + names[:first]:
            with bench.target(options=_plain(bench.target_name)) as target:
                measures = tools[tool](target)
                check(tool, target)
            runs.append({"tool": tool, "round": number + 1, **measures})
    return runs


def _direct(bench, form, source, target, log, reports):
    more = ["--databases", bs_data.DATABASE, "--threads", str(THREADS)] + ([] if log else ["--no-target-binlog"])
    measures, report = bench.binstream(FORMS[form], source, target, *more)
    reports.append(report)
    return measures


def _expect_copy(tool, source, target, table, rows, log):
    """The same rows; and the target's binlog has them, or it does not. Of servers of two versions the number of rows must do: their
    checksums of the same rows may differ."""
    _expect_all(target, {table: rows})
    if rows >= LOG_MIN_ROWS and (bs_data.log_bytes(target) >= rows * LOG_ROW_BYTES) != log:
        raise bs_bench.BenchError("%s has a binlog of %d bytes on the target" % (tool, bs_data.log_bytes(target)))
    if source.name == target.name and bs_data.checksum(source, table) != bs_data.checksum(target, table):
        raise bs_bench.BenchError("%s differs on the target after %s" % (table, tool))

"""events: reads a finished binlog file, from memory, checksums verified: every row decoded and only counted (--stats), and printed as
JSON; beside it the server's own mysqlbinlog -v, which prints every row as comments, with the events in base64 and without. All of it
goes to /dev/null, on one core."""

import os
import tempfile

import bs_bench
import bs_log_data
from bs_process import Process
from bs_server_fetch import ensure_binlog_tool

KINDS = {"sysbench": "rows as sysbench makes them", "narrow": "narrow rows of 19 columns, nearly all types"}


def measure(bench):
    with bench.source() as source, tempfile.TemporaryDirectory(prefix="binstream-bench-") as folder:
        for kind, what in KINDS.items():
            path, rows = bs_log_data.log_of(source, kind, bench.options.log_mib << 20)
            yield from _read(bench, source.name, folder, path, rows, kind, what)


def _read(bench, server, folder, path, rows, kind, what):
    commands = {
        "count": [bs_bench.BINSTREAM, "events", "--stats", path],
        "json": [bs_bench.BINSTREAM, "events", path],
    }
    tool, environment = ensure_binlog_tool(server)
    others, notes = {}, ()
    if tool is None:
        notes = ("no comparison: " + environment,)
    else:
        name = os.path.basename(tool[-1])
        others = {name + " -v": tool + ["-v", path],
                  name + " -v, rows only": tool + ["-v", "--base64-output=decode-rows", path]}
    commands.update(others)
    measured = {key: [] for key in commands}
    for number in range(1, bench.options.rounds + 1):
        for key, argv in commands.items():
            run = _run(argv, os.path.join(folder, "run"), environment if key in others else None)
            measured[key].append({"tool": key if key in others else bs_bench.OURS, "round": number, **run})
    amounts = {"rows": rows, "bytes": os.path.getsize(path)}
    for key, words in (("count", "every row decoded"), ("json", "printed as JSON")):
        text = "%s rows, %s MB, %s; %s, median of %d" % (
            "{:,}".format(rows), "{:,}".format(amounts["bytes"] // 10 ** 6), what, words, bench.options.rounds)
        yield bs_bench.result("events-%s-%s" % (key, kind), text, measured[key] + sum((measured[other] for other in others), []), amounts, notes)


def _run(argv, base, environment):
    sink = os.open(os.devnull, os.O_WRONLY)
    process = Process(argv, base, environment, stdout=sink)
    os.close(sink)
    try:
        process.wait(bs_bench.TIMEOUT_S)
        if process.code != 0:
            raise bs_bench.BenchError("exit code %d: %s\n%s" % (process.code, process.describe(), process.tail()))
    finally:
        process.kill9()
    return {"wall_s": process.seconds, "cpu_s": process.cpu_s, "peak_mib": process.peak_kb / 1024}

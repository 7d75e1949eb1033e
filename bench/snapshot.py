"""snapshot: copies a database to an empty server, by binstream and by the dump program piped into the client, in turns."""

import bs_bench
import bs_data


def measure(bench):
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
    runs.sort(key=lambda run: run["tool"] != bs_bench.OURS)  # ours is the first line
    amounts = {"rows": report["rows"], "bytes": report["bytes"]}
    what = "%s rows, %.0f MB, median of %d" % ("{:,}".format(report["rows"]), report["bytes"] / 1e6, bench.options.rounds)
    return [bs_bench.result("snapshot", what, runs, amounts, [note] if note else [])]


def _binstream(bench, source, target):
    more = ["--threads", str(bench.options.threads)] if bench.options.threads else []
    return bench.binstream("snapshot", source, target, "--databases", bs_data.DATABASE, *more)


def _expect_all(target, tables):
    for table, rows in tables.items():
        found = bs_data.count(target, table)
        if found != rows:
            raise bs_bench.BenchError("%s has %d rows on the target, not %d" % (table, found, rows))

"""apply: catches up with a log that was written beforehand, by binstream and by the server's own replication with four workers, in
turns, for one workload after another; both ends flush at each commit, and the target writes its own log."""

import bs_bench
import bs_native
from bs_catchup import CatchUp
from bs_servers import flavour
from bs_workloads import WORKLOADS

MEASURES = bs_bench.MEASURES + ("target_cpu_s",)
ALONE = ("--max-batch", "1", "--threads", "4")  # one commit per transaction of the source


def measure(bench):
    rows = max(100, bench.options.rows // 5)
    names = bench.options.workloads.split(",") if bench.options.workloads else list(WORKLOADS)
    with bench.source(durable=True) as source:
        for name in names:
            yield from _measure(bench, source, WORKLOADS[name], rows)


def _measure(bench, source, workload, rows):
    notes = ["durable: both with " + bs_bench.words(bs_bench.DURABLE),
             "on the target's machine, by its unix socket: the server's own replication has no network there either"]
    variants = {"": _default(bench)}
    if workload.alone and bench.follow_has(*ALONE):
        variants["-single"] = ALONE
    native = flavour(bench.source_name) == flavour(bench.target_name)
    if not native:
        notes.append("no comparison: native replication from one flavour to the other is not measured")
    tools = list(variants) + ([bs_native.NAME] if native else [])
    runs, rows_moved = {tool: [] for tool in tools}, 0
    transactions = workload.transactions(bench.options.transactions)
    with CatchUp(bench, source, workload, rows) as catch_up:
        catch_up.write(transactions)
        for number in range(bench.options.rounds):
            # Who goes first changes.
            for tool in tools[number % len(tools):] + tools[:number % len(tools)]:
                with catch_up.target() as target:
                    if tool == bs_native.NAME:
                        measures = catch_up.replicate(target)
                    else:
                        measures, report = catch_up.follow(target, *variants[tool])
                        rows_moved = report["rows"]
                runs[tool].append({"round": number + 1, **measures})
    for variant, options in variants.items():
        text = "%s; %s transactions, %s rows, median of %d%s" % (
            workload.what, "{:,}".format(transactions), "{:,}".format(rows_moved), bench.options.rounds,
            "; follow %s" % " ".join(options) if options else "")
        found = [{"tool": tool, **run} for tool, key in ((bs_bench.OURS, variant), (bs_native.NAME, bs_native.NAME)) for run in runs.get(key, ())]
        yield bs_bench.result("apply-%s%s" % (workload.name, variant), text, found,
                              {"transactions": transactions, "rows": rows_moved}, notes, MEASURES)


def _default(bench):
    return ("--threads", str(bench.options.threads)) if bench.options.threads and bench.follow_has("--threads") else ()

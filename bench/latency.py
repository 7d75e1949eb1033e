"""latency: what 20 ms more between binstream and the target cost, over a log that was written beforehand. With one target commit per
source transaction, by eight lanes and by one; and in batches, near and far. A far start takes longer as well, as it asks the target
many things: that is measured by a follow that finds nothing to do, and taken off ("net")."""

import bs_bench
from bs_catchup import CatchUp
from bs_delay import Delay
from bs_workloads import WORKLOADS

ROUND_TRIP_S = 0.020
LANES = 8
MEASURES = ("wall_s", "start_s", "net_s", "cpu_s", "peak_mib")
NOTES = ["durable: both with " + bs_bench.words(bs_bench.DURABLE), "net: without the start"]
# One lane commits some twenty transactions a second at this distance.
_SINGLE_SHARE = 60


def measure(bench):
    rows = max(100, bench.options.rows // 5)
    with bench.source(durable=True) as source:
        yield _batched(bench, source, rows)
        if bench.follow_has("--max-batch", "--threads"):
            yield _single(bench, source, rows)


def _batched(bench, source, rows):
    what = "in batches, %d ms away; through the same proxy without delay; and without either" % (ROUND_TRIP_S * 1000)
    return _measure(bench, source, rows, "latency-batched", what, bench.options.transactions,
                    {bs_bench.OURS: (ROUND_TRIP_S, ()), "0 ms away": (0, ()), "no proxy": (None, ())})


def _single(bench, source, rows):
    what = "one commit per transaction, %d ms away, %d lanes" % (ROUND_TRIP_S * 1000, LANES)
    tools = {tool: (ROUND_TRIP_S, ("--max-batch", "1", "--threads", str(lanes))) for tool, lanes in ((bs_bench.OURS, LANES), ("one lane", 1))}
    return _measure(bench, source, rows, "latency-single", what, max(10, bench.options.transactions // _SINGLE_SHARE), tools)


def _measure(bench, source, rows, name, what, transactions, tools):
    """tools: {tool: (round trip or None, options of follow)}."""
    workload = WORKLOADS["uniform"]
    runs, moved = [], 0
    with CatchUp(bench, source, workload, rows) as catch_up:
        catch_up.write(transactions)
        for number in range(bench.options.rounds):
            for tool, (round_trip_s, options) in tools.items() if number % 2 == 0 else reversed(tools.items()):
                with catch_up.target() as target:
                    measures, report = _follow(catch_up, target, round_trip_s, options)
                runs.append({"tool": tool, "round": number + 1, **measures})
                moved = report["rows"]
    runs.sort(key=lambda run: run["tool"] != bs_bench.OURS)  # ours is the first line
    text = "%s; %s, %s transactions, median of %d" % (what, workload.what, "{:,}".format(transactions), bench.options.rounds)
    return bs_bench.result(name, text, runs, {"transactions": transactions, "rows": moved}, NOTES, MEASURES)


def _follow(catch_up, target, round_trip_s, options):
    if round_trip_s is None:
        return _both(catch_up, target, None, options)
    with Delay(target.port, round_trip_s) as proxy:
        return _both(catch_up, target, proxy, options)


def _both(catch_up, target, proxy, options):
    measures, report = catch_up.follow(target, *options, through=proxy, local=False)
    start, _ = catch_up.follow(target, *options, through=proxy, local=False)
    return {**measures, "start_s": start["wall_s"], "net_s": max(1e-3, measures["wall_s"] - start["wall_s"])}, report

"""lag: from a commit on the source to the moment when the target shows it, while binstream or the server's own replication has caught
up with 300 transactions a second: sysbench's oltp_write_only with uniform keys, and a heartbeat. bs_beat.py tells how it is measured."""

import os
import signal
import statistics
import tempfile

import bs_beat
import bs_bench
import bs_native
from bs_catchup import CatchUp
from bs_process import Process
from bs_servers import flavour
from bs_workloads import WORKLOADS, Workload

TRANSACTIONS_PER_S = 300
MEASURES = ("median_ms", "p99_ms", "max_ms")
_WARM_UP_BEATS = bs_beat.BEATS_PER_S  # a second of them is not counted
_STOPPED = 6  # the exit code of a follow that was asked to stop


def measure(bench):
    rows = max(100, bench.options.rows // 5)
    base = WORKLOADS["uniform"]
    workload = Workload("lag", base.what, base.make + bs_beat.MAKE, base.body)
    tools = {bs_bench.OURS: _follow}
    if flavour(bench.source_name) == flavour(bench.target_name):
        tools[bs_native.NAME] = _replicate
    runs = []
    with bench.source(durable=True) as source, CatchUp(bench, source, workload, rows) as catch_up:
        catch_up.write(10)
        for number in range(bench.options.rounds):
            for tool, run in tools.items() if number % 2 == 0 else reversed(tools.items()):
                with catch_up.target() as target:
                    runs.append({"tool": tool, "round": number + 1, **run(catch_up, target, bench.options.seconds)})
    runs.sort(key=lambda run: run["tool"] != bs_bench.OURS)
    text = "%s and a heartbeat, %.0f transactions/s for %d s, median of %d" % (
        workload.what, statistics.median(run["transactions_per_s"] for run in runs), bench.options.seconds, bench.options.rounds)
    notes = ["durable: both with " + bs_bench.words(bs_bench.DURABLE),
             "looked at every %.1f ms: a lag is too large by half of that on average" % statistics.median(run["look_ms"] for run in runs)]
    return [bs_bench.result("lag", text, runs, {}, notes, MEASURES)]


def _follow(catch_up, target, seconds):
    with tempfile.TemporaryDirectory(prefix="binstream-bench-") as folder:
        process = Process(catch_up.bench.command("follow", catch_up.source, target, local=True), os.path.join(folder, "follow"))

        def check():
            if not process.running:
                raise bs_bench.BenchError("exit code %s: %s\n%s" % (process.code, process.describe(), process.tail()))

        try:
            measures = _lag(catch_up, target, seconds, check)
            process.signal(signal.SIGTERM)
            if process.wait(bs_bench.TIMEOUT_S) != _STOPPED:
                check()
            return measures
        finally:
            process.kill9()


def _replicate(catch_up, target, seconds):
    replica = bs_native.Replica(catch_up.source, target, catch_up.place)
    replica.start()
    measures = _lag(catch_up, target, seconds, replica.check)
    replica.stop()
    return measures


def _lag(catch_up, target, seconds, check):
    """Once it has caught up with what was written for the tools before it."""
    bs_native.await_mark(target, catch_up.mark, check)
    first = catch_up.source.query("SELECT n FROM bench.beat")[0][0] + 1
    writers = bs_beat.Writers(catch_up.source, TRANSACTIONS_PER_S, seconds, first)
    try:
        found, look_s = bs_beat.lags(target, writers, check)
    finally:
        writers.stop()
    catch_up.write(1)
    bs_native.await_mark(target, catch_up.mark, check)
    catch_up.expect_same(target)
    counted = sorted(lag * 1000 for beat, lag in found.items() if beat >= first + min(_WARM_UP_BEATS, len(found) // 2))
    answer = writers.answer()
    return {"median_ms": statistics.median(counted), "p99_ms": counted[int(len(counted) * 0.99)], "max_ms": counted[-1],
            "beats": len(counted), "look_ms": look_s * 1000, "transactions_per_s": answer["transactions"] / answer["seconds"]}

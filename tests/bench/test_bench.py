"""Runs each benchmark once with a handful of rows: the JSON must hold what docs/benchmarks.md says, the table must be there, and
nothing may be left behind. Says nothing about speed."""

import json
import os
import subprocess
import sys
import tempfile

from bs_servers import DEFAULT_PAIR, require

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROWS = 1000
# What must have been moved, by benchmark.
ROWS_MOVED = {"snapshot": ROWS + ROWS // 10, "snapshot-direct-sysbench": ROWS, "snapshot-direct-sysbench-unlogged": ROWS,
              "snapshot-archive-sysbench": ROWS, "snapshot-direct-wide": ROWS // 4, "snapshot-direct-wide-unlogged": ROWS // 4,
              "snapshot-archive-wide": ROWS // 4,
              "follow-small": 4 * (ROWS // 5 // 5), "follow-bulk": 3 * (ROWS // 5),
              "events-count-sysbench": None, "events-json-sysbench": None, "events-count-narrow": None, "events-json-narrow": None}
TRANSACTIONS = 60
WORKLOADS = ["special-unique", "bulk", "cascades", "keyless"]
# Two updates, a delete and an insert each, and the mark; cascades and what else the servers log, no number says.
ROWS_MOVED.update({"apply-special-unique": TRANSACTIONS * 4 + 1, "apply-special-unique-single": TRANSACTIONS * 4 + 1,
                   "apply-bulk": 10 * 1000 + 1, "apply-cascades": None, "apply-keyless": 10 + 1,
                   "latency-batched": TRANSACTIONS * 4 + 1, "latency-single": 10 * 4 + 1, "lag": None})
NEED_LANES = {"apply-special-unique-single", "latency-single"}  # there with a follow that has --threads and --max-batch
NATIVE = "native, 4 workers"
DUMPER, ARCHIVER = "mydumper + myloader", "mydumper, compressed"
SERVERS = {NATIVE, "the source alone", "the target alone"}  # of which the programs that are measured are no part


def run(folder, *arguments):
    command = [sys.executable, os.path.join(ROOT, "bench/run"), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ, TMPDIR=folder))


def check_result(result):
    medians = result["medians"]
    assert "binstream" in medians, result
    moved = ROWS_MOVED[result["name"]]
    assert moved is None or result["amounts"]["rows"] == moved, result
    for tool, median in medians.items():
        if result["name"] == "lag":
            assert 0 < median["median_ms"] <= median["p99_ms"] <= median["max_ms"], (tool, median)
            continue
        assert median["wall_s"] > 0 and median["rows_per_s"] > 0, (tool, median)
        assert tool in SERVERS or (median["cpu_s"] > 0 and median["peak_mib"] > 1), (tool, median)
    assert (NATIVE in medians) == result["name"].startswith(("apply", "lag")), result
    assert set(result["ratios"]) == set(medians) - {"binstream"}, result
    if result["name"].startswith("snapshot-"):
        assert set(result["bounds"]) == set(result["ratios"]) - SERVERS and set(result["shares"]) == set(result["ratios"]), result
        assert len(SERVERS & set(result["ratios"])) == 1, result
        other = ARCHIVER if result["name"].startswith("snapshot-archive-") else DUMPER
        assert (other in medians) != any(note.startswith("SKIPPED: %s: " % other) for note in result["notes"]), result
    assert [run["round"] for run in result["runs"] if run["tool"] == "binstream"] == [1], result


def main():
    require(DEFAULT_PAIR)
    with tempfile.TemporaryDirectory(prefix="bs-bench-test-") as folder:
        path = os.path.join(folder, "report.json")
        done = run(folder, "--rows", str(ROWS), "--rounds", "1", "--log-mib", "1", "--transactions", str(TRANSACTIONS),
                   "--workloads", ",".join(WORKLOADS), "--seconds", "2", "--json", path)
        print(done.stdout)
        assert done.returncode == 0, done.returncode
        with open(path) as handle:
            report = json.load(handle)
        os.unlink(path)
        names = [result["name"] for result in report["benchmarks"]]
        assert names in (list(ROWS_MOVED), [name for name in ROWS_MOVED if name not in NEED_LANES]), report
        for result in report["benchmarks"]:
            check_result(result)
            assert "\n%s: " % result["name"] in done.stdout, "the table of " + result["name"]
        without = run(folder, "snapshot", "--rows", "100", "--rounds", "1", "--mydumper", folder)
        skipped = [without.stdout.count("\n  SKIPPED: %s: " % tool) for tool in (DUMPER, ARCHIVER)]
        assert without.returncode == 0 and skipped == [4, 2], without.stdout
        assert run(folder, "no-such-benchmark").returncode == 2
        assert run(folder, "apply", "--workloads", "no-such-workload").returncode == 2
        assert os.listdir(folder) == [], "left behind: %s" % os.listdir(folder)
    print("PASS: bench")


if __name__ == "__main__":
    main()

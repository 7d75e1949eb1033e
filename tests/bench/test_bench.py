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
ROWS_MOVED = {"snapshot": ROWS + ROWS // 10, "follow-small": 4 * (ROWS // 5 // 5), "follow-bulk": 3 * (ROWS // 5),
              "events-count-sysbench": None, "events-json-sysbench": None, "events-count-narrow": None, "events-json-narrow": None}


def run(folder, *arguments):
    command = [sys.executable, os.path.join(ROOT, "bench/run"), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ, TMPDIR=folder))


def check_result(result):
    medians = result["medians"]
    assert "binstream" in medians, result
    moved = ROWS_MOVED[result["name"]]
    assert moved is None or result["amounts"]["rows"] == moved, result
    for tool, median in medians.items():
        assert median["wall_s"] > 0 and median["cpu_s"] > 0 and median["peak_mib"] > 1 and median["rows_per_s"] > 0, (tool, median)
    assert set(result["ratios"]) == set(medians) - {"binstream"}, result
    assert [run["round"] for run in result["runs"] if run["tool"] == "binstream"] == [1], result


def main():
    require(DEFAULT_PAIR)
    with tempfile.TemporaryDirectory(prefix="bs-bench-test-") as folder:
        path = os.path.join(folder, "report.json")
        done = run(folder, "--rows", str(ROWS), "--rounds", "1", "--log-mib", "1", "--json", path)
        print(done.stdout)
        assert done.returncode == 0, done.returncode
        with open(path) as handle:
            report = json.load(handle)
        os.unlink(path)
        assert [result["name"] for result in report["benchmarks"]] == list(ROWS_MOVED), report
        for result in report["benchmarks"]:
            check_result(result)
            assert "\n%s: " % result["name"] in done.stdout, "the table of " + result["name"]
        assert run(folder, "no-such-benchmark").returncode == 2
        assert os.listdir(folder) == [], "left behind: %s" % os.listdir(folder)
    print("PASS: bench")


if __name__ == "__main__":
    main()

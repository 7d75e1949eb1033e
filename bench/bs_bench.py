"""What all benchmarks share: fresh servers, processes that are measured, and results that are printed.

A result is a dictionary, the same in the JSON and for the table:

    name, what          which benchmark, and in words
    amounts             what each run moved: rows, and bytes or transactions
    runs                one dictionary a run: tool, round, wall_s, cpu_s, peak_mib, or what else the benchmark measures
    medians             {tool: {wall_s, cpu_s, peak_mib, and <amount>_per_s for each amount}}
    ratios              {tool: {wall_s, cpu_s, peak_mib}}: that tool's median divided by binstream's; may be empty
                        Of a tool that has no such measure (a server's replication has no peak of its own) the key is missing
    bounds              {tool: {measure: at most this part of that tool's}}, where there are any; of some tools there may be none
    shares              {tool: {measure: binstream's median divided by that tool's}}, where there are bounds
    notes               sentences
"""

import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [os.path.join(ROOT, "tests", "servers"), os.path.join(ROOT, "tests", "e2e")]

from bs_process import Process
from bs_server_fetch import ensure
from bs_servers import Server, available, flavour

BINSTREAM = os.path.abspath(os.environ.get("BINSTREAM") or os.path.join(ROOT, "build/release/binstream"))
OURS = "binstream"
MEASURES = ("wall_s", "cpu_s", "peak_mib")
# Room for the data in memory, so that it is the programs that are measured and not the disk.
ROOM = ["--innodb-buffer-pool-size=1G", "--loose-innodb-log-file-size=512M", "--loose-innodb-redo-log-capacity=1G"]
DURABLE = ["--sync-binlog=1", "--innodb-flush-log-at-trx-commit=1"]
TIMEOUT_S = 3600


class BenchError(Exception):
    """The message is for the user."""


class Bench:
    def __init__(self, options, out):
        self.options, self._out = options, out
        self.source_name, _, target = options.servers.partition(":")
        self.target_name = target or self.source_name
        self.versions = {"source": self._version(self.source_name), "target": self._version(self.target_name)}
        if not os.access(BINSTREAM, os.X_OK):
            raise BenchError("%s is not built: ./dev build" % BINSTREAM)

    @staticmethod
    def _version(name):
        try:
            there, text = available(name)
        except ValueError as error:
            raise BenchError(str(error))
        if not there:
            raise BenchError("server %s: %s" % (name, text))
        return text

    def say(self, text):
        print(text, file=self._out, flush=True)

    def facts(self):
        return {
            "binstream": subprocess.run([BINSTREAM, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip(),
            "machine": {"cores": os.cpu_count(), "memory_mib": _memory_mib(), "architecture": platform.machine(),
                        "load": os.getloadavg()[0]},
            "servers": {side: "%s (%s)" % (name, self.versions[side])
                        for side, name in (("source", self.source_name), ("target", self.target_name))},
            "server_options": ROOM + self._durability(),
            "rows": self.options.rows,
            "rounds": self.options.rounds,
        }

    def _durability(self):
        return DURABLE if self.options.durable else ["--sync-binlog=0", "--innodb-flush-log-at-trx-commit=2"]

    @staticmethod
    def heading(report):
        machine = report["machine"]
        return "%s, %d cores, %d MiB of memory, a load of %.1f before\nfrom %s to %s\nboth with %s" % (
            report["binstream"], machine["cores"], machine["memory_mib"], machine["load"], report["servers"]["source"],
            report["servers"]["target"],
            words(report["server_options"]))

    # ---- servers and processes -----------------------------------------------------------------------------------------

    def source(self, durable=False, options=()):
        return Server(self.source_name, options=ROOM + (DURABLE if durable else self._durability()) + list(options))

    def target(self, durable=False, dir=None, options=()):
        """A fresh one for each run: none finds pages, logs or deleted rows of the one before."""
        return Server(self.target_name, dir, options=ROOM + (DURABLE if durable else self._durability()) + list(options))

    def follow_has(self, *options):
        """Whether this binstream's follow knows these options (values are passed over)."""
        told = subprocess.run([BINSTREAM, "follow", "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
        return all(re.search(r"^\s+%s\b" % option, told, re.M) for option in options if option.startswith("--"))

    @staticmethod
    def command(verb, source, target, *more, local=False):
        """The arguments of a run. source and target: servers, or ports of what is in front of one. local: as on the target's
        own machine, by its unix socket."""
        ends = ["mysql://root@127.0.0.1:%d/?ssl-mode=DISABLED" % getattr(end, "port", end) for end in (source, target)]
        if local:
            ends[1] = "mysql://root@localhost/?socket=" + target.socket
        return [BINSTREAM, verb, "--source", ends[0], "--target", ends[1], "--json", "--progress", "none", *more]

    def binstream(self, verb, source, target, *more, local=False):
        """(measures, report) of one run."""
        with tempfile.TemporaryDirectory(prefix="binstream-bench-") as folder:
            return self._measure(self.command(verb, source, target, *more, local=local), folder)

    @staticmethod
    def _measure(argv, folder):
        process = Process(argv, os.path.join(folder, argv[1]))
        try:
            process.wait(TIMEOUT_S)
            if process.code != 0:
                raise BenchError("exit code %d: %s\n%s" % (process.code, process.describe(), process.tail()))
            report = json.loads(process.out.strip().splitlines()[-1])
        finally:
            process.kill9()
        return {"wall_s": process.seconds, "cpu_s": process.cpu_s, "peak_mib": process.peak_kb / 1024}, report

    def archive(self, source, *more):
        """(measures, report) of a copy into files; their size is one of the measures."""
        with tempfile.TemporaryDirectory(prefix="binstream-bench-") as folder:
            files = os.path.join(folder, "archive")
            argv = [BINSTREAM, "snapshot", "--source", "mysql://root@127.0.0.1:%d/?ssl-mode=DISABLED" % source.port, "--archive", files,
                    "--json", "--progress", "none", *more]
            measures, report = self._measure(argv, folder)
            return {**measures, "disk_mb": size_mb(files)}, report

    def dump_and_load(self, source, target, database, log=True):
        """Measures of the dump program of the source piped into the client of the target, both together. log: the target's own
        binlog has it as well."""
        with tempfile.TemporaryDirectory(prefix="binstream-bench-") as folder:
            (dump_argv, dump_env), (load_argv, load_env) = self._dump_commands()
            dump_argv = dump_argv + _login(source) + ["--single-transaction", "--routines", "--databases", database]
            if flavour(source.name) == "mysql":  # else the dump has the target's own binlog switched off, where the source has GTIDs
                dump_argv.append("--set-gtid-purged=OFF")
            read_end, write_end = os.pipe()
            dump = Process(dump_argv, os.path.join(folder, "dump"), dump_env, stdout=write_end)
            unlogged = [] if log else ["--init-command=SET SESSION sql_log_bin = 0"]
            load = Process(load_argv + _login(target) + unlogged, os.path.join(folder, "load"), load_env, stdin=read_end)
            os.close(write_end)
            os.close(read_end)
            try:
                for process in (dump, load):
                    process.wait(TIMEOUT_S)
                for process in (dump, load):
                    if process.code != 0:
                        raise BenchError("exit code %s: %s\n%s" % (process.code, process.describe(), process.tail()))
            finally:
                dump.kill9()
                load.kill9()
        wall_s = max(dump.ended, load.ended) - dump.started
        return {"wall_s": wall_s, "cpu_s": dump.cpu_s + load.cpu_s, "peak_mib": (dump.peak_kb + load.peak_kb) / 1024}

    def _dump_commands(self):
        return ensure(self.source_name).command("dump"), ensure(self.target_name).command("client")

    def dump_tool(self):
        """(name, None), or (None, why there is nothing to compare with)."""
        if flavour(self.source_name) != flavour(self.target_name):
            return None, "no comparison: a dump of one flavour does not load into the other as it is"
        commands = self._dump_commands()
        if None in commands:
            return None, "no comparison: mariadb-dump is not here; on Debian it comes with mariadb-client"
        if any(_flavour_of(*command) != flavour(self.source_name) for command in commands):
            return None, "no comparison: there are no client programs of %s here" % self.source_name
        return " | ".join(os.path.basename(argv[-1]) for argv, _ in commands), None


def words(options):
    """Server options as the heading shows them."""
    return " ".join(option.lstrip("-").replace("loose-", "") for option in options)


def _flavour_of(argv, env):
    said = subprocess.run(argv + ["--no-defaults", "--version"], env=env, stdout=subprocess.PIPE, text=True).stdout
    return "mariadb" if "MariaDB" in said else "mysql"


def _login(server):
    """The same way as binstream: over TCP, without TLS."""
    no_tls = "--skip-ssl" if flavour(server.name) == "mariadb" else "--ssl-mode=DISABLED"
    return ["--no-defaults", "--user=root", "--host=127.0.0.1", "--port=%d" % server.port, no_tls, "--default-character-set=utf8mb4"]


def size_mb(folder):
    """Of all files in it."""
    return sum(os.path.getsize(os.path.join(path, name)) for path, _, names in os.walk(folder) for name in names) / 1e6


def _memory_mib():
    with open("/proc/meminfo") as handle:
        return int(re.search(r"MemTotal:\s+(\d+)", handle.read()).group(1)) // 1024


# ---- results -------------------------------------------------------------------------------------------------------------


def result(name, what, runs, amounts, notes=(), measures=MEASURES, bounds=None):
    """amounts: {'rows': 500000, ...}, the same for each run, or a key of each run. measures: keys of the runs, in the table's order.
    bounds: {tool: {measure: at most this part of that tool's}}."""
    tools = list(dict.fromkeys(run["tool"] for run in runs))
    medians = {tool: _medians([run for run in runs if run["tool"] == tool], amounts, measures) for tool in tools}
    ratios = {tool: {key: medians[tool][key] / medians[OURS][key] for key in measures if medians[tool].get(key) and medians[OURS].get(key)}
              for tool in tools if tool != OURS}
    found = {"name": name, "what": what, "amounts": amounts, "runs": runs, "medians": medians, "ratios": ratios, "notes": list(notes)}
    if bounds is not None:
        found["bounds"] = bounds
        found["shares"] = {tool: {key: 1 / ratio for key, ratio in of_tool.items()} for tool, of_tool in ratios.items()}
    return found


def _medians(runs, amounts, measures):
    found = {key: statistics.median(run[key] for run in runs) for key in measures if key in runs[0]}
    found.update({key + "_per_s": amount / found["wall_s"] for key, amount in amounts.items()})
    return found


_UNITS = {"rows": ("rows/s", 1), "transactions": ("transactions/s", 1), "bytes": ("MB/s", 1e6)}
_HEADS = {"wall_s": "wall s", "cpu_s": "CPU s", "peak_mib": "peak MiB", "target_cpu_s": "target CPU s", "start_s": "start s", "disk_mb": "MB on disk",
          "net_s": "net s", "median_ms": "median ms", "p99_ms": "99% ms", "max_ms": "max ms"}


def table(result):
    """The medians as aligned text, and below how many times what binstream takes the others take; or where there are bounds, which
    part of what the others take binstream does, and the bounds as the last column."""
    measures = [key for key in _HEADS if any(key in median for median in result["medians"].values())]
    heads = [_UNITS[key][0] for key in result["amounts"]] + [_HEADS[key] for key in measures]
    lines = [[""] + heads]
    for tool, median in result["medians"].items():
        rates = [_number(median[key + "_per_s"] / _UNITS[key][1]) for key in result["amounts"]]
        lines.append([tool] + rates + [_number(median[key]) if key in median else "-" for key in measures])
    if "shares" in result:
        lines = [line + [""] for line in lines] + _share_lines(result, measures)
        lines[0][-1] = "at most"
    for tool, ratios in result["ratios"].items() if "shares" not in result else ():
        blanks = [""] * len(result["amounts"])
        label = "takes, with binstream = 1" if len(result["ratios"]) == 1 else "  %s, with binstream = 1" % tool
        lines.append([label] + blanks + ["%.2f" % ratios[key] if key in ratios else "-" for key in measures])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    rows = ["  " + line[0].ljust(widths[0]) + "".join("  " + cell.rjust(width) for cell, width in zip(line[1:], widths[1:]))
            for line in lines]
    return "\n".join(["%s: %s" % (result["name"], result["what"])] + rows + ["  " + note for note in result["notes"]])


def _share_lines(result, measures):
    """How much binstream takes of what each of the others does, and how that is bounded."""
    lines = []
    for tool, shares in result["shares"].items():
        cells = ["%.2f" % shares[key] if key in shares else "-" for key in measures]
        bounds = ["%s %.2f%s" % (_HEADS[key], most, "" if shares[key] <= most else " (missed)")
                  for key, most in result["bounds"].get(tool, {}).items() if key in shares]
        lines.append(["binstream, with %s = 1" % tool] + [""] * len(result["amounts"]) + cells + [", ".join(bounds)])
    return lines


def _number(value):
    return "{:,.0f}".format(value) if value >= 100 else "%.3g" % value

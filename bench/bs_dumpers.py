"""mydumper and myloader, as what binstream is compared with: one writes a database to files, the other loads them."""

import os
import re
import subprocess
import tempfile

import bs_bench
from bs_process import Process
from bs_server_fetch import ensure_mydumper
from bs_server_install import Unavailable
from bs_servers import flavour

TOOL = "mydumper + myloader"
DUMPER = "mydumper, compressed"
_PROGRAMS = ("mydumper", "myloader")
_CHUNKS = 8  # that a table is cut into, so that two threads have work to the end


class Dumper:
    """Programs that run, and their version; or None, with the reason in missing."""

    def __init__(self, folder=None):
        """folder: has programs of one's own; without it they come from Debian, which may have older ones."""
        self.version, self._programs, self.missing = None, None, None
        try:
            self.version, self._programs = _own(folder) if folder else ensure_mydumper()
        except Unavailable as error:
            self.missing = str(error)
        told = "" if self.missing else self._help("mydumper")
        self._asks_version = "--server-version" in told
        self.compress = "--compress=zstd" if "zstd" in told else "--compress"  # old ones know gzip only

    def _help(self, program):
        argv, env = self._programs[program]
        return subprocess.run(argv + ["--help"], env={**os.environ, **env}, stdout=subprocess.PIPE, text=True).stdout

    def copy(self, source, target, database, rows, threads, log):
        """Measures of both, one after the other; the peak is that of the larger one. rows: of the database's table."""
        common = ["--threads=%d" % threads, "--verbose=1"]
        with tempfile.TemporaryDirectory(prefix="binstream-bench-") as folder:
            files = os.path.join(folder, "dump")
            dump = self._dump(source, folder, files, database, rows, *common)
            load = self._run("myloader", target, folder, "--directory=" + files, *(["--enable-binlog"] if log else []), *common)
        return {"wall_s": dump.seconds + load.seconds, "cpu_s": dump.cpu_s + load.cpu_s,
                "peak_mib": max(dump.peak_kb, load.peak_kb) / 1024, "dump_s": dump.seconds, "load_s": load.seconds}

    def archive(self, source, database, rows, threads):
        """Measures of a dump into files that are compressed, and their size."""
        with tempfile.TemporaryDirectory(prefix="binstream-bench-") as folder:
            files = os.path.join(folder, "dump")
            dump = self._dump(source, folder, files, database, rows, "--threads=%d" % threads, "--verbose=1", self.compress)
            return {"wall_s": dump.seconds, "cpu_s": dump.cpu_s, "peak_mib": dump.peak_kb / 1024, "disk_mb": bs_bench.size_mb(files)}

    def _dump(self, source, folder, files, database, rows, *options):
        return self._run("mydumper", source, folder, "--database=" + database, "--outputdir=" + files,
                         "--rows=%d" % max(1000, rows // _CHUNKS), *options)

    def _run(self, program, server, folder, *options):
        argv, env = self._programs[program]
        login = ["--host=127.0.0.1", "--port=%d" % server.port, "--user=root"]
        if self._asks_version and flavour(server.name) == "mysql":  # it does not know Debian's own build
            login.append("--server-version=mysql-" + server.install.version)
        process = Process(argv + login + list(options), os.path.join(folder, program), env)
        try:
            process.wait(bs_bench.TIMEOUT_S)
        finally:
            process.kill9()
        if process.code != 0:
            raise bs_bench.BenchError("exit code %d: %s\n%s" % (process.code, process.describe(), process.tail()))
        return process


def _own(folder):
    programs = {name: ([os.path.abspath(os.path.join(folder, name))], {}) for name in _PROGRAMS}
    try:
        said = subprocess.run(programs["mydumper"][0] + ["--version"], stdout=subprocess.PIPE, text=True).stdout
    except OSError as error:
        raise Unavailable(str(error))
    version = re.search(r"\d+\.\d+\.\d+(-\d+)?", said)
    if not version or not os.access(programs["myloader"][0][0], os.X_OK):
        raise Unavailable("no mydumper and myloader that run in " + folder)
    return version.group(), programs

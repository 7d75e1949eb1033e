"""A source whose log holds a workload, and a target as it was before that: one on a fresh copy for each run, so that every run of
every tool finds the same."""

import os
import shutil
import subprocess
import tempfile
import time

import bs_bench
import bs_data
import bs_native

_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class CatchUp:
    """Use as a context; source is a running durable server, which is left with what the workload wrote."""

    def __init__(self, bench, source, workload, rows):
        self.bench, self.source, self.workload = bench, source, workload
        self.mark = 0
        self._folder = tempfile.mkdtemp(prefix="binstream-bench-")
        self._cold = os.path.join(self._folder, "cold")
        try:
            workload.load(source, rows)
            self.place = bs_native.position(source)
            self._take_snapshot()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.close()

    def close(self):
        shutil.rmtree(self._folder, ignore_errors=True)

    def _take_snapshot(self):
        with self.bench.target(durable=True) as target:
            self.bench.binstream("snapshot", self.source, target, "--databases", bs_data.DATABASE)
            target.stop()
            os.rename(target.datadir, self._cold)

    def write(self, transactions):
        self.workload.write(self.source, transactions, self.bench.options.writers)
        self.mark += 1

    def target(self):
        """A durable server on a copy of the target, to be used as a context."""
        folder = tempfile.mkdtemp(prefix=self.bench.target_name + "-", dir=self._folder)
        copy = ["cp", "-a", "--reflink=auto", "--sparse=always", self._cold, os.path.join(folder, "data")]
        subprocess.run(copy, check=True)
        return self.bench.target(durable=True, dir=folder, options=bs_native.target_options(self.bench.target_name))

    def follow(self, target, *more, through=None, local=True):
        """Measures of a follow until it has caught up, and what it reports. through: a proxy in front of the target; local: by
        its unix socket, where there is none."""
        settle(target)
        before = cpu_s(target)
        measures, report = self.bench.binstream("follow", self.source, through or target, "--until-caught-up", *more,
                                                local=local and through is None)
        measures["target_cpu_s"] = cpu_s(target) - before
        self.expect_same(target)
        return measures, report

    def replicate(self, target):
        """Measures of the server's own replication."""
        replica = bs_native.Replica(self.source, target, self.place)
        settle(target)
        before, started = cpu_s(target), time.monotonic()
        replica.start()
        bs_native.await_mark(target, self.mark, replica.check)
        measures = {"wall_s": time.monotonic() - started, "target_cpu_s": cpu_s(target) - before}
        replica.stop()
        self.expect_same(target)
        return measures

    def expect_same(self, target):
        for table in _tables(self.source):
            if bs_data.checksum(self.source, table) != bs_data.checksum(target, table):
                raise bs_bench.BenchError("%s: source and target differ in %s" % (self.workload.name, table))


def _tables(server):
    return ["%s.%s" % (bs_data.DATABASE, name) for name, in server.query(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = '%s' ORDER BY table_name" % bs_data.DATABASE)]


def settle(target):
    """Every index is in memory, and nothing of what was done before is still on its way to the disk."""
    indexes = target.query("SELECT DISTINCT table_name, index_name FROM information_schema.statistics WHERE table_schema = '%s'"
                           % bs_data.DATABASE)
    for table, index in indexes:
        target.query("SELECT COUNT(*) FROM %s.%s FORCE INDEX (`%s`)" % (bs_data.DATABASE, table, index))
    os.sync()


def cpu_s(server):
    """User and system time of the server so far."""
    with open("/proc/%d/stat" % server.pid) as handle:
        fields = handle.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS

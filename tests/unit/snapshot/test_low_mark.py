"""Lock-free on MySQL: rows of transactions that stand in the binlog but are not committed yet when the point is taken.

    test_low_mark.py SNAPSHOT_PROBE PROBE_WITH_MARK_FROM_LOG SERVER

The source's commits wait for a second between the log and the engine, so that several are always in between. With the low mark
from gtid_executed every row arrives. With the same program, built with the mark from the end of the binlog, rows are lost: had
bs_free_point_take read it from there, this test would fail."""

import contextlib
import os
import subprocess
import sys
import threading

from bs_servers import require
from test_snapshot import Pair, wait_for

WRITERS = 8
DELAY_US = 1000000
ATTEMPTS = 5  # of the fault, to be seen


@contextlib.contextmanager
def writing(pair):
    over, written, failures = threading.Event(), [], []

    def write(first):
        try:
            with contextlib.closing(pair.source.connect(autocommit=True)) as connection, connection.cursor() as cursor:
                number = first
                while not over.is_set():
                    cursor.execute("INSERT INTO gap.t VALUES (%d)" % number)
                    written.append(number)
                    number += WRITERS
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    try:
        wait_for(lambda: failures or len(written) >= 2 * WRITERS)
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not failures, failures


def begin(pair, probe):
    pair.probe = probe
    pair.reset()
    pair.source.query("DROP DATABASE IF EXISTS gap")
    pair.source.query("CREATE DATABASE gap")
    pair.source.query("CREATE TABLE gap.t (id INT PRIMARY KEY)")


def follow(pair):
    uris = ["mysql://root@127.0.0.1:%d/" % server.port for server in (pair.source, pair.target)]
    ended = subprocess.run([os.environ["BINSTREAM"], "follow", "--source", uris[0], "--target", uris[1], "--databases", "gap", "--until-caught-up"],
                           capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr


def quiet_source(pair, probe):
    """Nothing comes after the copy: the source must tell that, or follow would wait for the end of its window for ever."""
    begin(pair, probe)
    pair.source.query("INSERT INTO gap.t VALUES (1), (2)")
    pair.run("databases=gap", "consistency=lock-free")
    follow(pair)
    assert pair.target.query("SELECT COUNT(*) FROM gap.t")[0][0] == 2


def missing(pair, probe):
    """How many rows do not arrive."""
    begin(pair, probe)
    pair.source.query("SET GLOBAL binlog_group_commit_sync_delay = %d" % DELAY_US)
    with writing(pair):
        report = pair.run("databases=gap", "consistency=lock-free")
    pair.source.query("SET GLOBAL binlog_group_commit_sync_delay = 0")
    assert report["consistency"] == "lock-free", report
    follow(pair)
    theirs, ours = (set(server.query("SELECT id FROM gap.t")) for server in (pair.source, pair.target))
    assert len(theirs) >= 2 * WRITERS and not ours - theirs, (theirs, ours)
    return len(theirs - ours)


def main(probe, faulty, server):
    require(server)
    with Pair(probe, server) as pair:
        quiet_source(pair, probe)
        print("ok  the copy of a quiet source is followed to its end (%s)" % server)
        pair.source.query("SET GLOBAL sync_binlog = 0")  # else the end of the log is not told before the delay
        lost = [missing(pair, probe) for _ in range(2)]
        assert lost == [0, 0], lost
        print("ok  nothing is lost with the low mark from gtid_executed (%s)" % server)
        for _ in range(ATTEMPTS):
            lost = missing(pair, faulty)
            if lost > 0:
                print("ok  with the low mark from the end of the binlog %d rows are lost (%s)" % (lost, server))
                return
        raise AssertionError("the low mark was read from the binlog, and nothing was lost: this test sees nothing")


if __name__ == "__main__":
    main(*sys.argv[1:])

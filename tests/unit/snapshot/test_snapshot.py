"""The snapshot against real servers: a quiet source, every table, view and routine equal by the judge.

    test_snapshot.py SNAPSHOT_PROBE SERVER [case ...]

Triggers and events are left to the cutover, so they are dropped from the source before the judge compares.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time

import pymysql

from bs_servers import Server, gtid_options, require

import bs_schema

JUDGE = os.environ["BINSTREAM_JUDGE"]
SERVER, SCHEMA, LIMIT, CONFIG, PRECHECK, CANCELLED = 3, 4, 6, 7, 8, 11  # enum bs_status


class Pair:
    def __init__(self, probe, server):
        self.probe, self.server = probe, server

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        options = gtid_options(self.server, True)
        self.source = self.stack.enter_context(Server(self.server, options=options))
        self.target = self.stack.enter_context(Server(self.server, options=options))
        return self

    def __exit__(self, *failure):
        self.stack.close()

    def start(self, *options, fault=None):
        env = dict(os.environ, BINSTREAM_FAULT=fault or "")
        if not fault:
            env.pop("BINSTREAM_FAULT")
        argv = [self.probe, str(self.source.port), str(self.target.port), *options]
        return subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self, process, expect=0):
        out, log = process.communicate(timeout=300)
        if process.returncode != expect:
            raise AssertionError("snapshot ended with %d, not %d:\n%s%s" % (process.returncode, expect, out, log))
        if "Sanitizer" in log or "runtime error" in log:
            raise AssertionError(log)
        report = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
        report["log"] = log
        return report

    def run(self, *options, expect=0, fault=None):
        return self.finish(self.start(*options, fault=fault), expect)

    def judge(self, expect=0):
        answer = subprocess.run([JUDGE, "--ignore-engines", "root@127.0.0.1:%d" % self.source.port, "root@127.0.0.1:%d" % self.target.port], capture_output=True, text=True)
        if answer.returncode != expect:
            raise AssertionError("the judge ended with %d, not %d:\n%s%s" % (
                answer.returncode, expect, answer.stdout[-6000:], answer.stderr[-2000:]))

    def reset(self):
        """Empties the target, as if the task had never been."""
        with contextlib.closing(self.target.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SET foreign_key_checks=0")
            cursor.execute("SHOW DATABASES")
            for (name,) in cursor.fetchall():
                if name not in ("mysql", "sys", "information_schema", "performance_schema"):
                    cursor.execute("DROP DATABASE `%s`" % name.replace("`", "``"))


def load_schema(server):
    with contextlib.closing(server.connect()) as connection:
        bs_schema.create(connection, events=False, with_extras=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT TRIGGER_SCHEMA, TRIGGER_NAME FROM information_schema.TRIGGERS")
            for db, name in cursor.fetchall():
                if db != "sys":
                    cursor.execute("DROP TRIGGER `%s`.`%s`" % (db.replace("`", "``"), name.replace("`", "``")))
            cursor.execute("CREATE TABLE shop.`enum zeros` (id INT AUTO_INCREMENT PRIMARY KEY, e ENUM('a','b'), f ENUM('','x'))")
            cursor.execute("SET sql_mode='NO_AUTO_VALUE_ON_ZERO'")
            cursor.execute("INSERT INTO shop.`enum zeros` VALUES (-1,'a','x'),(0,'b','x'),(1,'',''),(2,'nothing','x'),(3,'b','no'),(4,NULL,NULL)")


def odd_schema_is_equal(pair):
    report = pair.run("threads=3")
    assert report["consistency"] == "lock tables", report
    assert report["reason"].startswith("LOCK TABLES is allowed"), report
    assert int(report["locked_ms"]) < 5000, report
    if pair.server.startswith("mariadb"):  # on MySQL decimals in JSON do
        assert "goes again" not in report["log"], report["log"]
    pair.judge()
    phase = pair.target.query("SELECT phase FROM binstream.task")
    assert phase == (("copied",),), phase
    again = pair.run(expect=PRECHECK)
    assert "already copied" in again["log"], again["log"]
    pair.judge()


def tiny_chunks_are_equal(pair):
    report = pair.run("threads=2", "chunk=100", "consistency=ftwrl")
    assert (report["consistency"], report["reason"]) == ("flush tables with read lock", ""), report
    assert int(report["chunks"]) > 300, report
    pair.judge()


def without_load_data_is_equal(pair):
    pair.target.query("SET GLOBAL local_infile=0")
    report = pair.run("threads=2")
    pair.target.query("SET GLOBAL local_infile=1")
    # MariaDB takes values in binary where it can.
    assert ("rows go by INSERT" in report["log"]) == pair.server.startswith("mysql"), report["log"]
    pair.judge()


def keys_with_gaps_and_clusters(pair):
    """Ends of chunks are guessed: they stay of one size where keys lie close, far apart, and at both ends of all integers."""
    pair.source.query("CREATE DATABASE gaps")
    close, step = 20000, 10 ** 9
    spreads = {"signed": [range(-2 ** 63, -2 ** 63 + close), range(-5000 * step, 5000 * step, step), range(2 ** 63 - close, 2 ** 63)],
               "unsigned": [range(0, close), range(10 ** 12, 10 ** 12 + 10000 * step, step), range(2 ** 64 - close, 2 ** 64)]}
    for table, spread in spreads.items():
        pair.source.query("CREATE TABLE gaps.%s (id BIGINT %s PRIMARY KEY, pad CHAR(100) NOT NULL)" % (table, table if table == "unsigned" else ""))
        for keys in spread:
            for first in range(0, len(keys), 5000):
                pair.source.query("INSERT INTO gaps.%s VALUES %s" % (table, ",".join("(%d, 'row %d')" % (key, key) for key in keys[first:first + 5000])))
        pair.source.query("ANALYZE TABLE gaps." + table)
    pair.run("databases=gaps", "chunk=65536", "threads=3")
    for table in spreads:
        rows, largest, chunks = pair.target.query("SELECT SUM(row_total), MAX(byte_total), COUNT(*) FROM binstream.chunk WHERE name = '%s'" % table)[0]
        assert rows == 2 * close + 10000, rows
        assert chunks > 10 and largest < 7 * 65536, (chunks, largest)
        ask = "SELECT COUNT(*), SUM(CRC32(CONCAT(id, pad))) FROM gaps.%s" % table
        assert pair.source.query(ask) == pair.target.query(ask), table
    pair.source.query("DROP DATABASE gaps")


def rows_are_read_once(pair):
    """No walk along the key in front of the reading, which would make it twice as many."""
    rows = 100000
    pair.source.query("CREATE DATABASE once")
    pair.source.query("CREATE TABLE once.t (id INT PRIMARY KEY AUTO_INCREMENT, pad CHAR(100) NOT NULL)")
    for _ in range(20):
        pair.source.query("INSERT INTO once.t (pad) VALUES " + ",".join("('row %d')" % i for i in range(rows // 20)))
    pair.source.query("ANALYZE TABLE once.t")
    count = lambda: int(pair.source.query("SHOW GLOBAL STATUS LIKE 'Handler_read_next'")[0][1])
    before = count()
    report = pair.run("databases=once", "chunk=65536", "threads=2")
    read = count() - before
    assert int(report["chunks"]) > 5 and rows <= read < 1.4 * rows, (read, report)
    pair.source.query("DROP DATABASE once")


def large_rows_between_small_ones(pair):
    """Rows that no packet of the target takes, and such as go alone; in a table that is cut and in one that is not. With LOAD DATA and
    without, where what no packet takes is refused by name."""
    pair.source.query("CREATE DATABASE large")
    for table, key in (("cut", "PRIMARY KEY"), ("whole", "")):
        pair.source.query("CREATE TABLE large.%s (id INT %s, b LONGBLOB)" % (table, key))
        for first in range(0, 6000, 2000):
            pair.source.query("INSERT INTO large.%s VALUES %s" % (table, ",".join("(%d, REPEAT('x', %d))" % (i, i % 300) for i in range(first, first + 2000))))
        pair.source.query("UPDATE large.%s SET b = REPEAT('y', 3000000) WHERE id IN (17, 3000)" % table)
        pair.source.query("UPDATE large.%s SET b = REPEAT('z', 1040000) WHERE id IN (18, 5000)" % table)
    packet = pair.target.query("SELECT @@global.max_allowed_packet")[0][0]
    pair.target.query("SET GLOBAL max_allowed_packet = 2097152")
    report = pair.run("databases=large", "chunk=100000", "log=debug")
    assert ("by LOAD DATA: it holds a large row" in report["log"]) == pair.server.startswith("mariadb"), report["log"]
    for table in ("cut", "whole"):
        ask = "SELECT COUNT(*), SUM(CRC32(b)), SUM(LENGTH(b) * id) FROM large.%s" % table
        assert pair.source.query(ask) == pair.target.query(ask), table
    pair.reset()
    pair.target.query("SET GLOBAL local_infile=0")
    report = pair.run("databases=large", "chunk=100000", expect=LIMIT)
    assert "the target takes packets of" in report["log"] and "max_allowed_packet" in report["log"], report["log"]
    pair.target.query("SET GLOBAL local_infile=1")
    pair.target.query("SET GLOBAL max_allowed_packet = %d" % packet)
    pair.source.query("DROP DATABASE large")


def killed_at_fault_points_then_equal(pair):
    pair.target.query(pair.source.query("SHOW CREATE DATABASE shop")[0][1])
    pair.target.query("CREATE TABLE shop.`not ours` (a INT)")
    for fault in ("snapshot-table-created", "snapshot-table-created:20", "snapshot-chunk-loaded:3",
                  "snapshot-chunk-committed:9", "snapshot-table-forgotten:2"):
        pair.run("threads=2", expect=-9, fault=fault)
        print("    killed at", fault, flush=True)
    pair.run("threads=2")
    assert pair.target.query("SELECT COUNT(*) FROM shop.`not ours`") == ((0,),)
    pair.target.query("DROP TABLE shop.`not ours`")
    pair.judge()
    pair.reset()
    pair.run(expect=-9, fault="snapshot-copied")
    pair.run(expect=PRECHECK)
    pair.judge()


LATE = (
    "CREATE DATABASE late",
    "CREATE TABLE late.parents (id INT NOT NULL AUTO_INCREMENT, code CHAR(20) NOT NULL, note VARCHAR(200) COLLATE utf8_bin, g INT,"
    " PRIMARY KEY (id), UNIQUE KEY by_code (code), KEY g (g), KEY `by note, ``odd``` (note(9), id) COMMENT 'it''s; a\n  KEY `x` (`x`),',"
    " KEY pair (code, id))",
    "INSERT INTO late.parents (code, note) VALUES " + ", ".join("('c%05d', REPEAT('n', 120))" % n for n in range(1000)),
    *("INSERT INTO late.parents (code, note) SELECT CONCAT('%d-', id), note FROM late.parents WHERE code LIKE 'c%%'" % n for n in range(9)),
    "CREATE TABLE late.children (part INT NOT NULL, id INT NOT NULL AUTO_INCREMENT, code CHAR(20), boss INT, filler CHAR(120) DEFAULT 'f',"
    " PRIMARY KEY (part, id), KEY counts (id), KEY of_code (code), KEY of_boss (boss),"
    " CONSTRAINT `by, code` FOREIGN KEY (code) REFERENCES late.parents (code) ON UPDATE CASCADE ON DELETE SET NULL,"
    " CONSTRAINT of_boss FOREIGN KEY (boss) REFERENCES late.parents (id) ON DELETE CASCADE)",
    "INSERT INTO late.children (part, code, boss) SELECT id % 3, code, id FROM late.parents",
    "CREATE TABLE late.few (id INT PRIMARY KEY, code CHAR(20), CONSTRAINT few_of FOREIGN KEY (code) REFERENCES late.parents (code))",
    "INSERT INTO late.few VALUES (1, 'c00001'), (2, NULL)",
    "CREATE TABLE late.bare (a INT NOT NULL, b CHAR(150) NOT NULL, UNIQUE KEY u (a), KEY b (b))",
    "INSERT INTO late.bare SELECT id, code FROM late.parents",
    "ANALYZE TABLE late.parents, late.children, late.bare",
)


def keys_of_large_tables_come_late(pair):
    """They are as on the source; the foreign keys of a small table that refers to a large one too."""
    for statement in LATE:
        pair.source.query(statement)
    report = pair.run("threads=2", "databases=late", "log=debug")
    for table in ("parents", "children", "bare"):
        assert "the keys of table late.%s are built" % table in report["log"], report["log"]
        assert pair.source.query("SHOW CREATE TABLE late." + table) == pair.target.query("SHOW CREATE TABLE late." + table)
    assert pair.source.query("SHOW CREATE TABLE late.few") == pair.target.query("SHOW CREATE TABLE late.few")
    assert pair.source.query("CHECKSUM TABLE late.parents, late.children, late.few, late.bare") \
        == pair.target.query("CHECKSUM TABLE late.parents, late.children, late.few, late.bare")
    pair.reset()
    for fault in ("snapshot-keys-built", "snapshot-keys-built:3"):
        pair.run("threads=2", "databases=late", expect=-9, fault=fault)
        if not fault.endswith("3"):
            pair.reset()
    # The keys of all three are built, and nothing says so; the one that stands alone is kept.
    assert re.search("of 4 tables [1-4] are in", pair.run("threads=2", "databases=late")["log"])
    assert pair.source.query("SHOW CREATE TABLE late.bare") == pair.target.query("SHOW CREATE TABLE late.bare")
    assert pair.source.query("SHOW CREATE TABLE late.children") == pair.target.query("SHOW CREATE TABLE late.children")
    pair.source.query("DROP DATABASE late")


def rate_is_kept(pair):
    """A bound below what the copy takes: the time is what it says, and everything arrives."""
    pair.source.query("CREATE DATABASE slow")
    pair.source.query("CREATE TABLE slow.t (id INT PRIMARY KEY AUTO_INCREMENT, b LONGBLOB)")
    for _ in range(4):
        pair.source.query("INSERT INTO slow.t (b) VALUES (REPEAT('x', 1000000))")
    began = time.monotonic()
    report = pair.run("threads=2", "databases=slow", "rate=2000000")
    assert int(report["bytes"]) >= 4000000 and time.monotonic() - began >= 1.3, report
    assert pair.source.query("CHECKSUM TABLE slow.t") == pair.target.query("CHECKSUM TABLE slow.t")


def load_pauses_the_copy(pair):
    """It waits while others run statements on the source, says so, and goes on when they are done."""
    threads = [threading.Thread(target=pair.source.query, args=("SELECT SLEEP(4)",)) for _ in range(6)]
    for thread in threads:
        thread.start()
    wait_for(lambda: sum(process["info"] == "SELECT SLEEP(4)" for process in pair.source.processes()) == 6)
    began = time.monotonic()
    report = pair.run("threads=2", "databases=slow", "load=3", "rate=4000000")
    assert re.search("pausing: [4-6] statements run on the source", report["log"]) and "going on with the copy" in report["log"], report
    assert time.monotonic() - began > 2, "it did not wait"
    for thread in threads:
        thread.join()
    assert pair.source.query("CHECKSUM TABLE slow.t") == pair.target.query("CHECKSUM TABLE slow.t")
    pair.source.query("DROP DATABASE slow")


def in_the_background(server, *statements):
    """Some servers say of a statement that is killed that it was, others end it early."""
    def run(statement):
        with contextlib.suppress(pymysql.err.OperationalError):
            server.query(statement)

    threads = [threading.Thread(target=run, args=(statement,)) for statement in statements]
    for thread in threads:
        thread.start()
    return threads


def make_wide(server, db, rows):
    server.query("CREATE DATABASE %s" % db)
    server.query("CREATE TABLE %s.t (id INT PRIMARY KEY AUTO_INCREMENT, pad VARCHAR(2000)) CHARACTER SET latin1" % db)
    for _ in range(rows // 1000):
        server.query("INSERT INTO %s.t (pad) VALUES %s" % (db, ",".join(["(REPEAT('x', 2000))"] * 1000)))


def ddl_does_not_wait_for_the_load(pair):
    """A pause that begins within a chunk keeps the table: DDL on it waits, and writers behind the DDL, but not for as long as the load lasts."""
    make_wide(pair.source, "slow", 8000)  # more than goes into what lies between the server and a dumper that does not read
    sleepers = in_the_background(pair.source, *["SELECT SLEEP(100)"] * 6)
    wait_for(lambda: sum(process["info"] == "SELECT SLEEP(100)" for process in pair.source.processes()) == 6)
    process = pair.start("threads=2", "databases=slow", "load=3", "rate=4000000")
    wait_for(lambda: any("FROM `slow`.`t`" in (process["info"] or "") and process["time"] >= 1 for process in pair.source.processes()))
    alter, = in_the_background(pair.source, "ALTER TABLE slow.t ADD v INT")
    wait_for(lambda: any("metadata lock" in (process["state"] or "") for process in pair.source.processes()))
    writers = in_the_background(pair.source, *["INSERT INTO slow.t (pad) VALUES ('new')"] * 3)
    for thread in [alter, *writers]:
        thread.join(40)
    assert not alter.is_alive() and not any(thread.is_alive() for thread in writers), "DDL waits for the load"
    assert all(thread.is_alive() for thread in sleepers)
    for process_ in pair.source.processes():
        if process_["info"] == "SELECT SLEEP(100)":
            pair.source.query("KILL QUERY %d" % process_["id"])
    report = pair.finish(process)
    for thread in sleepers:
        thread.join()
    assert re.search("pausing: [4-6] statements run on the source", report["log"]), report["log"]
    assert int(report["rows"]) == 8000, report
    assert len(pair.source.query("SHOW COLUMNS FROM slow.t")) == 3
    assert pair.source.query("SELECT COUNT(*) FROM slow.t")[0][0] == 8003
    pair.source.query("DROP DATABASE slow")


def ddl_does_not_wait_for_the_target(pair):
    """A target that stands still holds up the loader, for who knows how long. The source's table is let go of meanwhile."""
    make_wide(pair.source, "stuck", 8000)
    process = pair.start("threads=2", "databases=stuck", "memory=16000000", "rate=4000000")
    wait_for(lambda: any("FROM `stuck`.`t`" in (process["info"] or "") for process in pair.source.processes()))
    os.kill(pair.target.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        pair.source.query("ALTER TABLE stuck.t ENGINE=InnoDB")
        assert time.monotonic() - began > 5, "the dumper did not wait for the loader"
    finally:
        os.kill(pair.target.pid, signal.SIGCONT)
    report = pair.finish(process)
    assert "chunk 0 is given up, to be read again" in report["log"] and "as of a new point" in report["log"], report["log"]
    assert pair.source.query("CHECKSUM TABLE stuck.t") == pair.target.query("CHECKSUM TABLE stuck.t")
    pair.source.query("DROP DATABASE stuck")


def the_lock_of_many_tables_has_one_timeout(pair):
    """Servers count for each table anew. Writers of the first one that was locked would wait for all of them."""
    pair.source.query("CREATE DATABASE chain")
    with contextlib.ExitStack() as stack:
        writers = []
        for i in range(4):
            pair.source.query("CREATE TABLE chain.t%d (id INT PRIMARY KEY)" % i)
            connection = stack.enter_context(contextlib.closing(pair.source.connect()))
            connection.begin()
            connection.cursor().execute("INSERT INTO chain.t%d VALUES (1)" % i)
            writers.append(connection)
        process = pair.start("databases=chain", "lock=2000")
        for connection in writers:
            wait_for(lambda: any((process["info"] or "").startswith("LOCK TABLES") for process in pair.source.processes()))
            time.sleep(1.3)  # less than the timeout, which has to count all of them
            connection.commit()
        report = pair.finish(process)
    assert "did not grant the lock" in report["log"], report["log"]
    assert int(report["rows"]) == 4, report
    pair.source.query("DROP DATABASE chain")


def reader_of_what_is_dropped_is_told(pair):
    """What an earlier attempt made is dropped, while somebody reads it: the run says for whom it waits, and can be stopped."""
    make_wide(pair.source, "held", 2000)
    pair.run("databases=held", fault="snapshot-chunk-loaded", expect=-9)
    pair.source.query("ALTER TABLE held.t ADD v INT")
    with contextlib.closing(pair.target.connect()) as connection, connection.cursor() as cursor:
        connection.begin()
        cursor.execute("SELECT COUNT(*) FROM held.t")
        for is_last in (False, True):
            process = pair.start("databases=held")
            wait_for(lambda: "another session on the target reads or locks held.t" in process.stderr.readline())
            if not is_last:
                process.terminate()
                pair.finish(process, expect=CANCELLED)
    pair.finish(process)
    assert pair.source.query("CHECKSUM TABLE held.t") == pair.target.query("CHECKSUM TABLE held.t")
    pair.source.query("DROP DATABASE held")


def foreign_table_is_not_touched(pair):
    pair.target.query("CREATE DATABASE shop")
    name = pair.source.query("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA='shop' "
                             "AND TABLE_TYPE='BASE TABLE' ORDER BY 1 LIMIT 1")[0][0]
    pair.target.query("CREATE TABLE shop.`%s` (a INT)" % name.replace("`", "``"))
    report = pair.run(expect=PRECHECK)
    assert "already has a table" in report["log"], report["log"]
    assert pair.target.query("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ('shop', 'types')") == ((1,),)
    assert pair.target.query("SELECT COUNT(*) FROM shop.`%s`" % name.replace("`", "``")) == ((0,),)


def database_of_another_charset_is_refused(pair):
    pair.target.query("CREATE DATABASE shop DEFAULT CHARACTER SET cp932")
    report = pair.run("databases=shop", expect=PRECHECK)
    assert "default collation cp932_japanese_ci" in report["log"], report["log"]
    pair.target.query("DROP DATABASE shop")
    pair.run("databases=shop")


def another_selection_is_refused(pair):
    pair.run("databases=shop", expect=-9, fault="snapshot-table-created")
    report = pair.run(expect=CONFIG)
    assert "another selection" in report["log"], report["log"]
    pair.run("databases=shop")
    report = pair.run("databases=nothing", "task=other", expect=CONFIG)
    assert "holds no table" in report["log"], report["log"]


def bad_row_is_named(pair):
    """A row that the target refuses as it is: a lenient sql_mode has cut what is too long for a generated column."""
    if pair.server == "mysql-5.6":
        return  # it has no generated columns
    with contextlib.closing(pair.source.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE bad")
        cursor.execute("CREATE TABLE bad.t (id VARCHAR(20) PRIMARY KEY, v CHAR(4) AS (id) STORED)")
        cursor.execute("SET sql_mode=''")
        cursor.execute("INSERT INTO bad.t (id) VALUES ('good'), ('it''s bad')")
    report = pair.run("databases=bad", expect=SERVER)
    assert "goes again, by INSERT" in report["log"], report["log"]
    assert "row with key ('it\\'s bad')" in report["log"], report["log"]
    pair.source.query("DROP DATABASE bad")


def duplicate_is_not_swallowed(pair):
    """A row whose key is on the target already. LOAD DATA LOCAL leaves it out, with a warning that nobody reads."""
    pair.source.query("CREATE DATABASE twice")
    pair.source.query("CREATE TABLE twice.t (id INT PRIMARY KEY, v VARCHAR(100))")
    pair.source.query("INSERT INTO twice.t VALUES " + ",".join("(%d, REPEAT('x', 100))" % i for i in range(5000)))
    process = pair.start("databases=twice", "chunk=10000", "threads=1", "rate=300000")
    wait_for(lambda: pair.target.query("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'twice'")[0][0] > 0)
    pair.target.query("INSERT INTO twice.t VALUES (4711, 'somebody else wrote this')")
    report = pair.finish(process, expect=SERVER)
    assert "row with key ('4711')" in report["log"] and "somebody else writes" in report["log"] and "Duplicate entry" in report["log"], report["log"]
    assert pair.target.query("SELECT COUNT(*) FROM twice.t WHERE id = 4712")[0][0] == 0
    pair.source.query("DROP DATABASE twice")


def busy_source_is_of_one_moment(pair):
    """Money moves between two tables all the time; its sum is the same at every position."""
    pair.source.query("CREATE DATABASE bank")
    for table in "ab":
        pair.source.query("CREATE TABLE bank.%s (id INT PRIMARY KEY, v BIGINT NOT NULL)" % table)
        pair.source.query("INSERT INTO bank.%s VALUES %s" % (table, ",".join("(%d,1000)" % i for i in range(5000))))
    over = threading.Event()
    moved = []

    def mover(seed):
        with contextlib.closing(pair.source.connect(autocommit=False)) as connection, connection.cursor() as cursor:
            at = seed
            while not over.is_set():
                at = (at * 48271 + 1) % 2147483647
                cursor.execute("UPDATE bank.a SET v = v - 3 WHERE id = %d" % (at % 5000))
                cursor.execute("UPDATE bank.b SET v = v + 3 WHERE id = %d" % (at // 5000 % 5000))
                connection.commit()
                moved.append(1)

    movers = [threading.Thread(target=mover, args=(seed,)) for seed in (1, 7)]
    for thread in movers:
        thread.start()
    try:
        for consistency in ("lock-tables", "ftwrl"):
            before = len(moved)
            wait_for(lambda: len(moved) > before + 50)
            report = pair.run("databases=bank", "chunk=10000", "threads=3", "consistency=" + consistency)
            total = pair.target.query("SELECT (SELECT SUM(v) FROM bank.a) + (SELECT SUM(v) FROM bank.b)")
            changed = pair.target.query("SELECT COUNT(*) FROM bank.a WHERE v <> 1000")
            assert total[0][0] == 10000000, total
            assert changed[0][0] > 0 and int(report["chunks"]) >= 4, (changed, report)
            pair.reset()
    finally:
        over.set()
        for thread in movers:
            thread.join()
    pair.source.query("DROP DATABASE bank")


def keyless_pieces_go_again_whole(pair):
    """The last row makes LOAD DATA unfit when pieces of the table are committed already."""
    pair.source.query("CREATE DATABASE again")
    kind = "JSON" if pair.server.startswith("mysql-9") else "VARCHAR(40)"
    last = "JSON_ARRAY(1.10)" if kind == "JSON" else "'x'"
    pair.source.query("CREATE TABLE again.t (n INT, j %s)" % kind)
    pair.source.query("INSERT INTO again.t VALUES " + ",".join("(%d, '[%d]')" % (i % 10, i) for i in range(3000)))
    pair.source.query("INSERT INTO again.t VALUES (1, %s)" % last)
    report = pair.run("databases=again", "chunk=1")
    assert (report["retried"] == "1") == (kind == "JSON"), report
    assert report["rows"] == "3001", report
    compare = "SELECT COUNT(*), SUM(CRC32(CONCAT(n, j))) FROM again.t"
    assert pair.source.query(compare) == pair.target.query(compare)
    pair.source.query("DROP DATABASE again")


def without_lock_tables_another_lock_is_taken(pair):
    for statement in ("CREATE USER locker@'127.0.0.1'", "GRANT SELECT, SHOW VIEW, PROCESS, RELOAD, REPLICATION CLIENT, "
                      "REPLICATION SLAVE, TRIGGER, EVENT ON *.* TO locker@'127.0.0.1'",
                      "CREATE USER nolock@'127.0.0.1'", "GRANT SELECT, SHOW VIEW, PROCESS, REPLICATION CLIENT, "
                      "REPLICATION SLAVE, TRIGGER, EVENT ON *.* TO nolock@'127.0.0.1'"):
        pair.source.query(statement)
    tells = pair.server.startswith("mariadb")  # each view's position
    report = pair.run("databases=keys", "user=nolock", expect=0 if tells else PRECHECK)
    assert "neither kind of lock" in report["log"], report["log"]
    assert not tells or report["reason"].startswith("no lock is allowed: "), report
    if pair.server == "mysql-5.6":  # its views do not show all that gtid_executed has
        assert "GRANT" in report["log"] and "lock-free" not in report["log"], report["log"]
    else:
        assert "lock-free" in report["log"], report["log"]
        assert tells or "cannot be copied without a lock" in report["log"] and "GRANT" in report["log"], report["log"]
    pair.reset()
    report = pair.run("databases=keys", "user=locker")
    assert report["consistency"] == "flush tables with read lock", report
    assert report["reason"].startswith("LOCK TABLES is not allowed: "), report
    for user in ("locker", "nolock"):
        pair.source.query("DROP USER %s@'127.0.0.1'" % user)


def ddl_waits_for_views_that_keep_tables(pair):
    """Without PROCESS nobody can tell which table it is that is read; without BINLOG ADMIN a view of MariaDB gives no table back. So DDL waits until
    the copy is over. A dumper that came to a table then, and waited behind the DDL, would wait for the other dumpers' views, and writers with it."""
    grants = "SELECT, LOCK TABLES, SHOW VIEW, RELOAD, REPLICATION CLIENT, REPLICATION SLAVE, TRIGGER, EVENT"
    accounts = {"blind": grants, "keeper": grants + ", PROCESS"} if pair.server.startswith("mariadb") else {"blind": grants}
    for account, privileges in accounts.items():
        pair.source.query("CREATE USER %s@'127.0.0.1'" % account)
        pair.source.query("GRANT %s ON *.* TO %s@'127.0.0.1'" % (privileges, account))
        pair.source.query("CREATE DATABASE waits")
        for i, rows in enumerate((3000, 2500, 1000, 1000)):
            pair.source.query("CREATE TABLE waits.t%d (id INT PRIMARY KEY AUTO_INCREMENT, pad VARCHAR(200))" % i)
            pair.source.query("INSERT INTO waits.t%d (pad) VALUES %s" % (i, ",".join(["(REPEAT('x', 200))"] * rows)))
            pair.source.query("ANALYZE TABLE waits.t%d" % i)
        process = pair.start("databases=waits", "user=" + account, "threads=2", "chunk=100000", "rate=400000")
        wait_for(lambda: pair.target.query("SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA='binstream' AND TABLE_NAME='chunk'") and
                 pair.target.query("SELECT COUNT(*) FROM binstream.chunk")[0][0] > 0)
        threads = [threading.Thread(target=pair.source.query, args=("ALTER TABLE waits.t%d ADD v INT" % i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        report = pair.finish(process)
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads), report["log"]
        assert "waits until the copy is over" in report["log"] and "as of a new point" not in report["log"], report["log"]
        assert int(report["rows"]) == 7500, report
        pair.source.query("DROP DATABASE waits")
        pair.source.query("DROP USER %s@'127.0.0.1'" % account)
        pair.reset()


def altered_table_is_told(pair):
    """ALTER between the point and the reading of the table: the view cannot show it any more."""
    pair.source.query("CREATE DATABASE early")
    for i in range(60):
        pair.source.query("CREATE TABLE early.t%02d (id INT PRIMARY KEY)" % i)
        pair.source.query("INSERT INTO early.t%02d VALUES (1)" % i)
    process = pair.start("databases=early")
    wait_for(lambda: pair.target.query("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA='early'")[0][0] > 0)
    for i in range(60):
        pair.source.query("ALTER TABLE early.t%02d ADD v INT, ALGORITHM=COPY" % i)
    report = pair.finish(process)
    assert "was altered on the source" in report["log"] and "as of a new point" in report["log"], report["log"]
    # What waits for DDL is not what cannot be told, nor asked for again, table by table, while writers wait behind the DDL.
    assert "ids of them are not to be had" not in report["log"], report["log"]
    pair.source.query("DROP DATABASE early")


def swapped_tables_are_noticed(pair):
    """Two old tables change names: a view shows the wrong one without complaint."""
    pair.source.query("CREATE DATABASE swaps")
    for i in range(60):
        pair.source.query("CREATE TABLE swaps.t%02d (id INT PRIMARY KEY)" % i)
    process = pair.start("databases=swaps")
    wait_for(lambda: pair.target.query("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA='swaps'")[0][0] > 0)
    renames = ["swaps.t%02d TO swaps.x, swaps.t%02d TO swaps.t%02d, swaps.x TO swaps.t%02d" % (i, i + 1, i, i + 1)
               for i in range(0, 60, 2)]
    pair.source.query("RENAME TABLE " + ", ".join(renames))
    report = pair.finish(process)
    assert "was altered on the source" in report["log"], report["log"]
    pair.source.query("DROP DATABASE swaps")


def exchanged_columns_are_told(pair):
    """An ALTER in place leaves the table what it was but for names: a view shows the values of the one under the name of the other."""
    pair.source.query("CREATE DATABASE turns")
    for i in range(60):
        pair.source.query("CREATE TABLE turns.t%02d (id INT PRIMARY KEY, `a``b` INT, b INT)" % i)
        pair.source.query("INSERT INTO turns.t%02d VALUES (1, 1, -1)" % i)
    process = pair.start("databases=turns")
    wait_for(lambda: pair.target.query("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA='turns'")[0][0] > 0)
    for i in range(60):
        pair.source.query("ALTER TABLE turns.t%02d CHANGE `a``b` b INT, CHANGE b `a``b` INT" % i)
    report = pair.finish(process)
    assert "was altered on the source" in report["log"] and "as of a new point" in report["log"], report["log"]
    for i in range(60):
        assert pair.target.query("SELECT b, `a``b` FROM turns.t%02d" % i) == ((1, -1),), i
    pair.source.query("DROP DATABASE turns")


def end_lock(pair):
    """Ends the session that locks as soon as it does. False: too late, the position was taken by then."""
    with contextlib.closing(pair.source.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("UPDATE locks.t000 SET v = v + 1")
        process = pair.start("databases=locks", "lock=30000")
        find = "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'LOCK TABLES%%'"
        wait_for(lambda: pair.source.query(find))
        (session,), = pair.source.query(find)
        cursor.execute("COMMIT")
        is_idle = "SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = %d AND COMMAND = 'Sleep'" % session
        wait_for(lambda: process.poll() is not None or pair.source.query(is_idle), pause=0)
        with contextlib.suppress(pymysql.err.MySQLError):  # it has just gone
            cursor.execute("KILL %d" % session)
    report = pair.finish(process)
    return "held the source's lock was ended" in report["log"]


def ended_lock_is_noticed(pair):
    """Somebody ends the session that makes the writers wait, while the position is taken."""
    pair.source.query("CREATE DATABASE locks")
    for i in range(300):
        pair.source.query("CREATE TABLE locks.t%03d (id INT PRIMARY KEY, v INT)" % i)
        pair.source.query("INSERT INTO locks.t%03d VALUES (1, 0)" % i)
    for attempt in range(1, 6):
        if end_lock(pair):
            break
        assert attempt < 5, "the lock was never ended in time"
        pair.reset()
    pair.source.query("DROP DATABASE locks")


def table_that_is_gone_from_the_target_is_missed(pair):
    pair.run("databases=keys", "threads=1", "chunk=1000", expect=-9, fault="snapshot-chunk-committed:20")
    db, name = pair.target.query("SELECT CONVERT(db USING utf8), CONVERT(name USING utf8) FROM binstream.chunk LIMIT 1")[0]
    pair.target.query("SET GLOBAL foreign_key_checks=0")
    pair.target.query("DROP TABLE `%s`.`%s`" % (db, name))
    pair.target.query("SET GLOBAL foreign_key_checks=1")
    report = pair.run("databases=keys", "threads=1", "chunk=1000", expect=SCHEMA)
    assert "%s.%s, which was copied before, is gone from the target" % (db, name) in report["log"], report["log"]


def open_transaction_holds_the_lock_back(pair):
    pair.source.query("SET GLOBAL innodb_table_locks=0")  # MySQL 5.6 would grant the lock beside it
    try:
        hold_the_lock_back(pair)
    finally:
        pair.source.query("SET GLOBAL innodb_table_locks=1")


def hold_the_lock_back(pair):
    with contextlib.closing(pair.source.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE shop.held (id INT PRIMARY KEY)")
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO shop.held VALUES (1)")
        report = pair.run("databases=shop", "lock=1000", expect=LIMIT)
        assert "did not grant the lock" in report["log"], report["log"]
        process = pair.start("databases=shop", "lock=30000")
        wait_for(lambda: pair.source.query("SELECT COUNT(*) FROM information_schema.PROCESSLIST "
                                           "WHERE INFO LIKE 'LOCK TABLES%%'")[0][0] > 0)
        cursor.execute("COMMIT")
    pair.finish(process)
    assert pair.target.query("SELECT COUNT(*) FROM shop.held") == ((1,),)
    pair.source.query("DROP TABLE shop.held")


def long_statement_is_waited_for(pair):
    done = threading.Event()

    def sleeper():
        pair.source.query("SELECT SLEEP(6)")
        done.set()

    threading.Thread(target=sleeper).start()
    wait_for(lambda: pair.source.query("SELECT COUNT(*) FROM information_schema.PROCESSLIST "
                                       "WHERE INFO LIKE 'SELECT SLEEP%%' AND TIME >= 2")[0][0] > 0)
    report = pair.run("databases=shop", "lock=1000")
    assert done.is_set() and "waiting for it" in report["log"], report["log"]


def signal_stops_the_copy(pair):
    with contextlib.closing(pair.target.connect()) as connection, connection.cursor() as cursor:
        process = pair.start("threads=2")
        wait_for(lambda: tables_on(pair.target) > 30)
        process.terminate()
        pair.finish(process, expect=CANCELLED)
    pair.run("threads=2")
    pair.judge()


def tables_on(server):
    return server.query("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ('types', 'texts', 'keys')")[0][0]


def wait_for(condition, timeout=60, pause=0.02):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(pause)


CASES = [odd_schema_is_equal, keys_of_large_tables_come_late, rate_is_kept, load_pauses_the_copy,
         bad_row_is_named, duplicate_is_not_swallowed, tiny_chunks_are_equal, without_load_data_is_equal, keys_with_gaps_and_clusters, rows_are_read_once, large_rows_between_small_ones, killed_at_fault_points_then_equal,
         foreign_table_is_not_touched, database_of_another_charset_is_refused, another_selection_is_refused,
         busy_source_is_of_one_moment, keyless_pieces_go_again_whole, without_lock_tables_another_lock_is_taken,
         ddl_waits_for_views_that_keep_tables, ddl_does_not_wait_for_the_load, ddl_does_not_wait_for_the_target,
         the_lock_of_many_tables_has_one_timeout, reader_of_what_is_dropped_is_told,
         altered_table_is_told, swapped_tables_are_noticed, exchanged_columns_are_told, ended_lock_is_noticed,
         table_that_is_gone_from_the_target_is_missed, open_transaction_holds_the_lock_back,
         long_statement_is_waited_for, signal_stops_the_copy]


# Long waits, in which it is our side that counts: one server tells.
ONLY_ON = {ddl_does_not_wait_for_the_load: "mariadb-10.11", ddl_does_not_wait_for_the_target: "mysql-9.7"}


def main(probe, server, *names):
    require(server)
    with Pair(probe, server) as pair:
        load_schema(pair.source)
        for case in CASES:
            is_wanted = case.__name__ in names if names else ONLY_ON.get(case, server) == server
            if not is_wanted:
                continue
            started = time.monotonic()
            pair.reset()
            case(pair)
            print("ok  %s (%s, %.1f s)" % (case.__name__.replace("_", " "), server, time.monotonic() - started), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

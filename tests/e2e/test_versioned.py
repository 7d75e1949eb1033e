#!/usr/bin/python3
"""System-versioned tables: with their history to the microsecond where the target takes it, else their current rows."""
import argparse
import glob
import os
import random
import threading
import time

import pymysql

import bs_harness
from bs_harness import say
from bs_writers import TOLERATED, error_code

TABLES = {
    'implicit': 'id INT PRIMARY KEY, a INT, t VARCHAR(40), at TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP, UNIQUE KEY (t)',
    'named': 'id INT PRIMARY KEY, a INT, t VARCHAR(40), `fr``om` TIMESTAMP(6) GENERATED ALWAYS AS ROW START INVISIBLE, '
             '`un,til` TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (`fr``om`, `un,til`)',
    'in part': 'id INT PRIMARY KEY, a INT, t VARCHAR(40) WITHOUT SYSTEM VERSIONING',
    'keyless': 'id INT, a INT, t VARCHAR(40)',
    'parent': 'id INT PRIMARY KEY, a INT, t VARCHAR(40)',
}
PERIODS = {'named': '`fr``om`, `un,til`'}


def run(server, *statements):
    with server.connect() as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def prepare(pair):
    run(pair.source, 'CREATE DATABASE v DEFAULT CHARACTER SET utf8mb4',
        *['CREATE TABLE v.`%s` (%s) ENGINE=InnoDB WITH SYSTEM VERSIONING' % item for item in TABLES.items()],
        'CREATE TABLE v.parts (id INT PRIMARY KEY, a INT, t VARCHAR(40)) ENGINE=InnoDB WITH SYSTEM VERSIONING '
        'PARTITION BY SYSTEM_TIME (PARTITION p0 HISTORY, PARTITION pn CURRENT)',
        'CREATE TABLE v.child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES v.parent (id) ON DELETE CASCADE) ENGINE=InnoDB',
        'CREATE TABLE v.mark (id INT PRIMARY KEY) ENGINE=InnoDB')
    run(pair.source, 'SET timestamp=1600000000.5',
        *["REPLACE INTO v.`%s` (id, a, t) VALUES (800, 1, 'early'), (800, 2, 'early')" % table for table in ('implicit', 'named', 'parent')])
    assert pair.source.query('SELECT id, a, t FROM v.implicit FOR SYSTEM_TIME ALL WHERE row_start = row_end') == ((800, 1, 'early'),)


def names(pair):
    """(name, has history) of every table."""
    return [(row[0], row[1] == 'SYSTEM VERSIONED') for row in pair.source.query(
        "SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA='v'")]


class Writer(threading.Thread):
    """Short transactions of everything that makes history, several changes of one row in one of them included."""

    def __init__(self, pair, seed):
        super().__init__(daemon=True)
        self.pair, self.rng, self.ended, self.count, self.failure = pair, random.Random(seed), threading.Event(), 0, None

    def statement(self):
        rng = self.rng
        table = '`v`.`%s`' % rng.choice([*TABLES, 'parts'])
        n, m, t = rng.randint(1, 40), rng.randint(0, 3), 't%d' % rng.randint(1, 60)
        return rng.choice((
            "INSERT IGNORE INTO %s (id, a, t) VALUES (%d, %d, '%s'), (%d, 1, 'u%d')" % (table, n, m, t, n + 1, n),
            "REPLACE INTO %s (id, a, t) VALUES (%d, %d, '%s')" % (table, n, m, t),
            "INSERT IGNORE INTO %s (id, a, t) VALUES (%d, %d, '%s') ON DUPLICATE KEY UPDATE a = a + 1" % (table, n, m, t),
            'UPDATE %s SET a = %d WHERE id BETWEEN %d AND %d' % (table, m, n, n + 8),
            'UPDATE %s SET a = a WHERE id = %d' % (table, n),
            "UPDATE IGNORE %s SET t = '%s' WHERE id = %d" % (table, t, n),
            'UPDATE IGNORE %s SET id = %d WHERE id = %d' % (table, n, n + 7),
            'DELETE FROM %s WHERE id = %d' % (table, n), 'DELETE FROM %s WHERE id > %d LIMIT 3' % (table, n),
            'INSERT IGNORE INTO v.child SELECT %d, MIN(id) FROM v.parent WHERE id >= %d' % (n, n)))

    def transaction(self, cursor):
        try:
            cursor.execute('BEGIN')
            for _ in range(self.rng.choice((1, 1, 2, 5))):
                self.last = self.statement()
                cursor.execute(self.last)
            cursor.execute('ROLLBACK' if self.rng.random() < 0.1 else 'COMMIT')
            self.count += 1
        except pymysql.err.MySQLError as error:
            if error_code(error) not in TOLERATED:
                raise
            cursor.execute('ROLLBACK')

    def run(self):
        try:
            with self.pair.source.connect() as connection, connection.cursor() as cursor:
                while not self.ended.is_set():
                    self.transaction(cursor)
        except Exception as error:
            self.failure = '%r in %s' % (error, self.last)


def history(server, table, everything):
    columns = '*' if not everything else 'id, a, t, ' + PERIODS.get(table, 'row_start, row_end')
    rows = server.query('SELECT %s FROM v.`%s` %s' % (columns, table, 'FOR SYSTEM_TIME ALL' if everything else ''))
    for_ever = ('2038-01-19', '2106-02-07')  # the servers' time zones differ, so that is not the moment itself
    rows = [row for row in rows if not everything or row[3] <= row[4]]  # what ended before it began is not carried
    return sorted(tuple('for ever' if str(value).startswith(for_ever) else str(value) for value in row) for row in rows)


def compare(pair, everything, what):
    count = 0
    for server in (pair.source, pair.target):
        run(server, "SET GLOBAL time_zone='+00:00'")
    for table, is_versioned in names(pair):
        there, wanted = (history(server, table, everything and is_versioned) for server in (pair.target, pair.source))
        count += len(wanted)
        if there != wanted:
            extra, missing = set(there) - set(wanted), set(wanted) - set(there)
            raise AssertionError('%s: %d rows on the source, %d on the target; missing %s; too many %s' % (
                table, len(wanted), len(there), sorted(missing)[:5], sorted(extra)[:5]))
    say('%s: %d rows equal' % (what, count))


def catch_up(pair):
    pair.run('follow', '--until-caught-up')


def write_for(pair, seconds, during=None):
    writers = [Writer(pair, pair.seed + number) for number in range(2)]
    for writer in writers:
        writer.start()
    if during is not None:
        during()
    time.sleep(seconds)  # the amount of work is the point here, nothing is awaited
    for writer in writers:
        writer.ended.set()
        writer.join(60)
        assert writer.failure is None, writer.failure
    say('%d transactions' % sum(writer.count for writer in writers))


def statements(pair, everything):
    """What stands in the log otherwise: history deleted, inserted by itself, versioning added and dropped, moments that repeat."""
    keep = 'SET system_versioning_alter_history=KEEP'
    run(pair.source, 'DELETE HISTORY FROM v.implicit BEFORE SYSTEM_TIME NOW(6) - INTERVAL 1 SECOND', 'DELETE HISTORY FROM v.keyless')
    compare_after(pair, everything, 'history deleted')
    run(pair.source, "SET timestamp=1700000000.5", "REPLACE INTO v.implicit (id, a) VALUES (900, 1), (901, 1)", 'UPDATE v.implicit SET a = 2 WHERE id >= 900',
        'DELETE FROM v.implicit WHERE id = 900', 'INSERT INTO v.implicit (id, a) VALUES (900, 7)', 'SET timestamp=1700000001',
        'UPDATE v.`in part` SET t = 5 WHERE id < 20', "UPDATE v.`in part` SET t = 6, a = a + 1 WHERE id < 5")
    compare_after(pair, everything, 'moments that repeat')
    run(pair.source, keep, 'ALTER TABLE v.implicit ADD b INT DEFAULT 5 AFTER id', 'UPDATE v.implicit SET b = 6 WHERE id > 10',
        'CREATE TABLE v.later (id INT PRIMARY KEY, a INT, t INT)', 'INSERT INTO v.later VALUES (1, 1, 1), (2, 2, 2)',
        'ALTER TABLE v.later ADD SYSTEM VERSIONING', 'UPDATE v.later SET a = 3', 'ALTER TABLE v.`in part` DROP SYSTEM VERSIONING')
    if everything and pair.source.name != 'mariadb-10.5':
        run(pair.source, 'SET system_versioning_insert_history=1',
            "INSERT INTO v.later (id, a, t, row_start, row_end) VALUES (7, 7, 7, '2020-01-01', '2020-02-01'), (7, 8, 8, '2020-02-01', '2020-03-01.5')")
    compare_after(pair, everything, 'altered')


def compare_after(pair, everything, what):
    catch_up(pair)
    compare(pair, everything, what)


def copy(pair):
    """Killed once, so that tables are as of two positions: their unique keys are built behind the window."""
    for fault in ('snapshot-chunk-committed:2', None):
        pair.run('snapshot', '--databases', 'v', '--chunk-bytes', '64K', fault=fault, expect=(0,) if fault is None else (-9,))


def early_is_guarded(pair, archive):
    """A flipped byte in a file of early history is named, before anything is made of it."""
    path = max(glob.glob(archive + '/data/*/early.chunk'), key=os.path.getsize)
    with open(path, 'rb') as file:
        whole = file.read()
    assert b'early' in whole, whole
    with open(path, 'wb') as file:
        file.write(whole[:len(whole) // 2] + bytes([whole[len(whole) // 2] ^ 1]) + whole[len(whole) // 2 + 1:])
    process = pair.run('load', '--archive', archive, source=False, expect=(1, 3))
    assert path in process.err and 'damaged' in process.err, process.tail()
    with open(path, 'wb') as file:
        file.write(whole)
    pair.run('reset', source=False)
    say('damage in a file of %d bytes of early history is named' % len(whole))


def copy_by_archive(pair, everything):
    """The archive's writing and the load are killed: while early history is written and made, and between chunks."""
    archive = os.path.join(pair.dir, 'archive')
    for fault in ('archive-early-noted:2', 'archive-chunk-noted:3', None):
        pair.run('snapshot', '--archive', archive, '--databases', 'v', '--chunk-bytes', '64K', target=False, fault=fault,
                 expect=(0,) if fault is None else (-9,))
    tables = len(names(pair))
    assert len(os.listdir(archive + '/data')) == tables, 'what the killed attempts left is still there: %s' % os.listdir(archive + '/data')
    if everything:
        early_is_guarded(pair, archive)
    faults = ['snapshot-early-history-made:3'] if everything else []
    for fault in (*faults, 'snapshot-chunk-committed:2', 'snapshot-chunk-committed:2', None):
        process = pair.run('load', '--archive', archive, '--threads', '1', source=False, fault=fault, expect=(0,) if fault is None else (-9,))
    assert ('current rows' in process.err) != everything, process.err


def refused(pair):
    """A table whose history goes by transaction: its changes come as statements."""
    run(pair.source, 'CREATE TABLE v.by_trx (id INT PRIMARY KEY, s BIGINT UNSIGNED GENERATED ALWAYS AS ROW START, e BIGINT UNSIGNED GENERATED '
        'ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) ENGINE=InnoDB WITH SYSTEM VERSIONING', 'INSERT INTO v.by_trx (id) VALUES (1)')
    process = pair.run('follow', '--until-caught-up', expect=(1, 3))
    assert 'by_trx' in process.err, process.tail()
    say('a table by transaction ids stopped the follow')


def test(options):
    source, _, target = options.pair.partition(':')
    everything = (target or source) != 'mariadb-10.5'
    with bs_harness.Pair(source, target or None, gtid=True, schema=False, seed=options.seed) as pair:
        prepare(pair)
        write_for(pair, 2)
        write_for(pair, 1, lambda: copy_by_archive(pair, everything) if options.archive else copy(pair))
        compare_after(pair, everything, 'snapshot and follow')
        write_for(pair, options.seconds)
        compare_after(pair, everything, 'followed')
        statements(pair, everything)
        refused(pair)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--pair', default='mariadb-10.11')
    parser.add_argument('--archive', action='store_true', help='copy by way of an archive')
    parser.add_argument('--seconds', type=float, default=3)
    parser.add_argument('--seed', type=int)
    options = parser.parse_args()
    bs_harness.main('versioned %s' % options.pair, lambda: test(options))

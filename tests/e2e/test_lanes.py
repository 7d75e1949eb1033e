#!/usr/bin/python3
"""Applying side by side: what is said of a row that is not as it must be, the source's order for those who read the target,
lanes that become more or fewer between two runs, and transactions that are applied one by one."""
import argparse
import threading

import bs_harness
from bs_harness import say

TRANSACTIONS = 2000
BOTH = 'SELECT id FROM lanes.seen_a UNION ALL SELECT id FROM lanes.seen_b'


def run(server, *statements):
    with server.connect(autocommit=True) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def same(pair, table):
    wanted, there = (server.query('SELECT * FROM %s ORDER BY 1' % table) for server in (pair.source, pair.target))
    assert wanted == there, '%s: %d and %d rows, %s' % (table, len(wanted), len(there), [row for row in wanted if row not in there][:3])


def prepare(pair):
    run(pair.source, 'CREATE DATABASE lanes',
        'CREATE TABLE lanes.one (id INT PRIMARY KEY, c VARCHAR(30), n INT)',
        'CREATE TABLE lanes.two (id INT PRIMARY KEY, u INT UNIQUE, c VARCHAR(30))',
        'CREATE TABLE lanes.moves (id INT, ts TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, n INT, PRIMARY KEY (id, ts))',
        "INSERT INTO lanes.moves VALUES (1, '2001-02-03 04:05:06', 0), (2, '2001-02-03 04:05:06', 0)",
        'CREATE TABLE lanes.seen_a (id INT PRIMARY KEY)', 'CREATE TABLE lanes.seen_b (id INT PRIMARY KEY)',
        'CREATE TABLE lanes.plain (id INT PRIMARY KEY, c VARCHAR(30)) ENGINE=MyISAM', "INSERT INTO lanes.plain VALUES (1, 'a'), (2, 'b'), (3, 'c')",
        "INSERT INTO lanes.one VALUES (1, 'a', 0), (2, 'b', 0), (3, 'c', 0)",
        "INSERT INTO lanes.two VALUES (1, 11, 'a'), (2, 12, 'b'), (3, 13, 'c')")
    pair.snapshot('--databases', 'lanes')


def refused(pair, what, spoil, mend, change, *said):
    """Something has written to the target: follow must stop, name the row, and leave the rest as it was. Then that is mended."""
    run(pair.target, *spoil)
    before = pair.target.query('SELECT * FROM lanes.one'), pair.target.query('SELECT * FROM lanes.two')
    run(pair.source, *change)
    for _ in range(2):  # what was refused once is not passed over by the next run
        process = pair.follow(expect=(1,))
        for words in said:
            assert words in process.err, '%s: %r is not said:\n%s' % (what, words, process.err)
    assert before == (pair.target.query('SELECT * FROM lanes.one'), pair.target.query('SELECT * FROM lanes.two')), what
    run(pair.target, *mend)
    pair.follow()
    for table in ('one', 'two'):
        same(pair, 'lanes.' + table)
    say('refused: ' + what)


def strict(pair):
    place = 'binlog.0'
    refused(pair, 'an update of a row that is not there', ['DELETE FROM lanes.one WHERE id = 1'],
            ["INSERT INTO lanes.one VALUES (1, 'a', 0)"],
            ["UPDATE lanes.one SET c = 'x' WHERE id = 2", "UPDATE lanes.one SET c = 'x' WHERE id = 1"],
            'lanes.one', '`id`=1', place, 'where the source changed 1')
    refused(pair, 'a delete of a row that is not there', ['DELETE FROM lanes.one WHERE id = 3'],
            ["INSERT INTO lanes.one VALUES (3, 'c', 0)"],
            ['DELETE FROM lanes.one WHERE id IN (2, 3)'], 'lanes.one', '`id` IN (3', place)
    refused(pair, 'an insert of a row that is there', ["INSERT INTO lanes.one VALUES (7, 'mine', 0)"],
            ['DELETE FROM lanes.one WHERE id = 7'],
            ["INSERT INTO lanes.one VALUES (6, 'theirs', 0), (7, 'theirs', 0)"], 'lanes.one', "'7'", place)
    for missing in (1, 2, 3):  # each statement of a transaction looks at the count of the one before
        refused(pair, 'three updates, of which number %d finds no row' % missing,
                ['CREATE TABLE lanes.away SELECT * FROM lanes.one WHERE id = %d' % missing, 'DELETE FROM lanes.one WHERE id = %d' % missing],
                ['INSERT INTO lanes.one SELECT * FROM lanes.away', 'DROP TABLE lanes.away'],
                ['INSERT IGNORE INTO lanes.one VALUES (2, 2, 2), (3, 3, 3)' if missing == 1 else 'UPDATE lanes.one SET n = n WHERE id = 1',
                 'UPDATE lanes.one SET n = n + 1 WHERE id <= 3'], 'lanes.one', '`id`=%d' % missing, place, 'where the source changed 1')
    many = ', '.join("(%d, 'many', 0)" % id for id in range(1000, 1300))
    refused(pair, 'an insert of many rows of which one is there', ["INSERT INTO lanes.one VALUES (1150, 'mine', 0)"],
            ['DELETE FROM lanes.one WHERE id = 1150'], ['INSERT INTO lanes.one VALUES ' + many], 'lanes.one', "'1150'", place)
    refused(pair, 'rows that came and went, of which one is there', ["INSERT INTO lanes.one VALUES (2150, 'mine', 0)"],
            ['DELETE FROM lanes.one WHERE id = 2150'],
            ["INSERT INTO lanes.one VALUES (2149, 'x', 0), (2150, 'x', 0), (2151, 'x', 0)", 'DELETE FROM lanes.one WHERE id > 2000'],
            'lanes.one', 'INSERT', '2150)', place, 'rows that the source had not')
    # The value of the row that is gone is another row's now: that one must not be taken for it.
    refused(pair, "an update that would find another row by its unique value",
            ['DELETE FROM lanes.two WHERE id = 1', "INSERT INTO lanes.two VALUES (9, 11, 'mine')"],
            ['DELETE FROM lanes.two WHERE id = 9', "INSERT INTO lanes.two VALUES (1, 11, 'a')"],
            ["UPDATE lanes.two SET c = 'y' WHERE id IN (1, 2)"], 'lanes.two', '`id`=1', place)


def strict_without_transactions(pair):
    """The source's table is of MyISAM, so its rows go by the lane that applies one after the other; those before the bad one stay."""
    run(pair.target, 'DELETE FROM lanes.plain WHERE id = 2')
    run(pair.source, "UPDATE lanes.plain SET c = 'x' WHERE id = 1", "UPDATE lanes.plain SET c = 'x' WHERE id = 2", "UPDATE lanes.plain SET c = 'x' WHERE id = 3")
    for _ in range(2):
        process = pair.follow(expect=(1,))
        assert 'lanes.plain' in process.err and '`id`=2' in process.err, process.tail()
    run(pair.target, "INSERT INTO lanes.plain VALUES (2, 'b')")
    pair.follow()
    same(pair, 'lanes.plain')
    say('refused: an update of a row that is not there, of a table without transactions')


def times_stay(pair):
    """A time in a key that would become now, unless it is assigned what it is."""
    run(pair.source, "UPDATE lanes.moves SET n = 1, ts = ts", "UPDATE lanes.moves SET n = 2, ts = ts WHERE id = 1")
    pair.follow()
    wanted, there = (server.query('SELECT id, UNIX_TIMESTAMP(ts), n FROM lanes.moves ORDER BY 1') for server in (pair.source, pair.target))
    assert wanted == there, (wanted, there)
    say('times in keys stay')


def write_alternately(pair):
    """Each transaction is one row, in one table or the other, with the next number."""
    first = pair.source.query('SELECT COUNT(*) FROM lanes.seen_a')[0][0] + pair.source.query('SELECT COUNT(*) FROM lanes.seen_b')[0][0]
    with pair.source.connect(autocommit=True) as connection, connection.cursor() as cursor:
        for number in range(first, first + TRANSACTIONS):
            cursor.execute('INSERT INTO lanes.seen_%s VALUES (%d)' % ('ab'[number % 2], number))


class Reader(threading.Thread):
    """Looks for the highest number, again and again, and then for all up to it: they must be there.

    Not in one view: MariaDB makes a view while transactions end, and one that ended later may be in it without one that
    ended before (11 of 855,504 views of a server whose transactions were committed by one thread, one after the other).
    A view that is made later has all that had ended before the first."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.ended, self.looks, self.gaps, self.failure = server, threading.Event(), 0, [], None

    def run(self):
        try:
            with self.server.connect(autocommit=True) as connection, connection.cursor() as cursor:
                while not self.ended.is_set():
                    cursor.execute('SELECT COALESCE(MAX(id), -1) FROM (%s) x' % BOTH)
                    highest, = cursor.fetchone()
                    cursor.execute('SELECT COUNT(*) FROM (%s) x WHERE id <= %d' % (BOTH, highest))
                    count, = cursor.fetchone()
                    self.looks += 1
                    if count != highest + 1:
                        self.gaps.append((count, highest))
        except Exception as error:
            self.failure = error


def in_order(pair):
    write_alternately(pair)
    reader = Reader(pair.target)
    reader.start()
    pair.follow('--threads', '8', '--max-batch', '1', '--keep-commit-order')
    reader.ended.set()
    reader.join(60)
    assert reader.failure is None, reader.failure
    assert reader.looks > 10 and not reader.gaps, (reader.looks, reader.gaps[:5])
    same(pair, 'lanes.seen_a')
    same(pair, 'lanes.seen_b')
    say('in order: %d looks, never a gap' % reader.looks)


def one_by_one(pair):
    """--max-batch 1: so many commits on the target as there were transactions."""
    if pair.gtid:
        run(pair.source, *["UPDATE lanes.one SET n = n + 1 WHERE id = %d" % (1, 6, 7)[number % 3] for number in range(50)])
        before = executed(pair.target)
        pair.follow('--max-batch', '1')
        more = executed(pair.target) - before
        assert more >= 50, '%d transactions on the target for 50 of the source' % more
        same(pair, 'lanes.one')
        say('one by one: %d transactions for 50' % more)


def in_packets(pair):
    """Small transactions that share packets, of which one is refused: those before it are in, those behind it are not lost."""
    run(pair.target, "INSERT INTO lanes.one VALUES (3150, 'mine', 0)")
    with pair.source.connect(autocommit=True) as connection, connection.cursor() as cursor:
        for number in range(3000, 3300):
            cursor.execute("INSERT INTO lanes.one VALUES (%d, 'theirs', 0)" % number)
    for _ in range(2):
        process = pair.follow('--max-batch', '1', expect=(1,))
        assert 'lanes.one' in process.err and "'3150'" in process.err, process.tail()
    run(pair.target, 'DELETE FROM lanes.one WHERE id = 3150')
    pair.follow('--max-batch', '1')
    same(pair, 'lanes.one')
    say('in packets: one is refused, and the others come')


def interrupted(pair):
    """A statement of a lane that somebody ends on the target runs again."""
    with pair.target.connect(autocommit=False) as holder, holder.cursor() as cursor:
        cursor.execute('SELECT * FROM lanes.one WHERE id = 1 FOR UPDATE')
        run(pair.source, "UPDATE lanes.one SET c = 'again' WHERE id = 1")
        follow = pair.follow_start('--until-caught-up', '--log-level', 'debug')
        # Not the session that asks for the table's definition, and is gone before it is ended.
        waits = "SELECT id FROM information_schema.processlist WHERE info LIKE '%UPDATE%' AND info LIKE '%`lanes`.`one`%' AND id <> CONNECTION_ID()"
        (session,), = pair.wait_until(lambda: pair.target.query(waits), 'a lane that waits', follow=follow)
        pair.target.query('KILL QUERY %d' % session)
        pair.wait_until(lambda: 'was rolled back' in follow.err, 'another try', follow=follow)
        holder.rollback()
    assert follow.wait(60) == 0, follow.tail()
    same(pair, 'lanes.one')
    say('interrupted: ran again')


def overtaken(pair):
    """Another run has the task, as an epoch that was raised says: what the lanes have in hand must not be committed."""
    follow = pair.follow_start('--threads', '4')
    run(pair.source, 'INSERT INTO lanes.seen_a VALUES (1000000)')
    pair.wait_until(lambda: pair.target.query('SELECT id FROM lanes.seen_a WHERE id = 1000000'), 'the newest row', follow=follow)
    there = pair.target.query('SELECT COUNT(*) FROM lanes.seen_a')
    run(pair.target, 'UPDATE binstream.lane SET epoch = epoch + 1')
    run(pair.source, 'INSERT INTO lanes.seen_a VALUES (1000001)', 'INSERT INTO lanes.seen_a VALUES (1000002)')
    follow.wait(60)
    assert follow.code != 0 and 'another binstream has taken this task over' in follow.err, follow.tail()
    assert pair.target.query('SELECT COUNT(*) FROM lanes.seen_a') == there, 'a lane committed under an old epoch'
    pair.follow()
    same(pair, 'lanes.seen_a')
    say('overtaken: nothing was committed')


def executed(server):
    """How many transactions are in the server's log, as its last GTID says."""
    if server.name.startswith('mariadb'):
        return int(server.query("SELECT @@gtid_binlog_pos")[0][0].split('-')[-1])
    return int(server.query("SELECT @@gtid_executed")[0][0].replace('\n', '').split(',')[-1].split('-')[-1])


def more_and_fewer(pair):
    """Each run ends at a COMMIT that other lanes overtake, and the next has another number of lanes."""
    for lanes, fault, batch in ((8, 'commit-answered:40', 3), (2, 'commit-sent:30', 3), (4, 'commit-answered:150', 1), (5, 'txn-open:60', 3),
                                (1, 'commit-answered:20', 3), (4, 'commit-sent:60', 1), (8, 'commit-sent:25', 3)):
        write_alternately(pair)
        process = pair.follow('--threads', lanes, '--max-batch', batch, fault=fault, expect=(-9,))
        assert 'fault point hit' in process.err
    pair.follow()
    same(pair, 'lanes.seen_a')
    same(pair, 'lanes.seen_b')
    say('lanes came and went: %s rows' % pair.target.query('SELECT COUNT(*) FROM lanes.seen_a')[0][0])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--pair', default='mariadb-10.11')
    parser.add_argument('--gtid', default='on', choices=('on', 'off'))
    options = parser.parse_args()

    def test():
        with bs_harness.Pair(options.pair, gtid=options.gtid == 'on', schema=False) as pair:
            prepare(pair)
            strict(pair)
            strict_without_transactions(pair)
            times_stay(pair)
            in_order(pair)
            one_by_one(pair)
            in_packets(pair)
            interrupted(pair)
            more_and_fewer(pair)
            overtaken(pair)

    bs_harness.main('lanes %s gtid %s' % (options.pair, options.gtid), test)


main()

#!/usr/bin/python3
"""Tables of engines without transactions: locked until they are copied, InnoDB on the target unless told otherwise; what
stays on the source after a rollback stays on the target; MEMORY tables that a restart emptied; engines that have no equal."""
import argparse
import json
import os
import threading

import pymysql

import bs_harness
from bs_harness import say
from bs_writers import TOLERATED, error_code

ROWS = 60000


def run(server, *statements):
    with server.connect() as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def engines(server):
    return dict(server.query("SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA='e' AND TABLE_TYPE='BASE TABLE'"))


def prepare(pair, rows):
    run(pair.source, 'CREATE DATABASE e', 'CREATE TABLE e.m (id INT PRIMARY KEY AUTO_INCREMENT, n INT, t VARCHAR(200)) ENGINE=MyISAM',
        'CREATE TABLE e.i (id INT PRIMARY KEY AUTO_INCREMENT, n INT) ENGINE=InnoDB',
        'CREATE TABLE e.h (id INT, KEY (id)) ENGINE=MEMORY', 'INSERT INTO e.h VALUES (1), (1), (2)',
        "INSERT INTO e.m (n, t) VALUES (0, REPEAT('x', 200))", 'INSERT INTO e.i (n) VALUES (0)')
    while rows > 1:
        run(pair.source, "INSERT INTO e.m (n, t) SELECT n + 1, t FROM e.m LIMIT %d" % rows)
        rows //= 2


class Writer(threading.Thread):
    """One row into a table, again and again; the longest that it took."""

    def __init__(self, pair, table):
        super().__init__(daemon=True)
        self.pair, self.table, self.ended, self.count = pair, table, threading.Event(), 0
        self.failure = None

    def run(self):
        try:
            with self.pair.source.connect() as connection, connection.cursor() as cursor:
                while not self.ended.is_set():
                    cursor.execute('INSERT INTO e.%s (n) VALUES (-1)' % self.table)
                    self.count += 1
        except Exception as error:
            self.failure = error


def copied_while_written(pair):
    """Many pieces of the MyISAM table are read while both tables are written: not one row may be lost or doubled."""
    prepare(pair, ROWS)
    writers = [Writer(pair, 'm'), Writer(pair, 'i')]
    for writer in writers:
        writer.start()
    pair.wait_until(lambda: all(writer.count > 20 for writer in writers), 'the writers')
    process = pair.run('snapshot', '--databases', 'e', '--chunk-bytes', '64K', '--json')
    report = json.loads(process.out)
    assert report['locked_tables'] == 2 and report['locked_tables_ms'] > 0, report
    counts = [writer.count for writer in writers]
    pair.wait_until(lambda: all(writer.count > count + 20 for writer, count in zip(writers, counts)), 'the writers')
    for writer in writers:
        writer.ended.set()
        writer.join(60)
        assert writer.failure is None, writer.failure
    pair.run('follow', '--until-caught-up')
    for table in ('m', 'i', 'h'):
        wanted, there = (server.query('SELECT * FROM e.%s ORDER BY 1' % table) for server in (pair.source, pair.target))
        assert wanted == there, '%s: %d and %d rows' % (table, len(wanted), len(there))
    assert set(engines(pair.target).values()) == {'InnoDB'}, engines(pair.target)
    say('copied while written: %s' % {key: report[key] for key in ('locked_ms', 'locked_tables_ms')})


def restarted_memory(pair):
    """The server says that the table is empty when it is next used, each version in words of its own."""
    pair.source.restart()
    assert pair.source.query('SELECT COUNT(*) FROM e.h')[0][0] == 0
    run(pair.source, 'INSERT INTO e.h VALUES (5)', 'ALTER TABLE e.h ADD n INT', 'INSERT INTO e.h VALUES (6, 7)')
    pair.run('follow', '--until-caught-up')
    assert sorted(pair.target.query('SELECT * FROM e.h')) == [(5, None), (6, 7)], pair.target.query('SELECT * FROM e.h')
    assert engines(pair.target)['h'] == 'InnoDB'
    pair.source.restart()
    run(pair.source, 'INSERT INTO e.h VALUES (8, 8), (9, 9)')  # MySQL 5 logs these rows without BEGIN
    pair.run('follow', '--until-caught-up')
    assert sorted(pair.target.query('SELECT * FROM e.h')) == [(8, 8), (9, 9)], pair.target.query('SELECT * FROM e.h')
    run(pair.source, 'CREATE TABLE e.h2 (n INT) ENGINE=MEMORY', 'INSERT INTO e.h2 VALUES (1)')
    pair.source.restart()
    run(pair.source, 'INSERT INTO e.h2 SELECT COUNT(*) FROM e.h')  # two are emptied by one statement
    pair.run('follow', '--until-caught-up')
    assert pair.target.query('SELECT * FROM e.h2') == ((0,),) and pair.target.query('SELECT * FROM e.h') == ()
    run(pair.source, 'DROP TABLE e.h2', 'INSERT INTO e.h VALUES (1, 1)')
    pair.source.restart()
    assert pair.source.query('SELECT COUNT(*) FROM e.h')[0][0] == 0  # the last thing in the log
    pair.run('follow', '--until-caught-up')
    assert pair.target.query('SELECT * FROM e.h') == (), pair.target.query('SELECT * FROM e.h')
    run(pair.source, 'INSERT INTO e.h VALUES (5, NULL), (6, 7)')
    pair.run('follow', '--until-caught-up')
    say('emptied by the restart')


def rolled_back(pair):
    """What a rollback leaves on the source is on the target too; a failed statement leaves the rows before its failure."""
    run(pair.source, 'CREATE TABLE e.u (id INT PRIMARY KEY) ENGINE=MyISAM', 'INSERT INTO e.u VALUES (3)')
    if not pair.gtid or pair.source.name.startswith('mariadb'):
        run(pair.source, 'BEGIN', 'INSERT INTO e.i (n) VALUES (100)', 'INSERT INTO e.u VALUES (100)', 'ROLLBACK')
    run(pair.source, 'BEGIN', 'INSERT INTO e.u VALUES (101)', 'ROLLBACK')
    try:
        run(pair.source, 'INSERT INTO e.u VALUES (1), (2), (3), (4)')
        raise AssertionError('a duplicate key was taken')
    except AssertionError:
        raise
    except Exception:
        pass
    run(pair.source, 'RENAME TABLE e.u TO e.w', 'CREATE TABLE e.u LIKE e.w', 'INSERT INTO e.u SELECT * FROM e.w')
    pair.run('follow', '--until-caught-up')
    for table in ('u', 'w', 'i'):
        assert pair.source.query('SELECT * FROM e.%s ORDER BY 1' % table) == pair.target.query('SELECT * FROM e.%s ORDER BY 1' % table), table
    assert (2,) in pair.target.query('SELECT id FROM e.w') and (101,) in pair.target.query('SELECT id FROM e.u')
    assert set(engines(pair.target).values()) == {'InnoDB'}, engines(pair.target)
    say('rollbacks left what they left on the source')


MIXED = ['USE mixed', 'CREATE TABLE i (id INT PRIMARY KEY AUTO_INCREMENT, a INT) ENGINE=InnoDB',
         'CREATE TABLE m (id INT PRIMARY KEY AUTO_INCREMENT, a INT) ENGINE=MyISAM', 'CREATE TABLE i2 LIKE i', 'CREATE TABLE m2 LIKE m',
         'CREATE TRIGGER tm AFTER INSERT ON m FOR EACH ROW INSERT INTO i2 (a) VALUES (NEW.a)',
         'CREATE TRIGGER ti AFTER INSERT ON i FOR EACH ROW INSERT INTO m2 (a) VALUES (NEW.a)',
         'INSERT INTO m (a) VALUES (1)', 'INSERT INTO i (a) VALUES (1)', 'BEGIN', 'INSERT INTO m (a) VALUES (2)', 'INSERT INTO i (a) VALUES (2)',
         'ROLLBACK', 'BEGIN', 'INSERT INTO i (a) VALUES (3)', 'INSERT INTO m (a) VALUES (3)', 'SAVEPOINT s', 'INSERT INTO i (a) VALUES (4)',
         'INSERT INTO m (a) VALUES (4)', 'ROLLBACK TO s', 'INSERT INTO i (a) VALUES (5)', 'COMMIT', 'BEGIN', 'INSERT INTO i (a) VALUES (6)',
         'INSERT INTO m (a) VALUES (6), (7)', 'UPDATE i, m SET i.a = 100, m.a = 100 WHERE i.id = m.id', 'ROLLBACK',
         'UPDATE i, m SET i.a = 101, m.a = 101 WHERE i.id = m.id', 'INSERT INTO m (id, a) VALUES (500, 1), (501, 2), (1, 3)', 'BEGIN',
         'CREATE TEMPORARY TABLE tt (a INT) ENGINE=MyISAM', 'INSERT INTO i (a) VALUES (9)', 'INSERT INTO m (a) VALUES (9)',
         'INSERT INTO tt VALUES (1)', 'ROLLBACK', 'BEGIN', 'INSERT INTO i (a) VALUES (10)', 'DELETE FROM m WHERE id < 3',
         'INSERT INTO m SELECT NULL, a FROM i', 'ROLLBACK']


def mixed(options):
    """Both kinds of tables in one transaction and in one statement, by triggers too."""
    with bs_harness.Pair(options.pair, gtid=options.gtid == 'on', schema=False) as pair:
        run(pair.source, 'CREATE DATABASE mixed', 'CREATE TABLE mixed.first (id INT PRIMARY KEY)')
        pair.run('snapshot', '--databases', 'mixed')
        with pair.source.connect() as connection, connection.cursor() as cursor:
            for statement in MIXED:
                try:
                    cursor.execute(statement)
                except pymysql.err.MySQLError as error:
                    if error_code(error) not in TOLERATED:
                        raise
        pair.run('follow', '--until-caught-up')
        for table in ('i', 'm', 'i2', 'm2'):
            wanted, there = (server.query('SELECT * FROM mixed.%s ORDER BY 1' % table) for server in (pair.source, pair.target))
            assert wanted == there, '%s: %s, and on the target %s' % (table, wanted, there)
        say('mixed with InnoDB')


def without_rows(pair):
    run(pair.source, 'USE e', 'CREATE TABLE e.b LIKE e.w', 'ALTER TABLE e.b ENGINE=MERGE UNION=(w)')
    process = pair.run('follow', '--until-caught-up', expect=(3,))
    assert 'e.b' in process.err and 'MERGE' in process.err and 'rows of other tables' in process.err, process.tail()
    assert engines(pair.target)['b'] == 'InnoDB'
    say('an engine without rows of its own stopped the follow')


def kept(options):
    with bs_harness.Pair(options.pair, gtid=options.gtid == 'on', schema=False) as pair:
        prepare(pair, 100)
        pair.run('snapshot', '--databases', 'e', '--keep-engines')
        run(pair.source, 'INSERT INTO e.m (n) VALUES (-1)', 'CREATE TABLE e.made (id INT PRIMARY KEY) ENGINE=MyISAM', 'INSERT INTO e.made VALUES (1)')
        pair.run('follow', '--until-caught-up', '--keep-engines')
        assert engines(pair.source) == engines(pair.target), engines(pair.target)
        for table in engines(pair.source):
            assert pair.source.query('SELECT * FROM e.%s ORDER BY 1' % table) == pair.target.query('SELECT * FROM e.%s ORDER BY 1' % table), table
        say('engines were kept')


def same(pair, tables):
    """Row by row: none is missing, and none is there twice."""
    found = []
    for table in tables:
        wanted, there = (sorted(server.query('SELECT * FROM e.%s' % table), key=repr) for server in (pair.source, pair.target))
        found += [] if wanted == there else ['%s: %d rows, and on the target %d' % (table, len(wanted), len(there))]
    assert not found, found


def held_up(pair, verb, *args, **more):
    """Runs it while the ledger is locked on the target, so that the first chunk is stored, waits in vain, and goes again."""
    process = pair.start(verb, *args, '--keep-engines', '--threads', '1', fault='snapshot-table-created', **more)
    process.wait(60)
    assert process.code == -9, process.tail()
    with pair.target.connect() as connection, connection.cursor() as cursor:
        cursor.execute('BEGIN')
        cursor.execute('SELECT * FROM binstream.chunk FOR UPDATE')
        process = pair.start(verb, *args, '--keep-engines', '--threads', '1', **more)
        pair.wait_until(lambda: 'goes again' in process.err or not process.running, 'a chunk that goes again', timeout=60)
        cursor.execute('ROLLBACK')
    process.wait(120)
    return process


def kept_again(options):
    """What a chunk has stored stays when its transaction is rolled back, or its loader is killed: it goes again, and is not there twice."""
    tables = ['keyless', 'keyed', 'pairs', 'h']
    with bs_harness.Pair(*options.pair.split(':'), gtid=options.gtid == 'on', schema=False, target_options=['--innodb-lock-wait-timeout=1']) as pair:
        run(pair.source, 'CREATE DATABASE e', 'CREATE TABLE e.keyless (n INT, t VARCHAR(200)) ENGINE=MyISAM',
            'CREATE TABLE e.keyed (id INT PRIMARY KEY AUTO_INCREMENT, t LONGTEXT) ENGINE=MyISAM',
            'CREATE TABLE e.pairs (a INT, b INT NOT NULL, PRIMARY KEY (a, b)) ENGINE=MyISAM',
            'CREATE TABLE e.h (n INT) ENGINE=MEMORY', 'INSERT INTO e.h VALUES (1), (2)')
        with pair.source.connect() as connection, connection.cursor() as cursor:
            for statement, rows in (('keyless VALUES (%s, %s)', [(n, 'x' * 100) for n in range(3000)]),
                                    ('keyed (id, t) VALUES (%s, %s)', [(n, 'x' * 100) for n in range(1, 3000)]),
                                    ('pairs VALUES (%s, %s)', [(n // 7, n) for n in range(3000)])):
                cursor.executemany('INSERT INTO e.' + statement, rows)
            connection.commit()
        run(pair.source, "INSERT INTO e.keyed (t) VALUES (REPEAT('x', 3000000))")  # MariaDB's bulk does not take it
        if pair.names == ('mysql-9.7', 'mysql-9.7'):
            for table in ('json_keyless (n INT', 'json_keyed (n INT PRIMARY KEY'):
                name = table.split()[0]
                run(pair.source, 'CREATE TABLE e.%s, j JSON) ENGINE=MyISAM' % table, "INSERT INTO e.%s VALUES (1, '[1]'), (2, '[2]')" % name,
                    "INSERT INTO e.%s VALUES (3, JSON_ARRAY(CAST(1.10 AS DECIMAL(4, 2))))" % name)  # LOAD DATA does not take it
                tables.append(name)
        args = ('--databases', 'e', '--chunk-bytes', '64K')
        process = held_up(pair, 'snapshot', *args)
        assert process.code == 0 and 'goes again' in process.err, process.tail()
        same(pair, tables)
        assert engines(pair.source) == engines(pair.target), engines(pair.target)
        pair.run('reset', source=False)
        for passes in (1, 2, 4):
            process = pair.start('snapshot', *args, '--keep-engines', fault='snapshot-chunk-loaded:%d' % passes)
            process.wait(60)
            assert process.code == -9, process.tail()
        pair.run('snapshot', *args, '--keep-engines')
        same(pair, tables)
        pair.run('reset', source=False)
        say('chunks of a snapshot went again')
        archive = ('--archive', os.path.join(pair.dir, 'archive'))
        pair.run('snapshot', *args, *archive, target=False)
        process = held_up(pair, 'load', *archive, source=False)
        if pair.across:  # where a range of the key may be another one
            assert process.code == 1 and 'empties this table' in process.err, process.tail()
            pair.run('load', *archive, '--keep-engines', source=False)
        else:
            assert process.code == 0 and 'goes again' in process.err, process.tail()
        same(pair, tables)
        pair.run('reset', source=False)
        for passes in (1, 2, 4):
            process = pair.start('load', *archive, '--keep-engines', fault='snapshot-chunk-loaded:%d' % passes, source=False)
            process.wait(60)
            assert process.code == -9, process.tail()
        pair.run('load', *archive, '--keep-engines', source=False)
        same(pair, tables)
        assert engines(pair.source) == engines(pair.target), engines(pair.target)
        say('chunks of an archive went again')


def unselected(pair):
    """A MEMORY table outside of the selection that a restart has emptied is passed over; a client's statement on it is not."""
    run(pair.source, 'CREATE DATABASE other', 'CREATE TABLE other.h (id INT) ENGINE=MEMORY', 'INSERT INTO other.h VALUES (1)')
    run(pair.source, 'CREATE DATABASE mixed', 'CREATE TABLE mixed.t (id INT PRIMARY KEY)')
    pair.run('snapshot', '--databases', 'mixed')
    pair.source.restart()
    run(pair.source, 'INSERT INTO other.h VALUES (2)', 'INSERT INTO mixed.t VALUES (7)')
    pair.run('follow', '--until-caught-up')
    assert pair.target.query('SELECT * FROM mixed.t') == ((7,),)
    run(pair.source, 'SET SESSION binlog_format=STATEMENT', 'DELETE FROM `other`.`h`')
    follow = pair.run('follow', '--until-caught-up', expect=(1,))
    assert 'as a statement instead of rows' in follow.err, follow.tail()
    say('a table that is not selected was emptied')


def test(options):
    if options.again:
        kept_again(options)
        return
    with bs_harness.Pair(options.pair, gtid=options.gtid == 'on', schema=False) as pair:
        copied_while_written(pair)
        restarted_memory(pair)
        rolled_back(pair)
        without_rows(pair)
    kept(options)
    kept_again(options)
    mixed(options)
    with bs_harness.Pair(options.pair, gtid=options.gtid == 'on', schema=False) as pair:
        unselected(pair)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--pair', default='mariadb-10.11')
    parser.add_argument('--gtid', default='on', choices=['on', 'off'])
    parser.add_argument('--again', action='store_true', help='only chunks that go again; also for pairs of two flavours')
    options = parser.parse_args()
    bs_harness.main('engines %s gtid %s' % (options.pair, options.gtid), lambda: test(options))

#!/usr/bin/python3
"""Statements that the log has, and of which it does not tell what they did: they must stop follow by name, with the target as it was.
With --fold: a source with lower_case_table_names=1, whose log has names as they were written, and whose statements must reach their
tables all the same."""
import argparse
import contextlib
import os

import pymysql

import bs_harness
from bs_harness import say
from bs_servers import flavour

PREPARED = (
    'CREATE TABLE s.t (id INT PRIMARY KEY, n INT)',
    'INSERT INTO s.t VALUES (1, 1), (2, 2)',
    'CREATE TABLE s.stamped (id INT, n INT) ENGINE=MyISAM',
    'INSERT INTO s.stamped VALUES (1, 1), (1, 2)',
    'CREATE TABLE s.apart (id INT PRIMARY KEY)',
    'CREATE TABLE s.parent (id INT PRIMARY KEY)',
    'CREATE TABLE s.child (id INT PRIMARY KEY, n INT, FOREIGN KEY (n) REFERENCES s.parent (id) ON DELETE CASCADE ON UPDATE CASCADE)',
    'INSERT INTO s.parent VALUES (1), (2), (3)',
    'INSERT INTO s.child VALUES (1, 1), (2, 2), (3, 3)',
    'CREATE TABLE s.`t\u00e4` (id INT PRIMARY KEY, a INT, b INT)',
    'INSERT INTO s.`t\u00e4` VALUES (1, 10, 20)',
    'CREATE TABLE s.flat (id INT PRIMARY KEY) ENGINE=MyISAM',
)


class Apart(bs_harness.Pair):
    """A source and a target whose systems are in different time zones."""

    def __enter__(self):
        os.environ['TZ'] = 'CET-1CEST,M3.5.0,M10.5.0/3'
        return super().__enter__()

    def start_target(self, folder):
        os.environ['TZ'] = 'EST5EDT,M3.2.0,M11.1.0'
        return super().start_target(folder)


def cases(name):
    """(statements of one session, what follow says)."""
    as_statement = "SET SESSION binlog_format = 'STATEMENT'"
    temporary = ('SET SESSION binlog_format = %s' % ("'MIXED'" if name != 'mysql-9.7' else "'STATEMENT'"),
                 'CREATE TEMPORARY TABLE s.t (id INT PRIMARY KEY)')
    yield (*temporary, 'TRUNCATE TABLE s.t'), 'temporary table'
    yield (*temporary, 'ALTER TABLE s.t ADD extra INT'), 'temporary table'
    yield (as_statement, 'CREATE TABLE s.copied AS SELECT UUID() AS u, id FROM s.t'), 'CREATE TABLE ... SELECT'
    yield ('ALTER TABLE s.stamped ADD number SERIAL',), 'AUTO_INCREMENT column is added'
    yield ('SET NAMES gbk', b"ALTER TABLE s.t COMMENT '\xd5\x5c', ADD extra INT"), 'shares bytes with quotes'
    # What it selects from is in the session's database, which is not on the target; a table of that name is in the one before.
    yield ('CREATE DATABASE IF NOT EXISTS elsewhere', 'CREATE TABLE IF NOT EXISTS elsewhere.t (id INT)', 'ALTER TABLE s.t COMMENT = "x"', 'USE elsewhere',
           'CREATE VIEW s.v AS SELECT id FROM t'), 'running on the target'
    yield ('SET foreign_key_checks = 0', 'CREATE TABLE s.heir (id INT PRIMARY KEY, n INT, FOREIGN KEY (n) REFERENCES s.flat (id) ON DELETE CASCADE) ENGINE=InnoDB'), 'is not InnoDB on the source'
    yield ("SET time_zone = 'SYSTEM'", 'ALTER TABLE s.t ADD since DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP'), 'another time zone'
    if name != 'mysql-9.7':  # it logs cascades
        yield ('SET foreign_key_checks = 0', 'CREATE TABLE s.other (id INT PRIMARY KEY, n INT, FOREIGN KEY (n) REFERENCES s.apart (id) ON DELETE CASCADE)'), 'that is not selected'
    if flavour(name) == 'mariadb':
        yield ('ALTER IGNORE TABLE s.stamped ADD PRIMARY KEY (id)',), 'ALTER IGNORE'
        yield ('ALTER TABLE s.t ADD port INT DEFAULT (@@port)',), 'default is another in each row'
        yield ('ALTER TABLE s.t WAIT 10 ADD u CHAR(36) DEFAULT (UUID())',), 'default is another in each row'
    if name in ('mariadb-10.11', 'mariadb-11.8'):
        yield ("CREATE TABLE s.parts (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (9), PARTITION b VALUES LESS THAN MAXVALUE)",
               'ALTER TABLE s.parts CONVERT PARTITION a TO TABLE s.part'), 'does not understand'


def prepare(pair):
    pair.source.query('DROP DATABASE IF EXISTS s')
    pair.source.query('CREATE DATABASE s')
    for statement in PREPARED:
        pair.source.query(statement)


def refused(pair, statements, message):
    prepare(pair)
    if pair.target.query("SELECT 1 FROM information_schema.schemata WHERE schema_name = 'binstream'"):
        pair.run('reset', source=False)
    pair.snapshot('--databases', 's', '--exclude-tables', 's.apart')
    with contextlib.closing(pair.source.connect()) as session, session.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    rows = pair.target.query('SELECT * FROM s.t')
    follow = pair.run('follow', '--until-caught-up', expect=(1,))
    assert message in follow.err, follow.tail()
    assert 'what to do' in follow.err, follow.tail()
    assert pair.target.query('SELECT * FROM s.t') == rows, 'the target is not as it was'
    say('refused: %s' % statements[-1])


def passed(pair):
    """A session that logs rows may do with its temporary tables what it likes, and with others meanwhile."""
    prepare(pair)
    pair.run('reset', source=False)
    pair.snapshot('--exclude-tables', 's.apart')
    pair.source.query('CREATE PROCEDURE s.refill() BEGIN CREATE TEMPORARY TABLE s.staged (id INT); INSERT INTO s.staged VALUES (7); TRUNCATE TABLE s.t; '
                      'INSERT INTO s.t SELECT id, id FROM s.staged; ALTER TABLE s.t ADD more INT; CREATE TABLE s.alike LIKE s.staged; DROP TEMPORARY TABLE s.staged; END')
    pair.source.query('CALL s.refill()')
    with contextlib.closing(pair.source.connect()) as session, session.cursor() as cursor:
        for statement in ('CREATE TEMPORARY TABLE s.t (id INT)', 'INSERT INTO s.t VALUES (8)', 'TRUNCATE TABLE s.t', 'ALTER TABLE s.t ADD other INT'):
            cursor.execute(statement)
        cursor.execute("SET time_zone = 'SYSTEM'")
        cursor.execute('CREATE TABLE s.stamps (at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, moment DATETIME DEFAULT CURRENT_TIMESTAMP)')
    # MyISAM has no foreign keys: those that are said are forgotten, and must not come alive in what is InnoDB on the target.
    for statement in ('CREATE TABLE s.forgets (id INT PRIMARY KEY, n INT, FOREIGN KEY (n) REFERENCES s.t (id) ON DELETE CASCADE) ENGINE=MyISAM',
                      'ALTER TABLE s.forgets ADD m INT, ADD CONSTRAINT x FOREIGN KEY (m) REFERENCES s.t (id) ON DELETE SET NULL',
                      'INSERT INTO s.t (id) VALUES (9)', 'INSERT INTO s.forgets VALUES (1, 9, 9)', 'DELETE FROM s.t WHERE id = 9'):
        pair.source.query(statement)
    pair.follow()
    assert pair.target.query('SELECT id, n, more FROM s.t') == ((7, 7, None),)
    assert pair.target.query('SELECT * FROM s.forgets') == ((1, 9, 9),)
    keys = "SELECT index_name, column_name FROM information_schema.statistics WHERE table_name = 'forgets' ORDER BY 1"
    assert pair.target.query(keys) == pair.source.query(keys)
    say('temporary tables of sessions that log rows: nothing of them comes here, and the rest is right')


def meant(pair):
    """Statements that are easily taken for less than they are: rows that come later must find what they changed."""
    prepare(pair)
    pair.run('reset', source=False)
    pair.source.query('DROP DATABASE elsewhere')
    pair.snapshot('--databases', 's')
    with contextlib.closing(pair.source.connect(charset='latin1', database='s')) as session, session.cursor() as cursor:
        for statement in (
                'RENAME TABLE parent TO renamed', 'DELETE FROM renamed WHERE id = 1', 'INSERT INTO renamed VALUES (1)', 'UPDATE renamed SET id = 20 WHERE id = 2',
                'REPLACE INTO renamed VALUES (3)',
                'ALTER TABLE `t\u00e4` MODIFY b INT AFTER id', 'INSERT INTO `t\u00e4` VALUES (2, 20, 10)',
                'CREATE TABLE `\u00fc` (id INT PRIMARY KEY)', 'INSERT INTO `\u00fc` VALUES (1)', 'TRUNCATE TABLE `\u00fc`', 'INSERT INTO `\u00fc` VALUES (2)',
                'ALTER DATABASE CHARACTER SET latin2', 'CREATE TABLE later (id INT PRIMARY KEY, c CHAR(20))', "INSERT INTO later VALUES (1, '\u00e4')"):
            cursor.execute(statement)
        if pair.names[0] != 'mysql-5.6':  # it has no such defaults
            cursor.execute('SET lc_time_names = "fr_FR"')
            cursor.execute('ALTER TABLE later ADD month VARCHAR(20) DEFAULT (MONTHNAME("2020-04-01"))')
    pair.follow()
    pair.judge()
    assert pair.target.query('SELECT c FROM s.later') == (('\u00e4',),)
    assert (2, 20) in pair.target.query('SELECT * FROM s.child')
    say('a parent that is renamed, names in latin1, a database that is not named: all there')


def half_way(pair):
    """A DROP that found one of its tables dropped that one; the log has the whole statement, and the error."""
    prepare(pair)
    pair.run('reset', source=False)
    pair.snapshot('--databases', 's', '--exclude-tables', 's.apart')
    with contextlib.closing(pair.source.connect(database='s')) as session, session.cursor() as cursor:
        for statement in ('CREATE TABLE gone (id INT PRIMARY KEY)', 'INSERT INTO gone VALUES (1)', 'CREATE VIEW seen AS SELECT id FROM t'):
            cursor.execute(statement)
        for statement in ('DROP TABLE gone, never_was', 'DROP VIEW seen, never_was'):
            try:
                cursor.execute(statement)
            except pymysql.err.MySQLError as error:
                assert error.args[0] in (1051, 4092), error
        cursor.execute('CREATE TABLE IF NOT EXISTS gone (id INT PRIMARY KEY)')
        cursor.execute('INSERT INTO gone VALUES (2)')
    pair.follow()
    for query in ('SELECT * FROM s.gone', "SELECT table_name FROM information_schema.tables WHERE table_schema = 's' AND table_name <> 'apart' ORDER BY 1"):
        assert pair.target.query(query) == pair.source.query(query), query
    say('a DROP that failed half way: as on the source')


def under_settings(pair):
    """What a session of MariaDB has set is in its events: statements that only work so must work there, too."""
    prepare(pair)
    pair.run('reset', source=False)
    pair.snapshot('--databases', 's')
    with contextlib.closing(pair.source.connect(database='s')) as session, session.cursor() as cursor:
        for statement in ('CREATE TABLE checked (id INT PRIMARY KEY, v INT)', 'INSERT INTO checked VALUES (1, -1)', 'SET check_constraint_checks = 0',
                          'ALTER TABLE checked ADD CONSTRAINT positive CHECK (v > 0), ADD w INT, ADD KEY (v), ADD FOREIGN KEY (w) REFERENCES t (id)', 'SET check_constraint_checks = 1, sql_if_exists = 1',
                          'RENAME TABLE nothing TO something', 'DROP TABLE nothing', 'SET sql_if_exists = 0', 'INSERT INTO checked (id, v) VALUES (2, 2)'):
            cursor.execute(statement)
        # Periods that must not overlap: no order but the source's will do.
        for statement in ('CREATE TABLE rooms (id INT PRIMARY KEY, room INT NOT NULL, f DATE, e DATE, note VARCHAR(9), PERIOD FOR p (f, e), '
                          'UNIQUE (room, p WITHOUT OVERLAPS))',
                          "INSERT INTO rooms VALUES (1, 7, '2020-01-01', '2020-01-10', ''), (2, 7, '2020-01-10', '2020-01-20', '')", 'BEGIN',
                          "UPDATE rooms SET note = 'x' WHERE id = 2", "UPDATE rooms SET e = '2020-01-05' WHERE id = 1",
                          "UPDATE rooms SET f = '2020-01-05' WHERE id = 2", 'COMMIT'):
            cursor.execute(statement)
        # Rows that break a CHECK are stored as they are, as one of what is bundled and one by one.
        for statement in ('SET check_constraint_checks = 0', 'INSERT INTO checked (id, v) VALUES (3, -3), (4, -4), (5, 5)', 'UPDATE checked SET v = v - 10',
                          'SET check_constraint_checks = 1', 'DELETE FROM checked WHERE id = 4'):
            cursor.execute(statement)
    pair.follow()
    pair.judge()
    assert pair.target.query('SELECT COUNT(*) FROM s.rooms') == ((2,),)
    assert pair.target.query('SELECT id, v FROM s.checked ORDER BY id') == ((1, -11), (2, -8), (3, -13), (5, -5))
    for args in ('--max-batch', '1'), ():
        pair.source.query('SET STATEMENT check_constraint_checks = 0 FOR UPDATE s.checked SET v = v - 1')
        pair.follow(*args)
        pair.judge()
    pair.run('reset', source=False)
    pair.snapshot('--databases', 's')
    pair.judge()
    say('under check_constraint_checks=OFF and sql_if_exists=ON; periods without overlaps; rows that break a CHECK: all there')


def not_twice(pair):
    """A crash behind a statement that follows on another file of the log: two tables that changed names do not change them back."""
    prepare(pair)
    pair.run('reset', source=False)
    for statement in ('CREATE TABLE s.a (id INT PRIMARY KEY, what CHAR(1))', 'CREATE TABLE s.b LIKE s.a', "INSERT INTO s.a VALUES (1, 'a')",
                      "INSERT INTO s.b VALUES (1, 'b')"):
        pair.source.query(statement)
    pair.snapshot('--databases', 's', '--exclude-tables', 's.apart')
    for number, point in enumerate(('ddl-answered', 'ddl-sent', 'ddl-intent-committed'), 10):
        follow = pair.follow_start('--until-cutover', fault=point)
        pair.source.query("INSERT INTO s.a VALUES (%d, 'x')" % number)
        pair.wait_until(lambda: pair.target.query('SELECT 1 FROM s.a WHERE id = %d' % number), 'the row', follow=follow)
        pair.source.query('FLUSH LOGS')
        pair.source.query('RENAME TABLE s.a TO s.c, s.b TO s.a, s.c TO s.b')
        follow.wait(60)
        assert follow.code == -9, follow.tail()
        follow = pair.follow()
        for table in ('s.a', 's.b'):
            assert pair.target.query('SELECT * FROM %s' % table) == pair.source.query('SELECT * FROM %s' % table), follow.tail()
    say('tables that change names behind a new file of the log: once')


def two_tasks(pair):
    """Their patterns meet in a name that comes up later: its rows must not come twice."""
    pair.run('reset', source=False)
    prepare(pair)
    pair.source.query('CREATE TABLE s.a_one (n INT)')
    pair.source.query('CREATE TABLE s.one_b (n INT)')
    tasks = (('first', 's.a\\_%'), ('second', 's.%\\_b'))
    for task, tables in tasks:
        pair.run('snapshot', '--task', task, '--tables', tables)
    for statement in ('CREATE TABLE IF NOT EXISTS s.a_b (n INT)', 'INSERT INTO s.a_b VALUES (1)', 'INSERT INTO s.a_one VALUES (2)', 'INSERT INTO s.one_b VALUES (3)'):
        pair.source.query(statement)
    pair.run('follow', '--until-caught-up', '--task', 'first')
    follow = pair.run('follow', '--until-caught-up', '--task', 'second', expect=(1,))
    assert "task 'first' has made the table s.a_b" in follow.err, follow.tail()
    assert pair.target.query('SELECT n FROM s.a_b') == ((1,),)
    for task, _ in tasks:
        pair.run('reset', '--task', task, source=False)
    say('two tasks that meet in a name: refused')


def folded(pair):
    """Rows come under the folded names; statements as they were written."""
    source = pair.source
    source.query('CREATE DATABASE Shop')
    source.query('CREATE TABLE Shop.Orders (id INT PRIMARY KEY)')
    source.query('CREATE TABLE Shop.Items (id INT PRIMARY KEY)')
    source.query('INSERT INTO shop.orders VALUES (1), (2)')
    pair.snapshot('--databases', 'shop')
    for statement in ('TRUNCATE TABLE Shop.Orders', 'INSERT INTO shop.orders VALUES (3)', 'ALTER TABLE SHOP.items ADD n INT',
                      'CREATE TABLE Shop.Late (id INT PRIMARY KEY)', 'INSERT INTO shop.LATE VALUES (4)', 'RENAME TABLE Shop.Late TO SHOP.Later',
                      'INSERT INTO Shop.Items VALUES (5, 6)'):
        source.query(statement)
    follow = pair.follow()
    assert 'not selected' not in follow.err, follow.tail()
    pair.judge()
    assert pair.target.query('SELECT * FROM shop.orders') == ((3,),)
    say('names are the source\'s, however they were written')


def test(options):
    name = options.pair.partition(':')[0]
    fold = ['--lower-case-table-names=1'] if options.fold else []
    with bs_harness.pair_of(options, kind=Apart, schema=False, source_options=fold, target_options=fold) as pair:
        if options.fold:
            folded(pair)
            return
        for statements, message in cases(name):
            refused(pair, statements, message)
        passed(pair)
        meant(pair)
        if flavour(name) == 'mariadb':
            under_settings(pair)
        half_way(pair)
        not_twice(pair)
        two_tasks(pair)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    parser.add_argument('--fold', action='store_true')
    options = parser.parse_args()
    bs_harness.main('statements %s%s' % (options.pair, ' folded' if options.fold else ''), lambda: test(options))

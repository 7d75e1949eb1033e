#!/usr/bin/python3
"""--definer: whose name stored objects are made in, by the snapshot, by the stream's statements and at cutover; bodies and
SQL SECURITY stay. And what has a definer beside the others: packages, which are dropped again."""
import argparse

import bs_harness
from bs_harness import say

BODY = "SELECT 'DEFINER=`old`@`%' AS a, 1"
COMMENT = ' /* DEFINER=`old`@`% */'
ORACLE, BACK = "SET sql_mode='ORACLE'", 'SET sql_mode=DEFAULT'


def run(server, *statements):
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute('USE shop')
        for statement in statements:
            cursor.execute(statement)


def body(pair):
    """A statement that is translated loses its comments."""
    return BODY if pair.across else BODY + COMMENT


def package(name):
    return [ORACLE, "CREATE DEFINER='old'@'%%' PACKAGE %s AS FUNCTION f RETURN INT; END" % name,
            "CREATE DEFINER='old'@'%%' PACKAGE BODY %s AS FUNCTION f RETURN INT AS BEGIN RETURN 7; END; END" % name, BACK]


def prepare(pair):
    pair.source.query('CREATE DATABASE shop')
    pair.source.query('CREATE DATABASE lab')
    pair.source.query('CREATE TABLE lab.sentinel (n INT PRIMARY KEY, at DOUBLE) ENGINE=InnoDB')
    pair.source.query("CREATE USER old@'%'")
    pair.source.query("GRANT ALL ON *.* TO old@'%'")
    run(pair.source, 'CREATE TABLE t (id INT PRIMARY KEY, n INT)', 'CREATE TABLE log (n INT PRIMARY KEY AUTO_INCREMENT, who TEXT)',
        'INSERT INTO t VALUES (1, 1)',
        "CREATE DEFINER='old'@'%' SQL SECURITY INVOKER VIEW v AS SELECT id FROM t", "CREATE DEFINER='old'@'%' VIEW w AS SELECT id, n FROM t",
        "CREATE DEFINER='old'@'%' PROCEDURE p() SQL SECURITY INVOKER " + body(pair),
        "CREATE DEFINER='old'@'%' FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1",
        "CREATE DEFINER='old'@'%' TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW INSERT INTO log (who) VALUES (CURRENT_USER())",
        "CREATE DEFINER='old'@'%' EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO SELECT 1")
    if pair.names[0].startswith('mariadb'):
        run(pair.source, *package('k'), "CREATE DEFINER='old'@'%' VIEW x AS SELECT shop.k.f() AS n")


def change(pair):
    run(pair.source, "CREATE DEFINER='old'@'%' PROCEDURE p2() " + body(pair), "CREATE OR REPLACE DEFINER='old'@'%' SQL SECURITY INVOKER VIEW w AS SELECT n FROM t",
        "ALTER DEFINER='old'@'%' VIEW v AS SELECT id + 1 AS id FROM t", 'CREATE VIEW mine AS SELECT 1 AS one', 'DROP FUNCTION f',
        "CREATE DEFINER='old'@'%' FUNCTION f() RETURNS INT DETERMINISTIC RETURN 2",
        "CREATE DEFINER='old'@'%' EVENT e2 ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE DO SELECT 2")
    if pair.names[0].startswith('mariadb'):
        run(pair.source, *package('k2'), ORACLE, 'DROP PACKAGE k2', BACK, *package('k3'), *package('k4'), ORACLE,
            'DROP PACKAGE BODY k4', BACK)


QUESTIONS = (
    "SELECT 'view', TABLE_NAME, DEFINER, SECURITY_TYPE FROM information_schema.VIEWS WHERE TABLE_SCHEMA='shop'",
    "SELECT ROUTINE_TYPE, ROUTINE_NAME, DEFINER, SECURITY_TYPE FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA='shop'",
    "SELECT 'trigger', TRIGGER_NAME, DEFINER, '' FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA='shop'",
    "SELECT 'event', EVENT_NAME, DEFINER, '' FROM information_schema.EVENTS WHERE EVENT_SCHEMA='shop'",
)


def objects(server):
    """(kind, name) -> (definer, SQL SECURITY)"""
    return {row[:2]: row[2:] for question in QUESTIONS for row in server.query(question)}


def assert_owned(pair, definer, kinds=('trigger', 'event')):
    """Everything that the source has is on the target, made for `definer`, with the source's SQL SECURITY."""
    wanted = {key: (definer, security) for key, (_, security) in objects(pair.source).items() if key[0] in kinds or key[0] not in ('trigger', 'event')}
    assert objects(pair.target) == wanted, '%s\n%s' % (objects(pair.target), wanted)


def refused(pair):
    """Before anything is copied."""
    process = pair.run('snapshot', '--databases', 'shop', '--definer', 'ghost@nowhere', expect=(3,))
    assert 'no account ghost@nowhere' in process.err, process.tail()
    process = pair.run('snapshot', '--databases', 'shop', '--definer', 'ghost', expect=(2,))
    assert '--definer' in process.err, process.tail()
    assert not {'shop', 'binstream'} & {row[0] for row in pair.target.query('SHOW DATABASES')}


def move(pair):
    which = ('--databases', 'shop,lab')
    pair.snapshot(*which, '--definer', "'owner'@'localhost'")
    assert_owned(pair, 'owner@localhost', kinds=())
    change(pair)
    process = pair.run('follow', '--until-caught-up', '--definer', 'keep', expect=(2,))
    assert 'was made with --definer owner@localhost' in process.err, process.tail()
    pair.run('follow', '--until-caught-up', '--definer', 'owner@localhost')
    assert_owned(pair, 'owner@localhost', kinds=())
    assert pair.status()['definer'] == 'owner@localhost'
    say('snapshot and follow make them for the one that was chosen')
    follow = pair.follow_start('--until-cutover')
    pair.wait_applied(follow)
    pair.cutover(follow=follow)
    assert_owned(pair, 'owner@localhost')
    pair.source.query('SET GLOBAL read_only=0')
    pair.judge('--ignore-definers')
    pair.judge(expect=4, quiet=True)
    run(pair.target, 'UPDATE t SET n = 5')
    assert pair.target.query('SELECT who FROM shop.log') == (('owner@localhost',),)
    say('and the cutover too; nothing else differs')


def broken_off(pair, target):
    """A view that cannot be made: routines and packages are there by then, and the next attempt drops them first."""
    for server in (pair.source, pair.target):
        server.query('CREATE DATABASE beside')
    pair.source.query('CREATE TABLE beside.o (id INT)')
    run(pair.source, "CREATE DEFINER='old'@'%' VIEW outside AS SELECT id FROM beside.o")
    process = pair.run('snapshot', '--databases', 'shop,lab', target, '--definer', 'current', expect=(1,))
    assert 'shop.outside' in process.err, process.tail()
    assert ('PROCEDURE', 'p') in objects(pair.target)
    pair.target.query('CREATE TABLE beside.o (id INT)')
    process = pair.run('snapshot', '--databases', 'shop,lab', target, '--definer', 'owner@localhost', expect=(2,))
    assert 'was made with --definer mover@%; this command says owner@localhost' in process.err, process.tail()


def current(pair):
    """The account that logs in, which needs no privilege to make objects in others' names."""
    pair.run('reset', '--state-only', source=False)
    pair.target.query('DROP DATABASE shop')
    pair.target.query('DROP DATABASE lab')
    pair.target.query("CREATE USER mover@'%' IDENTIFIED BY 'm'")
    more = ', DELETE HISTORY' if pair.names[1].startswith('mariadb') else ''
    pair.target.query("GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, "
                      "ALTER ROUTINE, EXECUTE, TRIGGER, EVENT%s ON *.* TO mover@'%%'" % more)
    target = '--target=mysql://mover:m@127.0.0.1:%d/' % pair.target.port
    process = pair.run('snapshot', '--databases', 'shop,lab', target, expect=(3,))
    assert 'objects belong to other definers' in process.err, process.tail()
    broken_off(pair, target)
    pair.run('snapshot', '--databases', 'shop,lab', target)
    assert_owned(pair, 'mover@%', kinds=())
    process = pair.run('snapshot', '--databases', 'shop,lab', target, '--definer', 'current')
    assert 'complete before' in process.out, process.tail()
    run(pair.source, "CREATE DEFINER='old'@'%' VIEW late AS SELECT 3 AS three")
    pair.run('follow', '--until-caught-up', target)
    assert_owned(pair, 'mover@%', kinds=())
    pair.run('reset', target, source=False)
    assert not {'shop', 'lab', 'binstream'} & {row[0] for row in pair.target.query('SHOW DATABASES')}
    say('current is the account that logs in; reset drops all that was made')


def test(options):
    with bs_harness.pair_of(options, schema=False, target_options=['--automatic-sp-privileges=0']) as pair:
        pair.target.query("CREATE USER owner@localhost")
        pair.target.query("GRANT ALL ON *.* TO owner@localhost")
        prepare(pair)
        refused(pair)
        move(pair)
        current(pair)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    options = parser.parse_args()
    bs_harness.main('definers %s gtid %s' % (options.pair, options.gtid), lambda: test(options))

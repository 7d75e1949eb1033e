#!/usr/bin/python3
"""--accounts: what the source's accounts are on the target, at the snapshot and at the cutover, read from both servers' own
words and tried by logging in; what was there stays, what cannot be carried is refused by name, nothing shows a hash."""
import argparse
import contextlib
import json
import re
import signal

import pymysql

import bs_harness
from bs_harness import say
from bs_servers import flavour

ODD = "o'b`r\\ün"
DATABASES = '--databases=shop,lab'


def quoted(name):
    return '@'.join('`%s`' % part.replace('`', '``') for part in name.rsplit('@', 1))


def run(server, *statements):
    with contextlib.closing(server.connect()) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def has_roles(name):
    return name != 'mysql-5.6'


def role(pair, name):
    """A role of the source, as its server spells it."""
    return quoted(name) if flavour(pair.names[0]) == 'mariadb' else quoted(name + '@%')


# ---- what may be done -----------------------------------------------------------------------------------------------


def as_user(server, user, password, *statements):
    """Logs in and runs the statements; the rows of the last one."""
    connection = server.connect(user=user, password=password.encode())
    with contextlib.closing(connection), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall()


def refused(server, user, password, *statements):
    try:
        as_user(server, user, password, *statements)
    except pymysql.err.MySQLError as error:
        assert error.args[0] in (1044, 1045, 1142, 1143, 1227, 1370, 1698, 3118, 4151), error
        return
    raise AssertionError('%s was allowed %s' % (user, statements))


# ---- what servers say ------------------------------------------------------------------------------------------------


def is_carried(line):
    return line.startswith('REVOKE') or (' ON `other`' not in line and ' ON `mysql`' not in line)


def told(server, name):
    """How the server itself would make the account; columns are in any order. MariaDB keeps the name of a default role that is not
    granted any more."""
    in_order = lambda match: '(%s)' % ', '.join(sorted(match.group(1).split(', ')))
    lines = [re.sub(r'\(([^)]*)\)', in_order, row[0]) for row in server.query('SHOW GRANTS FOR ' + quoted(name)) if is_carried(row[0])]
    if has_roles(server.name) and not (flavour(server.name) == 'mariadb' and '@' not in name):
        lines.append(server.query('SHOW CREATE USER ' + quoted(name))[0][0])
    lines = [line for line in lines if line.startswith('SET') <= (line.replace('SET DEFAULT ROLE', 'GRANT').replace(' FOR ', ' TO ') in lines)]
    # Limits of 0 are what an ALTER leaves; MariaDB 10.5 quotes less, and with other quotes.
    return sorted(re.sub(r' WITH( MAX_[A-Z_]+ 0)+(?= PASSWORD)| MAX_[A-Z_]+ 0', '', line).replace('`', "'").replace("''", "'") for line in lines)


def names(server):
    """All accounts: user@host, and roles of MariaDB by their names alone."""
    table = 'mysql.global_priv' if flavour(server.name) == 'mariadb' else 'mysql.user'
    return {row[0] + ('@' + row[1] if row[1] else '') for row in server.query('SELECT User, Host FROM ' + table)}


def assert_same(pair, *without):
    missing = names(pair.source) - names(pair.target)
    assert missing <= set(without), missing
    for name in names(pair.source) - set(without) - {'there@localhost', 'root@localhost', 'root@127.0.0.1'}:
        if name.split('@')[0].startswith(('mysql.', 'mariadb.')):
            continue
        assert told(pair.source, name) == told(pair.target, name), '%s\n%s\n%s' % (name, told(pair.source, name), told(pair.target, name))


# ---- the source ------------------------------------------------------------------------------------------------------


def prepare(pair):
    run(pair.source, 'CREATE DATABASE shop', 'CREATE DATABASE lab', 'CREATE DATABASE other',
        'CREATE TABLE lab.sentinel (n INT PRIMARY KEY, at DOUBLE) ENGINE=InnoDB',
        'CREATE TABLE shop.t (id INT PRIMARY KEY, n INT, `x y` INT)', 'INSERT INTO shop.t VALUES (1, 2, 3)', 'CREATE TABLE shop.u (id INT PRIMARY KEY)',
        'CREATE TABLE other.x (id INT PRIMARY KEY)', 'CREATE PROCEDURE shop.p() SQL SECURITY DEFINER SELECT 7',
        "CREATE USER plain@localhost", 'GRANT SELECT ON shop.* TO plain@localhost')
    if has_public(pair) and not pair.across:
        add_public(pair)
    if has_roles(pair.names[0]):
        run(pair.source, 'CREATE ROLE reader', 'CREATE ROLE boss', 'GRANT SELECT ON shop.u TO ' + role(pair, 'reader'),
            'GRANT %s TO %s' % (role(pair, 'reader'), role(pair, 'boss')), 'GRANT INSERT ON shop.u TO ' + role(pair, 'boss'), 'CREATE USER member@localhost',
            'GRANT %s TO member@localhost' % role(pair, 'boss'), 'GRANT %s TO member@localhost WITH ADMIN OPTION' % role(pair, 'reader'),
            'SET DEFAULT ROLE %s %s member@localhost' % (role(pair, 'boss'), 'FOR' if flavour(pair.names[0]) == 'mariadb' else 'TO'))


def add_public(pair):
    run(pair.source, 'CREATE TABLE shop.free (id INT PRIMARY KEY)', 'GRANT SELECT ON shop.free TO PUBLIC', 'GRANT SELECT ON other.x TO PUBLIC', "CREATE USER anybody@localhost")


def has_public(pair):
    return pair.names[0] in ('mariadb-10.11', 'mariadb-11.8')


def add_passwords(pair):
    odd = quoted(ODD + '@%')
    run(pair.source, "CREATE USER app@'%' IDENTIFIED BY 'a''p\"ß'", 'GRANT SELECT, INSERT ON shop.* TO app', 'GRANT SELECT ON other.* TO app',
        'GRANT SELECT ON other.x TO app', 'GRANT EXECUTE ON PROCEDURE shop.p TO app', 'GRANT PROXY ON plain@localhost TO app',
        "CREATE USER %s IDENTIFIED BY 'odd'" % odd, 'GRANT SELECT (id, `x y`), UPDATE (n) ON shop.t TO ' + odd,
        'GRANT INSERT ON `s_op`.* TO ' + odd,
        "CREATE USER admin@localhost IDENTIFIED BY 'adm'", 'GRANT ALL ON *.* TO admin@localhost WITH GRANT OPTION',
        "CREATE USER clerk@localhost IDENTIFIED BY 'c'", 'GRANT PROCESS, REPLICATION CLIENT ON *.* TO clerk@localhost', 'GRANT SELECT ON mysql.* TO clerk@localhost',
        "CREATE USER changed@localhost IDENTIFIED BY 'old'", "CREATE USER gone@localhost IDENTIFIED BY 'g'",
        "CREATE USER revoked@localhost IDENTIFIED BY 'r'", 'GRANT SELECT, INSERT ON shop.* TO revoked@localhost',
        "CREATE USER there@localhost IDENTIFIED BY 'source'", 'GRANT ALL ON shop.* TO there@localhost')
    if has_roles(pair.names[0]):
        more = ''
        if flavour(pair.names[0]) == 'mysql':
            more = """ PASSWORD HISTORY 3 FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME UNBOUNDED ATTRIBUTE '{"a": "it''s ü", "b": 1}'"""
        run(pair.source, "CREATE USER strict@'10.0.0.0/255.0.0.0' IDENTIFIED BY 's' REQUIRE SUBJECT '/CN=it''s' AND ISSUER '/CN=x' WITH MAX_QUERIES_PER_HOUR 5 "
            "MAX_USER_CONNECTIONS 3%s PASSWORD EXPIRE INTERVAL 9 DAY" % (' ACCOUNT LOCK' if not more else ''),
            "CREATE USER expired@localhost IDENTIFIED BY 'e' PASSWORD EXPIRE")
        if more:
            run(pair.source, "ALTER USER strict@'10.0.0.0/255.0.0.0' ACCOUNT LOCK" + more)
    else:
        run(pair.source, "GRANT USAGE ON *.* TO strict@'10.0.0.0/255.0.0.0' IDENTIFIED BY 's' REQUIRE SUBJECT '/CN=it''s' AND ISSUER '/CN=x' WITH "
            "MAX_QUERIES_PER_HOUR 5 MAX_USER_CONNECTIONS 3", "CREATE USER expired@localhost IDENTIFIED BY 'e'", 'ALTER USER expired@localhost PASSWORD EXPIRE')


def change(pair):
    run(pair.source, 'DROP USER gone@localhost', 'REVOKE INSERT ON shop.* FROM revoked@localhost',
        "CREATE USER late@localhost IDENTIFIED BY 'l'", 'CREATE TABLE shop.new (id INT PRIMARY KEY)', 'GRANT SELECT ON shop.new TO late@localhost',
        "SET PASSWORD FOR changed@localhost = %s" % ("PASSWORD('new')" if pair.names[0] != 'mysql-9.7' else "'new'"), 'GRANT DELETE ON shop.t TO app')
    if flavour(pair.names[0]) == 'mysql' and has_roles(pair.names[0]):
        run(pair.source, """ALTER USER strict@'10.0.0.0/255.0.0.0' FAILED_LOGIN_ATTEMPTS 0 PASSWORD_LOCK_TIME 0 ATTRIBUTE '{"b": null, "c": 2}'""")
    if has_roles(pair.names[0]):
        run(pair.source, 'REVOKE %s FROM member@localhost' % role(pair, 'boss'), 'CREATE ROLE fresh', 'GRANT %s TO late@localhost' % role(pair, 'fresh'),
            'DROP ROLE ' + role(pair, 'boss'))


def hashes(pair):
    """All that must not be shown, as text and as hexadecimal."""
    column = 'authentication_string' if pair.names[0] != 'mysql-5.6' else 'Password'
    rows = [row[0] for row in pair.source.query('SELECT HEX(%s) FROM mysql.user' % column)]
    texts = [bytes.fromhex(row).decode('latin-1') for row in rows if row and len(row) > 20]
    return [row.lower() for row in rows if row and len(row) > 20] + [text.lower() for text in texts]


def assert_secret(pair):
    """Neither in what was printed nor in the state."""
    everything = ''.join(process.out + process.err for process in pair.processes).lower()
    everything += str(pair.target.query('SELECT * FROM binstream.account')).lower() + str(pair.target.query('SELECT * FROM binstream.report')).lower()
    found = [text for text in hashes(pair) if text in everything]
    assert not found, 'a hash shows: %s' % found


# ---- what comes of it ------------------------------------------------------------------------------------------------


def assert_rights(pair):
    target, app = pair.target, ('app', "a'p\"ß")
    as_user(target, *app, 'INSERT INTO shop.t VALUES (100, 1, 1)', 'SELECT * FROM shop.t')
    assert as_user(target, *app, 'CALL shop.p()') == ((7,),)
    refused(target, *app, 'UPDATE shop.t SET n = 1')
    refused(target, *app, 'SELECT * FROM lab.sentinel')
    refused(target, 'app', 'wrong', 'SELECT 1')
    as_user(target, ODD, 'odd', 'UPDATE shop.t SET n = 9 WHERE id = 1', 'SELECT id, `x y` FROM shop.t')
    refused(target, ODD, 'odd', 'SELECT n FROM shop.t')
    as_user(target, 'admin', 'adm', 'CREATE DATABASE probe', 'DROP DATABASE probe', "CREATE USER probe@localhost", 'GRANT SELECT ON shop.* TO probe@localhost', 'DROP USER probe@localhost')
    refused(target, 'clerk', 'c', 'SELECT User FROM mysql.user')
    as_user(target, 'there', 'target', 'SELECT 1')
    refused(target, 'there', 'source', 'SELECT 1')
    refused(target, 'there', 'target', 'SELECT * FROM shop.t')


def assert_common(pair):
    as_user(pair.target, 'plain', '', 'SELECT * FROM shop.t')
    refused(pair.target, 'plain', '', 'INSERT INTO shop.u VALUES (1)')


def assert_roles(pair, boss=True):
    if not has_roles(pair.names[0]):
        return
    if boss:
        as_user(pair.target, 'member', '', 'SELECT * FROM shop.u', 'INSERT INTO shop.u VALUES (50)')
    else:
        refused(pair.target, 'member', '', 'INSERT INTO shop.u VALUES (51)')
        reader = 'reader' if flavour(pair.names[1]) == 'mariadb' else role(pair, 'reader')
        as_user(pair.target, 'member', '', 'SET ROLE ' + ("'reader'@'%'" if flavour(pair.names[1]) == 'mysql' else reader), 'SELECT * FROM shop.u')


def checked(pair, *args, expect=0):
    """What `check` says of accounts."""
    process = pair.run('check', '--json', DATABASES, *args, expect=(expect,))
    return [result for result in json.loads(process.out)['results'] if result['name'] == 'accounts']


def mended(pair):
    """An account that may do nothing is told, statement by statement, what it lacks, until it lacks nothing."""
    uri = '--target=mysql://mover:m@127.0.0.1:%d/' % pair.target.port
    for _ in range(6):
        process = pair.run('check', '--json', DATABASES, '--accounts', uri, expect=(0, 3))
        fixes = [result['fix'] for result in json.loads(process.out)['results'] if result['verdict'] == 'fail' and result['fix']]
        statements = [statement for fix in fixes for statement in re.split(r'; (?=on the |GRANT )', fix)]
        statements = [re.sub('^on the target: ', '', statement) for statement in statements if 'GRANT' in statement and 'on the source' not in statement]
        if process.code == 0:
            break
        assert statements, fixes
        run(pair.target, *statements)
    process.expect(0)
    return uri


def assert_given_up(pair, user):
    """Nothing of the task is left, and what was there before is."""
    left = names(pair.target)
    assert 'there@localhost' in left and user not in left, left


def refuse_wrong(pair, folder):
    process = pair.run('snapshot', '--archive', folder, DATABASES, '--accounts', target=False, expect=(2,))
    assert '--archive and --accounts' in process.err and 'holds no accounts' in process.err, process.tail()


def snapshot_dying(pair, uri):
    for point in ('accounts-noted:2', 'accounts-created:3', 'accounts-noted:4'):
        process = pair.run('snapshot', DATABASES, '--accounts', '--log-level=debug', uri, fault=point, expect=None)
        assert process.code in (-9, 137), process.tail()
    process = pair.run('snapshot', DATABASES, '--log-level=debug', uri)
    assert 'is on the target already: left as it is' in process.err, process.tail()
    assert "'there'@'localhost'" in process.err
    return process


def made_and_reset(pair):
    """By an account that may do no more than the check asks of it."""
    run(pair.target, "CREATE USER mover@'%' IDENTIFIED BY 'm'")
    uri = mended(pair)
    process = pair.run('snapshot', DATABASES, '--accounts', uri)
    assert 'accounts' in process.out, process.out
    assert_same(pair)
    assert_common(pair)
    assert_roles(pair)
    process = pair.run('reset', uri, source=False)
    assert 'accounts were, too' in process.out, process.out
    assert_given_up(pair, 'plain@localhost')
    say('reset drops what the task made, and nothing else')
    return uri


def partial(pair):
    """What is taken out of *.*: only onto a server that can do that as well."""
    run(pair.source, 'SET GLOBAL partial_revokes=ON', 'CREATE USER partial@localhost', 'GRANT SELECT ON *.* TO partial@localhost',
        'REVOKE SELECT ON other.* FROM partial@localhost')
    result, = checked(pair, '--accounts', expect=3)
    assert "'partial'@'localhost'" in result['found'] and 'partial_revokes=ON' in result['found'], result
    run(pair.target, 'SET GLOBAL partial_revokes=ON')
    pair.run('snapshot', DATABASES, '--accounts')
    assert_same(pair)
    run(pair.target, 'CREATE DATABASE other', 'CREATE TABLE other.x (id INT)')
    as_user(pair.target, 'partial', '', 'SELECT * FROM shop.t')
    refused(pair.target, 'partial', '', 'SELECT * FROM other.x')
    pair.run('reset', source=False)
    run(pair.target, 'DROP DATABASE other', 'SET GLOBAL partial_revokes=OFF')
    run(pair.source, 'DROP USER partial@localhost', 'SET GLOBAL partial_revokes=OFF')
    say('partial revokes are carried, or refused')


def second_password(pair):
    run(pair.source, "CREATE USER twice@localhost IDENTIFIED BY 'a'", "ALTER USER twice@localhost IDENTIFIED BY 'b' RETAIN CURRENT PASSWORD")
    result, = checked(pair, '--accounts', expect=3)
    assert "'twice'@'localhost'" in result['found'] and 'DISCARD OLD PASSWORD' in result['found'], result
    run(pair.source, 'DROP USER twice@localhost')


def stronger_role(pair):
    """A role of the same name on the target may do more there: nobody is given it."""
    if not has_roles(pair.names[0]):
        return
    run(pair.source, 'CREATE ROLE mighty', 'CREATE USER weak@localhost', 'GRANT mighty TO weak@localhost')
    run(pair.target, 'CREATE ROLE mighty', 'GRANT ALL ON *.* TO mighty')
    result, = checked(pair, '--accounts', expect=3)
    assert "'weak'@'localhost'" in result['found'] and 'mighty' in result['found'] and 'on the target already' in result['found'], result
    run(pair.source, 'DROP USER weak@localhost', 'DROP ROLE mighty')
    run(pair.target, 'DROP ROLE mighty')


def same_flavour(pair):
    if pair.names[0] == 'mysql-9.7':
        partial(pair)
        second_password(pair)
    run(pair.target, "CREATE USER there@localhost IDENTIFIED BY 'target'")
    refuse_wrong(pair, pair.dir + '/archive')
    assert checked(pair) == []
    stronger_role(pair)
    uri = made_and_reset(pair)
    add_passwords(pair)
    mended(pair)
    process = snapshot_dying(pair, uri)
    assert 'what it may do on `other`.*, which is not selected' in process.err, process.tail()
    assert_same(pair)
    assert_rights(pair)
    assert_common(pair)
    assert_roles(pair)
    if has_public(pair):
        as_user(pair.target, 'anybody', '', 'SELECT * FROM shop.free')
        refused(pair.target, 'anybody', '', 'SELECT * FROM shop.u')
    assert pair.status()['accounts'] is True
    say('the snapshot makes them, whatever it died of before')
    cut_over(pair, uri)


def cut_over(pair, uri):
    change(pair)
    follow = pair.start('follow', '--until-cutover', '--log-level=debug', uri, fault='accounts-stripped:1')
    pair.wait_applied(follow)
    pair.run('cutover', uri, source=False, expect=None)
    follow.wait(60)
    assert follow.code in (-9, 137), follow.tail()
    pair.source.query('SELECT 1')
    follow = pair.start('follow', '--until-cutover', '--log-level=debug', uri)
    pair.wait_until(lambda: pair.source.query('SELECT @@read_only') == ((0,),), 'the source is free again', follow=follow)
    pair.wait_applied(follow)
    process = pair.run('cutover', uri, source=False)
    follow.wait(120)
    follow.expect(0)
    assert '%d dropped' % (1 + has_roles(pair.names[0])) in process.out, process.out
    pair.source.query('SET GLOBAL read_only=0')
    assert_same(pair)
    as_user(pair.target, 'changed', 'new', 'SELECT 1')
    refused(pair.target, 'changed', 'old', 'SELECT 1')
    as_user(pair.target, 'revoked', 'r', 'SELECT * FROM shop.t')
    refused(pair.target, 'revoked', 'r', 'INSERT INTO shop.u VALUES (2)')
    as_user(pair.target, 'late', 'l', 'SELECT * FROM shop.new')
    as_user(pair.target, 'app', "a'p\"ß", 'DELETE FROM shop.t WHERE id = 1')
    refused(pair.target, 'gone', 'g', 'SELECT 1')
    assert 'gone@localhost' not in names(pair.target)
    as_user(pair.target, 'there', 'target', 'SELECT 1')
    assert_roles(pair, boss=False)
    assert_secret(pair)
    say('the cutover brings what has changed since; no hash shows anywhere')
    process = pair.run('reset', '--state-only', uri, source=False)
    as_user(pair.target, 'late', 'l', 'SELECT * FROM shop.new')


def fits(pair):
    """Does a hash of the source mean something on the target? Of all plugins only mysql_native_password is in both flavours, and
    MySQL 9 has it no more."""
    return pair.names == ('mysql-5.6', 'mariadb-10.11')


def refuse_hash(pair):
    """By name, before anything is made; who makes the account on the target by hand may go on."""
    result, = checked(pair, '--accounts', expect=3)
    assert result['verdict'] == 'fail' and "'secret'@'localhost'" in result['found'], result
    process = pair.run('snapshot', DATABASES, '--accounts', expect=(3,))
    assert "'secret'@'localhost'" in process.err and not {'shop', 'binstream'} & {row[0] for row in pair.target.query('SHOW DATABASES')}, process.tail()
    say('refused by name: ' + result['found'])
    run(pair.target, "CREATE USER secret@localhost IDENTIFIED BY 'y'")
    result, = checked(pair, '--accounts')
    assert result['verdict'] == 'pass' and "'secret'@'localhost'" in result['found'], result


def assert_everything(pair):
    lines = ' '.join(row[0] for row in pair.target.query('SHOW GRANTS FOR chief@localhost'))
    assert ('ALL PRIVILEGES ON *.*' in lines or 'ROLE_ADMIN' in lines) and 'WITH GRANT OPTION' in lines, lines


def refuse_late(pair):
    """An account that nobody asked the check about: the cutover is undone, and says why."""
    if fits(pair):
        return
    follow = pair.follow_start('--until-cutover')
    pair.wait_applied(follow)
    run(pair.source, "CREATE USER sudden@localhost IDENTIFIED BY 'x'")
    process = pair.run('cutover', source=False, expect=(1,))
    assert "'sudden'@'localhost' cannot be carried" in process.err + process.out, process.tail()
    assert pair.source.query('SELECT @@read_only') == ((0,),)
    run(pair.source, 'DROP USER sudden@localhost')
    follow.signal(signal.SIGTERM)
    follow.wait(60)


def across(pair):
    run(pair.source, "CREATE USER secret@localhost IDENTIFIED BY 'x'", 'GRANT SELECT ON shop.* TO secret@localhost',
        'GRANT REPLICATION CLIENT ON *.* TO plain@localhost', 'CREATE USER all_of_it@localhost', 'GRANT ALL ON shop.* TO all_of_it@localhost',
        'CREATE USER chief@localhost', 'GRANT ALL ON *.* TO chief@localhost WITH GRANT OPTION',
        'CREATE TABLE shop.ghost (id INT PRIMARY KEY)', 'GRANT SELECT ON shop.ghost TO plain@localhost', 'DROP TABLE shop.ghost')
    if not fits(pair):
        refuse_hash(pair)
    process = pair.run('snapshot', DATABASES, '--accounts')
    assert 'the target has no such object yet: GRANT SELECT ON `shop`.`ghost`' in process.err, process.tail()
    process = pair.run('snapshot', DATABASES, '--accounts')
    assert 'complete before' in process.out
    assert_common(pair)
    assert_roles(pair)
    as_user(pair.target, 'plain', '', 'SHOW BINARY LOGS')
    as_user(pair.target, 'all_of_it', '', 'CREATE TABLE shop.made (id INT)', 'DROP TABLE shop.made')
    if fits(pair):
        as_user(pair.target, 'secret', 'x', 'SELECT * FROM shop.t')
    else:
        as_user(pair.target, 'secret', 'y', 'SELECT 1')
        refused(pair.target, 'secret', 'y', 'SELECT * FROM shop.t')
    say('what can be said on the target is brought: roles, their members, accounts without a password')
    assert_everything(pair)
    refuse_late(pair)
    run(pair.source, 'CREATE USER late@localhost', 'GRANT INSERT ON shop.* TO late@localhost')
    if has_roles(pair.names[0]):
        run(pair.source, 'REVOKE %s FROM member@localhost' % role(pair, 'boss'), 'DROP ROLE ' + role(pair, 'boss'))
    follow = pair.follow_start('--until-cutover')
    pair.wait_applied(follow)
    pair.cutover(follow=follow)
    pair.source.query('SET GLOBAL read_only=0')
    as_user(pair.target, 'late', '', 'INSERT INTO shop.u VALUES (7)')
    assert_roles(pair, boss=False)


def without(pair):
    """A task that was begun without it does not get it later."""
    pair.run('snapshot', DATABASES)
    process = pair.run('snapshot', DATABASES, '--accounts', expect=(2,))
    assert 'was made without --accounts' in process.err, process.tail()
    pair.run('reset', source=False)
    assert not any(name.startswith('plain') for name in names(pair.target))


def test(options):
    with bs_harness.pair_of(options, schema=False, target_options=['--automatic-sp-privileges=0']) as pair:
        prepare(pair)
        without(pair)
        (across if pair.across or pair.names == ('mysql-5.6', 'mysql-9.7') else same_flavour)(pair)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    options = parser.parse_args()
    bs_harness.main('accounts %s gtid %s' % (options.pair, options.gtid), lambda: test(options))

#!/usr/bin/python3
"""A cutover that does not get through costs nothing: killed in each of its phases, out of time wherever it waits, or with an
administrator or an event that writes on, it is undone; the source is as it was, writers go on, following goes on, and a
later cutover works."""
import argparse
import signal
import time

import pymysql

import bs_cutover
import bs_harness
from bs_cutover import Ticker, settings, waiting
from bs_harness import say

# Point, and whether the source's settings are changed there already.
PHASES = [('cutover-stored', False), ('cutover-events-stopped', True), ('cutover-frozen', True), ('cutover-drained', True),
          ('cutover-finished', True), ('cutover-reported', True)]


def triggers(pair):
    return pair.target.query("SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA NOT IN ('sys', 'mysql')")[0][0]


def put_back(pair, follow, before):
    pair.wait_until(lambda: settings(pair) == before, 'the settings of the source to be put back', follow=follow)
    pair.wait_applied(follow)
    assert settings(pair) == before, settings(pair)
    assert triggers(pair) == 0, 'triggers were left on the target: they would fire on replayed rows'


def killed(pair, point, changed, before):
    """Dies with the source frozen; the next follow puts everything back before it applies a row."""
    follow = pair.follow_start('--until-cutover', fault=point)
    pair.wait_applied(follow)
    cutover = pair.run('cutover', source=False, expect=(1,))
    follow.wait(30)
    assert follow.code == -9, follow.tail()
    assert cutover.err, 'cutover says nothing about the follow that died'
    assert (settings(pair) != before) == changed, 'the point was not where it says'
    status = pair.run('status', source=False)
    assert 'may be FROZEN' in status.out and 'SET GLOBAL read_only=OFF' in status.out, status.out
    follow = pair.follow_start('--until-cutover')
    put_back(pair, follow, before)
    follow.kill9()
    say('killed at %s: undone by the rerun' % point)


def killed_while_waiting(pair, mode, statement, hold, before):
    """Its statement waits on the server, and outlives it there for a second: it must not freeze the source behind the rerun's
    back."""
    follow = pair.follow_start('--until-cutover', '--freeze', mode)
    pair.wait_applied(follow)
    holder = pair.source.connect()
    with holder.cursor() as cursor:
        cursor.execute(hold)
        cutover = pair.start('cutover', source=False)
        pair.wait_until(lambda: waiting(pair, statement), 'a freeze that waits', follow=follow)
        follow.kill9()
        follow = pair.follow_start('--until-cutover')
        pair.wait_until(lambda: not waiting(pair, statement), 'the statement of the dead to be ended', follow=follow)
        cursor.execute('UNLOCK TABLES')
    holder.close()
    put_back(pair, follow, before)
    cutover.wait(30)
    cutover.expect(1, 6)
    follow.kill9()
    say('killed while %s waited: undone by the rerun, nothing landed later' % statement)


def refused(pair, *args, word):
    process = pair.run('cutover', *args, source=False, expect=(6,))
    assert word in process.err + process.out, process.tail()
    return process


def out_of_time(pair, before):
    """Somebody holds a table for himself, on the source or on the target: the cutover waits for it, but not longer than it may."""
    follow = pair.follow_start('--until-cutover')
    pair.wait_applied(follow)
    table = pair.source.query("SELECT EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'shop'")[0][0]
    for server, word in ((pair.source, 'could not be frozen in time'), (pair.target, 'objects could not be made within --max-freeze')):
        for mode in ('read-only', 'lock-tables', 'ftwrl'):
            holder = server.connect()
            with holder.cursor() as cursor:
                cursor.execute('LOCK TABLES shop.`%s` WRITE' % table)
                process = refused(pair, '--max-freeze', '1.5', '--freeze', mode, word=word)
                assert process.seconds < 6, 'took %.1f s: --max-freeze is not kept' % process.seconds
                assert settings(pair) == before, settings(pair)
            holder.close()
            put_back(pair, follow, before)
    say('out of time on source and target: undone, following goes on')
    return follow


def far_behind(pair, before):
    """More is behind than can be applied while the freeze may last: the source is not frozen for it."""
    pair.source.query('CREATE TABLE lab.far (n INT PRIMARY KEY)')
    follow = pair.follow_start('--until-cutover', '--max-batch', '1', '--threads', '2')
    pair.wait_applied(follow)
    pair.target.query('CREATE TRIGGER lab.slow BEFORE INSERT ON lab.far FOR EACH ROW SET @slept = SLEEP(0.05)')
    with pair.source.connect() as source, source.cursor() as cursor:
        for n in range(1200):
            cursor.execute('INSERT INTO lab.far VALUES (%s)', (n,))
    pair.wait_until(lambda: pair.target.query('SELECT COUNT(*) FROM lab.far')[0][0] > 200, 'some of the rows', follow=follow)
    refused(pair, '--max-freeze', '2', word='the source was not frozen')
    assert 'freezing the source' not in follow.err, follow.tail()
    pair.target.query('DROP TRIGGER lab.slow')
    put_back(pair, follow, before)
    follow.kill9()
    pair.source.query('DROP TABLE lab.far')
    say('too far behind: not begun')


def drain_out_of_time(pair, follow, before, n):
    """What is written while the freeze still waits cannot be applied, since somebody holds the table on the target."""
    source, target = pair.source.connect(), pair.target.connect()
    with source.cursor() as on_source, target.cursor() as on_target:
        on_source.execute('LOCK TABLES lab.sentinel WRITE')  # others cannot write as soon as a freeze waits
        cutover = pair.start('cutover', '--max-freeze', '4', source=False)
        pair.wait_until(lambda: waiting(pair, 'SET GLOBAL'), 'a freeze that waits', follow=follow)
        on_target.execute('LOCK TABLES lab.sentinel WRITE')
        on_source.execute('INSERT INTO lab.sentinel VALUES (%s, 0)', (n,))
        on_source.execute('UNLOCK TABLES')
        cutover.wait(30)
        cutover.expect(6)
        assert 'did not reach' in cutover.out and cutover.seconds < 8, cutover.tail()
    source.close()
    target.close()
    put_back(pair, follow, before)
    say('the target could not follow in time: undone')


def drain_hangs(pair, follow, before):
    """The target answers nothing any more, not even a KILL: the source waits no longer than it may, and some seconds."""
    source = pair.source.connect()
    with source.cursor() as cursor:
        cursor.execute('LOCK TABLES lab.sentinel WRITE')
        cutover = pair.start('cutover', '--max-freeze', '2', source=False)
        pair.wait_until(lambda: waiting(pair, 'SET GLOBAL'), 'a freeze that waits', follow=follow)
        cursor.execute('INSERT INTO lab.sentinel VALUES (900002, 0)')
        with bs_cutover.hanging(pair.target):
            cursor.execute('UNLOCK TABLES')
            pair.wait_until(lambda: settings(pair) == before, 'the source to be free', timeout=15, follow=follow)
    source.close()
    cutover.wait(30)
    cutover.expect(1, 6)  # it gives up waiting for a follow that is not back within seconds
    assert 'did not answer within --max-freeze' in follow.err, follow.tail()
    put_back(pair, follow, before)
    say('the target hung: undone, following goes on')


def stopped_while_waiting(pair, follow, before):
    """A stop, here by a terminal that is lost, is heeded while a statement waits on the target."""
    table = pair.source.query("SELECT EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'shop'")[0][0]
    holder = pair.target.connect()
    with holder.cursor() as cursor:
        cursor.execute('LOCK TABLES shop.`%s` WRITE' % table)
        cutover = pair.start('cutover', source=False)
        pair.wait_until(lambda: [p for p in pair.target.processes() if (p['info'] or '').startswith('CREATE')], 'a trigger that waits', follow=follow)
        follow.signal(signal.SIGHUP)
        pair.wait_until(lambda: settings(pair) == before, 'the source to be free', timeout=10)
        follow.signal(signal.SIGHUP)  # a lost terminal may say so twice
        follow.wait(30)
        follow.expect(6)
    holder.close()
    cutover.wait(30)
    cutover.expect(1, 6)
    follow = pair.follow_start('--until-cutover')
    put_back(pair, follow, before)
    say('stopped while a trigger waited on the target: undone')
    return follow


def late_writer(pair, follow, before):
    """An administrator whom read_only does not hold back, where there is no super_read_only; else he is stopped. The table
    has a trigger: what he writes late must not meet it on the target."""
    ticker = Ticker(pair, 'root', go_on=True)
    ticker.statement = 'UPDATE shop.one_row SET only = only + 1'
    ticker.start()
    ticker.wait_for(20)
    if 'super_read_only' in before:
        stopped_by_hook(pair, follow, 'sleep 0.7', before, ticker)
        say('a SUPER user is stopped by super_read_only')
    else:
        refused(pair, word='written to after it had been frozen')
        say('a late writer was noticed: undone')
    ticker.stop()
    put_back(pair, follow, before)


def stopped_by_hook(pair, follow, look, before, ticker=None):
    """A hook that watches the source for a while, and refuses."""
    refused(pair, '--hook', look + '; exit 9', word='exit code 9')
    if ticker is not None:
        assert ticker.refusal == 1290, ticker.refusal
    put_back(pair, follow, before)


def open_transaction(pair, follow, before):
    """A SUPER user has written and not committed: where read_only lets him commit later, the freeze must not be believed."""
    holder = pair.source.connect()
    holder.autocommit(False)
    with holder.cursor() as cursor:
        cursor.execute('INSERT INTO lab.sentinel VALUES (900001, 0)')
        if 'super_read_only' in before:
            stopped_by_hook(pair, follow, 'true', before)
        else:
            refused(pair, '--max-freeze', '1', word='open transaction')
            put_back(pair, follow, before)
    holder.commit()
    holder.close()
    say('an open transaction of a SUPER user: %s' % ('cannot commit' if 'super_read_only' in before else 'not frozen, undone'))


def held_by_locks(pair, follow, mode, n, before):
    """An event that runs waits for the locks, and the scheduler starts no other."""
    hook = bs_cutover.Hook(pair)
    cutover = pair.start('cutover', '--freeze', mode, '--hook', hook.command, source=False)
    hook.wait_begun(follow)
    now = n()
    time.sleep(0.5)  # many writes of the event, were it not held
    assert n() == now, 'the event writes on beside --freeze=%s' % mode
    hook.end(9)
    cutover.wait(60)
    cutover.expect(6)
    put_back(pair, follow, before)


EVENT = ('CREATE EVENT lab.busy ON SCHEDULE EVERY 1 SECOND DO BEGIN DECLARE i INT DEFAULT 0; WHILE i < 500 DO '
         'UPDATE lab.busy SET n = n + 1; SET i = i + 1; DO SLEEP(0.02); END WHILE; END')


def busy_event(pair, follow, before):
    """An event of root that fires each second and goes on for ten."""
    source = pair.source
    source.query('CREATE TABLE lab.busy (n BIGINT PRIMARY KEY) ENGINE=InnoDB')
    source.query('INSERT INTO lab.busy VALUES (0)')
    source.query(EVENT)
    n = lambda: source.query('SELECT n FROM lab.busy')[0][0]
    pair.wait_until(lambda: n() > 50, 'the event to write', follow=follow)
    if 'super_read_only' in before:
        stopped_by_hook(pair, follow, 'sleep 0.7', before)
    else:
        refused(pair, '--max-freeze', '2', word='runs an event')
        put_back(pair, follow, before)
    for mode in ('lock-tables', 'ftwrl'):
        held_by_locks(pair, follow, mode, n, before)
    now = n()
    pair.wait_until(lambda: n() > now, 'the event to go on after the undoing', follow=follow)
    source.query('DROP EVENT lab.busy')
    for process in source.processes():
        if process['command'] == 'Connect' and process['db'] == 'lab':
            source.query('KILL %d' % process['id'])
    say('an event of root that writes on: %s' % ('stopped by super_read_only' if 'super_read_only' in before else 'undone'))


def held_by_another_task(pair, before):
    """One that moves the same source elsewhere, and is at its own cutover."""
    with pair.source.connect() as other, other.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK('binstream.freeze', 0)")
        process = pair.run('cutover', source=False, expect=(1, 6))
        assert "another task's cutover" in process.out + process.err, process.tail()
        assert settings(pair) == before
    say("another task's cutover: not begun")


def asked_by_nobody(pair, follow, before):
    """Who asked is gone before the follow, which stands still, takes the request up: no cutover at a moment when nobody looks."""
    def newest(what):
        rows = pair.target.query('SELECT %s FROM binstream.request ORDER BY id DESC LIMIT 1' % what)
        return rows and rows[0][0]

    follow.signal(signal.SIGSTOP)
    cutover = pair.start('cutover', source=False)
    pair.wait_until(lambda: newest("state = 'asked'"), 'the request', follow=follow)
    cutover.kill9()
    pair.wait_until(lambda: newest('asked_us < (UNIX_TIMESTAMP(NOW(6)) - 5) * 1000000'), 'it to grow old', follow=follow)
    follow.signal(signal.SIGCONT)
    pair.wait_until(lambda: newest("state = 'answered'"), 'the request to be dropped', follow=follow)
    assert newest("answer LIKE 'dropped:%'") and 'nobody waits for its answer' in follow.err, follow.tail()
    put_back(pair, follow, before)
    say('asked by one who is gone: dropped')


def taken_back(pair, before):
    """While the follow waits for what its lanes have on the target, who asked changes his mind, and is told that nothing happens."""
    follow = pair.follow_start('--until-cutover')
    pair.source.query('INSERT INTO lab.sentinel VALUES (900020, 0)')
    pair.wait_applied(follow)
    holder = pair.target.connect()
    with holder.cursor() as cursor:
        cursor.execute('BEGIN')
        cursor.execute('SELECT * FROM lab.sentinel WHERE n = 900020 FOR UPDATE')
        pair.source.query('UPDATE lab.sentinel SET at = 1 WHERE n = 900020')
        pair.wait_until(lambda: [p for p in pair.target.processes() if '900020' in (p['info'] or '')], 'a lane that waits', follow=follow)
        sessions = len(pair.target.processes())
        cutover = pair.start('cutover', source=False)
        pair.wait_until(lambda: len(pair.target.processes()) == sessions + 2, "who asks, and the follow's session for it", follow=follow)
        cutover.signal(signal.SIGINT)
        cutover.wait(30)
        cutover.expect(6)
        assert 'the request was taken back' in cutover.err, cutover.tail()
        cursor.execute('ROLLBACK')
    holder.close()
    pair.wait_until(lambda: 'the cutover does not take place' in follow.err, 'the request to be left', follow=follow)
    assert 'freezing the source' not in follow.err, follow.tail()
    put_back(pair, follow, before)
    follow.kill9()
    say('taken back while the follow was at it: not begun')


def without_connection(pair, before):
    """The target has none free for the session that a cutover needs."""
    follow = pair.follow_start('--until-cutover')
    pair.wait_applied(follow)
    follow.signal(signal.SIGSTOP)
    cutover = pair.start('cutover', source=False)
    pair.wait_until(lambda: pair.target.query("SELECT COUNT(*) FROM binstream.request WHERE state = 'asked'")[0][0], 'the request')
    most = pair.target.query('SELECT @@global.max_connections')[0][0]
    with pair.target.connect() as spare, spare.cursor() as cursor:
        cursor.execute('SET GLOBAL max_connections = 10')  # fewer than there are
        crowd = []
        try:
            while True:
                crowd.append(pair.target.connect())
        except pymysql.err.OperationalError as error:
            assert error.args[0] == 1040, error
        follow.signal(signal.SIGCONT)
        cutover.wait(30)
        for connection in crowd:
            connection.close()
        cursor.execute('SET GLOBAL max_connections = %d' % most)
    cutover.expect(6)
    assert 'was not begun' in cutover.out and 'connection free' in cutover.out, cutover.tail()
    put_back(pair, follow, before)
    follow.kill9()
    say('no connection free on the target: not begun')


def test(options):
    with bs_harness.pair_of(options) as pair:
        writers = pair.writers(count=2, pace=0.02).start()
        before = settings(pair)
        pair.snapshot()
        writers.stop()  # each freeze would end them: they are back for the last one
        for point, changed in PHASES:
            killed(pair, point, changed, before)
        for mode, statement, hold in (('read-only', 'SET GLOBAL', 'LOCK TABLES shop.one_row WRITE'),
                                      ('ftwrl', 'FLUSH TABLES', 'LOCK TABLES shop.one_row WRITE'),
                                      ('lock-tables', 'LOCK TABLES', 'LOCK TABLES shop.one_row WRITE')):
            killed_while_waiting(pair, mode, statement, hold, before)
        far_behind(pair, before)
        follow = out_of_time(pair, before)
        for n in range(900010, 900013):  # whoever speaks on another's connection does so in the instant of the deadline
            drain_out_of_time(pair, follow, before, n)
        drain_hangs(pair, follow, before)
        follow = stopped_while_waiting(pair, follow, before)
        late_writer(pair, follow, before)
        open_transaction(pair, follow, before)
        busy_event(pair, follow, before)
        asked_by_nobody(pair, follow, before)
        follow.kill9()
        taken_back(pair, before)
        without_connection(pair, before)
        follow = pair.follow_start('--until-cutover', '--hook', 'exit 9')
        pair.wait_applied(follow)
        refused(pair, word='exit code 9')
        if pair.names[0] != 'mysql-5.6':  # a session has one lock only
            held_by_another_task(pair, before)
        writers = pair.writers(count=2, pace=0.02).start()
        writers.wait_for(50)
        pair.cutover('--hook', '', follow=follow)  # instead of the one that refuses
        pair.stop_actors()
        assert triggers(pair) > 0
        pair.judge()


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    options = parser.parse_args()
    bs_harness.main('cutover %s gtid %s' % (options.pair, options.gtid), lambda: test(options))

#!/usr/bin/python3
"""A source whose log is not the one that was read: it was reset between two commands or under a running follow, or lost its end in
a crash. It writes files of the same names again, and transactions of the same GTIDs; here so much, in events of the same sizes,
that the position of before is one again. Follow could go on there, and would lose what came before. It must be refused by
name; a snapshot that goes on must start over."""
import argparse
import os
import shutil
import signal
import subprocess

import bs_harness
from bs_harness import say
from bs_servers import flavour

ROWS, MORE = 40, 5
REFUSED = 5  # what is needed to go on is gone


class Resetting:
    def __init__(self, pair):
        self.pair = pair
        self.source = pair.source
        self.written = 1000  # so that all are of one length, as text as well
        mysql = pair.names[0]
        self.statement = 'RESET BINARY LOGS AND GTIDS' if mysql == 'mysql-9.7' else 'RESET MASTER'

    def create(self):
        self.source.query('CREATE DATABASE r')
        self.source.query('CREATE TABLE r.log (n BIGINT NOT NULL, pad CHAR(40) NOT NULL)')
        self.source.query('CREATE TABLE r.large (id INT PRIMARY KEY, pad CHAR(200) NOT NULL)')
        with self.source.connect() as connection, connection.cursor() as cursor:
            for first in range(0, 6000, 1000):
                cursor.executemany('INSERT INTO r.large VALUES (%s, %s)', [(first + i, 'x' * 200) for i in range(1000)])
            connection.commit()

    def write(self, rows):
        """One transaction a row, all of one size."""
        for _ in range(rows):
            self.written += 1
            self.source.query('INSERT INTO r.log VALUES (%s, %s)', (self.written, 'y'))

    def reset(self):
        """In another second than that in which the file was begun, as seconds are all that a file tells."""
        now = self.source.query('SELECT UNIX_TIMESTAMP()')[0][0]
        self.pair.wait_until(lambda: self.source.query('SELECT UNIX_TIMESTAMP()')[0][0] > now, 'the next second')
        self.source.query(self.statement)

    def rows(self):
        return self.source.query('SELECT COUNT(*) FROM r.log')[0][0]

    def rows_there(self):
        return self.pair.target.query('SELECT COUNT(*) FROM r.log')[0][0]

    def expect_refused(self, follow=None):
        """The target stays as it was, and the message tells what to do."""
        before = self.rows_there()
        if follow is None:
            follow = self.pair.start('follow', '--until-caught-up')
        follow.wait(120)
        assert follow.code == REFUSED, 'follow ended with %s\n%s' % (follow.code, follow.tail())
        by_us = 'read before' in follow.err and 'take a new snapshot' in follow.err
        assert by_us or 'copy it anew' in follow.err, follow.tail()  # the latter where the server itself refuses
        assert self.rows_there() == before, 'follow wrote %d rows' % (self.rows_there() - before)

    def begin_anew(self):
        if self.pair.target.query("SELECT 1 FROM information_schema.schemata WHERE schema_name = 'binstream'"):
            self.pair.run('reset', source=False)
        self.reset()
        self.write(ROWS)


def before_follow(resetting):
    resetting.begin_anew()
    resetting.pair.snapshot()
    resetting.reset()
    resetting.write(ROWS + MORE)
    resetting.expect_refused()
    say('reset before the first follow: refused')


def between_follows(resetting):
    resetting.begin_anew()
    resetting.pair.snapshot()
    resetting.write(MORE)
    resetting.pair.follow()
    resetting.pair.judge()
    resetting.reset()
    resetting.write(ROWS + 2 * MORE)
    resetting.expect_refused()
    say('reset between two follows: refused')


def after_archive(resetting, folder):
    """The archive keeps what the file was."""
    resetting.begin_anew()
    resetting.pair.run('snapshot', '--archive', folder, target=False)
    resetting.reset()
    resetting.write(ROWS + MORE)
    resetting.pair.run('load', '--archive', folder, source=False)
    resetting.expect_refused()
    say('reset after an archive was taken: refused')


def between_attempts(resetting):
    """What the first attempt has copied is of no use."""
    pair = resetting.pair
    resetting.begin_anew()
    first = pair.start('snapshot', '--position=' + ('gtid' if pair.gtid else 'file'), '--chunk-bytes', '64K', fault='snapshot-chunk-committed:1')
    first.wait(60)
    assert 'fault point hit' in first.err, first.tail()
    resetting.reset()
    resetting.source.query("UPDATE r.large SET pad = 'z' WHERE id < 3000")
    resetting.write(ROWS + MORE)
    second = pair.snapshot('--chunk-bytes', '64K')
    assert 'is gone' in second.err and 'starts over' in second.err, second.tail()
    resetting.write(MORE)
    pair.follow()
    pair.judge()
    say('reset between two attempts of a snapshot: started over, equal')


def to_earlier_files(resetting):
    """By GTID the place may be in any file: the one of before is behind all that there are now."""
    resetting.begin_anew()
    for _ in range(4):
        resetting.source.query('FLUSH BINARY LOGS')
    resetting.write(1)
    resetting.pair.snapshot()
    resetting.reset()
    resetting.write(ROWS + MORE)
    resetting.expect_refused()
    say('reset, and the log of before had more files: refused')


def to_later_files(resetting):
    """By GTID the server begins in a later file, and names none that was read."""
    resetting.begin_anew()
    resetting.pair.snapshot()
    resetting.reset()
    for _ in range(4):
        resetting.write(ROWS // 2)
        flush(resetting.pair)
    resetting.expect_refused()
    say('reset, and the place by GTID is in a later file: refused')


def while_following(resetting):
    """The server sends the old file to its end though it is gone, and then the second of the new ones."""
    pair = resetting.pair
    resetting.begin_anew()
    pair.snapshot()
    follow = pair.follow_start('--until-cutover')
    resetting.write(MORE)
    pair.wait_until(lambda: resetting.rows_there() == resetting.rows(), 'the rows on the target', follow=follow)
    resetting.reset()
    resetting.write(ROWS + 2 * MORE)
    flush(pair)
    resetting.write(MORE)
    resetting.expect_refused(follow)
    say('reset while follow runs: refused')


def without_its_end(resetting, is_running):
    """What follow has applied is gone from the source, as after a loss of power with sync_binlog=0."""
    pair, source = resetting.pair, resetting.source
    resetting.begin_anew()
    pair.snapshot()
    follow = pair.follow_start('--until-cutover')
    os.kill(source.pid, signal.SIGSTOP)
    subprocess.run(['cp', '-r', '--sparse=always', source.datadir, source.datadir + '.kept'], check=True)
    os.kill(source.pid, signal.SIGCONT)
    for _ in range(MORE):  # one after the other, so that the mark moves with them
        resetting.write(1)
        pair.wait_until(lambda: resetting.rows_there() == resetting.rows(), 'the row on the target', follow=follow)
    if not is_running:
        follow.kill9()
    source.kill9()
    shutil.rmtree(source.datadir)
    os.rename(source.datadir + '.kept', source.datadir)
    source.start()
    resetting.write(2 * MORE)
    resetting.expect_refused(follow if is_running else None)
    say('the log lost its end while follow %s: refused' % ('ran' if is_running else 'was away'))


def crashed(resetting):
    """The log is whole, but InnoDB may not have what it has: that is said where the source's setting makes it possible."""
    pair = resetting.pair
    resetting.begin_anew()
    pair.snapshot()
    follow = pair.follow_start('--until-cutover')
    for value, warnings in (('2', 1), ('1', 1)):
        resetting.write(1)
        pair.wait_until(lambda: resetting.rows_there() == resetting.rows(), 'the row on the target', follow=follow)
        pair.source.kill9()
        pair.source.start('--innodb-flush-log-at-trx-commit=' + value)
        resetting.write(1)
        pair.wait_until(lambda: resetting.rows_there() == resetting.rows(), 'the row on the target', follow=follow)
        assert follow.err.count('may have LOST transactions') == warnings, follow.tail()
    follow.kill9()
    pair.source.restart()
    say('crashed with innodb_flush_log_at_trx_commit=2: said')


def with_filters(resetting):
    """A restart may bring options that nothing in the log tells."""
    pair = resetting.pair
    resetting.begin_anew()
    pair.snapshot()
    follow = pair.follow_start('--until-cutover')
    resetting.write(1)
    pair.wait_until(lambda: resetting.rows_there() == resetting.rows(), 'the row on the target', follow=follow)
    resetting.source.restart('--binlog-ignore-db=r')
    follow.wait(120)
    assert follow.code == REFUSED and 'does not log every database' in follow.err, follow.tail()
    resetting.source.restart()
    say('a restart with binlog_ignore_db while follow runs: refused')


def flush(pair):
    pair.source.query('FLUSH BINARY LOGS' if pair.names[0] != 'mysql-5.6' else 'FLUSH LOGS')


def left_behind(resetting):
    """A quiet source begins other files, and purges those before: nothing is missing."""
    pair = resetting.pair
    resetting.begin_anew()
    pair.snapshot()
    follow = pair.follow_start('--until-cutover')
    resetting.write(1)
    pair.wait_until(lambda: resetting.rows_there() == resetting.rows(), 'the row on the target', follow=follow)
    for _ in range(3):
        flush(pair)
    newest = pair.source.query('SHOW BINARY LOGS')[-1][0]
    pair.wait_until(lambda: pair.target.query('SELECT CONVERT(file USING utf8) FROM binstream.lane WHERE lane = 0') == ((newest,),),
                    'the mark to move on', follow=follow)
    pair.source.query("PURGE BINARY LOGS TO '%s'" % newest)
    follow.kill9()
    resetting.write(MORE)
    pair.follow()
    pair.judge()
    say('files that were left behind without a change may be purged')


def cut_short(resetting):
    """A file that ends inside an event, as a full disk leaves it."""
    pair = resetting.pair
    resetting.begin_anew()
    pair.snapshot()
    resetting.write(MORE)
    newest = pair.source.query('SHOW BINARY LOGS')[-1][0]
    pair.source.stop()
    path = os.path.join(pair.source.datadir, newest)
    os.truncate(path, os.path.getsize(path) - 5)
    pair.source.start()
    resetting.write(MORE)
    follow = pair.start('follow', '--until-caught-up')
    follow.wait(120)
    assert follow.code == 1 and 'cannot be read beyond that place' in follow.err, follow.tail()
    assert resetting.rows_there() < resetting.rows()
    say('a file that ends inside an event: given up')


def renamed(resetting):
    """Most servers forget the old files themselves; MySQL 5.7 and newer go on by GTID, in files that cannot be compared with those before."""
    pair = resetting.pair
    resetting.begin_anew()
    pair.snapshot()
    follow = pair.follow_start('--until-cutover')
    resetting.write(1)
    pair.wait_until(lambda: resetting.rows_there() == resetting.rows(), 'the row on the target', follow=follow)
    end = pair.source.query('SHOW BINARY LOGS')[-1][1]
    pair.wait_until(lambda: pair.target.query('SELECT pos FROM binstream.lane WHERE lane = 0')[0][0] == end, 'the mark to be at the end', follow=follow)
    pair.source.restart('--log-bin=other')
    resetting.write(1)
    resetting.expect_refused(follow)
    if pair.names[0] == 'mysql-9.7' and pair.gtid:
        assert 'log_bin was changed' in follow.err, follow.tail()
    pair.source.restart()
    say('log_bin changed while follow runs: refused')


def test(options):
    with bs_harness.pair_of(options, schema=False) as pair:
        resetting = Resetting(pair)
        resetting.create()
        before_follow(resetting)
        between_follows(resetting)
        after_archive(resetting, pair.dir + '/archive')
        between_attempts(resetting)
        if flavour(pair.names[0]) == 'mariadb' and pair.gtid:
            to_earlier_files(resetting)
        to_later_files(resetting)
        while_following(resetting)
        without_its_end(resetting, is_running=True)
        without_its_end(resetting, is_running=False)
        crashed(resetting)
        with_filters(resetting)
        left_behind(resetting)
        cut_short(resetting)
        renamed(resetting)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    options = parser.parse_args()
    bs_harness.main('source log %s gtid %s' % (options.pair, options.gtid), lambda: test(options))

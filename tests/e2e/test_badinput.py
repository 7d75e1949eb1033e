"""Bad input and bad surroundings: each ends with the exit code that is promised, a message that says what to do, and
nothing half done on the target. A password never shows in the process list, the logs or the errors."""

import argparse
import os
import re
import shutil
import time

import pymysql

import bs_harness
from bs_harness import say
from bs_proxy import Damage, Proxy
from bs_servers import Server, flavour

PASSWORD = 'S3cret-pa55:w/rd'
ENCODED = 'S3cret-pa55%3Aw%2Frd'
SYSTEM = {'mysql', 'information_schema', 'performance_schema', 'sys'}


class BadInput:
    def __init__(self, pair, options):
        self.pair, self.options = pair, options
        self.mariadb = flavour(pair.names[0]) == 'mariadb'
        self.hashes = self.mariadb or pair.names[0] == 'mysql-5.6'  # SET PASSWORD wants a hash there
        self.checked = 0

    def small_schema(self):
        connection = self.pair.source.connect()
        with connection.cursor() as cursor:
            for statement in ('CREATE DATABASE shop', 'CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(50)) ENGINE=InnoDB',
                              "INSERT INTO shop.t VALUES (1, 'one'), (2, 'two')", 'CREATE DATABASE lab',
                              'CREATE TABLE lab.sentinel (n INT NOT NULL PRIMARY KEY, at DOUBLE) ENGINE=InnoDB',
                              'CREATE VIEW shop.v AS SELECT id FROM shop.t',
                              'CREATE TRIGGER shop.tr AFTER DELETE ON shop.t FOR EACH ROW SET @x = 1',
                              'CREATE PROCEDURE shop.p() SELECT 1'):
                cursor.execute(statement)

    def databases(self):
        return {row[0] for row in self.pair.target.query('SHOW DATABASES')} - SYSTEM

    def refused(self, what, code, words, *args, verb='snapshot', clean=True, timeout=60, **more):
        """One command that must fail: its code, each of `words` in the message (a tuple: any of them), the target untouched."""
        before = self.databases()
        process = self.pair.run(verb, *args, expect=None, timeout=timeout, **more)
        text = process.out + process.err
        assert process.code in (code if isinstance(code, tuple) else (code,)), '%s: exit %s, expected %s\n%s' % (what, process.code, code, text)
        for word in words:
            choices = word if isinstance(word, tuple) else (word,)
            assert any(choice.lower() in text.lower() for choice in choices), '%s: no %r in:\n%s' % (what, word, text)
        assert PASSWORD not in text and ENCODED not in text, '%s: the password shows:\n%s' % (what, text)
        if clean:
            assert self.databases() == before, '%s: the target has changed: %s' % (what, self.databases() - before)
        self.checked += 1
        lines = process.err.strip().splitlines() or process.out.strip().splitlines() or ['']
        message = next((line for line in lines if 'error:' in line), lines[-1])
        say('%s: exit %d: %s' % (what, process.code, message[:150]))
        return process

    def usage(self):
        self.refused('unknown option', 2, ['--no-such-option'], '--no-such-option')
        self.refused('unknown command', 2, ['snapshoot'], verb='snapshoot')
        self.refused('option without its value', 2, ['--threads'], '--threads')
        self.refused('number that is none', 2, ['--threads'], '--threads=many')
        for uri in ('mysql//root@127.0.0.1', 'http://127.0.0.1/', 'mysql://root@127.0.0.1:port/', 'mysql://root@127.0.0.1:99999/',
                    'mysql://root@127.0.0.1/?no-such=1', 'mysql://root@127.0.0.1/?ssl-mode=SOMETIMES', 'mysql://root@[::1/'):
            self.refused('URI ' + uri, 2, [], source=uri)
        for uri in ('mysql://root:%s@127.0.0.1/' % PASSWORD, 'mysql://root:%s@127.0.0.1:port/' % ENCODED, 'mysql//root:%s@127.0.0.1/' % ENCODED,
                    'mysql://root:%s@127.0.0.1/?no-such=1' % ENCODED, 'mysql://root:%%zz%s@127.0.0.1/' % ENCODED, 'root:%s@127.0.0.1' % ENCODED):
            process = self.refused('malformed URI with a password', 2, [], source=uri)
            assert not re.search('S3cret|pa55|w/rd', process.out + process.err), 'the password shows:\n' + process.err
        self.refused('no source', 2, ['source'], source=False)
        self.refused('unknown table', 2, ['no_such'], '--tables', 'shop.no_such')
        self.refused('unknown database', 2, ['no_such'], '--databases', 'no_such')

    def connections(self):
        port = self.pair.source.port
        self.pair.source.query("CREATE USER guarded@'%%' IDENTIFIED BY '%s'" % PASSWORD)
        self.pair.source.query("GRANT ALL ON *.* TO guarded@'%'")
        wrong = self.refused('wrong password', 1, ['denied', 'guarded'], source='mysql://guarded:wr0ng-S3cret@127.0.0.1:%d/' % port)
        assert 'wr0ng-S3cret' not in wrong.out + wrong.err
        self.refused('no such user', 1, ['denied'], source='mysql://nobody:%s@127.0.0.1:%d/' % (ENCODED, port))
        self.refused('nobody listens', 1, ['127.0.0.1'], source='mysql://root@127.0.0.1:1/?connect-timeout=3')
        self.refused('unknown host', 1, ['no-such-host.invalid'], source='mysql://root:%s@no-such-host.invalid/?connect-timeout=3' % ENCODED)
        with Proxy(port) as proxy:
            proxy.hold()
            began = time.monotonic()
            self.refused('a server that does not greet', 1, [], source='mysql://root@127.0.0.1:%d/?connect-timeout=2' % proxy.port)
            assert time.monotonic() - began < 20, 'connect-timeout=2 was not kept'

    def settings(self):
        source = self.pair.source
        for name, bad, good, words in (('binlog_format', 'STATEMENT', 'ROW', ['binlog_format', 'ROW']),
                                       ('binlog_row_image', 'MINIMAL', 'FULL', ['binlog_row_image', 'FULL'])):
            source.query('SET GLOBAL %s=%s' % (name, bad))
            self.refused('%s=%s' % (name, bad), 3, words)
            self.refused('%s=%s, check' % (name, bad), 3, words, verb='check')
            source.query('SET GLOBAL %s=%s' % (name, good))
        source.restart('--skip-log-bin', *self._without_gtid())
        self.refused('binlog off', 3, [('log_bin', 'log-bin', 'binary log')])
        source.restart()

    def _without_gtid(self):
        return [] if self.mariadb else ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF']

    def privileges(self, verb='check', name='poor'):
        """A user that may only log in is given what each refusal asks for, until nothing is missing; then it must do."""
        args = ['--until-caught-up'] if verb == 'follow' else []
        self.pair.target.query('SET GLOBAL automatic_sp_privileges=0')  # the one thing on 5.6 that is not mended by a GRANT
        for which, server in (('source', self.pair.source), ('target', self.pair.target)):
            server.query("CREATE USER %s@'%%' IDENTIFIED BY '%s'" % (name, PASSWORD))
            login = 'mysql://%s:%s@127.0.0.1:%d/' % (name, ENCODED, server.port)
            more = {'source': login} if which == 'source' else {'target': login}
            granted = self._mend(server, name, which, verb, *args, **more)
            assert granted, 'a user without any privilege on the %s passed %s' % (which, verb)
            say('%s: the %s needed: %s' % (verb, which, '; '.join(granted)))

    def _mend(self, server, name, which, verb, *args, target=None, **more):
        args += ('--target', target) if target else ()
        granted = []
        for _ in range(20):
            before = self._content()
            process = self.pair.run(verb, *args, expect=None, **more)
            if process.code == 0:
                return granted
            text = process.out + process.err
            assert process.code == 3, 'missing privilege on the %s: exit %s\n%s' % (which, process.code, text)
            assert PASSWORD not in text and self._content() == before, text
            grants = [grant.strip() for grant in re.findall(r'GRANT [^\n;]+ TO [^\n;]+', text)]
            assert grants and not set(grants) <= set(granted), 'no new GRANT that would mend it:\n%s' % text
            self.refused('missing privilege on the %s, %s' % (which, verb), 3, ['GRANT'], *args, verb=verb, **more)
            worked = [grant for grant in grants if self._give(server, grant, name)]
            assert worked, 'no GRANT that this server understands:\n%s' % text
            granted += worked
        raise AssertionError('still refused after %s' % granted)

    def _content(self):
        """What there is on the target, and the checkpoint."""
        found = self.pair.target.query("SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema NOT IN "
                                       "('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY 1, 2")
        lanes = self.pair.target.query('SELECT * FROM binstream.lane') if 'binstream' in self.databases() else None
        return found, lanes

    @staticmethod
    def _give(server, grant, name):
        """To the user as it was made here, however the message spells it. A hint may name several dialects."""
        try:
            server.query(re.sub(r' TO .*', " TO %s@'%%'" % name, grant))
            return True
        except pymysql.err.MySQLError:
            return False

    def not_empty(self):
        target = self.pair.target
        target.query('CREATE DATABASE shop')
        target.query('CREATE TABLE shop.t (id INT PRIMARY KEY)')
        target.query('INSERT INTO shop.t VALUES (77)')
        self.refused('target not empty', 3, [('shop.t', '`shop`.`t`', 'shop')])
        assert target.query('SELECT id FROM shop.t') == ((77,),), 'the table of the target was touched'
        target.query('DROP DATABASE shop')

    def without_task(self):
        self.refused('follow before any snapshot', (1, 2, 3), ['snapshot'], verb='follow')
        self.refused('cutover before any snapshot', (1, 2, 3), [], verb='cutover', source=False)

    def other_options(self):
        """What a task was begun with it keeps, and is not to be said again; what it was begun without is refused. A task of an
        older version, whose state does not tell, goes on with what is given."""
        folder = os.path.join(self.pair.dir, 'archive')
        self.pair.run('snapshot', '--archive', folder, target=False)
        position = '--position=' + ('gtid' if self.pair.gtid else 'file')
        for copy, more, source in (('snapshot', [position], True), ('load', ['--archive', folder], False)):
            process = self.pair.start(copy, *more, '--no-target-binlog', fault='snapshot-chunk-committed', source=source)
            process.wait(60)
            assert process.code == -9, process.tail()
            status = self.pair.status()
            assert (status['no_target_binlog'], status['keep_engines']) == (True, False), status
            refused = ["task 'default' was made without --keep-engines", 'leave the option out']
            self.refused('%s with other engines than before' % copy, 2, refused, *more, '--keep-engines', verb=copy, clean=False, source=source)
            written = self.pair.target.query('SHOW BINARY LOGS')
            self.pair.run(copy, *more, source=source)
            assert self.pair.target.query('SHOW BINARY LOGS') == written, 'the copy went on into the binary log of the target'
            self.refused('follow with other engines', 2, refused, '--keep-engines', '--until-caught-up', verb='follow', clean=False)
            self.pair.run('follow', '--until-caught-up')
            assert self.pair.target.query('SHOW BINARY LOGS') == written, 'the follow wrote into the binary log of the target'
            self.pair.target.query("DELETE FROM binstream.report WHERE kind = 'options'")
            self.pair.run('follow', '--until-caught-up', '--keep-engines', '--no-target-binlog')
            self.pair.run('reset', source=False)
            process = self.pair.start(copy, *more, fault='snapshot-chunk-committed', source=source)
            process.wait(60)
            refused = ["task 'default' was made without --no-target-binlog"]
            self.refused('%s with half of it logged' % copy, 2, refused, *more, '--no-target-binlog', verb=copy, clean=False, source=source)
            self.pair.run('reset', source=False)
        shutil.rmtree(folder)

    def secrets(self):
        """With the password on the command line, the process list must not show it while binstream runs."""
        login = 'mysql://guarded:%s@127.0.0.1:%d/' % (ENCODED, self.pair.source.port)
        copied = self.pair.run('snapshot', '--log-level=debug', '--position=' + ('gtid' if self.pair.gtid else 'file'), source=login)
        assert 'S3cret' not in copied.out + copied.err, copied.err
        self._copied_from_another()
        follow = self.pair.follow_start('--log-level=debug', source=login)
        self.pair.wait_applied(follow)
        with open('/proc/%d/cmdline' % follow.pid, 'rb') as handle:
            shown = handle.read().decode(errors='replace')
        assert 'follow' in shown and PASSWORD not in shown and ENCODED not in shown and 'S3cret' not in shown, shown
        assert self.refused('cutover without --until-cutover', (1, 2, 6), [], verb='cutover', source=False, clean=False).code != 0
        follow.kill9()
        assert PASSWORD not in follow.err and ENCODED not in follow.err
        kept = self.pair.target.query("SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'binstream'")
        assert kept[0][0] > 0
        self._state_holds_no_secret()
        follow = self.pair.follow_start(source=False, env={
            'BINSTREAM_SOURCE': 'mysql://guarded@127.0.0.1:%d/' % self.pair.source.port, 'BINSTREAM_SOURCE_PASSWORD': PASSWORD})
        self.pair.wait_applied(follow)
        # Accounts of the source pass by in its binlog.
        self.pair.source.query("CREATE USER passing@'%' IDENTIFIED BY 'Pa55ing-by'")
        self.pair.source.query("SET PASSWORD FOR passing@'%' = " + ("PASSWORD('Pa55ing-by2')" if self.hashes else "'Pa55ing-by2'"))
        self.pair.wait_applied(follow)
        follow.kill9()
        assert 'Pa55ing-by' not in follow.err + follow.out, "another account's password shows:\n" + follow.tail()
        say('passwords show nowhere: process list, logs, state')

    def _state_holds_no_secret(self):
        for (table,) in self.pair.target.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'binstream'"):
            rows = repr(self.pair.target.query('SELECT * FROM binstream.`%s`' % table))
            assert PASSWORD not in rows and ENCODED not in rows, 'binstream.%s holds the password' % table

    def damaged_events(self):
        """What arrives damaged is not applied; the same command without the damage goes on as if nothing had been."""
        for kind in ('flip', 'shorten'):
            with Proxy(self.pair.source.port) as proxy:
                proxy.damage = Damage(kind, nth=2)
                for n in range(4):
                    self.pair.source.query('REPLACE INTO shop.t VALUES (%d, UUID())' % (100 + n))
                uri = 'mysql://root@127.0.0.1:%d/?ssl-mode=DISABLED' % proxy.port
                process = self.refused('binlog event: ' + kind, 1, ['  at binlog.0'], verb='follow', source=uri, clean=False)
                assert proxy.damage.done.is_set(), 'no event was damaged'
                assert 'broke' not in process.err, 'the damaged event was read again:\n' + process.err
                late = 'SELECT id, v FROM shop.t WHERE id IN (101, 102, 103)'  # from the damaged one on
                assert not set(self.pair.source.query(late)) & set(self.pair.target.query(late)), 'a damaged event was applied or passed'
            self.pair.follow()
            self._same('after a damaged event (%s)' % kind)

    def _same(self, when):
        query = 'SELECT id, v FROM shop.t ORDER BY id'
        assert self.pair.source.query(query) == self.pair.target.query(query), when

    def _copied_from_another(self):
        """A copy that is complete is not told as one of whatever server is named now."""
        options = bs_harness.SOURCE + bs_harness.gtid_options(self.pair.names[0], self.pair.gtid)
        with Server(self.pair.names[0], options=options) as other:
            self.refused('a complete copy, of another server', 5, ['another server'], source='mysql://root@127.0.0.1:%d/' % other.port)

    def another_server(self):
        """Names and positions mean nothing on another server, even at the same address."""
        options = bs_harness.SOURCE + bs_harness.gtid_options(self.pair.names[0], self.pair.gtid)
        own = str(self.pair.source.port)
        with Server(self.pair.names[0], options=options) as other:
            self._stranger(other, ['another server', own, str(other.port)])
        # Unfit for a copy as well: that is not what is wrong here.
        with Server(self.pair.names[0], options=options + ['--binlog-format=STATEMENT', '--binlog-row-image=MINIMAL']) as other:
            self._stranger(other, ['another server', own, str(other.port)])
        with Server(self.pair.names[0], options=options + ['--server-id=' + own]) as other:
            # MariaDB has nothing else to tell servers apart by than what its log holds.
            self._stranger(other, [] if self.mariadb else ['another server'])
        if self.mariadb:
            self._successor(options + ['--server-id=' + own])

    def _stranger(self, other, words):
        other.query('CREATE DATABASE shop')
        other.query('CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(50)) ENGINE=InnoDB')
        other.query("INSERT INTO shop.t VALUES (999, 'from another server')")
        with Proxy(other.port) as proxy:
            self.refused('another server behind the same address', 5, words, verb='follow', clean=False,
                         source='mysql://root@127.0.0.1:%d/' % proxy.port)
        assert self.pair.target.query('SELECT COUNT(*) FROM shop.t WHERE id = 999')[0][0] == 0

    def _successor(self, options):
        """With the same server_id, files and GTIDs: only the age of its files tells."""
        with Server(self.pair.names[0], options=options) as other:
            for _ in range(len(self.pair.source.query('SHOW BINARY LOGS')) - len(other.query('SHOW BINARY LOGS'))):
                other.query('FLUSH LOGS')
            other.query('CREATE DATABASE scratch')
            other.query('CREATE TABLE scratch.t (id INT PRIMARY KEY AUTO_INCREMENT) ENGINE=InnoDB')
            for _ in range(300):
                other.query('INSERT INTO scratch.t VALUES (NULL)')
            self._stranger(other, ['is not the one that was read before'] if self.pair.gtid else [])

    def purged(self):
        source = self.pair.source
        source.query("REPLACE INTO shop.t VALUES (500, 'will be purged')")
        for _ in range(3):
            source.query('FLUSH LOGS')
        last = source.query('SHOW BINARY LOGS')[-1][0]
        self.pair.wait_until(lambda: self._purge(last), 'the source to purge its binlogs')
        self.refused('binlog purged', 5, ['purged', 'copy it anew'], verb='follow', clean=False)

    def _purge(self, last):
        """MariaDB keeps a file while something of the engine still needs it, so once may not be enough."""
        self.pair.source.query("PURGE BINARY LOGS TO '%s'" % last)
        return len(self.pair.source.query('SHOW BINARY LOGS')) == 1


def test(options):
    with bs_harness.pair_of(options, schema=False) as pair:
        bad = BadInput(pair, options)
        bad.small_schema()
        bad.usage()
        bad.without_task()
        bad.connections()
        bad.settings()
        bad.not_empty()
        bad.other_options()
        bad.privileges()
        bad.secrets()
        bad.privileges('follow', 'poorer')
        bad.damaged_events()
        bad.another_server()
        bad.purged()
        say('%d refusals as promised' % bad.checked)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    options = parser.parse_args()
    bs_harness.main('bad input %s gtid %s' % (options.pair, options.gtid), lambda: test(options))

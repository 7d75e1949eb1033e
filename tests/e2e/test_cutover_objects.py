#!/usr/bin/python3
"""What is made on the target at last, and what keeps it from being made: names that somebody else has taken there; what
the account may not see any more; events whose time comes while nobody runs them."""
import argparse
import contextlib

import bs_cutover
import bs_harness
from bs_cutover import settings, triggers
from bs_harness import say
from bs_servers import flavour

OWN_EVENT = "CREATE EVENT shop.awake ON SCHEDULE EVERY 1 DAY DO SET @y = 5"
OWN_TRIGGER = 'CREATE TRIGGER shop.one_row_audit BEFORE INSERT ON shop.own FOR EACH ROW SET @y = 5'


class Objects:
    def __init__(self, pair):
        self.pair = pair
        self.before = settings(pair)

    def ready(self, *args, **more):
        follow = self.pair.follow_start('--until-cutover', '--json', *args, **more)
        self.pair.wait_applied(follow)
        return follow

    def refused(self, follow, *words, expect=1):
        """Nothing is frozen: writers notice nothing."""
        frozen = follow.err.count('freezing the source')
        cutover = self.pair.run('cutover', source=False, expect=(expect,))
        for word in words:
            assert word in cutover.out + cutover.err, cutover.tail()
        assert follow.err.count('freezing the source') == frozen, follow.tail()
        assert settings(self.pair) == self.before, settings(self.pair)
        self.pair.wait_applied(follow)

    # ---- names that are taken --------------------------------------------------------------------------------------

    def taken(self):
        """By objects that the operator has made after the snapshot. They are named, and stay."""
        target = self.pair.target
        target.query('CREATE TABLE shop.own (n INT PRIMARY KEY)')
        follow = self.ready()
        for own, kind, name in ((OWN_TRIGGER, 'TRIGGER', 'one_row_audit'), (OWN_EVENT, 'EVENT', 'awake')):
            target.query(own)
            self.refused(follow, '%s shop.%s is on the target already' % (kind, name), 'ask for the cutover again')
            self.taken_late(follow, own, kind, name)
        target.query('DROP TABLE shop.own')
        follow.kill9()
        say('names that are taken on the target: refused before the freeze and behind it, and nobody\'s object dropped')

    def taken_late(self, follow, own, kind, name):
        """Made when nobody looks any more: while the freeze waits for a writer."""
        target = self.pair.target
        target.query('DROP %s shop.%s' % (kind, name))
        with contextlib.closing(self.pair.source.connect()) as holder, holder.cursor() as cursor:
            cursor.execute('LOCK TABLES lab.sentinel WRITE')
            cutover = self.pair.start('cutover', source=False)
            self.pair.wait_until(lambda: bs_cutover.waiting(self.pair, 'SET GLOBAL'), 'a freeze that waits', follow=follow)
            target.query(own)
            cursor.execute('UNLOCK TABLES')
        cutover.wait(60)
        cutover.expect(1)
        assert 'is on the target already' in cutover.out, cutover.tail()
        self.pair.wait_until(lambda: settings(self.pair) == self.before, 'the settings of the source to be put back', follow=follow)
        self.pair.wait_applied(follow)
        assert triggers(self.pair) == (kind == 'TRIGGER') and len(bs_cutover.events(self.pair)) == (kind == 'EVENT'), 'what is not binstream\'s was dropped'
        target.query('DROP %s shop.%s' % (kind, name))

    # ---- what is hidden --------------------------------------------------------------------------------------------

    def hidden(self):
        """Privileges are taken away after check has seen them: what cannot be seen must not be taken for what is not there."""
        source = self.pair.source
        more = 'BINLOG MONITOR, SLAVE MONITOR' if self.pair.names[0].startswith('mariadb') else 'REPLICATION CLIENT'
        source.query("CREATE USER mover@'%' IDENTIFIED BY 'm'")
        source.query("GRANT SELECT, RELOAD, LOCK TABLES, SHOW VIEW, TRIGGER, EVENT, PROCESS, REPLICATION SLAVE, SUPER, " + more + " ON *.* TO mover@'%'")
        follow = self.ready(source='mysql://mover:m@127.0.0.1:%d/' % source.port)
        for privilege in ('TRIGGER', 'EVENT', 'SELECT'):
            source.query("REVOKE %s ON *.* FROM mover@'%%'" % privilege)
            self.refused(follow, privilege + ' on *.*', 'GRANT %s ON *.* TO' % privilege)
            source.query("GRANT %s ON *.* TO mover@'%%'" % privilege)
        follow.kill9()
        say('triggers, events and counters that the account may not see any more: refused before the freeze')

    # ---- a target that takes no events -----------------------------------------------------------------------------

    def no_events(self):
        """Restarted behind the back of a follow, whose check has seen another."""
        follow = self.ready()
        self.pair.target.restart('--event-scheduler=DISABLED')
        self.pair.wait_applied(follow)
        self.refused(follow, 'takes no events', 'restart it')
        follow.kill9()
        self.pair.run('follow', '--until-caught-up', expect=(3,))
        self.pair.target.restart()
        say('a target that takes no events: refused before the freeze, and by check')

    # ---- events whose time has come --------------------------------------------------------------------------------

    def due(self):
        """Before the cutover, and while its hook runs. The source runs no events: that of a freeze is the same."""
        source, target = self.pair.source, self.pair.target
        source.query('SET GLOBAL event_scheduler = OFF')
        for name, seconds, more in (('old', 1, 'DISABLE'), ('early', 1, ''), ('once', 4, ''), ('kept', 4, 'ON COMPLETION PRESERVE'), ('later', 3600, '')):
            source.query('CREATE EVENT shop.%s ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL %d SECOND %s DO SET @x = 1' % (name, seconds, more))
        hook = bs_cutover.Hook(self.pair)
        follow = self.ready('--freeze', 'lock-tables', '--hook', hook.command)
        self.wait_due(2)
        cutover = self.pair.start('cutover', source=False)
        hook.wait_begun(follow)
        self.wait_due(4)
        source.query('DROP EVENT shop.asleep')  # these locks do not hold that back
        hook.end(0)
        cutover.wait(60)
        cutover.expect(0)
        follow.wait(60)
        follow.expect(0)
        assert bs_cutover.events(self.pair) == sorted(bs_cutover.AWAKE + [('kept', 'DISABLED'), ('later', 'ENABLED')]), bs_cutover.events(self.pair)
        report = bs_cutover.report_of(follow)
        assert report['events'] == 4 and not report['written_late'], report
        for text in (report['events_missed'], cutover.out, follow.err):
            for words in ('shop.old was not made: it is disabled', 'shop.early was not made: its time came', 'shop.once was not made: its time came',
                          'shop.kept is there, but disabled: its time came', 'shop.asleep is there, but disabled: the source does not show it'):
                assert words in text, text
            assert 'later' not in report['events_missed'], report
        # Nor do the others run, on a target whose scheduler is off, as it is by MariaDB's default.
        assert report['events_wait'] == 'OFF' and 'SET GLOBAL event_scheduler=ON' in cutover.out and 'event_scheduler is OFF' in follow.err, report
        noted = {row[0] for row in target.query("SELECT CAST(name AS CHAR) FROM binstream.made WHERE kind = 'EVENT'")}
        assert noted == {'awake', 'asleep', 'kept', 'later'}, noted
        say('events whose time came while nobody ran them: said by name')

    def wait_due(self, count):
        due = "SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'shop' AND EXECUTE_AT < NOW()"
        self.pair.wait_until(lambda: self.pair.source.query(due)[0][0] >= count, 'the time of %d events' % count, interval=0.1)


def test(options):
    with bs_harness.pair_of(options, schema=False) as pair:
        bs_cutover.load(pair)
        pair.snapshot()
        objects = Objects(pair)
        objects.taken()
        objects.hidden()
        if flavour(pair.names[1]) == 'mariadb':
            objects.no_events()
        objects.due()


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    options = parser.parse_args()
    bs_harness.main('cutover objects %s gtid %s' % (options.pair, options.gtid), lambda: test(options))

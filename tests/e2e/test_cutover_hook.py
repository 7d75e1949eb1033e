#!/usr/bin/python3
"""The hook, with each way to freeze: while it runs the source is frozen; its exit code decides; killed while it runs, the rerun
runs it again and completes, or stops and asks. Nothing of it is undone once it has ended with 0."""
import argparse
import os
import signal
import sys
import unittest.mock

import bs_cutover
import bs_harness
from bs_cutover import settings, triggers
from bs_harness import say
from bs_proxy import Proxy

# A shell may set SIGCHLD as it likes before it runs another program.
APART = """#!%s
import os, signal, sys
for number in (signal.SIGCHLD, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
os.execv('%s', ['binstream'] + sys.argv[1:])
"""
MODES = ['read-only', 'lock-tables', 'ftwrl', 'none']


class Hooks:
    def __init__(self, pair):
        self.pair = pair
        self.hook = bs_cutover.Hook(pair)
        self.before = settings(pair)

    def ready(self, *args, **more):
        """A follow that has caught up."""
        follow = self.pair.follow_start('--until-cutover', '--json', *args, **more)
        self.pair.wait_applied(follow)
        return follow

    def judge(self):
        assert bs_cutover.events(self.pair) == bs_cutover.AWAKE, bs_cutover.events(self.pair)
        self.pair.judge()

    def is_as_before(self):
        assert settings(self.pair) == self.before, settings(self.pair)
        assert bs_cutover.events(self.pair) == []
        assert triggers(self.pair) == 0, 'triggers were left on the target: they would fire on replayed rows'

    def frozen(self, mode):
        # One that fires on the target before the traffic goes there could not be undone.
        assert bs_cutover.events(self.pair) == bs_cutover.ASLEEP, bs_cutover.events(self.pair)
        if mode != 'none':
            assert bs_cutover.app_is_held(self.pair), 'an application can write while the hook runs (%s)' % mode

    # ---- each mode -------------------------------------------------------------------------------------------------

    def mode(self, mode):
        """Refused by the hook: undone. Asked again: done."""
        self.hook.forget()
        follow = self.ready('--freeze', mode, '--hook', self.hook.command)
        cutover = self.pair.start('cutover', source=False)
        self.hook.wait_begun(follow)
        self.frozen(mode)
        self.hook.end(3)
        cutover.wait(60)
        cutover.expect(6)
        assert 'exit code 3' in cutover.out and 'the hook "speaks"' in cutover.out, cutover.tail()
        self.is_as_before()
        assert not bs_cutover.app_is_held(self.pair)
        self.pair.wait_applied(follow)
        self.hook.forget()
        cutover = self.pair.start('cutover', '--json', source=False)
        self.hook.wait_begun(follow)
        self.frozen(mode)
        self.check_environment()
        self.hook.end(0)
        cutover.wait(60)
        cutover.expect(0)
        follow.wait(60)
        follow.expect(0)
        self.check_report(bs_cutover.report_of(follow), mode)
        assert triggers(self.pair) == 1
        self.judge()
        say('%s: held while the hook ran, undone when it refused, done when it did not' % mode)
        bs_cutover.begin_again(self.pair)

    def check_environment(self):
        env = self.hook.env
        assert env['BINSTREAM_SOURCE'] == 'mysql://root@127.0.0.1:%d/' % self.pair.source.port, env
        assert env['BINSTREAM_TARGET_PORT'] == str(self.pair.target.port), env
        assert env['BINSTREAM_TASK'] == 'default' and env['BINSTREAM_HOOK_ATTEMPT'] == '1', env
        assert env['BINSTREAM_FINAL_FILE'] and int(env['BINSTREAM_FINAL_POS']) > 0, env
        assert bool(env['BINSTREAM_FINAL_GTID']) == self.pair.has_gtid(), env
        assert not [name for name in env if 'PASSWORD' in name], env
        assert env.get('SSL_CERT_FILE') == os.environ.get('SSL_CERT_FILE'), env

    def check_report(self, report, mode):
        assert report['freeze'] == mode and report['hook_exit'] == 0 and report['freeze_ms'] > 0, report
        assert report['final_file'] == self.hook.env['BINSTREAM_FINAL_FILE'], report
        assert report['target_file'] and report['target_pos'] > 0, report
        assert report['triggers'] == 1 and report['written_late'] is False, report

    # ---- the time --------------------------------------------------------------------------------------------------

    def out_of_time(self):
        """A hook that does not end is ended, and all that it has started."""
        self.hook.forget()
        pid_file = self.hook.base + '.pid'
        follow = self.ready('--hook', "sleep 600 & echo $! > '%s'; %s" % (pid_file, self.hook.command))
        cutover = self.pair.run('cutover', '--max-freeze', '2', source=False, expect=(6,))
        assert 'the hook was not over in time' in cutover.out, cutover.tail()
        with open(pid_file) as handle:
            pid = int(handle.read())
        self.pair.wait_until(lambda: not is_alive(pid), 'the child of the hook to end')
        self.is_as_before()
        self.pair.wait_applied(follow)
        follow.kill9()
        say('a hook that was not over in time was ended, the cutover undone')

    # ---- who writes on ---------------------------------------------------------------------------------------------

    def written_before_hook(self):
        """Nobody has stopped the writers. What comes late must not meet the triggers that the target has by then."""
        follow = self.ready('--freeze', 'none')
        ticker = bs_cutover.Ticker(self.pair, 'app', pause=0.001, go_on=True)
        ticker.start()
        for _ in range(5):
            ticker.wait_for(30)
            cutover = self.pair.run('cutover', source=False, expect=(6,))
            assert 'rows of shop.' in cutover.out, cutover.tail()
        ticker.stop()
        self.pair.wait_applied(follow)
        self.is_as_before()
        self.judge_rows()
        follow.kill9()
        say('five cutovers beside a writer: undone, no trigger fired on a replayed row')

    def written_while_hook_runs(self):
        """Too late to undo anything: it is said, and the exit code is 4."""
        self.hook.forget()
        follow = self.ready('--freeze', 'none', '--hook', self.hook.command)
        cutover = self.pair.start('cutover', source=False)
        self.hook.wait_begun(follow)
        self.pair.source.query(bs_cutover.WRITE)
        self.hook.end(0)
        cutover.wait(60)
        cutover.expect(4)
        follow.wait(60)
        follow.expect(4)
        assert bs_cutover.report_of(follow)['written_late'] is True, follow.out
        assert 'does NOT have' in cutover.out and 'rows of shop.one_row' in follow.err, cutover.tail()
        again = self.pair.run('cutover', source=False, expect=(4,))
        assert 'does NOT have' in again.out, again.tail()
        self.pair.run('follow', '--until-cutover', expect=(4,))
        say('written to while the hook ran: done, and said')
        bs_cutover.begin_again(self.pair)

    def altered_while_hook_runs(self):
        """A trigger that is made when those of the target are made already."""
        self.hook.forget()
        follow = self.ready('--freeze', 'none', '--hook', self.hook.command)
        cutover = self.pair.start('cutover', source=False)
        self.hook.wait_begun(follow)
        self.pair.source.query('CREATE TRIGGER shop.late BEFORE INSERT ON shop.one_row FOR EACH ROW SET @late = 1')
        self.hook.end(0)
        cutover.wait(60)
        cutover.expect(4)
        follow.wait(60)
        follow.expect(4)
        assert bs_cutover.report_of(follow)['written_late'] is True, follow.out
        say('a trigger made while the hook ran: done, and said')
        self.pair.source.query('DROP TRIGGER shop.late')
        bs_cutover.begin_again(self.pair)

    def freed_while_hook_runs(self, how):
        """Somebody sets the source free, or it starts anew: what was written is looked for whatever became of the freeze, and
        nothing is claimed that does not hold."""
        self.hook.forget()
        follow = self.ready('--hook', self.hook.command)
        cutover = self.pair.start('cutover', source=False)
        self.hook.wait_begun(follow)
        if how == 'restarted':
            self.pair.source.kill9()
            self.pair.source.start()
        else:
            bs_cutover.thaw(self.pair)
        written = how != 'freed'
        assert not written or not bs_cutover.app_is_held(self.pair), 'an application could not write'
        self.hook.end(0)
        cutover.wait(60)
        cutover.expect(4)
        follow.wait(60)
        follow.expect(4)
        report = bs_cutover.report_of(follow)
        assert report['written_late'] is (True if written else None) and report['stays_read_only'] is False, report
        assert written or 'read_only=OFF' in report['late_unknown'], report
        assert ('does NOT have that' if written else 'is NOT known') in cutover.out, cutover.out
        assert 'has all' not in cutover.out and 'stays read-only' not in cutover.out, cutover.out
        assert self.hook.begun == 1
        say('the source was %s while the hook ran: done, and said' % how)
        bs_cutover.begin_again(self.pair)

    def started_apart(self):
        """By somebody who ignores SIGCHLD and SIGHUP, which is inherited: the hook's end is seen, and SIGHUP means nothing."""
        self.hook.forget()
        shell = os.path.join(self.pair.dir, 'apart')
        with open(shell, 'w') as handle:
            handle.write(APART % (sys.executable, bs_harness.BINSTREAM))
        os.chmod(shell, 0o755)
        with unittest.mock.patch.object(bs_harness, 'BINSTREAM', shell):
            follow = self.ready('--hook', self.hook.command)
        follow.signal(signal.SIGHUP)
        cutover = self.pair.start('cutover', source=False)
        self.hook.wait_begun(follow)
        self.hook.end(3)
        cutover.wait(60)
        cutover.expect(6)
        self.pair.wait_applied(follow)
        self.is_as_before()
        follow.kill9()
        say('started with SIGCHLD and SIGHUP ignored: the hook was heard')

    def taken_over(self):
        """A second follow takes the task over while the hook of the first one runs: one of them ends it."""
        self.hook.forget()
        first = self.ready('--hook', self.hook.command)
        cutover = self.pair.start('cutover', source=False)
        self.hook.wait_begun(first)
        second = self.pair.follow_start('--until-cutover', '--json')
        self.hook.wait_begun(second, 2)
        self.hook.end(0)
        second.wait(60)
        second.expect(0)
        cutover.wait(60)
        cutover.expect(0)
        first.wait(60)
        assert first.code not in (0, -9), first.tail()
        self.judge()
        say('taken over while the hook ran: the second one completed')
        bs_cutover.begin_again(self.pair)

    # ---- kill -9 ---------------------------------------------------------------------------------------------------

    def stop_at_once(self, follow):
        """By a second signal: what that leaves behind is said."""
        def signalled():
            follow.signal(signal.SIGQUIT)
            return not follow.running
        self.pair.wait_until(signalled, 'the follow to stop', interval=0.05)
        follow.expect(6)
        assert 'by a second signal' in follow.err and 'the source may still be frozen' in follow.err, follow.tail()

    def die_in_hook(self, mode, kill=lambda follow: follow.kill9()):
        """A follow killed while its hook runs; the rerun is the caller's."""
        self.hook.forget()
        follow = self.ready('--freeze', mode, '--hook', self.hook.command)
        cutover = self.pair.start('cutover', source=False)
        self.hook.wait_begun(follow)
        kill(follow)
        cutover.wait(30)
        cutover.expect(1)
        assert triggers(self.pair) == 1

    def killed_in_hook(self, mode):
        """The first hook, an orphan by now, goes on to its end as well."""
        self.die_in_hook(mode)
        plain = self.pair.run('follow', '--until-caught-up', expect=(2,))
        assert 'must be completed' in plain.err, plain.tail()
        reset = self.pair.run('reset', source=False, expect=(2,))
        assert 'cut short' in reset.err, reset.tail()
        self.pair.run('abort', source=False, expect=(1,))
        follow = self.pair.follow_start('--until-cutover', '--json')
        self.hook.wait_begun(follow, 2)
        self.frozen(mode)
        assert self.hook.env['BINSTREAM_HOOK_ATTEMPT'] == '2', self.hook.env
        self.hook.end(0)
        follow.wait(60)
        follow.expect(0)
        assert bs_cutover.report_of(follow)['hook_attempts'] == 2, follow.out
        self.judge()
        say('%s: killed while the hook ran: the rerun ran it again, and completed' % mode)
        bs_cutover.begin_again(self.pair)

    def hook_fails_again(self):
        """Begun once and lost, failed the second time: nobody knows what the first did. Nothing is undone."""
        self.die_in_hook('read-only', self.stop_at_once)
        frozen = settings(self.pair)
        self.hook.end(5)
        follow = self.pair.run('follow', '--until-cutover', expect=(1,))
        assert 'exit code 5' in follow.err and '--hook-lost' in follow.err, follow.tail()
        assert settings(self.pair) == frozen and triggers(self.pair) == 1
        follow = self.ready_by_word('undo')
        self.is_as_before()
        self.pair.wait_applied(follow)
        follow.kill9()
        say('failed the second time: stopped and asked; undone by the operator\'s word')

    def ready_by_word(self, word):
        follow = self.pair.follow_start('--until-cutover', '--json', '--hook-lost', word)
        self.pair.wait_until(lambda: settings(self.pair) == self.before, 'the settings to be put back', follow=follow)
        self.pair.wait_until(lambda: triggers(self.pair) == 0, 'the triggers to go', follow=follow)
        self.pair.wait_until(lambda: bs_cutover.events(self.pair) == [], 'the events to go', follow=follow)
        return follow

    def written_after_death(self, word):
        """The locks of the dead go, or the operator sets the source free, and it is written to: who is right, only the operator
        knows."""
        self.die_in_hook('ftwrl' if word == 'undo' else 'read-only')
        self.hook.end(0)
        if word == 'done':
            bs_cutover.thaw(self.pair)
        self.pair.wait_until(lambda: not bs_cutover.app_is_held(self.pair), 'the locks of the dead to go')
        audit = self.pair.target.query('SELECT COUNT(*) FROM shop.audit')
        follow = self.pair.run('follow', '--until-cutover', expect=(1,))
        assert 'shop.one_row' in follow.err and '--hook-lost' in follow.err, follow.tail()
        assert self.pair.target.query('SELECT COUNT(*) FROM shop.audit') == audit, 'a late write was applied'
        if word == 'undo':
            follow = self.ready_by_word('undo')
            self.pair.wait_applied(follow)
            follow.kill9()
            self.judge_rows()
        else:
            bs_cutover.thaw(self.pair)  # the rerun had frozen it again
            follow = self.pair.run('follow', '--until-cutover', '--hook-lost', 'done', '--json', expect=(4,))
            report = bs_cutover.report_of(follow)
            assert 'operator' in report['hook'] and report['written_late'] is True, follow.out
            assert 'shop.one_row' in follow.err, follow.tail()
            assert self.pair.target.query('SELECT COUNT(*) FROM shop.audit') == audit
            bs_cutover.begin_again(self.pair)
        say('written to after the death: stopped and asked; --hook-lost=%s' % word)

    # ---- the target dies -------------------------------------------------------------------------------------------

    def target_lost(self, code):
        """While the hook runs. What it said is not forgotten, nor is it run again: its end was seen."""
        self.hook.forget()
        follow = self.ready('--hook', self.hook.command)
        cutover = self.pair.start('cutover', source=False)
        self.hook.wait_begun(follow)
        self.pair.target.kill9()
        self.hook.end(code)
        cutover.wait(30)
        self.pair.wait_until(lambda: 'going back to the last commit' in follow.err, 'follow to notice', follow=follow)
        if code != 0:
            assert settings(self.pair) == self.before, 'the source waits for a target that is away'
        self.pair.target.start()
        if code == 0:
            follow.wait(60)
            follow.expect(0)
            assert bs_cutover.report_of(follow)['hook_attempts'] == 1, follow.out
            self.judge()
            bs_cutover.begin_again(self.pair)
        else:
            self.pair.wait_until(lambda: triggers(self.pair) == 0, 'the triggers to go', follow=follow)
            self.pair.wait_applied(follow)
            self.is_as_before()
            follow.kill9()
        assert self.hook.begun == 1
        say('the target died while the hook ran, which said %d: %s' % (code, 'completed' if code == 0 else 'undone'))

    def target_hangs(self, code):
        """While the hook runs, and does not even refuse connections. What the hook says no to frees the source in time all the
        same; what it says yes to never does, and a stop is heeded."""
        self.hook.forget()
        follow = self.ready('--hook', self.hook.command, '--max-freeze', '5')
        cutover = self.pair.start('cutover', source=False)
        self.hook.wait_begun(follow)
        with bs_cutover.hanging(self.pair.target):
            self.hook.end(code)
            if code != 0:
                self.pair.wait_until(lambda: settings(self.pair) == self.before, 'the source to be free', timeout=20, follow=follow)
            else:
                self.pair.wait_until(lambda: not self.hook.runs, 'the hook to end', follow=follow)
                follow.signal(signal.SIGTERM)
                follow.wait(30)
                follow.expect(6)
                assert settings(self.pair) != self.before, 'the source was set free behind a hook that had ended with 0'
        cutover.wait(30)
        if code != 0:
            cutover.expect(1, 6)  # it gives up waiting for a follow that is not back within seconds
            self.pair.wait_until(lambda: triggers(self.pair) == 0, 'the triggers to go', follow=follow)
            self.pair.wait_applied(follow)
            self.is_as_before()
            assert self.hook.begun == 1
            follow.kill9()
        else:
            self.pair.run('follow', '--until-cutover')
            assert self.hook.begun == 2
            self.judge()
            bs_cutover.begin_again(self.pair)
        say('the target hung while the hook ran, which said %d: %s' % (code, 'left frozen, completed later' if code == 0 else 'undone in time'))

    def machine_dies(self, mode):
        """The follow's, without a word to the source, while it holds its locks there: they go soon after the time of the freeze.
        As long as it lives its session is pinged."""
        self.hook.forget()
        with Proxy(self.pair.source.port) as proxy:
            follow = self.ready('--freeze', mode, '--hook', self.hook.command, '--max-freeze', '6', source='mysql://root@127.0.0.1:%d/' % proxy.port)
            others = {process['id'] for process in self.pair.source.processes()}
            cutover = self.pair.start('cutover', source=False)
            self.hook.wait_begun(follow)
            idle = {}
            def pinged():
                """A session of the cutover that has been idle for a while is idle for less."""
                now = {process['id']: process['time'] for process in self.pair.source.processes() if process['id'] not in others}
                less = [number for number in now if now[number] < idle.get(number, 0)]
                idle.update(now)
                return less
            self.pair.wait_until(pinged, 'the session with the locks to be pinged', timeout=20, follow=follow)
            links = proxy.half_open('client', 'server')
            follow.kill9()
            assert self.hook.runs and bs_cutover.app_is_held(self.pair), 'the freeze was over before the machine died'
            self.hook.end(3)
            self.pair.wait_until(lambda: not bs_cutover.app_is_held(self.pair), 'the locks to go', timeout=30)
            cutover.wait(30)
            proxy.let_go(links)
        follow = self.ready_by_word('undo')
        self.pair.wait_applied(follow)
        self.is_as_before()
        follow.kill9()
        say('%s: the machine of the follow died: the locks went' % mode)

    def judge_rows(self):
        for table in ('shop.one_row', 'shop.audit'):
            query = 'SELECT * FROM %s ORDER BY 1' % table
            assert self.pair.source.query(query) == self.pair.target.query(query), table

    def killed_at(self, point, hook, again):
        """At a named point with a hook that ends at once. again: how often it runs in all."""
        self.hook.forget()
        self.hook.end(hook)
        follow = self.ready('--hook', self.hook.command, fault=point)
        # The answer is in the transaction that ends the task: behind it, it is there.
        self.pair.run('cutover', source=False, expect=(0,) if point == 'cutover-done' else (1,))
        follow.wait(30)
        assert follow.code == -9 and 'fault point hit: ' + point in follow.err, follow.tail()
        if hook == 0:
            follow = self.pair.run('follow', '--until-cutover', '--json')
            assert self.hook.begun == again, self.hook.begun
            self.judge()
            bs_cutover.begin_again(self.pair)
        else:
            follow = self.ready()
            self.is_as_before()
            assert self.hook.begun == again, self.hook.begun
            follow.kill9()
        say('killed at %s: %s' % (point, 'completed' if hook == 0 else 'undone'))


def is_alive(pid):
    try:
        with open('/proc/%d/stat' % pid) as handle:
            return handle.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except FileNotFoundError:
        return False


def test(options):
    with bs_harness.pair_of(options, schema=False) as pair:
        pair.has_gtid = lambda: options.gtid == 'on' or pair.names[0].startswith('mariadb')
        bs_cutover.load(pair)
        pair.snapshot()
        hooks = Hooks(pair)
        for mode in MODES:
            hooks.mode(mode)
        hooks.out_of_time()
        hooks.written_before_hook()
        hooks.written_while_hook_runs()
        hooks.altered_while_hook_runs()
        for how in ('freed', 'freed and written to', 'restarted'):
            hooks.freed_while_hook_runs(how)
        hooks.started_apart()
        hooks.taken_over()
        for mode in ('read-only', 'lock-tables'):
            hooks.killed_in_hook(mode)
        hooks.hook_fails_again()
        hooks.written_after_death('undo')
        hooks.written_after_death('done')
        hooks.target_lost(3)
        hooks.target_lost(0)
        hooks.machine_dies('ftwrl')
        hooks.target_hangs(3)
        hooks.target_hangs(0)
        for point, hook, again in (('hook-marked', 0, 1), ('hook-ended', 0, 2), ('cutover-reported', 0, 2), ('events-awake', 0, 2), ('cutover-done', 0, 1),
                                   ('undo-source-free', 3, 1), ('undo-phase-back', 3, 1)):
            hooks.killed_at(point, hook, again)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    options = parser.parse_args()
    bs_harness.main('hook %s gtid %s' % (options.pair, options.gtid), lambda: test(options))

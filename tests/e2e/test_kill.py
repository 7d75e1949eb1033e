"""kill -9 of follow at named points and at random instants, a rerun each time, writers and DDL on; at the end every row
is compared, tables without a key included. Also: snapshot killed and rerun, a COMMIT that waits behind another
session's lock while its sender is dead, and two follows at once."""

import argparse
import random
import signal
import time

import bs_harness
from bs_harness import say

TRANSACTION_POINTS = ['txn-open', 'commit-sent', 'commit-answered']
DDL_POINTS = ['ddl-intent-committed', 'ddl-sent', 'ddl-answered', 'ddl-checkpointed']
TAKEOVER_POINTS = ['takeover-killed', 'takeover-locked', 'takeover-epoch-raised']


class Killing:
    def __init__(self, pair, options):
        self.pair, self.options = pair, options
        self.rng = random.Random(pair.seed)
        self.hits = {}

    def died(self, process, point):
        process.wait(60)
        assert process.code == -signal.SIGKILL, 'follow should have died at %s: exit %s\n%s' % (point, process.code, process.tail())
        assert 'fault point hit: ' + point in process.err, process.tail()
        self.hit(point)

    def hit(self, point):
        self.hits[point] = self.hits.get(point, 0) + 1

    def snapshot_killed(self):
        """The target's own data, which the task has not made, must survive the reruns."""
        self.pair.target.query('CREATE DATABASE bystander')
        self.pair.target.query('CREATE TABLE bystander.t (id INT PRIMARY KEY)')
        self.pair.target.query('INSERT INTO bystander.t VALUES (1)')
        for _ in range(self.options.snapshot_kills):
            process = self.pair.start('snapshot')
            time.sleep(self.rng.uniform(0.05, 0.6))
            process.kill9()
            self.hit('snapshot killed' if process.code == -signal.SIGKILL else 'snapshot done before the kill')
            if process.code == 0:
                return
        self.pair.snapshot()
        assert self.pair.target.query('SELECT COUNT(*) FROM bystander.t')[0][0] == 1

    def named_points(self):
        for point in TRANSACTION_POINTS + DDL_POINTS:
            highest = 40 if point in TRANSACTION_POINTS else 6
            for nth in (1, self.rng.randint(2, highest)):
                self.died(self.pair.follow_start('--until-cutover', fault='%s:%d' % (point, nth)), point)

    def takeover_points(self):
        """The one that takes over dies half way; the next one must cope with what it left."""
        for point in TAKEOVER_POINTS:
            first = self.pair.follow_start('--until-cutover')
            self.pair.wait_applied(first)
            self.died(self.pair.follow_start('--until-cutover', fault=point), point)
            second = self.pair.follow_start('--until-cutover')
            self.pair.wait_applied(second)
            first.wait(30)
            assert first.code != 0, 'the follow whose task was taken over ended with 0'
            second.kill9()

    def idle_point(self):
        for actor in self.pair.actors:
            if hasattr(actor, 'pause'):
                actor.pause()
        self.died(self.pair.follow_start('--until-cutover', fault='idle'), 'idle')
        for actor in self.pair.actors:
            if hasattr(actor, 'resume'):
                actor.resume()

    def random_kills(self):
        for _ in range(self.options.random):
            process = self.pair.follow_start('--until-cutover')
            time.sleep(self.rng.uniform(0.02, 0.9))
            process.kill9()
            assert process.code == -signal.SIGKILL, process.tail()
            self.hit('random')

    # ---- a statement that outlives its sender ----------------------------------------------------------------------

    def blocked(self, name, take, release):
        """With the lock taken, waits until a session of follow hangs behind it, kills follow, starts the rerun, and lets the
        lock go only when the rerun is connected. What the dead one had sent must land either wholly before the rerun
        reads its checkpoint, or never."""
        follow = self.pair.follow_start('--until-cutover')
        self.pair.wait_applied(follow)
        holder = self.pair.target.connect()
        with holder.cursor() as cursor:
            for statement in take:
                cursor.execute(statement)
            waiting = self.pair.wait_until(self._waiting, 'a statement of follow behind the lock', follow=follow)
            follow.kill9()
            before = self._session_ids()
            rerun = self.pair.follow_start('--until-cutover')
            self.pair.wait_until(lambda: self._session_ids() - before, 'sessions of the rerun', follow=rerun)
            time.sleep(0.3)  # the rerun is somewhere in its take-over; where exactly is left to chance
            cursor.execute(release)
        holder.close()
        self.pair.wait_applied(rerun)
        self.hit('%s, hanging: %s' % (name, waiting))
        rerun.kill9()

    def _session_ids(self):
        """Only the holder and binstream stay connected to the target."""
        return {process['id'] for process in self.pair.target.processes()}

    def _waiting(self):
        """What a statement waits for, if one does."""
        for process in self.pair.target.processes():
            if process['command'] in ('Query', 'Execute') and (process['state'] or '').startswith('Waiting for'):
                return process['state']
        return 'a row' if self.pair.target.has_row_wait() else None

    def held_locks(self):
        for _ in range(self.options.locks):
            self.blocked('lane row locked', ['BEGIN', 'SELECT * FROM binstream.lane FOR UPDATE'], 'COMMIT')
            self.blocked('global read lock', ['FLUSH TABLES WITH READ LOCK'], 'UNLOCK TABLES')

    # ---- two at once -----------------------------------------------------------------------------------------------

    def two_at_once(self):
        one, two = self.pair.follow_start('--until-cutover'), self.pair.follow_start('--until-cutover')
        loser = self.pair.wait_until(lambda: (not one.running and one) or (not two.running and two), 'one of two follows to give up')
        winner = two if loser is one else one
        assert loser.code not in (0, -signal.SIGKILL), 'exit %s' % loser.code
        message = loser.err.lower() + loser.out.lower()
        assert any(word in message for word in ('another', 'taken over', 'took over', 'other binstream')), loser.tail()
        say('two at once: one gave up with exit %d: %s' % (loser.code, loser.err.strip().splitlines()[-1][:160]))
        self.pair.wait_applied(winner)
        winner.kill9()
        self.hit('two at once')


def test(options):
    with bs_harness.pair_of(options) as pair:
        writers = pair.writers(count=2, pace=0.02).start()
        killing = Killing(pair, options)
        killing.snapshot_killed()
        ddl = pair.ddl(pace=0.1).start()
        killing.named_points()
        ddl.stop()
        assert not ddl.failures, ddl.failures
        killing.takeover_points()
        killing.idle_point()
        killing.held_locks()
        killing.two_at_once()
        killing.random_kills()
        follow = pair.follow_start('--until-cutover')
        pair.wait_applied(follow)
        writers.wait_for(20)
        pair.cutover(follow=follow)
        pair.stop_actors()
        for point, count in sorted(killing.hits.items()):
            say('hit %3d times: %s' % (count, point))
        pair.target.query('DROP DATABASE bystander')
        pair.judge()


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    parser.add_argument('--random', type=int, default=20)
    parser.add_argument('--locks', type=int, default=2)
    parser.add_argument('--snapshot-kills', type=int, default=2)
    options = parser.parse_args()
    bs_harness.main('kill %s gtid %s' % (options.pair, options.gtid), lambda: test(options))

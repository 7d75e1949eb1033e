#!/usr/bin/python3
"""A source that is a node of a cluster, in which others take writes as well: no freeze of it is one. Galera, or a group with several
primaries; with one primary alone a cutover is as on any other server."""
import argparse
import json

import bs_cutover
import bs_harness
from bs_clusters import Galera, GroupReplication
from bs_cutover import settings
from bs_harness import say

KINDS = {'galera': (Galera, ['--log-slave-updates=ON'], {}), 'group': (GroupReplication, [], {'multi_primary': True})}
TABLES = ['CREATE DATABASE shop', 'CREATE DATABASE lab', 'CREATE TABLE lab.sentinel (n INT PRIMARY KEY, at DOUBLE NOT NULL) ENGINE=InnoDB',
          'CREATE TABLE shop.t (n INT PRIMARY KEY) ENGINE=InnoDB']
# Shown as a Query, which the snapshot must not wait for.
IDLE = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'system user' AND COMMAND = 'Query' AND TIME > 2"
# In Galera all reads of binstream wait for the others, beginning with its first.
WAITS = ('SELECT VERSION()', 'SELECT COUNT(*) FROM information_schema.SCHEMATA')


class SourceCluster(bs_harness.Pair):
    def __init__(self, kind):
        self.kind, self.cluster_options, self.more = KINDS[kind]
        self.kind.require()
        super().__init__(self.kind.server, schema=False)

    def start_source(self, folder):
        self.cluster = self.kind(2, options=bs_harness.BOTH + self.cluster_options, dir=folder, **self.more)
        return self.cluster.nodes[0]

    def _clean(self):
        super()._clean()
        if hasattr(self, 'cluster'):
            self.cluster.remove()


def source_check(pair):
    report = json.loads(pair.run('check', '--json').out)
    return {result['name']: result for result in report['results']}['source-cluster']


def has_row(server, n):
    return server.query('SELECT COUNT(*) FROM shop.t WHERE n = %s', (n,))[0][0] == 1


def refused(pair, follow, before):
    for mode in ('read-only', 'lock-tables', 'ftwrl'):
        cutover = pair.run('cutover', '--freeze', mode, source=False, expect=(1,))
        assert 'one of 2 nodes' in cutover.out and '--freeze=none' in cutover.out, cutover.tail()
    assert 'freezing the source' not in follow.err and settings(pair) == before, follow.tail()
    pair.cluster.nodes[1].query('INSERT INTO shop.t VALUES (1)')
    pair.wait_until(lambda: has_row(pair.target, 1), 'what the other node has written', follow=follow)
    say('refused with each way to freeze, and nothing frozen')


def waits_for_others(pair, follow):
    """What another node has committed is on its way to the source, which may not take it yet: the cutover waits for it."""
    holder = pair.source.connect()
    with holder.cursor() as cursor:
        cursor.execute('FLUSH TABLES WITH READ LOCK')
        pair.cluster.nodes[1].query('INSERT INTO shop.t VALUES (2)')
        cutover = pair.start('cutover', '--freeze', 'none', source=False)
        pair.wait_until(lambda: bs_cutover.waiting(pair, WAITS), 'a cutover that waits', follow=follow)
        assert not has_row(pair.source, 2)
        cursor.execute('UNLOCK TABLES')
    holder.close()
    cutover.wait(60)
    cutover.expect(0)
    follow.wait(60)
    follow.expect(0)
    assert has_row(pair.target, 2), follow.tail()
    say('--freeze=none: waited for what the other node had written')


def one_primary(pair):
    """The others of a group take no writes then."""
    pair.source.query("SELECT group_replication_switch_to_single_primary_mode(@@server_uuid)")
    assert source_check(pair)['verdict'] == 'pass'
    bs_cutover.begin_again(pair)
    follow = pair.follow_start('--until-cutover')
    pair.wait_applied(follow)
    pair.cutover(follow=follow)
    say('one primary: frozen as any other')


def test(kind):
    with SourceCluster(kind) as pair:
        for statement in TABLES:
            pair.source.query(statement)
        before = settings(pair)
        check = source_check(pair)
        assert check['verdict'] == 'warning' and '--freeze=none' in check['fix'], check
        if kind == 'group':
            pair.wait_until(lambda: pair.source.query(IDLE)[0][0], 'a thread of the group that has been idle for a while', interval=0.1)
        pair.snapshot('--lock-timeout', '1')
        follow = pair.follow_start('--until-cutover')
        pair.wait_applied(follow)
        refused(pair, follow, before)
        waits_for_others(pair, follow)
        if kind == 'group':
            one_primary(pair)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('kind', choices=sorted(KINDS))
    options = parser.parse_args()
    bs_harness.main('cluster as source: ' + options.kind, lambda: test(options.kind))

#!/usr/bin/python3
"""Targets that are clusters: Galera of MariaDB and Group Replication of MySQL. What is refused is refused by name; what is
taken ends equal on every node after kill -9 of binstream, of a node in the middle of its COMMITs, and after a move to
another node."""
import argparse
import contextlib
import json
import random
import signal
import threading
import time

import pymysql

import bs_harness
from bs_clusters import Galera, GroupReplication
from bs_harness import say

CONFLICTS = (1205, 1213)
KINDS = {'galera': Galera, 'group': GroupReplication}
POINTS = ('commit-sent:20', 'commit-answered:15', 'txn-open:25', 'commit-sent:7')


class ClusterPair(bs_harness.Pair):
    """A pair whose target is a node of a cluster; `target` may be set to another node."""

    def __init__(self, kind, size=2, **more):
        self.kind, self.size, self.cluster_options = KINDS[kind], size, more
        self.kind.require()
        super().__init__(self.kind.server, schema=False)

    def start_target(self, folder):
        self.cluster = self.kind(self.size, options=bs_harness.BOTH, dir=folder, **self.cluster_options)
        return self.cluster.nodes[0]

    def _clean(self):
        super()._clean()
        if hasattr(self, 'cluster'):
            self.cluster.remove()

    def name_of(self, number):
        return 'node%d' % number if self.kind is Galera else '127.0.0.1:%d' % self.cluster.nodes[number].port

    def judge_all(self):
        """Every running node against the source; a node may be behind for a moment."""
        for node in self.cluster.nodes:
            if not node.is_running():
                continue
            self.target = node
            self.wait_until(lambda: self.judge('--exclude-databases', 'mysql_innodb_cluster_metadata', expect=(0, 4), quiet=True).code == 0,
                            'an equal node', timeout=30, interval=0.5)
        say('equal on %d nodes' % sum(node.is_running() for node in self.cluster.nodes))


def run(server, *statements):
    with contextlib.closing(server.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


class Writers:
    """Threads that change a few tables of the source until stop()."""

    def __init__(self, pair, keyless, count=3):
        self.pair, self.keyless, self.ended, self.failures, self.committed = pair, keyless, threading.Event(), [], 0
        self.threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(count)]

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def _run(self, number):
        rng, serial = random.Random(number), 0
        try:
            with contextlib.closing(self.pair.source.connect(autocommit=False)) as connection, connection.cursor() as cursor:
                while not self.ended.is_set():
                    try:
                        for _ in range(rng.choice((1, 1, 2, 4))):
                            serial += 1
                            self._change(cursor, rng, number, number * 10 ** 7 + serial)
                        connection.commit()
                        self.committed += 1
                    except pymysql.err.OperationalError as error:
                        if error.args[0] not in CONFLICTS:
                            raise
                        connection.rollback()
                    self.ended.wait(0.004)
        except Exception as error:
            self.failures.append(error)

    def _change(self, cursor, rng, number, fresh):
        mine = number * 1000 + rng.randint(1, 200)
        pick = rng.random()
        if pick < 0.35:
            cursor.execute("INSERT INTO c.log VALUES (%s, REPEAT('x', %s))", (fresh, rng.randint(0, 400)))
        elif pick < 0.65:
            cursor.execute('UPDATE c.acc SET n = n + 1 WHERE id = %s', (mine,))
        elif pick < 0.8:
            cursor.execute('DELETE FROM c.acc WHERE id = %s', (mine,))
            cursor.execute('INSERT INTO c.acc VALUES (%s, %s, %s)', (mine, 10 ** 6 + mine, fresh % 97))
        elif self.keyless and pick < 0.95:
            cursor.execute('INSERT INTO c.loose VALUES (%s), (%s)', (number * 10 + rng.randint(0, 9), number * 10))
        elif self.keyless:
            cursor.execute('DELETE FROM c.loose WHERE a = %s LIMIT 1', (number * 10,))
        else:
            cursor.execute('UPDATE c.acc SET n = n - 1 WHERE id = %s', (mine,))

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(30)
        assert not self.failures, self.failures
        say('%d transactions' % self.committed)


def prepare(pair, keyless):
    run(pair.source, 'CREATE DATABASE c', 'CREATE DATABASE lab', 'CREATE TABLE lab.sentinel (n INT PRIMARY KEY, at DOUBLE)',
        'CREATE TABLE c.acc (id INT PRIMARY KEY, u INT, n INT, UNIQUE KEY (u))', 'CREATE TABLE c.log (id BIGINT PRIMARY KEY, t TEXT)',
        *(['CREATE TABLE c.loose (a INT)', 'INSERT INTO c.loose VALUES (0), (0), (10), (10), (20)'] if keyless else []))
    with contextlib.closing(pair.source.connect()) as connection, connection.cursor() as cursor:
        cursor.executemany('INSERT INTO c.acc VALUES (%s, %s, 0)',
                           [(n * 1000 + i, 10 ** 6 + n * 1000 + i) for n in range(3) for i in range(1, 201)])


def killed(pair):
    """binstream dies at named points and at any moment; the next run goes on, in bundles and one by one."""
    for point in POINTS:
        for args in ((), ('--max-batch', '1')):
            process = pair.follow_start('--until-cutover', *args, fault=point)
            process.wait(60)
            assert process.code == -signal.SIGKILL, process.tail()
    rng = random.Random(pair.seed)
    for _ in range(4):
        process = pair.follow_start('--until-cutover')
        time.sleep(rng.uniform(0.1, 1.0))
        process.kill9()
    follow = pair.follow_start('--until-cutover')
    pair.wait_applied(follow)
    follow.kill9()
    say('killed: and applied')


def verdicts(pair, *args):
    process = pair.run('check', '--json', *args, expect=(0, 3))
    return {result['name']: result for result in json.loads(process.out)['results']}


def expect_verdict(pair, name, verdict, *words, args=()):
    result = verdicts(pair, *args)[name]
    text = '%s %s' % (result['found'], result['fix'])
    assert result['verdict'] == verdict and all(word in text for word in words), result
    say('check: %s: %s: %s' % (name, verdict, result['found']))


def prechecks_galera(pair):
    node = pair.target
    expect_verdict(pair, 'cluster-node', 'pass', 'Synced')
    expect_verdict(pair, 'cluster-settings', 'pass')
    expect_verdict(pair, 'cluster-tables', 'pass')
    for setting, wrong, right in (('wsrep_load_data_splitting', 'ON', 'OFF'), ('wsrep_OSU_method', "'RSU'", "'TOI'"),
                                  ('wsrep_max_ws_rows', '10', '0')):
        run(node, 'SET GLOBAL %s=%s' % (setting, wrong))
        expect_verdict(pair, 'cluster-settings', 'fail', setting)
        run(node, 'SET GLOBAL %s=%s' % (setting, right))
    run(node, "SET GLOBAL wsrep_mode='REQUIRED_PRIMARY_KEY'")
    expect_verdict(pair, 'cluster-tables', 'fail', 'loose')
    run(node, "SET GLOBAL wsrep_mode=''")
    run(pair.source, 'CREATE TABLE c.old (a INT PRIMARY KEY) ENGINE=MyISAM', 'CREATE SEQUENCE c.numbers')
    expect_verdict(pair, 'cluster-tables', 'fail', 'numbers', 'old', args=('--keep-engines',))
    run(pair.source, 'DROP TABLE c.old', 'DROP SEQUENCE c.numbers')


def prechecks_group(pair):
    expect_verdict(pair, 'cluster-node', 'pass', 'PRIMARY')
    expect_verdict(pair, 'cluster-tables', 'pass')
    run(pair.source, 'CREATE TABLE c.bare (a INT)')
    expect_verdict(pair, 'cluster-tables', 'fail', 'bare')
    run(pair.source, 'DROP TABLE c.bare')
    process = pair.run('snapshot', '--no-target-binlog', expect=(3,))
    assert '--no-target-binlog' in process.err + process.out, process.tail()
    primary, pair.target = pair.target, pair.cluster.nodes[1]
    expect_verdict(pair, 'cluster-node', 'fail', 'SECONDARY', str(primary.port))
    pair.target = primary


def copied_twice(pair):
    """A snapshot on one node, and in the middle of it another on the other: what the first still sends must not stay."""
    run(pair.source, 'CREATE TABLE c.bulk (a INT, b CHAR(100))', "INSERT INTO c.bulk SELECT seq, 'x' FROM c.seq_1_to_150000",
        'CREATE TABLE c.keyed (a INT PRIMARY KEY, b CHAR(100))', "INSERT INTO c.keyed SELECT seq, 'y' FROM c.seq_1_to_150000")
    first = pair.start('snapshot', '--max-rate', '200K', '--chunk-bytes', '256K')  # it must not be done before the second one comes
    pair.wait_until(lambda: not first.running or _chunks(pair) > 0, 'the first chunk')
    forget_node(pair)
    others = pair.cluster.nodes
    pair.target = others[1]
    pair.snapshot()
    first.wait(60)
    assert first.code != 0, first.tail()
    say('copied twice: the first ended with %d' % first.code)
    pair.target = others[0]


def _chunks(pair):
    try:
        return pair.target.query('SELECT COUNT(*) FROM binstream.chunk')[0][0]
    except Exception:
        return 0


def forget_node(pair):
    """Takes away what keeps two nodes apart, so that nothing but the epoch is left."""
    run(pair.target, "DELETE FROM binstream.report WHERE kind='node'")


def other_node(pair):
    """What a killed run left on its node cannot be ended from another one, so that is refused; after an orderly end it is
    not."""
    follow = pair.follow_start('--until-cutover')
    pair.wait_applied(follow)
    follow.kill9()
    one, other = pair.cluster.nodes[:2]
    pair.target = other
    process = pair.follow(expect=(3,))
    assert all("node '%s'" % pair.name_of(number) in process.err for number in (0, 1)), process.err
    pair.target = one
    pair.follow()
    pair.target = other
    follow = pair.follow_start('--until-cutover')
    pair.wait_applied(follow)
    follow.signal(signal.SIGTERM)
    follow.wait(30)
    pair.target = one
    pair.follow()
    say('other node: refused after a kill, taken after an end')


def two_at_once(pair):
    """Runs on two nodes take the task from each other, with the epoch alone between them."""
    nodes = pair.cluster.nodes
    for number in range(4):
        first = pair.follow_start('--until-cutover', *(('--max-batch', '1') if number % 2 else ()))
        pair.wait_applied(first)
        forget_node(pair)
        pair.target = nodes[(number + 1) % 2]
        second = pair.follow_start('--until-cutover')
        pair.wait_applied(second)
        first.wait(30)
        assert first.code != 0 and 'another binstream' in first.err, first.tail()
        second.kill9()
    pair.target = nodes[0]
    say('two at once: the first always gives up')


WRITES = {
    'lane': ("UPDATE binstream.lane SET epoch={0} WHERE task='default' AND lane=0 AND epoch={0}",
             "UPDATE binstream.lane SET applied_us=applied_us+1 WHERE task='default' AND lane=0 AND epoch={0}"),
    'seal': ("SELECT epoch FROM binstream.task WHERE task='default'",
             "UPDATE binstream.task SET updated_us=GREATEST(updated_us+1, 1) WHERE task='default' AND epoch={0}"),
}


LIMITS = {Galera: ('wsrep_max_ws_size', 2147483647), GroupReplication: ('group_replication_transaction_size_limit', 150000000)}


def too_large(pair):
    """A transaction that the cluster does not take stops the run with the setting to raise, and is applied once it is raised."""
    name, usual = LIMITS[pair.kind]
    for node in pair.cluster.nodes:
        run(node, 'SET GLOBAL %s=200000' % name)
    run(pair.source, 'INSERT INTO c.log VALUES ' + ', '.join("(-%d, REPEAT('x', 60000))" % n for n in range(1, 8)))
    process = pair.follow(expect=(1,))
    assert name in process.err, process.err
    for node in pair.cluster.nodes:
        run(node, 'SET GLOBAL %s=%d' % (name, usual))
    pair.follow()
    say('too large: ' + process.err.strip().split('\n')[-1].strip())


def late_commit(pair):
    """What an old run has done on one node, short of its COMMIT, which comes after the epoch was raised on another node, and
    before the first one has heard of it."""
    one, other = pair.cluster.nodes[:2]
    run(other, 'CREATE DATABASE busy', 'CREATE TABLE busy.d (n INT PRIMARY KEY)', 'INSERT INTO busy.d VALUES ' + ', '.join('(%d)' % n for n in range(10)),
        'CREATE TABLE busy.t (n INT PRIMARY KEY, a INT, b VARCHAR(200))', 'CREATE TABLE busy.late (n INT PRIMARY KEY)',
        "INSERT INTO busy.t SELECT v.n + 10 * w.n + 100 * x.n + 1000 * y.n + 10000 * z.n, 0, '' FROM busy.d v, busy.d w, busy.d x, busy.d y, busy.d z")
    for what, (first, last) in WRITES.items():
        pair.target = one
        pair.wait_until(lambda: one.query('SELECT COUNT(*) FROM busy.t WHERE a > 0 AND a < 9')[0][0] in (0, 100000), 'the first node')
        pair.follow()
        epoch = one.query('SELECT epoch FROM binstream.task')[0][0]
        with contextlib.closing(one.connect(autocommit=False)) as connection, connection.cursor() as cursor:
            for statement in (first, 'INSERT INTO busy.late VALUES (1)', last):
                cursor.execute(statement.format(epoch))
            run(other, "UPDATE busy.t SET a = a + 1, b = REPEAT('x', 190)")
            pair.target = other
            pair.follow()
            heard = one.query('SELECT epoch FROM binstream.task')[0][0] != epoch
            try:
                connection.commit()
                raise AssertionError('a COMMIT under the old epoch came through: ' + what)
            except pymysql.err.OperationalError as error:
                assert error.args[0] in (1213, 3101, 1180), error
                say('late COMMIT of a %s: %s; the node had %s' % (what, error.args[0], 'heard of the new epoch' if heard else 'not heard'))
        assert other.query('SELECT COUNT(*) FROM busy.late')[0][0] == 0
    run(other, 'DROP DATABASE busy')
    pair.target = one


def contended(pair):
    """Another node writes the rows that the lanes write, and what they were."""
    ended, failures, counts = threading.Event(), [], [0, 0]

    def disturb():
        rng = random.Random(1)
        with contextlib.closing(pair.cluster.nodes[1].connect(autocommit=False)) as connection, connection.cursor() as cursor:
            while not ended.is_set():
                try:
                    for step in (1, -1):
                        cursor.execute('UPDATE c.acc SET n = n + %s WHERE id < 1000', (step,))
                    connection.commit()
                    counts[0] += 1
                except Exception as error:
                    if error.args[0] not in CONFLICTS:
                        failures.append(error)
                        return
                    counts[1] += 1
                    connection.rollback()
                ended.wait(rng.random() * 0.02)

    thread = threading.Thread(target=disturb, daemon=True)
    thread.start()
    before = failed(pair)
    follow = pair.follow_start('--until-cutover', '--log-level', 'debug')
    for _ in range(4):
        pair.wait_applied(follow)
        time.sleep(1)
    ended.set()
    thread.join(30)
    assert not failures, failures
    pair.wait_applied(follow)
    follow.kill9()
    say('contended: %d transactions of the other node and %d that failed; of binstream\'s %d failed, %d bundles were rolled back'
        % (*counts, failed(pair) - before, follow.err.count('was rolled back')))


def failed(pair):
    """Transactions of this node that lost to another node's."""
    rows = pair.target.query("SHOW STATUS WHERE Variable_name IN ('wsrep_local_cert_failures', 'wsrep_local_bf_aborts')")
    return sum(int(row[1]) for row in rows)


def node_killed(pair):
    """The node dies in the middle of COMMITs; the run goes on against another one, and the node comes back."""
    follow = pair.follow_start('--until-cutover')
    pair.wait_applied(follow)
    time.sleep(0.5)
    pair.target.kill9()
    time.sleep(0.3)
    follow.kill9()
    began = time.monotonic()
    if isinstance(pair.cluster, GroupReplication):
        pair.wait_until(lambda: pair.cluster.primary() is not None, 'a new primary', interval=0.2)
        number = pair.cluster.primary()
    else:
        number = 1
        pair.wait_until(lambda: pair.cluster.nodes[1].query("SHOW STATUS LIKE 'wsrep_cluster_size'")[0][1] == '1', 'the cluster without it')
    pair.target = pair.cluster.nodes[number]
    say('node killed: %.1f s until node %d goes on' % (time.monotonic() - began, number))
    follow = pair.follow_start('--until-cutover')
    pair.wait_applied(follow)
    pair.cluster.rejoin(0)
    pair.wait_applied(follow)
    follow.kill9()


def node_returns(pair):
    """The node dies and comes back while the run waits for it."""
    follow = pair.follow_start('--until-cutover')
    pair.wait_applied(follow)
    pair.target.kill9()
    time.sleep(1)
    pair.cluster.rejoin(pair.cluster.nodes.index(pair.target))
    if isinstance(pair.cluster, GroupReplication):
        pair.wait_until(lambda: '1290' in follow.err, 'a secondary that takes no writes', follow=follow)
        pair.target.query('SELECT group_replication_set_as_primary(@@server_uuid)')
    pair.wait_applied(follow)
    follow.kill9()
    say('node returns: the run has waited')


def alone(pair):
    """A node that loses its cluster in the middle of COMMITs takes no writes, and does not say whether the others have them:
    the run waits, and learns it from the state."""
    follow = pair.follow_start('--until-cutover')
    pair.wait_applied(follow)
    pair.cluster.nodes[1].kill9()
    pair.wait_until(lambda: 'going back to the last commit' in follow.err, 'a COMMIT without an answer', follow=follow)
    time.sleep(2)
    pair.cluster.rejoin(1)
    pair.wait_applied(follow)
    follow.kill9()
    say('alone: ' + next(line for line in follow.err.split('\n') if 'going back' in line)[25:])


PARTS = {
    'galera': (prechecks_galera, copied_twice, killed, other_node, contended),
    'galera-nodes': (late_commit, two_at_once, node_returns, node_killed),
    'galera-quorum': (too_large, alone),
    'group': (prechecks_group, killed),
    'group-nodes': (node_returns, node_killed),
    'group-primaries': (too_large, late_commit, other_node, two_at_once),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('parts', choices=sorted(PARTS))
    options = parser.parse_args()
    kind = options.parts.partition('-')[0]
    keyless = kind == 'galera'

    def test():
        more = {'galera-quorum': {'with_quorum': True}, 'group-primaries': {'multi_primary': True}}.get(options.parts, {})
        with ClusterPair(kind, size=3 if options.parts == 'group-nodes' else 2, **more) as pair:
            prepare(pair, keyless)
            parts = list(PARTS[options.parts])
            if parts[0].__name__.startswith('prechecks'):
                parts.pop(0)(pair)
            writers = Writers(pair, keyless).start()
            if copied_twice in parts:
                parts.remove(copied_twice)
                copied_twice(pair)
            else:
                pair.snapshot()
            for part in parts:
                part(pair)
            writers.stop()
            pair.follow()
            pair.judge_all()

    bs_harness.main('cluster ' + options.parts, test)


main()

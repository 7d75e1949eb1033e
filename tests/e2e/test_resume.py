#!/usr/bin/python3
"""A snapshot that is killed again and again, and then follow, while writers change everything: rows whose keys move all over the
table, unique values that change hands, cascades, tables without a key, and DDL between two attempts. What was in stays in as
far as it can, the rest is copied as of a later point, and follow brings it together: equal at the end."""
import argparse
import contextlib
import json
import random
import threading
import time

import pymysql

import bs_harness
from bs_harness import say
from bs_servers import flavour

ROWS = 24000  # of a large table: some megabytes, so that its keys are built late
CHUNK = '64K'
CONFLICTS = (1062, 1205, 1213, 1451, 1452)

TABLES = [
    # The key moves, and two more unique keys: continued, its keys built at the end of the window.
    'CREATE TABLE r.wide (id INT PRIMARY KEY, u INT, code VARCHAR(40) NOT NULL, n INT, pad CHAR(60), UNIQUE KEY (u), UNIQUE KEY (code), KEY (n))',
    # A key of text whose order and equality are the collation's.
    'CREATE TABLE r.names (name VARCHAR(60) PRIMARY KEY, n INT, pad CHAR(60), KEY (n)) DEFAULT CHARSET utf8mb4',
    # Several parts, one of them signed and one a date.
    'CREATE TABLE r.parts (a INT, d DATE, s VARBINARY(250), n INT, pad CHAR(60), PRIMARY KEY (a, d, s), KEY (n))',
    # No primary key, so the unique one is in from the start.
    'CREATE TABLE r.by_unique (k BIGINT UNSIGNED NOT NULL, n INT, pad CHAR(60), UNIQUE KEY (k))',
    # Exact units: no key; foreign keys that act; two unique keys from the start.
    'CREATE TABLE e.keyless (n INT, pad CHAR(60))',
    'CREATE TABLE e.parent (id INT PRIMARY KEY, code INT, pad CHAR(60), UNIQUE KEY (code))',
    'CREATE TABLE e.child (id INT PRIMARY KEY, parent INT, pad CHAR(60), KEY (parent), FOREIGN KEY (parent) REFERENCES e.parent (code) ON DELETE CASCADE ON UPDATE CASCADE)',
    # A foreign key that only forbids: child and parent may be as of different points.
    'CREATE TABLE r.strict_child (id INT PRIMARY KEY, wide INT, pad CHAR(60), KEY (wide), FOREIGN KEY (wide) REFERENCES r.wide (u))',
    'CREATE TABLE r.small (id INT PRIMARY KEY, u INT, UNIQUE KEY (u))',
    # Altered between attempts.
    'CREATE TABLE r.altered (id INT PRIMARY KEY, n INT, pad CHAR(60))',
    'CREATE TABLE lab.sentinel (n INT PRIMARY KEY, at DOUBLE)',
]


def fill(cursor):
    pad = 'x' * 50
    rows = range(1, ROWS + 1)
    for sql, values in (
            ('r.wide VALUES (%s, %s, %s, %s, %s)', [(i * 10, i * 10, 'code %d' % i, i % 97, pad) for i in rows]),
            ('r.names VALUES (%s, %s, %s)', [('%s name %d' % ('äbCdéF'[i % 6], i), i % 97, pad) for i in rows]),
            ('r.parts VALUES (%s, %s, %s, %s, %s)', [(i % 50 - 25, '20%02d-0%d-11' % (i % 30, i % 9 + 1), b'\0\xff%d' % i, i, pad) for i in rows]),
            ('r.by_unique VALUES (%s, %s, %s)', [(i * 700000000000, i, pad) for i in rows]),
            ('e.keyless VALUES (%s, %s)', [(i % 900, pad) for i in range(1, ROWS // 4)]),
            ('e.parent VALUES (%s, %s, %s)', [(i, i, pad) for i in range(1, 3001)]),
            ('e.child VALUES (%s, %s, %s)', [(i, i % 3000 + 1, pad) for i in rows]),
            ('r.strict_child VALUES (%s, %s, %s)', [(i, i % 2000 * 10 + 10, pad) for i in rows]),
            ('r.small VALUES (%s, %s)', [(i, i) for i in range(1, 100)]),
            ('r.altered VALUES (%s, %s, %s)', [(i, i, pad) for i in rows])):
        cursor.executemany('INSERT INTO ' + sql, values)


class Writers:
    """Threads that change rows all over, each transaction whole or not at all, until stop()."""

    def __init__(self, server, count, seed):
        self.server, self.ended, self.failures, self.committed = server, threading.Event(), [], 0
        self.threads = [threading.Thread(target=self._run, args=(random.Random(seed * 100 + n), n), daemon=True) for n in range(count)]

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(30)
        assert not self.failures, self.failures

    def report(self):
        return '%d transactions' % self.committed

    stopping = property(lambda self: self.ended)

    def _run(self, rng, number):
        try:
            with contextlib.closing(self.server.connect(autocommit=False)) as connection, connection.cursor() as cursor:
                while not self.ended.is_set():
                    try:
                        for _ in range(rng.choice((1, 1, 2, 5))):
                            self.change(cursor, rng)
                        if rng.random() < 0.05:
                            connection.rollback()
                        else:
                            connection.commit()
                            self.committed += 1
                    except pymysql.err.MySQLError as error:
                        if error.args[0] not in CONFLICTS:
                            raise
                        connection.rollback()
                    self.ended.wait(0.002)
        except Exception as error:
            self.failures.append(error)

    def change(self, cursor, rng):
        run = cursor.execute
        i, j, pick = rng.randint(1, ROWS) * 10, rng.randint(1, ROWS) * 10, rng.randrange(17)
        anywhere = rng.randint(-5 * ROWS, 15 * ROWS)
        if pick == 0:
            run('UPDATE r.wide SET id = %s, n = n + 1 WHERE id = %s', (anywhere, i))
        elif pick == 1:  # unique values change hands
            run('SELECT u, code FROM r.wide WHERE id IN (%s, %s) ORDER BY id FOR UPDATE', (i, j))
            found = cursor.fetchall()
            if len(found) == 2 and i != j:
                first, second = min(i, j), max(i, j)
                run('UPDATE r.wide SET u = NULL, code = %s WHERE id = %s', ('none %d' % first, first))
                run('UPDATE r.wide SET u = %s, code = %s WHERE id = %s', (*found[0], second))
                run('UPDATE r.wide SET u = %s, code = %s WHERE id = %s', (*found[1], first))
        elif pick == 2:
            run('DELETE FROM r.wide WHERE id = %s', (i,))
        elif pick == 3:
            run('INSERT INTO r.wide VALUES (%s, NULL, %s, 1, REPEAT("y", 50))', (anywhere, 'new %d' % rng.randrange(10 ** 9)))
        elif pick == 4:  # the same name in another form, or a far one
            name = '%s name %d' % ('äbCdéF'[i % 6], i // 10)
            run('UPDATE r.names SET name = %s, n = n + 1 WHERE name = %s', (rng.choice((name.upper(), name.lower(), 'far %d' % anywhere)), name))
        elif pick == 5:
            run('DELETE FROM r.names WHERE name > %s ORDER BY name LIMIT 3', ('%s name %d' % ('äbCdéF'[i % 6], i // 10),))
        elif pick == 6:
            run('INSERT IGNORE INTO r.names VALUES (%s, 5, "")', ('ÄbcDEf'[i % 6] + ' name %d' % j,))
        elif pick == 7:
            run('UPDATE r.parts SET a = -a, s = CONCAT(LEFT(s, 200), %s) WHERE a = %s ORDER BY d, s LIMIT 4', (bytes([i % 256]), i % 50 - 25))
        elif pick == 8:
            run('UPDATE r.by_unique SET k = %s WHERE k = %s', ((anywhere + 10 ** 6) * 500000000000, i // 10 * 700000000000))
        elif pick == 9:
            run('DELETE FROM e.keyless WHERE n = %s LIMIT 1', (i % 900,))
            run('INSERT INTO e.keyless VALUES (%s, "k"), (%s, "k")', (j % 900, j % 900))
        elif pick == 10:
            run('UPDATE e.parent SET code = code + 10000 WHERE id = %s', (i % 3000,))
        elif pick == 11:
            run('DELETE FROM e.parent WHERE id = %s', (i % 3000,))
            run('INSERT INTO e.parent VALUES (%s, %s, "p")', (i % 3000, rng.randrange(10 ** 9)))
        elif pick == 12:
            run('INSERT INTO e.child SELECT %s, code, "c" FROM e.parent WHERE id = %s', (rng.randrange(10 ** 9), i % 3000))
        elif pick == 13:
            run('UPDATE r.strict_child SET wide = (SELECT u FROM r.wide WHERE id = %s) WHERE id = %s', (i, j // 10))
        elif pick == 14:
            run('DELETE FROM r.small WHERE id = %s', (i % 100,))
            run('INSERT INTO r.small VALUES (%s, %s)', (i % 100, i % 100))
        elif pick == 15:
            run('UPDATE r.altered SET n = n + 1 WHERE id = %s', (i // 10,))
        else:
            run('DELETE FROM r.strict_child WHERE id = %s', (j // 10,))


def prepare(pair):
    with contextlib.closing(pair.source.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        for statement in ['CREATE DATABASE r', 'CREATE DATABASE e', 'CREATE DATABASE lab', *TABLES, 'CREATE VIEW r.seen AS SELECT id, n FROM r.wide']:
            cursor.execute(statement)
        cursor.execute('SET foreign_key_checks=0')
        cursor.execute('BEGIN')
        fill(cursor)
        cursor.execute('COMMIT')
        cursor.execute('ANALYZE TABLE r.wide, r.names, r.parts, r.by_unique, e.keyless, e.parent, e.child, r.strict_child, r.altered')


def ddl(pair, rng, serial):
    """What happens to the schema between two attempts, or while one is at work."""
    steps = (
        ['ALTER TABLE r.altered ADD COLUMN c%d INT DEFAULT 7' % serial],
        ['CREATE TABLE r.fresh%d (id INT PRIMARY KEY)' % serial, 'INSERT INTO r.fresh%d VALUES (1), (2)' % serial],
        ['CREATE TABLE r.other%d LIKE r.small' % serial, 'RENAME TABLE r.small TO r.aside%d, r.other%d TO r.small' % (serial, serial)],
        ['CREATE TABLE r.passing (id INT PRIMARY KEY)', 'INSERT INTO r.passing VALUES (1)', 'DROP TABLE r.passing'],
        ['TRUNCATE TABLE e.keyless', 'INSERT INTO e.keyless SELECT n, "t" FROM r.altered LIMIT 3000'],
        ['CREATE OR REPLACE VIEW r.seen AS SELECT id, n + %d AS n FROM r.wide' % serial],
        ['CREATE DATABASE extra%d' % serial, 'CREATE TABLE extra%d.t (id INT PRIMARY KEY)' % serial, 'DROP DATABASE extra%d' % serial],
    )
    with contextlib.closing(pair.source.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        for statement in rng.choice(steps):
            cursor.execute(statement)


def kill_snapshots(pair, rng, kills):
    """Returns what the attempts said of what they found."""
    counts = {'tables_kept': 0, 'tables_continued': 0, 'chunks_kept': 0, 'chunks_dropped': 0}
    args = ['--position=' + ('gtid' if pair.gtid else 'file'), '--json', '--chunk-bytes', CHUNK, *pair.more, '--max-rate', '2M']
    for number in range(kills):
        process = pair.start('snapshot', *args, '--threads', str(rng.choice((1, 2, 4))))
        chunks = rng.randint(0, 180 // kills)
        pair.wait_until(lambda: not process.running or new_chunks(pair, process) > chunks, 'chunks', timeout=120)
        time.sleep(rng.uniform(0, 0.05))
        process.kill9()
        if process.code == 0:
            return counts, True
        assert process.code == -9, process.tail()
        if rng.random() < 0.4:
            ddl(pair, rng, number)
        before = pair.target.query('SELECT COUNT(*) FROM binstream.chunk')[0][0]
        say('killed with %d chunks in' % before)
    args[-1] = '100M'
    process = pair.run('snapshot', *args)
    report = json.loads(process.out)
    for name in counts:
        counts[name] = report[name]
    return counts, False


def new_chunks(pair, process):
    """How many chunks are in since the process has begun."""
    try:
        count = pair.target.query('SELECT COUNT(*) FROM binstream.chunk')[0][0]
    except pymysql.err.MySQLError:
        return 0
    if not hasattr(process, 'chunks_before') or count < process.chunks_before:
        process.chunks_before = count
    return count - process.chunks_before


def kill_follow_at_any_time(pair, rng, most):
    process = pair.follow_start('--until-cutover', '--threads', '4')
    time.sleep(rng.uniform(0.05, most))
    process.kill9()
    assert process.code == -9, process.tail()


def kill_follows(pair, rng, kills):
    """Within the window, at its end, and behind it."""
    for _ in range(kills // 2):
        kill_follow_at_any_time(pair, rng, 0.3)
    told = pair.run('status', source=False).out
    assert ('window  ' in told) == has_window(pair), told
    hits = 0
    for point in ('window-keys-built', 'window-closed'):
        was_open = has_window(pair)
        process = pair.follow_start('--until-cutover', fault=point)
        pair.wait_until(lambda: not process.running or not has_window(pair), 'the end of the window', timeout=120)
        if was_open:
            process.wait(120)
            assert process.code == -9 and 'fault point hit: ' + point in process.err, process.tail()
            hits += 1
        process.kill9()
    say('killed at the end of the window %d times' % hits)
    for _ in range(kills - kills // 2):
        kill_follow_at_any_time(pair, rng, 1.5)


def follow_to_the_end(pair):
    follow = pair.follow_start('--until-cutover')
    pair.wait_applied(follow)
    pair.stop_actors()
    pair.wait_applied(follow)
    follow.kill9()
    pair.follow()  # lanes may be behind the one that had the mark


def has_window(pair):
    return pair.target.query('SELECT COUNT(*) FROM binstream.point')[0][0] > 0


def consistency(pair, how):
    """What snapshot and the judge are told. Without a lock MySQL takes no exact units, and says which."""
    if how != 'lock-free':
        return ['--consistency', how], []
    if flavour(pair.names[0]) == 'mariadb':
        return ['--consistency', 'lock-free'], []
    process = pair.run('snapshot', '--consistency', 'lock-free', '--position=' + ('gtid' if pair.gtid else 'file'), expect=(3,))
    assert ('e.child' in process.err or 'e.keyless' in process.err) if pair.gtid else 'without GTIDs' in process.err, process.err
    say('refused: ' + ' '.join(line.strip() for line in process.err.split('\n') if 'error' in line)[:300])
    pair.run('reset', source=False)
    return ['--consistency', 'lock-free', '--exclude-databases', 'e'], ['--exclude-databases', 'e']


def test(options):
    with bs_harness.Pair(*options.pair.split(':'), gtid=options.gtid == 'on', schema=False, seed=options.seed) as pair:
        rng = random.Random(pair.seed)
        prepare(pair)
        pair.more, judged = consistency(pair, options.consistency)
        writers = Writers(pair.source, 3, pair.seed).start()
        pair.actors.append(writers)
        counts, was_done = kill_snapshots(pair, rng, options.kills)
        say('the last attempt: %d tables were in and %d in part; %d chunks stayed, %d were copied again' % tuple(counts.values()))
        assert was_done or not options.kills or counts['chunks_kept'], 'nothing was kept'
        kill_follows(pair, rng, options.kills)
        follow_to_the_end(pair)
        assert not has_window(pair)
        pair.judge('--ignore-auto-increment', *judged)
        pair.target.query('UPDATE r.small SET u = u + 1000000 LIMIT 1')
        pair.judge('--ignore-auto-increment', *judged, expect=4)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    parser.add_argument('--consistency', default='auto', help='lock-free: without a lock')
    parser.add_argument('--kills', type=int, default=4, help='of the snapshot, then of follow; 10 in full')
    options = parser.parse_args()
    bs_harness.main('resume %s gtid %s' % (options.pair, options.gtid), lambda: test(options))

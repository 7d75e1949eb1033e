#!/usr/bin/python3
"""A copy by way of files: snapshot --archive, killed again and again under writers and DDL; load, killed again and again; then
follow: equal at the end. A flipped byte in any file is named and refused before a row of it is loaded, and a part of an archive
can be loaded and followed."""
import argparse
import glob
import json
import os
import random
import time

import bs_harness
import test_resume
from bs_harness import say
from bs_servers import flavour


def archive_dir(pair):
    return os.path.join(pair.dir, 'archive')


def ledger_lines(pair):
    try:
        with open(os.path.join(archive_dir(pair), 'ledger'), 'rb') as ledger:
            return ledger.read().count(b'\n')
    except FileNotFoundError:
        return 0


def refuse_unfit_source(pair):
    """The prechecks of the source are made before a file is."""
    pair.source.query('SET GLOBAL binlog_format = STATEMENT')
    process = pair.run('snapshot', '--archive', archive_dir(pair), target=False, expect=(3,))
    pair.source.query('SET GLOBAL binlog_format = ROW')
    assert 'binlog-format' in process.err and not os.path.exists(archive_dir(pair)), process.err


def refuse_unfit_target(pair):
    """The prechecks of the target are made before anything is there, without the source."""
    pair.target.query('SET GLOBAL read_only = 1')
    process = pair.run('load', '--archive', archive_dir(pair), source=False, expect=(3,))
    pair.target.query('SET GLOBAL read_only = 0')
    assert 'target-read-only' in process.err and 'SET GLOBAL read_only=0' in process.err, process.err
    pair.target.query("CREATE USER poor@'127.0.0.1' IDENTIFIED BY 'pw'")
    pair.target.query("GRANT SELECT, INSERT ON *.* TO poor@'127.0.0.1'")
    uri = 'mysql://poor:pw@127.0.0.1:%d/' % pair.target.port
    process = pair.run('load', '--archive', archive_dir(pair), '--target', uri, source=False, target=False, expect=(3,))
    pair.target.query("DROP USER poor@'127.0.0.1'")
    assert 'target-privileges' in process.err and 'GRANT UPDATE, DELETE, CREATE' in process.err, process.err
    assert not pair.target.query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN ('r', 'binstream')"), 'made'


def make(pair, rng, kills):
    args = ['--archive', archive_dir(pair), '--position=' + ('gtid' if pair.gtid else 'file'), '--chunk-bytes', test_resume.CHUNK, *pair.more, '--json']
    process = pair.start('snapshot', *args, target=False, fault='archive-begun')
    process.wait(120)
    assert process.code == -9 and os.listdir(archive_dir(pair)) and not os.path.exists(archive_dir(pair) + '/manifest.json'), process.tail()
    for number in range(kills):
        process = pair.start('snapshot', *args, '--max-rate', '2M', '--threads', str(rng.choice((1, 2, 4))), target=False)
        lines = ledger_lines(pair) + rng.randint(0, 180 // kills)
        pair.wait_until(lambda: not process.running or ledger_lines(pair) > lines, 'chunks', timeout=120)
        time.sleep(rng.uniform(0, 0.05))
        process.kill9()
        if process.code == 0:
            break
        assert process.code == -9, process.tail()
        if rng.random() < 0.4:
            test_resume.ddl(pair, rng, number)
    for point in ('archive-chunk-written:2', 'archive-chunk-noted:2'):
        process = pair.start('snapshot', *args, '--max-rate', '100M', target=False, fault=point)
        process.wait(120)
        if process.code == 0:
            break
        assert process.code == -9, process.tail()
    process = pair.run('snapshot', *args, target=False)
    report = json.loads(process.out)
    if report['result'] == 'done':
        say('archive: %(chunks)d chunks, %(chunks_kept)d stayed, %(chunks_dropped)d were written again' % report)
    process = pair.run('snapshot', *args, target=False)
    assert json.loads(process.out)['result'] == 'complete before', process.out
    process = pair.run('snapshot', *args, '--exclude-tables', 'r.small', target=False, expect=(2,))
    assert 'another selection' in process.err, process.err


def load(pair, rng, kills):
    args = ['--archive', archive_dir(pair), '--json']
    for _ in range(kills):
        process = pair.start('load', *args, '--threads', str(rng.choice((1, 2, 4))), source=False)
        chunks = rng.randint(0, 180 // kills)
        pair.wait_until(lambda: not process.running or test_resume.new_chunks(pair, process) > chunks, 'chunks', timeout=120)
        process.kill9()
        if process.code == 0:
            return
        assert process.code == -9, process.tail()
    report = json.loads(pair.run('load', *args, source=False).out)
    again = pair.run('load', *args, source=False)
    assert json.loads(again.out)['result'] == 'complete before', again.tail()
    say('load: %(chunks)d chunks, %(chunks_kept)d were in, %(chunks_dropped)d were loaded again' % report)


def refuse_damage(pair):
    """In each file of the archive: the manifest, the ledger, and a file of chunks."""
    files = sorted(glob.glob(archive_dir(pair) + '/data/*/*.chunk'), key=os.path.getsize)
    for path in (archive_dir(pair) + '/manifest.json', archive_dir(pair) + '/ledger', files[-1], files[0]):
        with open(path, 'rb') as file:
            whole = file.read()
        for place in (0, len(whole) // 2, len(whole) - 1):
            with open(path, 'wb') as file:
                file.write(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1:])
            process = pair.run('load', '--archive', archive_dir(pair), source=False, expect=(1, 3))
            assert path in process.err and 'damaged' in process.err, process.err
            pair.run('reset', source=False, expect=(0, 3))
        with open(path, 'wb') as file:
            file.write(whole[:-1])
        process = pair.run('load', '--archive', archive_dir(pair), source=False, expect=(1, 3))
        assert path in process.err and 'damaged' in process.err, process.err
        with open(path, 'wb') as file:
            file.write(whole)
        pair.run('reset', source=False, expect=(0, 3))
    os.rename(files[-1], files[-1] + '.away')
    process = pair.run('load', '--archive', archive_dir(pair), source=False, expect=(1, 3))
    assert files[-1] in process.err and 'not there' in process.err, process.err
    os.rename(files[-1] + '.away', files[-1])
    process = pair.run('snapshot', '--position=' + ('gtid' if pair.gtid else 'file'), expect=(2,))
    assert 'was begun by load' in process.err, process.err
    pair.run('reset', source=False)
    say('damage: named in each of 4 files, in 4 ways; a file that is missing too')


def load_a_part(pair):
    args = ['--archive', archive_dir(pair), '--tables', 'r.wide,r.names,lab.sentinel']
    pair.run('load', *args, source=False)
    assert {name for (name,) in pair.target.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'r' AND table_type = 'BASE TABLE'")} \
        == {'wide', 'names'}
    pair.follow()
    for table in ('wide', 'names'):
        counts = [server.query('SELECT COUNT(*), SUM(n) FROM r.' + table) for server in (pair.source, pair.target)]
        assert counts[0] == counts[1], counts
    for child, parent in (('e.child', 'e.parent'), ('r.strict_child', 'r.wide')):
        pair.run('reset', source=False)
        process = pair.run('load', '--archive', archive_dir(pair), '--tables', child, source=False, expect=(3,))
        assert 'foreign key to a table that is not loaded: ' + child in process.err and 'select the parent tables too' in process.err, process.err
        assert not pair.target.query("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'r'"), 'made'
        pair.run('load', '--archive', archive_dir(pair), '--tables', child + ',' + parent, source=False)
    process = pair.run('load', '--archive', archive_dir(pair), '--tables', 'r.nothing', source=False, expect=(2,))
    assert "nothing that 'r.nothing' means" in process.err, process.err
    pair.run('reset', source=False)
    say('a part: loaded and followed')


def refuse_missing(pair, folder, args):
    """A file that the ledger speaks of, when the copy would go on, or is said to be complete."""
    path = sorted(glob.glob(folder + '/data/*/*.chunk'), key=os.path.getsize)[-1]
    os.rename(path, path + '.away')
    process = pair.run('snapshot', *args, target=False, expect=(1, 3))
    assert path in process.err and 'it is not there' in process.err and 'in another directory' in process.err, process.err
    with open(path + '.away', 'rb') as whole, open(path, 'wb') as part:
        part.write(whole.read()[:-1])
    process = pair.run('snapshot', *args, target=False, expect=(1, 3))
    assert path in process.err and 'its ledger says' in process.err, process.err
    os.rename(path + '.away', path)


TABLE = {'db', 'name', 'directory', 'first_point', 'last_point', 'table_id', 'definition', 'history', 'rows_estimate', 'bytes_estimate', 'model'}


def begun_anew(pair, folder, args):
    """What was copied of a table that was altered meanwhile is gone when the next attempt has begun, though that one is killed, too."""
    before = {name: len(os.listdir(folder + '/data/' + name)) for name in os.listdir(folder + '/data')}
    pair.source.query('ALTER TABLE shops.large ADD COLUMN later INT')
    # A file of it may be gone: nobody needs it.
    with open(folder + '/manifest.json', encoding='utf-8') as file:
        number, = (table['directory'] for table in json.load(file)['manifest']['tables'] if (table['db'], table['name']) == ('shops', 'large'))
    os.remove(sorted(glob.glob(folder + '/data/%06d/*.chunk' % number))[0])
    process = pair.start('snapshot', *args, target=False, fault='archive-chunk-noted')
    process.wait(60)
    assert process.code == -9, process.tail()
    with open(folder + '/manifest.json', encoding='utf-8') as file:
        tables = json.load(file)['manifest']['tables']
    assert all(set(table) == TABLE for table in tables), 'not what docs/internals/archive.md says: %s' % tables
    there = set(os.listdir(folder + '/data'))
    assert there == {'%06d' % table['directory'] for table in tables} != set(before), (there, tables)
    kept = {name: len(os.listdir(folder + '/data/' + name)) for name in there & set(before)}
    assert all(kept[name] >= before[name] for name in kept) and sum(kept.values()) > 0, (before, kept)


def of_two_databases(pair):
    """Their names sort otherwise by letters than by bytes. What is left out at loading is left out of these two, not of all that the source has."""
    folder = os.path.join(pair.dir, 'two')
    for db in ('shop_eu', 'shops'):
        pair.source.query('CREATE DATABASE ' + db)
        pair.source.query('CREATE TABLE %s.large (id INT PRIMARY KEY, pad CHAR(200) NOT NULL)' % db)
        pair.source.query('CREATE TABLE %s.other (id INT PRIMARY KEY)' % db)
        with pair.source.connect() as connection, connection.cursor() as cursor:
            cursor.executemany('INSERT INTO %s.large VALUES (%%s, %%s)' % db, [(i, 'x' * 200) for i in range(3000)])
            connection.commit()
    args = ['--archive', folder, '--databases', 'shop_eu,shops', '--position=' + ('gtid' if pair.gtid else 'file'), '--chunk-bytes', '64K', '--threads', '1', '--json']
    process = pair.start('snapshot', *args, target=False, fault='archive-chunk-noted:4')
    process.wait(60)
    assert process.code == -9, process.tail()
    refuse_missing(pair, folder, args)
    begun_anew(pair, folder, args)
    report = json.loads(pair.run('snapshot', *args, target=False).out)
    assert report['chunks_kept'] >= 3, report
    refuse_missing(pair, folder, args)
    process = pair.run('load', '--archive', folder, '--databases', 'shops,shop_us', source=False, expect=(2,))
    assert "nothing that 'shop_us' means" in process.err, process.err
    for wider in (('--databases', 'shop%'), ('--tables', 'shop%.other')):
        process = pair.run('load', '--archive', folder, *wider, source=False, expect=(2,))
        assert 'may mean more than the archive was made of' in process.err, process.err
    pair.run('load', '--archive', folder, '--exclude-tables', 'shops.other', source=False)
    for statement in ('CREATE DATABASE third', 'CREATE TABLE third.t (id INT PRIMARY KEY)',
                      'INSERT INTO third.t VALUES (1)', 'INSERT INTO shops.other VALUES (1)', 'INSERT INTO shop_eu.other VALUES (1)'):
        pair.source.query(statement)
    pair.follow()
    assert pair.target.query('SELECT COUNT(*) FROM shop_eu.other') == ((1,),)
    assert not pair.target.query("SELECT 1 FROM information_schema.tables WHERE table_schema = 'third' OR (table_schema = 'shops' AND table_name = 'other')")
    pair.run('reset', source=False)
    say('of two databases: what was written stays, and what is left out is left out of them')


def of_another_setting(pair):
    """Values of generated columns that the target computes otherwise: load knows nothing of the source, so follow looks."""
    folder = os.path.join(pair.dir, 'setting')
    setting, before = 'div_precision_increment', pair.target.query('SELECT @@global.div_precision_increment')[0][0]
    for statement in ('CREATE DATABASE g', 'CREATE TABLE g.t (id INT PRIMARY KEY, part VARCHAR(30) AS (id / 7) STORED)', 'INSERT INTO g.t (id) VALUES (1), (2)'):
        pair.source.query(statement)
    pair.run('snapshot', '--archive', folder, '--databases', 'g', '--position=' + ('gtid' if pair.gtid else 'file'), target=False)
    pair.target.query('SET GLOBAL %s = 9' % setting)
    pair.run('load', '--archive', folder, source=False)
    process = pair.run('follow', '--until-caught-up', expect=(3,))
    assert "depend on %s, which is '%s' on the source and '9'" % (setting, before) in process.err and 'reset and load again' in process.err, process.err
    pair.target.query('SET GLOBAL %s = %s' % (setting, before))
    pair.run('reset', source=False)
    pair.run('load', '--archive', folder, source=False)
    pair.follow()
    ask = 'SELECT id, part FROM g.t ORDER BY id'
    assert pair.target.query(ask) == pair.source.query(ask)
    pair.run('reset', source=False)
    say('a setting that generated columns lean on: follow refuses')


def of_a_sequence(pair):
    """It has a state beside its row, so that it is always made anew: also where all that there is was in when load died."""
    folder = os.path.join(pair.dir, 'sequence')
    for statement in ('CREATE DATABASE q', 'CREATE SEQUENCE q.numbers START WITH 7', 'CREATE TABLE q.t (id INT PRIMARY KEY, n INT DEFAULT (NEXT VALUE FOR q.numbers))',
                      'INSERT INTO q.t (id) VALUES (1), (2)'):
        pair.source.query(statement)
    report = json.loads(pair.run('snapshot', '--archive', folder, '--databases', 'q', '--position=' + ('gtid' if pair.gtid else 'file'), '--json', target=False).out)
    process = pair.start('load', '--archive', folder, '--threads', '1', source=False, fault='snapshot-chunk-committed:%d' % report['chunks'])
    process.wait(60)
    assert process.code == -9, process.tail()
    pair.run('load', '--archive', folder, source=False)
    pair.target.query('INSERT INTO q.t (id) VALUES (3)')
    assert pair.target.query('SELECT n FROM q.t WHERE id IN (1, 2)') == ((7,), (8,))
    assert pair.target.query('SELECT n FROM q.t WHERE id = 3')[0][0] > 8
    pair.run('reset', source=False)
    say('a sequence: made anew where all was in')


def of_another_collation(pair):
    """Rows as of two points come together by their key, which the other flavour would compare otherwise: refused by name. As of one
    point, or with a key of numbers, they are loaded."""
    folder = os.path.join(pair.dir, 'other')
    for statement in ('CREATE DATABASE k', 'CREATE TABLE k.named (k VARCHAR(40) COLLATE utf8mb4_0900_ai_ci PRIMARY KEY, pad CHAR(200) NOT NULL)',
                      'CREATE TABLE k.numbered (k INT PRIMARY KEY, pad CHAR(200) NOT NULL)'):
        pair.source.query(statement)
    with pair.source.connect() as connection, connection.cursor() as cursor:
        for table in ('named', 'numbered'):
            cursor.executemany('INSERT INTO k.%s VALUES (%%s, %%s)' % table, [(i, 'x' * 200) for i in range(15000)])
        connection.commit()
    pair.source.query('ANALYZE TABLE k.named, k.numbered')
    args = ['--databases', 'k', '--position=' + ('gtid' if pair.gtid else 'file'), '--chunk-bytes', '64K', '--threads', '1']
    process = pair.start('snapshot', '--archive', folder, *args, target=False, fault='archive-chunk-noted:3')
    process.wait(60)
    assert process.code == -9, process.tail()
    pair.source.query("INSERT INTO k.named VALUES ('later', '')")
    pair.run('snapshot', '--archive', folder, *args, target=False)
    process = pair.run('load', '--archive', folder, source=False, expect=(3,))
    assert 'k.named as of several positions' in process.err and 'make the archive anew' in process.err, process.err
    assert not pair.target.query("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'k'"), 'made'
    pair.run('reset', source=False)
    pair.run('load', '--archive', folder, '--exclude-tables', 'k.named', source=False)
    pair.run('reset', source=False)
    pair.run('snapshot', '--archive', folder + '2', *args, target=False)
    pair.run('load', '--archive', folder + '2', source=False)
    assert pair.target.query('SELECT COUNT(*) FROM k.named') == ((15001,),)
    say('a key of another collation')


def test(options):
    if options.collations:
        with bs_harness.Pair(*options.pair.split(':'), gtid=options.gtid == 'on', schema=False, seed=options.seed) as pair:
            of_another_collation(pair)
        return
    with bs_harness.Pair(*options.pair.split(':'), gtid=options.gtid == 'on', schema=False, seed=options.seed) as pair:
        rng = random.Random(pair.seed)
        test_resume.prepare(pair)
        pair.more = []
        refuse_unfit_source(pair)
        writers = test_resume.Writers(pair.source, 3, pair.seed).start()
        pair.actors.append(writers)
        make(pair, rng, options.kills)
        refuse_unfit_target(pair)
        load(pair, rng, options.kills)
        test_resume.kill_follows(pair, rng, options.kills)
        test_resume.follow_to_the_end(pair)
        pair.judge('--ignore-auto-increment')
        pair.run('reset', source=False)
        refuse_damage(pair)
        load_a_part(pair)
        of_two_databases(pair)
        if 'mysql-5.6' not in pair.names:
            of_another_setting(pair)
        if all(flavour(name) == 'mariadb' for name in pair.names):
            of_a_sequence(pair)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    parser.add_argument('--kills', type=int, default=3, help='of snapshot, of load, and of follow; 10 in full')
    parser.add_argument('--collations', action='store_true', help='only keys of a collation that the target does not have')
    options = parser.parse_args()
    bs_harness.main('archive %s gtid %s' % (options.pair, options.gtid), lambda: test(options))
